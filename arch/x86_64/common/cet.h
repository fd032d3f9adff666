/* SPDX-License-Identifier: MIT */
/* Control-flow enforcement of a guest: its MSRs, what they may hold, its part of XSAVE's state. */
#ifndef X86_CET_H
#define X86_CET_H

#include "arch/x86_64/common/virt.h"
#include "arch/x86_64/common/xsave.h"

/* The register behind an MSR; SYS_MAX: not one of CET's. */
enum x86_sysreg cet_msr(uint32_t msr);
/* Would WRMSR take it, in this partition? SSP, which is no MSR, by the same rules. */
bool cet_valid(const struct partition *p, enum x86_sysreg r, uint64_t v);
/* Shadow stacks or branch tracking may be at work at some privilege level. */
bool cet_active(struct vp *vp);

void cet_get_state(struct vp *vp, struct xsave_cet *c);
bool cet_check_state(const struct partition *p, const struct xsave_cet *c);
void cet_set_state(struct vp *vp, const struct xsave_cet *c);

#endif
