/* SPDX-License-Identifier: MIT */
/* What the root itself sees of Quoin: CPUID, MSRs, memory, its own interrupts. */
#include <string.h>

#include "tests/root/root.h"

TEST(root_cpuid)
{
	uint32_t r[4];

	cpuid(1, 0, r);
	CHECK(r[2] >> 31); /* a hypervisor is there */
	cpuid(0x40000000, 0, r);
	CHECK(!memcmp(&r[1], "Microsoft Hv", 12));
	CHECK(r[0] >= 0x40000005);
	cpuid(0x40000003, 0, r);
	CHECK(r[1] & 1); /* CreatePartitions */
	cpuid(0x80000001, 0, r);
	CHECK(!(r[2] & 4)); /* SVM is the core's */
}
