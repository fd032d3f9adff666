/* SPDX-License-Identifier: MIT */
/*
 * What VM entry refuses of segments and RIP (Intel SDM vol. 3, 26.3.1.2 to 26.3.1.4). VMRUN takes
 * most of it (APM vol. 2, 15.5.1), and such a VP then does what no processor does; so neither gets
 * it. Asked only of what a client has set: what the CPU left behind is the CPU's.
 */
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/virt.h"

#define AR_TYPE	   0xfu
#define AR_WRITE   2u /* of code: readable */
#define AR_CODE	   8u
#define AR_S	   0x10u
#define AR_P	   0x80u
#define AR_L	   BIT(13)
#define AR_D	   BIT(14)
#define AR_G	   BIT(15)
#define AR_DPL(ar) ((ar) >> 5 & 3u)
#define AR_VM86	   0xf3u

struct whole {
	struct hv_x64_segment_register s[SEG_TR + 1];
	bool wide, vm86, protected;
};

/* Below TR a segment that is not present is one that is not used. */
static bool used(const struct hv_x64_segment_register *s)
{
	return s->attributes & AR_P;
}

static bool limit_impossible(const struct hv_x64_segment_register *s)
{
	bool g = s->attributes & AR_G;

	return g ? (s->limit & 0xfff) != 0xfff : s->limit >> 20 != 0;
}

static const char *check_vm86(const struct whole *w)
{
	for (int i = SEG_ES; i <= SEG_GS; i++)
		if (w->s[i].base != (uint64_t)w->s[i].selector << 4 || w->s[i].limit != 0xffff ||
		    w->s[i].attributes != AR_VM86)
			return "a segment that is not virtual-8086 mode's";
	return NULL;
}

static const char *check_code(const struct whole *w)
{
	uint32_t cs = w->s[SEG_CS].attributes, ss = w->s[SEG_SS].attributes;

	if (!used(&w->s[SEG_CS]) || !(cs & AR_S))
		return "CS is not present, or a system segment";
	if (w->s[SEG_CS].base >> 32)
		return "CS base beyond 4 GiB";
	if (w->wide && cs & AR_L && cs & AR_D)
		return "CS.L and CS.D both set";
	switch (cs & AR_TYPE) {
	case 3:
		return AR_DPL(cs) ? "CS is data, and its DPL not 0" : NULL;
	case 9:
	case 11:
		return AR_DPL(cs) != AR_DPL(ss) ? "CS.DPL is not SS.DPL" : NULL;
	case 13:
	case 15:
		return AR_DPL(cs) > AR_DPL(ss) ? "CS.DPL above SS.DPL" : NULL;
	default:
		return "CS is not accessed code";
	}
}

static const char *check_data(const struct whole *w)
{
	uint32_t cs = w->s[SEG_CS].attributes, ss = w->s[SEG_SS].attributes;

	if ((!w->protected || (cs & AR_TYPE) == 3) && AR_DPL(ss))
		return "SS.DPL in real mode";
	if (used(&w->s[SEG_SS]) && (ss & (AR_S | 0xbu)) != (AR_S | 3u))
		return "SS is not writable data, accessed";
	for (int i = SEG_ES; i <= SEG_GS; i++) {
		uint32_t ar = w->s[i].attributes;

		if (i == SEG_CS || !used(&w->s[i]))
			continue;
		if (!(ar & AR_S) || !(ar & 1))
			return "a data segment that is not accessed, or a system segment";
		if (ar & AR_CODE && !(ar & AR_WRITE))
			return "a data segment that cannot be read";
		if (i < SEG_FS && w->s[i].base >> 32)
			return "a data segment's base beyond 4 GiB";
	}
	return NULL;
}

static const char *check_system(const struct whole *w)
{
	uint32_t ldtr = w->s[SEG_LDTR].attributes, tr = w->s[SEG_TR].attributes;

	if (used(&w->s[SEG_LDTR]) &&
	    ((ldtr & (AR_S | AR_TYPE)) != 2 || w->s[SEG_LDTR].selector & 4))
		return "LDTR is not an LDT";
	if (!(tr & AR_P) || tr & AR_S || w->s[SEG_TR].selector & 4 ||
	    ((tr & AR_TYPE) != 11 && (w->wide || (tr & AR_TYPE) != 3)))
		return "TR is not a busy TSS of this mode";
	for (int i = SEG_ES; i <= SEG_TR; i++)
		if (used(&w->s[i]) && limit_impossible(&w->s[i]))
			return "a segment's limit against its granularity";
	return NULL;
}

const char *segments_check(struct vp *vp)
{
	uint64_t rflags = virt->get(vp, SYS_RFLAGS);
	const char *why;
	struct whole w;

	for (int i = SEG_ES; i <= SEG_TR; i++)
		virt->get_seg(vp, (enum x86_seg)i, &w.s[i]);
	w.wide = (virt->get(vp, SYS_EFER) & EFER_LMA) != 0;
	w.protected = (virt->get(vp, SYS_CR0) & CR0_PE) != 0;
	w.vm86 = (rflags & RFLAGS_VM) != 0;
	why = w.vm86 ? check_vm86(&w) : check_code(&w);
	if (!why && !w.vm86)
		why = check_data(&w);
	if (!why)
		why = check_system(&w);
	if (!why && vp->arch.rip >> 32 && !(w.wide && w.s[SEG_CS].attributes & AR_L))
		why = "RIP beyond 4 GiB outside 64-bit code";
	return why;
}
