/* SPDX-License-Identifier: MIT */
#include "hvapi/cpuid.h"

#include "kernel/partition.h"

#define LEAF_MAX 0x40000006u

/* 0x40000003 EDX: features that are no privilege (TLFS, "Hypervisor feature identification") */
#define FEATURE_FREQUENCY_MSRS (1u << 8)
#define FEATURE_DIRECT_STIMER  (1u << 19)

void hv_cpuid(const struct partition *p, uint32_t leaf, uint32_t r[4])
{
	uint64_t privileges = p->privileges;

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
		r[3] = FEATURE_FREQUENCY_MSRS;
		if (p != partition_root)
			r[3] |= FEATURE_DIRECT_STIMER;
		break;
	case 0x40000004:
		/* Bit 9: the root's SynIC interrupts are EOIed at its own APIC */
		r[0] = p == partition_root ? 1u << 9 : 0;
		r[1] = ~0u; /* never retry spin locks by hypercall */
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
