/* SPDX-License-Identifier: MIT */
#include "hvapi/whv/internal.h"

const uint64_t whv_arch_features = 0x6;	      /* LocalApicEmulation, Xsave */
const uint64_t whv_arch_extended_exits = 0x7; /* CPUID, MSR, exception */

bool whv_arch_capability(uint32_t code, WHV_CAPABILITY *c, UINT32 *size, uint16_t *status)
{
	*size = 8;
	switch (code) {
	case WHvCapabilityCodeProcessorXsaveFeatures:
		*status = whv_get_property(NULL, HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES,
					   &c->ProcessorXsaveFeatures.AsUINT64);
		return true;
	case WHvCapabilityCodeInterruptClockFrequency:
		*status = whv_get_property(NULL, HV_PARTITION_PROPERTY_APIC_FREQUENCY,
					   &c->InterruptClockFrequency);
		return true;
	case WHvCapabilityCodeExceptionExitBitmap:
		c->ExceptionExitBitmap = WHV_EXCEPTIONS_SUPPORTED;
		return true;
	case WHvCapabilityCodeX64MsrExitBitmap:
		c->X64MsrExitBitmap.AsUINT64 = WHV_MSR_EXITS_SUPPORTED;
		return true;
	case WHvCapabilityCodeProcessorPerfmonFeatures:
		c->ProcessorPerfmonFeatures.AsUINT64 = 0;
		return true;
	default:
		return false;
	}
}
