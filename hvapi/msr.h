/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own registers of a VP (TLFS, "Virtual processor MSRs"): one table, by the
 * numbers 0x40000000 .. 0x400001ff that they have as MSRs on x64. On arm64 there are no MSRs, and a
 * VP or its parent comes by register name: hv_register_msr().
 */
#ifndef HVAPI_MSR_H
#define HVAPI_MSR_H

#include <stdbool.h>
#include <stdint.h>

struct vp;

enum hv_msr_result {
	HV_MSR_OK,
	HV_MSR_FAULT,	  /* #GP */
	HV_MSR_NO_MEMORY, /* a write that needs a page of the partition's pool: deposit, repeat */
	HV_MSR_UNKNOWN,	  /* not ours: the partition's policy for unimplemented MSRs */
};

enum hv_msr_result hv_msr_read(struct vp *vp, uint32_t msr, uint64_t *v);
enum hv_msr_result hv_msr_write(struct vp *vp, uint32_t msr, uint64_t v);

/* The MSR behind a register name of HvCallGet/SetVpRegisters; 0: none. */
uint32_t hv_register_msr(uint32_t name);
/* Fill the partition's reference TSC page anew, from this VP's clock. */
void reference_tsc_fill(struct vp *vp);

/* What SynIC or the timers asked to be raised: SINT mask to local interrupts. */
void hv_raise_sints(struct vp *vp, uint16_t mask);
/* The same by whoever holds its partition's ipc lock. */
void hv_post_sints(struct vp *vp, uint16_t mask);
/* The root waits for these to have a free slot: HVMSG_SYNIC_SINT_DELIVERABLE, once each. */
void hv_notify_sints(struct vp *vp, uint16_t mask);
/* Of the SINTs that the root waits for (sint_notify), those that would take a message now. */
uint16_t hv_deliverable_sints(struct vp *vp);
/* Expire timers, and give waiting messages another try. Called by the run loop. */
void hv_timers_run(struct vp *vp);
/* Host TSC of the next synthetic timer, UINT64_MAX when none. */
uint64_t hv_timers_deadline(struct vp *vp);
/* The guest wrote EOI: SINT queues may move (TLFS, "SynIC message delivery"). */
void hv_synic_eoi(struct vp *vp);

#endif
