/* SPDX-License-Identifier: MIT */
/* PSCI as the root sees it: every argument rule, and what reaches firmware. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/arm64/el2/el2.h"
#include "fake_arch.h"

#define NOT_SUPPORTED	((uint64_t)-1)
#define INVALID_PARAMS	((uint64_t)-2)
#define ALREADY_ON	((uint64_t)-4)
#define ON_PENDING	((uint64_t)-5)
#define INVALID_ADDRESS ((uint64_t)-9)
#define CPU_ON_32	0x84000003u
#define CPU_ON_64	0xc4000003u
#define AFFINITY_32	0x84000004u
#define AFFINITY_64	0xc4000004u

struct partition *partition_root;
static struct partition root, guest;
static struct vp vps[3], guest_vps[2];
static struct vgic_vp guest_gic;
static uint32_t posts, resets, reset_type, gic_resets;
uint32_t cpu_pa_bits = 44;

void vp_post(struct vp *vp, uint32_t mail)
{
	assert_ptr_equal(vp, &guest_vps[1]);
	assert_int_equal(mail, VP_MAIL_KICK);
	/* What it is told is there already */
	assert_int_equal(vp->arch.power, EL2_ON_PENDING);
	posts++;
}
void intercept_reset(struct vp *vp, uint32_t type)
{
	(void)vp;
	resets++;
	reset_type = type;
}
void vgic_reset_cpu_interface(struct vgic_vp *vp)
{
	assert_ptr_equal(vp, &guest_gic);
	gic_resets++;
}

static int setup(void **state)
{
	struct boot_info bi = { .arm64 = { .psci = BOOT_PSCI_SMC } };

	(void)state;
	fake_reset();
	fake_hw_reset();
	memset(&root, 0, sizeof(root));
	memset(vps, 0, sizeof(vps));
	partition_root = &root;
	for (uint32_t i = 0; i < 3; i++) {
		vps[i].partition = &root;
		vps[i].index = i;
		vps[i].arch.mpidr = i == 2 ? 1ull << 32 | 0x0102 : i;
		vps[i].arch.power = i ? EL2_OFF : EL2_ON;
		root.vps[i] = &vps[i];
	}
	memset(guest_vps, 0, sizeof(guest_vps));
	memset(&guest, 0, sizeof(guest));
	for (uint32_t i = 0; i < 2; i++) {
		guest_vps[i].partition = &guest;
		guest_vps[i].index = i;
		guest_vps[i].arch.mpidr = i;
		guest_vps[i].arch.power = i ? EL2_OFF : EL2_ON;
		guest_vps[i].arch.gic = &guest_gic;
		guest.vps[i] = &guest_vps[i];
	}
	posts = resets = gic_resets = 0;
	fake_frames(0x10, 0x20, FRAME_ROOT);
	fake_frames(0x20, 0x21, FRAME_CORE);
	fake_frames(0x21, 0x22, FRAME_DEPOSIT);
	psci_init(&bi);
	return 0;
}

static uint64_t call(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t x[4] = { fn, a, b, c };

	assert_true(psci_call(&vps[0], x));
	/* X1 to X3 are the caller's */
	assert_int_equal(x[1], a);
	assert_int_equal(x[2], b);
	assert_int_equal(x[3], c);
	return x[0];
}

static void test_cpu_on(void **state)
{
	(void)state;
	assert_int_equal(call(CPU_ON_64, 1, 0x10004, 0x1122334455667788), 0);
	assert_int_equal(vps[1].arch.power, EL2_ON_PENDING);
	assert_int_equal(vps[1].arch.power_entry, 0x10004);
	assert_int_equal(vps[1].arch.power_context, 0x1122334455667788);
	/* It is woken after it is said */
	assert_true(fake_next("dsb ish", 0) >= 0);
	assert_true(fake_next("sev", fake_next("dsb ish", 0)) > 0);
	assert_int_equal(call(CPU_ON_64, 1, 0x10008, 7), ON_PENDING);
	assert_int_equal(vps[1].arch.power_entry, 0x10004);
	vps[1].arch.power = EL2_ON;
	assert_int_equal(call(CPU_ON_64, 1, 0x10004, 0), ALREADY_ON);
	assert_int_equal(call(CPU_ON_64, 0, 0x10004, 0), ALREADY_ON);
	/* Affinity level 3 */
	assert_int_equal(call(CPU_ON_64, 1ull << 32 | 0x0102, 0x1fffc, 0), 0);
	assert_int_equal(vps[2].arch.power, EL2_ON_PENDING);
	assert_int_equal(fake_next("smc", 0), -1);
}

static void test_cpu_on_32(void **state)
{
	(void)state;
	/* Only the low halves are arguments */
	assert_int_equal(
		call(CPU_ON_32, 0xffffffff00000001, 0xffffffff00010000, 0x1122334455667788), 0);
	assert_int_equal(vps[1].arch.power_entry, 0x10000);
	assert_int_equal(vps[1].arch.power_context, 0x55667788);
}

static void refused(uint64_t mpidr, uint64_t entry, uint64_t answer)
{
	assert_int_equal(call(CPU_ON_64, mpidr, entry, 5), answer);
	assert_int_equal(vps[1].arch.power, EL2_OFF);
	assert_int_equal(vps[1].arch.power_entry, 0);
	assert_int_equal(fake_next("sev", 0), -1);
}

static void test_cpu_on_refused(void **state)
{
	(void)state;
	refused(3, 0x10000, INVALID_PARAMS);
	refused(1ull << 24 | 1, 0x10000, INVALID_PARAMS);
	refused(1ull << 63 | 1, 0x10000, INVALID_PARAMS);
	refused(1, 0x10002, INVALID_ADDRESS); /* no instruction's address */
	refused(1, 0x20000, INVALID_ADDRESS); /* the core's */
	refused(1, 0x21000, INVALID_ADDRESS); /* deposited */
	refused(1, 0x30000, INVALID_ADDRESS); /* no RAM */
	refused(1, ~3ull, INVALID_ADDRESS);
}

static void test_off_and_info(void **state)
{
	(void)state;
	assert_int_equal(call(AFFINITY_64, 0, 0, 0), 0);
	assert_int_equal(call(AFFINITY_64, 1, 0, 0), 1);
	vps[1].arch.power = EL2_ON_PENDING;
	assert_int_equal(call(AFFINITY_64, 1, 0, 0), 2);
	vps[1].arch.power = EL2_ON_CLAIMED;
	assert_int_equal(call(AFFINITY_32, 1, 0, 0), 2);
	assert_int_equal(call(AFFINITY_64, 1, 1, 0), INVALID_PARAMS);
	assert_int_equal(call(AFFINITY_64, 9, 0, 0), INVALID_PARAMS);
	(void)call(0x84000002, 0, 0, 0);
	assert_int_equal(vps[0].arch.power, EL2_OFF);
}

static void test_features(void **state)
{
	static const uint32_t there[] = { 0x80000000, 0x84000000, 0x84000001, 0x84000002,
					  0x84000003, 0x84000004, 0x84000006, 0x84000008,
					  0x84000009, 0x8400000a, 0x84000012, 0xc4000001,
					  0xc4000003, 0xc4000004, 0xc4000012 };

	(void)state;
	assert_int_equal(call(0x84000000, 0, 0, 0), 0x10001);
	assert_int_equal(call(0x84000006, 0, 0, 0), 2);
	for (uint32_t base = 0x84000000; base <= 0x8400001f; base++)
		for (uint32_t wide = 0; wide < 2; wide++) {
			uint32_t fn = base | wide << 30;
			bool is = false;

			for (uint32_t i = 0; i < ARRAY_LEN(there); i++)
				is |= there[i] == fn;
			assert_int_equal(call(0x8400000a, fn, 0, 0), is ? 0 : NOT_SUPPORTED);
		}
	assert_int_equal(call(0x8400000a, 0x80000000, 0, 0), 0);
	/* What is not there is so also when called, in either width */
	assert_int_equal(call(0x84000005, 0, 0, 0), NOT_SUPPORTED);
	assert_int_equal(call(0xc400000e, 0, 0, 0), NOT_SUPPORTED);
	assert_int_equal(call(0xc4000002, 0, 0, 0), NOT_SUPPORTED);
	assert_int_equal(vps[0].arch.power, EL2_ON);
}

static void test_suspend(void **state)
{
	(void)state;
	assert_int_equal(call(0xc4000001, 0x10000, 0x10000, 0), 0);
	assert_true(fake_next("wfi", fake_next("dsb sy", 0)) > 0);
}

static void test_firmware(void **state)
{
	struct boot_info bi = { .arm64 = { .psci = BOOT_PSCI_HVC } };

	(void)state;
	fake_firmware_answer = 0;
	(void)call(0x84000008, 7, 8, 9);
	assert_int_equal(fake_firmware_asked[0], 0x84000008);
	assert_int_equal(fake_firmware_asked[1], 0);
	(void)call(0x84000012, 0x80000001, 8, 9);
	assert_int_equal(fake_firmware_asked[1], 0x80000001);
	assert_true(fake_next("smc", 0) >= 0);
	psci_init(&bi);
	fake_did_count = 0;
	(void)call(0x84000009, 0, 0, 0);
	assert_true(fake_next("hvc", 0) >= 0 && fake_next("smc", 0) < 0);
	bi.arm64.psci = BOOT_PSCI_NONE;
	psci_init(&bi);
	fake_did_count = 0;
	assert_int_equal(call(0x84000008, 0, 0, 0), NOT_SUPPORTED);
	assert_int_equal(fake_did_count, 0);
}

static void test_not_psci(void **state)
{
	uint64_t x[4] = { 0x84000020, 1, 2, 3 };

	(void)state;
	assert_false(psci_call(&vps[0], x));
	x[0] = 0x80000000;
	assert_false(psci_call(&vps[0], x));
}

static uint64_t guest_call(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t x[4] = { fn, a, b, c };

	guest_vps[0].arch.stop = VP_EXIT_RESUME;
	assert_true(psci_call(&guest_vps[0], x));
	return x[0];
}

/* A guest's calls reach its own VPs, and neither the root's CPUs nor firmware. */
static void test_guest(void **state)
{
	(void)state;
	/* Its memory is not judged: what is absent the root is told */
	assert_int_equal(guest_call(CPU_ON_64, 1, 0x7000000, 0x55), 0);
	assert_int_equal(guest_vps[1].arch.power, EL2_ON_PENDING);
	assert_int_equal(posts, 1);
	assert_int_equal(vps[1].arch.power, EL2_OFF);
	assert_int_equal(guest_call(CPU_ON_64, 1, 0x7000000, 0x55), ON_PENDING);
	assert_int_equal(guest_call(AFFINITY_64, 1, 0, 0), 2);
	psci_start(&guest_vps[1]);
	assert_int_equal(fake_count(FAKE_VP_RESET, &guest_vps[1]), 1);
	assert_int_equal(gic_resets, 1);
	assert_int_equal(guest_vps[1].arch.pc, 0x7000000);
	assert_int_equal(guest_vps[1].arch.x[0], 0x55);
	assert_int_equal(guest_vps[1].arch.power, EL2_ON);
	assert_int_equal(guest_call(CPU_ON_64, 1, 0x7000000, 0x55), ALREADY_ON);
	psci_set_power(&guest_vps[1], false);
	assert_int_equal(guest_vps[1].arch.power, EL2_OFF);
	psci_set_power(&guest_vps[1], true);
	assert_int_equal(guest_vps[1].arch.power, EL2_ON);
	psci_set_power(&guest_vps[1], false);
	assert_int_equal(guest_call(CPU_ON_64, 2, 0x7000000, 0), INVALID_PARAMS);
	assert_int_equal(guest_call(CPU_ON_64, 1, 0x7000002, 0), INVALID_ADDRESS);
	assert_int_equal(guest_call(CPU_ON_64, 1, 1ull << 44, 0), INVALID_ADDRESS);
	assert_int_equal(guest_vps[1].arch.power, EL2_OFF);
	/* Standby is WFI; off ends the run; the machine's power is a message */
	assert_int_equal(guest_call(0xc4000001, 0, 0, 0), 0);
	assert_int_equal(guest_vps[0].arch.stop, VP_EXIT_HALTED);
	assert_int_equal(guest_vps[0].arch.power, EL2_ON);
	assert_int_equal(fake_next("wfi", 0), -1);
	(void)guest_call(0x84000008, 0, 0, 0);
	assert_int_equal(reset_type, 0);
	(void)guest_call(0x84000009, 0, 0, 0);
	assert_int_equal(reset_type, 1);
	(void)guest_call(0x84000012, 0, 0, 0);
	assert_int_equal(resets, 3);
	(void)guest_call(0x84000002, 0, 0, 0);
	assert_int_equal(guest_vps[0].arch.power, EL2_OFF);
	assert_int_equal(guest_vps[0].arch.stop, VP_EXIT_HALTED);
	assert_int_equal(vps[0].arch.power, EL2_ON);
	assert_int_equal(guest_call(0x84000000, 0, 0, 0), 0x10001);
	assert_int_equal(fake_next("smc", 0), -1);
	assert_int_equal(fake_next("hvc", 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_cpu_on, setup),
		cmocka_unit_test_setup(test_cpu_on_32, setup),
		cmocka_unit_test_setup(test_cpu_on_refused, setup),
		cmocka_unit_test_setup(test_off_and_info, setup),
		cmocka_unit_test_setup(test_features, setup),
		cmocka_unit_test_setup(test_suspend, setup),
		cmocka_unit_test_setup(test_firmware, setup),
		cmocka_unit_test_setup(test_not_psci, setup),
		cmocka_unit_test_setup(test_guest, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
