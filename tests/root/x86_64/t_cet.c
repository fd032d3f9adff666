/* SPDX-License-Identifier: MIT */
/*
 * Control-flow enforcement for guests (tests/guests/cet.S): IA32_XSS, the MSRs in the XSAVE state,
 * a shadow stack. With cet=1 on the command line there has to be all of it; otherwise a machine
 * without it has to refuse it.
 */
#include <string.h>

#include "tests/root/guest.h"
#include "tests/root/property.h"
#include "tests/root/save.h"

#define XSS_CET	 0x1800u
#define RAM_SIZE 0x400000u
#define SHADOW	 0x200000u /* a 2-MiB page of its own */
#define SSP	 (SHADOW + 0x1000u)
#define XSTATE	 512u
#define XCOMP	 520u

static struct vm vm;
static WHV_RUN_VP_EXIT_CONTEXT last;
static struct saved_vp saved;

void cet_tests_clean_up(void)
{
	if (vm.p)
		(void)vm_delete(&vm, false);
}

/* What the machine offers, by the partition's own word; a promise of the command line holds. */
static bool offered(void)
{
	hv_partition_id id = guest_create(0);
	uint64_t f = value(id, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1);
	uint64_t states = value(id, HV_PARTITION_PROPERTY_XSAVE_STATES);
	bool has = f >> 8 & 1;

	CHECK_EQ(states & XSS_CET, has ? XSS_CET : 0);
	CHECK(has || !option_number("cet", 0));
	guest_delete(id);
	return has;
}

static WHV_RUN_VP_EXIT_REASON run(void)
{
	do
		CHECK_EQ(WHvRunVirtualProcessor(vm.p, 0, &last, sizeof(last)), S_OK);
	while (last.ExitReason == WHvRunVpExitReasonCanceled);
	return last.ExitReason;
}

/* The guest's word at a port. */
static uint32_t said(uint32_t port)
{
	CHECK_EQ(run(), WHvRunVpExitReasonX64IoPortAccess);
	CHECK_EQ(last.IoPortAccess.PortNumber, port);
	CHECK(vm_skip(&vm, 0, &last));
	return (uint32_t)last.IoPortAccess.Rax;
}

static void begin(void)
{
	whv_metal_init();
	CHECK(vm_create(&vm, 1, RAM_SIZE, NULL));
	CHECK(vm_load(&vm, "cet"));
	CHECK(vm_start(&vm, 0, 0x80000, 0, 0));
}

static uint64_t word(const uint8_t *p, uint32_t at)
{
	uint64_t v;

	memcpy(&v, p + at, sizeof(v));
	return v;
}

/* Where they lie in the image: XCOMP_BV says what is in front; none of it is aligned (SDM 13.4.3)
 */
static uint32_t cet_at(const uint8_t *image)
{
	static const uint32_t size[11] = { [2] = 256, [5] = 64, [6] = 512, [7] = 1024, [9] = 8 };
	uint32_t at = 576;

	for (uint32_t i = 2; i < 11; i++)
		if (word(image, XCOMP) >> i & 1)
			at += size[i];
	return at;
}

static void check_image(const uint8_t *image)
{
	uint32_t at = cet_at(image);

	CHECK_EQ(word(image, XCOMP) & XSS_CET, XSS_CET);
	CHECK_EQ(word(image, XSTATE) & XSS_CET, XSS_CET);
	CHECK_EQ(word(image, at), 1);
	CHECK_EQ(word(image, at + 8), 0x7ff8);
	CHECK_EQ(word(image, at + 16), 0x8008);
	CHECK_EQ(word(image, at + 24), 0);
	CHECK_EQ(word(image, at + 32), 0x8020);
	CHECK(saved.size[SAVE_XSAVE] >= at + 40);
}

/* Saved, the partition deleted, restored into another; without one category if told so. */
static void move(enum save_category skip)
{
	uint8_t *ram = vm.ram;

	CHECK(save_vp(&vm, 0, &saved));
	CHECK(vm_delete(&vm, true));
	CHECK(vm_create(&vm, 1, RAM_SIZE, ram));
	vm.own_ram = true;
	CHECK(restore_vp(&vm, 0, &saved, skip));
}

static HRESULT set_image(void)
{
	return WHvSetVirtualProcessorState(vm.p, 0, WHvVirtualProcessorStateTypeXsaveState,
					   saved.xsave, saved.size[SAVE_XSAVE]);
}

static void refused(void)
{
	uint32_t at = cet_at(saved.xsave);
	uint64_t v;

	saved.xsave[at] = 0x41; /* reserved bit of U_CET */
	CHECK(set_image() != S_OK);
	saved.xsave[at] = 2;
	saved.xsave[at + 8] ^= 1; /* SSP not a multiple of 4 */
	CHECK(set_image() != S_OK);
	saved.xsave[at + 8] ^= 1;
	saved.xsave[at + 23] = 0x80; /* not canonical */
	CHECK(set_image() != S_OK);
	saved.xsave[at] = 1;
	saved.xsave[at + 23] = 0;
	CHECK_EQ(vm_get(&vm, 0, WHvX64RegisterUCet, &v), S_OK);
	CHECK_EQ(v, 1);
	CHECK(vm_set(&vm, 0, WHvX64RegisterXss, XSS_CET | 0x100) != S_OK);
	CHECK(vm_set(&vm, 0, WHvX64RegisterSCet, 0x40) != S_OK);
	CHECK(vm_set(&vm, 0, WHvX64RegisterSsp, SSP + 2) != S_OK);
}

/* A machine that has none of it: the guest's write to CR4 faults; in QEMU 7.2 it does not, and the
 * next entry is refused. */
static void without(void)
{
	WHV_RUN_VP_EXIT_REASON reason;

	begin();
	CHECK(vm_set(&vm, 0, WHvX64RegisterXss, XSS_CET) != S_OK);
	CHECK(vm_set(&vm, 0, WHvX64RegisterCr4, 0x800020) != S_OK);
	reason = run();
	CHECK(reason == WHvRunVpExitReasonUnrecoverableException ||
	      reason == WHvRunVpExitReasonInvalidVpRegisterValue);
	CHECK(vm_delete(&vm, false));
}

TEST(cet_state_moves)
{
	static const uint32_t want[] = {
		XSS_CET, 1, 0x7ff8, 0x8008, 0x8020, 0x1000, 0x9010, 0x9030
	};

	if (!offered()) {
		without();
		return;
	}
	begin();
	(void)said(0x90);
	move(SAVE_CATEGORIES);
	check_image(saved.xsave);
	refused();
	for (uint32_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		CHECK_EQ(said(0x91 + i), want[i]);
	CHECK(vm_delete(&vm, false));
}

/* The control: left out, it is not there. */
TEST(cet_state_left_out)
{
	if (!offered())
		return;
	begin();
	(void)said(0x90);
	move(SAVE_XCR0);
	CHECK_EQ(said(0x91), 0);
	CHECK_EQ(said(0x92), 1);
	CHECK(vm_delete(&vm, false));
	begin();
	(void)said(0x90);
	move(SAVE_XSAVE);
	CHECK_EQ(said(0x91), XSS_CET);
	for (uint32_t port = 0x92; port <= 0x95; port++)
		CHECK_EQ(said(port), 0);
	CHECK(vm_delete(&vm, false));
}

/* The stack page: not writable, and dirty (SDM vol. 3, 4.6) */
TEST(cet_shadow_stack)
{
	uint64_t *pd = NULL, v;

	if (!offered())
		return;
	begin();
	pd = (uint64_t *)(void *)(vm.ram + VM_TABLES + 2 * PAGE);
	pd[SHADOW >> 21] = SHADOW | 0xc1;
	for (uint32_t port = 0x90; port <= 0x98; port++)
		(void)said(port);
	(void)said(0xa0);
	CHECK_EQ(vm_set(&vm, 0, WHvX64RegisterSCet, 1), S_OK);
	CHECK_EQ(vm_set(&vm, 0, WHvX64RegisterSsp, SSP), S_OK);
	CHECK_EQ(vm_get(&vm, 0, WHvX64RegisterSCet, &v), S_OK);
	CHECK_EQ(v, 1);
	CHECK_EQ(said(0xa1), 8);
	CHECK_EQ(said(0xa2), 0);
	CHECK_EQ(vm_get(&vm, 0, WHvX64RegisterSsp, &v), S_OK);
	CHECK_EQ(v, SSP - 8);
	CHECK_EQ(word(vm.ram, SSP - 8) - VM_IMAGE_BASE < 0x1000, 1);
	/* No IDT: #CP ends there. Without a shadow stack the guest would go on to port a3. */
	CHECK_EQ(run(), WHvRunVpExitReasonUnrecoverableException);
	CHECK(vm_delete(&vm, false));
}
