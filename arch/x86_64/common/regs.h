/* SPDX-License-Identifier: MIT */
/* Architectural register bits and MSR numbers (Intel SDM vol. 3 and 4, AMD APM vol. 2). */
#ifndef X86_REGS_H
#define X86_REGS_H

#include "kernel/bits.h"

#define CR0_PE BIT(0)
#define CR0_MP BIT(1)
#define CR0_EM BIT(2)
#define CR0_TS BIT(3)
#define CR0_ET BIT(4)
#define CR0_NE BIT(5)
#define CR0_WP BIT(16)
#define CR0_AM BIT(18)
#define CR0_NW BIT(29)
#define CR0_CD BIT(30)
#define CR0_PG BIT(31)
/* all that are defined */
#define CR0_VALID \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | \
	 CR0_PG)

#define CR4_VME	       BIT(0)
#define CR4_PVI	       BIT(1)
#define CR4_TSD	       BIT(2)
#define CR4_DE	       BIT(3)
#define CR4_PSE	       BIT(4)
#define CR4_PAE	       BIT(5)
#define CR4_MCE	       BIT(6)
#define CR4_PGE	       BIT(7)
#define CR4_PCE	       BIT(8)
#define CR4_OSFXSR     BIT(9)
#define CR4_OSXMMEXCPT BIT(10)
#define CR4_UMIP       BIT(11)
#define CR4_LA57       BIT(12)
#define CR4_VMXE       BIT(13)
#define CR4_FSGSBASE   BIT(16)
#define CR4_PCIDE      BIT(17)
#define CR4_OSXSAVE    BIT(18)
#define CR4_SMEP       BIT(20)
#define CR4_SMAP       BIT(21)
#define CR4_PKE	       BIT(22)
#define CR4_CET	       BIT(23)
/* What a guest may set where the CPU has it; PKE and CET only with their state */
#define CR4_GUEST \
	(MASK(12, 0) | CR4_FSGSBASE | CR4_PCIDE | CR4_OSXSAVE | CR4_SMEP | CR4_SMAP | CR4_PKE | \
	 CR4_CET)

#define EFER_SCE   BIT(0)
#define EFER_LME   BIT(8)
#define EFER_LMA   BIT(10)
#define EFER_NXE   BIT(11)
#define EFER_SVME  BIT(12)
#define EFER_LMSLE BIT(13)
#define EFER_FFXSR BIT(14)

#define RFLAGS_FIXED BIT(1)
#define RFLAGS_CF    BIT(0)
#define RFLAGS_PF    BIT(2)
#define RFLAGS_AF    BIT(4)
#define RFLAGS_ZF    BIT(6)
#define RFLAGS_SF    BIT(7)
#define RFLAGS_TF    BIT(8)
#define RFLAGS_IF    BIT(9)
#define RFLAGS_DF    BIT(10)
#define RFLAGS_OF    BIT(11)
#define RFLAGS_NT    BIT(14)
#define RFLAGS_RF    BIT(16)
#define RFLAGS_VM    BIT(17)
#define RFLAGS_AC    BIT(18)
/* bits a program may hold set: all but reserved 3, 5, 15 and 22..63 */
#define RFLAGS_VALID 0x3f7fd7ull

#define DR6_FIXED    0xffff0ff0ull
#define DR6_RESET    DR6_FIXED
#define DR6_BS	     BIT(14)
#define DR6_BT	     BIT(15)
#define DR7_LOCAL    0x155ull /* L0 to L3, and LE */
#define DR7_FIXED    BIT(10)
#define DR7_ENABLES  0xffull
#define DR7_GD	     BIT(13)
#define DR7_RESERVED (MASK(63, 32) | BIT(15) | BIT(14) | BIT(12))

#define XCR0_X87  BIT(0)
#define XCR0_SSE  BIT(1)
#define XCR0_AVX  BIT(2)
#define XCR0_PKRU BIT(9)
/* What guests get: no MPX (its BNDCFGS is not switched), no AMX (its state is over a page). */
#define XCR0_GUEST (XCR0_X87 | XCR0_SSE | XCR0_AVX | MASK(7, 5) | BIT(9))

/* Supervisor components, in IA32_XSS */
#define XSS_CET_U BIT(11)
#define XSS_CET_S BIT(12)
#define XSS_CET	  (XSS_CET_U | XSS_CET_S)

/* IA32_U_CET, IA32_S_CET (SDM vol. 1, 17.2.2) */
#define CET_SH_STK  BIT(0)
#define CET_ENDBR   BIT(2)
#define CET_SHADOW  MASK(1, 0)
#define CET_TRACKER (BIT(10) | BIT(11)) /* suppressed, and waiting: not both */

#define MSR_TSC		  0x10u
#define MSR_APIC_BASE	  0x1bu
#define MSR_FEATURE_CTL	  0x3au
#define MSR_TSC_ADJUST	  0x3bu
#define MSR_SPEC_CTRL	  0x48u
#define MSR_PRED_CMD	  0x49u
#define MSR_BIOS_SIGN_ID  0x8bu
#define MSR_MTRRCAP	  0xfeu
#define MSR_ARCH_CAPS	  0x10au
#define MSR_FLUSH_CMD	  0x10bu
#define MSR_SYSENTER_CS	  0x174u
#define MSR_SYSENTER_ESP  0x175u
#define MSR_SYSENTER_EIP  0x176u
#define MSR_MCG_CAP	  0x179u
#define MSR_MCG_STATUS	  0x17au
#define MSR_MISC_ENABLE	  0x1a0u
#define MSR_DEBUGCTL	  0x1d9u
#define MSR_MTRR_PHYSBASE 0x200u
#define MSR_MTRR_FIX64K	  0x250u
#define MSR_MTRR_FIX16K	  0x258u
#define MSR_MTRR_FIX4K	  0x268u
#define MSR_PAT		  0x277u
#define MSR_MTRR_DEF_TYPE 0x2ffu
#define MSR_VMX_FIRST	  0x480u
#define MSR_VMX_LAST	  0x493u
#define MSR_U_CET	  0x6a0u
#define MSR_S_CET	  0x6a2u
#define MSR_PL0_SSP	  0x6a4u
#define MSR_PL1_SSP	  0x6a5u
#define MSR_PL2_SSP	  0x6a6u
#define MSR_PL3_SSP	  0x6a7u
#define MSR_INT_SSP_TABLE 0x6a8u
#define MSR_TSC_DEADLINE  0x6e0u
#define MSR_X2APIC	  0x800u
#define MSR_X2APIC_ICR	  0x830u
#define MSR_XSS		  0xda0u
#define MSR_EFER	  0xc0000080u
#define MSR_STAR	  0xc0000081u
#define MSR_LSTAR	  0xc0000082u
#define MSR_CSTAR	  0xc0000083u
#define MSR_SFMASK	  0xc0000084u
#define MSR_FS_BASE	  0xc0000100u
#define MSR_GS_BASE	  0xc0000101u
#define MSR_KERNEL_GS	  0xc0000102u
#define MSR_TSC_AUX	  0xc0000103u
#define MSR_VM_CR	  0xc0010114u
#define MSR_VM_HSAVE_PA	  0xc0010117u

#define APIC_BASE_BSP	 BIT(8)
#define APIC_BASE_X2	 BIT(10)
#define APIC_BASE_ENABLE BIT(11)

#define VM_CR_SVMDIS BIT(4)

#define PAT_RESET 0x0007040600070406ull

enum x86_vector {
	VEC_DE = 0,
	VEC_DB = 1,
	VEC_NMI = 2,
	VEC_BP = 3,
	VEC_OF = 4,
	VEC_BR = 5,
	VEC_UD = 6,
	VEC_NM = 7,
	VEC_DF = 8,
	VEC_TS = 10,
	VEC_NP = 11,
	VEC_SS = 12,
	VEC_GP = 13,
	VEC_PF = 14,
	VEC_MF = 16,
	VEC_AC = 17,
	VEC_MC = 18,
	VEC_XM = 19,
	VEC_CP = 21,
	VEC_DEADLINE = 0xff, /* the core's own, the highest (decision 15) */
};

#endif
