/* SPDX-License-Identifier: MIT */
#include "hvapi/msr.h"

#include "hvapi/hypercall.h"
#include "kernel/arch.h"

#define OVERLAY_ENABLE 1ull

static uint64_t now_ref(const struct vp *vp)
{
	return partition_reference_time(vp->partition);
}

/* -- SynIC and timers ------------------------------------------------------------------------- */

/* Others deliver into the VP's SynIC too (hvapi/port.h). */
static struct lock_token synic_lock(struct vp *vp)
{
	return lock_take(&vp->partition->ipc.lock);
}

void hv_post_sints(struct vp *vp, uint16_t mask)
{
	for (uint32_t left = mask; left; left &= left - 1)
		arch_vp_post(vp, synic_vector(vp->synic, (uint32_t)__builtin_ctz(left)));
}

void hv_notify_sints(struct vp *vp, uint16_t mask)
{
	struct lock_token t = synic_lock(vp);

	vp->sint_notify = mask;
	synic_want_slots(vp->synic, mask);
	lock_drop(t);
}

uint16_t hv_deliverable_sints(struct vp *vp)
{
	struct lock_token t = synic_lock(vp);
	uint16_t mask = synic_free_slots(vp->synic) & vp->sint_notify;

	lock_drop(t);
	return mask;
}

void hv_raise_sints(struct vp *vp, uint16_t mask)
{
	if (unlikely(mask && vp->partition == partition_root)) {
		hv_post_sints(vp, mask);
		return;
	}
	for (uint32_t s = 0; mask; s++, mask = (uint16_t)(mask >> 1))
		if (mask & 1)
			arch_vp_raise(vp, synic_vector(vp->synic, s));
}

uint64_t hv_timers_deadline(struct vp *vp)
{
	uint64_t t = stimer_deadline(vp->stimers);

	return t == STIMER_NEVER ? UINT64_MAX : partition_reference_to_host(vp->partition, t);
}

void hv_timers_run(struct vp *vp)
{
	struct lock_token t = synic_lock(vp);
	struct stimer_effect e;

	stimer_expire(vp->stimers, vp->synic, now_ref(vp), &e);
	lock_drop(t);
	hv_raise_sints(vp, e.raise);
	for (uint32_t i = 0; i < e.vectors; i++)
		arch_vp_raise(vp, e.vector[i]);
}

/* Queues, then the timers' own messages, then what all that raises. The lock is dropped. */
static void rescan(struct vp *vp, struct lock_token t, uint16_t raise)
{
	if (vp->stimers->pending)
		stimer_rescan(vp->stimers, vp->synic, now_ref(vp), &raise);
	lock_drop(t);
	hv_raise_sints(vp, raise);
}

void hv_synic_eoi(struct vp *vp)
{
	struct lock_token t;
	uint16_t raise = 0;

	/*
	 * Most EOIs find nothing. Whoever queues now has found the slot full after it had set
	 * MessagePending in it: the guest's EOM comes.
	 */
	if (!(__atomic_load_n(&vp->synic->queued, __ATOMIC_RELAXED) | vp->stimers->pending))
		return;
	t = synic_lock(vp);
	synic_rescan(vp->synic, &raise);
	rescan(vp, t, raise);
}

/* -- overlay pages ---------------------------------------------------------------------------- */

/* A register that names a page: move the overlay, then take the value. The root's pages stay where
 * the core has put them. */
static enum hv_msr_result set_overlay(struct partition *p, struct overlay *o, void *page,
				      uint64_t *reg, uint64_t v)
{
	bool enable = v & OVERLAY_ENABLE;
	enum overlay_result r;
	struct lock_token t;

	if (p == partition_root) {
		if ((v ^ *reg) & PAGE_MASK)
			return HV_MSR_FAULT;
		*reg = v;
		return HV_MSR_OK;
	}
	t = lock_take(&p->lock);
	r = overlay_set(p, o, page, enable, v >> PAGE_SHIFT);
	if (r == OVERLAY_OK)
		*reg = v;
	lock_drop(t);
	return r == OVERLAY_OK ? HV_MSR_OK : r == OVERLAY_REFUSED ? HV_MSR_FAULT : HV_MSR_NO_MEMORY;
}

static enum hv_msr_result set_synic_page(struct vp *vp, uint32_t reg, uint64_t v)
{
	enum vp_overlay_kind k = reg == HV_REGISTER_SIMP    ? VP_OVERLAY_SIMP
				 : reg == HV_REGISTER_SIEFP ? VP_OVERLAY_SIEFP
							    : VP_OVERLAY_RING;
	struct lock_token t;
	enum hv_msr_result r;
	uint16_t raise = 0;

	r = set_overlay(vp->partition, &vp->overlays[k], vp->overlay_page[k], &vp->overlay[k], v);
	if (r != HV_MSR_OK)
		return r;
	t = synic_lock(vp);
	(void)synic_write(vp->synic, reg, v, &raise);
	rescan(vp, t, raise);
	return HV_MSR_OK;
}

static enum hv_msr_result set_synic(struct vp *vp, uint32_t reg, uint64_t v)
{
	struct lock_token t;
	uint16_t raise = 0;

	if (reg == HV_REGISTER_SIMP || reg == HV_REGISTER_SIEFP || reg == HV_REGISTER_SIRBP)
		return set_synic_page(vp, reg, v);
	t = synic_lock(vp);
	if (!synic_write(vp->synic, reg, v, &raise)) {
		lock_drop(t);
		return HV_MSR_FAULT;
	}
	rescan(vp, t, raise);
	return HV_MSR_OK;
}

static bool set_stimer(struct vp *vp, uint32_t reg, uint64_t v)
{
	if (!stimer_write(vp->stimers, reg, v, now_ref(vp)))
		return false;
	if (stimer_deadline(vp->stimers) <= now_ref(vp))
		hv_timers_run(vp);
	return true;
}

/*
 * TLFS, "Reference TSC page": scale and offset so that ((TSC * scale) >> 64) + offset is the
 * reference time. The scale is 2^64 * 10 MHz / TSC frequency.
 */
void reference_tsc_fill(struct vp *vp)
{
	struct partition *p = vp->partition;
	volatile uint64_t *page = p->tsc_page;
	uint64_t hz = arch_time_hz();
	uint64_t scale = arch_mul_div(10000000ull << 32, 1ull << 32, hz);
	uint64_t tsc = arch_vp_tsc(vp);
	uint64_t ref = partition_reference_time(p);
	uint64_t product = (uint64_t)((unsigned __int128)tsc * scale >> 64);

	page[1] = scale;
	page[2] = ref - product;
	/* Sequence last, never 0 or all ones: those mean "use the MSR". */
	atomic_fence();
	p->tsc_sequence = p->tsc_sequence >= 0xfffffffe ? 1 : p->tsc_sequence + 1;
	page[0] = p->tsc_sequence;
}

static enum hv_msr_result set_hypercall(struct vp *vp, uint64_t v)
{
	struct partition *p = vp->partition;

	/* Without an identity nothing happens; once locked nothing changes (TLFS) */
	if (!p->guest_os_id && p != partition_root)
		v &= ~OVERLAY_ENABLE;
	if (p->hypercall_msr & 2)
		return HV_MSR_OK;
	if (ARCH_HYPERCALL_PAGE && p != partition_root)
		hypercall_page_fill(p->hypercall_page);
	return set_overlay(p, &p->hypercall_overlay, p->hypercall_page, &p->hypercall_msr, v);
}

static enum hv_msr_result set_reference_tsc(struct vp *vp, uint64_t v)
{
	struct partition *p = vp->partition;
	enum hv_msr_result r = set_overlay(p, &p->tsc_overlay, p->tsc_page, &p->reference_tsc, v);

	if (r == HV_MSR_OK && v & OVERLAY_ENABLE)
		reference_tsc_fill(vp);
	return r;
}

static enum hv_msr_result set_os_id(struct vp *vp, uint64_t v)
{
	struct partition *p = vp->partition;

	p->guest_os_id = v;
	/* Taking the identity away takes the hypercall page away (TLFS) */
	if (!v && p != partition_root && p->hypercall_msr & OVERLAY_ENABLE)
		return set_overlay(p, &p->hypercall_overlay, p->hypercall_page, &p->hypercall_msr,
				   p->hypercall_msr & ~OVERLAY_ENABLE);
	return HV_MSR_OK;
}

/* -- the table -------------------------------------------------------------------------------- */

enum access { R = 1, W = 2, RW = 3 };

/*
 * Which privilege (CPUID 0x40000003) each of 0x40000000 .. 0x400000ff belongs to; without it the
 * MSR does not exist. No access: no such MSR.
 */
#define MSRS(first, last) [(first)&0xff ...(last) & 0xff]
static const struct {
	uint64_t privilege;
	uint8_t access;
} msrs[0x100] = {
	MSRS(HV_X64_MSR_GUEST_OS_ID,
	     HV_X64_MSR_HYPERCALL) = { HV_PARTITION_PRIVILEGE_HYPERCALL_MSRS, RW },
	MSRS(HV_X64_MSR_VP_INDEX, HV_X64_MSR_VP_INDEX) = { HV_PARTITION_PRIVILEGE_VP_INDEX, R },
	MSRS(HV_X64_MSR_VP_RUNTIME, HV_X64_MSR_VP_RUNTIME) = { HV_PARTITION_PRIVILEGE_VP_RUNTIME,
							       R },
	MSRS(HV_X64_MSR_TIME_REF_COUNT,
	     HV_X64_MSR_TIME_REF_COUNT) = { HV_PARTITION_PRIVILEGE_TIME_REF_COUNT, R },
	MSRS(HV_X64_MSR_REFERENCE_TSC,
	     HV_X64_MSR_REFERENCE_TSC) = { HV_PARTITION_PRIVILEGE_REFERENCE_TSC, RW },
	MSRS(HV_X64_MSR_TSC_FREQUENCY,
	     HV_X64_MSR_APIC_FREQUENCY) = { HV_PARTITION_PRIVILEGE_FREQUENCY_MSRS, R },
	MSRS(HV_X64_MSR_EOI, HV_X64_MSR_TPR) = { HV_PARTITION_PRIVILEGE_APIC_MSRS, RW },
	MSRS(HV_X64_MSR_VP_ASSIST_PAGE, HV_X64_MSR_VP_ASSIST_PAGE) = { 0, RW },
	MSRS(HV_X64_MSR_SCONTROL, HV_X64_MSR_SIRBP) = { HV_PARTITION_PRIVILEGE_SYNIC, RW },
	MSRS(HV_X64_MSR_SINT0, HV_X64_MSR_SINT15) = { HV_PARTITION_PRIVILEGE_SYNIC, RW },
	MSRS(HV_X64_MSR_STIMER0_CONFIG,
	     HV_X64_MSR_STIMER3_COUNT) = { HV_PARTITION_PRIVILEGE_SYNTIMERS, RW },
};

/* Access bits; 0: no such MSR for this partition. */
static uint32_t lookup(const struct vp *vp, uint32_t msr)
{
	uint64_t need;

	if (msr >> 8 != 0x400000 || (msr == HV_X64_MSR_SIRBP && vp->partition != partition_root))
		return 0;
	need = msrs[msr & 0xff].privilege;
	return (vp->partition->privileges & need) == need ? msrs[msr & 0xff].access : 0;
}

enum hv_msr_result hv_msr_read(struct vp *vp, uint32_t msr, uint64_t *v)
{
	const struct partition *p = vp->partition;
	uint32_t known = lookup(vp, msr);

	if (!known)
		return HV_MSR_UNKNOWN;
	if (!(known & R))
		return HV_MSR_FAULT;
	if (synic_register(msr))
		return synic_read(vp->synic, synic_register(msr), v) ? HV_MSR_OK : HV_MSR_FAULT;
	if (stimer_register(msr))
		return stimer_read(vp->stimers, stimer_register(msr), v) ? HV_MSR_OK : HV_MSR_FAULT;
	switch (msr) {
	case HV_X64_MSR_GUEST_OS_ID:
		*v = p->guest_os_id;
		break;
	case HV_X64_MSR_HYPERCALL:
		*v = p->hypercall_msr;
		break;
	case HV_X64_MSR_VP_INDEX:
		*v = vp->index;
		break;
	case HV_X64_MSR_VP_RUNTIME:
		/* A VP that is asked about by the root does not run meanwhile. */
		*v = vp->runtime;
		if (atomic_load(&vp->owner) == VP_RUNNING)
			*v += arch_time() - vp->run_start;
		*v = arch_mul_div(*v, 10000000, arch_time_hz());
		break;
	case HV_X64_MSR_TIME_REF_COUNT:
		*v = now_ref(vp);
		break;
	case HV_X64_MSR_REFERENCE_TSC:
		*v = p->reference_tsc;
		break;
	case HV_X64_MSR_TSC_FREQUENCY:
		*v = arch_time_hz();
		break;
	case HV_X64_MSR_APIC_FREQUENCY:
		*v = p == partition_root ? arch_apic_hz() : arch_guest_apic_hz();
		break;
	case HV_X64_MSR_VP_ASSIST_PAGE:
		*v = vp->overlay[VP_OVERLAY_ASSIST];
		break;
	default:
		return arch_hv_apic_msr(vp, msr, false, v) ? HV_MSR_OK : HV_MSR_FAULT;
	}
	return HV_MSR_OK;
}

enum hv_msr_result hv_msr_write(struct vp *vp, uint32_t msr, uint64_t v)
{
	uint32_t known = lookup(vp, msr);

	if (!known)
		return HV_MSR_UNKNOWN;
	if (!(known & W))
		return HV_MSR_FAULT;
	if (synic_register(msr))
		return set_synic(vp, synic_register(msr), v);
	if (stimer_register(msr))
		return set_stimer(vp, stimer_register(msr), v) ? HV_MSR_OK : HV_MSR_FAULT;
	switch (msr) {
	case HV_X64_MSR_GUEST_OS_ID:
		return set_os_id(vp, v);
	case HV_X64_MSR_HYPERCALL:
		return set_hypercall(vp, v);
	case HV_X64_MSR_REFERENCE_TSC:
		return set_reference_tsc(vp, v);
	case HV_X64_MSR_VP_ASSIST_PAGE:
		return set_overlay(vp->partition, &vp->overlays[VP_OVERLAY_ASSIST],
				   vp->overlay_page[VP_OVERLAY_ASSIST],
				   &vp->overlay[VP_OVERLAY_ASSIST], v);
	default:
		return arch_hv_apic_msr(vp, msr, true, &v) ? HV_MSR_OK : HV_MSR_FAULT;
	}
}

/* The same registers by name, for HvCallGet/SetVpRegisters. 0: not one of these. */
uint32_t hv_register_msr(uint32_t name)
{
	switch (name) {
	case HV_REGISTER_GUEST_OS_ID:
		return HV_X64_MSR_GUEST_OS_ID;
	case HV_X64_REGISTER_HYPERCALL:
		return ARCH_HYPERCALL_PAGE ? HV_X64_MSR_HYPERCALL : 0;
	case HV_REGISTER_VP_INDEX:
		return HV_X64_MSR_VP_INDEX;
	case HV_REGISTER_VP_RUNTIME:
		return HV_X64_MSR_VP_RUNTIME;
	case HV_REGISTER_TIME_REF_COUNT:
		return HV_X64_MSR_TIME_REF_COUNT;
	case HV_REGISTER_REFERENCE_TSC:
		return HV_X64_MSR_REFERENCE_TSC;
	case HV_REGISTER_VP_ASSIST_PAGE:
		return HV_X64_MSR_VP_ASSIST_PAGE;
	default:
		break;
	}
	if (name >= HV_REGISTER_SINT0 && name <= HV_REGISTER_SINT15)
		return HV_X64_MSR_SINT0 + (name - HV_REGISTER_SINT0);
	if (name >= HV_REGISTER_SCONTROL && name <= HV_REGISTER_SIRBP)
		return HV_X64_MSR_SCONTROL + (name - HV_REGISTER_SCONTROL);
	if (name >= HV_REGISTER_STIMER0_CONFIG && name <= HV_REGISTER_STIMER3_COUNT)
		return HV_X64_MSR_STIMER0_CONFIG + (name - HV_REGISTER_STIMER0_CONFIG);
	return 0;
}
