/* SPDX-License-Identifier: MIT */
#include "tests/root/guest.h"

void guests_clean_up(void)
{
}
