/* SPDX-License-Identifier: MIT */
/*
 * The virtual GIC step by step: SGIs by every field of ICC_SGI1R_EL1, routing, what an LR looks
 * like, overflow and its maintenance, the timer's physical interrupt, deactivation, who waits for
 * whom, and that an entry with nothing to do does nothing. Random sequences: test_vgic_model.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_vgic.h"

#define SPIS	 300u
#define ST(lr)	 ((lr) >> 62)
#define PENDING	 1u
#define ACTIVE	 2u
#define BOTH	 3u
#define PRIO(lr) FIELD(lr, 55, 48)

static struct fake_gic *g;
static struct vgic_op op;

static void make(uint32_t vps, uint32_t vtr)
{
	if (g)
		fake_gic_free(g);
	g = fake_gic_new(vps, SPIS, vtr);
	op = (struct vgic_op){ 0 };
	atomic_store(&g->v.enable, 1);
	for (uint32_t i = 0; i < vps; i++) {
		g->vp[i]->enabled = ~0u;
		g->vp[i]->hw.vmcr |= VGIC_VMCR_VENG1 | 0xf8u << VGIC_VMCR_VPMR;
	}
}

static enum vgic_result wr(uint32_t vp, int redist, uint32_t off, uint32_t width, uint64_t v)
{
	struct vgic_access a = { &g->v, g->vp[vp], redist < 0 ? NULL : g->vp[redist], off, width };

	return vgic_mmio_write(&a, v, &op);
}

static void enable_spi(uint32_t intid, uint32_t vp)
{
	struct lock_token t = lock_take(&g->v.lock);
	uint32_t aff = g->vp[vp]->affinity;

	vgic_spi(&g->v, intid)->flags |= VGIC_ENABLED;
	vgic_spi_route(&g->v, vgic_spi(&g->v, intid),
		       (uint64_t)(aff >> 24) << 32 | (aff & 0xffffff));
	vgic_spi_changed(&g->v, intid, &op);
	lock_drop(t);
}

static uint32_t flush(uint32_t vp)
{
	uint32_t n = 0;

	assert_int_equal(vgic_flush(g->vp[vp], &op), VGIC_OK);
	for (uint32_t m = g->vp[vp]->hw.live; m; m &= m - 1)
		n++;
	op.kick = 0;
	return n;
}

static void sync(uint32_t vp)
{
	vgic_sync(g->vp[vp], &op);
	assert_int_equal(g->vp[vp]->hw.live, 0);
	assert_int_equal(g->vp[vp]->lock.held, 0);
	assert_int_equal(g->v.lock.held, 0);
}

/* The LR of intid while in the guest, or NULL. */
static uint64_t *lr_of(uint32_t vp, uint32_t intid)
{
	struct vgic_image *hw = &g->vp[vp]->hw;

	for (uint32_t i = 0; i < 16; i++)
		if (hw->live >> i & 1 && (uint32_t)hw->lr[i] == intid)
			return &hw->lr[i];
	return NULL;
}

static void set_state(uint64_t *lr, uint64_t st)
{
	*lr = (*lr & ~MASK(63, 62)) | st << 62;
}

/* ---- sources and routing ---- */

static uint32_t got_sgi(uint32_t intid)
{
	uint32_t who = 0;

	for (uint32_t i = 0; i < 4; i++)
		if (g->vp[i] && atomic_xchg(&g->vp[i]->post, 0) >> intid & 1)
			who |= 1u << i;
	return who;
}

/* Affinities: VP 0 is 0.0.0.0, VP n is 1.0.n.32. */
static void test_sgi(void **state)
{
	static const struct {
		uint64_t value;
		uint32_t who;
	} rows[] = {
		{ 1, 1 },
		{ 0xfffe, 0 },
		{ 1ull << 44 | 1, 0 },
		{ 1ull << 48 | 1, 0 },
		{ 1ull << 48 | 2ull << 44 | 1 << 16 | 1, 2 },
		{ 1ull << 48 | 2ull << 44 | 2 << 16 | 1, 4 },
		{ 1ull << 48 | 2ull << 44 | 3 << 16 | 0xffff, 8 },
		{ 1ull << 48 | 2ull << 44 | 3 << 16 | 0xfffe, 0 },
		{ 1ull << 48 | 3ull << 44 | 3 << 16 | 1, 0 },
		{ 1ull << 48 | 2ull << 44 | 1ull << 32 | 3 << 16 | 1, 0 },
		{ 2ull << 48 | 2ull << 44 | 3 << 16 | 1, 0 },
		{ BIT(40), 0xd },
		{ BIT(40) | 2ull << 44 | 0xff0000 | 0xffff, 0xd },
		{ 0, 0 },
	};

	(void)state;
	make(4, FAKE_VTR(4));
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++)
		for (uint32_t intid = 0; intid < 16; intid++) {
			/* Reserved bits do not matter. */
			uint64_t noise = i & 1 ? 0xff000e00f0000000ull : 0;

			op.kick = 0;
			vgic_sgi1r(g->vp[1], rows[i].value | (uint64_t)intid << 24 | noise, &op);
			assert_int_equal(op.kick, rows[i].who);
			assert_int_equal(got_sgi(intid), rows[i].who);
		}
	/* To itself, through the LR. */
	for (uint32_t i = 0; i < 4; i++)
		(void)flush(i), sync(i);
	vgic_sgi1r(g->vp[0], 5 << 24 | 1, &op);
	assert_true(vgic_mail(g->vp[0]));
	assert_int_equal(flush(0), 1);
	assert_false(vgic_mail(g->vp[0]));
	assert_int_equal(g->vp[0]->hw.lr[0], VGIC_LR_PENDING | VGIC_LR_GROUP | 5);
	sync(0);
}

static void test_sources(void **state)
{
	(void)state;
	make(2, FAKE_VTR(4));
	assert_true(vgic_set_line(&g->v, NULL, 331, true, &op));
	assert_false(vgic_set_line(&g->v, NULL, 332, true, &op));
	assert_false(vgic_set_line(&g->v, g->vp[0], 1019, true, &op));
	assert_false(vgic_set_line(&g->v, g->vp[0], 1023, true, &op));
	assert_false(vgic_pulse(&g->v, g->vp[0], 332, &op));
	assert_false(vgic_lpi_post(g->vp[0], 8191, &op));
	/* A line that does not move kicks nobody. */
	enable_spi(40, 1);
	for (uint32_t intid = 20; intid <= 40; intid += 20) {
		op.kick = 0;
		assert_true(vgic_set_line(&g->v, g->vp[1], intid, true, &op));
		assert_int_equal(op.kick, 2);
		op.kick = 0;
		assert_true(vgic_set_line(&g->v, g->vp[1], intid, true, &op));
		assert_int_equal(op.kick, 0);
	}
	assert_int_equal(flush(1), 2);
	/* The line falls while it is in an LR. */
	assert_true(vgic_set_line(&g->v, NULL, 40, false, &op));
	assert_int_equal(op.kick, 2);
	sync(1);
	assert_int_equal(flush(1), 1);
	sync(1);
	/* Not enabled, not routed, not forwarded: in no LR. */
	assert_true(vgic_set_line(&g->v, NULL, 41, true, &op));
	enable_spi(42, 1);
	assert_int_equal(wr(0, -1, 0x6000 + 8 * 42, 8, 0x99), VGIC_OK);
	assert_true(vgic_set_line(&g->v, NULL, 42, true, &op));
	assert_int_equal(flush(1), 1);
	sync(1);
	assert_int_equal(wr(0, -1, 0x6000 + 8 * 42, 8, 0x0100000120), VGIC_OK);
	assert_int_equal(flush(1), 2);
	sync(1);
	assert_int_equal(wr(0, -1, 0, 4, 0), VGIC_OK);
	assert_int_equal(flush(1), 0);
	sync(1);
	assert_int_equal(wr(0, -1, 0, 4, 2), VGIC_OK);
	assert_int_equal(flush(1), 2);
	sync(1);
}

static void test_life(void **state)
{
	struct vgic_vp *spare = calloc(1, 4096);

	(void)state;
	make(3, FAKE_VTR(4));
	assert_false(vgic_add_vp(&g->v, spare, 2, 77));
	assert_false(vgic_add_vp(&g->v, spare, 64, 77));
	assert_false(vgic_add_vp(&g->v, spare, 3, g->vp[2]->affinity));
	assert_null(vgic_vp_of(&g->v, 3));
	/* An SPI waits for a VP that is not there yet. */
	assert_int_equal(wr(0, -1, 0x6000 + 8 * 50, 8, 77), VGIC_OK);
	assert_int_equal(wr(0, -1, 0x104, 4, 1u << 18), VGIC_OK);
	assert_true(vgic_set_line(&g->v, NULL, 50, true, &op));
	assert_int_equal(vgic_find(&g->v, 77), VGIC_NO_VP);
	assert_true(vgic_add_vp(&g->v, spare, 3, 77));
	g->vp[3] = spare;
	assert_int_equal(vgic_find(&g->v, 77), 3);
	assert_int_equal(flush(3), 1);
	/* Taken, then the VP goes: inactive, pending by its line, and with no target. */
	set_state(lr_of(3, 50), ACTIVE);
	sync(3);
	assert_true(vgic_spi(&g->v, 50)->flags & VGIC_ACTIVE);
	vgic_remove_vp(spare);
	assert_null(vgic_vp_of(&g->v, 3));
	assert_int_equal(vgic_spi(&g->v, 50)->flags, VGIC_ENABLED | VGIC_LINE);
	assert_int_equal(vgic_spi(&g->v, 50)->owner, VGIC_NO_VP);
	/* Reset leaves lines as they are. */
	vgic_reset(&g->v, &op);
	assert_int_equal(vgic_spi(&g->v, 50)->flags, VGIC_LINE);
	assert_int_equal(g->v.enable, 0);
	assert_int_equal(vgic_spi(&g->v, 50)->target, 0);
	assert_true(vgic_set_line(&g->v, g->vp[1], 20, true, &op));
	g->vp[1]->active = 5;
	vgic_reset_vp(g->vp[1], &op);
	assert_int_equal(g->vp[1]->active | g->vp[1]->enabled | g->vp[1]->latch, 0);
	assert_int_equal(g->vp[1]->line, 1u << 20);
	assert_int_equal(g->vp[1]->edge, 0xffff);
	assert_int_equal(g->vp[1]->hw.vmcr, 3u << 18 | 2u << 21);
}

/* ---- list registers ---- */

/* LR of one interrupt by what it is. */
static void test_encode(void **state)
{
	static const struct {
		uint8_t flags, prio, active_prio, target;
		uint64_t lr; /* without INTID and group */
	} rows[] = {
		{ VGIC_ENABLED | VGIC_EDGE | VGIC_LATCH, 0x40, 0, 0,
		  VGIC_LR_PENDING | 0x40ull << 48 },
		{ VGIC_ENABLED | VGIC_LATCH, 0x40, 0, 0, VGIC_LR_PENDING | 0x40ull << 48 },
		{ VGIC_ENABLED | VGIC_LINE, 0x40, 0, 0,
		  VGIC_LR_PENDING | VGIC_LR_EOI | 0x40ull << 48 },
		{ VGIC_ENABLED | VGIC_EDGE | VGIC_LINE, 0x40, 0, 0, 0 },
		{ VGIC_LATCH, 0x40, 0, 0, 0 },
		{ VGIC_ACTIVE, 0x40, 0x30, 0, VGIC_LR_ACTIVE | 0x30ull << 48 },
		/* Pending again, but may not be taken */
		{ VGIC_ACTIVE | VGIC_LATCH, 0x30, 0x30, 0, VGIC_LR_ACTIVE | 0x30ull << 48 },
		{ VGIC_ACTIVE | VGIC_LATCH | VGIC_ENABLED, 0x30, 0x30, 0,
		  VGIC_LR_ACTIVE | VGIC_LR_PENDING | 0x30ull << 48 },
		/* ... at another priority, to another VP */
		{ VGIC_ACTIVE | VGIC_LATCH | VGIC_ENABLED, 0x40, 0x30, 0,
		  VGIC_LR_ACTIVE | VGIC_LR_EOI | 0x30ull << 48 },
		{ VGIC_ACTIVE | VGIC_LATCH | VGIC_ENABLED, 0x30, 0x30, 1,
		  VGIC_LR_ACTIVE | VGIC_LR_EOI | 0x30ull << 48 },
		{ VGIC_ACTIVE | VGIC_LINE | VGIC_ENABLED, 0x30, 0x30, 0,
		  VGIC_LR_ACTIVE | VGIC_LR_PENDING | VGIC_LR_EOI | 0x30ull << 48 },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct vgic_irq *irq;

		make(2, FAKE_VTR(4));
		irq = vgic_spi(&g->v, 300);
		irq->flags = rows[i].flags;
		irq->prio = rows[i].prio;
		irq->active_prio = rows[i].active_prio;
		irq->target = rows[i].target;
		vgic_spi_changed(&g->v, 300, &op);
		assert_int_equal(flush(0), rows[i].lr != 0);
		if (rows[i].lr && g->vp[0]->hw.lr[0] != (rows[i].lr | VGIC_LR_GROUP | 300))
			fail_msg("row %u: %llx", i, (unsigned long long)g->vp[0]->hw.lr[0]);
		sync(0);
		/* Nothing happened in the guest: nothing changed. */
		assert_int_equal(irq->flags, rows[i].flags);
		assert_int_equal(irq->active_prio, rows[i].active_prio);
	}
}

/* With nothing to do neither side writes anything, and no LR is touched. */
static void test_idle(void **state)
{
	struct vgic_vp before;

	(void)state;
	make(2, FAKE_VTR(4));
	assert_int_equal(flush(0), 0);
	sync(0);
	before = *g->vp[0];
	g->vp[0]->lock.held = g->v.lock.held = 1; /* taking one would never end */
	before.lock.held = 1;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(vgic_flush(g->vp[0], &op), VGIC_OK);
		vgic_sync(g->vp[0], &op);
	}
	assert_memory_equal(g->vp[0], &before, sizeof(before));
	g->vp[0]->lock.held = g->v.lock.held = 0;
	/* One interrupt: one LR, written once to enter and once to end. */
	vgic_sgi1r(g->vp[1], 1, &op);
	assert_int_equal(flush(0), 1);
	assert_int_equal(g->vp[0]->hw.write, 1);
	set_state(&g->vp[0]->hw.lr[0], 0);
	sync(0);
	assert_int_equal(flush(0), 0);
	assert_int_equal(g->vp[0]->hw.write, 0); /* the CPU's LR is invalid already */
	sync(0);
	/* Taken away while in the LR: that has to be cleared. */
	assert_true(vgic_set_line(&g->v, g->vp[0], 20, true, &op));
	assert_int_equal(flush(0), 1);
	assert_true(vgic_set_line(&g->v, g->vp[0], 20, false, &op));
	sync(0);
	assert_int_equal(flush(0), 0);
	assert_int_equal(g->vp[0]->hw.write, 1);
	assert_int_equal(g->vp[0]->hw.lr[0], 0);
	sync(0);
	/* An ended one that asks for maintenance too. */
	assert_true(vgic_set_line(&g->v, g->vp[0], 20, true, &op));
	assert_int_equal(flush(0), 1);
	set_state(&g->vp[0]->hw.lr[0], 0);
	assert_true(vgic_set_line(&g->v, g->vp[0], 20, false, &op));
	sync(0);
	vgic_leave(g->vp[0]);
	assert_int_equal(g->vp[0]->hw.write, 1);
	assert_int_equal(g->vp[0]->hw.lr[0], 0);
	vgic_leave(g->vp[0]);
	assert_int_equal(g->vp[0]->hw.write, 0);
}

static void sgis(uint32_t vp, uint32_t mask)
{
	for (uint32_t n = 0; n < 16; n++)
		g->vp[vp]->prio[n] = (uint8_t)(0x80 - n * 8);
	(void)atomic_or(&g->vp[vp]->post, mask);
	vgic_post(g->vp[vp], &op);
}

static void test_overflow_pending(void **state)
{
	(void)state;
	make(1, FAKE_VTR(4));
	sgis(0, 0xf);
	assert_int_equal(flush(0), 4);
	assert_int_equal(g->vp[0]->hw.hcr, VGIC_HCR_EN | VGIC_HCR_TALL0);
	sync(0);
	sgis(0, 0xff);
	assert_int_equal(flush(0), 4);
	/* The best four; more to come when none is left. */
	for (uint32_t n = 0; n < 8; n++)
		assert_int_equal(lr_of(0, n) != NULL, n >= 4);
	assert_int_equal(g->vp[0]->hw.hcr, VGIC_HCR_EN | VGIC_HCR_TALL0 | VGIC_HCR_NPIE);
	for (uint32_t n = 4; n < 8; n++)
		set_state(lr_of(0, n), n == 7 ? ACTIVE : 0);
	sync(0);
	assert_int_equal(flush(0), 4);
	for (uint32_t n = 0; n < 8; n++)
		assert_int_equal(lr_of(0, n) != NULL, n && (n < 4 || n == 7));
	assert_int_equal(g->vp[0]->hw.hcr & VGIC_HCR_NPIE, VGIC_HCR_NPIE);
	assert_int_equal(ST(*lr_of(0, 7)), ACTIVE);
	sync(0);
}

/* All LRs' worth of active ones: the pending one still gets its LR, the active ones are not lost.
 */
static void test_overflow_active(void **state)
{
	(void)state;
	make(1, FAKE_VTR(4));
	sgis(0, 0);
	g->vp[0]->active = 0xf0;
	for (uint32_t n = 4; n < 8; n++)
		g->vp[0]->active_prio[n] = g->vp[0]->prio[n];
	assert_int_equal(flush(0), 4);
	assert_int_equal(g->vp[0]->hw.hcr, VGIC_HCR_EN | VGIC_HCR_TALL0);
	sync(0);
	sgis(0, 1);
	assert_int_equal(flush(0), 4);
	assert_int_equal(ST(*lr_of(0, 0)), PENDING);
	/* INTID 4 has the lowest priority of the active ones. */
	assert_null(lr_of(0, 4));
	assert_int_equal(g->vp[0]->hw.hcr, VGIC_HCR_EN | VGIC_HCR_TALL0 | VGIC_HCR_LRENPIE |
						   VGIC_HCR_TDIR |
						   (g->vp[0]->hw.hcr & VGIC_HCR_NPIE));
	assert_true(g->vp[0]->overflow);
	/* Two EOIs that found no LR, but one interrupt that they can mean. */
	g->vp[0]->hw.hcr += 2u << VGIC_HCR_EOI_LO;
	sync(0);
	assert_int_equal(g->vp[0]->active, 0xe0);
	assert_int_equal(g->vp[0]->active_prio[4], 0);
	assert_int_equal(flush(0), 4);
	assert_int_equal(g->vp[0]->hw.hcr & ~VGIC_HCR_NPIE, VGIC_HCR_EN | VGIC_HCR_TALL0);
	sync(0);
	/* Equal priorities: the active one is not left out. */
	make(1, FAKE_VTR(2));
	(void)atomic_or(&g->vp[0]->post, 7);
	g->vp[0]->active = 1u << 20;
	vgic_post(g->vp[0], &op);
	assert_int_equal(flush(0), 2);
	assert_non_null(lr_of(0, 20));
	sync(0);
	/* One LR: it is the pending one's, all active ones are outside, SPIs too. */
	make(1, FAKE_VTR(1));
	sgis(0, 1);
	g->vp[0]->active = 0x30;
	g->vp[0]->active_prio[4] = 0x20;
	g->vp[0]->active_prio[5] = 0x18;
	enable_spi(200, 0);
	vgic_spi(&g->v, 200)->flags |= VGIC_ACTIVE;
	vgic_spi(&g->v, 200)->active_prio = 0x10;
	vgic_spi_changed(&g->v, 200, &op);
	assert_int_equal(flush(0), 1);
	assert_non_null(lr_of(0, 0));
	g->vp[0]->hw.hcr += 2u << VGIC_HCR_EOI_LO;
	sync(0);
	assert_int_equal(vgic_spi(&g->v, 200)->flags, VGIC_ENABLED);
	assert_int_equal(g->vp[0]->active, 0x10);
}

/* What ICC_DIR needs, by VPs and by what the CPU can trap. */
static void test_dir_traps(void **state)
{
	const uint32_t base = VGIC_HCR_EN | VGIC_HCR_TALL0, no_tds = FAKE_VTR(4) & ~(1u << 19);

	(void)state;
	for (uint32_t vps = 1; vps < 3; vps++)
		for (uint32_t split = 0; split < 2; split++)
			for (uint32_t over = 0; over < 2; over++)
				for (uint32_t tds = 0; tds < 2; tds++) {
					uint32_t want = base | (over ? VGIC_HCR_LRENPIE : 0);

					make(vps, tds ? FAKE_VTR(4) : no_tds);
					assert_true(vgic_set_control(g->vp[0], split ? 2 : 0));
					g->vp[0]->active = over ? 0x1f : 1;
					assert_int_equal(flush(0), over ? 4 : 1);
					if (tds && (over || vps > 1))
						want |= VGIC_HCR_TDIR;
					if (!tds && (over || (vps > 1 && split)))
						want |= VGIC_HCR_TC;
					assert_int_equal(g->vp[0]->hw.hcr, want);
				}
	/* A second VP tells the first. */
	make(1, FAKE_VTR(4));
	assert_int_equal(flush(0), 0);
	g->vp[1] = calloc(1, 4096);
	assert_true(vgic_add_vp(&g->v, g->vp[1], 1, 9));
	assert_true(vgic_mail(g->vp[0]));
}

static void test_dir(void **state)
{
	(void)state;
	make(2, FAKE_VTR(4));
	g->vp[0]->active = 0x10010;
	g->vp[0]->active_prio[4] = 8;
	assert_int_equal(vgic_dir(g->vp[0], 4, &op), VGIC_OK);
	assert_int_equal(g->vp[0]->active, 0x10010); /* EOImode 0 */
	assert_true(vgic_set_control(g->vp[0], 2));
	assert_int_equal(vgic_dir(g->vp[0], 4 | BIT(24), &op), VGIC_OK);
	assert_int_equal(g->vp[0]->active, 0x10000);
	assert_int_equal(g->vp[0]->active_prio[4], 0);
	assert_int_equal(vgic_dir(g->vp[0], 332, &op), VGIC_OK);
	assert_int_equal(vgic_dir(g->vp[0], 1023, &op), VGIC_OK);
	assert_int_equal(vgic_dir(g->vp[0], 8192, &op), VGIC_OK);
	/* An SPI that is active on a VP in its guest. */
	enable_spi(99, 1);
	assert_true(vgic_pulse(&g->v, NULL, 99, &op));
	assert_true(vgic_set_line(&g->v, NULL, 99, true, &op));
	assert_int_equal(flush(1), 1);
	set_state(lr_of(1, 99), ACTIVE);
	assert_int_equal(vgic_dir(g->vp[0], 99, &op), VGIC_AGAIN);
	assert_int_equal(op.kick, 2);
	assert_int_equal(g->vp[1]->holds, 1);
	assert_true(vgic_mail(g->vp[1]));
	assert_int_equal(vgic_dir(g->vp[0], 99, &op), VGIC_AGAIN);
	assert_int_equal(g->vp[1]->holds, 1);
	sync(1);
	/* It waits for its turn. */
	{
		struct vgic_op other = { 0 };

		assert_int_equal(vgic_flush(g->vp[1], &other), VGIC_AGAIN);
		assert_int_equal(vgic_flush(g->vp[1], &other), VGIC_AGAIN);
		assert_int_equal(g->vp[1]->hw.live, 0);
	}
	assert_int_equal(vgic_dir(g->vp[0], 99, &op), VGIC_OK);
	assert_int_equal(g->vp[1]->holds, 0);
	assert_int_equal(op.held, 0);
	assert_int_equal(vgic_spi(&g->v, 99)->flags, VGIC_ENABLED | VGIC_LINE);
	assert_int_equal(flush(1), 1);
	sync(1);
}

/* Every access that has to know what stands in another's LRs waits, and changes nothing before. */
static void test_waits(void **state)
{
	static const struct {
		uint32_t off, width;
		uint64_t val;
		bool write, again;
	} rows[] = {
		{ 0x0104, 4, ~0u, true, true },	     { 0x0184, 4, 1u << 8, true, true },
		{ 0x0184, 4, 1u << 9, true, false }, { 0x0204, 4, 1u << 8, true, true },
		{ 0x0284, 4, 1u << 8, true, true },  { 0x0304, 4, 1u << 8, true, true },
		{ 0x0384, 4, 1u << 8, true, true },  { 0x0204, 4, 0, false, true },
		{ 0x0284, 4, 0, false, true },	     { 0x0304, 4, 0, false, true },
		{ 0x0104, 4, 0, false, false },	     { 0x0428, 1, 0x30, true, false },
		{ 0x0428, 4, 0, false, false },	     { 0x0c08, 4, 0x20000, true, true },
		{ 0x0c08, 4, 0x00002, true, false }, { 0x6140, 8, 0, true, true },
		{ 0x6148, 8, 0, true, false },	     { 0x6140, 8, 0, false, false },
		{ 0x0000, 4, 0, true, true },	     { 0x0000, 4, 2, true, false },
	};

	(void)state;
	for (uint32_t frame = 0; frame < 2; frame++)
		for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
			struct vgic_access a = { 0 };
			uint64_t v = rows[i].val;
			enum vgic_result r;

			make(2, FAKE_VTR(4));
			a = (struct vgic_access){ &g->v, g->vp[0], NULL, rows[i].off,
						  rows[i].width };
			enable_spi(40, 1);
			assert_true(vgic_set_line(&g->v, NULL, 40, true, &op));
			assert_true(vgic_set_line(&g->v, g->vp[1], 24, true, &op));
			assert_int_equal(flush(1), 2);
			if (frame) {
				if (rows[i].off >= 0x6000 || !rows[i].off)
					continue;
				a.redist = g->vp[1];
				a.offset += 0x10000 - (rows[i].off >= 0xc00   ? 4u
						       : rows[i].off >= 0x400 ? 0x10u
									      : 4u);
				/* INTID 24 for 40, as bit and as field */
				if (rows[i].off < 0x400 && v != ~0u)
					v <<= 16;
			}
			for (int turn = 0; turn < 2; turn++) {
				op.kick = 0;
				r = rows[i].write ? vgic_mmio_write(&a, v, &op)
						  : vgic_mmio_read(&a, &v, &op);
				if (r != (rows[i].again ? VGIC_AGAIN : VGIC_OK))
					fail_msg("frame %u row %u: %d", frame, i, (int)r);
				assert_int_equal(op.held, rows[i].again ? 2 : 0);
				assert_int_equal(g->vp[1]->holds, rows[i].again);
				if (rows[i].again)
					assert_int_equal(op.kick & 2, 2);
			}
			if (!rows[i].again)
				continue;
			assert_int_equal(vgic_spi(&g->v, 40)->flags, VGIC_ENABLED | VGIC_LINE);
			assert_int_equal(g->vp[1]->active | g->vp[1]->latch, 0);
			assert_int_equal(g->vp[1]->enabled, ~0u);
			sync(1);
			r = rows[i].write ? vgic_mmio_write(&a, v, &op)
					  : vgic_mmio_read(&a, &v, &op);
			assert_int_equal(r, VGIC_OK);
			assert_int_equal(g->vp[1]->holds, 0);
			(void)flush(1);
			sync(1);
		}
	/* A redistributor's LPI registers wait for anything in the LRs. */
	for (uint32_t i = 0; i < 4; i++) {
		static const uint32_t off[] = { 0, 0x48, 0xa0, 0xb0 };
		struct vgic_access a = { &g->v, NULL, NULL, 0, 0 };

		make(2, FAKE_VTR(4));
		a = (struct vgic_access){ &g->v, g->vp[0], g->vp[1], off[i], off[i] ? 8 : 4 };
		sgis(1, 1);
		assert_int_equal(flush(1), 1);
		assert_int_equal(vgic_mmio_write(&a, 8192, &op), VGIC_AGAIN);
		sync(1);
		assert_int_equal(vgic_mmio_write(&a, 8192, &op), VGIC_OK);
	}
}

/* Rule: the physical interrupt is active from when it is pending here until the guest has ended it.
 */
static void test_timer(void **state)
{
	struct vgic_image *hw;

	(void)state;
	make(1, FAKE_VTR(4));
	hw = &g->vp[0]->hw;
	assert_int_equal(flush(0), 0);
	assert_false(hw->timer_want);
	sync(0);
	assert_true(vgic_set_line(&g->v, g->vp[0], 27, true, &op));
	assert_int_equal(flush(0), 1);
	assert_int_equal(hw->lr[0],
			 VGIC_LR_PENDING | VGIC_LR_HW | VGIC_LR_GROUP | 27ull << 32 | 27);
	assert_true(hw->timer_want);
	hw->timer_phys = true;
	/* Taken, the timer set anew: still active. */
	set_state(&hw->lr[0], ACTIVE);
	sync(0);
	assert_true(hw->timer_phys);
	assert_true(vgic_set_line(&g->v, g->vp[0], 27, false, &op));
	assert_int_equal(flush(0), 1);
	assert_int_equal(ST(hw->lr[0]), ACTIVE);
	assert_true(hw->timer_want);
	/* Expired again meanwhile: never both in one LR. */
	sync(0);
	assert_true(vgic_set_line(&g->v, g->vp[0], 27, true, &op));
	assert_int_equal(flush(0), 1);
	assert_int_equal(ST(hw->lr[0]), ACTIVE);
	set_state(&hw->lr[0], 0);
	sync(0);
	assert_false(hw->timer_phys);
	assert_int_equal(hw->stale, 0);
	/* Its line is up still: it is given at once, and physically active anew. */
	assert_int_equal(flush(0), 1);
	assert_int_equal(ST(hw->lr[0]), PENDING);
	assert_true(hw->timer_want);
	hw->timer_phys = true;
	/* The guest stopped the timer before it took it. */
	assert_true(vgic_set_line(&g->v, g->vp[0], 27, false, &op));
	sync(0);
	assert_int_equal(flush(0), 0);
	assert_false(hw->timer_want);
	assert_true(hw->timer_phys);
	sync(0);
	/* Disabled, but expired: no storm of physical interrupts. */
	assert_int_equal(wr(0, 0, 0x10180, 4, 1u << 27), VGIC_OK);
	assert_true(vgic_set_line(&g->v, g->vp[0], 27, true, &op));
	assert_int_equal(flush(0), 0);
	assert_true(hw->timer_want);
	sync(0);
	/* By software, without the timer. */
	assert_true(vgic_set_line(&g->v, g->vp[0], 27, false, &op));
	assert_int_equal(wr(0, 0, 0x10100, 4, 1u << 27), VGIC_OK);
	assert_int_equal(wr(0, 0, 0x10200, 4, 1u << 27), VGIC_OK);
	assert_int_equal(flush(0), 1);
	assert_true(hw->timer_want);
	/* Once more while active: its end has to be told by maintenance. */
	set_state(&hw->lr[0], ACTIVE);
	sync(0);
	assert_int_equal(wr(0, 0, 0x10200, 4, 1u << 27), VGIC_OK);
	assert_int_equal(flush(0), 1);
	assert_int_equal(hw->lr[0], VGIC_LR_ACTIVE | VGIC_LR_EOI | VGIC_LR_GROUP | 27);
	assert_true(hw->timer_want);
	set_state(&hw->lr[0], 0);
	sync(0);
	assert_true(hw->timer_phys);
	assert_int_equal(flush(0), 1);
	assert_int_equal(hw->lr[0],
			 VGIC_LR_PENDING | VGIC_LR_HW | VGIC_LR_GROUP | 27ull << 32 | 27);
	assert_true(hw->timer_want);
	sync(0);
}

/* ---- CPU interface ---- */

static void test_pending(void **state)
{
	uint32_t all = VGIC_VMCR_VENG1 | 0xf8u << 24 | 3u << 18 | 2u << 21;
	struct vgic_vp *vp;

	(void)state;
	make(1, FAKE_VTR(4));
	vp = g->vp[0];
	vp->hw.vmcr = all;
	assert_false(vgic_pending(vp, &op));
	vp->prio[3] = 0x50;
	(void)atomic_or(&vp->post, 8);
	assert_true(vgic_pending(vp, &op));
	vp->hw.vmcr = all & ~VGIC_VMCR_VENG1;
	assert_false(vgic_pending(vp, &op));
	vp->hw.vmcr = (all & 0xffffff) | 0x50u << 24;
	assert_false(vgic_pending(vp, &op));
	vp->hw.vmcr = (all & 0xffffff) | 0x58u << 24;
	assert_true(vgic_pending(vp, &op));
	vp->hw.vmcr = all;
	/* Preempting by group priority. */
	vp->hw.ap1r[0] = 1u << 10;
	assert_false(vgic_pending(vp, &op));
	vp->hw.ap1r[0] = 1u << 11;
	assert_true(vgic_pending(vp, &op));
	vp->hw.vmcr = (all & ~(7u << 18)) | 4u << 18; /* groups of 0x10 */
	vp->hw.ap1r[0] = 1u << 10;
	assert_false(vgic_pending(vp, &op));
	vp->prio[3] = 0x58;
	vp->hw.ap1r[0] = 1u << 11;
	assert_true(vgic_pending(vp, &op)); /* 0x58 is of group 0x50, which is above 0x58 */
	vp->hw.vmcr = all | VGIC_VMCR_VCBPR;
	assert_false(vgic_pending(vp, &op));
	vp->hw.vmcr = (all & ~(7u << 21)) | 3u << 21 | VGIC_VMCR_VCBPR;
	assert_true(vgic_pending(vp, &op));
	vp->hw.ap1r[0] = 0;
	assert_int_equal(wr(0, -1, 0, 4, 0), VGIC_OK);
	assert_false(vgic_pending(vp, &op));
}

static void test_icc(void **state)
{
	uint32_t vtr = FAKE_VTR(4) | 1u << 23 | 1u << 22;
	struct vgic_vp *vp;

	(void)state;
	make(1, vtr);
	vp = g->vp[0];
	vgic_icc_write(vp, VGIC_ICC_PMR, 0x1af);
	assert_int_equal(vgic_icc_read(vp, VGIC_ICC_PMR), 0xa8);
	assert_int_equal(vp->hw.vmcr >> 24, 0xa8);
	assert_int_equal(vgic_icc_read(vp, VGIC_ICC_CTLR), 4 << 8 | 1 << 11 | 1 << 14 | 1 << 15);
	vgic_icc_write(vp, VGIC_ICC_CTLR, ~0ull);
	assert_int_equal(vgic_icc_read(vp, VGIC_ICC_CTLR) & 0xff, 3);
	vgic_icc_write(vp, VGIC_ICC_CTLR, 2);
	assert_int_equal(vgic_icc_read(vp, VGIC_ICC_CTLR) & 0xff, 2);
	assert_int_equal(vgic_icc_read(vp, VGIC_ICC_RPR), 0xff);
	vp->hw.ap1r[0] = 0x80001000;
	assert_int_equal(vgic_icc_read(vp, VGIC_ICC_RPR), 0x60);
	vgic_icc_write(vp, VGIC_ICC_RPR, 0);
	assert_int_equal(vgic_icc_read(vp, VGIC_ICC_RPR), 0x60);
	/* Seven bits of preemption: four registers. */
	make(1, (vtr & ~(63u << 26)) | 6u << 26 | 7u << 29);
	vp = g->vp[0];
	assert_int_equal(g->v.pri_mask, 0xff);
	vp->hw.ap1r[3] = 4;
	assert_int_equal(vgic_icc_read(vp, VGIC_ICC_RPR), 98 << 1);
}

static int end(void **state)
{
	(void)state;
	fake_gic_free(g);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sgi),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_overflow_pending),
		cmocka_unit_test(test_overflow_active),
		cmocka_unit_test(test_dir_traps),
		cmocka_unit_test(test_dir),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_timer),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_icc),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
