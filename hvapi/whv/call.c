/* SPDX-License-Identifier: MIT */
/* Hypercalls: control words, rep calls, deposits, and what a status means to a WHv caller. */
#include <string.h>

#include "hvapi/whv/internal.h"

#define DEPOSIT_PAGES	  16u
#define DEPOSIT_MAP_PAGES 64u
#define CONTIGUOUS_PAGES  8u
/* A hypervisor that is never content is not fed for ever. */
#define DEPOSIT_ROUNDS 256u
#define WITHDRAW_BATCH 256u

/*
 * The names that the pages of the API give; every other status passes through as ERROR_HV_*
 * (facility 0x35, as Windows does).
 */
HRESULT whv_status(uint16_t status)
{
	switch (status) {
	case HV_STATUS_SUCCESS:
		return S_OK;
	case HV_STATUS_INVALID_HYPERCALL_CODE:
		return E_NOTIMPL;
	case HV_STATUS_ACCESS_DENIED:
		return E_ACCESSDENIED;
	case HV_STATUS_UNKNOWN_PROPERTY:
		return WHV_E_UNKNOWN_PROPERTY;
	case HV_STATUS_INSUFFICIENT_MEMORY:
	case HV_STATUS_INSUFFICIENT_ROOT_MEMORY:
	case HV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY:
	case HV_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY:
		return E_OUTOFMEMORY;
	case HV_STATUS_INVALID_VP_INDEX:
		return WHV_E_VP_DOES_NOT_EXIST;
	case HV_STATUS_INVALID_VP_STATE:
		return WHV_E_INVALID_VP_STATE;
	case HV_STATUS_FEATURE_UNAVAILABLE:
		return WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG;
	case HV_STATUS_PROCESSOR_FEATURE_NOT_SUPPORTED:
		return WHV_E_UNSUPPORTED_PROCESSOR_CONFIG;
	case HV_STATUS_INSUFFICIENT_BUFFER:
		return WHV_E_INSUFFICIENT_BUFFER;
	case HV_STATUS_UNKNOWN_REGISTER_NAME:
		return WHV_E_INVALID_VP_REGISTER_NAME;
	default:
		return HRESULT_FROM_HV_STATUS(status);
	}
}

static uint64_t raw(uint64_t control, const void *in, size_t in_len, void *out, size_t out_len)
{
	return whv_transport->hypercall(whv_transport->ctx, control, in, in_len, out, out_len);
}

/* count pages to `id`; pages that the hypervisor did not take come back. */
static bool deposit(hv_partition_id id, uint32_t count)
{
	uint64_t in[1 + DEPOSIT_MAP_PAGES], pfn;
	uint32_t start = 0;
	uint8_t *va;

	va = whv_transport->alloc_pages(whv_transport->ctx, count, &pfn);
	if (!va)
		return false;
	in[0] = id;
	for (uint32_t i = 0; i < count; i++)
		in[1 + i] = pfn + i;
	while (start < count) {
		uint64_t r = raw(HVCALL_DEPOSIT_MEMORY |
					 (uint64_t)count << HV_HYPERCALL_REP_COUNT_SHIFT |
					 (uint64_t)start << HV_HYPERCALL_REP_START_SHIFT,
				 in, 8 + 8 * (size_t)count, NULL, 0);
		uint32_t done = HV_HYPERCALL_RESULT_REPS(r);

		if (done > count || done < start)
			done = start; /* nonsense */
		if (HV_HYPERCALL_RESULT_STATUS(r) != HV_STATUS_SUCCESS || done == start) {
			whv_transport->free_pages(whv_transport->ctx,
						  va + (size_t)done * HV_PAGE_SIZE, count - done);
			return false;
		}
		start = done;
	}
	return true;
}

/* Does the status ask for memory, and has it got some? */
static bool feed(const struct whv_partition *p, uint16_t code, uint16_t status)
{
	hv_partition_id id = p && p->id ? p->id : HV_PARTITION_ID_SELF;

	switch (status) {
	case HV_STATUS_INSUFFICIENT_ROOT_MEMORY:
		id = HV_PARTITION_ID_SELF;
		/* fallthrough */
	case HV_STATUS_INSUFFICIENT_MEMORY:
		return deposit(id,
			       code == HVCALL_MAP_GPA_PAGES ? DEPOSIT_MAP_PAGES : DEPOSIT_PAGES) ||
		       deposit(id, 1);
	case HV_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY:
		return deposit(HV_PARTITION_ID_SELF, CONTIGUOUS_PAGES);
	case HV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY:
		return deposit(id, CONTIGUOUS_PAGES);
	default:
		return false;
	}
}

uint16_t whv_call(const struct whv_partition *p, uint16_t code, uint32_t varhead, const void *in,
		  size_t in_len, void *out, size_t out_len)
{
	uint64_t control = code | (uint64_t)varhead << HV_HYPERCALL_VARHEAD_SHIFT;
	uint16_t status;

	for (uint32_t round = 0;; round++) {
		status = HV_HYPERCALL_RESULT_STATUS(raw(control, in, in_len, out, out_len));
		if (round == DEPOSIT_ROUNDS || !feed(p, code, status))
			return status;
	}
}

uint16_t whv_rep_call(const struct whv_partition *p, uint16_t code, uint32_t count, const void *in,
		      size_t in_len, void *out, size_t out_len, uint32_t *done)
{
	uint32_t rounds = 0;

	*done = 0;
	while (*done < count) {
		uint64_t r = raw(code | (uint64_t)count << HV_HYPERCALL_REP_COUNT_SHIFT |
					 (uint64_t)*done << HV_HYPERCALL_REP_START_SHIFT,
				 in, in_len, out, out_len);
		uint16_t status = HV_HYPERCALL_RESULT_STATUS(r);
		uint32_t reps = HV_HYPERCALL_RESULT_REPS(r), before = *done;

		if (reps > count)
			return HV_STATUS_OPERATION_FAILED;
		if (reps > *done)
			*done = reps;
		if (status == HV_STATUS_SUCCESS) {
			if (*done == before)
				return HV_STATUS_OPERATION_FAILED;
			continue;
		}
		/* Rounds without progress count; a long list may need many deposits. */
		rounds = *done > before ? 0 : rounds + 1;
		if (rounds > DEPOSIT_ROUNDS || !feed(p, code, status))
			return status;
	}
	return HV_STATUS_SUCCESS;
}

uint16_t whv_withdraw_all(const struct whv_partition *p)
{
	struct hv_input_withdraw_memory in = { p->id, 0 };
	uint64_t pfns[WITHDRAW_BATCH];

	for (;;) {
		uint64_t r = raw(HVCALL_WITHDRAW_MEMORY | (uint64_t)WITHDRAW_BATCH
								  << HV_HYPERCALL_REP_COUNT_SHIFT,
				 &in, sizeof(in), pfns, sizeof(pfns));
		uint16_t status = HV_HYPERCALL_RESULT_STATUS(r);
		uint32_t reps = HV_HYPERCALL_RESULT_REPS(r);

		if (reps > WITHDRAW_BATCH)
			return HV_STATUS_OPERATION_FAILED;
		for (uint32_t i = 0; i < reps; i++) {
			void *va = whv_transport->va_of(whv_transport->ctx, pfns[i]);

			if (va)
				whv_transport->free_pages(whv_transport->ctx, va, 1);
		}
		if (status == HV_STATUS_NO_RESOURCES)
			return HV_STATUS_SUCCESS;
		if (status != HV_STATUS_SUCCESS || !reps)
			return status != HV_STATUS_SUCCESS ? status : HV_STATUS_OPERATION_FAILED;
	}
}

uint16_t whv_get_property(const struct whv_partition *p, uint32_t code, uint64_t *value)
{
	struct hv_input_get_partition_property in = {
		.partition_id = p ? p->id : HV_PARTITION_ID_SELF,
		.property_code = code,
	};

	*value = 0;
	return whv_call(p, HVCALL_GET_PARTITION_PROPERTY, 0, &in, sizeof(in), value,
			sizeof(*value));
}

uint16_t whv_set_property(const struct whv_partition *p, uint32_t code, uint64_t value)
{
	struct hv_input_set_partition_property in = {
		.partition_id = p->id,
		.property_code = code,
		.property_value = value,
	};

	return whv_call(p, HVCALL_SET_PARTITION_PROPERTY, 0, &in, sizeof(in), NULL, 0);
}
