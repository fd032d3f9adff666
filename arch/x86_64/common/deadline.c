/* SPDX-License-Identifier: MIT */
#include "arch/x86_64/common/deadline.h"

#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/regs.h"
#include "kernel/percpu.h"

#define ONE_SHOT_MAX 0xffffffffull
#define DIVIDE_BY_1  0xbu

/* Per CPU, own. Only valid between borrow and return. */
static struct borrowed {
	bool ours;	   /* the timer runs for the core */
	bool usable;	   /* APIC on, and the core's vector can get through */
	bool rearm;	   /* the root's periodic timer runs its remainder as one-shot */
	uint32_t lvt, initial, divide, tpr;
	uint64_t root_due; /* host TSC of the root's next tick; UINT64_MAX: none */
	uint64_t period;   /* TSC ticks; 0: not periodic */
	uint64_t armed;	   /* host TSC that the timer is set for */
} borrowed[BOOT_INFO_MAX_CPUS];

static struct borrowed *mine(void)
{
	return &borrowed[this_cpu()->index];
}

static bool irr(uint8_t vector)
{
	return apic_read(APIC_IRR + 0x10u * (vector >> 5)) >> (vector & 31) & 1;
}

/* A periodic timer that still runs a remainder: due when that ends, or whole periods after. */
static void next_period(struct borrowed *b)
{
	uint64_t now = rdtsc();
	uint32_t current = apic_read(APIC_CURRENT);

	b->period = apic_ticks_to_tsc(b->initial, b->divide);
	if (current)
		b->root_due = now + apic_ticks_to_tsc(current, b->divide);
	else if (b->root_due <= now)
		b->root_due += ((now - b->root_due) / b->period + 1) * b->period;
}

void deadline_borrow(void)
{
	struct borrowed *b = mine();
	uint32_t mode, current;

	b->ours = false;
	b->armed = UINT64_MAX;
	b->usable = apic_read(APIC_SVR) & APIC_SVR_ENABLE;
	if (!b->usable)
		return;
	b->divide = apic_read(APIC_DIVIDE);
	b->tpr = apic_read(APIC_TPR);
	if (b->rearm) {
		next_period(b);
		return;
	}
	b->root_due = UINT64_MAX;
	b->period = 0;
	b->lvt = apic_read(APIC_LVT_TIMER);
	b->initial = apic_read(APIC_INITIAL);
	mode = b->lvt & APIC_TIMER_MODE;
	if (mode == APIC_TIMER_DEADLINE) {
		uint64_t at = rdmsr(MSR_TSC_DEADLINE);

		b->root_due = at ? at : UINT64_MAX;
	} else if (b->initial) {
		current = apic_read(APIC_CURRENT);
		/* A one-shot that has run out stays out; a periodic one just reloads. */
		if (current || mode == APIC_TIMER_PERIODIC)
			b->root_due = rdtsc() + apic_ticks_to_tsc(current, b->divide);
		if (mode == APIC_TIMER_PERIODIC)
			b->period = apic_ticks_to_tsc(b->initial, b->divide);
	}
}

static void set_one_shot(struct borrowed *b, uint64_t at)
{
	uint64_t now = rdtsc();
	uint64_t ticks = at > now ? apic_tsc_to_ticks(at - now, DIVIDE_BY_1) + 1 : 1;

	if (!b->ours) {
		/* Mode first: leaving deadline mode disarms it, and no count runs in between. */
		apic_write(APIC_INITIAL, 0);
		apic_write(APIC_LVT_TIMER, VEC_DEADLINE);
		apic_write(APIC_DIVIDE, DIVIDE_BY_1);
		/* A root that blocks class 15 blocks our vector too: not while a guest runs. */
		if (b->tpr >> 4 == 15)
			apic_write(APIC_TPR, 0xe0);
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
	svm_stgi();
	cpu_irq_window();
	svm_clgi();
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

bool deadline_take(void)
{
	const struct borrowed *b = mine();

	if (!b->ours || !take_ours())
		return false;
	return !root_due(b) && !root_pending();
}

bool deadline_idle(uint64_t at)
{
	struct borrowed *b = mine();

	if (!b->usable)
		return true;
	deadline_arm(at);
	while (rdtsc() < at) {
		if (root_pending() && !take_ours())
			return true;
		if (b->ours ? root_due(b) : b->root_due <= rdtsc())
			return true;
		cpu_pause();
	}
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
	if ((b->lvt & APIC_TIMER_MODE) == APIC_TIMER_DEADLINE) {
		apic_write(APIC_LVT_TIMER, b->lvt);
		wrmsr(MSR_TSC_DEADLINE, b->root_due == UINT64_MAX ? 0 : b->root_due);
		return;
	}
	now = rdtsc();
	apic_write(APIC_DIVIDE, b->divide);
	if (b->root_due == UINT64_MAX) {
		/* It was not running: mode back, and the initial count stays as it stands: zero.
		 * A one-shot that ran out reads current 0 either way. */
		apic_write(APIC_LVT_TIMER, b->lvt);
		return;
	}
	left = b->root_due > now ? apic_tsc_to_ticks(b->root_due - now, b->divide) : 0;
	apic_write(APIC_LVT_TIMER, b->lvt & ~APIC_TIMER_PERIODIC);
	apic_write(APIC_INITIAL, (uint32_t)MAX(left, 1u));
	b->rearm = b->period != 0;
}

static void rearm(struct borrowed *b)
{
	b->rearm = false;
	apic_write(APIC_LVT_TIMER, b->lvt);
	apic_write(APIC_INITIAL, b->initial);
}

/*
 * The count register also is the reload value, so a remainder cannot be put into a periodic timer:
 * it runs as one-shot, and the EOI of its tick makes it periodic again. What the root writes to
 * the timer before that holds for the timer that it believes to have.
 */
bool deadline_root_write(uint32_t reg, uint32_t v)
{
	struct borrowed *b = mine();

	if (likely(!b->rearm))
		return false;
	switch (reg) {
	case APIC_EOI:
		apic_write(APIC_EOI, v);
		if (!apic_read(APIC_CURRENT))
			rearm(b);
		return true;
	case APIC_LVT_TIMER:
		b->lvt = v;
		if ((v & APIC_TIMER_MODE) != APIC_TIMER_PERIODIC) {
			b->rearm = false;
			return false;
		}
		apic_write(APIC_LVT_TIMER, v & ~APIC_TIMER_PERIODIC);
		return true;
	case APIC_INITIAL:
		b->rearm = false;
		apic_write(APIC_LVT_TIMER, b->lvt);
		return false;
	default:
		return false;
	}
}
