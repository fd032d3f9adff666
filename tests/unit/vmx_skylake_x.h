/* SPDX-License-Identifier: MIT */
/* MSRs 480 .. 491 of corei7_skylake_x in Bochs 2.7, as measured. */
#ifndef VMX_SKYLAKE_X_H
#define VMX_SKYLAKE_X_H

#include "arch/x86_64/vmx/vmx.h"

static const uint64_t skylake_x[VMX_CAP_MSRS] = { 0x00d810000000002b,
						  0x0000007f00000016,
						  0xf7f9fffe0401e172,
						  0x007fffff00036dff,
						  0x0000ffff000011ff,
						  0x00000000600401e0,
						  0x80000021,
						  0xffffffff,
						  0x2000,
						  0x003727ff,
						  0x34,
						  0x02177fff00000000,
						  0x00000f0106334141,
						  0x0000007f00000016,
						  0xf7f9fffe04006172,
						  0x007fffff00036dfb,
						  0x0000ffff000011fb,
						  1 };

#endif
