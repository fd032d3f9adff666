/* SPDX-License-Identifier: MIT */
/* A VP's registers over its VMCS, and over the CPU for those that VMX does not switch. */
#include "arch/x86_64/common/regs.h"

#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/vmx/vmx.h"
#include "kernel/log.h"

#define CR0_MASKED (CR0_NE | CR0_NW | CR0_CD)

/* Code or data; execute; conforming: access rights of a segment */
#define AR_CODE		 0x1cu
#define AR_NONCONFORMING 0x18u

uint32_t vmx_blocking(struct vp *vp)
{
	struct vmx_vp *x = &vp->arch.vmx;

	if (!x->blocking_valid) {
		x->blocking = (uint32_t)vmcs_read(vp, VMCS_GUEST_INTERRUPTIBILITY);
		x->blocking_valid = true;
	}
	return x->blocking;
}

void vmx_set_blocking(struct vp *vp, uint32_t v)
{
	struct vmx_vp *x = &vp->arch.vmx;

	if (vmx_blocking(vp) == v)
		return;
	x->blocking = v;
	x->blocking_dirty = true;
}

/* Registers that VMX leaves alone, in the order of struct vmx_vp's kept[]. */
static const enum x86_sysreg switched[] = { SYS_CR2,	 SYS_DR6,     SYS_STAR,	     SYS_LSTAR,
					    SYS_CSTAR,	 SYS_SFMASK,  SYS_KERNEL_GS, SYS_U_CET,
					    SYS_PL0_SSP, SYS_PL1_SSP, SYS_PL2_SSP,   SYS_PL3_SSP };
#define SWITCHED_ALWAYS 7u /* those behind are CET's */
_Static_assert(ARRAY_LEN(switched) == ARRAY_LEN(((struct vmx_vp *)0)->kept), "types.h");

/* -1: the VMCS has it. Asked at each exit: no search. */
static int kept_at(enum x86_sysreg r)
{
	static const uint8_t after[SYS_MAX + 1] = {
		[SYS_CR2] = 1,	   [SYS_DR6] = 2,      [SYS_STAR] = 3,	    [SYS_LSTAR] = 4,
		[SYS_CSTAR] = 5,   [SYS_SFMASK] = 6,   [SYS_KERNEL_GS] = 7, [SYS_U_CET] = 8,
		[SYS_PL0_SSP] = 9, [SYS_PL1_SSP] = 10, [SYS_PL2_SSP] = 11,  [SYS_PL3_SSP] = 12,
	};

	return after[r] - 1;
}

static uint32_t kept_msr(enum x86_sysreg r)
{
	static const uint32_t msr[SYS_MAX] = {
		[SYS_STAR] = MSR_STAR,		 [SYS_LSTAR] = MSR_LSTAR,
		[SYS_CSTAR] = MSR_CSTAR,	 [SYS_SFMASK] = MSR_SFMASK,
		[SYS_KERNEL_GS] = MSR_KERNEL_GS, [SYS_U_CET] = MSR_U_CET,
		[SYS_PL0_SSP] = MSR_PL0_SSP,	 [SYS_PL1_SSP] = MSR_PL1_SSP,
		[SYS_PL2_SSP] = MSR_PL2_SSP,	 [SYS_PL3_SSP] = MSR_PL3_SSP
	};

	return msr[r];
}

static uint64_t cpu_get(enum x86_sysreg r)
{
	return r == SYS_CR2 ? read_cr2() : r == SYS_DR6 ? read_dr6() : rdmsr(kept_msr(r));
}

static void cpu_put(enum x86_sysreg r, uint64_t v)
{
	if (r == SYS_CR2)
		write_cr2(v);
	else if (r == SYS_DR6)
		write_dr6(v);
	else
		wrmsr(kept_msr(r), v);
}

void vmx_load(struct vp *vp)
{
	struct vmx_vp *x = &vp->arch.vmx;

	if (x->loaded)
		return;
	for (uint32_t i = 0; i < SWITCHED_ALWAYS; i++)
		cpu_put(switched[i], x->kept[i]);
	for (uint32_t i = SWITCHED_ALWAYS; vmx_caps.cet && i < ARRAY_LEN(switched); i++)
		cpu_put(switched[i], x->kept[i]);
	x->loaded = true;
}

/* The exit left RSP in the VMCS (vmx/ops.c), and nobody has set it since. */
static void read_rsp(struct vp *vp)
{
	struct vmx_vp *x = &vp->arch.vmx;

	if (x->rsp == VMX_RSP_UNREAD && vp->arch.gpr[GPR_RSP] == VMX_RSP_UNREAD)
		vp->arch.gpr[GPR_RSP] = x->rsp = vmcs_read(vp, VMCS_GUEST_RSP);
}

void vmx_save(struct vp *vp)
{
	struct vmx_vp *x = &vp->arch.vmx;

	read_rsp(vp);
	for (uint32_t i = 0; i < SWITCHED_ALWAYS; i++)
		x->kept[i] = cpu_get(switched[i]);
	for (uint32_t i = SWITCHED_ALWAYS; vmx_caps.cet && i < ARRAY_LEN(switched); i++)
		x->kept[i] = cpu_get(switched[i]);
	x->loaded = false;
}

static enum vmcs_field field_of(enum x86_sysreg r)
{
	switch (r) {
	case SYS_RFLAGS:
		return VMCS_GUEST_RFLAGS;
	case SYS_CR3:
		return VMCS_GUEST_CR3;
	case SYS_DR7:
		return VMCS_GUEST_DR7;
	case SYS_EFER:
		return VMCS_GUEST_EFER;
	case SYS_PAT:
		return VMCS_GUEST_PAT;
	case SYS_SYSENTER_CS:
		return VMCS_GUEST_SYSENTER_CS;
	case SYS_SYSENTER_ESP:
		return VMCS_GUEST_SYSENTER_ESP;
	case SYS_SYSENTER_EIP:
		return VMCS_GUEST_SYSENTER_EIP;
	case SYS_S_CET:
		return VMCS_GUEST_S_CET;
	case SYS_SSP:
		return VMCS_GUEST_SSP;
	case SYS_INT_SSP_TABLE:
		return VMCS_GUEST_INT_SSP_TABLE;
	case SYS_DEBUGCTL:
	default:
		return VMCS_GUEST_DEBUGCTL;
	}
}

/* Neither registers nor fields where the CPU has no CET, or cannot switch it. */
static bool is_cet(enum x86_sysreg r)
{
	return r >= SYS_U_CET && r <= SYS_INT_SSP_TABLE;
}

/* The shadow holds what the VP wrote to the bits that are not its own (24.6.6). */
static uint64_t shadowed(struct vp *vp, enum vmcs_field real, enum vmcs_field shadow, uint64_t mask)
{
	return (vmcs_read(vp, real) & ~mask) | (vmcs_read(vp, shadow) & mask);
}

/*
 * Nothing moves a guest's LMA but set_efer(): EFER is written by exits, and so is CR0.PG while LME
 * is set (cr0_mask()). The root writes its own EFER.
 */
static bool long_mode(struct vp *vp)
{
	if (likely(vp->arch.vmx.vapic))
		return vp->arch.vmx.lma;
	return vmx_vmread(VMCS_GUEST_EFER) & EFER_LMA;
}

/* After an exit: of the state as the CPU has left it. */
void vmx_place(struct vp *vp, struct x86_place *p)
{
	uint64_t ar = vmcs_read(vp, VMCS_GUEST_CS_AR);

	/* Of code that is not conforming it is the CPL (26.3.1.2), and the CPU has left it so */
	p->cpl = ((ar & AR_CODE) == AR_NONCONFORMING ? ar : vmx_vmread(VMCS_GUEST_SS_AR)) >> 5 & 3;
	if (likely(ar & BIT(13) && long_mode(vp))) {
		p->linear = vp->arch.rip;
		p->mode = X86_MODE_64;
		p->in_protected = true;
		return;
	}
	p->linear = (vmx_vmread(VMCS_GUEST_CS_BASE) + vp->arch.rip) & 0xffffffffu;
	p->in_protected =
		vmx_get(vp, SYS_CR0) & CR0_PE && !(vmx_vmread(VMCS_GUEST_RFLAGS) & RFLAGS_VM);
	p->mode = p->in_protected && ar & BIT(14) ? X86_MODE_32 : X86_MODE_16;
}

/* What exits ask for comes first. */
uint64_t vmx_get(struct vp *vp, enum x86_sysreg r)
{
	struct vmx_vp *x = &vp->arch.vmx;
	int at;

	switch (r) {
	case SYS_RFLAGS:
		return vmcs_read(vp, VMCS_GUEST_RFLAGS);
	case SYS_CR0:
		return shadowed(vp, VMCS_GUEST_CR0, VMCS_CR0_SHADOW, CR0_MASKED);
	case SYS_CR3:
		return vmcs_read(vp, VMCS_GUEST_CR3);
	case SYS_CR4:
		return shadowed(vp, VMCS_GUEST_CR4, VMCS_CR4_SHADOW, CR4_VMXE);
	case SYS_EFER:
		return vmcs_read(vp, VMCS_GUEST_EFER);
	case SYS_INT_SHADOW:
		return (vmx_blocking(vp) & (VMX_BLOCK_STI | VMX_BLOCK_MOVSS)) != 0;
	case SYS_CPL:
		return vmcs_read(vp, VMCS_GUEST_SS_AR) >> 5 & 3;
	case SYS_MAX:
		return 0;
	default:
		break;
	}
	if (is_cet(r) && !vmx_caps.cet)
		return 0;
	at = kept_at(r);
	if (at >= 0)
		return x->loaded ? cpu_get(r) : x->kept[at];
	return vmcs_read(vp, field_of(r));
}

/* Paging is another now: no translation of before, and PDPTEs from memory (28.4.3.1, 26.3.2.4) */
static void paging_moved(struct vp *vp)
{
	vp->arch.asid_gen = 0;
	vp->arch.vmx.pdpte_stale = true;
	vp->arch.vmx.unchecked = true;
}

/* A guest's PG exits where it moves LMA. The shadow has what the guest wrote to CR0 meanwhile. */
static void own_pg(struct vp *vp, bool own)
{
	struct vmx_vp *x = &vp->arch.vmx;

	if (x->owns_pg == own || !x->vapic)
		return;
	vmcs_write(vp, VMCS_CR0_SHADOW, vmx_get(vp, SYS_CR0));
	vmcs_write(vp, VMCS_CR0_MASK, CR0_MASKED | (own ? CR0_PG : 0));
	x->owns_pg = own;
}

static void set_efer(struct vp *vp, uint64_t v)
{
	uint64_t entry = vmcs_read(vp, VMCS_ENTRY) & ~ENTRY_IA32E;

	own_pg(vp, v & EFER_LME);
	vp->arch.vmx.lma = (v & EFER_LMA) != 0;
	vmcs_write(vp, VMCS_GUEST_EFER, v);
	vmcs_write(vp, VMCS_ENTRY, entry | (v & EFER_LMA ? ENTRY_IA32E : 0));
	paging_moved(vp);
}

void vmx_set(struct vp *vp, enum x86_sysreg r, uint64_t v)
{
	struct vmx_vp *x = &vp->arch.vmx;
	int at = kept_at(r);
	uint64_t ar;
	bool moved;

	if (is_cet(r) && !vmx_caps.cet)
		return;
	if (at >= 0) {
		x->kept[at] = v;
		if (x->loaded)
			cpu_put(r, v);
		return;
	}
	switch (r) {
	case SYS_CR0:
		/* A task switch sets TS, and that alone loads no PDPTEs */
		moved = (vmx_get(vp, r) ^ v) != CR0_TS;
		vmcs_write(vp, VMCS_CR0_SHADOW, v);
		vmcs_write(vp, VMCS_GUEST_CR0,
			   (v & ~(CR0_NW | CR0_CD)) | CR0_ET | vmx_caps.cr0_fixed0);
		if (moved)
			paging_moved(vp);
		break;
	case SYS_CR3:
		vmcs_write(vp, VMCS_GUEST_CR3, v);
		paging_moved(vp);
		break;
	case SYS_CR4:
		vmcs_write(vp, VMCS_CR4_SHADOW, v);
		vmcs_write(vp, VMCS_GUEST_CR4, v | vmx_caps.cr4_fixed0);
		paging_moved(vp);
		break;
	case SYS_EFER:
		set_efer(vp, v);
		break;
	case SYS_INT_SHADOW:
		/* MOV SS or STI, whichever: blocking by MOV SS holds with IF clear too (26.3.1.5)
		 */
		vmx_set_blocking(vp,
				 (vmx_blocking(vp) & ~(uint32_t)(VMX_BLOCK_STI | VMX_BLOCK_MOVSS)) |
					 (v & 1 ? (uint32_t)VMX_BLOCK_MOVSS : 0));
		break;
	case SYS_CPL:
		ar = vmcs_read(vp, VMCS_GUEST_SS_AR) & ~(uint64_t)MASK(6, 5);
		vmcs_write(vp, VMCS_GUEST_SS_AR, ar | (v & 3) << 5);
		break;
	case SYS_MAX:
		break;
	case SYS_RFLAGS:
	case SYS_SSP:
		x->unchecked = true;
		vmcs_write(vp, field_of(r), v);
		break;
	default:
		vmcs_write(vp, field_of(r), v);
		break;
	}
}

/* -- segments --------------------------------------------------------------------------------- */

void vmx_get_seg(struct vp *vp, enum x86_seg s, struct hv_x64_segment_register *v)
{
	uint32_t i = 2 * (uint32_t)s;
	uint64_t ar;

	*v = (struct hv_x64_segment_register){ 0 };
	if (s == SEG_GDTR || s == SEG_IDTR) {
		bool g = s == SEG_GDTR;

		v->base = vmcs_read(vp, g ? VMCS_GUEST_GDTR_BASE : VMCS_GUEST_IDTR_BASE);
		v->limit =
			(uint32_t)vmcs_read(vp, g ? VMCS_GUEST_GDTR_LIMIT : VMCS_GUEST_IDTR_LIMIT);
		return;
	}
	ar = vmcs_read(vp, (enum vmcs_field)(VMCS_GUEST_ES_AR + i));
	v->base = vmcs_read(vp, (enum vmcs_field)(VMCS_GUEST_ES_BASE + i));
	v->limit = (uint32_t)vmcs_read(vp, (enum vmcs_field)(VMCS_GUEST_ES_LIMIT + i));
	v->selector = (uint16_t)vmcs_read(vp, (enum vmcs_field)(VMCS_GUEST_ES + i));
	v->attributes = (uint16_t)(ar & VMX_AR_ABI);
	/* "Unusable" is a segment that is not present to the ABI. */
	if (ar & VMX_AR_UNUSABLE)
		v->attributes &= (uint16_t)~0x80u;
}

void vmx_set_seg(struct vp *vp, enum x86_seg s, const struct hv_x64_segment_register *v)
{
	uint32_t i = 2 * (uint32_t)s;
	uint64_t ar = v->attributes & VMX_AR_ABI;

	if (s == SEG_GDTR || s == SEG_IDTR) {
		bool g = s == SEG_GDTR;

		vmcs_write(vp, g ? VMCS_GUEST_GDTR_BASE : VMCS_GUEST_IDTR_BASE, v->base);
		vmcs_write(vp, g ? VMCS_GUEST_GDTR_LIMIT : VMCS_GUEST_IDTR_LIMIT,
			   v->limit & 0xffff);
		return;
	}
	if (!(ar & 0x80))
		ar |= VMX_AR_UNUSABLE;
	vmcs_write(vp, (enum vmcs_field)(VMCS_GUEST_ES_AR + i), ar);
	vmcs_write(vp, (enum vmcs_field)(VMCS_GUEST_ES_BASE + i), v->base);
	vmcs_write(vp, (enum vmcs_field)(VMCS_GUEST_ES_LIMIT + i), v->limit);
	vmcs_write(vp, (enum vmcs_field)(VMCS_GUEST_ES + i), v->selector);
	vp->arch.vmx.unchecked = true;
}

/* -- the whole -------------------------------------------------------------------------------- */

static const char *check_paging(struct vp *vp)
{
	uint64_t cr0 = vmx_get(vp, SYS_CR0), cr4 = vmx_get(vp, SYS_CR4);
	uint64_t efer = vmx_get(vp, SYS_EFER);
	bool pg = (cr0 & CR0_PG) != 0, lme = (efer & EFER_LME) != 0;

	if (!(cr0 & CR0_CD) && cr0 & CR0_NW)
		return "CR0.NW without CR0.CD";
	if (cr0 >> 32)
		return "CR0 bits 63:32";
	if (pg && !(cr0 & CR0_PE))
		return "CR0.PG without CR0.PE";
	if (cr4 & (CR4_VMXE | ~vmx_caps.cr4_fixed1 | vp->partition->arch.cr4_off))
		return "CR4 bits that are not offered";
	if (lme && pg && !(cr4 & CR4_PAE))
		return "long mode without CR4.PAE";
	if (!!(efer & EFER_LMA) != (lme && pg))
		return "EFER.LMA is not EFER.LME and CR0.PG";
	if (cr4 & CR4_PCIDE && !(efer & EFER_LMA))
		return "CR4.PCIDE outside long mode";
	if (cr4 & CR4_CET && !(cr0 & CR0_WP))
		return "CR4.CET without CR0.WP";
	if (vmx_get(vp, SYS_CR3) >> cpu_phys_bits)
		return "CR3 beyond the physical address width";
	return NULL;
}

/* What VM entry would refuse, by name where a client is likely to get it wrong (26.3.1). */
const char *vmx_check_state(struct vp *vp)
{
	struct hv_x64_segment_register cs;
	const char *why;
	uint64_t rflags;

	if (!vp->arch.vmx.unchecked)
		return NULL;
	why = check_paging(vp);
	if (why)
		return why;
	rflags = vmx_get(vp, SYS_RFLAGS);
	vmx_get_seg(vp, SEG_CS, &cs);
	if (rflags & RFLAGS_VM && !(vmx_get(vp, SYS_CR0) & CR0_PE))
		return "RFLAGS.VM without CR0.PE";
	if (vmx_get(vp, SYS_EFER) & EFER_LMA) {
		if (cs.attributes & BIT(13) && cs.attributes & BIT(14))
			return "CS.L and CS.D both set";
		if (rflags & RFLAGS_VM)
			return "RFLAGS.VM in long mode";
	}
	if (vmx_get(vp, SYS_SSP) >> 32 &&
	    !(vmx_get(vp, SYS_EFER) & EFER_LMA && cs.attributes & BIT(13)))
		return "SSP beyond 4 GiB outside 64-bit code";
	vp->arch.vmx.unchecked = false;
	return NULL;
}

void vmx_dump(struct vp *vp)
{
	log_error("  exit %llx qualification %llx idt %llx error %llu rip %llx cs %llx:%llx ss "
		  "%llx:%llx",
		  (unsigned long long)vmcs_read(vp, VMCS_EXIT_REASON),
		  (unsigned long long)vmcs_read(vp, VMCS_QUALIFICATION),
		  (unsigned long long)vmcs_read(vp, VMCS_IDT_EVENT),
		  (unsigned long long)vmcs_read(vp, VMCS_INSN_ERROR),
		  (unsigned long long)vmcs_read(vp, VMCS_GUEST_RIP),
		  (unsigned long long)vmcs_read(vp, VMCS_GUEST_ES + 2),
		  (unsigned long long)vmcs_read(vp, VMCS_GUEST_CS_AR),
		  (unsigned long long)vmcs_read(vp, VMCS_GUEST_ES + 4),
		  (unsigned long long)vmcs_read(vp, VMCS_GUEST_SS_AR));
	log_error("  cr0 %llx cr3 %llx cr4 %llx efer %llx rflags %llx rsp %llx blocking %llx "
		  "activity %llx",
		  (unsigned long long)vmcs_read(vp, VMCS_GUEST_CR0),
		  (unsigned long long)vmcs_read(vp, VMCS_GUEST_CR3),
		  (unsigned long long)vmcs_read(vp, VMCS_GUEST_CR4),
		  (unsigned long long)vmcs_read(vp, VMCS_GUEST_EFER),
		  (unsigned long long)vmcs_read(vp, VMCS_GUEST_RFLAGS),
		  (unsigned long long)vmcs_read(vp, VMCS_GUEST_RSP),
		  (unsigned long long)vmcs_read(vp, VMCS_GUEST_INTERRUPTIBILITY),
		  (unsigned long long)vmcs_read(vp, VMCS_GUEST_ACTIVITY));
}
