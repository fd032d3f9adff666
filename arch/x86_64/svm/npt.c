/* SPDX-License-Identifier: MIT */
/*
 * Nested page tables (APM vol. 2, 15.25): ordinary 4-level long-mode tables whose every access is
 * a user access. Memory type: the guest's PAT and the host's MTRRs decide; PCD|PWT (PAT 3, UC) is
 * for mappings that the root asked to be uncached.
 */
#include "kernel/arch.h"
#include "kernel/bits.h"

#define NPT_P	     BIT(0)
#define NPT_W	     BIT(1)
#define NPT_U	     BIT(2)
#define NPT_PWT	     BIT(3)
#define NPT_PCD	     BIT(4)
#define NPT_A	     BIT(5)
#define NPT_D	     BIT(6)
#define NPT_PS	     BIT(7)
#define NPT_NOACCESS BIT(9) /* ignored by hardware: mapped without rights; P is clear */
#define NPT_NX	     BIT(63)
#define NPT_PA	     MASK(51, 12)

static uint64_t npt_table(hpa_t next)
{
	return next.v | NPT_P | NPT_W | NPT_U;
}

static uint64_t npt_leaf(hpa_t to, uint32_t prot, uint32_t level)
{
	uint64_t e = to.v | (level > 1 ? NPT_PS : 0);

	if (!(prot & SLAT_R))
		return e | NPT_NOACCESS;
	/* A and D set from the start: nobody reads them, and the walker need not write. */
	e |= NPT_P | NPT_U | NPT_A | NPT_D;
	if (prot & SLAT_W)
		e |= NPT_W;
	if (!(prot & SLAT_X))
		e |= NPT_NX;
	if (prot & SLAT_UC)
		e |= NPT_PCD | NPT_PWT;
	return e;
}

static int npt_parse(uint64_t e, uint32_t level, struct slat_leaf *out)
{
	if (!(e & (NPT_P | NPT_NOACCESS)))
		return 0;
	out->hpa = HPA(e & NPT_PA);
	if (level > 1 && !(e & NPT_PS))
		return 2;
	out->prot = 0;
	if (e & NPT_P) {
		out->prot = SLAT_R;
		if (e & NPT_W)
			out->prot |= SLAT_W;
		if (!(e & NPT_NX))
			out->prot |= SLAT_X;
		if (e & NPT_PCD)
			out->prot |= SLAT_UC;
	}
	return 1;
}

static const struct slat_format npt_format = {
	.levels = 4,
	.max_leaf = 3,
	.table = npt_table,
	.leaf = npt_leaf,
	.parse = npt_parse,
};

const struct slat_format *arch_slat_format = &npt_format;
