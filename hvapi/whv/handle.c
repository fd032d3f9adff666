/* SPDX-License-Identifier: MIT */
/*
 * Partition handles. A handle is a slot and a generation, not an address: a stale one finds
 * nothing.
 */
#include <string.h>

#include "hvapi/whv/internal.h"

const struct whv_transport *whv_transport;

static struct {
	struct whv_partition *p;
	uint32_t generation;
} slots[WHV_MAX_PARTITIONS];

#define OBJECT_PAGES ((sizeof(struct whv_partition) + HV_PAGE_SIZE - 1) / HV_PAGE_SIZE)
#define SLOT_BITS    8

void whv_set_transport(const struct whv_transport *t)
{
	whv_transport = t;
}

void whv_lock(void)
{
	whv_transport->lock(whv_transport->ctx);
}

void whv_unlock(void)
{
	whv_transport->unlock(whv_transport->ctx);
}

static int find_slot(WHV_PARTITION_HANDLE handle)
{
	uintptr_t h = (uintptr_t)handle;
	uintptr_t slot = (h & ((1u << SLOT_BITS) - 1)) - 1;

	if (slot >= WHV_MAX_PARTITIONS || !slots[slot].p ||
	    h >> SLOT_BITS != slots[slot].generation)
		return -1;
	return (int)slot;
}

struct whv_partition *whv_new(WHV_PARTITION_HANDLE *handle)
{
	struct whv_partition *p;
	uint64_t pfn;
	uint32_t i;

	p = whv_transport->alloc_pages(whv_transport->ctx, OBJECT_PAGES, &pfn);
	if (!p)
		return NULL;
	memset(p, 0, sizeof(*p));
	whv_lock();
	for (i = 0; i < WHV_MAX_PARTITIONS && slots[i].p; i++)
		;
	if (i < WHV_MAX_PARTITIONS) {
		slots[i].p = p;
		slots[i].generation++;
		*handle = (WHV_PARTITION_HANDLE)((uintptr_t)slots[i].generation << SLOT_BITS |
						 (i + 1));
	}
	whv_unlock();
	if (i < WHV_MAX_PARTITIONS)
		/* pages of the transport's; cppcheck takes them for the local pfn */
		return p; /* cppcheck-suppress returnDanglingLifetime */
	whv_free(p);
	return NULL;
}

void whv_free(struct whv_partition *p)
{
	whv_transport->free_pages(whv_transport->ctx, p, OBJECT_PAGES);
}

struct whv_partition *whv_get(WHV_PARTITION_HANDLE handle)
{
	struct whv_partition *p = NULL;
	int slot;

	whv_lock();
	slot = find_slot(handle);
	if (slot >= 0) {
		p = slots[slot].p;
		p->users++;
	}
	whv_unlock();
	return p;
}

void whv_put(struct whv_partition *p)
{
	whv_lock();
	p->users--;
	whv_unlock();
}

void whv_retire(WHV_PARTITION_HANDLE handle)
{
	int slot = find_slot(handle);

	if (slot >= 0)
		slots[slot].p = NULL;
}

HRESULT whv_enter(WHV_PARTITION_HANDLE handle, UINT32 vp_index, struct whv_partition **p)
{
	HRESULT hr = S_OK;

	if (!whv_transport)
		return WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG;
	*p = whv_get(handle);
	if (!*p)
		return E_INVALIDARG;
	if (!(*p)->set_up)
		hr = WHV_E_INVALID_PARTITION_CONFIG;
	else if (vp_index != WHV_ANY_VP && (vp_index >= WHV_MAX_VPS || !(*p)->vps[vp_index].exists))
		hr = WHV_E_VP_DOES_NOT_EXIST;
	if (FAILED(hr)) {
		whv_put(*p);
		*p = NULL;
	}
	return hr;
}

HRESULT whv_enter_vp(WHV_PARTITION_HANDLE handle, UINT32 vp_index, struct whv_partition **p)
{
	return vp_index == WHV_ANY_VP ? WHV_E_VP_DOES_NOT_EXIST : whv_enter(handle, vp_index, p);
}
