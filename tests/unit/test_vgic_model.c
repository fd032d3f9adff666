/* SPDX-License-Identifier: MIT */
/*
 * The virtual GIC under random guests, against a GIC without list registers written plainly from
 * IHI 0069 (struct model), through list registers as hardware treats them (struct cpu). After each
 * step every CPU must signal what the model signals; an acknowledged interrupt must be one that the
 * model would give; now and then all state is read back and compared, or saved and restored into
 * another GIC. Then the same with a bug planted in what lies between, which has to be found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "fake_vgic.h"

#define VPS	  3u
#define SPIS	  40u
#define LPIS	  6u
#define INTIDS	  (32u + SPIS)
#define PROP	  0x10000u
#define PEND(i)	  (0x20000u + 0x10000u * (i))
#define STATE(lr) ((lr) >> 62)

static uint64_t seed;

static uint32_t rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % n;
}

/* ---- the model ---- */

struct irq {
	bool enabled, edge, line, latch, active;
	uint8_t prio;
	uint32_t target, active_on;
};

struct interface {
	uint32_t levels; /* bit n: priority level n is active */
	uint8_t pmr, bpr;
	bool on;
	uint32_t stack[40], depth; /* taken and not dropped yet, in order */
};

static struct model {
	bool on, split; /* split: EOImode 1 */
	struct irq local[VPS][32], spi[SPIS];
	bool lpi[VPS][LPIS];
	struct interface cpu[VPS];
} m;

static struct irq *irq_of(uint32_t vp, uint32_t intid)
{
	return intid < 32 ? &m.local[vp][intid] : &m.spi[intid - 32];
}

static bool is_pending(const struct irq *i)
{
	return i->latch || (!i->edge && i->line);
}

static uint8_t lpi_prio(uint32_t n)
{
	return mem[PROP + n] & 0xf8;
}

/* Priority at which intid could be taken by vp; 0x100: not. */
static uint32_t takeable(uint32_t vp, uint32_t intid)
{
	const struct irq *i;

	if (!m.on || !m.cpu[vp].on)
		return 0x100;
	if (intid >= 8192)
		return m.lpi[vp][intid - 8192] && mem[PROP + intid - 8192] & 1
			       ? lpi_prio(intid - 8192)
			       : 0x100;
	i = irq_of(vp, intid);
	if (!i->enabled || i->active || !is_pending(i) || (intid >= 32 && i->target != vp))
		return 0x100;
	return i->prio;
}

static uint32_t group(uint32_t vp, uint32_t prio)
{
	return prio & (0xffu << m.cpu[vp].bpr);
}

/* The priority that vp signals; 0x100: none. */
static uint32_t signalled(uint32_t vp)
{
	const struct interface *c = &m.cpu[vp];
	uint32_t best = 0x100, run = c->levels ? (uint32_t)__builtin_ctz(c->levels) * 8 : 0x100;

	for (uint32_t i = 0; i < INTIDS; i++)
		best = MIN(best, takeable(vp, i));
	for (uint32_t i = 0; i < LPIS; i++)
		best = MIN(best, takeable(vp, 8192 + i));
	return best < c->pmr && group(vp, best) < run ? best : 0x100;
}

static void model_take(uint32_t vp, uint32_t intid)
{
	struct interface *c = &m.cpu[vp];

	c->levels |= 1u << group(vp, takeable(vp, intid)) / 8;
	c->stack[c->depth++] = intid;
	if (intid >= 8192) {
		m.lpi[vp][intid - 8192] = false;
		return;
	}
	irq_of(vp, intid)->latch = false;
	irq_of(vp, intid)->active = true;
	irq_of(vp, intid)->active_on = vp;
}

static void model_drop(uint32_t vp)
{
	struct interface *c = &m.cpu[vp];
	uint32_t intid = c->stack[--c->depth];

	c->levels &= c->levels - 1;
	if (!m.split && intid < 8192)
		irq_of(vp, intid)->active = false;
}

static bool on_a_stack(uint32_t vp, uint32_t intid)
{
	for (uint32_t v = 0; v < VPS; v++)
		for (uint32_t d = 0; d < m.cpu[v].depth; d++)
			if (m.cpu[v].stack[d] == intid && (intid >= 32 || v == vp))
				return true;
	return false;
}

/* ---- bugs that can be planted ---- */

enum plant {
	NONE,
	NO_NPIE,	/* overflow of pending ones unnoticed */
	NO_LRENPIE,	/* EOI of an absent one unnoticed */
	NO_EOI_BIT,	/* level interrupts not sampled again */
	NO_TDIR,	/* deactivation of an absent one untold */
	LOST_LATCH,	/* an edge that was not taken is lost at sync */
	KEPT_LATCH,	/* an edge that was taken comes again */
	STALE_LR,	/* an LR of before is not cleared */
	LOST_ACTIVE,	/* an active one is orphaned at sync */
	WRONG_PRIO,	/* an LR has another priority */
	NO_KICK,	/* who runs is not told */
	NO_PHYS,	/* the timer's physical interrupt stays as it was */
	LOST_COUNT,	/* EOIcount not read */
	NO_GROUP,	/* an LR in Group 0 */
	NO_SAVE_LINE,	/* a line left out of a saved state */
	NO_SAVE_ACTIVE, /* active left out of a saved state */
	NO_SAVE_LPI,	/* the pending table not saved */
	PLANTS,
};
static enum plant plant;

/* ---- the CPUs ---- */

static struct cpu {
	uint64_t lr[16];
	uint32_t hcr, vmcr, ap1r[4];
	bool in, phys, timer;
} cpus[VPS];

static struct fake_gic *gic;
static uint32_t lrs;
static bool counts_all; /* EOIcount counts in EOImode 1 too, as QEMU 7.2 does */
static char bad[128];

#define BAD(...) \
	do { \
		if (!bad[0]) \
			(void)snprintf(bad, sizeof(bad), __VA_ARGS__); \
	} while (0)

static bool maintenance(const struct cpu *c)
{
	bool pending = false, eoi = false;
	uint32_t valid = 0;

	for (uint32_t i = 0; i < lrs; i++) {
		valid += STATE(c->lr[i]) != 0;
		pending |= STATE(c->lr[i]) == 1;
		eoi |= !STATE(c->lr[i]) && (c->lr[i] & (VGIC_LR_HW | VGIC_LR_EOI)) == VGIC_LR_EOI;
	}
	return eoi || (c->hcr & 2 && valid <= 1) || (c->hcr & 4 && c->hcr >> 27) ||
	       (c->hcr & 8 && !pending);
}

/* The LR that the CPU would take from; -1: it signals nothing. */
static int hw_best(uint32_t vp)
{
	const struct cpu *c = &cpus[vp];
	uint32_t prio = 0x100, bpr = c->vmcr >> 18 & 7;
	uint32_t run = c->ap1r[0] ? (uint32_t)__builtin_ctz(c->ap1r[0]) * 8 : 0x100;
	int best = -1;

	for (uint32_t i = 0; i < lrs; i++) {
		uint32_t p = (uint32_t)FIELD(c->lr[i], 55, 48);

		if (STATE(c->lr[i]) == 1 && c->lr[i] & VGIC_LR_GROUP && p < prio) {
			prio = p;
			best = (int)i;
		}
	}
	if (!(c->vmcr & 2) || prio >= c->vmcr >> 24 || (prio & 0xffu << bpr) >= run)
		return -1;
	return best;
}

static uint32_t hw_take(uint32_t vp)
{
	struct cpu *c = &cpus[vp];
	int i = hw_best(vp);
	uint32_t intid, bpr = c->vmcr >> 18 & 7;

	if (i < 0)
		return 1023;
	intid = (uint32_t)c->lr[i];
	c->ap1r[0] |= 1u << (FIELD(c->lr[i], 55, 48) & 0xffu << bpr) / 8;
	if (c->lr[i] & VGIC_LR_HW && !c->phys)
		BAD("hardware interrupt taken that is not active physically");
	c->lr[i] &= ~VGIC_LR_PENDING;
	if (intid < 8192)
		c->lr[i] |= VGIC_LR_ACTIVE;
	return intid;
}

static void hw_deactivate(uint32_t vp, uint32_t intid, uint32_t level)
{
	struct cpu *c = &cpus[vp];

	for (uint32_t i = 0; i < lrs; i++) {
		if ((uint32_t)c->lr[i] != intid || !(c->lr[i] & VGIC_LR_ACTIVE))
			continue;
		/* An EOI whose priority is another's ends nothing. */
		if (level != 32 &&
		    (FIELD(c->lr[i], 55, 48) & 0xffu << (c->vmcr >> 18 & 7)) / 8 != level)
			return;
		c->lr[i] &= ~VGIC_LR_ACTIVE;
		if (c->lr[i] & VGIC_LR_HW)
			c->phys = false;
		return;
	}
	if (intid < 8192)
		c->hcr += 1u << 27;
}

static void hw_eoi(uint32_t vp, uint32_t intid)
{
	struct cpu *c = &cpus[vp];
	uint32_t level = (uint32_t)__builtin_ctz(c->ap1r[0]);

	c->ap1r[0] &= c->ap1r[0] - 1;
	if (!(c->vmcr & VGIC_VMCR_VEOIM)) {
		hw_deactivate(vp, intid, level);
		return;
	}
	for (uint32_t i = 0; i < lrs; i++)
		if ((uint32_t)c->lr[i] == intid && c->lr[i] & VGIC_LR_ACTIVE)
			return;
	if (counts_all && intid < 8192)
		c->hcr += 1u << 27;
}

/* ---- what EL2 code does ---- */

static uint64_t kicks;

static void take_kicks(struct vgic_op *op)
{
	kicks |= op->kick;
	op->kick = 0;
}

static void leave(uint32_t vp)
{
	struct vgic_image *hw = &gic->vp[vp]->hw;
	struct vgic_op op = { 0 };
	struct cpu *c = &cpus[vp];

	if (!c->in)
		return;
	c->in = false;
	for (uint32_t i = 0; i < 16; i++)
		if (hw->live >> i & 1) {
			hw->lr[i] = c->lr[i];
			if (plant == LOST_ACTIVE && !rnd(40))
				hw->lr[i] &= ~VGIC_LR_ACTIVE;
		}
	if (hw->hcr & VGIC_HCR_LRENPIE && plant != LOST_COUNT)
		hw->hcr = c->hcr;
	hw->vmcr = c->vmcr;
	memcpy(hw->ap1r, c->ap1r, sizeof(hw->ap1r));
	if (plant == LOST_LATCH && !rnd(4))
		gic->vp[vp]->lr_latch = 0;
	vgic_sync(gic->vp[vp], &op);
	if (plant == KEPT_LATCH && !rnd(100) && m.local[vp][3].active)
		gic->vp[vp]->latch |= 8;
	if (hw->timer_phys != c->phys)
		BAD("VP %u: the timer's physical state is not known", vp);
	(void)vgic_set_line(&gic->v, gic->vp[vp], VGIC_TIMER_PPI, c->timer, &op);
	take_kicks(&op);
	/* The VP moves to another CPU. */
	if (!rnd(10)) {
		vgic_leave(gic->vp[vp]);
		for (uint32_t i = 0; i < 16; i++)
			if (hw->write >> i & 1)
				c->lr[i] = hw->lr[i];
		for (uint32_t i = 0; i < 16; i++)
			if (STATE(c->lr[i]))
				BAD("VP %u left LR %u behind", vp, i);
	}
}

static void spoil(uint32_t vp, uint32_t i)
{
	struct vgic_image *hw = &gic->vp[vp]->hw;

	if (plant == NO_EOI_BIT && !(hw->lr[i] & VGIC_LR_HW))
		hw->lr[i] &= ~VGIC_LR_EOI;
	if (plant == WRONG_PRIO && !rnd(50))
		hw->lr[i] ^= 8ull << VGIC_LR_PRIO;
	if (plant == NO_GROUP && !rnd(50))
		hw->lr[i] &= ~VGIC_LR_GROUP;
}

static bool enter(uint32_t vp)
{
	struct vgic_image *hw = &gic->vp[vp]->hw;
	struct vgic_op op = { 0 };
	struct cpu *c = &cpus[vp];
	enum vgic_result r;

	if (!rnd(20))
		mem_absent = rnd(2) ? PROP : PEND(vp) + 0x0;
	r = vgic_flush(gic->vp[vp], &op);
	if (r == VGIC_ABSENT) {
		if ((op.gpa & PAGE_MASK) != mem_absent || op.gpa_write || hw->live)
			BAD("absent, but %llx", (unsigned long long)op.gpa);
		mem_absent = MEM_THERE;
		r = vgic_flush(gic->vp[vp], &op);
	}
	mem_absent = MEM_THERE;
	take_kicks(&op);
	if (r != VGIC_OK)
		return false;
	kicks &= ~BIT(vp);
	c->hcr = hw->hcr;
	c->vmcr = hw->vmcr;
	memcpy(c->ap1r, hw->ap1r, sizeof(c->ap1r));
	if (plant == NO_NPIE)
		c->hcr &= ~VGIC_HCR_NPIE;
	if (plant == NO_LRENPIE)
		c->hcr &= ~VGIC_HCR_LRENPIE;
	if (plant == NO_TDIR)
		c->hcr &= ~VGIC_HCR_TDIR;
	for (uint32_t i = 0; i < 16; i++) {
		if (!(hw->write >> i & 1))
			continue;
		spoil(vp, i);
		if (plant != STALE_LR || hw->live >> i & 1)
			c->lr[i] = hw->lr[i];
	}
	if (hw->timer_want != hw->timer_phys && plant != NO_PHYS) {
		c->phys = hw->timer_want;
		hw->timer_phys = hw->timer_want;
	}
	for (uint32_t i = 0; i < lrs; i++)
		if (!(hw->live >> i & 1) && STATE(c->lr[i]))
			BAD("VP %u: LR %u is not ours", vp, i);
	if (maintenance(c))
		BAD("VP %u: maintenance storm, hcr %x", vp, c->hcr);
	c->in = true;
	return true;
}

/* Whatever makes a CPU leave its guest. */
static void settle(void)
{
	for (uint32_t round = 0; round < 20 && !bad[0]; round++) {
		bool again = false;

		for (uint32_t v = 0; v < VPS; v++) {
			struct cpu *c = &cpus[v];

			if (plant == NO_KICK && rnd(2))
				kicks &= ~BIT(v);
			if (c->in && !maintenance(c) && !(kicks >> v & 1) && (!c->timer || c->phys))
				continue;
			again = true;
			leave(v);
			if (!enter(v))
				BAD("VP %u cannot enter", v);
		}
		if (!again)
			return;
	}
	BAD("never settles");
}

/* An access by a VP that has left the guest; those it waits for try to get in before it. */
static uint64_t mmio(uint32_t vp, int redist, uint32_t offset, uint32_t width, bool write,
		     uint64_t val)
{
	struct vgic_access a = { &gic->v, gic->vp[vp], redist < 0 ? NULL : gic->vp[redist], offset,
				 width };
	struct vgic_op op = { 0 };
	enum vgic_result r;

	leave(vp);
	for (uint32_t round = 0;; round++) {
		uint64_t kick;

		r = write ? vgic_mmio_write(&a, val, &op) : vgic_mmio_read(&a, &val, &op);
		if (r != VGIC_AGAIN || round > 4)
			break;
		kick = op.kick & op.held;
		take_kicks(&op);
		for (; kick; kick &= kick - 1) {
			uint32_t k = (uint32_t)__builtin_ctzll(kick);

			leave(k);
			if (enter(k))
				BAD("VP %u entered while it is waited for", k);
		}
	}
	if (r != VGIC_OK)
		BAD("access to %x: %d", offset, (int)r);
	take_kicks(&op);
	return val;
}

static void put_bit(uint32_t vp, uint32_t of, uint32_t reg, uint32_t intid)
{
	mmio(vp, intid < 32 ? (int)of : -1, (intid < 32 ? 0x10000 : 0) + reg + intid / 32 * 4, 4,
	     true, 1u << intid % 32);
}

/* ---- steps ---- */

static void take(uint32_t vp)
{
	uint32_t want = signalled(vp), intid = hw_take(vp);

	if (intid == 1023) {
		if (want != 0x100)
			BAD("VP %u takes nothing, not priority %x", vp, want);
		return;
	}
	if (takeable(vp, intid) != want) {
		BAD("VP %u takes %u, not priority %x", vp, intid, want);
		return;
	}
	model_take(vp, intid);
}

static void end(uint32_t vp)
{
	if (!m.cpu[vp].depth)
		return;
	hw_eoi(vp, m.cpu[vp].stack[m.cpu[vp].depth - 1]);
	model_drop(vp);
}

/* EOImode 1: any VP ends an SPI, in any order. */
static void deactivate(uint32_t vp)
{
	uint32_t intid = rnd(INTIDS);
	struct vgic_op op = { 0 };
	enum vgic_result r;

	for (uint32_t n = 0; n < INTIDS; n++, intid = (intid + 1) % INTIDS)
		if (irq_of(vp, intid)->active && !on_a_stack(vp, intid))
			break;
	if (!m.split || !irq_of(vp, intid)->active || on_a_stack(vp, intid))
		return;
	irq_of(vp, intid)->active = false;
	if (!(cpus[vp].hcr & VGIC_HCR_TDIR)) {
		hw_deactivate(vp, intid, 32);
		return;
	}
	leave(vp);
	for (uint32_t round = 0; round < 4; round++) {
		uint64_t kick;

		r = vgic_dir(gic->vp[vp], intid, &op);
		if (r == VGIC_OK)
			break;
		kick = op.kick & op.held;
		for (; kick; kick &= kick - 1) {
			leave((uint32_t)__builtin_ctzll(kick));
			if (enter((uint32_t)__builtin_ctzll(kick)))
				BAD("entered while it is waited for");
		}
	}
	take_kicks(&op);
}

static void source(uint32_t vp)
{
	uint32_t intid = rnd(8) ? 16 + rnd(INTIDS - 16) : VGIC_TIMER_PPI;
	struct irq *i = irq_of(vp, intid);
	struct vgic_op op = { 0 };
	bool level = rnd(2);

	if (intid == VGIC_TIMER_PPI) {
		/* What stops the timer comes here, in this test. */
		cpus[vp].timer = level;
		i->line = level;
		if (!level)
			kicks |= BIT(vp);
		return;
	}
	if (level && !i->line && i->edge)
		i->latch = true;
	i->line = level;
	if (!vgic_set_line(&gic->v, gic->vp[vp], intid, level, &op))
		BAD("no line %u", intid);
	take_kicks(&op);
}

static void sgi(uint32_t vp)
{
	uint32_t to = rnd(VPS + 1), intid = rnd(16);
	uint64_t val = (uint64_t)intid << 24;
	struct vgic_op op = { 0 };

	if (to == VPS)
		val |= BIT(40);
	else if (to)
		val |= 1ull << 48 | 2ull << 44 | to << 16 | 1;
	else
		val |= 1;
	for (uint32_t v = 0; v < VPS; v++)
		if (to == VPS ? v != vp : v == to)
			m.local[v][intid].latch = true;
	leave(vp);
	vgic_sgi1r(gic->vp[vp], val, &op);
	take_kicks(&op);
}

static void lpi(uint32_t vp)
{
	uint32_t n = rnd(LPIS);
	struct vgic_op op = { 0 };

	if (rnd(3)) {
		m.lpi[vp][n] = true;
		if (!vgic_pulse(&gic->v, gic->vp[vp], 8192 + n, &op))
			BAD("no LPI");
		take_kicks(&op);
	} else if (rnd(2)) {
		m.lpi[vp][n] = false;
		mmio(vp, (int)vp, 0x48, 8, true, 8192 + n);
	} else {
		mem[PROP + n] ^= rnd(2) ? 1 : 8;
		for (uint32_t v = 0; v < VPS; v++)
			mmio(vp, (int)v, rnd(2) ? 0xa0 : 0xb0, 8, true, 8192 + n);
	}
}

static void configure(uint32_t vp)
{
	uint32_t intid = rnd(INTIDS), of = rnd(VPS), n = rnd(10);
	struct irq *i = irq_of(of, intid);
	int redist = intid < 32 ? (int)of : -1;
	uint32_t frame = intid < 32 ? 0x10000 : 0;
	uint64_t word;

	switch (n) {
	case 0:
	case 1:
		i->enabled = true;
		put_bit(vp, of, 0x100, intid);
		break;
	case 2:
		i->enabled = false;
		put_bit(vp, of, 0x180, intid);
		break;
	case 3:
		i->latch = true;
		put_bit(vp, of, 0x200, intid);
		break;
	case 4:
		i->latch = false;
		put_bit(vp, of, 0x280, intid);
		break;
	case 5:
		/* EOImode 0 ends by priority what has no LR; a guest that writes ISACTIVER uses 1.
		 */
		if (!m.split || on_a_stack(of, intid))
			break;
		i->active = rnd(2);
		put_bit(vp, of, i->active ? 0x300 : 0x380, intid);
		break;
	case 6:
	case 7:
		i->prio = (uint8_t)(rnd(30) * 8);
		mmio(vp, redist, frame + 0x400 + intid, 1, true, i->prio);
		break;
	case 8:
		if (intid < 16 || intid == 27)
			break;
		i->edge = !i->edge;
		word = mmio(vp, redist, frame + 0xc00 + intid / 16 * 4, 4, false, 0);
		mmio(vp, redist, frame + 0xc00 + intid / 16 * 4, 4, true,
		     word ^ 2u << intid % 16 * 2);
		break;
	default:
		if (intid < 32)
			break;
		i->target = rnd(VPS + 1);
		mmio(vp, -1, 0x6000 + 8 * intid, 8, true,
		     i->target == VPS ? 0x77
		     : i->target      ? 1ull << 32 | i->target << 8 | 0x20
				      : 0);
	}
}

static void interface(uint32_t vp)
{
	struct interface *i = &m.cpu[vp];
	struct cpu *c = &cpus[vp];

	switch (rnd(6)) {
	case 0:
		i->pmr = (uint8_t)(0xf8 - rnd(2) * rnd(20) * 8);
		break;
	case 1:
		i->on = rnd(4);
		break;
	case 2:
		if (!i->depth)
			i->bpr = (uint8_t)(3 + rnd(2) * rnd(4));
		break;
	default:
		if (!rnd(10)) {
			m.on = rnd(4);
			mmio(vp, -1, 0, 4, true, m.on ? 2 : 0);
		}
		return;
	}
	c->vmcr = (m.split ? VGIC_VMCR_VEOIM : 0) | (uint32_t)i->pmr << 24 |
		  (uint32_t)i->bpr << 18 | (i->on ? 2u : 0);
}

/* Everything that can be read, by VP 0. */
static void compare(void)
{
	/* A timer that expires while its physical interrupt is active is seen at the next exit. */
	for (uint32_t v = 0; v < VPS; v++)
		if (cpus[v].timer)
			kicks |= BIT(v);
	settle();
	for (uint32_t n = 0; n < VPS * 32 + SPIS && !bad[0]; n++) {
		uint32_t of = n < VPS * 32 ? n / 32 : 0;
		uint32_t intid = n < VPS * 32 ? n % 32 : n - VPS * 32 + 32;
		uint32_t frame = intid < 32 ? 0x10000 : 0, at = frame + intid / 32 * 4;
		const struct irq *i = irq_of(of, intid);
		int redist = intid < 32 ? (int)of : -1;
		uint32_t bit = intid % 32;

		if ((mmio(0, redist, at + 0x100, 4, false, 0) >> bit & 1) != i->enabled)
			BAD("%u of %u: enabled is not %d", intid, of, i->enabled);
		if ((mmio(0, redist, at + 0x200, 4, false, 0) >> bit & 1) != is_pending(i))
			BAD("%u of %u: pending is not %d", intid, of, is_pending(i));
		if ((mmio(0, redist, at + 0x380, 4, false, 0) >> bit & 1) != i->active)
			BAD("%u of %u: active is not %d", intid, of, i->active);
		if (mmio(0, redist, frame + 0x400 + intid, 1, false, 0) != i->prio)
			BAD("%u of %u: priority is not %x", intid, of, i->prio);
	}
}

static void spoil_global(uint8_t *g)
{
	for (uint32_t i = 0; i < SPIS; i++) {
		if (plant == NO_SAVE_LINE)
			g[16 + 16 * i + 12] &= (uint8_t)~VGIC_LINE;
		if (plant == NO_SAVE_ACTIVE) {
			g[16 + 16 * i + 12] &= (uint8_t)~VGIC_ACTIVE;
			g[16 + 16 * i + 14] = 0;
			memset(g + 16 + 16 * i + 4, 0, 4);
		}
	}
}

/* Into another GIC, as save and restore do it; memory moves between Get and Set. */
static void move(void)
{
	static uint8_t global[16 + 16 * SPIS], again[16 + 16 * SPIS];
	struct fake_gic *to = fake_gic_new(VPS, SPIS, gic->v.vtr), *from = gic;
	struct vgic_op op = { 0 };
	uint8_t local[200], second[200];

	for (uint32_t v = 0; v < VPS; v++)
		leave(v);
	if (vgic_get_global(&from->v, global) != VGIC_OK)
		BAD("no global state");
	spoil_global(global);
	if (vgic_set_global(&to->v, global, sizeof(global), &op) != VGIC_OK)
		BAD("global state refused");
	(void)vgic_get_global(&to->v, again);
	if (memcmp(global, again, sizeof(global)))
		BAD("global state changed");
	for (uint32_t v = 0; v < VPS; v++) {
		if (vgic_get_local(from->vp[v], local, &op) != VGIC_OK)
			BAD("no local state");
		if (plant == NO_SAVE_LPI)
			memset(mem + PEND(v) + 1024, 0, 256);
		if (!vgic_set_control(to->vp[v], vgic_get_control(from->vp[v])) ||
		    vgic_set_local(to->vp[v], local, &op) != VGIC_OK)
			BAD("local state refused");
		(void)vgic_get_local(to->vp[v], second, &op);
		if (memcmp(local, second, sizeof(local)))
			BAD("local state changed");
	}
	for (uint32_t v = 0; v < VPS; v++) {
		memset(cpus[v].lr, 0, sizeof(cpus[v].lr));
		cpus[v].phys = false;
	}
	gic = to;
	fake_gic_free(from);
	kicks = BIT(VPS) - 1;
}

static void step(void)
{
	uint32_t vp = rnd(VPS), what = rnd(100);

	if (what < 30)
		take(vp);
	else if (what < 42)
		end(vp);
	else if (what < 48)
		deactivate(vp);
	else if (what < 66)
		source(vp);
	else if (what < 74)
		sgi(vp);
	else if (what < 79)
		lpi(vp);
	else if (what < 92)
		configure(vp);
	else if (what < 98)
		interface(vp);
	else
		kicks |= BIT(vp);
	settle();
	for (uint32_t v = 0; v < VPS; v++)
		if ((hw_best(v) >= 0) != (signalled(v) != 0x100))
			BAD("VP %u signals %d, the model %x", v, hw_best(v), signalled(v));
}

static void begin(uint64_t s, uint32_t lr_count, bool split)
{
	memset(&m, 0, sizeof(m));
	memset(cpus, 0, sizeof(cpus));
	memset(mem, 0, sizeof(mem));
	seed = s * 0x9e3779b97f4a7c15ull + 1;
	lrs = lr_count;
	counts_all = rnd(2);
	kicks = 0;
	bad[0] = 0;
	gic = fake_gic_new(VPS, SPIS, FAKE_VTR(lr_count));
	for (uint32_t n = 0; n < LPIS; n++)
		mem[PROP + n] = (uint8_t)(n << 4 | 1);
	m.split = split;
	m.on = true;
	mmio(0, -1, 0, 4, true, 2);
	for (uint32_t v = 0; v < VPS; v++) {
		m.cpu[v] = (struct interface){ .pmr = 0xf8, .bpr = 3, .on = true };
		cpus[v].vmcr = (split ? VGIC_VMCR_VEOIM : 0) | 0xf8u << 24 | 3u << 18 | 2u;
		gic->vp[v]->hw.vmcr = cpus[v].vmcr;
		mmio(0, (int)v, 0x70, 8, true, PROP | 13);
		mmio(0, (int)v, 0x78, 8, true, PEND(v));
		mmio(0, (int)v, 0, 4, true, 1);
		for (uint32_t n = 0; n < 16; n++)
			m.local[v][n].edge = true;
		for (uint32_t n = 0; n < 32; n++) {
			m.local[v][n].enabled = true;
			put_bit(0, v, 0x100, n);
		}
	}
	/* A start with much to take, so that interrupts nest. */
	for (uint32_t n = 32; n < INTIDS; n++) {
		struct irq *i = irq_of(0, n);

		i->enabled = true;
		put_bit(0, 0, 0x100, n);
		i->target = rnd(VPS);
		mmio(0, -1, 0x6000 + 8 * n, 8, true,
		     i->target ? 1ull << 32 | i->target << 8 | 0x20 : 0);
	}
	for (uint32_t n = 0; n < VPS * 32 + SPIS; n++) {
		uint32_t v = n / 32 % VPS, intid = n < VPS * 32 ? n % 32 : n - VPS * 32 + 32;

		irq_of(v, intid)->prio = (uint8_t)(rnd(30) * 8);
		mmio(0, intid < 32 ? (int)v : -1, (intid < 32 ? 0x10400 : 0x400) + intid, 1, true,
		     irq_of(v, intid)->prio);
	}
	settle();
}

static void run(uint64_t s, uint32_t lr_count, bool split, uint32_t steps)
{
	begin(s, lr_count, split);
	for (uint32_t i = 0; i < steps && !bad[0]; i++) {
		step();
		if (i % 61 == 60 && !bad[0])
			compare();
		if (i % 201 == 200 && !bad[0])
			move();
		settle();
	}
	fake_gic_free(gic);
}

static void test_random(void **state)
{
	static const uint32_t counts[] = { 1, 2, 4, 16 };

	(void)state;
	plant = NONE;
	for (uint32_t s = 1; s <= 40; s++)
		for (uint32_t c = 0; c < ARRAY_LEN(counts); c++)
			for (uint32_t split = 0; split < 2; split++) {
				run(s, counts[c], split, 1500);
				if (bad[0])
					fail_msg("seed %u, %u LRs, EOImode %u: %s", s, counts[c],
						 split, bad);
			}
}

static void test_planted(void **state)
{
	(void)state;
	for (uint32_t p = NONE + 1; p < PLANTS; p++) {
		bool found = false;

		plant = (enum plant)p;
		for (uint32_t s = 1; s <= 20 && !found; s++) {
			run(s, s & 1 ? 2 : 4, s & 2, 1500);
			found = bad[0];
		}
		plant = NONE;
		if (!found)
			fail_msg("planted bug %u was not found", p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_planted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
