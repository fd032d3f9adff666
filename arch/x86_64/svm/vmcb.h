/* SPDX-License-Identifier: MIT */
/* The VMCB: AMD APM vol. 2 (24593, rev. 3.42), appendix B, tables B-1 and B-2. */
#ifndef SVM_VMCB_H
#define SVM_VMCB_H

#include <stddef.h>
#include <stdint.h>

struct svm_segment {
	uint16_t selector;
	uint16_t attrib; /* descriptor bits 55:52 and 47:40 packed into 11:0 */
	uint32_t limit;
	uint64_t base;
};

struct svm_vmcb {
	/* Control area */
	uint16_t intercept_cr_read;    /* 000 */
	uint16_t intercept_cr_write;   /* 002 */
	uint16_t intercept_dr_read;    /* 004 */
	uint16_t intercept_dr_write;   /* 006 */
	uint32_t intercept_exceptions; /* 008 */
	uint32_t intercept[3];	       /* 00c: words 3, 4, 5 */
	uint8_t reserved_018[0x3c - 0x18];
	uint16_t pause_filter_threshold; /* 03c */
	uint16_t pause_filter_count;	 /* 03e */
	uint64_t iopm_base_pa;		 /* 040 */
	uint64_t msrpm_base_pa;		 /* 048 */
	uint64_t tsc_offset;		 /* 050 */
	uint32_t asid;			 /* 058 */
	uint32_t tlb_control;		 /* 05c */
	uint32_t vintr;			 /* 060: V_TPR 7:0, V_IRQ 8, V_INTR_PRIO 19:16, ... */
	uint32_t vintr_vector;		 /* 064 */
	uint64_t interrupt_shadow;	 /* 068: bit 0 */
	uint64_t exitcode;		 /* 070 */
	uint64_t exitinfo1;		 /* 078 */
	uint64_t exitinfo2;		 /* 080 */
	uint32_t exitintinfo;		 /* 088 */
	uint32_t exitintinfo_error;	 /* 08c */
	uint64_t nested_control;	 /* 090: bit 0 NP_ENABLE */
	uint64_t avic_apic_bar;		 /* 098 */
	uint64_t ghcb_pa;		 /* 0a0 */
	uint32_t eventinj;		 /* 0a8 */
	uint32_t eventinj_error;	 /* 0ac */
	uint64_t nested_cr3;		 /* 0b0 */
	uint64_t virt_ext;		 /* 0b8 */
	uint32_t clean;			 /* 0c0 */
	uint32_t reserved_0c4;
	uint64_t next_rip;	/* 0c8: with NRIP save */
	uint8_t insn_len;	/* 0d0: with decode assists */
	uint8_t insn_bytes[15]; /* 0d1 */
	uint8_t reserved_0e0[0x400 - 0xe0];

	/* State save area, at 0x400 */
	struct svm_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr; /* 400..49f */
	uint8_t reserved_4a0[0x4cb - 0x4a0];
	uint8_t cpl; /* 4cb */
	uint32_t reserved_4cc;
	uint64_t efer; /* 4d0 */
	uint8_t reserved_4d8[0x548 - 0x4d8];
	uint64_t cr4;	 /* 548 */
	uint64_t cr3;	 /* 550 */
	uint64_t cr0;	 /* 558 */
	uint64_t dr7;	 /* 560 */
	uint64_t dr6;	 /* 568 */
	uint64_t rflags; /* 570 */
	uint64_t rip;	 /* 578 */
	uint8_t reserved_580[0x5d8 - 0x580];
	uint64_t rsp; /* 5d8 */
	uint8_t reserved_5e0[0x5f8 - 0x5e0];
	uint64_t rax;		 /* 5f8 */
	uint64_t star;		 /* 600 */
	uint64_t lstar;		 /* 608 */
	uint64_t cstar;		 /* 610 */
	uint64_t sfmask;	 /* 618 */
	uint64_t kernel_gs_base; /* 620 */
	uint64_t sysenter_cs;	 /* 628 */
	uint64_t sysenter_esp;	 /* 630 */
	uint64_t sysenter_eip;	 /* 638 */
	uint64_t cr2;		 /* 640 */
	uint8_t reserved_648[0x668 - 0x648];
	uint64_t g_pat;					     /* 668 */
	uint64_t debugctl;				     /* 670 */
	uint64_t br_from, br_to, lastexcp_from, lastexcp_to; /* 678 */
	uint8_t reserved_698[0x1000 - 0x698];
} __attribute__((packed, aligned(4096)));

_Static_assert(sizeof(struct svm_vmcb) == 4096, "APM vol. 2 appendix B: one page");
_Static_assert(offsetof(struct svm_vmcb, exitcode) == 0x70, "APM table B-1");
_Static_assert(offsetof(struct svm_vmcb, eventinj) == 0xa8, "APM table B-1");
_Static_assert(offsetof(struct svm_vmcb, clean) == 0xc0, "APM table B-1");
_Static_assert(offsetof(struct svm_vmcb, next_rip) == 0xc8, "APM table B-1");
_Static_assert(offsetof(struct svm_vmcb, es) == 0x400, "APM table B-2");
_Static_assert(offsetof(struct svm_vmcb, cpl) == 0x4cb, "APM table B-2");
_Static_assert(offsetof(struct svm_vmcb, cr4) == 0x548, "APM table B-2");
_Static_assert(offsetof(struct svm_vmcb, rsp) == 0x5d8, "APM table B-2");
_Static_assert(offsetof(struct svm_vmcb, rax) == 0x5f8, "APM table B-2");
_Static_assert(offsetof(struct svm_vmcb, cr2) == 0x640, "APM table B-2");
_Static_assert(offsetof(struct svm_vmcb, g_pat) == 0x668, "APM table B-2");

#endif
