/* SPDX-License-Identifier: MIT */
/*
 * The loop that runs a guest VP: what ends it and what does not, whom a halted VP waits for, when
 * timers are looked at, the mailbox, IPIs, and the synthetic APIC MSRs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FAKE_OWN_POST
#define FAKE_OWN_RUN
#include "fake_x86_vp.h"
#include "hvapi/hypercall.h"

static struct partition part, root;
static struct vp vps[3];
static struct vp *const vp = &vps[0];
static struct arch_vp *const a = &vps[0].arch;

/* -- what stands around it ------------------------------------------------------------------------
 */

static uint32_t mails[3], irqs[3], eois, unimplemented, windows_taken, idles, synth_runs, finds;
static uint32_t unrecoverable, deliverables, invalids;
static uint64_t armed, synth_due, idle_until;
static uint32_t arms, prepares, tprs;
static int deliverable, told_type;
static bool ours, root_wants;
static const char *told_why;
static bool (*on_idle)(void);

void vp_post(struct vp *v, uint32_t mail)
{
	mails[v->index] |= mail;
}

void vp_post_irq(struct vp *v, uint8_t vector, bool level)
{
	assert_false(level);
	irqs[v->index] = vector;
}

void deadline_borrow(void)
{
}

void deadline_return(void)
{
}

void deadline_arm(uint64_t at)
{
	armed = at;
	arms++;
}

bool deadline_idle(uint64_t at, const uint32_t *mail)
{
	assert_ptr_equal(mail, &vp->mail);
	idles++;
	idle_until = at;
	assert_true(idles < 10);
	if (on_idle)
		return on_idle();
	if (root_wants)
		return true;
	fake_hw.tsc = at;
	return false;
}

bool deadline_take(void)
{
	windows_taken++;
	return ours;
}

static uint16_t announced;
static uint32_t announcements;

uint16_t hv_deliverable_sints(struct vp *v)
{
	return v->sint_notify & 0x0f0f;
}

enum exit_action intercept_sints(struct vp *v, uint16_t sints)
{
	(void)v;
	announced = sints;
	announcements++;
	return EXIT_STOP;
}

static uint32_t ipi_dest, ipi_low;

void apic_send(uint32_t dest, uint32_t low)
{
	ipi_dest = dest;
	ipi_low = low;
}

void hv_synic_eoi(struct vp *v)
{
	assert_ptr_equal(v, vp);
	eois++;
}

uint64_t hv_timers_deadline(struct vp *v)
{
	(void)v;
	finds++;
	return synth_due;
}

void hv_timers_run(struct vp *v)
{
	(void)v;
	synth_runs++;
	synth_due = UINT64_MAX;
	(void)vlapic_accept(&a->apic, 0x99, false);
}

int inject_deliverable(struct vp *v)
{
	(void)v;
	return deliverable;
}

void inject_prepare(struct vp *v)
{
	assert_ptr_equal(v, vp);
	prepares++;
}

enum exit_action intercept_deliverable(struct vp *v, int type)
{
	(void)v;
	deliverables++;
	told_type = type;
	return EXIT_STOP;
}

enum exit_action intercept_invalid_register(struct vp *v, const char *why)
{
	(void)v;
	invalids++;
	told_why = why;
	return EXIT_STOP;
}

enum exit_action intercept_unrecoverable(struct vp *v, struct x86_exit *ex)
{
	(void)v;
	assert_null(ex);
	unrecoverable++;
	return EXIT_STOP;
}

void partition_unimplemented(struct partition *p, uint32_t kind, const char *what, uint64_t arg)
{
	(void)p;
	(void)what;
	(void)arg;
	unimplemented = kind;
}

/* What each entry ends with */
static struct script {
	uint8_t kind;
	bool write;
	enum exit_action action;
	enum vp_exit stop;
} script[8];
static uint32_t entries, length;
static uint8_t hw_tpr, guest_tpr;
static bool guest_sets_tpr;
static uint32_t exceptions;

static void do_enter(struct vp *v, struct x86_exit *ex)
{
	assert_ptr_equal(v, vp);
	if (entries == length)
		fail_msg("entered more often than the test knows");
	*ex = (struct x86_exit){ .kind = script[entries].kind, .len = 3 };
	ex->msr.write = script[entries].write;
	if (guest_sets_tpr)
		hw_tpr = guest_tpr;
	ex->cr8 = hw_tpr;
	ex->after = true;
	entries++;
}

enum exit_action exit_handle(struct vp *v, struct x86_exit *ex)
{
	if (ex->kind == X86_EXIT_HLT && script[entries - 1].write)
		v->arch.activity = X86_HALTED;
	if (ex->kind == X86_EXIT_MSR && script[entries - 1].write)
		vlapic_set_tpr(&v->arch.apic, 0x60);
	v->arch.stop = (uint8_t)script[entries - 1].stop;
	/* A handler says so when it has moved a timer */
	v->arch.timers_moved |= script[entries - 1].write;
	return script[entries - 1].action;
}

static void do_set_tpr(struct vp *v, uint8_t cr8)
{
	(void)v;
	hw_tpr = cr8;
	tprs++;
}

static void do_set_exceptions(struct vp *v, uint32_t mask)
{
	(void)v;
	exceptions = mask;
}

static struct virt_ops ops;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	memset(&fv, 0, sizeof(fv));
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&part, 0, sizeof(part));
	memset(vps, 0, sizeof(vps));
	memset(mails, 0, sizeof(mails));
	memset(irqs, 0, sizeof(irqs));
	ops = fv_ops;
	ops.enter = do_enter;
	ops.set_tpr = do_set_tpr;
	ops.set_exceptions = do_set_exceptions;
	ops.hypercall[0] = 0x0f;
	ops.hypercall[1] = 0x01;
	ops.hypercall[2] = 0xd9;
	virt = &ops;
	partition_root = &root;
	part.create_flags = HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED;
	for (uint32_t i = 0; i < 3; i++) {
		vps[i].partition = &part;
		vps[i].index = i;
		vlapic_init(&vps[i].arch.apic, i, true, true, 2000000000, i == 0);
		vps[i].arch.apic.reg[0xf] = 0x1ff;
		part.vps[i] = &vps[i];
	}
	a->rip = 0x1000;
	fake_hw.tsc = 100000;
	entries = length = eois = unimplemented = windows_taken = idles = synth_runs = 0;
	unrecoverable = deliverables = invalids = arms = prepares = tprs = 0;
	synth_due = UINT64_MAX;
	deliverable = -1;
	ours = root_wants = guest_sets_tpr = false;
	on_idle = NULL;
	return 0;
}

static void then(uint8_t kind, enum exit_action action, enum vp_exit stop)
{
	script[length++] = (struct script){ kind, false, action, stop };
}

/* -- what ends a run
 * ------------------------------------------------------------------------------- */

static void test_actions(void **state)
{
	(void)state;
	part.arch.exception_intercepts = 0x4002;
	fv.sys[SYS_INT_SHADOW] = 1;
	then(X86_EXIT_NONE, EXIT_RESUME, VP_EXIT_RESUME);
	then(X86_EXIT_CPUID, EXIT_NEXT, VP_EXIT_RESUME);
	then(X86_EXIT_CPUID, EXIT_NEXT, VP_EXIT_RESUME);
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
	assert_int_equal(entries, 4);
	assert_int_equal(a->rip, 0x1006);
	/* The shadow of STI is over with the instruction */
	assert_int_equal(fv.sys[SYS_INT_SHADOW], 0);
	assert_int_equal(this_cpu()->counters[COUNT_EXITS], 4);
	assert_int_equal(exceptions, 0x4002);
	assert_int_equal(windows_taken, 0);
	assert_int_equal(armed, UINT64_MAX);
	assert_int_equal(fv_count(FV_IRET_WINDOW), 0);
	/* While an NMI is handled its IRET is waited for */
	(void)setup(NULL);
	a->nmi_masked = true;
	then(X86_EXIT_MSR, EXIT_STOP, VP_EXIT_NO_MEMORY);
	assert_int_equal(arch_vp_run(vp), VP_EXIT_NO_MEMORY);
	assert_int_equal(a->rip, 0x1000);
	assert_int_equal(fv_count(FV_IRET_WINDOW), 1);
}

/* The single-step trap of an instruction that was done here (SDM vol. 3, 18.3.1.4) */
static void test_single_step(void **state)
{
	(void)state;
	fv.sys[SYS_RFLAGS] = RFLAGS_TF;
	a->debug_exception = 0xf; /* of one that is long over */
	then(X86_EXIT_CPUID, EXIT_NEXT, VP_EXIT_RESUME);
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	(void)arch_vp_run(vp);
	assert_true(a->debug_pending);
	assert_int_equal(a->debug_exception, 0x4000);
	/* With what waits already */
	a->debug_exception = 1;
	then(X86_EXIT_CPUID, EXIT_NEXT, VP_EXIT_RESUME);
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	(void)arch_vp_run(vp);
	assert_int_equal(a->debug_exception, 0x4001);
	/* An instruction that is made again has not been done, nor one without TF */
	a->debug_pending = false;
	then(X86_EXIT_CPUID, EXIT_RESUME, VP_EXIT_RESUME);
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	(void)arch_vp_run(vp);
	assert_false(a->debug_pending);
	fv.sys[SYS_RFLAGS] = RFLAGS_IF;
	then(X86_EXIT_CPUID, EXIT_NEXT, VP_EXIT_RESUME);
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	(void)arch_vp_run(vp);
	assert_false(a->debug_pending);
}

static void test_interrupt(void **state)
{
	(void)state;
	/* The core's own is taken here, and the guest goes on; the root's ends the run */
	ours = true;
	then(X86_EXIT_INTR, EXIT_STOP, VP_EXIT_INTERRUPT);
	then(X86_EXIT_INTR, EXIT_STOP, VP_EXIT_INTERCEPT);
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
	assert_int_equal(windows_taken, 1);
	(void)setup(NULL);
	then(X86_EXIT_INTR, EXIT_STOP, VP_EXIT_INTERRUPT);
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERRUPT);
}

static void test_before_entry(void **state)
{
	(void)state;
	fv.refuse = "CR4";
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
	assert_int_equal(invalids, 1);
	assert_string_equal(told_why, "CR4");
	fv.refuse = NULL;
	/* An interrupt in delivery that IF would have held back; no other event. Its shadow is
	 * over. */
	for (uint32_t i = 0; i < 8; i++) {
		bool good = i & 5;

		(void)setup(NULL);
		a->event =
			(struct x86_event){ .pending = true, .type = i & 4 ? 3 : 0, .vector = 14 };
		fv.sys[SYS_RFLAGS] = i & 1 ? RFLAGS_IF : 0;
		fv.sys[SYS_INT_SHADOW] = i >> 1 & 1;
		if (good)
			then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
		assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
		assert_int_equal(invalids, !good);
		assert_int_equal(fv.sys[SYS_INT_SHADOW], (i & 2) && (i & 4 || !good));
		assert_true(a->event.pending); /* it may be set right, and run */
	}
	a->event.pending = false;
	entries = length = 0;
	vp->explicit_suspend = true;
	assert_int_equal(arch_vp_run(vp), VP_EXIT_SUSPENDED);
	vp->explicit_suspend = false;
	vp->dispatch_suspend = true;
	assert_int_equal(arch_vp_run(vp), VP_EXIT_SUSPENDED);
	vp->dispatch_suspend = false;
	a->activity = X86_SHUTDOWN;
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
	assert_int_equal(unrecoverable, 1);
	assert_int_equal(a->activity, X86_SHUTDOWN);
	a->activity = X86_WAIT_SIPI;
	assert_int_equal(arch_vp_run(vp), VP_EXIT_HALTED);
	assert_int_equal(entries, 0);
}

static void test_notify(void **state)
{
	(void)state;
	a->notify = HV_DELIVERABILITY_NMI | HV_DELIVERABILITY_INTERRUPT | 0x14;
	deliverable = 2;
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
	assert_int_equal(told_type, 2);
	assert_int_equal(a->notify, HV_DELIVERABILITY_INTERRUPT | 0x14);
	deliverable = 0;
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
	assert_int_equal(told_type, 0);
	assert_int_equal(a->notify, 0);
	assert_int_equal(deliverables, 2);
	/* Asked for once, told once; and not before it can be */
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
	(void)setup(NULL);
	a->notify = HV_DELIVERABILITY_NMI;
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
	assert_int_equal(deliverables, 0);
	assert_int_equal(a->notify, HV_DELIVERABILITY_NMI);
}

static void test_tpr(void **state)
{
	(void)state;
	vlapic_set_tpr(&a->apic, 0x35);
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	(void)arch_vp_run(vp);
	assert_int_equal(hw_tpr, 3);
	assert_int_equal(vlapic_tpr(&a->apic), 0x35); /* untouched by the guest: its low half too */
	guest_sets_tpr = true;
	guest_tpr = 9;
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	(void)arch_vp_run(vp);
	assert_int_equal(vlapic_tpr(&a->apic), 0x90);
}

/* -- halted
 * ---------------------------------------------------------------------------------------- */

static bool wakes(void)
{
	enum vp_exit e;

	a->activity = X86_HALTED;
	entries = length = 0;
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	e = arch_vp_run(vp);
	assert_int_equal(e, entries ? VP_EXIT_INTERCEPT : VP_EXIT_HALTED);
	assert_int_equal(a->activity, entries ? X86_ACTIVE : X86_HALTED);
	return entries;
}

static void test_wakes(void **state)
{
	(void)state;
	assert_false(wakes());
	a->event = (struct x86_event){ .pending = true, .type = 3, .vector = 14 };
	assert_true(wakes());
	a->event.pending = false;
	a->debug_pending = true;
	assert_true(wakes());
	a->debug_pending = false;
	a->nmi_pending = true;
	assert_true(wakes());
	a->nmi_masked = true;
	assert_false(wakes());
	a->nmi_pending = a->nmi_masked = false;
	/* An exception does whatever IF is; an interrupt only when IF lets it in */
	a->queued = (struct x86_event){ .pending = true, .type = 3 };
	assert_true(wakes());
	a->queued.type = 0;
	assert_false(wakes());
	fv.sys[SYS_RFLAGS] = RFLAGS_IF;
	assert_true(wakes());
	a->queued.pending = false;
	assert_false(wakes());
	assert_true(vlapic_accept(&a->apic, 0x51, false));
	assert_true(wakes());
	vlapic_set_tpr(&a->apic, 0x50);
	assert_false(wakes());
	vlapic_set_tpr(&a->apic, 0);
	fv.sys[SYS_RFLAGS] = 0;
	assert_false(wakes());
}

static bool mail_comes(void)
{
	vp->mail = VP_MAIL_NMI;
	return false;
}

static void test_idle(void **state)
{
	(void)state;
	/* Until its own timer, which wakes it */
	fv.sys[SYS_RFLAGS] = RFLAGS_IF;
	a->activity = X86_HALTED;
	a->tsc_offset = 500;
	synth_due = 170000;
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
	assert_int_equal(idles, 1);
	assert_int_equal(idle_until, 170000);
	assert_int_equal(synth_runs, 1);
	assert_int_equal(entries, 1);
	/* The APIC's is in guest time; the nearer one counts */
	(void)setup(NULL);
	fv.sys[SYS_RFLAGS] = RFLAGS_IF;
	a->activity = X86_HALTED;
	a->tsc_offset = 500;
	a->apic.reg[0x32] = 0x400ef;
	vlapic_set_tsc_deadline(&a->apic, 150500);
	synth_due = 170000;
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
	assert_int_equal(idle_until, 150000);
	assert_int_equal(synth_runs, 0);
	assert_int_equal(vlapic_pending(&a->apic), 0xef);
	assert_int_equal(armed, 170000);
	/* The root has something to do: the VP stays halted */
	(void)setup(NULL);
	a->activity = X86_HALTED;
	synth_due = 170000;
	root_wants = true;
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERRUPT);
	assert_int_equal(a->activity, X86_HALTED);
	/* Mail ends it */
	(void)setup(NULL);
	a->activity = X86_HALTED;
	synth_due = 170000;
	on_idle = mail_comes;
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
	assert_int_equal(entries, 1);
}

/* -- timers
 * ---------------------------------------------------------------------------------------- */

/* Are the timers looked for anew after an exit of this kind? */
static bool looks(uint8_t kind, bool write)
{
	uint32_t once;

	entries = length = finds = 0;
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	(void)arch_vp_run(vp);
	once = finds;
	entries = length = finds = 0;
	then(kind, EXIT_RESUME, VP_EXIT_RESUME);
	script[0].write = write;
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	(void)arch_vp_run(vp);
	assert_true(finds == once || finds == 2 * once);
	return finds > once;
}

static void test_timers(void **state)
{
	(void)state;
	for (uint8_t k = 0; k < X86_EXIT_KINDS; k++) {
		bool keeps = k == X86_EXIT_NONE || k == X86_EXIT_CPUID || k == X86_EXIT_IO ||
			     k == X86_EXIT_INTR || k == X86_EXIT_INTR_WINDOW ||
			     k == X86_EXIT_EXCEPTION || k == X86_EXIT_HYPERCALL ||
			     k == X86_EXIT_MSR || k == X86_EXIT_SLAT;

		assert_int_equal(looks(k, false), !keeps);
	}
	assert_true(looks(X86_EXIT_MSR, true));
	for (uint32_t i = 0; i < 4; i++) {
		struct vlapic_effect e = { .timer_changed = i & 1, .eoi = i & 2 };

		a->timers_moved = false;
		apic_effect(vp, &e);
		assert_int_equal(a->timers_moved, i != 0);
	}
	/* One that is due is not early and not late */
	(void)setup(NULL);
	synth_due = fake_hw.tsc + 1;
	then(X86_EXIT_CPUID, EXIT_RESUME, VP_EXIT_RESUME);
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	(void)arch_vp_run(vp);
	assert_int_equal(synth_runs, 0);
	assert_int_equal(armed, fake_hw.tsc + 1);
	synth_due = fake_hw.tsc;
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	(void)arch_vp_run(vp);
	assert_int_equal(synth_runs, 1);
	assert_int_equal(armed, UINT64_MAX);
}

/* Set once, until something has used it up: idling, its own interrupt, its exit. */
static void test_armed(void **state)
{
	static const struct {
		uint8_t kind;
		enum exit_action action;
		uint32_t arms;
	} rows[] = {
		{ X86_EXIT_CPUID, EXIT_NEXT, 1 },      { X86_EXIT_SLAT, EXIT_RESUME, 1 },
		{ X86_EXIT_DEADLINE, EXIT_RESUME, 2 }, { X86_EXIT_INTR, EXIT_STOP, 2 },
		{ X86_EXIT_HLT, EXIT_NEXT, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)setup(NULL);
		synth_due = 170000;
		ours = true;
		on_idle = mail_comes;
		then(rows[i].kind, rows[i].action, VP_EXIT_INTERRUPT);
		script[0].write = rows[i].kind == X86_EXIT_HLT;
		then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
		assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
		assert_int_equal(idles, rows[i].kind == X86_EXIT_HLT);
		assert_int_equal(arms, rows[i].arms);
		assert_int_equal(armed, 170000);
	}
}

/* The back end's TPR follows one that a handler wrote, and is left alone else. */
static void test_tpr_again(void **state)
{
	(void)state;
	then(X86_EXIT_CPUID, EXIT_NEXT, VP_EXIT_RESUME);
	then(X86_EXIT_MSR, EXIT_NEXT, VP_EXIT_RESUME);
	script[1].write = true;
	then(X86_EXIT_CPUID, EXIT_NEXT, VP_EXIT_RESUME);
	then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
	hw_tpr = 15;
	(void)arch_vp_run(vp);
	assert_int_equal(hw_tpr, 6);
	assert_int_equal(vlapic_tpr(&a->apic), 0x60);
	assert_int_equal(tprs, 2);
}

/* Each of these alone has something for the entry to deliver or to wait for. */
static void test_inject_waits(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 9; i++) {
		(void)setup(NULL);
		a->event = (struct x86_event){ .pending = i == 1, .type = 3, .vector = 13 };
		a->queued.pending = i == 2;
		a->debug_pending = i == 3;
		a->nmi_pending = i == 4;
		a->intr_window = i == 5;
		a->notify = i == 6 ? HV_DELIVERABILITY_INTERRUPT : i == 7 ? BIT(63) : 0;
		if (i == 8)
			assert_true(vlapic_accept(&a->apic, 16, false));
		then(X86_EXIT_IO, EXIT_STOP, VP_EXIT_INTERCEPT);
		(void)arch_vp_run(vp);
		assert_int_equal(prepares, i != 0);
	}
}

/* -- the mailbox
 * ----------------------------------------------------------------------------------- */

static void test_mail_init(void **state)
{
	(void)state;
	/* The boot processor starts over, another waits */
	fv.sys[SYS_CR0] = 0x80000011 | CR0_CD;
	vp->mail = VP_MAIL_INIT | VP_MAIL_SIPI;
	arch_vp_take_mail(vp);
	assert_int_equal(vp->mail, 0);
	assert_int_equal(a->activity, X86_ACTIVE);
	assert_int_equal(a->rip, 0xfff0);
	assert_int_equal(fv.sys[SYS_CR0], CR0_ET | CR0_CD); /* INIT keeps CD and NW */
	vps[1].mail = VP_MAIL_INIT;
	arch_vp_take_mail(&vps[1]);
	assert_int_equal(vps[1].arch.activity, X86_WAIT_SIPI);
	vps[1].mail_sipi = 0x9a;
	vps[1].mail = VP_MAIL_SIPI;
	arch_vp_take_mail(&vps[1]);
	assert_int_equal(vps[1].arch.activity, X86_ACTIVE);
	assert_int_equal(vps[1].arch.rip, 0);
	assert_int_equal(fv.seg[SEG_CS].base, 0x9a000);
	assert_int_equal(fv.seg[SEG_CS].selector, 0x9a00);
	/* A second one is nothing: it runs */
	vps[1].arch.rip = 0x77;
	vps[1].mail_sipi = 0x10;
	vps[1].mail = VP_MAIL_SIPI;
	arch_vp_take_mail(&vps[1]);
	assert_int_equal(vps[1].arch.rip, 0x77);
	/* Both at once: first the one, then the other */
	vps[1].mail = VP_MAIL_INIT | VP_MAIL_SIPI;
	arch_vp_take_mail(&vps[1]);
	assert_int_equal(vps[1].arch.activity, X86_ACTIVE);
	assert_int_equal(fv.seg[SEG_CS].base, 0x10000);
}

/* The tag is of no generation, so that the next entry takes another. */
static void test_mail_flush(void **state)
{
	(void)state;
	a->asid_gen = 7;
	vp->mail = VP_MAIL_FLUSH;
	arch_vp_take_mail(vp);
	assert_int_equal(a->asid_gen, 0);
	assert_int_equal(vp->mail, 0);
}

/* The root gets its CPU once, and what else came waits for the next dispatch. */
static void test_mail_yield(void **state)
{
	(void)state;
	vp->mail = VP_MAIL_YIELD | VP_MAIL_NMI;
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERRUPT);
	assert_int_equal(vp->mail, VP_MAIL_NMI);
	assert_false(a->nmi_pending);
}

static void test_mail_irq(void **state)
{
	(void)state;
	vp->mail = VP_MAIL_IRQ | VP_MAIL_NMI;
	vp->mail_irr[0] = BIT(0x31);
	vp->mail_irr[1] = BIT(0) | BIT(63);
	vp->mail_irr[3] = BIT(63);
	vp->mail_level[1] = BIT(63) | BIT(5);
	arch_vp_take_mail(vp);
	assert_true(a->nmi_pending);
	assert_int_equal(a->apic.reg[0x21], BIT(0x31 - 32));
	assert_int_equal(a->apic.reg[0x22], 1);
	assert_int_equal(a->apic.reg[0x23], 0x80000000);
	assert_int_equal(a->apic.reg[0x27], 0x80000000);
	/* Level for the one that said so; what was not taken is still there */
	assert_int_equal(a->apic.reg[0x1a], 0);
	assert_int_equal(a->apic.reg[0x1b], 0x80000000);
	assert_int_equal(vp->mail_level[1], BIT(5));
	assert_int_equal(vp->mail_irr[0] | vp->mail_irr[1] | vp->mail_irr[3], 0);
	/* Without the word nobody looks */
	vp->mail_irr[2] = 1;
	a->asid_gen = 7;
	vp->mail = VP_MAIL_KICK;
	arch_vp_take_mail(vp);
	assert_int_equal(a->asid_gen, 7);
	assert_int_equal(vp->mail_irr[2], 1);
	arch_vp_raise(vp, 0x77);
	assert_int_equal(a->apic.reg[0x23], 0x80000000 | BIT(0x77 - 96));
}

static void test_mail_lint(void **state)
{
	(void)state;
	a->apic.reg[0x35] = 0x41;  /* fixed */
	a->apic.reg[0x36] = 0x400; /* NMI */
	vp->mail = VP_MAIL_LINT0;
	arch_vp_take_mail(vp);
	assert_int_equal(vlapic_pending(&a->apic), 0x41);
	assert_false(a->nmi_pending);
	vp->mail = VP_MAIL_LINT1;
	arch_vp_take_mail(vp);
	assert_true(a->nmi_pending);
	assert_int_equal(unimplemented, 0);
	for (uint32_t mode = 2; mode < 8; mode++) {
		a->nmi_pending = false;
		unimplemented = 0;
		a->apic.reg[0x35] = mode << 8;
		vp->mail = VP_MAIL_LINT0;
		arch_vp_take_mail(vp);
		assert_int_equal(a->nmi_pending, mode == 4);
		/* SMI, INIT, ExtINT: said, once */
		assert_int_equal(unimplemented,
				 mode == 2 || mode == 5 || mode == 7 ? UNIMPLEMENTED_IPI : 0);
	}
	a->nmi_pending = false;
	a->apic.reg[0x35] = 0x10400; /* masked */
	vp->mail = VP_MAIL_LINT0;
	arch_vp_take_mail(vp);
	assert_false(a->nmi_pending);
}

/* -- IPIs
 * ------------------------------------------------------------------------------------------ */

static void ipi(uint8_t mode, uint8_t vector, uint8_t shorthand, uint32_t dest)
{
	struct vlapic_effect e = {
		.has_ipi = true,
		.ipi = { .mode = mode, .vector = vector, .shorthand = shorthand, .dest = dest }
	};

	memset(mails, 0, sizeof(mails));
	memset(irqs, 0, sizeof(irqs));
	unimplemented = 0;
	apic_effect(vp, &e);
}

static void test_ipi(void **state)
{
	(void)state;
	ipi(VLAPIC_FIXED, 0x41, VLAPIC_DEST, 2);
	assert_true(!irqs[0] && !irqs[1] && irqs[2] == 0x41);
	ipi(VLAPIC_FIXED, 0x42, VLAPIC_OTHERS, 0);
	assert_true(!irqs[0] && irqs[1] == 0x42 && irqs[2] == 0x42);
	ipi(VLAPIC_LOWEST, 0x43, VLAPIC_OTHERS, 0);
	assert_true(!irqs[0] && irqs[1] == 0x43 && !irqs[2]);
	ipi(VLAPIC_NMI, 0, VLAPIC_DEST, 1);
	assert_true(!mails[0] && mails[1] == VP_MAIL_NMI && !mails[2]);
	ipi(VLAPIC_INIT, 0, VLAPIC_OTHERS, 0);
	assert_true(!mails[0] && mails[1] == VP_MAIL_INIT && mails[2] == VP_MAIL_INIT);
	ipi(VLAPIC_SIPI, 0x9a, VLAPIC_DEST, 2);
	assert_true(mails[2] == VP_MAIL_SIPI && vps[2].mail_sipi == 0x9a && !vps[1].mail_sipi);
	ipi(VLAPIC_SMI, 0, VLAPIC_DEST, 1);
	assert_int_equal(mails[1], 0);
	assert_int_equal(unimplemented, UNIMPLEMENTED_IPI);
	ipi(VLAPIC_NMI, 0, VLAPIC_DEST, 9);
	assert_true(!mails[0] && !mails[1] && !mails[2]);
	assert_int_equal(eois, 0);
	apic_effect(vp, &(struct vlapic_effect){ .eoi = true });
	assert_int_equal(eois, 1);
}

static void test_hv_apic(void **state)
{
	uint64_t v = 0x31;

	(void)state;
	assert_true(arch_hv_apic_msr(vp, HV_X64_MSR_TPR, true, &v));
	v = 0;
	assert_true(arch_hv_apic_msr(vp, HV_X64_MSR_TPR, false, &v));
	assert_int_equal(v, 0x31);
	v = 0x100;
	assert_false(arch_hv_apic_msr(vp, HV_X64_MSR_TPR, true, &v));
	assert_int_equal(vlapic_tpr(&a->apic), 0x31);
	assert_false(arch_hv_apic_msr(vp, HV_X64_MSR_EOI, false, &v));
	assert_int_equal(eois, 0);
	v = 0;
	assert_true(arch_hv_apic_msr(vp, HV_X64_MSR_EOI, true, &v));
	assert_int_equal(eois, 1);
	/* ICR in whatever mode the APIC is */
	v = 0x0200000000000041;
	assert_true(arch_hv_apic_msr(vp, HV_X64_MSR_ICR, true, &v));
	assert_int_equal(irqs[2], 0x41);
	v = 0;
	assert_true(arch_hv_apic_msr(vp, HV_X64_MSR_ICR, false, &v));
	assert_int_equal(v, 0x0200000000000041);
	vlapic_set_base(&a->apic, 0xfee00d00);
	v = 0x0000000100000042;
	assert_true(arch_hv_apic_msr(vp, HV_X64_MSR_ICR, true, &v));
	assert_int_equal(irqs[1], 0x42);
	v = 0;
	assert_true(arch_hv_apic_msr(vp, HV_X64_MSR_ICR, false, &v));
	assert_int_equal(v, 0x0000000100000042);
	v = BIT(20); /* reserved: #GP, nothing sent */
	irqs[0] = 0;
	assert_false(arch_hv_apic_msr(vp, HV_X64_MSR_ICR, true, &v));
	assert_int_equal(irqs[0], 0);
	part.create_flags = 0;
	v = 0;
	assert_false(arch_hv_apic_msr(vp, HV_X64_MSR_TPR, false, &v));
	assert_false(arch_hv_apic_msr(vp, HV_X64_MSR_EOI, true, &v));
	assert_int_equal(eois, 1);
}

static void test_pages(void **state)
{
	uint8_t page[4096 + 1];

	(void)state;
	page[4096] = 0x77;
	hypercall_page_fill(page);
	assert_memory_equal(page, "\x0f\x01\xd9\xc3", 4);
	for (uint32_t i = 4; i < 4096; i++)
		assert_int_equal(page[i], 0xcc); /* nothing else to run there */
	assert_int_equal(page[4096], 0x77);
	arch_vp_shift_time(vp, 300);
	assert_int_equal(a->tsc_offset, (uint64_t)-300);
	assert_int_equal(fv.log[fv.notes - 1].value, (uint64_t)-300);
}

/* A SINT whose slot is free is announced once; what is not waits. */
static void test_sint_notify(void **state)
{
	(void)state;
	vp->sint_notify = 0x1104;
	a->notify = NOTIFY_SINTS;
	announcements = 0;
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
	assert_int_equal(announced, 0x0104);
	assert_int_equal(vp->sint_notify, 0x1000);
	assert_int_equal(announcements, 1);
	then(X86_EXIT_INTR, EXIT_STOP, VP_EXIT_INTERRUPT);
	(void)arch_vp_run(vp);
	assert_int_equal(announcements, 1);
	assert_true(a->notify == NOTIFY_SINTS);
	vp->sint_notify = 0x0004;
	assert_int_equal(arch_vp_run(vp), VP_EXIT_INTERCEPT);
	assert_int_equal(announcements, 2);
	assert_int_equal(a->notify, 0);
}

/* A guest's interrupt goes by its mailbox, the root's by its CPU's APIC. */
static void test_post(void **state)
{
	struct vp root_vp = { .partition = &root, .index = 1 };

	(void)state;
	percpu_table[1]->apic_id = 6;
	ipi_low = 0;
	arch_vp_post(vp, 0x55);
	assert_int_equal(ipi_low, 0);
	assert_int_equal(irqs[0], 0x55);
	arch_vp_post(&root_vp, 0x56);
	assert_int_equal(ipi_dest, 6);
	assert_int_equal(ipi_low, 0x4056);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_actions, setup),
		cmocka_unit_test_setup(test_single_step, setup),
		cmocka_unit_test_setup(test_interrupt, setup),
		cmocka_unit_test_setup(test_before_entry, setup),
		cmocka_unit_test_setup(test_notify, setup),
		cmocka_unit_test_setup(test_sint_notify, setup),
		cmocka_unit_test_setup(test_post, setup),
		cmocka_unit_test_setup(test_tpr, setup),
		cmocka_unit_test_setup(test_wakes, setup),
		cmocka_unit_test_setup(test_idle, setup),
		cmocka_unit_test_setup(test_timers, setup),
		cmocka_unit_test_setup(test_armed, setup),
		cmocka_unit_test_setup(test_tpr_again, setup),
		cmocka_unit_test_setup(test_inject_waits, setup),
		cmocka_unit_test_setup(test_mail_init, setup),
		cmocka_unit_test_setup(test_mail_irq, setup),
		cmocka_unit_test_setup(test_mail_flush, setup),
		cmocka_unit_test_setup(test_mail_yield, setup),
		cmocka_unit_test_setup(test_mail_lint, setup),
		cmocka_unit_test_setup(test_ipi, setup),
		cmocka_unit_test_setup(test_hv_apic, setup),
		cmocka_unit_test_setup(test_pages, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
