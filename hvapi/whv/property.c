/* SPDX-License-Identifier: MIT */
/* WHvGetPartitionProperty and WHvSetPartitionProperty. */
#include <string.h>

#include "hvapi/whv/internal.h"

#define ERROR_NOT_SUPPORTED 50
#define CODE(name)	    ((uint32_t)WHvPartitionPropertyCode##name)

/* Buffers may be larger than the value (clients pass the whole union), but for the lists. */
static const struct row {
	uint32_t code;
	uint16_t size; /* of the value, or of one list element; 0: not available here */
	bool late;     /* can be set after WHvSetupPartition */
	bool list;
} rows[] = {
	{ CODE(ExtendedVmExits), 8, true, false },
	{ CODE(ExceptionExitBitmap), 8, true, false },
	{ CODE(SeparateSecurityDomain), 4, false, false },
	{ CODE(NestedVirtualization), 4, false, false },
	{ CODE(X64MsrExitBitmap), 8, true, false },
	{ CODE(PrimaryNumaNode), 0, false, false },
	{ CODE(CpuReserve), 0, false, false },
	{ CODE(CpuCap), 0, false, false },
	{ CODE(CpuWeight), 0, false, false },
	{ CODE(CpuGroupId), 0, false, false },
	{ CODE(ProcessorFrequencyCap), 0, false, false },
	{ CODE(AllowDeviceAssignment), 0, false, false },
	{ CODE(DisableSmt), 0, false, false },
	{ CODE(ProcessorFeatures), 8, false, false },
	{ CODE(ProcessorClFlushSize), 1, false, false },
	{ CODE(CpuidExitList), 4, true, true },
	{ CODE(CpuidResultList), sizeof(WHV_X64_CPUID_RESULT), false, true },
	{ CODE(LocalApicEmulationMode), 4, false, false },
	{ CODE(ProcessorXsaveFeatures), 8, false, false },
	{ CODE(ProcessorClockFrequency), 8, false, false },
	{ CODE(InterruptClockFrequency), 8, false, false },
	{ CODE(ApicRemoteReadSupport), 4, false, false },
	{ CODE(ProcessorFeaturesBanks), sizeof(WHV_PROCESSOR_FEATURES_BANKS), false, false },
	{ CODE(ReferenceTime), 8, true, false },
	{ CODE(SyntheticProcessorFeaturesBanks), sizeof(WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS),
	  false, false },
	{ CODE(CpuidResultList2), sizeof(WHV_X64_CPUID_RESULT2), false, true },
	{ CODE(ProcessorPerfmonFeatures), 8, false, false },
	{ CODE(MsrActionList), 0, false, false },
	{ CODE(UnimplementedMsrAction), 4, false, false },
	{ CODE(PhysicalAddressWidth), 4, false, false },
	{ CODE(ProcessorCount), 4, false, false },
};

static const struct row *find(uint32_t code)
{
	for (size_t i = 0; i < WHV_ARRAY_LEN(rows); i++)
		if (rows[i].code == code)
			return &rows[i];
	return NULL;
}

/* The hypervisor's property behind a code that is set only to what it is anyway; 0: none */
static uint32_t fixed_property(uint32_t code)
{
	switch (code) {
	case CODE(ProcessorClFlushSize):
		return HV_PARTITION_PROPERTY_PROCESSOR_CL_FLUSH_SIZE;
	case CODE(ProcessorClockFrequency):
		return HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY;
	case CODE(InterruptClockFrequency):
		return HV_PARTITION_PROPERTY_APIC_FREQUENCY;
	case CODE(PhysicalAddressWidth):
		return HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH;
	default:
		return 0;
	}
}

static HRESULT set_fixed(uint32_t property, uint64_t v)
{
	uint64_t have;
	uint16_t status = whv_get_property(NULL, property, &have);

	if (status != HV_STATUS_SUCCESS)
		return whv_status(status);
	return v == have ? S_OK : WHV_E_UNSUPPORTED_PROCESSOR_CONFIG;
}

static bool take(uint64_t *to, uint64_t v, uint64_t allowed)
{
	*to = v;
	return !(v & ~allowed);
}

/* A value of up to 8 bytes, into o; false: E_INVALIDARG */
static bool set_word(struct whv_properties *o, uint32_t code, uint64_t v)
{
	switch (code) {
	case CODE(ExtendedVmExits):
		return take(&o->extended_exits, v, WHV_EXTENDED_EXITS_SUPPORTED);
	case CODE(ExceptionExitBitmap):
		return take(&o->exception_bitmap, v, WHV_EXCEPTIONS_SUPPORTED);
	case CODE(X64MsrExitBitmap):
		return take(&o->msr_bitmap, v, WHV_MSR_EXITS_SUPPORTED);
	case CODE(SeparateSecurityDomain):
		o->security_domain = (BOOL)v;
		return v <= 1;
	case CODE(NestedVirtualization):
		o->nested = (BOOL)v;
		return v <= 1;
	case CODE(LocalApicEmulationMode):
		o->apic_mode = (uint32_t)v;
		return v <= WHvX64LocalApicEmulationModeX2Apic;
	case CODE(ProcessorFeatures):
		o->features[0] = v;
		o->given_features = true;
		return true;
	case CODE(ProcessorXsaveFeatures):
		o->xsave_features = v;
		o->given_xsave = true;
		return true;
	case CODE(ApicRemoteReadSupport):
	case CODE(ProcessorPerfmonFeatures):
		return v == 0; /* there is none */
	case CODE(ReferenceTime):
		o->reference_time = v;
		o->given_time = true;
		return true;
	case CODE(UnimplementedMsrAction):
		o->msr_action = (uint32_t)v;
		return v <= WHvMsrActionExit;
	case CODE(ProcessorCount):
		o->processor_count = (uint32_t)v;
		return v >= 1 && v <= WHV_MAX_VPS;
	default:
		return false;
	}
}

static bool set_banks(struct whv_properties *o, uint32_t code, const void *buffer)
{
	WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS s;
	WHV_PROCESSOR_FEATURES_BANKS f;

	if (code == CODE(ProcessorFeaturesBanks)) {
		memcpy(&f, buffer, sizeof(f));
		memcpy(o->features, f.AsUINT64, sizeof(o->features));
		o->given_features = o->given_features1 = true;
		return f.BanksCount == WHV_PROCESSOR_FEATURES_BANKS_COUNT && !f.Reserved0;
	}
	memcpy(&s, buffer, sizeof(s));
	o->synthetic = s.AsUINT64[0];
	o->given_synthetic = true;
	return s.BanksCount == WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS_COUNT && !s.Reserved0;
}

/* Both forms of CPUID results fill the same list, the later call anew. */
static bool set_list(struct whv_properties *o, uint32_t code, const uint8_t *buffer, uint32_t n)
{
	const uint32_t known =
		WHvX64CpuidResult2FlagSubleafSpecific | WHvX64CpuidResult2FlagVpSpecific;

	if (code == CODE(CpuidExitList)) {
		if (n > WHV_MAX_CPUID_EXITS)
			return false;
		if (n) /* an empty list may have no buffer */
			memcpy(o->cpuid_exits, buffer, 4 * n);
		o->cpuid_exit_count = n;
		return true;
	}
	if (n > WHV_MAX_CPUID_RESULTS)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		WHV_X64_CPUID_RESULT2 *r = &o->cpuid_results[i];
		WHV_X64_CPUID_RESULT old;

		if (code == CODE(CpuidResultList2)) {
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
	o->cpuid_result_count = n;
	return true;
}

static bool set_value(struct whv_properties *o, const struct row *r, const void *buffer,
		      uint32_t size)
{
	uint64_t v = 0;

	if (r->list)
		return size % r->size == 0 && set_list(o, r->code, buffer, size / r->size);
	if (!buffer)
		return false;
	if (r->size > sizeof(v))
		return set_banks(o, r->code, buffer);
	memcpy(&v, buffer, r->size);
	return set_word(o, r->code, v);
}

/* The parts of the object that a set can change, for taking it back */
static struct whv_properties undo; /* under the lock */

static HRESULT set_property(struct whv_partition *p, const struct row *r, const void *buffer,
			    uint32_t size)
{
	HRESULT hr = S_OK;
	uint64_t v = 0;

	if (p->set_up && !r->late)
		return E_INVALIDARG;
	if (fixed_property(r->code)) {
		if (!buffer)
			return E_POINTER;
		memcpy(&v, buffer, r->size);
		return set_fixed(fixed_property(r->code), v);
	}
	undo = p->prop;
	if (!set_value(&p->prop, r, buffer, size)) {
		p->prop = undo;
		return E_INVALIDARG;
	}
	if (!p->set_up)
		return S_OK;
	if (r->code == CODE(ReferenceTime))
		hr = whv_status(whv_set_property(p, HV_PARTITION_PROPERTY_REFERENCE_TIME,
						 p->prop.reference_time));
	else
		hr = whv_apply_intercepts(p);
	if (FAILED(hr)) {
		p->prop = undo;
		(void)whv_apply_intercepts(p);
	}
	return hr;
}

HRESULT WINAPI WHvSetPartitionProperty(WHV_PARTITION_HANDLE Partition,
				       WHV_PARTITION_PROPERTY_CODE PropertyCode,
				       const VOID *PropertyBuffer, UINT32 PropertyBufferSizeInBytes)
{
	const struct row *r = find((uint32_t)PropertyCode);
	struct whv_partition *p;
	HRESULT hr;

	if (!whv_transport)
		return WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG;
	if (!r || !r->size)
		return WHV_E_UNKNOWN_PROPERTY;
	if (!r->list && PropertyBufferSizeInBytes < r->size)
		return E_INVALIDARG;
	if (!PropertyBuffer && PropertyBufferSizeInBytes)
		return E_POINTER;
	p = whv_get(Partition);
	if (!p)
		return E_INVALIDARG;
	whv_lock();
	hr = set_property(p, r, PropertyBuffer, PropertyBufferSizeInBytes);
	whv_unlock();
	whv_put(p);
	return hr;
}

/* ---- reading ---- */

/* As set, or as the hypervisor has it for this partition (before it is set up: for any). */
static HRESULT get_or_ask(const struct whv_partition *p, bool given, uint64_t set,
			  uint32_t property, uint64_t *v)
{
	*v = set;
	if (given)
		return S_OK;
	return whv_status(whv_get_property(p->set_up ? p : NULL, property, v));
}

static HRESULT get_word(const struct whv_partition *p, uint32_t code, uint64_t *v)
{
	const struct whv_properties *o = &p->prop;

	*v = 0;
	switch (code) {
	case CODE(ExtendedVmExits):
		*v = o->extended_exits;
		return S_OK;
	case CODE(ExceptionExitBitmap):
		*v = o->exception_bitmap;
		return S_OK;
	case CODE(X64MsrExitBitmap):
		*v = o->msr_bitmap;
		return S_OK;
	case CODE(SeparateSecurityDomain):
		*v = (uint32_t)o->security_domain;
		return S_OK;
	case CODE(NestedVirtualization):
		*v = (uint32_t)o->nested;
		return S_OK;
	case CODE(LocalApicEmulationMode):
		*v = o->apic_mode;
		return S_OK;
	case CODE(UnimplementedMsrAction):
		*v = o->msr_action;
		return S_OK;
	case CODE(ProcessorCount):
		*v = o->processor_count;
		return S_OK;
	case CODE(ProcessorFeatures):
		return get_or_ask(p, o->given_features, o->features[0],
				  HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0, v);
	case CODE(ProcessorXsaveFeatures):
		return get_or_ask(p, o->given_xsave, o->xsave_features,
				  HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES, v);
	case CODE(ReferenceTime):
		if (!p->set_up) {
			*v = o->reference_time;
			return S_OK;
		}
		return get_or_ask(p, false, 0, HV_PARTITION_PROPERTY_REFERENCE_TIME, v);
	default:
		return fixed_property(code) ? get_or_ask(p, false, 0, fixed_property(code), v)
					    : S_OK; /* the zeros of set_word() */
	}
}

static HRESULT get_banks(const struct whv_partition *p, uint32_t code, VOID *buffer, UINT32 size,
			 UINT32 *written)
{
	WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS s = { .BanksCount = 1 };
	WHV_PROCESSOR_FEATURES_BANKS f = { .BanksCount = WHV_PROCESSOR_FEATURES_BANKS_COUNT };
	const struct whv_properties *o = &p->prop;
	HRESULT hr;

	if (code == CODE(SyntheticProcessorFeaturesBanks)) {
		hr = get_or_ask(p, o->given_synthetic, o->synthetic,
				HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, &s.AsUINT64[0]);
		return FAILED(hr) ? hr : whv_answer(buffer, size, written, &s, sizeof(s));
	}
	hr = get_or_ask(p, o->given_features, o->features[0],
			HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0, &f.AsUINT64[0]);
	if (SUCCEEDED(hr))
		hr = get_or_ask(p, o->given_features1, o->features[1],
				HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1, &f.AsUINT64[1]);
	return FAILED(hr) ? hr : whv_answer(buffer, size, written, &f, sizeof(f));
}

/* CPUID results come back in the form asked for; the first form holds only what it can say. */
static HRESULT get_list(const struct whv_properties *o, uint32_t code, VOID *buffer, UINT32 size,
			UINT32 *written)
{
	uint32_t need = o->cpuid_result_count * (uint32_t)sizeof(WHV_X64_CPUID_RESULT);

	if (code == CODE(CpuidExitList))
		return whv_answer(buffer, size, written, o->cpuid_exits, 4 * o->cpuid_exit_count);
	if (code == CODE(CpuidResultList2))
		return whv_answer(buffer, size, written, o->cpuid_results,
				  o->cpuid_result_count * (uint32_t)sizeof(WHV_X64_CPUID_RESULT2));
	if (written)
		*written = need;
	if (size < need)
		return WHV_E_INSUFFICIENT_BUFFER;
	if (!buffer)
		return need ? E_POINTER : S_OK;
	for (uint32_t i = 0; i < o->cpuid_result_count; i++) {
		const WHV_X64_CPUID_RESULT2 *r = &o->cpuid_results[i];
		WHV_X64_CPUID_RESULT old = { .Function = r->Function,
					     .Eax = r->Output.Eax,
					     .Ebx = r->Output.Ebx,
					     .Ecx = r->Output.Ecx,
					     .Edx = r->Output.Edx };

		memcpy((uint8_t *)buffer + sizeof(old) * i, &old, sizeof(old));
	}
	return S_OK;
}

HRESULT WINAPI WHvGetPartitionProperty(WHV_PARTITION_HANDLE Partition,
				       WHV_PARTITION_PROPERTY_CODE PropertyCode,
				       VOID *PropertyBuffer, UINT32 PropertyBufferSizeInBytes,
				       UINT32 *WrittenSizeInBytes)
{
	const struct row *r = find((uint32_t)PropertyCode);
	struct whv_partition *p;
	uint64_t v;
	HRESULT hr;

	if (!whv_transport)
		return WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG;
	if (!r)
		return WHV_E_UNKNOWN_PROPERTY;
	if (!r->size)
		return HRESULT_FROM_WIN32(ERROR_NOT_SUPPORTED);
	if (!PropertyBuffer && PropertyBufferSizeInBytes)
		return E_POINTER;
	p = whv_get(Partition);
	if (!p)
		return E_INVALIDARG;
	whv_lock();
	if (r->list) {
		hr = get_list(&p->prop, r->code, PropertyBuffer, PropertyBufferSizeInBytes,
			      WrittenSizeInBytes);
	} else if (r->size > sizeof(v)) {
		hr = get_banks(p, r->code, PropertyBuffer, PropertyBufferSizeInBytes,
			       WrittenSizeInBytes);
	} else {
		hr = get_word(p, r->code, &v);
		if (SUCCEEDED(hr))
			hr = whv_answer(PropertyBuffer, PropertyBufferSizeInBytes,
					WrittenSizeInBytes, &v, r->size);
	}
	whv_unlock();
	whv_put(p);
	return hr;
}
