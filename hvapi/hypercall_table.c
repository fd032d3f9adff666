/* SPDX-License-Identifier: MIT */
/* Every hypercall that there is, ascending by code. docs/hypercalls.md lists the same. */
#include "hvapi/handlers.h"

#define SIMPLE(c, n, in, out, tgt, priv, f) \
	{ \
		.code = c, .name = n, .in_size = in, .out_size = out, \
		.fast = (in) <= 16 && (out) == 0, .target = tgt, .privilege = priv, .fn = f \
	}
/* State: a list of pages, or the data, as variable header; or the banks of a set of VPs. */
#define VARIABLE(c, n, in, tgt, priv, f) \
	{ \
		.code = c, .name = n, .in_size = in, .variable = true, .target = tgt, \
		.privilege = priv, .fn = f \
	}
#define REP(c, n, in, ine, oute, tgt, priv, f) \
	{ \
		.code = c, .name = n, .in_size = in, .in_elem = ine, .out_elem = oute, \
		.rep = true, .target = tgt, .privilege = priv, .fn = f \
	}

/* Where a VP names its own registers, the handler asks for the privilege for all others'. */
#define REGISTERS(c, n, ine, oute, f) \
	{ \
		.code = c, .name = n, .in_size = 16, .in_elem = ine, .out_elem = oute, \
		.rep = true, .fast_ext = true, \
		.target = ARCH_SHARED_REGISTERS ? HCALL_TARGET_VP_OR_ALL : HCALL_TARGET_VP, \
		.privilege = ARCH_SELF_REGISTERS ? 0 : PARTS, .fn = f \
	}

/* Lists and banks beside each other */
#define REP_VARIABLE(c, n, in, ine, priv, f) \
	{ \
		.code = c, .name = n, .in_size = in, .in_elem = ine, .rep = true, \
		.variable = true, .target = HCALL_TARGET_NONE, .privilege = priv, .fn = f \
	}

#define PARTS HV_PARTITION_PRIVILEGE_CREATE_PARTITIONS
#define POOL  HV_PARTITION_PRIVILEGE_ACCESS_MEMORY_POOL
#define ID    HV_PARTITION_PRIVILEGE_ACCESS_PARTITION_ID
#define PORT  HV_PARTITION_PRIVILEGE_CREATE_PORT
#define JOIN  HV_PARTITION_PRIVILEGE_CONNECT_PORT
#define FLUSH PARTITION_FEATURE_TB_FLUSH
#define IPI   PARTITION_FEATURE_CLUSTER_IPI
#define SETS  PARTITION_FEATURE_EX_MASKS

const struct hcall_row hypercall_table[] = {
#if ARCH_X64_CALLS
	SIMPLE(HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE, "HvCallFlushVirtualAddressSpace", 24, 0,
	       HCALL_TARGET_NONE, FLUSH, hvcall_flush_virtual_address_space),
	REP(HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST, "HvCallFlushVirtualAddressList", 24, 8, 0,
	    HCALL_TARGET_NONE, FLUSH, hvcall_flush_virtual_address_list),
#endif
	SIMPLE(HVCALL_NOTIFY_LONG_SPIN_WAIT, "HvCallNotifyLongSpinWait", 8, 0, HCALL_TARGET_NONE,
	       PARTITION_FEATURE_SPIN_WAIT, hvcall_notify_long_spin_wait),
#if ARCH_X64_CALLS
	SIMPLE(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI, "HvCallSendSyntheticClusterIpi", 16, 0,
	       HCALL_TARGET_NONE, IPI, hvcall_send_synthetic_cluster_ipi),
	VARIABLE(HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX, "HvCallFlushVirtualAddressSpaceEx", 32,
		 HCALL_TARGET_NONE, FLUSH | SETS, hvcall_flush_virtual_address_space_ex),
	REP_VARIABLE(HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX, "HvCallFlushVirtualAddressListEx", 32, 8,
		     FLUSH | SETS, hvcall_flush_virtual_address_list_ex),
	VARIABLE(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX, "HvCallSendSyntheticClusterIpiEx", 24,
		 HCALL_TARGET_NONE, IPI | SETS, hvcall_send_synthetic_cluster_ipi_ex),
#endif
	SIMPLE(HVCALL_CREATE_PARTITION, "HvCallCreatePartition", 56, 8, HCALL_TARGET_NONE, PARTS,
	       hvcall_create_partition),
	SIMPLE(HVCALL_INITIALIZE_PARTITION, "HvCallInitializePartition", 8, 0, HCALL_TARGET_CHILD,
	       PARTS, hvcall_initialize_partition),
	SIMPLE(HVCALL_FINALIZE_PARTITION, "HvCallFinalizePartition", 8, 0, HCALL_TARGET_CHILD,
	       PARTS, hvcall_finalize_partition),
	SIMPLE(HVCALL_DELETE_PARTITION, "HvCallDeletePartition", 8, 0, HCALL_TARGET_CHILD, PARTS,
	       hvcall_delete_partition),
	SIMPLE(HVCALL_GET_PARTITION_PROPERTY, "HvCallGetPartitionProperty", 16, 8,
	       HCALL_TARGET_PARTITION, PARTS, hvcall_get_partition_property),
	SIMPLE(HVCALL_SET_PARTITION_PROPERTY, "HvCallSetPartitionProperty", 24, 0,
	       HCALL_TARGET_CHILD, PARTS, hvcall_set_partition_property),
	SIMPLE(HVCALL_GET_PARTITION_ID, "HvCallGetPartitionId", 0, 8, HCALL_TARGET_NONE, ID,
	       hvcall_get_partition_id),
	REP(HVCALL_DEPOSIT_MEMORY, "HvCallDepositMemory", 8, 8, 0, HCALL_TARGET_PARTITION, POOL,
	    hvcall_deposit_memory),
	REP(HVCALL_WITHDRAW_MEMORY, "HvCallWithdrawMemory", 16, 0, 8, HCALL_TARGET_PARTITION, POOL,
	    hvcall_withdraw_memory),
	REP(HVCALL_MAP_GPA_PAGES, "HvCallMapGpaPages", 24, 8, 0, HCALL_TARGET_CHILD, PARTS,
	    hvcall_map_gpa_pages),
	REP(HVCALL_UNMAP_GPA_PAGES, "HvCallUnmapGpaPages", 24, 0, 0, HCALL_TARGET_CHILD, PARTS,
	    hvcall_unmap_gpa_pages),
	SIMPLE(HVCALL_INSTALL_INTERCEPT, "HvCallInstallIntercept", 24, 0, HCALL_TARGET_CHILD, PARTS,
	       hvcall_install_intercept),
	SIMPLE(HVCALL_CREATE_VP, "HvCallCreateVp", 40, 0, HCALL_TARGET_CHILD, PARTS,
	       hvcall_create_vp),
	SIMPLE(HVCALL_DELETE_VP, "HvCallDeleteVp", 16, 0, HCALL_TARGET_CHILD, PARTS,
	       hvcall_delete_vp),
	REGISTERS(HVCALL_GET_VP_REGISTERS, "HvCallGetVpRegisters", 4, 16, hvcall_get_vp_registers),
	REGISTERS(HVCALL_SET_VP_REGISTERS, "HvCallSetVpRegisters", 32, 0, hvcall_set_vp_registers),
	SIMPLE(HVCALL_TRANSLATE_VIRTUAL_ADDRESS, "HvCallTranslateVirtualAddress", 32, 16,
	       HCALL_TARGET_VP, PARTS, hvcall_translate_virtual_address),
	SIMPLE(HVCALL_READ_GPA, "HvCallReadGpa", 32, 24, HCALL_TARGET_VP, PARTS, hvcall_read_gpa),
	SIMPLE(HVCALL_WRITE_GPA, "HvCallWriteGpa", 48, 8, HCALL_TARGET_VP, PARTS, hvcall_write_gpa),
	SIMPLE(HVCALL_DELETE_PORT, "HvCallDeletePort", 16, 0, HCALL_TARGET_PARTITION, PORT,
	       hvcall_delete_port),
	SIMPLE(HVCALL_DISCONNECT_PORT, "HvCallDisconnectPort", 16, 0, HCALL_TARGET_PARTITION, JOIN,
	       hvcall_disconnect_port),
	SIMPLE(HVCALL_POST_MESSAGE, "HvCallPostMessage", 256, 0, HCALL_TARGET_NONE,
	       HV_PARTITION_PRIVILEGE_POST_MESSAGES, hvcall_post_message),
	SIMPLE(HVCALL_SIGNAL_EVENT, "HvCallSignalEvent", 8, 0, HCALL_TARGET_NONE,
	       HV_PARTITION_PRIVILEGE_SIGNAL_EVENTS, hvcall_signal_event),
	SIMPLE(HVCALL_GET_SYSTEM_PROPERTY, "HvCallGetSystemProperty", 16, 8, HCALL_TARGET_NONE,
	       PARTS, hvcall_get_system_property),
	SIMPLE(HVCALL_NOTIFY_PORT_RING_EMPTY, "HvCallNotifyPortRingEmpty", 8, 0, HCALL_TARGET_NONE,
	       PORT, hvcall_notify_port_ring_empty),
	SIMPLE(HVCALL_REGISTER_INTERCEPT_RESULT, "HvCallRegisterInterceptResult", 60, 0,
	       HCALL_TARGET_CHILD, PARTS, hvcall_register_intercept_result),
	SIMPLE(HVCALL_ASSERT_VIRTUAL_INTERRUPT, "HvCallAssertVirtualInterrupt", 32, 0,
	       HCALL_TARGET_CHILD, PARTS, hvcall_assert_virtual_interrupt),
	SIMPLE(HVCALL_CREATE_PORT, "HvCallCreatePort", 56, 0, HCALL_TARGET_PARTITION, PORT,
	       hvcall_create_port),
	SIMPLE(HVCALL_CONNECT_PORT, "HvCallConnectPort", 72, 0, HCALL_TARGET_PARTITION, JOIN,
	       hvcall_connect_port),
	SIMPLE(HVCALL_SIGNAL_EVENT_DIRECT, "HvCallSignalEventDirect", 16, 8, HCALL_TARGET_VP, PARTS,
	       hvcall_signal_event_direct),
	SIMPLE(HVCALL_POST_MESSAGE_DIRECT, "HvCallPostMessageDirect", 280, 0, HCALL_TARGET_VP,
	       PARTS, hvcall_post_message_direct),
	SIMPLE(HVCALL_DISPATCH_VP, "HvCallDispatchVp", 32, 8, HCALL_TARGET_VP, PARTS,
	       hvcall_dispatch_vp),
	SIMPLE(HVCALL_MAP_VP_STATE_PAGE, "HvCallMapVpStatePage", 24, 8, HCALL_TARGET_VP, PARTS,
	       hvcall_map_vp_state_page),
	SIMPLE(HVCALL_UNMAP_VP_STATE_PAGE, "HvCallUnmapVpStatePage", 24, 0, HCALL_TARGET_VP, PARTS,
	       hvcall_unmap_vp_state_page),
	VARIABLE(HVCALL_GET_VP_STATE, "HvCallGetVpState", 40, HCALL_TARGET_VP_OR_ALL, PARTS,
		 hvcall_get_vp_state),
	VARIABLE(HVCALL_SET_VP_STATE, "HvCallSetVpState", 40, HCALL_TARGET_VP_OR_ALL, PARTS,
		 hvcall_set_vp_state),
	REP(HVCALL_GET_VP_CPUID_VALUES, "HvCallGetVpCpuidValues", 24, 24, 16, HCALL_TARGET_VP,
	    PARTS, hvcall_get_vp_cpuid_values),
	SIMPLE(HVCALL_GET_PARTITION_PROPERTY_EX, "HvCallGetPartitionPropertyEx", 24, 16,
	       HCALL_TARGET_PARTITION, PARTS, hvcall_get_partition_property_ex),
	SIMPLE(HVCALL_QUOIN_READ_LOG, "HvCallQuoinReadLog", 8, 512, HCALL_TARGET_NONE, PARTS,
	       hvcall_quoin_read_log),
};

const uint32_t hypercall_table_len = ARRAY_LEN(hypercall_table);
