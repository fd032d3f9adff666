/* SPDX-License-Identifier: MIT */
/*
 * The core's first instruction (from boot/jump_x86_64.S: long mode, loader's tables, RDI =
 * boot_info) and its exception and interrupt stubs. The core needs no TSS: it has no other ring,
 * and every gate runs on the current stack. So a guest's TR may stay loaded while the core runs.
 */
	.text
	.globl	_start
	.type	_start, @function
_start:
	cli
	cld
	lea	boot_stack_top(%rip), %rsp
	xor	%ebp, %ebp
	call	core_main
	ud2
	.size	_start, . - _start

/* void stack_switch(void *top, void (*fn)(void)): never returns */
	.globl	stack_switch
	.type	stack_switch, @function
stack_switch:
	mov	%rdi, %rsp
	xor	%ebp, %ebp
	call	*%rsi
	ud2
	.size	stack_switch, . - stack_switch

/*
 * void halt_unless(const uint32_t *flag): idle until an NMI unless *flag is set. The NMI handler
 * moves a RIP between the two labels to the second, so that a wake-up between the test and the
 * HLT is not slept over.
 */
	.globl	halt_unless, halt_unless_end
	.type	halt_unless, @function
halt_unless:
	cmpl	$0, (%rdi)
	jne	halt_unless_end
	hlt
halt_unless_end:
	ret
	.size	halt_unless, . - halt_unless

	.macro	stub vec
	.balign	16
	.if	\vec == 8 || (\vec >= 10 && \vec <= 14) || \vec == 17 || \vec == 21 || \vec == 29 || \vec == 30
	.else
	push	$0
	.endif
	push	$\vec
	jmp	trap_common
	.endm

	.globl	trap_stubs
	.balign	16
trap_stubs:
	.irp	v, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	stub	\v
	.endr

	.globl	trap_deadline
trap_deadline:
	push	$0
	push	$0xff
	jmp	trap_common

	.globl	trap_spurious
trap_spurious:
	push	$0
	push	$0xfe

trap_common:
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
	call	trap_handle
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

	.bss
	.balign	16
	.skip	16384
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
