/* SPDX-License-Identifier: MIT */
/*
 * The software page walk. Tables are built by hand from the formats of the SDM (vol. 3, 4.3 to
 * 4.6), and every combination of rights is compared with a reference written from 4.6.1.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/common/gva.h"
#include "fake_virt.h"

#define PAGES 32u
#define P     1ull
#define W     2ull
#define U     4ull
#define A     0x20ull
#define D     0x40ull
#define PS    0x80ull
#define NX    (1ull << 63)

static uint64_t ram[PAGES][512]; /* guest-physical 0 .. */
static enum guest_mem_result missing[PAGES];
static uint32_t pins, unpins, pin_need;
static uint64_t pin_at;
/* The entry at race_at gets this value between the walk's read and its update. */
static uint64_t race_at, race_value;
static struct partition part;
static struct vp vp;

static enum guest_mem_result pin_result;
static uint64_t pinned; /* the last page that was pinned for reading, as an address */
static uint32_t held;

/* Reads of entries are pins too; those for writing are counted, and can be made to fail. */
enum guest_mem_result guest_mem_pin(struct partition *p, gpa_t gpa, uint32_t need,
				    struct guest_page *out)
{
	uint64_t page = gpa.v >> PAGE_SHIFT;

	assert_ptr_equal(p, &part);
	assert_false(gpa.v & 3);
	if (need & SLAT_W) {
		if (pin_result)
			return pin_result;
		pins++;
		pin_need = need;
		pin_at = gpa.v;
	} else {
		if (page >= PAGES)
			return GUEST_MEM_UNMAPPED;
		if (missing[page])
			return missing[page];
		pinned = gpa.v;
	}
	held++;
	out->pfn = need;
	out->ptr = (uint8_t *)ram + (gpa.v & PAGE_MASK);
	return GUEST_MEM_OK;
}

void guest_mem_unpin(struct guest_page *pg)
{
	assert_non_null(pg->ptr);
	assert_true(held > 0);
	held--;
	if (pg->pfn & SLAT_W)
		unpins++;
	else if (race_at && pinned == race_at)
		memcpy((uint8_t *)ram + race_at, &race_value, fv.sys[SYS_CR4] & CR4_PAE ? 8 : 4);
}

static void put4(uint32_t page, uint32_t index, uint32_t v)
{
	memcpy((uint8_t *)ram[page] + 4 * index, &v, 4);
}

static uint32_t get4(uint32_t page, uint32_t index)
{
	uint32_t v;

	memcpy(&v, (uint8_t *)ram[page] + 4 * index, 4);
	return v;
}

static int setup(void **state)
{
	(void)state;
	memset(ram, 0, sizeof(ram));
	memset(missing, 0, sizeof(missing));
	memset(&fv, 0, sizeof(fv));
	memset(&vp, 0, sizeof(vp));
	pins = unpins = 0;
	race_at = 0;
	pin_result = GUEST_MEM_OK;
	vp.partition = &part;
	return 0;
}

static struct gva_fault f;

static gpa_t ok(uint64_t va, uint32_t access)
{
	gpa_t gpa = GPA(~0ull);

	assert_int_equal(gva_translate(&vp, GVA(va), access, &gpa, &f), GVA_OK);
	assert_int_equal(pins, unpins);
	assert_int_equal(held, 0);
	return gpa;
}

static uint32_t bad(uint64_t va, uint32_t access, enum gva_result want)
{
	gpa_t gpa;

	memset(&f, 0xa5, sizeof(f));
	assert_int_equal(gva_translate(&vp, GVA(va), access, &gpa, &f), want);
	assert_int_equal(f.result, want);
	/* Without a place for the fault it is the same. */
	assert_int_equal(gva_translate(&vp, GVA(va), access, &gpa, NULL), want);
	assert_int_equal(pins, unpins);
	return f.error;
}

/* -- no paging, and the four formats ---------------------------------------------------------- */
static void test_no_paging(void **state)
{
	(void)state;
	fv.sys[SYS_CR0] = CR0_PE;
	fv.sys[SYS_CR3] = 0x5000; /* of no consequence */
	assert_int_equal(ok(0x12345678, GVA_WRITE | GVA_USER).v, 0x12345678);
	/* Linear addresses have 32 bits then. */
	assert_int_equal(ok(0x1ffffffffull, GVA_READ).v, 0xffffffff);
}

/* Linear address bits 31:22, 21:12, 11:0 (SDM figure 4-2) */
static void mode_32(void)
{
	fv.sys[SYS_CR0] = CR0_PE | CR0_PG | CR0_WP;
	fv.sys[SYS_CR4] = CR4_PSE;
	fv.sys[SYS_EFER] = 0;
	fv.sys[SYS_CR3] = 0x1018; /* PWT and PCD are no address */
	put4(1, 0x301, 0x2000 | P | W | U);
	put4(2, 0x2ab, 0x7654000 | P | W | U);
}

#define VA_32 (0x301u << 22 | 0x2abu << 12 | 0x123)

static void test_32bit(void **state)
{
	(void)state;
	mode_32();
	assert_int_equal(ok(VA_32, GVA_READ).v, 0x7654123);
	/* The upper half of the register is no part of the address. */
	assert_int_equal(ok(VA_32 | 7ull << 32, GVA_READ).v, 0x7654123);
	/* High frames: bit 31 of the entry is no sign */
	put4(2, 0x2ab, 0xfffff000u | P);
	assert_int_equal(ok(VA_32, GVA_READ).v, 0xfffff123);
	assert_int_equal(bad(VA_32 + 0x1000, GVA_READ, GVA_NOT_PRESENT), 0);
	assert_int_equal(f.gpa.v, 0x2000 + 4 * 0x2ac);
	assert_int_equal(bad(VA_32 + 0x400000, GVA_WRITE | GVA_USER, GVA_NOT_PRESENT), 6);
	assert_int_equal(f.gpa.v, 0x1000 + 4 * 0x302);
	assert_false(f.table);
}

static void test_32bit_large(void **state)
{
	(void)state;
	mode_32();
	/* PSE-36 (APM 5.2.3): entry bits 20:13 are address bits 39:32, 12 is PAT, 21 reserved */
	put4(1, 0x301, 0x12400000u | 0x1a5u << 12 | PS | P);
	assert_int_equal(ok(VA_32, GVA_READ).v, 0xd212400000ull | (VA_32 & 0x3fffff));
	put4(1, 0x301, 0x12400000u | 1u << 21 | PS | P);
	assert_int_equal(bad(VA_32, GVA_READ, GVA_RESERVED), 9);
	/* Without CR4.PSE bit 7 means nothing. */
	fv.sys[SYS_CR4] = 0;
	put4(1, 0x301, 0x2000 | PS | P);
	assert_int_equal(ok(VA_32, GVA_READ).v, 0x7654123);
}

/* Linear address bits 31:30, 29:21, 20:12; CR3 bits 31:5 (SDM figure 4-5) */
#define VA_PAE (2u << 30 | 0x155u << 21 | 0x0aau << 12 | 0x321)

static void mode_pae(void)
{
	fv.sys[SYS_CR0] = CR0_PE | CR0_PG | CR0_WP;
	fv.sys[SYS_CR4] = CR4_PAE;
	fv.sys[SYS_EFER] = EFER_NXE;
	fv.sys[SYS_CR3] = 0x1fe0;
	ram[1][0x1fc + 2] = 0x2000 | P; /* no rights in these four entries */
	ram[2][0x155] = 0x3000 | P | W | U;
	ram[3][0x0aa] = 0x765432109000ull | P | W | U;
}

static void test_pae(void **state)
{
	(void)state;
	mode_pae();
	assert_int_equal(ok(VA_PAE, GVA_READ | GVA_USER).v, 0x765432109321ull);
	assert_int_equal(ok(VA_PAE, GVA_WRITE | GVA_USER).v, 0x765432109321ull);
	ram[3][0x0aa] |= NX;
	assert_int_equal(bad(VA_PAE, GVA_EXEC | GVA_USER, GVA_PRIVILEGE), 0x15);
	ram[3][0x0aa] = 0;
	assert_int_equal(bad(VA_PAE, GVA_READ, GVA_NOT_PRESENT), 0);
	/* 2 MiB; 20:13 reserved */
	ram[2][0x155] = 0x40200000 | PS | P;
	assert_int_equal(ok(VA_PAE, GVA_READ).v, 0x40200000 | (VA_PAE & 0x1fffff));
	ram[2][0x155] |= 1u << 13;
	assert_int_equal(bad(VA_PAE, GVA_READ, GVA_RESERVED), 9);
	/* Bit 7 of the four makes no page, and bits 2:1 no right. */
	ram[2][0x155] = 0x3000 | P | W | U;
	ram[3][0x0aa] = 0x5000 | P | W | U;
	ram[1][0x1fc + 2] = 0x2000 | P | PS;
	assert_int_equal(ok(VA_PAE, GVA_WRITE | GVA_USER).v, 0x5321);
	ram[1][0x1fc + 2] = 0;
	assert_int_equal(bad(VA_PAE, GVA_READ, GVA_NOT_PRESENT), 0);
	assert_int_equal(f.gpa.v, 0x1fe0 + 16);
}

/* PAE entries have nothing between the address and NX (SDM tables 4-9 to 4-11). */
static void test_pae_reserved(void **state)
{
	(void)state;
	for (uint32_t b = 48; b < 63; b++) {
		mode_pae();
		ram[3][0x0aa] |= BIT(b);
		assert_int_equal(bad(VA_PAE, GVA_READ, GVA_RESERVED), 9);
		mode_pae();
		ram[2][0x155] |= BIT(b);
		assert_int_equal(bad(VA_PAE, GVA_READ, GVA_RESERVED), 9);
	}
}

#define VA_64 \
	(0xffff800000000000ull | 0x111ull << 39 | 0x0ccull << 30 | 0x155ull << 21 | 0x0aa000 | \
	 0x456)

static void mode_64(void)
{
	fv.sys[SYS_CR0] = CR0_PE | CR0_PG | CR0_WP;
	fv.sys[SYS_CR4] = CR4_PAE;
	fv.sys[SYS_EFER] = EFER_LME | EFER_LMA | EFER_NXE;
	fv.sys[SYS_CR3] = 0x1000 | 0x18;
	ram[1][0x111] = 0x2000 | P | W | U;
	ram[2][0x0cc] = 0x3000 | P | W | U;
	ram[3][0x155] = 0x4000 | P | W | U;
	ram[4][0x0aa] = 0x5000 | P | W | U;
}

static void test_64(void **state)
{
	(void)state;
	mode_64();
	assert_int_equal(ok(VA_64, GVA_READ).v, 0x5456);
	/* Ignored bits: 11:9 and 58:52, and the keys 62:59 */
	for (uint32_t i = 0; i < 4; i++) {
		static const uint32_t index[] = { 0x111, 0x0cc, 0x155, 0x0aa };

		ram[1 + i][index[i]] |= MASK(62, 52) | 0xe00;
	}
	assert_int_equal(ok(VA_64, GVA_READ).v, 0x5456);
	/* Bit 7 of the last level is PAT. */
	ram[4][0x0aa] |= PS;
	assert_int_equal(ok(VA_64, GVA_READ).v, 0x5456);
}

static void test_64_large(void **state)
{
	(void)state;
	mode_64();
	ram[3][0x155] = 0x7f00200000 | PS | 1u << 12 | P; /* 12: PAT */
	assert_int_equal(ok(VA_64, GVA_READ).v, 0x7f00200000 | (VA_64 & 0x1fffff));
	for (uint32_t b = 13; b < 21; b++) {
		ram[3][0x155] = 0x7f00200000 | PS | 1u << b | P;
		assert_int_equal(bad(VA_64, GVA_READ, GVA_RESERVED), 9);
	}
	ram[2][0x0cc] = 0x7f40000000 | PS | 1u << 12 | P;
	assert_int_equal(ok(VA_64, GVA_READ).v, 0x7f40000000 | (VA_64 & 0x3fffffff));
	for (uint32_t b = 13; b < 30; b++) {
		ram[2][0x0cc] = 0x7f40000000 | PS | 1u << b | P;
		assert_int_equal(bad(VA_64, GVA_READ, GVA_RESERVED), 9);
	}
	/* No 512-GiB pages */
	mode_64();
	ram[1][0x111] |= PS;
	assert_int_equal(bad(VA_64, GVA_READ, GVA_RESERVED), 9);
}

static void test_la57(void **state)
{
	uint64_t va = 0xff00000000000000ull | 0x133ull << 48 | (VA_64 & 0xffffffffffffull);

	(void)state;
	mode_64();
	fv.sys[SYS_CR4] |= CR4_LA57;
	fv.sys[SYS_CR3] = 0x6000;
	ram[6][0x133] = 0x1000 | P | W | U;
	assert_int_equal(ok(va, GVA_READ).v, 0x5456);
	/* Bits 63:57 repeat 56 now. */
	assert_int_equal(bad(va ^ 1ull << 57, GVA_READ, GVA_NOT_PRESENT), 0);
	assert_int_equal(bad(va ^ 1ull << 63, GVA_READ, GVA_NOT_PRESENT), 0);
	ram[6][0x133] |= PS;
	assert_int_equal(bad(va, GVA_READ, GVA_RESERVED), 9);
}

static void test_canonical(void **state)
{
	(void)state;
	mode_64();
	memcpy(ram[1], &(uint64_t){ 0x2000 | P }, 8);
	ram[1][0x0ff] = 0x2000 | P;
	ram[2][0x1ff] = 0x3000 | P;
	ram[3][0x1ff] = 0x4000 | P;
	ram[4][0x1ff] = 0x5000 | P;
	assert_int_equal(ok(0x7fffffffffffull, GVA_READ).v, 0x5fff);
	assert_int_equal(bad(0x800000000000ull, GVA_READ, GVA_NOT_PRESENT), 0);
	for (uint32_t b = 47; b < 64; b++)
		assert_int_equal(bad(0x7fffffffffffull | BIT(b), GVA_READ, GVA_NOT_PRESENT), 0);
	for (uint32_t b = 48; b < 64; b++)
		assert_int_equal(bad(VA_64 & ~BIT(b), GVA_READ, GVA_NOT_PRESENT), 0);
}

static void test_64_reserved(void **state)
{
	static const uint32_t index[] = { 0x111, 0x0cc, 0x155, 0x0aa };

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		for (uint32_t b = 48; b < 52; b++) {
			mode_64();
			ram[1 + i][index[i]] |= BIT(b);
			assert_int_equal(bad(VA_64, GVA_WRITE | GVA_USER, GVA_RESERVED), 0xf);
			assert_int_equal(f.gpa.v, 0x1000 * (i + 1) + 8 * index[i]);
		}
		/* NX is reserved without EFER.NXE */
		mode_64();
		ram[1 + i][index[i]] |= NX;
		assert_int_equal(ok(VA_64, GVA_READ).v, 0x5456);
		fv.sys[SYS_EFER] &= ~EFER_NXE;
		assert_int_equal(bad(VA_64, GVA_READ, GVA_RESERVED), 9);
		/* An absent entry has no reserved bits. */
		ram[1 + i][index[i]] = ~P;
		assert_int_equal(bad(VA_64, GVA_READ, GVA_NOT_PRESENT), 0);
	}
}

/* -- rights ----------------------------------------------------------------------------------- */

/* SDM vol. 3, 4.6.1, sentence by sentence: is the access allowed? */
static bool may(uint32_t access, bool user_page, bool writable, bool nx, bool wp, bool smep,
		bool smap, bool ac)
{
	bool override = access & GVA_SMAP_OVERRIDE, enforce = access & GVA_SMAP_ENFORCE;

	if (!(access & GVA_USER)) {
		if (!user_page) {
			if (access & GVA_EXEC)
				return !nx;
			if (access & GVA_WRITE)
				return writable || !wp;
			return true;
		}
		if (access & GVA_EXEC)
			return !smep && !nx;
		if (smap && !override && (enforce || !ac))
			return false;
		if (access & GVA_WRITE)
			return writable || !wp;
		return true;
	}
	if (!user_page)
		return false;
	if (access & GVA_EXEC)
		return !nx;
	return access & GVA_WRITE ? writable : true;
}

/* Each right is the AND over all levels, wherever it is missing. */
static void test_rights(void **state)
{
	static const uint32_t index[] = { 0x111, 0x0cc, 0x155, 0x0aa };
	static const uint32_t kinds[] = { GVA_READ, GVA_WRITE, GVA_EXEC };
	uint32_t seen = 0, refused = 0;

	(void)state;
	for (uint32_t c = 0; c < 1u << 11; c++) {
		uint32_t level = c & 3, access = kinds[(c >> 9) % 3] | (c & 1u << 8 ? GVA_USER : 0);
		bool user_page = c & 4, writable = c & 8, nx = c & 16, wp = c & 32, smep = c & 64,
		     smap = c & 128;

		for (uint32_t s = 0; s < 8; s++) {
			uint32_t a = access | (s & 1 ? GVA_SMAP_ENFORCE : 0) |
				     (s & 2 ? GVA_SMAP_OVERRIDE : 0);
			bool ac = s & 4;

			if ((s & 3) == 3)
				continue;
			mode_64();
			fv.sys[SYS_CR0] = CR0_PE | CR0_PG | (wp ? CR0_WP : 0);
			fv.sys[SYS_CR4] |= (smep ? CR4_SMEP : 0) | (smap ? CR4_SMAP : 0);
			fv.sys[SYS_RFLAGS] = ac ? RFLAGS_AC : 0;
			ram[1 + level][index[level]] &= ~((user_page ? 0 : U) | (writable ? 0 : W));
			ram[1 + level][index[level]] |= nx ? NX : 0;
			seen++;
			if (may(a, user_page, writable, nx, wp, smep, smap, ac)) {
				assert_int_equal(ok(VA_64, a).v, 0x5456);
				continue;
			}
			refused++;
			assert_int_equal(bad(VA_64, a, GVA_PRIVILEGE),
					 1 | (a & GVA_WRITE ? 2 : 0) | (a & GVA_USER ? 4 : 0) |
						 (a & GVA_EXEC ? 16 : 0));
			assert_int_equal(ok(VA_64, a | GVA_NO_PERMISSION_CHECK).v, 0x5456);
		}
	}
	assert_true(refused > seen / 8 && refused < seen);
	/* The rights may be missing at different levels. */
	mode_64();
	ram[1][0x111] &= ~W;
	ram[4][0x0aa] &= ~U;
	assert_int_equal(bad(VA_64, GVA_READ | GVA_USER, GVA_PRIVILEGE), 5);
	assert_int_equal(bad(VA_64, GVA_WRITE, GVA_PRIVILEGE), 3);
}

/* The error code's fetch bit (SDM 4.7): only where fetches have a rule of their own */
static void test_fetch_bit(void **state)
{
	(void)state;
	mode_64();
	ram[4][0x0aa] = 0;
	assert_int_equal(bad(VA_64, GVA_EXEC, GVA_NOT_PRESENT), 0x10);
	fv.sys[SYS_EFER] &= ~EFER_NXE;
	assert_int_equal(bad(VA_64, GVA_EXEC, GVA_NOT_PRESENT), 0);
	fv.sys[SYS_CR4] |= CR4_SMEP;
	assert_int_equal(bad(VA_64, GVA_EXEC, GVA_NOT_PRESENT), 0x10);
	assert_int_equal(bad(VA_64, GVA_READ, GVA_NOT_PRESENT), 0);
}

/* The way of a translation holds until one of its entries is another. */
static void trail(uint64_t va, uint32_t levels)
{
	struct gva_trail t;
	gpa_t gpa;

	memset(&t, 0xa5, sizeof(t));
	assert_int_equal(gva_translate_trail(&vp, GVA(va), GVA_READ, &gpa, &f, &t), GVA_OK);
	assert_int_equal(t.levels, levels);
	assert_true(gva_trail_holds(&t));
	for (uint32_t i = 0; i < levels; i++) {
		for (uint32_t bit = 0; bit < t.size * 8; bit += 5) {
			uint8_t *at = (uint8_t *)ram + ((const uint8_t *)t.at[i] - (uint8_t *)ram);

			at[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(gva_trail_holds(&t));
			at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_true(gva_trail_holds(&t));
	}
	if (levels == 2) { /* the neighbour is no part of it */
		((uint32_t *)(uintptr_t)t.at[1])[1] ^= 1;
		assert_true(gva_trail_holds(&t));
	}
}

static void test_trail(void **state)
{
	(void)state;
	fv.sys[SYS_CR0] = CR0_PE;
	trail(0x1000, 0);
	mode_32();
	trail(VA_32, 2);
	mode_pae();
	trail(VA_PAE, 3);
	mode_64();
	trail(VA_64, 4);
}

/* -- accessed and dirty ------------------------------------------------------------------------ */
static void test_accessed_dirty(void **state)
{
	static const uint32_t index[] = { 0x111, 0x0cc, 0x155, 0x0aa };

	(void)state;
	mode_64();
	(void)ok(VA_64, GVA_WRITE); /* not asked for */
	assert_int_equal(pins, 0);
	(void)ok(VA_64, GVA_READ | GVA_SET_AD);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(ram[1 + i][index[i]], (0x2000 + 0x1000 * i) | P | W | U | A);
	assert_int_equal(pins, 4);
	assert_int_equal(pin_need, SLAT_R | SLAT_W);
	assert_int_equal(pin_at, 0x4000 + 8 * 0x0aa);
	/* Bits that are set are not written again. */
	(void)ok(VA_64, GVA_READ | GVA_SET_AD);
	assert_int_equal(pins, 4);
	(void)ok(VA_64, GVA_WRITE | GVA_SET_AD);
	assert_int_equal(pins, 5);
	assert_int_equal(ram[3][0x155], 0x4000 | P | W | U | A); /* dirty in the leaf alone */
	assert_int_equal(ram[4][0x0aa], 0x5000 | P | W | U | A | D);
	/* A refused access leaves its leaf clean. */
	mode_64();
	ram[4][0x0aa] = 0x5000 | P;
	assert_int_equal(bad(VA_64, GVA_WRITE | GVA_SET_AD, GVA_PRIVILEGE), 3);
	assert_int_equal(ram[4][0x0aa], 0x5000 | P);
}

static void test_accessed_dirty_small(void **state)
{
	(void)state;
	mode_32();
	put4(2, 0x2ac, 0x11111000); /* the neighbour stays */
	(void)ok(VA_32, GVA_WRITE | GVA_SET_AD);
	assert_int_equal(get4(1, 0x301), 0x2000 | P | W | U | A);
	assert_int_equal(get4(2, 0x2ab), 0x7654000 | P | W | U | A | D);
	assert_int_equal(get4(2, 0x2ac), 0x11111000);
	/* The four PAE entries have none. */
	mode_pae();
	pins = unpins = 0;
	(void)ok(VA_PAE, GVA_WRITE | GVA_SET_AD);
	assert_int_equal(pins, 2);
	assert_int_equal(ram[1][0x1fc + 2], 0x2000 | P);
	assert_int_equal(ram[3][0x0aa] & (A | D), A | D);
}

/* Another CPU changed the entry meanwhile: its value stays as it is. */
static void test_accessed_dirty_race(void **state)
{
	(void)state;
	mode_64();
	race_at = 0x4000 + 8 * 0x0aa;
	race_value = 0x6000 | P;
	(void)ok(VA_64, GVA_WRITE | GVA_SET_AD);
	assert_int_equal(ram[4][0x0aa], race_value);
	mode_32();
	race_at = 0x2000 + 4 * 0x2ab;
	race_value = 0;
	(void)ok(VA_32, GVA_WRITE | GVA_SET_AD);
	assert_int_equal(get4(2, 0x2ab), 0);
}

/* -- tables that are not there ---------------------------------------------------------------- */
static void test_missing(void **state)
{
	static const uint32_t index[] = { 0x111, 0x0cc, 0x155, 0x0aa };

	(void)state;
	mode_64();
	for (uint32_t i = 0; i < 4; i++) {
		missing[1 + i] = i & 1 ? GUEST_MEM_UNMAPPED : GUEST_MEM_NO_ACCESS;
		(void)bad(VA_64, GVA_READ, GVA_NO_MEMORY);
		assert_true(f.table);
		assert_int_equal(f.mem, missing[1 + i]);
		assert_int_equal(f.gpa.v, 0x1000 * (i + 1) + 8 * index[i]);
		missing[1 + i] = GUEST_MEM_OK;
	}
	/* The page itself is not looked at. */
	missing[5] = GUEST_MEM_UNMAPPED;
	assert_int_equal(ok(VA_64, GVA_READ).v, 0x5456);
	fv.sys[SYS_CR3] = 0xfffffff000;
	(void)bad(VA_64, GVA_READ, GVA_NO_MEMORY);
	assert_int_equal(f.gpa.v, 0xfffffff000 + 8 * 0x111);
	/* A table that cannot be written */
	mode_64();
	pin_result = GUEST_MEM_NO_ACCESS;
	(void)bad(VA_64, GVA_READ | GVA_SET_AD, GVA_NO_MEMORY);
	assert_true(f.table);
	assert_int_equal(f.mem, GUEST_MEM_NO_ACCESS);
	assert_int_equal(f.gpa.v, 0x1000 + 8 * 0x111);
}

/* CR3 bits 63:52 (PCID and the no-flush bit among them) are no address. */
static void test_cr3(void **state)
{
	(void)state;
	mode_64();
	fv.sys[SYS_CR3] = MASK(63, 52) | 0x1fff;
	assert_int_equal(ok(VA_64, GVA_READ).v, 0x5456);
	mode_32();
	fv.sys[SYS_CR3] = 0xf00001fffull;
	assert_int_equal(ok(VA_32, GVA_READ).v, 0x7654123);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_no_paging, setup),
		cmocka_unit_test_setup(test_32bit, setup),
		cmocka_unit_test_setup(test_32bit_large, setup),
		cmocka_unit_test_setup(test_pae, setup),
		cmocka_unit_test_setup(test_pae_reserved, setup),
		cmocka_unit_test_setup(test_64, setup),
		cmocka_unit_test_setup(test_64_large, setup),
		cmocka_unit_test_setup(test_la57, setup),
		cmocka_unit_test_setup(test_canonical, setup),
		cmocka_unit_test_setup(test_64_reserved, setup),
		cmocka_unit_test_setup(test_rights, setup),
		cmocka_unit_test_setup(test_fetch_bit, setup),
		cmocka_unit_test_setup(test_trail, setup),
		cmocka_unit_test_setup(test_accessed_dirty, setup),
		cmocka_unit_test_setup(test_accessed_dirty_small, setup),
		cmocka_unit_test_setup(test_accessed_dirty_race, setup),
		cmocka_unit_test_setup(test_missing, setup),
		cmocka_unit_test_setup(test_cr3, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
