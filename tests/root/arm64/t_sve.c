/* SPDX-License-Identifier: MIT */
/* SVE of guests: the switch, the state type, and what Q registers by name are of it. */
#include <stdio.h>
#include <string.h>

#include <hv/vp_state_arm64.h>

#include "tests/root/guest.h"
#include "tests/root/arm64/state.h"

#define IMAGE 0x100000u
#define FIRST 0x200000u /* what the guest stores before it says so, and after */
#define AFTER 0x210000u
#define SAY   0x09000000u
#define RAM   0x400u
#define PS    8192u /* P registers in what it stores */

static uint32_t length(void)
{
	return (uint32_t)(read_sysreg(id_aa64pfr0_el1) >> 32 & 0xf);
}

static hv_partition_id sve_machine(uint8_t *ram)
{
	hv_partition_id id = guest_new(0, 1);

	guest_map(id, 0, ram, RAM, GUEST_RWX);
	guest_set64(id, 0, HV_ARM64_REGISTER_PC, IMAGE);
	return id;
}

static uint8_t *sve_ram(void)
{
	uint8_t *ram = guest_pages(RAM, 512);

	image_load(ram + IMAGE, "sve");
	return ram;
}

static void sve_start(hv_partition_id id, uint64_t zcr)
{
	guest_set64(id, 0, HV_ARM64_REGISTER_X0, FIRST);
	guest_set64(id, 0, HV_ARM64_REGISTER_X0 + 1, AFTER);
	guest_set64(id, 0, HV_ARM64_REGISTER_X0 + 2, zcr);
	guest_set64(id, 0, HV_ARM64_REGISTER_X0 + 3, SAY);
}

/* What the guest has stored at its own length is what the blob has, at the longest. */
static bool same(const uint8_t *z, uint32_t vl, const uint8_t *own, uint32_t own_vl)
{
	for (uint32_t i = 0; i < 32; i++)
		if (memcmp(z + i * vl, own + i * own_vl, own_vl))
			return false;
	for (uint32_t i = 0; i < 17; i++)
		if (memcmp(z + 32 * vl + i * vl / 8, own + PS + i * own_vl / 8, own_vl / 8))
			return false;
	return true;
}

static void said_so(hv_partition_id id)
{
	CHECK_EQ(guest_run(id, 0), HVMSG_UNMAPPED_GPA);
	guest_set64(id, 0, HV_ARM64_REGISTER_PC, guest_get64(id, 0, HV_ARM64_REGISTER_PC) + 4);
}

/* Whatever the length that the VP chose: all of it is saved, and goes on in another partition. */
TEST(sve_state)
{
	uint8_t *ram = sve_ram(), *blob = guest_pages(3, 1), *z = blob + 16;
	static const uint32_t names[] = { HV_ARM64_REGISTER_PC, HV_ARM64_REGISTER_CPACR_EL1,
					  HV_ARM64_REGISTER_ZCR_EL1 };
	const struct hv_arm64_sve_state *h = (const void *)blob;
	uint32_t vl, pages, own;

	if (!length())
		test_skip("no SVE on this CPU");
	for (uint64_t zcr = 0; zcr < 16; zcr += 5) {
		hv_partition_id m = sve_machine(ram), n = sve_machine(ram);
		union hv_register_value q;

		memset(ram + FIRST, 0xee, 2 * (AFTER - FIRST));
		sve_start(m, zcr);
		said_so(m);
		/* As many pages as it takes */
		for (pages = 1; pages <= 3; pages++)
			if (state_pages(HVCALL_GET_VP_STATE, m, 0, HV_VP_STATE_SVE, blob, pages) ==
			    HV_STATUS_SUCCESS)
				break;
		CHECK(pages <= 3);
		vl = h->vector_length;
		CHECK_EQ((16 + 32 * vl + 17 * vl / 8 + PAGE - 1) / PAGE, pages);
		CHECK_EQ(h->version, 1);
		CHECK_EQ(h->register_data_offset, 16);
		CHECK_EQ(h->reserved, 0);
		own = *(volatile uint32_t *)(ram + FIRST - 16);
		CHECK(own >= 16 && own <= vl && own <= 16 * (zcr + 1));
		CHECK(same(z, vl, ram + FIRST, own));
		CHECK_EQ(z[3 * vl + own - 1], (uint8_t)(3 - 16 + (int)own - 1));
		if (zcr == 15)
			CHECK_EQ(own, vl);
		/* Q registers are the low halves */
		CHECK_EQ(guest_get(m, 0, HV_ARM64_REGISTER_Q0 + 17, &q), HV_STATUS_SUCCESS);
		CHECK(!memcmp(&q, z + 17 * vl, 16));
		CHECK_EQ(guest_get64(m, 0, HV_ARM64_REGISTER_ZCR_EL1), zcr);
		for (uint32_t i = 0; i < 3; i++)
			guest_set64(n, 0, names[i], guest_get64(m, 0, names[i]));
		for (uint32_t i = 0; i < 4; i++)
			guest_set64(n, 0, HV_ARM64_REGISTER_X0 + i,
				    guest_get64(m, 0, HV_ARM64_REGISTER_X0 + i));
		CHECK_EQ(state_pages(HVCALL_SET_VP_STATE, n, 0, HV_VP_STATE_SVE, blob, pages),
			 HV_STATUS_SUCCESS);
		said_so(n);
		CHECK(!memcmp(ram + FIRST, ram + AFTER, 32 * own));
		CHECK(!memcmp(ram + FIRST + PS, ram + AFTER + PS, 17 * own / 8));
		/* A Q register that is set is seen; the rest of its Z stays */
		q.low_high[0] ^= 1;
		CHECK_EQ(guest_set(n, 0, HV_ARM64_REGISTER_Q0 + 17, &q), HV_STATUS_SUCCESS);
		z[17 * vl] ^= 1;
		memset(ram + FIRST, 0, PAGE);
		memcpy(ram + FIRST, z, MIN_OF(32 * vl, PAGE));
		CHECK_EQ(state_pages(HVCALL_GET_VP_STATE, n, 0, HV_VP_STATE_SVE, blob, pages),
			 HV_STATUS_SUCCESS);
		CHECK(!memcmp(ram + FIRST, z, MIN_OF(32 * vl, PAGE)));
	}
	printf("  SVE: %u-bit registers\n", (unsigned)(8 * vl));
}

TEST(sve_state_bad)
{
	uint8_t *ram = sve_ram(), *blob = guest_pages(3, 1), *copy = guest_pages(3, 1);
	hv_partition_id id = sve_machine(ram);
	uint32_t pages = 1, vl;

	if (!length()) {
		/* No such type here */
		CHECK_EQ(state_pages(HVCALL_GET_VP_STATE, id, 0, HV_VP_STATE_SVE, blob, 1),
			 HV_STATUS_INVALID_PARAMETER);
		CHECK_EQ(guest_set_status(id, 0, HV_ARM64_REGISTER_ZCR_EL1, 0),
			 HV_STATUS_UNKNOWN_REGISTER_NAME);
		return;
	}
	while (state_pages(HVCALL_GET_VP_STATE, id, 0, HV_VP_STATE_SVE, blob, pages) !=
	       HV_STATUS_SUCCESS)
		CHECK(pages++ < 3);
	vl = blob[4] | (uint32_t)blob[5] << 8;
	memcpy(copy, blob, 3 * PAGE);
	/* Every byte of the header, and a hole in FFR */
	for (uint32_t i = 0; i < 17; i++) {
		uint32_t at = i < 16 ? i : 16 + 32 * vl + 16 * vl / 8;

		memcpy(blob, copy, 3 * PAGE);
		blob[at] ^= 2;
		blob[16] = 0x77;
		CHECK_EQ(state_pages(HVCALL_SET_VP_STATE, id, 0, HV_VP_STATE_SVE, blob, pages),
			 HV_STATUS_INVALID_PARAMETER);
	}
	CHECK_EQ(state_pages(HVCALL_GET_VP_STATE, id, 0, HV_VP_STATE_SVE, blob, pages),
		 HV_STATUS_SUCCESS);
	CHECK(!memcmp(blob, copy, 3 * PAGE));
	CHECK_EQ(guest_set_status(id, 0, HV_ARM64_REGISTER_ZCR_EL1, 16),
		 HV_STATUS_INVALID_REGISTER_VALUE);
	CHECK_EQ(state_pages(HVCALL_GET_VP_STATE, id, 0, HV_VP_STATE_SVE, blob, pages % 3 + 1),
		 HV_STATUS_INVALID_PARAMETER);
}

/* The root's vectors of the full length are where they were when a guest has run. */
TEST(sve_switch)
{
	static uint8_t before[256] __attribute__((aligned(16))),
		after[256] __attribute__((aligned(16)));
	uint8_t *ram = sve_ram();
	hv_partition_id id = sve_machine(ram);
	uint64_t cpacr = read_sysreg(cpacr_el1);

	if (!length())
		test_skip("no SVE on this CPU");
	sve_start(id, 15);
	write_sysreg(cpacr_el1, cpacr | 3 << 16);
	isb();
	write_sysreg(s3_0_c1_c2_0, 15);
	isb();
	__asm__ volatile(".arch_extension sve\n\tindex z9.b, #3, #5\n\tstr z9, [%0]"
			 :
			 : "r"(before)
			 : "v9", "memory");
	said_so(id);
	__asm__ volatile(".arch_extension sve\n\tstr z9, [%0]\n\t.arch_extension nosve"
			 :
			 : "r"(after)
			 : "memory");
	write_sysreg(cpacr_el1, cpacr);
	isb();
	CHECK(before[15] == 3 + 15 * 5);
	CHECK(!memcmp(before, after, sizeof(before)));
}
