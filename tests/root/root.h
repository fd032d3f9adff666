/* SPDX-License-Identifier: MIT */
/*
 * The root VM: a small single-address-space program on bare metal, newlib beneath. Each CPU has a
 * struct cpu behind GS; CPU 0 runs the tests, the others wait for cpu_run().
 */
#ifndef ROOT_ROOT_H
#define ROOT_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hv/hypercall.h>
#include <hv/status.h>
#include <hv/types.h>

#include "boot/boot_info.h"

#define PAGE	 4096u
#define MAX_CPUS 8u

struct cpu {
	struct cpu *self; /* at GS:0 */
	uint32_t index, apic_id;
	void *hcall_in, *hcall_out; /* a page each */
	volatile uint32_t wake;	    /* see whv_metal.c */
	/* An exception at [fault_from, fault_to) resumes at fault_to and leaves its vector. */
	volatile uint64_t fault_from, fault_to;
	volatile int fault_vector;
	volatile uint64_t irqs[256];
	void (*volatile fn)(void *);
	void *volatile arg;
	volatile uint32_t online;
};

extern struct cpu cpus[MAX_CPUS];
extern uint32_t cpu_count;
extern const struct boot_info *boot_info;
extern uint64_t root_entry_tsc; /* at root_main() */

static inline struct cpu *this_cpu(void)
{
	struct cpu *c;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(c));
	return c;
}

/* -- instructions ----------------------------------------------------------------------------- */
static inline void outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}
static inline uint8_t inb(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline void outl(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}
static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}
static inline void cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "a"(leaf), "c"(sub));
}
static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}
static inline void wrmsr(uint32_t msr, uint64_t v)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32))
			 : "memory");
}
static inline void cli(void)
{
	__asm__ volatile("cli" : : : "memory");
}
static inline void sti(void)
{
	__asm__ volatile("sti" : : : "memory");
}
static inline void cpu_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}
/* Interrupts on and halt, with no window between. */
static inline void sti_hlt(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}
static inline uint64_t irq_save(void)
{
	uint64_t f;

	__asm__ volatile("pushfq; pop %0; cli" : "=r"(f) : : "memory");
	return f;
}
static inline void irq_restore(uint64_t f)
{
	if (f & 0x200)
		sti();
}

/* Vector of the exception that the access raised, or -1. */
int safe_rdmsr(uint32_t msr, uint64_t *v);
int safe_wrmsr(uint32_t msr, uint64_t v);
int safe_read8(uint64_t pa, uint8_t *v);
int safe_write8(uint64_t pa, uint8_t v);

/* -- console.c: newlib's system calls and the way out ------------------------------------------ */
void console_init(const struct boot_console *c);
void console_lock(void);
void console_unlock(void);
/* Ends the machine; QEMU exits with 33 when ok, with 35 else. */
void machine_exit(bool ok) __attribute__((noreturn));

/* -- pages.c: RAM by pages, identity mapped, below 4 GiB -------------------------------------- */
void pages_init(void);
/* Zeroed and contiguous; NULL when there are none. align in pages, a power of two. */
void *pages_alloc(size_t count, size_t align);
void pages_free(void *va, size_t count);
size_t pages_left(void);

/* -- cpu.c ------------------------------------------------------------------------------------- */
void cpu_init(uint32_t index);
void cpus_start(void);
/* Run fn on a CPU that waits; cpu_join() waits until it is done. */
void cpu_run(uint32_t index, void (*fn)(void *), void *arg);
void cpu_join(uint32_t index);
/* Handlers run with interrupts off and must not print. NULL: count only. EOI is done for them. */
void irq_handler(uint8_t vector, void (*fn)(void));

/* -- apic.c ------------------------------------------------------------------------------------ */
#define APIC_ID	       0x020u
#define APIC_VERSION   0x030u
#define APIC_TPR       0x080u
#define APIC_EOI       0x0b0u
#define APIC_SPURIOUS  0x0f0u
#define APIC_ISR       0x100u
#define APIC_IRR       0x200u
#define APIC_ICR_LOW   0x300u
#define APIC_ICR_HIGH  0x310u
#define APIC_LVT_TIMER 0x320u
#define APIC_LVT_LINT0 0x350u
#define APIC_LVT_LINT1 0x360u
#define APIC_INITIAL   0x380u
#define APIC_CURRENT   0x390u
#define APIC_DIVIDE    0x3e0u
#define APIC_MASKED    0x10000u
#define APIC_PERIODIC  0x20000u

#define VEC_TIMER    0x40
#define VEC_WAKE     0x50
#define VEC_TEST     0x60
#define VEC_SPURIOUS 0xff

uint32_t apic_read(uint32_t reg);
void apic_write(uint32_t reg, uint32_t v);
void apic_enable(void);
void apic_ipi(uint32_t cpu, uint32_t low);
/* ticks of the bus clock at divide by 1 */
void apic_timer(uint32_t lvt, uint32_t initial);
void delay_us(uint64_t us);

/* -- hv.c -------------------------------------------------------------------------------------- */
void hv_init(void);
/* The raw hypercall with registers as given. */
/* The hypercall page says which instruction it is: VMCALL, else VMMCALL. */
bool hv_calls_by_vmcall(void);
uint64_t hv_raw(uint64_t control, uint64_t in, uint64_t out);
/* Memory form: in and out are copied through this CPU's pages. */
uint64_t hv_call(uint64_t control, const void *in, size_t in_len, void *out, size_t out_len);
uint16_t hv_status(uint64_t control, const void *in, size_t in_len, void *out, size_t out_len);
#define HV_REPS(n) ((uint64_t)(n) << HV_HYPERCALL_REP_COUNT_SHIFT)
/* Print what the core has logged since the last time. */
void hv_log_drain(void);

/* -- test.c ------------------------------------------------------------------------------------ */
struct test {
	const char *name;
	void (*fn)(void);
	uint32_t cpus; /* at least */
};
#define TEST_CPUS(n, c) \
	static void n(void); \
	static const struct test entry_##n \
		__attribute__((section(".tests"), used, aligned(8))) = { #n, n, c }; \
	static void n(void)
#define TEST(n) TEST_CPUS(n, 1)
#define CHECK(c) \
	do { \
		if (!(c)) \
			test_fail(__FILE__, __LINE__, "%s", #c); \
	} while (0)
#define CHECK_EQ(a, b) \
	do { \
		uint64_t a_ = (uint64_t)(a), b_ = (uint64_t)(b); \
		if (a_ != b_) \
			test_fail(__FILE__, __LINE__, "%s is %llx, not %s = %llx", #a, \
				  (unsigned long long)a_, #b, (unsigned long long)b_); \
	} while (0)
/* Never returns: ends the test, not the run. Only from CPU 0. */
void test_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
/* Run every test whose name starts with one of the comma-separated prefixes (NULL: all). */
bool tests_run(const char *prefixes);
/* Value of key= in the command line, NULL when absent. */
const char *option(const char *key);
uint64_t option_number(const char *key, uint64_t otherwise);

#endif
