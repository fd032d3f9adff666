/* SPDX-License-Identifier: MIT */
/*
 * PSCI (DEN0022). CPUs never leave the core, so turning them on and off is a word between VPs, of
 * the root and of guests alike. The machine's power is firmware's for the root, and for a guest the
 * root's, which is told.
 */
#include <hv/arm64.h>

#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "kernel/arch.h"
#include "kernel/frame.h"
#include "kernel/log.h"

#define PSCI_VERSION	   0x84000000u
#define PSCI_CPU_SUSPEND   0x84000001u
#define PSCI_CPU_OFF	   0x84000002u
#define PSCI_CPU_ON	   0x84000003u
#define PSCI_AFFINITY_INFO 0x84000004u
#define PSCI_MIGRATE_TYPE  0x84000006u
#define PSCI_SYSTEM_OFF	   0x84000008u
#define PSCI_SYSTEM_RESET  0x84000009u
#define PSCI_FEATURES	   0x8400000au
#define PSCI_SYSTEM_RESET2 0x84000012u
#define PSCI_LAST	   0x8400001fu
#define PSCI_64		   BIT(30)
#define SMCCC_VERSION	   0x80000000u

#define PSCI_1_1	     0x10001ull
#define PSCI_SUCCESS	     0
#define PSCI_NOT_SUPPORTED   (-1)
#define PSCI_INVALID_PARAMS  (-2)
#define PSCI_ALREADY_ON	     (-4)
#define PSCI_ON_PENDING	     (-5)
#define PSCI_INVALID_ADDRESS (-9)
#define MIGRATE_NOT_REQUIRED 2
#define MPIDR_AFFINITY	     (MASK(39, 32) | MASK(23, 0))

static uint32_t conduit;

void psci_init(const struct boot_info *bi)
{
	conduit = bi->arm64.psci;
}

uint64_t psci_firmware(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	switch (conduit) {
	case BOOT_PSCI_SMC:
		return call_smc(fn, a, b, c);
	case BOOT_PSCI_HVC:
		return call_hvc(fn, a, b, c);
	default:
		return (uint64_t)(int64_t)PSCI_NOT_SUPPORTED;
	}
}

static struct vp *find(const struct partition *p, uint64_t mpidr)
{
	for (uint32_t i = 0; i < PARTITION_MAX_VPS; i++)
		if (p->vps[i] && p->vps[i]->arch.mpidr == mpidr)
			return p->vps[i];
	return NULL;
}

/*
 * Memory of the root's, or the first fetch would abort with nobody to take it. A guest's may be
 * absent, and its root is told.
 */
static bool entry_ok(const struct partition *p, uint64_t entry)
{
	if (entry & 3)
		return false;
	return p == partition_root ? frame_state(entry >> PAGE_SHIFT) == FRAME_ROOT
				   : !(entry >> cpu_pa_bits);
}

static int64_t cpu_on(const struct partition *p, uint64_t mpidr, uint64_t entry, uint64_t context)
{
	struct vp *vp = find(p, mpidr);
	uint32_t off = EL2_OFF;

	if (!vp || mpidr & ~MPIDR_AFFINITY)
		return PSCI_INVALID_PARAMS;
	if (!entry_ok(p, entry))
		return PSCI_INVALID_ADDRESS;
	/* Whoever wins this writes entry and context, and only then says that they are there. */
	if (!atomic_cas(&vp->arch.power, &off, EL2_ON_CLAIMED))
		return off == EL2_ON ? PSCI_ALREADY_ON : PSCI_ON_PENDING;
	vp->arch.power_entry = entry;
	vp->arch.power_context = context;
	atomic_store(&vp->arch.power, EL2_ON_PENDING);
	dsb_ish();
	cpu_sev();
	if (p != partition_root)
		vp_post(vp, VP_MAIL_KICK);
	return PSCI_SUCCESS;
}

void psci_start(struct vp *vp)
{
	struct arch_vp *a = &vp->arch;

	arch_vp_reset(vp, false);
	vgic_reset_cpu_interface(a->gic);
	a->x[0] = a->power_context;
	a->pc = a->power_entry;
	atomic_store(&a->power, EL2_ON);
}

void psci_set_power(struct vp *vp, bool on)
{
	atomic_store(&vp->arch.power, on ? EL2_ON : EL2_OFF);
}

static int64_t affinity_info(const struct partition *p, uint64_t mpidr, uint64_t level)
{
	const struct vp *vp = find(p, mpidr);
	uint32_t power;

	if (!vp || level)
		return PSCI_INVALID_PARAMS;
	power = atomic_load(&vp->arch.power);
	return power == EL2_ON_CLAIMED ? EL2_ON_PENDING : power;
}

static int64_t features(uint32_t fn)
{
	switch (fn & ~(uint32_t)PSCI_64) {
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_ON:
	case PSCI_AFFINITY_INFO:
	case PSCI_SYSTEM_RESET2:
		return 0;
	case PSCI_VERSION:
	case PSCI_CPU_OFF:
	case PSCI_MIGRATE_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
	case SMCCC_VERSION:
		return fn & PSCI_64 ? PSCI_NOT_SUPPORTED : 0;
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

/*
 * Standby, whatever state was asked for: a CPU may always come back as if woken at once (5.4.5).
 * Interrupts that wait for the root end a WFI here too, whoever they are routed to.
 */
static int64_t suspend(void)
{
	dsb_sy();
	cpu_wfi();
	return PSCI_SUCCESS;
}

/* What differs for a guest; false: nothing. */
static bool guest_answer(struct vp *vp, uint32_t fn, int64_t *r)
{
	*r = PSCI_SUCCESS;
	switch (fn) {
	case PSCI_CPU_SUSPEND:
		vp->arch.stop = VP_EXIT_HALTED;
		return true;
	case PSCI_CPU_OFF:
		atomic_store(&vp->arch.power, EL2_OFF);
		vp->arch.stop = VP_EXIT_HALTED;
		return true;
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_SYSTEM_RESET2:
		intercept_reset(vp, fn == PSCI_SYSTEM_OFF ? HV_ARM64_RESET_POWER_OFF
							  : HV_ARM64_RESET_REBOOT);
		return true;
	default:
		return false;
	}
}

static int64_t answer(struct vp *vp, uint32_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	const struct partition *p = vp->partition;
	int64_t r;

	if (p != partition_root && guest_answer(vp, fn, &r))
		return r;

	switch (fn) {
	case PSCI_VERSION:
		return PSCI_1_1;
	case PSCI_CPU_SUSPEND:
		return suspend();
	case PSCI_CPU_OFF:
		/* root_run() sees it before the next entry */
		atomic_store(&vp->arch.power, EL2_OFF);
		return PSCI_SUCCESS;
	case PSCI_CPU_ON:
		return cpu_on(p, a, b, c);
	case PSCI_AFFINITY_INFO:
		return affinity_info(p, a, b);
	case PSCI_MIGRATE_TYPE:
		return MIGRATE_NOT_REQUIRED;
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
		return (int64_t)psci_firmware(fn, 0, 0, 0);
	case PSCI_SYSTEM_RESET2:
		return (int64_t)psci_firmware(fn, a, b, 0);
	case PSCI_FEATURES:
		return features((uint32_t)a);
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

bool psci_call(struct vp *vp, uint64_t x[4])
{
	uint32_t fn = (uint32_t)x[0], base = fn & ~(uint32_t)PSCI_64;
	bool wide = fn & PSCI_64;
	int64_t r;

	if (base < PSCI_VERSION || base > PSCI_LAST)
		return false;
	/* 32-bit calls have 32-bit arguments, and only some calls have a 64-bit form. */
	if (wide && features(fn) == PSCI_NOT_SUPPORTED)
		r = PSCI_NOT_SUPPORTED;
	else if (wide)
		r = answer(vp, base, x[1], x[2], x[3]);
	else
		r = answer(vp, base, (uint32_t)x[1], (uint32_t)x[2], (uint32_t)x[3]);
	x[0] = wide ? (uint64_t)r : (uint32_t)r;
	/* NOT_SUPPORTED is all ones in either width (DEN0028, 5.2) */
	if (r < 0)
		x[0] = (uint64_t)r;
	return true;
}
