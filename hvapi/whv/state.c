/* SPDX-License-Identifier: MIT */
/* Get and set virtual processor state, and the older calls for two of its types. */
#include <string.h>

#include "hvapi/whv/internal.h"

#define XFEM_LEGACY	3ull /* x87 and SSE are always there */
#define STATE_MAX_PAGES 16u

struct state_row {
	uint32_t type;	  /* the interface's */
	uint32_t hv_type; /* the hypervisor's */
	uint32_t size;	  /* of the caller's buffer; 0: property MAX_XSAVE_DATA_SIZE */
	uint32_t pages;	  /* that travel by number; 0: inline */
};

static const struct state_row rows[] = {
	{ WHvVirtualProcessorStateTypeSynicMessagePage, HV_VP_STATE_SYNIC_MESSAGE_PAGE, 4096, 1 },
	{ WHvVirtualProcessorStateTypeSynicEventFlagPage, HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE, 4096,
	  1 },
	{ WHvVirtualProcessorStateTypeSynicTimerState, HV_VP_STATE_SYNTHETIC_TIMERS,
	  sizeof(struct hv_synthetic_timers_state), 0 },
	{ WHvVirtualProcessorStateTypeInterruptControllerState2,
	  HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER, WHV_APIC_PAGE_SIZE, 1 },
	{ WHvVirtualProcessorStateTypeXsaveState, HV_VP_STATE_XSAVE, 0, 1 },
	{ WHvVirtualProcessorStateTypeNestedState, HV_VP_STATE_NESTED, sizeof(WHV_X64_NESTED_STATE),
	  2 },
};

/* One transfer: the row, and what of it is the partition's. */
struct transfer {
	const struct whv_partition *p;
	uint32_t vp, hv_type, size, pages;
	uint64_t xfem;
	uint8_t *buffer; /* pages from the transport */
	uint64_t pfn;
};

/* A type that this partition's processors do not have is as unknown as one without a row. */
static HRESULT find_row(const struct whv_partition *p, uint32_t type, struct transfer *t)
{
	const struct state_row *r = NULL;
	uint64_t size, mask;
	uint16_t status;

	for (size_t i = 0; i < WHV_ARRAY_LEN(rows); i++)
		if (rows[i].type == type)
			r = &rows[i];
	if (!r ||
	    (type == WHvVirtualProcessorStateTypeInterruptControllerState2 &&
	     p->prop.apic_mode == WHvX64LocalApicEmulationModeNone) ||
	    (type == WHvVirtualProcessorStateTypeNestedState && !p->prop.nested))
		return E_INVALIDARG;
	t->hv_type = r->hv_type;
	t->size = r->size;
	t->pages = r->pages;
	t->xfem = 0;
	if (r->size)
		return S_OK;
	status = whv_get_property(p, HV_PARTITION_PROPERTY_MAX_XSAVE_DATA_SIZE, &size);
	if (status == HV_STATUS_SUCCESS)
		status = whv_get_property(p, HV_PARTITION_PROPERTY_XSAVE_STATES, &mask);
	if (status != HV_STATUS_SUCCESS)
		return whv_status(status);
	if (!size || size > STATE_MAX_PAGES * HV_PAGE_SIZE)
		return WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG;
	t->size = (uint32_t)size;
	t->pages = (t->size + HV_PAGE_SIZE - 1) / HV_PAGE_SIZE;
	t->xfem = mask | XFEM_LEGACY;
	return S_OK;
}

static size_t fill_header(const struct transfer *t, struct hv_input_vp_state *in, uint8_t *list)
{
	memset(in, 0, sizeof(*in));
	in->partition_id = t->p->id;
	in->vp_index = t->vp;
	in->type = t->hv_type;
	in->xsave_states = t->xfem;
	for (uint32_t i = 0; i < t->pages; i++) {
		uint64_t pfn = t->pfn + i;

		memcpy(list + 8 * i, &pfn, sizeof(pfn));
	}
	return 8 * (size_t)t->pages;
}

static uint16_t get(const struct transfer *t)
{
	struct {
		struct hv_input_vp_state h;
		uint8_t list[8 * STATE_MAX_PAGES];
	} in;
	size_t var = fill_header(t, &in.h, in.list);

	return whv_call(t->p, HVCALL_GET_VP_STATE, (uint32_t)(var / 8), &in, sizeof(in.h) + var,
			t->pages ? NULL : t->buffer, t->pages ? 0 : t->size);
}

static uint16_t set(const struct transfer *t)
{
	struct {
		struct hv_input_vp_state h;
		uint8_t list[sizeof(struct hv_synthetic_timers_state)];
	} in;
	size_t var = fill_header(t, &in.h, in.list);

	_Static_assert(sizeof(in.list) % 8 == 0 && sizeof(in.list) >= 8 * STATE_MAX_PAGES, "fits");
	if (!t->pages) {
		var = t->size; /* inline: the timers alone */
		memcpy(in.list, t->buffer, var);
	}
	return whv_call(t->p, HVCALL_SET_VP_STATE, (uint32_t)(var / 8), &in, sizeof(in.h) + var,
			NULL, 0);
}

static HRESULT get_cr8(const struct transfer *t, uint8_t *cr8)
{
	uint32_t name = HV_X64_REGISTER_CR8;
	union hv_register_value v;
	uint16_t status = whv_get_hv_registers(t->p, t->vp, &name, 1, &v);

	*cr8 = status == HV_STATUS_SUCCESS ? v.reg8 & 0xf : 0;
	return whv_status(status);
}

static HRESULT set_cr8(const struct transfer *t, uint8_t cr8)
{
	union hv_register_value v = { .low_high = { cr8, 0 } };
	uint32_t name = HV_X64_REGISTER_CR8;

	return whv_status(whv_set_hv_registers(t->p, t->vp, &name, 1, &v));
}

static HRESULT open_buffer(struct transfer *t)
{
	uint32_t n = t->pages ? t->pages : 1;

	t->buffer = whv_transport->alloc_pages(whv_transport->ctx, n, &t->pfn);
	return t->buffer ? S_OK : E_OUTOFMEMORY;
}

static void close_buffer(struct transfer *t)
{
	whv_transport->free_pages(whv_transport->ctx, t->buffer, t->pages ? t->pages : 1);
}

/* out_size: what of the caller's form is wanted, at most t->size */
static HRESULT get_state(struct transfer *t, VOID *out, uint32_t out_size)
{
	HRESULT hr = open_buffer(t);
	uint8_t cr8;

	if (FAILED(hr))
		return hr;
	hr = whv_status(get(t));
	if (SUCCEEDED(hr) && t->hv_type == HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER) {
		struct hv_local_interrupt_controller_state s;

		memcpy(&s, t->buffer, sizeof(s));
		hr = get_cr8(t, &cr8);
		whv_apic_to_page(&s, cr8, t->buffer);
	}
	if (SUCCEEDED(hr))
		memcpy(out, t->buffer, out_size);
	close_buffer(t);
	return hr;
}

static HRESULT set_state(struct transfer *t, const VOID *data, uint32_t size)
{
	struct hv_local_interrupt_controller_state s;
	HRESULT hr = open_buffer(t);
	uint8_t cr8 = 0;

	if (FAILED(hr))
		return hr;
	memcpy(t->buffer, data, size);
	if (t->hv_type == HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER) {
		whv_apic_from_page(t->buffer, &s, &cr8);
		memset(t->buffer, 0, HV_PAGE_SIZE);
		memcpy(t->buffer, &s, sizeof(s));
	}
	hr = whv_status(set(t));
	/* The hypervisor's form has no TPR. */
	if (SUCCEEDED(hr) && t->hv_type == HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER)
		hr = set_cr8(t, cr8);
	close_buffer(t);
	return hr;
}

HRESULT WINAPI WHvGetVirtualProcessorState(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
					   WHV_VIRTUAL_PROCESSOR_STATE_TYPE StateType, VOID *Buffer,
					   UINT32 BufferSizeInBytes, UINT32 *BytesWritten)
{
	struct transfer t = { .vp = VpIndex };
	struct whv_partition *p;
	HRESULT hr;

	if (VpIndex == WHV_ANY_VP) /* none of the x64 types is the partition's */
		return WHV_E_VP_DOES_NOT_EXIST;
	hr = whv_enter(Partition, VpIndex, &p);
	if (FAILED(hr))
		return hr;
	t.p = p;
	hr = find_row(p, (uint32_t)StateType, &t);
	if (SUCCEEDED(hr)) {
		if (BytesWritten)
			*BytesWritten = t.size;
		if (BufferSizeInBytes < t.size)
			hr = WHV_E_INSUFFICIENT_BUFFER;
		else
			hr = Buffer ? get_state(&t, Buffer, t.size) : E_POINTER;
	}
	whv_put(p);
	return hr;
}

HRESULT WINAPI WHvSetVirtualProcessorState(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
					   WHV_VIRTUAL_PROCESSOR_STATE_TYPE StateType,
					   const VOID *Buffer, UINT32 BufferSizeInBytes)
{
	struct transfer t = { .vp = VpIndex };
	struct whv_partition *p;
	HRESULT hr;

	if (VpIndex == WHV_ANY_VP)
		return WHV_E_VP_DOES_NOT_EXIST;
	hr = whv_enter(Partition, VpIndex, &p);
	if (FAILED(hr))
		return hr;
	t.p = p;
	hr = find_row(p, (uint32_t)StateType, &t);
	if (SUCCEEDED(hr) && BufferSizeInBytes != t.size)
		hr = E_INVALIDARG;
	if (SUCCEEDED(hr))
		hr = Buffer ? set_state(&t, Buffer, t.size) : E_POINTER;
	whv_put(p);
	return hr;
}

/* ---- the older calls ---- */

/* size: of the form of the page that this call has */
static HRESULT get_apic(WHV_PARTITION_HANDLE handle, UINT32 vp, uint32_t size, VOID *state,
			UINT32 state_size, UINT32 *written)
{
	struct transfer t = { .vp = vp };
	struct whv_partition *p;
	HRESULT hr;

	if (vp == WHV_ANY_VP)
		return WHV_E_VP_DOES_NOT_EXIST;
	hr = whv_enter(handle, vp, &p);
	if (FAILED(hr))
		return hr;
	t.p = p;
	hr = find_row(p, WHvVirtualProcessorStateTypeInterruptControllerState2, &t);
	if (hr == E_INVALIDARG) /* no local APIC emulation */
		hr = WHV_E_INVALID_VP_STATE;
	if (SUCCEEDED(hr)) {
		if (written)
			*written = size;
		if (state_size < size)
			hr = WHV_E_INSUFFICIENT_BUFFER;
		else
			hr = state ? get_state(&t, state, size) : E_POINTER;
	}
	/* The first form has no processor priority. */
	if (SUCCEEDED(hr) && size == WHV_APIC_LEGACY_SIZE)
		memset((uint8_t *)state + 0xa0, 0, 4);
	whv_put(p);
	return hr;
}

static HRESULT set_apic(WHV_PARTITION_HANDLE handle, UINT32 vp, uint32_t size, const VOID *state,
			UINT32 state_size)
{
	struct transfer t = { .vp = vp };
	struct whv_partition *p;
	HRESULT hr;

	if (vp == WHV_ANY_VP)
		return WHV_E_VP_DOES_NOT_EXIST;
	hr = whv_enter(handle, vp, &p);
	if (FAILED(hr))
		return hr;
	t.p = p;
	hr = find_row(p, WHvVirtualProcessorStateTypeInterruptControllerState2, &t);
	if (hr == E_INVALIDARG)
		hr = WHV_E_INVALID_VP_STATE;
	if (SUCCEEDED(hr))
		hr = state && state_size >= size ? set_state(&t, state, size) : E_POINTER;
	whv_put(p);
	return hr;
}

HRESULT WINAPI WHvGetVirtualProcessorInterruptControllerState(WHV_PARTITION_HANDLE Partition,
							      UINT32 VpIndex, VOID *State,
							      UINT32 StateSize, UINT32 *WrittenSize)
{
	return get_apic(Partition, VpIndex, WHV_APIC_LEGACY_SIZE, State, StateSize, WrittenSize);
}

HRESULT WINAPI WHvSetVirtualProcessorInterruptControllerState(WHV_PARTITION_HANDLE Partition,
							      UINT32 VpIndex, const VOID *State,
							      UINT32 StateSize)
{
	return set_apic(Partition, VpIndex, WHV_APIC_LEGACY_SIZE, State, StateSize);
}

HRESULT WINAPI WHvGetVirtualProcessorInterruptControllerState2(WHV_PARTITION_HANDLE Partition,
							       UINT32 VpIndex, VOID *State,
							       UINT32 StateSize,
							       UINT32 *WrittenSize)
{
	return get_apic(Partition, VpIndex, WHV_APIC_PAGE_SIZE, State, StateSize, WrittenSize);
}

HRESULT WINAPI WHvSetVirtualProcessorInterruptControllerState2(WHV_PARTITION_HANDLE Partition,
							       UINT32 VpIndex, const VOID *State,
							       UINT32 StateSize)
{
	return set_apic(Partition, VpIndex, WHV_APIC_PAGE_SIZE, State, StateSize);
}

HRESULT WINAPI WHvGetVirtualProcessorXsaveState(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
						VOID *Buffer, UINT32 BufferSizeInBytes,
						UINT32 *BytesWritten)
{
	return WHvGetVirtualProcessorState(Partition, VpIndex,
					   WHvVirtualProcessorStateTypeXsaveState, Buffer,
					   BufferSizeInBytes, BytesWritten);
}

HRESULT WINAPI WHvSetVirtualProcessorXsaveState(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
						const VOID *Buffer, UINT32 BufferSizeInBytes)
{
	return WHvSetVirtualProcessorState(Partition, VpIndex,
					   WHvVirtualProcessorStateTypeXsaveState, Buffer,
					   BufferSizeInBytes);
}
