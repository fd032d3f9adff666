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

/* Out of line: the root's alone, and deliver() is in line in it again. */
static __attribute__((noinline)) void send_intercepts(struct hv_synic *s, uint16_t *raise);

static void raise_sint(struct hv_synic *s, uint32_t sint, uint16_t *raise)
{
	uint16_t bit = (uint16_t)(1u << sint);

	if (!raises(s->sint[sint]))
		return;
	if (s->ring_page && sint && s->sint[sint] & SYNIC_SINT_INTERCEPT) {
		s->intercepts |= bit;
		send_intercepts(s, raise);
	} else {
		*raise |= bit;
	}
}

/* What follows the payload in msg may be anything: the guest gets zeros to the next word's end. */
static void write_slot(struct hv_message *slot, const struct hv_message *msg, bool more)
{
	struct hv_message_header *h = &slot->header;
	uint32_t words = msg->header.payload_size / 8, rest = msg->header.payload_size % 8;

	for (uint32_t i = 0; i < words; i++)
		__atomic_store_n(&slot->payload[i], msg->payload[i], __ATOMIC_RELAXED);
	if (rest)
		__atomic_store_n(&slot->payload[words],
				 msg->payload[words] & ((1ull << (8 * rest)) - 1),
				 __ATOMIC_RELAXED);
	__atomic_store_n(&h->sender, msg->header.sender, __ATOMIC_RELAXED);
	__atomic_store_n(&h->payload_size, msg->header.payload_size, __ATOMIC_RELAXED);
	__atomic_store_n(&h->message_flags, more ? HV_MESSAGE_FLAG_PENDING : 0, __ATOMIC_RELAXED);
	__atomic_store_n(&h->reserved[0], 0, __ATOMIC_RELAXED);
	__atomic_store_n(&h->reserved[1], 0, __ATOMIC_RELAXED);
	__atomic_store_n(&h->message_type, msg->header.message_type, __ATOMIC_RELEASE);
}

/*
 * Into the slot if it is empty; else leave MessagePending in it. more: others wait behind. In line:
 * it is most of what a timer's message costs.
 */
static inline __attribute__((always_inline)) bool
deliver(struct hv_synic *s, uint32_t sint, const struct hv_message *msg, bool more, uint16_t *raise)
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

/*
 * SINTs of the root's that are messages on its SINT 0 (Linux, drivers/hv/mshv_synic.c). SINT 0 is
 * none of them: raising it comes not back here.
 */
static void send_intercepts(struct hv_synic *s, uint16_t *raise)
{
	while (s->intercepts && messages_on(s)) {
		struct hv_sint_intercept_message what = { (uint32_t)__builtin_ctz(s->intercepts),
							  0 };
		struct hv_message m = { .header = { .message_type = HVMSG_SYNIC_SINT_INTERCEPT,
						    .payload_size = sizeof(what) } };

		memcpy(m.payload, &what, sizeof(what));
		if (!deliver(s, 0, &m, (s->intercepts & (s->intercepts - 1)) != 0, raise))
			return;
		s->intercepts &= (uint16_t)(s->intercepts - 1);
	}
}

/* ---- queues ---- */

static void append(struct hv_synic *s, uint32_t sint, struct synic_queue *q)
{
	q->next = NULL;
	if (s->waiting[sint])
		s->last[sint]->next = q;
	else
		s->waiting[sint] = q;
	s->last[sint] = q;
	s->queued = (uint16_t)(s->queued | 1u << sint);
}

static struct synic_queue *take_first(struct hv_synic *s, uint32_t sint)
{
	struct synic_queue *q = s->waiting[sint];

	s->waiting[sint] = q->next;
	if (!q->next) {
		s->last[sint] = NULL;
		s->queued = (uint16_t)(s->queued & ~(1u << sint));
	}
	return q;
}

static void rescan_sint(struct hv_synic *s, uint32_t sint, uint16_t *raise)
{
	struct synic_queue *q = s->waiting[sint];

	if (!deliver(s, sint, &q->buffer[q->first], q->count > 1 || q->next, raise))
		return;
	q->first = (uint8_t)((q->first + 1) % SYNIC_QUEUE_MESSAGES);
	q->count--;
	/* The next turn is another port's, so that none starves the others. */
	if (q->next || !q->count) {
		(void)take_first(s, sint);
		if (q->count)
			append(s, sint, q);
	}
}

void synic_rescan(struct hv_synic *s, uint16_t *raise)
{
	if (s->intercepts)
		send_intercepts(s, raise);
	if (!s->queued || !messages_on(s))
		return;
	/* One message a SINT: those behind it would only find the slot full. */
	for (uint32_t left = s->queued; left; left &= left - 1)
		rescan_sint(s, (uint32_t)__builtin_ctz(left), raise);
}

void synic_cancel(struct hv_synic *s, uint32_t sint, struct synic_queue *q)
{
	struct synic_queue *rest = s->waiting[sint], *next;

	s->waiting[sint] = s->last[sint] = NULL;
	s->queued = (uint16_t)(s->queued & ~(1u << sint));
	for (; rest; rest = next) {
		next = rest->next;
		if (rest != q)
			append(s, sint, rest);
	}
	q->first = q->count = 0;
}

static uint16_t check_message(const struct hv_synic *s, uint32_t sint, const struct hv_message *msg)
{
	if (sint >= HV_SYNIC_SINT_COUNT || !msg->header.message_type ||
	    msg->header.payload_size > HV_MESSAGE_PAYLOAD_MAX)
		return HV_STATUS_INVALID_PARAMETER;
	return messages_on(s) ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_SYNIC_STATE;
}

uint16_t synic_post_message(struct hv_synic *s, uint32_t sint, struct synic_queue *q,
			    const struct hv_message *msg, uint16_t *raise)
{
	uint16_t status = check_message(s, sint, msg);

	if (status != HV_STATUS_SUCCESS)
		return status;
	/* A new message is one of the three events that try the queues (TLFS, "Messages"). */
	synic_rescan(s, raise);
	if (!(s->queued & 1u << sint) && deliver(s, sint, msg, false, raise))
		return HV_STATUS_SUCCESS;
	if (q->count == SYNIC_QUEUE_MESSAGES)
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	q->buffer[(q->first + q->count) % SYNIC_QUEUE_MESSAGES] = *msg;
	if (!q->count++)
		append(s, sint, q);
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

bool synic_takes_messages(const struct hv_synic *s)
{
	return messages_on(s);
}

bool synic_takes_events(const struct hv_synic *s, uint32_t sint)
{
	return (s->scontrol & SYNIC_ENABLE) && (s->siefp & SYNIC_ENABLE) &&
	       (s->sint[sint] & (SYNIC_SINT_MASKED | SYNIC_SINT_POLLING)) != SYNIC_SINT_MASKED;
}

bool synic_takes_ports(const struct hv_synic *s)
{
	return (s->scontrol & SYNIC_ENABLE) && (s->sirbp & SYNIC_ENABLE) && s->ring_page;
}

uint16_t synic_signal_event(struct hv_synic *s, uint32_t sint, uint32_t flag, bool *newly,
			    uint16_t *raise)
{
	uint64_t *word, bit;

	*newly = false;
	if (sint >= HV_SYNIC_SINT_COUNT || flag >= HV_EVENT_FLAGS_COUNT)
		return HV_STATUS_INVALID_PARAMETER;
	if (!synic_takes_events(s, sint))
		return HV_STATUS_INVALID_SYNIC_STATE;
	word = &s->siefp_page->sint[sint][flag / 64];
	bit = 1ull << (flag % 64);
	*newly = !(__atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST) & bit);
	if (*newly)
		raise_sint(s, sint, raise);
	return HV_STATUS_SUCCESS;
}

bool synic_ring_port(struct hv_synic *s, uint32_t sint, uint32_t port, uint16_t *raise)
{
	struct hv_synic_event_ring *ring = &s->ring_page->sint[sint];
	uint32_t *at = &ring->port[s->ring_head[sint]];
	bool put = !__atomic_load_n(at, __ATOMIC_SEQ_CST);

	if (put) {
		__atomic_store_n(at, port, __ATOMIC_SEQ_CST);
		s->ring_head[sint] =
			(uint8_t)((s->ring_head[sint] + 1u) % HV_SYNIC_EVENT_RING_PORTS);
	} else {
		__atomic_store_n(&ring->ring_full, 1, __ATOMIC_SEQ_CST);
	}
	/* The root unmasks, and then looks once more (mshv_synic.c). */
	if (!__atomic_load_n(&ring->signal_masked, __ATOMIC_SEQ_CST))
		raise_sint(s, sint, raise);
	return put;
}

/* ---- registers ---- */

void synic_reset(struct hv_synic *s)
{
	s->scontrol = 0;
	s->siefp = 0;
	s->simp = 0;
	s->sirbp = 0;
	s->intercepts = 0;
	memset(s->ring_head, 0, sizeof(s->ring_head));
	for (uint32_t i = 0; i < HV_SYNIC_SINT_COUNT; i++)
		s->sint[i] = SYNIC_SINT_MASKED;
	s->auto_eoi = 0;
	for (uint32_t i = 0; i < HV_SYNIC_SINT_COUNT; i++)
		while (s->waiting[i]) {
			struct synic_queue *q = take_first(s, i);

			q->first = q->count = 0;
		}
	memset(s->simp_page, 0, HV_PAGE_SIZE);
	memset(s->siefp_page, 0, HV_PAGE_SIZE);
	if (s->ring_page)
		memset(s->ring_page, 0, HV_PAGE_SIZE);
}

void synic_init_root(struct hv_synic *s, struct hv_synic_event_ring_page *ring_page)
{
	s->ring_page = ring_page;
	synic_reset(s);
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
	case HV_REGISTER_SIRBP:
		*val = s->sirbp;
		return s->ring_page != NULL;
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
	case HV_REGISTER_SIRBP:
		if (!s->ring_page)
			return false;
		s->sirbp = val;
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

uint16_t synic_free_slots(const struct hv_synic *s)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; messages_on(s) && i < HV_SYNIC_SINT_COUNT; i++)
		mask |= (uint32_t)slot_empty(&s->simp_page->sint[i]) << i;
	return (uint16_t)mask;
}

void synic_want_slots(struct hv_synic *s, uint16_t mask)
{
	for (uint32_t left = mask; left; left &= left - 1) {
		struct hv_message *slot = &s->simp_page->sint[__builtin_ctz(left)];

		if (!slot_empty(slot))
			__atomic_fetch_or(&slot->header.message_flags, HV_MESSAGE_FLAG_PENDING,
					  __ATOMIC_SEQ_CST);
	}
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
