/* SPDX-License-Identifier: MIT */
/* boot_info.h's rules for arm64. */
#include "kernel/addr.h"
#include "kernel/bits.h"
#include "kernel/boot_check.h"

#define FRAME_64K (1ull << 16)

static bool frame_ok(uint64_t pa)
{
	return pa && !(pa & (FRAME_64K - 1)) && pa < ARCH_RAM_LIMIT;
}

static bool ppi_ok(uint32_t intid)
{
	return intid >= 16 && intid < 32;
}

static const char *check_cpu(const struct boot_info *bi, uint32_t i)
{
	const struct boot_arm64 *a = &bi->arm64;

	/* Aff3 and Aff2..0: what PSCI and GICR_TYPER name a CPU by */
	if (a->mpidr[i] & ~(MASK(39, 32) | MASK(23, 0)))
		return "a CPU's MPIDR";
	if (!frame_ok(a->gicr[i]))
		return "a CPU's redistributor";
	for (uint32_t j = 0; j < i; j++) {
		if (a->mpidr[i] == a->mpidr[j])
			return "two CPUs with one MPIDR";
		/* RD_base and SGI_base: two frames at least (IHI 0069, 12.10) */
		if (a->gicr[i] < a->gicr[j] + 2 * FRAME_64K &&
		    a->gicr[j] < a->gicr[i] + 2 * FRAME_64K)
			return "two CPUs with one redistributor";
	}
	return NULL;
}

const char *boot_check_arch(const struct boot_info *bi)
{
	const struct boot_arm64 *a = &bi->arm64;
	const char *why = NULL;

	if (bi->ranges[0].base == 0 && bi->num_ranges &&
	    (bi->ranges[0].kind == BOOT_RANGE_CORE || bi->ranges[0].kind == BOOT_RANGE_ROOT))
		return "the core or the root image at address 0";
	for (uint32_t i = 0; i < bi->num_ranges && i < BOOT_INFO_MAX_RANGES; i++) {
		const struct boot_range *r = &bi->ranges[i];

		if (r->kind != BOOT_RANGE_MMIO && r->kind != BOOT_RANGE_RESERVED &&
		    r->base + r->size > ARCH_RAM_LIMIT)
			return "RAM above 128 TiB";
	}
	if (!frame_ok(a->gicd))
		return "the GIC's distributor";
	for (uint32_t i = 0; i < BOOT_INFO_MAX_ITS; i++)
		if (a->its[i] && !frame_ok(a->its[i]))
			return "an ITS";
	if (a->psci > BOOT_PSCI_HVC || (a->psci == BOOT_PSCI_NONE && bi->num_cpus > 1))
		return "PSCI conduit";
	if (!ppi_ok(a->ppi_maintenance) || !ppi_ok(a->ppi_el2_timer) ||
	    !ppi_ok(a->ppi_virtual_timer) || !ppi_ok(a->ppi_physical_timer))
		return "a private interrupt";
	if (a->ppi_maintenance == a->ppi_el2_timer || a->ppi_maintenance == a->ppi_virtual_timer ||
	    a->ppi_el2_timer == a->ppi_virtual_timer ||
	    a->ppi_physical_timer == a->ppi_maintenance ||
	    a->ppi_physical_timer == a->ppi_el2_timer ||
	    a->ppi_physical_timer == a->ppi_virtual_timer)
		return "two uses of a private interrupt";
	/* Guests share it, and theirs is 27, as BSA gives it */
	if (a->ppi_virtual_timer != 27)
		return "a virtual timer's interrupt that is not 27";
	for (uint32_t i = 0; i < bi->num_cpus && !why; i++)
		why = check_cpu(bi, i);
	return why;
}
