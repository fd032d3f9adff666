/* SPDX-License-Identifier: MIT */
/* One bit a page below 4 GiB: set when it is in use or no RAM. */
#include <string.h>

#include "tests/root/root.h"

#define LIMIT	  (1ull << 32)
#define LOW_LIMIT (1ull << 20) /* left alone: firmware tables, the trampoline */

static uint64_t used[LIMIT / PAGE / 64];
static uint32_t lock;
static size_t left;
static size_t hint;

static bool get(size_t i)
{
	return used[i / 64] >> (i % 64) & 1;
}

static void set(size_t i, bool v)
{
	if (v)
		used[i / 64] |= 1ull << (i % 64);
	else
		used[i / 64] &= ~(1ull << (i % 64));
}

static void take(void)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		cpu_pause();
}

static void drop(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

void pages_init(void)
{
	memset(used, 0xff, sizeof(used));
	for (uint32_t i = 0; i < boot_info->num_ranges; i++) {
		const struct boot_range *r = &boot_info->ranges[i];

		if (r->kind != BOOT_RANGE_RAM)
			continue;
		for (uint64_t a = r->base; a < r->base + r->size && a < LIMIT; a += PAGE)
			if (a >= LOW_LIMIT) {
				set(a / PAGE, false);
				left++;
			}
	}
}

void *pages_alloc(size_t count, size_t align)
{
	size_t n = LIMIT / PAGE, at, run;

	take();
	at = count == 1 ? hint : 0;
	for (at = (at + align - 1) & ~(align - 1); at + count <= n; at += align) {
		if (align == 1 && used[at / 64] == UINT64_MAX) {
			at |= 63;
			continue;
		}
		for (run = 0; run < count && !get(at + run); run++)
			;
		if (run == count)
			break;
		if (align == 1)
			at += run;
	}
	if (at + count > n) {
		drop();
		return NULL;
	}
	for (run = 0; run < count; run++)
		set(at + run, true);
	if (count == 1)
		hint = at + 1;
	left -= count;
	drop();
	memset((void *)(at * PAGE), 0, count * PAGE);
	return (void *)(at * PAGE);
}

void pages_free(void *va, size_t count)
{
	size_t at = (uintptr_t)va / PAGE;

	take();
	for (size_t i = 0; i < count; i++)
		set(at + i, false);
	if (at < hint)
		hint = at;
	left += count;
	drop();
}

size_t pages_left(void)
{
	return left;
}
