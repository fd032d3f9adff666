/* SPDX-License-Identifier: MIT */
/* What the files of this folder share. */
#ifndef VMX_VMX_H
#define VMX_VMX_H

#include <insn.h>

#include "arch/x86_64/common/virt.h"
#include "arch/x86_64/vmx/defs.h"

/* Control words that every VMCS of one kind starts with, folded once from the capability MSRs. */
struct vmx_controls {
	uint32_t pin, proc, proc2, exit, entry;
};

struct vmx_caps {
	uint32_t revision;
	uint64_t ept;	     /* IA32_VMX_EPT_VPID_CAP */
	uint64_t cr0_fixed0; /* bits that have to be 1, unrestricted guest's freedom taken off */
	uint64_t cr4_fixed0, cr4_fixed1;
	uint32_t timer_shift; /* the preemption timer counts TSC >> this */
	bool preemption_timer;
	bool cet; /* loaded by entry and by exit */
	struct vmx_controls root, guest;
};
extern struct vmx_caps vmx_caps;

/*
 * The capability MSRs 480..491 as data: index msr - 0x480. NULL, or the name of what is missing.
 * Pure, so that it is tested with the values of processors that are not at hand.
 */
#define VMX_CAP_MSRS 0x12u
const char *vmx_caps_fold(struct vmx_caps *c, const uint64_t msr[VMX_CAP_MSRS]);

/* ept.c */
extern const struct slat_format ept_format, ept_format_2m; /* without 1-GiB leaves */
uint64_t vmx_eptp(const struct slat *s);

/* vmcs.c: which VMCS is current. A VMCS is active on one CPU at most (SDM 24.11.1). */
static inline void vmx_focus(struct vp *vp)
{
	struct percpu *cpu = this_cpu();

	if (likely(cpu->vmcs_pa == vp->arch.vmx.pa))
		return;
	(void)vmx_vmptrld(vp->arch.vmx.pa);
	cpu->vmcs_pa = vp->arch.vmx.pa;
	vp->arch.vmx.active = true;
}

static inline uint64_t vmcs_read(struct vp *vp, enum vmcs_field f)
{
	vmx_focus(vp);
	return vmx_vmread(f);
}

static inline void vmcs_write(struct vp *vp, enum vmcs_field f, uint64_t v)
{
	vmx_focus(vp);
	vmx_vmwrite(f, v);
}

void vmx_release(struct vp *vp);
/* The whole VMCS of a fresh VP: controls, host state, the guest fields that nobody else sets. */
void vmx_vmcs_setup(struct vp *vp, bool root);
/* What of the host state belongs to one CPU. */
void vmx_host_state(struct vp *vp);
void vmx_maps_build(void);

/*
 * regs.c. What gpr[] has for a guest's RSP while only the VMCS knows it, until vmx_save(). It is no
 * address: whoever sets RSP in that time sets something else, and a guest that has this in it has
 * it in the VMCS too.
 */
#define VMX_RSP_UNREAD 0x5ead00000000deadull
void vmx_load(struct vp *vp);
void vmx_save(struct vp *vp);
uint64_t vmx_get(struct vp *vp, enum x86_sysreg r);
void vmx_place(struct vp *vp, struct x86_place *p);
void vmx_set(struct vp *vp, enum x86_sysreg r, uint64_t v);
void vmx_get_seg(struct vp *vp, enum x86_seg s, struct hv_x64_segment_register *v);
void vmx_set_seg(struct vp *vp, enum x86_seg s, const struct hv_x64_segment_register *v);
const char *vmx_check_state(struct vp *vp);
void vmx_dump(struct vp *vp);
/* Interruptibility of the guest, cached between exit and entry. */
uint32_t vmx_blocking(struct vp *vp);
void vmx_set_blocking(struct vp *vp, uint32_t v);

/* exit.c */
void vmx_decode_exit(struct vp *vp, uint32_t reason, struct x86_exit *ex);

/* entry.S */
enum vmx_entered { VMX_ENTERED = 0, VMX_ABORTED = 1, VMX_FAILED = 2 };
/*
 * Enter once. VMX_ABORTED: *nmi_seen was no longer `seen`, or an NMI came before the entry; nothing
 * has run. VMX_FAILED: VMLAUNCH or VMRESUME refused the controls or the host state.
 */
uint32_t vmx_enter_asm(struct arch_vp *vp, const uint32_t *nmi_seen, uint32_t seen, uint32_t how);

#endif
