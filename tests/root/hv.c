/* SPDX-License-Identifier: MIT */
/* Hypercalls (TLFS, "Hypercall interface") with their buffers, and the log of the core. */
#include <stdio.h>
#include <string.h>

#include "tests/root/root.h"

static void log_next(void (*put)(char c));

void hv_init(void)
{
	hv_arch_init();
	log_next(NULL); /* what came before is on the console already */
}

uint64_t hv_call(uint64_t control, const void *in, size_t in_len, void *out, size_t out_len)
{
	struct cpu *c = this_cpu();
	uint64_t r;

	if (in_len)
		memcpy(c->hcall_in, in, in_len);
	/* What the hypervisor does not write must read as before. */
	if (out_len)
		memcpy(c->hcall_out, out, out_len);
	r = hv_raw(control, (uint64_t)c->hcall_in, (uint64_t)c->hcall_out);
	if (out_len)
		memcpy(out, c->hcall_out, out_len);
	return r;
}

uint16_t hv_status(uint64_t control, const void *in, size_t in_len, void *out, size_t out_len)
{
	return HV_HYPERCALL_RESULT_STATUS(hv_call(control, in, in_len, out, out_len));
}

/* Whatever the core has logged since the last call, to `put`; NULL throws it away. */
static void log_next(void (*put)(char c))
{
	static uint64_t cursor;
	struct {
		uint64_t cursor;
		char text[504];
	} out;

	for (;;) {
		uint64_t before = cursor;

		memset(&out, 0, sizeof(out));
		if (hv_status(HVCALL_QUOIN_READ_LOG, &cursor, sizeof(cursor), &out, sizeof(out)) !=
			    HV_STATUS_SUCCESS ||
		    out.cursor <= before)
			return;
		for (size_t i = 0; put && i < sizeof(out.text) && out.text[i]; i++)
			put(out.text[i]);
		cursor = out.cursor;
	}
}

static void put_line(char c)
{
	static char line[256];
	static size_t have;

	if (c != '\n' && have < sizeof(line) - 1) {
		line[have++] = c;
		return;
	}
	line[have] = 0;
	printf("core: %s\n", line);
	have = 0;
}

void hv_log_drain(void)
{
	log_next(put_line);
}
