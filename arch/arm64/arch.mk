# SPDX-License-Identifier: MIT
# What the Makefile asks of an architecture: tools, flags, folders, names.
CROSS	    := aarch64-linux-gnu-
CLANG_ARCH  := --target=aarch64-linux-gnu
# Out-of-line atomics would need a libgcc that asks the CPU's features first.
ARCH_FLAGS  := -march=armv8-a -mno-outline-atomics
CORE_DIRS   := el2 gicv3
# Calls that the TLFS has for x64 alone
CORE_OMIT   := hvapi/hvcall_flush.c hvapi/hvcall_ipi.c hvapi/vp_set.c kernel/vp_flush.c
# The core's C runs on its own tables, and unaligned accesses are allowed there (SCTLR_EL2.A clear).
CORE_ARCH   := -mgeneral-regs-only -fno-pic

# In general registers, 64 bytes a turn
CORE_LIBC_FROM := aarch64
CORE_LIBC_ASM  := memcpy memmove

# Debian's own arm64 packages, unpacked: gnu-efi and libfdt.
DEB	    := $(O)/deb
EFI_APP	    := BOOTAA64.EFI
EFI_INC	    := $(DEB)/usr/include/efi
EFI_LIB	    := $(DEB)/usr/lib
EFI_LDS	    := $(EFI_LIB)/elf_aarch64_efi.lds
EFI_CRT	    := $(EFI_LIB)/crt0-efi-aarch64.o
EFI_LD	    := -L$(EFI_LIB) -L$(EFI_LIB)/aarch64-linux-gnu --defsym=EFI_SUBSYSTEM=0xa --no-warn-rwx-segments
EFI_LIBS    := -lfdt $(O)/newlib/lib/libc.a
EFI_FORMAT  := -O binary
EFI_READY   := $(DEB)/.done $(O)/newlib/lib/libc.a
BOOT_ARCH    = -fpic -mgeneral-regs-only -mstrict-align -Iarch/arm64/hw -idirafter $(DEB)/usr/include $(NL_INC)
BOOT_SRC    := $(filter-out %_x86.c,$(wildcard boot/*.c)) boot/jump_arm64.S

ROOT_ARCH   := -fpie
# newlib's names for its system calls here, and ours
ROOT_LD	    := -pie --no-dynamic-linker -z text --no-warn-rwx-segments \
	$(foreach f,sbrk write close lseek read fstat isatty kill getpid,--defsym=_$(f)=$(f))
ROOT_SRC    := $(patsubst %,tests/root/%.c,main console pages hv test guest vm save job bench whv_metal t_job t_hypercall t_port t_memory t_property) \
	$(wildcard tests/root/arm64/*.[cS] hvapi/whv/*.c hvapi/whv/arm64/*.c)
GUEST_ARCH  := -mgeneral-regs-only -fpie -mstrict-align
GUEST_FROM  := tests/guests/arm64
GUEST_SRC   := $(wildcard $(GUEST_FROM)/*.c $(GUEST_FROM)/*.S)

NL_HOST	    := aarch64-elf
NL_ARCH	    := -fpie $(ARCH_FLAGS)

$(DEB)/.done: qemu-scripts/deb-arm64.sh
	$(call say,UNPACK,'gnu-efi and libfdt for arm64')
	$(Q)qemu-scripts/deb-arm64.sh $(DEB) gnu-efi libfdt-dev && touch $@
