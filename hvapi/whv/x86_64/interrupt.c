/* SPDX-License-Identifier: MIT */
/* WHvRequestInterrupt: HvCallAssertVirtualInterrupt, whose types have the same numbers. */
#include "hvapi/whv/internal.h"

static bool type_known(UINT64 type)
{
	switch (type) {
	case WHvX64InterruptTypeFixed:
	case WHvX64InterruptTypeLowestPriority:
	case WHvX64InterruptTypeNmi:
	case WHvX64InterruptTypeInit:
	case WHvX64InterruptTypeSipi:
	case WHvX64InterruptTypeLocalInt1:
		return true;
	default:
		return false;
	}
}

HRESULT WINAPI WHvRequestInterrupt(WHV_PARTITION_HANDLE Partition,
				   const WHV_INTERRUPT_CONTROL *Interrupt,
				   UINT32 InterruptControlSize)
{
	struct hv_input_assert_virtual_interrupt in = { 0 };
	struct whv_partition *p;
	HRESULT hr;

	if (!Interrupt)
		return E_POINTER;
	if (InterruptControlSize != sizeof(*Interrupt) || !type_known(Interrupt->Type) ||
	    Interrupt->DestinationMode > WHvX64InterruptDestinationModeLogical ||
	    Interrupt->TriggerMode > WHvX64InterruptTriggerModeLevel || Interrupt->TargetVtl ||
	    Interrupt->Reserved)
		return E_INVALIDARG;
	hr = whv_enter(Partition, WHV_ANY_VP, &p);
	if (FAILED(hr))
		return hr;
	in.partition_id = p->id;
	in.control = Interrupt->Type;
	if (Interrupt->TriggerMode == WHvX64InterruptTriggerModeLevel)
		in.control |= HV_INTERRUPT_CONTROL_LEVEL_TRIGGERED;
	if (Interrupt->DestinationMode == WHvX64InterruptDestinationModeLogical)
		in.control |= HV_INTERRUPT_CONTROL_LOGICAL_DEST;
	in.dest_addr = Interrupt->Destination;
	in.vector = Interrupt->Vector;
	hr = whv_status(whv_call(p, HVCALL_ASSERT_VIRTUAL_INTERRUPT, 0, &in, sizeof(in), NULL, 0));
	/* A processor that waits for an interrupt waits in yield(). */
	if (SUCCEEDED(hr))
		whv_wake_all(p);
	whv_put(p);
	return hr;
}
