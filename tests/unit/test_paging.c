/* SPDX-License-Identifier: MIT */
/*
 * The core's own page tables, walked as a CPU would (SDM vol. 3, 4.5): what is mapped and with
 * which rights, that nothing is writable and executable, that an overflowing stack and a second way
 * to the image fault, and that a pool that is too small is said and not run into.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <insn.h>

#include "arch/x86_64/common/paging.h"
#include "arch/x86_64/common/regs.h"
#include "fake_arch.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"

/* The image: files.mk puts the ends of text, rodata and all inside this array. */
extern const uint8_t core_start[], core_text_end[], core_rodata_end[], core_end[];
const uint8_t core_start[0x9000] __attribute__((aligned(4096)));
#define TEXT   0x3000ull
#define RODATA 0x5000ull
#define IMAGE  0x9000ull

#define CORE   0x1000000ull
#define CORE_S 0x1000000ull
#define GIB    (1ull << 30)

static jmp_buf panicked;
static bool want_panic;
static bool has_1g;
static struct boot_info info;

void panic(const char *fmt, ...)
{
	assert_non_null(strstr(fmt, "too small"));
	assert_true(want_panic);
	longjmp(panicked, 1);
}

static void the_cpu(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	(void)sub;
	r[3] = leaf == 0x80000001 && has_1g ? 1u << 26 : 0;
}

static void range(uint64_t base, uint64_t size, uint32_t kind)
{
	info.ranges[info.num_ranges++] = (struct boot_range){ base, size, kind, 0, 0 };
}

static void pages(uint64_t n)
{
	page_alloc_init(HPA(CORE + IMAGE), n << PAGE_SHIFT);
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&info, 0, sizeof(info));
	fake_hw.cpuid = the_cpu;
	has_1g = true;
	want_panic = false;
	info.core_base = CORE;
	info.core_size = CORE_S;
	info.core_image_size = IMAGE;
	range(0, 0x9f000, BOOT_RANGE_RAM);
	range(0x9f000, 0x1000, BOOT_RANGE_RESERVED);
	range(0x100000, 0xf00000, BOOT_RANGE_RAM);
	range(CORE, CORE_S, BOOT_RANGE_CORE);
	range(0x2000000, 0x400000, BOOT_RANGE_ROOT);
	range(0x2400000, 0x3000, BOOT_RANGE_ACPI);
	range(0x2403000, 0x1000, BOOT_RANGE_NVS);
	range(0x2404000, 0x2000, BOOT_RANGE_RUNTIME);
	range(0xfec00000, 0x1000, BOOT_RANGE_MMIO);
	range(4 * GIB, 3 * GIB + 0x201000, BOOT_RANGE_RAM);
	pages(1000);
	return 0;
}

/* -- the walk ------------------------------------------------------------------------------------
 */

struct leaf {
	uint64_t pa;
	uint32_t level; /* 1: 4 KiB; 0: not mapped */
	bool w, x, global, uncached;
};

static uint64_t *table(uint64_t pa)
{
	return hpa_ptr(HPA(pa & MASK(51, 12)));
}

static struct leaf walk(uint64_t cr3, uint64_t va)
{
	struct leaf l = { .w = true, .x = true };
	uint64_t *t = table(cr3);

	for (uint32_t level = 4; level; level--) {
		uint32_t shift = 12 + 9 * (level - 1);
		uint64_t e = t[va >> shift & 511];

		if (!(e & 1))
			return (struct leaf){ 0 };
		assert_false(e & BIT(2)); /* nothing is user's */
		l.w &= e >> 1 & 1;
		l.x &= !(e >> 63);
		if (level == 1 || (level < 4 && e & BIT(7))) {
			uint64_t off = va & (BIT(shift) - 1);

			assert_int_equal(e & MASK(51, 12) & (BIT(shift) - 1), 0);
			l.level = level;
			l.pa = (e & MASK(51, 12)) + off;
			l.global = e >> 8 & 1;
			l.uncached = (e >> 3 & 3) == 3;
			return l;
		}
		t = table(e);
	}
	return l;
}

/* Every leaf of the tree: how many are writable and executable at once. */
static uint32_t writable_code(const uint64_t *t, uint32_t level, bool w, bool x)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < 512; i++) {
		bool w2 = w && t[i] >> 1 & 1, x2 = x && !(t[i] >> 63);

		if (!(t[i] & 1))
			continue;
		if (level == 1 || (level < 4 && t[i] & BIT(7)))
			n += w2 && x2;
		else
			n += writable_code(table(t[i]), level - 1, w2, x2);
	}
	return n;
}

static uint64_t cpu_tables(struct percpu **cpu, void **stack)
{
	*cpu = page_alloc(page_up(sizeof(**cpu)) >> PAGE_SHIFT);
	*stack = page_alloc(ARCH_STACK_SIZE >> PAGE_SHIFT);
	assert_non_null(*stack);
	return paging_percpu(*cpu, *stack);
}

/* -- tests ---------------------------------------------------------------------------------------
 */

static void test_early(void **state)
{
	static uint64_t pml4[512] __attribute__((aligned(4096)));
	uint64_t cr3 = (uint64_t)(uintptr_t)pml4;

	(void)state;
	pml4[0] = 0x6003;
	/* On the loader's tables, where addresses are physical ones */
	fake_hw.cr[3] = cr3 | 0x18; /* PWT, PCD: not part of the address */
	paging_early();
	assert_int_equal(pml4[ARCH_DIRECT_MAP >> 39 & 511], 0x6003);
	/* And no stale translation of it */
	assert_int_equal(fake_hw.writes, 1);
	assert_int_equal(fake_hw.log[0].kind, FAKE_WRITE_CR);
	assert_int_equal(fake_hw.log[0].index, 3);
	assert_int_equal(fake_hw.cr[3], cr3 | 0x18);
}

static bool is_ram(uint64_t pa)
{
	for (uint32_t i = 0; i < info.num_ranges; i++) {
		const struct boot_range *g = &info.ranges[i];

		if (pa >= g->base && pa < g->base + g->size)
			return g->kind != BOOT_RANGE_RESERVED && g->kind != BOOT_RANGE_MMIO &&
			       !(pa >= CORE && pa < CORE + IMAGE);
	}
	return false;
}

static void check_direct(uint64_t cr3, uint64_t from, uint64_t to, uint64_t step)
{
	for (uint64_t pa = from; pa < to; pa += step) {
		struct leaf l = walk(cr3, ARCH_DIRECT_MAP + pa);

		if (!is_ram(pa)) {
			if (l.level)
				fail_msg("%llx is mapped", (unsigned long long)pa);
			continue;
		}
		if (!l.level || l.pa != pa || !l.w || l.x || !l.global || l.uncached)
			fail_msg("%llx: level %u pa %llx", (unsigned long long)pa, l.level,
				 (unsigned long long)l.pa);
	}
}

static void test_direct_map(void **state)
{
	struct percpu *cpu;
	void *stack;
	uint64_t cr3;

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		(void)setup(NULL);
		has_1g = i;
		paging_build(&info);
		cr3 = cpu_tables(&cpu, &stack);
		check_direct(cr3, 0, 0x2500000, PAGE_SIZE);
		check_direct(cr3, 0xfeb00000, 0xff000000, PAGE_SIZE);
		check_direct(cr3, 4 * GIB, 7 * GIB, LARGE_SIZE - PAGE_SIZE);
		check_direct(cr3, 7 * GIB - 0x10000, 7 * GIB + 0x300000, PAGE_SIZE);
		/* The largest pages there are, and that the CPU has */
		assert_int_equal(walk(cr3, ARCH_DIRECT_MAP + 5 * GIB).level, i ? 3 : 2);
		assert_int_equal(walk(cr3, ARCH_DIRECT_MAP + 7 * GIB).level, 2);
		assert_int_equal(walk(cr3, ARCH_DIRECT_MAP + 7 * GIB + 0x200000).level, 1);
		assert_int_equal(walk(cr3, ARCH_DIRECT_MAP + 0x1000).level, 1);
		assert_int_equal(walk(cr3, ARCH_DIRECT_MAP + 0x200000).level, 2);
		/* Nothing below the direct map: a NULL pointer of the core faults */
		assert_int_equal(walk(cr3, 0).level, 0);
		assert_int_equal(walk(cr3, CORE).level, 0);
		assert_int_equal(writable_code(table(cr3), 4, true, true), 0);
	}
}

static void test_image(void **state)
{
	struct percpu *cpu;
	void *stack;
	uint64_t cr3;

	(void)state;
	paging_build(&info);
	cr3 = cpu_tables(&cpu, &stack);
	for (uint64_t at = 0; at < IMAGE; at += PAGE_SIZE) {
		struct leaf l = walk(cr3, BOOT_CORE_VA + at);

		assert_int_equal(l.level, 1);
		assert_int_equal(l.pa, CORE + at);
		assert_int_equal(l.x, at < TEXT);
		assert_int_equal(l.w, at >= RODATA);
	}
	assert_int_equal(walk(cr3, BOOT_CORE_VA + IMAGE).level, 0);
	assert_int_equal(walk(cr3, BOOT_CORE_VA - PAGE_SIZE).level, 0);
	/* A core region that is all image has no rest to map */
	(void)setup(NULL);
	info.num_ranges = 3;
	range(CORE, IMAGE, BOOT_RANGE_CORE);
	paging_build(&info);
	cr3 = cpu_tables(&cpu, &stack);
	for (uint64_t at = 0; at < 2 * IMAGE; at += PAGE_SIZE)
		assert_int_equal(walk(cr3, ARCH_DIRECT_MAP + CORE + at).level, 0);
}

static void test_device(void **state)
{
	struct percpu *cpu;
	void *stack;
	uint64_t a, b, cr3;

	(void)state;
	paging_build(&info);
	a = paging_map_device(0xfee00000);
	b = paging_map_device(0xfe0343f8); /* not at the start of its page */
	cr3 = cpu_tables(&cpu, &stack);
	assert_int_equal(b & 0xfff, 0x3f8);
	assert_int_not_equal(a & PAGE_MASK, b & PAGE_MASK);
	for (uint32_t i = 0; i < 2; i++) {
		struct leaf l = walk(cr3, i ? b : a);

		assert_int_equal(l.level, 1);
		assert_int_equal(l.pa, i ? 0xfe0343f8 : 0xfee00000);
		assert_true(l.w && !l.x && l.uncached);
		assert_true((i ? b : a) >= ARCH_DEVICE_MAP);
	}
	assert_int_equal(walk(cr3, ARCH_DIRECT_MAP + 0xfee00000).level, 0);
	assert_int_equal(walk(cr3, (b & PAGE_MASK) + PAGE_SIZE).level, 0);
}

static void test_percpu(void **state)
{
	const uint64_t size = page_up(sizeof(struct percpu));
	struct percpu *cpu[2];
	void *stack[2];
	uint64_t cr3[2];

	(void)state;
	paging_build(&info);
	for (uint32_t i = 0; i < 2; i++)
		cr3[i] = cpu_tables(&cpu[i], &stack[i]);
	for (uint32_t i = 0; i < 2; i++) {
		for (uint64_t at = 0; at < size; at += PAGE_SIZE) {
			struct leaf l = walk(cr3[i], ARCH_PERCPU_VA + at);

			assert_int_equal(l.pa, ptr_hpa(cpu[i]).v + at);
			assert_true(l.level == 1 && l.w && !l.x);
			/* One address, another page on each CPU: never kept over a switch */
			assert_false(l.global);
		}
		/* The guard, then the stack, then nothing */
		assert_int_equal(walk(cr3[i], ARCH_PERCPU_VA + size).level, 0);
		for (uint64_t at = 0; at < ARCH_STACK_SIZE; at += PAGE_SIZE) {
			struct leaf l = walk(cr3[i], ARCH_PERCPU_VA + size + PAGE_SIZE + at);

			assert_int_equal(l.pa, ptr_hpa(stack[i]).v + at);
			assert_true(l.level == 1 && l.w && !l.x);
		}
		assert_int_equal(
			walk(cr3[i], ARCH_PERCPU_VA + size + PAGE_SIZE + ARCH_STACK_SIZE).level, 0);
		assert_int_equal(writable_code(table(cr3[i]), 4, true, true), 0);
		/* The image is seen by both */
		assert_int_equal(walk(cr3[i], BOOT_CORE_VA + TEXT).pa, CORE + TEXT);
	}
	for (uint32_t k = 0; k < 511; k++)
		assert_int_equal(table(cr3[0])[k], table(cr3[1])[k]);
	assert_int_not_equal(table(cr3[0])[511], table(cr3[1])[511]);
}

static void test_trampoline(void **state)
{
	struct percpu *cpu;
	void *stack;
	uint64_t cr3, own;
	struct leaf l;

	(void)state;
	paging_build(&info);
	own = cpu_tables(&cpu, &stack);
	cr3 = paging_trampoline(0x8000);
	l = walk(cr3, 0x8000);
	assert_true(l.level == 1 && l.pa == 0x8000 && l.x && !l.w);
	assert_int_equal(walk(cr3, 0x7000).level, 0);
	assert_int_equal(walk(cr3, 0x9000).level, 0);
	assert_int_equal(walk(cr3, BOOT_CORE_VA).pa, CORE);
	assert_int_equal(walk(cr3, ARCH_DIRECT_MAP + 0x8000).pa, 0x8000);
	assert_int_equal(writable_code(table(cr3), 4, true, true), 0);
	/* Its identity is its own, and no CPU's per-CPU page is in it */
	assert_int_equal(walk(own, 0x8000).level, 0);
	assert_int_equal(walk(cr3, ARCH_PERCPU_VA).level, 0);
}

/* -- a pool that runs dry ------------------------------------------------------------------------
 */

static void all(void)
{
	paging_build(&info);
	(void)paging_map_device(0xfee00000);
	/* Pages that are not the pool's: addresses only */
	(void)paging_percpu(hpa_ptr(HPA(0x200000)), hpa_ptr(HPA(0x300000)));
	(void)paging_trampoline(0x8000);
}

static void test_dry(void **state)
{
	uint64_t used, before = (uint64_t)1000 << PAGE_SHIFT;
	volatile uint64_t n;

	(void)state;
	all();
	used = (before - page_alloc_left()) >> PAGE_SHIFT;
	assert_in_range(used, 20, 100);
	for (n = 0; n < used; n++) {
		uint8_t *behind;

		(void)setup(NULL);
		pages(n);
		behind = hpa_ptr(HPA(CORE + IMAGE + n * PAGE_SIZE));
		memset(behind, 0xcc, PAGE_SIZE);
		want_panic = true;
		if (setjmp(panicked) == 0) {
			all();
			fail_msg("%llu pages are enough", (unsigned long long)n);
		}
		for (uint32_t i = 0; i < PAGE_SIZE; i++)
			assert_int_equal(behind[i], 0xcc);
	}
	want_panic = false;
	(void)setup(NULL);
	pages(used);
	all();
	assert_int_equal(page_alloc_left(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_early, setup),
		cmocka_unit_test_setup(test_direct_map, setup),
		cmocka_unit_test_setup(test_image, setup),
		cmocka_unit_test_setup(test_device, setup),
		cmocka_unit_test_setup(test_percpu, setup),
		cmocka_unit_test_setup(test_trampoline, setup),
		cmocka_unit_test_setup(test_dry, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
