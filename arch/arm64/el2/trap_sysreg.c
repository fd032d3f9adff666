/* SPDX-License-Identifier: MIT */
/* Trapped MSR and MRS (ESR_ELx.EC 0x18). */
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "kernel/bits.h"
#include "kernel/arch.h"

#define OP0(i) ((uint32_t)((i) >> 20) & 3)
#define OP2(i) ((uint32_t)((i) >> 17) & 7)
#define OP1(i) ((uint32_t)((i) >> 14) & 7)
#define CRN(i) ((uint32_t)((i) >> 10) & 15)
#define RT(i)  ((uint32_t)((i) >> 5) & 31)
#define CRM(i) ((uint32_t)((i) >> 1) & 15)
#define READ   BIT(0)

static enum trap_action answer(struct vp *vp, uint64_t iss, uint64_t v)
{
	if (iss & READ && RT(iss) < 31)
		vp->arch.x[RT(iss)] = v;
	return TRAP_NEXT;
}

/*
 * What only a guest traps on: of its GIC and its physical timer. Its physical counter is the
 * virtual one; breakpoints there are none: debug registers (op0 2) read as zero and ignore what is
 * written. Maintenance by set and way does nothing, and is said once.
 */
static bool guest_register(struct vp *vp, uint64_t iss)
{
	bool timer = OP0(iss) == 3 && OP1(iss) == 3 && CRN(iss) == 14;
	bool count = timer && CRM(iss) == 0, read = iss & READ;
	uint64_t v = !read && RT(iss) < 31 ? vp->arch.x[RT(iss)] : 0;

	if ((timer && CRM(iss) == 2 && vp_timer_register(vp, OP2(iss), read, &v)) ||
	    (OP0(iss) == 3 && OP1(iss) == 0 &&
	     vp_gic_register(vp, CRN(iss), CRM(iss), OP2(iss), read, &v))) {
		(void)answer(vp, iss, v);
		return true;
	}
	if (count && OP2(iss) == 1 && read) {
		(void)answer(vp, iss, arch_vp_tsc(vp));
		return true;
	}
	if (OP0(iss) == 2 && OP1(iss) == 0) {
		(void)answer(vp, iss, 0);
		return true;
	}
	if (OP0(iss) == 1 && OP1(iss) == 0 && CRN(iss) == 7 && OP2(iss) == 2) {
		partition_unimplemented(vp->partition, UNIMPLEMENTED_SET_WAY,
					"cache maintenance by set and way, syndrome", iss);
		return true;
	}
	return false;
}

enum trap_action trap_sysreg(struct vp *vp, const struct el2_trap *t)
{
	uint64_t iss = t->esr & MASK(24, 0);

	/* HCR_EL2.TID3: the ID space, reads only (writes are undefined at EL1 already) */
	if (OP0(iss) == 3 && OP1(iss) == 0 && CRN(iss) == 0 && CRM(iss) >= 1 && CRM(iss) <= 7 &&
	    iss & READ)
		return answer(vp, iss, identity_register(vp->partition, CRM(iss), OP2(iss)));
	/* HCR_EL2.TACR: ACTLR_EL1 reads as it is and keeps its value */
	if (OP0(iss) == 3 && OP1(iss) == 0 && CRN(iss) == 1 && CRM(iss) == 0 && OP2(iss) == 1)
		return answer(vp, iss, read_sysreg(actlr_el1));
	if (vp->partition != partition_root && guest_register(vp, iss))
		return TRAP_NEXT;
	partition_unimplemented(vp->partition, UNIMPLEMENTED_REGISTER,
				"system register of syndrome", iss);
	inject_undefined(vp);
	return TRAP_AGAIN;
}
