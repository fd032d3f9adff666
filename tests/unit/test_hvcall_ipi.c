/* SPDX-License-Identifier: MIT */
/* HvCallSendSyntheticClusterIpi and its Ex form: fields, sets, and what is in which mailbox. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_hcall.h"

#define FAST	HV_HYPERCALL_FAST
#define VECTOR	0xd1u
#define WORD	(VECTOR >> 6)
#define THE_BIT (1ull << (VECTOR & 63))

struct ex {
	struct hv_input_send_synthetic_cluster_ipi_ex head;
	uint64_t bank[2];
};

static int setup(void **state)
{
	if (hcall_setup(state))
		return -1;
	child->create_flags |= HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED;
	return guest_page() && vp_create(child, 1) == OK && vp_create(child, 63) == OK ? 0 : -1;
}

/* VPs of whom the vector came, and nobody's anything else. */
static uint64_t received(void)
{
	uint64_t got = 0;

	for (uint32_t i = 0; i < PARTITION_MAX_VPS; i++) {
		struct vp *vp = vp_find(child, i);

		if (!vp)
			continue;
		for (uint32_t w = 0; w < 4; w++)
			assert_int_equal(vp->mail_irr[w], vp->mail && w == WORD ? THE_BIT : 0);
		assert_int_equal(vp->mail_level[WORD], 0);
		assert_true(vp->mail == 0 || vp->mail == VP_MAIL_IRQ);
		if (vp->mail)
			got |= BIT(i);
		vp->mail = 0;
		vp->mail_irr[WORD] = 0;
	}
	return got;
}

static uint16_t fast(uint64_t low, uint64_t high)
{
	struct hv_hcall_io io = { .control = HVCALL_SEND_SYNTHETIC_CLUSTER_IPI | FAST,
				  .input = low,
				  .output = high,
				  .wide = true };

	hypercall_dispatch(child_vp, &io);
	assert_false(io.again || io.fault);
	return HV_HYPERCALL_RESULT_STATUS(io.result);
}

static void test_mask(void **state)
{
	(void)state;
	assert_int_equal(fast(VECTOR, 2), OK);
	assert_int_equal(received(), 2);
	assert_int_equal(fast(VECTOR, 1), OK); /* itself */
	assert_int_equal(received(), 1);
	assert_int_equal(fast(VECTOR, 0), OK);
	assert_int_equal(received(), 0);
	/* Who is not there gets nothing */
	assert_int_equal(fast(VECTOR, ~0ull), OK);
	assert_int_equal(received(), 1ull << 63 | 3);
	assert_int_equal(fast(VECTOR, 0x7ffffffffffffffcull), OK);
	assert_int_equal(received(), 0);
	assert_int_equal(child->users, 0);
	/* The form in memory */
	assert_int_equal(guest_hcall(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI,
				     &(struct hv_input_send_synthetic_cluster_ipi){
					     .vector = VECTOR, .processor_mask = 1ull << 63 },
				     16),
			 OK);
	assert_int_equal(received(), 1ull << 63);
}

static void test_fields(void **state)
{
	(void)state;
	for (uint32_t v = 0; v < 0x200; v++) {
		assert_int_equal(fast(v, 2),
				 v >= 0x10 && v <= 0xff ? OK : HV_STATUS_INVALID_PARAMETER);
		assert_int_equal(vp_find(child, 1)->mail, v >= 0x10 && v <= 0xff ? VP_MAIL_IRQ : 0);
		vp_find(child, 1)->mail = 0;
		memset(vp_find(child, 1)->mail_irr, 0, sizeof(child_vp->mail_irr));
	}
	/* Target VTL and padding: each bit is refused */
	for (uint32_t b = 32; b < 64; b++)
		assert_int_equal(fast(VECTOR | BIT(b), 2), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(fast(BIT(31) | VECTOR, 2), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(received(), 0);
	/* No local APIC of ours, no receiver */
	child->create_flags &= ~(uint64_t)HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED;
	assert_int_equal(fast(VECTOR, 2), HV_STATUS_INVALID_PARTITION_STATE);
	child->create_flags |= HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED;
	assert_int_equal(received(), 0);
}

static uint16_t ex(struct ex *in, uint32_t banks)
{
	return guest_hcall(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX | VAR(banks), in,
			   sizeof(in->head) + 8ul * banks);
}

static void test_ex(void **state)
{
	struct ex in = { .head = { .vector = VECTOR, .processor_set = { 0, 1 } }, .bank = { 2 } };

	(void)state;
	assert_int_equal(ex(&in, 1), OK);
	assert_int_equal(received(), 2);
	in.bank[0] = ~0ull;
	assert_int_equal(ex(&in, 1), OK);
	assert_int_equal(received(), 1ull << 63 | 3);
	in.head.processor_set = (struct hv_vp_set){ HV_GENERIC_SET_ALL, 0 };
	assert_int_equal(ex(&in, 0), OK);
	assert_int_equal(received(), 1ull << 63 | 3);
	/* What the decoder refuses, and what both forms do */
	assert_int_equal(ex(&in, 1), HV_STATUS_INVALID_HYPERCALL_INPUT);
	in.head.processor_set.format = 2;
	assert_int_equal(ex(&in, 0), HV_STATUS_INVALID_PARAMETER);
	in.head.processor_set = (struct hv_vp_set){ 0, 2 };
	assert_int_equal(ex(&in, 1), HV_STATUS_INVALID_VP_INDEX);
	in.head.processor_set = (struct hv_vp_set){ 0, 1 };
	in.head.vector = 0xf;
	assert_int_equal(ex(&in, 1), HV_STATUS_INVALID_PARAMETER);
	in.head.vector = VECTOR;
	in.head.target_vtl = 1;
	assert_int_equal(ex(&in, 1), HV_STATUS_INVALID_PARAMETER);
	in.head.target_vtl = 0;
	in.head.padding[2] = 1;
	assert_int_equal(ex(&in, 1), HV_STATUS_INVALID_PARAMETER);
	in.head.padding[2] = 0;
	/* There is no fast form: the set alone is more than two registers hold */
	assert_int_equal(guest_hcall(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX | FAST, &in, sizeof(in)),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(received(), 0);
}

/* A partition that is not offered the calls does not have them, nor does the root. */
static void test_offered(void **state)
{
	struct ex in = { .head = { .vector = VECTOR, .processor_set = { 0, 1 } }, .bank = { 2 } };
	uint64_t all = child->privileges;

	(void)state;
	child->privileges = all & ~PARTITION_FEATURE_EX_MASKS;
	assert_int_equal(ex(&in, 1), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(fast(VECTOR, 1), OK);
	assert_int_equal(received(), 1);
	child->privileges = all & ~PARTITION_FEATURE_CLUSTER_IPI;
	assert_int_equal(ex(&in, 1), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(fast(VECTOR, 1), HV_STATUS_ACCESS_DENIED);
	child->privileges = all;
	assert_int_equal(hcall(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI, &in, 16),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(received(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_ex),
		cmocka_unit_test(test_offered),
	};

	return cmocka_run_group_tests(tests, setup, hcall_teardown);
}
