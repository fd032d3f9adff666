/* SPDX-License-Identifier: MIT */
/*
 * A VP's synthetic interrupt controller (TLFS, "Inter-Partition Communication"): registers, the
 * message slots and event flags in its two overlay pages, and the queues behind the slots.
 *
 * The caller serialises access to one hv_synic (the VP's owner). The two pages belong to the core,
 * are always present, keep their content while disabled, and can be written by the guest at any
 * time: they are touched with atomics only, and nothing read from them is trusted.
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

#define SYNIC_VERSION	   1u
#define SYNIC_BUFFERS	   8u /* messages that wait, all SINTs together */
#define SYNIC_SINT_BUFFERS 4u /* ... of one SINT, so that none starves the others */

#define SYNIC_ENABLE	    0x1ull /* SCONTROL, SIEFP, SIMP */
#define SYNIC_SINT_MASKED   0x10000ull
#define SYNIC_SINT_AUTO_EOI 0x20000ull
#define SYNIC_SINT_POLLING  0x40000ull

struct hv_synic {
	uint64_t scontrol, siefp, simp;
	uint64_t sint[HV_SYNIC_SINT_COUNT];
	struct hv_message_page *simp_page;
	struct hv_synic_event_flags_page *siefp_page;
	uint16_t queued;   /* SINTs with a message in the queue */
	uint16_t auto_eoi; /* unmasked SINTs with auto-EOI */
	uint8_t count;	   /* messages in the queue, oldest first */
	uint8_t queue_sint[SYNIC_BUFFERS];
	struct hv_message queue[SYNIC_BUFFERS];
};

/* Both pages are 4096 bytes, 8-byte aligned, and outlive s. Ends in the reset state. */
void synic_init(struct hv_synic *s, struct hv_message_page *simp_page,
		struct hv_synic_event_flags_page *siefp_page);
/* Registers to reset values, queues dropped, both pages zeroed. The caller undoes the overlays. */
void synic_reset(struct hv_synic *s);

/* The register that an MSR (0x40000080-84, 0x40000090-9f) names; 0: none of these. */
static inline uint32_t synic_register(uint32_t msr)
{
	if (msr >= HV_X64_MSR_SINT0 && msr <= HV_X64_MSR_SINT15)
		return HV_REGISTER_SINT0 + (msr - HV_X64_MSR_SINT0);
	if (msr >= HV_X64_MSR_SCONTROL && msr <= HV_X64_MSR_EOM)
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
 * Queue a message for a SINT, and deliver at once when its slot is empty and nothing waits before
 * it. msg is the core's own copy; its flags are ignored. HV_STATUS_INVALID_PARAMETER: sint above
 * 15, type 0, or payload above 240; INVALID_SYNIC_STATE: SCONTROL or SIMP is disabled;
 * INSUFFICIENT_BUFFERS: queue full. On failure the message was not taken.
 */
uint16_t synic_post_message(struct hv_synic *s, uint32_t sint, const struct hv_message *msg,
			    uint16_t *raise);
/*
 * The same for a sender that keeps the message itself (timers, HvCallPostMessageDirect): into the
 * slot now, or HV_STATUS_OBJECT_IN_USE with the slot's MessagePending set, so that the guest's
 * EOM announces room.
 */
uint16_t synic_try_message(struct hv_synic *s, uint32_t sint, const struct hv_message *msg,
			   uint16_t *raise);
/* On EOM and on an APIC EOI: deliver from the queue into slots that are empty by now. */
void synic_rescan(struct hv_synic *s, uint16_t *raise);

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
