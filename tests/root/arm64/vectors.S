/* SPDX-License-Identifier: MIT */
/* Every vector ends in root_trap(struct trap *, kind), with all registers kept. */
	.text
	.macro	vector kind
	.balign	128
	sub	sp, sp, #800
	stp	x0, x1, [sp]
	mov	x1, #\kind
	b	common
	.endm

	.balign	2048
	.globl	root_vectors
root_vectors:
	.irp	k, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	vector	\k
	.endr
	.balign	128

	.macro	pairs op
	\op	x2, x3, [sp, #16]
	\op	x4, x5, [sp, #32]
	\op	x6, x7, [sp, #48]
	\op	x8, x9, [sp, #64]
	\op	x10, x11, [sp, #80]
	\op	x12, x13, [sp, #96]
	\op	x14, x15, [sp, #112]
	\op	x16, x17, [sp, #128]
	\op	x18, x19, [sp, #144]
	\op	x20, x21, [sp, #160]
	\op	x22, x23, [sp, #176]
	\op	x24, x25, [sp, #192]
	\op	x26, x27, [sp, #208]
	\op	x28, x29, [sp, #224]
	.endm
	.macro	vectors op
	add	x2, sp, #272
	\op	q0, q1, [x2, #0]
	\op	q2, q3, [x2, #32]
	\op	q4, q5, [x2, #64]
	\op	q6, q7, [x2, #96]
	\op	q8, q9, [x2, #128]
	\op	q10, q11, [x2, #160]
	\op	q12, q13, [x2, #192]
	\op	q14, q15, [x2, #224]
	\op	q16, q17, [x2, #256]
	\op	q18, q19, [x2, #288]
	\op	q20, q21, [x2, #320]
	\op	q22, q23, [x2, #352]
	\op	q24, q25, [x2, #384]
	\op	q26, q27, [x2, #416]
	\op	q28, q29, [x2, #448]
	\op	q30, q31, [x2, #480]
	.endm

common:
	pairs	stp
	mrs	x2, elr_el1
	stp	x30, x2, [sp, #240]
	mrs	x2, spsr_el1
	str	x2, [sp, #256]
	vectors	stp
	mov	x0, sp
	bl	root_trap
	vectors	ldp
	ldr	x2, [sp, #256]
	msr	spsr_el1, x2
	ldp	x30, x2, [sp, #240]
	msr	elr_el1, x2
	pairs	ldp
	ldp	x0, x1, [sp]
	add	sp, sp, #800
	eret

	.section .note.GNU-stack, "", %progbits
