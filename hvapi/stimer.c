/* SPDX-License-Identifier: MIT */
/*
 * CONFIG: bit 0 enable, 1 periodic, 2 lazy, 3 auto-enable, 11:4 vector in direct mode, 12 direct,
 * 19:16 SINT; 15:13 and 63:20 reserved. COUNT: one-shot, the absolute time; periodic, the period.
 */
#include "hvapi/stimer.h"

#include <string.h>

#include <hv/status.h>

#define CONFIG_BITS  0xf1fffull
#define PENDING_FLAG 1u

_Static_assert(sizeof(struct hv_timer_message_payload) == 24, "TLFS HV_TIMER_MESSAGE_PAYLOAD");

static uint32_t sint_of(uint64_t config)
{
	return (uint32_t)(config >> 16) & 15;
}

/* An enabled timer must have somewhere to deliver (TLFS: SINT 0 is not allowed). */
static bool has_target(uint64_t config)
{
	return (config & STIMER_DIRECT) || sint_of(config);
}

static bool runs(const struct hv_stimer *m)
{
	return (m->config & STIMER_ENABLE) && m->count;
}

static uint64_t add_time(uint64_t t, uint64_t delta)
{
	return t + delta >= t ? t + delta : STIMER_NEVER;
}

static void restart(struct hv_stimers *t, uint32_t n, uint64_t now)
{
	struct hv_stimer *m = &t->timer[n];

	t->pending = (uint8_t)(t->pending & ~(1u << n));
	m->expired = 0;
	m->due = 0;
	if (runs(m))
		m->due = m->config & STIMER_PERIODIC ? add_time(now, m->count) : m->count;
}

void stimer_reset(struct hv_stimers *t)
{
	memset(t, 0, sizeof(*t));
}

bool stimer_read(const struct hv_stimers *t, uint32_t reg, uint64_t *val)
{
	uint32_t n = reg - HV_REGISTER_STIMER0_CONFIG;

	if (n >= 2 * HV_SYNIC_STIMER_COUNT)
		return false;
	*val = n & 1 ? t->timer[n / 2].count : t->timer[n / 2].config;
	return true;
}

bool stimer_write(struct hv_stimers *t, uint32_t reg, uint64_t val, uint64_t now)
{
	uint32_t n = reg - HV_REGISTER_STIMER0_CONFIG;
	struct hv_stimer *m;

	if (n >= 2 * HV_SYNIC_STIMER_COUNT)
		return false;
	if (!(n & 1) && (val & ~CONFIG_BITS))
		return false;
	m = &t->timer[n / 2];
	if (n & 1) {
		m->count = val;
		if (!val)
			m->config &= ~STIMER_ENABLE;
		else if (m->config & STIMER_AUTO_ENABLE)
			m->config |= STIMER_ENABLE;
	} else {
		m->config = val;
	}
	if (!has_target(m->config))
		m->config &= ~STIMER_ENABLE;
	restart(t, n / 2, now);
	return true;
}

uint64_t stimer_deadline(const struct hv_stimers *t)
{
	uint64_t first = STIMER_NEVER;

	for (uint32_t n = 0; n < HV_SYNIC_STIMER_COUNT; n++)
		if (runs(&t->timer[n]) && t->timer[n].due < first)
			first = t->timer[n].due;
	return first;
}

/* Try the message of timer n. Whatever keeps it from its slot, the next rescan tries again. */
static void send(struct hv_stimers *t, uint32_t n, struct hv_synic *s, uint64_t now,
		 uint16_t *raise)
{
	struct hv_stimer *m = &t->timer[n];
	struct hv_timer_message_payload payload = { n, 0, m->expired, now };
	struct hv_message msg;

	memset(&msg, 0, sizeof(msg));
	msg.header.message_type = HVMSG_TIMER_EXPIRED;
	msg.header.payload_size = sizeof(payload);
	memcpy(msg.payload, &payload, sizeof(payload));
	if (synic_try_message(s, sint_of(m->config), &msg, raise) != HV_STATUS_SUCCESS)
		return;
	t->pending = (uint8_t)(t->pending & ~(1u << n));
	m->expired = 0;
}

void stimer_rescan(struct hv_stimers *t, struct hv_synic *s, uint64_t now, uint16_t *raise)
{
	uint32_t left = t->pending;

	for (; left; left &= left - 1)
		send(t, (uint32_t)__builtin_ctz(left), s, now, raise);
}

void stimer_expire(struct hv_stimers *t, struct hv_synic *s, uint64_t now, struct stimer_effect *e)
{
	memset(e, 0, sizeof(*e));
	for (uint32_t n = 0; n < HV_SYNIC_STIMER_COUNT; n++) {
		struct hv_stimer *m = &t->timer[n];
		uint64_t due = m->due;

		if (!runs(m) || due > now)
			continue;
		if (m->config & STIMER_PERIODIC) {
			m->due = add_time(now - (now - due) % m->count, m->count);
		} else {
			m->config &= ~STIMER_ENABLE;
			m->due = 0;
		}
		if (m->config & STIMER_DIRECT) {
			e->vector[e->vectors++] = (uint8_t)(m->config >> 4);
			continue;
		}
		if (t->pending & 1u << n)
			continue; /* coalesced with the expiry that waits */
		t->pending = (uint8_t)(t->pending | 1u << n);
		m->expired = due;
		send(t, n, s, now, &e->raise);
	}
}

/* ---- state ---- */

void stimer_get_hv(const struct hv_stimers *t, struct hv_synthetic_timers_state *state)
{
	memset(state, 0, sizeof(*state));
	for (uint32_t n = 0; n < HV_SYNIC_STIMER_COUNT; n++) {
		struct hv_synthetic_timer_state *w = &state->timers[n];
		const struct hv_stimer *m = &t->timer[n];

		w->flags = t->pending >> n & 1 ? PENDING_FLAG : 0;
		w->config = m->config;
		w->count = m->count;
		if (runs(m) && (m->config & STIMER_PERIODIC))
			w->adjustment = m->due;
		w->undelivered_expiration_time = m->expired;
	}
}

static bool check_timer(const struct hv_synthetic_timer_state *w)
{
	bool periodic = w->config & STIMER_PERIODIC;

	if ((w->flags & ~PENDING_FLAG) || w->reserved || (w->config & ~CONFIG_BITS))
		return false;
	if ((w->config & STIMER_ENABLE) && !has_target(w->config))
		return false;
	/* Only a running periodic timer has a phase. */
	if (w->adjustment && (!periodic || !(w->config & STIMER_ENABLE) || !w->count))
		return false;
	/* Only a timer with a SINT has a message. */
	if (w->flags & PENDING_FLAG)
		return !(w->config & STIMER_DIRECT) && sint_of(w->config);
	return !w->undelivered_expiration_time;
}

bool stimer_check_hv(const struct hv_synthetic_timers_state *state)
{
	for (uint32_t n = 0; n < HV_SYNIC_STIMER_COUNT; n++)
		if (!check_timer(&state->timers[n]))
			return false;
	for (uint32_t i = 0; i < sizeof(state->reserved) / sizeof(state->reserved[0]); i++)
		if (state->reserved[i])
			return false;
	return true;
}

void stimer_set_hv(struct hv_stimers *t, struct hv_synic *s,
		   const struct hv_synthetic_timers_state *state, uint64_t now, uint16_t *raise)
{
	t->pending = 0;
	for (uint32_t n = 0; n < HV_SYNIC_STIMER_COUNT; n++) {
		const struct hv_synthetic_timer_state *w = &state->timers[n];
		struct hv_stimer *m = &t->timer[n];

		m->config = w->config;
		m->count = w->count;
		restart(t, n, now);
		if (w->adjustment)
			m->due = w->adjustment;
		if (w->flags & PENDING_FLAG)
			t->pending = (uint8_t)(t->pending | 1u << n);
		m->expired = w->undelivered_expiration_time;
	}
	stimer_rescan(t, s, now, raise);
}
