/* SPDX-License-Identifier: MIT */
/*
 * Types of the WinHvPlatform interface. Names, values, sizes and offsets are those of
 * Microsoft's public header of the same name (tests/unit/test_whv_layout.c holds the frozen
 * numbers); the text is our own.
 */
#ifndef WIN_HV_PLATFORM_DEFS_H
#define WIN_HV_PLATFORM_DEFS_H

#include <whv_win32.h>
#include <whv_registers.h>
#include <whv_features.h>

#define WHV_ANY_VP			  0xffffffffu
#define WHV_SYNIC_MESSAGE_SIZE		  256
#define WHV_READ_WRITE_GPA_RANGE_MAX_SIZE 16

typedef VOID *WHV_PARTITION_HANDLE;
typedef UINT64 WHV_GUEST_PHYSICAL_ADDRESS;
typedef UINT64 WHV_GUEST_VIRTUAL_ADDRESS;
typedef UINT8 WHV_VTL;
#define WHV_VTL_ALL 0xF

/* ---- capabilities ---- */

typedef enum WHV_CAPABILITY_CODE {
	WHvCapabilityCodeHypervisorPresent = 0,
	WHvCapabilityCodeFeatures,
	WHvCapabilityCodeExtendedVmExits,
#ifdef _AMD64_
	WHvCapabilityCodeExceptionExitBitmap,
	WHvCapabilityCodeX64MsrExitBitmap,
#endif
	WHvCapabilityCodeGpaRangePopulateFlags = 5,
	WHvCapabilityCodeSchedulerFeatures,

	WHvCapabilityCodeProcessorVendor = 0x1000,
	WHvCapabilityCodeProcessorFeatures,
	WHvCapabilityCodeProcessorClFlushSize,
#ifdef _AMD64_
	WHvCapabilityCodeProcessorXsaveFeatures,
#endif
	WHvCapabilityCodeProcessorClockFrequency = 0x1004,
#ifdef _AMD64_
	WHvCapabilityCodeInterruptClockFrequency,
#endif
	WHvCapabilityCodeProcessorFeaturesBanks = 0x1006,
	WHvCapabilityCodeProcessorFrequencyCap,
	WHvCapabilityCodeSyntheticProcessorFeaturesBanks,
#ifdef _AMD64_
	WHvCapabilityCodeProcessorPerfmonFeatures,
#endif
	WHvCapabilityCodePhysicalAddressWidth = 0x100a,

#ifdef _AMD64_
	/* IA32_VMX_*, MSRs 0x480 to 0x490 */
	WHvCapabilityCodeVmxBasic = 0x2000,
	WHvCapabilityCodeVmxPinbasedCtls,
	WHvCapabilityCodeVmxProcbasedCtls,
	WHvCapabilityCodeVmxExitCtls,
	WHvCapabilityCodeVmxEntryCtls,
	WHvCapabilityCodeVmxMisc,
	WHvCapabilityCodeVmxCr0Fixed0,
	WHvCapabilityCodeVmxCr0Fixed1,
	WHvCapabilityCodeVmxCr4Fixed0,
	WHvCapabilityCodeVmxCr4Fixed1,
	WHvCapabilityCodeVmxVmcsEnum,
	WHvCapabilityCodeVmxProcbasedCtls2,
	WHvCapabilityCodeVmxEptVpidCap,
	WHvCapabilityCodeVmxTruePinbasedCtls,
	WHvCapabilityCodeVmxTrueProcbasedCtls,
	WHvCapabilityCodeVmxTrueExitCtls,
	WHvCapabilityCodeVmxTrueEntryCtls,
#else
	WHvCapabilityCodeGicLpiIntIdBits = 0x2011,
	WHvCapabilityCodeMaxSveVectorLength,
#endif
} WHV_CAPABILITY_CODE;

typedef enum WHV_PROCESSOR_VENDOR {
	WHvProcessorVendorAmd = 0,
	WHvProcessorVendorIntel = 1,
	WHvProcessorVendorHygon = 2,
	WHvProcessorVendorArm = 0x10,
} WHV_PROCESSOR_VENDOR;

typedef struct WHV_CAPABILITY_PROCESSOR_FREQUENCY_CAP {
	UINT32 IsSupported : 1;
	UINT32 Reserved : 31;
	UINT32 HighestFrequencyMhz;
	UINT32 NominalFrequencyMhz;
	UINT32 LowestFrequencyMhz;
	UINT32 FrequencyStepMhz;
} WHV_CAPABILITY_PROCESSOR_FREQUENCY_CAP;

/* ---- memory ---- */

typedef enum WHV_MAP_GPA_RANGE_FLAGS {
	WHvMapGpaRangeFlagNone = 0,
	WHvMapGpaRangeFlagRead = 1,
	WHvMapGpaRangeFlagWrite = 2,
	WHvMapGpaRangeFlagExecute = 4,
	WHvMapGpaRangeFlagTrackDirtyPages = 8,
} WHV_MAP_GPA_RANGE_FLAGS;

typedef enum WHV_TRANSLATE_GVA_FLAGS {
	WHvTranslateGvaFlagNone = 0,
	WHvTranslateGvaFlagValidateRead = 1,
	WHvTranslateGvaFlagValidateWrite = 2,
	WHvTranslateGvaFlagValidateExecute = 4,
	WHvTranslateGvaFlagSetPageTableBits = 0x10,
#ifdef _AMD64_
	WHvTranslateGvaFlagPrivilegeExempt = 8,
	WHvTranslateGvaFlagEnforceSmap = 0x100,
	WHvTranslateGvaFlagOverrideSmap = 0x200,
#endif
} WHV_TRANSLATE_GVA_FLAGS;

typedef union WHV_TRANSLATE_GVA_2_FLAGS {
	struct {
		UINT64 ValidateRead : 1;
		UINT64 ValidateWrite : 1;
		UINT64 ValidateExecute : 1;
		UINT64 WHV_BY_ARCH(PrivilegeExempt, Reserved0) : 1;
		UINT64 SetPageTableBits : 1;
		UINT64 Reserved1 : 3;
		UINT64 WHV_BY_ARCH(EnforceSmap, Reserved2) : 1;
		UINT64 WHV_BY_ARCH(OverrideSmap, Reserved3) : 1;
		UINT64 Reserved4 : 46;
		UINT64 InputVtl : 8;
	};
	UINT64 AsUINT64;
} WHV_TRANSLATE_GVA_2_FLAGS;

typedef enum WHV_TRANSLATE_GVA_RESULT_CODE {
	WHvTranslateGvaResultSuccess,
	WHvTranslateGvaResultPageNotPresent,
	WHvTranslateGvaResultPrivilegeViolation,
	WHvTranslateGvaResultInvalidPageTableFlags,
	WHvTranslateGvaResultGpaUnmapped,
	WHvTranslateGvaResultGpaNoReadAccess,
	WHvTranslateGvaResultGpaNoWriteAccess,
	WHvTranslateGvaResultGpaIllegalOverlayAccess,
	WHvTranslateGvaResultIntercept,
} WHV_TRANSLATE_GVA_RESULT_CODE;

typedef struct WHV_TRANSLATE_GVA_RESULT {
	WHV_TRANSLATE_GVA_RESULT_CODE ResultCode;
	UINT32 Reserved;
} WHV_TRANSLATE_GVA_RESULT;

typedef struct WHV_MEMORY_RANGE_ENTRY {
	UINT64 GuestAddress, SizeInBytes;
} WHV_MEMORY_RANGE_ENTRY;

typedef union WHV_ADVISE_GPA_RANGE_POPULATE_FLAGS {
	UINT32 AsUINT32;
	struct {
		UINT32 Prefetch : 1;
		UINT32 AvoidHardFaults : 1;
		UINT32 Reserved : 30;
	};
} WHV_ADVISE_GPA_RANGE_POPULATE_FLAGS;

typedef enum WHV_MEMORY_ACCESS_TYPE {
	WHvMemoryAccessRead,
	WHvMemoryAccessWrite,
	WHvMemoryAccessExecute,
} WHV_MEMORY_ACCESS_TYPE;

typedef struct WHV_ADVISE_GPA_RANGE_POPULATE {
	WHV_ADVISE_GPA_RANGE_POPULATE_FLAGS Flags;
	WHV_MEMORY_ACCESS_TYPE AccessType;
} WHV_ADVISE_GPA_RANGE_POPULATE;

typedef union WHV_ADVISE_GPA_RANGE {
	WHV_ADVISE_GPA_RANGE_POPULATE Populate;
} WHV_ADVISE_GPA_RANGE;

typedef enum WHV_ADVISE_GPA_RANGE_CODE {
	WHvAdviseGpaRangeCodePopulate,
	WHvAdviseGpaRangeCodePin,
	WHvAdviseGpaRangeCodeUnpin,
} WHV_ADVISE_GPA_RANGE_CODE;

typedef enum WHV_CACHE_TYPE {
	WHvCacheTypeUncached = 0,
	WHvCacheTypeWriteCombining = 1,
	WHvCacheTypeWriteThrough = 4,
#ifdef _AMD64_
	WHvCacheTypeWriteProtected = 5,
#endif
	WHvCacheTypeWriteBack = 6,
} WHV_CACHE_TYPE;

typedef union WHV_INPUT_VTL {
	UINT8 AsUINT8;
	struct {
		UINT8 TargetVtl : 4;
		UINT8 UseTargetVtl : 1;
		UINT8 Reserved : 3;
	};
} WHV_INPUT_VTL;

typedef union WHV_ACCESS_GPA_CONTROLS {
	UINT64 AsUINT64;
	struct {
		WHV_CACHE_TYPE CacheType;
		WHV_INPUT_VTL InputVtl;
		UINT8 Reserved;
		UINT16 Reserved1;
	};
} WHV_ACCESS_GPA_CONTROLS;

/* What WHvGetCapability writes: the member that belongs to the code. */
typedef union WHV_CAPABILITY {
	BOOL HypervisorPresent;
	WHV_CAPABILITY_FEATURES Features;
	WHV_EXTENDED_VM_EXITS ExtendedVmExits;
	WHV_PROCESSOR_VENDOR ProcessorVendor;
	WHV_PROCESSOR_FEATURES ProcessorFeatures;
	WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS SyntheticProcessorFeaturesBanks;
	UINT8 ProcessorClFlushSize;
	UINT64 ProcessorClockFrequency;
	WHV_PROCESSOR_FEATURES_BANKS ProcessorFeaturesBanks;
	WHV_ADVISE_GPA_RANGE_POPULATE_FLAGS GpaRangePopulateFlags;
	WHV_CAPABILITY_PROCESSOR_FREQUENCY_CAP ProcessorFrequencyCap;
	WHV_SCHEDULER_FEATURES SchedulerFeatures;
	UINT32 PhysicalAddressWidth;
	UINT64 NestedFeatureRegister;
#ifdef _ARM64_
	UINT32 GicLpiIntIdBits;
	UINT32 MaxSveVectorLength;
#else
	WHV_PROCESSOR_XSAVE_FEATURES ProcessorXsaveFeatures;
	UINT64 InterruptClockFrequency;
	WHV_PROCESSOR_PERFMON_FEATURES ProcessorPerfmonFeatures;
	WHV_X64_MSR_EXIT_BITMAP X64MsrExitBitmap;
	UINT64 ExceptionExitBitmap;
#endif
} WHV_CAPABILITY;

/* ---- partition properties ---- */

typedef enum WHV_PARTITION_PROPERTY_CODE {
	WHvPartitionPropertyCodeExtendedVmExits = 1,
#ifdef _AMD64_
	WHvPartitionPropertyCodeExceptionExitBitmap,
#endif
	WHvPartitionPropertyCodeSeparateSecurityDomain = 3,
	WHvPartitionPropertyCodeNestedVirtualization,
#ifdef _AMD64_
	WHvPartitionPropertyCodeX64MsrExitBitmap,
#endif
	WHvPartitionPropertyCodePrimaryNumaNode = 6,
	WHvPartitionPropertyCodeCpuReserve,
	WHvPartitionPropertyCodeCpuCap,
	WHvPartitionPropertyCodeCpuWeight,
	WHvPartitionPropertyCodeCpuGroupId,
	WHvPartitionPropertyCodeProcessorFrequencyCap,
	WHvPartitionPropertyCodeAllowDeviceAssignment,
	WHvPartitionPropertyCodeDisableSmt,

	WHvPartitionPropertyCodeProcessorFeatures = 0x1001,
	WHvPartitionPropertyCodeProcessorClFlushSize,
#ifdef _AMD64_
	WHvPartitionPropertyCodeCpuidExitList,
	WHvPartitionPropertyCodeCpuidResultList,
	WHvPartitionPropertyCodeLocalApicEmulationMode,
	WHvPartitionPropertyCodeProcessorXsaveFeatures,
#endif
	WHvPartitionPropertyCodeProcessorClockFrequency = 0x1007,
#ifdef _AMD64_
	WHvPartitionPropertyCodeInterruptClockFrequency,
	WHvPartitionPropertyCodeApicRemoteReadSupport,
#endif
	WHvPartitionPropertyCodeProcessorFeaturesBanks = 0x100a,
	WHvPartitionPropertyCodeReferenceTime,
	WHvPartitionPropertyCodeSyntheticProcessorFeaturesBanks,
#ifdef _AMD64_
	WHvPartitionPropertyCodeCpuidResultList2,
	WHvPartitionPropertyCodeProcessorPerfmonFeatures,
	WHvPartitionPropertyCodeMsrActionList,
	WHvPartitionPropertyCodeUnimplementedMsrAction,
#endif
	WHvPartitionPropertyCodePhysicalAddressWidth = 0x1011,
#ifdef _ARM64_
	WHvPartitionPropertyCodeArm64IcParameters,
#endif

	WHvPartitionPropertyCodeProcessorCount = 0x1fff,
} WHV_PARTITION_PROPERTY_CODE;

#ifdef _ARM64_
typedef enum WHV_ARM64_IC_EMULATION_MODE {
	WHvArm64IcEmulationModeNone,
	WHvArm64IcEmulationModeGicV3,
} WHV_ARM64_IC_EMULATION_MODE;

typedef UINT32 WHV_ARM64_INTERRUPT_VECTOR;

typedef struct WHV_ARM64_IC_GIC_V3_PARAMETERS {
	WHV_GUEST_PHYSICAL_ADDRESS GicdBaseAddress;
	WHV_GUEST_PHYSICAL_ADDRESS GitsTranslaterBaseAddress;
	UINT32 Reserved;
	UINT32 GicLpiIntIdBits;
	WHV_ARM64_INTERRUPT_VECTOR GicPpiOverflowInterruptFromCntv;
	WHV_ARM64_INTERRUPT_VECTOR GicPpiPerformanceMonitorsInterrupt;
	UINT32 Reserved1[6];
} WHV_ARM64_IC_GIC_V3_PARAMETERS;

typedef struct WHV_ARM64_IC_PARAMETERS {
	WHV_ARM64_IC_EMULATION_MODE EmulationMode;
	UINT32 Reserved;
	union {
		WHV_ARM64_IC_GIC_V3_PARAMETERS GicV3Parameters;
	};
} WHV_ARM64_IC_PARAMETERS;
#else
typedef struct WHV_CPUID_OUTPUT {
	UINT32 Eax, Ebx, Ecx, Edx;
} WHV_CPUID_OUTPUT;

typedef struct WHV_X64_CPUID_RESULT {
	UINT32 Function, Reserved[3];
	UINT32 Eax, Ebx, Ecx, Edx;
} WHV_X64_CPUID_RESULT;

typedef enum WHV_X64_CPUID_RESULT2_FLAGS {
	WHvX64CpuidResult2FlagSubleafSpecific = 1,
	WHvX64CpuidResult2FlagVpSpecific = 2,
} WHV_X64_CPUID_RESULT2_FLAGS;

typedef struct WHV_X64_CPUID_RESULT2 {
	UINT32 Function, Index, VpIndex;
	WHV_X64_CPUID_RESULT2_FLAGS Flags;
	WHV_CPUID_OUTPUT Output, Mask;
} WHV_X64_CPUID_RESULT2;

typedef enum WHV_MSR_ACTION {
	WHvMsrActionArchitectureDefault,
	WHvMsrActionIgnoreWriteReadZero,
	WHvMsrActionExit,
} WHV_MSR_ACTION;

typedef struct WHV_MSR_ACTION_ENTRY {
	UINT32 Index;
	UINT8 ReadAction, WriteAction;
	UINT16 Reserved;
} WHV_MSR_ACTION_ENTRY;

/* Bit numbers of ExceptionExitBitmap are vectors. */
typedef enum WHV_EXCEPTION_TYPE {
	WHvX64ExceptionTypeDivideErrorFault = 0,
	WHvX64ExceptionTypeDebugTrapOrFault = 1,
	WHvX64ExceptionTypeBreakpointTrap = 3,
	WHvX64ExceptionTypeOverflowTrap = 4,
	WHvX64ExceptionTypeBoundRangeFault = 5,
	WHvX64ExceptionTypeInvalidOpcodeFault = 6,
	WHvX64ExceptionTypeDeviceNotAvailableFault = 7,
	WHvX64ExceptionTypeDoubleFaultAbort = 8,
	WHvX64ExceptionTypeInvalidTaskStateSegmentFault = 10,
	WHvX64ExceptionTypeSegmentNotPresentFault = 11,
	WHvX64ExceptionTypeStackFault = 12,
	WHvX64ExceptionTypeGeneralProtectionFault = 13,
	WHvX64ExceptionTypePageFault = 14,
	WHvX64ExceptionTypeFloatingPointErrorFault = 16,
	WHvX64ExceptionTypeAlignmentCheckFault = 17,
	WHvX64ExceptionTypeMachineCheckAbort = 18,
	WHvX64ExceptionTypeSimdFloatingPointFault = 19,
	WHvX64ExceptionTypeControlProtectionFault = 21,
} WHV_EXCEPTION_TYPE;

typedef enum WHV_X64_LOCAL_APIC_EMULATION_MODE {
	WHvX64LocalApicEmulationModeNone,
	WHvX64LocalApicEmulationModeXApic,
	WHvX64LocalApicEmulationModeX2Apic,
} WHV_X64_LOCAL_APIC_EMULATION_MODE;
#endif

typedef union WHV_PARTITION_PROPERTY {
	WHV_EXTENDED_VM_EXITS ExtendedVmExits;
	WHV_PROCESSOR_FEATURES ProcessorFeatures;
	WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS SyntheticProcessorFeaturesBanks;
	UINT8 ProcessorClFlushSize;
	UINT32 ProcessorCount;
	BOOL SeparateSecurityDomain;
	BOOL NestedVirtualization;
	UINT64 ProcessorClockFrequency;
	WHV_PROCESSOR_FEATURES_BANKS ProcessorFeaturesBanks;
	UINT64 ReferenceTime;
	USHORT PrimaryNumaNode;
	UINT32 CpuReserve;
	UINT32 CpuCap;
	UINT32 CpuWeight;
	UINT64 CpuGroupId;
	UINT32 ProcessorFrequencyCap;
	BOOL AllowDeviceAssignment;
	BOOL DisableSmt;
	UINT32 PhysicalAddressWidth;
#ifdef _ARM64_
	WHV_ARM64_IC_PARAMETERS Arm64IcParameters;
#else
	WHV_PROCESSOR_XSAVE_FEATURES ProcessorXsaveFeatures;
	UINT32 CpuidExitList[1];
	UINT64 ExceptionExitBitmap;
	BOOL ApicRemoteRead;
	WHV_X64_MSR_EXIT_BITMAP X64MsrExitBitmap;
	WHV_PROCESSOR_PERFMON_FEATURES ProcessorPerfmonFeatures;
	UINT64 InterruptClockFrequency;
	WHV_X64_CPUID_RESULT CpuidResultList[1];
	WHV_X64_CPUID_RESULT2 CpuidResultList2[1];
	WHV_MSR_ACTION_ENTRY MsrActionList[1];
	WHV_MSR_ACTION UnimplementedMsrAction;
	WHV_X64_LOCAL_APIC_EMULATION_MODE LocalApicEmulationMode;
#endif
} WHV_PARTITION_PROPERTY;

#include <whv_exit.h>
#include <whv_state.h>
#include <whv_device.h>

#endif
