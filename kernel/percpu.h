/* SPDX-License-Identifier: MIT */
/*
 * One struct percpu a CPU, mapped at one fixed virtual address on its own CPU (this_cpu()) and in
 * the direct map for the others (percpu_of()). "own": only its CPU touches the member; "any":
 * others read or write it atomically, as the comment says.
 */
#ifndef KERNEL_PERCPU_H
#define KERNEL_PERCPU_H

#include "boot/boot_info.h"
#include "kernel/addr.h"
#include "kernel/bits.h"

struct vp;
struct slat;

/* Events the bench and the diagnostics read by name. */
enum cpu_counter {
	COUNT_EXITS,
	COUNT_NMI,
	COUNT_KICKS_SENT,
	COUNT_FLUSHES,
	COUNT_DEADLINES,
	COUNT_IBPB,
	COUNT_L1D, /* flushes of the L1 data cache */
	COUNT_MAX,
};

struct percpu {
	uint8_t hcall_in[PAGE_SIZE] __attribute__((aligned(4096)));  /* own */
	uint8_t hcall_out[PAGE_SIZE] __attribute__((aligned(4096))); /* own */

	uint32_t index;	    /* own, constant */
	uint32_t apic_id;   /* any, constant */
	struct vp *root_vp; /* any, constant after boot */
	struct vp *current; /* own: the VP whose state the CPU holds */

	/*
	 * any: the slat a guest or the root runs under, or NULL while the core runs. Set with a
	 * full barrier before the last check, so that whoever changes a slat either is seen by
	 * that check or sees this.
	 */
	struct slat *running;
	uint64_t exit_count;   /* any reads: counts exits */
	uint32_t kick;	       /* any sets, own clears: an NMI that arrives is ours */
	uint32_t online;       /* any */
	uint32_t nmi_seen;     /* own: the host NMI handler ran */
	uint32_t deadline_hit; /* own: the deadline vector was taken */

	uint64_t asid_gen; /* own */
	uint32_t asid_next;
	uint32_t flush_all; /* own: next entry flushes every ASID */

	uint64_t host_vmcb_pa; /* own: VMSAVE area of the host */
	uint64_t vmcs_pa;      /* own: the current VMCS; 0: none */
	uint64_t counters[COUNT_MAX];

	void *cpu_pages; /* arch: host save area and friends */
};

extern struct percpu percpu_self; /* linker script: ARCH_PERCPU_VA; tests define it */
#define this_cpu() (&percpu_self)

extern struct percpu *percpu_table[BOOT_INFO_MAX_CPUS];
extern uint32_t percpu_count;

/* Boot only: how many CPUs are used, and one of them with its stack, not mapped yet. */
void percpu_limit(const struct boot_info *bi);
struct percpu *percpu_make(uint32_t index, void **stack);

static inline struct percpu *percpu_of(uint32_t index)
{
	return percpu_table[index];
}

#endif
