/* SPDX-License-Identifier: MIT */
/* Between the guest that flushes and sends by hypercall and the root VM: x86_64/t_enlight.c. */
#ifndef GUESTS_ENLIGHT_ABI_H
#define GUESTS_ENLIGHT_ABI_H

#include <stdint.h>

#define ENLIGHT_SHARED 0x200000u
#define ENLIGHT_INPUT  0x201000u /* a page of each VP */
#define ENLIGHT_PORT   0x10	 /* OUT: the request is done */
#define ENLIGHT_VECTOR 0x51u

enum enlight_op {
	ENLIGHT_CALL,	 /* one hypercall with these registers */
	ENLIGHT_SELF,	 /* change a PTE, look, flush itself, look */
	ENLIGHT_CHANGE,	 /* change a PTE that the other VP uses, flush there */
	ENLIGHT_WATCH,	 /* read through that PTE until `stop` */
	ENLIGHT_MUTUAL,	 /* flush both VPs, as the other does */
	ENLIGHT_SEND,	 /* interrupts to the other VP, one at a time, then to both */
	ENLIGHT_RECEIVE, /* spin with interrupts on until `stop` */
	ENLIGHT_SLEEP,	 /* the same, halted */
	ENLIGHT_DOZE,	 /* the same with a timer of its own that is far away */
};

enum enlight_form {
	ENLIGHT_NONE, /* no flush at all: the control */
	ENLIGHT_SPACE,
	ENLIGHT_LIST,
	ENLIGHT_SPACE_EX,
	ENLIGHT_LIST_EX,
	ENLIGHT_EVERYBODY, /* HV_FLUSH_ALL_PROCESSORS */
	ENLIGHT_FORMS,
};

struct enlight_shared {
	uint32_t op[2], form, rounds;
	uint64_t control, low, high; /* of ENLIGHT_CALL */
	uint64_t result;	     /* the last one, or the first that is not fine */
	uint64_t mark;		     /* rounds whose flush has returned */
	uint64_t seen, turns;	     /* what the watcher has read, and how often */
	uint64_t stale;		     /* times that it read less than there was before */
	uint64_t irqs[2], strays;    /* ENLIGHT_VECTOR, and any other */
	uint32_t stop, late;	     /* late: somebody waited for a second in vain */
};

#endif
