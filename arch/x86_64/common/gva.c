/* SPDX-License-Identifier: MIT */
#include "arch/x86_64/common/gva.h"

#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/virt.h"

#define PTE_P  BIT(0)
#define PTE_W  BIT(1)
#define PTE_U  BIT(2)
#define PTE_A  BIT(5)
#define PTE_D  BIT(6)
#define PTE_PS BIT(7)
#define PTE_NX BIT(63)

struct walk {
	struct vp *vp;
	uint64_t cr0, cr4, efer;
	uint32_t access;
	uint32_t levels, bits; /* tables, and index bits of one */
	uint32_t entry_size;
	bool user, write, nx; /* rights gathered on the way */
	struct gva_trail *trail;
};

static enum gva_result fail(const struct walk *w, struct gva_fault *f, enum gva_result r, gpa_t gpa,
			    enum guest_mem_result mem)
{
	if (f) {
		f->result = r;
		f->gpa = gpa;
		f->mem = mem;
		f->table = r == GVA_NO_MEMORY;
		f->write = false;
		f->error = (r == GVA_NOT_PRESENT ? 0 : 1u) | (w->access & GVA_WRITE ? 2u : 0) |
			   (w->access & GVA_USER ? 4u : 0) | (r == GVA_RESERVED ? 8u : 0) |
			   (w->access & GVA_EXEC && (w->efer & EFER_NXE || w->cr4 & CR4_SMEP) ? 16u
											      : 0);
	}
	return r;
}

/* Bits that must be zero in an entry: above the physical width, and NX without EFER.NXE. */
static bool reserved(const struct walk *w, uint64_t e, uint32_t level, bool leaf)
{
	if (w->entry_size == 4)
		return leaf && level == 2 && e & BIT(21);
	if (e & MASK(51, 48) || (e & PTE_NX && !(w->efer & EFER_NXE)))
		return true;
	/* Under PAE nothing lies between the address and NX (SDM vol. 3, tables 4-9 to 4-11). */
	if (w->levels == 3 && e & MASK(62, 52))
		return true;
	if (e & PTE_PS && level > 3)
		return true;
	return leaf && level > 1 && e & MASK(12 + 9 * (level - 1) - 1, 13);
}

static bool allowed(const struct walk *w)
{
	if (w->access & GVA_NO_PERMISSION_CHECK)
		return true;
	if (w->access & GVA_USER) {
		if (!w->user || (w->access & GVA_WRITE && !w->write))
			return false;
		return !(w->access & GVA_EXEC && w->nx);
	}
	if (w->access & GVA_EXEC)
		return !w->nx && !(w->user && w->cr4 & CR4_SMEP);
	if (w->user && w->cr4 & CR4_SMAP && !(w->access & GVA_SMAP_OVERRIDE) &&
	    (w->access & GVA_SMAP_ENFORCE || !(virt->get(w->vp, SYS_RFLAGS) & RFLAGS_AC)))
		return false;
	return !(w->access & GVA_WRITE) || w->write || !(w->cr0 & CR0_WP);
}

static enum guest_mem_result set_ad(struct walk *w, gpa_t at, uint64_t old, uint64_t want)
{
	struct guest_page pg;
	enum guest_mem_result r = guest_mem_pin(w->vp->partition, at, SLAT_R | SLAT_W, &pg);
	uint8_t *p;

	if (r != GUEST_MEM_OK)
		return r;
	/* As the CPU does: only if the entry still is what was walked. */
	p = (uint8_t *)pg.ptr + (at.v & (PAGE_SIZE - 1));
	if (w->entry_size == 8) {
		(void)atomic_cas((uint64_t *)(void *)p, &old, old | want);
	} else {
		uint32_t o = (uint32_t)old;

		(void)atomic_cas((uint32_t *)(void *)p, &o, o | (uint32_t)want);
	}
	guest_mem_unpin(&pg);
	return GUEST_MEM_OK;
}

static enum guest_mem_result read_entry(struct walk *w, gpa_t at, uint64_t *e)
{
	struct gva_trail *t = w->trail;
	struct guest_page pg;
	enum guest_mem_result r = guest_mem_pin(w->vp->partition, at, SLAT_R, &pg);
	const uint8_t *p;

	if (r != GUEST_MEM_OK)
		return r;
	/* An entry is aligned, so it never crosses a page; CR3 under PAE is to 32 bytes. */
	p = (const uint8_t *)pg.ptr + (at.v & (PAGE_SIZE - 1));
	*e = w->entry_size == 8 ? atomic_load((const uint64_t *)(const void *)p)
				: atomic_load((const uint32_t *)(const void *)p);
	if (t) {
		t->at[t->levels] = p;
		t->entry[t->levels++] = *e;
	}
	guest_mem_unpin(&pg);
	return GUEST_MEM_OK;
}

static enum gva_result walk(struct walk *w, uint64_t table, uint64_t va, gpa_t *gpa,
			    struct gva_fault *f)
{
	for (uint32_t level = w->levels; level > 0; level--) {
		uint32_t shift = 12 + w->bits * (level - 1);
		uint32_t n = w->levels == 3 && level == 3 ? 2 : w->bits;
		gpa_t at = GPA(table + ((va >> shift) & (BIT(n) - 1)) * w->entry_size);
		uint64_t e = 0, ad = PTE_A;
		enum guest_mem_result r = read_entry(w, at, &e);
		bool pae_top = w->levels == 3 && level == 3;
		bool leaf;

		if (r != GUEST_MEM_OK)
			return fail(w, f, GVA_NO_MEMORY, at, r);
		if (!(e & PTE_P))
			return fail(w, f, GVA_NOT_PRESENT, at, r);
		leaf = level == 1 || (level > 1 && e & PTE_PS && !pae_top &&
				      (w->entry_size == 8 || w->cr4 & CR4_PSE));
		if (!pae_top && reserved(w, e, level, leaf))
			return fail(w, f, GVA_RESERVED, at, r);
		if (!pae_top) {
			w->write = w->write && e & PTE_W;
			w->user = w->user && e & PTE_U;
			w->nx = w->nx || e & PTE_NX;
		}
		if (leaf) {
			uint64_t off = va & (BIT(shift) - 1);
			uint64_t base = e & MASK(51, 12) & ~(BIT(shift) - 1);

			/* PSE-36 (APM 5.2.3): bits 20:13 of a 4-MiB entry are address bits 39:32 */
			if (w->entry_size == 4 && level == 2)
				base = (e & 0xffc00000u) | FIELD(e, 20, 13) << 32;
			if (!allowed(w))
				return fail(w, f, GVA_PRIVILEGE, at, r);
			if (w->access & GVA_WRITE)
				ad |= PTE_D;
			*gpa = GPA(base | off);
		}
		if (w->access & GVA_SET_AD && !pae_top && (e & ad) != ad) {
			r = set_ad(w, at, e, ad);
			if (r != GUEST_MEM_OK) {
				(void)fail(w, f, GVA_NO_MEMORY, at, r);
				if (f)
					f->write = true;
				return GVA_NO_MEMORY;
			}
		}
		if (leaf)
			return GVA_OK;
		table = w->entry_size == 4 ? e & 0xfffff000u : e & MASK(51, 12);
	}
	return fail(w, f, GVA_NOT_PRESENT, GPA(0), GUEST_MEM_OK);
}

bool gva_trail_holds(const struct gva_trail *t)
{
	for (uint32_t i = 0; i < t->levels; i++) {
		uint64_t now = t->size == 8 ? atomic_load((const uint64_t *)t->at[i])
					    : atomic_load((const uint32_t *)t->at[i]);

		if (now != t->entry[i])
			return false;
	}
	return true;
}

static enum gva_result translate(struct vp *vp, uint64_t cr3, gva_t gva, uint32_t access,
				 gpa_t *gpa, struct gva_fault *fault, struct gva_trail *trail)
{
	struct walk w = { .vp = vp,
			  .access = access,
			  .trail = trail,
			  .user = true,
			  .write = true,
			  .levels = 2,
			  .bits = 10,
			  .entry_size = 4 };

	w.cr0 = virt->get(vp, SYS_CR0);
	w.cr4 = virt->get(vp, SYS_CR4);
	w.efer = virt->get(vp, SYS_EFER);
	if (trail)
		trail->levels = 0;
	if (!(w.cr0 & CR0_PG)) {
		*gpa = GPA(gva.v & 0xffffffffu);
		return GVA_OK;
	}
	if (w.efer & EFER_LMA) {
		uint32_t top = w.cr4 & CR4_LA57 ? 56 : 47;
		uint64_t sign = gva.v >> top;

		if (sign != 0 && sign != ~0ull >> top)
			return fail(&w, fault, GVA_NOT_PRESENT, GPA(0), GUEST_MEM_OK);
		w.levels = w.cr4 & CR4_LA57 ? 5 : 4;
	} else if (w.cr4 & CR4_PAE) {
		w.levels = 3;
	}
	if (w.levels > 2) {
		w.bits = 9;
		w.entry_size = 8;
	}
	if (trail)
		trail->size = w.entry_size;
	return walk(&w,
		    w.levels == 3   ? cr3 & 0xffffffe0u
		    : w.levels == 2 ? cr3 & 0xfffff000u
				    : cr3 & MASK(51, 12),
		    gva.v, gpa, fault);
}

enum gva_result gva_translate(struct vp *vp, gva_t gva, uint32_t access, gpa_t *gpa,
			      struct gva_fault *fault)
{
	return gva_translate_trail(vp, gva, access, gpa, fault, NULL);
}

enum gva_result gva_translate_trail(struct vp *vp, gva_t gva, uint32_t access, gpa_t *gpa,
				    struct gva_fault *fault, struct gva_trail *trail)
{
	return translate(vp, virt->get(vp, SYS_CR3), gva, access, gpa, fault, trail);
}

enum gva_result gva_translate_by(struct vp *vp, uint64_t cr3, gva_t gva, uint32_t access,
				 gpa_t *gpa, struct gva_fault *fault)
{
	return translate(vp, cr3, gva, access, gpa, fault, NULL);
}
