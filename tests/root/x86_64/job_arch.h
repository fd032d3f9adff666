/* SPDX-License-Identifier: MIT */
/* The main job's side of x64. Included by job.c. */
#ifndef ROOT_JOB_ARCH_H
#define ROOT_JOB_ARCH_H

#include "tests/guests/job_abi.h"
#include "tests/root/vm.h"

#define JOB_SLICES 120u /* looks at the state in one job */
/* Pages that a test takes away: from where, how many */
#define JOB_AREAS \
	{ VM_TABLES, 6 }, { VM_IMAGE_BASE, 4 }, { JOB_SHARED, 1 }, { JOB_STACK_TOP - 0x1000, 1 }, \
		{ JOB_STACK_TOP - 0x11000, 1 }, { JOB_SIMP, 4 }, { JOB_INPUT, 9 },

/* What the guest said by this exit; false when it is no word of its. */
bool job_heard(struct vm *vm, uint32_t vp, const WHV_RUN_VP_EXIT_CONTEXT *c, enum job_said *what,
	       uint64_t *value);
/* Is it an access to memory that is not mapped? */
bool job_missing(const WHV_RUN_VP_EXIT_CONTEXT *c);
uint64_t job_pc(const WHV_RUN_VP_EXIT_CONTEXT *c);
/* The root's own tick: it takes the CPU back from a guest that does nothing but run. */
void job_tick_init(void);
void job_tick(bool on);
/* What of the shared page is the architecture's */
void job_prepare(struct job_shared *s);
/* One line of how often things came. */
void job_say_vp(const struct job_vp *v, void (*say)(const char *fmt, ...));

#endif
