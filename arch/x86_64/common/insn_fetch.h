/* SPDX-License-Identifier: MIT */
/* Instruction bytes and lengths at a VP's RIP, for exits where the CPU does not supply them. */
#ifndef X86_INSN_FETCH_H
#define X86_INSN_FETCH_H

#include "arch/x86_64/common/decode.h"
#include "arch/x86_64/common/gva.h"
#include "arch/x86_64/common/virt.h"

enum x86_mode insn_mode(struct vp *vp);
/* Up to 15 bytes at RIP. Returns how many; on fewer than wanted *fault tells why it stopped. */
uint32_t insn_fetch(struct vp *vp, uint8_t buf[16], struct gva_fault *fault);
/*
 * Complete ex->len. False: the bytes are not there (the caller resumes: the CPU's own fetch will
 * fault as it should) or do not decode.
 */
bool insn_length(struct vp *vp, struct x86_exit *ex);

#endif
