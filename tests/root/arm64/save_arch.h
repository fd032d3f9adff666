/* SPDX-License-Identifier: MIT */
/* What a VP of arm64 has to save. Included by save.h. */
#ifndef ROOT_SAVE_ARCH_H
#define ROOT_SAVE_ARCH_H

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
	WHV_REGISTER_VALUE regs[SAVE_CATEGORIES][SAVE_MAX_REGISTERS];
	uint32_t size[SAVE_CATEGORIES]; /* of what has bytes */
	bool here[SAVE_CATEGORIES];
	uint8_t sve[3 * 4096] __attribute__((aligned(16)));
	uint8_t global[4096], messages[4096], events[4096], gic[200], timers[200];
};

#endif
