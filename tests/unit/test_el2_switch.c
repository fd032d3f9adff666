/* SPDX-License-Identifier: MIT */
/* The switch between root and guest by its log: what is in force when the guest runs, and after. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hv/arm64.h>
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "arch/arm64/gicv3/gic.h"
#include "fake_arch.h"

struct partition *partition_root;
static struct partition root, part;
static struct vp root_vp, vp;
static struct el2_fp root_fp, guest_fp, cpu_fp;
static uint64_t exits[8];
static uint32_t exit_at, kicks, entered;
static bool kicked, mail_later;

/* What the guest would find; looked at in the middle of el2_enter() */
static struct {
	uint64_t hcr, vttbr, pmr, igrpen, cnthctl, cntvoff, mdcr, ich, cnthp, cnthp_cval, sctlr;
	uint64_t mdscr, vmpidr, sre;
	const struct slat *running;
} seen;

uint64_t el2_enter(struct arch_vp *a)
{
	assert_ptr_equal(a, &vp.arch);
	seen.hcr = read_sysreg(hcr_el2);
	seen.vttbr = read_sysreg(vttbr_el2);
	seen.pmr = read_sysreg(icc_pmr_el1);
	seen.igrpen = read_sysreg(icc_igrpen1_el1);
	seen.cnthctl = read_sysreg(cnthctl_el2);
	seen.cntvoff = read_sysreg(cntvoff_el2);
	seen.mdcr = read_sysreg(mdcr_el2);
	seen.ich = read_sysreg(ich_hcr_el2);
	seen.cnthp = read_sysreg(cnthp_ctl_el2);
	seen.cnthp_cval = read_sysreg(cnthp_cval_el2);
	seen.sctlr = read_sysreg(sctlr_el1);
	seen.mdscr = read_sysreg(mdscr_el1);
	seen.vmpidr = read_sysreg(vmpidr_el2);
	seen.sre = read_sysreg(icc_sre_el2);
	seen.running = percpu_self.running;
	entered++;
	return exits[exit_at++];
}

void el2_fp_save(struct el2_fp *fp)
{
	*fp = cpu_fp;
}
void el2_fp_load(const struct el2_fp *fp)
{
	cpu_fp = *fp;
}
void gic_kick_begin(uint32_t cpu)
{
	(void)cpu;
	kicks++;
}
bool gic_kick_end(uint32_t cpu)
{
	bool was = kicked;

	(void)cpu;
	kicks--;
	kicked = false;
	return was;
}
void trap_handle(struct vp *v, uint64_t kind)
{
	assert_int_equal(kind, EXIT_SYNC);
	v->arch.stop = VP_EXIT_INTERCEPT;
}
void arch_vp_take_mail(struct vp *v)
{
	v->mail = 0;
	if (mail_later)
		v->explicit_suspend = true;
}

uint64_t arch_vp_tsc(const struct vp *v)
{
	(void)v;
	return 0;
}
void partition_unimplemented(struct partition *p, uint32_t kind, const char *what, uint64_t arg)
{
	(void)p;
	(void)kind;
	(void)what;
	(void)arg;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	fake_hw_reset();
	memset(&root_vp, 0, sizeof(root_vp));
	memset(&vp, 0, sizeof(vp));
	memset(&cpu_fp, 0x11, sizeof(cpu_fp));
	memset(&guest_fp, 0x22, sizeof(guest_fp));
	memset(exits, 0, sizeof(exits));
	partition_root = &root;
	root_vp.partition = &root;
	root_vp.arch.fp = &root_fp;
	vp.partition = &part;
	vp.arch.fp = &guest_fp;
	vp.arch.mpidr = 2;
	vp.arch.counter_offset = 0x5000;
	vp.arch.el1[EL1_sctlr_el1] = 0x30d00800;
	root.slat.root = hpa_ptr(HPA(0x1000));
	part.slat.root = hpa_ptr(HPA(0x2000));
	part.slot = 1;
	percpu_self.root_vp = percpu_self.current = &root_vp;
	*fake_sysreg("sctlr_el1") = 0x30d01805;
	*fake_sysreg("icc_pmr_el1") = 0x10;
	*fake_sysreg("icc_rpr_el1") = 0xff;
	*fake_sysreg("icc_sre_el2") = 0xf;
	*fake_sysreg("mdscr_el1") = 0x8000;
	*fake_sysreg("mdcr_el2") = 0x60;
	*fake_sysreg("mpidr_el1") = 0x80000000;
	*fake_sysreg("cntv_ctl_el0") = 1;
	*fake_sysreg("cntv_cval_el0") = 0x7777;
	*fake_sysreg("hcr_el2") = HCR_ROOT;
	*fake_sysreg("vttbr_el2") = 0x1000;
	exit_at = kicks = entered = 0;
	kicked = mail_later = false;
	return 0;
}

static enum vp_exit run(void)
{
	enum vp_exit why;

	arch_vp_switch_in(&vp);
	why = arch_vp_run(&vp);
	arch_vp_switch_out(&vp);
	return why;
}

static void test_in_force(void **state)
{
	(void)state;
	exits[0] = EXIT_IRQ;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(seen.hcr & (HCR_VM | HCR_IMO | HCR_FMO | HCR_AMO | HCR_TWI | HCR_TSC |
				     HCR_TID3 | HCR_TSW | HCR_RW),
			 HCR_VM | HCR_IMO | HCR_FMO | HCR_AMO | HCR_TWI | HCR_TSC | HCR_TID3 |
				 HCR_TSW | HCR_RW);
	assert_int_equal(seen.vttbr, 2ull << 48 | 0x2000);
	assert_int_equal(seen.pmr, 0xff);
	assert_int_equal(seen.igrpen, 1);
	assert_int_equal(seen.cnthctl, 0);
	assert_int_equal(seen.cntvoff, 0x5000);
	assert_int_equal(seen.mdcr, 0x60 | MDCR_TDA | MDCR_TDOSA | MDCR_TDRA);
	assert_int_equal(seen.mdscr, 0);
	assert_int_equal(seen.ich, ICH_HCR_TC | ICH_HCR_TALL0 | ICH_HCR_TALL1);
	assert_int_equal(seen.sctlr, 0x30d00800);
	assert_int_equal(seen.vmpidr, 0x80000002);
	assert_int_equal(seen.sre & ICC_SRE_ENABLE, 0);
	assert_ptr_equal(seen.running, &part.slat);
	/* The root's timer is stood in for */
	assert_int_equal(seen.cnthp, 1);
	assert_int_equal(seen.cnthp_cval, 0x7777);
	assert_int_equal(kicks, 0);
}

static void test_root_again(void **state)
{
	struct el2_fp before = cpu_fp;

	(void)state;
	exits[0] = EXIT_IRQ;
	(void)run();
	assert_int_equal(*fake_sysreg("hcr_el2"), HCR_ROOT);
	assert_int_equal(HCR_ROOT & (HCR_IMO | HCR_FMO | HCR_AMO), 0);
	assert_int_equal(*fake_sysreg("vttbr_el2"), 1ull << 48 | 0x1000);
	assert_int_equal(*fake_sysreg("icc_pmr_el1"), 0x10);
	assert_int_equal(*fake_sysreg("icc_sre_el2"), 0xf);
	assert_int_equal(*fake_sysreg("ich_hcr_el2"), 0);
	assert_int_equal(*fake_sysreg("mdscr_el1"), 0x8000);
	assert_int_equal(*fake_sysreg("mdcr_el2"), 0x60);
	assert_int_equal(*fake_sysreg("cntvoff_el2"), 0);
	assert_int_equal(*fake_sysreg("cnthctl_el2"), 3);
	assert_int_equal(*fake_sysreg("vmpidr_el2"), 0x80000000);
	/* Disarmed before the root runs, and its own timer back */
	assert_int_equal(*fake_sysreg("cnthp_ctl_el2"), 0);
	assert_int_equal(*fake_sysreg("cntv_ctl_el0"), 1);
	assert_int_equal(*fake_sysreg("cntv_cval_el0"), 0x7777);
	assert_int_equal(*fake_sysreg("sctlr_el1"), 0x30d01805);
	assert_memory_equal(&before, &cpu_fp, sizeof(before));
	assert_ptr_equal(percpu_self.current, &root_vp);
	assert_null(percpu_self.running);
	/* All of it in force before the way back */
	assert_int_equal(strcmp(fake_did[fake_did_count - 1].what, "isb"), 0);
	/* EL2 acknowledges nothing */
	assert_int_equal(fake_next("icc_eoir1_el1", 0), -1);
	assert_int_equal(fake_next("icc_dir_el1", 0), -1);
}

static int next_with(const char *what, int from, uint64_t bits)
{
	int i = fake_next(what, from);

	while (i >= 0 && (fake_did[i].value & bits) != bits)
		i = fake_next(what, i + 1);
	return i;
}

/*
 * One change of translation: walks off, stage 1 on, then the VMID; the new registers are in force
 * before walks are on again. What is wrong, and *from behind it; NULL: nothing.
 */
static const char *check_walks(int *from)
{
	uint64_t epd = TCR_EPD0 | TCR_EPD1;
	int off = next_with("tcr_el1", *from, epd), on, vttbr, ttbr0, ttbr1, sctlr;

	vttbr = fake_next("vttbr_el2", *from);
	if (off < 0 || off > vttbr)
		return "walks are on when the VMID changes";
	on = next_with("sctlr_el1", off, SCTLR_M);
	if (on < 0 || on > vttbr)
		return "stage 1 may be off when the VMID changes";
	if (fake_next("isb", off) > on || fake_next("isb", on) > vttbr)
		return "not in force when the VMID changes";
	ttbr0 = fake_next("ttbr0_el1", off);
	ttbr1 = fake_next("ttbr1_el1", off);
	sctlr = fake_next("sctlr_el1", on + 1);
	*from = fake_next("tcr_el1", off + 1);
	if (ttbr0 < 0 || ttbr1 < 0 || ttbr0 > sctlr || ttbr1 > sctlr || vttbr > sctlr ||
	    *from < sctlr)
		return "stage 1 is on before its registers";
	for (int i = ttbr0 > vttbr ? ttbr0 : vttbr; i < sctlr; i++)
		if (!strcmp(fake_did[i].what, "isb") && i > ttbr1) {
			*from += 1;
			return NULL;
		}
	return "stage 1's registers are not in force";
}

static void test_walks(void **state)
{
	struct fake_did whole[FAKE_DID_MAX];
	uint32_t n, found = 0;
	int from = 0;

	(void)state;
	exits[0] = EXIT_IRQ;
	(void)run();
	for (uint32_t i = 0; i < 2; i++) {
		const char *why = check_walks(&from);

		if (why)
			fail_msg("switch %u: %s", i, why);
	}
	/* The checker: a switch without one of these is found out, whichever it is. */
	n = fake_did_count;
	memcpy(whole, fake_did, sizeof(whole));
	for (uint32_t without = 0; without < n; without++) {
		const char *w = whole[without].what;

		if (strcmp(w, "tcr_el1") && strcmp(w, "sctlr_el1") && strcmp(w, "ttbr0_el1"))
			continue;
		fake_did_count = 0;
		for (uint32_t i = 0; i < n; i++)
			if (i != without)
				fake_did[fake_did_count++] = whole[i];
		from = 0;
		found += check_walks(&from) || check_walks(&from);
	}
	assert_int_equal(found, 10);
}

/* A root whose timer is off or masked needs no stand-in. */
static void test_no_deadline(void **state)
{
	(void)state;
	*fake_sysreg("cntv_ctl_el0") = 0;
	exits[0] = EXIT_IRQ;
	(void)run();
	assert_int_equal(seen.cnthp, 0);
	setup(state);
	*fake_sysreg("cntv_ctl_el0") = 3;
	exits[0] = EXIT_IRQ;
	(void)run();
	assert_int_equal(seen.cnthp, 0);
}

static void test_exits(void **state)
{
	(void)state;
	exits[0] = EXIT_SYNC;
	assert_int_equal(run(), VP_EXIT_INTERCEPT);
	setup(state);
	exits[0] = EXIT_FIQ;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	/* A kick alone goes on */
	setup(state);
	exits[0] = exits[1] = EXIT_IRQ;
	kicked = true;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(entered, 2);
	/* The guest's SError comes back to it, also in a later run */
	setup(state);
	exits[0] = EXIT_SERROR;
	exits[1] = EXIT_IRQ;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_true(seen.hcr & HCR_VSE);
	assert_true(vp.arch.serror);
	assert_false(*fake_sysreg("hcr_el2") & HCR_VSE);
	exit_at = 1;
	(void)run();
	assert_true(seen.hcr & HCR_VSE);
	/* Mail is taken before the entry; it may say stop */
	setup(state);
	vp.mail = VP_MAIL_KICK;
	mail_later = true;
	assert_int_equal(run(), VP_EXIT_SUSPENDED);
	assert_int_equal(entered, 0);
	assert_int_equal(kicks, 0);
	/* Inside a handler of the root's nothing is run */
	setup(state);
	*fake_sysreg("icc_rpr_el1") = 0x80;
	assert_int_equal(run(), VP_EXIT_REFUSED);
	assert_int_equal(entered, 0);
}

/* Its own timer, with nobody to tell: masked, or it would come at once again. */
static void test_guest_timer(void **state)
{
	(void)state;
	vp.arch.cntv_ctl = 5;
	exits[0] = EXIT_IRQ;
	(void)run();
	assert_int_equal(vp.arch.cntv_ctl, 3);
	setup(state);
	vp.arch.cntv_ctl = 1;
	exits[0] = EXIT_IRQ;
	(void)run();
	assert_int_equal(vp.arch.cntv_ctl, 1);
}

static void test_pstate_valid(void **state)
{
	static const uint64_t good[] = { 0x3c5, 0x3c4, 0x0, 0x5, 0xf0000000, 0x600003c5, 0x1005 };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(vp_pstate_valid(good[i]));
	/* Every mode but EL0t, EL1t and EL1h */
	for (uint64_t mode = 0; mode < 32; mode++)
		assert_int_equal(vp_pstate_valid(0x3c0 | mode),
				 mode == 0 || mode == 4 || mode == 5);
	for (uint32_t bit = 32; bit < 64; bit++)
		assert_false(vp_pstate_valid(1ull << bit | 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_in_force, setup),
		cmocka_unit_test_setup(test_root_again, setup),
		cmocka_unit_test_setup(test_walks, setup),
		cmocka_unit_test_setup(test_no_deadline, setup),
		cmocka_unit_test_setup(test_exits, setup),
		cmocka_unit_test_setup(test_guest_timer, setup),
		cmocka_unit_test_setup(test_pstate_valid, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
