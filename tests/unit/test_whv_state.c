/* SPDX-License-Identifier: MIT */
/* WHv: state of a processor, all types and the older calls. */
#include "tests/unit/test_whv_fake.h"

#define T(name) WHvVirtualProcessorStateType##name

struct row {
	uint32_t type, hv_type, size, pages;
};

static const struct row rows[] = {
	{ 0, 0x80000002, 4096, 1 },	 { 1, 0x80000003, 4096, 1 },	 { 2, 4, 200, 0 },
	{ 0x1000, 0x80000000, 4096, 1 }, { 0x1001, 0x80000001, 832, 1 },
};

static void check_header(const struct fake_call *c, const struct row *r, bool set)
{
	uint32_t words = r->pages ? r->pages : set ? r->size / 8 : 0;
	struct hv_input_vp_state in;
	uint64_t pfn, first;

	memcpy(&in, c->in, sizeof(in));
	assert_int_equal(in.partition_id, FAKE_ID);
	assert_int_equal(in.vp_index, 0);
	assert_int_equal(in.type, r->hv_type);
	assert_int_equal(in.reserved | in.input_vtl, 0);
	assert_int_equal(in.xsave_flags, 0);
	assert_int_equal(in.xsave_states, r->type == 0x1001 ? 7 : 0);
	assert_int_equal((c->control >> 17) & 0x3ff, words);
	for (uint32_t i = 0; i < r->pages; i++) {
		memcpy(&pfn, c->in + 40 + 8 * i, 8);
		if (!i)
			first = pfn;
		assert_int_equal(pfn, first + i);
	}
}

static WHV_VIRTUAL_PROCESSOR_STATE_TYPE type_of(uint32_t t)
{
	return (WHV_VIRTUAL_PROCESSOR_STATE_TYPE)t;
}

static void test_get_set(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);
	uint8_t buf[8200], want[8192];
	UINT32 n;

	(void)state;
	for (size_t k = 0; k < WHV_ARRAY_LEN(rows); k++) {
		const struct row *r = &rows[k];
		bool apic = r->type == 0x1000;

		/* The probe asks the hypervisor for nothing of the state. */
		fake.count = 0;
		n = 1;
		assert_int_equal(WHvGetVirtualProcessorState(h, 0, type_of(r->type), NULL, 0, &n),
				 WHV_E_INSUFFICIENT_BUFFER);
		assert_int_equal(n, r->size);
		assert_int_equal(
			WHvGetVirtualProcessorState(h, 0, type_of(r->type), buf, n - 1, NULL),
			WHV_E_INSUFFICIENT_BUFFER);
		assert_int_equal(WHvGetVirtualProcessorState(h, 0, type_of(r->type), NULL, n, &n),
				 E_POINTER);
		assert_int_equal(fake_calls_of(HVCALL_GET_VP_STATE), 0);

		for (uint32_t i = 0; i < 4096; i++)
			fake.state[r->hv_type & 0xf][i] = want[i] = (uint8_t)(i * 7 + k + 1);
		memset(buf, 0xee, sizeof(buf));
		assert_int_equal(WHvGetVirtualProcessorState(h, 0, type_of(r->type), buf + 1,
							     r->size + 100, &n),
				 S_OK);
		assert_int_equal(n, r->size);
		check_header(fake_nth(HVCALL_GET_VP_STATE, 0), r, false);
		if (!apic)
			assert_memory_equal(buf + 1, want, r->size);
		assert_int_equal(buf[r->size + 1], 0xee);

		/* Set: exactly the size */
		assert_int_equal(
			WHvSetVirtualProcessorState(h, 0, type_of(r->type), buf, r->size - 1),
			E_INVALIDARG);
		assert_int_equal(
			WHvSetVirtualProcessorState(h, 0, type_of(r->type), buf, r->size + 1),
			E_INVALIDARG);
		assert_int_equal(WHvSetVirtualProcessorState(h, 0, type_of(r->type), NULL, r->size),
				 E_POINTER);
		assert_int_equal(fake_calls_of(HVCALL_SET_VP_STATE), 0);
		memset(fake.state[r->hv_type & 0xf], 0, 4096);
		assert_int_equal(
			WHvSetVirtualProcessorState(h, 0, type_of(r->type), buf + 1, r->size),
			S_OK);
		check_header(fake_nth(HVCALL_SET_VP_STATE, 0), r, true);
		if (!apic)
			assert_memory_equal(fake.state[r->hv_type & 0xf], want, r->size);
	}
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_refusals(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(1), none;
	static const uint32_t unknown[] = { 3, 4, 0x1003, 0x80000000, 0x80000002, 0xc0000006 };
	uint8_t buf[4096] = { 0 };
	UINT32 n;

	(void)state;
	for (size_t i = 0; i < WHV_ARRAY_LEN(unknown); i++) {
		assert_int_equal(
			WHvGetVirtualProcessorState(h, 0, type_of(unknown[i]), buf, 4096, &n),
			E_INVALIDARG);
		assert_int_equal(WHvSetVirtualProcessorState(h, 0, type_of(unknown[i]), buf, 4096),
				 E_INVALIDARG);
	}
	assert_int_equal(WHvGetVirtualProcessorState(h, 1, type_of(0), buf, 4096, &n),
			 WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvSetVirtualProcessorState(h, WHV_ANY_VP, type_of(0), buf, 4096),
			 WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvGetVirtualProcessorState(h, WHV_ANY_VP, type_of(0), buf, 4096, &n),
			 WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvGetVirtualProcessorState(NULL, 0, type_of(0), buf, 4096, &n),
			 E_INVALIDARG);
	/* No nested virtualization: no such state */
	assert_int_equal(WHvGetVirtualProcessorState(h, 0, T(NestedState), NULL, 0, &n),
			 E_INVALIDARG);
	/* Running; out of pages; refused content; the hypervisor's memory */
	for (size_t k = 0; k < WHV_ARRAY_LEN(rows); k++) {
		fake_order(HVCALL_GET_VP_STATE, HV_STATUS_INVALID_VP_STATE, 0, 1, 0);
		memset(buf, 0x5a, sizeof(buf));
		assert_int_equal(
			WHvGetVirtualProcessorState(h, 0, type_of(rows[k].type), buf, 4096, &n),
			WHV_E_INVALID_VP_STATE);
		assert_int_equal(buf[0], 0x5a);
		fake_order(HVCALL_SET_VP_STATE, HV_STATUS_INVALID_VP_STATE, 0, 1, 0);
		assert_int_equal(
			WHvSetVirtualProcessorState(h, 0, type_of(rows[k].type), buf, rows[k].size),
			WHV_E_INVALID_VP_STATE);
		fake.order_count = 0;
	}
	fake_order(HVCALL_SET_VP_STATE, HV_STATUS_INVALID_PARAMETER, 0, 1, 0);
	assert_int_equal(WHvSetVirtualProcessorState(h, 0, type_of(0), buf, 4096),
			 ERROR_HV_INVALID_PARAMETER);
	fake_order(HVCALL_GET_VP_STATE, HV_STATUS_INSUFFICIENT_MEMORY, 0, 1, 0);
	assert_int_equal(WHvGetVirtualProcessorState(h, 0, type_of(0), buf, 4096, &n), S_OK);
	assert_int_equal(fake.deposits, 16);
	fake.limit = fake.taken;
	assert_int_equal(WHvGetVirtualProcessorState(h, 0, type_of(0), buf, 4096, &n),
			 E_OUTOFMEMORY);
	assert_int_equal(WHvSetVirtualProcessorState(h, 0, type_of(2), buf, 200), E_OUTOFMEMORY);
	fake.limit = FAKE_PAGES;
	assert_int_equal(WHvDeletePartition(h), S_OK);

	/* Without the local APIC its state is no type; the older calls say it their way. */
	none = fake_partition_vp(0);
	assert_int_equal(
		WHvGetVirtualProcessorState(none, 0, T(InterruptControllerState2), buf, 4096, &n),
		E_INVALIDARG);
	assert_int_equal(WHvGetVirtualProcessorInterruptControllerState2(none, 0, buf, 4096, &n),
			 WHV_E_INVALID_VP_STATE);
	assert_int_equal(WHvSetVirtualProcessorInterruptControllerState2(none, 0, buf, 4096),
			 WHV_E_INVALID_VP_STATE);
	assert_int_equal(WHvDeletePartition(none), S_OK);
}

static void test_nested(void **state)
{
	static WHV_X64_NESTED_STATE s;
	WHV_PARTITION_HANDLE h;
	UINT32 one = 1, n;

	(void)state;
	assert_int_equal(WHvCreatePartition(&h), S_OK);
	assert_int_equal(
		WHvSetPartitionProperty(h, WHvPartitionPropertyCodeProcessorCount, &one, 4), S_OK);
	assert_int_equal(
		WHvSetPartitionProperty(h, WHvPartitionPropertyCodeNestedVirtualization, &one, 4),
		S_OK);
	assert_int_equal(WHvSetupPartition(h), S_OK);
	assert_int_equal(WHvCreateVirtualProcessor(h, 0, 0), S_OK);
	fake.count = 0;
	memset(fake.state[8], 0x11, 8192);
	assert_int_equal(WHvGetVirtualProcessorState(h, 0, T(NestedState), NULL, 0, &n),
			 WHV_E_INSUFFICIENT_BUFFER);
	assert_int_equal(n, 8192);
	assert_int_equal(WHvGetVirtualProcessorState(h, 0, T(NestedState), &s, sizeof(s), &n),
			 S_OK);
	check_header(fake_nth(HVCALL_GET_VP_STATE, 0), &(struct row){ 0x1002, 0x80000008, 8192, 2 },
		     false);
	assert_memory_equal(&s, fake.state[8], 8192);
	s.Svm.VmcbBytes[4095] = 7;
	assert_int_equal(WHvSetVirtualProcessorState(h, 0, T(NestedState), &s, sizeof(s)), S_OK);
	assert_int_equal(fake.state[8][8191], 7);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_xsave_size(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);
	static const struct {
		uint64_t size;
		HRESULT hr;
	} sizes[] = { { 576, S_OK },
		      { 4096, S_OK },
		      { 4104, S_OK },
		      { 11008, S_OK },
		      { 65536, S_OK },
		      { 65544, WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG },
		      { 0, WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG },
		      { UINT64_MAX, WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG } };
	static uint8_t buf[65536];
	UINT32 n;

	(void)state;
	for (size_t i = 0; i < WHV_ARRAY_LEN(sizes); i++) {
		fake_set_property(HV_PARTITION_PROPERTY_MAX_XSAVE_DATA_SIZE, sizes[i].size);
		n = 0;
		assert_int_equal(WHvGetVirtualProcessorXsaveState(h, 0, NULL, 0, &n),
				 sizes[i].hr == S_OK ? WHV_E_INSUFFICIENT_BUFFER : sizes[i].hr);
		assert_int_equal(n, sizes[i].hr == S_OK ? sizes[i].size : 0);
		if (sizes[i].hr != S_OK || n > 16384)
			continue;
		assert_int_equal(WHvGetVirtualProcessorXsaveState(h, 0, buf, n, &n), S_OK);
		assert_int_equal(fake.state_len, (n + 4095) & ~4095u);
		assert_int_equal(WHvSetVirtualProcessorXsaveState(h, 0, buf, n), S_OK);
		assert_int_equal(WHvSetVirtualProcessorXsaveState(h, 0, buf, n + 8), E_INVALIDARG);
	}
	fake_order(HVCALL_GET_PARTITION_PROPERTY, HV_STATUS_ACCESS_DENIED, 0, 1, 0);
	assert_int_equal(WHvGetVirtualProcessorXsaveState(h, 0, buf, 4096, &n), E_ACCESSDENIED);
	fake_order(HVCALL_GET_PARTITION_PROPERTY, HV_STATUS_ACCESS_DENIED, 1, 1, 0);
	assert_int_equal(WHvGetVirtualProcessorXsaveState(h, 0, buf, 4096, &n), E_ACCESSDENIED);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

/* ---- the APIC's two forms ---- */

static uint32_t at(const uint8_t *page, uint32_t offset)
{
	uint32_t v;

	memcpy(&v, page + offset, 4);
	return v;
}

/* Packed word i (of 44) and the page offset of its register; 0: no place */
static const uint16_t places[44] = {
	0x020, 0x030, 0x0d0, 0x0e0, 0x0f0,			/* id .. spurious */
	0x100, 0x110, 0x120, 0x130, 0x140, 0x150, 0x160, 0x170, /* ISR */
	0x180, 0x190, 0x1a0, 0x1b0, 0x1c0, 0x1d0, 0x1e0, 0x1f0, /* TMR */
	0x200, 0x210, 0x220, 0x230, 0x240, 0x250, 0x260, 0x270, /* IRR */
	0x280, 0x310, 0x300,					/* ESR, ICR high, low */
	0x320, 0x330, 0x340, 0x350, 0x360, 0x370, 0x2f0, 0,	/* LVT, CMCI, error status */
	0x380, 0x390, 0x3e0, 0x0c0,				/* counts, divide, remote */
};

static void test_apic_forms(void **state)
{
	struct hv_local_interrupt_controller_state s, back;
	uint32_t words[44], used = 0;
	uint8_t page[4096], cr8;

	(void)state;
	for (uint32_t i = 0; i < 44; i++)
		words[i] = 0x01010101u * (i + 1);
	memcpy(&s, words, sizeof(s));
	whv_apic_to_page(&s, 5, page);
	for (uint32_t i = 0; i < 44; i++)
		if (places[i])
			assert_int_equal(at(page, places[i]), words[i]);
	assert_int_equal(at(page, 0x80), 0x50);
	/* Everything else is zero: 43 words, TPR and PPR */
	for (uint32_t o = 0; o < 4096; o += 4)
		used += at(page, o) != 0;
	assert_int_equal(used, 45);
	whv_apic_from_page(page, &back, &cr8);
	s.apic_error_status = 0; /* the page has no place for it */
	assert_memory_equal(&s, &back, sizeof(s));
	assert_int_equal(cr8, 5);
}

/* SDM: PPR is the TPR, or the class of the highest vector in service, whichever is higher. */
static void test_ppr(void **state)
{
	static const struct {
		uint32_t vector, ppr;
		uint8_t cr8;
	} cases[] = { { 0, 0, 0 },	 { 0, 0xf0, 15 },    { 0x31, 0x30, 0 }, { 0x31, 0x30, 3 },
		      { 0x31, 0x40, 4 }, { 0xff, 0xf0, 14 }, { 0x10, 0x10, 0 }, { 0x20, 0x20, 1 } };
	struct hv_local_interrupt_controller_state s;
	uint8_t page[4096];

	(void)state;
	for (size_t i = 0; i < WHV_ARRAY_LEN(cases); i++) {
		memset(&s, 0, sizeof(s));
		if (cases[i].vector) {
			s.apic_isr[cases[i].vector / 32] |= 1u << (cases[i].vector % 32);
			s.apic_isr[0] |= 1u << 16; /* and a lower one */
		}
		whv_apic_to_page(&s, cases[i].cr8, page);
		assert_int_equal(at(page, 0xa0), cases[i].ppr);
	}
}

static void test_apic_calls(void **state)
{
	struct hv_local_interrupt_controller_state s = {
		.apic_id = 1, .apic_version = 0x50014, .apic_irr = { 4 }, .apic_initial_count = 1000
	};
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);
	uint8_t page[4096], legacy[1024];
	UINT32 n;

	(void)state;
	s.apic_isr[2] = 1;
	memset(fake.state[0], 0x77, 4096); /* the page behind the 176 bytes does not show */
	memcpy(fake.state[0], &s, sizeof(s));
	fake_register(HV_X64_REGISTER_CR8)->reg64 = 6;
	assert_int_equal(
		WHvGetVirtualProcessorState(h, 0, T(InterruptControllerState2), page, 4096, &n),
		S_OK);
	assert_int_equal(at(page, 0x20), 1);
	assert_int_equal(at(page, 0x80), 0x60);
	assert_int_equal(at(page, 0xa0), 0x60);
	assert_int_equal(at(page, 0x200), 4); /* NMI pending, as IRR bit 2 */
	assert_int_equal(at(page, 0x380), 1000);
	assert_int_equal(at(page, 0x400), 0);
	/* The set brings the priority back, too. */
	fake_register(HV_X64_REGISTER_CR8)->reg64 = 0;
	memset(fake.state[0], 0, 4096);
	assert_int_equal(
		WHvSetVirtualProcessorState(h, 0, T(InterruptControllerState2), page, 4096), S_OK);
	assert_memory_equal(fake.state[0], &s, sizeof(s));
	assert_int_equal(fake_register(HV_X64_REGISTER_CR8)->reg64, 6);
	memset(legacy, 0, sizeof(legacy));
	assert_memory_equal(fake.state[0] + sizeof(s), legacy,
			    848); /* nothing of the page behind it */

	assert_int_equal(WHvGetVirtualProcessorInterruptControllerState2(h, 0, page, 4095, &n),
			 WHV_E_INSUFFICIENT_BUFFER);
	assert_int_equal(n, 4096);
	assert_int_equal(WHvGetVirtualProcessorInterruptControllerState2(h, 0, NULL, 4096, &n),
			 E_POINTER);
	assert_int_equal(WHvGetVirtualProcessorInterruptControllerState2(h, 0, page, 4096, &n),
			 S_OK);
	assert_int_equal(WHvSetVirtualProcessorInterruptControllerState2(h, 0, page, 4095),
			 E_POINTER);
	assert_int_equal(WHvSetVirtualProcessorInterruptControllerState2(h, 0, NULL, 4096),
			 E_POINTER);
	assert_int_equal(WHvSetVirtualProcessorInterruptControllerState2(h, 0, page, 4096), S_OK);
	assert_int_equal(WHvSetVirtualProcessorInterruptControllerState2(h, 1, page, 4096),
			 WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvSetVirtualProcessorInterruptControllerState2(h, WHV_ANY_VP, page, 4096),
			 WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(
		WHvGetVirtualProcessorInterruptControllerState2(h, WHV_ANY_VP, page, 4096, &n),
		WHV_E_VP_DOES_NOT_EXIST);
	/* The first form: the 1024 bytes that carry data, no processor priority */
	assert_int_equal(WHvGetVirtualProcessorInterruptControllerState(h, 0, legacy, 100, &n),
			 WHV_E_INSUFFICIENT_BUFFER);
	assert_int_equal(n, 1024);
	assert_int_equal(WHvGetVirtualProcessorInterruptControllerState(h, 0, legacy, 1024, NULL),
			 S_OK);
	assert_int_equal(at(legacy, 0xa0), 0);
	memset(page + 0xa0, 0, 4);
	assert_memory_equal(legacy, page, 1024);
	assert_int_equal(WHvSetVirtualProcessorInterruptControllerState(h, 0, legacy, 1024), S_OK);
	assert_memory_equal(fake.state[0], &s, sizeof(s));
	fake_order(HVCALL_SET_VP_STATE, HV_STATUS_INVALID_VP_STATE, 0, 1, 0);
	assert_int_equal(WHvSetVirtualProcessorInterruptControllerState(h, 0, legacy, 1024),
			 WHV_E_INVALID_VP_STATE);
	/* CR8 cannot be read or written */
	fake_order(HVCALL_GET_VP_REGISTERS, HV_STATUS_INVALID_VP_STATE, 0, 1, 0);
	assert_int_equal(WHvGetVirtualProcessorInterruptControllerState(h, 0, legacy, 1024, NULL),
			 WHV_E_INVALID_VP_STATE);
	fake_order(HVCALL_SET_VP_REGISTERS, HV_STATUS_INVALID_VP_STATE, 0, 1, 0);
	assert_int_equal(WHvSetVirtualProcessorInterruptControllerState(h, 0, legacy, 1024),
			 WHV_E_INVALID_VP_STATE);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_get_set),    TEST(test_refusals),   TEST(test_nested),
		TEST(test_xsave_size), TEST(test_apic_forms), TEST(test_ppr),
		TEST(test_apic_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
