/* SPDX-License-Identifier: MIT */
/*
 * From the reset vector to long mode, on both VPs. The test puts this at 0x8000 and a far jump to
 * 0x800:0 at the reset vector; VP 1 comes by INIT and SIPI from VP 0 and starts at 0x8000 too.
 * OUT 0x80 tells the mode: 1 real, 2 protected, 3 long; 0x10 more on VP 1.
 */
#define BASE	0x8000
#define AT(sym) (BASE + (sym) - _start)
#define TABLES	0x20000
#define COUNT	0x7000	/* VPs that have come */

	.section .text.start, "ax"
	.globl	_start
	.code16
_start:
	cli
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$1, %bl
	lock xaddb %bl, COUNT	/* BL: 0 or 1, which VP this is */
	shl	$4, %bl
	mov	%bl, %al
	or	$1, %al
	out	%al, $0x80
	lgdtl	AT(gdtr)
	mov	%cr0, %eax
	or	$1, %eax
	mov	%eax, %cr0
	ljmpl	$0x08, $AT(prot)

	.code32
prot:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%bl, %al
	or	$2, %al
	out	%al, $0x80
	/* 4 GiB by 2-MiB pages; both VPs write the same */
	mov	$TABLES, %edi
	movl	$(TABLES + 0x1003), (%edi)
	movl	$0, 4(%edi)
	mov	$(TABLES + 0x1000), %edi
	mov	$(TABLES + 0x2003), %eax
	mov	$4, %ecx
1:	mov	%eax, (%edi)
	movl	$0, 4(%edi)
	add	$8, %edi
	add	$0x1000, %eax
	loop	1b
	mov	$(TABLES + 0x2000), %edi
	mov	$0x83, %eax
	mov	$2048, %ecx
1:	mov	%eax, (%edi)
	movl	$0, 4(%edi)
	add	$8, %edi
	add	$0x200000, %eax
	loop	1b
	mov	$0x20, %eax
	mov	%eax, %cr4
	mov	$TABLES, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x100, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80000000, %eax
	mov	%eax, %cr0
	ljmpl	$0x18, $AT(long_mode)

	.code64
long_mode:
	mov	%bl, %al
	or	$3, %al
	out	%al, $0x80
	test	%bl, %bl
	jnz	1f
	/* VP 0 starts VP 1: APIC on, INIT, SIPI to page 8 */
	mov	$0xfee00000, %esi
	movl	$0x1ff, 0xf0(%rsi)
	movl	$0x01000000, 0x310(%rsi)
	movl	$0xc500, 0x300(%rsi)
	movl	$0x01000000, 0x310(%rsi)
	movl	$0x4608, 0x300(%rsi)
1:	mov	%bl, %al
	or	$4, %al
	out	%al, $0x80
2:	hlt
	jmp	2b

	.balign	8
gdt:	.quad	0
	.quad	0x00cf9b000000ffff
	.quad	0x00cf93000000ffff
	.quad	0x00af9b000000ffff
gdtr:	.word	31
	.long	AT(gdt)

	.section .note.GNU-stack, "", @progbits
