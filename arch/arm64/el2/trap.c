/* SPDX-License-Identifier: MIT */
/* Exceptions that come to EL2 from a VP, by class (Arm ARM, D19.2.37, ESR_ELx.EC). */
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "kernel/bits.h"
#include "kernel/log.h"
#include "kernel/arch.h"

#define EC(esr) ((uint32_t)((esr) >> 26) & 0x3f)

/* What the VP must not have: the instruction is undefined for it, and said once. */
static enum trap_action undefined(struct vp *vp, const struct el2_trap *t)
{
	partition_unimplemented(vp->partition, UNIMPLEMENTED_TRAP, "exception of syndrome", t->esr);
	inject_undefined(vp);
	return TRAP_AGAIN;
}

/* A feature that ID registers hide: no word about it. */
static enum trap_action hidden(struct vp *vp, const struct el2_trap *t)
{
	(void)t;
	inject_undefined(vp);
	return TRAP_AGAIN;
}

static const trap_handler handlers[64] = {
	[0x01] = trap_wfi,
	[0x07] = hidden, /* FP and SIMD: never trapped, but for SVE on old syndromes */
	[0x09] = hidden, /* pointer authentication */
	[0x0a] = hidden, /* LD64B, ST64B */
	[0x16] = trap_hvc,
	[0x17] = trap_smc,
	[0x18] = trap_sysreg,
	[0x19] = hidden, /* SVE */
	[0x1d] = hidden, /* SME */
	[0x20] = trap_instruction_abort,
	[0x24] = trap_data_abort,
};

/* Only a guest's WFI traps (HCR_EL2.TWI): what wakes it comes through the mailbox. */
enum trap_action trap_wfi(struct vp *vp, const struct el2_trap *t)
{
	(void)t;
	if (!atomic_load(&vp->mail))
		vp->arch.stop = VP_EXIT_HALTED;
	return TRAP_NEXT;
}

void trap_handle(struct vp *vp, uint64_t kind)
{
	struct el2_trap t;
	trap_handler fn;

	/* HCR_EL2.IMO, FMO and AMO are clear while the root runs: none of these comes here. */
	if (kind != EXIT_SYNC) {
		partition_unimplemented(vp->partition, UNIMPLEMENTED_TRAP, "exit of kind", kind);
		return;
	}
	t.esr = read_sysreg(esr_el2);
	t.far = read_sysreg(far_el2);
	t.hpfar = read_sysreg(hpfar_el2);
	fn = handlers[EC(t.esr)];
	if ((fn ? fn : undefined)(vp, &t) == TRAP_NEXT)
		vp->arch.pc += t.esr & BIT(25) ? 4 : 2;
}

/* -- EL2's own exceptions ---------------------------------------------------------------------- */

uint64_t el2_own_exception(uint64_t kind, const uint64_t *r);

/* r: X0..X30, ELR, SPSR. Returns where to go on. */
uint64_t el2_own_exception(uint64_t kind, const uint64_t *r)
{
	static const char *const names[] = { "synchronous", "IRQ", "FIQ", "SError" };
	uint64_t esr = read_sysreg(esr_el2);

	/* SMC where EL3 is not: undefined (vectors.S) */
	if (kind == 4 && EC(esr) == 0 && r[31] == (uint64_t)(uintptr_t)el2_smc_insn)
		return (uint64_t)(uintptr_t)el2_smc_fixup;
	log_raw("\nEL2: %s exception, stack %s, ESR %llx FAR %llx ELR %llx SPSR %llx\n",
		names[kind & 3], kind < 4 ? "SP_EL0" : "SP_EL2", (unsigned long long)esr,
		(unsigned long long)read_sysreg(far_el2), (unsigned long long)r[31],
		(unsigned long long)r[32]);
	for (uint32_t i = 0; i < 31; i += 4)
		log_raw("x%-2u %16llx %16llx %16llx %16llx\n", i, (unsigned long long)r[i],
			(unsigned long long)r[i + 1], (unsigned long long)r[i + 2],
			(unsigned long long)(i + 3 < 31 ? r[i + 3] : 0));
	log_raw("HCR %llx VTTBR %llx SCTLR %llx TTBR0 %llx TPIDR %llx\n",
		(unsigned long long)read_sysreg(hcr_el2),
		(unsigned long long)read_sysreg(vttbr_el2),
		(unsigned long long)read_sysreg(sctlr_el2),
		(unsigned long long)read_sysreg(ttbr0_el2),
		(unsigned long long)read_sysreg(tpidr_el2));
	panic("exception in the core");
}
