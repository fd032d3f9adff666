/* SPDX-License-Identifier: MIT */
/*
 * What a processor needs against speculation across a partition's border (decision 19), by what it
 * says of itself. Sources: Intel, "Speculative Execution Side Channel Mitigations", "Deep Dive:
 * L1 Terminal Fault", "Deep Dive: Microarchitectural Data Sampling", CPUID 7.0:EDX and
 * IA32_ARCH_CAPABILITIES (SDM vol. 4, table 2-2); AMD, "Software Techniques for Managing
 * Speculation", "Transient Scheduler Attacks", CPUID 8000_0008:EBX and 8000_0021.
 */
#ifndef X86_SPECULATION_H
#define X86_SPECULATION_H

#include <stdbool.h>
#include <stdint.h>

struct speculation_facts {
	bool intel;
	uint32_t leaf7_ebx, leaf7_edx; /* CPUID 7, sub-leaf 0 */
	uint32_t ext8_ebx;	       /* CPUID 8000_0008 */
	uint32_t ext21_eax, ext21_ecx; /* CPUID 8000_0021 */
	uint64_t arch_caps;	       /* IA32_ARCH_CAPABILITIES, 0 without */
};

struct speculation {
	bool ibpb;	 /* a barrier between two partitions on one CPU */
	bool spec_ctrl;	 /* SPEC_CTRL is there and is switched */
	bool rsb;	 /* the return stack is filled after every exit */
	bool verw;	 /* buffers are cleared as the last thing before a guest's entry */
	bool l1d_flush;	 /* so is the L1 data cache */
	bool small_exec; /* guests get no large executable leaf (machine check on page size change)
			  */
};

/* Pure. */
void speculation_fold(struct speculation *s, const struct speculation_facts *f);

extern struct speculation cpu_speculation;
/* Read by entry.S */
extern uint8_t speculation_rsb;
extern uint16_t verw_selector;

/* Ask this CPU. all: everything that it can execute, needed or not ("speculation = all"). */
void speculation_init(bool all);

#endif
