/* SPDX-License-Identifier: MIT */
/* The core's own interrupts in a redistributor of bytes: set-up, the root's accesses, kicks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "arch/arm64/gicv3/gic.h"
#include "fake_arch.h"

#define RD0 0x80a0000ull
#define RD1 0x80c0000ull
#define SGI (1u << 15)
#define OWN (SGI | 1u << 25 | 1u << 26)

static struct boot_info bi;
/* SGIs that ignore writes: those of a secure world */
static uint32_t secure;

uint64_t stage1_map_device(uint64_t pa, uint64_t size)
{
	assert_int_equal(size, GICR_FRAME);
	return pa == RD0 + GICR_FRAME ? 0x70000000 : 0x70010000;
}

static uint32_t reg(uint32_t cpu, uint32_t at)
{
	return mmio_read32(0x70000000 + cpu * 0x10000 + at);
}

static void poke(uint32_t cpu, uint32_t at, uint32_t v)
{
	memcpy(fake_mmio + cpu * 0x10000 + at, &v, 4);
}

/* Set and clear registers of the first frame work as IHI 0069 says. */
static void device(const char *what, uint64_t va)
{
	uint32_t cpu = (uint32_t)(va >> 16 & 1), at = (uint32_t)va & 0xffff, v, state;

	if (strcmp(what, "mmio"))
		return;
	v = reg(cpu, at) & ~secure;
	switch (at) {
	case 0x100: /* ISENABLER0 */
	case 0x200:
		state = reg(cpu, at + 4) | v;
		break;
	case 0x180: /* ICENABLER0 */
	case 0x280:
		state = reg(cpu, at - 0x80 + 4) & ~v;
		at -= 0x80;
		break;
	default:
		return;
	}
	/* The state is kept in the word behind, which is no register */
	poke(cpu, at + 4, state);
	poke(cpu, at, state);
	poke(cpu, at + 0x80, state);
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	fake_hw_reset();
	memset(fake_mmio, 0, sizeof(fake_mmio));
	fake_mmio_base = 0x70000000;
	fake_on = device;
	secure = 0;
	bi.num_cpus = 2;
	bi.arm64.mpidr[0] = 0;
	bi.arm64.mpidr[1] = 3ull << 32 | 0x020112;
	bi.arm64.ppi_maintenance = 25;
	bi.arm64.ppi_el2_timer = 26;
	bi.arm64.ppi_virtual_timer = 27;
	gic_map_redistributor(0, RD0);
	gic_map_redistributor(1, RD1);
	gic_init(&bi);
	*fake_sysreg("icc_sre_el2") = 0;
	return 0;
}

static void test_init_cpu(void **state)
{
	(void)state;
	poke(0, 0x080, 0x1);
	poke(0, 0xd00, ~0u);
	memset(fake_mmio + 0x400, 0x80, 32);
	gic_init_cpu();
	assert_int_equal(*fake_sysreg("icc_sre_el2"), 0xf);
	assert_int_equal(*fake_sysreg("ich_hcr_el2"), 0);
	assert_int_equal(*fake_sysreg("icc_sre_el1"), 7);
	/* Group 1, highest priority, enabled; the others as they were */
	assert_int_equal(reg(0, 0x080), OWN | 1);
	assert_int_equal(reg(0, 0xd00), ~OWN);
	assert_int_equal(reg(0, 0x100), OWN);
	for (uint32_t i = 0; i < 32; i++)
		assert_int_equal(fake_mmio[0x400 + i], OWN >> i & 1 ? 0 : 0x80);
	/* The SRE is in force before any other register of the interface */
	assert_true(fake_next("isb", fake_next("icc_sre_el2", 0)) <
		    fake_next("ich_hcr_el2", fake_next("icc_sre_el2", 0)));
}

/* The secure world's SGIs are found out by what they ignore. */
static void test_secure_sgis(void **state)
{
	uint64_t v = ~0ull;

	(void)state;
	secure = 0xf000;
	gic_init(&bi);
	assert_true(gic_frame_access(RD0 + 0x10000 + 0x100, 4, true, &v));
	assert_int_equal(reg(0, 0x100), ~(0xf000u | 1u << 11 | 3u << 25));
	/* None above 7 is free: the last that is */
	secure = 0xff00;
	setup(state);
	secure = 0xff00;
	poke(0, 0x104, 0);
	poke(0, 0x100, 0);
	gic_init(&bi);
	assert_true(gic_frame_access(RD0 + 0x10000 + 0x100, 4, true, &v));
	assert_int_equal(reg(0, 0x100), ~(0xff00u | 1u << 7 | 3u << 25));
}

static void test_frame_access(void **state)
{
	uint64_t frame = RD1 + 0x10000, v;

	(void)state;
	/* The second CPU's frame, from anywhere */
	poke(1, 0x404, 0x11223344);
	assert_true(gic_frame_access(frame + 0x404, 4, false, &v));
	assert_int_equal(v, 0x11223344);
	poke(1, 0x418, 0xaabbccdd);
	assert_true(gic_frame_access(frame + 0x418, 4, false, &v));
	assert_int_equal(v, 0xaa0000dd);
	/* Plain registers keep the core's bits */
	v = 0x01020304;
	assert_true(gic_frame_access(frame + 0x418, 4, true, &v));
	assert_int_equal(reg(1, 0x418), 0x01bbcc04);
	v = 0x55;
	assert_true(gic_frame_access(frame + 0x41b, 1, true, &v));
	assert_int_equal(reg(1, 0x418), 0x55bbcc04);
	assert_true(gic_frame_access(frame + 0x419, 1, true, &v));
	assert_int_equal(reg(1, 0x418), 0x55bbcc04);
	/* Set and clear registers get no bit of them */
	v = ~0ull;
	assert_true(gic_frame_access(frame + 0x100, 4, true, &v));
	assert_int_equal(reg(1, 0x100), ~OWN);
	/* Reserved, odd sizes, crooked addresses, other frames */
	assert_true(gic_frame_access(frame + 0x50, 4, false, &v));
	assert_int_equal(v, 0);
	fake_did_count = 0;
	assert_true(gic_frame_access(frame + 0x50, 4, true, &v));
	assert_int_equal(fake_did_count, 0);
	assert_false(gic_frame_access(frame + 0x100, 8, false, &v));
	assert_false(gic_frame_access(frame + 0x101, 4, false, &v));
	assert_false(gic_frame_access(RD1, 4, false, &v));
	assert_false(gic_frame_access(frame + 0x10000, 4, false, &v));
	assert_false(gic_frame_access(0, 4, false, &v));
}

static void test_kick(void **state)
{
	(void)state;
	/* Nobody in a guest: none is sent */
	gic_kick(1);
	assert_int_equal(fake_next("icc_sgi1r_el1", 0), -1);
	assert_false(gic_kick_end(1));
	gic_kick_begin(1);
	assert_false(gic_kick_end(1));
	gic_kick(1);
	assert_int_equal(fake_next("icc_sgi1r_el1", 0), -1);
	/* In a guest: one, however many ask */
	gic_kick_begin(1);
	fake_did_count = 0;
	gic_kick(1);
	gic_kick(1);
	assert_int_equal(fake_next("dsb ish", 0), 0);
	assert_int_equal(fake_next("icc_sgi1r_el1", 0), 1);
	assert_int_equal(fake_next("icc_sgi1r_el1", 2), -1);
	/* Aff3 3, RS 1, Aff2 2, INTID 15, Aff1 1, target 2 */
	assert_int_equal(fake_did[1].value,
			 3ull << 48 | 1ull << 44 | 2ull << 32 | 15ull << 24 | 1ull << 16 | 4);
	/* It has arrived, and is not left behind */
	poke(1, 0x204, SGI);
	poke(1, 0x200, SGI);
	assert_true(gic_kick_end(1));
	assert_int_equal(reg(1, 0x200), 0);
	assert_false(gic_kick_end(1));
}

/* The timer's interrupt while a guest has it: the root's accesses find its own. */
#define TIMER (1u << 27)
static void test_timer(void **state)
{
	uint64_t frame = RD0 + 0x10000, v;

	(void)state;
	gic_init_cpu();
	assert_int_equal(reg(0, 0x100) & TIMER, 0);
	/* Not enabled by the root: it is for the guest, and is not afterwards */
	assert_false(gic_timer_lend(0));
	assert_int_equal(reg(0, 0x100) & TIMER, TIMER);
	assert_true(gic_frame_access(frame + 0x100, 4, false, &v));
	assert_int_equal(v & TIMER, 0);
	/* Another CPU of the root's changes its mind meanwhile */
	v = TIMER;
	assert_true(gic_frame_access(frame + 0x100, 4, true, &v));
	assert_true(gic_frame_access(frame + 0x180, 4, false, &v));
	assert_int_equal(v & TIMER, TIMER);
	v = TIMER;
	assert_true(gic_frame_access(frame + 0x180, 4, true, &v));
	assert_int_equal(reg(0, 0x100) & TIMER, TIMER);
	gic_timer_return(0, false, false);
	assert_int_equal(reg(0, 0x100) & TIMER, 0);
	v = TIMER;
	assert_true(gic_frame_access(frame + 0x100, 4, true, &v));
	assert_int_equal(reg(0, 0x100) & TIMER, TIMER);
	assert_false(gic_timer_lend(0));
	gic_timer_return(0, false, false);
	assert_int_equal(reg(0, 0x100) & TIMER, TIMER);
}

static uint8_t hw_priority(uint32_t cpu)
{
	return (uint8_t)(reg(cpu, 0x418) >> 24); /* INTID 27 */
}

static void set_priority(uint64_t v)
{
	assert_true(gic_frame_access(RD0 + 0x10000 + 0x41b, 1, true, &v));
}

/* A priority that no mask lets through is the root's own affair: a guest's timer is heard. */
static void test_timer_priority(void **state)
{
	uint64_t frame = RD0 + 0x10000, v;

	(void)state;
	poke(0, 0x418, 0xf8a0a0a0); /* as firmware left it */
	gic_init_cpu();
	(void)gic_timer_lend(0);
	assert_int_equal(hw_priority(0), 0xa0);
	/* The root sees its own meanwhile, by byte and by word, and its neighbours */
	assert_true(gic_frame_access(frame + 0x41b, 1, false, &v));
	assert_int_equal(v, 0xf8);
	assert_true(gic_frame_access(frame + 0x418, 4, false, &v));
	assert_int_equal(v, 0xf80000a0); /* 25 and 26 are the core's */
	gic_timer_return(0, false, false);
	assert_int_equal(reg(0, 0x418), 0xf80000a0);
	/* One that is heard stays, and costs nothing. */
	set_priority(0x80);
	fake_did_count = 0;
	(void)gic_timer_lend(0);
	assert_int_equal(hw_priority(0), 0x80);
	for (uint32_t i = 0; i < fake_did_count; i++)
		assert_int_not_equal(fake_did[i].value, 0x7000041b);
	/* Another CPU of the root's changes its mind meanwhile, and again */
	set_priority(0xff);
	assert_int_equal(hw_priority(0), 0xa0);
	assert_true(gic_frame_access(frame + 0x41b, 1, false, &v));
	assert_int_equal(v, 0xff);
	v = 0x20406080;
	assert_true(gic_frame_access(frame + 0x418, 4, true, &v));
	assert_int_equal(reg(0, 0x418), 0x20000080);
	v = 0xf0112233;
	assert_true(gic_frame_access(frame + 0x418, 4, true, &v));
	assert_int_equal(reg(0, 0x418), 0xa0000033);
	gic_timer_return(0, false, false);
	assert_int_equal(reg(0, 0x418), 0xf0000033);
	/* Not lent: as the root writes it */
	set_priority(0xff);
	assert_int_equal(hw_priority(0), 0xff);
	/* Others' are nobody's business */
	(void)gic_timer_lend(0);
	v = 0xff;
	assert_true(gic_frame_access(frame + 0x414, 1, true, &v));
	assert_int_equal(reg(0, 0x414) & 0xff, 0xff);
	gic_timer_return(0, false, false);
}

static void test_timer_active(void **state)
{
	uint64_t frame = RD0 + 0x10000, v = TIMER;

	(void)state;
	gic_init_cpu();
	assert_true(gic_frame_access(frame + 0x100, 4, true, &v));
	/* Not looked at, but where it may be so */
	poke(0, 0x300, TIMER);
	assert_false(gic_timer_lend(0));
	gic_timer_return(0, false, false);
	*fake_sysreg("icc_ctlr_el1") = 2;
	assert_true(gic_timer_lend(0));
	fake_did_count = 0;
	gic_timer_return(0, true, true);
	assert_int_equal(fake_next("mmio", 0), -1);
	*fake_sysreg("icc_ctlr_el1") = 0;
	assert_true(gic_frame_access(frame + 0x300, 4, true, &v));
	poke(0, 0x300, TIMER);
	assert_true(gic_timer_lend(0));
	/* Put back, whichever way it was left */
	fake_did_count = 0;
	gic_timer_return(0, false, true);
	assert_int_equal(fake_did[0].value, 0x70000300);
	assert_true(fake_next("dsb sy", 0) > 0);
	(void)gic_timer_lend(0);
	fake_did_count = 0;
	gic_timer_return(0, true, false);
	assert_int_equal(fake_did[0].value, 0x70000380);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_init_cpu, setup),
		cmocka_unit_test_setup(test_secure_sgis, setup),
		cmocka_unit_test_setup(test_frame_access, setup),
		cmocka_unit_test_setup(test_kick, setup),
		cmocka_unit_test_setup(test_timer, setup),
		cmocka_unit_test_setup(test_timer_priority, setup),
		cmocka_unit_test_setup(test_timer_active, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
