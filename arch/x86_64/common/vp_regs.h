/* SPDX-License-Identifier: MIT */
/*
 * Families of VP registers by name, behind arch_vp_get/set_register(). The VP is taken. Get fills
 * *v over zeroes; Set checks without context, then commits; HV_STATUS_UNKNOWN_REGISTER_NAME when
 * the family has no such name.
 */
#ifndef X86_VP_REGS_H
#define X86_VP_REGS_H

#include "kernel/vp.h"

/* 0x0001xxxx: vp_regs_event.c */
uint16_t vp_event_get(struct vp *vp, uint32_t name, union hv_register_value *v);
uint16_t vp_event_set(struct vp *vp, uint32_t name, const union hv_register_value *v);
/* 0x0003xxxx, over the XSAVE image: vp_regs_fp.c */
uint16_t vp_fp_get(struct vp *vp, uint32_t name, union hv_register_value *v);
uint16_t vp_fp_set(struct vp *vp, uint32_t name, const union hv_register_value *v);
/* 0x0008xxxx, over the guest's MSRs and its local APIC: vp_regs_msr.c */
uint16_t vp_msr_get(struct vp *vp, uint32_t name, union hv_register_value *v);
uint16_t vp_msr_set(struct vp *vp, uint32_t name, const union hv_register_value *v);

#endif
