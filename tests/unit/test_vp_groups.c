/* SPDX-License-Identifier: MIT */
/* State groups of x86: local APIC and XSAVE as they travel, and what a Set of them may not hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hv/vp_state.h>

#include "fake_x86_vp.h"

static struct partition part;
static struct vp vp;
static uint8_t image[4096] __attribute__((aligned(64)));
/* One byte more than a state may write */
static uint8_t buf[4096 + 8], again[4096 + 8];

#define XSAVE_SIZE (576u + 256 + 512)

static int setup(void **state)
{
	static struct xsave_cpuid sub[64];

	(void)state;
	fake_reset();
	memset(&fv, 0, sizeof(fv));
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&part, 0, sizeof(part));
	memset(&vp, 0, sizeof(vp));
	virt = &fv_ops;
	fake_hw.tsc = 5000;
	sub[0].eax = 0x47;
	sub[2] = (struct xsave_cpuid){ 256, 576, 0, 0 };
	sub[6] = (struct xsave_cpuid){ 512, 1152, 0, 0 };
	assert_true(xsave_layout_init(&cpu_xsave_layout, 0x47, sub, 0xffff));
	part.create_flags = HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED;
	part.arch.xcr0_mask = 0x47;
	part.arch.xsave_size = xsave_compact_size(&cpu_xsave_layout, 0x47);
	vp.partition = &part;
	vp.arch.xsave = image;
	vlapic_init(&vp.arch.apic, 0, true, true, 2000000000, true);
	xsave_init_std(&cpu_xsave_layout, image);
	memset(buf, 0xcc, sizeof(buf));
	memset(again, 0xcc, sizeof(again));
	return 0;
}

static void test_sizes(void **state)
{
	(void)state;
	assert_int_equal(arch_state_size(&part, HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER), 176);
	assert_int_equal(arch_state_size(&part, HV_VP_STATE_XSAVE), XSAVE_SIZE);
	for (uint32_t t = 0; t < 16; t++)
		if (t != HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER && t != HV_VP_STATE_XSAVE)
			assert_int_equal(arch_state_size(&part, t), 0);
	part.create_flags = 0;
	assert_int_equal(arch_state_size(&part, HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER), 0);
}

static uint16_t get(uint32_t type, uint64_t states, uint8_t *to)
{
	return arch_state_get(&vp, type, states, to);
}

static void refused(uint32_t type, const void *state)
{
	static uint8_t old_image[sizeof(image)];
	struct vp old;

	memcpy(&old, &vp, sizeof(vp));
	memcpy(old_image, image, sizeof(image));
	assert_int_equal(arch_state_set(&vp, type, state), HV_STATUS_INVALID_PARAMETER);
	assert_memory_equal(&old, &vp, sizeof(vp));
	assert_memory_equal(old_image, image, sizeof(image));
}

static void test_apic(void **state)
{
	const uint32_t type = HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER;
	struct hv_local_interrupt_controller_state s;

	(void)state;
	vp.arch.apic.reg[0xf] = 0x1ff;
	assert_true(vlapic_accept(&vp.arch.apic, 0x51, false));
	assert_int_equal(get(type, 0, buf), HV_STATUS_SUCCESS);
	assert_int_equal(buf[176], 0xcc);
	memcpy(&s, buf, sizeof(s));
	assert_int_equal(s.apic_spurious, 0x1ff);
	assert_int_equal(s.apic_irr[2], BIT(0x51 - 64));
	assert_int_equal(s.apic_irr[0], 0);
	/* The timer's place is as of now, by the guest's clock */
	vp.arch.tsc_offset = 1000;
	s.apic_initial_count = s.apic_counter_value = 500;
	assert_int_equal(arch_state_set(&vp, type, &s), HV_STATUS_SUCCESS);
	assert_int_equal(vp.arch.apic.timer_due, 6000 + 500 * 2 * 10);
	fake_hw.tsc += 200 * 20;
	assert_int_equal(get(type, 0, again), HV_STATUS_SUCCESS);
	memcpy(&s, again, sizeof(s));
	assert_int_equal(s.apic_counter_value, 300);
	/* A waiting NMI travels in IRR, both ways */
	vp.arch.nmi_pending = true;
	assert_int_equal(get(type, 0, again), HV_STATUS_SUCCESS);
	memcpy(&s, again, sizeof(s));
	assert_int_equal(s.apic_irr[0], 4);
	vp.arch.nmi_pending = false;
	assert_int_equal(arch_state_set(&vp, type, &s), HV_STATUS_SUCCESS);
	assert_true(vp.arch.nmi_pending);
	assert_int_equal(vp.arch.apic.reg[0x20], 0);
	s.apic_irr[0] = 0;
	assert_int_equal(arch_state_set(&vp, type, &s), HV_STATUS_SUCCESS);
	assert_false(vp.arch.nmi_pending);
	/* Refused: an NMI that is in a state which is wrong elsewhere stays out too */
	s.apic_irr[0] = 4;
	s.apic_version++;
	refused(type, &s);
}

static void test_xsave(void **state)
{
	const uint32_t type = HV_VP_STATE_XSAVE;
	uint64_t v;

	(void)state;
	image[160] = 0x11;
	image[576] = 0x22;
	image[1152 + 511] = 0x33;
	image[512] = 0x47;
	assert_int_equal(get(type, ~0ull & 0x47, buf), HV_STATUS_SUCCESS);
	assert_int_equal(buf[XSAVE_SIZE], 0xcc);
	memcpy(&v, buf + 512, 8);
	assert_int_equal(v, 0x47);
	memcpy(&v, buf + 520, 8);
	assert_int_equal(v, BIT(63) | 0x47);
	assert_int_equal(buf[160], 0x11);
	assert_int_equal(buf[576], 0x22);
	assert_int_equal(buf[576 + 256 + 511], 0x33);
	/* Set and get again are the same bytes, whatever was there */
	memset(image, 0, sizeof(image));
	assert_int_equal(arch_state_set(&vp, type, buf), HV_STATUS_SUCCESS);
	assert_int_equal(get(type, 0x47, again), HV_STATUS_SUCCESS);
	assert_memory_equal(buf, again, sizeof(buf));
	assert_int_equal(image[1152 + 511], 0x33);
	/* Fewer components: the same size, the rest unused; x87 and SSE always come */
	memset(again, 0xcc, sizeof(again));
	assert_int_equal(get(type, 4, again), HV_STATUS_SUCCESS);
	memcpy(&v, again + 512, 8);
	assert_int_equal(v, 7);
	assert_int_equal(again[576], 0x22);
	for (uint32_t i = 576 + 256; i < XSAVE_SIZE; i++)
		assert_int_equal(again[i], 0);
	assert_int_equal(again[XSAVE_SIZE], 0xcc);
	assert_int_equal(get(type, 0, again), HV_STATUS_SUCCESS);
	memcpy(&v, again + 512, 8);
	assert_int_equal(v, 3);
	/* One that the partition has not, one that the CPU has not */
	assert_int_equal(get(type, 0x20, again), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(get(type, BIT(63), again), HV_STATUS_INVALID_PARAMETER);
	part.arch.xcr0_mask = 7;
	assert_int_equal(get(type, 0x40, again), HV_STATUS_INVALID_PARAMETER);
}

static void test_xsave_refused(void **state)
{
	const uint32_t type = HV_VP_STATE_XSAVE;

	(void)state;
	assert_int_equal(get(type, 0x47, buf), HV_STATUS_SUCCESS);
	buf[25] = 0x1f;
	buf[26] = 1; /* MXCSR 16 */
	refused(type, buf);
	buf[26] = 0;
	buf[527] = 0; /* standard format */
	refused(type, buf);
	buf[527] = 0x80;
	buf[512] = 0x20; /* a component that is not the partition's */
	refused(type, buf);
	buf[512] = 0;
	buf[575] = 1; /* header, reserved */
	refused(type, buf);
	buf[575] = 0;
	assert_int_equal(arch_state_set(&vp, type, buf), HV_STATUS_SUCCESS);
	/* A partition with less: neither the length nor the components fit */
	part.arch.xcr0_mask = 7;
	refused(type, buf);
}

/* CET's two components come from registers, and go there; all of it is checked before any is set.
 */
static void test_cet(void **state)
{
	static struct xsave_cpuid sub[64];
	uint64_t v, *word = (uint64_t *)(void *)(buf + 576 + 256 + 512);
	const uint32_t size = 576 + 256 + 512 + 40;

	(void)state;
	sub[0].eax = 0x47;
	sub[1].ecx = 0x1800;
	sub[2] = (struct xsave_cpuid){ 256, 576, 0, 0 };
	sub[6] = (struct xsave_cpuid){ 512, 1152, 0, 0 };
	sub[11] = (struct xsave_cpuid){ 16, 0, 1, 0 };
	sub[12] = (struct xsave_cpuid){ 24, 0, 1, 0 };
	assert_true(xsave_layout_init(&cpu_xsave_layout, 0x1847, sub, 0xffff));
	part.arch.xss_mask = 0x1800;
	part.arch.cet = 3;
	part.arch.xsave_size = xsave_compact_size(&cpu_xsave_layout, 0x1847);
	assert_int_equal(part.arch.xsave_size, size);
	/* Nothing in use: neither bit of XSTATE_BV, and zeroes */
	assert_int_equal(get(HV_VP_STATE_XSAVE, 0x1847, buf), HV_STATUS_SUCCESS);
	memcpy(&v, buf + 512, 8);
	assert_int_equal(v & 0x1800, 0);
	memcpy(&v, buf + 520, 8);
	assert_int_equal(v, XSAVE_COMPACTED | 0x1847);
	assert_int_equal(word[0] | word[1] | word[2] | word[3] | word[4], 0);
	fv.sys[SYS_U_CET] = 5;
	fv.sys[SYS_PL3_SSP] = 0x7ff8;
	fv.sys[SYS_PL2_SSP] = 0xffff800000000010;
	assert_int_equal(get(HV_VP_STATE_XSAVE, 0x1847, buf), HV_STATUS_SUCCESS);
	memcpy(&v, buf + 512, 8);
	assert_int_equal(v & 0x1800, 0x1800);
	assert_int_equal(word[0], 5);
	assert_int_equal(word[1], 0x7ff8);
	assert_int_equal(word[4], 0xffff800000000010);
	assert_int_equal(buf[size], 0xcc);
	/* Refused, each for one reason */
	for (uint32_t i = 0; i < 5; i++) {
		uint64_t good = word[i];

		word[i] = good | (i ? 2 : 0x40);
		refused(HV_VP_STATE_XSAVE, buf);
		word[i] = (good & 5) | BIT(62);
		refused(HV_VP_STATE_XSAVE, buf);
		word[i] = good;
		assert_int_equal(fv.sys[SYS_U_CET], 5);
	}
	memset(fv.sys, 0, sizeof(fv.sys));
	assert_int_equal(arch_state_set(&vp, HV_VP_STATE_XSAVE, buf), HV_STATUS_SUCCESS);
	assert_int_equal(fv.sys[SYS_U_CET], 5);
	assert_int_equal(fv.sys[SYS_PL3_SSP], 0x7ff8);
	assert_int_equal(fv.sys[SYS_PL2_SSP], 0xffff800000000010);
	/* A component that XSTATE_BV leaves out is in its initial state */
	v = 0x1003;
	memcpy(buf + 512, &v, 8);
	assert_int_equal(arch_state_set(&vp, HV_VP_STATE_XSAVE, buf), HV_STATUS_SUCCESS);
	assert_int_equal(fv.sys[SYS_U_CET] | fv.sys[SYS_PL3_SSP], 0);
	assert_int_equal(fv.sys[SYS_PL2_SSP], 0xffff800000000010);
	/* Not asked for: as if unused */
	assert_int_equal(get(HV_VP_STATE_XSAVE, 0x847, buf), HV_STATUS_SUCCESS);
	memcpy(&v, buf + 520, 8);
	assert_int_equal(v, XSAVE_COMPACTED | 0x847);
	assert_int_equal(get(HV_VP_STATE_XSAVE, 0x1947, buf), HV_STATUS_INVALID_PARAMETER);
	part.arch.xss_mask = 0;
	assert_int_equal(get(HV_VP_STATE_XSAVE, 0x1847, buf), HV_STATUS_INVALID_PARAMETER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_sizes, setup),
		cmocka_unit_test_setup(test_apic, setup),
		cmocka_unit_test_setup(test_xsave, setup),
		cmocka_unit_test_setup(test_xsave_refused, setup),
		cmocka_unit_test_setup(test_cet, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
