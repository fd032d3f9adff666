/* SPDX-License-Identifier: MIT */
#include "kernel/slat.h"

#include "kernel/bits.h"

#define ENTRIES 512u

bool slat_small_exec;

typedef void (*leaf_fn)(void *ctx, uint64_t gpa, struct slat_leaf *l);

static uint32_t shift_of(uint32_t level)
{
	return PAGE_SHIFT + 9 * (level - 1);
}

static uint32_t index_of(uint64_t gpa, uint32_t level)
{
	return (uint32_t)(gpa >> shift_of(level)) & (ENTRIES - 1);
}

/* One store, so that a hardware walk sees the old entry or the new one. */
static void entry_set(uint64_t *e, uint64_t v)
{
	__atomic_store_n(e, v, __ATOMIC_RELEASE);
}

static void entry_change(const struct slat *s, uint64_t *e, uint64_t v)
{
	if (s->format->change)
		s->format->change(s, e, v);
	else
		entry_set(e, v);
}

bool slat_init(struct slat *s, const struct slat_format *f, struct slat_source src)
{
	s->format = f;
	s->source = src;
	s->generation = 1;
	s->root = src.alloc(src.ctx);
	return s->root != NULL;
}

static bool in_range(const struct slat *s, uint64_t gpa)
{
	return gpa >> shift_of(s->format->levels + 1) == 0;
}

static void free_table(struct slat *s, uint64_t *t, uint32_t level, uint64_t base, leaf_fn fn,
		       void *ctx)
{
	struct slat_leaf l;

	for (uint32_t i = 0; i < ENTRIES; i++) {
		uint64_t gpa = base + ((uint64_t)i << shift_of(level));
		int kind = s->format->parse(t[i], level, &l);

		l.level = level;
		if (kind == 1 && fn)
			fn(ctx, gpa, &l);
		else if (kind == 2)
			free_table(s, hpa_ptr(l.hpa), level - 1, gpa, fn, ctx);
	}
	s->source.free(s->source.ctx, t);
}

void slat_destroy(struct slat *s, leaf_fn fn, void *ctx)
{
	if (!s->root)
		return;
	free_table(s, s->root, s->format->levels, 0, fn, ctx);
	s->root = NULL;
}

bool slat_lookup(const struct slat *s, gpa_t gpa, struct slat_leaf *out)
{
	const uint64_t *t = s->root;

	if (!in_range(s, gpa.v))
		return false;
	for (uint32_t level = s->format->levels; level > 0; level--) {
		uint64_t e = __atomic_load_n(&t[index_of(gpa.v, level)], __ATOMIC_ACQUIRE);
		int kind = s->format->parse(e, level, out);

		if (kind == 0)
			return false;
		if (kind == 1) {
			out->level = level;
			return true;
		}
		t = hpa_ptr(out->hpa);
	}
	return false;
}

/* Turn a leaf into a table of leaves one level down that translate the same. */
static uint64_t *split(struct slat *s, uint64_t *e, uint32_t level, const struct slat_leaf *l)
{
	uint64_t *t = s->source.alloc(s->source.ctx);

	if (!t)
		return NULL;
	for (uint32_t i = 0; i < ENTRIES; i++)
		t[i] = s->format->leaf(HPA(l->hpa.v + ((uint64_t)i << shift_of(level - 1))),
				       l->prot, level - 1);
	entry_change(s, e, s->format->table(ptr_hpa(t)));
	return t;
}

/* The entry that maps gpa at level; tables on the way are made (or not: create false). */
static uint64_t *find(struct slat *s, uint64_t gpa, uint32_t level, bool create, bool *no_memory)
{
	uint64_t *t = s->root;
	struct slat_leaf l;

	*no_memory = false;
	for (uint32_t lv = s->format->levels; lv > level; lv--) {
		uint64_t *e = &t[index_of(gpa, lv)];
		int kind = s->format->parse(*e, lv, &l);

		if (kind == 2) {
			t = hpa_ptr(l.hpa);
			continue;
		}
		if (kind == 0 && !create)
			return NULL;
		if (kind == 1) {
			t = split(s, e, lv, &l);
		} else {
			t = s->source.alloc(s->source.ctx);
			if (t)
				entry_change(s, e, s->format->table(ptr_hpa(t)));
		}
		if (!t) {
			*no_memory = true;
			return NULL;
		}
	}
	return &t[index_of(gpa, level)];
}

static void replace(struct slat *s, uint64_t *e, uint64_t v, uint64_t gpa, uint32_t level,
		    leaf_fn fn, void *ctx)
{
	struct slat_leaf l;
	int kind = s->format->parse(*e, level, &l);

	entry_change(s, e, v);
	l.level = level;
	if (kind == 1 && fn)
		fn(ctx, gpa, &l);
	else if (kind == 2)
		free_table(s, hpa_ptr(l.hpa), level - 1, gpa, fn, ctx);
}

enum slat_result slat_map(struct slat *s, gpa_t gpa, hpa_t hpa, uint32_t level, uint32_t prot,
			  leaf_fn fn, void *ctx)
{
	bool no_memory;
	uint64_t *e;

	if (!in_range(s, gpa.v))
		return SLAT_OK;
	e = find(s, gpa.v, level, true, &no_memory);
	if (!e)
		return SLAT_NO_MEMORY;
	replace(s, e, s->format->leaf(hpa, prot, level), gpa.v, level, fn, ctx);
	return SLAT_OK;
}

enum slat_result slat_unmap(struct slat *s, gpa_t gpa, uint32_t level, leaf_fn fn, void *ctx)
{
	bool no_memory;
	uint64_t *e;

	if (!in_range(s, gpa.v))
		return SLAT_OK;
	e = find(s, gpa.v, level, false, &no_memory);
	if (no_memory)
		return SLAT_NO_MEMORY;
	if (e)
		replace(s, e, 0, gpa.v, level, fn, ctx);
	return SLAT_OK;
}

void *slat_fold(struct slat *s, gpa_t gpa, uint32_t level)
{
	bool no_memory;
	uint64_t *e, *t;
	struct slat_leaf l, first = { 0 };

	if (level < 2 || level > s->format->max_leaf)
		return NULL;
	/* Inside a leaf of that size or larger: find() would split it. */
	if (!slat_lookup(s, gpa, &l) || l.level >= level)
		return NULL;
	e = find(s, gpa.v, level, false, &no_memory);
	if (!e || s->format->parse(*e, level, &l) != 2)
		return NULL;
	t = hpa_ptr(l.hpa);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		if (s->format->parse(t[i], level - 1, &l) != 1)
			return NULL;
		if (i == 0)
			first = l;
		if (l.prot != first.prot ||
		    l.hpa.v != first.hpa.v + ((uint64_t)i << shift_of(level - 1)))
			return NULL;
	}
	if (first.hpa.v & (BIT(shift_of(level)) - 1))
		return NULL;
	entry_change(s, e, s->format->leaf(first.hpa, first.prot, level));
	return t;
}
