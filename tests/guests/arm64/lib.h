/* SPDX-License-Identifier: MIT */
/* What guests of arm64 share: instructions, the GIC, and how they talk to the root VM. */
#ifndef GUESTS_LIB_H
#define GUESTS_LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nothing is mapped there: a store is an exit, the value in the register that is stored. */
#define GUEST_SAY  0x09000000u /* + 8 * what is said */
#define GUEST_GICD 0x08000000u
#define GUEST_GICR 0x080a0000u /* + 0x20000 * VP */

void guest_main(uint64_t vp, void *arg);
/* With interrupts masked. */
void guest_irq(void);
/* ELR_EL1 is where the VP goes on. */
void guest_trap(void);

/* PSCI CPU_ON's context, with guest_second as its entry. */
struct guest_start {
	uint64_t sp, arg, vp;
};
extern const uint8_t guest_second[];

#define read_sysreg(r) \
	({ \
		uint64_t v_; \
		__asm__ volatile("mrs %0, " #r : "=r"(v_) : : "memory"); \
		v_; \
	})
#define write_sysreg(r, v) __asm__ volatile("msr " #r ", %x0" : : "rZ"((uint64_t)(v)) : "memory")

static inline void isb(void)
{
	__asm__ volatile("isb" : : : "memory");
}
static inline void dsb(void)
{
	__asm__ volatile("dsb sy" : : : "memory");
}
static inline void wfi(void)
{
	__asm__ volatile("dsb sy\n\twfi" : : : "memory");
}
static inline void irqs_on(void)
{
	__asm__ volatile("msr daifclr, #2" : : : "memory");
}
static inline void irqs_off(void)
{
	__asm__ volatile("msr daifset, #2" : : : "memory");
}
/* Forms that have a syndrome. */
static inline uint32_t read32(uint64_t at)
{
	uint32_t v;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(v) : "r"(at) : "memory");
	return v;
}
static inline void write32(uint64_t at, uint32_t v)
{
	__asm__ volatile("str %w0, [%1]" : : "r"(v), "r"(at) : "memory");
}
static inline void write64(uint64_t at, uint64_t v)
{
	__asm__ volatile("str %0, [%1]" : : "r"(v), "r"(at) : "memory");
}
static inline void write8(uint64_t at, uint8_t v)
{
	__asm__ volatile("strb %w0, [%1]" : : "r"(v), "r"(at) : "memory");
}
/* X1, so that the root knows where to look. */
static inline void say(uint32_t what, uint64_t v)
{
	register uint64_t x1 __asm__("x1") = v;

	__asm__ volatile("str x1, [%0]" : : "r"((uint64_t)GUEST_SAY + 8 * what), "r"(x1) : "memory");
}
static inline uint64_t smccc(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	register uint64_t x0 __asm__("x0") = fn;
	register uint64_t x1 __asm__("x1") = a;
	register uint64_t x2 __asm__("x2") = b;
	register uint64_t x3 __asm__("x3") = c;

	__asm__ volatile("hvc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			   "x15", "x16", "x17", "memory");
	return x0;
}

#endif
