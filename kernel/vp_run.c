/* SPDX-License-Identifier: MIT */
/*
 * HvCallDispatchVp: the calling CPU runs the VP until there is something for the root. The core
 * has no scheduler (decision 2): what the root does next is the answer's business.
 */
#include "kernel/arch.h"

uint16_t vp_dispatch(struct vp *vp, uint32_t flags, uint32_t *state, uint32_t *event)
{
	uint32_t idle = VP_IDLE;
	enum vp_exit why;

	*event = 0;
	if (!atomic_cas(&vp->owner, &idle, VP_RUNNING))
		return HV_STATUS_INVALID_VP_STATE;
	if (flags & HV_DISPATCH_VP_FLAG_CLEAR_INTERCEPT_SUSPEND)
		vp->intercept_suspend = false;
	if (vp->explicit_suspend || vp->intercept_suspend || vp->dispatch_suspend) {
		*state = HV_VP_DISPATCH_STATE_BLOCKED;
		*event = HV_VP_DISPATCH_EVENT_SUSPEND;
		atomic_store(&vp->owner, VP_IDLE);
		return HV_STATUS_SUCCESS;
	}
	/* The first VP that runs lets time go on. */
	if (vp->partition->time_frozen) {
		struct lock_token t = lock_take(&vp->partition->lock);

		(void)partition_freeze_time(vp->partition, false);
		lock_drop(t);
	}
	arch_vp_switch_in(vp);
	why = arch_vp_run(vp);
	arch_vp_switch_out(vp);
	arch_vp_release(vp);
	atomic_store(&vp->owner, VP_IDLE);
	switch (why) {
	case VP_EXIT_INTERCEPT:
		*state = HV_VP_DISPATCH_STATE_READY;
		*event = HV_VP_DISPATCH_EVENT_INTERCEPT;
		break;
	case VP_EXIT_HALTED:
		*state = HV_VP_DISPATCH_STATE_BLOCKED;
		break;
	case VP_EXIT_SUSPENDED:
		*state = HV_VP_DISPATCH_STATE_BLOCKED;
		*event = HV_VP_DISPATCH_EVENT_SUSPEND;
		break;
	case VP_EXIT_REFUSED:
		return HV_STATUS_OPERATION_DENIED;
	case VP_EXIT_NO_MEMORY:
		return HV_STATUS_INSUFFICIENT_MEMORY;
	case VP_EXIT_INTERRUPT:
	case VP_EXIT_RESUME:
	default:
		*state = HV_VP_DISPATCH_STATE_READY;
		break;
	}
	return HV_STATUS_SUCCESS;
}
