/* SPDX-License-Identifier: MIT */
/* The hypervisor's CPUID leaves 0x40000000 .. 0x4000ffff (TLFS, "Feature and interface discovery").
 */
#ifndef HVAPI_CPUID_H
#define HVAPI_CPUID_H

#include <stdint.h>

struct partition;

/* Every leaf that is not implemented answers zeros. */
void hv_cpuid(const struct partition *p, uint32_t leaf, uint32_t r[4]);

#endif
