/* SPDX-License-Identifier: MIT */
/* Ports, connections, messages and events (TLFS, "Inter-Partition Communication"). */
#include <string.h>

#include "hvapi/handlers.h"
#include "hvapi/port.h"

/* The other partition of the pair, by its own id. 0: there is none. */
static hv_partition_id other_id(struct hcall_args *a, hv_partition_id id)
{
	struct partition *p = partition_get(a->caller->partition, id);

	if (!p)
		return 0;
	id = p->id;
	partition_put(p);
	return id;
}

uint16_t hvcall_create_port(struct hcall_args *a)
{
	struct hv_input_create_port in;
	hv_partition_id sender;

	memcpy(&in, a->in, sizeof(in));
	sender = other_id(a, in.connection_partition_id);
	return sender ? port_create(a->target, sender, &in) : HV_STATUS_INVALID_PARTITION_ID;
}

uint16_t hvcall_delete_port(struct hcall_args *a)
{
	struct hv_input_port in;

	memcpy(&in, a->in, sizeof(in));
	return in.flags ? HV_STATUS_INVALID_PARAMETER : port_delete(a->target, in.id);
}

uint16_t hvcall_connect_port(struct hcall_args *a)
{
	struct hv_input_connect_port in;
	hv_partition_id receiver;

	memcpy(&in, a->in, sizeof(in));
	receiver = other_id(a, in.port_partition_id);
	return receiver ? port_connect(a->target, receiver, &in) : HV_STATUS_INVALID_PARTITION_ID;
}

uint16_t hvcall_disconnect_port(struct hcall_args *a)
{
	struct hv_input_port in;

	memcpy(&in, a->in, sizeof(in));
	if (in.flags & ~HV_DISCONNECT_PORT_DOORBELL)
		return HV_STATUS_INVALID_PARAMETER;
	return port_disconnect(a->target, in.id, in.flags & HV_DISCONNECT_PORT_DOORBELL);
}

uint16_t hvcall_post_message(struct hcall_args *a)
{
	/* The input is a message but for its header: it becomes one where it is, in this CPU's
	 * page. */
	struct hv_message *m = (struct hv_message *)(uintptr_t)a->in;
	struct {
		uint32_t connection_id, padding, message_type, payload_size;
	} in;

	_Static_assert(sizeof(in) == sizeof(m->header) &&
			       offsetof(struct hv_input_post_message, payload) == sizeof(in),
		       "the payloads lie alike");
	memcpy(&in, a->in, sizeof(in));
	if (in.padding || !in.message_type || in.message_type & HV_MESSAGE_TYPE_HYPERVISOR ||
	    in.payload_size > HV_MESSAGE_PAYLOAD_MAX)
		return HV_STATUS_INVALID_PARAMETER;
	m->header = (struct hv_message_header){ .message_type = in.message_type,
						.payload_size = (uint8_t)in.payload_size };
	return port_post_message(a->caller, in.connection_id, m);
}

uint16_t hvcall_signal_event(struct hcall_args *a)
{
	struct hv_input_signal_event in;

	memcpy(&in, a->in, sizeof(in));
	if (in.padding)
		return HV_STATUS_INVALID_PARAMETER;
	return port_signal_event(a->caller, in.connection_id, in.flag_number);
}

uint16_t hvcall_notify_port_ring_empty(struct hcall_args *a)
{
	struct hv_input_notify_port_ring_empty in;

	memcpy(&in, a->in, sizeof(in));
	if (a->caller->partition != partition_root)
		return HV_STATUS_ACCESS_DENIED;
	return in.padding ? HV_STATUS_INVALID_PARAMETER : port_ring_empty(a->caller, in.sint_index);
}

uint16_t hvcall_post_message_direct(struct hcall_args *a)
{
	struct hv_input_post_message_direct in;
	struct hv_message m; /* the input's stands at 20: not where its words could be read */

	memcpy(&in, a->in, sizeof(in));
	if (in.vtl || in.padding[0] || in.padding[1] || in.padding[2] || in.padding2)
		return HV_STATUS_INVALID_PARAMETER;
	memcpy(&m, in.message, sizeof(m));
	return port_post_direct(a->vp, in.sint, &m);
}

uint16_t hvcall_signal_event_direct(struct hcall_args *a)
{
	struct hv_output_signal_event_direct out = { 0 };
	struct hv_input_signal_event_direct in;
	bool newly = false;
	uint16_t status;

	memcpy(&in, a->in, sizeof(in));
	if (in.vtl)
		return HV_STATUS_INVALID_PARAMETER;
	status = port_signal_direct(a->vp, in.sint, in.flag_number, &newly);
	out.newly_signaled = newly;
	memcpy(a->out, &out, sizeof(out));
	return status;
}
