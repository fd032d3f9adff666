/* SPDX-License-Identifier: MIT */
/*
 * The switch between the root's state and a guest's, in the log of what was written to the machine:
 * after switch-out every register is the root's again, nothing of the guest's is left, and between
 * partitions goes a branch-predictor barrier. The checker is given bugs, and has to name them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <insn.h>

#include "arch/x86_64/common/speculation.h"
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/deadline.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/features.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/virt.h"
#include "hvapi/msr.h"
#include "arch/x86_64/common/apic.h"
#include "fake_arch.h"

uint64_t cpu_tsc_hz = 1000000000, cpu_xcr0 = 0x207;
struct xsave_layout cpu_xsave_layout;
bool cpu_has_rdtscp, cpu_has_xss;
struct speculation cpu_speculation;

static struct partition root, child;
static struct vp root_vp, guest;
static uint32_t borrowed, returned, at_borrow, at_return;

/* -- what vp.c leans on and this test has no use for ------------------------------------------- */

void deadline_borrow(void)
{
	borrowed++;
	at_borrow = fake_hw.writes;
}

void deadline_return(void)
{
	returned++;
	at_return = fake_hw.writes;
}

void deadline_arm(uint64_t at)
{
	(void)at;
}

bool deadline_idle(uint64_t at, const uint32_t *mail)
{
	(void)mail;
	(void)at;
	return true;
}

bool deadline_take(void)
{
	return false;
}

enum exit_action exit_handle(struct vp *vp, struct x86_exit *ex)
{
	(void)vp;
	(void)ex;
	return EXIT_STOP;
}

uint64_t features_xss(const struct partition *p, uint64_t mask)
{
	(void)p;
	return mask;
}

uint8_t features_cet(const struct partition *p)
{
	(void)p;
	return 0;
}

uint64_t features_xcr0(const struct partition *p, uint64_t mask)
{
	(void)p;
	return mask;
}

void hv_synic_eoi(struct vp *vp)
{
	(void)vp;
}

void apic_send(uint32_t dest, uint32_t low)
{
	(void)dest;
	(void)low;
}

enum exit_action intercept_sints(struct vp *vp, uint16_t sints)
{
	(void)vp;
	(void)sints;
	return EXIT_STOP;
}

uint64_t hv_timers_deadline(struct vp *vp)
{
	(void)vp;
	return UINT64_MAX;
}

void hv_timers_run(struct vp *vp)
{
	(void)vp;
}

int inject_deliverable(struct vp *vp)
{
	(void)vp;
	return -1;
}

void inject_prepare(struct vp *vp)
{
	(void)vp;
}

enum exit_action intercept_deliverable(struct vp *vp, int type)
{
	(void)vp;
	(void)type;
	return EXIT_STOP;
}

enum exit_action intercept_invalid_register(struct vp *vp, const char *why)
{
	(void)vp;
	(void)why;
	return EXIT_STOP;
}

enum exit_action intercept_unrecoverable(struct vp *vp, struct x86_exit *ex)
{
	(void)vp;
	(void)ex;
	return EXIT_STOP;
}

struct partition *partition_root;

void partition_unimplemented(struct partition *p, uint32_t kind, const char *what, uint64_t arg)
{
	(void)p;
	(void)kind;
	(void)what;
	(void)arg;
}

struct vp *vp_find(struct partition *p, uint32_t index)
{
	(void)p;
	(void)index;
	return NULL;
}

void vp_post(struct vp *vp, uint32_t mail)
{
	(void)vp;
	(void)mail;
}

void vp_post_irq(struct vp *vp, uint8_t vector, bool level)
{
	(void)vp;
	(void)vector;
	(void)level;
}

bool svm_probe(void)
{
	return true;
}

bool vmx_probe(void)
{
	return false;
}

const struct virt_ops vmx_ops;

static void load(struct vp *vp)
{
	svm_vmload(vp->arch.vmcb_pa);
}

static void save(struct vp *vp)
{
	svm_vmsave(vp->arch.vmcb_pa);
}

const struct virt_ops svm_ops = { .name = "fake", .load = load, .save = save };

/* -- the machine ------------------------------------------------------------------------------- */

static int setup(void **state)
{
	(void)state;
	fake_reset();
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&root, 0, sizeof(root));
	memset(&child, 0, sizeof(child));
	memset(&root_vp, 0, sizeof(root_vp));
	memset(&guest, 0, sizeof(guest));
	virt = &svm_ops;
	cpu_has_rdtscp = cpu_speculation.spec_ctrl = cpu_speculation.ibpb = true;
	partition_root = &root;
	root_vp.partition = &root;
	guest.partition = &child;
	root_vp.arch.vmcb_pa = 0x1000;
	guest.arch.vmcb_pa = 0x2000;
	root_vp.arch.xsave = (void *)(uintptr_t)0x10000;
	guest.arch.xsave = (void *)(uintptr_t)0x20000;
	this_cpu()->root_vp = &root_vp;
	this_cpu()->current = &root_vp;
	/* The root's values are on the CPU */
	fake_hw.xcr0 = 7;
	fake_hw.dr[0] = 0xd0;
	fake_hw.dr[1] = 0xd1;
	fake_hw.dr[2] = 0xd2;
	fake_hw.dr[3] = 0xd3;
	wrmsr(MSR_TSC_AUX, 0x11);
	wrmsr(MSR_SPEC_CTRL, 1);
	/* The guest's are in its VP */
	guest.arch.xcr0 = 3;
	guest.arch.tsc_aux = 0x22;
	guest.arch.spec_ctrl = 4;
	for (uint32_t i = 0; i < 4; i++)
		guest.arch.dr[i] = 0xe0 + i;
	fake_hw.writes = 0;
	borrowed = returned = 0;
	return 0;
}

/* The guest runs: it leaves other values in all that it can reach. */
static void guest_runs(void)
{
	assert_int_equal(fake_hw.xcr0, 3);
	assert_int_equal(rdmsr(MSR_TSC_AUX), 0x22);
	assert_int_equal(rdmsr(MSR_SPEC_CTRL), 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(fake_hw.dr[i], 0xe0 + i);
	fake_hw.xcr0 = 1;
	fake_hw.dr[0] = fake_hw.dr[1] = fake_hw.dr[2] = fake_hw.dr[3] = 0xbad;
	fake_hw.msr[fake_msr(MSR_TSC_AUX)].value = 0xbad;
	fake_hw.msr[fake_msr(MSR_SPEC_CTRL)].value = 2;
}

/* The checker: how many of the root's values are not on the CPU. */
static uint32_t not_the_roots(void)
{
	uint32_t n = 0;

	n += fake_hw.xcr0 != 7;
	n += rdmsr(MSR_TSC_AUX) != 0x11;
	n += rdmsr(MSR_SPEC_CTRL) != 1;
	for (uint32_t i = 0; i < 4; i++)
		n += fake_hw.dr[i] != 0xd0 + i;
	return n;
}

static int find(uint32_t from, enum fake_kind kind, uint64_t index, uint64_t value)
{
	for (uint32_t i = from; i < fake_hw.writes; i++)
		if (fake_hw.log[i].kind == kind && fake_hw.log[i].index == index &&
		    fake_hw.log[i].value == value)
			return (int)i;
	return -1;
}

static void test_there_and_back(void **state)
{
	int saved, restored, barrier;
	uint32_t out;

	(void)state;
	arch_vp_switch_in(&guest);
	assert_ptr_equal(this_cpu()->current, &guest);
	/* All components, whatever the root's XCR0 is, and before the guest's come. */
	saved = find(0, FAKE_XSAVE, 0x10000, cpu_xcr0);
	restored = find(0, FAKE_XRSTOR, 0x20000, cpu_xcr0);
	barrier = find(0, FAKE_WRMSR, MSR_PRED_CMD, 1);
	assert_true(saved >= 0 && restored > saved);
	assert_true(barrier > saved && barrier < restored);
	assert_true(find(0, FAKE_VMSAVE, 0x1000, 0) >= 0);
	assert_true(find(0, FAKE_VMLOAD, 0x2000, 0) > find(0, FAKE_VMSAVE, 0x1000, 0));
	/* XSAVE and XRSTOR work with XCR0 full: the last write before each says so. */
	assert_true(find(0, FAKE_XSETBV, 0, cpu_xcr0) < saved);
	assert_int_equal(borrowed, 1);
	guest_runs();
	out = fake_hw.writes;
	arch_vp_switch_out(&guest);
	assert_int_equal(not_the_roots(), 0);
	assert_ptr_equal(this_cpu()->current, &root_vp);
	saved = find(out, FAKE_XSAVE, 0x20000, cpu_xcr0);
	restored = find(out, FAKE_XRSTOR, 0x10000, cpu_xcr0);
	barrier = find(out, FAKE_WRMSR, MSR_PRED_CMD, 1);
	assert_true(saved >= 0 && restored > saved);
	assert_true(barrier > saved && barrier < restored);
	assert_true(find(out, FAKE_VMSAVE, 0x2000, 0) >= 0);
	assert_true(find(out, FAKE_VMLOAD, 0x1000, 0) > find(out, FAKE_VMSAVE, 0x2000, 0));
	/* The root's timer is its own again before anything else of it is. */
	assert_int_equal(returned, 1);
	assert_int_equal(at_return, out);
	/* What the guest had at the end is kept. */
	assert_int_equal(guest.arch.xcr0, 1);
	assert_int_equal(guest.arch.tsc_aux, 0xbad);
	assert_int_equal(guest.arch.spec_ctrl, 2);
	assert_int_equal(guest.arch.dr[3], 0xbad);
	assert_int_equal(this_cpu()->counters[COUNT_IBPB], 2);
	/* The core itself runs with no restriction of a guest's. */
	assert_true(find(out, FAKE_WRMSR, MSR_SPEC_CTRL, 0) >= 0);
}

/* A switch that forgets one of them: the checker has to see each. */
static void test_planted(void **state)
{
	(void)state;
	arch_vp_switch_in(&guest);
	guest_runs();
	cpu_has_rdtscp = false; /* the way out leaves TSC_AUX alone */
	arch_vp_switch_out(&guest);
	assert_int_equal(not_the_roots(), 1);
	(void)setup(NULL);
	arch_vp_switch_in(&guest);
	guest_runs();
	cpu_speculation.spec_ctrl = false;
	arch_vp_switch_out(&guest);
	assert_int_equal(not_the_roots(), 1);
	(void)setup(NULL);
	arch_vp_switch_in(&guest);
	guest_runs();
	root_vp.arch.dr[2] = 0; /* as if it had not been saved */
	root_vp.arch.xcr0 = 3;
	arch_vp_switch_out(&guest);
	assert_int_equal(not_the_roots(), 2);
}

/* A CPU without the features is not asked for them: those MSRs would fault. */
static void test_old_cpu(void **state)
{
	(void)state;
	cpu_has_rdtscp = cpu_speculation.spec_ctrl = cpu_speculation.ibpb = false;
	arch_vp_switch_in(&guest);
	arch_vp_switch_out(&guest);
	for (uint32_t i = 0; i < fake_hw.writes; i++)
		assert_int_not_equal(fake_hw.log[i].kind, FAKE_WRMSR);
	assert_int_equal(this_cpu()->counters[COUNT_IBPB], 0);
}

/* IA32_XSS: a guest's XSAVES works by the guest's, and the root gets back what it had last. */
static void test_xss(void **state)
{
	(void)state;
	wrmsr(MSR_XSS, 0x100);
	guest.arch.xss = 0x1800;
	cpu_has_xss = true;
	fake_hw.writes = 0;
	arch_vp_switch_in(&guest);
	assert_int_equal(rdmsr(MSR_XSS), 0x1800);
	assert_int_equal(root_vp.arch.xss, 0x100);
	arch_vp_switch_out(&guest);
	assert_int_equal(rdmsr(MSR_XSS), 0x100);
	assert_int_equal(guest.arch.xss, 0x1800);
	/* Where both are the same nothing is written */
	guest.arch.xss = 0x100;
	fake_hw.writes = 0;
	arch_vp_switch_in(&guest);
	arch_vp_switch_out(&guest);
	for (uint32_t i = 0; i < fake_hw.writes; i++)
		assert_false(fake_hw.log[i].kind == FAKE_WRMSR && fake_hw.log[i].index == MSR_XSS);
	cpu_has_xss = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_there_and_back, setup),
		cmocka_unit_test_setup(test_planted, setup),
		cmocka_unit_test_setup(test_old_cpu, setup),
		cmocka_unit_test_setup(test_xss, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
