/* SPDX-License-Identifier: MIT */
/*
 * The virtual GIC on CPUs at once: each thread runs one VP, takes what it gets, sends SGIs, moves
 * SPIs about, and reads and writes the others' registers, which makes it wait for them. Nothing may
 * hang, be taken twice as active, or be left over at the end.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_vgic.h"

#define VPS   3u
#define SPIS  32u
#define STEPS 20000u
#define LPIS  64u
#define PROP  0x10000u

static struct fake_gic *g;
static uint32_t active_on[32 + SPIS]; /* atomic: for SPIs, how many VPs have it active */
static uint32_t errors, finished;     /* atomic */
static uint64_t taken[VPS], lpis[VPS];

struct cpu {
	uint32_t vp;
	uint64_t seed;
};

static uint32_t rnd(struct cpu *c, uint32_t n)
{
	c->seed ^= c->seed << 13;
	c->seed ^= c->seed >> 7;
	c->seed ^= c->seed << 17;
	return (uint32_t)(c->seed >> 11) % n;
}

/* In the guest: take the pending, end what was taken before. */
static void guest(struct cpu *c)
{
	struct vgic_image *hw = &g->vp[c->vp]->hw;

	for (uint32_t m = hw->live; m; m &= m - 1) {
		uint64_t *lr = &hw->lr[__builtin_ctz(m)];
		uint32_t intid = (uint32_t)*lr;

		if (*lr & VGIC_LR_ACTIVE) {
			if (intid >= 32 && atomic_add(&active_on[intid], (uint32_t)-1) != 0)
				(void)atomic_add(&errors, 1);
			*lr &= ~VGIC_LR_ACTIVE;
		} else if (*lr & VGIC_LR_PENDING) {
			*lr ^= VGIC_LR_PENDING | (intid < VGIC_LPI_FIRST ? VGIC_LR_ACTIVE : 0);
			taken[c->vp]++;
			lpis[c->vp] += intid >= VGIC_LPI_FIRST;
			if (intid >= 32 && intid < VGIC_LPI_FIRST &&
			    atomic_add(&active_on[intid], 1) != 1)
				(void)atomic_add(&errors, 1);
		}
	}
	if (!rnd(c, 16))
		sched_yield();
}

static void run(struct cpu *c)
{
	struct vgic_vp *vp = g->vp[c->vp];
	struct vgic_op op = { 0 };

	if (vgic_flush(vp, &op) != VGIC_OK) {
		sched_yield();
		return;
	}
	guest(c);
	vgic_sync(vp, &op);
}

/* A kick is a word here that those in a guest come to see soon: they never stay. */
static void reach(struct cpu *c)
{
	uint32_t other = rnd(c, VPS), what = rnd(c, 8), intid = 32 + rnd(c, SPIS);
	static const uint32_t offs[] = { 0x10200, 0x10280, 0x10300, 0x204, 0x6000, 0x184, 0, 0x48 };
	struct vgic_access a = { &g->v, g->vp[c->vp], what < 3 || what == 7 ? g->vp[other] : NULL,
				 offs[what], what == 4 || what == 7 ? 8 : 4 };
	uint64_t val = 1u << intid % 32;
	struct vgic_op op = { 0 };
	enum vgic_result r;

	if (what == 4) {
		a.offset += 8 * intid;
		val = other ? 1ull << 32 | other << 8 | 0x20 : 0;
	}
	if (what == 6)
		val = rnd(c, 4) ? 2 : 0; /* CTLR: EnableGrp1 */
	if (what == 7)
		val = VGIC_LPI_FIRST + rnd(c, LPIS); /* CLRLPIR */
	do {
		if (what == 3 || what == 4 || what > 5)
			r = vgic_mmio_write(&a, val, &op);
		else
			r = vgic_mmio_read(&a, &val, &op);
		if (r == VGIC_AGAIN)
			sched_yield();
	} while (r == VGIC_AGAIN);
	if (r != VGIC_OK || op.held)
		(void)atomic_add(&errors, 1);
}

static void *cpu_main(void *arg)
{
	struct cpu *c = arg;
	struct vgic_op op;

	for (uint32_t i = 0; i < STEPS; i++) {
		op = (struct vgic_op){ 0 };
		switch (rnd(c, 5)) {
		case 0:
			vgic_sgi1r(g->vp[c->vp], BIT(40) | (uint64_t)rnd(c, 16) << 24, &op);
			break;
		case 1:
			(void)vgic_pulse(&g->v, NULL, 32 + rnd(c, SPIS), &op);
			break;
		case 2:
			reach(c);
			break;
		case 3:
			(void)vgic_pulse(&g->v, g->vp[rnd(c, VPS)], VGIC_LPI_FIRST + rnd(c, LPIS),
					 &op);
			break;
		default:
			break;
		}
		run(c);
	}
	/* Others may still wait for this one. */
	(void)atomic_add(&finished, 1);
	while (atomic_load(&finished) < VPS)
		run(c);
	for (uint32_t i = 0; i < 2000; i++)
		run(c);
	return NULL;
}

static void test_threads(void **state)
{
	struct cpu cpus[VPS];
	pthread_t t[VPS];

	(void)state;
	g = fake_gic_new(VPS, SPIS, FAKE_VTR(4));
	atomic_store(&g->v.enable, 1);
	memset(mem + PROP, 0x41, LPIS);
	for (uint32_t n = 32; n < 32 + SPIS; n++) {
		vgic_spi(&g->v, n)->flags = VGIC_ENABLED | VGIC_EDGE;
		vgic_spi(&g->v, n)->prio = (uint8_t)(n << 3);
	}
	for (uint32_t i = 0; i < VPS; i++) {
		g->vp[i]->enabled = ~0u;
		g->vp[i]->lpi.propbaser = PROP | 13;
		g->vp[i]->lpi.enabled = true;
		cpus[i] = (struct cpu){ i, 0x9e3779b97f4a7c15ull * (i + 1) };
	}
	for (uint32_t i = 0; i < VPS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, cpu_main, &cpus[i]), 0);
	for (uint32_t i = 0; i < VPS; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	assert_int_equal(errors, 0);
	{
		struct vgic_access a = { &g->v, g->vp[0], NULL, 0, 4 };
		struct vgic_op op = { 0 };

		assert_int_equal(vgic_mmio_write(&a, 2, &op), VGIC_OK);
	}
	/* One more turn each, for what the last ones sent. */
	for (uint32_t i = 0; i < 100 * VPS; i++)
		run(&cpus[i % VPS]);
	for (uint32_t i = 0; i < VPS; i++) {
		assert_true(taken[i] > 1000 && lpis[i] > 100);
		for (uint32_t w = 0; w < VGIC_LPIS / 64; w++)
			assert_int_equal(g->vp[i]->lpi.posted[w] | g->vp[i]->lpi.pending[w], 0);
		assert_int_equal(g->vp[i]->latch | g->vp[i]->post | g->vp[i]->active, 0);
		assert_int_equal(g->vp[i]->spi_words | g->vp[i]->holds, 0);
	}
	for (uint32_t n = 32; n < 32 + SPIS; n++) {
		assert_int_equal(active_on[n], 0);
		assert_int_equal(vgic_spi(&g->v, n)->flags & ~VGIC_LINE, VGIC_ENABLED | VGIC_EDGE);
	}
	fake_gic_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_threads) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
