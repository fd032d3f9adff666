/* SPDX-License-Identifier: MIT */
/* boot_check() with arm64's rules: a good structure, then each rule broken by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/bits.h"
#include "kernel/boot_check.h"

#define M (1ull << 20)
#define G (1ull << 30)

static const struct boot_info good = {
	.magic = BOOT_INFO_MAGIC,
	.version = BOOT_INFO_VERSION,
	.size = sizeof(struct boot_info),
	.core_base = 5 * G,
	.core_size = 16 * M,
	.core_image_size = 1 * M,
	.tsc_hz = 62500000,
	.console = { BOOT_CONSOLE_PL011, 4, 0x9000000, 0, 0 },
	.root_kind = BOOT_ROOT_ELF,
	.root_base = 6 * G,
	.root_size = 4 * M,
	.root_entry = 6 * G,
	.root_cmdline = "run=suite",
	.num_cpus = 2,
	.num_ranges = 3,
	.cpus = { { 0, 0, BOOT_CPU_BSP, 0 }, { 0, 1, 0, 0 } },
	.ranges = { { 1 * G, 1 * G, BOOT_RANGE_RAM, 0, 0 },
		    { 5 * G, 16 * M, BOOT_RANGE_CORE, 0, 0 },
		    { 6 * G, 8 * M, BOOT_RANGE_ROOT, 0, 0 } },
	.arm64 = { .mpidr = { 0x100, 0x101 },
		   .gicr = { 0x80a0000, 0x80c0000 },
		   .gicd = 0x8000000,
		   .its = { 0x8080000 },
		   .psci = BOOT_PSCI_SMC,
		   .ppi_maintenance = 25,
		   .ppi_el2_timer = 26,
		   .ppi_virtual_timer = 27,
		   .ppi_physical_timer = 30 },
};

#include "boot_change.h"

static void test_good(void **state)
{
	(void)state;
	CHECK((void)0, NULL);
	/* x86 has a trampoline, and the core below 4 GiB; here neither is needed. */
	CHECK(bi.trampoline = 0, NULL);
}

static void test_cpus(void **state)
{
	(void)state;
	CHECK(bi.arm64.mpidr[1] = 0x100, "two CPUs with one MPIDR");
	CHECK(bi.arm64.mpidr[1] |= BIT(31), "a CPU's MPIDR");
	CHECK(bi.arm64.mpidr[1] |= BIT(24), "a CPU's MPIDR");
	CHECK(bi.arm64.mpidr[1] |= BIT(40), "a CPU's MPIDR");
	CHECK(bi.arm64.mpidr[1] |= BIT(39), NULL);
	CHECK(bi.arm64.gicr[1] = 0, "a CPU's redistributor");
	CHECK(bi.arm64.gicr[1] += 0x1000, "a CPU's redistributor");
	CHECK(bi.arm64.gicr[1] = 1ull << 47, "a CPU's redistributor");
	CHECK(bi.arm64.gicr[1] = bi.arm64.gicr[0], "two CPUs with one redistributor");
	CHECK(bi.arm64.gicr[1] = bi.arm64.gicr[0] + 0x10000, "two CPUs with one redistributor");
	CHECK(bi.arm64.gicr[1] = bi.arm64.gicr[0] - 0x10000, "two CPUs with one redistributor");
	CHECK(bi.arm64.gicr[1] = bi.arm64.gicr[0] - 0x20000, NULL);
}

static void test_machine(void **state)
{
	(void)state;
	CHECK(bi.arm64.gicd = 0, "the GIC's distributor");
	CHECK(bi.arm64.gicd |= 0x8000, "the GIC's distributor");
	CHECK(bi.arm64.its[3] = 0x8080001, "an ITS");
	CHECK(bi.arm64.its[0] = 0, NULL);
	CHECK(bi.arm64.psci = BOOT_PSCI_HVC, NULL);
	CHECK(bi.arm64.psci = BOOT_PSCI_HVC + 1, "PSCI conduit");
	CHECK(bi.arm64.psci = BOOT_PSCI_NONE, "PSCI conduit");
	CHECK((bi.arm64.psci = BOOT_PSCI_NONE, bi.num_cpus = 1), NULL);
	CHECK((bi.ranges[2].base = (1ull << 47) - M, bi.root_base = bi.ranges[2].base,
	       bi.root_entry = bi.root_base),
	      "RAM above 128 TiB");
}

static void test_interrupts(void **state)
{
	uint32_t *ppi[] = { &bi.arm64.ppi_maintenance, &bi.arm64.ppi_el2_timer,
			    &bi.arm64.ppi_virtual_timer, &bi.arm64.ppi_physical_timer };

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		CHECK(*ppi[i] = 0, "a private interrupt");
		CHECK(*ppi[i] = 15, "a private interrupt");
		CHECK(*ppi[i] = 32, "a private interrupt");
		CHECK(*ppi[i] = 16, i == 2 ? "a virtual timer's interrupt that is not 27" : NULL);
		for (uint32_t j = 0; j < 4; j++)
			if (i != j)
				CHECK(*ppi[i] = *ppi[j], "two uses of a private interrupt");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
