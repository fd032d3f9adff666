/* SPDX-License-Identifier: MIT */
/* The GICv3 as a native system uses it (IHI 0069): group 1, system registers. */
#include "tests/root/root.h"

#define GICD_CTLR	0x0000u
#define CTLR_GRP1_ARE	0x12u /* EnableGrp1A and ARE_NS, or their single-state likes */
#define GICR_WAKER	0x0014u
#define GICR_IGROUPR0	0x0080u
#define GICR_ISENABLER0 0x0100u

uint64_t gic_frame(uint32_t index)
{
	return boot_info->arm64.gicr[index] + 0x10000;
}

/* Plain loads and stores, as the frame is trapped: a compiler may choose forms without a syndrome.
 */
uint32_t gic_read(uint32_t index, uint32_t offset)
{
	uint32_t v;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(v) : "r"(gic_frame(index) + offset) : "memory");
	return v;
}

void gic_write(uint32_t index, uint32_t offset, uint32_t v)
{
	__asm__ volatile("str %w0, [%1]" : : "r"(v), "r"(gic_frame(index) + offset) : "memory");
}

void gic_init_cpu(uint32_t index)
{
	volatile uint32_t *ctlr = (volatile uint32_t *)(boot_info->arm64.gicd + GICD_CTLR);
	volatile uint32_t *waker = (volatile uint32_t *)(boot_info->arm64.gicr[index] + GICR_WAKER);

	if (index == 0)
		*ctlr = CTLR_GRP1_ARE;
	*waker &= ~2u; /* ProcessorSleep */
	while (*waker & 4)
		cpu_pause();
	gic_write(index, GICR_IGROUPR0, ~0u);
	gic_write(index, GICR_ISENABLER0, 0xff); /* SGIs 0 to 7 */
	write_sysreg(icc_sre_el1, 7);
	isb();
	write_sysreg(icc_pmr_el1, 0xf0);
	write_sysreg(icc_igrpen1_el1, 1);
	isb();
	irqs_on();
}

void gic_sgi(uint32_t index, uint32_t intid)
{
	uint64_t m = boot_info->arm64.mpidr[index];

	__asm__ volatile("dsb ish" : : : "memory");
	write_sysreg(icc_sgi1r_el1, (m >> 32 & 0xff) << 48 | (m >> 16 & 0xff) << 32 |
					    (uint64_t)intid << 24 | (m >> 8 & 0xff) << 16 |
					    1ull << (m & 15));
	isb();
}
