/* SPDX-License-Identifier: MIT */
/* Partitions by hypercall: creation, properties, intercepts, interrupts, CPUID, system properties.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_hcall.h"

#define SYNTHETIC 0x0f408bffull /* every feature that a guest can have */
#define BAD	  HV_STATUS_INVALID_PARAMETER
#define BAD_STATE HV_STATUS_INVALID_PARTITION_STATE
#define RANGE	  HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE
#define UNKNOWN	  HV_STATUS_UNKNOWN_PROPERTY
#define GIVEN	  (uint64_t)(ROOT_FREE + 1024)

static struct partition *made; /* CREATED, for what only such a one may be told */

static uint16_t by_id(uint16_t code, uint64_t id)
{
	return hcall(code, &id, sizeof(id));
}

/* -- life ---------------------------------------------------------------------------------------
 */
static void test_create(void **state)
{
	static const struct bad_field bad[] = {
		{ 0, 8, HV_PARTITION_CREATION_FLAG_NESTED_VIRTUALIZATION_CAPABLE, BAD },
		{ 0, 8, BIT(63), BAD },
		{ 0, 8, 0x4, BAD },
		{ 20, 4, 1, BAD },
		{ 48, 8, 1, BAD },
		{ 48, 8, BIT(63), BAD },
	};
	struct hv_input_create_partition in = {
		.flags = HV_PARTITION_CREATION_FLAG_SMT_ENABLED_GUEST |
			 HV_PARTITION_CREATION_FLAG_GPA_SUPER_PAGES_ENABLED |
			 HV_PARTITION_CREATION_FLAG_EXO_PARTITION |
			 HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED |
			 HV_PARTITION_CREATION_FLAG_INTERCEPT_MESSAGE_PAGE_ENABLED |
			 HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE,
		.proximity = 5,
		.compatibility_version = 77,
		.disabled_processor_features = { 3, 4 },
		.disabled_xsave_features = 6,
	};
	uint64_t id, all = fake_root.privileges, deposit[2] = { HV_PARTITION_ID_SELF, GIVEN };
	struct partition *p;

	(void)state;
	/* A page of the root's own pool, that a refused call leaves there. */
	assert_int_equal(hcall(HVCALL_CREATE_PARTITION, &in, sizeof(in)),
			 HV_STATUS_INSUFFICIENT_MEMORY);
	assert_true(out_untouched(0));
	assert_int_equal(hcall(HVCALL_DEPOSIT_MEMORY | REPS(1), deposit, sizeof(deposit)), OK);
	refuse_each(HVCALL_CREATE_PARTITION, &in, sizeof(in), bad, ARRAY_LEN(bad));
	fake_root.privileges &= ~HV_PARTITION_PRIVILEGE_CREATE_PARTITIONS;
	assert_int_equal(hcall(HVCALL_CREATE_PARTITION, &in, sizeof(in)), HV_STATUS_ACCESS_DENIED);
	fake_root.privileges = all;
	assert_int_equal(fake_root.pool.free_count, 1);
	assert_int_equal(hcall(HVCALL_CREATE_PARTITION, &in, sizeof(in)), OK);
	memcpy(&id, at_pfn(OUT_PFN), sizeof(id));
	assert_true(out_untouched(sizeof(id)));
	p = partition_get(&fake_root, id);
	assert_non_null(p);
	partition_put(p);
	assert_int_equal(p->create_flags, in.flags);
	assert_int_equal(p->disabled_features[0], 3);
	assert_int_equal(p->disabled_features[1], 4);
	assert_int_equal(p->disabled_features[2], 6);
	/* Its life, by calls: what is refused is the kernel's to know (test_memory.c). */
	assert_int_equal(by_id(HVCALL_INITIALIZE_PARTITION, id), HV_STATUS_INSUFFICIENT_MEMORY);
	assert_int_equal(by_id(HVCALL_FINALIZE_PARTITION, id), OK);
	assert_int_equal(by_id(HVCALL_FINALIZE_PARTITION, id), BAD_STATE);
	assert_int_equal(by_id(HVCALL_DELETE_PARTITION, id), OK);
	/* The call's hold went with it: what was the structure is a free page, and untouched. */
	assert_int_equal(p->users, 1);
	assert_int_equal(by_id(HVCALL_DELETE_PARTITION, id), HV_STATUS_INVALID_PARTITION_ID);
	assert_int_equal(by_id(HVCALL_INITIALIZE_PARTITION, child->id), BAD_STATE);
	assert_int_equal(by_id(HVCALL_DELETE_PARTITION, child->id), BAD_STATE);
	for (uint16_t c = HVCALL_INITIALIZE_PARTITION; c <= HVCALL_DELETE_PARTITION; c++)
		assert_int_equal(by_id(c, HV_PARTITION_ID_SELF), HV_STATUS_ACCESS_DENIED);
	{
		struct hv_input_withdraw_memory w = { .partition_id = HV_PARTITION_ID_SELF };

		assert_int_equal(hcall(HVCALL_WITHDRAW_MEMORY | REPS(1), &w, sizeof(w)), OK);
	}
}

static void test_id(void **state)
{
	uint64_t id, all = fake_root.privileges;

	(void)state;
	assert_int_equal(hcall(HVCALL_GET_PARTITION_ID, &all, 0), OK);
	memcpy(&id, at_pfn(OUT_PFN), sizeof(id));
	assert_int_equal(id, PARTITION_ROOT_ID);
	fake_root.privileges &= ~HV_PARTITION_PRIVILEGE_ACCESS_PARTITION_ID;
	assert_int_equal(hcall(HVCALL_GET_PARTITION_ID, &all, 0), HV_STATUS_ACCESS_DENIED);
	fake_root.privileges = all;
}

/* -- properties ---------------------------------------------------------------------------------
 */
static uint16_t get(struct partition *p, uint32_t code, uint64_t *v)
{
	struct hv_input_get_partition_property in = { .partition_id = p->id,
						      .property_code = code };
	uint16_t status = hcall(HVCALL_GET_PARTITION_PROPERTY, &in, sizeof(in));

	if (status != OK)
		assert_true(out_untouched(0));
	memcpy(v, at_pfn(OUT_PFN), sizeof(*v));
	return status;
}

static uint16_t set(struct partition *p, uint32_t code, uint64_t v)
{
	struct hv_input_set_partition_property in = { .partition_id = p->id,
						      .property_code = code,
						      .property_value = v };

	return hcall(HVCALL_SET_PARTITION_PROPERTY, &in, sizeof(in));
}

static uint64_t value(struct partition *p, uint32_t code)
{
	uint64_t v;

	assert_int_equal(get(p, code, &v), OK);
	return v;
}

static void test_property_input(void **state)
{
	static const struct bad_field bad[] = {
		{ 12, 4, 1, BAD },
		{ 12, 4, 0x80000000u, BAD },
		{ 0, 8, 999, HV_STATUS_INVALID_PARTITION_ID },
	};
	static const struct bad_field bad_ex[] = {
		{ 12, 4, 1, BAD },
		{ 16, 8, 1, BAD },
		{ 16, 8, BIT(63), BAD },
		{ 8, 4, 0, UNKNOWN },
		{ 8, 4, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, UNKNOWN },
		{ 0, 8, 999, HV_STATUS_INVALID_PARTITION_ID },
	};
	struct hv_input_get_partition_property g = { .partition_id = child->id,
						     .property_code =
							     HV_PARTITION_PROPERTY_TIME_FREEZE };
	struct hv_input_set_partition_property s = { .partition_id = child->id,
						     .property_code =
							     HV_PARTITION_PROPERTY_TIME_FREEZE,
						     .property_value = 1 };
	struct hv_input_get_partition_property_ex x = {
		.partition_id = child->id,
		.property_code = HV_PARTITION_PROPERTY_ASSIGNABLE_SYNTHETIC_FEATURES
	};
	uint64_t out[2];

	(void)state;
	refuse_each(HVCALL_GET_PARTITION_PROPERTY, &g, sizeof(g), bad, ARRAY_LEN(bad));
	assert_true(out_untouched(0));
	refuse_each(HVCALL_SET_PARTITION_PROPERTY, &s, sizeof(s), bad, ARRAY_LEN(bad));
	assert_false(child->time_frozen);
	refuse_each(HVCALL_GET_PARTITION_PROPERTY_EX, &x, sizeof(x), bad_ex, ARRAY_LEN(bad_ex));
	assert_true(out_untouched(0));
	/* One bank: every feature that a guest's privileges give. */
	assert_int_equal(hcall(HVCALL_GET_PARTITION_PROPERTY_EX, &x, sizeof(x)), OK);
	memcpy(out, at_pfn(OUT_PFN), sizeof(out));
	assert_int_equal(out[0], 1);
	assert_int_equal(out[1], SYNTHETIC);
	x.property_code = HV_PARTITION_PROPERTY_VMM_CAPABILITIES;
	assert_int_equal(hcall(HVCALL_GET_PARTITION_PROPERTY_EX, &x, sizeof(x)), OK);
	memcpy(out, at_pfn(OUT_PFN), sizeof(out));
	assert_int_equal(out[0], 1);
	assert_int_equal(out[1], 0);
	assert_true(out_untouched(sizeof(out)));
	/* The root asks for its own too, but sets none of them. */
	assert_int_equal(value(&fake_root, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS),
			 HV_PARTITION_PRIVILEGES_ROOT);
	assert_int_equal(set(&fake_root, HV_PARTITION_PROPERTY_TIME_FREEZE, 1),
			 HV_STATUS_ACCESS_DENIED);
}

/* Before initialization, and then never again. */
static void test_privileges(void **state)
{
	uint32_t flags = HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS;
	uint32_t synthetic = HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES;
	uint64_t guest = HV_PARTITION_PRIVILEGES_GUEST;

	(void)state;
	assert_int_equal(value(made, flags), guest);
	assert_int_equal(value(made, synthetic), SYNTHETIC);
	for (uint32_t b = 0; b < 64; b++) {
		uint16_t want = guest & BIT(b) ? OK : RANGE;

		assert_int_equal(set(made, flags, guest ^ BIT(b)), want);
		assert_int_equal(value(made, flags), want == OK ? guest ^ BIT(b) : guest);
		assert_int_equal(set(made, flags, guest), OK);
	}
	/* A feature is its privilege, or none that the flags have; 0, 1 and 22 are always there. */
	for (uint32_t b = 0; b < 64; b++) {
		uint16_t want = SYNTHETIC & BIT(b) ? OK : RANGE;
		uint64_t was = value(made, flags);

		assert_int_equal(set(made, synthetic, SYNTHETIC ^ BIT(b)), want);
		if (want != OK)
			assert_int_equal(value(made, flags), was);
		else
			assert_int_equal(value(made, synthetic), b == 0 || b == 1 || b == 22
									 ? SYNTHETIC
									 : SYNTHETIC ^ BIT(b));
		assert_int_equal(set(made, synthetic, SYNTHETIC), OK);
		assert_int_equal(value(made, flags), guest);
	}
	assert_int_equal(set(made, synthetic, 0), OK);
	assert_int_equal(value(made, flags), 0);
	assert_int_equal(set(made, synthetic, 1ull << 2), OK);
	assert_int_equal(value(made, flags), HV_PARTITION_PRIVILEGE_VP_RUNTIME);
	assert_int_equal(set(made, flags, guest), OK);
	assert_int_equal(value(made, synthetic), 0x400bff);
	/* Flags leave the other features as they are. */
	assert_int_equal(set(made, synthetic, 1ull << 25), OK);
	assert_int_equal(value(made, flags), 0);
	assert_int_equal(set(made, flags, guest), OK);
	assert_int_equal(value(made, synthetic), 0x2400bff);
	assert_int_equal(set(made, synthetic, SYNTHETIC), OK);
	assert_int_equal(set(child, flags, 0), BAD_STATE);
	assert_int_equal(set(child, synthetic, 0), BAD_STATE);
	assert_int_equal(value(child, flags), guest);
}

static void test_time(void **state)
{
	uint32_t freeze = HV_PARTITION_PROPERTY_TIME_FREEZE;
	uint32_t reference = HV_PARTITION_PROPERTY_REFERENCE_TIME;

	(void)state;
	/* What works on that which initialization makes. */
	assert_int_equal(set(made, freeze, 1), BAD_STATE);
	assert_int_equal(set(made, reference, 5), BAD_STATE);
	assert_int_equal(set(child, freeze, 2), RANGE);
	assert_int_equal(set(child, freeze, BIT(63) | 1), RANGE);
	assert_int_equal(value(child, freeze), 0);
	assert_int_equal(set(child, freeze, 1), OK);
	assert_int_equal(value(child, freeze), 1);
	assert_int_equal(set(child, reference, 12345), OK);
	assert_int_equal(value(child, reference), 12345);
	fake_time += fake_time_hz;
	assert_int_equal(value(child, reference), 12345);
	assert_int_equal(set(child, freeze, 0), OK);
	fake_time += fake_time_hz;
	assert_int_equal(value(child, reference), 12345 + 10000000);
	/* Not under a VP that looks at the clock. */
	for (uint32_t owner = VP_ACCESSED; owner <= VP_RUNNING; owner++) {
		child_vp->owner = owner;
		assert_int_equal(set(child, reference, 1), HV_STATUS_INVALID_VP_STATE);
		assert_int_equal(value(child, reference), 12345 + 10000000);
	}
	assert_int_equal(set(child, freeze, 1), HV_STATUS_INVALID_VP_STATE);
	child_vp->owner = VP_IDLE;
}

static void test_other_properties(void **state)
{
	uint32_t action = HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION;
	uint64_t v;

	(void)state;
	assert_int_equal(value(child, action), 0);
	assert_int_equal(set(child, action, 2), RANGE);
	assert_int_equal(set(child, action, BIT(32)), RANGE);
	assert_int_equal(set(child, action, 1), OK);
	assert_int_equal(value(child, action), 1);
	assert_int_equal(set(child, action, 0), OK);
	assert_int_equal(set(made, action, 1), BAD_STATE);
	child->guest_os_id = 0x8100ull << 48;
	assert_int_equal(value(child, HV_PARTITION_PROPERTY_GUEST_OS_ID), child->guest_os_id);
	assert_int_equal(value(child, HV_PARTITION_PROPERTY_COMPATIBILITY_VERSION),
			 HV_COMPATIBILITY_21_H2);
	/* The rest is the architecture's to answer, and nobody's to set. */
	assert_int_equal(value(child, 0x60001), ~0x60001ull);
	fake_arch_status = UNKNOWN;
	assert_int_equal(get(child, 0x60001, &v), UNKNOWN);
	fake_arch_status = OK;
	assert_int_equal(set(child, 0x60001, 1), UNKNOWN);
	assert_int_equal(set(child, HV_PARTITION_PROPERTY_GUEST_OS_ID, 1), UNKNOWN);
	assert_int_equal(set(made, 0x60001, 1), BAD_STATE);
}

/* -- intercepts and interrupts ------------------------------------------------------------------
 */
static void test_intercepts(void **state)
{
	static const struct bad_field bad[] = {
		{ 8, 4, 8, BAD },
		{ 8, 4, 0x80000001u, BAD },
		{ 0, 8, HV_PARTITION_ID_SELF, HV_STATUS_ACCESS_DENIED },
	};
	struct hv_input_install_intercept in = { .partition_id = child->id,
						 .access_type = 7,
						 .intercept_type = 2 };
	struct hv_input_register_intercept_result r = { .partition_id = child->id,
							.intercept_type = 2 };
	struct hv_input_assert_virtual_interrupt i = { .partition_id = child->id, .vector = 0x41 };

	(void)state;
	refuse_each(HVCALL_INSTALL_INTERCEPT, &in, sizeof(in), bad, ARRAY_LEN(bad));
	/* Passed on with the status that comes of it, to a partition that is there to have one. */
	for (uint32_t k = 0; k < 2; k++) {
		fake_arch_status = k ? BAD : OK;
		fake_forget();
		assert_int_equal(hcall(HVCALL_INSTALL_INTERCEPT, &in, sizeof(in)),
				 fake_arch_status);
		assert_int_equal(fake_count(FAKE_INSTALL_INTERCEPT, child), 1);
		assert_int_equal(hcall(HVCALL_REGISTER_INTERCEPT_RESULT, &r, sizeof(r)),
				 fake_arch_status);
		assert_int_equal(fake_count(FAKE_REGISTER_RESULT, child), 1);
		assert_int_equal(hcall(HVCALL_ASSERT_VIRTUAL_INTERRUPT, &i, sizeof(i)),
				 fake_arch_status);
		assert_int_equal(fake_count(FAKE_ASSERT_INTERRUPT, child), 1);
	}
	fake_arch_status = OK;
	in.partition_id = r.partition_id = i.partition_id = made->id;
	fake_forget();
	assert_int_equal(hcall(HVCALL_INSTALL_INTERCEPT, &in, sizeof(in)), BAD_STATE);
	assert_int_equal(hcall(HVCALL_REGISTER_INTERCEPT_RESULT, &r, sizeof(r)), BAD_STATE);
	assert_int_equal(hcall(HVCALL_ASSERT_VIRTUAL_INTERRUPT, &i, sizeof(i)), BAD_STATE);
	assert_int_equal(fake_note_count, 0);
}

/* -- CPUID --------------------------------------------------------------------------------------
 */
static struct {
	struct hv_input_get_vp_cpuid_values h;
	struct hv_cpuid_leaf_info leaf[8];
} leaves;
static uint32_t bad_leaf;

static void hook_cpuid(const struct fake_note *n)
{
	if (n->call != FAKE_CPUID_VALUES)
		return;
	assert_int_equal(child_vp->owner, VP_ACCESSED);
	fake_arch_status = n->arg == bad_leaf ? BAD : OK;
}

static void test_cpuid(void **state)
{
	static const struct bad_field bad[] = {
		{ 12, 4, 4, BAD },
		{ 12, 4, 0x80000000u, BAD },
		{ 16, 4, 1, BAD },
		{ 20, 4, 1, BAD },
		{ 8, 4, 1, HV_STATUS_INVALID_VP_INDEX },
	};
	uint64_t call = HVCALL_GET_VP_CPUID_VALUES | REPS(8);
	struct hv_cpuid_values v;

	(void)state;
	leaves.h.partition_id = child->id;
	leaves.h.flags = 3;
	for (uint32_t i = 0; i < 8; i++)
		leaves.leaf[i] = (struct hv_cpuid_leaf_info){ .eax = 0x100 + i, .ecx = i };
	refuse_each(call, &leaves, sizeof(leaves), bad, ARRAY_LEN(bad));
	fake_hook = hook_cpuid;
	for (uint32_t k = 0; k <= 8; k++) {
		bad_leaf = 0x100 + k;
		assert_int_equal(hcall(call, &leaves, sizeof(leaves)), k < 8 ? BAD : OK);
		assert_int_equal(hcall_done, k);
		for (uint32_t i = 0; i < k; i++) {
			memcpy(&v, at_pfn(OUT_PFN) + sizeof(v) * i, sizeof(v));
			assert_int_equal(v.eax, 0x100 + i);
			assert_int_equal(v.ebx, i);
			assert_int_equal(v.ecx, 3);
		}
		assert_true(out_untouched(sizeof(v) * k));
	}
	bad_leaf = 0x100; /* before the first that is asked for */
	assert_int_equal(hcall(call | START(6), &leaves, sizeof(leaves)), OK);
	assert_int_equal(hcall_done, 8);
	memcpy(&v, at_pfn(OUT_PFN) + sizeof(v) * 6, sizeof(v));
	assert_int_equal(v.eax, 0x106);
	assert_int_equal(at_pfn(OUT_PFN)[sizeof(v) * 6 - 1], JUNK);
	fake_hook = NULL;
	fake_forget();
	child_vp->owner = VP_RUNNING;
	assert_int_equal(hcall(call, &leaves, sizeof(leaves)), HV_STATUS_INVALID_VP_STATE);
	child_vp->owner = VP_IDLE;
	leaves.h.partition_id = HV_PARTITION_ID_SELF;
	leaves.h.vp_index = HV_VP_INDEX_SELF;
	assert_int_equal(hcall(call, &leaves, sizeof(leaves)), HV_STATUS_INVALID_VP_STATE);
	assert_int_equal(fake_note_count, 0);
}

/* -- the system ---------------------------------------------------------------------------------
 */
static void test_system(void **state)
{
	struct hv_input_get_system_property in = { .property_id =
							   HV_SYSTEM_PROPERTY_SCHEDULER_TYPE };
	uint64_t v, cursor = 0;

	(void)state;
	assert_int_equal(hcall(HVCALL_GET_SYSTEM_PROPERTY, &in, sizeof(in)), OK);
	memcpy(&v, at_pfn(OUT_PFN), sizeof(v));
	assert_int_equal(v, HV_SCHEDULER_TYPE_ROOT);
	in.padding = 1;
	assert_int_equal(hcall(HVCALL_GET_SYSTEM_PROPERTY, &in, sizeof(in)),
			 HV_STATUS_INVALID_PARAMETER);
	in.padding = 0;
	in.arg = 1ull << 63;
	assert_int_equal(hcall(HVCALL_GET_SYSTEM_PROPERTY, &in, sizeof(in)),
			 HV_STATUS_INVALID_PARAMETER);
	in.arg = 0;
	in.property_id = HV_SYSTEM_PROPERTY_CRASHDUMP_AREA;
	assert_int_equal(hcall(HVCALL_GET_SYSTEM_PROPERTY, &in, sizeof(in)), UNKNOWN);
	assert_true(out_untouched(0));
	/* The log, a piece at a time: text behind the cursor, zero behind the text. */
	for (uint32_t i = 0; i < 3; i++) {
		static const uint64_t next[] = { 504, 600, 600 };

		assert_int_equal(hcall(HVCALL_QUOIN_READ_LOG, &cursor, sizeof(cursor)), OK);
		memcpy(&v, at_pfn(OUT_PFN), sizeof(v));
		assert_int_equal(v, next[i]);
		for (uint64_t k = 0; k < 504; k++)
			assert_int_equal(at_pfn(OUT_PFN)[8 + k], k < next[i] - cursor ? 'q' : 0);
		assert_true(out_untouched(512));
		cursor = v;
	}
}

static int setup(void **state)
{
	if (hcall_setup(state))
		return -1;
	made = fake_child_create(ROOT_FREE + 512, 8);
	partition_put(made);
	return 0;
}

static int teardown(void **state)
{
	if (fake_child_end(made) != OK)
		return -1;
	return hcall_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),	       cmocka_unit_test(test_id),
		cmocka_unit_test(test_property_input), cmocka_unit_test(test_privileges),
		cmocka_unit_test(test_time),	       cmocka_unit_test(test_other_properties),
		cmocka_unit_test(test_intercepts),     cmocka_unit_test(test_cpuid),
		cmocka_unit_test(test_system),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
