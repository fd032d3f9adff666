/* SPDX-License-Identifier: MIT */
/* Register names and values, x64. Included by whv_registers.h. */
#ifndef WHV_REGISTERS_X64_H
#define WHV_REGISTERS_X64_H

/* General purpose, segments, tables, control and debug */
#define WHV_REGISTER_LIST_GENERAL(X) \
	X(WHvX64RegisterRax, 0x00000000) \
	X(WHvX64RegisterRcx, 0x00000001) \
	X(WHvX64RegisterRdx, 0x00000002) \
	X(WHvX64RegisterRbx, 0x00000003) \
	X(WHvX64RegisterRsp, 0x00000004) \
	X(WHvX64RegisterRbp, 0x00000005) \
	X(WHvX64RegisterRsi, 0x00000006) \
	X(WHvX64RegisterRdi, 0x00000007) \
	X(WHvX64RegisterR8, 0x00000008) \
	X(WHvX64RegisterR9, 0x00000009) \
	X(WHvX64RegisterR10, 0x0000000a) \
	X(WHvX64RegisterR11, 0x0000000b) \
	X(WHvX64RegisterR12, 0x0000000c) \
	X(WHvX64RegisterR13, 0x0000000d) \
	X(WHvX64RegisterR14, 0x0000000e) \
	X(WHvX64RegisterR15, 0x0000000f) \
	X(WHvX64RegisterRip, 0x00000010) \
	X(WHvX64RegisterRflags, 0x00000011) \
	X(WHvX64RegisterEs, 0x00000012) \
	X(WHvX64RegisterCs, 0x00000013) \
	X(WHvX64RegisterSs, 0x00000014) \
	X(WHvX64RegisterDs, 0x00000015) \
	X(WHvX64RegisterFs, 0x00000016) \
	X(WHvX64RegisterGs, 0x00000017) \
	X(WHvX64RegisterLdtr, 0x00000018) \
	X(WHvX64RegisterTr, 0x00000019) \
	X(WHvX64RegisterIdtr, 0x0000001a) \
	X(WHvX64RegisterGdtr, 0x0000001b) \
	X(WHvX64RegisterCr0, 0x0000001c) \
	X(WHvX64RegisterCr2, 0x0000001d) \
	X(WHvX64RegisterCr3, 0x0000001e) \
	X(WHvX64RegisterCr4, 0x0000001f) \
	X(WHvX64RegisterCr8, 0x00000020) \
	X(WHvX64RegisterDr0, 0x00000021) \
	X(WHvX64RegisterDr1, 0x00000022) \
	X(WHvX64RegisterDr2, 0x00000023) \
	X(WHvX64RegisterDr3, 0x00000024) \
	X(WHvX64RegisterDr6, 0x00000025) \
	X(WHvX64RegisterDr7, 0x00000026) \
	X(WHvX64RegisterXCr0, 0x00000027) \
	X(WHvX64RegisterVirtualCr0, 0x00000028) \
	X(WHvX64RegisterVirtualCr3, 0x00000029) \
	X(WHvX64RegisterVirtualCr4, 0x0000002a) \
	X(WHvX64RegisterVirtualCr8, 0x0000002b)

/* Floating point and vector */
#define WHV_REGISTER_LIST_FP(X) \
	X(WHvX64RegisterXmm0, 0x00001000) \
	X(WHvX64RegisterXmm1, 0x00001001) \
	X(WHvX64RegisterXmm2, 0x00001002) \
	X(WHvX64RegisterXmm3, 0x00001003) \
	X(WHvX64RegisterXmm4, 0x00001004) \
	X(WHvX64RegisterXmm5, 0x00001005) \
	X(WHvX64RegisterXmm6, 0x00001006) \
	X(WHvX64RegisterXmm7, 0x00001007) \
	X(WHvX64RegisterXmm8, 0x00001008) \
	X(WHvX64RegisterXmm9, 0x00001009) \
	X(WHvX64RegisterXmm10, 0x0000100a) \
	X(WHvX64RegisterXmm11, 0x0000100b) \
	X(WHvX64RegisterXmm12, 0x0000100c) \
	X(WHvX64RegisterXmm13, 0x0000100d) \
	X(WHvX64RegisterXmm14, 0x0000100e) \
	X(WHvX64RegisterXmm15, 0x0000100f) \
	X(WHvX64RegisterFpMmx0, 0x00001010) \
	X(WHvX64RegisterFpMmx1, 0x00001011) \
	X(WHvX64RegisterFpMmx2, 0x00001012) \
	X(WHvX64RegisterFpMmx3, 0x00001013) \
	X(WHvX64RegisterFpMmx4, 0x00001014) \
	X(WHvX64RegisterFpMmx5, 0x00001015) \
	X(WHvX64RegisterFpMmx6, 0x00001016) \
	X(WHvX64RegisterFpMmx7, 0x00001017) \
	X(WHvX64RegisterFpControlStatus, 0x00001018) \
	X(WHvX64RegisterXmmControlStatus, 0x00001019)

/* Backed by an MSR: hypervisor register 0x00080000 + n */
#define WHV_REGISTER_LIST_MSR(X) \
	X(WHvX64RegisterTsc, 0x00002000) \
	X(WHvX64RegisterEfer, 0x00002001) \
	X(WHvX64RegisterKernelGsBase, 0x00002002) \
	X(WHvX64RegisterApicBase, 0x00002003) \
	X(WHvX64RegisterPat, 0x00002004) \
	X(WHvX64RegisterSysenterCs, 0x00002005) \
	X(WHvX64RegisterSysenterEip, 0x00002006) \
	X(WHvX64RegisterSysenterEsp, 0x00002007) \
	X(WHvX64RegisterStar, 0x00002008) \
	X(WHvX64RegisterLstar, 0x00002009) \
	X(WHvX64RegisterCstar, 0x0000200a) \
	X(WHvX64RegisterSfmask, 0x0000200b) \
	X(WHvX64RegisterInitialApicId, 0x0000200c) \
	X(WHvX64RegisterMsrMtrrCap, 0x0000200d) \
	X(WHvX64RegisterMsrMtrrDefType, 0x0000200e) \
	X(WHvX64RegisterMsrMtrrPhysBase0, 0x00002010) \
	X(WHvX64RegisterMsrMtrrPhysBase1, 0x00002011) \
	X(WHvX64RegisterMsrMtrrPhysBase2, 0x00002012) \
	X(WHvX64RegisterMsrMtrrPhysBase3, 0x00002013) \
	X(WHvX64RegisterMsrMtrrPhysBase4, 0x00002014) \
	X(WHvX64RegisterMsrMtrrPhysBase5, 0x00002015) \
	X(WHvX64RegisterMsrMtrrPhysBase6, 0x00002016) \
	X(WHvX64RegisterMsrMtrrPhysBase7, 0x00002017) \
	X(WHvX64RegisterMsrMtrrPhysBase8, 0x00002018) \
	X(WHvX64RegisterMsrMtrrPhysBase9, 0x00002019) \
	X(WHvX64RegisterMsrMtrrPhysBaseA, 0x0000201a) \
	X(WHvX64RegisterMsrMtrrPhysBaseB, 0x0000201b) \
	X(WHvX64RegisterMsrMtrrPhysBaseC, 0x0000201c) \
	X(WHvX64RegisterMsrMtrrPhysBaseD, 0x0000201d) \
	X(WHvX64RegisterMsrMtrrPhysBaseE, 0x0000201e) \
	X(WHvX64RegisterMsrMtrrPhysBaseF, 0x0000201f) \
	X(WHvX64RegisterMsrMtrrPhysMask0, 0x00002040) \
	X(WHvX64RegisterMsrMtrrPhysMask1, 0x00002041) \
	X(WHvX64RegisterMsrMtrrPhysMask2, 0x00002042) \
	X(WHvX64RegisterMsrMtrrPhysMask3, 0x00002043) \
	X(WHvX64RegisterMsrMtrrPhysMask4, 0x00002044) \
	X(WHvX64RegisterMsrMtrrPhysMask5, 0x00002045) \
	X(WHvX64RegisterMsrMtrrPhysMask6, 0x00002046) \
	X(WHvX64RegisterMsrMtrrPhysMask7, 0x00002047) \
	X(WHvX64RegisterMsrMtrrPhysMask8, 0x00002048) \
	X(WHvX64RegisterMsrMtrrPhysMask9, 0x00002049) \
	X(WHvX64RegisterMsrMtrrPhysMaskA, 0x0000204a) \
	X(WHvX64RegisterMsrMtrrPhysMaskB, 0x0000204b) \
	X(WHvX64RegisterMsrMtrrPhysMaskC, 0x0000204c) \
	X(WHvX64RegisterMsrMtrrPhysMaskD, 0x0000204d) \
	X(WHvX64RegisterMsrMtrrPhysMaskE, 0x0000204e) \
	X(WHvX64RegisterMsrMtrrPhysMaskF, 0x0000204f) \
	X(WHvX64RegisterMsrMtrrFix64k00000, 0x00002070) \
	X(WHvX64RegisterMsrMtrrFix16k80000, 0x00002071) \
	X(WHvX64RegisterMsrMtrrFix16kA0000, 0x00002072) \
	X(WHvX64RegisterMsrMtrrFix4kC0000, 0x00002073) \
	X(WHvX64RegisterMsrMtrrFix4kC8000, 0x00002074) \
	X(WHvX64RegisterMsrMtrrFix4kD0000, 0x00002075) \
	X(WHvX64RegisterMsrMtrrFix4kD8000, 0x00002076) \
	X(WHvX64RegisterMsrMtrrFix4kE0000, 0x00002077) \
	X(WHvX64RegisterMsrMtrrFix4kE8000, 0x00002078) \
	X(WHvX64RegisterMsrMtrrFix4kF0000, 0x00002079) \
	X(WHvX64RegisterMsrMtrrFix4kF8000, 0x0000207a) \
	X(WHvX64RegisterTscAux, 0x0000207b) \
	X(WHvX64RegisterBndcfgs, 0x0000207c) \
	X(WHvX64RegisterMCount, 0x0000207e) \
	X(WHvX64RegisterACount, 0x0000207f) \
	X(WHvX64RegisterSpecCtrl, 0x00002084) \
	X(WHvX64RegisterPredCmd, 0x00002085) \
	X(WHvX64RegisterTscVirtualOffset, 0x00002087) \
	X(WHvX64RegisterTsxCtrl, 0x00002088) \
	X(WHvX64RegisterXss, 0x0000208b) \
	X(WHvX64RegisterUCet, 0x0000208c) \
	X(WHvX64RegisterSCet, 0x0000208d) \
	X(WHvX64RegisterSsp, 0x0000208e) \
	X(WHvX64RegisterPl0Ssp, 0x0000208f) \
	X(WHvX64RegisterPl1Ssp, 0x00002090) \
	X(WHvX64RegisterPl2Ssp, 0x00002091) \
	X(WHvX64RegisterPl3Ssp, 0x00002092) \
	X(WHvX64RegisterInterruptSspTableAddr, 0x00002093) \
	X(WHvX64RegisterTscDeadline, 0x00002095) \
	X(WHvX64RegisterTscAdjust, 0x00002096) \
	X(WHvX64RegisterUmwaitControl, 0x00002098) \
	X(WHvX64RegisterXfd, 0x00002099) \
	X(WHvX64RegisterXfdErr, 0x0000209a) \
	X(WHvX64RegisterMsrIa32MiscEnable, 0x000020a0) \
	X(WHvX64RegisterIa32FeatureControl, 0x000020a1) \
	X(WHvX64RegisterIa32VmxBasic, 0x000020a2) \
	X(WHvX64RegisterIa32VmxPinbasedCtls, 0x000020a3) \
	X(WHvX64RegisterIa32VmxProcbasedCtls, 0x000020a4) \
	X(WHvX64RegisterIa32VmxExitCtls, 0x000020a5) \
	X(WHvX64RegisterIa32VmxEntryCtls, 0x000020a6) \
	X(WHvX64RegisterIa32VmxMisc, 0x000020a7) \
	X(WHvX64RegisterIa32VmxCr0Fixed0, 0x000020a8) \
	X(WHvX64RegisterIa32VmxCr0Fixed1, 0x000020a9) \
	X(WHvX64RegisterIa32VmxCr4Fixed0, 0x000020aa) \
	X(WHvX64RegisterIa32VmxCr4Fixed1, 0x000020ab) \
	X(WHvX64RegisterIa32VmxVmcsEnum, 0x000020ac) \
	X(WHvX64RegisterIa32VmxProcbasedCtls2, 0x000020ad) \
	X(WHvX64RegisterIa32VmxEptVpidCap, 0x000020ae) \
	X(WHvX64RegisterIa32VmxTruePinbasedCtls, 0x000020af) \
	X(WHvX64RegisterIa32VmxTrueProcbasedCtls, 0x000020b0) \
	X(WHvX64RegisterIa32VmxTrueExitCtls, 0x000020b1) \
	X(WHvX64RegisterIa32VmxTrueEntryCtls, 0x000020b2) \
	X(WHvX64RegisterAmdVmHsavePa, 0x000020b3) \
	X(WHvX64RegisterAmdVmCr, 0x000020b4)

/* Local APIC: 0x00084800 + n; n is the x2APIC MSR number */
#define WHV_REGISTER_LIST_APIC(X) \
	X(WHvX64RegisterApicId, 0x00003002) \
	X(WHvX64RegisterApicVersion, 0x00003003) \
	X(WHvX64RegisterApicTpr, 0x00003008) \
	X(WHvX64RegisterApicPpr, 0x0000300a) \
	X(WHvX64RegisterApicEoi, 0x0000300b) \
	X(WHvX64RegisterApicLdr, 0x0000300d) \
	X(WHvX64RegisterApicSpurious, 0x0000300f) \
	X(WHvX64RegisterApicIsr0, 0x00003010) \
	X(WHvX64RegisterApicIsr1, 0x00003011) \
	X(WHvX64RegisterApicIsr2, 0x00003012) \
	X(WHvX64RegisterApicIsr3, 0x00003013) \
	X(WHvX64RegisterApicIsr4, 0x00003014) \
	X(WHvX64RegisterApicIsr5, 0x00003015) \
	X(WHvX64RegisterApicIsr6, 0x00003016) \
	X(WHvX64RegisterApicIsr7, 0x00003017) \
	X(WHvX64RegisterApicTmr0, 0x00003018) \
	X(WHvX64RegisterApicTmr1, 0x00003019) \
	X(WHvX64RegisterApicTmr2, 0x0000301a) \
	X(WHvX64RegisterApicTmr3, 0x0000301b) \
	X(WHvX64RegisterApicTmr4, 0x0000301c) \
	X(WHvX64RegisterApicTmr5, 0x0000301d) \
	X(WHvX64RegisterApicTmr6, 0x0000301e) \
	X(WHvX64RegisterApicTmr7, 0x0000301f) \
	X(WHvX64RegisterApicIrr0, 0x00003020) \
	X(WHvX64RegisterApicIrr1, 0x00003021) \
	X(WHvX64RegisterApicIrr2, 0x00003022) \
	X(WHvX64RegisterApicIrr3, 0x00003023) \
	X(WHvX64RegisterApicIrr4, 0x00003024) \
	X(WHvX64RegisterApicIrr5, 0x00003025) \
	X(WHvX64RegisterApicIrr6, 0x00003026) \
	X(WHvX64RegisterApicIrr7, 0x00003027) \
	X(WHvX64RegisterApicEse, 0x00003028) \
	X(WHvX64RegisterApicIcr, 0x00003030) \
	X(WHvX64RegisterApicLvtTimer, 0x00003032) \
	X(WHvX64RegisterApicLvtThermal, 0x00003033) \
	X(WHvX64RegisterApicLvtPerfmon, 0x00003034) \
	X(WHvX64RegisterApicLvtLint0, 0x00003035) \
	X(WHvX64RegisterApicLvtLint1, 0x00003036) \
	X(WHvX64RegisterApicLvtError, 0x00003037) \
	X(WHvX64RegisterApicInitCount, 0x00003038) \
	X(WHvX64RegisterApicCurrentCount, 0x00003039) \
	X(WHvX64RegisterApicDivide, 0x0000303e) \
	X(WHvX64RegisterApicSelfIpi, 0x0000303f)

/* SynIC: 0x000a0000 + n */
#define WHV_REGISTER_LIST_SYNIC(X) \
	X(WHvRegisterSint0, 0x00004000) \
	X(WHvRegisterSint1, 0x00004001) \
	X(WHvRegisterSint2, 0x00004002) \
	X(WHvRegisterSint3, 0x00004003) \
	X(WHvRegisterSint4, 0x00004004) \
	X(WHvRegisterSint5, 0x00004005) \
	X(WHvRegisterSint6, 0x00004006) \
	X(WHvRegisterSint7, 0x00004007) \
	X(WHvRegisterSint8, 0x00004008) \
	X(WHvRegisterSint9, 0x00004009) \
	X(WHvRegisterSint10, 0x0000400a) \
	X(WHvRegisterSint11, 0x0000400b) \
	X(WHvRegisterSint12, 0x0000400c) \
	X(WHvRegisterSint13, 0x0000400d) \
	X(WHvRegisterSint14, 0x0000400e) \
	X(WHvRegisterSint15, 0x0000400f) \
	X(WHvRegisterScontrol, 0x00004010) \
	X(WHvRegisterSversion, 0x00004011) \
	X(WHvRegisterSiefp, 0x00004012) \
	X(WHvRegisterSimp, 0x00004013) \
	X(WHvRegisterEom, 0x00004014)

/* Hypervisor-defined: 0x00090000 + n */
#define WHV_REGISTER_LIST_HV(X) \
	X(WHvRegisterVpRuntime, 0x00005000) \
	X(WHvX64RegisterHypercall, 0x00005001) \
	X(WHvRegisterGuestOsId, 0x00005002) \
	X(WHvRegisterVpAssistPage, 0x00005013) \
	X(WHvRegisterReferenceTsc, 0x00005017) \
	X(WHvRegisterReferenceTscSequence, 0x0000501a) \
	X(WHvX64RegisterNestedGuestState, 0x00005050) \
	X(WHvX64RegisterNestedCurrentVmGpa, 0x00005051) \
	X(WHvX64RegisterNestedVmxInvEpt, 0x00005052) \
	X(WHvX64RegisterNestedVmxInvVpid, 0x00005053)

/* Pending events and interrupt state */
#define WHV_REGISTER_LIST_EVENT(X) \
	X(WHvRegisterPendingInterruption, 0x80000000) \
	X(WHvRegisterInterruptState, 0x80000001) \
	X(WHvRegisterPendingEvent, 0x80000002) \
	X(WHvRegisterPendingEvent1, 0x80000003) \
	X(WHvX64RegisterDeliverabilityNotifications, 0x80000004) \
	X(WHvRegisterDeliverabilityNotifications, 0x80000004) \
	X(WHvRegisterInternalActivityState, 0x80000005) \
	X(WHvX64RegisterPendingDebugException, 0x80000006) \
	X(WHvRegisterPendingEvent2, 0x80000007) \
	X(WHvRegisterPendingEvent3, 0x80000008)

#define WHV_REGISTER_LIST(X) \
	WHV_REGISTER_LIST_GENERAL(X) \
	WHV_REGISTER_LIST_FP(X) \
	WHV_REGISTER_LIST_MSR(X) \
	WHV_REGISTER_LIST_APIC(X) \
	WHV_REGISTER_LIST_SYNIC(X) \
	WHV_REGISTER_LIST_HV(X) \
	WHV_REGISTER_LIST_EVENT(X)

#define WHV_REGISTER_ENUM(name, code) name = (code),
typedef enum WHV_REGISTER_NAME { WHV_REGISTER_LIST(WHV_REGISTER_ENUM) } WHV_REGISTER_NAME;
#undef WHV_REGISTER_ENUM

typedef union WHV_X64_FP_REGISTER {
	struct {
		UINT64 Mantissa;
		UINT64 BiasedExponent : 15;
		UINT64 Sign : 1;
		UINT64 Reserved : 48;
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_FP_REGISTER;

typedef union WHV_X64_FP_CONTROL_STATUS_REGISTER {
	struct {
		UINT16 FpControl, FpStatus;
		UINT8 FpTag, Reserved;
		UINT16 LastFpOp;
		union {
			UINT64 LastFpRip;
			struct {
				UINT32 LastFpEip;
				UINT16 LastFpCs, Reserved2;
			};
		};
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_FP_CONTROL_STATUS_REGISTER;

typedef union WHV_X64_XMM_CONTROL_STATUS_REGISTER {
	struct {
		union {
			UINT64 LastFpRdp;
			struct {
				UINT32 LastFpDp;
				UINT16 LastFpDs, Reserved;
			};
		};
		UINT32 XmmStatusControl, XmmStatusControlMask;
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_XMM_CONTROL_STATUS_REGISTER;

typedef struct WHV_X64_SEGMENT_REGISTER {
	UINT64 Base;
	UINT32 Limit;
	UINT16 Selector;
	union {
		struct {
			UINT16 SegmentType : 4;
			UINT16 NonSystemSegment : 1;
			UINT16 DescriptorPrivilegeLevel : 2;
			UINT16 Present : 1;
			UINT16 Reserved : 4;
			UINT16 Available : 1;
			UINT16 Long : 1;
			UINT16 Default : 1;
			UINT16 Granularity : 1;
		};
		UINT16 Attributes;
	};
} WHV_X64_SEGMENT_REGISTER;

typedef struct WHV_X64_TABLE_REGISTER {
	UINT16 Pad[3], Limit;
	UINT64 Base;
} WHV_X64_TABLE_REGISTER;

typedef union WHV_X64_INTERRUPT_STATE_REGISTER {
	struct {
		UINT64 InterruptShadow : 1;
		UINT64 NmiMasked : 1;
		UINT64 Reserved : 62;
	};
	UINT64 AsUINT64;
} WHV_X64_INTERRUPT_STATE_REGISTER;

typedef union WHV_X64_PENDING_INTERRUPTION_REGISTER {
	struct {
		UINT32 InterruptionPending : 1;
		UINT32 InterruptionType : 3;
		UINT32 DeliverErrorCode : 1;
		UINT32 InstructionLength : 4;
		UINT32 NestedEvent : 1;
		UINT32 Reserved : 6;
		UINT32 InterruptionVector : 16;
		UINT32 ErrorCode;
	};
	UINT64 AsUINT64;
} WHV_X64_PENDING_INTERRUPTION_REGISTER;

typedef enum WHV_X64_PENDING_EVENT_TYPE {
	WHvX64PendingEventException = 0,
	WHvX64PendingEventExtInt = 5,
	WHvX64PendingEventSvmNestedExit = 7,
	WHvX64PendingEventVmxNestedExit = 8,
} WHV_X64_PENDING_EVENT_TYPE;

typedef union WHV_X64_PENDING_EXCEPTION_EVENT {
	struct {
		UINT32 EventPending : 1;
		UINT32 EventType : 3;
		UINT32 Reserved0 : 4;
		UINT32 DeliverErrorCode : 1;
		UINT32 Reserved1 : 7;
		UINT32 Vector : 16;
		UINT32 ErrorCode;
		UINT64 ExceptionParameter;
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_PENDING_EXCEPTION_EVENT;

typedef union WHV_X64_PENDING_EXT_INT_EVENT {
	struct {
		UINT64 EventPending : 1;
		UINT64 EventType : 3;
		UINT64 Reserved0 : 4;
		UINT64 Vector : 8;
		UINT64 Reserved1 : 48;
		UINT64 Reserved2;
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_PENDING_EXT_INT_EVENT;

typedef union WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT0 {
	struct {
		UINT64 EventPending : 1;
		UINT64 EventType : 4;
		UINT64 Reserved0 : 3;
		UINT64 InstructionBytesValid : 1;
		UINT64 Reserved1 : 55;
		UINT64 ExitCode;
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT0;

typedef union WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT1 {
	struct {
		UINT64 ExitInfo1;
		UINT64 ExitInfo2;
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT1;

typedef union WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT2 {
	struct {
		UINT64 NextRip;
		UINT8 InstructionBytesFetchedCount;
		UINT8 InstructionBytes[7];
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT2;

typedef union WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT3 {
	struct {
		UINT8 InstructionBytes[8];
		UINT64 Reserved2;
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT3;

typedef union WHV_X64_PENDING_VMX_NESTED_EXIT_EVENT0 {
	struct {
		UINT32 EventPending : 1;
		UINT32 EventType : 4;
		UINT32 Reserved0 : 27;
		UINT32 ExitReason;
		UINT64 ExitQualification;
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_PENDING_VMX_NESTED_EXIT_EVENT0;

typedef union WHV_X64_PENDING_VMX_NESTED_EXIT_EVENT1 {
	struct {
		UINT32 InstructionLength;
		UINT32 InstructionInfo;
		UINT32 ExitInterruptionInfo;
		UINT32 ExitExceptionErrorCode;
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_PENDING_VMX_NESTED_EXIT_EVENT1;

typedef union WHV_X64_PENDING_VMX_NESTED_EXIT_EVENT2 {
	struct {
		UINT64 GuestLinearAddress;
		UINT64 GuestPhysicalAddress;
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_PENDING_VMX_NESTED_EXIT_EVENT2;

typedef union WHV_X64_NESTED_INVEPT_REGISTER {
	struct {
		UINT8 Type;
		UINT8 Reserved[7];
		UINT64 Eptp;
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_NESTED_INVEPT_REGISTER;

typedef union WHV_X64_NESTED_INVVPID_REGISTER {
	struct {
		UINT8 Type;
		UINT8 Reserved[3];
		UINT32 Vpid;
		UINT64 LinearAddress;
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_NESTED_INVVPID_REGISTER;

typedef union WHV_X64_NESTED_GUEST_STATE {
	struct {
		UINT64 NestedVirtActive : 1;
		UINT64 NestedGuestMode : 1;
		UINT64 VmEntryPending : 1;
		UINT64 Reserved0 : 61;
		UINT64 Reserved1;
	};
	WHV_UINT128 AsUINT128;
} WHV_X64_NESTED_GUEST_STATE;

typedef union WHV_DELIVERABILITY_NOTIFICATIONS_REGISTER {
	struct {
		UINT64 NmiNotification : 1;
		UINT64 InterruptNotification : 1;
		UINT64 InterruptPriority : 4;
		UINT64 Reserved : 42;
		UINT64 Sint : 16;
	};
	UINT64 AsUINT64;
} WHV_DELIVERABILITY_NOTIFICATIONS_REGISTER, WHV_X64_DELIVERABILITY_NOTIFICATIONS_REGISTER;

typedef union WHV_X64_PENDING_DEBUG_EXCEPTION {
	struct {
		UINT64 Breakpoint0 : 1;
		UINT64 Breakpoint1 : 1;
		UINT64 Breakpoint2 : 1;
		UINT64 Breakpoint3 : 1;
		UINT64 SingleStep : 1;
		UINT64 Reserved0 : 59;
	};
	UINT64 AsUINT64;
} WHV_X64_PENDING_DEBUG_EXCEPTION;

typedef union WHV_REGISTER_VALUE {
	WHV_UINT128 Reg128;
	UINT64 Reg64;
	UINT32 Reg32;
	UINT16 Reg16;
	UINT8 Reg8;
	WHV_INTERNAL_ACTIVITY_REGISTER InternalActivity;
	WHV_DELIVERABILITY_NOTIFICATIONS_REGISTER DeliverabilityNotifications;
	WHV_X64_FP_REGISTER Fp;
	WHV_X64_FP_CONTROL_STATUS_REGISTER FpControlStatus;
	WHV_X64_XMM_CONTROL_STATUS_REGISTER XmmControlStatus;
	WHV_X64_SEGMENT_REGISTER Segment;
	WHV_X64_TABLE_REGISTER Table;
	WHV_X64_INTERRUPT_STATE_REGISTER InterruptState;
	WHV_X64_PENDING_INTERRUPTION_REGISTER PendingInterruption;
	WHV_X64_PENDING_EXCEPTION_EVENT ExceptionEvent;
	WHV_X64_PENDING_EXT_INT_EVENT ExtIntEvent;
	WHV_X64_PENDING_DEBUG_EXCEPTION PendingDebugException;
	WHV_X64_NESTED_GUEST_STATE NestedState;
	WHV_X64_NESTED_INVEPT_REGISTER InvEpt;
	WHV_X64_NESTED_INVVPID_REGISTER InvVpid;
	WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT0 SvmNestedExit0;
	WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT1 SvmNestedExit1;
	WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT2 SvmNestedExit2;
	WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT3 SvmNestedExit3;
	WHV_X64_PENDING_VMX_NESTED_EXIT_EVENT0 VmxNestedExit0;
	WHV_X64_PENDING_VMX_NESTED_EXIT_EVENT1 VmxNestedExit1;
	WHV_X64_PENDING_VMX_NESTED_EXIT_EVENT2 VmxNestedExit2;
} WHV_REGISTER_VALUE;

#endif
