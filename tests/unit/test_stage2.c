/* SPDX-License-Identifier: MIT */
/* Stage 2: the format, kernel/slat.c over it, and what has to happen around a change, by the log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/arm64/el2/el2.h"
#include "fake_arch.h"
#include "fake_tables.h"

#define G (1ull << 30)
#define M (2ull << 20)

static struct partition part;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	fake_hw_reset();
	(void)stage2_init(5);
	memset(&part, 0, sizeof(part));
	part.slot = 6;
	next_page = hpa_ptr(HPA(0x100000));
	assert_true(slat_init(&part.slat, &stage2_format,
			      (struct slat_source){ page_new, page_old, NULL }));
	*fake_sysreg("vttbr_el2") = 0x1234;
	*fake_sysreg("tcr_el1") = 0x3510;
	fake_did_count = 0;
	return 0;
}

static uint64_t entry(uint64_t gpa, uint32_t level)
{
	uint64_t *t = part.slat.root;

	for (uint32_t l = stage2_format.levels; l > level; l--)
		t = hpa_ptr(HPA(t[gpa >> (12 + 9 * (l - 1)) & 511] & 0xfffffffff000ull));
	return t[gpa >> (12 + 9 * (level - 1)) & 511];
}

static void map(uint64_t gpa, uint64_t hpa, uint32_t level, uint32_t prot)
{
	assert_int_equal(slat_map(&part.slat, GPA(gpa), HPA(hpa), level, prot, NULL, NULL),
			 SLAT_OK);
}

/* Arm ARM, D8.3.2: bits of a stage 2 descriptor. */
static void test_format(void **state)
{
	(void)state;
	map(0x3000, 0x7000, 1, SLAT_RWX);
	assert_int_equal(entry(0x3000, 1), 0x7000 | 1 << 10 | 3 << 8 | 3 << 6 | 0xf << 2 | 3);
	map(0x4000, 0x8000, 1, SLAT_R);
	assert_int_equal(entry(0x4000, 1),
			 1ull << 54 | 0x8000 | 1 << 10 | 3 << 8 | 1 << 6 | 0xf << 2 | 3);
	map(0x5000, 0x9000, 1, SLAT_R | SLAT_W | SLAT_UC);
	assert_int_equal(entry(0x5000, 1),
			 1ull << 54 | 0x9000 | 1 << 10 | 3 << 8 | 3 << 6 | 0x5 << 2 | 3);
	/* Blocks have bit 1 clear */
	map(4 * M, 2 * M, 2, SLAT_RWX);
	assert_int_equal(entry(4 * M, 2), 2 * M | 1 << 10 | 3 << 8 | 3 << 6 | 0xf << 2 | 1);
	map(5 * G, 3 * G, 3, SLAT_RWX);
	assert_int_equal(entry(5 * G, 3), 3 * G | 1 << 10 | 3 << 8 | 3 << 6 | 0xf << 2 | 1);
	/* A mapping without access is no translation, and remembered */
	map(0x6000, 0, 1, 0);
	assert_int_equal(entry(0x6000, 1) & 1, 0);
	assert_int_not_equal(entry(0x6000, 1), 0);
}

static void test_parse(void **state)
{
	static const uint32_t prots[] = {
		0,	  SLAT_R,	    SLAT_R | SLAT_W,   SLAT_R | SLAT_X,
		SLAT_RWX, SLAT_R | SLAT_UC, SLAT_RWX | SLAT_WT
	};
	struct slat_leaf l;

	(void)state;
	for (uint32_t level = 1; level <= 3; level++)
		for (uint32_t i = 0; i < ARRAY_LEN(prots); i++) {
			uint64_t e = stage2_format.leaf(HPA(8 * G), prots[i], level);

			assert_int_equal(stage2_format.parse(e, level, &l), 1);
			assert_int_equal(l.prot, prots[i]);
			if (prots[i])
				assert_int_equal(l.hpa.v, 8 * G);
		}
	assert_int_equal(stage2_format.parse(0, 1, &l), 0);
	assert_int_equal(stage2_format.parse(stage2_format.table(HPA(0x5000)), 2, &l), 2);
	assert_int_equal(l.hpa.v, 0x5000);
}

static const uint64_t *watched;
static uint64_t at_tlbi;

static void look(const char *what, uint64_t value)
{
	(void)value;
	/* The first: the page that changes below has its own */
	if (!strcmp(what, "tlbi vmalls12e1is") && at_tlbi == ~0ull)
		at_tlbi = *watched;
}

/* The sequence of D8.16.1; false names what is missing. */
static const char *check_bbm(int from)
{
	int st = fake_next("dsb ishst", from), vttbr = fake_next("vttbr_el2", from);
	int tlbi = fake_next("tlbi vmalls12e1is", from), done;

	if (tlbi < 0)
		return "no invalidation";
	if (st < 0 || st > tlbi)
		return "the store may be behind the invalidation";
	if (vttbr < 0 || vttbr > tlbi ||
	    fake_did[vttbr].value != (ptr_hpa(part.slat.root).v | 7ull << 48))
		return "another VMID";
	if (fake_next("isb", vttbr) < 0 || fake_next("isb", vttbr) > tlbi)
		return "VTTBR is not in force";
	done = fake_next("dsb ish", tlbi);
	if (done < 0)
		return "nobody waits for it";
	if (fake_next("isb", done) < 0)
		return "no context synchronization";
	return NULL;
}

/* A block becomes a table: through invalid, and flushed before the new one is there. */
static void test_break_before_make(void **state)
{
	uint64_t *l2;
	const char *why;

	(void)state;
	map(4 * M, 8 * M, 2, SLAT_RWX);
	/* From nothing to something needs no flush */
	assert_int_equal(fake_next("tlbi vmalls12e1is", 0), -1);
	l2 = hpa_ptr(HPA(part.slat.root[0] & 0xfffffffff000ull));
	l2 = hpa_ptr(HPA(l2[0] & 0xfffffffff000ull));
	watched = &l2[4];
	at_tlbi = ~0ull;
	fake_on = look;
	fake_did_count = 0;
	map(4 * M + 0x5000, 0x1000, 1, SLAT_R);
	fake_on = NULL;
	assert_int_equal(at_tlbi, 0);
	why = check_bbm(0);
	if (why)
		fail_msg("%s", why);
	/* The running VP's own again, and its walks were off in between */
	assert_int_equal(*fake_sysreg("vttbr_el2"), 0x1234);
	assert_int_equal(*fake_sysreg("tcr_el1"), 0x3510);
	assert_int_equal(*fake_sysreg("sctlr_el1"), 0);
	{
		int tcr = fake_next("tcr_el1", 0);

		assert_true(tcr >= 0 && tcr < fake_next("vttbr_el2", 0));
		assert_int_equal(fake_did[tcr].value, 0x3510 | TCR_EPD0 | TCR_EPD1);
	}
	/* Its neighbours translate as before */
	assert_int_equal(entry(4 * M + 0x6000, 1) & 0xfffffffff000ull, 8 * M + 0x6000);
	/* And back: 512 pages fold into a block the same way */
	map(4 * M + 0x5000, 8 * M + 0x5000, 1, SLAT_RWX);
	at_tlbi = ~0ull;
	fake_on = look;
	fake_did_count = 0;
	assert_non_null(slat_fold(&part.slat, GPA(4 * M), 2));
	fake_on = NULL;
	assert_int_equal(at_tlbi, 0);
	assert_null(check_bbm(0));
	assert_int_equal(*watched, 8 * M | 0x7fd);
}

/* The checker itself: each sequence with one thing wrong is found out. */
static void test_checker(void **state)
{
	static const char *const good[] = { "dsb ishst",	 "vttbr_el2", "isb",
					    "tlbi vmalls12e1is", "dsb ish",   "isb" };
	uint64_t vttbr = ptr_hpa(part.slat.root).v | 7ull << 48;

	(void)state;
	for (uint32_t without = 0; without <= ARRAY_LEN(good); without++) {
		fake_did_count = 0;
		for (uint32_t i = 0; i < ARRAY_LEN(good); i++)
			if (i != without)
				fake_do(good[i], vttbr);
		if (without == ARRAY_LEN(good))
			assert_null(check_bbm(0));
		else
			assert_non_null(check_bbm(0));
	}
	fake_did_count = 0;
	for (uint32_t i = 0; i < ARRAY_LEN(good); i++)
		fake_do(good[i], vttbr + (1ull << 48));
	assert_non_null(check_bbm(0));
}

/* The VP that runs is of this partition: VTTBR stays. */
static void test_flush_own(void **state)
{
	(void)state;
	*fake_sysreg("vttbr_el2") = stage2_vttbr(&part.slat);
	stage2_flush(&part.slat);
	assert_int_equal(fake_next("vttbr_el2", 0), -1);
	assert_int_equal(fake_next("dsb ishst", 0), 0);
	assert_int_equal(fake_next("tlbi vmalls12e1is", 0), 1);
	assert_int_equal(fake_next("dsb ish", 0), 2);
	assert_int_equal(fake_next("isb", 0), 3);
}

static void test_vtcr(void **state)
{
	static const struct {
		uint64_t mmfr0;
		uint32_t bits, levels;
		uint64_t vtcr;
	} rows[] = {
		{ 0x1126, 48, 4, 0x80053590 }, /* 52 bits are 48 here */
		{ 0x1125, 48, 4, 0x80053590 }, { 0x1124, 44, 4, 0x80043594 },
		{ 0x0002, 40, 3, 0x80023559 }, { 0x0001, 36, 3, 0x8001355c },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(stage2_init(rows[i].mmfr0), rows[i].bits);
		assert_int_equal(stage2_format.levels, rows[i].levels);
		assert_int_equal(stage2_vtcr(), rows[i].vtcr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_format, setup),
		cmocka_unit_test_setup(test_parse, setup),
		cmocka_unit_test_setup(test_break_before_make, setup),
		cmocka_unit_test_setup(test_checker, setup),
		cmocka_unit_test_setup(test_flush_own, setup),
		cmocka_unit_test_setup(test_vtcr, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
