/* SPDX-License-Identifier: MIT */
/*
 * MSR accesses. The root's MSRs are the hardware's but for the filter below (decision 3); a
 * guest's are an allow list, each over VP state, and what is on no list faults, or reads zero and
 * ignores writes when the root asked for that (HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION).
 */
#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/cet.h"
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/features.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "arch/x86_64/common/regs.h"
#include "hvapi/msr.h"
#include "kernel/arch.h"
#include "kernel/log.h"

static bool canonical(struct vp *vp, uint64_t v)
{
	uint32_t top = virt->get(vp, SYS_CR4) & CR4_LA57 ? 56 : 47;
	int64_t s = (int64_t)(v << (63 - top)) >> (63 - top);

	return (uint64_t)s == v;
}

static bool is_mtrr(uint32_t msr)
{
	return (msr >= MSR_MTRR_PHYSBASE && msr < MSR_MTRR_PHYSBASE + 2 * ARCH_MTRR_VARIABLE) ||
	       msr == MSR_MTRR_FIX64K || msr == MSR_MTRR_FIX16K || msr == MSR_MTRR_FIX16K + 1 ||
	       (msr >= MSR_MTRR_FIX4K && msr < MSR_MTRR_FIX4K + 8) || msr == MSR_MTRR_DEF_TYPE;
}

bool msr_efer_valid(struct vp *vp, uint64_t v)
{
	uint64_t old = virt->get(vp, SYS_EFER);
	uint64_t allowed = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR;

	if (v & ~allowed)
		return false;
	/* LME cannot change while paging is on (SDM vol. 3, 2.2.1; APM 3.1.7) */
	return !(virt->get(vp, SYS_CR0) & CR0_PG) || ((v ^ old) & EFER_LME) == 0;
}

static void efer_write(struct vp *vp, uint64_t v)
{
	/* LMA is the CPU's: what is written to it is ignored */
	virt->set(vp, SYS_EFER, (v & ~EFER_LMA) | (virt->get(vp, SYS_EFER) & EFER_LMA));
}

/* -- root ------------------------------------------------------------------------------------- */

static bool root_read(struct vp *vp, uint32_t msr, uint64_t *v)
{
	switch (msr) {
	case MSR_EFER:
		*v = virt->get(vp, SYS_EFER);
		return true;
	case MSR_VM_CR:
		*v = VM_CR_SVMDIS | BIT(3); /* disabled and locked */
		return true;
	case MSR_FEATURE_CTL:
		*v = 1; /* locked, and VMX with it */
		return true;
	case MSR_VM_HSAVE_PA:
		return false;
	default:
		if (msr >= MSR_VMX_FIRST && msr <= MSR_VMX_LAST)
			return false;
		break;
	}
	switch (hv_msr_read(vp, msr, v)) {
	case HV_MSR_OK:
		return true;
	case HV_MSR_FAULT:
	case HV_MSR_NO_MEMORY: /* the root's pages are the core's own */
		return false;
	case HV_MSR_UNKNOWN:
	default:
		return rdmsr_safe(msr, v) == 0;
	}
}

/* The APIC stays where it is and stays on; xAPIC to x2APIC is the root's choice. */
static bool root_apic_base(uint64_t v)
{
	uint64_t old = rdmsr(MSR_APIC_BASE);

	if ((v ^ old) & MASK(51, 12) || !(v & APIC_BASE_ENABLE))
		return false;
	return wrmsr_safe(MSR_APIC_BASE, v) == 0;
}

static bool root_write(struct vp *vp, uint32_t msr, uint64_t v)
{
	uint64_t old;

	switch (msr) {
	case MSR_EFER:
		if (!msr_efer_valid(vp, v))
			return false;
		efer_write(vp, v);
		return true;
	case MSR_VM_CR:
	case MSR_VM_HSAVE_PA:
	case MSR_FEATURE_CTL:
		return false;
	case MSR_APIC_BASE:
		return root_apic_base(v);
	case MSR_X2APIC_ICR:
		root_icr_write(vp, (uint32_t)(v >> 32), (uint32_t)v);
		return true;
	default:
		break;
	}
	if (msr >= MSR_VMX_FIRST && msr <= MSR_VMX_LAST)
		return false;
	if (is_mtrr(msr)) {
		/* The core's own memory is under them too: as firmware left them, for good. */
		if (rdmsr_safe(msr, &old) == 0 && old == v)
			return true;
		partition_unimplemented(vp->partition, UNIMPLEMENTED_MTRR, "change of MTRR", msr);
		return false;
	}
	switch (hv_msr_write(vp, msr, v)) {
	case HV_MSR_OK:
		return true;
	case HV_MSR_FAULT:
	case HV_MSR_NO_MEMORY: /* the root's pages are the core's own */
		return false;
	case HV_MSR_UNKNOWN:
	default:
		return wrmsr_safe(msr, v) == 0;
	}
}

/* -- guest ------------------------------------------------------------------------------------ */

static const struct {
	uint32_t msr;
	uint8_t sys;
	bool address; /* must be canonical */
} plain[] = {
	{ MSR_STAR, SYS_STAR, false },
	{ MSR_LSTAR, SYS_LSTAR, true },
	{ MSR_CSTAR, SYS_CSTAR, true },
	{ MSR_SFMASK, SYS_SFMASK, false },
	{ MSR_KERNEL_GS, SYS_KERNEL_GS, true },
	{ MSR_SYSENTER_CS, SYS_SYSENTER_CS, false },
	{ MSR_SYSENTER_ESP, SYS_SYSENTER_ESP, true },
	{ MSR_SYSENTER_EIP, SYS_SYSENTER_EIP, true },
};

static bool pat_valid(uint64_t v)
{
	for (uint32_t i = 0; i < 64; i += 8) {
		uint64_t t = v >> i & 0xff;

		if (t > 7 || t == 2 || t == 3)
			return false;
	}
	return true;
}

static uint64_t *mtrr_slot(struct vp *vp, uint32_t msr)
{
	struct x86_mtrr *m = &vp->arch.mtrr;

	if (msr == MSR_MTRR_DEF_TYPE)
		return &m->def_type;
	if (msr == MSR_MTRR_FIX64K)
		return &m->fixed[0];
	if (msr == MSR_MTRR_FIX16K || msr == MSR_MTRR_FIX16K + 1)
		return &m->fixed[1 + msr - MSR_MTRR_FIX16K];
	if (msr >= MSR_MTRR_FIX4K && msr < MSR_MTRR_FIX4K + 8)
		return &m->fixed[3 + msr - MSR_MTRR_FIX4K];
	/* Bounded by itself too, whatever a CPU may speculate about is_mtrr(). */
	msr -= MSR_MTRR_PHYSBASE;
	return msr & 1 ? &m->mask[msr / 2 % ARCH_MTRR_VARIABLE]
		       : &m->base[msr / 2 % ARCH_MTRR_VARIABLE];
}

static bool type_valid(uint64_t t)
{
	return t == 0 || t == 1 || t == 4 || t == 5 || t == 6;
}

/* SDM vol. 3, 12.11.2: reserved bits and types; the values are storage, NPT does not use them. */
static bool mtrr_valid(uint32_t msr, uint64_t v)
{
	uint64_t high = ~(BIT(cpu_phys_bits) - 1);

	if (msr == MSR_MTRR_DEF_TYPE)
		return !(v & ~0xcffull) && type_valid(v & 0xff);
	if (msr >= MSR_MTRR_PHYSBASE && msr < MSR_MTRR_PHYSBASE + 2 * ARCH_MTRR_VARIABLE)
		return msr & 1 ? !(v & (high | 0x7ff))
			       : !(v & (high | 0xf00)) && type_valid(v & 0xff);
	for (uint32_t i = 0; i < 64; i += 8)
		if (!type_valid(v >> i & 0xff))
			return false;
	return true;
}

static bool has_xss(const struct vp *vp)
{
	return cpu_has_xss && !(vp->partition->disabled_features[FEATURES_XSAVE] & FEATURE_XSAVES);
}

bool msr_guest_read(struct vp *vp, uint32_t msr, uint64_t *v)
{
	struct hv_x64_segment_register s;
	enum x86_sysreg cet = cet_msr(msr);

	if (cet != SYS_MAX) {
		*v = virt->get(vp, cet);
		return vp->partition->arch.cet != 0;
	}
	for (uint32_t i = 0; i < ARRAY_LEN(plain); i++)
		if (plain[i].msr == msr) {
			*v = virt->get(vp, (enum x86_sysreg)plain[i].sys);
			return true;
		}
	if (is_mtrr(msr)) {
		*v = *mtrr_slot(vp, msr);
		return true;
	}
	switch (msr) {
	case MSR_TSC:
		*v = rdtsc() + vp->arch.tsc_offset;
		return true;
	case MSR_TSC_ADJUST:
		*v = vp->arch.tsc_adjust;
		return true;
	case MSR_EFER:
		*v = virt->get(vp, SYS_EFER);
		return true;
	case MSR_PAT:
		*v = virt->get(vp, SYS_PAT);
		return true;
	case MSR_FS_BASE:
	case MSR_GS_BASE:
		virt->get_seg(vp, msr == MSR_FS_BASE ? SEG_FS : SEG_GS, &s);
		*v = s.base;
		return true;
	case MSR_TSC_AUX:
		*v = vp->arch.tsc_aux;
		return cpu_has_rdtscp;
	case MSR_MTRRCAP:
		*v = 0x500 | ARCH_MTRR_VARIABLE; /* fixed ranges, write combining, 8 variable */
		return true;
	case MSR_DEBUGCTL:
		*v = virt->get(vp, SYS_DEBUGCTL);
		return true;
	case MSR_XSS:
		*v = vp->arch.xss;
		return has_xss(vp);
	case MSR_BIOS_SIGN_ID:
	case MSR_MCG_CAP:
	case MSR_MCG_STATUS:
	case MSR_MISC_ENABLE:
		*v = msr == MSR_MISC_ENABLE ? 1 : 0; /* fast strings; no banks; no update */
		return true;
	default:
		return false;
	}
}

static bool guest_write_special(struct vp *vp, uint32_t msr, uint64_t v)
{
	uint64_t delta;

	switch (msr) {
	case MSR_TSC:
		delta = v - (rdtsc() + vp->arch.tsc_offset);
		vp->arch.tsc_adjust += delta;
		break;
	case MSR_TSC_ADJUST:
		delta = v - vp->arch.tsc_adjust;
		vp->arch.tsc_adjust = v;
		break;
	case MSR_EFER:
		if (!msr_efer_valid(vp, v))
			return false;
		efer_write(vp, v);
		return true;
	case MSR_PAT:
		if (!pat_valid(v))
			return false;
		virt->set(vp, SYS_PAT, v);
		return true;
	case MSR_TSC_AUX:
		if (!cpu_has_rdtscp || v >> 32)
			return false;
		vp->arch.tsc_aux = v;
		wrmsr(MSR_TSC_AUX, v); /* on the CPU while the VP is */
		return true;
	case MSR_XSS:
		if (!has_xss(vp) || v & ~vp->partition->arch.xss_mask)
			return false;
		vp->arch.xss = v;
		wrmsr(MSR_XSS, v); /* on the CPU while the VP is */
		return true;
	case MSR_DEBUGCTL:
		/* Neither last-branch records nor branch single-step are offered. */
		return v == 0;
	case MSR_BIOS_SIGN_ID:
		return true; /* the microcode signature protocol writes zero first */
	default:
		return false;
	}
	vp->arch.tsc_offset += delta;
	virt->set_tsc_offset(vp, vp->arch.tsc_offset);
	vlapic_tsc_moved(&vp->arch.apic, delta);
	return true;
}

bool msr_guest_write(struct vp *vp, uint32_t msr, uint64_t v)
{
	struct hv_x64_segment_register s;
	enum x86_sysreg cet = cet_msr(msr);

	if (cet != SYS_MAX) {
		if (!cet_valid(vp->partition, cet, v))
			return false;
		virt->set(vp, cet, v);
		return true;
	}
	for (uint32_t i = 0; i < ARRAY_LEN(plain); i++)
		if (plain[i].msr == msr) {
			if (plain[i].address && !canonical(vp, v))
				return false;
			virt->set(vp, (enum x86_sysreg)plain[i].sys, v);
			return true;
		}
	if (is_mtrr(msr)) {
		if (!mtrr_valid(msr, v))
			return false;
		*mtrr_slot(vp, msr) = v;
		return true;
	}
	if (msr == MSR_FS_BASE || msr == MSR_GS_BASE) {
		if (!canonical(vp, v))
			return false;
		virt->get_seg(vp, msr == MSR_FS_BASE ? SEG_FS : SEG_GS, &s);
		s.base = v;
		virt->set_seg(vp, msr == MSR_FS_BASE ? SEG_FS : SEG_GS, &s);
		return true;
	}
	return guest_write_special(vp, msr, v);
}

static bool is_apic_msr(const struct vp *vp, uint32_t msr)
{
	return vp->partition->create_flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED &&
	       ((msr >= MSR_X2APIC && msr < MSR_X2APIC + 0x40) || msr == MSR_APIC_BASE ||
		msr == MSR_TSC_DEADLINE);
}

/* 0 fault, 1 done, 2 nobody knows it, 3 when there is memory */
static int guest_access(struct vp *vp, uint32_t msr, bool write, uint64_t *v)
{
	uint64_t now = rdtsc() + vp->arch.tsc_offset;
	struct vlapic_effect effect = { 0 };
	enum hv_msr_result r;

	r = write ? hv_msr_write(vp, msr, *v) : hv_msr_read(vp, msr, v);
	if (unlikely(r == HV_MSR_NO_MEMORY))
		return 3;
	if (r != HV_MSR_UNKNOWN) {
		vp->arch.timers_moved |= write;
		return r == HV_MSR_OK;
	}
	if (is_apic_msr(vp, msr)) {
		if (!write)
			return vlapic_msr_read(&vp->arch.apic, msr, now, v);
		if (!vlapic_msr_write(&vp->arch.apic, msr, *v, now, &effect))
			return 0;
		apic_effect(vp, &effect);
		return 1;
	}
	vp->arch.timers_moved |= write;
	if (write ? msr_guest_write(vp, msr, *v) : msr_guest_read(vp, msr, v))
		return 1;
	/* A known MSR that refused the value faults; an unknown one follows the policy. */
	return write && msr_guest_read(vp, msr, &now) ? 0 : 2;
}

static enum exit_action finish(struct vp *vp, bool write, bool ok, uint64_t v)
{
	if (!ok) {
		inject_gp(vp);
		return EXIT_RESUME;
	}
	if (!write) {
		vp->arch.gpr[GPR_RAX] = (uint32_t)v;
		vp->arch.gpr[GPR_RDX] = v >> 32;
	}
	return EXIT_NEXT;
}

enum exit_action exit_msr_root(struct vp *vp, struct x86_exit *ex)
{
	const uint64_t *g = vp->arch.gpr;
	uint32_t msr = (uint32_t)g[GPR_RCX];
	uint64_t v = g[GPR_RDX] << 32 | (uint32_t)g[GPR_RAX];

	bool ok;

	if (!insn_length(vp, ex))
		return EXIT_RESUME;
	ok = ex->msr.write ? root_write(vp, msr, v) : root_read(vp, msr, &v);
	return finish(vp, ex->msr.write, ok, v);
}

enum exit_action exit_msr_guest(struct vp *vp, struct x86_exit *ex)
{
	const uint64_t *g = vp->arch.gpr;
	uint32_t msr = (uint32_t)g[GPR_RCX];
	uint64_t v = g[GPR_RDX] << 32 | (uint32_t)g[GPR_RAX];
	int r;

	if (!insn_length(vp, ex))
		return EXIT_RESUME;
	r = guest_access(vp, msr, ex->msr.write, &v);
	if (unlikely(r == 3)) {
		/* RIP stays: after the root's deposit the instruction is made again. */
		vp->arch.stop = VP_EXIT_NO_MEMORY;
		return EXIT_STOP;
	}
	if (r == 2) {
		if (vp->partition->arch.msr_intercept)
			return intercept_msr(vp, ex);
		partition_unimplemented(vp->partition, UNIMPLEMENTED_MSR, "MSR", msr);
		if (vp->partition->unimplemented_msr) {
			v = 0;
			r = 1;
		}
	}
	return finish(vp, ex->msr.write, r == 1, v);
}
