/* SPDX-License-Identifier: MIT */
/* State types of arm64. Included by whv_state.h. */
#ifndef WHV_STATE_ARM64_H
#define WHV_STATE_ARM64_H

/*
 * The hypervisor's own numbers. Sizes: local interrupt controller 200 bytes, pages 4096, timers
 * 200; global interrupt state 16 and 16 for each SPI, asked for with WHV_ANY_VP; SVE a header of 16
 * and the registers at the longest vector length (ask with too small a buffer).
 */
typedef enum WHV_VIRTUAL_PROCESSOR_STATE_TYPE {
	WHvVirtualProcessorStateTypeInterruptControllerState = 0x80000000,
	WHvVirtualProcessorStateTypeSynicMessagePage = 0x80000002,
	WHvVirtualProcessorStateTypeSynicEventFlagPage = 0x80000003,
	WHvVirtualProcessorStateTypeSynicTimerState = 4,
	WHvVirtualProcessorStateTypeGlobalInterruptState = 0xc0000006,
	WHvVirtualProcessorStateTypeSveState = 0x80000007,
} WHV_VIRTUAL_PROCESSOR_STATE_TYPE;

typedef struct WHV_ARM64_INTERRUPT_STATE {
	struct {
		UINT8 Enabled : 1;
		UINT8 EdgeTriggered : 1;
		UINT8 Asserted : 1;
		UINT8 SetPending : 1;
		UINT8 Active : 1;
		UINT8 Direct : 1;
		UINT8 Reserved0 : 2;
	};
	UINT8 GicrIpriorityrConfigured, GicrIpriorityrActive;
	UINT8 Reserved1;
} WHV_ARM64_INTERRUPT_STATE;

typedef struct WHV_ARM64_GLOBAL_INTERRUPT_STATE {
	UINT32 InterruptId;
	UINT32 ActiveVpIndex;
	union {
		UINT32 TargetMpidr;
		UINT32 TargetVpIndex;
	};
	WHV_ARM64_INTERRUPT_STATE InterruptState;
} WHV_ARM64_GLOBAL_INTERRUPT_STATE;

#define WHV_ARM64_GLOBAL_INTERRUPT_CONTROLLER_STATE_VERSION_CURRENT 1
typedef struct WHV_ARM64_GLOBAL_INTERRUPT_CONTROLLER_STATE {
	UINT8 Version, GicVersion;
	UINT8 Reserved0[2];
	UINT32 NumInterrupts;
	UINT64 GicdCtlrEnableGrp1A;
	WHV_ARM64_GLOBAL_INTERRUPT_STATE Interrupts[1]; /* NumInterrupts of them */
} WHV_ARM64_GLOBAL_INTERRUPT_CONTROLLER_STATE;

#define WHV_ARM64_INTERRUPT_CONTROLLER_STATE_VERSION_CURRENT 1
typedef struct WHV_ARM64_LOCAL_INTERRUPT_CONTROLLER_STATE {
	UINT8 Version, GicVersion;
	UINT8 Reserved0[6];
	UINT64 IccIgrpen1El1;
	UINT64 GicrCtlrEnableLpis;
	UINT64 IccBpr1El1;
	UINT64 IccPmrEl1;
	UINT64 GicrPropbaser, GicrPendbaser;
	UINT32 IchAp1REl2[4];
	WHV_ARM64_INTERRUPT_STATE BankedInterruptState[32];
} WHV_ARM64_LOCAL_INTERRUPT_CONTROLLER_STATE;

/* Z0 to Z31, P0 to P15 and FFR follow at RegisterDataOffset. VectorLength: here in bytes. */
typedef struct WHV_ARM64_VP_STATE_SVE {
	USHORT Version, RegisterDataOffset;
	UINT32 VectorLength;
	UINT64 Reserved0;
} WHV_ARM64_VP_STATE_SVE;

typedef struct WHV_INITIAL_VP_CONTEXT {
	UINT64 Pc, Sp_ELh;
	UINT64 SCTLR_EL1, MAIR_EL1, TCR_EL1, VBAR_EL1, TTBR0_EL1, TTBR1_EL1;
	UINT64 X18;
} WHV_INITIAL_VP_CONTEXT;

#endif
