/* SPDX-License-Identifier: MIT */
/* The exits and CPUID answers that a partition asks for, as the hypervisor's intercepts. */
#include <string.h>

#include "hvapi/whv/internal.h"

static uint16_t install(const struct whv_partition *p, uint32_t type, uint32_t access,
			uint64_t parameter)
{
	struct hv_input_install_intercept in = { .partition_id = p->id,
						 .access_type = access,
						 .intercept_type = type,
						 .parameter = parameter };

	return whv_call(p, HVCALL_INSTALL_INTERCEPT, 0, &in, sizeof(in), NULL, 0);
}

static uint16_t apply_msr(struct whv_partition *p)
{
	bool want = (p->prop.extended_exits & 2 && p->prop.arch.msr_bitmap & 1) ||
		    p->prop.arch.msr_action == WHvMsrActionExit;
	uint16_t status;

	if (want == p->installed.msr)
		return HV_STATUS_SUCCESS;
	status = install(p, HV_INTERCEPT_TYPE_X64_MSR,
			 want ? HV_INTERCEPT_ACCESS_MASK_READ | HV_INTERCEPT_ACCESS_MASK_WRITE
			      : HV_INTERCEPT_ACCESS_MASK_NONE,
			 0);
	if (status == HV_STATUS_SUCCESS)
		p->installed.msr = want;
	return status;
}

static uint16_t apply_exceptions(struct whv_partition *p)
{
	uint64_t want = p->prop.extended_exits & 4 ? p->prop.arch.exception_bitmap : 0;

	for (uint32_t v = 0; v < 32; v++) {
		uint64_t bit = 1ull << v;
		uint16_t status;

		if (!((want ^ p->installed.exceptions) & bit))
			continue;
		status = install(p, HV_INTERCEPT_TYPE_EXCEPTION,
				 want & bit ? HV_INTERCEPT_ACCESS_MASK_EXECUTE
					    : HV_INTERCEPT_ACCESS_MASK_NONE,
				 v);
		if (status != HV_STATUS_SUCCESS)
			return status;
		p->installed.exceptions ^= bit;
	}
	return HV_STATUS_SUCCESS;
}

static bool in_list(const UINT32 *list, uint32_t count, UINT32 leaf)
{
	for (uint32_t i = 0; i < count; i++)
		if (list[i] == leaf)
			return true;
	return false;
}

static uint16_t apply_cpuid_exits(struct whv_partition *p)
{
	uint32_t want_count = p->prop.extended_exits & 1 ? p->prop.arch.cpuid_exit_count : 0;
	struct whv_intercepts *have = &p->installed;
	const UINT32 *want = p->prop.arch.cpuid_exits;
	uint16_t status;

	for (uint32_t i = 0; i < have->cpuid_count;) {
		if (in_list(want, want_count, have->cpuid[i])) {
			i++;
			continue;
		}
		status = install(p, HV_INTERCEPT_TYPE_X64_CPUID, HV_INTERCEPT_ACCESS_MASK_NONE,
				 have->cpuid[i]);
		if (status != HV_STATUS_SUCCESS)
			return status;
		have->cpuid[i] = have->cpuid[--have->cpuid_count];
	}
	for (uint32_t i = 0; i < want_count; i++) {
		if (in_list(have->cpuid, have->cpuid_count, want[i]))
			continue;
		status = install(p, HV_INTERCEPT_TYPE_X64_CPUID, HV_INTERCEPT_ACCESS_MASK_EXECUTE,
				 want[i]);
		if (status != HV_STATUS_SUCCESS)
			return status;
		have->cpuid[have->cpuid_count++] = want[i];
	}
	return HV_STATUS_SUCCESS;
}

/* Only what differs from what is installed goes to the hypervisor. */
HRESULT whv_arch_apply_intercepts(struct whv_partition *p)
{
	uint16_t status = apply_msr(p);

	if (status == HV_STATUS_SUCCESS)
		status = apply_exceptions(p);
	if (status == HV_STATUS_SUCCESS)
		status = apply_cpuid_exits(p);
	return whv_status(status);
}
