/* SPDX-License-Identifier: MIT */
/*
 * void jump_to_core(ttbr0, tcr, entry, boot_info): EL2, firmware's tables and ours map this code
 * where it lies. The MMU is off between the two: whatever attributes firmware's tables had, none of
 * them is used beside ours (Arm ARM, D8.16, break-before-make).
 */
#include "arch/arm64/el2/defs.h"

	.macro	value reg, v
	movz	\reg, #((\v) & 0xffff)
	movk	\reg, #(((\v) >> 16) & 0xffff), lsl #16
	movk	\reg, #(((\v) >> 32) & 0xffff), lsl #32
	.endm

	.text
	.balign	64
	.globl	jump_start, jump_end, jump_to_core
	.type	jump_to_core, @function
jump_start:
jump_to_core:
	msr	daifset, #0xf
	mrs	x4, sctlr_el2
	bic	x4, x4, #SCTLR_M
	bic	x4, x4, #SCTLR_C
	msr	sctlr_el2, x4
	isb
	value	x4, HCR_RW
	msr	hcr_el2, x4
	isb
	value	x4, MAIR_VALUE
	msr	mair_el2, x4
	msr	tcr_el2, x1
	msr	ttbr0_el2, x0
	isb
	tlbi	alle2
	ic	iallu
	dsb	sy
	isb
	value	x4, (SCTLR_EL2_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I)
	msr	sctlr_el2, x4
	isb
	mov	x0, x3
	mov	x29, xzr
	mov	x30, xzr
	br	x2
	.size	jump_to_core, . - jump_to_core
	.balign	64
jump_end:

	.section .note.GNU-stack, "", %progbits
