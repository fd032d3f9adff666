/* SPDX-License-Identifier: MIT */
/* WHv: capabilities, partition life and properties, deposits, HRESULTs. */
#include "tests/unit/test_whv_fake.h"

#define ERROR_STATE HRESULT_FROM_WIN32(ERROR_INVALID_STATE)
#define PROP(name)  WHvPartitionPropertyCode##name

static void test_status_map(void **state)
{
	static const struct {
		uint16_t status;
		uint32_t hr;
	} named[] = {
		{ 0x00, 0 },	      { 0x02, 0x80004001 }, { 0x06, 0x80070005 },
		{ 0x09, 0x80370302 }, { 0x0b, 0x8007000e }, { 0x0e, 0x80370307 },
		{ 0x15, 0x80370308 }, { 0x1e, 0x80370303 }, { 0x20, 0x80370310 },
		{ 0x33, 0x80370301 }, { 0x73, 0x8007000e }, { 0x75, 0x8007000e },
		{ 0x83, 0x8007000e }, { 0x87, 0x80370309 },
	};

	(void)state;
	for (uint32_t s = 0; s < 0x10000; s++) {
		uint32_t want = 0xc0350000u | s;

		for (size_t i = 0; i < WHV_ARRAY_LEN(named); i++)
			if (named[i].status == s)
				want = named[i].hr;
		assert_int_equal((uint32_t)whv_status((uint16_t)s), want);
	}
}

static void test_no_transport(void **state)
{
	WHV_PARTITION_HANDLE h = NULL;
	BOOL present = TRUE;
	UINT64 v;

	(void)state;
	whv_set_transport(NULL);
	assert_int_equal(WHvGetCapability(WHvCapabilityCodeHypervisorPresent, &present, 4, NULL),
			 S_OK);
	assert_false(present);
	assert_int_equal(WHvGetCapability(WHvCapabilityCodeFeatures, &v, 8, NULL),
			 WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG);
	assert_int_equal(WHvCreatePartition(&h), WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG);
	assert_int_equal(WHvSetupPartition(h), WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG);
	assert_int_equal(WHvDeletePartition(h), WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG);
	assert_int_equal(WHvResetPartition(h), WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG);
	assert_int_equal(WHvGetPartitionProperty(h, PROP(ProcessorCount), &v, 4, NULL),
			 WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ProcessorCount), &v, 4),
			 WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG);
}

static void test_capabilities(void **state)
{
	static const struct {
		uint32_t code, size;
		uint64_t value;
	} rows[] = {
		{ 0x0000, 4, 1 },	  { 0x0001, 8, 7 },  { 0x0002, 8, 7 },
		{ 0x0003, 8, 0x2f7dfb },  { 0x0004, 8, 1 },  { 0x0005, 4, 0 },
		{ 0x0006, 8, 0 },	  { 0x1000, 4, 0 },  { 0x1001, 8, 0xff0ff0ff0ull },
		{ 0x1002, 1, 8 },	  { 0x1003, 8, 7 },  { 0x1004, 8, 3000000000ull },
		{ 0x1005, 8, 200000000 }, { 0x1006, 24, 2 }, { 0x1007, 20, 0 },
		{ 0x1008, 16, 1 },	  { 0x1009, 8, 0 },  { 0x100a, 4, 40 },
	};
	uint8_t buf[64];
	uint64_t two[2];
	UINT32 n;

	(void)state;
	for (size_t i = 0; i < WHV_ARRAY_LEN(rows); i++) {
		WHV_CAPABILITY_CODE code = (WHV_CAPABILITY_CODE)rows[i].code;
		uint64_t v = 0;

		n = 99;
		assert_int_equal(WHvGetCapability(code, NULL, 0, &n), WHV_E_INSUFFICIENT_BUFFER);
		assert_int_equal(n, rows[i].size);
		assert_int_equal(WHvGetCapability(code, buf, rows[i].size - 1, NULL),
				 WHV_E_INSUFFICIENT_BUFFER);
		assert_int_equal(WHvGetCapability(code, NULL, 64, NULL), E_POINTER);
		memset(buf, 0xee, sizeof(buf));
		assert_int_equal(WHvGetCapability(code, buf, sizeof(buf), &n), S_OK);
		assert_int_equal(n, rows[i].size);
		assert_int_equal(buf[n], 0xee);
		memcpy(&v, buf, n < 8 ? n : 8);
		assert_int_equal(v, rows[i].value);
	}
	assert_int_equal(WHvGetCapability(WHvCapabilityCodeProcessorFeaturesBanks, buf, 24, &n),
			 S_OK);
	memcpy(two, buf + 8, 16);
	assert_int_equal(two[0], 0xff0ff0ff0ull);
	assert_int_equal(two[1], 2);
	assert_int_equal(
		WHvGetCapability(WHvCapabilityCodeSyntheticProcessorFeaturesBanks, buf, 16, &n),
		S_OK);
	memcpy(two, buf + 8, 8);
	assert_int_equal(two[0], 0x123);
	for (uint32_t c = 0x2000; c <= 0x2010; c++)
		assert_int_equal(WHvGetCapability((WHV_CAPABILITY_CODE)c, buf, 64, &n),
				 WHV_E_UNKNOWN_CAPABILITY);
	assert_int_equal(WHvGetCapability((WHV_CAPABILITY_CODE)7, buf, 64, &n),
			 WHV_E_UNKNOWN_CAPABILITY);
	/* What the hypervisor does not know, and what it refuses */
	fake_order(HVCALL_GET_PARTITION_PROPERTY, HV_STATUS_UNKNOWN_PROPERTY, 0, 1, 0);
	assert_int_equal(WHvGetCapability(WHvCapabilityCodeProcessorVendor, buf, 64, &n),
			 WHV_E_UNKNOWN_CAPABILITY);
	fake_order(HVCALL_GET_PARTITION_PROPERTY, HV_STATUS_ACCESS_DENIED, 0, 1, 0);
	assert_int_equal(WHvGetCapability(WHvCapabilityCodeProcessorVendor, buf, 64, &n),
			 E_ACCESSDENIED);
	for (uint32_t i = 0; i < fake.count; i++) {
		memcpy(two, fake.calls[i].in, 8);
		assert_int_equal(two[0], HV_PARTITION_ID_SELF);
	}
}

static uint64_t created_flags(void)
{
	struct hv_input_create_partition in;

	memcpy(&in, fake_nth(HVCALL_CREATE_PARTITION, -1)->in, sizeof(in));
	return in.flags;
}

static void test_setup_flags(void **state)
{
	uint64_t base = 1ull << 8 | 1ull << 19 | 1ull << 4;
	WHV_PARTITION_HANDLE h;
	static const uint64_t add[] = { 0, 1ull << 13, 1ull << 13 | 1ull << 22 };

	(void)state;
	for (UINT32 mode = 0; mode < 3; mode++) {
		h = fake_partition(mode);
		assert_int_equal(created_flags(), base | add[mode]);
		assert_true(fake.initialized);
		assert_int_equal(WHvSetupPartition(h), ERROR_STATE);
		assert_int_equal(WHvDeletePartition(h), S_OK);
		assert_false(fake.created);
		assert_int_equal(WHvDeletePartition(h), E_INVALIDARG);
		assert_int_equal(WHvSetupPartition(h), E_INVALIDARG);
	}
}

static void test_setup_config(void **state)
{
	WHV_PROCESSOR_FEATURES_BANKS banks = { .BanksCount = 2 };
	WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS syn = { .BanksCount = 1 };
	struct hv_input_create_partition in;
	UINT64 xsave = 5, time = 123456;
	WHV_PARTITION_HANDLE h;
	UINT32 one = 1;

	(void)state;
	assert_int_equal(WHvCreatePartition(NULL), E_POINTER);
	assert_int_equal(WHvCreatePartition(&h), S_OK);
	assert_int_equal(WHvSetupPartition(h), WHV_E_INVALID_PARTITION_CONFIG);
	assert_int_equal(WHvCreateVirtualProcessor(h, 0, 0), WHV_E_INVALID_PARTITION_CONFIG);
	assert_int_equal(WHvResetPartition(h), ERROR_STATE);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ProcessorCount), &one, 4), S_OK);
	banks.AsUINT64[0] = 0x0fff; /* more than there is */
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ProcessorFeaturesBanks), &banks, 24),
			 S_OK);
	assert_int_equal(WHvSetupPartition(h), WHV_E_UNSUPPORTED_PROCESSOR_CONFIG);
	assert_false(fake.created);
	banks.AsUINT64[0] = 0xff0;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ProcessorFeaturesBanks), &banks, 24),
			 S_OK);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ProcessorXsaveFeatures), &xsave, 8), S_OK);
	syn.AsUINT64[0] = 0x77;
	assert_int_equal(
		WHvSetPartitionProperty(h, PROP(SyntheticProcessorFeaturesBanks), &syn, 16), S_OK);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ReferenceTime), &time, 8), S_OK);
	one = WHvMsrActionIgnoreWriteReadZero;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(UnimplementedMsrAction), &one, 4), S_OK);
	fake.count = 0;
	assert_int_equal(WHvSetupPartition(h), S_OK);
	memcpy(&in, fake_nth(HVCALL_CREATE_PARTITION, 0)->in, sizeof(in));
	assert_int_equal(in.compatibility_version, 0x609);
	assert_int_equal(in.disabled_processor_features[0], 0xff0ff0000ull);
	assert_int_equal(in.disabled_processor_features[1], 2);
	assert_int_equal(in.disabled_xsave_features, 2);
	assert_int_equal(*fake_property(HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES), 0x77);
	assert_int_equal(*fake_property(HV_PARTITION_PROPERTY_REFERENCE_TIME), 123456);
	assert_int_equal(*fake_property(HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION), 1);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

/* Whatever step of a set-up fails, nothing stays, and it can be done again. */
static void test_setup_failures(void **state)
{
	static const uint16_t codes[] = { HVCALL_CREATE_PARTITION, HVCALL_INITIALIZE_PARTITION,
					  HVCALL_SET_PARTITION_PROPERTY, HVCALL_INSTALL_INTERCEPT,
					  HVCALL_REGISTER_INTERCEPT_RESULT };
	WHV_X64_CPUID_RESULT2 r = { .Function = 1 };
	UINT64 exits = 7, vectors = 2, time = 1;
	UINT32 one = 1, leaf = 5;
	WHV_PARTITION_HANDLE h;

	(void)state;
	assert_int_equal(WHvCreatePartition(&h), S_OK);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ProcessorCount), &one, 4), S_OK);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ExtendedVmExits), &exits, 8), S_OK);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ExceptionExitBitmap), &vectors, 8), S_OK);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(CpuidExitList), &leaf, 4), S_OK);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(CpuidResultList2), &r, sizeof(r)), S_OK);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ReferenceTime), &time, 8), S_OK);
	for (size_t i = 0; i < WHV_ARRAY_LEN(codes); i++) {
		fake_order(codes[i], HV_STATUS_OPERATION_DENIED, 0, 1, 0);
		assert_int_equal(WHvSetupPartition(h), HRESULT_FROM_HV_STATUS(8));
		assert_false(fake.created);
		assert_int_equal(fake.deposits, 0);
	}
	fake_order(HVCALL_INSTALL_INTERCEPT, HV_STATUS_OPERATION_DENIED, 1, 1, 0);
	assert_int_equal(WHvSetupPartition(h), HRESULT_FROM_HV_STATUS(8));
	fake.count = 0;
	assert_int_equal(WHvSetupPartition(h), S_OK);
	assert_int_equal(fake_calls_of(HVCALL_INSTALL_INTERCEPT), 2);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

/* 0x0b: pages to the partition (to SELF while there is none), and the call again */
static void test_deposits(void **state)
{
	WHV_PARTITION_HANDLE h;
	UINT32 one = 1;
	uint64_t id;

	(void)state;
	assert_int_equal(WHvCreatePartition(&h), S_OK);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ProcessorCount), &one, 4), S_OK);
	fake_order(HVCALL_CREATE_PARTITION, HV_STATUS_INSUFFICIENT_MEMORY, 0, 1, 0);
	fake_order(HVCALL_INITIALIZE_PARTITION, HV_STATUS_INSUFFICIENT_MEMORY, 0, 3, 0);
	fake.rep_step = 5; /* a deposit that takes several calls */
	assert_int_equal(WHvSetupPartition(h), S_OK);
	fake.rep_step = 0;
	assert_int_equal(fake.deposits, 4 * 16);
	memcpy(&id, fake_nth(HVCALL_DEPOSIT_MEMORY, 0)->in, 8);
	assert_int_equal(id, HV_PARTITION_ID_SELF);
	memcpy(&id, fake_nth(HVCALL_DEPOSIT_MEMORY, -1)->in, 8);
	assert_int_equal(id, FAKE_ID);
	assert_int_equal(fake_calls_of(HVCALL_INITIALIZE_PARTITION), 4);

	/* Contiguous memory, and the root's own */
	fake.count = 0;
	fake_order(HVCALL_CREATE_VP, HV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY, 0, 1, 0);
	fake_order(HVCALL_CREATE_VP, HV_STATUS_INSUFFICIENT_ROOT_MEMORY, 0, 1, 0);
	fake_order(HVCALL_CREATE_VP, HV_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY, 0, 1, 0);
	assert_int_equal(WHvCreateVirtualProcessor(h, 0, 0), S_OK);
	assert_int_equal(fake_calls_of(HVCALL_DEPOSIT_MEMORY), 3);
	memcpy(&id, fake_nth(HVCALL_DEPOSIT_MEMORY, 0)->in, 8);
	assert_int_equal(id, FAKE_ID);
	assert_int_equal(fake_nth(HVCALL_DEPOSIT_MEMORY, 0)->in_len, 8 + 8 * 8);
	for (int i = 1; i < 3; i++) {
		memcpy(&id, fake_nth(HVCALL_DEPOSIT_MEMORY, i)->in, 8);
		assert_int_equal(id, HV_PARTITION_ID_SELF);
	}
	assert_int_equal(WHvDeletePartition(h), S_OK);
	assert_int_equal(fake.deposits, 0);
}

static void test_deposit_failures(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition(0);
	uint32_t out = fake.taken;

	(void)state;
	/* Nothing to give */
	fake.limit = fake.taken;
	fake_order(HVCALL_CREATE_VP, HV_STATUS_INSUFFICIENT_MEMORY, 0, 1, 0);
	assert_int_equal(WHvCreateVirtualProcessor(h, 0, 0), E_OUTOFMEMORY);
	/* One page only: that one is given */
	fake.limit = fake.taken + 1;
	fake_order(HVCALL_CREATE_VP, HV_STATUS_INSUFFICIENT_MEMORY, 0, 1, 0);
	fake_order(HVCALL_MAP_VP_STATE_PAGE, HV_STATUS_INVALID_PARAMETER, 0, 1, 0);
	assert_int_equal(WHvCreateVirtualProcessor(h, 0, 0), HRESULT_FROM_HV_STATUS(5));
	assert_int_equal(fake.vps, 0);
	assert_int_equal(fake.deposits, 1);
	fake.limit = FAKE_PAGES;
	/* Refused half way: what was not taken comes back */
	out = fake.taken;
	fake_order(HVCALL_CREATE_VP, HV_STATUS_INSUFFICIENT_MEMORY, 0, 1, 0);
	fake_order(HVCALL_DEPOSIT_MEMORY, HV_STATUS_INVALID_PARAMETER, 0, 1, 7);
	fake_order(HVCALL_DEPOSIT_MEMORY, HV_STATUS_INVALID_PARAMETER, 0, 1, 0);
	assert_int_equal(WHvCreateVirtualProcessor(h, 0, 0), E_OUTOFMEMORY);
	assert_int_equal(fake.taken, out + 7);
	/* Never content: the library gives up */
	fake_order(HVCALL_CREATE_VP, HV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY, 0, 100000, 0);
	fake.count = 0;
	assert_int_equal(WHvCreateVirtualProcessor(h, 0, 0), E_OUTOFMEMORY);
	assert_true(fake_calls_of(HVCALL_CREATE_VP) <= 257);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

/* A hypervisor that answers nonsense: no access out of bounds, no endless loop, an error. */
static void test_nonsense(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);
	WHV_REGISTER_NAME name = WHvX64RegisterRip;
	WHV_REGISTER_VALUE v;

	(void)state;
	fake.lie_code = HVCALL_GET_VP_REGISTERS;
	fake.lie_reps = 4095;
	assert_int_equal(WHvGetVirtualProcessorRegisters(h, 0, &name, 1, &v),
			 HRESULT_FROM_HV_STATUS(0x71));
	/* A page that the caller does not have */
	fake.lie_pfn = FAKE_BASE_PFN + FAKE_PAGES;
	assert_int_equal(WHvCreateVirtualProcessor(h, 1, 0), E_UNEXPECTED);
	fake.lie_pfn = 0;
	assert_int_equal(fake.vps, 1);
	fake.lie_code = HVCALL_WITHDRAW_MEMORY;
	assert_int_equal(WHvDeletePartition(h), HRESULT_FROM_HV_STATUS(0x71));
	fake.lie_code = 0;
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_delete_again(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);

	(void)state;
	/* Each step refused once: the handle stays and the deletion goes on where it stopped. */
	fake_order(HVCALL_UNMAP_VP_STATE_PAGE, HV_STATUS_INVALID_VP_STATE, 0, 1, 0);
	assert_int_equal(WHvDeletePartition(h), WHV_E_INVALID_VP_STATE);
	fake_order(HVCALL_FINALIZE_PARTITION, HV_STATUS_OBJECT_IN_USE, 0, 1, 0);
	assert_int_equal(WHvDeletePartition(h), ERROR_HV_OBJECT_IN_USE);
	fake_order(HVCALL_WITHDRAW_MEMORY, HV_STATUS_OPERATION_FAILED, 0, 1, 0);
	assert_int_equal(WHvDeletePartition(h), HRESULT_FROM_HV_STATUS(0x71));
	fake_order(HVCALL_DELETE_PARTITION, HV_STATUS_OBJECT_IN_USE, 0, 1, 0);
	assert_int_equal(WHvDeletePartition(h), ERROR_HV_OBJECT_IN_USE);
	assert_int_equal(WHvDeletePartition(h), S_OK);
	assert_int_equal(fake_calls_of(HVCALL_FINALIZE_PARTITION), 2);
	assert_int_equal(WHvDeletePartition(h), E_INVALIDARG);
	/* No progress in a withdrawal is an end, too. */
	h = fake_partition(0);
	fake_order(HVCALL_WITHDRAW_MEMORY, HV_STATUS_SUCCESS, 0, 1, 0);
	assert_int_equal(WHvDeletePartition(h), HRESULT_FROM_HV_STATUS(0x71));
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_handles(void **state)
{
	WHV_PARTITION_HANDLE h[WHV_MAX_PARTITIONS], more;

	(void)state;
	for (uint32_t i = 0; i < WHV_MAX_PARTITIONS; i++)
		assert_int_equal(WHvCreatePartition(&h[i]), S_OK);
	assert_int_equal(WHvCreatePartition(&more), E_OUTOFMEMORY);
	for (uint32_t i = 0; i < WHV_MAX_PARTITIONS; i++)
		assert_int_equal(WHvDeletePartition(h[i]), S_OK);
	/* Stale, null and wild ones find nothing. */
	assert_int_equal(WHvCreatePartition(&more), S_OK);
	assert_int_equal(WHvSuspendPartitionTime(h[0]), E_INVALIDARG);
	assert_int_equal(WHvSuspendPartitionTime(NULL), E_INVALIDARG);
	assert_int_equal(WHvSuspendPartitionTime((WHV_PARTITION_HANDLE)UINTPTR_MAX), E_INVALIDARG);
	assert_int_equal(WHvDeletePartition(more), S_OK);
	fake.limit = 0;
	assert_int_equal(WHvCreatePartition(&more), E_OUTOFMEMORY);
}

static void test_property_words(void **state)
{
	static const struct {
		uint32_t code, size;
		uint64_t good, bad;
		HRESULT hr; /* of the bad one; 0: every value is good */
	} rows[] = {
		{ 0x0001, 8, 7, 8, E_INVALIDARG },
		{ 0x0002, 8, 0x2f7dfb, 4, E_INVALIDARG },
		{ 0x0003, 4, 1, 2, E_INVALIDARG },
		{ 0x0004, 4, 0, 2, E_INVALIDARG },
		{ 0x0005, 8, 1, 2, E_INVALIDARG },
		{ 0x1001, 8, 0x10, 0, 0 },
		{ 0x1002, 1, 8, 7, WHV_E_UNSUPPORTED_PROCESSOR_CONFIG },
		{ 0x1005, 4, 2, 3, E_INVALIDARG },
		{ 0x1006, 8, 3, 0, 0 },
		{ 0x1007, 8, 3000000000ull, 1, WHV_E_UNSUPPORTED_PROCESSOR_CONFIG },
		{ 0x1008, 8, 200000000, 1, WHV_E_UNSUPPORTED_PROCESSOR_CONFIG },
		{ 0x1009, 4, 0, 1, E_INVALIDARG },
		{ 0x100b, 8, 99, 0, 0 },
		{ 0x100e, 8, 0, 1, E_INVALIDARG },
		{ 0x1010, 4, 2, 3, E_INVALIDARG },
		{ 0x1011, 4, 40, 48, WHV_E_UNSUPPORTED_PROCESSOR_CONFIG },
		{ 0x1fff, 4, 64, 65, E_INVALIDARG },
	};
	WHV_PARTITION_HANDLE h;
	uint64_t v;
	UINT32 n;

	(void)state;
	assert_int_equal(WHvCreatePartition(&h), S_OK);
	for (size_t i = 0; i < WHV_ARRAY_LEN(rows); i++) {
		WHV_PARTITION_PROPERTY_CODE c = (WHV_PARTITION_PROPERTY_CODE)rows[i].code;
		WHV_PARTITION_PROPERTY all = { .ReferenceTime = 0 };

		all.ReferenceTime = rows[i].good;
		assert_int_equal(WHvSetPartitionProperty(h, c, &all, rows[i].size - 1),
				 E_INVALIDARG);
		assert_int_equal(WHvSetPartitionProperty(h, c, NULL, sizeof(all)), E_POINTER);
		assert_int_equal(WHvSetPartitionProperty(h, c, &all, sizeof(all)), S_OK);
		if (rows[i].hr) {
			all.ReferenceTime = rows[i].bad;
			assert_int_equal(WHvSetPartitionProperty(h, c, &all, rows[i].size),
					 rows[i].hr);
		}
		n = 0;
		assert_int_equal(WHvGetPartitionProperty(h, c, NULL, 0, &n),
				 WHV_E_INSUFFICIENT_BUFFER);
		assert_int_equal(n, rows[i].size);
		v = 0;
		assert_int_equal(WHvGetPartitionProperty(h, c, &v, 8, NULL), S_OK);
		assert_int_equal(v, rows[i].good);
		assert_int_equal(WHvGetPartitionProperty(h, c, NULL, 8, NULL), E_POINTER);
	}
	n = 0;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ProcessorCount), &n, 4), E_INVALIDARG);
	assert_int_equal(
		WHvGetPartitionProperty((WHV_PARTITION_HANDLE)1, PROP(ProcessorCount), &n, 4, NULL),
		E_INVALIDARG);
	assert_int_equal(
		WHvSetPartitionProperty((WHV_PARTITION_HANDLE)1, PROP(ProcessorCount), &n, 4),
		E_INVALIDARG);
	/* Not available, and unknown */
	for (uint32_t c = 6; c <= 0xd; c++) {
		assert_int_equal(WHvSetPartitionProperty(h, (WHV_PARTITION_PROPERTY_CODE)c, &v, 8),
				 WHV_E_UNKNOWN_PROPERTY);
		assert_int_equal(
			WHvGetPartitionProperty(h, (WHV_PARTITION_PROPERTY_CODE)c, &v, 8, &n),
			HRESULT_FROM_WIN32(50));
	}
	assert_int_equal(WHvSetPartitionProperty(h, PROP(MsrActionList), &v, 8),
			 WHV_E_UNKNOWN_PROPERTY);
	assert_int_equal(WHvGetPartitionProperty(h, (WHV_PARTITION_PROPERTY_CODE)0, &v, 8, &n),
			 WHV_E_UNKNOWN_PROPERTY);
	assert_int_equal(WHvSetPartitionProperty(h, (WHV_PARTITION_PROPERTY_CODE)0x1000, &v, 8),
			 WHV_E_UNKNOWN_PROPERTY);
	fake_order(HVCALL_GET_PARTITION_PROPERTY, HV_STATUS_ACCESS_DENIED, 0, 2, 0);
	assert_int_equal(WHvGetPartitionProperty(h, PROP(PhysicalAddressWidth), &v, 8, &n),
			 E_ACCESSDENIED);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(PhysicalAddressWidth), &v, 8),
			 E_ACCESSDENIED);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_property_banks(void **state)
{
	WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS s = { .BanksCount = 1 };
	WHV_PROCESSOR_FEATURES_BANKS f = { .BanksCount = 2 };
	WHV_PARTITION_HANDLE h;
	UINT32 n;

	(void)state;
	assert_int_equal(WHvCreatePartition(&h), S_OK);
	/* Not set: the hypervisor's */
	assert_int_equal(
		WHvGetPartitionProperty(h, PROP(ProcessorFeaturesBanks), &f, sizeof(f), &n), S_OK);
	assert_int_equal(n, 24);
	assert_int_equal(f.AsUINT64[0], 0xff0ff0ff0ull);
	assert_int_equal(f.AsUINT64[1], 2);
	assert_int_equal(WHvGetPartitionProperty(h, PROP(SyntheticProcessorFeaturesBanks), &s,
						 sizeof(s), &n),
			 S_OK);
	assert_int_equal(s.AsUINT64[0], 0x23);
	f.BanksCount = 1;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ProcessorFeaturesBanks), &f, sizeof(f)),
			 E_INVALIDARG);
	f.BanksCount = 2;
	f.AsUINT64[1] = 0;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ProcessorFeaturesBanks), &f, 23),
			 E_INVALIDARG);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ProcessorFeaturesBanks), &f, sizeof(f)),
			 S_OK);
	f.AsUINT64[1] = 9;
	assert_int_equal(
		WHvGetPartitionProperty(h, PROP(ProcessorFeaturesBanks), &f, sizeof(f), &n), S_OK);
	assert_int_equal(f.AsUINT64[1], 0);
	s.Reserved0 = 1;
	assert_int_equal(
		WHvSetPartitionProperty(h, PROP(SyntheticProcessorFeaturesBanks), &s, sizeof(s)),
		E_INVALIDARG);
	fake_order(HVCALL_GET_PARTITION_PROPERTY, HV_STATUS_ACCESS_DENIED, 0, 1, 0);
	assert_int_equal(WHvGetPartitionProperty(h, PROP(SyntheticProcessorFeaturesBanks), &s,
						 sizeof(s), &n),
			 E_ACCESSDENIED);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_property_lists(void **state)
{
	WHV_X64_CPUID_RESULT2 r2[2] = {
		{ .Function = 1,
		  .Index = 2,
		  .VpIndex = 1,
		  .Flags = WHvX64CpuidResult2FlagVpSpecific,
		  .Output = { 1, 2, 3, 4 },
		  .Mask = { 5, 6, 7, 8 } },
		{ .Function = 7, .Index = 1, .Flags = WHvX64CpuidResult2FlagSubleafSpecific }
	};
	WHV_X64_CPUID_RESULT r1 = {
		.Function = 0x40000000, .Eax = 11, .Ebx = 12, .Ecx = 13, .Edx = 14
	};
	struct hv_input_register_intercept_result in;
	UINT32 many[WHV_MAX_CPUID_EXITS + 1] = { 0 }, n, leaves[] = { 1, 2, 1 };
	WHV_PARTITION_HANDLE h;
	UINT32 two = 2;

	(void)state;
	assert_int_equal(WHvCreatePartition(&h), S_OK);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ProcessorCount), &two, 4), S_OK);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(CpuidExitList), leaves, 10), E_INVALIDARG);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(CpuidExitList), many, sizeof(many)),
			 E_INVALIDARG);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(CpuidExitList), leaves, 12), S_OK);
	assert_int_equal(WHvGetPartitionProperty(h, PROP(CpuidExitList), many, 8, &n),
			 WHV_E_INSUFFICIENT_BUFFER);
	assert_int_equal(n, 12);
	assert_int_equal(WHvGetPartitionProperty(h, PROP(CpuidExitList), many, 12, &n), S_OK);
	assert_memory_equal(many, leaves, 12);

	r1.Reserved[1] = 1;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(CpuidResultList), &r1, 32), E_INVALIDARG);
	r1.Reserved[1] = 0;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(CpuidResultList), &r1, 31), E_INVALIDARG);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(CpuidResultList), &r1, 32), S_OK);
	memset(&r1, 0, sizeof(r1));
	assert_int_equal(WHvGetPartitionProperty(h, PROP(CpuidResultList), &r1, 31, &n),
			 WHV_E_INSUFFICIENT_BUFFER);
	assert_int_equal(WHvGetPartitionProperty(h, PROP(CpuidResultList), &r1, 32, &n), S_OK);
	assert_int_equal(r1.Edx, 14);
	assert_int_equal(WHvSetupPartition(h), S_OK);
	memcpy(&in, fake_nth(HVCALL_REGISTER_INTERCEPT_RESULT, -1)->in, sizeof(in));
	assert_int_equal(in.vp_index, WHV_ANY_VP);
	assert_int_equal(in.cpuid.eax, 0x40000000);
	assert_int_equal(in.cpuid.subleaf_specific, 0);
	assert_int_equal(in.cpuid.result[3].value, 14);
	assert_int_equal(in.cpuid.result[3].mask, UINT32_MAX);
	assert_int_equal(WHvDeletePartition(h), S_OK);

	assert_int_equal(WHvCreatePartition(&h), S_OK);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ProcessorCount), &two, 4), S_OK);
	r2[1].Flags |= 4;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(CpuidResultList2), r2, 96), E_INVALIDARG);
	r2[1].Flags = WHvX64CpuidResult2FlagSubleafSpecific;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(CpuidResultList2), r2, 96), S_OK);
	fake.count = 0;
	assert_int_equal(WHvSetupPartition(h), S_OK);
	assert_int_equal(fake_calls_of(HVCALL_REGISTER_INTERCEPT_RESULT), 1);
	assert_int_equal(WHvCreateVirtualProcessor(h, 0, 0), S_OK);
	assert_int_equal(fake_calls_of(HVCALL_REGISTER_INTERCEPT_RESULT), 1);
	fake_order(HVCALL_REGISTER_INTERCEPT_RESULT, HV_STATUS_INVALID_PARAMETER, 0, 1, 0);
	assert_int_equal(WHvCreateVirtualProcessor(h, 1, 0), HRESULT_FROM_HV_STATUS(5));
	assert_int_equal(fake.vps, 1);
	assert_int_equal(fake.state_page[1], 0);
	assert_int_equal(WHvCreateVirtualProcessor(h, 1, 0), S_OK);
	memcpy(&in, fake_nth(HVCALL_REGISTER_INTERCEPT_RESULT, -1)->in, sizeof(in));
	assert_int_equal(in.vp_index, 1);
	assert_int_equal(in.cpuid.ecx, 2);
	assert_int_equal(in.cpuid.always_override, 1);
	assert_int_equal(in.cpuid.result[2].value, 3);
	assert_int_equal(in.cpuid.result[2].mask, 7);
	assert_int_equal(WHvGetPartitionProperty(h, PROP(CpuidResultList2), r2, 96, &n), S_OK);
	assert_int_equal(n, 96);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void check_install(int n, uint32_t type, uint32_t access, uint64_t parameter)
{
	struct hv_input_install_intercept in;

	memcpy(&in, fake_nth(HVCALL_INSTALL_INTERCEPT, n)->in, sizeof(in));
	assert_int_equal(in.partition_id, FAKE_ID);
	assert_int_equal(in.intercept_type, type);
	assert_int_equal(in.access_type, access);
	assert_int_equal(in.parameter, parameter);
}

/* After the set-up only what changed goes to the hypervisor, and a refusal changes nothing. */
static void test_late_properties(void **state)
{
	UINT32 leaves[] = { 0x10, 0x20 }, n;
	WHV_PARTITION_HANDLE h = fake_partition(1);
	UINT64 v = 7;

	(void)state;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ProcessorCount), &v, 4), E_INVALIDARG);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(CpuidResultList), &v, 0), E_INVALIDARG);
	fake.count = 0;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ExtendedVmExits), &v, 8), S_OK);
	assert_int_equal(fake.count, 0); /* nothing is asked for yet */
	assert_int_equal(WHvSetPartitionProperty(h, PROP(CpuidExitList), leaves, 8), S_OK);
	assert_int_equal(fake.count, 2);
	check_install(0, 2, 4, 0x10);
	check_install(1, 2, 4, 0x20);
	leaves[0] = 0x30;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(CpuidExitList), leaves, 8), S_OK);
	assert_int_equal(fake.count, 4);
	check_install(2, 2, 0, 0x10);
	check_install(3, 2, 4, 0x30);
	v = 1;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(X64MsrExitBitmap), &v, 8), S_OK);
	check_install(4, 1, 3, 0);
	v = 1u << 6 | 1u << 14;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ExceptionExitBitmap), &v, 8), S_OK);
	check_install(5, 3, 4, 6);
	check_install(6, 3, 4, 14);
	v = 1u << 14;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ExceptionExitBitmap), &v, 8), S_OK);
	check_install(7, 3, 0, 6);

	/* Refused: the property is as it was, and so are the intercepts. */
	fake.count = 0;
	v = 1u << 14 | 1u << 3 | 1u << 4;
	fake_order(HVCALL_INSTALL_INTERCEPT, HV_STATUS_INVALID_PARAMETER, 1, 1, 0);
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ExceptionExitBitmap), &v, 8),
			 HRESULT_FROM_HV_STATUS(5));
	check_install(0, 3, 4, 3);
	check_install(1, 3, 4, 4);
	check_install(2, 3, 0, 3);
	assert_int_equal(WHvGetPartitionProperty(h, PROP(ExceptionExitBitmap), &v, 8, &n), S_OK);
	assert_int_equal(v, 1u << 14);
	/* All off at once */
	fake.count = 0;
	v = 0;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ExtendedVmExits), &v, 8), S_OK);
	assert_int_equal(fake.count, 4);
	v = 777;
	assert_int_equal(WHvSetPartitionProperty(h, PROP(ReferenceTime), &v, 8), S_OK);
	assert_int_equal(WHvGetPartitionProperty(h, PROP(ReferenceTime), &v, 8, &n), S_OK);
	assert_int_equal(v, 777);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_time(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition(1);

	(void)state;
	assert_int_equal(WHvSuspendPartitionTime(h), S_OK);
	assert_int_equal(*fake_property(HV_PARTITION_PROPERTY_TIME_FREEZE), 1);
	assert_int_equal(WHvResumePartitionTime(h), S_OK);
	assert_int_equal(*fake_property(HV_PARTITION_PROPERTY_TIME_FREEZE), 0);
	fake_order(HVCALL_SET_PARTITION_PROPERTY, HV_STATUS_INVALID_VP_STATE, 0, 1, 0);
	assert_int_equal(WHvSuspendPartitionTime(h), WHV_E_INVALID_VP_STATE);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_reset(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);
	WHV_REGISTER_NAME name = WHvX64RegisterRip;
	WHV_REGISTER_VALUE v = { .Reg64 = 1 };

	(void)state;
	fake_register(HV_REGISTER_GUEST_OS_ID)->reg64 = 5;
	assert_int_equal(WHvCreateVirtualProcessor(h, 1, 0), S_OK);
	fake.count = 0;
	assert_int_equal(WHvResetPartition(h), S_OK);
	assert_int_equal(fake.vps, 3);
	assert_int_equal(fake_calls_of(HVCALL_DELETE_VP), 2);
	assert_int_equal(fake_calls_of(HVCALL_CREATE_VP), 2);
	assert_int_equal(fake_calls_of(HVCALL_UNMAP_GPA_PAGES), 0);
	assert_int_equal(fake_register(HV_REGISTER_GUEST_OS_ID)->reg64, 0);
	assert_int_equal(*fake_property(HV_PARTITION_PROPERTY_TIME_FREEZE), 1);
	fake_order(HVCALL_SET_VP_REGISTERS, HV_STATUS_INVALID_PARAMETER, 0, 1, 0);
	assert_int_equal(WHvResetPartition(h), HRESULT_FROM_HV_STATUS(5));
	fake_order(HVCALL_DELETE_VP, HV_STATUS_INVALID_VP_STATE, 0, 1, 0);
	assert_int_equal(WHvResetPartition(h), WHV_E_INVALID_VP_STATE);
	/* A processor that cannot be made again is gone, and said to be. */
	fake_order(HVCALL_CREATE_VP, HV_STATUS_NO_RESOURCES, 0, 1, 0);
	assert_int_equal(WHvResetPartition(h), HRESULT_FROM_HV_STATUS(0x1d));
	assert_int_equal(WHvGetVirtualProcessorRegisters(h, 0, &name, 1, &v),
			 WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_not_implemented(void **state)
{
	(void)state;
	assert_int_equal(WHvGetPartitionCounters(NULL, WHvPartitionCounterSetMemory, NULL, 0, NULL),
			 E_NOTIMPL);
	assert_int_equal(WHvStartPartitionMigration(NULL, NULL), E_NOTIMPL);
	assert_int_equal(WHvCancelPartitionMigration(NULL), E_NOTIMPL);
	assert_int_equal(WHvQueryGpaRangeDirtyBitmap(NULL, 0, 0, NULL, 0), E_NOTIMPL);
	assert_int_equal(WHvDeleteTrigger(NULL, NULL), E_NOTIMPL);
	assert_int_equal(WHvDeleteVpciDevice(NULL, 0), E_NOTIMPL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_status_map),	    TEST(test_no_transport),
		TEST(test_capabilities),    TEST(test_setup_flags),
		TEST(test_setup_config),    TEST(test_setup_failures),
		TEST(test_deposits),	    TEST(test_deposit_failures),
		TEST(test_nonsense),	    TEST(test_delete_again),
		TEST(test_handles),	    TEST(test_property_words),
		TEST(test_property_banks),  TEST(test_property_lists),
		TEST(test_late_properties), TEST(test_time),
		TEST(test_reset),	    TEST(test_not_implemented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
