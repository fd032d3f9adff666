/* SPDX-License-Identifier: MIT */
/*
 * An intercept message for the root, in the VP's message page (TLFS, "Intercepts"). The root can
 * write that page at any time: it is only ever written here, never read.
 */
#include <string.h>

#include "kernel/vp.h"

void vp_intercept(struct vp *vp, uint32_t type, const void *payload, uint32_t size)
{
	struct hv_message *m = vp->message_page;

	memcpy(m->payload, payload, size);
	m->header.payload_size = (uint8_t)size;
	m->header.message_flags = 0;
	m->header.sender = vp->partition->id;
	atomic_store(&m->header.message_type, type);
	vp->intercept_suspend = true;
}
