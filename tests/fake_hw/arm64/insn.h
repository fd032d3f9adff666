/* SPDX-License-Identifier: MIT */
/* The functions of arch/arm64/hw/insn.h; MMIO is bytes of the test's, by address. */
#ifndef FAKE_INSN_H
#define FAKE_INSN_H

#include <sysreg.h>

static inline void cpu_pause(void)
{
}
static inline void cpu_halt(void)
{
	abort();
}
static inline void cpu_cli(void)
{
}
static inline uint32_t cpu_mark(void)
{
	return 1;
}

/* One window of device memory: [fake_mmio_base, + sizeof(fake_mmio)). */
#define FAKE_MMIO_SIZE 0x20000u
__attribute__((weak)) uint64_t fake_mmio_base;
__attribute__((weak)) uint8_t fake_mmio[FAKE_MMIO_SIZE];

static inline void *fake_mmio_at(uint64_t va)
{
	if (va - fake_mmio_base >= FAKE_MMIO_SIZE)
		abort();
	return fake_mmio + (va - fake_mmio_base);
}

#define MMIO_ACCESS(bits) \
	static inline uint##bits##_t mmio_read##bits(uint64_t va) \
	{ \
		uint##bits##_t v; \
		memcpy(&v, fake_mmio_at(va), sizeof(v)); \
		return v; \
	} \
	static inline void mmio_write##bits(uint64_t va, uint##bits##_t v) \
	{ \
		memcpy(fake_mmio_at(va), &v, sizeof(v)); \
		fake_do("mmio", va); \
	}
MMIO_ACCESS(8)
MMIO_ACCESS(32)
MMIO_ACCESS(64)
#undef MMIO_ACCESS

#endif
