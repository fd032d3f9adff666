/* SPDX-License-Identifier: MIT */
/* The handlers that exit.c's table names, one file a family. */
#ifndef X86_EXITS_H
#define X86_EXITS_H

#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/virt.h"

typedef enum exit_action (*exit_handler)(struct vp *vp, struct x86_exit *ex);

/* A guest's instruction has been done here: go behind it, out of STI's shadow, and with TF its
 * single-step trap is due (SDM vol. 3, 18.3.1.4). */
static inline void insn_done(struct vp *vp, uint8_t len)
{
	struct arch_vp *a = &vp->arch;

	a->rip += len;
	virt->set(vp, SYS_INT_SHADOW, 0);
	if (likely(!(virt->get(vp, SYS_RFLAGS) & RFLAGS_TF)))
		return;
	a->debug_exception = DR6_BS | (a->debug_pending ? a->debug_exception : 0);
	a->debug_pending = true;
}

/* exit_cpuid.c */
enum exit_action exit_cpuid(struct vp *vp, struct x86_exit *ex);
/* What any guest may have on this machine. */
void cpuid_allowed(uint32_t leaf, uint32_t sub, uint32_t r[4]);
/* A guest VP's answer before and after the results that the root registered. */
void cpuid_default(struct vp *vp, uint64_t xfem, uint64_t xss, uint32_t leaf, uint32_t sub,
		   uint32_t r[4]);
void cpuid_registered(struct vp *vp, uint32_t leaf, uint32_t sub, uint32_t r[4]);
void cpuid_native(uint32_t leaf, uint32_t subleaf, uint32_t r[4]);

/* exit_msr.c */
enum exit_action exit_msr_root(struct vp *vp, struct x86_exit *ex);
enum exit_action exit_msr_guest(struct vp *vp, struct x86_exit *ex);
/* Architectural MSRs of a guest; also the state service's way in. False: #GP. */
bool msr_guest_read(struct vp *vp, uint32_t msr, uint64_t *v);
bool msr_guest_write(struct vp *vp, uint32_t msr, uint64_t v);
bool msr_efer_valid(struct vp *vp, uint64_t v);

/* vp.c: what an APIC write asks for outside the APIC */
void apic_effect(struct vp *vp, const struct vlapic_effect *e);

/* exit_hypercall.c */
enum exit_action exit_hypercall(struct vp *vp, struct x86_exit *ex);

/* exit_slat.c */
enum exit_action exit_slat_root(struct vp *vp, struct x86_exit *ex);
enum exit_action exit_slat_guest(struct vp *vp, struct x86_exit *ex);

/* exit_io.c, exit_event.c */
enum exit_action exit_io(struct vp *vp, struct x86_exit *ex);
enum exit_action exit_exception(struct vp *vp, struct x86_exit *ex);
enum exit_action exit_xsetbv(struct vp *vp, struct x86_exit *ex);
bool xcr0_valid(const struct partition *p, uint64_t v);

/* exit_cr.c */
enum exit_action exit_cr(struct vp *vp, struct x86_exit *ex);

/* task_switch.c */
enum exit_action exit_task_switch(struct vp *vp, struct x86_exit *ex);

/* intercept_x64.c: write the message for the root and stop the VP. */
enum exit_action intercept_cpuid(struct vp *vp, struct x86_exit *ex, const uint32_t defaults[4]);
enum exit_action intercept_msr(struct vp *vp, struct x86_exit *ex);
enum exit_action intercept_io(struct vp *vp, struct x86_exit *ex);
enum exit_action intercept_memory(struct vp *vp, gpa_t gpa, uint32_t access, bool unmapped,
				  const struct x86_exit *ex);
enum exit_action intercept_exception(struct vp *vp, struct x86_exit *ex);
enum exit_action intercept_halt(struct vp *vp, struct x86_exit *ex);
enum exit_action intercept_unrecoverable(struct vp *vp, struct x86_exit *ex);
enum exit_action intercept_invalid_register(struct vp *vp, const char *why);
enum exit_action intercept_unsupported(struct vp *vp, uint32_t feature, uint64_t arg);
enum exit_action intercept_deliverable(struct vp *vp, int type);
enum exit_action intercept_sints(struct vp *vp, uint16_t sints);
enum exit_action intercept_apic_eoi(struct vp *vp, uint8_t vector);

#endif
