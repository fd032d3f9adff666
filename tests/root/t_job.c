/* SPDX-License-Identifier: MIT */
/*
 * The main job as a test: it passes for several seeds, and with any one category of state left out
 * of the restore it fails and names that category.
 */
#include <string.h>

#include "tests/root/job.h"
#include "tests/root/root.h"

TEST(job_seeds)
{
	uint64_t first = option_number("seed", 1);

	CHECK(boot_info->root_file_size);
	for (uint64_t i = 0; i < 4; i++) {
		const char *wrong = job_once(first + i, NULL, false);

		if (wrong)
			test_fail(__FILE__, __LINE__, "seed %llu: %s",
				  (unsigned long long)(first + i), wrong);
	}
}

static void without(const char *category)
{
	const char *wrong = job_once(option_number("seed", 1), category, false);

	if (!wrong || strcmp(wrong, category))
		test_fail(__FILE__, __LINE__, "without %s the guest named %s", category,
			  wrong ? wrong : "nothing");
}

#define CONTROL(name, category) \
	TEST(job_without_##name) \
	{ \
		without(category); \
	}
CONTROL(registers, "registers")
CONTROL(synic, "synic")
CONTROL(messages, "messages")
CONTROL(events, "events")
CONTROL(timers, "timers")
CONTROL(reference_time, "reference-time")
/* What an architecture has of its own: root_arch.h */
JOB_CONTROLS

/* Absent and vanishing memory */
TEST(job_page_by_page)
{
	const char *wrong = job_paged(option_number("seed", 1), false);

	if (wrong)
		test_fail(__FILE__, __LINE__, "%s", wrong);
}

TEST(job_revoked)
{
	const char *wrong = job_paged(option_number("seed", 1) + 1, true);

	if (wrong)
		test_fail(__FILE__, __LINE__, "%s", wrong);
}
