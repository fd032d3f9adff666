/* SPDX-License-Identifier: MIT */
/*
 * The main job: a guest hashes the input file on two VPs; in the middle both are taken apart
 * through the WHv API, put into a new partition, and finish there. As a negative control any one
 * category of state can be left out of the restore: then the guest has to name it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/root/job.h"
#include "tests/root/save.h"

#include <job_arch.h>

#define QUANTUM_US 3000u
#define LIMIT_S	   20u

enum runner_state { RUNNING, STOPPED, DONE, WRONG, BROKEN };

struct runner {
	struct vm *vm;
	uint32_t vp;
	enum runner_state state;
	uint32_t category;
	uint64_t until; /* root_clock(): cancel then */
};

static struct runner runners[JOB_VPS];
static struct saved_vp saved[JOB_VPS];
static volatile bool stop_all;
static volatile uint64_t stop_at; /* root_clock(), 0: not yet */
static uint64_t stop_blocks, limit, seed;
static bool verbose, paged, revoke;
static uint64_t pages_brought, pages_taken;
static const char *wrong; /* the first category that was named */

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

static void blame(const char *what)
{
	if (!wrong)
		wrong = what;
}

static uint64_t random_next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t us(uint64_t n)
{
	return n * (boot_info->tsc_hz / 1000) / 1000;
}

static struct job_shared *shared(struct vm *vm)
{
	return (struct job_shared *)(void *)(vm->ram + JOB_SHARED);
}

/* A page of the guest's goes away, whoever uses it just now. */
static void revoke_one(struct vm *vm, uint64_t now)
{
	static const struct {
		uint32_t first, pages;
	} areas[] = { JOB_AREAS };
	uint32_t a = (uint32_t)(now / 7 % (sizeof(areas) / sizeof(areas[0])));
	uint64_t gpa = areas[a].first + now / 97 % areas[a].pages * PAGE;

	if (WHvUnmapGpaRange(vm->p, gpa, PAGE) == S_OK)
		__atomic_add_fetch(&pages_taken, 1, __ATOMIC_RELAXED);
}

static void before_dispatch(void *arg)
{
	struct runner *r = arg;
	uint64_t now = root_clock();

	if (revoke)
		revoke_one(r->vm, now);

	if (stop_at && now >= stop_at)
		stop_all = true;
	if (stop_all || now >= r->until)
		(void)WHvCancelRunVirtualProcessor(r->vm->p, r->vp, 0);
}

/* One exit. True: run on. */
static bool handle(struct runner *r, const WHV_RUN_VP_EXIT_CONTEXT *c)
{
	enum job_said what;
	uint64_t value;

	if (c->ExitReason == WHvRunVpExitReasonCanceled)
		return false;
	if (!job_heard(r->vm, r->vp, c, &what, &value)) {
		if (paged && job_missing(c) && vm_map_page(r->vm, c->MemoryAccess.Gpa)) {
			__atomic_add_fetch(&pages_brought, 1, __ATOMIC_RELAXED);
			return true;
		}
		say("    VP %u: exit %x at %llx, GPA %llx\n", (unsigned)r->vp,
		    (unsigned)c->ExitReason, (unsigned long long)job_pc(c),
		    job_missing(c) ? (unsigned long long)c->MemoryAccess.Gpa : 0);
		r->state = BROKEN;
		return false;
	}
	switch (what) {
	case JOB_SAID_PROGRESS:
		if (stop_blocks && value >= stop_blocks && !stop_at)
			stop_at = root_clock() + us(random_next() % 4000);
		break;
	case JOB_SAID_WRONG:
		r->state = WRONG;
		r->category = (uint32_t)value;
		return false;
	default:
		r->state = DONE;
		return false;
	}
	if (!vm_skip(r->vm, r->vp, c)) {
		r->state = BROKEN;
		return false;
	}
	return true;
}

static void run(struct runner *r)
{
	WHV_RUN_VP_EXIT_CONTEXT c;

	whv_metal_before_dispatch(this_cpu()->index, before_dispatch, r);
	do {
		if (!ok("WHvRunVirtualProcessor",
			WHvRunVirtualProcessor(r->vm->p, r->vp, &c, sizeof(c)))) {
			r->state = BROKEN;
			break;
		}
	} while (handle(r, &c));
	whv_metal_before_dispatch(this_cpu()->index, NULL, NULL);
	if (stop_all && r->state == RUNNING)
		r->state = STOPPED;
}

/* This CPU's share of the VPs, in turns of a quantum, until all have stopped. */
static void run_share(void *arg)
{
	uint32_t first = (uint32_t)(uintptr_t)arg, step = cpu_count < JOB_VPS ? cpu_count : JOB_VPS;
	bool any;

	job_tick(true);
	do {
		any = false;
		for (uint32_t i = first; i < JOB_VPS; i += step) {
			struct runner *r = &runners[i];

			if (r->state != RUNNING)
				continue;
			any = true;
			r->until = step < JOB_VPS ? root_clock() + us(QUANTUM_US) : ~0ull;
			if (root_clock() >= limit) {
				printf("    VP %u: no end in %u s\n", (unsigned)i, LIMIT_S);
				r->state = BROKEN;
				break;
			}
			if (r->until > limit)
				r->until = limit;
			run(r);
		}
		/* What ends one VP for good ends the other's run too. */
		if (any)
			for (uint32_t i = 0; i < JOB_VPS; i++)
				if (runners[i].state == WRONG || runners[i].state == BROKEN)
					stop_all = true;
	} while (any);
	job_tick(false);
}

static void run_all(struct vm *vm)
{
	uint32_t cpus_used = cpu_count < JOB_VPS ? cpu_count : JOB_VPS;

	stop_all = false;
	stop_at = 0;
	limit = root_clock() + us(LIMIT_S * 1000000ull);
	for (uint32_t i = 0; i < JOB_VPS; i++)
		runners[i] = (struct runner){ .vm = vm, .vp = i, .state = RUNNING };
	for (uint32_t i = 1; i < cpus_used; i++)
		cpu_run(i, run_share, (void *)(uintptr_t)i);
	run_share(NULL);
	for (uint32_t i = 1; i < cpus_used; i++)
		cpu_join(i);
}

static const char *category_name(uint32_t c)
{
#define JOB_NAME(e, name) name,
	static const char *const names[] = { JOB_CATEGORIES(JOB_NAME) };
#undef JOB_NAME

	return c < JOB_CATEGORY_COUNT ? names[c] : "?";
}

/* Did the guest's VPs end as they should? Names what is wrong if not. */
static bool judge(const struct vm *vm, enum runner_state want)
{
	const struct job_shared *s = (const void *)(vm->ram + JOB_SHARED);
	bool good = true;

	for (uint32_t i = 0; i < JOB_VPS; i++) {
		const struct runner *r = &runners[i];

		if (r->state == want)
			continue;
		good = false;
		if (r->state == WRONG) {
			say("VP %u: %s is wrong", (unsigned)i, category_name(r->category));
			if (s->vp[i].trap)
				say(", exception %llx at %llx", (unsigned long long)s->vp[i].trap,
				    (unsigned long long)s->vp[i].pc);
			say("\n");
			blame(category_name(r->category));
		} else if (r->state == BROKEN) {
			say("VP %u: no way on\n", (unsigned)i);
			blame("registers");
		} else if (r->state == DONE) {
			say("VP %u was done before it was saved\n", (unsigned)i);
			blame("instant");
		}
	}
	return good;
}

static void prepare(struct vm *vm, uint64_t size)
{
	struct job_shared *s = shared(vm);

	memset(s, 0, sizeof(*s));
	memcpy(vm->ram + JOB_INPUT, (const void *)boot_info->root_file, size);
	s->input = JOB_INPUT;
	s->size = size;
	s->slice = size / 64 / JOB_SLICES + 1;
	job_prepare(s);
	stop_blocks = size / 64 * (20 + random_next() % 60) / 100 + 1;
}

static uint64_t ms_since(uint64_t start)
{
	return (root_clock() - start) / (boot_info->tsc_hz / 1000);
}

static bool save_all(struct vm *vm, uint64_t *ref)
{
	uint32_t size;

	if (!ok("WHvSuspendPartitionTime", WHvSuspendPartitionTime(vm->p)))
		return false;
	for (uint32_t i = 0; i < JOB_VPS; i++) {
		if (!save_vp(vm, i, &saved[i]))
			return false;
		say("  VP %u saved at block %llu of %llu:\n", (unsigned)i,
		    (unsigned long long)shared(vm)->vp[i].blocks,
		    (unsigned long long)shared(vm)->size / 64);
		if (verbose)
			save_print(&saved[i]);
	}
	return ok("reference time",
		  WHvGetPartitionProperty(vm->p, WHvPartitionPropertyCodeReferenceTime, ref,
					  sizeof(*ref), &size));
}

static bool restore_all(struct vm *vm, uint64_t ref, const char *skip)
{
	enum save_category c = SAVE_CATEGORIES;

	for (uint32_t i = 0; skip && i < SAVE_CATEGORIES; i++)
		if (!strcmp(skip, save_name((enum save_category)i)))
			c = (enum save_category)i;
	if (skip && c == SAVE_CATEGORIES && strcmp(skip, "reference-time")) {
		printf("  skip=%s: no such category\n", skip);
		return false;
	}
	if (skip)
		say("  %s is left out\n", skip);
	if (!ok("WHvSuspendPartitionTime", WHvSuspendPartitionTime(vm->p)))
		return false;
	if ((!skip || c != SAVE_CATEGORIES) &&
	    !ok("reference time",
		WHvSetPartitionProperty(vm->p, WHvPartitionPropertyCodeReferenceTime, &ref,
					sizeof(ref))))
		return false;
	for (uint32_t i = 0; i < JOB_VPS; i++) {
		if (!restore_vp(vm, i, &saved[i], c))
			return false;
		/* The first VP's registers left at reset say little about a second that waits for
		 * SIPI. */
		if (c == SAVE_REGISTERS)
			(void)vm_set(vm, i, WHvRegisterInternalActivityState, 0);
	}
	return true;
}

static bool print_digests(struct vm *vm)
{
	const struct job_shared *s = shared(vm);

	for (uint32_t i = 0; i < JOB_VPS; i++) {
		say("JOB SHA256 ");
		for (uint32_t k = 0; k < 8; k++)
			say("%08x", (unsigned)s->vp[i].digest[k]);
		say(" of %llu bytes, VP %u: ", (unsigned long long)s->size, (unsigned)i);
		job_say_vp(&s->vp[i], say);
		if (memcmp(s->vp[i].digest, s->vp[0].digest, sizeof(s->vp[0].digest)))
			blame("digest");
	}
	return !wrong;
}

/* The same memory behind other pages: nothing is kept by accident. */
static uint8_t *copy_ram(struct vm *vm)
{
	uint8_t *copy = pages_alloc(vm->size / PAGE, 512);

	if (!copy) {
		printf("  no memory for the copy\n");
		return NULL;
	}
	memcpy(copy, vm->ram, vm->size);
	return copy;
}

static bool create(struct vm *vm, uint8_t *ram)
{
	return paged ? vm_create_absent(vm, JOB_VPS, JOB_RAM, ram)
		     : vm_create(vm, JOB_VPS, JOB_RAM, ram);
}

static bool two_lives(struct vm *vm, const char *skip, uint64_t start)
{
	uint64_t size = boot_info->root_file_size, ref = 0, s0;
	uint8_t *copy;

	size -= size > 4096 ? seed % 64 : 0;
	if (!create(vm, NULL) || !vm_load(vm, "job"))
		return false;
	prepare(vm, size);
	for (uint32_t i = 0; i < JOB_VPS; i++)
		if (!vm_start(vm, i, JOB_STACK_TOP - 0x10000 * i, i, JOB_SHARED))
			return false;
	say("[%5llu ms] a partition with %u VPs and %u MiB hashes %llu bytes\n",
	    (unsigned long long)ms_since(start), JOB_VPS, JOB_RAM >> 20, (unsigned long long)size);
	run_all(vm);
	if (!judge(vm, STOPPED))
		return false;
	s0 = root_clock();
	if (!save_all(vm, &ref))
		return false;
	copy = copy_ram(vm);
	if (!copy || !vm_delete(vm, false))
		return false;
	say("[%5llu ms] saved, and the partition deleted\n", (unsigned long long)ms_since(start));
	if (!create(vm, copy))
		return false;
	vm->own_ram = true;
	if (!restore_all(vm, ref, skip))
		return false;
	say("[%5llu ms] restored into a new partition (%llu ms after the stop)\n",
	    (unsigned long long)ms_since(start), (unsigned long long)ms_since(s0));
	stop_blocks = 0;
	run_all(vm);
	return judge(vm, DONE) && print_digests(vm);
}

static const char *once(uint64_t with_seed, const char *skip, bool aloud)
{
	uint64_t start = root_clock();
	struct vm vm = { 0 };
	bool good;

	verbose = aloud;
	wrong = NULL;
	whv_metal_init();
	job_tick_init();
	seed = with_seed * 0x9e3779b97f4a7c15ull;
	if (seed)
		(void)random_next();
	good = two_lives(&vm, skip, start);
	if (!vm_delete(&vm, false))
		good = false;
	if (!good)
		blame("job");
	say("[%5llu ms] JOB END %s\n", (unsigned long long)ms_since(start), good ? "good" : "bad");
	return wrong;
}

const char *job_once(uint64_t with_seed, const char *skip, bool aloud)
{
	const char *w = once(with_seed, skip, aloud);

	/* An exit at an address that is none: QEMU's second #VMEXIT (docs/tests.md). Once more. */
	if (w && !strcmp(w, "registers") && (!skip || strcmp(skip, "registers"))) {
		printf("  job, seed %llu: the guest ended astray: AGAIN\n",
		       (unsigned long long)with_seed);
		w = once(with_seed, skip, aloud);
	}
	return w;
}

const char *job_paged(uint64_t with_seed, bool take_away)
{
	const char *w;

	paged = true;
	revoke = take_away;
	pages_brought = pages_taken = 0;
	w = job_once(with_seed, NULL, false);
	paged = revoke = false;
	/* Less than this, and the test did not do what it says. */
	if (!w && (pages_brought < 20 || (take_away && pages_taken < 20)))
		return "too few pages moved";
	return w;
}

bool job_run(void)
{
	if (!boot_info->root_file_size || boot_info->root_file_size > JOB_RAM - JOB_INPUT) {
		printf("job: root_file in quoin.cfg must have 1 byte to %u MiB\n",
		       (JOB_RAM - JOB_INPUT) >> 20);
		return false;
	}
	return !job_once(option_number("seed", 0), NULL, true);
}
