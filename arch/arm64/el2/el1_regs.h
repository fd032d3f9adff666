/* SPDX-License-Identifier: MIT */
/*
 * Registers of EL1 and EL0 that a VP owns whole: X(system register, ABI name, value after reset).
 * One list for the VP switch, reset, and HvCallGet/SetVpRegisters.
 */
#ifndef EL2_EL1_REGS_H
#define EL2_EL1_REGS_H

/* clang-format off: one register a line */
#define EL1_SYSTEM_REGS(X) \
	X(sctlr_el1, 0x00040002, SCTLR_EL1_RES1) \
	X(cpacr_el1, 0x00040004, 0) \
	X(ttbr0_el1, 0x00040005, 0) \
	X(ttbr1_el1, 0x00040006, 0) \
	X(tcr_el1, 0x00040007, 0) \
	X(esr_el1, 0x00040008, 0) \
	X(far_el1, 0x00040009, 0) \
	X(par_el1, 0x0004000a, 0) \
	X(mair_el1, 0x0004000b, 0) \
	X(vbar_el1, 0x0004000c, 0) \
	X(contextidr_el1, 0x0004000d, 0) \
	X(tpidr_el1, 0x0004000e, 0) \
	X(tpidrro_el0, 0x00040010, 0) \
	X(tpidr_el0, 0x00040011, 0) \
	X(spsr_el1, 0x00040014, 0) \
	X(elr_el1, 0x00040015, 0) \
	X(afsr0_el1, 0x00040016, 0) \
	X(afsr1_el1, 0x00040017, 0) \
	X(amair_el1, 0x00040018, 0) \
	X(csselr_el1, 0x00040035, 0)
/* Those whose names are not of the group 0x000400nn */
#define EL1_OTHER_REGS(X) \
	X(sp_el0, 0x00020020, 0) \
	X(sp_el1, 0x00020021, 0) \
	X(cntkctl_el1, 0x00058008, 0)
#define EL1_REGS(X) EL1_SYSTEM_REGS(X) EL1_OTHER_REGS(X)
/* clang-format on */

enum el1_reg {
#define EL1_ENUM(r, name, reset) EL1_##r,
	EL1_REGS(EL1_ENUM)
#undef EL1_ENUM
		EL1_COUNT
};

#endif
