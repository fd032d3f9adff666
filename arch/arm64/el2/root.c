/* SPDX-License-Identifier: MIT */
/*
 * The root partition on arm64: one VP a CPU, identity memory at EL1, the GIC's CPU interface, the
 * distributor and the timers native. What it does not get: the core's memory, the SGI_base frames
 * (trapped and filtered), and PSCI's own way with CPUs.
 */
#include <string.h>

#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "arch/arm64/gicv3/gic.h"
#include "kernel/arch.h"
#include "kernel/frame.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"
#include "kernel/root_build.h"
#include "kernel/smp.h"

/*
 * Write-back everywhere: the more restrictive of the two stages counts (D8.5.5), so that the root's
 * own tables, or its MMU being off, say what is a device.
 */
static void map_identity(const struct boot_info *bi)
{
	const struct boot_range *last = &bi->ranges[bi->num_ranges - 1];
	uint64_t top = MAX(last->base + last->size, ROOT_MAP_MIN);

	top = MIN((top + BIT(30) - 1) & ~(BIT(30) - 1), BIT(cpu_pa_bits));
	for (uint64_t a = 0; a < top; a += BIT(30))
		if (slat_map(&partition_root->slat, GPA(a), HPA(a), 3, SLAT_RWX, NULL, NULL) !=
		    SLAT_OK)
			panic("core memory too small for the root's identity map");
	for (uint32_t i = 0; i < bi->num_ranges; i++)
		if (bi->ranges[i].kind == BOOT_RANGE_CORE)
			root_cut_out(bi->ranges[i].base, bi->ranges[i].size);
	for (uint32_t i = 0; i < percpu_count; i++)
		root_cut_out(gic_sgi_frame(i), GICR_FRAME);
}

void root_create(const struct boot_info *bi)
{
	struct partition *p = page_alloc(page_up(sizeof(*p)) >> PAGE_SHIFT);
	void *tsc = page_alloc(1);
	struct vp *vp;

	if (!p || !tsc)
		panic("core memory too small for the root partition");
	partition_init_root(p);
	(void)identity_init(p); /* nothing is disabled: it cannot fail */
	/* GiBs that can hold RAM, the tables above, and what the cut-outs split */
	memory_init((uint32_t)((bi->ranges[bi->num_ranges - 1].base +
				bi->ranges[bi->num_ranges - 1].size) >>
			       30) +
		    16 + 2 * percpu_count);
	map_identity(bi);
	p->tsc_page = tsc;
	p->reference_tsc = ptr_hpa(tsc).v;
	if (slat_map(&p->slat, GPA(p->reference_tsc), HPA(p->reference_tsc), 1, SLAT_R, NULL,
		     NULL) != SLAT_OK)
		panic("core memory too small for the root's overlay page");
	p->ref_tsc = arch_time();
	for (uint32_t i = 0; i < percpu_count; i++) {
		vp = root_vp_make(i);
		vp->arch.mpidr = bi->arm64.mpidr[i];
		vp->arch.power = EL2_OFF;
	}
	vp = p->vps[0];
	vp->arch.power_entry = bi->root_entry;
	vp->arch.power_context = root_info_place(bi);
	/* It is read with the MMU off */
	cache_clean(hpa_ptr(HPA(vp->arch.power_context)), sizeof(*bi));
	vp->arch.power = EL2_ON_PENDING;
}

/* EL1 as a reset leaves it, and the registers that are UNKNOWN then as zeros (D1.7.1). */
static void reset_el1(void)
{
	write_sysreg(sctlr_el1, SCTLR_EL1_RES1);
	write_sysreg(tcr_el1, 0);
	write_sysreg(ttbr0_el1, 0);
	write_sysreg(ttbr1_el1, 0);
	write_sysreg(mair_el1, 0);
	write_sysreg(vbar_el1, 0);
	write_sysreg(cpacr_el1, 0);
	write_sysreg(mdscr_el1, 0);
	write_sysreg(contextidr_el1, 0);
	write_sysreg(tpidr_el0, 0);
	write_sysreg(tpidrro_el0, 0);
	write_sysreg(tpidr_el1, 0);
	write_sysreg(sp_el0, 0);
	write_sysreg(sp_el1, 0);
	write_sysreg(cntkctl_el1, 0);
	write_sysreg(cntp_ctl_el0, 0);
	write_sysreg(cntv_ctl_el0, 0);
	write_sysreg(icc_igrpen1_el1, 0);
	write_sysreg(icc_pmr_el1, 0);
}

/* PSCI CPU_ON's entry state (DEN0022, 6.4): EL1, MMU off, masked, the context in X0. */
static void power_on(struct vp *vp)
{
	struct arch_vp *a = &vp->arch;

	memset(a->x, 0, sizeof(a->x));
	a->x[0] = a->power_context;
	a->pc = a->power_entry;
	a->pstate = PSR_EL1H | PSR_DAIF;
	reset_el1();
	/* Code may have been put there since this CPU last fetched from it. */
	ic_iallu();
	tlbi_alle1();
	dsb_nsh();
	isb();
	atomic_store(&a->power, EL2_ON);
}

static void wait_power(struct vp *vp)
{
	atomic_store(&this_cpu()->running, NULL);
	while (atomic_load(&vp->arch.power) != EL2_ON_PENDING)
		cpu_wfe();
	power_on(vp);
}

void root_run(void)
{
	struct percpu *cpu = this_cpu();
	struct vp *vp = cpu->root_vp;

	cpu->current = vp;
	vp->owner = VP_RUNNING;
	write_sysreg(vttbr_el2, stage2_vttbr(&partition_root->slat));
	write_sysreg(hcr_el2, HCR_ROOT);
	isb();
	for (;;) {
		if (atomic_load(&vp->arch.power) != EL2_ON)
			wait_power(vp);
		trap_handle(vp, el2_enter(&vp->arch));
		cpu->counters[COUNT_EXITS]++;
	}
}
