/* SPDX-License-Identifier: MIT */
/* A guest's first state for code of a few instructions: EL1, MMU off. */
#include <string.h>

#include "tests/root/guest.h"

void guest_start(hv_partition_id id, uint32_t vp, const void *code, size_t size)
{
	void *page = guest_pages(1, 1);

	memcpy(page, code, size);
	guest_map(id, GUEST_CODE / PAGE, page, 1, GUEST_RWX);
	/* Not turned on by another */
	guest_set64(id, vp, HV_REGISTER_INTERNAL_ACTIVITY_STATE, 0);
	guest_set64(id, vp, HV_ARM64_REGISTER_PC, GUEST_CODE);
	guest_set64(id, vp, HV_ARM64_REGISTER_SP_EL1, GUEST_CODE + PAGE);
}

/* hvc #1; wfi; b back */
size_t guest_call_code(uint8_t *code)
{
	static const uint32_t c[] = { 0xd4000022, 0xd503207f, 0x17fffffe };

	memcpy(code, c, sizeof(c));
	return sizeof(c);
}

void guest_call_set(hv_partition_id id, uint32_t vp, uint64_t control, uint64_t in, uint64_t out)
{
	guest_set64(id, vp, HV_ARM64_REGISTER_X0, control);
	guest_set64(id, vp, HV_ARM64_REGISTER_X0 + 1, in);
	guest_set64(id, vp, HV_ARM64_REGISTER_X0 + 2, out);
}

uint64_t guest_call_result(hv_partition_id id, uint32_t vp)
{
	return guest_get64(id, vp, HV_ARM64_REGISTER_X0);
}

/* The vectors lie where nothing is mapped. */
void guest_no_vectors(hv_partition_id id, uint32_t vp)
{
	guest_set64(id, vp, HV_ARM64_REGISTER_VBAR_EL1, 0x80000000);
}
