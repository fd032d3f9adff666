/* SPDX-License-Identifier: MIT */
/*
 * The root VM's first instructions on arm64: EL1, MMU off, masked, X0 = struct boot_info
 * (docs/boot.md). Relocates the image to where it lies, and goes on with an identity map of 2-MiB
 * blocks: all device but for the image; cpu.c makes RAM of what is RAM. Other CPUs come by PSCI.
 */
#define ATTR_NORMAL	0x705	/* AF, inner shareable, index 0, block */
#define ATTR_DEVICE	0x605	/* ... index 1; XN below */
#define MAIR		0x04ff
#define TCR		0x2803519 /* 39 bits by TTBR0, 4 KiB, write-back, TTBR1 off; IPS 40 bits below */
#define SCTLR_ON	0x30d01805 /* RES1, M, C, I */

	.section .text.start, "ax"
	.globl	_start
_start:
	mov	x20, x0
	/* R_AARCH64_RELATIVE only: ld -z text, no symbol is another's */
	adrp	x1, root_start
	add	x1, x1, :lo12:root_start
	adrp	x2, root_rela
	add	x2, x2, :lo12:root_rela
	adrp	x3, root_rela_end
	add	x3, x3, :lo12:root_rela_end
1:	cmp	x2, x3
	b.hs	2f
	ldp	x4, x5, [x2], #16
	ldr	x6, [x2], #8
	cmp	w5, #1027
	b.ne	1b
	add	x6, x6, x1
	str	x6, [x4, x1]
	b	1b
2:	/* L1: 512 GiB of device blocks, but for four tables */
	adrp	x1, root_l1
	add	x1, x1, :lo12:root_l1
	movz	x3, #ATTR_DEVICE
	movk	x3, #0x60, lsl #48	/* UXN, PXN */
	mov	x4, #0
	mov	x5, #0x40000000
1:	orr	x6, x3, x4, lsl #30
	str	x6, [x1, x4, lsl #3]
	add	x4, x4, #1
	cmp	x4, #512
	b.lo	1b
	adrp	x2, root_l2
	add	x2, x2, :lo12:root_l2
	mov	x4, #0
1:	add	x6, x2, x4, lsl #12
	orr	x6, x6, #3
	str	x6, [x1, x4, lsl #3]
	add	x4, x4, #1
	cmp	x4, #4
	b.lo	1b
	mov	x4, #0
1:	orr	x6, x3, x4, lsl #21
	str	x6, [x2, x4, lsl #3]
	add	x4, x4, #1
	cmp	x4, #2048
	b.lo	1b
	/* The image itself (below 4 GiB) */
	adrp	x4, root_start
	lsr	x4, x4, #21
	adrp	x5, root_end
	lsr	x5, x5, #21
	movz	x3, #ATTR_NORMAL
1:	orr	x6, x3, x4, lsl #21
	str	x6, [x2, x4, lsl #3]
	add	x4, x4, #1
	cmp	x4, x5
	b.ls	1b
	bl	mmu_on
	adrp	x1, boot_stack_top
	add	x1, x1, :lo12:boot_stack_top
	mov	sp, x1
	mov	x0, x20
	bl	root_arch_start
	mov	x0, x20
	bl	root_main
	brk	#0

/* TTBR0_EL1 from root_l1; FP and SIMD on; spoils X1 to X3. */
mmu_on:
	dsb	sy
	movz	x1, #MAIR
	msr	mair_el1, x1
	movz	x1, #(TCR & 0xffff)
	movk	x1, #(TCR >> 16), lsl #16
	movk	x1, #2, lsl #32		/* IPS: 40 bits */
	msr	tcr_el1, x1
	adrp	x1, root_l1
	msr	ttbr0_el1, x1
	mov	x1, #(3 << 20)
	msr	cpacr_el1, x1
	adrp	x1, root_vectors
	add	x1, x1, :lo12:root_vectors
	msr	vbar_el1, x1
	isb
	tlbi	vmalle1
	ic	iallu
	dsb	nsh
	isb
	movz	x1, #(SCTLR_ON & 0xffff)
	movk	x1, #(SCTLR_ON >> 16), lsl #16
	msr	sctlr_el1, x1
	isb
	ret

/* From CPU_ON: X0 = the CPU's number. root_ap_stack is written and cleaned before. */
	.globl	root_ap_start
root_ap_start:
	mov	x20, x0
	bl	mmu_on
	adrp	x1, root_ap_stack
	ldr	x1, [x1, :lo12:root_ap_stack]
	mov	sp, x1
	mov	x0, x20
	bl	root_ap_main
	brk	#0

	.bss
	.balign	4096
	.globl	root_l1, root_l2
root_l1:
	.skip	4096
root_l2:
	.skip	4 * 4096
	.globl	root_ap_stack
root_ap_stack:
	.skip	8
	.balign	16
	.skip	65536
boot_stack_top:

	.section .note.GNU-stack, "", %progbits
