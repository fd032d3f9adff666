/* SPDX-License-Identifier: MIT */
/* Memory types as the MTRRs have them (Intel SDM vol. 3, 12.11). */
#ifndef X86_MTRR_H
#define X86_MTRR_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/slat.h"

#define MTRR_UC	   0u
#define MTRR_WC	   1u
#define MTRR_WT	   4u
#define MTRR_WP	   5u
#define MTRR_WB	   6u
#define MTRR_MIXED 0xffu

/* The type as a mapping has it; a type that does not exist is the safe one. */
static inline uint32_t mtrr_slat(uint8_t type)
{
	static const uint8_t prot[8] = { SLAT_UC, SLAT_WC, SLAT_UC, SLAT_UC, SLAT_WT, SLAT_WP };

	return prot[type & 7];
}

#define MTRR_VARIABLE_MAX 32u

struct mtrr_map {
	bool on, fixed_on;
	uint8_t def_type;
	uint32_t variable;
	struct {
		uint64_t base, mask; /* as the MSRs have them, valid ones only */
	} range[MTRR_VARIABLE_MAX];
	uint64_t fixed[11]; /* 64K, 16K x 2, 4K x 8 */
};

/* This CPU's. */
void mtrr_read(struct mtrr_map *m);
/* Type of the aligned block of size bytes (a power of two, 4 KiB at least), or MTRR_MIXED. */
uint8_t mtrr_type(const struct mtrr_map *m, uint64_t pa, uint64_t size);

#endif
