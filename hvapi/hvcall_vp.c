/* SPDX-License-Identifier: MIT */
/* Virtual processors (TLFS, "Virtual processor management"). */
#include <string.h>

#include "hvapi/handlers.h"
#include "kernel/arch.h"

uint16_t hvcall_create_vp(struct hcall_args *a)
{
	struct hv_input_create_vp in;

	memcpy(&in, a->in, sizeof(in));
	if (in.flags || in.padding[0] || in.padding[1] || in.padding[2])
		return HV_STATUS_INVALID_PARAMETER;
	return vp_create(a->target, in.vp_index);
}

uint16_t hvcall_delete_vp(struct hcall_args *a)
{
	struct hv_input_vp in;

	memcpy(&in, a->in, sizeof(in));
	return in.padding ? HV_STATUS_INVALID_PARAMETER : vp_delete(a->target, in.vp_index);
}

/* Header of the register calls: VTL 0 only, reserved bytes zero. */
static bool header_ok(const struct hcall_args *a)
{
	struct hv_input_vp_registers in;

	memcpy(&in, a->in, sizeof(in));
	return !in.input_vtl && !in.padding[0] && !in.padding[1] && !in.padding[2];
}

/*
 * Whose registers: the caller's own, which runs here and now (then only those that the hypervisor
 * gives it), or those of a VP that is taken for the call.
 */
static uint16_t registers_take(const struct hcall_args *a, bool *own)
{
	uint64_t need = HV_PARTITION_PRIVILEGE_CREATE_PARTITIONS;

	*own = ARCH_SELF_REGISTERS && a->vp == a->caller;
	if (!*own && (a->caller->partition->privileges & need) != need)
		return HV_STATUS_ACCESS_DENIED;
	if (!header_ok(a))
		return HV_STATUS_INVALID_PARAMETER;
	if (*own)
		return HV_STATUS_SUCCESS;
	if (a->vp->partition == partition_root || !vp_take(a->vp))
		return HV_STATUS_INVALID_VP_STATE;
	arch_vp_take_mail(a->vp);
	return HV_STATUS_SUCCESS;
}

/* The partition's own (HV_ANY_VP), for its parent alone; no VP of it runs meanwhile. */
static __attribute__((noinline)) uint16_t shared_registers(struct hcall_args *a, bool set)
{
	uint64_t need = HV_PARTITION_PRIVILEGE_CREATE_PARTITIONS;
	uint16_t status = HV_STATUS_SUCCESS;
	uint32_t i = a->rep_start;
	struct lock_token t;

	if (a->target == a->caller->partition)
		return HV_STATUS_INVALID_VP_INDEX;
	if ((a->caller->partition->privileges & need) != need)
		return HV_STATUS_ACCESS_DENIED;
	if (!header_ok(a))
		return HV_STATUS_INVALID_PARAMETER;
	t = lock_take(&a->target->lock);
	if (a->target->state != PARTITION_ACTIVE) {
		status = HV_STATUS_INVALID_PARTITION_STATE;
	} else if (!vp_take_all(a->target)) {
		status = HV_STATUS_INVALID_VP_STATE;
	} else {
		for (; status == HV_STATUS_SUCCESS && i < a->rep_count; i++) {
			struct hv_register_assoc r = { .name = 0 };

			memcpy(&r, a->list + (set ? sizeof(r) : 4) * i, set ? sizeof(r) : 4);
			if (r.padding || r.reserved)
				status = HV_STATUS_INVALID_PARAMETER;
			else if (set)
				status = arch_partition_set_register(a->target, r.name, &r.value);
			else
				status = arch_partition_get_register(a->target, r.name, &r.value);
			if (status != HV_STATUS_SUCCESS)
				break;
			if (!set)
				memcpy(a->out_list + 16 * i, &r.value, sizeof(r.value));
		}
		vp_drop_all(a->target);
	}
	lock_drop(t);
	a->reps_done = i;
	return status;
}

/* Registers that are a plain word of the VP are done right here: lists are mostly those. */
static uint32_t get_plain(struct vp *vp, const uint8_t *names, uint8_t *values, uint32_t i,
			  uint32_t count)
{
	for (; i < count; i++) {
		union hv_register_value v = { { 0, 0 } };
		uint32_t name;

		memcpy(&name, names + 4 * i, sizeof(name));
		if (!arch_is_plain(name))
			break;
		v.reg64 = *arch_plain_word(&vp->arch, name);
		memcpy(values + 16 * i, &v, sizeof(v));
	}
	return i;
}

static uint32_t set_plain(struct vp *vp, const uint8_t *list, uint32_t i, uint32_t count)
{
	for (; i < count; i++) {
		struct hv_register_assoc r;

		memcpy(&r, list + 32 * i, sizeof(r));
		if (!arch_is_plain(r.name) || r.padding || r.reserved)
			break;
		*arch_plain_word(&vp->arch, r.name) = r.value.reg64;
	}
	return i;
}

uint16_t hvcall_get_vp_registers(struct hcall_args *a)
{
	uint32_t i = a->rep_start;
	bool own;
	uint16_t status;

	if (ARCH_SHARED_REGISTERS && unlikely(!a->vp))
		return shared_registers(a, false);
	status = registers_take(a, &own);
	if (status != HV_STATUS_SUCCESS)
		return status;
	for (;; i++) {
		union hv_register_value v = { { 0, 0 } };
		uint32_t name;

		if (!own)
			i = get_plain(a->vp, a->list, a->out_list, i, a->rep_count);
		if (i == a->rep_count)
			break;
		memcpy(&name, a->list + 4 * i, sizeof(name));
		status = own && !arch_own_register(a->vp, name) ? HV_STATUS_UNKNOWN_REGISTER_NAME
								: vp_get_register(a->vp, name, &v);
		if (status != HV_STATUS_SUCCESS)
			break;
		memcpy(a->out_list + 16 * i, &v, sizeof(v));
	}
	a->reps_done = i;
	if (!own)
		vp_drop(a->vp);
	return status;
}

uint16_t hvcall_set_vp_registers(struct hcall_args *a)
{
	uint32_t i = a->rep_start;
	bool own;
	uint16_t status;

	if (ARCH_SHARED_REGISTERS && unlikely(!a->vp))
		return shared_registers(a, true);
	status = registers_take(a, &own);
	if (status != HV_STATUS_SUCCESS)
		return status;
	for (;; i++) {
		struct hv_register_assoc r;

		if (!own)
			i = set_plain(a->vp, a->list, i, a->rep_count);
		if (i == a->rep_count)
			break;
		memcpy(&r, a->list + 32 * i, sizeof(r));
		if (r.padding || r.reserved)
			status = HV_STATUS_INVALID_PARAMETER;
		else if (own && !arch_own_register(a->vp, r.name))
			status = HV_STATUS_UNKNOWN_REGISTER_NAME;
		else
			status = vp_set_register(a->vp, r.name, &r.value);
		if (status != HV_STATUS_SUCCESS)
			break;
	}
	a->reps_done = i;
	if (!own)
		vp_drop(a->vp);
	return status;
}

uint16_t hvcall_dispatch_vp(struct hcall_args *a)
{
	struct hv_input_dispatch_vp in;
	struct hv_output_dispatch_vp out = { 0, 0 };
	uint16_t status;

	memcpy(&in, a->in, sizeof(in));
	if (in.flags & ~HV_DISPATCH_VP_FLAG_CLEAR_INTERCEPT_SUSPEND || in.time_slice ||
	    in.spec_ctrl)
		return HV_STATUS_INVALID_PARAMETER;
	if (a->vp->partition == partition_root || a->vp->partition->state != PARTITION_ACTIVE)
		return HV_STATUS_INVALID_PARTITION_STATE;
	status = vp_dispatch(a->vp, in.flags, &out.dispatch_state, &out.dispatch_event);
	memcpy(a->out, &out, sizeof(out));
	return status;
}

/*
 * The VP waits for a lock that another may hold: the dispatch ends as if for an interrupt, and the
 * root may run that one before it comes back. There is no error but not to be offered the call.
 */
uint16_t hvcall_notify_long_spin_wait(struct hcall_args *a)
{
	vp_post(a->caller, VP_MAIL_YIELD);
	return HV_STATUS_SUCCESS;
}

static uint16_t state_page(struct hcall_args *a, void **page, bool **mapped)
{
	struct hv_input_vp_state_page in;

	memcpy(&in, a->in, sizeof(in));
	if (in.input_vtl || in.flags || in.requested_map_location ||
	    a->vp->partition == partition_root)
		return HV_STATUS_INVALID_PARAMETER;
	if (in.type == HV_VP_STATE_PAGE_INTERCEPT_MESSAGE) {
		*page = a->vp->message_page;
		*mapped = &a->vp->message_mapped;
	} else if (in.type == HV_VP_STATE_PAGE_REGISTERS) {
		*page = a->vp->register_page;
		*mapped = &a->vp->register_mapped;
	} else {
		return HV_STATUS_INVALID_PARAMETER;
	}
	return HV_STATUS_SUCCESS;
}

uint16_t hvcall_map_vp_state_page(struct hcall_args *a)
{
	uint16_t status;
	bool *mapped;
	uint64_t pfn;
	void *page;

	status = state_page(a, &page, &mapped);
	if (status != HV_STATUS_SUCCESS)
		return status;
	if (!vp_take(a->vp))
		return HV_STATUS_INVALID_VP_STATE;
	if (!*mapped)
		status = root_open_page(a->vp->partition, page);
	if (status == HV_STATUS_SUCCESS) {
		*mapped = true;
		pfn = ptr_hpa(page).v >> PAGE_SHIFT;
		memcpy(a->out, &pfn, sizeof(pfn));
	}
	vp_drop(a->vp);
	return status;
}

uint16_t hvcall_unmap_vp_state_page(struct hcall_args *a)
{
	uint16_t status;
	bool *mapped;
	void *page;

	status = state_page(a, &page, &mapped);
	if (status != HV_STATUS_SUCCESS)
		return status;
	if (!vp_take(a->vp))
		return HV_STATUS_INVALID_VP_STATE;
	if (*mapped)
		root_close_page(a->vp->partition, page);
	else
		status = HV_STATUS_INVALID_PARAMETER;
	*mapped = false;
	vp_drop(a->vp);
	return status;
}
