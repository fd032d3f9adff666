/* SPDX-License-Identifier: MIT */
/*
 * The root VM: a small single-address-space program on bare metal, newlib beneath. Each CPU has a
 * struct cpu behind GS (arm64: TPIDR_EL1); CPU 0 runs the tests, the others wait for cpu_run().
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
	volatile uint64_t fault_syndrome, fault_address; /* arm64 */
	volatile uint64_t irqs[256];
	void (*volatile fn)(void *);
	void *volatile arg;
	volatile uint32_t online;
};

extern struct cpu cpus[MAX_CPUS];
extern uint32_t cpu_count;
extern const struct boot_info *boot_info;
extern uint64_t root_entry_tsc; /* at root_main() */

#include <root_arch.h>

/* Vector of the exception that the access raised (arm64: its class), or -1. */
int safe_read8(uint64_t pa, uint8_t *v);
int safe_write8(uint64_t pa, uint8_t v);
/* The same for a hypercall. */
int safe_hypercall(uint64_t control, uint64_t in, uint64_t out, uint64_t *result);

/* -- console.c: newlib's system calls and the way out ------------------------------------------ */
void console_init(const struct boot_console *c);
void console_lock(void);
void console_unlock(void);
/* Says ROOT EXIT 0 (ok) or 1, and ends the machine. */
void machine_exit(bool ok) __attribute__((noreturn));
/* The end itself: cpu.c. */
void machine_off(bool ok) __attribute__((noreturn));

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
/* An interrupt that ends whatever the CPU waits for or runs. */
void cpu_wake(uint32_t index);
/* Handlers run with interrupts off and must not print. NULL: count only. EOI is done for them. */
void irq_handler(uint8_t vector, void (*fn)(void));
void delay_us(uint64_t us);

/* -- hv.c -------------------------------------------------------------------------------------- */
void hv_init(void);
/* x86_64/hv.c, arm64/hv.c: is there a hypervisor that we know? */
void hv_arch_init(void);
/* The raw hypercall with registers as given. */
uint64_t hv_raw(uint64_t control, uint64_t in, uint64_t out);
/* Memory form: in and out are copied through this CPU's pages. */
uint64_t hv_call(uint64_t control, const void *in, size_t in_len, void *out, size_t out_len);
uint16_t hv_status(uint64_t control, const void *in, size_t in_len, void *out, size_t out_len);
#define HV_REPS(n) ((uint64_t)(n) << HV_HYPERCALL_REP_COUNT_SHIFT)
/* A SynIC register of this CPU's root VP, by name; and make one of its SINTs an interrupt, of the
 * vector (arm64: INTID) that it answers. */
uint64_t synic_get(uint32_t name);
void synic_set(uint32_t name, uint64_t v);
uint32_t synic_vector(void);
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
/* The same, where a test cannot be: tests/skips.txt has to list it. */
void test_skip(const char *why) __attribute__((noreturn));
/* fn outside of a test: false when a check in it failed. */
bool tests_guard(void (*fn)(void));
/* Run every test whose name starts with one of the comma-separated prefixes (NULL: all). */
bool tests_run(const char *prefixes);
/* Value of key= in the command line, NULL when absent. */
const char *option(const char *key);
uint64_t option_number(const char *key, uint64_t otherwise);

#endif
