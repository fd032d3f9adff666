/* SPDX-License-Identifier: MIT */
/*
 * What stands in the list registers while a guest runs, and what came of it (IHI 0069, chapters 4
 * and 6: virtual interrupt handling).
 *
 * All fit: every interrupt that is active or could be taken gets an LR, in no order; hardware takes
 * the best. More than LRs: the best pending one always gets an LR, the rest goes by priority, an
 * active one first among equals.
 *   Pending ones left out: NPIE. One that can be taken stands in the LRs at entry, so it is not
 *   asserted at once, and asserts only when none is left. (UIE would wait for active ones that
 *   EOImode 1 keeps in the LRs for long.)
 *   Active ones left out: the guest's EOI or deactivation of one finds no LR and is counted
 *   (EOIcount), LRENPIE brings it here at once. In EOImode 0 it ends the one of highest priority
 *   among those left out, as a guest ends interrupts in the reverse order of taking them. ICC_DIR
 *   says which, and so is trapped then; and always with more than one VP, since a VP may deactivate
 *   an SPI that is active on another.
 *
 * A pending-and-active LR delivers its second instance at the priority and to the VP of the first.
 * Where either changed, or the interrupt is hardware's (which cannot be both), the LR is active
 * only, and its end brings it here: EOI maintenance, or the physical interrupt. So does the end of
 * a level interrupt whose line is still up.
 */
#include "arch/arm64/gicv3/vgic.h"

struct pick {
	uint32_t intid;
	uint16_t key; /* the less the sooner */
	bool pending; /* and not active */
};

struct picks {
	struct pick best[VGIC_MAX_LRS]; /* rising key */
	struct pick first_pending;
	uint32_t count, max;
	bool any_pending, pending_out, active_out;
};

/* ---- what wants an LR ---- */

static void insert(struct picks *p, struct pick c)
{
	uint32_t i;

	if (p->count == p->max && c.key >= p->best[p->max - 1].key) {
		p->pending_out |= c.pending;
		p->active_out |= !c.pending;
		return;
	}
	if (p->count == p->max) {
		p->pending_out |= p->best[p->max - 1].pending;
		p->active_out |= !p->best[p->max - 1].pending;
		p->count--;
	}
	for (i = p->count++; i && p->best[i - 1].key > c.key; i--)
		p->best[i] = p->best[i - 1];
	p->best[i] = c;
}

static void offer(struct picks *p, uint32_t intid, uint8_t prio, bool active)
{
	struct pick c = { intid, (uint16_t)(prio << 1 | !active), !active };

	if (!active && (!p->any_pending || c.key < p->first_pending.key)) {
		p->first_pending = c;
		p->any_pending = true;
	}
	insert(p, c);
}

/* The best pending one gets an LR even when active ones of higher priority would fill all. */
static void keep_pending(struct picks *p)
{
	if (!p->any_pending || !p->pending_out)
		return;
	for (uint32_t i = 0; i < p->count; i++)
		if (p->best[i].pending)
			return;
	p->best[p->max - 1] = p->first_pending;
	p->active_out = true;
}

/* Active ones are active whatever the distributor says. */
static uint32_t private_pending(const struct vgic_vp *vp)
{
	if (!atomic_load(&vp->gic->enable))
		return 0;
	return (vp->latch | (atomic_load(&vp->line) & ~vp->edge)) & vp->enabled;
}

static void offer_private(const struct vgic_vp *vp, struct picks *p)
{
	uint32_t m = vp->active | private_pending(vp);

	for (; m; m &= m - 1) {
		uint32_t n = (uint32_t)__builtin_ctz(m);
		bool active = vp->active >> n & 1;

		offer(p, n, active ? vp->active_prio[n] : vp->prio[n], active);
	}
}

static void offer_spis(const struct vgic_vp *vp, struct picks *p)
{
	struct vgic *v = vp->gic;
	bool on = atomic_load(&v->enable);

	for (uint32_t w = vp->spi_words; w; w &= w - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(w);

		for (uint64_t m = vp->spi[i]; m; m &= m - 1) {
			uint32_t intid = VGIC_PRIVATE + i * 64 + (uint32_t)__builtin_ctzll(m);
			const struct vgic_irq *irq = vgic_spi(v, intid);
			bool active = irq->flags & VGIC_ACTIVE;

			if (active || on)
				offer(p, intid, active ? irq->active_prio : irq->prio, active);
		}
	}
}

static void offer_lpis(struct vgic_vp *vp, struct picks *p)
{
	struct vgic_lpi *l = &vp->lpi;

	if (!l->enabled || !atomic_load(&vp->gic->enable))
		return;
	for (uint32_t w = l->ready_words; w; w &= w - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(w);
		uint64_t m = l->pending[i] & l->config_on[i];

		if (!m)
			l->ready_words &= ~(1u << i);
		for (; m; m &= m - 1) {
			uint32_t n = i * 64 + (uint32_t)__builtin_ctzll(m);

			offer(p, VGIC_LPI_FIRST + n, l->prio[n], false);
		}
	}
}

/* ---- into the LRs ---- */

/* Flags as they are in memory, priorities; *latch: the LR's pending bit takes the latch along. */
static uint64_t encode(uint32_t intid, uint8_t flags, uint8_t prio, uint8_t active_prio,
		       bool may_both, bool *latch)
{
	bool active = flags & VGIC_ACTIVE, timer = intid == VGIC_TIMER_PPI;
	bool pending = flags & VGIC_ENABLED && vgic_irq_pending(flags);
	uint64_t lr = intid | VGIC_LR_GROUP;
	bool both = pending && active && may_both && prio == active_prio && !timer;

	if (active)
		lr |= VGIC_LR_ACTIVE;
	if (both || !active)
		lr |= VGIC_LR_PENDING;
	*latch = lr & VGIC_LR_PENDING && flags & VGIC_LATCH;
	lr |= (uint64_t)(active ? active_prio : prio) << VGIC_LR_PRIO;
	/* Made pending by software while active: no physical interrupt will tell of its end. */
	if (timer && !(active && flags & VGIC_LATCH))
		return lr | VGIC_LR_HW | (uint64_t)intid << VGIC_LR_PINTID;
	if (timer || (pending && active && !both) || (flags & (VGIC_LINE | VGIC_EDGE)) == VGIC_LINE)
		lr |= VGIC_LR_EOI;
	return lr;
}

static uint64_t load_private(struct vgic_vp *vp, uint32_t n, bool *latch)
{
	uint8_t flags = vgic_private_flags(vp, n);
	uint64_t lr;

	if (!atomic_load(&vp->gic->enable))
		flags &= (uint8_t)~VGIC_ENABLED;
	lr = encode(n, flags, vp->prio[n], vp->active_prio[n], true, latch);
	if (*latch)
		vp->latch &= ~(1u << n);
	vp->resident |= 1u << n;
	return lr;
}

static uint64_t load_spi(struct vgic_vp *vp, uint32_t intid, uint32_t i, bool *latch)
{
	struct vgic_irq *irq = vgic_spi(vp->gic, intid);
	uint8_t flags = irq->flags;
	uint64_t lr;

	if (!atomic_load(&vp->gic->enable))
		flags &= (uint8_t)~VGIC_ENABLED;
	lr = encode(intid, flags, irq->prio, irq->active_prio, irq->target == vp->index, latch);
	if (*latch)
		irq->flags &= (uint8_t)~VGIC_LATCH;
	irq->lr = (uint8_t)(i + 1);
	irq->holder = (uint8_t)vp->index;
	return lr;
}

static uint64_t load_lpi(struct vgic_vp *vp, uint32_t intid)
{
	uint32_t n = intid - VGIC_LPI_FIRST;

	vp->lpi.pending[n / 64] &= ~BIT(n % 64);
	return intid | VGIC_LR_GROUP | VGIC_LR_PENDING | (uint64_t)vp->lpi.prio[n] << VGIC_LR_PRIO;
}

static void load(struct vgic_vp *vp, const struct picks *p)
{
	struct vgic_image *hw = &vp->hw;

	vp->lr_latch = 0;
	hw->live = hw->write = 0;
	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t intid = p->best[i].intid;
		bool latch = false;

		if (intid < VGIC_PRIVATE)
			hw->lr[i] = load_private(vp, intid, &latch);
		else if (intid < VGIC_LPI_FIRST)
			hw->lr[i] = load_spi(vp, intid, i, &latch);
		else
			hw->lr[i] = load_lpi(vp, intid);
		hw->live |= (uint16_t)(1u << i);
		if (latch)
			vp->lr_latch |= (uint16_t)(1u << i);
	}
	for (uint32_t m = hw->stale & ~(uint32_t)hw->live; m; m &= m - 1)
		hw->lr[__builtin_ctz(m)] = 0;
	hw->write = hw->live | hw->stale;
	hw->stale = 0;
}

static uint32_t base_hcr(const struct vgic_vp *vp, const struct picks *p)
{
	const struct vgic *v = vp->gic;
	uint32_t hcr = VGIC_HCR_EN | VGIC_HCR_TALL0;

	if (p->pending_out)
		hcr |= VGIC_HCR_NPIE;
	if (p->active_out)
		hcr |= VGIC_HCR_LRENPIE;
	if (!p->active_out && atomic_load(&v->vps) < 2)
		return hcr;
	/* TC costs PMR accesses too: only where a DIR is to be expected. */
	if (v->vtr & VGIC_VTR_TDS)
		return hcr | VGIC_HCR_TDIR;
	return p->active_out || vp->hw.vmcr & VGIC_VMCR_VEOIM ? hcr | VGIC_HCR_TC : hcr;
}

/* spis: the distributor's lock is held. */
static void choose(struct vgic_vp *vp, struct picks *p, uint32_t max, bool spis)
{
	p->count = 0;
	p->max = max;
	p->any_pending = p->pending_out = p->active_out = false;
	offer_private(vp, p);
	if (spis)
		offer_spis(vp, p);
	offer_lpis(vp, p);
	keep_pending(p);
}

static void fill(struct vgic_vp *vp, bool spis)
{
	struct picks p;
	uint32_t level;

	choose(vp, &p, vp->gic->lrs, spis);
	load(vp, &p);
	/*
	 * The timer's physical interrupt is kept active from the moment the virtual one is pending
	 * until it is ended, so that it neither fires again nor is lost.
	 */
	level = atomic_load(&vp->line) | vp->latch | vp->active | vp->resident;
	vp->hw.timer_want = level >> VGIC_TIMER_PPI & 1;
	vp->hw.hcr = base_hcr(vp, &p);
	vp->overflow = p.active_out;
	vp->work = 0;
}

enum vgic_result vgic_flush_slow(struct vgic_vp *vp, struct vgic_op *op)
{
	struct lock_token t = lock_take(&vp->lock), d = { NULL };
	enum vgic_result r;

	(void)atomic_xchg(&vp->mail, 0);
	vgic_absorb(vp);
	r = vgic_lpi_take(vp, op);
	if (atomic_load(&vp->spi_words))
		d = lock_take(&vp->gic->lock);
	/* Looked at under the locks that whoever holds this VP has had. */
	if (r == VGIC_OK && atomic_load(&vp->holds))
		r = VGIC_AGAIN;
	/* Without the lock the SPIs wait: who makes the first one wanted here also leaves mail. */
	if (r == VGIC_OK)
		fill(vp, d.lock != NULL);
	else
		vp->work = 1;
	if (d.lock)
		lock_drop(d);
	lock_drop(t);
	return r;
}

uint32_t vgic_best_pending(struct vgic_vp *vp)
{
	struct lock_token d = lock_take(&vp->gic->lock);
	struct picks p;

	vgic_absorb(vp);
	choose(vp, &p, 1, true);
	lock_drop(d);
	return p.any_pending ? p.first_pending.key >> 1 : 0x100u;
}

/* ---- out of the LRs ---- */

/* An EOI in EOImode 0 that found no LR. False: there is nothing that it can mean. */
static bool end_absent(struct vgic_vp *vp, struct vgic_op *op)
{
	struct vgic *v = vp->gic;
	uint32_t best = 0, key = 0x100;

	for (uint32_t m = vp->active & ~vp->resident; m; m &= m - 1) {
		uint32_t n = (uint32_t)__builtin_ctz(m);

		if (vp->active_prio[n] < key) {
			key = vp->active_prio[n];
			best = n;
		}
	}
	for (uint32_t w = vp->spi_words; w; w &= w - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(w);

		for (uint64_t m = vp->spi[i]; m; m &= m - 1) {
			uint32_t n = VGIC_PRIVATE + i * 64 + (uint32_t)__builtin_ctzll(m);
			const struct vgic_irq *irq = vgic_spi(v, n);

			if (irq->flags & VGIC_ACTIVE && !irq->lr && irq->active_prio < key) {
				key = irq->active_prio;
				best = n;
			}
		}
	}
	if (key == 0x100)
		return false;
	if (best < VGIC_PRIVATE) {
		vp->active &= ~(1u << best);
		vp->active_prio[best] = 0;
	} else {
		struct vgic_irq *irq = vgic_spi(v, best);

		irq->flags &= (uint8_t)~VGIC_ACTIVE;
		irq->active_prio = irq->active_vp = 0;
		vgic_spi_changed(v, best, op);
	}
	return true;
}

static void fold_private(struct vgic_vp *vp, uint64_t lr, bool latch)
{
	uint32_t n = (uint32_t)lr, bit = 1u << n;

	vp->resident &= ~bit;
	if (lr & VGIC_LR_PENDING && latch)
		vp->latch |= bit;
	if (lr & VGIC_LR_ACTIVE) {
		vp->active |= bit;
		vp->active_prio[n] = (uint8_t)FIELD(lr, 55, 48);
		return;
	}
	vp->active &= ~bit;
	vp->active_prio[n] = 0;
	/* Hardware ended the physical interrupt with it. */
	if (lr & VGIC_LR_HW && !(lr & VGIC_LR_PENDING))
		vp->hw.timer_phys = false;
}

static void fold_spi(struct vgic_vp *vp, uint64_t lr, bool latch, struct vgic_op *op)
{
	struct vgic_irq *irq = vgic_spi(vp->gic, (uint32_t)lr);

	irq->lr = 0;
	if (lr & VGIC_LR_PENDING && latch)
		irq->flags |= VGIC_LATCH;
	if (lr & VGIC_LR_ACTIVE) {
		irq->flags |= VGIC_ACTIVE;
		irq->active_prio = (uint8_t)FIELD(lr, 55, 48);
		irq->active_vp = (uint8_t)vp->index;
	} else {
		irq->flags &= (uint8_t)~VGIC_ACTIVE;
		irq->active_prio = irq->active_vp = 0;
	}
	vgic_spi_changed(vp->gic, (uint32_t)lr, op);
}

static void fold_lpi(struct vgic_vp *vp, uint64_t lr)
{
	uint32_t n = (uint32_t)lr - VGIC_LPI_FIRST;

	if (!(lr & VGIC_LR_PENDING))
		return;
	/* Its bit of ready_words is still set. */
	vp->lpi.pending[n / 64] |= BIT(n % 64);
}

static bool touches_spis(const struct vgic_vp *vp)
{
	for (uint32_t m = vp->hw.live; m; m &= m - 1) {
		uint32_t intid = (uint32_t)vp->hw.lr[__builtin_ctz(m)];

		if (intid >= VGIC_PRIVATE && intid < VGIC_LPI_FIRST)
			return true;
	}
	return vp->overflow;
}

void vgic_sync_slow(struct vgic_vp *vp, struct vgic_op *op)
{
	struct lock_token t = lock_take(&vp->lock), d = { NULL };
	struct vgic_image *hw = &vp->hw;

	if (touches_spis(vp))
		d = lock_take(&vp->gic->lock);

	/*
	 * In EOImode 1 only ICC_DIR would count, which is trapped now (12.5, ICH_HCR_EL2.EOIcount).
	 * QEMU 7.2 counts EOIs there too.
	 */
	if (vp->overflow && !(hw->vmcr & VGIC_VMCR_VEOIM))
		for (uint32_t n = hw->hcr >> VGIC_HCR_EOI_LO; n; n--)
			if (!end_absent(vp, op))
				break;
	for (uint32_t m = hw->live; m; m &= m - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(m), intid = (uint32_t)hw->lr[i];
		bool latch = vp->lr_latch >> i & 1;

		if (intid < VGIC_PRIVATE)
			fold_private(vp, hw->lr[i], latch);
		else if (intid < VGIC_LPI_FIRST)
			fold_spi(vp, hw->lr[i], latch, op);
		else
			fold_lpi(vp, hw->lr[i]);
		/* An ended one that asks for maintenance would go on asking. */
		if (hw->lr[i] & (VGIC_LR_PENDING | VGIC_LR_ACTIVE) ||
		    (hw->lr[i] & (VGIC_LR_EOI | VGIC_LR_HW)) == VGIC_LR_EOI)
			hw->stale |= (uint16_t)(1u << i);
	}
	hw->live = hw->write = 0;
	hw->hcr = VGIC_HCR_EN | VGIC_HCR_TALL0;
	vp->overflow = false;
	vp->work = 1;
	if (d.lock)
		lock_drop(d);
	lock_drop(t);
	/* This VP's own flush comes anyway. */
	op->kick &= ~BIT(vp->index);
}

void vgic_leave(struct vgic_vp *vp)
{
	struct vgic_image *hw = &vp->hw;

	for (uint32_t m = hw->stale; m; m &= m - 1)
		hw->lr[__builtin_ctz(m)] = 0;
	hw->write = hw->stale;
	hw->stale = 0;
}
