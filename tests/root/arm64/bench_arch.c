/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hv/arm64.h>
#include <hv/registers.h>
#include <hv/vp_state_arm64.h>

#include "tests/guests/arm64/bench_abi.h"
#include "tests/root/bench.h"
#include "tests/root/save.h"

#define SAY	      0x09000000u /* tests/guests/arm64/lib.h */
#define GICR_IGROUPR0 0x80u

const WHV_REGISTER_NAME bench_pc = WHvArm64RegisterPc;
const uint64_t bench_partition_flags;

void bench_root_rows(void)
{
	BENCH("root: trapped MRS ID_AA64PFR0_EL1", (void)read_sysreg(id_aa64pfr0_el1));
	BENCH("root: SGI frame read", (void)gic_read(0, GICR_IGROUPR0));
}

bool bench_guest_rows(void)
{
#define BENCH_NAME(e, name) name,
	static const char *const names[] = { BENCH_OPS(BENCH_NAME) };
#undef BENCH_NAME
	struct bench_shared *shared = (struct bench_shared *)(bench_vm.ram + BENCH_SHARED);
	WHV_RUN_VP_EXIT_CONTEXT c;
	uint32_t empty;

	if (!vm_start(&bench_vm, 0, 0x80000, 0, BENCH_SHARED) ||
	    !vm_start(&bench_vm, 1, 0x70000, 1, 0) ||
	    !ok("run", WHvRunVirtualProcessor(bench_vm.p, 0, &c, sizeof(c))))
		return false;
	if (c.ExitReason != WHvRunVpExitReasonUnmappedGpa || c.MemoryAccess.Gpa != SAY) {
		printf("bench: exit %x at %llx\n", (unsigned)c.ExitReason,
		       (unsigned long long)c.MemoryAccess.Header.Pc);
		return false;
	}
	bench_report(names[BENCH_EMPTY], shared->sample[BENCH_EMPTY], 0);
	empty = shared->sample[BENCH_EMPTY][BENCH_SAMPLES / 2];
	for (uint32_t op = BENCH_EMPTY + 1; op < BENCH_OP_COUNT; op++)
		bench_report(names[op], shared->sample[op], empty);
	return vm_skip(&bench_vm, 0, &c);
}

/*
 * Everything that the main job saves of a VP, by the hypercalls alone: a list or a state each. KVM
 * takes 419,000 for it, by single registers.
 */
static uint32_t take(const char *what, uint64_t control)
{
	uint64_t t = root_clock(), r = bench_call(control);

	t = root_clock() - t;
	bench_must(what, r);
	return (uint32_t)t - bench_overhead;
}

static uint32_t registers(const struct save_row *r, union hv_register_value *v, bool set)
{
	uint8_t *list = (uint8_t *)this_cpu()->hcall_in + 16;
	uint32_t cost;

	bench_head(0);
	for (uint32_t i = 0; i < r->count; i++) {
		struct hv_register_assoc one = { .name = (uint32_t)r->regs[i], .value = v[i] };

		if (set)
			memcpy(list + sizeof(one) * i, &one, sizeof(one));
		else
			memcpy(list + 4 * i, &one.name, 4);
	}
	cost = take(r->name,
		    (set ? HVCALL_SET_VP_REGISTERS : HVCALL_GET_VP_REGISTERS) | HV_REPS(r->count));
	if (!set)
		memcpy(v, this_cpu()->hcall_out, sizeof(*v) * r->count);
	return cost;
}

static uint32_t state(const struct save_row *r, uint8_t *pages, uint32_t bytes, bool set)
{
	struct hv_input_vp_state *in = this_cpu()->hcall_in;
	uint64_t *list = (uint64_t *)(in + 1), n = set ? bytes / 8 : 0;
	uint16_t code = set ? HVCALL_SET_VP_STATE : HVCALL_GET_VP_STATE;
	bool by_pages = (uint32_t)r->type & HV_VP_STATE_PFN;
	uint32_t cost;

	memset(in, 0, sizeof(*in));
	in->partition_id = bench_partition;
	in->type = (uint32_t)r->type;
	if (by_pages) {
		n = (bytes + PAGE - 1) / PAGE;
		for (uint64_t i = 0; i < n; i++)
			list[i] = (uint64_t)pages / PAGE + i;
	} else if (set) {
		memcpy(list, pages, bytes);
	}
	cost = take(r->name, code | n << HV_HYPERCALL_VARHEAD_SHIFT);
	if (!by_pages && !set)
		memcpy(pages, this_cpu()->hcall_out, bytes);
	return cost;
}

static bool whole_vp(void)
{
	static union hv_register_value v[SAVE_CATEGORIES][SAVE_MAX_REGISTERS];
	static struct saved_vp s;
	uint8_t *pages[SAVE_CATEGORIES];

	if (!save_vp(&bench_vm, 0, &s)) /* sizes, and what is here */
		return false;
	for (uint32_t c = 0; c < SAVE_CATEGORIES; c++)
		pages[c] = pages_alloc(3, 1);
	for (uint32_t set = 0; set < 2; set++) {
		for (uint32_t i = 0; i < BENCH_SAMPLES; i++) {
			bench_samples[i] = 0;
			for (uint32_t c = 0; c < SAVE_CATEGORIES; c++) {
				const struct save_row *r = &save_rows[c];

				if (!s.here[c] || r->shared)
					continue;
				if (r->count)
					bench_samples[i] += registers(r, v[c], set);
				if (r->room)
					bench_samples[i] += state(r, pages[c], s.size[c], set);
			}
		}
		bench_report(set ? "set a whole VP" : "get a whole VP", bench_samples, 0);
	}
	for (uint32_t c = 0; c < SAVE_CATEGORIES; c++)
		pages_free(pages[c], 3);
	return true;
}

bool bench_vm_rows(void)
{
	WHV_CAPABILITY c;
	UINT32 n;

	bench_dispatch("dispatch, MMIO intercept", 0, 1);
	bench_dispatch("dispatch, MMIO intercept, two VPs in turn", 0, 2);
	bench_registers(HV_ARM64_REGISTER_X0, 31);
	bench_registers(HV_ARM64_REGISTER_Q0, 32);
	bench_state("local interrupt controller", 0, HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER, 0,
		    200);
	bench_state("global interrupt state", HV_ANY_VP, HV_VP_STATE_GLOBAL_INTERRUPT_ARM64, 0,
		    PAGE);
	if (WHvGetCapability(WHvCapabilityCodeMaxSveVectorLength, &c, sizeof(c), &n) != S_OK)
		return false;
	if (c.MaxSveVectorLength)
		bench_state("SVE of 2048 bits", 0, HV_VP_STATE_SVE, 0,
			    16 + 32 * c.MaxSveVectorLength + 17 * c.MaxSveVectorLength / 8);
	bench_state("SynIC messages", 0, HV_VP_STATE_SYNIC_MESSAGE_PAGE, 0, PAGE);
	bench_state("SynIC events", 0, HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE, 0, PAGE);
	bench_state("synthetic timers", 0, HV_VP_STATE_SYNTHETIC_TIMERS, 0, 200);
	return whole_vp();
}
