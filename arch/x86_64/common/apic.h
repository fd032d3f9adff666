/* SPDX-License-Identifier: MIT */
/*
 * The physical local APIC, in whatever mode the root chose (Intel SDM vol. 3 ch. 11, AMD APM
 * vol. 2 ch. 16). The core sends NMIs and start-up IPIs, and borrows the timer while a guest runs
 * (decision 15); nothing else here changes what the root sees.
 */
#ifndef X86_APIC_H
#define X86_APIC_H

#include <stdbool.h>
#include <stdint.h>

#define APIC_ID	       0x20u
#define APIC_TPR       0x80u
#define APIC_PPR       0xa0u
#define APIC_EOI       0xb0u
#define APIC_SVR       0xf0u
#define APIC_ISR       0x100u
#define APIC_IRR       0x200u
#define APIC_ICR_LOW   0x300u
#define APIC_ICR_HIGH  0x310u
#define APIC_LVT_TIMER 0x320u
#define APIC_INITIAL   0x380u
#define APIC_CURRENT   0x390u
#define APIC_DIVIDE    0x3e0u

#define APIC_LVT_MASKED	    0x10000u
#define APIC_TIMER_MODE	    0x60000u
#define APIC_TIMER_PERIODIC 0x20000u
#define APIC_TIMER_DEADLINE 0x40000u
#define APIC_ICR_BUSY	    0x1000u
#define APIC_ICR_ASSERT	    0x4000u
#define APIC_SVR_ENABLE	    0x100u
#define APIC_DM_MASK	    0x700u
#define APIC_DM_NMI	    0x400u
#define APIC_DM_INIT	    0x500u
#define APIC_DM_SIPI	    0x600u

/* va: where the APIC page is mapped for the core, uncached. */
void apic_init(uint64_t va);
uint32_t apic_read(uint32_t reg);
void apic_write(uint32_t reg, uint32_t v);
void apic_eoi(void);
bool apic_in_service(uint8_t vector);
uint32_t apic_id(void);
bool apic_x2(void);
/* Send an IPI by physical id; in xAPIC mode ICR's high half is put back. */
void apic_send(uint32_t dest, uint32_t low);
void apic_calibrate(uint64_t tsc_hz);
/* TSC ticks for `count` timer ticks at divide register value `divide`, and back. */
uint64_t apic_ticks_to_tsc(uint64_t count, uint32_t divide);
uint64_t apic_tsc_to_ticks(uint64_t tsc, uint32_t divide);
uint32_t apic_divisor(uint32_t divide);

#endif
