/* SPDX-License-Identifier: MIT */
/* Properties and memory by address: what the root shapes a guest by, on every architecture. */
#include <string.h>

#include "tests/root/guest.h"
#include "tests/root/property.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* -- properties -------------------------------------------------------------------------------- */

TEST(property_get)
{
	static const uint32_t unknown[] = {
		0,
		1,
		0x10002,
		HV_PARTITION_PROPERTY_SUSPEND,
		HV_PARTITION_PROPERTY_PROCESSORS_PER_SOCKET,
		HV_PARTITION_PROPERTY_GPA_PAGE_ACCESS_TRACKING,
		HV_PARTITION_PROPERTY_VMM_CAPABILITIES,
		0x60001,
		0x60004,
		0x6000c,
		0xffffffff,
	};
	hv_partition_id id = guest_new(GUEST_FLAGS, 1);
	struct hv_input_get_partition_property in = { id, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS,
						      1 };
	uint64_t v = 0x77;

	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS), HV_PARTITION_PRIVILEGES_GUEST);
	CHECK_EQ(value(1, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS), HV_PARTITION_PRIVILEGES_ROOT);
	CHECK_EQ(value(HV_PARTITION_ID_SELF, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS),
		 HV_PARTITION_PRIVILEGES_ROOT);
	/* Those of the guest, as bits of another order */
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES),
		 0x400bff | ROOT_GUEST_FEATURES);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_TIME_FREEZE), 0);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION), 0);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_COMPATIBILITY_VERSION), HV_COMPATIBILITY_21_H2);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_GUEST_OS_ID), 0);
	guest_set64(id, 0, HV_REGISTER_GUEST_OS_ID, 0x8100123456789abcull);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_GUEST_OS_ID), 0x8100123456789abcull);
	v = 0x77;
	for (uint32_t i = 0; i < LEN(unknown); i++) {
		CHECK_EQ(get(id, unknown[i], &v), HV_STATUS_UNKNOWN_PROPERTY);
		CHECK_EQ(get(1, unknown[i], &v), HV_STATUS_UNKNOWN_PROPERTY);
	}
	CHECK_EQ(hv_status(HVCALL_GET_PARTITION_PROPERTY, &in, sizeof(in), &v, sizeof(v)),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(v, 0x77);
}

TEST(property_set)
{
	static const uint32_t read_only[] = {
		HV_PARTITION_PROPERTY_COMPATIBILITY_VERSION, HV_PARTITION_PROPERTY_GUEST_OS_ID,
		HV_PARTITION_PROPERTY_PROCESSOR_VENDOR,	     HV_PARTITION_PROPERTY_XSAVE_STATES,
		HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0,   HV_PARTITION_PROPERTY_SUSPEND,
		HV_PARTITION_PROPERTY_APIC_FREQUENCY,	     0xffffffff,
	};
	struct hv_input_set_partition_property in;
	hv_partition_id id = guest_create(0);
	uint64_t some = HV_PARTITION_PRIVILEGE_SYNIC | HV_PARTITION_PRIVILEGE_VP_INDEX;

	/* Before initialization: what the guest may do */
	for (uint32_t i = 0; i < 64; i++)
		CHECK_EQ(set(id, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, 1ull << i),
			 HV_PARTITION_PRIVILEGES_GUEST >> i & 1
				 ? HV_STATUS_SUCCESS
				 : HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE);
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, some), HV_STATUS_SUCCESS);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS), some);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES),
		 0x400113 | ROOT_GUEST_FEATURES);
	for (uint32_t i = 0; i < 64; i++)
		CHECK_EQ(set(id, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, 1ull << i),
			 (0x400bffull | ROOT_GUEST_FEATURES) >> i & 1
				 ? HV_STATUS_SUCCESS
				 : HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE);
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, 0xc), HV_STATUS_SUCCESS);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS),
		 HV_PARTITION_PRIVILEGE_VP_RUNTIME | HV_PARTITION_PRIVILEGE_TIME_REF_COUNT);
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_TIME_FREEZE, 1), HV_STATUS_INVALID_PARTITION_STATE);
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_REFERENCE_TIME, 1),
		 HV_STATUS_INVALID_PARTITION_STATE);
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1),
		 HV_STATUS_INVALID_PARTITION_STATE);
	guest_initialize(id);
	guest_create_vp(id, 0);
	/* And after: not any longer */
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, some),
		 HV_STATUS_INVALID_PARTITION_STATE);
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, 0),
		 HV_STATUS_INVALID_PARTITION_STATE);
	/* What it may not do is not there for it. */
	CHECK_EQ(guest_get(id, 0, HV_REGISTER_SCONTROL, &(union hv_register_value){ { 0, 0 } }),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 2),
		 HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE);
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1), HV_STATUS_SUCCESS);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION), 1);
	for (uint32_t i = 0; i < LEN(read_only); i++)
		CHECK_EQ(set(id, read_only[i], 0), HV_STATUS_UNKNOWN_PROPERTY);
	in = (struct hv_input_set_partition_property){
		id, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1, 0
	};
	CHECK_EQ(hv_status(HVCALL_SET_PARTITION_PROPERTY, &in, sizeof(in), NULL, 0),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION), 1);
}

TEST(property_time)
{
	static const uint8_t code[] = GUEST_CODE_HALT;
	hv_partition_id id = guest_new(0, 1);
	uint64_t t, tsc;

	t = value(id, HV_PARTITION_PROPERTY_REFERENCE_TIME);
	delay_us(100);
	CHECK(value(id, HV_PARTITION_PROPERTY_REFERENCE_TIME) >= t + 900);
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_TIME_FREEZE, 2),
		 HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE);
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_TIME_FREEZE, 1), HV_STATUS_SUCCESS);
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_TIME_FREEZE, 1), HV_STATUS_SUCCESS);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_TIME_FREEZE), 1);
	t = value(id, HV_PARTITION_PROPERTY_REFERENCE_TIME);
	tsc = guest_get64(id, 0, GUEST_CLOCK);
	delay_us(1000);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_REFERENCE_TIME), t);
	CHECK_EQ(guest_get64(id, 0, HV_REGISTER_TIME_REF_COUNT), t);
	CHECK_EQ(guest_get64(id, 0, GUEST_CLOCK), tsc);
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_REFERENCE_TIME, 1ull << 45), HV_STATUS_SUCCESS);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_REFERENCE_TIME), 1ull << 45);
	CHECK_EQ(guest_get64(id, 0, GUEST_CLOCK), tsc);
	/* It goes on from there, and the TSC from where it was. */
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_TIME_FREEZE, 0), HV_STATUS_SUCCESS);
	t = value(id, HV_PARTITION_PROPERTY_REFERENCE_TIME);
	CHECK(t >= 1ull << 45 && t < (1ull << 45) + 10000000);
	CHECK(guest_get64(id, 0, GUEST_CLOCK) - tsc < boot_info->tsc_hz);
	/* The first VP that runs thaws it. */
	CHECK_EQ(set(id, HV_PARTITION_PROPERTY_TIME_FREEZE, 1), HV_STATUS_SUCCESS);
	guest_start(id, 0, code, sizeof(code));
	CHECK_EQ(guest_run(id, 0), GUEST_HALTED);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_TIME_FREEZE), 0);
}

TEST(property_ex)
{
	hv_partition_id id = guest_new(0, 1);
	struct hv_input_get_partition_property_ex in = {
		id, HV_PARTITION_PROPERTY_ASSIGNABLE_SYNTHETIC_FEATURES, 0, 0
	};
	uint64_t out[2] = { 0x77, 0x77 };

	CHECK_EQ(hv_status(HVCALL_GET_PARTITION_PROPERTY_EX, &in, sizeof(in), out, 16),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(out[0], 1);
	CHECK_EQ(out[1], 0x400bff | ROOT_GUEST_FEATURES);
	in.partition_id = HV_PARTITION_ID_SELF;
	in.property_code = HV_PARTITION_PROPERTY_VMM_CAPABILITIES;
	CHECK_EQ(hv_status(HVCALL_GET_PARTITION_PROPERTY_EX, &in, sizeof(in), out, 16),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(out[0], 1);
	CHECK_EQ(out[1], 0);
	in.padding = 1;
	CHECK_EQ(hv_status(HVCALL_GET_PARTITION_PROPERTY_EX, &in, sizeof(in), out, 16),
		 HV_STATUS_INVALID_PARAMETER);
	in.padding = 0;
	in.arg = 1;
	CHECK_EQ(hv_status(HVCALL_GET_PARTITION_PROPERTY_EX, &in, sizeof(in), out, 16),
		 HV_STATUS_INVALID_PARAMETER);
	in.arg = 0;
	in.property_code = HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS;
	CHECK_EQ(hv_status(HVCALL_GET_PARTITION_PROPERTY_EX, &in, sizeof(in), out, 16),
		 HV_STATUS_UNKNOWN_PROPERTY);
}

TEST(property_system)
{
	struct hv_input_get_system_property in = { HV_SYSTEM_PROPERTY_SCHEDULER_TYPE, 0, 0 };
	uint64_t v = 0;

	CHECK_EQ(hv_status(HVCALL_GET_SYSTEM_PROPERTY, &in, sizeof(in), &v, sizeof(v)),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(v, HV_SCHEDULER_TYPE_ROOT);
	for (uint32_t bit = 32; bit < 128; bit++) {
		uint64_t words[2] = { HV_SYSTEM_PROPERTY_SCHEDULER_TYPE, 0 };

		words[bit / 64] |= 1ull << bit % 64;
		CHECK_EQ(hv_status(HVCALL_GET_SYSTEM_PROPERTY, words, sizeof(words), &v, sizeof(v)),
			 HV_STATUS_INVALID_PARAMETER);
	}
	for (in.property_id = 0; in.property_id < 64; in.property_id++)
		if (in.property_id != HV_SYSTEM_PROPERTY_SCHEDULER_TYPE)
			CHECK_EQ(hv_status(HVCALL_GET_SYSTEM_PROPERTY, &in, sizeof(in), &v,
					   sizeof(v)),
				 HV_STATUS_UNKNOWN_PROPERTY);
	in.property_id = ~0u;
	CHECK_EQ(hv_status(HVCALL_GET_SYSTEM_PROPERTY, &in, sizeof(in), &v, sizeof(v)),
		 HV_STATUS_UNKNOWN_PROPERTY);
}

/* -- memory by address ------------------------------------------------------------------------- */

TEST(property_read_write_gpa)
{
	hv_partition_id id = guest_new(0, 1);
	struct hv_input_read_gpa r = { id, 0, 16, 0x20008, 0 };
	struct hv_input_write_gpa w = { id, 0, 16, 0x20008, 0, { 0 } };
	struct hv_output_read_gpa out;
	uint8_t *ram = guest_pages(2, 1), v = 0;
	uint64_t result = 0x77;

	guest_map(id, 0x20, ram, 1, GUEST_RWX);
	for (uint32_t n = 1; n <= 16; n++) {
		memset(ram, 0xcc, PAGE);
		memset(&out, 0x77, sizeof(out));
		for (uint32_t i = 0; i < 16; i++) {
			w.data[i] = (uint8_t)(n * 16 + i);
			ram[PAGE - n + (i < n ? i : 0)] = (uint8_t)(0x20 + n);
		}
		w.byte_count = r.byte_count = n;
		w.base_gpa = 0x20100;
		CHECK_EQ(hv_status(HVCALL_WRITE_GPA, &w, sizeof(w), &result, sizeof(result)),
			 HV_STATUS_SUCCESS);
		CHECK_EQ(result, HV_ACCESS_GPA_SUCCESS);
		CHECK(!memcmp(ram + 0x100, w.data, n));
		CHECK(ram[0x100 + n] == 0xcc && ram[0xff] == 0xcc);
		/* Up to the page's end, and not beyond */
		r.base_gpa = 0x21000 - n;
		CHECK_EQ(hv_status(HVCALL_READ_GPA, &r, sizeof(r), &out, sizeof(out)),
			 HV_STATUS_SUCCESS);
		CHECK_EQ(out.result, HV_ACCESS_GPA_SUCCESS);
		for (uint32_t i = 0; i < 16; i++)
			CHECK_EQ(out.data[i], i < n ? 0x20 + n : 0);
		r.base_gpa++;
		w.base_gpa = r.base_gpa;
		CHECK_EQ(hv_status(HVCALL_READ_GPA, &r, sizeof(r), &out, sizeof(out)),
			 n == 1 ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER);
		CHECK_EQ(hv_status(HVCALL_WRITE_GPA, &w, sizeof(w), &result, sizeof(result)),
			 n == 1 ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER);
	}
	CHECK_EQ(guest_peek(id, 0x21000, &v), HV_ACCESS_GPA_UNMAPPED);
	CHECK_EQ(guest_poke(id, 0x21000, 1), HV_ACCESS_GPA_UNMAPPED);
	CHECK_EQ(guest_peek(id, 1ull << 50, &v), HV_ACCESS_GPA_UNMAPPED);
	guest_map(id, 0x21, ram + PAGE, 1, HV_MAP_GPA_READABLE);
	CHECK_EQ(guest_poke(id, 0x21000, 1), HV_ACCESS_GPA_WRITE_INTERCEPT);

	/* Refused: no bytes, too many, unknown flags, beyond any address, the root's memory */
	static const struct {
		uint32_t count;
		uint64_t gpa, flags;
	} bad[] = { { 0, 0x20000, 0 },	   { 17, 0x20000, 0 },	       { 0xffffffff, 0x20000, 0 },
		    { 1, 0x20000, 0x100 }, { 1, 0x20000, 1ull << 63 }, { 1, 1ull << 52, 0 },
		    { 1, 1ull << 63, 0 },  { 16, ~0ull - 7, 0 } };

	for (uint32_t i = 0; i < LEN(bad); i++) {
		r = (struct hv_input_read_gpa){ id, 0, bad[i].count, bad[i].gpa, bad[i].flags };
		w = (struct hv_input_write_gpa){ id,	       0,    bad[i].count, bad[i].gpa,
						 bad[i].flags, { 0 } };
		CHECK_EQ(hv_status(HVCALL_READ_GPA, &r, sizeof(r), &out, sizeof(out)),
			 HV_STATUS_INVALID_PARAMETER);
		CHECK_EQ(hv_status(HVCALL_WRITE_GPA, &w, sizeof(w), &result, sizeof(result)),
			 HV_STATUS_INVALID_PARAMETER);
	}
	r = (struct hv_input_read_gpa){ 1, 0, 1, 0x20000, 0 };
	w = (struct hv_input_write_gpa){ 1, 0, 1, 0x20000, 0, { 0 } };
	CHECK_EQ(hv_status(HVCALL_READ_GPA, &r, sizeof(r), &out, sizeof(out)),
		 HV_STATUS_ACCESS_DENIED);
	CHECK_EQ(hv_status(HVCALL_WRITE_GPA, &w, sizeof(w), &result, sizeof(result)),
		 HV_STATUS_ACCESS_DENIED);
	/* A cache type is no error. */
	r = (struct hv_input_read_gpa){ id, 0, 1, 0x20000, HV_CACHE_TYPE_WRITE_BACK };
	CHECK_EQ(hv_status(HVCALL_READ_GPA, &r, sizeof(r), &out, sizeof(out)), HV_STATUS_SUCCESS);
}
