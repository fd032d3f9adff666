/* SPDX-License-Identifier: MIT */
/*
 * What x64 answers by CPUID 0x40000001 and up a VP reads by register name on arm64 (TLFS, "Feature
 * and interface discovery"; Linux arch/arm64/hyperv).
 */
#include <hv/arm64.h>

#include "arch/arm64/el2/el2.h"
#include "hvapi/cpuid.h"
#include "hvapi/hypercall.h"
#include "kernel/arch.h"

bool hv_reg_get(const struct partition *p, uint32_t name, union hv_register_value *v)
{
	uint32_t r[4];

	switch (name) {
	case HV_REGISTER_HYPERVISOR_VERSION:
		hv_cpuid(p, 0x40000002, r);
		break;
	case HV_REGISTER_PRIVILEGES_AND_FEATURES_INFO:
		/* Features, privileges, then the rest of the features: none that arm64 has */
		hv_cpuid(p, 0x40000003, r);
		r[2] = r[3] = 0;
		break;
	case HV_REGISTER_FEATURES_INFO:
		/* No recommendation but how long to spin: the GIC and the timers are native */
		hv_cpuid(p, 0x40000004, r);
		r[0] = 0;
		break;
	case HV_REGISTER_IMPLEMENTATION_LIMITS_INFO:
		hv_cpuid(p, 0x40000005, r);
		break;
	default:
		return false;
	}
	v->low_high[0] = (uint64_t)r[1] << 32 | r[0];
	v->low_high[1] = (uint64_t)r[3] << 32 | r[2];
	return true;
}

/*
 * Before a guest has said who it is, by GuestOsId, there is only what helps it to decide that
 * (TLFS, "Establishing the hypercall interface", ARM64).
 */
bool arch_own_register(const struct vp *vp, uint32_t name)
{
	switch (name) {
	case HV_REGISTER_HYPERVISOR_VERSION:
	case HV_REGISTER_PRIVILEGES_AND_FEATURES_INFO:
	case HV_REGISTER_FEATURES_INFO:
	case HV_REGISTER_IMPLEMENTATION_LIMITS_INFO:
	case HV_REGISTER_GUEST_OS_ID:
	case HV_REGISTER_TIME_REF_COUNT:
		return true;
	case HV_ARM64_REGISTER_SINT_RESERVED_INTERRUPT_ID:
		return vp->partition == partition_root;
	default:
		/* The hypervisor's own: from VP_RUNTIME on, SynIC and timers included */
		return name >= HV_REGISTER_VP_RUNTIME && hypercall_enabled(vp->partition);
	}
}
