/* SPDX-License-Identifier: MIT */
/* The partition property of arm64: where the guest's interrupt controller is, and its numbers. */
#include <string.h>

#include "hvapi/whv/internal.h"

const struct whv_property_row whv_arch_property_rows[] = {
	{ WHV_PROPERTY(Arm64IcParameters), sizeof(WHV_ARM64_IC_PARAMETERS), false, false },
};
const uint32_t whv_arch_property_count = WHV_ARRAY_LEN(whv_arch_property_rows);

uint32_t whv_arch_fixed_property(uint32_t code)
{
	(void)code;
	return 0;
}

static bool reserved_zero(const WHV_ARM64_IC_PARAMETERS *ic)
{
	uint32_t bits = ic->Reserved | ic->GicV3Parameters.Reserved;

	for (size_t i = 0; i < WHV_ARRAY_LEN(ic->GicV3Parameters.Reserved1); i++)
		bits |= ic->GicV3Parameters.Reserved1[i];
	return !bits;
}

/* Addresses and numbers are judged by the hypervisor, at WHvSetupPartition. */
bool whv_arch_set_property(struct whv_properties *o, const struct whv_property_row *r,
			   const void *buffer, uint32_t size)
{
	(void)size; /* at least r->size */
	if (!buffer)
		return false;
	memcpy(&o->arch.ic, buffer, r->size);
	o->arch.given_ic = true;
	return (uint32_t)o->arch.ic.EmulationMode <= WHvArm64IcEmulationModeGicV3 &&
	       reserved_zero(&o->arch.ic);
}

HRESULT whv_arch_get_property(const struct whv_partition *p, const struct whv_property_row *r,
			      VOID *buffer, UINT32 size, UINT32 *written)
{
	return whv_answer(buffer, size, written, &p->prop.arch.ic, r->size);
}
