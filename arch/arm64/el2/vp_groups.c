/* SPDX-License-Identifier: MIT */
/* State types of arm64 beside the neutral ones: the GIC's, of a VP and of the partition, and SVE.
 */
#include <hv/vp_state.h>
#include <hv/vp_state_arm64.h>

#include <string.h>

#include "arch/arm64/el2/el2.h"
#include "kernel/arch.h"

#define SVE_Z_REGS 32u
#define SVE_P_REGS 16u /* and FFR */

uint32_t arch_state_size(const struct partition *p, uint32_t type)
{
	switch (type) {
	case HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER:
		return sizeof(struct hv_arm64_local_interrupt_controller_state);
	case HV_VP_STATE_GLOBAL_INTERRUPT_ARM64:
		return vgic_global_size(p->arch.gic);
	case HV_VP_STATE_SVE:
		return identity_sve(p)
			       ? (uint32_t)sizeof(struct hv_arm64_sve_state) +
					 SVE_Z_REGS * cpu_sve_vl + (SVE_P_REGS + 1) * cpu_sve_vl / 8
			       : 0;
	default:
		return 0;
	}
}

/* -- SVE -----------------------------------------------------------------------------------------
 */
/* A place in the caller's pages. */
struct cursor {
	void *const *pages;
	uint32_t at;
};

/* The rest of a page at most; *n is what it is. */
static uint8_t *piece(const struct cursor *c, uint32_t want, uint32_t *n)
{
	uint32_t off = c->at % PAGE_SIZE;

	*n = MIN(want, (uint32_t)PAGE_SIZE - off);
	return (uint8_t *)c->pages[c->at / PAGE_SIZE] + off;
}

static void put(struct cursor *c, const void *from, uint32_t size)
{
	for (uint32_t done = 0, n; done < size; done += n, c->at += n) {
		uint8_t *to = piece(c, size - done, &n);

		memcpy(to, (const uint8_t *)from + done, n);
	}
}

static void take(struct cursor *c, void *to, uint32_t size)
{
	for (uint32_t done = 0, n; done < size; done += n, c->at += n) {
		const uint8_t *from = piece(c, size - done, &n);

		memcpy((uint8_t *)to + done, from, n);
	}
}

static void get_sve(const struct arch_vp *a, void *const *pages)
{
	struct hv_arm64_sve_state h = { .version = HV_ARM64_SVE_VERSION,
					.register_data_offset = sizeof(h),
					.vector_length = cpu_sve_vl };
	struct cursor c = { pages, 0 };

	put(&c, &h, sizeof(h));
	put(&c, a->z[0], SVE_Z_REGS / 2 * cpu_sve_vl);
	put(&c, a->z[1], SVE_Z_REGS / 2 * cpu_sve_vl);
	put(&c, a->fp->p, (SVE_P_REGS + 1) * cpu_sve_vl / 8);
}

/* FFR holds ones from the bottom up and nothing else (Arm ARM, B1.2.3): else reads are UNKNOWN. */
static bool ffr_ok(const uint8_t *ffr, uint32_t size)
{
	bool ended = false;

	for (uint32_t i = 0; i < size; i++) {
		uint32_t b = ffr[i];

		if ((ended && b) || b & (b + 1))
			return false;
		ended |= b != 0xff;
	}
	return true;
}

static uint16_t set_sve(struct arch_vp *a, void *const *pages)
{
	uint32_t p = cpu_sve_vl / 8;
	struct cursor head = { pages, 0 }, c = { pages, sizeof(struct hv_arm64_sve_state) },
		      last = { pages, c.at + SVE_Z_REGS * cpu_sve_vl + SVE_P_REGS * p };
	uint8_t *ps = a->fp->p, ffr[SVE_VL_MAX / 8];
	struct hv_arm64_sve_state h;

	take(&head, &h, sizeof(h));
	take(&last, ffr, p);
	if (h.version != HV_ARM64_SVE_VERSION || h.register_data_offset != sizeof(h) ||
	    h.vector_length != cpu_sve_vl || h.reserved || !ffr_ok(ffr, p))
		return HV_STATUS_INVALID_PARAMETER;
	take(&c, a->z[0], SVE_Z_REGS / 2 * cpu_sve_vl);
	take(&c, a->z[1], SVE_Z_REGS / 2 * cpu_sve_vl);
	take(&c, ps, SVE_P_REGS * p);
	memcpy(ps + SVE_P_REGS * p, ffr, p);
	return HV_STATUS_SUCCESS;
}

uint16_t arch_state_get_pages(struct vp *vp, uint32_t type, void *const *pages)
{
	if (type != HV_VP_STATE_SVE || !identity_sve(vp->partition))
		return HV_STATUS_INVALID_PARAMETER;
	get_sve(&vp->arch, pages);
	return HV_STATUS_SUCCESS;
}

uint16_t arch_state_set_pages(struct vp *vp, uint32_t type, void *const *pages)
{
	if (type != HV_VP_STATE_SVE || !identity_sve(vp->partition))
		return HV_STATUS_INVALID_PARAMETER;
	return set_sve(&vp->arch, pages);
}

/* -- the GIC -------------------------------------------------------------------------------------
 */
/* No VP is in a guest: VGIC_AGAIN cannot be. VGIC_ABSENT: a table of the guest's LPIs is not there.
 */
static uint16_t status_of(enum vgic_result r, struct partition *p, struct vgic_op *op)
{
	vp_gic_kick(p, op);
	switch (r) {
	case VGIC_OK:
		return HV_STATUS_SUCCESS;
	case VGIC_FAULT:
		return HV_STATUS_INVALID_PARAMETER;
	default:
		return HV_STATUS_INVALID_VP_STATE;
	}
}

uint16_t arch_state_get(struct vp *vp, uint32_t type, uint64_t states, void *buf)
{
	struct vgic_op op = { 0 };

	(void)states;
	if (type == HV_VP_STATE_SVE)
		return arch_state_get_pages(vp, type, &buf);
	if (type != HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER)
		return HV_STATUS_INVALID_PARAMETER;
	return status_of(vgic_get_local(vp->arch.gic, buf, &op), vp->partition, &op);
}

uint16_t arch_state_set(struct vp *vp, uint32_t type, const void *buf)
{
	void *page = (void *)(uintptr_t)buf;
	struct vgic_op op = { 0 };

	if (type == HV_VP_STATE_SVE)
		return arch_state_set_pages(vp, type, &page);
	if (type != HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER)
		return HV_STATUS_INVALID_PARAMETER;
	return status_of(vgic_set_local(vp->arch.gic, buf, &op), vp->partition, &op);
}

uint16_t arch_partition_state_get(struct partition *p, uint32_t type, void *buf)
{
	struct vgic_op op = { 0 };

	if (type != HV_VP_STATE_GLOBAL_INTERRUPT_ARM64)
		return HV_STATUS_INVALID_PARAMETER;
	return status_of(vgic_get_global(p->arch.gic, buf), p, &op);
}

uint16_t arch_partition_state_set(struct partition *p, uint32_t type, const void *buf)
{
	struct vgic_op op = { 0 };

	if (type != HV_VP_STATE_GLOBAL_INTERRUPT_ARM64)
		return HV_STATUS_INVALID_PARAMETER;
	return status_of(vgic_set_global(p->arch.gic, buf, vgic_global_size(p->arch.gic), &op), p,
			 &op);
}
