/* SPDX-License-Identifier: MIT */
/*
 * Messages and events into a processor's SynIC: the direct forms of HvCallPostMessage and
 * HvCallSignalEvent. Neither waits: a slot that is occupied is ERROR_HV_OBJECT_IN_USE, and the
 * register DeliverabilityNotifications asks for the exit that tells when it is free.
 */
#include <string.h>

#include "hvapi/whv/internal.h"

HRESULT WINAPI WHvPostVirtualProcessorSynicMessage(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
						   UINT32 SintIndex, const VOID *Message,
						   UINT32 MessageSizeInBytes)
{
	struct hv_input_post_message_direct in = { 0 };
	struct whv_partition *p;
	HRESULT hr;

	if (!Message)
		return E_POINTER;
	if (!MessageSizeInBytes || MessageSizeInBytes > sizeof(in.message))
		return E_INVALIDARG;
	hr = whv_enter_vp(Partition, VpIndex, &p);
	if (FAILED(hr))
		return hr;
	in.partition_id = p->id;
	in.vp_index = VpIndex;
	in.sint = SintIndex;
	memcpy(in.message, Message, MessageSizeInBytes);
	hr = whv_status(whv_call(p, HVCALL_POST_MESSAGE_DIRECT, 0, &in, sizeof(in), NULL, 0));
	/* A processor that waits for an interrupt waits in yield(). */
	if (SUCCEEDED(hr))
		whv_wake_all(p);
	whv_put(p);
	return hr;
}

HRESULT WINAPI WHvSignalVirtualProcessorSynicEvent(WHV_PARTITION_HANDLE Partition,
						   WHV_SYNIC_EVENT_PARAMETERS SynicEvent,
						   BOOL *NewlySignaled)
{
	struct hv_input_signal_event_direct in = { .vp_index = SynicEvent.VpIndex,
						   .vtl = SynicEvent.TargetVtl,
						   .sint = SynicEvent.TargetSint,
						   .flag_number = SynicEvent.FlagNumber };
	struct hv_output_signal_event_direct out = { 0 };
	struct whv_partition *p;
	HRESULT hr;

	hr = whv_enter_vp(Partition, SynicEvent.VpIndex, &p);
	if (FAILED(hr))
		return hr;
	in.partition_id = p->id;
	hr = whv_status(
		whv_call(p, HVCALL_SIGNAL_EVENT_DIRECT, 0, &in, sizeof(in), &out, sizeof(out)));
	if (SUCCEEDED(hr)) {
		whv_wake_all(p);
		if (NewlySignaled)
			*NewlySignaled = out.newly_signaled;
	}
	whv_put(p);
	return hr;
}
