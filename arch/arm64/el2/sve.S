/* SPDX-License-Identifier: MIT */
/*
 * SVE registers for the VP switch (fp.S's other half), at the length that ZCR_EL2 gives EL2: all of
 * it, whatever a VP's own ZCR_EL1 says.
 */
	.arch	armv8-a+sve
	.text
	.globl	el2_sve_vl
	.type	el2_sve_vl, @function
el2_sve_vl:
	rdvl	x0, #1
	ret
	.size	el2_sve_vl, . - el2_sve_vl

	.macro	z_half op, base, first
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	z_one	\op, \base, %(\first + \n), \n
	.endr
	.endm
	.macro	z_one op, base, r, n
	\op	z\r, [\base, #\n, mul vl]
	.endm
	.macro	p_all op
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	\op	p\n, [x2, #\n, mul vl]
	.endr
	.endm
	.altmacro

	/* void el2_sve_save(void *z_low, void *z_high, struct el2_fp *) */
	.globl	el2_sve_save
	.type	el2_sve_save, @function
el2_sve_save:
	z_half	str, x0, 0
	z_half	str, x1, 16
	mrs	x3, fpsr
	mrs	x4, fpcr
	add	x2, x2, #512
	stp	x3, x4, [x2], #16
	p_all	str
	/* By way of P0, which is saved */
	rdffr	p0.b
	str	p0, [x2, #16, mul vl]
	ret
	.size	el2_sve_save, . - el2_sve_save

	.globl	el2_sve_load
	.type	el2_sve_load, @function
el2_sve_load:
	z_half	ldr, x0, 0
	z_half	ldr, x1, 16
	add	x2, x2, #512
	ldp	x3, x4, [x2], #16
	msr	fpsr, x3
	msr	fpcr, x4
	ldr	p0, [x2, #16, mul vl]
	wrffr	p0.b
	p_all	ldr
	ret
	.size	el2_sve_load, . - el2_sve_load

	.section .note.GNU-stack, "", %progbits
