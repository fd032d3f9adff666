# SPDX-License-Identifier: MIT
# Quoin. `make help` lists what there is to do. Settings of your own go into Makefile.conf.
-include Makefile.conf

ARCH  ?= x86_64
O     ?= $(if $(filter x86_64,$(ARCH)),build,build/$(ARCH))
CLANG ?= 0
SMP   ?= 2
FIRMWARE ?= edk2
ICOUNT ?= 0
MEM   ?= 512
BACKEND ?= $(if $(filter x86_64,$(ARCH)),svm,el2)
INPUT ?= /usr/share/common-licenses/GPL-3

ifeq ($(wildcard arch/$(ARCH)/arch.mk),)
$(error ARCH=$(ARCH): this build knows $(patsubst arch/%/arch.mk,%,$(wildcard arch/*/arch.mk)))
endif
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' $(1) $(2);)

WARN := -Wall -Wextra -Werror -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wconversion -Wsign-conversion -Wwrite-strings

.DEFAULT_GOAL := all
include arch/$(ARCH)/arch.mk
include newlib.mk
# What an object depends on beside its source
MK := Makefile arch/$(ARCH)/arch.mk

ifeq ($(CLANG),1)
CC := clang $(CLANG_ARCH)
HOST_CC := clang
else
CC := $(CROSS)gcc
HOST_CC := gcc
endif
BASE := -std=gnu11 -O2 -g -MMD -MP -fno-stack-protector $(ARCH_FLAGS)

# ---- core ---------------------------------------------------------------------------------------
CORE_INC   := -I. -Ihvapi/include -Iarch/$(ARCH)
CORE_FLAGS := $(BASE) -ffreestanding -fbuiltin $(CORE_ARCH) $(CORE_COPY) -fno-asynchronous-unwind-tables
CORE_SRC   := $(filter-out $(CORE_OMIT),$(wildcard kernel/*.c hvapi/*.c) $(wildcard $(foreach d,$(CORE_DIRS),arch/$(ARCH)/$(d)/*.c arch/$(ARCH)/$(d)/*.S)))
CORE_OBJ   := $(patsubst %,$(O)/core/%.o,$(basename $(CORE_SRC)))
# The part of newlib the core uses, built with the core's flags: no vector registers.
CORE_LIBC  := string/memchr string/memcmp string/memcpy string/memmove string/memset string/strlen \
	string/strnlen string/strcmp string/strncmp string/strchr search/bsearch search/qsort \
	stdio/sniprintf stdio/vsniprintf stdio/vfprintf
# Some of it an architecture has in assembly: CORE_LIBC_ASM, from newlib's folder CORE_LIBC_FROM
CORE_LIBC_OBJ := $(patsubst %,$(O)/core/libc/%.o,$(filter-out $(addprefix string/,$(CORE_LIBC_ASM)),$(CORE_LIBC))) \
	$(patsubst %,$(O)/core/libc/machine/%.o,$(CORE_LIBC_ASM))

# ---- loader -------------------------------------------------------------------------------------
BOOT_FLAGS = $(BASE) -ffreestanding -fshort-wchar $(BOOT_ARCH) -I. -isystem $(EFI_INC) \
	-isystem $(EFI_INC)/$(if $(filter arm64,$(ARCH)),aarch64,$(ARCH))
BOOT_OBJ  := $(patsubst boot/%,$(O)/boot/%.o,$(basename $(BOOT_SRC)))

# ---- root VM and guests -------------------------------------------------------------------------
ROOT_FLAGS := $(BASE) -ffreestanding $(ROOT_ARCH) -I. -Ihvapi/include -Ihvapi/whv/include -Itests/root \
	-Itests/root/$(ARCH) $(NL_INC)
ROOT_OBJ  := $(patsubst %,$(O)/root/%.o,$(basename $(ROOT_SRC)))
GUEST_FLAGS := $(BASE) -ffreestanding $(GUEST_ARCH) -I. -Ihvapi/include -Itests/guests -fno-asynchronous-unwind-tables
GUEST_LIB := $(O)/guests/libguest.a
GUESTS	  := $(filter-out lib%,$(basename $(notdir $(GUEST_SRC))))
GUEST_BIN := $(patsubst %,$(O)/guests/%.bin,$(GUESTS))

.PHONY: all run check check-full unit fuzz clean help suite bench docs format format-check tidy setup
.SECONDARY:

all: $(O)/core.elf $(O)/$(EFI_APP) $(O)/root.elf $(BOOT_TESTS) ## build everything

help: ## this list
	@sed -n 's/^\([a-z%-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24
	@echo '  settings: V=1  O=DIR  CLANG=1  BACKEND=svm|vmx|el2  SMP=2  MEM=512  INPUT=FILE'
	@echo '            ARCH=x86_64|arm64  FIRMWARE=edk2|uboot (arm64)'

$(O)/core/libc/%.o: $(MK) $(NL_LIBC)
	$(call say,CC,newlib/$*.c)
	$(Q)mkdir -p $(@D) && $(CROSS)gcc $(filter-out -g -MMD -MP,$(CORE_FLAGS)) -fno-builtin -w $(NL_INC) \
	  -I$(NL_SRC)/libc/stdio -I$(NL_SRC)/libc/search -Dsniprintf=snprintf -Dvsniprintf=vsnprintf \
	  -DINTEGER_ONLY -DSTRING_ONLY -c $(NL_SRC)/libc/$*.c -o $@

$(O)/core/libc/machine/%.o: $(MK) $(NL_LIBC)
	$(call say,AS,newlib/$*.S)
	$(Q)mkdir -p $(@D) && $(CROSS)gcc $(filter-out -g -MMD -MP,$(CORE_FLAGS)) -c $(NL_SRC)/libc/machine/$(CORE_LIBC_FROM)/$*.S -o $@

$(O)/core/%.o: %.c $(MK) $(NL_LIBC)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CORE_FLAGS) $(WARN) $(CORE_INC) -Iarch/$(ARCH)/hw $(NL_INC) -c $< -o $@

$(O)/core/%.o: %.S $(MK)
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CORE_FLAGS) $(CORE_INC) -c $< -o $@

$(O)/core.lds: kernel/core.lds.S arch/$(ARCH)/core_lds.h $(MK)
	$(Q)mkdir -p $(@D) && $(CC) -E -P -x c $(CORE_INC) $< -o $@

$(O)/core.elf: $(O)/core.lds $(CORE_OBJ) $(CORE_LIBC_OBJ)
	$(call say,LD,$@)
	$(Q)$(CROSS)ld -nostdlib -static -z max-page-size=0x1000 -z noexecstack --build-id=none -T $(O)/core.lds -o $@ \
	  $(CORE_OBJ) $(CORE_LIBC_OBJ)

# Cores for `make bench` alone: each VMREAD, or VMWRITE, weighs WEIGHT instructions more (arch/x86_64/hw/insn.h).
WEIGHT	   := 4096
WEIGHED	   := $(if $(filter vmx,$(CORE_DIRS)),$(filter arch/$(ARCH)/vmx/%.c,$(CORE_SRC)))
WEIGH_ELF  := $(if $(WEIGHED),$(O)/weigh/VMREAD/core.elf $(O)/weigh/VMWRITE/core.elf)
define weigh_rule
$(O)/weigh/$(1)/%.o: %.c $(MK) $(NL_LIBC)
	$$(call say,CC,$$< '($(1))')
	$$(Q)mkdir -p $$(@D) && $$(CC) $$(CORE_FLAGS) -D$(1)_WEIGHT=$(WEIGHT) $$(WARN) $$(CORE_INC) -Iarch/$(ARCH)/hw $$(NL_INC) -c $$< -o $$@
$(O)/weigh/$(1)/core.elf: $(O)/core.elf $(patsubst %.c,$(O)/weigh/$(1)/%.o,$(WEIGHED))
	$$(call say,LD,$$@)
	$$(Q)$(CROSS)ld -nostdlib -static -z max-page-size=0x1000 -z noexecstack --build-id=none -T $(O)/core.lds -o $$@ \
	  $$(filter-out $(patsubst %.c,$(O)/core/%.o,$(WEIGHED)),$$(CORE_OBJ)) $$(filter %.o,$$^) $$(CORE_LIBC_OBJ)
endef
$(foreach w,VMREAD VMWRITE,$(eval $(call weigh_rule,$(w))))

$(O)/boot/%.o: boot/%.c $(MK) $(EFI_READY)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CROSS)gcc $(BOOT_FLAGS) $(filter-out -Wundef -Wmissing-prototypes -Wstrict-prototypes,$(WARN)) -c $< -o $@

$(O)/boot/%.o: boot/%.S $(MK)
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CROSS)gcc $(BOOT_FLAGS) -c $< -o $@

$(O)/$(EFI_APP): $(BOOT_OBJ) $(EFI_READY)
	$(call say,EFI,$@)
	$(Q)$(CROSS)ld -nostdlib -znocombreloc -shared -Bsymbolic -T $(EFI_LDS) $(EFI_LD) $(EFI_CRT) $(BOOT_OBJ) \
	  -o $(O)/boot/loader.so -lefi -lgnuefi $(EFI_LIBS) -z noexecstack
	$(Q)$(CROSS)objcopy -j .text -j .sdata -j .data -j .rodata -j .dynamic -j .dynsym -j .rel -j .rela -j '.rel.*' -j '.rela.*' \
	  -j .reloc $(EFI_FORMAT) $(O)/boot/loader.so $@

# An EFI program of the tests: what a firmware of another kind would have done (boot-errors.sh)
$(O)/lock_vmx.efi: tests/boot/lock_vmx.c $(MK)
	$(call say,EFI,$@)
	$(Q)mkdir -p $(O)/boot && $(CROSS)gcc $(filter-out -MMD -MP,$(BOOT_FLAGS)) -Wall -Wextra -Werror -c $< -o $(O)/boot/lock_vmx.o
	$(Q)$(CROSS)ld -nostdlib -znocombreloc -shared -Bsymbolic -T $(EFI_LDS) $(EFI_LD) $(EFI_CRT) $(O)/boot/lock_vmx.o \
	  -o $(O)/boot/lock_vmx.so -lefi -lgnuefi $(EFI_LIBS) -z noexecstack
	$(Q)$(CROSS)objcopy -j .text -j .sdata -j .data -j .rodata -j .dynamic -j .dynsym -j .rel -j .rela -j '.rel.*' -j '.rela.*' \
	  -j .reloc $(EFI_FORMAT) $(O)/boot/lock_vmx.so $@

$(O)/root/%.o: %.c $(MK) $(NL_LIBC)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ROOT_FLAGS) $(WARN) -c $< -o $@

$(O)/root/%.o: %.S $(MK)
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ROOT_FLAGS) -c $< -o $@

$(O)/guests/%.o: $(GUEST_FROM)/%.c $(MK)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(GUEST_FLAGS) $(WARN) -c $< -o $@

$(O)/guests/%.o: $(GUEST_FROM)/%.S $(MK)
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(GUEST_FLAGS) -c $< -o $@

$(GUEST_LIB): $(patsubst $(GUEST_FROM)/%,$(O)/guests/%.o,$(basename $(filter $(GUEST_FROM)/lib%,$(GUEST_SRC))))
	$(Q)rm -f $@ && $(CROSS)ar rcs $@ $^

$(O)/guests/%.bin: $(O)/guests/%.o $(GUEST_LIB) $(GUEST_FROM)/guest.lds
	$(Q)$(CROSS)ld -nostdlib -static -z noexecstack --no-warn-rwx-segments --build-id=none -T $(GUEST_FROM)/guest.lds -o $(O)/guests/$*.elf $< $(GUEST_LIB)
	$(Q)$(CROSS)objcopy -O binary $(O)/guests/$*.elf $@

# The guests as the root VM finds them: a table of name, start and end.
$(O)/root/guest_images.S: $(GUEST_BIN) $(MK)
	$(Q)mkdir -p $(@D)
	$(Q){ echo '	.section .rodata'; echo '	.balign 16'; for g in $(GUESTS); do \
	  printf 'g_%s:\n	.incbin "%s"\ng_%s_end:\nn_%s:	.asciz "%s"\n	.balign 16\n' $$g $(O)/guests/$$g.bin $$g $$g $$g; done; \
	  echo '	.data'; echo '	.balign 8'; echo '	.globl guest_images'; echo 'guest_images:'; \
	  for g in $(GUESTS); do printf '	.quad n_%s, g_%s, g_%s_end\n' $$g $$g $$g; done; \
	  echo '	.quad 0, 0, 0'; echo '	.section .note.GNU-stack,"",@progbits'; } > $@

$(O)/root/guest_images.o: $(O)/root/guest_images.S
	$(Q)$(CROSS)gcc -c $< -o $@

$(O)/root.elf: $(ROOT_OBJ) $(O)/root/guest_images.o tests/root/$(ARCH)/root.lds $(NL_LIBC)
	$(call say,LD,$@)
	$(Q)$(CROSS)ld -nostdlib -static $(ROOT_LD) -z max-page-size=0x1000 -z noexecstack --build-id=none -T tests/root/$(ARCH)/root.lds -o $@ \
	  $(ROOT_OBJ) $(O)/root/guest_images.o --start-group $(NL_LIBC) $(NL)/lib/libm.a $$($(CROSS)gcc -print-libgcc-file-name) --end-group

# ---- unit tests: every source a second time, natively, with the sanitizers -----------------------
include tests/unit/files.mk
UNIT	  := $(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c))
UNIT_BIN  := $(patsubst %,$(O)/unit/test_%,$(UNIT))
UNIT_FLAGS := -std=gnu11 -O1 -g -fno-stack-protector -fcf-protection=none -fsanitize=address,undefined -fno-sanitize-recover=all \
	-I. -Ihvapi/include -Ihvapi/whv/include -Itests/unit
# The architecture that a test is about: UNITARCH_<name> in files.mk, else x86_64.
unit_arch = $(or $(UNITARCH_$(1)),x86_64)
unit_inc = -Itests/fake_hw/$(unit_arch) -Iarch/$(unit_arch)

# One command compiles a whole test, so its headers are all that it could include.
UNIT_HEADERS := $(wildcard tests/unit/*.h tests/fake_hw/*/*.h boot/*.h kernel/*.h arch/*/*.h arch/*/*/*.h \
	hvapi/*.h hvapi/include/hv/*.h hvapi/whv/*.h hvapi/whv/*/*.h)

define unit_rule
$(O)/unit/test_$(1): tests/unit/test_$(1).c $(UNIT_test_$(1)) $(UNIT_HEADERS) Makefile tests/unit/files.mk
	$$(call say,UNIT,$(1))
	$$(Q)mkdir -p $$(@D) && $$(HOST_CC) $$(UNIT_FLAGS) $(call unit_inc,$(1)) $$(WARN) $$(UNITFLAGS_test_$(1)) tests/unit/test_$(1).c $$(UNIT_test_$(1)) -lcmocka $$(UNITLIBS_test_$(1)) -o $$@
endef
$(foreach u,$(UNIT),$(eval $(call unit_rule,$(u))))

setup: ## install the packages that are missing
	$(Q)qemu-scripts/setup.sh

# Set-up may bring what the Makefile looked for when it was read (newlib, compilers): make anew.
run: setup ## build, boot in an emulator, do the main job (BACKEND=vmx: on Bochs)
	$(Q)$(MAKE) --no-print-directory all
	$(Q)ARCH=$(ARCH) BACKEND=$(BACKEND) SMP=$(SMP) MEM=$(MEM) qemu-scripts/run.sh $(O) "$(INPUT)"

ifeq ($(ARCH),x86_64)
check: setup ## all tests, the choice that fits in half an hour
	$(Q)$(MAKE) --no-print-directory all $(WEIGH_ELF) $(UNIT_BIN) $(FUZZ_BIN) $(O)/gen_hypercalls
	$(Q)$(MAKE) --no-print-directory ARCH=arm64 O=$(O)/arm64 all
	$(Q)INPUT="$(INPUT)" FUZZ_BIN="$(FUZZ_BIN)" BUILD_ARM64=$(O)/arm64 qemu-scripts/check.sh $(O) pairwise $(UNIT_BIN)

check-full: setup ## all tests, every combination
	$(Q)$(MAKE) --no-print-directory all $(WEIGH_ELF) $(UNIT_BIN) $(FUZZ_BIN) $(O)/gen_hypercalls
	$(Q)$(MAKE) --no-print-directory ARCH=arm64 O=$(O)/arm64 all
	$(Q)INPUT="$(INPUT)" FUZZ_BIN="$(FUZZ_BIN)" BUILD_ARM64=$(O)/arm64 qemu-scripts/check.sh $(O) full $(UNIT_BIN)
else
# Both architectures are in each.
check check-full:
	$(Q)$(MAKE) --no-print-directory ARCH=x86_64 BACKEND=svm O=$(patsubst %/$(ARCH),%,$(O)) $@
endif

suite: all ## the root VM's tests only (FILTER=prefix,prefix)
	$(Q)ARCH=$(ARCH) FIRMWARE=$(FIRMWARE) BACKEND=$(BACKEND) SMP=$(SMP) MEM=$(MEM) QUOIN_ICOUNT=$(ICOUNT) qemu-scripts/suite.sh $(O) suite-$(BACKEND) 300 "run=suite$(if $(FILTER), filter=$(FILTER))" "$(INPUT)"

# ---- the code itself -----------------------------------------------------------------------------
C_FILES := $(wildcard boot/*.[ch] kernel/*.[ch] hvapi/*.[ch] hvapi/include/hv/*.h hvapi/whv/*.[ch] hvapi/whv/*/*.[ch] \
	arch/*/*.h arch/*/*/*.[ch] tests/boot/*.c tests/root/*.[ch] tests/root/*/*.[ch] tests/guests/*.[ch] tests/unit/*.[ch] tests/fuzz/*.c \
	tests/fake_hw/*/*.h)

format: ## clang-format every C file
	$(Q)clang-format -i $(C_FILES)

format-check: ## is every C file formatted?
	$(Q)clang-format --dry-run -Werror $(C_FILES)

# comparePointers: the linker's symbols are the ends of arrays that cppcheck takes for two.
tidy: $(NL_LIBC) ## clang-tidy and cppcheck
	$(call say,TIDY,'the core and the WHv library')
	$(Q)clang-tidy --quiet $(filter %.c,$(CORE_SRC)) -- $(CLANG_ARCH) -std=gnu11 -ffreestanding $(CORE_ARCH) $(CORE_INC) -Iarch/$(ARCH)/hw $(NL_INC) 2> /dev/null
	$(Q)clang-tidy --quiet $(wildcard hvapi/whv/*.c hvapi/whv/$(ARCH)/*.c) -- $(CLANG_ARCH) -std=gnu11 $(NL_INC) -I. -Ihvapi/include -Ihvapi/whv/include 2> /dev/null
	$(call say,CPPCHECK,'boot kernel hvapi arch/$(ARCH)')
	$(Q)cppcheck -q --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
	  --suppress=missingIncludeSystem --suppress=unusedStructMember --suppress=comparePointers -I. -Ihvapi/include \
	  -Ihvapi/whv/include -Iarch/$(ARCH) -Iarch/$(ARCH)/hw boot kernel hvapi arch/$(ARCH)

bench: all $(if $(filter vmx,$(BACKEND)),$(WEIGH_ELF)) ## costs in instructions against the budgets in tests/bench (BACKEND=vmx: on Bochs)
	$(Q)ARCH=$(ARCH) BACKEND=$(BACKEND) WEIGHT=$(WEIGHT) qemu-scripts/bench.sh $(O)

# The table knows its calls; the document is its print-out.
$(O)/gen_hypercalls: tests/unit/gen_hypercalls.c hvapi/hypercall_table.c $(MK)
	$(Q)mkdir -p $(@D) && $(HOST_CC) $(UNIT_FLAGS) $(call unit_inc,) $(WARN) -fno-sanitize=all $< hvapi/hypercall_table.c \
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
	$$(Q)mkdir -p $$(@D) && clang $$(UNIT_FLAGS) $(call unit_inc,$(1)) -fsanitize=fuzzer $$(WARN) $$(FUZZFLAGS_$(1)) tests/fuzz/fuzz_$(1).c $$(FUZZ_$(1)) -o $$@
endef
$(foreach f,$(FUZZ),$(eval $(call fuzz_rule,$(f))))

fuzz: $(FUZZ_BIN) ## fuzzers, FUZZ_SECONDS=15 each
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) qemu-scripts/fuzz.sh $(O) $(FUZZ_BIN)

unit: $(UNIT_BIN) ## unit tests, natively with ASan and UBSan
	$(Q)qemu-scripts/unit.sh $(O) $(UNIT_BIN)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
