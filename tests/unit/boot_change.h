/* SPDX-License-Identifier: MIT */
/* One change to a boot_info that is good, and what boot_check() has to say. Wants `good` before it.
 */
#ifndef TESTS_BOOT_CHANGE_H
#define TESTS_BOOT_CHANGE_H

#include <string.h>

#include "kernel/boot_check.h"

static struct boot_info bi;

/* The one change, and the answer it must give; NULL: still good. */
#define CHECK(change, why) \
	do { \
		bi = good; \
		change; \
		check(why, #change, __LINE__); \
	} while (0)

static void check(const char *why, const char *what, int line)
{
	const char *got = boot_check(&bi);

	if (!why != !got || (why && strcmp(why, got)))
		fail_msg("line %d: %s: %s", line, what, got ? got : "accepted");
}

#endif
