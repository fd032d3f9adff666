/* SPDX-License-Identifier: MIT */
/*
 * The arm64 interrupt controller states of HvCallGet/SetVpState, as WinHvPlatformDefs.h lays them
 * out. Type numbers are in hv/vp_state.h; the global one is of a partition (HV_ANY_VP).
 */
#ifndef HV_VP_STATE_ARM64_H
#define HV_VP_STATE_ARM64_H

#include <stddef.h>
#include <stdint.h>

#include <hv/vp_state.h>

#define HV_VP_STATE_GLOBAL_INTERRUPT_ARM64    (6u | 0x80000000u | HV_VP_STATE_ANY_VP)
#define HV_ARM64_INTERRUPT_CONTROLLER_VERSION 1u
#define HV_ARM64_GIC_VERSION_3		      3u

/* Bits of `flags`. */
#define HV_ARM64_INTERRUPT_ENABLED     0x01u
#define HV_ARM64_INTERRUPT_EDGE	       0x02u
#define HV_ARM64_INTERRUPT_ASSERTED    0x04u
#define HV_ARM64_INTERRUPT_SET_PENDING 0x08u
#define HV_ARM64_INTERRUPT_ACTIVE      0x10u
#define HV_ARM64_INTERRUPT_DIRECT      0x20u

struct hv_arm64_interrupt_state {
	uint8_t flags;
	uint8_t priority;
	uint8_t active_priority;
	uint8_t reserved;
};
_Static_assert(sizeof(struct hv_arm64_interrupt_state) == 4, "WinHvPlatformDefs.h: 4 bytes");

struct hv_arm64_local_interrupt_controller_state {
	uint8_t version;
	uint8_t gic_version;
	uint8_t reserved[6];
	uint64_t icc_igrpen1_el1;
	uint64_t gicr_ctlr_enable_lpis;
	uint64_t icc_bpr1_el1;
	uint64_t icc_pmr_el1;
	uint64_t gicr_propbaser;
	uint64_t gicr_pendbaser;
	uint32_t ich_ap1r_el2[4];
	struct hv_arm64_interrupt_state interrupts[32]; /* SGIs and PPIs, by INTID */
};
_Static_assert(sizeof(struct hv_arm64_local_interrupt_controller_state) == 200, "200 bytes");
_Static_assert(offsetof(struct hv_arm64_local_interrupt_controller_state, ich_ap1r_el2) == 56,
	       "WinHvPlatformDefs.h");
_Static_assert(offsetof(struct hv_arm64_local_interrupt_controller_state, interrupts) == 72,
	       "WinHvPlatformDefs.h");

struct hv_arm64_global_interrupt {
	uint32_t intid;
	uint32_t active_vp_index;
	uint32_t target_mpidr; /* Aff3.Aff2.Aff1.Aff0 */
	struct hv_arm64_interrupt_state state;
};
_Static_assert(sizeof(struct hv_arm64_global_interrupt) == 16, "WinHvPlatformDefs.h: 16 bytes");

struct hv_arm64_global_interrupt_state {
	uint8_t version;
	uint8_t gic_version;
	uint16_t reserved;
	uint32_t count;
	uint64_t gicd_ctlr_enable_grp1a;
	struct hv_arm64_global_interrupt interrupts[];
};
_Static_assert(sizeof(struct hv_arm64_global_interrupt_state) == 16, "WinHvPlatformDefs.h");

/* SVE: this header, then Z0 to Z31, P0 to P15 and FFR from register_data_offset on, packed. */
#define HV_ARM64_SVE_VERSION 1u
struct hv_arm64_sve_state {
	uint16_t version;
	uint16_t register_data_offset;
	uint32_t vector_length; /* bytes of a Z register: of the longest, whatever ZCR_EL1 says */
	uint64_t reserved;
};
_Static_assert(sizeof(struct hv_arm64_sve_state) == 16, "WinHvPlatformDefs.h: 16 bytes");

#endif
