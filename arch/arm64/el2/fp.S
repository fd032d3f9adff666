/* SPDX-License-Identifier: MIT */
/* The one place of the core that touches FP and SIMD registers: the VP switch. CPTR_EL2.TFP is 0. */
	.arch	armv8-a
	.text
/* void el2_fp_save(void *), el2_fp_load(const void *): Q0 to Q31, then FPSR and FPCR (types.h) */
	.macro	all op
	.irp	n, 0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30
	fp_pair	\op, \n
	.endr
	.endm
	.altmacro
	.macro	fp_pair op, n
	fp_two	\op, \n, %(\n + 1), %(\n * 16)
	.endm
	.macro	fp_two op, a, b, at
	\op	q\a, q\b, [x0, #\at]
	.endm

	.globl	el2_fp_save
	.type	el2_fp_save, @function
el2_fp_save:
	all	stp
	mrs	x1, fpsr
	mrs	x2, fpcr
	add	x0, x0, #512
	stp	x1, x2, [x0]
	ret
	.size	el2_fp_save, . - el2_fp_save

	.globl	el2_fp_load
	.type	el2_fp_load, @function
el2_fp_load:
	all	ldp
	add	x0, x0, #512
	ldp	x1, x2, [x0]
	msr	fpsr, x1
	msr	fpcr, x2
	ret
	.size	el2_fp_load, . - el2_fp_load

	.section .note.GNU-stack, "", %progbits
