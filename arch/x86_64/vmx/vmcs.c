/* SPDX-License-Identifier: MIT */
/*
 * The VMCS as a whole: life cycle, and the fields that are written once. Between two owners no CPU
 * holds any of it: VMCLEAR writes it back, so that any CPU may be next (SDM vol. 3, 24.11).
 */
#include <string.h>

#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/features.h"
#include "arch/x86_64/common/idt.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/vmx/vmx.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"

#define BITMAP_WRITE 2048u /* the write halves follow the two read halves (24.6.9) */
#define BITMAP_HIGH  1024u

extern const uint8_t vmx_exit_entry[];

static uint8_t *bitmap_root, *bitmap_guest;

void vmx_release(struct vp *vp)
{
	struct vmx_vp *x = &vp->arch.vmx;

	if (!x->active)
		return;
	(void)vmx_vmclear(x->pa);
	x->active = x->launched = false;
	if (this_cpu()->vmcs_pa == x->pa)
		this_cpu()->vmcs_pa = 0;
}

/* -- MSR bitmaps: a set bit exits ------------------------------------------------------------- */

static uint8_t *bitmap_byte(uint8_t *map, uint32_t msr, bool write)
{
	uint32_t half = msr >= 0xc0000000 ? BITMAP_HIGH : 0;

	return &map[half + (write ? BITMAP_WRITE : 0) + (msr & 0x1fff) / 8];
}

static void bitmap_set(uint8_t *map, uint32_t msr, bool read, bool write)
{
	uint8_t bit = (uint8_t)(1u << (msr & 7));
	uint8_t *r = bitmap_byte(map, msr, false), *w = bitmap_byte(map, msr, true);

	*r = read ? *r | bit : *r & (uint8_t)~bit;
	*w = write ? *w | bit : *w & (uint8_t)~bit;
}

static const struct {
	uint32_t first, last;
	bool read, write; /* intercepted */
} root_msrs[] = {
	{ MSR_APIC_BASE, MSR_APIC_BASE, false, true },
	{ MSR_FEATURE_CTL, MSR_FEATURE_CTL, true, true },
	{ MSR_X2APIC_ICR, MSR_X2APIC_ICR, false, true },
	{ MSR_VMX_FIRST, MSR_VMX_LAST, true, true },
	{ MSR_MTRR_DEF_TYPE, MSR_MTRR_DEF_TYPE, false, true },
	{ MSR_MTRR_FIX64K, MSR_MTRR_FIX64K, false, true },
	{ MSR_MTRR_FIX16K, MSR_MTRR_FIX16K + 1, false, true },
	{ MSR_MTRR_FIX4K, MSR_MTRR_FIX4K + 7, false, true },
	{ MSR_MTRR_PHYSBASE, MSR_MTRR_PHYSBASE + 2 * ARCH_MTRR_VARIABLE - 1, false, true },
};

/* What a guest touches without an exit: fields of the VMCS, and what load() puts on the CPU. */
static const uint32_t guest_free_msrs[] = { MSR_FS_BASE,     MSR_GS_BASE,     MSR_KERNEL_GS,
					    MSR_STAR,	     MSR_LSTAR,	      MSR_CSTAR,
					    MSR_SFMASK,	     MSR_SYSENTER_CS, MSR_SYSENTER_ESP,
					    MSR_SYSENTER_EIP };

void vmx_maps_build(void)
{
	bitmap_root = page_alloc(1);
	bitmap_guest = page_alloc(1);
	if (!bitmap_root || !bitmap_guest)
		panic("core memory too small for the MSR bitmaps");
	for (uint32_t i = 0; i < ARRAY_LEN(root_msrs); i++)
		for (uint32_t m = root_msrs[i].first; m <= root_msrs[i].last; m++)
			bitmap_set(bitmap_root, m, root_msrs[i].read, root_msrs[i].write);
	memset(bitmap_guest, 0xff, PAGE_SIZE);
	for (uint32_t i = 0; i < ARRAY_LEN(guest_free_msrs); i++)
		bitmap_set(bitmap_guest, guest_free_msrs[i], false, false);
}

/* -- the fields that stay ---------------------------------------------------------------------- */

/* TR must name something on exit (26.2.3), and nothing uses it: the core has no other ring. */
static uint8_t host_tss[104] __attribute__((aligned(16)));

static void host_constant(struct vp *vp)
{
	static const enum vmcs_field zero[] = { VMCS_HOST_FS,	       VMCS_HOST_GS,
						VMCS_HOST_FS_BASE,     VMCS_HOST_GS_BASE,
						VMCS_HOST_SYSENTER_CS, VMCS_HOST_SYSENTER_ESP,
						VMCS_HOST_SYSENTER_EIP };

	for (uint32_t i = 0; i < ARRAY_LEN(zero); i++)
		vmcs_write(vp, zero[i], 0);
	vmcs_write(vp, VMCS_HOST_CS, SEL_CODE);
	vmcs_write(vp, VMCS_HOST_SS, SEL_DATA);
	vmcs_write(vp, VMCS_HOST_DS, SEL_DATA);
	vmcs_write(vp, VMCS_HOST_ES, SEL_DATA);
	vmcs_write(vp, VMCS_HOST_TR, SEL_TSS);
	vmcs_write(vp, VMCS_HOST_TR_BASE, (uint64_t)(uintptr_t)host_tss);
	vmcs_write(vp, VMCS_HOST_GDTR_BASE, idt_gdt_base());
	vmcs_write(vp, VMCS_HOST_IDTR_BASE, idt_base());
	vmcs_write(vp, VMCS_HOST_RIP, (uint64_t)(uintptr_t)vmx_exit_entry);
	if (vmx_caps.cet) {
		vmcs_write(vp, VMCS_HOST_S_CET, 0);
		vmcs_write(vp, VMCS_HOST_SSP, 0);
		vmcs_write(vp, VMCS_HOST_INT_SSP_TABLE, 0);
	}
	vmcs_write(vp, VMCS_HOST_PAT, rdmsr(MSR_PAT));
	vmcs_write(vp, VMCS_HOST_EFER, rdmsr(MSR_EFER));
}

void vmx_host_state(struct vp *vp)
{
	vmcs_write(vp, VMCS_HOST_CR0, read_cr0());
	vmcs_write(vp, VMCS_HOST_CR3, read_cr3());
	vmcs_write(vp, VMCS_HOST_CR4, read_cr4());
}

void vmx_vmcs_setup(struct vp *vp, bool root)
{
	static const enum vmcs_field zero[] = {
		VMCS_PF_MASK,	      VMCS_PF_MATCH,	   VMCS_CR3_TARGETS,
		VMCS_EXIT_MSR_STORES, VMCS_EXIT_MSR_LOADS, VMCS_ENTRY_MSR_LOADS,
		VMCS_ENTRY_EVENT,     VMCS_GUEST_DEBUGCTL, VMCS_GUEST_PENDING_DEBUG,
		VMCS_GUEST_ACTIVITY,  VMCS_TPR_THRESHOLD,  VMCS_GUEST_INTERRUPTIBILITY,
	};
	const struct vmx_controls *c = root ? &vmx_caps.root : &vmx_caps.guest;
	const struct partition *p = vp->partition;
	struct vmx_vp *x = &vp->arch.vmx;
	uint32_t proc2 = c->proc2;

	for (uint32_t i = 0; i < ARRAY_LEN(zero); i++)
		vmcs_write(vp, zero[i], 0);
	vmcs_write(vp, VMCS_LINK, ~0ull);
	vmcs_write(vp, VMCS_PIN, c->pin);
	vmcs_write(vp, VMCS_PROC, c->proc);
	/* #UD where the partition does without; no component of IA32_XSS exits */
	if (p->disabled_features[FEATURES_XSAVE] & FEATURE_XSAVES)
		proc2 &= ~(uint32_t)PROC2_XSAVES;
	vmcs_write(vp, VMCS_PROC2, proc2);
	vmcs_write(vp, VMCS_EXIT, c->exit);
	vmcs_write(vp, VMCS_ENTRY, c->entry);
	x->proc = c->proc;
	x->exceptions = 1u << VEC_DB | 1u << VEC_AC;
	vmcs_write(vp, VMCS_EXCEPTIONS, x->exceptions);
	vmcs_write(vp, VMCS_MSR_BITMAP, ptr_hpa(root ? bitmap_root : bitmap_guest).v);
	vmcs_write(vp, VMCS_EPTP, vmx_eptp(&p->slat));
	if (!root) {
		vmcs_write(vp, VMCS_VAPIC_PAGE, ptr_hpa(x->vapic).v);
		vmcs_write(vp, VMCS_TSC_OFFSET, x->tsc_offset);
	}
	/* NE has to be 1; caching is the machine's, not a VP's. CR4.VMXE has to be, and is not
	 * the VP's to see. */
	vmcs_write(vp, VMCS_CR0_MASK, CR0_NE | CR0_NW | CR0_CD);
	vmcs_write(vp, VMCS_CR4_MASK, CR4_VMXE | ~vmx_caps.cr4_fixed1 | p->arch.cr4_off);
	host_constant(vp);
	if (vmx_caps.cet) {
		vmcs_write(vp, VMCS_GUEST_S_CET, 0);
		vmcs_write(vp, VMCS_GUEST_SSP, 0);
		vmcs_write(vp, VMCS_GUEST_INT_SSP_TABLE, 0);
	}
	if (proc2 & PROC2_XSAVES)
		vmcs_write(vp, VMCS_XSS_BITMAP, 0);
	if (!root && vmx_caps.preemption_timer)
		vmcs_write(vp, VMCS_PREEMPTION_TIMER, 0);
	x->timer = 0;
	x->host_cpu = 0;
	x->blocking = 0;
	x->blocking_valid = true;
	x->blocking_dirty = false;
	x->rip = x->rsp = 0;
	x->owns_pg = x->lma = false;
	vmcs_write(vp, VMCS_GUEST_RIP, 0);
	vmcs_write(vp, VMCS_GUEST_RSP, 0);
	x->host_rsp = 0;
}
