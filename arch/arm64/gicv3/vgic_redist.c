/* SPDX-License-Identifier: MIT */
/* Registers of GICR RD_base (IHI 0069, 12.11) for the table in vgic_mmio.c. */
#include "arch/arm64/gicv3/vgic_mmio.h"

#define GICR_CTLR_LPIS 0x1u
#define GICR_CTLR_CES  0x2u
#define GICR_CTLR_IR   0x4u

enum vgic_result vgic_read_gicr_ctlr(const struct vgic_access *a, uint32_t n, uint64_t *v,
				     struct vgic_op *op)
{
	struct lock_token t = lock_take(&a->redist->lock);

	(void)n;
	(void)op;
	*v = GICR_CTLR_CES | GICR_CTLR_IR | (a->redist->lpi.enabled ? GICR_CTLR_LPIS : 0);
	lock_drop(t);
	return VGIC_OK;
}

/* Lock a redistributor whose LPIs are all in memory; token without a lock: wait. */
static struct lock_token lock_lpis(const struct vgic_access *a, struct vgic_op *op)
{
	struct lock_token t = lock_take(&a->redist->lock);

	if (!a->redist->hw.live)
		return t;
	vgic_hold(a->redist, op);
	lock_drop(t);
	return (struct lock_token){ NULL };
}

enum vgic_result vgic_write_gicr_ctlr(const struct vgic_access *a, uint32_t n, uint64_t val,
				      uint64_t mask, struct vgic_op *op)
{
	struct lock_token t = lock_lpis(a, op);
	enum vgic_result r;

	(void)n;
	(void)mask;
	if (!t.lock)
		return VGIC_AGAIN;
	r = vgic_lpi_enable(a->redist, val & GICR_CTLR_LPIS, op);
	vgic_post(a->redist, op);
	lock_drop(t);
	return r;
}

/*
 * Last: no frames follow these. Affinity 63:32, Processor_Number 23:8, Last 4, DirectLPI 3, PLPIS 0
 * (IHI 0069, GICR_TYPER).
 */
enum vgic_result vgic_read_gicr_typer(const struct vgic_access *a, uint32_t n, uint64_t *v,
				      struct vgic_op *op)
{
	uint64_t next = atomic_load(&a->redist->gicr_base) + VGIC_GICR_SIZE;
	bool last = true;

	(void)n;
	(void)op;
	for (uint32_t i = 0; i < vgic_top(a->gic); i++) {
		struct vgic_vp *vp = vgic_vp_of(a->gic, i);

		if (vp && atomic_load(&vp->gicr_base) == next)
			last = false;
	}
	*v = (uint64_t)a->redist->affinity << 32 | (uint64_t)a->redist->index << 8 |
	     (last ? BIT(4) : 0) | BIT(3) | BIT(0);
	return VGIC_OK;
}

enum vgic_result vgic_read_propbaser(const struct vgic_access *a, uint32_t n, uint64_t *v,
				     struct vgic_op *op)
{
	struct lock_token t = lock_take(&a->redist->lock);

	(void)n;
	(void)op;
	*v = a->redist->lpi.propbaser;
	lock_drop(t);
	return VGIC_OK;
}

enum vgic_result vgic_read_pendbaser(const struct vgic_access *a, uint32_t n, uint64_t *v,
				     struct vgic_op *op)
{
	struct lock_token t = lock_take(&a->redist->lock);

	(void)n;
	(void)op;
	*v = a->redist->lpi.pendbaser & ~VGIC_PENDBASER_PTZ;
	lock_drop(t);
	return VGIC_OK;
}

/* Writing a table's address while LPIs are enabled is UNPREDICTABLE: ignored here. */
static enum vgic_result write_base(const struct vgic_access *a, uint64_t *reg, uint64_t val,
				   uint64_t mask)
{
	struct lock_token t = lock_take(&a->redist->lock);

	if (!a->redist->lpi.enabled)
		*reg = (*reg & ~mask) | val;
	lock_drop(t);
	return VGIC_OK;
}

enum vgic_result vgic_write_propbaser(const struct vgic_access *a, uint32_t n, uint64_t val,
				      uint64_t mask, struct vgic_op *op)
{
	(void)n;
	(void)op;
	return write_base(a, &a->redist->lpi.propbaser, val & VGIC_PROPBASER_MASK, mask);
}

enum vgic_result vgic_write_pendbaser(const struct vgic_access *a, uint32_t n, uint64_t val,
				      uint64_t mask, struct vgic_op *op)
{
	(void)n;
	(void)op;
	return write_base(a, &a->redist->lpi.pendbaser,
			  val & (VGIC_PENDBASER_MASK | VGIC_PENDBASER_PTZ), mask);
}

enum lpi_command { LPI_SET, LPI_CLEAR, LPI_INV, LPI_INVALL };

static enum vgic_result command(const struct vgic_access *a, enum lpi_command c, uint64_t val,
				uint64_t mask, struct vgic_op *op)
{
	struct lock_token t;

	/* The INTID is in the low half. */
	if (!(mask & MASK(31, 0)))
		return VGIC_OK;
	if (c == LPI_SET) {
		(void)vgic_lpi_post(a->redist, (uint32_t)val, op);
		return VGIC_OK;
	}
	t = lock_lpis(a, op);
	if (!t.lock)
		return VGIC_AGAIN;
	if (c == LPI_CLEAR)
		vgic_lpi_clear(a->redist, (uint32_t)val);
	else if (c == LPI_INV)
		vgic_lpi_invalidate(a->redist, (uint32_t)val);
	else
		vgic_lpi_invalidate_all(a->redist);
	vgic_post(a->redist, op);
	lock_drop(t);
	return VGIC_OK;
}

#define COMMAND(name, c) \
	enum vgic_result vgic_write_##name(const struct vgic_access *a, uint32_t n, uint64_t val, \
					   uint64_t mask, struct vgic_op *op) \
	{ \
		(void)n; \
		return command(a, c, val, mask, op); \
	}
COMMAND(setlpir, LPI_SET)
COMMAND(clrlpir, LPI_CLEAR)
COMMAND(invlpir, LPI_INV)
COMMAND(invallr, LPI_INVALL)
