/* SPDX-License-Identifier: MIT */
/*
 * The switch between the root and a guest VP on one CPU, and the loop that runs the guest until
 * there is something for the root. Interrupts that come meanwhile are the root's and stay pending
 * for it: EL2 acknowledges none of them (docs/arm64.md).
 */
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "arch/arm64/gicv3/gic.h"
#include "kernel/arch.h"

/* Physical interrupts come to EL2; WFI, SMC, set/way and the ID registers trap. */
#define HCR_GUEST \
	(HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_IS | HCR_TWI | \
	 HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_TSW | HCR_RW | HCR_TLOR | HCR_TERR)

/* Breakpoints and the OS lock are the root's: a guest's accesses trap. */
#define MDCR_DEBUG (MDCR_TDA | MDCR_TDOSA | MDCR_TDRA)

#define CNT_ENABLE  1ull
#define CNT_IMASK   2ull
#define CNT_ISTATUS 4ull

#define PMR_ALL	 0xffull
#define RPR_IDLE 0xffull

static void save_el1(struct arch_vp *a)
{
#define EL1_SAVE(r, name, reset) a->el1[EL1_##r] = read_sysreg(r);
	EL1_REGS(EL1_SAVE)
#undef EL1_SAVE
	a->cntv_ctl = read_sysreg(cntv_ctl_el0) & (CNT_ENABLE | CNT_IMASK);
	a->cntv_cval = read_sysreg(cntv_cval_el0);
	el2_fp_save(a->fp);
}

static void load_el1(const struct arch_vp *a)
{
#define EL1_LOAD(r, name, reset) \
	if (EL1_##r != EL1_tcr_el1 && EL1_##r != EL1_sctlr_el1) \
		write_sysreg(r, a->el1[EL1_##r]);
	EL1_REGS(EL1_LOAD)
#undef EL1_LOAD
	write_sysreg(cntv_cval_el0, a->cntv_cval);
	write_sysreg(cntv_ctl_el0, a->cntv_ctl);
	el2_fp_load(a->fp);
	/* VTTBR_EL2, HCR_EL2 and all of the above are in force before stage 1 is */
	isb();
	write_sysreg(sctlr_el1, a->el1[EL1_sctlr_el1]);
	write_sysreg(tcr_el1, a->el1[EL1_tcr_el1]);
}

/* The root ticks on the timer that the guest has now: EL2's own stands in for it (rule of time). */
static void arm_deadline(const struct arch_vp *root)
{
	if ((root->cntv_ctl & (CNT_ENABLE | CNT_IMASK)) != CNT_ENABLE)
		return;
	write_sysreg(cnthp_cval_el2, root->cntv_cval);
	write_sysreg(cnthp_ctl_el2, CNT_ENABLE);
}

void arch_vp_switch_in(struct vp *vp)
{
	struct percpu *cpu = this_cpu();
	struct arch_vp *root = &cpu->root_vp->arch, *a = &vp->arch;

	save_el1(root);
	stage2_walks_off();
	root->mdscr = read_sysreg(mdscr_el1);
	root->icc_pmr = read_sysreg(icc_pmr_el1);
	root->icc_igrpen1 = read_sysreg(icc_igrpen1_el1);
	write_sysreg(mdscr_el1, 0);
	write_sysreg(mdcr_el2, read_sysreg(mdcr_el2) | MDCR_DEBUG);
	/* Nothing of the GIC is the guest's yet: its accesses are undefined */
	write_sysreg(ich_hcr_el2, ICH_HCR_TC | ICH_HCR_TALL0 | ICH_HCR_TALL1);
	write_sysreg(icc_sre_el2, read_sysreg(icc_sre_el2) & ~ICC_SRE_ENABLE);
	/* A root that masks by priority would never get its CPU back */
	write_sysreg(icc_pmr_el1, PMR_ALL);
	write_sysreg(icc_igrpen1_el1, 1);
	write_sysreg(vmpidr_el2, a->mpidr | BIT(31));
	write_sysreg(cnthctl_el2, 0);
	write_sysreg(cntvoff_el2, a->counter_offset);
	write_sysreg(vttbr_el2, stage2_vttbr(&vp->partition->slat));
	write_sysreg(hcr_el2, HCR_GUEST | (a->serror ? HCR_VSE : 0));
	load_el1(a);
	arm_deadline(root);
	isb();
	cpu->current = vp;
	vp->cpu = cpu->index;
	vp->run_start = arch_time();
}

void arch_vp_switch_out(struct vp *vp)
{
	struct percpu *cpu = this_cpu();
	struct arch_vp *root = &cpu->root_vp->arch;

	vp->runtime += arch_time() - vp->run_start;
	write_sysreg(cnthp_ctl_el2, 0);
	vp->arch.serror = read_sysreg(hcr_el2) & HCR_VSE;
	save_el1(&vp->arch);
	stage2_walks_off();
	write_sysreg(hcr_el2, HCR_ROOT);
	write_sysreg(vttbr_el2, stage2_vttbr(&partition_root->slat));
	write_sysreg(cntvoff_el2, 0);
	write_sysreg(cnthctl_el2, CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN);
	write_sysreg(vmpidr_el2, read_sysreg(mpidr_el1));
	write_sysreg(ich_hcr_el2, 0);
	write_sysreg(icc_sre_el2, read_sysreg(icc_sre_el2) | ICC_SRE_ENABLE);
	write_sysreg(icc_igrpen1_el1, root->icc_igrpen1);
	write_sysreg(icc_pmr_el1, root->icc_pmr);
	write_sysreg(mdcr_el2, read_sysreg(mdcr_el2) & ~MDCR_DEBUG);
	write_sysreg(mdscr_el1, root->mdscr);
	load_el1(root);
	isb();
	cpu->current = cpu->root_vp;
}

/*
 * Whose is it? A kick has done its work by coming. The guest's own timer has nobody to tell yet,
 * and is masked, or it would come again at once. All else waits for the root.
 */
static enum vp_exit interrupted(void)
{
	uint64_t ctl = read_sysreg(cntv_ctl_el0);

	if ((ctl & (CNT_ENABLE | CNT_IMASK | CNT_ISTATUS)) == (CNT_ENABLE | CNT_ISTATUS)) {
		write_sysreg(cntv_ctl_el0, ctl | CNT_IMASK);
		isb();
	}
	return gic_kick_end(this_cpu()->index) ? VP_EXIT_RESUME : VP_EXIT_INTERRUPT;
}

static enum vp_exit handle(struct vp *vp, uint64_t kind)
{
	vp->arch.stop = VP_EXIT_RESUME;
	switch (kind) {
	case EXIT_SYNC:
		trap_handle(vp, kind);
		return (enum vp_exit)vp->arch.stop;
	case EXIT_SERROR:
		/* The guest's own: as a virtual one it is taken when the guest unmasks it */
		write_sysreg(hcr_el2, read_sysreg(hcr_el2) | HCR_VSE);
		isb();
		return VP_EXIT_RESUME;
	default:
		return VP_EXIT_INTERRUPT;
	}
}

static bool stopped(struct vp *vp, enum vp_exit *why)
{
	if (!vp->explicit_suspend && !vp->dispatch_suspend)
		return false;
	*why = VP_EXIT_SUSPENDED;
	return true;
}

enum vp_exit arch_vp_run(struct vp *vp)
{
	struct percpu *cpu = this_cpu();
	enum vp_exit why = VP_EXIT_RESUME;
	uint64_t kind;

	/* Inside a handler the root's running priority would hold back its interrupts. */
	if (read_sysreg(icc_rpr_el1) != RPR_IDLE)
		return VP_EXIT_REFUSED;
	while (why == VP_EXIT_RESUME) {
		gic_kick_begin(cpu->index);
		atomic_store(&cpu->running, &vp->partition->slat);
		atomic_fence();
		/* Whoever posts from here on sees that the VP is on this CPU, and kicks it */
		if (atomic_load(&vp->mail)) {
			atomic_store(&cpu->running, NULL);
			(void)gic_kick_end(cpu->index);
			arch_vp_take_mail(vp);
			if (stopped(vp, &why))
				break;
			continue;
		}
		kind = el2_enter(&vp->arch);
		atomic_store(&cpu->running, NULL);
		cpu->counters[COUNT_EXITS]++;
		(void)atomic_add(&cpu->exit_count, 1);
		if (kind == EXIT_IRQ || kind == EXIT_FIQ) {
			why = interrupted();
			continue;
		}
		(void)gic_kick_end(cpu->index);
		why = handle(vp, kind);
	}
	return why;
}
