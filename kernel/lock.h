/* SPDX-License-Identifier: MIT */
/*
 * Ranked spin locks. A CPU takes locks in rising rank only:
 *   partitions (table) < partition < its SynICs and ports (ipc) < root memory < log
 * Taking one returns a token; functions that need a lock held take the token, so that a caller
 * without it does not compile. The core runs with interrupts and GIF off: no lock is ever taken
 * by an interrupt handler.
 */
#ifndef KERNEL_LOCK_H
#define KERNEL_LOCK_H

#include <insn.h>

#include "kernel/bits.h"

struct lock {
	uint32_t held;
};

struct lock_token {
	struct lock *lock;
};

static inline struct lock_token lock_take(struct lock *l)
{
	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE) != 0)
		while (__atomic_load_n(&l->held, __ATOMIC_RELAXED) != 0)
			cpu_pause();
	return (struct lock_token){ l };
}

static inline void lock_drop(struct lock_token t)
{
	__atomic_store_n(&t.lock->held, 0, __ATOMIC_RELEASE);
}

#endif
