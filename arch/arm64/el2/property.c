/* SPDX-License-Identifier: MIT */
/* Partition properties of arm64: what the processors are, and where the guest's GIC is. */
#include "arch/arm64/el2/el2.h"
#include "kernel/arch.h"

#define FRAME_64K 0x10000ull
#define PPI_FIRST 16u
#define PPI_LAST  31u
#define PPI_PMU	  23u /* as BSA gives it; there is no PMU behind it */

uint16_t arch_property(const struct partition *p, uint32_t code, uint64_t *v)
{
	switch (code) {
	case HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH:
		*v = stage2_format.levels == 4 ? cpu_pa_bits : MIN(cpu_pa_bits, 39u);
		break;
	case HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY:
		*v = cpu_hz;
		break;
	case HV_PARTITION_PROPERTY_PROCESSOR_VENDOR:
		*v = HV_PROCESSOR_VENDOR_ARM;
		break;
	case HV_PARTITION_PROPERTY_PROCESSOR_CL_FLUSH_SIZE:
		/* log2 of bytes; CTR_EL0.DminLine: of words of 4 */
		*v = 2 + FIELD(read_sysreg(ctr_el0), 19, 16);
		break;
	case HV_PARTITION_PROPERTY_QUOIN_SVE_VECTOR_LENGTH:
		*v = identity_sve(p) ? cpu_sve_vl : 0;
		break;
	case HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0:
	case HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1:
		*v = identity_features(p, code - HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0);
		break;
	case HV_PARTITION_PROPERTY_GICD_BASE_ADDRESS:
		*v = p->arch.gicd_base;
		break;
	case HV_PARTITION_PROPERTY_GITS_TRANSLATER_BASE_ADDRESS:
		*v = p->arch.gits_base;
		break;
	case HV_PARTITION_PROPERTY_GIC_LPI_INT_ID_BITS:
		*v = VGIC_ID_BITS;
		break;
	case HV_PARTITION_PROPERTY_GIC_PPI_OVERFLOW_INTERRUPT_FROM_CNTV:
		*v = VGIC_TIMER_PPI;
		break;
	case HV_PARTITION_PROPERTY_GIC_PPI_PERFORMANCE_MONITORS_INTERRUPT:
		*v = PPI_PMU;
		break;
	default:
		return HV_STATUS_UNKNOWN_PROPERTY;
	}
	return HV_STATUS_SUCCESS;
}

static bool frame_ok(uint64_t v)
{
	return !(v & (FRAME_64K - 1)) && !(v >> 48);
}

static uint16_t set_gicd(struct partition *p, uint64_t v)
{
	if (!frame_ok(v) || (p->arch.gic && !vgic_set_gicd_base(p->arch.gic, v)))
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	p->arch.gicd_base = v;
	return HV_STATUS_SUCCESS;
}

/*
 * Before or after initialization, as users of /dev/mshv do either; not once VPs may have seen it.
 * There is one size of LPIs, no ITS to translate, one timer interrupt, and no PMU: what asks for
 * anything else is refused.
 */
uint16_t arch_set_property(struct partition *p, uint32_t code, uint64_t v)
{
	bool ok;

	switch (code) {
	case HV_PARTITION_PROPERTY_GICD_BASE_ADDRESS:
		return p->vp_count ? HV_STATUS_INVALID_PARTITION_STATE : set_gicd(p, v);
	case HV_PARTITION_PROPERTY_GITS_TRANSLATER_BASE_ADDRESS:
		ok = frame_ok(v);
		if (ok)
			p->arch.gits_base = v;
		break;
	case HV_PARTITION_PROPERTY_GIC_LPI_INT_ID_BITS:
		/* 0: none wanted; 1: as it comes */
		ok = v <= 1 || v == VGIC_ID_BITS;
		break;
	case HV_PARTITION_PROPERTY_GIC_PPI_OVERFLOW_INTERRUPT_FROM_CNTV:
		ok = v == VGIC_TIMER_PPI;
		break;
	case HV_PARTITION_PROPERTY_GIC_PPI_PERFORMANCE_MONITORS_INTERRUPT:
		ok = v >= PPI_FIRST && v <= PPI_LAST && v != VGIC_TIMER_PPI;
		break;
	default:
		return HV_STATUS_UNKNOWN_PROPERTY;
	}
	return ok ? HV_STATUS_SUCCESS : HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
}
