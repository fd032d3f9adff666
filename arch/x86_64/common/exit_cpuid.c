/* SPDX-License-Identifier: MIT */
/*
 * CPUID: the hardware's answer through an allow list, the hypervisor's own leaves, and for guests
 * the results that the root registered (HvCallRegisterInterceptResult).
 */
#include <insn.h>

#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/features.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "arch/x86_64/common/regs.h"
#include "hvapi/cpuid.h"

/* Leaf 1 (SDM vol. 2, CPUID) */
#define L1C_MONITOR  BIT(3)
#define L1C_VMX	     BIT(5)
#define L1C_SMX	     BIT(6)
#define L1C_EST	     BIT(7)
#define L1C_TM2	     BIT(8)
#define L1C_PDCM     BIT(15)
#define L1C_X2APIC   BIT(21)
#define L1C_DEADLINE BIT(24)
#define L1C_OSXSAVE  BIT(27)
#define L1C_HV	     BIT(31)
#define L1D_DS	     BIT(21)
#define L1D_ACPI     BIT(22)
/* Leaf 7.0 EBX, ECX, EDX that a guest may have: instructions and paging features with no state
 * beyond XSAVE and CR4 */
#define L7B_GUEST \
	(BIT(0) | BIT(3) | BIT(5) | BIT(7) | BIT(8) | BIT(9) | BIT(18) | BIT(19) | BIT(20) | \
	 BIT(23) | BIT(24) | BIT(29) | BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | \
	 BIT(30) | BIT(31))
#define L7C_GUEST \
	(BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(6) | BIT(8) | BIT(9) | BIT(10) | BIT(11) | \
	 BIT(12) | BIT(14) | BIT(16))
#define L7C_PKU	    BIT(3)
#define L7C_CET_SS  BIT(7)
#define L7D_CET_IBT BIT(20)
#define L7D_GUEST   (BIT(2) | BIT(3) | BIT(4) | BIT(8))
/* 8000_0001 */
#define X1C_SVM	    BIT(2)
#define X1C_EXTAPIC BIT(3)
#define X1C_IBS	    BIT(10)
#define X1C_SKINIT  BIT(12)
#define X1C_WDT	    BIT(13)
#define X1C_LWP	    BIT(15)
#define X1C_PERF    (BIT(23) | BIT(24) | BIT(28))
/* 8000_0021: what needs neither an MSR nor a bit of EFER */
#define X21A_GUEST (BIT(0) | BIT(2) | BIT(6))

void cpuid_native(uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
	cpuid(leaf, subleaf, r);
}

static void root_answer(struct vp *vp, uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
	cpuid(leaf, subleaf, r);
	switch (leaf) {
	case 1:
		r[2] = (uint32_t)((r[2] | L1C_HV) & ~(L1C_VMX | L1C_SMX | L1C_OSXSAVE));
		if (virt->get(vp, SYS_CR4) & CR4_OSXSAVE)
			r[2] |= (uint32_t)L1C_OSXSAVE;
		break;
	case 7:
		/* OSPKE mirrors the VP's CR4, not the core's */
		if (subleaf == 0)
			r[2] = (r[2] & ~(uint32_t)BIT(4)) |
			       (virt->get(vp, SYS_CR4) & CR4_PKE ? (uint32_t)BIT(4) : 0);
		break;
	case 0xd:
		/* What is not switched is not the root's either */
		if (subleaf == 0) {
			r[0] &= (uint32_t)cpu_xcr0;
			r[3] &= (uint32_t)(cpu_xcr0 >> 32);
		}
		break;
	case 0x80000001:
		r[2] &= (uint32_t) ~(X1C_SVM | X1C_SKINIT);
		break;
	case 0x8000000a:
		r[0] = r[1] = r[2] = r[3] = 0;
		break;
	default:
		break;
	}
}

static void leaf_1(const struct partition *p, struct vp *vp, uint32_t r[4])
{
	uint64_t off = L1C_MONITOR | L1C_VMX | L1C_SMX | L1C_EST | L1C_TM2 | L1C_PDCM | L1C_X2APIC |
		       L1C_DEADLINE | L1C_OSXSAVE;
	uint64_t cr4 = vp ? virt->get(vp, SYS_CR4) : 0;

	r[1] = (r[1] & 0xffff) | (vp ? vp->index : 0) << 24 |
	       (p ? MIN(p->vp_count, 255u) : 0) << 16;
	r[2] = (uint32_t)((r[2] & ~off) | L1C_HV);
	if (cr4 & CR4_OSXSAVE)
		r[2] |= (uint32_t)L1C_OSXSAVE;
	if (!p || p->create_flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED) {
		r[2] |= (uint32_t)L1C_DEADLINE;
		if (!p || p->create_flags & HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE)
			r[2] |= (uint32_t)L1C_X2APIC;
	}
	r[3] &= (uint32_t) ~(L1D_DS | L1D_ACPI);
}

/* xfem, xss: as the VP has them. */
static void leaf_d(const struct partition *p, uint64_t xfem, uint64_t xss, uint32_t sub,
		   uint32_t r[4])
{
	uint64_t super = p ? p->arch.xss_mask : cpu_xsave_layout.xss_mask;
	uint64_t mask = p ? p->arch.xcr0_mask : cpu_xcr0 & XCR0_GUEST;

	switch (sub) {
	case 0:
		r[0] = (uint32_t)mask;
		r[3] = (uint32_t)(mask >> 32);
		r[1] = 576;
		r[2] = 576;
		for (uint32_t i = 2; i < 63; i++) {
			uint32_t c[4];

			if (!(mask >> i & 1))
				continue;
			cpuid(0xd, i, c);
			r[2] = MAX(r[2], c[0] + c[1]);
			if (xfem >> i & 1)
				r[1] = MAX(r[1], c[0] + c[1]);
		}
		break;
	case 1:
		/* XSAVEOPT, XSAVEC, XGETBV(1), XSAVES */
		r[0] &= 0xf;
		r[1] = r[0] & 0xa ? xsave_compact_size(&cpu_xsave_layout, xfem | (xss & super)) : 0;
		r[2] = (uint32_t)super;
		r[3] = (uint32_t)(super >> 32);
		break;
	default:
		if (sub <= 62 && super >> sub & 1) {
			r[0] = cpu_xsave_layout.comp[sub].size;
			r[1] = r[3] = 0;
			r[2] = 1u | (uint32_t)cpu_xsave_layout.comp[sub].align64 << 1;
		} else if (sub > 62 || !(mask >> sub & 1))
			r[0] = r[1] = r[2] = r[3] = 0;
		break;
	}
}

/* CET and protection keys are there with their state only. */
static void leaf_7(const struct partition *p, uint32_t r[4])
{
	uint64_t xcr0 = p ? p->arch.xcr0_mask : cpu_xcr0;
	bool cet = (cpu_xsave_layout.xss_mask & XSS_CET) == XSS_CET;

	r[0] = 0;
	r[1] &= (uint32_t)L7B_GUEST;
	r[2] &= (uint32_t)(L7C_GUEST | (cet ? L7C_CET_SS : 0));
	r[3] &= (uint32_t)(L7D_GUEST | (cet ? L7D_CET_IBT : 0));
	if (!(xcr0 & XCR0_PKRU))
		r[2] &= ~(uint32_t)L7C_PKU;
}

/* p and vp may be NULL: what any guest may have. */
static void guest_answer(const struct partition *p, struct vp *vp, uint64_t xfem, uint64_t xss,
			 uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	uint32_t vps = p ? p->vp_count : 1;

	cpuid(leaf, sub, r);
	switch (leaf) {
	case 1:
		leaf_1(p, vp, r);
		break;
	case 7:
		if (sub != 0) {
			r[0] = r[1] = r[2] = r[3] = 0;
			break;
		}
		leaf_7(p, r);
		if (vp && virt->get(vp, SYS_CR4) & CR4_PKE)
			r[2] |= (uint32_t)BIT(4);
		else
			r[2] &= ~(uint32_t)BIT(4);
		break;
	case 0xb:
	case 0x1f:
		/* One thread a core, all in one package; the x2APIC id is the VP index. */
		r[0] = sub == 1 ? 8 : 0;
		r[1] = sub == 0 ? 1 : sub == 1 ? vps : 0;
		r[2] = sub | (sub == 0 ? 0x100u : sub == 1 ? 0x200u : 0);
		r[3] = vp ? vp->index : 0;
		break;
	case 0xd:
		leaf_d(p, xfem, xss, sub, r);
		break;
	case 5:	   /* MONITOR */
	case 6:	   /* thermal and power */
	case 0xa:  /* performance monitoring */
	case 0xf:  /* resource monitoring */
	case 0x10: /* resource allocation */
	case 0x12: /* SGX */
	case 0x14: /* processor trace */
	case 0x8000000a:
	case 0x8000001b: /* IBS */
	case 0x8000001c: /* LWP */
	case 0x8000001f: /* memory encryption */
	case 0x80000022: /* performance monitoring */
	case 0x80000026: /* topology by levels: 0xb has it */
		r[0] = r[1] = r[2] = r[3] = 0;
		break;
	case 0x80000001:
		r[2] &= (uint32_t) ~(X1C_SVM | X1C_EXTAPIC | X1C_IBS | X1C_SKINIT | X1C_WDT |
				     X1C_LWP | X1C_PERF);
		break;
	case 0x8000001e: /* topology: APIC id, core, node */
		r[0] = vp ? vp->index : 0;
		r[1] = r[0] & 0xff;
		r[2] = r[3] = 0;
		break;
	case 0x80000021:
		r[0] &= (uint32_t)X21A_GUEST;
		r[1] = r[2] = r[3] = 0;
		break;
	case 0x80000008:
		r[1] &= 1; /* CLZERO; speculation controls are not offered */
		r[2] = vps ? vps - 1 : 0;
		r[0] = (r[0] & ~0xffu) | MIN(cpu_phys_bits, 48u); /* NPT has four levels */
		break;
	default:
		break;
	}
}

void cpuid_allowed(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	guest_answer(NULL, NULL, 0, 0, leaf, sub, r);
}

/* A row of this processor's own goes before one for all; of either kind the last registered. */
static const struct x86_cpuid_result *find_result(const struct partition *p, uint32_t vp,
						  uint32_t leaf, uint32_t sub)
{
	uint32_t count = atomic_load(&p->cpuid_count);
	const struct x86_cpuid_result *last = NULL;

	for (uint32_t i = 0; i < count; i++) {
		const struct x86_cpuid_result *c = &p->cpuid_results[i];

		if (c->leaf == leaf && c->vp == vp && (!c->subleaf_specific || c->subleaf == sub) &&
		    (!last || c->order > last->order))
			last = c;
	}
	return last;
}

static void apply_results(const struct partition *p, const struct vp *vp, uint32_t leaf,
			  uint32_t sub, uint32_t r[4])
{
	const struct x86_cpuid_result *c;

	if (likely(!atomic_load(&p->cpuid_count)))
		return;
	c = find_result(p, vp->index, leaf, sub);
	if (!c)
		c = find_result(p, HV_ANY_VP, leaf, sub);
	for (uint32_t k = 0; c && k < 4; k++)
		r[k] = (r[k] & ~c->mask[k]) | (c->value[k] & c->mask[k]);
}

/* Bits that mirror the VP's own CR4, whatever was registered (SDM vol. 2, CPUID). */
static void mirror(struct vp *vp, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	uint64_t cr4;

	if (likely(leaf != 1 && leaf != 7))
		return;
	cr4 = virt->get(vp, SYS_CR4);
	if (leaf == 1)
		r[2] = cr4 & CR4_OSXSAVE ? r[2] | (uint32_t)L1C_OSXSAVE
					 : r[2] & ~(uint32_t)L1C_OSXSAVE;
	else if (sub == 0)
		r[2] = cr4 & CR4_PKE ? r[2] | (uint32_t)BIT(4) : r[2] & ~(uint32_t)BIT(4);
}

void cpuid_default(struct vp *vp, uint64_t xfem, uint64_t xss, uint32_t leaf, uint32_t sub,
		   uint32_t r[4])
{
	if (leaf >> 16 == 0x4000) {
		hv_cpuid(vp->partition, leaf, r);
		return;
	}
	guest_answer(vp->partition, vp, xfem, xss, leaf, sub, r);
	features_mask(vp->partition, leaf, sub, r);
}

void cpuid_registered(struct vp *vp, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	apply_results(vp->partition, vp, leaf, sub, r);
	mirror(vp, leaf, sub, r);
}

static void answer(struct vp *vp, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	if (vp->partition != partition_root) {
		cpuid_default(vp, vp->arch.xcr0, vp->arch.xss, leaf, sub, r);
		cpuid_registered(vp, leaf, sub, r);
	} else if (leaf >> 16 == 0x4000) {
		hv_cpuid(vp->partition, leaf, r);
	} else {
		root_answer(vp, leaf, sub, r);
	}
}

static bool intercepted(const struct partition *p, uint32_t leaf)
{
	for (uint32_t i = 0; i < p->arch.cpuid_intercepts; i++)
		if (p->arch.cpuid_leaf[i] == leaf)
			return true;
	return false;
}

enum exit_action exit_cpuid(struct vp *vp, struct x86_exit *ex)
{
	uint64_t *g = vp->arch.gpr;
	uint32_t r[4];

	if (unlikely(!insn_length(vp, ex)))
		return EXIT_RESUME;
	answer(vp, (uint32_t)g[GPR_RAX], (uint32_t)g[GPR_RCX], r);
	if (unlikely(vp->partition->arch.cpuid_intercepts) &&
	    intercepted(vp->partition, (uint32_t)g[GPR_RAX]))
		return intercept_cpuid(vp, ex, r);
	g[GPR_RAX] = r[0];
	g[GPR_RBX] = r[1];
	g[GPR_RCX] = r[2];
	g[GPR_RDX] = r[3];
	return EXIT_NEXT;
}
