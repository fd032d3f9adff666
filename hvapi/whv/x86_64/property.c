/* SPDX-License-Identifier: MIT */
/* Partition properties of x64: exits, the local APIC, XSAVE, CPUID results, MSRs. */
#include <string.h>

#include "hvapi/whv/internal.h"

const struct whv_property_row whv_arch_property_rows[] = {
	{ WHV_PROPERTY(ExceptionExitBitmap), 8, true, false },
	{ WHV_PROPERTY(X64MsrExitBitmap), 8, true, false },
	{ WHV_PROPERTY(CpuidExitList), 4, true, true },
	{ WHV_PROPERTY(CpuidResultList), sizeof(WHV_X64_CPUID_RESULT), false, true },
	{ WHV_PROPERTY(LocalApicEmulationMode), 4, false, false },
	{ WHV_PROPERTY(ProcessorXsaveFeatures), 8, false, false },
	{ WHV_PROPERTY(InterruptClockFrequency), 8, false, false },
	{ WHV_PROPERTY(ApicRemoteReadSupport), 4, false, false },
	{ WHV_PROPERTY(CpuidResultList2), sizeof(WHV_X64_CPUID_RESULT2), false, true },
	{ WHV_PROPERTY(ProcessorPerfmonFeatures), 8, false, false },
	{ WHV_PROPERTY(MsrActionList), 0, false, false },
	{ WHV_PROPERTY(UnimplementedMsrAction), 4, false, false },
};
const uint32_t whv_arch_property_count = WHV_ARRAY_LEN(whv_arch_property_rows);

uint32_t whv_arch_fixed_property(uint32_t code)
{
	return code == WHV_PROPERTY(InterruptClockFrequency) ? HV_PARTITION_PROPERTY_APIC_FREQUENCY
							     : 0;
}

static bool take(uint64_t *to, uint64_t v, uint64_t allowed)
{
	*to = v;
	return !(v & ~allowed);
}

/* A value of up to 8 bytes, into o; false: E_INVALIDARG */
static bool set_word(struct whv_arch_properties *o, uint32_t code, uint64_t v)
{
	switch (code) {
	case WHV_PROPERTY(ExceptionExitBitmap):
		return take(&o->exception_bitmap, v, WHV_EXCEPTIONS_SUPPORTED);
	case WHV_PROPERTY(X64MsrExitBitmap):
		return take(&o->msr_bitmap, v, WHV_MSR_EXITS_SUPPORTED);
	case WHV_PROPERTY(LocalApicEmulationMode):
		o->apic_mode = (uint32_t)v;
		return v <= WHvX64LocalApicEmulationModeX2Apic;
	case WHV_PROPERTY(ProcessorXsaveFeatures):
		o->xsave_features = v;
		o->given_xsave = true;
		return true;
	case WHV_PROPERTY(ApicRemoteReadSupport):
	case WHV_PROPERTY(ProcessorPerfmonFeatures):
		return v == 0; /* there is none */
	case WHV_PROPERTY(UnimplementedMsrAction):
		o->msr_action = (uint32_t)v;
		return v <= WHvMsrActionExit;
	default:
		return false;
	}
}

/* Both forms of CPUID results fill the same list, the later call anew. */
static bool set_list(struct whv_properties *o, uint32_t code, const uint8_t *buffer, uint32_t n)
{
	const uint32_t known =
		WHvX64CpuidResult2FlagSubleafSpecific | WHvX64CpuidResult2FlagVpSpecific;

	if (code == WHV_PROPERTY(CpuidExitList)) {
		if (n > WHV_MAX_CPUID_EXITS)
			return false;
		if (n) /* an empty list may have no buffer */
			memcpy(o->arch.cpuid_exits, buffer, 4 * n);
		o->arch.cpuid_exit_count = n;
		return true;
	}
	if (n > WHV_MAX_CPUID_RESULTS)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		WHV_X64_CPUID_RESULT2 *r = &o->arch.cpuid_results[i];
		WHV_X64_CPUID_RESULT old;

		if (code == WHV_PROPERTY(CpuidResultList2)) {
			memcpy(r, buffer + sizeof(*r) * i, sizeof(*r));
			if ((uint32_t)r->Flags & ~known)
				return false;
			continue;
		}
		memcpy(&old, buffer + sizeof(old) * i, sizeof(old));
		if (old.Reserved[0] || old.Reserved[1] || old.Reserved[2])
			return false;
		*r = (WHV_X64_CPUID_RESULT2){
			.Function = old.Function,
			.Output = { old.Eax, old.Ebx, old.Ecx, old.Edx },
			.Mask = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX },
		};
	}
	o->arch.cpuid_result_count = n;
	return true;
}

bool whv_arch_set_property(struct whv_properties *o, const struct whv_property_row *r,
			   const void *buffer, uint32_t size)
{
	uint64_t v = 0;

	if (r->list)
		return size % r->size == 0 && set_list(o, r->code, buffer, size / r->size);
	if (!buffer)
		return false;
	memcpy(&v, buffer, r->size);
	return set_word(&o->arch, r->code, v);
}

/* ---- reading ---- */

/* CPUID results come back in the form asked for; the first form holds only what it can say. */
static HRESULT get_list(const struct whv_properties *o, uint32_t code, VOID *buffer, UINT32 size,
			UINT32 *written)
{
	uint32_t need = o->arch.cpuid_result_count * (uint32_t)sizeof(WHV_X64_CPUID_RESULT);

	if (code == WHV_PROPERTY(CpuidExitList))
		return whv_answer(buffer, size, written, o->arch.cpuid_exits,
				  4 * o->arch.cpuid_exit_count);
	if (code == WHV_PROPERTY(CpuidResultList2))
		return whv_answer(buffer, size, written, o->arch.cpuid_results,
				  o->arch.cpuid_result_count *
					  (uint32_t)sizeof(WHV_X64_CPUID_RESULT2));
	if (written)
		*written = need;
	if (size < need)
		return WHV_E_INSUFFICIENT_BUFFER;
	if (!buffer)
		return need ? E_POINTER : S_OK;
	for (uint32_t i = 0; i < o->arch.cpuid_result_count; i++) {
		const WHV_X64_CPUID_RESULT2 *r = &o->arch.cpuid_results[i];
		WHV_X64_CPUID_RESULT old = { .Function = r->Function,
					     .Eax = r->Output.Eax,
					     .Ebx = r->Output.Ebx,
					     .Ecx = r->Output.Ecx,
					     .Edx = r->Output.Edx };

		memcpy((uint8_t *)buffer + sizeof(old) * i, &old, sizeof(old));
	}
	return S_OK;
}

HRESULT whv_arch_get_property(const struct whv_partition *p, const struct whv_property_row *r,
			      VOID *buffer, UINT32 size, UINT32 *written)
{
	const struct whv_arch_properties *o = &p->prop.arch;
	HRESULT hr = S_OK;
	uint64_t v = 0; /* also what set_word() takes only as zero */

	switch (r->code) {
	case WHV_PROPERTY(ExceptionExitBitmap):
		v = o->exception_bitmap;
		break;
	case WHV_PROPERTY(X64MsrExitBitmap):
		v = o->msr_bitmap;
		break;
	case WHV_PROPERTY(LocalApicEmulationMode):
		v = o->apic_mode;
		break;
	case WHV_PROPERTY(UnimplementedMsrAction):
		v = o->msr_action;
		break;
	case WHV_PROPERTY(ProcessorXsaveFeatures):
		hr = whv_get_or_ask(p, o->given_xsave, o->xsave_features,
				    HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES, &v);
		break;
	default:
		if (r->list)
			return get_list(&p->prop, r->code, buffer, size, written);
		break;
	}
	return FAILED(hr) ? hr : whv_answer(buffer, size, written, &v, r->size);
}
