/* SPDX-License-Identifier: MIT */
/*
 * uint32_t vmx_enter_asm(struct arch_vp *vp, const uint32_t *nmi_seen, uint32_t seen, uint32_t how)
 *
 * how: bit 0 launched before, bit 1 clear buffers.
 *
 * The world switch. GPRs but rsp are ours to switch. An NMI is never held back in the core, so one
 * that comes after the caller's last look must undo the entry: the handler moves a RIP between
 * vmx_critical and vmx_critical_end to vmx_aborted (decision 18); one that came before is seen in
 * *nmi_seen, inside the same stretch.
 */
#include "arch/x86_64/common/gprs.inc"

#define HOST_RSP_AT	136	/* offsetof(struct arch_vp, vmx.host_rsp) */
#define VMCS_HOST_RSP	0x6c14

	.text
	.globl	vmx_enter_asm, vmx_critical, vmx_critical_end, vmx_aborted, vmx_exit_entry
	.type	vmx_enter_asm, @function
vmx_enter_asm:
	PUSH_CALLEE_SAVED
	push	%rdi
	cmp	%rsp, HOST_RSP_AT(%rdi)
	je	vmx_critical
	mov	%rsp, HOST_RSP_AT(%rdi)
	mov	$VMCS_HOST_RSP, %eax
	vmwrite	%rsp, %rax
vmx_critical:
	cmp	(%rsi), %edx
	jne	vmx_aborted
	mov	0(%rdi), %rax
	test	$2, %cl
	jnz	4f
	bt	$0, %ecx
	LOAD_GPRS
	jnc	1f
	vmresume
	jmp	vmx_critical_end
4:	bt	$0, %ecx
	LOAD_GPRS
	CLEAR_BUFFERS
	jnc	1f
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
	SAVE_GPRS
	FILL_RSB
	xor	%eax, %eax
3:	xor	%edi, %edi
	CLEAR_GPRS
	POP_CALLEE_SAVED
	ret
	.size	vmx_enter_asm, . - vmx_enter_asm

	.section .note.GNU-stack, "", @progbits
