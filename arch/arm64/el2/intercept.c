/* SPDX-License-Identifier: MIT */
/* Intercept messages for the root (TLFS, arm64 intercept messages). */
#include <hv/arm64.h>

#include <string.h>

#include "arch/arm64/el2/el2.h"
#include "kernel/arch.h"

static enum trap_action send(struct vp *vp, uint32_t type, const void *payload, uint32_t size)
{
	vp_intercept(vp, type, payload, size);
	vp->arch.stop = VP_EXIT_INTERCEPT;
	return TRAP_AGAIN;
}

enum trap_action intercept_memory(struct vp *vp, uint64_t gpa, uint8_t access, bool unmapped,
				  const struct el2_trap *t)
{
	struct hv_arm64_memory_intercept_message m = {
		.header = { .vp_index = vp->index,
			    .instruction_length = 4,
			    .intercept_access_type = access,
			    .pc = vp->arch.pc,
			    .cpsr = vp->arch.pstate },
		.cache_type = HV_CACHE_TYPE_WRITE_BACK,
		.guest_physical_address = gpa,
	};

	/* CPL: the exception level */
	m.header.execution_state = vp->arch.pstate >> 2 & HV_ARM64_EXECUTION_CPL_MASK;
	if (t) {
		m.guest_virtual_address = t->far;
		m.memory_access_info =
			HV_ARM64_MEMORY_ACCESS_GVA_VALID | HV_ARM64_MEMORY_ACCESS_GVA_GPA_VALID;
		m.syndrome = t->esr;
	}
	return send(vp, unmapped ? HVMSG_UNMAPPED_GPA : HVMSG_GPA_INTERCEPT, &m, sizeof(m));
}
