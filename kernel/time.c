/* SPDX-License-Identifier: MIT */
/* Reference time of a partition, in 100 ns, from the host's TSC. */
#include "kernel/arch.h"

#define REF_HZ 10000000ull

uint64_t partition_reference_time(const struct partition *p)
{
	uint64_t at = p->time_frozen ? p->frozen_at : arch_time();

	return p->ref_base + arch_mul_div(at - p->ref_tsc, REF_HZ, arch_time_hz());
}

void partition_set_reference_time(struct partition *p, uint64_t t)
{
	p->ref_tsc = p->time_frozen ? p->frozen_at : arch_time();
	p->ref_base = t;
}

uint64_t partition_reference_to_host(const struct partition *p, uint64_t t)
{
	uint64_t delta;

	if (p->time_frozen || t == UINT64_MAX)
		return UINT64_MAX;
	if (t <= p->ref_base)
		return p->ref_tsc;
	delta = t - p->ref_base;
	/* A deadline in more than ten years is none; below, the product fits at any clock rate. */
	if (delta >> 52)
		return UINT64_MAX;
	/* Rounded up: at the answer the reference time has reached t. */
	return p->ref_tsc + arch_mul_div(delta, arch_time_hz(), REF_HZ) + arch_time_hz() / REF_HZ +
	       1;
}

uint16_t partition_freeze_time(struct partition *p, bool freeze)
{
	uint64_t gone;

	if (freeze == p->time_frozen)
		return HV_STATUS_SUCCESS;
	if (freeze) {
		for (uint32_t i = 0; i < PARTITION_MAX_VPS; i++)
			if (p->vps[i] && atomic_load(&p->vps[i]->owner) == VP_RUNNING)
				return HV_STATUS_INVALID_VP_STATE;
		p->frozen_at = arch_time();
		p->time_frozen = true;
		return HV_STATUS_SUCCESS;
	}
	gone = arch_time() - p->frozen_at;
	p->ref_tsc += gone;
	for (uint32_t i = 0; i < PARTITION_MAX_VPS; i++)
		if (p->vps[i])
			arch_vp_shift_time(p->vps[i], gone);
	p->time_frozen = false;
	return HV_STATUS_SUCCESS;
}
