/* SPDX-License-Identifier: MIT */
/* What guests share: instructions, traps, and the ports by which they talk to the root VM. */
#ifndef GUESTS_LIB_H
#define GUESTS_LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ports: the root VM's tests/root/job.c and t_guest.c answer them. */
#define PORT_PUTC 0xe9
#define PORT_DONE 0x82 /* the value is the guest's verdict; 0: fine */

struct trap {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

void guest_main(uint64_t vp, void *arg);
/* Every exception and interrupt; each guest has one. */
void guest_trap(struct trap *t);
void lib_init(void);

static inline void outl(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}
static inline uint32_t inl(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}
static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return (uint64_t)hi << 32 | lo;
}
static inline void wrmsr(uint32_t msr, uint64_t v)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32))
			 : "memory");
}
static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}
static inline uint32_t rdtscp_aux(void)
{
	uint32_t aux;

	__asm__ volatile("rdtscp" : "=c"(aux) : : "rax", "rdx", "memory");
	return aux;
}
static inline void cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "a"(leaf), "c"(sub));
}
static inline void xsetbv(uint64_t v)
{
	__asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}
static inline uint64_t xgetbv(void)
{
	uint32_t lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (uint64_t)hi << 32 | lo;
}
static inline void sti(void)
{
	__asm__ volatile("sti" : : : "memory");
}
static inline void cli(void)
{
	__asm__ volatile("cli" : : : "memory");
}
static inline void hlt(void)
{
	__asm__ volatile("hlt" : : : "memory");
}
static inline void cpu_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}
#define READ_REG(name) \
	({ \
		uint64_t v_; \
		__asm__ volatile("mov %%" #name ", %0" : "=r"(v_) : : "memory"); \
		v_; \
	})
#define WRITE_REG(name, v) __asm__ volatile("mov %0, %%" #name : : "r"((uint64_t)(v)) : "memory")

#define APIC_BASE 0xfee00000u
static inline uint32_t apic_read(uint32_t reg)
{
	return *(volatile uint32_t *)(uintptr_t)(APIC_BASE + reg);
}
static inline void apic_write(uint32_t reg, uint32_t v)
{
	*(volatile uint32_t *)(uintptr_t)(APIC_BASE + reg) = v;
}

#endif
