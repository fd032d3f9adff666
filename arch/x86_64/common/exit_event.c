/* SPDX-License-Identifier: MIT */
/* Exceptions that are intercepted, and XSETBV. */
#include <insn.h>

#include "arch/x86_64/common/deadline.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "arch/x86_64/common/regs.h"
#include "kernel/arch.h"

/*
 * #DB and #AC are always intercepted: their delivery can raise them again for ever, inside one
 * instruction, where no interrupt gets in. From here each round trip is an exit.
 */
enum exit_action exit_exception(struct vp *vp, struct x86_exit *ex)
{
	uint32_t wanted = vp->partition->arch.exception_intercepts;
	bool in_delivery = vp->arch.event.pending;

	if (vp->partition != partition_root && wanted >> ex->exception.vector & 1)
		return intercept_exception(vp, ex);
	if (ex->exception.vector == VEC_PF)
		virt->set(vp, SYS_CR2, ex->exception.cr2);
	inject_exception(vp, ex->exception.vector, ex->exception.has_error, ex->exception.error);
	/*
	 * An event whose delivery faults, over and over: no instruction is reached, so neither an
	 * interrupt nor the timer gets in behind an entry. The root's are asked for here.
	 */
	if (unlikely(in_delivery) && vp->partition != partition_root && deadline_root_waits()) {
		vp->arch.stop = VP_EXIT_INTERRUPT;
		return EXIT_STOP;
	}
	return EXIT_RESUME;
}

/* SDM vol. 2, XSETBV: the rules for XCR0, with what the partition is offered as the upper bound. */
bool xcr0_valid(const struct partition *p, uint64_t v)
{
	if (!(v & XCR0_X87) || v & ~p->arch.xcr0_mask)
		return false;
	if (v & XCR0_AVX && !(v & XCR0_SSE))
		return false;
	/* MPX: both or none; AVX-512: all three, over AVX; AMX: both */
	if (!!(v & BIT(3)) != !!(v & BIT(4)))
		return false;
	if (v & MASK(7, 5) && ((v & MASK(7, 5)) != MASK(7, 5) || !(v & XCR0_AVX)))
		return false;
	return (v & MASK(18, 17)) == 0 || (v & MASK(18, 17)) == MASK(18, 17);
}

enum exit_action exit_xsetbv(struct vp *vp, struct x86_exit *ex)
{
	const uint64_t *g = vp->arch.gpr;
	uint64_t v = g[GPR_RDX] << 32 | (uint32_t)g[GPR_RAX];

	if (!insn_length(vp, ex))
		return EXIT_RESUME;
	if (virt->get(vp, SYS_CPL) != 0 || (uint32_t)g[GPR_RCX] != 0 ||
	    !xcr0_valid(vp->partition, v)) {
		inject_gp(vp);
		return EXIT_RESUME;
	}
	/* The VP's extended state is on the CPU now, so its XCR0 is too. */
	vp->arch.xcr0 = v;
	xsetbv(0, v);
	return EXIT_NEXT;
}
