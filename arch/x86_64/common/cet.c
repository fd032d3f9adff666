/* SPDX-License-Identifier: MIT */
/* Intel SDM vol. 1, 17.2 and 13.4.9; vol. 4, table 2-2 */
#include "arch/x86_64/common/cet.h"

#include "arch/x86_64/common/regs.h"

enum x86_sysreg cet_msr(uint32_t msr)
{
	switch (msr) {
	case MSR_U_CET:
		return SYS_U_CET;
	case MSR_S_CET:
		return SYS_S_CET;
	case MSR_INT_SSP_TABLE:
		return SYS_INT_SSP_TABLE;
	default:
		if (msr < MSR_PL0_SSP || msr > MSR_PL3_SSP)
			return SYS_MAX;
		return (enum x86_sysreg)(SYS_PL0_SSP + msr - MSR_PL0_SSP);
	}
}

/* Of either paging: whether LA57 is on is not asked, registers come in any order. */
static bool canonical(uint64_t v)
{
	return (uint64_t)((int64_t)(v << 16) >> 16) == v || (uint64_t)((int64_t)(v << 7) >> 7) == v;
}

/* Bits 9:6 are reserved; what belongs to one of the two is reserved without it. */
static bool control_valid(const struct partition *p, uint64_t v)
{
	uint64_t known = 0;

	if (p->arch.cet & 1)
		known |= CET_SHADOW;
	if (p->arch.cet & 2)
		known |= MASK(5, 2) | MASK(63, 10);
	return !(v & ~known) && (v & CET_TRACKER) != CET_TRACKER && canonical(v & MASK(63, 12));
}

bool cet_valid(const struct partition *p, enum x86_sysreg r, uint64_t v)
{
	if (!p->arch.cet)
		return false;
	if (r == SYS_U_CET || r == SYS_S_CET)
		return control_valid(p, v);
	if (!(p->arch.cet & 1))
		return v == 0;
	return canonical(v) && (r == SYS_INT_SSP_TABLE || !(v & 3));
}

bool cet_active(struct vp *vp)
{
	return virt->get(vp, SYS_CR4) & CR4_CET &&
	       (virt->get(vp, SYS_S_CET) | virt->get(vp, SYS_U_CET)) & (CET_SH_STK | CET_ENDBR);
}

void cet_get_state(struct vp *vp, struct xsave_cet *c)
{
	c->user[0] = virt->get(vp, SYS_U_CET);
	c->user[1] = virt->get(vp, SYS_PL3_SSP);
	for (uint32_t i = 0; i < 3; i++)
		c->supervisor[i] = virt->get(vp, (enum x86_sysreg)(SYS_PL0_SSP + i));
}

bool cet_check_state(const struct partition *p, const struct xsave_cet *c)
{
	if (!p->arch.cet)
		return true; /* nothing of it is in the image */
	for (uint32_t i = 0; i < 3; i++)
		if (!cet_valid(p, (enum x86_sysreg)(SYS_PL0_SSP + i), c->supervisor[i]))
			return false;
	return cet_valid(p, SYS_U_CET, c->user[0]) && cet_valid(p, SYS_PL3_SSP, c->user[1]);
}

void cet_set_state(struct vp *vp, const struct xsave_cet *c)
{
	virt->set(vp, SYS_U_CET, c->user[0]);
	virt->set(vp, SYS_PL3_SSP, c->user[1]);
	for (uint32_t i = 0; i < 3; i++)
		virt->set(vp, (enum x86_sysreg)(SYS_PL0_SSP + i), c->supervisor[i]);
}
