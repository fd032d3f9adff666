/* SPDX-License-Identifier: MIT */
/* The interface's register names are the hypervisor's. */
#include "hvapi/whv/internal.h"

/*
 * What the interface has no name for and a save needs: memory attributes, fault status of the
 * implementation's own, the physical timer, and the part of ICC_CTLR_EL1 that no state type has
 * (docs/state.md).
 */
static bool beside(uint32_t name)
{
	switch (name) {
	case HV_ARM64_REGISTER_AFSR0_EL1:
	case HV_ARM64_REGISTER_AFSR1_EL1:
	case HV_ARM64_REGISTER_AMAIR_EL1:
	case HV_ARM64_REGISTER_CNTP_CTL_EL0:
	case HV_ARM64_REGISTER_CNTP_CVAL_EL0:
	case HV_ARM64_REGISTER_QUOIN_ICC_CONTROL:
		return true;
	default:
		return false;
	}
}

uint32_t whv_hv_register(WHV_REGISTER_NAME name)
{
#define ROW(n, code) case n:
	switch (name) {
		WHV_REGISTER_LIST(ROW)
		return (uint32_t)name;
	default:
		return beside((uint32_t)name) ? (uint32_t)name : WHV_NO_REGISTER;
	}
#undef ROW
}

/* The identification registers and the counterparts of CPUID leaves belong to the partition. */
bool whv_arch_any_vp_register(WHV_REGISTER_NAME name)
{
	return (name >= WHvArm64RegisterIdMidrEl1 && name <= WHvArm64RegisterIdRes157El1) ||
	       name == WHvRegisterHypervisorVersion ||
	       (name >= WHvRegisterPrivilegesAndFeaturesInfo &&
		name <= WHvRegisterPasidFeaturesInfo);
}
