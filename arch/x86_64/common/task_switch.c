/* SPDX-License-Identifier: MIT */
/*
 * The hardware task switch (Intel SDM vol. 3, chapter 8; AMD APM vol. 2, chapter 12), which VMX
 * never does by itself and SVM hands over. Three parts. Up to the commit point a fault is the old
 * task's, and nothing has changed. From there on it is the new task's, which then has its state but
 * not the segments that were still to come. Both are worked out first: a page that the partition
 * has not may show at any access, and then there has been no switch (task_mem.c). Only the third
 * part changes anything, and nothing in it can fail.
 *
 * What the CPU has checked before the exit (SDM 26.4.2) is checked again: the memory it stands in
 * is read anew. Privilege is not: whether there was a gate, and with which DPL, is known to the CPU
 * only.
 */
#include <string.h>

#include "arch/x86_64/common/cet.h"
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/gva.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/task.h"

#define EVENT_NMI	2
#define EVENT_EXCEPTION 3

/* Segment descriptors: byte 5, and the same in the ABI's attributes */
#define DESC_A	     0x01u
#define DESC_W	     0x02u /* data: writable; code: readable */
#define DESC_C	     0x04u /* code: conforming */
#define DESC_CODE    0x08u
#define DESC_S	     0x10u
#define DESC_P	     0x80u
#define DESC_B	     0x4000u
#define DESC_DPL(a)  ((a) >> 5 & 3u)
#define TSS_BUSY     0x02u
#define TSS_WIDE     0x08u
#define TSS_TYPE(a)  ((a)&0x15u) /* busy or not, of 16 or 32 bits: 1 */
#define LDT_TYPE     0x02u
#define DESC_TYPE(a) ((a)&0x1fu)

/* Offsets in a TSS (SDM figures 8-2 and 8-10) */
#define TSS32_SIZE  104u
#define TSS32_CR3   0x1cu
#define TSS32_STATE 0x20u /* EIP to GS, in order */
#define TSS32_SEGS  0x48u
#define TSS32_LDT   0x60u
#define TSS32_TRAP  0x64u
#define TSS16_SIZE  44u
#define TSS16_STATE 0x0eu /* IP to DS, in order */
#define TSS16_SEGS  0x22u
#define TSS16_LDT   0x2au

static uint32_t get16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | get16(p + 2) << 16;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v);
	put16(p + 2, v >> 16);
}

static uint32_t selector_error(uint16_t sel)
{
	return sel & 0xfffcu;
}

static void unpack(const uint8_t d[8], uint16_t sel, struct hv_x64_segment_register *s)
{
	uint32_t limit = get16(d) | (d[6] & 0xfu) << 16;

	s->base = get16(d + 2) | (uint32_t)d[4] << 16 | (uint32_t)d[7] << 24;
	s->limit = d[6] & 0x80 ? limit << 12 | 0xfff : limit;
	s->selector = sel;
	s->attributes = (uint16_t)(d[5] | (d[6] & 0xf0u) << 8);
}

/* -- before the commit point ------------------------------------------------------------------- */

/* CALL and events nest: they link the tasks and set NT (table 8-2). */
static bool nests(const struct task *t)
{
	return t->ex->task.source == TASK_CALL || t->ex->task.source == TASK_GATE;
}

/* Table 8-1, down to the new TSS's limit. */
static bool check_new(struct task *t)
{
	uint16_t sel = t->ex->task.selector;
	bool iret = t->ex->task.source == TASK_IRET;
	uint8_t vector = iret ? VEC_TS : VEC_GP, d[8];
	struct hv_x64_segment_register gdtr;
	uint32_t lin;

	virt->get_seg(t->vp, SEG_GDTR, &gdtr);
	if (sel < 4 || sel & 4 || (sel | 7u) > gdtr.limit)
		return task_fault(t, vector, selector_error(sel));
	lin = (uint32_t)gdtr.base + (sel & ~7u);
	if (!task_read(t, lin, d, sizeof(d)))
		return false;
	unpack(d, sel, &t->tr);
	t->wide = d[5] & TSS_WIDE;
	if (TSS_TYPE(d[5]) != 1)
		return task_fault(t, vector, selector_error(sel));
	if (!(d[5] & DESC_P))
		return task_fault(t, VEC_NP, selector_error(sel));
	if (iret != !!(d[5] & TSS_BUSY))
		return task_fault(t, vector, selector_error(sel));
	if (t->tr.limit < (t->wide ? TSS32_SIZE : TSS16_SIZE) - 1)
		return task_fault(t, VEC_TS, selector_error(sel));
	t->tr.attributes |= TSS_BUSY;
	/* Under LOCK: two CPUs never enter one task (8.4.1) */
	return iret || task_change(t, lin + 5, TASK_LOCK, d[5] | TSS_BUSY, d[5]);
}

static bool save32(struct task *t, uint32_t base, uint32_t eip, uint32_t eflags)
{
	uint8_t b[TSS32_LDT - TSS32_STATE];

	/* The upper halves of selectors stay as they are */
	if (!task_read(t, base + TSS32_STATE, b, sizeof(b)))
		return false;
	put32(b, eip);
	put32(b + 4, eflags);
	for (uint32_t i = 0; i < 8; i++)
		put32(b + 8 + 4 * i, (uint32_t)t->vp->arch.gpr[i]);
	for (uint32_t i = 0; i < 6; i++) {
		struct hv_x64_segment_register s;

		virt->get_seg(t->vp, (enum x86_seg)(SEG_ES + i), &s);
		put16(&b[TSS32_SEGS - TSS32_STATE + 4 * i], s.selector);
	}
	return task_store(t, base + TSS32_STATE, b, sizeof(b), 0);
}

static bool save16(struct task *t, uint32_t base, uint32_t eip, uint32_t eflags)
{
	uint8_t b[TSS16_LDT - TSS16_STATE];

	put16(b, eip);
	put16(b + 2, eflags);
	for (uint32_t i = 0; i < 8; i++)
		put16(b + 4 + 2 * i, (uint32_t)t->vp->arch.gpr[i]);
	for (uint32_t i = 0; i < 4; i++) {
		struct hv_x64_segment_register s;

		virt->get_seg(t->vp, (enum x86_seg)(SEG_ES + i), &s);
		put16(&b[TSS16_SEGS - TSS16_STATE + 2 * i], s.selector);
	}
	return task_store(t, base + TSS16_STATE, b, sizeof(b), 0);
}

static bool save_old(struct task *t)
{
	uint32_t eflags = (uint32_t)virt->get(t->vp, SYS_RFLAGS) & ~(uint32_t)RFLAGS_RF;
	uint32_t eip = (uint32_t)t->vp->arch.rip + (t->ex->task.next ? t->ex->len : 0u);
	uint8_t source = t->ex->task.source, link[2];
	struct hv_x64_segment_register tr, gdtr;
	bool wide;

	virt->get_seg(t->vp, SEG_TR, &tr);
	virt->get_seg(t->vp, SEG_GDTR, &gdtr);
	wide = tr.attributes & TSS_WIDE;
	/* Table 7-6: "stores to the old TSS", "not writable for a JMP or IRET" */
	if (TSS_TYPE(tr.attributes) != 1 || !(tr.attributes & DESC_P) ||
	    tr.limit < (wide ? TSS32_SIZE : TSS16_SIZE) - 1)
		return task_fault(t, VEC_TS, selector_error(tr.selector));
	if (!nests(t)) {
		if (tr.selector < 4 || tr.selector & 4 || (tr.selector | 7u) > gdtr.limit)
			return task_fault(t, VEC_TS, selector_error(tr.selector));
		if (!task_change(t, (uint32_t)gdtr.base + (tr.selector & ~7u) + 5, TASK_AND,
				 (uint8_t)~TSS_BUSY, 0))
			return false;
	}
	if (t->ex->task.rf)
		eflags |= (uint32_t)RFLAGS_RF;
	if (source == TASK_IRET)
		eflags &= ~(uint32_t)RFLAGS_NT;
	if (!(wide ? save32 : save16)(t, (uint32_t)tr.base, eip, eflags))
		return false;
	put16(link, tr.selector);
	return !nests(t) || task_store(t, (uint32_t)t->tr.base, link, sizeof(link), 0);
}

static void take32(struct task *t, const uint8_t *b)
{
	t->eip = get32(b + TSS32_STATE);
	t->eflags = get32(b + TSS32_STATE + 4);
	for (uint32_t i = 0; i < 8; i++)
		t->gpr[i] = get32(b + TSS32_STATE + 8 + 4 * i);
	for (uint32_t i = 0; i < 6; i++)
		t->sel[i] = (uint16_t)get16(b + TSS32_SEGS + 4 * i);
	t->ldt_sel = (uint16_t)get16(b + TSS32_LDT);
	t->trap = b[TSS32_TRAP] & 1;
}

/* There is no FS and GS; what the upper halves of registers become the manuals leave open. */
static void take16(struct task *t, const uint8_t *b)
{
	t->eip = get16(b + TSS16_STATE);
	t->eflags = get16(b + TSS16_STATE + 2);
	for (uint32_t i = 0; i < 8; i++)
		t->gpr[i] = 0xffff0000u | get16(b + TSS16_STATE + 4 + 2 * i);
	for (uint32_t i = 0; i < 4; i++)
		t->sel[i] = (uint16_t)get16(b + TSS16_SEGS + 2 * i);
	t->ldt_sel = (uint16_t)get16(b + TSS16_LDT);
}

/* The new task's state as its TSS has it; *cr3 is what is there, wanted or not. */
static bool take_new(struct task *t, uint32_t *cr3)
{
	uint8_t b[TSS32_SIZE] = { 0 };

	if (!task_read(t, (uint32_t)t->tr.base, b, t->wide ? TSS32_SIZE : TSS16_SIZE))
		return false;
	*cr3 = get32(b + TSS32_CR3);
	if (t->wide)
		take32(t, b);
	else
		take16(t, b);
	t->eflags = (t->eflags & (uint32_t)RFLAGS_VALID) | (uint32_t)RFLAGS_FIXED;
	if (nests(t))
		t->eflags |= (uint32_t)RFLAGS_NT;
	t->cpl = t->eflags & RFLAGS_VM ? 3 : t->sel[SEG_CS] & 3;
	return true;
}

/* -- behind it: the new task's faults ---------------------------------------------------------- */

/*
 * Selectors are loaded, descriptors not yet: a segment that is not valid is not present. CS and SS
 * carry the privilege, which the handler's frame is made by; CS has to be something that a CPU
 * runs.
 */
static void no_segments(struct task *t)
{
	for (uint32_t i = 0; i < 6; i++)
		t->seg[i] = (struct hv_x64_segment_register){ .selector = t->sel[i] };
	t->seg[SEG_SS].attributes = (uint16_t)((uint32_t)t->cpl << 5 | DESC_S | DESC_W | DESC_A);
	t->seg[SEG_CS].attributes = (uint16_t)((uint32_t)t->cpl << 5 | 0xc09bu);
	t->seg[SEG_CS].limit = 0xffffffff;
	t->ldtr = (struct hv_x64_segment_register){ .selector = t->ldt_sel };
}

/* Under PAE the four entries are loaded with CR3, and judged (SDM vol. 3, 4.4.1). */
static bool load_cr3(struct task *t, uint32_t cr3)
{
	uint64_t reserved = MASK(63, cpu_phys_bits) | MASK(8, 5) | MASK(2, 1), pdpte[4];

	if (!t->wide || !(virt->get(t->vp, SYS_CR0) & CR0_PG) || cr3 == t->cr3)
		return true;
	if (virt->get(t->vp, SYS_CR4) & CR4_PAE) {
		if (!task_read_physical(t, GPA(cr3 & 0xffffffe0u), pdpte, sizeof(pdpte)))
			return false;
		for (uint32_t i = 0; i < 4; i++)
			if (pdpte[i] & 1 && pdpte[i] & reserved)
				return task_fault(t, VEC_GP, 0);
	}
	t->cr3 = cr3;
	return true;
}

static bool is_null(uint16_t sel)
{
	return sel < 4;
}

/* Row "LDT selector is valid"; whether it is present comes later. */
static bool load_ldt(struct task *t)
{
	struct hv_x64_segment_register gdtr;
	uint16_t sel = t->ldt_sel;
	uint8_t d[8];

	if (is_null(sel))
		return true;
	virt->get_seg(t->vp, SEG_GDTR, &gdtr);
	if (sel & 4 || (sel | 7u) > gdtr.limit)
		return task_fault(t, VEC_TS, selector_error(sel));
	if (!task_read(t, (uint32_t)gdtr.base + (sel & ~7u), d, sizeof(d)))
		return false;
	if (DESC_TYPE(d[5]) != LDT_TYPE)
		return task_fault(t, VEC_TS, selector_error(sel));
	unpack(d, sel, &t->ldtr);
	return true;
}

static bool check_ldt_present(struct task *t)
{
	if (is_null(t->ldt_sel) || t->ldtr.attributes & DESC_P)
		return true;
	return task_fault(t, VEC_TS, selector_error(t->ldt_sel));
}

/* A descriptor on its way into a segment register */
struct loading {
	uint16_t sel;
	bool there; /* not null, and within its table */
	uint32_t lin;
	struct hv_x64_segment_register seg;
};

static bool find(struct task *t, enum x86_seg s, struct loading *l)
{
	struct hv_x64_segment_register table;
	uint8_t d[8];

	*l = (struct loading){ .sel = t->sel[s] };
	if (is_null(l->sel))
		return true;
	if (l->sel & 4) {
		if (is_null(t->ldt_sel))
			return true;
		if (!check_ldt_present(t))
			return false;
		table = t->ldtr;
	} else {
		virt->get_seg(t->vp, SEG_GDTR, &table);
	}
	if ((l->sel | 7u) > table.limit)
		return true;
	l->lin = (uint32_t)table.base + (l->sel & ~7u);
	if (!task_read(t, l->lin, d, sizeof(d)))
		return false;
	unpack(d, l->sel, &l->seg);
	l->there = true;
	return true;
}

/* All checks are passed. A CPU marks the descriptor, unless it is marked. */
static bool load(struct task *t, enum x86_seg s, const struct loading *l)
{
	if (!(l->seg.attributes & DESC_A) && !task_change(t, l->lin + 5, TASK_OR, DESC_A, 0))
		return false;
	t->seg[s] = l->seg;
	t->seg[s].attributes |= DESC_A;
	return true;
}

static bool fails(struct task *t, uint8_t vector, const struct loading *l)
{
	return task_fault(t, vector, selector_error(l->sel));
}

static bool is_code(const struct loading *l)
{
	return l->there && (l->seg.attributes & (DESC_S | DESC_CODE)) == (DESC_S | DESC_CODE);
}

/* Rows on CS, SS and the LDT's presence, in the table's order */
static bool load_code_and_stack(struct task *t)
{
	struct loading cs, ss;
	uint32_t dpl;

	if (!find(t, SEG_CS, &cs))
		return false;
	dpl = DESC_DPL(cs.seg.attributes);
	if (is_code(&cs) && (cs.seg.attributes & DESC_C ? dpl > t->cpl : dpl != t->cpl))
		return fails(t, VEC_TS, &cs);
	if (!find(t, SEG_SS, &ss))
		return false;
	if (!ss.there || (ss.seg.attributes & (DESC_S | DESC_CODE | DESC_W)) != (DESC_S | DESC_W))
		return fails(t, VEC_TS, &ss);
	if (!(ss.seg.attributes & DESC_P))
		return fails(t, VEC_SS, &ss);
	if (DESC_DPL(ss.seg.attributes) != t->cpl)
		return fails(t, VEC_TS, &ss);
	if (!check_ldt_present(t))
		return false;
	if (!is_code(&cs))
		return fails(t, VEC_TS, &cs);
	if (!(cs.seg.attributes & DESC_P))
		return fails(t, VEC_NP, &cs);
	if ((ss.sel & 3) != t->cpl)
		return fails(t, VEC_TS, &ss);
	return load(t, SEG_CS, &cs) && load(t, SEG_SS, &ss);
}

static bool load_data(struct task *t, enum x86_seg s)
{
	struct loading l;
	uint32_t ar;

	if (is_null(t->sel[s]))
		return true;
	if (!find(t, s, &l))
		return false;
	ar = l.seg.attributes;
	if (!l.there || !(ar & DESC_S) || (ar & DESC_CODE && !(ar & DESC_W)))
		return fails(t, VEC_TS, &l);
	if (!(ar & DESC_P))
		return fails(t, VEC_NP, &l);
	if ((ar & (DESC_CODE | DESC_C)) != (DESC_CODE | DESC_C) &&
	    DESC_DPL(ar) < MAX(t->cpl, (uint8_t)(l.sel & 3)))
		return fails(t, VEC_TS, &l);
	return load(t, s, &l);
}

static bool load_all(struct task *t)
{
	static const enum x86_seg data[] = { SEG_DS, SEG_ES, SEG_FS, SEG_GS };

	if (!load_ldt(t))
		return false;
	if (t->eflags & RFLAGS_VM) {
		if (!check_ldt_present(t))
			return false;
		for (uint32_t i = 0; i < 6; i++)
			t->seg[i] = (struct hv_x64_segment_register){ .base = t->sel[i] * 16u,
								      .limit = 0xffff,
								      .selector = t->sel[i],
								      .attributes = 0xf3 };
		return true;
	}
	if (!load_code_and_stack(t))
		return false;
	for (uint32_t i = 0; i < ARRAY_LEN(data); i++)
		if (!load_data(t, data[i]))
			return false;
	return true;
}

/* An exception's error code goes on the new stack, as wide as the TSS (SDM vol. 2, INT n). */
static bool push_error(struct task *t)
{
	const struct hv_x64_segment_register *ss = &t->seg[SEG_SS];
	uint32_t mask = ss->attributes & DESC_B ? 0xffffffffu : 0xffffu, n = t->wide ? 4 : 2;
	uint32_t esp = (t->gpr[GPR_RSP] - n) & mask, last = esp + n - 1;
	bool down = (ss->attributes & (DESC_CODE | DESC_C)) == DESC_C;
	uint8_t b[4];

	if (!t->ex->task.has_error)
		return true;
	if (last < esp || (down ? esp <= ss->limit || last > mask : last > ss->limit))
		return task_fault(t, VEC_SS, 0);
	/* By the task's own AC; what went before was the CPU's own (SDM vol. 3, 4.6.1) */
	t->smap = t->eflags & RFLAGS_AC ? GVA_SMAP_OVERRIDE : GVA_SMAP_ENFORCE;
	put32(b, t->ex->task.error);
	if (!task_store(t, (uint32_t)ss->base + esp, b, n, t->cpl == 3 ? GVA_USER : 0))
		return false;
	t->gpr[GPR_RSP] = (t->gpr[GPR_RSP] & ~mask) | esp;
	return true;
}

static bool load_new(struct task *t, uint32_t cr3)
{
	no_segments(t);
	if (!load_cr3(t, cr3) || !load_all(t) || !push_error(t))
		return false;
	if (t->eip > t->seg[SEG_CS].limit)
		return task_fault(t, VEC_GP, 0);
	return true;
}

/* -- what changes ------------------------------------------------------------------------------ */

static void commit(struct task *t)
{
	struct vp *vp = t->vp;
	struct arch_vp *a = &vp->arch;

	a->rip = t->eip;
	for (uint32_t i = 0; i < 8; i++)
		a->gpr[i] = t->gpr[i];
	virt->set(vp, SYS_RFLAGS, t->eflags);
	virt->set(vp, SYS_CR0, virt->get(vp, SYS_CR0) | CR0_TS);
	if (t->cr3 != virt->get(vp, SYS_CR3))
		virt->set(vp, SYS_CR3, t->cr3);
	virt->set(vp, SYS_DR7, virt->get(vp, SYS_DR7) & ~DR7_LOCAL);
	virt->set(vp, SYS_INT_SHADOW, 0);
	for (uint32_t i = 0; i < 6; i++)
		virt->set_seg(vp, (enum x86_seg)(SEG_ES + i), &t->seg[i]);
	virt->set(vp, SYS_CPL, t->cpl);
	virt->set_seg(vp, SEG_LDTR, &t->ldtr);
	virt->set_seg(vp, SEG_TR, &t->tr);
	if (t->ex->task.source == TASK_IRET) {
		a->nmi_masked = false;
		virt->iret_window(vp, false);
	} else if (a->event.pending && a->event.type == EVENT_NMI) {
		a->nmi_masked = true;
		virt->iret_window(vp, true);
	}
}

/* As if the CPU had raised it: the partition's root may want to see it first. */
static enum exit_action raise(struct task *t)
{
	struct x86_exit ex = { .kind = X86_EXIT_EXCEPTION,
			       .exception = { .vector = t->vector,
					      .has_error = t->has_error,
					      .error = t->error,
					      .cr2 = t->cr2 } };

	return exit_exception(t->vp, &ex);
}

static enum exit_action not_there(struct task *t)
{
	if (t->vp->partition != partition_root)
		return intercept_memory(t->vp, t->gpa, t->access, t->unmapped, NULL);
	partition_unimplemented(partition_root, UNIMPLEMENTED_CORE_MEMORY,
				"root task switch over memory that is not its own", t->gpa.v);
	t->has_error = true;
	t->vector = VEC_GP;
	t->error = 0;
	return raise(t);
}

/*
 * The event that led here is delivered, and does not come again. One thing is left of an exception:
 * a fault of the new task's before its first instruction makes a double fault of it (table 7-5).
 */
static enum exit_action finish(struct task *t)
{
	struct vp *vp = t->vp;
	bool told = vp->partition != partition_root && t->faults &&
		    vp->partition->arch.exception_intercepts >> t->vector & 1;

	if (!t->faults || told || vp->arch.event.type != EVENT_EXCEPTION)
		vp->arch.event.pending = false;
	if (t->faults)
		return raise(t);
	if (!t->trap)
		return EXIT_RESUME;
	/* The T flag: before the first instruction (18.3.1.5) */
	virt->set(vp, SYS_DR6, virt->get(vp, SYS_DR6) | DR6_BT);
	t->vector = VEC_DB;
	t->has_error = false;
	return raise(t);
}

enum exit_action exit_task_switch(struct vp *vp, struct x86_exit *ex)
{
	struct task t = {
		.vp = vp, .ex = ex, .cr3 = virt->get(vp, SYS_CR3), .smap = GVA_SMAP_ENFORCE
	};
	uint32_t cr3;

	/* In long mode the CPU raises #GP by itself (8.7); not there: the CPU's own fetch faults */
	if (virt->get(vp, SYS_EFER) & EFER_LMA) {
		(void)task_fault(&t, VEC_GP, selector_error(ex->task.selector));
		return raise(&t);
	}
	/* The shadow stack of neither task is switched here (SDM vol. 3, 8.3, with CET) */
	if (unlikely(cet_active(vp))) {
		partition_unimplemented(vp->partition, UNIMPLEMENTED_TRAP, "task switch with CET",
					ex->task.selector);
		(void)task_fault(&t, VEC_TS, selector_error(ex->task.selector));
		return raise(&t);
	}
	if (ex->task.next && !insn_length(vp, ex))
		return EXIT_RESUME;
	if (!check_new(&t) || !save_old(&t) || !take_new(&t, &cr3))
		return t.absent ? not_there(&t) : raise(&t);
	(void)load_new(&t, cr3);
	if (t.absent || !task_hold(&t))
		return not_there(&t);
	if (!task_write_out(&t)) {
		/* Another CPU has taken the task meanwhile: asked for anew, it is busy */
		task_let_go(&t);
		return EXIT_RESUME;
	}
	task_let_go(&t);
	commit(&t);
	return finish(&t);
}
