/* SPDX-License-Identifier: MIT */
/* Every hypercall that there is, ascending by code. docs/hypercalls.md lists the same. */
#include "hvapi/handlers.h"

#define SIMPLE(c, n, in, out, tgt, priv, f)                                                        \
	{ .code = c, .name = n, .in_size = in, .out_size = out, .fast = (in) <= 16 && (out) == 0,   \
	  .target = tgt, .privilege = priv, .fn = f }
#define REP(c, n, in, ine, oute, tgt, priv, f)                                                     \
	{ .code = c, .name = n, .in_size = in, .in_elem = ine, .out_elem = oute, .rep = true,       \
	  .target = tgt, .privilege = priv, .fn = f }

#define PARTS HV_PARTITION_PRIVILEGE_CREATE_PARTITIONS
#define POOL  HV_PARTITION_PRIVILEGE_ACCESS_MEMORY_POOL
#define ID    HV_PARTITION_PRIVILEGE_ACCESS_PARTITION_ID

const struct hcall_row hypercall_table[] = {
	SIMPLE(HVCALL_CREATE_PARTITION, "HvCallCreatePartition", 56, 8, HCALL_TARGET_NONE, PARTS,
	       hvcall_create_partition),
	SIMPLE(HVCALL_INITIALIZE_PARTITION, "HvCallInitializePartition", 8, 0, HCALL_TARGET_CHILD,
	       PARTS, hvcall_initialize_partition),
	SIMPLE(HVCALL_FINALIZE_PARTITION, "HvCallFinalizePartition", 8, 0, HCALL_TARGET_CHILD, PARTS,
	       hvcall_finalize_partition),
	SIMPLE(HVCALL_DELETE_PARTITION, "HvCallDeletePartition", 8, 0, HCALL_TARGET_CHILD, PARTS,
	       hvcall_delete_partition),
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
	SIMPLE(HVCALL_CREATE_VP, "HvCallCreateVp", 40, 0, HCALL_TARGET_CHILD, PARTS, hvcall_create_vp),
	SIMPLE(HVCALL_DELETE_VP, "HvCallDeleteVp", 16, 0, HCALL_TARGET_CHILD, PARTS, hvcall_delete_vp),
	REP(HVCALL_GET_VP_REGISTERS, "HvCallGetVpRegisters", 16, 4, 16, HCALL_TARGET_VP, PARTS,
	    hvcall_get_vp_registers),
	REP(HVCALL_SET_VP_REGISTERS, "HvCallSetVpRegisters", 16, 32, 0, HCALL_TARGET_VP, PARTS,
	    hvcall_set_vp_registers),
	SIMPLE(HVCALL_GET_SYSTEM_PROPERTY, "HvCallGetSystemProperty", 16, 8, HCALL_TARGET_NONE, PARTS,
	       hvcall_get_system_property),
	SIMPLE(HVCALL_DISPATCH_VP, "HvCallDispatchVp", 32, 8, HCALL_TARGET_VP, PARTS,
	       hvcall_dispatch_vp),
	SIMPLE(HVCALL_MAP_VP_STATE_PAGE, "HvCallMapVpStatePage", 24, 8, HCALL_TARGET_VP, PARTS,
	       hvcall_map_vp_state_page),
	SIMPLE(HVCALL_UNMAP_VP_STATE_PAGE, "HvCallUnmapVpStatePage", 24, 0, HCALL_TARGET_VP, PARTS,
	       hvcall_unmap_vp_state_page),
	SIMPLE(HVCALL_QUOIN_READ_LOG, "HvCallQuoinReadLog", 8, 512, HCALL_TARGET_NONE, PARTS,
	       hvcall_quoin_read_log),
};

const uint32_t hypercall_table_len = ARRAY_LEN(hypercall_table);
