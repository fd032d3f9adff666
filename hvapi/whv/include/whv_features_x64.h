/* SPDX-License-Identifier: MIT */
/* Feature sets of x64. Included by whv_features.h. */
#ifndef WHV_FEATURES_X64_H
#define WHV_FEATURES_X64_H

/* What the platform can do: WHvCapabilityCodeFeatures */
typedef union WHV_CAPABILITY_FEATURES {
	struct {
		UINT64 PartialUnmap : 1;
		UINT64 LocalApicEmulation : 1;
		UINT64 Xsave : 1;
		UINT64 DirtyPageTracking : 1;
		UINT64 SpeculationControl : 1;
		UINT64 ApicRemoteRead : 1;
		UINT64 IdleSuspend : 1;
		UINT64 VirtualPciDeviceSupport : 1;
		UINT64 IommuSupport : 1;
		UINT64 VpHotAddRemove : 1;
		UINT64 DeviceAccessTracking : 1;
		UINT64 ReservedX640 : 1;
		UINT64 Reserved : 52;
	};
	UINT64 AsUINT64;
} WHV_CAPABILITY_FEATURES;

/* Exits that a partition asks for */
typedef union WHV_EXTENDED_VM_EXITS {
	struct {
		UINT64 X64CpuidExit : 1;
		UINT64 X64MsrExit : 1;
		UINT64 ExceptionExit : 1;
		UINT64 X64RdtscExit : 1;
		UINT64 X64ApicSmiExitTrap : 1;
		UINT64 HypercallExit : 1;
		UINT64 X64ApicInitSipiExitTrap : 1;
		UINT64 X64ApicWriteLint0ExitTrap : 1;
		UINT64 X64ApicWriteLint1ExitTrap : 1;
		UINT64 X64ApicWriteSvrExitTrap : 1;
		UINT64 UnknownSynicConnection : 1;
		UINT64 RetargetUnknownVpciDevice : 1;
		UINT64 X64ApicWriteLdrExitTrap : 1;
		UINT64 X64ApicWriteDfrExitTrap : 1;
		UINT64 GpaAccessFaultExit : 1;
		UINT64 Reserved : 49;
	};
	UINT64 AsUINT64;
} WHV_EXTENDED_VM_EXITS;

/* Processor features: HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0 and 1 */
typedef union WHV_X64_PROCESSOR_FEATURES {
	struct {
		UINT64 Sse3Support : 1;
		UINT64 LahfSahfSupport : 1;
		UINT64 Ssse3Support : 1;
		UINT64 Sse4_1Support : 1;
		UINT64 Sse4_2Support : 1;
		UINT64 Sse4aSupport : 1;
		UINT64 XopSupport : 1;
		UINT64 PopCntSupport : 1;
		UINT64 Cmpxchg16bSupport : 1;
		UINT64 Altmovcr8Support : 1;
		UINT64 LzcntSupport : 1;
		UINT64 MisAlignSseSupport : 1;
		UINT64 MmxExtSupport : 1;
		UINT64 Amd3DNowSupport : 1;
		UINT64 ExtendedAmd3DNowSupport : 1;
		UINT64 Page1GbSupport : 1;
		UINT64 AesSupport : 1;
		UINT64 PclmulqdqSupport : 1;
		UINT64 PcidSupport : 1;
		UINT64 Fma4Support : 1;
		UINT64 F16CSupport : 1;
		UINT64 RdRandSupport : 1;
		UINT64 RdWrFsGsSupport : 1;
		UINT64 SmepSupport : 1;
		UINT64 EnhancedFastStringSupport : 1;
		UINT64 Bmi1Support : 1;
		UINT64 Bmi2Support : 1;
		UINT64 Reserved1 : 2;
		UINT64 MovbeSupport : 1;
		UINT64 Npiep1Support : 1;
		UINT64 DepX87FPUSaveSupport : 1;
		UINT64 RdSeedSupport : 1;
		UINT64 AdxSupport : 1;
		UINT64 IntelPrefetchSupport : 1;
		UINT64 SmapSupport : 1;
		UINT64 HleSupport : 1;
		UINT64 RtmSupport : 1;
		UINT64 RdtscpSupport : 1;
		UINT64 ClflushoptSupport : 1;
		UINT64 ClwbSupport : 1;
		UINT64 ShaSupport : 1;
		UINT64 X87PointersSavedSupport : 1;
		UINT64 InvpcidSupport : 1;
		UINT64 IbrsSupport : 1;
		UINT64 StibpSupport : 1;
		UINT64 IbpbSupport : 1;
		UINT64 UnrestrictedGuestSupport : 1;
		UINT64 SsbdSupport : 1;
		UINT64 FastShortRepMovSupport : 1;
		UINT64 Reserved3 : 1;
		UINT64 RdclNo : 1;
		UINT64 IbrsAllSupport : 1;
		UINT64 Reserved4 : 1;
		UINT64 SsbNo : 1;
		UINT64 RsbANo : 1;
		UINT64 Reserved5 : 1;
		UINT64 RdPidSupport : 1;
		UINT64 UmipSupport : 1;
		UINT64 MdsNoSupport : 1;
		UINT64 MdClearSupport : 1;
		UINT64 TaaNoSupport : 1;
		UINT64 TsxCtrlSupport : 1;
		UINT64 Reserved6 : 1;
	};
	UINT64 AsUINT64;
} WHV_X64_PROCESSOR_FEATURES, WHV_PROCESSOR_FEATURES;

typedef union WHV_X64_PROCESSOR_FEATURES1 {
	struct {
		UINT64 ACountMCountSupport : 1;
		UINT64 TscInvariantSupport : 1;
		UINT64 ClZeroSupport : 1;
		UINT64 RdpruSupport : 1;
		UINT64 La57Support : 1;
		UINT64 MbecSupport : 1;
		UINT64 NestedVirtSupport : 1;
		UINT64 PsfdSupport : 1;
		UINT64 CetSsSupport : 1;
		UINT64 CetIbtSupport : 1;
		UINT64 VmxExceptionInjectSupport : 1;
		UINT64 Reserved2 : 1;
		UINT64 UmwaitTpauseSupport : 1;
		UINT64 MovdiriSupport : 1;
		UINT64 Movdir64bSupport : 1;
		UINT64 CldemoteSupport : 1;
		UINT64 SerializeSupport : 1;
		UINT64 TscDeadlineTmrSupport : 1;
		UINT64 TscAdjustSupport : 1;
		UINT64 FZLRepMovsb : 1;
		UINT64 FSRepStosb : 1;
		UINT64 FSRepCmpsb : 1;
		UINT64 TsxLdTrkSupport : 1;
		UINT64 VmxInsOutsExitInfoSupport : 1;
		UINT64 Reserved3 : 1;
		UINT64 SbdrSsdpNoSupport : 1;
		UINT64 FbsdpNoSupport : 1;
		UINT64 PsdpNoSupport : 1;
		UINT64 FbClearSupport : 1;
		UINT64 BtcNoSupport : 1;
		UINT64 IbpbRsbFlushSupport : 1;
		UINT64 StibpAlwaysOnSupport : 1;
		UINT64 PerfGlobalCtrlSupport : 1;
		UINT64 NptExecuteOnlySupport : 1;
		UINT64 NptADFlagsSupport : 1;
		UINT64 Npt1GbPageSupport : 1;
		UINT64 Reserved4 : 1;
		UINT64 Reserved5 : 1;
		UINT64 Reserved6 : 1;
		UINT64 Reserved7 : 1;
		UINT64 CmpccxaddSupport : 1;
		UINT64 Reserved8 : 1;
		UINT64 Reserved9 : 1;
		UINT64 Reserved10 : 1;
		UINT64 Reserved11 : 1;
		UINT64 PrefetchISupport : 1;
		UINT64 Sha512Support : 1;
		UINT64 Reserved12 : 1;
		UINT64 Reserved13 : 1;
		UINT64 Reserved14 : 1;
		UINT64 SM3Support : 1;
		UINT64 SM4Support : 1;
		UINT64 Reserved15 : 1;
		UINT64 Reserved16 : 1;
		UINT64 SbpbSupported : 1;
		UINT64 IbpbBrTypeSupported : 1;
		UINT64 SrsoNoSupported : 1;
		UINT64 SrsoUserKernelNoSupported : 1;
		UINT64 Reserved17 : 1;
		UINT64 Reserved18 : 1;
		UINT64 Reserved19 : 1;
		UINT64 Reserved20 : 3;
	};
	UINT64 AsUINT64;
} WHV_X64_PROCESSOR_FEATURES1, WHV_PROCESSOR_FEATURES1;

/* HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES */
typedef union WHV_PROCESSOR_XSAVE_FEATURES {
	struct {
		UINT64 XsaveSupport : 1;
		UINT64 XsaveoptSupport : 1;
		UINT64 AvxSupport : 1;
		UINT64 Avx2Support : 1;
		UINT64 FmaSupport : 1;
		UINT64 MpxSupport : 1;
		UINT64 Avx512Support : 1;
		UINT64 Avx512DQSupport : 1;
		UINT64 Avx512CDSupport : 1;
		UINT64 Avx512BWSupport : 1;
		UINT64 Avx512VLSupport : 1;
		UINT64 XsaveCompSupport : 1;
		UINT64 XsaveSupervisorSupport : 1;
		UINT64 Xcr1Support : 1;
		UINT64 Avx512BitalgSupport : 1;
		UINT64 Avx512IfmaSupport : 1;
		UINT64 Avx512VBmiSupport : 1;
		UINT64 Avx512VBmi2Support : 1;
		UINT64 Avx512VnniSupport : 1;
		UINT64 GfniSupport : 1;
		UINT64 VaesSupport : 1;
		UINT64 Avx512VPopcntdqSupport : 1;
		UINT64 VpclmulqdqSupport : 1;
		UINT64 Avx512Bf16Support : 1;
		UINT64 Avx512Vp2IntersectSupport : 1;
		UINT64 Avx512Fp16Support : 1;
		UINT64 XfdSupport : 1;
		UINT64 AmxTileSupport : 1;
		UINT64 AmxBf16Support : 1;
		UINT64 AmxInt8Support : 1;
		UINT64 AvxVnniSupport : 1;
		UINT64 AvxIfmaSupport : 1;
		UINT64 AvxNeConvertSupport : 1;
		UINT64 AvxVnniInt8Support : 1;
		UINT64 AvxVnniInt16Support : 1;
		UINT64 Avx10_1_256Support : 1;
		UINT64 Avx10_1_512Support : 1;
		UINT64 AmxFp16Support : 1;
		UINT64 Reserved : 26;
	};
	UINT64 AsUINT64;
} WHV_PROCESSOR_XSAVE_FEATURES, *PWHV_PROCESSOR_XSAVE_FEATURES;

typedef union WHV_PROCESSOR_PERFMON_FEATURES {
	struct {
		UINT64 PmuSupport : 1;
		UINT64 LbrSupport : 1;
		UINT64 Reserved : 62;
	};
	UINT64 AsUINT64;
} WHV_PROCESSOR_PERFMON_FEATURES, *PWHV_PROCESSOR_PERFMON_FEATURES;

/* Which MSR accesses exit, where X64MsrExit is on */
typedef union WHV_X64_MSR_EXIT_BITMAP {
	struct {
		UINT64 UnhandledMsrs : 1;
		UINT64 TscMsrWrite : 1;
		UINT64 TscMsrRead : 1;
		UINT64 ApicBaseMsrWrite : 1;
		UINT64 MiscEnableMsrRead : 1;
		UINT64 McUpdatePatchLevelMsrRead : 1;
		UINT64 Reserved : 58;
	};
	UINT64 AsUINT64;
} WHV_X64_MSR_EXIT_BITMAP;

#endif
