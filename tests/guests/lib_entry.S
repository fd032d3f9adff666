/* SPDX-License-Identifier: MIT */
/* Entry: RDI = VP index, RSI = argument, RSP set. 256 stubs that end in guest_trap(). */
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
	.globl	lib_stubs
	.balign	16
lib_stubs:
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
	mov	%rsp, %rbx
	and	$-16, %rsp
	call	guest_trap
	mov	%rbx, %rsp
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

	.data
	.balign	16
gdt:	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
gdtr:	.word	23
	.quad	gdt

	.section .note.GNU-stack, "", @progbits
