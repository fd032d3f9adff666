/* SPDX-License-Identifier: MIT */
#include "arch/x86_64/common/deadline.h"

#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/virt.h"

#define ONE_SHOT_MAX 0xffffffffull
#define DIVIDE_BY_1  0xbu

/* Per CPU, own. Only valid between borrow and return. */
static struct borrowed {
	bool ours;	     /* the timer runs for the core */
	bool usable;	     /* APIC on, and the core's vector can get through */
	uint8_t root_vector; /* of its LVT entry, as last written */
	uint64_t started; /* host TSC when the root last wrote the count; 0: stopped, or unknown */
	uint64_t seen;	  /* host TSC of the EOI of its last tick since */
	bool rearm;	  /* the root's periodic timer runs its remainder as one-shot */
	bool used;	  /* ... and was borrowed again since its last tick */
	uint32_t lvt, initial, divide, tpr, svr;
	uint64_t root_due; /* host TSC of the root's next tick; UINT64_MAX: none */
	uint64_t period;   /* TSC ticks; 0: not periodic */
	uint64_t armed;	   /* host TSC that the timer is set for */
} borrowed[BOOT_INFO_MAX_CPUS];

static bool own_timer, always_borrow;

static struct borrowed *mine(void)
{
	return &borrowed[this_cpu()->index];
}

static bool irr(uint8_t vector)
{
	return apic_read(APIC_IRR + 0x10u * (vector >> 5)) >> (vector & 31) & 1;
}

/* Is a tick of the root's on its way: requested, or being handled? */
static bool tick_waits(const struct borrowed *b)
{
	uint8_t vector = (uint8_t)b->lvt;

	return !(b->lvt & APIC_LVT_MASKED) && (irr(vector) || apic_in_service(vector));
}

/*
 * The first tick after the one that has come, in phase. A remainder is rounded to the divided
 * clock, so that one may have come a little before its time: it must not come again then.
 */
static uint64_t next_tick(const struct borrowed *b, uint64_t now)
{
	if (!b->period)
		return UINT64_MAX;
	now += apic_ticks_to_tsc(2, b->divide);
	return b->root_due > now ? b->root_due
				 : b->root_due + ((now - b->root_due) / b->period + 1) * b->period;
}

/*
 * When the root's next tick is due. A count that has run out does not mean that its interrupt has
 * been requested: an emulator may do that later (QEMU's timers), and stopping the timer in between
 * would lose the tick. So a tick counts as come only when it is seen in IRR or ISR, or was by its
 * EOI; else it is due now.
 */
static uint64_t root_tick(struct borrowed *b)
{
	uint32_t mode = b->lvt & APIC_TIMER_MODE, current;
	uint64_t now = rdtsc(), last;

	if (mode == APIC_TIMER_DEADLINE) {
		uint64_t at = rdmsr(MSR_TSC_DEADLINE);

		return at ? at : UINT64_MAX;
	}
	if (!b->initial)
		return UINT64_MAX;
	current = apic_read(APIC_CURRENT);
	if (mode != APIC_TIMER_PERIODIC) {
		if (current)
			return now + apic_ticks_to_tsc(current, b->divide);
		return b->started && b->seen < b->started && !tick_waits(b) ? now : UINT64_MAX;
	}
	b->period = apic_ticks_to_tsc(b->initial, b->divide);
	now += apic_ticks_to_tsc(current, b->divide);
	last = now - b->period;
	return b->started && last > b->started + b->period / 2 && b->seen < last && !tick_waits(b)
		       ? last
		       : now;
}

void deadline_always_borrow(bool always)
{
	always_borrow = always;
}

bool deadline_own_timer(bool own)
{
	own_timer = own && !always_borrow;
	return own_timer;
}

uint64_t deadline_next(void)
{
	return mine()->armed;
}

void deadline_borrow(void)
{
	struct borrowed *b = mine();
	uint32_t current;

	b->ours = false;
	b->armed = UINT64_MAX;
	if (own_timer) {
		b->usable = true;
		b->root_due = UINT64_MAX;
		return;
	}
	b->svr = apic_read(APIC_SVR);
	b->usable = b->svr & APIC_SVR_ENABLE;
	if (!b->usable)
		return;
	b->divide = apic_read(APIC_DIVIDE);
	b->tpr = apic_read(APIC_TPR);
	if (!b->rearm) {
		b->period = 0;
		b->lvt = apic_read(APIC_LVT_TIMER);
		b->initial = apic_read(APIC_INITIAL);
		b->root_due = root_tick(b);
		return;
	}
	/* A remainder of a periodic timer */
	b->used = true;
	current = apic_read(APIC_CURRENT);
	if (current)
		b->root_due = rdtsc() + apic_ticks_to_tsc(current, b->divide);
	else if (tick_waits(b))
		b->root_due = next_tick(b, rdtsc());
}

/*
 * The root's spurious vector is ours too, as with most systems. Bochs 2.7 takes no EOI for that
 * vector, so it is another while ours can come; one of those has nothing to acknowledge anyhow.
 */
static bool shares_vector(const struct borrowed *b)
{
	return (uint8_t)b->svr == VEC_DEADLINE;
}

static void set_one_shot(struct borrowed *b, uint64_t at)
{
	uint64_t now = rdtsc();
	uint64_t ticks = at > now ? apic_tsc_to_ticks(at - now, DIVIDE_BY_1) + 1 : 1;

	if (!b->ours) {
		/* Mode first: leaving deadline mode disarms it, and no count runs in between. */
		apic_write(APIC_INITIAL, 0);
		if (b->root_due <= rdtsc() && tick_waits(b))
			b->root_due = next_tick(b, rdtsc());
		apic_write(APIC_LVT_TIMER, VEC_DEADLINE);
		apic_write(APIC_DIVIDE, DIVIDE_BY_1);
		/* A root that blocks class 15 blocks our vector too: not while a guest runs. */
		if (b->tpr >> 4 == 15)
			apic_write(APIC_TPR, 0xe0);
		if (shares_vector(b))
			apic_write(APIC_SVR, b->svr ^ 1);
		b->ours = true;
	}
	apic_write(APIC_INITIAL, (uint32_t)MIN(ticks, ONE_SHOT_MAX));
	b->armed = at;
}

void deadline_arm(uint64_t at)
{
	struct borrowed *b = mine();
	uint64_t masked_due = b->lvt & APIC_LVT_MASKED ? UINT64_MAX : b->root_due;

	if (!b->usable)
		return;
	if (own_timer) {
		b->armed = at;
		return;
	}
	/* While the root's own timer is nearest, it is left alone: it ends the run by itself. */
	if (at >= masked_due && !b->ours)
		return;
	at = MIN(at, masked_due);
	if (at == b->armed || (at == UINT64_MAX && !b->ours))
		return;
	if (at == UINT64_MAX) {
		apic_write(APIC_INITIAL, 0);
		b->armed = at;
		return;
	}
	set_one_shot(b, at);
}

/* Open the window only when IRR shows our vector: no interrupt of the root's is eaten. */
static bool take_ours(void)
{
	struct percpu *cpu = this_cpu();

	if (!irr(VEC_DEADLINE))
		return false;
	cpu->deadline_hit = 0;
	virt->open();
	cpu_irq_window();
	virt->close();
	if (cpu->deadline_hit) {
		cpu->counters[COUNT_DEADLINES]++;
		mine()->armed = UINT64_MAX;
	}
	return cpu->deadline_hit;
}

static bool root_due(const struct borrowed *b)
{
	return !(b->lvt & APIC_LVT_MASKED) && b->root_due <= rdtsc();
}

/* Anything of the root's that its APIC holds above its own priority? */
static bool root_pending(void)
{
	uint32_t ppr = apic_read(APIC_PPR) >> 4 & 15;

	for (uint32_t w = 0; w < 8; w++) {
		uint32_t v = apic_read(APIC_IRR + 0x10 * (7 - w));

		if (v)
			return ((7 - w) * 32 + 31 - (uint32_t)__builtin_clz(v)) >> 4 > ppr;
	}
	return false;
}

bool deadline_expired(void)
{
	this_cpu()->counters[COUNT_DEADLINES]++;
	return !root_pending();
}

bool deadline_root_waits(void)
{
	return root_pending();
}

bool deadline_take(void)
{
	const struct borrowed *b = mine();

	if (!b->ours || !take_ours())
		return false;
	return !root_due(b) && !root_pending();
}

bool deadline_idle(uint64_t at, const uint32_t *mail)
{
	struct borrowed *b = mine();

	if (!b->usable)
		return true;
	deadline_arm(at);
	while (rdtsc() < at && !atomic_load(mail)) {
		if (root_pending() && (own_timer || !take_ours()))
			return true;
		if (!own_timer && (b->ours ? root_due(b) : b->root_due <= rdtsc()))
			return true;
		cpu_pause();
	}
	if (!own_timer)
		(void)take_ours();
	return root_pending();
}

void deadline_return(void)
{
	struct borrowed *b = mine();
	uint64_t now, left;

	if (!b->usable || !b->ours)
		return;
	apic_write(APIC_INITIAL, 0);
	(void)take_ours(); /* one that came in the meantime is not left for the root */
	b->ours = false;
	if (b->tpr >> 4 == 15)
		apic_write(APIC_TPR, b->tpr);
	if (shares_vector(b))
		apic_write(APIC_SVR, b->svr);
	apic_write(APIC_DIVIDE, b->divide);
	if ((b->lvt & APIC_TIMER_MODE) == APIC_TIMER_DEADLINE) {
		apic_write(APIC_LVT_TIMER, b->lvt);
		wrmsr(MSR_TSC_DEADLINE, b->root_due == UINT64_MAX ? 0 : b->root_due);
		return;
	}
	now = rdtsc();
	if (b->root_due == UINT64_MAX) {
		/* It was not running: mode back, and the initial count stays as it stands: zero.
		 * A one-shot that ran out reads current 0 either way. */
		apic_write(APIC_LVT_TIMER, b->lvt);
		return;
	}
	left = b->root_due > now ? apic_tsc_to_ticks(b->root_due - now, b->divide) : 0;
	apic_write(APIC_LVT_TIMER, b->lvt & ~APIC_TIMER_PERIODIC);
	apic_write(APIC_INITIAL, (uint32_t)MAX(left, 1u));
	/* This count is as much the root's as one that it writes itself. */
	b->rearm = b->used = b->period != 0;
	if (b->started)
		b->started = now;
}

/* One-shot for what is left until the next tick of a timer that has run out. */
static void run_on(struct borrowed *b)
{
	uint64_t now = rdtsc();

	b->root_due = next_tick(b, now);
	apic_write(APIC_INITIAL,
		   (uint32_t)MAX(apic_tsc_to_ticks(b->root_due - now, b->divide), 1u));
}

/*
 * The tick of a remainder has come. While guests keep running, the next one is timed as one-shot
 * too, so that the phase is kept; the first tick with no guest since makes it periodic again.
 */
static void after_tick(struct borrowed *b)
{
	if (!b->used) {
		b->rearm = false;
		apic_write(APIC_LVT_TIMER, b->lvt);
		apic_write(APIC_INITIAL, b->initial);
		return;
	}
	b->used = false;
	run_on(b);
}

/*
 * The count register also is the reload value, so a remainder cannot be put into a periodic timer:
 * it runs as one-shot until an EOI finds that it has ended. What the root writes to the timer
 * before that holds for the timer that it believes to have.
 */
bool deadline_root_write(uint32_t reg, uint32_t v)
{
	struct borrowed *b = mine();

	if (own_timer)
		return false;
	switch (reg) {
	case APIC_EOI:
		if (!b->started || !apic_in_service(b->root_vector))
			return false;
		b->seen = rdtsc();
		if (!b->rearm)
			return false;
		apic_write(APIC_EOI, v);
		if (!apic_read(APIC_CURRENT))
			after_tick(b);
		return true;
	case APIC_LVT_TIMER:
		b->root_vector = (uint8_t)v;
		if (!b->rearm)
			return false;
		b->lvt = v;
		b->rearm = (v & APIC_TIMER_MODE) == APIC_TIMER_PERIODIC;
		if (!b->rearm)
			return false;
		apic_write(APIC_LVT_TIMER, v & ~APIC_TIMER_PERIODIC);
		/* It may have run out with no EOI to tell: masked, or with the vector changed now.
		 */
		if (!apic_read(APIC_CURRENT))
			run_on(b);
		return true;
	case APIC_INITIAL:
		b->started = v ? rdtsc() : 0;
		b->seen = 0;
		if (b->rearm)
			apic_write(APIC_LVT_TIMER, b->lvt);
		b->rearm = false;
		return false;
	default:
		return false;
	}
}
