/* SPDX-License-Identifier: MIT */
/* What every hypercall has in common: TLFS, "Hypercall interface". */
#include <string.h>

#include "tests/root/guest.h"

enum target { NONE, ANY, CHILD, VP };

/* The calls that there are, ascending: docs/hypercalls.md. */
static const struct row {
	uint16_t code;
	uint16_t in, out;  /* of the fixed part */
	uint8_t ine, oute; /* of an element */
	bool rep, variable;
	enum target target;
} rows[] = {
	{ 0x40, 56, 8, 0, 0, false, false, NONE },   { 0x41, 8, 0, 0, 0, false, false, CHILD },
	{ 0x42, 8, 0, 0, 0, false, false, CHILD },   { 0x43, 8, 0, 0, 0, false, false, CHILD },
	{ 0x44, 16, 8, 0, 0, false, false, ANY },    { 0x45, 24, 0, 0, 0, false, false, CHILD },
	{ 0x46, 0, 8, 0, 0, false, false, NONE },    { 0x48, 8, 0, 8, 0, true, false, ANY },
	{ 0x49, 16, 0, 0, 8, true, false, ANY },     { 0x4b, 24, 0, 8, 0, true, false, CHILD },
	{ 0x4c, 24, 0, 0, 0, true, false, CHILD },   { 0x4d, 24, 0, 0, 0, false, false, CHILD },
	{ 0x4e, 40, 0, 0, 0, false, false, CHILD },  { 0x4f, 16, 0, 0, 0, false, false, CHILD },
	{ 0x50, 16, 0, 4, 16, true, false, VP },     { 0x51, 16, 0, 32, 0, true, false, VP },
	{ 0x52, 32, 16, 0, 0, false, false, VP },    { 0x53, 32, 24, 0, 0, false, false, VP },
	{ 0x54, 48, 8, 0, 0, false, false, VP },     { 0x58, 16, 0, 0, 0, false, false, ANY },
	{ 0x5b, 16, 0, 0, 0, false, false, ANY },    { 0x5c, 256, 0, 0, 0, false, false, NONE },
	{ 0x5d, 8, 0, 0, 0, false, false, NONE },    { 0x7b, 16, 8, 0, 0, false, false, NONE },
	{ 0x8b, 8, 0, 0, 0, false, false, NONE },    { 0x91, 60, 0, 0, 0, false, false, CHILD },
	{ 0x94, 32, 0, 0, 0, false, false, CHILD },  { 0x95, 56, 0, 0, 0, false, false, ANY },
	{ 0x96, 72, 0, 0, 0, false, false, ANY },    { 0xc0, 16, 8, 0, 0, false, false, VP },
	{ 0xc1, 280, 0, 0, 0, false, false, VP },    { 0xc2, 32, 8, 0, 0, false, false, VP },
	{ 0xe1, 24, 8, 0, 0, false, false, VP },     { 0xe2, 24, 0, 0, 0, false, false, VP },
	{ 0xe3, 40, 0, 0, 0, false, true, VP },	     { 0xe4, 40, 0, 0, 0, false, true, VP },
	{ 0xf4, 24, 0, 24, 16, true, false, VP },    { 0x101, 24, 16, 0, 0, false, false, ANY },
	{ 0xf00, 8, 512, 0, 0, false, false, NONE },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct row *find(uint32_t code)
{
	for (uint32_t i = 0; i < ROWS; i++)
		if (rows[i].code == code)
			return &rows[i];
	return NULL;
}

/* Calls of guests for themselves, which the root is not offered: x86_64/t_enlight.c */
static bool is_guests(uint32_t code)
{
	static const uint16_t guests[] = { ROOT_GUEST_CALLS };

	for (uint32_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++)
		if (guests[i] == code)
			return true;
	return false;
}

static uint64_t control_of(const struct row *r)
{
	return r->code | (r->rep ? HV_REPS(1) : 0);
}

static uint16_t status_of(uint64_t control, uint64_t in, uint64_t out)
{
	return HV_HYPERCALL_RESULT_STATUS(hv_raw(control, in, out));
}

/* A reserved bit keeps the calls that there are from doing anything. */
TEST(hypercall_unknown_code)
{
	uint64_t page = (uint64_t)guest_pages(1, 1);

	for (uint32_t code = 0; code < 0x10000; code++) {
		uint64_t r = hv_raw(code | 1ull << 27, page, page);

		if (r != (find(code)	    ? HV_STATUS_INVALID_HYPERCALL_INPUT
			  : is_guests(code) ? HV_STATUS_ACCESS_DENIED
					    : HV_STATUS_INVALID_HYPERCALL_CODE))
			test_fail(__FILE__, __LINE__, "code %x: %llx", (unsigned)code,
				  (unsigned long long)r);
	}
	/* An unknown code is that, whatever else is wrong. */
	CHECK_EQ(status_of(0xffffffffffff0047ull, 1, 1), HV_STATUS_INVALID_HYPERCALL_CODE);
}

TEST(hypercall_reserved_bits)
{
	static const uint8_t bits[] = { 27, 28, 29, 30, 31, 44, 45, 46, 47, 60, 61, 62, 63 };
	uint64_t page = (uint64_t)guest_pages(1, 1);

	for (uint32_t k = 0; k < ROWS; k++)
		for (uint32_t i = 0; i < sizeof(bits); i++)
			CHECK_EQ(hv_raw(control_of(&rows[k]) | 1ull << bits[i], page, page),
				 HV_STATUS_INVALID_HYPERCALL_INPUT);
	/* The result register is written only by a call that succeeds. */
	memset((void *)page, 0x5a, PAGE);
	CHECK_EQ(status_of(HVCALL_GET_PARTITION_ID | 1ull << 60, 0, page),
		 HV_STATUS_INVALID_HYPERCALL_INPUT);
	CHECK_EQ(*(uint64_t *)page, 0x5a5a5a5a5a5a5a5aull);
	CHECK_EQ(status_of(HVCALL_GET_PARTITION_ID, 0, page), HV_STATUS_SUCCESS);
	CHECK_EQ(*(uint64_t *)page, 1);
}

TEST(hypercall_rep_fields)
{
	uint64_t page = (uint64_t)guest_pages(1, 1);

	*(uint64_t *)page = NO_ID;
	for (uint32_t k = 0; k < ROWS; k++) {
		const struct row *r = &rows[k];
		uint32_t max;

		if (!r->rep) {
			CHECK_EQ(hv_raw(r->code | HV_REPS(1), page, page),
				 HV_STATUS_INVALID_HYPERCALL_INPUT);
			CHECK_EQ(hv_raw(r->code | 1ull << 48, page, page),
				 HV_STATUS_INVALID_HYPERCALL_INPUT);
			continue;
		}
		CHECK_EQ(hv_raw(r->code, page, page), HV_STATUS_INVALID_HYPERCALL_INPUT);
		CHECK_EQ(hv_raw(r->code | 1ull << 48, page, page),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
		CHECK_EQ(hv_raw(r->code | HV_REPS(3) | 3ull << 48, page, page),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
		CHECK_EQ(hv_raw(r->code | HV_REPS(3) | 0xfffull << 48, page, page),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
		/* A start below the count is kept as what has been done. */
		CHECK_EQ(hv_raw(r->code | HV_REPS(3) | 2ull << 48, page, page),
			 HV_STATUS_INVALID_PARTITION_ID | 2ull << 32);
		/* Lists end with their page. */
		max = r->ine ? (PAGE - r->in) / r->ine : 0xfff;
		if (r->oute && (PAGE - r->out) / r->oute < max)
			max = (PAGE - r->out) / r->oute;
		CHECK_EQ(status_of(r->code | HV_REPS(max), page, page),
			 HV_STATUS_INVALID_PARTITION_ID);
		if (max < 0xfff)
			CHECK_EQ(status_of(r->code | HV_REPS(max + 1), page, page),
				 HV_STATUS_INVALID_HYPERCALL_INPUT);
	}
}

TEST(hypercall_variable_header)
{
	uint64_t page = (uint64_t)guest_pages(1, 1);

	*(uint64_t *)page = NO_ID;
	for (uint32_t k = 0; k < ROWS; k++)
		for (uint32_t bit = 17; bit <= 26; bit++) {
			/* 40 bytes and up to 507 words */
			uint16_t want = rows[k].variable && bit < 26
						? HV_STATUS_INVALID_PARTITION_ID
						: HV_STATUS_INVALID_HYPERCALL_INPUT;

			CHECK_EQ(status_of(control_of(&rows[k]) | 1ull << bit, page, page), want);
		}
	CHECK_EQ(status_of(HVCALL_SET_VP_STATE | 507ull << 17, page, 0),
		 HV_STATUS_INVALID_PARTITION_ID);
	CHECK_EQ(status_of(HVCALL_SET_VP_STATE | 508ull << 17, page, 0),
		 HV_STATUS_INVALID_HYPERCALL_INPUT);
}

TEST(hypercall_alignment)
{
	uint64_t page = (uint64_t)guest_pages(2, 1);

	for (uint32_t k = 0; k < ROWS; k++) {
		const struct row *r = &rows[k];

		for (uint64_t off = 1; off < 8; off++) {
			if (r->in)
				CHECK_EQ(hv_raw(control_of(r), page + off, page),
					 HV_STATUS_INVALID_ALIGNMENT);
			if (r->out || r->oute)
				CHECK_EQ(hv_raw(control_of(r), page, page + off),
					 HV_STATUS_INVALID_ALIGNMENT);
		}
	}
	/* What is not used is not looked at. */
	CHECK_EQ(status_of(HVCALL_GET_PARTITION_ID, ~0ull, page), HV_STATUS_SUCCESS);
	*(uint64_t *)page = NO_ID;
	CHECK_EQ(status_of(HVCALL_INITIALIZE_PARTITION, page, ~0ull),
		 HV_STATUS_INVALID_PARTITION_ID);
}

TEST(hypercall_page_crossing)
{
	uint64_t page = (uint64_t)guest_pages(2, 1);

	for (uint32_t k = 0; k < ROWS; k++) {
		const struct row *r = &rows[k];
		uint64_t in = (r->in + r->ine + 7u) & ~7u, out = (r->out + r->oute + 7u) & ~7u;

		/* 8 bytes before: the smallest lists that still cross */
		if (in > 8)
			CHECK_EQ(hv_raw(control_of(r), page + PAGE - in + 8, page),
				 HV_STATUS_INVALID_HYPERCALL_INPUT);
		if (out > 8)
			CHECK_EQ(hv_raw(control_of(r), page, page + PAGE - out + 8),
				 HV_STATUS_INVALID_HYPERCALL_INPUT);
		if (r->target == NONE)
			continue;
		*(uint64_t *)(page + PAGE - in) = NO_ID;
		CHECK_EQ(status_of(control_of(r), page + PAGE - in, page),
			 HV_STATUS_INVALID_PARTITION_ID);
	}
	CHECK_EQ(status_of(HVCALL_GET_PARTITION_ID, 0, page + PAGE - 8), HV_STATUS_SUCCESS);
	CHECK_EQ(*(uint64_t *)(page + PAGE - 8), 1);
}

static bool own_registers(const struct row *r)
{
	return ROOT_OWN_REGISTERS &&
	       (r->code == HVCALL_GET_VP_REGISTERS || r->code == HVCALL_SET_VP_REGISTERS);
}

TEST(hypercall_fast)
{
	hv_partition_id id = guest_new(0, 1);
	uint64_t page = (uint64_t)guest_pages(1, 1);

	for (uint32_t k = 0; k < ROWS; k++) {
		const struct row *r = &rows[k];
		/* Registers may go in more than two words where a VP names its own. */
		bool fits = (r->in <= 16 && !r->out && !r->rep && !r->variable) || own_registers(r);
		uint64_t got = hv_raw(control_of(r) | HV_HYPERCALL_FAST, NO_ID, page);

		if (fits)
			CHECK_EQ(got, r->code == HVCALL_SIGNAL_EVENT
					      ? HV_STATUS_INVALID_CONNECTION_ID
				      : r->code == HVCALL_NOTIFY_PORT_RING_EMPTY
					      ? HV_STATUS_INVALID_PARAMETER
				      : r->target == NONE ? HV_STATUS_SUCCESS
							  : HV_STATUS_INVALID_PARTITION_ID);
		else
			CHECK_EQ(HV_HYPERCALL_RESULT_STATUS(got),
				 HV_STATUS_INVALID_HYPERCALL_INPUT);
	}
	/* The second word is the output register's. */
	CHECK_EQ(hv_raw(HVCALL_DELETE_VP | HV_HYPERCALL_FAST, id, 1), HV_STATUS_INVALID_VP_INDEX);
	CHECK_EQ(hv_raw(HVCALL_DELETE_VP | HV_HYPERCALL_FAST, id, 1ull << 32),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(hv_raw(HVCALL_DELETE_VP | HV_HYPERCALL_FAST, id, 0), HV_STATUS_SUCCESS);
	CHECK_EQ(hv_raw(HVCALL_DELETE_VP | HV_HYPERCALL_FAST, id, 0), HV_STATUS_INVALID_VP_INDEX);
	CHECK_EQ(hv_raw(HVCALL_FINALIZE_PARTITION | HV_HYPERCALL_FAST, id, ~0ull),
		 HV_STATUS_SUCCESS);
}

/* Not the root's RAM: a fault on the call (x86: #GP), which is not made. */
TEST(hypercall_page_absent)
{
	uint64_t page = (uint64_t)guest_pages(1, 1), core = boot_info->core_base;
	uint64_t result;
	void *gone = guest_pages(1, 1);
	uint64_t bad[6] = { core,
			    core + boot_info->core_size - PAGE,
			    ROOT_DEVICE_PAGE,
			    1ull << 38,
			    1ull << 52,
			    ~0ull << 12 };
	hv_partition_id id = guest_create(0), next;
	uint64_t pfn = pfn_of(gone);

	CHECK(core != 0);
	for (uint32_t i = 0; i < 6; i++) {
		if (safe_hypercall(HVCALL_GET_SYSTEM_PROPERTY, bad[i], page, &result) !=
		    FAULT_HCALL)
			test_fail(__FILE__, __LINE__, "no fault for input at %llx",
				  (unsigned long long)bad[i]);
		CHECK_EQ(safe_hypercall(HVCALL_GET_PARTITION_ID, 0, bad[i], &result), FAULT_HCALL);
		/* The output is looked at before anything happens. */
		memset((void *)page, 0, 56);
		CHECK_EQ(safe_hypercall(HVCALL_CREATE_PARTITION, page, bad[i], &result),
			 FAULT_HCALL);
	}
	/* Deposited: no longer the root's. */
	CHECK_EQ(guest_deposit_list(id, &pfn, 1, NULL), HV_STATUS_SUCCESS);
	CHECK_EQ(safe_hypercall(HVCALL_GET_PARTITION_ID, 0, (uint64_t)gone, &result), FAULT_HCALL);
	CHECK_EQ(safe_hypercall(HVCALL_GET_SYSTEM_PROPERTY, (uint64_t)gone, page, &result),
		 FAULT_HCALL);
	/* A page of the core's that is open for reading (the TSC page's neighbours are not). */
	CHECK_EQ(safe_hypercall(HVCALL_GET_SYSTEM_PROPERTY, (uint64_t)boot_info, page, &result),
		 -1);
	CHECK_EQ(safe_hypercall(HVCALL_GET_PARTITION_ID, 0, (uint64_t)boot_info, &result),
		 FAULT_HCALL);
	next = guest_create(0);
	CHECK_EQ(next, id + 1);
	/* And the guard itself lets a good call through. */
	CHECK_EQ(safe_hypercall(HVCALL_GET_PARTITION_ID, 0, page, &result), -1);
	CHECK_EQ(result, HV_STATUS_SUCCESS);
	CHECK_EQ(*(uint64_t *)page, 1);
}

TEST(hypercall_partition_id)
{
	static const uint64_t ids[] = { 0, 2, NO_ID, ~0ull - 1, 1ull << 32 | 1 };
	uint64_t *page = guest_pages(1, 1);
	hv_partition_id gone = guest_create(0);

	guest_delete(gone);
	for (uint32_t k = 0; k < ROWS; k++) {
		const struct row *r = &rows[k];

		if (r->target == NONE)
			continue;
		for (uint32_t i = 0; i < 6; i++) {
			page[0] = i < 5 ? ids[i] : gone;
			if (page[0] == 2 && gone > 2)
				page[0] = gone + 1;
			CHECK_EQ(status_of(control_of(r), (uint64_t)page, (uint64_t)page),
				 HV_STATUS_INVALID_PARTITION_ID);
		}
		if (r->target != CHILD)
			continue;
		/* The root is no child of its own, by either name. */
		page[0] = HV_PARTITION_ID_SELF;
		CHECK_EQ(status_of(control_of(r), (uint64_t)page, (uint64_t)page),
			 HV_STATUS_ACCESS_DENIED);
		page[0] = 1;
		CHECK_EQ(status_of(control_of(r), (uint64_t)page, (uint64_t)page),
			 HV_STATUS_ACCESS_DENIED);
	}
}

TEST(hypercall_vp_index)
{
	static const uint32_t bad[] = { 1, 63, 64, 0x80000000, HV_VP_INDEX_SELF, HV_ANY_VP };
	hv_partition_id id = guest_new(0, 1);
	uint8_t *page = guest_pages(1, 1);

	for (uint32_t k = 0; k < ROWS; k++) {
		if (rows[k].target != VP && rows[k].code != HVCALL_DELETE_VP)
			continue;
		for (uint32_t i = 0; i < 6; i++) {
			/* arm64: the partition has registers of its own */
			if (bad[i] == HV_ANY_VP && ROOT_OWN_REGISTERS &&
			    (rows[k].code == HVCALL_GET_VP_REGISTERS ||
			     rows[k].code == HVCALL_SET_VP_REGISTERS))
				continue;
			memset(page, 0, 64);
			memcpy(page, &id, 8);
			memcpy(page + 8, &bad[i], 4);
			CHECK_EQ(status_of(control_of(&rows[k]), (uint64_t)page, (uint64_t)page),
				 HV_STATUS_INVALID_VP_INDEX);
		}
		/* The root's own VPs are found, and refused. */
		if (rows[k].target != VP)
			continue;
		memset(page, 0, 64);
		memcpy(page, &(uint64_t){ HV_PARTITION_ID_SELF }, 8);
		memcpy(page + 8, &bad[4], 4);
		CHECK(status_of(control_of(&rows[k]), (uint64_t)page, (uint64_t)page) !=
		      HV_STATUS_INVALID_VP_INDEX);
		memset(page, 0, 64);
		memcpy(page, &(uint64_t){ 1 }, 8);
		CHECK(status_of(control_of(&rows[k]), (uint64_t)page, (uint64_t)page) !=
		      HV_STATUS_SUCCESS);
	}
	/* Still there. */
	CHECK_EQ(guest_get64(id, 0, GUEST_PC), GUEST_PC_RESET);
}

/*
 * What a guest gets for an input of zeros: it has the privileges of few. Its own registers are any
 * VP's to ask for, and here it names nobody; messages and events are for those who have a
 * connection.
 */
static uint16_t guest_gets(const struct row *r)
{
	if (own_registers(r))
		return HV_STATUS_INVALID_PARTITION_ID;
	if (r->code == HVCALL_POST_MESSAGE)
		return HV_STATUS_INVALID_PARAMETER; /* type 0 */
	if (r->code == HVCALL_SIGNAL_EVENT)
		return HV_STATUS_INVALID_CONNECTION_ID;
	return HV_STATUS_ACCESS_DENIED;
}

/* It learns which codes there are. */
TEST(hypercall_privilege)
{
	hv_partition_id id = guest_new(0, 1);
	uint8_t code[32];

	guest_start(id, 0, code, guest_call_code(code));
	guest_set64(id, 0, HV_REGISTER_GUEST_OS_ID, 1ull << 48 | 1);
	/* The overlay shares nothing with the code's page. */
	guest_deposit(id, 4);
	guest_set64(id, 0, GUEST_PAGE_REGISTER, 0x5000 | HV_OVERLAY_MSR_ENABLE);
	for (uint32_t k = 0; k <= ROWS; k++) {
		guest_call_set(id, 0, k < ROWS ? control_of(&rows[k]) : 0x47, 0x1800, 0x1900);
		CHECK_EQ(guest_run(id, 0), GUEST_HALTED);
		CHECK_EQ(guest_call_result(id, 0),
			 k == ROWS ? HV_STATUS_INVALID_HYPERCALL_CODE : guest_gets(&rows[k]));
		guest_set64(id, 0, GUEST_PC, GUEST_CODE);
	}
	/* Without an identity there is no hypercall: undefined, which nothing catches here. */
	guest_set64(id, 0, HV_REGISTER_GUEST_OS_ID, 0);
	guest_no_vectors(id, 0);
	CHECK_EQ(guest_run(id, 0), GUEST_NO_VECTOR);
}

/* The dispatch ends behind the call, and the next goes on from there. */
TEST(hypercall_spin_wait)
{
	hv_partition_id id = guest_new(0, 1);
	struct hv_output_dispatch_vp out;
	uint8_t code[32];

	guest_start(id, 0, code, guest_call_code(code));
	guest_set64(id, 0, HV_REGISTER_GUEST_OS_ID, 1ull << 48 | 1);
	guest_deposit(id, 4);
	guest_set64(id, 0, GUEST_PAGE_REGISTER, 0x5000 | HV_OVERLAY_MSR_ENABLE);
	guest_call_set(id, 0, HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_HYPERCALL_FAST, 4096, 0);
	irqs_off();
	CHECK_EQ(guest_dispatch(id, 0, 0, &out), HV_STATUS_SUCCESS);
	irqs_on();
	CHECK_EQ(out.dispatch_state, HV_VP_DISPATCH_STATE_READY);
	CHECK_EQ(out.dispatch_event, HV_VP_DISPATCH_EVENT_INVALID);
	CHECK(guest_get64(id, 0, GUEST_PC) != GUEST_CODE);
	CHECK_EQ(guest_call_result(id, 0), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_run(id, 0), GUEST_HALTED);
}

/* -- long lists: the core stops in between and is entered again -------------------------------- */

#define MANY 500u

static uint64_t pfns[MANY];

static void fill(const void *va)
{
	for (uint32_t i = 0; i < MANY; i++)
		pfns[i] = pfn_of(va) + i;
}

TEST(hypercall_restart_deposit)
{
	hv_partition_id id = guest_create(0);
	uint64_t in[1 + MANY], out[MANY], r;
	uint32_t reps = 0;

	fill(guest_pages(MANY, 1));
	CHECK_EQ(guest_deposit_list(id, pfns, MANY, &reps), HV_STATUS_SUCCESS);
	CHECK_EQ(reps, MANY);
	in[0] = id;
	in[1] = 0;
	memset(out, 0, sizeof(out));
	r = hv_call(HVCALL_WITHDRAW_MEMORY | HV_REPS(MANY), in, 16, out, sizeof(out));
	/* A few may have become tables of the root's: those come back by its own pool. */
	CHECK(HV_HYPERCALL_RESULT_REPS(r) >= MANY - 8);
	for (uint32_t i = 0; i < HV_HYPERCALL_RESULT_REPS(r); i++) {
		uint32_t at = (uint32_t)(out[i] - pfns[0]);

		CHECK(at < MANY);
		for (uint32_t k = 0; k < i && i < 40; k++)
			CHECK(out[k] != out[i]);
	}
	/* A start in the middle: the first 100 stay. */
	fill(guest_pages(MANY, 1));
	in[0] = id;
	memcpy(in + 1, pfns, sizeof(pfns));
	r = hv_call(HVCALL_DEPOSIT_MEMORY | HV_REPS(MANY) | 100ull << 48, in, sizeof(in), NULL, 0);
	CHECK_EQ(r, (uint64_t)MANY << 32);
	CHECK_EQ(safe_read8(pfns[99] * PAGE, &(uint8_t){ 0 }), -1);
	CHECK(safe_read8(pfns[100] * PAGE, &(uint8_t){ 0 }) != -1);
	/* All that are done before a bad one are done: 100 is out already. */
	r = hv_call(HVCALL_DEPOSIT_MEMORY | HV_REPS(MANY), in, sizeof(in), NULL, 0);
	CHECK_EQ(r, HV_STATUS_INVALID_PARAMETER | 100ull << 32);
	CHECK(safe_read8(pfns[99] * PAGE, &(uint8_t){ 0 }) != -1);
}

TEST(hypercall_restart_map)
{
	hv_partition_id id = guest_new(0, 1);
	uint8_t *ram = guest_pages(MANY, 1), v = 0;
	uint32_t reps = 0;

	fill(ram);
	guest_deposit(id, 16);
	for (uint32_t i = 0; i < MANY; i++)
		ram[i * PAGE] = (uint8_t)(i * 7);
	CHECK_EQ(guest_map_list(id, 0x100, GUEST_RWX, pfns, MANY, &reps), HV_STATUS_SUCCESS);
	CHECK_EQ(reps, MANY);
	for (uint32_t i = 0; i < MANY; i += 33) {
		CHECK_EQ(guest_peek(id, (0x100 + i) * PAGE, &v), HV_ACCESS_GPA_SUCCESS);
		CHECK_EQ(v, (uint8_t)(i * 7));
	}
	CHECK_EQ(guest_peek(id, (0x100ull + MANY) * PAGE, &v), HV_ACCESS_GPA_UNMAPPED);
	CHECK_EQ(guest_unmap(id, 0x100, MANY, 0, &reps), HV_STATUS_SUCCESS);
	CHECK_EQ(reps, MANY);
	CHECK_EQ(guest_peek(id, 0x100 * PAGE, &v), HV_ACCESS_GPA_UNMAPPED);
	CHECK_EQ(guest_peek(id, (0x100ull + MANY - 1) * PAGE, &v), HV_ACCESS_GPA_UNMAPPED);
	/* A bad one in a later part: what came before is mapped, and counted. */
	pfns[300] = guest_range(BOOT_RANGE_CORE) / PAGE;
	CHECK_EQ(guest_map_list(id, 0x100, GUEST_RWX, pfns, MANY, &reps),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(reps, 300);
	CHECK_EQ(guest_peek(id, (0x100ull + 299) * PAGE, &v), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(guest_peek(id, (0x100ull + 300) * PAGE, &v), HV_ACCESS_GPA_UNMAPPED);
}
