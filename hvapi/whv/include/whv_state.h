/* SPDX-License-Identifier: MIT */
/* State of a virtual processor, x64. Included by WinHvPlatformDefs.h. */
#ifndef WHV_STATE_H
#define WHV_STATE_H

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

#define WHV_VIRTUAL_PROCESSOR_STATE_TYPE_PFN	(1u << 31)
#define WHV_VIRTUAL_PROCESSOR_STATE_TYPE_ANY_VP (1u << 30)

typedef enum WHV_NESTED_STATE_TYPE {
	WHvNestedStateTypeVmx,
	WHvNestedStateTypeSvm,
} WHV_NESTED_STATE_TYPE;

typedef struct WHV_NESTED_ENLIGHTENMENTS_CONTROL {
	union {
		UINT32 AsUINT32;
		struct {
			UINT32 DirectHypercall : 1;
			UINT32 VirtualizationException : 1;
			UINT32 Reserved : 30;
		};
	} Features;
	union {
		UINT32 AsUINT32;
		struct {
			UINT32 InterPartitionCommunication : 1;
			UINT32 Reserved : 31;
		};
	} HypercallControls;
} WHV_NESTED_ENLIGHTENMENTS_CONTROL;

typedef struct WHV_X64_VMX_NESTED_STATE {
	WHV_NESTED_STATE_TYPE Vendor;
	struct {
		UINT32 GuestMode : 1;
		UINT32 Vmxon : 1;
		UINT32 CurrentVmcsValid : 1;
		UINT32 VmEntryPending : 1;
		UINT32 VmcsEnlightened : 1;
		UINT32 EnlightenedVmEntry : 1;
		UINT32 Reserved : 26;
	} Flags;
	WHV_NESTED_ENLIGHTENMENTS_CONTROL NestedEnlightenmentsControl;
	UINT64 Pdpt[4];
	UINT64 VmxonRegionGpa;
	UINT64 VmcsGpa;
	UINT64 CurrentEnlightenedVmcs;
	struct {
		UINT32 Tpr, Ppr, Isr[8], Irr[8], IcrLow, IcrHigh;
	} VirtualApicRegs;
	UINT8 Reserved[3944];
	UINT8 VmcsBytes[4096] __attribute__((aligned(4096))); /* enlightened VMCS, version 1 */
} WHV_X64_VMX_NESTED_STATE;

typedef struct __attribute__((packed)) WHV_SVM_VMCB_SELECTOR {
	UINT16 Selector, Attrib;
	UINT32 Limit;
	UINT64 Base;
} WHV_SVM_VMCB_SELECTOR;

typedef struct WHV_SVM_NESTED_HOST_STATE {
	UINT64 Rip, Rsp, Rflags, Rax;
	WHV_SVM_VMCB_SELECTOR Es, Cs, Ss, Ds, Gdtr, Idtr;
	UINT64 Efer, Cr0, Cr3, Cr4;
	UINT64 VirtualTpr;
	UINT64 Reserved[6];
} WHV_SVM_NESTED_HOST_STATE;

typedef struct WHV_X64_SVM_NESTED_STATE {
	WHV_NESTED_STATE_TYPE Vendor;
	struct {
		UINT32 GuestMode : 1;
		UINT32 VmEntryPending : 1;
		UINT32 HostSaveGpaValid : 1;
		UINT32 CurrentVmcbValid : 1;
		UINT32 Reserved : 28;
	} Flags;
	WHV_NESTED_ENLIGHTENMENTS_CONTROL NestedEnlightenmentsControl;
	UINT64 HostSaveGpa;
	UINT64 VmControlMsr;
	UINT64 VirtualTscRatioMsr;
	UINT64 VmcbGpa;
	WHV_SVM_NESTED_HOST_STATE HostState;
	UINT8 Reserved[3832];
	UINT8 VmcbBytes[4096] __attribute__((aligned(4096)));
} WHV_X64_SVM_NESTED_STATE;

typedef union WHV_X64_NESTED_STATE {
	WHV_X64_VMX_NESTED_STATE Vmx;
	WHV_X64_SVM_NESTED_STATE Svm;
} WHV_X64_NESTED_STATE;

typedef struct WHV_INITIAL_VP_CONTEXT {
	UINT64 Rip, Rsp, Rflags;
	WHV_X64_SEGMENT_REGISTER Cs, Ds, Es, Fs, Gs, Ss, Tr, Ldtr;
	WHV_X64_TABLE_REGISTER Idtr, Gdtr;
	UINT64 Efer, Cr0, Cr3, Cr4, MsrCrPat;
} WHV_INITIAL_VP_CONTEXT;

typedef union WHV_ENABLE_PARTITION_VTL_FLAGS {
	UINT8 AsUINT8;
	struct {
		UINT8 EnableMbec : 1;
		UINT8 EnableSupervisorShadowStack : 1;
		UINT8 EnableHardwareHvpt : 1;
		UINT8 Reserved : 5;
	};
} WHV_ENABLE_PARTITION_VTL_FLAGS;

typedef union WHV_DISABLE_PARTITION_VTL_FLAGS {
	UINT8 AsUINT8;
	struct {
		UINT8 ScrubOnly : 1;
		UINT8 Reserved : 7;
	};
} WHV_DISABLE_PARTITION_VTL_FLAGS;

typedef union WHV_DISABLE_VP_VTL_FLAGS {
	UINT8 AsUINT8;
	struct {
		UINT8 ScrubOnly : 1;
		UINT8 Reserved : 7;
	};
} WHV_DISABLE_VP_VTL_FLAGS;

typedef union WHV_VTL_PERMISSION_SET {
	UINT32 AsUINT32;
	struct {
		UINT16 VtlPermissionFrom1[2];
	};
} WHV_VTL_PERMISSION_SET;

#endif
