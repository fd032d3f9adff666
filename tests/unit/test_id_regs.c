/* SPDX-License-Identifier: MIT */
/* The allow-list of ID fields against processors' own values, as read at EL2. */
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <WinHvPlatform.h>

#include "arch/arm64/el2/id_regs.h"
#include "kernel/bits.h"

struct sample {
	uint8_t crm, op2;
	uint64_t value;
};

/* QEMU 7.2: max, cortex-a57, neoverse-n1 */
static const struct sample max[] = {
	{ 4, 0, 0x1201001121110222 }, { 4, 1, 0x0000000001000021 }, { 4, 4, 0x0110110100110021 },
	{ 4, 5, 0x80f100fd00000000 }, { 5, 0, 0x0000000010305609 }, { 6, 0, 0x1221111110212120 },
	{ 6, 1, 0x0011111101211012 }, { 7, 0, 0x0000032310201126 }, { 7, 1, 0x0000011010211122 },
	{ 7, 2, 0x1021011010011011 },
};
static const struct sample a57[] = {
	{ 4, 0, 0x0000000001000222 },
	{ 5, 0, 0x0000000010305106 },
	{ 6, 0, 0x0000000000011120 },
	{ 7, 0, 0x0000000000001124 },
};
static const struct sample n1[] = {
	{ 4, 0, 0x1100000011110112 }, { 4, 1, 0x0000000000000020 }, { 5, 0, 0x0000000010305408 },
	{ 6, 0, 0x0000100010211120 }, { 6, 1, 0x0000000000100001 }, { 7, 0, 0x0000000000101125 },
	{ 7, 1, 0x0000000010212122 }, { 7, 2, 0x0000000000001011 },
};

/* Every field that the processor has is decided on: the lowest bit of one that is not, or -1. */
static int undecided(const struct sample *s)
{
	for (int lsb = 0; lsb < 64; lsb += 4) {
		bool found = false;

		for (uint32_t i = 0; i < id_field_count; i++)
			found |= id_fields[i].crm == s->crm && id_fields[i].op2 == s->op2 &&
				 id_fields[i].lsb == lsb;
		if (s->value >> lsb & 0xf && !found)
			return lsb;
	}
	return -1;
}

static void all_decided(const struct sample *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (undecided(&s[i]) >= 0)
			fail_msg("ID register %u,%u: field at bit %d has no row", s[i].crm,
				 s[i].op2, undecided(&s[i]));
}

static void test_every_field_has_a_row(void **state)
{
	struct sample strange = { 4, 1, 1ull << 60 };

	(void)state;
	all_decided(max, ARRAY_LEN(max));
	all_decided(a57, ARRAY_LEN(a57));
	all_decided(n1, ARRAY_LEN(n1));
	/* A field from the future is found out, and reads as zero. */
	assert_int_equal(undecided(&strange), 60);
	assert_int_equal(id_filter(4, 1, 1ull << 60), 0);
}

static uint64_t filtered(const struct sample *s, size_t n, uint32_t crm, uint32_t op2)
{
	for (size_t i = 0; i < n; i++)
		if (s[i].crm == crm && s[i].op2 == op2)
			return id_filter(crm, op2, s[i].value);
	return 0;
}
#define SEEN(s, crm, op2) filtered(s, ARRAY_LEN(s), crm, op2)

static void test_values(void **state)
{
	(void)state;
	/* No EL2, no AArch32, no RAS or AMU; FP, GIC, SVE, DIT, CSV3 as they are, CSV2 at most 1 */
	assert_int_equal(SEEN(max, 4, 0), 0x1101000101110011);
	/* BTI and SSBS, neither MTE nor SME */
	assert_int_equal(SEEN(max, 4, 1), 0x21);
	assert_int_equal(SEEN(max, 4, 4), 0x0110110100110021);
	assert_int_equal(SEEN(max, 4, 5), 0);
	/* No PMU */
	assert_int_equal(SEEN(max, 5, 0), 0x10305009);
	/* No pointer authentication, in any of its fields */
	assert_int_equal(SEEN(max, 6, 1) & 0xff000ff0, 0);
	assert_int_equal(SEEN(max, 6, 1), 0x0011111100211002);
	/* 48 bits; no stage 2 granules; 52-bit addresses nowhere */
	assert_int_equal(SEEN(max, 7, 0), 0x100125);
	assert_int_equal(SEEN(a57, 4, 0), 0x1000011);
	assert_int_equal(SEEN(a57, 7, 0), 0x124);
	assert_int_equal(SEEN(n1, 7, 1), 0x202002);
	/* What is not there stays so: signed fields */
	assert_int_equal(id_filter(4, 0, 0xff0000), 0xff0000);
	/* AArch32's registers, and those without a name */
	for (uint32_t op2 = 0; op2 < 8; op2++)
		for (uint32_t crm = 1; crm < 4; crm++)
			assert_int_equal(id_filter(crm, op2, ~0ull), 0);
	assert_int_equal(id_filter(7, 7, ~0ull), 0);
}

/* What a root may say instead: less, field by field. */
static void test_restricts(void **state)
{
	uint64_t pfr0 = SEEN(max, 4, 0), isar0 = SEEN(max, 6, 0), mmfr0 = SEEN(max, 7, 0);

	(void)state;
	for (uint32_t crm = 4; crm < 8; crm++)
		for (uint32_t op2 = 0; op2 < 8; op2++)
			assert_true(
				id_restricts(crm, op2, SEEN(max, crm, op2), SEEN(max, crm, op2)));
	assert_true(id_restricts(6, 0, isar0, 0));
	assert_true(id_restricts(6, 0, isar0, isar0 & ~0xf0ull));
	assert_false(id_restricts(6, 0, isar0, isar0 + 0x10));
	/* More in one field and less in another is more. */
	assert_false(id_restricts(6, 0, isar0 & ~0xf0ull, isar0 & ~0xf00ull));
	/* Without SVE, CSV or DIT; but EL0, EL1, FP and the GIC stay */
	assert_true(id_restricts(4, 0, pfr0, 0x1110011));
	for (uint32_t lsb = 0; lsb <= 4; lsb += 4)
		assert_false(id_restricts(4, 0, pfr0, pfr0 & ~(0xfull << lsb)));
	assert_false(id_restricts(4, 0, pfr0, pfr0 | 0xf0000));
	assert_false(id_restricts(4, 0, pfr0, pfr0 | 0xf00000));
	assert_true(id_restricts(4, 0, pfr0, pfr0 & ~0xff0000ull)); /* no half precision */
	assert_false(id_restricts(4, 0, pfr0, pfr0 & ~0xf000000ull));
	assert_true(id_restricts(4, 0, 0xff0011, 0xff0011)); /* without FP it stays so */
	assert_false(id_restricts(4, 0, 0xff0011, 0x000011));
	/* Hidden, not named: 0 */
	assert_false(id_restricts(4, 0, pfr0, pfr0 | 0x100));
	assert_false(id_restricts(7, 7, 0, 1));
	assert_true(id_restricts(7, 7, 0, 0));
	/* Granules: 0 is there, 0xf is not */
	assert_true(id_restricts(7, 0, mmfr0, mmfr0 | 0xf000000));
	assert_false(id_restricts(7, 0, mmfr0 | 0xf000000, mmfr0));
	assert_false(id_restricts(5, 0, 9, 5));
	assert_true(id_restricts(5, 0, 9, 6));
}

/* -- features ------------------------------------------------------------------------------------
 */
static uint64_t ids[ID_REGS];

static void take(const struct sample *s, size_t n)
{
	for (uint32_t crm = 4; crm < 8; crm++)
		for (uint32_t op2 = 0; op2 < 8; op2++)
			ids[id_index(crm, op2)] = filtered(s, n, crm, op2);
}

static void test_features(void **state)
{
	static const struct id_caches none = { 0, 1u << 4 }, all = { 3u << 14 | 3u << 28, 0 };
	WHV_ARM64_PROCESSOR_FEATURES f, g;
	WHV_ARM64_PROCESSOR_FEATURES1 f1, g1;

	(void)state;
	take(a57, ARRAY_LEN(a57));
	f.AsUINT64 = id_features(ids, &none, 0);
	f1.AsUINT64 = id_features(ids, &none, 1);
	assert_true(f.Asid16 && f.TGran64 && f.Fp && f.AdvSimd && f.GicV3V4 && f.Aes && f.PolyMul &&
		    f.Sha1 && f.Sha256 && f.Crc32);
	assert_false(f.Pan || f.FpHp || f.Atomic || f.Sha512 || f.Sha3 || f.El0Aarch32 || f.PmuV3 ||
		     f.Dp || f.ApaBase || f.GicV41 || f.L1ipPipt || f.DzPermitted || f.Idc ||
		     f.Dic);
	assert_int_equal(f1.AsUINT64, 0);
	take(max, ARRAY_LEN(max));
	f.AsUINT64 = id_features(ids, &all, 0);
	f1.AsUINT64 = id_features(ids, &all, 1);
	assert_true(f.Asid16 && f.Pan && f.AtS1E1 && f.Uao && f.FpHp && f.Atomic && f.Rdm &&
		    f.Sha3 && f.Jscvt && f.Fcma && f.RcpcV84 && f.Bf16 && f.L1ipPipt &&
		    f.DzPermitted && f.Idc && f.Dic && f.TlbiOsRange && f.FlagsM2 && f.Sb);
	assert_false(f.Ras || f.PmuV3 || f.ApaBase || f.El0Aarch32 || f.Gpa);
	assert_true(f1.Sve && f1.SveV2 && f1.I8mm && f1.SveI8mm && f1.Rng && f1.TtCnp && f1.SveAes);
	assert_int_equal(f1.Reserved, 0);
	/* Each that can go goes, and takes what builds on it along, no more. */
	for (uint32_t bank = 0; bank < 2; bank++)
		for (uint32_t b = 0; b < 64; b++) {
			uint64_t off[2] = { 0, 0 }, was[2], now[2];
			bool can;

			take(max, ARRAY_LEN(max));
			was[0] = id_features(ids, &all, 0);
			was[1] = id_features(ids, &all, 1);
			off[bank] = 1ull << b;
			can = id_disable(ids, &all, off);
			now[0] = id_features(ids, &all, 0);
			now[1] = id_features(ids, &all, 1);
			if (!can || !(was[bank] >> b & 1)) {
				assert_int_equal(now[0], was[0]);
				assert_int_equal(now[1], was[1]);
				continue;
			}
			assert_false(now[bank] >> b & 1);
			assert_int_equal(now[!bank], was[!bank]);
			assert_int_equal(now[bank] & ~was[bank], 0);
			for (uint32_t crm = 4; crm < 8; crm++)
				for (uint32_t op2 = 0; op2 < 8; op2++)
					assert_true(id_restricts(crm, op2, SEEN(max, crm, op2),
								 ids[id_index(crm, op2)]));
		}
	/* What stays: */
	g.AsUINT64 = 0;
	g.Fp = g.AdvSimd = g.GicV3V4 = g.L1ipPipt = g.DzPermitted = g.Idc = g.Dic = 1;
	g1.AsUINT64 = 0;
	for (uint32_t b = 0; b < 64; b++) {
		uint64_t off[2] = { 1ull << b, 0 };

		take(max, ARRAY_LEN(max));
		assert_int_equal(id_disable(ids, &all, off), !(g.AsUINT64 >> b & 1));
	}
	/* By value: no reserved one is left behind */
	g.AsUINT64 = 0;
	g.Asid16 = g.Atomic = g.Aes = 1;
	take(max, ARRAY_LEN(max));
	assert_true(id_disable(ids, &all, (uint64_t[2]){ g.AsUINT64, g1.AsUINT64 }));
	assert_int_equal(ids[id_index(7, 0)] >> 4 & 0xf, 0);
	assert_int_equal(ids[id_index(6, 0)] >> 20 & 0xf, 0);
	assert_int_equal(ids[id_index(6, 0)] >> 4 & 0xf, 0);
	g.AsUINT64 = 0;
	g.TGran64 = 1;
	assert_true(id_disable(ids, &all, (uint64_t[2]){ g.AsUINT64, 0 }));
	assert_int_equal(ids[id_index(7, 0)] >> 24 & 0xf, 0xf);
}

/* No field twice, none across another. */
static void test_rows(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < id_field_count; i++) {
		const struct id_field *f = &id_fields[i];

		assert_true(f->crm >= 1 && f->crm <= 7 && f->op2 <= 7 && f->lsb % 4 == 0 &&
			    f->lsb < 64 && f->name);
		for (uint32_t j = 0; j < i; j++)
			assert_false(id_fields[j].crm == f->crm && id_fields[j].op2 == f->op2 &&
				     id_fields[j].lsb == f->lsb);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_field_has_a_row),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_restricts),
		cmocka_unit_test(test_features),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
