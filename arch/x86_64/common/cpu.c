/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/idt.h"
#include "arch/x86_64/common/paging.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/virt.h"
#include "kernel/arch.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"

uint64_t cpu_tsc_hz;
uint32_t cpu_phys_bits;
uint64_t cpu_xcr0;
struct xsave_layout cpu_xsave_layout;
bool cpu_has_xsave, cpu_has_rdtscp, cpu_has_xss;

extern const uint8_t ap_trampoline[], ap_trampoline_end[], ap_trampoline_args[];
void stack_switch(void *top, void (*fn)(void)) __attribute__((noreturn));

static uint64_t percpu_cr3[BOOT_INFO_MAX_CPUS];

/*
 * Supervisor components: CET's, where the back end can switch it. The core never uses XSAVES: it
 * switches what they hold by MSRs. Their sizes are the architecture's (SDM vol. 1, 13.4.9): Bochs
 * 2.7 takes them in IA32_XSS and does not list them in CPUID 0xD.
 */
static uint64_t supervisor_features(struct xsave_cpuid sub[64])
{
	uint64_t old;
	uint32_t r[4];

	cpuid(7, 0, r);
	if (!(sub[1].eax & BIT(3)) || !(r[2] & BIT(7) || r[3] & BIT(20)) || !virt->has_cet ||
	    !virt->has_cet() || rdmsr_safe(MSR_XSS, &old) != 0 ||
	    wrmsr_safe(MSR_XSS, old | XSS_CET) != 0)
		return 0;
	wrmsr(MSR_XSS, old);
	sub[1].ecx = (uint32_t)XSS_CET;
	sub[1].edx = 0;
	sub[11] = (struct xsave_cpuid){ .eax = 16, .ecx = 1 };
	sub[12] = (struct xsave_cpuid){ .eax = 24, .ecx = 1 };
	return XSS_CET;
}

/* A component without a size is not there: Bochs 2.7 has PKRU's bit like that. */
static uint64_t user_features(const struct xsave_cpuid sub[64])
{
	uint64_t all = (uint64_t)sub[0].edx << 32 | sub[0].eax;

	for (uint32_t i = 2; i < 63; i++)
		if (!sub[i].eax)
			all &= ~BIT(i);
	return all;
}

static void xsave_features(void)
{
	static struct xsave_cpuid sub[64];
	static uint8_t area[PAGE_SIZE] __attribute__((aligned(64)));
	uint64_t super;
	uint32_t r[4];

	for (uint32_t i = 0; i < 64; i++) {
		cpuid(0xd, i, r);
		sub[i] = (struct xsave_cpuid){ r[0], r[1], r[2], r[3] };
	}
	cpu_has_xss = (sub[1].eax & BIT(3)) != 0;
	cpu_xcr0 = user_features(sub);
	/* MXCSR_MASK is where FXSAVE puts it (SDM vol. 1, 11.6.6); XSAVE does the same */
	write_cr4(read_cr4() | CR4_OSXSAVE | CR4_OSFXSR);
	write_cr0(read_cr0() & ~(CR0_TS | CR0_EM));
	xsave64(area, 3);
	super = supervisor_features(sub);
	if (!xsave_layout_init(&cpu_xsave_layout, cpu_xcr0 | super, sub,
			       *(uint32_t *)(void *)(area + 28)))
		panic("this CPU's XSAVE layout (CPUID 0xD) is impossible");
	if (cpu_xsave_layout.std_size > PAGE_SIZE)
		panic("this CPU's XSAVE area is %u bytes; up to 4096 are supported",
		      cpu_xsave_layout.std_size);
}

static void features(void)
{
	uint32_t r[4];

	cpuid(0x80000008, 0, r);
	cpu_phys_bits = r[0] & 0xff;
	cpuid(0x80000001, 0, r);
	cpu_has_rdtscp = (r[3] & BIT(27)) != 0;
	cpuid(1, 0, r);
	cpu_has_xsave = (r[2] & BIT(26)) != 0;
	if (!cpu_has_xsave)
		panic("this CPU has no XSAVE");
	xsave_features();
}

void cpu_setup_percpu(const struct boot_info *bi)
{
	features();
	percpu_limit(bi);
	for (uint32_t i = 0; i < percpu_count; i++) {
		void *stack;
		struct percpu *cpu = percpu_make(i, &stack);

		cpu->apic_id = bi->cpus[i].apic_id;
		percpu_cr3[i] = paging_percpu(cpu, stack);
	}
}

static void *stack_top(void)
{
	return (void *)(uintptr_t)(ARCH_PERCPU_VA + page_up(sizeof(struct percpu)) + PAGE_SIZE +
				   ARCH_STACK_SIZE);
}

void cpu_init_this(void)
{
	idt_load();
	/* XSAVE for the switch; SMEP so that the core never runs a page it did not mean to. */
	write_cr4(read_cr4() | CR4_OSXSAVE | CR4_OSFXSR | CR4_OSXMMEXCPT);
	write_cr0((read_cr0() | CR0_WP | CR0_NE) & ~(CR0_CD | CR0_NW | CR0_TS | CR0_EM));
	xsetbv(0, cpu_xcr0);
	virt->cpu_init(this_cpu());
	atomic_store(&this_cpu()->online, 1);
}

static void ap_on_own_stack(void)
{
	cpu_init_this();
	root_run();
}

/* On the trampoline's tables still; index says whose per-CPU area is ours. */
static void ap_main(uint64_t index)
{
	write_cr3(percpu_cr3[index]);
	stack_switch(stack_top(), ap_on_own_stack);
}

static void delay(uint64_t us)
{
	uint64_t end = rdtsc() + cpu_tsc_hz / 1000000 * us;

	while (rdtsc() < end)
		cpu_pause();
}

/* Intel SDM vol. 3, 9.4.4: INIT, 10 ms, SIPI, 200 us, SIPI. One CPU at a time: one trampoline. */
static bool start_one(struct percpu *cpu, uint8_t vector)
{
	apic_send(cpu->apic_id, 0x4500);
	delay(10000);
	for (uint32_t attempt = 0; attempt < 2; attempt++) {
		apic_send(cpu->apic_id, 0x4600u | vector);
		for (uint32_t i = 0; i < 500; i++) {
			if (atomic_load(&cpu->online))
				return true;
			delay(200);
		}
	}
	return false;
}

void cpu_start_others(const struct boot_info *bi)
{
	uint8_t *page = hpa_ptr(HPA(bi->trampoline));
	uint64_t *args = (uint64_t *)(void *)(page + (ap_trampoline_args - ap_trampoline));
	void *stack = page_alloc(1);

	if (percpu_count == 1)
		return;
	if (!stack)
		panic("core memory too small to start CPUs");
	memcpy(page, ap_trampoline, (size_t)(ap_trampoline_end - ap_trampoline));
	args[0] = paging_trampoline(bi->trampoline);
	args[1] = (uint64_t)(uintptr_t)stack + PAGE_SIZE;
	args[2] = (uint64_t)(uintptr_t)ap_main;
	for (uint32_t i = 1; i < percpu_count; i++) {
		args[3] = i;
		atomic_fence();
		if (!start_one(percpu_of(i), (uint8_t)(bi->trampoline >> PAGE_SHIFT)))
			log_error("CPU %u (APIC id %u) did not start", i, percpu_of(i)->apic_id);
	}
}

/* The boot CPU's way onto its own tables: called once from core_main. */
void cpu_switch_boot_stack(void (*fn)(void));
void cpu_switch_boot_stack(void (*fn)(void))
{
	write_cr3(percpu_cr3[0]);
	stack_switch(stack_top(), fn);
}

void arch_kick(struct percpu *cpu)
{
	this_cpu()->counters[COUNT_KICKS_SENT]++;
	apic_send(cpu->apic_id, APIC_ICR_ASSERT | APIC_DM_NMI);
}

/* A TLB is flushed by its own CPU, on the next entry. */
bool arch_flush_slat(const struct slat *s)
{
	(void)s;
	return false;
}

/* Caches are coherent for every access. */
void arch_pages_handed(uint64_t pfn, uint64_t count)
{
	(void)pfn;
	(void)count;
}

/* Synthetic registers of a VP's own are MSRs. */
bool arch_own_register(const struct vp *vp, uint32_t name)
{
	(void)vp;
	(void)name;
	return false;
}

uint64_t arch_time(void)
{
	return rdtsc();
}

uint64_t arch_time_hz(void)
{
	return cpu_tsc_hz;
}

uint64_t arch_mul_div(uint64_t a, uint64_t b, uint64_t c)
{
	return mul_div64(a, b, c);
}
