/* SPDX-License-Identifier: MIT */
/* Registers 0x0001xxxx: events that wait to be delivered (TLFS, "Virtual processor registers"). */
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/virt.h"
#include "arch/x86_64/common/vp_regs.h"
#include "hvapi/msr.h"
#include "kernel/arch.h"

static uint16_t get_interruption(const struct vp *vp, union hv_register_value *v)
{
	const struct x86_event *e = &vp->arch.event;

	if (e->pending)
		v->reg64 = HV_PENDING_INTERRUPTION_PENDING |
			   (uint64_t)e->type << HV_PENDING_INTERRUPTION_TYPE_SHIFT |
			   (e->has_error ? HV_PENDING_INTERRUPTION_ERROR : 0) |
			   (uint64_t)e->insn_len << HV_PENDING_INTERRUPTION_LENGTH_SHIFT |
			   (uint64_t)e->vector << HV_PENDING_INTERRUPTION_VECTOR_SHIFT |
			   (uint64_t)e->error << HV_PENDING_INTERRUPTION_ERROR_SHIFT;
	return HV_STATUS_SUCCESS;
}

static uint16_t set_interruption(struct vp *vp, uint64_t v)
{
	struct x86_event e = { .pending = v & HV_PENDING_INTERRUPTION_PENDING,
			       .type = (uint8_t)FIELD(v, 3, 1),
			       .has_error = v & HV_PENDING_INTERRUPTION_ERROR,
			       .insn_len = (uint8_t)FIELD(v, 8, 5),
			       .vector = (uint8_t)FIELD(v, 23, 16),
			       .error = (uint32_t)(v >> 32) };

	if (v & (MASK(15, 9) | MASK(31, 24)))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	/* External interrupt, NMI, exception, software interrupt; vectors as each can have */
	if (e.pending && (e.type == 1 || e.type > 4 || (e.type == 2 && e.vector != VEC_NMI) ||
			  (e.type == 3 && (e.vector > 31 || e.vector == VEC_NMI))))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	vp->arch.event = e;
	return HV_STATUS_SUCCESS;
}

/* One of two kinds waits: an exception with its parameter, or an interrupt past the APIC. */
static void get_queued(const struct arch_vp *a, union hv_register_value *v)
{
	const struct x86_event *e = &a->queued;

	if (!e->pending)
		return;
	v->low_high[0] = HV_PENDING_EVENT_PENDING;
	if (e->type == EVENT_INTR) {
		v->low_high[0] |= (uint64_t)HV_PENDING_EVENT_EXT_INT
					  << HV_PENDING_EVENT_TYPE_SHIFT |
				  (uint64_t)e->vector << HV_PENDING_EVENT_EXT_INT_VECTOR_SHIFT;
		return;
	}
	v->low_high[0] |= (e->has_error ? HV_PENDING_EVENT_DELIVER_ERROR_CODE : 0) |
			  (uint64_t)e->vector << HV_PENDING_EVENT_VECTOR_SHIFT |
			  (uint64_t)e->error << HV_PENDING_EVENT_ERROR_SHIFT;
	v->low_high[1] = a->queued_parameter;
}

static uint16_t set_queued(struct arch_vp *a, const union hv_register_value *v)
{
	uint64_t w = v->low_high[0],
		 type = w >> HV_PENDING_EVENT_TYPE_SHIFT & HV_PENDING_EVENT_TYPE_MASK;
	struct x86_event e = { .pending = w & HV_PENDING_EVENT_PENDING };

	if (type == HV_PENDING_EVENT_EXT_INT) {
		if (w & ~(MASK(15, 8) | MASK(4, 0)) || v->low_high[1])
			return HV_STATUS_INVALID_REGISTER_VALUE;
		e.type = EVENT_INTR;
		e.vector = (uint8_t)FIELD(w, 15, 8);
	} else if (type == HV_PENDING_EVENT_EXCEPTION) {
		if (w & (MASK(7, 5) | MASK(15, 9)) || w >> 16 & 0xffe0 ||
		    FIELD(w, 31, 16) == VEC_NMI)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		e.type = EVENT_EXCEPTION;
		e.vector = (uint8_t)FIELD(w, 20, 16);
		e.has_error = w & HV_PENDING_EVENT_DELIVER_ERROR_CODE;
		e.error = (uint32_t)(w >> HV_PENDING_EVENT_ERROR_SHIFT);
	} else {
		return HV_STATUS_INVALID_REGISTER_VALUE;
	}
	if (!e.pending && (w || v->low_high[1]))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	a->queued = e;
	a->queued_parameter = v->low_high[1];
	return HV_STATUS_SUCCESS;
}

uint16_t vp_event_get(struct vp *vp, uint32_t name, union hv_register_value *v)
{
	const struct arch_vp *a = &vp->arch;

	switch (name) {
	case HV_REGISTER_PENDING_INTERRUPTION:
		return get_interruption(vp, v);
	case HV_REGISTER_PENDING_EVENT0:
		get_queued(a, v);
		break;
	case HV_REGISTER_PENDING_EVENT1: /* the further words of nested exits: there are none */
	case HV_REGISTER_PENDING_EVENT2:
	case HV_REGISTER_PENDING_EVENT3:
		break;
	case HV_X64_REGISTER_DELIVERABILITY_NOTIFICATIONS:
		v->reg64 = (a->notify & ~NOTIFY_SINTS) | (uint64_t)vp->sint_notify
								 << HV_DELIVERABILITY_SINTS_SHIFT;
		break;
	case HV_X64_REGISTER_PENDING_DEBUG_EXCEPTION:
		v->reg64 = a->debug_pending ? a->debug_exception : 0;
		break;
	default:
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	}
	return HV_STATUS_SUCCESS;
}

uint16_t vp_event_set(struct vp *vp, uint32_t name, const union hv_register_value *v)
{
	struct arch_vp *a = &vp->arch;

	switch (name) {
	case HV_REGISTER_PENDING_INTERRUPTION:
		return set_interruption(vp, v->reg64);
	case HV_REGISTER_PENDING_EVENT0:
		return set_queued(a, v);
	case HV_REGISTER_PENDING_EVENT1:
	case HV_REGISTER_PENDING_EVENT2:
	case HV_REGISTER_PENDING_EVENT3:
		return v->low_high[0] || v->low_high[1] ? HV_STATUS_INVALID_REGISTER_VALUE
							: HV_STATUS_SUCCESS;
	case HV_X64_REGISTER_DELIVERABILITY_NOTIFICATIONS:
		if (v->reg64 & MASK(47, 6))
			return HV_STATUS_INVALID_REGISTER_VALUE;
		a->notify = v->reg64 & MASK(5, 0);
		hv_notify_sints(vp, (uint16_t)(v->reg64 >> HV_DELIVERABILITY_SINTS_SHIFT));
		if (vp->sint_notify)
			a->notify |= NOTIFY_SINTS;
		break;
	case HV_X64_REGISTER_PENDING_DEBUG_EXCEPTION:
		/* B0..B3, BD, BS, BT in DR6's places, as TLFS has it; RTM does not exist */
		if (v->reg64 & ~0xe00full)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		a->debug_exception = v->reg64;
		a->debug_pending = v->reg64 != 0;
		break;
	default:
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	}
	return HV_STATUS_SUCCESS;
}
