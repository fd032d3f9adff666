/* SPDX-License-Identifier: MIT */
/* Register fields as the Arm ARM (DDI 0487) spells them. Also included by assembly. */
#ifndef EL2_DEFS_H
#define EL2_DEFS_H

#ifdef __ASSEMBLER__
#define U64(x) x
#else
#define U64(x) x##ull
#endif

/* MAIR_EL2: index 0 Normal write-back, 1 Device-nGnRE */
#define MAIR_VALUE  U64(0x04ff)
#define MAIR_NORMAL 0
#define MAIR_DEVICE 1

/* TCR_EL2 (E2H 0): RES1 31 and 23, SH0 inner, write-back walks, 4 KiB, T0SZ 16; PS comes from ID */
#define TCR_EL2_VALUE	 U64(0x80803510)
#define TCR_EL2_PS_SHIFT 16

/* SCTLR_EL2 (E2H 0) */
#define SCTLR_EL2_RES1 U64(0x30c50830)
#define SCTLR_M	       U64(0x1)
#define SCTLR_C	       U64(0x4)
#define SCTLR_SA       U64(0x8)
#define SCTLR_I	       U64(0x1000)
#define SCTLR_WXN      U64(0x80000)
/* SCTLR_EL1 with everything off: RES1 only */
#define SCTLR_EL1_RES1	U64(0x30d00800)
#define SCTLR_EL1_SPAN	U64(0x800000)
#define SCTLR_EL1_DSSBS U64(0x100000000000)

/* TCR_EL1: no walks from TTBR0, TTBR1 */
#define TCR_EPD0 U64(0x80)
#define TCR_EPD1 U64(0x800000)

#define HCR_VM	   U64(0x1)
#define HCR_SWIO   U64(0x2)
#define HCR_FMO	   U64(0x8)
#define HCR_IMO	   U64(0x10)
#define HCR_AMO	   U64(0x20)
#define HCR_FB	   U64(0x200)
#define HCR_VSE	   U64(0x100)
#define HCR_BSU_IS U64(0x400)
#define HCR_TWI	   U64(0x2000)
#define HCR_TID3   U64(0x40000)
#define HCR_TSC	   U64(0x80000)
#define HCR_TIDCP  U64(0x100000)
#define HCR_TACR   U64(0x200000)
#define HCR_TSW	   U64(0x400000)
#define HCR_RW	   U64(0x80000000)
#define HCR_E2H	   U64(0x400000000)
#define HCR_TLOR   U64(0x800000000)
#define HCR_TERR   U64(0x1000000000)

/* CPTR_EL2 (E2H 0): RES1, with TSM (bit 12) and TZ (bit 8) for SME and SVE, TTA 20, TAM 30 */
#define CPTR_RES1 U64(0x22ff)
#define CPTR_TZ	  U64(0x100)
#define CPTR_TFP  U64(0x400)
#define CPTR_TSM  U64(0x1000)
#define CPTR_TTA  U64(0x100000)
#define CPTR_TAM  U64(0x40000000)

/* MDCR_EL2: PMU (TPM, TPMCR), SPE (E2PB 0, TPMS), trace filter (TTRF) */
#define MDCR_HPMN  U64(0x1f)
#define MDCR_TPMCR U64(0x20)
#define MDCR_TPM   U64(0x40)
#define MDCR_TDA   U64(0x200)
#define MDCR_TDOSA U64(0x400)
#define MDCR_TDRA  U64(0x800)
#define MDCR_TPMS  U64(0x4000)
#define MDCR_TTRF  U64(0x80000)

#define CNTHCTL_EL1PCTEN U64(0x1)
#define CNTHCTL_EL1PCEN	 U64(0x2)

#define ICC_SRE_SRE    U64(0x1)
#define ICC_SRE_DFB    U64(0x2)
#define ICC_SRE_DIB    U64(0x4)
#define ICC_SRE_ENABLE U64(0x8)

/* CNTV_CTL_EL0, CNTP_CTL_EL0, CNTHP_CTL_EL2 */
#define CNT_ENABLE   U64(0x1)
#define CNT_IMASK    U64(0x2)
#define CNT_ISTATUS  U64(0x4) /* the clock's to say */
#define CNT_WRITABLE U64(0x3)

/* PSTATE as in SPSR_ELx */
#define PSR_EL0	 U64(0x0)
#define PSR_EL1T U64(0x4)
#define PSR_EL1H U64(0x5)
#define PSR_AA32 U64(0x10)
#define PSR_DAIF U64(0x3c0)
#define PSR_SSBS U64(0x1000)
#define PSR_PAN	 U64(0x400000)
#define PSR_UAO	 U64(0x800000)
#define PSR_DIT	 U64(0x1000000)
#define PSR_TCO	 U64(0x2000000)
#define PSR_NZCV U64(0xf0000000)

/* Kinds of exit, as vectors.S answers them */
#define EXIT_SYNC   0
#define EXIT_IRQ    1
#define EXIT_FIQ    2
#define EXIT_SERROR 3

/* Offsets into struct arch_vp; types.h asserts them */
#define VP_X	   0
#define VP_PC	   248
#define VP_PSTATE  256
#define VP_HOST_SP 264

#endif
