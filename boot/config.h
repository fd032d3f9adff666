/* SPDX-License-Identifier: MIT */
/*
 * quoin.cfg: `key = value` lines, # starts a comment. Pure: no firmware type here, so that it is
 * unit-tested on the host.
 */
#ifndef BOOT_CONFIG_H
#define BOOT_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#define CONFIG_PATH_MAX 128

struct config {
	char core[CONFIG_PATH_MAX];
	char root[CONFIG_PATH_MAX];
	char root_file[CONFIG_PATH_MAX]; /* empty: none */
	char cmdline[256];
	int console_auto;      /* else the three below */
	uint32_t console_kind; /* enum boot_console_kind */
	uint64_t console_base;
	uint32_t console_stride;
	uint32_t log_level;
	uint32_t guest_cpus;
	uint32_t flags; /* BOOT_FLAG_* */
};

void config_default(struct config *c);
/*
 * Parse text of len bytes. 0, or the number of the line that is wrong, with *why naming the
 * reason.
 */
unsigned config_parse(struct config *c, const char *text, size_t len, const char **why);

#endif
