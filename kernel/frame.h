/* SPDX-License-Identifier: MIT */
/*
 * The frame table: who owns each 4-KiB page of RAM, and how many guest mappings, overlays and
 * running hypercalls hold it. It rules every map, deposit and copy (architecture, decision 4).
 *
 * One 32-bit word a frame, changed only by compare-and-swap:
 *   [31:28] state  [27:22] owner: slot of the partition it is deposited in  [21:0] hold count
 */
#ifndef KERNEL_FRAME_H
#define KERNEL_FRAME_H

#include "kernel/addr.h"

enum frame_state {
	FRAME_NONE = 0,	   /* not RAM of the root: device space, firmware's */
	FRAME_ROOT = 1,	   /* the root's to use, to map into guests, to deposit */
	FRAME_CORE = 2,	   /* the core's image, pool and tables */
	FRAME_DEPOSIT = 3, /* given to the core; the root cannot reach it */
	FRAME_OPEN = 4,	   /* deposited, and opened to the root as a state page */
};

struct boot_info;

/* Boot only: a table in the core's own pages, for every range of the loader's map. */
void frame_build(const struct boot_info *bi);
/* words: room for (highest RAM address >> 12) entries, zeroed by the caller. */
void frame_init(uint32_t *words, uint64_t count);
/* Boot only: give [base, base+size) a state. */
void frame_set_range(uint64_t base, uint64_t size, enum frame_state state);

enum frame_state frame_state(uint64_t pfn);
/* Does the table know any of these pages? */
bool frame_any(uint64_t pfn, uint64_t count);
uint32_t frame_owner(uint64_t pfn);
uint32_t frame_holds(uint64_t pfn);

/* Hold a root frame for a mapping or a copy. False: not FRAME_ROOT, or too many holds. */
bool frame_hold(uint64_t pfn);
void frame_release(uint64_t pfn);

/* ROOT with no hold -> DEPOSIT owned by slot. False when it is anything else. */
bool frame_deposit(uint64_t pfn, uint32_t slot);
/* DEPOSIT -> ROOT. The page is scrubbed by the caller before. */
void frame_withdraw(uint64_t pfn);
/* DEPOSIT <-> OPEN. */
void frame_open(uint64_t pfn);
void frame_close(uint64_t pfn);

#endif
