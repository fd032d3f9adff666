/* SPDX-License-Identifier: MIT */
/*
 * Flushes of a guest's own translations. The word is left in each VP's mailbox, and its owner takes
 * it before the next entry: a CPU that is about to enter says so, then looks at the mail
 * (vp_kick()); here the mail is left first, then the CPU looked at. Who waits is in the core and
 * holds no lock, so two VPs that flush each other wait for nobody.
 */
#include <insn.h>

#include "kernel/percpu.h"
#include "kernel/vp.h"

/* Until the VP is out of the guest: it has taken the mail, or its CPU has left since. */
static void outwait(const struct vp *vp)
{
	const struct slat *s = &vp->partition->slat;
	uint32_t on = atomic_load(&vp->cpu);
	const struct percpu *cpu;
	uint64_t seen;

	if (on >= percpu_count)
		return;
	cpu = percpu_of(on);
	seen = atomic_load(&cpu->exit_count);
	while (atomic_load(&vp->mail) & VP_MAIL_FLUSH && atomic_load(&vp->owner) == VP_RUNNING &&
	       atomic_load(&vp->cpu) == on && atomic_load(&cpu->running) == s &&
	       atomic_load(&cpu->exit_count) == seen)
		cpu_pause();
}

void vp_flush(struct vp *caller, uint64_t vps)
{
	/* Held, so that no VP is deleted meanwhile */
	struct partition *p = partition_get(caller->partition, HV_PARTITION_ID_SELF);
	uint64_t there = 0;

	for (; vps; vps &= vps - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(vps);
		struct vp *vp = vp_find(p, i);

		if (!vp)
			continue;
		vp_post(vp, VP_MAIL_FLUSH);
		there |= BIT(i);
	}
	for (; there; there &= there - 1) {
		/* None for a moment, when a deletion tries: then it does not run. */
		const struct vp *vp = vp_find(p, (uint32_t)__builtin_ctzll(there));

		if (vp)
			outwait(vp);
	}
	partition_put(p);
}
