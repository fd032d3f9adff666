/* SPDX-License-Identifier: MIT */
/*
 * Cross-CPU order. A CPU that is about to enter a guest publishes the slat (percpu.running), then
 * checks the slat's generation; whoever takes rights away bumps the generation, then looks at
 * every CPU's `running`. One of the two sees the other: no entry uses a translation that
 * smp_flush_slat() has outwaited.
 */
#ifndef KERNEL_SMP_H
#define KERNEL_SMP_H

#include "kernel/percpu.h"
#include "kernel/slat.h"

/* No CPU uses an old translation of s when this returns. */
void smp_flush_slat(struct slat *s);
/* Make the CPU leave the guest it may be in, and return when it has. */
void smp_kick_wait(struct percpu *cpu, const struct slat *s);

#endif
