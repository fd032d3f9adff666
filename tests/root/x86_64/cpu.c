/* SPDX-License-Identifier: MIT */
/* Per-CPU set-up, traps, and starting the others. */
#include <stdio.h>
#include <string.h>

#include "tests/root/root.h"

#define MSR_GS_BASE 0xc0000101u
#define STACK_PAGES 16u

struct trap {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

struct gate {
	uint16_t low, sel;
	uint8_t ist, type;
	uint16_t mid;
	uint32_t high, zero;
} __attribute__((packed));

extern uint8_t trap_stubs[], ap_trampoline[], ap_trampoline_end[];
extern uint64_t ap_stack;
extern uint32_t ap_index;

void root_trap(struct trap *t);
void root_ap_main(uint32_t index) __attribute__((noreturn));

struct cpu cpus[MAX_CPUS];
uint32_t cpu_count = 1;

static struct gate idt[256];
static void (*handlers[256])(void);

void irq_handler(uint8_t vector, void (*fn)(void))
{
	handlers[vector] = fn;
}

void root_trap(struct trap *t)
{
	struct cpu *c = this_cpu();

	c->irqs[t->vector & 255]++;
	if (t->vector >= 32) {
		if (handlers[t->vector])
			handlers[t->vector]();
		if (t->vector != VEC_SPURIOUS)
			apic_write(APIC_EOI, 0);
		return;
	}
	if (t->vector == 2) {
		if (handlers[2])
			handlers[2]();
		return;
	}
	if (t->rip >= c->fault_from && t->rip < c->fault_to) {
		c->fault_vector = (int)t->vector;
		t->rip = c->fault_to;
		return;
	}
	printf("\nroot VM: exception %u, error %llx, at %llx on CPU %u, RSP %llx\n",
	       (unsigned)t->vector, (unsigned long long)t->error, (unsigned long long)t->rip,
	       c->index, (unsigned long long)t->rsp);
	machine_exit(false);
}

/* One instruction between two labels, with the trap handler told about it. */
#define GUARDED(insn, ...) \
	do { \
		struct cpu *c_ = this_cpu(); \
		c_->fault_vector = -1; \
		__asm__ volatile("lea 1f(%%rip), %%r11\n\tmov %%r11, %c[from](%[cpu])\n\t" \
				 "lea 2f(%%rip), %%r11\n\tmov %%r11, %c[to](%[cpu])\n\t" \
				 "1: " insn "\n2:\n\t" __VA_ARGS__); \
		c_->fault_from = c_->fault_to = 0; \
	} while (0)
#define GUARD_IN \
	[cpu] "r"(c_), [from] "i"(offsetof(struct cpu, fault_from)), \
		[to] "i"(offsetof(struct cpu, fault_to))

int safe_rdmsr(uint32_t msr, uint64_t *v)
{
	uint32_t lo = 0, hi = 0;

	GUARDED("rdmsr", : "+a"(lo), "+d"(hi) : GUARD_IN, "c"(msr) : "r11", "memory");
	*v = (uint64_t)hi << 32 | lo;
	return this_cpu()->fault_vector;
}

int safe_wrmsr(uint32_t msr, uint64_t v)
{
	GUARDED("wrmsr",
		:
		: GUARD_IN, "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32))
		: "r11", "memory");
	return this_cpu()->fault_vector;
}

int safe_read8(uint64_t pa, uint8_t *v)
{
	uint8_t b = 0;

	GUARDED("movb (%[pa]), %[b]", : [b] "+q"(b) : GUARD_IN, [pa] "r"(pa) : "r11", "memory");
	*v = b;
	return this_cpu()->fault_vector;
}

int safe_write8(uint64_t pa, uint8_t v)
{
	GUARDED("movb %[b], (%[pa])", : : GUARD_IN, [b] "q"(v), [pa] "r"(pa) : "r11", "memory");
	return this_cpu()->fault_vector;
}

static void xsave_enable(void)
{
	uint32_t r[4];

	cpuid(0xd, 0, r);
	/* x87, SSE, AVX where it is */
	__asm__ volatile("xsetbv" : : "c"(0), "a"(r[0] & 7), "d"(0));
}

void cpu_init(uint32_t index)
{
	struct cpu *c = &cpus[index];
	struct {
		uint16_t limit;
		void *base;
	} __attribute__((packed)) idtr = { sizeof(idt) - 1, idt };

	if (index == 0)
		for (uint32_t v = 0; v < 256; v++) {
			uint64_t at = (uint64_t)(trap_stubs + 16 * v);

			idt[v] = (struct gate){
				(uint16_t)at,	      0x18, 0, 0x8e, (uint16_t)(at >> 16),
				(uint32_t)(at >> 32), 0
			};
		}
	__asm__ volatile("lidt %0" : : "m"(idtr));
	c->self = c;
	c->index = index;
	wrmsr(MSR_GS_BASE, (uint64_t)c);
	xsave_enable();
	if (!c->hcall_in) {
		c->hcall_in = pages_alloc(1, 1);
		c->hcall_out = pages_alloc(1, 1);
	}
	c->apic_id = apic_read(APIC_ID) >> 24;
	apic_enable();
	sti();
	__atomic_store_n(&c->online, 1, __ATOMIC_RELEASE);
}

void root_ap_main(uint32_t index)
{
	struct cpu *c;

	cpu_init(index);
	c = this_cpu();
	for (;;) {
		cli();
		if (!c->fn) {
			sti_hlt();
			continue;
		}
		sti();
		c->fn(c->arg);
		__atomic_store_n(&c->fn, NULL, __ATOMIC_RELEASE);
	}
}

void cpu_run(uint32_t index, void (*fn)(void *), void *arg)
{
	cpus[index].arg = arg;
	__atomic_store_n(&cpus[index].fn, fn, __ATOMIC_RELEASE);
	apic_ipi(index, 0x4000 | VEC_WAKE);
}

void cpu_wake(uint32_t index)
{
	apic_ipi(index, 0x4000 | VEC_WAKE);
}

void cpu_join(uint32_t index)
{
	while (__atomic_load_n(&cpus[index].fn, __ATOMIC_ACQUIRE))
		cpu_pause();
}

/* A free page below 1 MiB, not the first. */
static uint64_t low_page(void)
{
	for (uint32_t i = 0; i < boot_info->num_ranges; i++) {
		const struct boot_range *r = &boot_info->ranges[i];
		uint64_t at = r->base ? r->base : PAGE;

		if (r->kind == BOOT_RANGE_RAM && at + PAGE <= r->base + r->size && at < 0xa0000)
			return at;
	}
	printf("root VM: no page below 1 MiB\n");
	machine_exit(false);
}

/* INIT, 10 ms, SIPI twice: SDM vol. 3, 9.4.4.1, as every system does it. */
void cpus_start(void)
{
	uint64_t tramp = low_page();
	uint32_t max = boot_info->num_cpus < MAX_CPUS ? boot_info->num_cpus : MAX_CPUS;

	memcpy((void *)tramp, ap_trampoline, (size_t)(ap_trampoline_end - ap_trampoline));
	for (uint32_t i = 1; i < max; i++) {
		ap_stack = (uint64_t)pages_alloc(STACK_PAGES, 1) + STACK_PAGES * PAGE;
		ap_index = i;
		cpus[i].apic_id = boot_info->cpus[i].apic_id;
		apic_ipi(i, 0xc500);
		delay_us(10000);
		for (int k = 0; k < 2 && !cpus[i].online; k++) {
			apic_ipi(i, 0x4600 | (uint32_t)(tramp >> 12));
			for (int w = 0; w < 1000 && !cpus[i].online; w++)
				delay_us(200);
		}
		if (!cpus[i].online) {
			printf("root VM: CPU %u did not start\n", i);
			machine_exit(false);
		}
		cpu_count = i + 1;
	}
}

/* QEMU's isa-debug-exit; Bochs powers off on port 8900, and has no status but our word. */
void machine_off(bool ok)
{
	outl(0xf4, ok ? 0x10 : 0x11);
	for (const char *s = "Shutdown"; *s; s++)
		outb(0x8900, (uint8_t)*s);
	for (;;)
		__asm__ volatile("cli; hlt");
}

int safe_hypercall(uint64_t control, uint64_t in, uint64_t out, uint64_t *result)
{
	struct cpu *c = this_cpu();
	uint32_t vmx = hv_calls_by_vmcall();
	uint64_t rax = 0;
	register uint64_t r8 __asm__("r8") = out;

	c->fault_vector = -1;
	__asm__ volatile(
		"lea 1f(%%rip), %%r11\n\tmov %%r11, %c[from](%[cpu])\n\t"
		"lea 2f(%%rip), %%r11\n\tmov %%r11, %c[to](%[cpu])\n\t"
		"test %[vmx], %[vmx]\n\tjnz 3f\n1: vmmcall\n\tjmp 2f\n3: vmcall\n2:\n\t"
		: "+a"(rax), "+c"(control), "+d"(in), "+r"(r8)
		: [cpu] "r"(c), [vmx] "r"(vmx), [from] "i"(offsetof(struct cpu, fault_from)),
		  [to] "i"(offsetof(struct cpu, fault_to))
		: "memory", "r9", "r10", "r11", "cc");
	c->fault_from = c->fault_to = 0;
	if (result)
		*result = rax;
	return c->fault_vector;
}
