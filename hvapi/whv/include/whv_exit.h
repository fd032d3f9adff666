/* SPDX-License-Identifier: MIT */
/* What WHvRunVirtualProcessor returns. Included by WinHvPlatformDefs.h. */
#ifndef WHV_EXIT_H
#define WHV_EXIT_H

typedef enum WHV_RUN_VP_CANCEL_REASON {
	WHvRunVpCancelReasonUser = 0,
} WHV_RUN_VP_CANCEL_REASON;
#define WhvRunVpCancelReasonUser WHvRunVpCancelReasonUser /* an old spelling */

typedef struct WHV_RUN_VP_CANCELED_CONTEXT {
	WHV_RUN_VP_CANCEL_REASON CancelReason;
} WHV_RUN_VP_CANCELED_CONTEXT;

#ifdef _ARM64_
#include <whv_exit_arm64.h>
#else
#include <whv_exit_x64.h>
#endif

#endif
