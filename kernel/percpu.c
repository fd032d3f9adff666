/* SPDX-License-Identifier: MIT */
#include "kernel/percpu.h"

#include "kernel/log.h"
#include "kernel/page_alloc.h"

void percpu_limit(const struct boot_info *bi)
{
	percpu_count = bi->num_cpus;
	if (bi->guest_cpus && bi->guest_cpus < percpu_count)
		percpu_count = bi->guest_cpus;
}

struct percpu *percpu_make(uint32_t index, void **stack)
{
	struct percpu *cpu = page_alloc(page_up(sizeof(*cpu)) >> PAGE_SHIFT);

	*stack = page_alloc(ARCH_STACK_SIZE >> PAGE_SHIFT);
	if (!cpu || !*stack)
		panic("core memory too small for CPU %u", index);
	cpu->index = index;
	percpu_table[index] = cpu;
	return cpu;
}
