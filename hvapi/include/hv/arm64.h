/* SPDX-License-Identifier: MIT */
/* What the ABI has on arm64 only (TLFS; Linux include/hyperv/hvgdk_mini.h). */
#ifndef HV_ARM64_H
#define HV_ARM64_H

#include <hv/types.h>

/* HVC #0, SMCCC: vendor hypervisor, SMC64, function 1; HVC #1 has the control word in X0 */
#define HV_ARM64_SMCCC_HYPERCALL 0x46000001u
#define HV_ARM64_HVC_SMCCC	 0u
#define HV_ARM64_HVC		 1u

/* Read-only, 128 bits: the counterparts of CPUID 0x40000002 to 0x40000005 */
#define HV_REGISTER_HYPERVISOR_VERSION		 0x00000100u
#define HV_REGISTER_PRIVILEGES_AND_FEATURES_INFO 0x00000200u
#define HV_REGISTER_FEATURES_INFO		 0x00000201u
#define HV_REGISTER_IMPLEMENTATION_LIMITS_INFO	 0x00000202u

#endif
