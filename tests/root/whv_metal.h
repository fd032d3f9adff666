/* SPDX-License-Identifier: MIT */
/* The WHv library's transport on bare metal: hypercalls by the page, CPUs woken by an IPI. */
#ifndef ROOT_WHV_METAL_H
#define ROOT_WHV_METAL_H

#include <WinHvPlatform.h>

#include "tests/root/root.h"

void whv_metal_init(void);
/*
 * Called on the CPU that is about to dispatch a VP, before each dispatch, with no lock held: the
 * place from where a runner can cancel its own VP.
 */
void whv_metal_before_dispatch(uint32_t cpu, void (*fn)(void *), void *arg);

#endif
