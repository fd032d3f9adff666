/* SPDX-License-Identifier: MIT */
/*
 * The EL1&0 translation regime's stage 1 in software (Arm ARM, D8): VMSAv8-64 with granules of 4,
 * 16 and 64 KiB and output addresses of up to 48 bits, as the ID registers offer it to guests.
 */
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "hvapi/translate.h"
#include "kernel/arch.h"
#include "kernel/bits.h"

/* TCR_EL1 */
#define TCR_TG0(t) FIELD(t, 15, 14)
#define TCR_TG1(t) FIELD(t, 31, 30)
#define TCR_IPS(t) FIELD(t, 34, 32)
#define TCR_TBI0   BIT(37)
#define TCR_TBI1   BIT(38)
#define TCR_HA	   BIT(39)
#define TCR_HD	   BIT(40)
#define TCR_HPD0   BIT(41)
#define TCR_HPD1   BIT(42)
#define TCR_E0PD0  BIT(55)
#define TCR_E0PD1  BIT(56)

#define SCTLR_EE   BIT(25)
#define SCTLR_EPAN BIT(57)

/* Descriptors (D8.3) */
#define DESC_VALID BIT(0)
#define DESC_TABLE BIT(1) /* of a table, and of a page at level 3 */
#define DESC_AP1   BIT(6) /* EL0 has access */
#define DESC_AP2   BIT(7) /* read-only */
#define DESC_AF	   BIT(10)
#define DESC_DBM   BIT(51)
#define DESC_PXN   BIT(53)
#define DESC_UXN   BIT(54)
#define DESC_PXNT  BIT(59)
#define DESC_UXNT  BIT(60)
#define DESC_APT0  BIT(61) /* no EL0 below */
#define DESC_APT1  BIT(62) /* no writes below */

struct walk {
	const struct vp *vp;
	uint64_t tcr, sctlr;
	uint32_t access;
	uint32_t granule;		 /* bits of a page's offset */
	uint32_t size;			 /* bits of an input address */
	uint32_t out;			 /* bits of an output address */
	bool high;			 /* TTBR1_EL1's half */
	bool no_write, no_el0, uxn, pxn; /* what the tables on the way took */
};

static uint32_t granule_of(uint64_t tcr, bool high)
{
	static const uint8_t tg0[] = { 12, 16, 14, 0 }, tg1[] = { 0, 14, 12, 16 };

	return high ? tg1[TCR_TG1(tcr)] : tg0[TCR_TG0(tcr)];
}

/* The smaller of TCR_EL1.IPS and what a guest is told that the processor has. */
static uint32_t output_bits(uint64_t tcr)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 48, 48 };

	return MIN((uint32_t)bits[TCR_IPS(tcr)], MIN(cpu_pa_bits, 48u));
}

/*
 * Which half, how wide, and is the address one of it (D8.2)? A TxSZ out of the architecture's range
 * leaves it to the implementation what happens: here it is a fault.
 */
static bool input_ok(struct walk *w, uint64_t va)
{
	uint64_t mmfr2 = read_id(7, 2);
	uint32_t txsz, least, most, top;
	bool tbi;

	w->high = va >> 55 & 1;
	tbi = w->tcr & (w->high ? TCR_TBI1 : TCR_TBI0);
	txsz = (uint32_t)(w->high ? FIELD(w->tcr, 21, 16) : FIELD(w->tcr, 5, 0));
	w->granule = granule_of(w->tcr, w->high);
	if (!w->granule || w->tcr & (w->high ? TCR_EPD1 : TCR_EPD0))
		return false;
	if (w->access & GVA_USER && w->tcr & (w->high ? TCR_E0PD1 : TCR_E0PD0))
		return false;
	/* FEAT_LVA: 52 bits with 64-KiB pages; FEAT_TTST: small ones */
	least = w->granule == 16 && FIELD(mmfr2, 19, 16) ? 12 : 16;
	most = !FIELD(mmfr2, 31, 28) ? 39 : w->granule == 16 ? 47 : 48;
	if (txsz < least || txsz > most)
		return false;
	w->size = 64 - txsz;
	top = tbi ? 56 : 64;
	return (va & (top == 64 ? ~0ull : BIT(top) - 1)) >> w->size ==
	       (w->high ? (BIT(top - w->size) - 1) : 0);
}

static uint64_t in_order(const struct walk *w, uint64_t e)
{
	return w->sctlr & SCTLR_EE ? __builtin_bswap64(e) : e;
}

static enum gva_result absent(struct gva_fault *f, gpa_t at, enum guest_mem_result mem, bool write)
{
	f->gpa = at;
	f->mem = mem;
	f->write = write;
	return GVA_NO_MEMORY;
}

static enum guest_mem_result read_entry(const struct walk *w, gpa_t at, uint64_t *e)
{
	struct guest_page pg;
	enum guest_mem_result r = guest_mem_pin(w->vp->partition, at, SLAT_R, &pg);

	if (r != GUEST_MEM_OK)
		return r;
	*e = in_order(
		w, atomic_load((uint64_t *)(void *)((uint8_t *)pg.ptr + (at.v & (PAGE_SIZE - 1)))));
	guest_mem_unpin(&pg);
	return r;
}

/* As hardware does it (D8.4.5, D8.4.6): only if the entry still is what was walked. */
static enum guest_mem_result write_entry(const struct walk *w, gpa_t at, uint64_t old, uint64_t e)
{
	struct guest_page pg;
	enum guest_mem_result r = guest_mem_pin(w->vp->partition, at, SLAT_R | SLAT_W, &pg);
	uint64_t was = in_order(w, old);

	if (r != GUEST_MEM_OK)
		return r;
	(void)atomic_cas((uint64_t *)(void *)((uint8_t *)pg.ptr + (at.v & (PAGE_SIZE - 1))), &was,
			 in_order(w, e));
	guest_mem_unpin(&pg);
	return r;
}

/* D8.4.1 to D8.4.3 */
static bool allowed(const struct walk *w, uint64_t e)
{
	bool el0 = e & DESC_AP1 && !w->no_el0;
	bool clean = e & DESC_DBM && w->tcr & TCR_HD && w->tcr & TCR_HA; /* writable, not dirty */
	bool write = (!(e & DESC_AP2) || clean) && !w->no_write;
	bool uxn = e & DESC_UXN || w->uxn, pxn = e & DESC_PXN || w->pxn;
	bool wxn = w->sctlr & SCTLR_WXN;
	bool pan = w->vp->arch.pstate & PSR_PAN &&
		   (el0 || (w->sctlr & SCTLR_EPAN && !uxn && FIELD(read_id(7, 1), 23, 20) >= 3));

	if (w->access & GVA_NO_PERMISSION_CHECK)
		return true;
	if (w->access & GVA_USER) {
		if (w->access & (GVA_READ | GVA_WRITE) && !el0)
			return false;
		if (w->access & GVA_WRITE && !write)
			return false;
		return !(w->access & GVA_EXEC) || !(uxn || (wxn && el0 && write));
	}
	if (w->access & (GVA_READ | GVA_WRITE) && pan)
		return false;
	if (w->access & GVA_WRITE && !write)
		return false;
	/* What EL0 may write, EL1 does not execute. */
	return !(w->access & GVA_EXEC) || !(pxn || (el0 && write) || (wxn && write));
}

static void take_from_table(struct walk *w, uint64_t e)
{
	if (w->tcr & (w->high ? TCR_HPD1 : TCR_HPD0))
		return;
	w->no_write |= (e & DESC_APT1) != 0;
	w->no_el0 |= (e & DESC_APT0) != 0;
	w->uxn |= (e & DESC_UXNT) != 0;
	w->pxn |= (e & DESC_PXNT) != 0;
}

/* A block is there at levels 1 and 2, with 16 and 64-KiB pages at 2 alone (no 52-bit addresses). */
static bool block_ok(const struct walk *w, uint32_t level)
{
	return level == 2 || (level == 1 && w->granule == 12);
}

static enum gva_result leaf(const struct walk *w, uint64_t va, gpa_t at, uint64_t e, uint32_t shift,
			    gpa_t *gpa, struct gva_fault *f)
{
	uint64_t off = BIT(shift) - 1, base = e & MASK(47, 12) & ~off, want = e;
	enum guest_mem_result r;

	if (base >> w->out)
		return GVA_ADDRESS;
	if (!(e & DESC_AF) && !(w->tcr & TCR_HA))
		return GVA_NOT_PRESENT;
	if (!allowed(w, e))
		return GVA_PRIVILEGE;
	*gpa = GPA(base | (va & off));
	if (!(w->access & GVA_SET_FLAGS) || !(w->tcr & TCR_HA))
		return GVA_OK;
	want |= DESC_AF;
	if (w->access & GVA_WRITE && e & DESC_DBM && w->tcr & TCR_HD)
		want &= ~DESC_AP2;
	if (want == e)
		return GVA_OK;
	r = write_entry(w, at, e, want);
	return r == GUEST_MEM_OK ? GVA_OK : absent(f, at, r, true);
}

static enum gva_result walk(struct walk *w, uint64_t va, gpa_t *gpa, struct gva_fault *f)
{
	uint32_t stride = w->granule - 3;
	uint32_t levels = (w->size - w->granule + stride - 1) / stride, top = w->size;
	uint64_t table = w->vp->arch.el1[w->high ? EL1_ttbr1_el1 : EL1_ttbr0_el1] & MASK(47, 1);
	uint32_t first =
		w->size - w->granule - stride * (levels - 1) + 3; /* log2 of the first's bytes */

	/* The first table is aligned to its own size, to 64 bytes at least. */
	table &= ~(BIT(first < 6 ? 6 : first) - 1);
	if (table >> w->out)
		return GVA_ADDRESS;
	for (uint32_t level = 4 - levels;; level++) {
		uint32_t shift = w->granule + stride * (3 - level);
		gpa_t at = GPA(table + (FIELD(va, top - 1, shift) << 3));
		enum guest_mem_result r;
		uint64_t e = 0;

		r = read_entry(w, at, &e);
		if (r != GUEST_MEM_OK)
			return absent(f, at, r, false);
		if (!(e & DESC_VALID))
			return GVA_NOT_PRESENT;
		if (level == 3)
			return e & DESC_TABLE ? leaf(w, va, at, e, shift, gpa, f) : GVA_NOT_PRESENT;
		if (!(e & DESC_TABLE))
			return block_ok(w, level) ? leaf(w, va, at, e, shift, gpa, f)
						  : GVA_NOT_PRESENT;
		take_from_table(w, e);
		table = e & MASK(47, 12) & ~(BIT(w->granule) - 1);
		if (table >> w->out)
			return GVA_ADDRESS;
		top = shift;
	}
}

/* Bits of TCR_EL1 for what the processor lacks are RES0: a guest may have set them all the same. */
static uint64_t tcr_of(const struct vp *vp)
{
	uint64_t mmfr1 = read_id(7, 1), mmfr2 = read_id(7, 2), off = 0;

	if (FIELD(mmfr1, 3, 0) < 1)
		off |= TCR_HA;
	if (FIELD(mmfr1, 3, 0) < 2)
		off |= TCR_HD;
	if (!FIELD(mmfr1, 15, 12))
		off |= TCR_HPD0 | TCR_HPD1;
	if (!FIELD(mmfr2, 63, 60))
		off |= TCR_E0PD0 | TCR_E0PD1;
	return vp->arch.el1[EL1_tcr_el1] & ~off;
}

enum gva_result gva_translate(const struct vp *vp, uint64_t va, uint32_t access, gpa_t *gpa,
			      struct gva_fault *fault)
{
	struct walk w = {
		.vp = vp, .tcr = tcr_of(vp), .sctlr = vp->arch.el1[EL1_sctlr_el1], .access = access
	};

	w.out = output_bits(w.tcr);
	if (w.sctlr & SCTLR_M)
		return input_ok(&w, va) ? walk(&w, va, gpa, fault) : GVA_NOT_PRESENT;
	/* MMU off: flat, up to the processor's own size (D8.2.9); TBI drops the tag all the same.
	 */
	if (w.tcr & (va >> 55 & 1 ? TCR_TBI1 : TCR_TBI0))
		va &= MASK(55, 0);
	*gpa = GPA(va);
	return va >> MIN(cpu_pa_bits, 48u) ? GVA_ADDRESS : GVA_OK;
}

/* -- HvCallTranslateVirtualAddress ---------------------------------------------------------------
 */
static uint32_t access_of(const struct vp *vp, uint64_t flags)
{
	uint32_t a = 0;

	if (flags & HV_TRANSLATE_GVA_VALIDATE_READ)
		a |= GVA_READ;
	if (flags & HV_TRANSLATE_GVA_VALIDATE_WRITE)
		a |= GVA_WRITE;
	if (flags & HV_TRANSLATE_GVA_VALIDATE_EXECUTE)
		a |= GVA_EXEC;
	if (flags & HV_TRANSLATE_GVA_USER_ACCESS ||
	    (!(flags & HV_TRANSLATE_GVA_SUPERVISOR_ACCESS) && (vp->arch.pstate & 0xc) == PSR_EL0))
		a |= GVA_USER;
	if (flags & HV_TRANSLATE_GVA_PRIVILEGE_EXEMPT)
		a |= GVA_NO_PERMISSION_CHECK;
	if (flags & HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS)
		a |= GVA_SET_FLAGS;
	return a;
}

static uint32_t result_of(enum gva_result r, const struct gva_fault *f)
{
	switch (r) {
	case GVA_OK:
		return HV_TRANSLATE_GVA_SUCCESS;
	case GVA_NOT_PRESENT:
		return HV_TRANSLATE_GVA_PAGE_NOT_PRESENT;
	case GVA_PRIVILEGE:
		return HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION;
	case GVA_ADDRESS:
		return HV_TRANSLATE_GVA_INVALID_PAGE_TABLE_FLAGS;
	default:
		if (f->mem == GUEST_MEM_UNMAPPED)
			return HV_TRANSLATE_GVA_GPA_UNMAPPED;
		return f->write ? HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS
				: HV_TRANSLATE_GVA_GPA_NO_READ_ACCESS;
	}
}

uint16_t arch_translate(struct vp *vp, uint64_t flags, uint64_t gva_page,
			struct hv_output_translate_virtual_address *out)
{
	uint64_t known = HV_TRANSLATE_GVA_VALIDATE_READ | HV_TRANSLATE_GVA_VALIDATE_WRITE |
			 HV_TRANSLATE_GVA_VALIDATE_EXECUTE | HV_TRANSLATE_GVA_PRIVILEGE_EXEMPT |
			 HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS | HV_TRANSLATE_GVA_TLB_FLUSH_INHIBIT |
			 HV_TRANSLATE_GVA_SUPERVISOR_ACCESS | HV_TRANSLATE_GVA_USER_ACCESS;
	struct gva_fault fault = { GPA(0), GUEST_MEM_OK, false };
	gpa_t gpa = GPA(0);

	if (flags & ~known || gva_page >> (64 - PAGE_SHIFT) ||
	    (flags & HV_TRANSLATE_GVA_SUPERVISOR_ACCESS && flags & HV_TRANSLATE_GVA_USER_ACCESS))
		return HV_STATUS_INVALID_PARAMETER;
	out->result_code = result_of(
		gva_translate(vp, gva_page << PAGE_SHIFT, access_of(vp, flags), &gpa, &fault),
		&fault);
	if (out->result_code == HV_TRANSLATE_GVA_SUCCESS)
		translate_page(vp->partition, gpa, flags, out);
	return HV_STATUS_SUCCESS;
}
