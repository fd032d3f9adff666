/* SPDX-License-Identifier: MIT */
/*
 * A root partition in the RAM of fake_arch.h, booted as arch code does it: for tests that link the
 * memory side of the kernel for real. Once a process, since the kernel boots once: each test puts
 * back what it took.
 */
#ifndef TESTS_FAKE_ROOT_H
#define TESTS_FAKE_ROOT_H

#include "fake_arch.h"
#include "kernel/page_alloc.h"

/* Pages: the root's, firmware's, the root's from LOW on, the core's, the root's up to the end. */
#define ROOT_FIRMWARE 256u
#define ROOT_LOW      512u
#define ROOT_CORE     1024u
#define ROOT_CORE_END 2048u
/* The first page of the root's above the core, where tests take theirs from. */
#define ROOT_FREE ROOT_CORE_END

extern struct partition fake_root;
extern struct vp fake_root_vp;

/* seed as for memory_init() */
void fake_root_boot(uint32_t seed);
/* Number of pages of the root's RAM that are not the root's, unheld, and mapped so. */
uint32_t fake_root_missing(void);
/* A new child with `pages` pages from pfn on deposited, of which some may go into root tables. */
struct partition *fake_child_create(uint64_t pfn, uint32_t pages);
/* The same, initialized. */
struct partition *fake_child(uint64_t pfn, uint32_t pages);
/* Finalize when needed, withdraw, delete. Returns the status of the delete. */
uint16_t fake_child_end(struct partition *p);

#endif
