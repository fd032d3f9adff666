/* SPDX-License-Identifier: MIT */
/* Virtual processors of the neutral kernel: life, owner, mailbox, dispatch, registers, state. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hv/vp_state.h>

#include "fake_root.h"
#include "hvapi/msr.h"

#define OK     HV_STATUS_SUCCESS
#define NO_MEM HV_STATUS_INSUFFICIENT_MEMORY
#define MEM    (uint64_t)(ROOT_FREE + 4 * LARGE_PAGES)

static struct partition *child;

/* -- synthetic MSRs: one that works, one that faults ------------------------------------------- */
#define MSR_GOOD   0x40000001u
#define MSR_HUNGRY 0x40000003u
#define MSR_BAD	   0x40000002u
#define REG_GOOD   0x91000u
#define REG_BAD	   0x91001u
#define REG_HUNGRY 0x91002u
static uint64_t msr_value;
static uint16_t raised;

uint32_t hv_register_msr(uint32_t name)
{
	return name == REG_GOOD	    ? MSR_GOOD
	       : name == REG_BAD    ? MSR_BAD
	       : name == REG_HUNGRY ? MSR_HUNGRY
				    : 0;
}

enum hv_msr_result hv_msr_read(struct vp *vp, uint32_t msr, uint64_t *v)
{
	(void)vp;
	*v = msr_value;
	return msr == MSR_GOOD ? HV_MSR_OK : HV_MSR_FAULT;
}

enum hv_msr_result hv_msr_write(struct vp *vp, uint32_t msr, uint64_t v)
{
	(void)vp;
	if (msr != MSR_GOOD)
		return msr == MSR_HUNGRY ? HV_MSR_NO_MEMORY : HV_MSR_UNKNOWN;
	msr_value = v;
	return HV_MSR_OK;
}

void hv_raise_sints(struct vp *vp, uint16_t mask)
{
	(void)vp;
	raised |= mask;
}

/* -- fixtures -----------------------------------------------------------------------------------
 */
static int begin(void **state)
{
	(void)state;
	fake_hook = NULL;
	fake_vp_init_pages = 2;
	fake_vp_init_status = OK;
	fake_vp_exit = VP_EXIT_INTERRUPT;
	percpu_self.index = 0;
	for (uint32_t i = 0; i < FAKE_CPUS; i++) {
		percpu_table[i]->kick = 0;
		percpu_table[i]->running = NULL;
	}
	child = fake_child(ROOT_FREE, 48);
	fake_forget();
	return 0;
}

static int finish(void **state)
{
	(void)state;
	fake_hook = NULL;
	return fake_child_end(child) == OK && !fake_root_missing() ? 0 : -1;
}

static struct vp *make(uint32_t index)
{
	struct vp *vp;

	assert_int_equal(vp_create(child, index), OK);
	vp = vp_find(child, index);
	assert_non_null(vp);
	return vp;
}

/* Leave n pages in the pool. */
static uint32_t shrink(uint64_t n, void **out)
{
	uint32_t taken = 0;

	while (child->pool.free_count > n)
		out[taken++] = pool_alloc(&child->pool);
	return taken;
}

static void grow(void **pages, uint32_t n)
{
	while (n)
		pool_free(&child->pool, pages[--n]);
}

/* -- life ---------------------------------------------------------------------------------------
 */
static void test_create(void **state)
{
	uint64_t before = child->pool.free_count;
	struct vp *vp;

	(void)state;
	assert_null(vp_find(child, 0));
	vp = make(5);
	assert_ptr_equal(vp->partition, child);
	assert_int_equal(vp->index, 5);
	assert_int_equal(vp->owner, VP_IDLE);
	assert_int_equal(child->vp_count, 1);
	assert_int_equal(child->pool.free_count, before - 1 - 6 - fake_vp_init_pages);
	assert_non_null(vp->synic);
	assert_non_null(vp->stimers);
	assert_non_null(vp->message_page);
	assert_non_null(vp->register_page);
	for (uint32_t i = 0; i < VP_OVERLAYS; i++)
		assert_non_null(vp->overlay_page[i]);
	/* Reset, once it is whole, and not as by INIT. */
	assert_int_equal(fake_find(FAKE_VP_INIT, vp, 0), 0);
	assert_int_equal(fake_find(FAKE_VP_RESET, vp, 0), 1);
	assert_int_equal(fake_notes[1].arg, 0);
	assert_null(vp_find(child, 0));
	assert_null(vp_find(child, PARTITION_MAX_VPS));
	assert_null(vp_find(child, ~0u));
	/* No second one of the same number, nor one out of range. */
	before = child->pool.free_count;
	assert_int_equal(vp_create(child, 5), HV_STATUS_INVALID_VP_INDEX);
	assert_int_equal(vp_create(child, PARTITION_MAX_VPS), HV_STATUS_INVALID_VP_INDEX);
	assert_int_equal(vp_create(child, HV_VP_INDEX_SELF), HV_STATUS_INVALID_VP_INDEX);
	assert_int_equal(vp_create(child, ~0u), HV_STATUS_INVALID_VP_INDEX);
	assert_int_equal(child->pool.free_count, before);
	assert_ptr_equal(vp_find(child, 5), vp);
	assert_int_equal(vp_create(child, PARTITION_MAX_VPS - 1), OK);
	assert_int_equal(child->vp_count, 2);
	assert_int_equal(child->lock.held, 0);
}

/* Too few pages: all or nothing, at every count. */
static void test_create_no_memory(void **state)
{
	void *out[64];
	uint32_t n;

	(void)state;
	for (uint64_t have = 0; have <= VP_PAGES; have++) {
		n = shrink(have, out);
		assert_int_equal(vp_create(child, 1), NO_MEM);
		assert_int_equal(child->pool.free_count, have);
		assert_null(vp_find(child, 1));
		assert_int_equal(child->vp_count, 0);
		grow(out, n);
	}
	n = shrink(VP_PAGES + 1, out);
	assert_int_equal(vp_create(child, 1), OK);
	/* The stated number of pages is enough for all that a VP takes. */
	assert_int_equal(child->pool.free_count, 0);
	grow(out, n);
	/* The architecture refuses, with pages taken and without. */
	for (fake_vp_init_pages = 0; fake_vp_init_pages < 3; fake_vp_init_pages++) {
		uint64_t before = child->pool.free_count;

		if (vp_find(child, 1))
			assert_int_equal(vp_delete(child, 1), OK), before = child->pool.free_count;
		fake_vp_init_status = HV_STATUS_OPERATION_FAILED;
		assert_int_equal(vp_create(child, 1), HV_STATUS_OPERATION_FAILED);
		assert_int_equal(child->pool.free_count, before);
		assert_null(vp_find(child, 1));
		fake_vp_init_status = OK;
	}
	/* It wants more than the estimate: told, and nothing stays taken. */
	fake_vp_init_pages = 4;
	n = shrink(VP_PAGES + 1, out);
	assert_int_equal(vp_create(child, 1), NO_MEM);
	assert_int_equal(child->pool.free_count, VP_PAGES + 1);
	grow(out, n);
	fake_vp_init_pages = 2;
}

/* vp_init() alone, as the root's VPs use it: each page missing in turn. */
static void test_init_no_memory(void **state)
{
	static struct vp vp;
	void *out[64];

	(void)state;
	for (uint64_t have = 0; have < 6; have++) {
		uint32_t n = shrink(have, out);

		memset(&vp, 0, sizeof(vp));
		assert_int_equal(vp_init(&vp, child, 3), NO_MEM);
		assert_int_equal(child->pool.free_count, have);
		assert_null(vp.synic);
		assert_null(vp.message_page);
		assert_null(vp.register_page);
		for (uint32_t i = 0; i < VP_OVERLAYS; i++)
			assert_null(vp.overlay_page[i]);
		assert_int_equal(fake_count(FAKE_VP_INIT, NULL), 0);
		grow(out, n);
	}
}

static void test_delete(void **state)
{
	uint64_t before = child->pool.free_count;
	struct vp *vp;

	(void)state;
	assert_int_equal(vp_delete(child, 0), HV_STATUS_INVALID_VP_INDEX);
	assert_int_equal(vp_delete(child, PARTITION_MAX_VPS), HV_STATUS_INVALID_VP_INDEX);
	vp = make(0);
	for (uint32_t owner = VP_ACCESSED; owner <= VP_RUNNING; owner++) {
		vp->owner = owner;
		assert_int_equal(vp_delete(child, 0), HV_STATUS_INVALID_VP_STATE);
		assert_int_equal(vp->owner, owner);
		assert_ptr_equal(vp_find(child, 0), vp);
	}
	vp->owner = VP_IDLE;
	/* Another call may have found it already. */
	assert_ptr_equal(partition_get(&fake_root, child->id), child);
	assert_int_equal(vp_delete(child, 0), HV_STATUS_OBJECT_IN_USE);
	assert_int_equal(vp->owner, VP_IDLE);
	partition_put(child);
	/* Its overlays go with it, and what is below them comes back. */
	assert_int_equal(partition_map(child, 50, MEM, HV_MAP_GPA_READABLE), OK);
	before = child->pool.free_count;
	assert_int_equal(OVERLAY_OK, overlay_set(child, &vp->overlays[VP_OVERLAY_SIMP],
						 vp->overlay_page[VP_OVERLAY_SIMP], true, 50));
	assert_int_equal(OVERLAY_OK, overlay_set(child, &vp->overlays[VP_OVERLAY_ASSIST],
						 vp->overlay_page[VP_OVERLAY_ASSIST], true, 51));
	assert_int_equal(vp_delete(child, 0), OK);
	assert_null(child->overlays);
	{
		struct slat_leaf l;

		assert_true(slat_lookup(&child->slat, GPA(50 << PAGE_SHIFT), &l));
		assert_int_equal(l.hpa.v, MEM << PAGE_SHIFT);
		assert_false(slat_lookup(&child->slat, GPA(51 << PAGE_SHIFT), &l));
	}
	assert_int_equal(frame_holds(MEM), 1);
	assert_null(vp_find(child, 0));
	assert_int_equal(child->vp_count, 0);
	assert_int_equal(child->pool.free_count, before + 9);
	assert_int_equal(fake_count(FAKE_VP_FREE, NULL), 1);
	assert_int_equal(vp_delete(child, 0), HV_STATUS_INVALID_VP_INDEX);
	assert_int_equal(child->lock.held, 0);
	/* A number may be used again. */
	(void)make(0);
}

/* -- owner --------------------------------------------------------------------------------------
 */
static void test_take(void **state)
{
	struct vp *vp = make(0);

	(void)state;
	assert_true(vp_take(vp));
	assert_int_equal(vp->owner, VP_ACCESSED);
	assert_false(vp_take(vp));
	vp_drop(vp);
	assert_int_equal(vp->owner, VP_IDLE);
	vp->owner = VP_RUNNING;
	assert_false(vp_take(vp));
	assert_int_equal(vp->owner, VP_RUNNING);
	vp->owner = VP_IDLE;
	assert_true(vp_take(vp));
	vp_drop(vp);
}

static uint32_t inside, clashes, got[2];

static void *take_thread(void *arg)
{
	struct vp *vp = vp_find(child, 0);
	uint32_t *mine = arg;

	for (uint32_t i = 0; i < 200000 || !*mine; i++) {
		if (!vp_take(vp))
			continue;
		if (atomic_add(&inside, 1) != 1)
			(void)atomic_add(&clashes, 1);
		(*mine)++;
		(void)atomic_add(&inside, ~0u);
		vp_drop(vp);
	}
	return NULL;
}

static void test_take_race(void **state)
{
	pthread_t t;

	(void)state;
	(void)make(0);
	assert_int_equal(pthread_create(&t, NULL, take_thread, &got[0]), 0);
	(void)take_thread(&got[1]);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_int_equal(clashes, 0);
	assert_true(got[0] > 0 && got[1] > 0);
	assert_int_equal(vp_find(child, 0)->owner, VP_IDLE);
}

/* -- mailbox ------------------------------------------------------------------------------------
 */
static struct vp *posted;

static void hook_kick(const struct fake_note *n)
{
	if (n->call != FAKE_KICK)
		return;
	/* The mail and the mark are there before the CPU looks. */
	assert_true(posted->mail & VP_MAIL_NMI);
	assert_int_equal(((const struct percpu *)n->obj)->kick, 1);
}

static void test_post(void **state)
{
	struct vp *vp = make(0);

	(void)state;
	posted = vp;
	fake_hook = hook_kick;
	fake_forget();
	vp->cpu = 2;
	percpu_table[2]->running = &child->slat;
	/* Idle, or somebody's for a moment: it finds the mail when it runs. */
	vp_post(vp, VP_MAIL_NMI);
	assert_int_equal(vp->mail, VP_MAIL_NMI);
	vp->owner = VP_ACCESSED;
	vp_post(vp, VP_MAIL_INIT);
	assert_int_equal(vp->mail, VP_MAIL_NMI | VP_MAIL_INIT);
	assert_int_equal(fake_count(FAKE_KICK, NULL), 0);
	assert_int_equal(percpu_table[2]->kick, 0);
	/* It runs, in the guest on another CPU. */
	vp->owner = VP_RUNNING;
	vp_post(vp, VP_MAIL_SIPI);
	assert_int_equal(fake_count(FAKE_KICK, percpu_table[2]), 1);
	assert_int_equal(fake_count(FAKE_KICK, NULL), 1);
	assert_int_equal(vp->mail, VP_MAIL_NMI | VP_MAIL_INIT | VP_MAIL_SIPI);
	/* On another CPU that is in the core: it looks at its mail before it goes back. */
	fake_forget();
	percpu_table[2]->running = NULL;
	percpu_table[2]->kick = 0;
	vp_post(vp, VP_MAIL_NMI);
	assert_int_equal(fake_count(FAKE_KICK, NULL), 0);
	assert_int_equal(percpu_table[2]->kick, 0);
	/* On this CPU. */
	vp->cpu = 0;
	percpu_self.running = &child->slat;
	vp_post(vp, VP_MAIL_NMI);
	assert_int_equal(fake_count(FAKE_KICK, NULL), 0);
	vp->owner = VP_IDLE;
}

static void test_post_irq(void **state)
{
	struct vp *vp = make(0);

	(void)state;
	for (uint32_t v = 0; v < 256; v++) {
		uint64_t bit = 1ull << (v % 64);

		vp->mail = 0;
		vp_post_irq(vp, (uint8_t)v, v % 3 == 0);
		assert_int_equal(vp->mail, VP_MAIL_IRQ);
		assert_true(vp->mail_irr[v / 64] & bit);
		assert_int_equal((vp->mail_level[v / 64] & bit) != 0, v % 3 == 0);
	}
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(vp->mail_irr[i], ~0ull);
	/* Level mode is known by the time the vector is seen. */
	memset(vp->mail_irr, 0, sizeof(vp->mail_irr));
	memset(vp->mail_level, 0, sizeof(vp->mail_level));
	vp_post_irq(vp, 200, true);
	assert_int_equal(vp->mail_irr[3], 1ull << 8);
	assert_int_equal(vp->mail_level[3], 1ull << 8);
	assert_int_equal(vp->mail_irr[0] | vp->mail_irr[1] | vp->mail_irr[2], 0);
}

/* -- dispatch -----------------------------------------------------------------------------------
 */
static void test_dispatch(void **state)
{
	static const struct {
		enum vp_exit why;
		uint32_t state, event;
	} t[] = {
		{ VP_EXIT_INTERCEPT, HV_VP_DISPATCH_STATE_READY, HV_VP_DISPATCH_EVENT_INTERCEPT },
		{ VP_EXIT_HALTED, HV_VP_DISPATCH_STATE_BLOCKED, 0 },
		{ VP_EXIT_SUSPENDED, HV_VP_DISPATCH_STATE_BLOCKED, HV_VP_DISPATCH_EVENT_SUSPEND },
		{ VP_EXIT_INTERRUPT, HV_VP_DISPATCH_STATE_READY, 0 },
		{ VP_EXIT_RESUME, HV_VP_DISPATCH_STATE_READY, 0 },
	};
	struct vp *vp = make(0);
	uint32_t st, ev;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(t); i++) {
		fake_forget();
		fake_vp_exit = t[i].why;
		st = ev = 99;
		assert_int_equal(vp_dispatch(vp, 0, &st, &ev), OK);
		assert_int_equal(st, t[i].state);
		assert_int_equal(ev, t[i].event);
		assert_int_equal(fake_note_count, 4);
		assert_int_equal(fake_notes[0].call, FAKE_VP_SWITCH_IN);
		assert_int_equal(fake_notes[1].call, FAKE_VP_RUN);
		assert_int_equal(fake_notes[1].arg, VP_RUNNING);
		assert_int_equal(fake_notes[2].call, FAKE_VP_SWITCH_OUT);
		/* Let go of while it still is this CPU's. */
		assert_int_equal(fake_notes[3].call, FAKE_VP_RELEASE);
		assert_int_equal(fake_notes[3].arg, VP_RUNNING);
		assert_int_equal(vp->owner, VP_IDLE);
	}
	/* The guest's instruction waits for a deposit: the call fails, the VP is free again. */
	fake_vp_exit = VP_EXIT_NO_MEMORY;
	assert_int_equal(vp_dispatch(vp, 0, &st, &ev), HV_STATUS_INSUFFICIENT_MEMORY);
	assert_int_equal(vp->owner, VP_IDLE);
	fake_forget();
	assert_true(vp_take(vp));
	vp_drop(vp);
	assert_int_equal(fake_notes[0].call, FAKE_VP_RELEASE);
	assert_int_equal(fake_notes[0].arg, VP_ACCESSED);
	/* Somebody else's. */
	for (uint32_t owner = VP_ACCESSED; owner <= VP_RUNNING; owner++) {
		fake_forget();
		vp->owner = owner;
		assert_int_equal(vp_dispatch(vp, 0, &st, &ev), HV_STATUS_INVALID_VP_STATE);
		assert_int_equal(vp->owner, owner);
		assert_int_equal(fake_note_count, 0);
	}
	vp->owner = VP_IDLE;
}

static void test_suspended(void **state)
{
	struct vp *vp = make(0);
	uint32_t st, ev;

	(void)state;
	for (uint32_t why = 1; why < 8; why++)
		for (uint32_t clear = 0; clear < 2; clear++) {
			bool runs;

			vp->explicit_suspend = why & 1;
			vp->intercept_suspend = why & 2;
			vp->dispatch_suspend = why & 4;
			runs = clear && why == 2;
			fake_forget();
			st = ev = 99;
			assert_int_equal(
				vp_dispatch(vp,
					    clear ? HV_DISPATCH_VP_FLAG_CLEAR_INTERCEPT_SUSPEND : 0,
					    &st, &ev),
				OK);
			assert_int_equal(fake_count(FAKE_VP_RUN, vp), runs);
			assert_int_equal(st, runs ? HV_VP_DISPATCH_STATE_READY
						  : HV_VP_DISPATCH_STATE_BLOCKED);
			assert_int_equal(ev, runs ? 0 : HV_VP_DISPATCH_EVENT_SUSPEND);
			assert_int_equal(vp->intercept_suspend, (why & 2) && !clear);
			assert_int_equal(vp->owner, VP_IDLE);
		}
	vp->explicit_suspend = vp->intercept_suspend = vp->dispatch_suspend = false;
}

/* The first VP that runs lets a frozen partition go on; one that does not run does not. */
static void test_thaw(void **state)
{
	struct vp *vp = make(0);
	uint32_t st, ev;

	(void)state;
	assert_int_equal(partition_freeze_time(child, true), OK);
	vp->explicit_suspend = true;
	assert_int_equal(vp_dispatch(vp, 0, &st, &ev), OK);
	assert_true(child->time_frozen);
	vp->explicit_suspend = false;
	fake_forget();
	fake_time += 777;
	assert_int_equal(vp_dispatch(vp, 0, &st, &ev), OK);
	assert_false(child->time_frozen);
	assert_int_equal(child->lock.held, 0);
	/* Before it runs. */
	assert_int_equal(fake_find(FAKE_VP_SHIFT, vp, 0), 0);
	assert_int_equal(fake_notes[0].arg, 777);
	assert_true(fake_find(FAKE_VP_RUN, vp, 0) > 0);
}

/* -- registers and state ------------------------------------------------------------------------
 */
static void test_registers(void **state)
{
	struct vp *vp = make(0);
	union hv_register_value v = { .low_high = { 0x1234, 0x5678 } };

	(void)state;
	assert_int_equal(vp_set_register(vp, REG_GOOD, &v), OK);
	assert_int_equal(msr_value, 0x1234);
	memset(&v, 0xff, sizeof(v));
	assert_int_equal(vp_get_register(vp, REG_GOOD, &v), OK);
	assert_int_equal(v.low_high[0], 0x1234);
	/* The upper half is nothing of an earlier value. */
	assert_int_equal(v.low_high[1], 0);
	assert_int_equal(vp_get_register(vp, REG_BAD, &v), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(vp_set_register(vp, REG_BAD, &v), HV_STATUS_INVALID_PARAMETER);
	/* Exhaustion is told apart: the client deposits, and sets again. */
	assert_int_equal(vp_set_register(vp, REG_HUNGRY, &v), HV_STATUS_INSUFFICIENT_MEMORY);
	/* Others are the architecture's, with its answer. */
	fake_forget();
	memset(&v, 0xff, sizeof(v));
	assert_int_equal(vp_get_register(vp, 0x20000, &v), HV_STATUS_UNKNOWN_REGISTER_NAME);
	assert_int_equal(v.low_high[1], 0);
	assert_int_equal(vp_set_register(vp, 0x20001, &v), HV_STATUS_UNKNOWN_REGISTER_NAME);
	assert_int_equal(fake_count(FAKE_GET_REGISTER, vp), 1);
	assert_int_equal(fake_count(FAKE_SET_REGISTER, vp), 1);
	assert_int_equal(fake_notes[0].arg, 0x20000);
	assert_int_equal(fake_notes[1].arg, 0x20001);
	child->tsc_sequence = 17;
	assert_int_equal(vp_get_register(vp, HV_REGISTER_REFERENCE_TSC_SEQUENCE, &v), OK);
	assert_int_equal(v.reg64, 17);
	memset(&v, 0xff, sizeof(v));
	assert_int_equal(vp_get_register(vp, HV_REGISTER_ROOT_SIGNAL_COUNT, &v), OK);
	assert_int_equal(v.reg64, 0);
}

static void test_state(void **state)
{
	static uint8_t in[PAGE_SIZE], out[PAGE_SIZE];
	static const uint32_t page[] = { HV_VP_STATE_SYNIC_MESSAGE_PAGE,
					 HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE };
	struct hv_synthetic_timers_state timers = { 0 }, back;
	struct vp *vp = make(0);

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(vp_state_size(child, page[i]), PAGE_SIZE);
		for (uint32_t j = 0; j < PAGE_SIZE; j++)
			in[j] = (uint8_t)(j * 13 + i);
		memset(out, 0, sizeof(out));
		assert_int_equal(vp_state_set(vp, page[i], in), OK);
		assert_int_equal(vp_state_get(vp, page[i], 0, out), OK);
		assert_memory_equal(in, out, PAGE_SIZE);
	}
	assert_memory_equal(vp->overlay_page[VP_OVERLAY_SIEFP], in, PAGE_SIZE);
	assert_int_equal(vp_state_size(child, HV_VP_STATE_SYNTHETIC_TIMERS), 200);
	assert_int_equal(vp_state_get(vp, HV_VP_STATE_SYNTHETIC_TIMERS, 0, &back), OK);
	assert_memory_equal(&back, &timers, sizeof(timers));
	timers.timers[2].count = 0x1234;
	assert_int_equal(vp_state_set(vp, HV_VP_STATE_SYNTHETIC_TIMERS, &timers), OK);
	assert_int_equal(vp_state_get(vp, HV_VP_STATE_SYNTHETIC_TIMERS, 0, &back), OK);
	assert_int_equal(back.timers[2].count, 0x1234);
	/* Refused as a whole. */
	timers.timers[2].count = 0x9999;
	timers.timers[3].config = ~0ull;
	assert_int_equal(vp_state_set(vp, HV_VP_STATE_SYNTHETIC_TIMERS, &timers),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(vp_state_get(vp, HV_VP_STATE_SYNTHETIC_TIMERS, 0, &back), OK);
	assert_int_equal(back.timers[2].count, 0x1234);
	/* The architecture's. */
	fake_forget();
	assert_int_equal(vp_state_size(child, 0xff37), 0x37);
	assert_int_equal(vp_state_get(vp, 0xff37, 0, out), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(vp_state_set(vp, 0xff37, in), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(fake_count(FAKE_STATE_GET, vp), 1);
	assert_int_equal(fake_count(FAKE_STATE_SET, vp), 1);
	assert_int_equal(raised, 0);
}

static int setup(void **state)
{
	(void)state;
	fake_root_boot(48);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)
/* All of a partition's, or none of them; the lock is the caller's, and stays so. */
static void test_take_all(void **state)
{
	struct vp *a = make(0), *b = make(3);
	struct lock_token t = lock_take(&child->lock);

	(void)state;
	assert_true(vp_take_all(child));
	assert_int_equal(child->lock.held, 1);
	assert_int_equal(a->owner, VP_ACCESSED);
	assert_int_equal(b->owner, VP_ACCESSED);
	vp_drop_all(child);
	assert_int_equal(child->lock.held, 1);
	assert_int_equal(a->owner, VP_IDLE);
	assert_int_equal(b->owner, VP_IDLE);
	b->owner = VP_RUNNING;
	assert_false(vp_take_all(child));
	assert_int_equal(child->lock.held, 1);
	assert_int_equal(a->owner, VP_IDLE);
	assert_int_equal(b->owner, VP_RUNNING);
	b->owner = VP_IDLE;
	lock_drop(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),	   TEST(test_create_no_memory),
		TEST(test_init_no_memory), TEST(test_delete),
		TEST(test_take),	   TEST(test_take_race),
		TEST(test_take_all),	   TEST(test_post),
		TEST(test_post_irq),	   TEST(test_dispatch),
		TEST(test_suspended),	   TEST(test_thaw),
		TEST(test_registers),	   TEST(test_state),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
