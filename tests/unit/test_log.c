/* SPDX-License-Identifier: MIT */
/* The log: lines, levels, the ring and its cursors, the console until hand-over, and panic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/bits.h"
#include "kernel/console.h"
#include "kernel/log.h"

#define RING 16384u

static char console[65536];
static size_t console_len;
static const struct boot_console *inited;
static jmp_buf out;
static bool leave; /* at the line end of a panic, which would stop the CPU next */

void console_init(const struct boot_console *c)
{
	inited = c;
}

void console_write(const char *s, size_t len)
{
	if (console_len + len <= sizeof(console)) {
		memcpy(console + console_len, s, len);
		console_len += len;
	}
	if (leave && len == 1 && s[0] == '\n')
		longjmp(out, 1);
}

/* All that was written since the last call, from the ring. */
static uint64_t cursor;
static char got[RING + 1];
static size_t drain(void)
{
	size_t n = log_read(&cursor, got, RING);

	got[n] = 0;
	return n;
}

static int begin(void **state)
{
	(void)state;
	(void)drain();
	console_len = 0;
	memset(console, 0, sizeof(console));
	return 0;
}

static void test_init(void **state)
{
	struct boot_console c = { BOOT_CONSOLE_NONE, 1, 0, 0, 0 };

	(void)state;
	/* Before there is a console: information and worse. */
	log_debug("not yet");
	log_info("early %d", 7);
	(void)drain();
	assert_string_equal(got, "<I> early 7\n");
	log_init(&c, LOG_WARN);
	assert_ptr_equal(inited, &c);
}

static void test_levels(void **state)
{
	static const char *const lines = "<E> e\n<W> w\n<I> i\n<D> d\n";
	struct boot_console c = { BOOT_CONSOLE_NONE, 1, 0, 0, 0 };

	(void)state;
	for (uint32_t level = LOG_ERROR; level <= 200; level += level < 4 ? 1 : 98) {
		uint32_t max = level > LOG_DEBUG ? LOG_DEBUG : level;

		log_init(&c, level);
		log_error("e");
		log_warn("w");
		log_info("i");
		log_debug("d");
		assert_int_equal(drain(), 6 * (max + 1));
		assert_memory_equal(got, lines, 6 * (max + 1));
	}
	log_init(&c, ~0u);
	log_debug("d");
	assert_int_equal(drain(), 6);
}

/* Every length around the size of the line buffer: cut, and always one whole line. */
static void test_long(void **state)
{
	char text[400];

	(void)state;
	for (uint32_t len = 0; len < sizeof(text) - 1; len++) {
		uint32_t kept = len > 194 ? 194 : len;

		memset(text, 'a' + (int)(len % 26), len);
		text[len] = 0;
		log_info("%s", text);
		assert_int_equal(drain(), 4 + kept + 1);
		assert_memory_equal(got, "<I> ", 4);
		assert_memory_equal(got + 4, text, kept);
		assert_int_equal(got[4 + kept], '\n');
		assert_null(memchr(got, 0, 4 + kept));
	}
}

static void test_console(void **state)
{
	(void)state;
	log_info("one %s", "two");
	log_error("three");
	/* Without the level mark. */
	assert_string_equal(console, "one two\nthree\n");
}

static void test_read(void **state)
{
	uint64_t a = cursor, b = cursor, far;
	char buf[64];
	size_t n = 0;

	(void)state;
	log_info("0123456789");
	log_info("abcdefghij");
	/* Readers have cursors of their own; in small pieces it is the same text. */
	memset(buf, 0x55, sizeof(buf));
	while (n < 30)
		n += log_read(&a, buf + n, 7 < 30 - n ? 7 : 30 - n);
	assert_memory_equal(buf, "<I> 0123456789\n<I> abcdefghij\n", 30);
	assert_int_equal(buf[30], 0x55);
	assert_int_equal(a, b + 30);
	assert_int_equal(log_read(&a, buf, sizeof(buf)), 0);
	assert_int_equal(a, b + 30);
	assert_int_equal(log_read(&b, buf, 0), 0);
	assert_int_equal(b, a - 30);
	assert_int_equal(log_read(&b, buf, sizeof(buf)), 30);
	assert_int_equal(b, a);
	/* A cursor from the future, as a root may make up: from the oldest there is. */
	far = a + 1;
	assert_true(log_read(&far, buf, 1) == 1);
	assert_true(far <= a);
	far = ~0ull;
	assert_true(log_read(&far, buf, 1) == 1);
	assert_true(far <= a);
}

/* The ring over its size several times: what is read is the end of what was written. */
static void test_wrap(void **state)
{
	static char all[8 * RING];
	size_t len = 0, n;
	uint64_t start = cursor, c;

	(void)state;
	for (uint32_t i = 0; len < sizeof(all) - 64; i++) {
		log_info("line %u %.*s", i, (int)(i % 40),
			 "........................................");
		len += (size_t)snprintf(all + len, 64, "<I> line %u %.*s\n", i, (int)(i % 40),
					"........................................");
		/* A reader that keeps up loses nothing. */
		if (i % 16 == 0) {
			n = drain();
			assert_memory_equal(got, all + len - n, n);
			assert_int_equal(cursor, start + len);
		}
		/* One that begins at some old place gets the oldest that is left. */
		if (i % 997 == 0 && start + len > RING) {
			c = i % 2 ? 0 : start + len - RING - 1;
			n = log_read(&c, got, RING);
			assert_int_equal(n, RING);
			assert_int_equal(c, start + len);
			if (len >= RING)
				assert_memory_equal(got, all + len - RING, RING);
			/* And one at the edge all of it. */
			c = start + len - RING;
			assert_int_equal(log_read(&c, got, RING), RING);
			c = start + len - RING + 1;
			assert_int_equal(log_read(&c, got, RING), RING - 1);
		}
	}
}

static void test_handover(void **state)
{
	(void)state;
	log_handover();
	log_error("for the ring");
	assert_int_equal(console_len, 0);
	(void)drain();
	assert_string_equal(got, "<E> for the ring\n");
}

/* The last words go to the console, which is the root's by now, and not through the ring. */
static void test_panic(void **state)
{
	(void)state;
	log_raw("raw %d, ", 1);
	assert_string_equal(console, "raw 1, ");
	leave = true;
	if (!setjmp(out))
		panic("at %s", "last");
	leave = false;
	assert_string_equal(console, "raw 1, PANIC: at last\n");
	assert_int_equal(drain(), 0);
	/* More than a line buffer is cut. */
	begin(NULL);
	leave = true;
	if (!setjmp(out))
		panic("%0500d", 1);
	leave = false;
	assert_int_equal(console_len, 7 + 199 + 1);
}

#define TEST(f) cmocka_unit_test_setup(f, begin)
int main(void)
{
	/* In this order: the log starts once, and is handed over once. */
	const struct CMUnitTest tests[] = {
		TEST(test_init), TEST(test_levels), TEST(test_long),	 TEST(test_console),
		TEST(test_read), TEST(test_wrap),   TEST(test_handover), TEST(test_panic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
