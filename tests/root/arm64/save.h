/* SPDX-License-Identifier: MIT */
/* A VP's whole state by hypercalls, by category; each can be left out of a restore. */
#ifndef ROOT_ARM64_SAVE_H
#define ROOT_ARM64_SAVE_H

#include "tests/root/guest.h"

#define SAVE_MAX_REGISTERS 64u

enum save_category {
	SAVE_REGISTERS,
	SAVE_FP,
	SAVE_SVE,
	SAVE_COUNTER,
	SAVE_GIC_GLOBAL, /* of the partition: with VP 0 */
	SAVE_ICC,
	SAVE_GIC,
	SAVE_SYNIC,
	SAVE_MESSAGES,
	SAVE_EVENTS,
	SAVE_TIMERS,
	SAVE_PHYSICAL,
	SAVE_TIMER, /* last: it ticks */
	SAVE_CATEGORIES,
};

struct saved_vp {
	union hv_register_value regs[SAVE_CATEGORIES][SAVE_MAX_REGISTERS];
	uint8_t *sve, *global, *gic, *messages, *events; /* whole pages, by save_room() */
	uint8_t timers[200];
	uint32_t sve_pages; /* 0: not on this CPU */
};

void save_room(struct saved_vp *s);
const char *save_name(enum save_category c);
void save_vp(hv_partition_id id, uint32_t vp, struct saved_vp *s);
/* skip: a category to leave out, SAVE_CATEGORIES for none. */
void restore_vp(hv_partition_id id, uint32_t vp, const struct saved_vp *s, enum save_category skip);
/* A line for each category. */
void save_print(const struct saved_vp *s);

#endif
