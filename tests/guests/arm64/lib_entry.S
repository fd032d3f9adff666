/* SPDX-License-Identifier: MIT */
/* Entry: X0 = VP index, X1 = argument, SP set. IRQs go to guest_irq(), all else to guest_trap(). */
	.section .text.start, "ax"
	.globl	_start
_start:
	adrp	x2, vectors
	add	x2, x2, :lo12:vectors
	msr	vbar_el1, x2
	mov	x2, #3 << 20		/* CPACR_EL1.FPEN */
	msr	cpacr_el1, x2
	isb
	bl	guest_main
1:	wfi
	b	1b

	/* A CPU that PSCI turned on: X0 = its struct guest_start */
	.globl	guest_second
guest_second:
	ldp	x2, x1, [x0]
	mov	sp, x2
	ldr	x0, [x0, #16]
	b	_start

	.text
	.macro	vector to
	.balign	128
	sub	sp, sp, #192
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x29, [sp, #144]
	str	x30, [sp, #160]
	bl	\to
	b	out
	.endm

	.balign	2048
vectors:
	.rept	5
	vector	guest_trap
	.endr
	vector	guest_irq		/* current level, SP_EL1 */
	.rept	10
	vector	guest_trap
	.endr
	.balign	128
out:
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x29, [sp, #144]
	ldr	x30, [sp, #160]
	ldp	x0, x1, [sp]
	add	sp, sp, #192
	eret

	.section .note.GNU-stack, "", @progbits
