/* SPDX-License-Identifier: MIT */
/*
 * VP registers by name: one row each, over the same accessors that guest instructions reach. A
 * register's own check is free of context (decision 9): clients restore CR0, CR4 and EFER in any
 * order, and the whole is judged at dispatch.
 */
#include <string.h>

#include <insn.h>

#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/vp_regs.h"
#include "hvapi/msr.h"
#include "kernel/arch.h"

#define EFER_VALID (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR)

static bool canonical(uint64_t v)
{
	return (uint64_t)((int64_t)(v << 16) >> 16) == v || (uint64_t)((int64_t)(v << 7) >> 7) == v;
}

/* Registers that are one 64-bit word of the VMCB, and what they may hold. */
static const struct {
	uint32_t name;
	uint8_t sys;
	bool address;
	uint64_t valid;
} words[] = {
	{ HV_X64_REGISTER_RFLAGS, SYS_RFLAGS, false, RFLAGS_VALID },
	{ HV_X64_REGISTER_CR0, SYS_CR0, false, CR0_VALID },
	{ HV_X64_REGISTER_CR2, SYS_CR2, false, ~0ull },
	{ HV_X64_REGISTER_CR3, SYS_CR3, false, MASK(51, 0) },
	{ HV_X64_REGISTER_CR4, SYS_CR4, false, CR4_GUEST },
	{ HV_X64_REGISTER_DR6, SYS_DR6, false, 0xffffffffull },
	{ HV_X64_REGISTER_DR7, SYS_DR7, false, 0xffffffffull & ~DR7_RESERVED },
	{ HV_X64_REGISTER_EFER, SYS_EFER, false, EFER_VALID },
	{ HV_X64_REGISTER_KERNEL_GS_BASE, SYS_KERNEL_GS, true, ~0ull },
	{ HV_X64_REGISTER_SYSENTER_CS, SYS_SYSENTER_CS, false, 0xffffffffull },
	{ HV_X64_REGISTER_SYSENTER_RIP, SYS_SYSENTER_EIP, true, ~0ull },
	{ HV_X64_REGISTER_SYSENTER_RSP, SYS_SYSENTER_ESP, true, ~0ull },
	{ HV_X64_REGISTER_STAR, SYS_STAR, false, ~0ull },
	{ HV_X64_REGISTER_LSTAR, SYS_LSTAR, true, ~0ull },
	{ HV_X64_REGISTER_CSTAR, SYS_CSTAR, true, ~0ull },
	{ HV_X64_REGISTER_SFMASK, SYS_SFMASK, false, 0xffffffffull },
};

static uint16_t get_special(struct vp *vp, uint32_t name, union hv_register_value *v)
{
	struct arch_vp *a = &vp->arch;

	switch (name) {
	case HV_REGISTER_EXPLICIT_SUSPEND:
		v->reg64 = vp->explicit_suspend;
		break;
	case HV_REGISTER_INTERCEPT_SUSPEND:
		v->reg64 = vp->intercept_suspend;
		break;
	case HV_REGISTER_DISPATCH_SUSPEND:
		v->reg64 = vp->dispatch_suspend;
		break;
	case HV_REGISTER_INTERNAL_ACTIVITY_STATE:
		v->reg64 = a->activity == X86_WAIT_SIPI ? HV_ACTIVITY_STARTUP_SUSPEND
			   : a->activity == X86_HALTED	? HV_ACTIVITY_HALT_SUSPEND
							: 0;
		break;
	case HV_REGISTER_INTERRUPT_STATE:
		v->reg64 = (virt->get(vp, SYS_INT_SHADOW) ? HV_INTERRUPT_STATE_SHADOW : 0) |
			   (a->nmi_masked ? HV_INTERRUPT_STATE_NMI_MASKED : 0);
		break;
	case HV_X64_REGISTER_CR8:
		v->reg64 = vlapic_cr8(&a->apic);
		break;
	case HV_X64_REGISTER_XFEM:
		v->reg64 = a->xcr0;
		break;
	case HV_X64_REGISTER_TSC:
		v->reg64 = arch_vp_tsc(vp);
		break;
	case HV_X64_REGISTER_APIC_BASE:
		v->reg64 = vlapic_base(&a->apic);
		break;
	default:
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	}
	return HV_STATUS_SUCCESS;
}

static uint16_t set_activity(struct vp *vp, uint64_t v)
{
	if (v & ~(HV_ACTIVITY_STARTUP_SUSPEND | HV_ACTIVITY_HALT_SUSPEND))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	vp->arch.activity = v & HV_ACTIVITY_STARTUP_SUSPEND ? X86_WAIT_SIPI
			    : v & HV_ACTIVITY_HALT_SUSPEND  ? X86_HALTED
							    : X86_ACTIVE;
	return HV_STATUS_SUCCESS;
}

static bool *suspend_flag(struct vp *vp, uint32_t name)
{
	return name == HV_REGISTER_EXPLICIT_SUSPEND    ? &vp->explicit_suspend
	       : name == HV_REGISTER_INTERCEPT_SUSPEND ? &vp->intercept_suspend
						       : &vp->dispatch_suspend;
}

static uint16_t set_rip(struct arch_vp *a, uint64_t v)
{
	if (!canonical(v))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	a->rip = v;
	a->unjudged |= v >> 32 != 0;
	if (a->activity == X86_SHUTDOWN)
		a->activity = X86_ACTIVE;
	return HV_STATUS_SUCCESS;
}

static uint16_t set_special(struct vp *vp, uint32_t name, uint64_t v)
{
	struct arch_vp *a = &vp->arch;

	switch (name) {
	case HV_REGISTER_EXPLICIT_SUSPEND:
	case HV_REGISTER_INTERCEPT_SUSPEND:
	case HV_REGISTER_DISPATCH_SUSPEND:
		if (v > 1)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		*suspend_flag(vp, name) = v;
		break;
	case HV_REGISTER_INTERNAL_ACTIVITY_STATE:
		return set_activity(vp, v);
	case HV_REGISTER_INTERRUPT_STATE:
		if (v > 3)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		virt->set(vp, SYS_INT_SHADOW, v & HV_INTERRUPT_STATE_SHADOW);
		a->nmi_masked = v & HV_INTERRUPT_STATE_NMI_MASKED;
		virt->iret_window(vp, a->nmi_masked);
		break;
	case HV_X64_REGISTER_CR8:
		if (v > 15)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		vlapic_set_cr8(&a->apic, (uint8_t)v);
		break;
	case HV_X64_REGISTER_XFEM:
		if (!xcr0_valid(vp->partition, v))
			return HV_STATUS_INVALID_REGISTER_VALUE;
		a->xcr0 = v;
		break;
	case HV_X64_REGISTER_APIC_BASE:
		if (!vlapic_check_base(&a->apic, v))
			return HV_STATUS_INVALID_REGISTER_VALUE;
		vlapic_set_base(&a->apic, v);
		break;
	case HV_X64_REGISTER_TSC:
		v -= arch_vp_tsc(vp); /* once: the clock goes on */
		vlapic_tsc_moved(&a->apic, v);
		a->tsc_offset += v;
		virt->set_tsc_offset(vp, a->tsc_offset);
		break;
	default:
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	}
	return HV_STATUS_SUCCESS;
}

static void get_table(struct vp *vp, enum x86_seg s, union hv_register_value *v)
{
	struct hv_x64_segment_register g;

	virt->get_seg(vp, s, &g);
	v->table = (struct hv_x64_table_register){ .limit = (uint16_t)g.limit, .base = g.base };
}

uint16_t arch_vp_get_register(struct vp *vp, uint32_t name, union hv_register_value *v)
{
	if (arch_is_plain(name)) {
		v->reg64 = *arch_plain_word(&vp->arch, name);
	} else if (name == HV_X64_REGISTER_RIP) {
		v->reg64 = vp->arch.rip;
	} else if (name == HV_X64_REGISTER_RFLAGS) {
		v->reg64 = virt->get(vp, SYS_RFLAGS);
	} else if (name >= HV_X64_REGISTER_ES && name <= HV_X64_REGISTER_TR) {
		virt->get_seg(vp, (enum x86_seg)(name - HV_X64_REGISTER_ES), &v->segment);
	} else if (name == HV_X64_REGISTER_IDTR || name == HV_X64_REGISTER_GDTR) {
		get_table(vp, name == HV_X64_REGISTER_IDTR ? SEG_IDTR : SEG_GDTR, v);
	} else if (name >= HV_X64_REGISTER_DR0 && name <= HV_X64_REGISTER_DR3) {
		v->reg64 = vp->arch.dr[name - HV_X64_REGISTER_DR0];
	} else {
		for (uint32_t i = 0; i < ARRAY_LEN(words); i++)
			if (words[i].name == name) {
				v->reg64 = virt->get(vp, (enum x86_sysreg)words[i].sys);
				return HV_STATUS_SUCCESS;
			}
		if (get_special(vp, name, v) == HV_STATUS_SUCCESS)
			return HV_STATUS_SUCCESS;
		switch (name >> 16) {
		case HV_REGISTER_PENDING_INTERRUPTION >> 16:
			return vp_event_get(vp, name, v);
		case HV_X64_REGISTER_XMM0 >> 16:
			return vp_fp_get(vp, name, v);
		case HV_X64_REGISTER_TSC >> 16:
			return vp_msr_get(vp, name, v);
		default:
			return HV_STATUS_UNKNOWN_REGISTER_NAME;
		}
	}
	return HV_STATUS_SUCCESS;
}

static uint16_t set_table(struct vp *vp, enum x86_seg s, const union hv_register_value *v)
{
	struct hv_x64_segment_register g = { .base = v->table.base, .limit = v->table.limit };

	if (!canonical(v->table.base))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	virt->set_seg(vp, s, &g);
	return HV_STATUS_SUCCESS;
}

uint16_t arch_vp_set_register(struct vp *vp, uint32_t name, const union hv_register_value *v)
{
	if (arch_is_plain(name)) {
		*arch_plain_word(&vp->arch, name) = v->reg64;
		return HV_STATUS_SUCCESS;
	}
	if (name == HV_X64_REGISTER_RIP)
		return set_rip(&vp->arch, v->reg64);
	if (name >= HV_X64_REGISTER_ES && name <= HV_X64_REGISTER_TR) {
		/* bits 11:8 are the limit's in a descriptor; they have no place here */
		if (v->segment.attributes & 0xf00 || !canonical(v->segment.base))
			return HV_STATUS_INVALID_REGISTER_VALUE;
		virt->set_seg(vp, (enum x86_seg)(name - HV_X64_REGISTER_ES), &v->segment);
		vp->arch.unjudged = true;
		return HV_STATUS_SUCCESS;
	}
	if (name == HV_X64_REGISTER_IDTR || name == HV_X64_REGISTER_GDTR)
		return set_table(vp, name == HV_X64_REGISTER_IDTR ? SEG_IDTR : SEG_GDTR, v);
	if (name >= HV_X64_REGISTER_DR0 && name <= HV_X64_REGISTER_DR3) {
		vp->arch.dr[name - HV_X64_REGISTER_DR0] = v->reg64;
		return HV_STATUS_SUCCESS;
	}
	for (uint32_t i = 0; i < ARRAY_LEN(words); i++) {
		uint64_t x = v->reg64;

		if (words[i].name != name)
			continue;
		if (x & ~words[i].valid || (words[i].address && !canonical(x)))
			return HV_STATUS_INVALID_REGISTER_VALUE;
		if (name == HV_X64_REGISTER_CR4 && x & vp->partition->arch.cr4_off)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		if (name == HV_X64_REGISTER_RFLAGS)
			x |= RFLAGS_FIXED;
		else if (name == HV_X64_REGISTER_DR6)
			x |= DR6_FIXED;
		else if (name == HV_X64_REGISTER_DR7)
			x |= DR7_FIXED;
		virt->set(vp, (enum x86_sysreg)words[i].sys, x);
		vp->arch.unjudged = true;
		vp->arch.fetch.ptr = NULL;
		return HV_STATUS_SUCCESS;
	}
	switch (name >> 16) {
	case HV_REGISTER_PENDING_INTERRUPTION >> 16:
		if (name != HV_REGISTER_INTERRUPT_STATE)
			return vp_event_set(vp, name, v);
		break;
	case HV_X64_REGISTER_XMM0 >> 16:
		return vp_fp_set(vp, name, v);
	case HV_X64_REGISTER_TSC >> 16:
		if (name != HV_X64_REGISTER_TSC && name != HV_X64_REGISTER_APIC_BASE)
			return vp_msr_set(vp, name, v);
		break;
	default:
		break;
	}
	return set_special(vp, name, v->reg64);
}
