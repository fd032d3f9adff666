/* SPDX-License-Identifier: MIT */
/*
 * What the neutral kernel embeds of this architecture: struct arch_vp and arch_partition, and the
 * fixed addresses. Included by kernel/addr.h, so it includes nothing of kernel/.
 */
#ifndef ARCH_TYPES_H
#define ARCH_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arm64/el2/defs.h"
#include "arch/arm64/el2/el1_regs.h"

/*
 * Virtual layout of the core at EL2: one range of 48 bits, the same on every CPU but for the last.
 *   0000000000000000  the page of entry.S that turns the MMU on, at its physical address
 *   00007ff000000000  device pages (console, redistributors)
 *   00007fff80000000  the core's image (BOOT_CORE_VA_ARM64)
 *   00007fffc0000000  this CPU's struct percpu and, above a guard page, its stack
 *   0000800000000000  direct map of RAM, read-write, no execute: so RAM ends below 128 TiB
 */
#ifndef ARCH_DIRECT_MAP
#define ARCH_DIRECT_MAP 0x800000000000ull
#endif
#define ARCH_RAM_LIMIT	(1ull << 47)
#define ARCH_DEVICE_MAP 0x7ff000000000ull
#define ARCH_PERCPU_VA	0x7fffc0000000ull
#define ARCH_STACK_SIZE 16384u

/* A VP reaches its synthetic registers by HvCallGet/SetVpRegisters: there are no MSRs. */
#define ARCH_SELF_REGISTERS 1
/* A partition has registers of its own, by HV_ANY_VP. */
#define ARCH_SHARED_REGISTERS 1
/* Bytes of a Z register at the longest that every CPU has, 0: no SVE (cpu.c) */
extern uint32_t cpu_sve_vl;
/* Flushes and interrupts of other VPs are the processor's: TLBI, and SGIs. */
#define ARCH_X64_CALLS		0
#define ARCH_PARTITION_FEATURES PARTITION_FEATURE_SPIN_WAIT
/*
 * Pages that arch_vp_init() takes: FP and SIMD registers, Z registers, redistributor and CPU
 * interface. The root has the machine's GIC.
 */
#define SVE_PAGES	   ((cpu_sve_vl * 32 + 4095) / 4096)
#define ARCH_VP_PAGES	   (2u + SVE_PAGES)
#define ARCH_ROOT_VP_PAGES (1u + SVE_PAGES)
/* SPIs of a partition, INTIDs 32 to 255: a page of them, and their state a page too. */
#define ARCH_SPIS 224u
/* The hypercall is the HVC instruction itself. */
#define ARCH_HYPERCALL_PAGE 0

/* A VP's power state as PSCI has it (DEN0022, AFFINITY_INFO). */
enum el2_power { EL2_ON = 0, EL2_OFF = 1, EL2_ON_PENDING = 2, EL2_ON_CLAIMED = 3 };

/* FP and SIMD registers as fp.S writes them; with SVE q[] is unused: they are part of Z (sve.S). */
#define SVE_VL_MAX 256u
struct el2_fp {
	uint64_t q[32][2];
	uint64_t fpsr, fpcr;
	uint8_t p[17 * SVE_VL_MAX / 8]; /* P0 to P15 and FFR, cpu_sve_vl / 8 bytes each, packed */
};
_Static_assert(offsetof(struct el2_fp, fpsr) == 512, "fp.S");
_Static_assert(offsetof(struct el2_fp, p) == 528, "sve.S");

struct vgic;
struct vgic_vp;

struct arch_vp {
	uint64_t x[31];	  /* offset 0: vectors.S; whole between exit and entry */
	uint64_t pc;	  /* ELR_EL2 */
	uint64_t pstate;  /* SPSR_EL2 */
	uint64_t host_sp; /* EL2's stack while the VP runs */

	/* PSCI: power is atomic; entry and context belong to who made it ON_CLAIMED, until
	 * ON_PENDING. */
	uint32_t power; /* enum el2_power */
	uint64_t power_entry, power_context;
	uint64_t mpidr;
	uint64_t counter_offset; /* CNTVOFF_EL2 */

	/* On the CPU while the VP is; here while it is not (vp_switch.c) */
	uint64_t el1[EL1_COUNT];
	struct el2_fp *fp; /* a page of its own */
	uint8_t *z[2];	   /* Z0 to Z15, Z16 to Z31, cpu_sve_vl bytes each; NULL: no SVE */
	uint64_t zcr;	   /* ZCR_EL1 */
	uint64_t tpidr2;   /* TPIDR2_EL0, which SME has, hidden or not */
	uint64_t cntv_ctl, cntv_cval;
	/* A guest's only: its GIC, and what EL2 keeps time for */
	struct vgic_vp *gic;	      /* a page of its own */
	uint64_t cntp_ctl, cntp_cval; /* the physical timer, which traps */
	uint64_t next_event;	      /* CNTPCT of the next of CNTP and synthetic timers */
	bool timers_moved;	      /* next_event is to be found again */
	bool timer_root;	      /* the root's timer interrupt was active when it was lent */
	uint64_t mdscr, icc_pmr, icc_igrpen1, icc_sre; /* the root's only */
	bool serror;  /* a virtual SError waits to be taken: HCR_EL2.VSE */
	uint8_t stop; /* enum vp_exit, when a trap's handler ends the run */
};
/* Registers by name that are one plain word: HV_ARM64_REGISTER_X0 .. X28, FP, LR. */
#define ARCH_PLAIN_FIRST 0x00020000u
static inline bool arch_is_plain(uint32_t name)
{
	return name - ARCH_PLAIN_FIRST < 31;
}

static inline uint64_t *arch_plain_word(struct arch_vp *a, uint32_t name)
{
	return &a->x[name - ARCH_PLAIN_FIRST];
}

_Static_assert(offsetof(struct arch_vp, x) == VP_X, "vectors.S");
_Static_assert(offsetof(struct arch_vp, pc) == VP_PC, "vectors.S");
_Static_assert(offsetof(struct arch_vp, pstate) == VP_PSTATE, "vectors.S");
_Static_assert(offsetof(struct arch_vp, host_sp) == VP_HOST_SP, "vectors.S");

struct arch_partition {
	uint64_t counter_start; /* CNTPCT at creation */
	struct vgic *gic;	/* a page, and one for its SPIs; NULL: the root */
	void *spis;
	uint64_t gicd_base, gits_base; /* as the properties say */
	/* ID registers, by id_index() of el2/id_regs.h; they change while no VP runs */
	uint64_t id[32];
	bool id_filled;
	bool no_sve; /* they say that there is none, and the processor has it */
};

#endif
