/* SPDX-License-Identifier: MIT */
/*
 * Registers. The number is the MMIO offset / 16 and the x2APIC MSR - 0x800. x1, x2: access in
 * xAPIC (MMIO) and x2APIC (MSR) mode; reserved bits are dropped by MMIO and fault by MSR.
 *
 *  nr     register          x1   x2   bits a guest can write
 *  02     id                R    R    none; x1 shows it in bits 31:24
 *  03     version           R    R
 *  08     TPR               RW   RW   7:0, CR8 is 7:4
 *  09     APR               R    -    reads 0 (no arbitration bus)
 *  0a     PPR               R    R    computed from TPR and ISR
 *  0b     EOI               W    W    x1 any value, x2 must be 0
 *  0c     remote read       R    -    reads 0 (not offered)
 *  0d     LDR               RW   R    31:24; x2: computed from the id
 *  0e     DFR               RW   -    31:28, the rest reads as ones
 *  0f     SVR               RW   RW   9:0; bit 8 clear masks every LVT entry
 *  10-17  ISR               R    R
 *  18-1f  TMR               R    R
 *  20-27  IRR               R    R
 *  28     ESR               RW   RW   a write latches the errors since the last; x2 must be 0
 *  30     ICR               RW   RW   11:0, 15:14, 19:18; x2: bits 63:32 are the destination
 *  31     ICR high          RW   -    31:24
 *  32     LVT timer         RW   RW   7:0, 16, 17, 18 when TSC-deadline is offered
 *  33 34  LVT thermal, pmc  RW   RW   7:0, 10:8, 16
 *  35 36  LVT LINT0, LINT1  RW   RW   7:0, 10:8, 13, 15, 16
 *  37     LVT error         RW   RW   7:0, 16
 *  38     initial count     RW   RW   ignored in TSC-deadline mode
 *  39     current count     R    R    computed
 *  3e     divide            RW   RW   3, 1:0
 *  3f     self IPI          -    W    7:0
 *
 * There is no CMCI entry (0x2f): the version register says six LVT entries.
 */
#include "arch/x86_64/common/vlapic.h"

#include <string.h>

#include <hv/vp_state.h>

/* clang-format off */
enum {
	R_ID = 0x02, R_VERSION = 0x03, R_TPR = 0x08, R_APR = 0x09, R_PPR = 0x0a, R_EOI = 0x0b,
	R_RRD = 0x0c, R_LDR = 0x0d, R_DFR = 0x0e, R_SVR = 0x0f, R_ISR = 0x10, R_TMR = 0x18,
	R_IRR = 0x20, R_ESR = 0x28, R_ICR = 0x30, R_ICR2 = 0x31, R_TIMER = 0x32, R_THERMAL = 0x33,
	R_PERFMON = 0x34, R_LINT0 = 0x35, R_LINT1 = 0x36, R_ERROR = 0x37, R_INITIAL = 0x38,
	R_CURRENT = 0x39, R_DIVIDE = 0x3e, R_SELF = 0x3f,
};
/* clang-format on */

#define SVR_ENABLE     0x100u
#define LVT_MASKED     0x10000u
#define LVT_LEVEL      0x8000u
#define LVT_READ_ONLY  0x5000u /* delivery status, remote IRR: both always 0 here */
#define TIMER_PERIODIC 0x20000u
#define TIMER_DEADLINE 0x40000u
#define TIMER_MODE     (TIMER_PERIODIC | TIMER_DEADLINE)
#define ICR_BITS       0xccfffu
#define ICR_READ_ONLY  0x1000u /* delivery status */
#define DFR_FIXED      0x0fffffffu
#define DFR_CLUSTER    0x0u /* in bits 31:28; anything else works as flat */

/* struct row: access, bits a guest can write, bits a write may carry but does not change. */
#define R1 1u
#define W1 2u
#define R2 4u
#define W2 8u
#define RW (R1 | W1 | R2 | W2)

struct row {
	uint8_t access;
	uint32_t write;
	uint32_t ignore;
};

/* clang-format off */
static const struct row rows[64] = {
	[R_ID] = { R1 | R2, 0, 0 },
	[R_VERSION] = { R1 | R2, 0, 0 },
	[R_TPR] = { RW, 0xff, 0 },
	[R_APR] = { R1, 0, 0 },
	[R_PPR] = { R1 | R2, 0, 0 },
	[R_EOI] = { W1 | W2, 0, 0 },
	[R_RRD] = { R1, 0, 0 },
	[R_LDR] = { R1 | W1 | R2, 0xff000000, 0 },
	[R_DFR] = { R1 | W1, 0xf0000000, 0 },
	[R_SVR] = { RW, 0x3ff, 0 },
	[R_ISR ... R_ISR + 7] = { R1 | R2, 0, 0 },
	[R_TMR ... R_TMR + 7] = { R1 | R2, 0, 0 },
	[R_IRR ... R_IRR + 7] = { R1 | R2, 0, 0 },
	[R_ESR] = { RW, 0, 0 },
	[R_ICR] = { RW, ICR_BITS, ICR_READ_ONLY },
	[R_ICR2] = { R1 | W1, 0xff000000, 0 },
	[R_TIMER] = { RW, 0x700ff, LVT_READ_ONLY },
	[R_THERMAL] = { RW, 0x107ff, LVT_READ_ONLY },
	[R_PERFMON] = { RW, 0x107ff, LVT_READ_ONLY },
	[R_LINT0] = { RW, 0x1a7ff, LVT_READ_ONLY },
	[R_LINT1] = { RW, 0x1a7ff, LVT_READ_ONLY },
	[R_ERROR] = { RW, 0x100ff, LVT_READ_ONLY },
	[R_INITIAL] = { RW, 0xffffffff, 0 },
	[R_CURRENT] = { R1 | R2, 0, 0 },
	[R_DIVIDE] = { RW, 0xb, 0 },
	[R_SELF] = { W2, 0xff, 0 },
};
/* clang-format on */

static uint32_t write_mask(const struct vlapic *v, uint32_t n)
{
	if (n == R_TIMER && !v->tsc_deadline_allowed)
		return rows[n].write & ~TIMER_DEADLINE;
	return rows[n].write;
}

/* The x2APIC id is split into cluster and bit, SDM 10.12.10.2. */
static uint32_t x2_ldr(const struct vlapic *v)
{
	return (v->id >> 4) << 16 | 1u << (v->id & 15);
}

static uint32_t id_register(const struct vlapic *v)
{
	return vlapic_x2(v) ? v->id : v->id << 24;
}

/* ---- vectors ---- */

static bool bit_test(const uint32_t *w, uint32_t vector)
{
	return w[vector >> 5] >> (vector & 31) & 1;
}

static void bit_put(uint32_t *w, uint32_t vector, bool on)
{
	uint32_t bit = 1u << (vector & 31);

	if (on)
		w[vector >> 5] |= bit;
	else
		w[vector >> 5] &= ~bit;
}

/* Highest vector in w[], -1 when empty. */
static int16_t highest(const uint32_t *w)
{
	for (int i = 7; i >= 0; i--)
		if (w[i])
			return (int16_t)(i * 32 + 31 - __builtin_clz(w[i]));
	return -1;
}

static void note_error(struct vlapic *v, uint32_t bit)
{
	/* Armed again only by a write of ESR (SDM 10.5.3), which also ends a recursion here. */
	bool armed = !v->esr_new;

	v->esr_new |= bit;
	if (armed)
		(void)vlapic_accept_lvt(v, VLAPIC_LVT_ERROR);
}

bool vlapic_accept(struct vlapic *v, uint8_t vector, bool level)
{
	if (!vlapic_enabled(v))
		return false;
	if (vector < 16) {
		note_error(v, VLAPIC_ESR_RECEIVE_VECTOR);
		return false;
	}
	if (!(v->reg[R_SVR] & SVR_ENABLE))
		return false;
	bit_put(&v->reg[R_IRR], vector, true);
	bit_put(&v->reg[R_TMR], vector, level);
	if (vector > v->irr_max)
		v->irr_max = vector;
	return true;
}

enum vlapic_mode vlapic_accept_lvt(struct vlapic *v, enum vlapic_lvt lvt)
{
	uint32_t val = v->reg[lvt];
	uint32_t mode = val >> 8 & 7;
	bool level;

	if (!vlapic_enabled(v)) {
		if (lvt == VLAPIC_LVT_LINT0)
			return VLAPIC_EXTINT;
		return lvt == VLAPIC_LVT_LINT1 ? VLAPIC_NMI : VLAPIC_NONE;
	}
	if (val & LVT_MASKED)
		return VLAPIC_NONE;
	switch (mode) {
	case VLAPIC_FIXED:
		level = lvt == VLAPIC_LVT_LINT0 && (val & LVT_LEVEL);
		return vlapic_accept(v, (uint8_t)val, level) ? VLAPIC_FIXED : VLAPIC_NONE;
	case VLAPIC_SMI:
	case VLAPIC_NMI:
	case VLAPIC_INIT:
	case VLAPIC_EXTINT:
		return (enum vlapic_mode)mode;
	default:
		return VLAPIC_NONE;
	}
}

void vlapic_ack_auto_eoi(struct vlapic *v, uint8_t vector)
{
	bit_put(&v->reg[R_IRR], vector, false);
	v->irr_max = highest(&v->reg[R_IRR]);
}

void vlapic_ack(struct vlapic *v, uint8_t vector)
{
	if (!bit_test(&v->reg[R_IRR], vector))
		return;
	vlapic_ack_auto_eoi(v, vector);
	bit_put(&v->reg[R_ISR], vector, true);
	if (vector > v->isr_max)
		v->isr_max = vector;
}

/* As vlapic_eoi, into an effect that the caller has begun. */
static bool end_of_interrupt(struct vlapic *v, struct vlapic_effect *e)
{
	uint32_t vector = (uint32_t)v->isr_max;

	e->eoi = true;
	if (v->isr_max < 0)
		return false;
	bit_put(&v->reg[R_ISR], vector, false);
	v->isr_max = highest(&v->reg[R_ISR]);
	if (bit_test(&v->reg[R_TMR], vector)) {
		e->eoi_level = true;
		e->eoi_vector = (uint8_t)vector;
	}
	e->recheck = true;
	return true;
}

bool vlapic_eoi(struct vlapic *v, struct vlapic_effect *e)
{
	memset(e, 0, sizeof(*e));
	return end_of_interrupt(v, e);
}

/* ---- timer ---- */

static uint32_t timer_mode(const struct vlapic *v)
{
	return v->reg[R_TIMER] & TIMER_MODE;
}

/* log2 of the divider: the code is bits 3, 1, 0; 0 means 2, ... 6 means 128, 7 means 1. */
static uint32_t divide_shift(uint32_t reg)
{
	return (((reg & 3) | (reg >> 1 & 4)) + 1) & 7;
}

/* TSC ticks that `count` takes, at least 1: count < 2^32, divider <= 2^7, ratio < 2^39. */
static uint64_t count_to_tsc(const struct vlapic *v, uint32_t count)
{
	uint64_t clocks = (uint64_t)count << divide_shift(v->reg[R_DIVIDE]);
	uint64_t tsc = (uint64_t)((unsigned __int128)clocks * v->ratio >> 32);

	return tsc ? tsc : 1;
}

/*
 * The smallest count that takes at least `tsc`, so that Get followed by Set at the same instant
 * finds the same count. That is ceil((tsc << 32) / (ratio << divider)), in two steps of 16 bits
 * because the core has no 128-bit division; the dividend of each stays below 2^63.
 */
static uint32_t tsc_to_count(const struct vlapic *v, uint64_t tsc)
{
	uint64_t unit = v->ratio << divide_shift(v->reg[R_DIVIDE]);
	uint64_t high, low;

	if (tsc >= count_to_tsc(v, v->reg[R_INITIAL]))
		return v->reg[R_INITIAL];
	high = (tsc << 16) / unit;
	low = (tsc << 16) % unit << 16;
	return (uint32_t)((high << 16) + low / unit + (low % unit != 0));
}

static uint64_t add_time(uint64_t t, uint64_t delta)
{
	return t + delta >= t ? t + delta : UINT64_MAX - 1;
}

/* When the periodic timer next expires after `now`; keeps the phase, skips what was missed. */
static uint64_t next_period(const struct vlapic *v, uint64_t now)
{
	uint64_t period = count_to_tsc(v, v->reg[R_INITIAL]);

	return add_time(now - (now - v->timer_due) % period, period);
}

static uint32_t current_count(const struct vlapic *v, uint64_t now)
{
	uint64_t due = v->timer_due;

	if (!v->timer_on)
		return 0;
	if (now >= due) {
		if (timer_mode(v) != TIMER_PERIODIC)
			return 0;
		due = next_period(v, now);
	}
	return tsc_to_count(v, due - now);
}

static void timer_start(struct vlapic *v, uint32_t count, uint64_t now)
{
	v->timer_on = count && timer_mode(v) != TIMER_DEADLINE;
	v->timer_due = v->timer_on ? add_time(now, count_to_tsc(v, count)) : 0;
}

/* Expire what is due. Everything that changes the timer does this first, under the old settings. */
static void timer_expire(struct vlapic *v, uint64_t now, struct vlapic_effect *e)
{
	if (timer_mode(v) == TIMER_DEADLINE) {
		if (!v->tsc_deadline || now < v->tsc_deadline)
			return;
		v->tsc_deadline = 0;
	} else {
		if (!v->timer_on || now < v->timer_due)
			return;
		if (timer_mode(v) == TIMER_PERIODIC)
			v->timer_due = next_period(v, now);
		else
			timer_start(v, 0, now);
	}
	e->timer_changed = true;
	if (vlapic_accept_lvt(v, VLAPIC_LVT_TIMER) == VLAPIC_FIXED)
		e->recheck = true;
}

static void write_timer(struct vlapic *v, uint32_t val, uint64_t now, struct vlapic_effect *e)
{
	uint32_t old = timer_mode(v);

	v->reg[R_TIMER] = val;
	e->timer_changed = true;
	if ((old ^ val) & TIMER_DEADLINE) {
		/* SDM 10.5.4.1: a change to or from deadline mode disarms. */
		v->tsc_deadline = 0;
		timer_start(v, 0, now);
	}
	/* A periodic timer with a count always runs: state has no other way to say it. */
	if (timer_mode(v) == TIMER_PERIODIC && !v->timer_on)
		timer_start(v, v->reg[R_INITIAL], now);
}

static void write_divide(struct vlapic *v, uint32_t val, uint64_t now, struct vlapic_effect *e)
{
	uint32_t count = current_count(v, now);

	v->reg[R_DIVIDE] = val;
	timer_start(v, count, now);
	e->timer_changed = true;
}

uint64_t vlapic_deadline(const struct vlapic *v)
{
	if ((v->reg[R_TIMER] & LVT_MASKED) || !vlapic_enabled(v))
		return UINT64_MAX;
	if (timer_mode(v) == TIMER_DEADLINE)
		return v->tsc_deadline ? v->tsc_deadline : UINT64_MAX;
	return v->timer_on ? v->timer_due : UINT64_MAX;
}

void vlapic_advance(struct vlapic *v, uint64_t now, struct vlapic_effect *e)
{
	memset(e, 0, sizeof(*e));
	timer_expire(v, now, e);
}

void vlapic_tsc_moved(struct vlapic *v, uint64_t delta)
{
	if (v->timer_on)
		v->timer_due += delta;
}

uint64_t vlapic_tsc_deadline(const struct vlapic *v)
{
	return v->tsc_deadline;
}

void vlapic_set_tsc_deadline(struct vlapic *v, uint64_t value)
{
	v->tsc_deadline = value;
}

/* ---- reset and IA32_APIC_BASE ---- */

void vlapic_reset(struct vlapic *v)
{
	memset(v->reg, 0, sizeof(v->reg));
	v->reg[R_DFR] = vlapic_x2(v) ? 0 : 0xffffffff;
	v->reg[R_SVR] = 0xff;
	for (uint32_t n = R_TIMER; n <= R_ERROR; n++)
		v->reg[n] = LVT_MASKED;
	v->timer_due = 0;
	v->timer_on = false;
	v->tsc_deadline = 0;
	v->esr_new = 0;
	v->irr_max = -1;
	v->isr_max = -1;
}

void vlapic_init(struct vlapic *v, uint32_t apic_id, bool x2apic_allowed, bool tsc_deadline_allowed,
		 uint64_t tsc_hz, bool bsp)
{
	uint64_t hz;

	if (tsc_hz < 1000000)
		tsc_hz = 1000000;
	if (tsc_hz > 64 * VLAPIC_TIMER_HZ)
		tsc_hz = 64 * VLAPIC_TIMER_HZ;
	memset(v, 0, sizeof(*v));
	v->id = apic_id;
	v->x2apic_allowed = x2apic_allowed;
	v->tsc_deadline_allowed = tsc_deadline_allowed;
	hz = vlapic_timer_hz(tsc_hz);
	v->ratio = (tsc_hz / hz << 32) + (tsc_hz % hz << 32) / hz;
	v->base = VLAPIC_BASE_ADDR | VLAPIC_BASE_ENABLE | (bsp ? VLAPIC_BASE_BSP : 0);
	vlapic_reset(v);
}

bool vlapic_check_base(const struct vlapic *v, uint64_t value)
{
	/* Bits 63:52 are beyond any physical address; 9 and 7:0 are reserved. */
	if (value & 0xfff00000000002ffull)
		return false;
	if (!(value & VLAPIC_BASE_X2))
		return true;
	return v->x2apic_allowed && (value & VLAPIC_BASE_ENABLE);
}

void vlapic_set_base(struct vlapic *v, uint64_t value)
{
	uint64_t changed = v->base ^ value;

	v->base = value;
	if (changed & VLAPIC_BASE_ENABLE) {
		vlapic_reset(v);
	} else if (changed & VLAPIC_BASE_X2) {
		/* SDM 10.12.5.1: ICR's high half is lost, LDR and DFR mean something else. */
		v->reg[R_ICR2] = 0;
		v->reg[R_LDR] = 0;
		v->reg[R_DFR] = vlapic_x2(v) ? 0 : 0xffffffff;
	}
}

static bool write_base(struct vlapic *v, uint64_t value, uint64_t now, struct vlapic_effect *e)
{
	bool x2 = value & VLAPIC_BASE_X2;

	if (!vlapic_check_base(v, value))
		return false;
	/* SDM figure 10-27: x2APIC is entered from xAPIC only, and left to disabled only. */
	if (x2 && !vlapic_enabled(v))
		return false;
	if (!x2 && vlapic_x2(v) && (value & VLAPIC_BASE_ENABLE))
		return false;
	timer_expire(v, now, e);
	vlapic_set_base(v, value);
	e->timer_changed = true;
	e->recheck = true;
	return true;
}

/* ---- interrupt command ---- */

static void send_ipi(struct vlapic *v, uint32_t low, uint32_t dest, struct vlapic_effect *e)
{
	uint32_t mode = low >> 8 & 7;
	uint32_t shorthand = low >> 18 & 3;
	bool fixed = mode == VLAPIC_FIXED;

	/* The reserved modes send nothing, nor does INIT level de-assert (SDM 10.6.1). */
	if (mode == 3 || mode == VLAPIC_EXTINT)
		return;
	if (mode == VLAPIC_INIT && (low & 0xc000) == 0x8000)
		return;
	/* SDM table 10-3: to itself an APIC can send fixed interrupts only. */
	if (!fixed && (shorthand == VLAPIC_SELF || shorthand == VLAPIC_ALL))
		return;
	if ((fixed || mode == VLAPIC_LOWEST) && (low & 0xff) < 16) {
		note_error(v, VLAPIC_ESR_SEND_VECTOR);
		e->recheck = true;
		return;
	}
	if (shorthand == VLAPIC_SELF) {
		if (vlapic_accept(v, (uint8_t)low, false))
			e->recheck = true;
		return;
	}
	e->has_ipi = true;
	e->ipi.dest = dest;
	e->ipi.mode = (uint8_t)mode;
	e->ipi.vector = (uint8_t)low;
	e->ipi.shorthand = (uint8_t)shorthand;
	e->ipi.level = false;
	e->ipi.logical = low & 0x800;
	e->ipi.x2 = vlapic_x2(v);
}

static bool match_logical(const struct vlapic *v, uint32_t dest)
{
	uint32_t ldr = v->reg[R_LDR] >> 24;

	if (vlapic_x2(v)) {
		ldr = x2_ldr(v);
		return dest >> 16 == ldr >> 16 && (dest & ldr & 0xffff);
	}
	if (dest > 0xff)
		return false;
	if (v->reg[R_DFR] >> 28 != DFR_CLUSTER)
		return dest & ldr;
	/* Cluster 15 in the destination is every cluster, SDM 10.6.2.2. */
	return (dest >> 4 == 15 || dest >> 4 == ldr >> 4) && (dest & ldr & 15);
}

bool vlapic_match(const struct vlapic *v, const struct vlapic_ipi *ipi, uint32_t source_apic_id)
{
	if (!vlapic_enabled(v))
		return false;
	switch (ipi->shorthand) {
	case VLAPIC_SELF:
		return v->id == source_apic_id;
	case VLAPIC_ALL:
		return true;
	case VLAPIC_OTHERS:
		return v->id != source_apic_id;
	default:
		break;
	}
	if (ipi->dest == (ipi->x2 ? 0xffffffff : 0xff))
		return true;
	if (ipi->logical)
		return match_logical(v, ipi->dest);
	return ipi->dest == v->id;
}

/* ---- the two faces ---- */

static uint32_t read_register(const struct vlapic *v, uint32_t n, uint64_t now)
{
	switch (n) {
	case R_ID:
		return id_register(v);
	case R_VERSION:
		return VLAPIC_VERSION;
	case R_PPR:
		return vlapic_ppr(v);
	case R_LDR:
		return vlapic_x2(v) ? x2_ldr(v) : v->reg[R_LDR];
	case R_CURRENT:
		return current_count(v, now);
	default:
		return v->reg[n];
	}
}

static void write_svr(struct vlapic *v, uint32_t val, struct vlapic_effect *e)
{
	v->reg[R_SVR] = val;
	if (val & SVR_ENABLE)
		return;
	for (uint32_t n = R_TIMER; n <= R_ERROR; n++)
		v->reg[n] |= LVT_MASKED;
	e->timer_changed = true;
}

/* val holds no bit outside the row's write mask. */
static void write_register(struct vlapic *v, uint32_t n, uint32_t val, uint64_t now,
			   struct vlapic_effect *e)
{
	timer_expire(v, now, e);
	if (n >= R_TIMER && n <= R_ERROR && !(v->reg[R_SVR] & SVR_ENABLE))
		val |= LVT_MASKED;
	switch (n) {
	case R_TPR:
		v->reg[n] = val;
		e->recheck = true;
		break;
	case R_EOI:
		(void)end_of_interrupt(v, e);
		break;
	case R_DFR:
		v->reg[n] = val | DFR_FIXED;
		break;
	case R_SVR:
		write_svr(v, val, e);
		break;
	case R_ESR:
		v->reg[n] = v->esr_new;
		v->esr_new = 0;
		break;
	case R_ICR:
		v->reg[n] = val;
		send_ipi(v, val, vlapic_x2(v) ? v->reg[R_ICR2] : v->reg[R_ICR2] >> 24, e);
		break;
	case R_TIMER:
		write_timer(v, val, now, e);
		break;
	case R_INITIAL:
		if (timer_mode(v) == TIMER_DEADLINE)
			break;
		v->reg[n] = val;
		timer_start(v, val, now);
		e->timer_changed = true;
		break;
	case R_DIVIDE:
		write_divide(v, val, now, e);
		break;
	case R_SELF:
		send_ipi(v, val | (uint32_t)VLAPIC_SELF << 18, 0, e);
		break;
	default:
		v->reg[n] = val;
		break;
	}
}

/* The register an MMIO access means; 64: none, and the ESR knows (SDM 10.5.3). */
static uint32_t mmio_register(struct vlapic *v, uint32_t offset, uint32_t access)
{
	if ((offset & 3) || offset >= 0x1000 || !vlapic_enabled(v) || vlapic_x2(v))
		return 64;
	if ((offset & 15) || offset >= 0x400 || !rows[offset >> 4].access ||
	    rows[offset >> 4].access == W2) {
		note_error(v, VLAPIC_ESR_REGISTER);
		return 64;
	}
	return rows[offset >> 4].access & access ? offset >> 4 : 64;
}

bool vlapic_mmio_read(struct vlapic *v, uint32_t offset, uint64_t now, uint32_t *val)
{
	uint32_t n = mmio_register(v, offset, R1);

	if (n == 64)
		return false;
	*val = read_register(v, n, now);
	return true;
}

bool vlapic_mmio_write(struct vlapic *v, uint32_t offset, uint32_t val, uint64_t now,
		       struct vlapic_effect *e)
{
	uint32_t errors = v->esr_new;
	uint32_t n = mmio_register(v, offset, W1);

	memset(e, 0, sizeof(*e));
	e->recheck = v->esr_new != errors;
	if (n == 64)
		return false;
	val &= write_mask(v, n);
	if (n == R_TIMER && (val & TIMER_MODE) == TIMER_MODE)
		val &= ~TIMER_PERIODIC; /* the reserved fourth mode */
	write_register(v, n, val, now, e);
	return true;
}

static bool msr_read_x2(const struct vlapic *v, uint32_t n, uint64_t now, uint64_t *val)
{
	if (!vlapic_x2(v) || !(rows[n].access & R2))
		return false;
	*val = read_register(v, n, now);
	if (n == R_ICR)
		*val |= (uint64_t)v->reg[R_ICR2] << 32;
	return true;
}

bool vlapic_msr_read(struct vlapic *v, uint32_t msr, uint64_t now, uint64_t *val)
{
	if (msr >= VLAPIC_MSR_FIRST && msr <= VLAPIC_MSR_LAST)
		return msr_read_x2(v, msr - VLAPIC_MSR_FIRST, now, val);
	if (msr == VLAPIC_MSR_BASE) {
		*val = v->base;
		return true;
	}
	if (msr != VLAPIC_MSR_TSC_DEADLINE || !v->tsc_deadline_allowed)
		return false;
	*val = timer_mode(v) == TIMER_DEADLINE && now < v->tsc_deadline ? v->tsc_deadline : 0;
	return true;
}

static bool msr_write_x2(struct vlapic *v, uint32_t n, uint64_t val, uint64_t now,
			 struct vlapic_effect *e)
{
	uint64_t legal = write_mask(v, n) | rows[n].ignore;

	if (!vlapic_x2(v) || !(rows[n].access & W2))
		return false;
	if (n == R_ICR)
		legal |= 0xffffffff00000000ull;
	if (val & ~legal)
		return false;
	if (n == R_TIMER && (val & TIMER_MODE) == TIMER_MODE)
		return false;
	if (n == R_ICR)
		v->reg[R_ICR2] = (uint32_t)(val >> 32);
	write_register(v, n, (uint32_t)val & write_mask(v, n), now, e);
	return true;
}

bool vlapic_msr_write(struct vlapic *v, uint32_t msr, uint64_t val, uint64_t now,
		      struct vlapic_effect *e)
{
	memset(e, 0, sizeof(*e));
	if (msr >= VLAPIC_MSR_FIRST && msr <= VLAPIC_MSR_LAST)
		return msr_write_x2(v, msr - VLAPIC_MSR_FIRST, val, now, e);
	if (msr == VLAPIC_MSR_BASE)
		return write_base(v, val, now, e);
	if (msr != VLAPIC_MSR_TSC_DEADLINE || !v->tsc_deadline_allowed)
		return false;
	timer_expire(v, now, e);
	if (timer_mode(v) != TIMER_DEADLINE)
		return true; /* SDM 10.5.4.1: ignored */
	v->tsc_deadline = val;
	e->timer_changed = true;
	timer_expire(v, now, e); /* one in the past fires at once */
	return true;
}

/* ---- state ---- */

void vlapic_get_hv(const struct vlapic *v, uint64_t now,
		   struct hv_local_interrupt_controller_state *s)
{
	struct vlapic_effect e = { 0 };
	struct vlapic c = *v;

	timer_expire(&c, now, &e);
	memset(s, 0, sizeof(*s));
	s->apic_id = id_register(&c);
	s->apic_version = VLAPIC_VERSION;
	s->apic_ldr = read_register(&c, R_LDR, now);
	s->apic_dfr = c.reg[R_DFR];
	s->apic_spurious = c.reg[R_SVR];
	for (uint32_t i = 0; i < 8; i++) {
		s->apic_isr[i] = c.reg[R_ISR + i];
		s->apic_tmr[i] = c.reg[R_TMR + i];
		s->apic_irr[i] = c.reg[R_IRR + i];
	}
	s->apic_esr = c.reg[R_ESR];
	s->apic_icr_high = c.reg[R_ICR2];
	s->apic_icr_low = c.reg[R_ICR];
	s->apic_lvt_timer = c.reg[R_TIMER];
	s->apic_lvt_thermal = c.reg[R_THERMAL];
	s->apic_lvt_perfmon = c.reg[R_PERFMON];
	s->apic_lvt_lint0 = c.reg[R_LINT0];
	s->apic_lvt_lint1 = c.reg[R_LINT1];
	s->apic_lvt_error = c.reg[R_ERROR];
	s->apic_error_status = c.esr_new;
	s->apic_initial_count = c.reg[R_INITIAL];
	s->apic_counter_value = current_count(&c, now);
	s->apic_divide_configuration = c.reg[R_DIVIDE];
}

static bool check_lvt(const struct vlapic *v, const struct hv_local_interrupt_controller_state *s)
{
	const uint32_t lvt[] = { s->apic_lvt_timer, s->apic_lvt_thermal, s->apic_lvt_perfmon,
				 s->apic_lvt_lint0, s->apic_lvt_lint1,	 s->apic_lvt_error };

	for (uint32_t i = 0; i < 6; i++)
		if (lvt[i] & ~write_mask(v, R_TIMER + i))
			return false;
	return (s->apic_lvt_timer & TIMER_MODE) != TIMER_MODE && !s->apic_lvt_cmci;
}

static bool check_mode(const struct vlapic *v, const struct hv_local_interrupt_controller_state *s)
{
	if (s->apic_id != id_register(v) || s->apic_version != VLAPIC_VERSION)
		return false;
	if (vlapic_x2(v))
		return s->apic_ldr == x2_ldr(v) && !s->apic_dfr;
	return !(s->apic_ldr & ~rows[R_LDR].write) && (s->apic_dfr & DFR_FIXED) == DFR_FIXED &&
	       !(s->apic_icr_high & ~rows[R_ICR2].write);
}

bool vlapic_check_hv(const struct vlapic *v, const struct hv_local_interrupt_controller_state *s,
		     bool *nmi)
{
	uint32_t limit = s->apic_initial_count;

	if (!check_mode(v, s) || !check_lvt(v, s))
		return false;
	if (s->apic_spurious & ~rows[R_SVR].write)
		return false;
	if ((s->apic_isr[0] | s->apic_tmr[0]) & 0xffff)
		return false;
	if (s->apic_irr[0] & 0xffff & ~VLAPIC_HV_IRR_NMI)
		return false;
	if ((s->apic_esr | s->apic_error_status) & ~0xffu)
		return false;
	if (s->apic_icr_low & ~ICR_BITS)
		return false;
	if (s->apic_lvt_timer & TIMER_DEADLINE)
		limit = 0;
	if (s->apic_counter_value > limit)
		return false;
	if (s->apic_divide_configuration & ~rows[R_DIVIDE].write || s->apic_remote_read)
		return false;
	*nmi = s->apic_irr[0] & VLAPIC_HV_IRR_NMI;
	return true;
}

void vlapic_set_hv(struct vlapic *v, const struct hv_local_interrupt_controller_state *s,
		   uint64_t now)
{
	uint32_t count = s->apic_counter_value;

	v->reg[R_LDR] = vlapic_x2(v) ? 0 : s->apic_ldr;
	v->reg[R_DFR] = s->apic_dfr;
	v->reg[R_SVR] = s->apic_spurious;
	for (uint32_t i = 0; i < 8; i++) {
		v->reg[R_ISR + i] = s->apic_isr[i];
		v->reg[R_TMR + i] = s->apic_tmr[i];
		v->reg[R_IRR + i] = s->apic_irr[i];
	}
	v->reg[R_IRR] &= 0xffff0000;
	v->irr_max = highest(&v->reg[R_IRR]);
	v->isr_max = highest(&v->reg[R_ISR]);
	v->reg[R_ESR] = s->apic_esr;
	v->esr_new = s->apic_error_status;
	v->reg[R_ICR2] = s->apic_icr_high;
	v->reg[R_ICR] = s->apic_icr_low;
	v->reg[R_TIMER] = s->apic_lvt_timer;
	v->reg[R_THERMAL] = s->apic_lvt_thermal;
	v->reg[R_PERFMON] = s->apic_lvt_perfmon;
	v->reg[R_LINT0] = s->apic_lvt_lint0;
	v->reg[R_LINT1] = s->apic_lvt_lint1;
	v->reg[R_ERROR] = s->apic_lvt_error;
	v->reg[R_DIVIDE] = s->apic_divide_configuration;
	v->reg[R_INITIAL] = s->apic_initial_count;
	if (timer_mode(v) != TIMER_DEADLINE)
		v->tsc_deadline = 0;
	/* A periodic timer caught at 0 has raised its interrupt and is about to reload. */
	if (timer_mode(v) == TIMER_PERIODIC && !count)
		count = v->reg[R_INITIAL];
	timer_start(v, count, now);
}
