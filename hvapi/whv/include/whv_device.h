/* SPDX-License-Identifier: MIT */
/* Interrupts, counters, doorbells, triggers, ports and devices. Included by WinHvPlatformDefs.h. */
#ifndef WHV_DEVICE_H
#define WHV_DEVICE_H

#ifdef _ARM64_
typedef enum WHV_INTERRUPT_TYPE {
	WHvArm64InterruptTypeFixed = 0,
	WHvArm64InterruptTypeMaximum = 8, /* exclusive */
} WHV_INTERRUPT_TYPE;

typedef union WHV_INTERRUPT_CONTROL2 {
	UINT64 AsUINT64;
	struct {
		WHV_INTERRUPT_TYPE InterruptType;
		UINT32 Reserved1 : 2;
		UINT32 Asserted : 1;
		UINT32 Retarget : 1;
		UINT32 Reserved2 : 28;
	};
} WHV_INTERRUPT_CONTROL2;

typedef struct WHV_INTERRUPT_CONTROL {
	UINT64 TargetPartition;
	WHV_INTERRUPT_CONTROL2 InterruptControl;
	UINT64 DestinationAddress;
	UINT32 RequestedVector; /* INTID */
	UINT8 TargetVtl;
	UINT8 ReservedZ0;
	UINT16 ReservedZ1;
} WHV_INTERRUPT_CONTROL;

#else
typedef enum WHV_INTERRUPT_TYPE {
	WHvX64InterruptTypeFixed = 0,
	WHvX64InterruptTypeLowestPriority = 1,
	WHvX64InterruptTypeNmi = 4,
	WHvX64InterruptTypeInit = 5,
	WHvX64InterruptTypeSipi = 6,
	WHvX64InterruptTypeLocalInt1 = 9,
} WHV_INTERRUPT_TYPE;

typedef enum WHV_INTERRUPT_DESTINATION_MODE {
	WHvX64InterruptDestinationModePhysical,
	WHvX64InterruptDestinationModeLogical,
} WHV_INTERRUPT_DESTINATION_MODE;

typedef enum WHV_INTERRUPT_TRIGGER_MODE {
	WHvX64InterruptTriggerModeEdge,
	WHvX64InterruptTriggerModeLevel,
} WHV_INTERRUPT_TRIGGER_MODE;

typedef struct WHV_INTERRUPT_CONTROL {
	UINT64 Type : 8;
	UINT64 DestinationMode : 4;
	UINT64 TriggerMode : 4;
	UINT64 TargetVtl : 8;
	UINT64 Reserved : 40;
	UINT32 Destination;
	UINT32 Vector;
} WHV_INTERRUPT_CONTROL;

#endif

typedef struct WHV_DOORBELL_MATCH_DATA {
	WHV_GUEST_PHYSICAL_ADDRESS GuestAddress;
	UINT64 Value;
	UINT32 Length;
	UINT32 MatchOnValue : 1;
	UINT32 MatchOnLength : 1;
	UINT32 Reserved : 30;
} WHV_DOORBELL_MATCH_DATA;

/* ---- counters ---- */

typedef enum WHV_PARTITION_COUNTER_SET {
	WHvPartitionCounterSetMemory,
} WHV_PARTITION_COUNTER_SET;

typedef struct WHV_PARTITION_MEMORY_COUNTERS {
	UINT64 Mapped4KPageCount, Mapped2MPageCount, Mapped1GPageCount;
} WHV_PARTITION_MEMORY_COUNTERS;

typedef enum WHV_PROCESSOR_COUNTER_SET {
	WHvProcessorCounterSetRuntime,
	WHvProcessorCounterSetIntercepts,
	WHvProcessorCounterSetEvents,
#ifdef _AMD64_
	WHvProcessorCounterSetApic,
#endif
	WHvProcessorCounterSetSyntheticFeatures = 4,
} WHV_PROCESSOR_COUNTER_SET;

typedef struct WHV_PROCESSOR_RUNTIME_COUNTERS {
	UINT64 TotalRuntime100ns, HypervisorRuntime100ns;
} WHV_PROCESSOR_RUNTIME_COUNTERS;

typedef struct WHV_PROCESSOR_INTERCEPT_COUNTER {
	UINT64 Count, Time100ns;
} WHV_PROCESSOR_INTERCEPT_COUNTER;

typedef struct WHV_PROCESSOR_INTERCEPT_COUNTERS {
#ifdef _ARM64_
	WHV_PROCESSOR_INTERCEPT_COUNTER OtherIntercepts, PendingInterrupts,
		NestedPageFaultIntercepts, Hypercalls, Reserved[10];
#else
	WHV_PROCESSOR_INTERCEPT_COUNTER PageInvalidations, ControlRegisterAccesses, IoInstructions,
		HaltInstructions, CpuidInstructions, MsrAccesses, OtherIntercepts,
		PendingInterrupts, EmulatedInstructions, DebugRegisterAccesses, PageFaultIntercepts,
		NestedPageFaultIntercepts, Hypercalls, RdpmcInstructions;
#endif
} WHV_PROCESSOR_ACTIVITY_COUNTERS;

typedef struct WHV_PROCESSOR_EVENT_COUNTERS {
	UINT64 PageFaultCount, ExceptionCount, InterruptCount;
} WHV_PROCESSOR_GUEST_EVENT_COUNTERS;

#ifdef _AMD64_
typedef struct WHV_PROCESSOR_APIC_COUNTERS {
	UINT64 MmioAccessCount, EoiAccessCount, TprAccessCount, SentIpiCount, SelfIpiCount;
} WHV_PROCESSOR_APIC_COUNTERS;
#endif

typedef struct WHV_PROCESSOR_SYNTHETIC_FEATURES_COUNTERS {
	UINT64 SyntheticInterruptsCount, LongSpinWaitHypercallsCount, OtherHypercallsCount,
		SyntheticInterruptHypercallsCount, VirtualInterruptHypercallsCount,
		VirtualMmuHypercallsCount;
} WHV_PROCESSOR_SYNTHETIC_FEATURES_COUNTERS;

/* ---- virtual processor properties, SynIC, triggers, ports ---- */

typedef enum WHV_VIRTUAL_PROCESSOR_PROPERTY_CODE {
	WHvVirtualProcessorPropertyCodeNumaNode,
} WHV_VIRTUAL_PROCESSOR_PROPERTY_CODE;

typedef struct WHV_VIRTUAL_PROCESSOR_PROPERTY {
	WHV_VIRTUAL_PROCESSOR_PROPERTY_CODE PropertyCode;
	UINT32 Reserved;
	union {
		USHORT NumaNode;
		UINT64 Padding;
	};
} WHV_VIRTUAL_PROCESSOR_PROPERTY;

typedef struct WHV_SYNIC_EVENT_PARAMETERS {
	UINT32 VpIndex;
	UINT8 TargetSint;
	WHV_VTL TargetVtl;
	UINT16 FlagNumber;
} WHV_SYNIC_EVENT_PARAMETERS;

typedef enum WHV_TRIGGER_TYPE {
#ifdef _AMD64_
	WHvTriggerTypeInterrupt = 0,
#endif
	WHvTriggerTypeSynicEvent = 1,
	WHvTriggerTypeDeviceInterrupt,
} WHV_TRIGGER_TYPE;

typedef struct WHV_TRIGGER_PARAMETERS {
	WHV_TRIGGER_TYPE TriggerType;
	UINT32 Reserved;
	union {
#ifdef _AMD64_
		WHV_INTERRUPT_CONTROL Interrupt;
#endif
		WHV_SYNIC_EVENT_PARAMETERS SynicEvent;
		struct {
			UINT64 LogicalDeviceId;
			UINT64 MsiAddress;
			UINT32 MsiData;
			UINT32 Reserved;
		} DeviceInterrupt;
	};
} WHV_TRIGGER_PARAMETERS;

typedef PVOID WHV_TRIGGER_HANDLE;

typedef enum WHV_NOTIFICATION_PORT_TYPE {
	WHvNotificationPortTypeEvent = 2,
	WHvNotificationPortTypeDoorbell = 4,
} WHV_NOTIFICATION_PORT_TYPE;

typedef struct WHV_NOTIFICATION_PORT_PARAMETERS {
	WHV_NOTIFICATION_PORT_TYPE NotificationPortType;
	UINT16 Reserved;
	UINT8 Reserved1;
	UINT8 ConnectionVtl;
	union {
		WHV_DOORBELL_MATCH_DATA Doorbell;
		struct {
			UINT32 ConnectionId;
		} Event;
	};
} WHV_NOTIFICATION_PORT_PARAMETERS;

typedef enum WHV_NOTIFICATION_PORT_PROPERTY_CODE {
	WHvNotificationPortPropertyPreferredTargetVp = 1,
	WHvNotificationPortPropertyPreferredTargetDuration = 5,
} WHV_NOTIFICATION_PORT_PROPERTY_CODE;
#define WHV_NOTIFICATION_PORT_PREFERRED_DURATION_MAX 0xffffffffffffffffull

typedef UINT64 WHV_NOTIFICATION_PORT_PROPERTY;
typedef PVOID WHV_NOTIFICATION_PORT_HANDLE;

/* ---- assigned devices ---- */

typedef enum WHV_ALLOCATE_VPCI_RESOURCE_FLAGS {
	WHvAllocateVpciResourceFlagNone = 0,
	WHvAllocateVpciResourceFlagAllowDirectP2P = 1,
} WHV_ALLOCATE_VPCI_RESOURCE_FLAGS;

#define WHV_MAX_DEVICE_ID_SIZE_IN_CHARS 200
typedef struct WHV_SRIOV_RESOURCE_DESCRIPTOR {
	WCHAR PnpInstanceId[WHV_MAX_DEVICE_ID_SIZE_IN_CHARS];
	LUID VirtualFunctionId;
	UINT16 VirtualFunctionIndex;
	UINT16 Reserved;
} WHV_SRIOV_RESOURCE_DESCRIPTOR;

typedef enum WHV_VPCI_DEVICE_NOTIFICATION_TYPE {
	WHvVpciDeviceNotificationUndefined,
	WHvVpciDeviceNotificationMmioRemapping,
	WHvVpciDeviceNotificationSurpriseRemoval,
} WHV_VPCI_DEVICE_NOTIFICATION_TYPE;

typedef struct WHV_VPCI_DEVICE_NOTIFICATION {
	WHV_VPCI_DEVICE_NOTIFICATION_TYPE NotificationType;
	UINT32 Reserved1;
	union {
		UINT64 Reserved2;
	};
} WHV_VPCI_DEVICE_NOTIFICATION;

typedef enum WHV_CREATE_VPCI_DEVICE_FLAGS {
	WHvCreateVpciDeviceFlagNone = 0,
	WHvCreateVpciDeviceFlagPhysicallyBacked = 1,
	WHvCreateVpciDeviceFlagUseLogicalInterrupts = 2,
} WHV_CREATE_VPCI_DEVICE_FLAGS;

typedef enum WHV_VPCI_DEVICE_PROPERTY_CODE {
	WHvVpciDevicePropertyCodeUndefined,
	WHvVpciDevicePropertyCodeHardwareIDs,
	WHvVpciDevicePropertyCodeProbedBARs,
} WHV_VPCI_DEVICE_PROPERTY_CODE;

typedef struct WHV_VPCI_HARDWARE_IDS {
	UINT16 VendorID, DeviceID;
	UINT8 RevisionID, ProgIf, SubClass, BaseClass;
	UINT16 SubVendorID, SubSystemID;
} WHV_VPCI_HARDWARE_IDS;

#define WHV_VPCI_TYPE0_BAR_COUNT 6
typedef struct WHV_VPCI_PROBED_BARS {
	UINT32 Value[WHV_VPCI_TYPE0_BAR_COUNT];
} WHV_VPCI_PROBED_BARS;

typedef enum WHV_VPCI_MMIO_RANGE_FLAGS {
	WHvVpciMmioRangeFlagReadAccess = 1,
	WHvVpciMmioRangeFlagWriteAccess = 2,
} WHV_VPCI_MMIO_RANGE_FLAGS;

typedef enum WHV_VPCI_DEVICE_REGISTER_SPACE {
	WHvVpciConfigSpace = -1,
	WHvVpciBar0 = 0,
	WHvVpciBar1,
	WHvVpciBar2,
	WHvVpciBar3,
	WHvVpciBar4,
	WHvVpciBar5,
} WHV_VPCI_DEVICE_REGISTER_SPACE;

typedef struct WHV_VPCI_MMIO_MAPPING {
	WHV_VPCI_DEVICE_REGISTER_SPACE Location;
	WHV_VPCI_MMIO_RANGE_FLAGS Flags;
	UINT64 SizeInBytes, OffsetInBytes;
	PVOID VirtualAddress;
} WHV_VPCI_MMIO_MAPPING;

typedef struct WHV_VPCI_DEVICE_REGISTER {
	WHV_VPCI_DEVICE_REGISTER_SPACE Location;
	UINT32 SizeInBytes;
	UINT64 OffsetInBytes;
} WHV_VPCI_DEVICE_REGISTER;

typedef enum WHV_VPCI_INTERRUPT_TARGET_FLAGS {
	WHvVpciInterruptTargetFlagNone = 0,
	WHvVpciInterruptTargetFlagMulticast = 1,
} WHV_VPCI_INTERRUPT_TARGET_FLAGS;

typedef struct WHV_VPCI_INTERRUPT_TARGET {
	UINT32 Vector;
	WHV_VPCI_INTERRUPT_TARGET_FLAGS Flags;
	UINT32 ProcessorCount;
	UINT32 Processors[1]; /* ProcessorCount of them */
} WHV_VPCI_INTERRUPT_TARGET;

#endif
