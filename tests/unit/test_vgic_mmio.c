/* SPDX-License-Identifier: MIT */
/* The GIC's register frames row by row: values, sizes, reserved space, what a write may change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_vgic.h"

#define SPIS 40u
#define SGI  0x10000u /* SGI_base inside a redistributor's frames */

static struct fake_gic *g;

static enum vgic_result access_(int redist, uint32_t offset, uint32_t width, bool write,
				uint64_t *val)
{
	struct vgic_access a = { &g->v, g->vp[0], redist < 0 ? NULL : g->vp[redist], offset,
				 width };
	struct vgic_op op = { 0 };
	enum vgic_result r = write ? vgic_mmio_write(&a, *val, &op) : vgic_mmio_read(&a, val, &op);

	assert_int_equal(op.held, 0);
	/* No lock stays taken. */
	assert_int_equal(g->v.lock.held, 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(g->vp[i]->lock.held, 0);
	return r;
}

static uint64_t get(int redist, uint32_t offset, uint32_t width)
{
	uint64_t v = 0x1122334455667788;

	assert_int_equal(access_(redist, offset, width, false, &v), VGIC_OK);
	return v;
}

static void put(int redist, uint32_t offset, uint32_t width, uint64_t v)
{
	assert_int_equal(access_(redist, offset, width, true, &v), VGIC_OK);
}

/* A register: what it reads after reset, and after ones and zeros were written. */
struct reg {
	int redist;
	uint32_t offset, width;
	uint64_t reset, ones, zeros;
};

/* clang-format off */
static const struct reg regs[] = {
	/* GICD: 40 SPIs, 72 INTIDs */
	{ -1, 0x0000, 4, 0x50, 0x52, 0x50 },			/* CTLR */
	{ -1, 0x0004, 4, 0x076a5002, 0x076a5002, 0x076a5002 },	/* TYPER */
	{ -1, 0x0008, 4, 0, 0, 0 },				/* IIDR */
	{ -1, 0x000c, 4, 0, 0, 0 },				/* TYPER2 */
	{ -1, 0x0010, 4, 0, 0, 0 },				/* STATUSR */
	{ -1, 0x0040, 4, 0, 0, 0 },				/* SETSPI_NSR: MBIS is 0 */
	{ -1, 0x0048, 4, 0, 0, 0 },				/* CLRSPI_NSR */
	{ -1, 0x0080, 4, 0, 0, 0 },				/* IGROUPR0: in GICR */
	{ -1, 0x0084, 4, ~0u, ~0u, ~0u },			/* IGROUPR1 */
	{ -1, 0x0088, 4, 0xff, 0xff, 0xff },			/* IGROUPR2: 8 SPIs */
	{ -1, 0x008c, 4, 0, 0, 0 },
	{ -1, 0x0100, 4, 0, 0, 0 },				/* ISENABLER0 */
	{ -1, 0x0104, 4, 0, ~0u, ~0u },
	{ -1, 0x0108, 4, 0, 0xff, 0xff },
	{ -1, 0x010c, 4, 0, 0, 0 },
	{ -1, 0x0180, 4, 0, 0, 0 },				/* ICENABLER0 */
	{ -1, 0x0184, 4, ~0u, 0, 0 },
	{ -1, 0x0188, 4, 0xff, 0, 0 },
	{ -1, 0x0200, 4, 0, 0, 0 },				/* ISPENDR0 */
	{ -1, 0x0204, 4, 0, ~0u, ~0u },
	{ -1, 0x0208, 4, 0, 0xff, 0xff },
	{ -1, 0x0280, 4, 0, 0, 0 },				/* ICPENDR0 */
	{ -1, 0x0284, 4, ~0u, 0, 0 },
	{ -1, 0x0300, 4, 0, 0, 0 },				/* ISACTIVER0 */
	{ -1, 0x0304, 4, 0, ~0u, ~0u },
	{ -1, 0x0380, 4, 0, 0, 0 },				/* ICACTIVER0 */
	{ -1, 0x0384, 4, ~0u, 0, 0 },
	{ -1, 0x0400, 4, 0, 0, 0 },				/* IPRIORITYR0 */
	{ -1, 0x0403, 1, 0, 0, 0 },
	{ -1, 0x0420, 4, 0, 0xf8f8f8f8, 0 },			/* IPRIORITYR8 */
	{ -1, 0x0421, 1, 0, 0xf8, 0 },
	{ -1, 0x0444, 4, 0, 0xf8f8f8f8, 0 },			/* INTIDs 68 to 71 */
	{ -1, 0x0448, 4, 0, 0, 0 },
	{ -1, 0x0800, 4, 0, 0, 0 },				/* ITARGETSR0 */
	{ -1, 0x0820, 1, 0, 0, 0 },
	{ -1, 0x0c00, 4, 0, 0, 0 },				/* ICFGR0 */
	{ -1, 0x0c08, 4, 0, 0xaaaaaaaa, 0 },			/* ICFGR2 */
	{ -1, 0x0c10, 4, 0, 0xaaaa, 0 },
	{ -1, 0x0d04, 4, 0, 0, 0 },				/* IGRPMODR1 */
	{ -1, 0x0e08, 4, 0, 0, 0 },				/* NSACR2 */
	{ -1, 0x0f00, 4, 0, 0, 0 },				/* SGIR */
	{ -1, 0x0f20, 1, 0, 0, 0 },				/* SPENDSGIR */
	{ -1, 0x0f84, 4, 0, 0, 0 },				/* INMIR1: no NMIs */
	{ -1, 0x6000, 8, 0, 0, 0 },				/* not there: INTID 0 */
	{ -1, 0x6100, 8, 0, 0xff00ffffffull, 0 },		/* IROUTER32; bit 31: No1N */
	{ -1, 0x6100, 4, 0, 0x00ffffff, 0 },
	{ -1, 0x6104, 4, 0, 0xff, 0 },
	{ -1, 0x6238, 8, 0, 0xff00ffffffull, 0 },		/* IROUTER71 */
	{ -1, 0x6240, 8, 0, 0, 0 },				/* IROUTER72: no such SPI */
	{ -1, 0x7fd8, 8, 0, 0, 0 },
	{ -1, 0xffd0, 4, 0, 0, 0 },				/* PIDR4 */
	{ -1, 0xffe8, 4, 0x30, 0x30, 0x30 },			/* PIDR2 */
	{ -1, 0xfff0, 4, 0x0d, 0x0d, 0x0d },			/* CIDR0 */
	{ -1, 0xfff4, 4, 0xf0, 0xf0, 0xf0 },
	{ -1, 0xfff8, 4, 0x05, 0x05, 0x05 },
	{ -1, 0xfffc, 4, 0xb1, 0xb1, 0xb1 },
	{ -1, 0x1080, 4, 0, 0, 0 },				/* IGROUPR0E: no extended SPIs */
	{ -1, 0x8000, 8, 0, 0, 0 },				/* reserved */
	/* RD_base of VP 2, affinity 1.0.2.32, the last one */
	{ 2, 0x0000, 4, 6, 7, 6 },				/* CTLR */
	{ 2, 0x0004, 4, 0, 0, 0 },				/* IIDR */
	{ 2, 0x0008, 8, 0x0100022000000219, 0x0100022000000219, 0x0100022000000219 }, /* TYPER */
	{ 2, 0x0008, 4, 0x00000219, 0x00000219, 0x00000219 },
	{ 2, 0x000c, 4, 0x01000220, 0x01000220, 0x01000220 },
	{ 1, 0x0008, 4, 0x00000109, 0x00000109, 0x00000109 },	/* not the last */
	{ 2, 0x0010, 4, 0, 0, 0 },				/* STATUSR */
	{ 2, 0x0014, 4, 0, 0, 0 },				/* WAKER */
	{ 2, 0x0018, 4, 0, 0, 0 },				/* MPAMIDR */
	{ 2, 0x0040, 8, 0, 0, 0 },				/* SETLPIR */
	{ 2, 0x0048, 8, 0, 0, 0 },				/* CLRLPIR */
	{ 2, 0x0070, 8, 0, 0x070fffffffffff9full, 0 },		/* PROPBASER */
	{ 2, 0x0070, 4, 0, 0xffffff9f, 0 },
	{ 2, 0x0074, 4, 0, 0x070fffff, 0 },
	{ 2, 0x0078, 8, 0, 0x070fffffffff0f80ull, 0 },		/* PENDBASER; PTZ reads 0 */
	{ 2, 0x00a0, 8, 0, 0, 0 },				/* INVLPIR */
	{ 2, 0x00a4, 4, 0, 0, 0 },
	{ 2, 0x00b0, 8, 0, 0, 0 },				/* INVALLR */
	{ 2, 0x00c0, 4, 0, 0, 0 },				/* SYNCR */
	{ 2, 0x0100, 4, 0, 0, 0 },				/* reserved */
	{ 2, 0xffe8, 4, 0x30, 0x30, 0x30 },			/* PIDR2 */
	/* SGI_base */
	{ 2, SGI + 0x0080, 4, ~0u, ~0u, ~0u },			/* IGROUPR0 */
	{ 2, SGI + 0x0084, 4, 0, 0, 0 },			/* IGROUPR1E */
	{ 2, SGI + 0x0100, 4, 0, ~0u, ~0u },			/* ISENABLER0 */
	{ 2, SGI + 0x0180, 4, ~0u, 0, 0 },			/* ICENABLER0 */
	{ 2, SGI + 0x0200, 4, 0, ~0u, ~0u },			/* ISPENDR0 */
	{ 2, SGI + 0x0280, 4, ~0u, 0, 0 },			/* ICPENDR0 */
	{ 2, SGI + 0x0300, 4, 0, ~0u, ~0u },			/* ISACTIVER0 */
	{ 2, SGI + 0x0380, 4, ~0u, 0, 0 },			/* ICACTIVER0 */
	{ 2, SGI + 0x0400, 4, 0, 0xf8f8f8f8, 0 },		/* IPRIORITYR0 */
	{ 2, SGI + 0x041f, 1, 0, 0xf8, 0 },			/* of INTID 31 */
	{ 2, SGI + 0x0420, 4, 0, 0, 0 },
	{ 2, SGI + 0x0c00, 4, 0xaaaaaaaa, 0xaaaaaaaa, 0xaaaaaaaa }, /* ICFGR0 */
	{ 2, SGI + 0x0c04, 4, 0, 0xaa2aaaaa, 0 },		/* ICFGR1: the timer is level */
	{ 2, SGI + 0x0c08, 4, 0, 0, 0 },
	{ 2, SGI + 0x0d00, 4, 0, 0, 0 },			/* IGRPMODR0 */
	{ 2, SGI + 0x0e00, 4, 0, 0, 0 },			/* NSACR */
	{ 2, SGI + 0xffe8, 4, 0, 0, 0 },			/* reserved */
};
/* clang-format on */

static void test_rows(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(regs); i++) {
		const struct reg *r = &regs[i];
		uint64_t v[3];

		/* A clear register has something to clear. */
		if ((r->offset & 0x1fc80) >= 0x180 && (r->offset & 0xff80) <= 0x380 &&
		    r->offset & 0x80)
			put(r->redist, r->offset - 0x80, 4, 0xffffffff);
		v[0] = get(r->redist, r->offset, r->width);
		put(r->redist, r->offset, r->width, ~0ull);
		v[1] = get(r->redist, r->offset, r->width);
		put(r->redist, r->offset, r->width, 0);
		v[2] = get(r->redist, r->offset, r->width);
		if (v[0] != r->reset || v[1] != r->ones || v[2] != r->zeros)
			fail_msg("%d %x: %llx %llx %llx", r->redist, r->offset,
				 (unsigned long long)v[0], (unsigned long long)v[1],
				 (unsigned long long)v[2]);
	}
}

/* Sizes that a register takes: bit log2(width). */
static uint32_t sizes(int redist, uint32_t off)
{
	if (redist < 0) {
		if (off >= 0x400 && off < 0xbfc)
			return 1 | 4;
		if (off >= 0xf10 && off < 0xf30)
			return 1 | 4;
		if ((off >= 0x6100 && off < 0x7fe0) || (off >= 0xd80 && off < 0xe00))
			return 4 | 8;
		if (off < 0x14 || (off >= 0x80 && off < 0xf04 && off != 0xbfc) || off >= 0xffd0)
			return 4;
		return 4 | 8;
	}
	if (off >= SGI) {
		off -= SGI;
		if (off >= 0x400 && off < 0x420)
			return 1 | 4;
		for (uint32_t r = 0x80; r <= 0x380; r += 0x80)
			if (off >= r && off < r + 4)
				return 4;
		if ((off >= 0xc00 && off < 0xc08) || (off >= 0xd00 && off < 0xd04) ||
		    (off >= 0xe00 && off < 0xe08))
			return 4;
		return 4 | 8;
	}
	if (off < 8 || (off >= 0x10 && off < 0x18) || (off >= 0xc0 && off < 0xc4) || off >= 0xffd0)
		return 4;
	return 4 | 8;
}

/* Every offset, every width, also those that no instruction makes. */
static void test_widths(void **state)
{
	(void)state;
	for (int redist = -1; redist < 1; redist++) {
		uint32_t end = redist < 0 ? VGIC_GICD_SIZE : VGIC_GICR_SIZE;

		for (uint32_t off = 0; off < end + 16; off++)
			for (uint32_t width = 0; width <= 16; width++) {
				uint64_t v = 0x5a5a, w = 0;
				bool ok = off < end && width && !(width & (width - 1)) &&
					  width <= 8 && !(off & (width - 1)) &&
					  sizes(redist, off) & width;

				if (ok && width == 8 && sizes(redist, off + 4) == 4)
					ok = false;
				if ((access_(redist, off, width, false, &v) == VGIC_OK) != ok)
					fail_msg("read %d %x by %u", redist, off, width);
				if (!ok)
					assert_int_equal(v, 0x5a5a);
				if ((access_(redist, off, width, true, &w) == VGIC_OK) != ok)
					fail_msg("write %d %x by %u", redist, off, width);
			}
	}
}

/* A bit of a bit register is that interrupt's and no other's. */
static void test_bits(void **state)
{
	static const uint32_t set[] = { 0x100, 0x200, 0x300 };

	(void)state;
	for (uint32_t s = 0; s < 3; s++)
		for (uint32_t n = 0; n < 32 + SPIS; n++) {
			int redist = n < 32 ? 1 : -1;
			uint32_t at = set[s] + (n < 32 ? SGI : n / 32 * 4);

			put(redist, at, 4, 1u << n % 32);
			for (uint32_t k = 0; k < 32 + SPIS; k++) {
				uint32_t kat = set[s] + (k < 32 ? SGI : k / 32 * 4);
				uint64_t v = get(k < 32 ? 1 : -1, kat, 4);

				assert_int_equal(v >> k % 32 & 1, k == n);
				/* The clear register reads the same. */
				assert_int_equal(get(k < 32 ? 1 : -1, kat + 0x80, 4), v);
			}
			assert_int_equal(get(0, SGI + set[s], 4), 0);
			/* Zeros change nothing, nor do a neighbour's bits. */
			put(redist, at + 0x80, 4, ~(1u << n % 32));
			assert_int_equal(get(redist, at, 4), 1u << n % 32);
			put(redist, at + 0x80, 4, 1u << n % 32);
			assert_int_equal(get(redist, at, 4), 0);
		}
}

/* A word of priorities or routes by parts. */
static void test_parts(void **state)
{
	(void)state;
	put(-1, 0x420, 4, 0x10203040);
	put(-1, 0x421, 1, 0x97);
	assert_int_equal(get(-1, 0x420, 4), 0x10209040);
	assert_int_equal(get(-1, 0x423, 1), 0x10);
	put(-1, 0x6108, 8, 0x1234567890abcdefull);
	put(-1, 0x610c, 4, 0x99);
	assert_int_equal(get(-1, 0x6108, 8), 0x9900abcdefull);
	put(-1, 0x6108, 4, 0);
	assert_int_equal(get(-1, 0x6108, 8), 0x9900000000ull);
	assert_int_equal(get(-1, 0x610c, 4), 0x99);
	put(2, 0x74, 4, 0x01000002);
	put(2, 0x70, 4, 0x3000f00d);
	assert_int_equal(get(2, 0x70, 8), 0x010000023000f00dull);
}

/* Levels and latches as ISPENDR shows them. */
static void test_pending_of_level(void **state)
{
	struct vgic_op op = { 0 };

	(void)state;
	for (uint32_t intid = 20; intid < 40; intid += 19) {
		int redist = intid < 32 ? 0 : -1;
		uint32_t at = (intid < 32 ? SGI : 4), bit = 1u << intid % 32;
		uint32_t cfg = (intid < 32 ? SGI : 0) + 0xc00 + intid / 16 * 4;

		assert_true(vgic_set_line(&g->v, g->vp[0], intid, true, &op));
		assert_int_equal(get(redist, at + 0x200, 4), bit);
		put(redist, at + 0x280, 4, bit);
		assert_int_equal(get(redist, at + 0x200, 4), bit);
		put(redist, at + 0x200, 4, bit);
		assert_true(vgic_set_line(&g->v, g->vp[0], intid, false, &op));
		assert_int_equal(get(redist, at + 0x200, 4), bit);
		put(redist, at + 0x280, 4, bit);
		assert_int_equal(get(redist, at + 0x200, 4), 0);
		/* An edge stays after its line fell, and needs a new rise. */
		put(redist, cfg, 4, 2u << intid % 16 * 2);
		assert_true(vgic_set_line(&g->v, g->vp[0], intid, true, &op));
		put(redist, at + 0x280, 4, bit);
		assert_int_equal(get(redist, at + 0x200, 4), 0);
		assert_true(vgic_set_line(&g->v, g->vp[0], intid, true, &op));
		assert_int_equal(get(redist, at + 0x200, 4), 0);
		assert_true(vgic_pulse(&g->v, g->vp[0], intid, &op));
		assert_int_equal(get(redist, at + 0x200, 4), 0);
		assert_true(vgic_pulse(&g->v, g->vp[0], intid, &op));
		assert_int_equal(get(redist, at + 0x200, 4), bit);
	}
}

/* Tables stay while LPIs are enabled. */
static void test_lpi_registers(void **state)
{
	(void)state;
	put(1, 0x70, 8, 0x10000 | 13);
	put(1, 0x78, 8, 0x20000 | VGIC_PENDBASER_PTZ);
	put(1, 0x00, 4, 1);
	assert_int_equal(get(1, 0x00, 4), 7);
	put(1, 0x70, 8, 0x30000);
	put(1, 0x78, 8, 0x30000);
	assert_int_equal(get(1, 0x70, 8), 0x10000 | 13);
	assert_int_equal(get(1, 0x78, 8), 0x20000);
	put(1, 0x00, 4, 0);
	put(1, 0x70, 8, 0x30000);
	assert_int_equal(get(1, 0x70, 8), 0x30000);
	/* What cannot be written back keeps LPIs on, and says where. */
	put(1, 0x70, 8, 0x10000 | 13);
	put(1, 0x00, 4, 1);
	mem_absent = 0x20000;
	{
		struct vgic_access a = { &g->v, g->vp[1], g->vp[1], 0, 4 };
		struct vgic_op op = { 0 };

		assert_int_equal(vgic_mmio_write(&a, 0, &op), VGIC_ABSENT);
		assert_int_equal(op.gpa, 0x20000 + 1024);
		assert_true(op.gpa_write);
	}
	assert_int_equal(get(1, 0x00, 4), 7);
	mem_absent = MEM_THERE;
	put(1, 0x00, 4, 0);
	assert_int_equal(get(1, 0x00, 4), 6);
}

/* The number of SPIs rules what is there. */
static void test_counts(void **state)
{
	static const uint32_t counts[] = { 0, 1, 32, 33, 256, 257, 987, 988 };
	void *pages[VGIC_SPI_PAGES] = { NULL };
	struct vgic v;

	(void)state;
	assert_false(vgic_init(&v, NULL, 989, FAKE_VTR(4), pages));
	for (uint32_t i = 0; i < ARRAY_LEN(counts); i++) {
		uint32_t n = counts[i];

		fake_gic_free(g);
		g = fake_gic_new(3, n, FAKE_VTR(4));
		assert_int_equal(get(-1, 4, 4) & 0x1f, (n + 31) / 32);
		for (uint32_t w = 1; w < 32; w++) {
			uint32_t left = w * 32 >= 32 + n ? 0 : 32 + n - w * 32;

			put(-1, 0x100 + 4 * w, 4, 0xffffffff);
			assert_int_equal(get(-1, 0x100 + 4 * w, 4),
					 left >= 32 ? 0xffffffff : (1ull << left) - 1);
		}
		if (n)
			put(-1, 0x6000 + 8 * (31 + n), 8, 0x0100000120ull);
		assert_int_equal(get(-1, 0x6000 + 8 * (31 + n), 8), n ? 0x0100000120ull : 0);
		if (n < 988)
			put(-1, 0x6000 + 8 * (32 + n), 8, 0x77);
		if (n < 988)
			assert_int_equal(get(-1, 0x6000 + 8 * (32 + n), 8), 0);
	}
}

/* Frames at any place of their own. */
static void test_bases(void **state)
{
	static const struct {
		uint64_t gpa, offset;
		int redist; /* -2: none */
	} rows[] = {
		{ 0, 0, -2 },	       { 0x07ffffff, 0, -2 },
		{ 0x08000000, 0, -1 }, { 0x0800ffff, 0xffff, -1 },
		{ 0x08010000, 0, -2 }, { 0x0809ffff, 0, -2 },
		{ 0x080a0000, 0, 0 },  { 0x080bffff, 0x1ffff, 0 },
		{ 0x080c0000, 0, 1 },  { 0x080fffff, 0x1ffff, 2 },
		{ 0x08100000, 0, -2 }, { ~0ull, 0, -2 },
	};
	struct vgic_access a;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(vgic_mmio_find(g->vp[1], rows[i].gpa, 4, &a),
				 rows[i].redist != -2);
		if (rows[i].redist == -2)
			continue;
		assert_ptr_equal(a.gic, &g->v);
		assert_ptr_equal(a.self, g->vp[1]);
		assert_ptr_equal(a.redist, rows[i].redist < 0 ? NULL : g->vp[rows[i].redist]);
		assert_int_equal(a.offset, rows[i].offset);
		assert_int_equal(a.width, 4);
	}
	/* Misaligned, too high, over another: refused, and nothing moved. */
	assert_false(vgic_set_gicd_base(&g->v, 0x08000800));
	assert_false(vgic_set_gicd_base(&g->v, 0x080a0000));
	assert_false(vgic_set_gicd_base(&g->v, 0x080f0000));
	assert_false(vgic_set_gicd_base(&g->v, BIT(48)));
	assert_false(vgic_set_gicd_base(&g->v, ~0xffffull));
	assert_int_equal(g->v.gicd_base, 0x08000000);
	assert_false(vgic_set_gicr_base(g->vp[0], 0x08000000));
	assert_false(vgic_set_gicr_base(g->vp[0], 0x07ff0000));
	assert_false(vgic_set_gicr_base(g->vp[0], 0x080b0000));
	assert_false(vgic_set_gicr_base(g->vp[0], 0x080d0000));
	assert_false(vgic_set_gicr_base(g->vp[0], BIT(48) - 0x10000));
	assert_int_equal(g->vp[0]->gicr_base, 0x080a0000);
	/* Onto a part of itself, to the end of the address space, away. */
	assert_true(vgic_set_gicr_base(g->vp[0], 0x08090000));
	assert_int_equal(get(0, 8, 4), 0x19); /* none follows now */
	assert_true(vgic_set_gicr_base(g->vp[0], BIT(48) - 0x20000));
	assert_true(vgic_set_gicd_base(&g->v, 0x080a0000));
	assert_true(vgic_set_gicr_base(g->vp[0], 0));
	assert_true(vgic_set_gicd_base(&g->v, 0));
	assert_false(vgic_mmio_find(g->vp[1], 0, 4, &a));
	assert_false(vgic_mmio_find(g->vp[1], 0x080a0000, 4, &a));
	assert_true(vgic_mmio_find(g->vp[0], 0x080c0000, 4, &a));
}

static int setup(void **state)
{
	(void)state;
	g = fake_gic_new(3, SPIS, FAKE_VTR(4));
	assert_true(vgic_set_gicd_base(&g->v, 0x08000000));
	for (uint32_t i = 0; i < 3; i++)
		assert_true(vgic_set_gicr_base(g->vp[i], 0x080a0000 + i * VGIC_GICR_SIZE));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_gic_free(g);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_rows),
		T(test_widths),
		T(test_bits),
		T(test_parts),
		T(test_pending_of_level),
		T(test_lpi_registers),
		T(test_counts),
		T(test_bases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
