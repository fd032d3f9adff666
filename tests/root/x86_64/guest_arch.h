/* SPDX-License-Identifier: MIT */
/* Guest code of a few instructions for the ABI's tests, and how this architecture tells its story.
 */
#ifndef ROOT_GUEST_ARCH_H
#define ROOT_GUEST_ARCH_H

/* What guest_run() answers when the guest has nothing to do. */
#define GUEST_HALTED   HVMSG_X64_HALT
#define GUEST_PC       HV_X64_REGISTER_RIP
#define GUEST_PC_RESET 0xfff0
#define GUEST_DATA     HV_X64_REGISTER_RAX

typedef struct hv_x64_memory_intercept_message guest_memory_message;
typedef struct hv_x64_sint_deliverable_message guest_sints_message;
#define GUEST_NOTIFICATIONS 0x00010006u /* HvRegisterDeliverabilityNotifications */
#define GUEST_MESSAGE_PC(m) ((m)->header.rip)

/* A flag of the partition that keeps it quiet in the background */
/* One of the registers that put a page on top of the guest's */
#define GUEST_PAGE_REGISTER HV_X64_REGISTER_HYPERCALL
#define GUEST_NO_VECTOR	    HVMSG_UNRECOVERABLE_EXCEPTION
#define GUEST_FLAGS	    HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED

/* inc dword [0x4000]; jmp back */
#define GUEST_CODE_COUNT \
	{ \
		0xff, 0x05, 0x00, 0x40, 0x00, 0x00, 0xeb, 0xf8 \
	}
/* mov eax,[0x4000]; mov [0x4000],eax; hlt: the store is STORE bytes in */
#define GUEST_CODE_COPY \
	{ \
		0xa1, 0x00, 0x40, 0, 0, 0xa3, 0x00, 0x40, 0, 0, 0xf4 \
	}
#define GUEST_CODE_STORE 5
/* Where that store goes when it is entered by itself: to 0x4000 always */
#define guest_store_to(id, vp, gpa) ((void)(id), (void)(vp), (void)(gpa))
#define GUEST_CODE_LOAD		    0
/* jmp 0x4000 */
#define GUEST_CODE_JUMP \
	{ \
		0xb8, 0x00, 0x40, 0, 0, 0xff, 0xe0 \
	}
/* hlt, and where it leaves the guest */
#define GUEST_CODE_HALT \
	{ \
		0xf4 \
	}
#define GUEST_CLOCK	HV_X64_REGISTER_TSC
#define GUEST_INSN_HALT 0xf4u
#define GUEST_HALT_SIZE 1

#endif
