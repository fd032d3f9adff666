/* SPDX-License-Identifier: MIT */
/* Guest code of a few instructions for the ABI's tests, and how this architecture tells its story.
 */
#ifndef ROOT_GUEST_ARCH_H
#define ROOT_GUEST_ARCH_H

#include <hv/arm64.h>

/* What guest_run() answers when the guest has nothing to do. */
#define GUEST_HALTED   HVMSG_NONE
#define GUEST_PC       HV_ARM64_REGISTER_PC
#define GUEST_PC_RESET 0
#define GUEST_DATA     (HV_ARM64_REGISTER_X0 + 1)

typedef struct hv_arm64_memory_intercept_message guest_memory_message;
typedef struct hv_arm64_sint_deliverable_message guest_sints_message;
#define GUEST_NOTIFICATIONS 0x00010006u /* HvRegisterDeliverabilityNotifications */
#define GUEST_MESSAGE_PC(m) ((m)->header.pc)

/* One of the registers that put a page on top of the guest's */
#define GUEST_PAGE_REGISTER HV_REGISTER_REFERENCE_TSC
#define GUEST_NO_VECTOR	    HVMSG_UNMAPPED_GPA
#define GUEST_FLAGS	    0

#define GUEST_WORD(w) (uint8_t)(w), (uint8_t)((w) >> 8), (uint8_t)((w) >> 16), (uint8_t)((w) >> 24)
#define GUEST_ADDR    GUEST_WORD(0xd2880000u) /* mov x0, #0x4000 */
#define GUEST_WFI     GUEST_WORD(0xd503207fu)
/* ldr w1, [x0]; add w1, w1, #1; str w1, [x0]; b back */
#define GUEST_CODE_COUNT \
	{ \
		GUEST_ADDR, GUEST_WORD(0xb9400001u), GUEST_WORD(0x11000421u), \
			GUEST_WORD(0xb9000001u), GUEST_WORD(0x17fffffdu) \
	}
/* ldr w1, [x0]; str w1, [x0]; wfi: the store is STORE bytes in */
#define GUEST_CODE_COPY \
	{ \
		GUEST_ADDR, GUEST_WORD(0xb9400001u), GUEST_WORD(0xb9000001u), GUEST_WFI \
	}
#define GUEST_CODE_STORE 8
/* Where that store goes when it is entered by itself */
#define guest_store_to(id, vp, gpa) guest_set64(id, vp, HV_ARM64_REGISTER_X0, gpa)
#define GUEST_CODE_LOAD		    4
/* br x0 */
#define GUEST_CODE_JUMP \
	{ \
		GUEST_ADDR, GUEST_WORD(0xd61f0000u) \
	}
#define GUEST_CODE_HALT \
	{ \
		GUEST_WFI \
	}
#define GUEST_CLOCK	HV_ARM64_REGISTER_CNTVCT_EL0
#define GUEST_INSN_HALT 0xd503207fu
#define GUEST_HALT_SIZE 4

#endif
