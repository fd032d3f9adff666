/* SPDX-License-Identifier: MIT */
/*
 * Residency and translations over several CPUs, VPs and partitions: a VMCS is touched only where it
 * is active, and a guest never runs with a translation that has gone. The fake machine knows both,
 * by its TLB and by where each VMCS is, and is shown to notice each way to get it wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_vmx_cpu.h"

#define VPID_LAST 0xffffu

static struct partition second;
static struct vp others[3];

static int setup(void **state)
{
	(void)cpu_setup(state);
	vmx_ops.release(&vp);
	cpu_new_partition(&second);
	for (uint32_t i = 0; i < 3; i++) {
		cpu_new_vp(&others[i], i == 0 ? &part : &second);
		vmx_ops.release(&others[i]);
	}
	return 0;
}

static void paging_set(struct vp *v, enum x86_sysreg r, uint64_t value)
{
	vmx_ops.set(v, r, value);
	owner_of(v)->paging++;
}

static void run(struct vp *v)
{
	enter_vp(v);
	if (cpu.refused || fake_hw.broken)
		fail_msg("%s", cpu.refused ? cpu.refused : fake_hw.broken);
	assert_int_equal(ex.kind, X86_EXIT_CPUID);
}

static void broke(const char *rule)
{
	if (!fake_hw.broken || strcmp(fake_hw.broken, rule) != 0)
		fail_msg("%s: found %s", rule, fake_hw.broken ? fake_hw.broken : "nothing");
}

/* -- which CPU -------------------------------------------------------------------------------- */

static void test_residency(void **state)
{
	(void)state;
	for (uint32_t round = 0; round < 20; round++) {
		on_cpu(round % FAKE_CPUS);
		fake_hw.cr[3] = 0x10000 + fake_hw.cpu * 0x1000;
		run(&vp);
		assert_false(cpu.launched);
		/* The host state is this CPU's */
		assert_int_equal(seen(VMCS_HOST_CR3), fake_hw.cr[3]);
		run(&vp);
		assert_true(cpu.launched);
		assert_int_equal(count(FAKE_VMPTRLD), 0);
		/* A second VP, which stays here, and back: no VMCLEAR between the two */
		run(&others[0]);
		run(&vp);
		assert_true(cpu.launched);
		assert_int_equal(count(FAKE_VMPTRLD), 1);
		assert_int_equal(count(FAKE_VMCLEAR), 0);
		vmx_ops.release(&others[0]);
		assert_int_equal(this_cpu()->vmcs_pa, vp.arch.vmx.pa);
		vmx_ops.release(&vp);
		assert_int_equal(this_cpu()->vmcs_pa, 0);
		assert_int_equal(vp.arch.vmx.active, 0);
	}
	/* Host state is written once a CPU, not once an entry */
	run(&vp);
	run(&vp);
	for (uint32_t i = 0; i < fake_hw.writes; i++)
		assert_false(fake_hw.log[i].kind == FAKE_VMWRITE &&
			     fake_hw.log[i].index == VMCS_HOST_CR3);
}

/* An owner that only looks, on any CPU, leaves nothing there; what it set is entered with. */
static void test_access(void **state)
{
	struct hv_x64_segment_register s;

	(void)state;
	for (uint32_t c = 0; c < FAKE_CPUS; c++) {
		on_cpu(c);
		vmx_ops.set(&vp, SYS_RFLAGS, RFLAGS_FIXED | (uint64_t)c << 6);
		vmx_ops.set(&vp, SYS_INT_SHADOW, c & 1);
		vmx_ops.release(&vp);
		on_cpu((c + 1) % FAKE_CPUS);
		assert_int_equal(vmx_ops.get(&vp, SYS_RFLAGS), RFLAGS_FIXED | c << 6);
		assert_int_equal(vmx_ops.get(&vp, SYS_INT_SHADOW), c & 1);
		vmx_ops.get_seg(&vp, SEG_CS, &s);
		assert_int_equal(s.base, 0xffff0000);
		vmx_ops.release(&vp);
		on_cpu((c + 2) % FAKE_CPUS);
		run(&vp);
		assert_int_equal(seen(VMCS_GUEST_RFLAGS), RFLAGS_FIXED | c << 6);
		assert_int_equal(seen(VMCS_GUEST_INTERRUPTIBILITY), c & 1 ? VMX_BLOCK_MOVSS : 0);
		vmx_ops.release(&vp);
	}
}

static void test_vp_free(void **state)
{
	uint64_t before = part.pool.free_count;
	uint64_t pa = vp.arch.vmx.pa;
	struct vp fresh;

	(void)state;
	run(&vp);
	vmx_ops.vp_free(&vp);
	assert_int_equal(part.pool.free_count, before + 2);
	assert_null(vp.arch.vmx.vmcs);
	assert_null(vp.arch.vmx.vapic);
	assert_int_equal(fake_vmcs_at(pa)->active, 0);
	assert_int_equal(this_cpu()->vmcs_pa, 0);
	/* The page is another VP's VMCS now, on another CPU */
	on_cpu(2);
	cpu_new_vp(&fresh, &part);
	run(&fresh);
	vmx_ops.vp_free(&fresh);
	/* Of a VP that could not be made, nothing is given back twice */
	memset(&fresh, 0, sizeof(fresh));
	fresh.partition = &part;
	before = part.pool.free_count;
	vmx_ops.vp_free(&fresh);
	assert_int_equal(part.pool.free_count, before);
	assert_null(fake_hw.broken);
}

/* Planted: an owner that forgets to release, and is found by the next one. */
static void test_residency_checker(void **state)
{
	run(&vp);
	on_cpu(1);
	(void)vmx_ops.get(&vp, SYS_CR3);
	broke("VMPTRLD of a VMCS that is active on another CPU");
	/* One that releases on the wrong CPU */
	(void)setup(state);
	run(&vp);
	on_cpu(1);
	vmx_ops.release(&vp);
	broke("VMCLEAR on a CPU where the VMCS is not");
	/* One that believes that the CPU still has it */
	(void)setup(state);
	run(&vp);
	vmx_ops.release(&vp);
	this_cpu()->vmcs_pa = vp.arch.vmx.pa;
	vmx_ops.set(&vp, SYS_CR3, 0);
	broke("VMWRITE without a current VMCS");
	(void)setup(state);
	run(&vp);
	this_cpu()->vmcs_pa = others[0].arch.vmx.pa;
	enter_vp(&others[0]);
	broke("VM entry with another VMCS");
}

/* -- translations ----------------------------------------------------------------------------- */

static void test_flushes(void **state)
{
	static const enum x86_sysreg paging[] = { SYS_CR0, SYS_CR3, SYS_CR4, SYS_EFER };
	uint64_t vpid;

	(void)state;
	run(&vp);
	assert_int_equal(count(FAKE_INVEPT), 1);
	vpid = seen(VMCS_VPID);
	/* Nothing has gone: nothing is flushed, nothing is new */
	run(&vp);
	assert_int_equal(count(FAKE_INVEPT) + count(FAKE_INVVPID), 0);
	assert_int_equal(seen(VMCS_VPID), vpid);
	for (uint32_t i = 0; i < ARRAY_LEN(paging); i++) {
		paging_set(&vp, paging[i], vmx_ops.get(&vp, paging[i]));
		run(&vp);
		assert_int_equal(count(FAKE_INVEPT) + count(FAKE_INVVPID), 0);
		assert_int_not_equal(seen(VMCS_VPID), vpid);
		vpid = seen(VMCS_VPID);
	}
	/* Other registers do not count, nor does TS alone */
	vmx_ops.set(&vp, SYS_CR0, vmx_ops.get(&vp, SYS_CR0) ^ CR0_TS);
	vmx_ops.set(&vp, SYS_CR0, vmx_ops.get(&vp, SYS_CR0) ^ CR0_TS);
	vmx_ops.set(&vp, SYS_PAT, PAT_RESET);
	vmx_ops.set(&vp, SYS_RFLAGS, RFLAGS_FIXED);
	vmx_ops.set(&vp, SYS_CR2, 0x1000);
	run(&vp);
	assert_int_equal(seen(VMCS_VPID), vpid);
	part.slat.generation++;
	run(&vp);
	assert_int_equal(count(FAKE_INVEPT), 1);
	for (uint32_t i = 0; i < fake_hw.writes; i++)
		if (fake_hw.log[i].kind == FAKE_INVEPT) {
			assert_int_equal(fake_hw.log[i].index, 1); /* of one context */
			assert_int_equal(fake_hw.log[i].value, seen(VMCS_EPTP));
		}
	/* Another VP of the partition has its own entries of before */
	run(&others[0]);
	/* Away and back */
	vmx_ops.release(&vp);
	on_cpu(3);
	run(&vp);
	assert_int_equal(count(FAKE_INVEPT), 1);
	vmx_ops.release(&vp);
	on_cpu(0);
	vpid = seen(VMCS_VPID);
	run(&vp);
	assert_int_equal(count(FAKE_INVEPT), 1);
}

/* VPIDs run out: all translations go, once, and 1 is the first again; 0 is the core's. */
static void test_wrap(void **state)
{
	uint32_t wraps = 0;

	(void)state;
	this_cpu()->asid_next = VPID_LAST - 2;
	for (uint32_t i = 0; i < 40; i++) {
		struct vp *v = i & 1 ? &vp : &others[1];

		paging_set(v, SYS_CR3, (uint64_t)i << 12);
		run(v);
		assert_in_range(seen(VMCS_VPID), 1, VPID_LAST);
		if (count(FAKE_INVVPID)) {
			assert_int_equal(seen(VMCS_VPID), 1);
			wraps++;
		}
		/* The one that has not changed lost its number with the wrap */
		run(i & 1 ? &others[1] : &vp);
	}
	assert_int_equal(wraps, 1);
	/* The last number is used */
	this_cpu()->asid_next = VPID_LAST;
	paging_set(&vp, SYS_CR3, 0);
	run(&vp);
	assert_int_equal(seen(VMCS_VPID), VPID_LAST);
	assert_int_equal(count(FAKE_INVVPID), 0);
	paging_set(&vp, SYS_CR3, 0);
	run(&vp);
	assert_int_equal(seen(VMCS_VPID), 1);
	assert_int_equal(count(FAKE_INVVPID), 1);
}

static uint64_t planted_vpid;

static void same_vpid(void)
{
	*field(VMCS_VPID) = planted_vpid;
}

/* An entry that was turned back has made its flushes all the same: the next need not. */
static void test_flush_turned_back(void **state)
{
	(void)state;
	run(&vp);
	part.slat.generation++;
	vp.mail = VP_MAIL_KICK;
	enter_vp(&vp);
	assert_int_equal(ex.kind, X86_EXIT_NONE);
	assert_int_equal(count(FAKE_INVEPT), 1);
	vp.mail = 0;
	run(&vp);
	assert_int_equal(count(FAKE_INVEPT), 0);
}

/* Planted: each kind of flush is forgotten. */
static void test_checker(void **state)
{
	/* The second level lost something, and nobody told the VP */
	run(&vp);
	part.slat.generation++;
	vp.slat_generation = part.slat.generation;
	enter_vp(&vp);
	broke("guest-physical translation of before");
	/* Paging was changed, and the number is the old one */
	(void)setup(state);
	run(&vp);
	planted_vpid = seen(VMCS_VPID);
	paging_set(&vp, SYS_CR3, 0x5000);
	cpu.before = same_vpid;
	enter_vp(&vp);
	broke("translation of another paging");
	/* It ran elsewhere, and its CPU of before is not told */
	(void)setup(state);
	run(&vp);
	planted_vpid = vp.arch.asid;
	vmx_ops.release(&vp);
	on_cpu(1);
	run(&vp);
	vmx_ops.release(&vp);
	on_cpu(0);
	vp.cpu = 0;
	cpu.before = same_vpid;
	enter_vp(&vp);
	broke("translation of before a move");
	/* Two VPs with one number */
	(void)setup(state);
	run(&vp);
	run(&others[0]); /* flushes what the first has left */
	run(&vp);
	planted_vpid = vp.arch.asid;
	cpu.before = same_vpid;
	enter_vp(&others[0]);
	broke("translation of another VP");
	/* Numbers start over, without the flush */
	(void)setup(state);
	run(&vp);
	run(&others[0]); /* flushes what the first has left */
	run(&vp);
	planted_vpid = vp.arch.asid;
	this_cpu()->asid_next = (uint32_t)planted_vpid;
	paging_set(&others[0], SYS_CR3, 0x7000);
	enter_vp(&others[0]);
	broke("translation of another VP");
}

/* -- anything, in any order ------------------------------------------------------------------- */

static uint32_t seed = 12345;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void test_walk(void **state)
{
	struct vp *vps[] = { &vp, &others[0], &others[1], &others[2] };
	uint32_t at[4] = { 0 }, wraps = 0; /* CPU + 1 where each is active */

	(void)state;
	for (uint32_t i = 0; i < FAKE_CPUS; i++) {
		on_cpu(i);
		this_cpu()->asid_next = VPID_LAST - 20;
	}
	for (uint32_t step = 0; step < 4000; step++) {
		uint32_t n = random_below(4), c = random_below(FAKE_CPUS);
		struct vp *v = vps[n];

		if (at[n]) {
			on_cpu(at[n] - 1);
			if (at[n] != c + 1)
				vmx_ops.release(v);
		}
		on_cpu(c);
		at[n] = c + 1;
		/* 60 numbers of a generation are enough */
		if (this_cpu()->asid_next > 40 && this_cpu()->asid_next < VPID_LAST - 20)
			this_cpu()->asid_next = VPID_LAST - 20;
		switch (random_below(6)) {
		case 0:
			paging_set(v, SYS_CR3, (uint64_t)random_below(256) << 12);
			break;
		case 1:
			v->partition->slat.generation++;
			break;
		case 2:
			v->mail = VP_MAIL_KICK;
			enter_vp(v);
			assert_int_equal(ex.kind, X86_EXIT_NONE);
			v->mail = 0;
			break;
		default:
			break;
		}
		run(v);
		wraps += count(FAKE_INVVPID);
		if (random_below(8) == 0) {
			vmx_ops.release(v);
			at[n] = 0;
		}
	}
	assert_true(wraps > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_residency, setup),
		cmocka_unit_test_setup(test_access, setup),
		cmocka_unit_test_setup(test_vp_free, setup),
		cmocka_unit_test_setup(test_residency_checker, setup),
		cmocka_unit_test_setup(test_flushes, setup),
		cmocka_unit_test_setup(test_wrap, setup),
		cmocka_unit_test_setup(test_flush_turned_back, setup),
		cmocka_unit_test_setup(test_checker, setup),
		cmocka_unit_test_setup(test_walk, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
