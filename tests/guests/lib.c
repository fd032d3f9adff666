/* SPDX-License-Identifier: MIT */
#include "tests/guests/lib.h"

struct gate {
	uint16_t low, sel;
	uint8_t ist, type;
	uint16_t mid;
	uint32_t high, zero;
} __attribute__((packed));

extern uint8_t lib_stubs[];
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int v, size_t n);

static struct gate idt[256];

void lib_init(void)
{
	struct {
		uint16_t limit;
		void *base;
	} __attribute__((packed)) idtr = { sizeof(idt) - 1, idt };

	for (uint32_t v = 0; v < 256; v++) {
		uint64_t at = (uint64_t)(lib_stubs + 16 * v);

		idt[v] = (struct gate){ (uint16_t)at,	      0x08, 0, 0x8e, (uint16_t)(at >> 16),
					(uint32_t)(at >> 32), 0 };
	}
	__asm__ volatile("lidt %0" : : "m"(idtr));
}

/* What the compiler may call without being told to. */
void *memcpy(void *to, const void *from, size_t n)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	while (n--)
		*t++ = *f++;
	return to;
}

void *memset(void *to, int v, size_t n)
{
	uint8_t *t = to;

	while (n--)
		*t++ = (uint8_t)v;
	return to;
}
