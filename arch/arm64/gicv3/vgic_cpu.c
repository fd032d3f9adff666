/* SPDX-License-Identifier: MIT */
/*
 * The part of the virtual CPU interface that hardware leaves to EL2: what a waiting VP would be
 * woken by, deactivation that found no list register, and the common registers where only
 * ICH_HCR_EL2.TC traps (IHI 0069, 12.2: ICC_CTLR_EL1, ICC_DIR_EL1, ICC_PMR_EL1, ICC_RPR_EL1).
 */
#include "arch/arm64/gicv3/vgic.h"

/* Group priority of what is active, 0x100: idle. A bit of AP1R for each preemption level. */
static uint32_t running(const struct vgic_vp *vp)
{
	uint32_t regs = 1u << (vp->gic->pre_bits - 5);

	for (uint32_t i = 0; i < regs; i++)
		if (vp->hw.ap1r[i])
			return (i * 32 + (uint32_t)__builtin_ctz(vp->hw.ap1r[i]))
			       << (8 - vp->gic->pre_bits);
	return 0x100;
}

/* The bits of a priority that preempt (IHI 0069, 4.8.2). VBPR1 = n: bits 7:n. CBPR: VBPR0 + 1. */
static uint32_t group_mask(const struct vgic_vp *vp)
{
	uint32_t vmcr = vp->hw.vmcr, bpr = vmcr >> VGIC_VMCR_VBPR1 & 7;

	if (vmcr & VGIC_VMCR_VCBPR)
		bpr = (vmcr >> VGIC_VMCR_VBPR0 & 7) + 1;
	bpr = MAX(bpr, vgic_min_bpr1(vp->gic));
	return 0xffu << bpr & 0xff;
}

bool vgic_pending(struct vgic_vp *vp, struct vgic_op *op)
{
	struct lock_token t = lock_take(&vp->lock);
	uint32_t best = 0;

	/* What cannot be read now is for the next flush to tell. */
	if (vgic_lpi_take(vp, op) == VGIC_OK)
		best = vgic_best_pending(vp);
	else
		vp->work = 1;
	lock_drop(t);
	if (!(vp->hw.vmcr & VGIC_VMCR_VENG1))
		return false;
	return best < vp->hw.vmcr >> VGIC_VMCR_VPMR && (best & group_mask(vp)) < running(vp);
}

/* IHI 0069, 4.5: with EOImode 0 a write is not for us; an LPI is never active. */
enum vgic_result vgic_dir(struct vgic_vp *vp, uint64_t value, struct vgic_op *op)
{
	uint32_t intid = (uint32_t)FIELD(value, 23, 0);
	struct vgic *v = vp->gic;
	enum vgic_result r = VGIC_OK;
	struct lock_token t;

	if (!(vp->hw.vmcr & VGIC_VMCR_VEOIM))
		return VGIC_OK;
	if (intid < VGIC_PRIVATE) {
		t = lock_take(&vp->lock);
		vp->active &= ~(1u << intid);
		vp->active_prio[intid] = 0;
		(void)atomic_or(&vp->mail, VGIC_MAIL_LOOK);
		lock_drop(t);
		return VGIC_OK;
	}
	if (!vgic_is_spi(v, intid))
		return VGIC_OK;
	t = lock_take(&v->lock);
	struct vgic_irq *irq = vgic_spi(v, intid);

	if (irq->lr) {
		vgic_hold(v->vp[irq->holder], op);
		r = VGIC_AGAIN;
	} else {
		irq->flags &= (uint8_t)~VGIC_ACTIVE;
		irq->active_prio = irq->active_vp = 0;
		vgic_spi_changed(v, intid, op);
	}
	lock_drop(t);
	if (r != VGIC_AGAIN)
		vgic_release(v, op);
	return r;
}

uint64_t vgic_icc_read(const struct vgic_vp *vp, enum vgic_icc reg)
{
	uint32_t vmcr = vp->hw.vmcr, vtr = vp->gic->vtr, level;

	switch (reg) {
	case VGIC_ICC_PMR:
		return vmcr >> VGIC_VMCR_VPMR;
	case VGIC_ICC_RPR:
		level = running(vp);
		return level > 0xff ? 0xff : level;
	default:
		/* CBPR 0, EOImode 1, PRIbits 10:8, IDbits 13:11, SEIS 14, A3V 15 */
		return vgic_get_control(vp) | (uint64_t)(vp->gic->pri_bits - 1u) << 8 |
		       FIELD(vtr, 25, 23) << 11 | FIELD(vtr, 22, 22) << 14 |
		       FIELD(vtr, 21, 21) << 15;
	}
}

void vgic_icc_write(struct vgic_vp *vp, enum vgic_icc reg, uint64_t value)
{
	if (reg == VGIC_ICC_PMR)
		vp->hw.vmcr = (vp->hw.vmcr & 0x00ffffffu) | ((uint32_t)value & vp->gic->pri_mask)
								    << VGIC_VMCR_VPMR;
	else if (reg == VGIC_ICC_CTLR)
		(void)vgic_set_control(vp, value & 3);
}

uint64_t vgic_get_control(const struct vgic_vp *vp)
{
	uint32_t vmcr = vp->hw.vmcr;

	return (vmcr & VGIC_VMCR_VCBPR ? 1u : 0u) | (vmcr & VGIC_VMCR_VEOIM ? 2u : 0u);
}

bool vgic_set_control(struct vgic_vp *vp, uint64_t value)
{
	uint32_t vmcr = vp->hw.vmcr & ~(VGIC_VMCR_VCBPR | VGIC_VMCR_VEOIM);

	if (value & ~3ull)
		return false;
	vp->hw.vmcr = vmcr | (value & 1 ? VGIC_VMCR_VCBPR : 0) | (value & 2 ? VGIC_VMCR_VEOIM : 0);
	return true;
}
