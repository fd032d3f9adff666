/* SPDX-License-Identifier: MIT */
/* Calls of the interface that are not there yet: each says so (docs/whv.md). */
#include "hvapi/whv/internal.h"

HRESULT WINAPI WHvQueryGpaRangeDirtyBitmap(WHV_PARTITION_HANDLE Partition,
					   WHV_GUEST_PHYSICAL_ADDRESS GuestAddress,
					   UINT64 RangeSizeInBytes, UINT64 *Bitmap,
					   UINT32 BitmapSizeInBytes)
{
	(void)Partition;
	(void)GuestAddress;
	(void)RangeSizeInBytes;
	(void)Bitmap;
	(void)BitmapSizeInBytes;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvGetPartitionCounters(WHV_PARTITION_HANDLE Partition,
				       WHV_PARTITION_COUNTER_SET CounterSet, VOID *Buffer,
				       UINT32 BufferSizeInBytes, UINT32 *BytesWritten)
{
	(void)Partition;
	(void)CounterSet;
	(void)Buffer;
	(void)BufferSizeInBytes;
	(void)BytesWritten;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvGetVirtualProcessorCounters(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
					      WHV_PROCESSOR_COUNTER_SET CounterSet, VOID *Buffer,
					      UINT32 BufferSizeInBytes, UINT32 *BytesWritten)
{
	(void)Partition;
	(void)VpIndex;
	(void)CounterSet;
	(void)Buffer;
	(void)BufferSizeInBytes;
	(void)BytesWritten;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvRegisterPartitionDoorbellEvent(WHV_PARTITION_HANDLE Partition,
						 const WHV_DOORBELL_MATCH_DATA *MatchData,
						 HANDLE EventHandle)
{
	(void)Partition;
	(void)MatchData;
	(void)EventHandle;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvUnregisterPartitionDoorbellEvent(WHV_PARTITION_HANDLE Partition,
						   const WHV_DOORBELL_MATCH_DATA *MatchData)
{
	(void)Partition;
	(void)MatchData;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvAdviseGpaRange(WHV_PARTITION_HANDLE Partition,
				 const WHV_MEMORY_RANGE_ENTRY *GpaRanges, UINT32 GpaRangesCount,
				 WHV_ADVISE_GPA_RANGE_CODE Advice, const VOID *AdviceBuffer,
				 UINT32 AdviceBufferSizeInBytes)
{
	(void)Partition;
	(void)GpaRanges;
	(void)GpaRangesCount;
	(void)Advice;
	(void)AdviceBuffer;
	(void)AdviceBufferSizeInBytes;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvAllocateVpciResource(const GUID *ProviderId,
				       WHV_ALLOCATE_VPCI_RESOURCE_FLAGS Flags,
				       const VOID *ResourceDescriptor,
				       UINT32 ResourceDescriptorSizeInBytes, HANDLE *VpciResource)
{
	(void)ProviderId;
	(void)Flags;
	(void)ResourceDescriptor;
	(void)ResourceDescriptorSizeInBytes;
	(void)VpciResource;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvCreateVpciDevice(WHV_PARTITION_HANDLE Partition, UINT64 LogicalDeviceId,
				   HANDLE VpciResource, WHV_CREATE_VPCI_DEVICE_FLAGS Flags,
				   HANDLE NotificationEventHandle)
{
	(void)Partition;
	(void)LogicalDeviceId;
	(void)VpciResource;
	(void)Flags;
	(void)NotificationEventHandle;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvDeleteVpciDevice(WHV_PARTITION_HANDLE Partition, UINT64 LogicalDeviceId)
{
	(void)Partition;
	(void)LogicalDeviceId;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvGetVpciDeviceProperty(WHV_PARTITION_HANDLE Partition, UINT64 LogicalDeviceId,
					WHV_VPCI_DEVICE_PROPERTY_CODE PropertyCode,
					VOID *PropertyBuffer, UINT32 PropertyBufferSizeInBytes,
					UINT32 *WrittenSizeInBytes)
{
	(void)Partition;
	(void)LogicalDeviceId;
	(void)PropertyCode;
	(void)PropertyBuffer;
	(void)PropertyBufferSizeInBytes;
	(void)WrittenSizeInBytes;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvGetVpciDeviceNotification(WHV_PARTITION_HANDLE Partition, UINT64 LogicalDeviceId,
					    WHV_VPCI_DEVICE_NOTIFICATION *Notification,
					    UINT32 NotificationSizeInBytes)
{
	(void)Partition;
	(void)LogicalDeviceId;
	(void)Notification;
	(void)NotificationSizeInBytes;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvMapVpciDeviceMmioRanges(WHV_PARTITION_HANDLE Partition, UINT64 LogicalDeviceId,
					  UINT32 *MappingCount, WHV_VPCI_MMIO_MAPPING **Mappings)
{
	(void)Partition;
	(void)LogicalDeviceId;
	(void)MappingCount;
	(void)Mappings;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvUnmapVpciDeviceMmioRanges(WHV_PARTITION_HANDLE Partition, UINT64 LogicalDeviceId)
{
	(void)Partition;
	(void)LogicalDeviceId;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvSetVpciDevicePowerState(WHV_PARTITION_HANDLE Partition, UINT64 LogicalDeviceId,
					  DEVICE_POWER_STATE PowerState)
{
	(void)Partition;
	(void)LogicalDeviceId;
	(void)PowerState;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvReadVpciDeviceRegister(WHV_PARTITION_HANDLE Partition, UINT64 LogicalDeviceId,
					 const WHV_VPCI_DEVICE_REGISTER *Register, VOID *Data)
{
	(void)Partition;
	(void)LogicalDeviceId;
	(void)Register;
	(void)Data;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvWriteVpciDeviceRegister(WHV_PARTITION_HANDLE Partition, UINT64 LogicalDeviceId,
					  const WHV_VPCI_DEVICE_REGISTER *Register,
					  const VOID *Data)
{
	(void)Partition;
	(void)LogicalDeviceId;
	(void)Register;
	(void)Data;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvMapVpciDeviceInterrupt(WHV_PARTITION_HANDLE Partition, UINT64 LogicalDeviceId,
					 UINT32 Index, UINT32 MessageCount,
					 const WHV_VPCI_INTERRUPT_TARGET *Target,
					 UINT64 *MsiAddress, UINT32 *MsiData)
{
	(void)Partition;
	(void)LogicalDeviceId;
	(void)Index;
	(void)MessageCount;
	(void)Target;
	(void)MsiAddress;
	(void)MsiData;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvUnmapVpciDeviceInterrupt(WHV_PARTITION_HANDLE Partition, UINT64 LogicalDeviceId,
					   UINT32 Index)
{
	(void)Partition;
	(void)LogicalDeviceId;
	(void)Index;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvRetargetVpciDeviceInterrupt(WHV_PARTITION_HANDLE Partition,
					      UINT64 LogicalDeviceId, UINT64 MsiAddress,
					      UINT32 MsiData,
					      const WHV_VPCI_INTERRUPT_TARGET *Target)
{
	(void)Partition;
	(void)LogicalDeviceId;
	(void)MsiAddress;
	(void)MsiData;
	(void)Target;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvRequestVpciDeviceInterrupt(WHV_PARTITION_HANDLE Partition, UINT64 LogicalDeviceId,
					     UINT64 MsiAddress, UINT32 MsiData)
{
	(void)Partition;
	(void)LogicalDeviceId;
	(void)MsiAddress;
	(void)MsiData;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvGetVpciDeviceInterruptTarget(WHV_PARTITION_HANDLE Partition,
					       UINT64 LogicalDeviceId, UINT32 Index,
					       UINT32 MultiMessageNumber,
					       WHV_VPCI_INTERRUPT_TARGET *Target,
					       UINT32 TargetSizeInBytes, UINT32 *BytesWritten)
{
	(void)Partition;
	(void)LogicalDeviceId;
	(void)Index;
	(void)MultiMessageNumber;
	(void)Target;
	(void)TargetSizeInBytes;
	(void)BytesWritten;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvCreateTrigger(WHV_PARTITION_HANDLE Partition,
				const WHV_TRIGGER_PARAMETERS *Parameters,
				WHV_TRIGGER_HANDLE *TriggerHandle, HANDLE *EventHandle)
{
	(void)Partition;
	(void)Parameters;
	(void)TriggerHandle;
	(void)EventHandle;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvUpdateTriggerParameters(WHV_PARTITION_HANDLE Partition,
					  const WHV_TRIGGER_PARAMETERS *Parameters,
					  WHV_TRIGGER_HANDLE TriggerHandle)
{
	(void)Partition;
	(void)Parameters;
	(void)TriggerHandle;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvDeleteTrigger(WHV_PARTITION_HANDLE Partition, WHV_TRIGGER_HANDLE TriggerHandle)
{
	(void)Partition;
	(void)TriggerHandle;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvCreateNotificationPort(WHV_PARTITION_HANDLE Partition,
					 const WHV_NOTIFICATION_PORT_PARAMETERS *Parameters,
					 HANDLE EventHandle,
					 WHV_NOTIFICATION_PORT_HANDLE *PortHandle)
{
	(void)Partition;
	(void)Parameters;
	(void)EventHandle;
	(void)PortHandle;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvSetNotificationPortProperty(WHV_PARTITION_HANDLE Partition,
					      WHV_NOTIFICATION_PORT_HANDLE PortHandle,
					      WHV_NOTIFICATION_PORT_PROPERTY_CODE PropertyCode,
					      WHV_NOTIFICATION_PORT_PROPERTY PropertyValue)
{
	(void)Partition;
	(void)PortHandle;
	(void)PropertyCode;
	(void)PropertyValue;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvDeleteNotificationPort(WHV_PARTITION_HANDLE Partition,
					 WHV_NOTIFICATION_PORT_HANDLE PortHandle)
{
	(void)Partition;
	(void)PortHandle;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvStartPartitionMigration(WHV_PARTITION_HANDLE Partition, HANDLE *MigrationHandle)
{
	(void)Partition;
	(void)MigrationHandle;
	return E_NOTIMPL;
}

HRESULT WINAPI WHvAcceptPartitionMigration(HANDLE MigrationHandle, WHV_PARTITION_HANDLE *Partition)
{
	(void)MigrationHandle;
	(void)Partition;
	return E_NOTIMPL;
}

HRESULT WHvCancelPartitionMigration(WHV_PARTITION_HANDLE Partition)
{
	(void)Partition;
	return E_NOTIMPL;
}

HRESULT WHvCompletePartitionMigration(WHV_PARTITION_HANDLE Partition)
{
	(void)Partition;
	return E_NOTIMPL;
}
