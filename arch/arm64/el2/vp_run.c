/* SPDX-License-Identifier: MIT */
/*
 * The loop that runs a guest VP until there is something for the root. Interrupts that come
 * meanwhile are the root's and stay pending for it: EL2 acknowledges none of them
 * (docs/arm64.md).
 */
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "arch/arm64/gicv3/gic.h"
#include "hvapi/msr.h"
#include "kernel/arch.h"

#define RPR_IDLE 0xffull

/*
 * Turns without an instruction of the guest's: others can make a CPU go round as often as they
 * like, and the root's interrupts wait meanwhile.
 */
#define TURNS_MAX 16u

/*
 * From here on whoever has something for the VP sees that it is on this CPU, and kicks it. False:
 * something came before.
 */
static bool kicks_on(struct vp *vp)
{
	struct percpu *cpu = this_cpu();

	gic_kick_begin(cpu->index);
	atomic_store(&cpu->running, &vp->partition->slat);
	atomic_fence();
	return !(atomic_load(&vp->mail) | (uint32_t)vgic_mail(vp->arch.gic));
}

/* True: a kick came. */
static bool kicks_off(void)
{
	struct percpu *cpu = this_cpu();

	atomic_store(&cpu->running, NULL);
	return gic_kick_end(cpu->index);
}

static bool take_mail(struct vp *vp)
{
	if (atomic_load(&vp->mail))
		arch_vp_take_mail(vp);
	return !vp->explicit_suspend && !vp->dispatch_suspend;
}

static enum vp_exit handle(struct vp *vp, uint64_t kind)
{
	vp->arch.stop = VP_EXIT_RESUME;
	if (kind == EXIT_SYNC) {
		trap_handle(vp, kind);
		return (enum vp_exit)vp->arch.stop;
	}
	/* The guest's own SError: as a virtual one it is taken when the guest unmasks it */
	write_sysreg(hcr_el2, read_sysreg(hcr_el2) | HCR_VSE);
	isb();
	return VP_EXIT_RESUME;
}

static bool armed(const struct vp *vp)
{
	return vp->arch.next_event != UINT64_MAX ||
	       (read_sysreg(cntv_ctl_el0) & CNT_WRITABLE) == CNT_ENABLE;
}

/*
 * WFI. A VP with a deadline of its own waits here for that, an interrupt of the root, or a kick,
 * whichever is first; PC is past the instruction, which may end early (Arm ARM, D1.6.2).
 */
static enum vp_exit halted(struct vp *vp)
{
	bool own;

	if (vp_gic_waits(vp) || read_sysreg(hcr_el2) & HCR_VSE || atomic_load(&vp->mail))
		return VP_EXIT_RESUME;
	if (!armed(vp))
		return VP_EXIT_HALTED;
	own = !kicks_on(vp);
	if (!own) {
		dsb_sy();
		cpu_wfi();
	}
	own |= kicks_off();
	own |= vp_gic_sync(vp) || vp_timer_due(vp);
	return own ? VP_EXIT_RESUME : VP_EXIT_INTERRUPT;
}

/* Off; or turned on since, and then the next dispatch starts it. */
static enum vp_exit powered_off(const struct vp *vp)
{
	return atomic_load(&vp->arch.power) == EL2_OFF ? VP_EXIT_HALTED : VP_EXIT_INTERRUPT;
}

/* What the root waits for is announced once. */
static bool sints_deliverable(struct vp *vp)
{
	uint16_t mask = hv_deliverable_sints(vp);

	if (!mask)
		return false;
	vp->sint_notify &= (uint16_t)~mask;
	intercept_sints(vp, mask);
	return true;
}

enum vp_exit arch_vp_run(struct vp *vp)
{
	struct percpu *cpu = this_cpu();
	struct arch_vp *a = &vp->arch;
	uint64_t root = vp_timer_root(&cpu->root_vp->arch), deadline = 0;
	enum vp_exit why = VP_EXIT_RESUME;

	/* Inside a handler the root's running priority would hold back its interrupts. */
	if (read_sysreg(icc_rpr_el1) != RPR_IDLE)
		return VP_EXIT_REFUSED;
	if (atomic_load(&a->power) != EL2_ON)
		return powered_off(vp);
	a->timers_moved = true;
	for (uint32_t turns = 0; turns < TURNS_MAX; turns++) {
		enum vgic_result r;
		uint64_t kind;
		bool own;

		vp_timer_run(vp);
		if (unlikely(vp->sint_notify) && sints_deliverable(vp))
			return VP_EXIT_INTERCEPT;
		if (unlikely(a->next_event != deadline)) {
			deadline = a->next_event;
			vp_timer_arm(root, deadline);
		}
		r = vp_gic_flush(vp);
		if (r == VGIC_ABSENT)
			return VP_EXIT_INTERCEPT;
		if (r == VGIC_AGAIN) {
			cpu_pause();
			continue;
		}
		if (unlikely(!kicks_on(vp))) {
			(void)kicks_off();
			(void)vp_gic_sync(vp);
			if (atomic_and(&vp->mail, ~(uint32_t)VP_MAIL_YIELD) & VP_MAIL_YIELD)
				return VP_EXIT_INTERRUPT;
			if (!take_mail(vp))
				return VP_EXIT_SUSPENDED;
			continue;
		}
		kind = el2_enter(a);
		own = kicks_off();
		own |= vp_gic_sync(vp);
		cpu->counters[COUNT_EXITS]++;
		(void)atomic_add(&cpu->exit_count, 1);
		if (kind == EXIT_IRQ || kind == EXIT_FIQ) {
			if (!own && !vp_timer_due(vp) && !read_sysreg(ich_misr_el2))
				return VP_EXIT_INTERRUPT;
			continue;
		}
		why = handle(vp, kind);
		if (why == VP_EXIT_HALTED)
			why = atomic_load(&a->power) == EL2_ON ? halted(vp) : powered_off(vp);
		if (why != VP_EXIT_RESUME)
			return why;
		turns = 0;
	}
	return VP_EXIT_INTERRUPT;
}
