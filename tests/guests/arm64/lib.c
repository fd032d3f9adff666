/* SPDX-License-Identifier: MIT */
/* What the compiler may call without being told to. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int v, size_t n);

void *memcpy(void *to, const void *from, size_t n)
{
	volatile uint8_t *t = to; /* volatile: no call of itself */
	const uint8_t *f = from;

	while (n--)
		*t++ = *f++;
	return to;
}

void *memset(void *to, int v, size_t n)
{
	volatile uint8_t *t = to;

	while (n--)
		*t++ = (uint8_t)v;
	return to;
}
