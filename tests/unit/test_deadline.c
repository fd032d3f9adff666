/* SPDX-License-Identifier: MIT */
/*
 * The root's local APIC timer, borrowed by the core, over a model of that APIC (SDM vol. 3, 11.5.4;
 * APM vol. 2, 16.4.1) on a clock of the test's. What is looked at is what the root sees: each tick
 * once, in its time, and its registers as it left them. No interrupt of the root's may be taken in
 * the core's window.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/deadline.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/virt.h"

#define PAGE	  0xfee00000ull
#define VEC_TICK  0x40u
#define VEC_DEV	  0x51u
#define NEVER	  UINT64_MAX
#define MAX_TICKS 4096u

struct percpu percpu_self;

static const struct virt_ops ops = { .open = svm_stgi, .close = svm_clgi };
const struct virt_ops *virt = &ops;

static uint64_t hz = 2000000000;

uint64_t arch_time_hz(void);
uint64_t arch_time_hz(void)
{
	return hz;
}

uint64_t arch_apic_hz(void);

/* -- the APIC ---------------------------------------------------------------------------------- */
static struct model {
	bool x2;
	bool late; /* an expired count requests its interrupt only at fire(): an emulator's timers
		    */
	uint32_t lvt, initial, divide, tpr, svr, icr_low, icr_high, id;
	bool running;
	uint32_t count; /* at count_at */
	uint64_t count_at, deadline;
	uint32_t irr[8], isr[8];
	uint32_t busy;	/* reads of ICR that show an IPI under way */
	uint32_t scale; /* TSC ticks a timer tick */
} m;

static uint64_t step(void)
{
	static const uint8_t shift[] = { 1, 2, 3, 4, 5, 6, 7, 0 };

	return (uint64_t)m.scale << shift[(m.divide & 3) | (m.divide >> 1 & 4)];
}

static uint32_t mail; /* of the VP that idles */

static void set(uint32_t *map, uint32_t v)
{
	map[v / 32] |= 1u << v % 32;
}

static void clear(uint32_t *map, uint32_t v)
{
	map[v / 32] &= ~(1u << v % 32);
}

static int highest(const uint32_t *map)
{
	for (int v = 255; v >= 0; v--)
		if (map[v / 32] >> v % 32 & 1)
			return v;
	return -1;
}

static uint32_t ppr(void)
{
	int s = highest(m.isr);
	uint32_t in = s < 0 ? 0 : (uint32_t)s & 0xf0;

	return (m.tpr & 0xf0) >= in ? m.tpr : in;
}

/* The vector that the CPU would take now; -1: none. */
static int pending(void)
{
	int v = highest(m.irr);

	return v >= 0 && (uint32_t)(v & 0xf0) > (ppr() & 0xf0) ? v : -1;
}

static void request(void)
{
	if (!(m.lvt & APIC_LVT_MASKED))
		set(m.irr, m.lvt & 0xff);
}

static void fire(void)
{
	uint32_t mode = m.lvt & APIC_TIMER_MODE;

	if (mode == APIC_TIMER_DEADLINE) {
		if (m.deadline && fake_hw.tsc >= m.deadline) {
			m.deadline = 0;
			request();
		}
		return;
	}
	while (m.running && fake_hw.tsc >= m.count_at + m.count * step()) {
		request();
		m.count_at += m.count * step();
		m.count = m.initial;
		m.running = mode == APIC_TIMER_PERIODIC;
	}
}

static void sync(void)
{
	if (!m.late)
		fire();
}

static uint32_t current(void)
{
	uint64_t gone = (fake_hw.tsc - m.count_at) / step();

	if (!m.running || (m.lvt & APIC_TIMER_MODE) == APIC_TIMER_DEADLINE)
		return 0;
	if (gone < m.count)
		return (uint32_t)(m.count - gone);
	if ((m.lvt & APIC_TIMER_MODE) != APIC_TIMER_PERIODIC)
		return 0;
	return (uint32_t)(m.initial - (gone - m.count) % m.initial);
}

static uint32_t apic_reg(uint32_t reg)
{
	sync();
	switch (reg) {
	case APIC_ID:
		return m.id;
	case APIC_TPR:
		return m.tpr;
	case APIC_PPR:
		return ppr();
	case APIC_SVR:
		return m.svr;
	case APIC_LVT_TIMER:
		return m.lvt;
	case APIC_INITIAL:
		return m.initial;
	case APIC_CURRENT:
		return current();
	case APIC_DIVIDE:
		return m.divide;
	case APIC_ICR_LOW:
		if (m.busy) {
			m.busy--;
			return m.icr_low | APIC_ICR_BUSY;
		}
		return m.icr_low;
	case APIC_ICR_HIGH:
		return m.icr_high;
	default:
		if (reg >= APIC_ISR && reg < APIC_ISR + 0x80)
			return m.isr[(reg - APIC_ISR) >> 4];
		if (reg >= APIC_IRR && reg < APIC_IRR + 0x80)
			return m.irr[(reg - APIC_IRR) >> 4];
		fail_msg("read of APIC register %x", reg);
		return 0;
	}
}

static void write_lvt(uint32_t v)
{
	bool was = (m.lvt & APIC_TIMER_MODE) == APIC_TIMER_DEADLINE;
	bool is = (v & APIC_TIMER_MODE) == APIC_TIMER_DEADLINE;

	/* Between deadline mode and the others the timer is disarmed (SDM vol. 3, 11.5.4.1). */
	if (was != is) {
		m.running = false;
		m.deadline = 0;
	}
	m.lvt = v;
}

static void apic_set(uint32_t reg, uint32_t v)
{
	uint32_t left;

	sync();
	switch (reg) {
	case APIC_TPR:
		m.tpr = v;
		break;
	case APIC_EOI:
		assert_true(highest(m.isr) >= 0);
		/* Bochs 2.7 forgets an EOI when the vector is the spurious one */
		if (highest(m.isr) != (int)(m.svr & 0xff))
			clear(m.isr, (uint32_t)highest(m.isr));
		break;
	case APIC_SVR:
		assert_int_equal((v ^ m.svr) & ~0xffu, 0);
		m.svr = v;
		break;
	case APIC_LVT_TIMER:
		write_lvt(v);
		break;
	case APIC_INITIAL:
		if ((m.lvt & APIC_TIMER_MODE) == APIC_TIMER_DEADLINE)
			break;
		m.initial = m.count = v;
		m.count_at = fake_hw.tsc;
		m.running = v != 0;
		break;
	case APIC_DIVIDE:
		left = current();
		m.divide = v;
		m.count = left;
		m.count_at = fake_hw.tsc;
		break;
	case APIC_ICR_LOW:
		m.icr_low = v;
		m.busy = 2;
		break;
	case APIC_ICR_HIGH:
		m.icr_high = v;
		break;
	default:
		fail_msg("write of APIC register %x", reg);
	}
}

static int mmio_read(uint64_t va, uint32_t *v)
{
	assert_false(m.x2);
	assert_int_equal(va & ~0xfffull, PAGE);
	*v = apic_reg((uint32_t)va & 0xfff);
	return 1;
}

static int mmio_write(uint64_t va, uint32_t v)
{
	assert_false(m.x2);
	apic_set((uint32_t)va & 0xfff, v);
	return 1;
}

static int msr_read(uint32_t msr, uint64_t *v)
{
	if (msr == MSR_TSC_DEADLINE) {
		sync();
		*v = m.deadline;
		return 1;
	}
	if (msr < 0x800 || msr >= 0x840)
		return 0;
	assert_true(m.x2);
	*v = apic_reg((msr - 0x800) << 4);
	return 1;
}

static int msr_write(uint32_t msr, uint64_t v)
{
	if (msr == MSR_TSC_DEADLINE) {
		/* A write in another mode is ignored. */
		if ((m.lvt & APIC_TIMER_MODE) == APIC_TIMER_DEADLINE)
			m.deadline = v;
		return 1;
	}
	if (msr < 0x800 || msr >= 0x840)
		return 0;
	assert_true(m.x2);
	if (msr != MSR_X2APIC_ICR)
		apic_set((msr - 0x800) << 4, (uint32_t)v);
	return 1;
}

/* The core's window: only its own vector may come in. Its handler ends it at once. */
static void irq_window(void)
{
	int v;

	fake_hw.tsc += 20;
	sync();
	v = pending();
	if (v < 0)
		return;
	assert_int_equal(v, VEC_DEADLINE);
	clear(m.irr, VEC_DEADLINE);
	percpu_self.deadline_hit = 1;
}

/* -- root and guest ---------------------------------------------------------------------------- */
static uint64_t tick_at[MAX_TICKS];
static uint32_t ticks, devices, guest_deadlines, runs;
static void (*on_tick)(void);

static void root_write(uint32_t reg, uint32_t v)
{
	/* In x2APIC mode only ICR exits. */
	if (m.x2 || !deadline_root_write(reg, v))
		apic_write(reg, v);
}

static void root_interrupts(void)
{
	int v;

	fire();
	while ((v = pending()) >= 0) {
		/* The core never leaves its own behind. */
		assert_int_not_equal(v, VEC_DEADLINE);
		clear(m.irr, (uint32_t)v);
		set(m.isr, (uint32_t)v);
		if (v == VEC_TICK) {
			assert_true(ticks < MAX_TICKS);
			tick_at[ticks++] = fake_hw.tsc;
			if (on_tick)
				on_tick();
		} else {
			devices++;
		}
		fake_hw.tsc += 30;
		root_write(APIC_EOI, 0);
		fire();
	}
}

static void root_runs(uint64_t until)
{
	root_interrupts();
	while (fake_hw.tsc < until) {
		fake_hw.tsc += 50;
		root_interrupts();
	}
}

/* As arch_vp_run(): the guest runs until `until` or an interrupt of the root's. */
static void guest_runs(uint64_t until, uint64_t every)
{
	uint64_t at = every ? fake_hw.tsc + every : NEVER;

	runs++;
	deadline_borrow();
	for (;;) {
		deadline_arm(at);
		fake_hw.tsc += 50;
		sync();
		if (pending() >= 0 && !deadline_take())
			break;
		if (fake_hw.tsc >= at) {
			guest_deadlines++;
			at += every;
		}
		if (fake_hw.tsc >= until)
			break;
	}
	deadline_return();
}

static void mix(uint64_t until, uint64_t guest, uint64_t root, uint64_t every)
{
	while (fake_hw.tsc < until) {
		guest_runs(fake_hw.tsc + guest, every);
		root_runs(fake_hw.tsc + root);
	}
}

static void start(uint32_t lvt, uint32_t divide, uint32_t count)
{
	root_write(APIC_DIVIDE, divide);
	root_write(APIC_LVT_TIMER, lvt);
	root_write(APIC_INITIAL, count);
	memset(tick_at, 0, sizeof(tick_at));
	ticks = devices = guest_deadlines = runs = 0;
}

static int setup(void **state)
{
	(void)state;
	memset(&m, 0, sizeof(m));
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&percpu_self, 0, sizeof(percpu_self));
	fake_hw.tsc = 1000000;
	fake_hw.tsc_step = 3;
	fake_hw.mmio_read = mmio_read;
	fake_hw.mmio = mmio_write;
	fake_hw.msr_read = msr_read;
	fake_hw.msr_write = msr_write;
	fake_hw.irq_window = irq_window;
	m.svr = 0x1ff;
	m.lvt = APIC_LVT_MASKED;
	m.divide = 0xb;
	m.scale = 1;
	on_tick = NULL;
	apic_init(PAGE);
	/* The file's state outlives a test: what the root writes ends what was before. */
	(void)deadline_root_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	(void)deadline_root_write(APIC_INITIAL, 0);
	m.lvt = APIC_LVT_MASKED;
	m.running = false;
	return 0;
}

static void use_x2(void)
{
	fake_hw.msr[fake_msr(MSR_APIC_BASE)].value = 0xfee00000 | APIC_BASE_ENABLE | APIC_BASE_X2;
	m.x2 = true;
}

/* Divide register values and the shift that each means (SDM vol. 3, figure 11-10) */
static const uint32_t divides[] = { 0xb, 0, 1, 2, 3, 8, 9, 0xa };

/* -- modes ------------------------------------------------------------------------------------- */

/* Ticks of period p since t0: none lost, none twice, each within the slack of its time. */
static void check_phase(uint64_t t0, uint64_t p, uint64_t slack, uint32_t want)
{
	assert_in_range(ticks, want - 1, want + 1);
	for (uint32_t i = 0; i < ticks; i++) {
		uint64_t due = t0 + p * (i + 1);

		if (tick_at[i] + slack < due || tick_at[i] > due + slack)
			fail_msg("tick %u at %llu, due %llu", i,
				 (unsigned long long)(tick_at[i] - t0),
				 (unsigned long long)(due - t0));
	}
}

static void test_periodic(void **state)
{
	static const struct {
		uint64_t guest, root, every;
	} mixes[] = { { 5000, 500, 1000 },    { 30000, 200, 700 },   { 150000, 1000, 3000 },
		      { 2000, 2000, 100000 }, { 40000, 40000, 900 }, { 90000, 15000, 0 } };

	(void)state;
	for (size_t x = 0; x < sizeof(mixes) / sizeof(mixes[0]); x++)
		for (size_t d = 0; d < sizeof(divides) / sizeof(divides[0]); d++) {
			uint64_t t0, period, end;
			uint32_t n;

			(void)setup(NULL);
			m.divide = divides[d];
			period = 100000 / step() * step();
			start(APIC_TIMER_PERIODIC | VEC_TICK, divides[d],
			      (uint32_t)(100000 / step()));
			t0 = m.count_at;
			end = t0 + 50 * period;
			mix(end, mixes[x].guest, mixes[x].root, mixes[x].every);
			/* Each borrowing may round by one tick of the divided clock. */
			check_phase(t0, period, runs * (step() + 30) + 3000,
				    (uint32_t)((fake_hw.tsc - t0) / period));
			if (mixes[x].every && mixes[x].every < mixes[x].guest)
				assert_true(guest_deadlines > 0);
			/* Left alone it becomes periodic again, by itself, with its own period. */
			n = ticks;
			t0 = tick_at[n - 1];
			root_runs(fake_hw.tsc + 10 * period);
			assert_in_range(ticks - n, 9, 11);
			assert_int_equal(m.lvt, APIC_TIMER_PERIODIC | VEC_TICK);
			assert_int_equal(m.initial, 100000 / step());
			assert_int_equal(m.divide, divides[d]);
			for (uint32_t i = n + 2; i < ticks; i++)
				assert_in_range(tick_at[i] - tick_at[i - 1], period - 200,
						period + 200);
		}
}

static uint64_t one_shot_at;

static void test_one_shot(void **state)
{
	(void)state;
	for (int x2 = 0; x2 < 2; x2++)
		for (size_t d = 0; d < sizeof(divides) / sizeof(divides[0]); d++)
			for (uint64_t every = 0; every <= 9000; every += 3000) {
				(void)setup(NULL);
				if (x2)
					use_x2();
				m.divide = divides[d];
				start(VEC_TICK, divides[d], (uint32_t)(60000 / step()));
				one_shot_at = m.count_at + 60000 / step() * step();
				mix(fake_hw.tsc + 40000, 7000, 900, every);
				assert_int_equal(ticks, 0);
				assert_true(current() > 0);
				mix(fake_hw.tsc + 200000, 7000, 900, every);
				assert_int_equal(ticks, 1);
				assert_in_range(tick_at[0], one_shot_at - runs * step() - 200,
						one_shot_at + 2000);
				assert_int_equal(m.lvt, VEC_TICK);
				assert_int_equal(m.divide, divides[d]);
				assert_int_equal(current(), 0);
				/* And a second one, started in between */
				root_write(APIC_INITIAL, (uint32_t)(20000 / step()));
				mix(fake_hw.tsc + 100000, 7000, 900, every);
				assert_int_equal(ticks, 2);
			}
}

static void start_deadline(uint64_t at)
{
	start(APIC_TIMER_DEADLINE | VEC_TICK, 0xb, 0);
	wrmsr(MSR_TSC_DEADLINE, at);
}

static void test_tsc_deadline(void **state)
{
	(void)state;
	for (int x2 = 0; x2 < 2; x2++)
		for (uint64_t every = 0; every <= 9000; every += 3000) {
			uint64_t at;

			(void)setup(NULL);
			if (x2)
				use_x2();
			at = fake_hw.tsc + 60000;
			start_deadline(at);
			mix(fake_hw.tsc + 40000, 7000, 900, every);
			assert_int_equal(ticks, 0);
			assert_int_equal(m.deadline,
					 at); /* to the tick: no rounding in this mode */
			assert_int_equal(m.lvt, APIC_TIMER_DEADLINE | VEC_TICK);
			mix(fake_hw.tsc + 200000, 7000, 900, every);
			assert_int_equal(ticks, 1);
			assert_in_range(tick_at[0], at, at + 1500);
			assert_int_equal(m.deadline, 0);
			/* Disarmed: nothing comes, and it stays disarmed. */
			mix(fake_hw.tsc + 200000, 7000, 900, every);
			assert_int_equal(ticks, 1);
			assert_int_equal(m.deadline, 0);
			assert_int_equal(m.lvt, APIC_TIMER_DEADLINE | VEC_TICK);
		}
}

/* A deadline that has passed while the guest ran is due at once when the root runs. */
static void test_tsc_deadline_passed(void **state)
{
	uint64_t at = 0;

	(void)state;
	m.late = true;
	at = fake_hw.tsc + 5000;
	start_deadline(at);
	deadline_borrow();
	deadline_arm(fake_hw.tsc + 1000);
	assert_int_equal(m.lvt, VEC_DEADLINE);
	fake_hw.tsc += 20000;
	deadline_return();
	assert_int_equal(m.lvt, APIC_TIMER_DEADLINE | VEC_TICK);
	root_runs(fake_hw.tsc + 1000);
	assert_int_equal(ticks, 1);
	assert_true(tick_at[0] > at);
}

/* The root holds interrupts back while its tick comes, and lets another guest run before it takes
 * it. */
static void test_tick_held_back(void **state)
{
	uint64_t t0;

	(void)state;
	start(APIC_TIMER_PERIODIC | VEC_TICK, 0xb, 100000);
	t0 = m.count_at;
	guest_runs(fake_hw.tsc + 30000, 1000);
	assert_int_equal(m.lvt, VEC_TICK); /* its remainder */
	fake_hw.tsc = t0 + 130000;
	sync();
	assert_int_equal(pending(), VEC_TICK);
	assert_int_equal(current(), 0);
	/* Borrowed again: that tick has come, the next one is what is left to time */
	guest_runs(fake_hw.tsc + 30000, 1000);
	assert_int_equal(ticks, 0);
	root_interrupts();
	assert_int_equal(ticks, 1);
	root_runs(t0 + 550000);
	assert_int_equal(ticks, 5);
	for (uint32_t n = 1; n < 5; n++)
		assert_in_range(tick_at[n], t0 + 100000 * (n + 1) - 200,
				t0 + 100000 * (n + 1) + 400);
	assert_int_equal(m.lvt, APIC_TIMER_PERIODIC | VEC_TICK);
}

/* A tick that comes between the look at the root's timer and its being stopped comes once. */
static void test_tick_at_arming(void **state)
{
	(void)state;
	for (uint32_t periodic = 0; periodic < 2; periodic++) {
		uint64_t t0, due;

		(void)setup(NULL);
		start((periodic ? APIC_TIMER_PERIODIC : 0) | VEC_TICK, 0xb, 100000);
		t0 = m.count_at;
		due = t0 + 100000;
		fake_hw.tsc = due - 200;
		deadline_borrow();
		fake_hw.tsc = due + 100;
		deadline_arm(due - 100); /* over already, and nearer than the root's */
		assert_int_equal(m.lvt, VEC_DEADLINE);
		assert_false(deadline_take());
		deadline_return();
		root_runs(due + 5000);
		assert_int_equal(ticks, 1);
		root_runs(due + 350000);
		assert_int_equal(ticks, periodic ? 4 : 1);
		for (uint32_t n = 1; n < ticks; n++)
			assert_in_range(tick_at[n], due + 100000 * n - 200, due + 100000 * n + 400);
	}
}

static void test_masked(void **state)
{
	static const uint32_t modes[] = { 0, APIC_TIMER_PERIODIC, APIC_TIMER_DEADLINE };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint32_t lvt = APIC_LVT_MASKED | modes[i] | VEC_TICK;

		(void)setup(NULL);
		start(lvt, 0xb, 50000);
		if (modes[i] == APIC_TIMER_DEADLINE)
			wrmsr(MSR_TSC_DEADLINE, fake_hw.tsc + 50000);
		mix(fake_hw.tsc + 30000, 4000, 300, 1000);
		assert_true(guest_deadlines > 0);
		assert_true(m.lvt & APIC_LVT_MASKED);
		/* A root that polls the count sees it run down. */
		if (modes[i] == 0)
			assert_in_range(current(), 10000, 21000);
		mix(fake_hw.tsc + 300000, 4000, 300, 1000);
		assert_int_equal(ticks, 0);
		assert_true(m.lvt & APIC_LVT_MASKED);
		assert_int_equal(m.lvt & 0xff, VEC_TICK);
		/* The guest's own deadlines all came meanwhile. */
		assert_true(guest_deadlines > 200);
	}
}

/* Never started: nothing starts. */
static void test_stopped(void **state)
{
	static const uint32_t modes[] = { 0, APIC_TIMER_PERIODIC, APIC_TIMER_DEADLINE };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		(void)setup(NULL);
		start(modes[i] | VEC_TICK, 3, 0);
		mix(fake_hw.tsc + 300000, 4000, 300, 1000);
		assert_int_equal(ticks, 0);
		assert_int_equal(m.lvt, modes[i] | VEC_TICK);
		assert_int_equal(m.divide, 3);
		assert_int_equal(current(), 0);
		assert_int_equal(m.deadline, 0);
		assert_true(guest_deadlines > 200);
	}
}

/* Software-disabled: every write to the timer is dropped, so nothing is borrowed or written. */
static void test_disabled(void **state)
{
	uint32_t writes;

	(void)state;
	start(APIC_LVT_MASKED | APIC_TIMER_PERIODIC | VEC_TICK, 0xb, 1000);
	m.svr = 0xff;
	writes = fake_hw.writes;
	deadline_borrow();
	deadline_arm(fake_hw.tsc + 100);
	assert_false(deadline_take());
	assert_true(deadline_idle(fake_hw.tsc + 100, &mail)); /* the root has to wait for it */
	deadline_return();
	assert_int_equal(fake_hw.writes, writes);
}

/* -- priorities -------------------------------------------------------------------------------- */

/* TPR of class 15 blocks the core's vector too: put down while the timer is ours, then put back. */
static void test_tpr(void **state)
{
	(void)state;
	start(VEC_TICK, 0xb, 500000);
	for (uint32_t tpr = 0; tpr < 256; tpr += 5) {
		m.tpr = tpr;
		guest_deadlines = 0;
		deadline_borrow();
		deadline_arm(fake_hw.tsc + 1000);
		assert_int_equal(m.tpr, tpr >> 4 == 15 ? 0xe0 : tpr);
		fake_hw.tsc += 3000;
		assert_true(deadline_take());
		deadline_return();
		assert_int_equal(m.tpr, tpr);
	}
}

/* An interrupt of the root's ends the run, waits in IRR, and is neither taken nor held up. */
static void test_device(void **state)
{
	(void)state;
	start(APIC_TIMER_PERIODIC | VEC_TICK, 0xb, 100000);
	for (uint32_t i = 0; i < 100; i++) {
		uint64_t now;

		set(m.irr, VEC_DEV);
		now = fake_hw.tsc;
		guest_runs(now + 50000, 1000);
		assert_true(fake_hw.tsc < now + 2000);
		assert_true(m.irr[VEC_DEV / 32] >> VEC_DEV % 32 & 1);
		root_runs(fake_hw.tsc + 500);
		assert_int_equal(devices, i + 1);
	}
	/* Both at once: ours is taken, and the root still is asked for. */
	deadline_borrow();
	deadline_arm(fake_hw.tsc + 100);
	fake_hw.tsc += 1000;
	set(m.irr, VEC_DEV);
	assert_false(deadline_take());
	assert_false(m.irr[7] >> 31);
	deadline_return();
	root_runs(fake_hw.tsc + 500);
	assert_int_equal(devices, 101);
	/* Held back by what the root has in service: no reason to leave. */
	set(m.isr, 0x60);
	set(m.irr, VEC_DEV);
	deadline_borrow();
	deadline_arm(fake_hw.tsc + 100);
	fake_hw.tsc += 1000;
	assert_true(deadline_take());
	deadline_return();
	clear(m.isr, 0x60);
}

/* Nothing pending of ours: the window stays shut. */
static void test_take(void **state)
{
	uint64_t before;

	(void)state;
	start(VEC_TICK, 0xb, 100000);
	fake_hw.writes = 0;
	assert_false(deadline_take()); /* not borrowed */
	deadline_borrow();
	deadline_arm(fake_hw.tsc + 5000);
	assert_false(deadline_take()); /* not yet */
	for (uint32_t i = 0; i < fake_hw.writes; i++)
		assert_int_not_equal(fake_hw.log[i].kind, FAKE_IRQ_WINDOW);
	before = percpu_self.counters[COUNT_DEADLINES];
	fake_hw.tsc += 6000;
	fake_hw.writes = 0;
	assert_true(deadline_take());
	assert_int_equal(percpu_self.counters[COUNT_DEADLINES], before + 1);
	/* GIF is set around the window alone. */
	assert_int_equal(fake_hw.writes, 3);
	assert_int_equal(fake_hw.log[0].kind, FAKE_STGI);
	assert_int_equal(fake_hw.log[1].kind, FAKE_IRQ_WINDOW);
	assert_int_equal(fake_hw.log[2].kind, FAKE_CLGI);
	deadline_return();
	/* Ours that comes between the last exit and the return is taken there. */
	deadline_borrow();
	deadline_arm(fake_hw.tsc + 100);
	fake_hw.tsc += 1000;
	deadline_return();
	assert_false(m.irr[7] >> 31);
	assert_int_equal(percpu_self.counters[COUNT_DEADLINES], before + 2);
	assert_int_equal(ticks, 0);
}

/* -- arming ------------------------------------------------------------------------------------ */

/* While the root's own timer is nearest it is left alone: not one write. */
static void test_root_nearest(void **state)
{
	uint32_t writes;

	(void)state;
	start(APIC_TIMER_PERIODIC | VEC_TICK, 0xb, 10000);
	writes = fake_hw.writes;
	deadline_borrow();
	deadline_arm(fake_hw.tsc + 20000);
	deadline_arm(NEVER);
	deadline_return();
	assert_int_equal(fake_hw.writes, writes);
	/* Borrowed once, the nearer of the two is armed, and the root's ends the run. */
	deadline_borrow();
	deadline_arm(fake_hw.tsc + 1000);
	assert_in_range(m.count, 900, 1100);
	deadline_arm(fake_hw.tsc + 50000);
	assert_in_range(m.count, 9000, 10001);
	/* The same again costs nothing. */
	writes = fake_hw.writes;
	deadline_arm(NEVER);
	assert_int_equal(fake_hw.writes, writes);
	fake_hw.tsc += 12000;
	sync();
	assert_int_equal(pending(), VEC_DEADLINE);
	assert_false(deadline_take()); /* it was the root's */
	deadline_return();
	root_runs(fake_hw.tsc + 200);
	assert_int_equal(ticks, 1);
}

static void test_arm(void **state)
{
	(void)state;
	start(APIC_LVT_MASKED, 0xb, 0);
	deadline_borrow();
	/* Farther than the counter goes: as far as it goes */
	deadline_arm(fake_hw.tsc + (1ull << 40));
	assert_int_equal(m.count, 0xffffffff);
	/* In the past: at once */
	deadline_arm(fake_hw.tsc - 1000);
	assert_int_equal(m.count, 1);
	/* Nothing to wait for: stopped */
	deadline_arm(NEVER);
	assert_false(m.running);
	deadline_return();
	assert_int_equal(m.lvt, APIC_LVT_MASKED);
	assert_false(m.running);
}

/* A guest's deadline never comes early, and hardly late. */
static void test_guest_deadline(void **state)
{
	static const uint32_t scales[] = { 1, 2, 13, 40 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		(void)setup(NULL);
		m.scale = scales[i];
		start(APIC_LVT_MASKED, 0xb, 0);
		apic_calibrate(20000000);
		for (uint64_t d = 1; d < 200000; d = d * 3 + 7) {
			uint64_t at = fake_hw.tsc + d;

			deadline_borrow();
			deadline_arm(at);
			while (sync(), pending() < 0) {
				fake_hw.tsc++;
				assert_true(fake_hw.tsc < at + 500 + d / 100);
			}
			assert_true(fake_hw.tsc + d / 100 + 2 >= at);
			assert_true(deadline_take());
			deadline_return();
		}
	}
	(void)setup(NULL);
	apic_calibrate(20000000);
}

/* -- an interrupt that an emulator requests late ---------------------------------------------- */
static void test_late_request(void **state)
{
	static const uint32_t modes[] = { 0, APIC_TIMER_PERIODIC };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint64_t t0;

		(void)setup(NULL);
		m.late = true;
		start(modes[i] | VEC_TICK, 0xb, 100000);
		t0 = m.count_at;
		/* The count has run out, and nobody has asked for the interrupt when the core
		 * comes. */
		fake_hw.tsc = t0 + 100500;
		guest_runs(fake_hw.tsc + 1000, 300);
		root_runs(fake_hw.tsc + 2000);
		assert_int_equal(ticks, 1);
		/* It was requested and handled before: not a second time. */
		guest_runs(fake_hw.tsc + 1000, 300);
		root_runs(fake_hw.tsc + 2000);
		assert_int_equal(ticks, 1);
		if (modes[i]) {
			root_runs(t0 + 350000);
			assert_int_equal(ticks, 3);
		}
	}
}

/* The same with the remainder that the root got back: its end is not forgotten either. */
static void test_late_remainder(void **state)
{
	uint64_t t0;

	(void)state;
	m.late = true;
	start(APIC_TIMER_PERIODIC | VEC_TICK, 0xb, 100000);
	t0 = m.count_at;
	guest_runs(t0 + 50000, 300);
	fake_hw.tsc = t0 + 100500;
	guest_runs(fake_hw.tsc + 1000, 300);
	root_runs(fake_hw.tsc + 2000);
	assert_int_equal(ticks, 1);
}

/* A tick that waits in IRR behind the root's own priority when the guest runs comes once. */
static void test_tick_waits(void **state)
{
	static const uint32_t modes[] = { 0, APIC_TIMER_PERIODIC };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint64_t t0;

		(void)setup(NULL);
		start(modes[i] | VEC_TICK, 0xb, 100000);
		t0 = m.count_at;
		m.tpr = 0x50;
		fake_hw.tsc = t0 + 100200;
		sync();
		assert_true(m.irr[VEC_TICK / 32] >> VEC_TICK % 32 & 1);
		guest_runs(fake_hw.tsc + 5000, 700);
		guest_runs(fake_hw.tsc + 5000, 700);
		m.tpr = 0;
		root_runs(fake_hw.tsc + 1000);
		assert_int_equal(ticks, 1);
		root_runs(t0 + 190000);
		assert_int_equal(ticks, 1);
		root_runs(t0 + 250000);
		assert_int_equal(ticks, modes[i] ? 2 : 1);
	}
}

/* -- what the root writes while a remainder runs ------------------------------------------------
 */
static void other_vector(void)
{
	root_write(APIC_LVT_TIMER, APIC_TIMER_PERIODIC | VEC_DEV);
}

static void test_rewrite(void **state)
{
	uint64_t t0;

	(void)state;
	start(APIC_TIMER_PERIODIC | VEC_TICK, 0xb, 100000);
	guest_runs(fake_hw.tsc + 20000, 900);
	assert_int_equal(m.lvt, VEC_TICK); /* the remainder, as one-shot */
	/* A new count is a new timer, periodic as the root believes it to be. */
	root_write(APIC_INITIAL, 50000);
	t0 = fake_hw.tsc;
	assert_int_equal(m.lvt, APIC_TIMER_PERIODIC | VEC_TICK);
	root_runs(t0 + 220000);
	assert_int_equal(ticks, 4);
	/* Another vector: the phase stays. */
	guest_runs(fake_hw.tsc + 10000, 900);
	root_write(APIC_LVT_TIMER, APIC_TIMER_PERIODIC | VEC_DEV);
	root_runs(t0 + 420000);
	assert_int_equal(ticks, 4);
	assert_int_equal(devices, 4);
	assert_int_equal(m.lvt, APIC_TIMER_PERIODIC | VEC_DEV);
	/* Another mode: the remainder was the last of it. */
	guest_runs(fake_hw.tsc + 10000, 900);
	root_write(APIC_LVT_TIMER, VEC_TICK);
	root_runs(t0 + 800000);
	assert_int_equal(ticks, 5);
	assert_int_equal(m.lvt, VEC_TICK);
	/* Stopped */
	start(APIC_TIMER_PERIODIC | VEC_TICK, 0xb, 100000);
	guest_runs(fake_hw.tsc + 20000, 900);
	root_write(APIC_INITIAL, 0);
	root_runs(fake_hw.tsc + 500000);
	assert_int_equal(ticks, 0);
	/* Masked for a while, within a period */
	start(APIC_TIMER_PERIODIC | VEC_TICK, 0xb, 100000);
	guest_runs(fake_hw.tsc + 20000, 900);
	root_write(APIC_LVT_TIMER, APIC_LVT_MASKED | APIC_TIMER_PERIODIC | VEC_TICK);
	root_runs(fake_hw.tsc + 20000);
	root_write(APIC_LVT_TIMER, APIC_TIMER_PERIODIC | VEC_TICK);
	root_runs(fake_hw.tsc + 500000);
	assert_int_equal(ticks, 5);
	/* Masked while the remainder runs out: no EOI tells of it, and yet it goes on in its phase.
	 */
	for (int masked_first = 0; masked_first < 2; masked_first++) {
		uint32_t lvt = APIC_TIMER_PERIODIC | VEC_TICK;

		start(lvt | (masked_first ? APIC_LVT_MASKED : 0), 0xb, 100000);
		t0 = m.count_at;
		guest_runs(fake_hw.tsc + 20000, 900);
		if (!masked_first)
			root_write(APIC_LVT_TIMER, lvt | APIC_LVT_MASKED);
		root_runs(t0 + 350000);
		assert_int_equal(ticks, 0);
		root_write(APIC_LVT_TIMER, lvt);
		root_runs(t0 + 390000);
		assert_int_equal(ticks, 0);
		root_runs(t0 + 1050000);
		assert_int_equal(ticks, 7);
		assert_int_equal(m.lvt, lvt);
		for (uint32_t i = 0; i < ticks; i++)
			assert_in_range(tick_at[i], t0 + 100000 * (i + 4) - 500,
					t0 + 100000 * (i + 4) + 2000);
	}
	/* The vector changes between a remainder's tick and its EOI. */
	start(APIC_TIMER_PERIODIC | VEC_TICK, 0xb, 100000);
	t0 = m.count_at;
	guest_runs(fake_hw.tsc + 20000, 900);
	on_tick = other_vector;
	root_runs(t0 + 550000);
	assert_int_equal(ticks, 1);
	assert_int_equal(devices, 4);
	/* No other register is of interest. */
	assert_false(deadline_root_write(APIC_DIVIDE, 3));
	assert_false(deadline_root_write(APIC_TPR, 3));
}

/* The root starts its timer anew in each tick (what a tickless system does). */
static void again(void)
{
	root_write(APIC_INITIAL, 30000);
}

static void test_restart_in_tick(void **state)
{
	uint64_t t0;

	(void)state;
	for (uint64_t every = 0; every <= 4000; every += 1000) {
		(void)setup(NULL);
		on_tick = again;
		start(VEC_TICK, 0xb, 30000);
		t0 = fake_hw.tsc;
		mix(t0 + 1200000, 5000, 300, every);
		/* The handler's own time comes on top of each. */
		assert_in_range(ticks, 37, 40);
		for (uint32_t i = 1; i < ticks; i++)
			assert_in_range(tick_at[i] - tick_at[i - 1], 30000 - 100, 31500);
	}
}

/* -- idle -------------------------------------------------------------------------------------- */
static void test_idle(void **state)
{
	uint64_t at;

	(void)state;
	start(VEC_TICK, 0xb, 100000);
	deadline_borrow();
	/* Nothing else comes: back at the deadline, the core's vector taken. */
	at = fake_hw.tsc + 5000;
	assert_false(deadline_idle(at, &mail));
	assert_in_range(fake_hw.tsc, at, at + 300);
	assert_int_equal(pending(), -1);
	/* The root's own tick is first. */
	at = fake_hw.tsc + 1000000;
	assert_true(deadline_idle(at, &mail));
	assert_true(fake_hw.tsc < at - 500000);
	deadline_return();
	root_runs(fake_hw.tsc + 500);
	assert_int_equal(ticks, 1);
	/* A device, at once */
	deadline_borrow();
	set(m.irr, VEC_DEV);
	at = fake_hw.tsc;
	assert_true(deadline_idle(at + 100000, &mail));
	assert_true(fake_hw.tsc < at + 1000);
	deadline_return();
	root_runs(fake_hw.tsc + 500);
	assert_int_equal(devices, 1);
	/* Mail for the VP, at once: an IPI of another VP's */
	deadline_borrow();
	mail = 1;
	at = fake_hw.tsc;
	assert_false(deadline_idle(at + 100000, &mail));
	assert_true(fake_hw.tsc < at + 1000);
	mail = 0;
	deadline_return();
	/* Not borrowed for it: the root's timer ends the wait by itself. */
	start(VEC_TICK, 0xb, 10000);
	at = fake_hw.tsc;
	deadline_borrow();
	assert_true(deadline_idle(at + 50000, &mail));
	assert_in_range(fake_hw.tsc, at + 9000, at + 11000);
	assert_int_equal(m.lvt, VEC_TICK);
	deadline_return();
}

/* -- apic.c ------------------------------------------------------------------------------------ */
static void test_apic(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(apic_divisor(divides[i]), 1u << i);
	m.id = 0x7000000;
	assert_int_equal(apic_id(), 7);
	set(m.isr, 0x93);
	assert_true(apic_in_service(0x93));
	assert_false(apic_in_service(0x92));
	apic_eoi();
	assert_false(apic_in_service(0x93));
	/* xAPIC: the high half is put back, and the IPI has gone out when it returns. */
	m.icr_high = 0x5000000;
	m.busy = 3;
	fake_hw.writes = 0;
	apic_send(9, APIC_DM_NMI);
	assert_int_equal(fake_hw.writes, 3);
	assert_int_equal(fake_hw.log[0].index, PAGE + APIC_ICR_HIGH);
	assert_int_equal(fake_hw.log[0].value, 9u << 24);
	assert_int_equal(fake_hw.log[1].index, PAGE + APIC_ICR_LOW);
	assert_int_equal(fake_hw.log[1].value, APIC_DM_NMI);
	assert_int_equal(fake_hw.log[2].index, PAGE + APIC_ICR_HIGH);
	assert_int_equal(m.icr_high, 0x5000000);
	assert_int_equal(m.busy, 0);
	use_x2();
	fake_hw.writes = 0;
	assert_int_equal(apic_id(), 0x7000000);
	apic_send(0x12345678, APIC_DM_NMI);
	assert_int_equal(fake_hw.writes, 1);
	assert_int_equal(fake_hw.log[0].kind, FAKE_WRMSR);
	assert_int_equal(fake_hw.log[0].index, 0x830);
	assert_int_equal(fake_hw.log[0].value, 0x12345678ull << 32 | APIC_DM_NMI);
}

static void test_calibrate(void **state)
{
	static const uint32_t scales[] = { 1, 3, 10, 100 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		(void)setup(NULL);
		m.scale = scales[i];
		m.lvt = APIC_LVT_MASKED | 0x31;
		m.divide = 3;
		apic_calibrate(20000000);
		assert_in_range(apic_ticks_to_tsc(1000000, 0xb), scales[i] * 999000ull,
				scales[i] * 1001000ull);
		assert_in_range(apic_ticks_to_tsc(1000000, 3), scales[i] * 15984000ull,
				scales[i] * 16016000ull);
		assert_in_range(apic_tsc_to_ticks(1000000ull * scales[i], 0xb), 999000, 1001000);
		assert_in_range(apic_tsc_to_ticks(16000000ull * scales[i], 3), 999000, 1001000);
		assert_in_range(arch_apic_hz(), hz / scales[i] / 1000 * 999,
				hz / scales[i] / 1000 * 1001);
		/* Far beyond the counter it is only big. */
		assert_true(apic_tsc_to_ticks(~0ull, 0xb) > 0xffffffff);
		/* The timer is left as it was. */
		assert_int_equal(m.lvt, APIC_LVT_MASKED | 0x31);
		assert_int_equal(m.divide, 3);
		assert_false(m.running);
	}
	(void)setup(NULL);
	apic_calibrate(20000000);
}

/* With a timer of the back end's own the root's APIC is not touched, whatever it does meanwhile. */
static void test_own_timer(void **state)
{
	uint32_t lvt, initial;

	(void)state;
	start(APIC_TIMER_PERIODIC | VEC_TICK, 0xb, 100000);
	lvt = m.lvt;
	initial = m.initial;
	deadline_always_borrow(true);
	assert_false(deadline_own_timer(true));
	deadline_always_borrow(false);
	assert_true(deadline_own_timer(true));
	fake_hw.writes = 0;
	deadline_borrow();
	assert_true(deadline_next() == NEVER);
	deadline_arm(5000000);
	assert_int_equal(deadline_next(), 5000000);
	deadline_arm(NEVER);
	assert_true(deadline_next() == NEVER);
	/* It has run out: on with the guest, unless something of the root's waits */
	assert_true(deadline_expired());
	assert_false(deadline_take());
	assert_false(deadline_idle(fake_hw.tsc + 500, &mail));
	m.irr[VEC_DEV / 32] |= 1u << VEC_DEV % 32;
	assert_false(deadline_expired());
	assert_true(deadline_idle(fake_hw.tsc + 500, &mail));
	deadline_return();
	assert_false(deadline_root_write(APIC_INITIAL, 77));
	assert_false(deadline_root_write(APIC_LVT_TIMER, 0x30));
	assert_false(deadline_root_write(APIC_EOI, 0));
	assert_int_equal(fake_hw.writes, 0);
	assert_int_equal(m.lvt, lvt);
	assert_int_equal(m.initial, initial);
	deadline_own_timer(false);
}

/* The spurious vector is the root's again afterwards, and is touched only where it is ours. */
static void test_spurious(void **state)
{
	(void)state;
	for (uint32_t svr = 0x1fe; svr <= 0x1ff; svr++) {
		start(VEC_TICK, 0xb, 100000);
		m.svr = svr;
		deadline_borrow();
		deadline_arm(fake_hw.tsc + 500);
		assert_int_equal(m.svr, 0x1fe);
		deadline_return();
		assert_int_equal(m.svr, svr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_apic, setup),
		cmocka_unit_test_setup(test_own_timer, setup),
		cmocka_unit_test_setup(test_periodic, setup),
		cmocka_unit_test_setup(test_one_shot, setup),
		cmocka_unit_test_setup(test_spurious, setup),
		cmocka_unit_test_setup(test_tsc_deadline, setup),
		cmocka_unit_test_setup(test_tsc_deadline_passed, setup),
		cmocka_unit_test_setup(test_tick_held_back, setup),
		cmocka_unit_test_setup(test_tick_at_arming, setup),
		cmocka_unit_test_setup(test_masked, setup),
		cmocka_unit_test_setup(test_stopped, setup),
		cmocka_unit_test_setup(test_disabled, setup),
		cmocka_unit_test_setup(test_tpr, setup),
		cmocka_unit_test_setup(test_device, setup),
		cmocka_unit_test_setup(test_take, setup),
		cmocka_unit_test_setup(test_root_nearest, setup),
		cmocka_unit_test_setup(test_arm, setup),
		cmocka_unit_test_setup(test_guest_deadline, setup),
		cmocka_unit_test_setup(test_late_request, setup),
		cmocka_unit_test_setup(test_late_remainder, setup),
		cmocka_unit_test_setup(test_tick_waits, setup),
		cmocka_unit_test_setup(test_rewrite, setup),
		cmocka_unit_test_setup(test_restart_in_tick, setup),
		cmocka_unit_test_setup(test_idle, setup),
		cmocka_unit_test_setup(test_calibrate, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
