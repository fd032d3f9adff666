/* SPDX-License-Identifier: MIT */
/*
 * The root partition: its identity map leaf by leaf, with the types of the MTRRs where the second
 * level has to say them and never with the core's memory in it; the state it starts in; INIT and
 * start-up IPIs, which never reach a CPU; and the loop that runs it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/idt.h"
#include "arch/x86_64/common/mtrr.h"
#include "arch/x86_64/vmx/vmx.h"
#include "fake_arch.h"
#include "fake_virt.h"
#include "hvapi/hypercall.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"

#define GIB    (1ull << 30)
#define CORE   0x1000000ull
#define CORE_S 0x1801000ull /* not whole 2-MiB pages */
#define APIC   0xfee00000ull
#define CPUS   3u

uint32_t cpu_phys_bits;
uint64_t cpu_xcr0 = 0x207;
uint64_t cpu_tsc_hz = 2000000000;
struct partition *partition_root;
struct vmx_caps vmx_caps;

extern const struct slat_format *arch_slat_format;
static const struct slat_format *npt;

static struct boot_info info;
static uint32_t tables_left, tables_used, setups, releases, unimplemented;
static bool has_1g, want_panic;
static jmp_buf out;

void panic(const char *fmt, ...)
{
	assert_true(want_panic);
	assert_non_null(strstr(fmt, "too small"));
	longjmp(out, 1);
}

void partition_init_root(struct partition *p)
{
	p->id = PARTITION_ROOT_ID;
	partition_root = p;
}

static void *table_alloc(void *ctx)
{
	(void)ctx;
	if (!tables_left)
		return NULL;
	tables_left--;
	tables_used++;
	return page_alloc(1);
}

static void table_free(void *ctx, void *page)
{
	(void)ctx;
	(void)page;
	fail_msg("a table is given up while the root is made");
}

/* Exactly what was asked for, less what kernel/memory.c keeps for later: that is a reserve. */
void memory_init(uint32_t seed)
{
	tables_left = seed;
	if (!slat_init(&partition_root->slat, arch_slat_format,
		       (struct slat_source){ table_alloc, table_free, NULL }))
		panic("core memory too small");
}

uint16_t vp_init(struct vp *vp, struct partition *p, uint32_t index)
{
	static struct hv_synic synics[4];

	assert_int_equal(p->pool.free_count, ROOT_VP_PAGES);
	vp->synic = &synics[index];
	for (uint32_t i = 0; i < VP_OVERLAY_PAGES; i++)
		vp->overlay_page[i] = pool_take(&p->pool);
	synic_init(vp->synic, vp->overlay_page[VP_OVERLAY_SIMP],
		   vp->overlay_page[VP_OVERLAY_SIEFP]);
	synic_init_root(vp->synic, vp->overlay_page[VP_OVERLAY_RING]);
	while (p->pool.free_count)
		(void)pool_take(&p->pool);
	vp->partition = p;
	vp->index = index;
	return HV_STATUS_SUCCESS;
}

void hypercall_page_fill(void *page)
{
	memset(page, 0xc3, PAGE_SIZE);
}

void arch_vp_reset(struct vp *vp, bool init)
{
	fake_note(FAKE_VP_RESET, vp, init);
	memset(vp->arch.gpr, 0x11, sizeof(vp->arch.gpr));
	fv.sys[SYS_CR0] = fv.sys[SYS_CR4] = fv.sys[SYS_EFER] = fv.sys[SYS_RFLAGS] = 0x77;
	memset(fv.seg, 0x77, sizeof(fv.seg));
}

void partition_unimplemented(struct partition *p, uint32_t kind, const char *what, uint64_t arg)
{
	(void)what;
	(void)arg;
	assert_ptr_equal(p, partition_root);
	unimplemented = kind;
}

static uint32_t opens, closes, halts;

static void do_open(void)
{
	opens++;
}

static void do_close(void)
{
	closes++;
}

static void do_setup(struct vp *vp, bool root)
{
	(void)vp;
	assert_true(root);
	setups++;
}

static void do_release(struct vp *vp)
{
	(void)vp;
	releases++;
}

static uint32_t loads;

static void do_load(struct vp *vp)
{
	(void)vp;
	loads++;
}

/* What comes in while a CPU halts: once, a start-up IPI */
void halt_unless(const uint32_t *flag)
{
	struct vp *vp = this_cpu()->root_vp;

	assert_ptr_equal(flag, &vp->mail);
	assert_int_equal(opens, closes + 1);
	halts++;
	if (halts < 3)
		return; /* an NMI for nothing */
	vp->mail |= VP_MAIL_SIPI;
	vp->mail_sipi = 0x9a;
}

static uint32_t entries;
static enum exit_action answers[4];
static bool after;

static void do_enter(struct vp *vp, struct x86_exit *ex)
{
	(void)vp;
	ex->len = 3;
	ex->after = after;
	if (entries == 4)
		longjmp(out, 2);
	entries++;
}

enum exit_action exit_handle(struct vp *vp, struct x86_exit *ex)
{
	(void)vp;
	(void)ex;
	return answers[entries - 1];
}

static struct virt_ops ops;

static void the_cpu(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	(void)sub;
	if (leaf == 0x80000001)
		r[3] = has_1g ? 1u << 26 : 0;
}

static void put(uint32_t msr, uint64_t v)
{
	fake_hw.msr[fake_msr(msr)].value = v;
}

static void range(uint64_t base, uint64_t size, uint32_t kind)
{
	info.ranges[info.num_ranges++] = (struct boot_range){ base, size, kind, 0, 0 };
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	memset(&fv, 0, sizeof(fv));
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&info, 0, sizeof(info));
	if (!npt)
		npt = arch_slat_format;
	arch_slat_format = npt;
	ops = fv_ops;
	ops.open = do_open;
	ops.close = do_close;
	ops.vp_setup = do_setup;
	ops.release = do_release;
	ops.load = do_load;
	ops.enter = do_enter;
	virt = &ops;
	fake_hw.cpuid = the_cpu;
	fake_hw.tsc = 777;
	put(MSR_APIC_BASE, APIC | 0x900);
	/* 0 .. 2 GiB and 4 .. 6 GiB written back, the rest not cached; VGA and ROMs below 1 MiB */
	put(MSR_MTRRCAP, 0x508);
	put(MSR_MTRR_DEF_TYPE, 0xc00 | MTRR_UC);
	for (uint32_t i = 0; i < 16; i++)
		put(MSR_MTRR_PHYSBASE + i, 0);
	put(MSR_MTRR_PHYSBASE + 0, MTRR_WB);
	put(MSR_MTRR_PHYSBASE + 1, (MASK(39, 0) & ~(2 * GIB - 1)) | 0x800);
	put(MSR_MTRR_PHYSBASE + 2, 4 * GIB | MTRR_WB);
	put(MSR_MTRR_PHYSBASE + 3, (MASK(39, 0) & ~(2 * GIB - 1)) | 0x800);
	put(MSR_MTRR_PHYSBASE + 4, 0xc0000000 | MTRR_WC);
	put(MSR_MTRR_PHYSBASE + 5, (MASK(39, 0) & ~(0x1000000ull - 1)) | 0x800);
	put(MSR_MTRR_FIX64K, 0x0606060606060606);
	put(MSR_MTRR_FIX16K, 0x0606060606060606);
	put(MSR_MTRR_FIX16K + 1, 0);
	for (uint32_t i = 0; i < 8; i++)
		put(MSR_MTRR_FIX4K + i, 0x0505050505050505);
	has_1g = true;
	cpu_phys_bits = 40;
	percpu_count = CPUS;
	for (uint32_t i = 0; i < CPUS; i++)
		percpu_of(i)->apic_id = 10 * i;
	info.core_base = CORE;
	info.core_size = CORE_S;
	info.core_image_size = 0x100000;
	info.num_cpus = 8;
	info.root_entry = 0x123450;
	range(0, CORE, BOOT_RANGE_RAM);
	range(CORE, CORE_S, BOOT_RANGE_CORE);
	range(CORE + CORE_S, 0x100000, BOOT_RANGE_ROOT);
	range(0xc0000000, 0x1000000, BOOT_RANGE_MMIO);
	range(4 * GIB, 2 * GIB, BOOT_RANGE_RAM);
	page_alloc_init(HPA(CORE + info.core_image_size), CORE_S - info.core_image_size);
	tables_used = setups = releases = loads = unimplemented = 0;
	opens = closes = halts = entries = 0;
	want_panic = false;
	apic_init(0x5000);
	return 0;
}

/* -- the map --------------------------------------------------------------------------------------
 */

static bool at(uint64_t gpa, struct slat_leaf *l)
{
	if (!slat_lookup(&partition_root->slat, GPA(gpa), l))
		return false;
	/* Identity, and nothing else */
	assert_int_equal(l->hpa.v, gpa & ~(BIT(12 + 9 * (l->level - 1)) - 1));
	return true;
}

/*
 * The pages of the core's that the root may see: overlays, the copy of boot_info. It writes none
 * but those of its SynICs, three a VP, which are not counted.
 */
static uint32_t windows(uint32_t *code)
{
	uint32_t n = 0, synic = 0;
	struct slat_leaf l;

	*code = 0;
	for (uint64_t a = CORE; a < CORE + CORE_S; a += PAGE_SIZE)
		if (at(a, &l)) {
			assert_int_equal(l.level, 1);
			if (l.prot & SLAT_W) {
				assert_int_equal(l.prot & SLAT_RWX, SLAT_R | SLAT_W);
				synic++;
				continue;
			}
			*code += !!(l.prot & SLAT_X);
			n++;
		}
	assert_int_equal(synic, 3 * percpu_count);
	return n;
}

static void check_map(uint64_t top)
{
	const uint32_t info_pages = (uint32_t)(page_up(sizeof(info)) >> PAGE_SHIFT);
	uint32_t code;
	struct slat_leaf l;

	assert_int_equal(windows(&code), 2 + info_pages);
	assert_int_equal(code, 1);
	assert_true(at(partition_root->hypercall_msr, &l));
	assert_int_equal(l.prot & SLAT_RWX, SLAT_R | SLAT_X);
	assert_true(at(partition_root->reference_tsc, &l));
	assert_int_equal(l.prot & SLAT_RWX, SLAT_R);
	/* All around the core is the root's */
	assert_true(at(CORE - PAGE_SIZE, &l) && (l.prot & SLAT_RWX) == SLAT_RWX);
	assert_true(at(CORE + CORE_S, &l) && (l.prot & SLAT_RWX) == SLAT_RWX);
	/* The APIC: reads go through, writes come here */
	assert_true(at(APIC, &l));
	assert_int_equal(l.prot & SLAT_RWX, SLAT_R);
	assert_true(l.prot & SLAT_UC);
	assert_int_equal(l.level, 1);
	assert_true(root_apic_page(APIC + 0x300));
	assert_false(root_apic_page(APIC + 0x1000));
	assert_false(root_apic_page(APIC - 1));
	assert_true(at(APIC + PAGE_SIZE, &l) && (l.prot & SLAT_RWX) == SLAT_RWX);
	/* Up to the end, and no further */
	for (uint64_t a = 0; a < top; a += GIB)
		assert_true(at(a, &l));
	assert_true(at(top - PAGE_SIZE, &l));
	assert_false(at(top, &l));
}

static void test_npt(void **state)
{
	struct slat_leaf l;

	(void)state;
	root_create(&info);
	check_map(1ull << 40);
	assert_true(at(5 * GIB, &l) && l.level == 3);
	/* MTRRs reach through: no leaf but the APIC's says a type */
	assert_true(at(0xa0000, &l) && !(l.prot & SLAT_TYPE));
	assert_true(at(0xc0000000, &l) && !(l.prot & SLAT_TYPE));
	assert_true(at(0x80000000, &l) && !(l.prot & SLAT_TYPE) && l.level == 3);
	/* Physical addresses end before that */
	(void)setup(NULL);
	cpu_phys_bits = 36;
	root_create(&info);
	check_map(1ull << 36);
	/* RAM beyond */
	(void)setup(NULL);
	cpu_phys_bits = 46;
	range(1ull << 40, 8 * GIB, BOOT_RANGE_RAM);
	root_create(&info);
	check_map((1ull << 40) + 8 * GIB);
}

/* A processor without 1-GiB pages: nested paging has none either (APM 15.25.3) */
static void test_npt_2m(void **state)
{
	struct slat_leaf l;

	(void)state;
	has_1g = false;
	root_create(&info);
	check_map(1ull << 36);
	assert_true(at(5 * GIB, &l) && l.level == 2);
}

static void types(uint32_t large)
{
	struct slat_leaf l;

	assert_true(at(0, &l) && l.level == 1 && !(l.prot & SLAT_TYPE));
	assert_true(at(0x9f000, &l) && !(l.prot & SLAT_TYPE));
	assert_true(at(0xa0000, &l) && (l.prot & SLAT_TYPE) == SLAT_UC);
	assert_true(at(0xbf000, &l) && (l.prot & SLAT_TYPE) == SLAT_UC);
	assert_true(at(0xc0000, &l) && (l.prot & SLAT_TYPE) == SLAT_WP);
	assert_true(at(0x100000, &l) && !(l.prot & SLAT_TYPE));
	assert_true(at(0x200000, &l) && l.level == 2 && !(l.prot & SLAT_TYPE));
	assert_true(at(GIB, &l) && l.level == large && !(l.prot & SLAT_TYPE));
	assert_true(at(2 * GIB, &l) && l.level == large && (l.prot & SLAT_TYPE) == SLAT_UC);
	/* The frame buffer: 16 MiB of its own type inside 1 GiB */
	assert_true(at(0xc0000000, &l) && l.level == 2 && (l.prot & SLAT_TYPE) == SLAT_WC);
	assert_true(at(0xc0fff000, &l) && (l.prot & SLAT_TYPE) == SLAT_WC);
	assert_true(at(0xc1000000, &l) && l.level == 2 && (l.prot & SLAT_TYPE) == SLAT_UC);
	assert_true(at(5 * GIB, &l) && l.level == large && !(l.prot & SLAT_TYPE));
	assert_true(at(6 * GIB, &l) && (l.prot & SLAT_TYPE) == SLAT_UC);
}

static void test_ept(void **state)
{
	(void)state;
	arch_slat_format = &ept_format;
	has_1g = false; /* paging's; EPT has its own word for it */
	root_create(&info);
	check_map(1ull << 40);
	types(3);
	(void)setup(NULL);
	arch_slat_format = &ept_format_2m;
	root_create(&info);
	check_map(1ull << 36);
	types(2);
}

/* MTRRs that meet in every one of the eight ranges: the tables still suffice. */
static void test_ept_worst(void **state)
{
	struct slat_leaf l;

	(void)state;
	arch_slat_format = &ept_format;
	for (uint32_t i = 0; i < 8; i++) {
		put(MSR_MTRR_PHYSBASE + 2 * i, (GIB * (10 + i) + 0x1000) | MTRR_WT);
		put(MSR_MTRR_PHYSBASE + 2 * i + 1, MASK(39, 12) | 0x800);
	}
	root_create(&info);
	for (uint32_t i = 0; i < 8; i++) {
		assert_true(at(GIB * (10 + i) + 0x1000, &l) && l.level == 1);
		assert_int_equal(l.prot & SLAT_TYPE, SLAT_WT);
		assert_true(at(GIB * (10 + i) + 0x2000, &l));
		assert_int_equal(l.prot & SLAT_TYPE, SLAT_UC);
	}
}

static void test_too_small(void **state)
{
	uint64_t left, all = (CORE_S - 0x100000) >> PAGE_SHIFT;
	volatile uint64_t n;

	(void)state;
	left = page_alloc_left();
	root_create(&info);
	left = (left - page_alloc_left()) >> PAGE_SHIFT;
	assert_true(left < all);
	for (n = 0; n < left; n++) {
		(void)setup(NULL);
		want_panic = true;
		page_alloc_init(HPA(CORE + info.core_image_size), n << PAGE_SHIFT);
		if (setjmp(out) == 0) {
			root_create(&info);
			fail_msg("%llu pages are enough", (unsigned long long)n);
		}
	}
}

/* -- the VPs --------------------------------------------------------------------------------------
 */

static void test_vps(void **state)
{
	const struct boot_info *copy;
	struct vp *vp;
	bool seen = false;

	(void)state;
	root_create(&info);
	assert_int_equal(partition_root->vp_count, CPUS);
	assert_int_equal(setups, CPUS);
	assert_int_equal(releases, CPUS + 1);
	assert_int_equal(partition_root->arch.xcr0_mask, 0x207);
	assert_int_equal(partition_root->ref_tsc, 777);
	assert_int_equal(*(uint8_t *)partition_root->hypercall_page, 0xc3);
	for (uint32_t i = 0; i < CPUS; i++) {
		vp = partition_root->vps[i];
		assert_ptr_equal(percpu_of(i)->root_vp, vp);
		assert_int_equal(vp->index, i);
		assert_int_equal(vp->cpu, i);
		assert_int_equal(vp->arch.xcr0, 1);
		assert_int_equal(vp->arch.activity, i ? X86_WAIT_SIPI : X86_ACTIVE);
	}
	/* PVH: 32 bits, flat, no paging, EBX says where the facts are */
	vp = partition_root->vps[0];
	assert_int_equal(vp->arch.rip, 0x123450);
	assert_int_equal(fv.sys[SYS_CR0], 0x11);
	assert_int_equal(fv.sys[SYS_CR4] | fv.sys[SYS_EFER], 0);
	assert_int_equal(fv.sys[SYS_RFLAGS], 2);
	for (uint32_t s = SEG_ES; s <= SEG_GS; s++) {
		assert_int_equal(fv.seg[s].base, 0);
		assert_int_equal(fv.seg[s].limit, 0xffffffff);
		assert_int_equal(fv.seg[s].attributes, s == SEG_CS ? 0xc09b : 0xc093);
		assert_int_equal(fv.seg[s].selector, s == SEG_CS ? 8 : 0x10);
	}
	for (uint32_t i = 0; i < 16; i++)
		if (i != GPR_RBX)
			assert_int_equal(vp->arch.gpr[i], 0);
	copy = hpa_ptr(HPA(vp->arch.gpr[GPR_RBX]));
	assert_int_equal(copy->root_entry, 0x123450);
	assert_int_equal(copy->num_cpus, CPUS); /* those that it has */
	assert_int_equal(info.num_cpus, 8);
	for (uint64_t i = 0; i < sizeof(info); i += PAGE_SIZE) {
		struct slat_leaf l;

		seen = at(vp->arch.gpr[GPR_RBX] + i, &l);
		assert_true(seen && (l.prot & SLAT_RWX) == SLAT_R);
	}
}

/* -- INIT, start-up IPIs and the rest
 * --------------------------------------------------------------- */

static void icr(uint32_t from, uint32_t dest, uint32_t low)
{
	for (uint32_t i = 0; i < CPUS; i++) {
		partition_root->vps[i]->mail = partition_root->vps[i]->mail_sipi = 0;
		percpu_of(i)->kick = 0;
	}
	fake_forget();
	fake_hw.writes = unimplemented = 0;
	root_icr_write(partition_root->vps[from], dest, low);
}

/* Which VPs have this mail, and that nothing went to the hardware. */
static void mailed(uint32_t mask, uint32_t mail)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < CPUS; i++) {
		assert_int_equal(partition_root->vps[i]->mail, mask >> i & 1 ? mail : 0);
		assert_int_equal(percpu_of(i)->kick, mask >> i & 1);
		assert_int_equal(fake_count(FAKE_KICK, percpu_of(i)), mask >> i & 1);
		n += mask >> i & 1;
	}
	assert_int_equal(fake_hw.writes, 0);
	assert_int_equal(fake_count(FAKE_KICK, NULL), n);
}

static void test_icr(void **state)
{
	(void)state;
	root_create(&info);
	icr(0, 20, 0x4500);
	mailed(4, VP_MAIL_INIT);
	icr(0, 20, 0x4600 | 0x9a);
	mailed(4, VP_MAIL_SIPI);
	assert_int_equal(partition_root->vps[2]->mail_sipi, 0x9a);
	icr(0, 77, 0x4500);
	mailed(0, 0);
	/* A CPU does not do it to itself */
	icr(1, 10, 0x4500);
	mailed(0, 0);
	/* Shorthands: self, all, all but self */
	icr(1, 0, 0x44500);
	mailed(0, 0);
	icr(1, 0, 0x84500);
	mailed(5, VP_MAIL_INIT);
	icr(1, 0, 0xc4500);
	mailed(5, VP_MAIL_INIT);
	/* Level de-assert is nothing; a logical destination is not done, and said */
	icr(0, 20, 0x8500);
	mailed(0, 0);
	assert_int_equal(unimplemented, 0);
	icr(0, 20, 0xc500); /* level, asserted */
	mailed(4, VP_MAIL_INIT);
	icr(0, 4, 0x4d00);
	mailed(0, 0);
	assert_int_equal(unimplemented, UNIMPLEMENTED_LOGICAL_INIT);
	icr(0, 4, 0xc4d00); /* a shorthand has no destination */
	mailed(6, VP_MAIL_INIT);
}

static void test_icr_forward(void **state)
{
	(void)state;
	root_create(&info);
	icr(0, 7, 0x40fd);
	assert_int_equal(fake_hw.writes, 2);
	assert_int_equal(fake_hw.log[0].index, 0x5310);
	assert_int_equal(fake_hw.log[0].value, 0x07000000);
	assert_int_equal(fake_hw.log[1].index, 0x5300);
	assert_int_equal(fake_hw.log[1].value, 0x40fd);
	icr(0, 7, 0x4400); /* its own NMIs are its own */
	assert_int_equal(fake_hw.writes, 2);
	put(MSR_APIC_BASE, APIC | 0xd00);
	icr(0, 0x12345678, 0x40fd);
	assert_int_equal(fake_hw.writes, 1);
	assert_int_equal(fake_hw.log[0].kind, FAKE_WRMSR);
	assert_int_equal(fake_hw.log[0].index, MSR_X2APIC_ICR);
	assert_int_equal(fake_hw.log[0].value, 0x12345678000040fd);
}

/* -- the loop -------------------------------------------------------------------------------------
 */

static struct vp *run(void)
{
	struct vp *vp = percpu_of(0)->root_vp;

	fv.notes = fake_hw.writes = 0;
	fake_forget();
	if (setjmp(out) == 0)
		root_run();
	assert_int_equal(vp->owner, VP_RUNNING);
	assert_ptr_equal(this_cpu()->current, vp);
	assert_int_equal(fake_hw.log[0].kind, FAKE_XSETBV);
	assert_int_equal(fake_hw.log[0].value, vp->arch.xcr0);
	return vp;
}

static void test_run(void **state)
{
	static const enum exit_action a[4] = { EXIT_NEXT, EXIT_RESUME, EXIT_NEXT, EXIT_RESUME };
	struct vp *vp;

	(void)state;
	root_create(&info);
	memcpy(answers, a, sizeof(a));
	fv.sys[SYS_INT_SHADOW] = 1;
	vp = run();
	assert_int_equal(vp->arch.rip, 0x123450 + 2 * 3);
	assert_int_equal(this_cpu()->counters[COUNT_EXITS], 4);
	assert_int_equal(loads, 1);
	assert_int_equal(fv_count(FV_INJECT), 0);
}

/* An instruction that was done here ends the shadow, and traps where the root single-steps. */
static void test_run_step(void **state)
{
	static const enum exit_action a[4] = { EXIT_RESUME, EXIT_NEXT, EXIT_RESUME, EXIT_RESUME };
	struct vp *vp;

	(void)state;
	root_create(&info);
	memcpy(answers, a, sizeof(a));
	after = true;
	fv.sys[SYS_INT_SHADOW] = 1;
	vp = run();
	assert_int_equal(fv.sys[SYS_INT_SHADOW], 0);
	assert_int_equal(vp->arch.rip, 0x123453);
	assert_int_equal(fv_count(FV_INJECT), 0);
	entries = 0;
	fv.sys[SYS_RFLAGS] = RFLAGS_TF;
	fv.sys[SYS_DR6] = 0xffff0ff0;
	(void)run();
	assert_int_equal(vp->arch.rip, 0x123456);
	assert_int_equal(fv_count(FV_INJECT), 1);
	assert_int_equal(fv.injected.type, 3);
	assert_int_equal(fv.injected.vector, 1);
	assert_false(fv.injected.has_error);
	assert_int_equal(fv.sys[SYS_DR6], 0xffff4ff0);
	assert_false(vp->arch.debug_pending);
	after = false;
}

static void test_run_sipi(void **state)
{
	static const enum exit_action a[4] = { EXIT_RESUME, EXIT_RESUME, EXIT_RESUME, EXIT_RESUME };
	struct vp *vp;

	(void)state;
	root_create(&info);
	memcpy(answers, a, sizeof(a));
	/* INIT while it runs: it waits, halted with NMIs open, for the start-up IPI */
	vp = percpu_of(0)->root_vp;
	vp->mail = VP_MAIL_INIT;
	vp->arch.event = (struct x86_event){ .pending = true, .vector = 0x41 };
	(void)run();
	assert_int_equal(halts, 3);
	assert_int_equal(opens, closes);
	assert_int_equal(fake_count(FAKE_VP_RESET, vp), 1);
	assert_int_equal(fake_notes[fake_find(FAKE_VP_RESET, vp, 0)].arg, true);
	assert_int_equal(vp->arch.activity, X86_ACTIVE);
	assert_int_equal(vp->arch.rip, 0);
	assert_int_equal(fv.seg[SEG_CS].base, 0x9a000);
	assert_int_equal(fv.seg[SEG_CS].selector, 0x9a00);
	assert_int_equal(fv.seg[SEG_CS].limit, 0xffff);
	assert_int_equal(fv.seg[SEG_CS].attributes, 0x9b);
	assert_int_equal(loads, 2);		  /* another may have had the CPU's registers */
	assert_int_equal(fv_count(FV_INJECT), 0); /* INIT took the event with it */
	/* A start-up IPI to one that runs is nothing */
	entries = 0;
	vp->arch.rip = 0x5555;
	vp->mail = VP_MAIL_SIPI;
	(void)run();
	assert_int_equal(vp->arch.rip, 0x5555);
}

static void test_run_events(void **state)
{
	struct vp *vp;

	(void)state;
	root_create(&info);
	vp = percpu_of(0)->root_vp;
	memset(answers, 0, sizeof(answers));
	/* An event that waited goes first, the NMI with the next entry, once */
	vp->mail = VP_MAIL_NMI;
	vp->arch.event = (struct x86_event){ .pending = true, .type = 3, .vector = 13 };
	(void)run();
	assert_int_equal(fv_count(FV_INJECT), 2);
	assert_int_equal(fv.log[0].index << 8 | fv.log[0].value, 0x30d);
	assert_int_equal(fv.log[1].call, FV_IRET_WINDOW);
	assert_int_equal(fv.log[1].index, true);
	assert_int_equal(fv.log[2].index << 8 | fv.log[2].value, 0x202);
	assert_false(vp->arch.nmi_pending);
	assert_true(vp->arch.nmi_masked);
	/* Another one waits for IRET */
	entries = 0;
	vp->arch.nmi_pending = true;
	(void)run();
	assert_int_equal(fv_count(FV_INJECT), 0);
	assert_true(vp->arch.nmi_pending);
	/* The window by which a held NMI comes in */
	opens = closes = 0;
	root_nmi_window();
	assert_true(opens == 1 && closes == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_npt, setup),
		cmocka_unit_test_setup(test_npt_2m, setup),
		cmocka_unit_test_setup(test_ept, setup),
		cmocka_unit_test_setup(test_ept_worst, setup),
		cmocka_unit_test_setup(test_too_small, setup),
		cmocka_unit_test_setup(test_vps, setup),
		cmocka_unit_test_setup(test_icr, setup),
		cmocka_unit_test_setup(test_icr_forward, setup),
		cmocka_unit_test_setup(test_run, setup),
		cmocka_unit_test_setup(test_run_step, setup),
		cmocka_unit_test_setup(test_run_sipi, setup),
		cmocka_unit_test_setup(test_run_events, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
