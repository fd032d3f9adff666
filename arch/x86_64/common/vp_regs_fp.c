/* SPDX-License-Identifier: MIT */
/* x87 and SSE registers, in the legacy region of the VP's XSAVE image (Intel SDM vol. 1, 13.4.1).
 */
#include <string.h>

#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/vp_regs.h"

#define FCW_AT	     0u
#define FSW_AT	     2u
#define FTW_AT	     4u
#define FOP_AT	     6u
#define FIP_AT	     8u
#define FDP_AT	     16u
#define MXCSR_AT     24u
#define MASK_AT	     28u
#define ST_AT	     32u
#define XMM_AT	     160u
#define XSTATE_BV_AT 512u
#define REG_SIZE     16u
#define FCW_INIT     0x37fu

struct fp_control {
	uint16_t control, status;
	uint8_t tag, reserved;
	uint16_t last_op;
	uint64_t last_rip;
};

struct xmm_control {
	uint64_t last_rdp;
	uint32_t mxcsr, mask;
};
_Static_assert(sizeof(struct fp_control) == 16 && sizeof(struct xmm_control) == 16,
	       "TLFS, HV_X64_FP_CONTROL_STATUS_REGISTER");

static uint64_t in_use(const uint8_t *x)
{
	uint64_t bv;

	memcpy(&bv, x + XSTATE_BV_AT, sizeof(bv));
	return bv;
}

/* A component that the image says is in its initial state may hold anything: make it so, then use.
 */
static void use(uint8_t *x, uint64_t component)
{
	uint64_t bv = in_use(x);
	uint16_t fcw = FCW_INIT;

	if (bv & component)
		return;
	if (component == XCR0_X87) {
		memset(x, 0, MXCSR_AT);
		memset(x + ST_AT, 0, XMM_AT - ST_AT);
		memcpy(x + FCW_AT, &fcw, sizeof(fcw));
	} else {
		memset(x + XMM_AT, 0, 16 * REG_SIZE);
	}
	bv |= component;
	memcpy(x + XSTATE_BV_AT, &bv, sizeof(bv));
}

static void get_fp_control(const uint8_t *x, union hv_register_value *v)
{
	struct fp_control c = { .control = FCW_INIT };

	if (in_use(x) & XCR0_X87) {
		memcpy(&c.control, x + FCW_AT, 2);
		memcpy(&c.status, x + FSW_AT, 2);
		c.tag = x[FTW_AT];
		memcpy(&c.last_op, x + FOP_AT, 2);
		memcpy(&c.last_rip, x + FIP_AT, 8);
	}
	memcpy(v, &c, sizeof(c));
}

static void get_xmm_control(const uint8_t *x, union hv_register_value *v)
{
	struct xmm_control c = { .mask = cpu_xsave_layout.mxcsr_mask };

	if (in_use(x) & XCR0_X87)
		memcpy(&c.last_rdp, x + FDP_AT, 8);
	memcpy(&c.mxcsr, x + MXCSR_AT, 4);
	memcpy(v, &c, sizeof(c));
}

uint16_t vp_fp_get(struct vp *vp, uint32_t name, union hv_register_value *v)
{
	const uint8_t *x = vp->arch.xsave;

	if (name <= HV_X64_REGISTER_XMM15) {
		if (in_use(x) & XCR0_SSE)
			memcpy(v, x + XMM_AT + REG_SIZE * (name - HV_X64_REGISTER_XMM0), REG_SIZE);
	} else if (name <= HV_X64_REGISTER_FP_MMX7) {
		if (in_use(x) & XCR0_X87)
			memcpy(v, x + ST_AT + REG_SIZE * (name - HV_X64_REGISTER_FP_MMX0), 10);
	} else if (name == HV_X64_REGISTER_FP_CONTROL_STATUS) {
		get_fp_control(x, v);
	} else if (name == HV_X64_REGISTER_XMM_CONTROL_STATUS) {
		get_xmm_control(x, v);
	} else {
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	}
	return HV_STATUS_SUCCESS;
}

/* Bits 6, 7, 13..15 of FCW are reserved; 6 reads as set (SDM vol. 1, 8.1.5). */
static uint16_t set_fp_control(uint8_t *x, const union hv_register_value *v)
{
	struct fp_control c;

	memcpy(&c, v, sizeof(c));
	if (c.control & 0xe080 || c.reserved || c.last_op & 0xf800)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	use(x, XCR0_X87);
	memcpy(x + FCW_AT, &c.control, 2);
	memcpy(x + FSW_AT, &c.status, 2);
	x[FTW_AT] = c.tag;
	memcpy(x + FOP_AT, &c.last_op, 2);
	memcpy(x + FIP_AT, &c.last_rip, 8);
	return HV_STATUS_SUCCESS;
}

/* The mask is the CPU's: what is given for it is ignored. */
static uint16_t set_xmm_control(uint8_t *x, const union hv_register_value *v)
{
	struct xmm_control c;

	memcpy(&c, v, sizeof(c));
	if (c.mxcsr & ~cpu_xsave_layout.mxcsr_mask)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	use(x, XCR0_X87);
	memcpy(x + FDP_AT, &c.last_rdp, 8);
	memcpy(x + MXCSR_AT, &c.mxcsr, 4);
	return HV_STATUS_SUCCESS;
}

uint16_t vp_fp_set(struct vp *vp, uint32_t name, const union hv_register_value *v)
{
	uint8_t *x = vp->arch.xsave;

	if (name <= HV_X64_REGISTER_XMM15) {
		use(x, XCR0_SSE);
		memcpy(x + XMM_AT + REG_SIZE * (name - HV_X64_REGISTER_XMM0), v, REG_SIZE);
		return HV_STATUS_SUCCESS;
	}
	if (name <= HV_X64_REGISTER_FP_MMX7) {
		if (v->low_high[1] >> 16)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		use(x, XCR0_X87);
		memcpy(x + ST_AT + REG_SIZE * (name - HV_X64_REGISTER_FP_MMX0), v, REG_SIZE);
		return HV_STATUS_SUCCESS;
	}
	if (name == HV_X64_REGISTER_FP_CONTROL_STATUS)
		return set_fp_control(x, v);
	if (name == HV_X64_REGISTER_XMM_CONTROL_STATUS)
		return set_xmm_control(x, v);
	return HV_STATUS_UNKNOWN_REGISTER_NAME;
}
