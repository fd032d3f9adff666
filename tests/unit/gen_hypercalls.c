/* SPDX-License-Identifier: MIT */
/* Prints docs/hypercalls.md from the table. */
#include <stdio.h>

#include "hvapi/hypercall.h"

static const char *target(uint8_t t)
{
	switch (t) {
	case HCALL_TARGET_SELF:
		return "own partition";
	case HCALL_TARGET_CHILD:
		return "a child";
	case HCALL_TARGET_PARTITION:
		return "own or a child";
	case HCALL_TARGET_VP_OR_ALL:
		return "VP or all";
	case HCALL_TARGET_VP:
		return "partition and VP";
	case HCALL_TARGET_NONE:
	default:
		return "none";
	}
}

static const char *privilege(uint64_t p)
{
	static const struct {
		uint64_t bits;
		const char *name;
	} names[] = {
		{ HV_PARTITION_PRIVILEGE_CREATE_PARTITIONS, "CreatePartitions" },
		{ HV_PARTITION_PRIVILEGE_ACCESS_MEMORY_POOL, "AccessMemoryPool" },
		{ HV_PARTITION_PRIVILEGE_ACCESS_PARTITION_ID, "AccessPartitionId" },
		{ PARTITION_FEATURE_SPIN_WAIT, "NotifyLongSpinWait" },
		{ PARTITION_FEATURE_TB_FLUSH, "TbFlushHypercalls" },
		{ PARTITION_FEATURE_TB_FLUSH | PARTITION_FEATURE_EX_MASKS,
		  "TbFlushHypercalls, ExtendedProcessorMasks" },
		{ PARTITION_FEATURE_CLUSTER_IPI, "SyntheticClusterIpi" },
		{ PARTITION_FEATURE_CLUSTER_IPI | PARTITION_FEATURE_EX_MASKS,
		  "SyntheticClusterIpi, ExtendedProcessorMasks" },
	};

	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].bits == p)
			return names[i].name;
	return "none";
}

int main(void)
{
	puts("# Hypercalls\n\n"
	     "Made by `make docs` from `hvapi/hypercall_table.c`. Every call listed works; every "
	     "other code is\n"
	     "HV_STATUS_INVALID_HYPERCALL_CODE. Sizes are bytes. The parser (`hvapi/hypercall.c`) "
	     "checks, in this order:\n"
	     "code, privilege, control word, sizes, alignment, page borders, the buffers' "
	     "presence, target.\n\n"
	     "| code | call | kind | input | element in | element out | output | fast | target | "
	     "privilege |\n"
	     "|---|---|---|---|---|---|---|---|---|---|");
	for (uint32_t i = 0; i < hypercall_table_len; i++) {
		const struct hcall_row *r = &hypercall_table[i];

		printf("| %04x | %s | %s | %u | %u | %u | %u | %s | %s | %s |\n", r->code, r->name,
		       r->rep	     ? r->variable ? "rep, variable header" : "rep"
		       : r->variable ? "variable header"
				     : "simple",
		       r->in_size, r->in_elem, r->out_elem, r->out_size, r->fast ? "yes" : "no",
		       target(r->target), privilege(r->privilege));
	}
	puts("\nFlushes and cluster IPIs are there on x64 only. What a guest has of them, and of "
	     "the spin "
	     "wait, is\n"
	     "said by the partition's synthetic processor features, whose names stand here as "
	     "privileges; without\n"
	     "them the answer is HV_STATUS_ACCESS_DENIED. By default a guest is offered all, the "
	     "root none. A flush of\n"
	     "whatever form flushes all translations of each VP named. In a set of VPs, those that "
	     "do not exist do not\n"
	     "matter; one beyond VP 63 is HV_STATUS_INVALID_VP_INDEX, and banks that are not as "
	     "many as the mask's\n"
	     "bits are HV_STATUS_INVALID_HYPERCALL_INPUT. After HvCallNotifyLongSpinWait the "
	     "dispatch ends as for an\n"
	     "interrupt of the root's (state ready, no event): the root may run another VP first, "
	     "or this one at once.");
	puts("\nHvCallQuoinReadLog is ours: a cursor of 8 bytes in; the new cursor and up to 504 "
	     "bytes of the core's\n"
	     "log out. HvCallGetVpState answers inline types in the output page, which it checks "
	     "itself.");
	return 0;
}
