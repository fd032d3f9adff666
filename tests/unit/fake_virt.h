/* SPDX-License-Identifier: MIT */
/* A virtualization back end of plain registers, with one log of what was asked of it, in order. */
#ifndef TESTS_FAKE_VIRT_H
#define TESTS_FAKE_VIRT_H

#include <string.h>

#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/virt.h"

enum fv_call {
	FV_SET,
	FV_SET_SEG,
	FV_INJECT,
	FV_INTR_WINDOW,
	FV_IRET_WINDOW,
	FV_TSC_OFFSET,
	FV_DUMP
};

struct fv_note {
	enum fv_call call;
	uint64_t index, value;
};

#define FV_NOTES 1024u
static struct fake_virt {
	uint64_t sys[SYS_MAX];
	struct hv_x64_segment_register seg[SEG_GDTR + 1];
	struct fv_note log[FV_NOTES];
	uint32_t notes;
	struct x86_event injected; /* the last one */
	const char *refuse;	   /* answer of check_state */
} fv;

static void fv_note(enum fv_call call, uint64_t index, uint64_t value)
{
	if (fv.notes < FV_NOTES)
		fv.log[fv.notes++] = (struct fv_note){ call, index, value };
}

static inline uint32_t fv_count(enum fv_call call)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < fv.notes; i++)
		n += fv.log[i].call == call;
	return n;
}

static uint64_t fv_get(struct vp *vp, enum x86_sysreg r)
{
	(void)vp;
	return fv.sys[r];
}

static void fv_set(struct vp *vp, enum x86_sysreg r, uint64_t v)
{
	(void)vp;
	fv_note(FV_SET, r, v);
	fv.sys[r] = v;
}

static void fv_get_seg(struct vp *vp, enum x86_seg s, struct hv_x64_segment_register *v)
{
	(void)vp;
	*v = fv.seg[s];
}

static void fv_set_seg(struct vp *vp, enum x86_seg s, const struct hv_x64_segment_register *v)
{
	(void)vp;
	fv_note(FV_SET_SEG, s, v->base);
	fv.seg[s] = *v;
}

static void fv_place(struct vp *vp, struct x86_place *p)
{
	uint64_t rip = vp->arch.rip, base = fv.seg[SEG_CS].base;
	uint16_t ar = fv.seg[SEG_CS].attributes;
	bool wide = fv.sys[SYS_EFER] & EFER_LMA && ar & BIT(13);

	p->cpl = (uint8_t)fv.sys[SYS_CPL];
	p->in_protected = fv.sys[SYS_CR0] & CR0_PE && !(fv.sys[SYS_RFLAGS] & RFLAGS_VM);
	p->linear = wide ? rip : (base + rip) & 0xffffffff;
	p->mode = wide ? X86_MODE_64 : p->in_protected && ar & BIT(14) ? X86_MODE_32 : X86_MODE_16;
}

static void fv_inject(struct vp *vp, const struct x86_event *e)
{
	(void)vp;
	fv_note(FV_INJECT, e->type, e->vector);
	fv.injected = *e;
}

static void fv_intr_window(struct vp *vp, bool on, uint8_t vector)
{
	(void)vp;
	fv_note(FV_INTR_WINDOW, on, vector);
}

static void fv_iret_window(struct vp *vp, bool on)
{
	(void)vp;
	fv_note(FV_IRET_WINDOW, on, 0);
}

static void fv_set_tsc_offset(struct vp *vp, uint64_t offset)
{
	(void)vp;
	fv_note(FV_TSC_OFFSET, 0, offset);
}

static const char *fv_check_state(struct vp *vp)
{
	(void)vp;
	return fv.refuse;
}

static void fv_dump(struct vp *vp)
{
	(void)vp;
	fv_note(FV_DUMP, 0, 0);
}

static const struct virt_ops fv_ops = {
	.name = "fake",
	.get = fv_get,
	.set = fv_set,
	.get_seg = fv_get_seg,
	.set_seg = fv_set_seg,
	.place = fv_place,
	.inject = fv_inject,
	.intr_window = fv_intr_window,
	.iret_window = fv_iret_window,
	.set_tsc_offset = fv_set_tsc_offset,
	.check_state = fv_check_state,
	.dump = fv_dump,
};

/* arch/x86_64/common/vp.c has its own: a test that links it sets it. */
#ifndef FV_VP_IS_LINKED
const struct virt_ops *virt = &fv_ops;
#endif

#endif
