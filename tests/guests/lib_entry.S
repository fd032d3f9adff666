/* SPDX-License-Identifier: MIT */
/* Entry: RDI = VP index, RSI = argument, RSP set. Every vector ends in guest_trap(). */
#include "tests/trap_stubs.h"

	.section .text.start, "ax"
	.globl	_start
_start:
	cld
	xor	%ebp, %ebp
	lgdt	gdtr(%rip)
	push	$0x08
	lea	1f(%rip), %rax
	push	%rax
	lretq
1:	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	push	%rdi
	push	%rsi
	call	lib_init
	pop	%rsi
	pop	%rdi
	call	guest_main
1:	hlt
	jmp	1b

	.text
	trap_stubs lib_stubs, common

common:
	push_all
	cld
	mov	%rsp, %rdi
	mov	%rsp, %rbx
	and	$-16, %rsp
	call	guest_trap
	mov	%rbx, %rsp
	pop_all
	add	$16, %rsp
	iretq

	.data
	.balign	16
gdt:	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
gdtr:	.word	23
	.quad	gdt

	.section .note.GNU-stack, "", @progbits
