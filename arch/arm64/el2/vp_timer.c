/* SPDX-License-Identifier: MIT */
/*
 * Time while a guest runs. It has CNTV itself; its CNTP traps, as the root's stays live. EL2's own
 * timer, CNTHP, stands in for the root's CNTV, and for what of the guest's has no timer.
 */
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "hvapi/msr.h"
#include "kernel/arch.h"

#define CNTP_PPI 30u /* as BSA gives it */

uint64_t vp_timer_root(const struct arch_vp *root)
{
	return (root->cntv_ctl & CNT_WRITABLE) == CNT_ENABLE ? root->cntv_cval : UINT64_MAX;
}

void vp_timer_arm(uint64_t root, uint64_t guest)
{
	uint64_t at = MIN(root, guest);

	write_sysreg(cnthp_cval_el2, at);
	write_sysreg(cnthp_ctl_el2, at == UINT64_MAX ? 0 : CNT_ENABLE);
	isb();
}

static bool expired(const struct vp *vp)
{
	const struct arch_vp *a = &vp->arch;

	return a->cntp_ctl & CNT_ENABLE && arch_vp_tsc(vp) >= a->cntp_cval;
}

uint64_t vp_timer_ctl(const struct vp *vp)
{
	return vp->arch.cntp_ctl | (expired(vp) ? CNT_ISTATUS : 0);
}

static bool line(const struct vp *vp)
{
	return expired(vp) && !(vp->arch.cntp_ctl & CNT_IMASK);
}

/* Host count of the next expiry. A line that is up has none. */
static uint64_t find_next_event(struct vp *vp)
{
	const struct arch_vp *a = &vp->arch;
	uint64_t synth = hv_timers_deadline(vp), own = UINT64_MAX;

	if ((a->cntp_ctl & CNT_WRITABLE) == CNT_ENABLE && !expired(vp) &&
	    a->cntp_cval + a->counter_offset >= a->cntp_cval)
		own = a->cntp_cval + a->counter_offset;
	return MIN(synth, own);
}

/* The line last: a timer that runs out in between has one of the two, and both is harmless. */
static void look(struct vp *vp)
{
	vp->arch.next_event = find_next_event(vp);
	vp_gic_line(vp, CNTP_PPI, line(vp));
}

void vp_timer_run(struct vp *vp)
{
	struct arch_vp *a = &vp->arch;

	if (unlikely(a->timers_moved)) {
		a->timers_moved = false;
		look(vp);
	}
	if (likely(!vp_timer_due(vp)))
		return;
	if (hv_timers_deadline(vp) <= arch_time())
		hv_timers_run(vp);
	look(vp);
}

bool vp_timer_due(const struct vp *vp)
{
	return unlikely(vp->arch.next_event != UINT64_MAX) && arch_time() >= vp->arch.next_event;
}

bool vp_timer_register(struct vp *vp, uint32_t op2, bool read, uint64_t *v)
{
	struct arch_vp *a = &vp->arch;

	switch (op2) {
	case 0: /* TVAL: 32 bits, signed, from now */
		if (read)
			*v = (uint32_t)(a->cntp_cval - arch_vp_tsc(vp));
		else
			a->cntp_cval = arch_vp_tsc(vp) + (uint64_t)(int64_t)(int32_t)*v;
		break;
	case 1:
		if (read)
			*v = vp_timer_ctl(vp);
		else
			a->cntp_ctl = *v & CNT_WRITABLE;
		break;
	case 2:
		if (read)
			*v = a->cntp_cval;
		else
			a->cntp_cval = *v;
		break;
	default:
		return false;
	}
	a->timers_moved = true;
	return true;
}
