/* SPDX-License-Identifier: MIT */
/*
 * The core's first instruction (from boot/jump_arm64.S: EL2, loader's tables, X0 = boot_info), the
 * way onto the core's own tables, and the start of the other CPUs.
 */
#include "arch/arm64/el2/defs.h"

	.macro	value reg, v
	movz	\reg, #((\v) & 0xffff)
	movk	\reg, #(((\v) >> 16) & 0xffff), lsl #16
	movk	\reg, #(((\v) >> 32) & 0xffff), lsl #32
	.endm

	.text
	.globl	_start
	.type	_start, @function
_start:
	msr	daifset, #0xf
	msr	spsel, #1
	adrp	x1, boot_stack_top
	add	x1, x1, :lo12:boot_stack_top
	mov	sp, x1
	adrp	x1, el2_vectors
	add	x1, x1, :lo12:el2_vectors
	msr	vbar_el2, x1
	isb
	mov	x29, xzr
	mov	x30, xzr
	bl	core_main
	brk	#0
	.size	_start, . - _start

/* void el2_switch_stack(uint64_t identity, uint64_t ttbr0, uint64_t sp, void (*fn)(void)) */
	.globl	el2_switch_stack
	.type	el2_switch_stack, @function
el2_switch_stack:
	mov	x4, x0
	mov	x0, x1
	mov	x1, x2
	mov	x2, x3
	br	x4
	.size	el2_switch_stack, . - el2_switch_stack

/*
 * On one page that every table maps where it lies. The MMU is off between two sets of tables, so
 * that no address is ever known by two of them at once.
 */
	.section .text.identity, "ax"
	.balign	4096
	.globl	el2_identity, el2_switch_tables, el2_secondary
el2_identity:
/* X0 TTBR0_EL2, X1 stack, X2 function: their virtual addresses. Nothing in memory is touched. */
el2_switch_tables:
	mrs	x3, sctlr_el2
	bic	x3, x3, #SCTLR_M
	bic	x3, x3, #SCTLR_C
	msr	sctlr_el2, x3
	isb
mmu_on:
	value	x3, HCR_RW
	msr	hcr_el2, x3
	isb
	value	x3, MAIR_VALUE
	msr	mair_el2, x3
	value	x3, TCR_EL2_VALUE
	mrs	x4, id_aa64mmfr0_el1
	and	x4, x4, #0xf
	cmp	x4, #5
	mov	x5, #5
	csel	x4, x4, x5, ls
	orr	x3, x3, x4, lsl #TCR_EL2_PS_SHIFT
	msr	tcr_el2, x3
	msr	ttbr0_el2, x0
	isb
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	value	x3, (SCTLR_EL2_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I | SCTLR_WXN)
	msr	sctlr_el2, x3
	isb
	mov	sp, x1
	mov	x29, xzr
	mov	x30, xzr
	br	x2

/* From PSCI CPU_ON: EL2, MMU off, X0 = physical address of TTBR0, stack, function (cpu.c). */
el2_secondary:
	msr	daifset, #0xf
	msr	spsel, #1
	mrs	x3, sctlr_el2
	value	x4, SCTLR_EL2_RES1
	msr	sctlr_el2, x4
	isb
	ldr	x2, [x0, #16]
	ldr	x1, [x0, #8]
	ldr	x0, [x0]
	b	mmu_on
	.balign	4096

	.bss
	.balign	16
	.skip	16384
boot_stack_top:

	.section .note.GNU-stack, "", %progbits
