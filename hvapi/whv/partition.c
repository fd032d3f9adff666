/* SPDX-License-Identifier: MIT */
/*
 * Partition life. WHvCreatePartition makes the object that properties are set on;
 * WHvSetupPartition makes the hypervisor's partition from it.
 */
#include <string.h>

#include "hvapi/whv/internal.h"

#define ERROR_STATE HRESULT_FROM_WIN32(ERROR_INVALID_STATE)

HRESULT WINAPI WHvCreatePartition(WHV_PARTITION_HANDLE *Partition)
{
	if (!Partition)
		return E_POINTER;
	if (!whv_transport)
		return WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG;
	return whv_new(Partition) ? S_OK : E_OUTOFMEMORY;
}

HRESULT whv_disabled(uint32_t property, bool given, uint64_t want, uint64_t *bits)
{
	uint16_t status;
	uint64_t have;

	*bits = 0;
	if (!given)
		return S_OK;
	status = whv_get_property(NULL, property, &have);
	if (status != HV_STATUS_SUCCESS)
		return whv_status(status);
	if (want & ~have)
		return WHV_E_UNSUPPORTED_PROCESSOR_CONFIG;
	*bits = have & ~want;
	return S_OK;
}

static HRESULT create(struct whv_partition *p)
{
	const struct whv_properties *o = &p->prop;
	struct hv_input_create_partition in = {
		.flags = HV_PARTITION_CREATION_FLAG_EXO_PARTITION |
			 HV_PARTITION_CREATION_FLAG_INTERCEPT_MESSAGE_PAGE_ENABLED |
			 HV_PARTITION_CREATION_FLAG_GPA_SUPER_PAGES_ENABLED,
		.compatibility_version = HV_COMPATIBILITY_21_H2,
	};
	uint64_t id = 0, *off = in.disabled_processor_features;
	HRESULT hr;

	if (o->nested)
		in.flags |= HV_PARTITION_CREATION_FLAG_NESTED_VIRTUALIZATION_CAPABLE;
	hr = whv_disabled(HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0, o->given_features,
			  o->features[0], &off[0]);
	if (SUCCEEDED(hr))
		hr = whv_disabled(HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1, o->given_features1,
				  o->features[1], &off[1]);
	if (SUCCEEDED(hr))
		hr = whv_arch_create(o, &in);
	if (SUCCEEDED(hr))
		hr = whv_status(
			whv_call(p, HVCALL_CREATE_PARTITION, 0, &in, sizeof(in), &id, sizeof(id)));
	if (SUCCEEDED(hr)) {
		p->id = id;
		p->finalized = false;
	}
	return hr;
}

static uint16_t simple(const struct whv_partition *p, uint16_t code)
{
	struct hv_input_partition in = { p->id };

	return whv_call(p, code, 0, &in, sizeof(in), NULL, 0);
}

/* Finalize, take the memory back, delete; can be tried again where it stopped. */
static HRESULT destroy(struct whv_partition *p)
{
	uint16_t status = HV_STATUS_SUCCESS;

	if (!p->id)
		return S_OK;
	if (!p->finalized)
		status = simple(p, HVCALL_FINALIZE_PARTITION);
	if (status == HV_STATUS_SUCCESS) {
		p->finalized = true;
		p->range_count = 0;
		status = whv_withdraw_all(p);
	}
	if (status == HV_STATUS_SUCCESS)
		status = simple(p, HVCALL_DELETE_PARTITION);
	if (status == HV_STATUS_SUCCESS)
		p->id = 0;
	return whv_status(status);
}

/* Everything between creation and the first VP */
static HRESULT configure(struct whv_partition *p)
{
	const struct whv_properties *o = &p->prop;
	uint16_t status = HV_STATUS_SUCCESS;
	HRESULT hr;

	if (o->given_synthetic)
		status = whv_set_property(p, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
					  o->synthetic);
	if (status == HV_STATUS_SUCCESS)
		status = simple(p, HVCALL_INITIALIZE_PARTITION);
	if (status == HV_STATUS_SUCCESS && o->given_time)
		status = whv_set_property(p, HV_PARTITION_PROPERTY_REFERENCE_TIME,
					  o->reference_time);
	hr = whv_status(status);
	if (SUCCEEDED(hr))
		hr = whv_arch_configure(p);
	if (SUCCEEDED(hr))
		hr = whv_arch_apply_intercepts(p);
	return hr;
}

HRESULT WINAPI WHvSetupPartition(WHV_PARTITION_HANDLE Partition)
{
	struct whv_partition *p;
	HRESULT hr = S_OK;

	if (!whv_transport)
		return WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG;
	p = whv_get(Partition);
	if (!p)
		return E_INVALIDARG;
	whv_lock();
	if (p->set_up || p->id) /* id alone: what an earlier failure could not take away */
		hr = ERROR_STATE;
	else if (!p->prop.processor_count)
		hr = WHV_E_INVALID_PARTITION_CONFIG;
	if (SUCCEEDED(hr))
		hr = create(p);
	if (SUCCEEDED(hr)) {
		hr = configure(p);
		p->set_up = SUCCEEDED(hr);
		if (FAILED(hr)) {
			memset(&p->installed, 0, sizeof(p->installed));
			(void)destroy(p);
		}
	}
	whv_unlock();
	whv_put(p);
	return hr;
}

/* Registers that belong to the partition and outlive its processors */
static uint16_t forget_guest(const struct whv_partition *p, UINT32 vp)
{
	static const union hv_register_value zero[4];

	return whv_set_hv_registers(p, vp, whv_arch_forget, whv_arch_forget_count, zero);
}

/* Fresh processors under the old indexes; memory and properties stay, time stands until one runs.
 */
static HRESULT reset(struct whv_partition *p)
{
	uint16_t status = HV_STATUS_SUCCESS;
	bool first = true;

	for (UINT32 i = 0; i < WHV_MAX_VPS; i++) {
		struct whv_vp *vp = &p->vps[i];
		HRESULT hr;

		if (!vp->exists)
			continue;
		if (first)
			status = forget_guest(p, i);
		if (status != HV_STATUS_SUCCESS)
			return whv_status(status);
		first = false;
		hr = whv_vp_stop(p, i);
		if (FAILED(hr))
			return hr;
		hr = whv_vp_start(p, i);
		if (FAILED(hr)) {
			vp->exists = false;
			return hr;
		}
		vp->cancel = 0;
		vp->clear_intercept = false;
	}
	return whv_status(whv_set_property(p, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
}

HRESULT WINAPI WHvResetPartition(WHV_PARTITION_HANDLE Partition)
{
	struct whv_partition *p;
	HRESULT hr = whv_enter(Partition, WHV_ANY_VP, &p);

	if (hr == WHV_E_INVALID_PARTITION_CONFIG) /* not set up */
		return ERROR_STATE;
	if (FAILED(hr))
		return hr;
	whv_lock();
	hr = whv_any_running(p) ? ERROR_STATE : reset(p);
	whv_unlock();
	whv_put(p);
	return hr;
}

HRESULT WINAPI WHvDeletePartition(WHV_PARTITION_HANDLE Partition)
{
	struct whv_partition *p;
	HRESULT hr = S_OK;

	if (!whv_transport)
		return WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG;
	p = whv_get(Partition);
	if (!p)
		return E_INVALIDARG;
	whv_lock();
	/* A call of another CPU is inside, be it a run. */
	if (p->users > 1)
		hr = ERROR_STATE;
	for (UINT32 i = 0; SUCCEEDED(hr) && i < WHV_MAX_VPS; i++) {
		if (!p->vps[i].exists)
			continue;
		hr = whv_vp_stop(p, i);
		if (SUCCEEDED(hr))
			p->vps[i].exists = false;
	}
	if (SUCCEEDED(hr))
		hr = destroy(p);
	if (SUCCEEDED(hr))
		whv_retire(Partition);
	else
		p->users--;
	whv_unlock();
	if (SUCCEEDED(hr))
		whv_free(p);
	return hr;
}

static HRESULT freeze(WHV_PARTITION_HANDLE handle, bool on)
{
	struct whv_partition *p;
	HRESULT hr = whv_enter(handle, WHV_ANY_VP, &p);

	if (FAILED(hr))
		return hr;
	whv_lock();
	if (on && whv_any_running(p))
		hr = WHV_E_INVALID_VP_STATE;
	else
		hr = whv_status(whv_set_property(p, HV_PARTITION_PROPERTY_TIME_FREEZE, on));
	whv_unlock();
	whv_put(p);
	return hr;
}

HRESULT WINAPI WHvSuspendPartitionTime(WHV_PARTITION_HANDLE Partition)
{
	return freeze(Partition, true);
}

HRESULT WINAPI WHvResumePartitionTime(WHV_PARTITION_HANDLE Partition)
{
	return freeze(Partition, false);
}
