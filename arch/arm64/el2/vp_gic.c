/* SPDX-License-Identifier: MIT */
/*
 * A guest VP's GIC between its image (gicv3/vgic.h) and this CPU's ICH registers, and what of it
 * traps. docs/gic.md has the sequence.
 */
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "arch/arm64/gicv3/gic.h"
#include "arch/arm64/gicv3/vgic.h"
#include "kernel/arch.h"

#define SRE_ALL	  7ull		   /* ICC_SRE_EL1: SRE, DFB, DIB, none of which can be changed */
#define NO_INTID  1023ull	   /* nothing pending */
#define ICC(m, o) ((m) << 3 | (o)) /* op0 3, op1 0, CRn 12: CRm and op2 */

static void write_lr(uint32_t n, uint64_t v)
{
#define LR_CASE(i) \
	case i: \
		write_sysreg(ich_lr##i##_el2, v); \
		break;
	switch (n) {
		LR_CASE(0)
		LR_CASE(1)
		LR_CASE(2)
		LR_CASE(3)
		LR_CASE(4)
		LR_CASE(5)
		LR_CASE(6)
		LR_CASE(7)
		LR_CASE(8)
		LR_CASE(9)
		LR_CASE(10)
		LR_CASE(11)
		LR_CASE(12)
		LR_CASE(13)
		LR_CASE(14)
	default:
		write_sysreg(ich_lr15_el2, v);
		break;
	}
#undef LR_CASE
}

static uint64_t read_lr(uint32_t n)
{
#define LR_CASE(i) \
	case i: \
		return read_sysreg(ich_lr##i##_el2);
	switch (n) {
		LR_CASE(0)
		LR_CASE(1)
		LR_CASE(2)
		LR_CASE(3)
		LR_CASE(4)
		LR_CASE(5)
		LR_CASE(6)
		LR_CASE(7)
		LR_CASE(8)
		LR_CASE(9)
		LR_CASE(10)
		LR_CASE(11)
		LR_CASE(12)
		LR_CASE(13)
		LR_CASE(14)
	default:
		return read_sysreg(ich_lr15_el2);
	}
#undef LR_CASE
}

static void write_lrs(const struct vgic_image *hw)
{
	for (uint32_t m = hw->write; m; m &= m - 1)
		write_lr((uint32_t)__builtin_ctz(m), hw->lr[__builtin_ctz(m)]);
}

/* As many as there are preemption levels (IHI 0069, ICH_AP1R<n>_EL2); others are undefined. */
static void load_ap1r(const struct vgic_vp *g)
{
	uint32_t bits = g->gic->pre_bits;

	write_sysreg(ich_ap1r0_el2, g->hw.ap1r[0]);
	if (bits >= 6)
		write_sysreg(ich_ap1r1_el2, g->hw.ap1r[1]);
	if (bits >= 7) {
		write_sysreg(ich_ap1r2_el2, g->hw.ap1r[2]);
		write_sysreg(ich_ap1r3_el2, g->hw.ap1r[3]);
	}
}

/* The registers that stay in the CPU while the VP does, as they are now. */
static void fetch(struct vgic_vp *g)
{
	uint32_t bits = g->gic->pre_bits;

	g->hw.vmcr = (uint32_t)read_sysreg(ich_vmcr_el2);
	g->hw.ap1r[0] = (uint32_t)read_sysreg(ich_ap1r0_el2);
	if (bits >= 6)
		g->hw.ap1r[1] = (uint32_t)read_sysreg(ich_ap1r1_el2);
	if (bits >= 7) {
		g->hw.ap1r[2] = (uint32_t)read_sysreg(ich_ap1r2_el2);
		g->hw.ap1r[3] = (uint32_t)read_sysreg(ich_ap1r3_el2);
	}
}

void vp_gic_kick(struct partition *p, struct vgic_op *op)
{
	for (; op->kick; op->kick &= op->kick - 1) {
		struct vp *vp = vp_find(p, (uint32_t)__builtin_ctzll(op->kick));

		if (vp)
			vp_kick(vp);
	}
}

void vp_gic_absent(struct vp *vp, const struct vgic_op *op)
{
	(void)intercept_memory(vp, op->gpa,
			       op->gpa_write ? HV_INTERCEPT_ACCESS_WRITE : HV_INTERCEPT_ACCESS_READ,
			       true, NULL);
}

void vp_gic_load(struct vp *vp)
{
	struct vgic_vp *g = vp->arch.gic;

	write_sysreg(ich_vmcr_el2, g->hw.vmcr);
	load_ap1r(g);
	vp->arch.timer_root = gic_timer_lend(this_cpu()->index);
	g->hw.timer_phys = vp->arch.timer_root;
	g->work = 1;
}

/* The list registers are empty before the root runs: it has no virtual interrupts. */
void vp_gic_unload(struct vp *vp)
{
	struct vgic_vp *g = vp->arch.gic;

	fetch(g);
	vgic_leave(g);
	write_lrs(&g->hw);
	write_sysreg(ich_hcr_el2, 0);
	gic_timer_return(this_cpu()->index, g->hw.timer_phys, vp->arch.timer_root);
}

enum vgic_result vp_gic_flush(struct vp *vp)
{
	struct vgic_vp *g = vp->arch.gic;
	struct vgic_image *hw = &g->hw;
	struct vgic_op op = { 0 };
	enum vgic_result r;

	/* Between two exits that touch no interrupt this is all */
	if (likely(!(vgic_mail(g) | g->work)))
		return VGIC_OK;
	r = vgic_flush(g, &op);
	vp_gic_kick(vp->partition, &op);
	if (r == VGIC_ABSENT)
		vp_gic_absent(vp, &op);
	if (r != VGIC_OK)
		return r;
	write_lrs(hw);
	write_sysreg(ich_hcr_el2, hw->hcr);
	if (hw->timer_want != hw->timer_phys) {
		gic_timer_active(this_cpu()->index, hw->timer_want);
		hw->timer_phys = hw->timer_want;
	}
	return VGIC_OK;
}

bool vp_gic_sync(struct vp *vp)
{
	struct vgic_vp *g = vp->arch.gic;
	struct vgic_image *hw = &g->hw;
	struct vgic_op op = { 0 };
	bool level, was;
	uint64_t ctl;

	for (uint32_t m = hw->live; m; m &= m - 1)
		hw->lr[__builtin_ctz(m)] = read_lr((uint32_t)__builtin_ctz(m));
	if (unlikely(hw->hcr & VGIC_HCR_LRENPIE)) {
		hw->hcr = (uint32_t)read_sysreg(ich_hcr_el2);
		hw->vmcr = (uint32_t)read_sysreg(ich_vmcr_el2);
	}
	vgic_sync(g, &op);
	ctl = read_sysreg(cntv_ctl_el0);
	level = (ctl & (CNT_ENABLE | CNT_IMASK | CNT_ISTATUS)) == (CNT_ENABLE | CNT_ISTATUS);
	was = atomic_load(&g->line) >> VGIC_TIMER_PPI & 1;
	if (unlikely(level != was))
		(void)vgic_set_line(g->gic, g, VGIC_TIMER_PPI, level, &op);
	vp_gic_kick(vp->partition, &op);
	/* While the physical one is active it cannot have come; ended by the guest, it may again.
	 */
	return level && !hw->timer_phys;
}

bool vp_gic_waits(struct vp *vp)
{
	struct vgic_op op = { 0 };
	bool waits;

	fetch(vp->arch.gic);
	waits = vgic_pending(vp->arch.gic, &op);
	vp_gic_kick(vp->partition, &op);
	return waits;
}

void vp_gic_line(struct vp *vp, uint32_t intid, bool level)
{
	struct vgic_op op = { 0 };

	(void)vgic_set_line(vp->arch.gic->gic, vp->arch.gic, intid, level, &op);
	vp_gic_kick(vp->partition, &op);
}

/* -- traps ---------------------------------------------------------------------------------------
 */

/* VGIC_AGAIN: another VP is on its way out of its guest, kicked and not yet there. */
#define UNTIL_DONE(vp, op, call) \
	({ \
		enum vgic_result r_; \
		do { \
			r_ = (call); \
			vp_gic_kick((vp)->partition, (op)); \
			if (r_ == VGIC_AGAIN) \
				cpu_pause(); \
		} while (r_ == VGIC_AGAIN); \
		r_; \
	})

static void write_dir(struct vp *vp, uint64_t v)
{
	struct vgic_op op = { 0 };

	fetch(vp->arch.gic);
	(void)UNTIL_DONE(vp, &op, vgic_dir(vp->arch.gic, v, &op));
}

static void common_register(struct vp *vp, enum vgic_icc reg, bool read, uint64_t *v)
{
	struct vgic_vp *g = vp->arch.gic;

	fetch(g);
	if (read) {
		*v = vgic_icc_read(g, reg);
		return;
	}
	vgic_icc_write(g, reg, *v);
	write_sysreg(ich_vmcr_el2, g->hw.vmcr);
}

/*
 * SGIs trap as physical interrupts come to EL2 (HCR_EL2.IMO), Group 0 by TALL0, the common ones by
 * TC where TDIR is not, ICC_SRE_EL1 by ICC_SRE_EL2.Enable. There is no Group 0.
 */
bool vp_gic_register(struct vp *vp, uint32_t crn, uint32_t crm, uint32_t op2, bool read,
		     uint64_t *v)
{
	struct vgic_op op = { 0 };

	if (crn == 4 && crm == 6 && op2 == 0) {
		common_register(vp, VGIC_ICC_PMR, read, v);
		return true;
	}
	if (crn != 12)
		return false;
	switch (ICC(crm, op2)) {
	case ICC(11, 5): /* SGI1R */
		if (read)
			return false;
		vgic_sgi1r(vp->arch.gic, *v, &op);
		vp_gic_kick(vp->partition, &op);
		return true;
	case ICC(11, 6): /* ASGI1R */
	case ICC(11, 7): /* SGI0R */
	case ICC(8, 1):	 /* EOIR0 */
		return !read;
	case ICC(11, 1): /* DIR */
		if (read)
			return false;
		write_dir(vp, *v);
		return true;
	case ICC(11, 3): /* RPR */
		if (!read)
			return false;
		common_register(vp, VGIC_ICC_RPR, read, v);
		return true;
	case ICC(12, 4): /* CTLR */
		common_register(vp, VGIC_ICC_CTLR, read, v);
		return true;
	case ICC(12, 5): /* SRE */
		*v = read ? SRE_ALL : *v;
		return true;
	case ICC(8, 0): /* IAR0 */
	case ICC(8, 2): /* HPPIR0 */
		if (!read)
			return false;
		*v = NO_INTID;
		return true;
	case ICC(8, 3): /* BPR0 */
	case ICC(8, 4): /* AP0R0 to 3 */
	case ICC(8, 5):
	case ICC(8, 6):
	case ICC(8, 7):
	case ICC(12, 6): /* IGRPEN0 */
		*v = read ? 0 : *v;
		return true;
	default:
		return false;
	}
}

bool vp_gic_frame(struct vp *vp, uint64_t gpa)
{
	struct vgic_access a;

	return vgic_mmio_find(vp->arch.gic, gpa, 1, &a);
}

enum vgic_result vp_gic_access(struct vp *vp, uint64_t gpa, uint32_t width, bool write, uint64_t *v,
			       struct vgic_op *op)
{
	struct vgic_access a;

	if (!vgic_mmio_find(vp->arch.gic, gpa, width, &a))
		return VGIC_FAULT;
	return write ? UNTIL_DONE(vp, op, vgic_mmio_write(&a, *v, op))
		     : UNTIL_DONE(vp, op, vgic_mmio_read(&a, v, op));
}
