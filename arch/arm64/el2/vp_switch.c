/* SPDX-License-Identifier: MIT */
/* The switch between the root and a guest VP on one CPU. */
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "kernel/arch.h"

/* Physical interrupts come to EL2; WFI, SMC, set/way and the ID registers trap. */
#define HCR_GUEST \
	(HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_IS | HCR_TWI | \
	 HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_TSW | HCR_RW | HCR_TLOR | HCR_TERR)

/* Breakpoints and the OS lock are the root's: a guest's accesses trap. */
#define MDCR_DEBUG (MDCR_TDA | MDCR_TDOSA | MDCR_TDRA)

#define PMR_ALL 0xffull

static void save_el1(struct arch_vp *a)
{
#define EL1_SAVE(r, name, reset) a->el1[EL1_##r] = read_sysreg(r);
	EL1_REGS(EL1_SAVE)
#undef EL1_SAVE
	a->cntv_ctl = read_sysreg(cntv_ctl_el0) & CNT_WRITABLE;
	a->cntv_cval = read_sysreg(cntv_cval_el0);
	if (cpu_sve_vl) {
		a->zcr = read_sysreg(s3_0_c1_c2_0); /* ZCR_EL1 */
		el2_sve_save(a->z[0], a->z[1], a->fp);
	} else {
		el2_fp_save(a->fp);
	}
	if (cpu_has_sme)
		a->tpidr2 = read_sysreg(s3_3_c13_c0_5); /* TPIDR2_EL0: no trap reaches it */
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
	if (cpu_sve_vl) {
		write_sysreg(s3_0_c1_c2_0, a->zcr);
		el2_sve_load(a->z[0], a->z[1], a->fp);
	} else {
		el2_fp_load(a->fp);
	}
	if (cpu_has_sme)
		write_sysreg(s3_3_c13_c0_5, a->tpidr2);
	/* VTTBR_EL2, HCR_EL2 and all of the above are in force before stage 1 is */
	isb();
	write_sysreg(sctlr_el1, a->el1[EL1_sctlr_el1]);
	write_sysreg(tcr_el1, a->el1[EL1_tcr_el1]);
}

void arch_vp_switch_in(struct vp *vp)
{
	struct percpu *cpu = this_cpu();
	struct arch_vp *root = &cpu->root_vp->arch, *a = &vp->arch;

	if (atomic_load(&a->power) == EL2_ON_PENDING)
		psci_start(vp);
	save_el1(root);
	stage2_walks_off();
	root->mdscr = read_sysreg(mdscr_el1);
	root->icc_pmr = read_sysreg(icc_pmr_el1);
	root->icc_igrpen1 = read_sysreg(icc_igrpen1_el1);
	write_sysreg(mdscr_el1, 0);
	write_sysreg(mdcr_el2, read_sysreg(mdcr_el2) | MDCR_DEBUG);
	/* There is one ICC_SRE_EL1 for both: the guest's accesses trap */
	root->icc_sre = read_sysreg(icc_sre_el1);
	write_sysreg(icc_sre_el1, ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB);
	write_sysreg(icc_sre_el2, read_sysreg(icc_sre_el2) & ~ICC_SRE_ENABLE);
	/* A root that masks by priority would never get its CPU back */
	write_sysreg(icc_pmr_el1, PMR_ALL);
	write_sysreg(icc_igrpen1_el1, 1);
	write_sysreg(vmpidr_el2, a->mpidr | BIT(31));
	write_sysreg(cnthctl_el2, 0);
	write_sysreg(cntvoff_el2, a->counter_offset);
	write_sysreg(vttbr_el2, stage2_vttbr(&vp->partition->slat));
	write_sysreg(hcr_el2, HCR_GUEST | (a->serror ? HCR_VSE : 0));
	vp_gic_load(vp);
	load_el1(a);
	if (vp->partition->arch.no_sve)
		write_sysreg(cptr_el2, read_sysreg(cptr_el2) | CPTR_TZ);
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
	vp_gic_unload(vp);
	/* It traps EL2 too: the registers are switched all the same */
	if (vp->partition->arch.no_sve) {
		write_sysreg(cptr_el2, read_sysreg(cptr_el2) & ~CPTR_TZ);
		isb();
	}
	save_el1(&vp->arch);
	stage2_walks_off();
	write_sysreg(hcr_el2, HCR_ROOT);
	write_sysreg(vttbr_el2, stage2_vttbr(&partition_root->slat));
	write_sysreg(cntvoff_el2, 0);
	write_sysreg(cnthctl_el2, CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN);
	write_sysreg(vmpidr_el2, read_sysreg(mpidr_el1));
	write_sysreg(icc_sre_el2, read_sysreg(icc_sre_el2) | ICC_SRE_ENABLE);
	write_sysreg(icc_sre_el1, root->icc_sre);
	write_sysreg(icc_igrpen1_el1, root->icc_igrpen1);
	write_sysreg(icc_pmr_el1, root->icc_pmr);
	write_sysreg(mdcr_el2, read_sysreg(mdcr_el2) & ~MDCR_DEBUG);
	write_sysreg(mdscr_el1, root->mdscr);
	load_el1(root);
	isb();
	cpu->current = cpu->root_vp;
}
