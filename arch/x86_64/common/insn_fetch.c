/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "arch/x86_64/common/insn_fetch.h"
#include "arch/x86_64/common/regs.h"

enum x86_mode insn_mode(struct vp *vp)
{
	struct x86_place at;

	virt->place(vp, &at);
	return (enum x86_mode)at.mode;
}

/*
 * Are the bytes where they were last? The registers are those of then, the entries of the guest's
 * tables on the way still hold what they held, and the partition lost no page: so a frame that was
 * reached then is the partition's own still. Asked again behind the read, since another CPU may
 * take the page away meanwhile.
 */
static bool same_registers(struct vp *vp, const struct x86_fetch *f, uint64_t page, uint32_t access)
{
	return f->ptr && f->page == page && f->access == access &&
	       f->generation == atomic_load(&vp->partition->slat.generation) &&
	       f->cr3 == virt->get(vp, SYS_CR3) && f->cr0 == virt->get(vp, SYS_CR0) &&
	       f->cr4 == virt->get(vp, SYS_CR4) && f->efer == virt->get(vp, SYS_EFER);
}

static bool fetch_again(struct vp *vp, uint64_t lin, uint32_t access, uint8_t buf[16])
{
	const struct x86_fetch *f = &vp->arch.fetch;
	uint64_t off = lin & (PAGE_SIZE - 1);

	if (off > PAGE_SIZE - 15 || !same_registers(vp, f, lin & PAGE_MASK, access))
		return false;
	if (!gva_trail_holds(&f->trail))
		return false;
	memcpy(buf, f->ptr + off, 15);
	return f->generation == atomic_load(&vp->partition->slat.generation);
}

/* The generation is read before the walk: a page that goes away during it makes this stale. */
static void remember(struct vp *vp, uint64_t lin, uint32_t access, const struct gva_trail *trail,
		     const void *page, uint64_t generation)
{
	struct x86_fetch *f = &vp->arch.fetch;

	f->ptr = page;
	f->page = lin & PAGE_MASK;
	f->access = access;
	f->generation = generation;
	f->cr3 = virt->get(vp, SYS_CR3);
	f->cr0 = virt->get(vp, SYS_CR0);
	f->cr4 = virt->get(vp, SYS_CR4);
	f->efer = virt->get(vp, SYS_EFER);
	f->trail = *trail;
}

uint32_t insn_fetch(struct vp *vp, uint8_t buf[16], struct gva_fault *fault)
{
	uint64_t generation = atomic_load(&vp->partition->slat.generation);
	struct gva_trail trail;
	struct guest_page pg;
	struct x86_place at;
	uint32_t access, done = 0;

	virt->place(vp, &at);
	access = GVA_EXEC | (at.cpl == 3 ? GVA_USER : 0);
	fault->result = GVA_OK;
	if (likely(fetch_again(vp, at.linear, access, buf)))
		return 15;
	while (done < 15) {
		uint64_t lin = at.linear + done;
		uint32_t n = (uint32_t)MIN(15u - done, PAGE_SIZE - (lin & (PAGE_SIZE - 1)));
		enum guest_mem_result r;
		gpa_t gpa;

		fault->result = gva_translate_trail(vp, GVA(lin), access, &gpa, fault, &trail);
		if (fault->result != GVA_OK)
			return done;
		r = guest_mem_pin(vp->partition, gpa, SLAT_R, &pg);
		if (r != GUEST_MEM_OK) {
			fault->result = GVA_NO_MEMORY;
			fault->gpa = gpa;
			fault->table = false;
			fault->mem = r;
			return done;
		}
		memcpy(buf + done, (uint8_t *)pg.ptr + (gpa.v & (PAGE_SIZE - 1)), n);
		if (done == 0)
			remember(vp, lin, access, &trail, pg.ptr, generation);
		guest_mem_unpin(&pg);
		done += n;
	}
	return done;
}

bool insn_length(struct vp *vp, struct x86_exit *ex)
{
	uint8_t buf[16] = { 0 };
	struct gva_fault fault;
	struct x86_insn insn;
	uint32_t n;

	if (likely(ex->len && !ex->opcode[0]))
		return true;
	n = insn_fetch(vp, buf, &fault);
	if (n == 0 || x86_decode(buf, n, insn_mode(vp), &insn) != X86_DECODE_OK)
		return false;
	ex->len = insn.len;
	return true;
}
