/* SPDX-License-Identifier: MIT */
/*
 * The frame of a run: TESTS BEGIN, a line for each, TESTS END with the counts. A run without the
 * last line has failed, whatever it printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/root/guest.h"
#include "tests/root/root.h"
#include "tests/root/vm.h"

/* An architecture may not have those suites yet. */
#pragma weak guest_tests_clean_up
#pragma weak border_tests_clean_up
#pragma weak insn_tests_clean_up
#pragma weak cet_tests_clean_up
#pragma weak enlight_tests_clean_up

extern const struct test root_tests[], root_tests_end[];

static jmp_buf out;
static const char *skip_reason;

const char *option(const char *key)
{
	static char value[64];
	size_t n = strlen(key);
	const char *at = boot_info->root_cmdline;

	while (*at) {
		size_t len = strcspn(at, " ");

		if (len > n && !strncmp(at, key, n) && at[n] == '=') {
			len = len - n - 1 < sizeof(value) - 1 ? len - n - 1 : sizeof(value) - 1;
			memcpy(value, at + n + 1, len);
			value[len] = 0;
			return value;
		}
		at += len + (at[len] == ' ');
	}
	return NULL;
}

uint64_t option_number(const char *key, uint64_t otherwise)
{
	const char *v = option(key);

	return v ? strtoull(v, NULL, 0) : otherwise;
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("  %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	longjmp(out, 1);
}

void test_skip(const char *why)
{
	skip_reason = why;
	longjmp(out, 2);
}

static bool wanted(const char *name, const char *prefixes)
{
	while (prefixes && *prefixes) {
		size_t n = strcspn(prefixes, ",");

		if (!strncmp(name, prefixes, n))
			return true;
		prefixes += n + (prefixes[n] == ',');
	}
	/* Tests that count time want -icount, and are named by the run that has it. */
	return !prefixes && strncmp(name, "icount_", 7) != 0;
}

bool tests_guard(void (*fn)(void))
{
	if (setjmp(out))
		return false;
	fn();
	return true;
}

/* On its own, so that longjmp() finds no local that it could spoil. */
static bool run_one(const struct test *t)
{
	skip_reason = NULL;
	if (setjmp(out))
		return false;
	t->fn();
	return true;
}

bool tests_run(const char *prefixes)
{
	uint32_t passed = 0, failed = 0, skipped = 0, chosen = 0;

	for (const struct test *t = root_tests; t < root_tests_end; t++)
		chosen += wanted(t->name, prefixes);
	printf("TESTS BEGIN %u\n", chosen);
	for (const struct test *t = root_tests; t < root_tests_end; t++) {
		bool ok;

		if (!wanted(t->name, prefixes))
			continue;
		if (t->cpus > cpu_count) {
			printf("TEST skip %s: needs %u CPUs\n", t->name, t->cpus);
			skipped++;
			continue;
		}
		ok = run_one(t);
		irqs_on();
		guests_clean_up();
		if (guest_tests_clean_up)
			guest_tests_clean_up();
		port_tests_clean_up();
		if (border_tests_clean_up)
			border_tests_clean_up();
		if (insn_tests_clean_up)
			insn_tests_clean_up();
		if (cet_tests_clean_up)
			cet_tests_clean_up();
		if (enlight_tests_clean_up)
			enlight_tests_clean_up();
		hv_log_drain();
		if (skip_reason) {
			printf("TEST skip %s: %s\n", t->name, skip_reason);
			skipped++;
			continue;
		}
		printf("TEST %s %s\n", ok ? "pass" : "fail", t->name);
		passed += ok;
		failed += !ok;
	}
	printf("TESTS END %u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return !failed && passed;
}
