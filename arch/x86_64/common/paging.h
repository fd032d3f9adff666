/* SPDX-License-Identifier: MIT */
/* The core's own page tables: W^X, one root a CPU that differs in the per-CPU mapping only. */
#ifndef X86_PAGING_H
#define X86_PAGING_H

#include "boot/boot_info.h"
#include "kernel/percpu.h"

/* Let hpa_ptr() work on the loader's tables until paging_build() has made ours. */
void paging_early(void);
/* Shared tables: direct map of RAM, image, device pages. Panics when the pool is too small. */
void paging_build(const struct boot_info *bi);
/* This CPU's root: shared halves, and cpu's pages at ARCH_PERCPU_VA. Returns CR3. */
uint64_t paging_percpu(struct percpu *cpu, void *stack);
/* Map one device page, uncached; returns its address. */
uint64_t paging_map_device(uint64_t pa);
/* CR3 for a CPU that starts in the trampoline page: identity there, and the image. */
uint64_t paging_trampoline(uint64_t page);

#endif
