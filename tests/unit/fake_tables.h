/* SPDX-License-Identifier: MIT */
/* Table pages one after another, never given back: where a test has a map to make. */
#ifndef TESTS_FAKE_TABLES_H
#define TESTS_FAKE_TABLES_H

#include <string.h>

#include "kernel/slat.h"

static uint8_t *next_page;

static void *page_new(void *ctx)
{
	void *p = next_page;

	(void)ctx;
	next_page += PAGE_SIZE;
	return memset(p, 0, PAGE_SIZE);
}

static void page_old(void *ctx, void *page)
{
	(void)ctx;
	(void)page;
}

#endif
