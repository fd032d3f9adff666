/* SPDX-License-Identifier: MIT */
#include "hvapi/whv/internal.h"

/*
 * The ranges of the two name spaces. VirtualCr0..8 are not here: no public source says which of the
 * hypervisor's registers they are.
 */
static const struct {
	uint32_t first, last, hv;
} ranges[] = {
	{ WHvX64RegisterRax, WHvX64RegisterRflags, HV_X64_REGISTER_RAX },
	{ WHvX64RegisterEs, WHvX64RegisterTr, HV_X64_REGISTER_ES },
	{ WHvX64RegisterIdtr, WHvX64RegisterGdtr, HV_X64_REGISTER_IDTR },
	{ WHvX64RegisterCr0, WHvX64RegisterCr8, HV_X64_REGISTER_CR0 },
	{ WHvX64RegisterDr0, WHvX64RegisterDr7, HV_X64_REGISTER_DR0 },
	{ WHvX64RegisterXCr0, WHvX64RegisterXCr0, HV_X64_REGISTER_XFEM },
	{ WHvX64RegisterXmm0, WHvX64RegisterXmmControlStatus, HV_X64_REGISTER_XMM0 },
	{ WHvX64RegisterTsc, WHvX64RegisterAmdVmCr, HV_X64_REGISTER_TSC },
	{ WHvX64RegisterApicId, WHvX64RegisterApicSelfIpi, HV_X64_REGISTER_APIC_ID },
	{ WHvRegisterSint0, WHvRegisterEom, HV_REGISTER_SINT0 },
	{ WHvRegisterVpRuntime, WHvX64RegisterNestedVmxInvVpid, HV_REGISTER_VP_RUNTIME },
	{ WHvRegisterPendingInterruption, WHvRegisterInterruptState,
	  HV_REGISTER_PENDING_INTERRUPTION },
	{ WHvRegisterPendingEvent, WHvRegisterPendingEvent1, HV_REGISTER_PENDING_EVENT0 },
	{ WHvX64RegisterDeliverabilityNotifications, WHvX64RegisterDeliverabilityNotifications,
	  HV_X64_REGISTER_DELIVERABILITY_NOTIFICATIONS },
	{ WHvRegisterInternalActivityState, WHvRegisterInternalActivityState,
	  HV_REGISTER_INTERNAL_ACTIVITY_STATE },
	{ WHvX64RegisterPendingDebugException, WHvX64RegisterPendingDebugException,
	  HV_X64_REGISTER_PENDING_DEBUG_EXCEPTION },
	{ WHvRegisterPendingEvent2, WHvRegisterPendingEvent3, HV_REGISTER_PENDING_EVENT2 },
};

uint32_t whv_hv_register(WHV_REGISTER_NAME name)
{
	uint32_t n = (uint32_t)name;

	for (size_t i = 0; i < WHV_ARRAY_LEN(ranges); i++)
		if (n >= ranges[i].first && n <= ranges[i].last)
			return ranges[i].hv + (n - ranges[i].first);
	return WHV_NO_REGISTER;
}

bool whv_arch_any_vp_register(WHV_REGISTER_NAME name)
{
	(void)name;
	return false;
}
