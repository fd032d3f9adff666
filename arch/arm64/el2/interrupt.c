/* SPDX-License-Identifier: MIT */
/* Interrupts that are no device's: the SynIC's own, and those that the root asserts. */
#include "arch/arm64/el2/el2.h"
#include "arch/arm64/gicv3/gic.h"
#include "kernel/arch.h"

/* A SINT's vector is an INTID: of a guest's PPI or SPI, made pending as an edge is. */
void arch_vp_raise(struct vp *vp, uint8_t vector)
{
	struct vgic_op op = { 0 };

	(void)vgic_latch(vp->arch.gic->gic, vp->arch.gic, vector, &op);
	vp_gic_kick(vp->partition, &op);
}

/*
 * Of the root's there is one INTID that can be raised: the others are its devices', its timers' or
 * the core's. It pends in the root's own redistributor.
 */
void arch_vp_post(struct vp *vp, uint8_t vector)
{
	if (vp->partition != partition_root)
		arch_vp_raise(vp, vector);
	else if (vector == gic_sint_intid())
		gic_sint_post(vp->index);
}

/*
 * HvCallAssertVirtualInterrupt on arm64 (Linux hvhdk_mini.h, union hv_interrupt_control): the type
 * in bits 31:0, FIXED only; bit 34: the line goes up, else down. The vector is an INTID; the
 * address is the MPIDR of a private interrupt's or an LPI's VP, and has no meaning for an SPI.
 */
uint16_t arch_assert_interrupt(struct partition *p,
			       const struct hv_input_assert_virtual_interrupt *in)
{
	bool level = in->control & HV_INTERRUPT_CONTROL_ASSERTED;
	struct vgic_op op = { 0 };
	struct vgic_vp *to = NULL;

	if (in->control & ~HV_INTERRUPT_CONTROL_ASSERTED || in->target_vtl || in->padding[0] ||
	    in->padding[1] || in->padding[2])
		return HV_STATUS_INVALID_PARAMETER;
	/* SGIs are the guest's alone, the timer's line is the timer's */
	if (in->vector < VGIC_SGIS || in->vector == VGIC_TIMER_PPI)
		return HV_STATUS_INVALID_PARAMETER;
	if (!vgic_is_spi(p->arch.gic, in->vector)) {
		uint64_t mpidr = in->dest_addr;
		uint32_t index;

		if (mpidr & ~(MASK(39, 32) | MASK(23, 0)))
			return HV_STATUS_INVALID_PARAMETER;
		index = vgic_find(p->arch.gic,
				  (uint32_t)(FIELD(mpidr, 39, 32) << 24 | FIELD(mpidr, 23, 0)));
		to = vgic_vp_of(p->arch.gic, index);
		if (!to)
			return HV_STATUS_INVALID_VP_INDEX;
	}
	if (!vgic_set_line(p->arch.gic, to, in->vector, level, &op))
		return HV_STATUS_INVALID_PARAMETER;
	vp_gic_kick(p, &op);
	return HV_STATUS_SUCCESS;
}
