/* SPDX-License-Identifier: MIT */
/*
 * The hooks of kernel/arch.h that concern partitions and VPs, but for registers and the switch.
 * What is not there yet answers an honest status: interrupts, state types, translation
 * (docs/arm64.md).
 */
#include <string.h>

#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "kernel/arch.h"
#include "kernel/log.h"

uint16_t arch_partition_init(struct partition *p)
{
	p->arch.counter_start = arch_time();
	p->ref_tsc = p->arch.counter_start;
	p->ref_base = 0;
	return HV_STATUS_SUCCESS;
}

/* Its VMID is the next partition's of this slot. */
void arch_partition_free(struct partition *p)
{
	(void)p;
}

uint16_t arch_vp_init(struct vp *vp)
{
	_Static_assert(sizeof(struct el2_fp) <= PAGE_SIZE, "a page of its own");
	vp->arch.fp = pool_alloc(&vp->partition->pool);
	if (!vp->arch.fp)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	vp->cpu = ~0u;
	/* Sixteen to a cluster, as SGIs name them; the counter starts with the partition. */
	vp->arch.mpidr = (vp->index & 0xf) | (uint64_t)(vp->index >> 4) << 8;
	vp->arch.counter_offset = vp->partition->arch.counter_start;
	return HV_STATUS_SUCCESS;
}

void arch_vp_free(struct vp *vp)
{
	pool_free(&vp->partition->pool, vp->arch.fp);
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
	a->pc = 0;
	a->pstate = PSR_EL1H | PSR_DAIF;
	a->cntv_ctl = a->cntv_cval = 0;
	a->serror = false;
	a->power = EL2_OFF;
}

void arch_vp_release(struct vp *vp)
{
	(void)vp; /* nothing of a VP stays on a CPU */
}

/* The root's SINTs have no interrupt of their own yet: its SynIC is not offered. */
void arch_vp_raise(struct vp *vp, uint8_t vector)
{
	partition_unimplemented(vp->partition, UNIMPLEMENTED_IPI, "raising interrupt", vector);
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

void arch_vp_take_mail(struct vp *vp)
{
	(void)atomic_xchg(&vp->mail, 0);
}

uint16_t arch_property(const struct partition *p, uint32_t code, uint64_t *v)
{
	(void)p;
	switch (code) {
	case HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH:
		*v = stage2_format.levels == 4 ? cpu_pa_bits : MIN(cpu_pa_bits, 39u);
		return HV_STATUS_SUCCESS;
	case HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY:
		*v = cpu_hz;
		return HV_STATUS_SUCCESS;
	default:
		return HV_STATUS_UNKNOWN_PROPERTY;
	}
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

uint16_t arch_assert_interrupt(struct partition *p,
			       const struct hv_input_assert_virtual_interrupt *in)
{
	(void)in;
	partition_unimplemented(p, UNIMPLEMENTED_IPI, "asserting interrupt", in->vector);
	return HV_STATUS_INVALID_PARTITION_STATE;
}

uint16_t arch_translate(struct vp *vp, uint64_t flags, uint64_t gva_page,
			struct hv_output_translate_virtual_address *out)
{
	(void)flags;
	(void)out;
	partition_unimplemented(vp->partition, UNIMPLEMENTED_PROPERTY, "translation of page",
				gva_page);
	return HV_STATUS_FEATURE_UNAVAILABLE;
}

uint32_t arch_state_size(const struct partition *p, uint32_t type)
{
	(void)p;
	(void)type;
	return 0;
}

uint16_t arch_state_get(struct vp *vp, uint32_t type, uint64_t states, void *buf)
{
	(void)vp;
	(void)type;
	(void)states;
	(void)buf;
	return HV_STATUS_INVALID_PARAMETER;
}

uint16_t arch_state_set(struct vp *vp, uint32_t type, const void *buf)
{
	(void)vp;
	(void)type;
	(void)buf;
	return HV_STATUS_INVALID_PARAMETER;
}
