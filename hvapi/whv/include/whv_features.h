/* SPDX-License-Identifier: MIT */
/* Feature sets of the WinHvPlatform interface: one bit a feature. */
#ifndef WHV_FEATURES_H
#define WHV_FEATURES_H

#include <whv_win32.h>

#ifdef _ARM64_
#include <whv_features_arm64.h>
#else
#include <whv_features_x64.h>
#endif

#define WHV_PROCESSOR_FEATURES_BANKS_COUNT 2
typedef struct WHV_PROCESSOR_FEATURES_BANKS {
	UINT32 BanksCount, Reserved0;
	union {
		struct {
			WHV_PROCESSOR_FEATURES Bank0;
			WHV_PROCESSOR_FEATURES1 Bank1;
		};
		UINT64 AsUINT64[WHV_PROCESSOR_FEATURES_BANKS_COUNT];
	};
} WHV_PROCESSOR_FEATURES_BANKS;

/* HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES */
typedef union WHV_SYNTHETIC_PROCESSOR_FEATURES {
	struct {
		UINT64 HypervisorPresent : 1;
		UINT64 Hv1 : 1;
		UINT64 AccessVpRunTimeReg : 1;
		UINT64 AccessPartitionReferenceCounter : 1;
		UINT64 AccessSynicRegs : 1;
		UINT64 AccessSyntheticTimerRegs : 1;
		UINT64 AccessIntrCtrlRegs : 1;
		UINT64 AccessHypercallRegs : 1;
		UINT64 AccessVpIndex : 1;
		UINT64 AccessPartitionReferenceTsc : 1;
		UINT64 WHV_BY_ARCH(AccessGuestIdleReg, ReservedZ10) : 1;
		UINT64 WHV_BY_ARCH(AccessFrequencyRegs, ReservedZ11) : 1;
		UINT64 ReservedZ12 : 1;
		UINT64 ReservedZ13 : 1;
		UINT64 ReservedZ14 : 1;
		UINT64 WHV_BY_ARCH(EnableExtendedGvaRangesForFlushVirtualAddressList,
				   ReservedZ15) : 1;
		UINT64 ReservedZ16 : 1;
		UINT64 ReservedZ17 : 1;
		UINT64 FastHypercallOutput : 1;
		UINT64 ReservedZ19 : 1;
		UINT64 ReservedZ20 : 1;
		UINT64 ReservedZ21 : 1;
		UINT64 DirectSyntheticTimers : 1;
		UINT64 ReservedZ23 : 1;
		UINT64 ExtendedProcessorMasks : 1;
		UINT64 TbFlushHypercalls : 1;
		UINT64 SyntheticClusterIpi : 1;
		UINT64 NotifyLongSpinWait : 1;
		UINT64 QueryNumaDistance : 1;
		UINT64 SignalEvents : 1;
		UINT64 RetargetDeviceInterrupt : 1;
		UINT64 WHV_BY_ARCH(RestoreTime, ReservedZ31) : 1;
		UINT64 WHV_BY_ARCH(EnlightenedVmcs, ReservedZ32) : 1;
		UINT64 WHV_BY_ARCH(NestedDebugCtl, ReservedZ33) : 1;
		UINT64 WHV_BY_ARCH(SyntheticTimeUnhaltedTimer, ReservedZ34) : 1;
		UINT64 WHV_BY_ARCH(IdleSpecCtrl, ReservedZ35) : 1;
		UINT64 ReservedZ36 : 1;
		UINT64 WakeVps : 1;
		UINT64 AccessVpRegs : 1;
		UINT64 WHV_BY_ARCH(ReservedZ39, SyncContext) : 1;
		UINT64 ReservedZ40 : 1;
		UINT64 ReservedZ41 : 1;
		UINT64 ReservedZ42 : 1;
		UINT64 ReservedZ43 : 1;
		UINT64 ReservedZ44 : 1;
		UINT64 Reserved : 19;
	};
	UINT64 AsUINT64;
} WHV_SYNTHETIC_PROCESSOR_FEATURES;

#define WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS_COUNT 1
typedef struct WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS {
	UINT32 BanksCount, Reserved0;
	union {
		struct {
			WHV_SYNTHETIC_PROCESSOR_FEATURES Bank0;
		};
		UINT64 AsUINT64[WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS_COUNT];
	};
} WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS;

typedef union WHV_SCHEDULER_FEATURES {
	struct {
		UINT64 CpuReserve : 1;
		UINT64 CpuCap : 1;
		UINT64 CpuWeight : 1;
		UINT64 CpuGroupId : 1;
		UINT64 DisableSmt : 1;
		UINT64 Reserved : 59;
	};
	UINT64 AsUINT64;
} WHV_SCHEDULER_FEATURES;

#endif
