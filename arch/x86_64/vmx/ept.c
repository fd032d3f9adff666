/* SPDX-License-Identifier: MIT */
/*
 * Extended page tables (SDM vol. 3, 28.3). The MTRRs do not reach through EPT, so a leaf says the
 * memory type itself; the guest's PAT still has its word (28.3.7).
 */
#include "arch/x86_64/common/mtrr.h"
#include "arch/x86_64/vmx/vmx.h"
#include "kernel/arch.h"

#define EPT_R	     BIT(0)
#define EPT_W	     BIT(1)
#define EPT_X	     BIT(2)
#define EPT_TYPE(t)  ((uint64_t)(t) << 3)
#define EPT_LARGE    BIT(7)
#define EPT_A	     BIT(8)
#define EPT_D	     BIT(9)
#define EPT_NOACCESS BIT(11) /* ignored by hardware: mapped without rights; bits 2:0 are clear */
#define EPT_PA	     MASK(51, 12)

static uint64_t ept_table(hpa_t next)
{
	return next.v | EPT_R | EPT_W | EPT_X;
}

static uint32_t type_of(uint32_t prot)
{
	return prot & SLAT_UC	? MTRR_UC
	       : prot & SLAT_WC ? MTRR_WC
	       : prot & SLAT_WT ? MTRR_WT
	       : prot & SLAT_WP ? MTRR_WP
				: MTRR_WB;
}

static uint64_t ept_leaf(hpa_t to, uint32_t prot, uint32_t level)
{
	uint64_t e = to.v | EPT_TYPE(type_of(prot)) | (level > 1 ? EPT_LARGE : 0);

	/* Write-only and write-execute are misconfigurations (28.3.3.1): no read, no right. */
	if (!(prot & SLAT_R))
		return e | EPT_NOACCESS;
	/* A and D set from the start: nobody reads them, and the walker need not write. */
	return e | EPT_R | EPT_A | EPT_D | (prot & SLAT_W ? EPT_W : 0) |
	       (prot & SLAT_X ? EPT_X : 0);
}

static int ept_parse(uint64_t e, uint32_t level, struct slat_leaf *out)
{
	if (!(e & (EPT_R | EPT_NOACCESS)))
		return 0;
	out->hpa = HPA(e & EPT_PA);
	if (level > 1 && !(e & EPT_LARGE))
		return 2;
	out->prot = mtrr_slat((uint8_t)(e >> 3));
	if (e & EPT_R)
		out->prot |= SLAT_R | (e & EPT_W ? SLAT_W : 0) | (e & EPT_X ? SLAT_X : 0);
	return 1;
}

#define EPT_FORMAT(largest) \
	{ \
		.levels = 4, .max_leaf = (largest), .typed = true, .table = ept_table, \
		.leaf = ept_leaf, .parse = ept_parse, \
	}
const struct slat_format ept_format = EPT_FORMAT(3);
const struct slat_format ept_format_2m = EPT_FORMAT(2);

uint64_t vmx_eptp(const struct slat *s)
{
	return ptr_hpa(s->root).v | EPTP_WB | EPTP_WALK_4 |
	       (vmx_caps.ept & EPT_CAP_AD ? EPTP_AD : 0);
}
