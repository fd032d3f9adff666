/* SPDX-License-Identifier: MIT */
/*
 * Sets of virtual processors (TLFS, HV_VP_SET). Here alone is the guest's mask trusted with a count
 * or an index.
 */
#ifndef HVAPI_VP_SET_H
#define HVAPI_VP_SET_H

#include <hv/hypercall.h>

/*
 * Bit n of *vps: VP n is in the set, whether there is such a VP or not. banks: the variable header,
 * var_bytes of it.
 */
uint16_t vp_set_decode(const struct hv_vp_set *set, const uint8_t *banks, uint32_t var_bytes,
		       uint64_t *vps);

#endif
