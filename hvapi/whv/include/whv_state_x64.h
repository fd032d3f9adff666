/* SPDX-License-Identifier: MIT */
/* State types of x64. Included by whv_state.h. */
#ifndef WHV_STATE_X64_H
#define WHV_STATE_X64_H

/*
 * Numbers of the interface, not of the hypervisor: there 2 is the message page and 4 the timers.
 * Sizes: pages 4096, timers 200, interrupt controller 4096 (a page of APIC registers), nested 8192;
 * XSAVE as the partition's features make it (ask with too small a buffer).
 */
typedef enum WHV_VIRTUAL_PROCESSOR_STATE_TYPE {
	WHvVirtualProcessorStateTypeSynicMessagePage = 0,
	WHvVirtualProcessorStateTypeSynicEventFlagPage = 1,
	WHvVirtualProcessorStateTypeSynicTimerState = 2,
	WHvVirtualProcessorStateTypeInterruptControllerState2 = 0x1000,
	WHvVirtualProcessorStateTypeXsaveState = 0x1001,
	WHvVirtualProcessorStateTypeNestedState = 0x1002,
} WHV_VIRTUAL_PROCESSOR_STATE_TYPE;

typedef struct WHV_INITIAL_VP_CONTEXT {
	UINT64 Rip, Rsp, Rflags;
	WHV_X64_SEGMENT_REGISTER Cs, Ds, Es, Fs, Gs, Ss, Tr, Ldtr;
	WHV_X64_TABLE_REGISTER Idtr, Gdtr;
	UINT64 Efer, Cr0, Cr3, Cr4, MsrCrPat;
} WHV_INITIAL_VP_CONTEXT;

#endif
