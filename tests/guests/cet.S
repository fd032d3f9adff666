/* SPDX-License-Identifier: MIT */
/*
 * Control-flow enforcement and its XSAVE components. 64-bit, ring 0. Sets IA32_XSS, IA32_U_CET and the
 * shadow stack pointers, says so at port 90; says at ports 91 and up what they are afterwards, which
 * components XSAVES has stored, and what XRSTORS brings. Behind port a0 the root has turned its shadow stack on: a CALL
 * shows there. Last a RET to where no CALL came from: #CP.
 */
#define MSR_U_CET	0x6a0
#define MSR_PL0_SSP	0x6a4
#define MSR_PL2_SSP	0x6a6
#define MSR_PL3_SSP	0x6a7
#define MSR_XSS		0xda0
#define CET_S		0x1000

.macro set msr, v
	mov	$\msr, %ecx
	mov	$\v, %eax
	xor	%edx, %edx
	wrmsr
.endm

.macro say port
	out	%eax, $\port
.endm

.macro say_msr port, msr
	mov	$\msr, %ecx
	rdmsr
	say	\port
.endm

	.section .text.start, "ax"
	.globl	_start
_start:
	mov	%cr0, %rax
	or	$0x10000, %eax		/* WP */
	mov	%rax, %cr0
	mov	%cr4, %rax
	or	$0x840600, %eax		/* CET, OSXSAVE, OSFXSR, OSXMMEXCPT */
	mov	%rax, %cr4
	xor	%ecx, %ecx
	mov	$3, %eax
	xor	%edx, %edx
	xsetbv
	set	MSR_XSS, 0x1800
	set	MSR_U_CET, 1
	set	MSR_PL3_SSP, 0x7ff8
	set	MSR_PL0_SSP, 0x8008
	set	MSR_PL2_SSP, 0x8020
	say	0x90
	/* Perhaps in another partition by now */
	say_msr	0x91, MSR_XSS
	say_msr	0x92, MSR_U_CET
	say_msr	0x93, MSR_PL3_SSP
	say_msr	0x94, MSR_PL0_SSP
	say_msr	0x95, MSR_PL2_SSP
	mov	$CET_S, %eax
	xor	%edx, %edx
	xsaves64 area(%rip)
	mov	area+520(%rip), %eax	/* XCOMP_BV: what of it IA32_XSS lets through */
	say	0x96
	mov	$CET_S, %eax
	xrstors64 image(%rip)
	say_msr	0x97, MSR_PL0_SSP
	say_msr	0x98, MSR_PL2_SSP
	say	0xa0
	rdsspq	%rax
	mov	%rax, %rbx
	call	1f			/* not to the next instruction: that one pushes nothing */
3:	nop
1:	rdsspq	%rax
	sub	%rax, %rbx
	xchg	%rax, %rbx
	say	0xa1
	mov	(%rbx), %rax
	lea	3b(%rip), %rbx
	sub	%rbx, %rax
	say	0xa2
	lea	2f(%rip), %rax
	mov	%rax, (%rsp)
	ret
2:	say	0xa3
	hlt
	jmp	2b

	.balign	64
area:	.skip	1024

/* Compacted: PL0_SSP to PL2_SSP */
image:	.skip	512
	.quad	CET_S, 1 << 63 | CET_S
	.skip	48
	.quad	0x9010, 0, 0x9030

	.section .note.GNU-stack, "", @progbits
