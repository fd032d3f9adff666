/* SPDX-License-Identifier: MIT */
/*
 * What a VP sees of the processor's features: an allow-list, one row a field of ID_AA64*_EL1. A
 * field without a row, and every register that is not named, reads as zero.
 */
#ifndef EL2_ID_REGS_H
#define EL2_ID_REGS_H

#include <stdbool.h>
#include <stdint.h>

enum id_rule {
	ID_PASS, /* native: nothing of it reaches the core or another VP */
	ID_CAP,	 /* the smaller of the processor's value and `max` */
	ID_HIDE, /* 0: trapped, or not switched */
};

struct id_field {
	uint8_t crm, op2, lsb;
	uint8_t rule; /* enum id_rule */
	uint8_t max;
	const char *name;
};

extern const struct id_field id_fields[];
extern const uint32_t id_field_count;

/* op0 3, op1 0, CRn 0; hw: the processor's value. */
uint64_t id_filter(uint32_t crm, uint32_t op2, uint64_t hw);
/*
 * May a partition be told v where `whole` is what id_filter() says? Each field says no more, and
 * nothing is left out that a VP always has: EL0, EL1, FP, the GIC, debug architecture 6.
 */
bool id_restricts(uint32_t crm, uint32_t op2, uint64_t whole, uint64_t v);

/* The AArch64 registers of a partition: CRm 4 to 7 */
#define ID_REGS	 32u
#define ID_FIRST 4u
static inline uint32_t id_index(uint32_t crm, uint32_t op2)
{
	return (crm - ID_FIRST) * 8 + op2;
}

/* id_features.c: HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0 and 1 by id[ID_REGS] and caches' facts
 */
struct id_caches {
	uint64_t ctr, dczid; /* CTR_EL0, DCZID_EL0 */
};
uint64_t id_features(const uint64_t *id, const struct id_caches *c, uint32_t bank);
/* Take features away; false, and nothing changed: one of them is there and cannot go. */
bool id_disable(uint64_t *id, const struct id_caches *c, const uint64_t disabled[2]);

#endif
