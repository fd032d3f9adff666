/* SPDX-License-Identifier: MIT */
/* State types of arm64 beside the neutral ones: the GIC's, of a VP and of the partition. */
#include <hv/vp_state.h>
#include <hv/vp_state_arm64.h>

#include "arch/arm64/el2/el2.h"
#include "kernel/arch.h"

uint32_t arch_state_size(const struct partition *p, uint32_t type)
{
	switch (type) {
	case HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER:
		return sizeof(struct hv_arm64_local_interrupt_controller_state);
	case HV_VP_STATE_GLOBAL_INTERRUPT_ARM64:
		return vgic_global_size(p->arch.gic);
	default:
		return 0;
	}
}

/* No VP is in a guest: VGIC_AGAIN cannot be. VGIC_ABSENT: a table of the guest's LPIs is not there.
 */
static uint16_t status_of(enum vgic_result r, struct partition *p, struct vgic_op *op)
{
	vp_gic_kick(p, op);
	switch (r) {
	case VGIC_OK:
		return HV_STATUS_SUCCESS;
	case VGIC_FAULT:
		return HV_STATUS_INVALID_PARAMETER;
	default:
		return HV_STATUS_INVALID_VP_STATE;
	}
}

uint16_t arch_state_get(struct vp *vp, uint32_t type, uint64_t states, void *buf)
{
	struct vgic_op op = { 0 };

	(void)states;
	if (type != HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER)
		return HV_STATUS_INVALID_PARAMETER;
	return status_of(vgic_get_local(vp->arch.gic, buf, &op), vp->partition, &op);
}

uint16_t arch_state_set(struct vp *vp, uint32_t type, const void *buf)
{
	struct vgic_op op = { 0 };

	if (type != HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER)
		return HV_STATUS_INVALID_PARAMETER;
	return status_of(vgic_set_local(vp->arch.gic, buf, &op), vp->partition, &op);
}

uint16_t arch_partition_state_get(struct partition *p, uint32_t type, void *buf)
{
	struct vgic_op op = { 0 };

	if (type != HV_VP_STATE_GLOBAL_INTERRUPT_ARM64)
		return HV_STATUS_INVALID_PARAMETER;
	return status_of(vgic_get_global(p->arch.gic, buf), p, &op);
}

uint16_t arch_partition_state_set(struct partition *p, uint32_t type, const void *buf)
{
	struct vgic_op op = { 0 };

	if (type != HV_VP_STATE_GLOBAL_INTERRUPT_ARM64)
		return HV_STATUS_INVALID_PARAMETER;
	return status_of(vgic_set_global(p->arch.gic, buf, vgic_global_size(p->arch.gic), &op), p,
			 &op);
}
