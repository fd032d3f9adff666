/* SPDX-License-Identifier: MIT */
/*
 * Processor properties, CPUID answers, intercepts, translation and interrupts of x64 guests
 * (docs/hypercalls.md).
 */
#include <string.h>

#include <hv/vp_state.h>

#include "tests/root/guest.h"
#include "tests/root/property.h"

#define APIC_FLAGS \
	(HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED | HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE)
#define LEN(a) (sizeof(a) / sizeof((a)[0]))

TEST(property_processor)
{
	hv_partition_id id = guest_new(APIC_FLAGS, 1), created = guest_create(0);
	uint32_t r[4], d[4];
	uint64_t v;

	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_APIC_FREQUENCY),
		 boot_info->tsc_hz < 200000000 ? boot_info->tsc_hz : 200000000);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY), rdmsr(0x40000022));
	cpuid(0, 0, r);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_PROCESSOR_VENDOR),
		 r[2] == 0x444d4163   ? HV_PROCESSOR_VENDOR_AMD
		 : r[2] == 0x6c65746e ? HV_PROCESSOR_VENDOR_INTEL
				      : HV_PROCESSOR_VENDOR_HYGON);
	cpuid(1, 0, r);
	CHECK_EQ(1u << value(id, HV_PARTITION_PROPERTY_PROCESSOR_CL_FLUSH_SIZE),
		 (r[1] >> 8 & 0xff) * 8);
	cpuid(0x80000008, 0, d);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH),
		 (d[0] & 0xff) < 48 ? d[0] & 0xff : 48);
	/* x87 and SSE at least; nothing that the CPU has not */
	v = value(id, HV_PARTITION_PROPERTY_XSAVE_STATES);
	cpuid(7, 0, r);
	cpuid(0xd, 0, d);
	if (r[2] >> 7 & 1)
		d[0] |= 0x1800; /* CET: not every CPU lists it here */
	cpuid(1, 0, r);
	CHECK((v & 3) == 3 && !(v & ~((uint64_t)d[3] << 32 | d[0])));
	CHECK_EQ(value(created, HV_PARTITION_PROPERTY_XSAVE_STATES), v);
	v = value(id, HV_PARTITION_PROPERTY_MAX_XSAVE_DATA_SIZE);
	CHECK(v >= 576 && v <= PAGE && !(v & 7));
	/* Bits 0 and 7 of the first bank: SSE3, POPCNT */
	v = value(id, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0);
	CHECK_EQ(v & 1, r[2] & 1);
	CHECK_EQ(v >> 7 & 1, r[2] >> 23 & 1);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES) & 1, r[2] >> 26 & 1);
	(void)value(id, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1);
}

/* Features that the creator leaves out are out of the property and out of CPUID. */
TEST(property_disabled_features)
{
	struct hv_input_create_partition in;
	hv_partition_id id, all = guest_create(0);
	uint64_t f0 = value(all, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0);

	guest_deposit(HV_PARTITION_ID_SELF, 1);
	memset(&in, 0, sizeof(in));
	in.disabled_processor_features[0] = 1 | 1 << 7;
	in.disabled_processor_features[1] = ~0ull;
	in.disabled_xsave_features = 1 << 2; /* AVX */
	CHECK_EQ(hv_status(HVCALL_CREATE_PARTITION, &in, sizeof(in), &id, sizeof(id)),
		 HV_STATUS_SUCCESS);
	guest_track(id);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0), f0 & ~0x81ull);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1), 0);
	guest_initialize(id);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_XSAVE_STATES) & 4, 0);
	CHECK_EQ(value(id, HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES) & 4, 0);
	(void)guest_withdraw(HV_PARTITION_ID_SELF, UINT32_MAX);
}

/* -- CPUID ------------------------------------------------------------------------------------- */

struct cpuid_call {
	struct hv_input_get_vp_cpuid_values h;
	struct hv_cpuid_leaf_info leaf[4];
};

static struct hv_cpuid_values cpuid_of(hv_partition_id id, uint32_t vp, uint32_t flags,
				       uint32_t leaf, uint32_t sub, uint64_t xfem)
{
	struct cpuid_call in = { { .partition_id = id, .vp_index = vp, .flags = flags },
				 { { leaf, sub, xfem, 0 } } };
	struct hv_cpuid_values out = { 0x77, 0x77, 0x77, 0x77 };

	CHECK_EQ(hv_call(HVCALL_GET_VP_CPUID_VALUES | HV_REPS(1), &in, 24 + 24, &out, sizeof(out)),
		 1ull << 32);
	return out;
}

static uint16_t register_result(hv_partition_id id, uint32_t vp, uint32_t leaf, int sub,
				uint32_t value, uint32_t mask)
{
	struct hv_input_register_intercept_result in = {
		.partition_id = id,
		.vp_index = vp,
		.intercept_type = HV_INTERCEPT_TYPE_X64_CPUID,
		.cpuid = { .eax = leaf,
			   .ecx = sub < 0 ? 0 : (uint32_t)sub,
			   .subleaf_specific = sub >= 0,
			   .result = { { value, mask },
				       { value, mask },
				       { value, mask },
				       { value, mask } } },
	};

	return hv_status(HVCALL_REGISTER_INTERCEPT_RESULT, &in, sizeof(in), NULL, 0);
}

#define OWN	   HV_CPUID_VALUES_USE_VP_XFEM_XSS
#define REGISTERED HV_CPUID_VALUES_APPLY_REGISTERED

TEST(property_cpuid_values)
{
	hv_partition_id id = guest_new(APIC_FLAGS, 2);
	struct hv_cpuid_values v, w;
	struct hv_cpuid_values out[4];
	struct cpuid_call in = {
		{ .partition_id = id },
		{ { 0, 0, 1, 0 }, { 1, 0, 1, 0 }, { 0x40000000, 0, 1, 0 }, { 0xd, 0, 3, 0 } }
	};
	uint32_t r[4];

	cpuid(0, 0, r);
	CHECK_EQ(
		hv_call(HVCALL_GET_VP_CPUID_VALUES | HV_REPS(4), &in, sizeof(in), out, sizeof(out)),
		4ull << 32);
	CHECK(out[0].ebx == r[1] && out[0].ecx == r[2] && out[0].edx == r[3]);
	CHECK_EQ(out[2].ebx, 0x7263694d); /* "Micr" */
	CHECK_EQ(out[3].ebx, 576);
	CHECK_EQ(out[1].ecx >> 31, 1);	  /* a hypervisor is there */
	CHECK_EQ(out[1].ecx >> 5 & 1, 0); /* no VMX */
	CHECK_EQ(out[1].ebx >> 24, 0);
	CHECK_EQ(cpuid_of(id, 1, OWN, 1, 0, 0).ebx >> 24, 1);
	CHECK_EQ(cpuid_of(id, 0, OWN, 0x80000001, 0, 0).ecx >> 2 & 1, 0); /* no SVM */
	/* By the register's XFEM, or by the one that is given */
	if (value(id, HV_PARTITION_PROPERTY_XSAVE_STATES) & 4) {
		CHECK_EQ(cpuid_of(id, 0, 0, 0xd, 0, 7).ebx, 832);
		CHECK_EQ(cpuid_of(id, 0, OWN, 0xd, 0, 7).ebx, 576);
		guest_set64(id, 0, HV_X64_REGISTER_XFEM, 7);
		CHECK_EQ(cpuid_of(id, 0, OWN, 0xd, 0, 0).ebx, 832);
	}
	/* An unknown leaf of the hypervisor's range is all zero. */
	v = cpuid_of(id, 0, OWN, 0x40000100, 0, 0);
	CHECK(!v.eax && !v.ebx && !v.ecx && !v.edx);

	/* Refused */
	in.leaf[2].xss = 1;
	CHECK_EQ(
		hv_call(HVCALL_GET_VP_CPUID_VALUES | HV_REPS(4), &in, sizeof(in), out, sizeof(out)),
		HV_STATUS_INVALID_PARAMETER | 2ull << 32);
	in.leaf[2].xss = 0;
	for (uint32_t i = 2; i < 32; i++) {
		in.h.flags = 1u << i;
		CHECK_EQ(hv_call(HVCALL_GET_VP_CPUID_VALUES | HV_REPS(4), &in, sizeof(in), out,
				 sizeof(out)),
			 HV_STATUS_INVALID_PARAMETER);
	}
	in.h.flags = 0;
	in.h.reserved = 1;
	CHECK_EQ(
		hv_call(HVCALL_GET_VP_CPUID_VALUES | HV_REPS(4), &in, sizeof(in), out, sizeof(out)),
		HV_STATUS_INVALID_PARAMETER);
	in.h.reserved = 0;
	in.h.padding = 1;
	CHECK_EQ(
		hv_call(HVCALL_GET_VP_CPUID_VALUES | HV_REPS(4), &in, sizeof(in), out, sizeof(out)),
		HV_STATUS_INVALID_PARAMETER);
	in.h.padding = 0;
	in.h.partition_id = 1;
	CHECK_EQ(
		hv_call(HVCALL_GET_VP_CPUID_VALUES | HV_REPS(4), &in, sizeof(in), out, sizeof(out)),
		HV_STATUS_INVALID_VP_STATE);

	/* Registered results: by mask, asked for by a flag, one VP's before everybody's */
	v = cpuid_of(id, 0, OWN, 0x80000002, 0, 0);
	CHECK_EQ(register_result(id, HV_ANY_VP, 0x80000002, -1, 0x11223344, 0xffff),
		 HV_STATUS_SUCCESS);
	w = cpuid_of(id, 0, OWN, 0x80000002, 0, 0);
	CHECK(!memcmp(&v, &w, sizeof(v)));
	w = cpuid_of(id, 0, OWN | REGISTERED, 0x80000002, 0, 0);
	CHECK_EQ(w.eax, (v.eax & 0xffff0000) | 0x3344);
	CHECK_EQ(w.edx, (v.edx & 0xffff0000) | 0x3344);
	CHECK_EQ(register_result(id, 1, 0x80000002, -1, 0xabcdabcd, ~0u), HV_STATUS_SUCCESS);
	CHECK_EQ(cpuid_of(id, 1, OWN | REGISTERED, 0x80000002, 0, 0).ebx, 0xabcdabcd);
	w = cpuid_of(id, 0, OWN | REGISTERED, 0x80000002, 0, 0);
	CHECK_EQ(w.ebx, (v.ebx & 0xffff0000) | 0x3344);
	/* The same row again takes the place of the first. */
	CHECK_EQ(register_result(id, 1, 0x80000002, -1, 0x55, ~0u), HV_STATUS_SUCCESS);
	CHECK_EQ(cpuid_of(id, 1, OWN | REGISTERED, 0x80000002, 0, 0).ebx, 0x55);
	/* A leaf that there is not, and a sub-leaf of one */
	CHECK_EQ(register_result(id, HV_ANY_VP, 0x20000000, 3, 0x99, ~0u), HV_STATUS_SUCCESS);
	CHECK_EQ(cpuid_of(id, 0, OWN | REGISTERED, 0x20000000, 3, 0).ecx, 0x99);
	CHECK(cpuid_of(id, 0, OWN | REGISTERED, 0x20000000, 2, 0).ecx != 0x99);
}

/* What the guest's own CPUID says is what the call says. */
TEST(property_cpuid_guest)
{
	/* cpuid; hlt; jmp back */
	static const uint8_t code[] = { 0x0f, 0xa2, 0xf4, 0xeb, 0xfb };
	static const uint32_t leaves[][2] = {
		{ 0, 0 },	   { 1, 0 },	      { 4, 1 },		 { 7, 0 },
		{ 0xb, 1 },	   { 0xd, 0 },	      { 0xd, 1 },	 { 0x40000000, 0 },
		{ 0x40000003, 0 }, { 0x40000005, 0 }, { 0x80000000, 0 }, { 0x80000001, 0 },
		{ 0x80000008, 0 }, { 0x20000000, 7 },
	};
	hv_partition_id id = guest_new(APIC_FLAGS, 1);
	struct hv_input_install_intercept halt = { id, HV_INTERCEPT_ACCESS_MASK_EXECUTE,
						   HV_INTERCEPT_TYPE_X64_HALT, 0 };

	CHECK_EQ(hv_status(HVCALL_INSTALL_INTERCEPT, &halt, sizeof(halt), NULL, 0),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(register_result(id, HV_ANY_VP, 0x20000000, 7, 0x1234567, ~0u), HV_STATUS_SUCCESS);
	CHECK_EQ(register_result(id, 0, 0x40000003, -1, 0, 0x10), HV_STATUS_SUCCESS);
	guest_start(id, 0, code, sizeof(code));
	for (uint32_t i = 0; i < LEN(leaves); i++) {
		struct hv_cpuid_values v =
			cpuid_of(id, 0, OWN | REGISTERED, leaves[i][0], leaves[i][1], 0);

		guest_set64(id, 0, HV_X64_REGISTER_RAX, leaves[i][0]);
		guest_set64(id, 0, HV_X64_REGISTER_RCX, leaves[i][1]);
		guest_set64(id, 0, HV_X64_REGISTER_RIP, GUEST_CODE);
		CHECK_EQ(guest_run(id, 0), HVMSG_X64_HALT);
		CHECK_EQ(guest_get64(id, 0, HV_X64_REGISTER_RAX), v.eax);
		CHECK_EQ(guest_get64(id, 0, HV_X64_REGISTER_RBX), v.ebx);
		CHECK_EQ(guest_get64(id, 0, HV_X64_REGISTER_RCX), v.ecx);
		CHECK_EQ(guest_get64(id, 0, HV_X64_REGISTER_RDX), v.edx);
	}
	CHECK_EQ(cpuid_of(id, 0, OWN | REGISTERED, 0x40000003, 0, 0).eax,
		 (uint32_t)HV_PARTITION_PRIVILEGES_GUEST & ~0x10u);
}

TEST(property_cpuid_register_arguments)
{
	hv_partition_id id = guest_create(0);
	struct hv_input_register_intercept_result in;
	uint32_t n;

	CHECK_EQ(register_result(id, HV_ANY_VP, 1, -1, 0, 0), HV_STATUS_INVALID_PARTITION_STATE);
	guest_initialize(id);
	guest_create_vp(id, 0);
	for (uint32_t i = 0; i < 4; i++) {
		memset(&in, 0, sizeof(in));
		in.partition_id = id;
		in.vp_index = HV_ANY_VP;
		in.intercept_type =
			i == 0 ? HV_INTERCEPT_TYPE_X64_MSR : HV_INTERCEPT_TYPE_X64_CPUID;
		in.cpuid.subleaf_specific = i == 1 ? 2 : 0;
		in.cpuid.always_override = i == 2 ? 2 : 0;
		in.cpuid.padding = i == 3;
		CHECK_EQ(hv_status(HVCALL_REGISTER_INTERCEPT_RESULT, &in, sizeof(in), NULL, 0),
			 HV_STATUS_INVALID_PARAMETER);
	}
	CHECK_EQ(register_result(id, 1, 1, -1, 0, 0), HV_STATUS_INVALID_VP_INDEX);
	CHECK_EQ(register_result(id, HV_VP_INDEX_SELF, 1, -1, 0, 0), HV_STATUS_INVALID_VP_INDEX);
	/* A full table; known rows still change. */
	for (n = 0; register_result(id, HV_ANY_VP, 0x30000000 + n, -1, n, ~0u) == HV_STATUS_SUCCESS;
	     n++)
		CHECK(n < 1000);
	CHECK(n >= 64);
	CHECK_EQ(register_result(id, HV_ANY_VP, 0x30000000 + n, -1, 0, ~0u),
		 HV_STATUS_NO_RESOURCES);
	CHECK_EQ(register_result(id, HV_ANY_VP, 0x30000000, -1, 0x4711, ~0u), HV_STATUS_SUCCESS);
	CHECK_EQ(cpuid_of(id, 0, OWN | REGISTERED, 0x30000000, 0, 0).eax, 0x4711);
	CHECK_EQ(cpuid_of(id, 0, OWN | REGISTERED, 0x30000000 + n - 1, 0, 0).eax, n - 1);
}

/* -- intercepts -------------------------------------------------------------------------------- */

static uint16_t intercept(hv_partition_id id, uint32_t type, uint32_t access, uint64_t parameter)
{
	struct hv_input_install_intercept in = { id, access, type, parameter };

	return hv_status(HVCALL_INSTALL_INTERCEPT, &in, sizeof(in), NULL, 0);
}

TEST(property_intercepts)
{
	hv_partition_id id = guest_create(0);
	uint32_t n;

	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_CPUID, 4, 1),
		 HV_STATUS_INVALID_PARTITION_STATE);
	guest_initialize(id);
	for (uint32_t type = 0; type < 0x50; type++) {
		bool known =
			type == HV_INTERCEPT_TYPE_X64_IO_PORT ||
			type == HV_INTERCEPT_TYPE_X64_MSR || type == HV_INTERCEPT_TYPE_X64_CPUID ||
			type == HV_INTERCEPT_TYPE_EXCEPTION || type == HV_INTERCEPT_TYPE_X64_HALT;

		if (!known)
			for (uint32_t access = 0; access < 8; access++)
				CHECK_EQ(intercept(id, type, access, 0),
					 HV_STATUS_INVALID_PARAMETER);
		/* No other access than these three */
		for (uint32_t bit = 3; bit < 32; bit++)
			CHECK_EQ(intercept(id, type, 1u << bit | 4, 0),
				 HV_STATUS_INVALID_PARAMETER);
	}
	for (uint32_t access = 0; access < 8; access++) {
		uint16_t execute = access == 0 || access == 4 ? HV_STATUS_SUCCESS
							      : HV_STATUS_INVALID_PARAMETER;

		CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_CPUID, access, 1), execute);
		CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_EXCEPTION, access, 14), execute);
		CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_HALT, access, 0), execute);
		CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_MSR, access, 0),
			 access == 0 || access == 3 ? HV_STATUS_SUCCESS
						    : HV_STATUS_INVALID_PARAMETER);
		CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_IO_PORT, access, 0x60),
			 access == 3 ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER);
	}
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_IO_PORT, 3, 0xffff), HV_STATUS_SUCCESS);
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_IO_PORT, 3, 0x10000),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_CPUID, 4, 1ull << 32),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_MSR, 3, 1), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_HALT, 4, 1), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_EXCEPTION, 4, 2), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_EXCEPTION, 4, 32), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_EXCEPTION, 4, 1ull << 32),
		 HV_STATUS_INVALID_PARAMETER);
	/* Leaves are counted; one that is there twice counts once, and one taken away makes room.
	 */
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_CPUID, 0, 1), HV_STATUS_SUCCESS);
	for (n = 0; intercept(id, HV_INTERCEPT_TYPE_X64_CPUID, 4, n) == HV_STATUS_SUCCESS; n++) {
		CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_CPUID, 4, n), HV_STATUS_SUCCESS);
		CHECK(n < 1000);
	}
	CHECK_EQ(n, 64);
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_CPUID, 4, n), HV_STATUS_NO_RESOURCES);
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_CPUID, 4, 5), HV_STATUS_SUCCESS);
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_CPUID, 0, 5), HV_STATUS_SUCCESS);
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_CPUID, 0, 5), HV_STATUS_SUCCESS);
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_CPUID, 4, n), HV_STATUS_SUCCESS);
	CHECK_EQ(intercept(id, HV_INTERCEPT_TYPE_X64_CPUID, 4, 5), HV_STATUS_NO_RESOURCES);
}

/* -- translation ------------------------------------------------------------------------------- */

static uint16_t translate_raw(hv_partition_id id, uint64_t flags, uint64_t page,
			      struct hv_output_translate_virtual_address *out)
{
	struct hv_input_translate_virtual_address in = { id, 0, 0, flags, page };

	return hv_status(HVCALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in), out, sizeof(*out));
}

static uint32_t translate(hv_partition_id id, uint64_t flags, uint64_t page, uint64_t *gpa)
{
	struct hv_output_translate_virtual_address out = { 0x77, 0x77, 0x77 };

	CHECK_EQ(translate_raw(id, flags, page, &out), HV_STATUS_SUCCESS);
	*gpa = out.result_code == HV_TRANSLATE_GVA_SUCCESS ? out.gpa_page : ~0ull;
	CHECK_EQ(out.cache_overlay, out.result_code ? 0 : HV_CACHE_TYPE_WRITE_BACK);
	return out.result_code;
}

#define READ	   HV_TRANSLATE_GVA_VALIDATE_READ
#define WRITE	   HV_TRANSLATE_GVA_VALIDATE_WRITE
#define EXECUTE	   HV_TRANSLATE_GVA_VALIDATE_EXECUTE
#define USER	   HV_TRANSLATE_GVA_USER_ACCESS
#define SUPERVISOR HV_TRANSLATE_GVA_SUPERVISOR_ACCESS

TEST(property_translate)
{
	struct hv_input_translate_virtual_address in;
	struct hv_output_translate_virtual_address out;
	hv_partition_id id = guest_new(0, 1);
	uint64_t *t = guest_pages(4, 1), gpa;
	uint8_t *ram = guest_pages(4, 1);

	/* Tables at 10000h; GVA pages 0 to 8 by the last of them */
	guest_map(id, 0x10, t, 4, GUEST_RWX);
	guest_map(id, 0x20, ram, 1, GUEST_RWX);
	guest_map(id, 0x21, ram + PAGE, 1, HV_MAP_GPA_READABLE);
	CHECK_EQ(guest_map_raw(id, 0x22, 0, HV_MAP_GPA_NO_ACCESS), HV_STATUS_SUCCESS);
	t[0] = 0x11007;
	t[512] = 0x12007;
	t[1024] = 0x13007;
	t[1536 + 0] = 0x20007;		    /* all rights */
	t[1536 + 1] = 0x20003;		    /* supervisor's */
	t[1536 + 2] = 0x20005;		    /* user, read */
	t[1536 + 3] = 0x20007 | 1ull << 63; /* not to execute */
	t[1536 + 4] = 0;		    /* absent */
	t[1536 + 5] = 0x23007;		    /* not mapped below */
	t[1536 + 6] = 0x21007;		    /* read only below */
	t[1536 + 7] = 0x22007;		    /* no access below */
	t[1536 + 8] = 0x20007 | 1ull << 50; /* reserved bit */
	t[1025] = 0x99007;		    /* a table that is not there */

	/* Paging off: the page itself */
	CHECK_EQ(translate(id, READ, 0x20, &gpa), HV_TRANSLATE_GVA_SUCCESS);
	CHECK_EQ(gpa, 0x20);
	CHECK_EQ(translate(id, READ, 0x33, &gpa), HV_TRANSLATE_GVA_GPA_UNMAPPED);
	guest_set64(id, 0, HV_X64_REGISTER_CR3, 0x10000);
	guest_set64(id, 0, HV_X64_REGISTER_CR0, 0x80010031); /* with WP */
	guest_set64(id, 0, HV_X64_REGISTER_CR4, 0x20);
	guest_set64(id, 0, HV_X64_REGISTER_EFER, 0xd00);
	CHECK_EQ(translate(id, READ | WRITE | EXECUTE | USER, 0, &gpa), HV_TRANSLATE_GVA_SUCCESS);
	CHECK_EQ(gpa, 0x20);
	CHECK_EQ(translate(id, READ | USER, 1, &gpa), HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION);
	CHECK_EQ(translate(id, READ | SUPERVISOR, 1, &gpa), HV_TRANSLATE_GVA_SUCCESS);
	CHECK_EQ(translate(id, READ, 1, &gpa), HV_TRANSLATE_GVA_SUCCESS); /* the VP is at CPL 0 */
	CHECK_EQ(translate(id, READ | USER | HV_TRANSLATE_GVA_PRIVILEGE_EXEMPT, 1, &gpa),
		 HV_TRANSLATE_GVA_SUCCESS);
	CHECK_EQ(translate(id, READ | USER, 2, &gpa), HV_TRANSLATE_GVA_SUCCESS);
	CHECK_EQ(translate(id, WRITE | USER, 2, &gpa), HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION);
	CHECK_EQ(translate(id, WRITE | SUPERVISOR, 2, &gpa), HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION);
	guest_set64(id, 0, HV_X64_REGISTER_CR0, 0x80000031);
	CHECK_EQ(translate(id, WRITE | SUPERVISOR, 2, &gpa), HV_TRANSLATE_GVA_SUCCESS);
	CHECK_EQ(translate(id, EXECUTE, 3, &gpa), HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION);
	CHECK_EQ(translate(id, READ | WRITE, 3, &gpa), HV_TRANSLATE_GVA_SUCCESS);
	CHECK_EQ(translate(id, READ, 4, &gpa), HV_TRANSLATE_GVA_PAGE_NOT_PRESENT);
	CHECK_EQ(translate(id, READ, 5, &gpa), HV_TRANSLATE_GVA_GPA_UNMAPPED);
	CHECK_EQ(translate(id, READ, 6, &gpa), HV_TRANSLATE_GVA_SUCCESS);
	CHECK_EQ(gpa, 0x21);
	CHECK_EQ(translate(id, READ | WRITE, 6, &gpa), HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS);
	CHECK_EQ(translate(id, READ, 7, &gpa), HV_TRANSLATE_GVA_GPA_NO_READ_ACCESS);
	CHECK_EQ(translate(id, READ, 8, &gpa), HV_TRANSLATE_GVA_INVALID_PAGE_TABLE_FLAGS);
	CHECK_EQ(translate(id, READ, 512, &gpa), HV_TRANSLATE_GVA_GPA_UNMAPPED);
	CHECK_EQ(translate(id, READ, 1024, &gpa), HV_TRANSLATE_GVA_PAGE_NOT_PRESENT);
	CHECK_EQ(translate(id, READ, 1ull << 36, &gpa), HV_TRANSLATE_GVA_PAGE_NOT_PRESENT);
	/* NX is reserved without EFER.NXE. */
	guest_set64(id, 0, HV_X64_REGISTER_EFER, 0x500);
	CHECK_EQ(translate(id, READ, 3, &gpa), HV_TRANSLATE_GVA_INVALID_PAGE_TABLE_FLAGS);
	/* Accessed and dirty only when asked for */
	CHECK_EQ(t[1536] & 0x60, 0);
	CHECK_EQ(translate(id, READ | HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS, 0, &gpa),
		 HV_TRANSLATE_GVA_SUCCESS);
	CHECK_EQ(t[1536] & 0x60, 0x20);
	CHECK_EQ(t[0] & 0x20, 0x20);
	CHECK_EQ(translate(id, WRITE | HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS, 0, &gpa),
		 HV_TRANSLATE_GVA_SUCCESS);
	CHECK_EQ(t[1536] & 0x60, 0x60);
	/* SMAP, and both ways around it */
	guest_set64(id, 0, HV_X64_REGISTER_CR4, 0x200020);
	CHECK_EQ(translate(id, READ | SUPERVISOR, 0, &gpa), HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION);
	CHECK_EQ(translate(id, READ | SUPERVISOR | HV_TRANSLATE_GVA_OVERRIDE_SMAP, 0, &gpa),
		 HV_TRANSLATE_GVA_SUCCESS);
	guest_set64(id, 0, HV_X64_REGISTER_RFLAGS, 0x40002);
	CHECK_EQ(translate(id, READ | SUPERVISOR, 0, &gpa), HV_TRANSLATE_GVA_SUCCESS);
	CHECK_EQ(translate(id, READ | SUPERVISOR | HV_TRANSLATE_GVA_ENFORCE_SMAP, 0, &gpa),
		 HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION);

	/* Refused */
	for (uint32_t i = 10; i < 64; i++)
		CHECK_EQ(translate_raw(id, 1ull << i, 0, &out), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(translate_raw(id, USER | SUPERVISOR, 0, &out), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(translate_raw(id, HV_TRANSLATE_GVA_ENFORCE_SMAP | HV_TRANSLATE_GVA_OVERRIDE_SMAP,
			       0, &out),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(translate_raw(id, READ, 1ull << 52, &out), HV_STATUS_INVALID_PARAMETER);
	memset(&in, 0, sizeof(in));
	in.partition_id = id;
	in.padding = 1;
	CHECK_EQ(hv_status(HVCALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in), &out, sizeof(out)),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(translate_raw(1, READ, 0, &out), HV_STATUS_INVALID_VP_STATE);
}

/* An overlay page says that it is one. */
TEST(property_translate_overlay)
{
	hv_partition_id id = guest_new(0, 1);
	struct hv_output_translate_virtual_address out = { 0 };

	guest_deposit(id, 8);
	guest_set64(id, 0, HV_REGISTER_SIMP, 0x30000 | HV_OVERLAY_MSR_ENABLE);
	CHECK_EQ(translate_raw(id, READ, 0x30, &out), HV_STATUS_SUCCESS);
	CHECK_EQ(out.result_code, HV_TRANSLATE_GVA_SUCCESS);
	CHECK_EQ(out.gpa_page, 0x30);
	CHECK_EQ(out.cache_overlay, 0x100 | HV_CACHE_TYPE_WRITE_BACK);
	guest_set64(id, 0, HV_REGISTER_SIMP, 0x30000);
	CHECK_EQ(translate_raw(id, READ, 0x30, &out), HV_STATUS_SUCCESS);
	CHECK_EQ(out.result_code, HV_TRANSLATE_GVA_GPA_UNMAPPED);
}

/* -- interrupts -------------------------------------------------------------------------------- */

static uint16_t assert_irq(hv_partition_id id, uint64_t control, uint64_t dest, uint32_t vector)
{
	struct hv_input_assert_virtual_interrupt in = { id, control, dest, vector, 0, { 0, 0, 0 } };

	return hv_status(HVCALL_ASSERT_VIRTUAL_INTERRUPT, &in, sizeof(in), NULL, 0);
}

static bool requested(hv_partition_id id, uint32_t vp, uint32_t vector)
{
	return guest_get64(id, vp, HV_X64_REGISTER_APIC_IRR0 + vector / 32) >> (vector % 32) & 1;
}

TEST(property_assert_arguments)
{
	hv_partition_id id = guest_create(APIC_FLAGS), plain = guest_new(0, 1);
	struct hv_input_assert_virtual_interrupt in;

	CHECK_EQ(assert_irq(id, 0, 0, 0x40), HV_STATUS_INVALID_PARTITION_STATE);
	CHECK_EQ(assert_irq(plain, 0, 0, 0x40), HV_STATUS_INVALID_PARTITION_STATE);
	guest_initialize(id);
	guest_create_vp(id, 0);
	for (uint32_t bit = 34; bit < 64; bit++)
		CHECK_EQ(assert_irq(id, 1ull << bit, 0, 0x40), HV_STATUS_INVALID_PARAMETER);
	for (uint32_t type = 0; type < 16; type++) {
		bool none = type == HV_X64_INTERRUPT_TYPE_SMI ||
			    type == HV_X64_INTERRUPT_TYPE_REMOTEREAD ||
			    type == HV_X64_INTERRUPT_TYPE_EXTINT ||
			    type > HV_X64_INTERRUPT_TYPE_LOCALINT1;

		/* To nobody: an argument is right or wrong all the same. */
		CHECK_EQ(assert_irq(id, type, 0x77, 0x40),
			 none ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS);
		CHECK_EQ(assert_irq(id, type | HV_INTERRUPT_CONTROL_LEVEL_TRIGGERED, 0x77, 0x40),
			 type > 1 ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS);
	}
	CHECK_EQ(assert_irq(id, 0x80000000, 0, 0x40), HV_STATUS_INVALID_PARAMETER);
	for (uint32_t vector = 0; vector < 16; vector++) {
		CHECK_EQ(assert_irq(id, HV_X64_INTERRUPT_TYPE_FIXED, 0, vector),
			 HV_STATUS_INVALID_PARAMETER);
		CHECK_EQ(assert_irq(id, HV_X64_INTERRUPT_TYPE_LOWESTPRIORITY, 0, vector),
			 HV_STATUS_INVALID_PARAMETER);
	}
	CHECK_EQ(assert_irq(id, 0, 0, 0x100), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(assert_irq(id, 0, 1ull << 32, 0x40), HV_STATUS_INVALID_PARAMETER);
	for (uint32_t i = 0; i < 4; i++) {
		memset(&in, 0, sizeof(in));
		in.partition_id = id;
		in.vector = 0x40;
		in.target_vtl = i == 0;
		in.padding[0] = i == 1;
		in.padding[1] = i == 2;
		in.padding[2] = i == 3;
		CHECK_EQ(hv_status(HVCALL_ASSERT_VIRTUAL_INTERRUPT, &in, sizeof(in), NULL, 0),
			 HV_STATUS_INVALID_PARAMETER);
	}
	/* None of them has arrived. */
	for (uint32_t v = 0; v < 256; v++)
		CHECK(!requested(id, 0, v));
}

TEST(property_assert)
{
	hv_partition_id id = guest_new(APIC_FLAGS, 3);
	uint32_t n = 0;

	/* Software-enabled APICs take interrupts. */
	for (uint32_t i = 0; i < 3; i++) {
		guest_set64(id, i, HV_X64_REGISTER_APIC_SPURIOUS, 0x1ff);
		guest_set64(id, i, HV_X64_REGISTER_APIC_LDR, 1ull << (24 + i));
	}
	CHECK_EQ(assert_irq(id, 0, 1, 0x10), HV_STATUS_SUCCESS);
	CHECK(requested(id, 1, 0x10) && !requested(id, 0, 0x10) && !requested(id, 2, 0x10));
	CHECK_EQ(assert_irq(id, HV_INTERRUPT_CONTROL_LEVEL_TRIGGERED, 2, 0xff), HV_STATUS_SUCCESS);
	CHECK(requested(id, 2, 0xff) && !requested(id, 1, 0xff));
	CHECK_EQ(guest_get64(id, 2, HV_X64_REGISTER_APIC_TMR7) >> 31, 1);
	CHECK_EQ(guest_get64(id, 1, HV_X64_REGISTER_APIC_TMR0), 0);
	/* A logical set, everybody, and one of everybody */
	CHECK_EQ(assert_irq(id, HV_INTERRUPT_CONTROL_LOGICAL_DEST, 5, 0x51), HV_STATUS_SUCCESS);
	CHECK(requested(id, 0, 0x51) && !requested(id, 1, 0x51) && requested(id, 2, 0x51));
	CHECK_EQ(assert_irq(id, 0, 0xff, 0x52), HV_STATUS_SUCCESS);
	CHECK(requested(id, 0, 0x52) && requested(id, 1, 0x52) && requested(id, 2, 0x52));
	CHECK_EQ(assert_irq(id, HV_X64_INTERRUPT_TYPE_LOWESTPRIORITY, 0xff, 0x53),
		 HV_STATUS_SUCCESS);
	for (uint32_t i = 0; i < 3; i++)
		n += requested(id, i, 0x53);
	CHECK_EQ(n, 1);
	/* INIT and start-up */
	CHECK_EQ(guest_get64(id, 1, HV_REGISTER_INTERNAL_ACTIVITY_STATE),
		 HV_ACTIVITY_STARTUP_SUSPEND);
	CHECK_EQ(assert_irq(id, HV_X64_INTERRUPT_TYPE_SIPI, 1, 0x9a), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_get64(id, 1, HV_REGISTER_INTERNAL_ACTIVITY_STATE), 0);
	union hv_register_value cs;

	CHECK_EQ(guest_get(id, 1, HV_X64_REGISTER_CS, &cs), HV_STATUS_SUCCESS);
	CHECK_EQ(cs.segment.base, 0x9a000);
	CHECK_EQ(cs.segment.selector, 0x9a00);
	CHECK_EQ(guest_get64(id, 1, HV_X64_REGISTER_RIP), 0);
	CHECK_EQ(assert_irq(id, HV_X64_INTERRUPT_TYPE_INIT, 1, 0), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_get64(id, 1, HV_REGISTER_INTERNAL_ACTIVITY_STATE),
		 HV_ACTIVITY_STARTUP_SUSPEND);
}
