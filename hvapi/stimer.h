/* SPDX-License-Identifier: MIT */
/*
 * A VP's four synthetic timers (TLFS, "Synthetic Timers"). Times are partition reference time,
 * 100 ns units. Each timer has one message buffer of its own: an expiry that finds its message
 * slot full waits in it, and further expiries of a periodic timer coalesce with it. Lazy timers
 * are treated as the others.
 *
 * The caller serialises access (the VP's owner), and arms stimer_deadline().
 */
#ifndef HVAPI_STIMER_H
#define HVAPI_STIMER_H

#include <stdbool.h>
#include <stdint.h>

#include <hv/registers.h>
#include <hv/vp_state.h>

#include "hvapi/synic.h"

#define STIMER_NEVER UINT64_MAX

/* CONFIG */
#define STIMER_ENABLE	   0x1ull
#define STIMER_PERIODIC	   0x2ull
#define STIMER_LAZY	   0x4ull
#define STIMER_AUTO_ENABLE 0x8ull
#define STIMER_DIRECT	   0x1000ull

/* It runs when CONFIG says enabled and COUNT is not 0. */
struct hv_stimer {
	uint64_t config;
	uint64_t count;
	uint64_t due;	  /* next expiry, valid while it runs */
	uint64_t expired; /* expiry of the message that waits, valid while pending */
};

struct hv_stimers {
	struct hv_stimer timer[HV_SYNIC_STIMER_COUNT];
	uint8_t pending; /* timers whose message waits for its slot */
};

/* What an expiry raises: SINTs as synic.h says, and vectors of direct timers. */
struct stimer_effect {
	uint16_t raise;
	uint8_t vectors; /* how many of vector[] */
	uint8_t vector[HV_SYNIC_STIMER_COUNT];
};

void stimer_reset(struct hv_stimers *t);

/* The register that an MSR (0x400000b0-b7) names; 0: none of these. */
static inline uint32_t stimer_register(uint32_t msr)
{
	if (msr < HV_X64_MSR_STIMER0_CONFIG || msr > HV_X64_MSR_STIMER3_COUNT)
		return 0;
	return HV_REGISTER_STIMER0_CONFIG + (msr - HV_X64_MSR_STIMER0_CONFIG);
}

/* By register name. False: unknown register. */
bool stimer_read(const struct hv_stimers *t, uint32_t reg, uint64_t *val);
/*
 * False: #GP, nothing changed: unknown register or a reserved CONFIG bit. A write restarts the
 * timer and drops a message that waits. The deadline may be in the past now: the caller looks at
 * stimer_deadline() and runs stimer_expire().
 */
bool stimer_write(struct hv_stimers *t, uint32_t reg, uint64_t val, uint64_t now);

/* Reference time of the next expiry, or STIMER_NEVER. */
uint64_t stimer_deadline(const struct hv_stimers *t);
/* Fire what is due; e is zeroed first. A missed period coalesces, the next one keeps the phase. */
void stimer_expire(struct hv_stimers *t, struct hv_synic *s, uint64_t now, struct stimer_effect *e);
/* On EOM, APIC EOI and SynIC register writes, after the SynIC's own rescan: deliver what waits. */
void stimer_rescan(struct hv_stimers *t, struct hv_synic *s, uint64_t now, uint16_t *raise);

/*
 * State type "synthetic timers", 200 bytes. For a running periodic timer `adjustment` is the
 * reference time of its next expiry (0 on Set: a whole period from now); otherwise it is 0.
 * Check refuses reserved bits and combinations that no sequence of writes leads to; like Set it
 * reads the core's own copy. Set commits a checked state and delivers waiting messages at the
 * end, so the message page is restored first. Get does not expire anything: what is overdue is so
 * after Set too.
 */
void stimer_get_hv(const struct hv_stimers *t, struct hv_synthetic_timers_state *state);
bool stimer_check_hv(const struct hv_synthetic_timers_state *state);
void stimer_set_hv(struct hv_stimers *t, struct hv_synic *s,
		   const struct hv_synthetic_timers_state *state, uint64_t now, uint16_t *raise);

#endif
