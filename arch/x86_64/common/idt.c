/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/idt.h"
#include "arch/x86_64/common/regs.h"
#include "kernel/log.h"
#include "kernel/vp.h"

#define GATE_INT	  0x8e00u
#define TRAP_OTHER_VECTOR 0xfe /* entry.S: every vector without a stub of its own */

struct gate {
	uint16_t low;
	uint16_t sel;
	uint16_t flags;
	uint16_t mid;
	uint32_t high;
	uint32_t zero;
};

struct extable_entry {
	uint64_t from, to;
};

extern const uint8_t trap_stubs[], trap_deadline[], trap_spurious[];
extern const uint8_t halt_unless_end[];
extern const uint8_t vmx_critical[], vmx_critical_end[], vmx_aborted[];
extern const struct extable_entry extable_start[], extable_end[];
extern const uint8_t core_start[], core_text_end[], core_end[];

static struct gate idt[256];
static const uint64_t gdt[] = { 0, 0x00af9b000000ffffull, 0x00cf93000000ffffull };

static void gate_set(uint32_t v, const void *fn)
{
	uint64_t a = (uint64_t)(uintptr_t)fn;

	idt[v] = (struct gate){ (uint16_t)a,	     SEL_CODE, GATE_INT, (uint16_t)(a >> 16),
				(uint32_t)(a >> 32), 0 };
}

void idt_build(void)
{
	for (uint32_t v = 0; v < 256; v++)
		gate_set(v, trap_spurious);
	for (uint32_t v = 0; v < 32; v++)
		gate_set(v, trap_stubs + 16 * v);
	gate_set(VEC_DEADLINE, trap_deadline);
}

void idt_load(void)
{
	struct insn_dtr g = { sizeof(gdt) - 1, (uint64_t)(uintptr_t)gdt };
	struct insn_dtr i = { sizeof(idt) - 1, (uint64_t)(uintptr_t)idt };

	lgdt(&g);
	lidt(&i);
	/* The loader's selectors may lie beyond our table: an IRET to them would fault. */
	load_segments(SEL_CODE, SEL_DATA);
}

uint64_t idt_base(void)
{
	return (uint64_t)(uintptr_t)idt;
}

uint64_t idt_gdt_base(void)
{
	return (uint64_t)(uintptr_t)gdt;
}

static bool within(uint64_t rip, const void *from, const void *to)
{
	return rip >= (uint64_t)(uintptr_t)from && rip < (uint64_t)(uintptr_t)to;
}

/*
 * A kick is ours and has done its work by being here; an NMI without one is the root's. What it
 * interrupted may have looked for the reason already: a halt ends, an entry is not made.
 */
static void nmi(struct trap_frame *f)
{
	struct percpu *cpu = this_cpu();

	atomic_store(&cpu->nmi_seen, cpu->nmi_seen + 1);
	cpu->counters[COUNT_NMI]++;
	if (!atomic_xchg(&cpu->kick, 0) && cpu->root_vp)
		cpu->root_vp->arch.nmi_pending = true;
	if (within(f->rip, (const void *)(uintptr_t)halt_unless, halt_unless_end))
		f->rip = (uint64_t)(uintptr_t)halt_unless_end;
	else if (within(f->rip, vmx_critical, vmx_critical_end))
		f->rip = (uint64_t)(uintptr_t)vmx_aborted;
}

static void dump_stack(uint64_t rsp)
{
	const uint64_t *s = (const uint64_t *)(uintptr_t)(rsp & ~7ull);

	/* Code addresses on the stack, for addr2line; stay within the page of the stack pointer. */
	for (uint32_t i = 0, n = 0; n < 16 && ((rsp + 8 * i) >> PAGE_SHIFT) == rsp >> PAGE_SHIFT;
	     i++) {
		if (s[i] >= (uint64_t)(uintptr_t)core_start &&
		    s[i] < (uint64_t)(uintptr_t)core_text_end) {
			log_raw("  [%016llx]\n", (unsigned long long)s[i]);
			n++;
		}
	}
}

static void trap_fatal(const struct trap_frame *f)
{
	log_raw("core: exception %llu error %llx\n", (unsigned long long)f->vector,
		(unsigned long long)f->error);
	log_raw("rip %016llx rsp %016llx rflags %08llx cr2 %016llx cr3 %016llx\n",
		(unsigned long long)f->rip, (unsigned long long)f->rsp,
		(unsigned long long)f->rflags, (unsigned long long)read_cr2(),
		(unsigned long long)read_cr3());
	log_raw("rax %016llx rbx %016llx rcx %016llx rdx %016llx\n", (unsigned long long)f->rax,
		(unsigned long long)f->rbx, (unsigned long long)f->rcx, (unsigned long long)f->rdx);
	log_raw("rsi %016llx rdi %016llx rbp %016llx r8  %016llx\n", (unsigned long long)f->rsi,
		(unsigned long long)f->rdi, (unsigned long long)f->rbp, (unsigned long long)f->r8);
	log_raw("r9  %016llx r10 %016llx r11 %016llx r12 %016llx\n", (unsigned long long)f->r9,
		(unsigned long long)f->r10, (unsigned long long)f->r11, (unsigned long long)f->r12);
	log_raw("r13 %016llx r14 %016llx r15 %016llx\n", (unsigned long long)f->r13,
		(unsigned long long)f->r14, (unsigned long long)f->r15);
	dump_stack(f->rsp);
	panic("exception in the core");
}

void trap_handle(struct trap_frame *f)
{
	switch (f->vector) {
	case VEC_NMI:
		nmi(f);
		return;
	case VEC_DEADLINE:
		/* The window closes with the first interrupt: what else waits is the root's. */
		f->rflags &= ~RFLAGS_IF;
		if (!apic_in_service(VEC_DEADLINE))
			return; /* spurious: the root's vector for that may be the same */
		this_cpu()->deadline_hit = 1;
		apic_eoi();
		return;
	case TRAP_OTHER_VECTOR:
		/* Only the deadline's window takes interrupts, and that vector is the highest: this
		 * is a spurious one of the root's vector, which has nothing to acknowledge. */
		f->rflags &= ~RFLAGS_IF;
		log_debug("CPU %u: spurious interrupt", this_cpu()->index);
		return;
	case VEC_GP:
		for (const struct extable_entry *e = extable_start; e < extable_end; e++) {
			if (e->from == f->rip) {
				f->rip = e->to;
				f->rflags |= RFLAGS_CF;
				return;
			}
		}
		break;
	default:
		break;
	}
	trap_fatal(f);
}
