/* SPDX-License-Identifier: MIT */
/* A VP's whole state through the WHv API, by category; each can be left out of a restore. */
#ifndef ROOT_SAVE_H
#define ROOT_SAVE_H

#include "tests/root/vm.h"

/* Which categories there are, and the room for each: <arch>/save_arch.h */
#include <save_arch.h>

struct save_row {
	const char *name;
	const WHV_REGISTER_NAME *regs;
	uint32_t count;
	WHV_VIRTUAL_PROCESSOR_STATE_TYPE type; /* with room only */
	size_t room, at;		       /* of its bytes in struct saved_vp */
	bool shared;			       /* the partition's: goes with VP 0, by WHV_ANY_VP */
	bool optional;			       /* not every CPU has it */
};
extern const struct save_row save_rows[SAVE_CATEGORIES];

/* Name for messages and the command line. */
const char *save_name(enum save_category c);
bool save_vp(struct vm *vm, uint32_t vp, struct saved_vp *s);
/* skip: a category to leave out, SAVE_CATEGORIES for none. */
bool restore_vp(struct vm *vm, uint32_t vp, const struct saved_vp *s, enum save_category skip);
/* A register as it was saved; NULL when it is not of the category. */
const WHV_REGISTER_VALUE *saved_register(const struct saved_vp *s, enum save_category c,
					 WHV_REGISTER_NAME name);
unsigned long long saved64(const struct saved_vp *s, enum save_category c, WHV_REGISTER_NAME name);
/* A line for each category. */
void save_print(const struct saved_vp *s);

#endif
