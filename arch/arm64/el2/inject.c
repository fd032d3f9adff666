/* SPDX-License-Identifier: MIT */
/* Exceptions to EL1, as the hardware takes them (Arm ARM, D1.3.1, AArch64.TakeException). */
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "kernel/bits.h"

#define ESR_IL	     BIT(25)
#define ESR_EC(e)    ((uint64_t)(e) << 26)
#define EC_UNKNOWN   0x00u
#define EC_IABT_LOW  0x20u
#define EC_IABT_SAME 0x21u
#define EC_DABT_LOW  0x24u
#define EC_DABT_SAME 0x25u
#define FSC_EXTERNAL 0x10u
#define FSC_WALK     0x14u /* + level */

#define VECTOR_EL1T 0x000u
#define VECTOR_EL1H 0x200u
#define VECTOR_EL0  0x400u
#define VECTOR_AA32 0x600u

uint64_t inject_pstate(uint64_t from, uint64_t sctlr, uint64_t *offset)
{
	uint64_t to = PSR_EL1H | PSR_DAIF | (from & (PSR_NZCV | PSR_DIT));

	if (from & PSR_AA32) {
		*offset = VECTOR_AA32;
		to = PSR_EL1H | PSR_DAIF | (from & PSR_NZCV);
	} else if ((from & 0xf) == PSR_EL0) {
		*offset = VECTOR_EL0;
	} else {
		*offset = (from & 0xf) == PSR_EL1T ? VECTOR_EL1T : VECTOR_EL1H;
	}
	/* SPAN set: PAN stays; clear: it is set. Without the feature the bit is RES0 in SPSR. */
	to |= sctlr & SCTLR_EL1_SPAN ? from & PSR_PAN : PSR_PAN;
	if (sctlr & SCTLR_EL1_DSSBS)
		to |= PSR_SSBS;
	return to;
}

void inject_sync(struct vp *vp, uint64_t esr)
{
	struct arch_vp *a = &vp->arch;
	uint64_t offset, sctlr = read_sysreg(sctlr_el1);
	uint64_t pan = read_sysreg(id_aa64mmfr1_el1) >> 20 & 0xf;
	uint64_t to = inject_pstate(a->pstate, sctlr, &offset);

	if (!pan)
		to &= ~PSR_PAN;
	/* MTE: tag checks are off in the handler */
	if (read_sysreg(id_aa64pfr1_el1) >> 8 & 0xf)
		to |= PSR_TCO;
	write_sysreg(esr_el1, esr);
	write_sysreg(elr_el1, a->pc);
	write_sysreg(spsr_el1, a->pstate);
	a->pc = read_sysreg(vbar_el1) + offset;
	a->pstate = to;
}

void inject_undefined(struct vp *vp)
{
	inject_sync(vp, ESR_EC(EC_UNKNOWN) | ESR_IL);
}

void inject_external_abort(struct vp *vp, uint64_t far, bool instruction, int walk_level)
{
	uint64_t from = vp->arch.pstate;
	bool low = from & PSR_AA32 || (from & 0xf) == PSR_EL0;
	uint64_t ec = instruction ? (low ? EC_IABT_LOW : EC_IABT_SAME)
				  : (low ? EC_DABT_LOW : EC_DABT_SAME);

	write_sysreg(far_el1, far);
	inject_sync(vp, ESR_EC(ec) | ESR_IL |
				(walk_level < 0 ? FSC_EXTERNAL : FSC_WALK + (uint32_t)walk_level));
}
