/* SPDX-License-Identifier: MIT */
/* What a partition and its processors get on x64: local APIC, XSAVE features, CPUID results. */
#include <string.h>

#include "hvapi/whv/internal.h"

HRESULT whv_arch_create(const struct whv_properties *o, struct hv_input_create_partition *in)
{
	if (o->arch.apic_mode != WHvX64LocalApicEmulationModeNone)
		in->flags |= HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED;
	if (o->arch.apic_mode == WHvX64LocalApicEmulationModeX2Apic)
		in->flags |= HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE;
	return whv_disabled(HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES, o->arch.given_xsave,
			    o->arch.xsave_features, &in->disabled_xsave_features);
}

/*
 * Register the partition's CPUID results: those of one processor when it is made, all others
 * (WHV_ANY_VP) when the partition is set up.
 */
static HRESULT apply_cpuid(const struct whv_partition *p, UINT32 vp_index)
{
	for (uint32_t i = 0; i < p->prop.arch.cpuid_result_count; i++) {
		const WHV_X64_CPUID_RESULT2 *r = &p->prop.arch.cpuid_results[i];
		bool of_vp = r->Flags & WHvX64CpuidResult2FlagVpSpecific;
		struct hv_input_register_intercept_result in = {
			.partition_id = p->id,
			.vp_index = vp_index,
			.intercept_type = HV_INTERCEPT_TYPE_X64_CPUID,
			.cpuid = { .eax = r->Function,
				   .ecx = r->Index,
				   .subleaf_specific =
					   r->Flags & WHvX64CpuidResult2FlagSubleafSpecific ? 1 : 0,
				   .always_override = 1,
				   .result = { { r->Output.Eax, r->Mask.Eax },
					       { r->Output.Ebx, r->Mask.Ebx },
					       { r->Output.Ecx, r->Mask.Ecx },
					       { r->Output.Edx, r->Mask.Edx } } },
		};
		uint16_t status;

		if (of_vp ? r->VpIndex != vp_index : vp_index != WHV_ANY_VP)
			continue;
		status = whv_call(p, HVCALL_REGISTER_INTERCEPT_RESULT, 0, &in, sizeof(in), NULL, 0);
		if (status != HV_STATUS_SUCCESS)
			return whv_status(status);
	}
	return S_OK;
}

HRESULT whv_arch_configure(struct whv_partition *p)
{
	uint16_t status = HV_STATUS_SUCCESS;

	if (p->prop.arch.msr_action == WHvMsrActionIgnoreWriteReadZero)
		status = whv_set_property(p, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION,
					  HV_UNIMPLEMENTED_MSR_ACTION_IGNORE_WRITE_READ_ZERO);
	if (status != HV_STATUS_SUCCESS)
		return whv_status(status);
	return apply_cpuid(p, WHV_ANY_VP);
}

HRESULT whv_arch_vp_start(const struct whv_partition *p, UINT32 index)
{
	return apply_cpuid(p, index);
}

/* Registers that belong to the partition and outlive its processors; the identity goes last. */
const uint32_t whv_arch_forget[] = { HV_X64_REGISTER_HYPERCALL, HV_REGISTER_REFERENCE_TSC,
				     HV_REGISTER_GUEST_OS_ID };
const uint32_t whv_arch_forget_count = WHV_ARRAY_LEN(whv_arch_forget);
