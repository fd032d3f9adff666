/* SPDX-License-Identifier: MIT */
/*
 * A task switch under way (task_switch.c), and the guest's memory as it sees it (task_mem.c): what
 * it would write is kept until all is known, and is read back as if it were written already.
 */
#ifndef X86_TASK_H
#define X86_TASK_H

#include "arch/x86_64/common/virt.h"
#include "kernel/guest_mem.h"

/* Busy of new and old; state of old, link and stack, each over two pages; six accessed bits */
#define TASK_WRITES 14u
#define TASK_CHUNK  64u

enum task_write_op { TASK_COPY, TASK_OR, TASK_AND, TASK_LOCK };

struct task_write {
	gpa_t at; /* all of it in one page */
	uint8_t op, len;
	uint8_t was; /* TASK_LOCK: what the byte has to be still */
	uint8_t bytes[TASK_CHUNK];
	struct guest_page page;
};

struct task {
	struct vp *vp;
	const struct x86_exit *ex;
	uint64_t cr3;	     /* that linear addresses go by */
	uint32_t smap;	     /* GVA_SMAP_* of all accesses */
	bool faults, absent; /* why it went no further */
	/* the fault */
	uint8_t vector;
	bool has_error;
	uint32_t error;
	uint64_t cr2;
	/* what is not there */
	gpa_t gpa;
	uint32_t access;
	bool unmapped;
	/* the new task */
	bool wide; /* 32-bit TSS */
	bool trap;
	uint8_t cpl;
	uint32_t eip, eflags, gpr[8];
	uint16_t sel[6], ldt_sel;
	struct hv_x64_segment_register seg[6], ldtr, tr;
	uint32_t writes;
	struct task_write write[TASK_WRITES];
};

/* Those that answer bool say false where the switch goes no further, and t why. */

bool task_fault(struct task *t, uint8_t vector, uint32_t error);
/* access: GVA_USER, or 0 for what the CPU does by itself. */
bool task_read(struct task *t, uint32_t lin, void *buf, uint32_t len);
bool task_read_physical(struct task *t, gpa_t at, void *buf, uint32_t len);
bool task_store(struct task *t, uint32_t lin, const void *buf, uint32_t len, uint32_t access);
/* One byte, changed as by a locked instruction. TASK_LOCK: if it still is `was`. */
bool task_change(struct task *t, uint32_t lin, enum task_write_op op, uint8_t v, uint8_t was);
/* Hold every page that will be written. */
bool task_hold(struct task *t);
void task_let_go(struct task *t);
/* Write it all. False: another CPU was first, and nothing is written. */
bool task_write_out(struct task *t);

#endif
