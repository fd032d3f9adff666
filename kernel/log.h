/* SPDX-License-Identifier: MIT */
/*
 * The log: a ring in memory that the root drains (HvCallQuoinReadLog), and the console until the
 * hand-over. panic() takes the console back, without a lock: the first CPU to get there prints.
 */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/boot_info.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_init(const struct boot_console *console, uint32_t level);
/* After this nothing but panic() writes to the console: the root owns it. */
void log_handover(void);
void log_print(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Copy what the ring holds from *cursor on; returns bytes copied and moves the cursor. */
size_t log_read(uint64_t *cursor, char *buf, size_t len);

#define log_error(...) log_print(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_print(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_print(LOG_DEBUG, __VA_ARGS__)

/* Panic path only: unlocked console output. */
void log_raw(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_raw_v(const char *fmt, va_list ap);

/* The core is broken. Nothing a guest or the root does may get here. */
void panic(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
