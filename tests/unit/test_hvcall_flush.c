/* SPDX-License-Identifier: MIT */
/*
 * HvCallFlushVirtualAddressSpace, ...List and their Ex forms: fields, flags, reps; whom the word
 * reaches, who is kicked, and that the call returns when nobody uses an old translation, no sooner
 * and no later.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "fake_hcall.h"

#define SPACE	  HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE
#define LIST	  HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST
#define SPACE_EX  HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX
#define LIST_EX	  HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX
#define ALL_CPUS  HV_FLUSH_ALL_PROCESSORS
#define ALL_SPACE HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES
#define NON_GLOB  HV_FLUSH_NON_GLOBAL_MAPPINGS_ONLY
#define EXTENDED  HV_FLUSH_USE_EXTENDED_RANGE_FORMAT

struct in {
	struct hv_input_flush_virtual_address_space head;
	uint64_t list[4];
};
struct in_ex {
	struct hv_input_flush_virtual_address_space_ex head;
	uint64_t rest[6]; /* banks, then ranges */
};

static struct vp *vp1, *vp63;
static struct slat other;

static int setup(void **state)
{
	if (hcall_setup(state) || !guest_page() || vp_create(child, 1) != OK ||
	    vp_create(child, 63) != OK)
		return -1;
	vp1 = vp_find(child, 1);
	vp63 = vp_find(child, 63);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	fake_forget();
	fake_hook = NULL;
	for (uint32_t i = 0; i < FAKE_CPUS - 1; i++) {
		fake_other_cpus[i].running = NULL;
		fake_other_cpus[i].kick = 0;
	}
	vp1->owner = vp63->owner = VP_IDLE;
	vp1->cpu = vp63->cpu = ~0u;
	child_vp->owner = VP_RUNNING;
	child_vp->cpu = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	child_vp->owner = vp1->owner = vp63->owner = VP_IDLE;
	return 0;
}

static uint64_t told(void)
{
	uint64_t got = 0;

	for (uint32_t i = 0; i < PARTITION_MAX_VPS; i++) {
		struct vp *vp = vp_find(child, i);

		if (!vp)
			continue;
		assert_true(vp->mail == 0 || vp->mail == VP_MAIL_FLUSH);
		if (vp->mail)
			got |= BIT(i);
		vp->mail = 0;
	}
	return got;
}

static uint16_t space(uint64_t flags, uint64_t mask)
{
	return guest_hcall(SPACE, &(struct in){ { 0x1000, flags, mask }, { 0 } }, 24);
}

static uint16_t list(uint64_t flags, uint64_t mask, uint32_t reps, uint32_t start)
{
	/* Ranges: 1 page, 4096 pages, beyond any address space */
	return guest_hcall(
		LIST | REPS(reps) | START(start),
		&(struct in){ { 0x1000, flags, mask }, { 0x2000, 0x2fff, 1ull << 63, 0 } }, 56);
}

static void test_whom(void **state)
{
	(void)state;
	assert_int_equal(space(0, 2), OK);
	assert_int_equal(told(), 2);
	assert_int_equal(space(ALL_SPACE, 1), OK); /* itself: before its own next entry */
	assert_int_equal(told(), 1);
	assert_int_equal(space(NON_GLOB, 0), OK);
	assert_int_equal(told(), 0);
	assert_int_equal(space(0, ~0ull), OK);
	assert_int_equal(told(), 1ull << 63 | 3);
	assert_int_equal(space(0, 0x7ffffffffffffffcull), OK); /* nobody */
	assert_int_equal(told(), 0);
	assert_int_equal(space(ALL_CPUS, 2), OK); /* the mask is ignored */
	assert_int_equal(told(), 1ull << 63 | 3);
	assert_int_equal(fake_count(FAKE_KICK, NULL), 0);
}

static void test_flags(void **state)
{
	uint64_t all = child->privileges;

	(void)state;
	for (uint32_t b = 0; b < 64; b++) {
		uint16_t want = b < 3 ? OK : HV_STATUS_INVALID_PARAMETER;

		assert_int_equal(space(BIT(b), 2), want);
		assert_int_equal(told() & 2, want == OK ? 2 : 0);
		/* Global or not makes no sense for a list; the format of its ranges does */
		want = b < 2 || b == 3 ? OK : HV_STATUS_INVALID_PARAMETER;
		assert_int_equal(list(BIT(b), 2, 2, 0), want);
		assert_int_equal(hcall_done, want == OK ? 2 : 0);
		assert_int_equal(told() & 2, want == OK ? 2 : 0);
	}
	child->privileges = all & ~PARTITION_FEATURE_EXTENDED_GVA;
	assert_int_equal(list(EXTENDED, 2, 1, 0), HV_STATUS_INVALID_PARAMETER);
	child->privileges = all;
	assert_int_equal(told(), 0);
}

static void test_reps(void **state)
{
	(void)state;
	for (uint32_t n = 1; n <= 3; n++)
		for (uint32_t at = 0; at < n; at++) {
			assert_int_equal(list(0, 2, n, at), OK);
			assert_int_equal(hcall_done, n);
			assert_int_equal(told(), 2);
		}
	/* As many as a page holds, and one more */
	assert_int_equal(list(0, 2, (PAGE_SIZE - 24) / 8, 7), OK);
	assert_int_equal(hcall_done, (PAGE_SIZE - 24) / 8);
	assert_int_equal(told(), 2);
	assert_int_equal(list(0, 2, (PAGE_SIZE - 24) / 8 + 1, 0),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	/* An error has done nothing, wherever it started */
	assert_int_equal(list(NON_GLOB, 2, 3, 1), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(hcall_done, 1);
	/* The parser's: no list, lists where there is none, no fast form of 24 bytes */
	assert_int_equal(list(0, 2, 0, 0), HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(guest_hcall(SPACE | REPS(1), "", 1), HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(guest_hcall(SPACE | VAR(1), "", 1), HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(guest_hcall(SPACE | HV_HYPERCALL_FAST, "", 1),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(guest_hcall(LIST | REPS(1) | HV_HYPERCALL_FAST, "", 1),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(told(), 0);
}

static uint16_t ex(uint64_t code, uint64_t flags, uint64_t format, uint64_t mask, uint64_t bank,
		   uint32_t banks)
{
	struct in_ex in = { { 0, flags, { format, mask } }, { bank, 0, 0 } };

	return guest_hcall(code | VAR(banks) | (code == LIST_EX ? REPS(2) : 0), &in, sizeof(in));
}

static void test_ex(void **state)
{
	static const uint64_t codes[] = { SPACE_EX, LIST_EX };

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t c = codes[i];

		assert_int_equal(ex(c, 0, HV_GENERIC_SET_SPARSE_4K, 1, 2, 1), OK);
		assert_int_equal(hcall_done, i ? 2 : 0);
		assert_int_equal(told(), 2);
		assert_int_equal(ex(c, ALL_SPACE, HV_GENERIC_SET_SPARSE_4K, 3, 1ull << 63, 2), OK);
		assert_int_equal(told(), 1ull << 63);
		assert_int_equal(ex(c, 0, HV_GENERIC_SET_ALL, 0, 0, 0), OK);
		assert_int_equal(told(), 1ull << 63 | 3);
		assert_int_equal(ex(c, 0, HV_GENERIC_SET_SPARSE_4K, 0, 0, 0), OK);
		assert_int_equal(told(), 0);
		/* With all processors nobody looks at the set */
		assert_int_equal(ex(c, ALL_CPUS, 7, 5, 1, 1), OK);
		assert_int_equal(told(), 1ull << 63 | 3);
		assert_int_equal(ex(c, 0, 2, 1, 2, 1), HV_STATUS_INVALID_PARAMETER);
		assert_int_equal(ex(c, 0, 0, 3, 2, 1), HV_STATUS_INVALID_HYPERCALL_INPUT);
		assert_int_equal(ex(c, 0, 0, 2, 2, 1), HV_STATUS_INVALID_VP_INDEX);
		assert_int_equal(hcall_done, 0);
		assert_int_equal(ex(c, 0x10, 0, 1, 2, 1), HV_STATUS_INVALID_PARAMETER);
		assert_int_equal(ex(c, NON_GLOB, 0, 1, 2, 1), i ? HV_STATUS_INVALID_PARAMETER : OK);
		assert_int_equal(told(), i ? 0 : 2);
		assert_int_equal(ex(c, EXTENDED, 0, 1, 2, 1), i ? OK : HV_STATUS_INVALID_PARAMETER);
		assert_int_equal(told(), i ? 2 : 0);
	}
}

/* A partition that is not offered the calls does not have them, nor does the root. */
static void test_offered(void **state)
{
	uint64_t all = child->privileges;
	struct in in = { { 0, 0, 2 }, { 0 } };

	(void)state;
	child->privileges = all & ~PARTITION_FEATURE_EX_MASKS;
	assert_int_equal(ex(SPACE_EX, 0, 1, 0, 0, 0), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(ex(LIST_EX, 0, 1, 0, 0, 0), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(space(0, 1), OK);
	assert_int_equal(list(0, 1, 1, 0), OK);
	assert_int_equal(told(), 1);
	child->privileges = all & ~PARTITION_FEATURE_TB_FLUSH;
	assert_int_equal(ex(SPACE_EX, 0, 1, 0, 0, 0), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(ex(LIST_EX, 0, 1, 0, 0, 0), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(space(0, 1), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(list(0, 1, 1, 0), HV_STATUS_ACCESS_DENIED);
	child->privileges = all;
	assert_int_equal(hcall(SPACE, &in, sizeof(in)), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(told(), 0);
}

/* -- who is waited for --------------------------------------------------------------------------
 */

static struct percpu *const cpu1 = &fake_other_cpus[0];

static void in_guest(struct vp *vp, struct percpu *cpu)
{
	vp->owner = VP_RUNNING;
	vp->cpu = cpu->index;
	cpu->running = &child->slat;
}

/* Each a reason to go on, without which the call would wait for ever. */
static void leaves(const struct fake_note *n)
{
	assert_int_equal(n->call, FAKE_KICK);
	assert_ptr_equal(n->obj, cpu1);
	assert_int_equal(cpu1->kick, 1);
	assert_int_equal(vp1->mail, VP_MAIL_FLUSH); /* left before anybody is looked at */
	assert_int_equal(vp63->mail, 0);
	atomic_store(&cpu1->running, NULL);
}

static void runs_another(const struct fake_note *n)
{
	(void)n;
	atomic_store(&cpu1->running, &other);
}

/* In again with the word taken: as an entry that has turned back and then been made */
static void takes_it(const struct fake_note *n)
{
	(void)n;
	atomic_store(&vp1->mail, 0);
}

static void is_let_go(const struct fake_note *n)
{
	(void)n;
	atomic_store(&vp1->owner, VP_IDLE);
}

static void moves(const struct fake_note *n)
{
	(void)n;
	atomic_store(&vp1->cpu, 2);
}

static void test_kicked(void **state)
{
	static void (*const hooks[])(const struct fake_note *) = { leaves, runs_another, takes_it,
								   is_let_go, moves };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(hooks); i++) {
		in_guest(vp1, cpu1);
		fake_forget();
		fake_hook = hooks[i];
		assert_int_equal(space(0, 1ull << 63 | 3), OK);
		fake_hook = NULL;
		assert_int_equal(fake_count(FAKE_KICK, cpu1), 1);
		assert_int_equal(fake_count(FAKE_KICK, NULL), 1);
		vp1->mail = 0;
		(void)told();
	}
}

static void test_not_kicked(void **state)
{
	(void)state;
	/* In the core of its CPU: it looks at its mail on the way in */
	in_guest(vp1, cpu1);
	cpu1->running = NULL;
	assert_int_equal(space(0, 2), OK);
	/* Its CPU runs another's VP; one exit too many, and nobody waits for it */
	cpu1->running = &other;
	assert_int_equal(space(0, 2), OK);
	assert_int_equal(fake_count(FAKE_KICK, cpu1), 1);
	/* Held by a call, or on its way to its first entry */
	cpu1->running = &child->slat;
	vp1->owner = VP_ACCESSED;
	assert_int_equal(space(0, 2), OK);
	vp1->owner = VP_RUNNING;
	vp1->cpu = ~0u;
	assert_int_equal(space(0, 2), OK);
	assert_int_equal(fake_count(FAKE_KICK, NULL), 1);
	assert_int_equal(told(), 2);
}

static uint32_t gone;

static void *late(void *arg)
{
	(void)arg;
	while (!atomic_load(&cpu1->kick))
		sched_yield();
	usleep(20000);
	atomic_store(&gone, 1);
	/* Out and in again before anybody looked: the count shows it */
	(void)atomic_add(&cpu1->exit_count, 1);
	return NULL;
}

/* The call has not returned before the other CPU has left. */
static void test_waits(void **state)
{
	pthread_t t;

	(void)state;
	in_guest(vp1, cpu1);
	gone = 0;
	assert_int_equal(pthread_create(&t, NULL, late, NULL), 0);
	assert_int_equal(list(0, 2, 1, 0), OK);
	assert_int_equal(atomic_load(&gone), 1);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_int_equal(told(), 2);
}

/* The partition is held meanwhile, so nobody deletes a VP of it. */
static void deletes(const struct fake_note *n)
{
	if (n->call != FAKE_KICK)
		return;
	assert_int_equal(child->users, 1);
	assert_ptr_equal(partition_get(&fake_root, child->id), child);
	assert_int_equal(vp_delete(child, 63), HV_STATUS_OBJECT_IN_USE);
	partition_put(child);
	atomic_store(&cpu1->running, NULL);
}

static void test_held(void **state)
{
	(void)state;
	in_guest(vp1, cpu1);
	fake_hook = deletes;
	assert_int_equal(space(0, 1ull << 63 | 2), OK);
	assert_int_equal(fake_count(FAKE_KICK, NULL), 1);
	assert_ptr_equal(vp_find(child, 63), vp63);
	assert_int_equal(told(), 1ull << 63 | 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whom),       TEST(test_flags),   TEST(test_reps),
		TEST(test_ex),	       TEST(test_offered), TEST(test_kicked),
		TEST(test_not_kicked), TEST(test_waits),   TEST(test_held),
	};

	return cmocka_run_group_tests(tests, setup, hcall_teardown);
}
