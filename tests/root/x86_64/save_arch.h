/* SPDX-License-Identifier: MIT */
/* What a VP of x64 has to save. Included by save.h. */
#ifndef ROOT_SAVE_ARCH_H
#define ROOT_SAVE_ARCH_H

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
	uint32_t size[SAVE_CATEGORIES]; /* of what has bytes */
	bool here[SAVE_CATEGORIES];
	uint8_t xsave[4096], apic[4096], messages[4096], events[4096], timers[200];
};

#endif
