/* SPDX-License-Identifier: MIT */
/*
 * The hooks of kernel/arch.h that concern partitions and VPs, but for registers, state types,
 * interrupts and the switch. What is not there yet answers an honest status (docs/arm64.md).
 */
#include <string.h>

#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "kernel/arch.h"
#include "kernel/log.h"

uint16_t arch_partition_init(struct partition *p)
{
	struct vgic *gic;
	void *spis;

	_Static_assert(ARCH_SPIS <= VGIC_SPIS_A_PAGE, "one page of SPIs");
	if (!identity_init(p))
		return HV_STATUS_PROCESSOR_FEATURE_NOT_SUPPORTED;
	gic = pool_alloc(&p->pool);
	spis = gic ? pool_alloc(&p->pool) : NULL;
	if (!spis) {
		if (gic)
			pool_free(&p->pool, gic);
		return HV_STATUS_INSUFFICIENT_MEMORY;
	}
	(void)vgic_init(gic, p, ARCH_SPIS, (uint32_t)read_sysreg(ich_vtr_el2), &spis);
	/* It was checked when it was set */
	(void)vgic_set_gicd_base(gic, p->arch.gicd_base);
	p->arch.gic = gic;
	p->arch.spis = spis;
	p->arch.counter_start = arch_time();
	p->ref_tsc = p->arch.counter_start;
	p->ref_base = 0;
	return HV_STATUS_SUCCESS;
}

/* Its VMID is the next partition's of this slot. */
void arch_partition_free(struct partition *p)
{
	pool_free(&p->pool, p->arch.spis);
	pool_free(&p->pool, p->arch.gic);
	p->arch.gic = NULL;
}

static void give_back(struct vp *vp)
{
	void *page[] = { vp->arch.fp, vp->arch.gic, vp->arch.z[0],
			 SVE_PAGES > 1 ? vp->arch.z[1] : NULL };

	for (uint32_t i = 0; i < ARRAY_LEN(page); i++)
		if (page[i])
			pool_free(&vp->partition->pool, page[i]);
}

uint16_t arch_vp_init(struct vp *vp)
{
	struct pool *pool = &vp->partition->pool;
	struct arch_vp *a = &vp->arch;

	_Static_assert(sizeof(struct el2_fp) <= PAGE_SIZE, "a page of its own");
	a->fp = pool_alloc(pool);
	a->gic = vp->partition->arch.gic ? pool_alloc(pool) : NULL;
	a->z[0] = SVE_PAGES ? pool_alloc(pool) : NULL;
	a->z[1] = SVE_PAGES > 1 ? pool_alloc(pool) : NULL;
	if (!a->fp || (vp->partition->arch.gic && !a->gic) || (SVE_PAGES && !a->z[0]) ||
	    (SVE_PAGES > 1 && !a->z[1])) {
		give_back(vp);
		return HV_STATUS_INSUFFICIENT_MEMORY;
	}
	if (SVE_PAGES == 1)
		a->z[1] = a->z[0] + 16 * cpu_sve_vl;
	vp->cpu = ~0u;
	/* Sixteen to a cluster, as SGIs name them; the counter starts with the partition. */
	a->mpidr = (vp->index & 0xf) | (uint64_t)(vp->index >> 4) << 8;
	a->counter_offset = vp->partition->arch.counter_start;
	/* A VP's index is its own, and so is its affinity */
	if (a->gic)
		(void)vgic_add_vp(vp->partition->arch.gic, a->gic, vp->index, (uint32_t)a->mpidr);
	return HV_STATUS_SUCCESS;
}

void arch_vp_free(struct vp *vp)
{
	if (vp->arch.gic)
		vgic_remove_vp(vp->arch.gic);
	give_back(vp);
}

/* Registers that a reset leaves UNKNOWN are zero (Arm ARM, D1.7.1). There is no INIT. */
void arch_vp_reset(struct vp *vp, bool init)
{
	static const uint64_t reset[EL1_COUNT] = {
#define EL1_RESET(r, name, value) [EL1_##r] = (value),
		EL1_REGS(EL1_RESET)
#undef EL1_RESET
	};
	struct arch_vp *a = &vp->arch;

	(void)init;
	memset(a->x, 0, sizeof(a->x));
	memcpy(a->el1, reset, sizeof(reset));
	memset(a->fp, 0, sizeof(*a->fp));
	for (uint32_t i = 0; i < 2 && cpu_sve_vl; i++)
		memset(a->z[i], 0, 16 * cpu_sve_vl);
	a->zcr = a->tpidr2 = 0;
	a->pc = 0;
	a->pstate = PSR_EL1H | PSR_DAIF;
	a->cntv_ctl = a->cntv_cval = 0;
	a->cntp_ctl = a->cntp_cval = 0;
	a->serror = false;
	vp->sint_notify = 0;
	/* The others of a guest are turned on by the first (PSCI CPU_ON) */
	a->power = vp->index || vp->partition == partition_root ? EL2_OFF : EL2_ON;
}

void arch_vp_release(struct vp *vp)
{
	(void)vp; /* nothing of a VP stays on a CPU */
}

uint64_t arch_vp_tsc(const struct vp *vp)
{
	const struct partition *p = vp->partition;

	return (p->time_frozen ? p->frozen_at : arch_time()) - vp->arch.counter_offset;
}

/* There are no APIC registers. */
bool arch_hv_apic_msr(struct vp *vp, uint32_t msr, bool write, uint64_t *v)
{
	(void)vp;
	(void)msr;
	(void)write;
	(void)v;
	return false;
}

void arch_vp_shift_time(struct vp *vp, uint64_t gone)
{
	vp->arch.counter_offset += gone;
}

/* Of a VP that is off it may be that it was turned on; it is on no CPU then. */
void arch_vp_take_mail(struct vp *vp)
{
	(void)atomic_xchg(&vp->mail, 0);
	vp->arch.timers_moved = true;
	if (vp->partition != partition_root && atomic_load(&vp->arch.power) == EL2_ON_PENDING)
		psci_start(vp);
}

uint16_t arch_install_intercept(struct partition *p, uint32_t type, uint32_t access, uint64_t param)
{
	(void)access;
	(void)param;
	partition_unimplemented(p, UNIMPLEMENTED_INTERCEPT, "intercept of type", type);
	return HV_STATUS_INVALID_PARAMETER;
}

uint16_t arch_register_result(struct partition *p,
			      const struct hv_input_register_intercept_result *in)
{
	(void)p;
	(void)in;
	return HV_STATUS_INVALID_PARAMETER; /* CPUID is x64's */
}

uint16_t arch_cpuid_values(struct vp *vp, uint32_t flags, const struct hv_cpuid_leaf_info *leaf,
			   struct hv_cpuid_values *out)
{
	(void)vp;
	(void)flags;
	(void)leaf;
	(void)out;
	return HV_STATUS_INVALID_PARAMETER;
}
