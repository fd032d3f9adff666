/* SPDX-License-Identifier: MIT */
/* Get and set virtual processor state. The types are the architecture's. */
#include <string.h>

#include "hvapi/whv/internal.h"

static size_t fill_header(const struct whv_state *t, struct hv_input_vp_state *in, uint8_t *list)
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

static uint16_t get(const struct whv_state *t)
{
	struct {
		struct hv_input_vp_state h;
		uint8_t list[8 * WHV_STATE_MAX_PAGES];
	} in;
	size_t var = fill_header(t, &in.h, in.list);

	return whv_call(t->p, HVCALL_GET_VP_STATE, (uint32_t)(var / 8), &in, sizeof(in.h) + var,
			t->pages ? NULL : t->buffer, t->pages ? 0 : t->size);
}

static uint16_t set(const struct whv_state *t)
{
	struct {
		struct hv_input_vp_state h;
		uint8_t list[sizeof(struct hv_synthetic_timers_state)];
	} in;
	size_t var = fill_header(t, &in.h, in.list);

	_Static_assert(sizeof(in.list) % 8 == 0 && sizeof(in.list) >= 8 * WHV_STATE_MAX_PAGES,
		       "fits");
	if (!t->pages) {
		var = t->size; /* inline: the timers alone */
		memcpy(in.list, t->buffer, var);
	}
	return whv_call(t->p, HVCALL_SET_VP_STATE, (uint32_t)(var / 8), &in, sizeof(in.h) + var,
			NULL, 0);
}

static HRESULT open_buffer(struct whv_state *t)
{
	uint32_t n = t->pages ? t->pages : 1;

	t->buffer = whv_transport->alloc_pages(whv_transport->ctx, n, &t->pfn);
	return t->buffer ? S_OK : E_OUTOFMEMORY;
}

static void close_buffer(struct whv_state *t)
{
	whv_transport->free_pages(whv_transport->ctx, t->buffer, t->pages ? t->pages : 1);
}

/* out_size: what of the caller's form is wanted, at most t->size */
HRESULT whv_state_get(struct whv_state *t, VOID *out, uint32_t out_size)
{
	HRESULT hr = open_buffer(t);

	if (FAILED(hr))
		return hr;
	hr = whv_status(get(t));
	if (SUCCEEDED(hr))
		hr = whv_arch_state_out(t);
	if (SUCCEEDED(hr))
		memcpy(out, t->buffer, out_size);
	close_buffer(t);
	return hr;
}

HRESULT whv_state_set(struct whv_state *t, const VOID *data, uint32_t size)
{
	HRESULT hr = open_buffer(t);
	uint8_t beside = 0;

	if (FAILED(hr))
		return hr;
	memcpy(t->buffer, data, size);
	whv_arch_state_in(t, &beside);
	hr = whv_status(set(t));
	if (SUCCEEDED(hr))
		hr = whv_arch_state_done(t, beside);
	close_buffer(t);
	return hr;
}

HRESULT WINAPI WHvGetVirtualProcessorState(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
					   WHV_VIRTUAL_PROCESSOR_STATE_TYPE StateType, VOID *Buffer,
					   UINT32 BufferSizeInBytes, UINT32 *BytesWritten)
{
	struct whv_state t = { .vp = VpIndex };
	struct whv_partition *p;
	HRESULT hr;

	hr = whv_enter(Partition, VpIndex, &p);
	if (FAILED(hr))
		return hr;
	t.p = p;
	hr = whv_arch_state(p, (uint32_t)StateType, &t);
	if (SUCCEEDED(hr)) {
		if (BytesWritten)
			*BytesWritten = t.size;
		if (BufferSizeInBytes < t.size)
			hr = WHV_E_INSUFFICIENT_BUFFER;
		else
			hr = Buffer ? whv_state_get(&t, Buffer, t.size) : E_POINTER;
	}
	whv_put(p);
	return hr;
}

HRESULT WINAPI WHvSetVirtualProcessorState(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
					   WHV_VIRTUAL_PROCESSOR_STATE_TYPE StateType,
					   const VOID *Buffer, UINT32 BufferSizeInBytes)
{
	struct whv_state t = { .vp = VpIndex };
	struct whv_partition *p;
	HRESULT hr;

	hr = whv_enter(Partition, VpIndex, &p);
	if (FAILED(hr))
		return hr;
	t.p = p;
	hr = whv_arch_state(p, (uint32_t)StateType, &t);
	if (SUCCEEDED(hr) && BufferSizeInBytes != t.size)
		hr = E_INVALIDARG;
	if (SUCCEEDED(hr))
		hr = Buffer ? whv_state_set(&t, Buffer, t.size) : E_POINTER;
	whv_put(p);
	return hr;
}
