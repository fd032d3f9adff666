/* SPDX-License-Identifier: MIT */
#include "hvapi/whv/internal.h"

const uint64_t whv_arch_features = 1u << 11; /* Arm64Support */
const uint64_t whv_arch_extended_exits;

static bool narrow(uint32_t property, uint32_t *to, UINT32 *size, uint16_t *status)
{
	uint64_t v = 0;

	*status = whv_get_property(NULL, property, &v);
	*to = (uint32_t)v;
	*size = sizeof(*to);
	return true;
}

bool whv_arch_capability(uint32_t code, WHV_CAPABILITY *c, UINT32 *size, uint16_t *status)
{
	switch (code) {
	case WHvCapabilityCodeGicLpiIntIdBits:
		return narrow(HV_PARTITION_PROPERTY_GIC_LPI_INT_ID_BITS, &c->GicLpiIntIdBits, size,
			      status);
	case WHvCapabilityCodeMaxSveVectorLength:
		return narrow(HV_PARTITION_PROPERTY_QUOIN_SVE_VECTOR_LENGTH, &c->MaxSveVectorLength,
			      size, status);
	default:
		return false;
	}
}
