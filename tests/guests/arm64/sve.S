/* SPDX-License-Identifier: MIT */
/*
 * At the length in X2 (ZCR_EL1), which goes to X0 - 16: fills Z0 to Z31, P0 to P15 and FFR, stores them
 * at X0, says so at X3, and stores them once more at X1, for the root VM to compare.
 */
	.arch	armv8-a+sve
	.section .text.start, "ax"
	.globl	_start
_start:
	mov	x4, #3 << 20		/* CPACR_EL1.FPEN, ZEN */
	orr	x4, x4, #3 << 16
	msr	cpacr_el1, x4
	msr	s3_0_c1_c2_0, x2
	isb
	rdvl	x4, #1
	str	x4, [x0, #-16]

	.macro	fill n
	index	z\n\().b, #(\n - 16), #1
	.endm
	.macro	fill_p n
	mov	x4, #(\n + 3)
	whilelo	p\n\().b, xzr, x4
	.endm
	.macro	store_z n
	str	z\n, [x5, #\n, mul vl]
	.endm
	.macro	store_p n
	str	p\n, [x6, #\n, mul vl]
	.endm
	.macro	each16 do
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	\do	\n
	.endr
	.endm
	.macro	each32 do
	each16	\do
	.irp	n, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	\do	\n
	.endr
	.endm
	.macro	store_all at
	mov	x5, \at
	add	x6, \at, #8192
	each32	store_z
	each16	store_p
	rdffr	p0.b
	str	p0, [x6, #16, mul vl]
	ldr	p0, [x6]
	.endm

	each32	fill
	mov	x4, #7
	whilelo	p0.b, xzr, x4
	wrffr	p0.b
	each16	fill_p
	store_all x0
	str	x0, [x3]
	store_all x1
	str	x1, [x3]
1:	wfi
	b	1b

	/* The library's entry, which this guest does not use */
	.globl	guest_main, guest_irq, guest_trap
guest_main:
guest_irq:
guest_trap:
	b	.

	.section .note.GNU-stack, "", @progbits
