# SPDX-License-Identifier: MIT
# newlib: Debian packages its source only. A file of its own, so that an edit of the Makefile does
# not build it anew.
NEWLIB_TAR := $(firstword $(wildcard /usr/src/newlib/newlib-*.tar.xz /usr/src/newlib-*.tar.xz))
NL	   := $(O)/newlib
NL_SRC	   := $(NL)/src/newlib
NL_LIBC	   := $(NL)/lib/libc.a
NL_FLAGS   := -O2 -g0 -ffreestanding -fno-stack-protector $(NL_ARCH)
NL_INC	   := -isystem $(NL)/lib/targ-include -isystem $(NL_SRC)/libc/include


$(NL)/src/.done: newlib.mk
	$(call say,UNPACK,newlib)
	$(Q)test -n "$(NEWLIB_TAR)" || { echo 'newlib-source is not installed: run qemu-scripts/setup.sh'; exit 1; }
	$(Q)rm -rf $(NL) && mkdir -p $(NL)/src && tar -C $(NL)/src --strip-components=1 -xf $(NEWLIB_TAR) && touch $@

$(NL_LIBC): $(NL)/src/.done
	$(call say,NEWLIB,'configure and build (40 s)')
	$(Q)mkdir -p $(NL)/lib && cd $(NL)/lib && { ../src/newlib/configure --host=$(NL_HOST) --disable-multilib \
	  --disable-newlib-supplied-syscalls --enable-newlib-io-long-long --disable-newlib-multithread \
	  --disable-newlib-mb --disable-shared CC=$(CROSS)gcc AR=$(CROSS)ar RANLIB=$(CROSS)ranlib AS=$(CROSS)as \
	  LD=$(CROSS)ld CFLAGS="$(NL_FLAGS)" \
	  && $(MAKE) --no-print-directory -j2; } > build.log 2>&1 || { tail -20 build.log; exit 1; }
	$(Q)touch $@
