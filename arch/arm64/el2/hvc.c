/* SPDX-License-Identifier: MIT */
/*
 * HVC and SMC: PSCI and the SMC Calling Convention (DEN0022, DEN0028), and the hypercall in both of
 * its forms: HVC #0 with a vendor's function number, HVC #1 (TLFS, "Hypercall interface", ARM64).
 */
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "hvapi/hypercall.h"
#include "kernel/bits.h"
#include "kernel/log.h"

#define SMCCC_VERSION	    0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define SMCCC_1_1	    0x10001u
#define SMCCC_NOT_SUPPORTED (~0ull)
#define SMCCC_OWNER(f)	    ((uint32_t)(f) >> 24 & 0x3f)
#define OWNER_ARCH	    0u
#define OWNER_VENDOR_HYP    6u
#define SMCCC_FAST	    BIT(31)

/* Owner 6: the hypervisor. Function 1 is the hypercall; 0xff01 asks whose numbers these are. */
#define HV_FUNC_HYPERCALL  0x46000001u
#define SMCCC_VENDOR_UID   0x8600ff01u
#define SMCCC_VENDOR_COUNT 0x8600ff00u
#define SMCCC_VENDOR_REV   0x8600ff03u
/* 58ba324d-6447-24cd-756c-ef8e24705916: as Linux knows Hyper-V by */
static const uint32_t hyperv_uid[4] = { 0x4d32ba58u, 0xcd244764u, 0x8eef6c75u, 0x16597024u };

#define INSN 4u /* bytes of an HVC or SMC */

/* How a guest says who it is: by the registers that it may touch before (arch_own_register()). */
static bool early_call(uint64_t control)
{
	uint16_t code = (uint16_t)control;

	return code == HVCALL_GET_VP_REGISTERS || code == HVCALL_SET_VP_REGISTERS;
}

/* first: the register of the control word. */
static enum trap_action hypercall(struct vp *vp, uint32_t first, bool smccc)
{
	uint64_t *x = vp->arch.x;
	struct hv_hcall_io io = { .control = x[first],
				  .input = x[first + 1],
				  .output = x[first + 2],
				  .ext = &x[first + 1],
				  .ext_words = 16,
				  .ext_last = !smccc,
				  .wide = true };

	if (!hypercall_enabled(vp->partition) && !early_call(io.control)) {
		/* PC is past an HVC: the exception is at it */
		vp->arch.pc -= INSN;
		inject_undefined(vp);
		return TRAP_AGAIN;
	}
	hypercall_dispatch(vp, &io);
	/* It may have been about a timer of its own */
	vp->arch.timers_moved = true;
	if (io.fault) {
		vp->arch.pc -= INSN;
		if (vp->partition != partition_root)
			return intercept_memory(vp, io.fault_gpa.v,
						io.fault_write ? HV_INTERCEPT_ACCESS_WRITE
							       : HV_INTERCEPT_ACCESS_READ,
						io.fault_unmapped, NULL);
		inject_external_abort(vp, io.fault_gpa.v, false, -1);
		return TRAP_AGAIN;
	}
	if (io.again) {
		/* The rest of the list: the same instruction, from the next element */
		x[first] = io.control;
		vp->arch.pc -= INSN;
		return TRAP_AGAIN;
	}
	x[0] = io.result;
	return TRAP_AGAIN;
}

static void arch_call(uint64_t *x)
{
	switch ((uint32_t)x[0]) {
	case SMCCC_VERSION:
		x[0] = SMCCC_1_1;
		break;
	case SMCCC_ARCH_FEATURES:
		x[0] = (uint32_t)x[1] == SMCCC_VERSION || (uint32_t)x[1] == SMCCC_ARCH_FEATURES
			       ? 0
			       : SMCCC_NOT_SUPPORTED;
		break;
	default:
		x[0] = SMCCC_NOT_SUPPORTED;
		break;
	}
}

static void vendor_call(uint64_t *x)
{
	switch ((uint32_t)x[0]) {
	case SMCCC_VENDOR_UID:
		for (uint32_t i = 0; i < 4; i++)
			x[i] = hyperv_uid[i];
		break;
	case SMCCC_VENDOR_COUNT:
		x[0] = 4; /* these three, and the hypercall */
		break;
	case SMCCC_VENDOR_REV:
		x[0] = 1;
		x[1] = 0;
		break;
	default:
		x[0] = SMCCC_NOT_SUPPORTED;
		break;
	}
}

enum trap_action trap_hvc(struct vp *vp, const struct el2_trap *t)
{
	uint64_t *x = vp->arch.x;

	switch ((uint32_t)t->esr & 0xffff) {
	case 0:
		if ((uint32_t)x[0] == HV_FUNC_HYPERCALL)
			return hypercall(vp, 1, true);
		if (psci_call(vp, x))
			return TRAP_AGAIN;
		if (SMCCC_OWNER(x[0]) == OWNER_ARCH && x[0] & SMCCC_FAST)
			arch_call(x);
		else
			vendor_call(x);
		return TRAP_AGAIN;
	case 1:
		return hypercall(vp, 0, false);
	default:
		vp->arch.pc -= INSN;
		inject_undefined(vp);
		return TRAP_AGAIN;
	}
}

/* A trapped SMC leaves PC on itself, an HVC past itself (D1.3.1, preferred return address). */
enum trap_action trap_smc(struct vp *vp, const struct el2_trap *t)
{
	uint64_t *x = vp->arch.x;

	/* Other immediates are reserved (DEN0028, 2.9) */
	if (t->esr & 0xffff) {
		x[0] = SMCCC_NOT_SUPPORTED;
		return TRAP_NEXT;
	}
	/* PSCI may move PC itself (CPU_OFF); it has to be past the instruction before. */
	vp->arch.pc += INSN;
	if (psci_call(vp, x))
		return TRAP_AGAIN;
	/* All else is between the root and its firmware; a board without EL3 has none. */
	if (vp->partition != partition_root || !(read_sysreg(id_aa64pfr0_el1) >> 12 & 0xf) ||
	    el2_smc(x)) {
		partition_unimplemented(vp->partition, UNIMPLEMENTED_SMC, "SMC", x[0]);
		x[0] = SMCCC_NOT_SUPPORTED;
	}
	return TRAP_AGAIN;
}
