/* SPDX-License-Identifier: MIT */
/* The SVM back end: probe, per-CPU and per-VP set-up, register access, the entry itself. */
#include <string.h>

#include <insn.h>

#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/speculation.h"
#include "arch/x86_64/common/virt.h"
#include "arch/x86_64/svm/svm.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"

#define MSRPM_SIZE  8192u
#define IOPM_SIZE   12288u
#define MSRPM_READ  1u
#define MSRPM_WRITE 2u

struct svm_caps svm_caps;

static uint8_t *msrpm_root, *msrpm_guest, *iopm_guest;

bool svm_probe(void)
{
	uint32_t r[4];

	cpuid(0x80000001, 0, r);
	if (!(r[2] & BIT(2)))
		return false;
	if (rdmsr(MSR_VM_CR) & VM_CR_SVMDIS)
		panic("SVM is disabled by firmware (VM_CR.SVMDIS)");
	cpuid(0x8000000a, 0, r);
	if (!(r[3] & SVM_FEAT_NPT))
		panic("this CPU's SVM has no nested paging (CPUID 8000_000A EDX bit 0)");
	svm_caps.asids = r[1];
	svm_caps.nrip = (r[3] & SVM_FEAT_NRIP) != 0;
	svm_caps.clean = (r[3] & SVM_FEAT_CLEAN) != 0;
	svm_caps.decode_assists = (r[3] & SVM_FEAT_DECODE_ASSISTS) != 0;
	if (svm_caps.asids < 3)
		panic("this CPU has %u ASIDs; 3 are needed", svm_caps.asids);
	svm_maps_build();
	return true;
}

/* Bit pair of an MSR in the permission map (APM 15.11); false: not covered, always intercepted. */
bool svm_msrpm_bit(uint32_t msr, uint32_t *bit)
{
	uint32_t base;

	if (msr < 0x2000)
		base = 0;
	else if (msr >= 0xc0000000 && msr < 0xc0002000)
		base = 0x800 * 8;
	else if (msr >= 0xc0010000 && msr < 0xc0012000)
		base = 0x1000 * 8;
	else
		return false;
	*bit = base + (msr & 0x1fff) * 2;
	return true;
}

void svm_msrpm_set(uint8_t *map, uint32_t msr, bool read, bool write)
{
	uint32_t bit, shift;

	if (!svm_msrpm_bit(msr, &bit))
		return;
	shift = bit & 7;
	map[bit / 8] &= (uint8_t) ~(3u << shift);
	map[bit / 8] |=
		(uint8_t)((read ? MSRPM_READ : 0u) << shift | (write ? MSRPM_WRITE : 0u) << shift);
}

static const struct {
	uint32_t msr;
	bool read, write; /* intercepted */
} root_msrs[] = {
	{ MSR_APIC_BASE, false, true },
	{ MSR_X2APIC_ICR, false, true },
	{ MSR_EFER, true, true },
	{ MSR_VM_CR, true, true },
	{ MSR_VM_HSAVE_PA, true, true },
	{ MSR_MTRR_DEF_TYPE, false, true },
	{ MSR_MTRR_FIX64K, false, true },
	{ MSR_MTRR_FIX16K, false, true },
	{ MSR_MTRR_FIX16K + 1, false, true },
};

/* What a guest touches without an exit: VMCB members with no rule of ours beyond the hardware's. */
static const uint32_t guest_free_msrs[] = { MSR_FS_BASE,     MSR_GS_BASE,     MSR_KERNEL_GS,
					    MSR_STAR,	     MSR_LSTAR,	      MSR_CSTAR,
					    MSR_SFMASK,	     MSR_SYSENTER_CS, MSR_SYSENTER_ESP,
					    MSR_SYSENTER_EIP };

void svm_maps_build(void)
{
	msrpm_root = page_alloc(MSRPM_SIZE / PAGE_SIZE);
	msrpm_guest = page_alloc(MSRPM_SIZE / PAGE_SIZE);
	iopm_guest = page_alloc(IOPM_SIZE / PAGE_SIZE);
	if (!msrpm_root || !msrpm_guest || !iopm_guest)
		panic("core memory too small for the permission maps");
	for (uint32_t i = 0; i < ARRAY_LEN(root_msrs); i++)
		svm_msrpm_set(msrpm_root, root_msrs[i].msr, root_msrs[i].read, root_msrs[i].write);
	for (uint32_t i = 0; i < 2 * ARCH_MTRR_VARIABLE; i++)
		svm_msrpm_set(msrpm_root, MSR_MTRR_PHYSBASE + i, false, true);
	for (uint32_t i = 0; i < 8; i++)
		svm_msrpm_set(msrpm_root, MSR_MTRR_FIX4K + i, false, true);
	memset(msrpm_guest, 0xff, MSRPM_SIZE);
	memset(iopm_guest, 0xff, IOPM_SIZE);
	for (uint32_t i = 0; i < ARRAY_LEN(guest_free_msrs); i++)
		svm_msrpm_set(msrpm_guest, guest_free_msrs[i], false, false);
}

static void cpu_init(struct percpu *cpu)
{
	void *pages = page_alloc(2);

	if (!pages)
		panic("core memory too small for CPU %u", cpu->index);
	/* The probe has looked at the first CPU only; SVME would fault here. */
	if (rdmsr(MSR_VM_CR) & VM_CR_SVMDIS)
		panic("CPU %u: SVM is disabled by firmware (VM_CR.SVMDIS)", cpu->index);
	cpu->cpu_pages = pages;
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, ptr_hpa(pages).v);
	cpu->host_vmcb_pa = ptr_hpa(pages).v + PAGE_SIZE;
	cpu->asid_gen = 1;
	cpu->asid_next = 1;
	svm_clgi();
	svm_vmsave(cpu->host_vmcb_pa);
}

static uint16_t vmcb_alloc(struct vp *vp)
{
	vp->arch.vmcb = pool_alloc(&vp->partition->pool);
	if (!vp->arch.vmcb)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	vp->arch.vmcb_pa = ptr_hpa(vp->arch.vmcb).v;
	return HV_STATUS_SUCCESS;
}

static void vmcb_free(struct vp *vp)
{
	if (vp->arch.vmcb)
		pool_free(&vp->partition->pool, vp->arch.vmcb);
	vp->arch.vmcb = NULL;
}

#define INTERCEPT_BOTH_3 \
	(SVM_I3_NMI | SVM_I3_INIT | SVM_I3_CPUID | SVM_I3_MSR | SVM_I3_INVLPGA | SVM_I3_SHUTDOWN)
#define INTERCEPT_BOTH_4 \
	(SVM_I4_VMRUN | SVM_I4_VMMCALL | SVM_I4_VMLOAD | SVM_I4_VMSAVE | SVM_I4_STGI | \
	 SVM_I4_CLGI | SVM_I4_SKINIT)
#define INTERCEPT_GUEST_3 \
	(SVM_I3_INTR | SVM_I3_SMI | SVM_I3_RDPMC | SVM_I3_RSM | SVM_I3_INVD | SVM_I3_HLT | \
	 SVM_I3_IOIO | SVM_I3_TASK_SWITCH | SVM_I3_FERR_FREEZE)
#define INTERCEPT_GUEST_4 \
	(SVM_I4_WBINVD | SVM_I4_MONITOR | SVM_I4_MWAIT | SVM_I4_MWAIT_ARMED | SVM_I4_XSETBV | \
	 SVM_I4_RDPRU)

static void vp_setup(struct vp *vp, bool root)
{
	struct svm_vmcb *c = vp->arch.vmcb;

	c->intercept_exceptions = 1u << VEC_DB | 1u << VEC_AC;
	c->intercept[0] = (uint32_t)INTERCEPT_BOTH_3;
	c->intercept[1] = (uint32_t)INTERCEPT_BOTH_4;
	c->nested_control = SVM_NP_ENABLE;
	c->nested_cr3 = ptr_hpa(vp->partition->slat.root).v;
	c->iopm_base_pa = ptr_hpa(iopm_guest).v;
	c->msrpm_base_pa = ptr_hpa(root ? msrpm_root : msrpm_guest).v;
	c->g_pat = PAT_RESET;
	c->asid = 1;
	vp->arch.asid_gen = 0;
	if (!root) {
		c->intercept[0] |= (uint32_t)INTERCEPT_GUEST_3;
		c->intercept[1] |= (uint32_t)INTERCEPT_GUEST_4;
		c->vintr = SVM_VINTR_MASKING;
	}
	vp->arch.clean = 0;
}

static void load(struct vp *vp)
{
	svm_vmload(vp->arch.vmcb_pa);
}

static void save(struct vp *vp)
{
	svm_vmsave(vp->arch.vmcb_pa);
}

/* The VMCB is memory, and what a CPU caches of it is told by the clean bits. */
static void release(struct vp *vp)
{
	(void)vp;
}

/*
 * A VP's TLB entries on this CPU are its own while its ASID is of the CPU's generation, it ran
 * here last, and its second-level table lost nothing since. Else it gets a fresh ASID, and when
 * they are used up all are flushed at once (APM 15.16).
 */
static uint32_t asid_for(struct vp *vp, struct percpu *cpu, uint64_t generation)
{
	struct arch_vp *a = &vp->arch;
	uint32_t flush = SVM_TLB_NOTHING;

	if (likely(a->asid_gen == cpu->asid_gen && vp->cpu == cpu->index &&
		   vp->slat_generation == generation))
		return SVM_TLB_NOTHING;
	if (cpu->asid_next >= svm_caps.asids) {
		cpu->asid_gen++;
		cpu->asid_next = 1;
		flush = SVM_TLB_FLUSH_ALL;
	}
	a->asid = cpu->asid_next++;
	a->asid_gen = cpu->asid_gen;
	vp->slat_generation = generation;
	/* Nothing in the VMCB is cached on a CPU it comes new to (APM 15.15.1). */
	if (vp->cpu != cpu->index)
		a->clean = 0;
	/* Before enter() looks at the mail: vp_post() kicks the CPU that stands here. */
	atomic_store(&vp->cpu, cpu->index);
	atomic_fence();
	a->vmcb->asid = a->asid;
	a->clean &= ~(uint32_t)SVM_CLEAN_ASID;
	return flush;
}

/* Mail has come since the last look: what was to be injected waits for the next try. */
static void turn_back(struct vp *vp, struct x86_exit *ex)
{
	struct svm_vmcb *c = vp->arch.vmcb;

	if (c->eventinj & SVM_EVENT_VALID)
		vp->arch.event = (struct x86_event){
			.pending = true,
			.vector = (uint8_t)c->eventinj,
			.type = c->eventinj >> SVM_EVENT_TYPE_SHIFT & 7,
			.has_error = (c->eventinj & SVM_EVENT_ERROR) != 0,
			.error = c->eventinj_error,
		};
	c->eventinj = 0;
	ex->kind = X86_EXIT_NONE;
	ex->len = 0;
	ex->code = 0;
	ex->cr8 = c->vintr & 0xf;
}

static void enter(struct vp *vp, struct x86_exit *ex)
{
	struct percpu *cpu = this_cpu();
	struct arch_vp *a = &vp->arch;
	struct svm_vmcb *c = a->vmcb;

	c->rax = a->gpr[GPR_RAX];
	c->rsp = a->gpr[GPR_RSP];
	c->rip = a->rip;
	/* Publish, full barrier, then look at the generation: smp.h. */
	(void)atomic_xchg(&cpu->running, &vp->partition->slat);
	c->tlb_control = asid_for(vp, cpu, atomic_load(&vp->partition->slat.generation));
	if (unlikely(cpu->flush_all)) {
		cpu->flush_all = 0;
		c->tlb_control = SVM_TLB_FLUSH_ALL;
	}
	if (unlikely(atomic_load(&vp->mail))) {
		/* A flush that this entry would have made is due at the next, whoever's it is. */
		if (c->tlb_control != SVM_TLB_NOTHING)
			cpu->flush_all = 1;
		atomic_store(&cpu->running, NULL);
		turn_back(vp, ex);
		return;
	}
	c->clean = svm_caps.clean ? a->clean : 0;
	svm_enter(a, a->vmcb_pa, cpu_speculation.verw && vp->partition != partition_root);
	atomic_store(&cpu->running, NULL);
	atomic_store(&cpu->exit_count, cpu->exit_count + 1);
	a->clean = SVM_CLEAN_ALL;
	a->gpr[GPR_RAX] = c->rax;
	a->gpr[GPR_RSP] = c->rsp;
	a->rip = c->rip;
	c->eventinj = 0;
	svm_decode_exit(vp, ex);
}

static uint64_t get(struct vp *vp, enum x86_sysreg r)
{
	const struct svm_vmcb *c = vp->arch.vmcb;

	switch (r) {
	case SYS_RFLAGS:
		return c->rflags;
	case SYS_CR0:
		return c->cr0;
	case SYS_CR2:
		return c->cr2;
	case SYS_CR3:
		return c->cr3;
	case SYS_CR4:
		return c->cr4;
	case SYS_DR6:
		return c->dr6;
	case SYS_DR7:
		return c->dr7;
	case SYS_EFER:
		return c->efer & ~EFER_SVME;
	case SYS_PAT:
		return c->g_pat;
	case SYS_STAR:
		return c->star;
	case SYS_LSTAR:
		return c->lstar;
	case SYS_CSTAR:
		return c->cstar;
	case SYS_SFMASK:
		return c->sfmask;
	case SYS_KERNEL_GS:
		return c->kernel_gs_base;
	case SYS_SYSENTER_CS:
		return c->sysenter_cs;
	case SYS_SYSENTER_ESP:
		return c->sysenter_esp;
	case SYS_SYSENTER_EIP:
		return c->sysenter_eip;
	case SYS_DEBUGCTL:
		return c->debugctl;
	case SYS_INT_SHADOW:
		return c->interrupt_shadow & 1;
	case SYS_CPL:
		return c->cpl;
	case SYS_MAX:
	default:
		return 0;
	}
}

static void set(struct vp *vp, enum x86_sysreg r, uint64_t v)
{
	struct svm_vmcb *c = vp->arch.vmcb;
	uint32_t dirty = 0;

	switch (r) {
	case SYS_RFLAGS:
		c->rflags = v;
		break;
	case SYS_CR0:
		c->cr0 = v;
		dirty = SVM_CLEAN_CRX;
		break;
	case SYS_CR2:
		c->cr2 = v;
		dirty = SVM_CLEAN_CR2;
		break;
	case SYS_CR3:
		c->cr3 = v;
		dirty = SVM_CLEAN_CRX;
		break;
	case SYS_CR4:
		c->cr4 = v;
		dirty = SVM_CLEAN_CRX;
		break;
	case SYS_DR6:
		c->dr6 = v;
		dirty = SVM_CLEAN_DRX;
		break;
	case SYS_DR7:
		c->dr7 = v;
		dirty = SVM_CLEAN_DRX;
		break;
	case SYS_EFER:
		c->efer = v | EFER_SVME;
		dirty = SVM_CLEAN_CRX;
		break;
	case SYS_PAT:
		c->g_pat = v;
		dirty = SVM_CLEAN_NP;
		break;
	case SYS_STAR:
		c->star = v;
		break;
	case SYS_LSTAR:
		c->lstar = v;
		break;
	case SYS_CSTAR:
		c->cstar = v;
		break;
	case SYS_SFMASK:
		c->sfmask = v;
		break;
	case SYS_KERNEL_GS:
		c->kernel_gs_base = v;
		break;
	case SYS_SYSENTER_CS:
		c->sysenter_cs = v;
		break;
	case SYS_SYSENTER_ESP:
		c->sysenter_esp = v;
		break;
	case SYS_SYSENTER_EIP:
		c->sysenter_eip = v;
		break;
	case SYS_DEBUGCTL:
		c->debugctl = v;
		dirty = SVM_CLEAN_LBR;
		break;
	case SYS_INT_SHADOW:
		c->interrupt_shadow = v & 1;
		break;
	case SYS_CPL:
		c->cpl = (uint8_t)(v & 3);
		dirty = SVM_CLEAN_SEG;
		break;
	case SYS_MAX:
	default:
		break;
	}
	vp->arch.clean &= ~dirty;
	/* A MOV to these would have flushed: the translations of before go with their ASID. */
	if (dirty & SVM_CLEAN_CRX)
		vp->arch.asid_gen = 0;
}

static struct svm_segment *segment(struct vp *vp, enum x86_seg s)
{
	struct svm_vmcb *c = vp->arch.vmcb;

	switch (s) {
	case SEG_ES:
		return &c->es;
	case SEG_CS:
		return &c->cs;
	case SEG_SS:
		return &c->ss;
	case SEG_DS:
		return &c->ds;
	case SEG_FS:
		return &c->fs;
	case SEG_GS:
		return &c->gs;
	case SEG_LDTR:
		return &c->ldtr;
	case SEG_TR:
		return &c->tr;
	case SEG_GDTR:
		return &c->gdtr;
	case SEG_IDTR:
	default:
		return &c->idtr;
	}
}

/*
 * The VMCB packs descriptor bits 55:52 right behind 47:40; the ABI's attribute word leaves the
 * limit's four bits between them (TLFS, HV_X64_SEGMENT_REGISTER).
 */
static void place(struct vp *vp, struct x86_place *p)
{
	const struct svm_vmcb *c = vp->arch.vmcb;

	p->cpl = c->cpl;
	if (likely(c->efer & EFER_LMA && c->cs.attrib & BIT(9))) {
		p->linear = vp->arch.rip;
		p->mode = X86_MODE_64;
		p->in_protected = true;
		return;
	}
	p->linear = (c->cs.base + vp->arch.rip) & 0xffffffffu;
	p->in_protected = c->cr0 & CR0_PE && !(c->rflags & RFLAGS_VM);
	p->mode = p->in_protected && c->cs.attrib & BIT(10) ? X86_MODE_32 : X86_MODE_16;
}

static void get_seg(struct vp *vp, enum x86_seg s, struct hv_x64_segment_register *v)
{
	const struct svm_segment *g = segment(vp, s);

	v->base = g->base;
	v->limit = g->limit;
	v->selector = g->selector;
	v->attributes = (uint16_t)((g->attrib & 0xff) | (g->attrib & 0xf00) << 4);
	/* The way back: the CPU need not keep the two alike, SYSRET leaves SS.DPL as it was */
	if (s == SEG_SS)
		v->attributes = (uint16_t)((v->attributes & ~0x60u) |
					   (uint32_t)(vp->arch.vmcb->cpl & 3) << 5);
}

static void set_seg(struct vp *vp, enum x86_seg s, const struct hv_x64_segment_register *v)
{
	struct svm_segment *g = segment(vp, s);

	g->base = v->base;
	g->limit = v->limit;
	g->selector = v->selector;
	g->attrib = (uint16_t)((v->attributes & 0xff) | (v->attributes >> 4 & 0xf00));
	/* CPL is its own field here; the ABI has it in SS.DPL (APM 15.5.1). */
	if (s == SEG_SS)
		vp->arch.vmcb->cpl = v->attributes >> 5 & 3;
	vp->arch.clean &=
		~(uint32_t)(s == SEG_GDTR || s == SEG_IDTR ? SVM_CLEAN_DT : SVM_CLEAN_SEG);
}

static void inject(struct vp *vp, const struct x86_event *e)
{
	struct svm_vmcb *c = vp->arch.vmcb;

	c->eventinj = (uint32_t)(e->vector | (uint32_t)e->type << SVM_EVENT_TYPE_SHIFT |
				 (e->has_error ? SVM_EVENT_ERROR : 0) | SVM_EVENT_VALID);
	c->eventinj_error = e->error;
}

/*
 * V_IRQ is the window of RFLAGS.IF, an intercept of CR8 that of the TPR. With V_IRQ up CR8 is
 * intercepted too: the CPU would weigh V_TPR anew by itself, but QEMU (7.2) dies of it.
 */
static void intr_window(struct vp *vp, bool on, uint8_t vector)
{
	struct svm_vmcb *c = vp->arch.vmcb;
	uint32_t vintr = c->vintr & (0xffu | (uint32_t)SVM_VINTR_MASKING);
	uint32_t crs = c->intercept_cr_write & ~(uint32_t)BIT(8);
	uint32_t third = c->intercept[0] & ~(uint32_t)SVM_I3_VINTR;

	if (on && vector)
		crs |= (uint32_t)BIT(8);
	if (on && (vector == 0 || (uint32_t)vector >> 4 > (c->vintr & 0xff))) {
		vintr |=
			(uint32_t)(SVM_VINTR_IRQ | (uint32_t)(vector >> 4) << SVM_VINTR_PRIO_SHIFT |
				   (vector ? 0 : SVM_VINTR_IGN_TPR));
		third |= (uint32_t)SVM_I3_VINTR;
	}
	if (c->vintr == vintr && c->intercept_cr_write == crs && c->intercept[0] == third)
		return;
	c->vintr = vintr;
	c->intercept_cr_write = (uint16_t)crs;
	c->intercept[0] = third;
	vp->arch.clean &= ~(uint32_t)(SVM_CLEAN_TPR | SVM_CLEAN_I);
}

static void iret_window(struct vp *vp, bool on)
{
	struct svm_vmcb *c = vp->arch.vmcb;

	if (on)
		c->intercept[0] |= (uint32_t)SVM_I3_IRET;
	else
		c->intercept[0] &= ~(uint32_t)SVM_I3_IRET;
	vp->arch.clean &= ~(uint32_t)SVM_CLEAN_I;
}

static void set_tpr(struct vp *vp, uint8_t cr8)
{
	struct svm_vmcb *c = vp->arch.vmcb;

	if ((c->vintr & 0xff) == cr8)
		return;
	c->vintr = (c->vintr & ~0xffu) | cr8;
	vp->arch.clean &= ~(uint32_t)SVM_CLEAN_TPR;
}

static void set_tsc_offset(struct vp *vp, uint64_t offset)
{
	vp->arch.vmcb->tsc_offset = offset;
	vp->arch.clean &= ~(uint32_t)SVM_CLEAN_I;
}

static void set_exceptions(struct vp *vp, uint32_t mask)
{
	uint32_t all = mask | 1u << VEC_DB | 1u << VEC_AC;

	if (vp->arch.vmcb->intercept_exceptions == all)
		return;
	vp->arch.vmcb->intercept_exceptions = all;
	vp->arch.clean &= ~(uint32_t)SVM_CLEAN_I;
}

static void dump(struct vp *vp)
{
	const struct svm_vmcb *c = vp->arch.vmcb;

	log_error("  exit %llx info %llx %llx int %x rip %llx cs %x:%x ss %x:%x cpl %u",
		  (unsigned long long)c->exitcode, (unsigned long long)c->exitinfo1,
		  (unsigned long long)c->exitinfo2, c->exitintinfo, (unsigned long long)c->rip,
		  c->cs.selector, c->cs.attrib, c->ss.selector, c->ss.attrib, c->cpl);
	log_error("  cr0 %llx cr3 %llx cr4 %llx efer %llx rflags %llx rsp %llx",
		  (unsigned long long)c->cr0, (unsigned long long)c->cr3,
		  (unsigned long long)c->cr4, (unsigned long long)c->efer,
		  (unsigned long long)c->rflags, (unsigned long long)c->rsp);
}

const struct virt_ops svm_ops = {
	.name = "SVM",
	.hypercall = { 0x0f, 0x01, 0xd9 },
	.cpu_init = cpu_init,
	.vp_init = vmcb_alloc,
	.vp_free = vmcb_free,
	.vp_setup = vp_setup,
	.load = load,
	.save = save,
	.release = release,
	.open = svm_stgi,
	.close = svm_clgi,
	.enter = enter,
	.get = get,
	.set = set,
	.get_seg = get_seg,
	.set_seg = set_seg,
	.place = place,
	.inject = inject,
	.intr_window = intr_window,
	.iret_window = iret_window,
	.set_tpr = set_tpr,
	.set_tsc_offset = set_tsc_offset,
	.set_exceptions = set_exceptions,
	.check_state = svm_check_state,
	.dump = dump,
};
