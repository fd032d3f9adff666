/* SPDX-License-Identifier: MIT */
/* Partition properties by hypercall, for the tests of them. */
#ifndef ROOT_PROPERTY_H
#define ROOT_PROPERTY_H

#include "tests/root/guest.h"

static inline uint16_t get(hv_partition_id id, uint32_t code, uint64_t *v)
{
	struct hv_input_get_partition_property in = { id, code, 0 };

	return hv_status(HVCALL_GET_PARTITION_PROPERTY, &in, sizeof(in), v, sizeof(*v));
}

static inline uint64_t value(hv_partition_id id, uint32_t code)
{
	uint64_t v = 0x5a;
	uint16_t status = get(id, code, &v);

	if (status != HV_STATUS_SUCCESS)
		test_fail(__FILE__, __LINE__, "property %x: status %x", (unsigned)code, status);
	return v;
}

static inline uint16_t set(hv_partition_id id, uint32_t code, uint64_t v)
{
	struct hv_input_set_partition_property in = { id, code, 0, v };

	return hv_status(HVCALL_SET_PARTITION_PROPERTY, &in, sizeof(in), NULL, 0);
}

#endif
