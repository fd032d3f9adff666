/* SPDX-License-Identifier: MIT */
/* Access to partitions' memory: rights, holds, page borders, and what a failure leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_root.h"
#include "kernel/guest_mem.h"

#define RW	    (HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE)
#define MEM	    (uint64_t)(ROOT_FREE + 4 * LARGE_PAGES)
#define G(gfn, off) GPA(((uint64_t)(gfn) << PAGE_SHIFT) + (off))

static struct partition *child;

static uint8_t *page_at(uint64_t pfn)
{
	return hpa_ptr(HPA(pfn << PAGE_SHIFT));
}

static enum guest_mem_result pin(struct partition *p, gpa_t gpa, uint32_t need, uint64_t pfn,
				 bool held)
{
	struct guest_page pg = { NULL, 77, false };
	uint32_t before = frame_holds(pfn);
	enum guest_mem_result r = guest_mem_pin(p, gpa, need, &pg);

	assert_int_equal(frame_holds(pfn), before + (r == GUEST_MEM_OK && held));
	if (r == GUEST_MEM_OK) {
		assert_int_equal(pg.pfn, pfn);
		assert_ptr_equal(pg.ptr, page_at(pfn));
		assert_int_equal(pg.held, held);
		guest_mem_unpin(&pg);
		assert_false(pg.held);
		/* Once too often is harmless. */
		guest_mem_unpin(&pg);
		assert_int_equal(frame_holds(pfn), before);
	}
	/* No lock stays taken. */
	assert_int_equal(p->lock.held, 0);
	assert_int_equal(fake_root.lock.held, 0);
	return r;
}

static void test_root(void **state)
{
	const uint64_t core = ROOT_CORE_END - 1;
	uint64_t dep = MEM + 9;
	uint32_t done;

	(void)state;
	for (uint32_t need = 1; need <= SLAT_RWX; need++) {
		assert_int_equal(pin(&fake_root, G(MEM, 0x234), need, MEM, true), GUEST_MEM_OK);
		assert_int_equal(pin(&fake_root, G(ROOT_FIRMWARE, 0), need, ROOT_FIRMWARE, true),
				 GUEST_MEM_UNMAPPED);
		assert_int_equal(pin(&fake_root, G(core, 0), need, core, true), GUEST_MEM_UNMAPPED);
		assert_int_equal(pin(&fake_root, G(FAKE_PFNS, 0), need, 0, true),
				 GUEST_MEM_UNMAPPED);
		assert_int_equal(pin(&fake_root, GPA(~0ull), need, 0, true), GUEST_MEM_UNMAPPED);
	}
	/* A deposit, also while it is open: the root reaches it by itself, never through a call. */
	assert_int_equal(partition_deposit(child, &dep, 1, &done), 0);
	assert_int_equal(pin(&fake_root, G(dep, 0), SLAT_R, dep, true), GUEST_MEM_UNMAPPED);
	frame_open(dep);
	assert_int_equal(pin(&fake_root, G(dep, 0), SLAT_R, dep, true), GUEST_MEM_UNMAPPED);
	frame_close(dep);
	/* A page of the core's that the root's table shows: for what it shows, but writing. */
	assert_int_equal(slat_map(&fake_root.slat, G(core, 0), HPA(core << PAGE_SHIFT), 1,
				  SLAT_R | SLAT_W, NULL, NULL),
			 SLAT_OK);
	assert_int_equal(pin(&fake_root, G(core, 5), SLAT_R, core, false), GUEST_MEM_OK);
	assert_int_equal(pin(&fake_root, G(core, 5), SLAT_R | SLAT_W, core, false),
			 GUEST_MEM_UNMAPPED);
	assert_int_equal(pin(&fake_root, G(core, 5), SLAT_W, core, false), GUEST_MEM_UNMAPPED);
	assert_int_equal(pin(&fake_root, G(core, 5), SLAT_R | SLAT_X, core, false),
			 GUEST_MEM_UNMAPPED);
	assert_int_equal(slat_unmap(&fake_root.slat, G(core, 0), 1, NULL, NULL), SLAT_OK);
	assert_int_equal(pin(&fake_root, G(core, 5), SLAT_R, core, false), GUEST_MEM_UNMAPPED);
}

static void test_child(void **state)
{
	static const uint32_t flags[] = { 0, HV_MAP_GPA_READABLE, RW,
					  HV_MAP_GPA_READABLE | HV_MAP_GPA_EXECUTABLE,
					  RW | HV_MAP_GPA_EXECUTABLE };
	static const uint32_t prots[] = { 0, SLAT_R, SLAT_R | SLAT_W, SLAT_R | SLAT_X, SLAT_RWX };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(flags); i++) {
		assert_int_equal(partition_map(child, 40, MEM + 3,
					       flags[i] ? flags[i] : HV_MAP_GPA_NO_ACCESS),
				 0);
		for (uint32_t need = 1; need <= SLAT_RWX; need++)
			assert_int_equal(pin(child, G(40, 0xfff), need, MEM + 3, true),
					 need & ~prots[i] ? GUEST_MEM_NO_ACCESS : GUEST_MEM_OK);
	}
	assert_int_equal(pin(child, G(41, 0), SLAT_R, MEM, true), GUEST_MEM_UNMAPPED);
	assert_int_equal(pin(child, G(39, 0xfff), SLAT_R, MEM, true), GUEST_MEM_UNMAPPED);
	assert_int_equal(pin(child, GPA(1ull << 48), SLAT_R, MEM, true), GUEST_MEM_UNMAPPED);
	assert_int_equal(pin(child, GPA(~0ull), SLAT_R, MEM, true), GUEST_MEM_UNMAPPED);
	assert_int_equal(partition_unmap(child, 40, false), 0);
	/* Inside a large leaf: the page, not the leaf's first. */
	assert_int_equal(partition_map(child, 512, MEM + 512, RW | HV_MAP_GPA_LARGE_PAGE), 0);
	for (uint64_t i = 0; i < 512; i += 73)
		assert_int_equal(pin(child, G(512 + i, 0x10), SLAT_R | SLAT_W, MEM + 512 + i, true),
				 GUEST_MEM_OK);
	assert_int_equal(partition_unmap(child, 512, true), 0);
}

/* An overlay page belongs to the partition: it has no hold, and is what the guest sees. */
static void test_overlay(void **state)
{
	uint64_t pfn = ptr_hpa(child->hypercall_page).v >> PAGE_SHIFT;

	(void)state;
	assert_int_equal(OVERLAY_OK, overlay_set(child, &child->hypercall_overlay,
						 child->hypercall_page, true, 90));
	assert_int_equal(pin(child, G(90, 0), SLAT_RWX, pfn, false), GUEST_MEM_OK);
	/* A mapping of something that is neither the root's nor a deposit is never touched. */
	frame_open(pfn);
	assert_int_equal(pin(child, G(90, 0), SLAT_R, pfn, false), GUEST_MEM_UNMAPPED);
	frame_close(pfn);
	assert_int_equal(OVERLAY_OK, overlay_set(child, &child->hypercall_overlay, NULL, false, 0));
}

/* Every offset and length around page borders, in both directions. */
static void test_borders(void **state)
{
	static const uint64_t pfn[3] = { MEM + 20, MEM + 5, MEM + 300 };
	uint8_t buf[9000], want[3 * 4096];
	gpa_t at = GPA(1);

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(partition_map(child, 100 + i, pfn[i], RW), 0);
	for (uint32_t off = 0; off < 4096; off += off < 8 || off > 4080 ? 1 : 509)
		for (uint32_t len = 0; len <= 4200; len += len < 20 || len > 4090 ? 1 : 1017) {
			for (uint32_t i = 0; i < sizeof(want); i++)
				want[i] = (uint8_t)(i * 31 + off + len);
			for (uint32_t i = 0; i < 3; i++)
				memcpy(page_at(pfn[i]), want + 4096 * i, 4096);
			memset(buf, 0x99, sizeof(buf));
			assert_int_equal(guest_mem_read(child, G(100, off), buf, len, &at),
					 GUEST_MEM_OK);
			assert_memory_equal(buf, want + off, len);
			assert_int_equal(buf[len], 0x99);
			memset(buf, 0x42, sizeof(buf));
			assert_int_equal(guest_mem_write(child, G(100, off), buf, len, &at),
					 GUEST_MEM_OK);
			memset(want + off, 0x42, len);
			for (uint32_t i = 0; i < 3; i++)
				assert_memory_equal(page_at(pfn[i]), want + 4096 * i, 4096);
		}
	/* Only a failure says where. */
	assert_int_equal(at.v, 1);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(frame_holds(pfn[i]), 1);
		assert_int_equal(partition_unmap(child, 100 + i, false), 0);
	}
}

static void test_failure(void **state)
{
	uint8_t buf[8192];
	gpa_t at = GPA(1);

	(void)state;
	assert_int_equal(partition_map(child, 200, MEM, RW), 0);
	assert_int_equal(partition_map(child, 201, MEM + 1, HV_MAP_GPA_READABLE), 0);
	memset(page_at(MEM), 1, 4096);
	memset(page_at(MEM + 1), 2, 4096);
	memset(buf, 7, sizeof(buf));
	/* The page that cannot be written is untouched, what lies before is done. */
	assert_int_equal(guest_mem_write(child, G(200, 4000), buf, 200, &at), GUEST_MEM_NO_ACCESS);
	assert_int_equal(at.v, 201ull << 12);
	assert_int_equal(page_at(MEM)[3999], 1);
	assert_int_equal(page_at(MEM)[4000], 7);
	assert_int_equal(page_at(MEM + 1)[0], 2);
	assert_int_equal(guest_mem_write(child, G(201, 16), buf, 8, &at), GUEST_MEM_NO_ACCESS);
	assert_int_equal(at.v, (201ull << 12) + 16);
	assert_int_equal(guest_mem_read(child, G(201, 4090), buf, 7, &at), GUEST_MEM_UNMAPPED);
	assert_int_equal(at.v, 202ull << 12);
	assert_int_equal(buf[5], 2);
	assert_int_equal(buf[6], 7);
	assert_int_equal(guest_mem_read(child, G(210, 5), buf, 1, &at), GUEST_MEM_UNMAPPED);
	assert_int_equal(at.v, (210ull << 12) + 5);
	/* Where it failed is asked for or not. */
	assert_int_equal(guest_mem_read(child, G(210, 5), buf, 1, NULL), GUEST_MEM_UNMAPPED);
	/* Nothing to copy needs no memory. */
	assert_int_equal(guest_mem_read(child, G(210, 5), buf, 0, &at), GUEST_MEM_OK);
	assert_int_equal(frame_holds(MEM), 1);
	assert_int_equal(frame_holds(MEM + 1), 1);
	assert_int_equal(partition_unmap(child, 200, false), 0);
	assert_int_equal(partition_unmap(child, 201, false), 0);
}

static void test_root_copy(void **state)
{
	uint8_t buf[64];
	gpa_t at;

	(void)state;
	memset(page_at(ROOT_LOW), 0x31, 64);
	assert_int_equal(guest_mem_read(&fake_root, G(ROOT_LOW, 0), buf, 64, &at), GUEST_MEM_OK);
	assert_int_equal(buf[63], 0x31);
	/* Out of firmware's memory into the root's, and from the last page of RAM on. */
	assert_int_equal(
		guest_mem_read(&fake_root, GPA(((uint64_t)ROOT_LOW << 12) - 32), buf, 64, &at),
		GUEST_MEM_UNMAPPED);
	assert_int_equal(at.v, ((uint64_t)ROOT_LOW << 12) - 32);
	assert_int_equal(guest_mem_write(&fake_root, GPA(FAKE_RAM_SIZE - 32), buf, 64, &at),
			 GUEST_MEM_UNMAPPED);
	assert_int_equal(at.v, FAKE_RAM_SIZE);
}

/* Before there is a map, and after. */
static void test_no_map(void **state)
{
	struct partition *p = fake_child_create(MEM + 600, 12);

	(void)state;
	assert_int_equal(pin(p, G(0, 0), SLAT_R, MEM, true), GUEST_MEM_UNMAPPED);
	assert_int_equal(fake_child_end(p), 0);
}

static int setup(void **state)
{
	(void)state;
	fake_root_boot(48);
	child = fake_child(ROOT_FREE, 32);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return fake_child_end(child) == HV_STATUS_SUCCESS && !fake_root_missing() ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root),	cmocka_unit_test(test_child),
		cmocka_unit_test(test_overlay), cmocka_unit_test(test_borders),
		cmocka_unit_test(test_failure), cmocka_unit_test(test_root_copy),
		cmocka_unit_test(test_no_map),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
