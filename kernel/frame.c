/* SPDX-License-Identifier: MIT */
#include "kernel/frame.h"
#include "kernel/bits.h"

#define HOLD_MASK   ((1u << 22) - 1)
#define OWNER_SHIFT 22
#define OWNER_MASK  63u
#define STATE_SHIFT 28

static uint32_t *table;
static uint64_t table_count;

void frame_init(uint32_t *words, uint64_t count)
{
	table = words;
	table_count = count;
}

static uint32_t word(enum frame_state state, uint32_t owner)
{
	return (uint32_t)state << STATE_SHIFT | owner << OWNER_SHIFT;
}

static uint32_t load(uint64_t pfn)
{
	return pfn < table_count ? atomic_load(&table[pfn]) : 0;
}

void frame_set_range(uint64_t base, uint64_t size, enum frame_state state)
{
	for (uint64_t pfn = base >> PAGE_SHIFT; pfn < (base + size) >> PAGE_SHIFT; pfn++)
		if (pfn < table_count)
			atomic_store(&table[pfn], word(state, 0));
}

enum frame_state frame_state(uint64_t pfn)
{
	return (enum frame_state)(load(pfn) >> STATE_SHIFT);
}

bool frame_any(uint64_t pfn, uint64_t count)
{
	for (uint64_t i = pfn; i < pfn + count && i < table_count; i++)
		if (frame_state(i) != FRAME_NONE)
			return true;
	return false;
}

uint32_t frame_owner(uint64_t pfn)
{
	return load(pfn) >> OWNER_SHIFT & OWNER_MASK;
}

uint32_t frame_holds(uint64_t pfn)
{
	return load(pfn) & HOLD_MASK;
}

bool frame_hold(uint64_t pfn)
{
	uint32_t w = load(pfn);

	do {
		if (w >> STATE_SHIFT != FRAME_ROOT || (w & HOLD_MASK) == HOLD_MASK)
			return false;
	} while (!atomic_cas(&table[pfn], &w, w + 1));
	return true;
}

void frame_release(uint64_t pfn)
{
	(void)__atomic_fetch_sub(&table[pfn], 1, __ATOMIC_RELEASE);
}

/* Exactly from -> to: any hold or other state refuses. */
static bool change(uint64_t pfn, uint32_t from, uint32_t to)
{
	return pfn < table_count && atomic_cas(&table[pfn], &from, to);
}

bool frame_deposit(uint64_t pfn, uint32_t slot)
{
	return change(pfn, word(FRAME_ROOT, 0), word(FRAME_DEPOSIT, slot & OWNER_MASK));
}

void frame_withdraw(uint64_t pfn)
{
	(void)change(pfn, word(FRAME_DEPOSIT, frame_owner(pfn)), word(FRAME_ROOT, 0));
}

void frame_open(uint64_t pfn)
{
	uint32_t owner = frame_owner(pfn);

	(void)change(pfn, word(FRAME_DEPOSIT, owner), word(FRAME_OPEN, owner));
}

void frame_close(uint64_t pfn)
{
	uint32_t owner = frame_owner(pfn);

	(void)change(pfn, word(FRAME_OPEN, owner), word(FRAME_DEPOSIT, owner));
}
