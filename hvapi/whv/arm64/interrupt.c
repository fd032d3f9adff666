/* SPDX-License-Identifier: MIT */
/* WHvRequestInterrupt: HvCallAssertVirtualInterrupt, whose control word is InterruptControl. */
#include "hvapi/whv/internal.h"

HRESULT WINAPI WHvRequestInterrupt(WHV_PARTITION_HANDLE Partition,
				   const WHV_INTERRUPT_CONTROL *Interrupt,
				   UINT32 InterruptControlSize)
{
	struct hv_input_assert_virtual_interrupt in = { 0 };
	WHV_INTERRUPT_CONTROL2 known = { .AsUINT64 = 0 };
	struct whv_partition *p;
	HRESULT hr;

	if (!Interrupt)
		return E_POINTER;
	known.Asserted = 1;
	/* The partition is the handle's; retargeting is a device's matter, and there is none. */
	if (InterruptControlSize != sizeof(*Interrupt) || Interrupt->TargetPartition ||
	    Interrupt->InterruptControl.AsUINT64 & ~known.AsUINT64 || Interrupt->TargetVtl ||
	    Interrupt->ReservedZ0 || Interrupt->ReservedZ1)
		return E_INVALIDARG;
	hr = whv_enter(Partition, WHV_ANY_VP, &p);
	if (FAILED(hr))
		return hr;
	in.partition_id = p->id;
	in.control = Interrupt->InterruptControl.AsUINT64;
	in.dest_addr = Interrupt->DestinationAddress;
	in.vector = Interrupt->RequestedVector;
	hr = whv_status(whv_call(p, HVCALL_ASSERT_VIRTUAL_INTERRUPT, 0, &in, sizeof(in), NULL, 0));
	/* A processor that waits for an interrupt waits in yield(). */
	if (SUCCEEDED(hr))
		whv_wake_all(p);
	whv_put(p);
	return hr;
}
