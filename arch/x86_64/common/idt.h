/* SPDX-License-Identifier: MIT */
/* The core's GDT and IDT, and what its own exceptions, NMIs and the deadline vector do. */
#ifndef X86_IDT_H
#define X86_IDT_H

#include <stdint.h>

#define SEL_CODE 0x08u
#define SEL_DATA 0x10u
#define SEL_TSS	 0x18u /* VM exits load it, nothing else does: the table has no such entry */

struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

void idt_build(void); /* once */
void idt_load(void);  /* each CPU */
uint64_t idt_base(void);
uint64_t idt_gdt_base(void);
/* entry.S: halt until an NMI, unless *flag is set. */
void halt_unless(const uint32_t *flag);
void trap_handle(struct trap_frame *f);

#endif
