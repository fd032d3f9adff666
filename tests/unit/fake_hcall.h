/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls over the real parser, table and handlers, as a VP makes them: the input in one page of
 * the root's, the output in another. Nothing may stay held or taken behind a call.
 */
#ifndef TESTS_FAKE_HCALL_H
#define TESTS_FAKE_HCALL_H

#include <string.h>

#include <cmocka.h>

#include "fake_root.h"
#include "hvapi/hypercall.h"
#include "kernel/log.h"

#define OK	     HV_STATUS_SUCCESS
#define IN_PFN	     (ROOT_FREE + 4096u)
#define OUT_PFN	     (ROOT_FREE + 4097u)
#define DATA_PFN     (ROOT_FREE + 4098u) /* the root's, for what a test needs */
#define GPA_OF(pfn)  ((uint64_t)(pfn) << PAGE_SHIFT)
#define JUNK	     0xcc
#define REPS(count)  ((uint64_t)(count) << HV_HYPERCALL_REP_COUNT_SHIFT)
#define START(count) ((uint64_t)(count) << HV_HYPERCALL_REP_START_SHIFT)
#define VAR(words)   ((uint64_t)(words) << 17)

static struct partition *child;
static struct vp *child_vp;
static uint32_t hcall_done;   /* reps of the last call */
static uint32_t hcall_rounds; /* times it had to be entered */
static uint64_t hcall_out_gpa = GPA_OF(OUT_PFN);

static inline uint8_t *at_pfn(uint64_t pfn)
{
	return hpa_ptr(HPA(pfn << PAGE_SHIFT));
}

void hypercall_page_fill(void *page)
{
	memset(page, 0xf4, PAGE_SIZE);
}

/* A log of 600 times the same letter. */
size_t log_read(uint64_t *cursor, char *buf, size_t len)
{
	size_t n = *cursor > 600 ? 0 : MIN(len, 600 - *cursor);

	memset(buf, 'q', n);
	*cursor += n;
	return n;
}

static inline uint16_t hcall_as(struct vp *caller, uint64_t control, const void *in, size_t n)
{
	struct hv_hcall_io io = {
		.control = control, .input = GPA_OF(IN_PFN), .output = hcall_out_gpa, .wide = true
	};
	uint32_t owner = child_vp ? child_vp->owner : 0;

	memset(at_pfn(OUT_PFN), JUNK, PAGE_SIZE);
	memset(at_pfn(IN_PFN), 0, PAGE_SIZE);
	memcpy(at_pfn(IN_PFN), in, n);
	hcall_rounds = 0;
	do {
		hypercall_dispatch(caller, &io);
		hcall_rounds++;
	} while (io.again);
	assert_false(io.fault);
	assert_int_equal(frame_holds(IN_PFN), 0);
	assert_int_equal(frame_holds(OUT_PFN), 0);
	assert_int_equal(fake_root.users, 0);
	assert_int_equal(fake_root_vp.owner, VP_IDLE);
	assert_int_equal(child->users, 0);
	if (child_vp)
		assert_int_equal(child_vp->owner, owner);
	hcall_done = (uint32_t)(io.result >> 32 & 0xfff);
	return HV_HYPERCALL_RESULT_STATUS(io.result);
}

static inline uint16_t hcall(uint64_t control, const void *in, size_t n)
{
	return hcall_as(&fake_root_vp, control, in, n);
}

/* By the child's VP, its input in a page that guest_page() has mapped. */
#define GUEST_GPA 0x5000u

static inline bool guest_page(void)
{
	return partition_map(child, GUEST_GPA >> PAGE_SHIFT, DATA_PFN, HV_MAP_GPA_READABLE) == OK;
}

static inline uint16_t guest_hcall(uint64_t control, const void *in, size_t n)
{
	struct hv_hcall_io io = { .control = control, .input = GUEST_GPA, .wide = true };

	memset(at_pfn(DATA_PFN), 0, PAGE_SIZE);
	memcpy(at_pfn(DATA_PFN), in, n);
	hypercall_dispatch(child_vp, &io);
	assert_false(io.fault || io.again);
	assert_int_equal(child->users, 0);
	hcall_done = HV_HYPERCALL_RESULT_REPS(io.result);
	return HV_HYPERCALL_RESULT_STATUS(io.result);
}

/* The output page, byte for byte from `from` on, is as it was before the call. */
static inline bool out_untouched(uint32_t from)
{
	for (uint32_t i = from; i < PAGE_SIZE; i++)
		if (at_pfn(OUT_PFN)[i] != JUNK)
			return false;
	return true;
}

/* A good input with one thing wrong in it. */
struct bad_field {
	uint32_t offset, size;
	uint64_t value;
	uint16_t status;
};

/* Each of them is refused with its status, asks the architecture nothing, answers nothing. */
static inline void refuse_each(uint64_t control, const void *good, uint32_t n,
			       const struct bad_field *bad, uint32_t count)
{
	uint8_t in[PAGE_SIZE];

	for (uint32_t i = 0; i < count; i++) {
		memcpy(in, good, n);
		memcpy(in + bad[i].offset, &bad[i].value, bad[i].size);
		fake_forget();
		if (hcall(control, in, n) != bad[i].status)
			fail_msg("row %u: offset %u, value %llx", i, bad[i].offset,
				 (unsigned long long)bad[i].value);
		assert_int_equal(fake_note_count, 0);
		assert_int_equal(hcall_done, 0);
	}
}

/* For the setup of a group, and its end: every page is the root's again. */
static inline int hcall_setup(void **state)
{
	(void)state;
	fake_root_boot(8);
	child = fake_child(ROOT_FREE, 64);
	partition_put(child);
	if (vp_create(child, 0) != OK)
		return -1;
	child_vp = vp_find(child, 0);
	return 0;
}

static inline int hcall_teardown(void **state)
{
	(void)state;
	child_vp = NULL;
	return fake_child_end(child) == OK && fake_root_missing() == 0 ? 0 : -1;
}

#endif
