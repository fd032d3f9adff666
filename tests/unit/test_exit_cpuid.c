/* SPDX-License-Identifier: MIT */
/*
 * CPUID over a processor that has everything there is, all bits set: what of it a guest may see,
 * what the root, what is the VP's own, what features a partition may give up, and what results the
 * root registered do. Bits are written out from the manuals (SDM vol. 2, CPUID; APM vol. 3,
 * appendix E).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <insn.h>

#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/features.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "fake_virt.h"
#include "hvapi/cpuid.h"
#include "kernel/arch.h"

enum { EAX, EBX, ECX, EDX };

static struct partition part, root;
static struct vp vp;
static struct x86_cpuid_result results[ARCH_CPUID_RESULTS];
static bool length_known;
static uint32_t intercepts, seen_defaults[4];

struct partition *partition_root = &root;
uint32_t cpu_phys_bits;
uint64_t cpu_xcr0;
struct xsave_layout cpu_xsave_layout;

bool insn_length(struct vp *v, struct x86_exit *ex)
{
	(void)v;
	ex->len = 2;
	return length_known;
}

enum exit_action intercept_cpuid(struct vp *v, struct x86_exit *ex, const uint32_t defaults[4])
{
	assert_ptr_equal(v, &vp);
	assert_int_equal(ex->len, 2);
	intercepts++;
	memcpy(seen_defaults, defaults, sizeof(seen_defaults));
	return EXIT_STOP;
}

/* Components: AVX, PKRU and the three of AVX-512 as on the processors that have them */
static void everything(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	static const struct {
		uint32_t size, offset;
	} comp[10] = {
		[2] = { 256, 576 },  [3] = { 64, 960 },	   [4] = { 64, 1024 }, [5] = { 64, 1088 },
		[6] = { 512, 1152 }, [7] = { 1024, 1664 }, [9] = { 8, 2688 }
	};

	r[0] = r[1] = r[2] = r[3] = ~0u;
	if (leaf == 0xd && sub >= 2) {
		r[0] = sub < 10 ? comp[sub].size : 0;
		r[1] = sub < 10 ? comp[sub].offset : 0;
		r[2] = r[3] = 0;
	}
}

/* The layout of all that, with or without CET. */
static void layout(uint64_t super)
{
	static struct xsave_cpuid sub[64];
	uint32_t r[4];

	for (uint32_t i = 2; i < 64; i++) {
		everything(0xd, i, r);
		sub[i] = (struct xsave_cpuid){ r[0], r[1], r[2], r[3] };
	}
	sub[0].eax = 0x2e7;
	sub[1].ecx = (uint32_t)super;
	sub[11] = (struct xsave_cpuid){ 16, 0, 1, 0 };
	sub[12] = (struct xsave_cpuid){ 24, 0, 1, 0 };
	assert_true(xsave_layout_init(&cpu_xsave_layout, 0x2e7 | super, sub, 0xffff));
}

static int setup(void **state)
{
	(void)state;
	memset(&fv, 0, sizeof(fv));
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&part, 0, sizeof(part));
	memset(&root, 0, sizeof(root));
	memset(&vp, 0, sizeof(vp));
	memset(results, 0, sizeof(results));
	fake_hw.cpuid = everything;
	layout(0);
	cpu_phys_bits = 46;
	cpu_xcr0 = 0x2ff | BIT(17) | BIT(18);
	part.create_flags = HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED |
			    HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE;
	part.arch.xcr0_mask = 0x2e7;
	part.cpuid_results = results;
	part.vp_count = 4;
	vp.partition = &part;
	vp.index = 3;
	vp.arch.xcr0 = 7;
	length_known = true;
	intercepts = 0;
	return 0;
}

static void ask(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	struct x86_exit ex = { .kind = X86_EXIT_CPUID };
	uint64_t *g = vp.arch.gpr;

	memset(g, 0xa5, sizeof(vp.arch.gpr));
	/* Only the low halves count */
	g[GPR_RAX] = 0xdeadbeef00000000 | leaf;
	g[GPR_RCX] = 0xdeadbeef00000000 | sub;
	assert_int_equal(exit_cpuid(&vp, &ex), EXIT_NEXT);
	r[EAX] = (uint32_t)g[GPR_RAX];
	r[EBX] = (uint32_t)g[GPR_RBX];
	r[ECX] = (uint32_t)g[GPR_RCX];
	r[EDX] = (uint32_t)g[GPR_RDX];
	/* 32-bit results, and no other register */
	assert_int_equal((g[GPR_RAX] | g[GPR_RBX] | g[GPR_RCX] | g[GPR_RDX]) >> 32, 0);
	assert_int_equal(g[GPR_RSP], 0xa5a5a5a5a5a5a5a5);
	assert_int_equal(g[GPR_RSI], 0xa5a5a5a5a5a5a5a5);
	assert_int_equal(g[GPR_R15], 0xa5a5a5a5a5a5a5a5);
}

static void answers(uint32_t leaf, uint32_t sub, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	uint32_t r[4];

	ask(leaf, sub, r);
	if (r[0] != a || r[1] != b || r[2] != c || r[3] != d)
		fail_msg("leaf %x.%x: %x %x %x %x, not %x %x %x %x", leaf, sub, r[0], r[1], r[2],
			 r[3], a, b, c, d);
}

static void is_empty(uint32_t leaf, uint32_t sub)
{
	answers(leaf, sub, 0, 0, 0, 0);
}

#define ALL ~0u
/* Leaf 1 ECX without MONITOR, VMX, SMX, EST, TM2, PDCM, OSXSAVE */
#define L1C_GUEST (ALL & ~(1u << 3 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 8 | 1u << 15 | 1u << 27))
#define L1D_GUEST (ALL & ~(1u << 21 | 1u << 22))
#define L1B_GUEST (3u << 24 | 4u << 16 | 0xffffu)

static void test_leaf_1(void **state)
{
	(void)state;
	answers(1, 0, ALL, L1B_GUEST, L1C_GUEST, L1D_GUEST);
	/* OSXSAVE is the VP's own CR4 */
	fv.sys[SYS_CR4] = CR4_OSXSAVE;
	answers(1, 0, ALL, L1B_GUEST, L1C_GUEST | 1u << 27, L1D_GUEST);
	fv.sys[SYS_CR4] = ~(uint64_t)CR4_OSXSAVE;
	answers(1, 0, ALL, L1B_GUEST, L1C_GUEST, L1D_GUEST);
	/* x2APIC and the deadline timer come with the local APIC that the partition was made with
	 */
	part.create_flags = HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED;
	answers(1, 0, ALL, L1B_GUEST, L1C_GUEST & ~(1u << 21), L1D_GUEST);
	part.create_flags = HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE;
	answers(1, 0, ALL, L1B_GUEST, L1C_GUEST & ~(1u << 21 | 1u << 24), L1D_GUEST);
}

/* A processor without anything: the hypervisor bit and the local APIC's are ours all the same. */
static void nothing(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	(void)leaf;
	(void)sub;
	r[0] = r[1] = r[2] = r[3] = 0;
}

static void test_leaf_1_bare(void **state)
{
	(void)state;
	fake_hw.cpuid = nothing;
	answers(1, 0, 0, 3u << 24 | 4u << 16, 1u << 31 | 1u << 24 | 1u << 21, 0);
}

static void test_leaf_7(void **state)
{
	/* EBX: FSGSBASE BMI1 AVX2 SMEP BMI2 ERMS, AVX-512 F DQ, RDSEED ADX SMAP IFMA CLFLUSHOPT
	 * CLWB, PF ER CD SHA BW VL. ECX: VBMI UMIP PKU VBMI2 GFNI VAES VPCLMUL VNNI BITALG VPOPCNT
	 * LA57. EDX: 4VNNIW 4FMAPS FSRM VP2INTERSECT. */
	const uint32_t b = 0xfdbf03a9, c = 0x15f4e & ~(1u << 4), d = 0x11c;

	(void)state;
	answers(7, 0, 0, b, c, d);
	fv.sys[SYS_CR4] = CR4_PKE;
	answers(7, 0, 0, b, c | 1u << 4, d);
	fv.sys[SYS_CR4] = ~(uint64_t)CR4_PKE;
	answers(7, 0, 0, b, c, d);
	for (uint32_t s = 1; s < 5; s++)
		is_empty(7, s);
}

/* Topology: one thread a core, one package, and the id is the VP's, never the CPU's under it. */
static void test_topology(void **state)
{
	static const uint32_t leaves[] = { 0xb, 0x1f };

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		answers(leaves[i], 0, 0, 1, 0x100, 3);
		answers(leaves[i], 1, 8, 4, 0x201, 3);
		answers(leaves[i], 2, 0, 0, 2, 3);
		answers(leaves[i], 77, 0, 0, 77, 3);
	}
	answers(0x8000001e, 0, 3, 3, 0, 0);
	is_empty(0x80000026, 0);
	is_empty(0x80000026, 1);
	vp.index = 0;
	answers(0xb, 1, 8, 4, 0x201, 0);
	answers(0x8000001e, 0, 0, 0, 0, 0);
}

static void test_empty(void **state)
{
	static const uint32_t leaves[] = { 5,	       6,	   0xa,	       0xf,
					   0x10,       0x12,	   0x14,       0x8000000a,
					   0x8000001b, 0x8000001c, 0x8000001f, 0x80000022 };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(leaves); i++)
		for (uint32_t s = 0; s < 4; s++)
			is_empty(leaves[i], s);
	/* Not theirs to judge: as the processor has it */
	answers(0, 0, ALL, ALL, ALL, ALL);
	answers(4, 1, ALL, ALL, ALL, ALL);
	answers(0x80000000, 0, ALL, ALL, ALL, ALL);
	answers(0x80000002, 0, ALL, ALL, ALL, ALL);
}

static void test_extended(void **state)
{
	(void)state;
	/* No SVM, extended APIC space, IBS, SKINIT, WDT, LWP, nor performance counters */
	answers(0x80000001, 0, ALL, ALL,
		ALL & ~(1u << 2 | 1u << 3 | 1u << 10 | 1u << 12 | 1u << 13 | 1u << 15 | 1u << 23 |
			1u << 24 | 1u << 28),
		ALL);
	/* CLZERO; VPs less one; at most four levels of second-level tables */
	answers(0x80000008, 0, 0xffffff00 | 46, 1, 3, ALL);
	cpu_phys_bits = 52;
	answers(0x80000008, 0, 0xffffff00 | 48, 1, 3, ALL);
	part.vp_count = 0;
	answers(0x80000008, 0, 0xffffff00 | 48, 1, 0, ALL);
	/* No breakpoints nested, LFENCE serialises, null selectors clear the base: no state and no
	 * bit of EFER (automatic IBRS, upper address ignore) */
	answers(0x80000021, 0, 0x45, 0, 0, 0);
}

/* Sizes of the XSAVE area (SDM vol. 1, 13.2): now, by XCR0, and at most, by what is offered. */
static void test_xsave(void **state)
{
	(void)state;
	answers(0xd, 0, 0x2e7, 576 + 256, 2696, 0);
	vp.arch.xcr0 = 3;
	answers(0xd, 0, 0x2e7, 576, 2696, 0);
	vp.arch.xcr0 = 0xe7;
	answers(0xd, 0, 0x2e7, 2688, 2696, 0);
	vp.arch.xcr0 = 0x207;
	answers(0xd, 0, 0x2e7, 2696, 2696, 0);
	/* XSAVEOPT, XSAVEC, XGETBV(1), XSAVES; no supervisor state */
	answers(0xd, 1, 0xf, 840, 0, 0);
	answers(0xd, 2, 256, 576, 0, 0);
	answers(0xd, 7, 1024, 1664, 0, 0);
	is_empty(0xd, 3); /* the processor has it, the partition has not */
	is_empty(0xd, 8);
	is_empty(0xd, 63);
	is_empty(0xd, 64);
	is_empty(0xd, 66); /* component 2 again, if one shifted by it */
	part.arch.xcr0_mask = 7;
	vp.arch.xcr0 = 7;
	answers(0xd, 0, 7, 832, 832, 0);
	is_empty(0xd, 5);
	part.arch.xcr0_mask = 7 | BIT(40);
	answers(0xd, 0, 7, 832, 832, 0x100);
}

/* What any guest may have: no partition, no VP. */
static void test_allowed(void **state)
{
	uint32_t r[4];

	(void)state;
	cpuid_allowed(1, 0, r);
	assert_int_equal(r[EBX], 0xffff);
	assert_int_equal(r[ECX], L1C_GUEST);
	cpuid_allowed(7, 0, r);
	assert_int_equal(r[ECX] & 1u << 4, 0);
	cpuid_allowed(0xb, 1, r);
	assert_int_equal(r[EBX], 1);
	assert_int_equal(r[EDX], 0);
	/* MPX and AMX are not among the components of a guest's */
	cpuid_allowed(0xd, 0, r);
	assert_int_equal(r[EAX], 0x2e7);
	assert_int_equal(r[EBX], 576);
	assert_int_equal(r[ECX], 2696);
	cpuid_allowed(0x80000008, 0, r);
	assert_int_equal(r[ECX], 0);
	cpuid_allowed(0x8000001e, 0, r);
	assert_int_equal(r[EAX] | r[EBX] | r[ECX] | r[EDX], 0);
	cpuid_native(5, 1, r);
	assert_int_equal(r[EDX], ALL);
}

static void test_root(void **state)
{
	(void)state;
	vp.partition = &root;
	/* Virtualization is taken; the rest is the hardware's */
	answers(1, 0, ALL, ALL, ALL & ~(1u << 5 | 1u << 6 | 1u << 27), ALL);
	answers(7, 0, ALL, ALL, ALL & ~(1u << 4), ALL);
	fv.sys[SYS_CR4] = CR4_OSXSAVE | CR4_PKE;
	answers(1, 0, ALL, ALL, ALL & ~(1u << 5 | 1u << 6), ALL);
	answers(7, 0, ALL, ALL, ALL, ALL);
	fv.sys[SYS_CR4] = 0;
	answers(7, 1, ALL, ALL, ALL, ALL);
	answers(0x80000001, 0, ALL, ALL, ALL & ~(1u << 2 | 1u << 12), ALL);
	is_empty(0x8000000a, 0);
	answers(5, 0, ALL, ALL, ALL, ALL);
	answers(0xb, 0, ALL, ALL, ALL, ALL);
	answers(0x8000001f, 0, ALL, ALL, ALL, ALL);
	/* The hypervisor bit is set where the processor has it clear */
	fake_hw.cpuid = nothing;
	answers(1, 0, 0, 0, 1u << 31, 0);
	/* Disabled features and registered results are a guest's */
	fake_hw.cpuid = everything;
	root.disabled_features[0] = ~0ull;
	root.cpuid_results = results;
	root.cpuid_count = 1;
	results[0] = (struct x86_cpuid_result){ .leaf = 5, .vp = HV_ANY_VP, .mask = { ALL } };
	answers(5, 0, ALL, ALL, ALL, ALL);
	answers(0x80000001, 0, ALL, ALL, ALL & ~(1u << 2 | 1u << 12), ALL);
}

/* Each feature by itself, and none of them as a privilege (TLFS, "Implementation recommendations")
 */
static void recommended(void)
{
	static const struct {
		uint64_t feature;
		uint32_t hint, spins, edx;
	} rows[] = {
		{ PARTITION_FEATURE_TB_FLUSH, 1u << 2, ALL, 0 },
		{ PARTITION_FEATURE_CLUSTER_IPI, 1u << 10, ALL, 0 },
		{ PARTITION_FEATURE_EX_MASKS, 1u << 11, ALL, 0 },
		{ PARTITION_FEATURE_SPIN_WAIT, 0, 4095, 0 },
		{ PARTITION_FEATURE_EXTENDED_GVA, 0, ALL, 1u << 14 },
		{ PARTITION_FEATURES, 1u << 2 | 3u << 10, 4095, 1u << 14 },
	};
	uint64_t was = part.privileges;

	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		part.privileges = rows[i].feature;
		answers(0x40000003, 0, 0, 0, 0, 1u << 8 | 1u << 19 | rows[i].edx);
		answers(0x40000004, 0, rows[i].hint, rows[i].spins, 0, 0);
	}
	part.privileges = was;
}

/* TLFS, "Hypervisor discovery" */
static void test_hypervisor(void **state)
{
	(void)state;
	part.privileges = HV_PARTITION_PRIVILEGE_VP_RUNTIME | HV_PARTITION_PRIVILEGE_POST_MESSAGES;
	for (uint32_t i = 0; i < 2; i++) {
		answers(0x40000000, 0, 0x40000006, 0x7263694d, 0x666f736f, 0x76482074);
		answers(0x40000001, 0, 0x31237648, 0, 0, 0);
		answers(0x40000002, 0, 27744, 10u << 16, 0, 0);
		if (i == 0) {
			answers(0x40000003, 0, 1, 0x10, 0, 1u << 8 | 1u << 19);
			answers(0x40000004, 0, 0, ALL, 0, 0);
			recommended();
		} else {
			root.privileges = HV_PARTITION_PRIVILEGE_CREATE_PARTITIONS;
			answers(0x40000003, 0, 0, 1, 0, 1u << 8);
			answers(0x40000004, 0, 1u << 9, ALL, 0, 0);
		}
		answers(0x40000005, 0, PARTITION_MAX_VPS, PARTITION_MAX_VPS, 0, 0);
		is_empty(0x40000006, 0);
		is_empty(0x40000007, 0);
		is_empty(0x40000100, 0); /* where another hypervisor would be looked for */
		is_empty(0x4000ffff, 0);
		vp.partition = &root;
	}
	/* The neighbours are not the hypervisor's */
	answers(0x3fffffff, 0, ALL, ALL, ALL, ALL);
	answers(0x40010000, 0, ALL, ALL, ALL, ALL);
}

/* -- features that a partition gives up ----------------------------------------------------------
 */

/* WHV_PROCESSOR_FEATURES and WHV_PROCESSOR_XSAVE_FEATURES: some whose places are known by heart */
static const struct {
	uint32_t bank, bit, leaf, sub, reg, cpuid_bit;
} features[] = {
	{ FEATURES_0, 0, 1, 0, ECX, 0 },
	{ FEATURES_0, 8, 1, 0, ECX, 13 },
	{ FEATURES_0, 16, 1, 0, ECX, 25 },
	{ FEATURES_0, 5, 0x80000001, 0, ECX, 6 },
	{ FEATURES_0, 15, 0x80000001, 0, EDX, 26 },
	{ FEATURES_0, 38, 0x80000001, 0, EDX, 27 },
	{ FEATURES_0, 23, 7, 0, EBX, 7 },
	{ FEATURES_0, 35, 7, 0, EBX, 20 },
	{ FEATURES_0, 58, 7, 0, ECX, 2 },
	{ FEATURES_0, 49, 7, 0, EDX, 4 },
	{ FEATURES_1, 2, 0x80000008, 0, EBX, 0 },
	{ FEATURES_1, 1, 0x80000007, 0, EDX, 8 },
	{ FEATURES_1, 4, 7, 0, ECX, 16 },
	{ FEATURES_XSAVE, 0, 1, 0, ECX, 26 },
	{ FEATURES_XSAVE, 1, 0xd, 1, EAX, 0 },
	{ FEATURES_XSAVE, 2, 1, 0, ECX, 28 },
	{ FEATURES_XSAVE, 3, 7, 0, EBX, 5 },
	{ FEATURES_XSAVE, 6, 7, 0, EBX, 16 },
};

static void test_disabled(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(features); i++) {
		uint32_t full[4], less[4], bank = features[i].bank;

		memset(part.disabled_features, 0, sizeof(part.disabled_features));
		ask(features[i].leaf, features[i].sub, full);
		assert_true(full[features[i].reg] >> features[i].cpuid_bit & 1);
		assert_true(features_bank(&part, (enum feature_bank)bank) >> features[i].bit & 1);
		part.disabled_features[bank] = BIT(features[i].bit);
		ask(features[i].leaf, features[i].sub, less);
		full[features[i].reg] &= ~(1u << features[i].cpuid_bit);
		assert_memory_equal(full, less, sizeof(full));
		assert_int_equal(features_bank(&part, (enum feature_bank)bank) ^
					 features_bank(NULL, (enum feature_bank)bank),
				 BIT(features[i].bit));
	}
	/* Subleaf 0 of a leaf whose row names subleaf 1 keeps all */
	part.disabled_features[FEATURES_XSAVE] = BIT(1);
	answers(0xd, 0, 0x2e7, 832, 2696, 0);
	answers(0xd, 1, 0xe, 832, 0, 0);
	/* Without XSAVEC and XSAVES there is no compacted form */
	part.disabled_features[FEATURES_XSAVE] = BIT(11);
	answers(0xd, 1, 0xd, 832, 0, 0);
}

static void test_banks(void **state)
{
	(void)state;
	/* A processor with everything: whatever is offered of it, and no bit that no row has */
	assert_int_equal(features_bank(NULL, FEATURES_0),
			 0x3ffffffull << 0 | BIT(29) | BIT(32) | BIT(33) | BIT(34) | BIT(35) |
				 BIT(38) | BIT(39) | BIT(40) | BIT(41) | BIT(49) | BIT(58) |
				 BIT(26));
	assert_int_equal(features_bank(NULL, FEATURES_1), BIT(1) | BIT(2) | BIT(4));
	assert_int_equal(features_bank(NULL, FEATURES_XSAVE), 0x7fdfdf);
	part.disabled_features[FEATURES_1] = ~0ull;
	assert_int_equal(features_bank(&part, FEATURES_1), 0);
	fake_hw.cpuid = nothing;
	for (uint32_t b = 0; b < FEATURE_BANKS; b++)
		assert_int_equal(features_bank(NULL, (enum feature_bank)b), 0);
}

/* CET: the leaves, and what a partition without it, or without XSAVES, gets. */
static void test_cet(void **state)
{
	uint32_t r[4];

	(void)state;
	ask(7, 0, r);
	assert_int_equal(r[ECX] & 1u << 7, 0);
	assert_int_equal(r[EDX] & 1u << 20, 0);
	assert_int_equal(features_cet(NULL), 0);
	layout(0x1800);
	assert_int_equal(features_cet(NULL), 3);
	assert_int_equal(features_xss(&part, 0x1900), 0x1900);
	ask(7, 0, r);
	assert_int_equal(r[ECX] >> 7 & 1, 1);
	assert_int_equal(r[EDX] >> 20 & 1, 1);
	part.arch.xss_mask = 0x1800;
	vp.arch.xcr0 = 7;
	answers(0xd, 1, 0xf, 832, 0x1800, 0);
	vp.arch.xss = 0x800;
	answers(0xd, 1, 0xf, 848, 0x1800, 0);
	vp.arch.xss = 0x1800;
	answers(0xd, 1, 0xf, 872, 0x1800, 0);
	answers(0xd, 11, 16, 0, 1, 0);
	answers(0xd, 12, 24, 0, 1, 0);
	answers(0xd, 0, 0x2e7, 832, 2696, 0); /* the standard form has none of it */
	part.disabled_features[FEATURES_1] = BIT(8) | BIT(9);
	assert_int_equal(features_cet(&part), 0);
	assert_int_equal(features_xss(&part, 0x1900), 0x100);
	ask(7, 0, r);
	assert_int_equal(r[ECX] & 1u << 7, 0);
	assert_int_equal(r[EDX] & 1u << 20, 0);
	part.disabled_features[FEATURES_1] = BIT(9);
	assert_int_equal(features_cet(&part), 1);
	part.disabled_features[FEATURES_1] = 0;
	part.disabled_features[FEATURES_XSAVE] = FEATURE_XSAVES;
	assert_int_equal(features_xss(&part, 0x1800), 0);
	part.arch.xss_mask = 0;
	is_empty(0xd, 11);
	answers(0xd, 1, 7, 832, 0, 0);
}

static void test_xcr0(void **state)
{
	(void)state;
	assert_int_equal(features_xcr0(&part, 0x2e7), 0x2e7);
	part.disabled_features[FEATURES_XSAVE] = BIT(6); /* AVX-512F: its three */
	assert_int_equal(features_xcr0(&part, 0x2e7), 0x207);
	part.disabled_features[FEATURES_XSAVE] = BIT(2); /* AVX: AVX-512 too, not PKRU */
	assert_int_equal(features_xcr0(&part, 0x2e7), 0x203);
	part.disabled_features[FEATURES_XSAVE] = BIT(0); /* XSAVE: all beyond FXSAVE */
	assert_int_equal(features_xcr0(&part, 0x2e7), 3);
	part.disabled_features[FEATURES_XSAVE] = ~(BIT(0) | BIT(2) | BIT(6));
	assert_int_equal(features_xcr0(&part, 0x2e7), 0x2e7);
}

/* -- results that the root registered
 * -------------------------------------------------------------- */

static void row(uint32_t leaf, uint32_t vp_index, int sub, uint32_t mask, uint32_t value)
{
	struct x86_cpuid_result *r = &results[part.cpuid_count++];

	*r = (struct x86_cpuid_result){
		.leaf = leaf, .vp = vp_index, .subleaf_specific = sub >= 0, .subleaf = (uint32_t)sub
	};
	r->order = part.cpuid_count & 0xff;
	for (uint32_t k = 0; k < 4; k++) {
		r->mask[k] = mask << k;
		r->value[k] = value;
	}
}

/* Leaf 4 without rows is all ones, and each mask is a bit shorter at its low end. */
static void in_full(uint32_t sub, uint32_t v)
{
	answers(4, sub, v, v | 1, v | 3, v | 7);
}

/* Two rows with an answer: the one that was registered last, whichever is the wider. */
static void test_order(void **state)
{
	(void)state;
	row(4, HV_ANY_VP, -1, ALL, 0x11111111);
	row(4, HV_ANY_VP, 2, ALL, 0x22222222);
	in_full(1, 0x11111111);
	in_full(2, 0x22222222);
	/* The first again, in its place */
	results[part.cpuid_count - 2].order = 50;
	in_full(2, 0x11111111);
	row(4, HV_ANY_VP, 7, ALL, 0x33333333);
	in_full(2, 0x11111111);
	/* However late, one for all does not hide a VP's own. */
	row(4, 3, 2, ALL, 0x44444444);
	results[part.cpuid_count - 4].order = 99;
	in_full(2, 0x44444444);
	in_full(1, 0x11111111);
}

static void test_registered(void **state)
{
	(void)state;
	/* Only masked bits, and each register its own mask */
	row(5, HV_ANY_VP, -1, 0xff0, 0x5555);
	answers(5, 0, 0x550, 0x1540, 0x1540, 0x5500);
	answers(5, 9, 0x550, 0x1540, 0x1540, 0x5500);
	/* A subleaf of one's own */
	row(4, HV_ANY_VP, 2, ALL, 0);
	answers(4, 1, ALL, ALL, ALL, ALL);
	answers(4, 2, 0, 1, 3, 7);
	/* This VP's row goes first, wherever it stands; another VP's is not for it */
	row(6, 2, -1, ALL, 0x11111111);
	is_empty(6, 0);
	row(6, HV_ANY_VP, -1, ALL, 0x22222222);
	row(6, 3, -1, ALL, 0x33333333);
	answers(6, 0, 0x33333333, 0x33333332, 0x33333330, 0x33333330);
	vp.index = 1;
	answers(6, 0, 0x22222222, 0x22222222, 0x22222220, 0x22222220);
	/* The hypervisor's leaves can be replaced too */
	row(0x40000001, HV_ANY_VP, -1, ALL, 0);
	answers(0x40000001, 0, 0, 0, 0, 0);
	/* A row beyond the count is not there yet */
	part.cpuid_count = 0;
	is_empty(6, 0);
}

/* What mirrors CR4 does, whatever was registered. */
static void test_mirror(void **state)
{
	uint32_t r[4];

	(void)state;
	row(1, HV_ANY_VP, -1, ALL, ALL);
	row(7, HV_ANY_VP, -1, ALL, ALL);
	ask(1, 0, r);
	assert_int_equal(r[ECX] & 1u << 27, 0);
	ask(7, 0, r);
	assert_int_equal(r[ECX] & 1u << 4, 0);
	ask(7, 1, r);
	assert_true(r[ECX] & 1u << 4);
	fv.sys[SYS_CR4] = CR4_OSXSAVE | CR4_PKE;
	results[0].value[ECX] = results[1].value[ECX] = 0;
	ask(1, 0, r);
	assert_int_equal(r[ECX] & ~3u, 1u << 27);
	ask(7, 0, r);
	assert_int_equal(r[ECX] & ~3u, 1u << 4);
}

static void test_intercept(void **state)
{
	struct x86_exit ex = { .kind = X86_EXIT_CPUID };
	uint64_t before[16];

	(void)state;
	part.arch.cpuid_intercepts = 2;
	part.arch.cpuid_leaf[0] = 7;
	part.arch.cpuid_leaf[1] = 0x80000008;
	part.arch.cpuid_leaf[2] = 1; /* taken away again */
	answers(1, 0, ALL, L1B_GUEST, L1C_GUEST, L1D_GUEST);
	assert_int_equal(intercepts, 0);
	vp.arch.gpr[GPR_RAX] = 0x80000008;
	vp.arch.gpr[GPR_RCX] = 0;
	memcpy(before, vp.arch.gpr, sizeof(before));
	/* The root gets the answer there would have been; the VP's registers stay */
	assert_int_equal(exit_cpuid(&vp, &ex), EXIT_STOP);
	assert_int_equal(intercepts, 1);
	assert_int_equal(seen_defaults[EAX], 0xffffff2e);
	assert_int_equal(seen_defaults[ECX], 3);
	assert_memory_equal(before, vp.arch.gpr, sizeof(before));
}

static void test_no_length(void **state)
{
	struct x86_exit ex = { .kind = X86_EXIT_CPUID };

	(void)state;
	length_known = false;
	vp.arch.gpr[GPR_RAX] = 1;
	assert_int_equal(exit_cpuid(&vp, &ex), EXIT_RESUME);
	assert_int_equal(vp.arch.gpr[GPR_RAX], 1);
	assert_int_equal(vp.arch.gpr[GPR_RDX], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_leaf_1, setup),
		cmocka_unit_test_setup(test_leaf_1_bare, setup),
		cmocka_unit_test_setup(test_leaf_7, setup),
		cmocka_unit_test_setup(test_topology, setup),
		cmocka_unit_test_setup(test_empty, setup),
		cmocka_unit_test_setup(test_extended, setup),
		cmocka_unit_test_setup(test_xsave, setup),
		cmocka_unit_test_setup(test_allowed, setup),
		cmocka_unit_test_setup(test_root, setup),
		cmocka_unit_test_setup(test_hypervisor, setup),
		cmocka_unit_test_setup(test_disabled, setup),
		cmocka_unit_test_setup(test_banks, setup),
		cmocka_unit_test_setup(test_xcr0, setup),
		cmocka_unit_test_setup(test_cet, setup),
		cmocka_unit_test_setup(test_registered, setup),
		cmocka_unit_test_setup(test_order, setup),
		cmocka_unit_test_setup(test_mirror, setup),
		cmocka_unit_test_setup(test_intercept, setup),
		cmocka_unit_test_setup(test_no_length, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
