/* SPDX-License-Identifier: MIT */
/* What the core gives the root on arm64, and what it keeps. */
#include "tests/root/root.h"

TEST(root_time_goes)
{
	uint64_t t = root_clock();

	delay_us(1000);
	CHECK(root_clock() > t);
}
