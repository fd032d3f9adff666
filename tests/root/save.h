/* SPDX-License-Identifier: MIT */
/* A VP's whole state through the WHv API, by category; each can be left out of a restore. */
#ifndef ROOT_SAVE_H
#define ROOT_SAVE_H

#include "tests/root/vm.h"

#define SAVE_MAX_REGISTERS 40u

enum save_category {
	SAVE_REGISTERS,
	SAVE_XCR0,
	SAVE_XSAVE,
	SAVE_DEBUG,
	SAVE_MSRS,
	SAVE_TSC,
	SAVE_APIC,
	SAVE_SYNIC,
	SAVE_MESSAGES,
	SAVE_EVENTS,
	SAVE_TIMERS,
	SAVE_CATEGORIES,
};

struct saved_vp {
	WHV_REGISTER_VALUE regs[SAVE_CATEGORIES][SAVE_MAX_REGISTERS];
	uint8_t apic[4096], messages[4096], events[4096], timers[200];
	uint8_t xsave[4096];
	uint32_t xsave_size;
};

/* Name for messages and the command line. */
const char *save_name(enum save_category c);
bool save_vp(struct vm *vm, uint32_t vp, struct saved_vp *s);
/* skip: a category to leave out, SAVE_CATEGORIES for none. */
bool restore_vp(struct vm *vm, uint32_t vp, const struct saved_vp *s, enum save_category skip);
/* A line for each category. */
void save_print(const struct saved_vp *s);

#endif
