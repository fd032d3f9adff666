/* SPDX-License-Identifier: MIT */
/*
 * Hardware task switches of a guest (tests/guests/task.S): done by the core on VT-x, on SVM by it
 * or by an emulator that does not intercept them. The same report everywhere.
 */
#include <string.h>

#include "tests/root/guest.h"
#include "tests/root/vm.h"

#define TSS_C 0x106000u /* its page in the image */
#define BASE  0x100000u

/* What the guest says, in order */
static const uint32_t report[] = {
	/* A: EAX of its TSS, TR, NT, what its tables alone reach, main not busy, DR7 */
	0xa5a5a5a5, 0x20, 0, 0xa11a5, 0x89, 0x600,
	/* its CR3: put in by the test */
	0,
	/* main again: EBX, TR, TS, A not busy */
	0x11111111, 0x18, 8, 0x89,
	/* B: EBP, DS from its LDT, NT, main busy; main: ECX, the link, B not busy, itself busy */
	0xb0b0, 0x0c, 0x4000, 0x8b, 2, 0x18, 0x89, 0x8b,
	/* and again */
	0xb0b1, 0x0c, 0x4000, 0x8b, 1, 0x18, 0x89, 0x8b,
	/* main's NT */
	0,
	/* C: CS, SS, NT, link */
	0x6b, 0x73, 0x4000, 0x18, 0xc0de0001,
	/* D: error code, ESP behind it, where it was; main goes on with GS unchanged */
	0x7fe8, 0, 0, 0xc0de0002, 0x10,
	/* behind E: ESI, from its TSS */
	0x76543210, 0x76543210,
	/* if there is a late fault: G: error code, link, SS of F; F: SS, NT */
	0x60, 0x48, 0x60, 0x10, 0x4000, 0xc0de0003
};
#define WORDS	   (sizeof(report) / sizeof(report[0]))
#define LATE_WORDS 6
#define A_CR3	   6
#define D_ESP	   34

/* mov eax, BASE; jmp eax */
static const uint8_t start[] = { 0xb8, 0, 0, 0x10, 0, 0xff, 0xe0 };

static uint8_t *ram;
static uint32_t pages;

/* The last page: where the report goes on, what E said, whether to fault late, the report */
static hv_partition_id make(bool late)
{
	hv_partition_id id = guest_new(0, 1);
	size_t n;
	const void *image = guest_image("task", &n);

	pages = (uint32_t)((n + PAGE - 1) / PAGE);
	ram = guest_pages(pages, 1);
	memcpy(ram, image, n);
	ram[(pages - 1) * PAGE + 8] = late;
	guest_start(id, 0, start, sizeof(start));
	return id;
}

static void check(hv_partition_id id, bool late)
{
	uint32_t want = WORDS - (late ? 0 : LATE_WORDS);
	uint64_t at = guest_get64(id, 0, HV_X64_REGISTER_RAX) - BASE;
	uint64_t n = guest_get64(id, 0, HV_X64_REGISTER_RCX);
	uint32_t said[WORDS], e;

	CHECK(at < pages * PAGE - sizeof(said));
	memcpy(said, ram + at, sizeof(said));
	memcpy(&e, ram + at - 8, 4);
	for (uint32_t i = 0; i < want && i < n; i++) {
		/* Addresses are the image's affair: to a page */
		if (i == A_CR3 || i == D_ESP) {
			CHECK(said[i] > BASE && said[i] < BASE + pages * PAGE);
			CHECK_EQ(said[i] % PAGE, 0);
		} else if (said[i] != report[i]) {
			test_fail(__FILE__, __LINE__, "word %u is %x, not %x", (unsigned)i,
				  (unsigned)said[i], (unsigned)report[i]);
		}
	}
	CHECK_EQ(n, want);
	CHECK_EQ(e, 0x7ffc1616);
}

static uint32_t tr_of(hv_partition_id id)
{
	union hv_register_value v;

	CHECK_EQ(guest_get(id, 0, HV_X64_REGISTER_TR, &v), HV_STATUS_SUCCESS);
	return v.segment.selector;
}

/* Of a run that ended elsewhere */
static void check_end(hv_partition_id id, uint32_t type)
{
	const struct hv_x64_memory_intercept_message *m;
	uint32_t next;

	if (type == HVMSG_X64_HALT)
		return;
	m = (const void *)guest_message(id, 0)->payload;
	memcpy(&next, ram + (pages - 1) * PAGE, 4);
	test_fail(__FILE__, __LINE__, "message %x, address %llx, RIP %llx, TR %x, report to %x",
		  (unsigned)type, (unsigned long long)m->guest_physical_address,
		  (unsigned long long)guest_get64(id, 0, HV_X64_REGISTER_RIP), (unsigned)tr_of(id),
		  (unsigned)next);
}

static void run(bool late)
{
	hv_partition_id id = make(late);

	guest_map(id, BASE / PAGE, ram, pages, GUEST_RWX);
	check_end(id, guest_run(id, 0));
	check(id, late);
	guest_delete(id);
}

TEST(guest_task_switch)
{
	run(false);
}

/* Real SVM exits before a switch. QEMU does not, and there is nothing of the core's to test. */
static void needs_exits(void)
{
	if (!hv_calls_by_vmcall())
		test_skip("no exits for task switches");
}

TEST(guest_task_late_fault)
{
	needs_exits();
	run(true);
}

/* Each page comes when it is missed, in the middle of a switch or not. */
TEST(guest_task_page_by_page)
{
	const struct hv_x64_memory_intercept_message *m;
	uint32_t type, brought = 0;
	hv_partition_id id;

	needs_exits();
	id = make(true);
	m = (const void *)guest_message(id, 0)->payload;
	for (;;) {
		uint64_t page;

		type = guest_run(id, 0);
		if (type != HVMSG_UNMAPPED_GPA)
			break;
		page = m->guest_physical_address / PAGE - BASE / PAGE;
		CHECK(page < pages);
		guest_map(id, BASE / PAGE + page, ram + page * PAGE, 1, GUEST_RWX);
		brought++;
	}
	check_end(id, type);
	check(id, true);
	CHECK(brought > 20);
	guest_delete(id);
}

/* NMI or interrupt, as of hardware: HvRegisterPendingInterruption */
static void inject(hv_partition_id id, uint64_t type, uint64_t vector)
{
	guest_set64(id, 0, HV_REGISTER_PENDING_INTERRUPTION, 1 | type << 1 | vector << 16);
}

/* C has run once more, and main behind it. */
static void check_c(hv_partition_id id, uint32_t *at)
{
	static const uint32_t want[] = { 0x6b, 0x73, 0x4000, 0x18, 0xc0de0004 };
	uint32_t said[5];

	check_end(id, guest_run(id, 0));
	memcpy(said, ram + *at, sizeof(said));
	for (uint32_t i = 0; i < 5; i++)
		CHECK_EQ(said[i], want[i]);
	*at += sizeof(said);
	CHECK_EQ(tr_of(id), 0x18);
}

/* Twice an NMI: the IRET that leaves the first one's task lets the second in. */
TEST(guest_task_interrupt)
{
	hv_partition_id id = make(false);
	uint32_t at;

	guest_map(id, BASE / PAGE, ram, pages, GUEST_RWX);
	check_end(id, guest_run(id, 0));
	at = (pages - 1) * PAGE + 12 + 4 * (WORDS - LATE_WORDS);
	for (uint32_t i = 0; i < 4; i++) {
		if (i & 1)
			inject(id, 2, 2);
		else
			inject(id, 0, 0x40);
		check_c(id, &at);
	}
	guest_delete(id);
}

/* The new TSS is not there: the event waits for it, and comes once. */
TEST(guest_task_interrupt_absent)
{
	const struct hv_x64_memory_intercept_message *m;
	hv_partition_id id;
	uint32_t at;
	uint64_t gfn;

	needs_exits();
	id = make(false);
	guest_map(id, BASE / PAGE, ram, pages, GUEST_RWX);
	check_end(id, guest_run(id, 0));
	at = (pages - 1) * PAGE + 12 + 4 * (WORDS - LATE_WORDS);
	m = (const void *)guest_message(id, 0)->payload;
	for (uint32_t i = 0; i < 2; i++) {
		gfn = TSS_C / PAGE;
		CHECK_EQ(guest_unmap(id, gfn, 1, 0, NULL), HV_STATUS_SUCCESS);
		inject(id, i ? 2 : 0, i ? 2 : 0x40);
		CHECK_EQ(guest_run(id, 0), HVMSG_UNMAPPED_GPA);
		CHECK_EQ(m->guest_physical_address / PAGE, gfn);
		CHECK_EQ(tr_of(id), 0x18);
		guest_map(id, gfn, ram + gfn * PAGE - BASE, 1, GUEST_RWX);
		check_c(id, &at);
	}
	guest_delete(id);
}
