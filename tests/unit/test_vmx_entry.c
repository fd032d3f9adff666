/* SPDX-License-Identifier: MIT */
/*
 * VM entry as silicon checks it: every state that the core itself builds goes in, every event that
 * a client may ask for goes in, an event that did not go in is nowhere but where the run loop finds
 * it, and no field is used that was never written. The checks are shown to notice each broken rule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_vmx_cpu.h"

#define XSS_EXITS 0x202c

/* -- what has to go in ------------------------------------------------------------------------ */

static const uint64_t pdpt[4] = { 0x1001, 0x2001, 0, 0x3001 };

static void test_modes(void **state)
{
	(void)state;
	enter(X86_EXIT_CPUID);
	assert_false(cpu.launched);
	enter(X86_EXIT_CPUID);
	assert_true(cpu.launched);
	cpu_protected_mode(&vp);
	enter(X86_EXIT_CPUID);
	cpu_long_mode(&vp);
	enter(X86_EXIT_CPUID);
	assert_true(seen(VMCS_ENTRY) & ENTRY_IA32E);
	/* and back */
	cpu_reset_vp(&vp);
	enter(X86_EXIT_CPUID);
	assert_false(seen(VMCS_ENTRY) & ENTRY_IA32E);
	fake_memory = pdpt;
	vmx_ops.set(&vp, SYS_CR4, CR4_PAE);
	vmx_ops.set(&vp, SYS_CR0, CR0_PE | CR0_PG);
	enter(X86_EXIT_CPUID);
	assert_int_equal(seen(VMCS_GUEST_PDPTE0 + 6), 0x3001);
	/* Virtual-8086 mode is none of these rules' business, its flag is */
	cpu_reset_vp(&vp);
	cpu_protected_mode(&vp);
	vmx_ops.set(&vp, SYS_RFLAGS, RFLAGS_VM | RFLAGS_FIXED);
	enter(X86_EXIT_CPUID);
}

/* The root: no TPR shadow, no timer, no TSC offset; its interrupts are its own (decision 3). */
static void test_root(void **state)
{
	(void)state;
	partition_root = &root_part;
	vmx_ops.release(&vp);
	assert_null(root_vp.arch.vmx.vapic);
	fake_deadline = 5;
	root_vp.arch.tsc_offset = 0x1234;
	enter_vp(&root_vp);
	assert_null(cpu.refused);
	assert_null(fake_hw.broken);
	assert_int_equal(ex.kind, X86_EXIT_CPUID);
	assert_int_equal(seen(VMCS_PIN), 0x3e);
	assert_int_equal(seen(VMCS_PROC), 0x94006172);
	for (uint32_t i = 0; i < fake_hw.writes; i++)
		assert_false(fake_hw.log[i].kind == FAKE_VMWRITE &&
			     (fake_hw.log[i].index == VMCS_TSC_OFFSET ||
			      fake_hw.log[i].index == VMCS_PREEMPTION_TIMER));
	/* Its own pending NMI turns it back until it is masked: then it waits for the IRET. */
	cpu.entries = 0;
	root_vp.arch.nmi_pending = true;
	enter_vp(&root_vp);
	assert_int_equal(ex.kind, X86_EXIT_NMI);
	assert_int_equal(cpu.entries, 0);
	root_vp.arch.nmi_masked = true;
	enter_vp(&root_vp);
	assert_int_equal(cpu.entries, 1);
	assert_true(seen(VMCS_PROC) & PROC_NMI_WINDOW);
	assert_true(seen(VMCS_GUEST_INTERRUPTIBILITY) & VMX_BLOCK_NMI);
	root_vp.arch.nmi_pending = false;
	/* A guest's is none of its business: the guest leaves, whatever the root has masked. */
	vmx_ops.release(&root_vp);
	root_vp.arch.nmi_pending = true;
	enter_vp(&vp);
	assert_int_equal(ex.kind, X86_EXIT_NMI);
}

/*
 * Every event that HvRegisterPendingInterruption can name, in real and in protected mode. The error
 * code is pushed where the vector has one (26.2.1.3), whatever the client says; bits that no CPU
 * pushes do not refuse the entry.
 */
static void test_events(void **state)
{
	static const uint32_t errors[] = { 0, 0x8008, 0xffff, 0xffffffff };
	static const uint8_t types[] = { 0, 2, 3, 4 };

	(void)state;
	vmx_ops.set(&vp, SYS_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	for (uint32_t pe = 0; pe < 2; pe++) {
		vmx_ops.set(&vp, SYS_CR0, pe ? CR0_PE | CR0_ET : CR0_ET);
		for (uint32_t n = 0; n < 256 * 4 * 12; n++) {
			struct x86_event e = { .vector = (uint8_t)n,
					       .type = types[n >> 8 & 3],
					       .has_error = n >> 10 & 1,
					       .insn_len = n >> 11 & 1 ? 2 : 0,
					       .error = errors[n / 4096] };
			bool pushes = e.vector == 8 || (e.vector >= 10 && e.vector <= 14) ||
				      e.vector == 17;
			uint32_t type = e.type, info;

			if ((e.type == 2 && e.vector != VEC_NMI) ||
			    (e.type == 3 && (e.vector > 31 || e.vector == VEC_NMI)))
				continue;
			vp.arch.nmi_masked = false;
			vmx_ops.iret_window(&vp, false);
			vmx_ops.inject(&vp, &e);
			enter(X86_EXIT_CPUID);
			if (e.type == 3 && (e.vector == VEC_BP || e.vector == VEC_OF))
				type = 6;
			info = 0x80000000 | type << 8 | e.vector;
			if (e.type == 3 && pe && pushes) {
				info |= 1u << 11;
				assert_int_equal(seen(VMCS_ENTRY_ERROR), e.error & 0xffff);
			}
			assert_int_equal(seen(VMCS_ENTRY_EVENT), info);
			if (type >= 4)
				assert_int_equal(seen(VMCS_ENTRY_LEN), e.insn_len ? 2 : 1);
			assert_int_equal(vp.arch.nmi_masked, e.type == 2);
			assert_false(vp.arch.event.pending);
		}
	}
}

/* -- what did not go in ----------------------------------------------------------------------- */

static void nmi_comes(void)
{
	this_cpu()->nmi_seen++;
}

static void host_breaks(void)
{
	*field(VMCS_HOST_CR3) = ~0ull;
}

static void guest_breaks(void)
{
	*field(VMCS_GUEST_DR7) = ~0ull;
}

static void mail_comes(void)
{
	vp.mail = VP_MAIL_INIT;
}

static void nmi_waits(void)
{
	root_vp.arch.nmi_pending = true;
}

static void no_pdpt(void)
{
	vmx_ops.set(&vp, SYS_CR0, CR0_PE | CR0_PG);
	vmx_ops.set(&vp, SYS_CR4, CR4_PAE);
}

static void all_is_well(void)
{
	vp.mail = 0;
	root_vp.arch.nmi_pending = false;
	cpu.before = NULL;
	vmx_host_state(&vp);
	vmx_ops.set(&vp, SYS_DR7, DR7_FIXED);
	cpu_protected_mode(&vp);
}

/*
 * Each way in which an entry is not made. The event is the run loop's again, all of it; and when
 * the run loop has dropped it (a client that clears the register, INIT) it never comes.
 */
static void test_not_entered(void **state)
{
	static const struct {
		void (*first)(void);
		void (*last)(void);
		uint8_t kind;
	} ways[] = {
		{ mail_comes, NULL, X86_EXIT_NONE },
		{ nmi_waits, NULL, X86_EXIT_NMI },
		{ NULL, nmi_comes, X86_EXIT_NONE },
		{ NULL, host_breaks, X86_EXIT_UNKNOWN },
		{ NULL, guest_breaks, X86_EXIT_INVALID_STATE },
		{ no_pdpt, NULL, X86_EXIT_SLAT },
	};
	static const struct x86_event events[] = {
		{ .type = 0, .vector = 0x55 },
		{ .type = 2, .vector = 2 },
		{ .type = 3, .vector = VEC_PF, .has_error = true, .error = 7 },
		{ .type = 4, .vector = 0x80, .insn_len = 2 },
	};

	for (uint32_t i = 0; i < ARRAY_LEN(ways) * ARRAY_LEN(events); i++) {
		const struct x86_event *e = &events[i % ARRAY_LEN(events)], *back = &vp.arch.event;
		uint32_t way = i / ARRAY_LEN(events);

		(void)cpu_setup(state);
		cpu_protected_mode(&vp);
		vmx_ops.set(&vp, SYS_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
		vmx_ops.inject(&vp, e);
		if (ways[way].first)
			ways[way].first();
		cpu.before = ways[way].last;
		enter_vp(&vp);
		assert_null(fake_hw.broken);
		assert_int_equal(ex.kind, ways[way].kind);
		if (!back->pending)
			fail_msg("way %u: event lost", way);
		assert_int_equal(back->type, e->type);
		assert_int_equal(back->vector, e->vector);
		assert_int_equal(back->has_error, e->has_error);
		assert_int_equal(back->error, e->error);
		assert_int_equal(back->insn_len, e->insn_len);
		assert_false(vp.arch.vmx.event.pending);
		all_is_well();
		memset(&vp.arch.event, 0, sizeof(vp.arch.event));
		vp.arch.nmi_masked = false;
		vmx_ops.iret_window(&vp, false);
		enter(X86_EXIT_CPUID);
		if (seen(VMCS_ENTRY_EVENT) & VMX_EVENT_VALID)
			fail_msg("way %u: event of before", way);
		assert_int_equal(seen(VMCS_GUEST_INTERRUPTIBILITY), 0);
		/* Or comes again, once */
		vmx_ops.inject(&vp, e);
		enter(X86_EXIT_CPUID);
		assert_true(seen(VMCS_ENTRY_EVENT) & VMX_EVENT_VALID);
		enter(X86_EXIT_CPUID);
		assert_false(seen(VMCS_ENTRY_EVENT) & VMX_EVENT_VALID);
	}
}

/* Of an entry that the CPU refuses the VMCS is as before, and its launch state is known. */
static void test_refused(void **state)
{
	(void)state;
	enter(X86_EXIT_CPUID);
	cpu.before = guest_breaks;
	enter_vp(&vp);
	assert_int_equal(ex.kind, X86_EXIT_INVALID_STATE);
	assert_int_equal(ex.code, 0x80000021);
	assert_string_equal(cpu.refused, "guest DR7");
	all_is_well();
	enter(X86_EXIT_CPUID);
	assert_false(cpu.launched);
	cpu.before = host_breaks;
	enter_vp(&vp);
	assert_int_equal(ex.kind, X86_EXIT_UNKNOWN);
	assert_int_equal(ex.code, 0x80000007);
	all_is_well();
	enter(X86_EXIT_CPUID);
	assert_true(cpu.launched);
	/* An interrupt that a client asks for with IF clear: told, and not lost */
	vmx_ops.inject(&vp, &(struct x86_event){ .type = 0, .vector = 0x31 });
	enter_vp(&vp);
	assert_string_equal(cpu.refused, "interrupt with IF clear");
	assert_int_equal(ex.kind, X86_EXIT_INVALID_STATE);
	assert_true(vp.arch.event.pending);
}

/* -- events that an exit cut short ------------------------------------------------------------ */

static uint32_t cut_info;

static void cut_short(void)
{
	*field(VMCS_IDT_EVENT) = cut_info;
	*field(VMCS_IDT_ERROR) = 0x10;
	/* Not delivered, so not blocked (27.3.3 leaves it as before the delivery) */
	*field(VMCS_GUEST_INTERRUPTIBILITY) &= ~VMX_BLOCK_NMI;
}

/* The same event goes in again, as the CPU wants it, until it is through. */
static void test_cut_short(void **state)
{
	static const struct {
		struct x86_event e;
		uint32_t info;
	} t[] = {
		{ { .type = 0, .vector = 0x31 }, 0x80000031 },
		{ { .type = 2, .vector = 2 }, 0x80000202 },
		{ { .type = 3, .vector = VEC_GP, .has_error = true, .error = 0x10 }, 0x80000b0d },
		{ { .type = 3, .vector = VEC_UD }, 0x80000306 },
	};

	for (uint32_t i = 0; i < ARRAY_LEN(t); i++) {
		(void)cpu_setup(state);
		cpu_protected_mode(&vp);
		vmx_ops.set(&vp, SYS_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
		cpu.reason = VMX_EXIT_EPT_VIOLATION;
		cpu.after = cut_short;
		cut_info = t[i].info;
		vp.arch.event = t[i].e;
		for (uint32_t round = 0; round < 3; round++) {
			vp.arch.event.pending = false;
			vmx_ops.inject(&vp, &vp.arch.event);
			enter(X86_EXIT_SLAT);
			assert_int_equal(seen(VMCS_ENTRY_EVENT), t[i].info);
			assert_true(vp.arch.event.pending);
			assert_int_equal(vp.arch.event.type, t[i].e.type);
			assert_int_equal(vp.arch.event.vector, t[i].e.vector);
			assert_int_equal(vp.arch.event.error, t[i].e.error);
			assert_int_equal(vp.arch.nmi_masked, t[i].e.type == 2);
		}
		cpu.after = NULL;
		cpu.reason = VMX_EXIT_CPUID;
		vp.arch.event.pending = false;
		vmx_ops.inject(&vp, &vp.arch.event);
		enter(X86_EXIT_CPUID);
		assert_int_equal(seen(VMCS_ENTRY_EVENT), t[i].info);
		assert_false(vp.arch.event.pending);
		assert_int_equal(vp.arch.nmi_masked, t[i].e.type == 2);
	}
}

static void iret_faults(void)
{
	*field(VMCS_GUEST_INTERRUPTIBILITY) &= ~VMX_BLOCK_NMI;
	*field(VMCS_QUALIFICATION) = 1 | BIT(12);
}

/* 27.2.3: an IRET that ends in an exit has unblocked NMIs, and has to do it again. */
static void test_iret_faults(void **state)
{
	(void)state;
	vmx_ops.inject(&vp, &(struct x86_event){ .type = 2, .vector = 2 });
	enter(X86_EXIT_CPUID);
	assert_true(vp.arch.nmi_masked);
	cpu.reason = VMX_EXIT_EPT_VIOLATION;
	cpu.after = iret_faults;
	enter(X86_EXIT_SLAT);
	assert_true(vp.arch.nmi_masked);
	cpu.reason = VMX_EXIT_CPUID;
	cpu.after = NULL;
	enter(X86_EXIT_CPUID);
	assert_true(seen(VMCS_GUEST_INTERRUPTIBILITY) & VMX_BLOCK_NMI);
	assert_true(vp.arch.nmi_masked);
}

/* -- the rest of what goes in ----------------------------------------------------------------- */

/* Threshold and TPR change in whatever order: the CPU refuses a threshold above the TPR. */
static void test_threshold(void **state)
{
	(void)state;
	for (uint32_t tpr = 0; tpr < 16; tpr++)
		for (uint32_t class = 1; class < 16; class ++) {
			vmx_ops.set_tpr(&vp, (uint8_t)tpr);
			assert_int_equal(vp.arch.vmx.vapic[0x80] >> 4, tpr);
			vmx_ops.intr_window(&vp, true, (uint8_t)(class << 4 | 3));
			enter(X86_EXIT_CPUID);
			assert_int_equal(seen(VMCS_TPR_THRESHOLD), class <= tpr ? class : 0);
			assert_int_equal((seen(VMCS_PROC) & PROC_INTR_WINDOW) != 0, class > tpr);
			vmx_ops.intr_window(&vp, false, 0);
			enter(X86_EXIT_CPUID);
			assert_int_equal(seen(VMCS_TPR_THRESHOLD), 0);
			assert_false(seen(VMCS_PROC) & PROC_INTR_WINDOW);
		}
}

/* The timer counts TSC >> MISC[4:0], and rounds to an early exit, never to a late one. */
static void test_timer(void **state)
{
	(void)state;
	vmx_caps.timer_shift = 5;
	fake_hw.tsc = 7000000;
	fake_deadline = 7000000 + 100;
	enter(X86_EXIT_CPUID);
	assert_int_equal(seen(VMCS_PREEMPTION_TIMER), 3);
	fake_deadline = 7000000 + 31;
	enter(X86_EXIT_CPUID);
	assert_int_equal(seen(VMCS_PREEMPTION_TIMER), 0);
	fake_deadline = UINT64_MAX;
	enter(X86_EXIT_CPUID);
	assert_int_equal(seen(VMCS_PREEMPTION_TIMER), 2000000 >> 5);
	/* Without one there is no such field (B.3) */
	vmx_caps.preemption_timer = false;
	fake_deadline = 0;
	fake_hw.writes = 0;
	enter(X86_EXIT_CPUID);
	for (uint32_t i = 0; i < fake_hw.writes; i++)
		assert_int_not_equal(fake_hw.log[i].index, VMCS_PREEMPTION_TIMER);
}

/* -- fields that nobody wrote ----------------------------------------------------------------- */

/*
 * A VMCS is what was in its page before, in a format of the CPU's own: each field that an entry
 * uses has to be written first (24.11.3). HOST_RSP is entry.S's. 0: all are.
 */
static uint32_t unwritten(uint32_t from)
{
	static const struct {
		uint32_t field, word;
		uint64_t bit; /* used when that control is set; word 0: always */
	} t[] = {
		{ VMCS_PIN, 0, 0 },
		{ VMCS_PROC, 0, 0 },
		{ VMCS_EXCEPTIONS, 0, 0 },
		{ VMCS_PF_MASK, 0, 0 },
		{ VMCS_PF_MATCH, 0, 0 },
		{ VMCS_CR3_TARGETS, 0, 0 },
		{ VMCS_EXIT, 0, 0 },
		{ VMCS_EXIT_MSR_STORES, 0, 0 },
		{ VMCS_EXIT_MSR_LOADS, 0, 0 },
		{ VMCS_ENTRY, 0, 0 },
		{ VMCS_ENTRY_MSR_LOADS, 0, 0 },
		{ VMCS_ENTRY_EVENT, 0, 0 },
		{ VMCS_CR0_MASK, 0, 0 },
		{ VMCS_CR4_MASK, 0, 0 },
		{ VMCS_CR0_SHADOW, 0, 0 },
		{ VMCS_CR4_SHADOW, 0, 0 },
		{ VMCS_LINK, 0, 0 },
		{ VMCS_TSC_OFFSET, VMCS_PROC, PROC_TSC_OFFSET },
		{ VMCS_VAPIC_PAGE, VMCS_PROC, PROC_TPR_SHADOW },
		{ VMCS_TPR_THRESHOLD, VMCS_PROC, PROC_TPR_SHADOW },
		{ VMCS_MSR_BITMAP, VMCS_PROC, PROC_MSR_BITMAP },
		{ VMCS_PROC2, VMCS_PROC, PROC_SECONDARY },
		{ VMCS_EPTP, VMCS_PROC2, PROC2_EPT },
		{ VMCS_VPID, VMCS_PROC2, PROC2_VPID },
		{ XSS_EXITS, VMCS_PROC2, PROC2_XSAVES },
		{ VMCS_PREEMPTION_TIMER, VMCS_PIN, PIN_PREEMPTION },
		{ VMCS_HOST_PAT, VMCS_EXIT, EXIT_LOAD_PAT },
		{ VMCS_HOST_EFER, VMCS_EXIT, EXIT_LOAD_EFER },
		{ VMCS_GUEST_PAT, VMCS_ENTRY, ENTRY_LOAD_PAT },
		{ VMCS_GUEST_EFER, VMCS_ENTRY, ENTRY_LOAD_EFER },
		{ VMCS_GUEST_DEBUGCTL, VMCS_ENTRY, ENTRY_LOAD_DEBUG },
		{ VMCS_GUEST_DR7, VMCS_ENTRY, ENTRY_LOAD_DEBUG },
		{ VMCS_GUEST_CR0, 0, 0 },
		{ VMCS_GUEST_CR3, 0, 0 },
		{ VMCS_GUEST_CR4, 0, 0 },
		{ VMCS_GUEST_RSP, 0, 0 },
		{ VMCS_GUEST_RIP, 0, 0 },
		{ VMCS_GUEST_RFLAGS, 0, 0 },
		{ VMCS_GUEST_PENDING_DEBUG, 0, 0 },
		{ VMCS_GUEST_INTERRUPTIBILITY, 0, 0 },
		{ VMCS_GUEST_ACTIVITY, 0, 0 },
		{ VMCS_GUEST_SYSENTER_CS, 0, 0 },
		{ VMCS_GUEST_SYSENTER_ESP, 0, 0 },
		{ VMCS_GUEST_SYSENTER_EIP, 0, 0 },
		{ VMCS_HOST_SYSENTER_CS, 0, 0 },
		{ VMCS_HOST_RIP, 0, 0 },
	};
	static const struct {
		uint32_t first, last;
	} rows[] = {
		{ VMCS_GUEST_ES, VMCS_GUEST_ES + 14 },
		{ VMCS_HOST_ES, VMCS_HOST_TR },
		{ VMCS_GUEST_ES_LIMIT, VMCS_GUEST_IDTR_LIMIT },
		{ VMCS_GUEST_ES_AR, VMCS_GUEST_ES_AR + 14 },
		{ VMCS_GUEST_ES_BASE, VMCS_GUEST_IDTR_BASE },
		{ VMCS_HOST_CR0, VMCS_HOST_SYSENTER_EIP },
	};
	static uint8_t written[0x8000];

	memset(written, 0, sizeof(written));
	for (uint32_t i = from; i < fake_hw.writes; i++)
		if (fake_hw.log[i].kind == FAKE_VMWRITE)
			written[fake_hw.log[i].index & 0x7fff] = 1;
	for (uint32_t i = 0; i < ARRAY_LEN(t); i++)
		if (!written[t[i].field] && (!t[i].word || *field(t[i].word) & t[i].bit))
			return t[i].field;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++)
		for (uint32_t f = rows[i].first; f <= rows[i].last; f += 2)
			if (!written[f])
				return f;
	return 0;
}

static uint32_t missing;

static void look(void)
{
	missing = unwritten(0);
}

static uint32_t unwritten_of(struct partition *p)
{
	static struct vp fresh;

	vmx_ops.release(&vp);
	fake_hw.writes = 0;
	cpu_new_vp(&fresh, p);
	cpu.before = look;
	missing = ~0u;
	vmx_ops.enter(&fresh, &ex);
	cpu.before = NULL;
	return missing;
}

static void test_unwritten(void **state)
{
	(void)state;
	/* A deadline that has passed is 0 ticks, as a fresh VP has them */
	fake_deadline = 0;
	assert_int_equal(unwritten_of(&part), 0);
	fake_hw.cpuid = cpu_leaves;
	(void)cpu_setup(state);
	assert_int_equal(unwritten_of(&root_part), 0);
	/* Planted: one of them, here and there in the log, was for another field */
	for (uint32_t i = 0; i < fake_hw.writes; i++) {
		struct fake_write *w = &fake_hw.log[i];

		if (w->kind == FAKE_VMWRITE && w->index == VMCS_LINK)
			w->index = VMCS_PIN;
		if (w->kind == FAKE_VMWRITE && w->index == VMCS_GUEST_ES_BASE + 8)
			w->index = VMCS_PIN;
	}
	assert_int_equal(unwritten(0), VMCS_LINK);
	fake_note_write(FAKE_VMWRITE, VMCS_LINK, 0);
	assert_int_equal(unwritten(0), VMCS_GUEST_ES_BASE + 8);
}

/* -- the checks notice ------------------------------------------------------------------------ */

static const struct rule {
	uint32_t field;
	uint64_t value;
	const char *why;
	uint32_t also; /* a second field */
	uint64_t value2;
} rules[] = {
	{ VMCS_PIN, 0x16, NULL, 0, 0 },
	{ VMCS_PIN, 0, "control that the CPU has not", 0, 0 },
	{ VMCS_PROC2, 1u << 30, "control that the CPU has not", 0, 0 },
	{ VMCS_PIN, 0x36, "virtual NMIs without NMI exiting", 0, 0 },
	{ VMCS_PIN, 0x1e, "NMI window without virtual NMIs", VMCS_PROC, 0xb5606dfa },
	{ VMCS_CR3_TARGETS, 5, "counts", 0, 0 },
	{ VMCS_EXIT_MSR_LOADS, 1, "counts", 0, 0 },
	{ VMCS_MSR_BITMAP, 0x1234, "MSR bitmap", 0, 0 },
	{ VMCS_VAPIC_PAGE, 0x80, "virtual-APIC page", 0, 0 },
	{ VMCS_TPR_THRESHOLD, 1, "TPR threshold above the TPR", 0, 0 },
	{ VMCS_VPID, 0, "VPID", 0, 0 },
	{ VMCS_EPTP, 0, "EPT pointer", 0, 0 },
	{ VMCS_EPTP, 0x1000 | 6 | 4 << 3, "EPT pointer", 0, 0 },
	{ VMCS_ENTRY_EVENT, 0x80000131, "event of a reserved type", 0, 0 },
	{ VMCS_ENTRY_EVENT, 0x80001031, "reserved bits of the event", 0, 0 },
	{ VMCS_ENTRY_EVENT, 0x80000203, "vector that the event's type has not", 0, 0 },
	{ VMCS_ENTRY_EVENT, 0x80000320, "vector that the event's type has not", 0, 0 },
	{ VMCS_ENTRY_EVENT, 0x80000b0d, "error code of an event", VMCS_GUEST_CR0, CR0_NE },
	{ VMCS_ENTRY_EVENT, 0x8000030d, "error code of an event", 0, 0 },
	{ VMCS_ENTRY_EVENT, 0x80000b15, "error code of an event", 0, 0 },
	{ VMCS_ENTRY_EVENT, 0x80000b0d, "reserved bits of an error code", VMCS_ENTRY_ERROR,
	  0x10000 },
	{ VMCS_ENTRY_EVENT, 0x80000480, "length of a software event", VMCS_ENTRY_LEN, 0 },
	{ VMCS_HOST_CR0, 0x80000001, "host CR0", 0, 0 },
	{ VMCS_HOST_CR4, CR4_VMXE, "host CR4", 0, 0 },
	{ VMCS_HOST_CR3, BIT(40), "host CR3", 0, 0 },
	{ VMCS_HOST_EFER, EFER_LME, "host EFER", 0, 0 },
	{ VMCS_HOST_PAT, 2, "host PAT", 0, 0 },
	{ VMCS_HOST_CS, 0, "host selector", 0, 0 },
	{ VMCS_HOST_SS, 3, "host selector", 0, 0 },
	{ VMCS_HOST_GDTR_BASE, BIT(63), "host base", 0, 0 },
	{ VMCS_HOST_RIP, 0, "host RIP", 0, 0 },
	{ VMCS_GUEST_CR0, CR0_PG | CR0_NE, "guest CR0", 0, 0 },
	{ VMCS_GUEST_CR0, CR0_PE, "guest CR0", 0, 0 },
	{ VMCS_GUEST_CR4, 0, "guest CR4", 0, 0 },
	{ VMCS_ENTRY, 0xd3ff, "IA-32e mode guest", 0, 0 },
	{ VMCS_GUEST_CR4, CR4_VMXE | CR4_PCIDE, "IA-32e mode guest", 0, 0 },
	{ VMCS_GUEST_CR3, BIT(41), "guest CR3", 0, 0 },
	{ VMCS_GUEST_DR7, BIT(32), "guest DR7", 0, 0 },
	{ VMCS_GUEST_DEBUGCTL, BIT(2), "guest DEBUGCTL", 0, 0 },
	{ VMCS_GUEST_SYSENTER_ESP, BIT(50), "guest SYSENTER", 0, 0 },
	{ VMCS_GUEST_PAT, 3, "guest PAT", 0, 0 },
	{ VMCS_GUEST_EFER, EFER_LMA, "guest EFER", 0, 0 },
	{ VMCS_GUEST_EFER, EFER_SVME, "guest EFER", 0, 0 },
	{ VMCS_GUEST_CS_AR, 0x1009b | 0xf00, "reserved bits of access rights", 0, 0 },
	{ VMCS_GUEST_ES_BASE + 8, BIT(50), "base of a segment", 0, 0 },
	{ VMCS_GUEST_ES_LIMIT, 0x100000, "limit of a segment", 0, 0 },
	{ VMCS_GUEST_CS_AR, 0x13, "guest CS", 0, 0 },
	{ VMCS_GUEST_SS_AR, 0xf3, "guest SS", VMCS_GUEST_CR0, CR0_NE },
	{ VMCS_GUEST_SS_AR, 0x91, "guest SS", 0, 0 },
	{ VMCS_GUEST_ES_AR, 0x92, "guest data segment", 0, 0 },
	{ VMCS_GUEST_ES_AR + 12, 0x81, "guest LDTR", 0, 0 },
	{ VMCS_GUEST_ES_AR + 14, 0x89, "guest TR", 0, 0 },
	{ VMCS_GUEST_ES_AR + 14, 0x1008b, "guest TR", 0, 0 },
	{ VMCS_GUEST_GDTR_LIMIT, 0x10000, "guest tables", 0, 0 },
	{ VMCS_GUEST_RIP, BIT(32), "guest RIP", 0, 0 },
	{ VMCS_GUEST_RFLAGS, 0, "guest RFLAGS", 0, 0 },
	{ VMCS_GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_VM, "guest RFLAGS", VMCS_GUEST_CR0, CR0_NE },
	{ VMCS_ENTRY_EVENT, 0x80000031, "interrupt with IF clear", 0, 0 },
	{ VMCS_GUEST_ACTIVITY, 1, "activity state", 0, 0 },
	{ VMCS_GUEST_INTERRUPTIBILITY, VMX_BLOCK_STI, "interruptibility", 0, 0 },
	{ VMCS_GUEST_INTERRUPTIBILITY, 0x10, "interruptibility", 0, 0 },
	{ VMCS_GUEST_INTERRUPTIBILITY, VMX_BLOCK_SMI, "blocking by SMI outside SMM", 0, 0 },
	{ VMCS_GUEST_INTERRUPTIBILITY, VMX_BLOCK_MOVSS, "NMI in a shadow", VMCS_ENTRY_EVENT,
	  0x80000202 },
	{ VMCS_GUEST_INTERRUPTIBILITY, VMX_BLOCK_NMI, "NMI while they are blocked",
	  VMCS_ENTRY_EVENT, 0x80000202 },
	{ VMCS_GUEST_PENDING_DEBUG, BIT(13), "pending debug exceptions", 0, 0 },
	{ VMCS_GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_TF, "pending debug exceptions",
	  VMCS_GUEST_INTERRUPTIBILITY, VMX_BLOCK_MOVSS },
	{ VMCS_LINK, 0, "VMCS link pointer", 0, 0 },
};

static const struct rule *planted;

static void plant(void)
{
	*field(planted->field) = planted->value;
	if (planted->also)
		*field(planted->also) = planted->value2;
}

static void test_rules(void **state)
{
	for (uint32_t i = 0; i < ARRAY_LEN(rules); i++) {
		(void)cpu_setup(state);
		cpu_protected_mode(&vp);
		planted = &rules[i];
		cpu.before = plant;
		enter_vp(&vp);
		if (!planted->why) {
			assert_null(cpu.refused);
			continue;
		}
		if (!cpu.refused || strcmp(cpu.refused, planted->why) != 0)
			fail_msg("%s: found %s", planted->why,
				 cpu.refused ? cpu.refused : "nothing");
		assert_true(ex.kind == X86_EXIT_UNKNOWN || ex.kind == X86_EXIT_INVALID_STATE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_modes, cpu_setup),
		cmocka_unit_test_setup(test_root, cpu_setup),
		cmocka_unit_test_setup(test_events, cpu_setup),
		cmocka_unit_test_setup(test_not_entered, cpu_setup),
		cmocka_unit_test_setup(test_refused, cpu_setup),
		cmocka_unit_test_setup(test_cut_short, cpu_setup),
		cmocka_unit_test_setup(test_iret_faults, cpu_setup),
		cmocka_unit_test_setup(test_threshold, cpu_setup),
		cmocka_unit_test_setup(test_timer, cpu_setup),
		cmocka_unit_test_setup(test_unwritten, cpu_setup),
		cmocka_unit_test_setup(test_rules, cpu_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
