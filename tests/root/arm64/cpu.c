/* SPDX-License-Identifier: MIT */
/* Per-CPU set-up, exceptions, starting the others by PSCI, and the end. */
#include <stdio.h>

#include "tests/root/root.h"

#define STACK_PAGES	16u
#define PSCI_CPU_ON	0xc4000003u
#define PSCI_SYSTEM_OFF 0x84000008u
#define BLOCK		(2ull << 20)

struct trap {
	uint64_t x[31], pc, pstate;
};

extern uint64_t root_l2[], root_ap_stack;
extern const uint8_t root_ap_start[];

void root_trap(struct trap *t, uint64_t kind);
void root_ap_main(uint64_t index) __attribute__((noreturn));
void root_arch_start(const volatile struct boot_info *info);

struct cpu cpus[MAX_CPUS];
uint32_t cpu_count = 1;

static void (*handlers[256])(void);

void irq_handler(uint8_t vector, void (*fn)(void))
{
	handlers[vector] = fn;
}

/* RAM becomes write-back memory: device blocks give way by way of no block at all. */
void root_arch_start(const volatile struct boot_info *info)
{
	for (uint32_t i = 0; i < info->num_ranges; i++) {
		uint64_t from = info->ranges[i].base, to = from + info->ranges[i].size;
		uint32_t kind = info->ranges[i].kind;

		if (kind == BOOT_RANGE_MMIO || kind == BOOT_RANGE_RESERVED)
			continue;
		for (uint64_t a = from & ~(BLOCK - 1); a < to && a < 1ull << 32; a += BLOCK) {
			volatile uint64_t *e = &root_l2[a / BLOCK];

			if (*e == (a | 0x705))
				continue;
			*e = 0;
			__asm__ volatile("dsb ishst; tlbi vaae1is, %0; dsb ish; isb"
					 :
					 : "r"(a >> 12)
					 : "memory");
			*e = a | 0x705;
			__asm__ volatile("dsb ishst; isb" : : : "memory");
		}
	}
}

void root_trap(struct trap *t, uint64_t kind)
{
	struct cpu *c = this_cpu();
	uint64_t esr = read_sysreg(esr_el1);

	if ((kind & 3) == 1) {
		uint64_t intid = read_sysreg(icc_iar1_el1) & 0xffffff;

		if (intid < 256) {
			c->irqs[intid]++;
			if (handlers[intid])
				handlers[intid]();
		}
		if (intid < 1020)
			write_sysreg(icc_eoir1_el1, intid);
		return;
	}
	if ((kind & 3) == 0 && t->pc >= c->fault_from && t->pc < c->fault_to) {
		c->fault_vector = (int)(esr >> 26 & 0x3f);
		c->fault_syndrome = esr;
		c->fault_address = read_sysreg(far_el1);
		t->pc = c->fault_to;
		return;
	}
	printf("\nroot VM: exception %llu, ESR %llx, FAR %llx, at %llx on CPU %u\n",
	       (unsigned long long)kind, (unsigned long long)esr,
	       (unsigned long long)read_sysreg(far_el1), (unsigned long long)t->pc, c->index);
	machine_exit(false);
}

int safe_read8(uint64_t pa, uint8_t *v)
{
	uint32_t b = 0;

	GUARDED("ldrb %w[b], [%[pa]]", : GUARD_OUT, [b] "+r"(b) : [pa] "r"(pa) : "x9", "memory");
	*v = (uint8_t)b;
	return this_cpu()->fault_vector;
}

int safe_write8(uint64_t pa, uint8_t v)
{
	GUARDED("strb %w[b], [%[pa]]", : GUARD_OUT : [b] "r"(v), [pa] "r"(pa) : "x9", "memory");
	return this_cpu()->fault_vector;
}

int safe_hypercall(uint64_t control, uint64_t in, uint64_t out, uint64_t *result)
{
	register uint64_t x0 __asm__("x0") = control;
	register uint64_t x1 __asm__("x1") = in;
	register uint64_t x2 __asm__("x2") = out;

	GUARDED("hvc #1", : GUARD_OUT, "+r"(x0), "+r"(x1), "+r"(x2) : : "x9", "memory");
	if (result)
		*result = x0;
	return this_cpu()->fault_vector;
}

void cpu_init(uint32_t index)
{
	struct cpu *c = &cpus[index];

	c->self = c;
	c->index = index;
	write_sysreg(tpidr_el1, c);
	if (!c->hcall_in) {
		c->hcall_in = pages_alloc(1, 1);
		c->hcall_out = pages_alloc(1, 1);
	}
	gic_init_cpu(index);
	__atomic_store_n(&c->online, 1, __ATOMIC_RELEASE);
	__asm__ volatile("dsb ish; sev" : : : "memory");
}

void root_ap_main(uint64_t index)
{
	struct cpu *c;

	cpu_init((uint32_t)index);
	c = this_cpu();
	for (;;) {
		irqs_off();
		if (!__atomic_load_n(&c->fn, __ATOMIC_ACQUIRE)) {
			/* A pending interrupt ends it, masked or not: none is slept over */
			__asm__ volatile("dsb sy; wfi" : : : "memory");
			irqs_on();
			continue;
		}
		irqs_on();
		c->fn(c->arg);
		__atomic_store_n(&c->fn, NULL, __ATOMIC_RELEASE);
	}
}

void cpu_run(uint32_t index, void (*fn)(void *), void *arg)
{
	cpus[index].arg = arg;
	__atomic_store_n(&cpus[index].fn, fn, __ATOMIC_RELEASE);
	gic_sgi(index, 1);
}

/* SGI 0, in group 1: nobody handles it, it ends what the hypervisor runs there. */
void cpu_wake(uint32_t index)
{
	gic_sgi(index, 0);
}

void cpu_join(uint32_t index)
{
	while (__atomic_load_n(&cpus[index].fn, __ATOMIC_ACQUIRE))
		cpu_pause();
}

void delay_us(uint64_t us)
{
	uint64_t end = root_clock() + us * read_sysreg(cntfrq_el0) / 1000000;

	while (root_clock() < end)
		cpu_pause();
}

void cpus_start(void)
{
	uint32_t max = boot_info->num_cpus < MAX_CPUS ? boot_info->num_cpus : MAX_CPUS;

	for (uint32_t i = 1; i < max; i++) {
		uint64_t x[4] = { PSCI_CPU_ON, boot_info->arm64.mpidr[i], (uint64_t)root_ap_start,
				  i };

		/* Read with the MMU on, but by a CPU whose caches see it all the same */
		root_ap_stack = (uint64_t)pages_alloc(STACK_PAGES, 1) + STACK_PAGES * PAGE;
		__asm__ volatile("dc civac, %0; dsb sy" : : "r"(&root_ap_stack) : "memory");
		smccc_smc(x);
		for (int w = 0; w < 5000 && !x[0] && !cpus[i].online; w++)
			delay_us(200);
		if (!cpus[i].online) {
			printf("root VM: CPU %u did not start: %lld\n", i, (long long)x[0]);
			machine_exit(false);
		}
		cpu_count = i + 1;
	}
}

void machine_off(bool ok)
{
	uint64_t x[4] = { PSCI_SYSTEM_OFF, 0, 0, 0 };

	(void)ok; /* the console has said it */
	smccc_smc(x);
	for (;;)
		__asm__ volatile("wfi" : : : "memory");
}
