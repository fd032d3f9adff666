/* SPDX-License-Identifier: MIT */
/*
 * RDMSR and WRMSR of guests and of the root: what is there, what each may hold, what faults, and
 * what the root's hardware never gets to see.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <insn.h>

#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "fake_virt.h"
#include "hvapi/msr.h"
#include "kernel/arch.h"

#define HV_PLAIN  0x40000000u
#define HV_FAULTS 0x40000001u
#define HV_HUNGRY 0x40000002u /* wants a page that the pool has not */

static struct partition part, root;
static struct vp vp;
static bool length_known;
static uint32_t unimplemented, unimplemented_kind, intercepts, effects, icr_writes;
static uint64_t hv_value, icr_dest, icr_low;
static struct vlapic_effect effect;

struct partition *partition_root = &root;
uint32_t cpu_phys_bits = 40;
bool cpu_has_rdtscp, cpu_has_xss;

bool insn_length(struct vp *v, struct x86_exit *ex)
{
	(void)v;
	ex->len = 2;
	return length_known;
}

void partition_unimplemented(struct partition *p, uint32_t kind, const char *what, uint64_t arg)
{
	(void)p;
	(void)what;
	(void)arg;
	unimplemented++;
	unimplemented_kind = kind;
}

void root_icr_write(struct vp *v, uint32_t dest, uint32_t low)
{
	assert_ptr_equal(v, &vp);
	icr_writes++;
	icr_dest = dest;
	icr_low = low;
}

void apic_effect(struct vp *v, const struct vlapic_effect *e)
{
	assert_ptr_equal(v, &vp);
	effects++;
	effect = *e;
}

enum exit_action intercept_msr(struct vp *v, struct x86_exit *ex)
{
	(void)v;
	(void)ex;
	intercepts++;
	return EXIT_STOP;
}

bool synic_auto_eoi(const struct hv_synic *s, uint8_t vector)
{
	(void)s;
	(void)vector;
	return false;
}

enum hv_msr_result hv_msr_read(struct vp *v, uint32_t msr, uint64_t *x)
{
	(void)v;
	*x = hv_value;
	return msr == HV_PLAIN ? HV_MSR_OK : msr == HV_FAULTS ? HV_MSR_FAULT : HV_MSR_UNKNOWN;
}

enum hv_msr_result hv_msr_write(struct vp *v, uint32_t msr, uint64_t x)
{
	(void)v;
	if (msr == HV_PLAIN)
		hv_value = x;
	if (msr == HV_HUNGRY)
		return HV_MSR_NO_MEMORY;
	return msr == HV_PLAIN ? HV_MSR_OK : msr == HV_FAULTS ? HV_MSR_FAULT : HV_MSR_UNKNOWN;
}

static int setup(void **state)
{
	(void)state;
	memset(&fv, 0, sizeof(fv));
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&part, 0, sizeof(part));
	memset(&root, 0, sizeof(root));
	memset(&vp, 0, sizeof(vp));
	vp.partition = &part;
	part.create_flags = HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED;
	vlapic_init(&vp.arch.apic, 0, true, true, 2000000000, true);
	length_known = true;
	cpu_has_rdtscp = true;
	hv_value = 0x1122334455667788;
	unimplemented = intercepts = effects = icr_writes = 0;
	return 0;
}

static enum exit_action action;

/* One access; true: done, false: #GP(0) waits, and the instruction is not skipped. */
static bool access(bool write, uint32_t msr, uint64_t *v)
{
	struct x86_exit ex = { .kind = X86_EXIT_MSR, .msr = { .write = write } };
	uint64_t *g = vp.arch.gpr;
	uint64_t before[16];

	memset(g, 0xa5, sizeof(vp.arch.gpr));
	g[GPR_RCX] = 0xdeadbeef00000000 | msr;
	if (write) {
		/* Only the low halves count. */
		g[GPR_RAX] = 0xffffffff00000000 | (uint32_t)*v;
		g[GPR_RDX] = 0xffffffff00000000 | *v >> 32;
	}
	memcpy(before, g, sizeof(before));
	vp.arch.event.pending = false;
	action = (vp.partition == &root ? exit_msr_root : exit_msr_guest)(&vp, &ex);
	if (action != EXIT_NEXT) {
		assert_memory_equal(before, g, sizeof(before));
		return false;
	}
	assert_false(vp.arch.event.pending);
	if (!write) {
		assert_int_equal(g[GPR_RAX] >> 32, 0);
		assert_int_equal(g[GPR_RDX] >> 32, 0);
		*v = g[GPR_RDX] << 32 | g[GPR_RAX];
		before[GPR_RAX] = g[GPR_RAX];
		before[GPR_RDX] = g[GPR_RDX];
	}
	assert_memory_equal(before, g, sizeof(before));
	return true;
}

static uint64_t get(uint32_t msr)
{
	uint64_t v = 0x5a5a;

	assert_true(access(false, msr, &v));
	return v;
}

static void put(uint32_t msr, uint64_t v)
{
	assert_true(access(true, msr, &v));
}

static void faulted(void)
{
	assert_int_equal(action, EXIT_RESUME);
	assert_true(vp.arch.event.pending);
	assert_int_equal(vp.arch.event.vector, 13);
	assert_true(vp.arch.event.has_error);
	assert_int_equal(vp.arch.event.error, 0);
}

static void refuse(uint32_t msr, uint64_t v)
{
	assert_false(access(true, msr, &v));
	faulted();
}

static void no_read(uint32_t msr)
{
	uint64_t v;

	assert_false(access(false, msr, &v));
	faulted();
}

/* -- guest ------------------------------------------------------------------------------------- */
static const struct {
	uint32_t msr;
	bool address;
} plain[] = { { 0xc0000081, false }, { 0xc0000082, true }, { 0xc0000083, true },
	      { 0xc0000084, false }, { 0xc0000100, true }, { 0xc0000101, true },
	      { 0xc0000102, true },  { 0x174, false },	   { 0x175, true },
	      { 0x176, true } };

static void test_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		put(plain[i].msr, 0x7000 + i);
	/* Each is its own. */
	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		assert_int_equal(get(plain[i].msr), 0x7000 + i);
		put(plain[i].msr, 0xffff800000000000);
		assert_int_equal(get(plain[i].msr), 0xffff800000000000);
		if (!plain[i].address)
			continue;
		for (uint32_t b = 47; b < 64; b++) {
			refuse(plain[i].msr, BIT(b));
			assert_int_equal(get(plain[i].msr), 0xffff800000000000);
		}
		put(plain[i].msr, 0x7fffffffffff);
	}
	/* With five levels 56 bits and a sign */
	fv.sys[SYS_CR4] = CR4_LA57;
	put(MSR_LSTAR, BIT(47));
	put(MSR_LSTAR, 0xff00000000000000);
	refuse(MSR_LSTAR, BIT(56));
	refuse(MSR_FS_BASE, BIT(63));
	put(MSR_GS_BASE, BIT(55));
	assert_int_equal(fv.seg[SEG_GS].base, BIT(55));
}

/* A base leaves the rest of the segment as it is. */
static void test_bases(void **state)
{
	(void)state;
	fv.seg[SEG_FS] = (struct hv_x64_segment_register){ .limit = 0xfffff,
							   .selector = 0x2b,
							   .attributes = 0xc093 };
	put(MSR_FS_BASE, 0x1234);
	assert_int_equal(fv.seg[SEG_FS].base, 0x1234);
	assert_int_equal(fv.seg[SEG_FS].limit, 0xfffff);
	assert_int_equal(fv.seg[SEG_FS].selector, 0x2b);
	assert_int_equal(fv.seg[SEG_FS].attributes, 0xc093);
}

static void test_efer(void **state)
{
	(void)state;
	put(MSR_EFER, EFER_SCE | EFER_LME | EFER_NXE | EFER_FFXSR);
	assert_int_equal(get(MSR_EFER), EFER_SCE | EFER_LME | EFER_NXE | EFER_FFXSR);
	for (uint32_t b = 0; b < 64; b++) {
		uint64_t v = EFER_SCE | EFER_LME | BIT(b);

		if (BIT(b) & (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR))
			put(MSR_EFER, v);
		else
			refuse(MSR_EFER, v); /* SVME among them */
	}
	/* LMA is the CPU's: neither set nor cleared by a write. */
	put(MSR_EFER, EFER_LME | EFER_LMA);
	assert_int_equal(get(MSR_EFER), EFER_LME);
	fv.sys[SYS_EFER] = EFER_LME | EFER_LMA;
	fv.sys[SYS_CR0] = CR0_PG;
	put(MSR_EFER, EFER_LME | EFER_SCE);
	assert_int_equal(get(MSR_EFER), EFER_LME | EFER_SCE | EFER_LMA);
	/* LME cannot change under paging. */
	refuse(MSR_EFER, EFER_SCE);
	assert_int_equal(get(MSR_EFER), EFER_LME | EFER_SCE | EFER_LMA);
	fv.sys[SYS_EFER] = 0;
	refuse(MSR_EFER, EFER_LME);
	fv.sys[SYS_CR0] = 0;
	put(MSR_EFER, EFER_LME);
}

/* SDM vol. 3, 12.12.2: types 0, 1, 4, 5, 6, 7 in each of eight bytes */
static void test_pat(void **state)
{
	(void)state;
	for (uint32_t at = 0; at < 64; at += 8)
		for (uint64_t t = 0; t < 256; t++) {
			uint64_t v = (PAT_RESET & ~(0xffull << at)) | t << at;

			if (t < 8 && t != 2 && t != 3) {
				put(MSR_PAT, v);
				assert_int_equal(get(MSR_PAT), v);
			} else {
				uint64_t old = get(MSR_PAT);

				refuse(MSR_PAT, v);
				assert_int_equal(get(MSR_PAT), old);
			}
		}
}

static const uint32_t fixed[] = { 0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
				  0x26b, 0x26c, 0x26d, 0x26e, 0x26f };

static void test_mtrr(void **state)
{
	static const uint8_t types[] = { 0, 1, 4, 5, 6 };

	(void)state;
	assert_int_equal(get(0xfe), 0x508);
	for (uint32_t i = 0; i < 16; i++)
		put(0x200 + i, (uint64_t)(i + 1) << 12);
	for (uint32_t i = 0; i < ARRAY_LEN(fixed); i++)
		put(fixed[i], 0x0606060606060600 | types[i % 5]);
	put(0x2ff, 0xc06);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(get(0x200 + i), (uint64_t)(i + 1) << 12);
	for (uint32_t i = 0; i < ARRAY_LEN(fixed); i++)
		assert_int_equal(get(fixed[i]), 0x0606060606060600 | types[i % 5]);
	assert_int_equal(get(0x2ff), 0xc06);
	/* SDM vol. 3, 12.11.2: reserved bits and types, each by itself */
	for (uint32_t b = 0; b < 64; b++) {
		bool base_ok = b <= 2 || (b >= 12 && b < 40), mask_ok = b >= 11 && b < 40;
		uint64_t v = BIT(b);

		if (b == 1)
			base_ok = false; /* type 2 */
		(base_ok ? put : refuse)(0x200 + 2 * (b % 8), v);
		(mask_ok ? put : refuse)(0x201 + 2 * (b % 8), v);
		(b == 0 || b == 2 || b == 10 || b == 11 ? put : refuse)(0x2ff, v);
	}
	for (uint64_t t = 0; t < 256; t++)
		for (uint32_t at = 0; at < 64; at += 8) {
			bool good = memchr(types, (int)t, sizeof(types)) != NULL;

			(good ? put : refuse)(fixed[at / 8], 0x0404040404040404 ^ (t ^ 4) << at);
			if (at)
				continue;
			(good ? put : refuse)(0x2ff, t);
			(good ? put : refuse)(0x20e, t);
		}
	/* Beyond the eight pairs there is nothing. */
	no_read(0x210);
	refuse(0x210, 0);
	no_read(0x251);
	no_read(0x25a);
	no_read(0x267);
	no_read(0x270);
}

static void test_tsc(void **state)
{
	uint64_t due;
	struct vlapic_effect e;

	(void)state;
	fake_hw.tsc = 1000000;
	vp.arch.tsc_offset = 0ull - 400000;
	assert_int_equal(get(MSR_TSC), 600000);
	assert_int_equal(get(MSR_TSC_ADJUST), 0);
	/* A timer of the guest's APIC that runs does not notice. */
	vp.arch.apic.reg[0xf] = 0x1ff;
	assert_true(vlapic_mmio_write(&vp.arch.apic, 0x320, 0x31, 600000, &e));
	assert_true(vlapic_mmio_write(&vp.arch.apic, 0x380, 1000, 600000, &e));
	due = vlapic_deadline(&vp.arch.apic);
	put(MSR_TSC, 0);
	assert_int_equal(get(MSR_TSC), 0);
	assert_int_equal(get(MSR_TSC_ADJUST), 0ull - 600000);
	assert_int_equal(vlapic_deadline(&vp.arch.apic), due - 600000);
	assert_int_equal(fv.log[fv.notes - 1].call, FV_TSC_OFFSET);
	assert_int_equal(fv.log[fv.notes - 1].value, vp.arch.tsc_offset);
	/* TSC_ADJUST moves the TSC by as much (SDM vol. 3, 18.17.3). */
	put(MSR_TSC_ADJUST, 0);
	assert_int_equal(get(MSR_TSC), 600000);
	assert_int_equal(get(MSR_TSC_ADJUST), 0);
	assert_int_equal(vlapic_deadline(&vp.arch.apic), due);
	assert_int_equal(fv.log[fv.notes - 1].value, 0ull - 400000);
}

static void test_tsc_aux(void **state)
{
	(void)state;
	put(MSR_TSC_AUX, 0xffffffff);
	assert_int_equal(get(MSR_TSC_AUX), 0xffffffff);
	/* It is on the CPU while the VP is. */
	assert_int_equal(fake_hw.writes, 1);
	assert_int_equal(fake_hw.log[0].kind, FAKE_WRMSR);
	assert_int_equal(fake_hw.log[0].index, 0xc0000103);
	refuse(MSR_TSC_AUX, BIT(32));
	assert_int_equal(get(MSR_TSC_AUX), 0xffffffff);
	assert_int_equal(fake_hw.writes, 1);
	cpu_has_rdtscp = false;
	no_read(MSR_TSC_AUX);
	refuse(MSR_TSC_AUX, 0);
	assert_int_equal(fake_hw.writes, 1);
}

static void test_constants(void **state)
{
	(void)state;
	assert_int_equal(get(MSR_MISC_ENABLE), 1);
	assert_int_equal(get(MSR_MCG_CAP), 0);
	assert_int_equal(get(MSR_MCG_STATUS), 0);
	assert_int_equal(get(MSR_BIOS_SIGN_ID), 0);
	assert_int_equal(get(MSR_DEBUGCTL), 0);
	refuse(MSR_MTRRCAP, 0x508);
	refuse(MSR_MISC_ENABLE, 1);
	refuse(MSR_MCG_CAP, 0);
	refuse(MSR_MCG_STATUS, 0);
	put(MSR_BIOS_SIGN_ID, 0);
	put(MSR_DEBUGCTL, 0);
	refuse(MSR_DEBUGCTL, 1); /* LBR */
	/* A known MSR that refuses a value is not "unimplemented", whatever the policy. */
	part.unimplemented_msr = 1;
	refuse(MSR_MTRRCAP, 0x508);
	refuse(MSR_EFER, EFER_SVME);
	refuse(MSR_PAT, 2);
	assert_int_equal(unimplemented, 0);
}

/* Only what is listed is there: every other number of the three ranges faults. */
static void test_nothing_else(void **state)
{
	static const uint32_t ranges[] = { 0, 0xc0000000, 0xc0010000, 0x40001000 };
	static const uint32_t known[] = { 0x10,	      0x1b,	  0x3b,	      0x8b,
					  0xfe,	      0x174,	  0x175,      0x176,
					  0x179,      0x17a,	  0x1a0,      0x1d9,
					  0x277,      0x2ff,	  0x6e0,      0xc0000080,
					  0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,
					  0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103 };

	(void)state;
	for (size_t r = 0; r < ARRAY_LEN(ranges); r++)
		for (uint32_t n = 0; n < 0x2000; n++) {
			uint32_t msr = ranges[r] + n;
			bool want = msr >= 0x200 && msr < 0x210;
			uint64_t v;

			for (size_t i = 0; i < ARRAY_LEN(known); i++)
				want = want || known[i] == msr;
			for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
				want = want || fixed[i] == msr;
			if (access(false, msr, &v) != want)
				fail_msg("MSR %x: %s", msr, want ? "missing" : "there");
			if (!want)
				faulted();
		}
	/* x2APIC registers exist in that mode only (tested with the model itself). */
	assert_int_equal(fake_hw.writes, 0);
}

static void test_unimplemented(void **state)
{
	uint64_t v = 7;

	(void)state;
	no_read(0x1234);
	assert_int_equal(unimplemented, 1);
	assert_int_equal(unimplemented_kind, UNIMPLEMENTED_MSR);
	refuse(0x1234, 5);
	/* HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION: ignore writes, read zero */
	part.unimplemented_msr = 1;
	assert_int_equal(get(0x1234), 0);
	put(0x1234, 5);
	assert_int_equal(get(0x1234), 0);
	assert_int_equal(unimplemented, 5);
	/* The root asked to be told: it is, and nothing else happens. */
	part.arch.msr_intercept = true;
	assert_false(access(false, 0x1234, &v));
	assert_int_equal(action, EXIT_STOP);
	assert_false(access(true, 0x1234, &v));
	assert_int_equal(action, EXIT_STOP);
	assert_int_equal(intercepts, 2);
	assert_int_equal(unimplemented, 5);
	assert_false(vp.arch.event.pending);
	/* Known ones do not go there. */
	put(MSR_STAR, 5);
	refuse(MSR_EFER, EFER_SVME);
	no_read(HV_FAULTS);
	assert_int_equal(intercepts, 2);
}

static void test_hypervisor(void **state)
{
	(void)state;
	assert_int_equal(get(HV_PLAIN), 0x1122334455667788);
	put(HV_PLAIN, 0x99);
	assert_int_equal(get(HV_PLAIN), 0x99);
	no_read(HV_FAULTS);
	refuse(HV_FAULTS, 0);
	assert_int_equal(unimplemented, 0);
	vp.partition = &root;
	assert_int_equal(get(HV_PLAIN), 0x99);
	put(HV_PLAIN, 0x98);
	no_read(HV_FAULTS);
	refuse(HV_FAULTS, 0);
	assert_int_equal(hv_value, 0x98);
	/* Its hardware does not see them. */
	assert_int_equal(fake_hw.writes, 0);
}

static void test_apic(void **state)
{
	(void)state;
	assert_int_equal(get(0x1b), 0xfee00900);
	put(0x1b, 0xfee00d00);
	assert_true(vlapic_x2(&vp.arch.apic));
	put(0x80f, 0x1ff);
	assert_int_equal(get(0x80f), 0x1ff);
	refuse(0x802, 0);	  /* read-only */
	no_read(0x80b);		  /* write-only */
	refuse(0x1b, 0xfee00900); /* no way back from x2APIC but through off */
	/* An IPI goes out. */
	effects = 0;
	put(0x830, 0x500000031);
	assert_int_equal(effects, 1);
	assert_true(effect.has_ipi);
	assert_int_equal(effect.ipi.dest, 5);
	put(0x832, 0x40031);
	put(0x6e0, 123456789);
	assert_int_equal(get(0x6e0), 123456789);
	/* Without a local APIC of ours they are unknown, and may be left to the root. */
	part.create_flags = 0;
	part.arch.msr_intercept = true;
	for (uint32_t msr = 0x800; msr < 0x840; msr++) {
		uint64_t v;

		assert_false(access(false, msr, &v));
		assert_int_equal(action, EXIT_STOP);
	}
	intercepts = 0;
	assert_false(access(true, 0x1b, &(uint64_t){ 0 }));
	assert_false(access(true, 0x6e0, &(uint64_t){ 0 }));
	assert_int_equal(intercepts, 2);
}

/* The instruction cannot be read: the CPU's own fetch will fault as it should. */
static void test_no_length(void **state)
{
	uint64_t v = 1;

	(void)state;
	length_known = false;
	assert_false(access(true, MSR_STAR, &v));
	assert_int_equal(action, EXIT_RESUME);
	assert_false(vp.arch.event.pending);
	assert_int_equal(fv.sys[SYS_STAR], 0);
	vp.partition = &root;
	assert_false(access(true, MSR_STAR, &v));
	assert_int_equal(action, EXIT_RESUME);
	assert_false(vp.arch.event.pending);
	assert_int_equal(fake_hw.writes, 0);
}

/* -- root -------------------------------------------------------------------------------------- */
static uint64_t hardware(uint32_t msr)
{
	return fake_hw.msr[fake_msr(msr)].value;
}

static void set_hardware(uint32_t msr, uint64_t v)
{
	fake_hw.msr[fake_msr(msr)].value = v;
}

static void test_root_pass(void **state)
{
	(void)state;
	vp.partition = &root;
	set_hardware(0x1a0, 0x850089);
	assert_int_equal(get(0x1a0), 0x850089);
	put(0x1a0, 0x850088);
	assert_int_equal(hardware(0x1a0), 0x850088);
	/* What faults on the hardware faults for the root, and not in the core. */
	fake_hw.msr[fake_msr(0x1234)].faults = 1;
	no_read(0x1234);
	refuse(0x1234, 0);
	assert_int_equal(unimplemented, 0);
}

static void test_root_svm(void **state)
{
	(void)state;
	vp.partition = &root;
	set_hardware(0xc0010114, 0);
	set_hardware(0xc0010117, 0x5000);
	/* SVM is disabled and locked; where the host saves its state is the core's. */
	assert_int_equal(get(0xc0010114), 0x18);
	refuse(0xc0010114, 0);
	refuse(0xc0010114, 0x18);
	no_read(0xc0010117);
	refuse(0xc0010117, 0x6000);
	assert_int_equal(hardware(0xc0010117), 0x5000);
	/* EFER is the VP's, never the CPU's. */
	set_hardware(0xc0000080, EFER_SVME | EFER_LME | EFER_LMA | EFER_NXE);
	fv.sys[SYS_EFER] = EFER_LME | EFER_LMA | EFER_NXE;
	fv.sys[SYS_CR0] = CR0_PG;
	assert_int_equal(get(MSR_EFER), EFER_LME | EFER_LMA | EFER_NXE);
	put(MSR_EFER, EFER_LME | EFER_SCE);
	assert_int_equal(fv.sys[SYS_EFER], EFER_LME | EFER_LMA | EFER_SCE);
	refuse(MSR_EFER, EFER_LME | EFER_SVME);
	refuse(MSR_EFER, 0);
	assert_int_equal(hardware(0xc0000080), EFER_SVME | EFER_LME | EFER_LMA | EFER_NXE);
	assert_int_equal(fake_hw.writes, 0);
}

/* VMX is locked off, and what it could do is not told. */
static void test_root_vmx(void **state)
{
	(void)state;
	vp.partition = &root;
	set_hardware(0x3a, 5);
	assert_int_equal(get(0x3a), 1);
	refuse(0x3a, 0);
	refuse(0x3a, 5);
	assert_int_equal(hardware(0x3a), 5);
	for (uint32_t msr = 0x480; msr <= 0x493; msr++) {
		no_read(msr);
		refuse(msr, 0);
	}
	/* The neighbours are the root's. */
	put(0x47f, 3);
	put(0x494, 4);
	assert_int_equal(hardware(0x47f), 3);
	assert_int_equal(get(0x494), 4);
	assert_int_equal(fake_hw.writes, 2);
}

static void test_no_memory(void **state)
{
	struct x86_exit ex = { .kind = X86_EXIT_MSR, .msr = { .write = true } };

	(void)state;
	/* A guest's instruction waits for the root's deposit: no fault, no message, no step */
	vp.arch.rip = 0x1234;
	vp.arch.gpr[GPR_RCX] = HV_HUNGRY;
	assert_int_equal(exit_msr_guest(&vp, &ex), EXIT_STOP);
	assert_int_equal(vp.arch.stop, VP_EXIT_NO_MEMORY);
	assert_int_equal(vp.arch.rip, 0x1234);
	assert_false(vp.arch.event.pending);
	assert_int_equal(intercepts, 0);
	/* also where unknown MSRs go to the root, or are ignored */
	part.arch.msr_intercept = true;
	part.unimplemented_msr = true;
	assert_int_equal(exit_msr_guest(&vp, &ex), EXIT_STOP);
	assert_int_equal(intercepts, 0);
	assert_int_equal(unimplemented, 0);
	vp.partition = &root;
	refuse(HV_HUNGRY, 1);
}

static void test_root_apic_base(void **state)
{
	(void)state;
	vp.partition = &root;
	set_hardware(0x1b, 0xfee00900);
	assert_int_equal(get(0x1b), 0xfee00900);
	put(0x1b, 0xfee00900);
	/* It stays where it is, and on: the core uses it too. */
	refuse(0x1b, 0xfed00900);
	refuse(0x1b, 0x8000000000900);
	refuse(0x1b, 0xfee00100);
	assert_int_equal(hardware(0x1b), 0xfee00900);
	put(0x1b, 0xfee00d00);
	assert_int_equal(hardware(0x1b), 0xfee00d00);
	/* What the hardware itself refuses */
	fake_hw.msr[fake_msr(0x1b)].faults = 0;
	vp.partition = &root;
	put(0x830, 0x700004500);
	assert_int_equal(icr_writes, 1);
	assert_int_equal(icr_dest, 7);
	assert_int_equal(icr_low, 0x4500);
	for (uint32_t i = 0; i < fake_hw.writes; i++)
		assert_int_not_equal(fake_hw.log[i].index, 0x830);
}

/* MTRRs stay as firmware left them: written with their own value they accept, else they fault. */
static void test_root_mtrr(void **state)
{
	uint32_t warned = 0;

	(void)state;
	vp.partition = &root;
	for (uint32_t msr = 0x200; msr < 0x300; msr++) {
		bool is = msr < 0x210 || msr == 0x2ff;

		for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
			is = is || fixed[i] == msr;
		if (!is)
			continue;
		memset(&fake_hw, 0, sizeof(fake_hw));
		set_hardware(msr, 0x12345);
		put(msr, 0x12345);
		refuse(msr, 0x12346);
		assert_int_equal(unimplemented, ++warned);
		assert_int_equal(unimplemented_kind, UNIMPLEMENTED_MTRR);
		assert_int_equal(get(msr), 0x12345);
		assert_int_equal(fake_hw.writes, 0);
		/* One that the CPU lacks */
		fake_hw.msr[fake_msr(msr)].faults = 1;
		refuse(msr, 0);
		warned++;
	}
	/* PAT is none of them. */
	put(0x277, PAT_RESET);
	assert_int_equal(fake_hw.writes, 1);
}

/* The run loop asks for the next timer only when it is told to: after any write that may move one.
 */
static void test_timers_moved(void **state)
{
	static const struct {
		uint32_t msr;
		bool moved; /* the APIC tells by its effect */
	} t[] = { { HV_PLAIN, true }, { 0x10, true }, { 0x3b, true }, { 0x808, false } };

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		uint64_t v = 0;

		if (t[i].msr == 0x808)
			vlapic_set_base(&vp.arch.apic, vlapic_base(&vp.arch.apic) | 0xc00);
		vp.arch.timers_moved = false;
		assert_true(access(false, t[i].msr, &v));
		assert_false(vp.arch.timers_moved);
		v = 0x10;
		assert_true(access(true, t[i].msr, &v));
		assert_int_equal(vp.arch.timers_moved, t[i].moved);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_timers_moved, setup),
		cmocka_unit_test_setup(test_plain, setup),
		cmocka_unit_test_setup(test_bases, setup),
		cmocka_unit_test_setup(test_efer, setup),
		cmocka_unit_test_setup(test_pat, setup),
		cmocka_unit_test_setup(test_mtrr, setup),
		cmocka_unit_test_setup(test_tsc, setup),
		cmocka_unit_test_setup(test_tsc_aux, setup),
		cmocka_unit_test_setup(test_constants, setup),
		cmocka_unit_test_setup(test_nothing_else, setup),
		cmocka_unit_test_setup(test_unimplemented, setup),
		cmocka_unit_test_setup(test_hypervisor, setup),
		cmocka_unit_test_setup(test_apic, setup),
		cmocka_unit_test_setup(test_no_length, setup),
		cmocka_unit_test_setup(test_root_pass, setup),
		cmocka_unit_test_setup(test_root_svm, setup),
		cmocka_unit_test_setup(test_root_vmx, setup),
		cmocka_unit_test_setup(test_no_memory, setup),
		cmocka_unit_test_setup(test_root_apic_base, setup),
		cmocka_unit_test_setup(test_root_mtrr, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
