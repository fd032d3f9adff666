/* SPDX-License-Identifier: MIT */
/* The local APIC model against tables written from the SDM and against slow reference models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hv/vp_state.h>

#include "arch/x86_64/common/vlapic.h"

#define TSC_HZ 2600000000ull /* 13 TSC ticks a timer tick */
#define NOW    1000000ull
#define ID     0x25u

static uint64_t seed = 0x9e3779b97f4a7c15ull;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void make(struct vlapic *v, bool x2)
{
	struct vlapic_effect e;

	vlapic_init(v, ID, true, true, TSC_HZ, false);
	if (x2)
		assert_true(vlapic_msr_write(v, 0x1b, 0xfee00c00, NOW, &e));
}

/* Access by register number through whichever face is on. */
static bool put_at(struct vlapic *v, uint32_t n, uint64_t val, uint64_t now,
		   struct vlapic_effect *e)
{
	if (vlapic_x2(v))
		return vlapic_msr_write(v, 0x800 + n, val, now, e);
	return vlapic_mmio_write(v, n << 4, (uint32_t)val, now, e);
}

static bool put(struct vlapic *v, uint32_t n, uint64_t val)
{
	struct vlapic_effect e;

	return put_at(v, n, val, NOW, &e);
}

static uint64_t get_at(struct vlapic *v, uint32_t n, uint64_t now)
{
	uint64_t val = 0;
	uint32_t low = 0;

	if (vlapic_x2(v)) {
		assert_true(vlapic_msr_read(v, 0x800 + n, now, &val));
		return val;
	}
	assert_true(vlapic_mmio_read(v, n << 4, now, &low));
	return low;
}

static uint64_t get(struct vlapic *v, uint32_t n)
{
	return get_at(v, n, NOW);
}

static void enable(struct vlapic *v)
{
	assert_true(put(v, 0x0f, 0x1ff));
}

/* ---- the register table ---- */

struct want {
	uint8_t n, last;
	const char *x1, *x2; /* access */
	uint32_t mask;	     /* read back after all ones were written by MMIO, APIC enabled */
	uint32_t fault;	     /* x2: bits that fault */
	uint32_t reset1, reset2;
};

static const struct want wants[] = {
	{ 0x02, 0x02, "r", "r", 0, 0, ID << 24, ID },
	{ 0x03, 0x03, "r", "r", 0, 0, 0x50014, 0x50014 },
	{ 0x08, 0x08, "rw", "rw", 0xff, 0xffffff00, 0, 0 },
	{ 0x09, 0x09, "r", "", 0, 0, 0, 0 },
	{ 0x0a, 0x0a, "r", "r", 0, 0, 0, 0 },
	{ 0x0b, 0x0b, "w", "w", 0, 0xffffffff, 0, 0 },
	{ 0x0c, 0x0c, "r", "", 0, 0, 0, 0 },
	{ 0x0d, 0x0d, "rw", "r", 0xff000000, 0, 0, 0x20020 },
	{ 0x0e, 0x0e, "rw", "", 0xffffffff, 0, 0xffffffff, 0 },
	{ 0x0f, 0x0f, "rw", "rw", 0x3ff, 0xfffffc00, 0xff, 0xff },
	{ 0x10, 0x27, "r", "r", 0, 0, 0, 0 },
	{ 0x28, 0x28, "rw", "rw", 0, 0xffffffff, 0, 0 },
	{ 0x30, 0x30, "rw", "rw", 0xccfff, 0xfff32000, 0, 0 },
	{ 0x31, 0x31, "rw", "", 0xff000000, 0, 0, 0 },
	{ 0x32, 0x32, "rw", "rw", 0x500ff, 0xfff8af00, 0x10000, 0x10000 },
	{ 0x33, 0x34, "rw", "rw", 0x107ff, 0xfffea800, 0x10000, 0x10000 },
	{ 0x35, 0x36, "rw", "rw", 0x1a7ff, 0xfffe0800, 0x10000, 0x10000 },
	{ 0x37, 0x37, "rw", "rw", 0x100ff, 0xfffeaf00, 0x10000, 0x10000 },
	{ 0x38, 0x38, "rw", "rw", 0xffffffff, 0, 0, 0 },
	{ 0x39, 0x39, "r", "r", 0, 0, 0, 0 },
	{ 0x3e, 0x3e, "rw", "rw", 0xb, 0xfffffff4, 0, 0 },
	{ 0x3f, 0x3f, "", "w", 0, 0xffffff00, 0, 0 },
};

static const struct want *want_of(uint32_t n)
{
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
		if (n >= wants[i].n && n <= wants[i].last)
			return &wants[i];
	return NULL;
}

static bool has(const char *access, char c)
{
	return strchr(access, c) != NULL;
}

static void test_table_mmio(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 64; n++) {
		const struct want *w = want_of(n);
		struct vlapic_effect e;
		struct vlapic v, before;
		uint32_t val = 0x5a5a;

		make(&v, false);
		enable(&v);
		before = v;
		assert_int_equal(vlapic_mmio_read(&v, n << 4, NOW, &val), w && has(w->x1, 'r'));
		if (w && has(w->x1, 'r') && n != 0x0f)
			assert_int_equal(val, w->reset1);
		if (w && has(w->x1, 'r'))
			assert_memory_equal(&v, &before, sizeof(v));
		/* Registers that no row names are errors; those of the other direction are not. */
		assert_int_equal(v.esr_new, w && *w->x1 ? 0 : VLAPIC_ESR_REGISTER);
		assert_int_equal(vlapic_mmio_write(&v, n << 4, 0xffffffff, NOW, &e),
				 w && has(w->x1, 'w'));
		if (!w || !has(w->x1, 'w')) {
			v.esr_new = before.esr_new;
			assert_memory_equal(&v, &before, sizeof(v));
		} else if (has(w->x1, 'r')) {
			assert_int_equal(get(&v, n), w->mask);
		}
	}
}

static void test_table_x2(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 64; n++) {
		const struct want *w = want_of(n);
		struct vlapic_effect e;
		struct vlapic v, before;
		uint64_t val = 0x5a5a;

		make(&v, true);
		assert_int_equal(vlapic_msr_read(&v, 0x800 + n, NOW, &val), w && has(w->x2, 'r'));
		if (w && has(w->x2, 'r'))
			assert_int_equal(val, w->reset2);
		enable(&v);
		before = v;
		assert_int_equal(vlapic_msr_write(&v, 0x800 + n, 0, NOW, &e), w && has(w->x2, 'w'));
		for (uint32_t bit = 0; bit < 64; bit++) {
			bool ok = w && has(w->x2, 'w') && n == 0x30 && bit >= 32;

			if (w && has(w->x2, 'w') && bit < 32)
				ok = !(w->fault >> bit & 1);
			v = before;
			assert_int_equal(vlapic_msr_write(&v, 0x800 + n, 1ull << bit, NOW, &e), ok);
			if (!ok)
				assert_memory_equal(&v, &before, sizeof(v));
			else if (bit < 32 && has(w->x2, 'r'))
				assert_int_equal(get(&v, n),
						 (n == 0x32 ? 0x700ff : w->mask) & 1u << bit);
			else if (n == 0x30)
				assert_true(get(&v, n) == 1ull << bit);
		}
	}
}

static void test_table_faces(void **state)
{
	struct vlapic_effect e;
	struct vlapic v, before;
	uint64_t val;
	uint32_t low;

	(void)state;
	/* Only the face of the mode answers; with the APIC off, none does. */
	make(&v, false);
	before = v;
	for (uint32_t msr = 0x7ff; msr <= 0x840; msr++) {
		assert_false(vlapic_msr_read(&v, msr, NOW, &val));
		assert_false(vlapic_msr_write(&v, msr, 0, NOW, &e));
	}
	assert_memory_equal(&v, &before, sizeof(v));
	make(&v, true);
	before = v;
	for (uint32_t offset = 0; offset < 0x1000; offset += 16) {
		assert_false(vlapic_mmio_read(&v, offset, NOW, &low));
		assert_false(vlapic_mmio_write(&v, offset, 0, NOW, &e));
	}
	assert_false(vlapic_msr_read(&v, 0x7ff, NOW, &val));
	assert_false(vlapic_msr_write(&v, 0x840, 0, NOW, &e));
	assert_memory_equal(&v, &before, sizeof(v));
	assert_true(vlapic_msr_write(&v, 0x1b, 0xfee00000, NOW, &e));
	assert_false(vlapic_mmio_read(&v, 0x20, NOW, &low));
	assert_false(vlapic_msr_read(&v, 0x802, NOW, &val));

	/* Unaligned: refused quietly; odd word and beyond the registers: an error too. */
	make(&v, false);
	for (uint32_t offset = 0x20; offset < 0x30; offset++) {
		v.esr_new = 0;
		assert_int_equal(vlapic_mmio_read(&v, offset, NOW, &low), offset == 0x20);
		assert_int_equal(v.esr_new,
				 (offset & 3) || offset == 0x20 ? 0 : VLAPIC_ESR_REGISTER);
	}
	assert_false(vlapic_mmio_read(&v, 0x400, NOW, &low));
	assert_false(vlapic_mmio_write(&v, 0xff0, 0, NOW, &e));
	v.esr_new = 0;
	assert_false(vlapic_mmio_read(&v, 0x1000, NOW, &low));
	assert_false(vlapic_mmio_read(&v, 0xfffffff0, NOW, &low));
	assert_int_equal(v.esr_new, 0);
}

static void test_reset(void **state)
{
	struct vlapic v, fresh;

	(void)state;
	assert_true(sizeof(v) < 1024);
	vlapic_init(&v, 0, false, false, TSC_HZ, true);
	assert_int_equal(vlapic_base(&v), 0xfee00900);
	vlapic_init(&v, 300, true, false, TSC_HZ, false);
	assert_int_equal(vlapic_base(&v), 0xfee00800);
	for (int x2 = 0; x2 < 2; x2++) {
		make(&v, x2);
		fresh = v;
		enable(&v);
		for (uint32_t n = 0x30; n < 0x39; n++)
			if (n != 0x31)
				assert_true(put(&v, n, 0x44));
		assert_true(vlapic_accept(&v, 0x80, true));
		vlapic_ack(&v, 0x80);
		assert_true(vlapic_accept(&v, 0x90, false));
		assert_false(vlapic_accept(&v, 3, false));
		vlapic_set_tpr(&v, 0x33);
		vlapic_set_tsc_deadline(&v, 5);
		vlapic_reset(&v);
		assert_memory_equal(&v, &fresh, sizeof(v));
	}
}

/* ---- IA32_APIC_BASE ---- */

static void test_base_bits(void **state)
{
	struct vlapic v, old;

	(void)state;
	make(&v, false);
	vlapic_init(&old, 1, false, false, TSC_HZ, false);
	for (uint32_t bit = 0; bit < 64; bit++) {
		uint64_t val = 0xfee00800ull ^ 1ull << bit;
		bool ok = bit == 8 || (bit >= 10 && bit < 52);

		assert_int_equal(vlapic_check_base(&v, val), ok);
		assert_int_equal(vlapic_check_base(&old, val), ok && bit != 10);
	}
	assert_false(vlapic_check_base(&v, 0xfee00400)); /* x2 without enable */
	assert_false(vlapic_check_base(&old, 0xfee00c00));
	assert_true(vlapic_check_base(&v, 0xfee00c00));
}

static void test_base_transitions(void **state)
{
	/* by (enable, x2): off, invalid, xAPIC, x2APIC; SDM figure 10-27 */
	static const uint64_t base[4] = { 0xfee00000, 0xfee00400, 0xfee00800, 0xfee00c00 };
	static const bool legal[4][4] = {
		{ true, false, true, false },
		{ false, false, false, false },
		{ true, false, true, true },
		{ true, false, false, true },
	};

	(void)state;
	for (uint32_t from = 0; from < 4; from++) {
		for (uint32_t to = 0; to < 4 && from != 1; to++) {
			struct vlapic_effect e;
			struct vlapic v, before;
			uint64_t val;

			make(&v, from == 3);
			if (from == 0)
				vlapic_set_base(&v, base[0]);
			else
				enable(&v);
			before = v;
			assert_int_equal(vlapic_msr_write(&v, 0x1b, base[to], NOW, &e),
					 legal[from][to]);
			if (!legal[from][to])
				assert_memory_equal(&v, &before, sizeof(v));
			else
				assert_true(e.recheck && e.timer_changed);
			assert_true(vlapic_msr_read(&v, 0x1b, NOW, &val));
			assert_int_equal(val, legal[from][to] ? base[to] : base[from]);
			if (legal[from][to] && from >= 2 && to >= 2)
				assert_int_equal(get(&v, 0x0f), 0x1ff); /* kept */
			if (legal[from][to] && from == 0 && to == 2)
				assert_int_equal(get(&v, 0x0f), 0xff); /* as after reset */
		}
	}
}

static void test_base_switch(void **state)
{
	struct vlapic_effect e;
	struct vlapic v;

	(void)state;
	make(&v, false);
	enable(&v);
	put(&v, 0x31, 0xab000000);
	put(&v, 0x0d, 0x04000000);
	put(&v, 0x08, 0x20);
	put(&v, 0x37, 0x33);
	vlapic_accept(&v, 0x55, false);
	assert_true(vlapic_msr_write(&v, 0x1b, 0xfee00c00, NOW, &e));
	assert_true(get(&v, 0x30) == 0); /* the high half is gone */
	assert_int_equal(get(&v, 0x0d), 0x20020);
	assert_int_equal(get(&v, 0x08), 0x20);
	assert_int_equal(get(&v, 0x37), 0x33);
	assert_int_equal(vlapic_pending(&v), 0x55);
	/* The state service may go back, the guest may not. */
	assert_false(vlapic_msr_write(&v, 0x1b, 0xfee00800, NOW, &e));
	vlapic_set_base(&v, 0xfee00800);
	assert_int_equal(get(&v, 0x0e), 0xffffffff);
	assert_int_equal(get(&v, 0x0d), 0);
	assert_int_equal(get(&v, 0x02), ID << 24);
	assert_int_equal(get(&v, 0x37), 0x33);
	/* Moving the page changes nothing else; off loses everything but the id. */
	assert_true(vlapic_msr_write(&v, 0x1b, 0x123456800, NOW, &e));
	assert_int_equal(vlapic_pending(&v), 0x55);
	assert_true(vlapic_msr_write(&v, 0x1b, 0xfee00000, NOW, &e));
	assert_int_equal(vlapic_pending(&v), -1);
	assert_false(vlapic_accept(&v, 0x60, false));
	assert_int_equal(vlapic_deadline(&v), UINT64_MAX);
	assert_int_equal(vlapic_accept_lvt(&v, VLAPIC_LVT_LINT0), VLAPIC_EXTINT);
	assert_int_equal(vlapic_accept_lvt(&v, VLAPIC_LVT_LINT1), VLAPIC_NMI);
	assert_int_equal(vlapic_accept_lvt(&v, VLAPIC_LVT_TIMER), VLAPIC_NONE);
}

/* ---- priority, against a model that searches arrays ---- */

struct model {
	bool irr[256], isr[256], tmr[256];
	uint32_t tpr;
	bool bug; /* plant: compare vectors, not classes */
};

static int model_top(const bool *set)
{
	for (int i = 255; i >= 0; i--)
		if (set[i])
			return i;
	return -1;
}

static int model_ppr(const struct model *m)
{
	int isr = model_top(m->isr);

	isr = isr < 0 ? 0 : isr / 16;
	return (int)m->tpr / 16 >= isr ? (int)m->tpr : isr * 16;
}

static int model_pending(const struct model *m)
{
	int irr = model_top(m->irr);

	if (m->bug)
		return irr > model_ppr(m) ? irr : -1;
	return irr >= 0 && irr / 16 > model_ppr(m) / 16 ? irr : -1;
}

static bool model_same(struct vlapic *v, const struct model *m)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t w = i / 32;

		if ((get(v, 0x20 + w) >> i % 32 & 1) != m->irr[i] ||
		    (get(v, 0x10 + w) >> i % 32 & 1) != m->isr[i] ||
		    (get(v, 0x18 + w) >> i % 32 & 1) != m->tmr[i])
			return false;
	}
	return (int)get(v, 0x0a) == model_ppr(m) && vlapic_pending(v) == model_pending(m);
}

static void model_tpr(struct vlapic *v, struct model *m)
{
	uint32_t tpr = (uint32_t)rnd() & 0xff;
	struct vlapic_effect e;

	m->tpr = tpr;
	switch (rnd() % 3) {
	case 0:
		assert_true(put_at(v, 0x08, tpr, NOW, &e));
		assert_true(e.recheck);
		break;
	case 1:
		vlapic_set_tpr(v, (uint8_t)tpr);
		break;
	default:
		m->tpr = tpr & 0xf0;
		vlapic_set_cr8(v, (uint8_t)(tpr >> 4));
		assert_int_equal(vlapic_cr8(v), tpr >> 4);
	}
	assert_int_equal(vlapic_tpr(v), m->tpr);
}

static void model_eoi(struct vlapic *v, struct model *m)
{
	int top = model_top(m->isr);
	struct vlapic_effect e;

	if (rnd() & 1)
		assert_int_equal(vlapic_eoi(v, &e), top >= 0);
	else
		assert_true(put_at(v, 0x0b, 0, NOW, &e));
	assert_true(e.eoi);
	assert_int_equal(e.recheck, top >= 0);
	assert_int_equal(e.eoi_level, top >= 0 && m->tmr[top]);
	if (e.eoi_level)
		assert_int_equal(e.eoi_vector, top);
	if (top >= 0)
		m->isr[top] = false;
}

static void model_step(struct vlapic *v, struct model *m)
{
	uint32_t vector = (uint32_t)rnd() & 0xff;
	int pending;

	switch (rnd() % 8) {
	case 0:
	case 1:
	case 2:
		m->irr[vector] |= vector >= 16;
		if (vector >= 16)
			m->tmr[vector] = vector & 1;
		assert_int_equal(vlapic_accept(v, (uint8_t)vector, vector & 1), vector >= 16);
		break;
	case 3:
		model_tpr(v, m);
		break;
	case 4:
		model_eoi(v, m);
		break;
	case 5:
		vlapic_ack_auto_eoi(v, (uint8_t)vector);
		m->irr[vector] = false;
		break;
	case 6:
		vlapic_ack(v, (uint8_t)vector); /* usually one that is not requested */
		m->isr[vector] |= m->irr[vector];
		m->irr[vector] = false;
		break;
	default:
		pending = vlapic_pending(v);
		if (pending >= 0) {
			vlapic_ack(v, (uint8_t)pending);
			m->irr[pending] = false;
			m->isr[pending] = true;
		}
	}
}

static bool model_run(bool bug, bool x2, uint32_t steps)
{
	static struct model m;
	struct vlapic v;

	memset(&m, 0, sizeof(m));
	m.bug = bug;
	make(&v, x2);
	enable(&v);
	while (steps--) {
		model_step(&v, &m);
		if (!model_same(&v, &m))
			return false;
	}
	return true;
}

static void test_priority(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		assert_true(model_run(false, i & 1, 2000));
	assert_false(model_run(true, false, 20000)); /* the planted bug is seen */
}

static void test_software_disable(void **state)
{
	struct vlapic_effect e;
	struct vlapic v;

	(void)state;
	for (int x2 = 0; x2 < 2; x2++) {
		make(&v, x2);
		assert_false(vlapic_accept(&v, 0x40, false));
		assert_int_equal(v.esr_new, 0);
		for (uint32_t n = 0x32; n <= 0x37; n++) {
			put(&v, n, 0x44);
			assert_int_equal(get(&v, n), 0x10044); /* cannot be unmasked yet */
		}
		put(&v, 0x38, 7);
		assert_int_equal(get(&v, 0x38), 7);
		put(&v, 0x38, 0);
		enable(&v);
		for (uint32_t n = 0x32; n <= 0x37; n++)
			put(&v, n, 0x44);
		assert_true(vlapic_accept(&v, 0x40, false));
		assert_true(put_at(&v, 0x0f, 0xff, NOW, &e));
		assert_true(e.timer_changed);
		for (uint32_t n = 0x32; n <= 0x37; n++)
			assert_int_equal(get(&v, n), 0x10044);
		assert_false(vlapic_accept(&v, 0x41, false));
		assert_int_equal(vlapic_pending(&v), 0x40); /* held, SDM 10.4.7.2 */
		enable(&v);
		assert_int_equal(get(&v, 0x32), 0x10044);
	}
}

static void test_esr(void **state)
{
	struct vlapic_effect e;
	struct vlapic v;
	uint32_t val;

	(void)state;
	for (int x2 = 0; x2 < 2; x2++) {
		make(&v, x2);
		enable(&v);
		put(&v, 0x37, 0x70);
		assert_false(vlapic_accept(&v, 15, false));
		assert_int_equal(vlapic_pending(&v), 0x70);
		vlapic_ack(&v, 0x70);
		vlapic_eoi(&v, &e);
		assert_int_equal(get(&v, 0x28), 0); /* not latched yet */
		/* A second error before the write raises nothing more. */
		assert_true(put_at(&v, 0x30, 5, NOW, &e));
		assert_true(e.recheck && !e.has_ipi);
		assert_int_equal(vlapic_pending(&v), -1);
		put(&v, 0x28, 0);
		assert_int_equal(get(&v, 0x28), 0x60);
		put(&v, 0x28, 0);
		assert_int_equal(get(&v, 0x28), 0);
		assert_false(vlapic_accept(&v, 0, false));
		assert_int_equal(vlapic_pending(&v), 0x70);
		/* An error vector that is itself illegal must end. */
		make(&v, x2);
		enable(&v);
		put(&v, 0x37, 0x07);
		assert_false(vlapic_accept(&v, 1, false));
		assert_int_equal(v.esr_new, VLAPIC_ESR_RECEIVE_VECTOR);
	}
	make(&v, false);
	enable(&v);
	put(&v, 0x37, 0x70);
	assert_false(vlapic_mmio_write(&v, 0x2f0, 0x10000, NOW, &e));
	assert_true(e.recheck);
	assert_int_equal(vlapic_pending(&v), 0x70);
	assert_false(vlapic_mmio_read(&v, 0x2f0, NOW, &val));
	put(&v, 0x28, 0x1234);
	assert_int_equal(get(&v, 0x28), VLAPIC_ESR_REGISTER);
}

static void test_lvt_sources(void **state)
{
	static const enum vlapic_mode want[8] = {
		VLAPIC_FIXED, VLAPIC_NONE, VLAPIC_SMI,	VLAPIC_NONE,
		VLAPIC_NMI,   VLAPIC_INIT, VLAPIC_NONE, VLAPIC_EXTINT,
	};
	static const enum vlapic_lvt lvts[] = { VLAPIC_LVT_THERMAL, VLAPIC_LVT_PERFMON,
						VLAPIC_LVT_LINT0, VLAPIC_LVT_LINT1 };
	struct vlapic_effect e;
	struct vlapic v;

	(void)state;
	make(&v, false);
	enable(&v);
	for (uint32_t i = 0; i < 4; i++) {
		for (uint32_t mode = 0; mode < 8; mode++) {
			put(&v, lvts[i], mode << 8 | 0x31);
			assert_int_equal(vlapic_accept_lvt(&v, lvts[i]), want[mode]);
			assert_int_equal(vlapic_pending(&v), mode ? -1 : 0x31);
			vlapic_ack_auto_eoi(&v, 0x31);
			put(&v, lvts[i], 0x10000 | mode << 8 | 0x31);
			assert_int_equal(vlapic_accept_lvt(&v, lvts[i]), VLAPIC_NONE);
		}
	}
	/* Only LINT0 has level-triggered fixed interrupts. */
	put(&v, 0x35, 0x8032);
	put(&v, 0x36, 0x8033);
	assert_int_equal(vlapic_accept_lvt(&v, VLAPIC_LVT_LINT0), VLAPIC_FIXED);
	assert_int_equal(vlapic_accept_lvt(&v, VLAPIC_LVT_LINT1), VLAPIC_FIXED);
	vlapic_ack(&v, 0x33);
	assert_true(vlapic_eoi(&v, &e));
	assert_false(e.eoi_level);
	vlapic_ack(&v, 0x32);
	assert_true(vlapic_eoi(&v, &e));
	assert_true(e.eoi_level);
	assert_int_equal(e.eoi_vector, 0x32);
	put(&v, 0x33, 0x0f);
	assert_int_equal(vlapic_accept_lvt(&v, VLAPIC_LVT_THERMAL), VLAPIC_NONE);
	assert_int_equal(v.esr_new, VLAPIC_ESR_RECEIVE_VECTOR);
}

/* ---- IPIs ---- */

static void ipi_case(bool x2, uint32_t mode, uint32_t shorthand, uint32_t vector)
{
	bool to_self = shorthand == VLAPIC_SELF || shorthand == VLAPIC_ALL;
	bool legal = mode != 3 && mode != 7 && (mode == 0 || !to_self);
	bool bad_vector = legal && mode < 2 && vector < 16;
	uint64_t low = vector | mode << 8 | 0x800 | 0x4000 | shorthand << 18;
	struct vlapic_effect e;
	struct vlapic v;

	make(&v, x2);
	enable(&v);
	if (x2) {
		assert_true(put_at(&v, 0x30, low | 0x12345678ull << 32, NOW, &e));
	} else {
		put(&v, 0x31, 0x78abcdef);
		assert_true(put_at(&v, 0x30, low | 0x1000, NOW, &e));
		assert_int_equal(get(&v, 0x31), 0x78000000);
		assert_int_equal(get(&v, 0x30), low);
	}
	assert_int_equal(v.esr_new, bad_vector ? VLAPIC_ESR_SEND_VECTOR : 0);
	legal = legal && !bad_vector;
	assert_int_equal(e.has_ipi, legal && shorthand != VLAPIC_SELF);
	assert_int_equal(vlapic_pending(&v), legal && shorthand == VLAPIC_SELF ? (int)vector : -1);
	if (!e.has_ipi)
		return;
	assert_int_equal(e.ipi.dest, x2 ? 0x12345678 : 0x78);
	assert_int_equal(e.ipi.mode, mode);
	assert_int_equal(e.ipi.vector, vector);
	assert_int_equal(e.ipi.shorthand, shorthand);
	assert_true(e.ipi.logical);
	assert_false(e.ipi.level);
	assert_int_equal(e.ipi.x2, x2);
}

static void test_ipi(void **state)
{
	struct vlapic_effect e;
	struct vlapic v;

	(void)state;
	for (uint32_t mode = 0; mode < 8; mode++)
		for (uint32_t shorthand = 0; shorthand < 4; shorthand++)
			for (uint32_t x2 = 0; x2 < 2; x2++) {
				ipi_case(x2, mode, shorthand, 0x99);
				ipi_case(x2, mode, shorthand, 0x10);
				ipi_case(x2, mode, shorthand, 0x0f);
			}
	make(&v, false);
	/* INIT: assert is sent, level de-assert is not. */
	assert_true(put_at(&v, 0x30, 0xc500, NOW, &e));
	assert_true(e.has_ipi);
	assert_true(put_at(&v, 0x30, 0x8500, NOW, &e));
	assert_false(e.has_ipi);
	/* SELF IPI of x2APIC mode leaves ICR alone. */
	make(&v, true);
	enable(&v);
	assert_true(put_at(&v, 0x3f, 0xa1, NOW, &e));
	assert_true(e.recheck && !e.has_ipi);
	assert_int_equal(vlapic_pending(&v), 0xa1);
	assert_int_equal(get(&v, 0x1d), 0); /* edge */
	assert_true(get(&v, 0x30) == 0);
	assert_true(put_at(&v, 0x3f, 0x0a, NOW, &e));
	assert_int_equal(v.esr_new, VLAPIC_ESR_SEND_VECTOR);
}

struct match {
	uint32_t id;
	bool target_x2;
	uint32_t ldr, dfr;
	struct vlapic_ipi ipi;
	uint32_t source;
	bool want;
};

#define PHYS(d, x) \
	{ \
		.dest = (d), .x2 = (x) \
	}
#define LOGI(d, x) \
	{ \
		.dest = (d), .x2 = (x), .logical = true \
	}
#define HAND(s) \
	{ \
		.shorthand = (s) \
	}

static const struct match matches[] = {
	/* physical */
	{ 5, false, 0, ~0u, PHYS(5, false), 1, true },
	{ 5, false, 0, ~0u, PHYS(4, false), 1, false },
	{ 5, false, 0, ~0u, PHYS(0xff, false), 1, true },
	{ 5, false, 0, ~0u, PHYS(0xff, true), 1, false },
	{ 5, false, 0, ~0u, PHYS(0xffffffff, true), 1, true },
	{ 5, false, 0, ~0u, PHYS(5, true), 1, true },
	{ 5, false, 0, ~0u, PHYS(0x105, true), 1, false },
	{ 0x105, true, 0, 0, PHYS(0x105, true), 1, true },
	{ 0x105, true, 0, 0, PHYS(5, true), 1, false },
	{ 0x105, true, 0, 0, PHYS(5, false), 1, false },
	{ 0xff, true, 0, 0, PHYS(0xff, true), 1, true },
	{ 0xfe, true, 0, 0, PHYS(0xff, true), 1, false },
	{ 0xfe, true, 0, 0, PHYS(0xff, false), 1, true },
	{ 0x105, false, 0, ~0u, PHYS(0x105, true), 1, true },
	/* logical flat */
	{ 5, false, 0x04000000, ~0u, LOGI(0x04, false), 1, true },
	{ 5, false, 0x04000000, ~0u, LOGI(0x0c, false), 1, true },
	{ 5, false, 0x04000000, ~0u, LOGI(0x03, false), 1, false },
	{ 5, false, 0, ~0u, LOGI(0x7f, false), 1, false },
	{ 5, false, 0, ~0u, LOGI(0xff, false), 1, true },
	{ 5, false, 0x04000000, ~0u, LOGI(0, false), 1, false },
	{ 5, false, 0x04000000, ~0u, LOGI(0x10004, true), 1, false },
	/* logical cluster */
	{ 5, false, 0x32000000, 0, LOGI(0x32, false), 1, true },
	{ 5, false, 0x32000000, 0, LOGI(0x3f, false), 1, true },
	{ 5, false, 0x32000000, 0, LOGI(0x31, false), 1, false },
	{ 5, false, 0x32000000, 0, LOGI(0x22, false), 1, false },
	{ 5, false, 0x32000000, 0, LOGI(0xf2, false), 1, true },
	{ 5, false, 0x32000000, 0, LOGI(0xf1, false), 1, false },
	{ 5, false, 0x32000000, 0, LOGI(0xff, false), 1, true },
	/* x2 cluster: id 0x25 is bit 5 of cluster 2 */
	{ 0x25, true, 0, 0, LOGI(0x20020, true), 1, true },
	{ 0x25, true, 0, 0, LOGI(0x2ffff, true), 1, true },
	{ 0x25, true, 0, 0, LOGI(0x2ffdf, true), 1, false },
	{ 0x25, true, 0, 0, LOGI(0x30020, true), 1, false },
	{ 0x25, true, 0, 0, LOGI(0x20000, true), 1, false },
	{ 0x25, true, 0, 0, LOGI(0xffffffff, true), 1, true },
	{ 3, true, 0, 0, LOGI(0x08, false), 1, true },
	{ 3, true, 0, 0, LOGI(0x04, false), 1, false },
	{ 0xfffff, true, 0, 0, LOGI(0xffff8000, true), 1, true },
	/* shorthands look at the sender only */
	{ 5, false, 0, ~0u, HAND(VLAPIC_SELF), 5, true },
	{ 5, false, 0, ~0u, HAND(VLAPIC_SELF), 1, false },
	{ 5, false, 0, ~0u, HAND(VLAPIC_ALL), 5, true },
	{ 5, false, 0, ~0u, HAND(VLAPIC_ALL), 1, true },
	{ 5, false, 0, ~0u, HAND(VLAPIC_OTHERS), 5, false },
	{ 5, false, 0, ~0u, HAND(VLAPIC_OTHERS), 1, true },
};

static void test_match(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		const struct match *m = &matches[i];
		struct vlapic v;

		vlapic_init(&v, m->id, true, true, TSC_HZ, false);
		vlapic_set_base(&v, m->target_x2 ? 0xfee00c00 : 0xfee00800);
		if (!m->target_x2) {
			put(&v, 0x0d, m->ldr);
			put(&v, 0x0e, m->dfr);
		}
		if (vlapic_match(&v, &m->ipi, m->source) != m->want)
			fail_msg("row %zu", i);
		vlapic_set_base(&v, 0xfee00000);
		assert_false(vlapic_match(&v, &m->ipi, m->source));
	}
}

/* ---- timer ---- */

static bool fires(struct vlapic *v, uint64_t now, uint8_t vector)
{
	struct vlapic_effect e;
	bool hit;

	vlapic_advance(v, now, &e);
	hit = vlapic_pending(v) == vector;
	assert_int_equal(e.recheck, hit);
	assert_true(e.timer_changed || !hit);
	if (hit)
		vlapic_ack_auto_eoi(v, vector);
	return hit;
}

static void test_one_shot(void **state)
{
	/* divide register and divider */
	static const uint32_t div[8][2] = { { 0, 2 },  { 1, 4 },  { 2, 8 },    { 3, 16 },
					    { 8, 32 }, { 9, 64 }, { 10, 128 }, { 11, 1 } };
	struct vlapic_effect e;

	(void)state;
	for (uint32_t i = 0; i < 16; i++) {
		uint64_t tick = 13ull * div[i / 2][1], due = NOW + 1000 * tick;
		struct vlapic v;

		make(&v, i & 1);
		enable(&v);
		put(&v, 0x3e, div[i / 2][0]);
		assert_true(put_at(&v, 0x32, 0x40, NOW, &e));
		assert_true(e.timer_changed);
		assert_int_equal(vlapic_deadline(&v), UINT64_MAX);
		assert_true(put_at(&v, 0x38, 1000, NOW, &e));
		assert_true(e.timer_changed);
		assert_int_equal(vlapic_deadline(&v), due);
		assert_int_equal(get_at(&v, 0x39, NOW), 1000);
		assert_int_equal(get_at(&v, 0x39, NOW + 1), 1000);
		assert_int_equal(get_at(&v, 0x39, NOW + tick), 999);
		assert_int_equal(get_at(&v, 0x39, due - 1), 1);
		assert_int_equal(get_at(&v, 0x39, due), 0);
		assert_false(fires(&v, due - 1, 0x40));
		assert_true(fires(&v, due, 0x40));
		assert_int_equal(vlapic_deadline(&v), UINT64_MAX);
		assert_false(fires(&v, due + 100000, 0x40));
		assert_int_equal(get_at(&v, 0x38, due), 1000);
		assert_int_equal(get_at(&v, 0x39, due), 0);
		/* Writing 0 stops it, a masked one counts on silently. */
		put_at(&v, 0x38, 1000, NOW, &e);
		put_at(&v, 0x38, 0, NOW, &e);
		assert_int_equal(vlapic_deadline(&v), UINT64_MAX);
		put_at(&v, 0x38, 1000, NOW, &e);
		put_at(&v, 0x32, 0x10040, NOW, &e);
		assert_int_equal(vlapic_deadline(&v), UINT64_MAX);
		assert_int_equal(get_at(&v, 0x39, NOW + tick * 10), 990);
		put_at(&v, 0x32, 0x40, due + 1, &e);
		assert_false(fires(&v, due + 2, 0x40));
	}
}

/* Random steps over a periodic timer: at most one interrupt a step, exactly when a boundary passed.
 */
static void periodic_run(uint64_t tsc_hz, uint32_t count, uint32_t divide)
{
	struct vlapic_effect e;
	struct vlapic v;
	uint64_t period, now = NOW, start = NOW;

	vlapic_init(&v, ID, true, true, tsc_hz, false);
	enable(&v);
	put(&v, 0x3e, divide);
	put(&v, 0x32, 0x20041);
	put(&v, 0x38, count);
	period = vlapic_deadline(&v) - start;
	for (uint32_t i = 0; i < 2000; i++) {
		uint64_t before = now, left;
		uint32_t current;

		now += rnd() % (period * (i % 3 + 1) + 1);
		current = (uint32_t)get_at(&v, 0x39, now);
		assert_true(current >= 1 && current <= count);
		assert_int_equal(fires(&v, now, 0x41),
				 (now - start) / period != (before - start) / period);
		assert_int_equal((vlapic_deadline(&v) - start) % period, 0);
		left = vlapic_deadline(&v) - now;
		assert_true(left >= 1 && left <= period);
		assert_int_equal(get_at(&v, 0x39, now), current);
	}
	/* Long missed: one interrupt, the phase kept. */
	now += 1000000 * period;
	assert_true(fires(&v, now, 0x41));
	assert_false(fires(&v, now, 0x41));
	assert_int_equal((vlapic_deadline(&v) - start) % period, 0);
	/* Masked: the ticks are gone, the phase is not. */
	put_at(&v, 0x32, 0x30041, now, &e);
	now += 10 * period;
	put_at(&v, 0x32, 0x20041, now, &e);
	assert_false(fires(&v, now, 0x41));
	assert_int_equal((vlapic_deadline(&v) - start) % period, 0);
	assert_true(fires(&v, now + period, 0x41));
}

static void test_periodic(void **state)
{
	(void)state;
	periodic_run(TSC_HZ, 1000, 11);
	periodic_run(TSC_HZ, 1, 11);
	periodic_run(3141592653, 54321, 3);
	periodic_run(12800000000, 0xffffffff, 10);
	periodic_run(1000000, 7, 11); /* slower than the timer clock */
	periodic_run(0, 1, 11);	      /* clamped */
	periodic_run(UINT64_MAX, 99, 0);
}

static void test_deadline_mode(void **state)
{
	struct vlapic_effect e;
	struct vlapic v, before;
	uint64_t val;

	(void)state;
	for (int x2 = 0; x2 < 2; x2++) {
		make(&v, x2);
		enable(&v);
		/* Other modes: reads 0, writes are dropped. */
		assert_true(vlapic_msr_write(&v, 0x6e0, NOW + 5, NOW, &e));
		assert_true(vlapic_msr_read(&v, 0x6e0, NOW, &val));
		assert_int_equal(val, 0);
		put(&v, 0x32, 0x40042);
		assert_true(vlapic_msr_write(&v, 0x6e0, NOW + 5, NOW, &e));
		assert_true(e.timer_changed);
		assert_int_equal(vlapic_deadline(&v), NOW + 5);
		assert_true(vlapic_msr_read(&v, 0x6e0, NOW, &val));
		assert_int_equal(val, NOW + 5);
		assert_true(vlapic_msr_read(&v, 0x6e0, NOW + 5, &val));
		assert_int_equal(val, 0);
		put(&v, 0x38, 77);
		assert_int_equal(get(&v, 0x38), 0);
		assert_int_equal(get(&v, 0x39), 0);
		assert_false(fires(&v, NOW + 4, 0x42));
		assert_true(fires(&v, NOW + 5, 0x42));
		assert_false(fires(&v, NOW + 6, 0x42));
		assert_int_equal(vlapic_deadline(&v), UINT64_MAX);
		/* In the past: at once. 0: disarmed. */
		assert_true(vlapic_msr_write(&v, 0x6e0, NOW - 5, NOW, &e));
		assert_true(e.recheck);
		assert_int_equal(vlapic_pending(&v), 0x42);
		vlapic_ack_auto_eoi(&v, 0x42);
		assert_true(vlapic_msr_write(&v, 0x6e0, NOW + 9, NOW, &e));
		assert_true(vlapic_msr_write(&v, 0x6e0, 0, NOW, &e));
		assert_false(fires(&v, NOW + 10, 0x42));
		/* Masked: expires silently. */
		put(&v, 0x32, 0x50042);
		assert_true(vlapic_msr_write(&v, 0x6e0, NOW + 9, NOW, &e));
		assert_int_equal(vlapic_deadline(&v), UINT64_MAX);
		assert_false(fires(&v, NOW + 9, 0x42));
		put_at(&v, 0x32, 0x40042, NOW + 10, &e);
		assert_int_equal(vlapic_deadline(&v), UINT64_MAX);
		/* Leaving the mode disarms, in both directions. */
		assert_true(vlapic_msr_write(&v, 0x6e0, NOW + 9, NOW, &e));
		put(&v, 0x32, 0x42);
		put(&v, 0x38, 50);
		put(&v, 0x32, 0x40042);
		assert_int_equal(vlapic_deadline(&v), UINT64_MAX);
		assert_int_equal(get(&v, 0x39), 0);
		/* The reserved fourth mode. */
		before = v;
		assert_int_equal(put(&v, 0x32, 0x60042), !x2);
		assert_int_equal(get(&v, 0x32), 0x40042);
		if (x2)
			assert_memory_equal(&v, &before, sizeof(v));
	}
	vlapic_init(&v, ID, true, false, TSC_HZ, false);
	enable(&v);
	put(&v, 0x32, 0x40042);
	assert_int_equal(get(&v, 0x32), 0x42);
	assert_false(vlapic_msr_read(&v, 0x6e0, NOW, &val));
	assert_false(vlapic_msr_write(&v, 0x6e0, 1, NOW, &e));
	vlapic_set_base(&v, 0xfee00c00);
	assert_false(put(&v, 0x32, 0x40042));
}

static void test_timer_changes(void **state)
{
	struct vlapic_effect e;
	struct vlapic v;

	(void)state;
	make(&v, false);
	enable(&v);
	put(&v, 0x3e, 11);
	put(&v, 0x32, 0x40);
	put(&v, 0x38, 1000);
	/* A new divider stretches what is left. */
	put_at(&v, 0x3e, 0, NOW + 400 * 13, &e);
	assert_true(e.timer_changed);
	assert_int_equal(get_at(&v, 0x39, NOW + 400 * 13), 600);
	assert_int_equal(vlapic_deadline(&v), NOW + 400 * 13 + 600 * 26);
	/* One-shot to periodic keeps running; a spent one starts again. */
	put_at(&v, 0x32, 0x20040, NOW + 400 * 13, &e);
	assert_int_equal(vlapic_deadline(&v), NOW + 400 * 13 + 600 * 26);
	assert_true(fires(&v, NOW + 400 * 13 + 600 * 26, 0x40));
	assert_int_equal(vlapic_deadline(&v), NOW + 400 * 13 + 600 * 26 + 1000 * 26);
	make(&v, false);
	enable(&v);
	put(&v, 0x3e, 11);
	put(&v, 0x32, 0x40);
	put(&v, 0x38, 10);
	assert_true(fires(&v, NOW + 130, 0x40));
	put_at(&v, 0x32, 0x20040, NOW + 200, &e);
	assert_int_equal(vlapic_deadline(&v), NOW + 330);
	/* Whatever write comes late, the interrupt that was due is not lost. */
	put_at(&v, 0x38, 0, NOW + 330, &e);
	assert_true(e.recheck);
	assert_int_equal(vlapic_pending(&v), 0x40);
	/* A TSC write moves the count-down timer along, a deadline stays. */
	put(&v, 0x38, 10);
	vlapic_tsc_moved(&v, (uint64_t)-500);
	assert_int_equal(vlapic_deadline(&v), NOW + 130 - 500);
	put(&v, 0x32, 0x40040);
	vlapic_msr_write(&v, 0x6e0, NOW + 9, NOW, &e);
	vlapic_tsc_moved(&v, 1000);
	assert_int_equal(vlapic_deadline(&v), NOW + 9);
	/* At the end of time nothing wraps, hangs or fires early. */
	make(&v, false);
	enable(&v);
	put(&v, 0x32, 0x20040);
	put_at(&v, 0x38, 0xffffffff, UINT64_MAX - 5, &e);
	assert_false(fires(&v, UINT64_MAX - 2, 0x40));
	(void)get_at(&v, 0x39, UINT64_MAX);
	(void)fires(&v, UINT64_MAX, 0x40);
}

/* ---- the 176-byte state ---- */

typedef struct hv_local_interrupt_controller_state hv_state;

static void busy(struct vlapic *v, bool x2)
{
	make(v, x2);
	enable(v);
	if (!x2) {
		put(v, 0x0d, 0x12000000);
		put(v, 0x0e, 0);
		put(v, 0x31, 0x77000000);
	}
	put(v, 0x30, 0xc4500 | (x2 ? 0x1234ull << 32 : 0));
	put(v, 0x33, 0x10211);
	put(v, 0x34, 0x10422);
	put(v, 0x35, 0x08733);
	put(v, 0x36, 0x0a444);
	put(v, 0x37, 0x00055);
	vlapic_accept(v, 0xe1, true);
	vlapic_ack(v, 0xe1);
	vlapic_accept(v, 0x31, false);
	vlapic_ack(v, 0x31);
	vlapic_accept(v, 0xff, true);
	vlapic_accept(v, 0x10, false);
	vlapic_accept(v, 0, false);
	put(v, 0x28, 0);
	put(v, 0x30, 0xc0002);
	put(v, 0x3e, 9);
}

/* Get, commit elsewhere, get: the same bytes; and the restored one then behaves the same. */
static void round_trip(struct vlapic *a, bool x2, uint64_t now)
{
	struct vlapic b;
	hv_state s, t;
	bool nmi = true;

	make(&b, x2);
	vlapic_accept(&b, 0x99, false);
	b.tsc_deadline = a->tsc_deadline;
	vlapic_get_hv(a, now, &s);
	assert_true(vlapic_check_hv(&b, &s, &nmi));
	assert_false(nmi);
	vlapic_set_hv(&b, &s, now);
	vlapic_get_hv(&b, now, &t);
	assert_memory_equal(&s, &t, sizeof(s));
	vlapic_set_tpr(&b, vlapic_tpr(a));
	assert_int_equal(get_at(a, 0x39, now), get_at(&b, 0x39, now));
	assert_int_equal(get(&b, 0x0a), get(a, 0x0a));
}

static void test_hv_identity(void **state)
{
	static const uint32_t modes[4] = { 0x40, 0x20040, 0x40040, 0x30040 };
	struct vlapic_effect e;
	struct vlapic v;

	(void)state;
	assert_int_equal(sizeof(hv_state), 176);
	for (uint32_t i = 0; i < 8; i++) {
		bool x2 = i & 1;

		busy(&v, x2);
		round_trip(&v, x2, NOW);
		put(&v, 0x32, modes[i / 2]);
		put(&v, 0x38, 0x12345);
		vlapic_msr_write(&v, 0x6e0, NOW + 100, NOW, &e);
		for (int k = 0; k < 500; k++)
			round_trip(&v, x2, NOW + rnd() % 200000000);
		vlapic_reset(&v);
		round_trip(&v, x2, NOW);
	}
	/* Any clock rate, divider and count: the remaining count survives. */
	for (int k = 0; k < 5000; k++) {
		uint64_t hz = 1000000 + rnd() % 12800000000ull, now = NOW + rnd() % (1ull << 40);
		struct vlapic w;
		hv_state s, t;

		vlapic_init(&v, ID, true, true, hz, false);
		put(&v, 0x3e, rnd() & 11);
		put(&v, 0x32, k & 1 ? 0x20040 : 0x40);
		put(&v, 0x38, rnd() >> (32 + rnd() % 32));
		w = v;
		vlapic_get_hv(&v, now, &s);
		vlapic_set_hv(&w, &s, now);
		vlapic_get_hv(&w, now, &t);
		assert_memory_equal(&s, &t, sizeof(s));
		/* Never earlier than the source would have fired, at most one count later. */
		if (w.timer_on && v.timer_on && now < v.timer_due)
			assert_true(w.timer_due >= v.timer_due);
	}
}

static void test_hv_expiry(void **state)
{
	struct vlapic v, w;
	bool nmi;
	hv_state s;

	(void)state;
	/* Due but not advanced: Get shows the interrupt and the reloaded count, once. */
	make(&v, false);
	enable(&v);
	put(&v, 0x3e, 11);
	put(&v, 0x32, 0x20040);
	put(&v, 0x38, 1000);
	w = v;
	vlapic_get_hv(&v, NOW + 1100 * 13, &s);
	assert_memory_equal(&v, &w, sizeof(v));
	assert_int_equal(s.apic_irr[2], 1);
	assert_int_equal(s.apic_counter_value, 900);
	vlapic_set_hv(&w, &s, NOW + 1100 * 13);
	assert_int_equal(vlapic_deadline(&w), NOW + 2000 * 13);
	/* Caught at 0: a periodic one reloads, a one-shot one is spent. */
	s.apic_counter_value = 0;
	assert_true(vlapic_check_hv(&w, &s, &nmi));
	vlapic_set_hv(&w, &s, NOW);
	assert_int_equal(vlapic_deadline(&w), NOW + 1000 * 13);
	s.apic_lvt_timer = 0x40;
	vlapic_set_hv(&w, &s, NOW);
	assert_int_equal(vlapic_deadline(&w), UINT64_MAX);
	/* IA32_TSC_DEADLINE may be restored before or after. */
	s.apic_lvt_timer = 0x40040;
	make(&w, false);
	vlapic_set_tsc_deadline(&w, NOW + 7);
	assert_int_equal(vlapic_tsc_deadline(&w), NOW + 7);
	vlapic_set_hv(&w, &s, NOW);
	assert_int_equal(vlapic_deadline(&w), NOW + 7);
	make(&w, false);
	vlapic_set_hv(&w, &s, NOW);
	vlapic_set_tsc_deadline(&w, NOW + 7);
	assert_int_equal(vlapic_deadline(&w), NOW + 7);
	s.apic_lvt_timer = 0x40;
	vlapic_set_hv(&w, &s, NOW);
	assert_int_equal(vlapic_tsc_deadline(&w), 0);
}

/* Which bits of each word a valid state may have flipped, by index in the 44 words. */
static uint32_t free_bits(uint32_t word, bool x2)
{
	switch (word) {
	case 2: /* LDR */
		return x2 ? 0 : 0xff000000;
	case 3: /* DFR */
		return x2 ? 0 : 0xf0000000;
	case 4:
		return 0x3ff;
	case 5:	 /* ISR */
	case 13: /* TMR */
		return 0xffff0000;
	case 21: /* IRR and the NMI bit */
		return 0xffff0004;
	case 29: /* ESR */
	case 39: /* errors not latched */
		return 0xff;
	case 30: /* ICR high */
		return x2 ? 0xffffffff : 0xff000000;
	case 31:
		return 0xccfff;
	case 32:
		return 0x700ff;
	case 33:
	case 34:
		return 0x107ff;
	case 35:
	case 36:
		return 0x1a7ff;
	case 37:
		return 0x100ff;
	case 40: /* initial count */
		return 0xffffffff;
	case 42:
		return 0xb;
	default:
		return word > 5 && word < 29 ? 0xffffffff : 0;
	}
}

static void test_hv_check(void **state)
{
	(void)state;
	for (int x2 = 0; x2 < 2; x2++) {
		struct vlapic v, before;
		uint32_t good[44], words[44];
		bool nmi;
		hv_state s;

		busy(&v, x2);
		vlapic_get_hv(&v, NOW, &s);
		memcpy(good, &s, sizeof(s));
		before = v;
		for (uint32_t bit = 0; bit < 44 * 32; bit++) {
			bool ok = free_bits(bit / 32, x2) >> bit % 32 & 1;

			memcpy(words, good, sizeof(words));
			words[bit / 32] ^= 1u << bit % 32;
			memcpy(&s, words, sizeof(s));
			if (vlapic_check_hv(&v, &s, &nmi) != ok)
				fail_msg("word %u bit %u", bit / 32, bit % 32);
			if (ok)
				assert_int_equal(nmi, bit == 21 * 32 + 2);
			assert_memory_equal(&v, &before, sizeof(v));
			if (!ok)
				continue;
			/* What is accepted is kept, but for the NMI bit, which is not ours. */
			vlapic_set_hv(&v, &s, NOW);
			vlapic_get_hv(&v, NOW, &s);
			words[21] &= ~VLAPIC_HV_IRR_NMI;
			if (words[32] & 0x20000)
				words[41] = words[40];
			assert_memory_equal(&s, words, sizeof(s));
			v = before;
		}
	}
}

static void test_hv_check_more(void **state)
{
	struct vlapic v, other;
	hv_state good, s;
	bool nmi;

	(void)state;
	busy(&v, false);
	put(&v, 0x38, 1000);
	vlapic_get_hv(&v, NOW, &good);
	assert_true(vlapic_check_hv(&v, &good, &nmi));
	s = good;
	s.apic_counter_value = 1001;
	assert_false(vlapic_check_hv(&v, &s, &nmi));
	s.apic_counter_value = 1000;
	assert_true(vlapic_check_hv(&v, &s, &nmi));
	s.apic_lvt_timer = 0x40040; /* no count-down in deadline mode */
	assert_false(vlapic_check_hv(&v, &s, &nmi));
	s.apic_counter_value = 0;
	assert_true(vlapic_check_hv(&v, &s, &nmi));
	s.apic_lvt_timer = 0x60040;
	assert_false(vlapic_check_hv(&v, &s, &nmi));
	/* Not offered here. */
	vlapic_init(&other, ID, true, false, TSC_HZ, false);
	s.apic_lvt_timer = 0x40040;
	assert_false(vlapic_check_hv(&other, &s, &nmi));
	assert_true(vlapic_check_hv(&other, &good, &nmi));
	/* Another APIC's state, and the other mode's. */
	vlapic_init(&other, ID + 1, true, true, TSC_HZ, false);
	assert_false(vlapic_check_hv(&other, &good, &nmi));
	make(&other, true);
	assert_false(vlapic_check_hv(&other, &good, &nmi));
	/* Clients set LINT0 ExtINT, LINT1 NMI on a software-disabled APIC: kept as given. */
	make(&v, false);
	vlapic_get_hv(&v, NOW, &s);
	s.apic_lvt_lint0 = 0x700;
	s.apic_lvt_lint1 = 0x400;
	assert_true(vlapic_check_hv(&v, &s, &nmi));
	vlapic_set_hv(&v, &s, NOW);
	assert_int_equal(vlapic_accept_lvt(&v, VLAPIC_LVT_LINT0), VLAPIC_EXTINT);
	assert_int_equal(vlapic_accept_lvt(&v, VLAPIC_LVT_LINT1), VLAPIC_NMI);
}

/* Nothing a guest does in any order breaks the cached maxima or trips a sanitizer. */
static void test_random_guest(void **state)
{
	struct vlapic_effect e;
	uint64_t now = NOW, val;
	struct vlapic v;
	bool nmi;
	hv_state s;

	(void)state;
	make(&v, false);
	for (int i = 0; i < 300000; i++) {
		uint32_t n = (uint32_t)rnd() % 66, msr = 0x800 + n;
		uint64_t arg = rnd() >> rnd() % 64;
		uint32_t low;
		int pending;

		now += rnd() % 5000;
		if (n == 64)
			msr = 0x1b;
		if (n == 64)
			arg = 0xfee00000 | (rnd() & 3 ? 0x800 : 0) | (rnd() & 1 ? 0x400 : 0);
		if (n == 65)
			msr = 0x6e0;
		if (vlapic_x2(&v) || n > 63)
			(void)vlapic_msr_write(&v, msr, arg, now, &e);
		else
			(void)vlapic_mmio_write(&v, n << 4, (uint32_t)arg, now, &e);
		(void)vlapic_msr_read(&v, msr, now, &val);
		(void)vlapic_mmio_read(&v, n << 4, now, &low);
		pending = vlapic_pending(&v);
		if (pending >= 0 && rnd() & 1)
			vlapic_ack(&v, (uint8_t)pending);
		if (vlapic_deadline(&v) <= now)
			vlapic_advance(&v, now, &e);
		assert_true(vlapic_deadline(&v) > now);
		vlapic_get_hv(&v, now, &s);
		assert_true(vlapic_check_hv(&v, &s, &nmi));
		if (i % 64 == 0)
			vlapic_set_hv(&v, &s, now);
	}
}

/* The run loop looks for the next deadline only when it was told that it may be another. */
static void test_timer_changed(void **state)
{
	static const uint32_t often[] = { 0x0b, 0x0f, 0x32, 0x38, 0x3e, 0x08, 0x3f };
	uint32_t changes = 0, quiet = 0;

	(void)state;
	for (uint32_t i = 0; i < 300; i++) {
		struct vlapic v;
		uint64_t now = NOW;

		vlapic_init(&v, ID, true, true, TSC_HZ, false);
		put(&v, 0x0f, 0x1ff);
		put(&v, 0x32, 0x31 | (i % 3) << 17);
		for (uint32_t k = 0; k < 60; k++) {
			struct vlapic_effect e = { 0 };
			uint64_t before = vlapic_deadline(&v), value = rnd() & 0x601ff;
			uint32_t msr = rnd() & 1 ? 0x800 + often[rnd() % 7]
						 : 0x800 + (uint32_t)(rnd() % 0x40);

			if (rnd() % 8 == 0)
				msr = rnd() & 1 ? 0x1b : 0x6e0;
			if (msr == 0x1b)
				value = vlapic_base(&v) ^ (rnd() & 0xc00);
			else if (msr == 0x6e0)
				value = now + rnd() % 10000;
			now += rnd() % 5000;
			if (!vlapic_x2(&v) && msr >= 0x800)
				(void)vlapic_mmio_write(&v, (msr - 0x800) * 16, (uint32_t)value,
							now, &e);
			else if (!vlapic_msr_write(&v, msr, value, now, &e))
				continue;
			if (vlapic_deadline(&v) != before) {
				assert_true(e.timer_changed);
				changes++;
			} else {
				quiet += !e.timer_changed;
			}
		}
	}
	assert_true(changes > 500 && quiet > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timer_changed),
		cmocka_unit_test(test_table_mmio),
		cmocka_unit_test(test_table_x2),
		cmocka_unit_test(test_table_faces),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_base_bits),
		cmocka_unit_test(test_base_transitions),
		cmocka_unit_test(test_base_switch),
		cmocka_unit_test(test_priority),
		cmocka_unit_test(test_software_disable),
		cmocka_unit_test(test_esr),
		cmocka_unit_test(test_lvt_sources),
		cmocka_unit_test(test_ipi),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_one_shot),
		cmocka_unit_test(test_periodic),
		cmocka_unit_test(test_deadline_mode),
		cmocka_unit_test(test_timer_changes),
		cmocka_unit_test(test_hv_identity),
		cmocka_unit_test(test_hv_expiry),
		cmocka_unit_test(test_hv_check),
		cmocka_unit_test(test_hv_check_more),
		cmocka_unit_test(test_random_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
