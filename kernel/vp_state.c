/* SPDX-License-Identifier: MIT */
/* Registers by name and state by type: hypervisor-defined ones here, the architecture's behind. */
#include <hv/vp_state.h>

#include <string.h>

#include "hvapi/msr.h"
#include "kernel/arch.h"

/* The event ring is the root's. */
static uint32_t msr_of(const struct vp *vp, uint32_t name)
{
	if (name == HV_REGISTER_SIRBP && vp->partition != partition_root)
		return 0;
	return hv_register_msr(name);
}

uint16_t vp_get_register(struct vp *vp, uint32_t name, union hv_register_value *v)
{
	uint32_t msr;

	v->low_high[0] = v->low_high[1] = 0;
	/* All of the hypervisor's own are above. */
	if (name < HV_REGISTER_VP_RUNTIME)
		return arch_vp_get_register(vp, name, v);
	msr = msr_of(vp, name);
	/* No wake-up message was ever sent: a halted VP of the root's waits in the root. */
	if (name == HV_REGISTER_ROOT_SIGNAL_COUNT)
		return HV_STATUS_SUCCESS;
	if (name == HV_REGISTER_REFERENCE_TSC_SEQUENCE) {
		v->reg64 = vp->partition->tsc_sequence;
		return HV_STATUS_SUCCESS;
	}
	if (msr)
		return hv_msr_read(vp, msr, &v->reg64) == HV_MSR_OK ? HV_STATUS_SUCCESS
								    : HV_STATUS_INVALID_PARAMETER;
	return arch_vp_get_register(vp, name, v);
}

uint16_t vp_set_register(struct vp *vp, uint32_t name, const union hv_register_value *v)
{
	uint32_t msr = name < HV_REGISTER_VP_RUNTIME ? 0 : msr_of(vp, name);

	if (msr)
		switch (hv_msr_write(vp, msr, v->reg64)) {
		case HV_MSR_OK:
			return HV_STATUS_SUCCESS;
		case HV_MSR_NO_MEMORY:
			return HV_STATUS_INSUFFICIENT_MEMORY;
		default:
			return HV_STATUS_INVALID_PARAMETER;
		}
	return arch_vp_set_register(vp, name, v);
}

uint32_t vp_state_size(const struct partition *p, uint32_t type)
{
	switch (type) {
	case HV_VP_STATE_SYNIC_MESSAGE_PAGE:
	case HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE:
		return PAGE_SIZE;
	case HV_VP_STATE_SYNTHETIC_TIMERS:
		return sizeof(struct hv_synthetic_timers_state);
	default:
		return arch_state_size(p, type);
	}
}

bool vp_state_any_bytes(uint32_t type)
{
	return type == HV_VP_STATE_SYNIC_MESSAGE_PAGE || type == HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE;
}

/* Under the lock: no message is half in a slot. Event flags are single bits. */
static void get_messages(struct vp *vp, void *buf)
{
	struct lock_token t = lock_take(&vp->partition->ipc.lock);

	synic_get_messages(vp->synic, buf);
	lock_drop(t);
}

static void set_messages(struct vp *vp, const void *buf)
{
	struct lock_token t = lock_take(&vp->partition->ipc.lock);

	synic_set_messages(vp->synic, buf);
	lock_drop(t);
}

uint16_t vp_state_get(struct vp *vp, uint32_t type, uint64_t states, void *buf)
{
	struct hv_synthetic_timers_state timers;

	switch (type) {
	case HV_VP_STATE_SYNIC_MESSAGE_PAGE:
		get_messages(vp, buf);
		return HV_STATUS_SUCCESS;
	case HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE:
		synic_get_events(vp->synic, buf);
		return HV_STATUS_SUCCESS;
	case HV_VP_STATE_SYNTHETIC_TIMERS:
		stimer_get_hv(vp->stimers, &timers);
		memcpy(buf, &timers, sizeof(timers));
		return HV_STATUS_SUCCESS;
	default:
		return arch_state_get(vp, type, states, buf);
	}
}

static uint16_t set_timers(struct vp *vp, const void *buf)
{
	struct hv_synthetic_timers_state timers;
	struct lock_token t;
	uint16_t raise = 0;

	memcpy(&timers, buf, sizeof(timers));
	if (!stimer_check_hv(&timers))
		return HV_STATUS_INVALID_PARAMETER;
	t = lock_take(&vp->partition->ipc.lock);
	stimer_set_hv(vp->stimers, vp->synic, &timers, partition_reference_time(vp->partition),
		      &raise);
	lock_drop(t);
	hv_raise_sints(vp, raise);
	return HV_STATUS_SUCCESS;
}

uint16_t vp_state_set(struct vp *vp, uint32_t type, const void *buf)
{
	switch (type) {
	case HV_VP_STATE_SYNIC_MESSAGE_PAGE:
		set_messages(vp, buf);
		return HV_STATUS_SUCCESS;
	case HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE:
		synic_set_events(vp->synic, buf);
		return HV_STATUS_SUCCESS;
	case HV_VP_STATE_SYNTHETIC_TIMERS:
		return set_timers(vp, buf);
	default:
		return arch_state_set(vp, type, buf);
	}
}
