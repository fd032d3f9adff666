/* SPDX-License-Identifier: MIT */
/*
 * Which event a guest VP gets at its next entry, and which windows are armed for the rest.
 * Priority: an event whose delivery was interrupted; a debug exception or an exception that the
 * root queued; NMI; an interrupt past the local APIC; its own (Intel SDM vol. 3, 7.9).
 */
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/virt.h"

static bool contributory(uint8_t v)
{
	return v == VEC_DE || v == VEC_CP || (v >= VEC_TS && v <= VEC_GP);
}

/*
 * The event in delivery when an exception came: its controller has let go of it already, so it has
 * to come after the exception. A software interrupt comes by itself: RIP still is there.
 */
static void put_back(struct arch_vp *a)
{
	const struct x86_event *e = &a->event;

	if (likely(!e->pending))
		return;
	if (e->type == EVENT_NMI) {
		a->nmi_pending = true;
		a->nmi_masked = false;
	} else if (e->type == EVENT_INTR && !a->queued.pending) {
		a->queued = *e;
	}
}

/* A fault on top of one in delivery becomes #DF, and on top of #DF a shutdown (SDM table 7-5). */
void inject_exception(struct vp *vp, uint8_t vector, bool has_error, uint32_t error)
{
	struct x86_event *e = &vp->arch.event;

	if (e->pending && e->type == EVENT_EXCEPTION && vector != VEC_DB) {
		if (e->vector == VEC_DF) {
			vp->arch.activity = X86_SHUTDOWN;
			e->pending = false;
			return;
		}
		if ((contributory(e->vector) && contributory(vector)) ||
		    (e->vector == VEC_PF && (contributory(vector) || vector == VEC_PF))) {
			vector = VEC_DF;
			has_error = true;
			error = 0;
		}
	}
	put_back(&vp->arch);
	*e = (struct x86_event){ .pending = true,
				 .has_error = has_error,
				 .type = EVENT_EXCEPTION,
				 .vector = vector,
				 .error = error };
}

void inject_gp(struct vp *vp)
{
	inject_exception(vp, VEC_GP, true, 0);
}

void inject_ud(struct vp *vp)
{
	inject_exception(vp, VEC_UD, false, 0);
}

/* Events that no flag holds back. */
static bool inject_first(struct vp *vp)
{
	struct arch_vp *a = &vp->arch;

	if (unlikely(a->event.pending)) {
		a->event.pending = false;
		virt->inject(vp, &a->event);
	} else if (unlikely(a->debug_pending)) {
		a->debug_pending = false;
		virt->set(vp, SYS_DR6, virt->get(vp, SYS_DR6) | (a->debug_exception & 0xe00f));
		virt->inject(vp, &(struct x86_event){ .type = EVENT_EXCEPTION, .vector = VEC_DB });
	} else if (unlikely(a->queued.pending && a->queued.type == EVENT_EXCEPTION)) {
		a->queued.pending = false;
		if (a->queued.vector == VEC_PF)
			virt->set(vp, SYS_CR2, a->queued_parameter);
		else if (a->queued.vector == VEC_DB)
			virt->set(vp, SYS_DR6, (a->queued_parameter & 0xe00f) | DR6_FIXED);
		virt->inject(vp, &a->queued);
	} else if (unlikely(a->nmi_pending && !a->nmi_masked)) {
		/* Whether STI or MOV SS holds an NMI back is the implementation's choice: not. */
		a->nmi_pending = false;
		a->nmi_masked = true;
		virt->iret_window(vp, true);
		virt->inject(vp, &(struct x86_event){ .type = EVENT_NMI, .vector = VEC_NMI });
	} else {
		return false;
	}
	return true;
}

static bool interruptible(struct vp *vp)
{
	return virt->get(vp, SYS_RFLAGS) & RFLAGS_IF && !virt->get(vp, SYS_INT_SHADOW);
}

static void window(struct vp *vp, bool on, uint8_t vector)
{
	if (likely(!on && !vp->arch.intr_window))
		return;
	vp->arch.intr_window = on;
	virt->intr_window(vp, on, vector);
}

static void take_apic(struct vp *vp, uint8_t vector)
{
	if (synic_auto_eoi(vp->synic, vector))
		vlapic_ack_auto_eoi(&vp->arch.apic, vector);
	else
		vlapic_ack(&vp->arch.apic, vector);
	virt->inject(vp, &(struct x86_event){ .type = EVENT_INTR, .vector = vector });
}

/* One event an entry; the window brings the VP back for what is left. */
void inject_prepare(struct vp *vp)
{
	struct arch_vp *a = &vp->arch;
	bool busy = inject_first(vp);
	int vector;

	if (unlikely(a->queued.pending && a->queued.type == EVENT_INTR)) {
		if (!busy && interruptible(vp)) {
			a->queued.pending = false;
			virt->inject(vp, &a->queued);
			busy = true;
		} else {
			window(vp, true, 0); /* whatever TPR is */
			return;
		}
	}
	vector = vlapic_pending(&a->apic);
	if (vector >= 0 && !busy && interruptible(vp)) {
		take_apic(vp, (uint8_t)vector);
	}
	/* No exit tells of CR8 going down, so the window stands for what TPR holds back too. */
	vector = vlapic_waiting(&a->apic);
	if (unlikely(a->notify & HV_DELIVERABILITY_INTERRUPT))
		window(vp, true, 0);
	else
		window(vp, vector >= 0, vector >= 0 ? (uint8_t)vector : 0);
}

/* TLFS, HV_X64_DELIVERABILITY_NOTIFICATIONS: what the root waits for could be taken now. */
int inject_deliverable(struct vp *vp)
{
	struct arch_vp *a = &vp->arch;

	if (a->event.pending || a->debug_pending || a->queued.pending)
		return -1;
	if (a->notify & HV_DELIVERABILITY_NMI && !a->nmi_masked)
		return EVENT_NMI;
	if (a->notify & HV_DELIVERABILITY_INTERRUPT && interruptible(vp) &&
	    (FIELD(a->notify, 5, 2) == 0 || FIELD(a->notify, 5, 2) > vlapic_cr8(&a->apic)))
		return EVENT_INTR;
	return -1;
}
