/* SPDX-License-Identifier: MIT */
/*
 * What each kind of exit means, for the root and for a guest: one table. A handler answers how
 * the VP goes on; whatever it does not know is the VP's problem, never the core's.
 */
#include "arch/x86_64/common/exits.h"

#include <insn.h>

#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/deadline.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "arch/x86_64/common/regs.h"
#include "kernel/arch.h"
#include "kernel/log.h"

static enum exit_action resume(struct vp *vp, struct x86_exit *ex)
{
	(void)vp;
	(void)ex;
	return EXIT_RESUME;
}

static enum exit_action skip(struct vp *vp, struct x86_exit *ex)
{
	return insn_length(vp, ex) ? EXIT_NEXT : EXIT_RESUME;
}

static enum exit_action fault_ud(struct vp *vp, struct x86_exit *ex)
{
	(void)ex;
	inject_ud(vp);
	return EXIT_RESUME;
}

static enum exit_action fault_gp(struct vp *vp, struct x86_exit *ex)
{
	(void)ex;
	inject_gp(vp);
	return EXIT_RESUME;
}

static enum exit_action root_nmi(struct vp *vp, struct x86_exit *ex)
{
	(void)vp;
	(void)ex;
	root_nmi_window();
	return EXIT_RESUME;
}

/* The core owns every CPU: a physical INIT has no business here. It is dropped. */
static enum exit_action drop_init(struct vp *vp, struct x86_exit *ex)
{
	(void)ex;
	partition_unimplemented(vp->partition, UNIMPLEMENTED_LOGICAL_INIT, "physical INIT", 0);
	return EXIT_RESUME;
}

/* NMIs are blocked until IRET completes; SVM without virtual NMIs reports it before (15.20). */
static enum exit_action iret(struct vp *vp, struct x86_exit *ex)
{
	(void)ex;
	vp->arch.nmi_masked = false;
	virt->iret_window(vp, false);
	return EXIT_RESUME;
}

/* A triple fault of the root is how many systems reboot: reset the machine, as hardware would. */
static enum exit_action root_shutdown(struct vp *vp, struct x86_exit *ex)
{
	(void)ex;
	log_error("root VP %u: shutdown (triple fault): the machine is reset", vp->index);
	virt->dump(vp);
	arch_machine_reset();
	return EXIT_RESUME;
}

/* The root's VP cannot be parked for anybody: it stands still, with its NMIs, and the log says. */
static enum exit_action root_broken(struct vp *vp, struct x86_exit *ex)
{
	const char *why = virt->check_state(vp);

	log_error("root VP %u: exit %llx: %s", vp->index, (unsigned long long)ex->code,
		  why ? why : "cannot be resumed");
	virt->dump(vp);
	vp->arch.activity = X86_WAIT_SIPI;
	return EXIT_RESUME;
}

static enum exit_action guest_stop(struct vp *vp, enum vp_exit why)
{
	vp->arch.stop = (uint8_t)why;
	return EXIT_STOP;
}

static enum exit_action guest_intr(struct vp *vp, struct x86_exit *ex)
{
	(void)ex;
	return guest_stop(vp, VP_EXIT_INTERRUPT);
}

/* The timer is set at most 1 ms ahead: an emulator may hold the root's interrupts back meanwhile.
 */
static enum exit_action guest_deadline(struct vp *vp, struct x86_exit *ex)
{
	(void)ex;
	return deadline_expired() ? EXIT_RESUME : guest_stop(vp, VP_EXIT_INTERRUPT);
}

static enum exit_action guest_nmi(struct vp *vp, struct x86_exit *ex)
{
	(void)ex;
	root_nmi_window();
	/* An NMI of the root's own is delivered when it runs again: go there now. */
	if (this_cpu()->root_vp->arch.nmi_pending)
		return guest_stop(vp, VP_EXIT_INTERRUPT);
	return EXIT_RESUME;
}

static enum exit_action guest_hlt(struct vp *vp, struct x86_exit *ex)
{
	if (!insn_length(vp, ex))
		return EXIT_RESUME;
	if (vp->partition->arch.hlt_intercept)
		return intercept_halt(vp, ex);
	insn_done(vp, ex->len);
	vp->arch.activity = X86_HALTED;
	return EXIT_RESUME;
}

static enum exit_action guest_shutdown(struct vp *vp, struct x86_exit *ex)
{
	vp->arch.activity = X86_SHUTDOWN;
	return intercept_unrecoverable(vp, ex);
}

static enum exit_action guest_invalid(struct vp *vp, struct x86_exit *ex)
{
	const char *why = virt->check_state(vp);

	(void)ex;
	return intercept_invalid_register(vp, why ? why : "refused by the CPU");
}

/* WBINVD needs no effect: guest memory is coherent, and no device is assigned. INVD must not
 * throw away others' dirty lines, so it is a WBINVD that has nothing to do. */
static enum exit_action guest_cache(struct vp *vp, struct x86_exit *ex)
{
	if (virt->get(vp, SYS_CPL) != 0) {
		inject_gp(vp);
		return EXIT_RESUME;
	}
	return skip(vp, ex);
}

static enum exit_action guest_smi(struct vp *vp, struct x86_exit *ex)
{
	(void)vp;
	(void)ex;
	/* Still pending: taken, by firmware, in the window. */
	virt->open();
	virt->close();
	return EXIT_RESUME;
}

static enum exit_action guest_ferr(struct vp *vp, struct x86_exit *ex)
{
	(void)ex;
	inject_exception(vp, VEC_MF, false, 0);
	return EXIT_RESUME;
}

static enum exit_action guest_unknown(struct vp *vp, struct x86_exit *ex)
{
	log_error("partition %llu VP %u: unknown exit %llx: parked",
		  (unsigned long long)vp->partition->id, vp->index, (unsigned long long)ex->code);
	virt->dump(vp);
	return intercept_unsupported(vp, 1, ex->code);
}

static const exit_handler root_table[X86_EXIT_KINDS] = {
	[X86_EXIT_UNKNOWN] = root_broken,
	[X86_EXIT_NONE] = resume,
	[X86_EXIT_CPUID] = exit_cpuid,
	[X86_EXIT_MSR] = exit_msr_root,
	[X86_EXIT_HYPERCALL] = exit_hypercall,
	[X86_EXIT_IO] = skip,
	[X86_EXIT_SLAT] = exit_slat_root,
	[X86_EXIT_HLT] = skip,
	[X86_EXIT_INTR] = resume,
	[X86_EXIT_NMI] = root_nmi,
	[X86_EXIT_INTR_WINDOW] = resume,
	[X86_EXIT_IRET] = iret,
	[X86_EXIT_EXCEPTION] = exit_exception,
	[X86_EXIT_SHUTDOWN] = root_shutdown,
	[X86_EXIT_INVALID_STATE] = root_broken,
	[X86_EXIT_TASK_SWITCH] = exit_task_switch,
	[X86_EXIT_XSETBV] = exit_xsetbv,
	[X86_EXIT_INVD] = skip,
	[X86_EXIT_WBINVD] = skip,
	[X86_EXIT_MONITOR] = skip,
	[X86_EXIT_MWAIT] = skip,
	[X86_EXIT_RDPMC] = fault_gp,
	[X86_EXIT_RSM] = fault_ud,
	[X86_EXIT_SMI] = guest_smi,
	[X86_EXIT_INIT] = drop_init,
	[X86_EXIT_UD] = fault_ud,
	[X86_EXIT_GP] = fault_gp,
	[X86_EXIT_SKIP] = skip,
	[X86_EXIT_FERR] = guest_ferr,
	[X86_EXIT_CR] = exit_cr,
	[X86_EXIT_DEADLINE] = resume,
};

static const exit_handler guest_table[X86_EXIT_KINDS] = {
	[X86_EXIT_UNKNOWN] = guest_unknown,
	[X86_EXIT_NONE] = resume,
	[X86_EXIT_CPUID] = exit_cpuid,
	[X86_EXIT_MSR] = exit_msr_guest,
	[X86_EXIT_HYPERCALL] = exit_hypercall,
	[X86_EXIT_IO] = exit_io,
	[X86_EXIT_SLAT] = exit_slat_guest,
	[X86_EXIT_HLT] = guest_hlt,
	[X86_EXIT_INTR] = guest_intr,
	[X86_EXIT_NMI] = guest_nmi,
	[X86_EXIT_INTR_WINDOW] = resume,
	[X86_EXIT_IRET] = iret,
	[X86_EXIT_EXCEPTION] = exit_exception,
	[X86_EXIT_SHUTDOWN] = guest_shutdown,
	[X86_EXIT_INVALID_STATE] = guest_invalid,
	[X86_EXIT_TASK_SWITCH] = exit_task_switch,
	[X86_EXIT_XSETBV] = exit_xsetbv,
	[X86_EXIT_INVD] = guest_cache,
	[X86_EXIT_WBINVD] = guest_cache,
	[X86_EXIT_MONITOR] = fault_ud,
	[X86_EXIT_MWAIT] = fault_ud,
	[X86_EXIT_RDPMC] = fault_gp,
	[X86_EXIT_RSM] = fault_ud,
	[X86_EXIT_SMI] = guest_smi,
	[X86_EXIT_INIT] = drop_init,
	[X86_EXIT_UD] = fault_ud,
	[X86_EXIT_GP] = fault_gp,
	[X86_EXIT_SKIP] = skip,
	[X86_EXIT_FERR] = guest_ferr,
	[X86_EXIT_CR] = exit_cr,
	[X86_EXIT_DEADLINE] = guest_deadline,
};

enum exit_action exit_handle(struct vp *vp, struct x86_exit *ex)
{
	if (vp->partition == partition_root)
		return root_table[ex->kind](vp, ex);
	return guest_table[ex->kind](vp, ex);
}
