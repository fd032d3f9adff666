/* SPDX-License-Identifier: MIT */
/*
 * For tests of arch/arm64/gicv3: guest memory of one partition, and a partition's GIC with VPs. The
 * memory is MEM_SIZE bytes from GPA 0; one page of it may be away.
 */
#ifndef TESTS_FAKE_VGIC_H
#define TESTS_FAKE_VGIC_H

#include <stdlib.h>
#include <string.h>

#include "arch/arm64/gicv3/vgic.h"
#include "kernel/guest_mem.h"

#define MEM_SIZE  0x80000u
#define MEM_THERE ~0ull
#define FAKE_VPS  4u

static uint8_t mem[MEM_SIZE];
static uint64_t mem_absent = MEM_THERE; /* page address */
static uint32_t mem_reads, mem_writes;

static enum guest_mem_result mem_copy(gpa_t gpa, void *buf, size_t len, gpa_t *at, bool write)
{
	uint64_t bad = gpa.v & PAGE_MASK;

	if ((gpa.v & PAGE_MASK) == mem_absent || gpa.v > MEM_SIZE || len > MEM_SIZE - gpa.v ||
	    ((gpa.v + len - 1) & PAGE_MASK) != bad) {
		if (at)
			*at = gpa;
		return GUEST_MEM_UNMAPPED;
	}
	if (write)
		memcpy(mem + gpa.v, buf, len);
	else
		memcpy(buf, mem + gpa.v, len);
	return GUEST_MEM_OK;
}

enum guest_mem_result guest_mem_read(struct partition *p, gpa_t gpa, void *buf, size_t len,
				     gpa_t *at)
{
	(void)p;
	(void)atomic_add(&mem_reads, 1);
	return mem_copy(gpa, buf, len, at, false);
}

enum guest_mem_result guest_mem_write(struct partition *p, gpa_t gpa, const void *buf, size_t len,
				      gpa_t *at)
{
	(void)p;
	(void)atomic_add(&mem_writes, 1);
	return mem_copy(gpa, (void *)(uintptr_t)buf, len, at, true);
}

/* Five bits of priority and preemption, 16 bits of INTID, A3V, TDS. */
#define FAKE_VTR(lrs) (4u << 29 | 4u << 26 | 1u << 21 | 1u << 19 | ((lrs)-1u))

struct fake_gic {
	struct vgic v;
	void *page[VGIC_SPI_PAGES];
	struct vgic_vp *vp[FAKE_VPS];
};

static inline struct fake_gic *fake_gic_new(uint32_t vps, uint32_t spis, uint32_t vtr)
{
	struct fake_gic *g = calloc(1, sizeof(*g));

	for (uint32_t i = 0; i < vgic_spi_pages(spis); i++)
		g->page[i] = calloc(1, 4096);
	if (!vgic_init(&g->v, NULL, spis, vtr, g->page))
		abort();
	for (uint32_t i = 0; i < vps; i++) {
		g->vp[i] = calloc(1, 4096);
		/* Not the order that vgic_find() guesses first. */
		if (!vgic_add_vp(&g->v, g->vp[i], i, i ? 0x01000000u | i << 8 | 0x20 : 0))
			abort();
	}
	return g;
}

static inline void fake_gic_free(struct fake_gic *g)
{
	for (uint32_t i = 0; i < FAKE_VPS; i++)
		free(g->vp[i]);
	for (uint32_t i = 0; i < VGIC_SPI_PAGES; i++)
		free(g->page[i]);
	free(g);
}

#endif
