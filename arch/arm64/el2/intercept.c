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

static struct hv_arm64_intercept_message_header header(const struct vp *vp, uint8_t access)
{
	return (struct hv_arm64_intercept_message_header){
		.vp_index = vp->index,
		.instruction_length = 4,
		.intercept_access_type = access,
		/* CPL: the exception level */
		.execution_state = vp->arch.pstate >> 2 & HV_ARM64_EXECUTION_CPL_MASK,
		.pc = vp->arch.pc,
		.cpsr = vp->arch.pstate,
	};
}

void intercept_reset(struct vp *vp, uint32_t type)
{
	struct hv_arm64_reset_intercept_message m = { .header = header(vp, 0), .reset_type = type };

	(void)send(vp, HVMSG_ARM64_RESET_INTERCEPT, &m, sizeof(m));
}

void intercept_sints(struct vp *vp, uint16_t sints)
{
	struct hv_arm64_sint_deliverable_message m = {
		.header = header(vp, HV_INTERCEPT_ACCESS_EXECUTE), .deliverable_sints = sints
	};

	m.header.instruction_length = 0; /* between two of them */
	(void)send(vp, HVMSG_SYNIC_SINT_DELIVERABLE, &m, sizeof(m));
}

enum trap_action intercept_memory(struct vp *vp, uint64_t gpa, uint8_t access, bool unmapped,
				  const struct el2_trap *t)
{
	struct hv_arm64_memory_intercept_message m = {
		.header = header(vp, access),
		.cache_type = HV_CACHE_TYPE_WRITE_BACK,
		.guest_physical_address = gpa,
	};

	if (t) {
		m.guest_virtual_address = t->far;
		m.memory_access_info =
			HV_ARM64_MEMORY_ACCESS_GVA_VALID | HV_ARM64_MEMORY_ACCESS_GVA_GPA_VALID;
		m.syndrome = t->esr;
	}
	return send(vp, unmapped ? HVMSG_UNMAPPED_GPA : HVMSG_GPA_INTERCEPT, &m, sizeof(m));
}
