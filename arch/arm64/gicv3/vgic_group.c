/* SPDX-License-Identifier: MIT */
/*
 * The GIC's two state types. Set checks every byte, then commits through what guest MMIO uses too
 * (vgic_spi_route(), vgic_spi_changed(), vgic_lpi_enable()); what is refused has changed nothing.
 * Only bytes that Get could give are taken, so Get after Set gives them back.
 *
 * Pending LPIs have no place in the 200 bytes: Get writes them to the pending table in guest
 * memory, Set has that table read again before the VP's next entry. So memory is saved after Get,
 * and may be restored before or after Set.
 */
#include <string.h>

#include <hv/vp_state_arm64.h>

#include "arch/arm64/gicv3/vgic.h"

_Static_assert(VGIC_ENABLED == HV_ARM64_INTERRUPT_ENABLED && VGIC_EDGE == HV_ARM64_INTERRUPT_EDGE &&
		       VGIC_LINE == HV_ARM64_INTERRUPT_ASSERTED &&
		       VGIC_LATCH == HV_ARM64_INTERRUPT_SET_PENDING &&
		       VGIC_ACTIVE == HV_ARM64_INTERRUPT_ACTIVE,
	       "flags are the format's byte 0");

typedef struct hv_arm64_local_interrupt_controller_state local_state;
typedef struct hv_arm64_global_interrupt_state global_state;

/* ---- one interrupt ---- */

static bool check_interrupt(const struct vgic *v, const struct hv_arm64_interrupt_state *s)
{
	if (s->flags & ~VGIC_FLAGS || s->reserved)
		return false;
	if ((s->priority | s->active_priority) & ~v->pri_mask)
		return false;
	return s->flags & VGIC_ACTIVE || !s->active_priority;
}

/* SGIs are edges and have no line, the timer's interrupt is level. */
static bool check_private(const struct vgic *v, uint32_t n,
			  const struct hv_arm64_interrupt_state *s)
{
	if (!check_interrupt(v, s))
		return false;
	if (n < VGIC_SGIS)
		return (s->flags & (VGIC_EDGE | VGIC_LINE)) == VGIC_EDGE;
	return n != VGIC_TIMER_PPI || !(s->flags & VGIC_EDGE);
}

/* ---- local: SGIs, PPIs and the CPU interface ---- */

static void get_private(struct vgic_vp *vp, struct hv_arm64_interrupt_state *out)
{
	uint32_t line = atomic_load(&vp->line), latch;

	vgic_absorb(vp);
	latch = vp->latch;
	for (uint32_t n = 0; n < VGIC_PRIVATE; n++) {
		uint32_t f = (vp->enabled >> n & 1) * VGIC_ENABLED;

		f |= (vp->edge >> n & 1) * VGIC_EDGE | (line >> n & 1) * VGIC_LINE;
		f |= (latch >> n & 1) * VGIC_LATCH | (vp->active >> n & 1) * VGIC_ACTIVE;
		out[n] = (struct hv_arm64_interrupt_state){ (uint8_t)f, vp->prio[n],
							    vp->active_prio[n], 0 };
	}
}

enum vgic_result vgic_get_local(struct vgic_vp *vp, void *buf, struct vgic_op *op)
{
	struct lock_token t = lock_take(&vp->lock);
	uint32_t vmcr = vp->hw.vmcr;
	enum vgic_result r;
	local_state s;

	r = vp->hw.live ? VGIC_AGAIN : vgic_lpi_save(vp, op);
	memset(&s, 0, sizeof(s));
	s.version = HV_ARM64_INTERRUPT_CONTROLLER_VERSION;
	s.gic_version = HV_ARM64_GIC_VERSION_3;
	s.icc_igrpen1_el1 = vmcr & VGIC_VMCR_VENG1 ? 1 : 0;
	s.gicr_ctlr_enable_lpis = vp->lpi.enabled;
	s.icc_bpr1_el1 = vmcr >> VGIC_VMCR_VBPR1 & 7;
	s.icc_pmr_el1 = vmcr >> VGIC_VMCR_VPMR;
	s.gicr_propbaser = vp->lpi.propbaser;
	s.gicr_pendbaser = vp->lpi.pendbaser & VGIC_PENDBASER_MASK;
	memcpy(s.ich_ap1r_el2, vp->hw.ap1r, sizeof(s.ich_ap1r_el2));
	get_private(vp, s.interrupts);
	lock_drop(t);
	if (r == VGIC_OK)
		memcpy(buf, &s, sizeof(s));
	return r;
}

/* One bit for each preemption level (IHI 0069, ICH_AP1R<n>_EL2). */
static bool check_ap1r(const struct vgic *v, const uint32_t ap1r[4])
{
	for (uint32_t i = 1u << (v->pre_bits - 5); i < 4; i++)
		if (ap1r[i])
			return false;
	return true;
}

static bool check_local(const struct vgic_vp *vp, const local_state *s)
{
	static const uint8_t zero[6];
	const struct vgic *v = vp->gic;

	if (s->version != HV_ARM64_INTERRUPT_CONTROLLER_VERSION ||
	    s->gic_version != HV_ARM64_GIC_VERSION_3 ||
	    memcmp(s->reserved, zero, sizeof(zero)) != 0)
		return false;
	if (s->icc_igrpen1_el1 > 1 || s->gicr_ctlr_enable_lpis > 1)
		return false;
	if (s->icc_bpr1_el1 > 7 || s->icc_bpr1_el1 < vgic_min_bpr1(v))
		return false;
	if (s->icc_pmr_el1 & ~(uint64_t)v->pri_mask || !check_ap1r(v, s->ich_ap1r_el2))
		return false;
	if (s->gicr_propbaser & ~VGIC_PROPBASER_MASK || s->gicr_pendbaser & ~VGIC_PENDBASER_MASK)
		return false;
	for (uint32_t n = 0; n < VGIC_PRIVATE; n++)
		if (!check_private(v, n, &s->interrupts[n]))
			return false;
	return true;
}

static void set_private(struct vgic_vp *vp, const struct hv_arm64_interrupt_state *in)
{
	uint32_t enabled = 0, edge = 0, line = 0, latch = 0, active = 0;

	for (uint32_t n = 0; n < VGIC_PRIVATE; n++) {
		uint32_t f = in[n].flags;

		enabled |= (f & VGIC_ENABLED ? 1u : 0u) << n;
		edge |= (f & VGIC_EDGE ? 1u : 0u) << n;
		line |= (f & VGIC_LINE ? 1u : 0u) << n;
		latch |= (f & VGIC_LATCH ? 1u : 0u) << n;
		active |= (f & VGIC_ACTIVE ? 1u : 0u) << n;
		vp->prio[n] = in[n].priority;
		vp->active_prio[n] = in[n].active_priority;
	}
	(void)atomic_xchg(&vp->post, 0);
	vp->enabled = enabled;
	vp->latch = latch;
	vp->active = active;
	atomic_store(&vp->edge, edge);
	atomic_store(&vp->line, line);
}

static void commit_local(struct vgic_vp *vp, const local_state *s, struct vgic_op *op)
{
	uint32_t keep = VGIC_VMCR_VCBPR | VGIC_VMCR_VEOIM | 7u << VGIC_VMCR_VBPR0;
	struct vgic_lpi *l = &vp->lpi;

	vp->hw.vmcr = (vp->hw.vmcr & keep) | (s->icc_igrpen1_el1 ? VGIC_VMCR_VENG1 : 0) |
		      (uint32_t)s->icc_bpr1_el1 << VGIC_VMCR_VBPR1 |
		      (uint32_t)s->icc_pmr_el1 << VGIC_VMCR_VPMR;
	memcpy(vp->hw.ap1r, s->ich_ap1r_el2, sizeof(vp->hw.ap1r));
	set_private(vp, s->interrupts);
	vgic_lpi_forget(vp);
	l->propbaser = s->gicr_propbaser;
	l->pendbaser = s->gicr_pendbaser;
	(void)vgic_lpi_enable(vp, s->gicr_ctlr_enable_lpis, op);
	vgic_post(vp, op);
}

enum vgic_result vgic_set_local(struct vgic_vp *vp, const void *buf, struct vgic_op *op)
{
	struct lock_token t = lock_take(&vp->lock);
	enum vgic_result r = VGIC_OK;
	local_state s;

	memcpy(&s, buf, sizeof(s));
	if (vp->hw.live)
		r = VGIC_AGAIN;
	else if (!check_local(vp, &s))
		r = VGIC_FAULT;
	else
		commit_local(vp, &s, op);
	lock_drop(t);
	return r;
}

/* ---- global: SPIs ---- */

uint32_t vgic_global_size(const struct vgic *v)
{
	return (uint32_t)(sizeof(global_state) +
			  v->spis * sizeof(struct hv_arm64_global_interrupt));
}

static uint32_t route_affinity(uint64_t route)
{
	return (uint32_t)(FIELD(route, 39, 32) << 24 | FIELD(route, 23, 0));
}

static bool any_resident(struct vgic *v)
{
	for (uint32_t n = VGIC_PRIVATE; n < VGIC_PRIVATE + v->spis; n++)
		if (vgic_spi(v, n)->lr)
			return true;
	return false;
}

enum vgic_result vgic_get_global(struct vgic *v, void *buf)
{
	struct lock_token t = lock_take(&v->lock);
	struct hv_arm64_global_interrupt g;
	uint8_t *out = buf;
	global_state s;

	if (any_resident(v)) {
		lock_drop(t);
		return VGIC_AGAIN;
	}
	memset(&s, 0, sizeof(s));
	s.version = HV_ARM64_INTERRUPT_CONTROLLER_VERSION;
	s.gic_version = HV_ARM64_GIC_VERSION_3;
	s.count = v->spis;
	s.gicd_ctlr_enable_grp1a = atomic_load(&v->enable);
	memcpy(out, &s, sizeof(s));
	for (uint32_t i = 0; i < v->spis; i++) {
		const struct vgic_irq *irq = vgic_spi(v, VGIC_PRIVATE + i);

		g.intid = VGIC_PRIVATE + i;
		g.active_vp_index = irq->active_vp;
		g.target_mpidr = route_affinity(irq->route);
		g.state = (struct hv_arm64_interrupt_state){ irq->flags, irq->prio,
							     irq->active_prio, 0 };
		memcpy(out + sizeof(s) + i * sizeof(g), &g, sizeof(g));
	}
	lock_drop(t);
	return VGIC_OK;
}

static struct hv_arm64_global_interrupt entry(const uint8_t *in, uint32_t i)
{
	struct hv_arm64_global_interrupt g;

	memcpy(&g, in + sizeof(global_state) + i * sizeof(g), sizeof(g));
	return g;
}

static bool check_global(struct vgic *v, const uint8_t *in, uint32_t size)
{
	global_state s;

	if (size != vgic_global_size(v))
		return false;
	memcpy(&s, in, sizeof(s));
	if (s.version != HV_ARM64_INTERRUPT_CONTROLLER_VERSION ||
	    s.gic_version != HV_ARM64_GIC_VERSION_3 || s.reserved || s.count != v->spis ||
	    s.gicd_ctlr_enable_grp1a > 1)
		return false;
	for (uint32_t i = 0; i < v->spis; i++) {
		struct hv_arm64_global_interrupt g = entry(in, i);

		if (g.intid != VGIC_PRIVATE + i || !check_interrupt(v, &g.state))
			return false;
		/* Active on a VP that is there. */
		if (g.state.flags & VGIC_ACTIVE ? !vgic_vp_of(v, g.active_vp_index)
						: g.active_vp_index != 0)
			return false;
	}
	return true;
}

enum vgic_result vgic_set_global(struct vgic *v, const void *buf, uint32_t size, struct vgic_op *op)
{
	struct lock_token t = lock_take(&v->lock);
	enum vgic_result r = VGIC_OK;
	const uint8_t *in = buf;
	global_state s;

	if (any_resident(v))
		r = VGIC_AGAIN;
	else if (!check_global(v, in, size))
		r = VGIC_FAULT;
	for (uint32_t i = 0; r == VGIC_OK && i < v->spis; i++) {
		struct hv_arm64_global_interrupt g = entry(in, i);
		struct vgic_irq *irq = vgic_spi(v, g.intid);

		irq->flags = g.state.flags;
		irq->prio = g.state.priority;
		irq->active_prio = g.state.active_priority;
		irq->active_vp = (uint8_t)g.active_vp_index;
		vgic_spi_route(v, irq,
			       (uint64_t)(g.target_mpidr >> 24) << 32 |
				       (g.target_mpidr & 0xffffff));
		vgic_spi_changed(v, g.intid, op);
	}
	if (r == VGIC_OK) {
		memcpy(&s, in, sizeof(s));
		atomic_store(&v->enable, (uint32_t)s.gicd_ctlr_enable_grp1a);
	}
	lock_drop(t);
	/* Private ones wait for EnableGrp1 too. */
	for (uint32_t i = 0; r == VGIC_OK && i < vgic_top(v); i++)
		if (vgic_vp_of(v, i))
			vgic_post(v->vp[i], op);
	return r;
}
