/* SPDX-License-Identifier: MIT */
/* UEFI's memory map into boot_info: kinds, order, merging, what is carved out, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot/memmap.h"

#define DESC 48u /* firmware may use more than the 40 bytes of the structure */

struct descriptor {
	uint32_t type, pad;
	uint64_t physical, virtual_start, pages, attribute, more;
};

static struct descriptor map[600];
static uint32_t count;
static struct boot_info bi;

static void add(uint32_t type, uint64_t base, uint64_t pages)
{
	map[count++] = (struct descriptor){
		.type = type, .physical = base, .pages = pages, .attribute = 0xf
	};
}

/* Low RAM, a hole, RAM with the core (reserved) and the root in it. */
static int setup(void **state)
{
	(void)state;
	memset(&bi, 0, sizeof(bi));
	count = 0;
	add(7, 0x1000, 0x9e);
	add(7, 0x100000, 0x700);
	add(0, 0x2000000, 0x400);
	bi.core_base = 0x2000000;
	bi.core_size = 0x400000;
	bi.root_base = 0x200000;
	bi.root_size = 0x10000;
	bi.trampoline = 0x9e000;
	return 0;
}

static const char *convert(void)
{
	return memmap_convert(&bi, map, (size_t)count * DESC, DESC);
}

static uint32_t kind_at(uint64_t a)
{
	for (uint32_t i = 0; i < bi.num_ranges; i++)
		if (a >= bi.ranges[i].base && a < bi.ranges[i].base + bi.ranges[i].size)
			return bi.ranges[i].kind;
	return 0;
}

static void sane(void)
{
	for (uint32_t i = 0; i < bi.num_ranges; i++) {
		assert_true(bi.ranges[i].size && !(bi.ranges[i].size & 0xfff));
		if (i)
			assert_true(bi.ranges[i - 1].base + bi.ranges[i - 1].size <=
				    bi.ranges[i].base);
	}
}

static void test_carving(void **state)
{
	(void)state;
	assert_null(convert());
	sane();
	assert_int_equal(kind_at(0x1000), BOOT_RANGE_RAM);
	assert_int_equal(kind_at(0x9dfff), BOOT_RANGE_RAM);
	assert_int_equal(kind_at(0x9e000), BOOT_RANGE_CORE); /* trampoline */
	assert_int_equal(kind_at(0x9f000), 0);
	assert_int_equal(kind_at(0x1fffff), BOOT_RANGE_RAM);
	assert_int_equal(kind_at(0x200000), BOOT_RANGE_ROOT);
	assert_int_equal(kind_at(0x20ffff), BOOT_RANGE_ROOT);
	assert_int_equal(kind_at(0x210000), BOOT_RANGE_RAM);
	assert_int_equal(kind_at(0x2000000), BOOT_RANGE_CORE);
	assert_int_equal(kind_at(0x23fffff), BOOT_RANGE_CORE);
	/* A file of the root's, to the end of its last page */
	bi.root_file = 0x300000;
	bi.root_file_size = 0x1001;
	assert_null(convert());
	assert_int_equal(kind_at(0x301fff), BOOT_RANGE_ROOT);
	assert_int_equal(kind_at(0x302000), BOOT_RANGE_RAM);
}

/* UEFI 2.10, table 7.10 */
static void test_kinds(void **state)
{
	static const uint8_t kinds[] = {
		BOOT_RANGE_RESERVED, BOOT_RANGE_RAM,	  BOOT_RANGE_RAM,     BOOT_RANGE_RAM,
		BOOT_RANGE_RAM,	     BOOT_RANGE_RUNTIME,  BOOT_RANGE_RUNTIME, BOOT_RANGE_RAM,
		BOOT_RANGE_RESERVED, BOOT_RANGE_ACPI,	  BOOT_RANGE_NVS,     BOOT_RANGE_MMIO,
		BOOT_RANGE_MMIO,     BOOT_RANGE_RESERVED, BOOT_RANGE_RESERVED
	};

	(void)state;
	for (uint32_t t = 0; t < sizeof(kinds); t++)
		add(t, 0x10000000 + t * 0x100000ull, 1);
	add(0x80000001, 0x20000000, 1); /* of an OEM */
	assert_null(convert());
	for (uint32_t t = 0; t < sizeof(kinds); t++)
		assert_int_equal(kind_at(0x10000000 + t * 0x100000ull), kinds[t]);
	assert_int_equal(kind_at(0x20000000), BOOT_RANGE_RESERVED);
}

static void test_order_and_merge(void **state)
{
	uint32_t n;

	(void)state;
	add(7, 0x30001000, 1);
	add(4, 0x30000000, 1); /* before its neighbour, another type of RAM */
	add(7, 0x30002000, 0); /* empty */
	assert_null(convert());
	sane();
	n = bi.num_ranges;
	assert_int_equal(bi.ranges[n - 1].base, 0x30000000);
	assert_int_equal(bi.ranges[n - 1].size, 0x2000);
	/* Other attributes keep them apart. */
	map[count - 2].attribute = 1;
	assert_null(convert());
	assert_int_equal(bi.num_ranges, n + 1);
	/* Hundreds of neighbours are one. */
	for (uint64_t i = 0; i < 500; i++)
		add(i & 1 ? 3 : 7, 0x40000000 + i * 0x1000, 1);
	assert_null(convert());
	sane();
	assert_int_equal(bi.ranges[bi.num_ranges - 1].size, 500 * 0x1000);
}

static void test_refusals(void **state)
{
	(void)state;
	assert_string_equal(memmap_convert(&bi, map, 39, 39), "descriptor size");
	assert_string_equal(memmap_convert(&bi, map, 100, DESC), "descriptor size");
	add(7, 0x100000, 1);
	assert_string_equal(convert(), "memory ranges overlap");
	count--;
	add(7, 0xff000, 2);
	assert_string_equal(convert(), "memory ranges overlap");
	count--;
	add(7, 0x30000800, 1);
	assert_string_equal(convert(), "a descriptor's range");
	count--;
	add(7, 0x30000000, 1ull << 52);
	assert_string_equal(convert(), "a descriptor's range");
	count--;
	add(7, 0xfffffffffffff000, 2);
	assert_string_equal(convert(), "a descriptor's range");
	count--;
	bi.core_size = 0x500000; /* more than there is */
	assert_string_equal(convert(), "a carved range is not inside one memory range");
	bi.core_size = 0x400000;
	bi.trampoline = 0xa0000;
	assert_string_equal(convert(), "a carved range is not inside one memory range");
	bi.trampoline = 0x9e000;
	for (uint64_t i = 0; i < 400; i++)
		add(7, 0x40000000 + i * 0x2000, 1);
	assert_string_equal(convert(), "too many memory ranges");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_carving, setup),
		cmocka_unit_test_setup(test_kinds, setup),
		cmocka_unit_test_setup(test_order_and_merge, setup),
		cmocka_unit_test_setup(test_refusals, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
