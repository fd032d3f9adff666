/* SPDX-License-Identifier: MIT */
#include "hvapi/cpuid.h"

#include "kernel/partition.h"

#define LEAF_MAX 0x40000006u

/* TLFS, "Implementation recommendations" */
static const struct {
	uint64_t feature;
	uint32_t hint;
} hints[] = {
	{ PARTITION_FEATURE_TB_FLUSH, HV_HINT_REMOTE_TLB_FLUSH },
	{ PARTITION_FEATURE_CLUSTER_IPI, HV_HINT_CLUSTER_IPI },
	{ PARTITION_FEATURE_EX_MASKS, HV_HINT_EX_PROCESSOR_MASKS },
};

static void recommendations(const struct partition *p, uint32_t r[4])
{
	/* The root's SynIC interrupts are EOIed at its own APIC */
	if (p == partition_root)
		r[0] = HV_HINT_DEPRECATE_AUTO_EOI;
	for (uint32_t i = 0; i < ARRAY_LEN(hints); i++)
		if (p->privileges & hints[i].feature)
			r[0] |= hints[i].hint;
	r[1] = p->privileges & PARTITION_FEATURE_SPIN_WAIT ? HV_SPIN_RETRIES
							   : HV_SPIN_RETRIES_NEVER;
}

void hv_cpuid(const struct partition *p, uint32_t leaf, uint32_t r[4])
{
	uint64_t privileges = p->privileges & ~PARTITION_FEATURES;

	r[0] = r[1] = r[2] = r[3] = 0;
	switch (leaf) {
	case 0x40000000: /* "Microsoft Hv": the interface, as TLFS asks of a conforming one */
		r[0] = LEAF_MAX;
		r[1] = 0x7263694d;
		r[2] = 0x666f736f;
		r[3] = 0x76482074;
		break;
	case 0x40000001: /* "Hv#1" */
		r[0] = 0x31237648;
		break;
	case 0x40000002:
		/* The build that Linux's root driver knows by its interface version; 10.0 */
		r[0] = 27744;
		r[1] = 10u << 16;
		break;
	case 0x40000003:
		r[0] = (uint32_t)privileges;
		r[1] = (uint32_t)(privileges >> 32);
		r[3] = HV_FEATURE_EDX_FREQUENCY_MSRS;
		if (p != partition_root)
			r[3] |= HV_FEATURE_EDX_DIRECT_STIMERS;
		if (p->privileges & PARTITION_FEATURE_EXTENDED_GVA)
			r[3] |= HV_FEATURE_EDX_EXTENDED_GVA_RANGES;
		break;
	case 0x40000004:
		recommendations(p, r);
		break;
	case 0x40000005:
		r[0] = PARTITION_MAX_VPS;
		r[1] = PARTITION_MAX_VPS;
		break;
	case 0x40000006:
		break;
	default:
		break;
	}
}
