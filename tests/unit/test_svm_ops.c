/* SPDX-License-Identifier: MIT */
/*
 * What no emulator shows: permission maps bit by bit, clean bits, ASIDs. The clean-bit checker is
 * given a planted bug, and has to catch it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/speculation.h"
#include "arch/x86_64/svm/svm.h"
#include "fake_arch.h"
#include "kernel/page_alloc.h"
#include "place_rows.h"

static struct partition part;
static struct vp vp;
static uint64_t next_exit;
static uint32_t entered_asid, entered_tlb, entered_clean;
static bool entered_verw;
struct speculation cpu_speculation;
struct partition *partition_root;

void svm_enter(struct arch_vp *a, uint64_t pa, bool verw)
{
	(void)pa;
	entered_asid = a->vmcb->asid;
	entered_tlb = a->vmcb->tlb_control;
	entered_clean = a->vmcb->clean;
	entered_verw = verw;
	a->vmcb->exitcode = next_exit;
}

static void cpu_leaves(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	(void)sub;
	if (leaf == 0x80000001)
		r[2] = 1u << 2;
	if (leaf == 0x8000000a) {
		r[1] = 10;
		r[3] = SVM_FEAT_NPT | SVM_FEAT_CLEAN;
	}
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	fake_frames(0, FAKE_PFNS, FRAME_CORE);
	page_alloc_init(HPA(0x100000), 0x400000);
	memset(&fake_hw, 0, sizeof(fake_hw));
	fake_hw.cpuid = cpu_leaves;
	memset(&part, 0, sizeof(part));
	memset(&vp, 0, sizeof(vp));
	assert_true(svm_probe());
	for (uint32_t i = 0; i < 4; i++)
		pool_give(&part.pool, page_alloc(1));
	vp.partition = &part;
	vp.cpu = ~0u;
	part.slat.root = page_alloc(1);
	part.slat.generation = 1;
	assert_int_equal(svm_ops.vp_init(&vp), HV_STATUS_SUCCESS);
	svm_ops.cpu_init(this_cpu());
	svm_ops.vp_setup(&vp, false);
	next_exit = 0x72;
	return 0;
}

static void enter(void)
{
	struct x86_exit ex;

	svm_ops.enter(&vp, &ex);
	assert_int_equal(ex.kind, X86_EXIT_CPUID);
}

/* APM 15.11: 2 bits an MSR, read then write; three ranges of 8192 at 0, 0x800 and 0x1000 bytes */
static int map_bits(const uint8_t *map, uint32_t msr)
{
	uint32_t base = msr >= 0xc0010000 ? 0x1000 : msr >= 0xc0000000 ? 0x800 : 0;
	uint32_t n = msr & 0x1fff;

	return map[base + n / 4] >> (n % 4 * 2) & 3;
}

static bool in(uint32_t msr, const uint32_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == msr)
			return true;
	return false;
}

static void test_guest_maps(void **state)
{
	/* FS, GS, KERNEL_GS base, STAR, LSTAR, CSTAR, SFMASK, SYSENTER: the VMCB holds them all */
	static const uint32_t is_free[] = { 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000081,
					    0xc0000082, 0xc0000083, 0xc0000084, 0x174,
					    0x175,	0x176 };
	const uint8_t *map = hpa_ptr(HPA(vp.arch.vmcb->msrpm_base_pa));
	const uint8_t *io = hpa_ptr(HPA(vp.arch.vmcb->iopm_base_pa));
	static const uint32_t ranges[] = { 0, 0xc0000000, 0xc0010000 };

	(void)state;
	for (size_t r = 0; r < 3; r++)
		for (uint32_t n = 0; n < 0x2000; n++) {
			uint32_t msr = ranges[r] + n;

			assert_int_equal(map_bits(map, msr),
					 in(msr, is_free, sizeof(is_free) / 4) ? 0 : 3);
		}
	for (uint32_t i = 0; i < 12288; i++)
		assert_int_equal(io[i], 0xff);
	assert_int_equal(vp.arch.vmcb->msrpm_base_pa & 0xfff, 0);
	assert_int_equal(vp.arch.vmcb->iopm_base_pa & 0xfff, 0);
}

static void test_root_map(void **state)
{
	static const uint32_t writes[] = { 0x1b, 0x830, 0x2ff, 0x250, 0x258, 0x259 };
	static const uint32_t both[] = { 0xc0000080, 0xc0010114, 0xc0010117 };
	static const uint32_t ranges[] = { 0, 0xc0000000, 0xc0010000 };
	const uint8_t *map;

	(void)state;
	svm_ops.vp_setup(&vp, true);
	map = hpa_ptr(HPA(vp.arch.vmcb->msrpm_base_pa));
	for (size_t r = 0; r < 3; r++)
		for (uint32_t n = 0; n < 0x2000; n++) {
			uint32_t msr = ranges[r] + n;
			bool mtrr = (msr >= 0x200 && msr < 0x210) || (msr >= 0x268 && msr < 0x270);
			int want = in(msr, both, 3) ? 3 : in(msr, writes, 6) || mtrr ? 2 : 0;

			assert_int_equal(map_bits(map, msr), want);
		}
}

static void test_intercepts(void **state)
{
	const struct svm_vmcb *c = vp.arch.vmcb;
	uint32_t guest3, guest4;

	(void)state;
	guest3 = c->intercept[0];
	guest4 = c->intercept[1];
	/* Words 3 and 4 by bit number (APM table B-1): without VMRUN's, VMRUN refuses to run. */
	for (uint32_t b = 0; b < 7; b++)
		assert_true(guest4 >> b & 1); /* VMRUN .. SKINIT */
	assert_true(guest3 & 1);	      /* INTR */
	assert_true(guest3 >> 1 & 1);	      /* NMI */
	assert_true(guest3 >> 3 & 1);	      /* INIT */
	assert_true(guest3 >> 18 & 1);	      /* CPUID */
	assert_true(guest3 >> 24 & 1);	      /* HLT */
	assert_true(guest3 >> 27 & 1);	      /* IOIO */
	assert_true(guest3 >> 28 & 1);	      /* MSR */
	assert_true(guest3 >> 31 & 1);	      /* shutdown */
	assert_true(guest4 >> 13 & 1);	      /* XSETBV */
	assert_true(c->vintr >> 24 & 1);      /* V_INTR_MASKING */
	assert_int_equal(c->intercept_exceptions, 1u << 1 | 1u << 17);
	assert_int_equal(c->nested_control & 1, 1);
	svm_ops.vp_setup(&vp, true);
	svm_ops.set_exceptions(&vp, 1u << 6);
	assert_int_equal(vp.arch.vmcb->intercept_exceptions, 1u << 1 | 1u << 6 | 1u << 17);
	memset(vp.arch.vmcb, 0, PAGE_SIZE);
	svm_ops.vp_setup(&vp, true);
	/* The root's interrupts are its own (decision 3). */
	assert_false(vp.arch.vmcb->intercept[0] & 1);
	assert_false(vp.arch.vmcb->vintr >> 24 & 1);
	assert_true(vp.arch.vmcb->intercept[1] & 1);
}

/* APM 15.15.3: which clean bit covers which member. -1: the member is always loaded. */
static const struct {
	enum x86_sysreg reg;
	int bit;
} covered[] = {
	{ SYS_CR0, 5 },	  { SYS_CR2, 9 },	{ SYS_CR3, 5 },	    { SYS_CR4, 5 },
	{ SYS_DR6, 6 },	  { SYS_DR7, 6 },	{ SYS_EFER, 5 },    { SYS_PAT, 4 },
	{ SYS_CPL, 8 },	  { SYS_DEBUGCTL, 10 }, { SYS_RFLAGS, -1 }, { SYS_INT_SHADOW, -1 },
	{ SYS_STAR, -1 }, { SYS_LSTAR, -1 },
};

/* The checker: does a write through `set` leave the bit set that covers it? */
static uint32_t stale_after(void (*set)(struct vp *, enum x86_sysreg, uint64_t))
{
	uint32_t stale = 0;

	for (size_t i = 0; i < sizeof(covered) / sizeof(covered[0]); i++) {
		vp.arch.clean = SVM_CLEAN_ALL;
		set(&vp, covered[i].reg, svm_ops.get(&vp, covered[i].reg) ^ 1);
		if (covered[i].bit >= 0 && vp.arch.clean >> covered[i].bit & 1)
			stale++;
		/* No more than its own. */
		if (vp.arch.clean !=
		    (SVM_CLEAN_ALL & ~(covered[i].bit < 0 ? 0 : 1u << covered[i].bit)))
			stale++;
	}
	return stale;
}

static void forgets_cr3(struct vp *v, enum x86_sysreg r, uint64_t x)
{
	uint32_t clean = v->arch.clean;

	svm_ops.set(v, r, x);
	if (r == SYS_CR3)
		v->arch.clean = clean;
}

static void test_clean_bits(void **state)
{
	struct hv_x64_segment_register s = { 0 };

	(void)state;
	assert_int_equal(stale_after(svm_ops.set), 0);
	assert_int_not_equal(stale_after(forgets_cr3), 0);
	for (int i = SEG_ES; i <= SEG_GDTR; i++) {
		vp.arch.clean = SVM_CLEAN_ALL;
		svm_ops.set_seg(&vp, (enum x86_seg)i, &s);
		if (i == SEG_GDTR || i == SEG_IDTR)
			assert_int_equal(vp.arch.clean, SVM_CLEAN_ALL & ~(1u << 7));
		else if (i == SEG_CS || i == SEG_DS || i == SEG_ES || i == SEG_SS)
			assert_int_equal(vp.arch.clean, SVM_CLEAN_ALL & ~(1u << 8));
	}
	vp.arch.clean = SVM_CLEAN_ALL;
	svm_ops.set_tsc_offset(&vp, 5);
	assert_int_equal(vp.arch.clean, SVM_CLEAN_ALL & ~1u);
	vp.arch.clean = SVM_CLEAN_ALL;
	svm_ops.set_tpr(&vp, 3);
	assert_int_equal(vp.arch.clean, SVM_CLEAN_ALL & ~(1u << 3));
	vp.arch.clean = SVM_CLEAN_ALL;
	svm_ops.intr_window(&vp, true, 0x51);
	assert_int_equal(vp.arch.clean, SVM_CLEAN_ALL & ~(1u << 3 | 1u));
	vp.arch.clean = SVM_CLEAN_ALL;
	svm_ops.iret_window(&vp, true);
	assert_int_equal(vp.arch.clean, SVM_CLEAN_ALL & ~1u);
	vp.arch.clean = SVM_CLEAN_ALL;
	svm_ops.set_exceptions(&vp, 1u << 6);
	assert_int_equal(vp.arch.clean, SVM_CLEAN_ALL & ~1u);
}

static void test_asid(void **state)
{
	uint32_t first;

	(void)state;
	enter();
	first = entered_asid;
	assert_int_not_equal(first, 0);
	assert_int_equal(entered_clean, 0); /* new on this CPU: nothing is cached */
	enter();
	assert_int_equal(entered_asid, first);
	assert_int_equal(entered_tlb, 0);
	assert_int_equal(entered_clean, SVM_CLEAN_ALL);
	/* The second-level table lost something. */
	part.slat.generation++;
	enter();
	assert_int_not_equal(entered_asid, first);
	assert_false(entered_clean & SVM_CLEAN_ASID);
	/* It ran elsewhere meanwhile: neither TLB entries nor clean bits of old count. */
	first = entered_asid;
	vp.cpu = 1;
	enter();
	assert_int_not_equal(entered_asid, first);
	assert_int_equal(entered_clean, 0);
	/* The CPU began a new generation. */
	first = entered_asid;
	this_cpu()->asid_gen++;
	enter();
	assert_true(entered_asid != first || entered_tlb == SVM_TLB_FLUSH_ALL);
}

/* A set from outside does what a MOV to the register would: translations of before are gone. */
static void test_asid_after_set(void **state)
{
	static const enum x86_sysreg paging[] = { SYS_CR0, SYS_CR3, SYS_CR4, SYS_EFER };
	static const enum x86_sysreg others[] = { SYS_RFLAGS, SYS_CR2, SYS_DR7, SYS_PAT,
						  SYS_LSTAR };
	uint32_t last;

	(void)state;
	enter();
	for (uint32_t i = 0; i < 4; i++) {
		last = entered_asid;
		svm_ops.set(&vp, paging[i], svm_ops.get(&vp, paging[i]));
		enter();
		assert_true(entered_asid != last || entered_tlb == SVM_TLB_FLUSH_ALL);
	}
	for (uint32_t i = 0; i < 5; i++) {
		last = entered_asid;
		svm_ops.set(&vp, others[i], svm_ops.get(&vp, others[i]));
		enter();
		assert_int_equal(entered_asid, last);
		assert_int_equal(entered_tlb, SVM_TLB_NOTHING);
	}
}

static void test_asid_runs_out(void **state)
{
	uint32_t flushes = 0, last = 0;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		part.slat.generation++;
		enter();
		assert_true(entered_asid >= 1 && entered_asid < 10);
		if (entered_tlb == SVM_TLB_FLUSH_ALL) {
			flushes++;
			assert_int_equal(entered_asid, 1);
		} else {
			/* Without a flush no number comes twice. */
			assert_true(entered_asid > last);
		}
		last = entered_asid;
	}
	assert_true(flushes >= 10);
}

static void test_registers(void **state)
{
	(void)state;
	for (uint32_t r = 0; r < SYS_MAX; r++) {
		uint64_t v = r == SYS_CPL ? 3 : r == SYS_INT_SHADOW ? 1 : 0x12340678; /* not SVME */

		svm_ops.set(&vp, (enum x86_sysreg)r, v);
		if (r >= SYS_U_CET && r <= SYS_INT_SSP_TABLE)
			v = 0; /* not offered here */
		assert_int_equal(svm_ops.get(&vp, (enum x86_sysreg)r), v);
		svm_ops.set(&vp, (enum x86_sysreg)r, 0);
		assert_int_equal(svm_ops.get(&vp, (enum x86_sysreg)r), 0);
	}
	/* The guest never sees SVME, and VMRUN never misses it. */
	svm_ops.set(&vp, SYS_EFER, EFER_LME);
	assert_int_equal(vp.arch.vmcb->efer, EFER_LME | EFER_SVME);
	assert_int_equal(svm_ops.get(&vp, SYS_EFER), EFER_LME);
}

static void test_segments(void **state)
{
	(void)state;
	for (int i = SEG_ES; i <= SEG_GDTR; i++) {
		struct hv_x64_segment_register s = { .base = 0x11110000u + (uint32_t)i,
						     .limit = 0xfffff,
						     .selector = (uint16_t)(8 * i),
						     .attributes = 0xa09b },
					       back;

		svm_ops.set_seg(&vp, (enum x86_seg)i, &s);
		svm_ops.get_seg(&vp, (enum x86_seg)i, &back);
		assert_memory_equal(&s, &back, sizeof(s));
	}
	/* Attributes 15:12 go to 11:8 (APM 15.5.1); SS.DPL is the CPL. */
	assert_int_equal(vp.arch.vmcb->cs.attrib, 0xa9b);
	svm_ops.set_seg(&vp, SEG_SS, &(struct hv_x64_segment_register){ .attributes = 0xc0f3 });
	assert_int_equal(svm_ops.get(&vp, SYS_CPL), 3);
}

/* EVENTINJ: vector 7:0, type 10:8, error valid 11, valid 31 (APM 15.20) */
static void test_inject(void **state)
{
	(void)state;
	svm_ops.inject(
		&vp, &(struct x86_event){ .type = 3, .vector = 14, .has_error = true, .error = 6 });
	assert_int_equal(vp.arch.vmcb->eventinj, 0x80000000u | 1u << 11 | 3u << 8 | 14);
	assert_int_equal(vp.arch.vmcb->eventinj_error, 6);
	enter();
	/* An event is injected once. */
	assert_int_equal(vp.arch.vmcb->eventinj, 0);
	svm_ops.intr_window(&vp, true, 0x51);
	assert_int_equal(vp.arch.vmcb->vintr >> 16 & 0xf, 5);
	assert_true(vp.arch.vmcb->vintr >> 8 & 1);
	assert_false(vp.arch.vmcb->vintr >> 20 & 1);
	assert_true(vp.arch.vmcb->intercept[0] >> 4 & 1);
	svm_ops.intr_window(&vp, true, 0);
	assert_true(vp.arch.vmcb->vintr >> 20 & 1); /* whatever TPR is */
	assert_int_equal(vp.arch.vmcb->intercept_cr_write, 0);
	svm_ops.intr_window(&vp, false, 0);
	assert_false(vp.arch.vmcb->vintr >> 8 & 1);
	assert_false(vp.arch.vmcb->intercept[0] >> 4 & 1);
}

/* Held back by the TPR: the write that lowers it is what tells; IF's window waits for then. */
static void test_tpr_window(void **state)
{
	struct svm_vmcb *c = vp.arch.vmcb;

	(void)state;
	svm_ops.set_tpr(&vp, 5);
	vp.arch.clean = SVM_CLEAN_ALL;
	svm_ops.intr_window(&vp, true, 0x51);
	assert_int_equal(c->intercept_cr_write, 1u << 8);
	assert_int_equal(c->vintr & 0xf, 5);
	assert_false(c->vintr >> 8 & 1);
	assert_false(c->intercept[0] >> 4 & 1);
	assert_false(vp.arch.clean & (SVM_CLEAN_TPR | SVM_CLEAN_I));
	/* The same again costs the CPU's cache nothing. */
	vp.arch.clean = SVM_CLEAN_ALL;
	svm_ops.intr_window(&vp, true, 0x51);
	assert_int_equal(vp.arch.clean, SVM_CLEAN_ALL);
	/* One class above */
	svm_ops.intr_window(&vp, true, 0x61);
	assert_true(c->vintr >> 8 & 1);
	assert_true(c->intercept[0] >> 4 & 1);
	assert_int_equal(c->intercept_cr_write, 1u << 8);
	svm_ops.intr_window(&vp, false, 0);
	assert_int_equal(c->intercept_cr_write, 0);
	assert_int_equal(c->vintr & 0xf, 5);
	assert_true(c->vintr >> 24 & 1);
}

/*
 * Mail that comes after the run loop's look: the entry is not made, the event that was to be
 * injected is kept, and a flush that the entry would have made is not forgotten.
 */
static void test_mail_turns_back(void **state)
{
	struct x86_exit ex;

	(void)state;
	entered_asid = 0;
	vp.mail = VP_MAIL_IRQ;
	ex.cr8 = 0;
	vp.arch.vmcb->vintr |= 7;
	svm_ops.inject(
		&vp, &(struct x86_event){ .type = 3, .vector = 14, .has_error = true, .error = 6 });
	svm_ops.enter(&vp, &ex);
	assert_int_equal(entered_asid, 0);
	assert_int_equal(ex.kind, X86_EXIT_NONE);
	assert_null(this_cpu()->running);
	assert_int_equal(vp.arch.vmcb->eventinj, 0);
	assert_true(vp.arch.event.pending && vp.arch.event.has_error);
	assert_int_equal(vp.arch.event.type, 3);
	assert_int_equal(vp.arch.event.vector, 14);
	assert_int_equal(vp.arch.event.error, 6);
	assert_int_equal(ex.cr8, 7);
	assert_int_equal(vp.cpu, this_cpu()->index);
	/* With the flush of a roll-over due */
	this_cpu()->asid_next = 10;
	part.slat.generation++;
	svm_ops.enter(&vp, &ex);
	vp.mail = 0;
	enter();
	assert_int_equal(entered_tlb, SVM_TLB_FLUSH_ALL);
}

static void test_speculation(void **state)
{
	(void)state;
	enter();
	assert_false(entered_verw);
	cpu_speculation.verw = true;
	enter();
	assert_true(entered_verw);
	partition_root = &part; /* the root may read all that its guests have */
	enter();
	assert_false(entered_verw);
	partition_root = NULL;
	cpu_speculation.verw = false;
}

static void test_place(void **state)
{
	(void)state;
	check_place(&svm_ops, &vp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_place, setup),
		cmocka_unit_test_setup(test_guest_maps, setup),
		cmocka_unit_test_setup(test_root_map, setup),
		cmocka_unit_test_setup(test_intercepts, setup),
		cmocka_unit_test_setup(test_clean_bits, setup),
		cmocka_unit_test_setup(test_asid, setup),
		cmocka_unit_test_setup(test_asid_after_set, setup),
		cmocka_unit_test_setup(test_asid_runs_out, setup),
		cmocka_unit_test_setup(test_registers, setup),
		cmocka_unit_test_setup(test_segments, setup),
		cmocka_unit_test_setup(test_tpr_window, setup),
		cmocka_unit_test_setup(test_inject, setup),
		cmocka_unit_test_setup(test_mail_turns_back, setup),
		cmocka_unit_test_setup(test_speculation, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
