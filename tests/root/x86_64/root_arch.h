/* SPDX-License-Identifier: MIT */
/* The root VM's own of x86: instructions and the local APIC. Included by root.h. */
#ifndef ROOT_ARCH_H
#define ROOT_ARCH_H

#define ROOT_IO_PORTS 1
/* Is a VP's own synthetic register a hypercall away? Here they are MSRs. */
#define ROOT_OWN_REGISTERS 0
/* Synthetic features of a guest that are no privilege: sets, flushes, IPIs, spin waits */
#define ROOT_GUEST_FEATURES 0x0f008000u
/* Flushes, spin wait, cluster IPIs */
#define ROOT_GUEST_CALLS 0x2, 0x3, 0x8, 0xb, 0x13, 0x14, 0x15
/* A device that every machine has */
#define ROOT_DEVICE_PAGE 0xfee00000

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
static inline void irqs_off(void)
{
	cli();
}
static inline void irqs_on(void)
{
	sti();
}
static inline uint64_t root_clock(void)
{
	return rdtsc();
}

int safe_rdmsr(uint32_t msr, uint64_t *v);
int safe_wrmsr(uint32_t msr, uint64_t v);
/* The hypercall page says which instruction it is: VMCALL, else VMMCALL. */
bool hv_calls_by_vmcall(void);

/* What an access to memory that is not the root's raises, and a hypercall whose page is not. */
#define FAULT_MEMORY 13
#define FAULT_HCALL  13

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

/* Categories of the main job beside those that every architecture has: t_job.c */
#define JOB_CONTROLS \
	CONTROL(xcr0, "xcr0") \
	CONTROL(xsave, "xsave") \
	CONTROL(debug, "debug") \
	CONTROL(msrs, "msrs") \
	CONTROL(tsc, "tsc") \
	CONTROL(apic, "apic")

#endif
