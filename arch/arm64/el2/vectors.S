/* SPDX-License-Identifier: MIT */
/*
 * The way into a VP and out of it, and EL2's exception vectors: those of lower levels end a VP's
 * run, those of EL2 itself are errors of the core's (but for el2_fixup), and the two never meet.
 */
#include "arch/arm64/el2/defs.h"

	.text
/*
 * uint64_t el2_enter(struct arch_vp *vp): run it until an exception comes to EL2; EXIT_*. The
 * stack holds the callee-saved registers meanwhile.
 */
	.globl	el2_enter
	.type	el2_enter, @function
el2_enter:
	stp	x29, x30, [sp, #-96]!
	stp	x27, x28, [sp, #16]
	stp	x25, x26, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x21, x22, [sp, #64]
	stp	x19, x20, [sp, #80]
	msr	tpidr_el2, x0
	ldp	x1, x2, [x0, #VP_PC]
	msr	elr_el2, x1
	msr	spsr_el2, x2
	ldp	x2, x3, [x0, #VP_X + 16]
	ldp	x4, x5, [x0, #VP_X + 32]
	ldp	x6, x7, [x0, #VP_X + 48]
	ldp	x8, x9, [x0, #VP_X + 64]
	ldp	x10, x11, [x0, #VP_X + 80]
	ldp	x12, x13, [x0, #VP_X + 96]
	ldp	x14, x15, [x0, #VP_X + 112]
	ldp	x16, x17, [x0, #VP_X + 128]
	ldp	x18, x19, [x0, #VP_X + 144]
	ldp	x20, x21, [x0, #VP_X + 160]
	ldp	x22, x23, [x0, #VP_X + 176]
	ldp	x24, x25, [x0, #VP_X + 192]
	ldp	x26, x27, [x0, #VP_X + 208]
	ldp	x28, x29, [x0, #VP_X + 224]
	ldr	x30, [x0, #VP_X + 240]
	ldp	x0, x1, [x0, #VP_X]
	eret
	/* Nothing behind an ERET is run ahead of it (Arm ARM, B2.3.10) */
	dsb	nsh
	isb

el2_leave:
	mrs	x1, tpidr_el2
	stp	x2, x3, [x1, #VP_X + 16]
	stp	x4, x5, [x1, #VP_X + 32]
	stp	x6, x7, [x1, #VP_X + 48]
	stp	x8, x9, [x1, #VP_X + 64]
	stp	x10, x11, [x1, #VP_X + 80]
	stp	x12, x13, [x1, #VP_X + 96]
	stp	x14, x15, [x1, #VP_X + 112]
	stp	x16, x17, [x1, #VP_X + 128]
	stp	x18, x19, [x1, #VP_X + 144]
	stp	x20, x21, [x1, #VP_X + 160]
	stp	x22, x23, [x1, #VP_X + 176]
	stp	x24, x25, [x1, #VP_X + 192]
	stp	x26, x27, [x1, #VP_X + 208]
	stp	x28, x29, [x1, #VP_X + 224]
	str	x30, [x1, #VP_X + 240]
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x1, #VP_X]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x2, x3, [x1, #VP_PC]
	ldp	x19, x20, [sp, #80]
	ldp	x21, x22, [sp, #64]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #32]
	ldp	x27, x28, [sp, #16]
	ldp	x29, x30, [sp], #96
	ret
	.size	el2_enter, . - el2_enter

/*
 * uint64_t el2_smc(uint64_t x[18]): the root's call to firmware, registers and all. Where there is
 * no firmware to call the instruction is undefined: el2_smc_insn to el2_smc_fixup, answer 1.
 */
	.globl	el2_smc, el2_smc_insn, el2_smc_fixup
	.type	el2_smc, @function
el2_smc:
	stp	x29, x30, [sp, #-32]!
	stp	x18, x0, [sp, #16]
	mov	x30, x0
	ldp	x16, x17, [x30, #128]
	ldp	x14, x15, [x30, #112]
	ldp	x12, x13, [x30, #96]
	ldp	x10, x11, [x30, #80]
	ldp	x8, x9, [x30, #64]
	ldp	x6, x7, [x30, #48]
	ldp	x4, x5, [x30, #32]
	ldp	x2, x3, [x30, #16]
	ldp	x0, x1, [x30]
el2_smc_insn:
	smc	#0
	ldr	x30, [sp, #24]
	stp	x16, x17, [x30, #128]
	stp	x14, x15, [x30, #112]
	stp	x12, x13, [x30, #96]
	stp	x10, x11, [x30, #80]
	stp	x8, x9, [x30, #64]
	stp	x6, x7, [x30, #48]
	stp	x4, x5, [x30, #32]
	stp	x2, x3, [x30, #16]
	stp	x0, x1, [x30]
	mov	x0, #0
	b	1f
el2_smc_fixup:
	mov	x0, #1
1:	ldr	x18, [sp, #16]
	ldp	x29, x30, [sp], #32
	ret
	.size	el2_smc, . - el2_smc

	/* From a VP: its X0 and X1 on the stack, the kind in X0. */
	.macro	lower kind
	.balign	128
	stp	x0, x1, [sp, #-16]!
	mov	x0, #\kind
	b	el2_leave
	.endm

	/* From EL2: the registers on the stack, for the dump, and for a fixup's return. */
	.macro	own kind
	.balign	128
	sub	sp, sp, #272
	stp	x0, x1, [sp]
	mov	x0, #\kind
	b	own_common
	.endm

	.balign	2048
	.globl	el2_vectors
el2_vectors:
	own	0	/* current level, SP_EL0 */
	own	1
	own	2
	own	3
	own	4	/* current level, SP_EL2 */
	own	5
	own	6
	own	7
	lower	EXIT_SYNC	/* lower level, AArch64 */
	lower	EXIT_IRQ
	lower	EXIT_FIQ
	lower	EXIT_SERROR
	lower	EXIT_SYNC	/* lower level, AArch32 */
	lower	EXIT_IRQ
	lower	EXIT_FIQ
	lower	EXIT_SERROR
	.balign	128

own_common:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x1, elr_el2
	stp	x30, x1, [sp, #240]
	mrs	x1, spsr_el2
	str	x1, [sp, #256]
	mov	x1, sp
	bl	el2_own_exception
	/* It returned: go on at the fixup, with X0 and what is callee-saved as it was */
	msr	elr_el2, x0
	ldp	x18, x19, [sp, #144]
	ldr	x30, [sp, #240]
	add	sp, sp, #272
	eret
	dsb	nsh
	isb

	.section .note.GNU-stack, "", %progbits
