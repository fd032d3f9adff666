/* SPDX-License-Identifier: MIT */
/* State groups of HvCallGet/SetVpState that are x86's: local APIC and XSAVE. */
#include <string.h>

#include <hv/vp_state.h>

#include "arch/x86_64/common/cet.h"
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/virt.h"
#include "kernel/arch.h"

uint32_t arch_state_size(const struct partition *p, uint32_t type)
{
	switch (type) {
	case HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER:
		return p->create_flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED
			       ? sizeof(struct hv_local_interrupt_controller_state)
			       : 0;
	case HV_VP_STATE_XSAVE:
		return p->arch.xsave_size;
	default:
		return 0;
	}
}

static void get_apic(struct vp *vp, void *buf)
{
	struct hv_local_interrupt_controller_state s;

	vlapic_get_hv(&vp->arch.apic, arch_vp_tsc(vp), &s);
	/* The form has no place of its own for a pending NMI (facts of its clients: IRR bit 2). */
	if (vp->arch.nmi_pending)
		s.apic_irr[0] |= VLAPIC_HV_IRR_NMI;
	memcpy(buf, &s, sizeof(s));
}

static uint16_t set_apic(struct vp *vp, const void *buf)
{
	struct hv_local_interrupt_controller_state s;
	bool nmi;

	memcpy(&s, buf, sizeof(s));
	if (!vlapic_check_hv(&vp->arch.apic, &s, &nmi))
		return HV_STATUS_INVALID_PARAMETER;
	vlapic_set_hv(&vp->arch.apic, &s, arch_vp_tsc(vp));
	vp->arch.nmi_pending = nmi;
	return HV_STATUS_SUCCESS;
}

/* The size is the partition's; components that were not asked for read as unused. */
static uint16_t get_xsave(struct vp *vp, uint64_t states, void *buf)
{
	const struct partition *p = vp->partition;
	struct xsave_cet cet;
	uint32_t n;

	states |= XCR0_X87 | XCR0_SSE;
	if (states & ~(p->arch.xcr0_mask | p->arch.xss_mask))
		return HV_STATUS_INVALID_PARAMETER;
	n = xsave_to_compact(&cpu_xsave_layout, states, vp->arch.xsave, buf, p->arch.xsave_size);
	if (unlikely(states & XSS_CET)) {
		cet_get_state(vp, &cet);
		xsave_put_cet(&cpu_xsave_layout, states, &cet, buf);
	}
	memset((uint8_t *)buf + n, 0, p->arch.xsave_size - n);
	return HV_STATUS_SUCCESS;
}

static uint16_t set_xsave(struct vp *vp, const void *buf)
{
	const struct partition *p = vp->partition;
	uint64_t mask = p->arch.xcr0_mask | p->arch.xss_mask;
	struct xsave_cet cet;

	if (xsave_check_compact(&cpu_xsave_layout, mask, buf, p->arch.xsave_size) != XSAVE_OK)
		return HV_STATUS_INVALID_PARAMETER;
	if (unlikely(mask & XSS_CET)) {
		xsave_take_cet(&cpu_xsave_layout, buf, &cet);
		if (!cet_check_state(p, &cet))
			return HV_STATUS_INVALID_PARAMETER;
	}
	xsave_from_compact(&cpu_xsave_layout, buf, vp->arch.xsave);
	if (p->arch.xss_mask & XSS_CET)
		cet_set_state(vp, &cet);
	return HV_STATUS_SUCCESS;
}

uint16_t arch_state_get(struct vp *vp, uint32_t type, uint64_t states, void *buf)
{
	if (type == HV_VP_STATE_XSAVE)
		return get_xsave(vp, states, buf);
	get_apic(vp, buf);
	return HV_STATUS_SUCCESS;
}

/* Neither is there on x86: no arch_state_size() is above a page, nor of a partition. */
uint16_t arch_state_get_pages(struct vp *vp, uint32_t type, void *const *pages)
{
	(void)vp;
	(void)type;
	(void)pages;
	return HV_STATUS_INVALID_PARAMETER;
}

uint16_t arch_state_set_pages(struct vp *vp, uint32_t type, void *const *pages)
{
	(void)vp;
	(void)type;
	(void)pages;
	return HV_STATUS_INVALID_PARAMETER;
}

uint16_t arch_partition_state_get(struct partition *p, uint32_t type, void *buf)
{
	(void)p;
	(void)type;
	(void)buf;
	return HV_STATUS_INVALID_PARAMETER;
}

uint16_t arch_partition_state_set(struct partition *p, uint32_t type, const void *buf)
{
	(void)p;
	(void)type;
	(void)buf;
	return HV_STATUS_INVALID_PARAMETER;
}

uint16_t arch_state_set(struct vp *vp, uint32_t type, const void *buf)
{
	return type == HV_VP_STATE_XSAVE ? set_xsave(vp, buf) : set_apic(vp, buf);
}
