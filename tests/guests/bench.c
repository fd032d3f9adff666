/* SPDX-License-Identifier: MIT */
/*
 * What an exit costs, as the guest sees it: TSC before and after, under -icount one tick is one
 * instruction. Afterwards the guest exits by port and by MMIO for ever, for the root to measure.
 */
#include <hv/hypercall.h>

#include "tests/guests/bench_abi.h"
#include "tests/guests/lib.h"

#define VEC_SELF  0x41
#define VEC_TIMER 0x42
#define VEC_AUTO  0x43 /* a SINT's that needs no EOI */

static volatile uint64_t isr_tsc;
static struct bench_shared *out;

void guest_trap(struct trap *t)
{
	isr_tsc = rdtsc();
	if (t->vector != VEC_AUTO)
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

#define HCALL_PAGE 0x301000ull
#define HCALL_IN   0x302000ull

static inline uint64_t hypercall(uint64_t control, uint64_t in, uint64_t to)
{
	register uint64_t r8 __asm__("r8") = to;
	uint64_t result;

	__asm__ volatile("call *%[page]"
			 : "=a"(result), "+c"(control), "+r"(r8)
			 : [page] "r"(HCALL_PAGE), "d"(in)
			 : "memory", "r9", "r10", "r11", "cc");
	return result;
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

static void must(uint64_t result)
{
	if ((uint16_t)result)
		outl(BENCH_DONE, (uint32_t)result);
}

/*
 * Without an EOI, so that all exits are from the same page: where the CPU does not tell how long an
 * instruction is, finding the next page's costs as much again.
 */
static void cluster_ipi(void)
{
	wrmsr(0x40000093, 1u << 17 | VEC_AUTO);
	sti();
	for (uint32_t i = 0; i < BENCH_SAMPLES; i++) {
		uint64_t t, r;

		isr_tsc = 0;
		t = rdtsc();
		r = hypercall(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI | 1u << 16, VEC_AUTO, 1);
		wait_isr(BENCH_CLUSTER_IPI, i, t);
		must(r);
	}
	cli();
	wrmsr(0x40000093, 0x10000);
}

static void flush_self(void)
{
	struct hv_input_flush_virtual_address_space *in = (void *)HCALL_IN;

	*in = (struct hv_input_flush_virtual_address_space){ .address_space = READ_REG(cr3),
							     .processor_mask = 1 };
	must(hypercall(HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE, HCALL_IN, 0));
	MEASURE(BENCH_FLUSH_SELF, (void)hypercall(HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE, HCALL_IN, 0));
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
	wrmsr(0x40000001, HCALL_PAGE | 1);
	MEASURE(BENCH_EMPTY, );
	MEASURE(BENCH_CPUID, cpuid_once());
	MEASURE(BENCH_HYPERCALL, (void)hypercall(0xffff | 1u << 16, 0, 0)); /* no such call */
	MEASURE(BENCH_VP_INDEX, (void)rdmsr(0x40000002));
	MEASURE(BENCH_REF_COUNT, (void)rdmsr(0x40000020));
	MEASURE(BENCH_EOI, wrmsr(0x40000070, 0));
	MEASURE(BENCH_MMIO_EOI, apic_write(0xb0, 0));
	self_ipi();
	flush_self();
	cluster_ipi();
	timer();
	wrmsr(0x1b, rdmsr(0x1b) | 0x400);
	MEASURE(BENCH_X2_TPR, wrmsr(0x808, 0));
	outl(BENCH_DONE, 0);
	exits();
}
