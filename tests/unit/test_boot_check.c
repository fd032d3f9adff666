/* SPDX-License-Identifier: MIT */
/* boot_check(): a good structure, then each rule broken by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/bits.h"
#include "kernel/boot_check.h"

#define M (1ull << 20)

static const struct boot_info good = {
	.magic = BOOT_INFO_MAGIC,
	.version = BOOT_INFO_VERSION,
	.size = sizeof(struct boot_info),
	.core_base = 64 * M,
	.core_size = 16 * M,
	.core_image_size = 1 * M,
	.trampoline = 0x8000,
	.tsc_hz = 2000000000,
	.console = { BOOT_CONSOLE_16550_PORT, 1, 0x3f8, 0, 0 },
	.root_kind = BOOT_ROOT_ELF,
	.root_base = 96 * M,
	.root_size = 4 * M,
	.root_entry = 97 * M,
	.root_cmdline = "run=suite",
	.num_cpus = 3,
	.num_ranges = 6,
	.cpus = { { 4, 0, BOOT_CPU_BSP, 0 }, { 0, 1, 0, 0 }, { 7, 2, 0, 0 } },
	.ranges = { { 0, 640 * 1024, BOOT_RANGE_RAM, 0, 0 },
		    { 1 * M, 63 * M, BOOT_RANGE_RAM, 0, 0 },
		    { 64 * M, 16 * M, BOOT_RANGE_CORE, 0, 0 },
		    { 80 * M, 16 * M, BOOT_RANGE_RAM, 0, 0 },
		    { 96 * M, 8 * M, BOOT_RANGE_ROOT, 0, 0 },
		    { 0xfec00000, 0x1000, BOOT_RANGE_MMIO, 0, 0 } },
};

#include "boot_change.h"

static void test_good(void **state)
{
	(void)state;
	CHECK((void)0, NULL);
}

static void test_head(void **state)
{
	(void)state;
	CHECK(bi.magic ^= 1, "magic");
	CHECK(bi.magic = 0, "magic");
	CHECK(bi.version++, "version");
	CHECK(bi.version = 0, "version");
	CHECK(bi.size -= 8, "size");
	CHECK(bi.size += 8, "size");
	CHECK(bi.tsc_hz = 0, "TSC frequency");
	CHECK(bi.tsc_hz = 999999, "TSC frequency");
	CHECK(bi.tsc_hz = 1000000, NULL);
	CHECK(bi.console.kind = BOOT_CONSOLE_PL011 + 1, "console kind");
	CHECK(bi.console.kind = ~0u, "console kind");
	CHECK(bi.console.kind = BOOT_CONSOLE_NONE, NULL);
	CHECK(bi.trampoline = 0, "trampoline page");
	CHECK(bi.trampoline = 0x8001, "trampoline page");
	CHECK(bi.trampoline = 0xa0000, "trampoline page");
	CHECK(bi.trampoline = 0x100008000, "trampoline page");
	CHECK(bi.trampoline = 0x9f000, NULL);
}

static void test_core(void **state)
{
	(void)state;
	CHECK(bi.core_base += 0x1000, "core region");
	CHECK(bi.core_base += M, "core region");
	CHECK(bi.core_size -= 1, "core region");
	CHECK(bi.core_size = 0, "core region");
	CHECK(bi.core_image_size = 0, "core region");
	CHECK(bi.core_image_size += 1, "core region");
	CHECK(bi.core_image_size = bi.core_size, "core region");
	CHECK(bi.core_image_size = bi.core_size + 0x1000, "core region");
	CHECK(bi.core_image_size = bi.core_size - 0x1000, NULL);
	CHECK(bi.core_size = ~0xfffull, "core region"); /* wraps */
	CHECK(bi.core_size = 1ull << 32, "core region");
	CHECK(bi.core_base = 1ull << 32, "core region");
	/* Up to just below 4 GiB. */
	CHECK((bi.core_base = bi.ranges[5].base = 0xff000000, bi.ranges[5].kind = BOOT_RANGE_CORE,
	       bi.core_size = bi.ranges[5].size = 0xfff000, bi.ranges[2].kind = BOOT_RANGE_RAM),
	      NULL);
	/* Must be the core's in the map, and wholly. */
	CHECK(bi.ranges[2].kind = BOOT_RANGE_RAM, "the core's memory is not a CORE range");
	CHECK(bi.ranges[2].kind = BOOT_RANGE_RESERVED, "the core's memory is not a CORE range");
	CHECK(bi.ranges[2].size -= 0x1000, "the core's memory is not a CORE range");
	CHECK((bi.ranges[2].base += 0x1000, bi.ranges[2].size -= 0x1000),
	      "the core's memory is not a CORE range");
	CHECK((bi.core_base += 2 * M), "the core's memory is not a CORE range");
	CHECK((bi.core_base += 2 * M, bi.core_size -= 2 * M), NULL);
	CHECK((bi.core_base -= 2 * M), "the core's memory is not a CORE range");
}

static void test_root(void **state)
{
	(void)state;
	CHECK(bi.root_kind = 0, "root image kind");
	CHECK(bi.root_kind = BOOT_ROOT_LINUX, "root image kind");
	CHECK(bi.root_base += 1, "root image range");
	CHECK(bi.root_size += 1, "root image range");
	CHECK(bi.root_size = 0, "root image range");
	CHECK(bi.root_base = ~0xfffull, "root image range"); /* wraps */
	CHECK(bi.root_entry = bi.root_base - 1, "root image range");
	CHECK(bi.root_entry = bi.root_base + bi.root_size, "root image range");
	CHECK(bi.root_entry = bi.root_base + bi.root_size - 1, NULL);
	CHECK(bi.root_entry = bi.root_base, NULL);
	/* Entered in 32-bit mode. */
	CHECK((bi.root_base = bi.root_entry = 1ull << 32, bi.ranges[5].base = 1ull << 32,
	       bi.ranges[5].size = 8 * M, bi.ranges[5].kind = BOOT_RANGE_ROOT),
	      "root image range");
	/* In RAM that is its own, and wholly. */
	CHECK(bi.ranges[4].kind = BOOT_RANGE_RAM, NULL);
	CHECK(bi.ranges[4].size = 4 * M, NULL);
	CHECK(bi.ranges[4].size = 4 * M - 0x1000, "the root image is not in RAM");
	CHECK((bi.ranges[4].base += 0x1000), "the root image is not in RAM");
	for (uint32_t kind = BOOT_RANGE_ACPI; kind <= BOOT_RANGE_CORE; kind++)
		CHECK(bi.ranges[4].kind = kind, "the root image is not in RAM");
	CHECK((bi.root_base = bi.root_entry = 64 * M), "the root image is not in RAM");
	CHECK(memset(bi.root_cmdline, 'x', sizeof(bi.root_cmdline)),
	      "root command line has no end");
	CHECK(memset(bi.root_cmdline, 'x', sizeof(bi.root_cmdline) - 1), NULL);
}

static void test_cpus(void **state)
{
	(void)state;
	CHECK(bi.num_cpus = 0, "number of CPUs");
	CHECK(bi.num_cpus = BOOT_INFO_MAX_CPUS + 1, "number of CPUs");
	CHECK(bi.num_cpus = ~0u, "number of CPUs");
	CHECK(bi.num_cpus = 1, NULL);
	CHECK(bi.cpus[0].flags = 0, "the first CPU is not the boot CPU");
	CHECK((bi.cpus[0].flags = 0, bi.cpus[1].flags = BOOT_CPU_BSP),
	      "the first CPU is not the boot CPU");
	CHECK(bi.cpus[2].apic_id = 4, "two CPUs with one APIC id");
	CHECK(bi.cpus[2].apic_id = 0, "two CPUs with one APIC id");
	/* What lies behind the count is not looked at. */
	CHECK((bi.num_cpus = 2, bi.cpus[2].apic_id = 4), NULL);
	bi = good;
	for (uint32_t i = 0; i < BOOT_INFO_MAX_CPUS; i++)
		bi.cpus[i].apic_id = i * 2;
	bi.num_cpus = BOOT_INFO_MAX_CPUS;
	assert_null(boot_check(&bi));
	bi.cpus[BOOT_INFO_MAX_CPUS - 1].apic_id = 2;
	assert_string_equal(boot_check(&bi), "two CPUs with one APIC id");
}

static void test_ranges(void **state)
{
	(void)state;
	CHECK(bi.num_ranges = 0, "number of memory ranges");
	CHECK(bi.num_ranges = BOOT_INFO_MAX_RANGES + 1, "number of memory ranges");
	CHECK(bi.num_ranges = ~0u, "number of memory ranges");
	CHECK(bi.num_ranges = 5, NULL);
	CHECK(bi.num_ranges = 4, "the root image is not in RAM");
	CHECK(bi.num_ranges = 2, "the core's memory is not a CORE range");
	CHECK(bi.ranges[1].base += 1, "a memory range's border");
	CHECK(bi.ranges[1].size -= 1, "a memory range's border");
	CHECK(bi.ranges[1].size = 0, "a memory range's border");
	CHECK((bi.ranges[5].base = ~0xfffull, bi.ranges[5].size = 0x2000),
	      "a memory range's border");
	CHECK(bi.ranges[5].size = ~0xfffull, "a memory range's border");
	CHECK(bi.ranges[1].size += 0x1000, "memory ranges out of order or overlapping");
	CHECK(bi.ranges[1].base = 0, "memory ranges out of order or overlapping");
	CHECK((bi.ranges[3] = good.ranges[4], bi.ranges[4] = good.ranges[3]),
	      "memory ranges out of order or overlapping");
	CHECK(bi.ranges[0].kind = 0, "a memory range's kind");
	CHECK(bi.ranges[5].kind = BOOT_RANGE_ROOT + 1, "a memory range's kind");
	CHECK(bi.ranges[5].kind = ~0u, "a memory range's kind");
	for (uint32_t kind = BOOT_RANGE_RAM; kind <= BOOT_RANGE_ROOT; kind++)
		CHECK(bi.ranges[5].kind = kind, NULL);
	/* As many as fit. */
	bi = good;
	for (uint32_t i = 5; i < BOOT_INFO_MAX_RANGES; i++)
		bi.ranges[i] = (struct boot_range){ (1ull << 32) + i * M, M, BOOT_RANGE_RAM, 0, 0 };
	bi.num_ranges = BOOT_INFO_MAX_RANGES;
	assert_null(boot_check(&bi));
	bi.ranges[BOOT_INFO_MAX_RANGES - 1].base -= 0x1000;
	assert_non_null(boot_check(&bi));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good), cmocka_unit_test(test_head),
		cmocka_unit_test(test_core), cmocka_unit_test(test_root),
		cmocka_unit_test(test_cpus), cmocka_unit_test(test_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
