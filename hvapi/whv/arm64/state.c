/* SPDX-License-Identifier: MIT */
/* State types of arm64. Their numbers and their bytes are the hypervisor's. */
#include <string.h>

#include "hvapi/whv/internal.h"

#define SVE_Z_REGS 32u
#define SVE_P_REGS 17u /* with FFR, an eighth of a Z register each */

static const struct {
	uint32_t type, size; /* 0: asked for */
	uint32_t pages;
} rows[] = {
	{ HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER,
	  sizeof(struct hv_arm64_local_interrupt_controller_state), 1 },
	{ HV_VP_STATE_SYNIC_MESSAGE_PAGE, HV_PAGE_SIZE, 1 },
	{ HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE, HV_PAGE_SIZE, 1 },
	{ HV_VP_STATE_SYNTHETIC_TIMERS, sizeof(struct hv_synthetic_timers_state), 0 },
	{ HV_VP_STATE_GLOBAL_INTERRUPT_ARM64, 0, 1 },
	{ HV_VP_STATE_SVE, 0, 0 },
};

/* Once the hypervisor has said how many interrupts there are, that holds. */
static HRESULT global_size(struct whv_state *t)
{
	struct whv_state probe = *t;
	struct hv_arm64_global_interrupt_state h;
	HRESULT hr;

	probe.size = sizeof(h);
	hr = whv_state_get(&probe, &h, sizeof(h));
	if (FAILED(hr))
		return hr;
	t->size = (uint32_t)(sizeof(h) + h.count * sizeof(struct hv_arm64_global_interrupt));
	return h.count <= (HV_PAGE_SIZE - sizeof(h)) / sizeof(struct hv_arm64_global_interrupt)
		       ? S_OK
		       : WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG;
}

/* No SVE, no such type. */
static HRESULT sve_size(struct whv_state *t)
{
	uint64_t vl;
	uint16_t status =
		whv_get_property(t->p, HV_PARTITION_PROPERTY_QUOIN_SVE_VECTOR_LENGTH, &vl);

	if (status == HV_STATUS_UNKNOWN_PROPERTY || (status == HV_STATUS_SUCCESS && !vl))
		return E_INVALIDARG;
	if (status != HV_STATUS_SUCCESS)
		return whv_status(status);
	if (vl > 256)
		return WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG;
	t->size = (uint32_t)(sizeof(struct hv_arm64_sve_state) + SVE_Z_REGS * vl +
			     SVE_P_REGS * (vl / 8));
	t->pages = (t->size + HV_PAGE_SIZE - 1) / HV_PAGE_SIZE;
	return S_OK;
}

HRESULT whv_arch_state(const struct whv_partition *p, uint32_t type, struct whv_state *t)
{
	size_t i = 0;

	(void)p;
	while (i < WHV_ARRAY_LEN(rows) && rows[i].type != type)
		i++;
	if (i == WHV_ARRAY_LEN(rows))
		return E_INVALIDARG;
	/* The partition's with WHV_ANY_VP and nothing else, a processor's with its index */
	if (!(type & HV_VP_STATE_ANY_VP) != (t->vp != WHV_ANY_VP))
		return t->vp == WHV_ANY_VP ? WHV_E_VP_DOES_NOT_EXIST : E_INVALIDARG;
	t->hv_type = type;
	t->size = rows[i].size;
	t->pages = rows[i].pages;
	t->xfem = 0;
	if (type == HV_VP_STATE_GLOBAL_INTERRUPT_ARM64)
		return global_size(t);
	return type == HV_VP_STATE_SVE ? sve_size(t) : S_OK;
}

HRESULT whv_arch_state_out(struct whv_state *t)
{
	(void)t;
	return S_OK;
}

void whv_arch_state_in(struct whv_state *t, uint8_t *beside)
{
	(void)t;
	(void)beside;
}

HRESULT whv_arch_state_done(struct whv_state *t, uint8_t beside)
{
	(void)t;
	(void)beside;
	return S_OK;
}
