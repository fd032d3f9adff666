/* SPDX-License-Identifier: MIT */
/*
 * Hardware task switches: JMP and back; CALL and IRET, twice, through an LDT; INT through a task gate
 * to ring 3; a fault with an error code through one; a 16-bit TSS; a task whose SS is bad, so that
 * #TS is its first event (only where `late` is set). 32-bit paging, and other tables for one task. Each thing of importance has
 * its own page; the TSS of B lies over two. Ends in HLT: EAX the report, ECX how many words.
 * From there an NMI, or an interrupt at 40, is C's, and HLT comes again. Entered flat, in 32-bit protected mode, paging off; runs at BASE.
 */
#define BASE	0x100000
#define AT(sym) (BASE + (sym) - _start)
#define ALIAS	0x400000	/* A's tables only */

#define CODE	0x08
#define DATA	0x10
#define T_MAIN	0x18
#define T_A	0x20
#define T_B	0x28
#define T_C	0x30
#define T_D	0x38
#define T_E	0x40
#define T_F	0x48
#define T_G	0x50
#define CODE16	0x58
#define LDT	0x60
#define UCODE	0x6b
#define UDATA	0x73
#define L_DATA	0x0c

/* Clobbers EDX. */
.macro say what
	mov	AT(next), %edx
	movl	\what, (%edx)
	addl	$4, AT(next)
.endm

.macro say_flags
	pushf
	pop	%eax
	and	$0x4000, %eax	/* NT */
	say	%eax
.endm

.macro say_tr
	xor	%eax, %eax
	str	%ax
	say	%eax
.endm

	.section .text.start, "ax"
	.globl	_start
	.code32
_start:
	cli
	lgdt	AT(gdtr)
	lidt	AT(idtr)
	ljmp	$CODE, $AT(flat)
flat:
	mov	$DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%eax, %fs
	mov	%eax, %gs
	mov	$AT(stack_main_end), %esp
	mov	$AT(dir1), %eax
	mov	%eax, %cr3
	mov	%cr0, %eax
	or	$0x80010000, %eax	/* PG, WP */
	mov	%eax, %cr0
	mov	$T_MAIN, %eax
	ltr	%ax

	/* JMP: no link, no NT; main is not busy meanwhile */
	mov	$0x11111111, %ebx
	mov	$0x600, %eax
	mov	%eax, %dr7
	ljmp	$T_A, $0
	say	%ebx			/* kept */
	say_tr
	mov	%cr0, %eax
	and	$8, %eax
	say	%eax			/* TS */
	clts
	movzbl	AT(gdt) + T_A + 5, %eax
	say	%eax			/* A is not busy */

	/* CALL and IRET, twice: the second goes on behind B's IRET */
	mov	$2, %ecx
1:	lcall	$T_B, $0
	say	%ecx
	movzwl	AT(tss_b), %eax
	say	%eax			/* link */
	movzbl	AT(gdt) + T_B + 5, %eax
	say	%eax
	movzbl	AT(gdt) + T_MAIN + 5, %eax
	say	%eax
	loop	1b
	say_flags

	/* INT, task gate, ring 3 */
	int	$0x40
	say	$0xc0de0001

	/* #GP with an error code, task gate; D moves us on */
	mov	$0x7fe8, %eax
fault:	mov	%eax, %gs
after:	say	$0xc0de0002
	mov	%gs, %eax
	say	%eax

	/* 16-bit TSS */
	mov	$0x76543210, %esi
	lcall	$T_E, $0
	say	%esi
	mov	AT(tss_main) + 0x40, %eax
	say	%eax			/* ESI as saved */

	/* If asked for. SS is bad: #TS in F, G mends it */
	cmpl	$0, AT(late)
	je	1f
	lcall	$T_F, $0
	say	$0xc0de0003
1:
	mov	$AT(report), %eax
	mov	AT(next), %ecx
	sub	%eax, %ecx
	shr	$2, %ecx
	sti
	/* Whatever comes now, by a task gate */
1:	hlt
	say	$0xc0de0004
	jmp	1b

task_a:
	say	%eax
	say_tr
	say_flags
	mov	ALIAS, %eax
	say	%eax
	movzbl	AT(gdt) + T_MAIN + 5, %eax
	say	%eax			/* main is not busy */
	mov	%dr7, %eax
	and	$0x700, %eax
	say	%eax			/* LE is gone, GE stays */
	mov	%cr3, %eax
	say	%eax
	ljmp	$T_MAIN, $0

task_b:
	say	%ebp
	mov	%ds, %eax
	say	%eax
	say_flags
	movzbl	AT(gdt) + T_MAIN + 5, %eax
	say	%eax			/* main stays busy */
	inc	%ebp
	iret
	jmp	task_b

task_c:
	mov	%cs, %eax
	say	%eax
	mov	%ss, %eax
	say	%eax
	say_flags
	movzwl	AT(tss_c), %eax
	say	%eax
	iret
	jmp	task_c

task_d:
	pop	%eax
	say	%eax			/* error code */
	say	%esp
	mov	AT(tss_main) + 0x20, %eax
	sub	$AT(fault), %eax
	say	%eax			/* EIP at the fault */
	movl	$AT(after), AT(tss_main) + 0x20
	iret

task_f:
	mov	%ss, %eax
	say	%eax
	say_flags
	iret

task_g:
	pop	%eax
	say	%eax			/* error code: SS */
	movzwl	AT(tss_g), %eax
	say	%eax			/* link: F */
	movzwl	AT(tss_f) + 0x50, %eax
	say	%eax			/* F's SS as it was loaded */
	movl	$DATA, AT(tss_f) + 0x50
	iret

	.code16
task_e:
	mov	$AT(said_e), %ebx
	mov	%ax, (%ebx)
	mov	%sp, 2(%ebx)
	iret
	.code32

/* base, limit, byte 5, upper nibble of byte 6 */
.macro descriptor base, limit, type, flags
	.word	(\limit) & 0xffff
	.word	(\base) & 0xffff
	.byte	(\base) >> 16 & 0xff
	.byte	\type
	.byte	(\flags) << 4 | (\limit) >> 16
	.byte	(\base) >> 24
.endm

.macro tss32 cr3, eip, eax, ebp, esp, cs, ds, ss, ldt
	.long	0, 0, 0, 0, 0, 0, 0, \cr3, \eip, 2
	.long	\eax, 0, 0, 0, \esp, \ebp, 0, 0
	.long	\ds, \cs, \ss, \ds, \ds, \ds, \ldt, 0x680000
.endm

	.balign	4096
gdt:	.quad	0
	descriptor 0, 0xfffff, 0x9a, 0xc
	descriptor 0, 0xfffff, 0x92, 0xc
	descriptor AT(tss_main), 103, 0x89, 0
	descriptor AT(tss_a), 103, 0x89, 0
	descriptor AT(tss_b), 103, 0x89, 0
	descriptor AT(tss_c), 103, 0x89, 0
	descriptor AT(tss_d), 103, 0x89, 0
	descriptor AT(tss_e), 43, 0x81, 0
	descriptor AT(tss_f), 103, 0x89, 0
	descriptor AT(tss_g), 103, 0x89, 0
	descriptor BASE, 0xffff, 0x9a, 0
	descriptor AT(ldt), 15, 0x82, 0
	descriptor 0, 0xfffff, 0xfa, 0xc
	descriptor 0, 0xfffff, 0xf2, 0xc
gdt_end:
gdtr:	.word	gdt_end - gdt - 1
	.long	AT(gdt)
idtr:	.word	0x41 * 8 - 1
	.long	AT(idt)
	.balign	4096
ldt:	.quad	0
	descriptor 0, 0xfffff, 0x92, 0xc
	.balign	4096
idt:	.fill	2, 8, 0
	.word	0, T_C, 0x8500, 0	/* NMI */
	.fill	7, 8, 0
	.word	0, T_G, 0x8500, 0	/* #TS */
	.fill	2, 8, 0
	.word	0, T_D, 0x8500, 0	/* #GP */
	.fill	0x40 - 14, 8, 0
	.word	0, T_C, 0x8500, 0
	.balign	4096
tss_main:
	tss32	AT(dir1), 0, 0, 0, 0, 0, 0, 0, 0
	.balign	4096
tss_a:	tss32	AT(dir2), AT(task_a), 0xa5a5a5a5, 0, AT(stack_a_end), CODE, DATA, DATA, 0
	.balign	4096
tss_c:	tss32	AT(dir1), AT(task_c), 0, 0, AT(stack_c_end), UCODE, UDATA, UDATA, 0
	.balign	4096
tss_d:	tss32	AT(dir1), AT(task_d), 0, 0, AT(stack_d_end), CODE, DATA, DATA, 0
	.balign	4096
tss_f:	tss32	AT(dir1), AT(task_f), 0, 0, AT(stack_f_end), CODE, DATA, LDT, 0
	.balign	4096
tss_g:	tss32	AT(dir1), AT(task_g), 0, 0, AT(stack_g_end), CODE, DATA, DATA, 0
	.balign	4096
	/* link, SS:SP 0 to 2, IP, FLAGS, AX CX DX BX SP BP SI DI, ES CS SS DS, LDT */
tss_e:	.word	0, 0, 0, 0, 0, 0, 0
	.word	task_e - _start, 2
	.word	0x1616, 0, 0, 0, 0x7ffc, 0, 0, 0
	.word	DATA, CODE16, DATA, DATA, 0
	.balign	4096
	.space	4096 - 0x3e		/* EBP of B ends the page but two bytes */
tss_b:	tss32	AT(dir1), AT(task_b), 0, 0xb0b0, AT(stack_b_end), CODE, L_DATA, DATA, LDT
	.balign	4096
stack_main:
	.space	4096
stack_main_end:
	.space	4096
stack_a_end:
	.space	4096
stack_b_end:
	.space	4096
stack_c_end:
	.space	4096
stack_d_end:
	.space	4096
stack_f_end:
	.space	4096
stack_g_end:
alias:	.long	0xa11a5
	.balign	4096
dir1:	.long	AT(table1) + 7
	.balign	4096
dir2:	.long	AT(table1) + 7, AT(table2) + 7
	.balign	4096
table1:
	.set	page, 0
	.rept	1024
	.long	page + 7
	.set	page, page + 4096
	.endr
table2:	.long	AT(alias) + 7
	.balign	4096
next:	.long	AT(report)
said_e:	.long	0
late:	.long	0
report:
	.balign	4096

	.section .note.GNU-stack, "", @progbits
