/* SPDX-License-Identifier: MIT */
/*
 * Where a started CPU begins: copied to the page below 1 MiB that the loader reserved. Real mode
 * straight to long mode (AMD APM vol. 2, 14.6 and 14.7: PAE, EFER.LME, then PE and PG at once).
 * The four words at the end are filled in by cpu_start_others(). The page is position independent:
 * everything is addressed from CS.
 */
	.section .rodata
	.globl	ap_trampoline, ap_trampoline_end, ap_trampoline_args
	.balign	16
	.code16
ap_trampoline:
	cli
	cld
	mov	%cs, %ax
	mov	%ax, %ds
	movzwl	%ax, %esi
	shl	$4, %esi
	/* absolute addresses of the GDT and of the far jump, from our own base */
	lea	(ap_gdt - ap_trampoline)(%esi), %eax
	mov	%eax, (ap_gdtr - ap_trampoline + 2)
	lgdtl	(ap_gdtr - ap_trampoline)
	/* Before paging: the core's tables have this page read-only. */
	lea	(ap_long - ap_trampoline)(%esi), %eax
	mov	%eax, (ap_far - ap_trampoline)
	mov	$0xa0, %eax		/* CR4: PAE, PGE */
	mov	%eax, %cr4
	mov	(ap_trampoline_args - ap_trampoline), %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx	/* EFER: LME, NXE */
	xor	%edx, %edx
	mov	$0x900, %eax
	wrmsr
	mov	$0x80010033, %eax	/* CR0: PG WP NE ET MP PE */
	mov	%eax, %cr0
	ljmpl	*(ap_far - ap_trampoline)

	.code64
ap_long:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	mov	%esi, %esi
	mov	(ap_trampoline_args - ap_trampoline + 8)(%rsi), %rsp
	mov	(ap_trampoline_args - ap_trampoline + 24)(%rsi), %rdi
	mov	(ap_trampoline_args - ap_trampoline + 16)(%rsi), %rax
	xor	%ebp, %ebp
	call	*%rax
	ud2

	.balign	8
ap_gdt:
	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
ap_gdtr:
	.word	23
	.long	0
	.balign	4
ap_far:
	.long	0
	.word	8
	.balign	8
ap_trampoline_args:
	.quad	0			/* CR3 */
	.quad	0			/* RSP: direct map */
	.quad	0			/* entry */
	.quad	0			/* its argument */
ap_trampoline_end:

	.section .note.GNU-stack, "", @progbits
