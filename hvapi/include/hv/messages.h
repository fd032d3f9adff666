/* SPDX-License-Identifier: MIT */
/*
 * SynIC and intercept messages (TLFS, "Inter-partition communication" and appendix; Linux
 * include/hyperv/hvhdk.h). Offsets in comments are from the payload's start.
 */
#ifndef HV_MESSAGES_H
#define HV_MESSAGES_H

#include <stddef.h>

#include <hv/types.h>

#define HV_MESSAGE_SIZE	       256u
#define HV_MESSAGE_PAYLOAD_MAX 240u
#define HV_SYNIC_SINT_COUNT    16u
#define HV_EVENT_FLAGS_COUNT   2048u

#define HVMSG_NONE			   0x00000000u
#define HVMSG_UNMAPPED_GPA		   0x80000000u
#define HVMSG_GPA_INTERCEPT		   0x80000001u
#define HVMSG_TIMER_EXPIRED		   0x80000010u
#define HVMSG_INVALID_VP_REGISTER_VALUE	   0x80000020u
#define HVMSG_UNRECOVERABLE_EXCEPTION	   0x80000021u
#define HVMSG_UNSUPPORTED_FEATURE	   0x80000022u
#define HVMSG_OPAQUE_INTERCEPT		   0x8000003fu /* the message is in the mapped page */
#define HVMSG_HYPERCALL_INTERCEPT	   0x80000050u
#define HVMSG_SYNIC_EVENT_INTERCEPT	   0x80000060u
#define HVMSG_SYNIC_SINT_INTERCEPT	   0x80000061u /* doorbell */
#define HVMSG_SYNIC_SINT_DELIVERABLE	   0x80000062u
#define HVMSG_ASYNC_CALL_COMPLETION	   0x80000070u
#define HVMSG_SCHEDULER_VP_SIGNAL_BITSET   0x80000100u
#define HVMSG_SCHEDULER_VP_SIGNAL_PAIR	   0x80000101u
#define HVMSG_X64_IO_PORT_INTERCEPT	   0x80010000u
#define HVMSG_X64_MSR_INTERCEPT		   0x80010001u
#define HVMSG_X64_CPUID_INTERCEPT	   0x80010002u
#define HVMSG_X64_EXCEPTION_INTERCEPT	   0x80010003u
#define HVMSG_X64_APIC_EOI		   0x80010004u
#define HVMSG_X64_LEGACY_FP_ERROR	   0x80010005u
#define HVMSG_X64_REGISTER_INTERCEPT	   0x80010006u
#define HVMSG_X64_HALT			   0x80010007u
#define HVMSG_X64_INTERRUPTION_DELIVERABLE 0x80010008u
#define HVMSG_X64_SIPI_INTERCEPT	   0x80010009u
#define HVMSG_X64_RDTSC_INTERCEPT	   0x8001000au
#define HVMSG_X64_APIC_SMI_INTERCEPT	   0x8001000bu
#define HVMSG_X64_APIC_INIT_SIPI_INTERCEPT 0x8001000du
#define HVMSG_X64_APIC_WRITE_INTERCEPT	   0x8001000eu

#define HV_MESSAGE_FLAG_PENDING 1u

struct hv_message_header {
	uint32_t message_type;
	uint8_t payload_size;
	uint8_t message_flags;
	uint8_t reserved[2];
	uint64_t sender; /* partition id, or port id */
};

struct hv_message {
	struct hv_message_header header;
	uint64_t payload[HV_MESSAGE_PAYLOAD_MAX / 8];
};
_Static_assert(sizeof(struct hv_message) == HV_MESSAGE_SIZE, "TLFS HV_MESSAGE");

struct hv_message_page {
	struct hv_message sint[HV_SYNIC_SINT_COUNT];
};
_Static_assert(sizeof(struct hv_message_page) == 4096, "TLFS HV_MESSAGE_PAGE");

struct hv_synic_event_flags_page {
	uint64_t sint[HV_SYNIC_SINT_COUNT][HV_EVENT_FLAGS_COUNT / 64];
};
_Static_assert(sizeof(struct hv_synic_event_flags_page) == 4096, "TLFS HV_SYNIC_EVENT_FLAGS_PAGE");

/* The root's event ring, at SIRBP (Linux hvgdk_mini.h): ports whose doorbells rang */
#define HV_SYNIC_EVENT_RING_PORTS 63u
struct hv_synic_event_ring {
	uint8_t signal_masked; /* the root's: it looks by itself */
	uint8_t ring_full;     /* set here, cleared by the root before HvNotifyPortRingEmpty */
	uint16_t reserved;
	uint32_t port[HV_SYNIC_EVENT_RING_PORTS]; /* 0: empty; the root empties */
};
struct hv_synic_event_ring_page {
	struct hv_synic_event_ring sint[HV_SYNIC_SINT_COUNT];
};
_Static_assert(sizeof(struct hv_synic_event_ring_page) == 4096, "HV_SYNIC_EVENT_RING_PAGE");

/* HVMSG_SYNIC_SINT_INTERCEPT */
struct hv_sint_intercept_message {
	uint32_t sint_index;
	uint32_t reserved;
};

struct hv_timer_message_payload {
	uint32_t timer_index;
	uint32_t reserved;
	uint64_t expiration_time;
	uint64_t delivery_time;
};

/* HV_X64_VP_EXECUTION_STATE */
#define HV_X64_EXECUTION_CPL_MASK	      0x3u
#define HV_X64_EXECUTION_CR0_PE		      0x4u
#define HV_X64_EXECUTION_CR0_AM		      0x8u
#define HV_X64_EXECUTION_EFER_LMA	      0x10u
#define HV_X64_EXECUTION_DEBUG_ACTIVE	      0x20u
#define HV_X64_EXECUTION_INTERRUPTION_PENDING 0x40u
#define HV_X64_EXECUTION_VTL_SHIFT	      7 /* 4 bits */
#define HV_X64_EXECUTION_INTERRUPT_SHADOW     0x1000u

struct hv_x64_intercept_message_header {
	uint32_t vp_index;		   /* 0 */
	uint8_t instruction_length_cr8;	   /* 4: length 3:0, CR8 7:4 */
	uint8_t intercept_access_type;	   /* 5: HV_INTERCEPT_ACCESS_* */
	uint16_t execution_state;	   /* 6 */
	struct hv_x64_segment_register cs; /* 8 */
	uint64_t rip;			   /* 24 */
	uint64_t rflags;		   /* 32 */
};
_Static_assert(sizeof(struct hv_x64_intercept_message_header) == 40, "hvhdk.h");
_Static_assert(offsetof(struct hv_x64_intercept_message_header, rip) == 24, "hvhdk.h");

#define HV_X64_MEMORY_ACCESS_GVA_VALID	   0x1u
#define HV_X64_MEMORY_ACCESS_GVA_GPA_VALID 0x2u

struct hv_x64_memory_intercept_message {
	struct hv_x64_intercept_message_header header;
	uint32_t cache_type;		/* 40 */
	uint8_t instruction_byte_count; /* 44 */
	uint8_t memory_access_info;	/* 45 */
	uint8_t tpr_priority;		/* 46 */
	uint8_t reserved;
	uint64_t guest_virtual_address;	 /* 48 */
	uint64_t guest_physical_address; /* 56 */
	uint8_t instruction_bytes[16];	 /* 64 */
};
_Static_assert(sizeof(struct hv_x64_memory_intercept_message) == 80, "hvhdk.h");
_Static_assert(offsetof(struct hv_x64_memory_intercept_message, instruction_bytes) == 64,
	       "hvhdk.h");

#define HV_X64_IO_ACCESS_SIZE_MASK 0x7u
#define HV_X64_IO_ACCESS_STRING	   0x8u
#define HV_X64_IO_ACCESS_REP	   0x10u

struct hv_x64_io_port_intercept_message {
	struct hv_x64_intercept_message_header header;
	uint16_t port_number;		/* 40 */
	uint8_t access_info;		/* 42 */
	uint8_t instruction_byte_count; /* 43 */
	uint32_t reserved;
	uint64_t rax;			       /* 48 */
	uint8_t instruction_bytes[16];	       /* 56 */
	struct hv_x64_segment_register ds, es; /* 72, 88 */
	uint64_t rcx, rsi, rdi;		       /* 104, 112, 120 */
};
_Static_assert(sizeof(struct hv_x64_io_port_intercept_message) == 128, "hvhdk.h");
_Static_assert(offsetof(struct hv_x64_io_port_intercept_message, ds) == 72, "hvhdk.h");

struct hv_x64_cpuid_intercept_message {
	struct hv_x64_intercept_message_header header;
	uint64_t rax, rcx, rdx, rbx; /* 40 .. */
	uint64_t default_result_rax, default_result_rcx, default_result_rdx, default_result_rbx;
};
_Static_assert(sizeof(struct hv_x64_cpuid_intercept_message) == 104, "TLFS");

struct hv_x64_msr_intercept_message {
	struct hv_x64_intercept_message_header header;
	uint32_t msr_number; /* 40 */
	uint32_t reserved;
	uint64_t rdx, rax; /* 48, 56 */
};
_Static_assert(sizeof(struct hv_x64_msr_intercept_message) == 64, "TLFS");

#define HV_X64_EXCEPTION_ERROR_CODE_VALID 0x1u
#define HV_X64_EXCEPTION_SOFTWARE	  0x2u

struct hv_x64_exception_intercept_message {
	struct hv_x64_intercept_message_header header;
	uint16_t exception_vector;	/* 40 */
	uint8_t exception_info;		/* 42 */
	uint8_t instruction_byte_count; /* 43 */
	uint32_t error_code;		/* 44 */
	uint64_t exception_parameter;	/* 48: CR2 or DR6 */
	uint64_t reserved;
	uint8_t instruction_bytes[16];	       /* 64 */
	struct hv_x64_segment_register ds, ss; /* 80, 96 */
	uint64_t rax, rcx, rdx, rbx;	       /* 112 */
};
_Static_assert(sizeof(struct hv_x64_exception_intercept_message) == 144, "TLFS, up to RBX");

/* A halt and an unrecoverable exception are the header alone. */

struct hv_x64_interruption_deliverable_message {
	struct hv_x64_intercept_message_header header;
	uint8_t deliverable_type; /* 40: as in HV_REGISTER_PENDING_INTERRUPTION; 0 interrupt, 2 NMI
				   */
	uint8_t reserved[3];
	uint32_t reserved2;
};
_Static_assert(sizeof(struct hv_x64_interruption_deliverable_message) == 48, "TLFS");

struct hv_x64_sint_deliverable_message {
	struct hv_x64_intercept_message_header header;
	uint16_t deliverable_sints; /* 40 */
	uint16_t reserved;
	uint32_t reserved2;
};
_Static_assert(sizeof(struct hv_x64_sint_deliverable_message) == 48, "TLFS");

struct hv_x64_hypercall_intercept_message {
	struct hv_x64_intercept_message_header header;
	uint64_t rax, rbx, rcx, rdx, r8, rsi, rdi; /* 40 .. */
	uint64_t xmm[6][2];			   /* 96 */
	uint32_t flags;
	uint32_t reserved[3];
};
_Static_assert(sizeof(struct hv_x64_hypercall_intercept_message) == 208, "TLFS");

struct hv_x64_sipi_intercept_message {
	struct hv_x64_intercept_message_header header;
	uint32_t target_vp_index; /* 40 */
	uint32_t interrupt_vector;
};
_Static_assert(sizeof(struct hv_x64_sipi_intercept_message) == 48, "TLFS");

struct hv_x64_unsupported_feature_message {
	uint32_t vp_index;
	uint32_t feature_code; /* 1: an exit the core does not know, 2: hardware task switch */
	uint64_t feature_parameter;
};

struct hv_x64_invalid_vp_register_message {
	uint32_t vp_index;
	uint32_t reserved;
};

struct hv_x64_apic_eoi_message {
	uint32_t vp_index;
	uint32_t interrupt_vector;
};

/* HVMSG_SCHEDULER_VP_SIGNAL_PAIR: which VPs of which partitions have become ready */
#define HV_VP_SIGNAL_PAIR_MAX 19u
struct hv_vp_signal_pair_message {
	uint32_t overflow_count;
	uint8_t vp_count;
	uint8_t reserved[3];
	uint64_t partition_ids[HV_VP_SIGNAL_PAIR_MAX]; /* 8 */
	uint32_t vp_indexes[HV_VP_SIGNAL_PAIR_MAX];    /* 160 */
	uint32_t reserved2;
};
_Static_assert(sizeof(struct hv_vp_signal_pair_message) == 240, "hvhdk.h");

/* HvCallMapVpStatePage, registers. Quoin leaves `valid` clear: registers go by hypercall. */
struct hv_vp_register_page {
	uint16_t version;
	uint8_t valid;
	uint8_t reserved;
	uint32_t dirty;
	uint64_t gp[16], rip, rflags;		/* 8, 136, 144 */
	uint8_t reserved2[8];			/* 152 */
	uint64_t xmm[6][2];			/* 160 */
	struct hv_x64_segment_register seg[6];	/* 256: ES CS SS DS FS GS */
	uint64_t cr0, cr3, cr4, cr8, efer, dr7; /* 352 */
	uint64_t pending_interruption;		/* 400 */
	uint64_t interrupt_state;		/* 408 */
	uint64_t instruction_emulation_hints;	/* 416 */
	uint64_t xfem;				/* 424 */
	uint8_t reserved3[256];
	uint64_t injected_vectors; /* 688 */
	uint8_t rest[4096 - 696];
};
_Static_assert(sizeof(struct hv_vp_register_page) == 4096, "one page");
_Static_assert(offsetof(struct hv_vp_register_page, seg) == 256, "hvhdk.h");
_Static_assert(offsetof(struct hv_vp_register_page, cr0) == 352, "hvhdk.h");
_Static_assert(offsetof(struct hv_vp_register_page, xfem) == 424, "hvhdk.h");
_Static_assert(offsetof(struct hv_vp_register_page, injected_vectors) == 688, "hvhdk.h");

#endif
