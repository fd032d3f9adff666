# SPDX-License-Identifier: MIT
# Quoin. `make help` lists what there is to do. Settings of your own go into Makefile.conf.
-include Makefile.conf

ARCH  ?= x86_64
O     ?= build
CLANG ?= 0
SMP   ?= 2
ICOUNT ?= 0
MEM   ?= 512
BACKEND ?= svm
INPUT ?= /usr/share/common-licenses/GPL-3

ifneq ($(ARCH),x86_64)
$(error ARCH=$(ARCH): this build knows x86_64)
endif
ifeq ($(CLANG),1)
CC := clang
else
CC := gcc
endif
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' $(1) $(2);)

WARN := -Wall -Wextra -Werror -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wconversion -Wsign-conversion -Wwrite-strings
BASE := -std=gnu11 -O2 -g -MMD -MP -fno-stack-protector -fcf-protection=none

include newlib.mk

# ---- core ---------------------------------------------------------------------------------------
CORE_INC   := -I. -Ihvapi/include -Iarch/$(ARCH)
CORE_FLAGS := $(BASE) -ffreestanding -fbuiltin -mgeneral-regs-only -mno-red-zone -mcmodel=kernel -fno-pic \
	-fno-asynchronous-unwind-tables
# Copies of a size that is not known to the compiler as eight bytes an instruction, not as calls.
ifneq ($(CLANG),1)
CORE_FLAGS += -minline-all-stringops -mmemcpy-strategy=rep_8byte:-1:noalign -mmemset-strategy=rep_8byte:-1:noalign
endif
CORE_SRC   := $(wildcard kernel/*.c hvapi/*.c arch/$(ARCH)/common/*.c arch/$(ARCH)/svm/*.c \
	arch/$(ARCH)/vmx/*.c $(foreach d,common svm vmx,arch/$(ARCH)/$(d)/*.S))
CORE_OBJ   := $(patsubst %,$(O)/core/%.o,$(basename $(CORE_SRC)))
# The part of newlib the core uses, built with the core's flags: no vector registers.
CORE_LIBC  := string/memchr string/memcmp string/memcpy string/memmove string/memset string/strlen \
	string/strnlen string/strcmp string/strncmp string/strchr search/bsearch search/qsort \
	stdio/sniprintf stdio/vsniprintf stdio/vfprintf
CORE_LIBC_OBJ := $(patsubst %,$(O)/core/libc/%.o,$(CORE_LIBC))

# ---- loader -------------------------------------------------------------------------------------
EFI_INC	  := /usr/include/efi
EFI_LIB	  := $(firstword $(wildcard /usr/lib/x86_64-linux-gnu/gnuefi /usr/lib/gnuefi) /usr/lib)
BOOT_FLAGS := $(BASE) -ffreestanding -fpic -fshort-wchar -mno-red-zone -maccumulate-outgoing-args \
	-DGNU_EFI_USE_MS_ABI -I. -isystem $(EFI_INC) -isystem $(EFI_INC)/x86_64
BOOT_OBJ  := $(patsubst boot/%.c,$(O)/boot/%.o,$(wildcard boot/*.c)) $(O)/boot/jump_x86_64.o

# ---- root VM and guests -------------------------------------------------------------------------
ROOT_FLAGS := $(BASE) -ffreestanding -fno-pic -mno-red-zone -mcmodel=small -mno-avx -I. -Ihvapi/include \
	-Ihvapi/whv/include -Itests/root $(NL_INC)
ROOT_SRC  := $(wildcard tests/root/*.c tests/root/*.S hvapi/whv/*.c)
ROOT_OBJ  := $(patsubst %,$(O)/root/%.o,$(basename $(ROOT_SRC)))
GUEST_FLAGS := $(BASE) -ffreestanding -mgeneral-regs-only -fno-pic -mno-red-zone -mcmodel=small -I. -Ihvapi/include -Itests/guests \
	-fno-asynchronous-unwind-tables
GUEST_LIB := $(O)/guests/libguest.a
GUESTS	  := $(filter-out lib%,$(basename $(notdir $(wildcard tests/guests/*.c tests/guests/*.S))))
GUEST_BIN := $(patsubst %,$(O)/guests/%.bin,$(GUESTS))

.PHONY: all run check check-full unit fuzz clean help suite bench docs format format-check tidy setup
.DEFAULT_GOAL := all
.SECONDARY:

all: $(O)/core.elf $(O)/BOOTX64.EFI $(O)/root.elf ## build everything

help: ## this list
	@sed -n 's/^\([a-z%-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24
	@echo '  settings: V=1  O=DIR  CLANG=1  BACKEND=svm|vmx  SMP=2  MEM=512  INPUT=FILE'

$(O)/core/libc/%.o: Makefile $(NL_LIBC)
	$(call say,CC,newlib/$*.c)
	$(Q)mkdir -p $(@D) && gcc $(filter-out -g -MMD -MP,$(CORE_FLAGS)) -fno-builtin -w $(NL_INC) \
	  -I$(NL_SRC)/libc/stdio -I$(NL_SRC)/libc/search -Dsniprintf=snprintf -Dvsniprintf=vsnprintf \
	  -DINTEGER_ONLY -DSTRING_ONLY -c $(NL_SRC)/libc/$*.c -o $@

$(O)/core/%.o: %.c Makefile $(NL_LIBC)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CORE_FLAGS) $(WARN) $(CORE_INC) -Iarch/$(ARCH)/hw $(NL_INC) -c $< -o $@

$(O)/core/%.o: %.S Makefile
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CORE_FLAGS) $(CORE_INC) -c $< -o $@

$(O)/core.lds: kernel/core.lds.S Makefile
	$(Q)mkdir -p $(@D) && $(CC) -E -P -x c $< -o $@

$(O)/core.elf: $(O)/core.lds $(CORE_OBJ) $(CORE_LIBC_OBJ)
	$(call say,LD,$@)
	$(Q)ld -nostdlib -static -z max-page-size=0x1000 -z noexecstack --build-id=none -T $(O)/core.lds -o $@ \
	  $(CORE_OBJ) $(CORE_LIBC_OBJ)

$(O)/boot/%.o: boot/%.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && gcc $(BOOT_FLAGS) $(filter-out -Wundef -Wmissing-prototypes -Wstrict-prototypes,$(WARN)) -c $< -o $@

$(O)/boot/%.o: boot/%.S Makefile
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && gcc $(BOOT_FLAGS) -c $< -o $@

$(O)/BOOTX64.EFI: $(BOOT_OBJ)
	$(call say,EFI,$@)
	$(Q)ld -nostdlib -znocombreloc -shared -Bsymbolic -T $(firstword $(wildcard $(EFI_LIB)/elf_x86_64_efi.lds /usr/lib/elf_x86_64_efi.lds)) \
	  -L$(EFI_LIB) -L/usr/lib $(firstword $(wildcard $(EFI_LIB)/crt0-efi-x86_64.o /usr/lib/crt0-efi-x86_64.o)) \
	  $(BOOT_OBJ) -o $(O)/boot/loader.so -lefi -lgnuefi -z noexecstack
	$(Q)objcopy -j .text -j .sdata -j .data -j .rodata -j .dynamic -j .dynsym -j .rel -j .rela -j '.rel.*' -j '.rela.*' \
	  -j .reloc --target=efi-app-x86_64 $(O)/boot/loader.so $@

$(O)/root/%.o: %.c Makefile $(NL_LIBC)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ROOT_FLAGS) $(WARN) -c $< -o $@

$(O)/root/%.o: %.S Makefile
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ROOT_FLAGS) -c $< -o $@

$(O)/guests/%.o: tests/guests/%.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(GUEST_FLAGS) $(WARN) -c $< -o $@

$(O)/guests/%.o: tests/guests/%.S Makefile
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(GUEST_FLAGS) -c $< -o $@

$(GUEST_LIB): $(patsubst tests/guests/%,$(O)/guests/%.o,$(basename $(wildcard tests/guests/lib*.c tests/guests/lib*.S)))
	$(Q)rm -f $@ && ar rcs $@ $^

$(O)/guests/%.bin: $(O)/guests/%.o $(GUEST_LIB) tests/guests/guest.lds
	$(Q)ld -nostdlib -static -z noexecstack --no-warn-rwx-segments --build-id=none -T tests/guests/guest.lds -o $(O)/guests/$*.elf $< $(GUEST_LIB)
	$(Q)objcopy -O binary $(O)/guests/$*.elf $@

# The guests as the root VM finds them: a table of name, start and end.
$(O)/root/guest_images.S: $(GUEST_BIN) Makefile
	$(Q)mkdir -p $(@D)
	$(Q){ echo '	.section .rodata'; echo '	.balign 16'; for g in $(GUESTS); do \
	  printf 'g_%s:\n	.incbin "%s"\ng_%s_end:\nn_%s:	.asciz "%s"\n	.balign 16\n' $$g $(O)/guests/$$g.bin $$g $$g $$g; done; \
	  echo '	.globl guest_images'; echo 'guest_images:'; \
	  for g in $(GUESTS); do printf '	.quad n_%s, g_%s, g_%s_end\n' $$g $$g $$g; done; \
	  echo '	.quad 0, 0, 0'; echo '	.section .note.GNU-stack,"",@progbits'; } > $@

$(O)/root/guest_images.o: $(O)/root/guest_images.S
	$(Q)gcc -c $< -o $@

$(O)/root.elf: $(ROOT_OBJ) $(O)/root/guest_images.o tests/root/root.lds $(NL_LIBC)
	$(call say,LD,$@)
	$(Q)ld -nostdlib -static -z max-page-size=0x1000 -z noexecstack --build-id=none -T tests/root/root.lds -o $@ \
	  $(ROOT_OBJ) $(O)/root/guest_images.o --start-group $(NL_LIBC) $(NL)/lib/libm.a $$(gcc -print-libgcc-file-name) --end-group

# ---- unit tests: every source a second time, natively, with the sanitizers -----------------------
include tests/unit/files.mk
UNIT	  := $(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c))
UNIT_BIN  := $(patsubst %,$(O)/unit/test_%,$(UNIT))
UNIT_FLAGS := $(BASE) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -I. -Ihvapi/include -Ihvapi/whv/include \
	-Itests/fake_hw/$(ARCH) -Iarch/$(ARCH) -Itests/unit

# One command compiles a whole test, so its headers are all that it could include.
UNIT_HEADERS := $(wildcard tests/unit/*.h tests/fake_hw/$(ARCH)/*.h boot/*.h kernel/*.h arch/$(ARCH)/*.h arch/$(ARCH)/*/*.h \
	hvapi/*.h hvapi/include/hv/*.h hvapi/whv/*.h hvapi/whv/include/*.h)

define unit_rule
$(O)/unit/test_$(1): tests/unit/test_$(1).c $(UNIT_test_$(1)) $(UNIT_HEADERS) Makefile tests/unit/files.mk
	$$(call say,UNIT,$(1))
	$$(Q)mkdir -p $$(@D) && $$(CC) $$(filter-out -MMD -MP,$$(UNIT_FLAGS)) $$(WARN) $$(UNITFLAGS_test_$(1)) tests/unit/test_$(1).c $$(UNIT_test_$(1)) -lcmocka -o $$@
endef
$(foreach u,$(UNIT),$(eval $(call unit_rule,$(u))))

setup: ## install the packages that are missing
	$(Q)qemu-scripts/setup.sh

# Set-up may bring what the Makefile looked for when it was read (newlib, compilers): make anew.
run: setup ## build, boot in an emulator, do the main job (BACKEND=vmx: on Bochs)
	$(Q)$(MAKE) --no-print-directory all
	$(Q)BACKEND=$(BACKEND) SMP=$(SMP) MEM=$(MEM) qemu-scripts/run.sh $(O) "$(INPUT)"

check: setup ## all tests, the choice that fits in half an hour
	$(Q)$(MAKE) --no-print-directory all $(UNIT_BIN) $(FUZZ_BIN) $(O)/gen_hypercalls
	$(Q)INPUT="$(INPUT)" FUZZ_BIN="$(FUZZ_BIN)" qemu-scripts/check.sh $(O) pairwise $(UNIT_BIN)

check-full: setup ## all tests, every combination
	$(Q)$(MAKE) --no-print-directory all $(UNIT_BIN) $(FUZZ_BIN) $(O)/gen_hypercalls
	$(Q)INPUT="$(INPUT)" FUZZ_BIN="$(FUZZ_BIN)" qemu-scripts/check.sh $(O) full $(UNIT_BIN)

suite: all ## the root VM's tests only (FILTER=prefix,prefix)
	$(Q)BACKEND=$(BACKEND) SMP=$(SMP) MEM=$(MEM) QUOIN_ICOUNT=$(ICOUNT) qemu-scripts/suite.sh $(O) suite-$(BACKEND) 300 "run=suite$(if $(FILTER), filter=$(FILTER))" "$(INPUT)"

# ---- the code itself -----------------------------------------------------------------------------
C_FILES := $(wildcard boot/*.[ch] kernel/*.[ch] hvapi/*.[ch] hvapi/include/hv/*.h hvapi/whv/*.[ch] hvapi/whv/include/*.h \
	arch/x86_64/*.h arch/x86_64/*/*.[ch] tests/root/*.[ch] tests/guests/*.[ch] tests/unit/*.[ch] tests/fuzz/*.c \
	tests/fake_hw/x86_64/*.h)

format: ## clang-format every C file
	$(Q)clang-format -i $(C_FILES)

format-check: ## is every C file formatted?
	$(Q)clang-format --dry-run -Werror $(C_FILES)

# comparePointers: the linker's symbols are the ends of arrays that cppcheck takes for two.
tidy: $(NL_LIBC) ## clang-tidy and cppcheck
	$(call say,TIDY,'the core and the WHv library')
	$(Q)clang-tidy --quiet $(filter %.c,$(CORE_SRC)) -- -std=gnu11 -ffreestanding -mgeneral-regs-only -mno-red-zone \
	  -mcmodel=kernel $(CORE_INC) -Iarch/$(ARCH)/hw $(NL_INC) 2> /dev/null
	$(Q)clang-tidy --quiet $(wildcard hvapi/whv/*.c) -- -std=gnu11 -I. -Ihvapi/include -Ihvapi/whv/include 2> /dev/null
	$(call say,CPPCHECK,'boot kernel hvapi arch')
	$(Q)cppcheck -q --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
	  --suppress=missingIncludeSystem --suppress=unusedStructMember --suppress=comparePointers -I. -Ihvapi/include \
	  -Ihvapi/whv/include -Iarch/$(ARCH) -Iarch/$(ARCH)/hw boot kernel hvapi arch

bench: all ## costs in instructions against the budgets in tests/bench (BACKEND=vmx: on Bochs)
	$(Q)BACKEND=$(BACKEND) qemu-scripts/bench.sh $(O)

# The table knows its calls; the document is its print-out.
$(O)/gen_hypercalls: tests/unit/gen_hypercalls.c hvapi/hypercall_table.c Makefile
	$(Q)mkdir -p $(@D) && $(CC) $(filter-out -MMD -MP,$(UNIT_FLAGS)) $(WARN) -fno-sanitize=all $< hvapi/hypercall_table.c \
	  -Wl,--unresolved-symbols=ignore-all -o $@

docs: $(O)/gen_hypercalls ## make docs/hypercalls.md from the table
	$(Q)$(O)/gen_hypercalls > docs/hypercalls.md

clean: ## remove what was built
	$(Q)rm -rf $(O)

# ---- fuzzers: libFuzzer, for a short fixed time each in `make check` -------------------------------
FUZZ	 := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BIN := $(patsubst %,$(O)/fuzz/fuzz_%,$(FUZZ))
FUZZ_SECONDS ?= 15

define fuzz_rule
$(O)/fuzz/fuzz_$(1): tests/fuzz/fuzz_$(1).c $(FUZZ_$(1)) $(UNIT_HEADERS) Makefile tests/unit/files.mk
	$$(call say,FUZZ,$(1))
	$$(Q)mkdir -p $$(@D) && clang $$(filter-out -MMD -MP,$$(UNIT_FLAGS)) -fsanitize=fuzzer $$(WARN) $$(FUZZFLAGS_$(1)) tests/fuzz/fuzz_$(1).c $$(FUZZ_$(1)) -o $$@
endef
$(foreach f,$(FUZZ),$(eval $(call fuzz_rule,$(f))))

fuzz: $(FUZZ_BIN) ## fuzzers, FUZZ_SECONDS=15 each
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) qemu-scripts/fuzz.sh $(O) $(FUZZ_BIN)

unit: $(UNIT_BIN) ## unit tests, natively with ASan and UBSan
	$(Q)qemu-scripts/unit.sh $(O) $(UNIT_BIN)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
