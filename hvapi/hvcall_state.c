/* SPDX-License-Identifier: MIT */
/*
 * HvCallGetVpState and HvCallSetVpState (Linux hvhdk.h; /dev/mshv). The data travels by page
 * numbers of the caller's, in the variable header, or inline: on Set behind the header, on Get in
 * the output page. docs/state.md has the types.
 */
#include <string.h>

#include <hv/vp_state.h>

#include "hvapi/handlers.h"
#include "kernel/arch.h"
#include "kernel/guest_mem.h"

static uint16_t check_header(const struct hcall_args *a, struct hv_input_vp_state *in,
			     uint32_t *size)
{
	bool xsave;

	memcpy(in, a->in, sizeof(*in));
	xsave = in->type == HV_VP_STATE_XSAVE;
	if (in->input_vtl || in->padding[0] || in->padding[1] || in->padding[2] || in->reserved ||
	    in->xsave_flags || (!xsave && in->xsave_states))
		return HV_STATUS_INVALID_PARAMETER;
	/* All VPs are asked for what is of the partition only, and for that no other is */
	if (!a->vp && !(in->type & HV_VP_STATE_ANY_VP))
		return HV_STATUS_INVALID_VP_INDEX;
	if (a->target == partition_root)
		return HV_STATUS_INVALID_VP_STATE;
	if (in->type == HV_VP_STATE_NESTED)
		return HV_STATUS_FEATURE_UNAVAILABLE;
	*size = vp_state_size(a->target, in->type);
	if (!*size)
		return HV_STATUS_INVALID_PARAMETER;
	if (a->vp && in->type & HV_VP_STATE_ANY_VP)
		return HV_STATUS_INVALID_VP_INDEX;
	return HV_STATUS_SUCCESS;
}

/* A page of the caller's, held. */
static bool pin_page(const struct hcall_args *a, uint32_t i, uint32_t need, struct guest_page *pg)
{
	uint64_t pfn;

	memcpy(&pfn, a->in + sizeof(struct hv_input_vp_state) + 8 * i, sizeof(pfn));
	return !(pfn >> (52 - PAGE_SHIFT)) &&
	       guest_mem_pin(a->caller->partition, GPA(pfn << PAGE_SHIFT), need, pg) ==
		       GUEST_MEM_OK;
}

/* Page numbers for `size` bytes: as many as it takes, no more. */
static bool pages_ok(const struct hcall_args *a, uint32_t size)
{
	return a->var_bytes / 8 == page_up(size) >> PAGE_SHIFT;
}

/* An inline answer: the output address is checked here, since other types have none. */
static uint16_t write_output(const struct hcall_args *a, const uint8_t *buf, uint32_t size)
{
	if (a->out_gpa & 7)
		return HV_STATUS_INVALID_ALIGNMENT;
	if ((a->out_gpa & (PAGE_SIZE - 1)) + size > PAGE_SIZE)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	return guest_mem_write(a->caller->partition, GPA(a->out_gpa), buf, size, NULL) ==
			       GUEST_MEM_OK
		       ? HV_STATUS_SUCCESS
		       : HV_STATUS_INVALID_PARAMETER;
}

/* Of the partition; out of line, as it is rare. get, set: one of them is NULL. */
static __attribute__((noinline)) uint16_t shared_state(struct partition *p, uint32_t type,
						       void *get, const void *set)
{
	struct lock_token t = lock_take(&p->lock);
	uint16_t status = HV_STATUS_INVALID_VP_STATE;

	if (vp_take_all(p)) {
		status = set ? arch_partition_state_set(p, type, set)
			     : arch_partition_state_get(p, type, get);
		vp_drop_all(p);
	}
	lock_drop(t);
	return status;
}

static uint16_t get(const struct hcall_args *a, const struct hv_input_vp_state *in, void *buf)
{
	struct vp *vp = a->vp;
	uint16_t status;

	if (unlikely(!vp))
		return shared_state(a->target, in->type, buf, NULL);
	if (!vp_take(vp))
		return HV_STATUS_INVALID_VP_STATE;
	arch_vp_take_mail(vp);
	status = vp_state_get(vp, in->type, in->xsave_states, buf);
	vp_drop(vp);
	return status;
}

static uint16_t set(const struct hcall_args *a, uint32_t type, const void *buf)
{
	struct vp *vp = a->vp;
	uint16_t status;

	if (unlikely(!vp))
		return shared_state(a->target, type, NULL, buf);
	if (!vp_take(vp))
		return HV_STATUS_INVALID_VP_STATE;
	arch_vp_take_mail(vp);
	status = vp_state_set(vp, type, buf);
	vp_drop(vp);
	return status;
}

/* A state of more than a page, of a VP. */
static uint16_t long_state(const struct hcall_args *a, uint32_t type, uint32_t size, bool write)
{
	uint32_t count = (uint32_t)(page_up(size) >> PAGE_SHIFT), n = 0;
	uint32_t need = write ? SLAT_R : SLAT_R | SLAT_W;
	uint16_t status = HV_STATUS_INVALID_PARAMETER;
	struct guest_page pg[VP_STATE_PAGES_MAX];
	void *ptr[VP_STATE_PAGES_MAX];

	while (n < count && pin_page(a, n, need, &pg[n])) {
		ptr[n] = pg[n].ptr;
		n++;
	}
	if (n == count) {
		status = HV_STATUS_INVALID_VP_STATE;
		if (vp_take(a->vp)) {
			arch_vp_take_mail(a->vp);
			status = write ? arch_state_set_pages(a->vp, type, ptr)
				       : arch_state_get_pages(a->vp, type, ptr);
			vp_drop(a->vp);
		}
	}
	while (n)
		guest_mem_unpin(&pg[--n]);
	return status;
}

/* By page the state goes straight into the caller's: it is written, never read. */
uint16_t hvcall_get_vp_state(struct hcall_args *a)
{
	uint8_t *buf = this_cpu()->hcall_out; /* free: no output of the generic kind */
	struct hv_input_vp_state in;
	struct guest_page pg;
	uint32_t size = 0;
	uint16_t status = check_header(a, &in, &size);

	if (status != HV_STATUS_SUCCESS)
		return status;
	if (in.type & HV_VP_STATE_PFN) {
		if (!pages_ok(a, size))
			return HV_STATUS_INVALID_PARAMETER;
		if (unlikely(size > PAGE_SIZE))
			return long_state(a, in.type, size, false);
		if (!pin_page(a, 0, SLAT_R | SLAT_W, &pg))
			return HV_STATUS_INVALID_PARAMETER;
		status = get(a, &in, pg.ptr);
		guest_mem_unpin(&pg);
		return status;
	}
	if (a->var_bytes)
		return HV_STATUS_INVALID_PARAMETER;
	status = get(a, &in, buf);
	return status == HV_STATUS_SUCCESS ? write_output(a, buf, size) : status;
}

uint16_t hvcall_set_vp_state(struct hcall_args *a)
{
	uint8_t *buf = this_cpu()->hcall_out;
	struct hv_input_vp_state in;
	struct guest_page pg;
	uint32_t size = 0;
	uint16_t status = check_header(a, &in, &size);

	if (status != HV_STATUS_SUCCESS)
		return status;
	if (!(in.type & HV_VP_STATE_PFN)) {
		if (a->var_bytes != size)
			return HV_STATUS_INVALID_PARAMETER;
		memcpy(buf, a->in + sizeof(in), size);
		return set(a, in.type, buf);
	}
	if (!pages_ok(a, size))
		return HV_STATUS_INVALID_PARAMETER;
	if (unlikely(size > PAGE_SIZE))
		return long_state(a, in.type, size, true);
	if (!pin_page(a, 0, SLAT_R, &pg))
		return HV_STATUS_INVALID_PARAMETER;
	/* What has to be judged is copied first; what may hold anything is read once by its Set. */
	if (!vp_state_any_bytes(in.type)) {
		memcpy(buf, pg.ptr, size);
		status = set(a, in.type, buf);
	} else {
		status = set(a, in.type, pg.ptr);
	}
	guest_mem_unpin(&pg);
	return status;
}
