/* SPDX-License-Identifier: MIT */
/* boot_info.h's rules for x86. */
#include "kernel/addr.h"
#include "kernel/boot_check.h"

const char *boot_check_arch(const struct boot_info *bi)
{
	if ((bi->core_base + bi->core_size) >> 32)
		return "core region";
	if (!page_aligned(bi->trampoline) || bi->trampoline == 0 || bi->trampoline >= 0xa0000)
		return "trampoline page";
	if (bi->root_entry >> 32)
		return "root image range";
	for (uint32_t i = 0; i < bi->num_cpus; i++)
		for (uint32_t j = 0; j < i; j++)
			if (bi->cpus[i].apic_id == bi->cpus[j].apic_id)
				return "two CPUs with one APIC id";
	return NULL;
}
