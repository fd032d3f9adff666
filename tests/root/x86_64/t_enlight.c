/* SPDX-License-Identifier: MIT */
/*
 * What guests ask the core for their own VPs: flushes, interrupts to many, and a hint that they
 * spin. The guest is tests/guests/enlight.c.
 */
#include <string.h>

#include "tests/guests/enlight_abi.h"
#include "tests/root/guest.h"
#include "tests/root/vm.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define INPUT  ((uint64_t *)(void *)(vm.ram + ENLIGHT_INPUT))

static struct vm vm;
static volatile uint32_t wrong[2]; /* what a VP's run ended with, instead of its OUT */

void enlight_tests_clean_up(void)
{
	if (vm.p)
		(void)vm_delete(&vm, false);
}

static volatile struct enlight_shared *shared(void)
{
	return (volatile struct enlight_shared *)(vm.ram + ENLIGHT_SHARED);
}

/* On whichever CPU: no checks. */
static void run(void *arg)
{
	uint32_t vp = (uint32_t)(uintptr_t)arg;
	WHV_RUN_VP_EXIT_CONTEXT c;

	memset(&c, 0, sizeof(c));
	wrong[vp] = 0;
	if (WHvRunVirtualProcessor(vm.p, vp, &c, sizeof(c)) != S_OK ||
	    c.ExitReason != WHvRunVpExitReasonX64IoPortAccess)
		wrong[vp] = 0x10000u | (uint32_t)c.ExitReason;
	else if (c.IoPortAccess.PortNumber != ENLIGHT_PORT)
		wrong[vp] = 0x20000u | (uint32_t)c.IoPortAccess.Rax; /* an exception */
	else if (!vm_skip(&vm, vp, &c))
		wrong[vp] = 0x30000u;
}

static void start(uint32_t vps)
{
	whv_metal_init();
	CHECK(vm_create(&vm, vps, 0x400000, NULL));
	CHECK(vm_load(&vm, "enlight"));
	for (uint32_t i = 0; i < vps; i++) {
		CHECK(vm_start(&vm, i, 0x80000 - 0x10000 * i, i, ENLIGHT_SHARED));
		run((void *)(uintptr_t)i);
		CHECK_EQ(wrong[i], 0);
	}
}

/* One request of VP 0's, one of VP 1's on the other CPU, until both are done. */
static void both(uint32_t first, uint32_t second, uint32_t form, uint32_t rounds)
{
	volatile struct enlight_shared *s = shared();

	s->op[0] = first;
	s->op[1] = second;
	s->form = form;
	s->rounds = rounds;
	s->stop = s->late = 0;
	s->result = s->stale = s->strays = 0;
	cpu_run(1, run, (void *)1);
	run(NULL);
	cpu_join(1);
	CHECK_EQ(wrong[0], 0);
	CHECK_EQ(wrong[1], 0);
	CHECK_EQ(s->late, 0);
	CHECK_EQ(s->strays, 0);
	CHECK_EQ(s->result, 0);
}

static void done(void)
{
	CHECK(vm_delete(&vm, false));
}

static uint64_t call(uint64_t control, uint64_t low, uint64_t high)
{
	volatile struct enlight_shared *s = shared();

	s->op[0] = ENLIGHT_CALL;
	s->control = control;
	s->low = low;
	s->high = high;
	s->result = ~0ull;
	run(NULL);
	CHECK_EQ(wrong[0], 0);
	return s->result;
}

static uint16_t status(uint64_t control)
{
	return HV_HYPERCALL_RESULT_STATUS(call(control, ENLIGHT_INPUT, 0));
}

#define VAR(n) ((uint64_t)(n) << HV_HYPERCALL_VARHEAD_SHIFT)
#define BAD    HV_STATUS_INVALID_PARAMETER
#define INPUTS HV_STATUS_INVALID_HYPERCALL_INPUT

TEST(enlight_flush_arguments)
{
	static const struct {
		uint64_t control;
		uint64_t in[6];
		uint16_t status;
	} rows[] = {
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE, { 0, 0, 1 }, 0 },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE, { 0, 7, 0 }, 0 },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE, { 0, 0, ~0ull }, 0 },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE, { 0, 8, 1 }, BAD },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE, { 0, 1ull << 63, 1 }, BAD },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE | HV_REPS(1), { 0, 0, 1 }, INPUTS },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE | VAR(1), { 0, 0, 1 }, INPUTS },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE | HV_HYPERCALL_FAST, { 0, 0, 1 }, INPUTS },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST, { 0, 0, 1 }, INPUTS },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST | HV_REPS(1), { 0, 0xb, 1 }, 0 },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST | HV_REPS(1), { 0, 4, 1 }, BAD },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST | HV_REPS(1), { 0, 16, 1 }, BAD },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX, { 0, 0, 1 }, 0 },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX, { 0, 0, 2 }, BAD },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX, { 0, 0, 0, 1 }, INPUTS },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX | VAR(1), { 0, 0, 0, 1, 1 }, 0 },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX | VAR(2), { 0, 0, 0, 1, 1 }, INPUTS },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX | VAR(1),
		  { 0, 0, 0, 2, 1 },
		  HV_STATUS_INVALID_VP_INDEX },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX | VAR(1), { 0, 0, 0, 2, 0 }, 0 },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX, { 0, 1, 9, 0 }, 0 },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX | VAR(1) | HV_REPS(1),
		  { 0, 0, 0, 1, 1 },
		  0 },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX | VAR(1) | HV_REPS(1),
		  { 0, 4, 0, 1, 1 },
		  BAD },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX | VAR(1), { 0, 0, 0, 1, 1 }, INPUTS },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX | HV_REPS(1), { 0, 0, 0, 1, 1 }, INPUTS },
	};
	uint64_t r;

	start(1);
	for (uint32_t i = 0; i < LEN(rows); i++) {
		memcpy(INPUT, rows[i].in, sizeof(rows[i].in));
		if (status(rows[i].control) != rows[i].status)
			test_fail(__FILE__, __LINE__, "row %u: status %llx", i,
				  (unsigned long long)shared()->result);
	}
	/* A list of what a page holds, from its middle on: all are done, counted from its start */
	memset(INPUT, 0, PAGE);
	r = call(HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST | HV_REPS(509) |
			 300ull << HV_HYPERCALL_REP_START_SHIFT,
		 ENLIGHT_INPUT, 0);
	CHECK_EQ(HV_HYPERCALL_RESULT_STATUS(r), HV_STATUS_SUCCESS);
	CHECK_EQ(HV_HYPERCALL_RESULT_REPS(r), 509);
	done();
}

TEST(enlight_ipi_arguments)
{
	const uint64_t fast = HVCALL_SEND_SYNTHETIC_CLUSTER_IPI | HV_HYPERCALL_FAST;
	volatile struct enlight_shared *s;

	start(1);
	s = shared();
	for (uint64_t v = 0; v < 16; v++)
		CHECK_EQ(call(fast, v, 1), BAD);
	CHECK_EQ(call(fast, 0x100, 1), BAD);
	CHECK_EQ(call(fast, 1ull << 32 | ENLIGHT_VECTOR, 1), BAD); /* another VTL */
	CHECK_EQ(call(fast, 1ull << 63 | ENLIGHT_VECTOR, 1), BAD); /* padding */
	CHECK_EQ(call(fast | HV_REPS(1), ENLIGHT_VECTOR, 1), INPUTS);
	CHECK_EQ(call(fast, ENLIGHT_VECTOR, 0), 0);
	CHECK_EQ(call(fast, ENLIGHT_VECTOR, 2), 0); /* nobody */
	memset(INPUT, 0, 64);
	INPUT[0] = 15;
	CHECK_EQ(status(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX), BAD);
	INPUT[0] = ENLIGHT_VECTOR;
	CHECK_EQ(status(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX), 0);
	CHECK_EQ(status(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX | VAR(1)), INPUTS);
	INPUT[1] = 3;
	CHECK_EQ(status(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX), BAD);
	/* None of them came. */
	s->op[0] = ENLIGHT_SEND;
	s->rounds = 0;
	run(NULL);
	CHECK_EQ(wrong[0], 0);
	CHECK_EQ(s->irqs[0], 1); /* its own, to all */
	CHECK_EQ(s->strays, 0);
	done();
}

/* Without a flush the old translation stays, else the rest would show nothing. */
TEST(enlight_flush_self)
{
	volatile struct enlight_shared *s;

	start(1);
	s = shared();
	for (uint32_t form = ENLIGHT_NONE; form < ENLIGHT_FORMS; form++) {
		s->op[0] = ENLIGHT_SELF;
		s->form = form;
		s->rounds = 200;
		s->stale = s->result = 0;
		run(NULL);
		CHECK_EQ(wrong[0], 0);
		CHECK_EQ(s->result, 0);
		if (form == ENLIGHT_NONE)
			CHECK(s->stale > 0);
		else
			CHECK_EQ(s->stale, 0);
	}
	done();
}

TEST_CPUS(enlight_flush_other, 2)
{
	start(2);
	for (uint32_t form = ENLIGHT_NONE + 1; form < ENLIGHT_FORMS; form++) {
		both(ENLIGHT_CHANGE, ENLIGHT_WATCH, form, 300);
		CHECK_EQ(shared()->stale, 0);
	}
	both(ENLIGHT_CHANGE, ENLIGHT_WATCH, ENLIGHT_NONE, 300);
	CHECK(shared()->stale > 0);
	done();
}

/* Neither waits for the other while it is waited for. */
TEST_CPUS(enlight_flush_mutual, 2)
{
	start(2);
	both(ENLIGHT_MUTUAL, ENLIGHT_MUTUAL, ENLIGHT_SPACE, 3000);
	done();
}

static void ipis(uint32_t how, uint32_t rounds)
{
	volatile struct enlight_shared *s = shared();

	s->irqs[0] = s->irqs[1] = 0;
	both(ENLIGHT_SEND, how, 0, rounds);
	/* One for each, one to all, and the last, which `stop` may have come before */
	CHECK_EQ(s->irqs[0], 1);
	CHECK(s->irqs[1] == rounds + 1 || s->irqs[1] == rounds + 2);
}

TEST_CPUS(enlight_ipi, 2)
{
	start(2);
	ipis(ENLIGHT_RECEIVE, 300);
	done();
}

TEST_CPUS(enlight_ipi_halted, 2)
{
	start(2);
	ipis(ENLIGHT_SLEEP, 300);
	/* With a deadline of its own a VP waits in the core; mail ends that too */
	ipis(ENLIGHT_DOZE, 300);
	done();
}

/* -- by plain hypercalls ----------------------------------------------------------------------- */

static hv_partition_id with_features(uint64_t features)
{
	hv_partition_id id = guest_create(0);
	struct hv_input_set_partition_property in = { id,
						      HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
						      0, features };
	uint8_t code[32];

	CHECK_EQ(hv_status(HVCALL_SET_PARTITION_PROPERTY, &in, sizeof(in), NULL, 0),
		 HV_STATUS_SUCCESS);
	guest_initialize(id);
	guest_create_vp(id, 0);
	guest_start(id, 0, code, guest_call_code(code));
	guest_set64(id, 0, HV_REGISTER_GUEST_OS_ID, 1ull << 48 | 1);
	guest_deposit(id, 4);
	guest_set64(id, 0, GUEST_PAGE_REGISTER, 0x5000 | HV_OVERLAY_MSR_ENABLE);
	return id;
}

/* Each call needs the features that the TLFS names for it, and no others. */
TEST(enlight_offered)
{
	static const uint8_t bits[] = { 15, 24, 25, 26, 27 };
	static const struct {
		uint64_t control, need;
		uint16_t status; /* of an input of zeros */
	} rows[] = {
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE, 1 << 25, 0 },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST | HV_REPS(1), 1 << 25, 0 },
		{ HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_HYPERCALL_FAST, 1 << 27, 0 },
		{ HVCALL_SEND_SYNTHETIC_CLUSTER_IPI, 1 << 26, BAD },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX, 3 << 24, 0 },
		{ HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX | HV_REPS(1), 3 << 24, 0 },
		{ HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX, 1 << 24 | 1 << 26, BAD },
	};

	for (uint32_t b = 0; b <= LEN(bits); b++) {
		uint64_t features = ROOT_GUEST_FEATURES;
		hv_partition_id id;

		if (b < LEN(bits))
			features &= ~(1ull << bits[b]);
		id = with_features(features | 0x400bff);
		for (uint32_t i = 0; i < LEN(rows); i++) {
			bool has = (features & rows[i].need) == rows[i].need;

			guest_call_set(id, 0, rows[i].control, 0x1800, 0x1900);
			CHECK_EQ(guest_run(id, 0), GUEST_HALTED);
			CHECK_EQ((uint16_t)guest_call_result(id, 0),
				 has ? rows[i].status : HV_STATUS_ACCESS_DENIED);
			guest_set64(id, 0, GUEST_PC, GUEST_CODE);
		}
		guest_delete(id);
	}
	/* The root is not offered them. */
	for (uint32_t i = 0; i < LEN(rows); i++)
		CHECK_EQ(HV_HYPERCALL_RESULT_STATUS(hv_raw(rows[i].control, 0, 0)),
			 HV_STATUS_ACCESS_DENIED);
}
