/* SPDX-License-Identifier: MIT */
/*
 * A guest's own page tables, walked in software (Intel SDM vol. 3 ch. 5; AMD APM vol. 2 ch. 5):
 * 32-bit, PAE, 4- and 5-level, with the permission rules of CR0.WP, EFER.NXE, SMEP, SMAP and U/S.
 */
#ifndef X86_GVA_H
#define X86_GVA_H

#include "kernel/guest_mem.h"
#include "kernel/vp.h"

#define GVA_READ		1u
#define GVA_WRITE		2u
#define GVA_EXEC		4u
#define GVA_USER		8u /* as CPL 3 */
#define GVA_NO_PERMISSION_CHECK 16u
#define GVA_SET_AD		32u /* set accessed and dirty bits as a real access would */
#define GVA_SMAP_ENFORCE	64u /* whatever RFLAGS.AC says: on, or off */
#define GVA_SMAP_OVERRIDE	128u

enum gva_result {
	GVA_OK,
	GVA_NOT_PRESENT,
	GVA_PRIVILEGE,
	GVA_RESERVED,
	GVA_NO_MEMORY, /* a table or the page is not backed: gpa says which */
};

struct gva_fault {
	enum gva_result result;
	uint32_t error; /* #PF error code */
	gpa_t gpa;
	bool table; /* GVA_NO_MEMORY: it was a page-table access */
	bool write; /* and one that sets accessed or dirty bits */
	enum guest_mem_result mem;
};

/* Translate one address. On GVA_OK, *gpa; else *fault (may be NULL). */
enum gva_result gva_translate(struct vp *vp, gva_t gva, uint32_t access, gpa_t *gpa,
			      struct gva_fault *fault);

/* The same, noting the way that it took; filled on GVA_OK. */
enum gva_result gva_translate_trail(struct vp *vp, gva_t gva, uint32_t access, gpa_t *gpa,
				    struct gva_fault *fault, struct gva_trail *trail);
/* Do the entries on that way still say what they said? */
bool gva_trail_holds(const struct gva_trail *t);

/* The same by other tables: those that CR3 will name. */
enum gva_result gva_translate_by(struct vp *vp, uint64_t cr3, gva_t gva, uint32_t access,
				 gpa_t *gpa, struct gva_fault *fault);

#endif
