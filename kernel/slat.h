/* SPDX-License-Identifier: MIT */
/*
 * Second-level address translation: one walker over a per-format table of callbacks (NPT here;
 * EPT and stage 2 fit the same shape). A mapping is a leaf of 4 KiB, 2 MiB or 1 GiB with a
 * protection; "no access" is a mapping too (decision 17), kept in the entry's ignored bits.
 *
 * The slat's lock (its partition's, or the root-memory lock) guards every call. Walkers of the
 * hardware run beside us: an entry is changed by one 64-bit store, and a table is filled before it
 * is linked. Callers flush (smp_flush_slat) before a frame that lost a mapping is reused.
 */
#ifndef KERNEL_SLAT_H
#define KERNEL_SLAT_H

#include "kernel/addr.h"
#include "kernel/lock.h"

#define SLAT_R	 1u
#define SLAT_W	 2u
#define SLAT_X	 4u
#define SLAT_RWX (SLAT_R | SLAT_W | SLAT_X)
/* Memory type; none of them: write-back. NPT knows only the first, and obeys the MTRRs besides. */
#define SLAT_UC	  8u
#define SLAT_WC	  16u
#define SLAT_WT	  32u
#define SLAT_WP	  64u
#define SLAT_TYPE (SLAT_UC | SLAT_WC | SLAT_WT | SLAT_WP)

struct slat_leaf {
	hpa_t hpa;	/* of the leaf's first byte */
	uint32_t prot;	/* SLAT_*; none of SLAT_RWX: no access */
	uint32_t level; /* 1: 4 KiB, 2: 2 MiB, 3: 1 GiB */
};

struct slat;

struct slat_format {
	uint32_t levels;
	uint32_t max_leaf; /* largest level a leaf may have */
	bool typed;	   /* the memory type is the leaf's alone: MTRRs do not reach through */
	uint64_t (*table)(hpa_t next);
	uint64_t (*leaf)(hpa_t to, uint32_t prot, uint32_t level);
	/* 0: not mapped, 1: leaf (out filled but for level), 2: table (out->hpa) */
	int (*parse)(uint64_t entry, uint32_t level, struct slat_leaf *out);
	/*
	 * Change an entry that the hardware may be using, where one store is not enough (Arm:
	 * break-before-make). NULL: it is.
	 */
	void (*change)(const struct slat *s, uint64_t *e, uint64_t v);
};

/* Where table pages come from and go to. alloc gives a zeroed page or NULL. */
struct slat_source {
	void *(*alloc)(void *ctx);
	void (*free)(void *ctx, void *page);
	void *ctx;
};

struct slat {
	const struct slat_format *format;
	struct slat_source source;
	uint64_t *root;	     /* NULL until slat_init */
	uint64_t generation; /* bumped by each change that takes rights away; smp.c */
};

/* No guest may execute from a leaf larger than 4 KiB. Set at boot. */
extern bool slat_small_exec;

bool slat_init(struct slat *s, const struct slat_format *f, struct slat_source src);
/* Frees every table, calling leaf_fn on each leaf first. */
void slat_destroy(struct slat *s, void (*leaf_fn)(void *ctx, uint64_t gpa, struct slat_leaf *l),
		  void *ctx);

/* True when gpa lies under a mapping (also a no-access one). */
bool slat_lookup(const struct slat *s, gpa_t gpa, struct slat_leaf *out);

enum slat_result { SLAT_OK, SLAT_NO_MEMORY };

/*
 * Map [gpa, + one leaf of level) to hpa, replacing what was there. Both aligned to the leaf.
 * Larger leaves in the way are split first (which may need a table page); a subtree of smaller
 * ones is replaced and its tables freed: drop_fn, when given, sees each replaced leaf.
 * SLAT_NO_MEMORY: nothing changed that a guest could notice.
 */
enum slat_result slat_map(struct slat *s, gpa_t gpa, hpa_t hpa, uint32_t level, uint32_t prot,
			  void (*drop_fn)(void *ctx, uint64_t gpa, struct slat_leaf *l), void *ctx);
enum slat_result slat_unmap(struct slat *s, gpa_t gpa, uint32_t level,
			    void (*drop_fn)(void *ctx, uint64_t gpa, struct slat_leaf *l),
			    void *ctx);
/*
 * Fold 512 leaves that map one contiguous, aligned range with one protection into a larger leaf.
 * True when it did; the table page is freed (after the caller's flush it may be reused, so the
 * page is handed to the caller instead of the source).
 */
void *slat_fold(struct slat *s, gpa_t gpa, uint32_t level);

#endif
