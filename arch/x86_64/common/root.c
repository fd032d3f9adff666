/* SPDX-License-Identifier: MIT */
/*
 * The root partition on x86: one VP a CPU, identity memory, native interrupts. What it does not
 * get native: INIT and start-up IPIs, which would reach CPUs that the core owns (decision 3).
 */
#include <string.h>

#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/mtrr.h"
#include "arch/x86_64/common/idt.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/virt.h"
#include "hvapi/hypercall.h"
#include "kernel/arch.h"
#include "kernel/frame.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"
#include "kernel/root_build.h"
#include "kernel/smp.h"

/* Identity map at least this far: room for 64-bit device windows. More is mapped on demand. */
#define ROOT_MAP_MIN (1ull << 40)

static struct {
	uint32_t entry;
	uint32_t info; /* physical address of the root's copy of struct boot_info */
} root_boot;

static uint64_t apic_pa;

bool root_apic_page(uint64_t gpa)
{
	return (gpa & PAGE_MASK) == apic_pa;
}

/* Where MTRRs do not reach through the second level, its leaves say what they say. */
static void map_block(const struct mtrr_map *mtrr, uint64_t pa, uint32_t level)
{
	uint64_t size = BIT(12 + 9 * (level - 1));
	uint8_t type = mtrr ? mtrr_type(mtrr, pa, size) : MTRR_WB;

	if (type == MTRR_MIXED) {
		for (uint64_t a = pa; a < pa + size; a += size / 512)
			map_block(mtrr, a, level - 1);
		return;
	}
	if (slat_map(&partition_root->slat, GPA(pa), HPA(pa), level, SLAT_RWX | mtrr_slat(type),
		     NULL, NULL) != SLAT_OK)
		panic("core memory too small for the root's identity map");
}

/* How far the identity map goes, and its largest leaves. */
static uint64_t map_extent(const struct boot_info *bi, uint32_t *level)
{
	const struct boot_range *last = &bi->ranges[bi->num_ranges - 1];
	const struct slat_format *f = arch_slat_format;
	uint64_t top;
	uint32_t r[4];

	*level = f->max_leaf;
	/* Nested paging has what paging has (APM 15.25.3) */
	cpuid(0x80000001, 0, r);
	if (!f->typed && !(r[3] & BIT(26)))
		*level = 2;
	top = MAX(last->base + last->size, *level == 2 ? 1ull << 36 : ROOT_MAP_MIN);
	return MIN(top, BIT(cpu_phys_bits));
}

static void map_identity(const struct boot_info *bi, uint64_t top, uint32_t level)
{
	static struct mtrr_map mtrr;
	const struct slat_format *f = arch_slat_format;

	if (f->typed)
		mtrr_read(&mtrr);
	for (uint64_t a = 0; a < top; a += BIT(12 + 9 * (level - 1)))
		map_block(f->typed ? &mtrr : NULL, a, level);
	for (uint32_t i = 0; i < bi->num_ranges; i++)
		if (bi->ranges[i].kind == BOOT_RANGE_CORE)
			root_cut_out(bi->ranges[i].base, bi->ranges[i].size);
	if (slat_map(&partition_root->slat, GPA(apic_pa), HPA(apic_pa), 1, SLAT_R | SLAT_UC, NULL,
		     NULL) != SLAT_OK)
		panic("core memory too small for the root's tables");
}

static void root_vp_create(uint32_t index)
{
	struct vp *vp = root_vp_make(index);

	virt->vp_setup(vp, true);
	vp->arch.xcr0 = XCR0_X87;
	vp->arch.activity = X86_WAIT_SIPI;
	virt->release(vp);
}

static void seg(struct vp *vp, enum x86_seg s, uint16_t sel, uint64_t base, uint32_t limit,
		uint16_t attributes)
{
	virt->set_seg(
		vp, s,
		&(struct hv_x64_segment_register){
			.base = base, .limit = limit, .selector = sel, .attributes = attributes });
}

/*
 * The root ELF starts as the PVH convention has it: 32-bit protected mode, flat segments, paging
 * off, EBX = the information block (Xen, docs/misc/pvh).
 */
static void boot_state(struct vp *vp)
{
	arch_vp_reset(vp, false);
	virt->set(vp, SYS_CR0, CR0_PE | CR0_ET);
	virt->set(vp, SYS_CR4, 0);
	virt->set(vp, SYS_EFER, 0);
	virt->set(vp, SYS_RFLAGS, RFLAGS_FIXED);
	seg(vp, SEG_CS, 0x08, 0, ~0u, 0xc09b);
	for (int s = SEG_ES; s <= SEG_GS; s++)
		if (s != SEG_CS)
			seg(vp, (enum x86_seg)s, 0x10, 0, ~0u, 0xc093);
	vp->arch.rip = root_boot.entry;
	memset(vp->arch.gpr, 0, sizeof(vp->arch.gpr));
	vp->arch.gpr[GPR_RBX] = root_boot.info;
	vp->arch.activity = X86_ACTIVE;
}

void root_create(const struct boot_info *bi)
{
	struct partition *p = page_alloc(page_up(sizeof(*p)) >> PAGE_SHIFT);
	void *overlay = page_alloc(2);
	uint32_t level;
	uint64_t top = map_extent(bi, &level);

	if (!p || !overlay)
		panic("core memory too small for the root partition");
	apic_pa = rdmsr(MSR_APIC_BASE) & MASK(51, 12);
	partition_init_root(p);
	/* 1-GiB leaves that can hold RAM, plus the PDPTs, plus what cutting out the core takes,
	 * and where memory types meet inside a leaf: two tables an MTRR; with 2-MiB leaves also
	 * one a GiB */
	memory_init((uint32_t)((bi->ranges[bi->num_ranges - 1].base +
				bi->ranges[bi->num_ranges - 1].size) >>
			       30) +
		    12 + (arch_slat_format->typed ? 2 * MTRR_VARIABLE_MAX : 0) +
		    (level == 2 ? (uint32_t)(top >> 30) : 0));
	map_identity(bi, top, level);
	p->hypercall_page = overlay;
	p->tsc_page = (uint8_t *)overlay + PAGE_SIZE;
	hypercall_page_fill(p->hypercall_page);
	p->hypercall_msr = ptr_hpa(p->hypercall_page).v;
	p->reference_tsc = ptr_hpa(p->tsc_page).v;
	if (slat_map(&p->slat, GPA(p->hypercall_msr), HPA(p->hypercall_msr), 1, SLAT_R | SLAT_X,
		     NULL, NULL) != SLAT_OK ||
	    slat_map(&p->slat, GPA(p->reference_tsc), HPA(p->reference_tsc), 1, SLAT_R, NULL,
		     NULL) != SLAT_OK)
		panic("core memory too small for the root's overlay pages");
	p->ref_tsc = rdtsc();
	p->arch.xcr0_mask = cpu_xcr0;
	for (uint32_t i = 0; i < percpu_count; i++)
		root_vp_create(i);
	root_boot.entry = (uint32_t)bi->root_entry;
	root_boot.info = (uint32_t)root_info_place(bi);
	boot_state(p->vps[0]);
	virt->release(p->vps[0]);
}

/* -- start-up of the root's other CPUs -------------------------------------------------------- */

/* SDM vol. 3, 9.4: a CPU in wait-for-SIPI starts at vector << 12 in real mode. */
static void sipi_state(struct vp *vp, uint8_t vector)
{
	arch_vp_reset(vp, true);
	seg(vp, SEG_CS, (uint16_t)(vector << 8), (uint64_t)vector << 12, 0xffff, 0x009b);
	vp->arch.rip = 0;
	vp->arch.activity = X86_ACTIVE;
}

static void root_post(struct vp *vp, uint32_t mail, uint8_t vector)
{
	if (mail == VP_MAIL_SIPI)
		atomic_store(&vp->mail_sipi, vector);
	(void)atomic_or(&vp->mail, mail);
	/* A CPU that waits for SIPI halts in the core; one in the root leaves it by the NMI. */
	atomic_store(&percpu_of(vp->index)->kick, 1);
	arch_kick(percpu_of(vp->index));
}

void root_icr_write(struct vp *vp, uint32_t dest, uint32_t low)
{
	uint32_t mode = low & APIC_DM_MASK;
	uint32_t shorthand = low >> 18 & 3;

	if (mode != APIC_DM_INIT && mode != APIC_DM_SIPI) {
		if (apic_x2()) {
			wrmsr(MSR_X2APIC_ICR, (uint64_t)dest << 32 | low);
		} else {
			apic_write(APIC_ICR_HIGH, dest << 24);
			apic_write(APIC_ICR_LOW, low);
		}
		return;
	}
	/* INIT level de-assert does nothing on any CPU since the Pentium 4 (SDM vol. 3, 11.6.1). */
	if (mode == APIC_DM_INIT && low & BIT(15) && !(low & BIT(14)))
		return;
	if (shorthand == 0 && low & BIT(11)) {
		partition_unimplemented(vp->partition, UNIMPLEMENTED_LOGICAL_INIT,
					"INIT or SIPI to a logical destination", low);
		return;
	}
	for (uint32_t i = 0; i < percpu_count; i++) {
		struct vp *to = partition_root->vps[i];
		bool self = to == vp;
		bool hit = shorthand == 3   ? !self
			   : shorthand == 2 ? true
			   : shorthand == 1 ? self
					    : percpu_of(i)->apic_id == dest;

		if (hit && !self)
			root_post(to, mode == APIC_DM_INIT ? VP_MAIL_INIT : VP_MAIL_SIPI,
				  (uint8_t)low);
	}
}

static void take_mail(struct vp *vp)
{
	uint32_t mail;

	if (likely(!atomic_load(&vp->mail)))
		return;
	mail = atomic_xchg(&vp->mail, 0);
	if (mail & VP_MAIL_INIT) {
		vp->arch.activity = X86_WAIT_SIPI;
		vp->arch.event.pending = false;
	}
	if (mail & VP_MAIL_SIPI && vp->arch.activity == X86_WAIT_SIPI)
		sipi_state(vp, (uint8_t)atomic_load(&vp->mail_sipi));
	if (mail & VP_MAIL_NMI)
		vp->arch.nmi_pending = true;
}

void root_nmi_window(void)
{
	virt->open();
	virt->close();
}

static void wait_sipi(struct vp *vp)
{
	while (vp->arch.activity == X86_WAIT_SIPI) {
		take_mail(vp);
		if (vp->arch.activity != X86_WAIT_SIPI)
			break;
		/* NMIs open, IF clear: only the NMI of root_post() ends the halt. */
		virt->open();
		halt_unless(&vp->mail);
		virt->close();
	}
}

static void root_inject(struct vp *vp)
{
	struct arch_vp *a = &vp->arch;

	if (a->event.pending) {
		a->event.pending = false;
		virt->inject(vp, &a->event);
	} else if (a->nmi_pending && !a->nmi_masked) {
		a->nmi_pending = false;
		a->nmi_masked = true;
		virt->iret_window(vp, true);
		virt->inject(vp, &(struct x86_event){ .type = 2, .vector = VEC_NMI });
	}
}

/* An instruction was done here that the root single-steps, or that stood in a shadow. */
static void step(struct vp *vp, uint8_t len)
{
	struct arch_vp *a = &vp->arch;

	insn_done(vp, len);
	if (!a->debug_pending)
		return;
	a->debug_pending = false;
	virt->set(vp, SYS_DR6, virt->get(vp, SYS_DR6) | (a->debug_exception & 0xe00f));
	a->event = (struct x86_event){ .pending = true, .type = EVENT_EXCEPTION, .vector = VEC_DB };
}

void root_run(void)
{
	struct percpu *cpu = this_cpu();
	struct vp *vp = cpu->root_vp;
	struct x86_exit ex;

	cpu->current = vp;
	vp->owner = VP_RUNNING;
	virt->load(vp);
	xsetbv(0, vp->arch.xcr0);
	for (;;) {
		if (unlikely(vp->mail | vp->arch.event.pending | vp->arch.nmi_pending |
			     (vp->arch.activity != X86_ACTIVE))) {
			take_mail(vp);
			if (vp->arch.activity == X86_WAIT_SIPI) {
				wait_sipi(vp);
				virt->load(vp);
			}
			root_inject(vp);
		}
		virt->enter(vp, &ex);
		cpu->counters[COUNT_EXITS]++;
		if (likely(exit_handle(vp, &ex) == EXIT_NEXT)) {
			if (unlikely(ex.after))
				step(vp, ex.len);
			else
				vp->arch.rip += ex.len;
		}
	}
}
