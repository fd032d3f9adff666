/* SPDX-License-Identifier: MIT */
/*
 * Call codes and their buffers (TLFS; Linux include/hyperv/hvhdk*.h). Every structure is the wire
 * format: natural alignment leaves no hidden hole, except where one is marked packed. Sizes and
 * offsets are asserted where a client depends on them. In a rep call the list follows the
 * structure.
 */
#ifndef HV_HYPERCALL_H
#define HV_HYPERCALL_H

#include <stddef.h>

#include <hv/types.h>

#define HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE    0x0002u
#define HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST     0x0003u
#define HVCALL_GET_LOGICAL_PROCESSOR_RUN_TIME 0x0004u
#define HVCALL_NOTIFY_LONG_SPIN_WAIT	      0x0008u
#define HVCALL_SEND_SYNTHETIC_CLUSTER_IPI     0x000bu
#define HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX 0x0013u
#define HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX  0x0014u
#define HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX  0x0015u
#define HVCALL_CREATE_PARTITION		      0x0040u
#define HVCALL_INITIALIZE_PARTITION	      0x0041u
#define HVCALL_FINALIZE_PARTITION	      0x0042u
#define HVCALL_DELETE_PARTITION		      0x0043u
#define HVCALL_GET_PARTITION_PROPERTY	      0x0044u
#define HVCALL_SET_PARTITION_PROPERTY	      0x0045u
#define HVCALL_GET_PARTITION_ID		      0x0046u
#define HVCALL_DEPOSIT_MEMORY		      0x0048u
#define HVCALL_WITHDRAW_MEMORY		      0x0049u
#define HVCALL_MAP_GPA_PAGES		      0x004bu
#define HVCALL_UNMAP_GPA_PAGES		      0x004cu
#define HVCALL_INSTALL_INTERCEPT	      0x004du
#define HVCALL_CREATE_VP		      0x004eu
#define HVCALL_DELETE_VP		      0x004fu
#define HVCALL_GET_VP_REGISTERS		      0x0050u
#define HVCALL_SET_VP_REGISTERS		      0x0051u
#define HVCALL_TRANSLATE_VIRTUAL_ADDRESS      0x0052u
#define HVCALL_READ_GPA			      0x0053u
#define HVCALL_WRITE_GPA		      0x0054u
#define HVCALL_CLEAR_VIRTUAL_INTERRUPT	      0x0056u
#define HVCALL_DELETE_PORT		      0x0058u
#define HVCALL_DISCONNECT_PORT		      0x005bu
#define HVCALL_POST_MESSAGE		      0x005cu
#define HVCALL_SIGNAL_EVENT		      0x005du
#define HVCALL_MAP_STATS_PAGE		      0x006cu
#define HVCALL_UNMAP_STATS_PAGE		      0x006du
#define HVCALL_SET_SYSTEM_PROPERTY	      0x006fu
#define HVCALL_ADD_LOGICAL_PROCESSOR	      0x0076u
#define HVCALL_GET_SYSTEM_PROPERTY	      0x007bu
#define HVCALL_MAP_DEVICE_INTERRUPT	      0x007cu
#define HVCALL_UNMAP_DEVICE_INTERRUPT	      0x007du
#define HVCALL_ENTER_SLEEP_STATE	      0x0084u
#define HVCALL_NOTIFY_PARTITION_EVENT	      0x0087u
#define HVCALL_NOTIFY_PORT_RING_EMPTY	      0x008bu
#define HVCALL_REGISTER_INTERCEPT_RESULT      0x0091u
#define HVCALL_ASSERT_VIRTUAL_INTERRUPT	      0x0094u
#define HVCALL_CREATE_PORT		      0x0095u
#define HVCALL_CONNECT_PORT		      0x0096u
#define HVCALL_SIGNAL_EVENT_DIRECT	      0x00c0u
#define HVCALL_POST_MESSAGE_DIRECT	      0x00c1u
#define HVCALL_DISPATCH_VP		      0x00c2u
#define HVCALL_GET_GPA_PAGES_ACCESS_STATES    0x00c9u
#define HVCALL_MAP_VP_STATE_PAGE	      0x00e1u
#define HVCALL_UNMAP_VP_STATE_PAGE	      0x00e2u
#define HVCALL_GET_VP_STATE		      0x00e3u
#define HVCALL_SET_VP_STATE		      0x00e4u
#define HVCALL_GET_VP_CPUID_VALUES	      0x00f4u
#define HVCALL_GET_PARTITION_PROPERTY_EX      0x0101u
#define HVCALL_QUOIN_READ_LOG		      0x0f00u /* ours: drain the core's log */

/* A set of VPs (TLFS, HV_VP_SET): one word a bank follows, for each bit of valid_bank_mask. */
#define HV_GENERIC_SET_SPARSE_4K 0ull
#define HV_GENERIC_SET_ALL	 1ull
struct hv_vp_set {
	uint64_t format;
	uint64_t valid_bank_mask;
};

#define HV_FLUSH_ALL_PROCESSORS		    0x1ull
#define HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES 0x2ull
#define HV_FLUSH_NON_GLOBAL_MAPPINGS_ONLY   0x4ull
#define HV_FLUSH_USE_EXTENDED_RANGE_FORMAT  0x8ull
struct hv_input_flush_virtual_address_space {
	uint64_t address_space; /* a CR3 */
	uint64_t flags;
	uint64_t processor_mask;
	/* the list forms: ranges */
};
_Static_assert(sizeof(struct hv_input_flush_virtual_address_space) == 24, "hv_tlb_flush");
struct hv_input_flush_virtual_address_space_ex {
	uint64_t address_space;
	uint64_t flags;
	struct hv_vp_set processor_set;
	/* variable header: its banks; the list forms: ranges */
};
_Static_assert(sizeof(struct hv_input_flush_virtual_address_space_ex) == 32, "hv_tlb_flush_ex");

struct hv_input_notify_long_spin_wait {
	uint32_t spin_count;
	uint32_t reserved;
};

struct hv_input_send_synthetic_cluster_ipi {
	uint32_t vector;
	uint8_t target_vtl;
	uint8_t padding[3];
	uint64_t processor_mask;
};
_Static_assert(sizeof(struct hv_input_send_synthetic_cluster_ipi) == 16, "hv_send_ipi");
struct hv_input_send_synthetic_cluster_ipi_ex {
	uint32_t vector;
	uint8_t target_vtl;
	uint8_t padding[3];
	struct hv_vp_set processor_set;
	/* variable header: its banks */
};
_Static_assert(sizeof(struct hv_input_send_synthetic_cluster_ipi_ex) == 24, "hv_send_ipi_ex");

struct hv_input_create_partition {
	uint64_t flags;
	uint64_t proximity;
	uint32_t compatibility_version;
	uint32_t padding;
	uint64_t disabled_processor_features[2];
	uint64_t disabled_xsave_features;
	uint64_t isolation;
};
_Static_assert(sizeof(struct hv_input_create_partition) == 56, "hv_input_create_partition");
_Static_assert(offsetof(struct hv_input_create_partition, disabled_processor_features) == 24,
	       "hv_input_create_partition");

struct hv_input_partition {
	hv_partition_id partition_id;
};

struct hv_input_get_partition_property {
	hv_partition_id partition_id;
	uint32_t property_code;
	uint32_t padding;
};

struct hv_input_set_partition_property {
	hv_partition_id partition_id;
	uint32_t property_code;
	uint32_t padding;
	uint64_t property_value;
};

struct hv_input_get_partition_property_ex {
	hv_partition_id partition_id;
	uint32_t property_code;
	uint32_t padding;
	uint64_t arg;
};

struct hv_input_withdraw_memory {
	hv_partition_id partition_id;
	uint64_t proximity;
};

struct hv_input_map_gpa_pages {
	hv_partition_id partition_id;
	uint64_t target_gpa_base; /* page number */
	uint32_t map_flags;
	uint32_t padding;
	/* list of source page numbers */
};
_Static_assert(sizeof(struct hv_input_map_gpa_pages) == 24, "hv_input_map_gpa_pages");

struct hv_input_unmap_gpa_pages {
	hv_partition_id partition_id;
	uint64_t target_gpa_base;
	uint32_t unmap_flags;
	uint32_t padding;
};
#define HV_UNMAP_GPA_LARGE_PAGE 0x2u

struct hv_input_install_intercept {
	hv_partition_id partition_id;
	uint32_t access_type; /* HV_INTERCEPT_ACCESS_MASK_*; 0 takes the intercept away */
	uint32_t intercept_type;
	uint64_t parameter; /* port, CPUID leaf or exception vector */
};
_Static_assert(sizeof(struct hv_input_install_intercept) == 24, "hv_input_install_intercept");

struct hv_input_create_vp {
	hv_partition_id partition_id;
	uint32_t vp_index;
	uint8_t padding[3];
	uint8_t subnode_type;
	uint64_t subnode_id;
	uint64_t proximity;
	uint64_t flags;
};
_Static_assert(sizeof(struct hv_input_create_vp) == 40, "hv_input_create_vp");
_Static_assert(offsetof(struct hv_input_create_vp, subnode_type) == 15, "hv_input_create_vp");
_Static_assert(offsetof(struct hv_input_create_vp, flags) == 32, "hv_input_create_vp");

struct hv_input_vp {
	hv_partition_id partition_id;
	uint32_t vp_index;
	uint32_t padding;
};

struct hv_input_vp_registers {
	hv_partition_id partition_id;
	uint32_t vp_index;
	uint8_t input_vtl;
	uint8_t padding[3];
};
_Static_assert(sizeof(struct hv_input_vp_registers) == 16, "hv_input_get_vp_registers");

struct hv_register_assoc {
	uint32_t name;
	uint32_t padding;
	uint64_t reserved;
	union hv_register_value value;
};
_Static_assert(sizeof(struct hv_register_assoc) == 32, "hv_register_assoc");

_Static_assert(offsetof(struct hv_register_assoc, value) == 16, "hv_register_assoc");

struct hv_input_translate_virtual_address {
	hv_partition_id partition_id;
	uint32_t vp_index;
	uint32_t padding;
	uint64_t control_flags;
	uint64_t gva_page;
};
struct hv_output_translate_virtual_address {
	uint32_t result_code;
	uint32_t cache_overlay; /* cache type 7:0, overlay page bit 8 */
	uint64_t gpa_page;
};
_Static_assert(sizeof(struct hv_input_translate_virtual_address) == 32,
	       "hv_input_translate_virtual_address");
_Static_assert(offsetof(struct hv_output_translate_virtual_address, gpa_page) == 8,
	       "hv_output_translate_virtual_address");

#define HV_READ_WRITE_GPA_MAX_SIZE 16u
struct hv_input_read_gpa {
	hv_partition_id partition_id;
	uint32_t vp_index;
	uint32_t byte_count;
	uint64_t base_gpa;
	uint64_t control_flags;
};
struct hv_output_read_gpa {
	uint64_t result; /* HV_ACCESS_GPA_RESULT */
	uint8_t data[16];
};
struct hv_input_write_gpa {
	hv_partition_id partition_id;
	uint32_t vp_index;
	uint32_t byte_count;
	uint64_t base_gpa;
	uint64_t control_flags;
	uint8_t data[16];
};
#define HV_ACCESS_GPA_SUCCESS	      0u
#define HV_ACCESS_GPA_UNMAPPED	      1u
#define HV_ACCESS_GPA_READ_INTERCEPT  2u
#define HV_ACCESS_GPA_WRITE_INTERCEPT 3u
#define HV_ACCESS_GPA_ILLEGAL_OVERLAY 4u

_Static_assert(sizeof(struct hv_input_read_gpa) == 32, "hv_input_read_gpa");
_Static_assert(sizeof(struct hv_output_read_gpa) == 24, "hv_output_read_gpa");
_Static_assert(sizeof(struct hv_input_write_gpa) == 48, "hv_input_write_gpa");

struct hv_input_get_system_property {
	uint32_t property_id;
	uint32_t padding;
	uint64_t arg;
};

struct hv_cpuid_result_parameters {
	uint32_t eax;
	uint32_t ecx;
	uint8_t subleaf_specific;
	uint8_t always_override;
	uint16_t padding;
	struct {
		uint32_t value;
		uint32_t mask;
	} result[4]; /* eax ebx ecx edx */
};
struct hv_input_register_intercept_result {
	hv_partition_id partition_id;
	uint32_t vp_index;
	uint32_t intercept_type;
	struct hv_cpuid_result_parameters cpuid;
} __attribute__((packed, aligned(4)));
_Static_assert(sizeof(struct hv_input_register_intercept_result) == 60,
	       "hv_register_intercept_result_parameters");

struct hv_input_assert_virtual_interrupt {
	hv_partition_id partition_id;
	uint64_t control; /* type 31:0, level triggered 32, logical destination 33 */
	uint64_t dest_addr;
	uint32_t vector;
	uint8_t target_vtl;
	uint8_t padding[3];
};
_Static_assert(sizeof(struct hv_input_assert_virtual_interrupt) == 32,
	       "hv_input_assert_virtual_interrupt");

struct hv_input_dispatch_vp {
	hv_partition_id partition_id;
	uint32_t vp_index;
	uint32_t flags;
	uint64_t time_slice;
	uint64_t spec_ctrl;
};
struct hv_output_dispatch_vp {
	uint32_t dispatch_state;
	uint32_t dispatch_event;
};
_Static_assert(sizeof(struct hv_input_dispatch_vp) == 32, "hv_input_dispatch_vp");

struct hv_input_vp_state_page {
	hv_partition_id partition_id;
	uint32_t vp_index;
	uint16_t type;
	uint8_t input_vtl;
	uint8_t flags; /* bit 0: the location is valid */
	uint64_t requested_map_location;
};
_Static_assert(sizeof(struct hv_input_vp_state_page) == 24, "hv_input_map_vp_state_page");

struct hv_input_vp_state {
	hv_partition_id partition_id;
	uint32_t vp_index;
	uint8_t input_vtl;
	uint8_t padding[3];
	uint32_t type; /* hv/vp_state.h */
	uint32_t reserved;
	uint64_t xsave_flags;
	uint64_t xsave_states;
	/* variable header: page numbers, or the data */
};
_Static_assert(sizeof(struct hv_input_vp_state) == 40, "hv_input_get_vp_state");
_Static_assert(offsetof(struct hv_input_vp_state, type) == 16, "hv_input_get_vp_state");
#define HV_VP_STATE_MAX_PFNS   507u  /* what is left of a page, in entries */
#define HV_VP_STATE_MAX_INLINE 4056u /* and in bytes */

struct hv_input_get_vp_cpuid_values {
	hv_partition_id partition_id;
	uint32_t vp_index;
	uint32_t flags;
	uint32_t reserved;
	uint32_t padding;
	/* list of hv_cpuid_leaf_info; answers are hv_cpuid_values */
};
struct hv_cpuid_leaf_info {
	uint32_t eax, ecx;
	uint64_t xfem;
	uint64_t xss;
};
struct hv_cpuid_values {
	uint32_t eax, ebx, ecx, edx;
};
_Static_assert(sizeof(struct hv_input_get_vp_cpuid_values) == 24, "hv_input_get_vp_cpuid_values");
_Static_assert(sizeof(struct hv_cpuid_leaf_info) == 24, "hv_cpuid_leaf_info");

/* HvCallGetVpCpuidValues flags: as the VP's own XFEM and XSS say; with registered results */
#define HV_CPUID_VALUES_USE_VP_XFEM_XSS	 0x1u
#define HV_CPUID_VALUES_APPLY_REGISTERED 0x2u

/* Calls of a root operating system at boot, of the driver's load, and of ports. */
struct hv_input_get_logical_processor_run_time {
	uint32_t lp_index;
};
struct hv_output_get_logical_processor_run_time {
	uint64_t global_time, local_run_time, reserved, hypervisor_time; /* 100 ns */
};
_Static_assert(sizeof(struct hv_output_get_logical_processor_run_time) == 32, "hvhdk_mini.h");

struct hv_input_add_logical_processor {
	uint32_t lp_index;
	uint32_t apic_id;
	uint64_t proximity;
};
struct hv_output_add_logical_processor {
	uint64_t status[7];
};
_Static_assert(sizeof(struct hv_output_add_logical_processor) == 56, "hvhdk_mini.h");

struct hv_input_set_system_property {
	uint32_t property_id;
	uint32_t padding;
	uint32_t sleep_state; /* HV_SYSTEM_PROPERTY_SLEEP_STATE */
	uint8_t pm1a_slp_typ;
	uint8_t pm1b_slp_typ;
	uint8_t reserved[58];
};
_Static_assert(sizeof(struct hv_input_set_system_property) == 72, "hvhdk_mini.h");

struct hv_input_enter_sleep_state {
	uint32_t sleep_state; /* 5: power off */
};
struct hv_input_notify_partition_event {
	uint32_t event; /* 2 root crash dump, 4 all logical processors started */
	uint32_t argument;
};

struct hv_interrupt_entry {
	uint32_t source; /* 1 MSI, 2 IOAPIC */
	uint32_t reserved;
	uint64_t data; /* MSI: address 31:0, data 63:32; IOAPIC: the RTE */
};
struct hv_input_map_device_interrupt {
	hv_partition_id partition_id;
	uint64_t device_id;
	uint32_t flags;
	uint32_t base_irt_index;
	struct hv_interrupt_entry logical_entry; /* 24 */
	uint32_t interrupt_type;		 /* 40 */
	uint32_t trigger_mode;			 /* 44: 1 level */
	uint32_t vector_count;
	uint32_t reserved;
	uint32_t target_vector; /* 56 */
	uint32_t target_flags;	/* 60: bit 1: a set of processors follows */
	uint64_t set_format;	/* 64 */
	uint64_t bank_mask;	/* 72; banks follow, counted by the variable header */
};
_Static_assert(sizeof(struct hv_input_map_device_interrupt) == 80, "hvhdk_mini.h");
struct hv_output_map_device_interrupt {
	struct hv_interrupt_entry entry;
	uint64_t reserved[5];
};
_Static_assert(sizeof(struct hv_output_map_device_interrupt) == 56, "hvhdk_mini.h");
struct hv_input_unmap_device_interrupt {
	hv_partition_id partition_id;
	uint64_t device_id;
	struct hv_interrupt_entry entry;
	uint32_t flags;
} __attribute__((packed, aligned(4)));
_Static_assert(sizeof(struct hv_input_unmap_device_interrupt) == 36, "hvhdk_mini.h");

#define HV_STATS_OBJECT_HYPERVISOR	  0x00000001u
#define HV_STATS_OBJECT_LOGICAL_PROCESSOR 0x00000002u
#define HV_STATS_OBJECT_PARTITION	  0x00010001u
#define HV_STATS_OBJECT_VP		  0x00010002u
struct hv_input_stats_page {
	uint32_t type;
	uint32_t padding;
	uint64_t object; /* partition, or logical processor in the low half */
	uint32_t vp_index;
	uint8_t reserved[3];
	uint8_t area; /* 23: 0 self, 1 parent */
};
_Static_assert(sizeof(struct hv_input_stats_page) == 24, "hvhdk_mini.h");
_Static_assert(offsetof(struct hv_input_stats_page, area) == 23, "hvhdk_mini.h");

#define HV_PORT_TYPE_MESSAGE  1u
#define HV_PORT_TYPE_EVENT    2u
#define HV_PORT_TYPE_DOORBELL 4u
struct hv_input_create_port {
	hv_partition_id port_partition_id;
	uint32_t port_id;
	uint8_t port_vtl;
	uint8_t min_connection_vtl;
	uint16_t padding;
	hv_partition_id connection_partition_id; /* 16 */
	uint32_t port_type;			 /* 24 */
	uint32_t padding2;
	uint32_t target_sint; /* 32 */
	uint32_t target_vp;
	uint64_t info; /* event: base flag 15:0, flag count 31:16 */
	uint64_t proximity;
};
_Static_assert(sizeof(struct hv_input_create_port) == 56, "hvhdk.h");

#define HV_DOORBELL_FLAG_SIZE_MASK  0x7u /* 0: any; 1, 2, 3, 4: 1, 2, 4, 8 bytes */
#define HV_DOORBELL_FLAG_SIZE_QWORD 0x4u
#define HV_DOORBELL_FLAG_ANY_VALUE  0x80000000u
struct hv_input_connect_port {
	hv_partition_id connection_partition_id;
	uint32_t connection_id;
	uint8_t connection_vtl;
	uint8_t padding[3];
	hv_partition_id port_partition_id; /* 16 */
	uint32_t port_id;		   /* 24 */
	uint32_t padding2;
	uint32_t port_type; /* 32 */
	uint32_t padding3;
	uint64_t gpa;		/* 40 */
	uint64_t trigger_value; /* 48 */
	uint64_t flags;		/* 56: HV_DOORBELL_FLAG_* */
	uint64_t proximity;
};
_Static_assert(sizeof(struct hv_input_connect_port) == 72, "hvhdk.h");
struct hv_input_port {
	hv_partition_id partition_id;
	uint32_t id;	/* port, or connection */
	uint32_t flags; /* disconnect: HV_DISCONNECT_PORT_* */
};
#define HV_DISCONNECT_PORT_DOORBELL 1u

struct hv_input_notify_port_ring_empty {
	uint32_t sint_index;
	uint32_t padding;
};

struct hv_input_post_message {
	uint32_t connection_id;
	uint32_t padding;
	uint32_t message_type; /* the hypervisor's have bit 31 set */
	uint32_t payload_size;
	uint64_t payload[30];
};
_Static_assert(sizeof(struct hv_input_post_message) == 256, "TLFS HvPostMessage");
#define HV_MESSAGE_TYPE_HYPERVISOR 0x80000000u
struct hv_input_signal_event {
	uint32_t connection_id;
	uint16_t flag_number;
	uint16_t padding;
};
_Static_assert(sizeof(struct hv_input_signal_event) == 8, "TLFS HvSignalEvent");

struct hv_input_signal_event_direct {
	hv_partition_id partition_id;
	uint32_t vp_index;
	uint8_t vtl;
	uint8_t sint;
	uint16_t flag_number;
};
_Static_assert(sizeof(struct hv_input_signal_event_direct) == 16, "hvdef");
struct hv_output_signal_event_direct {
	uint8_t newly_signaled;
	uint8_t reserved[7];
};
struct hv_input_post_message_direct {
	hv_partition_id partition_id;
	uint32_t vp_index;
	uint8_t vtl;
	uint8_t padding[3];
	uint32_t sint;
	uint8_t message[256]; /* 20: struct hv_message */
	uint32_t padding2;
};
_Static_assert(sizeof(struct hv_input_post_message_direct) == 280, "hvdef");
_Static_assert(offsetof(struct hv_input_post_message_direct, message) == 20, "hvdef");

#define HV_GPA_ACCESS_CLEAR_ACCESSED 1ull
#define HV_GPA_ACCESS_SET_ACCESSED   2ull
#define HV_GPA_ACCESS_CLEAR_DIRTY    4ull
#define HV_GPA_ACCESS_SET_DIRTY	     8ull
struct hv_input_get_gpa_pages_access_state {
	hv_partition_id partition_id;
	uint64_t flags;
	uint64_t gpa_page_number;
};

#endif
