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
