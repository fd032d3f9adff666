/* SPDX-License-Identifier: MIT */
/*
 * The root VM's first instructions: 32-bit protected mode, paging off, EBX = struct boot_info
 * (docs/boot.md). Goes to long mode on an identity map of 4 GiB by 2-MiB pages. Other CPUs come
 * from real mode through ap_trampoline, which root_smp_start() copies below 1 MiB.
 */
#define CR0_PE	    0x1
#define CR0_MP	    0x2
#define CR0_WP	    0x10000
#define CR0_PG	    0x80000000
#define CR0_CLEAR   0x6000000c	/* CD NW TS EM */
#define CR4_SET	    0x40620	/* PAE OSFXSR OSXMMEXCPT OSXSAVE */
#define EFER	    0xc0000080
#define EFER_SET    0x900	/* LME NXE */

	.section .text.start, "ax"
	.code32
	.globl	_start
_start:
	cli
	cld
	mov	$boot_stack_top, %esp
	mov	%ebx, boot_info_pa
	mov	$pml4, %edi
	movl	$pdpt + 3, (%edi)
	mov	$pdpt, %edi
	mov	$pd + 3, %eax
	mov	$4, %ecx
1:	mov	%eax, (%edi)
	add	$8, %edi
	add	$4096, %eax
	loop	1b
	mov	$pd, %edi
	mov	$0x83, %eax
	mov	$2048, %ecx
1:	mov	%eax, (%edi)
	add	$8, %edi
	add	$0x200000, %eax
	loop	1b
	mov	$boot64, %esi
to_long:
	mov	$CR4_SET, %eax
	mov	%eax, %cr4
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	$EFER, %ecx
	rdmsr
	or	$EFER_SET, %eax
	wrmsr
	mov	%cr0, %eax
	and	$~CR0_CLEAR, %eax
	or	$(CR0_PE | CR0_MP | CR0_WP | CR0_PG), %eax
	mov	%eax, %cr0
	lgdt	gdtr
	ljmpl	$0x18, $long_mode

	.code64
long_mode:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	mov	%esi, %esi
	jmp	*%rsi

boot64:
	mov	$boot_stack_top, %esp
	xor	%ebp, %ebp
	mov	boot_info_pa, %edi
	call	root_main
	ud2

	.globl	ap64
ap64:
	mov	ap_stack, %rsp
	mov	ap_index, %edi
	xor	%ebp, %ebp
	call	root_ap_main
	ud2

	.code32
ap32:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$ap64, %esi
	jmp	to_long

/* Copied to the trampoline page: position independent up to the far jump. */
	.code16
	.globl	ap_trampoline, ap_trampoline_end
ap_trampoline:
	cli
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	ap_gdtr - ap_trampoline
	mov	%cr0, %eax
	or	$CR0_PE, %eax
	mov	%eax, %cr0
	ljmpl	$0x08, $ap32
	.balign	4
ap_gdtr:
	.word	gdt_end - gdt - 1
	.long	gdt
ap_trampoline_end:

	.section .data
	.balign	16
gdt:	.quad	0
	.quad	0x00cf9b000000ffff	/* 08 code, 32 bits */
	.quad	0x00cf93000000ffff	/* 10 data */
	.quad	0x00af9b000000ffff	/* 18 code, 64 bits */
	.quad	0x00cffb000000ffff	/* 20 user code, 32 bits */
	.quad	0x00cff3000000ffff	/* 28 user data */
	.quad	0x00affb000000ffff	/* 30 user code, 64 bits */
	.globl	root_tss_desc
root_tss_desc:
	.quad	0, 0			/* 38 TSS of the CPU that loads it */
gdt_end:
	.globl	gdtr
gdtr:	.word	gdt_end - gdt - 1
	.quad	gdt
boot_info_pa:
	.long	0
	.balign	8
	.globl	ap_stack, ap_index
ap_stack:
	.quad	0
ap_index:
	.long	0

	.bss
	.balign	4096
	.globl	pml4
pml4:	.skip	4096
pdpt:	.skip	4096
pd:	.skip	4 * 4096
	.skip	65536
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
