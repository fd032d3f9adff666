/* SPDX-License-Identifier: MIT */
/* A guest VP's registers by name. The VP is taken, so all of it is in memory. */
#include <hv/arm64.h>

#include <string.h>

#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "arch/arm64/gicv3/gic.h"
#include "hvapi/msr.h"
#include "kernel/arch.h"

#define ZCR_LEN 0xfull

/* Where a register of name 0x000400nn is, plus 1, by nn */
#define SYSTEM_FIRST 0x00040000u
#define SYSTEM_NAMES 0x40u
static const uint8_t system_at[SYSTEM_NAMES] = {
#define SYSTEM_AT(r, hv, reset) [(hv)-SYSTEM_FIRST] = EL1_##r + 1,
	EL1_SYSTEM_REGS(SYSTEM_AT)
#undef SYSTEM_AT
};

static uint64_t *el1_at(struct arch_vp *a, uint32_t name)
{
	uint32_t n = name - SYSTEM_FIRST;

	if (n < SYSTEM_NAMES)
		return system_at[n] ? &a->el1[system_at[n] - 1] : NULL;
	switch (name) {
#define OTHER_AT(r, hv, reset) \
	case hv: \
		return &a->el1[EL1_##r];
		EL1_OTHER_REGS(OTHER_AT)
#undef OTHER_AT
	default:
		return NULL;
	}
}

/* Plain words: any value is as good as another. */
static uint64_t *word_at(struct arch_vp *a, uint32_t name)
{
	bool el1_stack = (a->pstate & 0xf) == PSR_EL1H;

	if (arch_is_plain(name))
		return arch_plain_word(a, name);
	switch (name) {
	case HV_ARM64_REGISTER_SP:
		return &a->el1[el1_stack ? EL1_sp_el1 : EL1_sp_el0];
	case HV_ARM64_REGISTER_PC:
		return &a->pc;
	case HV_ARM64_REGISTER_CNTV_CVAL_EL0:
		return &a->cntv_cval;
	case HV_ARM64_REGISTER_CNTP_CVAL_EL0:
		return &a->cntp_cval;
	case HV_ARM64_REGISTER_FPSR:
		return &a->fp->fpsr;
	case HV_ARM64_REGISTER_FPCR:
		return &a->fp->fpcr;
	default:
		return el1_at(a, name);
	}
}

static uint64_t *vector_at(struct arch_vp *a, uint32_t name)
{
	uint32_t n = name - HV_ARM64_REGISTER_Q0;

	if (n >= 32)
		return NULL;
	/* With SVE the low 128 bits of Z: one storage */
	return cpu_sve_vl ? (uint64_t *)(a->z[n / 16] + n % 16 * cpu_sve_vl) : a->fp->q[n];
}

/* AArch64, EL1 or EL0: anything else would be another's exception level, or an illegal return. */
bool vp_pstate_valid(uint64_t v)
{
	uint64_t mode = v & 0x1f;
	uint64_t known = 0xf | PSR_DAIF | PSR_NZCV | PSR_SSBS | PSR_PAN | PSR_UAO | PSR_DIT |
			 PSR_TCO | MASK(11, 10) | BIT(20) | BIT(21);

	return !(v & ~known) && (mode == PSR_EL0 || mode == PSR_EL1T || mode == PSR_EL1H);
}

static bool suspend_flag(struct vp *vp, uint32_t name, bool **flag)
{
	switch (name) {
	case HV_REGISTER_EXPLICIT_SUSPEND:
		*flag = &vp->explicit_suspend;
		return true;
	case HV_REGISTER_INTERCEPT_SUSPEND:
		*flag = &vp->intercept_suspend;
		return true;
	case HV_REGISTER_DISPATCH_SUSPEND:
		*flag = &vp->dispatch_suspend;
		return true;
	default:
		return false;
	}
}

uint16_t arch_vp_get_register(struct vp *vp, uint32_t name, union hv_register_value *v)
{
	struct arch_vp *a = &vp->arch;
	uint64_t *at;
	bool *flag;

	if (hv_reg_get(vp->partition, name, v))
		return HV_STATUS_SUCCESS;
	if (name == HV_ARM64_REGISTER_SINT_RESERVED_INTERRUPT_ID &&
	    vp->partition == partition_root) {
		v->reg64 = gic_sint_intid();
		return HV_STATUS_SUCCESS;
	}
	/* The root's own are in its CPU, and its own business */
	if (vp->partition == partition_root)
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	at = vector_at(a, name);
	if (at) {
		memcpy(v->low_high, at, 16);
		return HV_STATUS_SUCCESS;
	}
	at = word_at(a, name);
	if (at) {
		v->reg64 = *at;
		return HV_STATUS_SUCCESS;
	}
	if (suspend_flag(vp, name, &flag)) {
		v->reg64 = *flag;
		return HV_STATUS_SUCCESS;
	}
	switch (name) {
	case HV_REGISTER_INTERNAL_ACTIVITY_STATE:
		v->reg64 = 0;
		if (atomic_load(&a->power) != EL2_ON)
			v->reg64 = HV_ACTIVITY_STARTUP_SUSPEND;
		break;
	case HV_ARM64_REGISTER_ZCR_EL1:
		if (!identity_sve(vp->partition))
			return HV_STATUS_UNKNOWN_REGISTER_NAME;
		v->reg64 = a->zcr;
		break;
	case HV_ARM64_REGISTER_CNTP_CTL_EL0:
		v->reg64 = vp_timer_ctl(vp);
		break;
	case HV_REGISTER_DELIVERABILITY_NOTIFICATIONS:
		v->reg64 = (uint64_t)vp->sint_notify << HV_DELIVERABILITY_SINTS_SHIFT;
		break;
	case HV_ARM64_REGISTER_GICR_BASE_GPA:
		v->reg64 = atomic_load(&a->gic->gicr_base);
		break;
	case HV_ARM64_REGISTER_QUOIN_ICC_CONTROL:
		v->reg64 = vgic_get_control(a->gic);
		break;
	case HV_ARM64_REGISTER_PSTATE:
		v->reg64 = a->pstate;
		break;
	case HV_ARM64_REGISTER_MPIDR_EL1:
	case HV_ARM64_REGISTER_ID_MPIDR:
		v->reg64 = a->mpidr | BIT(31);
		break;
	case HV_ARM64_REGISTER_MIDR_EL1:
	case HV_ARM64_REGISTER_ID_MIDR:
		v->reg64 = read_sysreg(midr_el1);
		break;
	case HV_ARM64_REGISTER_CNTV_CTL_EL0:
		v->reg64 = a->cntv_ctl;
		break;
	case HV_ARM64_REGISTER_CNTVCT_EL0:
		v->reg64 = arch_vp_tsc(vp);
		break;
	case HV_ARM64_REGISTER_ID_REVIDR:
		v->reg64 = read_sysreg(revidr_el1);
		break;
	case HV_ARM64_REGISTER_ID_FIRST + 8 ... HV_ARM64_REGISTER_ID_LAST:
		return arch_partition_get_register(vp->partition, name, v);
	default:
		partition_unimplemented(vp->partition, UNIMPLEMENTED_REGISTER, "register", name);
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	}
	return HV_STATUS_SUCCESS;
}

static uint16_t set_flag(struct vp *vp, bool *flag, const union hv_register_value *v)
{
	if (v->reg64 > 1)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	/* The message that waits is answered by a dispatch only */
	if (flag == &vp->intercept_suspend && v->reg64)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	*flag = v->reg64;
	return HV_STATUS_SUCCESS;
}

uint16_t arch_vp_set_register(struct vp *vp, uint32_t name, const union hv_register_value *v)
{
	struct arch_vp *a = &vp->arch;
	uint64_t *at;
	bool *flag;

	if (vp->partition == partition_root)
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	at = vector_at(a, name);
	if (at) {
		memcpy(at, v->low_high, 16);
		return HV_STATUS_SUCCESS;
	}
	at = word_at(a, name);
	if (at) {
		*at = v->reg64;
		return HV_STATUS_SUCCESS;
	}
	if (suspend_flag(vp, name, &flag))
		return set_flag(vp, flag, v);
	switch (name) {
	case HV_ARM64_REGISTER_ID_FIRST ... HV_ARM64_REGISTER_ID_LAST:
		return HV_STATUS_ACCESS_DENIED; /* the partition's, and not by one VP */
	case HV_REGISTER_INTERNAL_ACTIVITY_STATE:
		if (v->reg64 & ~(uint64_t)HV_ACTIVITY_STARTUP_SUSPEND)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		psci_set_power(vp, !v->reg64);
		return HV_STATUS_SUCCESS;
	case HV_ARM64_REGISTER_ZCR_EL1:
		if (!identity_sve(vp->partition))
			return HV_STATUS_UNKNOWN_REGISTER_NAME;
		if (v->reg64 & ~ZCR_LEN)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		a->zcr = v->reg64;
		return HV_STATUS_SUCCESS;
	case HV_ARM64_REGISTER_CNTP_CTL_EL0:
		if (v->reg64 & ~(CNT_WRITABLE | CNT_ISTATUS))
			return HV_STATUS_INVALID_REGISTER_VALUE;
		a->cntp_ctl = v->reg64 & CNT_WRITABLE;
		return HV_STATUS_SUCCESS;
	case HV_REGISTER_DELIVERABILITY_NOTIFICATIONS:
		if (v->reg64 << 16)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		hv_notify_sints(vp, (uint16_t)(v->reg64 >> HV_DELIVERABILITY_SINTS_SHIFT));
		return HV_STATUS_SUCCESS;
	case HV_ARM64_REGISTER_GICR_BASE_GPA:
		return vgic_set_gicr_base(a->gic, v->reg64) ? HV_STATUS_SUCCESS
							    : HV_STATUS_INVALID_REGISTER_VALUE;
	case HV_ARM64_REGISTER_QUOIN_ICC_CONTROL:
		return vgic_set_control(a->gic, v->reg64) ? HV_STATUS_SUCCESS
							  : HV_STATUS_INVALID_REGISTER_VALUE;
	case HV_ARM64_REGISTER_PSTATE:
		if (!vp_pstate_valid(v->reg64))
			return HV_STATUS_INVALID_REGISTER_VALUE;
		a->pstate = v->reg64;
		return HV_STATUS_SUCCESS;
	case HV_ARM64_REGISTER_CNTVCT_EL0:
		/* What it counts from, so that it stands there now, or when time goes on */
		a->counter_offset += arch_vp_tsc(vp) - v->reg64;
		return HV_STATUS_SUCCESS;
	case HV_ARM64_REGISTER_CNTV_CTL_EL0:
		if (v->reg64 & ~CNT_WRITABLE)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		a->cntv_ctl = v->reg64;
		return HV_STATUS_SUCCESS;
	default:
		partition_unimplemented(vp->partition, UNIMPLEMENTED_REGISTER, "setting register",
					name);
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	}
}
