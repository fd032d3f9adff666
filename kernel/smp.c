/* SPDX-License-Identifier: MIT */
#include <insn.h>

#include "kernel/arch.h"
#include "kernel/smp.h"

struct percpu *percpu_table[BOOT_INFO_MAX_CPUS];
uint32_t percpu_count;

void smp_kick_wait(struct percpu *cpu, const struct slat *s)
{
	uint64_t seen = atomic_load(&cpu->exit_count);

	if (atomic_load(&cpu->running) != s)
		return;
	atomic_store(&cpu->kick, 1);
	arch_kick(cpu);
	while (atomic_load(&cpu->running) == s && atomic_load(&cpu->exit_count) == seen)
		cpu_pause();
}

void smp_flush_slat(struct slat *s)
{
	(void)atomic_add(&s->generation, 1);
	atomic_fence();
	this_cpu()->counters[COUNT_FLUSHES]++;
	if (arch_flush_slat(s))
		return;
	for (uint32_t i = 0; i < percpu_count; i++) {
		struct percpu *cpu = percpu_of(i);

		if (cpu->index != this_cpu()->index && atomic_load(&cpu->online))
			smp_kick_wait(cpu, s);
	}
}
