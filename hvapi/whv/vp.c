/* SPDX-License-Identifier: MIT */
/* Virtual processors: life, running, canceling. */
#include <string.h>

#include "hvapi/whv/internal.h"

/* What a caller of WHvRunVirtualProcessor must at least have room for. */
#define EXIT_CONTEXT_MIN offsetof(WHV_RUN_VP_EXIT_CONTEXT, MemoryAccess)

static uint16_t state_page(const struct whv_partition *p, UINT32 index, uint16_t code,
			   uint64_t *pfn)
{
	struct hv_input_vp_state_page in = {
		.partition_id = p->id,
		.vp_index = index,
		.type = HV_VP_STATE_PAGE_INTERCEPT_MESSAGE,
	};

	return whv_call(p, code, 0, &in, sizeof(in), pfn, pfn ? sizeof(*pfn) : 0);
}

static uint16_t delete_vp(const struct whv_partition *p, UINT32 index)
{
	struct hv_input_vp in = { .partition_id = p->id, .vp_index = index };

	return whv_call(p, HVCALL_DELETE_VP, 0, &in, sizeof(in), NULL, 0);
}

static HRESULT map_message_page(struct whv_partition *p, UINT32 index)
{
	uint64_t pfn = WHV_NO_PFN;
	uint16_t status = state_page(p, index, HVCALL_MAP_VP_STATE_PAGE, &pfn);

	if (status != HV_STATUS_SUCCESS)
		return whv_status(status);
	p->vps[index].msg = whv_transport->va_of(whv_transport->ctx, pfn);
	if (p->vps[index].msg)
		return S_OK;
	(void)state_page(p, index, HVCALL_UNMAP_VP_STATE_PAGE, NULL);
	return E_UNEXPECTED;
}

static HRESULT unmap_message_page(struct whv_partition *p, UINT32 index)
{
	uint16_t status = HV_STATUS_SUCCESS;

	if (p->vps[index].msg)
		status = state_page(p, index, HVCALL_UNMAP_VP_STATE_PAGE, NULL);
	if (status == HV_STATUS_SUCCESS)
		p->vps[index].msg = NULL;
	return whv_status(status);
}

/* The processor in the hypervisor, with its message page; nothing of it stays on failure. */
HRESULT whv_vp_start(struct whv_partition *p, UINT32 index)
{
	struct hv_input_create_vp in = { .partition_id = p->id, .vp_index = index };
	uint16_t status = whv_call(p, HVCALL_CREATE_VP, 0, &in, sizeof(in), NULL, 0);
	HRESULT hr;

	if (status != HV_STATUS_SUCCESS)
		return whv_status(status);
	hr = map_message_page(p, index);
	if (SUCCEEDED(hr))
		hr = whv_arch_vp_start(p, index);
	if (FAILED(hr)) {
		(void)unmap_message_page(p, index);
		(void)delete_vp(p, index);
	}
	return hr;
}

/* A refused deletion leaves the processor as it was. */
HRESULT whv_vp_stop(struct whv_partition *p, UINT32 index)
{
	HRESULT hr = unmap_message_page(p, index);

	if (FAILED(hr))
		return hr;
	hr = whv_status(delete_vp(p, index));
	if (FAILED(hr))
		(void)map_message_page(p, index);
	return hr;
}

bool whv_any_running(const struct whv_partition *p)
{
	for (uint32_t i = 0; i < WHV_MAX_VPS; i++)
		if (__atomic_load_n(&p->vps[i].running, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

void whv_wake_all(const struct whv_partition *p)
{
	for (uint32_t i = 0; i < WHV_MAX_VPS; i++)
		if (__atomic_load_n(&p->vps[i].running, __ATOMIC_SEQ_CST))
			whv_transport->wake(whv_transport->ctx,
					    __atomic_load_n(&p->vps[i].cpu, __ATOMIC_SEQ_CST));
}

HRESULT WINAPI WHvCreateVirtualProcessor(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
					 UINT32 Flags)
{
	struct whv_partition *p;
	HRESULT hr = whv_enter(Partition, WHV_ANY_VP, &p);

	if (FAILED(hr))
		return hr;
	whv_lock();
	if (Flags || VpIndex >= p->prop.processor_count)
		hr = E_INVALIDARG;
	else if (p->vps[VpIndex].exists)
		hr = WHV_E_VP_ALREADY_EXISTS;
	else
		hr = whv_vp_start(p, VpIndex);
	if (SUCCEEDED(hr)) {
		p->vps[VpIndex].cancel = 0;
		p->vps[VpIndex].clear_intercept = false;
		p->vps[VpIndex].exists = true;
	}
	whv_unlock();
	whv_put(p);
	return hr;
}

/* The one property there is, the NUMA node, is a wish: every node is as good. */
HRESULT WINAPI WHvCreateVirtualProcessor2(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
					  const WHV_VIRTUAL_PROCESSOR_PROPERTY *Properties,
					  UINT32 PropertyCount)
{
	if (PropertyCount && !Properties)
		return E_POINTER;
	for (UINT32 i = 0; i < PropertyCount; i++)
		if (Properties[i].PropertyCode != WHvVirtualProcessorPropertyCodeNumaNode ||
		    Properties[i].Reserved)
			return E_INVALIDARG;
	return WHvCreateVirtualProcessor(Partition, VpIndex, 0);
}

HRESULT WINAPI WHvDeleteVirtualProcessor(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex)
{
	struct whv_partition *p;
	HRESULT hr;

	hr = whv_enter_vp(Partition, VpIndex, &p);
	if (FAILED(hr))
		return hr;
	whv_lock();
	if (!p->vps[VpIndex].exists) /* deleted since */
		hr = WHV_E_VP_DOES_NOT_EXIST;
	else if (__atomic_load_n(&p->vps[VpIndex].running, __ATOMIC_SEQ_CST))
		hr = WHV_E_INVALID_VP_STATE;
	else
		hr = whv_vp_stop(p, VpIndex);
	if (SUCCEEDED(hr))
		p->vps[VpIndex].exists = false;
	whv_unlock();
	whv_put(p);
	return hr;
}

static uint16_t dispatch(const struct whv_partition *p, UINT32 index, bool clear,
			 struct hv_output_dispatch_vp *out)
{
	struct hv_input_dispatch_vp in = {
		.partition_id = p->id,
		.vp_index = index,
		.flags = clear ? HV_DISPATCH_VP_FLAG_CLEAR_INTERCEPT_SUSPEND : 0,
	};

	out->dispatch_state = HV_VP_DISPATCH_STATE_INVALID;
	out->dispatch_event = HV_VP_DISPATCH_EVENT_INVALID;
	return whv_call(p, HVCALL_DISPATCH_VP, 0, &in, sizeof(in), out, sizeof(*out));
}

/* A VP that begins suspended, or was left so by a restored register, is let go once. */
static uint16_t resume(const struct whv_partition *p, UINT32 index)
{
	static const uint32_t names[] = { HV_REGISTER_INTERCEPT_SUSPEND,
					  HV_REGISTER_EXPLICIT_SUSPEND };
	static const union hv_register_value zero[WHV_ARRAY_LEN(names)];

	return whv_set_hv_registers(p, index, names, WHV_ARRAY_LEN(names), zero);
}

static HRESULT run(struct whv_partition *p, UINT32 index, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	struct whv_vp *vp = &p->vps[index];
	struct hv_output_dispatch_vp out;
	bool resumed = false;
	uint16_t status;

	for (;;) {
		__atomic_store_n(&vp->cpu, whv_transport->cpu(whv_transport->ctx),
				 __ATOMIC_SEQ_CST);
		if (__atomic_exchange_n(&vp->cancel, 0, __ATOMIC_SEQ_CST)) {
			memset(c, 0, sizeof(*c));
			c->ExitReason = WHvRunVpExitReasonCanceled;
			c->CancelReason.CancelReason = WHvRunVpCancelReasonUser;
			return S_OK;
		}
		status = dispatch(p, index, vp->clear_intercept, &out);
		if (status != HV_STATUS_SUCCESS)
			return whv_status(status);
		vp->clear_intercept = false;
		if (out.dispatch_event == HV_VP_DISPATCH_EVENT_INTERCEPT) {
			vp->clear_intercept = true;
			return vp->msg && whv_exit_from_message(p, index, vp->msg, c)
				       ? S_OK
				       : E_UNEXPECTED;
		}
		if (out.dispatch_event == HV_VP_DISPATCH_EVENT_SUSPEND) {
			if (resumed)
				return WHV_E_INVALID_VP_STATE;
			resumed = true;
			status = resume(p, index);
			if (status != HV_STATUS_SUCCESS)
				return whv_status(status);
			continue;
		}
		resumed = false;
		if (out.dispatch_state == HV_VP_DISPATCH_STATE_BLOCKED)
			whv_transport->yield(whv_transport->ctx);
	}
}

HRESULT WINAPI WHvRunVirtualProcessor(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
				      VOID *ExitContext, UINT32 ExitContextSizeInBytes)
{
	WHV_RUN_VP_EXIT_CONTEXT c;
	struct whv_partition *p;
	uint32_t idle = 0;
	HRESULT hr;

	if (!ExitContext)
		return E_POINTER;
	if (ExitContextSizeInBytes < EXIT_CONTEXT_MIN)
		return E_INVALIDARG;
	hr = whv_enter_vp(Partition, VpIndex, &p);
	if (FAILED(hr))
		return hr;
	/* Deleting looks at `running` under the lock. */
	whv_lock();
	if (!p->vps[VpIndex].exists)
		hr = WHV_E_VP_DOES_NOT_EXIST;
	else if (!__atomic_compare_exchange_n(&p->vps[VpIndex].running, &idle, 1, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		hr = WHV_E_INVALID_VP_STATE;
	whv_unlock();
	if (SUCCEEDED(hr)) {
		hr = run(p, VpIndex, &c);
		__atomic_store_n(&p->vps[VpIndex].running, 0, __ATOMIC_SEQ_CST);
	}
	/* Callers built with an older header have less room. */
	if (SUCCEEDED(hr))
		memcpy(ExitContext, &c,
		       ExitContextSizeInBytes < sizeof(c) ? ExitContextSizeInBytes : sizeof(c));
	whv_put(p);
	return hr;
}

HRESULT WINAPI WHvCancelRunVirtualProcessor(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
					    UINT32 Flags)
{
	struct whv_partition *p;
	struct whv_vp *vp;
	HRESULT hr;

	if (Flags)
		return E_INVALIDARG;
	hr = whv_enter_vp(Partition, VpIndex, &p);
	if (FAILED(hr))
		return hr;
	vp = &p->vps[VpIndex];
	__atomic_store_n(&vp->cancel, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&vp->running, __ATOMIC_SEQ_CST))
		whv_transport->wake(whv_transport->ctx,
				    __atomic_load_n(&vp->cpu, __ATOMIC_SEQ_CST));
	whv_put(p);
	return S_OK;
}
