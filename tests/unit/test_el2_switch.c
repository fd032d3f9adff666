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
#include "fake_vgic.h"
#include "hvapi/hypercall.h"
#include "hvapi/msr.h"

struct partition *partition_root;
static struct partition root, part;
static struct vp root_vp, vp;
static struct el2_fp root_fp, guest_fp, cpu_fp;
static uint64_t exits[32];
static uint32_t exit_at, kicks, entered;
static bool kicked, mail_later;
static struct fake_gic *gic;

/* The physical timer interrupt of this CPU */
static bool timer_lent, timer_is, timer_root_active;
static uint32_t timer_writes;

bool gic_timer_lend(uint32_t cpu)
{
	(void)cpu;
	assert_false(timer_lent);
	timer_lent = true;
	timer_is = timer_root_active;
	return timer_root_active;
}
void gic_timer_active(uint32_t cpu, bool active)
{
	(void)cpu;
	assert_true(timer_lent);
	timer_is = active;
	timer_writes++;
}
void gic_timer_return(uint32_t cpu, bool is, bool was)
{
	(void)cpu;
	assert_true(timer_lent);
	assert_int_equal(is, timer_is);
	assert_int_equal(was, timer_root_active);
	timer_lent = false;
}
static uint32_t started, kicked_vps;
void psci_start(struct vp *v)
{
	started++;
	v->arch.power = EL2_ON;
}
void psci_set_power(struct vp *v, bool on)
{
	v->arch.power = on ? EL2_ON : EL2_OFF;
}
struct vp *vp_find(struct partition *p, uint32_t index)
{
	return index < PARTITION_MAX_VPS ? p->vps[index] : NULL;
}
void vp_kick(struct vp *v)
{
	(void)v;
	kicked_vps++;
}
static uint64_t synth_deadline;
static uint32_t synth_runs;
uint64_t hv_timers_deadline(struct vp *v)
{
	(void)v;
	return synth_deadline;
}
void hv_timers_run(struct vp *v)
{
	(void)v;
	synth_runs++;
	synth_deadline = UINT64_MAX;
}
uint16_t hv_deliverable_sints(struct vp *v)
{
	return v->sint_notify & 0x0f0f;
}
void hv_notify_sints(struct vp *v, uint16_t mask)
{
	v->sint_notify = mask;
}
static uint16_t announced;
void intercept_sints(struct vp *v, uint16_t sints)
{
	(void)v;
	announced = sints;
}
uint32_t gic_sint_intid(void)
{
	return 18;
}
static uint32_t absents;
static uint64_t absent_gpa;
enum trap_action intercept_memory(struct vp *v, uint64_t gpa, uint8_t access, bool unmapped,
				  const struct el2_trap *t)
{
	(void)v;
	(void)access;
	assert_true(unmapped);
	assert_null(t);
	absents++;
	absent_gpa = gpa;
	return TRAP_AGAIN;
}
static void (*in_guest)(void);
static uint8_t sync_stop;

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
	if (in_guest)
		in_guest();
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
uint32_t cpu_sve_vl;
bool cpu_has_sme;
static uint8_t cpu_z[2][4096], root_z[2][4096], guest_z[2][4096];
void el2_sve_save(uint8_t *z_low, uint8_t *z_high, struct el2_fp *fp)
{
	memcpy(z_low, cpu_z[0], 16 * cpu_sve_vl);
	memcpy(z_high, cpu_z[1], 16 * cpu_sve_vl);
	*fp = cpu_fp;
}
void el2_sve_load(const uint8_t *z_low, const uint8_t *z_high, const struct el2_fp *fp)
{
	memcpy(cpu_z[0], z_low, 16 * cpu_sve_vl);
	memcpy(cpu_z[1], z_high, 16 * cpu_sve_vl);
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
	v->arch.stop = sync_stop;
}
void arch_vp_take_mail(struct vp *v)
{
	v->mail = 0;
	if (mail_later)
		v->explicit_suspend = true;
}

static uint64_t clock_step; /* the clock moves when it is looked at */
uint64_t arch_vp_tsc(const struct vp *v)
{
	fake_time += clock_step;
	return fake_time - v->arch.counter_offset;
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
	cpu_sve_vl = 0;
	cpu_has_sme = false;
	timer_lent = timer_root_active = false;
	timer_writes = started = kicked_vps = synth_runs = absents = 0;
	synth_deadline = UINT64_MAX;
	in_guest = NULL;
	sync_stop = VP_EXIT_INTERCEPT;
	if (gic)
		fake_gic_free(gic);
	gic = fake_gic_new(2, 224, FAKE_VTR(4));
	part.arch.gic = &gic->v;
	vp.arch.gic = gic->vp[0];
	part.vps[0] = &vp;
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
	/* Two VPs: ICC_DIR traps */
	assert_int_equal(seen.ich, VGIC_HCR_EN | VGIC_HCR_TALL0 | VGIC_HCR_TDIR);
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

/* SVE: all of Z, and ZCR_EL1; SME's register that no trap reaches. */
static void sve_in_guest(void)
{
	assert_int_equal(cpu_z[0][7], 0x22);
	assert_int_equal(cpu_z[1][16 * 64 - 1], 0x22);
	assert_int_equal(*fake_sysreg("s3_0_c1_c2_0"), 5);
	assert_int_equal(*fake_sysreg("s3_3_c13_c0_5"), 0x99);
	memset(cpu_z, 0x33, sizeof(cpu_z));
	*fake_sysreg("s3_0_c1_c2_0") = 7;
	*fake_sysreg("s3_3_c13_c0_5") = 0x77;
}

static void test_sve(void **state)
{
	union hv_register_value v = { { 0x1111, 0x2222 } };

	(void)state;
	cpu_sve_vl = 64;
	cpu_has_sme = true;
	for (uint32_t i = 0; i < 2; i++) {
		root_vp.arch.z[i] = root_z[i];
		vp.arch.z[i] = guest_z[i];
	}
	memset(cpu_z, 0x11, sizeof(cpu_z));
	memset(guest_z, 0x22, sizeof(guest_z));
	*fake_sysreg("s3_0_c1_c2_0") = 15;
	*fake_sysreg("s3_3_c13_c0_5") = 0x55;
	vp.arch.zcr = 5;
	vp.arch.tpidr2 = 0x99;
	in_guest = sve_in_guest;
	exits[0] = EXIT_IRQ;
	(void)run();
	assert_int_equal(entered, 1);
	assert_int_equal(cpu_z[0][7], 0x11);
	assert_int_equal(cpu_z[1][16 * 64 - 1], 0x11);
	assert_int_equal(*fake_sysreg("s3_0_c1_c2_0"), 15);
	assert_int_equal(*fake_sysreg("s3_3_c13_c0_5"), 0x55);
	assert_int_equal(guest_z[1][16 * 64 - 1], 0x33);
	assert_int_equal(vp.arch.zcr, 7);
	assert_int_equal(vp.arch.tpidr2, 0x77);
	/* Q registers by name are the low ends */
	assert_int_equal(arch_vp_set_register(&vp, HV_ARM64_REGISTER_Q0 + 18, &v),
			 HV_STATUS_SUCCESS);
	assert_int_equal(guest_z[1][2 * 64], 0x11);
	assert_int_equal(guest_z[1][2 * 64 + 8], 0x22);
	assert_int_equal(guest_z[1][2 * 64 + 16], 0x33);
	v.reg64 = 16;
	assert_int_equal(arch_vp_set_register(&vp, HV_ARM64_REGISTER_ZCR_EL1, &v),
			 HV_STATUS_INVALID_REGISTER_VALUE);
	v.reg64 = 15;
	assert_int_equal(arch_vp_set_register(&vp, HV_ARM64_REGISTER_ZCR_EL1, &v),
			 HV_STATUS_SUCCESS);
	assert_int_equal(vp.arch.zcr, 15);
	assert_int_equal(arch_vp_get_register(&vp, HV_ARM64_REGISTER_ZCR_EL1, &v),
			 HV_STATUS_SUCCESS);
	cpu_sve_vl = 0;
	assert_int_equal(arch_vp_get_register(&vp, HV_ARM64_REGISTER_ZCR_EL1, &v),
			 HV_STATUS_UNKNOWN_REGISTER_NAME);
	assert_int_equal(arch_vp_set_register(&vp, HV_ARM64_REGISTER_ZCR_EL1, &v),
			 HV_STATUS_UNKNOWN_REGISTER_NAME);
}

static uint64_t cptr_in_guest;
static void look_at_cptr(void)
{
	cptr_in_guest = *fake_sysreg("cptr_el2");
}

/* Hidden: it traps while the guest runs, and only then, as it would trap EL2's own switch. */
static void test_sve_hidden(void **state)
{
	union hv_register_value v = { { 0, 0 } };
	int on, off;

	(void)state;
	cpu_sve_vl = 64;
	for (uint32_t i = 0; i < 2; i++) {
		root_vp.arch.z[i] = root_z[i];
		vp.arch.z[i] = guest_z[i];
	}
	part.arch.no_sve = true;
	*fake_sysreg("cptr_el2") = CPTR_RES1 & ~CPTR_TZ;
	in_guest = look_at_cptr;
	exits[0] = EXIT_IRQ;
	(void)run();
	assert_int_equal(entered, 1);
	assert_int_equal(cptr_in_guest, CPTR_RES1 | CPTR_TZ);
	assert_int_equal(*fake_sysreg("cptr_el2"), CPTR_RES1 & ~CPTR_TZ);
	on = fake_next("cptr_el2", 0);
	off = fake_next("cptr_el2", on + 1);
	assert_true(on >= 0 && off > on);
	/* The guest's ZCR_EL1 went in before, and the root's comes back after a barrier. */
	assert_true(fake_next("s3_0_c1_c2_0", 0) < on);
	assert_true(fake_next("isb", off) < fake_next("s3_0_c1_c2_0", off));
	assert_int_equal(arch_vp_get_register(&vp, HV_ARM64_REGISTER_ZCR_EL1, &v),
			 HV_STATUS_UNKNOWN_REGISTER_NAME);
	assert_int_equal(arch_vp_set_register(&vp, HV_ARM64_REGISTER_ZCR_EL1, &v),
			 HV_STATUS_UNKNOWN_REGISTER_NAME);
	/* One that has it costs no write. */
	part.arch.no_sve = false;
	fake_did_count = 0;
	exit_at = 0;
	(void)run();
	assert_int_equal(fake_next("cptr_el2", 0), -1);
	cpu_sve_vl = 0;
}

/* ID registers by a VP's index: all can be read, none set; three are its own. */
static void test_id_names(void **state)
{
	union hv_register_value v = { { 0, 0 } };

	(void)state;
	*fake_sysreg("midr_el1") = 0x410fd0c1;
	*fake_sysreg("revidr_el1") = 0x77;
	vp.arch.mpidr = 0x101;
	assert_int_equal(arch_vp_get_register(&vp, HV_ARM64_REGISTER_ID_MIDR, &v),
			 HV_STATUS_SUCCESS);
	assert_int_equal(v.reg64, 0x410fd0c1);
	assert_int_equal(arch_vp_get_register(&vp, HV_ARM64_REGISTER_ID_MPIDR, &v),
			 HV_STATUS_SUCCESS);
	assert_int_equal(v.reg64, 0x80000101);
	assert_int_equal(arch_vp_get_register(&vp, HV_ARM64_REGISTER_ID_REVIDR, &v),
			 HV_STATUS_SUCCESS);
	assert_int_equal(v.reg64, 0x77);
	part.arch.id[2 * 8] = 0x1120;
	part.arch.id_filled = true;
	assert_int_equal(arch_vp_get_register(&vp, HV_ARM64_REGISTER_ID_FIRST + 6 * 8, &v),
			 HV_STATUS_SUCCESS);
	assert_int_equal(v.reg64, 0x1120);
	for (uint32_t n = HV_ARM64_REGISTER_ID_FIRST; n <= HV_ARM64_REGISTER_ID_LAST; n++)
		assert_int_equal(arch_vp_set_register(&vp, n, &v), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(part.arch.id[2 * 8], 0x1120);
}

/* What a guest may name of its own before it has said who it is, and after; nothing in silicon. */
static bool known;
bool hypercall_enabled(const struct partition *p)
{
	assert_ptr_equal(p, &part);
	return known;
}

static void test_own_registers(void **state)
{
	static const uint32_t early[] = { 0x100, 0x200, 0x201, 0x202, 0x90002, 0x90004 };

	(void)state;
	for (uint32_t name = 0; name < 0xc0000; name += name < 0x300 ? 1 : 0x2) {
		bool e = false;

		for (uint32_t i = 0; i < ARRAY_LEN(early); i++)
			e |= early[i] == name;
		known = false;
		assert_int_equal(arch_own_register(&vp, name), e);
		known = true;
		assert_int_equal(arch_own_register(&vp, name), e || name >= 0x90000);
	}
}

/* The counter stands where it is put. */
static void test_set_counter(void **state)
{
	union hv_register_value v = { { 0x123456789abc, 0 } };

	(void)state;
	assert_int_equal(arch_vp_set_register(&vp, HV_ARM64_REGISTER_CNTVCT_EL0, &v),
			 HV_STATUS_SUCCESS);
	v.reg64 = 0;
	assert_int_equal(arch_vp_get_register(&vp, HV_ARM64_REGISTER_CNTVCT_EL0, &v),
			 HV_STATUS_SUCCESS);
	assert_int_equal(v.reg64, 0x123456789abc);
	fake_time += 5;
	assert_int_equal(arch_vp_tsc(&vp), 0x123456789abc + 5);
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
	/* Or that the root may have its CPU, once */
	setup(state);
	vp.mail = VP_MAIL_YIELD | VP_MAIL_KICK;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(vp.mail, VP_MAIL_KICK);
	assert_int_equal(entered, 0);
	/* Inside a handler of the root's nothing is run */
	setup(state);
	*fake_sysreg("icc_rpr_el1") = 0x80;
	assert_int_equal(run(), VP_EXIT_REFUSED);
	assert_int_equal(entered, 0);
}

/* -- the GIC -------------------------------------------------------------------------------------
 */
#define TIMER_UP 5ull
static struct vgic_op op;

static uint64_t *lr(uint32_t n)
{
	static const char *const names[] = { "ich_lr0_el2", "ich_lr1_el2", "ich_lr2_el2",
					     "ich_lr3_el2" };

	return fake_sysreg(names[n]);
}

static void enable(uint32_t intid)
{
	gic->v.enable = 1;
	vp.arch.gic->enabled |= 1u << intid;
}

static uint64_t lr_seen[4], hcr_seen;
static bool phys_seen;
static void look(void)
{
	for (uint32_t i = 0; i < 4; i++)
		lr_seen[i] = *lr(i);
	hcr_seen = *fake_sysreg("ich_hcr_el2");
	phys_seen = timer_is;
}

/* The guest's timer expires: its virtual interrupt is pending at the next entry, with the physical.
 */
static void timer_expires(void)
{
	look();
	*fake_sysreg("cntv_ctl_el0") = TIMER_UP;
	if (entered == 2) {
		/* It is taken and ended: hardware ends the physical one with it */
		*lr(0) &= ~VGIC_LR_PENDING;
		*fake_sysreg("cntv_ctl_el0") = 1;
		timer_is = false;
	}
}

static void test_guest_timer(void **state)
{
	(void)state;
	enable(VGIC_TIMER_PPI);
	in_guest = timer_expires;
	exits[0] = exits[1] = EXIT_IRQ;
	/* The first exit is its own affair, the second nobody's: the root's */
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(entered, 2);
	assert_true(phys_seen);
	assert_int_equal(lr_seen[0] & (VGIC_LR_PENDING | VGIC_LR_HW | VGIC_LR_GROUP),
			 VGIC_LR_PENDING | VGIC_LR_HW | VGIC_LR_GROUP);
	assert_int_equal(lr_seen[0] & 0xffffffff, 27);
	assert_int_equal(lr_seen[0] >> 32 & 0x3ff, 27);
	assert_int_equal(timer_writes, 1);
	/* Nothing of it is left for the root */
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(*lr(i) & (VGIC_LR_PENDING | VGIC_LR_ACTIVE), 0);
	assert_int_equal(*fake_sysreg("ich_hcr_el2"), 0);
}

/* Ended, set again and expired within one stay in the guest: its own affair like the first. */
static void timer_expires_again(void)
{
	look();
	*fake_sysreg("cntv_ctl_el0") = TIMER_UP;
	if (entered == 2) {
		*lr(0) &= ~VGIC_LR_PENDING;
		timer_is = false;
	}
}

static void test_timer_again(void **state)
{
	(void)state;
	enable(VGIC_TIMER_PPI);
	in_guest = timer_expires_again;
	exits[0] = exits[1] = exits[2] = EXIT_IRQ;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(entered, 3);
	assert_int_equal(lr_seen[0] & (VGIC_LR_PENDING | VGIC_LR_HW), VGIC_LR_PENDING | VGIC_LR_HW);
	assert_true(phys_seen);
	assert_int_equal(timer_writes, 2);
}

/* Masked at the GIC it expires all the same: the physical one is kept active, so no storm comes. */
static void still_up(void)
{
	look();
	*fake_sysreg("cntv_ctl_el0") = TIMER_UP;
}

static void test_timer_masked(void **state)
{
	(void)state;
	in_guest = still_up;
	exits[0] = exits[1] = EXIT_IRQ;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(entered, 2);
	assert_true(phys_seen);
	assert_int_equal(lr_seen[0], 0);
	/* The root finds its own state of it, which was active */
	setup(state);
	timer_root_active = true;
	exits[0] = EXIT_IRQ;
	(void)run();
}

/* Interrupts that others post come into the list registers, and back when the run ends. */
static void test_post(void **state)
{
	uint32_t writes = 0;

	(void)state;
	enable(20);
	assert_true(vgic_latch(&gic->v, vp.arch.gic, 20, &op));
	in_guest = look;
	exits[0] = EXIT_IRQ;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(lr_seen[0], VGIC_LR_PENDING | VGIC_LR_GROUP | 20);
	assert_int_equal(vp.arch.gic->latch, 1u << 20);
	assert_int_equal(vp.arch.gic->resident, 0);
	/* Between two exits that touch nothing, nothing is written */
	setup(state);
	sync_stop = VP_EXIT_RESUME;
	exits[0] = exits[1] = exits[2] = EXIT_SYNC;
	exits[3] = EXIT_IRQ;
	fake_did_count = 0;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(entered, 4);
	/* Once for the first entry, once at the end */
	for (uint32_t i = 0; i < fake_did_count; i++)
		writes += !strcmp(fake_did[i].what, "ich_hcr_el2");
	assert_int_equal(writes, 2);
}

/* One that comes after the flush and before the entry is not left for the next exit. */
static void late(const char *what, uint64_t value)
{
	(void)value;
	if (strcmp(what, "ich_hcr_el2") || entered || percpu_self.running)
		return;
	fake_on = NULL;
	(void)vgic_latch(&gic->v, vp.arch.gic, 20, &op);
}

static void test_post_late(void **state)
{
	(void)state;
	enable(20);
	fake_on = late;
	in_guest = look;
	exits[0] = EXIT_IRQ;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(entered, 1);
	assert_int_equal(lr_seen[0] & 0xffffffff, 20);
	assert_int_equal(kicks, 0);
}

/* Somebody holds the VP: it goes round a while without an entry, then the root has its turn. */
static void test_held(void **state)
{
	(void)state;
	vp.arch.gic->holds = 1;
	(void)vgic_latch(&gic->v, vp.arch.gic, 20, &op);
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(entered, 0);
	vp.arch.gic->holds = 0;
	exits[0] = EXIT_IRQ;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(entered, 1);
}

/* Kick after kick: others cannot keep the root's interrupts from it. */
static void kick_again(void)
{
	kicked = true;
}

static void test_kick_storm(void **state)
{
	(void)state;
	in_guest = kick_again;
	for (uint32_t i = 0; i < ARRAY_LEN(exits); i++)
		exits[i] = EXIT_IRQ;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(entered, 16);
}

/* The table of pending LPIs is not there: the root is told, and nothing runs. */
static void test_absent(void **state)
{
	struct vgic_lpi *l = &vp.arch.gic->lpi;

	(void)state;
	l->enabled = l->reload = true;
	l->propbaser = 0x10000 | 13;
	l->pendbaser = 0x7000000;
	assert_int_equal(run(), VP_EXIT_INTERCEPT);
	assert_int_equal(entered, 0);
	assert_int_equal(absents, 1);
	assert_int_equal(absent_gpa >> 16, 0x700);
	l->enabled = false;
}

/* -- WFI and power -------------------------------------------------------------------------------
 */
static void on_wfi(const char *what, uint64_t value)
{
	(void)value;
	if (strcmp(what, "wfi"))
		return;
	/* Whoever posts now has to see that it is here */
	assert_ptr_equal(percpu_self.running, &part.slat);
	assert_int_equal(kicks, 1);
	*fake_sysreg("cntv_ctl_el0") = TIMER_UP;
}

static void test_wfi(void **state)
{
	(void)state;
	/* Nothing will wake it */
	sync_stop = VP_EXIT_HALTED;
	exits[0] = EXIT_SYNC;
	assert_int_equal(run(), VP_EXIT_HALTED);
	assert_int_equal(fake_next("wfi", 0), -1);
	/* Its own timer will: it waits here, and goes on */
	setup(state);
	sync_stop = VP_EXIT_HALTED;
	vp.arch.cntv_ctl = 1;
	fake_on = on_wfi;
	exits[0] = EXIT_SYNC;
	exits[1] = EXIT_IRQ;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(entered, 2);
	assert_true(fake_next("wfi", fake_next("dsb sy", 0)) > 0);
	/* Woken by nothing of its own: the root's */
	setup(state);
	sync_stop = VP_EXIT_HALTED;
	vp.arch.cntv_ctl = 1;
	exits[0] = EXIT_SYNC;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(entered, 1);
	/* A masked timer is none; an interrupt that is there already needs no waiting */
	setup(state);
	sync_stop = VP_EXIT_HALTED;
	vp.arch.cntv_ctl = 3;
	exits[0] = EXIT_SYNC;
	assert_int_equal(run(), VP_EXIT_HALTED);
	setup(state);
	sync_stop = VP_EXIT_HALTED;
	enable(20);
	vp.arch.gic->hw.vmcr |= VGIC_VMCR_VENG1 | 0xf0u << VGIC_VMCR_VPMR;
	(void)vgic_latch(&gic->v, vp.arch.gic, 20, &op);
	exits[0] = EXIT_SYNC;
	exits[1] = EXIT_IRQ;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(entered, 2);
	assert_int_equal(fake_next("wfi", 0), -1);
}

static void turns_off(void)
{
	vp.arch.power = EL2_OFF;
}

static void turned_on(void)
{
	vp.arch.power = EL2_ON_PENDING;
}

static void test_power(void **state)
{
	(void)state;
	vp.arch.power = EL2_OFF;
	assert_int_equal(run(), VP_EXIT_HALTED);
	vp.arch.power = EL2_ON_CLAIMED;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(entered, 0);
	vp.arch.power = EL2_ON_PENDING;
	exits[0] = EXIT_IRQ;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(started, 1);
	assert_int_equal(entered, 1);
	/* It turns itself off, with an interrupt pending or not; perhaps on again at once */
	setup(state);
	sync_stop = VP_EXIT_HALTED;
	in_guest = turns_off;
	vp.arch.cntv_ctl = 1;
	exits[0] = EXIT_SYNC;
	assert_int_equal(run(), VP_EXIT_HALTED);
	setup(state);
	sync_stop = VP_EXIT_HALTED;
	in_guest = turned_on;
	exits[0] = EXIT_SYNC;
	assert_int_equal(run(), VP_EXIT_INTERRUPT);
	assert_int_equal(started, 0);
}

/* -- what EL2 keeps time for ---------------------------------------------------------------------
 */
static void test_deadlines(void **state)
{
	(void)state;
	/* The nearer of the root's and the guest's */
	synth_deadline = fake_time + 0x100;
	*fake_sysreg("cntv_cval_el0") = fake_time + 0x200;
	exits[0] = EXIT_IRQ;
	(void)run();
	assert_int_equal(seen.cnthp_cval, fake_time + 0x100);
	assert_int_equal(synth_runs, 0);
	/* One that is due is done before the entry, and does not end the run */
	setup(state);
	synth_deadline = fake_time;
	exits[0] = EXIT_IRQ;
	(void)run();
	assert_int_equal(synth_runs, 1);
	assert_int_equal(seen.cnthp_cval, 0x7777);
	/* The physical timer, which EL2 has for it */
	setup(state);
	vp.arch.cntp_ctl = 1;
	vp.arch.cntp_cval = fake_time - 0x5000 + 0x80;
	exits[0] = EXIT_IRQ;
	(void)run();
	*fake_sysreg("cntv_ctl_el0") = 0;
	vp.arch.timers_moved = true;
	assert_int_equal(vp.arch.gic->line >> 30 & 1, 0);
	fake_time += 0x80;
	exits[1] = EXIT_IRQ;
	(void)run();
	assert_int_equal(vp.arch.gic->line >> 30 & 1, 1);
	assert_int_equal(seen.cnthp, 0);
}

/*
 * Wherever between two looks at the clock the guest's physical timer runs out: its line is up, or
 * its deadline is still ahead. A VP that waits for it would be told to wait for nothing otherwise.
 */
static void test_cntp_between(void **state)
{
	(void)state;
	for (uint64_t in = 0; in < 12; in++) {
		(void)setup(NULL);
		vp.arch.cntp_ctl = 1;
		vp.arch.cntp_cval = fake_time - vp.arch.counter_offset + in;
		vp.arch.timers_moved = true;
		clock_step = 1;
		vp_timer_run(&vp);
		clock_step = 0;
		if (vp.arch.next_event == UINT64_MAX)
			assert_true(vp.arch.gic->line >> 30 & 1);
	}
}

static void test_cntp(void **state)
{
	uint64_t v = 5;

	(void)state;
	assert_true(vp_timer_register(&vp, 1, false, &v));
	assert_int_equal(vp.arch.cntp_ctl, 1);
	v = (uint64_t)-1;
	assert_true(vp_timer_register(&vp, 0, false, &v));
	assert_int_equal(vp.arch.cntp_cval, fake_time - 0x5000 - 1);
	assert_true(vp_timer_register(&vp, 1, true, &v));
	assert_int_equal(v, 5);
	assert_true(vp_timer_register(&vp, 0, true, &v));
	assert_int_equal(v, 0xffffffff);
	v = ~0ull;
	assert_true(vp_timer_register(&vp, 2, false, &v));
	assert_true(vp_timer_register(&vp, 2, true, &v));
	assert_int_equal(v, ~0ull);
	assert_true(vp_timer_register(&vp, 1, true, &v));
	assert_int_equal(v, 1);
	assert_true(vp.arch.timers_moved);
	assert_false(vp_timer_register(&vp, 3, true, &v));
	/* Beyond what the host counts to: never */
	exits[0] = EXIT_IRQ;
	*fake_sysreg("cntv_ctl_el0") = 0;
	(void)run();
	assert_int_equal(seen.cnthp, 0);
}

/* -- registers that trap -------------------------------------------------------------------------
 */
static bool icc(uint32_t crm, uint32_t op2, bool read, uint64_t *v)
{
	return vp_gic_register(&vp, 12, crm, op2, read, v);
}

static void test_icc(void **state)
{
	/* CRm, op2, R 1 W 2, what a read gives */
	static const struct {
		uint8_t crm, op2, access;
		uint64_t value;
	} rows[] = { { 8, 0, 1, 1023 },
		     { 8, 1, 2, 0 },
		     { 8, 2, 1, 1023 },
		     { 8, 3, 3, 0 },
		     { 8, 4, 3, 0 },
		     { 8, 5, 3, 0 },
		     { 8, 6, 3, 0 },
		     { 8, 7, 3, 0 },
		     { 11, 1, 2, 0 },
		     { 11, 3, 1, 255 },
		     { 11, 5, 2, 0 },
		     { 11, 6, 2, 0 },
		     { 11, 7, 2, 0 },
		     { 12, 5, 3, 7 },
		     { 12, 6, 3, 0 },
		     /* bits of priority, of INTIDs, A3V */
		     { 12, 4, 3, 4 << 8 | 1 << 15 } };
	uint64_t v;

	(void)state;
	for (uint32_t crm = 8; crm < 14; crm++)
		for (uint32_t op2 = 0; op2 < 8; op2++) {
			uint32_t access = 0;

			for (uint32_t i = 0; i < ARRAY_LEN(rows); i++)
				if (rows[i].crm == crm && rows[i].op2 == op2) {
					access = rows[i].access;
					v = 0x1234;
					assert_int_equal(icc(crm, op2, true, &v), access & 1);
					if (access & 1)
						assert_int_equal(v, rows[i].value);
				}
			v = 0;
			assert_int_equal(icc(crm, op2, true, &v), access & 1);
			assert_int_equal(icc(crm, op2, false, &v), access >> 1);
		}
	v = 0xf0;
	assert_true(vp_gic_register(&vp, 4, 6, 0, false, &v));
	assert_int_equal(*fake_sysreg("ich_vmcr_el2") >> 24, 0xf0);
	assert_true(vp_gic_register(&vp, 4, 6, 0, true, &v));
	assert_int_equal(v, 0xf0);
	assert_false(vp_gic_register(&vp, 5, 6, 0, true, &v));
	v = 3;
	assert_true(icc(12, 4, false, &v));
	assert_int_equal(*fake_sysreg("ich_vmcr_el2") & 0x210, 0x210);
}

/* An SGI to another VP posts it, and kicks it when it is there. */
static void test_icc_sgi(void **state)
{
	static struct vp second;
	/* Affinity 1.0.1.0x20 of the fake: RS 2 */
	uint64_t v = 1ull << 48 | 2ull << 44 | 1ull << 16 | 6ull << 24 | 1;

	(void)state;
	second.partition = &part;
	part.vps[1] = &second;
	assert_true(icc(11, 5, false, &v));
	assert_int_equal(gic->vp[1]->post, 1u << 6);
	assert_int_equal(kicked_vps, 1);
	assert_int_equal(gic->vp[0]->post, 0);
	part.vps[1] = NULL;
}

static void test_access(void **state)
{
	uint64_t v = 0;

	(void)state;
	assert_true(vgic_set_gicd_base(&gic->v, 0x8000000));
	assert_true(vgic_set_gicr_base(vp.arch.gic, 0x80a0000));
	assert_true(vp_gic_frame(&vp, 0x8000000));
	assert_true(vp_gic_frame(&vp, 0x80bffff));
	assert_false(vp_gic_frame(&vp, 0x8010000));
	assert_false(vp_gic_frame(&vp, 0x80c0000));
	assert_int_equal(vp_gic_access(&vp, 0x8000004, 4, false, &v, &op), VGIC_OK);
	assert_int_equal(v & 31, 7);
	assert_int_equal(vp_gic_access(&vp, 0x8000004, 2, false, &v, &op), VGIC_FAULT);
	assert_int_equal(vp_gic_access(&vp, 0x8010000, 4, false, &v, &op), VGIC_FAULT);
	v = 1u << 20;
	assert_int_equal(vp_gic_access(&vp, 0x80b0100, 4, true, &v, &op), VGIC_OK);
	assert_int_equal(vp.arch.gic->enabled, 1u << 20);
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

/* A bad value is told as such, and changes nothing (TLFS, HV_STATUS_INVALID_REGISTER_VALUE). */
static void test_bad_values(void **state)
{
	static const struct {
		uint32_t name;
		uint64_t good, bad;
	} rows[] = {
		{ HV_REGISTER_EXPLICIT_SUSPEND, 1, 2 },
		{ HV_REGISTER_DISPATCH_SUSPEND, 1, BIT(63) },
		{ HV_REGISTER_INTERCEPT_SUSPEND, 0, 1 },
		{ HV_ARM64_REGISTER_PSTATE, 0x3c5, 0x3cd },
		{ HV_ARM64_REGISTER_CNTV_CTL_EL0, 3, 8 },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		union hv_register_value v = { { rows[i].good, 0 } }, bad = { { rows[i].bad, 0 } };

		assert_int_equal(arch_vp_set_register(&vp, rows[i].name, &v), HV_STATUS_SUCCESS);
		assert_int_equal(arch_vp_set_register(&vp, rows[i].name, &bad),
				 HV_STATUS_INVALID_REGISTER_VALUE);
		v.reg64 = ~0ull;
		assert_int_equal(arch_vp_get_register(&vp, rows[i].name, &v), HV_STATUS_SUCCESS);
		assert_int_equal(v.reg64, rows[i].good);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_bad_values, setup),
		cmocka_unit_test_setup(test_in_force, setup),
		cmocka_unit_test_setup(test_root_again, setup),
		cmocka_unit_test_setup(test_sve, setup),
		cmocka_unit_test_setup(test_sve_hidden, setup),
		cmocka_unit_test_setup(test_id_names, setup),
		cmocka_unit_test_setup(test_own_registers, setup),
		cmocka_unit_test_setup(test_set_counter, setup),
		cmocka_unit_test_setup(test_walks, setup),
		cmocka_unit_test_setup(test_no_deadline, setup),
		cmocka_unit_test_setup(test_exits, setup),
		cmocka_unit_test_setup(test_guest_timer, setup),
		cmocka_unit_test_setup(test_timer_again, setup),
		cmocka_unit_test_setup(test_timer_masked, setup),
		cmocka_unit_test_setup(test_post, setup),
		cmocka_unit_test_setup(test_post_late, setup),
		cmocka_unit_test_setup(test_held, setup),
		cmocka_unit_test_setup(test_kick_storm, setup),
		cmocka_unit_test_setup(test_absent, setup),
		cmocka_unit_test_setup(test_wfi, setup),
		cmocka_unit_test_setup(test_power, setup),
		cmocka_unit_test_setup(test_deadlines, setup),
		cmocka_unit_test_setup(test_cntp, setup),
		cmocka_unit_test_setup(test_cntp_between, setup),
		cmocka_unit_test_setup(test_icc, setup),
		cmocka_unit_test_setup(test_icc_sgi, setup),
		cmocka_unit_test_setup(test_access, setup),
		cmocka_unit_test_setup(test_pstate_valid, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
