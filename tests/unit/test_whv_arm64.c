/* SPDX-License-Identifier: MIT */
/* WHv on arm64: what its own files do, over the in-process hypervisor. */
#include "tests/unit/test_whv_fake.h"

#define GICV3 WHvArm64IcEmulationModeGicV3

static WHV_ARM64_IC_PARAMETERS parameters(void)
{
	WHV_ARM64_IC_PARAMETERS ic;

	memset(&ic, 0, sizeof(ic));
	ic.EmulationMode = GICV3;
	ic.GicV3Parameters.GicdBaseAddress = 0x8000000;
	return ic;
}

static HRESULT set_ic(WHV_PARTITION_HANDLE h, const WHV_ARM64_IC_PARAMETERS *ic, UINT32 size)
{
	return WHvSetPartitionProperty(h, WHvPartitionPropertyCodeArm64IcParameters, ic, size);
}

static WHV_PARTITION_HANDLE not_set_up(void)
{
	WHV_PARTITION_HANDLE h;
	UINT32 two = 2;

	assert_int_equal(WHvCreatePartition(&h), S_OK);
	assert_int_equal(
		WHvSetPartitionProperty(h, WHvPartitionPropertyCodeProcessorCount, &two, 4), S_OK);
	return h;
}

static void test_capabilities(void **state)
{
	WHV_CAPABILITY c;
	UINT32 n;

	(void)state;
	assert_int_equal(WHvGetCapability(WHvCapabilityCodeFeatures, &c, sizeof(c), &n), S_OK);
	assert_int_equal(n, 8);
	assert_true(c.Features.Arm64Support && c.Features.PartialUnmap);
	assert_int_equal(c.Features.ReservedArm0, 0);
	assert_int_equal(WHvGetCapability(WHvCapabilityCodeExtendedVmExits, &c, sizeof(c), &n),
			 S_OK);
	assert_int_equal(c.ExtendedVmExits.AsUINT64, 0);
	/* The hypervisor below may have neither */
	assert_int_equal(WHvGetCapability(WHvCapabilityCodeGicLpiIntIdBits, &c, sizeof(c), &n),
			 WHV_E_UNKNOWN_CAPABILITY);
	fake_set_property(HV_PARTITION_PROPERTY_GIC_LPI_INT_ID_BITS, 14);
	fake_set_property(HV_PARTITION_PROPERTY_QUOIN_SVE_VECTOR_LENGTH, 256);
	assert_int_equal(WHvGetCapability(WHvCapabilityCodeGicLpiIntIdBits, &c, sizeof(c), &n),
			 S_OK);
	assert_int_equal(n, 4);
	assert_int_equal(c.GicLpiIntIdBits, 14);
	assert_int_equal(WHvGetCapability(WHvCapabilityCodeMaxSveVectorLength, &c, 3, &n),
			 WHV_E_INSUFFICIENT_BUFFER);
	assert_int_equal(n, 4);
	assert_int_equal(WHvGetCapability(WHvCapabilityCodeMaxSveVectorLength, &c, sizeof(c), &n),
			 S_OK);
	assert_int_equal(c.MaxSveVectorLength, 256);
	/* x64's */
	assert_int_equal(WHvGetCapability((WHV_CAPABILITY_CODE)3, &c, sizeof(c), &n),
			 WHV_E_UNKNOWN_CAPABILITY);
	assert_int_equal(WHvGetCapability((WHV_CAPABILITY_CODE)0x1003, &c, sizeof(c), &n),
			 WHV_E_UNKNOWN_CAPABILITY);
	assert_int_equal(WHvGetCapability((WHV_CAPABILITY_CODE)0x2000, &c, sizeof(c), &n),
			 WHV_E_UNKNOWN_CAPABILITY);
}

static void test_ic_parameters(void **state)
{
	WHV_ARM64_IC_PARAMETERS ic = parameters(), got, bad;
	WHV_PARTITION_HANDLE h = not_set_up();
	UINT32 n;

	(void)state;
	memset(&got, 0xee, sizeof(got));
	assert_int_equal(WHvGetPartitionProperty(h, WHvPartitionPropertyCodeArm64IcParameters, &got,
						 sizeof(got), &n),
			 S_OK);
	assert_int_equal(n, 64);
	assert_int_equal(got.EmulationMode, WHvArm64IcEmulationModeNone);
	assert_int_equal(set_ic(h, &ic, 63), E_INVALIDARG);
	assert_int_equal(set_ic(h, NULL, 64), E_POINTER);
	bad = ic;
	bad.EmulationMode = (WHV_ARM64_IC_EMULATION_MODE)2;
	assert_int_equal(set_ic(h, &bad, 64), E_INVALIDARG);
	bad = ic;
	bad.Reserved = 1;
	assert_int_equal(set_ic(h, &bad, 64), E_INVALIDARG);
	bad = ic;
	bad.GicV3Parameters.Reserved = 1;
	assert_int_equal(set_ic(h, &bad, 64), E_INVALIDARG);
	for (size_t i = 0; i < 6; i++) {
		bad = ic;
		bad.GicV3Parameters.Reserved1[i] = 1;
		assert_int_equal(set_ic(h, &bad, 64), E_INVALIDARG);
	}
	/* A refused one has not been taken. */
	assert_int_equal(WHvSetupPartition(h), WHV_E_INVALID_PARTITION_CONFIG);
	assert_int_equal(fake_calls_of(HVCALL_CREATE_PARTITION), 0);

	ic.GicV3Parameters.GitsTranslaterBaseAddress = 0x8080000;
	ic.GicV3Parameters.GicLpiIntIdBits = 14;
	ic.GicV3Parameters.GicPpiOverflowInterruptFromCntv = 27;
	ic.GicV3Parameters.GicPpiPerformanceMonitorsInterrupt = 23;
	assert_int_equal(set_ic(h, &ic, 64), S_OK);
	assert_int_equal(
		WHvGetPartitionProperty(h, WHvPartitionPropertyCodeArm64IcParameters, &got, 63, &n),
		WHV_E_INSUFFICIENT_BUFFER);
	assert_int_equal(
		WHvGetPartitionProperty(h, WHvPartitionPropertyCodeArm64IcParameters, &got, 64, &n),
		S_OK);
	assert_memory_equal(&got, &ic, sizeof(ic));
	assert_int_equal(WHvSetupPartition(h), S_OK);
	assert_int_equal(*fake_property(HV_PARTITION_PROPERTY_GICD_BASE_ADDRESS), 0x8000000);
	assert_int_equal(*fake_property(HV_PARTITION_PROPERTY_GITS_TRANSLATER_BASE_ADDRESS),
			 0x8080000);
	assert_int_equal(*fake_property(HV_PARTITION_PROPERTY_GIC_LPI_INT_ID_BITS), 14);
	assert_int_equal(*fake_property(HV_PARTITION_PROPERTY_GIC_PPI_OVERFLOW_INTERRUPT_FROM_CNTV),
			 27);
	assert_int_equal(
		*fake_property(HV_PARTITION_PROPERTY_GIC_PPI_PERFORMANCE_MONITORS_INTERRUPT), 23);
	/* Not after that */
	assert_int_equal(set_ic(h, &ic, 64), E_INVALIDARG);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

/* Zeros leave the hypervisor its own numbers; each refusal takes the partition away again. */
static void test_setup(void **state)
{
	WHV_ARM64_IC_PARAMETERS ic = parameters();
	WHV_PARTITION_HANDLE h = fake_partition(GICV3);
	struct hv_input_create_partition in;

	(void)state;
	assert_int_equal(fake_calls_of(HVCALL_SET_PARTITION_PROPERTY), 1);
	memcpy(&in, fake_nth(HVCALL_CREATE_PARTITION, 0)->in, sizeof(in));
	assert_int_equal(in.flags,
			 HV_PARTITION_CREATION_FLAG_EXO_PARTITION |
				 HV_PARTITION_CREATION_FLAG_INTERCEPT_MESSAGE_PAGE_ENABLED |
				 HV_PARTITION_CREATION_FLAG_GPA_SUPER_PAGES_ENABLED);
	assert_int_equal(WHvDeletePartition(h), S_OK);
	fake.count = 0;
	h = fake_partition(WHvArm64IcEmulationModeNone);
	assert_int_equal(fake_calls_of(HVCALL_SET_PARTITION_PROPERTY), 0);
	assert_int_equal(WHvDeletePartition(h), S_OK);
	ic.GicV3Parameters.GitsTranslaterBaseAddress = 0x8080000;
	ic.GicV3Parameters.GicLpiIntIdBits = 14;
	ic.GicV3Parameters.GicPpiOverflowInterruptFromCntv = 27;
	ic.GicV3Parameters.GicPpiPerformanceMonitorsInterrupt = 23;
	for (uint32_t i = 0; i < 5; i++) {
		h = not_set_up();
		assert_int_equal(set_ic(h, &ic, 64), S_OK);
		fake_order(HVCALL_SET_PARTITION_PROPERTY, HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE, i,
			   1, 0);
		assert_int_equal(WHvSetupPartition(h), WHV_E_INVALID_PARTITION_CONFIG);
		assert_false(fake.created);
		fake_order(HVCALL_SET_PARTITION_PROPERTY, HV_STATUS_ACCESS_DENIED, i, 1, 0);
		assert_int_equal(WHvSetupPartition(h), E_ACCESSDENIED);
		assert_int_equal(WHvSetupPartition(h), S_OK);
		assert_int_equal(WHvDeletePartition(h), S_OK);
	}
}

static void test_properties(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(GICV3);
	static const uint32_t x64[] = { 2, 5, 0x1003, 0x1005, 0x1006, 0x100d, 0x1010 };
	uint64_t v = 0;
	UINT32 n;

	(void)state;
	for (size_t i = 0; i < WHV_ARRAY_LEN(x64); i++)
		assert_int_equal(
			WHvGetPartitionProperty(h, (WHV_PARTITION_PROPERTY_CODE)x64[i], &v, 8, &n),
			WHV_E_UNKNOWN_PROPERTY);
	/* No exit can be asked for. */
	assert_int_equal(WHvSetPartitionProperty(h, WHvPartitionPropertyCodeExtendedVmExits, &v, 8),
			 S_OK);
	v = 1u << 5;
	assert_int_equal(WHvSetPartitionProperty(h, WHvPartitionPropertyCodeExtendedVmExits, &v, 8),
			 E_INVALIDARG);
	assert_int_equal(fake_calls_of(HVCALL_INSTALL_INTERCEPT), 0);
	assert_int_equal(WHvResetPartition(h), S_OK);
	assert_int_equal(fake_calls_of(HVCALL_SET_VP_REGISTERS), 1);
	assert_int_equal(fake_nth(HVCALL_SET_VP_REGISTERS, 0)->in_len, 16 + 2 * 32);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_registers(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(GICV3);
	WHV_REGISTER_NAME names[] = { WHvArm64RegisterX0,
				      WHvArm64RegisterGicrBaseGpa,
				      WHvRegisterSint0,
				      (WHV_REGISTER_NAME)HV_ARM64_REGISTER_CNTP_CTL_EL0,
				      (WHV_REGISTER_NAME)HV_ARM64_REGISTER_CNTP_CVAL_EL0,
				      (WHV_REGISTER_NAME)HV_ARM64_REGISTER_AFSR0_EL1,
				      (WHV_REGISTER_NAME)HV_ARM64_REGISTER_AFSR1_EL1,
				      (WHV_REGISTER_NAME)HV_ARM64_REGISTER_AMAIR_EL1,
				      (WHV_REGISTER_NAME)HV_ARM64_REGISTER_QUOIN_ICC_CONTROL };
	enum { N = WHV_ARRAY_LEN(names) };
	WHV_REGISTER_VALUE v[N], got[N];

	(void)state;
	memset(v, 0, sizeof(v));
	for (uint32_t i = 0; i < N; i++)
		v[i].Reg128.Low64 = v[i].Reg128.High64 = i + 1;
	assert_int_equal(WHvSetVirtualProcessorRegisters(h, 0, names, N, v), S_OK);
	assert_int_equal(WHvGetVirtualProcessorRegisters(h, 0, names, N, got), S_OK);
	assert_memory_equal(got, v, sizeof(v));
	assert_int_equal(fake_register(HV_ARM64_REGISTER_X0)->reg64, 1);
	assert_int_equal(fake_register(HV_REGISTER_SINT0)->reg64, 3);
	/* One name that is none, and nothing is touched. */
	fake.count = 0;
	names[1] = (WHV_REGISTER_NAME)0x28;
	assert_int_equal(WHvSetVirtualProcessorRegisters(h, 0, names, N, v),
			 WHV_E_INVALID_VP_REGISTER_NAME);
	assert_int_equal(fake.count, 0);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

#define NAME(n, code) (WHV_REGISTER_NAME)(code),
static void test_register_names(void **state)
{
	static const WHV_REGISTER_NAME all[] = { WHV_REGISTER_LIST(NAME) };

	(void)state;
	for (size_t i = 0; i < WHV_ARRAY_LEN(all); i++)
		assert_int_equal(whv_hv_register(all[i]), all[i]);
	assert_int_equal(whv_hv_register((WHV_REGISTER_NAME)0x00020024), WHV_NO_REGISTER);
	assert_int_equal(whv_hv_register((WHV_REGISTER_NAME)0), WHV_NO_REGISTER);
}

/* The partition's registers go by WHV_ANY_VP; a processor's do not. */
static void test_any_vp(void **state)
{
	static const WHV_REGISTER_NAME shared[] = { WHvArm64RegisterIdMidrEl1,
						    WHvArm64RegisterIdRes157El1,
						    WHvRegisterHypervisorVersion,
						    WHvRegisterPrivilegesAndFeaturesInfo,
						    WHvRegisterPasidFeaturesInfo };
	static const WHV_REGISTER_NAME own[] = { WHvArm64RegisterX0, WHvArm64RegisterMidrEl1,
						 WHvRegisterGuestCrashP0 };
	WHV_PARTITION_HANDLE h = fake_partition_vp(GICV3);
	WHV_REGISTER_VALUE v;
	uint32_t index;

	(void)state;
	memset(&v, 0, sizeof(v));
	for (size_t i = 0; i < WHV_ARRAY_LEN(shared); i++) {
		fake.count = 0;
		assert_int_equal(WHvGetVirtualProcessorRegisters(h, WHV_ANY_VP, &shared[i], 1, &v),
				 S_OK);
		memcpy(&index, fake_nth(HVCALL_GET_VP_REGISTERS, 0)->in + 8, 4);
		assert_int_equal(index, WHV_ANY_VP);
		assert_int_equal(WHvSetVirtualProcessorRegisters(h, WHV_ANY_VP, &shared[i], 1, &v),
				 S_OK);
	}
	fake.count = 0;
	for (size_t i = 0; i < WHV_ARRAY_LEN(own); i++) {
		assert_int_equal(WHvGetVirtualProcessorRegisters(h, WHV_ANY_VP, &own[i], 1, &v),
				 WHV_E_VP_DOES_NOT_EXIST);
		assert_int_equal(WHvSetVirtualProcessorRegisters(h, WHV_ANY_VP, &own[i], 1, &v),
				 WHV_E_VP_DOES_NOT_EXIST);
	}
	assert_int_equal(WHvSetVirtualProcessorRegisters(h, WHV_ANY_VP, own, 0, &v),
			 WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(fake.count, 0);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

/* -- state types ---------------------------------------------------------------------------------
 */
#define T(name) WHvVirtualProcessorStateType##name

static const struct {
	WHV_VIRTUAL_PROCESSOR_STATE_TYPE type;
	uint32_t size, pages, vp;
} rows[] = {
	{ T(InterruptControllerState), 200, 1, 0 },
	{ T(SynicMessagePage), 4096, 1, 0 },
	{ T(SynicEventFlagPage), 4096, 1, 0 },
	{ T(SynicTimerState), 200, 0, 0 },
	{ T(GlobalInterruptState), 16 + 16 * 3, 1, WHV_ANY_VP },
	{ T(SveState), 16 + 32 * 256 + 17 * 32, 3, 0 },
};

static void test_state(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(GICV3);
	static uint8_t buf[3 * 4096 + 16], want[3 * 4096];
	struct hv_input_vp_state in;
	UINT32 n;

	(void)state;
	fake_set_property(HV_PARTITION_PROPERTY_QUOIN_SVE_VECTOR_LENGTH, 256);
	for (size_t k = 0; k < WHV_ARRAY_LEN(rows); k++) {
		uint8_t *there = fake.state[rows[k].type & 0xf];
		uint32_t size = rows[k].size, vp = rows[k].vp;

		for (uint32_t i = 0; i < sizeof(want); i++)
			there[i] = want[i] = (uint8_t)(i * 7 + k + 1);
		if (rows[k].type == T(GlobalInterruptState))
			memcpy(there + 4, &(uint32_t){ 3 }, 4), memcpy(want + 4, there + 4, 4);
		assert_int_equal(WHvGetVirtualProcessorState(h, vp, rows[k].type, NULL, 0, &n),
				 WHV_E_INSUFFICIENT_BUFFER);
		assert_int_equal(n, size);
		assert_int_equal(
			WHvGetVirtualProcessorState(h, vp, rows[k].type, buf, size - 1, NULL),
			WHV_E_INSUFFICIENT_BUFFER);
		assert_int_equal(WHvGetVirtualProcessorState(h, vp, rows[k].type, NULL, size, &n),
				 E_POINTER);
		memset(buf, 0xee, sizeof(buf));
		assert_int_equal(
			WHvGetVirtualProcessorState(h, vp, rows[k].type, buf, sizeof(buf), &n),
			S_OK);
		assert_int_equal(n, size);
		assert_memory_equal(buf, want, size);
		assert_int_equal(buf[size], 0xee);
		memcpy(&in, fake_nth(HVCALL_GET_VP_STATE, -1)->in, sizeof(in));
		assert_int_equal(in.type, rows[k].type);
		assert_int_equal(in.vp_index, vp);
		assert_int_equal(in.xsave_states, 0);
		assert_int_equal(fake.state_len, rows[k].pages ? 4096 * rows[k].pages : size);

		fake.count = 0;
		assert_int_equal(WHvSetVirtualProcessorState(h, vp, rows[k].type, buf, size - 1),
				 E_INVALIDARG);
		assert_int_equal(WHvSetVirtualProcessorState(h, vp, rows[k].type, buf, size + 1),
				 E_INVALIDARG);
		assert_int_equal(WHvSetVirtualProcessorState(h, vp, rows[k].type, NULL, size),
				 E_POINTER);
		assert_int_equal(fake_calls_of(HVCALL_SET_VP_STATE), 0);
		buf[20] ^= 0xff;
		assert_int_equal(WHvSetVirtualProcessorState(h, vp, rows[k].type, buf, size), S_OK);
		assert_memory_equal(there, buf, size);
		/* What is behind the state in its last page is no stack of ours. */
		for (uint32_t i = size; i < 4096 * rows[k].pages; i++)
			assert_int_equal(there[i], 0);
	}
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_state_refusals(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(GICV3);
	static const uint32_t unknown[] = { 0,	    1,		2,	    0x1000,
					    0x1001, 0x80000001, 0x80000004, 0x80000006 };
	uint32_t count = 255;
	uint8_t buf[4096];
	UINT32 n;

	(void)state;
	memset(buf, 0, sizeof(buf));
	for (size_t i = 0; i < WHV_ARRAY_LEN(unknown); i++) {
		WHV_VIRTUAL_PROCESSOR_STATE_TYPE t = (WHV_VIRTUAL_PROCESSOR_STATE_TYPE)unknown[i];

		assert_int_equal(WHvGetVirtualProcessorState(h, 0, t, buf, 4096, &n), E_INVALIDARG);
		assert_int_equal(WHvSetVirtualProcessorState(h, 0, t, buf, 4096), E_INVALIDARG);
	}
	/* Whose it is, is part of the type. */
	assert_int_equal(WHvGetVirtualProcessorState(h, 0, T(GlobalInterruptState), buf, 4096, &n),
			 E_INVALIDARG);
	assert_int_equal(
		WHvGetVirtualProcessorState(h, WHV_ANY_VP, T(SynicTimerState), buf, 4096, &n),
		WHV_E_VP_DOES_NOT_EXIST);
	/* No SVE: not known, or of no length; nonsense is not believed. */
	assert_int_equal(WHvGetVirtualProcessorState(h, 0, T(SveState), buf, 4096, &n),
			 E_INVALIDARG);
	fake_set_property(HV_PARTITION_PROPERTY_QUOIN_SVE_VECTOR_LENGTH, 0);
	assert_int_equal(WHvGetVirtualProcessorState(h, 0, T(SveState), buf, 4096, &n),
			 E_INVALIDARG);
	fake_set_property(HV_PARTITION_PROPERTY_QUOIN_SVE_VECTOR_LENGTH, 512);
	assert_int_equal(WHvGetVirtualProcessorState(h, 0, T(SveState), buf, 4096, &n),
			 WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG);
	fake_order(HVCALL_GET_PARTITION_PROPERTY, HV_STATUS_ACCESS_DENIED, 0, 1, 0);
	assert_int_equal(WHvGetVirtualProcessorState(h, 0, T(SveState), buf, 4096, &n),
			 E_ACCESSDENIED);
	memcpy(fake.state[6] + 4, &count, 4);
	assert_int_equal(
		WHvGetVirtualProcessorState(h, WHV_ANY_VP, T(GlobalInterruptState), buf, 4096, &n),
		S_OK);
	assert_int_equal(n, 4096);
	count++;
	memcpy(fake.state[6] + 4, &count, 4);
	assert_int_equal(
		WHvGetVirtualProcessorState(h, WHV_ANY_VP, T(GlobalInterruptState), buf, 4096, &n),
		WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG);
	count = 3;
	memcpy(fake.state[6] + 4, &count, 4);
	fake_order(HVCALL_GET_VP_STATE, HV_STATUS_INVALID_VP_STATE, 0, 1, 0);
	assert_int_equal(
		WHvGetVirtualProcessorState(h, WHV_ANY_VP, T(GlobalInterruptState), buf, 4096, &n),
		WHV_E_INVALID_VP_STATE);
	/* The page for the probe */
	fake.limit = fake.taken;
	assert_int_equal(
		WHvGetVirtualProcessorState(h, WHV_ANY_VP, T(GlobalInterruptState), buf, 4096, &n),
		E_OUTOFMEMORY);
	fake.limit = FAKE_PAGES;
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

/* -- exits ---------------------------------------------------------------------------------------
 */
static void script(uint32_t type, const void *payload, size_t size)
{
	struct fake_dispatch *d = &fake.script[fake.script_len++];

	d->state = HV_VP_DISPATCH_STATE_READY;
	d->event = HV_VP_DISPATCH_EVENT_INTERCEPT;
	memset(&d->msg, 0xcc, sizeof(d->msg));
	d->msg.header.message_type = type;
	memcpy(d->msg.payload, payload, size);
}

static void test_exit_memory(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(GICV3);
	struct hv_arm64_memory_intercept_message m = {
		.header = { .vp_index = 0,
			    .instruction_length = 4,
			    .intercept_access_type = HV_INTERCEPT_ACCESS_WRITE,
			    .execution_state = 1,
			    .pc = 0x1234,
			    .cpsr = 0x3c5 },
		.cache_type = 6,
		.instruction_byte_count = 4,
		.memory_access_info = HV_ARM64_MEMORY_ACCESS_GVA_VALID,
		.instruction_bytes = { 1, 2, 3, 4 },
		.guest_virtual_address = 0xffff0000,
		.guest_physical_address = 0x9000008,
		.syndrome = 0x93c18046,
	};
	WHV_RUN_VP_EXIT_CONTEXT c;

	(void)state;
	script(HVMSG_UNMAPPED_GPA, &m, sizeof(m));
	m.instruction_byte_count = 200;
	script(HVMSG_GPA_INTERCEPT, &m, sizeof(m));
	memset(&c, 0xee, sizeof(c));
	assert_int_equal(WHvRunVirtualProcessor(h, 0, &c, sizeof(c)), S_OK);
	assert_int_equal(c.ExitReason, WHvRunVpExitReasonUnmappedGpa);
	assert_int_equal(c.Reserved | c.Reserved1 | c.MemoryAccess.Reserved0, 0);
	assert_int_equal(c.MemoryAccess.Header.InstructionLength, 4);
	assert_int_equal(c.MemoryAccess.Header.InterceptAccessType, WHvMemoryAccessWrite);
	assert_int_equal(c.MemoryAccess.Header.ExecutionState.Cpl, 1);
	assert_int_equal(c.MemoryAccess.Header.Pc, 0x1234);
	assert_int_equal(c.MemoryAccess.Header.Cpsr, 0x3c5);
	assert_int_equal(c.MemoryAccess.InstructionByteCount, 4);
	assert_true(c.MemoryAccess.AccessInfo.GvaValid && !c.MemoryAccess.AccessInfo.GvaGpaValid);
	assert_int_equal(c.MemoryAccess.InstructionBytes[3], 4);
	assert_int_equal(c.MemoryAccess.Gva, 0xffff0000);
	assert_int_equal(c.MemoryAccess.Gpa, 0x9000008);
	assert_int_equal(c.MemoryAccess.Syndrome, 0x93c18046);
	assert_int_equal(c.AsUINT64[8], 0); /* nothing of the message behind it */
	assert_int_equal(WHvRunVirtualProcessor(h, 0, &c, sizeof(c)), S_OK);
	assert_int_equal(c.ExitReason, WHvRunVpExitReasonGpaIntercept);
	assert_int_equal(c.MemoryAccess.InstructionByteCount, 4);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_exit_others(void **state)
{
	static const struct {
		uint32_t type, size;
	} kinds[] = {
		{ WHvRunVpExitReasonInvalidVpRegisterValue, 8 },
		{ WHvRunVpExitReasonUnrecoverableException, 24 },
		{ WHvRunVpExitReasonUnsupportedFeature, 24 },
		{ WHvRunVpExitReasonHypercall, 176 },
		{ WHvRunVpExitReasonSynicSintDeliverable, 32 },
		{ WHvMessageTypeRegisterIntercept, 48 },
		{ WHvRunVpExitReasonArm64Reset, 32 },
	};
	WHV_PARTITION_HANDLE h = fake_partition_vp(GICV3);
	WHV_RUN_VP_EXIT_CONTEXT c;
	uint8_t payload[240];

	(void)state;
	for (uint32_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i + 1);
	for (size_t k = 0; k < WHV_ARRAY_LEN(kinds); k++)
		script(kinds[k].type, payload, sizeof(payload));
	script(0x80010000, payload, sizeof(payload)); /* x64's */
	for (size_t k = 0; k < WHV_ARRAY_LEN(kinds); k++) {
		memset(&c, 0xee, sizeof(c));
		assert_int_equal(WHvRunVirtualProcessor(h, 0, &c, sizeof(c)), S_OK);
		assert_int_equal((uint32_t)c.ExitReason, kinds[k].type);
		assert_memory_equal(&c.AsUINT64, payload, kinds[k].size);
		for (uint32_t i = kinds[k].size; i < sizeof(c.AsUINT64); i++)
			assert_int_equal(((uint8_t *)&c.AsUINT64)[i], 0);
	}
	assert_int_equal(WHvRunVirtualProcessor(h, 0, &c, sizeof(c)), E_UNEXPECTED);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_cancel(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(GICV3);
	WHV_RUN_VP_EXIT_CONTEXT c;

	(void)state;
	assert_int_equal(WHvCancelRunVirtualProcessor(h, 0, 0), S_OK);
	assert_int_equal(WHvRunVirtualProcessor(h, 0, &c, sizeof(c)), S_OK);
	assert_int_equal((uint32_t)c.ExitReason, 0xffffffff);
	assert_int_equal(c.CancelReason.CancelReason, WHvRunVpCancelReasonUser);
	assert_int_equal(WHvRunVirtualProcessor(h, 0, &c, 15), E_INVALIDARG);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_interrupt(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(GICV3);
	WHV_INTERRUPT_CONTROL good, bad;
	struct hv_input_assert_virtual_interrupt in;

	(void)state;
	memset(&good, 0, sizeof(good));
	good.RequestedVector = 40;
	good.DestinationAddress = 1;
	good.InterruptControl.Asserted = 1;
	assert_int_equal(WHvRequestInterrupt(h, &good, sizeof(good)), S_OK);
	memcpy(&in, fake_nth(HVCALL_ASSERT_VIRTUAL_INTERRUPT, 0)->in, sizeof(in));
	assert_int_equal(in.partition_id, FAKE_ID);
	assert_int_equal(in.control, HV_INTERRUPT_CONTROL_ASSERTED);
	assert_int_equal(in.dest_addr, 1);
	assert_int_equal(in.vector, 40);
	good.InterruptControl.Asserted = 0;
	assert_int_equal(WHvRequestInterrupt(h, &good, sizeof(good)), S_OK);
	memcpy(&in, fake_nth(HVCALL_ASSERT_VIRTUAL_INTERRUPT, 1)->in, sizeof(in));
	assert_int_equal(in.control, 0);
	fake_order(HVCALL_ASSERT_VIRTUAL_INTERRUPT, HV_STATUS_INVALID_VP_INDEX, 0, 1, 0);
	assert_int_equal(WHvRequestInterrupt(h, &good, sizeof(good)), WHV_E_VP_DOES_NOT_EXIST);

	fake.count = 0;
#define BAD(change) \
	bad = good; \
	bad.change; \
	assert_int_equal(WHvRequestInterrupt(h, &bad, sizeof(bad)), E_INVALIDARG)
	BAD(TargetPartition = FAKE_ID);
	BAD(InterruptControl.InterruptType = (WHV_INTERRUPT_TYPE)1);
	BAD(InterruptControl.Reserved1 = 1);
	BAD(InterruptControl.Retarget = 1);
	BAD(InterruptControl.Reserved2 = 1);
	BAD(TargetVtl = 1);
	BAD(ReservedZ0 = 1);
	BAD(ReservedZ1 = 1);
	assert_int_equal(WHvRequestInterrupt(h, &good, sizeof(good) - 1), E_INVALIDARG);
	assert_int_equal(WHvRequestInterrupt(h, NULL, sizeof(good)), E_POINTER);
	assert_int_equal(fake.count, 0);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_flags_of_x64(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(GICV3);
	WHV_ACCESS_GPA_CONTROLS controls = { .AsUINT64 = 0 };
	WHV_TRANSLATE_GVA_RESULT r;
	uint8_t data[4];
	UINT64 gpa;

	(void)state;
	assert_int_equal(WHvTranslateGva(h, 0, 0x1000, (WHV_TRANSLATE_GVA_FLAGS)7, &r, &gpa), S_OK);
	for (uint32_t bit = 8; bit <= 0x200; bit <<= 1)
		if (bit != 0x10)
			assert_int_equal(WHvTranslateGva(h, 0, 0x1000, (WHV_TRANSLATE_GVA_FLAGS)bit,
							 &r, &gpa),
					 E_INVALIDARG);
	controls.CacheType = (WHV_CACHE_TYPE)5;
	assert_int_equal(WHvReadGpaRange(h, 0, 0x1000, controls, data, 4), E_INVALIDARG);
	controls.CacheType = WHvCacheTypeWriteBack;
	assert_int_equal(WHvReadGpaRange(h, 0, 0x1000, controls, data, 4), S_OK);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_capabilities), TEST(test_ic_parameters), TEST(test_setup),
		TEST(test_properties),	 TEST(test_registers),	   TEST(test_register_names),
		TEST(test_any_vp),	 TEST(test_state),	   TEST(test_state_refusals),
		TEST(test_exit_memory),	 TEST(test_exit_others),   TEST(test_cancel),
		TEST(test_interrupt),	 TEST(test_flags_of_x64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
