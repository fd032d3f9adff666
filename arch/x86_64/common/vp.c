/* SPDX-License-Identifier: MIT */
/*
 * A VP on x86: set-up and reset, the switch between the root's state and a guest's, and the loop
 * that runs a guest VP until there is something for the root.
 */
#include <string.h>

#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/deadline.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/features.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/speculation.h"
#include "arch/x86_64/common/xsave.h"
#include "hvapi/hypercall.h"
#include "hvapi/msr.h"
#include "kernel/arch.h"
#include "kernel/log.h"

const struct virt_ops *virt;

void virt_probe(void)
{
	if (svm_probe())
		virt = &svm_ops;
	else if (vmx_probe())
		virt = &vmx_ops;
	else
		panic("this CPU has neither SVM nor VMX");
}

/* -- set-up ----------------------------------------------------------------------------------- */

uint16_t arch_vp_init(struct vp *vp)
{
	uint16_t status = virt->vp_init(vp);

	if (status != HV_STATUS_SUCCESS)
		return status;
	vp->arch.xsave = pool_alloc(&vp->partition->pool);
	if (!vp->arch.xsave) {
		virt->vp_free(vp);
		return HV_STATUS_INSUFFICIENT_MEMORY;
	}
	if (vp->partition == partition_root)
		return HV_STATUS_SUCCESS;
	virt->vp_setup(vp, false);
	vlapic_init(&vp->arch.apic, vp->index,
		    vp->partition->create_flags & HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE, true,
		    cpu_tsc_hz, vp->index == 0);
	/* The guest's TSC starts at 0 with its partition. */
	vp->arch.tsc_offset = 0 - vp->partition->arch.tsc_start;
	virt->set_tsc_offset(vp, vp->arch.tsc_offset);
	vp->cpu = ~0u;
	return HV_STATUS_SUCCESS;
}

void arch_vp_free(struct vp *vp)
{
	pool_free(&vp->partition->pool, vp->arch.xsave);
	virt->vp_free(vp);
}

static void reset_segments(struct vp *vp)
{
	struct hv_x64_segment_register s = { .limit = 0xffff, .attributes = 0x93 };

	for (int i = SEG_ES; i <= SEG_GS; i++)
		virt->set_seg(vp, (enum x86_seg)i, &s);
	s.attributes = 0x82;
	virt->set_seg(vp, SEG_LDTR, &s);
	s.attributes = 0x8b;
	virt->set_seg(vp, SEG_TR, &s);
	s.attributes = 0;
	virt->set_seg(vp, SEG_GDTR, &s);
	virt->set_seg(vp, SEG_IDTR, &s);
	s = (struct hv_x64_segment_register){
		.base = 0xffff0000, .limit = 0xffff, .selector = 0xf000, .attributes = 0x9b
	};
	virt->set_seg(vp, SEG_CS, &s);
}

/* Intel SDM vol. 3, table 9-1; the APM's table 14-1 agrees where software can tell. */
void arch_vp_reset(struct vp *vp, bool init)
{
	struct arch_vp *a = &vp->arch;
	uint64_t cd = init ? virt->get(vp, SYS_CR0) & (CR0_CD | CR0_NW) : CR0_CD | CR0_NW;
	uint32_t r[4];

	memset(a->gpr, 0, sizeof(a->gpr));
	cpuid(1, 0, r);
	a->gpr[GPR_RDX] = r[0];
	a->rip = 0xfff0;
	reset_segments(vp);
	virt->set(vp, SYS_RFLAGS, RFLAGS_FIXED);
	virt->set(vp, SYS_CR0, CR0_ET | cd);
	virt->set(vp, SYS_CR2, 0);
	virt->set(vp, SYS_CR3, 0);
	virt->set(vp, SYS_CR4, 0);
	virt->set(vp, SYS_EFER, 0);
	virt->set(vp, SYS_DR6, DR6_RESET);
	virt->set(vp, SYS_DR7, DR7_FIXED);
	virt->set(vp, SYS_INT_SHADOW, 0);
	virt->set(vp, SYS_CPL, 0);
	virt->set(vp, SYS_SSP, 0);
	memset(a->dr, 0, sizeof(a->dr));
	a->event = (struct x86_event){ 0 };
	a->queued = (struct x86_event){ 0 };
	a->notify = 0;
	vp->sint_notify = 0;
	a->nmi_pending = a->nmi_masked = a->debug_pending = false;
	a->activity = X86_ACTIVE;
	virt->iret_window(vp, false);
	if (init) {
		vlapic_reset(&a->apic);
		return;
	}
	for (enum x86_sysreg s = SYS_STAR; s <= SYS_DEBUGCTL; s++)
		virt->set(vp, s, 0);
	virt->set(vp, SYS_PAT, PAT_RESET);
	memset(&a->mtrr, 0, sizeof(a->mtrr));
	for (enum x86_sysreg s = SYS_U_CET; s <= SYS_INT_SSP_TABLE; s++)
		virt->set(vp, s, 0);
	a->xcr0 = XCR0_X87;
	a->tsc_aux = a->spec_ctrl = a->xss = a->tsc_adjust = 0;
	if (a->xsave)
		xsave_init_std(&cpu_xsave_layout, a->xsave);
	/* A second processor of a guest with a local APIC waits for its start-up IPI. */
	if (vp->index != 0 && vp->partition != partition_root &&
	    vp->partition->create_flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED)
		a->activity = X86_WAIT_SIPI;
}

void arch_vp_release(struct vp *vp)
{
	virt->release(vp);
}

void arch_vp_shift_time(struct vp *vp, uint64_t gone)
{
	vp->arch.tsc_offset -= gone;
	virt->set_tsc_offset(vp, vp->arch.tsc_offset);
}

/* -- interrupts ------------------------------------------------------------------------------- */

void arch_vp_raise(struct vp *vp, uint8_t vector)
{
	(void)vlapic_accept(&vp->arch.apic, vector, false);
}

/* The root's are its CPU's own: what is sent there waits in its APIC until the root runs. */
void arch_vp_post(struct vp *vp, uint8_t vector)
{
	if (vp->partition == partition_root)
		apic_send(percpu_of(vp->index)->apic_id, APIC_ICR_ASSERT | vector);
	else
		vp_post_irq(vp, vector, false);
}

static void start_ap(struct vp *vp, uint8_t vector)
{
	struct hv_x64_segment_register cs = { .base = (uint64_t)vector << 12,
					      .limit = 0xffff,
					      .selector = (uint16_t)(vector << 8),
					      .attributes = 0x9b };

	virt->set_seg(vp, SEG_CS, &cs);
	vp->arch.rip = 0;
	vp->arch.activity = X86_ACTIVE;
}

/* A local pin was raised: its LVT entry says what that is (ExtINT has no controller to ask). */
static void take_lint(struct vp *vp, enum vlapic_lvt lvt)
{
	switch (vlapic_accept_lvt(&vp->arch.apic, lvt)) {
	case VLAPIC_NMI:
		vp->arch.nmi_pending = true;
		break;
	case VLAPIC_EXTINT:
	case VLAPIC_SMI:
	case VLAPIC_INIT:
		partition_unimplemented(vp->partition, UNIMPLEMENTED_IPI, "local pin with LVT",
					lvt);
		break;
	default:
		break;
	}
}

void arch_vp_take_mail(struct vp *vp)
{
	uint32_t mail = atomic_xchg(&vp->mail, 0);

	if (likely(!mail)) /* as for a call that takes the VP */
		return;
	if (mail & VP_MAIL_INIT) {
		arch_vp_reset(vp, true);
		/* The boot processor starts over at the reset vector (SDM vol. 3, 9.4.2) */
		if (!(vlapic_base(&vp->arch.apic) & APIC_BASE_BSP))
			vp->arch.activity = X86_WAIT_SIPI;
	}
	if (mail & VP_MAIL_SIPI && vp->arch.activity == X86_WAIT_SIPI)
		start_ap(vp, (uint8_t)atomic_load(&vp->mail_sipi));
	/* A tag of no generation: the next entry takes a new one (APM 15.16, SDM vol. 3, 28.4.3) */
	if (mail & VP_MAIL_FLUSH)
		vp->arch.asid_gen = 0;
	if (mail & VP_MAIL_NMI)
		vp->arch.nmi_pending = true;
	if (mail & VP_MAIL_LINT0)
		take_lint(vp, VLAPIC_LVT_LINT0);
	if (mail & VP_MAIL_LINT1)
		take_lint(vp, VLAPIC_LVT_LINT1);
	if (!(mail & VP_MAIL_IRQ))
		return;
	for (uint32_t w = 0; w < 4; w++) {
		uint64_t irr = atomic_xchg(&vp->mail_irr[w], 0);
		uint64_t level = atomic_and(&vp->mail_level[w], ~irr) & irr;

		while (irr) {
			uint32_t b = (uint32_t)__builtin_ctzll(irr);

			irr &= irr - 1;
			(void)vlapic_accept(&vp->arch.apic, (uint8_t)(w * 64 + b), level >> b & 1);
		}
	}
}

static void deliver_ipi(struct vp *from, const struct vlapic_ipi *ipi)
{
	struct partition *p = from->partition;

	for (uint32_t i = 0; i < PARTITION_MAX_VPS; i++) {
		struct vp *to = vp_find(p, i);

		/* Another VP's APIC is read beside its owner: its id and mode change rarely, and a
		 * torn look only misroutes an IPI that raced with the change. */
		if (!to || !vlapic_match(&to->arch.apic, ipi, from->arch.apic.id))
			continue;
		switch (ipi->mode) {
		case VLAPIC_FIXED:
			vp_post_irq(to, ipi->vector, false);
			break;
		case VLAPIC_LOWEST:
			vp_post_irq(to, ipi->vector, false);
			return;
		case VLAPIC_NMI:
			vp_post(to, VP_MAIL_NMI);
			break;
		case VLAPIC_INIT:
			vp_post(to, VP_MAIL_INIT);
			break;
		case VLAPIC_SIPI:
			atomic_store(&to->mail_sipi, ipi->vector);
			vp_post(to, VP_MAIL_SIPI);
			break;
		default:
			partition_unimplemented(p, UNIMPLEMENTED_IPI, "IPI of mode", ipi->mode);
			break;
		}
	}
}

uint64_t arch_vp_tsc(const struct vp *vp)
{
	const struct partition *p = vp->partition;

	return (p->time_frozen ? p->frozen_at : rdtsc()) + vp->arch.tsc_offset;
}

/* TLFS, "Synthetic APIC MSRs": the APIC's registers in whatever mode it is. */
bool arch_hv_apic_msr(struct vp *vp, uint32_t msr, bool write, uint64_t *v)
{
	struct vlapic *a = &vp->arch.apic;
	uint64_t now = arch_vp_tsc(vp);
	struct vlapic_effect e = { 0 };
	uint32_t low = 0, high = 0;
	bool ok = true;

	if (!(vp->partition->create_flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED))
		return false;
	if (msr == HV_X64_MSR_TPR) {
		if (!write)
			*v = vlapic_tpr(a);
		else if (*v >> 8)
			return false;
		else
			vlapic_set_tpr(a, (uint8_t)*v);
	} else if (msr == HV_X64_MSR_EOI) {
		if (!write)
			return false;
		(void)vlapic_eoi(a, &e);
	} else if (vlapic_x2(a)) {
		ok = write ? vlapic_msr_write(a, MSR_X2APIC_ICR, *v, now, &e)
			   : vlapic_msr_read(a, MSR_X2APIC_ICR, now, v);
	} else if (write) {
		(void)vlapic_mmio_write(a, APIC_ICR_HIGH, (uint32_t)(*v >> 32), now, &e);
		(void)vlapic_mmio_write(a, APIC_ICR_LOW, (uint32_t)*v, now, &e);
	} else {
		(void)vlapic_mmio_read(a, APIC_ICR_HIGH, now, &high);
		(void)vlapic_mmio_read(a, APIC_ICR_LOW, now, &low);
		*v = (uint64_t)high << 32 | low;
	}
	apic_effect(vp, &e);
	return ok;
}

void apic_effect(struct vp *vp, const struct vlapic_effect *e)
{
	if (e->has_ipi)
		deliver_ipi(vp, &e->ipi);
	if (e->eoi)
		hv_synic_eoi(vp); /* may send what a timer has waited with */
	if (e->timer_changed | e->eoi)
		vp->arch.timers_moved = true;
}

/* -- switching -------------------------------------------------------------------------------- */

static void load_state(struct vp *vp)
{
	const struct vp *before = this_cpu()->current;
	struct arch_vp *a = &vp->arch;

	if (cpu_has_xss && (!before || before->arch.xss != a->xss))
		wrmsr(MSR_XSS, a->xss);

	xsetbv(0, cpu_xcr0);
	xrstor64(a->xsave, cpu_xcr0);
	xsetbv(0, a->xcr0);
	write_dr0(a->dr[0]);
	write_dr1(a->dr[1]);
	write_dr2(a->dr[2]);
	write_dr3(a->dr[3]);
	if (cpu_has_rdtscp)
		wrmsr(MSR_TSC_AUX, a->tsc_aux);
	if (cpu_speculation.spec_ctrl)
		wrmsr(MSR_SPEC_CTRL, a->spec_ctrl);
	virt->load(vp);
	this_cpu()->current = vp;
}

static void save_state(struct vp *vp)
{
	struct arch_vp *a = &vp->arch;

	virt->save(vp);
	/* A guest's writes are seen, the root's are not */
	if (cpu_has_xss && vp->partition == partition_root)
		a->xss = rdmsr(MSR_XSS);
	a->xcr0 = xgetbv(0);
	xsetbv(0, cpu_xcr0);
	xsave64(a->xsave, cpu_xcr0);
	a->dr[0] = read_dr0();
	a->dr[1] = read_dr1();
	a->dr[2] = read_dr2();
	a->dr[3] = read_dr3();
	if (cpu_has_rdtscp)
		a->tsc_aux = rdmsr(MSR_TSC_AUX);
	if (cpu_speculation.spec_ctrl) {
		a->spec_ctrl = rdmsr(MSR_SPEC_CTRL);
		wrmsr(MSR_SPEC_CTRL, 0);
	}
}

/* Between partitions no branch predictor entry is carried over (decision 19). */
static void barrier(void)
{
	if (!cpu_speculation.ibpb)
		return;
	wrmsr(MSR_PRED_CMD, 1);
	this_cpu()->counters[COUNT_IBPB]++;
}

void arch_vp_switch_in(struct vp *vp)
{
	save_state(this_cpu()->root_vp);
	barrier();
	load_state(vp);
	deadline_borrow();
	vp->run_start = rdtsc();
}

void arch_vp_switch_out(struct vp *vp)
{
	vp->runtime += rdtsc() - vp->run_start;
	deadline_return();
	save_state(vp);
	barrier();
	load_state(this_cpu()->root_vp);
}

/* -- running ---------------------------------------------------------------------------------- */

/* What a guest VP waits for by itself, as host TSC. */
static uint64_t find_next_event(struct vp *vp)
{
	uint64_t apic = vlapic_deadline(&vp->arch.apic);
	uint64_t synth = hv_timers_deadline(vp);

	if (apic != UINT64_MAX)
		apic -= vp->arch.tsc_offset;
	return MIN(apic, synth);
}

/* Expire what is due. Between two exits that touch no timer this is one comparison. */
static void run_timers(struct vp *vp)
{
	struct arch_vp *a = &vp->arch;
	struct vlapic_effect e;
	uint64_t now;

	if (unlikely(a->timers_moved)) {
		a->next_event = find_next_event(vp);
		a->timers_moved = false;
	}
	if (likely(a->next_event == UINT64_MAX))
		return;
	now = rdtsc();
	if (likely(a->next_event > now))
		return;
	if (vlapic_deadline(&a->apic) <= now + a->tsc_offset)
		vlapic_advance(&a->apic, now + a->tsc_offset, &e);
	if (hv_timers_deadline(vp) <= now)
		hv_timers_run(vp);
	a->next_event = find_next_event(vp);
}

/* Exits whose handling cannot move a timer of the VP's, or says so when it does. */
static bool keeps_timers(const struct x86_exit *ex)
{
	switch (ex->kind) {
	case X86_EXIT_NONE:
	case X86_EXIT_CPUID:
	case X86_EXIT_IO:
	case X86_EXIT_INTR:
	case X86_EXIT_INTR_WINDOW:
	case X86_EXIT_EXCEPTION:
	case X86_EXIT_HYPERCALL:
	case X86_EXIT_MSR:
	case X86_EXIT_SLAT:
		return true;
	default:
		return false;
	}
}

static bool wakes(struct vp *vp)
{
	const struct arch_vp *a = &vp->arch;

	bool intr = vlapic_pending(&a->apic) >= 0 || a->queued.pending;

	return a->event.pending || a->debug_pending || (a->queued.pending && a->queued.type == 3) ||
	       (a->nmi_pending && !a->nmi_masked) ||
	       (intr && virt->get(vp, SYS_RFLAGS) & RFLAGS_IF);
}

/*
 * The VP is halted. Idle here until its own timer or an interrupt of the root, whichever is first
 * (decision 15). False: nothing will wake it but another VP or the root.
 */
static bool idle(struct vp *vp, enum vp_exit *why)
{
	uint64_t next = vp->arch.next_event;

	if (next == UINT64_MAX) {
		*why = VP_EXIT_HALTED;
		return false;
	}
	if (deadline_idle(next, &vp->mail)) {
		*why = VP_EXIT_INTERRUPT;
		return false;
	}
	return true;
}

/*
 * An interrupt in delivery (HvRegisterPendingInterruption) was let in by IF: VM entry refuses any
 * other (SDM vol. 3, 26.3.1.4), VMRUN would deliver it, so neither gets it. And the shadow is over:
 * with one VM entry refuses it too (26.3.1.5), while an exit of SVM's may still show it.
 */
static const char *check_event(struct vp *vp)
{
	if (!vp->arch.event.pending || vp->arch.event.type != EVENT_INTR)
		return NULL;
	if (!(virt->get(vp, SYS_RFLAGS) & RFLAGS_IF))
		return "a pending interrupt with RFLAGS.IF clear";
	if (virt->get(vp, SYS_INT_SHADOW))
		virt->set(vp, SYS_INT_SHADOW, 0);
	return NULL;
}

static bool sints_deliverable(struct vp *vp)
{
	uint16_t mask = hv_deliverable_sints(vp);

	if (!mask)
		return false;
	vp->sint_notify &= (uint16_t)~mask;
	if (!vp->sint_notify)
		vp->arch.notify &= ~NOTIFY_SINTS;
	(void)intercept_sints(vp, mask);
	return true;
}

/* What the root waits for could be taken now: announced once. */
static bool notified(struct vp *vp)
{
	struct arch_vp *a = &vp->arch;
	int type;

	if (a->notify & NOTIFY_SINTS && sints_deliverable(vp))
		return true;
	type = inject_deliverable(vp);
	if (type < 0)
		return false;
	a->notify &= ~(type ? HV_DELIVERABILITY_NMI : HV_DELIVERABILITY_INTERRUPT | MASK(5, 2));
	(void)intercept_deliverable(vp, type);
	return true;
}

enum vp_exit arch_vp_run(struct vp *vp)
{
	struct arch_vp *a = &vp->arch;
	const char *why = virt->check_state(vp);
	uint64_t armed = 0; /* what the deadline stands at; 0: to be set anew */
	uint32_t cr8 = ~0u; /* what the back end has */
	enum vp_exit stop;
	struct x86_exit ex;

	if (likely(!why))
		why = check_event(vp);
	if (unlikely(a->unjudged) && !why) {
		why = segments_check(vp);
		a->unjudged = why != NULL;
	}
	if (why) {
		(void)intercept_invalid_register(vp, why);
		return VP_EXIT_INTERCEPT;
	}
	virt->set_exceptions(vp, vp->partition->arch.exception_intercepts);
	if (a->nmi_masked)
		virt->iret_window(vp, true);
	a->timers_moved = true;
	for (;;) {
		if (unlikely(atomic_load(&vp->mail))) {
			if (atomic_and(&vp->mail, ~(uint32_t)VP_MAIL_YIELD) & VP_MAIL_YIELD)
				return VP_EXIT_INTERRUPT;
			arch_vp_take_mail(vp);
			a->timers_moved = true;
		}
		run_timers(vp);
		if (unlikely(vp->explicit_suspend | vp->dispatch_suspend))
			return VP_EXIT_SUSPENDED;
		if (unlikely(a->notify) && notified(vp))
			return VP_EXIT_INTERCEPT;
		if (unlikely(a->activity != X86_ACTIVE)) {
			if (a->activity == X86_SHUTDOWN) {
				(void)intercept_unrecoverable(vp, NULL);
				return VP_EXIT_INTERCEPT;
			}
			if (a->activity == X86_WAIT_SIPI)
				return VP_EXIT_HALTED;
			if (!wakes(vp)) {
				if (!idle(vp, &stop))
					return stop;
				armed = 0;
				continue;
			}
			a->activity = X86_ACTIVE;
		}
		if (unlikely(cr8 != vlapic_cr8(&a->apic)))
			virt->set_tpr(vp, vlapic_cr8(&a->apic));
		if (unlikely(inject_waits(vp)))
			inject_prepare(vp);
		if (unlikely(a->next_event != armed)) {
			armed = a->next_event;
			deadline_arm(armed);
		}
		virt->enter(vp, &ex);
		this_cpu()->counters[COUNT_EXITS]++;
		cr8 = ex.cr8;
		if (unlikely(cr8 != vlapic_cr8(&a->apic)))
			vlapic_set_cr8(&a->apic, (uint8_t)cr8);
		if (!keeps_timers(&ex))
			a->timers_moved = true;
		switch (exit_handle(vp, &ex)) {
		case EXIT_NEXT:
			if (unlikely(ex.after))
				insn_done(vp, ex.len);
			else
				a->rip += ex.len;
			break;
		case EXIT_STOP:
			if (a->stop == VP_EXIT_INTERRUPT && deadline_take()) {
				armed = 0;
				break; /* it was ours */
			}
			return (enum vp_exit)a->stop;
		case EXIT_RESUME:
		default:
			if (unlikely(ex.kind == X86_EXIT_DEADLINE))
				armed = 0;
			break;
		}
	}
}

void arch_machine_reset(void)
{
	/* PCI reset control register, then the keyboard controller's line (what firmware does) */
	outb(0xcf9, 0x02);
	outb(0xcf9, 0x06);
	outb(0x64, 0xfe);
	for (;;)
		cpu_halt();
}

/* Quoin's own hypercall page: the vendor's call, and RET. */
void hypercall_page_fill(void *page)
{
	uint8_t *code = page;

	memset(page, 0xcc, PAGE_SIZE);
	memcpy(code, virt->hypercall, sizeof(virt->hypercall));
	code[sizeof(virt->hypercall)] = 0xc3;
}

uint16_t arch_partition_init(struct partition *p)
{
	p->arch.tsc_start = rdtsc();
	p->ref_tsc = p->arch.tsc_start;
	p->arch.xcr0_mask = features_xcr0(p, cpu_xcr0 & XCR0_GUEST);
	p->arch.xss_mask = features_xss(p, cpu_xsave_layout.xss_mask);
	p->arch.cet = features_cet(p);
	p->arch.cr4_off = ~CR4_GUEST;
	if (!(p->arch.xcr0_mask & XCR0_PKRU))
		p->arch.cr4_off |= CR4_PKE;
	if (!p->arch.cet)
		p->arch.cr4_off |= CR4_CET;
	p->arch.xsave_size =
		xsave_compact_size(&cpu_xsave_layout, p->arch.xcr0_mask | p->arch.xss_mask);
	/* Without a local APIC of ours a halted VP waits for what the root injects. */
	p->arch.hlt_intercept = !(p->create_flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED);
	return HV_STATUS_SUCCESS;
}

void arch_partition_free(struct partition *p)
{
	(void)p;
}
