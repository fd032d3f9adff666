/* SPDX-License-Identifier: MIT */
/*
 * Virtual processors. A VP is owned by whoever moved `owner` from VP_IDLE: the dispatching CPU, or
 * one hypercall that reads or writes its state. Members without a word are the owner's. Others
 * reach a VP through its mailbox only.
 */
#ifndef KERNEL_VP_H
#define KERNEL_VP_H

#include <hv/messages.h>
#include <hv/registers.h>

#include "hvapi/stimer.h"
#include "hvapi/synic.h"
#include "kernel/partition.h"
#include "kernel/percpu.h"

enum vp_owner { VP_IDLE = 0, VP_ACCESSED, VP_RUNNING };

/* Bits of vp->mail. */
#define VP_MAIL_IRQ    BIT(0) /* mail_irr / mail_level hold vectors */
#define VP_MAIL_NMI    BIT(1)
#define VP_MAIL_INIT   BIT(2)
#define VP_MAIL_SIPI   BIT(3) /* vector in mail_sipi */
#define VP_MAIL_EXTINT BIT(4)
#define VP_MAIL_LINT0  BIT(6)
#define VP_MAIL_LINT1  BIT(7)
#define VP_MAIL_KICK   BIT(5) /* leave the guest, nothing else */
#define VP_MAIL_FLUSH  BIT(8) /* forget the guest's translations */
#define VP_MAIL_YIELD  BIT(9) /* to itself: the root may run something else for now */

enum vp_overlay_kind {
	VP_OVERLAY_SIMP,
	VP_OVERLAY_SIEFP,
	VP_OVERLAY_ASSIST,
	VP_OVERLAYS,
	VP_OVERLAY_RING = VP_OVERLAYS, /* the root's only, and not moved */
	VP_OVERLAY_PAGES
};

struct vp {
	struct arch_vp arch; /* offset 0: entry.S */

	struct partition *partition; /* constant */
	uint32_t index;		     /* constant */
	uint32_t owner;		     /* atomic: enum vp_owner */
	uint32_t cpu;		     /* CPU it last entered on, ~0: none yet; any reads */
	uint64_t slat_generation;    /* of partition->slat, when the TLB tag was made */

	bool explicit_suspend;
	bool intercept_suspend; /* an intercept message waits in message_page */
	bool dispatch_suspend;
	uint32_t mail; /* atomic */
	uint32_t mail_sipi;
	uint64_t mail_irr[4]; /* atomic */
	uint64_t mail_level[4];

	struct hv_synic *synic; /* in a page of its own */
	struct hv_stimers *stimers;
	struct hv_message *message_page; /* open to the root while mapped */
	void *register_page;
	bool message_mapped, register_mapped;
	uint64_t overlay[VP_OVERLAY_PAGES]; /* MSR values: enable bit and page */
	void *overlay_page[VP_OVERLAY_PAGES];
	struct overlay overlays[VP_OVERLAY_PAGES];

	uint64_t run_start; /* TSC at dispatch */
	uint64_t runtime;   /* guest TSC ticks spent in dispatch */
	uint64_t extended_dr6;
	uint16_t sint_notify; /* HV_DELIVERABILITY_SINTS: whose free slot the root waits for */
};

struct vp *vp_find(struct partition *p, uint32_t index);
/* Take a VP for one access; false when it runs or another call holds it. */
bool vp_take(struct vp *vp);
void vp_drop(struct vp *vp);
/* All of a partition's, whose lock is held; false: one of them runs, and none is taken. */
bool vp_take_all(struct partition *p);
void vp_drop_all(struct partition *p);
/* Put something in the mailbox and, when the VP runs elsewhere, kick its CPU. */
void vp_post(struct vp *vp, uint32_t mail);
/* The kick alone, for whoever has left word elsewhere. */
void vp_kick(struct vp *vp);
void vp_post_irq(struct vp *vp, uint8_t vector, bool level);

/*
 * No CPU uses an old translation of these VPs of the caller's partition when this returns: bit n is
 * VP n, and those that there are not do not matter (vp_flush.c).
 */
void vp_flush(struct vp *caller, uint64_t vps);

/* Pages a VP takes from its partition's pool beside struct vp: see vp_init(). */
#define VP_PAGES      (6u + ARCH_VP_PAGES)
#define ROOT_VP_PAGES (7u + ARCH_ROOT_VP_PAGES)
/* Fill a zeroed struct vp; on failure nothing stays taken. */
uint16_t vp_init(struct vp *vp, struct partition *p, uint32_t index);
uint16_t vp_create(struct partition *p, uint32_t index);
uint16_t vp_delete(struct partition *p, uint32_t index);
void vp_free(struct vp *vp);

/* intercept.c: put a message in the VP's message page, and suspend it for that. */
void vp_intercept(struct vp *vp, uint32_t type, const void *payload, uint32_t size);

/* vp_run.c: HvCallDispatchVp. Runs vp on this CPU until there is something for the root. */
uint16_t vp_dispatch(struct vp *vp, uint32_t flags, uint32_t *state, uint32_t *event);

/* vp_state.c: rows. */
uint16_t vp_get_register(struct vp *vp, uint32_t name, union hv_register_value *v);
uint16_t vp_set_register(struct vp *vp, uint32_t name, const union hv_register_value *v);

/*
 * State types of HvCallGet/SetVpState. Size 0: HV_STATUS_INVALID_PARAMETER, or for the nested type
 * HV_STATUS_FEATURE_UNAVAILABLE. The VP is taken; buf is the core's own copy of exactly that size.
 */
uint32_t vp_state_size(const struct partition *p, uint32_t type);
#define VP_STATE_PAGES_MAX 3u /* the SVE state of arm64 */
/* A page that may hold anything: Set copies it once and has nothing to check. */
bool vp_state_any_bytes(uint32_t type);
uint16_t vp_state_get(struct vp *vp, uint32_t type, uint64_t states, void *buf);
uint16_t vp_state_set(struct vp *vp, uint32_t type, const void *buf);

#endif
