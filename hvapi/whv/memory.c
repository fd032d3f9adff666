/* SPDX-License-Identifier: MIT */
/* Guest memory: mapping by page numbers, small reads and writes, translation. */
#include <string.h>

#include "hvapi/whv/internal.h"

#define BATCH 256u /* list entries a call */
#define SHIFT HV_PAGE_SHIFT

/* ---- which ranges are mapped: so that unmapping what is not can be told ---- */

static void range_remove_at(struct whv_partition *p, uint32_t i)
{
	memmove(&p->ranges[i], &p->ranges[i + 1], sizeof(p->ranges[0]) * (--p->range_count - i));
}

/* Room for the two that an add or a removal may need at most. */
static bool range_room(const struct whv_partition *p)
{
	return p->range_count + 1 <= WHV_MAX_RANGES - 1;
}

static void range_add(struct whv_partition *p, uint64_t first, uint64_t count)
{
	uint64_t end = first + count;
	uint32_t i = 0;

	while (i < p->range_count && p->ranges[i].first + p->ranges[i].count < first)
		i++;
	while (i < p->range_count && p->ranges[i].first <= end) {
		struct whv_range r = p->ranges[i];

		if (r.first < first)
			first = r.first;
		if (r.first + r.count > end)
			end = r.first + r.count;
		range_remove_at(p, i);
	}
	memmove(&p->ranges[i + 1], &p->ranges[i], sizeof(p->ranges[0]) * (p->range_count++ - i));
	p->ranges[i] = (struct whv_range){ first, end - first };
}

static bool range_covers(const struct whv_partition *p, uint64_t first, uint64_t count)
{
	for (uint32_t i = 0; i < p->range_count; i++)
		if (p->ranges[i].first <= first &&
		    p->ranges[i].first + p->ranges[i].count >= first + count)
			return true;
	return false;
}

static void range_sub(struct whv_partition *p, uint64_t first, uint64_t count)
{
	uint64_t end = first + count;

	for (uint32_t i = 0; i < p->range_count;) {
		struct whv_range r = p->ranges[i];

		if (r.first >= end || r.first + r.count <= first) {
			i++;
			continue;
		}
		range_remove_at(p, i);
		if (r.first < first)
			range_add(p, r.first, first - r.first);
		if (r.first + r.count > end)
			range_add(p, end, r.first + r.count - end);
		i = 0;
	}
}

/* ---- mapping ---- */

/* Aligned, not empty, not past the end of the address space */
static bool range_valid(uint64_t gpa, uint64_t size)
{
	return !((gpa | size) & (HV_PAGE_SIZE - 1)) && size && gpa + size - 1 >= gpa;
}

static bool flags_to_hv(uint32_t flags, uint32_t *hv)
{
	if (flags & ~(uint32_t)(WHvMapGpaRangeFlagRead | WHvMapGpaRangeFlagWrite |
				WHvMapGpaRangeFlagExecute))
		return false;
	/* Write or execute without read is nothing the hardware has. */
	if (flags && !(flags & WHvMapGpaRangeFlagRead))
		return false;
	*hv = flags & WHvMapGpaRangeFlagRead ? HV_MAP_GPA_READABLE : HV_MAP_GPA_NO_ACCESS;
	if (flags & WHvMapGpaRangeFlagWrite)
		*hv |= HV_MAP_GPA_WRITABLE;
	if (flags & WHvMapGpaRangeFlagExecute)
		*hv |= HV_MAP_GPA_EXECUTABLE;
	return true;
}

static uint16_t unmap_pages(const struct whv_partition *p, uint64_t gfn, uint64_t count)
{
	struct hv_input_unmap_gpa_pages in = { .partition_id = p->id };
	uint16_t status;
	uint32_t done;

	while (count) {
		bool large = !(gfn & (HV_LARGE_PAGE_PAGES - 1)) && count >= HV_LARGE_PAGE_PAGES;
		uint64_t step = large ? HV_LARGE_PAGE_PAGES : 1;
		/* Small pages go on to the next place where large ones can begin. */
		uint64_t span = large ? count / step
				      : HV_LARGE_PAGE_PAGES - (gfn & (HV_LARGE_PAGE_PAGES - 1));
		uint32_t n;

		if (!large && span > count)
			span = count;
		n = (uint32_t)(span > HV_HYPERCALL_REP_MAX ? HV_HYPERCALL_REP_MAX : span);
		in.target_gpa_base = gfn;
		in.unmap_flags = large ? HV_UNMAP_GPA_LARGE_PAGE : 0;
		status =
			whv_rep_call(p, HVCALL_UNMAP_GPA_PAGES, n, &in, sizeof(in), NULL, 0, &done);
		if (status != HV_STATUS_SUCCESS)
			return status;
		gfn += n * step;
		count -= n * step;
	}
	return HV_STATUS_SUCCESS;
}

/* Are the pages from va on the next 512, in one aligned block? */
static bool block_is_large(const uint8_t *va, uint64_t pfn)
{
	if (pfn & (HV_LARGE_PAGE_PAGES - 1))
		return false;
	for (uint64_t i = 1; i < HV_LARGE_PAGE_PAGES; i++)
		if (whv_transport->pfn_of(whv_transport->ctx, va + (i << SHIFT)) != pfn + i)
			return false;
	return true;
}

struct mapping {
	struct {
		struct hv_input_map_gpa_pages h;
		uint64_t list[BATCH];
	} in;
	const uint8_t *va; /* NULL: no access, nothing behind */
	uint64_t gfn, left;
	uint64_t mapped; /* pages done */
};

/* The next entries of one size; false: memory that is not the caller's. */
static bool gather(struct mapping *m, uint32_t flags, uint32_t *n, uint64_t *step)
{
	uint64_t gfn = m->gfn, left = m->left;
	const uint8_t *va = m->va;
	bool large = false;

	for (*n = 0; *n < BATCH && left; (*n)++) {
		uint64_t pfn = va ? whv_transport->pfn_of(whv_transport->ctx, va) : 0;
		bool fits;

		if (pfn == WHV_NO_PFN)
			return false;
		fits = !(gfn & (HV_LARGE_PAGE_PAGES - 1)) && left >= HV_LARGE_PAGE_PAGES &&
		       (!va || block_is_large(va, pfn));
		if (*n && fits != large)
			break;
		large = fits;
		*step = large ? HV_LARGE_PAGE_PAGES : 1;
		m->in.list[*n] = pfn;
		gfn += *step;
		left -= *step;
		if (va)
			va += *step << SHIFT;
	}
	m->in.h.target_gpa_base = m->gfn;
	m->in.h.map_flags = flags | (large ? HV_MAP_GPA_LARGE_PAGE : 0);
	return true;
}

static HRESULT map_pages(const struct whv_partition *p, struct mapping *m, uint32_t flags)
{
	uint32_t n, done;
	uint64_t step = 1;

	m->in.h = (struct hv_input_map_gpa_pages){ .partition_id = p->id };
	while (m->left) {
		uint16_t status;

		if (!gather(m, flags, &n, &step))
			return E_INVALIDARG;
		status = whv_rep_call(p, HVCALL_MAP_GPA_PAGES, n, &m->in,
				      sizeof(m->in.h) + 8 * (size_t)n, NULL, 0, &done);
		m->mapped += done * step;
		if (status != HV_STATUS_SUCCESS)
			return whv_status(status);
		m->gfn += n * step;
		m->left -= n * step;
		if (m->va)
			m->va += n * step << SHIFT;
	}
	return S_OK;
}

HRESULT WINAPI WHvMapGpaRange(WHV_PARTITION_HANDLE Partition, VOID *SourceAddress,
			      WHV_GUEST_PHYSICAL_ADDRESS GuestAddress, UINT64 SizeInBytes,
			      WHV_MAP_GPA_RANGE_FLAGS Flags)
{
	uint64_t gfn = GuestAddress >> SHIFT, count = SizeInBytes >> SHIFT;
	struct whv_partition *p;
	struct mapping m;
	uint32_t flags;
	HRESULT hr;

	if (!range_valid(GuestAddress, SizeInBytes) || !flags_to_hv((uint32_t)Flags, &flags) ||
	    (uintptr_t)SourceAddress & (HV_PAGE_SIZE - 1))
		return E_INVALIDARG;
	if (!SourceAddress)
		return E_POINTER;
	hr = whv_enter(Partition, WHV_ANY_VP, &p);
	if (FAILED(hr))
		return hr;
	whv_lock();
	m.va = flags & HV_MAP_GPA_NO_ACCESS ? NULL : SourceAddress;
	m.gfn = gfn;
	m.left = count;
	m.mapped = 0;
	hr = range_room(p) ? map_pages(p, &m, flags) : E_OUTOFMEMORY;
	/* What was there is gone where this came to; nothing half mapped stays. */
	if (FAILED(hr) && m.mapped) {
		(void)unmap_pages(p, gfn, m.mapped);
		range_sub(p, gfn, m.mapped);
	}
	if (SUCCEEDED(hr))
		range_add(p, gfn, count);
	whv_unlock();
	whv_put(p);
	return hr;
}

/* There is one process here: its pseudo handle (-1) or none. */
HRESULT WINAPI WHvMapGpaRange2(WHV_PARTITION_HANDLE Partition, HANDLE Process, VOID *SourceAddress,
			       WHV_GUEST_PHYSICAL_ADDRESS GuestAddress, UINT64 SizeInBytes,
			       WHV_MAP_GPA_RANGE_FLAGS Flags)
{
	if (Process && (uintptr_t)Process != UINTPTR_MAX)
		return E_INVALIDARG;
	return WHvMapGpaRange(Partition, SourceAddress, GuestAddress, SizeInBytes, Flags);
}

HRESULT WINAPI WHvUnmapGpaRange(WHV_PARTITION_HANDLE Partition,
				WHV_GUEST_PHYSICAL_ADDRESS GuestAddress, UINT64 SizeInBytes)
{
	uint64_t gfn = GuestAddress >> SHIFT, count = SizeInBytes >> SHIFT;
	struct whv_partition *p;
	HRESULT hr;

	if (!range_valid(GuestAddress, SizeInBytes))
		return E_INVALIDARG;
	hr = whv_enter(Partition, WHV_ANY_VP, &p);
	if (FAILED(hr))
		return hr;
	whv_lock();
	if (!range_covers(p, gfn, count))
		hr = WHV_E_GPA_RANGE_NOT_FOUND;
	else if (!range_room(p))
		hr = E_OUTOFMEMORY;
	else
		hr = whv_status(unmap_pages(p, gfn, count));
	if (SUCCEEDED(hr))
		range_sub(p, gfn, count);
	whv_unlock();
	whv_put(p);
	return hr;
}

/* ---- small accesses ---- */

static bool controls_valid(WHV_ACCESS_GPA_CONTROLS c)
{
	switch (c.CacheType) {
	case WHvCacheTypeUncached:
	case WHvCacheTypeWriteCombining:
	case WHvCacheTypeWriteThrough:
#ifdef _AMD64_
	case WHvCacheTypeWriteProtected:
#endif
	case WHvCacheTypeWriteBack:
		break;
	default:
		return false;
	}
	/* VTL 0 is the one there is. */
	return !c.InputVtl.TargetVtl && !c.InputVtl.Reserved && !c.Reserved && !c.Reserved1;
}

static HRESULT access_status(uint16_t status, uint64_t result)
{
	if (status != HV_STATUS_SUCCESS)
		return whv_status(status);
	return (uint32_t)result == HV_ACCESS_GPA_SUCCESS ? S_OK : E_ACCESSDENIED;
}

/* One access within a page */
static HRESULT access_once(const struct whv_partition *p, UINT32 vp, uint64_t gpa,
			   uint64_t controls, void *read_to, const void *write_from, uint32_t size)
{
	struct hv_input_write_gpa in = { .partition_id = p->id,
					 .vp_index = vp,
					 .byte_count = size,
					 .base_gpa = gpa,
					 .control_flags = controls };
	struct hv_output_read_gpa out = { .result = HV_ACCESS_GPA_SUCCESS };
	uint16_t status;
	HRESULT hr;

	if (write_from) {
		memcpy(in.data, write_from, size);
		status = whv_call(p, HVCALL_WRITE_GPA, 0, &in, sizeof(in), &out.result,
				  sizeof(out.result));
		return access_status(status, out.result);
	}
	/* The input of a read is the head of a write's. */
	status = whv_call(p, HVCALL_READ_GPA, 0, &in, sizeof(struct hv_input_read_gpa), &out,
			  sizeof(out));
	hr = access_status(status, out.result);
	if (SUCCEEDED(hr))
		memcpy(read_to, out.data, size);
	return hr;
}

static HRESULT access_range(WHV_PARTITION_HANDLE handle, UINT32 vp, uint64_t gpa,
			    WHV_ACCESS_GPA_CONTROLS controls, uint8_t *read_to,
			    const uint8_t *write_from, UINT32 size)
{
	uint8_t data[WHV_READ_WRITE_GPA_RANGE_MAX_SIZE];
	uint64_t in_page = HV_PAGE_SIZE - (gpa & (HV_PAGE_SIZE - 1));
	UINT32 first = size < in_page ? size : (UINT32)in_page;
	uint64_t flags = (uint8_t)controls.CacheType;
	struct whv_partition *p;
	HRESULT hr;

	if (!read_to && !write_from)
		return E_POINTER;
	if (!size || size > sizeof(data) || !controls_valid(controls) || gpa + size - 1 < gpa)
		return E_INVALIDARG;
	hr = whv_enter_vp(handle, vp, &p);
	if (FAILED(hr))
		return hr;
	hr = access_once(p, vp, gpa, flags, data, write_from, first);
	if (SUCCEEDED(hr) && first < size)
		hr = access_once(p, vp, gpa + first, flags, data + first,
				 write_from ? write_from + first : NULL, size - first);
	if (SUCCEEDED(hr) && read_to)
		memcpy(read_to, data, size);
	whv_put(p);
	return hr;
}

HRESULT WINAPI WHvReadGpaRange(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
			       WHV_GUEST_PHYSICAL_ADDRESS GuestAddress,
			       WHV_ACCESS_GPA_CONTROLS Controls, PVOID Data, UINT32 DataSizeInBytes)
{
	return access_range(Partition, VpIndex, GuestAddress, Controls, Data, NULL,
			    DataSizeInBytes);
}

HRESULT WINAPI WHvWriteGpaRange(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
				WHV_GUEST_PHYSICAL_ADDRESS GuestAddress,
				WHV_ACCESS_GPA_CONTROLS Controls, const VOID *Data,
				UINT32 DataSizeInBytes)
{
	return access_range(Partition, VpIndex, GuestAddress, Controls, NULL, Data,
			    DataSizeInBytes);
}

HRESULT WINAPI WHvTranslateGva(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
			       WHV_GUEST_VIRTUAL_ADDRESS Gva,
			       WHV_TRANSLATE_GVA_FLAGS TranslateFlags,
			       WHV_TRANSLATE_GVA_RESULT *TranslationResult,
			       WHV_GUEST_PHYSICAL_ADDRESS *Gpa)
{
	const uint32_t known = WHvTranslateGvaFlagValidateRead | WHvTranslateGvaFlagValidateWrite |
			       WHvTranslateGvaFlagValidateExecute |
			       WHvTranslateGvaFlagSetPageTableBits | WHV_ARCH_TRANSLATE_FLAGS;
	struct hv_input_translate_virtual_address in = { 0 };
	struct hv_output_translate_virtual_address out = { 0 };
	struct whv_partition *p;
	HRESULT hr;

	if (!TranslationResult || !Gpa)
		return E_POINTER;
	if ((uint32_t)TranslateFlags & ~known)
		return E_INVALIDARG;
	hr = whv_enter_vp(Partition, VpIndex, &p);
	if (FAILED(hr))
		return hr;
	in.partition_id = p->id;
	in.vp_index = VpIndex;
	in.control_flags = (uint32_t)TranslateFlags; /* the same bits */
	in.gva_page = Gva >> SHIFT;
	hr = whv_status(whv_call(p, HVCALL_TRANSLATE_VIRTUAL_ADDRESS, 0, &in, sizeof(in), &out,
				 sizeof(out)));
	if (SUCCEEDED(hr)) {
		TranslationResult->ResultCode = (WHV_TRANSLATE_GVA_RESULT_CODE)out.result_code;
		TranslationResult->Reserved = 0;
		*Gpa = out.result_code == HV_TRANSLATE_GVA_SUCCESS
			       ? out.gpa_page << SHIFT | (Gva & (HV_PAGE_SIZE - 1))
			       : 0;
	}
	whv_put(p);
	return hr;
}
