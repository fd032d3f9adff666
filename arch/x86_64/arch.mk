# SPDX-License-Identifier: MIT
# What the Makefile asks of an architecture: tools, flags, folders, names.
CROSS	    :=
CLANG_ARCH  :=
ARCH_FLAGS  := -fcf-protection=none
CORE_DIRS   := common svm vmx
CORE_ARCH   := -mgeneral-regs-only -mno-red-zone -mcmodel=kernel -fno-pic
# Copies of a size that is not known to the compiler as eight bytes an instruction, not as calls.
ifneq ($(CLANG),1)
CORE_COPY   := -minline-all-stringops -mmemcpy-strategy=rep_8byte:-1:noalign -mmemset-strategy=rep_8byte:-1:noalign
endif

EFI_APP	    := BOOTX64.EFI
EFI_INC	    := /usr/include/efi
EFI_LIB	    := $(firstword $(wildcard /usr/lib/x86_64-linux-gnu/gnuefi /usr/lib/gnuefi) /usr/lib)
EFI_LDS	    := $(firstword $(wildcard $(EFI_LIB)/elf_x86_64_efi.lds /usr/lib/elf_x86_64_efi.lds))
EFI_CRT	    := $(firstword $(wildcard $(EFI_LIB)/crt0-efi-x86_64.o /usr/lib/crt0-efi-x86_64.o))
EFI_LD	    := -L$(EFI_LIB) -L/usr/lib
EFI_LIBS    :=
EFI_FORMAT  := --target=efi-app-x86_64
EFI_READY   :=
BOOT_ARCH   := -fpic -mno-red-zone -maccumulate-outgoing-args -DGNU_EFI_USE_MS_ABI
BOOT_SRC    := $(filter-out %_arm64.c,$(wildcard boot/*.c)) boot/jump_x86_64.S

BOOT_TESTS  := $(O)/lock_vmx.efi

ROOT_ARCH   := -fno-pic -mno-red-zone -mcmodel=small -mno-avx
ROOT_LD	    :=
ROOT_SRC    := $(wildcard tests/root/*.c tests/root/x86_64/*.[cS] hvapi/whv/*.c hvapi/whv/x86_64/*.c)
GUEST_ARCH  := -mgeneral-regs-only -fno-pic -mno-red-zone -mcmodel=small
GUEST_FROM  := tests/guests
GUEST_SRC   := $(wildcard $(GUEST_FROM)/*.c $(GUEST_FROM)/*.S)

NL_HOST	    := x86_64-elf
NL_ARCH	    := -fno-pic -mno-red-zone -fcf-protection=none -mcmodel=small
