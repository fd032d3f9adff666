/* SPDX-License-Identifier: MIT */
/*
 * What an exit costs, as the guest sees it: TSC before and after, under -icount one tick is one
 * instruction. Afterwards the guest exits by port and by MMIO for ever, for the root to measure.
 */
#include "tests/guests/bench_abi.h"
#include "tests/guests/lib.h"

#define VEC_SELF  0x41
#define VEC_TIMER 0x42

static volatile uint64_t isr_tsc;
static struct bench_shared *out;

void guest_trap(struct trap *t)
{
	isr_tsc = rdtsc();
	(void)t;
	apic_write(0xb0, 0);
}

/* For handlers in x2APIC mode there is none: those rows come last and take no interrupt. */
#define MEASURE(op, insn) \
	for (uint32_t i_ = 0; i_ < BENCH_SAMPLES; i_++) { \
		uint64_t t_ = rdtsc(); \
		insn; \
		out->sample[op][i_] = (uint32_t)(rdtsc() - t_); \
	}

static void cpuid_once(void)
{
	uint32_t r[4];

	cpuid(0, 0, r);
}

static void hypercall(uint64_t page)
{
	uint64_t control = 0xffff | 1u << 16, result; /* no such call, fast */
	register uint64_t r8 __asm__("r8") = 0;

	__asm__ volatile("call *%[page]"
			 : "=a"(result), "+c"(control), "+r"(r8)
			 : [page] "r"(page), "d"(0ull)
			 : "memory", "r9", "r10", "r11", "cc");
}

static void wait_isr(enum bench_op op, uint32_t i, uint64_t from)
{
	while (!isr_tsc)
		;
	out->sample[op][i] = (uint32_t)(isr_tsc - from);
}

static void self_ipi(void)
{
	sti();
	for (uint32_t i = 0; i < BENCH_SAMPLES; i++) {
		isr_tsc = 0;
		uint64_t t = rdtsc();

		apic_write(0x300, 0x40000 | VEC_SELF);
		wait_isr(BENCH_SELF_IPI, i, t);
	}
	cli();
}

/* From the instant the timer is due to the handler: reference time is in 100 ns, so up to that
 * early. */
static void timer(void)
{
	volatile uint32_t *slot = (volatile uint32_t *)(uintptr_t)(0x300000 + 256 * 2);

	wrmsr(0x40000080, 1);
	wrmsr(0x40000083, 0x300001);
	wrmsr(0x40000092, VEC_TIMER);
	sti();
	for (uint32_t i = 0; i < BENCH_SAMPLES; i++) {
		uint64_t hz = rdmsr(0x40000022), ref, tsc;

		isr_tsc = 0;
		ref = rdmsr(0x40000020);
		while (rdmsr(0x40000020) == ref)
			;
		tsc = rdtsc();
		wrmsr(0x400000b1, ref + 1 + 200); /* 20 us from the edge */
		wrmsr(0x400000b0, 0x20001);
		wait_isr(BENCH_TIMER_ISR, i, tsc + hz / 50000);
		slot[0] = 0;
	}
	cli();
}

static _Noreturn void exits(void)
{
	for (;;) {
		for (uint32_t i = 0; i < 2 * BENCH_SAMPLES; i++)
			__asm__ volatile("outl %%eax, %0" : : "N"(BENCH_PORT)); /* 2 bytes */
		for (uint32_t i = 0; i < 2 * BENCH_SAMPLES; i++)
			__asm__ volatile("movl %%eax, (%0)"
					 :
					 : "S"(BENCH_MMIO)
					 : "memory"); /* 2 bytes */
	}
}

void guest_main(uint64_t vp, void *arg)
{
	if (vp)
		exits();
	out = arg;
	apic_write(0xf0, 0x1ff);
	wrmsr(0x40000000, 0x8100000000000001);
	wrmsr(0x40000001, 0x301001);
	MEASURE(BENCH_EMPTY, );
	MEASURE(BENCH_CPUID, cpuid_once());
	MEASURE(BENCH_HYPERCALL, hypercall(0x301000));
	MEASURE(BENCH_VP_INDEX, (void)rdmsr(0x40000002));
	MEASURE(BENCH_REF_COUNT, (void)rdmsr(0x40000020));
	MEASURE(BENCH_EOI, wrmsr(0x40000070, 0));
	MEASURE(BENCH_MMIO_EOI, apic_write(0xb0, 0));
	self_ipi();
	timer();
	wrmsr(0x1b, rdmsr(0x1b) | 0x400);
	MEASURE(BENCH_X2_TPR, wrmsr(0x808, 0));
	outl(BENCH_DONE, 0);
	exits();
}
