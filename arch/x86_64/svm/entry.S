/* SPDX-License-Identifier: MIT */
/*
 * void svm_enter(struct arch_vp *vp, uint64_t vmcb_pa)
 *
 * The world switch. GPRs but rax and rsp are ours to switch (APM vol. 2, 15.5.1); rax and rsp
 * travel in the VMCB. The core runs with GIF and IF clear. IF is set around VMRUN because with
 * V_INTR_MASKING the host's IF decides whether a physical interrupt is seen while the guest runs
 * (APM 15.21.1); GIF = 0 keeps it from being taken here.
 */
	.text
	.globl	svm_enter
	.type	svm_enter, @function
svm_enter:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	mov	%rsi, %rax
	mov	8(%rdi), %rcx
	mov	16(%rdi), %rdx
	mov	24(%rdi), %rbx
	mov	40(%rdi), %rbp
	mov	48(%rdi), %rsi
	mov	64(%rdi), %r8
	mov	72(%rdi), %r9
	mov	80(%rdi), %r10
	mov	88(%rdi), %r11
	mov	96(%rdi), %r12
	mov	104(%rdi), %r13
	mov	112(%rdi), %r14
	mov	120(%rdi), %r15
	mov	56(%rdi), %rdi
	sti
	vmrun	%rax
	cli
	xchg	%rdi, (%rsp)
	mov	%rcx, 8(%rdi)
	mov	%rdx, 16(%rdi)
	mov	%rbx, 24(%rdi)
	mov	%rbp, 40(%rdi)
	mov	%rsi, 48(%rdi)
	mov	%r8, 64(%rdi)
	mov	%r9, 72(%rdi)
	mov	%r10, 80(%rdi)
	mov	%r11, 88(%rdi)
	mov	%r12, 96(%rdi)
	mov	%r13, 104(%rdi)
	mov	%r14, 112(%rdi)
	mov	%r15, 120(%rdi)
	pop	%rax
	mov	%rax, 56(%rdi)
	/* No guest value survives in a register that C may speculate with. */
	xor	%eax, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.size	svm_enter, . - svm_enter

	.section .note.GNU-stack, "", @progbits
