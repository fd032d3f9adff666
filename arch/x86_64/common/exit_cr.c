/* SPDX-License-Identifier: MIT */
/*
 * MOV to CR0 or CR4 that changes a bit which the hardware does not leave to a VP: judged and done
 * here as the CPU would (Intel SDM vol. 2, MOV to control registers; vol. 3, 2.5, 4.1.1, 9.8.5).
 */
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "arch/x86_64/common/regs.h"
#include "kernel/guest_mem.h"

static bool code_is_64bit(struct vp *vp)
{
	struct hv_x64_segment_register cs;

	virt->get_seg(vp, SEG_CS, &cs);
	return cs.attributes & BIT(13);
}

/* Available or busy, of the 286 */
static bool tss_is_16bit(struct vp *vp)
{
	struct hv_x64_segment_register tr;

	virt->get_seg(vp, SEG_TR, &tr);
	return (tr.attributes & 0xd) == 1;
}

static bool paging_on(struct vp *vp)
{
	if (!(virt->get(vp, SYS_EFER) & EFER_LME))
		return true;
	return virt->get(vp, SYS_CR4) & CR4_PAE && !code_is_64bit(vp) && !tss_is_16bit(vp);
}

static bool paging_off(struct vp *vp)
{
	if (virt->get(vp, SYS_CR4) & CR4_PCIDE)
		return false;
	return !(virt->get(vp, SYS_EFER) & EFER_LMA) || !code_is_64bit(vp);
}

static bool cr0_valid(struct vp *vp, uint64_t v, uint64_t *efer)
{
	uint64_t old = virt->get(vp, SYS_CR0);

	*efer = virt->get(vp, SYS_EFER);
	if (v >> 32 || (v & CR0_PG && !(v & CR0_PE)) || (v & CR0_NW && !(v & CR0_CD)) ||
	    (!(v & CR0_WP) && virt->get(vp, SYS_CR4) & CR4_CET))
		return false;
	if (!((v ^ old) & CR0_PG))
		return true;
	if (!(v & CR0_PG ? paging_on(vp) : paging_off(vp)))
		return false;
	/* LMA follows PG where LME is set */
	*efer &= ~EFER_LMA;
	if (v & CR0_PG && *efer & EFER_LME)
		*efer |= EFER_LMA;
	return true;
}

/*
 * Under PAE paging the write loads the PDPTEs, when it changes one of these bits, and one that is
 * present may have no bit that is reserved (SDM vol. 3, 4.4.1). VM entry loads them again.
 */
static enum guest_mem_result check_pdptes(struct vp *vp, uint64_t v, uint64_t efer, gpa_t *at,
					  bool *good)
{
	uint64_t pdpte[4], reserved = MASK(63, cpu_phys_bits) | MASK(8, 5) | MASK(2, 1);
	uint64_t moved = (v ^ virt->get(vp, SYS_CR0)) & (CR0_PG | CR0_CD | CR0_NW);
	enum guest_mem_result r;

	*good = true;
	if (!moved || !(v & CR0_PG) || efer & EFER_LMA || !(virt->get(vp, SYS_CR4) & CR4_PAE))
		return GUEST_MEM_OK;
	*at = GPA(virt->get(vp, SYS_CR3) & MASK(31, 5));
	r = guest_mem_read(vp->partition, *at, pdpte, sizeof(pdpte), NULL);
	for (uint32_t i = 0; r == GUEST_MEM_OK && i < 4; i++)
		if (pdpte[i] & 1 && pdpte[i] & reserved)
			*good = false;
	return r;
}

static enum exit_action cr0_write(struct vp *vp, uint64_t v)
{
	enum guest_mem_result r;
	uint64_t efer;
	bool good;
	gpa_t at;

	if (!cr0_valid(vp, v, &efer)) {
		inject_gp(vp);
		return EXIT_RESUME;
	}
	r = check_pdptes(vp, v, efer, &at, &good);
	/* Not there: told to the root, and the instruction is made again. */
	if (r != GUEST_MEM_OK && vp->partition != partition_root)
		return intercept_memory(vp, at, SLAT_R, r == GUEST_MEM_UNMAPPED, NULL);
	if (r != GUEST_MEM_OK || !good) {
		inject_gp(vp);
		return EXIT_RESUME;
	}
	if (efer != virt->get(vp, SYS_EFER))
		virt->set(vp, SYS_EFER, efer);
	virt->set(vp, SYS_CR0, (v & CR0_VALID) | CR0_ET);
	return EXIT_NEXT;
}

/*
 * Written while an interrupt waits for the TPR. The operand is read from the instruction: decode
 * assists are not everywhere. Bytes that are gone or something else by now: the CPU shall look.
 */
static enum exit_action cr8_write(struct vp *vp, struct x86_exit *ex)
{
	enum x86_mode mode = insn_mode(vp);
	struct gva_fault fault;
	uint8_t b[16], rex = 0;
	uint32_t n = insn_fetch(vp, b, &fault);
	size_t i = x86_opcode_at(b, n, mode, &rex);
	uint64_t v;

	/* LOCK MOV CR0 is MOV CR8 outside 64-bit mode (APM vol. 3, MOV CRn) */
	if (i + 3 > n || b[i] != 0x0f || b[i + 1] != 0x22)
		return EXIT_RESUME;
	ex->len = (uint8_t)(i + 3);
	v = vp->arch.gpr[(b[i + 2] & 7) | (rex & 1) << 3];
	if (mode != X86_MODE_64)
		v &= 0xffffffff;
	if (v >> 4) {
		inject_gp(vp);
		return EXIT_RESUME;
	}
	vlapic_set_cr8(&vp->arch.apic, (uint8_t)v);
	return EXIT_NEXT;
}

enum exit_action exit_cr(struct vp *vp, struct x86_exit *ex)
{
	if (ex->cr.number == 8)
		return cr8_write(vp, ex);
	if (!insn_length(vp, ex))
		return EXIT_RESUME;
	if (ex->cr.number == 0)
		return cr0_write(vp, ex->cr.value);
	/* In CR4 only bits that are not offered are masked: setting one is a fault. */
	inject_gp(vp);
	return EXIT_RESUME;
}
