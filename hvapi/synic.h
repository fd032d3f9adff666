/* SPDX-License-Identifier: MIT */
/*
 * A VP's synthetic interrupt controller (TLFS, "Inter-Partition Communication"): registers, the
 * message slots and event flags in its two overlay pages, and the queues behind the slots.
 *
 * The caller serialises access to one hv_synic (hvapi/port.h has the lock). The two pages belong to
 * the core, are always present, keep their content while disabled, and can be written by the guest
 * at any time: they are touched with atomics only, and nothing read from them is trusted.
 *
 * Interrupts come back as a mask of SINTs to raise, ORed into *raise (edge, vector from
 * synic_vector(); masked and polled ones never appear).
 */
#ifndef HVAPI_SYNIC_H
#define HVAPI_SYNIC_H

#include <stdbool.h>
#include <stdint.h>

#include <hv/messages.h>
#include <hv/registers.h>

#define SYNIC_VERSION 1u
/* Messages that wait in one port (TLFS, "Messages": 16 buffers a port) */
#define SYNIC_QUEUE_MESSAGES 16u

#define SYNIC_ENABLE	    0x1ull /* SCONTROL, SIEFP, SIMP */
#define SYNIC_SINT_MASKED   0x10000ull
#define SYNIC_SINT_AUTO_EOI 0x20000ull
#define SYNIC_SINT_POLLING  0x40000ull

#define SYNIC_SINT_INTERCEPT 0x80000ull /* the root's: a message on SINT 0 instead */

/* What waits of one sender, oldest first. The sender owns it, and it is in one SynIC at a time. */
struct synic_queue {
	struct synic_queue *next;  /* behind it for the same SINT */
	struct hv_message *buffer; /* SYNIC_QUEUE_MESSAGES of them */
	uint8_t first, count;	   /* the SynIC has it while count is not 0 */
};

struct hv_synic {
	uint64_t scontrol, siefp, simp;
	uint64_t sint[HV_SYNIC_SINT_COUNT];
	struct hv_message_page *simp_page;
	struct hv_synic_event_flags_page *siefp_page;
	uint16_t queued;   /* SINTs with a queue that waits */
	uint16_t auto_eoi; /* unmasked SINTs with auto-EOI */
	struct synic_queue *waiting[HV_SYNIC_SINT_COUNT], *last[HV_SYNIC_SINT_COUNT];

	/* The root's only: NULL for guests */
	struct hv_synic_event_ring_page *ring_page;
	uint64_t sirbp;
	uint16_t intercepts; /* SINTs whose message on SINT 0 waits for its slot */
	uint8_t ring_head[HV_SYNIC_SINT_COUNT];
};

/* Both pages are 4096 bytes, 8-byte aligned, and outlive s. Ends in the reset state. */
void synic_init(struct hv_synic *s, struct hv_message_page *simp_page,
		struct hv_synic_event_flags_page *siefp_page);
/* The root's has an event ring besides, and SINTs that become messages on SINT 0. */
void synic_init_root(struct hv_synic *s, struct hv_synic_event_ring_page *ring_page);
/* Registers to reset values, queues emptied, both pages zeroed. The caller undoes the overlays. */
void synic_reset(struct hv_synic *s);

/* The register that an MSR (0x40000080-85, 0x40000090-9f) names; 0: none of these. */
static inline uint32_t synic_register(uint32_t msr)
{
	if (msr >= HV_X64_MSR_SINT0 && msr <= HV_X64_MSR_SINT15)
		return HV_REGISTER_SINT0 + (msr - HV_X64_MSR_SINT0);
	if (msr >= HV_X64_MSR_SCONTROL && msr <= HV_X64_MSR_SIRBP)
		return HV_REGISTER_SCONTROL + (msr - HV_X64_MSR_SCONTROL);
	return 0;
}

/* By register name, for guest MSRs and the state service. False: unknown register. */
bool synic_read(const struct hv_synic *s, uint32_t reg, uint64_t *val);
/*
 * False: #GP (HV_STATUS_INVALID_PARAMETER for the state service), nothing changed: unknown
 * register, SVERSION, or an unmasked SINT with a vector below 16. Reserved bits are kept as written
 * (RsvdP). Delivers what the change makes deliverable; the caller then runs stimer_rescan(), and
 * moves the overlay first when reg is SIEFP or SIMP.
 */
bool synic_write(struct hv_synic *s, uint32_t reg, uint64_t val, uint16_t *raise);

static inline uint8_t synic_vector(const struct hv_synic *s, uint32_t sint)
{
	return (uint8_t)s->sint[sint & 15];
}

/* Does an interrupt of this vector end itself? For whoever moves it from IRR. */
bool synic_auto_eoi(const struct hv_synic *s, uint8_t vector);

/*
 * A message for a SINT: into its slot at once when that is empty and nothing waits before it, else
 * to the end of q. msg is the core's own copy; its flags are ignored. HV_STATUS_INVALID_PARAMETER:
 * sint above 15, type 0, or payload above 240; INVALID_SYNIC_STATE: SCONTROL or SIMP is disabled;
 * INSUFFICIENT_BUFFERS: q is full. On failure the message was not taken. q waits for this SINT of
 * this SynIC or is empty.
 */
uint16_t synic_post_message(struct hv_synic *s, uint32_t sint, struct synic_queue *q,
			    const struct hv_message *msg, uint16_t *raise);
/* The sender ends: what waits is dropped, and q can go. */
void synic_cancel(struct hv_synic *s, uint32_t sint, struct synic_queue *q);
/*
 * The same for a sender that keeps the message itself (timers, HvCallPostMessageDirect): into the
 * slot now, or HV_STATUS_OBJECT_IN_USE with the slot's MessagePending set, so that the guest's
 * EOM announces room.
 */
uint16_t synic_try_message(struct hv_synic *s, uint32_t sint, const struct hv_message *msg,
			   uint16_t *raise);
/* On EOM and on an APIC EOI: deliver from the queues into slots that are empty by now. */
void synic_rescan(struct hv_synic *s, uint16_t *raise);

/* Could one of these be taken now? For senders that may choose the VP. */
bool synic_takes_messages(const struct hv_synic *s);
bool synic_takes_events(const struct hv_synic *s, uint32_t sint);
bool synic_takes_ports(const struct hv_synic *s);
/*
 * A port's number into the ring of a SINT of the root's; the SINT is raised unless the root has
 * masked it there. False: the ring is full, and says so.
 */
bool synic_ring_port(struct hv_synic *s, uint32_t sint, uint32_t port, uint16_t *raise);

/* SINTs whose slot would take a message now. */
uint16_t synic_free_slots(const struct hv_synic *s);
/* Somebody waits for these slots: the guest is to write EOM when it has emptied a full one. */
void synic_want_slots(struct hv_synic *s, uint16_t mask);

/*
 * Set an event flag. *newly: it was clear, and the SINT is in *raise. HV_STATUS_INVALID_PARAMETER:
 * sint above 15 or flag above 2047; INVALID_SYNIC_STATE: SCONTROL or SIEFP disabled, or SINT
 * masked.
 */
uint16_t synic_signal_event(struct hv_synic *s, uint32_t sint, uint32_t flag, bool *newly,
			    uint16_t *raise);

/* State types "SynIC message page" and "event-flag page": 4096 bytes, any content is valid. */
void synic_get_messages(const struct hv_synic *s, void *out);
void synic_set_messages(struct hv_synic *s, const void *in);
void synic_get_events(const struct hv_synic *s, void *out);
void synic_set_events(struct hv_synic *s, const void *in);

#endif
