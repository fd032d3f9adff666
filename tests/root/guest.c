/* SPDX-License-Identifier: MIT */
#include "tests/root/guest.h"

#include <stdio.h>
#include <string.h>

#define MAX_GUESTS 64u
#define MAX_BLOCKS 64u
#define BATCH	   256u
#define ROUNDS	   64u

static hv_partition_id guests[MAX_GUESTS];
static struct {
	void *va;
	size_t count;
} blocks[MAX_BLOCKS];

/* -- pages ------------------------------------------------------------------------------------- */

void *guest_pages(size_t count, size_t align)
{
	for (uint32_t i = 0; i < MAX_BLOCKS; i++)
		if (!blocks[i].va) {
			blocks[i].va = pages_alloc(count, align);
			blocks[i].count = count;
			CHECK(blocks[i].va != NULL);
			return blocks[i].va;
		}
	test_fail(__FILE__, __LINE__, "more than %u blocks of pages", MAX_BLOCKS);
}

static bool in_block(uint64_t pfn)
{
	for (uint32_t i = 0; i < MAX_BLOCKS; i++)
		if (blocks[i].va && pfn - pfn_of(blocks[i].va) < blocks[i].count)
			return true;
	return false;
}

uint64_t pfn_of(const void *va)
{
	return (uint64_t)va / PAGE;
}

uint64_t guest_range(enum boot_range_kind kind)
{
	for (uint32_t i = 0; i < boot_info->num_ranges; i++)
		if (boot_info->ranges[i].kind == kind)
			return boot_info->ranges[i].base;
	return 0;
}

/* -- partitions -------------------------------------------------------------------------------- */

void guest_track(hv_partition_id id)
{
	for (uint32_t i = 0; i < MAX_GUESTS; i++)
		if (!guests[i]) {
			guests[i] = id;
			return;
		}
	test_fail(__FILE__, __LINE__, "more than %u partitions", MAX_GUESTS);
}

static void forget(hv_partition_id id)
{
	for (uint32_t i = 0; i < MAX_GUESTS; i++)
		if (guests[i] == id)
			guests[i] = 0;
}

uint16_t guest_simple(uint16_t code, hv_partition_id id)
{
	struct hv_input_partition in = { id };

	return hv_status(code, &in, sizeof(in), NULL, 0);
}

uint16_t guest_deposit_list(hv_partition_id id, const uint64_t *pfns, uint32_t n, uint32_t *reps)
{
	uint64_t in[512], r;

	in[0] = id;
	memcpy(in + 1, pfns, 8 * n);
	r = hv_call(HVCALL_DEPOSIT_MEMORY | HV_REPS(n), in, 8 + 8 * (size_t)n, NULL, 0);
	if (reps)
		*reps = HV_HYPERCALL_RESULT_REPS(r);
	return HV_HYPERCALL_RESULT_STATUS(r);
}

void guest_deposit(hv_partition_id id, uint32_t n)
{
	uint64_t pfns[BATCH];

	while (n) {
		uint32_t k = n < BATCH ? n : BATCH, reps = 0;

		for (uint32_t i = 0; i < k; i++) {
			void *va = pages_alloc(1, 1);

			CHECK(va != NULL);
			pfns[i] = pfn_of(va);
		}
		CHECK_EQ(guest_deposit_list(id, pfns, k, &reps), HV_STATUS_SUCCESS);
		CHECK_EQ(reps, k);
		n -= k;
	}
}

/* Printed, not checked: it also cleans up. */
static bool take_back(hv_partition_id id, uint32_t max, uint32_t *got)
{
	struct hv_input_withdraw_memory in = { id, 0 };
	uint64_t pfns[BATCH], r = HV_STATUS_SUCCESS;

	*got = 0;
	while (*got < max && HV_HYPERCALL_RESULT_STATUS(r) == HV_STATUS_SUCCESS) {
		uint32_t k = max - *got < BATCH ? max - *got : BATCH, n;

		r = hv_call(HVCALL_WITHDRAW_MEMORY | HV_REPS(k), &in, sizeof(in), pfns,
			    sizeof(pfns));
		n = HV_HYPERCALL_RESULT_REPS(r);
		for (uint32_t i = 0; i < n && n <= k; i++)
			if (!in_block(pfns[i]))
				pages_free((void *)(pfns[i] * PAGE), 1);
		*got += n;
	}
	return *got == max || HV_HYPERCALL_RESULT_STATUS(r) == HV_STATUS_NO_RESOURCES;
}

uint32_t guest_withdraw(hv_partition_id id, uint32_t max)
{
	uint32_t got;

	CHECK(take_back(id, max, &got));
	return got;
}

hv_partition_id guest_create(uint64_t flags)
{
	struct hv_input_create_partition in = { .flags = flags };
	hv_partition_id id = 0;
	uint16_t status = HV_STATUS_INSUFFICIENT_MEMORY;

	for (uint32_t i = 0; i < ROUNDS && status == HV_STATUS_INSUFFICIENT_MEMORY; i++) {
		status = hv_status(HVCALL_CREATE_PARTITION, &in, sizeof(in), &id, sizeof(id));
		if (status == HV_STATUS_INSUFFICIENT_MEMORY)
			guest_deposit(HV_PARTITION_ID_SELF, 1);
	}
	CHECK_EQ(status, HV_STATUS_SUCCESS);
	guest_track(id);
	return id;
}

/* Call again after deposits for as long as that is what it wants. */
static void feed_call(hv_partition_id id, uint16_t code, const void *in, size_t len)
{
	uint16_t status = hv_status(code, in, len, NULL, 0);

	for (uint32_t i = 0; i < ROUNDS && status == HV_STATUS_INSUFFICIENT_MEMORY; i++) {
		guest_deposit(id, 4);
		status = hv_status(code, in, len, NULL, 0);
	}
	CHECK_EQ(status, HV_STATUS_SUCCESS);
}

void guest_initialize(hv_partition_id id)
{
	feed_call(id, HVCALL_INITIALIZE_PARTITION, &id, sizeof(id));
}

void guest_create_vp(hv_partition_id id, uint32_t vp)
{
	struct hv_input_create_vp in = { .partition_id = id, .vp_index = vp };

	feed_call(id, HVCALL_CREATE_VP, &in, sizeof(in));
}

hv_partition_id guest_new(uint64_t flags, uint32_t vps)
{
	hv_partition_id id = guest_create(flags);

	guest_initialize(id);
	for (uint32_t i = 0; i < vps; i++)
		guest_create_vp(id, i);
	return id;
}

void guest_delete(hv_partition_id id)
{
	CHECK_EQ(guest_simple(HVCALL_FINALIZE_PARTITION, id), HV_STATUS_SUCCESS);
	(void)guest_withdraw(id, UINT32_MAX);
	CHECK_EQ(guest_simple(HVCALL_DELETE_PARTITION, id), HV_STATUS_SUCCESS);
	forget(id);
}

void guests_clean_up(void)
{
	for (uint32_t i = 0; i < MAX_GUESTS; i++) {
		uint32_t got;

		if (!guests[i])
			continue;
		/* Finalized already, perhaps; what matters is whether it can be deleted. */
		(void)guest_simple(HVCALL_FINALIZE_PARTITION, guests[i]);
		if (!take_back(guests[i], UINT32_MAX, &got) ||
		    guest_simple(HVCALL_DELETE_PARTITION, guests[i]) != HV_STATUS_SUCCESS)
			printf("  partition %llu is left over\n", (unsigned long long)guests[i]);
		guests[i] = 0;
	}
	for (uint32_t i = 0; i < MAX_BLOCKS; i++) {
		if (blocks[i].va)
			pages_free(blocks[i].va, blocks[i].count);
		blocks[i].va = NULL;
	}
}

/* -- memory ------------------------------------------------------------------------------------ */

uint16_t guest_map_list(hv_partition_id id, uint64_t gfn, uint32_t flags, const uint64_t *pfns,
			uint32_t n, uint32_t *reps)
{
	struct {
		struct hv_input_map_gpa_pages h;
		uint64_t pfns[509];
	} in = { .h = { .partition_id = id, .target_gpa_base = gfn, .map_flags = flags } };
	uint64_t r;

	memcpy(in.pfns, pfns, 8 * n);
	r = hv_call(HVCALL_MAP_GPA_PAGES | HV_REPS(n), &in, sizeof(in.h) + 8 * (size_t)n, NULL, 0);
	if (reps)
		*reps = HV_HYPERCALL_RESULT_REPS(r);
	return HV_HYPERCALL_RESULT_STATUS(r);
}

uint16_t guest_map_raw(hv_partition_id id, uint64_t gfn, uint64_t pfn, uint32_t flags)
{
	return guest_map_list(id, gfn, flags, &pfn, 1, NULL);
}

uint16_t guest_unmap(hv_partition_id id, uint64_t gfn, uint32_t n, uint32_t flags, uint32_t *reps)
{
	struct hv_input_unmap_gpa_pages in = { id, gfn, flags, 0 };
	uint64_t r = hv_call(HVCALL_UNMAP_GPA_PAGES | HV_REPS(n), &in, sizeof(in), NULL, 0);

	if (reps)
		*reps = HV_HYPERCALL_RESULT_REPS(r);
	return HV_HYPERCALL_RESULT_STATUS(r);
}

void guest_map(hv_partition_id id, uint64_t gfn, const void *va, uint32_t n, uint32_t flags)
{
	uint64_t step = flags & HV_MAP_GPA_LARGE_PAGE ? HV_LARGE_PAGE_PAGES : 1;

	for (uint32_t i = 0; i < n; i++) {
		uint16_t status = HV_STATUS_INSUFFICIENT_MEMORY;

		for (uint32_t k = 0; k < ROUNDS && status == HV_STATUS_INSUFFICIENT_MEMORY; k++) {
			status = guest_map_raw(id, gfn + i * step, pfn_of(va) + i * step, flags);
			if (status == HV_STATUS_INSUFFICIENT_MEMORY)
				guest_deposit(id, 4);
		}
		CHECK_EQ(status, HV_STATUS_SUCCESS);
	}
}

uint32_t guest_peek(hv_partition_id id, uint64_t gpa, uint8_t *v)
{
	struct hv_input_read_gpa in = { id, 0, 1, gpa, 0 };
	struct hv_output_read_gpa out = { .result = 0x77 };

	CHECK_EQ(hv_status(HVCALL_READ_GPA, &in, sizeof(in), &out, sizeof(out)), HV_STATUS_SUCCESS);
	*v = out.data[0];
	return (uint32_t)out.result;
}

uint32_t guest_poke(hv_partition_id id, uint64_t gpa, uint8_t v)
{
	struct hv_input_write_gpa in = { id, 0, 1, gpa, 0, { v } };
	uint64_t out = 0x77;

	CHECK_EQ(hv_status(HVCALL_WRITE_GPA, &in, sizeof(in), &out, sizeof(out)),
		 HV_STATUS_SUCCESS);
	return (uint32_t)out;
}

/* -- VPs --------------------------------------------------------------------------------------- */

uint16_t guest_get(hv_partition_id id, uint32_t vp, uint32_t name, union hv_register_value *v)
{
	struct {
		struct hv_input_vp_registers h;
		uint32_t name;
	} in = { { .partition_id = id, .vp_index = vp }, name };

	return hv_status(HVCALL_GET_VP_REGISTERS | HV_REPS(1), &in, 20, v, sizeof(*v));
}

uint16_t guest_set(hv_partition_id id, uint32_t vp, uint32_t name, const union hv_register_value *v)
{
	struct {
		struct hv_input_vp_registers h;
		struct hv_register_assoc r;
	} in = { { .partition_id = id, .vp_index = vp }, { .name = name, .value = *v } };

	return hv_status(HVCALL_SET_VP_REGISTERS | HV_REPS(1), &in, sizeof(in), NULL, 0);
}

uint64_t guest_get64(hv_partition_id id, uint32_t vp, uint32_t name)
{
	union hv_register_value v = { { 0, 0 } };

	CHECK_EQ(guest_get(id, vp, name, &v), HV_STATUS_SUCCESS);
	return v.reg64;
}

uint16_t guest_set_status(hv_partition_id id, uint32_t vp, uint32_t name, uint64_t v)
{
	union hv_register_value r = { { v, 0 } };

	return guest_set(id, vp, name, &r);
}

void guest_set64(hv_partition_id id, uint32_t vp, uint32_t name, uint64_t v)
{
	uint16_t status = guest_set_status(id, vp, name, v);

	if (status != HV_STATUS_SUCCESS)
		test_fail(__FILE__, __LINE__, "register %x = %llx: status %x", (unsigned)name,
			  (unsigned long long)v, status);
}

uint16_t guest_dispatch(hv_partition_id id, uint32_t vp, uint32_t flags,
			struct hv_output_dispatch_vp *out)
{
	struct hv_input_dispatch_vp in = { .partition_id = id, .vp_index = vp, .flags = flags };

	return hv_status(HVCALL_DISPATCH_VP, &in, sizeof(in), out, sizeof(*out));
}

uint32_t guest_run(hv_partition_id id, uint32_t vp)
{
	struct hv_output_dispatch_vp out;

	for (uint32_t i = 0; i < 1000; i++) {
		CHECK_EQ(guest_dispatch(id, vp, HV_DISPATCH_VP_FLAG_CLEAR_INTERCEPT_SUSPEND, &out),
			 HV_STATUS_SUCCESS);
		if (out.dispatch_event == HV_VP_DISPATCH_EVENT_INTERCEPT)
			return guest_message(id, vp)->header.message_type;
		if (out.dispatch_state == HV_VP_DISPATCH_STATE_BLOCKED && !out.dispatch_event)
			return HVMSG_NONE;
		/* An interrupt of the root ends a run too. */
		CHECK_EQ(out.dispatch_state, HV_VP_DISPATCH_STATE_READY);
	}
	test_fail(__FILE__, __LINE__, "VP %u runs on", (unsigned)vp);
}

const struct hv_message *guest_message(hv_partition_id id, uint32_t vp)
{
	struct hv_input_vp_state_page in = { id, vp, HV_VP_STATE_PAGE_INTERCEPT_MESSAGE, 0, 0, 0 };
	uint64_t pfn = 0;

	CHECK_EQ(hv_status(HVCALL_MAP_VP_STATE_PAGE, &in, sizeof(in), &pfn, sizeof(pfn)),
		 HV_STATUS_SUCCESS);
	return (const struct hv_message *)(pfn * PAGE);
}
