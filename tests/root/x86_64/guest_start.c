/* SPDX-License-Identifier: MIT */
/* A guest's first state for code of a few instructions: 32 bits, flat segments, no paging. */
#include <string.h>

#include "tests/root/guest.h"

void guest_start(hv_partition_id id, uint32_t vp, const void *code, size_t size)
{
	union hv_register_value s = { .segment = {
					      .limit = ~0u, .selector = 8, .attributes = 0xc09b } };
	void *page = guest_pages(1, 1);

	memcpy(page, code, size);
	guest_map(id, GUEST_CODE / PAGE, page, 1, GUEST_RWX);
	CHECK_EQ(guest_set(id, vp, HV_X64_REGISTER_CS, &s), HV_STATUS_SUCCESS);
	s.segment.selector = 0x10;
	s.segment.attributes = 0xc093;
	CHECK_EQ(guest_set(id, vp, HV_X64_REGISTER_DS, &s), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_set(id, vp, HV_X64_REGISTER_SS, &s), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_set(id, vp, HV_X64_REGISTER_ES, &s), HV_STATUS_SUCCESS);
	guest_set64(id, vp, HV_X64_REGISTER_CR0, 0x31);
	guest_set64(id, vp, HV_X64_REGISTER_RIP, GUEST_CODE);
	guest_set64(id, vp, HV_X64_REGISTER_RSP, GUEST_CODE + PAGE);
}

/* vmmcall or vmcall; hlt; jmp back */
size_t guest_call_code(uint8_t *code)
{
	uint8_t c[] = { 0x0f, 0x01, hv_calls_by_vmcall() ? 0xc1 : 0xd9, 0xf4, 0xeb, 0xfa };

	memcpy(code, c, sizeof(c));
	return sizeof(c);
}

void guest_call_set(hv_partition_id id, uint32_t vp, uint64_t control, uint64_t in, uint64_t out)
{
	guest_set64(id, vp, HV_X64_REGISTER_RAX, (uint32_t)control);
	guest_set64(id, vp, HV_X64_REGISTER_RDX, control >> 32);
	guest_set64(id, vp, HV_X64_REGISTER_RBX, in >> 32);
	guest_set64(id, vp, HV_X64_REGISTER_RCX, (uint32_t)in);
	guest_set64(id, vp, HV_X64_REGISTER_RDI, out >> 32);
	guest_set64(id, vp, HV_X64_REGISTER_RSI, (uint32_t)out);
}

uint64_t guest_call_result(hv_partition_id id, uint32_t vp)
{
	return guest_get64(id, vp, HV_X64_REGISTER_RDX) << 32 |
	       guest_get64(id, vp, HV_X64_REGISTER_RAX);
}

void guest_no_vectors(hv_partition_id id, uint32_t vp)
{
	union hv_register_value none = { { 0, 0 } };

	CHECK_EQ(guest_set(id, vp, HV_X64_REGISTER_IDTR, &none), HV_STATUS_SUCCESS);
}
