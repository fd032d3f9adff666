/* SPDX-License-Identifier: MIT */
/*
 * uint32_t vmx_enter_asm(struct arch_vp *vp, const uint32_t *nmi_seen, uint32_t seen, bool launched)
 *
 * The world switch. GPRs but rsp are ours to switch. An NMI is never held back in the core, so one
 * that comes after the caller's last look must undo the entry: the handler moves a RIP between
 * vmx_critical and vmx_critical_end to vmx_aborted (decision 18); one that came before is seen in
 * *nmi_seen, inside the same stretch.
 */
#define HOST_RSP_AT	136	/* offsetof(struct arch_vp, vmx.host_rsp) */
#define VMCS_HOST_RSP	0x6c14

	.text
	.globl	vmx_enter_asm, vmx_critical, vmx_critical_end, vmx_aborted, vmx_exit_entry
	.type	vmx_enter_asm, @function
vmx_enter_asm:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	cmp	%rsp, HOST_RSP_AT(%rdi)
	je	vmx_critical
	mov	%rsp, HOST_RSP_AT(%rdi)
	mov	$VMCS_HOST_RSP, %eax
	vmwrite	%rsp, %rax
vmx_critical:
	cmp	(%rsi), %edx
	jne	vmx_aborted
	test	%cl, %cl
	mov	0(%rdi), %rax
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
	jz	1f
	vmresume
	jmp	vmx_critical_end
1:	vmlaunch
vmx_critical_end:
	/* VMfail: nothing has run, and memory still has every register. */
	mov	$2, %eax
	jmp	2f
vmx_aborted:
	mov	$1, %eax
2:	add	$8, %rsp
	jmp	3f

vmx_exit_entry:
	xchg	%rdi, (%rsp)
	mov	%rax, 0(%rdi)
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
	xor	%eax, %eax
	/* No guest value survives in a register that C may speculate with. */
3:	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
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
	.size	vmx_enter_asm, . - vmx_enter_asm

	.section .note.GNU-stack, "", @progbits
