/* SPDX-License-Identifier: MIT */
/* Between the guest gic.c and the root VM's t_gic.c. */
#ifndef GUESTS_GIC_ABI_H
#define GUESTS_GIC_ABI_H

#include <stdint.h>

#define GIC_SHARED    0x200000u /* struct gic_shared */
#define GIC_STACK_TOP 0x280000u /* - VP * 0x10000 */
#define GIC_LPI_TABLE 0x210000u /* configurations; pending tables at + 0x10000 * (1 + VP) */
#define GIC_LOG	      64u

/* What a VP does once it is set up; the answer is said by GIC_DONE. */
enum gic_work {
	GIC_TIMER,    /* take `count` interrupts of the virtual timer, `period` apart, in WFI */
	GIC_SPIN,     /* the same, never waiting */
	GIC_PHYSICAL, /* the same with the physical timer */
	GIC_TAKE,     /* take `count` interrupts of any kind */
	GIC_PING,     /* send SGI 1 to VP 1 - own index, and take one back, `count` times */
	GIC_PONG,     /* answer them */
	GIC_MANY,     /* make SPIs 32 .. 32 + count - 1 pending at once, and take them */
	GIC_HOLD,     /* leave interrupts in every state, say GIC_HELD, and look at them again */
	GIC_FAULTS,   /* accesses that the GIC's frames do not serve */
	GIC_PSCI,     /* turn VP 1 on, wait till it is off again, and turn the machine off */
	GIC_SECOND,   /* what GIC_PSCI turns on */
};

/* Said to the root */
enum gic_said { GIC_DONE, GIC_TAKEN, GIC_HELD, GIC_WRONG };

struct gic_shared {
	uint64_t work[2], count, period;
	uint64_t eoimode;  /* 1: EOIR drops the priority, DIR ends */
	uint64_t lpis;	   /* enable LPIs */
	uint64_t say_each; /* say GIC_TAKEN for each interrupt, before it is ended */
	volatile uint64_t taken[2];
	volatile uint32_t log[2][GIC_LOG];
	volatile uint64_t trap[2], far[2], traps[2];
};

#endif
