/* SPDX-License-Identifier: MIT */
/*
 * #VMEXIT codes (APM vol. 2, appendix C) into struct x86_exit. One row a code: what it means to
 * common code, and the instruction's length where it is fixed. Rows marked UD are instructions
 * that no partition is offered; rows marked SKIP never do harm when left out.
 */
#include <string.h>

#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/svm/svm.h"

struct exit_row {
	uint8_t kind;
	uint8_t len;
	uint8_t opcode[2];
};

#define ROWS SVM_EXIT_IDLE_HLT + 1

/* MSR, VMMCALL etc. have fixed lengths without prefixes; exit.c of common/ checks the bytes. */
static const struct exit_row rows[ROWS] = {
	[SVM_EXIT_CR0_READ... SVM_EXIT_CR0_READ + 0xf] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_CR0_WRITE... SVM_EXIT_CR0_WRITE + 7] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_CR0_WRITE + 8] = { X86_EXIT_CR, 0, { 0 } },
	[SVM_EXIT_CR0_WRITE + 9 ... SVM_EXIT_CR0_WRITE + 0xf] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_DR0_READ... SVM_EXIT_DR0_READ + 0xf] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_DR0_WRITE... SVM_EXIT_DR0_WRITE + 0xf] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_EXCP0... SVM_EXIT_EXCP0 + 0x1f] = { X86_EXIT_EXCEPTION, 0, { 0 } },
	[SVM_EXIT_INTR] = { X86_EXIT_INTR, 0, { 0 } },
	[SVM_EXIT_NMI] = { X86_EXIT_NMI, 0, { 0 } },
	[SVM_EXIT_SMI] = { X86_EXIT_SMI, 0, { 0 } },
	[SVM_EXIT_INIT] = { X86_EXIT_INIT, 0, { 0 } },
	[SVM_EXIT_VINTR] = { X86_EXIT_INTR_WINDOW, 0, { 0 } },
	/* Never intercepted; were one to come, the instruction runs on unharmed only as a fault. */
	[SVM_EXIT_CR0_SEL_WRITE] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_IDTR_READ... SVM_EXIT_TR_WRITE] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_RDTSC] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_RDPMC] = { X86_EXIT_RDPMC, 2, { 0x0f, 0x33 } },
	[SVM_EXIT_PUSHF] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_POPF] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_CPUID] = { X86_EXIT_CPUID, 2, { 0x0f, 0xa2 } },
	[SVM_EXIT_RSM] = { X86_EXIT_RSM, 2, { 0x0f, 0xaa } },
	[SVM_EXIT_IRET] = { X86_EXIT_IRET, 0, { 0 } },
	[SVM_EXIT_SWINT] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_INVD] = { X86_EXIT_INVD, 2, { 0x0f, 0x08 } },
	[SVM_EXIT_PAUSE] = { X86_EXIT_SKIP, 0, { 0 } },
	[SVM_EXIT_HLT] = { X86_EXIT_HLT, 1, { 0xf4, 0 } },
	[SVM_EXIT_INVLPG] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_INVLPGA] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_IOIO] = { X86_EXIT_IO, 0, { 0 } },
	[SVM_EXIT_MSR] = { X86_EXIT_MSR, 2, { 0 } },
	[SVM_EXIT_TASK_SWITCH] = { X86_EXIT_TASK_SWITCH, 0, { 0 } },
	[SVM_EXIT_FERR_FREEZE] = { X86_EXIT_FERR, 0, { 0 } },
	[SVM_EXIT_SHUTDOWN] = { X86_EXIT_SHUTDOWN, 0, { 0 } },
	[SVM_EXIT_VMRUN] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_VMMCALL] = { X86_EXIT_HYPERCALL, 3, { 0x0f, 0x01 } },
	[SVM_EXIT_VMLOAD... SVM_EXIT_SKINIT] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_RDTSCP] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_ICEBP] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_WBINVD] = { X86_EXIT_WBINVD, 2, { 0x0f, 0x09 } },
	[SVM_EXIT_MONITOR] = { X86_EXIT_MONITOR, 3, { 0x0f, 0x01 } },
	[SVM_EXIT_MWAIT] = { X86_EXIT_MWAIT, 3, { 0x0f, 0x01 } },
	[SVM_EXIT_MWAIT_ARMED] = { X86_EXIT_MWAIT, 3, { 0x0f, 0x01 } },
	[SVM_EXIT_XSETBV] = { X86_EXIT_XSETBV, 3, { 0x0f, 0x01 } },
	[SVM_EXIT_RDPRU] = { X86_EXIT_UD, 0, { 0 } },
	/* Traps after the write: state is already as the guest wanted it. */
	[SVM_EXIT_EFER_TRAP] = { X86_EXIT_NONE, 0, { 0 } },
	[SVM_EXIT_CR0_TRAP... SVM_EXIT_CR0_TRAP + 0xf] = { X86_EXIT_NONE, 0, { 0 } },
	[SVM_EXIT_INVLPGB] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_INVLPGB_ILLEGAL] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_INVPCID] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_MCOMMIT] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_TLBSYNC] = { X86_EXIT_UD, 0, { 0 } },
	[SVM_EXIT_BUSLOCK] = { X86_EXIT_NONE, 0, { 0 } },
	[SVM_EXIT_IDLE_HLT] = { X86_EXIT_HLT, 1, { 0xf4, 0 } },
};

static void decode_io(const struct svm_vmcb *c, struct x86_exit *ex)
{
	uint64_t info = c->exitinfo1; /* APM 15.10.2 */

	ex->io.in = info & 1;
	ex->io.string = info >> 2 & 1;
	ex->io.rep = info >> 3 & 1;
	ex->io.size = (uint8_t)(info >> 4 & 7);
	ex->io.port = (uint16_t)(info >> 16);
	ex->io.next_rip = c->exitinfo2;
	ex->len = (uint8_t)(c->exitinfo2 - c->rip);
}

static void decode_npf(const struct svm_vmcb *c, struct x86_exit *ex)
{
	uint64_t info = c->exitinfo1;

	ex->kind = X86_EXIT_SLAT;
	ex->slat.gpa = c->exitinfo2;
	ex->slat.write = (info & SVM_NPF_WRITE) != 0;
	ex->slat.fetch = (info & SVM_NPF_FETCH) != 0;
	ex->slat.read = !ex->slat.write && !ex->slat.fetch;
	ex->slat.table_walk = (info & SVM_NPF_TABLE) != 0;
	ex->slat.gva_valid = false; /* SVM does not report it */
	ex->slat.insn_len = 0;
	if (svm_caps.decode_assists && !ex->slat.fetch && c->insn_len <= 15) {
		ex->slat.insn_len = c->insn_len;
		memcpy(ex->slat.insn_bytes, c->insn_bytes, 15);
	}
}

/* INT n, INT3 or INTO */
static bool software(uint32_t info)
{
	uint32_t type = info >> SVM_EVENT_TYPE_SHIFT & 7;
	uint8_t vector = (uint8_t)info;

	return type == SVM_EVENT_SOFT ||
	       (type == SVM_EVENT_EXCEPTION && (vector == VEC_BP || vector == VEC_OF));
}

/*
 * APM 15.14.1. What asked is IRET or JMP if EXITINFO2 says so, an event if one was in delivery,
 * else CALL. RIP is the instruction's: no length comes with this exit.
 */
static void decode_task(const struct svm_vmcb *c, struct x86_exit *ex)
{
	bool event = (c->exitintinfo & SVM_EVENT_VALID) != 0;
	uint64_t info = c->exitinfo2;

	ex->task.selector = (uint16_t)c->exitinfo1;
	ex->task.source = info & SVM_TASK_IRET	? TASK_IRET
			  : info & SVM_TASK_JMP ? TASK_JMP
			  : event		? TASK_GATE
						: TASK_CALL;
	event = event && ex->task.source == TASK_GATE;
	ex->task.next = !event || software(c->exitintinfo);
	ex->task.external = !ex->task.next;
	ex->task.rf = (info & SVM_TASK_RF) != 0;
	ex->task.has_error = (info & SVM_TASK_ERROR) != 0;
	ex->task.error = ex->task.has_error ? (uint32_t)info : 0;
}

/*
 * An event whose delivery the exit interrupted is delivered again first (APM 15.7.2). INT n, INT3
 * and INTO are not: RIP still is at the instruction, which does it all again.
 */
static void recover_event(struct vp *vp, const struct svm_vmcb *c)
{
	struct x86_event *e = &vp->arch.event;
	uint32_t info = c->exitintinfo, type = info >> SVM_EVENT_TYPE_SHIFT & 7;
	uint8_t vector = (uint8_t)info;

	if (software(info))
		return;
	e->pending = true;
	e->vector = vector;
	e->type = (uint8_t)type;
	e->has_error = (info & SVM_EVENT_ERROR) != 0;
	e->error = e->has_error ? c->exitintinfo_error : 0;
	e->insn_len = 0;
}

/*
 * Without NRIP save the length is the plain instruction's, if its bytes are those. They are looked
 * for where RIP's page was last: a hint, about nothing but the VP's own RIP.
 */
static bool plain(const struct vp *vp, const struct svm_vmcb *c, const struct x86_exit *ex)
{
	const struct x86_fetch *f = &vp->arch.fetch;
	uint64_t lin = c->rip, off;

	if (unlikely(!(c->efer & EFER_LMA && c->cs.attrib & BIT(9))))
		lin = (lin + c->cs.base) & 0xffffffffu;
	off = lin & (PAGE_SIZE - 1);
	if (f->page != lin - off || !f->ptr || f->cr3 != c->cr3 || f->cr0 != c->cr0 ||
	    f->generation != vp->partition->slat.generation || off > PAGE_SIZE - 2)
		return false;
	return f->ptr[off] == ex->opcode[0] && (ex->len == 1 || f->ptr[off + 1] == ex->opcode[1]);
}

void svm_decode_exit(struct vp *vp, struct x86_exit *ex)
{
	const struct svm_vmcb *c = vp->arch.vmcb;
	uint64_t code = c->exitcode;

	ex->code = code;
	ex->cr8 = c->vintr & 0xf;
	ex->after = (c->interrupt_shadow & 1) || c->rflags & RFLAGS_TF;
	if (unlikely(c->exitintinfo & SVM_EVENT_VALID))
		recover_event(vp, c);
	if (code >= ROWS) {
		ex->kind = X86_EXIT_UNKNOWN;
		ex->len = 0;
		if (code == SVM_EXIT_NPF)
			decode_npf(c, ex);
		else if ((uint32_t)code == ~0u)
			/* VMEXIT_INVALID is -1; TCG stores 32 bits of it */
			ex->kind = X86_EXIT_INVALID_STATE;
		return;
	}
	ex->kind = rows[code].kind;
	ex->len = rows[code].len;
	ex->opcode[0] = rows[code].opcode[0];
	ex->opcode[1] = rows[code].opcode[1];
	if (svm_caps.nrip && ex->len) {
		ex->len = (uint8_t)(c->next_rip - c->rip);
		ex->opcode[0] = 0;
	}
	switch (ex->kind) {
	case X86_EXIT_MSR:
		ex->msr.write = c->exitinfo1 & 1;
		ex->opcode[0] = svm_caps.nrip ? 0 : 0x0f;
		ex->opcode[1] = ex->msr.write ? 0x30 : 0x32;
		break;
	case X86_EXIT_IO:
		decode_io(c, ex);
		break;
	case X86_EXIT_EXCEPTION:
		ex->exception.vector = (uint8_t)(code - SVM_EXIT_EXCP0);
		/* APM table 8-1: which exceptions push an error code */
		ex->exception.has_error = (0x60227d00u >> ex->exception.vector & 1) != 0;
		ex->exception.error = (uint32_t)c->exitinfo1;
		ex->exception.cr2 = c->exitinfo2;
		break;
	case X86_EXIT_TASK_SWITCH:
		decode_task(c, ex);
		break;
	case X86_EXIT_CR:
		ex->cr.number = 8;
		break;
	default:
		break;
	}
	if (likely(ex->opcode[0] && plain(vp, c, ex)))
		ex->opcode[0] = 0;
}

/* APM 15.5.1, "canonicalization and consistency checks". */
const char *svm_check_state(struct vp *vp)
{
	const struct svm_vmcb *c = vp->arch.vmcb;
	bool pg = (c->cr0 & CR0_PG) != 0, lme = (c->efer & EFER_LME) != 0;

	if (!(c->cr0 & CR0_CD) && c->cr0 & CR0_NW)
		return "CR0.NW without CR0.CD";
	if (c->cr0 >> 32)
		return "CR0 bits 63:32";
	if (pg && !(c->cr0 & CR0_PE))
		return "CR0.PG without CR0.PE";
	if (c->dr6 >> 32)
		return "DR6 bits 63:32";
	if (c->dr7 >> 32)
		return "DR7 bits 63:32";
	if (lme && pg && !(c->cr4 & CR4_PAE))
		return "long mode without CR4.PAE";
	if (lme && pg && c->cs.attrib & BIT(9) && c->cs.attrib & BIT(10))
		return "CS.L and CS.D both set";
	if (!!(c->efer & EFER_LMA) != (lme && pg))
		return "EFER.LMA is not EFER.LME and CR0.PG";
	if (c->cr4 & CR4_PCIDE && !(c->efer & EFER_LMA))
		return "CR4.PCIDE outside long mode";
	if (c->rflags & RFLAGS_VM && c->efer & EFER_LMA)
		return "RFLAGS.VM in long mode";
	/* The CPU does not ask, and has no meaning for it; VT-x refuses it. */
	if (c->rflags & RFLAGS_VM && !(c->cr0 & CR0_PE))
		return "RFLAGS.VM without CR0.PE";
	return NULL;
}
