/* SPDX-License-Identifier: MIT */
/* Assembler macros that the root VM and the guests share: 256 stubs, and the frame `struct trap`. */

/* Stubs of 16 bytes from `name` on; each leaves vector and error code, and goes to `common`. */
	.macro	trap_stubs name, common
	.globl	\name
	.balign	16
\name:
	.set	v, 0
	.rept	256
	.balign	16
	.if	v == 8 || (v >= 10 && v <= 14) || v == 17 || v == 21 || v == 29 || v == 30
	.else
	push	$0
	.endif
	push	$v
	jmp	\common
	.set	v, v + 1
	.endr
	.endm

	.macro	push_all
	.irp	r, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	push	%\r
	.endr
	.endm

	.macro	pop_all
	.irp	r, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax
	pop	%\r
	.endr
	.endm
