/* SPDX-License-Identifier: MIT */
#include "hvapi/vp_set.h"

#include <string.h>

#include "kernel/partition.h"

_Static_assert(PARTITION_MAX_VPS == 64, "bank 0 is all the VPs that can be");

uint16_t vp_set_decode(const struct hv_vp_set *set, const uint8_t *banks, uint32_t var_bytes,
		       uint64_t *vps)
{
	uint64_t first = 0, others = 0, bank;
	uint32_t count = 0;

	/* One bank for each bit, no more and no less, in either format. */
	for (uint64_t left = set->valid_bank_mask; left; left &= left - 1)
		count++;
	if (var_bytes != count * sizeof(bank))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (set->format == HV_GENERIC_SET_ALL) {
		*vps = ~0ull;
		return HV_STATUS_SUCCESS;
	}
	if (set->format != HV_GENERIC_SET_SPARSE_4K)
		return HV_STATUS_INVALID_PARAMETER;
	for (uint32_t i = 0; i < count; i++) {
		memcpy(&bank, banks + i * sizeof(bank), sizeof(bank));
		if (i == 0 && set->valid_bank_mask & 1)
			first = bank;
		else
			others |= bank; /* a bank may be empty */
	}
	if (others)
		return HV_STATUS_INVALID_VP_INDEX;
	*vps = first;
	return HV_STATUS_SUCCESS;
}
