/* SPDX-License-Identifier: MIT */
/*
 * Which event a guest VP gets at its next entry, and which windows are armed for the rest.
 * Priority: an event whose delivery was interrupted; a debug exception the root set; NMI;
 * external interrupt (Intel SDM vol. 3, 7.9).
 */
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/virt.h"

#define EVENT_INTR	0
#define EVENT_NMI	2
#define EVENT_EXCEPTION 3

static bool contributory(uint8_t v)
{
	return v == VEC_DE || v == VEC_CP || (v >= VEC_TS && v <= VEC_GP);
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
	*e = (struct x86_event){ .pending = true, .has_error = has_error, .type = EVENT_EXCEPTION,
				 .vector = vector, .error = error };
}

void inject_gp(struct vp *vp)
{
	inject_exception(vp, VEC_GP, true, 0);
}

void inject_ud(struct vp *vp)
{
	inject_exception(vp, VEC_UD, false, 0);
}

void inject_prepare(struct vp *vp)
{
	struct arch_vp *a = &vp->arch;
	bool window = false;
	int vector;

	if (unlikely(a->event.pending)) {
		a->event.pending = false;
		virt->inject(vp, &a->event);
		window = true;
	} else if (unlikely(a->debug_pending)) {
		a->debug_pending = false;
		virt->set(vp, SYS_DR6, virt->get(vp, SYS_DR6) | (a->debug_exception & 0xe00f));
		virt->inject(vp, &(struct x86_event){ .type = EVENT_EXCEPTION, .vector = VEC_DB });
		window = true;
	} else if (unlikely(a->nmi_pending && !a->nmi_masked)) {
		/* Whether STI or MOV SS holds an NMI back is the implementation's choice: not. */
		a->nmi_pending = false;
		a->nmi_masked = true;
		virt->iret_window(vp, true);
		virt->inject(vp, &(struct x86_event){ .type = EVENT_NMI, .vector = VEC_NMI });
		window = true;
	}
	vector = vlapic_pending(&a->apic);
	if (vector < 0) {
		if (unlikely(a->intr_window)) {
			a->intr_window = false;
			virt->intr_window(vp, false, 0);
		}
		return;
	}
	if (!window && virt->get(vp, SYS_RFLAGS) & RFLAGS_IF && !virt->get(vp, SYS_INT_SHADOW)) {
		if (synic_auto_eoi(vp->synic, (uint8_t)vector))
			vlapic_ack_auto_eoi(&a->apic, (uint8_t)vector);
		else
			vlapic_ack(&a->apic, (uint8_t)vector);
		virt->inject(vp, &(struct x86_event){ .type = EVENT_INTR, .vector = (uint8_t)vector });
		vector = vlapic_pending(&a->apic);
		if (vector < 0) {
			if (a->intr_window)
				virt->intr_window(vp, false, 0);
			a->intr_window = false;
			return;
		}
	}
	a->intr_window = true;
	virt->intr_window(vp, true, (uint8_t)vector);
}
