/* SPDX-License-Identifier: MIT */
/*
 * A VP's local APIC as a pure state machine (Intel SDM vol. 3 ch. 10, AMD APM vol. 2 ch. 16).
 * xAPIC MMIO and x2APIC MSRs are two faces of one register table; root and guest reach the same
 * state. Nothing here knows of VPs, hardware or other APICs: what has to happen outside comes back
 * in struct vlapic_effect.
 *
 * All times are guest TSC values. The timer's clock is 200 MHz before the divider, as Hyper-V's
 * APIC frequency MSR says. The caller serialises access to one vlapic (the VP's owner).
 */
#ifndef X86_VLAPIC_H
#define X86_VLAPIC_H

#include <stdbool.h>
#include <stdint.h>

struct hv_local_interrupt_controller_state;

#define VLAPIC_TIMER_HZ		200000000ull /* at most: vlapic_timer_hz() */
#define VLAPIC_VERSION		0x00050014u /* integrated, LVT entries 0 to 5, no EOI suppression */
#define VLAPIC_BASE_ADDR	0xfee00000ull
#define VLAPIC_MSR_BASE		0x1bu
#define VLAPIC_MSR_TSC_DEADLINE 0x6e0u
#define VLAPIC_MSR_FIRST	0x800u
#define VLAPIC_MSR_LAST		0x83fu

/* IA32_APIC_BASE */
#define VLAPIC_BASE_BSP	   0x100ull
#define VLAPIC_BASE_X2	   0x400ull
#define VLAPIC_BASE_ENABLE 0x800ull

/* Hyper-V shows a pending NMI in this bit of the state's apic_irr[0]; the caller merges it on Get.
 */
#define VLAPIC_HV_IRR_NMI 0x4u

/* ESR bits that this model sets. */
#define VLAPIC_ESR_SEND_VECTOR	  0x20u
#define VLAPIC_ESR_RECEIVE_VECTOR 0x40u
#define VLAPIC_ESR_REGISTER	  0x80u

/* Delivery modes of ICR and LVT (SDM 10.5.1, 10.6.1); also how an LVT source was delivered. */
enum vlapic_mode {
	VLAPIC_FIXED = 0,
	VLAPIC_LOWEST = 1, /* ICR only */
	VLAPIC_SMI = 2,
	VLAPIC_NMI = 4,
	VLAPIC_INIT = 5,
	VLAPIC_SIPI = 6,   /* ICR only */
	VLAPIC_EXTINT = 7, /* LVT only */
	VLAPIC_NONE = 8,   /* accept_lvt: masked or refused, nothing happened */
};

enum vlapic_shorthand { VLAPIC_DEST = 0, VLAPIC_SELF = 1, VLAPIC_ALL = 2, VLAPIC_OTHERS = 3 };

struct vlapic_ipi {
	uint32_t dest;	   /* 8 bits, or 32 when x2 */
	uint8_t mode;	   /* enum vlapic_mode */
	uint8_t vector;	   /* SIPI: page number */
	uint8_t shorthand; /* enum vlapic_shorthand */
	bool level;	   /* trigger mode at the receiver; IPIs are always edge */
	bool logical;
	bool x2; /* dest is in x2APIC format: all ones in 32 bits is broadcast */
};

/* What an operation leaves to the caller. Zeroed by each function that takes one. */
struct vlapic_effect {
	bool has_ipi; /* deliver ipi; a self IPI never comes here, it is in IRR already */
	struct vlapic_ipi ipi;
	bool eoi;	    /* an EOI was written: rescan SynIC message queues */
	bool eoi_level;	    /* ... and it ended a level interrupt: tell the I/O APIC */
	uint8_t eoi_vector; /* valid when eoi_level */
	bool timer_changed; /* vlapic_deadline() may answer differently */
	bool recheck;	    /* vlapic_pending() may answer differently */
};

enum vlapic_lvt {
	VLAPIC_LVT_TIMER = 0x32,
	VLAPIC_LVT_THERMAL = 0x33,
	VLAPIC_LVT_PERFMON = 0x34,
	VLAPIC_LVT_LINT0 = 0x35,
	VLAPIC_LVT_LINT1 = 0x36,
	VLAPIC_LVT_ERROR = 0x37,
};

struct vlapic {
	uint32_t reg[64];      /* by MMIO offset / 16; computed registers are kept zero */
	uint64_t base;	       /* IA32_APIC_BASE */
	uint64_t timer_due;    /* next expiry, valid while timer_on */
	uint64_t tsc_deadline; /* IA32_TSC_DEADLINE, 0: disarmed */
	uint64_t ratio;	       /* TSC ticks per timer tick, 32.32 */
	uint32_t id;	       /* x2APIC id */
	uint32_t esr_new;      /* errors since the last write of ESR */
	int16_t irr_max;       /* highest bit of IRR, -1: none */
	int16_t isr_max;
	bool timer_on; /* the count runs; one-shot and periodic only */
	bool x2apic_allowed;
	bool tsc_deadline_allowed;
};

/* The timer's input clock: never faster than the TSC, so that no count is lost on the way. */
static inline uint64_t vlapic_timer_hz(uint64_t tsc_hz)
{
	return tsc_hz < VLAPIC_TIMER_HZ ? tsc_hz : VLAPIC_TIMER_HZ;
}

/* Power-up values. tsc_hz: guest TSC frequency, clamped to 1 MHz .. 12.8 GHz. */
void vlapic_init(struct vlapic *v, uint32_t apic_id, bool x2apic_allowed, bool tsc_deadline_allowed,
		 uint64_t tsc_hz, bool bsp);
/* INIT: every register to its reset value; id and APIC_BASE (so the mode too) stay. */
void vlapic_reset(struct vlapic *v);

/*
 * Guest MMIO, offset inside the APIC page. False: no such register in this mode, or unaligned; the
 * caller decides (a read gives 0, a write is dropped). ESR has noted an unknown register, which can
 * raise the error interrupt, so recheck vlapic_pending() on false.
 */
bool vlapic_mmio_read(struct vlapic *v, uint32_t offset, uint64_t now, uint32_t *val);
bool vlapic_mmio_write(struct vlapic *v, uint32_t offset, uint32_t val, uint64_t now,
		       struct vlapic_effect *e);
/* Guest MSRs 0x1b, 0x6e0, 0x800-0x83f; false: #GP, nothing changed. */
bool vlapic_msr_read(struct vlapic *v, uint32_t msr, uint64_t now, uint64_t *val);
bool vlapic_msr_write(struct vlapic *v, uint32_t msr, uint64_t val, uint64_t now,
		      struct vlapic_effect *e);

static inline uint64_t vlapic_base(const struct vlapic *v)
{
	return v->base;
}

static inline bool vlapic_x2(const struct vlapic *v)
{
	return v->base & VLAPIC_BASE_X2;
}

static inline bool vlapic_enabled(const struct vlapic *v)
{
	return v->base & VLAPIC_BASE_ENABLE;
}

/* Context-free: could IA32_APIC_BASE ever hold this here? (The guest's WRMSR also checks the
 * transition, SDM 10.12.5.) */
bool vlapic_check_base(const struct vlapic *v, uint64_t value);
/* Commit of a checked value for the state service: any mode to any mode. */
void vlapic_set_base(struct vlapic *v, uint64_t value);

/* Is this APIC a destination? source_apic_id matters for shorthands only. */
bool vlapic_match(const struct vlapic *v, const struct vlapic_ipi *ipi, uint32_t source_apic_id);

/* A fixed interrupt arrives. False: APIC disabled, or vector below 16 (noted in ESR). */
bool vlapic_accept(struct vlapic *v, uint8_t vector, bool level);
/*
 * A local source fires. Fixed ones are in IRR on return; for NMI, SMI, INIT and EXTINT the caller
 * acts. With the APIC disabled in APIC_BASE, LINT0 is INTR and LINT1 is NMI (SDM 10.4.3).
 */
enum vlapic_mode vlapic_accept_lvt(struct vlapic *v, enum vlapic_lvt lvt);

static inline uint8_t vlapic_tpr(const struct vlapic *v)
{
	return (uint8_t)v->reg[8];
}

/* Processor priority, SDM 10.8.3.1. */
static inline uint8_t vlapic_ppr(const struct vlapic *v)
{
	uint32_t isr = v->isr_max < 0 ? 0 : (uint32_t)v->isr_max & 0xf0;
	uint32_t tpr = v->reg[8];

	return (uint8_t)((tpr & 0xf0) >= isr ? tpr : isr);
}

/* The vector that would come if TPR were 0: what a guest's write of CR8 can let in; -1: none. */
static inline int vlapic_waiting(const struct vlapic *v)
{
	if (v->irr_max < 0 || (v->isr_max >= 0 && v->irr_max >> 4 <= v->isr_max >> 4))
		return -1;
	return vlapic_enabled(v) ? v->irr_max : -1;
}

/* The vector to deliver now, above PPR's class; -1: none. */
static inline int vlapic_pending(const struct vlapic *v)
{
	if (v->irr_max < 0 || (v->irr_max & 0xf0) <= (vlapic_ppr(v) & 0xf0))
		return -1;
	return vlapic_enabled(v) ? v->irr_max : -1;
}

/* The CPU took `vector`: IRR to ISR. A vector that IRR does not hold is ignored. */
void vlapic_ack(struct vlapic *v, uint8_t vector);
/* The same without ISR: a SynIC source with auto-EOI. */
void vlapic_ack_auto_eoi(struct vlapic *v, uint8_t vector);
/* EOI by any face. False: nothing was in service (e->eoi is set all the same). */
bool vlapic_eoi(struct vlapic *v, struct vlapic_effect *e);

static inline void vlapic_set_tpr(struct vlapic *v, uint8_t tpr)
{
	v->reg[8] = tpr;
}

static inline uint8_t vlapic_cr8(const struct vlapic *v)
{
	return (uint8_t)(v->reg[8] >> 4 & 0xf);
}

static inline void vlapic_set_cr8(struct vlapic *v, uint8_t cr8)
{
	v->reg[8] = (uint32_t)(cr8 & 0xf) << 4;
}

/* Guest TSC of the next timer interrupt; UINT64_MAX: none, or masked (which counts on unseen). */
uint64_t vlapic_deadline(const struct vlapic *v);
/* Expire what is due at `now`. Missed periods coalesce; the next one keeps the phase. */
void vlapic_advance(struct vlapic *v, uint64_t now, struct vlapic_effect *e);
/* The guest TSC was moved by delta (modulo 2^64): the count-down timer does not notice. */
void vlapic_tsc_moved(struct vlapic *v, uint64_t delta);

/* IA32_TSC_DEADLINE for the state service: kept whatever the LVT mode, so restore order is free. */
uint64_t vlapic_tsc_deadline(const struct vlapic *v);
void vlapic_set_tsc_deadline(struct vlapic *v, uint64_t value);

/*
 * The 176-byte state of HvCallGet/SetVpState; TPR travels in CR8, TSC_DEADLINE in its register.
 * Get is as if advanced to `now`. Check refuses every reserved bit and id, version or derived
 * registers that are not this APIC's; *nmi: the NMI bit was set. Set commits a checked state and
 * restarts the timer at its remaining count; Get at the same `now` then gives the same bytes.
 */
void vlapic_get_hv(const struct vlapic *v, uint64_t now,
		   struct hv_local_interrupt_controller_state *s);
bool vlapic_check_hv(const struct vlapic *v, const struct hv_local_interrupt_controller_state *s,
		     bool *nmi);
void vlapic_set_hv(struct vlapic *v, const struct hv_local_interrupt_controller_state *s,
		   uint64_t now);

#endif
