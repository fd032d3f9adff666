/* SPDX-License-Identifier: MIT */
/* Intercept messages as exit contexts: on arm64 the reason is the message's type, and the context
 * its payload. The message page is the hypervisor's: nothing in it is trusted for more than its
 * value. */
#include <string.h>

#include "hvapi/whv/internal.h"

/* How much of the payload the context has */
static const struct {
	uint32_t type, size;
} rows[] = {
	{ HVMSG_UNMAPPED_GPA, sizeof(WHV_MEMORY_ACCESS_CONTEXT) },
	{ HVMSG_GPA_INTERCEPT, sizeof(WHV_MEMORY_ACCESS_CONTEXT) },
	{ HVMSG_INVALID_VP_REGISTER_VALUE, sizeof(WHV_INVALID_VP_REGISTER_CONTEXT) },
	{ HVMSG_UNRECOVERABLE_EXCEPTION, sizeof(WHV_UNRECOVERABLE_EXCEPTION_CONTEXT) },
	{ HVMSG_UNSUPPORTED_FEATURE, sizeof(WHV_INTERCEPT_MESSAGE_HEADER) },
	{ HVMSG_HYPERCALL_INTERCEPT, sizeof(WHV_HYPERCALL_CONTEXT) },
	{ HVMSG_SYNIC_SINT_DELIVERABLE, sizeof(WHV_SYNIC_SINT_DELIVERABLE_CONTEXT) },
	{ HVMSG_ARM64_REGISTER_INTERCEPT, sizeof(WHV_REGISTER_CONTEXT) },
	{ HVMSG_ARM64_RESET_INTERCEPT, sizeof(WHV_ARM64_RESET_CONTEXT) },
};

static bool of_memory(uint32_t type)
{
	return type == HVMSG_UNMAPPED_GPA || type == HVMSG_GPA_INTERCEPT;
}

bool whv_exit_from_message(const struct whv_partition *p, UINT32 vp_index,
			   const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	uint32_t type = m->header.message_type;

	(void)p;
	(void)vp_index;
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < WHV_ARRAY_LEN(rows); i++) {
		if (rows[i].type != type)
			continue;
		c->ExitReason = (WHV_RUN_VP_EXIT_REASON)type;
		memcpy(&c->AsUINT64, m->payload, rows[i].size);
		if (of_memory(type)) {
			/* The hypervisor's cache type: reserved in the interface */
			c->MemoryAccess.Reserved0 = 0;
			if (c->MemoryAccess.InstructionByteCount >
			    sizeof(c->MemoryAccess.InstructionBytes))
				c->MemoryAccess.InstructionByteCount =
					sizeof(c->MemoryAccess.InstructionBytes);
		}
		return true;
	}
	return false;
}
