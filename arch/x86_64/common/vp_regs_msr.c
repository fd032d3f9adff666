/* SPDX-License-Identifier: MIT */
/*
 * Registers that are MSRs of the guest, through the same accessors as its RDMSR and WRMSR, and the
 * local APIC's registers. A register of the APIC is one field of its 176-byte state: read, changed,
 * checked as a whole, written. So nothing is sent or acknowledged by it.
 */
#include <string.h>

#include <hv/vp_state.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/cet.h"
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/vp_regs.h"
#include "kernel/arch.h"

/* 0: no MSR behind the name. */
static uint32_t msr_of(uint32_t name)
{
	switch (name) {
	case HV_X64_REGISTER_PAT:
		return MSR_PAT;
	case HV_X64_REGISTER_MSR_MTRR_CAP:
		return MSR_MTRRCAP;
	case HV_X64_REGISTER_MSR_MTRR_DEF_TYPE:
		return MSR_MTRR_DEF_TYPE;
	case HV_X64_REGISTER_MSR_MTRR_FIX64K00000:
		return MSR_MTRR_FIX64K;
	case HV_X64_REGISTER_MSR_MTRR_FIX16K80000:
	case HV_X64_REGISTER_MSR_MTRR_FIX16KA0000:
		return MSR_MTRR_FIX16K + name - HV_X64_REGISTER_MSR_MTRR_FIX16K80000;
	case HV_X64_REGISTER_TSC_AUX:
		return MSR_TSC_AUX;
	case HV_X64_REGISTER_DEBUG_CTL:
		return MSR_DEBUGCTL;
	case HV_X64_REGISTER_U_CET:
		return MSR_U_CET;
	case HV_X64_REGISTER_S_CET:
		return MSR_S_CET;
	case HV_X64_REGISTER_INTERRUPT_SSP_TABLE_ADDR:
		return MSR_INT_SSP_TABLE;
	default:
		break;
	}
	if (name >= HV_X64_REGISTER_PL0_SSP && name <= HV_X64_REGISTER_PL3_SSP)
		return MSR_PL0_SSP + name - HV_X64_REGISTER_PL0_SSP;
	if (name >= HV_X64_REGISTER_MSR_MTRR_FIX4KC0000 &&
	    name <= HV_X64_REGISTER_MSR_MTRR_FIX4KF8000)
		return MSR_MTRR_FIX4K + name - HV_X64_REGISTER_MSR_MTRR_FIX4KC0000;
	if (name >= HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0 &&
	    name <= HV_X64_REGISTER_MSR_MTRR_PHYS_BASE7)
		return MSR_MTRR_PHYSBASE + 2 * (name - HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0);
	if (name >= HV_X64_REGISTER_MSR_MTRR_PHYS_MASK0 &&
	    name <= HV_X64_REGISTER_MSR_MTRR_PHYS_MASK7)
		return MSR_MTRR_PHYSBASE + 1 + 2 * (name - HV_X64_REGISTER_MSR_MTRR_PHYS_MASK0);
	return 0;
}

/* Features that no guest is offered: their registers are 0 and stay so. */
static bool always_zero(uint32_t name)
{
	return name == HV_X64_REGISTER_SPEC_CTRL || name == HV_X64_REGISTER_BNDCFGS;
}

/* -- local APIC ------------------------------------------------------------------------------- */

#define APIC_NAME(n) ((n)-HV_X64_REGISTER_APIC_ID + 2) /* the x2APIC MSR's low byte */

/* Offset of the register's word in the state. 0xffff: not part of it. */
static uint32_t apic_word(uint32_t reg)
{
#define WORD(member) ((uint32_t)offsetof(struct hv_local_interrupt_controller_state, member))
	if (reg >= 0x10 && reg < 0x28)
		return WORD(apic_isr) + 4 * (reg - 0x10); /* ISR, TMR, IRR lie in this order */
	switch (reg) {
	case 0x02:
		return WORD(apic_id);
	case 0x03:
		return WORD(apic_version);
	case 0x0d:
		return WORD(apic_ldr);
	case 0x0f:
		return WORD(apic_spurious);
	case 0x28:
		return WORD(apic_esr);
	case 0x30:
		return WORD(apic_icr_low);
	case 0x32:
		return WORD(apic_lvt_timer);
	case 0x33:
		return WORD(apic_lvt_thermal);
	case 0x34:
		return WORD(apic_lvt_perfmon);
	case 0x35:
		return WORD(apic_lvt_lint0);
	case 0x36:
		return WORD(apic_lvt_lint1);
	case 0x37:
		return WORD(apic_lvt_error);
	case 0x38:
		return WORD(apic_initial_count);
	case 0x39:
		return WORD(apic_counter_value);
	case 0x3e:
		return WORD(apic_divide_configuration);
	default:
		return 0xffff;
	}
#undef WORD
}

static uint16_t apic_get(struct vp *vp, uint32_t reg, union hv_register_value *v)
{
	struct hv_local_interrupt_controller_state s;
	uint32_t at = apic_word(reg), w;

	if (reg == 0x08) {
		v->reg64 = vlapic_tpr(&vp->arch.apic);
		return HV_STATUS_SUCCESS;
	}
	if (reg == 0x0a) {
		v->reg64 = vlapic_ppr(&vp->arch.apic);
		return HV_STATUS_SUCCESS;
	}
	if (reg == 0x0b || reg == 0x3f) /* EOI and self IPI are write-only */
		return HV_STATUS_SUCCESS;
	if (at == 0xffff)
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	vlapic_get_hv(&vp->arch.apic, arch_vp_tsc(vp), &s);
	memcpy(&w, (const uint8_t *)&s + at, sizeof(w));
	v->reg64 = w;
	if (reg == 0x30)
		v->reg64 |= (uint64_t)s.apic_icr_high << 32;
	return HV_STATUS_SUCCESS;
}

static uint16_t apic_set(struct vp *vp, uint32_t reg, uint64_t x)
{
	struct hv_local_interrupt_controller_state s;
	uint64_t deadline = vlapic_tsc_deadline(&vp->arch.apic);
	uint32_t at = apic_word(reg), w = (uint32_t)x;
	bool nmi;

	if (reg == 0x08) {
		if (x >> 8)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		vlapic_set_tpr(&vp->arch.apic, (uint8_t)x);
		return HV_STATUS_SUCCESS;
	}
	/* Derived, or a command: a restored 0 or an unchanged value is fine. */
	if (reg == 0x0a)
		return x == vlapic_ppr(&vp->arch.apic) ? HV_STATUS_SUCCESS
						       : HV_STATUS_INVALID_REGISTER_VALUE;
	if (reg == 0x0b || reg == 0x3f)
		return x ? HV_STATUS_INVALID_REGISTER_VALUE : HV_STATUS_SUCCESS;
	if (at == 0xffff)
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	if (reg != 0x30 && x >> 32)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	vlapic_get_hv(&vp->arch.apic, arch_vp_tsc(vp), &s);
	memcpy((uint8_t *)&s + at, &w, sizeof(w));
	if (reg == 0x30)
		s.apic_icr_high = (uint32_t)(x >> 32);
	/* A count starts from its initial value; in deadline mode there is none. */
	if (reg == 0x38)
		s.apic_counter_value = w;
	if (reg != 0x39 && s.apic_lvt_timer & APIC_TIMER_DEADLINE)
		s.apic_counter_value = 0;
	if (!vlapic_check_hv(&vp->arch.apic, &s, &nmi) || nmi)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	/* The deadline is a register of its own, and may be restored before the mode is. */
	vlapic_set_hv(&vp->arch.apic, &s, arch_vp_tsc(vp));
	vlapic_set_tsc_deadline(&vp->arch.apic, deadline);
	return HV_STATUS_SUCCESS;
}

/* -- the family ------------------------------------------------------------------------------- */

static bool has_apic(const struct vp *vp)
{
	return vp->partition->create_flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED;
}

uint16_t vp_msr_get(struct vp *vp, uint32_t name, union hv_register_value *v)
{
	uint32_t msr = msr_of(name);

	if (name >= HV_X64_REGISTER_APIC_ID && name <= HV_X64_REGISTER_APIC_SELF_IPI &&
	    has_apic(vp))
		return apic_get(vp, APIC_NAME(name), v);
	if (msr)
		return msr_guest_read(vp, msr, &v->reg64) ? HV_STATUS_SUCCESS
							  : HV_STATUS_UNKNOWN_REGISTER_NAME;
	switch (name) {
	case HV_X64_REGISTER_INITIAL_APIC_ID:
		v->reg64 = vp->index;
		return HV_STATUS_SUCCESS;
	case HV_X64_REGISTER_TSC_DEADLINE:
		v->reg64 = vlapic_tsc_deadline(&vp->arch.apic);
		return HV_STATUS_SUCCESS;
	case HV_X64_REGISTER_TSC_ADJUST:
		v->reg64 = vp->arch.tsc_adjust;
		return HV_STATUS_SUCCESS;
	case HV_X64_REGISTER_U_XSS:
		v->reg64 = vp->arch.xss;
		return HV_STATUS_SUCCESS;
	case HV_X64_REGISTER_SSP:
		if (!vp->partition->arch.cet)
			return HV_STATUS_UNKNOWN_REGISTER_NAME;
		v->reg64 = virt->get(vp, SYS_SSP);
		return HV_STATUS_SUCCESS;
	default:
		return always_zero(name) ? HV_STATUS_SUCCESS : HV_STATUS_UNKNOWN_REGISTER_NAME;
	}
}

uint16_t vp_msr_set(struct vp *vp, uint32_t name, const union hv_register_value *v)
{
	uint32_t msr = msr_of(name);
	uint64_t x = v->reg64, cap = 0;
	bool ok;

	if (name >= HV_X64_REGISTER_APIC_ID && name <= HV_X64_REGISTER_APIC_SELF_IPI &&
	    has_apic(vp))
		return apic_set(vp, APIC_NAME(name), x);
	switch (name) {
	case HV_X64_REGISTER_TSC_AUX:
		if (!cpu_has_rdtscp)
			return HV_STATUS_UNKNOWN_REGISTER_NAME;
		/* Not through the guest's WRMSR, which also loads the CPU's. */
		ok = !(x >> 32);
		if (ok)
			vp->arch.tsc_aux = x;
		break;
	case HV_X64_REGISTER_MSR_MTRR_CAP:
		(void)msr_guest_read(vp, MSR_MTRRCAP, &cap);
		ok = x == cap;
		break;
	case HV_X64_REGISTER_INITIAL_APIC_ID:
		ok = x == vp->index;
		break;
	case HV_X64_REGISTER_TSC_DEADLINE:
		vlapic_set_tsc_deadline(&vp->arch.apic, x);
		ok = true;
		break;
	case HV_X64_REGISTER_U_XSS:
		/* Not through the guest's WRMSR either. */
		ok = !(x & ~vp->partition->arch.xss_mask);
		if (ok)
			vp->arch.xss = x;
		break;
	case HV_X64_REGISTER_SSP:
		if (!vp->partition->arch.cet)
			return HV_STATUS_UNKNOWN_REGISTER_NAME;
		ok = cet_valid(vp->partition, SYS_SSP, x);
		if (ok)
			virt->set(vp, SYS_SSP, x);
		break;
	case HV_X64_REGISTER_TSC_ADJUST:
		/* The record only: the TSC itself is its own register. */
		vp->arch.tsc_adjust = x;
		ok = true;
		break;
	default:
		if (msr && !vp->partition->arch.cet && cet_msr(msr) != SYS_MAX)
			return HV_STATUS_UNKNOWN_REGISTER_NAME;
		if (msr)
			ok = msr_guest_write(vp, msr, x);
		else if (always_zero(name))
			ok = x == 0;
		else
			return HV_STATUS_UNKNOWN_REGISTER_NAME;
		break;
	}
	return ok ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_REGISTER_VALUE;
}
