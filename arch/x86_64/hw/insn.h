/* SPDX-License-Identifier: MIT */
/*
 * Every privileged or CPU-state instruction of the x86_64 core, alone in its folder so that host
 * tests can stand in for it with programmable registers (tests/fake_hw/x86_64/insn.h).
 */
#ifndef INSN_H
#define INSN_H

#include <stdint.h>

struct insn_dtr {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t val)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)val), "d"((uint32_t)(val >> 32))
			 : "memory");
}

/*
 * MSR accesses the root asked for and that may fault: the exception table sends a #GP to the
 * label after the instruction with the carry flag set. 0, or -1 when the access faulted.
 */
static inline int rdmsr_safe(uint32_t msr, uint64_t *val)
{
	uint32_t lo = 0, hi = 0;
	uint8_t fault;

	__asm__ volatile("clc\n1: rdmsr\n2: setc %2\n"
			 ".pushsection .extable, \"a\"\n.quad 1b, 2b\n.popsection"
			 : "+a"(lo), "+d"(hi), "=q"(fault)
			 : "c"(msr)
			 : "cc");
	*val = (uint64_t)hi << 32 | lo;
	return fault ? -1 : 0;
}

static inline int wrmsr_safe(uint32_t msr, uint64_t val)
{
	uint8_t fault;

	__asm__ volatile("clc\n1: wrmsr\n2: setc %0\n"
			 ".pushsection .extable, \"a\"\n.quad 1b, 2b\n.popsection"
			 : "=q"(fault)
			 : "c"(msr), "a"((uint32_t)val), "d"((uint32_t)(val >> 32))
			 : "cc", "memory");
	return fault ? -1 : 0;
}

static inline void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "a"(leaf), "c"(subleaf));
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

#define INSN_CR(n) \
	static inline uint64_t read_cr##n(void) \
	{ \
		uint64_t v; \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v)); \
		return v; \
	} \
	static inline void write_cr##n(uint64_t v) \
	{ \
		__asm__ volatile("mov %0, %%cr" #n : : "r"(v) : "memory"); \
	}
INSN_CR(0)
INSN_CR(2)
INSN_CR(3)
INSN_CR(4)
INSN_CR(8)

#define INSN_DR(n) \
	static inline uint64_t read_dr##n(void) \
	{ \
		uint64_t v; \
		__asm__ volatile("mov %%db" #n ", %0" : "=r"(v)); \
		return v; \
	} \
	static inline void write_dr##n(uint64_t v) \
	{ \
		__asm__ volatile("mov %0, %%db" #n : : "r"(v)); \
	}
INSN_DR(0)
INSN_DR(1)
INSN_DR(2)
INSN_DR(3)
INSN_DR(6)
INSN_DR(7)

static inline uint64_t xgetbv(uint32_t index)
{
	uint32_t lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(index));
	return (uint64_t)hi << 32 | lo;
}

static inline void xsetbv(uint32_t index, uint64_t val)
{
	__asm__ volatile("xsetbv"
			 :
			 : "c"(index), "a"((uint32_t)val), "d"((uint32_t)(val >> 32))
			 : "memory");
}

/* Standard-format save and restore; area is 64-byte aligned. */
static inline void xsave64(void *area, uint64_t mask)
{
	__asm__ volatile("xsave64 (%0)"
			 :
			 : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
			 : "memory");
}

static inline void xrstor64(const void *area, uint64_t mask)
{
	__asm__ volatile("xrstor64 (%0)"
			 :
			 : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
			 : "memory");
}

static inline void xsaves64(void *area, uint64_t mask)
{
	__asm__ volatile("xsaves64 (%0)"
			 :
			 : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
			 : "memory");
}

static inline void xrstors64(const void *area, uint64_t mask)
{
	__asm__ volatile("xrstors64 (%0)"
			 :
			 : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
			 : "memory");
}

static inline void lgdt(const struct insn_dtr *d)
{
	__asm__ volatile("lgdt %0" : : "m"(*d));
}

static inline void lidt(const struct insn_dtr *d)
{
	__asm__ volatile("lidt %0" : : "m"(*d));
}

/* CS, SS, DS and ES; FS and GS null. The core's own code goes on where it is. */
static inline void load_segments(uint16_t code, uint16_t data)
{
	__asm__ volatile("pushq %q0\n\tlea 1f(%%rip), %%rax\n\tpush %%rax\n\tlretq\n1:\t"
			 "mov %w1, %%ss\n\tmov %w1, %%ds\n\tmov %w1, %%es\n\t"
			 "mov %w2, %%fs\n\tmov %w2, %%gs"
			 :
			 : "r"((uint64_t)code), "r"(data), "r"((uint16_t)0)
			 : "rax", "memory");
}

static inline void ltr(uint16_t sel)
{
	__asm__ volatile("ltr %0" : : "r"(sel));
}

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

static inline void invlpg(uint64_t va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline void cpu_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline void cpu_halt(void)
{
	__asm__ volatile("hlt" : : : "memory");
}

static inline void cpu_cli(void)
{
	__asm__ volatile("cli" : : : "memory");
}

/* One instruction in which a maskable interrupt may be taken. The caller runs with GIF set. */
static inline void cpu_irq_window(void)
{
	__asm__ volatile("sti; nop; cli" : : : "memory");
}

/* Idle until an interrupt or NMI; on return IF is clear again. */
static inline void cpu_sti_hlt_cli(void)
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

static inline void cpu_wbinvd(void)
{
	__asm__ volatile("wbinvd" : : : "memory");
}

static inline void svm_stgi(void)
{
	__asm__ volatile("stgi" : : : "memory");
}

static inline void svm_clgi(void)
{
	__asm__ volatile("clgi" : : : "memory");
}

static inline void svm_vmload(uint64_t vmcb_pa)
{
	__asm__ volatile("vmload %%rax" : : "a"(vmcb_pa) : "memory");
}

static inline void svm_vmsave(uint64_t vmcb_pa)
{
	__asm__ volatile("vmsave %%rax" : : "a"(vmcb_pa) : "memory");
}

/* VMX instructions: 0, or -1 for VMfail (SDM vol. 3, 30.2). */
#define INSN_VMX_PA(name) \
	static inline int vmx_##name(uint64_t pa) \
	{ \
		uint8_t fail; \
		__asm__ volatile(#name " %1; setna %0" : "=q"(fail) : "m"(pa) : "cc", "memory"); \
		return fail ? -1 : 0; \
	}
INSN_VMX_PA(vmxon)
INSN_VMX_PA(vmclear)
INSN_VMX_PA(vmptrld)

/*
 * For `make bench` cores are built in which one of the two takes that many instructions more, so
 * that the ticks of an operation say how often it was made. Even, and at least 4.
 */
#define INSN_WEIGH(n) \
	__asm__ volatile("mov %0, %%ecx\n1: dec %%ecx\n\tjnz 1b\n\tnop" \
			 : \
			 : "i"((n) / 2 - 1) \
			 : "ecx", "cc")
#ifdef VMREAD_WEIGHT
#define VMREAD_WEIGH() INSN_WEIGH(VMREAD_WEIGHT)
#else
#define VMREAD_WEIGH() ((void)0)
#endif
#ifdef VMWRITE_WEIGHT
#define VMWRITE_WEIGH() INSN_WEIGH(VMWRITE_WEIGHT)
#else
#define VMWRITE_WEIGH() ((void)0)
#endif

static inline uint64_t vmx_vmread(uint64_t field)
{
	uint64_t v;

	VMREAD_WEIGH();
	__asm__ volatile("vmread %1, %0" : "=rm"(v) : "r"(field) : "cc", "memory");
	return v;
}

static inline void vmx_vmwrite(uint64_t field, uint64_t v)
{
	VMWRITE_WEIGH();
	__asm__ volatile("vmwrite %1, %0" : : "r"(field), "rm"(v) : "cc", "memory");
}

static inline void vmx_invept(uint64_t type, uint64_t eptp)
{
	struct {
		uint64_t eptp, zero;
	} d = { eptp, 0 };

	__asm__ volatile("invept %0, %1" : : "m"(d), "r"(type) : "cc", "memory");
}

static inline void vmx_invvpid(uint64_t type, uint64_t vpid)
{
	struct {
		uint64_t vpid, address;
	} d = { vpid, 0 };

	__asm__ volatile("invvpid %0, %1" : : "m"(d), "r"(type) : "cc", "memory");
}

/* Take an NMI that a VM exit reported: the handler's IRET ends its blocking (SDM 27.5.5). */
static inline void cpu_take_nmi(void)
{
	__asm__ volatile("int $2" : : : "memory");
}

static inline uint32_t mmio_read32(uint64_t va)
{
	uint32_t v;

	__asm__ volatile("movl (%1), %0" : "=r"(v) : "r"(va) : "memory");
	return v;
}

static inline void mmio_write32(uint64_t va, uint32_t v)
{
	__asm__ volatile("movl %0, (%1)" : : "r"(v), "r"(va) : "memory");
}

static inline uint8_t mmio_read8(uint64_t va)
{
	uint8_t v;

	__asm__ volatile("movb (%1), %0" : "=q"(v) : "r"(va) : "memory");
	return v;
}

static inline void mmio_write8(uint64_t va, uint8_t v)
{
	__asm__ volatile("movb %0, (%1)" : : "q"(v), "r"(va) : "memory");
}

/* (a * b) >> 32 in 128 bits, and a * b / c: the divisor must exceed the high half of a * b. */
static inline uint64_t mul_div64(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t lo, hi, q, r;

	__asm__("mulq %3" : "=a"(lo), "=d"(hi) : "a"(a), "rm"(b) : "cc");
	__asm__("divq %4" : "=a"(q), "=d"(r) : "a"(lo), "d"(hi), "rm"(c) : "cc");
	(void)r;
	return q;
}

/* Never 0, and another on each CPU: their tables differ. */
static inline uint32_t cpu_mark(void)
{
	return (uint32_t)(read_cr3() >> 12) | 1u;
}

#endif
