/* SPDX-License-Identifier: MIT */
/* void jump_to_core(cr3, stack, entry, boot_info): System V registers rdi, rsi, rdx, rcx. */
	.text
	.globl	jump_to_core
	.type	jump_to_core, @function
jump_to_core:
	cli
	cld
	mov	%rdi, %cr3
	mov	%rsi, %rsp
	xor	%ebp, %ebp
	mov	%rcx, %rdi
	call	*%rdx
	hlt
	.size	jump_to_core, . - jump_to_core

	.section .note.GNU-stack, "", @progbits
