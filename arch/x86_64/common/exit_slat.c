/* SPDX-License-Identifier: MIT */
/*
 * Second-level faults. The root's are its writes to the local APIC page and accesses to what it
 * has not; a guest's are its own APIC page, and everything that is not mapped or lacks the right:
 * the root is told, and the instruction restarts.
 */
#include <string.h>

#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/deadline.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "arch/x86_64/common/regs.h"
#include "hvapi/msr.h"

/* Registers whose write the root may not make itself. ICR's high half is kept by the hardware. */
static void root_apic_write(struct vp *vp, uint32_t reg, uint32_t v)
{
	if (reg == APIC_ICR_LOW)
		root_icr_write(vp, apic_read(APIC_ICR_HIGH) >> 24, v);
	else if (!deadline_root_write(reg, v))
		apic_write(reg, v);
}

enum fetched {
	FETCH_OK,
	FETCH_RETRY,   /* the VP's tables have changed: the CPU finds out by itself */
	FETCH_ABSENT,  /* a page of the instruction, or a table on the way, is not there */
	FETCH_UNKNOWN, /* no instruction that is known here */
};

static enum fetched fetch(struct vp *vp, const struct x86_exit *ex, struct x86_insn *insn,
			  struct gva_fault *fault)
{
	uint8_t buf[16] = { 0 };
	uint32_t n = ex->slat.insn_len;

	fault->result = GVA_OK;
	if (n)
		memcpy(buf, ex->slat.insn_bytes, n);
	else
		n = insn_fetch(vp, buf, fault);
	if (n && x86_decode(buf, n, insn_mode(vp), insn) == X86_DECODE_OK)
		return insn->mem && insn->op != X86_OP_NONE ? FETCH_OK : FETCH_UNKNOWN;
	return fault->result == GVA_OK		? FETCH_UNKNOWN
	       : fault->result == GVA_NO_MEMORY ? FETCH_ABSENT
						: FETCH_RETRY;
}

/* Has the page these rights now, whatever it had at the exit? Tables are folded under the lock. */
static bool has(struct partition *p, const struct x86_exit *ex, uint32_t need, bool *mapped)
{
	struct lock_token t = lock_take(&p->lock);
	struct slat_leaf l;

	*mapped = slat_lookup(&p->slat, GPA(ex->slat.gpa), &l);
	lock_drop(t);
	return *mapped && (l.prot & need) == need;
}

static uint32_t needed(const struct x86_exit *ex)
{
	return ex->slat.write ? SLAT_W : ex->slat.fetch ? SLAT_X : SLAT_R;
}

static enum exit_action root_apic(struct vp *vp, struct x86_exit *ex)
{
	uint32_t reg = (uint32_t)ex->slat.gpa & 0xff0;
	uint64_t store = 0, flags = virt->get(vp, SYS_RFLAGS), old = 0;
	struct gva_fault fault;
	struct x86_insn insn;
	bool stores = false;
	enum fetched r = fetch(vp, ex, &insn, &fault);

	if (r == FETCH_RETRY)
		return EXIT_RESUME;
	if (r != FETCH_OK || insn.opsize != 4 || ex->slat.gpa & 0xf) {
		partition_unimplemented(vp->partition, UNIMPLEMENTED_APIC_INSN,
					"instruction on the APIC page at", vp->arch.rip);
		inject_gp(vp);
		return EXIT_RESUME;
	}
	if (x86_insn_needs_read(&insn))
		old = apic_read(reg);
	x86_insn_execute(&insn, old, vp->arch.gpr, &flags, &store, &stores);
	if (stores)
		root_apic_write(vp, reg, (uint32_t)store);
	virt->set(vp, SYS_RFLAGS, flags);
	ex->len = insn.len;
	return EXIT_NEXT;
}

enum exit_action exit_slat_root(struct vp *vp, struct x86_exit *ex)
{
	bool mapped;

	if (root_apic_page(ex->slat.gpa) && ex->slat.write)
		return root_apic(vp, ex);
	/* Changed under our feet by another CPU: the entry is good again. */
	if (has(partition_root, ex, needed(ex), &mapped))
		return EXIT_RESUME;
	partition_unimplemented(vp->partition, UNIMPLEMENTED_CORE_MEMORY,
				"root access to memory that is not its own", ex->slat.gpa);
	inject_gp(vp);
	return EXIT_RESUME;
}

/* -- guest ------------------------------------------------------------------------------------ */

static bool guest_apic_page(const struct vp *vp, uint64_t gpa)
{
	const struct vlapic *a = &vp->arch.apic;

	return vp->partition->create_flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED &&
	       vlapic_enabled(a) && !vlapic_x2(a) &&
	       (gpa & PAGE_MASK) == (vlapic_base(a) & MASK(51, 12));
}

static enum exit_action guest_apic(struct vp *vp, struct x86_exit *ex)
{
	uint32_t reg = (uint32_t)ex->slat.gpa & 0xfff;
	uint64_t now = rdtsc() + vp->arch.tsc_offset;
	uint64_t store = 0, flags = virt->get(vp, SYS_RFLAGS);
	uint32_t old = 0;
	struct vlapic_effect effect = { 0 };
	struct gva_fault fault;
	struct x86_insn insn;
	bool stores = false;

	switch (fetch(vp, ex, &insn, &fault)) {
	case FETCH_OK:
		break;
	case FETCH_RETRY:
		return EXIT_RESUME;
	case FETCH_ABSENT:
		return intercept_memory(vp, fault.gpa, fault.table ? SLAT_R : SLAT_X,
					fault.mem == GUEST_MEM_UNMAPPED, NULL);
	case FETCH_UNKNOWN:
	default:
		/* The root may know more instructions than we do. */
		return intercept_memory(vp, GPA(ex->slat.gpa), ex->slat.write ? SLAT_W : SLAT_R,
					true, ex);
	}
	/* Accesses other than 32 bits, aligned, are undefined (SDM vol. 3, 11.4.1): read zero. */
	if (insn.opsize == 4 && x86_insn_needs_read(&insn) &&
	    !vlapic_mmio_read(&vp->arch.apic, reg, now, &old))
		old = 0;
	x86_insn_execute(&insn, old, vp->arch.gpr, &flags, &store, &stores);
	if (stores && insn.opsize == 4) {
		(void)vlapic_mmio_write(&vp->arch.apic, reg, (uint32_t)store, now, &effect);
		apic_effect(vp, &effect);
	}
	virt->set(vp, SYS_RFLAGS, flags);
	ex->len = insn.len;
	return EXIT_NEXT;
}

/*
 * Bits 11:0 of the linear address that a store names. Of one that runs over the end of a page the
 * exit may tell the second page, which is not where it begins.
 */
static uint32_t page_offset(struct vp *vp, const struct x86_insn *insn)
{
	bool stack = insn->base == GPR_RSP || insn->base == GPR_RBP;
	struct hv_x64_segment_register s;
	uint64_t ea = (uint64_t)insn->disp;
	enum x86_seg seg = stack ? SEG_SS : SEG_DS;

	switch (insn->seg) {
	case 0x26:
		seg = SEG_ES;
		break;
	case 0x2e:
		seg = SEG_CS;
		break;
	case 0x36:
		seg = SEG_SS;
		break;
	case 0x3e:
		seg = SEG_DS;
		break;
	case 0x64:
		seg = SEG_FS;
		break;
	case 0x65:
		seg = SEG_GS;
		break;
	default:
		break;
	}
	virt->get_seg(vp, seg, &s);
	if (insn_mode(vp) != X86_MODE_64 || seg == SEG_FS || seg == SEG_GS)
		ea += s.base;
	if (insn->rip_relative)
		ea += vp->arch.rip + insn->len;
	if (insn->base != 0xff)
		ea += vp->arch.gpr[insn->base];
	if (insn->index != 0xff)
		ea += vp->arch.gpr[insn->index] << insn->scale;
	return (uint32_t)ea & (PAGE_SIZE - 1);
}

/* A plain store where nothing is mapped, and the root has a doorbell there (hvapi/port.h). */
static bool rings_doorbell(struct vp *vp, struct x86_exit *ex)
{
	uint64_t store = 0, flags = 0;
	uint64_t gpa = ex->slat.gpa;
	struct gva_fault fault;
	struct x86_insn insn;
	bool stores = false;

	if (fetch(vp, ex, &insn, &fault) != FETCH_OK || insn.op != X86_OP_MOV || !insn.mem_is_dest)
		return false;
	x86_insn_execute(&insn, 0, vp->arch.gpr, &flags, &store, &stores);
	if (!stores || page_offset(vp, &insn) != (gpa & (PAGE_SIZE - 1)))
		return false;
	if (insn.opsize < 8)
		store &= BIT(8 * insn.opsize) - 1;
	if (!port_ring_doorbell(vp->partition, gpa, insn.opsize, store))
		return false;
	ex->len = insn.len;
	return true;
}

enum exit_action exit_slat_guest(struct vp *vp, struct x86_exit *ex)
{
	uint32_t need = needed(ex);
	bool mapped;

	if (guest_apic_page(vp, ex->slat.gpa) && !ex->slat.fetch)
		return guest_apic(vp, ex);
	if (has(vp->partition, ex, need, &mapped))
		return EXIT_RESUME;
	if (unlikely(atomic_load(&vp->partition->ipc.doorbells)) && !mapped && need == SLAT_W &&
	    !ex->slat.table_walk && rings_doorbell(vp, ex))
		return EXIT_NEXT;
	return intercept_memory(vp, GPA(ex->slat.gpa), need, !mapped, ex);
}
