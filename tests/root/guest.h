/* SPDX-License-Identifier: MIT */
/* Guest partitions by plain hypercalls, for the tests of the ABI itself. */
#ifndef ROOT_GUEST_H
#define ROOT_GUEST_H

#include "tests/root/root.h"

/* Whatever a test left behind: finalize, withdraw, delete. */
void guests_clean_up(void);

#endif
