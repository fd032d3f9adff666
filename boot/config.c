/* SPDX-License-Identifier: MIT */
#include "boot/config.h"

#include "boot/boot_info.h"

struct span {
	const char *at;
	size_t len;
};

static int is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(const char *at, size_t len)
{
	while (len && is_space(*at)) {
		at++;
		len--;
	}
	while (len && is_space(at[len - 1]))
		len--;
	return (struct span){ at, len };
}

static int is(struct span s, const char *word)
{
	size_t i;

	for (i = 0; i < s.len && word[i]; i++)
		if (s.at[i] != word[i])
			return 0;
	return i == s.len && !word[i];
}

static int starts(struct span s, const char *word, struct span *rest)
{
	size_t i;

	for (i = 0; word[i]; i++)
		if (i >= s.len || s.at[i] != word[i])
			return 0;
	*rest = (struct span){ s.at + i, s.len - i };
	return 1;
}

static const char *copy(char *to, size_t room, struct span s)
{
	if (s.len >= room)
		return "value is too long";
	for (size_t i = 0; i < s.len; i++)
		to[i] = s.at[i];
	to[s.len] = 0;
	return NULL;
}

static const char *number(struct span s, uint64_t max, uint64_t *v)
{
	uint64_t base = 10, n = 0;
	struct span digits;

	if (starts(s, "0x", &digits)) {
		base = 16;
		s = digits;
	}
	if (!s.len)
		return "a number is missing";
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		uint64_t d = c >= '0' && c <= '9'   ? (uint64_t)(c - '0')
			     : c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a' + 10)
			     : c >= 'A' && c <= 'F' ? (uint64_t)(c - 'A' + 10)
						    : 99;

		if (d >= base)
			return "not a number";
		if (n > (max - d) / base)
			return "number is too large";
		n = n * base + d;
	}
	*v = n;
	return NULL;
}

static const char *set_console(struct config *c, struct span v)
{
	struct span rest;
	const char *why;

	c->console_auto = 0;
	if (is(v, "auto")) {
		c->console_auto = 1;
		return NULL;
	}
	if (is(v, "none")) {
		c->console_kind = BOOT_CONSOLE_NONE;
		return NULL;
	}
	if (starts(v, "port:", &rest)) {
		why = number(rest, 0xfff8, &c->console_base);
		c->console_kind = BOOT_CONSOLE_16550_PORT;
		c->console_stride = 1;
		return why;
	}
	if (starts(v, "mmio:", &rest)) {
		why = number(rest, ~0ull, &c->console_base);
		c->console_kind = BOOT_CONSOLE_16550_MMIO;
		c->console_stride = 4;
		return why;
	}
	if (starts(v, "pl011:", &rest)) {
		why = number(rest, ~0ull, &c->console_base);
		c->console_kind = BOOT_CONSOLE_PL011;
		c->console_stride = 4;
		return why;
	}
	return "console is auto, none, port:NUMBER, mmio:ADDRESS or pl011:ADDRESS";
}

static const char *set_level(struct config *c, struct span v)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	for (uint32_t i = 0; i < 4; i++)
		if (is(v, names[i])) {
			c->log_level = i;
			return NULL;
		}
	return "loglevel is error, warning, info or debug";
}

static void set_flag(struct config *c, uint32_t flag, int on)
{
	c->flags = on ? c->flags | flag : c->flags & ~flag;
}

static const char *set(struct config *c, struct span key, struct span v)
{
	uint64_t n;
	const char *why;

	if (is(key, "core"))
		return v.len ? copy(c->core, sizeof(c->core), v) : "a path is missing";
	if (is(key, "root"))
		return v.len ? copy(c->root, sizeof(c->root), v) : "a path is missing";
	if (is(key, "root_file"))
		return copy(c->root_file, sizeof(c->root_file), v);
	if (is(key, "cmdline"))
		return copy(c->cmdline, sizeof(c->cmdline), v);
	if (is(key, "console"))
		return set_console(c, v);
	if (is(key, "loglevel"))
		return set_level(c, v);
	if (is(key, "guest_cpus")) {
		why = number(v, BOOT_INFO_MAX_CPUS, &n);
		if (!why)
			c->guest_cpus = (uint32_t)n;
		return why;
	}
	if (is(key, "speculation")) {
		if (!is(v, "auto") && !is(v, "all"))
			return "speculation is auto or all";
		set_flag(c, BOOT_FLAG_SPECULATION_ALL, is(v, "all"));
		return NULL;
	}
	if (is(key, "deadline")) {
		if (!is(v, "auto") && !is(v, "apic"))
			return "deadline is auto or apic";
		set_flag(c, BOOT_FLAG_BORROW_TIMER, is(v, "apic"));
		return NULL;
	}
	return "unknown key";
}

void config_default(struct config *c)
{
	*c = (struct config){ .core = "\\quoin\\core.elf",
			      .root = "\\quoin\\root.elf",
			      .console_auto = 1,
			      .log_level = 2 };
}

unsigned config_parse(struct config *c, const char *text, size_t len, const char **why)
{
	unsigned line = 0;
	size_t at = 0;

	while (at < len) {
		size_t end = at, stop, eq;
		struct span all;

		line++;
		while (end < len && text[end] != '\n')
			end++;
		for (stop = at; stop < end && text[stop] != '#'; stop++)
			;
		all = trim(text + at, stop - at);
		at = end + 1;
		if (!all.len)
			continue;
		for (eq = 0; eq < all.len && all.at[eq] != '='; eq++)
			;
		*why = eq == all.len
			       ? "key = value is expected"
			       : set(c, trim(all.at, eq), trim(all.at + eq + 1, all.len - eq - 1));
		if (*why)
			return line;
	}
	return 0;
}
