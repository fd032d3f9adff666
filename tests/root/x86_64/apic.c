/* SPDX-License-Identifier: MIT */
/* The local APIC as a native system uses it: registers in memory at the address of its MSR. */
#include "tests/root/root.h"

static volatile uint32_t *reg_at(uint32_t reg)
{
	return (volatile uint32_t *)((rdmsr(0x1b) & 0xfffffffff000ull) + reg);
}

uint32_t apic_read(uint32_t reg)
{
	return *reg_at(reg);
}

void apic_write(uint32_t reg, uint32_t v)
{
	*reg_at(reg) = v;
}

void apic_enable(void)
{
	apic_write(APIC_TPR, 0);
	apic_write(APIC_LVT_TIMER, APIC_MASKED);
	apic_write(APIC_DIVIDE, 0xb);
	apic_write(APIC_SPURIOUS, 0x100 | VEC_SPURIOUS);
}

void apic_ipi(uint32_t cpu, uint32_t low)
{
	uint64_t f = irq_save();

	apic_write(APIC_ICR_HIGH, cpus[cpu].apic_id << 24);
	apic_write(APIC_ICR_LOW, low);
	while (apic_read(APIC_ICR_LOW) & 1u << 12)
		cpu_pause();
	irq_restore(f);
}

void apic_timer(uint32_t lvt, uint32_t initial)
{
	apic_write(APIC_LVT_TIMER, lvt);
	apic_write(APIC_INITIAL, initial);
}

void delay_us(uint64_t us)
{
	uint64_t end = rdtsc() + us * boot_info->tsc_hz / 1000000;

	while (rdtsc() < end)
		cpu_pause();
}
