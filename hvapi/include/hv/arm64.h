/* SPDX-License-Identifier: MIT */
/* What the ABI has on arm64 only (TLFS; Linux include/hyperv/hvgdk_mini.h and hvhdk.h). */
#ifndef HV_ARM64_H
#define HV_ARM64_H

#include <stddef.h>

#include <hv/types.h>

/* HVC #0, SMCCC: vendor hypervisor, SMC64, function 1; HVC #1 has the control word in X0 */
#define HV_ARM64_SMCCC_HYPERCALL 0x46000001u
#define HV_ARM64_HVC_SMCCC	 0u
#define HV_ARM64_HVC		 1u

/* Read-only, 128 bits: the counterparts of CPUID 0x40000002 to 0x40000005 */
#define HV_REGISTER_HYPERVISOR_VERSION		 0x00000100u
#define HV_REGISTER_PRIVILEGES_AND_FEATURES_INFO 0x00000200u
#define HV_REGISTER_FEATURES_INFO		 0x00000201u
#define HV_REGISTER_IMPLEMENTATION_LIMITS_INFO	 0x00000202u

#define HV_ARM64_REGISTER_X0	 0x00020000u /* to X28 */
#define HV_ARM64_REGISTER_FP	 0x0002001du
#define HV_ARM64_REGISTER_LR	 0x0002001eu
#define HV_ARM64_REGISTER_SP	 0x0002001fu /* the one that PSTATE selects */
#define HV_ARM64_REGISTER_SP_EL0 0x00020020u
#define HV_ARM64_REGISTER_SP_EL1 0x00020021u
#define HV_ARM64_REGISTER_PC	 0x00020022u
#define HV_ARM64_REGISTER_PSTATE 0x00020023u
/* ID registers, + CRm * 8 + op2: of the partition (HV_ANY_VP), MIDR, MPIDR and REVIDR of a VP */
#define HV_ARM64_REGISTER_ID_FIRST	0x00022000u
#define HV_ARM64_REGISTER_ID_MIDR	0x00022000u
#define HV_ARM64_REGISTER_ID_MPIDR	0x00022005u
#define HV_ARM64_REGISTER_ID_REVIDR	0x00022006u
#define HV_ARM64_REGISTER_ID_LAST	0x0002207fu
#define HV_ARM64_REGISTER_Q0		0x00030000u /* to Q31 */
#define HV_ARM64_REGISTER_MPIDR_EL1	0x00040001u
#define HV_ARM64_REGISTER_SCTLR_EL1	0x00040002u
#define HV_ARM64_REGISTER_CPACR_EL1	0x00040004u
#define HV_ARM64_REGISTER_TTBR0_EL1	0x00040005u
#define HV_ARM64_REGISTER_TTBR1_EL1	0x00040006u
#define HV_ARM64_REGISTER_TCR_EL1	0x00040007u
#define HV_ARM64_REGISTER_ESR_EL1	0x00040008u
#define HV_ARM64_REGISTER_FAR_EL1	0x00040009u
#define HV_ARM64_REGISTER_MAIR_EL1	0x0004000bu
#define HV_ARM64_REGISTER_VBAR_EL1	0x0004000cu
#define HV_ARM64_REGISTER_TPIDR_EL1	0x0004000eu
#define HV_ARM64_REGISTER_TPIDR_EL0	0x00040011u
#define HV_ARM64_REGISTER_FPCR		0x00040012u
#define HV_ARM64_REGISTER_FPSR		0x00040013u
#define HV_ARM64_REGISTER_SPSR_EL1	0x00040014u
#define HV_ARM64_REGISTER_ELR_EL1	0x00040015u
#define HV_ARM64_REGISTER_AFSR0_EL1	0x00040016u
#define HV_ARM64_REGISTER_AFSR1_EL1	0x00040017u
#define HV_ARM64_REGISTER_AMAIR_EL1	0x00040018u
#define HV_ARM64_REGISTER_MIDR_EL1	0x00040051u
#define HV_ARM64_REGISTER_ZCR_EL1	0x00040071u
#define HV_ARM64_REGISTER_CNTKCTL_EL1	0x00058008u
#define HV_ARM64_REGISTER_CNTV_CTL_EL0	0x0005800eu
#define HV_ARM64_REGISTER_CNTV_CVAL_EL0 0x0005800fu
#define HV_ARM64_REGISTER_CNTVCT_EL0	0x00058011u

#define HV_ARM64_REGISTER_CNTP_CTL_EL0	0x00058009u
#define HV_ARM64_REGISTER_CNTP_CVAL_EL0 0x0005800au
#define HV_ARM64_REGISTER_GICR_BASE_GPA 0x00063000u
/* The root's: the PPI that its SINTs may have as their vector (Linux, drivers/hv/mshv_synic.c) */
#define HV_ARM64_REGISTER_SINT_RESERVED_INTERRUPT_ID 0x00070001u
#define HV_REGISTER_DELIVERABILITY_NOTIFICATIONS     0x00010006u /* HV_DELIVERABILITY_SINTS_SHIFT */
/* Ours: ICC_CTLR_EL1's CBPR (bit 0) and EOImode (bit 1), which no state type has */
#define HV_ARM64_REGISTER_QUOIN_ICC_CONTROL 0x00063f00u

/* HV_ARM64_VP_EXECUTION_STATE */
#define HV_ARM64_EXECUTION_CPL_MASK 0x3u

struct hv_arm64_intercept_message_header {
	uint32_t vp_index;	       /* 0 */
	uint8_t instruction_length;    /* 4 */
	uint8_t intercept_access_type; /* 5: HV_INTERCEPT_ACCESS_* */
	uint16_t execution_state;      /* 6 */
	uint64_t pc;		       /* 8 */
	uint64_t cpsr;		       /* 16 */
};
_Static_assert(sizeof(struct hv_arm64_intercept_message_header) == 24, "hvhdk.h");

#define HV_ARM64_MEMORY_ACCESS_GVA_VALID     0x1u
#define HV_ARM64_MEMORY_ACCESS_GVA_GPA_VALID 0x2u

struct hv_arm64_memory_intercept_message {
	struct hv_arm64_intercept_message_header header;
	uint32_t cache_type;		/* 24 */
	uint8_t instruction_byte_count; /* 28 */
	uint8_t memory_access_info;	/* 29 */
	uint16_t reserved1;
	uint8_t instruction_bytes[4]; /* 32 */
	uint32_t reserved2;
	uint64_t guest_virtual_address;	 /* 40 */
	uint64_t guest_physical_address; /* 48 */
	uint64_t syndrome;		 /* 56: ESR_EL2 */
};
_Static_assert(sizeof(struct hv_arm64_memory_intercept_message) == 64, "hvhdk.h");
_Static_assert(offsetof(struct hv_arm64_memory_intercept_message, syndrome) == 56, "hvhdk.h");

/* HVMSG_SYNIC_SINT_DELIVERABLE */
struct hv_arm64_sint_deliverable_message {
	struct hv_arm64_intercept_message_header header;
	uint16_t deliverable_sints; /* 24 */
	uint16_t reserved;
	uint32_t reserved2;
};
_Static_assert(sizeof(struct hv_arm64_sint_deliverable_message) == 32, "WinHvPlatformDefs.h");

#define HVMSG_ARM64_REGISTER_INTERCEPT 0x80010006u

/* A guest's PSCI SYSTEM_OFF and SYSTEM_RESET */
#define HVMSG_ARM64_RESET_INTERCEPT 0x8001000cu
#define HV_ARM64_RESET_POWER_OFF    0u
#define HV_ARM64_RESET_REBOOT	    1u
struct hv_arm64_reset_intercept_message {
	struct hv_arm64_intercept_message_header header;
	uint32_t reset_type; /* 24 */
	uint32_t reserved;
};
_Static_assert(sizeof(struct hv_arm64_reset_intercept_message) == 32, "WinHvPlatformDefs.h");

#endif
