/* SPDX-License-Identifier: MIT */
/* One request of the root VM's at a time: the guest reads or writes state by its own instruction.
 */
#ifndef GUESTS_BORDER_ABI_H
#define GUESTS_BORDER_ABI_H

#include <stdint.h>

#define BORDER_SHARED 0x200000u
#define BORDER_PORT   0x10 /* OUT: the request is done */

enum border_op {
	BORDER_RDMSR,
	BORDER_WRMSR,
	BORDER_GET, /* `which` is an enum border_register */
	BORDER_SET,
};

enum border_register {
	BORDER_CR2,
	BORDER_CR3,
	BORDER_CR4,
	BORDER_CR8,
	BORDER_DR0,
	BORDER_DR1,
	BORDER_DR2,
	BORDER_DR3,
	BORDER_DR7,
	BORDER_XCR0,
	BORDER_RFLAGS,
	BORDER_XMM0,  /* low half */
	BORDER_XMM15, /* high half */
	BORDER_ST0,   /* as an integer */
	BORDER_MXCSR,
	BORDER_TSC_AUX,
	BORDER_APIC_TPR,
	BORDER_APIC_SVR,
	BORDER_APIC_LVT_TIMER,
	BORDER_APIC_LVT_LINT0,
	BORDER_APIC_DIVIDE,
	BORDER_FS_BASE, /* by an access through FS */
	BORDER_REGISTERS,
};

struct border_shared {
	uint32_t op, which;
	uint64_t value;
	uint64_t at_fs; /* what the guest reads through FS:0 */
};

#endif
