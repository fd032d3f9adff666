/* SPDX-License-Identifier: MIT */
/* State types of x64, and the older calls for two of them. */
#include <string.h>

#include "hvapi/whv/internal.h"

#define XFEM_LEGACY 3ull /* x87 and SSE are always there */

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

/* A type that this partition's processors do not have is as unknown as one without a row. */
HRESULT whv_arch_state(const struct whv_partition *p, uint32_t type, struct whv_state *t)
{
	const struct state_row *r = NULL;
	uint64_t size, mask;
	uint16_t status;

	if (t->vp == WHV_ANY_VP) /* none of the x64 types is the partition's */
		return WHV_E_VP_DOES_NOT_EXIST;
	for (size_t i = 0; i < WHV_ARRAY_LEN(rows); i++)
		if (rows[i].type == type)
			r = &rows[i];
	if (!r ||
	    (type == WHvVirtualProcessorStateTypeInterruptControllerState2 &&
	     p->prop.arch.apic_mode == WHvX64LocalApicEmulationModeNone) ||
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
	if (!size || size > WHV_STATE_MAX_PAGES * HV_PAGE_SIZE)
		return WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG;
	t->size = (uint32_t)size;
	t->pages = (t->size + HV_PAGE_SIZE - 1) / HV_PAGE_SIZE;
	t->xfem = mask | XFEM_LEGACY;
	return S_OK;
}

static HRESULT get_cr8(const struct whv_state *t, uint8_t *cr8)
{
	uint32_t name = HV_X64_REGISTER_CR8;
	union hv_register_value v;
	uint16_t status = whv_get_hv_registers(t->p, t->vp, &name, 1, &v);

	*cr8 = status == HV_STATUS_SUCCESS ? v.reg8 & 0xf : 0;
	return whv_status(status);
}

static HRESULT set_cr8(const struct whv_state *t, uint8_t cr8)
{
	union hv_register_value v = { .low_high = { cr8, 0 } };
	uint32_t name = HV_X64_REGISTER_CR8;

	return whv_status(whv_set_hv_registers(t->p, t->vp, &name, 1, &v));
}

HRESULT whv_arch_state_out(struct whv_state *t)
{
	struct hv_local_interrupt_controller_state s;
	uint8_t cr8;
	HRESULT hr;

	if (t->hv_type != HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER)
		return S_OK;
	memcpy(&s, t->buffer, sizeof(s));
	hr = get_cr8(t, &cr8);
	whv_apic_to_page(&s, cr8, t->buffer);
	return hr;
}

/* beside: CR8, as the hypervisor's form has no TPR */
void whv_arch_state_in(struct whv_state *t, uint8_t *beside)
{
	struct hv_local_interrupt_controller_state s;

	if (t->hv_type != HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER)
		return;
	whv_apic_from_page(t->buffer, &s, beside);
	memset(t->buffer, 0, HV_PAGE_SIZE);
	memcpy(t->buffer, &s, sizeof(s));
}

HRESULT whv_arch_state_done(struct whv_state *t, uint8_t beside)
{
	return t->hv_type == HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER ? set_cr8(t, beside) : S_OK;
}

/* ---- the older calls ---- */

/* size: of the form of the page that this call has */
static HRESULT get_apic(WHV_PARTITION_HANDLE handle, UINT32 vp, uint32_t size, VOID *state,
			UINT32 state_size, UINT32 *written)
{
	struct whv_state t = { .vp = vp };
	struct whv_partition *p;
	HRESULT hr;

	hr = whv_enter(handle, vp, &p);
	if (FAILED(hr))
		return hr;
	t.p = p;
	hr = whv_arch_state(p, WHvVirtualProcessorStateTypeInterruptControllerState2, &t);
	if (hr == E_INVALIDARG) /* no local APIC emulation */
		hr = WHV_E_INVALID_VP_STATE;
	if (SUCCEEDED(hr)) {
		if (written)
			*written = size;
		if (state_size < size)
			hr = WHV_E_INSUFFICIENT_BUFFER;
		else
			hr = state ? whv_state_get(&t, state, size) : E_POINTER;
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
	struct whv_state t = { .vp = vp };
	struct whv_partition *p;
	HRESULT hr;

	hr = whv_enter(handle, vp, &p);
	if (FAILED(hr))
		return hr;
	t.p = p;
	hr = whv_arch_state(p, WHvVirtualProcessorStateTypeInterruptControllerState2, &t);
	if (hr == E_INVALIDARG)
		hr = WHV_E_INVALID_VP_STATE;
	if (SUCCEEDED(hr))
		hr = state && state_size >= size ? whv_state_set(&t, state, size) : E_POINTER;
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
