/* SPDX-License-Identifier: MIT */
/*
 * Deposits, guest-physical maps and the life of a partition: TLFS, "Partition management",
 * "Guest physical address spaces".
 */
#include <string.h>

#include "tests/root/guest.h"

#define LARGE (HV_LARGE_PAGE_PAGES * PAGE)

static uint16_t deposit(hv_partition_id id, uint64_t pfn)
{
	return guest_deposit_list(id, &pfn, 1, NULL);
}

static int probe(uint64_t pa)
{
	uint8_t v;

	return safe_read8(pa, &v);
}

static uint64_t not_ram[6];

static void fill_not_ram(void)
{
	not_ram[0] = boot_info->core_base / PAGE;
	not_ram[1] = (boot_info->core_base + boot_info->core_size) / PAGE - 1;
	not_ram[2] = ROOT_DEVICE_PAGE / PAGE;
	not_ram[3] = 1ull << 30;
	not_ram[4] = 1ull << 52;
	not_ram[5] = ~0ull;
}

/* -- deposits ---------------------------------------------------------------------------------- */

TEST(memory_deposit_refused)
{
	hv_partition_id id = guest_new(0, 1), other = guest_create(0);
	uint8_t *ram = guest_pages(4, 1);
	uint64_t list[3] = { pfn_of(ram) + 1, pfn_of(ram) + 1, pfn_of(ram) + 2 };
	uint32_t reps = 9;

	fill_not_ram();
	guest_map(id, 0x10, ram, 1, GUEST_RWX);
	CHECK_EQ(deposit(id, pfn_of(ram)), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(deposit(other, pfn_of(ram)), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(deposit(HV_PARTITION_ID_SELF, pfn_of(ram)), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(probe((uint64_t)ram), -1);
	/* The same page twice, in one list and in two calls, to anybody */
	CHECK_EQ(guest_deposit_list(id, list, 3, &reps), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(reps, 1);
	CHECK_EQ(deposit(id, list[0]), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(deposit(other, list[0]), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(probe(list[2] * PAGE), -1);
	for (uint32_t i = 0; i < 6; i++)
		CHECK_EQ(deposit(id, not_ram[i]), HV_STATUS_INVALID_PARAMETER);
	for (uint32_t i = 0; i < boot_info->num_ranges; i++) {
		const struct boot_range *r = &boot_info->ranges[i];

		if (r->kind != BOOT_RANGE_RAM && r->kind != BOOT_RANGE_ROOT)
			CHECK_EQ(deposit(id, r->base / PAGE), HV_STATUS_INVALID_PARAMETER);
	}
	/* Mapped twice: free when both are gone. */
	guest_map(id, 0x11, ram, 1, HV_MAP_GPA_READABLE);
	CHECK_EQ(guest_unmap(id, 0x10, 1, 0, NULL), HV_STATUS_SUCCESS);
	CHECK_EQ(deposit(id, pfn_of(ram)), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_unmap(id, 0x11, 1, 0, NULL), HV_STATUS_SUCCESS);
	CHECK_EQ(deposit(id, pfn_of(ram)), HV_STATUS_SUCCESS);
}

TEST(memory_deposit_hidden)
{
	hv_partition_id id = guest_create(0);
	uint8_t *all = guest_pages(14, 1), *ram = all + PAGE, *at;
	uint64_t pfns[12], out[12], r;
	struct hv_input_withdraw_memory in = { id, 0 };

	memset(ram, 0xa5, 12 * PAGE);
	for (uint32_t i = 0; i < 12; i++)
		pfns[i] = pfn_of(ram) + i;
	CHECK_EQ(guest_deposit_list(id, pfns, 12, NULL), HV_STATUS_SUCCESS);
	for (uint32_t i = 0; i < 12; i++) {
		CHECK_EQ(probe((uint64_t)ram + i * PAGE), FAULT_MEMORY);
		CHECK_EQ(safe_write8((uint64_t)ram + i * PAGE + PAGE - 1, 1), FAULT_MEMORY);
	}
	CHECK_EQ(probe((uint64_t)all + PAGE - 1), -1);
	CHECK_EQ(probe((uint64_t)all + 13 * PAGE), -1);
	/* Back, clean, and the root's again. */
	r = hv_call(HVCALL_WITHDRAW_MEMORY | HV_REPS(5), &in, sizeof(in), out, sizeof(out));
	CHECK_EQ(r, 5ull << 32);
	for (uint32_t i = 0; i < 5; i++) {
		CHECK(out[i] - pfns[0] < 12);
		at = (uint8_t *)(out[i] * PAGE);
		CHECK_EQ(probe((uint64_t)at), -1);
		for (uint32_t k = 0; k < PAGE; k++)
			CHECK_EQ(at[k], 0);
		memset(at, 0x5a, PAGE);
	}
	CHECK(guest_withdraw(id, UINT32_MAX) <= 7);
	r = hv_call(HVCALL_WITHDRAW_MEMORY | HV_REPS(5), &in, sizeof(in), out, sizeof(out));
	CHECK_EQ(r, HV_STATUS_NO_RESOURCES);
}

/* Whatever comes back from the root's own pool is the root's memory. */
TEST(memory_withdraw_self)
{
	struct hv_input_withdraw_memory in = { HV_PARTITION_ID_SELF, 0 };
	uint64_t pfn, r;

	guest_delete(guest_new(0, 1));
	for (;;) {
		bool ram = false;

		r = hv_call(HVCALL_WITHDRAW_MEMORY | HV_REPS(1), &in, sizeof(in), &pfn,
			    sizeof(pfn));
		if (r == HV_STATUS_NO_RESOURCES)
			break;
		CHECK_EQ(r, 1ull << 32);
		for (uint32_t i = 0; i < boot_info->num_ranges; i++) {
			const struct boot_range *g = &boot_info->ranges[i];

			if (pfn * PAGE - g->base < g->size)
				ram = g->kind == BOOT_RANGE_RAM || g->kind == BOOT_RANGE_ROOT;
		}
		if (!ram)
			test_fail(__FILE__, __LINE__, "page %llx is none of the root's",
				  (unsigned long long)pfn);
		pages_free((void *)(pfn * PAGE), 1);
	}
}

/* -- races ------------------------------------------------------------------------------------- */

#define RACE_ROUNDS 2000u
#define RACE_PAGES  64u
#define STEP_MIN    20
#define STEP_MAX    (1 << 20)
#define AHEAD_MAX   (1 << 22)

static struct {
	volatile uint32_t turn; /* round that CPU 1 may start */
	volatile uint32_t done; /* round that it has ended */
	volatile uint32_t stop;
	hv_partition_id id;
	volatile uint64_t pfn;
	volatile int32_t ahead; /* what CPU 1 waits before its call; negative: CPU 0 */
	volatile uint16_t status;
	volatile uint32_t late;
} race;

static void spin(int32_t n)
{
	for (; n > 0; n--)
		__asm__ volatile("" : : : "memory");
}

static void race_deposits(void *arg)
{
	uint64_t in[2];

	(void)arg;
	for (uint32_t n = 1; n <= RACE_ROUNDS; n++) {
		while (__atomic_load_n(&race.turn, __ATOMIC_ACQUIRE) != n)
			if (race.stop)
				return;
		in[0] = race.id;
		in[1] = race.pfn;
		spin(race.ahead);
		race.status =
			hv_status(HVCALL_DEPOSIT_MEMORY | HV_REPS(1), in, sizeof(in), NULL, 0);
		__atomic_store_n(&race.done, n, __ATOMIC_RELEASE);
	}
}

/*
 * The winner waits longer the next time: so they meet. How much longer doubles as long as the same
 * one wins: where the host runs one of the two at a time, the other comes milliseconds later.
 */
static void hand_over(bool mine)
{
	static int32_t step = STEP_MIN;
	static bool last;

	step = mine == last ? step * 2 : step / 2;
	step = step > STEP_MAX ? STEP_MAX : step < STEP_MIN ? STEP_MIN : step;
	last = mine;
	race.ahead += mine ? -step : step;
	if (race.ahead > AHEAD_MAX)
		race.ahead = AHEAD_MAX;
	else if (race.ahead < -AHEAD_MAX)
		race.ahead = -AHEAD_MAX;
}

/*
 * CPU 1 deposits to `to`, this CPU does fn(id, page) at the same time; exactly one of the two may
 * have it. undo makes the page free when it was this CPU.
 */
static void run_race(hv_partition_id to, hv_partition_id id,
		     uint16_t (*fn)(hv_partition_id id, uint64_t pfn),
		     void (*undo)(hv_partition_id id))
{
	uint8_t *ram = guest_pages(RACE_PAGES + 16, 1);
	uint32_t won[2] = { 0, 0 };
	const char *why = NULL;

	/* These stay out, so that the root's tables for the others are there and stay. */
	for (uint32_t i = 0; i < 16; i++)
		CHECK_EQ(deposit(to, pfn_of(ram) + RACE_PAGES + i), HV_STATUS_SUCCESS);
	memset(&race, 0, sizeof(race));
	race.id = to;
	cpu_run(1, race_deposits, NULL);
	for (uint32_t n = 1; n <= RACE_ROUNDS && !why; n++) {
		uint64_t pfn = pfn_of(ram) + n % RACE_PAGES;
		uint16_t mine;

		race.pfn = pfn;
		__atomic_store_n(&race.turn, n, __ATOMIC_RELEASE);
		spin(-race.ahead);
		mine = fn(id, pfn);
		while (__atomic_load_n(&race.done, __ATOMIC_ACQUIRE) != n)
			cpu_pause();
		if ((mine == HV_STATUS_SUCCESS) == (race.status == HV_STATUS_SUCCESS))
			why = mine ? "nobody has the page" : "both have the page";
		else if (mine != HV_STATUS_SUCCESS && mine != HV_STATUS_INVALID_PARAMETER)
			why = "another status here";
		else if (race.status != HV_STATUS_SUCCESS &&
			 race.status != HV_STATUS_INVALID_PARAMETER)
			why = "another status there";
		else if (mine == HV_STATUS_SUCCESS)
			undo(id);
		else if (guest_withdraw(to, 1) != 1)
			why = "the page did not come back";
		won[mine == HV_STATUS_SUCCESS]++;
		hand_over(mine == HV_STATUS_SUCCESS);
	}
	race.stop = 1;
	cpu_join(1);
	if (why)
		test_fail(__FILE__, __LINE__, "%s", why);
	CHECK_EQ(won[0] + won[1], RACE_ROUNDS);
	CHECK(won[0] > RACE_ROUNDS / 20 && won[1] > RACE_ROUNDS / 20);
}

static void undo_deposit(hv_partition_id id)
{
	CHECK_EQ(guest_withdraw(id, 1), 1);
}

static uint16_t map_at_10(hv_partition_id id, uint64_t pfn)
{
	return guest_map_raw(id, 0x10, pfn, GUEST_RWX);
}

static void undo_map(hv_partition_id id)
{
	CHECK_EQ(guest_unmap(id, 0x10, 1, 0, NULL), HV_STATUS_SUCCESS);
}

TEST_CPUS(memory_race_deposit, 2)
{
	run_race(guest_create(0), guest_create(0), deposit, undo_deposit);
}

TEST_CPUS(memory_race_map, 2)
{
	hv_partition_id id = guest_new(0, 1);

	guest_deposit(id, 4); /* tables */
	run_race(guest_create(0), id, map_at_10, undo_map);
}

static void read_on(void *arg)
{
	(void)arg;
	while (!race.stop) {
		uint64_t pfn = race.pfn, turn = __atomic_load_n(&race.turn, __ATOMIC_ACQUIRE);

		if (probe(pfn * PAGE) != -1 || pfn != race.pfn)
			continue;
		/* Out of the root since before the read began: the translation was a stale one. */
		if (turn && turn == pfn)
			race.late++;
		race.done++;
	}
}

/* When the deposit is answered, no CPU of the root has the page in its TLB. */
TEST_CPUS(memory_deposit_tlb, 2)
{
	hv_partition_id id = guest_create(0);
	uint8_t *ram = guest_pages(RACE_PAGES, 1);

	memset(&race, 0, sizeof(race));
	race.pfn = pfn_of(ram);
	cpu_run(1, read_on, NULL);
	for (uint32_t i = 0; i < RACE_PAGES; i++) {
		uint64_t pfn = pfn_of(ram) + i;
		uint32_t before = race.done;
		uint64_t in[2] = { id, pfn };

		race.turn = 0;
		race.pfn = pfn;
		while (race.done - before < 3)
			cpu_pause();
		if (hv_status(HVCALL_DEPOSIT_MEMORY | HV_REPS(1), in, sizeof(in), NULL, 0) !=
		    HV_STATUS_SUCCESS)
			break;
		__atomic_store_n(&race.turn, (uint32_t)pfn, __ATOMIC_RELEASE);
		delay_us(200);
	}
	race.stop = 1;
	cpu_join(1);
	CHECK_EQ(race.late, 0);
	CHECK_EQ(race.turn, pfn_of(ram) + RACE_PAGES - 1);
}

static void run_guest_on(void *arg)
{
	struct hv_input_dispatch_vp in = { .partition_id = *(hv_partition_id *)arg, .flags = 1 };
	struct hv_output_dispatch_vp out;

	while (!race.stop)
		if (hv_status(HVCALL_DISPATCH_VP, &in, sizeof(in), &out, sizeof(out)) !=
		    HV_STATUS_SUCCESS)
			return;
}

/* When an unmap is answered, no VP that runs meanwhile writes the page any longer. */
TEST_CPUS(memory_unmap_tlb, 2)
{
	static const uint8_t code[] = GUEST_CODE_COUNT;
	static hv_partition_id id;
	volatile uint32_t *count = guest_pages(1, 1);
	uint64_t until = root_clock() + boot_info->tsc_hz;
	uint32_t ran = 0, late = 0, seen;
	uint16_t status = HV_STATUS_SUCCESS;

	id = guest_new(0, 1);
	guest_start(id, 0, code, sizeof(code));
	guest_deposit(id, 4);
	memset(&race, 0, sizeof(race));
	cpu_run(1, run_guest_on, &id);
	for (uint32_t i = 0; i < 30 && status == HV_STATUS_SUCCESS && root_clock() < until; i++) {
		seen = *count;
		status = guest_map_raw(id, 4, pfn_of((const void *)count), GUEST_RWX);
		while (*count - seen < 100 && root_clock() < until)
			cpu_pause();
		ran += *count - seen >= 100;
		if (status == HV_STATUS_SUCCESS)
			status = guest_unmap(id, 4, 1, 0, NULL);
		seen = *count;
		delay_us(100);
		late += *count != seen;
	}
	race.stop = 1;
	cpu_wake(1);
	cpu_join(1);
	CHECK_EQ(status, HV_STATUS_SUCCESS);
	CHECK_EQ(ran, 30);
	CHECK_EQ(late, 0);
}

/* -- maps -------------------------------------------------------------------------------------- */

TEST(memory_map_refused)
{
	hv_partition_id id = guest_new(0, 1), other = guest_create(0);
	uint8_t *ram = guest_pages(4, 1), v;

	fill_not_ram();
	guest_deposit(id, 8);
	CHECK_EQ(deposit(id, pfn_of(ram)), HV_STATUS_SUCCESS);
	CHECK_EQ(deposit(other, pfn_of(ram) + 1), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_map_raw(id, 0x10, pfn_of(ram), GUEST_RWX), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_map_raw(id, 0x10, pfn_of(ram) + 1, GUEST_RWX), HV_STATUS_INVALID_PARAMETER);
	for (uint32_t i = 0; i < 6; i++)
		CHECK_EQ(guest_map_raw(id, 0x10, not_ram[i], HV_MAP_GPA_READABLE),
			 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_peek(id, 0x10 * PAGE, &v), HV_ACCESS_GPA_UNMAPPED);
	/* Only an initialized partition has a map. */
	CHECK_EQ(guest_map_raw(other, 0x10, pfn_of(ram) + 2, GUEST_RWX),
		 HV_STATUS_INVALID_PARTITION_STATE);
	CHECK_EQ(guest_unmap(other, 0x10, 1, 0, NULL), HV_STATUS_INVALID_PARTITION_STATE);
	/* And it was not kept. */
	CHECK_EQ(deposit(other, pfn_of(ram) + 2), HV_STATUS_SUCCESS);
}

TEST(memory_map_flags)
{
	uint32_t known = HV_MAP_GPA_PERMISSIONS_MASK | HV_MAP_GPA_ADJUSTABLE |
			 HV_MAP_GPA_NO_ACCESS | HV_MAP_GPA_NOT_CACHED | HV_MAP_GPA_LARGE_PAGE;
	hv_partition_id id = guest_new(0, 1);
	uint8_t *ram = guest_pages(1, 1), v = 0;
	uint64_t pfn = pfn_of(ram);
	struct {
		struct hv_input_map_gpa_pages h;
		uint64_t pfn;
	} in = { { id, 0x10, GUEST_RWX, 1 }, pfn };

	guest_deposit(id, 8);
	for (uint32_t i = 0; i < 32; i++)
		if (!(known >> i & 1))
			CHECK_EQ(guest_map_raw(id, 0x10, pfn, GUEST_RWX | 1u << i),
				 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(hv_call(HVCALL_MAP_GPA_PAGES | HV_REPS(1), &in, sizeof(in), NULL, 0),
		 HV_STATUS_INVALID_PARAMETER);
	/* No right is a flag of its own; none is without the right to read. */
	CHECK_EQ(guest_map_raw(id, 0x10, pfn, 0), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_map_raw(id, 0x10, pfn, HV_MAP_GPA_NOT_CACHED), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_map_raw(id, 0x10, pfn, HV_MAP_GPA_WRITABLE), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_map_raw(id, 0x10, pfn, HV_MAP_GPA_KERNEL_EXECUTABLE),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_map_raw(id, 0x10, pfn, HV_MAP_GPA_USER_EXECUTABLE),
		 HV_STATUS_INVALID_PARAMETER);
	/* 48 bits of address */
	CHECK_EQ(guest_map_raw(id, 1ull << 36, pfn, GUEST_RWX), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_map_raw(id, ~0ull, pfn, GUEST_RWX), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_unmap(id, 1ull << 36, 1, 0, NULL), HV_STATUS_INVALID_PARAMETER);
	/* None of them kept the page. */
	CHECK_EQ(guest_peek(id, 0x10 * PAGE, &v), HV_ACCESS_GPA_UNMAPPED);

	CHECK_EQ(guest_map_raw(id, 0x10, pfn, HV_MAP_GPA_READABLE), HV_STATUS_SUCCESS);
	ram[5] = 0x42;
	CHECK_EQ(guest_peek(id, 0x10 * PAGE + 5, &v), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(v, 0x42);
	CHECK_EQ(guest_poke(id, 0x10 * PAGE + 5, 1), HV_ACCESS_GPA_WRITE_INTERCEPT);
	CHECK_EQ(ram[5], 0x42);
	CHECK_EQ(guest_map_raw(id, 0x10, pfn, HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(guest_poke(id, 0x10 * PAGE + 5, 0x17), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(ram[5], 0x17);
	/* No access: neither, and the page is not held whatever is named. */
	CHECK_EQ(guest_map_raw(id, 0x10, ~0ull, HV_MAP_GPA_NO_ACCESS), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_peek(id, 0x10 * PAGE, &v), HV_ACCESS_GPA_READ_INTERCEPT);
	CHECK_EQ(guest_poke(id, 0x10 * PAGE, 1), HV_ACCESS_GPA_WRITE_INTERCEPT);
	CHECK_EQ(deposit(id, pfn), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_unmap(id, 0x10, 1, 0, NULL), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_peek(id, 0x10 * PAGE, &v), HV_ACCESS_GPA_UNMAPPED);
	/* The top of the space is as good as the bottom. */
	ram = guest_pages(1, 1);
	guest_map(id, (1ull << 36) - 1, ram, 1,
		  GUEST_RWX | HV_MAP_GPA_ADJUSTABLE | HV_MAP_GPA_NOT_CACHED);
	CHECK_EQ(guest_poke(id, (1ull << 48) - 1, 0x66), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(ram[PAGE - 1], 0x66);
}

/* What the guest itself meets. */
TEST(memory_map_rights)
{
	static const uint8_t code[] = GUEST_CODE_COPY, jump[] = GUEST_CODE_JUMP;
	hv_partition_id id = guest_new(0, 1);
	const guest_memory_message *m;
	uint32_t *ram = guest_pages(1, 1);

	guest_start(id, 0, code, sizeof(code));
	CHECK_EQ(guest_run(id, 0), HVMSG_UNMAPPED_GPA);
	m = (const void *)guest_message(id, 0)->payload;
	CHECK_EQ(m->guest_physical_address, 0x4000);
	CHECK_EQ(m->header.intercept_access_type, HV_INTERCEPT_ACCESS_READ);
	CHECK_EQ(GUEST_MESSAGE_PC(m), GUEST_CODE + GUEST_CODE_LOAD);
	CHECK_EQ(guest_map_raw(id, 4, 0, HV_MAP_GPA_NO_ACCESS), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_run(id, 0), HVMSG_GPA_INTERCEPT);
	CHECK_EQ(m->header.intercept_access_type, HV_INTERCEPT_ACCESS_READ);
	guest_map(id, 4, ram, 1, HV_MAP_GPA_READABLE);
	ram[0] = 0xbeef;
	CHECK_EQ(guest_run(id, 0), HVMSG_GPA_INTERCEPT);
	CHECK_EQ(m->header.intercept_access_type, HV_INTERCEPT_ACCESS_WRITE);
	CHECK_EQ(GUEST_MESSAGE_PC(m), GUEST_CODE + GUEST_CODE_STORE);
	CHECK_EQ(guest_get64(id, 0, GUEST_DATA), 0xbeef);
	guest_set64(id, 0, GUEST_DATA, 0xcafe);
	guest_map(id, 4, ram, 1, HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE);
	CHECK_EQ(guest_run(id, 0), GUEST_HALTED);
	CHECK_EQ(ram[0], 0xcafe);
	/* Written, not executed */
	guest_start(id, 0, jump, sizeof(jump));
	CHECK_EQ(guest_run(id, 0), HVMSG_GPA_INTERCEPT);
	CHECK_EQ(m->header.intercept_access_type, HV_INTERCEPT_ACCESS_EXECUTE);
	CHECK_EQ(m->guest_physical_address, 0x4000);
	ram[0] = GUEST_INSN_HALT;
	guest_map(id, 4, ram, 1, HV_MAP_GPA_READABLE | HV_MAP_GPA_EXECUTABLE);
	CHECK_EQ(guest_run(id, 0), GUEST_HALTED);
	CHECK_EQ(guest_get64(id, 0, GUEST_PC), 0x4000 + GUEST_HALT_SIZE);
	/* Gone means gone, also for a VP that has just used it. */
	CHECK_EQ(guest_unmap(id, 4, 1, 0, NULL), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_run(id, 0), HVMSG_UNMAPPED_GPA);
	CHECK_EQ(deposit(id, pfn_of(ram)), HV_STATUS_SUCCESS);
}

TEST(memory_large_pages)
{
	hv_partition_id id = guest_new(HV_PARTITION_CREATION_FLAG_GPA_SUPER_PAGES_ENABLED, 1);
	uint32_t flags = GUEST_RWX | HV_MAP_GPA_LARGE_PAGE;
	uint8_t *ram = guest_pages(1024, 512), v = 0;
	uint64_t pfn = pfn_of(ram);
	uint32_t reps = 0;

	guest_deposit(id, 8);
	CHECK_EQ(guest_map_raw(id, 0x201, pfn, flags), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_map_raw(id, 0x200, pfn + 1, flags), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_map_raw(id, 0x300, pfn, flags), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_unmap(id, 0x201, 1, HV_UNMAP_GPA_LARGE_PAGE, NULL),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_unmap(id, 0x200, 1, 1, NULL), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_unmap(id, 0x200, 1, 4, NULL), HV_STATUS_INVALID_PARAMETER);
	/* One page of it is not there to map: none of it stays held. */
	CHECK_EQ(deposit(id, pfn + 511), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_map_raw(id, 0x200, pfn, flags), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(deposit(id, pfn + 510), HV_STATUS_SUCCESS);
	CHECK_EQ(deposit(id, pfn), HV_STATUS_SUCCESS);
	CHECK(guest_withdraw(id, 3) == 3);
	CHECK(probe((uint64_t)ram) == -1 && probe((uint64_t)ram + LARGE - 1) == -1);

	CHECK_EQ(guest_map_list(id, 0x200, flags, (uint64_t[2]){ pfn, pfn + 512 }, 2, &reps),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(reps, 2);
	ram[LARGE - 1] = 0x31;
	ram[2 * LARGE - 1] = 0x32;
	CHECK_EQ(guest_peek(id, 2 * LARGE - 1, &v), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(v, 0x31);
	CHECK_EQ(guest_peek(id, 3 * LARGE - 1, &v), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(v, 0x32);
	CHECK_EQ(deposit(id, pfn + 77), HV_STATUS_INVALID_PARAMETER);
	/* A small hole: its page is free, its neighbours are not. */
	CHECK_EQ(guest_unmap(id, 0x200 + 77, 1, 0, NULL), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_peek(id, (0x200ull + 77) * PAGE, &v), HV_ACCESS_GPA_UNMAPPED);
	CHECK_EQ(guest_peek(id, (0x200ull + 78) * PAGE, &v), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(deposit(id, pfn + 77), HV_STATUS_SUCCESS);
	CHECK_EQ(deposit(id, pfn + 78), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_withdraw(id, 1), 1);
	/* A small page over the other, another right inside */
	CHECK_EQ(guest_map_raw(id, 0x400 + 5, pfn + 77, HV_MAP_GPA_READABLE), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_poke(id, (0x400ull + 5) * PAGE, 1), HV_ACCESS_GPA_WRITE_INTERCEPT);
	CHECK_EQ(guest_poke(id, (0x400ull + 6) * PAGE, 1), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(deposit(id, pfn + 512 + 5), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_withdraw(id, 1), 1);
	/* Large over small ones: what was below is let go. */
	CHECK_EQ(guest_map_raw(id, 0x400, pfn + 512, flags), HV_STATUS_SUCCESS);
	CHECK_EQ(deposit(id, pfn + 77), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_withdraw(id, 1), 1);
	CHECK_EQ(guest_unmap(id, 0x200, 2, HV_UNMAP_GPA_LARGE_PAGE, &reps), HV_STATUS_SUCCESS);
	CHECK_EQ(reps, 2);
	for (uint32_t i = 0; i < 1024; i += 31)
		CHECK_EQ(deposit(id, pfn + i), HV_STATUS_SUCCESS);
	/* A no-access leaf of that size holds nothing. */
	CHECK_EQ(guest_map_raw(id, 0x200, 3, HV_MAP_GPA_NO_ACCESS | HV_MAP_GPA_LARGE_PAGE),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(guest_peek(id, 2 * LARGE - 1, &v), HV_ACCESS_GPA_READ_INTERCEPT);
}

TEST(memory_remap)
{
	hv_partition_id id = guest_new(0, 1);
	uint8_t *ram = guest_pages(2, 1), v = 0;

	ram[0] = 1;
	ram[PAGE] = 2;
	guest_map(id, 0x10, ram, 1, GUEST_RWX);
	guest_map(id, 0x10, ram, 1, GUEST_RWX); /* itself: still held once */
	guest_map(id, 0x10, ram + PAGE, 1, GUEST_RWX);
	CHECK_EQ(guest_peek(id, 0x10 * PAGE, &v), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(v, 2);
	CHECK_EQ(deposit(id, pfn_of(ram)), HV_STATUS_SUCCESS);
	CHECK_EQ(deposit(id, pfn_of(ram) + 1), HV_STATUS_INVALID_PARAMETER);
	/* What is not mapped may be unmapped. */
	CHECK_EQ(guest_unmap(id, 0x12345, 64, 0, NULL), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_unmap(id, 0x10, 1, 0, NULL), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_unmap(id, 0x10, 1, 0, NULL), HV_STATUS_SUCCESS);
	CHECK_EQ(deposit(id, pfn_of(ram) + 1), HV_STATUS_SUCCESS);
}

/* An overlay lies on top of whatever the root maps or unmaps there, and gives it back. */
TEST(memory_overlay)
{
	hv_partition_id id = guest_new(0, 1);
	uint64_t on = 0x205000 | HV_OVERLAY_MSR_ENABLE, off = 0x205000;
	uint8_t *ram = guest_pages(1024, 512), v = 0;

	guest_deposit(id, 16);
	ram[0x5000] = 0x11;
	ram[LARGE] = 0x22;
	/* Nothing below */
	guest_set64(id, 0, HV_REGISTER_SIMP, on);
	CHECK_EQ(guest_poke(id, 0x205000, 0x99), HV_ACCESS_GPA_SUCCESS);
	guest_set64(id, 0, HV_REGISTER_SIMP, off);
	CHECK_EQ(guest_peek(id, 0x205000, &v), HV_ACCESS_GPA_UNMAPPED);
	/* Mapped before, and seen again after */
	guest_map(id, 0x205, ram + LARGE, 1, GUEST_RWX);
	guest_set64(id, 0, HV_REGISTER_SIMP, on);
	CHECK_EQ(guest_peek(id, 0x205000, &v), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(v, 0x99);
	CHECK_EQ(guest_poke(id, 0x205000, 0x77), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(ram[LARGE], 0x22);
	CHECK_EQ(deposit(id, pfn_of(ram) + 512), HV_STATUS_INVALID_PARAMETER);
	guest_set64(id, 0, HV_REGISTER_SIMP, off);
	CHECK_EQ(guest_peek(id, 0x205000, &v), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(v, 0x22);
	/* Unmapped while the overlay is there: it stays, what was below goes */
	guest_set64(id, 0, HV_REGISTER_SIMP, on);
	CHECK_EQ(guest_unmap(id, 0x205, 1, 0, NULL), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_peek(id, 0x205000, &v), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(v, 0x77);
	CHECK_EQ(deposit(id, pfn_of(ram) + 512), HV_STATUS_SUCCESS);
	/* A large page around it */
	guest_map(id, 0x200, ram, 1, GUEST_RWX | HV_MAP_GPA_LARGE_PAGE);
	CHECK_EQ(guest_peek(id, 0x205000, &v), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(v, 0x77);
	CHECK_EQ(guest_poke(id, 0x204000, 0x33), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(ram[0x4000], 0x33);
	guest_set64(id, 0, HV_REGISTER_SIMP, off);
	CHECK_EQ(guest_peek(id, 0x205000, &v), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(v, 0x11);
	guest_set64(id, 0, HV_REGISTER_SIMP, on);
	CHECK_EQ(guest_unmap(id, 0x200, 1, HV_UNMAP_GPA_LARGE_PAGE, NULL), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_peek(id, 0x205000, &v), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(guest_peek(id, 0x204000, &v), HV_ACCESS_GPA_UNMAPPED);
	for (uint32_t i = 0; i < 512; i += 5)
		CHECK_EQ(deposit(id, pfn_of(ram) + i), HV_STATUS_SUCCESS);
	/* The VP goes, and its page with it. */
	CHECK_EQ(hv_raw(HVCALL_DELETE_VP | HV_HYPERCALL_FAST, id, 0), HV_STATUS_SUCCESS);
	guest_create_vp(id, 0);
	CHECK_EQ(guest_peek(id, 0x205000, &v), HV_ACCESS_GPA_UNMAPPED);
}

/* -- life -------------------------------------------------------------------------------------- */

TEST(memory_create_arguments)
{
	uint64_t known = HV_PARTITION_CREATION_FLAG_SMT_ENABLED_GUEST |
			 HV_PARTITION_CREATION_FLAG_GPA_SUPER_PAGES_ENABLED |
			 HV_PARTITION_CREATION_FLAG_EXO_PARTITION |
			 HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED |
			 HV_PARTITION_CREATION_FLAG_INTERCEPT_MESSAGE_PAGE_ENABLED |
			 HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE;
	struct hv_input_create_partition in;
	uint64_t id = 0x1111;

	guest_delete(guest_create(known));
	for (uint32_t i = 0; i < 64; i++) {
		memset(&in, 0, sizeof(in));
		in.flags = 1ull << i;
		if (!(known >> i & 1))
			CHECK_EQ(hv_status(HVCALL_CREATE_PARTITION, &in, sizeof(in), &id,
					   sizeof(id)),
				 HV_STATUS_INVALID_PARAMETER);
	}
	memset(&in, 0, sizeof(in));
	in.padding = 1;
	CHECK_EQ(hv_status(HVCALL_CREATE_PARTITION, &in, sizeof(in), &id, sizeof(id)),
		 HV_STATUS_INVALID_PARAMETER);
	in.padding = 0;
	in.isolation = 1;
	CHECK_EQ(hv_status(HVCALL_CREATE_PARTITION, &in, sizeof(in), &id, sizeof(id)),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(id, 0x1111);
}

TEST(memory_life)
{
	hv_partition_id id = guest_create(0);
	struct hv_input_create_vp in = { .partition_id = id };
	struct hv_output_dispatch_vp out;
	uint8_t *ram = guest_pages(1, 1);

	/* Created */
	CHECK_EQ(hv_status(HVCALL_CREATE_VP, &in, sizeof(in), NULL, 0),
		 HV_STATUS_INVALID_PARTITION_STATE);
	guest_deposit(id, 16);
	CHECK_EQ(guest_simple(HVCALL_DELETE_PARTITION, id), HV_STATUS_OBJECT_IN_USE);
	CHECK_EQ(guest_simple(HVCALL_INITIALIZE_PARTITION, id), HV_STATUS_SUCCESS);
	/* Active */
	CHECK_EQ(guest_simple(HVCALL_INITIALIZE_PARTITION, id), HV_STATUS_INVALID_PARTITION_STATE);
	CHECK_EQ(guest_simple(HVCALL_DELETE_PARTITION, id), HV_STATUS_INVALID_PARTITION_STATE);
	guest_create_vp(id, 0);
	CHECK_EQ(hv_status(HVCALL_CREATE_VP, &in, sizeof(in), NULL, 0), HV_STATUS_INVALID_VP_INDEX);
	in.vp_index = 64;
	CHECK_EQ(hv_status(HVCALL_CREATE_VP, &in, sizeof(in), NULL, 0), HV_STATUS_INVALID_VP_INDEX);
	in.vp_index = HV_ANY_VP;
	CHECK_EQ(hv_status(HVCALL_CREATE_VP, &in, sizeof(in), NULL, 0), HV_STATUS_INVALID_VP_INDEX);
	in.vp_index = 63;
	in.flags = 1;
	CHECK_EQ(hv_status(HVCALL_CREATE_VP, &in, sizeof(in), NULL, 0),
		 HV_STATUS_INVALID_PARAMETER);
	in.flags = 0;
	for (uint32_t i = 0; i < 3; i++) {
		in.padding[i] = 1;
		CHECK_EQ(hv_status(HVCALL_CREATE_VP, &in, sizeof(in), NULL, 0),
			 HV_STATUS_INVALID_PARAMETER);
		in.padding[i] = 0;
	}
	guest_create_vp(id, 63);
	CHECK_EQ(guest_get64(id, 63, HV_REGISTER_VP_INDEX), 63);
	CHECK_EQ(hv_raw(HVCALL_DELETE_VP | HV_HYPERCALL_FAST, id, 63), HV_STATUS_SUCCESS);
	guest_create_vp(id, 63);
	guest_map(id, 0x10, ram, 1, GUEST_RWX);
	CHECK_EQ(guest_simple(HVCALL_FINALIZE_PARTITION, id), HV_STATUS_SUCCESS);
	/* Finalized: the map has let go, the pages are there. */
	CHECK_EQ(deposit(HV_PARTITION_ID_SELF, pfn_of(ram)), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_simple(HVCALL_FINALIZE_PARTITION, id), HV_STATUS_INVALID_PARTITION_STATE);
	CHECK_EQ(guest_simple(HVCALL_INITIALIZE_PARTITION, id), HV_STATUS_INVALID_PARTITION_STATE);
	in.vp_index = 1;
	CHECK_EQ(hv_status(HVCALL_CREATE_VP, &in, sizeof(in), NULL, 0),
		 HV_STATUS_INVALID_PARTITION_STATE);
	CHECK_EQ(guest_dispatch(id, 0, 0, &out), HV_STATUS_INVALID_VP_INDEX);
	CHECK_EQ(guest_map_raw(id, 0x10, pfn_of(&not_ram), GUEST_RWX),
		 HV_STATUS_INVALID_PARTITION_STATE);
	CHECK_EQ(guest_unmap(id, 0x10, 1, 0, NULL), HV_STATUS_INVALID_PARTITION_STATE);
	CHECK_EQ(guest_simple(HVCALL_DELETE_PARTITION, id), HV_STATUS_OBJECT_IN_USE);
	CHECK(guest_withdraw(id, 5) == 5);
	CHECK_EQ(guest_simple(HVCALL_DELETE_PARTITION, id), HV_STATUS_OBJECT_IN_USE);
	CHECK(guest_withdraw(id, UINT32_MAX) > 0);
	CHECK_EQ(guest_simple(HVCALL_DELETE_PARTITION, id), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_simple(HVCALL_DELETE_PARTITION, id), HV_STATUS_INVALID_PARTITION_ID);
	CHECK_EQ(guest_simple(HVCALL_FINALIZE_PARTITION, id), HV_STATUS_INVALID_PARTITION_ID);
	/* The root itself stays. */
	CHECK_EQ(guest_simple(HVCALL_DELETE_PARTITION, 1), HV_STATUS_ACCESS_DENIED);
	(void)guest_withdraw(HV_PARTITION_ID_SELF, UINT32_MAX);
}

TEST(memory_many_partitions)
{
	struct hv_input_create_partition in;
	hv_partition_id first = guest_create(0), id = 0;

	memset(&in, 0, sizeof(in));
	for (uint32_t i = 2; i < 64; i++)
		CHECK(guest_create(0) > first);
	CHECK_EQ(hv_status(HVCALL_CREATE_PARTITION, &in, sizeof(in), &id, sizeof(id)),
		 HV_STATUS_NO_RESOURCES);
	/* Room again; the id is a new one. */
	guest_delete(first + 7);
	CHECK(guest_create(0) > first + 62);
	guests_clean_up();
	(void)guest_withdraw(HV_PARTITION_ID_SELF, UINT32_MAX);
}

/* -- exhaustion -------------------------------------------------------------------------------- */

TEST(memory_exhaustion)
{
	hv_partition_id id = guest_create(0), other = guest_create(0);
	struct hv_input_create_vp in = { .partition_id = id };
	uint8_t *ram = guest_pages(520, 512), v = 0;
	uint32_t n = 0, reps = 9;
	uint64_t pfns[8];
	uint16_t status;

	/* With these out, the root's own table has been split for the others of the region. */
	guest_deposit(other, 16);
	/* A failed attempt takes nothing: all deposits can be had back before the next one. */
	while ((status = guest_simple(HVCALL_INITIALIZE_PARTITION, id)) ==
	       HV_STATUS_INSUFFICIENT_MEMORY) {
		CHECK_EQ(guest_withdraw(id, UINT32_MAX), n);
		guest_deposit(id, ++n);
		CHECK(n < 64);
	}
	CHECK_EQ(status, HV_STATUS_SUCCESS);
	CHECK(n > 1);
	(void)guest_withdraw(id, UINT32_MAX);
	for (n = 0; (status = hv_status(HVCALL_CREATE_VP, &in, sizeof(in), NULL, 0)) ==
		    HV_STATUS_INSUFFICIENT_MEMORY;
	     n++) {
		CHECK_EQ(guest_withdraw(id, UINT32_MAX), n);
		guest_deposit(id, n + 1);
		CHECK(n < 64);
	}
	CHECK_EQ(status, HV_STATUS_SUCCESS);
	CHECK(n > 1);
	(void)guest_withdraw(id, UINT32_MAX);
	/* Maps: what was done is counted, and the rest is asked for again. */
	for (uint32_t i = 0; i < 8; i++)
		pfns[i] = pfn_of(ram) + i;
	CHECK_EQ(guest_map_list(id, 0x200 - 4, GUEST_RWX, pfns, 8, &reps),
		 HV_STATUS_INSUFFICIENT_MEMORY);
	CHECK_EQ(reps, 0);
	for (n = 0; guest_map_list(id, 0x200 - 4, GUEST_RWX, pfns, 8, &reps) != HV_STATUS_SUCCESS;
	     n++) {
		CHECK(n < 8);
		CHECK(reps == 0 || reps == 4);
		guest_deposit(id, 1);
	}
	CHECK_EQ(reps, 8);
	CHECK_EQ(guest_peek(id, 0x203 * PAGE, &v), HV_ACCESS_GPA_SUCCESS);
	/*
	 * A page in a large leaf needs a table; without one the leaf stays whole. Not executable:
	 * some CPUs get no large leaf that is (speculation.c).
	 */
	(void)guest_withdraw(id, UINT32_MAX);
	guest_map(id, 0x600, ram, 1,
		  HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE | HV_MAP_GPA_LARGE_PAGE);
	(void)guest_withdraw(id, UINT32_MAX);
	CHECK_EQ(guest_unmap(id, 0x600 + 9, 1, 0, &reps), HV_STATUS_INSUFFICIENT_MEMORY);
	CHECK_EQ(reps, 0);
	CHECK_EQ(guest_peek(id, 0x609 * PAGE, &v), HV_ACCESS_GPA_SUCCESS);
	CHECK_EQ(guest_map_raw(id, 0x600 + 9, pfn_of(ram) + 512, GUEST_RWX),
		 HV_STATUS_INSUFFICIENT_MEMORY);
	CHECK_EQ(deposit(HV_PARTITION_ID_SELF, pfn_of(ram) + 512), HV_STATUS_SUCCESS);
	guest_deposit(id, 1);
	CHECK_EQ(guest_unmap(id, 0x600 + 9, 1, 0, &reps), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_peek(id, 0x609 * PAGE, &v), HV_ACCESS_GPA_UNMAPPED);
	(void)guest_withdraw(HV_PARTITION_ID_SELF, UINT32_MAX);
}

/* A partition is a page of the root's own pool. */
TEST(memory_exhaustion_root)
{
	struct hv_input_create_partition in;
	hv_partition_id id = 0;

	memset(&in, 0, sizeof(in));
	(void)guest_withdraw(HV_PARTITION_ID_SELF, UINT32_MAX);
	CHECK_EQ(hv_status(HVCALL_CREATE_PARTITION, &in, sizeof(in), &id, sizeof(id)),
		 HV_STATUS_INSUFFICIENT_MEMORY);
	guest_deposit(HV_PARTITION_ID_SELF, 1);
	CHECK_EQ(hv_status(HVCALL_CREATE_PARTITION, &in, sizeof(in), &id, sizeof(id)),
		 HV_STATUS_SUCCESS);
	guest_track(id);
	guest_delete(id);
	CHECK_EQ(guest_withdraw(HV_PARTITION_ID_SELF, UINT32_MAX), 1);
}

/* -- state pages ------------------------------------------------------------------------------- */

TEST(memory_state_page)
{
	hv_partition_id id = guest_new(0, 2);
	struct hv_input_vp_state_page in = { id, 0, HV_VP_STATE_PAGE_REGISTERS, 0, 0, 0 };
	uint64_t at[2], again = 0;

	for (uint16_t type = 0; type < 2; type++) {
		in.type = type;
		CHECK_EQ(hv_status(HVCALL_UNMAP_VP_STATE_PAGE, &in, sizeof(in), NULL, 0),
			 HV_STATUS_INVALID_PARAMETER);
		CHECK_EQ(hv_status(HVCALL_MAP_VP_STATE_PAGE, &in, sizeof(in), &at[type], 8),
			 HV_STATUS_SUCCESS);
		CHECK_EQ(probe(at[type] * PAGE), -1);
		CHECK_EQ(hv_status(HVCALL_MAP_VP_STATE_PAGE, &in, sizeof(in), &again, 8),
			 HV_STATUS_SUCCESS);
		CHECK_EQ(again, at[type]);
		/* It stays the core's: no deposit, no map of it. */
		CHECK_EQ(deposit(id, at[type]), HV_STATUS_INVALID_PARAMETER);
		CHECK_EQ(guest_map_raw(id, 0x10, at[type], GUEST_RWX), HV_STATUS_INVALID_PARAMETER);
		CHECK_EQ(hv_status(HVCALL_UNMAP_VP_STATE_PAGE, &in, sizeof(in), NULL, 0),
			 HV_STATUS_SUCCESS);
		CHECK_EQ(probe(at[type] * PAGE), FAULT_MEMORY);
	}
	CHECK(at[0] != at[1]);
	for (in.type = 2; in.type < 10; in.type++)
		CHECK_EQ(hv_status(HVCALL_MAP_VP_STATE_PAGE, &in, sizeof(in), &again, 8),
			 HV_STATUS_INVALID_PARAMETER);
	in.type = 1;
	in.input_vtl = 1;
	CHECK_EQ(hv_status(HVCALL_MAP_VP_STATE_PAGE, &in, sizeof(in), &again, 8),
		 HV_STATUS_INVALID_PARAMETER);
	in.input_vtl = 0;
	in.flags = 1;
	CHECK_EQ(hv_status(HVCALL_MAP_VP_STATE_PAGE, &in, sizeof(in), &again, 8),
		 HV_STATUS_INVALID_PARAMETER);
	in.flags = 0;
	in.requested_map_location = 1;
	CHECK_EQ(hv_status(HVCALL_MAP_VP_STATE_PAGE, &in, sizeof(in), &again, 8),
		 HV_STATUS_INVALID_PARAMETER);
	/* Open pages close with their VP, and with the partition. */
	in.requested_map_location = 0;
	CHECK_EQ(hv_status(HVCALL_MAP_VP_STATE_PAGE, &in, sizeof(in), &at[0], 8),
		 HV_STATUS_SUCCESS);
	in.vp_index = 1;
	CHECK_EQ(hv_status(HVCALL_MAP_VP_STATE_PAGE, &in, sizeof(in), &at[1], 8),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(hv_raw(HVCALL_DELETE_VP | HV_HYPERCALL_FAST, id, 1), HV_STATUS_SUCCESS);
	CHECK_EQ(probe(at[1] * PAGE), FAULT_MEMORY);
	CHECK_EQ(probe(at[0] * PAGE), -1);
	CHECK_EQ(guest_simple(HVCALL_FINALIZE_PARTITION, id), HV_STATUS_SUCCESS);
	CHECK_EQ(probe(at[0] * PAGE), FAULT_MEMORY);
}

/* -- nothing leaks ----------------------------------------------------------------------------- */

static void a_whole_life(uint8_t *ram)
{
	hv_partition_id id = guest_new(GUEST_FLAGS, 4);

	for (uint32_t i = 0; i < 40; i++)
		guest_map(id, (uint64_t)i << 18, ram + i * PAGE, 1, GUEST_RWX);
	guest_map(id, 0x200, ram, 1, GUEST_RWX | HV_MAP_GPA_LARGE_PAGE);
	CHECK_EQ(guest_unmap(id, 0x205, 1, 0, NULL), HV_STATUS_SUCCESS);
	(void)guest_message(id, 0);
	(void)guest_message(id, 3);
	guest_deposit(id, 16);
	guest_set64(id, 0, HV_REGISTER_GUEST_OS_ID, 1);
	guest_set64(id, 0, GUEST_PAGE_REGISTER, 0x206000 | HV_OVERLAY_MSR_ENABLE);
	guest_set64(id, 1, HV_REGISTER_SIMP, 0x205000 | HV_OVERLAY_MSR_ENABLE);
	guest_set64(id, 2, HV_REGISTER_VP_ASSIST_PAGE, 0x7005000 | HV_OVERLAY_MSR_ENABLE);
	CHECK_EQ(hv_raw(HVCALL_DELETE_VP | HV_HYPERCALL_FAST, id, 1), HV_STATUS_SUCCESS);
	guest_delete(id);
	(void)guest_withdraw(HV_PARTITION_ID_SELF, UINT32_MAX);
}

TEST(memory_nothing_leaks)
{
	uint8_t *ram = guest_pages(512, 512);
	size_t before;

	(void)guest_withdraw(HV_PARTITION_ID_SELF, UINT32_MAX);
	before = pages_left();
	for (uint32_t i = 0; i < 5; i++) {
		a_whole_life(ram);
		CHECK_EQ(pages_left(), before);
	}
	/* None of them is held any longer. */
	for (uint32_t i = 0; i < 512; i++)
		CHECK_EQ(deposit(HV_PARTITION_ID_SELF, pfn_of(ram) + i), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_withdraw(HV_PARTITION_ID_SELF, UINT32_MAX), 512);
	CHECK_EQ(pages_left(), before);
}
