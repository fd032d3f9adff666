/* SPDX-License-Identifier: MIT */
/* Interrupts to many VPs of the caller's partition (TLFS, "HvCallSendSyntheticClusterIpi"). */
#include <string.h>

#include "hvapi/handlers.h"
#include "hvapi/vp_set.h"

/* Below are the vectors of exceptions, which no local APIC accepts. */
#define VECTOR_MIN 0x10u
#define VECTOR_MAX 0xffu

/* Fields that both forms have in front of the set. */
static uint16_t check(const struct vp *caller, const struct hv_input_send_synthetic_cluster_ipi *in)
{
	if (in->target_vtl || in->padding[0] || in->padding[1] || in->padding[2] ||
	    in->vector < VECTOR_MIN || in->vector > VECTOR_MAX)
		return HV_STATUS_INVALID_PARAMETER;
	/* The root's device has the guest's interrupts otherwise. */
	if (!(caller->partition->create_flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED))
		return HV_STATUS_INVALID_PARTITION_STATE;
	return HV_STATUS_SUCCESS;
}

/* VPs that there are not are nobody's business: an IPI to them would get lost too. */
static void send(struct vp *caller, uint8_t vector, uint64_t vps)
{
	/* Held, so that no VP is deleted meanwhile */
	struct partition *p = partition_get(caller->partition, HV_PARTITION_ID_SELF);

	for (; vps; vps &= vps - 1) {
		struct vp *to = vp_find(p, (uint32_t)__builtin_ctzll(vps));

		if (to)
			vp_post_irq(to, vector, false);
	}
	partition_put(p);
}

uint16_t hvcall_send_synthetic_cluster_ipi(struct hcall_args *a)
{
	struct hv_input_send_synthetic_cluster_ipi in;
	uint16_t status;

	memcpy(&in, a->in, sizeof(in));
	status = check(a->caller, &in);
	if (status == HV_STATUS_SUCCESS)
		send(a->caller, (uint8_t)in.vector, in.processor_mask);
	return status;
}

uint16_t hvcall_send_synthetic_cluster_ipi_ex(struct hcall_args *a)
{
	struct hv_input_send_synthetic_cluster_ipi_ex in;
	struct hv_input_send_synthetic_cluster_ipi head = { 0 };
	uint16_t status;
	uint64_t vps;

	memcpy(&in, a->in, sizeof(in));
	memcpy(&head, a->in, offsetof(struct hv_input_send_synthetic_cluster_ipi, processor_mask));
	status = check(a->caller, &head);
	if (status == HV_STATUS_SUCCESS)
		status = vp_set_decode(&in.processor_set, a->in + sizeof(in), a->var_bytes, &vps);
	if (status == HV_STATUS_SUCCESS)
		send(a->caller, (uint8_t)in.vector, vps);
	return status;
}
