/* SPDX-License-Identifier: MIT */
/* Kicks and flushes: who is kicked, in which order, and that the wait ends when it must. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_arch.h"
#include "kernel/smp.h"

static struct slat s, other;
static void (*on_kick)(struct percpu *cpu);
static uint32_t kicked[FAKE_CPUS];

static void clears_itself(struct percpu *cpu)
{
	(void)cpu;
}

void arch_kick(struct percpu *cpu)
{
	kicked[cpu->index]++;
	/* Marked first: the NMI that arrives knows whose it is. Only the CPU itself clears it. */
	if (on_kick != clears_itself)
		assert_int_equal(atomic_load(&cpu->kick), 1);
	on_kick(cpu);
}

static void leaves(struct percpu *cpu)
{
	atomic_store(&cpu->running, NULL);
}

/* Out and in again before anybody looked: only the count shows it. */
static void comes_back(struct percpu *cpu)
{
	(void)atomic_add(&cpu->exit_count, 1);
}

static void moves_on(struct percpu *cpu)
{
	atomic_store(&cpu->running, &other);
}

static int begin(void **state)
{
	(void)state;
	fake_reset();
	memset(&s, 0, sizeof(s));
	memset(kicked, 0, sizeof(kicked));
	on_kick = leaves;
	return 0;
}

static void test_nobody(void **state)
{
	(void)state;
	smp_flush_slat(&s);
	smp_flush_slat(&s);
	assert_int_equal(s.generation, 2);
	assert_int_equal(percpu_self.counters[COUNT_FLUSHES], 2);
	for (uint32_t i = 0; i < FAKE_CPUS; i++) {
		assert_int_equal(kicked[i], 0);
		assert_int_equal(percpu_table[i]->kick, 0);
	}
}

static void new_generation(struct percpu *cpu)
{
	/* Bumped before anybody is looked at: an entry that was not seen sees it. */
	assert_int_equal(s.generation, 1);
	leaves(cpu);
}

static void test_who(void **state)
{
	(void)state;
	on_kick = new_generation;
	percpu_self.running = &s; /* this CPU is in the core: it needs no kick */
	fake_other_cpus[0].running = &s;
	fake_other_cpus[1].running = &other;
	fake_other_cpus[2].running = &s;
	fake_other_cpus[2].online = 0;
	smp_flush_slat(&s);
	assert_int_equal(kicked[0], 0);
	assert_int_equal(kicked[1], 1);
	assert_int_equal(kicked[2], 0);
	assert_int_equal(kicked[3], 0);
	assert_int_equal(percpu_self.kick, 0);
	assert_int_equal(fake_other_cpus[1].kick, 0);
	assert_ptr_equal(fake_other_cpus[1].running, &other);
}

/* Hardware that does it by itself: nobody has to leave, and a new generation is made all the same.
 */
static void test_by_hardware(void **state)
{
	(void)state;
	fake_flush_done = true;
	for (uint32_t i = 0; i < FAKE_CPUS; i++)
		percpu_table[i]->running = &s;
	smp_flush_slat(&s);
	for (uint32_t i = 0; i < FAKE_CPUS; i++) {
		assert_int_equal(kicked[i], 0);
		assert_ptr_equal(percpu_table[i]->running, &s);
	}
	assert_int_equal(s.generation, 1);
	assert_int_equal(percpu_self.counters[COUNT_FLUSHES], 1);
}

/* This CPU need not be the first of the table. */
static void test_self(void **state)
{
	(void)state;
	percpu_self.index = 2;
	fake_other_cpus[1].index = 0;
	percpu_table[0] = &fake_other_cpus[1];
	percpu_table[2] = &percpu_self;
	for (uint32_t i = 0; i < FAKE_CPUS; i++)
		percpu_table[i]->running = &s;
	smp_flush_slat(&s);
	assert_int_equal(kicked[2], 0);
	assert_int_equal(kicked[0] + kicked[1] + kicked[3], 3);
	/* CPUs behind the count are none. */
	begin(NULL);
	percpu_count = 2;
	fake_other_cpus[0].running = fake_other_cpus[1].running = &s;
	smp_flush_slat(&s);
	assert_int_equal(kicked[1], 1);
	assert_int_equal(kicked[2], 0);
}

static void test_ways_out(void **state)
{
	void (*const ways[])(struct percpu *) = { leaves, comes_back, moves_on };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(ways); i++) {
		begin(NULL);
		on_kick = ways[i];
		fake_other_cpus[2].running = &s;
		smp_kick_wait(&fake_other_cpus[2], &s);
		assert_int_equal(kicked[3], 1);
		/* Under another slat, or none: not its business. */
		smp_kick_wait(&fake_other_cpus[2], i == 1 ? &other : &s);
		assert_int_equal(kicked[3], 1);
	}
}

/* -- it waits -----------------------------------------------------------------------------------
 */
static uint32_t left_guest, way;

static void *slow_cpu(void *arg)
{
	struct percpu *cpu = arg;

	while (!atomic_load(&cpu->kick))
		sched_yield();
	for (uint32_t i = 0; i < 200; i++)
		sched_yield();
	atomic_store(&left_guest, 1);
	if (way)
		(void)atomic_add(&cpu->exit_count, 1);
	else
		atomic_store(&cpu->running, NULL);
	return NULL;
}

static void no_answer(struct percpu *cpu)
{
	(void)cpu;
}

static void test_wait(void **state)
{
	pthread_t t;

	(void)state;
	for (way = 0; way < 2; way++) {
		begin(NULL);
		on_kick = no_answer;
		left_guest = 0;
		fake_other_cpus[0].running = &s;
		assert_int_equal(pthread_create(&t, NULL, slow_cpu, &fake_other_cpus[0]), 0);
		smp_flush_slat(&s);
		assert_int_equal(atomic_load(&left_guest), 1);
		assert_int_equal(pthread_join(t, NULL), 0);
		/* One kick is enough: it does not go on kicking. */
		assert_int_equal(kicked[1], 1);
	}
}

/* -- the protocol of smp.h, with a CPU that runs a guest -----------------------------------------
 */
static uint32_t page_given, stale, stop, entries;
static uint64_t mapped = 1;

static void *guest_cpu(void *arg)
{
	struct percpu *cpu = arg;
	uint64_t tlb = 0, tlb_generation = 0;

	while (!atomic_load(&stop)) {
		atomic_store(&cpu->kick, 0);
		/* Entry: publish, then look (arch code does the same). */
		(void)atomic_xchg(&cpu->running, &s);
		if (tlb_generation != atomic_load(&s.generation)) {
			tlb_generation = atomic_load(&s.generation);
			tlb = 0;
		}
		for (uint32_t i = 0; i < 50 && !atomic_load(&cpu->kick); i++) {
			/* A guest access: through the TLB, which a walk fills. */
			if (!tlb)
				tlb = atomic_load(&mapped);
			if (tlb && atomic_load(&page_given))
				(void)atomic_add(&stale, 1);
		}
		atomic_store(&cpu->running, NULL);
		(void)atomic_add(&cpu->exit_count, 1);
		(void)atomic_add(&entries, 1);
	}
	return NULL;
}

static void test_protocol(void **state)
{
	pthread_t t;
	uint32_t seen;

	(void)state;
	on_kick = clears_itself; /* the CPU looks at cpu->kick by itself */
	stale = stop = entries = page_given = 0;
	assert_int_equal(pthread_create(&t, NULL, guest_cpu, &fake_other_cpus[0]), 0);
	for (uint32_t i = 0; i < 3000; i++) {
		atomic_store(&mapped, 1);
		seen = atomic_load(&entries);
		while (i % 16 == 0 && atomic_load(&entries) < seen + 2)
			sched_yield();
		/* The mapping goes, then the flush, then the page is somebody else's. */
		atomic_store(&mapped, 0);
		smp_flush_slat(&s);
		atomic_store(&page_given, 1);
		if (i % 8 == 0)
			sched_yield();
		atomic_store(&page_given, 0);
	}
	atomic_store(&stop, 1);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_int_equal(stale, 0);
	assert_true(entries > 0);
}

#define TEST(f) cmocka_unit_test_setup(f, begin)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nobody),   TEST(test_who),  TEST(test_by_hardware), TEST(test_self),
		TEST(test_ways_out), TEST(test_wait), TEST(test_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
