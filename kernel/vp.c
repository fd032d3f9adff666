/* SPDX-License-Identifier: MIT */
#include "kernel/vp.h"

#include <string.h>

#include "hvapi/msr.h"
#include "kernel/arch.h"
#include "kernel/smp.h"

_Static_assert(sizeof(struct vp) <= PAGE_SIZE, "a VP is one page and those of vp_init()");
_Static_assert(sizeof(struct hv_synic) + sizeof(struct hv_stimers) <= PAGE_SIZE,
	       "SynIC and timers share a page");

struct vp *vp_find(struct partition *p, uint32_t index)
{
	return index < PARTITION_MAX_VPS ? atomic_load(&p->vps[index]) : NULL;
}

bool vp_take(struct vp *vp)
{
	uint32_t idle = VP_IDLE;

	return atomic_cas(&vp->owner, &idle, VP_ACCESSED);
}

void vp_drop(struct vp *vp)
{
	arch_vp_release(vp);
	atomic_store(&vp->owner, VP_IDLE);
}

void vp_drop_all(struct partition *p)
{
	for (uint32_t i = 0; i < PARTITION_MAX_VPS; i++)
		if (p->vps[i])
			vp_drop(p->vps[i]);
}

bool vp_take_all(struct partition *p)
{
	for (uint32_t i = 0; i < PARTITION_MAX_VPS; i++)
		if (p->vps[i] && !vp_take(p->vps[i])) {
			while (i--)
				if (p->vps[i])
					vp_drop(p->vps[i]);
			return false;
		}
	return true;
}

void vp_kick(struct vp *vp)
{
	struct percpu *cpu;
	uint32_t on;

	if (atomic_load(&vp->owner) != VP_RUNNING)
		return;
	/*
	 * On its way in it looks at the mail after it has said where it runs; so what is read here
	 * may be old only if it has yet to look. It may just be leaving, or have moved on: then the
	 * kick is one exit too many, no more.
	 */
	on = atomic_load(&vp->cpu);
	if (on >= percpu_count)
		return;
	cpu = percpu_of(on);
	if (cpu->index != this_cpu()->index && atomic_load(&cpu->running)) {
		atomic_store(&cpu->kick, 1);
		arch_kick(cpu);
	}
}

void vp_post(struct vp *vp, uint32_t mail)
{
	(void)atomic_or(&vp->mail, mail);
	vp_kick(vp);
}

void vp_post_irq(struct vp *vp, uint8_t vector, bool level)
{
	uint64_t bit = 1ull << (vector & 63);

	if (level)
		(void)atomic_or(&vp->mail_level[vector >> 6], bit);
	(void)atomic_or(&vp->mail_irr[vector >> 6], bit);
	vp_post(vp, VP_MAIL_IRQ);
}

/* The pool's pages a VP owns, so that giving them back is one loop. */
static void **pages_of(struct vp *vp, uint32_t i)
{
	switch (i) {
	case 0:
		return (void **)&vp->synic;
	case 1:
		return (void **)&vp->message_page;
	case 2:
		return &vp->register_page;
	case 3:
		return &vp->overlay_page[VP_OVERLAY_SIMP];
	case 4:
		return &vp->overlay_page[VP_OVERLAY_SIEFP];
	case 5:
		return &vp->overlay_page[VP_OVERLAY_ASSIST];
	case 6:
		return vp->partition == partition_root ? &vp->overlay_page[VP_OVERLAY_RING] : NULL;
	default:
		return NULL;
	}
}

static void give_back(struct vp *vp)
{
	void **at;

	for (uint32_t i = 0; (at = pages_of(vp, i)) != NULL; i++)
		if (*at) {
			pool_free(&vp->partition->pool, *at);
			*at = NULL;
		}
}

uint16_t vp_init(struct vp *vp, struct partition *p, uint32_t index)
{
	uint16_t status;
	void **at;

	vp->partition = p;
	vp->index = index;
	for (uint32_t i = 0; (at = pages_of(vp, i)) != NULL; i++) {
		*at = pool_alloc(&p->pool);
		if (!*at) {
			give_back(vp);
			return HV_STATUS_INSUFFICIENT_MEMORY;
		}
	}
	vp->stimers = (struct hv_stimers *)(vp->synic + 1);
	synic_init(vp->synic, vp->overlay_page[VP_OVERLAY_SIMP],
		   vp->overlay_page[VP_OVERLAY_SIEFP]);
	if (p == partition_root)
		synic_init_root(vp->synic, vp->overlay_page[VP_OVERLAY_RING]);
	stimer_reset(vp->stimers);
	status = arch_vp_init(vp);
	if (status != HV_STATUS_SUCCESS)
		give_back(vp);
	return status;
}

uint16_t vp_create(struct partition *p, uint32_t index)
{
	uint16_t status = HV_STATUS_INVALID_PARTITION_STATE;
	struct lock_token t = lock_take(&p->lock);
	struct vp *vp;

	if (p->state != PARTITION_ACTIVE)
		goto out;
	status = HV_STATUS_INVALID_VP_INDEX;
	if (index >= PARTITION_MAX_VPS || p->vps[index])
		goto out;
	status = HV_STATUS_INSUFFICIENT_MEMORY;
	/* All or nothing: Linux repeats the call after each deposit. */
	if (p->pool.free_count < VP_PAGES + 1)
		goto out;
	vp = pool_alloc(&p->pool);
	if (!vp)
		goto out;
	status = vp_init(vp, p, index);
	if (status != HV_STATUS_SUCCESS) {
		pool_free(&p->pool, vp);
		goto out;
	}
	arch_vp_reset(vp, false);
	arch_vp_release(vp);
	p->vp_count++;
	atomic_store(&p->vps[index], vp);
out:
	lock_drop(t);
	return status;
}

/* The VP is taken, out of the partition's table, and the partition's lock is held. */
void vp_free(struct vp *vp)
{
	struct partition *p = vp->partition;

	if (vp->message_mapped)
		root_close_page(p, vp->message_page);
	if (vp->register_mapped)
		root_close_page(p, vp->register_page);
	arch_vp_free(vp);
	give_back(vp);
	pool_free(&p->pool, vp);
}

/*
 * Another call that holds the partition may have found the VP and be about to use it: either its
 * hold is seen here, or it does not find the VP any longer.
 */
static bool take_out(struct partition *p, struct vp *vp)
{
	if (atomic_load(&p->users) > 1)
		return false;
	(void)atomic_xchg(&p->vps[vp->index], NULL);
	if (likely(atomic_load(&p->users) <= 1))
		return true;
	atomic_store(&p->vps[vp->index], vp);
	return false;
}

uint16_t vp_delete(struct partition *p, uint32_t index)
{
	uint16_t status = HV_STATUS_SUCCESS;
	struct lock_token t = lock_take(&p->lock);
	struct vp *vp = vp_find(p, index);

	if (!vp) {
		status = HV_STATUS_INVALID_VP_INDEX;
	} else if (!vp_take(vp)) {
		status = HV_STATUS_INVALID_VP_STATE;
	} else if (!take_out(p, vp)) {
		vp_drop(vp);
		status = HV_STATUS_OBJECT_IN_USE;
	} else {
		for (uint32_t i = 0; i < VP_OVERLAYS; i++)
			(void)overlay_set(p, &vp->overlays[i], NULL, false, 0);
		port_forget_vp(vp);
		p->vp_count--;
		vp_free(vp);
	}
	lock_drop(t);
	return status;
}
