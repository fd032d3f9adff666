/* SPDX-License-Identifier: MIT */
/*
 * What stands in for the architecture and for the parts of the kernel that a test leaves out.
 * Everything in fake_arch.c that can also be linked for real is weak, so a test's row in files.mk
 * decides which of the two it gets, and a test may define its own.
 *
 * RAM: FAKE_RAM_SIZE bytes from physical address 0, at the address that the row gives as
 * ARCH_DIRECT_MAP.
 */
#ifndef TESTS_FAKE_ARCH_H
#define TESTS_FAKE_ARCH_H

#include "kernel/arch.h"
#include "kernel/frame.h"

#define FAKE_RAM_SIZE (64ull << 20)
#define FAKE_PFNS     (FAKE_RAM_SIZE >> PAGE_SHIFT)
#define FAKE_CPUS     4u

enum fake_call {
	FAKE_KICK,	     /* obj: percpu */
	FAKE_FLUSH,	     /* obj: slat; only when kernel/smp.c is left out */
	FAKE_PARTITION_INIT, /* obj: partition */
	FAKE_PARTITION_FREE,
	FAKE_VP_INIT, /* obj: vp */
	FAKE_VP_FREE,
	FAKE_VP_RELEASE,
	FAKE_VP_RESET, /* arg: init */
	FAKE_VP_SHIFT, /* arg: ticks */
	FAKE_VP_SWITCH_IN,
	FAKE_VP_RUN,
	FAKE_VP_SWITCH_OUT,
	FAKE_GET_REGISTER, /* arg: name */
	FAKE_SET_REGISTER,
	FAKE_STATE_GET, /* arg: type */
	FAKE_STATE_SET,
	FAKE_TAKE_MAIL, /* obj: vp */
	FAKE_RAISE,
	FAKE_SINT,		/* obj: vp, arg: vector */
	FAKE_HANDED,		/* obj: NULL, arg: first page number << 16 | count */
	FAKE_PROPERTY,		/* obj: partition, arg: code */
	FAKE_INSTALL_INTERCEPT, /* arg: type */
	FAKE_REGISTER_RESULT,
	FAKE_ASSERT_INTERRUPT,
	FAKE_CPUID_VALUES, /* obj: vp, arg: leaf */
	FAKE_TRANSLATE,	   /* obj: vp, arg: page */
	FAKE_POST,	   /* obj: vp, arg: mail; only when kernel/vp.c is left out */
	FAKE_LOG,	   /* arg: level; only when kernel/log.c is left out */
};

struct fake_note {
	enum fake_call call;
	const void *obj;
	uint64_t arg;
};

#define FAKE_NOTES_MAX 4096u
extern struct fake_note fake_notes[FAKE_NOTES_MAX];
extern uint32_t fake_note_count;
/* Runs inside each call, after it is noted: to look at the state at just that moment. */
extern void (*fake_hook)(const struct fake_note *n);

/* Answers. */
extern uint64_t fake_time, fake_time_hz;
extern uint16_t fake_partition_init_status, fake_vp_init_status;
extern uint32_t fake_vp_init_pages; /* taken from the partition's pool, given back on free */
extern enum vp_exit fake_vp_exit;
extern bool fake_flush_done;	  /* of arch_flush_slat() */
extern uint16_t fake_arch_status; /* of properties, intercepts, interrupts, CPUID, translation */
extern char fake_log_line[256];	  /* the last one */

/* RAM all zero, every frame FRAME_NONE, FAKE_CPUS CPUs of which the first is this one. */
void fake_reset(void);
/* Frame table over all of RAM; [from, to) in pages gets the state. */
void fake_frames(uint64_t from, uint64_t to, enum frame_state state);
/* Of one call; obj NULL: any. */
uint32_t fake_count(enum fake_call call, const void *obj);
/* Index of the first such note from `from` on, or -1. */
int fake_find(enum fake_call call, const void *obj, uint32_t from);
void fake_forget(void);
void fake_note(enum fake_call call, const void *obj, uint64_t arg);

extern struct percpu fake_other_cpus[FAKE_CPUS - 1];

#endif
