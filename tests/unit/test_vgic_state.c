/* SPDX-License-Identifier: MIT */
/* The GIC's two state types bit by bit, and LPIs with their tables in memory that may be absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hv/vp_state_arm64.h>

#include "fake_vgic.h"

#define SPIS 40u
#define PROP 0x10000u
#define PEND 0x20000u

typedef struct hv_arm64_local_interrupt_controller_state local_state;

static struct fake_gic *g;
static uint64_t seed = 0x9e3779b97f4a7c15ull;

static uint32_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16);
}

static void make(uint32_t vtr)
{
	if (g)
		fake_gic_free(g);
	g = fake_gic_new(3, SPIS, vtr);
	memset(mem, 0, sizeof(mem));
	mem_absent = MEM_THERE;
}

/* ---- the local state ---- */

/* Something in every field. */
static void busy(struct vgic_vp *vp)
{
	vp->hw.vmcr = VGIC_VMCR_VENG1 | VGIC_VMCR_VEOIM | 5u << 18 | 2u << 21 | 0xa8u << 24;
	vp->hw.ap1r[0] = 0x80100201;
	vp->enabled = rnd();
	vp->edge = (rnd() | 0xffff) & ~(1u << VGIC_TIMER_PPI);
	vp->line = rnd() & 0xffff0000;
	vp->latch = rnd();
	vp->active = 0x5a5a5a5a;
	for (uint32_t n = 0; n < 32; n++) {
		vp->prio[n] = rnd() & 0xf8;
		vp->active_prio[n] = vp->active >> n & 1 ? rnd() & 0xf8 : 0;
	}
	vp->lpi.propbaser = 0x070000000001078dull;
	vp->lpi.pendbaser = 0x0700000000020f80ull;
	vp->lpi.enabled = true;
}

static void test_local_layout(void **state)
{
	struct vgic_op op = { 0 };
	struct vgic_vp *vp;
	uint8_t b[200];
	uint64_t v;

	(void)state;
	make(FAKE_VTR(4));
	vp = g->vp[1];
	busy(vp);
	vp->enabled |= 1u << 20;
	vp->latch = vp->active = 1u << 20;
	vp->line = 1u << 20;
	vp->edge &= ~(1u << 20);
	memset(vp->active_prio, 0, 32);
	vp->active_prio[20] = 0x30;
	vp->prio[20] = 0x48;
	vp->post = 1u << 3;
	vp->enabled &= ~8u;
	vp->prio[3] = 0;
	assert_int_equal(vgic_get_local(vp, b, &op), VGIC_OK);
	assert_int_equal(b[0], 1);
	assert_int_equal(b[1], 3);
	for (uint32_t i = 2; i < 8; i++)
		assert_int_equal(b[i], 0);
#define U64_AT(off) (memcpy(&v, b + (off), 8), v)
	assert_int_equal(U64_AT(8), 1);
	assert_int_equal(U64_AT(16), 1);
	assert_int_equal(U64_AT(24), 5);
	assert_int_equal(U64_AT(32), 0xa8);
	assert_int_equal(U64_AT(40), 0x070000000001078dull);
	assert_int_equal(U64_AT(48), 0x0700000000020f80ull);
	assert_int_equal(U64_AT(56), 0x80100201);
	assert_int_equal(U64_AT(64), 0);
	/* INTID 20: enabled, level, asserted, pending by software, active */
	assert_int_equal(b[72 + 80], 0x1d);
	assert_int_equal(b[72 + 81], 0x48);
	assert_int_equal(b[72 + 82], 0x30);
	assert_int_equal(b[72 + 83], 0);
	/* INTID 3: posted by another VP counts as pending */
	assert_int_equal(b[72 + 12], 0x0a);
	assert_int_equal(vgic_get_control(vp), 2);
}

static bool local_bit_free(uint32_t bit, const uint8_t *b)
{
	uint32_t byte = bit / 8, in;

	if (byte == 8 || byte == 16)
		return bit % 8 == 0;
	if (byte == 32)
		return bit % 8 >= 3;
	if (byte >= 40 && byte < 48)
		return VGIC_PROPBASER_MASK >> (bit - 320) & 1;
	if (byte >= 48 && byte < 56)
		return VGIC_PENDBASER_MASK >> (bit - 384) & 1;
	if (byte >= 56 && byte < 60)
		return true;
	if (byte < 72)
		return false;
	in = (byte - 72) / 4;
	switch (byte % 4) {
	case 0:
		if (in < 16)
			return bit % 8 == 0 || bit % 8 == 3 ||
			       (bit % 8 == 4 && !(b[byte] & 0x10 && b[byte + 2]));
		if (bit % 8 == 1)
			return in != VGIC_TIMER_PPI;
		/* An active one has a priority to lose. */
		return bit % 8 < 4 || (bit % 8 == 4 && !(b[byte] & 0x10 && b[byte + 2]));
	case 1:
		return bit % 8 >= 3;
	case 2:
		return bit % 8 >= 3 && b[byte - 2] & 0x10;
	default:
		return false;
	}
}

/* Each bit flipped: taken and given back, or refused and nothing changed. */
static void test_local_bits(void **state)
{
	struct vgic_vp before;
	struct vgic_op op = { 0 };
	struct vgic_vp *vp;
	uint8_t good[200], b[200], again[200];

	(void)state;
	make(FAKE_VTR(4));
	vp = g->vp[1];
	busy(vp);
	/* Elsewhere memory, where Get writes the pending table, would have to be anywhere. */
	vp->lpi.enabled = false;
	assert_int_equal(vgic_get_local(vp, good, &op), VGIC_OK);
	assert_int_equal(vgic_set_local(vp, good, &op), VGIC_OK);
	before = *vp;
	for (uint32_t bit = 0; bit < 1600; bit++) {
		bool ok = local_bit_free(bit, good);
		enum vgic_result r;

		if (bit / 8 == 24)
			continue; /* BPR1: below */
		memcpy(b, good, sizeof(b));
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		r = vgic_set_local(vp, b, &op);
		if (r != (ok ? VGIC_OK : VGIC_FAULT))
			fail_msg("byte %u bit %u: %d", bit / 8, bit % 8, (int)r);
		if (!ok)
			assert_memory_equal(vp, &before, sizeof(before));
		else if (bit != 128) {
			assert_int_equal(vgic_get_local(vp, again, &op), VGIC_OK);
			assert_memory_equal(again, b, sizeof(b));
		}
		*vp = before;
	}
	for (uint32_t v = 0; v < 256; v++) {
		memcpy(b, good, sizeof(b));
		b[24] = (uint8_t)v;
		assert_int_equal(vgic_set_local(vp, b, &op),
				 v >= 3 && v <= 7 ? VGIC_OK : VGIC_FAULT);
	}
	/* The other registers of AP1R, where there are more levels. */
	for (uint32_t pre = 4; pre < 7; pre++) {
		make((FAKE_VTR(4) & ~(7u << 26)) | pre << 26);
		assert_int_equal(vgic_get_local(g->vp[0], b, &op), VGIC_OK);
		for (uint32_t n = 0; n < 4; n++) {
			memcpy(again, b, sizeof(b));
			again[56 + 4 * n] = 1;
			assert_int_equal(vgic_set_local(g->vp[0], again, &op),
					 n < 1u << (pre - 4) ? VGIC_OK : VGIC_FAULT);
		}
	}
}

static void test_control(void **state)
{
	(void)state;
	make(FAKE_VTR(4));
	for (uint32_t v = 0; v < 4; v++) {
		assert_true(vgic_set_control(g->vp[0], v));
		assert_int_equal(vgic_get_control(g->vp[0]), v);
		assert_int_equal(!!(g->vp[0]->hw.vmcr & VGIC_VMCR_VEOIM), v >> 1);
		assert_int_equal(!!(g->vp[0]->hw.vmcr & VGIC_VMCR_VCBPR), v & 1);
	}
	for (uint32_t bit = 2; bit < 64; bit++)
		assert_false(vgic_set_control(g->vp[0], BIT(bit) | 1));
	assert_int_equal(vgic_get_control(g->vp[0]), 3);
}

/* A VP with something in its list registers runs. */
static void test_running(void **state)
{
	uint8_t global[16 + 16 * SPIS], local[200];
	struct vgic_op op = { 0 };
	struct vgic_vp *vp;

	(void)state;
	make(FAKE_VTR(4));
	vp = g->vp[0];
	atomic_store(&g->v.enable, 1);
	assert_int_equal(vgic_get_global(&g->v, global), VGIC_OK);
	assert_int_equal(vgic_get_local(vp, local, &op), VGIC_OK);
	vgic_spi(&g->v, 40)->flags = VGIC_ENABLED;
	assert_true(vgic_set_line(&g->v, NULL, 40, true, &op));
	assert_int_equal(vgic_flush(vp, &op), VGIC_OK);
	assert_int_equal(vgic_get_global(&g->v, global), VGIC_AGAIN);
	assert_int_equal(vgic_set_global(&g->v, global, sizeof(global), &op), VGIC_AGAIN);
	assert_int_equal(vgic_get_local(vp, local, &op), VGIC_AGAIN);
	assert_int_equal(vgic_set_local(vp, local, &op), VGIC_AGAIN);
	vgic_sync(vp, &op);
	assert_int_equal(vgic_set_local(vp, local, &op), VGIC_OK);
	assert_int_equal(vgic_set_global(&g->v, global, sizeof(global), &op), VGIC_OK);
}

/* ---- the global state ---- */

static void busy_spis(void)
{
	atomic_store(&g->v.enable, 1);
	for (uint32_t n = 32; n < 32 + SPIS; n++) {
		struct vgic_irq *irq = vgic_spi(&g->v, n);
		struct vgic_op op = { 0 };

		irq->flags = rnd() & VGIC_FLAGS;
		irq->prio = rnd() & 0xf8;
		irq->active_prio = irq->flags & VGIC_ACTIVE ? rnd() & 0xf8 : 0;
		irq->active_vp = irq->flags & VGIC_ACTIVE ? (uint8_t)(rnd() % 3) : 0;
		vgic_spi_route(&g->v, irq, n & 1 ? 0x0100000220ull : 0x7700000000ull | n);
		vgic_spi_changed(&g->v, n, &op);
	}
}

static void test_global_layout(void **state)
{
	uint8_t b[16 + 16 * SPIS + 8];
	struct vgic_irq *irq;

	(void)state;
	make(FAKE_VTR(4));
	busy_spis();
	irq = vgic_spi(&g->v, 33);
	irq->flags = VGIC_ENABLED | VGIC_ACTIVE;
	irq->prio = 0x50;
	irq->active_prio = 0x48;
	irq->active_vp = 2;
	assert_int_equal(vgic_global_size(&g->v), 16 + 16 * SPIS);
	b[16 + 16 * SPIS] = 0x77;
	assert_int_equal(vgic_get_global(&g->v, b), VGIC_OK);
	assert_int_equal(b[16 + 16 * SPIS], 0x77);
	assert_memory_equal(b, ((uint8_t[16]){ 1, 3, 0, 0, SPIS, 0, 0, 0, 1 }), 16);
	assert_memory_equal(
		b + 32,
		((uint8_t[16]){ 33, 0, 0, 0, 2, 0, 0, 0, 0x20, 2, 0, 1, 0x11, 0x50, 0x48, 0 }), 16);
}

static bool global_bit_free(uint32_t bit, const uint8_t *b)
{
	uint32_t byte = bit / 8, in = (byte - 16) % 16;
	const uint8_t *e = b + byte - in;

	if (byte == 8)
		return bit % 8 == 0;
	if (byte < 16)
		return false;
	if (in == 4) /* of an active one: another of the three */
		return e[12] & 0x10 && (e[4] ^ 1u << bit % 8) < 3;
	if (in >= 8 && in < 12)
		return true;
	switch (in) {
	case 12:
		return bit % 8 < 4 || (bit % 8 == 4 && !(e[12] & 0x10 && (e[14] || e[4])));
	case 13:
		return bit % 8 >= 3;
	case 14:
		return bit % 8 >= 3 && e[12] & 0x10;
	default:
		return false;
	}
}

static void test_global_bits(void **state)
{
	uint8_t good[16 + 16 * SPIS], b[16 + 16 * SPIS], again[16 + 16 * SPIS];
	struct vgic_op op = { 0 };

	(void)state;
	make(FAKE_VTR(4));
	busy_spis();
	assert_int_equal(vgic_get_global(&g->v, good), VGIC_OK);
	for (uint32_t bit = 0; bit < sizeof(good) * 8; bit++) {
		bool ok = global_bit_free(bit, good);
		enum vgic_result r;

		memcpy(b, good, sizeof(b));
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		r = vgic_set_global(&g->v, b, sizeof(b), &op);
		if (r != (ok ? VGIC_OK : VGIC_FAULT))
			fail_msg("byte %u bit %u: %d", bit / 8, bit % 8, (int)r);
		assert_int_equal(vgic_get_global(&g->v, again), VGIC_OK);
		assert_memory_equal(again, ok ? b : good, sizeof(b));
		assert_int_equal(vgic_set_global(&g->v, good, sizeof(b), &op), VGIC_OK);
	}
	/* Any other size, order or number. */
	assert_int_equal(vgic_set_global(&g->v, good, sizeof(b) - 1, &op), VGIC_FAULT);
	assert_int_equal(vgic_set_global(&g->v, good, 0, &op), VGIC_FAULT);
	memcpy(b, good, sizeof(b));
	memcpy(b + 16, good + 32, 16);
	memcpy(b + 32, good + 16, 16);
	assert_int_equal(vgic_set_global(&g->v, b, sizeof(b), &op), VGIC_FAULT);
	memcpy(b + 16, b + 32, 16);
	assert_int_equal(vgic_set_global(&g->v, b, sizeof(b), &op), VGIC_FAULT);
	/* Fewer VPs: active on one that is not there. */
	vgic_spi(&g->v, 40)->flags |= VGIC_ACTIVE;
	vgic_spi(&g->v, 40)->active_vp = 2;
	assert_int_equal(vgic_get_global(&g->v, good), VGIC_OK);
	vgic_remove_vp(g->vp[2]);
	assert_int_equal(vgic_set_global(&g->v, good, sizeof(b), &op), VGIC_FAULT);
}

/* What a set does is what a guest then sees, and the other way round. */
static void test_views(void **state)
{
	struct vgic_access a = { &g->v, NULL, NULL, 0x124, 4 };
	struct vgic_op op = { 0 };
	uint8_t b[16 + 16 * SPIS];
	uint64_t v;

	(void)state;
	make(FAKE_VTR(4));
	a.gic = &g->v;
	a.self = g->vp[0];
	assert_int_equal(vgic_get_global(&g->v, b), VGIC_OK);
	b[8] = 1;
	b[16 + 16 * 5 + 12] = VGIC_ENABLED | VGIC_LATCH;
	b[16 + 16 * 5 + 9] = 1; /* affinity 1.0.1.32: VP 1 */
	b[16 + 16 * 5 + 8] = 0x20;
	b[16 + 16 * 5 + 11] = 1;
	op.kick = 0;
	assert_int_equal(vgic_set_global(&g->v, b, sizeof(b), &op), VGIC_OK);
	assert_int_equal(op.kick, 7);
	a.offset = 0x104;
	assert_int_equal(vgic_mmio_read(&a, &v, &op), VGIC_OK);
	assert_int_equal(v, 1u << 5);
	a.offset = 0x6000 + 8 * 37;
	a.width = 8;
	assert_int_equal(vgic_mmio_read(&a, &v, &op), VGIC_OK);
	assert_int_equal(v, 0x0100000120ull);
	assert_int_equal(vgic_flush(g->vp[1], &op), VGIC_OK);
	assert_int_equal((uint32_t)g->vp[1]->hw.lr[0], 37);
	vgic_sync(g->vp[1], &op);
	assert_int_equal(vgic_flush(g->vp[0], &op), VGIC_OK);
	assert_int_equal(g->vp[0]->hw.live, 0);
	a.offset = 0x425;
	a.width = 1;
	assert_int_equal(vgic_mmio_write(&a, 0x38, &op), VGIC_OK);
	assert_int_equal(vgic_get_global(&g->v, b), VGIC_OK);
	assert_int_equal(b[16 + 16 * 5 + 13], 0x38);
}

/* Activated by a write: at the priority of then, on the VP that it is routed to. */
static void test_written_active(void **state)
{
	uint8_t local[200], global[16 + 16 * SPIS];
	struct vgic_access a = { NULL, NULL, NULL, 0x304, 4 };
	struct vgic_op op = { 0 };

	(void)state;
	make(FAKE_VTR(4));
	a.gic = &g->v;
	a.self = g->vp[2];
	a.redist = g->vp[1];
	a.offset = 0x10300;
	g->vp[1]->prio[9] = 0x58;
	assert_int_equal(vgic_mmio_write(&a, 1u << 9, &op), VGIC_OK);
	g->vp[1]->prio[9] = 0x60;
	assert_int_equal(vgic_mmio_write(&a, 1u << 9, &op), VGIC_OK);
	assert_int_equal(vgic_get_local(g->vp[1], local, &op), VGIC_OK);
	assert_int_equal(local[72 + 36], VGIC_EDGE | VGIC_ACTIVE);
	assert_int_equal(local[72 + 37], 0x60);
	assert_int_equal(local[72 + 38], 0x58);
	/* SPIs: 32 goes to VP 1, 33 to nobody. */
	vgic_spi_route(&g->v, vgic_spi(&g->v, 32), 0x0100000120ull);
	vgic_spi_route(&g->v, vgic_spi(&g->v, 33), 0x99);
	vgic_spi(&g->v, 32)->prio = vgic_spi(&g->v, 33)->prio = 0x28;
	a.redist = NULL;
	a.offset = 0x304;
	assert_int_equal(vgic_mmio_write(&a, 3, &op), VGIC_OK);
	assert_int_equal(vgic_get_global(&g->v, global), VGIC_OK);
	assert_int_equal(global[16 + 4], 1);
	assert_int_equal(global[32 + 4], 2);
	assert_int_equal(global[16 + 14], 0x28);
	a.offset = 0x384;
	assert_int_equal(vgic_mmio_write(&a, 3, &op), VGIC_OK);
	assert_int_equal(vgic_get_global(&g->v, global), VGIC_OK);
	assert_int_equal(global[16 + 4] | global[16 + 12] | global[16 + 14], 0);
}

/* ---- LPIs ---- */

static struct vgic_op lop;

static void wr(uint32_t off, uint64_t v)
{
	struct vgic_access a = { &g->v, g->vp[0], g->vp[0], off, off ? 8u : 4u };

	assert_int_equal(vgic_mmio_write(&a, v, &lop), VGIC_OK);
}

static void lpis(bool ptz)
{
	make(FAKE_VTR(4));
	atomic_store(&g->v.enable, 1);
	lop = (struct vgic_op){ 0 };
	for (uint32_t n = 0; n < VGIC_LPIS; n++)
		mem[PROP + n] = 0xa1;
	wr(0x70, PROP | 13);
	wr(0x78, PEND | (ptz ? VGIC_PENDBASER_PTZ : 0));
	wr(0, 1);
}

static enum vgic_result turn(uint32_t *first)
{
	enum vgic_result r = vgic_flush(g->vp[0], &lop);

	*first = g->vp[0]->hw.live ? (uint32_t)g->vp[0]->hw.lr[0] : 0;
	if (r == VGIC_OK)
		vgic_sync(g->vp[0], &lop);
	return r;
}

static void test_lpi(void **state)
{
	static const uint32_t none[] = { 0, 72, 1019, 1020, 1023, 8191, 8192 + VGIC_LPIS, ~0u };
	uint32_t first;

	(void)state;
	lpis(true);
	mem_reads = 0;
	assert_int_equal(turn(&first), VGIC_OK);
	assert_int_equal(mem_reads, 0);
	for (uint32_t i = 1; i < ARRAY_LEN(none); i++)
		assert_false(vgic_set_line(&g->v, g->vp[0], none[i], true, &lop));
	assert_true(vgic_pulse(&g->v, g->vp[0], 8192 + 2047, &lop));
	assert_int_equal(lop.kick & 1, 1);
	assert_int_equal(turn(&first), VGIC_OK);
	assert_int_equal(first, 8192 + 2047);
	assert_int_equal(mem_reads, 1);
	assert_int_equal(FIELD(g->vp[0]->hw.lr[0], 55, 48), 0xa0);
	/* Not taken: still there, and its configuration is not read again until it is invalid. */
	mem[PROP + 2047] = 0x40;
	assert_int_equal(turn(&first), VGIC_OK);
	assert_int_equal(first, 8192 + 2047);
	assert_int_equal(mem_reads, 1);
	wr(0xa0, 8192 + 2046);
	assert_int_equal(turn(&first), VGIC_OK);
	assert_int_equal(first, 8192 + 2047);
	wr(0xa0, 8192 + 2047);
	assert_int_equal(turn(&first), VGIC_OK);
	assert_int_equal(first, 0);
	mem[PROP + 2047] = 0x4d;
	wr(0xb0, 0);
	assert_int_equal(turn(&first), VGIC_OK);
	assert_int_equal(first, 8192 + 2047);
	assert_int_equal(FIELD(g->vp[0]->hw.lr[0], 55, 48), 0x48);
	wr(0x48, 8192 + 2047);
	assert_int_equal(turn(&first), VGIC_OK);
	assert_int_equal(first, 0);
	/* By register, and cleared before it was ever looked at. */
	wr(0x40, 8192 + 5);
	wr(0x48, 8192 + 5);
	assert_int_equal(turn(&first), VGIC_OK);
	assert_int_equal(first, 0);
	wr(0x40, 8192 + 5);
	wr(0x40, 8192 + 70000);
	wr(0x48, 5);
	wr(0xa0, 8192 + VGIC_LPIS);
	assert_int_equal(turn(&first), VGIC_OK);
	assert_int_equal(first, 8192 + 5);
	/* Taken: gone. */
	assert_int_equal(vgic_flush(g->vp[0], &lop), VGIC_OK);
	g->vp[0]->hw.lr[0] &= ~VGIC_LR_PENDING;
	vgic_sync(g->vp[0], &lop);
	assert_int_equal(turn(&first), VGIC_OK);
	assert_int_equal(first, 0);
}

static void test_lpi_absent(void **state)
{
	uint32_t first;

	(void)state;
	lpis(false);
	mem[PEND + 1024 + 3] = 0x82;
	mem_absent = PEND;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(turn(&first), VGIC_ABSENT);
		assert_int_equal(lop.gpa, PEND + 1024);
		assert_false(lop.gpa_write);
		assert_int_equal(g->vp[0]->lock.held, 0);
	}
	mem_absent = PROP;
	assert_int_equal(turn(&first), VGIC_ABSENT);
	assert_int_equal(lop.gpa, PROP + 25);
	/* Waiting with an interrupt that cannot be looked at: run, and be told. */
	g->vp[0]->hw.vmcr |= VGIC_VMCR_VENG1 | 0xf8u << 24;
	assert_true(vgic_pending(g->vp[0], &lop));
	assert_int_equal(turn(&first), VGIC_ABSENT);
	/* Another in another word of them. */
	assert_true(vgic_pulse(&g->v, g->vp[0], 8192 + 2000, &lop));
	assert_int_equal(turn(&first), VGIC_ABSENT);
	mem_absent = MEM_THERE;
	mem_reads = 0;
	assert_int_equal(turn(&first), VGIC_OK);
	assert_int_equal(mem_reads, 3);
	assert_int_equal(vgic_flush(g->vp[0], &lop), VGIC_OK);
	assert_int_equal((uint32_t)g->vp[0]->hw.lr[0], 8192 + 25);
	assert_int_equal((uint32_t)g->vp[0]->hw.lr[1], 8192 + 31);
	assert_int_equal((uint32_t)g->vp[0]->hw.lr[2], 8192 + 2000);
	vgic_sync(g->vp[0], &lop);
}

/* IDbits below 14 have no LPIs at all; more than the GIC's are the GIC's. */
static void test_lpi_bits(void **state)
{
	uint32_t first;

	(void)state;
	for (uint32_t bits = 0; bits < 32; bits++) {
		lpis(true);
		wr(0, 0);
		wr(0x70, PROP | bits);
		wr(0, 1);
		assert_true(vgic_pulse(&g->v, g->vp[0], 8192 + 9, &lop));
		assert_int_equal(turn(&first), VGIC_OK);
		assert_int_equal(first, bits >= 13 ? 8192 + 9 : 0);
		memset(mem + PEND, 0, 2048);
		wr(0, 0);
		assert_int_equal(mem[PEND + 1024 + 1], bits >= 13 ? 2 : 0);
	}
	/* Off: dropped. Tables at the end of the address space are absent, no more. */
	assert_true(vgic_pulse(&g->v, g->vp[0], 8192 + 9, &lop));
	assert_int_equal(turn(&first), VGIC_OK);
	assert_int_equal(first, 0);
	wr(0x70, ~0ull);
	wr(0x78, ~0ull & ~VGIC_PENDBASER_PTZ);
	wr(0, 1);
	assert_int_equal(turn(&first), VGIC_ABSENT);
	assert_int_equal(lop.gpa, 0xfffffffff0400);
}

/* Get writes the table, Set has it read; memory may come later, and what comes between is kept. */
static void test_lpi_state(void **state)
{
	struct vgic_op op = { 0 };
	uint8_t b[200], table[256];
	uint32_t first;

	(void)state;
	lpis(true);
	assert_true(vgic_pulse(&g->v, g->vp[0], 8192 + 100, &op));
	assert_int_equal(turn(&first), VGIC_OK);
	assert_true(vgic_pulse(&g->v, g->vp[0], 8192 + 200, &op));
	memset(mem + PEND, 0xff, 2048);
	memset(b, 0x55, sizeof(b));
	mem_absent = PEND;
	assert_int_equal(vgic_get_local(g->vp[0], b, &op), VGIC_ABSENT);
	assert_int_equal(op.gpa, PEND + 1024);
	assert_int_equal(b[0], 0x55);
	mem_absent = MEM_THERE;
	assert_int_equal(vgic_get_local(g->vp[0], b, &op), VGIC_OK);
	memset(table, 0, sizeof(table));
	table[12] = 1 << 4;
	table[25] = 1;
	assert_memory_equal(mem + PEND + 1024, table, 256);
	assert_int_equal(mem[PEND + 1023], 0xff);
	assert_int_equal(mem[PEND + 1024 + 256], 0xff);
	/* Elsewhere; memory comes after Set, and an LPI before. */
	make(FAKE_VTR(4));
	atomic_store(&g->v.enable, 1);
	mem_absent = PEND;
	assert_int_equal(vgic_set_local(g->vp[0], b, &op), VGIC_OK);
	assert_true(vgic_pulse(&g->v, g->vp[0], 8192 + 300, &op));
	assert_int_equal(vgic_get_local(g->vp[0], b, &op), VGIC_ABSENT);
	assert_false(op.gpa_write);
	mem_absent = MEM_THERE;
	memcpy(mem + PEND + 1024, table, 256);
	for (uint32_t n = 0; n < VGIC_LPIS; n++)
		mem[PROP + n] = 0xa1;
	/* Saved before it was ever run. */
	assert_int_equal(vgic_get_local(g->vp[0], b, &op), VGIC_OK);
	table[37] = 1 << 4;
	assert_memory_equal(mem + PEND + 1024, table, 256);
	assert_int_equal(vgic_flush(g->vp[0], &op), VGIC_OK);
	assert_int_equal((uint32_t)g->vp[0]->hw.lr[0], 8192 + 100);
	assert_int_equal((uint32_t)g->vp[0]->hw.lr[1], 8192 + 200);
	assert_int_equal((uint32_t)g->vp[0]->hw.lr[2], 8192 + 300);
	vgic_sync(g->vp[0], &op);
	/* A state without LPIs forgets them, and leaves memory alone. */
	mem_writes = 0;
	b[16] = 0;
	assert_int_equal(vgic_set_local(g->vp[0], b, &op), VGIC_OK);
	assert_int_equal(mem_writes, 0);
	assert_int_equal(turn(&first), VGIC_OK);
	assert_int_equal(first, 0);
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
		cmocka_unit_test(test_local_layout),  cmocka_unit_test(test_local_bits),
		cmocka_unit_test(test_control),	      cmocka_unit_test(test_running),
		cmocka_unit_test(test_global_layout), cmocka_unit_test(test_global_bits),
		cmocka_unit_test(test_views),	      cmocka_unit_test(test_written_active),
		cmocka_unit_test(test_lpi),	      cmocka_unit_test(test_lpi_absent),
		cmocka_unit_test(test_lpi_bits),      cmocka_unit_test(test_lpi_state),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
