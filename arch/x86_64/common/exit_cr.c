/* SPDX-License-Identifier: MIT */
/*
 * MOV to CR0 or CR4 that changes a bit which the hardware does not leave to a VP: judged and done
 * here as the CPU would (Intel SDM vol. 2, MOV to control registers; vol. 3, 2.5, 4.1.1, 9.8.5).
 */
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "arch/x86_64/common/regs.h"

static bool code_is_64bit(struct vp *vp)
{
	struct hv_x64_segment_register cs;

	virt->get_seg(vp, SEG_CS, &cs);
	return cs.attributes & BIT(13);
}

static bool paging_on(struct vp *vp)
{
	if (!(virt->get(vp, SYS_EFER) & EFER_LME))
		return true;
	return virt->get(vp, SYS_CR4) & CR4_PAE && !code_is_64bit(vp);
}

static bool paging_off(struct vp *vp)
{
	if (virt->get(vp, SYS_CR4) & CR4_PCIDE)
		return false;
	return !(virt->get(vp, SYS_EFER) & EFER_LMA) || !code_is_64bit(vp);
}

static bool cr0_write(struct vp *vp, uint64_t v)
{
	uint64_t old = virt->get(vp, SYS_CR0), efer = virt->get(vp, SYS_EFER);

	if (v >> 32 || (v & CR0_PG && !(v & CR0_PE)) || (v & CR0_NW && !(v & CR0_CD)))
		return false;
	if ((v ^ old) & CR0_PG) {
		if (!(v & CR0_PG ? paging_on(vp) : paging_off(vp)))
			return false;
		/* LMA follows PG where LME is set */
		efer &= ~EFER_LMA;
		if (v & CR0_PG && efer & EFER_LME)
			efer |= EFER_LMA;
		virt->set(vp, SYS_EFER, efer);
	}
	virt->set(vp, SYS_CR0, (v & CR0_VALID) | CR0_ET);
	return true;
}

enum exit_action exit_cr(struct vp *vp, struct x86_exit *ex)
{
	if (!insn_length(vp, ex))
		return EXIT_RESUME;
	/* In CR4 only bits that are not offered are masked: setting one is a fault. */
	if (ex->cr.number == 0 && cr0_write(vp, ex->cr.value))
		return EXIT_NEXT;
	inject_gp(vp);
	return EXIT_RESUME;
}
