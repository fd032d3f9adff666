/* SPDX-License-Identifier: MIT */
/* Feature sets of arm64. Included by whv_features.h. */
#ifndef WHV_FEATURES_ARM64_H
#define WHV_FEATURES_ARM64_H

/* What the platform can do: WHvCapabilityCodeFeatures */
typedef union WHV_CAPABILITY_FEATURES {
	struct {
		UINT64 PartialUnmap : 1;
		UINT64 ReservedArm0 : 2;
		UINT64 DirtyPageTracking : 1;
		UINT64 SpeculationControl : 1;
		UINT64 ReservedArm1 : 1;
		UINT64 IdleSuspend : 1;
		UINT64 VirtualPciDeviceSupport : 1;
		UINT64 IommuSupport : 1;
		UINT64 VpHotAddRemove : 1;
		UINT64 DeviceAccessTracking : 1;
		UINT64 Arm64Support : 1;
		UINT64 Reserved : 52;
	};
	UINT64 AsUINT64;
} WHV_CAPABILITY_FEATURES;

/* Exits that a partition asks for */
typedef union WHV_EXTENDED_VM_EXITS {
	struct {
		UINT64 ReservedArm0 : 5;
		UINT64 HypercallExit : 1;
		UINT64 ReservedArm1 : 4;
		UINT64 UnknownSynicConnection : 1;
		UINT64 RetargetUnknownVpciDevice : 1;
		UINT64 ReservedArm2 : 2;
		UINT64 GpaAccessFaultExit : 1;
		UINT64 Reserved : 49;
	};
	UINT64 AsUINT64;
} WHV_EXTENDED_VM_EXITS;

/* Processor features: bank 0 and 1 */
typedef union WHV_ARM64_PROCESSOR_FEATURES {
	struct {
		UINT64 Asid16 : 1;
		UINT64 TGran16 : 1;
		UINT64 TGran64 : 1;
		UINT64 Haf : 1;
		UINT64 Hdbs : 1;
		UINT64 Pan : 1;
		UINT64 AtS1E1 : 1;
		UINT64 Uao : 1;
		UINT64 El0Aarch32 : 1;
		UINT64 Fp : 1;
		UINT64 FpHp : 1;
		UINT64 AdvSimd : 1;
		UINT64 AdvSimdHp : 1;
		UINT64 GicV3V4 : 1;
		UINT64 GicV41 : 1;
		UINT64 Ras : 1;
		UINT64 PmuV3 : 1;
		UINT64 PmuV3ArmV81 : 1;
		UINT64 PmuV3ArmV84 : 1;
		UINT64 PmuV3ArmV85 : 1;
		UINT64 Aes : 1;
		UINT64 PolyMul : 1;
		UINT64 Sha1 : 1;
		UINT64 Sha256 : 1;
		UINT64 Sha512 : 1;
		UINT64 Crc32 : 1;
		UINT64 Atomic : 1;
		UINT64 Rdm : 1;
		UINT64 Sha3 : 1;
		UINT64 Sm3 : 1;
		UINT64 Sm4 : 1;
		UINT64 Dp : 1;
		UINT64 Fhm : 1;
		UINT64 DcCvap : 1;
		UINT64 DcCvadp : 1;
		UINT64 ApaBase : 1;
		UINT64 ApaEp : 1;
		UINT64 ApaEp2 : 1;
		UINT64 ApaEp2Fp : 1;
		UINT64 ApaEp2Fpc : 1;
		UINT64 Jscvt : 1;
		UINT64 Fcma : 1;
		UINT64 RcpcV83 : 1;
		UINT64 RcpcV84 : 1;
		UINT64 Gpa : 1;
		UINT64 L1ipPipt : 1;
		UINT64 DzPermitted : 1;
		UINT64 Ssbs : 1;
		UINT64 SsbsRw : 1;
		UINT64 Reserved49 : 1;
		UINT64 Reserved50 : 1;
		UINT64 Reserved51 : 1;
		UINT64 Reserved52 : 1;
		UINT64 Csv2 : 1;
		UINT64 Csv3 : 1;
		UINT64 Sb : 1;
		UINT64 Idc : 1;
		UINT64 Dic : 1;
		UINT64 TlbiOs : 1;
		UINT64 TlbiOsRange : 1;
		UINT64 FlagsM : 1;
		UINT64 FlagsM2 : 1;
		UINT64 Bf16 : 1;
		UINT64 Ebf16 : 1;
	};
	UINT64 AsUINT64;
} WHV_ARM64_PROCESSOR_FEATURES, WHV_PROCESSOR_FEATURES;

typedef union WHV_ARM64_PROCESSOR_FEATURES1 {
	struct {
		UINT64 SveBf16 : 1;
		UINT64 SveEbf16 : 1;
		UINT64 I8mm : 1;
		UINT64 SveI8mm : 1;
		UINT64 Frintts : 1;
		UINT64 Specres : 1;
		UINT64 Reserved6 : 1;
		UINT64 Rpres : 1;
		UINT64 Exs : 1;
		UINT64 SpecSei : 1;
		UINT64 Ets : 1;
		UINT64 Afp : 1;
		UINT64 Iesb : 1;
		UINT64 Rng : 1;
		UINT64 Lse2 : 1;
		UINT64 Idst : 1;
		UINT64 Reserved16 : 1;
		UINT64 Reserved17 : 1;
		UINT64 Reserved18 : 1;
		UINT64 Reserved19 : 1;
		UINT64 Reserved20 : 1;
		UINT64 Reserved21 : 1;
		UINT64 Ccidx : 1;
		UINT64 Reserved23 : 1;
		UINT64 Reserved24 : 1;
		UINT64 Reserved25 : 1;
		UINT64 Reserved26 : 1;
		UINT64 Reserved27 : 1;
		UINT64 Reserved28 : 1;
		UINT64 Reserved29 : 1;
		UINT64 Reserved30 : 1;
		UINT64 Reserved31 : 1;
		UINT64 Reserved32 : 1;
		UINT64 Reserved33 : 1;
		UINT64 Reserved34 : 1;
		UINT64 TtCnp : 1;
		UINT64 Hpds : 1;
		UINT64 Sve : 1;
		UINT64 SveV2 : 1;
		UINT64 SveV2P1 : 1;
		UINT64 SpecFpacc : 1;
		UINT64 SveAes : 1;
		UINT64 SveBitPerm : 1;
		UINT64 SveSha3 : 1;
		UINT64 SveSm4 : 1;
		UINT64 E0PD : 1;
		UINT64 Reserved : 8;
	};
	UINT64 AsUINT64;
} WHV_ARM64_PROCESSOR_FEATURES1, WHV_PROCESSOR_FEATURES1;

#endif
