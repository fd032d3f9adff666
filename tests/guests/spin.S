/* SPDX-License-Identifier: MIT */
/* Does nothing, with interrupts off. */
	.section .text.start, "ax"
	.globl	_start
_start:
	cli
1:	jmp	1b

	.section .note.GNU-stack, "", @progbits
