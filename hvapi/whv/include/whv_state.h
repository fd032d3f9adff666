/* SPDX-License-Identifier: MIT */
/* State of a virtual processor. Included by WinHvPlatformDefs.h. */
#ifndef WHV_STATE_H
#define WHV_STATE_H

#define WHV_VIRTUAL_PROCESSOR_STATE_TYPE_PFN	(1u << 31)
#define WHV_VIRTUAL_PROCESSOR_STATE_TYPE_ANY_VP (1u << 30)

#ifdef _ARM64_
#include <whv_state_arm64.h>
#else
#include <whv_state_x64.h>
#endif

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
