/* SPDX-License-Identifier: MIT */
/* What the library keeps of a partition on arm64 alone. Included by internal.h. */
#ifndef WHV_ARM64_TYPES_H
#define WHV_ARM64_TYPES_H

#include <hv/arm64.h>
#include <hv/vp_state_arm64.h>

#define WHV_ARCH_TRANSLATE_FLAGS 0u

struct whv_arch_properties {
	WHV_ARM64_IC_PARAMETERS ic;
	bool given_ic;
};

/* No exit can be asked for. */
struct whv_intercepts {
};

#endif
