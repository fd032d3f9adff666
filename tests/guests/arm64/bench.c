/* SPDX-License-Identifier: MIT */
/*
 * What an exit costs, as the guest sees it: CNTVCT_EL0 before and after, where one tick is one
 * instruction. Afterwards the guest exits by MMIO for ever, for the root to measure.
 */
#include "tests/guests/arm64/bench_abi.h"
#include "tests/guests/arm64/lib.h"

#define GICD_CTLR    0x0000u
#define GICD_TYPER   0x0004u
#define SGI_BASE     0x10000u
#define GICR_GROUP   0x0080u
#define GICR_ENABLE  0x0100u
#define SGI_SELF     3u
#define PPI_VIRTUAL  27u
#define HV_GET	     (0x50u | 1u << 16 | 1ull << 32)
#define HV_SET	     (0x51u | 1u << 16 | 1ull << 32)
#define HV_OS_ID     0x90002u
#define HV_REF_COUNT 0x90004u

static volatile uint64_t isr_at;
static struct bench_shared *out;

static inline uint64_t now(void)
{
	isb();
	return read_sysreg(cntvct_el0);
}

void guest_irq(void)
{
	uint64_t at = now(), n = read_sysreg(s3_0_c12_c12_0); /* ICC_IAR1_EL1 */

	write_sysreg(cntv_ctl_el0, 0);
	isr_at = at;
	write_sysreg(s3_0_c12_c12_1, n); /* ICC_EOIR1_EL1 */
	isb();
}

/* Nothing here traps but what is measured. */
void guest_trap(void)
{
	for (;;)
		wfi();
}

#define MEASURE(op, insn) \
	for (uint32_t i_ = 0; i_ < BENCH_SAMPLES; i_++) { \
		uint64_t t_ = now(); \
		insn; \
		out->sample[op][i_] = (uint32_t)(now() - t_); \
	}

/* One of the VP's own, by the fast form */
static void own_register(uint64_t control, uint64_t name, uint64_t value)
{
	register uint64_t x0 __asm__("x0") = control;
	register uint64_t x1 __asm__("x1") = ~0ull;
	register uint64_t x2 __asm__("x2") = 0xfffffffe;
	register uint64_t x3 __asm__("x3") = name;
	register uint64_t x4 __asm__("x4") = 0;
	register uint64_t x5 __asm__("x5") = value;
	register uint64_t x6 __asm__("x6") = 0;

	__asm__ volatile("hvc #1"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x6)
			 :
			 : "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
			   "memory");
}

static void null_call(uint64_t fn, uint64_t x1)
{
	register uint64_t a __asm__("x0") = fn;
	register uint64_t b __asm__("x1") = x1;

	__asm__ volatile("hvc #0" : "+r"(a), "+r"(b) : : "x2", "x3", "memory");
}

static void interrupts(void)
{
	uint64_t frame = GUEST_GICR + SGI_BASE;

	write32(GUEST_GICD + GICD_CTLR, 0x12);
	write32(frame + GICR_GROUP, ~0u);
	write32(frame + GICR_ENABLE, 1u << SGI_SELF | 1u << PPI_VIRTUAL);
	write_sysreg(s3_0_c4_c6_0, 0xf0); /* ICC_PMR_EL1 */
	write_sysreg(s3_0_c12_c12_7, 1);  /* ICC_IGRPEN1_EL1 */
	isb();
	irqs_on();
	for (uint32_t i = 0; i < BENCH_SAMPLES; i++) {
		uint64_t t;

		isr_at = 0;
		t = now();
		write_sysreg(s3_0_c12_c11_5, (uint64_t)SGI_SELF << 24 | 1); /* ICC_SGI1R_EL1 */
		isb();
		while (!isr_at)
			;
		out->sample[BENCH_SGI][i] = (uint32_t)(isr_at - t);
	}
	for (uint32_t i = 0; i < BENCH_SAMPLES; i++) {
		uint64_t due;

		isr_at = 0;
		due = now() + 20000;
		write_sysreg(cntv_cval_el0, due);
		write_sysreg(cntv_ctl_el0, 1);
		isb();
		while (!isr_at)
			;
		out->sample[BENCH_TIMER][i] = (uint32_t)(isr_at - due);
	}
	irqs_off();
}

static _Noreturn void exits(void)
{
	for (;;)
		write32(GUEST_SAY + 0x1000, 1);
}

void guest_main(uint64_t vp, void *arg)
{
	if (vp)
		exits();
	out = arg;
	own_register(HV_SET, HV_OS_ID, 0x8100000000000001);
	MEASURE(BENCH_EMPTY, );
	MEASURE(BENCH_HVC, null_call(0x86001234, 0));
	MEASURE(BENCH_HYPERCALL, null_call(0x46000001, 0xffff | 1u << 16));
	MEASURE(BENCH_SYSREG, (void)read_sysreg(id_aa64pfr0_el1));
	MEASURE(BENCH_MMIO, (void)read32(GUEST_GICD + GICD_TYPER));
	MEASURE(BENCH_REF_COUNT, own_register(HV_GET, HV_REF_COUNT, 0));
	interrupts();
	say(BENCH_SAID_DONE, 0);
	exits();
}
