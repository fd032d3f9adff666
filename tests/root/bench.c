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

#include "tests/root/guest.h"

#define STATE_PAGES 3u

struct vm bench_vm;
uint64_t bench_partition;
uint32_t bench_overhead, bench_samples[BENCH_SAMPLES];

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void bench_report(const char *name, uint32_t *s, uint32_t less)
{
	qsort(s, BENCH_SAMPLES, sizeof(*s), by_value);
	printf("RES %s: min %u med %u p99 %u max %u\n", name, (unsigned)(s[0] - less),
	       (unsigned)(s[BENCH_SAMPLES / 2] - less),
	       (unsigned)(s[BENCH_SAMPLES * 99 / 100] - less),
	       (unsigned)(s[BENCH_SAMPLES - 1] - less));
}

void bench_head(uint64_t second)
{
	uint64_t *in = this_cpu()->hcall_in;

	in[0] = bench_partition;
	in[1] = second;
}

uint64_t bench_call(uint64_t control)
{
	return hv_raw(control, (uint64_t)this_cpu()->hcall_in, (uint64_t)this_cpu()->hcall_out);
}

void bench_must(const char *what, uint64_t result)
{
	if (HV_HYPERCALL_RESULT_STATUS(result) != HV_STATUS_SUCCESS) {
		printf("bench: %s: status %x\n", what,
		       (unsigned)HV_HYPERCALL_RESULT_STATUS(result));
		machine_exit(false);
	}
}

void bench_dispatch(const char *name, uint32_t length, uint32_t vps)
{
	uint64_t *in = this_cpu()->hcall_in;

	for (uint32_t i = 0; i < BENCH_SAMPLES; i++) {
		uint64_t t, pc;
		uint32_t vp = i % vps;

		bench_head((uint64_t)HV_DISPATCH_VP_FLAG_CLEAR_INTERCEPT_SUSPEND << 32 | vp);
		in[2] = in[3] = 0;
		irqs_off();
		t = root_clock();
		bench_must(name, bench_call(HVCALL_DISPATCH_VP));
		bench_samples[i] = (uint32_t)(root_clock() - t);
		irqs_on();
		(void)vm_get(&bench_vm, vp, bench_pc, &pc);
		(void)vm_set(&bench_vm, vp, bench_pc, pc + length);
	}
	bench_report(name, bench_samples, bench_overhead);
}

void bench_registers(uint32_t first, uint32_t count)
{
	uint32_t *names = (uint32_t *)this_cpu()->hcall_in + 4;
	struct hv_register_assoc *list =
		(struct hv_register_assoc *)((uint8_t *)this_cpu()->hcall_in + 16);
	union hv_register_value *values = this_cpu()->hcall_out;
	char row[32];

	bench_head(0);
	for (uint32_t i = 0; i < count; i++)
		names[i] = first + i;
	snprintf(row, sizeof(row), "get %u registers", (unsigned)count);
	BENCH(row, bench_must(row, bench_call(HVCALL_GET_VP_REGISTERS | HV_REPS(count))));
	memset(list, 0, count * sizeof(*list));
	for (uint32_t i = 0; i < count; i++) {
		list[i].name = first + i;
		list[i].value = values[i];
	}
	snprintf(row, sizeof(row), "set %u registers", (unsigned)count);
	BENCH(row, bench_must(row, bench_call(HVCALL_SET_VP_REGISTERS | HV_REPS(count))));
}

void bench_state(const char *name, uint32_t vp, uint32_t type, uint64_t states, uint32_t bytes)
{
	struct hv_input_vp_state *in = this_cpu()->hcall_in;
	static uint8_t *pages;
	char row[40];
	uint64_t *list = (uint64_t *)(in + 1), get = 0, set = bytes / 8;

	if (!pages)
		pages = pages_alloc(STATE_PAGES, 1);
	memset(in, 0, sizeof(*in));
	in->partition_id = bench_partition;
	in->vp_index = vp;
	in->type = type;
	in->xsave_states = states;
	if (type & HV_VP_STATE_PFN)
		get = set = (bytes + PAGE - 1) / PAGE;
	for (uint32_t i = 0; i < get; i++)
		list[i] = (uint64_t)pages / PAGE + i;
	snprintf(row, sizeof(row), "get %s", name);
	BENCH(row,
	      bench_must(row, bench_call(HVCALL_GET_VP_STATE | get << HV_HYPERCALL_VARHEAD_SHIFT)));
	if (!get)
		memcpy(list, this_cpu()->hcall_out, bytes);
	snprintf(row, sizeof(row), "set %s", name);
	BENCH(row,
	      bench_must(row, bench_call(HVCALL_SET_VP_STATE | set << HV_HYPERCALL_VARHEAD_SHIFT)));
}

/* Pages that a second VP takes, one deposit at a time until it can be made. */
static void memory_row(void)
{
	hv_partition_id id = guest_new(bench_partition_flags, 1);
	struct hv_input_create_vp in = { .partition_id = id, .vp_index = 1 };
	uint32_t pages = 0;

	(void)guest_withdraw(id, UINT32_MAX);
	while (hv_status(HVCALL_CREATE_VP, &in, sizeof(in), NULL, 0) ==
	       HV_STATUS_INSUFFICIENT_MEMORY) {
		guest_deposit(id, 1);
		pages++;
	}
	printf("RES memory of a VP, KiB: min 0 med %u p99 0 max 0\n", (unsigned)pages * 4);
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

/*
 * The root to its own SynIC: two partitions' worth of look-ups, and no interrupt (the SINT is
 * polled). Of the slot and the flag the measured part finds them empty.
 */
#define BENCH_PORT 7u
static void port_row(const char *name, uint32_t type, uint64_t control, const void *in, size_t n,
		     volatile void *taken)
{
	struct hv_input_create_port port = {
		.port_partition_id = HV_PARTITION_ID_SELF,
		.port_id = BENCH_PORT,
		.connection_partition_id = HV_PARTITION_ID_SELF,
		.port_type = type,
		.target_sint = 4,
		.info = type == HV_PORT_TYPE_EVENT ? 1u << 16 : 0,
	};
	struct hv_input_connect_port link = {
		.connection_partition_id = HV_PARTITION_ID_SELF,
		.connection_id = BENCH_PORT,
		.port_partition_id = HV_PARTITION_ID_SELF,
		.port_id = BENCH_PORT,
		.port_type = type,
	};
	struct hv_input_port gone = { .partition_id = HV_PARTITION_ID_SELF, .id = BENCH_PORT };
	struct {
		hv_partition_id id;
		uint64_t pfn;
	} page = { 1, 0 };
	uint16_t status;

	while ((status = hv_status(HVCALL_CREATE_PORT, &port, sizeof(port), NULL, 0)) ==
	       HV_STATUS_INSUFFICIENT_MEMORY) {
		page.pfn = (uint64_t)pages_alloc(1, 1) / PAGE;
		bench_must("deposit", hv_call(HVCALL_DEPOSIT_MEMORY | HV_REPS(1), &page,
					      sizeof(page), NULL, 0));
	}
	bench_must("port", status);
	bench_must("connection", hv_call(HVCALL_CONNECT_PORT, &link, sizeof(link), NULL, 0));
	memcpy(this_cpu()->hcall_in, in, n);
	for (uint32_t i = 0; i < BENCH_SAMPLES; i++) {
		uint64_t t = root_clock();

		bench_must(name, control & HV_HYPERCALL_FAST ? hv_raw(control, BENCH_PORT, 0)
							     : bench_call(control));
		bench_samples[i] = (uint32_t)(root_clock() - t);
		*(volatile uint64_t *)taken = 0;
	}
	bench_report(name, bench_samples, bench_overhead);
	(void)hv_call(HVCALL_DISCONNECT_PORT, &gone, sizeof(gone), NULL, 0);
	(void)hv_call(HVCALL_DELETE_PORT, &gone, sizeof(gone), NULL, 0);
}

static void port_rows(void)
{
	struct hv_input_post_message m = { .connection_id = BENCH_PORT,
					   .message_type = 1,
					   .payload_size = 32 };
	uint64_t simp = synic_get(HV_REGISTER_SIMP), siefp = synic_get(HV_REGISTER_SIEFP);

	synic_set(HV_REGISTER_SIMP, simp | 1);
	synic_set(HV_REGISTER_SIEFP, siefp | 1);
	synic_set(HV_REGISTER_SINT0 + 4, HV_SYNIC_SINT_POLLING | 0xf3);
	synic_set(HV_REGISTER_SCONTROL, 1);
	port_row("PostMessage", HV_PORT_TYPE_MESSAGE, HVCALL_POST_MESSAGE, &m, sizeof(m),
		 (void *)(uintptr_t)(simp + 4 * 256));
	port_row("SignalEvent", HV_PORT_TYPE_EVENT, HVCALL_SIGNAL_EVENT | HV_HYPERCALL_FAST, &m, 0,
		 (void *)(uintptr_t)(siefp + 4 * 256));
	synic_set(HV_REGISTER_SCONTROL, 0);
}

bool bench_run(void)
{
	printf("RES boot, loader to root's first instruction: min 0 med %llu p99 0 max 0\n",
	       (unsigned long long)(root_entry_tsc - boot_info->loader_entry_tsc));
	BENCH("empty", );
	bench_overhead = bench_samples[BENCH_SAMPLES / 2];
	BENCH("root: null hypercall", (void)hv_raw(0xffff | 1u << 16, 0, 0));
	bench_root_rows();
	port_rows();
	whv_metal_init();
	if (!vm_create(&bench_vm, 2, 0x400000, NULL) || !vm_load(&bench_vm, "bench") ||
	    !bench_guest_rows())
		return false;
	bench_partition = find_partition();
	if (!bench_vm_rows() || !vm_delete(&bench_vm, false))
		return false;
	memory_row();
	return true;
}
