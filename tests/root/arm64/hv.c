/* SPDX-License-Identifier: MIT */
/* The hypercall itself (TLFS, ARM64): HVC #1. Found by the SMCCC UID, as Linux finds it. */
#include <stdio.h>

#include <hv/arm64.h>

#include "tests/root/root.h"

#define SMCCC(insn) \
	register uint64_t x0 __asm__("x0") = x[0]; \
	register uint64_t x1 __asm__("x1") = x[1]; \
	register uint64_t x2 __asm__("x2") = x[2]; \
	register uint64_t x3 __asm__("x3") = x[3]; \
	__asm__ volatile(insn \
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) \
			 : \
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", \
			   "x15", "x16", "x17", "memory"); \
	x[0] = x0; \
	x[1] = x1; \
	x[2] = x2; \
	x[3] = x3

void smccc_hvc(uint64_t x[4])
{
	SMCCC("hvc #0");
}

void smccc_smc(uint64_t x[4])
{
	SMCCC("smc #0");
}

void hv_arch_init(void)
{
	uint64_t x[4] = { 0x8600ff01u, 0, 0, 0 };

	smccc_hvc(x);
	if (x[0] != 0x4d32ba58 || x[1] != 0xcd244764 || x[2] != 0x8eef6c75 || x[3] != 0x16597024) {
		printf("root VM: no hypervisor with this interface\n");
		machine_exit(false);
	}
}

uint64_t hv_raw(uint64_t control, uint64_t in, uint64_t out)
{
	register uint64_t x0 __asm__("x0") = control;
	register uint64_t x1 __asm__("x1") = in;
	register uint64_t x2 __asm__("x2") = out;

	__asm__ volatile("hvc #1" : "+r"(x0), "+r"(x1), "+r"(x2) : : "memory");
	return x0;
}

/* -- the root's own SynIC: registers of the VP that asks ----------------------------------------
 */
uint64_t synic_get(uint32_t name)
{
	struct {
		struct hv_input_vp_registers head;
		uint32_t name;
	} in = { { .partition_id = HV_PARTITION_ID_SELF, .vp_index = HV_VP_INDEX_SELF }, name };
	union hv_register_value v = { { 0 } };

	CHECK_EQ(hv_status(HVCALL_GET_VP_REGISTERS | HV_REPS(1), &in, 20, &v, sizeof(v)),
		 HV_STATUS_SUCCESS);
	return v.reg64;
}

void synic_set(uint32_t name, uint64_t v)
{
	struct {
		struct hv_input_vp_registers head;
		struct hv_register_assoc to;
	} in = { { .partition_id = HV_PARTITION_ID_SELF, .vp_index = HV_VP_INDEX_SELF },
		 { .name = name } };

	in.to.value.reg64 = v;
	CHECK_EQ(hv_status(HVCALL_SET_VP_REGISTERS | HV_REPS(1), &in, sizeof(in), NULL, 0),
		 HV_STATUS_SUCCESS);
}

#define GICR_ISENABLER0 0x100u
#define GICR_IPRIORITYR 0x400u

/* The PPI that the core keeps for this, enabled on this CPU. */
uint32_t synic_vector(void)
{
	uint32_t ppi = (uint32_t)synic_get(HV_ARM64_REGISTER_SINT_RESERVED_INTERRUPT_ID);
	uint32_t cpu = this_cpu()->index;

	CHECK_EQ(safe_write8(gic_frame(cpu) + GICR_IPRIORITYR + ppi, 0x80), -1);
	gic_write(cpu, GICR_ISENABLER0, 1u << ppi);
	return ppi;
}
