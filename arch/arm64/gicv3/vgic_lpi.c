/* SPDX-License-Identifier: MIT */
/*
 * LPIs (IHI 0069, chapter 5). Configuration and pending tables are in guest memory, which may be
 * absent at any access; only the VP's owner reads them, in vgic_lpi_take() before entry. Whoever
 * makes an LPI pending, or invalidates a configuration, says no more than "posted": pending, and
 * its configuration is to be read. What could not be read stays posted, and the entry starts again.
 */
#include <string.h>

#include "arch/arm64/gicv3/vgic.h"
#include "kernel/guest_mem.h"

/* The pending table has a bit for each INTID from 0 on; the first KiB is not ours (5.1.2). */
#define PENDING_OFFSET (VGIC_LPI_FIRST / 8)
#define CONFIG_ENABLE  0x01u
#define CONFIG_PRIO    0xfcu

static void post(struct vgic_lpi *l, uint32_t n)
{
	(void)atomic_or(&l->posted[n / 64], BIT(n % 64));
	(void)atomic_or(&l->posted_words, 1u << n / 64);
}

/* How many LPIs the tables have: PROPBASER.IDbits + 1 bits, bounded by GICD_TYPER's. */
static uint32_t limit(const struct vgic_lpi *l)
{
	uint64_t bits = FIELD(l->propbaser, 4, 0) + 1;

	return bits < VGIC_ID_BITS ? 0 : VGIC_LPIS;
}

bool vgic_lpi_post(struct vgic_vp *vp, uint32_t intid, struct vgic_op *op)
{
	if (intid < VGIC_LPI_FIRST || intid >= VGIC_LPI_FIRST + VGIC_LPIS)
		return false;
	/* Without EnableLPIs an LPI is dropped (5.1.4); the flush looks again. */
	if (!__atomic_load_n(&vp->lpi.enabled, __ATOMIC_ACQUIRE))
		return true;
	post(&vp->lpi, intid - VGIC_LPI_FIRST);
	vgic_post(vp, op);
	return true;
}

void vgic_lpi_clear(struct vgic_vp *vp, uint32_t intid)
{
	uint32_t n = intid - VGIC_LPI_FIRST;

	if (intid < VGIC_LPI_FIRST || n >= VGIC_LPIS)
		return;
	(void)atomic_and(&vp->lpi.posted[n / 64], ~BIT(n % 64));
	vp->lpi.pending[n / 64] &= ~BIT(n % 64);
}

void vgic_lpi_invalidate(struct vgic_vp *vp, uint32_t intid)
{
	uint32_t n = intid - VGIC_LPI_FIRST;

	if (intid < VGIC_LPI_FIRST || n >= VGIC_LPIS || !(vp->lpi.pending[n / 64] >> n % 64 & 1))
		return;
	vp->lpi.pending[n / 64] &= ~BIT(n % 64);
	post(&vp->lpi, n);
}

void vgic_lpi_invalidate_all(struct vgic_vp *vp)
{
	struct vgic_lpi *l = &vp->lpi;

	for (uint32_t i = 0; i < VGIC_LPIS / 64; i++) {
		if (!l->pending[i])
			continue;
		(void)atomic_or(&l->posted[i], l->pending[i]);
		(void)atomic_or(&l->posted_words, 1u << i);
		l->pending[i] = 0;
	}
}

static enum vgic_result absent(struct vgic_op *op, gpa_t at, bool write)
{
	op->gpa = at.v;
	op->gpa_write = write;
	return VGIC_ABSENT;
}

static gpa_t pending_table(const struct vgic_lpi *l)
{
	return GPA((l->pendbaser & MASK(51, 16)) + PENDING_OFFSET);
}

static enum vgic_result reload(struct vgic_vp *vp, struct vgic_op *op)
{
	struct vgic_lpi *l = &vp->lpi;
	uint64_t bits[VGIC_LPIS / 64];
	gpa_t at;

	if (guest_mem_read(vp->gic->partition, pending_table(l), bits, sizeof(bits), &at) !=
	    GUEST_MEM_OK)
		return absent(op, at, false);
	for (uint32_t i = 0; i < VGIC_LPIS / 64; i++) {
		if (!bits[i])
			continue;
		(void)atomic_or(&l->posted[i], bits[i]);
		(void)atomic_or(&l->posted_words, 1u << i);
	}
	l->reload = false;
	return VGIC_OK;
}

/* One word of posted LPIs. */
static enum vgic_result take_word(struct vgic_vp *vp, uint32_t i, struct vgic_op *op)
{
	uint64_t table = vp->lpi.propbaser & MASK(51, 12);
	struct vgic_lpi *l = &vp->lpi;
	gpa_t at;

	for (uint64_t m = atomic_load(&l->posted[i]); m; m &= m - 1) {
		uint32_t n = i * 64 + (uint32_t)__builtin_ctzll(m);
		uint64_t bit = BIT(n % 64);
		uint8_t config;

		/* Taken first: one that comes meanwhile is one more. */
		(void)atomic_and(&l->posted[i], ~bit);
		if (guest_mem_read(vp->gic->partition, GPA(table + n), &config, 1, &at) !=
		    GUEST_MEM_OK) {
			post(l, n);
			return absent(op, at, false);
		}
		l->pending[i] |= bit;
		l->prio[n] = config & CONFIG_PRIO & vp->gic->pri_mask;
		if (config & CONFIG_ENABLE)
			l->config_on[i] |= bit;
		else
			l->config_on[i] &= ~bit;
		l->ready_words |= 1u << i;
	}
	return VGIC_OK;
}

static void drop_all(struct vgic_lpi *l)
{
	for (uint32_t w = atomic_xchg(&l->posted_words, 0); w; w &= w - 1)
		atomic_store(&l->posted[__builtin_ctz(w)], 0);
}

enum vgic_result vgic_lpi_take(struct vgic_vp *vp, struct vgic_op *op)
{
	struct vgic_lpi *l = &vp->lpi;
	enum vgic_result r = VGIC_OK;
	uint32_t words;

	if (likely(!atomic_load(&l->posted_words) && !l->reload))
		return VGIC_OK;
	if (!l->enabled || !limit(l)) {
		drop_all(l);
		return VGIC_OK;
	}
	if (l->reload)
		r = reload(vp, op);
	words = r == VGIC_OK ? atomic_xchg(&l->posted_words, 0) : 0;
	for (; words; words &= words - 1) {
		r = take_word(vp, (uint32_t)__builtin_ctz(words), op);
		if (r != VGIC_OK) {
			(void)atomic_or(&l->posted_words, words);
			break;
		}
	}
	return r;
}

enum vgic_result vgic_lpi_save(struct vgic_vp *vp, struct vgic_op *op)
{
	struct vgic_lpi *l = &vp->lpi;
	uint64_t bits[VGIC_LPIS / 64];
	gpa_t at;

	/* Not read yet: memory is the truth, and what came since is added to it at the next flush.
	 */
	if (!l->enabled || !limit(l))
		return VGIC_OK;
	memset(bits, 0, sizeof(bits));
	if (l->reload && guest_mem_read(vp->gic->partition, pending_table(l), bits, sizeof(bits),
					&at) != GUEST_MEM_OK)
		return absent(op, at, false);
	for (uint32_t i = 0; i < VGIC_LPIS / 64; i++)
		bits[i] |= l->pending[i] | atomic_load(&l->posted[i]);
	if (guest_mem_write(vp->gic->partition, pending_table(l), bits, sizeof(bits), &at) !=
	    GUEST_MEM_OK)
		return absent(op, at, true);
	return VGIC_OK;
}

void vgic_lpi_forget(struct vgic_vp *vp)
{
	struct vgic_lpi *l = &vp->lpi;

	__atomic_store_n(&l->enabled, false, __ATOMIC_RELEASE);
	l->reload = false;
	drop_all(l);
	memset(l->pending, 0, sizeof(l->pending));
	l->ready_words = 0;
}

/* GICR_CTLR.EnableLPIs. It can be cleared again (GICR_CTLR.CES): then memory has what is pending.
 */
enum vgic_result vgic_lpi_enable(struct vgic_vp *vp, bool on, struct vgic_op *op)
{
	struct vgic_lpi *l = &vp->lpi;
	enum vgic_result r;

	if (on == l->enabled)
		return VGIC_OK;
	if (on) {
		l->reload = !(l->pendbaser & VGIC_PENDBASER_PTZ);
		__atomic_store_n(&l->enabled, true, __ATOMIC_RELEASE);
		return VGIC_OK;
	}
	r = vgic_lpi_save(vp, op);
	if (r == VGIC_OK)
		vgic_lpi_forget(vp);
	return r;
}
