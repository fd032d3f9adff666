/* SPDX-License-Identifier: MIT */
/* The synthetic registers by MSR number: which privilege each belongs to, which way it goes, and
 * those that name pages. By register name they are the same ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_root.h"
#include "hvapi/hypercall.h"
#include "hvapi/msr.h"

#define R  1u
#define W  2u
#define RW 3u

static struct partition *child;
static struct vp *vp;

void hypercall_page_fill(void *page)
{
	memset(page, 0xf4, PAGE_SIZE);
}

static const struct {
	uint32_t first, last;
	uint64_t privilege;
	uint32_t access;
} rows[] = {
	{ HV_X64_MSR_GUEST_OS_ID, HV_X64_MSR_HYPERCALL, HV_PARTITION_PRIVILEGE_HYPERCALL_MSRS, RW },
	{ HV_X64_MSR_VP_INDEX, HV_X64_MSR_VP_INDEX, HV_PARTITION_PRIVILEGE_VP_INDEX, R },
	{ HV_X64_MSR_VP_RUNTIME, HV_X64_MSR_VP_RUNTIME, HV_PARTITION_PRIVILEGE_VP_RUNTIME, R },
	{ HV_X64_MSR_TIME_REF_COUNT, HV_X64_MSR_TIME_REF_COUNT,
	  HV_PARTITION_PRIVILEGE_TIME_REF_COUNT, R },
	{ HV_X64_MSR_REFERENCE_TSC, HV_X64_MSR_REFERENCE_TSC, HV_PARTITION_PRIVILEGE_REFERENCE_TSC,
	  RW },
	{ HV_X64_MSR_TSC_FREQUENCY, HV_X64_MSR_APIC_FREQUENCY,
	  HV_PARTITION_PRIVILEGE_FREQUENCY_MSRS, R },
	{ HV_X64_MSR_EOI, HV_X64_MSR_TPR, HV_PARTITION_PRIVILEGE_APIC_MSRS, RW },
	{ HV_X64_MSR_VP_ASSIST_PAGE, HV_X64_MSR_VP_ASSIST_PAGE, 0, RW },
	{ HV_X64_MSR_SCONTROL, HV_X64_MSR_EOM, HV_PARTITION_PRIVILEGE_SYNIC, RW },
	{ HV_X64_MSR_SINT0, HV_X64_MSR_SINT15, HV_PARTITION_PRIVILEGE_SYNIC, RW },
	{ HV_X64_MSR_STIMER0_CONFIG, HV_X64_MSR_STIMER3_COUNT, HV_PARTITION_PRIVILEGE_SYNTIMERS,
	  RW },
};

/* Of SynIC's, this one alone is read-only: a write of any value faults. */
static uint32_t access_of(uint32_t i, uint32_t msr)
{
	return msr == HV_X64_MSR_SVERSION ? R : rows[i].access;
}

/* A value that may be written again: the one that is there. */
static enum hv_msr_result rewrite(uint32_t msr)
{
	uint64_t v = 0;

	if (hv_msr_read(vp, msr, &v) != HV_MSR_OK)
		v = 0;
	return hv_msr_write(vp, msr, v);
}

static void test_every_msr(void **state)
{
	uint64_t all = child->privileges, v;

	(void)state;
	for (uint32_t msr = 0x3fffff00; msr < 0x40000300; msr++) {
		uint32_t i = 0;

		while (i < ARRAY_LEN(rows) && (msr < rows[i].first || msr > rows[i].last))
			i++;
		if (i == ARRAY_LEN(rows)) {
			assert_int_equal(hv_msr_read(vp, msr, &v), HV_MSR_UNKNOWN);
			assert_int_equal(hv_msr_write(vp, msr, 0), HV_MSR_UNKNOWN);
			continue;
		}
		assert_int_equal(hv_msr_read(vp, msr, &v), HV_MSR_OK);
		assert_int_equal(rewrite(msr), access_of(i, msr) & W ? HV_MSR_OK : HV_MSR_FAULT);
		/* Without its own privilege it is not there; without all others it is. */
		child->privileges = all & ~rows[i].privilege;
		assert_int_equal(hv_msr_read(vp, msr, &v),
				 rows[i].privilege ? HV_MSR_UNKNOWN : HV_MSR_OK);
		assert_int_equal(hv_msr_write(vp, msr, 0),
				 rows[i].privilege ? HV_MSR_UNKNOWN : HV_MSR_OK);
		child->privileges = rows[i].privilege;
		assert_int_equal(hv_msr_read(vp, msr, &v), HV_MSR_OK);
		child->privileges = all;
	}
}

/* -- what they say ------------------------------------------------------------------------------
 */
static uint64_t rd(uint32_t msr)
{
	uint64_t v = ~0ull;

	assert_int_equal(hv_msr_read(vp, msr, &v), HV_MSR_OK);
	return v;
}

static void test_values(void **state)
{
	(void)state;
	assert_int_equal(rd(HV_X64_MSR_VP_INDEX), 0);
	assert_int_equal(rd(HV_X64_MSR_TSC_FREQUENCY), fake_time_hz);
	assert_int_equal(rd(HV_X64_MSR_APIC_FREQUENCY), 200000000);
	partition_set_reference_time(child, 777);
	assert_int_equal(rd(HV_X64_MSR_TIME_REF_COUNT), 777);
	fake_time += fake_time_hz;
	assert_int_equal(rd(HV_X64_MSR_TIME_REF_COUNT), 10000777);
	/* Time spent, and what is being spent. */
	vp->runtime = fake_time_hz / 2;
	vp->run_start = fake_time - fake_time_hz;
	assert_int_equal(rd(HV_X64_MSR_VP_RUNTIME), 5000000);
	vp->owner = VP_RUNNING;
	assert_int_equal(rd(HV_X64_MSR_VP_RUNTIME), 15000000);
	vp->owner = VP_IDLE;
	/* The local APIC's go to it. */
	assert_int_equal(rd(HV_X64_MSR_TPR), HV_X64_MSR_TPR);
	/* The root's own clock is the machine's. */
	{
		uint64_t v;

		assert_int_equal(hv_msr_read(&fake_root_vp, HV_X64_MSR_APIC_FREQUENCY, &v),
				 HV_MSR_OK);
		assert_int_equal(v, 1000000000);
		assert_int_equal(hv_msr_read(&fake_root_vp, HV_X64_MSR_STIMER0_CONFIG, &v),
				 HV_MSR_UNKNOWN);
	}
}

/* -- pages --------------------------------------------------------------------------------------
 */
#define GFN(n) ((uint64_t)(n) << PAGE_SHIFT | 1)

static void *under(uint64_t gfn)
{
	struct slat_leaf l;

	return slat_lookup(&child->slat, GPA(gfn << PAGE_SHIFT), &l) ? hpa_ptr(l.hpa) : NULL;
}

static void test_hypercall_page(void **state)
{
	(void)state;
	/* No identity, no page. */
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_GUEST_OS_ID, 0), HV_MSR_OK);
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_HYPERCALL, GFN(0x50)), HV_MSR_OK);
	assert_int_equal(rd(HV_X64_MSR_HYPERCALL), GFN(0x50) & ~1ull);
	assert_null(under(0x50));
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_GUEST_OS_ID, 0x8100), HV_MSR_OK);
	assert_int_equal(rd(HV_X64_MSR_GUEST_OS_ID), 0x8100);
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_HYPERCALL, GFN(0x50)), HV_MSR_OK);
	assert_ptr_equal(under(0x50), child->hypercall_page);
	assert_int_equal(((uint8_t *)child->hypercall_page)[4095], 0xf4);
	/* Another identity leaves the page. */
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_GUEST_OS_ID, 0x8200), HV_MSR_OK);
	assert_ptr_equal(under(0x50), child->hypercall_page);
	/* Beyond the address width: nothing moves. */
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_HYPERCALL, GFN(1ull << 40)), HV_MSR_FAULT);
	assert_int_equal(rd(HV_X64_MSR_HYPERCALL), GFN(0x50));
	assert_ptr_equal(under(0x50), child->hypercall_page);
	/* Locked: it stays, without a fault. */
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_HYPERCALL, GFN(0x50) | 2), HV_MSR_OK);
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_HYPERCALL, 0), HV_MSR_OK);
	assert_int_equal(rd(HV_X64_MSR_HYPERCALL), GFN(0x50) | 2);
	/* With the identity the page goes. */
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_GUEST_OS_ID, 0), HV_MSR_OK);
	assert_null(under(0x50));
	assert_false(rd(HV_X64_MSR_HYPERCALL) & 1);
	child->hypercall_msr = 0;
}

static void test_reference_tsc(void **state)
{
	volatile uint64_t *page = child->tsc_page;
	uint64_t ref;

	(void)state;
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_REFERENCE_TSC, GFN(0x60)), HV_MSR_OK);
	assert_ptr_equal(under(0x60), child->tsc_page);
	assert_int_equal(page[0], 1);
	ref = (uint64_t)((unsigned __int128)fake_time * page[1] >> 64) + page[2];
	assert_int_equal(ref, partition_reference_time(child));
	/* A sequence that means "use the MSR" is left out. */
	child->tsc_sequence = 0xfffffffd;
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_REFERENCE_TSC, GFN(0x61)), HV_MSR_OK);
	assert_null(under(0x60));
	assert_int_equal(page[0], 0xfffffffe);
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_REFERENCE_TSC, GFN(0x61)), HV_MSR_OK);
	assert_int_equal(page[0], 1);
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_REFERENCE_TSC, 0), HV_MSR_OK);
	assert_null(under(0x61));
	assert_int_equal(page[0], 1);
}

static void test_vp_pages(void **state)
{
	static const uint32_t msr[VP_OVERLAYS] = { HV_X64_MSR_SIMP, HV_X64_MSR_SIEFP,
						   HV_X64_MSR_VP_ASSIST_PAGE };

	(void)state;
	for (uint32_t k = 0; k < VP_OVERLAYS; k++) {
		assert_int_equal(hv_msr_write(vp, msr[k], GFN(0x70 + k)), HV_MSR_OK);
		assert_ptr_equal(under(0x70 + k), vp->overlay_page[k]);
		assert_int_equal(rd(msr[k]), GFN(0x70 + k));
	}
	/* Not two of them on one page. */
	for (uint32_t k = 0; k < VP_OVERLAYS; k++) {
		assert_int_equal(hv_msr_write(vp, msr[k], GFN(0x70 + (k + 1) % 3)), HV_MSR_FAULT);
		assert_int_equal(rd(msr[k]), GFN(0x70 + k));
		assert_ptr_equal(under(0x70 + k), vp->overlay_page[k]);
	}
	for (uint32_t k = 0; k < VP_OVERLAYS; k++) {
		assert_int_equal(hv_msr_write(vp, msr[k], 0), HV_MSR_OK);
		assert_null(under(0x70 + k));
	}
	/* A table page that the pool does not have: told as such, and repeated after a deposit. */
	{
		void *page, *taken[64];
		uint32_t n = 0;

		while ((page = pool_alloc(&child->pool)) != NULL)
			taken[n++] = page;
		assert_int_equal(hv_msr_write(vp, HV_X64_MSR_SIMP, GFN(1u << 20)),
				 HV_MSR_NO_MEMORY);
		assert_int_equal(rd(HV_X64_MSR_SIMP), 0);
		while (n)
			pool_free(&child->pool, taken[--n]);
	}
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_SIMP, GFN(1u << 20)), HV_MSR_OK);
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_SIMP, 0), HV_MSR_OK);
}

/* The root's pages stay where the core has put them. */
static void test_root_pages(void **state)
{
	(void)state;
	fake_root.hypercall_msr = GFN(5) & ~1ull;
	assert_int_equal(hv_msr_write(&fake_root_vp, HV_X64_MSR_HYPERCALL, GFN(5)), HV_MSR_OK);
	assert_int_equal(fake_root.hypercall_msr, GFN(5));
	assert_int_equal(hv_msr_write(&fake_root_vp, HV_X64_MSR_HYPERCALL, GFN(6)), HV_MSR_FAULT);
	assert_int_equal(fake_root.hypercall_msr, GFN(5));
	assert_int_equal(hv_msr_write(&fake_root_vp, HV_X64_MSR_GUEST_OS_ID, 0), HV_MSR_OK);
	assert_int_equal(fake_root.hypercall_msr, GFN(5));
	fake_root.hypercall_msr = 0;
}

/* -- timers and interrupts ----------------------------------------------------------------------
 */
static void test_timer(void **state)
{
	(void)state;
	fake_forget();
	/* A direct one-shot with vector 0x61, due when it is written. */
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_STIMER0_CONFIG, 0x1000 | 0x61u << 4),
			 HV_MSR_OK);
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_STIMER0_CONFIG + 1,
				      rd(HV_X64_MSR_TIME_REF_COUNT) + 1000),
			 HV_MSR_OK);
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_STIMER0_CONFIG, 0x1001 | 0x61u << 4),
			 HV_MSR_OK);
	assert_int_equal(fake_count(FAKE_RAISE, NULL), 0);
	assert_true(hv_timers_deadline(vp) > fake_time);
	fake_time = hv_timers_deadline(vp);
	hv_timers_run(vp);
	assert_int_equal(fake_count(FAKE_RAISE, vp), 1);
	assert_int_equal(fake_notes[fake_find(FAKE_RAISE, vp, 0)].arg, 0x61);
	assert_true(hv_timers_deadline(vp) == UINT64_MAX);
	/* In the past already: at once. */
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_STIMER0_CONFIG + 1, 1), HV_MSR_OK);
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_STIMER0_CONFIG, 0x1001 | 0x61u << 4),
			 HV_MSR_OK);
	assert_int_equal(fake_count(FAKE_RAISE, vp), 2);
	/* Bits that are none. */
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_STIMER0_CONFIG, 1ull << 63), HV_MSR_FAULT);
}

static void test_names(void **state)
{
	static const uint32_t name[][2] = {
		{ HV_REGISTER_GUEST_OS_ID, HV_X64_MSR_GUEST_OS_ID },
		{ HV_X64_REGISTER_HYPERCALL, HV_X64_MSR_HYPERCALL },
		{ HV_REGISTER_VP_INDEX, HV_X64_MSR_VP_INDEX },
		{ HV_REGISTER_VP_RUNTIME, HV_X64_MSR_VP_RUNTIME },
		{ HV_REGISTER_TIME_REF_COUNT, HV_X64_MSR_TIME_REF_COUNT },
		{ HV_REGISTER_REFERENCE_TSC, HV_X64_MSR_REFERENCE_TSC },
		{ HV_REGISTER_VP_ASSIST_PAGE, HV_X64_MSR_VP_ASSIST_PAGE },
		{ HV_REGISTER_SINT0, HV_X64_MSR_SINT0 },
		{ HV_REGISTER_SINT15, HV_X64_MSR_SINT15 },
		{ HV_REGISTER_SINT0 - 1, 0 },
		{ HV_REGISTER_SCONTROL, HV_X64_MSR_SCONTROL },
		{ HV_REGISTER_EOM, HV_X64_MSR_EOM },
		{ HV_REGISTER_STIMER0_CONFIG, HV_X64_MSR_STIMER0_CONFIG },
		{ HV_REGISTER_STIMER3_COUNT, HV_X64_MSR_STIMER3_COUNT },
		{ HV_REGISTER_STIMER0_CONFIG - 1, 0 },
		{ HV_REGISTER_STIMER3_COUNT + 1, 0 },
		{ 0, 0 },
		{ 0x20000, 0 },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(name); i++)
		assert_int_equal(hv_register_msr(name[i][0]), name[i][1]);
}

/* A write that is refused changes nothing: what waits goes on waiting. */
static void test_refused_write(void **state)
{
	struct hv_message_page *page = vp->synic->simp_page;
	struct hv_synic before;

	(void)state;
	synic_reset(vp->synic);
	vp->synic->scontrol = vp->synic->simp = 1;
	stimer_reset(vp->stimers);
	vp->stimers->timer[0].config = 2ull << 16;
	vp->stimers->pending = 1;
	before = *vp->synic;
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_SINT0 + 3, 5), HV_MSR_FAULT);
	assert_memory_equal(vp->synic, &before, sizeof(before));
	assert_int_equal(vp->stimers->pending, 1);
	assert_int_equal(page->sint[2].header.message_type, 0);
	/* One that is taken is an occasion */
	assert_int_equal(hv_msr_write(vp, HV_X64_MSR_SINT0 + 3, 0x55), HV_MSR_OK);
	assert_int_equal(vp->stimers->pending, 0);
	assert_int_equal(page->sint[2].header.message_type, HVMSG_TIMER_EXPIRED);
	synic_reset(vp->synic);
	stimer_reset(vp->stimers);
}

static int setup(void **state)
{
	(void)state;
	fake_root_boot(8);
	child = fake_child(ROOT_FREE, 64);
	if (vp_create(child, 0) != HV_STATUS_SUCCESS)
		return -1;
	vp = vp_find(child, 0);
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
		cmocka_unit_test(test_every_msr),      cmocka_unit_test(test_values),
		cmocka_unit_test(test_hypercall_page), cmocka_unit_test(test_reference_tsc),
		cmocka_unit_test(test_vp_pages),       cmocka_unit_test(test_root_pages),
		cmocka_unit_test(test_timer),	       cmocka_unit_test(test_names),
		cmocka_unit_test(test_refused_write),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
