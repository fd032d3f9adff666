/* SPDX-License-Identifier: MIT */
/*
 * The arm64 part of boot_info from ACPI tables or a flattened device tree. Pure: the tables are
 * bytes in memory, firmware is not asked. Each returns NULL, or what is missing or wrong.
 */
#ifndef BOOT_FACTS_ARM64_H
#define BOOT_FACTS_ARM64_H

#include "boot/boot_info.h"

/* Whole tables with their headers; NULL: there is none. Lengths are checked against the header. */
struct facts_acpi {
	const void *madt, *gtdt, *fadt;
};

#define FACTS_MAX_REGIONS 16
/* Where redistributors lie, when firmware does not say whose each is. */
struct facts_gicr {
	uint64_t base[FACTS_MAX_REGIONS];
	uint64_t size[FACTS_MAX_REGIONS];
	uint32_t count;
};

/* Fills cpus[] (in firmware's order) and arm64; regions is for facts_place_gicr(). */
const char *facts_from_acpi(struct boot_info *bi, const struct facts_acpi *t, struct facts_gicr *r);
const char *facts_from_fdt(struct boot_info *bi, const void *fdt, struct facts_gicr *r);
/* /chosen stdout-path; leaves the console alone when it names no UART that the core knows. */
void facts_fdt_console(struct boot_info *bi, const void *fdt);
/* Match each CPU without a redistributor to the frame whose GICR_TYPER has its affinity. */
const char *facts_place_gicr(struct boot_info *bi, const struct facts_gicr *r,
			     uint64_t (*read64)(uint64_t pa));
/* The CPU with this affinity becomes cpus[0]. */
const char *facts_boot_cpu(struct boot_info *bi, uint64_t mpidr);

#define MPIDR_AFFINITY 0xff00ffffffull

#endif
