/* SPDX-License-Identifier: MIT */
/*
 * void svm_enter(struct arch_vp *vp, uint64_t vmcb_pa, bool verw)
 *
 * The world switch. GPRs but rax and rsp are ours to switch (APM vol. 2, 15.5.1); rax and rsp
 * travel in the VMCB. The core runs with GIF and IF clear. IF is set around VMRUN because with
 * V_INTR_MASKING the host's IF decides whether a physical interrupt is seen while the guest runs
 * (APM 15.21.1); GIF = 0 keeps it from being taken here.
 */
#include "arch/x86_64/common/gprs.inc"

	.text
	.globl	svm_enter
	.type	svm_enter, @function
svm_enter:
	PUSH_CALLEE_SAVED
	push	%rdi
	mov	%rsi, %rax
	test	%dl, %dl
	jnz	2f
	LOAD_GPRS
	sti
	vmrun	%rax
1:	cli
	xchg	%rdi, (%rsp)
	SAVE_GPRS
	FILL_RSB
	xor	%eax, %eax
	CLEAR_GPRS
	POP_CALLEE_SAVED
	ret
2:	LOAD_GPRS
	CLEAR_BUFFERS
	sti
	vmrun	%rax
	jmp	1b
	.size	svm_enter, . - svm_enter

	.section .note.GNU-stack, "", @progbits
