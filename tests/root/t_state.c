/* SPDX-License-Identifier: MIT */
/* State of a VP: registers by name, and the groups of HvCallGet/SetVpState (docs/state.md). */
#include <string.h>

#include <hv/vp_state.h>

#include "tests/root/guest.h"

#define APIC_FLAGS \
	(HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED | HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE)

#define CODE_OF(name, code) code,
static const uint32_t all[] = { HV_X64_REGISTER_LIST(CODE_OF) };
static const uint32_t absent[] = { HV_X64_REGISTER_LIST_FEATURE(CODE_OF) HV_REGISTER_SIRBP };
static const uint32_t apic[] = { HV_X64_REGISTER_LIST_APIC(CODE_OF) };
/* Their Set is refused, whatever the value: time, identity, and what the core counts. */
static const uint32_t fixed[] = { HV_REGISTER_VP_RUNTIME,
				  HV_REGISTER_VP_INDEX,
				  HV_REGISTER_TIME_REF_COUNT,
				  HV_REGISTER_ROOT_SIGNAL_COUNT,
				  HV_REGISTER_REFERENCE_TSC_SEQUENCE,
				  HV_REGISTER_SVERSION };
#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static bool in(const uint32_t *list, size_t n, uint32_t name)
{
	while (n--)
		if (list[n] == name)
			return true;
	return false;
}

/* CET's registers are there where the feature is. */
static bool missing(uint32_t name)
{
	struct hv_input_get_partition_property p = { HV_PARTITION_ID_SELF,
						     HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1, 0 };
	static uint64_t features1 = ~0ull;

	if (!in(absent, LEN(absent), name))
		return false;
	if (name < HV_X64_REGISTER_U_CET || name > HV_X64_REGISTER_INTERRUPT_SSP_TABLE_ADDR)
		return true;
	if (features1 == ~0ull)
		CHECK_EQ(hv_status(HVCALL_GET_PARTITION_PROPERTY, &p, sizeof(p), &features1, 8),
			 HV_STATUS_SUCCESS);
	return !(features1 >> 8 & 3);
}

static void set_property(hv_partition_id id, uint32_t code, uint64_t v)
{
	struct hv_input_set_partition_property p = { id, code, 0, v };

	CHECK_EQ(hv_status(HVCALL_SET_PARTITION_PROPERTY, &p, sizeof(p), NULL, 0),
		 HV_STATUS_SUCCESS);
}

/* With time stopped, everything that is read twice is the same twice. */
static hv_partition_id frozen(uint64_t flags, uint32_t vps)
{
	hv_partition_id id = guest_new(flags, vps);

	set_property(id, HV_PARTITION_PROPERTY_TIME_FREEZE, 1);
	return id;
}

static void expect(uint32_t name, uint16_t got, uint16_t want)
{
	if (got != want)
		test_fail(__FILE__, __LINE__, "register %x: status %x, not %x", (unsigned)name, got,
			  want);
}

/* -- registers by name ------------------------------------------------------------------------- */

static void every_name(uint64_t flags)
{
	hv_partition_id id = frozen(flags, 1);

	for (uint32_t i = 0; i < LEN(all); i++) {
		bool there =
			!missing(all[i]) && ((flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED) ||
					     !in(apic, LEN(apic), all[i]));
		union hv_register_value a = { { 0x77, 0x77 } }, b = { { 0, 0 } };

		expect(all[i], guest_get(id, 0, all[i], &a),
		       there ? HV_STATUS_SUCCESS : HV_STATUS_UNKNOWN_REGISTER_NAME);
		if (!there) {
			CHECK_EQ(a.low_high[0], 0x77);
			expect(all[i], guest_set_status(id, 0, all[i], 0),
			       HV_STATUS_UNKNOWN_REGISTER_NAME);
			continue;
		}
		if (in(fixed, LEN(fixed), all[i])) {
			CHECK(guest_set(id, 0, all[i], &a) != HV_STATUS_SUCCESS);
			a.reg64 += 1;
			CHECK(guest_set(id, 0, all[i], &a) != HV_STATUS_SUCCESS);
			a.reg64 -= 1;
		} else {
			expect(all[i], guest_set(id, 0, all[i], &a), HV_STATUS_SUCCESS);
		}
		expect(all[i], guest_get(id, 0, all[i], &b), HV_STATUS_SUCCESS);
		if (memcmp(&a, &b, sizeof(a)))
			test_fail(__FILE__, __LINE__, "register %x changes", (unsigned)all[i]);
	}
}

TEST(state_every_name)
{
	every_name(APIC_FLAGS);
}

TEST(state_every_name_no_apic)
{
	every_name(0);
}

TEST(state_runtime_of_idle_vp)
{
	static const uint8_t code[] = { 0xf4 };
	hv_partition_id id = guest_new(0, 1);
	uint64_t t;

	CHECK_EQ(guest_get64(id, 0, HV_REGISTER_VP_RUNTIME), 0);
	guest_start(id, 0, code, sizeof(code));
	CHECK_EQ(guest_run(id, 0), HVMSG_X64_HALT);
	t = guest_get64(id, 0, HV_REGISTER_VP_RUNTIME);
	delay_us(1000);
	CHECK_EQ(guest_get64(id, 0, HV_REGISTER_VP_RUNTIME), t);
}

#define P64   0x123456789abcdef0ull
#define HIGH  0xffff800012345678ull
#define WRONG 0x1000000000000000ull /* canonical in no mode */

struct value {
	uint32_t name;
	uint64_t low, high;
};

static const struct value good[] = {
	{ HV_REGISTER_EXPLICIT_SUSPEND, 1, 0 },
	{ HV_REGISTER_INTERCEPT_SUSPEND, 1, 0 },
	{ HV_REGISTER_DISPATCH_SUSPEND, 1, 0 },
	{ HV_REGISTER_INTERNAL_ACTIVITY_STATE, HV_ACTIVITY_STARTUP_SUSPEND, 0 },
	{ HV_REGISTER_INTERNAL_ACTIVITY_STATE, HV_ACTIVITY_HALT_SUSPEND, 0 },
	{ HV_REGISTER_PENDING_INTERRUPTION, 0x15000e0017, 0 }, /* #PF with error code */
	{ HV_REGISTER_PENDING_INTERRUPTION, 0x800001, 0 },     /* interrupt 80 */
	{ HV_REGISTER_PENDING_INTERRUPTION, 0x20005, 0 },      /* NMI */
	{ HV_REGISTER_PENDING_INTERRUPTION, 0x210049, 0 },     /* INT 21, 2 bytes long */
	{ HV_REGISTER_INTERRUPT_STATE, 1, 0 },
	{ HV_REGISTER_INTERRUPT_STATE, 2, 0 },
	{ HV_REGISTER_INTERRUPT_STATE, 3, 0 },
	{ HV_REGISTER_PENDING_EVENT0, 0x7000e0101, 0x123456 },
	{ HV_REGISTER_PENDING_EVENT0, 0x330b, 0 },
	{ HV_X64_REGISTER_DELIVERABILITY_NOTIFICATIONS, 0xffff00000000003f, 0 },
	{ HV_X64_REGISTER_PENDING_DEBUG_EXCEPTION, 0xe00f, 0 },
	{ HV_X64_REGISTER_RAX, P64, 0 },
	{ HV_X64_REGISTER_RSP, ~P64, 0 },
	{ HV_X64_REGISTER_R15, ~0ull, 0 },
	{ HV_X64_REGISTER_RIP, HIGH, 0 },
	{ HV_X64_REGISTER_RFLAGS, 0x250ed7, 0 },
	{ HV_X64_REGISTER_XMM0, P64, ~P64 },
	{ HV_X64_REGISTER_XMM15, ~0ull, 1 },
	{ HV_X64_REGISTER_FP_MMX0, P64, 0x3fff },
	{ HV_X64_REGISTER_FP_MMX7, ~0ull, 0xffff },
	{ HV_X64_REGISTER_FP_CONTROL_STATUS, 0x07ff00ff3800027full, P64 },
	{ HV_X64_REGISTER_CR0, 0x8005003b, 0 },
	{ HV_X64_REGISTER_CR2, P64, 0 },
	{ HV_X64_REGISTER_CR3, 0x12345000, 0 },
	{ HV_X64_REGISTER_CR4, 0x406f8, 0 },
	{ HV_X64_REGISTER_CR8, 15, 0 },
	{ HV_X64_REGISTER_XFEM, 3, 0 },
	{ HV_X64_REGISTER_DR0, P64, 0 },
	{ HV_X64_REGISTER_DR3, ~0ull, 0 },
	{ HV_X64_REGISTER_DR6, 0xffff4ff1, 0 },
	{ HV_X64_REGISTER_DR7, 0xffff0755, 0 },
	{ HV_X64_REGISTER_ES, HIGH, 0xc093002300001234 },
	{ HV_X64_REGISTER_CS, 0, 0xa09b0010ffffffff },
	{ HV_X64_REGISTER_SS, 0, 0xc0f3002bffffffff },
	{ HV_X64_REGISTER_DS, 0, 0xc093001000000fff },
	{ HV_X64_REGISTER_FS, HIGH, 0xc0930018ffffffff },
	{ HV_X64_REGISTER_GS, 0x7fffffffffff, 0xc0930018ffffffff },
	{ HV_X64_REGISTER_LDTR, HIGH, 0x008200300000ffff },
	{ HV_X64_REGISTER_TR, HIGH, 0x008b004000002067 },
	{ HV_X64_REGISTER_IDTR, 0x0fffull << 48, HIGH },
	{ HV_X64_REGISTER_GDTR, 0x007full << 48, HIGH },
	{ HV_X64_REGISTER_TSC, P64, 0 },
	{ HV_X64_REGISTER_EFER, 0xd01, 0 },
	{ HV_X64_REGISTER_KERNEL_GS_BASE, HIGH, 0 },
	{ HV_X64_REGISTER_APIC_BASE, 0xfee00d00, 0 },
	{ HV_X64_REGISTER_PAT, 0x0706050401000606, 0 },
	{ HV_X64_REGISTER_SYSENTER_CS, 0x10, 0 },
	{ HV_X64_REGISTER_SYSENTER_RIP, HIGH, 0 },
	{ HV_X64_REGISTER_SYSENTER_RSP, HIGH, 0 },
	{ HV_X64_REGISTER_STAR, P64, 0 },
	{ HV_X64_REGISTER_LSTAR, HIGH, 0 },
	{ HV_X64_REGISTER_CSTAR, HIGH, 0 },
	{ HV_X64_REGISTER_SFMASK, 0x47700, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 0xc06, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0, 0x80000000, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_PHYS_MASK0, 0xf80000800, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_PHYS_BASE7, 0x40000006, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_PHYS_MASK7, 0xfc0000800, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX64K00000, 0x0606060606060606, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX16KA0000, 0x0001040506000104, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX4KF8000, 0x0505050505050505, 0 },
	{ HV_X64_REGISTER_TSC_AUX, 0xfffffffe, 0 },
	{ HV_X64_REGISTER_TSC_ADJUST, ~P64, 0 },
	{ HV_REGISTER_GUEST_OS_ID, P64, 0 },
	{ HV_REGISTER_VP_ASSIST_PAGE, 0xa000, 0 },
	{ HV_REGISTER_REFERENCE_TSC, 0xb000, 0 },
	{ HV_REGISTER_SINT0, 0x10040, 0 },
	{ HV_REGISTER_SINT15, 0x30041, 0 },
	{ HV_REGISTER_SCONTROL, 1, 0 },
	{ HV_REGISTER_SIEFP, 0xc000, 0 },
	{ HV_REGISTER_SIMP, 0xd000, 0 },
	{ HV_REGISTER_STIMER0_CONFIG, 0x30004, 0 },
	{ HV_REGISTER_STIMER3_CONFIG, 0x1410, 0 },
	{ HV_REGISTER_STIMER1_COUNT, P64, 0 },
};

static const struct value good_apic[] = {
	{ HV_X64_REGISTER_APIC_TPR, 0x35, 0 },
	{ HV_X64_REGISTER_APIC_LDR, 0xab000000, 0 },
	{ HV_X64_REGISTER_APIC_SPURIOUS, 0x1f7, 0 },
	{ HV_X64_REGISTER_APIC_ISR1, 0x80000001, 0 },
	{ HV_X64_REGISTER_APIC_TMR7, 0xf0, 0 },
	{ HV_X64_REGISTER_APIC_IRR0, 0x10000, 0 },
	{ HV_X64_REGISTER_APIC_ESR, 0x60, 0 },
	{ HV_X64_REGISTER_APIC_ICR, 0xab0000000004c4ffull, 0 },
	{ HV_X64_REGISTER_APIC_LVT_TIMER, 0x200ef, 0 },
	{ HV_X64_REGISTER_APIC_LVT_THERMAL, 0x10440, 0 },
	{ HV_X64_REGISTER_APIC_LVT_PERFMON, 0x400, 0 },
	{ HV_X64_REGISTER_APIC_LVT_LINT0, 0x8700, 0 },
	{ HV_X64_REGISTER_APIC_LVT_LINT1, 0x2400, 0 },
	{ HV_X64_REGISTER_APIC_LVT_ERROR, 0xfe, 0 },
	{ HV_X64_REGISTER_APIC_INIT_COUNT, 0x12345678, 0 },
	{ HV_X64_REGISTER_APIC_CURRENT_COUNT, 0x1234567, 0 },
	{ HV_X64_REGISTER_APIC_DIVIDE, 0xb, 0 },
};

static void set_and_get(hv_partition_id id, const struct value *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		union hv_register_value v = { { list[i].low, list[i].high } }, w = { { 0, 0 } };

		expect(list[i].name, guest_set(id, 0, list[i].name, &v), HV_STATUS_SUCCESS);
		expect(list[i].name, guest_get(id, 0, list[i].name, &w), HV_STATUS_SUCCESS);
		if (memcmp(&v, &w, sizeof(v)))
			test_fail(__FILE__, __LINE__, "register %x: %llx %llx reads as %llx %llx",
				  (unsigned)list[i].name, (unsigned long long)v.low_high[0],
				  (unsigned long long)v.low_high[1],
				  (unsigned long long)w.low_high[0],
				  (unsigned long long)w.low_high[1]);
	}
}

TEST(state_set_get)
{
	hv_partition_id id = frozen(APIC_FLAGS, 1);

	set_and_get(id, good_apic, LEN(good_apic));
	set_and_get(id, good, LEN(good));
	/* What reads as set, reads as set. */
	guest_set64(id, 0, HV_X64_REGISTER_RFLAGS, 0x200);
	CHECK_EQ(guest_get64(id, 0, HV_X64_REGISTER_RFLAGS), 0x202);
	guest_set64(id, 0, HV_X64_REGISTER_DR6, 0);
	CHECK_EQ(guest_get64(id, 0, HV_X64_REGISTER_DR6), 0xffff0ff0);
	guest_set64(id, 0, HV_X64_REGISTER_DR7, 0);
	CHECK_EQ(guest_get64(id, 0, HV_X64_REGISTER_DR7), 0x400);
	/* All of MXCSR that the CPU has; the mask is the CPU's. */
	union hv_register_value v = { { P64, 0x1f80 } }, w;

	CHECK_EQ(guest_set(id, 0, HV_X64_REGISTER_XMM_CONTROL_STATUS, &v), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_get(id, 0, HV_X64_REGISTER_XMM_CONTROL_STATUS, &w), HV_STATUS_SUCCESS);
	CHECK_EQ(w.low_high[0], P64);
	CHECK_EQ((uint32_t)w.low_high[1], 0x1f80);
	CHECK((w.low_high[1] >> 32 & 0x1f80) == 0x1f80);
}

static const struct value bad[] = {
	{ HV_REGISTER_EXPLICIT_SUSPEND, 2, 0 },
	{ HV_REGISTER_INTERCEPT_SUSPEND, 1ull << 63, 0 },
	{ HV_REGISTER_DISPATCH_SUSPEND, 3, 0 },
	{ HV_REGISTER_INTERNAL_ACTIVITY_STATE, 4, 0 },
	{ HV_REGISTER_INTERNAL_ACTIVITY_STATE, 1ull << 32, 0 },
	{ HV_REGISTER_PENDING_INTERRUPTION, 1 << 9, 0 },
	{ HV_REGISTER_PENDING_INTERRUPTION, 1 << 15, 0 },
	{ HV_REGISTER_PENDING_INTERRUPTION, 1 << 24, 0 },
	{ HV_REGISTER_PENDING_INTERRUPTION, 1ull << 31, 0 },
	{ HV_REGISTER_PENDING_INTERRUPTION, 0x800003, 0 }, /* type 1 */
	{ HV_REGISTER_PENDING_INTERRUPTION, 0x80000b, 0 }, /* type 5 */
	{ HV_REGISTER_PENDING_INTERRUPTION, 0x80000f, 0 }, /* type 7 */
	{ HV_REGISTER_PENDING_INTERRUPTION, 0x30005, 0 },  /* NMI 3 */
	{ HV_REGISTER_PENDING_INTERRUPTION, 0x20007, 0 },  /* exception 2 */
	{ HV_REGISTER_PENDING_INTERRUPTION, 0x200007, 0 }, /* exception 32 */
	{ HV_REGISTER_INTERRUPT_STATE, 4, 0 },
	{ HV_REGISTER_PENDING_EVENT0, 0x3, 0 },	   /* type 1 */
	{ HV_REGISTER_PENDING_EVENT0, 0xf, 0 },	   /* type 7 */
	{ HV_REGISTER_PENDING_EVENT0, 0x330b, 1 }, /* interrupt with a parameter */
	{ HV_REGISTER_PENDING_EVENT0, 0x1330b, 0 },
	{ HV_REGISTER_PENDING_EVENT0, 0x332b, 0 },
	{ HV_REGISTER_PENDING_EVENT0, 0xe0021, 0 },
	{ HV_REGISTER_PENDING_EVENT0, 0xe0201, 0 },
	{ HV_REGISTER_PENDING_EVENT0, 0x200001, 0 }, /* exception 32 */
	{ HV_REGISTER_PENDING_EVENT0, 0x20001, 0 },  /* exception 2 */
	{ HV_REGISTER_PENDING_EVENT0, 0xe0000, 0 },  /* of nothing */
	{ HV_REGISTER_PENDING_EVENT0, 0, 1 },
	{ HV_REGISTER_PENDING_EVENT1, 1, 0 },
	{ HV_REGISTER_PENDING_EVENT2, 0, 1 },
	{ HV_REGISTER_PENDING_EVENT3, 1ull << 63, 0 },
	{ HV_X64_REGISTER_DELIVERABILITY_NOTIFICATIONS, 1 << 6, 0 },
	{ HV_X64_REGISTER_DELIVERABILITY_NOTIFICATIONS, 1ull << 47, 0 },
	{ HV_X64_REGISTER_PENDING_DEBUG_EXCEPTION, 1 << 4, 0 },
	{ HV_X64_REGISTER_PENDING_DEBUG_EXCEPTION, 1 << 16, 0 },
	{ HV_X64_REGISTER_RIP, WRONG, 0 },
	{ HV_X64_REGISTER_RFLAGS, 1 << 3, 0 },
	{ HV_X64_REGISTER_RFLAGS, 1 << 5, 0 },
	{ HV_X64_REGISTER_RFLAGS, 1 << 15, 0 },
	{ HV_X64_REGISTER_RFLAGS, 1 << 22, 0 },
	{ HV_X64_REGISTER_FP_MMX3, 0, 1 << 16 },
	{ HV_X64_REGISTER_FP_CONTROL_STATUS, 0x80, 0 },
	{ HV_X64_REGISTER_FP_CONTROL_STATUS, 0x2000, 0 },
	{ HV_X64_REGISTER_FP_CONTROL_STATUS, 1ull << 40, 0 },
	{ HV_X64_REGISTER_FP_CONTROL_STATUS, 1ull << 59, 0 },
	{ HV_X64_REGISTER_XMM_CONTROL_STATUS, 0, 0x10000 },
	{ HV_X64_REGISTER_CR0, 1 << 6, 0 },
	{ HV_X64_REGISTER_CR0, 1ull << 32, 0 },
	{ HV_X64_REGISTER_CR3, 1ull << 52, 0 },
	{ HV_X64_REGISTER_CR4, 1 << 13, 0 },
	{ HV_X64_REGISTER_CR4, 1 << 14, 0 },
	{ HV_X64_REGISTER_CR4, 1 << 19, 0 },
	{ HV_X64_REGISTER_CR4, 1 << 24, 0 },
	{ HV_X64_REGISTER_CR4, 1ull << 63, 0 },
	{ HV_X64_REGISTER_CR8, 16, 0 },
	{ HV_X64_REGISTER_XFEM, 0, 0 },
	{ HV_X64_REGISTER_XFEM, 2, 0 },
	{ HV_X64_REGISTER_XFEM, 5, 0 }, /* AVX without SSE */
	{ HV_X64_REGISTER_XFEM, 1ull << 62 | 3, 0 },
	{ HV_X64_REGISTER_DR6, 1ull << 32, 0 },
	{ HV_X64_REGISTER_DR7, 1 << 12, 0 },
	{ HV_X64_REGISTER_DR7, 1ull << 32, 0 },
	{ HV_X64_REGISTER_ES, 0, 0x01930010ffffffff },
	{ HV_X64_REGISTER_TR, 0, 0x088b0010ffffffff },
	{ HV_X64_REGISTER_FS, WRONG, 0xc0930010ffffffff },
	{ HV_X64_REGISTER_LDTR, WRONG, 0x008200100000ffff },
	{ HV_X64_REGISTER_IDTR, 0, WRONG },
	{ HV_X64_REGISTER_GDTR, 0, WRONG },
	{ HV_X64_REGISTER_EFER, 1 << 1, 0 },
	{ HV_X64_REGISTER_EFER, 1 << 9, 0 },
	{ HV_X64_REGISTER_EFER, 1 << 12, 0 }, /* no SVM in a guest */
	{ HV_X64_REGISTER_EFER, 1 << 13, 0 },
	{ HV_X64_REGISTER_EFER, 1ull << 32, 0 },
	{ HV_X64_REGISTER_KERNEL_GS_BASE, WRONG, 0 },
	{ HV_X64_REGISTER_APIC_BASE, 0xfee00901, 0 },
	{ HV_X64_REGISTER_APIC_BASE, 0xfee00b00, 0 },
	{ HV_X64_REGISTER_APIC_BASE, 0xfee00500, 0 }, /* x2APIC while disabled */
	{ HV_X64_REGISTER_APIC_BASE, 1ull << 52, 0 },
	{ HV_X64_REGISTER_PAT, 0x0202020202020202, 0 },
	{ HV_X64_REGISTER_PAT, 0x0800000000000000, 0 },
	{ HV_X64_REGISTER_SYSENTER_CS, 1ull << 32, 0 },
	{ HV_X64_REGISTER_SYSENTER_RIP, WRONG, 0 },
	{ HV_X64_REGISTER_SYSENTER_RSP, WRONG, 0 },
	{ HV_X64_REGISTER_LSTAR, WRONG, 0 },
	{ HV_X64_REGISTER_CSTAR, WRONG, 0 },
	{ HV_X64_REGISTER_SFMASK, 1ull << 32, 0 },
	{ HV_X64_REGISTER_INITIAL_APIC_ID, 1, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_CAP, 0, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 0x2, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 0x1006, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0, 0x7, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0, 0x100, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_PHYS_MASK0, 0x1, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX64K00000, 0x0300000000000000, 0 },
	{ HV_X64_REGISTER_TSC_AUX, 1ull << 32, 0 },
	{ HV_X64_REGISTER_BNDCFGS, 1, 0 },
	{ HV_X64_REGISTER_SPEC_CTRL, 1, 0 },
	{ HV_X64_REGISTER_U_XSS, 1, 0 },
	{ HV_X64_REGISTER_APIC_ID, 1 << 24, 0 },
	{ HV_X64_REGISTER_APIC_VERSION, 0, 0 },
	{ HV_X64_REGISTER_APIC_TPR, 0x100, 0 },
	{ HV_X64_REGISTER_APIC_PPR, 0x50, 0 },
	{ HV_X64_REGISTER_APIC_EOI, 1, 0 },
	{ HV_X64_REGISTER_APIC_LDR, 1, 0 },
	{ HV_X64_REGISTER_APIC_SPURIOUS, 0x400, 0 },
	{ HV_X64_REGISTER_APIC_SPURIOUS, 1ull << 32, 0 },
	{ HV_X64_REGISTER_APIC_ISR0, 0x8000, 0 },
	{ HV_X64_REGISTER_APIC_TMR0, 1, 0 },
	{ HV_X64_REGISTER_APIC_IRR0, 2, 0 },
	{ HV_X64_REGISTER_APIC_IRR0, 4, 0 }, /* the group's word for an NMI, not the register's */
	{ HV_X64_REGISTER_APIC_ESR, 0x100, 0 },
	{ HV_X64_REGISTER_APIC_ICR, 0x100000, 0 },
	{ HV_X64_REGISTER_APIC_ICR, 1ull << 32, 0 },
	{ HV_X64_REGISTER_APIC_LVT_TIMER, 0x60000, 0 },
	{ HV_X64_REGISTER_APIC_LVT_TIMER, 0x80000, 0 },
	{ HV_X64_REGISTER_APIC_LVT_THERMAL, 0x8000, 0 },
	{ HV_X64_REGISTER_APIC_LVT_PERFMON, 0x800, 0 },
	{ HV_X64_REGISTER_APIC_LVT_LINT0, 0x20000, 0 },
	{ HV_X64_REGISTER_APIC_LVT_LINT1, 0x4000, 0 },
	{ HV_X64_REGISTER_APIC_LVT_ERROR, 0x400, 0 },
	{ HV_X64_REGISTER_APIC_CURRENT_COUNT, 1, 0 }, /* more than the initial one */
	{ HV_X64_REGISTER_APIC_DIVIDE, 4, 0 },
	{ HV_X64_REGISTER_APIC_SELF_IPI, 0x40, 0 },
};

/* The hypervisor's own answer HV_STATUS_INVALID_PARAMETER, as their MSRs' #GP has no other name. */
static const struct value bad_hv[] = {
	{ HV_REGISTER_SVERSION, 2, 0 },
	{ HV_REGISTER_VP_INDEX, 0, 0 },
	{ HV_REGISTER_SINT3, 0x0, 0 }, /* unmasked, vector below 16 */
	{ HV_REGISTER_SINT3, 0xf, 0 },
	{ HV_REGISTER_STIMER0_CONFIG, 1 << 13, 0 },
	{ HV_REGISTER_STIMER0_CONFIG, 1 << 20, 0 },
	{ HV_REGISTER_STIMER2_CONFIG, 1ull << 63, 0 },
};

struct snapshot {
	union hv_register_value v[LEN(all)];
};

/* In calls of many: everything that is there. */
static void take(hv_partition_id id, struct snapshot *s)
{
	static struct {
		struct hv_input_vp_registers h;
		uint32_t name[200];
	} i;
	uint32_t at = 0;

	memset(s, 0, sizeof(*s));
	while (at < LEN(all)) {
		uint32_t n = 0, from = at;

		memset(&i.h, 0, sizeof(i.h));
		i.h.partition_id = id;
		for (; at < LEN(all) && n < 200; at++)
			if (!missing(all[at]))
				i.name[n++] = all[at];
		CHECK_EQ(hv_call(HVCALL_GET_VP_REGISTERS | HV_REPS(n), &i, 16 + 4 * n, &s->v[from],
				 16 * n),
			 (uint64_t)n << 32);
	}
}

static void refuse(hv_partition_id id, const struct value *list, size_t n, uint16_t want)
{
	static struct snapshot before, after;

	take(id, &before);
	for (size_t i = 0; i < n; i++) {
		union hv_register_value v = { { list[i].low, list[i].high } };
		uint16_t got = guest_set(id, 0, list[i].name, &v);

		if (got != want)
			test_fail(__FILE__, __LINE__, "register %x = %llx %llx: status %x",
				  (unsigned)list[i].name, (unsigned long long)v.low_high[0],
				  (unsigned long long)v.low_high[1], got);
		take(id, &after);
		if (memcmp(&before, &after, sizeof(before)))
			test_fail(__FILE__, __LINE__, "register %x = %llx %llx changed something",
				  (unsigned)list[i].name, (unsigned long long)v.low_high[0],
				  (unsigned long long)v.low_high[1]);
	}
}

TEST(state_refused_values)
{
	hv_partition_id id = frozen(APIC_FLAGS, 1);

	refuse(id, bad, LEN(bad), HV_STATUS_INVALID_REGISTER_VALUE);
	refuse(id, bad_hv, LEN(bad_hv), HV_STATUS_INVALID_PARAMETER);
}

TEST(state_unknown_names)
{
	hv_partition_id id = frozen(APIC_FLAGS, 1);
	union hv_register_value v;

	for (uint32_t family = 0; family < 0x20; family++)
		for (uint32_t i = 0; i < 0x110; i++) {
			uint32_t name = family << 16 | i;

			if (in(all, LEN(all), name))
				continue;
			expect(name, guest_get(id, 0, name, &v), HV_STATUS_UNKNOWN_REGISTER_NAME);
			expect(name, guest_set_status(id, 0, name, 0),
			       HV_STATUS_UNKNOWN_REGISTER_NAME);
		}
	for (uint32_t name = 0x84000; name < 0x84c00; name++)
		if (!in(all, LEN(all), name)) {
			expect(name, guest_get(id, 0, name, &v), HV_STATUS_UNKNOWN_REGISTER_NAME);
			expect(name, guest_set_status(id, 0, name, 0),
			       HV_STATUS_UNKNOWN_REGISTER_NAME);
		}
	expect(~0u, guest_get(id, 0, ~0u, &v), HV_STATUS_UNKNOWN_REGISTER_NAME);
}

TEST(state_list_calls)
{
	hv_partition_id id = guest_new(0, 1);
	struct {
		struct hv_input_vp_registers h;
		uint32_t name[4];
	} g = { { .partition_id = id },
		{ HV_X64_REGISTER_RIP, HV_X64_REGISTER_CR0, 0x20012, HV_X64_REGISTER_RBX } };
	struct {
		struct hv_input_vp_registers h;
		struct hv_register_assoc r[4];
	} s = { { .partition_id = id }, { { 0, 0, 0, { { 0, 0 } } } } };
	union hv_register_value out[4];

	memset(out, 0x5a, sizeof(out));
	CHECK_EQ(hv_call(HVCALL_GET_VP_REGISTERS | HV_REPS(4), &g, sizeof(g), out, sizeof(out)),
		 HV_STATUS_UNKNOWN_REGISTER_NAME | 2ull << 32);
	CHECK_EQ(out[0].reg64, 0xfff0);
	CHECK_EQ(out[1].reg64, 0x60000010);
	CHECK_EQ(out[2].reg64, 0x5a5a5a5a5a5a5a5aull);
	/* From an index on: what is before is left alone. */
	g.name[2] = HV_X64_REGISTER_RFLAGS;
	memset(out, 0x5a, sizeof(out));
	CHECK_EQ(hv_call(HVCALL_GET_VP_REGISTERS | HV_REPS(4) | 2ull << 48, &g, sizeof(g), out,
			 sizeof(out)),
		 4ull << 32);
	CHECK_EQ(out[1].reg64, 0x5a5a5a5a5a5a5a5aull);
	CHECK_EQ(out[2].reg64, 2);

	for (uint32_t i = 0; i < 4; i++) {
		s.r[i].name = HV_X64_REGISTER_R8 + i;
		s.r[i].value.reg64 = 100 + i;
	}
	s.r[2].name = 0x20012;
	CHECK_EQ(hv_call(HVCALL_SET_VP_REGISTERS | HV_REPS(4), &s, sizeof(s), NULL, 0),
		 HV_STATUS_UNKNOWN_REGISTER_NAME | 2ull << 32);
	s.r[2].name = HV_X64_REGISTER_RFLAGS;
	s.r[2].value.reg64 = 1 << 3;
	CHECK_EQ(hv_call(HVCALL_SET_VP_REGISTERS | HV_REPS(4), &s, sizeof(s), NULL, 0),
		 HV_STATUS_INVALID_REGISTER_VALUE | 2ull << 32);
	s.r[1].padding = 1;
	CHECK_EQ(hv_call(HVCALL_SET_VP_REGISTERS | HV_REPS(4), &s, sizeof(s), NULL, 0),
		 HV_STATUS_INVALID_PARAMETER | 1ull << 32);
	s.r[1].padding = 0;
	s.r[0].reserved = 1;
	CHECK_EQ(hv_call(HVCALL_SET_VP_REGISTERS | HV_REPS(4), &s, sizeof(s), NULL, 0),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(guest_get64(id, 0, HV_X64_REGISTER_R8), 100);
	CHECK_EQ(guest_get64(id, 0, HV_X64_REGISTER_R9), 101);
	CHECK_EQ(guest_get64(id, 0, HV_X64_REGISTER_R11), 0);
	/* VTL 0 is all there is. */
	g.h.input_vtl = 1;
	CHECK_EQ(hv_call(HVCALL_GET_VP_REGISTERS | HV_REPS(4), &g, sizeof(g), out, sizeof(out)),
		 HV_STATUS_INVALID_PARAMETER);
	g.h.input_vtl = 0x10; /* "use the VTL named": 0 */
	CHECK_EQ(HV_HYPERCALL_RESULT_STATUS(hv_call(HVCALL_GET_VP_REGISTERS | HV_REPS(4), &g,
						    sizeof(g), out, sizeof(out))),
		 HV_STATUS_INVALID_PARAMETER);
	g.h.input_vtl = 0;
	g.h.padding[2] = 1;
	CHECK_EQ(hv_call(HVCALL_GET_VP_REGISTERS | HV_REPS(4), &g, sizeof(g), out, sizeof(out)),
		 HV_STATUS_INVALID_PARAMETER);
	s.h.padding[0] = 1;
	CHECK_EQ(hv_call(HVCALL_SET_VP_REGISTERS | HV_REPS(4), &s, sizeof(s), NULL, 0),
		 HV_STATUS_INVALID_PARAMETER);
	/* A VP of the root's is in use. */
	memset(&g.h, 0, sizeof(g.h));
	g.h.partition_id = 1;
	CHECK_EQ(hv_call(HVCALL_GET_VP_REGISTERS | HV_REPS(4), &g, sizeof(g), out, sizeof(out)),
		 HV_STATUS_INVALID_VP_STATE);
}

/* -- the whole at dispatch --------------------------------------------------------------------- */

#define TABLES 0x10000u

/* The first 2 MiB, by one leaf. */
static void long_mode_tables(hv_partition_id id)
{
	uint64_t *t = guest_pages(3, 1);

	t[0] = (TABLES + PAGE) | 3;
	t[512] = (TABLES + 2 * PAGE) | 3;
	t[1024] = 0x83;
	guest_map(id, TABLES / PAGE, t, 3, GUEST_RWX);
	guest_set64(id, 0, HV_X64_REGISTER_CR3, TABLES);
}

TEST(state_long_mode_orders)
{
	static const uint8_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					      { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	static const struct {
		uint32_t name;
		uint64_t v, reset;
	} r[3] = { { HV_X64_REGISTER_CR0, 0x80000031, 0x10 },
		   { HV_X64_REGISTER_CR4, 0x20, 0 },
		   { HV_X64_REGISTER_EFER, 0x500, 0 } };
	/* mov rax, 123456789abcdef0h; hlt */
	static const uint8_t code[] = { 0x48, 0xb8, 0xf0, 0xde, 0xbc, 0x9a,
					0x78, 0x56, 0x34, 0x12, 0xf4 };
	union hv_register_value cs = { { 0, 0xa09b0008ffffffff } };
	hv_partition_id id = guest_new(0, 1);

	guest_start(id, 0, code, sizeof(code));
	CHECK_EQ(guest_set(id, 0, HV_X64_REGISTER_CS, &cs), HV_STATUS_SUCCESS);
	long_mode_tables(id);
	for (uint32_t i = 0; i < 6; i++) {
		for (uint32_t k = 0; k < 3; k++)
			guest_set64(id, 0, r[k].name, r[k].reset);
		for (uint32_t k = 0; k < 3; k++)
			guest_set64(id, 0, r[orders[i][k]].name, r[orders[i][k]].v);
		for (uint32_t k = 0; k < 3; k++)
			CHECK_EQ(guest_get64(id, 0, r[k].name), r[k].v);
		guest_set64(id, 0, HV_X64_REGISTER_RAX, 0);
		guest_set64(id, 0, HV_X64_REGISTER_RIP, GUEST_CODE);
		CHECK_EQ(guest_run(id, 0), HVMSG_X64_HALT);
		CHECK_EQ(guest_get64(id, 0, HV_X64_REGISTER_RAX), P64);
	}
}

TEST(state_impossible_whole)
{
	/* What makes the long-mode VP impossible (APM vol. 2, 15.5.1), and what it was. */
	static const struct {
		uint32_t name;
		uint64_t v, high;
	} wrong[] = {
		{ HV_X64_REGISTER_CR0, 0x20000031, 0 },		  /* NW without CD; no PG */
		{ HV_X64_REGISTER_CR0, 0x80000010, 0 },		  /* PG without PE */
		{ HV_X64_REGISTER_CR0, 0x31, 0 },		  /* LMA without PG */
		{ HV_X64_REGISTER_CR4, 0, 0 },			  /* long mode without PAE */
		{ HV_X64_REGISTER_EFER, 0x100, 0 },		  /* LME and PG without LMA */
		{ HV_X64_REGISTER_EFER, 0x400, 0 },		  /* LMA without LME */
		{ HV_X64_REGISTER_CS, 0, 0xe09b0008ffffffffull }, /* L and D */
		{ HV_X64_REGISTER_RFLAGS, 0x20002, 0 },		  /* VM in long mode */
		/* What VM entry refuses, on both alike (Intel SDM vol. 3, 26.3.1.2) */
		{ HV_X64_REGISTER_CS, 0, 0xa01b0008ffffffffull }, /* not present */
		{ HV_X64_REGISTER_CS, 0, 0xa09a0008ffffffffull }, /* not accessed */
		{ HV_X64_REGISTER_CS, 0, 0xa0fb0008ffffffffull }, /* not SS's DPL */
		{ HV_X64_REGISTER_CS, 0, 0xa0ff0008ffffffffull }, /* conforming, above SS's */
		{ HV_X64_REGISTER_CS, 0, 0xa08b0008ffffffffull }, /* a system segment */
		{ HV_X64_REGISTER_CS, 0x100000000, 0xa09b0008ffffffffull }, /* base */
		{ HV_X64_REGISTER_SS, 0, 0x009b00000000ffffull },	    /* code */
		{ HV_X64_REGISTER_SS, 0, 0x009100000000ffffull },	    /* read only */
		{ HV_X64_REGISTER_SS, 0, 0x00f300000000ffffull },	    /* not CS's DPL */
		{ HV_X64_REGISTER_DS, 0, 0x009200000000ffffull },	    /* not accessed */
		{ HV_X64_REGISTER_ES, 0, 0x009900000000ffffull },	    /* code, not readable */
		{ HV_X64_REGISTER_FS, 0, 0x008300000000ffffull },	    /* a system segment */
		{ HV_X64_REGISTER_DS, 0x100000000, 0x009300000000ffffull }, /* base */
		{ HV_X64_REGISTER_GS, 0, 0x8093000000000000ull },	    /* G and the low bits */
		{ HV_X64_REGISTER_DS, 0, 0x0093000000100000ull },	    /* 1 MiB without G */
		{ HV_X64_REGISTER_LDTR, 0, 0x008300000000ffffull },	    /* not an LDT */
		{ HV_X64_REGISTER_LDTR, 0, 0x008200040000ffffull },	    /* in an LDT */
		{ HV_X64_REGISTER_TR, 0, 0x008900000000ffffull },	    /* not busy */
		{ HV_X64_REGISTER_TR, 0, 0x008300000000ffffull },	    /* of 16 bits */
		{ HV_X64_REGISTER_TR, 0, 0x000b00000000ffffull },	    /* not present */
	};
	static const uint8_t code[] = { 0xf4 };
	union hv_register_value cs = { { 0, 0xa09b0008ffffffff } }, was, v;
	struct hv_output_dispatch_vp out;
	hv_partition_id id = guest_new(0, 1);

	guest_start(id, 0, code, sizeof(code));
	CHECK_EQ(guest_set(id, 0, HV_X64_REGISTER_CS, &cs), HV_STATUS_SUCCESS);
	long_mode_tables(id);
	guest_set64(id, 0, HV_X64_REGISTER_CR0, 0x80000031);
	guest_set64(id, 0, HV_X64_REGISTER_CR4, 0x20);
	guest_set64(id, 0, HV_X64_REGISTER_EFER, 0x500);
	for (uint32_t i = 0; i < LEN(wrong); i++) {
		CHECK_EQ(guest_get(id, 0, wrong[i].name, &was), HV_STATUS_SUCCESS);
		v = (union hv_register_value){ { wrong[i].v, wrong[i].high } };
		CHECK_EQ(guest_set(id, 0, wrong[i].name, &v), HV_STATUS_SUCCESS);
		guest_set64(id, 0, HV_X64_REGISTER_RIP, GUEST_CODE);
		if (guest_run(id, 0) != HVMSG_INVALID_VP_REGISTER_VALUE)
			test_fail(__FILE__, __LINE__, "case %u runs", (unsigned)i);
		/* It stays until it is told to go on, and then says so again. */
		CHECK_EQ(guest_get64(id, 0, HV_REGISTER_INTERCEPT_SUSPEND), 1);
		CHECK_EQ(guest_dispatch(id, 0, 0, &out), HV_STATUS_SUCCESS);
		CHECK_EQ(out.dispatch_state, HV_VP_DISPATCH_STATE_BLOCKED);
		CHECK_EQ(out.dispatch_event, HV_VP_DISPATCH_EVENT_SUSPEND);
		CHECK_EQ(guest_run(id, 0), HVMSG_INVALID_VP_REGISTER_VALUE);
		CHECK_EQ(guest_get64(id, 0, HV_X64_REGISTER_RIP), GUEST_CODE);
		CHECK_EQ(guest_set(id, 0, wrong[i].name, &was), HV_STATUS_SUCCESS);
		CHECK_EQ(guest_run(id, 0), HVMSG_X64_HALT);
	}
}

/* -- groups of state --------------------------------------------------------------------------- */

static uint8_t *buffer; /* four pages for a group */

static uint16_t state_call(uint16_t code, hv_partition_id id, uint32_t vp, uint32_t type,
			   uint32_t pages)
{
	struct {
		struct hv_input_vp_state h;
		uint64_t pfn[8];
	} i = { .h = { .partition_id = id, .vp_index = vp, .type = type } };

	for (uint32_t k = 0; k < pages; k++)
		i.pfn[k] = pfn_of(buffer) + k;
	return hv_status(code | (uint64_t)pages << HV_HYPERCALL_VARHEAD_SHIFT, &i, 40 + 8 * pages,
			 NULL, 0);
}

static uint16_t timers_get(hv_partition_id id, struct hv_synthetic_timers_state *s)
{
	struct hv_input_vp_state i = { .partition_id = id, .type = HV_VP_STATE_SYNTHETIC_TIMERS };

	return hv_status(HVCALL_GET_VP_STATE, &i, sizeof(i), s, sizeof(*s));
}

static uint16_t timers_set(hv_partition_id id, const struct hv_synthetic_timers_state *s,
			   uint32_t size)
{
	struct {
		struct hv_input_vp_state h;
		uint8_t data[256];
	} i = { .h = { .partition_id = id, .type = HV_VP_STATE_SYNTHETIC_TIMERS } };

	memcpy(i.data, s, sizeof(*s));
	return hv_status(HVCALL_SET_VP_STATE | (uint64_t)(size / 8) << HV_HYPERCALL_VARHEAD_SHIFT,
			 &i, 40 + size, NULL, 0);
}

static uint32_t xsave_size(hv_partition_id id)
{
	struct hv_input_get_partition_property p = { id, HV_PARTITION_PROPERTY_MAX_XSAVE_DATA_SIZE,
						     0 };
	uint64_t v = 0;

	CHECK_EQ(hv_status(HVCALL_GET_PARTITION_PROPERTY, &p, sizeof(p), &v, sizeof(v)),
		 HV_STATUS_SUCCESS);
	CHECK(v >= 576 && v <= PAGE);
	return (uint32_t)v;
}

static const uint32_t paged[] = { HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER, HV_VP_STATE_XSAVE,
				  HV_VP_STATE_SYNIC_MESSAGE_PAGE,
				  HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE };

TEST(state_groups_arguments)
{
	hv_partition_id id = frozen(APIC_FLAGS, 1), plain = guest_new(0, 1);
	struct {
		struct hv_input_vp_state h;
		uint64_t pfn[8];
	} i;
	const uint16_t calls[2] = { HVCALL_GET_VP_STATE, HVCALL_SET_VP_STATE };
	uint64_t one = 1ull << HV_HYPERCALL_VARHEAD_SHIFT;
	struct hv_synthetic_timers_state s;
	uint8_t *page;

	buffer = guest_pages(4, 1);
	for (uint32_t c = 0; c < 2; c++) {
		for (uint32_t k = 0; k < LEN(paged); k++) {
			CHECK_EQ(state_call(HVCALL_GET_VP_STATE, id, 0, paged[k], 1),
				 HV_STATUS_SUCCESS);
			/* As many pages as it takes. */
			CHECK_EQ(state_call(calls[c], id, 0, paged[k], 0),
				 HV_STATUS_INVALID_PARAMETER);
			CHECK_EQ(state_call(calls[c], id, 0, paged[k], 2),
				 HV_STATUS_INVALID_PARAMETER);
			CHECK_EQ(state_call(calls[c], id, 0, paged[k], 1), HV_STATUS_SUCCESS);
			/* By page only */
			CHECK_EQ(state_call(calls[c], id, 0, paged[k] & ~HV_VP_STATE_PFN, 1),
				 HV_STATUS_INVALID_PARAMETER);
		}
		for (uint32_t t = 4; t < 40; t++) {
			uint16_t want = t == 8 ? HV_STATUS_FEATURE_UNAVAILABLE
					       : HV_STATUS_INVALID_PARAMETER;

			CHECK_EQ(state_call(calls[c], id, 0, t | HV_VP_STATE_PFN, 1), want);
			if (t != HV_VP_STATE_SYNTHETIC_TIMERS)
				CHECK_EQ(state_call(calls[c], id, 0, t, 1),
					 HV_STATUS_INVALID_PARAMETER);
		}
		CHECK_EQ(state_call(calls[c], id, 0, 0x40000004, 0), HV_STATUS_INVALID_PARAMETER);
		/* No APIC, no state of it. */
		CHECK_EQ(state_call(calls[c], plain, 0, paged[0], 1), HV_STATUS_INVALID_PARAMETER);
		/* VPs of the root's are in use. */
		CHECK_EQ(state_call(calls[c], 1, 0, paged[2], 1), HV_STATUS_INVALID_VP_STATE);
		/* Every reserved field */
		for (uint32_t k = 0; k < 7; k++) {
			memset(&i, 0, sizeof(i));
			i.h.partition_id = id;
			i.h.type = HV_VP_STATE_SYNIC_MESSAGE_PAGE;
			i.pfn[0] = pfn_of(buffer);
			i.h.input_vtl = k == 0;
			i.h.padding[0] = k == 1;
			i.h.padding[1] = k == 2;
			i.h.padding[2] = k == 3;
			i.h.reserved = k == 4;
			i.h.xsave_flags = k == 5;
			i.h.xsave_states = k == 6;
			CHECK_EQ(hv_status(calls[c] | one, &i, 48, NULL, 0),
				 HV_STATUS_INVALID_PARAMETER);
		}
		/* A buffer that is not the root's memory */
		const uint64_t pfns[5] = { boot_info->core_base / PAGE, 0xfee00, 1ull << 40,
					   1ull << 52, ~0ull };

		memset(&i, 0, sizeof(i));
		i.h.partition_id = id;
		i.h.type = HV_VP_STATE_SYNIC_MESSAGE_PAGE;
		for (uint32_t k = 0; k < 5; k++) {
			i.pfn[0] = pfns[k];
			CHECK_EQ(hv_status(calls[c] | one, &i, 48, NULL, 0),
				 HV_STATUS_INVALID_PARAMETER);
		}
	}
	/* XSAVE components that are not offered */
	memset(&i, 0, sizeof(i));
	i.h.partition_id = id;
	i.h.type = HV_VP_STATE_XSAVE;
	i.pfn[0] = pfn_of(buffer);
	i.h.xsave_states = 1ull << 62;
	CHECK_EQ(hv_status(HVCALL_GET_VP_STATE | one, &i, 48, NULL, 0),
		 HV_STATUS_INVALID_PARAMETER);
	i.h.xsave_states = 3;
	CHECK_EQ(hv_status(HVCALL_GET_VP_STATE | one, &i, 48, NULL, 0), HV_STATUS_SUCCESS);
	/* Inline: exact on Set, nothing on Get, and an answer that lies in one page. */
	CHECK_EQ(timers_get(id, &s), HV_STATUS_SUCCESS);
	CHECK_EQ(timers_set(id, &s, 200), HV_STATUS_SUCCESS);
	CHECK_EQ(timers_set(id, &s, 192), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(timers_set(id, &s, 208), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(timers_set(id, &s, 0), HV_STATUS_INVALID_PARAMETER);
	page = guest_pages(2, 1);
	memset(&i, 0, sizeof(i));
	i.h.partition_id = id;
	i.h.type = HV_VP_STATE_SYNTHETIC_TIMERS;
	memcpy(page, &i, 48);
	CHECK_EQ(hv_raw(HVCALL_GET_VP_STATE | one, (uint64_t)page, (uint64_t)buffer),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(hv_raw(HVCALL_GET_VP_STATE, (uint64_t)page, (uint64_t)buffer + 4),
		 HV_STATUS_INVALID_ALIGNMENT);
	CHECK_EQ(hv_raw(HVCALL_GET_VP_STATE, (uint64_t)page, (uint64_t)buffer + PAGE - 192),
		 HV_STATUS_INVALID_HYPERCALL_INPUT);
	CHECK_EQ(hv_raw(HVCALL_GET_VP_STATE, (uint64_t)page, (uint64_t)buffer + PAGE - 200),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(hv_raw(HVCALL_GET_VP_STATE, (uint64_t)page, boot_info->core_base),
		 HV_STATUS_INVALID_PARAMETER);
}

/* Get, Set of it after something else was there, Get: the same bytes. */
static void round_trip(hv_partition_id id, uint32_t type, uint32_t size, const void *other)
{
	static uint8_t first[PAGE];

	memset(buffer, 0xee, PAGE);
	CHECK_EQ(state_call(HVCALL_GET_VP_STATE, id, 0, type, 1), HV_STATUS_SUCCESS);
	memcpy(first, buffer, PAGE);
	for (uint32_t i = size; i < PAGE; i++)
		CHECK_EQ(buffer[i], 0xee);
	memcpy(buffer, other, size);
	CHECK_EQ(state_call(HVCALL_SET_VP_STATE, id, 0, type, 1), HV_STATUS_SUCCESS);
	memset(buffer, 0xee, PAGE);
	CHECK_EQ(state_call(HVCALL_GET_VP_STATE, id, 0, type, 1), HV_STATUS_SUCCESS);
	CHECK(!memcmp(buffer, other, size));
	CHECK(memcmp(buffer, first, size) != 0);
	memcpy(buffer, first, size);
	CHECK_EQ(state_call(HVCALL_SET_VP_STATE, id, 0, type, 1), HV_STATUS_SUCCESS);
	memset(buffer, 0xee, PAGE);
	CHECK_EQ(state_call(HVCALL_GET_VP_STATE, id, 0, type, 1), HV_STATUS_SUCCESS);
	CHECK(!memcmp(buffer, first, PAGE));
}

TEST(state_pages_round_trip)
{
	hv_partition_id id = frozen(0, 1);
	uint8_t *other = guest_pages(1, 1);

	buffer = guest_pages(4, 1);
	for (uint32_t i = 0; i < PAGE; i++)
		other[i] = (uint8_t)(i * 13 + (i >> 8));
	round_trip(id, HV_VP_STATE_SYNIC_MESSAGE_PAGE, PAGE, other);
	for (uint32_t i = 0; i < PAGE; i++)
		other[i] ^= 0xff;
	round_trip(id, HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE, PAGE, other);
}

/* For each change of one word: refused, and nothing is another. */
static void refuse_words(hv_partition_id id, uint32_t type, uint32_t size,
			 const struct value *change, size_t n)
{
	static uint8_t before[PAGE];

	CHECK_EQ(state_call(HVCALL_GET_VP_STATE, id, 0, type, 1), HV_STATUS_SUCCESS);
	memcpy(before, buffer, size);
	for (size_t i = 0; i < n; i++) {
		uint32_t w;

		memcpy(buffer, before, size);
		memcpy(&w, buffer + change[i].name, 4);
		w = (w & (uint32_t)change[i].high) ^ (uint32_t)change[i].low;
		memcpy(buffer + change[i].name, &w, 4);
		/* A change that does take place elsewhere must not be half done. */
		if (state_call(HVCALL_SET_VP_STATE, id, 0, type, 1) != HV_STATUS_INVALID_PARAMETER)
			test_fail(__FILE__, __LINE__, "word at %u, %llx is taken",
				  (unsigned)change[i].name, (unsigned long long)change[i].low);
		memset(buffer, 0, size);
		CHECK_EQ(state_call(HVCALL_GET_VP_STATE, id, 0, type, 1), HV_STATUS_SUCCESS);
		if (memcmp(buffer, before, size))
			test_fail(__FILE__, __LINE__, "word at %u, %llx changed something",
				  (unsigned)change[i].name, (unsigned long long)change[i].low);
	}
}

#define AT(member) ((uint32_t)offsetof(struct hv_local_interrupt_controller_state, member))
#define ALL	   0xffffffffu

TEST(state_lapic)
{
	static const struct value wrong[] = {
		{ AT(apic_id), 1, ALL },
		{ AT(apic_version), 1, ALL },
		{ AT(apic_ldr), 1, ALL },
		{ AT(apic_dfr), 1, ALL },
		{ AT(apic_spurious), 0x400, ALL },
		{ AT(apic_isr), 0x8000, ALL },
		{ AT(apic_tmr), 1, ALL },
		{ AT(apic_irr), 1, ALL },
		{ AT(apic_irr), 8, ALL },
		{ AT(apic_esr), 0x100, ALL },
		{ AT(apic_error_status), 0x100, ALL },
		{ AT(apic_icr_high), 1, ALL },
		{ AT(apic_icr_low), 0x100000, ALL },
		{ AT(apic_lvt_timer), 0x60000, 0 },
		{ AT(apic_lvt_timer), 0x100, ALL },
		{ AT(apic_lvt_thermal), 0x8000, ALL },
		{ AT(apic_lvt_perfmon), 0x20000, ALL },
		{ AT(apic_lvt_lint0), 0x800, ALL },
		{ AT(apic_lvt_lint1), 0x1000, ALL },
		{ AT(apic_lvt_error), 0x100, ALL },
		{ AT(apic_lvt_cmci), 1, ALL },
		{ AT(apic_counter_value), 0x80000000, ALL },
		{ AT(apic_divide_configuration), 4, ALL },
		{ AT(apic_remote_read), 1, ALL },
	};
	hv_partition_id id = frozen(APIC_FLAGS, 1);
	struct hv_local_interrupt_controller_state s;

	buffer = guest_pages(4, 1);
	CHECK_EQ(state_call(HVCALL_GET_VP_STATE, id, 0, paged[0], 1), HV_STATUS_SUCCESS);
	memcpy(&s, buffer, sizeof(s));
	s.apic_ldr = 0x5a000000;
	s.apic_dfr = 0x0fffffff;
	s.apic_spurious = 0x1f3;
	s.apic_isr[0] = 0xabcd0000;
	s.apic_irr[0] = 0x12340004; /* with an NMI */
	for (uint32_t i = 1; i < 8; i++) {
		s.apic_isr[i] = 0x1111u * i;
		s.apic_tmr[i] = 0x77770000u + i;
		s.apic_irr[i] = 0x80000001u + i;
	}
	s.apic_esr = 0x40;
	s.apic_error_status = 0x20;
	s.apic_icr_high = 0x3000000;
	s.apic_icr_low = 0xc4031;
	s.apic_lvt_timer = 0x200ec;
	s.apic_lvt_thermal = 0x4fe;
	s.apic_lvt_perfmon = 0x400;
	s.apic_lvt_lint0 = 0x8750;
	s.apic_lvt_lint1 = 0x400;
	s.apic_lvt_error = 0xfd;
	s.apic_initial_count = 0x7fffffff;
	s.apic_counter_value = 0x7ffffffe;
	s.apic_divide_configuration = 0xb;
	round_trip(id, paged[0], sizeof(s), &s);
	refuse_words(id, paged[0], sizeof(s), wrong, LEN(wrong));
	memcpy(buffer, &s, sizeof(s));
	CHECK_EQ(state_call(HVCALL_SET_VP_STATE, id, 0, paged[0], 1), HV_STATUS_SUCCESS);
	refuse_words(id, paged[0], sizeof(s), wrong, LEN(wrong));
	CHECK_EQ(guest_get64(id, 0, HV_X64_REGISTER_APIC_IRR7), 0x80000008);
	/* In x2APIC mode LDR is derived and there is no DFR. */
	guest_set64(id, 0, HV_X64_REGISTER_APIC_BASE, 0xfee00d00);
	CHECK_EQ(state_call(HVCALL_GET_VP_STATE, id, 0, paged[0], 1), HV_STATUS_SUCCESS);
	memcpy(&s, buffer, sizeof(s));
	CHECK_EQ(s.apic_ldr, 1);
	CHECK_EQ(s.apic_dfr, 0);
	CHECK_EQ(state_call(HVCALL_SET_VP_STATE, id, 0, paged[0], 1), HV_STATUS_SUCCESS);
	refuse_words(id, paged[0], sizeof(s), wrong, 4);
}

TEST(state_xsave)
{
	static const struct value wrong[] = {
		{ 24, 0x10000, ALL },			       /* MXCSR */
		{ 512, 0x80, ALL },			       /* XSTATE_BV not in XCOMP_BV */
		{ 516, 0x80000000, ALL }, { 520, 0x400, ALL }, /* a component that is not offered */
		{ 524, 0x80000000, ALL },		       /* not compacted */
		{ 524, 0x40000000, ALL }, { 528, 1, ALL },     /* the header's reserved words */
		{ 532, 1, ALL },	  { 552, 1, ALL },     { 572, 0x80000000, ALL },
	};
	hv_partition_id id = frozen(0, 1);
	uint32_t size = xsave_size(id);
	uint8_t *other = guest_pages(1, 1);
	union hv_register_value v;
	uint64_t xcomp;

	buffer = guest_pages(4, 1);
	CHECK_EQ(state_call(HVCALL_GET_VP_STATE, id, 0, HV_VP_STATE_XSAVE, 1), HV_STATUS_SUCCESS);
	memcpy(&xcomp, buffer + 520, 8);
	CHECK((xcomp >> 63 & 1) && (xcomp & 3) == 3);
	memcpy(other, buffer, size);
	other[0] = 0x7f;
	other[1] = 2;
	other[24] = 0xa0; /* MXCSR 1fa0 */
	other[25] = 0x1f;
	for (uint32_t i = 0; i < 8; i++)
		for (uint32_t k = 0; k < 10; k++)
			other[32 + 16 * i + k] = (uint8_t)(i * 16 + k + 1);
	for (uint32_t i = 160; i < 416; i++)
		other[i] = (uint8_t)(i * 3);
	other[512] = 3;
	round_trip(id, HV_VP_STATE_XSAVE, size, other);
	refuse_words(id, HV_VP_STATE_XSAVE, size, wrong, LEN(wrong));
	memcpy(buffer, other, size);
	CHECK_EQ(state_call(HVCALL_SET_VP_STATE, id, 0, HV_VP_STATE_XSAVE, 1), HV_STATUS_SUCCESS);
	refuse_words(id, HV_VP_STATE_XSAVE, size, wrong, LEN(wrong));
	/* The registers by name are the same ones. */
	CHECK_EQ(guest_get(id, 0, HV_X64_REGISTER_XMM5, &v), HV_STATUS_SUCCESS);
	CHECK(!memcmp(&v, other + 160 + 80, 16));
	CHECK_EQ(guest_get(id, 0, HV_X64_REGISTER_FP_MMX6, &v), HV_STATUS_SUCCESS);
	CHECK(!memcmp(&v, other + 32 + 96, 10));
}

TEST(state_timers)
{
	hv_partition_id id = frozen(0, 1);
	struct hv_synthetic_timers_state s, got, zero;
	static const struct {
		uint32_t timer, word; /* 32-bit word of the timer */
		uint32_t flip;
	} wrong[] = {
		{ 0, 0, 2 },					     /* flags */
		{ 0, 1, 1 },					     /* reserved */
		{ 0, 2, 1u << 13 },				     /* config */
		{ 0, 2, 1u << 20 }, { 0, 3, 1u << 31 }, { 0, 6, 1 }, /* a phase without a period */
		{ 1, 2, 1 },					     /* and without running */
		{ 2, 0, 1 },	    /* time of a message that does not wait */
		{ 3, 0, 1 },	    /* a message of a direct timer */
		{ 0, 2, 3u << 16 }, /* enabled without target */
	};

	memset(&s, 0, sizeof(s));
	memset(&zero, 0, sizeof(zero));
	CHECK_EQ(timers_get(id, &got), HV_STATUS_SUCCESS);
	CHECK(!memcmp(&got, &zero, sizeof(zero)));
	s.timers[0].config = 3u << 16 | 1;
	s.timers[0].count = 1ull << 50;
	s.timers[1].config = 4u << 16 | 3;
	s.timers[1].count = 10000000;
	s.timers[1].adjustment = (1ull << 40) + 7;
	s.timers[2].config = 5u << 16;
	s.timers[2].flags = HV_STIMER_STATE_UNDELIVERED;
	s.timers[2].undelivered_expiration_time = 12345;
	s.timers[3].config = 1u << 12 | 0x40 << 4 | 1;
	s.timers[3].count = 1ull << 51;
	CHECK_EQ(timers_set(id, &s, 200), HV_STATUS_SUCCESS);
	CHECK_EQ(timers_get(id, &got), HV_STATUS_SUCCESS);
	CHECK(!memcmp(&got, &s, sizeof(s)));
	CHECK_EQ(guest_get64(id, 0, HV_REGISTER_STIMER1_COUNT), 10000000);
	for (uint32_t i = 0; i < LEN(wrong) + 5; i++) {
		struct hv_synthetic_timers_state t = s;

		if (i < LEN(wrong))
			((uint32_t *)(void *)&t.timers[wrong[i].timer])[wrong[i].word] ^=
				wrong[i].flip;
		else
			t.reserved[i - LEN(wrong)] = 1ull << 63;
		/* Another timer's new value comes to nothing with it. */
		t.timers[0].count++;
		if (timers_set(id, &t, 200) != HV_STATUS_INVALID_PARAMETER)
			test_fail(__FILE__, __LINE__, "case %u is taken", (unsigned)i);
		CHECK_EQ(timers_get(id, &got), HV_STATUS_SUCCESS);
		CHECK(!memcmp(&got, &s, sizeof(s)));
	}
	CHECK_EQ(timers_set(id, &zero, 200), HV_STATUS_SUCCESS);
	CHECK_EQ(timers_get(id, &got), HV_STATUS_SUCCESS);
	CHECK(!memcmp(&got, &zero, sizeof(zero)));
}

/* -- a VP that runs ---------------------------------------------------------------------------- */

static volatile uint32_t stop;

static void run_until_stop(void *arg)
{
	struct hv_input_dispatch_vp i = { .partition_id = *(hv_partition_id *)arg, .flags = 1 };
	struct hv_output_dispatch_vp o;

	while (!stop)
		if (hv_status(HVCALL_DISPATCH_VP, &i, sizeof(i), &o, sizeof(o)) !=
		    HV_STATUS_SUCCESS)
			return;
}

TEST_CPUS(state_running_vp, 2)
{
	/* inc dword [0x4000]; jmp back */
	static const uint8_t code[] = { 0xff, 0x05, 0x00, 0x40, 0x00, 0x00, 0xeb, 0xf8 };
	static hv_partition_id id;
	struct hv_synthetic_timers_state timers;
	struct hv_output_dispatch_vp out;
	struct hv_input_set_partition_property p;
	union hv_register_value v;
	volatile uint32_t *count;
	uint64_t until = rdtsc() + boot_info->tsc_hz;
	uint16_t got[24];
	uint32_t n = 0, seen;

	id = guest_new(APIC_FLAGS, 1);
	buffer = guest_pages(4, 1);
	count = guest_pages(1, 1);
	memset(&timers, 0, sizeof(timers));
	guest_start(id, 0, code, sizeof(code));
	guest_map(id, 4, (const void *)count, 1, GUEST_RWX);
	stop = 0;
	cpu_run(1, run_until_stop, &id);
	while (!*count && rdtsc() < until)
		cpu_pause();
	for (uint32_t i = 0; i < LEN(paged); i++) {
		got[n++] = state_call(HVCALL_GET_VP_STATE, id, 0, paged[i], 1);
		got[n++] = state_call(HVCALL_SET_VP_STATE, id, 0, paged[i], 1);
	}
	got[n++] = timers_get(id, &timers);
	got[n++] = timers_set(id, &timers, 200);
	got[n++] = guest_get(id, 0, HV_X64_REGISTER_RIP, &v);
	got[n++] = guest_set_status(id, 0, HV_X64_REGISTER_RAX, 1);
	got[n++] = guest_dispatch(id, 0, 0, &out);
	got[n++] = (uint16_t)hv_raw(HVCALL_DELETE_VP | HV_HYPERCALL_FAST, id, 0);
	p = (struct hv_input_set_partition_property){ id, HV_PARTITION_PROPERTY_TIME_FREEZE, 0, 1 };
	got[n++] = hv_status(HVCALL_SET_PARTITION_PROPERTY, &p, sizeof(p), NULL, 0);
	p.property_code = HV_PARTITION_PROPERTY_REFERENCE_TIME;
	got[n++] = hv_status(HVCALL_SET_PARTITION_PROPERTY, &p, sizeof(p), NULL, 0);
	got[n++] = guest_simple(HVCALL_FINALIZE_PARTITION, id);
	seen = *count;
	while (*count == seen && rdtsc() < until)
		cpu_pause();
	stop = 1;
	apic_ipi(1, 0x4000 | VEC_WAKE);
	cpu_join(1);
	CHECK(*count > seen && seen);
	for (uint32_t i = 0; i + 1 < n; i++)
		if (got[i] != HV_STATUS_INVALID_VP_STATE)
			test_fail(__FILE__, __LINE__, "call %u: status %x", (unsigned)i, got[i]);
	CHECK_EQ(got[n - 1], HV_STATUS_OBJECT_IN_USE);
	/* It has stopped: all of it is allowed. */
	CHECK_EQ(state_call(HVCALL_GET_VP_STATE, id, 0, paged[0], 1), HV_STATUS_SUCCESS);
	CHECK(guest_get64(id, 0, HV_X64_REGISTER_RIP) - GUEST_CODE < sizeof(code));
	CHECK(guest_get64(id, 0, HV_REGISTER_VP_RUNTIME) > 0);
}
