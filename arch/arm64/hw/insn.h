/* SPDX-License-Identifier: MIT */
/* What the neutral kernel asks of the hardware; the rest is in sysreg.h. */
#ifndef INSN_H
#define INSN_H

#include <sysreg.h>

static inline void cpu_pause(void)
{
	__asm__ volatile("yield" : : : "memory");
}
static inline void cpu_halt(void)
{
	cpu_wfi();
}
static inline void cpu_cli(void)
{
	__asm__ volatile("msr daifset, #0xf" : : : "memory");
}
/* Never 0, and another on each CPU. */
static inline uint32_t cpu_mark(void)
{
	return (uint32_t)read_sysreg(mpidr_el1) | 1u << 31;
}

#define MMIO_ACCESS(bits, type, suffix, reg) \
	static inline type mmio_read##bits(uint64_t va) \
	{ \
		type v; \
		__asm__ volatile("ldr" suffix " %" reg "0, [%1]" : "=r"(v) : "r"(va) : "memory"); \
		return v; \
	} \
	static inline void mmio_write##bits(uint64_t va, type v) \
	{ \
		__asm__ volatile("str" suffix " %" reg "0, [%1]" : : "r"(v), "r"(va) : "memory"); \
	}
/* One plain load or store each: a device may be virtual, and only those have a syndrome. */
MMIO_ACCESS(8, uint8_t, "b", "w")
MMIO_ACCESS(32, uint32_t, "", "w")
MMIO_ACCESS(64, uint64_t, "", "x")
#undef MMIO_ACCESS

#endif
