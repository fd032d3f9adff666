/* SPDX-License-Identifier: MIT */
/*
 * The register frames GICD, GICR RD_base and GICR SGI_base (IHI 0069, 12.9 to 12.11) as one table.
 * A row without a read function reads as zero, one without a write function ignores writes; what
 * has no row is reserved, RAZ/WI. A register takes accesses of its own size, a 64-bit one also by
 * halves, a priority also by bytes (12.1.3); every other size, and a misaligned access, is a fault.
 *
 * RWP never shows: a write that would set it answers VGIC_AGAIN until no VP has the old setting in
 * a list register.
 */
#include "arch/arm64/gicv3/vgic_mmio.h"

#define SIZE_4	   1u
#define SIZE_8	   2u /* 64-bit register, also by halves */
#define SIZE_BYTES 4u /* 32-bit register, also by bytes */

struct row {
	uint32_t first, end; /* offsets */
	uint32_t base;	     /* of register 0, when first is another's */
	uint32_t size;
	vgic_read_fn *read;
	vgic_write_fn *write;
};

/* ---- interrupts, private or shared alike ---- */

static struct lock *lock_of(const struct vgic_access *a)
{
	return a->redist ? &a->redist->lock : &a->gic->lock;
}

static bool exists(const struct vgic_access *a, uint32_t intid)
{
	return a->redist ? intid < VGIC_PRIVATE : vgic_is_spi(a->gic, intid);
}

static uint8_t get_flags(const struct vgic_access *a, uint32_t intid)
{
	return a->redist ? vgic_private_flags(a->redist, intid) : vgic_spi(a->gic, intid)->flags;
}

/* Whoever has it in a list register is to leave the guest; true: it is not there yet. */
static bool hold(const struct vgic_access *a, uint32_t intid, struct vgic_op *op)
{
	const struct vgic_irq *irq;

	if (a->redist) {
		if (!(a->redist->resident >> intid & 1))
			return false;
		vgic_hold(a->redist, op);
		return true;
	}
	irq = vgic_spi(a->gic, intid);
	if (!irq->lr)
		return false;
	vgic_hold(a->gic->vp[irq->holder], op);
	return true;
}

static void put_private(struct vgic_vp *vp, uint32_t intid, uint8_t flags, struct vgic_op *op)
{
	bool was = vp->active >> intid & 1;

	vgic_private_put(vp, intid, flags);
	if (!was && flags & VGIC_ACTIVE)
		vp->active_prio[intid] = vp->prio[intid];
	vgic_post(vp, op);
}

/* Activated by a write, an SPI is active on the VP it is routed to; without one, on the writer. */
static void put_spi(const struct vgic_access *a, uint32_t intid, uint8_t flags, struct vgic_op *op)
{
	struct vgic_irq *irq = vgic_spi(a->gic, intid);
	uint8_t change = irq->flags ^ flags;

	irq->flags = flags;
	if (change & VGIC_ACTIVE) {
		bool on = flags & VGIC_ACTIVE;

		irq->active_prio = on ? irq->prio : 0;
		irq->active_vp = 0;
		if (on)
			irq->active_vp =
				irq->target != VGIC_NO_VP ? irq->target : (uint8_t)a->self->index;
	}
	vgic_spi_changed(a->gic, intid, op);
}

static void put_flags(const struct vgic_access *a, uint32_t intid, uint8_t flags,
		      struct vgic_op *op)
{
	if (flags == get_flags(a, intid))
		return;
	if (a->redist)
		put_private(a->redist, intid, flags, op);
	else
		put_spi(a, intid, flags, op);
}

static uint32_t private_word(const struct vgic_vp *vp, uint8_t flag)
{
	if (flag == VGIC_ENABLED)
		return vp->enabled;
	if (flag == VGIC_ACTIVE)
		return vp->active;
	return vp->latch | atomic_load(&vp->post) | (atomic_load(&vp->line) & ~vp->edge);
}

/* *resident: those of them that are in a list register. */
static uint32_t shared_word(const struct vgic_access *a, uint32_t n, uint8_t flag,
			    uint32_t *resident)
{
	uint32_t end = VGIC_PRIVATE + a->gic->spis, word = 0;
	const struct vgic_irq *irq;

	if (n * 32 >= end)
		return 0;
	irq = vgic_spi(a->gic, n * 32); /* 32 of them never cross a page */
	for (uint32_t i = 0; i < 32 && n * 32 + i < end; i++, irq++) {
		uint32_t set = irq->flags & flag;

		/* A level's line counts as pending. */
		if (flag == VGIC_LATCH)
			set |= (irq->flags & (VGIC_LINE | VGIC_EDGE)) == VGIC_LINE;
		word |= (set ? 1u : 0u) << i;
		*resident |= (irq->lr ? 1u : 0u) << i;
	}
	return word;
}

/* One flag of 32 interrupts. Pending and active are known only outside the guest. */
static enum vgic_result read_bits(const struct vgic_access *a, uint32_t n, uint8_t flag,
				  uint64_t *v, struct vgic_op *op)
{
	struct lock_token t = lock_take(lock_of(a));
	uint32_t resident = 0;

	if (a->redist) {
		*v = private_word(a->redist, flag);
		resident = a->redist->resident;
	} else {
		*v = shared_word(a, n, flag, &resident);
	}
	if (flag == VGIC_ENABLED)
		resident = 0;
	for (uint32_t m = resident; m; m &= m - 1)
		(void)hold(a, n * 32 + (uint32_t)__builtin_ctz(m), op);
	lock_drop(t);
	return resident ? VGIC_AGAIN : VGIC_OK;
}

static enum vgic_result write_bits(const struct vgic_access *a, uint32_t n, uint8_t flag, bool set,
				   uint64_t val, struct vgic_op *op)
{
	struct lock_token t = lock_take(lock_of(a));
	enum vgic_result r = VGIC_OK;

	for (uint64_t m = val; m; m &= m - 1) {
		uint32_t intid = n * 32 + (uint32_t)__builtin_ctzll(m);

		if (exists(a, intid) && hold(a, intid, op))
			r = VGIC_AGAIN;
	}
	for (uint64_t m = r == VGIC_OK ? val : 0; m; m &= m - 1) {
		uint32_t intid = n * 32 + (uint32_t)__builtin_ctzll(m);
		uint8_t f;

		if (!exists(a, intid))
			continue;
		f = get_flags(a, intid);
		put_flags(a, intid, (uint8_t)(set ? f | flag : f & ~flag), op);
	}
	lock_drop(t);
	return r;
}

#define BITS(name, flag) \
	static enum vgic_result read_##name(const struct vgic_access *a, uint32_t n, uint64_t *v, \
					    struct vgic_op *op) \
	{ \
		return read_bits(a, n, flag, v, op); \
	} \
	static enum vgic_result set_##name(const struct vgic_access *a, uint32_t n, uint64_t val, \
					   uint64_t mask, struct vgic_op *op) \
	{ \
		(void)mask; \
		return write_bits(a, n, flag, true, val, op); \
	} \
	static enum vgic_result clear_##name(const struct vgic_access *a, uint32_t n, \
					     uint64_t val, uint64_t mask, struct vgic_op *op) \
	{ \
		(void)mask; \
		return write_bits(a, n, flag, false, val, op); \
	}
BITS(enable, VGIC_ENABLED)
BITS(pending, VGIC_LATCH)
BITS(active, VGIC_ACTIVE)

/* Every interrupt is in Group 1 (rule: Group 0 is not offered). */
static enum vgic_result read_group(const struct vgic_access *a, uint32_t n, uint64_t *v,
				   struct vgic_op *op)
{
	(void)op;
	for (uint32_t i = 0; i < 32; i++)
		if (exists(a, n * 32 + i))
			*v |= BIT(i);
	return VGIC_OK;
}

static uint8_t *priority_of(const struct vgic_access *a, uint32_t intid)
{
	return a->redist ? &a->redist->prio[intid] : &vgic_spi(a->gic, intid)->prio;
}

static enum vgic_result read_priority(const struct vgic_access *a, uint32_t n, uint64_t *v,
				      struct vgic_op *op)
{
	struct lock_token t = lock_take(lock_of(a));

	(void)op;
	for (uint32_t i = 0; i < 4; i++)
		if (exists(a, n * 4 + i))
			*v |= (uint64_t)*priority_of(a, n * 4 + i) << 8 * i;
	lock_drop(t);
	return VGIC_OK;
}

/* What is in a list register keeps its priority there until its VP's next entry: it is kicked. */
static enum vgic_result write_priority(const struct vgic_access *a, uint32_t n, uint64_t val,
				       uint64_t mask, struct vgic_op *op)
{
	struct lock_token t = lock_take(lock_of(a));

	for (uint32_t i = 0; i < 4; i++) {
		uint8_t p = (uint8_t)(val >> 8 * i) & a->gic->pri_mask;
		uint32_t intid = n * 4 + i;

		if (!(mask >> 8 * i & 0xff) || !exists(a, intid) || *priority_of(a, intid) == p)
			continue;
		*priority_of(a, intid) = p;
		if (a->redist)
			vgic_post(a->redist, op);
		else
			vgic_spi_changed(a->gic, intid, op);
	}
	lock_drop(t);
	return VGIC_OK;
}

static enum vgic_result read_config(const struct vgic_access *a, uint32_t n, uint64_t *v,
				    struct vgic_op *op)
{
	struct lock_token t = lock_take(lock_of(a));

	(void)op;
	for (uint32_t i = 0; i < 16; i++)
		if (exists(a, n * 16 + i) && get_flags(a, n * 16 + i) & VGIC_EDGE)
			*v |= 2ull << 2 * i;
	lock_drop(t);
	return VGIC_OK;
}

/* SGIs are edge, the timer is level: that they cannot be changed is ours to choose (ICFGR1). */
static enum vgic_result write_config(const struct vgic_access *a, uint32_t n, uint64_t val,
				     uint64_t mask, struct vgic_op *op)
{
	struct lock_token t = lock_take(lock_of(a));
	enum vgic_result r = VGIC_OK;

	(void)mask;
	for (uint32_t pass = 0; pass < 2 && r == VGIC_OK; pass++)
		for (uint32_t i = 0; i < 16; i++) {
			uint32_t intid = n * 16 + i;
			uint8_t f, want = val >> 2 * i & 2 ? VGIC_EDGE : 0;

			if (!exists(a, intid) || intid < VGIC_SGIS || intid == VGIC_TIMER_PPI)
				continue;
			f = get_flags(a, intid);
			if ((f & VGIC_EDGE) == want)
				continue;
			if (pass)
				put_flags(a, intid, f ^ VGIC_EDGE, op);
			else if (hold(a, intid, op))
				r = VGIC_AGAIN;
		}
	lock_drop(t);
	return r;
}

static enum vgic_result read_route(const struct vgic_access *a, uint32_t n, uint64_t *v,
				   struct vgic_op *op)
{
	struct lock_token t = lock_take(&a->gic->lock);

	(void)op;
	if (exists(a, n))
		*v = vgic_spi(a->gic, n)->route;
	lock_drop(t);
	return VGIC_OK;
}

static enum vgic_result write_route(const struct vgic_access *a, uint32_t n, uint64_t val,
				    uint64_t mask, struct vgic_op *op)
{
	struct lock_token t = lock_take(&a->gic->lock);
	enum vgic_result r = VGIC_OK;

	if (exists(a, n)) {
		struct vgic_irq *irq = vgic_spi(a->gic, n);

		if (hold(a, n, op)) {
			r = VGIC_AGAIN;
		} else {
			vgic_spi_route(a->gic, irq, (irq->route & ~mask) | val);
			vgic_spi_changed(a->gic, n, op);
		}
	}
	lock_drop(t);
	return r;
}

/* ---- GICD ---- */

#define GICD_CTLR_GRP1 0x02u
#define GICD_CTLR_ARE  0x10u
#define GICD_CTLR_DS   0x40u

static enum vgic_result read_gicd_ctlr(const struct vgic_access *a, uint32_t n, uint64_t *v,
				       struct vgic_op *op)
{
	(void)n;
	(void)op;
	*v = GICD_CTLR_ARE | GICD_CTLR_DS | (atomic_load(&a->gic->enable) ? GICD_CTLR_GRP1 : 0);
	return VGIC_OK;
}

static enum vgic_result write_gicd_ctlr(const struct vgic_access *a, uint32_t n, uint64_t val,
					uint64_t mask, struct vgic_op *op)
{
	uint32_t on = val & GICD_CTLR_GRP1 ? 1 : 0;
	enum vgic_result r = VGIC_OK;

	(void)n;
	(void)mask;
	if (atomic_xchg(&a->gic->enable, on) == on && on)
		return VGIC_OK;
	for (uint32_t i = 0; i < vgic_top(a->gic); i++) {
		struct vgic_vp *vp = vgic_vp_of(a->gic, i);
		struct lock_token t;

		if (!vp)
			continue;
		/* Off: what is in a VP's list registers could still be taken. */
		t = lock_take(&vp->lock);
		if (!on && vp->hw.live) {
			vgic_hold(vp, op);
			r = VGIC_AGAIN;
		}
		vgic_post(vp, op);
		lock_drop(t);
	}
	return r;
}

/* IHI 0069, GICD_TYPER: RSS, No1N, A3V, IDbits, LPIS, num_LPIs, ITLinesNumber. */
static enum vgic_result read_gicd_typer(const struct vgic_access *a, uint32_t n, uint64_t *v,
					struct vgic_op *op)
{
	uint64_t lpis = (uint64_t)__builtin_ctz(VGIC_LPIS) - 1;

	(void)n;
	(void)op;
	*v = BIT(26) | BIT(25) | BIT(24) | (VGIC_ID_BITS - 1) << 19 | BIT(17) | lpis << 11 |
	     (a->gic->spis + 31) / 32;
	return VGIC_OK;
}

/* ArchRev 3 in PIDR2; no maker's code, for there is no maker to name. CIDR: a generic component. */
static enum vgic_result read_ids(const struct vgic_access *a, uint32_t n, uint64_t *v,
				 struct vgic_op *op)
{
	static const uint8_t id[12] = { 0, 0, 0, 0, 0, 0, 0x30, 0, 0x0d, 0xf0, 0x05, 0xb1 };

	(void)a;
	(void)op;
	*v = id[n];
	return VGIC_OK;
}

/* ---- the tables ---- */

/* GICD and SGI_base have these at the same offsets: SGI_base register 0, GICD the others. */
/* clang-format off */
#define IRQ_ROWS(words, from) \
	{ 0x0080 + 4 * (from), 0x0080 + 4 * (words), 0x0080, SIZE_4, read_group, NULL }, \
	{ 0x0100 + 4 * (from), 0x0100 + 4 * (words), 0x0100, SIZE_4, read_enable, set_enable }, \
	{ 0x0180 + 4 * (from), 0x0180 + 4 * (words), 0x0180, SIZE_4, read_enable, clear_enable }, \
	{ 0x0200 + 4 * (from), 0x0200 + 4 * (words), 0x0200, SIZE_4, read_pending, set_pending }, \
	{ 0x0280 + 4 * (from), 0x0280 + 4 * (words), 0x0280, SIZE_4, read_pending, clear_pending }, \
	{ 0x0300 + 4 * (from), 0x0300 + 4 * (words), 0x0300, SIZE_4, read_active, set_active }, \
	{ 0x0380 + 4 * (from), 0x0380 + 4 * (words), 0x0380, SIZE_4, read_active, clear_active }, \
	{ 0x0400 + 32 * (from), 0x0400 + 32 * (words), 0x0400, SIZE_4 | SIZE_BYTES, read_priority, write_priority }, \
	{ 0x0c00 + 8 * (from), 0x0c00 + 8 * (words), 0x0c00, SIZE_4, read_config, write_config }, \
	{ 0x0d00 + 4 * (from), 0x0d00 + 4 * (words), 0x0d00, SIZE_4, NULL, NULL }, /* IGRPMODR */ \
	{ 0x0e00 + 8 * (from), 0x0e00 + 8 * (words), 0x0e00, SIZE_4, NULL, NULL }  /* NSACR */
#define ID_ROW	{ 0xffd0, 0x10000, 0xffd0, SIZE_4, read_ids, NULL } /* PIDR4-7, PIDR0-3, CIDR0-3 */

static const struct row gicd_rows[] = {
	{ 0x0000, 0x0004, 0x0000, SIZE_4, read_gicd_ctlr, write_gicd_ctlr },
	{ 0x0004, 0x0008, 0x0004, SIZE_4, read_gicd_typer, NULL },
	{ 0x0008, 0x0010, 0x0008, SIZE_4, NULL, NULL },			/* IIDR, TYPER2 */
	{ 0x0010, 0x0014, 0x0010, SIZE_4, NULL, NULL },			/* STATUSR: not there */
	/* Register 0 of each is the redistributors' (ARE). */
	{ 0x0080, 0x0084, 0x0080, SIZE_4, NULL, NULL },
	{ 0x0100, 0x0104, 0x0100, SIZE_4, NULL, NULL },
	{ 0x0180, 0x0184, 0x0180, SIZE_4, NULL, NULL },
	{ 0x0200, 0x0204, 0x0200, SIZE_4, NULL, NULL },
	{ 0x0280, 0x0284, 0x0280, SIZE_4, NULL, NULL },
	{ 0x0300, 0x0304, 0x0300, SIZE_4, NULL, NULL },
	{ 0x0380, 0x0384, 0x0380, SIZE_4, NULL, NULL },
	{ 0x0400, 0x0420, 0x0400, SIZE_4 | SIZE_BYTES, NULL, NULL },
	{ 0x0c00, 0x0c08, 0x0c00, SIZE_4, NULL, NULL },
	{ 0x0d00, 0x0d04, 0x0d00, SIZE_4, NULL, NULL },
	{ 0x0e00, 0x0e08, 0x0e00, SIZE_4, NULL, NULL },
	IRQ_ROWS(32, 1),
	{ 0x0800, 0x0bfc, 0x0800, SIZE_4 | SIZE_BYTES, NULL, NULL },	/* ITARGETSR: RES0 with ARE */
	{ 0x0f00, 0x0f04, 0x0f00, SIZE_4, NULL, NULL },			/* SGIR: RES0 with ARE */
	{ 0x0f10, 0x0f30, 0x0f10, SIZE_4 | SIZE_BYTES, NULL, NULL },	/* CPENDSGIR, SPENDSGIR: the same */
	{ 0x6100, 0x7fe0, 0x6000, SIZE_8, read_route, write_route },
	ID_ROW,
};

static const struct row rd_rows[] = {
	{ 0x0000, 0x0004, 0x0000, SIZE_4, vgic_read_gicr_ctlr, vgic_write_gicr_ctlr },
	{ 0x0004, 0x0008, 0x0004, SIZE_4, NULL, NULL },			/* IIDR */
	{ 0x0008, 0x0010, 0x0008, SIZE_8, vgic_read_gicr_typer, NULL },
	{ 0x0010, 0x0014, 0x0010, SIZE_4, NULL, NULL },			/* STATUSR: not there */
	{ 0x0014, 0x0018, 0x0014, SIZE_4, NULL, NULL },			/* WAKER: never asleep */
	{ 0x0040, 0x0048, 0x0040, SIZE_8, NULL, vgic_write_setlpir },
	{ 0x0048, 0x0050, 0x0048, SIZE_8, NULL, vgic_write_clrlpir },
	{ 0x0070, 0x0078, 0x0070, SIZE_8, vgic_read_propbaser, vgic_write_propbaser },
	{ 0x0078, 0x0080, 0x0078, SIZE_8, vgic_read_pendbaser, vgic_write_pendbaser },
	{ 0x00a0, 0x00a8, 0x00a0, SIZE_8, NULL, vgic_write_invlpir },
	{ 0x00b0, 0x00b8, 0x00b0, SIZE_8, NULL, vgic_write_invallr },
	{ 0x00c0, 0x00c4, 0x00c0, SIZE_4, NULL, NULL },			/* SYNCR: never busy */
	ID_ROW,
};

static const struct row sgi_rows[] = { IRQ_ROWS(1, 0) };
/* clang-format on */

static const struct row *find(const struct row *rows, size_t count, uint32_t offset)
{
	for (size_t i = 0; i < count; i++)
		if (offset >= rows[i].first && offset < rows[i].end)
			return &rows[i];
	return NULL;
}

static const struct row *row_at(const struct vgic_access *a, uint32_t offset)
{
	if (!a->redist)
		return find(gicd_rows, ARRAY_LEN(gicd_rows), offset);
	if (offset < VGIC_GICR_SIZE / 2)
		return find(rd_rows, ARRAY_LEN(rd_rows), offset);
	return find(sgi_rows, ARRAY_LEN(sgi_rows), offset - VGIC_GICR_SIZE / 2);
}

/* ---- where the frames are ---- */

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a && b && a < b + b_size && b < a + a_size;
}

/* Under the distributor's lock. vp: whose frames move, NULL: the distributor's. */
static bool may_be_at(struct vgic *v, const struct vgic_vp *vp, uint64_t base)
{
	uint64_t size = vp ? VGIC_GICR_SIZE : VGIC_GICD_SIZE;

	if (base & (VGIC_GICD_SIZE - 1) || base > BIT(48) - size)
		return false;
	if (vp && overlap(base, size, v->gicd_base, VGIC_GICD_SIZE))
		return false;
	for (uint32_t i = 0; i < vgic_top(v); i++) {
		const struct vgic_vp *other = vgic_vp_of(v, i);

		if (other && other != vp &&
		    overlap(base, size, atomic_load(&other->gicr_base), VGIC_GICR_SIZE))
			return false;
	}
	return true;
}

static bool set_base(struct vgic *v, const struct vgic_vp *vp, uint64_t *where, uint64_t base)
{
	struct lock_token t = lock_take(&v->lock);
	bool ok = may_be_at(v, vp, base);

	if (ok)
		atomic_store(where, base);
	lock_drop(t);
	return ok;
}

bool vgic_set_gicd_base(struct vgic *v, uint64_t base)
{
	return set_base(v, NULL, &v->gicd_base, base);
}

bool vgic_set_gicr_base(struct vgic_vp *vp, uint64_t base)
{
	return set_base(vp->gic, vp, &vp->gicr_base, base);
}

bool vgic_mmio_find(struct vgic_vp *self, uint64_t gpa, uint32_t width, struct vgic_access *a)
{
	struct vgic *v = self->gic;
	uint64_t base = atomic_load(&v->gicd_base);

	if (base && gpa - base < VGIC_GICD_SIZE) {
		*a = (struct vgic_access){ v, self, NULL, (uint32_t)(gpa - base), width };
		return true;
	}
	for (uint32_t i = 0; i < vgic_top(v); i++) {
		struct vgic_vp *vp = vgic_vp_of(v, i);

		base = vp ? atomic_load(&vp->gicr_base) : 0;
		if (!base || gpa - base >= VGIC_GICR_SIZE)
			continue;
		*a = (struct vgic_access){ v, self, vp, (uint32_t)(gpa - base), width };
		return true;
	}
	return false;
}

/* ---- accesses ---- */

/* The row of an access, NULL for reserved space; false: a fault. */
static bool decode(const struct vgic_access *a, const struct row **row)
{
	uint32_t end = a->redist ? VGIC_GICR_SIZE : VGIC_GICD_SIZE;

	if (a->width != 1 && a->width != 2 && a->width != 4 && a->width != 8)
		return false;
	if (a->offset >= end || a->offset & (a->width - 1))
		return false;
	*row = row_at(a, a->offset);
	if (!*row)
		return a->width == 4 || (a->width == 8 && !row_at(a, a->offset + 4));
	switch (a->width) {
	case 1:
		return (*row)->size & SIZE_BYTES;
	case 4:
		return true;
	case 8:
		return (*row)->size & SIZE_8;
	default:
		return false;
	}
}

/* Number of the register in its row's array, and where in it the access lies. */
static uint32_t locate(const struct vgic_access *a, const struct row *row, uint32_t *shift)
{
	uint32_t off = a->redist && a->offset >= VGIC_GICR_SIZE / 2 ? a->offset - VGIC_GICR_SIZE / 2
								    : a->offset;
	uint32_t size = row->size & SIZE_8 ? 8 : 4;

	*shift = (off & (size - 1)) * 8;
	return (off - row->base) / size;
}

static uint64_t width_mask(uint32_t width)
{
	return MASK(8 * width - 1, 0);
}

static enum vgic_result over(const struct vgic_access *a, enum vgic_result r, struct vgic_op *op)
{
	if (r != VGIC_AGAIN)
		vgic_release(a->gic, op);
	return r;
}

enum vgic_result vgic_mmio_read(const struct vgic_access *a, uint64_t *val, struct vgic_op *op)
{
	enum vgic_result r = VGIC_OK;
	const struct row *row;
	uint32_t n, shift;
	uint64_t v = 0;

	if (!decode(a, &row))
		return VGIC_FAULT;
	if (row && row->read) {
		n = locate(a, row, &shift);
		r = row->read(a, n, &v, op);
		v = v >> shift & width_mask(a->width);
	}
	if (r == VGIC_OK)
		*val = v;
	return over(a, r, op);
}

enum vgic_result vgic_mmio_write(const struct vgic_access *a, uint64_t val, struct vgic_op *op)
{
	enum vgic_result r = VGIC_OK;
	const struct row *row;
	uint32_t n, shift;
	uint64_t mask;

	if (!decode(a, &row))
		return VGIC_FAULT;
	if (row && row->write) {
		n = locate(a, row, &shift);
		mask = width_mask(a->width) << shift;
		r = row->write(a, n, val << shift & mask, mask, op);
	}
	return over(a, r, op);
}
