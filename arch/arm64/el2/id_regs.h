/* SPDX-License-Identifier: MIT */
/*
 * What a VP sees of the processor's features: an allow-list, one row a field of ID_AA64*_EL1. A
 * field without a row, and every register that is not named, reads as zero.
 */
#ifndef EL2_ID_REGS_H
#define EL2_ID_REGS_H

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

#endif
