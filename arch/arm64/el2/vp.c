/* SPDX-License-Identifier: MIT */
/*
 * The hooks of kernel/arch.h that concern partitions and VPs. Guest VPs do not run on arm64 yet:
 * HvCallCreateVp says so (HV_STATUS_FEATURE_UNAVAILABLE), and nothing behind it is reached.
 */
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
	vp->cpu = ~0u;
	return vp->partition == partition_root ? HV_STATUS_SUCCESS : HV_STATUS_FEATURE_UNAVAILABLE;
}

void arch_vp_free(struct vp *vp)
{
	(void)vp;
}

void arch_vp_reset(struct vp *vp, bool init)
{
	(void)init;
	vp->arch.power = EL2_OFF;
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

enum vp_exit arch_vp_run(struct vp *vp)
{
	(void)vp;
	return VP_EXIT_SUSPENDED;
}

void arch_vp_switch_in(struct vp *vp)
{
	(void)vp;
}

void arch_vp_switch_out(struct vp *vp)
{
	(void)vp;
}

uint16_t arch_vp_get_register(struct vp *vp, uint32_t name, union hv_register_value *v)
{
	if (hv_reg_get(vp, name, v))
		return HV_STATUS_SUCCESS;
	partition_unimplemented(vp->partition, UNIMPLEMENTED_REGISTER, "register", name);
	return HV_STATUS_UNKNOWN_REGISTER_NAME;
}

uint16_t arch_vp_set_register(struct vp *vp, uint32_t name, const union hv_register_value *v)
{
	(void)v;
	partition_unimplemented(vp->partition, UNIMPLEMENTED_REGISTER, "setting register", name);
	return HV_STATUS_UNKNOWN_REGISTER_NAME;
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
	(void)vp;
	(void)flags;
	(void)gva_page;
	(void)out;
	return HV_STATUS_INVALID_VP_STATE;
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
