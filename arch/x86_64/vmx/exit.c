/* SPDX-License-Identifier: MIT */
/*
 * VM exits (SDM vol. 3, 27 and app. C) into struct x86_exit. One row a basic reason: what it means
 * to common code, and whether the CPU says how long the instruction is. Rows marked UD are
 * instructions that no partition is offered; those of controls that are never set park the VP.
 */
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/vmx/vmx.h"

struct exit_row {
	uint8_t kind;
	bool len; /* the instruction-length field is valid and wanted */
};

static const struct exit_row rows[VMX_EXIT_REASONS] = {
	[VMX_EXIT_EXCEPTION] = { X86_EXIT_EXCEPTION, false },
	[VMX_EXIT_INTR] = { X86_EXIT_INTR, false },
	[VMX_EXIT_TRIPLE_FAULT] = { X86_EXIT_SHUTDOWN, false },
	[VMX_EXIT_INIT] = { X86_EXIT_INIT, false },
	/* Only in the wait-for-SIPI activity state, which is never used (decision 3). */
	[VMX_EXIT_SIPI] = { X86_EXIT_UNKNOWN, false },
	[VMX_EXIT_IO_SMI] = { X86_EXIT_SMI, false },
	[VMX_EXIT_SMI] = { X86_EXIT_SMI, false },
	[VMX_EXIT_INTR_WINDOW] = { X86_EXIT_INTR_WINDOW, false },
	[VMX_EXIT_NMI_WINDOW] = { X86_EXIT_IRET, false },
	[VMX_EXIT_TASK_SWITCH] = { X86_EXIT_TASK_SWITCH, true },
	[VMX_EXIT_CPUID] = { X86_EXIT_CPUID, true },
	[VMX_EXIT_GETSEC] = { X86_EXIT_UD, false },
	[VMX_EXIT_HLT] = { X86_EXIT_HLT, true },
	[VMX_EXIT_INVD] = { X86_EXIT_INVD, true },
	[VMX_EXIT_INVLPG] = { X86_EXIT_UNKNOWN, false },
	[VMX_EXIT_RDPMC] = { X86_EXIT_RDPMC, true },
	[VMX_EXIT_RDTSC] = { X86_EXIT_UNKNOWN, false },
	[VMX_EXIT_RSM] = { X86_EXIT_RSM, false },
	[VMX_EXIT_VMCALL] = { X86_EXIT_HYPERCALL, true },
	[VMX_EXIT_VMCLEAR... VMX_EXIT_VMXON] = { X86_EXIT_UD, false },
	[VMX_EXIT_CR] = { X86_EXIT_CR, true },
	[VMX_EXIT_DR] = { X86_EXIT_UNKNOWN, false },
	[VMX_EXIT_IO] = { X86_EXIT_IO, true },
	[VMX_EXIT_RDMSR] = { X86_EXIT_MSR, true },
	[VMX_EXIT_WRMSR] = { X86_EXIT_MSR, true },
	[VMX_EXIT_BAD_STATE] = { X86_EXIT_INVALID_STATE, false },
	[VMX_EXIT_BAD_MSR] = { X86_EXIT_INVALID_STATE, false },
	[35] = { X86_EXIT_UNKNOWN, false },
	[VMX_EXIT_MWAIT] = { X86_EXIT_MWAIT, true },
	[VMX_EXIT_MTF] = { X86_EXIT_NONE, false },
	[38] = { X86_EXIT_UNKNOWN, false },
	[VMX_EXIT_MONITOR] = { X86_EXIT_MONITOR, true },
	[VMX_EXIT_PAUSE] = { X86_EXIT_SKIP, true },
	[VMX_EXIT_MCE] = { X86_EXIT_UNKNOWN, false },
	[42] = { X86_EXIT_UNKNOWN, false },
	/* The TPR is lower now: what waits is looked at again. */
	[VMX_EXIT_TPR] = { X86_EXIT_NONE, false },
	[VMX_EXIT_APIC_ACCESS... VMX_EXIT_LDTR_TR] = { X86_EXIT_UNKNOWN, false },
	[VMX_EXIT_EPT_VIOLATION] = { X86_EXIT_SLAT, false },
	[VMX_EXIT_EPT_MISCONFIG] = { X86_EXIT_UNKNOWN, false },
	[VMX_EXIT_INVEPT] = { X86_EXIT_UD, false },
	[VMX_EXIT_RDTSCP] = { X86_EXIT_UNKNOWN, false },
	[VMX_EXIT_PREEMPTION] = { X86_EXIT_DEADLINE, false },
	[VMX_EXIT_INVVPID] = { X86_EXIT_UD, false },
	[VMX_EXIT_WBINVD] = { X86_EXIT_WBINVD, true },
	[VMX_EXIT_XSETBV] = { X86_EXIT_XSETBV, true },
	[VMX_EXIT_APIC_WRITE... VMX_EXIT_INVPCID] = { X86_EXIT_UNKNOWN, false },
	[VMX_EXIT_VMFUNC] = { X86_EXIT_UD, false },
	[VMX_EXIT_ENCLS] = { X86_EXIT_UD, false },
	[VMX_EXIT_RDSEED... VMX_EXIT_XRSTORS] = { X86_EXIT_UNKNOWN, false },
	[VMX_EXIT_PCONFIG] = { X86_EXIT_UD, false },
	[VMX_EXIT_SPP] = { X86_EXIT_UNKNOWN, false },
	[VMX_EXIT_UMWAIT] = { X86_EXIT_UD, false },
	[VMX_EXIT_TPAUSE] = { X86_EXIT_UD, false },
	[VMX_EXIT_LOADIWKEY] = { X86_EXIT_UD, false },
	[VMX_EXIT_ENCLV] = { X86_EXIT_UD, false },
	[71] = { X86_EXIT_UNKNOWN, false },
	[VMX_EXIT_ENQCMD_PASID] = { X86_EXIT_UD, false },
	[VMX_EXIT_ENQCMDS_PASID] = { X86_EXIT_UD, false },
	[VMX_EXIT_BUSLOCK] = { X86_EXIT_NONE, false },
	[VMX_EXIT_NOTIFY] = { X86_EXIT_NONE, false },
};

/* Table 27-5. The value is read here, so that common code need not know the encoding. */
static void decode_cr(struct vp *vp, struct x86_exit *ex)
{
	uint64_t q = vmx_vmread(VMCS_QUALIFICATION);

	/* Other than MOV to CR0 or CR4 nothing is asked for: masks leave out TS and below. */
	if (FIELD(q, 5, 4) != 0 || (FIELD(q, 3, 0) != 0 && FIELD(q, 3, 0) != 4)) {
		ex->kind = X86_EXIT_UNKNOWN;
		return;
	}
	ex->cr.number = (uint8_t)FIELD(q, 3, 0);
	ex->cr.value = vp->arch.gpr[FIELD(q, 11, 8)];
	if (!(vmx_vmread(VMCS_GUEST_CS_AR) & BIT(13)))
		ex->cr.value &= 0xffffffff;
}

static void decode_io(struct vp *vp, struct x86_exit *ex)
{
	uint64_t q = vmx_vmread(VMCS_QUALIFICATION); /* table 27-6 */

	ex->io.size = (uint8_t)(FIELD(q, 2, 0) + 1);
	ex->io.in = q >> 3 & 1;
	ex->io.string = q >> 4 & 1;
	ex->io.rep = q >> 5 & 1;
	ex->io.port = (uint16_t)(q >> 16);
	ex->io.next_rip = vp->arch.rip + ex->len;
}

/* An IRET that faulted half-way has unblocked NMIs that were to stay blocked (27.2.3). */
static void block_again(struct vp *vp)
{
	if (!(vmx_vmread(VMCS_IDT_EVENT) & VMX_EVENT_VALID))
		vp->arch.nmi_masked = true;
}

static void decode_ept(struct vp *vp, struct x86_exit *ex)
{
	uint64_t q = vmx_vmread(VMCS_QUALIFICATION);

	if (unlikely(q & BIT(12)))
		block_again(vp);
	ex->slat.gpa = vmx_vmread(VMCS_GPA);
	ex->slat.write = (q & EPT_VIOL_WRITE) != 0;
	ex->slat.fetch = (q & EPT_VIOL_FETCH) != 0;
	ex->slat.read = (q & EPT_VIOL_READ) != 0;
	ex->slat.gva_valid = (q & EPT_VIOL_GVA_VALID) != 0;
	ex->slat.gva = ex->slat.gva_valid ? vmx_vmread(VMCS_GLA) : 0;
	ex->slat.table_walk = ex->slat.gva_valid && !(q & EPT_VIOL_FINAL);
	ex->slat.insn_len = 0;
}

/* #DB leaves DR6 and DR7 to us: what would be in DR6 is the qualification (27.2.1). */
static void decode_db(struct vp *vp)
{
	uint64_t q = vmx_vmread(VMCS_QUALIFICATION);
	uint64_t dr7 = vmx_get(vp, SYS_DR7);

	vmx_set(vp, SYS_DR6, (vmx_get(vp, SYS_DR6) & ~0xfull) | (q & 0xe00f) | DR6_FIXED);
	if (dr7 & DR7_GD)
		vmx_set(vp, SYS_DR7, dr7 & ~DR7_GD);
}

static void decode_exception(struct vp *vp, struct x86_exit *ex)
{
	uint32_t info = (uint32_t)vmx_vmread(VMCS_EXIT_EVENT);

	if ((info >> VMX_EVENT_TYPE_SHIFT & 7) == VMX_EVENT_NMI) {
		/* The exit took it, and left NMIs blocked until an IRET. */
		ex->kind = X86_EXIT_NMI;
		cpu_take_nmi();
		return;
	}
	if (unlikely(info & VMX_EVENT_UNBLOCK && (uint8_t)info != VEC_DF))
		block_again(vp);
	ex->exception.vector = (uint8_t)info;
	ex->exception.has_error = (info & VMX_EVENT_ERROR) != 0;
	ex->exception.error =
		ex->exception.has_error ? (uint32_t)vmx_vmread(VMCS_EXIT_EVENT_ERROR) : 0;
	ex->exception.cr2 = 0;
	if (ex->exception.vector == VEC_PF)
		ex->exception.cr2 = vmx_vmread(VMCS_QUALIFICATION);
	else if (ex->exception.vector == VEC_DB)
		decode_db(vp);
	/* INT1 has exited before it ran (27.3.3), and its #DB is a trap */
	if (unlikely((info >> VMX_EVENT_TYPE_SHIFT & 7) == VMX_EVENT_PRIV_EXC))
		vp->arch.rip += vmx_vmread(VMCS_INSN_LEN);
}

/*
 * Table 27-2. The instruction's length is good unless a hardware event asked for the switch
 * (27.2.5); RF is what the old task's TSS is to have (27.3.3). EXT is INT1's too (6.13).
 */
static void decode_task(struct vp *vp, struct x86_exit *ex)
{
	uint64_t q = vmx_vmread(VMCS_QUALIFICATION);
	uint32_t event = (uint32_t)vmx_vmread(VMCS_IDT_EVENT);
	uint32_t type = event >> VMX_EVENT_TYPE_SHIFT & 7;
	bool gate, hard;

	ex->task.selector = (uint16_t)q;
	ex->task.source = (uint8_t)FIELD(q, 31, 30);
	gate = ex->task.source == TASK_GATE && event & VMX_EVENT_VALID;
	hard = gate && type < VMX_EVENT_SOFT_INT;
	ex->task.next = !hard;
	ex->task.external = hard || (gate && type == VMX_EVENT_PRIV_EXC);
	ex->task.rf = (vmx_get(vp, SYS_RFLAGS) & RFLAGS_RF) != 0;
	ex->task.has_error = gate && event & VMX_EVENT_ERROR;
	ex->task.error = ex->task.has_error ? (uint32_t)vmx_vmread(VMCS_IDT_ERROR) : 0;
	if (hard)
		ex->len = 0;
}

/*
 * An event whose delivery the exit interrupted is delivered again first (27.2.4). INT n, INT1, INT3
 * and INTO are not: RIP still is at the instruction, which does it all again.
 */
static void recover_event(struct vp *vp, uint32_t info)
{
	struct x86_event *e = &vp->arch.event;
	uint32_t type = info >> VMX_EVENT_TYPE_SHIFT & 7;

	if (type >= VMX_EVENT_SOFT_INT)
		return;
	*e = (struct x86_event){ .pending = true,
				 .vector = (uint8_t)info,
				 .type = (uint8_t)type,
				 .has_error = (info & VMX_EVENT_ERROR) != 0 };
	if (e->has_error)
		e->error = (uint32_t)vmx_vmread(VMCS_IDT_ERROR);
	/* Its delivery blocks NMIs anew (26.6.1.2) */
	if (type == VMX_EVENT_NMI)
		vp->arch.nmi_masked = true;
}

void vmx_decode_exit(struct vp *vp, uint32_t reason, struct x86_exit *ex)
{
	uint32_t basic = reason & 0xffff;
	uint32_t event;

	ex->code = reason;
	ex->len = 0;
	ex->opcode[0] = 0;
	if (unlikely(basic >= VMX_EXIT_REASONS)) {
		ex->kind = X86_EXIT_UNKNOWN;
		return;
	}
	ex->kind = rows[basic].kind;
	if (unlikely(reason & VMX_EXIT_FAILED))
		return;
	/* An instruction that exits by itself is not in an event's delivery (27.2.4) */
	if (rows[basic].len)
		ex->len = (uint8_t)vmx_vmread(VMCS_INSN_LEN);
	if (!rows[basic].len || basic == VMX_EXIT_TASK_SWITCH) {
		event = (uint32_t)vmx_vmread(VMCS_IDT_EVENT);
		if (unlikely(event & VMX_EVENT_VALID))
			recover_event(vp, event);
	}
	switch (basic) {
	case VMX_EXIT_EXCEPTION:
		decode_exception(vp, ex);
		break;
	case VMX_EXIT_RDMSR:
	case VMX_EXIT_WRMSR:
		ex->msr.write = basic == VMX_EXIT_WRMSR;
		break;
	case VMX_EXIT_IO:
		decode_io(vp, ex);
		break;
	case VMX_EXIT_EPT_VIOLATION:
		decode_ept(vp, ex);
		break;
	case VMX_EXIT_CR:
		decode_cr(vp, ex);
		break;
	case VMX_EXIT_TASK_SWITCH:
		decode_task(vp, ex);
		break;
	default:
		break;
	}
}
