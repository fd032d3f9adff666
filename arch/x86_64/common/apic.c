/* SPDX-License-Identifier: MIT */
#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/regs.h"
#include "kernel/arch.h"

static uint64_t page;
/* Timer ticks at divide 1 per 2^20 TSC ticks, and the inverse. */
static uint64_t ticks_per_tsc_20 = 1u << 20;

void apic_init(uint64_t va)
{
	page = va;
}

bool apic_x2(void)
{
	return (rdmsr(MSR_APIC_BASE) & APIC_BASE_X2) != 0;
}

uint32_t apic_read(uint32_t reg)
{
	if (apic_x2())
		return (uint32_t)rdmsr(MSR_X2APIC + (reg >> 4));
	return mmio_read32(page + reg);
}

void apic_write(uint32_t reg, uint32_t v)
{
	if (apic_x2())
		wrmsr(MSR_X2APIC + (reg >> 4), v);
	else
		mmio_write32(page + reg, v);
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

bool apic_in_service(uint8_t vector)
{
	return apic_read(APIC_ISR + 0x10u * (vector >> 5)) >> (vector & 31) & 1;
}

uint32_t apic_id(void)
{
	uint32_t v = apic_read(APIC_ID);

	return apic_x2() ? v : v >> 24;
}

void apic_send(uint32_t dest, uint32_t low)
{
	uint32_t high;

	if (apic_x2()) {
		wrmsr(MSR_X2APIC_ICR, (uint64_t)dest << 32 | low);
		return;
	}
	while (mmio_read32(page + APIC_ICR_LOW) & APIC_ICR_BUSY)
		cpu_pause();
	high = mmio_read32(page + APIC_ICR_HIGH);
	mmio_write32(page + APIC_ICR_HIGH, dest << 24);
	mmio_write32(page + APIC_ICR_LOW, low);
	while (mmio_read32(page + APIC_ICR_LOW) & APIC_ICR_BUSY)
		cpu_pause();
	mmio_write32(page + APIC_ICR_HIGH, high);
}

/* Divide configuration: bits 3, 1 and 0 code 2, 4 .. 128, 1 (SDM vol. 3, figure 11-10). */
uint32_t apic_divisor(uint32_t divide)
{
	uint32_t code = (divide & 3) | (divide >> 1 & 4);

	return code == 7 ? 1 : 2u << code;
}

void apic_calibrate(uint64_t tsc_hz)
{
	uint64_t start, now, wait = tsc_hz / 200; /* 5 ms */
	uint32_t lvt = apic_read(APIC_LVT_TIMER);
	uint32_t div = apic_read(APIC_DIVIDE);
	uint32_t used;

	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED | VEC_DEADLINE);
	apic_write(APIC_DIVIDE, 0xb);
	apic_write(APIC_INITIAL, ~0u);
	start = rdtsc();
	do {
		now = rdtsc();
	} while (now - start < wait);
	used = ~0u - apic_read(APIC_CURRENT);
	apic_write(APIC_INITIAL, 0);
	apic_write(APIC_DIVIDE, div);
	apic_write(APIC_LVT_TIMER, lvt);
	ticks_per_tsc_20 = ((uint64_t)used << 20) / (now - start);
	if (ticks_per_tsc_20 == 0)
		ticks_per_tsc_20 = 1;
}

uint64_t apic_ticks_to_tsc(uint64_t count, uint32_t divide)
{
	return mul_div64(count * apic_divisor(divide), 1u << 20, ticks_per_tsc_20);
}

uint64_t apic_tsc_to_ticks(uint64_t tsc, uint32_t divide)
{
	uint64_t t;

	if (tsc >> 43)
		tsc = BIT(43);
	t = tsc * ticks_per_tsc_20 >> 20;
	return t / apic_divisor(divide);
}

uint64_t arch_apic_hz(void)
{
	return mul_div64(ticks_per_tsc_20, arch_time_hz(), 1u << 20);
}
