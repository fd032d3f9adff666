/* SPDX-License-Identifier: MIT */
/* Registers. Values have the same 16 bytes on both sides; only the names differ. */
#include <string.h>

#include "hvapi/whv/internal.h"

#define BATCH 64u

_Static_assert(sizeof(WHV_REGISTER_VALUE) == sizeof(union hv_register_value), "same values");

uint16_t whv_get_hv_registers(const struct whv_partition *p, uint32_t vp, const uint32_t *names,
			      uint32_t count, union hv_register_value *values)
{
	struct {
		struct hv_input_vp_registers h;
		uint32_t names[BATCH];
	} in = { .h = { .partition_id = p->id, .vp_index = vp } };
	uint32_t done;

	memcpy(in.names, names, sizeof(*names) * count);
	return whv_rep_call(p, HVCALL_GET_VP_REGISTERS, count, &in,
			    sizeof(in.h) + sizeof(*names) * count, values, sizeof(*values) * count,
			    &done);
}

uint16_t whv_set_hv_registers(const struct whv_partition *p, uint32_t vp, const uint32_t *names,
			      uint32_t count, const union hv_register_value *values)
{
	struct {
		struct hv_input_vp_registers h;
		struct hv_register_assoc list[BATCH];
	} in;
	uint32_t done;

	memset(&in, 0, sizeof(in.h) + sizeof(in.list[0]) * count);
	in.h.partition_id = p->id;
	in.h.vp_index = vp;
	for (uint32_t i = 0; i < count; i++) {
		in.list[i].name = names[i];
		in.list[i].value = values[i];
	}
	return whv_rep_call(p, HVCALL_SET_VP_REGISTERS, count, &in,
			    sizeof(in.h) + sizeof(in.list[0]) * count, NULL, 0, &done);
}

/* Every name is known before the first register is touched. */
static HRESULT check_names(UINT32 vp_index, const WHV_REGISTER_NAME *names, UINT32 count)
{
	if (vp_index == WHV_ANY_VP && !count)
		return WHV_E_VP_DOES_NOT_EXIST;
	for (UINT32 i = 0; i < count; i++) {
		if (whv_hv_register(names[i]) == WHV_NO_REGISTER)
			return WHV_E_INVALID_VP_REGISTER_NAME;
		if (vp_index == WHV_ANY_VP && !whv_arch_any_vp_register(names[i]))
			return WHV_E_VP_DOES_NOT_EXIST;
	}
	return S_OK;
}

static UINT32 take_batch(const WHV_REGISTER_NAME *names, UINT32 count, uint32_t hv[BATCH])
{
	UINT32 n = count < BATCH ? count : BATCH;

	for (UINT32 i = 0; i < n; i++)
		hv[i] = whv_hv_register(names[i]);
	return n;
}

HRESULT WINAPI WHvGetVirtualProcessorRegisters(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
					       const WHV_REGISTER_NAME *RegisterNames,
					       UINT32 RegisterCount,
					       WHV_REGISTER_VALUE *RegisterValues)
{
	union hv_register_value v[BATCH];
	struct whv_partition *p;
	uint32_t hv[BATCH];
	HRESULT hr;

	if (RegisterCount && (!RegisterNames || !RegisterValues))
		return E_POINTER;
	hr = whv_enter(Partition, VpIndex, &p);
	if (FAILED(hr))
		return hr;
	hr = check_names(VpIndex, RegisterNames, RegisterCount);
	for (UINT32 i = 0, n; SUCCEEDED(hr) && i < RegisterCount; i += n) {
		n = take_batch(RegisterNames + i, RegisterCount - i, hv);
		hr = whv_status(whv_get_hv_registers(p, VpIndex, hv, n, v));
		if (SUCCEEDED(hr))
			memcpy(RegisterValues + i, v, sizeof(v[0]) * n);
	}
	whv_put(p);
	return hr;
}

HRESULT WINAPI WHvSetVirtualProcessorRegisters(WHV_PARTITION_HANDLE Partition, UINT32 VpIndex,
					       const WHV_REGISTER_NAME *RegisterNames,
					       UINT32 RegisterCount,
					       const WHV_REGISTER_VALUE *RegisterValues)
{
	union hv_register_value v[BATCH];
	struct whv_partition *p;
	uint32_t hv[BATCH];
	HRESULT hr;

	if (RegisterCount && (!RegisterNames || !RegisterValues))
		return E_POINTER;
	hr = whv_enter(Partition, VpIndex, &p);
	if (FAILED(hr))
		return hr;
	hr = check_names(VpIndex, RegisterNames, RegisterCount);
	for (UINT32 i = 0, n; SUCCEEDED(hr) && i < RegisterCount; i += n) {
		n = take_batch(RegisterNames + i, RegisterCount - i, hv);
		memcpy(v, RegisterValues + i, sizeof(v[0]) * n);
		hr = whv_status(whv_set_hv_registers(p, VpIndex, hv, n, v));
	}
	whv_put(p);
	return hr;
}
