/* SPDX-License-Identifier: MIT */
/* The hypercall itself, by the page that MSR 40000001 names. */
#include <stdio.h>

#include <hv/registers.h>

#include "tests/root/root.h"

#define HV_X64_MSR_HYPERCALL 0x40000001u

static uint64_t page;

void hv_arch_init(void)
{
	uint32_t r[4];

	cpuid(0x40000001, 0, r);
	if (r[0] != 0x31237648) { /* "Hv#1" */
		printf("root VM: no hypervisor with this interface\n");
		machine_exit(false);
	}
	page = rdmsr(HV_X64_MSR_HYPERCALL) & ~0xfffull;
}

bool hv_calls_by_vmcall(void)
{
	return ((const uint8_t *)page)[2] == 0xc1;
}

uint64_t hv_raw(uint64_t control, uint64_t in, uint64_t out)
{
	uint64_t result;
	register uint64_t r8 __asm__("r8") = out;

	__asm__ volatile("call *%[page]"
			 : "=a"(result), "+c"(control), "+d"(in), "+r"(r8)
			 : [page] "r"(page)
			 : "memory", "r9", "r10", "r11", "cc");
	return result;
}

/* -- the root's own SynIC ---------------------------------------------------------------------- */
#define ROOT_SINT_VECTOR 0xf3u /* what Linux has for the hypervisor */

uint64_t synic_get(uint32_t name)
{
	return rdmsr(HV_X64_MSR_SCONTROL + (name - HV_REGISTER_SCONTROL));
}

void synic_set(uint32_t name, uint64_t v)
{
	if (name < HV_REGISTER_SCONTROL)
		wrmsr(HV_X64_MSR_SINT0 + (name - HV_REGISTER_SINT0), v);
	else
		wrmsr(HV_X64_MSR_SCONTROL + (name - HV_REGISTER_SCONTROL), v);
}

uint32_t synic_vector(void)
{
	return ROOT_SINT_VECTOR;
}
