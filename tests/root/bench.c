/* SPDX-License-Identifier: MIT */
/*
 * Costs in guest-visible instructions (run under -icount). The guest measures its own exits, the
 * root its hypercalls, dispatches and state calls. bench.sh compares the medians with the budget.
 */
#include "tests/root/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hv/registers.h>
#include <hv/vp_state.h>

#include "tests/guests/bench_abi.h"
#include "tests/root/guest.h"
#include "tests/root/root.h"
#include "tests/root/vm.h"

static struct vm vm;
static uint32_t samples[BENCH_SAMPLES];
static uint32_t overhead; /* of the two RDTSC and what is around them */

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void report(const char *name, uint32_t *s, uint32_t less)
{
	qsort(s, BENCH_SAMPLES, sizeof(*s), by_value);
	printf("RES %s: min %u med %u p99 %u max %u\n", name, s[0] - less,
	       s[BENCH_SAMPLES / 2] - less, s[BENCH_SAMPLES * 99 / 100] - less,
	       s[BENCH_SAMPLES - 1] - less);
}

#define MEASURE(name, op) \
	do { \
		for (uint32_t i_ = 0; i_ < BENCH_SAMPLES; i_++) { \
			uint64_t t_ = rdtsc(); \
			op; \
			samples[i_] = (uint32_t)(rdtsc() - t_); \
		} \
		report(name, samples, overhead); \
	} while (0)

/* -- hypercalls with the operands in place, as a driver keeps them ----------------------------- */

static uint64_t partition; /* its number at the core */

static void head(uint64_t second)
{
	uint64_t *in = this_cpu()->hcall_in;

	in[0] = partition;
	in[1] = second;
}

static uint64_t call(uint64_t control)
{
	return hv_raw(control, (uint64_t)this_cpu()->hcall_in, (uint64_t)this_cpu()->hcall_out);
}

static void must(const char *what, uint64_t result)
{
	if (HV_HYPERCALL_RESULT_STATUS(result) != HV_STATUS_SUCCESS) {
		printf("bench: %s: status %x\n", what, HV_HYPERCALL_RESULT_STATUS(result));
		machine_exit(false);
	}
}

/* Over that many VPs in turn. */
static void dispatch_row(const char *name, uint32_t length, uint32_t vps)
{
	uint64_t *in = this_cpu()->hcall_in;

	for (uint32_t i = 0; i < BENCH_SAMPLES; i++) {
		uint64_t t, rip;
		uint32_t vp = i % vps;

		head((uint64_t)HV_DISPATCH_VP_FLAG_CLEAR_INTERCEPT_SUSPEND << 32 | vp);
		in[2] = in[3] = 0;
		cli();
		t = rdtsc();
		must(name, call(HVCALL_DISPATCH_VP));
		samples[i] = (uint32_t)(rdtsc() - t);
		sti();
		(void)vm_get(&vm, vp, WHvX64RegisterRip, &rip);
		(void)vm_set(&vm, vp, WHvX64RegisterRip, rip + length);
	}
	report(name, samples, overhead);
}

static void registers(void)
{
	uint32_t *names = (uint32_t *)this_cpu()->hcall_in + 4;
	struct hv_register_assoc *list =
		(struct hv_register_assoc *)((uint8_t *)this_cpu()->hcall_in + 16);
	union hv_register_value *values = this_cpu()->hcall_out;

	head(0);
	for (uint32_t i = 0; i < 18; i++)
		names[i] = HV_X64_REGISTER_RAX + i;
	MEASURE("get 18 registers", must("get", call(HVCALL_GET_VP_REGISTERS | HV_REPS(18))));
	memset(list, 0, 18 * sizeof(*list));
	for (uint32_t i = 0; i < 18; i++) {
		list[i].name = HV_X64_REGISTER_RAX + i;
		list[i].value = values[i];
	}
	MEASURE("set 18 registers", must("set", call(HVCALL_SET_VP_REGISTERS | HV_REPS(18))));
}

static void state_row(const char *name, uint32_t type, uint64_t states)
{
	struct hv_input_vp_state *in = this_cpu()->hcall_in;
	static uint8_t *page;
	char row[40];
	uint64_t *list = (uint64_t *)(in + 1);
	bool inlined = !(type & HV_VP_STATE_PFN);

	if (!page)
		page = pages_alloc(1, 1);
	memset(in, 0, sizeof(*in));
	in->partition_id = partition;
	in->type = type;
	in->xsave_states = states;
	list[0] = (uint64_t)page / PAGE;
	snprintf(row, sizeof(row), "get %s", name);
	MEASURE(row, must(row, call(HVCALL_GET_VP_STATE |
				    (inlined ? 0 : 1ull << HV_HYPERCALL_VARHEAD_SHIFT))));
	if (inlined)
		memcpy(list, this_cpu()->hcall_out, 200);
	snprintf(row, sizeof(row), "set %s", name);
	MEASURE(row, must(row, call(HVCALL_SET_VP_STATE | (inlined ? 25ull : 1ull)
								  << HV_HYPERCALL_VARHEAD_SHIFT)));
}

static bool run_guest(void)
{
	WHV_RUN_VP_EXIT_CONTEXT c;

	do {
		if (!ok("run", WHvRunVirtualProcessor(vm.p, 0, &c, sizeof(c))) ||
		    c.ExitReason != WHvRunVpExitReasonX64IoPortAccess) {
			printf("bench: exit %x at %llx\n", (unsigned)c.ExitReason,
			       (unsigned long long)c.VpContext.Rip);
			return false;
		}
		if (!vm_skip(&vm, 0, &c))
			return false;
	} while (c.IoPortAccess.PortNumber != BENCH_DONE);
	return true;
}

/* Pages that a second VP takes, one deposit at a time until it can be made. */
static void memory_row(void)
{
	hv_partition_id id = guest_new(HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED, 1);
	struct hv_input_create_vp in = { .partition_id = id, .vp_index = 1 };
	uint32_t pages = 0;

	(void)guest_withdraw(id, UINT32_MAX);
	while (hv_status(HVCALL_CREATE_VP, &in, sizeof(in), NULL, 0) ==
	       HV_STATUS_INSUFFICIENT_MEMORY) {
		guest_deposit(id, 1);
		pages++;
	}
	printf("RES memory of a VP, KiB: min 0 med %u p99 0 max 0\n", pages * 4);
	guest_delete(id);
}

/* The newest partition's number: ids ascend, so the last that answers. */
static uint64_t find_partition(void)
{
	struct hv_input_get_partition_property in = {
		.property_code = HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS
	};
	uint64_t v;

	for (in.partition_id = 64; in.partition_id > 1; in.partition_id--)
		if (hv_status(HVCALL_GET_PARTITION_PROPERTY, &in, sizeof(in), &v, sizeof(v)) ==
		    HV_STATUS_SUCCESS)
			return in.partition_id;
	return 0;
}

bool bench_run(void)
{
#define BENCH_NAME(e, name) name,
	static const char *const names[] = { BENCH_OPS(BENCH_NAME) };
#undef BENCH_NAME
	struct bench_shared *shared;
	uint32_t *empty;

	printf("RES boot, loader to root's first instruction: min 0 med %llu p99 0 max 0\n",
	       (unsigned long long)(root_entry_tsc - boot_info->loader_entry_tsc));
	MEASURE("empty", );
	overhead = samples[BENCH_SAMPLES / 2];
	MEASURE("root: null hypercall", (void)hv_raw(0xffff | 1u << 16, 0, 0));
	MEASURE("root: RDMSR VP_INDEX", (void)rdmsr(0x40000002));
	MEASURE("root: APIC EOI by MMIO", apic_write(APIC_EOI, 0));
	whv_metal_init();
	if (!vm_create(&vm, 2, 0x400000, NULL) || !vm_load(&vm, "bench") ||
	    !vm_start(&vm, 0, 0x80000, 0, BENCH_SHARED) || !vm_start(&vm, 1, 0x70000, 1, 0) ||
	    !run_guest())
		return false;
	shared = (struct bench_shared *)(vm.ram + BENCH_SHARED);
	empty = shared->sample[BENCH_EMPTY];
	qsort(empty, BENCH_SAMPLES, sizeof(*empty), by_value);
	for (uint32_t op = BENCH_EMPTY + 1; op < BENCH_OP_COUNT; op++)
		report(names[op], shared->sample[op], empty[BENCH_SAMPLES / 2]);
	partition = find_partition();
	dispatch_row("dispatch, OUT intercept", 2, 1);
	dispatch_row("dispatch, OUT intercept, two VPs in turn", 2, 2);
	for (uint32_t i = 0; i < BENCH_SAMPLES / 2; i++) { /* the rest of the guest's OUTs */
		WHV_RUN_VP_EXIT_CONTEXT c;

		if (!ok("run", WHvRunVirtualProcessor(vm.p, 0, &c, sizeof(c))) ||
		    !vm_skip(&vm, 0, &c))
			return false;
	}
	dispatch_row("dispatch, MMIO intercept", 2, 1);
	registers();
	state_row("local APIC", HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER, 0);
	state_row("XSAVE", HV_VP_STATE_XSAVE, 7);
	state_row("SynIC messages", HV_VP_STATE_SYNIC_MESSAGE_PAGE, 0);
	state_row("SynIC events", HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE, 0);
	state_row("synthetic timers", HV_VP_STATE_SYNTHETIC_TIMERS, 0);
	if (!vm_delete(&vm, false))
		return false;
	memory_row();
	return true;
}
