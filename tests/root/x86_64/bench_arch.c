/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include <hv/registers.h>
#include <hv/vp_state.h>

#include "tests/guests/bench_abi.h"
#include "tests/root/bench.h"

const WHV_REGISTER_NAME bench_pc = WHvX64RegisterRip;
const uint64_t bench_partition_flags = HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED;

void bench_root_rows(void)
{
	BENCH("root: RDMSR VP_INDEX", (void)rdmsr(0x40000002));
	BENCH("root: APIC EOI by MMIO", apic_write(APIC_EOI, 0));
}

static bool run_guest(void)
{
	WHV_RUN_VP_EXIT_CONTEXT c;

	do {
		if (!ok("run", WHvRunVirtualProcessor(bench_vm.p, 0, &c, sizeof(c))) ||
		    c.ExitReason != WHvRunVpExitReasonX64IoPortAccess) {
			printf("bench: exit %x at %llx\n", (unsigned)c.ExitReason,
			       (unsigned long long)c.VpContext.Rip);
			return false;
		}
		if (!vm_skip(&bench_vm, 0, &c))
			return false;
	} while (c.IoPortAccess.PortNumber != BENCH_DONE);
	if ((uint32_t)c.IoPortAccess.Rax)
		printf("bench: a hypercall of the guest's: status %x\n",
		       (unsigned)c.IoPortAccess.Rax);
	return !(uint32_t)c.IoPortAccess.Rax;
}

bool bench_guest_rows(void)
{
#define BENCH_NAME(e, name) name,
	static const char *const names[] = { BENCH_OPS(BENCH_NAME) };
#undef BENCH_NAME
	struct bench_shared *shared = (struct bench_shared *)(bench_vm.ram + BENCH_SHARED);
	uint32_t empty;

	if (!vm_start(&bench_vm, 0, 0x80000, 0, BENCH_SHARED) ||
	    !vm_start(&bench_vm, 1, 0x70000, 1, 0) || !run_guest())
		return false;
	bench_report(names[BENCH_EMPTY], shared->sample[BENCH_EMPTY], 0);
	empty = shared->sample[BENCH_EMPTY][BENCH_SAMPLES / 2];
	for (uint32_t op = BENCH_EMPTY + 1; op < BENCH_OP_COUNT; op++)
		bench_report(names[op], shared->sample[op], empty);
	return true;
}

bool bench_vm_rows(void)
{
	WHV_RUN_VP_EXIT_CONTEXT c;

	bench_dispatch("dispatch, OUT intercept", 2, 1);
	bench_dispatch("dispatch, OUT intercept, two VPs in turn", 2, 2);
	for (uint32_t i = 0; i < BENCH_SAMPLES / 2; i++) /* the rest of the guest's OUTs */
		if (!ok("run", WHvRunVirtualProcessor(bench_vm.p, 0, &c, sizeof(c))) ||
		    !vm_skip(&bench_vm, 0, &c))
			return false;
	bench_dispatch("dispatch, MMIO intercept", 2, 1);
	bench_registers(HV_X64_REGISTER_RAX, 18);
	bench_state("local APIC", 0, HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER, 0, 176);
	bench_state("XSAVE", 0, HV_VP_STATE_XSAVE, 7, PAGE);
	bench_state("SynIC messages", 0, HV_VP_STATE_SYNIC_MESSAGE_PAGE, 0, PAGE);
	bench_state("SynIC events", 0, HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE, 0, PAGE);
	bench_state("synthetic timers", 0, HV_VP_STATE_SYNTHETIC_TIMERS, 0, 200);
	return true;
}
