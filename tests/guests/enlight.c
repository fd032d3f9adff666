/* SPDX-License-Identifier: MIT */
/*
 * Flushes and interrupts by hypercall, with two VPs. A page table entry of the window changes from
 * one page to the next, each of which holds its round's number: who reads `mark` first and then a
 * smaller number has used a translation that a completed flush should have ended.
 */
#include <hv/hypercall.h>

#include "tests/guests/enlight_abi.h"
#include "tests/guests/lib.h"

#define HCALL_PAGE 0x301000u
#define PDPT_1	   0x13000u /* page directory of the second GiB (VM_TABLES) */
#define WINDOW_PT  0x30000u
#define WINDOW	   0x40000000u
#define PAGES	   8u
#define PAGE_N(n)  (0x20000u + ((n) % PAGES) * 0x1000u)

#define SHARED ((volatile struct enlight_shared *)(uintptr_t)ENLIGHT_SHARED)

void guest_trap(struct trap *t)
{
	volatile struct enlight_shared *s = SHARED;

	if (t->vector < 32)
		outl(PORT_DONE, (uint32_t)t->vector);
	if (t->vector == ENLIGHT_VECTOR)
		s->irqs[rdmsr(0x40000002) & 1]++;
	else
		s->strays++;
	apic_write(0xb0, 0);
}

static uint64_t call(uint64_t control, uint64_t low, uint64_t high)
{
	register uint64_t r8 __asm__("r8") = high;
	uint64_t result;

	__asm__ volatile("call *%[page]"
			 : "=a"(result), "+c"(control), "+d"(low), "+r"(r8)
			 : [page] "r"((uint64_t)HCALL_PAGE)
			 : "memory", "r9", "r10", "r11", "cc");
	return result;
}

static void note(uint64_t result)
{
	if ((uint16_t)result)
		SHARED->result = result;
}

/* False: a second is over. */
static bool wait_for(const volatile uint64_t *v, uint64_t least)
{
	uint64_t end = rdtsc() + rdmsr(0x40000022);

	while (*v < least) {
		if (rdtsc() > end) {
			SHARED->late = 1;
			return false;
		}
		cpu_pause();
	}
	return true;
}

static void flush(uint64_t vp, enum enlight_form form, uint64_t mask)
{
	uint64_t gpa = ENLIGHT_INPUT + vp * 0x1000, control, reps = 1ull << 32, bank = 1ull << 17;
	volatile uint64_t *in = (volatile uint64_t *)gpa;
	bool set = form == ENLIGHT_SPACE_EX || form == ENLIGHT_LIST_EX;

	in[0] = READ_REG(cr3);
	in[1] = form == ENLIGHT_EVERYBODY ? HV_FLUSH_ALL_PROCESSORS : 0;
	in[2] = set ? HV_GENERIC_SET_SPARSE_4K : mask;
	in[3] = set ? 1 : WINDOW;
	in[4] = mask;
	in[5] = WINDOW;
	switch (form) {
	case ENLIGHT_NONE:
		return;
	case ENLIGHT_LIST:
		control = HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST | reps;
		break;
	case ENLIGHT_SPACE_EX:
		control = HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX | bank;
		break;
	case ENLIGHT_LIST_EX:
		control = HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX | bank | reps;
		break;
	case ENLIGHT_SPACE:
	case ENLIGHT_EVERYBODY:
	default:
		control = HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE;
		break;
	}
	note(call(control, gpa, 0));
}

static void show(uint64_t n)
{
	volatile uint64_t *entry = (volatile uint64_t *)(uintptr_t)WINDOW_PT;

	*(volatile uint64_t *)(uintptr_t)PAGE_N(n) = n;
	*entry = PAGE_N(n) | 3;
}

static uint64_t look(void)
{
	return *(volatile uint64_t *)(uintptr_t)WINDOW;
}

static void self(volatile struct enlight_shared *s)
{
	for (uint64_t n = s->mark + 1, end = n + s->rounds; n < end; n++) {
		(void)look();
		show(n);
		flush(0, (enum enlight_form)s->form, 1);
		s->mark = n;
		if (look() < n)
			s->stale++;
	}
}

static void change(volatile struct enlight_shared *s)
{
	for (uint64_t n = s->mark + 1, end = n + s->rounds; n < end; n++) {
		/* The watcher has the entry of before: it has looked since, twice for a whole turn.
		 */
		if (!wait_for(&s->turns, s->turns + 2) ||
		    (s->form != ENLIGHT_NONE && !wait_for(&s->seen, n - 1)))
			break;
		show(n);
		flush(0, (enum enlight_form)s->form, 2);
		s->mark = n;
	}
	(void)wait_for(&s->turns, s->turns + 2);
	s->stop = 1;
}

static void watch(volatile struct enlight_shared *s)
{
	while (!s->stop) {
		uint64_t mark = s->mark, seen = look();

		if (seen < mark)
			s->stale++;
		s->seen = seen;
		s->turns++;
	}
}

static void send(volatile struct enlight_shared *s)
{
	volatile uint64_t *in = (volatile uint64_t *)(uintptr_t)ENLIGHT_INPUT;
	uint64_t at[2];

	sti();
	for (uint32_t i = 0; i < s->rounds; i++) {
		uint64_t now = s->irqs[1];

		if (i & 1) {
			in[0] = ENLIGHT_VECTOR;
			in[1] = HV_GENERIC_SET_SPARSE_4K;
			in[2] = 1;
			in[3] = 2;
			note(call(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX | 1u << 17, ENLIGHT_INPUT,
				  0));
		} else {
			note(call(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI | 1u << 16, ENLIGHT_VECTOR, 2));
		}
		if (!wait_for(&s->irqs[1], now + 1))
			break;
	}
	at[0] = s->irqs[0] + 1;
	at[1] = s->irqs[1] + 1;
	in[0] = ENLIGHT_VECTOR;
	in[1] = HV_GENERIC_SET_ALL;
	in[2] = 0;
	note(call(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX, ENLIGHT_INPUT, 0));
	(void)(wait_for(&s->irqs[0], at[0]) && wait_for(&s->irqs[1], at[1]));
	cli();
	s->stop = 1;
	/* Who sleeps has to be told. */
	note(call(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI | 1u << 16, ENLIGHT_VECTOR, 2));
}

static void receive(volatile struct enlight_shared *s, bool halt)
{
	if (!halt)
		sti();
	while (!s->stop) {
		if (halt)
			__asm__ volatile("sti; hlt; cli" : : : "memory");
		else
			cpu_pause();
	}
	cli();
}

static void set_up(void)
{
	((volatile uint64_t *)(uintptr_t)PDPT_1)[0] = WINDOW_PT | 3;
	show(0);
	wrmsr(0x40000000, 0x8100000000000001);
	wrmsr(0x40000001, HCALL_PAGE | 1);
}

void guest_main(uint64_t vp, void *arg)
{
	volatile struct enlight_shared *s = arg;

	if (vp == 0)
		set_up();
	apic_write(0xf0, 0x1ff);
	for (;;) {
		outl(ENLIGHT_PORT, (uint32_t)vp);
		switch (s->op[vp]) {
		case ENLIGHT_CALL:
			s->result = call(s->control, s->low, s->high);
			break;
		case ENLIGHT_SELF:
			self(s);
			break;
		case ENLIGHT_CHANGE:
			change(s);
			break;
		case ENLIGHT_WATCH:
			watch(s);
			break;
		case ENLIGHT_MUTUAL:
			for (uint32_t i = 0; i < s->rounds; i++)
				flush(vp, ENLIGHT_SPACE, 3);
			break;
		case ENLIGHT_SEND:
			send(s);
			break;
		case ENLIGHT_DOZE:
			apic_write(0x3e0, 0xb); /* divide by 1 */
			apic_write(0x320, 0xe1);
			apic_write(0x380, ~0u);
			receive(s, true);
			apic_write(0x380, 0);
			break;
		case ENLIGHT_RECEIVE:
		case ENLIGHT_SLEEP:
		default:
			receive(s, s->op[vp] == ENLIGHT_SLEEP);
			break;
		}
	}
}
