/* SPDX-License-Identifier: MIT */
/* WHv: processors, registers, running and its exits, interrupts. */
#include "tests/unit/test_whv_fake.h"

static WHV_PARTITION_HANDLE part; /* for hooks */

static void test_create_delete(void **state)
{
	WHV_VIRTUAL_PROCESSOR_PROPERTY prop = { .NumaNode = 0 };
	WHV_PARTITION_HANDLE h = fake_partition(1);

	(void)state;
	assert_int_equal(WHvCreateVirtualProcessor(h, 0, 1), E_INVALIDARG);
	assert_int_equal(WHvCreateVirtualProcessor(h, 2, 0), E_INVALIDARG); /* of two */
	assert_int_equal(WHvCreateVirtualProcessor(NULL, 0, 0), E_INVALIDARG);
	assert_int_equal(WHvCreateVirtualProcessor(h, 0, 0), S_OK);
	assert_int_equal(WHvCreateVirtualProcessor(h, 0, 0), WHV_E_VP_ALREADY_EXISTS);
	assert_int_equal(WHvCreateVirtualProcessor2(h, 1, NULL, 1), E_POINTER);
	prop.PropertyCode = (WHV_VIRTUAL_PROCESSOR_PROPERTY_CODE)1;
	assert_int_equal(WHvCreateVirtualProcessor2(h, 1, &prop, 1), E_INVALIDARG);
	prop.PropertyCode = WHvVirtualProcessorPropertyCodeNumaNode;
	assert_int_equal(WHvCreateVirtualProcessor2(h, 1, &prop, 1), S_OK);
	assert_int_equal(fake.vps, 3);
	assert_int_equal(WHvDeleteVirtualProcessor(h, 2), WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvDeleteVirtualProcessor(h, WHV_ANY_VP), WHV_E_VP_DOES_NOT_EXIST);
	fake_order(HVCALL_DELETE_VP, HV_STATUS_INVALID_VP_STATE, 0, 1, 0);
	assert_int_equal(WHvDeleteVirtualProcessor(h, 1), WHV_E_INVALID_VP_STATE);
	assert_true(fake.state_page[1]); /* as it was */
	assert_int_equal(WHvDeleteVirtualProcessor(h, 1), S_OK);
	assert_int_equal(fake.vps, 1);
	assert_int_equal(WHvDeleteVirtualProcessor(h, 1), WHV_E_VP_DOES_NOT_EXIST);
	/* A step that fails leaves nothing. */
	fake_order(HVCALL_CREATE_VP, HV_STATUS_NO_RESOURCES, 0, 1, 0);
	assert_int_equal(WHvCreateVirtualProcessor(h, 1, 0), HRESULT_FROM_HV_STATUS(0x1d));
	fake_order(HVCALL_MAP_VP_STATE_PAGE, HV_STATUS_NO_RESOURCES, 0, 1, 0);
	assert_int_equal(WHvCreateVirtualProcessor(h, 1, 0), HRESULT_FROM_HV_STATUS(0x1d));
	assert_int_equal(fake.vps, 1);
	assert_int_equal(WHvCreateVirtualProcessor(h, 1, 0), S_OK);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

/* ---- registers ---- */

/* From the note on the two name spaces, by the first name of each range */
static void test_register_names(void **state)
{
	static const uint32_t pairs[][2] = {
		{ 0x00, 0x20000 },	 { 0x11, 0x20011 },	  { 0x12, 0x60000 },
		{ 0x19, 0x60007 },	 { 0x1a, 0x70000 },	  { 0x1b, 0x70001 },
		{ 0x1c, 0x40000 },	 { 0x20, 0x40004 },	  { 0x21, 0x50000 },
		{ 0x26, 0x50005 },	 { 0x27, 0x40005 },	  { 0x1000, 0x30000 },
		{ 0x1019, 0x30019 },	 { 0x2000, 0x80000 },	  { 0x208b, 0x8008b },
		{ 0x3002, 0x84802 },	 { 0x303f, 0x8483f },	  { 0x4000, 0xa0000 },
		{ 0x4014, 0xa0014 },	 { 0x5000, 0x90000 },	  { 0x501a, 0x9001a },
		{ 0x80000000, 0x10002 }, { 0x80000001, 0x10003 }, { 0x80000002, 0x10004 },
		{ 0x80000003, 0x10005 }, { 0x80000004, 0x10006 }, { 0x80000005, 0x4 },
		{ 0x80000006, 0x10007 }, { 0x80000007, 0x10008 }, { 0x80000008, 0x10009 },
	};
	static const uint32_t none[] = { 0x28,	     0x2b,	 0x2c,	    0xfff,  0x101a,
					 0x20b5,     0x3001,	 0x3040,    0x4015, 0x5054,
					 0x7fffffff, 0x80000009, 0xffffffff };
	uint32_t named = 0, unnamed = 0;

	(void)state;
	for (size_t i = 0; i < WHV_ARRAY_LEN(pairs); i++)
		assert_int_equal(whv_hv_register((WHV_REGISTER_NAME)pairs[i][0]), pairs[i][1]);
	for (size_t i = 0; i < WHV_ARRAY_LEN(none); i++)
		assert_int_equal(whv_hv_register((WHV_REGISTER_NAME)none[i]), WHV_NO_REGISTER);
		/* Every name of the header but the four virtual control registers */
#define COUNT(name, code) whv_hv_register(name) == WHV_NO_REGISTER ? unnamed++ : named++;
	WHV_REGISTER_LIST(COUNT)
	assert_int_equal(unnamed, 4);
	assert_true(named > 200);
}

static void test_registers(void **state)
{
	WHV_REGISTER_NAME names[150];
	WHV_REGISTER_VALUE v[150], back[150];
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);

	(void)state;
	for (uint32_t i = 0; i < 150; i++) {
		names[i] = (WHV_REGISTER_NAME)(0x2000 + i);
		v[i].Reg128.Low64 = i * 3;
		v[i].Reg128.High64 = ~(uint64_t)i;
	}
	assert_int_equal(WHvSetVirtualProcessorRegisters(h, 0, names, 150, v), S_OK);
	assert_int_equal(fake_calls_of(HVCALL_SET_VP_REGISTERS), 3); /* 64 a call */
	assert_int_equal(fake_register(0x80095)->low_high[0], 149 * 3);
	assert_int_equal(WHvGetVirtualProcessorRegisters(h, 0, names, 150, back), S_OK);
	assert_memory_equal(v, back, sizeof(v));
	fake.rep_step = 7; /* a hypervisor that stops in between */
	memset(back, 0, sizeof(back));
	assert_int_equal(WHvGetVirtualProcessorRegisters(h, 0, names, 150, back), S_OK);
	assert_memory_equal(v, back, sizeof(v));
	fake.rep_step = 0;
	assert_int_equal(WHvGetVirtualProcessorRegisters(h, 0, names, 0, NULL), S_OK);

	/* An unknown name: nothing is set, not even what stands before it */
	fake.count = 0;
	names[149] = WHvX64RegisterVirtualCr0;
	assert_int_equal(WHvSetVirtualProcessorRegisters(h, 0, names, 150, v),
			 WHV_E_INVALID_VP_REGISTER_NAME);
	assert_int_equal(WHvGetVirtualProcessorRegisters(h, 0, names, 150, back),
			 WHV_E_INVALID_VP_REGISTER_NAME);
	assert_int_equal(fake.count, 0);
	assert_int_equal(WHvGetVirtualProcessorRegisters(h, 0, NULL, 1, back), E_POINTER);
	assert_int_equal(WHvGetVirtualProcessorRegisters(h, 0, names, 1, NULL), E_POINTER);
	assert_int_equal(WHvSetVirtualProcessorRegisters(h, 0, NULL, 1, v), E_POINTER);
	assert_int_equal(WHvSetVirtualProcessorRegisters(h, 0, names, 1, NULL), E_POINTER);
	assert_int_equal(WHvGetVirtualProcessorRegisters(h, 1, names, 1, back),
			 WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvSetVirtualProcessorRegisters(h, WHV_ANY_VP, names, 1, v),
			 WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvGetVirtualProcessorRegisters(h, WHV_ANY_VP, names, 1, v),
			 WHV_E_VP_DOES_NOT_EXIST);
	fake_order(HVCALL_GET_VP_REGISTERS, HV_STATUS_UNKNOWN_REGISTER_NAME, 0, 1, 0);
	assert_int_equal(WHvGetVirtualProcessorRegisters(h, 0, names, 1, back),
			 WHV_E_INVALID_VP_REGISTER_NAME);
	fake_order(HVCALL_SET_VP_REGISTERS, HV_STATUS_INVALID_VP_STATE, 0, 1, 0);
	assert_int_equal(WHvSetVirtualProcessorRegisters(h, 0, names, 1, v),
			 WHV_E_INVALID_VP_STATE);
	fake_order(HVCALL_SET_VP_REGISTERS, HV_STATUS_INVALID_REGISTER_VALUE, 0, 1, 0);
	assert_int_equal(WHvSetVirtualProcessorRegisters(h, 0, names, 1, v),
			 HRESULT_FROM_HV_STATUS(0x50));
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

/* ---- exits ---- */

static struct hv_message *plan_message(uint32_t type)
{
	struct fake_dispatch *d = &fake.script[fake.script_len++];
	struct hv_x64_intercept_message_header h = {
		.instruction_length_cr8 = 0x73,
		.intercept_access_type = HV_INTERCEPT_ACCESS_WRITE,
		.execution_state = 0xffff & ~0x2000,
		.cs = { 0x1000, 0xffff, 0x8, 0xa09b },
		.rip = 0xdeadbeef,
		.rflags = 0x246,
	};

	memset(d, 0, sizeof(*d));
	d->state = HV_VP_DISPATCH_STATE_READY;
	d->event = HV_VP_DISPATCH_EVENT_INTERCEPT;
	d->msg.header.message_type = type;
	memcpy(d->msg.payload, &h, sizeof(h));
	return &d->msg;
}

static void plan(uint32_t st, uint32_t event, void (*hook)(void))
{
	fake.script[fake.script_len++] =
		(struct fake_dispatch){ .state = st, .event = event, .hook = hook };
}

static WHV_RUN_VP_EXIT_CONTEXT run_one(WHV_PARTITION_HANDLE h)
{
	WHV_RUN_VP_EXIT_CONTEXT c;

	memset(&c, 0xee, sizeof(c));
	assert_int_equal(WHvRunVirtualProcessor(h, 0, &c, sizeof(c)), S_OK);
	return c;
}

static void check_context(const WHV_RUN_VP_EXIT_CONTEXT *c, uint32_t reason)
{
	assert_int_equal(c->ExitReason, reason);
	assert_int_equal(c->Reserved, 0);
	assert_int_equal(c->VpContext.InstructionLength, 3);
	assert_int_equal(c->VpContext.Cr8, 7);
	assert_int_equal(c->VpContext.ExecutionState.AsUINT16, 0x107f);
	assert_int_equal(c->VpContext.Cs.Base, 0x1000);
	assert_int_equal(c->VpContext.Cs.Selector, 8);
	assert_int_equal(c->VpContext.Cs.Attributes, 0xa09b);
	assert_int_equal(c->VpContext.Cs.Long, 1);
	assert_int_equal(c->VpContext.Rip, 0xdeadbeef);
	assert_int_equal(c->VpContext.Rflags, 0x246);
}

static void test_exit_memory(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);
	WHV_RUN_VP_EXIT_CONTEXT c;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct hv_message *m = plan_message(i ? HVMSG_GPA_INTERCEPT : HVMSG_UNMAPPED_GPA);
		struct hv_x64_memory_intercept_message x;

		memcpy(&x, m->payload, sizeof(x));
		x.instruction_byte_count = i ? 200 : 5;
		x.memory_access_info = !i; /* HV_X64_MEMORY_ACCESS_GVA_VALID */
		x.guest_virtual_address = 0x7000;
		x.guest_physical_address = 0xfee00000;
		memcpy(x.instruction_bytes, "0123456789abcdef", 16);
		memcpy(m->payload, &x, sizeof(x));
		c = run_one(h);
		check_context(&c, WHvRunVpExitReasonMemoryAccess);
		assert_int_equal(c.MemoryAccess.InstructionByteCount, i ? 16 : 5);
		assert_memory_equal(c.MemoryAccess.InstructionBytes, "0123456789abcdef", 16);
		assert_int_equal(c.MemoryAccess.AccessInfo.AccessType, WHvMemoryAccessWrite);
		assert_int_equal(c.MemoryAccess.AccessInfo.GpaUnmapped, !i);
		assert_int_equal(c.MemoryAccess.AccessInfo.GvaValid, !i);
		assert_int_equal(c.MemoryAccess.Gpa, 0xfee00000);
		assert_int_equal(c.MemoryAccess.Gva, 0x7000);
	}
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_exit_io(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);
	struct hv_message *m = plan_message(HVMSG_X64_IO_PORT_INTERCEPT);
	struct hv_x64_io_port_intercept_message x;
	WHV_RUN_VP_EXIT_CONTEXT c;

	(void)state;
	memcpy(&x, m->payload, sizeof(x));
	x.port_number = 0x3f8;
	x.access_info = 4 | HV_X64_IO_ACCESS_STRING | HV_X64_IO_ACCESS_REP;
	x.instruction_byte_count = 2;
	x.rax = 1;
	x.rcx = 2;
	x.rsi = 3;
	x.rdi = 4;
	x.ds.selector = 0x10;
	x.es.selector = 0x20;
	memcpy(m->payload, &x, sizeof(x));
	c = run_one(h);
	check_context(&c, WHvRunVpExitReasonX64IoPortAccess);
	assert_int_equal(c.IoPortAccess.AccessInfo.AsUINT32, 1 | 4 << 1 | 1 << 4 | 1 << 5);
	assert_int_equal(c.IoPortAccess.PortNumber, 0x3f8);
	assert_int_equal(c.IoPortAccess.InstructionByteCount, 2);
	assert_int_equal(c.IoPortAccess.Rax, 1);
	assert_int_equal(c.IoPortAccess.Rcx, 2);
	assert_int_equal(c.IoPortAccess.Rsi, 3);
	assert_int_equal(c.IoPortAccess.Rdi, 4);
	assert_int_equal(c.IoPortAccess.Ds.Selector, 0x10);
	assert_int_equal(c.IoPortAccess.Es.Selector, 0x20);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_exit_asked_for(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);
	struct hv_x64_exception_intercept_message e;
	struct hv_x64_hypercall_intercept_message y;
	struct hv_x64_cpuid_intercept_message p;
	struct hv_x64_msr_intercept_message r;
	WHV_RUN_VP_EXIT_CONTEXT c;
	struct hv_message *m;

	(void)state;
	m = plan_message(HVMSG_X64_MSR_INTERCEPT);
	memcpy(&r, m->payload, sizeof(r));
	r.msr_number = 0xc0000080;
	r.rax = 5;
	r.rdx = 6;
	memcpy(m->payload, &r, sizeof(r));
	c = run_one(h);
	check_context(&c, WHvRunVpExitReasonX64MsrAccess);
	assert_int_equal(c.MsrAccess.AccessInfo.AsUINT32, 1);
	assert_int_equal(c.MsrAccess.MsrNumber, 0xc0000080);
	assert_int_equal(c.MsrAccess.Rax, 5);
	assert_int_equal(c.MsrAccess.Rdx, 6);

	m = plan_message(HVMSG_X64_CPUID_INTERCEPT);
	memcpy(&p, m->payload, sizeof(p));
	p.rax = 1, p.rcx = 2, p.rdx = 3, p.rbx = 4;
	p.default_result_rax = 5, p.default_result_rcx = 6;
	p.default_result_rdx = 7, p.default_result_rbx = 8;
	memcpy(m->payload, &p, sizeof(p));
	c = run_one(h);
	check_context(&c, WHvRunVpExitReasonX64Cpuid);
	assert_memory_equal(&c.CpuidAccess, &p.rax, sizeof(c.CpuidAccess)); /* the same order */

	m = plan_message(HVMSG_X64_EXCEPTION_INTERCEPT);
	memcpy(&e, m->payload, sizeof(e));
	e.exception_vector = 14;
	e.exception_info = 3;
	e.instruction_byte_count = 4;
	e.error_code = 0x11;
	e.exception_parameter = 0xcafe000;
	memcpy(m->payload, &e, sizeof(e));
	c = run_one(h);
	check_context(&c, WHvRunVpExitReasonException);
	assert_int_equal(c.VpException.ExceptionType, WHvX64ExceptionTypePageFault);
	assert_int_equal(c.VpException.ExceptionInfo.AsUINT32, 3);
	assert_int_equal(c.VpException.InstructionByteCount, 4);
	assert_int_equal(c.VpException.ErrorCode, 0x11);
	assert_int_equal(c.VpException.ExceptionParameter, 0xcafe000);

	m = plan_message(HVMSG_HYPERCALL_INTERCEPT);
	memcpy(&y, m->payload, sizeof(y));
	y.rax = 1, y.rbx = 2, y.rcx = 3, y.rdx = 4, y.r8 = 5, y.rsi = 6, y.rdi = 7;
	y.xmm[5][1] = 8;
	memcpy(m->payload, &y, sizeof(y));
	c = run_one(h);
	check_context(&c, WHvRunVpExitReasonHypercall);
	assert_memory_equal(&c.Hypercall, &y.rax, 7 * 8);
	assert_int_equal(c.Hypercall.XmmRegisters[5].High64, 8);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_exit_others(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);
	struct hv_x64_unsupported_feature_message u = { .feature_code = 2, .feature_parameter = 9 };
	struct hv_x64_interruption_deliverable_message w;
	struct hv_x64_apic_eoi_message e = { .interrupt_vector = 0x31 };
	struct hv_x64_sint_deliverable_message s;
	WHV_RUN_VP_EXIT_CONTEXT c;
	struct hv_message *m;

	(void)state;
	plan_message(HVMSG_X64_HALT);
	c = run_one(h);
	check_context(&c, WHvRunVpExitReasonX64Halt);
	plan_message(HVMSG_UNRECOVERABLE_EXCEPTION);
	c = run_one(h);
	check_context(&c, WHvRunVpExitReasonUnrecoverableException);
	m = plan_message(HVMSG_X64_INTERRUPTION_DELIVERABLE);
	memcpy(&w, m->payload, sizeof(w));
	w.deliverable_type = 2;
	memcpy(m->payload, &w, sizeof(w));
	c = run_one(h);
	check_context(&c, WHvRunVpExitReasonX64InterruptWindow);
	assert_int_equal(c.InterruptWindow.DeliverableType, WHvX64PendingNmi);
	m = plan_message(HVMSG_SYNIC_SINT_DELIVERABLE);
	memcpy(&s, m->payload, sizeof(s));
	s.deliverable_sints = 0x8001;
	memcpy(m->payload, &s, sizeof(s));
	c = run_one(h);
	check_context(&c, WHvRunVpExitReasonSynicSintDeliverable);
	assert_int_equal(c.SynicSintDeliverable.DeliverableSints, 0x8001);

	/* No common header: the context comes from the registers. */
	fake_register(HV_X64_REGISTER_CS)->segment =
		(struct hv_x64_segment_register){ 0x1000, 0xffff, 8, 0xa09b };
	fake_register(HV_X64_REGISTER_SS)->segment.attributes = 0x60;
	fake_register(HV_X64_REGISTER_RIP)->reg64 = 0x1234;
	fake_register(HV_X64_REGISTER_RFLAGS)->reg64 = 2;
	fake_register(HV_X64_REGISTER_CR0)->reg64 = 1 | 1 << 18;
	fake_register(HV_X64_REGISTER_EFER)->reg64 = 1 << 10;
	fake_register(HV_X64_REGISTER_CR8)->reg64 = 9;
	fake_register(HV_REGISTER_INTERRUPT_STATE)->reg64 = 1;
	fake_register(HV_REGISTER_PENDING_INTERRUPTION)->reg64 = 1;
	m = plan_message(HVMSG_X64_APIC_EOI);
	memcpy(m->payload, &e, sizeof(e));
	c = run_one(h);
	assert_int_equal(c.ExitReason, WHvRunVpExitReasonX64ApicEoi);
	assert_int_equal(c.ApicEoi.InterruptVector, 0x31);
	assert_int_equal(c.VpContext.Rip, 0x1234);
	assert_int_equal(c.VpContext.Cr8, 9);
	assert_int_equal(c.VpContext.ExecutionState.AsUINT16, 3 | 4 | 8 | 0x10 | 0x40 | 0x1000);
	m = plan_message(HVMSG_UNSUPPORTED_FEATURE);
	memcpy(m->payload, &u, sizeof(u));
	c = run_one(h);
	assert_int_equal(c.ExitReason, WHvRunVpExitReasonUnsupportedFeature);
	assert_int_equal(c.UnsupportedFeature.FeatureCode, WHvUnsupportedFeatureTaskSwitchTss);
	assert_int_equal(c.UnsupportedFeature.FeatureParameter, 9);
	fake_order(HVCALL_GET_VP_REGISTERS, HV_STATUS_INVALID_VP_STATE, 0, 1, 0);
	plan_message(HVMSG_INVALID_VP_REGISTER_VALUE);
	c = run_one(h);
	assert_int_equal(c.ExitReason, WHvRunVpExitReasonInvalidVpRegisterValue);
	assert_int_equal(c.VpContext.Rip, 0);
	/* Nothing the interface has a word for */
	plan_message(0x80010009);
	assert_int_equal(WHvRunVirtualProcessor(h, 0, &c, sizeof(c)), E_UNEXPECTED);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

/* ---- running ---- */

static uint32_t dispatch_flags(int n)
{
	struct hv_input_dispatch_vp in;

	memcpy(&in, fake_nth(HVCALL_DISPATCH_VP, n)->in, sizeof(in));
	assert_int_equal(in.partition_id, FAKE_ID);
	assert_int_equal(in.vp_index, 0);
	assert_int_equal(in.time_slice | in.spec_ctrl, 0);
	return in.flags;
}

static void test_run_loop(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);
	WHV_RUN_VP_EXIT_CONTEXT c;

	(void)state;
	plan(HV_VP_DISPATCH_STATE_READY, 0, NULL);   /* an interrupt for the root */
	plan(HV_VP_DISPATCH_STATE_BLOCKED, 0, NULL); /* idle */
	plan(HV_VP_DISPATCH_STATE_BLOCKED, 0, NULL);
	plan_message(HVMSG_X64_HALT);
	plan_message(HVMSG_X64_HALT);
	c = run_one(h);
	assert_int_equal(c.ExitReason, WHvRunVpExitReasonX64Halt);
	assert_int_equal(fake.yields, 2);
	c = run_one(h);
	/* Only the dispatch behind an intercept clears the suspension. */
	for (int i = 0; i < 4; i++)
		assert_int_equal(dispatch_flags(i), 0);
	assert_int_equal(dispatch_flags(4), HV_DISPATCH_VP_FLAG_CLEAR_INTERCEPT_SUSPEND);
	/* Memory for the dispatch itself */
	fake_order(HVCALL_DISPATCH_VP, HV_STATUS_INSUFFICIENT_MEMORY, 0, 1, 0);
	plan_message(HVMSG_X64_HALT);
	c = run_one(h);
	assert_true(fake.deposits > 0);
	/* Suspended: let go once, then given up */
	plan(HV_VP_DISPATCH_STATE_BLOCKED, HV_VP_DISPATCH_EVENT_SUSPEND, NULL);
	plan_message(HVMSG_X64_HALT);
	fake_register(HV_REGISTER_EXPLICIT_SUSPEND)->reg64 = 1;
	c = run_one(h);
	assert_int_equal(fake_register(HV_REGISTER_EXPLICIT_SUSPEND)->reg64, 0);
	plan(HV_VP_DISPATCH_STATE_BLOCKED, HV_VP_DISPATCH_EVENT_SUSPEND, NULL);
	plan(HV_VP_DISPATCH_STATE_BLOCKED, HV_VP_DISPATCH_EVENT_SUSPEND, NULL);
	assert_int_equal(WHvRunVirtualProcessor(h, 0, &c, sizeof(c)), WHV_E_INVALID_VP_STATE);
	/* Suspended again later is another matter. */
	plan(HV_VP_DISPATCH_STATE_BLOCKED, HV_VP_DISPATCH_EVENT_SUSPEND, NULL);
	plan(HV_VP_DISPATCH_STATE_READY, 0, NULL);
	plan(HV_VP_DISPATCH_STATE_BLOCKED, HV_VP_DISPATCH_EVENT_SUSPEND, NULL);
	plan_message(HVMSG_X64_HALT);
	c = run_one(h);
	fake_order(HVCALL_SET_VP_REGISTERS, HV_STATUS_ACCESS_DENIED, 0, 1, 0);
	plan(HV_VP_DISPATCH_STATE_BLOCKED, HV_VP_DISPATCH_EVENT_SUSPEND, NULL);
	assert_int_equal(WHvRunVirtualProcessor(h, 0, &c, sizeof(c)), E_ACCESSDENIED);
	fake_order(HVCALL_DISPATCH_VP, HV_STATUS_INVALID_PARTITION_STATE, 0, 1, 0);
	assert_int_equal(WHvRunVirtualProcessor(h, 0, &c, sizeof(c)), HRESULT_FROM_HV_STATUS(7));
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_run_arguments(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);
	uint8_t small[64];
	WHV_RUN_VP_EXIT_CONTEXT c;

	(void)state;
	assert_int_equal(WHvRunVirtualProcessor(h, 0, NULL, sizeof(c)), E_POINTER);
	assert_int_equal(WHvRunVirtualProcessor(h, 0, &c, 47), E_INVALIDARG);
	assert_int_equal(WHvRunVirtualProcessor(h, 1, &c, sizeof(c)), WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvRunVirtualProcessor(h, WHV_ANY_VP, &c, sizeof(c)),
			 WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvRunVirtualProcessor(NULL, 0, &c, sizeof(c)), E_INVALIDARG);
	/* The context of an older header: no byte behind it is touched */
	memset(small, 0xee, sizeof(small));
	plan_message(HVMSG_X64_HALT);
	assert_int_equal(WHvRunVirtualProcessor(h, 0, small, 50), S_OK);
	assert_int_equal(small[0], WHvRunVpExitReasonX64Halt);
	assert_int_equal(small[49], 0);
	assert_int_equal(small[50], 0xee);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void hook_busy(void)
{
	WHV_RUN_VP_EXIT_CONTEXT c;

	/* From another thread while the guest runs */
	assert_int_equal(WHvRunVirtualProcessor(part, 0, &c, sizeof(c)), WHV_E_INVALID_VP_STATE);
	assert_int_equal(WHvDeleteVirtualProcessor(part, 0), WHV_E_INVALID_VP_STATE);
	assert_int_equal(WHvSuspendPartitionTime(part), WHV_E_INVALID_VP_STATE);
	assert_int_equal(WHvResetPartition(part), HRESULT_FROM_WIN32(ERROR_INVALID_STATE));
	assert_int_equal(WHvDeletePartition(part), HRESULT_FROM_WIN32(ERROR_INVALID_STATE));
}

static void hook_cancel(void)
{
	fake.wakes = 0;
	assert_int_equal(WHvCancelRunVirtualProcessor(part, 0, 0), S_OK);
	assert_int_equal(fake.wakes, 1);
	assert_int_equal(fake.woken, 3);
}

static void hook_interrupt(void)
{
	WHV_INTERRUPT_CONTROL i = { .Vector = 0x40 };

	fake.wakes = 0;
	assert_int_equal(WHvRequestInterrupt(part, &i, sizeof(i)), S_OK);
	assert_int_equal(fake.wakes, 1);
}

static void test_run_others(void **state)
{
	WHV_PARTITION_HANDLE h = part = fake_partition_vp(1);
	WHV_RUN_VP_EXIT_CONTEXT c;

	(void)state;
	fake.cpu = 3;
	plan(HV_VP_DISPATCH_STATE_READY, 0, hook_busy);
	plan(HV_VP_DISPATCH_STATE_READY, 0, hook_cancel);
	c = run_one(h);
	assert_int_equal(c.ExitReason, WHvRunVpExitReasonCanceled);
	assert_int_equal(c.CancelReason.CancelReason, WHvRunVpCancelReasonUser);
	/* Not running: the next run is canceled, and only that one. */
	fake.wakes = 0;
	assert_int_equal(WHvCancelRunVirtualProcessor(h, 0, 0), S_OK);
	assert_int_equal(WHvCancelRunVirtualProcessor(h, 0, 0), S_OK);
	assert_int_equal(fake.wakes, 0);
	c = run_one(h);
	assert_int_equal(c.ExitReason, WHvRunVpExitReasonCanceled);
	plan_message(HVMSG_X64_HALT);
	c = run_one(h);
	assert_int_equal(c.ExitReason, WHvRunVpExitReasonX64Halt);
	/* While it waits in yield(): an interrupt wakes it, a cancel ends the run. */
	plan(HV_VP_DISPATCH_STATE_BLOCKED, 0, NULL);
	fake.on_yield = hook_interrupt;
	plan_message(HVMSG_X64_HALT);
	c = run_one(h);
	assert_int_equal(c.ExitReason, WHvRunVpExitReasonX64Halt);
	plan(HV_VP_DISPATCH_STATE_BLOCKED, 0, NULL);
	fake.on_yield = hook_cancel;
	c = run_one(h);
	assert_int_equal(c.ExitReason, WHvRunVpExitReasonCanceled);
	assert_int_equal(WHvCancelRunVirtualProcessor(h, 0, 1), E_INVALIDARG);
	assert_int_equal(WHvCancelRunVirtualProcessor(h, 1, 0), WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvCancelRunVirtualProcessor(h, WHV_ANY_VP, 0), WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_interrupts(void **state)
{
	static const uint8_t types[] = { 0, 1, 4, 5, 6, 9 };
	WHV_INTERRUPT_CONTROL i = { .Vector = 0x1ff, .Destination = 0x12345678 };
	struct hv_input_assert_virtual_interrupt in;
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);

	(void)state;
	for (uint32_t t = 0; t < 256; t++) {
		bool ok = memchr(types, (int)t, sizeof(types));

		i.Type = t & 0xff;
		assert_int_equal(WHvRequestInterrupt(h, &i, sizeof(i)), ok ? S_OK : E_INVALIDARG);
		if (!ok)
			continue;
		memcpy(&in, fake_nth(HVCALL_ASSERT_VIRTUAL_INTERRUPT, -1)->in, sizeof(in));
		assert_int_equal(in.control, t);
		assert_int_equal(in.dest_addr, 0x12345678);
		assert_int_equal(in.vector, 0x1ff);
		assert_int_equal(in.target_vtl, 0);
	}
	i.Type = 0;
	i.DestinationMode = WHvX64InterruptDestinationModeLogical;
	i.TriggerMode = WHvX64InterruptTriggerModeLevel;
	assert_int_equal(WHvRequestInterrupt(h, &i, sizeof(i)), S_OK);
	memcpy(&in, fake_nth(HVCALL_ASSERT_VIRTUAL_INTERRUPT, -1)->in, sizeof(in));
	assert_int_equal(in.control, 3ull << 32);
	assert_int_equal(WHvRequestInterrupt(h, NULL, sizeof(i)), E_POINTER);
	assert_int_equal(WHvRequestInterrupt(h, &i, 15), E_INVALIDARG);
	assert_int_equal(WHvRequestInterrupt(h, &i, 17), E_INVALIDARG);
	assert_int_equal(WHvRequestInterrupt(NULL, &i, sizeof(i)), E_INVALIDARG);
	fake_order(HVCALL_ASSERT_VIRTUAL_INTERRUPT, HV_STATUS_INVALID_PARAMETER, 0, 1, 0);
	assert_int_equal(WHvRequestInterrupt(h, &i, sizeof(i)), HRESULT_FROM_HV_STATUS(5));
	i.DestinationMode = 2;
	assert_int_equal(WHvRequestInterrupt(h, &i, sizeof(i)), E_INVALIDARG);
	i.DestinationMode = 0;
	i.TriggerMode = 2;
	assert_int_equal(WHvRequestInterrupt(h, &i, sizeof(i)), E_INVALIDARG);
	i.TriggerMode = 0;
	i.TargetVtl = 1;
	assert_int_equal(WHvRequestInterrupt(h, &i, sizeof(i)), E_INVALIDARG);
	i.TargetVtl = 0;
	i.Reserved = 1;
	assert_int_equal(WHvRequestInterrupt(h, &i, sizeof(i)), E_INVALIDARG);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_synic(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(2);
	WHV_SYNIC_EVENT_PARAMETERS e = { .VpIndex = 1, .TargetSint = 3, .FlagNumber = 0x7fe };
	struct hv_input_signal_event_direct ev;
	struct hv_input_post_message_direct in;
	uint8_t message[257];
	BOOL newly = 5;

	(void)state;
	for (uint32_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i + 1);
	assert_int_equal(WHvCreateVirtualProcessor(h, 1, 0), S_OK);
	for (uint32_t size = 1; size <= 256; size += size < 250 ? 11 : 1) {
		assert_int_equal(WHvPostVirtualProcessorSynicMessage(h, 1, 7, message, size), S_OK);
		memcpy(&in, fake_nth(HVCALL_POST_MESSAGE_DIRECT, -1)->in, sizeof(in));
		assert_int_equal(in.partition_id, FAKE_ID);
		assert_int_equal(in.vp_index, 1);
		assert_int_equal(in.sint, 7);
		assert_memory_equal(in.message, message, size);
		for (uint32_t i = size; i < 256; i++)
			assert_int_equal(in.message[i], 0);
	}
	assert_int_equal(WHvPostVirtualProcessorSynicMessage(h, 1, 7, message, 0), E_INVALIDARG);
	assert_int_equal(WHvPostVirtualProcessorSynicMessage(h, 1, 7, message, 257), E_INVALIDARG);
	assert_int_equal(WHvPostVirtualProcessorSynicMessage(h, 1, 7, NULL, 8), E_POINTER);
	assert_int_equal(WHvPostVirtualProcessorSynicMessage(NULL, 1, 7, message, 8), E_INVALIDARG);
	assert_int_equal(WHvPostVirtualProcessorSynicMessage(h, 2, 7, message, 8),
			 WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvPostVirtualProcessorSynicMessage(h, WHV_ANY_VP, 7, message, 8),
			 WHV_E_VP_DOES_NOT_EXIST);
	fake_order(HVCALL_POST_MESSAGE_DIRECT, HV_STATUS_OBJECT_IN_USE, 0, 1, 0);
	assert_int_equal(WHvPostVirtualProcessorSynicMessage(h, 1, 7, message, 8),
			 HRESULT_FROM_HV_STATUS(0x19));

	assert_int_equal(WHvSignalVirtualProcessorSynicEvent(h, e, &newly), S_OK);
	assert_int_equal(newly, TRUE);
	memcpy(&ev, fake_nth(HVCALL_SIGNAL_EVENT_DIRECT, -1)->in, sizeof(ev));
	assert_int_equal(ev.partition_id, FAKE_ID);
	assert_int_equal(ev.vp_index, 1);
	assert_int_equal(ev.sint, 3);
	assert_int_equal(ev.vtl, 0);
	assert_int_equal(ev.flag_number, 0x7fe);
	e.FlagNumber++;
	e.TargetVtl = 2;
	assert_int_equal(WHvSignalVirtualProcessorSynicEvent(h, e, &newly), S_OK);
	assert_int_equal(newly, FALSE);
	memcpy(&ev, fake_nth(HVCALL_SIGNAL_EVENT_DIRECT, -1)->in, sizeof(ev));
	assert_int_equal(ev.vtl, 2);
	assert_int_equal(WHvSignalVirtualProcessorSynicEvent(h, e, NULL), S_OK);
	newly = 5;
	fake_order(HVCALL_SIGNAL_EVENT_DIRECT, HV_STATUS_INVALID_SYNIC_STATE, 0, 1, 0);
	assert_int_equal(WHvSignalVirtualProcessorSynicEvent(h, e, &newly),
			 HRESULT_FROM_HV_STATUS(0x18));
	assert_int_equal(newly, 5);
	assert_int_equal(WHvSignalVirtualProcessorSynicEvent(NULL, e, &newly), E_INVALIDARG);
	e.VpIndex = 2;
	assert_int_equal(WHvSignalVirtualProcessorSynicEvent(h, e, &newly),
			 WHV_E_VP_DOES_NOT_EXIST);
	e.VpIndex = WHV_ANY_VP;
	assert_int_equal(WHvSignalVirtualProcessorSynicEvent(h, e, &newly),
			 WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

static void test_cpuid_output(void **state)
{
	WHV_PARTITION_HANDLE h = fake_partition_vp(1);
	struct hv_input_get_vp_cpuid_values in;
	WHV_CPUID_OUTPUT o;

	(void)state;
	assert_int_equal(WHvGetVirtualProcessorCpuidOutput(h, 0, 7, 1, &o), S_OK);
	memcpy(&in, fake.calls[0].in, sizeof(in));
	assert_int_equal(in.flags, 3);
	assert_int_equal(o.Eax, 7); /* the fake gives the question back */
	assert_int_equal(o.Ebx, 1);
	assert_int_equal(WHvGetVirtualProcessorCpuidOutput(h, 0, 7, 1, NULL), E_POINTER);
	assert_int_equal(WHvGetVirtualProcessorCpuidOutput(h, 5, 7, 1, &o),
			 WHV_E_VP_DOES_NOT_EXIST);
	assert_int_equal(WHvGetVirtualProcessorCpuidOutput(h, WHV_ANY_VP, 7, 1, &o),
			 WHV_E_VP_DOES_NOT_EXIST);
	fake_order(HVCALL_GET_VP_CPUID_VALUES, HV_STATUS_INVALID_HYPERCALL_CODE, 0, 1, 0);
	assert_int_equal(WHvGetVirtualProcessorCpuidOutput(h, 0, 7, 1, &o), E_NOTIMPL);
	assert_int_equal(WHvDeletePartition(h), S_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create_delete), TEST(test_register_names), TEST(test_registers),
		TEST(test_exit_memory),	  TEST(test_exit_io),	     TEST(test_exit_asked_for),
		TEST(test_exit_others),	  TEST(test_run_loop),	     TEST(test_run_arguments),
		TEST(test_run_others),	  TEST(test_interrupts),     TEST(test_synic),
		TEST(test_cpuid_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
