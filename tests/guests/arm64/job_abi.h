/* SPDX-License-Identifier: MIT */
/* Between the main job's guest of arm64 and the root VM that runs it. */
#ifndef GUESTS_JOB_ABI_H
#define GUESTS_JOB_ABI_H

#include <stdint.h>

#define JOB_VPS	      2u
#define JOB_RAM	      (32u << 20)
#define JOB_IMAGE     0x100000u
#define JOB_SHARED    0x200000u /* struct job_shared */
#define JOB_STACK_TOP 0x280000u /* - VP * 0x10000 */
#define JOB_SIMP      0x300000u /* + VP * 0x2000: message page, event-flag page */
#define JOB_INPUT     0x1000000u

/* Said to the root: lib.h, GUEST_SAY */
enum job_said { JOB_SAID_PROGRESS, JOB_SAID_WRONG, JOB_SAID_DONE };

/* Categories of state, as the guest judges them from the inside. */
#define JOB_CATEGORIES(X) \
	X(JOB_OK, "none") \
	X(JOB_REGISTERS, "registers") \
	X(JOB_FP, "fp") \
	X(JOB_SVE, "sve") \
	X(JOB_COUNTER, "counter") \
	X(JOB_REFERENCE_TIME, "reference-time") \
	X(JOB_TIMER, "timer") \
	X(JOB_PHYSICAL, "physical-timer") \
	X(JOB_ICC, "icc-control") \
	X(JOB_GIC, "gic") \
	X(JOB_GIC_GLOBAL, "gic-global") \
	X(JOB_SYNIC, "synic") \
	X(JOB_MESSAGES, "messages") \
	X(JOB_EVENTS, "events") \
	X(JOB_TIMERS, "timers")
#define JOB_ENUM(e, name) e,
enum job_category { JOB_CATEGORIES(JOB_ENUM) JOB_CATEGORY_COUNT };
#undef JOB_ENUM

struct job_vp {
	uint32_t digest[8];
	uint64_t blocks; /* done */
	uint64_t ticks, physical_ticks, timer_messages, late;
	uint64_t trap, pc; /* ESR_EL1 and ELR_EL1 of an exception that should not have been */
};

struct job_shared {
	uint64_t input, size; /* of the message, in bytes */
	uint64_t slice;	      /* blocks between two looks at the state */
	uint64_t sve;	      /* there is SVE on this CPU */
	struct job_vp vp[JOB_VPS];
};

#endif
