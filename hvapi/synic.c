/* SPDX-License-Identifier: MIT */
/*
 * A message slot is empty while its type is 0, so the type is written last. The guest empties a
 * slot by clearing the type and then looks at MessagePending; we set MessagePending and then look
 * at the type again. With both in that order, one of the two sees the other.
 */
#include "hvapi/synic.h"

#include <string.h>

#include <hv/status.h>

#define FIRST_VECTOR 16u

_Static_assert(sizeof(struct hv_synic) < HV_PAGE_SIZE, "fits a page");

static bool slot_empty(const struct hv_message *slot)
{
	return !__atomic_load_n(&slot->header.message_type, __ATOMIC_SEQ_CST);
}

static bool messages_on(const struct hv_synic *s)
{
	return (s->scontrol & SYNIC_ENABLE) && (s->simp & SYNIC_ENABLE);
}

/* Polling unmasks a source for delivery, but raises no interrupt (TLFS, "SINTx Registers"). */
static bool raises(uint64_t sint)
{
	return !(sint & (SYNIC_SINT_MASKED | SYNIC_SINT_POLLING));
}

static void raise_sint(const struct hv_synic *s, uint32_t sint, uint16_t *raise)
{
	if (raises(s->sint[sint]))
		*raise = (uint16_t)(*raise | 1u << sint);
}

static void write_slot(struct hv_message *slot, const struct hv_message *msg, bool more)
{
	struct hv_message_header *h = &slot->header;
	uint64_t word[HV_MESSAGE_PAYLOAD_MAX / 8] = { 0 };

	/* What follows the payload in msg may be anything: the guest does not get it. */
	memcpy(word, msg->payload, msg->header.payload_size);
	for (uint32_t i = 0; i * 8 < msg->header.payload_size; i++)
		__atomic_store_n(&slot->payload[i], word[i], __ATOMIC_RELAXED);
	__atomic_store_n(&h->sender, msg->header.sender, __ATOMIC_RELAXED);
	__atomic_store_n(&h->payload_size, msg->header.payload_size, __ATOMIC_RELAXED);
	__atomic_store_n(&h->message_flags, more ? HV_MESSAGE_FLAG_PENDING : 0, __ATOMIC_RELAXED);
	__atomic_store_n(&h->reserved[0], 0, __ATOMIC_RELAXED);
	__atomic_store_n(&h->reserved[1], 0, __ATOMIC_RELAXED);
	__atomic_store_n(&h->message_type, msg->header.message_type, __ATOMIC_RELEASE);
}

/* Into the slot if it is empty; else leave MessagePending in it. more: others wait behind. */
static bool deliver(struct hv_synic *s, uint32_t sint, const struct hv_message *msg, bool more,
		    uint16_t *raise)
{
	struct hv_message *slot = &s->simp_page->sint[sint];

	if (!slot_empty(slot)) {
		__atomic_fetch_or(&slot->header.message_flags, HV_MESSAGE_FLAG_PENDING,
				  __ATOMIC_SEQ_CST);
		if (!slot_empty(slot))
			return false;
	}
	write_slot(slot, msg, more);
	raise_sint(s, sint, raise);
	return true;
}

/* ---- queue ---- */

static uint32_t queued_for(const struct hv_synic *s, uint32_t sint)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->count; i++)
		n += s->queue_sint[i] == sint;
	return n;
}

static void queue_remove(struct hv_synic *s, uint32_t at)
{
	uint32_t sint = s->queue_sint[at];

	s->count--;
	for (uint32_t i = at; i < s->count; i++) {
		s->queue[i] = s->queue[i + 1];
		s->queue_sint[i] = s->queue_sint[i + 1];
	}
	if (!queued_for(s, sint))
		s->queued = (uint16_t)(s->queued & ~(1u << sint));
}

void synic_rescan(struct hv_synic *s, uint16_t *raise)
{
	uint32_t tried = 0;
	uint32_t i = 0;

	if (!s->queued || !messages_on(s))
		return;
	while (i < s->count) {
		uint32_t sint = s->queue_sint[i];
		bool first = !(tried & 1u << sint);

		/* One a SINT: the oldest. Those behind it would only find the slot full. */
		tried |= 1u << sint;
		if (first && deliver(s, sint, &s->queue[i], queued_for(s, sint) > 1, raise))
			queue_remove(s, i);
		else
			i++;
	}
}

static uint16_t check_message(const struct hv_synic *s, uint32_t sint, const struct hv_message *msg)
{
	if (sint >= HV_SYNIC_SINT_COUNT || !msg->header.message_type ||
	    msg->header.payload_size > HV_MESSAGE_PAYLOAD_MAX)
		return HV_STATUS_INVALID_PARAMETER;
	return messages_on(s) ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_SYNIC_STATE;
}

uint16_t synic_post_message(struct hv_synic *s, uint32_t sint, const struct hv_message *msg,
			    uint16_t *raise)
{
	uint16_t status = check_message(s, sint, msg);

	if (status != HV_STATUS_SUCCESS)
		return status;
	/* A new message is one of the three events that try the queue (TLFS, "Messages"). */
	synic_rescan(s, raise);
	if (!(s->queued & 1u << sint) && deliver(s, sint, msg, false, raise))
		return HV_STATUS_SUCCESS;
	if (s->count == SYNIC_BUFFERS || queued_for(s, sint) == SYNIC_SINT_BUFFERS)
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	s->queue[s->count] = *msg;
	s->queue_sint[s->count] = (uint8_t)sint;
	s->count++;
	s->queued = (uint16_t)(s->queued | 1u << sint);
	return HV_STATUS_SUCCESS;
}

uint16_t synic_try_message(struct hv_synic *s, uint32_t sint, const struct hv_message *msg,
			   uint16_t *raise)
{
	uint16_t status = check_message(s, sint, msg);
	bool more;

	if (status != HV_STATUS_SUCCESS)
		return status;
	more = s->queued & 1u << sint;
	return deliver(s, sint, msg, more, raise) ? HV_STATUS_SUCCESS : HV_STATUS_OBJECT_IN_USE;
}

uint16_t synic_signal_event(struct hv_synic *s, uint32_t sint, uint32_t flag, bool *newly,
			    uint16_t *raise)
{
	uint64_t *word, bit;

	*newly = false;
	if (sint >= HV_SYNIC_SINT_COUNT || flag >= HV_EVENT_FLAGS_COUNT)
		return HV_STATUS_INVALID_PARAMETER;
	if (!(s->scontrol & SYNIC_ENABLE) || !(s->siefp & SYNIC_ENABLE))
		return HV_STATUS_INVALID_SYNIC_STATE;
	if ((s->sint[sint] & (SYNIC_SINT_MASKED | SYNIC_SINT_POLLING)) == SYNIC_SINT_MASKED)
		return HV_STATUS_INVALID_SYNIC_STATE;
	word = &s->siefp_page->sint[sint][flag / 64];
	bit = 1ull << (flag % 64);
	*newly = !(__atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST) & bit);
	if (*newly)
		raise_sint(s, sint, raise);
	return HV_STATUS_SUCCESS;
}

/* ---- registers ---- */

void synic_reset(struct hv_synic *s)
{
	s->scontrol = 0;
	s->siefp = 0;
	s->simp = 0;
	for (uint32_t i = 0; i < HV_SYNIC_SINT_COUNT; i++)
		s->sint[i] = SYNIC_SINT_MASKED;
	s->queued = 0;
	s->auto_eoi = 0;
	s->count = 0;
	memset(s->queue_sint, 0, sizeof(s->queue_sint));
	memset(s->queue, 0, sizeof(s->queue));
	memset(s->simp_page, 0, HV_PAGE_SIZE);
	memset(s->siefp_page, 0, HV_PAGE_SIZE);
}

void synic_init(struct hv_synic *s, struct hv_message_page *simp_page,
		struct hv_synic_event_flags_page *siefp_page)
{
	memset(s, 0, sizeof(*s));
	s->simp_page = simp_page;
	s->siefp_page = siefp_page;
	synic_reset(s);
}

bool synic_read(const struct hv_synic *s, uint32_t reg, uint64_t *val)
{
	switch (reg) {
	case HV_REGISTER_SCONTROL:
		*val = s->scontrol;
		return true;
	case HV_REGISTER_SVERSION:
		*val = SYNIC_VERSION;
		return true;
	case HV_REGISTER_SIEFP:
		*val = s->siefp;
		return true;
	case HV_REGISTER_SIMP:
		*val = s->simp;
		return true;
	case HV_REGISTER_EOM:
		*val = 0;
		return true;
	default:
		break;
	}
	if (reg < HV_REGISTER_SINT0 || reg >= HV_REGISTER_SINT0 + HV_SYNIC_SINT_COUNT)
		return false;
	*val = s->sint[reg - HV_REGISTER_SINT0];
	return true;
}

static bool write_sint(struct hv_synic *s, uint32_t reg, uint64_t val)
{
	uint32_t n = reg - HV_REGISTER_SINT0;
	uint32_t bit;

	if (n >= HV_SYNIC_SINT_COUNT)
		return false;
	/* The reset value is masked with vector 0, so it has to be writable. */
	if ((val & 0xff) < FIRST_VECTOR && !(val & SYNIC_SINT_MASKED))
		return false;
	bit = 1u << n;
	s->sint[n] = val;
	s->auto_eoi = (uint16_t)(s->auto_eoi & ~bit);
	if ((val & SYNIC_SINT_AUTO_EOI) && !(val & SYNIC_SINT_MASKED))
		s->auto_eoi = (uint16_t)(s->auto_eoi | bit);
	return true;
}

bool synic_write(struct hv_synic *s, uint32_t reg, uint64_t val, uint16_t *raise)
{
	switch (reg) {
	case HV_REGISTER_SCONTROL:
		s->scontrol = val;
		break;
	case HV_REGISTER_SVERSION:
		return false;
	case HV_REGISTER_SIEFP:
		s->siefp = val;
		break;
	case HV_REGISTER_SIMP:
		s->simp = val;
		break;
	case HV_REGISTER_EOM:
		break;
	default:
		if (!write_sint(s, reg, val))
			return false;
		break;
	}
	synic_rescan(s, raise);
	return true;
}

bool synic_auto_eoi(const struct hv_synic *s, uint8_t vector)
{
	uint32_t left = s->auto_eoi;

	while (left) {
		uint32_t sint = (uint32_t)__builtin_ctz(left);

		if (synic_vector(s, sint) == vector)
			return true;
		left &= left - 1;
	}
	return false;
}

/* ---- state pages ---- */

void synic_get_messages(const struct hv_synic *s, void *out)
{
	memcpy(out, s->simp_page, HV_PAGE_SIZE);
}

void synic_set_messages(struct hv_synic *s, const void *in)
{
	memcpy(s->simp_page, in, HV_PAGE_SIZE);
}

void synic_get_events(const struct hv_synic *s, void *out)
{
	memcpy(out, s->siefp_page, HV_PAGE_SIZE);
}

void synic_set_events(struct hv_synic *s, const void *in)
{
	memcpy(s->siefp_page, in, HV_PAGE_SIZE);
}
