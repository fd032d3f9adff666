/* SPDX-License-Identifier: MIT */
/* What a partition gets on arm64: its interrupt controller. */
#include "hvapi/whv/internal.h"

/* Exits have to be asked for by intercepts, of which there are none. */
HRESULT whv_arch_apply_intercepts(struct whv_partition *p)
{
	(void)p;
	return S_OK;
}

/* As Windows has it: no partition without the parameters. */
HRESULT whv_arch_create(const struct whv_properties *o, struct hv_input_create_partition *in)
{
	(void)in;
	return o->arch.given_ic ? S_OK : WHV_E_INVALID_PARTITION_CONFIG;
}

static uint16_t set_unless_zero(const struct whv_partition *p, uint32_t property, uint64_t v)
{
	return v ? whv_set_property(p, property, v) : HV_STATUS_SUCCESS;
}

/* A number of zero: the hypervisor's own choice. */
HRESULT whv_arch_configure(struct whv_partition *p)
{
	const WHV_ARM64_IC_GIC_V3_PARAMETERS *g = &p->prop.arch.ic.GicV3Parameters;
	uint16_t status;

	if (p->prop.arch.ic.EmulationMode != WHvArm64IcEmulationModeGicV3)
		return S_OK;
	status = whv_set_property(p, HV_PARTITION_PROPERTY_GICD_BASE_ADDRESS, g->GicdBaseAddress);
	if (status == HV_STATUS_SUCCESS)
		status = set_unless_zero(p, HV_PARTITION_PROPERTY_GITS_TRANSLATER_BASE_ADDRESS,
					 g->GitsTranslaterBaseAddress);
	if (status == HV_STATUS_SUCCESS)
		status = set_unless_zero(p, HV_PARTITION_PROPERTY_GIC_LPI_INT_ID_BITS,
					 g->GicLpiIntIdBits);
	if (status == HV_STATUS_SUCCESS)
		status = set_unless_zero(p,
					 HV_PARTITION_PROPERTY_GIC_PPI_OVERFLOW_INTERRUPT_FROM_CNTV,
					 g->GicPpiOverflowInterruptFromCntv);
	if (status == HV_STATUS_SUCCESS)
		status = set_unless_zero(
			p, HV_PARTITION_PROPERTY_GIC_PPI_PERFORMANCE_MONITORS_INTERRUPT,
			g->GicPpiPerformanceMonitorsInterrupt);
	return status == HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE ? WHV_E_INVALID_PARTITION_CONFIG
							       : whv_status(status);
}

HRESULT whv_arch_vp_start(const struct whv_partition *p, UINT32 index)
{
	(void)p;
	(void)index;
	return S_OK;
}

const uint32_t whv_arch_forget[] = { HV_REGISTER_REFERENCE_TSC, HV_REGISTER_GUEST_OS_ID };
const uint32_t whv_arch_forget_count = WHV_ARRAY_LEN(whv_arch_forget);
