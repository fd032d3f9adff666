/* SPDX-License-Identifier: MIT */
/* arm64 facts out of ACPI tables and device trees, whole, cut short, and wrong in one place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <libfdt.h>

#include "boot/facts_arm64.h"
#include "kernel/bits.h"

static uint8_t madt[512], gtdt[128], fadt[276];
static uint8_t fdt[8192];
static struct boot_info bi;
static struct facts_gicr regions;

static void put(uint8_t *t, size_t at, uint64_t v, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		t[at + i] = (uint8_t)(v >> (8 * i));
}

static uint8_t *entry(uint8_t type, uint8_t len)
{
	uint32_t at = (uint32_t)(madt[4] | madt[5] << 8);
	uint8_t *e = madt + at;

	e[0] = type;
	e[1] = len;
	put(madt, 4, at + len, 4);
	return e;
}

static void gicc(uint32_t uid, uint32_t flags, uint64_t mpidr, uint64_t gicr)
{
	uint8_t *e = entry(0x0b, 80);

	put(e, 8, uid, 4);
	put(e, 12, flags, 4);
	put(e, 56, 25, 4);
	put(e, 60, gicr, 8);
	put(e, 68, mpidr, 8);
}

static void gicd(uint8_t version)
{
	uint8_t *e = entry(0x0c, 24);

	put(e, 8, 0x8000000, 8);
	e[20] = version;
}

static void begin(void)
{
	memset(&bi, 0, sizeof(bi));
	memset(madt, 0, sizeof(madt));
	memset(gtdt, 0, sizeof(gtdt));
	memset(fadt, 0, sizeof(fadt));
	put(madt, 4, 44, 4);
	put(gtdt, 4, 104, 4);
	put(gtdt, 48, 29, 4);
	put(gtdt, 56, 30, 4);
	put(gtdt, 64, 27, 4);
	put(gtdt, 72, 26, 4);
	put(fadt, 4, sizeof(fadt), 4);
	put(fadt, 129, 1, 2);
}

static const char *acpi(void)
{
	struct facts_acpi t = { madt, gtdt, fadt };

	return facts_from_acpi(&bi, &t, &regions);
}

static void test_acpi(void **state)
{
	(void)state;
	begin();
	gicd(3);
	gicc(10, 1, 0x80000100, 0);
	gicc(11, 0, 0x101, 0); /* not enabled */
	gicc(12, 1, 1ull << 32 | 0x102, 0x80e0000);
	put(entry(0x0e, 16), 4, 0x80a0000, 8);
	put(madt + (madt[4] | madt[5] << 8) - 16, 12, 0x40000, 4);
	put(entry(0x0f, 20), 8, 0x8080000, 8);
	(void)entry(0x77, 2); /* of a kind that nobody knows */
	assert_null(acpi());
	assert_int_equal(bi.num_cpus, 2);
	assert_int_equal(bi.cpus[0].acpi_uid, 10);
	assert_int_equal(bi.cpus[1].acpi_uid, 12);
	/* Affinity only */
	assert_int_equal(bi.arm64.mpidr[0], 0x100);
	assert_int_equal(bi.arm64.mpidr[1], 1ull << 32 | 0x102);
	assert_int_equal(bi.arm64.gicr[1], 0x80e0000);
	assert_int_equal(bi.arm64.gicd, 0x8000000);
	assert_int_equal(bi.arm64.its[0], 0x8080000);
	assert_int_equal(bi.arm64.psci, BOOT_PSCI_SMC);
	assert_int_equal(bi.arm64.ppi_maintenance, 25);
	assert_int_equal(bi.arm64.ppi_el2_timer, 26);
	assert_int_equal(bi.arm64.ppi_virtual_timer, 27);
	assert_int_equal(bi.arm64.ppi_physical_timer, 30);
	assert_int_equal(regions.count, 1);
	assert_int_equal(regions.base[0], 0x80a0000);
	assert_int_equal(regions.size[0], 0x40000);
}

static void test_acpi_refused(void **state)
{
	struct facts_acpi none = { NULL, gtdt, fadt };

	(void)state;
	begin();
	assert_string_equal(facts_from_acpi(&bi, &none, &regions), "no MADT");
	assert_string_equal(acpi(), "no GICD in the MADT");
	gicd(3);
	assert_string_equal(acpi(), "no enabled CPU in the MADT");
	begin();
	gicd(2);
	assert_string_equal(acpi(),
			    "the interrupt controller is a GICv2: a GICv3 or later is needed");
	/* Broken lengths: none, beyond the table, too small for what it is */
	begin();
	gicd(3);
	entry(0x0b, 80)[1] = 0;
	assert_string_equal(acpi(), "an entry of the MADT ends outside of it");
	begin();
	entry(0x0c, 24)[1] = 25;
	assert_string_equal(acpi(), "an entry of the MADT ends outside of it");
	begin();
	put(entry(0x0b, 40), 12, 1, 4);
	assert_string_equal(acpi(), "a GICC of the MADT is too short");
	begin();
	(void)entry(0x0c, 20);
	assert_string_equal(acpi(), "the GICD of the MADT is too short");
	begin();
	put(gtdt, 4, 79, 4);
	assert_string_equal(acpi(), "no GTDT");
	begin();
	put(fadt, 4, 130, 4);
	assert_string_equal(acpi(), "no FADT with ARM_BOOT_ARCH");
	/* PSCI: none, and by HVC */
	begin();
	gicd(4);
	gicc(0, 1, 0, 0x80a0000);
	put(fadt, 129, 0, 2);
	assert_null(acpi());
	assert_int_equal(bi.arm64.psci, BOOT_PSCI_NONE);
	put(fadt, 129, 3, 2);
	assert_null(acpi());
	assert_int_equal(bi.arm64.psci, BOOT_PSCI_HVC);
}

/* GICR_TYPER of frames from 80a0000 on: affinity and flags */
static uint64_t typers[8];
static uint32_t reads;

static uint64_t typer(uint64_t pa)
{
	uint64_t i = (pa - 8 - 0x80a0000) / 0x20000;

	reads++;
	assert_int_equal(pa & 0xffff, 8);
	return i < 8 ? typers[i] : 0;
}

static void test_redistributors(void **state)
{
	(void)state;
	begin();
	bi.num_cpus = 3;
	bi.arm64.mpidr[0] = 0x102;
	bi.arm64.mpidr[1] = 5ull << 32 | 0x030201;
	bi.arm64.mpidr[2] = 0x100;
	bi.arm64.gicr[2] = 0x9000000; /* firmware's word */
	memset(typers, 0, sizeof(typers));
	typers[0] = 0x0000010000000000ull;
	typers[1] = 0x05030201ull << 32 | 2; /* GICv4: four frames */
	typers[3] = 0x0000010200000000ull | 1 << 4;
	typers[4] = 0x0000010200000000ull;
	regions = (struct facts_gicr){ { 0x80a0000 }, { 0x100000 }, 1 };
	reads = 0;
	assert_null(facts_place_gicr(&bi, &regions, typer));
	assert_int_equal(bi.arm64.gicr[0], 0x80a0000 + 3 * 0x20000);
	assert_int_equal(bi.arm64.gicr[1], 0x80a0000 + 0x20000);
	assert_int_equal(bi.arm64.gicr[2], 0x9000000);
	/* Nothing is read behind the last */
	assert_int_equal(reads, 3);
	bi.arm64.mpidr[0] = 0x7;
	bi.arm64.gicr[0] = 0;
	assert_string_equal(facts_place_gicr(&bi, &regions, typer), "a CPU has no redistributor");
	/* A region ends with itself */
	regions.size[0] = 0x30000;
	reads = 0;
	(void)facts_place_gicr(&bi, &regions, typer);
	assert_int_equal(reads, 1);
}

static void test_boot_cpu(void **state)
{
	(void)state;
	begin();
	bi.num_cpus = 3;
	for (uint32_t i = 0; i < 3; i++) {
		bi.cpus[i].acpi_uid = 70 + i;
		bi.arm64.mpidr[i] = i;
		bi.arm64.gicr[i] = 0x80a0000 + i * 0x20000;
	}
	assert_string_equal(facts_boot_cpu(&bi, 5), "this CPU is not in firmware's list");
	assert_null(facts_boot_cpu(&bi, 0x80000002));
	assert_int_equal(bi.cpus[0].acpi_uid, 72);
	assert_int_equal(bi.cpus[0].flags, BOOT_CPU_BSP);
	assert_int_equal(bi.arm64.mpidr[0], 2);
	assert_int_equal(bi.arm64.gicr[0], 0x80e0000);
	assert_int_equal(bi.cpus[2].acpi_uid, 70);
	assert_int_equal(bi.arm64.mpidr[2], 0);
	assert_int_equal(bi.arm64.gicr[2], 0x80a0000);
}

/* -- device trees ------------------------------------------------------------------------------ */

static void cells(const char *name, const uint32_t *v, size_t n)
{
	uint32_t be[16];

	for (size_t i = 0; i < n; i++)
		be[i] = cpu_to_fdt32(v[i]);
	assert_int_equal(fdt_property(fdt, name, be, (int)(4 * n)), 0);
}
#define CELLS(name, ...) \
	cells(name, (const uint32_t[]){ __VA_ARGS__ }, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4)

static int text(const char *name, const char *v)
{
	return fdt_property(fdt, name, v, (int)strlen(v) + 1);
}

static void node(const char *name, const char *compatible)
{
	assert_int_equal(fdt_begin_node(fdt, name), 0);
	if (compatible)
		assert_int_equal(text("compatible", compatible), 0);
}

static void end(void)
{
	assert_int_equal(fdt_end_node(fdt), 0);
}

static void cpu(const char *name, uint32_t high, uint32_t low, const char *status)
{
	node(name, NULL);
	assert_int_equal(text("device_type", "cpu"), 0);
	CELLS("reg", high, low);
	if (status)
		assert_int_equal(text("status", status), 0);
	end();
}

static void tree(const char *gic, const char *method)
{
	assert_int_equal(fdt_create(fdt, sizeof(fdt)), 0);
	assert_int_equal(fdt_finish_reservemap(fdt), 0);
	node("", NULL);
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 2);
	node("cpus", NULL);
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 0);
	cpu("cpu@0", 0, 0x100, NULL);
	cpu("cpu@1", 0, 0x101, "disabled");
	cpu("cpu@2", 1, 0x102, "okay");
	end();
	node("psci", "arm,psci-1.0");
	assert_int_equal(text("method", method), 0);
	end();
	node("timer", "arm,armv8-timer");
	CELLS("interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4);
	end();
	/* A bus that moves addresses: 1000_0000 there is 2_1000_0000 here */
	node("soc", "simple-bus");
	CELLS("#address-cells", 1);
	CELLS("#size-cells", 1);
	CELLS("ranges", 0x10000000, 2, 0x10000000, 0x10000000);
	node("intc@10000000", gic);
	CELLS("#interrupt-cells", 3);
	CELLS("#address-cells", 1);
	CELLS("#size-cells", 1);
	assert_int_equal(fdt_property(fdt, "ranges", NULL, 0), 0);
	CELLS("reg", 0x10000000, 0x10000, 0x100a0000, 0x40000);
	CELLS("interrupts", 1, 9, 4);
	node("its@10080000", "arm,gic-v3-its");
	CELLS("reg", 0x10080000, 0x20000);
	end();
	end();
	node("uart@19000000", "ns16550a");
	CELLS("reg", 0x19000000, 0x1000);
	CELLS("reg-shift", 2);
	end();
	end();
	node("pl011@9000000", "arm,pl011");
	CELLS("reg", 0, 0x9000000, 0, 0x1000);
	end();
	node("chosen", NULL);
	assert_int_equal(text("stdout-path", "/pl011@9000000:115200n8"), 0);
	end();
	end();
	assert_int_equal(fdt_finish(fdt), 0);
	/* Room for the changes that tests make */
	assert_int_equal(fdt_open_into(fdt, fdt, sizeof(fdt)), 0);
}

static void test_fdt(void **state)
{
	(void)state;
	begin();
	tree("arm,gic-v3", "hvc");
	assert_null(facts_from_fdt(&bi, fdt, &regions));
	assert_int_equal(bi.num_cpus, 2);
	assert_int_equal(bi.arm64.mpidr[0], 0x100);
	assert_int_equal(bi.arm64.mpidr[1], 1ull << 32 | 0x102);
	assert_int_equal(bi.arm64.gicd, 0x210000000);
	assert_int_equal(regions.count, 1);
	assert_int_equal(regions.base[0], 0x2100a0000);
	assert_int_equal(regions.size[0], 0x40000);
	assert_int_equal(bi.arm64.its[0], 0x210080000);
	assert_int_equal(bi.arm64.ppi_maintenance, 25);
	assert_int_equal(bi.arm64.ppi_physical_timer, 30);
	assert_int_equal(bi.arm64.ppi_virtual_timer, 27);
	assert_int_equal(bi.arm64.ppi_el2_timer, 26);
	assert_int_equal(bi.arm64.psci, BOOT_PSCI_HVC);
	tree("arm,gic-v3", "smc");
	assert_null(facts_from_fdt(&bi, fdt, &regions));
	assert_int_equal(bi.arm64.psci, BOOT_PSCI_SMC);
}

static void test_fdt_refused(void **state)
{
	(void)state;
	begin();
	tree("arm,gic-400", "smc");
	assert_string_equal(facts_from_fdt(&bi, fdt, &regions),
			    "the interrupt controller is a GICv2: a GICv3 or later is needed");
	tree("acme,intc", "smc");
	assert_string_equal(facts_from_fdt(&bi, fdt, &regions), "no GICv3 in the device tree");
	fdt[0] ^= 1;
	assert_string_equal(facts_from_fdt(&bi, fdt, &regions), "the device tree is broken");
	/* A CPU whose name for itself is cut off */
	tree("arm,gic-v3", "smc");
	assert_int_equal(fdt_setprop_u32(fdt, fdt_path_offset(fdt, "/cpus/cpu@2"), "reg", 1), 0);
	assert_string_equal(facts_from_fdt(&bi, fdt, &regions),
			    "a CPU of the device tree has no reg");
	tree("arm,gic-v3", "smc");
	assert_int_equal(fdt_setprop_u32(fdt, fdt_path_offset(fdt, "/soc/intc@10000000"),
					 "#redistributor-regions", 2),
			 0);
	assert_string_equal(facts_from_fdt(&bi, fdt, &regions),
			    "the GIC of the device tree has too few redistributor regions");
	tree("arm,gic-v3", "smc");
	assert_int_equal(fdt_del_node(fdt, fdt_path_offset(fdt, "/timer")), 0);
	assert_string_equal(facts_from_fdt(&bi, fdt, &regions),
			    "no generic timer in the device tree");
	/* A bus without ranges has no way up */
	tree("arm,gic-v3", "smc");
	assert_int_equal(fdt_delprop(fdt, fdt_path_offset(fdt, "/soc"), "ranges"), 0);
	assert_string_equal(facts_from_fdt(&bi, fdt, &regions),
			    "the GIC of the device tree has no reg");
}

static void test_fdt_console(void **state)
{
	int chosen;

	(void)state;
	begin();
	tree("arm,gic-v3", "smc");
	facts_fdt_console(&bi, fdt);
	assert_int_equal(bi.console.kind, BOOT_CONSOLE_PL011);
	assert_int_equal(bi.console.base, 0x9000000);
	chosen = fdt_path_offset(fdt, "/chosen");
	assert_int_equal(fdt_setprop(fdt, chosen, "stdout-path", "/soc/uart@19000000", 19), 0);
	facts_fdt_console(&bi, fdt);
	assert_int_equal(bi.console.kind, BOOT_CONSOLE_16550_MMIO);
	assert_int_equal(bi.console.base, 0x219000000);
	assert_int_equal(bi.console.stride, 4);
	/* None that we know: as it was */
	chosen = fdt_path_offset(fdt, "/chosen");
	assert_int_equal(fdt_setprop(fdt, chosen, "stdout-path", "/psci", 6), 0);
	facts_fdt_console(&bi, fdt);
	assert_int_equal(bi.console.base, 0x219000000);
	assert_int_equal(fdt_delprop(fdt, fdt_path_offset(fdt, "/chosen"), "stdout-path"), 0);
	facts_fdt_console(&bi, fdt);
	assert_int_equal(bi.console.base, 0x219000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_acpi),
		cmocka_unit_test(test_acpi_refused),
		cmocka_unit_test(test_redistributors),
		cmocka_unit_test(test_boot_cpu),
		cmocka_unit_test(test_fdt),
		cmocka_unit_test(test_fdt_refused),
		cmocka_unit_test(test_fdt_console),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
