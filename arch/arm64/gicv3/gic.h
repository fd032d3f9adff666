/* SPDX-License-Identifier: MIT */
/* The physical GICv3 as the core uses it: its own private interrupts, and no other. */
#ifndef GICV3_GIC_H
#define GICV3_GIC_H

#include <stdbool.h>
#include <stdint.h>

#include "boot/boot_info.h"

#define GICR_FRAME    0x10000ull /* RD_base, then SGI_base, each this large */
#define GICR_SGI_BASE GICR_FRAME

/* In two steps: redistributors are mapped before any CPU's tables are copied. */
void gic_map_redistributor(uint32_t cpu, uint64_t rd_base);
void gic_init(const struct boot_info *bi);
void gic_init_cpu(void);

/*
 * A root's access to an SGI_base frame. False: not of this frame (pa), or of a size that the
 * register does not have. v: read into, or written.
 */
bool gic_frame_access(uint64_t pa, uint32_t size, bool write, uint64_t *v);
/*
 * A CPU goes into a guest, and is out of it. gic_kick_end: a kick came, its SGI is taken back.
 * gic_kick() sends one, and only to a CPU that is in a guest: none is ever left for the root.
 */
void gic_kick_begin(uint32_t cpu);
bool gic_kick_end(uint32_t cpu);
void gic_kick(uint32_t cpu);
/*
 * The virtual timer's PPI of this CPU, lent to a guest: enabled, whatever the root made of it; its
 * accesses see its own. Lend answers whether the root left it active, which return puts back.
 */
bool gic_timer_lend(uint32_t cpu);
void gic_timer_return(uint32_t cpu, bool is, bool was);
/* Active by hand: what is signalled is not signalled again until it is ended. */
void gic_timer_active(uint32_t cpu, bool active);
/* The PPI that no device has, for the root's SynIC; and make it pending on a CPU. */
uint32_t gic_sint_intid(void);
void gic_sint_post(uint32_t cpu);
/* Physical address of a CPU's SGI_base frame. */
uint64_t gic_sgi_frame(uint32_t cpu);

/* -- sgi_frame.c: pure ------------------------------------------------------------------------- */
/* Which bits of the register at an offset of SGI_base belong to the core, given its INTIDs. */
struct sgi_bits {
	bool known;	/* a register there is, of this size */
	bool set_clear; /* writing 0 to a bit changes nothing */
	uint32_t own;	/* bits that the root must not see or change */
};
struct sgi_bits sgi_frame_bits(uint64_t offset, uint32_t size, uint32_t own_intids);

#endif
