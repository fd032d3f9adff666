/* SPDX-License-Identifier: MIT */
#include "arch/arm64/el2/id_regs.h"

#include "kernel/bits.h"

#define PASS(m, o, l, n) \
	{ \
		m, o, l, ID_PASS, 0, n \
	}
#define CAP(m, o, l, v, n) \
	{ \
		m, o, l, ID_CAP, v, n \
	}
#define HIDE(m, o, l, n) \
	{ \
		m, o, l, ID_HIDE, 0, n \
	}

/* clang-format off: one field a line, by register and bit (Arm ARM, D19.2.59 on) */
const struct id_field id_fields[] = {
	/* ID_AA64PFR0_EL1; AArch32 is not offered: its ID registers read as zero */
	CAP(4, 0, 0, 1, "EL0"),
	CAP(4, 0, 4, 1, "EL1"),
	HIDE(4, 0, 8, "EL2"),
	HIDE(4, 0, 12, "EL3"),
	PASS(4, 0, 16, "FP"),
	PASS(4, 0, 20, "AdvSIMD"),
	PASS(4, 0, 24, "GIC"),
	HIDE(4, 0, 28, "RAS"), /* HCR_EL2.TERR */
	PASS(4, 0, 32, "SVE"), /* switched at the longest length: sve.S */
	HIDE(4, 0, 36, "SEL2"),
	HIDE(4, 0, 40, "MPAM"),
	HIDE(4, 0, 44, "AMU"), /* CPTR_EL2.TAM */
	PASS(4, 0, 48, "DIT"),
	HIDE(4, 0, 52, "RME"),
	CAP(4, 0, 56, 1, "CSV2"), /* 2 has SCXTNUM_ELx */
	PASS(4, 0, 60, "CSV3"),
	/* ID_AA64PFR1_EL1 */
	PASS(4, 1, 0, "BT"),
	PASS(4, 1, 4, "SSBS"),
	HIDE(4, 1, 8, "MTE"), /* HCR_EL2.ATA clear */
	HIDE(4, 1, 12, "RAS_frac"),
	HIDE(4, 1, 16, "MPAM_frac"),
	HIDE(4, 1, 24, "SME"), /* CPTR_EL2.TSM */
	HIDE(4, 1, 28, "RNDR_trap"),
	HIDE(4, 1, 32, "CSV2_frac"),
	HIDE(4, 1, 36, "NMI"),
	/* ID_AA64ZFR0_EL1: what SVE has; ID_AA64SMFR0_EL1: with SME */
	PASS(4, 4, 0, "SVEver"),
	PASS(4, 4, 4, "AES"),
	PASS(4, 4, 16, "BitPerm"),
	PASS(4, 4, 20, "BF16"),
	PASS(4, 4, 32, "SHA3"),
	PASS(4, 4, 40, "SM4"),
	PASS(4, 4, 44, "I8MM"),
	PASS(4, 4, 52, "F32MM"),
	PASS(4, 4, 56, "F64MM"),
	HIDE(4, 5, 32, "F32F32"),
	HIDE(4, 5, 36, "B16F32 and F16F32, low"),
	HIDE(4, 5, 40, "I8I32, low"),
	HIDE(4, 5, 44, "I8I32"),
	HIDE(4, 5, 48, "F64F64"),
	HIDE(4, 5, 52, "I16I64"),
	HIDE(4, 5, 56, "SMEver"),
	HIDE(4, 5, 60, "FA64"),
	/* ID_AA64DFR0_EL1: self-hosted debug is the root's, nothing of it acts on EL2 */
	CAP(5, 0, 0, 9, "DebugVer"),
	HIDE(5, 0, 4, "TraceVer"), /* CPTR_EL2.TTA */
	HIDE(5, 0, 8, "PMUVer"),   /* MDCR_EL2.TPM */
	PASS(5, 0, 12, "BRPs"),
	PASS(5, 0, 20, "WRPs"),
	PASS(5, 0, 28, "CTX_CMPs"),
	HIDE(5, 0, 32, "PMSVer"),
	PASS(5, 0, 36, "DoubleLock"),
	HIDE(5, 0, 40, "TraceFilt"),
	HIDE(5, 0, 44, "TraceBuffer"),
	HIDE(5, 0, 48, "MTPMU"),
	HIDE(5, 0, 52, "BRBE"),
	HIDE(5, 0, 60, "HPMN0"),
	/* ID_AA64ISAR0_EL1 */
	PASS(6, 0, 4, "AES"),
	PASS(6, 0, 8, "SHA1"),
	PASS(6, 0, 12, "SHA2"),
	PASS(6, 0, 16, "CRC32"),
	PASS(6, 0, 20, "Atomic"),
	HIDE(6, 0, 24, "TME"),
	PASS(6, 0, 28, "RDM"),
	PASS(6, 0, 32, "SHA3"),
	PASS(6, 0, 36, "SM3"),
	PASS(6, 0, 40, "SM4"),
	PASS(6, 0, 44, "DP"),
	PASS(6, 0, 48, "FHM"),
	PASS(6, 0, 52, "TS"),
	PASS(6, 0, 56, "TLB"),
	PASS(6, 0, 60, "RNDR"),
	/* ID_AA64ISAR1_EL1; pointer authentication: HCR_EL2.API and APK clear */
	PASS(6, 1, 0, "DPB"),
	HIDE(6, 1, 4, "APA"),
	HIDE(6, 1, 8, "API"),
	PASS(6, 1, 12, "JSCVT"),
	PASS(6, 1, 16, "FCMA"),
	PASS(6, 1, 20, "LRCPC"),
	HIDE(6, 1, 24, "GPA"),
	HIDE(6, 1, 28, "GPI"),
	PASS(6, 1, 32, "FRINTTS"),
	PASS(6, 1, 36, "SB"),
	PASS(6, 1, 40, "SPECRES"),
	PASS(6, 1, 44, "BF16"),
	PASS(6, 1, 48, "DGH"),
	PASS(6, 1, 52, "I8MM"),
	HIDE(6, 1, 56, "XS"), /* HCRX_EL2 is 0 */
	HIDE(6, 1, 60, "LS64"),
	/* ID_AA64ISAR2_EL1 */
	PASS(6, 2, 0, "WFxT"),
	PASS(6, 2, 4, "RPRES"),
	HIDE(6, 2, 8, "GPA3"),
	HIDE(6, 2, 12, "APA3"),
	HIDE(6, 2, 16, "MOPS"),
	PASS(6, 2, 20, "BC"),
	HIDE(6, 2, 24, "PAC_frac"),
	/* ID_AA64MMFR0_EL1 */
	CAP(7, 0, 0, 5, "PARange"), /* 48 bits */
	PASS(7, 0, 4, "ASIDBits"),
	PASS(7, 0, 8, "BigEnd"),
	HIDE(7, 0, 12, "SNSMem"),
	PASS(7, 0, 16, "BigEndEL0"),
	CAP(7, 0, 20, 1, "TGran16"), /* no 52-bit addresses */
	PASS(7, 0, 24, "TGran64"),
	CAP(7, 0, 28, 0, "TGran4"), /* 4-KiB pages are there, or the loader had refused */
	HIDE(7, 0, 32, "TGran16_2"),
	HIDE(7, 0, 36, "TGran64_2"),
	HIDE(7, 0, 40, "TGran4_2"),
	PASS(7, 0, 44, "ExS"),
	HIDE(7, 0, 56, "FGT"),
	HIDE(7, 0, 60, "ECV"),
	/* ID_AA64MMFR1_EL1 */
	CAP(7, 1, 0, 2, "HAFDBS"),
	HIDE(7, 1, 4, "VMIDBits"),
	HIDE(7, 1, 8, "VH"),
	PASS(7, 1, 12, "HPDS"),
	HIDE(7, 1, 16, "LO"), /* HCR_EL2.TLOR */
	PASS(7, 1, 20, "PAN"),
	PASS(7, 1, 24, "SpecSEI"),
	HIDE(7, 1, 28, "XNX"),
	HIDE(7, 1, 32, "TWED"),
	PASS(7, 1, 36, "ETS"),
	HIDE(7, 1, 40, "HCX"),
	PASS(7, 1, 44, "AFP"),
	PASS(7, 1, 48, "nTLBPA"),
	HIDE(7, 1, 52, "TIDCP1"),
	HIDE(7, 1, 56, "CMOW"),
	PASS(7, 1, 60, "ECBHB"),
	/* ID_AA64MMFR2_EL1 */
	PASS(7, 2, 0, "CnP"),
	PASS(7, 2, 4, "UAO"),
	PASS(7, 2, 8, "LSM"),
	HIDE(7, 2, 12, "IESB"),
	CAP(7, 2, 16, 1, "VARange"),
	PASS(7, 2, 20, "CCIDX"),
	HIDE(7, 2, 24, "NV"),
	PASS(7, 2, 28, "ST"),
	PASS(7, 2, 32, "AT"),
	PASS(7, 2, 36, "IDS"),
	HIDE(7, 2, 40, "FWB"),
	PASS(7, 2, 48, "TTL"),
	PASS(7, 2, 52, "BBM"),
	HIDE(7, 2, 56, "EVT"),
	PASS(7, 2, 60, "E0PD"),
};
/* clang-format on */
const uint32_t id_field_count = ARRAY_LEN(id_fields);

uint64_t id_filter(uint32_t crm, uint32_t op2, uint64_t hw)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < id_field_count; i++) {
		const struct id_field *f = &id_fields[i];
		uint64_t field = hw >> f->lsb & 0xf;

		if (f->crm != crm || f->op2 != op2 || f->rule == ID_HIDE)
			continue;
		if (f->rule == ID_CAP)
			field = MIN(field, (uint64_t)f->max);
		v |= field << f->lsb;
	}
	return v;
}

/* Fields that are signed (Arm ARM, D19.1.3): 0xf is less than 0; and what the least is that they
 * say */
static const struct {
	uint8_t crm, op2, lsb;
	bool is_signed;
	int16_t least;
} bounds[] = {
	{ 4, 0, 0, false, 1 },	/* EL0 */
	{ 4, 0, 4, false, 1 },	/* EL1 */
	{ 4, 0, 16, true, 0 },	/* FP */
	{ 4, 0, 20, true, 0 },	/* AdvSIMD */
	{ 4, 0, 24, false, 1 }, /* GIC */
	{ 5, 0, 0, false, 6 },	/* DebugVer */
	{ 5, 0, 36, true, -1 }, /* DoubleLock */
	{ 7, 0, 24, true, -1 }, /* TGran64 */
	{ 7, 0, 28, true, -1 }, /* TGran4 */
};

static bool field_restricts(const struct id_field *f, uint64_t whole, uint64_t v)
{
	int32_t from = (int32_t)(whole >> f->lsb & 0xf), to = (int32_t)(v >> f->lsb & 0xf),
		least = 0;

	for (uint32_t i = 0; i < ARRAY_LEN(bounds); i++) {
		if (bounds[i].crm != f->crm || bounds[i].op2 != f->op2 || bounds[i].lsb != f->lsb)
			continue;
		least = bounds[i].least;
		if (bounds[i].is_signed) {
			from -= from > 7 ? 16 : 0;
			to -= to > 7 ? 16 : 0;
		}
	}
	/* As it is, it may stay. */
	return to == from || (to < from && to >= least);
}

bool id_restricts(uint32_t crm, uint32_t op2, uint64_t whole, uint64_t v)
{
	uint64_t known = 0;

	for (uint32_t i = 0; i < id_field_count; i++) {
		const struct id_field *f = &id_fields[i];

		if (f->crm != crm || f->op2 != op2)
			continue;
		known |= 0xfull << f->lsb;
		if (!field_restricts(f, whole, v))
			return false;
	}
	return !(v & ~known);
}
