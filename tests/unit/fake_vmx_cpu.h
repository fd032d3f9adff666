/* SPDX-License-Identifier: MIT */
/*
 * A VMX processor that is as strict as silicon, for the one test that includes this: VM entry with
 * its checks, and a TLB that remembers what was flushed (SDM vol. 3, 28.4.3).
 */
#ifndef FAKE_VMX_CPU_H
#define FAKE_VMX_CPU_H

#include "fake_vmx_rules.h"
#include "kernel/page_alloc.h"

static struct vp vp, root_vp;
static struct x86_exit ex;

/* What the next entry does, and what it saw. */
static struct {
	void (*before)(void); /* between the last VMWRITE and the entry */
	void (*after)(void);  /* in the guest */
	uint32_t reason;
	bool vmfail; /* whatever the state is */
	uint32_t entries;
	bool launched;
	const char *refused; /* by which rule; NULL: entered */
	struct fake_vmcs seen;
} cpu;

static inline uint64_t seen(uint32_t f)
{
	return *fake_field(&cpu.seen, f);
}

static inline uint32_t count(enum fake_kind kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < fake_hw.writes; i++)
		n += fake_hw.log[i].kind == kind;
	return n;
}

/* -- the TLB ---------------------------------------------------------------------------------- */

/*
 * Of each CPU what it may still hold: combined mappings of a VPID, made by one VP under one paging
 * and one state of the second level; guest-physical ones of an EPT root (28.4.2). INVEPT takes
 * both kinds of one root, INVVPID the combined ones (28.4.3.1).
 */
#define TLB_SLOTS 256u
static struct tlb {
	uint32_t slots;
	struct {
		uint64_t vpid, eptp; /* vpid 0: guest-physical */
		const struct vp *vp;
		uint64_t paging, run, generation;
	} s[TLB_SLOTS];
} tlb[FAKE_CPUS];

/* What the guest under a VP does to its paging goes by in one count, as do its runs. */
struct tlb_owner {
	const struct vp *vp;
	uint64_t paging, run;
	uint32_t last; /* CPU + 1 */
};
static struct tlb_owner owners[8];

static inline struct tlb_owner *owner_of(const struct vp *v)
{
	for (uint32_t i = 0; i < ARRAY_LEN(owners); i++)
		if (owners[i].vp == v || !owners[i].vp) {
			owners[i].vp = v;
			return &owners[i];
		}
	__builtin_trap();
}

static inline void tlb_drop(struct tlb *t, uint64_t eptp, bool all)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < t->slots; i++)
		if (all ? t->s[i].vpid == 0 : (t->s[i].eptp ^ eptp) >> 12)
			t->s[kept++] = t->s[i];
	t->slots = kept;
}

/* What was flushed on this CPU since the log began. */
static inline void tlb_follow(void)
{
	struct tlb *t = &tlb[fake_hw.cpu];

	for (uint32_t i = 0; i < fake_hw.writes; i++) {
		const struct fake_write *w = &fake_hw.log[i];

		if (w->kind == FAKE_INVEPT && w->index == 1)
			tlb_drop(t, w->value, false);
		else if (w->kind == FAKE_INVVPID && w->index == 2)
			tlb_drop(t, 0, true);
	}
}

/* The guest runs: everything that it could hit has to be of now; then it leaves its own. */
static inline void tlb_use(const struct vp *v)
{
	struct tlb *t = &tlb[fake_hw.cpu];
	struct tlb_owner *o = owner_of(v);
	uint64_t vpid = *field(VMCS_VPID), eptp = *field(VMCS_EPTP);
	uint64_t generation = v->partition->slat.generation;

	if (o->last != fake_hw.cpu + 1)
		o->run++; /* what it flushed itself elsewhere, nobody has flushed here */
	o->last = fake_hw.cpu + 1;
	for (uint32_t i = 0; i < t->slots; i++) {
		if ((t->s[i].eptp ^ eptp) >> 12)
			continue;
		if (t->s[i].vpid == 0 && t->s[i].generation != generation)
			fake_break("guest-physical translation of before");
		if (t->s[i].vpid != vpid)
			continue;
		if (t->s[i].vp != v)
			fake_break("translation of another VP");
		if (t->s[i].generation != generation)
			fake_break("translation that the second level has lost");
		if (t->s[i].paging != o->paging)
			fake_break("translation of another paging");
		if (t->s[i].run != o->run)
			fake_break("translation of before a move");
	}
	for (uint32_t kind = 0; kind < 2; kind++) {
		uint32_t i = 0;

		while (i < t->slots && (t->s[i].vpid != (kind ? vpid : 0) || t->s[i].eptp != eptp))
			i++;
		if (i == TLB_SLOTS)
			__builtin_trap();
		if (i == t->slots)
			t->slots++;
		t->s[i].vpid = kind ? vpid : 0;
		t->s[i].eptp = eptp;
		t->s[i].vp = v;
		t->s[i].paging = o->paging;
		t->s[i].run = o->run;
		t->s[i].generation = generation;
	}
}

/* -- VM entry --------------------------------------------------------------------------------- */

uint32_t vmx_enter_asm(struct arch_vp *a, const uint32_t *nmi_seen, uint32_t seen_before,
		       uint32_t how)
{
	struct fake_vmcs *v = fake_hw.current[fake_hw.cpu];
	uint64_t event;

	if (!v || v->pa != a->vmx.pa) {
		fake_break("VM entry with another VMCS");
		return VMX_FAILED;
	}
	if (cpu.before)
		cpu.before();
	if (*nmi_seen != seen_before)
		return VMX_ABORTED;
	cpu.entries++;
	cpu.launched = how & 1;
	cpu.seen = *v;
	tlb_follow();
	cpu.refused = check_controls();
	if (!cpu.refused)
		cpu.refused = check_host();
	if (cpu.refused || cpu.vmfail) {
		*field(VMCS_INSN_ERROR) = 7;
		return VMX_FAILED;
	}
	cpu.refused = check_guest();
	if (cpu.refused) {
		*field(VMCS_EXIT_REASON) = VMX_EXIT_FAILED | VMX_EXIT_BAD_STATE;
		return VMX_ENTERED;
	}
	tlb_use(CONTAINER(a, struct vp, arch));
	event = *field(VMCS_ENTRY_EVENT);
	*field(VMCS_ENTRY_EVENT) &= ~VMX_EVENT_VALID;
	*field(VMCS_GUEST_INTERRUPTIBILITY) &= ~(VMX_BLOCK_STI | VMX_BLOCK_MOVSS);
	if (event & VMX_EVENT_VALID && (event >> 8 & 7) == VMX_EVENT_NMI)
		*field(VMCS_GUEST_INTERRUPTIBILITY) |= VMX_BLOCK_NMI;
	*field(VMCS_IDT_EVENT) = 0;
	*field(VMCS_EXIT_REASON) = cpu.reason;
	if (cpu.after)
		cpu.after();
	return VMX_ENTERED;
}

/* -- the machine ------------------------------------------------------------------------------ */

/* Of struct percpu what this back end keeps of each CPU. */
static struct {
	uint64_t asid_gen, vmcs_pa;
	uint32_t asid_next, nmi_seen;
} percpus[FAKE_CPUS];

static inline void on_cpu(uint32_t to)
{
	struct percpu *c = this_cpu();

	percpus[fake_hw.cpu].asid_gen = c->asid_gen;
	percpus[fake_hw.cpu].asid_next = c->asid_next;
	percpus[fake_hw.cpu].vmcs_pa = c->vmcs_pa;
	percpus[fake_hw.cpu].nmi_seen = c->nmi_seen;
	fake_hw.cpu = c->index = to;
	c->asid_gen = percpus[to].asid_gen;
	c->asid_next = percpus[to].asid_next;
	c->vmcs_pa = percpus[to].vmcs_pa;
	c->nmi_seen = percpus[to].nmi_seen;
}

static inline void cpu_leaves(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	(void)sub;
	if (leaf == 1)
		r[2] = 1u << 5;
}

/* The registers of arch_vp_reset(). */
static inline void cpu_reset_vp(struct vp *v)
{
	struct hv_x64_segment_register s = { .limit = 0xffff, .attributes = 0x93 };

	for (int i = SEG_ES; i <= SEG_GS; i++)
		vmx_ops.set_seg(v, (enum x86_seg)i, &s);
	s.attributes = 0x82;
	vmx_ops.set_seg(v, SEG_LDTR, &s);
	s.attributes = 0x8b;
	vmx_ops.set_seg(v, SEG_TR, &s);
	s.attributes = 0;
	vmx_ops.set_seg(v, SEG_GDTR, &s);
	vmx_ops.set_seg(v, SEG_IDTR, &s);
	s = (struct hv_x64_segment_register){
		.base = 0xffff0000, .limit = 0xffff, .selector = 0xf000, .attributes = 0x9b
	};
	vmx_ops.set_seg(v, SEG_CS, &s);
	vmx_ops.set(v, SYS_RFLAGS, RFLAGS_FIXED);
	vmx_ops.set(v, SYS_CR0, CR0_ET | CR0_CD | CR0_NW);
	vmx_ops.set(v, SYS_CR3, 0);
	vmx_ops.set(v, SYS_CR4, 0);
	vmx_ops.set(v, SYS_EFER, 0);
	vmx_ops.set(v, SYS_DR7, DR7_FIXED);
	vmx_ops.set(v, SYS_INT_SHADOW, 0);
	vmx_ops.set(v, SYS_SYSENTER_CS, 0);
	vmx_ops.set(v, SYS_SYSENTER_ESP, 0);
	vmx_ops.set(v, SYS_SYSENTER_EIP, 0);
	vmx_ops.set(v, SYS_DEBUGCTL, 0);
	vmx_ops.set(v, SYS_PAT, PAT_RESET);
	v->arch.rip = 0xfff0;
}

static inline void cpu_protected_mode(struct vp *v)
{
	vmx_ops.set(v, SYS_CR0, CR0_PE | CR0_ET);
}

static inline void cpu_long_mode(struct vp *v)
{
	struct hv_x64_segment_register cs = { .selector = 8,
					      .attributes = 0xa09b,
					      .limit = 0xffffffff };

	vmx_ops.set(v, SYS_CR0, CR0_PE | CR0_PG | CR0_ET | CR0_NE | CR0_WP);
	vmx_ops.set(v, SYS_CR4, CR4_PAE);
	vmx_ops.set(v, SYS_EFER, EFER_LME | EFER_LMA | EFER_NXE);
	vmx_ops.set_seg(v, SEG_CS, &cs);
}

static inline void cpu_new_vp(struct vp *v, struct partition *p)
{
	memset(v, 0, sizeof(*v));
	v->partition = p;
	v->cpu = ~0u;
	assert_int_equal(vmx_ops.vp_init(v), HV_STATUS_SUCCESS);
	vmx_ops.vp_setup(v, p == &root_part);
	cpu_reset_vp(v);
}

static inline void cpu_new_partition(struct partition *p)
{
	memset(p, 0, sizeof(*p));
	for (uint32_t i = 0; i < 8; i++)
		pool_give(&p->pool, page_alloc(1));
	p->slat.root = page_alloc(1);
	p->slat.generation = 1;
}

/* A machine up to vmx_probe(), which is the caller's */
static inline void cpu_power_on(void)
{
	fake_reset();
	fake_frames(0, FAKE_PFNS, FRAME_CORE);
	page_alloc_init(HPA(0x100000), 0x400000);
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&cpu, 0, sizeof(cpu));
	memset(tlb, 0, sizeof(tlb));
	memset(owners, 0, sizeof(owners));
	memset(percpus, 0, sizeof(percpus));
	fake_hw.cpuid = cpu_leaves;
	for (uint32_t i = 0; i < VMX_CAP_MSRS; i++)
		fake_hw.msr[fake_msr(MSR_VMX_BASIC + i)].value = skylake_x[i];
	fake_hw.msr[fake_msr(MSR_PAT)].value = PAT_RESET;
	fake_hw.msr[fake_msr(MSR_EFER)].value = EFER_LME | EFER_LMA | EFER_NXE;
	fake_hw.cr[0] = CR0_PE | CR0_ET | CR0_WP | CR0_PG;
	fake_hw.cr[3] = 0x7654000;
	fake_hw.cr[4] = CR4_PAE | CR4_PGE | CR4_OSXSAVE;
	fake_deadline = UINT64_MAX;
	fake_memory = NULL;
	fake_own_timer = false;
	arch_slat_format = NULL;
	cpu.reason = VMX_EXIT_CPUID;
}

/* Every CPU with VMX on; `vp` of a guest and `root_vp` of the root, as after reset. */
static inline int cpu_setup(void **state)
{
	(void)state;
	cpu_power_on();
	assert_true(vmx_probe());
	for (uint32_t i = FAKE_CPUS; i-- > 0;) {
		on_cpu(i);
		vmx_ops.cpu_init(this_cpu());
	}
	cpu_new_partition(&part);
	cpu_new_partition(&root_part);
	cpu_new_vp(&root_vp, &root_part);
	vmx_ops.release(&root_vp);
	this_cpu()->root_vp = &root_vp;
	cpu_new_vp(&vp, &part);
	fake_hw.writes = 0;
	return 0;
}

static inline void enter_vp(struct vp *v)
{
	uint32_t before = cpu.entries;

	fake_hw.writes = 0;
	memset(&ex, 0xee, sizeof(ex));
	cpu.refused = NULL;
	vmx_ops.enter(v, &ex);
	assert_null(this_cpu()->running);
	/* An entry that was not made leaves the flushes that came before it to the next. */
	if (cpu.entries == before)
		tlb_follow();
}

/* Has to end in that kind of exit, and break no rule. */
static inline void enter(uint8_t kind)
{
	enter_vp(&vp);
	if (cpu.refused || fake_hw.broken)
		fail_msg("%s", cpu.refused ? cpu.refused : fake_hw.broken);
	assert_int_equal(ex.kind, kind);
}

#endif
