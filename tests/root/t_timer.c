/* SPDX-License-Identifier: MIT */
/*
 * The root's own APIC timer under thousands of dispatches: the core borrows it for the guest's
 * timer, and no tick of the root's may be lost or come twice (any mode). Under -icount only: else
 * QEMU's own timers run milliseconds late when the host is busy, and drop periodic ticks.
 */
#include <string.h>

#include "tests/root/vm.h"

#define DISPATCHES 10000u
#define RAM_SIZE   0x400000u

static struct vm vm;
static uint64_t ticks_at_start;

/* A guest with a timer of its own, so that there is something to borrow for: APIC on, periodic
 * every 100 us and masked by CLI, then OUT for ever. */
static const uint8_t code[] = {
	0xfa,							    /* cli */
	0xbe, 0x00, 0x00, 0xe0, 0xfe,				    /* mov esi, 0xfee00000 */
	0xc7, 0x86, 0xf0, 0x00, 0x00, 0x00, 0xff, 0x01, 0x00, 0x00, /* SVR = 0x1ff */
	0xc7, 0x86, 0xe0, 0x03, 0x00, 0x00, 0x0b, 0x00, 0x00, 0x00, /* divide by 1 */
	0xc7, 0x86, 0x20, 0x03, 0x00, 0x00, 0x40, 0x00, 0x02, 0x00, /* LVT: periodic, 0x40 */
	0xc7, 0x86, 0x80, 0x03, 0x00, 0x00, 0x20, 0x4e, 0x00, 0x00, /* 20,000 at 200 MHz */
	0xe6, 0x10,						    /* out 0x10, al */
	0xeb, 0xfc,						    /* jmp -4 */
};

static void start(void)
{
	whv_metal_init();
	irq_handler(VEC_TIMER, NULL);
	CHECK(vm_create(&vm, 1, RAM_SIZE, NULL));
	CHECK(vm_load(&vm, "spin"));
	memcpy(vm.ram + VM_IMAGE_BASE, code, sizeof(code));
	CHECK(vm_start(&vm, 0, 0x80000, 0, 0));
}

static uint64_t ticks(void)
{
	return this_cpu()->irqs[VEC_TIMER] - ticks_at_start;
}

static void dispatch(uint32_t n)
{
	WHV_RUN_VP_EXIT_CONTEXT c;

	while (n--) {
		CHECK_EQ(WHvRunVirtualProcessor(vm.p, 0, &c, sizeof(c)), S_OK);
		CHECK_EQ(c.ExitReason, WHvRunVpExitReasonX64IoPortAccess);
		CHECK(vm_skip(&vm, 0, &c));
	}
}

static uint32_t per_ms(void)
{
	return (uint32_t)(rdmsr(0x40000023) / 1000);
}

static void finish(void)
{
	apic_timer(APIC_MASKED, 0);
	CHECK(vm_delete(&vm, false));
}

TEST(icount_timer_periodic)
{
	uint64_t began, ms, n;

	start();
	ticks_at_start = this_cpu()->irqs[VEC_TIMER];
	began = rdtsc();
	apic_timer(VEC_TIMER | APIC_PERIODIC, per_ms());
	dispatch(DISPATCHES);
	ms = (rdtsc() - began) / (boot_info->tsc_hz / 1000);
	n = ticks();
	if (n + 2 + ms / 50 < ms || n > ms + 2 + ms / 50)
		test_fail(__FILE__, __LINE__, "%llu ticks in %llu ms", (unsigned long long)n,
			  (unsigned long long)ms);
	/* And it goes on by itself, periodic as it was. */
	delay_us(5000);
	n = ticks();
	delay_us(20000);
	CHECK(ticks() - n >= 18 && ticks() - n <= 22);
	CHECK_EQ(apic_read(APIC_LVT_TIMER) & APIC_PERIODIC, APIC_PERIODIC);
	finish();
}

TEST(icount_timer_one_shot)
{
	start();
	for (uint32_t i = 0; i < 20; i++) {
		ticks_at_start = this_cpu()->irqs[VEC_TIMER];
		apic_timer(VEC_TIMER, per_ms() * 5);
		dispatch(DISPATCHES / 20);
		delay_us(6000);
		CHECK_EQ(ticks(), 1);
	}
	finish();
}

TEST(icount_timer_masked)
{
	uint32_t lvt = VEC_TIMER | APIC_PERIODIC | APIC_MASKED;

	start();
	ticks_at_start = this_cpu()->irqs[VEC_TIMER];
	apic_timer(lvt, per_ms());
	dispatch(DISPATCHES / 4);
	delay_us(3000);
	CHECK_EQ(ticks(), 0);
	CHECK_EQ(apic_read(APIC_LVT_TIMER) & APIC_MASKED, APIC_MASKED);
	finish();
}

TEST(icount_timer_off)
{
	start();
	ticks_at_start = this_cpu()->irqs[VEC_TIMER];
	apic_timer(APIC_MASKED, 0);
	dispatch(DISPATCHES / 4);
	CHECK_EQ(ticks(), 0);
	/* With the APIC software-disabled the core has no timer to borrow, and does without. */
	apic_write(APIC_SPURIOUS, VEC_SPURIOUS);
	dispatch(DISPATCHES / 4);
	CHECK_EQ(apic_read(APIC_SPURIOUS), VEC_SPURIOUS);
	apic_enable();
	finish();
}
