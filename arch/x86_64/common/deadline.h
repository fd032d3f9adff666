/* SPDX-License-Identifier: MIT */
/*
 * The core's one deadline while a guest VP runs (decision 15): a timer of the back end's own, or
 * the root's local APIC timer, borrowed. The root gets that back as if it had run on: a one-shot
 * with its remainder, a periodic one in its phase.
 */
#ifndef X86_DEADLINE_H
#define X86_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* Before the probe: the root's timer, whatever the back end has. */
void deadline_always_borrow(bool always);
/*
 * At the probe: the back end has a timer of its own, and reads deadline_next() at each entry.
 * False: it has not, or shall leave it alone.
 */
bool deadline_own_timer(bool own);
uint64_t deadline_next(void);
/* The timer has run out. True: it was the core's deadline, and nothing of the root's is due. */
bool deadline_expired(void);

void deadline_borrow(void);
void deadline_return(void);
/* Arm for host TSC `at`, or for the root's own expiry when that is nearer. */
void deadline_arm(uint64_t at);
/*
 * A physical interrupt ended the guest's run. True when it was the core's own vector (taken here)
 * and nothing of the root's is due; false when the root has to run.
 */
bool deadline_take(void);
/* Does an interrupt of the root's, or the deadline in its timer, wait to be taken? */
bool deadline_root_waits(void);
/*
 * Idle until `at`, an interrupt of the root, or mail for the VP: nobody kicks a CPU that is in no
 * guest. True: the root has to run.
 */
bool deadline_idle(uint64_t at, const uint32_t *mail);

/*
 * The root writes to its local APIC: true when the write has been done here. After a periodic timer
 * was borrowed it runs its remainder as one-shot, and becomes periodic again by this.
 */
bool deadline_root_write(uint32_t reg, uint32_t v);

#endif
