/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <insn.h>

#include "kernel/console.h"
#include "kernel/lock.h"
#include "kernel/log.h"

#define RING_SIZE 16384u /* power of two */

static char ring[RING_SIZE];
static uint64_t head; /* bytes ever written; the ring holds the last RING_SIZE; ring_lock */
static struct lock ring_lock;
static uint32_t max_level = LOG_INFO;
static bool console_ours = true;
static uint32_t panicking; /* atomic: 0, or 1 + the winner's mark */

void log_init(const struct boot_console *console, uint32_t level)
{
	console_init(console);
	max_level = level > LOG_DEBUG ? LOG_DEBUG : level;
}

void log_handover(void)
{
	console_ours = false;
}

void log_print(enum log_level level, const char *fmt, ...)
{
	static const char tag[] = "EWID";
	char line[200];
	va_list ap;
	int n;

	if (level > max_level)
		return;
	line[0] = '<';
	line[1] = tag[level];
	line[2] = '>';
	line[3] = ' ';
	va_start(ap, fmt);
	n = vsnprintf(line + 4, sizeof(line) - 5, fmt, ap);
	va_end(ap);
	n = n < 0 ? 0 : n > (int)sizeof(line) - 6 ? (int)sizeof(line) - 6 : n;
	line[4 + n] = '\n';

	struct lock_token t = lock_take(&ring_lock);

	for (int i = 0; i < n + 5; i++)
		ring[head++ & (RING_SIZE - 1)] = line[i];
	if (console_ours)
		console_write(line + 4, (size_t)n + 1);
	lock_drop(t);
}

size_t log_read(uint64_t *cursor, char *buf, size_t len)
{
	struct lock_token t = lock_take(&ring_lock);
	size_t n = 0;

	if (*cursor > head || head - *cursor > RING_SIZE)
		*cursor = head > RING_SIZE ? head - RING_SIZE : 0;
	while (n < len && *cursor < head)
		buf[n++] = ring[(*cursor)++ & (RING_SIZE - 1)];
	lock_drop(t);
	return n;
}

void log_raw_v(const char *fmt, va_list ap)
{
	char line[200];
	int n = vsnprintf(line, sizeof(line), fmt, ap);

	if (n > 0)
		console_write(line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

/* The first CPU into a panic prints; any other stops here. */
static void panic_claim(void)
{
	uint32_t expect = 0;
	uint32_t me = cpu_mark();

	if (!atomic_cas(&panicking, &expect, me) && expect != me)
		for (;;)
			cpu_halt();
}

void log_raw(const char *fmt, ...)
{
	va_list ap;

	panic_claim();
	va_start(ap, fmt);
	log_raw_v(fmt, ap);
	va_end(ap);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	panic_claim();
	console_write("PANIC: ", 7);
	va_start(ap, fmt);
	log_raw_v(fmt, ap);
	va_end(ap);
	console_write("\n", 1);
	for (;;) {
		cpu_cli();
		cpu_halt();
	}
}
