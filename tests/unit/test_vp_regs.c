/* SPDX-License-Identifier: MIT */
/*
 * VP registers by name, each one: its value after reset, every bit that it may hold comes back, and
 * every bit that it may not is refused and changes nothing. Masks are written out from the manuals
 * (SDM vol. 3, 2.5 and 4; vol. 4), not taken from the code under test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86_64/common/insn_fetch.h"
#include "fake_x86_vp.h"

#define LOW32 0xffffffffull

static struct partition part;
static struct vp vp;
static uint8_t image[4096] __attribute__((aligned(64)));

/* -- what the accessors lean on -----------------------------------------------------------------
 */

bool insn_length(struct vp *v, struct x86_exit *ex)
{
	(void)v;
	(void)ex;
	return true;
}

void inject_gp(struct vp *v)
{
	(void)v;
}

void inject_exception(struct vp *v, uint8_t vector, bool has_error, uint32_t error)
{
	(void)v;
	(void)vector;
	(void)has_error;
	(void)error;
}

void root_icr_write(struct vp *v, uint32_t dest, uint32_t low)
{
	(void)v;
	(void)dest;
	(void)low;
}

enum exit_action intercept_msr(struct vp *v, struct x86_exit *ex)
{
	(void)v;
	(void)ex;
	return EXIT_STOP;
}

enum exit_action intercept_exception(struct vp *v, struct x86_exit *ex)
{
	(void)v;
	(void)ex;
	return EXIT_STOP;
}

enum hv_msr_result hv_msr_read(struct vp *v, uint32_t msr, uint64_t *x)
{
	(void)v;
	(void)msr;
	(void)x;
	return HV_MSR_UNKNOWN;
}

enum hv_msr_result hv_msr_write(struct vp *v, uint32_t msr, uint64_t x)
{
	(void)v;
	(void)msr;
	(void)x;
	return HV_MSR_UNKNOWN;
}

static void the_cpu(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	(void)sub;
	r[0] = leaf == 1 ? 0x00a20f12 : 0;
}

static int setup(void **state)
{
	static struct xsave_cpuid sub[64];

	(void)state;
	fake_reset();
	memset(&fv, 0, sizeof(fv));
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&part, 0, sizeof(part));
	memset(&vp, 0, sizeof(vp));
	memset(image, 0xee, sizeof(image));
	virt = &fv_ops;
	fake_hw.cpuid = the_cpu;
	fake_hw.tsc = 5000;
	cpu_has_rdtscp = true;
	sub[0].eax = 0xe7;
	sub[2] = (struct xsave_cpuid){ 256, 576, 0, 0 };
	sub[5] = (struct xsave_cpuid){ 64, 1088, 0, 0 };
	sub[6] = (struct xsave_cpuid){ 512, 1152, 0, 0 };
	sub[7] = (struct xsave_cpuid){ 1024, 1664, 0, 0 };
	assert_true(xsave_layout_init(&cpu_xsave_layout, 0xe7, sub, 0xffff));
	part.create_flags = HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED |
			    HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE;
	part.arch.xcr0_mask = 0xe7;
	part.arch.cr4_off = ~CR4_GUEST | CR4_CET;
	vp.partition = &part;
	vp.arch.xsave = image;
	vp.arch.tsc_offset = (uint64_t)-1000;
	vlapic_init(&vp.arch.apic, 0, true, true, 2000000000, true);
	/* All that reset has to put right */
	memset(vp.arch.gpr, 0xdd, sizeof(vp.arch.gpr));
	memset(vp.arch.dr, 0xdd, sizeof(vp.arch.dr));
	for (uint32_t i = 0; i < SYS_MAX; i++)
		fv.sys[i] = 0x1234;
	memset(fv.seg, 0xdd, sizeof(fv.seg));
	vp.arch.mtrr.fixed[3] = vp.arch.xcr0 = vp.arch.tsc_aux = 7;
	vp.arch.event.pending = vp.arch.queued.pending = vp.arch.debug_pending = true;
	vp.arch.nmi_masked = true;
	vp.arch.notify = 3;
	vp.arch.activity = X86_HALTED;
	arch_vp_reset(&vp, false);
	fv.notes = 0;
	return 0;
}

/* -- get and set ---------------------------------------------------------------------------------
 */

static union hv_register_value wide(uint64_t low, uint64_t high)
{
	return (union hv_register_value){ .low_high = { low, high } };
}

static uint16_t get_wide(uint32_t name, union hv_register_value *v)
{
	*v = wide(0, 0);
	return arch_vp_get_register(&vp, name, v);
}

static uint64_t get(uint32_t name)
{
	union hv_register_value v;

	if (get_wide(name, &v) != HV_STATUS_SUCCESS)
		fail_msg("no register %x", name);
	assert_int_equal(v.low_high[1], 0);
	return v.reg64;
}

/* All that a Set could reach. */
struct snapshot {
	struct vp vp;
	uint8_t image[sizeof(image)];
	uint64_t sys[SYS_MAX];
	struct hv_x64_segment_register seg[SEG_GDTR + 1];
	uint32_t notes, writes;
};

static void look(struct snapshot *s)
{
	memset(s, 0, sizeof(*s));
	memcpy(&s->vp, &vp, sizeof(vp));
	memcpy(s->image, image, sizeof(image));
	memcpy(s->sys, fv.sys, sizeof(fv.sys));
	memcpy(s->seg, fv.seg, sizeof(fv.seg));
	s->notes = fv.notes;
	s->writes = fake_hw.writes;
}

/* A Set that has to be refused with this status, and to leave all as it was. */
static void refused_wide(uint32_t name, union hv_register_value v, uint16_t status)
{
	static struct snapshot before, after;
	uint16_t st;

	look(&before);
	st = arch_vp_set_register(&vp, name, &v);
	look(&after);
	if (st != status)
		fail_msg("register %x takes %llx %llx: %u, not %u", name,
			 (unsigned long long)v.low_high[1], (unsigned long long)v.low_high[0], st,
			 status);
	if (memcmp(&before, &after, sizeof(before)))
		fail_msg("register %x changed by a refused %llx", name,
			 (unsigned long long)v.low_high[0]);
}

static void refused(uint32_t name, uint64_t v)
{
	refused_wide(name, wide(v, 0), HV_STATUS_INVALID_REGISTER_VALUE);
}

static void set_wide(uint32_t name, union hv_register_value v)
{
	uint16_t st = arch_vp_set_register(&vp, name, &v);

	if (st != HV_STATUS_SUCCESS)
		fail_msg("register %x refuses %llx %llx: %u", name,
			 (unsigned long long)v.low_high[1], (unsigned long long)v.low_high[0], st);
}

static void takes(uint32_t name, uint64_t v, uint64_t reads)
{
	set_wide(name, wide(v, 0));
	if (get(name) != reads)
		fail_msg("register %x: set %llx, got %llx, not %llx", name, (unsigned long long)v,
			 (unsigned long long)get(name), (unsigned long long)reads);
}

/* -- registers of one word -----------------------------------------------------------------------
 */

static const struct word {
	uint32_t name;
	bool address;	/* canonical, in 48 bits or in 57 */
	uint64_t valid; /* bits that can be set */
	uint64_t fixed; /* bits that read as set */
	uint64_t reset;
} words[] = {
	{ HV_X64_REGISTER_RAX, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_RCX, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_RDX, false, ~0ull, 0, 0x00a20f12 },
	{ HV_X64_REGISTER_RBX, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_RSP, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_RBP, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_RSI, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_RDI, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_R8, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_R9, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_R10, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_R11, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_R12, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_R13, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_R14, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_R15, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_RIP, true, ~0ull, 0, 0xfff0 },
	{ HV_X64_REGISTER_RFLAGS, false, 0x3f7fd7, 2, 2 },
	{ HV_X64_REGISTER_CR0, false, 0xe005003f, 0, 0x60000010 },
	{ HV_X64_REGISTER_CR2, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_CR3, false, 0xfffffffffffff, 0, 0 },
	{ HV_X64_REGISTER_CR4, false, 0x771fff, 0, 0 },
	{ HV_X64_REGISTER_CR8, false, 0xf, 0, 0 },
	{ HV_X64_REGISTER_DR0, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_DR1, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_DR2, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_DR3, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_DR6, false, LOW32, 0xffff0ff0, 0xffff0ff0 },
	{ HV_X64_REGISTER_DR7, false, 0xffff2fff, 0x400, 0x400 },
	{ HV_X64_REGISTER_EFER, false, 0x4d01, 0, 0 },
	{ HV_X64_REGISTER_KERNEL_GS_BASE, true, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_SYSENTER_CS, false, LOW32, 0, 0 },
	{ HV_X64_REGISTER_SYSENTER_RIP, true, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_SYSENTER_RSP, true, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_STAR, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_LSTAR, true, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_CSTAR, true, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_SFMASK, false, LOW32, 0, 0 },
	{ HV_X64_REGISTER_TSC_AUX, false, LOW32, 0, 0 },
	{ HV_X64_REGISTER_TSC_ADJUST, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_TSC_DEADLINE, false, ~0ull, 0, 0 },
	{ HV_X64_REGISTER_BNDCFGS, false, 0, 0, 0 },
	{ HV_X64_REGISTER_SPEC_CTRL, false, 0, 0, 0 },
	{ HV_X64_REGISTER_U_XSS, false, 0, 0, 0 },
	{ HV_X64_REGISTER_DEBUG_CTL, false, 0, 0, 0 },
	{ HV_X64_REGISTER_INITIAL_APIC_ID, false, 0, 0, 0 },
	{ HV_REGISTER_EXPLICIT_SUSPEND, false, 1, 0, 0 },
	{ HV_REGISTER_INTERCEPT_SUSPEND, false, 1, 0, 0 },
	{ HV_REGISTER_DISPATCH_SUSPEND, false, 1, 0, 0 },
	{ HV_REGISTER_INTERRUPT_STATE, false, 3, 0, 0 },
	{ HV_X64_REGISTER_DELIVERABILITY_NOTIFICATIONS, false, 0xffff00000000003f, 0, 0 },
	{ HV_X64_REGISTER_PENDING_DEBUG_EXCEPTION, false, 0xe00f, 0, 0 },
};

static void test_words(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(words); i++) {
		const struct word *w = &words[i];

		(void)setup(NULL);
		assert_int_equal(get(w->name), w->reset);
		for (uint32_t b = 0; b < 64; b++) {
			/* As an address a bit below 56 is canonical, one above is not */
			if (w->address ? b >= 56 : !(w->valid >> b & 1))
				refused(w->name, BIT(b));
			else
				takes(w->name, BIT(b), BIT(b) | w->fixed);
		}
		takes(w->name, w->valid, w->valid | w->fixed);
		takes(w->name, 0, w->fixed);
		if (!w->address)
			continue;
		takes(w->name, 0xffff800000000000, 0xffff800000000000);
		takes(w->name, 0xff00000000000000, 0xff00000000000000);
		refused(w->name, 0xfeffffffffffffff);
		refused(w->name, 0xff7fffffffffffff & ~BIT(56));
		refused(w->name, 0x0100000000000000);
	}
}

/* No register is another one: each holds a value of its own at the same time. */
static void test_apart(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(words); i++)
		set_wide(words[i].name, wide((i * 0x0101010101010101ull) & words[i].valid &
						     (words[i].address ? 0xffffffffff : ~0ull),
					     0));
	for (uint32_t i = 0; i < ARRAY_LEN(words); i++)
		assert_int_equal(get(words[i].name), ((i * 0x0101010101010101ull) & words[i].valid &
						      (words[i].address ? 0xffffffffff : ~0ull)) |
							     words[i].fixed);
	/* Where they lie for the entry code */
	assert_int_equal(vp.arch.gpr[GPR_R15], 15 * 0x0101010101010101ull);
	assert_int_equal(vp.arch.gpr[GPR_RSP], 4 * 0x0101010101010101ull);
	assert_int_equal(vp.arch.rip, get(HV_X64_REGISTER_RIP));
}

/* A register that says how addresses translate makes the hint about RIP's page void. */
static void test_hint(void **state)
{
	static const uint32_t names[] = { HV_X64_REGISTER_CR0, HV_X64_REGISTER_CR3,
					  HV_X64_REGISTER_CR4, HV_X64_REGISTER_EFER };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(names); i++) {
		vp.arch.fetch.ptr = image;
		set_wide(names[i], wide(0, 0));
		assert_null(vp.arch.fetch.ptr);
	}
}

/* -- segments and tables -------------------------------------------------------------------------
 */

static void check_seg(uint32_t name, uint64_t base, uint32_t limit, uint16_t sel, uint16_t attr)
{
	union hv_register_value v;

	assert_int_equal(get_wide(name, &v), HV_STATUS_SUCCESS);
	assert_int_equal(v.segment.base, base);
	assert_int_equal(v.segment.limit, limit);
	assert_int_equal(v.segment.selector, sel);
	assert_int_equal(v.segment.attributes, attr);
}

static void test_segments(void **state)
{
	(void)state;
	for (uint32_t n = HV_X64_REGISTER_ES; n <= HV_X64_REGISTER_GS; n++)
		if (n == HV_X64_REGISTER_CS)
			check_seg(n, 0xffff0000, 0xffff, 0xf000, 0x9b);
		else
			check_seg(n, 0, 0xffff, 0, 0x93);
	check_seg(HV_X64_REGISTER_LDTR, 0, 0xffff, 0, 0x82);
	check_seg(HV_X64_REGISTER_TR, 0, 0xffff, 0, 0x8b);
	for (uint32_t n = HV_X64_REGISTER_ES; n <= HV_X64_REGISTER_TR; n++) {
		struct hv_x64_segment_register s = { .base = 0xffff800000001000 + n,
						     .limit = 0xfffffff0 + n % 8,
						     .selector = (uint16_t)n,
						     .attributes = (uint16_t)(0xf0f0 | n % 16) };

		set_wide(n, (union hv_register_value){ .segment = s });
		for (uint32_t b = 8; b < 12; b++) {
			s.attributes = (uint16_t)BIT(b);
			refused_wide(n, (union hv_register_value){ .segment = s },
				     HV_STATUS_INVALID_REGISTER_VALUE);
		}
		s.attributes = 0;
		s.base = BIT(56);
		refused_wide(n, (union hv_register_value){ .segment = s },
			     HV_STATUS_INVALID_REGISTER_VALUE);
	}
	for (uint32_t n = HV_X64_REGISTER_ES; n <= HV_X64_REGISTER_TR; n++) {
		check_seg(n, 0xffff800000001000 + n, 0xfffffff0 + n % 8, (uint16_t)n,
			  (uint16_t)(0xf0f0 | n % 16));
		assert_int_equal(fv.seg[n - HV_X64_REGISTER_ES].selector, (uint16_t)n);
	}
}

static void test_tables(void **state)
{
	union hv_register_value v = { .table = { .limit = 0x7ff, .base = 0xffff800000002000 } };

	(void)state;
	for (uint32_t n = HV_X64_REGISTER_IDTR; n <= HV_X64_REGISTER_GDTR; n++) {
		union hv_register_value r, bad = { .table = { .base = 0x0800000000000000 } };

		assert_int_equal(get_wide(n, &r), HV_STATUS_SUCCESS);
		assert_int_equal(r.table.limit, 0xffff);
		assert_int_equal(r.table.base, 0);
		v.table.limit++;
		v.table.base += 0x1000;
		set_wide(n, v);
		assert_int_equal(get_wide(n, &r), HV_STATUS_SUCCESS);
		assert_memory_equal(&r, &v, sizeof(v));
		refused_wide(n, bad, HV_STATUS_INVALID_REGISTER_VALUE);
	}
	assert_int_equal(fv.seg[SEG_IDTR].limit, 0x800);
	assert_int_equal(fv.seg[SEG_GDTR].limit, 0x801);
}

/* -- activity, XFEM, TSC, APIC_BASE ---------------------------------------------------------------
 */

static void test_activity(void **state)
{
	(void)state;
	assert_int_equal(get(HV_REGISTER_INTERNAL_ACTIVITY_STATE), 0);
	takes(HV_REGISTER_INTERNAL_ACTIVITY_STATE, 1, 1);
	assert_int_equal(vp.arch.activity, X86_WAIT_SIPI);
	takes(HV_REGISTER_INTERNAL_ACTIVITY_STATE, 2, 2);
	assert_int_equal(vp.arch.activity, X86_HALTED);
	/* Both: start-up suspend is the deeper one */
	takes(HV_REGISTER_INTERNAL_ACTIVITY_STATE, 3, 1);
	takes(HV_REGISTER_INTERNAL_ACTIVITY_STATE, 0, 0);
	assert_int_equal(vp.arch.activity, X86_ACTIVE);
	for (uint32_t b = 2; b < 64; b++)
		refused(HV_REGISTER_INTERNAL_ACTIVITY_STATE, BIT(b));
	/* After a triple fault a new RIP, and nothing else, gets the VP going. */
	vp.arch.activity = X86_SHUTDOWN;
	assert_int_equal(get(HV_REGISTER_INTERNAL_ACTIVITY_STATE), 0);
	takes(HV_X64_REGISTER_RAX, 1, 1);
	refused(HV_X64_REGISTER_RIP, BIT(60));
	assert_int_equal(vp.arch.activity, X86_SHUTDOWN);
	takes(HV_X64_REGISTER_RIP, 0x1000, 0x1000);
	assert_int_equal(vp.arch.activity, X86_ACTIVE);
	vp.arch.activity = X86_HALTED;
	takes(HV_X64_REGISTER_RIP, 0x2000, 0x2000);
	assert_int_equal(vp.arch.activity, X86_HALTED);
}

static void test_interrupt_state(void **state)
{
	(void)state;
	takes(HV_REGISTER_INTERRUPT_STATE, 1, 1);
	assert_int_equal(fv.sys[SYS_INT_SHADOW], 1);
	assert_false(vp.arch.nmi_masked);
	fv.notes = 0;
	takes(HV_REGISTER_INTERRUPT_STATE, 2, 2);
	assert_int_equal(fv.sys[SYS_INT_SHADOW], 0);
	assert_true(vp.arch.nmi_masked);
	assert_int_equal(fv.log[fv.notes - 1].call, FV_IRET_WINDOW);
	assert_int_equal(fv.log[fv.notes - 1].index, true);
	takes(HV_REGISTER_INTERRUPT_STATE, 0, 0);
	assert_int_equal(fv.log[fv.notes - 1].call, FV_IRET_WINDOW);
	assert_int_equal(fv.log[fv.notes - 1].index, false);
}

/* SDM vol. 2, XSETBV */
static void test_xfem(void **state)
{
	static const uint64_t good[] = { 1, 3, 7, 0xe7 };
	static const uint64_t bad[] = { 0,    2,    5,	  0x27, 0x67,  0xc7,
					0xe3, 0xe1, 0x1f, 0xef, 0x207, ~0ull };

	(void)state;
	assert_int_equal(get(HV_X64_REGISTER_XFEM), 1);
	for (uint32_t i = 0; i < ARRAY_LEN(good); i++)
		takes(HV_X64_REGISTER_XFEM, good[i], good[i]);
	for (uint32_t i = 0; i < ARRAY_LEN(bad); i++)
		refused(HV_X64_REGISTER_XFEM, bad[i]);
	part.arch.xcr0_mask = 7;
	refused(HV_X64_REGISTER_XFEM, 0xe7);
}

static void test_tsc(void **state)
{
	(void)state;
	assert_int_equal(get(HV_X64_REGISTER_TSC), 4000);
	/* A count-down under way does not notice, to the tick */
	set_wide(HV_X64_REGISTER_APIC_INIT_COUNT, wide(1000, 0));
	assert_int_equal(get(HV_X64_REGISTER_APIC_CURRENT_COUNT), 1000);
	takes(HV_X64_REGISTER_TSC, 123456789, 123456789);
	assert_int_equal(get(HV_X64_REGISTER_APIC_CURRENT_COUNT), 1000);
	assert_int_equal(fv.log[fv.notes - 1].call, FV_TSC_OFFSET);
	assert_int_equal(fv.log[fv.notes - 1].value, 123456789 - 5000);
	assert_int_equal(vp.arch.tsc_offset, 123456789 - 5000);
	takes(HV_X64_REGISTER_TSC, 5, 5);
	assert_int_equal(get(HV_X64_REGISTER_APIC_CURRENT_COUNT), 1000);
	assert_int_equal(get(HV_X64_REGISTER_TSC_ADJUST), 0);
	/* A clock that goes on meanwhile: the timer moves by what the TSC was moved by */
	fake_hw.tsc_step = 1000;
	set_wide(HV_X64_REGISTER_TSC, wide(1ull << 40, 0));
	fake_hw.tsc_step = 0;
	assert_int_equal(vp.arch.apic.timer_due - vp.arch.tsc_offset,
			 5000 + 1000 * 2 * (2000000000 / 200000000));
	/* Frozen: what is set is what is read, however long that is. */
	part.time_frozen = true;
	part.frozen_at = 777;
	takes(HV_X64_REGISTER_TSC, 42, 42);
	fake_hw.tsc += 1000000;
	assert_int_equal(get(HV_X64_REGISTER_TSC), 42);
}

static void test_apic_base(void **state)
{
	(void)state;
	assert_int_equal(get(HV_X64_REGISTER_APIC_BASE), 0xfee00900);
	for (uint32_t b = 0; b < 64; b++)
		if (b >= 52 || b < 8 || b == 9)
			refused(HV_X64_REGISTER_APIC_BASE, 0xfee00900 | BIT(b));
	refused(HV_X64_REGISTER_APIC_BASE, 0xfee00500); /* x2APIC, disabled */
	takes(HV_X64_REGISTER_APIC_BASE, 0xfee00d00, 0xfee00d00);
	assert_true(vlapic_x2(&vp.arch.apic));
	takes(HV_X64_REGISTER_APIC_BASE, 0xfee00900, 0xfee00900);
	takes(HV_X64_REGISTER_APIC_BASE, 0xfee00100, 0xfee00100);
	takes(HV_X64_REGISTER_APIC_BASE, 0xfed00900, 0xfed00900);
	vp.arch.apic.x2apic_allowed = false;
	refused(HV_X64_REGISTER_APIC_BASE, 0xfee00d00);
}

/* -- events ---------------------------------------------------------------------------------------
 */

static void test_interruption(void **state)
{
	const uint32_t n = HV_REGISTER_PENDING_INTERRUPTION;

	(void)state;
	assert_int_equal(get(n), 0);
	for (uint64_t type = 0; type < 8; type++)
		for (uint64_t vector = 0; vector < 256; vector++) {
			uint64_t v = 1 | type << 1 | vector << 16;
			bool good = type == 0 || type == 4 || (type == 2 && vector == 2) ||
				    (type == 3 && vector < 32 && vector != 2);

			if (good)
				takes(n, v, v);
			else
				refused(n, v);
			/* What is not pending is not judged, and not kept */
			takes(n, v & ~1ull, 0);
		}
	takes(n, 0x1234567800000000 | 14ull << 16 | 0xf << 5 | 0x10 | 3 << 1 | 1,
	      0x1234567800000000 | 14ull << 16 | 0xf << 5 | 0x10 | 3 << 1 | 1);
	assert_true(vp.arch.event.has_error);
	assert_int_equal(vp.arch.event.error, 0x12345678);
	assert_int_equal(vp.arch.event.insn_len, 15);
	assert_int_equal(vp.arch.event.vector, 14);
	for (uint32_t b = 0; b < 64; b++)
		if ((b >= 9 && b <= 15) || (b >= 24 && b <= 31)) {
			refused(n, BIT(b));
			refused(n, BIT(b) | 1);
		}
}

static void refused_pair(uint32_t name, uint64_t low, uint64_t high)
{
	refused_wide(name, wide(low, high), HV_STATUS_INVALID_REGISTER_VALUE);
}

static void takes_pair(uint32_t name, uint64_t low, uint64_t high)
{
	union hv_register_value r;

	set_wide(name, wide(low, high));
	assert_int_equal(get_wide(name, &r), HV_STATUS_SUCCESS);
	assert_int_equal(r.low_high[0], low);
	assert_int_equal(r.low_high[1], high);
}

static void test_pending_event(void **state)
{
	const uint32_t n = HV_REGISTER_PENDING_EVENT0;

	(void)state;
	assert_int_equal(get(n), 0);
	/* An exception: pending, deliver error code, vector, code; the parameter */
	takes_pair(n, 1 | 1 << 8 | 14 << 16 | 0xabcdef0100000000, 0x5555aaaa5555aaaa);
	assert_int_equal(vp.arch.queued.type, 3);
	assert_int_equal(vp.arch.queued.error, 0xabcdef01);
	assert_int_equal(vp.arch.queued_parameter, 0x5555aaaa5555aaaa);
	takes_pair(n, 1 | 31 << 16, 0);
	takes_pair(n, 1, 0);
	/* An interrupt */
	for (uint64_t vector = 0; vector < 256; vector++)
		takes_pair(n, 1 | 5 << 1 | vector << 8, 0);
	assert_int_equal(vp.arch.queued.type, 0);
	assert_int_equal(vp.arch.queued.vector, 255);
	refused_pair(n, 1 | 5 << 1, 1);
	for (uint32_t b = 5; b < 64; b++)
		if (b < 8 || b > 15)
			refused_pair(n, 1 | 5 << 1 | BIT(b), 0);
	/* Reserved bits of an exception, a vector that there is not, NMI */
	for (uint32_t b = 5; b < 32; b++)
		if (b != 8 && !(b >= 16 && b <= 20))
			refused_pair(n, 1 | BIT(b), 0);
	refused_pair(n, 1 | 2 << 16, 0);
	/* Kinds that are no event here */
	for (uint64_t type = 1; type < 16; type++)
		if (type != 5)
			refused_pair(n, 1 | type << 1, 0);
	/* Not pending is all zero */
	refused_pair(n, 14 << 16, 0);
	refused_pair(n, 5 << 1, 0);
	refused_pair(n, 0, 1);
	takes_pair(n, 0, 0);
	assert_false(vp.arch.queued.pending);
	for (uint32_t i = 0; i < 3; i++) {
		static const uint32_t none[] = { HV_REGISTER_PENDING_EVENT1,
						 HV_REGISTER_PENDING_EVENT2,
						 HV_REGISTER_PENDING_EVENT3 };

		takes_pair(none[i], 0, 0);
		refused_pair(none[i], 1, 0);
		refused_pair(none[i], 0, 1);
	}
}

static void test_debug_pending(void **state)
{
	(void)state;
	takes(HV_X64_REGISTER_PENDING_DEBUG_EXCEPTION, 0x4001, 0x4001);
	assert_true(vp.arch.debug_pending);
	/* Delivered meanwhile */
	vp.arch.debug_pending = false;
	assert_int_equal(get(HV_X64_REGISTER_PENDING_DEBUG_EXCEPTION), 0);
	takes(HV_X64_REGISTER_PENDING_DEBUG_EXCEPTION, 0, 0);
	assert_false(vp.arch.debug_pending);
}

/* -- x87 and SSE ----------------------------------------------------------------------------------
 */

static uint64_t image_bv(void)
{
	uint64_t bv;

	memcpy(&bv, image + 512, sizeof(bv));
	return bv;
}

static void test_fp_reset(void **state)
{
	union hv_register_value v;

	(void)state;
	assert_int_equal(get_wide(HV_X64_REGISTER_FP_CONTROL_STATUS, &v), HV_STATUS_SUCCESS);
	assert_int_equal(v.low_high[0], 0x37f);
	assert_int_equal(v.low_high[1], 0);
	assert_int_equal(get_wide(HV_X64_REGISTER_XMM_CONTROL_STATUS, &v), HV_STATUS_SUCCESS);
	assert_int_equal(v.low_high[0], 0);
	assert_int_equal(v.low_high[1], 0x1f80 | 0xffffull << 32);
	/* A component that is not in use is initial, whatever its bytes are */
	memset(image, 0xee, 24);
	memset(image + 32, 0xee, 384);
	for (uint32_t n = HV_X64_REGISTER_XMM0; n <= HV_X64_REGISTER_FP_MMX7; n++) {
		assert_int_equal(get_wide(n, &v), HV_STATUS_SUCCESS);
		assert_int_equal(v.low_high[0] | v.low_high[1], 0);
	}
	assert_int_equal(get(HV_X64_REGISTER_FP_CONTROL_STATUS), 0x37f);
	assert_int_equal(get_wide(HV_X64_REGISTER_XMM_CONTROL_STATUS, &v), HV_STATUS_SUCCESS);
	assert_int_equal(v.low_high[0], 0);
	/* Written, the rest of it is initial too, and only the one that was written is in use */
	takes_pair(HV_X64_REGISTER_XMM0 + 3, 1, 2);
	assert_int_equal(image_bv(), 2);
	for (uint32_t n = 0; n < 16; n++) {
		assert_int_equal(get_wide(HV_X64_REGISTER_XMM0 + n, &v), HV_STATUS_SUCCESS);
		assert_int_equal(v.low_high[0], n == 3 ? 1 : 0);
		assert_int_equal(v.low_high[1], n == 3 ? 2 : 0);
	}
	assert_int_equal(get_wide(HV_X64_REGISTER_XMM_CONTROL_STATUS, &v), HV_STATUS_SUCCESS);
	assert_int_equal(v.low_high[0], 0);
	takes_pair(HV_X64_REGISTER_FP_MMX0 + 5, 7, 8);
	assert_int_equal(image_bv(), 3);
	assert_int_equal(get(HV_X64_REGISTER_FP_CONTROL_STATUS), 0x37f);
	for (uint32_t n = 0; n < 8; n++) {
		assert_int_equal(get_wide(HV_X64_REGISTER_FP_MMX0 + n, &v), HV_STATUS_SUCCESS);
		assert_int_equal(v.low_high[0], n == 5 ? 7 : 0);
	}
}

static void test_fp(void **state)
{
	union hv_register_value v;

	(void)state;
	for (uint32_t n = 0; n < 16; n++)
		takes_pair(HV_X64_REGISTER_XMM0 + n, 0x1111111111111111ull * n, ~(uint64_t)n);
	for (uint32_t n = 0; n < 8; n++)
		takes_pair(HV_X64_REGISTER_FP_MMX0 + n, 0x0123456789abcdefull * n, 0xfff0u + n);
	/* FXSAVE's places (SDM vol. 1, table 10-2) */
	assert_int_equal(image[160 + 16 * 15], 0xff);
	assert_int_equal(image[32 + 16 * 7 + 8], 0xf7);
	for (uint32_t b = 16; b < 64; b++)
		refused_pair(HV_X64_REGISTER_FP_MMX7, 0, BIT(b));
	/* control, status, tag, last op, last RIP */
	takes_pair(HV_X64_REGISTER_FP_CONTROL_STATUS, 0x07ff00aa88441f7f, 0x1122334455667788);
	assert_int_equal(image[0] | image[1] << 8, 0x1f7f);
	assert_int_equal(image[2] | image[3] << 8, 0x8844);
	assert_int_equal(image[4], 0xaa);
	assert_int_equal(image[6] | image[7] << 8, 0x7ff);
	assert_int_equal(image[8], 0x88);
	/* FCW 7 and 15:13, the reserved byte, an opcode of more than 11 bits */
	for (uint32_t b = 0; b < 64; b++)
		if (b == 7 || (b >= 13 && b <= 15) || (b >= 40 && b <= 47) || b >= 59)
			refused_pair(HV_X64_REGISTER_FP_CONTROL_STATUS, BIT(b), 0);
	takes_pair(HV_X64_REGISTER_XMM_CONTROL_STATUS, 0x8877665544332211,
		   0xffffull << 32 | 0x9fbf);
	assert_int_equal(image[16], 0x11);
	assert_int_equal(image[24] | image[25] << 8, 0x9fbf);
	for (uint32_t b = 16; b < 32; b++)
		refused_pair(HV_X64_REGISTER_XMM_CONTROL_STATUS, 0, BIT(b));
	cpu_xsave_layout.mxcsr_mask = 0xffbf; /* a CPU without DAZ */
	refused_pair(HV_X64_REGISTER_XMM_CONTROL_STATUS, 0, 0x40);
	/* The mask is the CPU's */
	set_wide(HV_X64_REGISTER_XMM_CONTROL_STATUS, wide(0, 0x1f80 | 0x1234ull << 32));
	assert_int_equal(get_wide(HV_X64_REGISTER_XMM_CONTROL_STATUS, &v), HV_STATUS_SUCCESS);
	assert_int_equal(v.low_high[1], 0x1f80 | 0xffbfull << 32);
}

/* -- MSRs
 * ------------------------------------------------------------------------------------------ */

/* Each row of the MTRRs in the place that the guest's RDMSR finds it. */
static void test_mtrr(void **state)
{
	static const uint32_t fixed[] = { HV_X64_REGISTER_MSR_MTRR_FIX64K00000,
					  HV_X64_REGISTER_MSR_MTRR_FIX16K80000,
					  HV_X64_REGISTER_MSR_MTRR_FIX16KA0000 };
	static const uint32_t number[] = { 0x250, 0x258, 0x259 };
	uint64_t v;

	(void)state;
	assert_int_equal(get(HV_X64_REGISTER_MSR_MTRR_CAP), 0x508);
	takes(HV_X64_REGISTER_MSR_MTRR_CAP, 0x508, 0x508);
	refused(HV_X64_REGISTER_MSR_MTRR_CAP, 0x507);
	refused(HV_X64_REGISTER_MSR_MTRR_CAP, 0);
	takes(HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 0xc06, 0xc06);
	refused(HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 0x1000);
	refused(HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 2);
	for (uint32_t i = 0; i < 8; i++) {
		assert_int_equal(get(HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0 + i), 0);
		takes(HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0 + i, (i + 1) << 12 | 6,
		      (i + 1) << 12 | 6);
		takes(HV_X64_REGISTER_MSR_MTRR_PHYS_MASK0 + i, (i + 1) << 12 | 0x800,
		      (i + 1) << 12 | 0x800);
		refused(HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0 + i, BIT(40));
		refused(HV_X64_REGISTER_MSR_MTRR_PHYS_MASK0 + i, 1);
	}
	for (uint32_t i = 0; i < 8; i++) {
		assert_true(msr_guest_read(&vp, 0x200 + 2 * i, &v) && v == ((i + 1) << 12 | 6));
		assert_true(msr_guest_read(&vp, 0x201 + 2 * i, &v) && v == ((i + 1) << 12 | 0x800));
	}
	for (uint32_t i = 0; i < 11; i++) {
		uint32_t n = i < 3 ? fixed[i] : HV_X64_REGISTER_MSR_MTRR_FIX4KC0000 + i - 3;

		assert_int_equal(get(n), 0);
		takes(n, 0x0606060606060600 | (i & 1 ? 4 : 5),
		      0x0606060606060600 | (i & 1 ? 4 : 5));
		refused(n, 2);
		assert_true(msr_guest_read(&vp, i < 3 ? number[i] : 0x268 + i - 3, &v));
		assert_int_equal(v & 0xff, i & 1 ? 4 : 5);
		set_wide(n, wide(0, 0));
	}
}

static void test_pat(void **state)
{
	(void)state;
	assert_int_equal(get(HV_X64_REGISTER_PAT), 0x0007040600070406);
	takes(HV_X64_REGISTER_PAT, 0x0706050401000706, 0x0706050401000706);
	assert_int_equal(fv.sys[SYS_PAT], 0x0706050401000706);
	for (uint32_t i = 0; i < 64; i += 8) {
		refused(HV_X64_REGISTER_PAT, 2ull << i);
		refused(HV_X64_REGISTER_PAT, 3ull << i);
		refused(HV_X64_REGISTER_PAT, 8ull << i);
	}
}

static void test_tsc_aux(void **state)
{
	(void)state;
	takes(HV_X64_REGISTER_TSC_AUX, 0x77, 0x77);
	/* The CPU has the TSC_AUX of whoever runs, which is not this VP */
	assert_int_equal(fake_hw.writes, 0);
	/* Not there at all on a CPU without RDTSCP: neither way */
	cpu_has_rdtscp = false;
	refused_wide(HV_X64_REGISTER_TSC_AUX, wide(1, 0), HV_STATUS_UNKNOWN_REGISTER_NAME);
	assert_int_equal(
		arch_vp_get_register(&vp, HV_X64_REGISTER_TSC_AUX, &(union hv_register_value){ 0 }),
		HV_STATUS_UNKNOWN_REGISTER_NAME);
}

static void test_initial_id(void **state)
{
	(void)state;
	vp.index = 5;
	assert_int_equal(get(HV_X64_REGISTER_INITIAL_APIC_ID), 5);
	takes(HV_X64_REGISTER_INITIAL_APIC_ID, 5, 5);
	refused(HV_X64_REGISTER_INITIAL_APIC_ID, 4);
}

/* -- local APIC
 * ------------------------------------------------------------------------------------ */

static const struct {
	uint32_t name;
	uint64_t valid, reset;
} apic[] = {
	{ HV_X64_REGISTER_APIC_TPR, 0xff, 0 },
	{ HV_X64_REGISTER_APIC_LDR, 0xff000000, 0 },
	{ HV_X64_REGISTER_APIC_SPURIOUS, 0x3ff, 0xff },
	{ HV_X64_REGISTER_APIC_ISR0, 0xffff0000, 0 },
	{ HV_X64_REGISTER_APIC_ISR0 + 1, LOW32, 0 },
	{ HV_X64_REGISTER_APIC_ISR7, LOW32, 0 },
	{ HV_X64_REGISTER_APIC_TMR0, 0xffff0000, 0 },
	{ HV_X64_REGISTER_APIC_TMR7, LOW32, 0 },
	{ HV_X64_REGISTER_APIC_IRR0, 0xffff0000, 0 },
	{ HV_X64_REGISTER_APIC_IRR0 + 3, LOW32, 0 },
	{ HV_X64_REGISTER_APIC_IRR7, LOW32, 0 },
	{ HV_X64_REGISTER_APIC_ESR, 0xff, 0 },
	{ HV_X64_REGISTER_APIC_ICR, 0xff000000000ccfff, 0 },
	{ HV_X64_REGISTER_APIC_LVT_TIMER, 0x700ff, 0x10000 },
	{ HV_X64_REGISTER_APIC_LVT_THERMAL, 0x107ff, 0x10000 },
	{ HV_X64_REGISTER_APIC_LVT_PERFMON, 0x107ff, 0x10000 },
	{ HV_X64_REGISTER_APIC_LVT_LINT0, 0x1a7ff, 0x10000 },
	{ HV_X64_REGISTER_APIC_LVT_LINT1, 0x1a7ff, 0x10000 },
	{ HV_X64_REGISTER_APIC_LVT_ERROR, 0x100ff, 0x10000 },
	{ HV_X64_REGISTER_APIC_INIT_COUNT, LOW32, 0 },
	{ HV_X64_REGISTER_APIC_DIVIDE, 0xb, 0 },
};

static void test_apic(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(apic); i++) {
		(void)setup(NULL);
		assert_int_equal(get(apic[i].name), apic[i].reset);
		for (uint32_t b = 0; b < 64; b++)
			if (apic[i].valid >> b & 1)
				takes(apic[i].name, BIT(b), BIT(b));
			else
				refused(apic[i].name, BIT(b));
		takes(apic[i].name, 0, 0);
	}
	/* What is not the register's own is as it was */
	(void)setup(NULL);
	takes(HV_X64_REGISTER_APIC_SPURIOUS, 0x1ff, 0x1ff);
	takes(HV_X64_REGISTER_APIC_LVT_ERROR, 0x30, 0x30);
	for (uint32_t i = 0; i < ARRAY_LEN(apic); i++)
		if (apic[i].name != HV_X64_REGISTER_APIC_SPURIOUS &&
		    apic[i].name != HV_X64_REGISTER_APIC_LVT_ERROR)
			assert_int_equal(get(apic[i].name), apic[i].reset);
	/* No command comes of a register */
	takes(HV_X64_REGISTER_APIC_ICR, 0x040fd, 0x040fd);
	assert_int_equal(vlapic_pending(&vp.arch.apic), -1);
}

/* Each in a place of its own */
static void test_apic_apart(void **state)
{
	static const uint32_t lvt[] = {
		HV_X64_REGISTER_APIC_LVT_TIMER,	  HV_X64_REGISTER_APIC_LVT_THERMAL,
		HV_X64_REGISTER_APIC_LVT_PERFMON, HV_X64_REGISTER_APIC_LVT_LINT0,
		HV_X64_REGISTER_APIC_LVT_LINT1,	  HV_X64_REGISTER_APIC_LVT_ERROR
	};

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		takes(lvt[i], 0x10020 + i, 0x10020 + i);
	for (uint32_t i = 0; i < 24; i++)
		takes(HV_X64_REGISTER_APIC_ISR0 + i, (i + 1) << 16, (i + 1) << 16);
	for (uint32_t i = 0; i < 24; i++)
		assert_int_equal(get(HV_X64_REGISTER_APIC_ISR0 + i), (i + 1) << 16);
	for (uint32_t i = 0; i < 6; i++) {
		assert_int_equal(get(lvt[i]), 0x10020 + i);
		assert_int_equal(vp.arch.apic.reg[0x32 + i], 0x10020 + i);
	}
	for (uint32_t i = 0; i < 24; i++)
		assert_int_equal(vp.arch.apic.reg[0x10 + i], (i + 1) << 16);
}

static void test_apic_derived(void **state)
{
	(void)state;
	assert_int_equal(get(HV_X64_REGISTER_APIC_ID), 0);
	takes(HV_X64_REGISTER_APIC_ID, 0, 0);
	refused(HV_X64_REGISTER_APIC_ID, 0x01000000);
	refused(HV_X64_REGISTER_APIC_ID, BIT(32));
	assert_int_equal(get(HV_X64_REGISTER_APIC_VERSION), 0x50014);
	takes(HV_X64_REGISTER_APIC_VERSION, 0x50014, 0x50014);
	refused(HV_X64_REGISTER_APIC_VERSION, 0x50015);
	/* PPR is the higher of TPR and what is in service */
	takes(HV_X64_REGISTER_APIC_TPR, 0x31, 0x31);
	assert_int_equal(get(HV_X64_REGISTER_CR8), 3);
	assert_int_equal(get(HV_X64_REGISTER_APIC_PPR), 0x31);
	takes(HV_X64_REGISTER_APIC_PPR, 0x31, 0x31);
	refused(HV_X64_REGISTER_APIC_PPR, 0x30);
	takes(HV_X64_REGISTER_APIC_ISR0 + 2, 2, 2); /* vector 0x41 */
	assert_int_equal(get(HV_X64_REGISTER_APIC_PPR), 0x40);
	/* Write-only ones read 0, and 0 is no command */
	takes(HV_X64_REGISTER_APIC_EOI, 0, 0);
	refused(HV_X64_REGISTER_APIC_EOI, 1);
	takes(HV_X64_REGISTER_APIC_SELF_IPI, 0, 0);
	refused(HV_X64_REGISTER_APIC_SELF_IPI, 0x30);
	assert_int_equal(get(HV_X64_REGISTER_APIC_ISR0 + 2), 2);
	/* An NMI does not come by IRR's low bits */
	refused(HV_X64_REGISTER_APIC_IRR0, 4);
	/* A request is pending once it is there */
	takes(HV_X64_REGISTER_APIC_IRR0 + 3, BIT(31), BIT(31));
	assert_int_equal(vlapic_pending(&vp.arch.apic), 127);
}

static void test_apic_x2(void **state)
{
	(void)state;
	vlapic_init(&vp.arch.apic, 0x25, true, true, 2000000000, false);
	set_wide(HV_X64_REGISTER_APIC_BASE, wide(0xfee00c00, 0));
	assert_int_equal(get(HV_X64_REGISTER_APIC_ID), 0x25);
	assert_int_equal(get(HV_X64_REGISTER_APIC_LDR), 0x20020);
	takes(HV_X64_REGISTER_APIC_LDR, 0x20020, 0x20020);
	refused(HV_X64_REGISTER_APIC_LDR, 0);
	/* All of the high half is the destination */
	takes(HV_X64_REGISTER_APIC_ICR, 0x12345678000040fd, 0x12345678000040fd);
}

static void test_apic_timer(void **state)
{
	(void)state;
	/* 200 MHz, divided by 2; the TSC has 2 GHz */
	takes(HV_X64_REGISTER_APIC_INIT_COUNT, 1000, 1000);
	assert_int_equal(get(HV_X64_REGISTER_APIC_CURRENT_COUNT), 1000);
	fake_hw.tsc += 20 * 400;
	assert_int_equal(get(HV_X64_REGISTER_APIC_CURRENT_COUNT), 600);
	takes(HV_X64_REGISTER_APIC_CURRENT_COUNT, 100, 100);
	refused(HV_X64_REGISTER_APIC_CURRENT_COUNT, 1001);
	assert_int_equal(get(HV_X64_REGISTER_APIC_INIT_COUNT), 1000);
	/* Deadline mode ends the count whatever is left of it, and the register stays settable. */
	takes(HV_X64_REGISTER_APIC_LVT_TIMER, 0x400ef, 0x400ef);
	assert_int_equal(get(HV_X64_REGISTER_APIC_CURRENT_COUNT), 0);
	assert_int_equal(get(HV_X64_REGISTER_APIC_INIT_COUNT), 1000);
	takes(HV_X64_REGISTER_APIC_INIT_COUNT, 1000, 1000);
	assert_int_equal(get(HV_X64_REGISTER_APIC_CURRENT_COUNT), 0);
	refused(HV_X64_REGISTER_APIC_CURRENT_COUNT, 1);
}

/* Registers are restored in any order: the deadline before the mode that it belongs to, or after.
 */
static void test_deadline_order(void **state)
{
	static const uint32_t between[] = { HV_X64_REGISTER_APIC_SPURIOUS,
					    HV_X64_REGISTER_APIC_DIVIDE,
					    HV_X64_REGISTER_APIC_LVT_LINT0,
					    HV_X64_REGISTER_APIC_TPR };

	(void)state;
	takes(HV_X64_REGISTER_TSC_DEADLINE, 0x123456, 0x123456);
	for (uint32_t i = 0; i < ARRAY_LEN(between); i++)
		set_wide(between[i], wide(get(between[i]), 0));
	takes(HV_X64_REGISTER_APIC_LVT_TIMER, 0x400ef, 0x400ef);
	assert_int_equal(get(HV_X64_REGISTER_TSC_DEADLINE), 0x123456);
	assert_int_equal(vlapic_deadline(&vp.arch.apic), 0x123456);
	takes(HV_X64_REGISTER_TSC_DEADLINE, 0x654321, 0x654321);
	assert_int_equal(vlapic_deadline(&vp.arch.apic), 0x654321);
}

/* -- names
 * ----------------------------------------------------------------------------------------- */

#define FEATURE_CASE(name, code) case code:
#define KNOWN_ROW(name, code)	 code,

static bool apic_name(uint32_t name)
{
	switch (name) {
		HV_X64_REGISTER_LIST_APIC(FEATURE_CASE)
		return true;
	default:
		return false;
	}
}

/* Those that belong to a feature that no guest has, or to the layer above. */
static bool foreign(uint32_t name)
{
	switch (name) {
		HV_X64_REGISTER_LIST_FEATURE(FEATURE_CASE)
		HV_X64_REGISTER_LIST_HV(FEATURE_CASE)
		return true;
	default:
		return false;
	}
}

static uint32_t known_names(bool apic_too)
{
	static const uint32_t known[] = { HV_X64_REGISTER_LIST(KNOWN_ROW) };
	union hv_register_value v;
	uint32_t n = 0;

	for (uint32_t i = 0; i < ARRAY_LEN(known); i++) {
		uint16_t st = get_wide(known[i], &v);
		bool here = !foreign(known[i]) && (apic_too || !apic_name(known[i]));

		if ((st == HV_STATUS_SUCCESS) != here)
			fail_msg("register %x: %u", known[i], st);
		if (here)
			set_wide(known[i], v); /* get, then set, is no change */
		n += here;
	}
	return n;
}

/* Every other name below the hypervisor's own registers is unknown, both ways. */
static uint32_t sweep(void)
{
	static struct snapshot before, after;
	union hv_register_value v, ones = wide(~0ull, ~0ull);
	uint32_t n = 0;

	look(&before);
	for (uint32_t name = 0; name < 0xc0000; name++) {
		if (get_wide(name, &v) == HV_STATUS_SUCCESS) {
			n++;
			continue;
		}
		assert_int_equal(arch_vp_get_register(&vp, name, &v),
				 HV_STATUS_UNKNOWN_REGISTER_NAME);
		if (arch_vp_set_register(&vp, name, &ones) != HV_STATUS_UNKNOWN_REGISTER_NAME ||
		    v.low_high[0] || v.low_high[1])
			fail_msg("register %x", name);
	}
	look(&after);
	assert_memory_equal(&before, &after, sizeof(before));
	return n;
}

static void test_names(void **state)
{
	static struct snapshot before, after;
	uint32_t n;

	(void)state;
	look(&before);
	n = known_names(true);
	look(&after);
	/* XSTATE_BV is allowed to say more: the values are the same */
	memcpy(after.image + 512, before.image + 512, 8);
	assert_memory_equal(before.image, after.image, sizeof(before.image));
	assert_memory_equal(&before.vp.arch.gpr, &after.vp.arch.gpr, sizeof(before.vp.arch.gpr));
	assert_memory_equal(&before.vp.arch.apic, &after.vp.arch.apic, sizeof(before.vp.arch.apic));
	assert_memory_equal(before.sys, after.sys, sizeof(before.sys));
	assert_memory_equal(before.seg, after.seg, sizeof(before.seg));
	assert_int_equal(before.vp.arch.tsc_offset, after.vp.arch.tsc_offset);
	assert_int_equal(sweep(), n);
	/* Without a local APIC its registers are not there */
	part.create_flags = 0;
	n = known_names(false);
	assert_int_equal(sweep(), n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_words, setup),
		cmocka_unit_test_setup(test_apart, setup),
		cmocka_unit_test_setup(test_hint, setup),
		cmocka_unit_test_setup(test_segments, setup),
		cmocka_unit_test_setup(test_tables, setup),
		cmocka_unit_test_setup(test_activity, setup),
		cmocka_unit_test_setup(test_interrupt_state, setup),
		cmocka_unit_test_setup(test_xfem, setup),
		cmocka_unit_test_setup(test_tsc, setup),
		cmocka_unit_test_setup(test_apic_base, setup),
		cmocka_unit_test_setup(test_interruption, setup),
		cmocka_unit_test_setup(test_pending_event, setup),
		cmocka_unit_test_setup(test_debug_pending, setup),
		cmocka_unit_test_setup(test_fp_reset, setup),
		cmocka_unit_test_setup(test_fp, setup),
		cmocka_unit_test_setup(test_mtrr, setup),
		cmocka_unit_test_setup(test_pat, setup),
		cmocka_unit_test_setup(test_tsc_aux, setup),
		cmocka_unit_test_setup(test_initial_id, setup),
		cmocka_unit_test_setup(test_apic, setup),
		cmocka_unit_test_setup(test_apic_apart, setup),
		cmocka_unit_test_setup(test_apic_derived, setup),
		cmocka_unit_test_setup(test_apic_x2, setup),
		cmocka_unit_test_setup(test_apic_timer, setup),
		cmocka_unit_test_setup(test_deadline_order, setup),
		cmocka_unit_test_setup(test_names, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
