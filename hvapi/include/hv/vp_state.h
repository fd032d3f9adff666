/* SPDX-License-Identifier: MIT */
/*
 * VP state types and layouts of HvCallGet/SetVpState (Linux include/hyperv/hvhdk.h). The input is
 * struct hv_input_vp_state of hv/hypercall.h with a variable header: for a PFN type the page
 * numbers of the caller's buffer (as many as the state needs), for an inline type nothing on Get
 * and the data in 8-byte units on Set. Get of an inline type answers in the output page.
 */
#ifndef HV_VP_STATE_H
#define HV_VP_STATE_H

#include <stddef.h>
#include <stdint.h>

#define HV_VP_STATE_PFN			       0x80000000u /* the data travels by a list of page numbers */
#define HV_VP_STATE_ANY_VP		       0x40000000u /* of the partition: HV_ANY_VP */
#define HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER (0u | HV_VP_STATE_PFN)
#define HV_VP_STATE_XSAVE		       (1u | HV_VP_STATE_PFN)
#define HV_VP_STATE_SYNIC_MESSAGE_PAGE	       (2u | HV_VP_STATE_PFN)
#define HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE      (3u | HV_VP_STATE_PFN)
#define HV_VP_STATE_SYNTHETIC_TIMERS	       4u
#define HV_VP_STATE_SVE			       (7u | HV_VP_STATE_PFN) /* arm64 */
/* Ours: no number is published for nested state. */
#define HV_VP_STATE_NESTED (8u | HV_VP_STATE_PFN)

struct hv_local_interrupt_controller_state {
	uint32_t apic_id;
	uint32_t apic_version;
	uint32_t apic_ldr;
	uint32_t apic_dfr;
	uint32_t apic_spurious;
	uint32_t apic_isr[8];
	uint32_t apic_tmr[8];
	uint32_t apic_irr[8]; /* irr[0] bit 2: NMI pending */
	uint32_t apic_esr;
	uint32_t apic_icr_high;
	uint32_t apic_icr_low;
	uint32_t apic_lvt_timer;
	uint32_t apic_lvt_thermal;
	uint32_t apic_lvt_perfmon;
	uint32_t apic_lvt_lint0;
	uint32_t apic_lvt_lint1;
	uint32_t apic_lvt_error;
	uint32_t apic_lvt_cmci;
	uint32_t apic_error_status;
	uint32_t apic_initial_count;
	uint32_t apic_counter_value;
	uint32_t apic_divide_configuration;
	uint32_t apic_remote_read;
};
_Static_assert(sizeof(struct hv_local_interrupt_controller_state) == 176, "hvhdk.h: 176 bytes");
_Static_assert(offsetof(struct hv_local_interrupt_controller_state, apic_lvt_timer) == 128,
	       "hvhdk.h");
_Static_assert(offsetof(struct hv_local_interrupt_controller_state, apic_initial_count) == 160,
	       "hvhdk.h");

#define HV_SYNIC_STIMER_COUNT 4u
struct hv_synthetic_timer_state {
#define HV_STIMER_STATE_UNDELIVERED 1u
	uint32_t flags;
	uint32_t reserved;
	uint64_t config;
	uint64_t count;
	uint64_t adjustment;
	uint64_t undelivered_expiration_time;
};
struct hv_synthetic_timers_state {
	struct hv_synthetic_timer_state timers[HV_SYNIC_STIMER_COUNT];
	uint64_t reserved[5];
};
_Static_assert(sizeof(struct hv_synthetic_timers_state) == 200, "hvhdk.h: 200 bytes");

#endif
