/* SPDX-License-Identifier: MIT */
#include "arch/x86_64/common/mtrr.h"

#include <insn.h>

#include "arch/x86_64/common/regs.h"

#define PAGE	     4096u
#define FIXED_END    0x100000u
#define MTRRCAP_VCNT 0xffu
#define MTRRCAP_FIX  BIT(8)
#define DEF_FE	     BIT(10)
#define DEF_E	     BIT(11)
#define MASK_VALID   BIT(11)
#define ADDRESS	     MASK(51, 12)

void mtrr_read(struct mtrr_map *m)
{
	uint64_t cap = rdmsr(MSR_MTRRCAP), def = rdmsr(MSR_MTRR_DEF_TYPE);
	uint32_t count = MIN((uint32_t)(cap & MTRRCAP_VCNT), MTRR_VARIABLE_MAX);

	*m = (struct mtrr_map){ .on = (def & DEF_E) != 0, .def_type = def & 0xff };
	m->fixed_on = m->on && cap & MTRRCAP_FIX && def & DEF_FE;
	for (uint32_t i = 0; m->on && i < count; i++) {
		uint64_t mask = rdmsr(MSR_MTRR_PHYSBASE + 2 * i + 1);

		if (!(mask & MASK_VALID))
			continue;
		m->range[m->variable].base = rdmsr(MSR_MTRR_PHYSBASE + 2 * i);
		m->range[m->variable++].mask = mask;
	}
	if (!m->fixed_on)
		return;
	m->fixed[0] = rdmsr(MSR_MTRR_FIX64K);
	m->fixed[1] = rdmsr(MSR_MTRR_FIX16K);
	m->fixed[2] = rdmsr(MSR_MTRR_FIX16K + 1);
	for (uint32_t i = 0; i < 8; i++)
		m->fixed[3 + i] = rdmsr(MSR_MTRR_FIX4K + i);
}

/* 12.11.2.2: 512 KiB by 64, 256 by 16, 256 by 4. */
static uint8_t fixed_type(const struct mtrr_map *m, uint64_t pa)
{
	uint32_t reg, n;

	if (pa < 0x80000) {
		reg = 0;
		n = (uint32_t)(pa >> 16);
	} else if (pa < 0xc0000) {
		n = (uint32_t)((pa - 0x80000) >> 14);
		reg = 1 + n / 8;
	} else {
		n = (uint32_t)((pa - 0xc0000) >> 12);
		reg = 3 + n / 8;
	}
	return (uint8_t)(m->fixed[reg] >> (8 * (n % 8)));
}

/* 12.11.4.1: UC wins, WT wins over WB, other meetings are undefined: the safe type. */
static uint8_t combine(uint8_t a, uint8_t b)
{
	if (a == MTRR_MIXED || a == b)
		return b;
	if ((a == MTRR_WT && b == MTRR_WB) || (a == MTRR_WB && b == MTRR_WT))
		return MTRR_WT;
	return MTRR_UC;
}

uint8_t mtrr_type(const struct mtrr_map *m, uint64_t pa, uint64_t size)
{
	uint8_t type = MTRR_MIXED; /* none yet */

	if (!m->on)
		return MTRR_UC;
	if (m->fixed_on && pa < FIXED_END)
		return size > PAGE ? MTRR_MIXED : fixed_type(m, pa);
	for (uint32_t i = 0; i < m->variable; i++) {
		uint64_t mask = m->range[i].mask & ADDRESS;

		if ((pa ^ m->range[i].base) & mask & ~(size - 1))
			continue;
		/* Bits below the block's size decide: a part of it is inside, a part is not. */
		if (mask & (size - 1))
			return MTRR_MIXED;
		type = combine(type, (uint8_t)m->range[i].base);
	}
	return type == MTRR_MIXED ? m->def_type : type;
}
