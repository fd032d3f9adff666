/* SPDX-License-Identifier: MIT */
/* Every vector ends in root_trap(struct trap *), with the FPU state kept. */
#include "tests/trap_stubs.h"

	.text
	trap_stubs trap_stubs, common

common:
	push_all
	cld
	mov	%rsp, %rdi
	mov	%rsp, %rbp
	sub	$512, %rsp
	and	$-16, %rsp
	fxsave64 (%rsp)
	call	root_trap
	fxrstor64 (%rsp)
	mov	%rbp, %rsp
	pop_all
	add	$16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
