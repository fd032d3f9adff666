/* SPDX-License-Identifier: MIT */
/* quoin.cfg: every key, every refusal with its line number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot/boot_info.h"
#include "boot/config.h"

static struct config cfg;
static const char *why;

static unsigned parse(const char *text)
{
	why = NULL;
	config_default(&cfg);
	return config_parse(&cfg, text, strlen(text), &why);
}

static void test_defaults(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_string_equal(cfg.core, "\\quoin\\core.elf");
	assert_string_equal(cfg.root, "\\quoin\\root.elf");
	assert_string_equal(cfg.root_file, "");
	assert_string_equal(cfg.cmdline, "");
	assert_int_equal(cfg.console_auto, 1);
	assert_int_equal(cfg.log_level, 2);
	assert_int_equal(cfg.guest_cpus, 0);
}

static void test_every_key(void **state)
{
	(void)state;
	assert_int_equal(parse("# a comment\r\n"
			       "core = \\a.elf # with a comment\n"
			       "\n"
			       "  root=\\b.elf  \n"
			       "root_file = \\data\n"
			       "cmdline = run=job seed=3\n"
			       "console = port:0x2f8\n"
			       "loglevel = debug\n"
			       "guest_cpus = 3"),
			 0);
	assert_string_equal(cfg.core, "\\a.elf");
	assert_string_equal(cfg.root, "\\b.elf");
	assert_string_equal(cfg.root_file, "\\data");
	assert_string_equal(cfg.cmdline, "run=job seed=3");
	assert_int_equal(cfg.console_auto, 0);
	assert_int_equal(cfg.console_kind, BOOT_CONSOLE_16550_PORT);
	assert_int_equal(cfg.console_base, 0x2f8);
	assert_int_equal(cfg.log_level, 3);
	assert_int_equal(cfg.guest_cpus, 3);
	assert_int_equal(parse("console = mmio:0xFED00000"), 0);
	assert_int_equal(cfg.console_kind, BOOT_CONSOLE_16550_MMIO);
	assert_int_equal(cfg.console_base, 0xfed00000);
	assert_int_equal(parse("console = pl011:0x9000000"), 0);
	assert_int_equal(cfg.console_kind, BOOT_CONSOLE_PL011);
	assert_int_equal(cfg.console_base, 0x9000000);
	assert_int_equal(parse("console = none"), 0);
	assert_int_equal(cfg.console_kind, BOOT_CONSOLE_NONE);
	assert_int_equal(cfg.console_auto, 0);
	assert_int_equal(parse("speculation = all\ndeadline = apic"), 0);
	assert_int_equal(cfg.flags, BOOT_FLAG_SPECULATION_ALL | BOOT_FLAG_BORROW_TIMER);
	assert_int_equal(parse("deadline = apic\nspeculation = auto"), 0);
	assert_int_equal(cfg.flags, BOOT_FLAG_BORROW_TIMER);
	assert_int_equal(parse("deadline = apic\ndeadline = auto"), 0);
	assert_int_equal(cfg.flags, 0);
	assert_int_equal(parse("core = x\ndeadline = own"), 2);
	assert_string_equal(why, "deadline is auto or apic");
	assert_int_equal(parse("console = none\nconsole = auto"), 0);
	assert_int_equal(cfg.console_auto, 1);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *why;
	} bad[] = {
		{ "colour = blue", 1, "unknown key" },
		{ "\n\ncore", 3, "key = value is expected" },
		{ "core =", 1, "a path is missing" },
		{ "root = # nothing", 1, "a path is missing" },
		{ "loglevel = loud", 1, "loglevel is error, warning, info or debug" },
		{ "console = com1", 1,
		  "console is auto, none, port:NUMBER, mmio:ADDRESS or pl011:ADDRESS" },
		{ "console = port:", 1, "a number is missing" },
		{ "console = port:0x", 1, "a number is missing" },
		{ "console = port:12z", 1, "not a number" },
		{ "console = port:0x10000", 1, "number is too large" },
		{ "console = mmio:0x10000000000000000", 1, "number is too large" },
		{ "guest_cpus = 65", 1, "number is too large" },
		{ "guest_cpus = -1", 1, "not a number" },
		{ "guest_cpus = 18446744073709551617", 1, "number is too large" },
	};
	char longest[400];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i].text), bad[i].line);
		assert_string_equal(why, bad[i].why);
	}
	/* A value that just fits, and one byte more */
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "cmdline=", 8);
	longest[8 + 255] = 0;
	assert_int_equal(parse(longest), 0);
	assert_int_equal(strlen(cfg.cmdline), 255);
	longest[8 + 255] = 'x';
	longest[8 + 256] = 0;
	assert_int_equal(parse(longest), 1);
	assert_string_equal(why, "value is too long");
}

/* The text has no terminator: nothing behind its length is read (ASan would tell). */
static void test_length(void **state)
{
	char exact[] = { 'c', 'o', 'r', 'e', '=', 'a' };

	(void)state;
	config_default(&cfg);
	assert_int_equal(config_parse(&cfg, exact, sizeof(exact), &why), 0);
	assert_string_equal(cfg.core, "a");
	assert_int_equal(config_parse(&cfg, exact, 4, &why), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
