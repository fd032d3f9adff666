/* SPDX-License-Identifier: MIT */
/*
 * An in-process hypervisor for the WHv library: checks the form of every hypercall, records it,
 * plays statuses that a test ordered, and else behaves.
 */
#ifndef TEST_WHV_FAKE_H
#define TEST_WHV_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hvapi/whv/internal.h"

#define FAKE_PAGES    4096u
#define FAKE_BASE_PFN 0x200u /* of the arena: 2 MiB aligned */
#define FAKE_CALLS    4096u
#define FAKE_ID	      77u

struct fake_call {
	uint64_t control;
	uint16_t code;
	uint32_t in_len;
	uint8_t in[2400];
};

struct fake_order {
	uint16_t code, status;
	uint32_t skip, times; /* let `skip` calls through, then answer `status` */
	uint32_t reps;	      /* elements done besides */
};

struct fake_dispatch {
	uint32_t state, event;
	struct hv_message msg;
	void (*hook)(void);
};

static struct fake {
	uint8_t *arena;
	uint8_t used[FAKE_PAGES];
	uint32_t taken;
	uint32_t limit; /* pages that alloc_pages may have out */

	struct fake_call calls[FAKE_CALLS];
	uint32_t count;
	struct fake_order orders[16];
	uint32_t order_count;
	uint32_t rep_step; /* elements a rep call does at a time; 0: all */

	uint64_t deposited[FAKE_PAGES];
	uint32_t deposits;
	bool created, initialized, finalized;
	uint32_t vps; /* mask */
	uint64_t state_page[WHV_MAX_VPS];
	struct {
		uint32_t code;
		uint64_t value;
	} properties[64];
	uint32_t property_count;
	struct {
		uint32_t name;
		union hv_register_value value;
	} registers[256];
	uint32_t register_count;
	uint8_t state[16][4 * 4096]; /* by type */
	uint32_t state_len;	     /* bytes the last state call moved */
	struct fake_dispatch script[32];
	uint32_t script_len, script_at;
	uint64_t gpa_result;
	uint8_t gpa_data[64];
	struct hv_output_translate_virtual_address translated;
	uint16_t lie_code;	    /* a call whose answer counts lie_reps elements */
	uint64_t lie_reps, lie_pfn; /* lie_pfn: what mapping a state page answers */
	uint64_t hole;		    /* a page that is nobody's; 0: none */
	int locks, yields, wakes;
	uint32_t cpu, woken;
	void (*on_yield)(void);
} fake;

static void *fake_alloc(void *ctx, size_t n, uint64_t *pfn)
{
	uint32_t i, k;

	assert_ptr_equal(ctx, &fake);
	if (fake.taken + n > fake.limit)
		return NULL;
	for (i = 0; i + n <= FAKE_PAGES; i++) {
		for (k = 0; k < n && !fake.used[i + k]; k++)
			;
		if (k < n)
			continue;
		memset(&fake.used[i], 1, n);
		memset(fake.arena + 4096 * (size_t)i, 0, 4096 * n);
		fake.taken += (uint32_t)n;
		*pfn = FAKE_BASE_PFN + i;
		return fake.arena + 4096 * (size_t)i;
	}
	return NULL;
}

static void fake_free(void *ctx, void *va, size_t n)
{
	size_t i = (size_t)((uint8_t *)va - fake.arena) / 4096;

	(void)ctx;
	for (size_t k = 0; k < n; k++) {
		assert_true(i + k < FAKE_PAGES && fake.used[i + k]);
		fake.used[i + k] = 0;
		fake.taken--;
	}
}

static uint64_t fake_pfn_of(void *ctx, const void *va)
{
	const uint8_t *p = va;

	(void)ctx;
	if (p < fake.arena || p >= fake.arena + 4096ull * FAKE_PAGES)
		return WHV_NO_PFN;
	if (fake.hole && (uint64_t)(p - fake.arena) / 4096 == fake.hole)
		return WHV_NO_PFN;
	return FAKE_BASE_PFN + (uint64_t)(p - fake.arena) / 4096;
}

static void *fake_va_of(void *ctx, uint64_t pfn)
{
	(void)ctx;
	if (pfn < FAKE_BASE_PFN || pfn >= FAKE_BASE_PFN + FAKE_PAGES)
		return NULL;
	return fake.arena + 4096 * (size_t)(pfn - FAKE_BASE_PFN);
}

static uint32_t fake_cpu(void *ctx)
{
	(void)ctx;
	return fake.cpu;
}

static void fake_yield(void *ctx)
{
	(void)ctx;
	fake.yields++;
	assert_int_equal(fake.locks, 0);
	if (fake.on_yield)
		fake.on_yield();
}

static void fake_wake(void *ctx, uint32_t cpu)
{
	(void)ctx;
	fake.wakes++;
	fake.woken = cpu;
}

static void fake_lock(void *ctx)
{
	(void)ctx;
	assert_int_equal(fake.locks++, 0);
}

static void fake_unlock(void *ctx)
{
	(void)ctx;
	assert_int_equal(--fake.locks, 0);
}

static uint64_t *fake_property(uint32_t code)
{
	for (uint32_t i = 0; i < fake.property_count; i++)
		if (fake.properties[i].code == code)
			return &fake.properties[i].value;
	return NULL;
}

static void fake_set_property(uint32_t code, uint64_t value)
{
	uint64_t *v = fake_property(code);

	if (!v) {
		fake.properties[fake.property_count].code = code;
		v = &fake.properties[fake.property_count++].value;
	}
	*v = value;
}

static union hv_register_value *fake_register(uint32_t name)
{
	for (uint32_t i = 0; i < fake.register_count; i++)
		if (fake.registers[i].name == name)
			return &fake.registers[i].value;
	assert_true(fake.register_count < 256);
	fake.registers[fake.register_count].name = name;
	return &fake.registers[fake.register_count++].value;
}

/* Rows of the calls: fixed input, element in, element out, variable header allowed */
static const struct fake_row {
	uint16_t code, in, elem_in, out, elem_out;
	bool rep, var, vp;
} fake_rows[] = {
	{ HVCALL_CREATE_PARTITION, 56, 0, 8, 0, false, false, false },
	{ HVCALL_INITIALIZE_PARTITION, 8, 0, 0, 0, false, false, false },
	{ HVCALL_FINALIZE_PARTITION, 8, 0, 0, 0, false, false, false },
	{ HVCALL_DELETE_PARTITION, 8, 0, 0, 0, false, false, false },
	{ HVCALL_GET_PARTITION_PROPERTY, 16, 0, 8, 0, false, false, false },
	{ HVCALL_SET_PARTITION_PROPERTY, 24, 0, 0, 0, false, false, false },
	{ HVCALL_GET_PARTITION_PROPERTY_EX, 24, 0, 16, 0, false, false, false },
	{ HVCALL_DEPOSIT_MEMORY, 8, 8, 0, 0, true, false, false },
	{ HVCALL_WITHDRAW_MEMORY, 16, 0, 0, 8, true, false, false },
	{ HVCALL_MAP_GPA_PAGES, 24, 8, 0, 0, true, false, false },
	{ HVCALL_UNMAP_GPA_PAGES, 24, 0, 0, 0, true, false, false },
	{ HVCALL_INSTALL_INTERCEPT, 24, 0, 0, 0, false, false, false },
	{ HVCALL_REGISTER_INTERCEPT_RESULT, 60, 0, 0, 0, false, false, false },
	{ HVCALL_CREATE_VP, 40, 0, 0, 0, false, false, false },
	{ HVCALL_DELETE_VP, 16, 0, 0, 0, false, false, true },
	{ HVCALL_GET_VP_REGISTERS, 16, 4, 0, 16, true, false, true },
	{ HVCALL_SET_VP_REGISTERS, 16, 32, 0, 0, true, false, true },
	{ HVCALL_TRANSLATE_VIRTUAL_ADDRESS, 32, 0, 16, 0, false, false, true },
	{ HVCALL_READ_GPA, 32, 0, 24, 0, false, false, true },
	{ HVCALL_WRITE_GPA, 48, 0, 8, 0, false, false, true },
	{ HVCALL_ASSERT_VIRTUAL_INTERRUPT, 32, 0, 0, 0, false, false, false },
	{ HVCALL_SIGNAL_EVENT_DIRECT, 16, 0, 8, 0, false, false, true },
	{ HVCALL_POST_MESSAGE_DIRECT, 280, 0, 0, 0, false, false, true },
	{ HVCALL_DISPATCH_VP, 32, 0, 8, 0, false, false, true },
	{ HVCALL_MAP_VP_STATE_PAGE, 24, 0, 8, 0, false, false, true },
	{ HVCALL_UNMAP_VP_STATE_PAGE, 24, 0, 0, 0, false, false, true },
	{ HVCALL_GET_VP_STATE, 40, 0, 0, 0, false, true, true },
	{ HVCALL_SET_VP_STATE, 40, 0, 0, 0, false, true, true },
	{ HVCALL_GET_VP_CPUID_VALUES, 24, 24, 0, 16, true, false, true },
};

/* The form that the TLFS asks for, exactly */
static void fake_check_form(const struct fake_row *r, uint64_t control, size_t in_len,
			    size_t out_len)
{
	uint32_t count = (uint32_t)(control >> HV_HYPERCALL_REP_COUNT_SHIFT) & 0xfff;
	uint32_t start = (uint32_t)(control >> HV_HYPERCALL_REP_START_SHIFT) & 0xfff;
	uint32_t var = (uint32_t)(control >> HV_HYPERCALL_VARHEAD_SHIFT) & 0x3ff;

	assert_int_equal(
		control & (HV_HYPERCALL_RESERVED_MASK | HV_HYPERCALL_FAST | HV_HYPERCALL_NESTED),
		0);
	assert_true(r->rep ? count && start < count : !count && !start);
	assert_true(r->var || !var);
	assert_int_equal(in_len, r->in + 8 * var + (size_t)r->elem_in * count);
	assert_true(in_len <= 4096);
	if (r->code != HVCALL_GET_VP_STATE)
		assert_int_equal(out_len, r->out + (size_t)r->elem_out * count);
}

static bool fake_ordered(uint16_t code, uint16_t *status, uint32_t *reps)
{
	for (uint32_t i = 0; i < fake.order_count; i++) {
		struct fake_order *o = &fake.orders[i];

		if (o->code != code || !o->times)
			continue;
		if (o->skip) {
			o->skip--;
			continue;
		}
		o->times--;
		*status = o->status;
		*reps = o->reps;
		return true;
	}
	return false;
}

static uint16_t fake_state_call(uint16_t code, const uint8_t *in, size_t in_len, uint8_t *out,
				size_t out_len)
{
	struct hv_input_vp_state h;
	uint8_t *data;

	memcpy(&h, in, sizeof(h));
	data = fake.state[h.type & 0xf];
	fake.state_len = 0;
	if (!(h.type & HV_VP_STATE_PFN)) {
		if (code == HVCALL_SET_VP_STATE)
			memcpy(data, in + 40, in_len - 40);
		else
			memcpy(out, data, out_len);
		fake.state_len = (uint32_t)(code == HVCALL_SET_VP_STATE ? in_len - 40 : out_len);
		return HV_STATUS_SUCCESS;
	}
	assert_int_equal(out_len, 0);
	for (size_t i = 40; i < in_len; i += 8) {
		uint64_t pfn;
		uint8_t *page;

		memcpy(&pfn, in + i, 8);
		page = fake_va_of(NULL, pfn);
		assert_non_null(page);
		if (code == HVCALL_SET_VP_STATE)
			memcpy(data, page, 4096);
		else
			memcpy(page, data, 4096);
		data += 4096;
		fake.state_len += 4096;
	}
	return HV_STATUS_SUCCESS;
}

static uint16_t fake_vp_call(uint16_t code, const uint8_t *in, uint8_t *out)
{
	uint64_t pfn = 0;
	uint32_t vp;

	memcpy(&vp, in + 8, 4);
	switch (code) {
	case HVCALL_CREATE_VP:
		if (fake.vps >> vp & 1)
			return HV_STATUS_OBJECT_IN_USE;
		fake.vps |= 1u << vp;
		return HV_STATUS_SUCCESS;
	case HVCALL_DELETE_VP:
		fake.vps &= ~(1u << vp);
		return HV_STATUS_SUCCESS;
	case HVCALL_MAP_VP_STATE_PAGE:
		assert_int_equal(in[12], HV_VP_STATE_PAGE_INTERCEPT_MESSAGE);
		assert_non_null(fake_alloc(&fake, 1, &pfn));
		fake.state_page[vp] = pfn;
		memcpy(out, fake.lie_pfn ? &fake.lie_pfn : &pfn, 8);
		return HV_STATUS_SUCCESS;
	default: /* HVCALL_UNMAP_VP_STATE_PAGE */
		fake_free(&fake, fake_va_of(NULL, fake.state_page[vp]), 1);
		fake.state_page[vp] = 0;
		return HV_STATUS_SUCCESS;
	}
}

static uint16_t fake_dispatch(const uint8_t *in, uint8_t *out)
{
	struct hv_output_dispatch_vp o = { HV_VP_DISPATCH_STATE_READY, 0 };
	uint32_t vp;

	memcpy(&vp, in + 8, 4);
	assert_int_equal(fake.locks, 0);
	assert_true(fake.script_at < fake.script_len);
	if (fake.script[fake.script_at].hook)
		fake.script[fake.script_at].hook();
	o.dispatch_state = fake.script[fake.script_at].state;
	o.dispatch_event = fake.script[fake.script_at].event;
	if (o.dispatch_event == HV_VP_DISPATCH_EVENT_INTERCEPT)
		memcpy(fake_va_of(NULL, fake.state_page[vp]), &fake.script[fake.script_at].msg,
		       256);
	fake.script_at++;
	memcpy(out, &o, sizeof(o));
	return HV_STATUS_SUCCESS;
}

static uint16_t fake_simple(uint16_t code, const uint8_t *in, size_t in_len, uint8_t *out,
			    size_t out_len)
{
	uint64_t id = FAKE_ID, *v;
	uint32_t word;

	switch (code) {
	case HVCALL_CREATE_PARTITION:
		fake.created = true;
		memcpy(out, &id, 8);
		return HV_STATUS_SUCCESS;
	case HVCALL_INITIALIZE_PARTITION:
		fake.initialized = true;
		return HV_STATUS_SUCCESS;
	case HVCALL_FINALIZE_PARTITION:
		fake.finalized = true;
		fake.vps = 0;
		return HV_STATUS_SUCCESS;
	case HVCALL_DELETE_PARTITION:
		assert_int_equal(fake.deposits, 0);
		fake.created = fake.initialized = fake.finalized = false;
		return HV_STATUS_SUCCESS;
	case HVCALL_GET_PARTITION_PROPERTY:
	case HVCALL_GET_PARTITION_PROPERTY_EX:
		memcpy(&word, in + 8, 4);
		v = fake_property(word);
		if (!v)
			return HV_STATUS_UNKNOWN_PROPERTY;
		memcpy(out + (code == HVCALL_GET_PARTITION_PROPERTY_EX ? 8 : 0), v, 8);
		return HV_STATUS_SUCCESS;
	case HVCALL_SET_PARTITION_PROPERTY:
		memcpy(&word, in + 8, 4);
		memcpy(&id, in + 16, 8);
		fake_set_property(word, id);
		return HV_STATUS_SUCCESS;
	case HVCALL_READ_GPA:
		memcpy(&word, in + 12, 4);
		memcpy(out, &fake.gpa_result, 8);
		memcpy(&id, in + 16, 8);
		memcpy(out + 8, fake.gpa_data + (id & 31), word);
		return HV_STATUS_SUCCESS;
	case HVCALL_WRITE_GPA:
		memcpy(&word, in + 12, 4);
		memcpy(out, &fake.gpa_result, 8);
		memcpy(&id, in + 16, 8);
		memcpy(fake.gpa_data + (id & 31), in + 32, word);
		return HV_STATUS_SUCCESS;
	case HVCALL_SIGNAL_EVENT_DIRECT:
		out[0] = !(in[14] & 1); /* odd flags are set already */
		return HV_STATUS_SUCCESS;
	case HVCALL_TRANSLATE_VIRTUAL_ADDRESS:
		memcpy(out, &fake.translated, 16);
		return HV_STATUS_SUCCESS;
	case HVCALL_DISPATCH_VP:
		return fake_dispatch(in, out);
	case HVCALL_GET_VP_STATE:
	case HVCALL_SET_VP_STATE:
		return fake_state_call(code, in, in_len, out, out_len);
	case HVCALL_CREATE_VP:
	case HVCALL_DELETE_VP:
	case HVCALL_MAP_VP_STATE_PAGE:
	case HVCALL_UNMAP_VP_STATE_PAGE:
		return fake_vp_call(code, in, out);
	default: /* install intercept, register result, assert interrupt: recorded */
		return HV_STATUS_SUCCESS;
	}
}

/* One element of a rep call; false ends the call with *status. */
static bool fake_element(uint16_t code, const uint8_t *in, uint32_t i, uint8_t *out,
			 uint16_t *status)
{
	union hv_register_value v;
	uint64_t pfn;
	uint32_t name;

	switch (code) {
	case HVCALL_DEPOSIT_MEMORY:
		memcpy(&pfn, in + 8 + 8 * i, 8);
		assert_non_null(fake_va_of(NULL, pfn));
		fake.deposited[fake.deposits++] = pfn;
		return true;
	case HVCALL_WITHDRAW_MEMORY:
		*status = HV_STATUS_NO_RESOURCES;
		if (!fake.deposits)
			return false;
		memcpy(out + 8 * i, &fake.deposited[--fake.deposits], 8);
		return true;
	case HVCALL_GET_VP_REGISTERS:
		memcpy(&name, in + 16 + 4 * i, 4);
		memcpy(out + 16 * i, fake_register(name), 16);
		return true;
	case HVCALL_SET_VP_REGISTERS:
		memcpy(&name, in + 16 + 32 * i, 4);
		memcpy(&v, in + 32 + 32 * i, 16);
		*fake_register(name) = v;
		return true;
	case HVCALL_GET_VP_CPUID_VALUES:
		memcpy(out + 16 * i, in + 24 + 24 * i, 16);
		return true;
	default:
		return true;
	}
}

static uint64_t fake_rep(const struct fake_row *r, uint64_t control, const uint8_t *in,
			 uint8_t *out, uint16_t *status, uint32_t limit)
{
	uint32_t count = (uint32_t)(control >> HV_HYPERCALL_REP_COUNT_SHIFT) & 0xfff;
	uint32_t i = (uint32_t)(control >> HV_HYPERCALL_REP_START_SHIFT) & 0xfff, n;

	for (n = 0; i < count && n < limit; i++, n++)
		if (!fake_element(r->code, in, i, out, status))
			return i;
	return i;
}

static uint64_t fake_hypercall(void *ctx, uint64_t control, const void *in, size_t in_len,
			       void *out, size_t out_len)
{
	uint16_t code = (uint16_t)control, status = HV_STATUS_SUCCESS, forced;
	const struct fake_row *r = NULL;
	struct fake_call *c = &fake.calls[fake.count++];
	uint64_t reps = 0;
	uint32_t partial = 0;
	bool ordered;

	(void)ctx;
	for (size_t i = 0; i < WHV_ARRAY_LEN(fake_rows); i++)
		if (fake_rows[i].code == code)
			r = &fake_rows[i];
	assert_non_null(r);
	assert_true(fake.count < FAKE_CALLS && in_len <= sizeof(c->in));
	fake_check_form(r, control, in_len, out_len);
	*c = (struct fake_call){ .control = control, .code = code, .in_len = (uint32_t)in_len };
	memcpy(c->in, in, in_len);
	ordered = fake_ordered(code, &forced, &partial);
	if (r->rep) {
		uint32_t limit = ordered ? partial : fake.rep_step ? fake.rep_step : 4096;

		reps = fake_rep(r, control, c->in, out, &status, limit);
		if (ordered)
			status = forced;
		else if (status == HV_STATUS_NO_RESOURCES && code != HVCALL_WITHDRAW_MEMORY)
			status = HV_STATUS_SUCCESS;
		else if (code == HVCALL_WITHDRAW_MEMORY &&
			 reps > (control >> HV_HYPERCALL_REP_START_SHIFT & 0xfff) && fake.deposits)
			status = HV_STATUS_SUCCESS;
		else if (code == HVCALL_WITHDRAW_MEMORY && !fake.deposits)
			status = HV_STATUS_NO_RESOURCES;
	} else {
		status = ordered ? forced : fake_simple(code, c->in, in_len, out, out_len);
	}
	if (fake.lie_code == code)
		reps = fake.lie_reps;
	return status | reps << HV_HYPERCALL_REP_COUNT_SHIFT;
}

static const struct whv_transport fake_transport = {
	&fake,	  fake_hypercall, fake_alloc, fake_free, fake_pfn_of, fake_va_of,
	fake_cpu, fake_yield,	  fake_wake,  fake_lock, fake_unlock,
};

/* ---- for tests ---- */

/* Unused in one test or another */
#define FAKE_USED __attribute__((unused))

static FAKE_USED int fake_begin(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.limit = FAKE_PAGES;
	fake.arena = aligned_alloc(0x200000, 4096ull * FAKE_PAGES);
	fake_set_property(HV_PARTITION_PROPERTY_PROCESSOR_VENDOR, 0);
	fake_set_property(HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0, 0xff0ff0ff0ull);
	fake_set_property(HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1, 0x2);
	fake_set_property(HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES, 0x7);
	fake_set_property(HV_PARTITION_PROPERTY_PROCESSOR_CL_FLUSH_SIZE, 8);
	fake_set_property(HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY, 3000000000ull);
	fake_set_property(HV_PARTITION_PROPERTY_APIC_FREQUENCY, 200000000ull);
	fake_set_property(HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH, 40);
	fake_set_property(HV_PARTITION_PROPERTY_MAX_XSAVE_DATA_SIZE, 832);
	fake_set_property(HV_PARTITION_PROPERTY_XSAVE_STATES, 4);
	fake_set_property(HV_PARTITION_PROPERTY_ASSIGNABLE_SYNTHETIC_FEATURES, 0x123);
	fake_set_property(HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, 0x23);
	fake_set_property(HV_PARTITION_PROPERTY_REFERENCE_TIME, 5000);
	whv_set_transport(&fake_transport);
	return 0;
}

/* Every page must be back; a test that keeps a partition has failed to delete it. */
static FAKE_USED int fake_end(void **state)
{
	(void)state;
	if (fake.taken || fake.locks)
		return -1;
	whv_set_transport(NULL);
	free(fake.arena);
	return 0;
}

static FAKE_USED void fake_order(uint16_t code, uint16_t status, uint32_t skip, uint32_t times,
				 uint32_t reps)
{
	assert_true(fake.order_count < 16);
	fake.orders[fake.order_count++] = (struct fake_order){ code, status, skip, times, reps };
}

static FAKE_USED uint32_t fake_calls_of(uint16_t code)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < fake.count; i++)
		n += fake.calls[i].code == code;
	return n;
}

/* The nth call (from 0) with a code, or the last (-1) */
static FAKE_USED const struct fake_call *fake_nth(uint16_t code, int n)
{
	const struct fake_call *c = NULL;

	for (uint32_t i = 0; i < fake.count; i++)
		if (fake.calls[i].code == code) {
			c = &fake.calls[i];
			if (n-- == 0)
				return c;
		}
	assert_true(n < 0 && c);
	return c;
}

/* mode: of the local APIC, or of the GIC */
static FAKE_USED WHV_PARTITION_HANDLE fake_partition(UINT32 mode)
{
	WHV_PARTITION_HANDLE h;
	UINT32 two = 2;

	assert_int_equal(WHvCreatePartition(&h), S_OK);
	assert_int_equal(
		WHvSetPartitionProperty(h, WHvPartitionPropertyCodeProcessorCount, &two, 4), S_OK);
#ifdef _ARM64_
	WHV_ARM64_IC_PARAMETERS ic;

	memset(&ic, 0, sizeof(ic));
	ic.EmulationMode = (WHV_ARM64_IC_EMULATION_MODE)mode;
	ic.GicV3Parameters.GicdBaseAddress = 0x8000000;
	assert_int_equal(WHvSetPartitionProperty(h, WHvPartitionPropertyCodeArm64IcParameters, &ic,
						 sizeof(ic)),
			 S_OK);
#else
	assert_int_equal(WHvSetPartitionProperty(h, WHvPartitionPropertyCodeLocalApicEmulationMode,
						 &mode, 4),
			 S_OK);
#endif
	assert_int_equal(WHvSetupPartition(h), S_OK);
	return h;
}

static FAKE_USED WHV_PARTITION_HANDLE fake_partition_vp(UINT32 mode)
{
	WHV_PARTITION_HANDLE h = fake_partition(mode);

	assert_int_equal(WHvCreateVirtualProcessor(h, 0, 0), S_OK);
	fake.count = 0;
	return h;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_begin, fake_end)

#endif
