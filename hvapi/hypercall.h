/* SPDX-License-Identifier: MIT */
/*
 * The hypercall layer (TLFS, "Hypercall interface"): one parser, one table. The architecture
 * gathers registers into struct hv_hcall_io; the parser does every generic check, copies the
 * input once, calls the row's handler and writes output only for what completed.
 */
#ifndef HVAPI_HYPERCALL_H
#define HVAPI_HYPERCALL_H

#include <hv/hypercall.h>
#include <hv/status.h>
#include <hv/types.h>

#include "kernel/vp.h"

struct hv_hcall_io {
	uint64_t control; /* in; out when again: with the new rep start */
	uint64_t input;	  /* GPA, or the first 8 bytes of a fast call; out for fast output */
	uint64_t output;
	/*
	 * Further registers of a fast call: its input in order (the first two words are `input` and
	 * `output`), then its output from the next 16-byte pair on, or in the last pairs. 0 words:
	 * the form has none.
	 */
	uint64_t *ext;
	uint32_t ext_words;
	bool ext_last;
	bool wide; /* 64-bit caller */

	/* Answers */
	uint64_t result;
	bool again; /* leave the instruction pointer: more of the rep list is to do */
	bool fault; /* a buffer is not there: nothing was done, see fault_* */
	bool fault_write, fault_unmapped;
	gpa_t fault_gpa;
};

/* Who may name which partition and VP. */
enum hcall_target {
	HCALL_TARGET_NONE,	/* no partition argument */
	HCALL_TARGET_SELF,	/* partition at 0: the caller's own only */
	HCALL_TARGET_CHILD,	/* partition at 0: a child, not the caller */
	HCALL_TARGET_PARTITION, /* partition at 0: the caller's own or a child */
	HCALL_TARGET_VP,	/* partition at 0, VP index at 8 */
	HCALL_TARGET_VP_OR_ALL, /* the same; HV_ANY_VP: no VP, the partition */
};

struct hcall_args {
	struct vp *caller;
	struct partition *target; /* held for the call; NULL with HCALL_TARGET_NONE */
	struct vp *vp;		  /* HCALL_TARGET_VP; NULL: HV_ANY_VP */
	const uint8_t *in;	  /* fixed header, then the variable header */
	const uint8_t *list;	  /* rep input, element 0 */
	uint8_t *out;		  /* fixed output */
	uint8_t *out_list;	  /* rep output, element 0 */
	uint32_t var_bytes;	  /* of the variable header */
	uint64_t out_gpa;	  /* for handlers whose rows have no output of fixed size */
	uint32_t rep_start, rep_count;
	uint32_t reps_done; /* set by rep handlers: total, from rep_start on */
	bool more;	    /* rep handlers: stopped on the budget */
};

typedef uint16_t (*hcall_handler)(struct hcall_args *a);

struct hcall_row {
	uint16_t code;
	const char *name;
	uint16_t in_size;  /* fixed header */
	uint16_t out_size; /* fixed output */
	uint16_t in_elem;  /* rep element in the input, 0: none */
	uint16_t out_elem; /* rep element in the output, 0: none */
	bool rep;
	bool fast;	    /* fast form allowed */
	bool fast_ext;	    /* ... also when it takes further registers, for input or output */
	bool variable;	    /* variable header allowed */
	uint8_t target;	    /* enum hcall_target */
	uint64_t privilege; /* HV_PARTITION_PRIVILEGE_* that the caller needs */
	hcall_handler fn;
};

extern const struct hcall_row hypercall_table[];
extern const uint32_t hypercall_table_len;

/* Elements a rep handler does in one go before it lets the caller's interrupts in. */
#define HCALL_REP_BUDGET 64u

void hypercall_dispatch(struct vp *caller, struct hv_hcall_io *io);
/* Has the guest announced itself and enabled the hypercall page? (root: always its own business) */
bool hypercall_enabled(const struct partition *p);
/* Code page: VMMCALL or VMCALL; RET, position independent. */
void hypercall_page_fill(void *page);
const struct hcall_row *hypercall_find(uint16_t code);

#endif
