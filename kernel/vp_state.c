/* SPDX-License-Identifier: MIT */
/* Registers by name: hypervisor-defined ones here, the architecture's rows behind. */
#include "hvapi/msr.h"
#include "kernel/arch.h"

uint16_t vp_get_register(struct vp *vp, uint32_t name, union hv_register_value *v)
{
	uint32_t msr = hv_register_msr(name);

	v->low_high[0] = v->low_high[1] = 0;
	if (msr)
		return hv_msr_read(vp, msr, &v->reg64) == HV_MSR_OK ? HV_STATUS_SUCCESS :
								      HV_STATUS_INVALID_PARAMETER;
	return arch_vp_get_register(vp, name, v);
}

uint16_t vp_set_register(struct vp *vp, uint32_t name, const union hv_register_value *v)
{
	uint32_t msr = hv_register_msr(name);

	if (msr)
		return hv_msr_write(vp, msr, v->reg64) == HV_MSR_OK ? HV_STATUS_SUCCESS :
								      HV_STATUS_INVALID_PARAMETER;
	return arch_vp_set_register(vp, name, v);
}
