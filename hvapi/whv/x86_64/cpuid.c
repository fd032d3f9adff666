/* SPDX-License-Identifier: MIT */
#include "hvapi/whv/internal.h"

/* CPUID as the guest would see it on this processor, with what the partition overrides. */
HRESULT WINAPI WHvGetVirtualProcessorCpuidOutput(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
						 UINT32 Eax, UINT32 Ecx,
						 WHV_CPUID_OUTPUT *CpuidOutput)
{
	struct {
		struct hv_input_get_vp_cpuid_values h;
		struct hv_cpuid_leaf_info leaf;
	} in = { .leaf = { .eax = Eax, .ecx = Ecx } };
	struct hv_cpuid_values out = { 0, 0, 0, 0 };
	struct whv_partition *p;
	uint32_t done;
	HRESULT hr;

	if (!CpuidOutput)
		return E_POINTER;
	hr = whv_enter_vp(Partition, VpIndex, &p);
	if (FAILED(hr))
		return hr;
	in.h.partition_id = p->id;
	in.h.vp_index = VpIndex;
	in.h.flags = HV_CPUID_VALUES_USE_VP_XFEM_XSS | HV_CPUID_VALUES_APPLY_REGISTERED;
	hr = whv_status(whv_rep_call(p, HVCALL_GET_VP_CPUID_VALUES, 1, &in, sizeof(in), &out,
				     sizeof(out), &done));
	if (SUCCEEDED(hr))
		*CpuidOutput = (WHV_CPUID_OUTPUT){ out.eax, out.ebx, out.ecx, out.edx };
	whv_put(p);
	return hr;
}
