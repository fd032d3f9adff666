/* SPDX-License-Identifier: MIT */
/* Boot only: what every architecture does to make the root partition. Panics when memory is short.
 */
#ifndef KERNEL_ROOT_BUILD_H
#define KERNEL_ROOT_BUILD_H

#include "boot/boot_info.h"
#include "kernel/vp.h"

/* Take [base, base+size) out of the root's map. */
void root_cut_out(uint64_t base, uint64_t size);
/* The root's VP of that CPU, entered everywhere. Its pages come from the root's pool, like any
 * VP's. */
struct vp *root_vp_make(uint32_t index);
/* The root reads the loader's facts from a copy in pages of the core's, mapped read-only: where. */
uint64_t root_info_place(const struct boot_info *bi);

#endif
