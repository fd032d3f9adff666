/* SPDX-License-Identifier: MIT */
/* WHvGetCapability: most of it is the properties of the caller's own partition. */
#include <string.h>

#include "hvapi/whv/internal.h"

HRESULT whv_answer(VOID *buffer, UINT32 buffer_size, UINT32 *written, const void *value,
		   UINT32 size)
{
	if (written)
		*written = size;
	if (buffer_size < size)
		return WHV_E_INSUFFICIENT_BUFFER;
	if (!buffer)
		return E_POINTER;
	memcpy(buffer, value, size);
	return S_OK;
}

/* Capabilities that are one property of the partition, in the low `size` bytes. */
static const struct {
	uint32_t code, property, size;
} simple[] = {
	{ WHvCapabilityCodeProcessorVendor, HV_PARTITION_PROPERTY_PROCESSOR_VENDOR, 4 },
	{ WHvCapabilityCodeProcessorFeatures, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0, 8 },
	{ WHvCapabilityCodeProcessorClFlushSize, HV_PARTITION_PROPERTY_PROCESSOR_CL_FLUSH_SIZE, 1 },
	{ WHvCapabilityCodeProcessorClockFrequency, HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY,
	  8 },
	{ WHvCapabilityCodePhysicalAddressWidth, HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH, 4 },
};

/* What the library itself decides. */
static bool constant(uint32_t code, uint64_t *value, UINT32 *size)
{
	WHV_CAPABILITY_FEATURES features = { .AsUINT64 = 0 };

	*size = 8;
	switch (code) {
	case WHvCapabilityCodeFeatures:
		features.PartialUnmap = 1;
		features.AsUINT64 |= whv_arch_features;
		*value = features.AsUINT64;
		return true;
	case WHvCapabilityCodeExtendedVmExits:
		*value = whv_arch_extended_exits;
		return true;
	case WHvCapabilityCodeGpaRangePopulateFlags:
		*value = 0;
		*size = sizeof(WHV_ADVISE_GPA_RANGE_POPULATE_FLAGS);
		return true;
	case WHvCapabilityCodeSchedulerFeatures:
		*value = 0;
		return true;
	default:
		return false;
	}
}

static uint16_t feature_banks(WHV_PROCESSOR_FEATURES_BANKS *b)
{
	uint16_t status;

	memset(b, 0, sizeof(*b));
	b->BanksCount = WHV_PROCESSOR_FEATURES_BANKS_COUNT;
	status = whv_get_property(NULL, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0, &b->AsUINT64[0]);
	if (status == HV_STATUS_SUCCESS)
		status = whv_get_property(NULL, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1,
					  &b->AsUINT64[1]);
	return status;
}

/* HvCallGetPartitionPropertyEx: bank count u16 at 0, bits u64 at 8 */
static uint16_t synthetic_banks(WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS *b)
{
	struct hv_input_get_partition_property_ex in = {
		.partition_id = HV_PARTITION_ID_SELF,
		.property_code = HV_PARTITION_PROPERTY_ASSIGNABLE_SYNTHETIC_FEATURES,
	};
	uint64_t out[2] = { 0, 0 };
	uint16_t status;

	status = whv_call(NULL, HVCALL_GET_PARTITION_PROPERTY_EX, 0, &in, sizeof(in), out,
			  sizeof(out));
	memset(b, 0, sizeof(*b));
	b->BanksCount = WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS_COUNT;
	b->AsUINT64[0] = out[1];
	return status;
}

HRESULT WINAPI WHvGetCapability(WHV_CAPABILITY_CODE CapabilityCode, VOID *CapabilityBuffer,
				UINT32 CapabilityBufferSizeInBytes, UINT32 *WrittenSizeInBytes)
{
	uint32_t code = (uint32_t)CapabilityCode;
	uint16_t status = HV_STATUS_SUCCESS;
	WHV_CAPABILITY c;
	UINT32 size = 0;

	memset(&c, 0, sizeof(c));
	if (code == WHvCapabilityCodeHypervisorPresent) {
		c.HypervisorPresent = whv_transport ? TRUE : FALSE;
		return whv_answer(CapabilityBuffer, CapabilityBufferSizeInBytes, WrittenSizeInBytes,
				  &c, sizeof(c.HypervisorPresent));
	}
	if (!whv_transport)
		return WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG;
	for (size_t i = 0; i < WHV_ARRAY_LEN(simple); i++)
		if (simple[i].code == code) {
			status = whv_get_property(NULL, simple[i].property,
						  &c.ProcessorFeatures.AsUINT64);
			size = simple[i].size;
		}
	if (code == WHvCapabilityCodeProcessorFeaturesBanks) {
		status = feature_banks(&c.ProcessorFeaturesBanks);
		size = sizeof(c.ProcessorFeaturesBanks);
	} else if (code == WHvCapabilityCodeSyntheticProcessorFeaturesBanks) {
		status = synthetic_banks(&c.SyntheticProcessorFeaturesBanks);
		size = sizeof(c.SyntheticProcessorFeaturesBanks);
	} else if (code == WHvCapabilityCodeProcessorFrequencyCap) {
		size = sizeof(c.ProcessorFrequencyCap); /* all zero: there is none */
	} else if (!size && !constant(code, &c.ProcessorFeatures.AsUINT64, &size) &&
		   !whv_arch_capability(code, &c, &size, &status)) {
		return WHV_E_UNKNOWN_CAPABILITY;
	}
	if (status == HV_STATUS_UNKNOWN_PROPERTY)
		return WHV_E_UNKNOWN_CAPABILITY;
	if (status != HV_STATUS_SUCCESS)
		return whv_status(status);
	return whv_answer(CapabilityBuffer, CapabilityBufferSizeInBytes, WrittenSizeInBytes, &c,
			  size);
}
