/* SPDX-License-Identifier: MIT */
/* MADT, GTDT and FADT of ACPI 6.5 (5.2.12, 5.2.25, 5.2.9), and the redistributors of a GICv3. */
#include "boot/facts_arm64.h"

#include <stddef.h>

#define MADT_HEADER 44u
#define MADT_GICC   0x0b
#define MADT_GICD   0x0c
#define MADT_GICR   0x0e
#define MADT_ITS    0x0f

#define GICC_ENABLED 1u
#define FADT_PSCI    1u
#define FADT_HVC     2u

/* IHI 0069, 12.11: GICR_TYPER at 8 of RD_base */
#define GICR_TYPER	8u
#define GICR_TYPER_VLPI (1u << 1)
#define GICR_TYPER_LAST (1u << 4)
#define FRAME		0x10000ull

/* Tables are not aligned. */
static uint64_t get(const void *table, size_t at, uint32_t bytes)
{
	const uint8_t *p = (const uint8_t *)table + at;
	uint64_t v = 0;

	for (uint32_t i = 0; i < bytes; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static uint32_t length(const void *table)
{
	return (uint32_t)get(table, 4, 4);
}

static const char *add_gicc(struct boot_info *bi, const uint8_t *e, uint32_t len)
{
	struct boot_arm64 *a = &bi->arm64;
	uint32_t n = bi->num_cpus;

	if (len < 76)
		return "a GICC of the MADT is too short";
	if (!(get(e, 12, 4) & GICC_ENABLED) || n == BOOT_INFO_MAX_CPUS)
		return NULL;
	bi->cpus[n] = (struct boot_cpu){ .acpi_uid = (uint32_t)get(e, 8, 4) };
	a->mpidr[n] = get(e, 68, 8) & MPIDR_AFFINITY;
	a->gicr[n] = get(e, 60, 8);
	a->ppi_maintenance = (uint32_t)get(e, 56, 4);
	bi->num_cpus++;
	return NULL;
}

static const char *add_region(struct facts_gicr *r, uint64_t base, uint64_t size)
{
	if (r->count == FACTS_MAX_REGIONS)
		return "too many redistributor regions";
	r->base[r->count] = base;
	r->size[r->count++] = size;
	return NULL;
}

static const char *add_its(struct boot_info *bi, uint64_t base)
{
	for (uint32_t i = 0; i < BOOT_INFO_MAX_ITS; i++)
		if (!bi->arm64.its[i]) {
			bi->arm64.its[i] = base;
			break;
		}
	/* The root drives them; one more than there is room for is its own to find. */
	return NULL;
}

static const char *add_gicd(struct boot_info *bi, const uint8_t *e, uint32_t len)
{
	if (len < 24)
		return "the GICD of the MADT is too short";
	if (e[20] < 3)
		return "the interrupt controller is a GICv2: a GICv3 or later is needed";
	bi->arm64.gicd = get(e, 8, 8);
	return NULL;
}

static const char *from_madt(struct boot_info *bi, const uint8_t *m, struct facts_gicr *r)
{
	uint32_t end = length(m), len;
	const char *why = NULL;

	for (uint32_t at = MADT_HEADER; at + 2 <= end && !why; at += len) {
		const uint8_t *e = m + at;

		len = e[1];
		if (len < 2 || len > end - at)
			return "an entry of the MADT ends outside of it";
		if (e[0] == MADT_GICC)
			why = add_gicc(bi, e, len);
		else if (e[0] == MADT_GICD)
			why = add_gicd(bi, e, len);
		else if (e[0] == MADT_GICR && len >= 16)
			why = add_region(r, get(e, 4, 8), get(e, 12, 4));
		else if (e[0] == MADT_ITS && len >= 20)
			why = add_its(bi, get(e, 8, 8));
	}
	return why;
}

const char *facts_from_acpi(struct boot_info *bi, const struct facts_acpi *t, struct facts_gicr *r)
{
	struct boot_arm64 *a = &bi->arm64;
	const char *why;
	uint64_t flags;

	r->count = 0;
	bi->num_cpus = 0;
	if (!t->madt || length(t->madt) < MADT_HEADER)
		return "no MADT";
	if (!t->gtdt || length(t->gtdt) < 80)
		return "no GTDT";
	if (!t->fadt || length(t->fadt) < 131)
		return "no FADT with ARM_BOOT_ARCH";
	why = from_madt(bi, t->madt, r);
	if (why)
		return why;
	if (!a->gicd)
		return "no GICD in the MADT";
	if (!bi->num_cpus)
		return "no enabled CPU in the MADT";
	a->ppi_physical_timer = (uint32_t)get(t->gtdt, 56, 4);
	a->ppi_virtual_timer = (uint32_t)get(t->gtdt, 64, 4);
	a->ppi_el2_timer = (uint32_t)get(t->gtdt, 72, 4);
	flags = get(t->fadt, 129, 2);
	a->psci = !(flags & FADT_PSCI) ? BOOT_PSCI_NONE
		  : (flags & FADT_HVC) ? BOOT_PSCI_HVC
				       : BOOT_PSCI_SMC;
	return NULL;
}

static void place(struct boot_info *bi, uint64_t frame, uint64_t affinity)
{
	for (uint32_t i = 0; i < bi->num_cpus; i++)
		if (bi->arm64.mpidr[i] == affinity && !bi->arm64.gicr[i])
			bi->arm64.gicr[i] = frame;
}

const char *facts_place_gicr(struct boot_info *bi, const struct facts_gicr *r,
			     uint64_t (*read64)(uint64_t pa))
{
	for (uint32_t i = 0; i < r->count; i++) {
		uint64_t at = r->base[i], end = r->base[i] + r->size[i], typer;

		for (; at + 2 * FRAME <= end;
		     at += typer & GICR_TYPER_VLPI ? 4 * FRAME : 2 * FRAME) {
			typer = read64(at + GICR_TYPER);
			/* Aff3.Aff2.Aff1.Aff0 in the high half */
			place(bi, at, (typer >> 56 << 32) | (typer >> 32 & 0xffffff));
			if (typer & GICR_TYPER_LAST)
				break;
		}
	}
	for (uint32_t i = 0; i < bi->num_cpus; i++)
		if (!bi->arm64.gicr[i])
			return "a CPU has no redistributor";
	return NULL;
}

const char *facts_boot_cpu(struct boot_info *bi, uint64_t mpidr)
{
	struct boot_arm64 *a = &bi->arm64;

	for (uint32_t i = 0; i < bi->num_cpus; i++) {
		struct boot_cpu cpu = bi->cpus[i];
		uint64_t m = a->mpidr[i], gicr = a->gicr[i];

		if (m != (mpidr & MPIDR_AFFINITY))
			continue;
		bi->cpus[i] = bi->cpus[0];
		a->mpidr[i] = a->mpidr[0];
		a->gicr[i] = a->gicr[0];
		cpu.flags |= BOOT_CPU_BSP;
		bi->cpus[0] = cpu;
		a->mpidr[0] = m;
		a->gicr[0] = gicr;
		return NULL;
	}
	return "this CPU is not in firmware's list";
}
