/* SPDX-License-Identifier: MIT */
/* clang-format off */
/*
 * Frozen numbers of the WinHvPlatform interface, x64, taken once from the published header
 * (MicrosoftDocs/Virtualization-Documentation, 77e0742a) by a debugger. The lists with _NEW are of
 * what mingw-w64 10.0 does not have, or has in an older form.
 */
#ifndef TEST_WHV_TABLE_BITS_H
#define TEST_WHV_TABLE_BITS_H

/* First bit and width of a bit field, from the start of its type */
#define WHV_BITS(X) \
	X(WHV_X64_FP_REGISTER, BiasedExponent, 64, 15) X(WHV_X64_FP_REGISTER, Sign, 79, 1) \
	X(WHV_X64_FP_REGISTER, Reserved, 80, 48) \
	X(WHV_X64_SEGMENT_REGISTER, SegmentType, 112, 4) \
	X(WHV_X64_SEGMENT_REGISTER, NonSystemSegment, 116, 1) \
	X(WHV_X64_SEGMENT_REGISTER, DescriptorPrivilegeLevel, 117, 2) \
	X(WHV_X64_SEGMENT_REGISTER, Present, 119, 1) \
	X(WHV_X64_SEGMENT_REGISTER, Reserved, 120, 4) \
	X(WHV_X64_SEGMENT_REGISTER, Available, 124, 1) X(WHV_X64_SEGMENT_REGISTER, Long, 125, 1) \
	X(WHV_X64_SEGMENT_REGISTER, Default, 126, 1) \
	X(WHV_X64_SEGMENT_REGISTER, Granularity, 127, 1) \
	X(WHV_X64_INTERRUPT_STATE_REGISTER, InterruptShadow, 0, 1) \
	X(WHV_X64_INTERRUPT_STATE_REGISTER, NmiMasked, 1, 1) \
	X(WHV_X64_INTERRUPT_STATE_REGISTER, Reserved, 2, 62) \
	X(WHV_X64_PENDING_INTERRUPTION_REGISTER, InterruptionPending, 0, 1) \
	X(WHV_X64_PENDING_INTERRUPTION_REGISTER, InterruptionType, 1, 3) \
	X(WHV_X64_PENDING_INTERRUPTION_REGISTER, DeliverErrorCode, 4, 1) \
	X(WHV_X64_PENDING_INTERRUPTION_REGISTER, InstructionLength, 5, 4) \
	X(WHV_X64_PENDING_INTERRUPTION_REGISTER, NestedEvent, 9, 1) \
	X(WHV_X64_PENDING_INTERRUPTION_REGISTER, Reserved, 10, 6) \
	X(WHV_X64_PENDING_INTERRUPTION_REGISTER, InterruptionVector, 16, 16) \
	X(WHV_X64_PENDING_EXCEPTION_EVENT, EventPending, 0, 1) \
	X(WHV_X64_PENDING_EXCEPTION_EVENT, EventType, 1, 3) \
	X(WHV_X64_PENDING_EXCEPTION_EVENT, Reserved0, 4, 4) \
	X(WHV_X64_PENDING_EXCEPTION_EVENT, DeliverErrorCode, 8, 1) \
	X(WHV_X64_PENDING_EXCEPTION_EVENT, Reserved1, 9, 7) \
	X(WHV_X64_PENDING_EXCEPTION_EVENT, Vector, 16, 16) \
	X(WHV_X64_PENDING_EXT_INT_EVENT, EventPending, 0, 1) \
	X(WHV_X64_PENDING_EXT_INT_EVENT, EventType, 1, 3) \
	X(WHV_X64_PENDING_EXT_INT_EVENT, Reserved0, 4, 4) \
	X(WHV_X64_PENDING_EXT_INT_EVENT, Vector, 8, 8) \
	X(WHV_X64_PENDING_EXT_INT_EVENT, Reserved1, 16, 48) \
	X(WHV_X64_DELIVERABILITY_NOTIFICATIONS_REGISTER, NmiNotification, 0, 1) \
	X(WHV_X64_DELIVERABILITY_NOTIFICATIONS_REGISTER, InterruptNotification, 1, 1) \
	X(WHV_X64_DELIVERABILITY_NOTIFICATIONS_REGISTER, InterruptPriority, 2, 4) \
	X(WHV_INTERNAL_ACTIVITY_REGISTER, StartupSuspend, 0, 1) \
	X(WHV_INTERNAL_ACTIVITY_REGISTER, HaltSuspend, 1, 1) \
	X(WHV_INTERNAL_ACTIVITY_REGISTER, IdleSuspend, 2, 1) \
	X(WHV_INTERNAL_ACTIVITY_REGISTER, Reserved, 3, 61) \
	X(WHV_X64_PENDING_DEBUG_EXCEPTION, Breakpoint0, 0, 1) \
	X(WHV_X64_PENDING_DEBUG_EXCEPTION, Breakpoint1, 1, 1) \
	X(WHV_X64_PENDING_DEBUG_EXCEPTION, Breakpoint2, 2, 1) \
	X(WHV_X64_PENDING_DEBUG_EXCEPTION, Breakpoint3, 3, 1) \
	X(WHV_X64_PENDING_DEBUG_EXCEPTION, SingleStep, 4, 1) \
	X(WHV_X64_PENDING_DEBUG_EXCEPTION, Reserved0, 5, 59) \
	X(WHV_CAPABILITY_FEATURES, PartialUnmap, 0, 1) \
	X(WHV_CAPABILITY_FEATURES, LocalApicEmulation, 1, 1) \
	X(WHV_CAPABILITY_FEATURES, Xsave, 2, 1) \
	X(WHV_CAPABILITY_FEATURES, DirtyPageTracking, 3, 1) \
	X(WHV_CAPABILITY_FEATURES, SpeculationControl, 4, 1) \
	X(WHV_CAPABILITY_FEATURES, ApicRemoteRead, 5, 1) \
	X(WHV_CAPABILITY_FEATURES, IdleSuspend, 6, 1) \
	X(WHV_CAPABILITY_FEATURES, VirtualPciDeviceSupport, 7, 1) \
	X(WHV_CAPABILITY_FEATURES, IommuSupport, 8, 1) \
	X(WHV_CAPABILITY_FEATURES, VpHotAddRemove, 9, 1) \
	X(WHV_EXTENDED_VM_EXITS, X64CpuidExit, 0, 1) X(WHV_EXTENDED_VM_EXITS, X64MsrExit, 1, 1) \
	X(WHV_EXTENDED_VM_EXITS, ExceptionExit, 2, 1) \
	X(WHV_EXTENDED_VM_EXITS, X64RdtscExit, 3, 1) \
	X(WHV_EXTENDED_VM_EXITS, X64ApicSmiExitTrap, 4, 1) \
	X(WHV_EXTENDED_VM_EXITS, HypercallExit, 5, 1) \
	X(WHV_EXTENDED_VM_EXITS, X64ApicInitSipiExitTrap, 6, 1) \
	X(WHV_EXTENDED_VM_EXITS, X64ApicWriteLint0ExitTrap, 7, 1) \
	X(WHV_EXTENDED_VM_EXITS, X64ApicWriteLint1ExitTrap, 8, 1) \
	X(WHV_EXTENDED_VM_EXITS, X64ApicWriteSvrExitTrap, 9, 1) \
	X(WHV_EXTENDED_VM_EXITS, UnknownSynicConnection, 10, 1) \
	X(WHV_EXTENDED_VM_EXITS, RetargetUnknownVpciDevice, 11, 1) \
	X(WHV_EXTENDED_VM_EXITS, X64ApicWriteLdrExitTrap, 12, 1) \
	X(WHV_EXTENDED_VM_EXITS, X64ApicWriteDfrExitTrap, 13, 1) \
	X(WHV_EXTENDED_VM_EXITS, GpaAccessFaultExit, 14, 1) \
	X(WHV_EXTENDED_VM_EXITS, Reserved, 15, 49) X(WHV_PROCESSOR_FEATURES, Sse3Support, 0, 1) \
	X(WHV_PROCESSOR_FEATURES, LahfSahfSupport, 1, 1) \
	X(WHV_PROCESSOR_FEATURES, Ssse3Support, 2, 1) \
	X(WHV_PROCESSOR_FEATURES, Sse4_1Support, 3, 1) \
	X(WHV_PROCESSOR_FEATURES, Sse4_2Support, 4, 1) \
	X(WHV_PROCESSOR_FEATURES, Sse4aSupport, 5, 1) \
	X(WHV_PROCESSOR_FEATURES, XopSupport, 6, 1) \
	X(WHV_PROCESSOR_FEATURES, PopCntSupport, 7, 1) \
	X(WHV_PROCESSOR_FEATURES, Cmpxchg16bSupport, 8, 1) \
	X(WHV_PROCESSOR_FEATURES, Altmovcr8Support, 9, 1) \
	X(WHV_PROCESSOR_FEATURES, LzcntSupport, 10, 1) \
	X(WHV_PROCESSOR_FEATURES, MisAlignSseSupport, 11, 1) \
	X(WHV_PROCESSOR_FEATURES, MmxExtSupport, 12, 1) \
	X(WHV_PROCESSOR_FEATURES, Amd3DNowSupport, 13, 1) \
	X(WHV_PROCESSOR_FEATURES, ExtendedAmd3DNowSupport, 14, 1) \
	X(WHV_PROCESSOR_FEATURES, Page1GbSupport, 15, 1) \
	X(WHV_PROCESSOR_FEATURES, AesSupport, 16, 1) \
	X(WHV_PROCESSOR_FEATURES, PclmulqdqSupport, 17, 1) \
	X(WHV_PROCESSOR_FEATURES, PcidSupport, 18, 1) \
	X(WHV_PROCESSOR_FEATURES, Fma4Support, 19, 1) \
	X(WHV_PROCESSOR_FEATURES, F16CSupport, 20, 1) \
	X(WHV_PROCESSOR_FEATURES, RdRandSupport, 21, 1) \
	X(WHV_PROCESSOR_FEATURES, RdWrFsGsSupport, 22, 1) \
	X(WHV_PROCESSOR_FEATURES, SmepSupport, 23, 1) \
	X(WHV_PROCESSOR_FEATURES, EnhancedFastStringSupport, 24, 1) \
	X(WHV_PROCESSOR_FEATURES, Bmi1Support, 25, 1) \
	X(WHV_PROCESSOR_FEATURES, Bmi2Support, 26, 1) \
	X(WHV_PROCESSOR_FEATURES, Reserved1, 27, 2) \
	X(WHV_PROCESSOR_FEATURES, MovbeSupport, 29, 1) \
	X(WHV_PROCESSOR_FEATURES, Npiep1Support, 30, 1) \
	X(WHV_PROCESSOR_FEATURES, DepX87FPUSaveSupport, 31, 1) \
	X(WHV_PROCESSOR_FEATURES, RdSeedSupport, 32, 1) \
	X(WHV_PROCESSOR_FEATURES, AdxSupport, 33, 1) \
	X(WHV_PROCESSOR_FEATURES, IntelPrefetchSupport, 34, 1) \
	X(WHV_PROCESSOR_FEATURES, SmapSupport, 35, 1) \
	X(WHV_PROCESSOR_FEATURES, HleSupport, 36, 1) \
	X(WHV_PROCESSOR_FEATURES, RtmSupport, 37, 1) \
	X(WHV_PROCESSOR_FEATURES, RdtscpSupport, 38, 1) \
	X(WHV_PROCESSOR_FEATURES, ClflushoptSupport, 39, 1) \
	X(WHV_PROCESSOR_FEATURES, ClwbSupport, 40, 1) \
	X(WHV_PROCESSOR_FEATURES, ShaSupport, 41, 1) \
	X(WHV_PROCESSOR_FEATURES, X87PointersSavedSupport, 42, 1) \
	X(WHV_PROCESSOR_FEATURES, InvpcidSupport, 43, 1) \
	X(WHV_PROCESSOR_FEATURES, IbrsSupport, 44, 1) \
	X(WHV_PROCESSOR_FEATURES, StibpSupport, 45, 1) \
	X(WHV_PROCESSOR_FEATURES, IbpbSupport, 46, 1) \
	X(WHV_PROCESSOR_FEATURES, SsbdSupport, 48, 1) \
	X(WHV_PROCESSOR_FEATURES, FastShortRepMovSupport, 49, 1) \
	X(WHV_PROCESSOR_FEATURES, Reserved3, 50, 1) X(WHV_PROCESSOR_FEATURES, RdclNo, 51, 1) \
	X(WHV_PROCESSOR_FEATURES, IbrsAllSupport, 52, 1) \
	X(WHV_PROCESSOR_FEATURES, Reserved4, 53, 1) X(WHV_PROCESSOR_FEATURES, SsbNo, 54, 1) \
	X(WHV_PROCESSOR_FEATURES, RsbANo, 55, 1) X(WHV_PROCESSOR_FEATURES, Reserved5, 56, 1) \
	X(WHV_PROCESSOR_FEATURES, RdPidSupport, 57, 1) \
	X(WHV_PROCESSOR_FEATURES, UmipSupport, 58, 1) \
	X(WHV_PROCESSOR_FEATURES, MdsNoSupport, 59, 1) \
	X(WHV_PROCESSOR_FEATURES, MdClearSupport, 60, 1) \
	X(WHV_PROCESSOR_FEATURES, TaaNoSupport, 61, 1) \
	X(WHV_PROCESSOR_FEATURES, TsxCtrlSupport, 62, 1) \
	X(WHV_PROCESSOR_FEATURES, Reserved6, 63, 1) \
	X(WHV_PROCESSOR_FEATURES1, ACountMCountSupport, 0, 1) \
	X(WHV_PROCESSOR_FEATURES1, TscInvariantSupport, 1, 1) \
	X(WHV_PROCESSOR_FEATURES1, ClZeroSupport, 2, 1) \
	X(WHV_PROCESSOR_FEATURES1, RdpruSupport, 3, 1) \
	X(WHV_PROCESSOR_FEATURES1, NestedVirtSupport, 6, 1) \
	X(WHV_PROCESSOR_FEATURES1, PsfdSupport, 7, 1) \
	X(WHV_PROCESSOR_FEATURES1, CetSsSupport, 8, 1) \
	X(WHV_PROCESSOR_FEATURES1, CetIbtSupport, 9, 1) \
	X(WHV_PROCESSOR_FEATURES1, VmxExceptionInjectSupport, 10, 1) \
	X(WHV_PROCESSOR_FEATURES1, UmwaitTpauseSupport, 12, 1) \
	X(WHV_PROCESSOR_FEATURES1, MovdiriSupport, 13, 1) \
	X(WHV_PROCESSOR_FEATURES1, Movdir64bSupport, 14, 1) \
	X(WHV_PROCESSOR_FEATURES1, CldemoteSupport, 15, 1) \
	X(WHV_PROCESSOR_FEATURES1, SerializeSupport, 16, 1) \
	X(WHV_PROCESSOR_FEATURES1, TscDeadlineTmrSupport, 17, 1) \
	X(WHV_PROCESSOR_FEATURES1, TscAdjustSupport, 18, 1) \
	X(WHV_PROCESSOR_FEATURES1, FZLRepMovsb, 19, 1) \
	X(WHV_PROCESSOR_FEATURES1, FSRepStosb, 20, 1) \
	X(WHV_PROCESSOR_FEATURES1, FSRepCmpsb, 21, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, HypervisorPresent, 0, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, Hv1, 1, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, AccessVpRunTimeReg, 2, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, AccessPartitionReferenceCounter, 3, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, AccessSynicRegs, 4, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, AccessSyntheticTimerRegs, 5, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, AccessIntrCtrlRegs, 6, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, AccessHypercallRegs, 7, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, AccessVpIndex, 8, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, AccessPartitionReferenceTsc, 9, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, AccessGuestIdleReg, 10, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, AccessFrequencyRegs, 11, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ12, 12, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ13, 13, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ14, 14, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, EnableExtendedGvaRangesForFlushVirtualAddressList, 15, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ16, 16, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ17, 17, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, FastHypercallOutput, 18, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ19, 19, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ20, 20, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ21, 21, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, DirectSyntheticTimers, 22, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ23, 23, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ExtendedProcessorMasks, 24, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, TbFlushHypercalls, 25, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, SyntheticClusterIpi, 26, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, NotifyLongSpinWait, 27, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, QueryNumaDistance, 28, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, SignalEvents, 29, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, RetargetDeviceInterrupt, 30, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, XsaveSupport, 0, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, XsaveoptSupport, 1, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, AvxSupport, 2, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx2Support, 3, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, FmaSupport, 4, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, MpxSupport, 5, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx512Support, 6, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx512DQSupport, 7, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx512CDSupport, 8, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx512BWSupport, 9, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx512VLSupport, 10, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, XsaveCompSupport, 11, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, XsaveSupervisorSupport, 12, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Xcr1Support, 13, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx512BitalgSupport, 14, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx512IfmaSupport, 15, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx512VBmiSupport, 16, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx512VBmi2Support, 17, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx512VnniSupport, 18, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, GfniSupport, 19, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, VaesSupport, 20, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx512VPopcntdqSupport, 21, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, VpclmulqdqSupport, 22, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx512Bf16Support, 23, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx512Vp2IntersectSupport, 24, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx512Fp16Support, 25, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, XfdSupport, 26, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, AmxTileSupport, 27, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, AmxBf16Support, 28, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, AmxInt8Support, 29, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, AvxVnniSupport, 30, 1) \
	X(WHV_PROCESSOR_PERFMON_FEATURES, PmuSupport, 0, 1) \
	X(WHV_PROCESSOR_PERFMON_FEATURES, LbrSupport, 1, 1) \
	X(WHV_PROCESSOR_PERFMON_FEATURES, Reserved, 2, 62) \
	X(WHV_X64_MSR_EXIT_BITMAP, UnhandledMsrs, 0, 1) \
	X(WHV_X64_MSR_EXIT_BITMAP, TscMsrWrite, 1, 1) \
	X(WHV_X64_MSR_EXIT_BITMAP, TscMsrRead, 2, 1) \
	X(WHV_X64_MSR_EXIT_BITMAP, ApicBaseMsrWrite, 3, 1) \
	X(WHV_X64_MSR_EXIT_BITMAP, MiscEnableMsrRead, 4, 1) \
	X(WHV_X64_MSR_EXIT_BITMAP, McUpdatePatchLevelMsrRead, 5, 1) \
	X(WHV_X64_MSR_EXIT_BITMAP, Reserved, 6, 58) \
	X(WHV_ADVISE_GPA_RANGE_POPULATE_FLAGS, Prefetch, 0, 1) \
	X(WHV_ADVISE_GPA_RANGE_POPULATE_FLAGS, AvoidHardFaults, 1, 1) \
	X(WHV_ADVISE_GPA_RANGE_POPULATE_FLAGS, Reserved, 2, 30) \
	X(WHV_CAPABILITY_PROCESSOR_FREQUENCY_CAP, IsSupported, 0, 1) \
	X(WHV_CAPABILITY_PROCESSOR_FREQUENCY_CAP, Reserved, 1, 31) \
	X(WHV_SCHEDULER_FEATURES, CpuReserve, 0, 1) X(WHV_SCHEDULER_FEATURES, CpuCap, 1, 1) \
	X(WHV_SCHEDULER_FEATURES, CpuWeight, 2, 1) X(WHV_SCHEDULER_FEATURES, CpuGroupId, 3, 1) \
	X(WHV_SCHEDULER_FEATURES, DisableSmt, 4, 1) X(WHV_SCHEDULER_FEATURES, Reserved, 5, 59) \
	X(WHV_X64_VP_EXECUTION_STATE, Cpl, 0, 2) X(WHV_X64_VP_EXECUTION_STATE, Cr0Pe, 2, 1) \
	X(WHV_X64_VP_EXECUTION_STATE, Cr0Am, 3, 1) X(WHV_X64_VP_EXECUTION_STATE, EferLma, 4, 1) \
	X(WHV_X64_VP_EXECUTION_STATE, DebugActive, 5, 1) \
	X(WHV_X64_VP_EXECUTION_STATE, InterruptionPending, 6, 1) \
	X(WHV_X64_VP_EXECUTION_STATE, Reserved0, 7, 5) \
	X(WHV_X64_VP_EXECUTION_STATE, InterruptShadow, 12, 1) \
	X(WHV_X64_VP_EXECUTION_STATE, Reserved1, 13, 3) \
	X(WHV_VP_EXIT_CONTEXT, InstructionLength, 16, 4) X(WHV_VP_EXIT_CONTEXT, Cr8, 20, 4) \
	X(WHV_MEMORY_ACCESS_INFO, AccessType, 0, 2) X(WHV_MEMORY_ACCESS_INFO, GpaUnmapped, 2, 1) \
	X(WHV_MEMORY_ACCESS_INFO, GvaValid, 3, 1) X(WHV_MEMORY_ACCESS_INFO, Reserved, 4, 28) \
	X(WHV_X64_IO_PORT_ACCESS_INFO, IsWrite, 0, 1) \
	X(WHV_X64_IO_PORT_ACCESS_INFO, AccessSize, 1, 3) \
	X(WHV_X64_IO_PORT_ACCESS_INFO, StringOp, 4, 1) \
	X(WHV_X64_IO_PORT_ACCESS_INFO, RepPrefix, 5, 1) \
	X(WHV_X64_IO_PORT_ACCESS_INFO, Reserved, 6, 26) \
	X(WHV_X64_MSR_ACCESS_INFO, IsWrite, 0, 1) X(WHV_X64_MSR_ACCESS_INFO, Reserved, 1, 31) \
	X(WHV_VP_EXCEPTION_INFO, ErrorCodeValid, 0, 1) \
	X(WHV_VP_EXCEPTION_INFO, SoftwareException, 1, 1) \
	X(WHV_VP_EXCEPTION_INFO, Reserved, 2, 30) X(WHV_X64_RDTSC_INFO, IsRdtscp, 0, 1) \
	X(WHV_X64_RDTSC_INFO, Reserved, 1, 63) X(WHV_INTERRUPT_CONTROL, Type, 0, 8) \
	X(WHV_INTERRUPT_CONTROL, DestinationMode, 8, 4) \
	X(WHV_INTERRUPT_CONTROL, TriggerMode, 12, 4) \
	X(WHV_DOORBELL_MATCH_DATA, MatchOnValue, 160, 1) \
	X(WHV_DOORBELL_MATCH_DATA, MatchOnLength, 161, 1) \
	X(WHV_DOORBELL_MATCH_DATA, Reserved, 162, 30)

/* The same, newer */
#define WHV_BITS_NEW(X) \
	X(WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT0, EventPending, 0, 1) \
	X(WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT0, EventType, 1, 4) \
	X(WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT0, Reserved0, 5, 3) \
	X(WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT0, InstructionBytesValid, 8, 1) \
	X(WHV_X64_PENDING_SVM_NESTED_EXIT_EVENT0, Reserved1, 9, 55) \
	X(WHV_X64_PENDING_VMX_NESTED_EXIT_EVENT0, EventPending, 0, 1) \
	X(WHV_X64_PENDING_VMX_NESTED_EXIT_EVENT0, EventType, 1, 4) \
	X(WHV_X64_PENDING_VMX_NESTED_EXIT_EVENT0, Reserved0, 5, 27) \
	X(WHV_X64_NESTED_GUEST_STATE, NestedVirtActive, 0, 1) \
	X(WHV_X64_NESTED_GUEST_STATE, NestedGuestMode, 1, 1) \
	X(WHV_X64_NESTED_GUEST_STATE, VmEntryPending, 2, 1) \
	X(WHV_X64_NESTED_GUEST_STATE, Reserved0, 3, 61) \
	X(WHV_DELIVERABILITY_NOTIFICATIONS_REGISTER, NmiNotification, 0, 1) \
	X(WHV_DELIVERABILITY_NOTIFICATIONS_REGISTER, InterruptNotification, 1, 1) \
	X(WHV_DELIVERABILITY_NOTIFICATIONS_REGISTER, InterruptPriority, 2, 4) \
	X(WHV_DELIVERABILITY_NOTIFICATIONS_REGISTER, Reserved, 6, 42) \
	X(WHV_DELIVERABILITY_NOTIFICATIONS_REGISTER, Sint, 48, 16) \
	X(WHV_X64_DELIVERABILITY_NOTIFICATIONS_REGISTER, Reserved, 6, 42) \
	X(WHV_X64_DELIVERABILITY_NOTIFICATIONS_REGISTER, Sint, 48, 16) \
	X(WHV_CAPABILITY_FEATURES, DeviceAccessTracking, 10, 1) \
	X(WHV_CAPABILITY_FEATURES, ReservedX640, 11, 1) \
	X(WHV_CAPABILITY_FEATURES, Reserved, 12, 52) \
	X(WHV_X64_PROCESSOR_FEATURES, Sse3Support, 0, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, LahfSahfSupport, 1, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Ssse3Support, 2, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Sse4_1Support, 3, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Sse4_2Support, 4, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Sse4aSupport, 5, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, XopSupport, 6, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, PopCntSupport, 7, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Cmpxchg16bSupport, 8, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Altmovcr8Support, 9, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, LzcntSupport, 10, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, MisAlignSseSupport, 11, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, MmxExtSupport, 12, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Amd3DNowSupport, 13, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, ExtendedAmd3DNowSupport, 14, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Page1GbSupport, 15, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, AesSupport, 16, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, PclmulqdqSupport, 17, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, PcidSupport, 18, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Fma4Support, 19, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, F16CSupport, 20, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, RdRandSupport, 21, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, RdWrFsGsSupport, 22, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, SmepSupport, 23, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, EnhancedFastStringSupport, 24, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Bmi1Support, 25, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Bmi2Support, 26, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Reserved1, 27, 2) \
	X(WHV_X64_PROCESSOR_FEATURES, MovbeSupport, 29, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Npiep1Support, 30, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, DepX87FPUSaveSupport, 31, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, RdSeedSupport, 32, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, AdxSupport, 33, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, IntelPrefetchSupport, 34, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, SmapSupport, 35, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, HleSupport, 36, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, RtmSupport, 37, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, RdtscpSupport, 38, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, ClflushoptSupport, 39, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, ClwbSupport, 40, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, ShaSupport, 41, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, X87PointersSavedSupport, 42, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, InvpcidSupport, 43, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, IbrsSupport, 44, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, StibpSupport, 45, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, IbpbSupport, 46, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, UnrestrictedGuestSupport, 47, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, SsbdSupport, 48, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, FastShortRepMovSupport, 49, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Reserved3, 50, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, RdclNo, 51, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, IbrsAllSupport, 52, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Reserved4, 53, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, SsbNo, 54, 1) X(WHV_X64_PROCESSOR_FEATURES, RsbANo, 55, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Reserved5, 56, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, RdPidSupport, 57, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, UmipSupport, 58, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, MdsNoSupport, 59, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, MdClearSupport, 60, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, TaaNoSupport, 61, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, TsxCtrlSupport, 62, 1) \
	X(WHV_X64_PROCESSOR_FEATURES, Reserved6, 63, 1) \
	X(WHV_PROCESSOR_FEATURES, UnrestrictedGuestSupport, 47, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, ACountMCountSupport, 0, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, TscInvariantSupport, 1, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, ClZeroSupport, 2, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, RdpruSupport, 3, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, La57Support, 4, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, MbecSupport, 5, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, NestedVirtSupport, 6, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, PsfdSupport, 7, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, CetSsSupport, 8, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, CetIbtSupport, 9, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, VmxExceptionInjectSupport, 10, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved2, 11, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, UmwaitTpauseSupport, 12, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, MovdiriSupport, 13, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Movdir64bSupport, 14, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, CldemoteSupport, 15, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, SerializeSupport, 16, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, TscDeadlineTmrSupport, 17, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, TscAdjustSupport, 18, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, FZLRepMovsb, 19, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, FSRepStosb, 20, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, FSRepCmpsb, 21, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, TsxLdTrkSupport, 22, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, VmxInsOutsExitInfoSupport, 23, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved3, 24, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, SbdrSsdpNoSupport, 25, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, FbsdpNoSupport, 26, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, PsdpNoSupport, 27, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, FbClearSupport, 28, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, BtcNoSupport, 29, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, IbpbRsbFlushSupport, 30, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, StibpAlwaysOnSupport, 31, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, PerfGlobalCtrlSupport, 32, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, NptExecuteOnlySupport, 33, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, NptADFlagsSupport, 34, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Npt1GbPageSupport, 35, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved4, 36, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved5, 37, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved6, 38, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved7, 39, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, CmpccxaddSupport, 40, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved8, 41, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved9, 42, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved10, 43, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved11, 44, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, PrefetchISupport, 45, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Sha512Support, 46, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved12, 47, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved13, 48, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved14, 49, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, SM3Support, 50, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, SM4Support, 51, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved15, 52, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved16, 53, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, SbpbSupported, 54, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, IbpbBrTypeSupported, 55, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, SrsoNoSupported, 56, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, SrsoUserKernelNoSupported, 57, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved17, 58, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved18, 59, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved19, 60, 1) \
	X(WHV_X64_PROCESSOR_FEATURES1, Reserved20, 61, 3) \
	X(WHV_PROCESSOR_FEATURES1, La57Support, 4, 1) \
	X(WHV_PROCESSOR_FEATURES1, MbecSupport, 5, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved2, 11, 1) \
	X(WHV_PROCESSOR_FEATURES1, TsxLdTrkSupport, 22, 1) \
	X(WHV_PROCESSOR_FEATURES1, VmxInsOutsExitInfoSupport, 23, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved3, 24, 1) \
	X(WHV_PROCESSOR_FEATURES1, SbdrSsdpNoSupport, 25, 1) \
	X(WHV_PROCESSOR_FEATURES1, FbsdpNoSupport, 26, 1) \
	X(WHV_PROCESSOR_FEATURES1, PsdpNoSupport, 27, 1) \
	X(WHV_PROCESSOR_FEATURES1, FbClearSupport, 28, 1) \
	X(WHV_PROCESSOR_FEATURES1, BtcNoSupport, 29, 1) \
	X(WHV_PROCESSOR_FEATURES1, IbpbRsbFlushSupport, 30, 1) \
	X(WHV_PROCESSOR_FEATURES1, StibpAlwaysOnSupport, 31, 1) \
	X(WHV_PROCESSOR_FEATURES1, PerfGlobalCtrlSupport, 32, 1) \
	X(WHV_PROCESSOR_FEATURES1, NptExecuteOnlySupport, 33, 1) \
	X(WHV_PROCESSOR_FEATURES1, NptADFlagsSupport, 34, 1) \
	X(WHV_PROCESSOR_FEATURES1, Npt1GbPageSupport, 35, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved4, 36, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved5, 37, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved6, 38, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved7, 39, 1) \
	X(WHV_PROCESSOR_FEATURES1, CmpccxaddSupport, 40, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved8, 41, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved9, 42, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved10, 43, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved11, 44, 1) \
	X(WHV_PROCESSOR_FEATURES1, PrefetchISupport, 45, 1) \
	X(WHV_PROCESSOR_FEATURES1, Sha512Support, 46, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved12, 47, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved13, 48, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved14, 49, 1) \
	X(WHV_PROCESSOR_FEATURES1, SM3Support, 50, 1) \
	X(WHV_PROCESSOR_FEATURES1, SM4Support, 51, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved15, 52, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved16, 53, 1) \
	X(WHV_PROCESSOR_FEATURES1, SbpbSupported, 54, 1) \
	X(WHV_PROCESSOR_FEATURES1, IbpbBrTypeSupported, 55, 1) \
	X(WHV_PROCESSOR_FEATURES1, SrsoNoSupported, 56, 1) \
	X(WHV_PROCESSOR_FEATURES1, SrsoUserKernelNoSupported, 57, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved17, 58, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved18, 59, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved19, 60, 1) \
	X(WHV_PROCESSOR_FEATURES1, Reserved20, 61, 3) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, RestoreTime, 31, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, EnlightenedVmcs, 32, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, NestedDebugCtl, 33, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, SyntheticTimeUnhaltedTimer, 34, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, IdleSpecCtrl, 35, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ36, 36, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, WakeVps, 37, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, AccessVpRegs, 38, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ39, 39, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ40, 40, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ41, 41, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ42, 42, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ43, 43, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, ReservedZ44, 44, 1) \
	X(WHV_SYNTHETIC_PROCESSOR_FEATURES, Reserved, 45, 19) X(WHV_INPUT_VTL, TargetVtl, 0, 4) \
	X(WHV_INPUT_VTL, UseTargetVtl, 4, 1) X(WHV_INPUT_VTL, Reserved, 5, 3) \
	X(WHV_ENABLE_PARTITION_VTL_FLAGS, EnableMbec, 0, 1) \
	X(WHV_ENABLE_PARTITION_VTL_FLAGS, EnableSupervisorShadowStack, 1, 1) \
	X(WHV_ENABLE_PARTITION_VTL_FLAGS, EnableHardwareHvpt, 2, 1) \
	X(WHV_ENABLE_PARTITION_VTL_FLAGS, Reserved, 3, 5) \
	X(WHV_DISABLE_PARTITION_VTL_FLAGS, ScrubOnly, 0, 1) \
	X(WHV_DISABLE_PARTITION_VTL_FLAGS, Reserved, 1, 7) \
	X(WHV_DISABLE_VP_VTL_FLAGS, ScrubOnly, 0, 1) X(WHV_DISABLE_VP_VTL_FLAGS, Reserved, 1, 7) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, AvxIfmaSupport, 31, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, AvxNeConvertSupport, 32, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, AvxVnniInt8Support, 33, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, AvxVnniInt16Support, 34, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx10_1_256Support, 35, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Avx10_1_512Support, 36, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, AmxFp16Support, 37, 1) \
	X(WHV_PROCESSOR_XSAVE_FEATURES, Reserved, 38, 26) \
	X(WHV_TRANSLATE_GVA_2_FLAGS, ValidateRead, 0, 1) \
	X(WHV_TRANSLATE_GVA_2_FLAGS, ValidateWrite, 1, 1) \
	X(WHV_TRANSLATE_GVA_2_FLAGS, ValidateExecute, 2, 1) \
	X(WHV_TRANSLATE_GVA_2_FLAGS, PrivilegeExempt, 3, 1) \
	X(WHV_TRANSLATE_GVA_2_FLAGS, SetPageTableBits, 4, 1) \
	X(WHV_TRANSLATE_GVA_2_FLAGS, Reserved1, 5, 3) \
	X(WHV_TRANSLATE_GVA_2_FLAGS, EnforceSmap, 8, 1) \
	X(WHV_TRANSLATE_GVA_2_FLAGS, OverrideSmap, 9, 1) \
	X(WHV_TRANSLATE_GVA_2_FLAGS, Reserved4, 10, 46) \
	X(WHV_TRANSLATE_GVA_2_FLAGS, InputVtl, 56, 8) \
	X(WHV_X64_VP_EXIT_CONTEXT, InstructionLength, 16, 4) \
	X(WHV_X64_VP_EXIT_CONTEXT, Cr8, 20, 4) X(WHV_INTERRUPT_CONTROL, TargetVtl, 16, 8) \
	X(WHV_INTERRUPT_CONTROL, Reserved, 24, 40) \
	X(WHV_NESTED_ENLIGHTENMENTS_CONTROL, Features.DirectHypercall, 0, 1) \
	X(WHV_NESTED_ENLIGHTENMENTS_CONTROL, Features.VirtualizationException, 1, 1) \
	X(WHV_NESTED_ENLIGHTENMENTS_CONTROL, Features.Reserved, 2, 30) \
	X(WHV_NESTED_ENLIGHTENMENTS_CONTROL, HypercallControls.InterPartitionCommunication, 32, 1) \
	X(WHV_NESTED_ENLIGHTENMENTS_CONTROL, HypercallControls.Reserved, 33, 31) \
	X(WHV_X64_VMX_NESTED_STATE, Flags.GuestMode, 32, 1) \
	X(WHV_X64_VMX_NESTED_STATE, Flags.Vmxon, 33, 1) \
	X(WHV_X64_VMX_NESTED_STATE, Flags.CurrentVmcsValid, 34, 1) \
	X(WHV_X64_VMX_NESTED_STATE, Flags.VmEntryPending, 35, 1) \
	X(WHV_X64_VMX_NESTED_STATE, Flags.VmcsEnlightened, 36, 1) \
	X(WHV_X64_VMX_NESTED_STATE, Flags.EnlightenedVmEntry, 37, 1) \
	X(WHV_X64_VMX_NESTED_STATE, Flags.Reserved, 38, 26) \
	X(WHV_X64_SVM_NESTED_STATE, Flags.GuestMode, 32, 1) \
	X(WHV_X64_SVM_NESTED_STATE, Flags.VmEntryPending, 33, 1) \
	X(WHV_X64_SVM_NESTED_STATE, Flags.HostSaveGpaValid, 34, 1) \
	X(WHV_X64_SVM_NESTED_STATE, Flags.CurrentVmcbValid, 35, 1) \
	X(WHV_X64_SVM_NESTED_STATE, Flags.Reserved, 36, 28)

/* Value of an enumerator */
#define WHV_ENUMS(X) \
	X(WHvX64RegisterRax, 0x0) X(WHvX64RegisterRcx, 0x1) X(WHvX64RegisterRdx, 0x2) \
	X(WHvX64RegisterRbx, 0x3) X(WHvX64RegisterRsp, 0x4) X(WHvX64RegisterRbp, 0x5) \
	X(WHvX64RegisterRsi, 0x6) X(WHvX64RegisterRdi, 0x7) X(WHvX64RegisterR8, 0x8) \
	X(WHvX64RegisterR9, 0x9) X(WHvX64RegisterR10, 0xa) X(WHvX64RegisterR11, 0xb) \
	X(WHvX64RegisterR12, 0xc) X(WHvX64RegisterR13, 0xd) X(WHvX64RegisterR14, 0xe) \
	X(WHvX64RegisterR15, 0xf) X(WHvX64RegisterRip, 0x10) X(WHvX64RegisterRflags, 0x11) \
	X(WHvX64RegisterEs, 0x12) X(WHvX64RegisterCs, 0x13) X(WHvX64RegisterSs, 0x14) \
	X(WHvX64RegisterDs, 0x15) X(WHvX64RegisterFs, 0x16) X(WHvX64RegisterGs, 0x17) \
	X(WHvX64RegisterLdtr, 0x18) X(WHvX64RegisterTr, 0x19) X(WHvX64RegisterIdtr, 0x1a) \
	X(WHvX64RegisterGdtr, 0x1b) X(WHvX64RegisterCr0, 0x1c) X(WHvX64RegisterCr2, 0x1d) \
	X(WHvX64RegisterCr3, 0x1e) X(WHvX64RegisterCr4, 0x1f) X(WHvX64RegisterCr8, 0x20) \
	X(WHvX64RegisterDr0, 0x21) X(WHvX64RegisterDr1, 0x22) X(WHvX64RegisterDr2, 0x23) \
	X(WHvX64RegisterDr3, 0x24) X(WHvX64RegisterDr6, 0x25) X(WHvX64RegisterDr7, 0x26) \
	X(WHvX64RegisterXCr0, 0x27) X(WHvX64RegisterVirtualCr0, 0x28) \
	X(WHvX64RegisterVirtualCr3, 0x29) X(WHvX64RegisterVirtualCr4, 0x2a) \
	X(WHvX64RegisterVirtualCr8, 0x2b) X(WHvX64RegisterXmm0, 0x1000) \
	X(WHvX64RegisterXmm1, 0x1001) X(WHvX64RegisterXmm2, 0x1002) \
	X(WHvX64RegisterXmm3, 0x1003) X(WHvX64RegisterXmm4, 0x1004) \
	X(WHvX64RegisterXmm5, 0x1005) X(WHvX64RegisterXmm6, 0x1006) \
	X(WHvX64RegisterXmm7, 0x1007) X(WHvX64RegisterXmm8, 0x1008) \
	X(WHvX64RegisterXmm9, 0x1009) X(WHvX64RegisterXmm10, 0x100a) \
	X(WHvX64RegisterXmm11, 0x100b) X(WHvX64RegisterXmm12, 0x100c) \
	X(WHvX64RegisterXmm13, 0x100d) X(WHvX64RegisterXmm14, 0x100e) \
	X(WHvX64RegisterXmm15, 0x100f) X(WHvX64RegisterFpMmx0, 0x1010) \
	X(WHvX64RegisterFpMmx1, 0x1011) X(WHvX64RegisterFpMmx2, 0x1012) \
	X(WHvX64RegisterFpMmx3, 0x1013) X(WHvX64RegisterFpMmx4, 0x1014) \
	X(WHvX64RegisterFpMmx5, 0x1015) X(WHvX64RegisterFpMmx6, 0x1016) \
	X(WHvX64RegisterFpMmx7, 0x1017) X(WHvX64RegisterFpControlStatus, 0x1018) \
	X(WHvX64RegisterXmmControlStatus, 0x1019) X(WHvX64RegisterTsc, 0x2000) \
	X(WHvX64RegisterEfer, 0x2001) X(WHvX64RegisterKernelGsBase, 0x2002) \
	X(WHvX64RegisterApicBase, 0x2003) X(WHvX64RegisterPat, 0x2004) \
	X(WHvX64RegisterSysenterCs, 0x2005) X(WHvX64RegisterSysenterEip, 0x2006) \
	X(WHvX64RegisterSysenterEsp, 0x2007) X(WHvX64RegisterStar, 0x2008) \
	X(WHvX64RegisterLstar, 0x2009) X(WHvX64RegisterCstar, 0x200a) \
	X(WHvX64RegisterSfmask, 0x200b) X(WHvX64RegisterInitialApicId, 0x200c) \
	X(WHvX64RegisterMsrMtrrCap, 0x200d) X(WHvX64RegisterMsrMtrrDefType, 0x200e) \
	X(WHvX64RegisterMsrMtrrPhysBase0, 0x2010) X(WHvX64RegisterMsrMtrrPhysBase1, 0x2011) \
	X(WHvX64RegisterMsrMtrrPhysBase2, 0x2012) X(WHvX64RegisterMsrMtrrPhysBase3, 0x2013) \
	X(WHvX64RegisterMsrMtrrPhysBase4, 0x2014) X(WHvX64RegisterMsrMtrrPhysBase5, 0x2015) \
	X(WHvX64RegisterMsrMtrrPhysBase6, 0x2016) X(WHvX64RegisterMsrMtrrPhysBase7, 0x2017) \
	X(WHvX64RegisterMsrMtrrPhysBase8, 0x2018) X(WHvX64RegisterMsrMtrrPhysBase9, 0x2019) \
	X(WHvX64RegisterMsrMtrrPhysBaseA, 0x201a) X(WHvX64RegisterMsrMtrrPhysBaseB, 0x201b) \
	X(WHvX64RegisterMsrMtrrPhysBaseC, 0x201c) X(WHvX64RegisterMsrMtrrPhysBaseD, 0x201d) \
	X(WHvX64RegisterMsrMtrrPhysBaseE, 0x201e) X(WHvX64RegisterMsrMtrrPhysBaseF, 0x201f) \
	X(WHvX64RegisterMsrMtrrPhysMask0, 0x2040) X(WHvX64RegisterMsrMtrrPhysMask1, 0x2041) \
	X(WHvX64RegisterMsrMtrrPhysMask2, 0x2042) X(WHvX64RegisterMsrMtrrPhysMask3, 0x2043) \
	X(WHvX64RegisterMsrMtrrPhysMask4, 0x2044) X(WHvX64RegisterMsrMtrrPhysMask5, 0x2045) \
	X(WHvX64RegisterMsrMtrrPhysMask6, 0x2046) X(WHvX64RegisterMsrMtrrPhysMask7, 0x2047) \
	X(WHvX64RegisterMsrMtrrPhysMask8, 0x2048) X(WHvX64RegisterMsrMtrrPhysMask9, 0x2049) \
	X(WHvX64RegisterMsrMtrrPhysMaskA, 0x204a) X(WHvX64RegisterMsrMtrrPhysMaskB, 0x204b) \
	X(WHvX64RegisterMsrMtrrPhysMaskC, 0x204c) X(WHvX64RegisterMsrMtrrPhysMaskD, 0x204d) \
	X(WHvX64RegisterMsrMtrrPhysMaskE, 0x204e) X(WHvX64RegisterMsrMtrrPhysMaskF, 0x204f) \
	X(WHvX64RegisterMsrMtrrFix64k00000, 0x2070) X(WHvX64RegisterMsrMtrrFix16k80000, 0x2071) \
	X(WHvX64RegisterMsrMtrrFix16kA0000, 0x2072) X(WHvX64RegisterMsrMtrrFix4kC0000, 0x2073) \
	X(WHvX64RegisterMsrMtrrFix4kC8000, 0x2074) X(WHvX64RegisterMsrMtrrFix4kD0000, 0x2075) \
	X(WHvX64RegisterMsrMtrrFix4kD8000, 0x2076) X(WHvX64RegisterMsrMtrrFix4kE0000, 0x2077) \
	X(WHvX64RegisterMsrMtrrFix4kE8000, 0x2078) X(WHvX64RegisterMsrMtrrFix4kF0000, 0x2079) \
	X(WHvX64RegisterMsrMtrrFix4kF8000, 0x207a) X(WHvX64RegisterTscAux, 0x207b) \
	X(WHvX64RegisterBndcfgs, 0x207c) X(WHvX64RegisterMCount, 0x207e) \
	X(WHvX64RegisterACount, 0x207f) X(WHvX64RegisterSpecCtrl, 0x2084) \
	X(WHvX64RegisterPredCmd, 0x2085) X(WHvX64RegisterTscVirtualOffset, 0x2087) \
	X(WHvX64RegisterTsxCtrl, 0x2088) X(WHvX64RegisterXss, 0x208b) \
	X(WHvX64RegisterUCet, 0x208c) X(WHvX64RegisterSCet, 0x208d) X(WHvX64RegisterSsp, 0x208e) \
	X(WHvX64RegisterPl0Ssp, 0x208f) X(WHvX64RegisterPl1Ssp, 0x2090) \
	X(WHvX64RegisterPl2Ssp, 0x2091) X(WHvX64RegisterPl3Ssp, 0x2092) \
	X(WHvX64RegisterInterruptSspTableAddr, 0x2093) X(WHvX64RegisterTscDeadline, 0x2095) \
	X(WHvX64RegisterTscAdjust, 0x2096) X(WHvX64RegisterUmwaitControl, 0x2098) \
	X(WHvX64RegisterXfd, 0x2099) X(WHvX64RegisterXfdErr, 0x209a) \
	X(WHvX64RegisterApicId, 0x3002) X(WHvX64RegisterApicVersion, 0x3003) \
	X(WHvX64RegisterApicTpr, 0x3008) X(WHvX64RegisterApicPpr, 0x300a) \
	X(WHvX64RegisterApicEoi, 0x300b) X(WHvX64RegisterApicLdr, 0x300d) \
	X(WHvX64RegisterApicSpurious, 0x300f) X(WHvX64RegisterApicIsr0, 0x3010) \
	X(WHvX64RegisterApicIsr1, 0x3011) X(WHvX64RegisterApicIsr2, 0x3012) \
	X(WHvX64RegisterApicIsr3, 0x3013) X(WHvX64RegisterApicIsr4, 0x3014) \
	X(WHvX64RegisterApicIsr5, 0x3015) X(WHvX64RegisterApicIsr6, 0x3016) \
	X(WHvX64RegisterApicIsr7, 0x3017) X(WHvX64RegisterApicTmr0, 0x3018) \
	X(WHvX64RegisterApicTmr1, 0x3019) X(WHvX64RegisterApicTmr2, 0x301a) \
	X(WHvX64RegisterApicTmr3, 0x301b) X(WHvX64RegisterApicTmr4, 0x301c) \
	X(WHvX64RegisterApicTmr5, 0x301d) X(WHvX64RegisterApicTmr6, 0x301e) \
	X(WHvX64RegisterApicTmr7, 0x301f) X(WHvX64RegisterApicIrr0, 0x3020) \
	X(WHvX64RegisterApicIrr1, 0x3021) X(WHvX64RegisterApicIrr2, 0x3022) \
	X(WHvX64RegisterApicIrr3, 0x3023) X(WHvX64RegisterApicIrr4, 0x3024) \
	X(WHvX64RegisterApicIrr5, 0x3025) X(WHvX64RegisterApicIrr6, 0x3026) \
	X(WHvX64RegisterApicIrr7, 0x3027) X(WHvX64RegisterApicEse, 0x3028) \
	X(WHvX64RegisterApicIcr, 0x3030) X(WHvX64RegisterApicLvtTimer, 0x3032) \
	X(WHvX64RegisterApicLvtThermal, 0x3033) X(WHvX64RegisterApicLvtPerfmon, 0x3034) \
	X(WHvX64RegisterApicLvtLint0, 0x3035) X(WHvX64RegisterApicLvtLint1, 0x3036) \
	X(WHvX64RegisterApicLvtError, 0x3037) X(WHvX64RegisterApicInitCount, 0x3038) \
	X(WHvX64RegisterApicCurrentCount, 0x3039) X(WHvX64RegisterApicDivide, 0x303e) \
	X(WHvX64RegisterApicSelfIpi, 0x303f) X(WHvRegisterSint0, 0x4000) \
	X(WHvRegisterSint1, 0x4001) X(WHvRegisterSint2, 0x4002) X(WHvRegisterSint3, 0x4003) \
	X(WHvRegisterSint4, 0x4004) X(WHvRegisterSint5, 0x4005) X(WHvRegisterSint6, 0x4006) \
	X(WHvRegisterSint7, 0x4007) X(WHvRegisterSint8, 0x4008) X(WHvRegisterSint9, 0x4009) \
	X(WHvRegisterSint10, 0x400a) X(WHvRegisterSint11, 0x400b) X(WHvRegisterSint12, 0x400c) \
	X(WHvRegisterSint13, 0x400d) X(WHvRegisterSint14, 0x400e) X(WHvRegisterSint15, 0x400f) \
	X(WHvRegisterScontrol, 0x4010) X(WHvRegisterSversion, 0x4011) \
	X(WHvRegisterSiefp, 0x4012) X(WHvRegisterSimp, 0x4013) X(WHvRegisterEom, 0x4014) \
	X(WHvRegisterVpRuntime, 0x5000) X(WHvX64RegisterHypercall, 0x5001) \
	X(WHvRegisterGuestOsId, 0x5002) X(WHvRegisterVpAssistPage, 0x5013) \
	X(WHvRegisterReferenceTsc, 0x5017) X(WHvRegisterReferenceTscSequence, 0x501a) \
	X(WHvRegisterPendingInterruption, 0x80000000) X(WHvRegisterInterruptState, 0x80000001) \
	X(WHvRegisterPendingEvent, 0x80000002) \
	X(WHvX64RegisterDeliverabilityNotifications, 0x80000004) \
	X(WHvRegisterInternalActivityState, 0x80000005) \
	X(WHvX64RegisterPendingDebugException, 0x80000006) X(WHvX64PendingEventException, 0x0) \
	X(WHvX64PendingEventExtInt, 0x5) X(WHvCapabilityCodeHypervisorPresent, 0x0) \
	X(WHvCapabilityCodeFeatures, 0x1) X(WHvCapabilityCodeExtendedVmExits, 0x2) \
	X(WHvCapabilityCodeExceptionExitBitmap, 0x3) X(WHvCapabilityCodeX64MsrExitBitmap, 0x4) \
	X(WHvCapabilityCodeGpaRangePopulateFlags, 0x5) \
	X(WHvCapabilityCodeSchedulerFeatures, 0x6) X(WHvCapabilityCodeProcessorVendor, 0x1000) \
	X(WHvCapabilityCodeProcessorFeatures, 0x1001) \
	X(WHvCapabilityCodeProcessorClFlushSize, 0x1002) \
	X(WHvCapabilityCodeProcessorXsaveFeatures, 0x1003) \
	X(WHvCapabilityCodeProcessorClockFrequency, 0x1004) \
	X(WHvCapabilityCodeInterruptClockFrequency, 0x1005) \
	X(WHvCapabilityCodeProcessorFeaturesBanks, 0x1006) \
	X(WHvCapabilityCodeProcessorFrequencyCap, 0x1007) \
	X(WHvCapabilityCodeSyntheticProcessorFeaturesBanks, 0x1008) \
	X(WHvCapabilityCodeProcessorPerfmonFeatures, 0x1009) X(WHvProcessorVendorAmd, 0x0) \
	X(WHvProcessorVendorIntel, 0x1) X(WHvProcessorVendorHygon, 0x2) \
	X(WHvPartitionPropertyCodeExtendedVmExits, 0x1) \
	X(WHvPartitionPropertyCodeExceptionExitBitmap, 0x2) \
	X(WHvPartitionPropertyCodeSeparateSecurityDomain, 0x3) \
	X(WHvPartitionPropertyCodeNestedVirtualization, 0x4) \
	X(WHvPartitionPropertyCodeX64MsrExitBitmap, 0x5) \
	X(WHvPartitionPropertyCodePrimaryNumaNode, 0x6) \
	X(WHvPartitionPropertyCodeCpuReserve, 0x7) X(WHvPartitionPropertyCodeCpuCap, 0x8) \
	X(WHvPartitionPropertyCodeCpuWeight, 0x9) X(WHvPartitionPropertyCodeCpuGroupId, 0xa) \
	X(WHvPartitionPropertyCodeProcessorFrequencyCap, 0xb) \
	X(WHvPartitionPropertyCodeAllowDeviceAssignment, 0xc) \
	X(WHvPartitionPropertyCodeDisableSmt, 0xd) \
	X(WHvPartitionPropertyCodeProcessorFeatures, 0x1001) \
	X(WHvPartitionPropertyCodeProcessorClFlushSize, 0x1002) \
	X(WHvPartitionPropertyCodeCpuidExitList, 0x1003) \
	X(WHvPartitionPropertyCodeCpuidResultList, 0x1004) \
	X(WHvPartitionPropertyCodeLocalApicEmulationMode, 0x1005) \
	X(WHvPartitionPropertyCodeProcessorXsaveFeatures, 0x1006) \
	X(WHvPartitionPropertyCodeProcessorClockFrequency, 0x1007) \
	X(WHvPartitionPropertyCodeInterruptClockFrequency, 0x1008) \
	X(WHvPartitionPropertyCodeApicRemoteReadSupport, 0x1009) \
	X(WHvPartitionPropertyCodeProcessorFeaturesBanks, 0x100a) \
	X(WHvPartitionPropertyCodeReferenceTime, 0x100b) \
	X(WHvPartitionPropertyCodeSyntheticProcessorFeaturesBanks, 0x100c) \
	X(WHvPartitionPropertyCodeCpuidResultList2, 0x100d) \
	X(WHvPartitionPropertyCodeProcessorPerfmonFeatures, 0x100e) \
	X(WHvPartitionPropertyCodeMsrActionList, 0x100f) \
	X(WHvPartitionPropertyCodeUnimplementedMsrAction, 0x1010) \
	X(WHvPartitionPropertyCodeProcessorCount, 0x1fff) X(WHvMapGpaRangeFlagNone, 0x0) \
	X(WHvMapGpaRangeFlagRead, 0x1) X(WHvMapGpaRangeFlagWrite, 0x2) \
	X(WHvMapGpaRangeFlagExecute, 0x4) X(WHvMapGpaRangeFlagTrackDirtyPages, 0x8) \
	X(WHvTranslateGvaFlagNone, 0x0) X(WHvTranslateGvaFlagValidateRead, 0x1) \
	X(WHvTranslateGvaFlagValidateWrite, 0x2) X(WHvTranslateGvaFlagValidateExecute, 0x4) \
	X(WHvTranslateGvaFlagPrivilegeExempt, 0x8) X(WHvTranslateGvaFlagSetPageTableBits, 0x10) \
	X(WHvTranslateGvaFlagEnforceSmap, 0x100) X(WHvTranslateGvaFlagOverrideSmap, 0x200) \
	X(WHvTranslateGvaResultSuccess, 0x0) X(WHvTranslateGvaResultPageNotPresent, 0x1) \
	X(WHvTranslateGvaResultPrivilegeViolation, 0x2) \
	X(WHvTranslateGvaResultInvalidPageTableFlags, 0x3) \
	X(WHvTranslateGvaResultGpaUnmapped, 0x4) X(WHvTranslateGvaResultGpaNoReadAccess, 0x5) \
	X(WHvTranslateGvaResultGpaNoWriteAccess, 0x6) \
	X(WHvTranslateGvaResultGpaIllegalOverlayAccess, 0x7) \
	X(WHvTranslateGvaResultIntercept, 0x8) X(WHvMemoryAccessRead, 0x0) \
	X(WHvMemoryAccessWrite, 0x1) X(WHvMemoryAccessExecute, 0x2) X(WHvCacheTypeUncached, 0x0) \
	X(WHvCacheTypeWriteCombining, 0x1) X(WHvCacheTypeWriteThrough, 0x4) \
	X(WHvCacheTypeWriteProtected, 0x5) X(WHvCacheTypeWriteBack, 0x6) \
	X(WHvX64CpuidResult2FlagSubleafSpecific, 0x1) X(WHvX64CpuidResult2FlagVpSpecific, 0x2) \
	X(WHvMsrActionArchitectureDefault, 0x0) X(WHvMsrActionIgnoreWriteReadZero, 0x1) \
	X(WHvMsrActionExit, 0x2) X(WHvX64ExceptionTypeDivideErrorFault, 0x0) \
	X(WHvX64ExceptionTypeDebugTrapOrFault, 0x1) X(WHvX64ExceptionTypeBreakpointTrap, 0x3) \
	X(WHvX64ExceptionTypeOverflowTrap, 0x4) X(WHvX64ExceptionTypeBoundRangeFault, 0x5) \
	X(WHvX64ExceptionTypeInvalidOpcodeFault, 0x6) \
	X(WHvX64ExceptionTypeDeviceNotAvailableFault, 0x7) \
	X(WHvX64ExceptionTypeDoubleFaultAbort, 0x8) \
	X(WHvX64ExceptionTypeInvalidTaskStateSegmentFault, 0xa) \
	X(WHvX64ExceptionTypeSegmentNotPresentFault, 0xb) X(WHvX64ExceptionTypeStackFault, 0xc) \
	X(WHvX64ExceptionTypeGeneralProtectionFault, 0xd) X(WHvX64ExceptionTypePageFault, 0xe) \
	X(WHvX64ExceptionTypeFloatingPointErrorFault, 0x10) \
	X(WHvX64ExceptionTypeAlignmentCheckFault, 0x11) \
	X(WHvX64ExceptionTypeMachineCheckAbort, 0x12) \
	X(WHvX64ExceptionTypeSimdFloatingPointFault, 0x13) \
	X(WHvX64LocalApicEmulationModeNone, 0x0) X(WHvX64LocalApicEmulationModeXApic, 0x1) \
	X(WHvX64LocalApicEmulationModeX2Apic, 0x2) X(WHvRunVpExitReasonNone, 0x0) \
	X(WHvRunVpExitReasonMemoryAccess, 0x1) X(WHvRunVpExitReasonX64IoPortAccess, 0x2) \
	X(WHvRunVpExitReasonUnrecoverableException, 0x4) \
	X(WHvRunVpExitReasonInvalidVpRegisterValue, 0x5) \
	X(WHvRunVpExitReasonUnsupportedFeature, 0x6) \
	X(WHvRunVpExitReasonX64InterruptWindow, 0x7) X(WHvRunVpExitReasonX64Halt, 0x8) \
	X(WHvRunVpExitReasonX64ApicEoi, 0x9) X(WHvRunVpExitReasonSynicSintDeliverable, 0xa) \
	X(WHvRunVpExitReasonX64MsrAccess, 0x1000) X(WHvRunVpExitReasonX64Cpuid, 0x1001) \
	X(WHvRunVpExitReasonException, 0x1002) X(WHvRunVpExitReasonX64Rdtsc, 0x1003) \
	X(WHvRunVpExitReasonX64ApicSmiTrap, 0x1004) X(WHvRunVpExitReasonHypercall, 0x1005) \
	X(WHvRunVpExitReasonX64ApicInitSipiTrap, 0x1006) \
	X(WHvRunVpExitReasonX64ApicWriteTrap, 0x1007) X(WHvRunVpExitReasonCanceled, 0x2001) \
	X(WHvUnsupportedFeatureIntercept, 0x1) X(WHvUnsupportedFeatureTaskSwitchTss, 0x2) \
	X(WHvX64PendingInterrupt, 0x0) X(WHvX64PendingNmi, 0x2) X(WHvX64PendingException, 0x3) \
	X(WHvX64ApicWriteTypeLdr, 0xd0) X(WHvX64ApicWriteTypeDfr, 0xe0) \
	X(WHvX64ApicWriteTypeSvr, 0xf0) X(WHvX64ApicWriteTypeLint0, 0x350) \
	X(WHvX64ApicWriteTypeLint1, 0x360) X(WHvX64InterruptTypeFixed, 0x0) \
	X(WHvX64InterruptTypeLowestPriority, 0x1) X(WHvX64InterruptTypeNmi, 0x4) \
	X(WHvX64InterruptTypeInit, 0x5) X(WHvX64InterruptTypeSipi, 0x6) \
	X(WHvX64InterruptTypeLocalInt1, 0x9) X(WHvX64InterruptDestinationModePhysical, 0x0) \
	X(WHvX64InterruptDestinationModeLogical, 0x1) X(WHvX64InterruptTriggerModeEdge, 0x0) \
	X(WHvX64InterruptTriggerModeLevel, 0x1) X(WHvPartitionCounterSetMemory, 0x0) \
	X(WHvProcessorCounterSetRuntime, 0x0) X(WHvProcessorCounterSetIntercepts, 0x1) \
	X(WHvProcessorCounterSetEvents, 0x2) X(WHvProcessorCounterSetApic, 0x3) \
	X(WHvProcessorCounterSetSyntheticFeatures, 0x4) X(WHvAdviseGpaRangeCodePopulate, 0x0) \
	X(WHvAdviseGpaRangeCodePin, 0x1) X(WHvAdviseGpaRangeCodeUnpin, 0x2) \
	X(WHvVirtualProcessorStateTypeSynicMessagePage, 0x0) \
	X(WHvVirtualProcessorStateTypeSynicEventFlagPage, 0x1) \
	X(WHvVirtualProcessorStateTypeSynicTimerState, 0x2) \
	X(WHvVirtualProcessorStateTypeInterruptControllerState2, 0x1000) \
	X(WHvVirtualProcessorStateTypeXsaveState, 0x1001) \
	X(WHvAllocateVpciResourceFlagNone, 0x0) \
	X(WHvAllocateVpciResourceFlagAllowDirectP2P, 0x1) \
	X(WHvVpciDeviceNotificationUndefined, 0x0) \
	X(WHvVpciDeviceNotificationMmioRemapping, 0x1) \
	X(WHvVpciDeviceNotificationSurpriseRemoval, 0x2) X(WHvCreateVpciDeviceFlagNone, 0x0) \
	X(WHvCreateVpciDeviceFlagPhysicallyBacked, 0x1) \
	X(WHvCreateVpciDeviceFlagUseLogicalInterrupts, 0x2) \
	X(WHvVpciDevicePropertyCodeUndefined, 0x0) X(WHvVpciDevicePropertyCodeHardwareIDs, 0x1) \
	X(WHvVpciDevicePropertyCodeProbedBARs, 0x2) X(WHvVpciMmioRangeFlagReadAccess, 0x1) \
	X(WHvVpciMmioRangeFlagWriteAccess, 0x2) X(WHvVpciConfigSpace, 0xffffffff) \
	X(WHvVpciBar0, 0x0) X(WHvVpciBar1, 0x1) X(WHvVpciBar2, 0x2) X(WHvVpciBar3, 0x3) \
	X(WHvVpciBar4, 0x4) X(WHvVpciBar5, 0x5) X(WHvVpciInterruptTargetFlagNone, 0x0) \
	X(WHvVpciInterruptTargetFlagMulticast, 0x1) X(WHvTriggerTypeInterrupt, 0x0) \
	X(WHvTriggerTypeSynicEvent, 0x1) X(WHvTriggerTypeDeviceInterrupt, 0x2) \
	X(WHvVirtualProcessorPropertyCodeNumaNode, 0x0) X(WHvNotificationPortTypeEvent, 0x2) \
	X(WHvNotificationPortTypeDoorbell, 0x4) \
	X(WHvNotificationPortPropertyPreferredTargetVp, 0x1) \
	X(WHvNotificationPortPropertyPreferredTargetDuration, 0x5)

/* The same, newer */
#define WHV_ENUMS_NEW(X) \
	X(WHvX64RegisterMsrIa32MiscEnable, 0x20a0) X(WHvX64RegisterIa32FeatureControl, 0x20a1) \
	X(WHvX64RegisterIa32VmxBasic, 0x20a2) X(WHvX64RegisterIa32VmxPinbasedCtls, 0x20a3) \
	X(WHvX64RegisterIa32VmxProcbasedCtls, 0x20a4) X(WHvX64RegisterIa32VmxExitCtls, 0x20a5) \
	X(WHvX64RegisterIa32VmxEntryCtls, 0x20a6) X(WHvX64RegisterIa32VmxMisc, 0x20a7) \
	X(WHvX64RegisterIa32VmxCr0Fixed0, 0x20a8) X(WHvX64RegisterIa32VmxCr0Fixed1, 0x20a9) \
	X(WHvX64RegisterIa32VmxCr4Fixed0, 0x20aa) X(WHvX64RegisterIa32VmxCr4Fixed1, 0x20ab) \
	X(WHvX64RegisterIa32VmxVmcsEnum, 0x20ac) X(WHvX64RegisterIa32VmxProcbasedCtls2, 0x20ad) \
	X(WHvX64RegisterIa32VmxEptVpidCap, 0x20ae) \
	X(WHvX64RegisterIa32VmxTruePinbasedCtls, 0x20af) \
	X(WHvX64RegisterIa32VmxTrueProcbasedCtls, 0x20b0) \
	X(WHvX64RegisterIa32VmxTrueExitCtls, 0x20b1) \
	X(WHvX64RegisterIa32VmxTrueEntryCtls, 0x20b2) X(WHvX64RegisterAmdVmHsavePa, 0x20b3) \
	X(WHvX64RegisterAmdVmCr, 0x20b4) X(WHvX64RegisterNestedGuestState, 0x5050) \
	X(WHvX64RegisterNestedCurrentVmGpa, 0x5051) X(WHvX64RegisterNestedVmxInvEpt, 0x5052) \
	X(WHvX64RegisterNestedVmxInvVpid, 0x5053) X(WHvRegisterPendingEvent1, 0x80000003) \
	X(WHvRegisterDeliverabilityNotifications, 0x80000004) \
	X(WHvRegisterPendingEvent2, 0x80000007) X(WHvRegisterPendingEvent3, 0x80000008) \
	X(WHvX64PendingEventSvmNestedExit, 0x7) X(WHvX64PendingEventVmxNestedExit, 0x8) \
	X(WHvCapabilityCodePhysicalAddressWidth, 0x100a) X(WHvCapabilityCodeVmxBasic, 0x2000) \
	X(WHvCapabilityCodeVmxPinbasedCtls, 0x2001) X(WHvCapabilityCodeVmxProcbasedCtls, 0x2002) \
	X(WHvCapabilityCodeVmxExitCtls, 0x2003) X(WHvCapabilityCodeVmxEntryCtls, 0x2004) \
	X(WHvCapabilityCodeVmxMisc, 0x2005) X(WHvCapabilityCodeVmxCr0Fixed0, 0x2006) \
	X(WHvCapabilityCodeVmxCr0Fixed1, 0x2007) X(WHvCapabilityCodeVmxCr4Fixed0, 0x2008) \
	X(WHvCapabilityCodeVmxCr4Fixed1, 0x2009) X(WHvCapabilityCodeVmxVmcsEnum, 0x200a) \
	X(WHvCapabilityCodeVmxProcbasedCtls2, 0x200b) X(WHvCapabilityCodeVmxEptVpidCap, 0x200c) \
	X(WHvCapabilityCodeVmxTruePinbasedCtls, 0x200d) \
	X(WHvCapabilityCodeVmxTrueProcbasedCtls, 0x200e) \
	X(WHvCapabilityCodeVmxTrueExitCtls, 0x200f) X(WHvCapabilityCodeVmxTrueEntryCtls, 0x2010) \
	X(WHvProcessorVendorArm, 0x10) X(WHvPartitionPropertyCodePhysicalAddressWidth, 0x1011) \
	X(WHvX64ExceptionTypeControlProtectionFault, 0x15) X(WHvRunVpCancelReasonUser, 0x0) \
	X(WHvVirtualProcessorStateTypeNestedState, 0x1002) X(WHvNestedStateTypeVmx, 0x0) \
	X(WHvNestedStateTypeSvm, 0x1)

#endif
