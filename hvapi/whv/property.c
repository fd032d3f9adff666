/* SPDX-License-Identifier: MIT */
/* WHvGetPartitionProperty and WHvSetPartitionProperty. */
#include <string.h>

#include "hvapi/whv/internal.h"

#define ERROR_NOT_SUPPORTED 50

/* Buffers may be larger than the value (clients pass the whole union), but for the lists. */
static const struct whv_property_row rows[] = {
	{ WHV_PROPERTY(ExtendedVmExits), 8, true, false },
	{ WHV_PROPERTY(SeparateSecurityDomain), 4, false, false },
	{ WHV_PROPERTY(NestedVirtualization), 4, false, false },
	{ WHV_PROPERTY(PrimaryNumaNode), 0, false, false },
	{ WHV_PROPERTY(CpuReserve), 0, false, false },
	{ WHV_PROPERTY(CpuCap), 0, false, false },
	{ WHV_PROPERTY(CpuWeight), 0, false, false },
	{ WHV_PROPERTY(CpuGroupId), 0, false, false },
	{ WHV_PROPERTY(ProcessorFrequencyCap), 0, false, false },
	{ WHV_PROPERTY(AllowDeviceAssignment), 0, false, false },
	{ WHV_PROPERTY(DisableSmt), 0, false, false },
	{ WHV_PROPERTY(ProcessorFeatures), 8, false, false },
	{ WHV_PROPERTY(ProcessorClFlushSize), 1, false, false },
	{ WHV_PROPERTY(ProcessorClockFrequency), 8, false, false },
	{ WHV_PROPERTY(ProcessorFeaturesBanks), sizeof(WHV_PROCESSOR_FEATURES_BANKS), false,
	  false },
	{ WHV_PROPERTY(ReferenceTime), 8, true, false },
	{ WHV_PROPERTY(SyntheticProcessorFeaturesBanks),
	  sizeof(WHV_SYNTHETIC_PROCESSOR_FEATURES_BANKS), false, false },
	{ WHV_PROPERTY(PhysicalAddressWidth), 4, false, false },
	{ WHV_PROPERTY(ProcessorCount), 4, false, false },
};

static bool of_arch(const struct whv_property_row *r)
{
	return r >= whv_arch_property_rows && r < whv_arch_property_rows + whv_arch_property_count;
}

static const struct whv_property_row *find(uint32_t code)
{
	for (size_t i = 0; i < WHV_ARRAY_LEN(rows); i++)
		if (rows[i].code == code)
			return &rows[i];
	for (uint32_t i = 0; i < whv_arch_property_count; i++)
		if (whv_arch_property_rows[i].code == code)
			return &whv_arch_property_rows[i];
	return NULL;
}

/* The hypervisor's property behind a code that is set only to what it is anyway; 0: none */
static uint32_t fixed_property(uint32_t code)
{
	switch (code) {
	case WHV_PROPERTY(ProcessorClFlushSize):
		return HV_PARTITION_PROPERTY_PROCESSOR_CL_FLUSH_SIZE;
	case WHV_PROPERTY(ProcessorClockFrequency):
		return HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY;
	case WHV_PROPERTY(PhysicalAddressWidth):
		return HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH;
	default:
		return whv_arch_fixed_property(code);
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
	case WHV_PROPERTY(ExtendedVmExits):
		return take(&o->extended_exits, v, whv_arch_extended_exits);
	case WHV_PROPERTY(SeparateSecurityDomain):
		o->security_domain = (BOOL)v;
		return v <= 1;
	case WHV_PROPERTY(NestedVirtualization):
		o->nested = (BOOL)v;
		return v <= 1;
	case WHV_PROPERTY(ProcessorFeatures):
		o->features[0] = v;
		o->given_features = true;
		return true;
	case WHV_PROPERTY(ReferenceTime):
		o->reference_time = v;
		o->given_time = true;
		return true;
	case WHV_PROPERTY(ProcessorCount):
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

	if (code == WHV_PROPERTY(ProcessorFeaturesBanks)) {
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

static bool set_value(struct whv_properties *o, const struct whv_property_row *r,
		      const void *buffer, uint32_t size)
{
	uint64_t v = 0;

	if (of_arch(r))
		return whv_arch_set_property(o, r, buffer, size);
	if (!buffer)
		return false;
	if (r->size > sizeof(v))
		return set_banks(o, r->code, buffer);
	memcpy(&v, buffer, r->size);
	return set_word(o, r->code, v);
}

/* The parts of the object that a set can change, for taking it back */
static struct whv_properties undo; /* under the lock */

static HRESULT set_property(struct whv_partition *p, const struct whv_property_row *r,
			    const void *buffer, uint32_t size)
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
	if (r->code == WHV_PROPERTY(ReferenceTime))
		hr = whv_status(whv_set_property(p, HV_PARTITION_PROPERTY_REFERENCE_TIME,
						 p->prop.reference_time));
	else
		hr = whv_arch_apply_intercepts(p);
	if (FAILED(hr)) {
		p->prop = undo;
		(void)whv_arch_apply_intercepts(p);
	}
	return hr;
}

HRESULT WINAPI WHvSetPartitionProperty(WHV_PARTITION_HANDLE Partition,
				       WHV_PARTITION_PROPERTY_CODE PropertyCode,
				       const VOID *PropertyBuffer, UINT32 PropertyBufferSizeInBytes)
{
	const struct whv_property_row *r = find((uint32_t)PropertyCode);
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

HRESULT whv_get_or_ask(const struct whv_partition *p, bool given, uint64_t set, uint32_t property,
		       uint64_t *v)
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
	case WHV_PROPERTY(ExtendedVmExits):
		*v = o->extended_exits;
		return S_OK;
	case WHV_PROPERTY(SeparateSecurityDomain):
		*v = (uint32_t)o->security_domain;
		return S_OK;
	case WHV_PROPERTY(NestedVirtualization):
		*v = (uint32_t)o->nested;
		return S_OK;
	case WHV_PROPERTY(ProcessorCount):
		*v = o->processor_count;
		return S_OK;
	case WHV_PROPERTY(ProcessorFeatures):
		return whv_get_or_ask(p, o->given_features, o->features[0],
				      HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0, v);
	case WHV_PROPERTY(ReferenceTime):
		if (!p->set_up) {
			*v = o->reference_time;
			return S_OK;
		}
		return whv_get_or_ask(p, false, 0, HV_PARTITION_PROPERTY_REFERENCE_TIME, v);
	default:
		return fixed_property(code) ? whv_get_or_ask(p, false, 0, fixed_property(code), v)
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

	if (code == WHV_PROPERTY(SyntheticProcessorFeaturesBanks)) {
		hr = whv_get_or_ask(p, o->given_synthetic, o->synthetic,
				    HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, &s.AsUINT64[0]);
		return FAILED(hr) ? hr : whv_answer(buffer, size, written, &s, sizeof(s));
	}
	hr = whv_get_or_ask(p, o->given_features, o->features[0],
			    HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0, &f.AsUINT64[0]);
	if (SUCCEEDED(hr))
		hr = whv_get_or_ask(p, o->given_features1, o->features[1],
				    HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1, &f.AsUINT64[1]);
	return FAILED(hr) ? hr : whv_answer(buffer, size, written, &f, sizeof(f));
}

HRESULT WINAPI WHvGetPartitionProperty(WHV_PARTITION_HANDLE Partition,
				       WHV_PARTITION_PROPERTY_CODE PropertyCode,
				       VOID *PropertyBuffer, UINT32 PropertyBufferSizeInBytes,
				       UINT32 *WrittenSizeInBytes)
{
	const struct whv_property_row *r = find((uint32_t)PropertyCode);
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
	if (of_arch(r) && !fixed_property(r->code)) {
		hr = whv_arch_get_property(p, r, PropertyBuffer, PropertyBufferSizeInBytes,
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
