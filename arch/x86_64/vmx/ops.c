/* SPDX-License-Identifier: MIT */
/* The VT-x back end: probe, VMXON, events and windows, the entry itself. */
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/deadline.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/speculation.h"
#include "arch/x86_64/vmx/vmx.h"
#include "kernel/arch.h"
#include "kernel/guest_mem.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"

#define VPIDS	     0x10000u
#define INVEPT_ONE   1u
#define INVVPID_ALL  2u
#define VAPIC_TPR    0x80u
#define DEADLINE_MAX 1000u /* fraction of a second */

/* SDM table 6-1: which exceptions push an error code; #CP where there is CET */
#define HAS_ERROR_CODE 0x00027d00u

_Static_assert(offsetof(struct arch_vp, vmx.host_rsp) == 136, "entry.S");
_Static_assert(offsetof(struct arch_vp, gpr) == 0, "entry.S");

struct vmx_caps vmx_caps;

static bool locked_off(uint64_t feature_control)
{
	return feature_control & FEATURE_CTL_LOCK && !(feature_control & FEATURE_CTL_VMX);
}

bool vmx_probe(void)
{
	uint64_t msr[VMX_CAP_MSRS] = { 0 }, feature;
	const char *missing;
	uint32_t r[4];

	cpuid(1, 0, r);
	if (!(r[2] & BIT(5)))
		return false;
	feature = rdmsr(MSR_FEATURE_CTL);
	if (locked_off(feature))
		panic("VMX is locked off by firmware (IA32_FEATURE_CONTROL)");
	for (uint32_t i = 0; i < VMX_CAP_MSRS; i++)
		(void)rdmsr_safe(MSR_VMX_BASIC + i, &msr[i]);
	missing = vmx_caps_fold(&vmx_caps, msr);
	if (missing)
		panic("this CPU's VMX cannot have \"%s\" as Quoin needs it", missing);
	arch_slat_format = vmx_caps.ept & EPT_CAP_1G ? &ept_format : &ept_format_2m;
	if (!deadline_own_timer(vmx_caps.preemption_timer)) {
		vmx_caps.preemption_timer = false;
		vmx_caps.guest.pin &= ~(uint32_t)PIN_PREEMPTION;
	}
	vmx_maps_build();
	return true;
}

static bool has_cet(void)
{
	return vmx_caps.cet;
}

static void cpu_init(struct percpu *cpu)
{
	uint32_t *region = page_alloc(1);
	uint64_t feature = rdmsr(MSR_FEATURE_CTL);

	if (!region)
		panic("core memory too small for CPU %u", cpu->index);
	/* The probe has looked at the first CPU only; VMXON would fault here. */
	if (locked_off(feature))
		panic("CPU %u: VMX is locked off by firmware (IA32_FEATURE_CONTROL)", cpu->index);
	if (!(feature & FEATURE_CTL_LOCK))
		wrmsr(MSR_FEATURE_CTL, feature | FEATURE_CTL_LOCK | FEATURE_CTL_VMX);
	write_cr0(read_cr0() | vmx_caps.cr0_fixed0);
	write_cr4(read_cr4() | vmx_caps.cr4_fixed0);
	region[0] = vmx_caps.revision;
	cpu->cpu_pages = region;
	cpu->asid_gen = 1;
	cpu->asid_next = 1;
	if (vmx_vmxon(ptr_hpa(region).v) != 0)
		panic("CPU %u: VMXON failed", cpu->index);
	vmx_invvpid(INVVPID_ALL, 0);
}

static uint16_t vmcs_alloc(struct vp *vp)
{
	struct vmx_vp *x = &vp->arch.vmx;

	x->vmcs = pool_alloc(&vp->partition->pool);
	if (!x->vmcs)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	/* The one page that the CPU reads and writes for the TPR; the root has the real one. */
	if (vp->partition != partition_root) {
		x->vapic = pool_alloc(&vp->partition->pool);
		if (!x->vapic) {
			pool_free(&vp->partition->pool, x->vmcs);
			x->vmcs = NULL;
			return HV_STATUS_INSUFFICIENT_MEMORY;
		}
	}
	x->pa = ptr_hpa(x->vmcs).v;
	*(uint32_t *)x->vmcs = vmx_caps.revision;
	(void)vmx_vmclear(x->pa);
	return HV_STATUS_SUCCESS;
}

static void vmcs_free(struct vp *vp)
{
	struct vmx_vp *x = &vp->arch.vmx;

	vmx_release(vp);
	if (x->vapic)
		pool_free(&vp->partition->pool, x->vapic);
	if (x->vmcs)
		pool_free(&vp->partition->pool, x->vmcs);
	x->vapic = NULL;
	x->vmcs = NULL;
}

/* -- entry ------------------------------------------------------------------------------------ */

/*
 * A VP's linear translations on this CPU are its own while its VPID is of the CPU's generation and
 * it ran here last. Guest-physical ones belong to the EPT root, whoever ran under it: they go when
 * the second-level table lost something, or the VP is new here (28.4.3).
 */
static void tag(struct vp *vp, struct percpu *cpu, uint64_t generation)
{
	struct arch_vp *a = &vp->arch;
	bool moved = vp->cpu != cpu->index;

	if (likely(a->asid_gen == cpu->asid_gen && !moved && vp->slat_generation == generation))
		return;
	if (moved || vp->slat_generation != generation)
		vmx_invept(INVEPT_ONE, vmx_eptp(&vp->partition->slat));
	if (cpu->asid_next >= VPIDS) {
		cpu->asid_gen++;
		cpu->asid_next = 1;
		vmx_invvpid(INVVPID_ALL, 0);
	}
	a->asid = cpu->asid_next++;
	a->asid_gen = cpu->asid_gen;
	vp->slat_generation = generation;
	/* Before enter() looks at the mail: vp_post() kicks the CPU that stands here. */
	atomic_store(&vp->cpu, cpu->index);
	atomic_fence();
	vmcs_write(vp, VMCS_VPID, a->asid);
}

/* PAE paging outside long mode: the four PDPTEs are fields (26.3.2.4). False: not in memory. */
static bool load_pdptes(struct vp *vp, struct x86_exit *ex)
{
	uint64_t cr4 = vmx_vmread(VMCS_GUEST_CR4), pdpte[4];
	gpa_t at = GPA(vmx_vmread(VMCS_GUEST_CR3) & MASK(31, 5));

	vp->arch.vmx.pdpte_stale = false;
	if (!(vmx_vmread(VMCS_GUEST_CR0) & CR0_PG) || !(cr4 & CR4_PAE) ||
	    vmx_vmread(VMCS_GUEST_EFER) & EFER_LMA)
		return true;
	if (guest_mem_read(vp->partition, at, pdpte, sizeof(pdpte), NULL) != GUEST_MEM_OK) {
		vp->arch.vmx.pdpte_stale = true;
		ex->kind = X86_EXIT_SLAT;
		ex->code = VMX_EXIT_EPT_VIOLATION;
		ex->len = 0;
		ex->slat.gpa = at.v;
		ex->slat.read = ex->slat.table_walk = true;
		ex->slat.write = ex->slat.fetch = ex->slat.gva_valid = false;
		ex->slat.insn_len = 0;
		return false;
	}
	for (uint32_t i = 0; i < 4; i++)
		vmx_vmwrite(VMCS_GUEST_PDPTE0 + 2 * i, pdpte[i]);
	return true;
}

/* 24.8.3. What the ABI calls an exception is one of two types here. */
static void write_event(struct vp *vp)
{
	struct vmx_vp *x = &vp->arch.vmx;
	const struct x86_event *e = &x->event;
	uint32_t type = e->type, info;
	bool error = false;

	if (type == VMX_EVENT_EXCEPTION) {
		/* The CPU insists on the error code that the vector has (26.2.1.3) */
		error = (HAS_ERROR_CODE | (uint32_t)vmx_caps.cet << VEC_CP) >> (e->vector & 31) &
				1 &&
			vmx_vmread(VMCS_GUEST_CR0) & CR0_PE;
		if (e->vector == VEC_BP || e->vector == VEC_OF)
			type = VMX_EVENT_SOFT_EXC;
	}
	if (type >= VMX_EVENT_SOFT_INT)
		vmx_vmwrite(VMCS_ENTRY_LEN, e->insn_len ? e->insn_len : 1);
	/* A selector has 16 bits, and so has #PF's word (SGX is 15); VM entry refuses more, which
	 * a client may ask for (26.2.1.3) */
	if (error)
		vmx_vmwrite(VMCS_ENTRY_ERROR, e->error & 0xffff);
	info = e->vector | type << VMX_EVENT_TYPE_SHIFT;
	vmx_vmwrite(VMCS_ENTRY_EVENT, info | (error ? VMX_EVENT_ERROR : 0) | VMX_EVENT_VALID);
	if (type == VMX_EVENT_NMI)
		vp->arch.nmi_masked = true;
}

/* NMI blocking is the field's while the VP runs; an NMI goes in with it clear (26.3.1.5). */
static void write_blocking(struct vp *vp)
{
	struct vmx_vp *x = &vp->arch.vmx;
	bool masked = vp->arch.nmi_masked && !(x->event.pending && x->event.type == VMX_EVENT_NMI);
	uint32_t v = vmx_blocking(vp) & ~(uint32_t)(VMX_BLOCK_NMI | VMX_BLOCK_SMI);

	vmx_set_blocking(vp, v | (masked ? (uint32_t)VMX_BLOCK_NMI : 0));
	if (x->blocking_dirty)
		vmx_vmwrite(VMCS_GUEST_INTERRUPTIBILITY, x->blocking);
	x->blocking_dirty = false;
}

/*
 * An NMI does not go in behind MOV SS, nor on some parts behind STI (26.3.1.5): it waits for the
 * window, one instruction later.
 */
static void hold_nmi(struct vp *vp)
{
	struct vmx_vp *x = &vp->arch.vmx;

	if (x->event.type != VMX_EVENT_NMI ||
	    !(vmx_blocking(vp) & (VMX_BLOCK_STI | VMX_BLOCK_MOVSS)))
		return;
	x->event.pending = false;
	vp->arch.nmi_pending = true;
	vp->arch.nmi_masked = false;
	x->nmi_held = true;
}

static void write_timer(struct vmx_vp *x)
{
	uint64_t now = rdtsc(), at = deadline_next();
	uint64_t ticks =
		MIN(at > now ? at - now : 0, cpu_tsc_hz / DEADLINE_MAX) >> vmx_caps.timer_shift;

	if (x->timer == (uint32_t)ticks)
		return;
	x->timer = (uint32_t)ticks;
	vmx_vmwrite(VMCS_PREEMPTION_TIMER, ticks);
}

static void write_windows(struct vp *vp)
{
	struct vmx_vp *x = &vp->arch.vmx;
	uint32_t proc = x->proc & ~(uint32_t)(PROC_NMI_WINDOW | PROC_INTR_WINDOW);

	if (x->intr_window)
		proc |= (uint32_t)PROC_INTR_WINDOW;
	if (unlikely(vp->arch.nmi_pending && (vp->arch.nmi_masked || x->nmi_held)))
		proc |= (uint32_t)PROC_NMI_WINDOW;
	if (likely(proc == x->proc))
		return;
	x->proc = proc;
	vmx_vmwrite(VMCS_PROC, proc);
}

/* Not entered: what was to be injected waits for the next try, in the run loop's hands. */
static void keep_event(struct vp *vp)
{
	struct vmx_vp *x = &vp->arch.vmx;

	if (x->event.pending) {
		vp->arch.event = x->event;
		vmx_vmwrite(VMCS_ENTRY_EVENT, 0); /* or it goes in with whatever comes next */
	}
	x->event.pending = false;
}

static bool nmi_waits(const struct vp *vp)
{
	const struct arch_vp *root = &this_cpu()->root_vp->arch;

	return root->nmi_pending &&
	       (vp->partition != partition_root || (!root->nmi_masked && !root->vmx.nmi_held));
}

/* Mail, or an NMI, has come since the last look. */
static void turn_back(struct vp *vp, struct x86_exit *ex)
{
	keep_event(vp);
	ex->kind = nmi_waits(vp) ? X86_EXIT_NMI : X86_EXIT_NONE;
	ex->len = 0;
	ex->code = 0;
}

/* Everything that the entry needs in the VMCS, which is current. False: ex says why not. */
static bool prepare(struct vp *vp, struct x86_exit *ex)
{
	struct percpu *cpu = this_cpu();
	struct arch_vp *a = &vp->arch;
	struct vmx_vp *x = &a->vmx;

	if (unlikely(x->host_cpu != cpu->index + 1)) {
		vmx_host_state(vp);
		x->host_cpu = cpu->index + 1;
	}
	if (unlikely(x->pdpte_stale) && !load_pdptes(vp, ex))
		return false;
	if (a->rip != x->rip)
		vmx_vmwrite(VMCS_GUEST_RIP, a->rip);
	if (a->gpr[GPR_RSP] != x->rsp)
		vmx_vmwrite(VMCS_GUEST_RSP, a->gpr[GPR_RSP]);
	x->rip = a->rip;
	x->rsp = a->gpr[GPR_RSP];
	x->nmi_held = false;
	if (unlikely(x->event.pending))
		hold_nmi(vp);
	if (unlikely(x->event.pending))
		write_event(vp);
	if (unlikely(x->blocking_dirty || a->nmi_masked || x->event.pending))
		write_blocking(vp);
	write_windows(vp);
	if (vp->partition == partition_root)
		return true;
	if (unlikely(x->tsc_offset != a->tsc_offset)) {
		x->tsc_offset = a->tsc_offset;
		vmx_vmwrite(VMCS_TSC_OFFSET, x->tsc_offset);
	}
	if (likely(vmx_caps.preemption_timer))
		write_timer(x);
	return true;
}

/* Instructions that are mostly done here, not by the root */
#define DONE_HERE \
	(BIT(VMX_EXIT_CPUID) | BIT(VMX_EXIT_VMCALL) | BIT(VMX_EXIT_RDMSR) | BIT(VMX_EXIT_WRMSR))
/* Exits of a guest that come often, and behind which RSP is nobody's business before vmx_save(). */
#define RSP_UNUSED \
	(DONE_HERE | BIT(VMX_EXIT_INTR) | BIT(VMX_EXIT_INTR_WINDOW) | BIT(VMX_EXIT_PREEMPTION))

static bool of(uint32_t reason, uint64_t set)
{
	return reason < 64 && set >> reason & 1;
}

/* Behind the instruction: a shadow ends, or a single-step trap is due. */
static bool work_after(struct vmx_vp *x)
{
	x->blocking = (uint32_t)vmx_vmread(VMCS_GUEST_INTERRUPTIBILITY);
	x->blocking_valid = true;
	return x->blocking & (VMX_BLOCK_STI | VMX_BLOCK_MOVSS) ||
	       vmx_vmread(VMCS_GUEST_RFLAGS) & RFLAGS_TF;
}

static void entered(struct vp *vp, struct x86_exit *ex)
{
	struct arch_vp *a = &vp->arch;
	struct vmx_vp *x = &a->vmx;
	uint32_t reason = (uint32_t)vmx_vmread(VMCS_EXIT_REASON);

	x->launched = true;
	x->blocking_valid = false;
	if (unlikely(reason & VMX_EXIT_FAILED)) {
		/* The state was refused before anything was loaded (26.8): launch state as it was
		 */
		x->launched = false;
		(void)vmx_vmclear(x->pa);
		(void)vmx_vmptrld(x->pa);
		keep_event(vp);
		vmx_decode_exit(vp, reason, ex);
		return;
	}
	x->event.pending = false;
	a->rip = x->rip = vmx_vmread(VMCS_GUEST_RIP);
	if (likely(x->vapic && of(reason, RSP_UNUSED)))
		a->gpr[GPR_RSP] = x->rsp = VMX_RSP_UNREAD;
	else
		a->gpr[GPR_RSP] = x->rsp = vmx_vmread(VMCS_GUEST_RSP);
	if (likely(!x->vapic || of(reason, DONE_HERE)))
		ex->after = work_after(x);
	/* IRET has unblocked them meanwhile? */
	if (unlikely(a->nmi_masked) && !(vmx_blocking(vp) & VMX_BLOCK_NMI))
		a->nmi_masked = false;
	vmx_decode_exit(vp, reason, ex);
}

static uint8_t cr8_of(const struct vp *vp)
{
	return vp->arch.vmx.vapic ? vp->arch.vmx.vapic[VAPIC_TPR] >> 4 : 0;
}

/*
 * What the CPU's buffers and first cache hold is not for a guest. The root may read all that its
 * guests have, so nothing is hidden from it. A flush of the cache clears the buffers too.
 */
static uint32_t how(const struct vp *vp)
{
	uint32_t launched = vp->arch.vmx.launched;

	if (likely(!(cpu_speculation.verw | cpu_speculation.l1d_flush)) ||
	    vp->partition == partition_root)
		return launched;
	if (cpu_speculation.l1d_flush) {
		wrmsr(MSR_FLUSH_CMD, 1);
		this_cpu()->counters[COUNT_L1D]++;
	}
	return launched | (cpu_speculation.verw ? 2u : 0);
}

static void enter(struct vp *vp, struct x86_exit *ex)
{
	struct percpu *cpu = this_cpu();
	uint32_t seen = atomic_load(&cpu->nmi_seen);
	enum vmx_entered r;

	/* Publish, full barrier, then look at the generation: smp.h. */
	(void)atomic_xchg(&cpu->running, &vp->partition->slat);
	vmx_focus(vp);
	tag(vp, cpu, atomic_load(&vp->partition->slat.generation));
	ex->after = true; /* the VMCS knows, and is asked where it matters */
	ex->cr8 = cr8_of(vp);
	if (unlikely(!prepare(vp, ex))) {
		atomic_store(&cpu->running, NULL);
		keep_event(vp);
		return;
	}
	if (unlikely(atomic_load(&vp->mail) || nmi_waits(vp))) {
		atomic_store(&cpu->running, NULL);
		turn_back(vp, ex);
		return;
	}
	r = (enum vmx_entered)vmx_enter_asm(&vp->arch, &cpu->nmi_seen, seen, how(vp));
	atomic_store(&cpu->running, NULL);
	atomic_store(&cpu->exit_count, cpu->exit_count + 1);
	switch (r) {
	case VMX_ENTERED:
		entered(vp, ex);
		ex->cr8 = cr8_of(vp);
		break;
	case VMX_ABORTED:
		turn_back(vp, ex);
		break;
	case VMX_FAILED:
	default:
		turn_back(vp, ex);
		ex->kind = X86_EXIT_UNKNOWN;
		ex->code = VMX_EXIT_FAILED | vmx_vmread(VMCS_INSN_ERROR);
		break;
	}
}

/* -- events ----------------------------------------------------------------------------------- */

static void inject(struct vp *vp, const struct x86_event *e)
{
	vp->arch.vmx.event = *e;
	vp->arch.vmx.event.pending = true;
}

/* With IF or by the TPR, whichever holds the vector back (24.6.8). */
static void intr_window(struct vp *vp, bool on, uint8_t vector)
{
	struct vmx_vp *x = &vp->arch.vmx;
	uint32_t class = vector >> 4, threshold = 0;
	bool low = on && vector && class <= x->vapic[VAPIC_TPR] >> 4;

	x->intr_window = on && !low;
	threshold = low ? class : 0;
	if (threshold == x->threshold)
		return;
	x->threshold = threshold;
	vmcs_write(vp, VMCS_TPR_THRESHOLD, threshold);
}

/* The hardware tracks blocking: the window is asked for when an NMI waits behind it. */
static void iret_window(struct vp *vp, bool on)
{
	uint32_t v = vmx_blocking(vp) & ~(uint32_t)VMX_BLOCK_NMI;

	vmx_set_blocking(vp, v | (on ? (uint32_t)VMX_BLOCK_NMI : 0));
}

static void set_tpr(struct vp *vp, uint8_t cr8)
{
	vp->arch.vmx.vapic[VAPIC_TPR] = (uint8_t)(cr8 << 4);
}

/* Taken from struct arch_vp at the entry: another CPU may ask for it. */
static void set_tsc_offset(struct vp *vp, uint64_t offset)
{
	(void)vp;
	(void)offset;
}

static void set_exceptions(struct vp *vp, uint32_t mask)
{
	uint32_t all = mask | 1u << VEC_DB | 1u << VEC_AC;

	if (vp->arch.vmx.exceptions == all)
		return;
	vp->arch.vmx.exceptions = all;
	vmcs_write(vp, VMCS_EXCEPTIONS, all);
}

/* VMX has no gate for NMIs: they come when they come. */
static void nothing(void)
{
}

const struct virt_ops vmx_ops = {
	.name = "VMX",
	.hypercall = { 0x0f, 0x01, 0xc1 },
	.has_cet = has_cet,
	.cpu_init = cpu_init,
	.vp_init = vmcs_alloc,
	.vp_free = vmcs_free,
	.vp_setup = vmx_vmcs_setup,
	.load = vmx_load,
	.save = vmx_save,
	.release = vmx_release,
	.open = nothing,
	.close = nothing,
	.enter = enter,
	.get = vmx_get,
	.set = vmx_set,
	.get_seg = vmx_get_seg,
	.set_seg = vmx_set_seg,
	.place = vmx_place,
	.inject = inject,
	.intr_window = intr_window,
	.iret_window = iret_window,
	.set_tpr = set_tpr,
	.set_tsc_offset = set_tsc_offset,
	.set_exceptions = set_exceptions,
	.check_state = vmx_check_state,
	.dump = vmx_dump,
};
