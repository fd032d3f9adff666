/* SPDX-License-Identifier: MIT */
/*
 * The walk of a guest's stage 1 on arm64. Tables are built by hand from the formats of the Arm ARM
 * (D8.3), and every combination of rights is compared with a reference written from D8.4.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "hvapi/translate.h"
#include "kernel/arch.h"
#include "kernel/bits.h"

#define PAGES  64u
#define V      1ull
#define TBL    3ull
#define PG     3ull
#define AP1    (1ull << 6)
#define AP2    (1ull << 7)
#define AF     (1ull << 10)
#define DBM    (1ull << 51)
#define PXN    (1ull << 53)
#define UXN    (1ull << 54)
#define TG1_4K (2ull << 30)
#define HIGH   0xffff000000000000ull
#define K      0x1000ull

static uint64_t ram[PAGES][512]; /* guest-physical 0 .. */
static enum guest_mem_result missing[PAGES], write_result;
static uint32_t held, writes;
static uint64_t race_at, race_value; /* this entry changes between read and update */
static struct partition part;
static struct vp vp;
uint32_t cpu_pa_bits;
static uint64_t page_gpa, page_flags;

enum guest_mem_result guest_mem_pin(struct partition *p, gpa_t gpa, uint32_t need,
				    struct guest_page *out)
{
	uint64_t page = gpa.v >> PAGE_SHIFT;

	assert_ptr_equal(p, &part);
	assert_false(gpa.v & 7);
	if (page >= PAGES)
		return GUEST_MEM_UNMAPPED;
	if (missing[page])
		return missing[page];
	if (need & SLAT_W) {
		if (write_result)
			return write_result;
		writes++;
		if (race_at == gpa.v)
			ram[page][gpa.v % 4096 / 8] = race_value;
	}
	held++;
	out->ptr = ram[page];
	return GUEST_MEM_OK;
}

void guest_mem_unpin(struct guest_page *pg)
{
	(void)pg;
	held--;
}

void translate_page(struct partition *p, gpa_t gpa, uint64_t flags,
		    struct hv_output_translate_virtual_address *out)
{
	assert_ptr_equal(p, &part);
	page_gpa = gpa.v;
	page_flags = flags;
	out->result_code = HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS;
	out->gpa_page = 42;
}

#define EL1(r) (vp.arch.el1[EL1_##r])

static int begin(void **state)
{
	(void)state;
	memset(ram, 0, sizeof(ram));
	memset(missing, 0, sizeof(missing));
	memset(&vp, 0, sizeof(vp));
	memset(fake_id, 0, sizeof(fake_id));
	write_result = GUEST_MEM_OK;
	held = writes = 0;
	race_at = 0;
	cpu_pa_bits = 44;
	vp.partition = &part;
	vp.arch.pstate = PSR_EL1H;
	EL1(sctlr_el1) = SCTLR_M;
	EL1(tcr_el1) = 16 | 16 << 16 | TG1_4K | 5ull << 32;
	EL1(ttbr0_el1) = 1 * K;
	return 0;
}

static uint64_t entry(uint32_t page, uint32_t i, uint64_t e)
{
	ram[page][i] = e;
	return page * K + 8ull * i;
}

static struct gva_fault fault;
static gpa_t got;

static enum gva_result walk(uint64_t va, uint32_t access)
{
	enum gva_result r;

	memset(&fault, 0xee, sizeof(fault));
	got = GPA(~0ull);
	r = gva_translate(&vp, va, access, &got, &fault);
	assert_int_equal(held, 0);
	return r;
}

static void expect(uint64_t va, uint64_t gpa)
{
	assert_int_equal(walk(va, GVA_READ), GVA_OK);
	assert_int_equal(got.v, gpa);
}

/* Four levels at 4 KiB: pages 1 to 4, va 0x8040201000 is index 1 at each. */
#define VA 0x8040201000ull
static void four_levels(void)
{
	entry(1, 1, 2 * K | TBL);
	entry(2, 1, 3 * K | TBL);
	entry(3, 1, 4 * K | TBL);
	entry(4, 1, 0x123456000 | AF | PG);
}

static void test_4k(void **state)
{
	(void)state;
	four_levels();
	expect(VA + 0x78, 0x123456078);
	/* Blocks: 2 MiB, 1 GiB; there is none of 512 GiB */
	entry(3, 1, 0x140000000 | AF | V);
	expect(VA + 0x78, 0x140001078);
	entry(2, 1, 0x2040000000 | AF | V);
	expect(VA + 0x78, 0x2040201078);
	entry(1, 1, AF | V);
	assert_int_equal(walk(VA, GVA_READ), GVA_NOT_PRESENT);
	/* Each level may be absent, and at the last bit 1 must be set. */
	for (uint32_t l = 1; l <= 4; l++) {
		four_levels();
		entry(l, 1, 0x8000 | AF | 2);
		assert_int_equal(walk(VA, GVA_READ), GVA_NOT_PRESENT);
	}
	four_levels();
	entry(4, 1, 0x123456000 | AF | V);
	assert_int_equal(walk(VA, GVA_READ), GVA_NOT_PRESENT);
	entry(4, 1, 0x123456000 | PG);
	assert_int_equal(walk(VA, GVA_READ), GVA_NOT_PRESENT);
	/* Bits that say nothing about the address: contiguous, nG, attributes, software's */
	entry(4, 1, 0x123456000 | AF | PG | 1ull << 52 | 1ull << 11 | 0x1c | 0xfull << 55);
	expect(VA, 0x123456000);
}

static void test_64k_16k(void **state)
{
	(void)state;
	/* 64 KiB, 42 bits: two levels, tables of 64 KiB at 0x10000 and 0x20000 */
	EL1(tcr_el1) = 22 | 1 << 14 | 5ull << 32;
	EL1(ttbr0_el1) = 0x10000;
	entry(0x10, 3, 0x20000 | TBL);
	entry(0x20, 5, 0x7770000 | AF | PG);
	expect(3ull << 29 | 5 << 16 | 0x1234, 0x7771234);
	entry(0x10, 3, 0x40000000 | AF | V);
	expect(3ull << 29 | 0x9876543, 0x40000000 | 0x9876543);
	/* 48 bits: a first table of 64 entries, where a block of 4 TiB would be */
	EL1(tcr_el1) = 16 | 1 << 14 | 5ull << 32;
	entry(0x10, 1, 0x20000 | TBL);
	entry(0x20, 5, 0x30000 | TBL);
	entry(0x30, 7, 0x7770000 | AF | PG);
	expect(1ull << 42 | 5ull << 29 | 7 << 16, 0x7770000);
	entry(0x10, 1, AF | V);
	assert_int_equal(walk(1ull << 42, GVA_READ), GVA_NOT_PRESENT);
	/* 16 KiB, 47 bits: three levels; blocks of 32 MiB, not of 64 GiB */
	EL1(tcr_el1) = 17 | 2 << 14 | 5ull << 32;
	EL1(ttbr0_el1) = 0x4000;
	entry(4, 1, 0x8000 | TBL);
	entry(8, 2, 0xc000 | TBL);
	entry(0xc, 3, 0x7774000 | AF | PG);
	expect(1ull << 36 | 2 << 25 | 3 << 14 | 0x3fff, 0x7777fff);
	entry(8, 2, 0x6000000 | AF | V);
	expect(1ull << 36 | 2 << 25 | 0x1fffff8, 0x6000000 | 0x1fffff8);
	entry(4, 1, AF | V);
	assert_int_equal(walk(1ull << 36, GVA_READ), GVA_NOT_PRESENT);
}

/* Where the walk begins, and how big the first table is, follows from TxSZ. */
static void test_sizes(void **state)
{
	(void)state;
	for (uint32_t bits = 25; bits <= 48; bits++) {
		uint32_t levels = (bits - 12 + 8) / 9, first = bits - 12 - 9 * (levels - 1);
		uint64_t va = (BIT(bits) - 1) & ~0xfffull;

		memset(ram, 0, sizeof(ram));
		EL1(tcr_el1) = (64 - bits) | 5ull << 32;
		/* The first table at the last place of a page that its size allows */
		EL1(ttbr0_el1) =
			(4 * K - (first < 3 ? 64 : 8ull << first)) & (MASK(47, 12) | 0xfc0);
		if (first == 9)
			EL1(ttbr0_el1) = 3 * K;
		for (uint32_t l = 0; l < levels; l++) {
			uint64_t at =
				l ? (4 + l) * K + 8 * 511 : EL1(ttbr0_el1) + 8 * (BIT(first) - 1);

			ram[at >> 12][at % K / 8] =
				l + 1 < levels ? (5 + l) * K | TBL : 0x555000 | AF | PG;
		}
		EL1(ttbr0_el1) |= 1 | 0x1234ull << 48; /* CnP and ASID */
		expect(va, 0x555000);
		assert_int_equal(walk(va + 0x1000, GVA_READ), GVA_NOT_PRESENT);
	}
	/* Out of the range: smaller needs FEAT_TTST, larger FEAT_LVA and 64 KiB */
	EL1(tcr_el1) = 40 | 5ull << 32;
	assert_int_equal(walk(0, GVA_READ), GVA_NOT_PRESENT);
	fake_id[7][2] = 1ull << 28;
	EL1(ttbr0_el1) = 3 * K;
	entry(3, 0, 5 * K | TBL);
	entry(5, 0, 0x555000 | AF | PG);
	expect(0, 0x555000);
	EL1(tcr_el1) = 49 | 5ull << 32;
	assert_int_equal(walk(0, GVA_READ), GVA_NOT_PRESENT);
	EL1(tcr_el1) = 48 | 1 << 14 | 5ull << 32;
	assert_int_equal(walk(0, GVA_READ), GVA_NOT_PRESENT);
	EL1(tcr_el1) = 15 | 5ull << 32;
	assert_int_equal(walk(0, GVA_READ), GVA_NOT_PRESENT);
	fake_id[7][2] = 1ull << 16;
	assert_int_equal(walk(0, GVA_READ), GVA_NOT_PRESENT);
	EL1(tcr_el1) = 12 | 1 << 14 | 5ull << 32;
	EL1(ttbr0_el1) = 0x10000;
	entry(0x10 + 1, 0, 0x20000 | TBL); /* index 512 */
	entry(0x20, 0, 0x30000 | TBL);
	entry(0x30, 0, 0x7770000 | AF | PG);
	expect(1ull << 51, 0x7770000);
	EL1(tcr_el1) = 11 | 1 << 14 | 5ull << 32;
	assert_int_equal(walk(0, GVA_READ), GVA_NOT_PRESENT);
}

static void test_halves(void **state)
{
	(void)state;
	four_levels();
	/* TTBR1_EL1's half has tables of its own. */
	EL1(ttbr1_el1) = 6 * K;
	entry(6, 1, 7 * K | TBL);
	entry(7, 1, 0x40000000 | AF | V);
	expect(VA, 0x123456000);
	expect(HIGH | VA, 0x40201000);
	/* Between them is nothing. */
	assert_int_equal(walk(1ull << 48 | VA, GVA_READ), GVA_NOT_PRESENT);
	assert_int_equal(walk(0x80ull << 56 | VA, GVA_READ), GVA_NOT_PRESENT);
	assert_int_equal(walk((HIGH | VA) & ~(1ull << 63), GVA_READ), GVA_NOT_PRESENT);
	/* Tags, each half by itself */
	EL1(tcr_el1) |= 1ull << 37;
	expect(0xa5ull << 56 | VA, 0x123456000);
	assert_int_equal(walk((HIGH | VA) & ~(1ull << 63), GVA_READ), GVA_NOT_PRESENT);
	EL1(tcr_el1) ^= 3ull << 37;
	assert_int_equal(walk(0xa5ull << 56 | VA, GVA_READ), GVA_NOT_PRESENT);
	expect((HIGH | VA) & ~(1ull << 63), 0x40201000);
	assert_int_equal(walk(1ull << 55 | VA, GVA_READ), GVA_NOT_PRESENT);
	/* EPD0, EPD1: no walk */
	EL1(tcr_el1) |= 1 << 7;
	assert_int_equal(walk(VA, GVA_READ), GVA_NOT_PRESENT);
	expect(HIGH | VA, 0x40201000);
	EL1(tcr_el1) ^= 1 << 7 | 1 << 23;
	expect(VA, 0x123456000);
	assert_int_equal(walk(HIGH | VA, GVA_READ), GVA_NOT_PRESENT);
	EL1(tcr_el1) ^= 1 << 23;
	/* Granules that are none */
	EL1(tcr_el1) |= 3 << 14;
	assert_int_equal(walk(VA, GVA_READ), GVA_NOT_PRESENT);
	EL1(tcr_el1) &= ~(3ull << 14 | 3ull << 30);
	assert_int_equal(walk(HIGH | VA, GVA_READ), GVA_NOT_PRESENT);
	expect(VA, 0x123456000);
	/* E0PD0: EL0 has no such half, if the processor has the feature */
	entry(4, 1, 0x123456000 | AF | AP1 | PG);
	EL1(tcr_el1) |= 1ull << 55;
	assert_int_equal(walk(VA, GVA_READ | GVA_USER), GVA_OK);
	fake_id[7][2] = 1ull << 60;
	assert_int_equal(walk(VA, GVA_READ | GVA_USER), GVA_NOT_PRESENT);
	expect(VA, 0x123456000);
}

/* Every output address is within TCR_EL1.IPS, and within the processor's. */
static void test_address_size(void **state)
{
	static const uint8_t ips[] = { 32, 36, 40, 42, 44, 48, 48, 48 };

	(void)state;
	cpu_pa_bits = 48;
	for (uint32_t i = 0; i < 8; i++)
		for (uint32_t pa = 40; pa <= 52; pa += 4) {
			uint32_t bits = MIN(MIN((uint32_t)ips[i], pa), 48u);

			cpu_pa_bits = pa;
			EL1(tcr_el1) = 16 | (uint64_t)i << 32;
			EL1(ttbr0_el1) = 1 * K;
			four_levels();
			entry(4, 1, 1ull << (bits - 1) | AF | PG);
			expect(VA, 1ull << (bits - 1));
			if (bits == 48)
				continue;
			entry(4, 1, 1ull << bits | AF | PG);
			assert_int_equal(walk(VA, GVA_READ), GVA_ADDRESS);
			entry(3, 1, 1ull << bits | TBL);
			assert_int_equal(walk(VA, GVA_READ), GVA_ADDRESS);
			EL1(ttbr0_el1) = 1ull << bits;
			assert_int_equal(walk(VA, GVA_READ), GVA_ADDRESS);
		}
}

static void test_off(void **state)
{
	(void)state;
	EL1(sctlr_el1) = 0;
	EL1(tcr_el1) = 0;
	expect(0x123456789, 0x123456789);
	expect((1ull << 44) - 1, (1ull << 44) - 1);
	assert_int_equal(walk(1ull << 44, GVA_READ), GVA_ADDRESS);
	cpu_pa_bits = 52;
	assert_int_equal(walk(1ull << 48, GVA_READ), GVA_ADDRESS);
	assert_int_equal(walk(0xaaull << 56 | 0x1000, GVA_READ), GVA_ADDRESS);
	EL1(tcr_el1) = 1ull << 37;
	expect(0xaaull << 56 | 0x1000, 0x1000);
	assert_int_equal(walk(0xaaull << 56 | 1ull << 55, GVA_READ), GVA_ADDRESS);
}

/* -- rights ---------------------------------------------------------------------------------------
 */
struct rights {
	bool ap1, ap2, uxn, pxn, ap1_table, ap2_table, uxn_table, pxn_table, hpd, wxn, pan, epan;
};

/* From the tables of D8.4.1 (data) and D8.4.2 (execution) */
static bool reference(const struct rights *r, uint32_t access, bool user)
{
	bool ro = r->ap2 || (r->ap2_table && !r->hpd);
	bool unprivileged = r->ap1 && !(r->ap1_table && !r->hpd);
	bool user_x, kernel_x;

	user_x = !(r->uxn || (r->uxn_table && !r->hpd));
	kernel_x = !(r->pxn || (r->pxn_table && !r->hpd));
	if (access == GVA_READ)
		return user ? unprivileged : !(r->pan && (unprivileged || (r->epan && user_x)));
	if (access == GVA_WRITE)
		return !ro &&
		       (user ? unprivileged : !(r->pan && (unprivileged || (r->epan && user_x))));
	if (user)
		return user_x && !(r->wxn && unprivileged && !ro);
	if (unprivileged && !ro)
		return false;
	return kernel_x && !(r->wxn && !ro);
}

static void test_rights(void **state)
{
	(void)state;
	fake_id[7][1] = 1 << 12 | 3 << 20; /* HPDS, PAN3 */
	for (uint32_t bits = 0; bits < 1 << 12; bits++) {
		struct rights r = { bits & 1,	   bits >> 1 & 1, bits >> 2 & 1,  bits >> 3 & 1,
				    bits >> 4 & 1, bits >> 5 & 1, bits >> 6 & 1,  bits >> 7 & 1,
				    bits >> 8 & 1, bits >> 9 & 1, bits >> 10 & 1, bits >> 11 & 1 };

		four_levels();
		entry(2 + bits % 2, 1,
		      (3 + bits % 2) * K | TBL | (uint64_t)r.ap1_table << 61 |
			      (uint64_t)r.ap2_table << 62 | (uint64_t)r.uxn_table << 60 |
			      (uint64_t)r.pxn_table << 59);
		entry(4, 1,
		      0x123456000 | AF | PG | (r.ap1 ? AP1 : 0) | (r.ap2 ? AP2 : 0) |
			      (r.uxn ? UXN : 0) | (r.pxn ? PXN : 0));
		EL1(tcr_el1) = 16 | 5ull << 32 | (uint64_t)r.hpd << 41;
		EL1(sctlr_el1) = SCTLR_M | (r.wxn ? SCTLR_WXN : 0) | (uint64_t)r.epan << 57;
		vp.arch.pstate = PSR_EL1H | (r.pan ? PSR_PAN : 0);
		for (uint32_t a = GVA_READ; a <= GVA_EXEC; a <<= 1) {
			assert_int_equal(walk(VA, a),
					 reference(&r, a, false) ? GVA_OK : GVA_PRIVILEGE);
			assert_int_equal(walk(VA, a | GVA_USER),
					 reference(&r, a, true) ? GVA_OK : GVA_PRIVILEGE);
			assert_int_equal(walk(VA, a | GVA_NO_PERMISSION_CHECK), GVA_OK);
		}
	}
	/* Without the features their bits do nothing. */
	fake_id[7][1] = 1 << 20;
	entry(2, 1, 3 * K | TBL | 1ull << 62);
	entry(3, 1, 4 * K | TBL);
	entry(4, 1, 0x123456000 | AF | PG);
	EL1(tcr_el1) |= 1ull << 41;
	EL1(sctlr_el1) = SCTLR_M | 1ull << 57;
	vp.arch.pstate = PSR_EL1H | PSR_PAN;
	assert_int_equal(walk(VA, GVA_WRITE), GVA_PRIVILEGE);
	assert_int_equal(walk(VA, GVA_READ), GVA_OK);
}

/* -- hardware's flags -----------------------------------------------------------------------------
 */
#define HA (1ull << 39)
#define HD (1ull << 40)

static void test_flags(void **state)
{
	uint64_t leaf = 0x123456000 | PG;

	(void)state;
	four_levels();
	/* Asked for, but the guest has software do it */
	assert_int_equal(walk(VA, GVA_READ | GVA_SET_FLAGS), GVA_OK);
	assert_int_equal(writes, 0);
	/* The bits are set, and the processor lacks them. */
	EL1(tcr_el1) |= HA | HD;
	entry(4, 1, leaf);
	assert_int_equal(walk(VA, GVA_READ), GVA_NOT_PRESENT);
	fake_id[7][1] = 1;
	assert_int_equal(walk(VA, GVA_READ), GVA_OK);
	assert_int_equal(ram[4][1], leaf);
	assert_int_equal(walk(VA, GVA_READ | GVA_SET_FLAGS), GVA_OK);
	assert_int_equal(ram[4][1], leaf | AF);
	assert_int_equal(writes, 1);
	assert_int_equal(walk(VA, GVA_READ | GVA_SET_FLAGS), GVA_OK);
	assert_int_equal(writes, 1);
	/* Writable and clean: only with the second feature */
	entry(4, 1, leaf | AF | AP2 | DBM);
	assert_int_equal(walk(VA, GVA_WRITE), GVA_PRIVILEGE);
	fake_id[7][1] = 2;
	assert_int_equal(walk(VA, GVA_WRITE), GVA_OK);
	assert_int_equal(ram[4][1], leaf | AF | AP2 | DBM);
	assert_int_equal(walk(VA, GVA_READ | GVA_SET_FLAGS), GVA_OK);
	assert_int_equal(ram[4][1], leaf | AF | AP2 | DBM);
	entry(4, 1, leaf | AP2 | DBM);
	assert_int_equal(walk(VA, GVA_WRITE | GVA_SET_FLAGS), GVA_OK);
	assert_int_equal(ram[4][1], leaf | AF | DBM);
	entry(4, 1, leaf | AF | AP2);
	assert_int_equal(walk(VA, GVA_WRITE | GVA_SET_FLAGS), GVA_PRIVILEGE);
	assert_int_equal(ram[4][1], leaf | AF | AP2);
	EL1(tcr_el1) &= ~HD;
	entry(4, 1, leaf | AF | AP2 | DBM);
	assert_int_equal(walk(VA, GVA_WRITE | GVA_SET_FLAGS), GVA_PRIVILEGE);
	/* Changed meanwhile: not overwritten */
	entry(4, 1, leaf);
	race_at = 4 * K + 8;
	race_value = 0x777000 | PG;
	assert_int_equal(walk(VA, GVA_READ | GVA_SET_FLAGS), GVA_OK);
	assert_int_equal(ram[4][1], race_value);
	race_at = 0;
	entry(4, 1, leaf);
	write_result = GUEST_MEM_NO_ACCESS;
	assert_int_equal(walk(VA, GVA_READ | GVA_SET_FLAGS), GVA_NO_MEMORY);
	assert_int_equal(fault.gpa.v, 4 * K + 8);
	assert_int_equal(fault.mem, GUEST_MEM_NO_ACCESS);
	assert_true(fault.write);
}

static void test_big_endian(void **state)
{
	(void)state;
	four_levels();
	fake_id[7][1] = 1;
	entry(4, 1, 0x123456000 | PG);
	for (uint32_t i = 1; i <= 4; i++)
		ram[i][1] = __builtin_bswap64(ram[i][1]);
	EL1(sctlr_el1) |= 1ull << 25;
	EL1(tcr_el1) |= HA;
	assert_int_equal(walk(VA, GVA_READ | GVA_SET_FLAGS), GVA_OK);
	assert_int_equal(got.v, 0x123456000);
	assert_int_equal(__builtin_bswap64(ram[4][1]), 0x123456000 | PG | AF);
	EL1(sctlr_el1) ^= 1ull << 25;
	assert_int_not_equal(walk(VA, GVA_READ), GVA_OK);
}

static void test_absent_tables(void **state)
{
	(void)state;
	for (uint32_t l = 1; l <= 4; l++) {
		four_levels();
		missing[l] = l & 1 ? GUEST_MEM_UNMAPPED : GUEST_MEM_NO_ACCESS;
		assert_int_equal(walk(VA, GVA_READ), GVA_NO_MEMORY);
		assert_int_equal(fault.gpa.v, l * K + 8);
		assert_int_equal(fault.mem, missing[l]);
		assert_false(fault.write);
		missing[l] = GUEST_MEM_OK;
	}
}

/* -- the hypercall's side -------------------------------------------------------------------------
 */
static uint32_t translate(uint64_t flags)
{
	struct hv_output_translate_virtual_address out = { 0, 0, 0 };

	page_gpa = page_flags = ~0ull;
	assert_int_equal(arch_translate(&vp, flags, VA >> 12, &out), HV_STATUS_SUCCESS);
	if (page_gpa == ~0ull)
		assert_int_equal(out.gpa_page | out.cache_overlay, 0);
	return out.result_code;
}

static void test_translate(void **state)
{
	struct hv_output_translate_virtual_address out = { 0, 0, 0 };

	(void)state;
	four_levels();
	/* The page's own answer is the call's. */
	assert_int_equal(translate(HV_TRANSLATE_GVA_VALIDATE_WRITE),
			 HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS);
	assert_int_equal(page_gpa, 0x123456000);
	assert_int_equal(page_flags, HV_TRANSLATE_GVA_VALIDATE_WRITE);
	/* Whose rights: the VP's own, or as asked */
	assert_int_equal(translate(HV_TRANSLATE_GVA_VALIDATE_READ | HV_TRANSLATE_GVA_USER_ACCESS),
			 HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION);
	vp.arch.pstate = PSR_EL0;
	assert_int_equal(translate(HV_TRANSLATE_GVA_VALIDATE_READ),
			 HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION);
	assert_int_equal(
		translate(HV_TRANSLATE_GVA_VALIDATE_READ | HV_TRANSLATE_GVA_SUPERVISOR_ACCESS),
		HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS);
	assert_int_equal(
		translate(HV_TRANSLATE_GVA_VALIDATE_READ | HV_TRANSLATE_GVA_PRIVILEGE_EXEMPT),
		HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS);
	entry(4, 1, 0x123456000 | AF | PG | PXN | UXN);
	assert_int_equal(translate(HV_TRANSLATE_GVA_VALIDATE_EXECUTE),
			 HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION);
	assert_int_equal(translate(HV_TRANSLATE_GVA_TLB_FLUSH_INHIBIT),
			 HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS);
	/* Faults by name */
	entry(4, 1, 0);
	assert_int_equal(translate(0), HV_TRANSLATE_GVA_PAGE_NOT_PRESENT);
	entry(4, 1, 1ull << 46 | AF | PG);
	assert_int_equal(translate(0), HV_TRANSLATE_GVA_INVALID_PAGE_TABLE_FLAGS);
	missing[3] = GUEST_MEM_UNMAPPED;
	assert_int_equal(translate(0), HV_TRANSLATE_GVA_GPA_UNMAPPED);
	missing[3] = GUEST_MEM_NO_ACCESS;
	assert_int_equal(translate(0), HV_TRANSLATE_GVA_GPA_NO_READ_ACCESS);
	missing[3] = GUEST_MEM_OK;
	fake_id[7][1] = 1;
	EL1(tcr_el1) |= HA;
	entry(4, 1, 0x123456000 | PG);
	write_result = GUEST_MEM_NO_ACCESS;
	assert_int_equal(translate(HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS),
			 HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS);
	for (uint32_t b = 8; b < 64; b++)
		assert_int_equal(arch_translate(&vp, BIT(b), 1, &out), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(arch_translate(&vp, 0xc0, 1, &out), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(arch_translate(&vp, 0, BIT(52), &out), HV_STATUS_INVALID_PARAMETER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_4k, begin),
		cmocka_unit_test_setup(test_64k_16k, begin),
		cmocka_unit_test_setup(test_sizes, begin),
		cmocka_unit_test_setup(test_halves, begin),
		cmocka_unit_test_setup(test_address_size, begin),
		cmocka_unit_test_setup(test_off, begin),
		cmocka_unit_test_setup(test_rights, begin),
		cmocka_unit_test_setup(test_flags, begin),
		cmocka_unit_test_setup(test_big_endian, begin),
		cmocka_unit_test_setup(test_absent_tables, begin),
		cmocka_unit_test_setup(test_translate, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
