/* SPDX-License-Identifier: MIT */
/*
 * Processor features as the hypervisor's properties count them, by fields of the ID registers
 * (names and numbers as in WinHvPlatformDefs.h, WHV_ARM64_PROCESSOR_FEATURES).
 */
#include "arch/arm64/el2/id_regs.h"

#include "kernel/bits.h"

static const struct row {
	uint8_t bank, bit;
	uint8_t crm, op2, lsb;
	int16_t least; /* the feature is there from this value on */
	int16_t below; /* and not with this one */
	bool is_signed;
} rows[] = {
	/* clang-format off: one feature a line */
	{ 0, 0, 7, 0, 4, 2, 0, false },	  /* Asid16 */
	{ 0, 1, 7, 0, 20, 1, 0, false },  /* TGran16 */
	{ 0, 2, 7, 0, 24, 0, -1, true },  /* TGran64 */
	{ 0, 3, 7, 1, 0, 1, 0, false },	  /* Haf */
	{ 0, 4, 7, 1, 0, 2, 1, false },	  /* Hdbs */
	{ 0, 5, 7, 1, 20, 1, 0, false },  /* Pan */
	{ 0, 6, 7, 1, 20, 2, 1, false },  /* AtS1E1 */
	{ 0, 7, 7, 2, 4, 1, 0, false },	  /* Uao */
	{ 0, 8, 4, 0, 0, 2, 1, false },	  /* El0Aarch32 */
	{ 0, 9, 4, 0, 16, 0, -1, true },  /* Fp */
	{ 0, 10, 4, 0, 16, 1, 0, true },  /* FpHp */
	{ 0, 11, 4, 0, 20, 0, -1, true }, /* AdvSimd */
	{ 0, 12, 4, 0, 20, 1, 0, true },  /* AdvSimdHp */
	{ 0, 13, 4, 0, 24, 1, 0, false }, /* GicV3V4 */
	{ 0, 14, 4, 0, 24, 3, 1, false }, /* GicV41 */
	{ 0, 15, 4, 0, 28, 1, 0, false }, /* Ras */
	{ 0, 16, 5, 0, 8, 1, 0, false },  /* PmuV3 */
	{ 0, 17, 5, 0, 8, 4, 1, false },  /* PmuV3ArmV81 */
	{ 0, 18, 5, 0, 8, 5, 4, false },  /* PmuV3ArmV84 */
	{ 0, 19, 5, 0, 8, 6, 5, false },  /* PmuV3ArmV85 */
	{ 0, 20, 6, 0, 4, 1, 0, false },  /* Aes */
	{ 0, 21, 6, 0, 4, 2, 1, false },  /* PolyMul */
	{ 0, 22, 6, 0, 8, 1, 0, false },  /* Sha1 */
	{ 0, 23, 6, 0, 12, 1, 0, false }, /* Sha256 */
	{ 0, 24, 6, 0, 12, 2, 1, false }, /* Sha512 */
	{ 0, 25, 6, 0, 16, 1, 0, false }, /* Crc32 */
	{ 0, 26, 6, 0, 20, 2, 0, false }, /* Atomic */
	{ 0, 27, 6, 0, 28, 1, 0, false }, /* Rdm */
	{ 0, 28, 6, 0, 32, 1, 0, false }, /* Sha3 */
	{ 0, 29, 6, 0, 36, 1, 0, false }, /* Sm3 */
	{ 0, 30, 6, 0, 40, 1, 0, false }, /* Sm4 */
	{ 0, 31, 6, 0, 44, 1, 0, false }, /* Dp */
	{ 0, 32, 6, 0, 48, 1, 0, false }, /* Fhm */
	{ 0, 33, 6, 1, 0, 1, 0, false },  /* DcCvap */
	{ 0, 34, 6, 1, 0, 2, 1, false },  /* DcCvadp */
	{ 0, 35, 6, 1, 4, 1, 0, false },  /* ApaBase */
	{ 0, 36, 6, 1, 4, 2, 1, false },  /* ApaEp */
	{ 0, 37, 6, 1, 4, 3, 2, false },  /* ApaEp2 */
	{ 0, 38, 6, 1, 4, 4, 3, false },  /* ApaEp2Fp */
	{ 0, 39, 6, 1, 4, 5, 4, false },  /* ApaEp2Fpc */
	{ 0, 40, 6, 1, 12, 1, 0, false }, /* Jscvt */
	{ 0, 41, 6, 1, 16, 1, 0, false }, /* Fcma */
	{ 0, 42, 6, 1, 20, 1, 0, false }, /* RcpcV83 */
	{ 0, 43, 6, 1, 20, 2, 1, false }, /* RcpcV84 */
	{ 0, 44, 6, 1, 24, 1, 0, false }, /* Gpa */
	{ 0, 47, 4, 1, 4, 1, 0, false },  /* Ssbs */
	{ 0, 48, 4, 1, 4, 2, 1, false },  /* SsbsRw */
	{ 0, 53, 4, 0, 56, 1, 0, false }, /* Csv2 */
	{ 0, 54, 4, 0, 60, 1, 0, false }, /* Csv3 */
	{ 0, 55, 6, 1, 36, 1, 0, false }, /* Sb */
	{ 0, 58, 6, 0, 56, 1, 0, false }, /* TlbiOs */
	{ 0, 59, 6, 0, 56, 2, 1, false }, /* TlbiOsRange */
	{ 0, 60, 6, 0, 52, 1, 0, false }, /* FlagsM */
	{ 0, 61, 6, 0, 52, 2, 1, false }, /* FlagsM2 */
	{ 0, 62, 6, 1, 44, 1, 0, false }, /* Bf16 */
	{ 0, 63, 6, 1, 44, 2, 1, false }, /* Ebf16 */
	{ 1, 0, 4, 4, 20, 1, 0, false },  /* SveBf16 */
	{ 1, 1, 4, 4, 20, 2, 1, false },  /* SveEbf16 */
	{ 1, 2, 6, 1, 52, 1, 0, false },  /* I8mm */
	{ 1, 3, 4, 4, 44, 1, 0, false },  /* SveI8mm */
	{ 1, 4, 6, 1, 32, 1, 0, false },  /* Frintts */
	{ 1, 5, 6, 1, 40, 1, 0, false },  /* Specres */
	{ 1, 7, 6, 2, 4, 1, 0, false },	  /* Rpres */
	{ 1, 8, 7, 0, 44, 1, 0, false },  /* Exs */
	{ 1, 9, 7, 1, 24, 1, 0, false },  /* SpecSei */
	{ 1, 10, 7, 1, 36, 1, 0, false }, /* Ets */
	{ 1, 11, 7, 1, 44, 1, 0, false }, /* Afp */
	{ 1, 12, 7, 2, 12, 1, 0, false }, /* Iesb */
	{ 1, 13, 6, 0, 60, 1, 0, false }, /* Rng */
	{ 1, 14, 7, 2, 32, 1, 0, false }, /* Lse2 */
	{ 1, 15, 7, 2, 36, 1, 0, false }, /* Idst */
	{ 1, 22, 7, 2, 20, 1, 0, false }, /* Ccidx */
	{ 1, 35, 7, 2, 0, 1, 0, false },  /* TtCnp */
	{ 1, 36, 7, 1, 12, 1, 0, false }, /* Hpds */
	{ 1, 37, 4, 0, 32, 1, 0, false }, /* Sve */
	{ 1, 38, 4, 4, 0, 1, 0, false },  /* SveV2 */
	{ 1, 39, 4, 4, 0, 2, 1, false },  /* SveV2P1 */
	{ 1, 40, 7, 3, 60, 1, 0, false }, /* SpecFpacc */
	{ 1, 41, 4, 4, 4, 1, 0, false },  /* SveAes */
	{ 1, 42, 4, 4, 16, 1, 0, false }, /* SveBitPerm */
	{ 1, 43, 4, 4, 32, 1, 0, false }, /* SveSha3 */
	{ 1, 44, 4, 4, 40, 1, 0, false }, /* SveSm4 */
	{ 1, 45, 7, 2, 60, 1, 0, false }, /* E0PD */
					  /* clang-format on */
};

/* Of bank 0, by CTR_EL0 and DCZID_EL0: no VP can be told otherwise. */
#define L1IP_PIPT    BIT(45)
#define DZ_PERMITTED BIT(46)
#define IDC	     BIT(56)
#define DIC	     BIT(57)

static int32_t field(const uint64_t *id, const struct row *r)
{
	int32_t v = (int32_t)(id[id_index(r->crm, r->op2)] >> r->lsb & 0xf);

	return r->is_signed && v > 7 ? v - 16 : v;
}

static uint64_t cache_features(const struct id_caches *c)
{
	return (FIELD(c->ctr, 15, 14) == 3 ? L1IP_PIPT : 0) |
	       (c->dczid & BIT(4) ? 0 : DZ_PERMITTED) | (c->ctr & BIT(28) ? IDC : 0) |
	       (c->ctr & BIT(29) ? DIC : 0);
}

uint64_t id_features(const uint64_t *id, const struct id_caches *c, uint32_t bank)
{
	uint64_t v = bank ? 0 : cache_features(c);

	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].bank == bank && field(id, &rows[i]) >= rows[i].least)
			v |= BIT(rows[i].bit);
	return v;
}

/* What a VP always has: id_restricts() would not let it go. */
static bool fixed(const struct row *r)
{
	return r->crm == 4 && r->op2 == 0 &&
	       ((r->lsb >= 16 && r->lsb <= 20 && !r->least) || (r->lsb == 24 && r->least == 1));
}

bool id_disable(uint64_t *id, const struct id_caches *c, const uint64_t disabled[2])
{
	if (disabled[0] & cache_features(c))
		return false;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++)
		if (disabled[rows[i].bank] >> rows[i].bit & 1 && fixed(&rows[i]) &&
		    field(id, &rows[i]) >= rows[i].least)
			return false;
	/* What builds on it goes too. */
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		uint64_t *word = &id[id_index(r->crm, r->op2)];

		if (!(disabled[r->bank] >> r->bit & 1) || field(id, r) < r->least)
			continue;
		*word &= ~(0xfull << r->lsb);
		*word |= (uint64_t)(r->below & 0xf) << r->lsb;
	}
	return true;
}
