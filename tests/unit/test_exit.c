/* SPDX-License-Identifier: MIT */
/*
 * What each kind of exit comes to, for a guest and for the root: who is asked, what is injected,
 * how the VP goes on. And the exits that are short enough to be handled on the spot: hypercalls,
 * exceptions, XSETBV.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <insn.h>

#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/deadline.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "fake_arch.h"
#include "fake_virt.h"
#include "hvapi/hypercall.h"

/* Who was asked, in order */
enum asked {
	NOBODY,
	LENGTH,
	GP,
	UD,
	EXCEPTION,
	NMI_WINDOW,
	OPENED,
	CLOSED,
	MACHINE_RESET,
	EXPIRED,
	CPUID,
	MSR_ROOT,
	MSR_GUEST,
	SLAT_ROOT,
	SLAT_GUEST,
	IO,
	CR,
	TASK,
	I_HALT,
	I_SHUTDOWN,
	I_INVALID,
	I_UNSUPPORTED,
	I_EXCEPTION,
	I_MEMORY,
	UNIMPLEMENTED,
	DISPATCH,
};

static struct {
	enum asked who;
	uint64_t a, b;
} asked[32];
static uint32_t asks;

static struct partition part, root;
static struct vp vp, root_vp;
static bool length_known, deadline_ours, enabled;
static enum x86_mode mode;
static struct hv_hcall_io seen, reply;

struct partition *partition_root = &root;

static void ask(enum asked who, uint64_t a, uint64_t b)
{
	assert_true(asks < ARRAY_LEN(asked));
	asked[asks].who = who;
	asked[asks].a = a;
	asked[asks++].b = b;
}

bool insn_length(struct vp *v, struct x86_exit *ex)
{
	(void)v;
	ask(LENGTH, 0, 0);
	if (length_known)
		ex->len = 3;
	return length_known;
}

enum x86_mode insn_mode(struct vp *v)
{
	(void)v;
	return mode;
}

void inject_gp(struct vp *v)
{
	(void)v;
	ask(GP, 0, 0);
}

void inject_ud(struct vp *v)
{
	(void)v;
	ask(UD, 0, 0);
}

void inject_exception(struct vp *v, uint8_t vector, bool has_error, uint32_t error)
{
	(void)v;
	ask(EXCEPTION, vector, has_error ? BIT(32) | error : 0);
}

void root_nmi_window(void)
{
	ask(NMI_WINDOW, 0, 0);
}

void arch_machine_reset(void)
{
	ask(MACHINE_RESET, 0, 0);
}

static bool root_waits;

bool deadline_root_waits(void)
{
	return root_waits;
}

bool deadline_expired(void)
{
	ask(EXPIRED, 0, 0);
	return deadline_ours;
}

#define HANDLER(name, who) \
	enum exit_action name(struct vp *v, struct x86_exit *ex) \
	{ \
		(void)v; \
		(void)ex; \
		ask(who, 0, 0); \
		return EXIT_NEXT; \
	}
HANDLER(exit_cpuid, CPUID)
HANDLER(exit_msr_root, MSR_ROOT)
HANDLER(exit_msr_guest, MSR_GUEST)
HANDLER(exit_slat_root, SLAT_ROOT)
HANDLER(exit_slat_guest, SLAT_GUEST)
HANDLER(exit_io, IO)
HANDLER(exit_cr, CR)
HANDLER(exit_task_switch, TASK)
HANDLER(intercept_halt, I_HALT)
HANDLER(intercept_unrecoverable, I_SHUTDOWN)
HANDLER(intercept_exception, I_EXCEPTION)

enum exit_action intercept_invalid_register(struct vp *v, const char *why)
{
	(void)v;
	ask(I_INVALID, why == fv.refuse, (uint64_t)(uint8_t)why[0]);
	return EXIT_STOP;
}

enum exit_action intercept_unsupported(struct vp *v, uint32_t feature, uint64_t arg)
{
	(void)v;
	ask(I_UNSUPPORTED, feature, arg);
	return EXIT_STOP;
}

enum exit_action intercept_memory(struct vp *v, gpa_t gpa, uint32_t access, bool unmapped,
				  const struct x86_exit *ex)
{
	(void)v;
	assert_null(ex);
	ask(I_MEMORY, gpa.v, access | (unmapped ? BIT(32) : 0));
	return EXIT_STOP;
}

void partition_unimplemented(struct partition *p, uint32_t kind, const char *what, uint64_t arg)
{
	assert_ptr_equal(p, vp.partition);
	(void)what;
	ask(UNIMPLEMENTED, kind, arg);
}

bool hypercall_enabled(const struct partition *p)
{
	assert_ptr_equal(p, vp.partition);
	return enabled;
}

/* Answers what the test wants; `seen` is what it was called with. */
void hypercall_dispatch(struct vp *caller, struct hv_hcall_io *io)
{
	assert_ptr_equal(caller, &vp);
	ask(DISPATCH, 0, 0);
	seen.control = io->control;
	seen.input = io->input;
	seen.output = io->output;
	seen.wide = io->wide;
	seen.ext_words = io->ext_words;
	*io = reply;
}

static void opened(void)
{
	ask(OPENED, 0, 0);
}

static void closed(void)
{
	ask(CLOSED, 0, 0);
}

static struct virt_ops ops;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	memset(&fv, 0, sizeof(fv));
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&part, 0, sizeof(part));
	memset(&root, 0, sizeof(root));
	memset(&vp, 0, sizeof(vp));
	memset(&root_vp, 0, sizeof(root_vp));
	memset(&seen, 0xa5, sizeof(seen));
	memset(&reply, 0, sizeof(reply));
	ops = fv_ops;
	ops.open = opened;
	ops.close = closed;
	virt = &ops;
	this_cpu()->root_vp = &root_vp;
	vp.partition = &part;
	vp.arch.rip = 0x1000;
	vp.arch.activity = X86_ACTIVE;
	fv.sys[SYS_INT_SHADOW] = 1;
	fv.sys[SYS_CR0] = CR0_PE;
	length_known = enabled = true;
	deadline_ours = false;
	mode = X86_MODE_64;
	asks = 0;
	return 0;
}

/* -- the table --------------------------------------------------------------------------------- */

static const struct outcome {
	uint8_t kind;
	struct {
		enum exit_action action;
		enum asked who[3];
		int stop; /* enum vp_exit, 0: no matter */
	} guest, root;
} outcomes[] = {
	{ X86_EXIT_UNKNOWN, { EXIT_STOP, { I_UNSUPPORTED }, 0 }, { EXIT_RESUME, { NOBODY }, 0 } },
	{ X86_EXIT_NONE, { EXIT_RESUME, { NOBODY }, 0 }, { EXIT_RESUME, { NOBODY }, 0 } },
	{ X86_EXIT_CPUID, { EXIT_NEXT, { CPUID }, 0 }, { EXIT_NEXT, { CPUID }, 0 } },
	{ X86_EXIT_MSR, { EXIT_NEXT, { MSR_GUEST }, 0 }, { EXIT_NEXT, { MSR_ROOT }, 0 } },
	{ X86_EXIT_HYPERCALL,
	  { EXIT_NEXT, { LENGTH, DISPATCH }, 0 },
	  { EXIT_NEXT, { LENGTH, DISPATCH }, 0 } },
	{ X86_EXIT_IO, { EXIT_NEXT, { IO }, 0 }, { EXIT_NEXT, { LENGTH }, 0 } },
	{ X86_EXIT_SLAT, { EXIT_NEXT, { SLAT_GUEST }, 0 }, { EXIT_NEXT, { SLAT_ROOT }, 0 } },
	{ X86_EXIT_HLT, { EXIT_RESUME, { LENGTH }, 0 }, { EXIT_NEXT, { LENGTH }, 0 } },
	{ X86_EXIT_INTR,
	  { EXIT_STOP, { NOBODY }, VP_EXIT_INTERRUPT },
	  { EXIT_RESUME, { NOBODY }, 0 } },
	{ X86_EXIT_NMI, { EXIT_RESUME, { NMI_WINDOW }, 0 }, { EXIT_RESUME, { NMI_WINDOW }, 0 } },
	{ X86_EXIT_INTR_WINDOW, { EXIT_RESUME, { NOBODY }, 0 }, { EXIT_RESUME, { NOBODY }, 0 } },
	{ X86_EXIT_IRET, { EXIT_RESUME, { NOBODY }, 0 }, { EXIT_RESUME, { NOBODY }, 0 } },
	{ X86_EXIT_EXCEPTION,
	  { EXIT_RESUME, { EXCEPTION }, 0 },
	  { EXIT_RESUME, { EXCEPTION }, 0 } },
	{ X86_EXIT_SHUTDOWN,
	  { EXIT_NEXT, { I_SHUTDOWN }, 0 },
	  { EXIT_RESUME, { MACHINE_RESET }, 0 } },
	{ X86_EXIT_INVALID_STATE, { EXIT_STOP, { I_INVALID }, 0 }, { EXIT_RESUME, { NOBODY }, 0 } },
	{ X86_EXIT_TASK_SWITCH, { EXIT_NEXT, { TASK }, 0 }, { EXIT_NEXT, { TASK }, 0 } },
	{ X86_EXIT_XSETBV, { EXIT_RESUME, { LENGTH, GP }, 0 }, { EXIT_RESUME, { LENGTH, GP }, 0 } },
	{ X86_EXIT_INVD, { EXIT_NEXT, { LENGTH }, 0 }, { EXIT_NEXT, { LENGTH }, 0 } },
	{ X86_EXIT_WBINVD, { EXIT_NEXT, { LENGTH }, 0 }, { EXIT_NEXT, { LENGTH }, 0 } },
	{ X86_EXIT_MONITOR, { EXIT_RESUME, { UD }, 0 }, { EXIT_NEXT, { LENGTH }, 0 } },
	{ X86_EXIT_MWAIT, { EXIT_RESUME, { UD }, 0 }, { EXIT_NEXT, { LENGTH }, 0 } },
	{ X86_EXIT_RDPMC, { EXIT_RESUME, { GP }, 0 }, { EXIT_RESUME, { GP }, 0 } },
	{ X86_EXIT_RSM, { EXIT_RESUME, { UD }, 0 }, { EXIT_RESUME, { UD }, 0 } },
	{ X86_EXIT_SMI,
	  { EXIT_RESUME, { OPENED, CLOSED }, 0 },
	  { EXIT_RESUME, { OPENED, CLOSED }, 0 } },
	{ X86_EXIT_INIT,
	  { EXIT_RESUME, { UNIMPLEMENTED }, 0 },
	  { EXIT_RESUME, { UNIMPLEMENTED }, 0 } },
	{ X86_EXIT_UD, { EXIT_RESUME, { UD }, 0 }, { EXIT_RESUME, { UD }, 0 } },
	{ X86_EXIT_GP, { EXIT_RESUME, { GP }, 0 }, { EXIT_RESUME, { GP }, 0 } },
	{ X86_EXIT_SKIP, { EXIT_NEXT, { LENGTH }, 0 }, { EXIT_NEXT, { LENGTH }, 0 } },
	{ X86_EXIT_CR, { EXIT_NEXT, { CR }, 0 }, { EXIT_NEXT, { CR }, 0 } },
	{ X86_EXIT_DEADLINE,
	  { EXIT_STOP, { EXPIRED }, VP_EXIT_INTERRUPT },
	  { EXIT_RESUME, { NOBODY }, 0 } },
	{ X86_EXIT_FERR, { EXIT_RESUME, { EXCEPTION }, 0 }, { EXIT_RESUME, { EXCEPTION }, 0 } },
};

static void test_table(void **state)
{
	bool met[X86_EXIT_KINDS] = { false };

	(void)state;
	for (uint32_t i = 0; i < 2 * ARRAY_LEN(outcomes); i++) {
		const struct outcome *o = &outcomes[i / 2];
		const enum asked *who = i % 2 ? o->root.who : o->guest.who;
		struct x86_exit ex = { .kind = o->kind };
		enum exit_action a;
		uint32_t n = 0;

		(void)setup(NULL);
		met[o->kind] = true;
		vp.partition = i % 2 ? &root : &part;
		a = exit_handle(&vp, &ex);
		while (n < 3 && who[n])
			n++;
		if (a != (i % 2 ? o->root.action : o->guest.action) || asks != n)
			fail_msg("kind %u, %s: action %u, %u asked", o->kind,
				 i % 2 ? "root" : "guest", a, asks);
		for (uint32_t k = 0; k < n; k++)
			if (asked[k].who != who[k])
				fail_msg("kind %u: asked %u, not %u", o->kind, asked[k].who,
					 who[k]);
		if (!(i % 2) && o->guest.stop)
			assert_int_equal(vp.arch.stop, o->guest.stop);
		/* The caller skips what is to be skipped: HLT goes its own way */
		assert_int_equal(vp.arch.rip,
				 o->kind == X86_EXIT_HLT && !(i % 2) ? 0x1003 : 0x1000);
	}
	for (uint32_t k = 0; k < X86_EXIT_KINDS; k++)
		assert_true(met[k]);
}

/* Bytes that are not there any more: the same instruction again, and nothing has happened. */
static void test_no_length(void **state)
{
	static const uint8_t kinds[] = { X86_EXIT_HLT,	X86_EXIT_INVD,	 X86_EXIT_WBINVD,
					 X86_EXIT_SKIP, X86_EXIT_XSETBV, X86_EXIT_HYPERCALL };

	(void)state;
	for (uint32_t i = 0; i < 2 * ARRAY_LEN(kinds); i++) {
		struct x86_exit ex = { .kind = kinds[i / 2] };

		(void)setup(NULL);
		vp.partition = i % 2 ? &root : &part;
		length_known = false;
		assert_int_equal(exit_handle(&vp, &ex), EXIT_RESUME);
		assert_int_equal(asks, 1);
		assert_int_equal(vp.arch.rip, 0x1000);
		assert_int_equal(vp.arch.activity, X86_ACTIVE);
		assert_int_equal(fake_hw.writes, 0);
	}
}

static void test_halt(void **state)
{
	struct x86_exit ex = { .kind = X86_EXIT_HLT };

	(void)state;
	assert_int_equal(exit_handle(&vp, &ex), EXIT_RESUME);
	assert_int_equal(vp.arch.activity, X86_HALTED);
	assert_int_equal(fv.sys[SYS_INT_SHADOW], 0);
	assert_int_equal(vp.arch.rip, 0x1003);
	assert_false(vp.arch.debug_pending);
	/* Single-stepped: the trap is due, and wakes it (SDM vol. 2, HLT) */
	fv.sys[SYS_RFLAGS] = RFLAGS_TF;
	assert_int_equal(exit_handle(&vp, &ex), EXIT_RESUME);
	assert_true(vp.arch.debug_pending);
	assert_int_equal(vp.arch.debug_exception, 0x4000);
	(void)setup(NULL);
	part.arch.hlt_intercept = true;
	assert_int_equal(exit_handle(&vp, &ex), EXIT_NEXT);
	assert_int_equal(asked[1].who, I_HALT);
	assert_int_equal(vp.arch.activity, X86_ACTIVE);
	assert_int_equal(vp.arch.rip, 0x1000); /* the message's business */
	/* The root's own HLT is the hardware's; here it is at most skipped. */
	(void)setup(NULL);
	root.arch.hlt_intercept = true;
	vp.partition = &root;
	assert_int_equal(exit_handle(&vp, &ex), EXIT_NEXT);
	assert_int_equal(vp.arch.activity, X86_ACTIVE);
}

static void test_nmi(void **state)
{
	struct x86_exit ex = { .kind = X86_EXIT_NMI };

	(void)state;
	/* An NMI that was the root's: it is delivered where the root runs */
	root_vp.arch.nmi_pending = true;
	assert_int_equal(exit_handle(&vp, &ex), EXIT_STOP);
	assert_int_equal(vp.arch.stop, VP_EXIT_INTERRUPT);
	assert_int_equal(asked[0].who, NMI_WINDOW);
	vp.partition = &root;
	assert_int_equal(exit_handle(&vp, &ex), EXIT_RESUME);
	/* A guest's own NMI is no reason to leave it */
	vp.partition = &part;
	root_vp.arch.nmi_pending = false;
	vp.arch.nmi_pending = true;
	assert_int_equal(exit_handle(&vp, &ex), EXIT_RESUME);
}

static void test_iret(void **state)
{
	struct x86_exit ex = { .kind = X86_EXIT_IRET };

	(void)state;
	vp.arch.nmi_masked = true;
	assert_int_equal(exit_handle(&vp, &ex), EXIT_RESUME);
	assert_false(vp.arch.nmi_masked);
	assert_int_equal(fv.notes, 1);
	assert_int_equal(fv.log[0].call, FV_IRET_WINDOW);
	assert_int_equal(fv.log[0].index, false);
}

static void test_deadline(void **state)
{
	struct x86_exit ex = { .kind = X86_EXIT_DEADLINE };

	(void)state;
	deadline_ours = true;
	vp.arch.stop = 99;
	assert_int_equal(exit_handle(&vp, &ex), EXIT_RESUME);
	assert_int_equal(vp.arch.stop, 99);
	deadline_ours = false;
	assert_int_equal(exit_handle(&vp, &ex), EXIT_STOP);
	assert_int_equal(vp.arch.stop, VP_EXIT_INTERRUPT);
}

/* A broken VP is parked with a dump, never more than that one. */
static void test_broken(void **state)
{
	struct x86_exit ex = { .kind = X86_EXIT_UNKNOWN, .code = 0x1234 };

	(void)state;
	assert_int_equal(exit_handle(&vp, &ex), EXIT_STOP);
	assert_int_equal(asked[0].a, 1);
	assert_int_equal(asked[0].b, 0x1234);
	assert_int_equal(fv_count(FV_DUMP), 1);
	assert_int_equal(fake_count(FAKE_LOG, NULL), 1);
	/* The CPU's reason when there is one that we know */
	ex.kind = X86_EXIT_INVALID_STATE;
	asks = 0;
	fv.refuse = NULL;
	assert_int_equal(exit_handle(&vp, &ex), EXIT_STOP);
	assert_int_equal(asked[0].who, I_INVALID);
	assert_int_equal(asked[0].b, 'r'); /* refused by the CPU */
	asks = 0;
	fv.refuse = "CR0";
	assert_int_equal(exit_handle(&vp, &ex), EXIT_STOP);
	assert_int_equal(asked[0].a, true);
	ex.kind = X86_EXIT_SHUTDOWN;
	assert_int_equal(vp.arch.activity, X86_ACTIVE);
	(void)exit_handle(&vp, &ex);
	assert_int_equal(vp.arch.activity, X86_SHUTDOWN);
	/* The root's stands still where it waits for SIPI, NMIs and all */
	for (uint32_t i = 0; i < 4; i++) {
		(void)setup(NULL);
		vp.partition = &root;
		fv.refuse = i & 1 ? "CR0" : NULL;
		ex.kind = i & 2 ? X86_EXIT_UNKNOWN : X86_EXIT_INVALID_STATE;
		assert_int_equal(exit_handle(&vp, &ex), EXIT_RESUME);
		assert_int_equal(vp.arch.activity, X86_WAIT_SIPI);
		assert_int_equal(fv_count(FV_DUMP), 1);
		assert_int_equal(fake_count(FAKE_LOG, NULL), 1);
		assert_non_null(strstr(fake_log_line, i & 1 ? "CR0" : "cannot"));
	}
}

/* INVD and WBINVD outside ring 0 are #GP (SDM vol. 2) */
static void test_cache(void **state)
{
	struct x86_exit ex = { .kind = X86_EXIT_INVD };

	(void)state;
	for (uint64_t cpl = 1; cpl < 4; cpl++) {
		asks = 0;
		fv.sys[SYS_CPL] = cpl;
		ex.kind = cpl & 1 ? X86_EXIT_INVD : X86_EXIT_WBINVD;
		assert_int_equal(exit_handle(&vp, &ex), EXIT_RESUME);
		assert_int_equal(asks, 1);
		assert_int_equal(asked[0].who, GP);
	}
	/* Neither ever reaches the machine */
	fv.sys[SYS_CPL] = 0;
	(void)exit_handle(&vp, &ex);
	assert_int_equal(fake_hw.writes, 0);
}

static void test_ferr(void **state)
{
	struct x86_exit ex = { .kind = X86_EXIT_FERR };

	(void)state;
	(void)exit_handle(&vp, &ex);
	assert_int_equal(asked[0].a, 16);
	assert_int_equal(asked[0].b, 0);
}

/* -- exceptions ----------------------------------------------------------------------------------
 */

static void test_exceptions(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 32; i++) {
		struct x86_exit ex = { .kind = X86_EXIT_EXCEPTION,
				       .exception = { .vector = (uint8_t)i,
						      .has_error = i & 1,
						      .error = 0x123,
						      .cr2 = 0xabcdef } };

		(void)setup(NULL);
		part.arch.exception_intercepts = ~(1u << i);
		assert_int_equal(exit_handle(&vp, &ex), EXIT_RESUME);
		assert_int_equal(asked[0].who, EXCEPTION);
		assert_int_equal(asked[0].a, i);
		assert_int_equal(asked[0].b, i & 1 ? BIT(32) | 0x123 : 0);
		/* #PF has not loaded CR2 yet when it is intercepted (SDM vol. 3, 28.2) */
		assert_int_equal(fv.sys[SYS_CR2], i == 14 ? 0xabcdef : 0);
		(void)setup(NULL);
		part.arch.exception_intercepts = 1u << i;
		assert_int_equal(exit_handle(&vp, &ex), EXIT_NEXT); /* what intercept_ says */
		assert_int_equal(asked[0].who, I_EXCEPTION);
		assert_int_equal(fv.sys[SYS_CR2], 0);
		/* None of the root's is ever told to anybody */
		(void)setup(NULL);
		vp.partition = &root;
		root.arch.exception_intercepts = ~0u;
		assert_int_equal(exit_handle(&vp, &ex), EXIT_RESUME);
		assert_int_equal(asked[0].who, EXCEPTION);
	}
}

/* -- XSETBV --------------------------------------------------------------------------------------
 */

static bool xsetbv_of(uint64_t value, uint64_t rcx)
{
	struct x86_exit ex = { .kind = X86_EXIT_XSETBV };
	uint64_t old = vp.arch.xcr0;
	enum exit_action a;

	fake_hw.writes = asks = 0;
	vp.arch.gpr[GPR_RAX] = 0xffffffff00000000 | (uint32_t)value;
	vp.arch.gpr[GPR_RDX] = 0xffffffff00000000 | value >> 32;
	vp.arch.gpr[GPR_RCX] = rcx;
	a = exit_handle(&vp, &ex);
	if (a == EXIT_NEXT) {
		assert_int_equal(fake_hw.writes, 1);
		assert_int_equal(fake_hw.log[0].kind, FAKE_XSETBV);
		assert_int_equal(fake_hw.log[0].value, value);
		assert_int_equal(vp.arch.xcr0, value);
		return true;
	}
	assert_int_equal(a, EXIT_RESUME);
	assert_int_equal(asked[asks - 1].who, GP);
	assert_int_equal(fake_hw.writes, 0);
	assert_int_equal(vp.arch.xcr0, old);
	return false;
}

static void test_xsetbv(void **state)
{
	static const uint64_t good[] = { 1,	3,     7,     0x1f,    0x1b,	0xe7,	0xff,
					 0x203, 0x207, 0x201, 0x60003, 0x602e7, 0x602ff };
	static const uint64_t bad[] = { 0,	 2,	     4,		 5,    6,	0xb,
					0x13,	 0x27,	     0x47,	 0x87, 0x67,	0xa7,
					0xc7,	 0xe3,	     0xe1,	 0xe5, 0x20003, 0x40003,
					BIT(63), BIT(8) | 3, BIT(32) | 3 };

	(void)state;
	part.arch.xcr0_mask = 0x602ff;
	for (uint32_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(xsetbv_of(good[i], 0xdead00000000));
	for (uint32_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(xsetbv_of(bad[i], 0));
	/* There is one XCR, and ring 0 to write it */
	assert_false(xsetbv_of(7, 1));
	fv.sys[SYS_CPL] = 3;
	assert_false(xsetbv_of(7, 0));
	fv.sys[SYS_CPL] = 0;
	part.arch.xcr0_mask = 3;
	assert_false(xsetbv_of(7, 0));
}

/* -- hypercalls ----------------------------------------------------------------------------------
 */

static enum exit_action call(void)
{
	struct x86_exit ex = { .kind = X86_EXIT_HYPERCALL };

	asks = 0;
	for (uint32_t i = 0; i < 16; i++)
		vp.arch.gpr[i] = 0x1111111100000000ull * (i + 1) + 0x10 + i;
	return exit_handle(&vp, &ex);
}

/* All but those in the mask are as call() left them. */
static void others(uint32_t changed)
{
	for (uint32_t i = 0; i < 16; i++)
		if (!(changed >> i & 1))
			assert_int_equal(vp.arch.gpr[i],
					 0x1111111100000000ull * (i + 1) + 0x10 + i);
}

static void test_legal(void **state)
{
	(void)state;
	enabled = false;
	assert_int_equal(call(), EXIT_RESUME);
	assert_int_equal(asked[1].who, UD);
	others(0);
	enabled = true;
	fv.sys[SYS_CR0] = CR0_ET;
	assert_int_equal(call(), EXIT_RESUME);
	assert_int_equal(asked[1].who, UD);
	fv.sys[SYS_CR0] = CR0_PE;
	for (uint64_t cpl = 1; cpl < 4; cpl++) {
		fv.sys[SYS_CPL] = cpl;
		assert_int_equal(call(), EXIT_RESUME);
		assert_int_equal(asked[1].who, UD);
	}
	fv.sys[SYS_CPL] = 0;
	fv.sys[SYS_RFLAGS] = RFLAGS_VM;
	assert_int_equal(call(), EXIT_RESUME);
	assert_int_equal(asked[1].who, UD);
	fv.sys[SYS_RFLAGS] = 0;
	assert_int_equal(call(), EXIT_NEXT);
	assert_int_equal(asked[1].who, DISPATCH);
}

static void test_wide(void **state)
{
	(void)state;
	fv.sys[SYS_EFER] = EFER_LMA;
	fv.seg[SEG_CS].attributes = 0xa09b;
	reply.result = 0x123456789abcdef0;
	reply.input = 0xaaaa;
	reply.output = 0xbbbb;
	assert_int_equal(call(), EXIT_NEXT);
	assert_true(seen.wide);
	assert_int_equal(seen.ext_words, 0); /* no registers beyond the two */
	assert_int_equal(seen.control, 0x2222222200000011);
	assert_int_equal(seen.input, 0x3333333300000012);
	assert_int_equal(seen.output, 0x9999999900000018);
	assert_int_equal(vp.arch.gpr[GPR_RAX], 0x123456789abcdef0);
	others(1u << GPR_RAX);
}

static void test_narrow(void **state)
{
	(void)state;
	reply.result = 0x123456789abcdef0;
	for (uint32_t i = 0; i < 2; i++) {
		/* Protected mode; then the 32-bit half of long mode */
		fv.sys[SYS_EFER] = i ? EFER_LMA : 0;
		fv.seg[SEG_CS].attributes = i ? 0xc09b : 0xa09b;
		assert_int_equal(call(), EXIT_NEXT);
		assert_false(seen.wide);
		assert_int_equal(seen.control, 0x0000001200000010);
		assert_int_equal(seen.input, 0x0000001300000011);
		assert_int_equal(seen.output, 0x0000001700000016);
		assert_int_equal(vp.arch.gpr[GPR_RDX], 0x12345678);
		assert_int_equal(vp.arch.gpr[GPR_RAX], 0x9abcdef0);
		others(1u << GPR_RAX | 1u << GPR_RDX);
	}
}

/* A call that stopped on its budget is made again from where it was, by the guest itself. */
static void test_again(void **state)
{
	(void)state;
	reply.again = true;
	reply.control = 0x0123000500000010;
	reply.result = 0xdead;
	fv.sys[SYS_EFER] = EFER_LMA;
	fv.seg[SEG_CS].attributes = 0xa09b;
	assert_int_equal(call(), EXIT_RESUME);
	assert_int_equal(vp.arch.gpr[GPR_RCX], 0x0123000500000010);
	others(1u << GPR_RCX);
	fv.sys[SYS_EFER] = 0;
	assert_int_equal(call(), EXIT_RESUME);
	assert_int_equal(vp.arch.gpr[GPR_RDX], 0x01230005);
	others(1u << GPR_RDX);
}

static void test_absent(void **state)
{
	(void)state;
	reply.fault = true;
	reply.fault_gpa = GPA(0x7000);
	for (uint32_t i = 0; i < 4; i++) {
		reply.fault_write = i & 1;
		reply.fault_unmapped = i & 2;
		vp.partition = &part;
		assert_int_equal(call(), EXIT_STOP);
		assert_int_equal(asked[2].who, I_MEMORY);
		assert_int_equal(asked[2].a, 0x7000);
		assert_int_equal(asked[2].b, (i & 1 ? SLAT_W : SLAT_R) | (i & 2 ? BIT(32) : 0));
		others(0);
		/* The root has nobody to ask */
		vp.partition = &root;
		assert_int_equal(call(), EXIT_RESUME);
		assert_int_equal(asked[2].who, GP);
		others(0);
	}
}

/* #AC in the delivery of #AC: the root's interrupts are asked for between the two entries. */
static void test_loop_in_delivery(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		struct x86_exit ex = { .kind = X86_EXIT_EXCEPTION,
				       .exception = { .vector = VEC_AC, .has_error = true } };
		bool guest = i & 1, delivery = i & 2, waits = i & 4;

		(void)setup(NULL);
		vp.partition = guest ? &part : partition_root;
		vp.arch.event.pending = delivery;
		root_waits = waits;
		vp.arch.stop = 0xee;
		if (guest && delivery && waits) {
			assert_int_equal(exit_exception(&vp, &ex), EXIT_STOP);
			assert_int_equal(vp.arch.stop, VP_EXIT_INTERRUPT);
		} else {
			assert_int_equal(exit_exception(&vp, &ex), EXIT_RESUME);
			assert_int_equal(vp.arch.stop, 0xee);
		}
	}
	root_waits = false;
	(void)setup(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_table, setup),
		cmocka_unit_test_setup(test_loop_in_delivery, setup),
		cmocka_unit_test_setup(test_no_length, setup),
		cmocka_unit_test_setup(test_halt, setup),
		cmocka_unit_test_setup(test_nmi, setup),
		cmocka_unit_test_setup(test_iret, setup),
		cmocka_unit_test_setup(test_deadline, setup),
		cmocka_unit_test_setup(test_broken, setup),
		cmocka_unit_test_setup(test_cache, setup),
		cmocka_unit_test_setup(test_ferr, setup),
		cmocka_unit_test_setup(test_exceptions, setup),
		cmocka_unit_test_setup(test_xsetbv, setup),
		cmocka_unit_test_setup(test_legal, setup),
		cmocka_unit_test_setup(test_wide, setup),
		cmocka_unit_test_setup(test_narrow, setup),
		cmocka_unit_test_setup(test_again, setup),
		cmocka_unit_test_setup(test_absent, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
