/* SPDX-License-Identifier: MIT */
/*
 * What the neutral kernel embeds of this architecture: struct arch_vp, arch_partition and
 * arch_cpu, and the fixed addresses. Included by kernel/addr.h, so it includes nothing of kernel/.
 */
#ifndef ARCH_TYPES_H
#define ARCH_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86_64/common/vlapic.h"

/*
 * Virtual layout of the core, the same on every CPU but for the last row:
 *   ffff800000000000  direct map of RAM, read-write, no execute; the core's own text read-only
 *   ffffff0000000000  device pages (local APIC, console)
 *   ffffffff80000000  the core's image (BOOT_CORE_VA)
 *   ffffffffc0000000  this CPU's struct percpu and, above a guard page, its stack
 */
#ifndef ARCH_DIRECT_MAP
#define ARCH_DIRECT_MAP 0xffff800000000000ull
#endif
#define ARCH_DEVICE_MAP 0xffffff0000000000ull
#define ARCH_PERCPU_VA	0xffffffffc0000000ull
#define ARCH_STACK_SIZE 16384u

/* Synthetic registers are MSRs: only a partition's parent names them by hypercall. */
#define ARCH_SELF_REGISTERS   0
#define ARCH_SHARED_REGISTERS 0
/* The TLFS has calls that flush and that send interrupts for x64 alone. */
#define ARCH_X64_CALLS		1
#define ARCH_PARTITION_FEATURES PARTITION_FEATURES
/* A guest calls through a page that holds the processor's own instruction. */
#define ARCH_HYPERCALL_PAGE 1
/* Pages that arch_vp_init() takes: VMCB or VMCS with its virtual APIC, XSAVE area */
#define ARCH_VP_PAGES	   2u
#define ARCH_ROOT_VP_PAGES ARCH_VP_PAGES
/* 16550 at an I/O port */
#define ARCH_IO_PORTS 1

/* GPR order of the ModRM encoding; rax and rsp live in the VMCB/VMCS while it is loaded. */
enum x86_gpr {
	GPR_RAX,
	GPR_RCX,
	GPR_RDX,
	GPR_RBX,
	GPR_RSP,
	GPR_RBP,
	GPR_RSI,
	GPR_RDI,
	GPR_R8,
	GPR_R9,
	GPR_R10,
	GPR_R11,
	GPR_R12,
	GPR_R13,
	GPR_R14,
	GPR_R15,
};

enum x86_activity {
	X86_ACTIVE,
	X86_HALTED,
	X86_WAIT_SIPI,
	X86_SHUTDOWN, /* triple fault seen; only a new RIP or reset gets it out */
};

/* The event that entry has to deliver first; layout of HV_X64_PENDING_INTERRUPTION_REGISTER. */
struct x86_event {
	bool pending;
	bool has_error;
	uint8_t type; /* 0 interrupt, 2 NMI, 3 exception, 4 software interrupt */
	uint8_t vector;
	uint8_t insn_len; /* software events: length for the next RIP */
	uint32_t error;
};

/*
 * The entries that a guest-virtual address was translated by (gva.h), where they lie in the direct
 * map. Good for asking whether it would come out the same, while the second level lost no page.
 */
struct gva_trail {
	uint32_t levels, size; /* entries, and bytes of one */
	const void *at[5];
	uint64_t entry[5];
};

/* A page of code, and all that decided where it lies. */
struct x86_fetch {
	const uint8_t *ptr; /* NULL: none */
	uint64_t page, generation, cr0, cr3, cr4, efer;
	uint32_t access;
	struct gva_trail trail;
};

#define ARCH_MTRR_VARIABLE 8u
struct x86_mtrr {
	uint64_t def_type;
	uint64_t base[ARCH_MTRR_VARIABLE];
	uint64_t mask[ARCH_MTRR_VARIABLE];
	uint64_t fixed[11];
};

struct svm_vmcb;

/* What VT-x has to keep beside the VMCS. Members without a word are the VMCS field's last value. */
struct vmx_vp {
	uint64_t host_rsp; /* offset 136: vmx/entry.S */
	void *vmcs;
	uint64_t pa;
	uint8_t *vapic; /* virtual-APIC page: the TPR at 0x80; NULL for the root */
	bool active;	/* VMPTRLD without VMCLEAR since, on the CPU of the owner */
	bool launched;
	bool pdpte_stale; /* CR0, CR3, CR4 or EFER were set: PDPTEs come from memory at entry */
	bool blocking_valid, blocking_dirty;
	bool unchecked;	   /* set since vmx_check_state() last passed */
	bool intr_window;  /* by IF; by the TPR it is the threshold */
	bool nmi_held;	   /* by STI or MOV SS */
	bool owns_pg, lma; /* of a guest: CR0.PG is in the mask; EFER.LMA */
	uint32_t blocking; /* guest interruptibility */
	uint32_t host_cpu; /* whose host state is in the VMCS, + 1 */
	uint32_t proc, exceptions, threshold, timer;
	uint64_t rip, rsp, tsc_offset;
	struct x86_event event; /* for the next entry */
	/* Registers that neither VM entry nor exit switches; on the CPU while the VP is */
	bool loaded;
	/* CR2, DR6, STAR, LSTAR, CSTAR, SFMASK, KERNEL_GS, U_CET, PL0_SSP..3: vmx/regs.c */
	uint64_t kept[12];
};

struct arch_vp {
	uint64_t gpr[16]; /* offset 0: entry.S of both; whole between exit and entry (RSP: vmx.h) */
	uint64_t rip;	  /* whole between exit and entry */
	struct vmx_vp vmx;
	struct svm_vmcb *vmcb;
	uint64_t vmcb_pa;
	/* TLB tag: valid while asid_gen is the CPU's and vp->cpu is that CPU */
	uint64_t asid_gen;
	uint32_t asid;
	uint32_t clean; /* VMCB clean bits still true; the setters clear theirs */

	struct x86_fetch fetch; /* where RIP's page was found last: insn_fetch.c */

	void *xsave; /* standard format, one page, 64-byte aligned */
	uint64_t xcr0;
	uint64_t xss;
	uint64_t dr[4];
	uint64_t tsc_aux;
	uint64_t spec_ctrl;
	uint64_t tsc_offset; /* guest TSC = host TSC + tsc_offset */
	uint64_t tsc_adjust;

	struct vlapic apic;
	struct x86_event event;
	bool nmi_pending;
	bool nmi_masked;     /* between NMI delivery and IRET */
	bool intr_window;    /* armed */
	bool timers_moved;   /* next_event has to be found anew */
	bool unjudged;	     /* a client has set what segments_check() looks at */
	uint64_t next_event; /* host TSC of the VP's next timer, APIC or synthetic */
	bool debug_pending;  /* HvX64RegisterPendingDebugException: a #DB to deliver */
	uint64_t debug_exception;
	/* HvRegisterPendingEvent0: an exception, or an interrupt past the local APIC */
	struct x86_event queued;   /* type 3, or 0 */
	uint64_t queued_parameter; /* CR2 of #PF, DR6 of #DB */
	/* HvX64RegisterDeliverabilityNotifications: HV_DELIVERABILITY_*, and whether SINTs are
	 * among them (vp->sint_notify) */
	uint64_t notify;
#define NOTIFY_SINTS (1ull << 63)
	uint8_t activity; /* enum x86_activity */
	uint8_t sipi_vector;
	uint8_t stop; /* enum vp_exit, when an exit handler answered EXIT_STOP */
	struct x86_mtrr mtrr;

	/* hypervisor MSRs that are plain storage */
	uint64_t vp_assist;
};

/* Registers by name that are one plain word: HV_X64_REGISTER_RAX .. R15. */
#define ARCH_PLAIN_FIRST 0x00020000u
static inline bool arch_is_plain(uint32_t name)
{
	return name - ARCH_PLAIN_FIRST < 16;
}

static inline uint64_t *arch_plain_word(struct arch_vp *a, uint32_t name)
{
	return &a->gpr[name - ARCH_PLAIN_FIRST];
}

#define ARCH_CPUID_RESULTS 80u /* one page */
struct x86_cpuid_result {
	uint32_t leaf, subleaf;
	uint32_t vp; /* HV_ANY_VP: all */
	uint32_t subleaf_specific : 1;
	uint32_t order : 31; /* of registration: where two rows have an answer, the later one's */
	uint32_t value[4];   /* eax ebx ecx edx */
	uint32_t mask[4];
};

#define ARCH_CPUID_INTERCEPTS 64u
struct arch_partition {
	uint64_t tsc_start;	       /* host TSC at creation */
	uint64_t xcr0_mask;	       /* what XCR0 may hold */
	uint64_t xss_mask;	       /* the same of IA32_XSS */
	uint64_t cr4_off;	       /* CR4 bits that it is not offered */
	uint8_t cet;		       /* bit 0 shadow stacks, bit 1 branch tracking */
	uint32_t xsave_size;	       /* compacted, constant for the partition's life */
	uint32_t exception_intercepts; /* bit n: vector n goes to the root */
	bool msr_intercept, hlt_intercept;
	uint32_t cpuid_intercepts; /* leaves below that go to the root */
	uint32_t cpuid_leaf[ARCH_CPUID_INTERCEPTS];
};

#endif
