/* SPDX-License-Identifier: MIT */
/*
 * The seam between common x86 code and silicon (decision 7): vendor code enters a VP and decodes
 * its exit into struct x86_exit; common code decides. One const table a vendor, probed once.
 */
#ifndef X86_VIRT_H
#define X86_VIRT_H

#include "arch/x86_64/common/decode.h"
#include "kernel/vp.h"

enum x86_exit_kind {
	X86_EXIT_UNKNOWN, /* a code that the manual does not list: parks the VP */
	X86_EXIT_NONE,	  /* nothing to do: go round again */
	X86_EXIT_CPUID,
	X86_EXIT_MSR,
	X86_EXIT_HYPERCALL,
	X86_EXIT_IO,
	X86_EXIT_SLAT,
	X86_EXIT_HLT,
	X86_EXIT_INTR,
	X86_EXIT_NMI,
	X86_EXIT_INTR_WINDOW,
	X86_EXIT_IRET,
	X86_EXIT_EXCEPTION,
	X86_EXIT_SHUTDOWN,
	X86_EXIT_INVALID_STATE,
	X86_EXIT_TASK_SWITCH,
	X86_EXIT_XSETBV,
	X86_EXIT_INVD,
	X86_EXIT_WBINVD,
	X86_EXIT_MONITOR,
	X86_EXIT_MWAIT,
	X86_EXIT_RDPMC,
	X86_EXIT_RSM,
	X86_EXIT_SMI,
	X86_EXIT_INIT,
	X86_EXIT_UD,	   /* instruction that is not offered: #UD */
	X86_EXIT_GP,	   /* instruction that faults as configured: #GP(0) */
	X86_EXIT_SKIP,	   /* harmless when ignored: PAUSE, bus lock, ... */
	X86_EXIT_CR,	   /* a write to CR0, CR4 or CR8 that the hardware may not do by itself */
	X86_EXIT_DEADLINE, /* the timer that deadline_arm() set */
	X86_EXIT_FERR,	   /* legacy FPU error: #MF semantics are the VP's own */
	X86_EXIT_KINDS,
};

/* Types of struct x86_event */
#define EVENT_INTR	0
#define EVENT_NMI	2
#define EVENT_EXCEPTION 3

/* What asked for a task switch; numbered as in VMX's exit qualification (SDM vol. 3, table 27-2) */
enum x86_task_source {
	TASK_CALL,
	TASK_IRET,
	TASK_JMP,
	TASK_GATE, /* an event, through a task gate in the IDT */
};

struct x86_exit {
	uint8_t kind;	   /* enum x86_exit_kind */
	uint8_t len;	   /* of the instruction; 0: decode it */
	uint8_t opcode[2]; /* expected bytes when len is a fixed length; 0: none */
	uint8_t cr8;	   /* the VP's, of a guest */
	bool after;	   /* a shadow or a single step may stand: EXIT_NEXT is more than RIP */
	union {
		struct {
			bool write;
		} msr;
		struct {
			uint64_t next_rip;
			uint16_t port;
			uint8_t size;
			bool in, string, rep;
		} io;
		struct {
			uint64_t gpa, gva;
			bool read, write, fetch;
			bool gva_valid, table_walk;
			uint8_t insn_bytes[16];
			uint8_t insn_len; /* bytes above, from decode assists; 0: fetch them */
		} slat;
		struct {
			uint8_t vector;
			bool has_error;
			uint32_t error;
			uint64_t cr2;
		} exception;
		struct {
			uint16_t selector; /* of the new TSS */
			uint8_t source;	   /* enum x86_task_source */
			bool next;	   /* RIP is at an instruction that will be done */
			bool external;	   /* EXT: an event, but INT n, INT3 and INTO */
			bool rf;	   /* RFLAGS.RF as the old task's image has it */
			bool has_error;
			uint32_t error; /* for the new task's stack */
		} task;
		struct {
			uint8_t number; /* 0, 4 or 8 */
			uint64_t value; /* not for 8: it is in the instruction */
		} cr;
	};
	uint64_t code; /* the vendor's own, for dumps */
};

/* Registers that live in the VMCB or VMCS. */
enum x86_sysreg {
	SYS_RFLAGS,
	SYS_CR0,
	SYS_CR2,
	SYS_CR3,
	SYS_CR4,
	SYS_DR6,
	SYS_DR7,
	SYS_EFER, /* as the guest sees it: without SVME */
	SYS_PAT,
	SYS_STAR,
	SYS_LSTAR,
	SYS_CSTAR,
	SYS_SFMASK,
	SYS_KERNEL_GS,
	SYS_SYSENTER_CS,
	SYS_SYSENTER_ESP,
	SYS_SYSENTER_EIP,
	SYS_DEBUGCTL,
	/* CET; always 0 where has_cet() says no */
	SYS_U_CET,
	SYS_PL0_SSP,
	SYS_PL1_SSP,
	SYS_PL2_SSP,
	SYS_PL3_SSP,
	SYS_S_CET,
	SYS_SSP,
	SYS_INT_SSP_TABLE,
	SYS_INT_SHADOW, /* bit 0 */
	SYS_CPL,
	SYS_MAX,
};

/* Order of HvX64RegisterEs .. Tr, then the two tables. */
enum x86_seg {
	SEG_ES,
	SEG_CS,
	SEG_SS,
	SEG_DS,
	SEG_FS,
	SEG_GS,
	SEG_LDTR,
	SEG_TR,
	SEG_IDTR,
	SEG_GDTR
};

/* Where the VP stands. */
struct x86_place {
	uint64_t linear; /* of RIP */
	uint8_t mode;	 /* enum x86_mode: the code's */
	uint8_t cpl;
	bool in_protected; /* protected or long mode, and not virtual-8086 */
};

struct virt_ops {
	const char *name;
	uint8_t hypercall[3]; /* VMMCALL or VMCALL */
	/* Is the CET state switched, so that guests can have it? NULL: no. */
	bool (*has_cet)(void);
	/* Turn virtualization on for this CPU. */
	void (*cpu_init)(struct percpu *cpu);
	uint16_t (*vp_init)(struct vp *vp);
	void (*vp_free)(struct vp *vp);
	/* Intercepts and controls for a fresh VP; root: the root partition's. */
	void (*vp_setup)(struct vp *vp, bool root);
	/* Load and store the registers that the entry leaves alone. */
	void (*load)(struct vp *vp);
	void (*save)(struct vp *vp);
	/* The owner is done with the VP for now: leave nothing of it in this CPU. */
	void (*release)(struct vp *vp);
	/* Let NMIs and, when IF is set, interrupts reach the core: GIF, where there is one. */
	void (*open)(void);
	void (*close)(void);
	/* Enter once; what ended it, decoded. vp->arch.gpr and rip are whole before and after. */
	void (*enter)(struct vp *vp, struct x86_exit *ex);
	uint64_t (*get)(struct vp *vp, enum x86_sysreg r);
	void (*set)(struct vp *vp, enum x86_sysreg r, uint64_t v);
	void (*get_seg)(struct vp *vp, enum x86_seg s, struct hv_x64_segment_register *v);
	void (*set_seg)(struct vp *vp, enum x86_seg s, const struct hv_x64_segment_register *v);
	void (*place)(struct vp *vp, struct x86_place *p);
	/* Event for the next entry. */
	void (*inject)(struct vp *vp, const struct x86_event *e);
	/* Ask for an exit once an interrupt of this priority class could be taken; vector 0: one
	 * that TPR does not hold back. */
	void (*intr_window)(struct vp *vp, bool on, uint8_t vector);
	void (*iret_window)(struct vp *vp, bool on);
	void (*set_tpr)(struct vp *vp, uint8_t cr8);
	void (*set_tsc_offset)(struct vp *vp, uint64_t offset);
	/* #PF .. intercepts beside #DB and #AC. */
	void (*set_exceptions)(struct vp *vp, uint32_t mask);
	/* NULL when the state can be entered, else what is wrong with it. */
	const char *(*check_state)(struct vp *vp);
	void (*dump)(struct vp *vp);
};

extern const struct virt_ops *virt;

/* Probe the CPU: sets `virt`, or panics with the name of what is missing. */
void virt_probe(void);
extern const struct virt_ops svm_ops, vmx_ops;
/* False: the CPU has no such thing. Panics with the name of what is missing or locked off. */
bool svm_probe(void);
bool vmx_probe(void);

/* inject.c */
void inject_exception(struct vp *vp, uint8_t vector, bool has_error, uint32_t error);
void inject_gp(struct vp *vp);
void inject_ud(struct vp *vp);
/* Choose the next event for the entry and arm the windows for the rest. */
void inject_prepare(struct vp *vp);
/* Is there anything for inject_prepare() to do? */
static inline bool inject_waits(const struct vp *vp)
{
	const struct arch_vp *a = &vp->arch;

	return a->event.pending | a->queued.pending | a->debug_pending | a->nmi_pending |
	       a->intr_window | (a->apic.irr_max >= 0) | (a->notify != 0);
}
/* Type of the event (0 interrupt, 2 NMI) whose deliverability the root waits for; -1: not yet. */
int inject_deliverable(struct vp *vp);

/* exit.c */
enum exit_action {
	EXIT_RESUME, /* again at the same RIP */
	EXIT_NEXT,   /* past the instruction */
	EXIT_STOP,   /* leave the VP; vp->arch.stop says why */
};
enum exit_action exit_handle(struct vp *vp, struct x86_exit *ex);

/* segments.c: NULL, or why no CPU is in this state. */
const char *segments_check(struct vp *vp);

#endif
