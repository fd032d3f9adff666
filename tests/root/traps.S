/* SPDX-License-Identifier: MIT */
/* 256 stubs of 16 bytes; each ends in root_trap(struct trap *) with the FPU state kept. */
	.text
	.globl	trap_stubs
	.balign	16
trap_stubs:
	.set	v, 0
	.rept	256
	.balign	16
	.if	v == 8 || (v >= 10 && v <= 14) || v == 17 || v == 21 || v == 29 || v == 30
	.else
	push	$0
	.endif
	push	$v
	jmp	common
	.set	v, v + 1
	.endr

common:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rbx
	push	%rbp
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	cld
	mov	%rsp, %rdi
	mov	%rsp, %rbp
	sub	$512, %rsp
	and	$-16, %rsp
	fxsave64 (%rsp)
	call	root_trap
	fxrstor64 (%rsp)
	mov	%rbp, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rbx
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
