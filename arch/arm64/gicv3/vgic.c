/* SPDX-License-Identifier: MIT */
/* The interrupt state machine: sources, routing, who wants which list register. */
#include <string.h>

#include "arch/arm64/gicv3/vgic.h"

#define SGI_EDGES ((1u << VGIC_SGIS) - 1)

/* ---- who waits for whom ---- */

void vgic_hold(struct vgic_vp *vp, struct vgic_op *op)
{
	if (!(op->held & BIT(vp->index))) {
		op->held |= BIT(vp->index);
		(void)atomic_add(&vp->holds, 1);
	}
	vgic_post(vp, op);
}

void vgic_release(struct vgic *v, struct vgic_op *op)
{
	for (; op->held; op->held &= op->held - 1)
		(void)atomic_add(&v->vp[__builtin_ctzll(op->held)]->holds, (uint32_t)-1);
}

/* ---- VPs ---- */

struct vgic_vp *vgic_vp_of(struct vgic *v, uint32_t index)
{
	return index < VGIC_MAX_VPS ? atomic_load(&v->vp[index]) : NULL;
}

uint8_t vgic_find(struct vgic *v, uint32_t affinity)
{
	/* Most partitions number their VPs 16 to a cluster. */
	uint32_t guess = (affinity >> 8 & 0xff) * 16 + (affinity & 0xf);
	struct vgic_vp *vp = vgic_vp_of(v, guess);

	if (vp && vp->affinity == affinity)
		return (uint8_t)guess;
	for (uint32_t i = 0; i < vgic_top(v); i++) {
		vp = vgic_vp_of(v, i);
		if (vp && vp->affinity == affinity)
			return (uint8_t)i;
	}
	return VGIC_NO_VP;
}

/* ---- private interrupts; the VP's lock is held ---- */

void vgic_absorb(struct vgic_vp *vp)
{
	if (atomic_load(&vp->post))
		vp->latch |= atomic_xchg(&vp->post, 0);
}

uint8_t vgic_private_flags(const struct vgic_vp *vp, uint32_t intid)
{
	uint32_t f = (vp->enabled >> intid & 1) * VGIC_ENABLED;

	f |= (vp->edge >> intid & 1) * VGIC_EDGE;
	f |= (atomic_load(&vp->line) >> intid & 1) * VGIC_LINE;
	f |= ((vp->latch | atomic_load(&vp->post)) >> intid & 1) * VGIC_LATCH;
	f |= (vp->active >> intid & 1) * VGIC_ACTIVE;
	return (uint8_t)f;
}

static void put_bit(uint32_t *word, uint32_t n, bool on)
{
	*word = (*word & ~(1u << n)) | (uint32_t)on << n;
}

void vgic_private_put(struct vgic_vp *vp, uint32_t intid, uint8_t flags)
{
	vgic_absorb(vp);
	put_bit(&vp->enabled, intid, flags & VGIC_ENABLED);
	/* Read with no lock by vgic_set_line(). */
	if (flags & VGIC_EDGE)
		(void)atomic_or(&vp->edge, 1u << intid);
	else
		(void)atomic_and(&vp->edge, ~(1u << intid));
	put_bit(&vp->latch, intid, flags & VGIC_LATCH);
	put_bit(&vp->active, intid, flags & VGIC_ACTIVE);
	if (!(flags & VGIC_ACTIVE))
		vp->active_prio[intid] = 0;
}

/* ---- SPIs; the distributor's lock is held ---- */

/* The VP whose LR an SPI wants: of the one it is active on, else of the one it can be taken by. */
static uint8_t spi_owner(const struct vgic_irq *irq)
{
	if (irq->flags & VGIC_ACTIVE)
		return irq->active_vp;
	if (irq->flags & VGIC_ENABLED && vgic_irq_pending(irq->flags))
		return irq->target;
	return VGIC_NO_VP;
}

static void set_member(struct vgic *v, uint32_t owner, uint32_t n, bool in)
{
	struct vgic_vp *vp;
	uint64_t *word;

	if (owner == VGIC_NO_VP)
		return;
	vp = v->vp[owner];
	word = &vp->spi[n / 64];
	if (in)
		*word |= BIT(n % 64);
	else
		*word &= ~BIT(n % 64);
	if (*word)
		atomic_store(&vp->spi_words, vp->spi_words | 1u << n / 64);
	else
		atomic_store(&vp->spi_words, vp->spi_words & ~(1u << n / 64));
}

void vgic_spi_changed(struct vgic *v, uint32_t intid, struct vgic_op *op)
{
	struct vgic_irq *irq = vgic_spi(v, intid);
	uint8_t owner = spi_owner(irq);

	if (owner != irq->owner) {
		set_member(v, irq->owner, intid - VGIC_PRIVATE, false);
		set_member(v, owner, intid - VGIC_PRIVATE, true);
		irq->owner = owner;
	}
	if (irq->lr)
		vgic_post(v->vp[irq->holder], op);
	if (owner != VGIC_NO_VP)
		vgic_post(v->vp[owner], op);
}

/* GICD_IROUTER: Aff3 in bits 39:32, the rest in 23:0; Interrupt_Routing_Mode is RES0 (No1N). */
void vgic_spi_route(struct vgic *v, struct vgic_irq *irq, uint64_t route)
{
	irq->route = route & (MASK(39, 32) | MASK(23, 0));
	irq->target = vgic_find(v, (uint32_t)(FIELD(route, 39, 32) << 24 | FIELD(route, 23, 0)));
}

/* ---- sources ---- */

static bool set_private(struct vgic_vp *vp, uint32_t intid, bool level, struct vgic_op *op)
{
	uint32_t bit = 1u << intid, old = 0;
	bool edge = intid < VGIC_SGIS || atomic_load(&vp->edge) & bit;

	if (intid >= VGIC_SGIS) {
		old = level ? atomic_or(&vp->line, bit) : atomic_and(&vp->line, ~bit);
		if (!(old & bit) == !level)
			return true;
	}
	if (edge && !level)
		return true;
	if (edge)
		(void)atomic_or(&vp->post, bit);
	vgic_post(vp, op);
	return true;
}

static bool set_spi(struct vgic *v, uint32_t intid, bool level, struct vgic_op *op)
{
	struct lock_token t = lock_take(&v->lock);
	struct vgic_irq *irq = vgic_spi(v, intid);
	uint8_t flags = irq->flags;

	if (level && !(flags & VGIC_LINE) && flags & VGIC_EDGE)
		flags |= VGIC_LATCH;
	flags = (uint8_t)(level ? flags | VGIC_LINE : flags & ~VGIC_LINE);
	if (flags != irq->flags) {
		uint8_t change = flags ^ irq->flags;

		irq->flags = flags;
		/* An edge's line alone is nothing to anybody. */
		if (!(flags & VGIC_EDGE) || change & VGIC_LATCH)
			vgic_spi_changed(v, intid, op);
	}
	lock_drop(t);
	return true;
}

bool vgic_set_line(struct vgic *v, struct vgic_vp *vp, uint32_t intid, bool level,
		   struct vgic_op *op)
{
	if (intid < VGIC_PRIVATE)
		return set_private(vp, intid, level, op);
	if (vgic_is_spi(v, intid))
		return set_spi(v, intid, level, op);
	if (intid < VGIC_LPI_FIRST || intid >= VGIC_LPI_FIRST + VGIC_LPIS)
		return false;
	return !level || vgic_lpi_post(vp, intid, op);
}

bool vgic_pulse(struct vgic *v, struct vgic_vp *vp, uint32_t intid, struct vgic_op *op)
{
	return vgic_set_line(v, vp, intid, true, op) && vgic_set_line(v, vp, intid, false, op);
}

bool vgic_latch(struct vgic *v, struct vgic_vp *vp, uint32_t intid, struct vgic_op *op)
{
	struct lock_token t;

	if (intid < VGIC_PRIVATE) {
		(void)atomic_or(&vp->post, 1u << intid);
		vgic_post(vp, op);
		return true;
	}
	if (!vgic_is_spi(v, intid))
		return vgic_set_line(v, vp, intid, true, op);
	t = lock_take(&v->lock);
	vgic_spi(v, intid)->flags |= VGIC_LATCH;
	vgic_spi_changed(v, intid, op);
	lock_drop(t);
	return true;
}

/* IHI 0069, ICC_SGI1R_EL1: Aff3 55:48, RS 47:44, IRM 40, Aff2 39:32, INTID 27:24, Aff1 23:16. */
void vgic_sgi1r(struct vgic_vp *vp, uint64_t value, struct vgic_op *op)
{
	uint32_t intid = (uint32_t)FIELD(value, 27, 24);
	uint32_t base = (uint32_t)(FIELD(value, 55, 48) << 24 | FIELD(value, 39, 32) << 16 |
				   FIELD(value, 23, 16) << 8 | FIELD(value, 47, 44) << 4);
	struct vgic *v = vp->gic;

	if (value & BIT(40)) {
		for (uint32_t i = 0; i < vgic_top(v); i++) {
			struct vgic_vp *to = vgic_vp_of(v, i);

			if (to && to != vp)
				(void)set_private(to, intid, true, op);
		}
		return;
	}
	for (uint64_t list = value & 0xffff; list; list &= list - 1) {
		uint8_t to = vgic_find(v, base | (uint32_t)__builtin_ctzll(list));

		if (to != VGIC_NO_VP)
			(void)set_private(v->vp[to], intid, true, op);
	}
}

/* ---- life ---- */

/* IHI 0069, ICH_VTR_EL2: PRIbits 31:29, PREbits 28:26, ListRegs 4:0, each less one. */
bool vgic_init(struct vgic *v, struct partition *p, uint32_t spis, uint32_t vtr, void *const *pages)
{
	uint32_t pri = (uint32_t)FIELD(vtr, 31, 29) + 1, lrs = (uint32_t)FIELD(vtr, 4, 0) + 1;
	struct vgic_op op = { 0 };

	if (spis > VGIC_MAX_SPIS)
		return false;
	memset(v, 0, sizeof(*v));
	v->partition = p;
	v->spis = spis;
	v->vtr = vtr;
	v->lrs = (uint8_t)MIN(lrs, VGIC_MAX_LRS);
	v->pri_bits = (uint8_t)MAX(pri, 5u);
	v->pre_bits = (uint8_t)MIN(MAX((uint32_t)FIELD(vtr, 28, 26) + 1, 5u), 7u);
	v->pri_mask = (uint8_t)(0xff00u >> v->pri_bits);
	for (uint32_t i = 0; i < vgic_spi_pages(spis); i++)
		v->page[i] = pages[i];
	for (uint32_t i = VGIC_PRIVATE; i < VGIC_PRIVATE + spis; i++)
		vgic_spi(v, i)->owner = VGIC_NO_VP;
	vgic_reset(v, &op);
	return true;
}

void vgic_reset(struct vgic *v, struct vgic_op *op)
{
	struct lock_token t = lock_take(&v->lock);

	atomic_store(&v->enable, 0);
	for (uint32_t i = VGIC_PRIVATE; i < VGIC_PRIVATE + v->spis; i++) {
		struct vgic_irq *irq = vgic_spi(v, i);
		uint8_t line = irq->flags & VGIC_LINE;

		irq->flags = 0;
		vgic_spi_changed(v, i, op);
		*irq = (struct vgic_irq){ .flags = line, .owner = VGIC_NO_VP };
		vgic_spi_route(v, irq, 0);
	}
	lock_drop(t);
}

void vgic_reset_cpu_interface(struct vgic_vp *vp)
{
	const struct vgic *v = vp->gic;

	memset(vp->hw.ap1r, 0, sizeof(vp->hw.ap1r));
	vp->hw.vmcr = vgic_min_bpr1(v) << VGIC_VMCR_VBPR1 | (vgic_min_bpr1(v) - 1)
								    << VGIC_VMCR_VBPR0;
}

void vgic_reset_vp(struct vgic_vp *vp, struct vgic_op *op)
{
	struct lock_token t = lock_take(&vp->lock);

	vp->enabled = vp->latch = vp->active = vp->resident = 0;
	atomic_store(&vp->edge, SGI_EDGES);
	atomic_store(&vp->post, 0);
	vp->overflow = false;
	memset(vp->prio, 0, sizeof(vp->prio));
	memset(vp->active_prio, 0, sizeof(vp->active_prio));
	memset(&vp->lpi, 0, sizeof(vp->lpi));
	vgic_reset_cpu_interface(vp);
	vgic_post(vp, op);
	lock_drop(t);
}

bool vgic_add_vp(struct vgic *v, struct vgic_vp *vp, uint32_t index, uint32_t affinity)
{
	struct vgic_op op = { 0 };
	struct lock_token t;

	if (index >= VGIC_MAX_VPS || vgic_vp_of(v, index) || vgic_find(v, affinity) != VGIC_NO_VP)
		return false;
	vp->gic = v;
	vp->index = index;
	vp->affinity = affinity;
	vgic_reset_vp(vp, &op);
	vp->hw.hcr = VGIC_HCR_EN | VGIC_HCR_TALL0;
	t = lock_take(&v->lock);
	atomic_store(&v->vp[index], vp);
	atomic_store(&v->vps, v->vps + 1);
	atomic_store(&v->top, MAX(v->top, index + 1));
	/* SPIs may be routed to it already. */
	for (uint32_t i = VGIC_PRIVATE; i < VGIC_PRIVATE + v->spis; i++) {
		struct vgic_irq *irq = vgic_spi(v, i);

		vgic_spi_route(v, irq, irq->route);
		vgic_spi_changed(v, i, &op);
	}
	lock_drop(t);
	/* With more than one, ICC_DIR is trapped. */
	for (uint32_t i = 0; i < vgic_top(v); i++)
		if (vgic_vp_of(v, i))
			vgic_post(v->vp[i], &op);
	return true;
}

void vgic_remove_vp(struct vgic_vp *vp)
{
	struct vgic *v = vp->gic;
	struct lock_token t = lock_take(&v->lock);
	struct vgic_op op = { 0 };

	for (uint32_t i = VGIC_PRIVATE; i < VGIC_PRIVATE + v->spis; i++) {
		struct vgic_irq *irq = vgic_spi(v, i);

		if (irq->flags & VGIC_ACTIVE && irq->active_vp == vp->index) {
			irq->flags &= (uint8_t)~VGIC_ACTIVE;
			irq->active_prio = 0;
			irq->active_vp = 0;
		}
		if (irq->target == vp->index)
			irq->target = VGIC_NO_VP;
		vgic_spi_changed(v, i, &op);
	}
	atomic_store(&v->vp[vp->index], NULL);
	atomic_store(&v->vps, v->vps - 1);
	lock_drop(t);
}
