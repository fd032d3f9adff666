/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "arch/x86_64/common/insn_fetch.h"
#include "arch/x86_64/common/regs.h"

enum x86_mode insn_mode(struct vp *vp)
{
	struct hv_x64_segment_register cs;

	if (!(virt->get(vp, SYS_CR0) & CR0_PE) || virt->get(vp, SYS_RFLAGS) & RFLAGS_VM)
		return X86_MODE_16;
	virt->get_seg(vp, SEG_CS, &cs);
	if (virt->get(vp, SYS_EFER) & EFER_LMA && cs.attributes & BIT(13))
		return X86_MODE_64;
	return cs.attributes & BIT(14) ? X86_MODE_32 : X86_MODE_16;
}

gva_t insn_linear_rip(struct vp *vp)
{
	struct hv_x64_segment_register cs;

	virt->get_seg(vp, SEG_CS, &cs);
	if (virt->get(vp, SYS_EFER) & EFER_LMA && cs.attributes & BIT(13))
		return GVA(vp->arch.rip);
	return GVA((cs.base + vp->arch.rip) & 0xffffffffu);
}

uint32_t insn_fetch(struct vp *vp, uint8_t buf[16], struct gva_fault *fault)
{
	gva_t at = insn_linear_rip(vp);
	uint32_t access = GVA_EXEC | (virt->get(vp, SYS_CPL) == 3 ? GVA_USER : 0);
	uint32_t done = 0;

	while (done < 15) {
		uint32_t n =
			(uint32_t)MIN(15u - done, PAGE_SIZE - ((at.v + done) & (PAGE_SIZE - 1)));
		enum guest_mem_result r;
		gpa_t gpa;

		fault->result = gva_translate(vp, GVA(at.v + done), access, &gpa, fault);
		if (fault->result != GVA_OK)
			return done;
		r = guest_mem_read(vp->partition, gpa, buf + done, n, NULL);
		if (r != GUEST_MEM_OK) {
			fault->result = GVA_NO_MEMORY;
			fault->gpa = gpa;
			fault->table = false;
			fault->mem = r;
			return done;
		}
		done += n;
	}
	return done;
}

/* Where RIP's page was found last still holds when nothing that decides it has changed. */
static const uint8_t *cached(struct vp *vp, uint64_t lin)
{
	struct arch_vp *a = &vp->arch;

	if (a->fetch_page == (lin & PAGE_MASK) && a->fetch_ptr &&
	    a->fetch_gen == vp->partition->slat.generation &&
	    a->fetch_cr3 == virt->get(vp, SYS_CR3) && a->fetch_cr0 == virt->get(vp, SYS_CR0) &&
	    (lin & (PAGE_SIZE - 1)) < PAGE_SIZE - 2)
		return a->fetch_ptr + (lin & (PAGE_SIZE - 1));
	return NULL;
}

static void remember(struct vp *vp, uint64_t lin)
{
	struct arch_vp *a = &vp->arch;
	struct guest_page pg;
	gpa_t gpa;

	a->fetch_ptr = NULL;
	if (gva_translate(vp, GVA(lin & PAGE_MASK), GVA_EXEC | GVA_NO_PERMISSION_CHECK, &gpa,
			  NULL) != GVA_OK ||
	    guest_mem_pin(vp->partition, gpa, SLAT_R, &pg) != GUEST_MEM_OK)
		return;
	/*
	 * Kept beyond the pin: a frame leaves the partition only with a new slat generation, which
	 * cached() compares. The bytes are a hint about the VP's own length, nothing more.
	 */
	a->fetch_page = lin & PAGE_MASK;
	a->fetch_cr3 = virt->get(vp, SYS_CR3);
	a->fetch_cr0 = virt->get(vp, SYS_CR0);
	a->fetch_gen = vp->partition->slat.generation;
	a->fetch_ptr = pg.ptr;
	guest_mem_unpin(&pg);
}

static bool length_slow(struct vp *vp, struct x86_exit *ex, uint64_t lin)
{
	uint8_t buf[16] = { 0 };
	struct gva_fault fault;
	uint32_t n = insn_fetch(vp, buf, &fault);
	struct x86_insn insn;

	if (n == 0 || x86_decode(buf, n, insn_mode(vp), &insn) != X86_DECODE_OK)
		return false;
	ex->len = insn.len;
	remember(vp, lin);
	return true;
}

bool insn_length(struct vp *vp, struct x86_exit *ex)
{
	uint64_t lin;
	const uint8_t *b;

	if (likely(ex->len && !ex->opcode[0]))
		return true;
	lin = insn_linear_rip(vp).v;
	b = cached(vp, lin);
	if (likely(b && ex->len && b[0] == ex->opcode[0] &&
		   (ex->len == 1 || b[1] == ex->opcode[1])))
		return true;
	return length_slow(vp, ex, lin);
}
