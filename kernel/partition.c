/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "kernel/arch.h"
#include "kernel/frame.h"
#include "kernel/log.h"
#include "kernel/smp.h"

struct partition *partition_root;

static struct lock table_lock;
/* By the id's low bits, so that no look-up searches. table_lock */
static struct partition *table[PARTITION_MAX];
static uint64_t next_id = 1; /* table_lock; ids are never used twice */

static uint32_t slot_of(hv_partition_id id)
{
	return (uint32_t)((id - PARTITION_ROOT_ID) % PARTITION_MAX);
}

static void *source_alloc(void *ctx)
{
	return pool_alloc(&((struct partition *)ctx)->pool);
}

static void source_free(void *ctx, void *page)
{
	pool_free_later(&((struct partition *)ctx)->pool, page);
}

static struct slat_source source_of(struct partition *p)
{
	return (struct slat_source){ source_alloc, source_free, p };
}

void partition_init_root(struct partition *p)
{
	p->id = PARTITION_ROOT_ID;
	p->slot = slot_of(p->id);
	p->state = PARTITION_ACTIVE;
	p->privileges = HV_PARTITION_PRIVILEGES_ROOT;
	next_id = PARTITION_ROOT_ID + 1;
	table[p->slot] = p;
	partition_root = p;
}

struct partition *partition_get(struct partition *caller, hv_partition_id id)
{
	struct partition *p = NULL;
	struct lock_token t;

	if (id == HV_PARTITION_ID_SELF || id == caller->id) {
		(void)atomic_add(&caller->users, 1);
		return caller;
	}
	/* Only the root has children, so only it can name another partition. */
	if (caller != partition_root)
		return NULL;
	t = lock_take(&table_lock);
	p = table[slot_of(id)];
	if (p && p->id != id)
		p = NULL;
	if (p)
		(void)atomic_add(&p->users, 1);
	lock_drop(t);
	return p;
}

struct partition *partition_enter_ipc(hv_partition_id id, struct lock_token *t)
{
	struct lock_token tt = lock_take(&table_lock);
	struct partition *p = table[slot_of(id)];

	if (p && (p->id != id || atomic_load(&p->state) != PARTITION_ACTIVE))
		p = NULL;
	if (p)
		*t = lock_take(&p->ipc.lock);
	lock_drop(tt);
	return p;
}

void partition_put(struct partition *p)
{
	(void)__atomic_sub_fetch(&p->users, 1, __ATOMIC_RELEASE);
}

uint16_t partition_create(struct partition *parent, const struct hv_input_create_partition *in,
			  hv_partition_id *id)
{
	uint16_t status = HV_STATUS_NO_RESOURCES;
	struct partition *p = NULL;
	struct lock_token t, pt;
	uint64_t new_id;

	_Static_assert(sizeof(struct partition) <= PAGE_SIZE, "a partition is one page");
	t = lock_take(&table_lock);
	for (new_id = next_id; table[slot_of(new_id)]; new_id++)
		if (new_id == next_id + PARTITION_MAX)
			goto out;
	pt = lock_take(&parent->lock);
	p = pool_alloc(&parent->pool);
	lock_drop(pt);
	if (!p) {
		status = HV_STATUS_INSUFFICIENT_MEMORY;
		goto out;
	}
	next_id = new_id + 1;
	p->id = new_id;
	p->slot = slot_of(new_id);
	p->state = PARTITION_CREATED;
	p->create_flags = in->flags;
	p->privileges = HV_PARTITION_PRIVILEGES_GUEST | ARCH_PARTITION_FEATURES;
	p->disabled_features[0] = in->disabled_processor_features[0];
	p->disabled_features[1] = in->disabled_processor_features[1];
	p->disabled_features[2] = in->disabled_xsave_features;
	table[p->slot] = p;
	*id = p->id;
	status = HV_STATUS_SUCCESS;
out:
	lock_drop(t);
	return status;
}

uint16_t partition_initialize(struct partition *p)
{
	struct lock_token t = lock_take(&p->lock);
	uint16_t status = HV_STATUS_INVALID_PARTITION_STATE;

	if (p->state != PARTITION_CREATED)
		goto out;
	status = HV_STATUS_INSUFFICIENT_MEMORY;
	if (!slat_init(&p->slat, arch_slat_format, source_of(p)))
		goto out;
	p->hypercall_page = pool_alloc(&p->pool);
	p->tsc_page = pool_alloc(&p->pool);
	p->cpuid_results = pool_alloc(&p->pool);
	if (p->hypercall_page && p->tsc_page && p->cpuid_results)
		status = arch_partition_init(p);
	if (status == HV_STATUS_SUCCESS) {
		atomic_store(&p->state, PARTITION_ACTIVE);
		goto out;
	}
	/* Give back what was taken: the call is repeated after the next deposit. */
	if (p->cpuid_results)
		pool_free(&p->pool, p->cpuid_results);
	if (p->tsc_page)
		pool_free(&p->pool, p->tsc_page);
	if (p->hypercall_page)
		pool_free(&p->pool, p->hypercall_page);
	p->cpuid_results = NULL;
	p->tsc_page = p->hypercall_page = NULL;
	slat_destroy(&p->slat, NULL, NULL);
	pool_flushed(&p->pool);
out:
	lock_drop(t);
	return status;
}

static void release_leaf(void *ctx, uint64_t gpa, struct slat_leaf *l)
{
	uint64_t pages = 1ull << (9 * (l->level - 1));

	(void)ctx;
	(void)gpa;
	/* A no-access leaf holds nothing; an overlay's page is a deposit and was never held. */
	if (!(l->prot & SLAT_RWX))
		return;
	for (uint64_t pfn = l->hpa.v >> PAGE_SHIFT, end = pfn + pages; pfn < end; pfn++) {
		if (frame_state(pfn) != FRAME_ROOT)
			continue;
		arch_pages_handed(pfn, 1);
		frame_release(pfn);
	}
}

/*
 * Ends every VP, mapping and table; the pages stay in the pool for the root to withdraw. Refused
 * while a VP runs or another call works on the partition.
 */
uint16_t partition_finalize(struct partition *p)
{
	uint16_t status = HV_STATUS_INVALID_PARTITION_STATE;
	struct lock_token t;
	bool active;

	if (p == partition_root)
		return HV_STATUS_ACCESS_DENIED;
	t = lock_take(&p->lock);
	active = p->state == PARTITION_ACTIVE;
	if (!active && p->state != PARTITION_CREATED)
		goto out;
	status = HV_STATUS_OBJECT_IN_USE;
	if (atomic_load(&p->users) > 1)
		goto out;
	if (!vp_take_all(p))
		goto out;
	atomic_store(&p->state, PARTITION_FINALIZED);
	if (active) {
		port_close_all(p);
		smp_flush_slat(&p->slat);
		overlay_drop_all(p);
	}
	for (uint32_t i = 0; i < PARTITION_MAX_VPS; i++) {
		struct vp *vp = p->vps[i];

		atomic_store(&p->vps[i], NULL);
		if (vp)
			vp_free(vp);
	}
	p->vp_count = 0;
	if (active) {
		slat_destroy(&p->slat, release_leaf, NULL);
		arch_partition_free(p);
		pool_free(&p->pool, p->cpuid_results);
		pool_free(&p->pool, p->tsc_page);
		pool_free(&p->pool, p->hypercall_page);
		p->cpuid_results = NULL;
		pool_flushed(&p->pool);
	}
	status = HV_STATUS_SUCCESS;
out:
	lock_drop(t);
	return status;
}

uint16_t partition_delete(struct partition *p)
{
	uint16_t status = HV_STATUS_INVALID_PARTITION_STATE;
	struct lock_token t, rt;

	if (p == partition_root)
		return HV_STATUS_ACCESS_DENIED;
	t = lock_take(&table_lock);
	if (p->state != PARTITION_FINALIZED && p->state != PARTITION_CREATED)
		goto out;
	/* Everything deposited must have been withdrawn, and nobody else may hold the structure. */
	status = HV_STATUS_OBJECT_IN_USE;
	if (p->pool.total != 0 || atomic_load(&p->users) > 1)
		goto out;
	table[p->slot] = NULL;
	/* A sender that found it before its end may still be about to find nothing in it. */
	lock_drop(lock_take(&p->ipc.lock));
	rt = lock_take(&partition_root->lock);
	pool_free(&partition_root->pool, p);
	lock_drop(rt);
	status = HV_STATUS_SUCCESS;
out:
	lock_drop(t);
	return status;
}

void partition_unimplemented(struct partition *p, uint32_t kind, const char *what, uint64_t arg)
{
	uint64_t bit = 1ull << (kind & 63);

	if (atomic_or(&p->warned, bit) & bit)
		return;
	log_warn("partition %llu: %s %llx is not implemented", (unsigned long long)p->id, what,
		 (unsigned long long)arg);
}
