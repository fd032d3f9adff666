/* SPDX-License-Identifier: MIT */
/*
 * The tables of docs/tests.md against the exit codes of the headers: each code that the manuals
 * have stands in one row, and each test that a row names is there.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/svm/defs.h"
#include "arch/x86_64/vmx/defs.h"

#define CODES	 0x404u
#define TEXT_MAX 0x80000u

static char text[TEXT_MAX];
static uint8_t seen[CODES];

static const char *const suites[] = { "tests/root/t_guest.c",
				      "tests/root/t_insn.c",
				      "tests/root/t_task.c",
				      "tests/root/t_border.c",
				      "tests/root/x86_64/t_property_x64.c",
				      "tests/root/t_job.c",
				      "tests/root/t_memory.c",
				      "tests/root/t_timer.c",
				      "tests/root/t_state.c" };

static char *load(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		fail_msg("%s: not there", path);
	n = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	assert_true(n > 0 && n < sizeof(text) - 1);
	text[n] = 0;
	return text;
}

/* "7, 8" or "19 to 27"; what else stands in the cell are words. */
static uint32_t mark(const char *cell, const char *end, int base)
{
	uint32_t last = 0, n = 0;
	bool range = false;

	while (cell < end) {
		char *next;
		unsigned long v = strtoul(cell, &next, base);
		bool word = next == cell || isalnum((unsigned char)*next);

		if (word) {
			if (!strncmp(cell, "to ", 3))
				range = true;
			while (cell < end && *cell != ' ')
				cell++;
			while (cell < end && *cell == ' ')
				cell++;
			continue;
		}
		assert_true(v < CODES);
		for (uint32_t i = range ? last + 1 : (uint32_t)v; i <= v; i++, n++)
			if (seen[i]++)
				fail_msg("code %x stands in two rows", i);
		last = (uint32_t)v;
		range = false;
		cell = next;
		while (cell < end && (*cell == ' ' || *cell == ','))
			cell++;
	}
	return n;
}

/* The rows of the table under this heading: their first cells into seen[]. */
static uint32_t read_table(const char *heading, int base)
{
	char *p = strstr(load("docs/tests.md"), heading);
	uint32_t rows = 0;

	memset(seen, 0, sizeof(seen));
	if (!p)
		fail_msg("no heading \"%s\"", heading);
	p = strstr(p, "\n|---");
	assert_non_null(p);
	for (p = strchr(p + 1, '\n'); p && p[1] == '|'; p = strchr(p + 1, '\n')) {
		const char *end = strchr(p + 2, '|');

		assert_non_null(end);
		/* strtoul passes over blanks */
		assert_int_not_equal(mark(p + 3, end, base), 0);
		rows++;
	}
	return rows;
}

static void test_vmx(void **state)
{
	(void)state;
	assert_true(read_table("## VT-x exit reasons", 10) > 20);
	for (uint32_t i = 0; i < CODES; i++) {
		/* 35, 38, 42 and 71 mean nothing (SDM vol. 3, appendix C) */
		bool is = i < VMX_EXIT_REASONS && i != 35 && i != 38 && i != 42 && i != 71;

		if (seen[i] != is)
			fail_msg("exit reason %u: %s", i, is ? "no row" : "there is none");
	}
}

static void test_svm(void **state)
{
	static const struct {
		uint32_t first, last;
	} codes[] = {
		{ SVM_EXIT_CR0_READ, SVM_EXIT_IDLE_HLT },
		{ SVM_EXIT_NPF, SVM_EXIT_VMGEXIT },
	};

	(void)state;
	assert_true(read_table("## SVM exit codes", 16) > 20);
	for (uint32_t i = 0; i < CODES; i++) {
		bool is = false;

		for (uint32_t k = 0; k < 2; k++)
			is |= i >= codes[k].first && i <= codes[k].last;
		if (seen[i] != is)
			fail_msg("exit code %x: %s", i, is ? "no row" : "there is none");
	}
}

/* The numbers of the headers are the ranges above: one that is new would be outside. */
static void check_header(const char *path, const char *prefix, uint32_t want)
{
	uint32_t n = 0;

	for (char *p = strstr(load(path), prefix); p; p = strstr(p + 1, prefix)) {
		char *eq = strstr(p, " = "), *line = strchr(p, '\n');

		if (!eq || !line || eq > line)
			continue;
		n++;
		if (strtoul(eq + 3, NULL, 0) >= CODES)
			fail_msg("%.40s is beyond the table", p);
	}
	assert_in_range(n, want, want + 100);
}

static void test_headers(void **state)
{
	(void)state;
	check_header("arch/x86_64/vmx/defs.h", "VMX_EXIT_", 55);
	check_header("arch/x86_64/svm/defs.h", "SVM_EXIT_", 55);
}

static bool in_suites(const char *name, size_t n)
{
	bool prefix = name[n - 1] == '*';

	for (uint32_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		for (char *p = strstr(load(suites[i]), "TEST"); p; p = strstr(p + 1, "TEST")) {
			char *at = strchr(p, '(');

			if (!at || (at - p != 4 && at - p != 9) ||
			    strncmp(at + 1, name, n - (prefix ? 1 : 0)))
				continue;
			if (prefix || at[1 + n] == ')' || at[1 + n] == ',')
				return true;
		}
	return false;
}

/* Names in the two tables: tests of the root VM, or a unit test's file. */
static void test_names(void **state)
{
	static char doc[TEXT_MAX];
	uint32_t n = 0;
	char *p, *end;

	(void)state;
	strcpy(doc, load("docs/tests.md"));
	p = strstr(doc, "## SVM exit codes");
	assert_non_null(p);
	end = strstr(p, "`ACCEL");
	assert_non_null(end);
	*end = 0;
	for (p = strchr(p, '`'); p; p = strchr(p, '`')) {
		char path[100], *last = strchr(++p, '`');
		size_t len;

		assert_non_null(last);
		len = (size_t)(last - p);
		assert_true(len > 0 && len < 60);
		if (!strncmp(p, "test_", 5)) {
			(void)snprintf(path, sizeof(path), "tests/unit/%.*s", (int)len, p);
			(void)load(path);
		} else if (strchr("gbjsmpi", *p) && memchr(p, '_', len) && !in_suites(p, len)) {
			fail_msg("no test \"%.*s\"", (int)len, p);
		}
		n++;
		p = last + 1;
	}
	assert_true(n > 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vmx),
		cmocka_unit_test(test_svm),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
