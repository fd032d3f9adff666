/* SPDX-License-Identifier: MIT */
/* HvCallGet/SetPartitionProperty (TLFS; Linux hv_partition_property_code): one row a property. */
#include <string.h>

#include "hvapi/handlers.h"
#include "kernel/arch.h"

/* HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES: the bit and the privilege, or feature, that it
 * gives. */
static const struct {
	uint8_t bit;
	uint64_t privilege;
	uint64_t also; /* set and cleared with it */
} synthetic[] = {
	{ 0, 0, 0 }, /* a hypervisor is there, and it is "Hv#1": both always */
	{ 1, 0, 0 },
	{ 2, HV_PARTITION_PRIVILEGE_VP_RUNTIME, 0 },
	{ 3, HV_PARTITION_PRIVILEGE_TIME_REF_COUNT, 0 },
	/* Who has a SynIC may send to others' */
	{ 4, HV_PARTITION_PRIVILEGE_SYNIC,
	  HV_PARTITION_PRIVILEGE_POST_MESSAGES | HV_PARTITION_PRIVILEGE_SIGNAL_EVENTS },
	{ 5, HV_PARTITION_PRIVILEGE_SYNTIMERS, 0 },
	{ 6, HV_PARTITION_PRIVILEGE_APIC_MSRS, 0 },
	{ 7, HV_PARTITION_PRIVILEGE_HYPERCALL_MSRS, 0 },
	{ 8, HV_PARTITION_PRIVILEGE_VP_INDEX, 0 },
	{ 9, HV_PARTITION_PRIVILEGE_REFERENCE_TSC, 0 },
	{ 11, HV_PARTITION_PRIVILEGE_FREQUENCY_MSRS, 0 },
	{ 22, 0, 0 }, /* direct mode comes with the timers */
	{ 15, PARTITION_FEATURE_EXTENDED_GVA, 0 },
	{ 24, PARTITION_FEATURE_EX_MASKS, 0 },
	{ 25, PARTITION_FEATURE_TB_FLUSH, 0 },
	{ 26, PARTITION_FEATURE_CLUSTER_IPI, 0 },
	{ 27, PARTITION_FEATURE_SPIN_WAIT, 0 },
};

/* All that a guest can be given. */
#define ASSIGNABLE (HV_PARTITION_PRIVILEGES_GUEST | ARCH_PARTITION_FEATURES)

static uint64_t synthetic_of(uint64_t privileges)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < ARRAY_LEN(synthetic); i++)
		if ((privileges & synthetic[i].privilege) == synthetic[i].privilege)
			v |= BIT(synthetic[i].bit);
	return v;
}

static uint16_t set_synthetic(struct partition *p, uint64_t v)
{
	uint64_t privileges = p->privileges, known = 0;

	if (p->state != PARTITION_CREATED)
		return HV_STATUS_INVALID_PARTITION_STATE;
	for (uint32_t i = 0; i < ARRAY_LEN(synthetic); i++) {
		if (synthetic[i].privilege & ~ASSIGNABLE)
			continue;
		known |= BIT(synthetic[i].bit);
		privileges &= ~(synthetic[i].privilege | synthetic[i].also);
		if (v >> synthetic[i].bit & 1)
			privileges |= synthetic[i].privilege | synthetic[i].also;
	}
	if (v & ~known)
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	p->privileges = privileges;
	return HV_STATUS_SUCCESS;
}

static uint16_t set_privileges(struct partition *p, uint64_t v)
{
	if (p->state != PARTITION_CREATED)
		return HV_STATUS_INVALID_PARTITION_STATE;
	if (v & ~HV_PARTITION_PRIVILEGES_GUEST)
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	p->privileges = v | (p->privileges & PARTITION_FEATURES);
	return HV_STATUS_SUCCESS;
}

static uint16_t set_freeze(struct partition *p, uint64_t v)
{
	if (v > 1)
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	return partition_freeze_time(p, v);
}

static uint16_t set_reference_time(struct partition *p, uint64_t v)
{
	for (uint32_t i = 0; i < PARTITION_MAX_VPS; i++)
		if (p->vps[i] && atomic_load(&p->vps[i]->owner) != VP_IDLE)
			return HV_STATUS_INVALID_VP_STATE;
	partition_set_reference_time(p, v);
	return HV_STATUS_SUCCESS;
}

static uint16_t set_msr_action(struct partition *p, uint64_t v)
{
	if (v > HV_UNIMPLEMENTED_MSR_ACTION_IGNORE_WRITE_READ_ZERO)
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	p->unimplemented_msr = v;
	return HV_STATUS_SUCCESS;
}

static uint16_t get(const struct partition *p, uint32_t code, uint64_t *v)
{
	switch (code) {
	case HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS:
		*v = p->privileges & ~PARTITION_FEATURES;
		break;
	case HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES:
		*v = synthetic_of(p->privileges);
		break;
	case HV_PARTITION_PROPERTY_TIME_FREEZE:
		*v = p->time_frozen;
		break;
	case HV_PARTITION_PROPERTY_REFERENCE_TIME:
		*v = partition_reference_time(p);
		break;
	case HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION:
		*v = p->unimplemented_msr;
		break;
	case HV_PARTITION_PROPERTY_COMPATIBILITY_VERSION:
		*v = HV_COMPATIBILITY_21_H2;
		break;
	case HV_PARTITION_PROPERTY_GUEST_OS_ID:
		*v = p->guest_os_id;
		break;
	default:
		return arch_property(p, code, v);
	}
	return HV_STATUS_SUCCESS;
}

uint16_t hvcall_get_partition_property(struct hcall_args *a)
{
	struct hv_input_get_partition_property in;
	uint64_t v = 0;
	uint16_t status;

	memcpy(&in, a->in, sizeof(in));
	if (in.padding)
		return HV_STATUS_INVALID_PARAMETER;
	status = get(a->target, in.property_code, &v);
	memcpy(a->out, &v, sizeof(v));
	return status;
}

/* Properties whose value is a structure: bank count u16 at 0, the first bank at 8. */
uint16_t hvcall_get_partition_property_ex(struct hcall_args *a)
{
	struct hv_input_get_partition_property_ex in;
	uint64_t out[2] = { 1, 0 };

	memcpy(&in, a->in, sizeof(in));
	if (in.padding || in.arg)
		return HV_STATUS_INVALID_PARAMETER;
	switch (in.property_code) {
	case HV_PARTITION_PROPERTY_ASSIGNABLE_SYNTHETIC_FEATURES:
		out[1] = synthetic_of(ASSIGNABLE);
		break;
	case HV_PARTITION_PROPERTY_VMM_CAPABILITIES:
		break; /* none of them */
	default:
		return HV_STATUS_UNKNOWN_PROPERTY;
	}
	memcpy(a->out, out, sizeof(out));
	return HV_STATUS_SUCCESS;
}

static uint16_t set(struct partition *p, uint32_t code, uint64_t v)
{
	uint16_t status;

	switch (code) {
	case HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS:
		return set_privileges(p, v);
	case HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES:
		return set_synthetic(p, v);
	default:
		break;
	}
	status = arch_set_property(p, code, v);
	if (status != HV_STATUS_UNKNOWN_PROPERTY)
		return status;
	/* The others work on what initialization makes. */
	if (p->state != PARTITION_ACTIVE)
		return HV_STATUS_INVALID_PARTITION_STATE;
	switch (code) {
	case HV_PARTITION_PROPERTY_TIME_FREEZE:
		return set_freeze(p, v);
	case HV_PARTITION_PROPERTY_REFERENCE_TIME:
		return set_reference_time(p, v);
	case HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION:
		return set_msr_action(p, v);
	default:
		partition_unimplemented(p, UNIMPLEMENTED_PROPERTY, "setting property", code);
		return HV_STATUS_UNKNOWN_PROPERTY;
	}
}

uint16_t hvcall_set_partition_property(struct hcall_args *a)
{
	struct hv_input_set_partition_property in;
	struct lock_token t;
	uint16_t status;

	memcpy(&in, a->in, sizeof(in));
	if (in.padding)
		return HV_STATUS_INVALID_PARAMETER;
	t = lock_take(&a->target->lock);
	status = set(a->target, in.property_code, in.property_value);
	lock_drop(t);
	return status;
}
