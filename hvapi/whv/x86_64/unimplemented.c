/* SPDX-License-Identifier: MIT */
/* The same for what x64 alone has. */
#include "hvapi/whv/internal.h"

HRESULT WINAPI WHvGetInterruptTargetVpSet(WHV_PARTITION_HANDLE Partition, UINT64 Destination,
					  WHV_INTERRUPT_DESTINATION_MODE DestinationMode,
					  UINT32 *TargetVps, UINT32 VpCount, UINT32 *TargetVpCount)
{
	(void)Partition;
	(void)Destination;
	(void)DestinationMode;
	(void)TargetVps;
	(void)VpCount;
	(void)TargetVpCount;
	return E_NOTIMPL;
}
