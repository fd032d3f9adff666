/* SPDX-License-Identifier: MIT */
/* Between the main job's guest and the root VM that runs it. */
#ifndef GUESTS_JOB_ABI_H
#define GUESTS_JOB_ABI_H

#include <stdint.h>

#define JOB_VPS	      2u
#define JOB_RAM	      (64u << 20)
#define JOB_SHARED    0x200000u /* struct job_shared */
#define JOB_INPUT     0x1000000u
#define JOB_SIMP      0x300000u /* + VP * 0x2000: message page, event-flag page */
#define JOB_STACK_TOP 0x280000u /* - VP * 0x10000 */

/* Said to the root, by OUT to JOB_PORT + what; WRONG: a category below */
#define JOB_PORT 0x80
enum job_said { JOB_SAID_PROGRESS, JOB_SAID_WRONG, JOB_SAID_DONE };

/* Categories of state, as the guest judges them from the inside. */
#define JOB_CATEGORIES(X) \
	X(JOB_OK, "none") \
	X(JOB_REGISTERS, "registers") \
	X(JOB_XSAVE, "xsave") \
	X(JOB_XCR0, "xcr0") \
	X(JOB_DEBUG, "debug") \
	X(JOB_MSRS, "msrs") \
	X(JOB_TSC, "tsc") \
	X(JOB_REFERENCE_TIME, "reference-time") \
	X(JOB_APIC, "apic") \
	X(JOB_TPR, "tpr") \
	X(JOB_SYNIC, "synic") \
	X(JOB_MESSAGES, "messages") \
	X(JOB_EVENTS, "events") \
	X(JOB_TIMERS, "timers") \
	X(JOB_MEMORY, "memory")
#define JOB_ENUM(e, name) e,
enum job_category { JOB_CATEGORIES(JOB_ENUM) JOB_CATEGORY_COUNT };
#undef JOB_ENUM

struct job_vp {
	uint32_t digest[8];
	uint64_t blocks; /* done */
	uint64_t apic_ticks, timer_messages, late_ipi;
	uint64_t wrong; /* enum job_category */
	uint64_t trap;	/* vector, and RIP, of an exception that should not have been */
	uint64_t pc;
};

struct job_shared {
	uint64_t input, size; /* of the message, in bytes */
	uint64_t slice;	      /* blocks between two looks at the state */
	struct job_vp vp[JOB_VPS];
};

#endif
