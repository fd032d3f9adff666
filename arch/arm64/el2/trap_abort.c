/* SPDX-License-Identifier: MIT */
/* Stage 2 aborts. Of the root: the redistributors' frames, windows above the first map, all else.
 */
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "arch/arm64/gicv3/gic.h"
#include "kernel/bits.h"
#include "kernel/frame.h"
#include "kernel/partition.h"

/* ISS of a data abort (D19.2.37) */
#define ISS_ISV	  BIT(24)
#define ISS_SAS	  22
#define ISS_SSE	  BIT(21)
#define ISS_SRT	  16
#define ISS_SF	  BIT(15)
#define ISS_FNV	  BIT(10)
#define ISS_CM	  BIT(8)
#define ISS_S1PTW BIT(7)
#define ISS_WNR	  BIT(6)
#define FSC(esr)  ((uint32_t)(esr)&0x3f)

#define HPFAR_FIPA MASK(43, 4)

static bool is_stage2(uint64_t esr)
{
	uint32_t kind = FSC(esr) >> 2;

	/* Translation, access flag or permission fault, or address size */
	return kind <= 3;
}

/* Page of the intermediate address; the offset is the virtual address's. */
static uint64_t fault_ipa(const struct el2_trap *t)
{
	return (t->hpfar & HPFAR_FIPA) << 8 | (t->far & (PAGE_SIZE - 1));
}

static void set_register(struct vp *vp, uint32_t r, uint64_t v)
{
	if (r < 31)
		vp->arch.x[r] = v;
}

static uint64_t loaded(uint64_t v, uint64_t esr)
{
	uint32_t bits = 8u << (esr >> ISS_SAS & 3);

	if (esr & ISS_SSE && bits < 64)
		v = (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits));
	return esr & ISS_SF ? v : (uint32_t)v;
}

/* One plain load or store, as only those have a syndrome. */
struct mmio {
	uint32_t size, r;
	bool write;
	uint64_t v;
};

static bool is_mmio(const struct vp *vp, const struct el2_trap *t, struct mmio *m)
{
	m->size = 1u << (t->esr >> ISS_SAS & 3);
	m->r = t->esr >> ISS_SRT & 31;
	m->write = t->esr & ISS_WNR;
	m->v = m->write && m->r < 31 ? vp->arch.x[m->r] : 0;
	if (m->size < 8)
		m->v &= BIT(8 * m->size) - 1;
	return t->esr & ISS_ISV && !(t->esr & (ISS_S1PTW | ISS_CM));
}

static void mmio_done(struct vp *vp, const struct el2_trap *t, const struct mmio *m)
{
	if (!m->write)
		set_register(vp, m->r, loaded(m->v, t->esr));
}

/* An access of the root's to an SGI frame. False: not one that the frame can serve. */
static bool frame_access(struct vp *vp, const struct el2_trap *t, uint64_t ipa)
{
	struct mmio m;

	if (!is_mmio(vp, t, &m) || !gic_frame_access(ipa, m.size, m.write, &m.v))
		return false;
	mmio_done(vp, t, &m);
	return true;
}

/* A guest's access to its GIC: what the frames cannot serve is an external abort. */
static enum trap_action guest_gic(struct vp *vp, const struct el2_trap *t, uint64_t ipa,
				  bool instruction)
{
	int walk = t->esr & ISS_S1PTW ? (int)(FSC(t->esr) & 3) : -1;
	enum vgic_result r = VGIC_FAULT;
	struct vgic_op op = { 0 };
	struct mmio m;

	if (!instruction && is_mmio(vp, t, &m))
		r = vp_gic_access(vp, ipa, m.size, m.write, &m.v, &op);
	if (r == VGIC_OK) {
		mmio_done(vp, t, &m);
		return TRAP_NEXT;
	}
	if (r == VGIC_ABSENT)
		vp_gic_absent(vp, &op);
	else
		inject_external_abort(vp, t->far, instruction, walk);
	return TRAP_AGAIN;
}

static bool allows(const struct slat_leaf *l, const struct el2_trap *t, bool instruction)
{
	uint32_t need = SLAT_R;

	if (instruction && !(t->esr & ISS_S1PTW))
		need |= SLAT_X;
	else if (t->esr & ISS_WNR)
		need |= SLAT_W;
	return (l->prot & need) == need;
}

/*
 * What the map has by now: an entry that was on its way from one valid state to another is there
 * again; device windows above the first map are made as they are used. Neither the core's memory
 * nor a deposited page is ever mapped here: those have their entries, without a mapping, or the
 * frame table knows them.
 */
static bool look_again(const struct el2_trap *t, uint64_t ipa, bool instruction)
{
	struct partition *root = partition_root;
	struct lock_token lock = lock_take(&root->lock);
	uint64_t gib = ipa & ~(BIT(30) - 1);
	struct slat_leaf l;
	bool ok = false;

	if (slat_lookup(&root->slat, GPA(ipa), &l))
		ok = allows(&l, t, instruction);
	else if (gib >= ROOT_MAP_MIN && gib + BIT(30) <= BIT(cpu_pa_bits) &&
		 !frame_any(gib >> PAGE_SHIFT, BIT(30 - PAGE_SHIFT)))
		ok = slat_map(&root->slat, GPA(gib), HPA(gib), 3, SLAT_RWX, NULL, NULL) == SLAT_OK;
	lock_drop(lock);
	return ok;
}

/* A store where nothing is mapped, and the root has a doorbell there (hvapi/port.h). */
static bool rings_doorbell(struct vp *vp, const struct el2_trap *t, uint64_t ipa)
{
	struct mmio m;

	return is_mmio(vp, t, &m) && m.write && port_ring_doorbell(vp->partition, ipa, m.size, m.v);
}

/* A guest's memory: there by now, or the root's to say. */
static enum trap_action guest_aborted(struct vp *vp, const struct el2_trap *t, uint64_t ipa,
				      bool instruction)
{
	struct lock_token lock = lock_take(&vp->partition->lock);
	struct slat_leaf l;
	bool mapped = slat_lookup(&vp->partition->slat, GPA(ipa), &l);
	bool ok = mapped && allows(&l, t, instruction);
	uint8_t access = HV_INTERCEPT_ACCESS_READ;

	lock_drop(lock);
	if (ok)
		return TRAP_AGAIN;
	if (!mapped && vp_gic_frame(vp, ipa))
		return guest_gic(vp, t, ipa, instruction);
	if (unlikely(atomic_load(&vp->partition->ipc.doorbells)) && !mapped && !instruction &&
	    rings_doorbell(vp, t, ipa))
		return TRAP_NEXT;
	if (instruction && !(t->esr & ISS_S1PTW))
		access = HV_INTERCEPT_ACCESS_EXECUTE;
	else if (t->esr & ISS_WNR)
		access = HV_INTERCEPT_ACCESS_WRITE;
	return intercept_memory(vp, ipa, access, !mapped, t);
}

static enum trap_action aborted(struct vp *vp, const struct el2_trap *t, bool instruction)
{
	uint64_t ipa = fault_ipa(t);
	int walk = t->esr & ISS_S1PTW ? (int)(FSC(t->esr) & 3) : -1;

	if (!is_stage2(t->esr)) {
		/* An external abort that was routed here all the same: the VP's own. */
		inject_external_abort(vp, t->far, instruction, walk);
		return TRAP_AGAIN;
	}
	if (vp->partition != partition_root)
		return guest_aborted(vp, t, ipa, instruction);
	if (!instruction && frame_access(vp, t, ipa))
		return TRAP_NEXT;
	if (look_again(t, ipa, instruction))
		return TRAP_AGAIN;
	partition_unimplemented(vp->partition, UNIMPLEMENTED_CORE_MEMORY,
				"access to memory that is not the root's, at", ipa);
	inject_external_abort(vp, t->far, instruction, walk);
	return TRAP_AGAIN;
}

enum trap_action trap_data_abort(struct vp *vp, const struct el2_trap *t)
{
	return aborted(vp, t, false);
}

enum trap_action trap_instruction_abort(struct vp *vp, const struct el2_trap *t)
{
	return aborted(vp, t, true);
}
