/* SPDX-License-Identifier: MIT */
/*
 * The functions of arch/x86_64/hw/insn.h over a machine of the test's making: registers that it
 * sets, and one log of all that was written, in order. State is in weak objects, so that a test
 * needs no source beside this header.
 */
#ifndef FAKE_INSN_H
#define FAKE_INSN_H

#include <stdint.h>

#define FAKE_MSRS   128u
#define FAKE_WRITES 4096u
#define FAKE_VMCS   8u
#define FAKE_FIELDS 160u
#define FAKE_CPUS   4u

enum fake_kind {
	FAKE_WRMSR,
	FAKE_WRITE_CR,
	FAKE_WRITE_DR,
	FAKE_XSETBV,
	FAKE_XSAVE,
	FAKE_XRSTOR,
	FAKE_STGI,
	FAKE_CLGI,
	FAKE_VMLOAD,
	FAKE_VMSAVE,
	FAKE_IRQ_WINDOW,
	FAKE_OUT,
	FAKE_MMIO,
	FAKE_HALT,
	FAKE_DTR, /* index 0: GDT, 1: IDT; value: base */
	FAKE_SEGMENTS,
	FAKE_LTR,
	FAKE_INVLPG,
	FAKE_WBINVD,
	FAKE_VMXON,
	FAKE_VMCLEAR,
	FAKE_VMPTRLD,
	FAKE_VMREAD,
	FAKE_VMWRITE,
	FAKE_INVEPT,
	FAKE_INVVPID,
	FAKE_TAKE_NMI,
	FAKE_KINDS,
};

struct fake_write {
	enum fake_kind kind;
	uint64_t index, value;
};

/*
 * VMCSs as silicon sees them, which emulators do not: active on a CPU since its VMPTRLD, and not to
 * be touched by another before a VMCLEAR (SDM vol. 3, 24.11.1). `broken` says which rule was.
 */
struct fake_vmcs {
	uint64_t pa;
	uint32_t active; /* CPU + 1 */
	uint32_t fields;
	struct {
		uint64_t field, value;
	} f[FAKE_FIELDS];
};

struct fake_machine {
	struct fake_vmcs vmcs[FAKE_VMCS];
	uint32_t vmcss, cpu; /* the CPU that the test plays */
	struct fake_vmcs *current[FAKE_CPUS];
	const char *broken;
	int vmxon_fails;
	struct {
		uint32_t number;
		int faults; /* #GP on any access */
		uint64_t value;
	} msr[FAKE_MSRS];
	uint32_t msrs;
	uint64_t cr[9], dr[8], xcr0, tsc, tsc_step;
	uint8_t in[65536];
	uint32_t apic[1024]; /* registers behind mmio_read32(va & 0xfff) */
	struct fake_write log[FAKE_WRITES];
	uint32_t writes;
	void (*cpuid)(uint32_t leaf, uint32_t sub, uint32_t r[4]);
	/* Before a write to a device page; true: done, the register stays. */
	int (*mmio)(uint64_t va, uint32_t v);
	void (*irq_window)(void); /* what comes in while it is open */
	/* Before a read; true: *v is the answer. */
	int (*mmio_read)(uint64_t va, uint32_t *v);
	int (*msr_read)(uint32_t msr, uint64_t *v);
	/* Before a write to an MSR; true: done, the register stays. */
	int (*msr_write)(uint32_t msr, uint64_t v);
};

struct fake_machine fake_hw __attribute__((weak));

struct insn_dtr {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static inline void fake_note_write(enum fake_kind kind, uint64_t index, uint64_t value)
{
	if (fake_hw.writes < FAKE_WRITES)
		fake_hw.log[fake_hw.writes++] = (struct fake_write){ kind, index, value };
}

static inline uint32_t fake_msr(uint32_t number)
{
	for (uint32_t i = 0; i < fake_hw.msrs; i++)
		if (fake_hw.msr[i].number == number)
			return i;
	if (fake_hw.msrs == FAKE_MSRS)
		__builtin_trap();
	fake_hw.msr[fake_hw.msrs].number = number;
	return fake_hw.msrs++;
}

/* Without a fixup a fault is the end of the core. */
static inline void fake_no_fault(uint32_t msr)
{
	if (fake_hw.msr[fake_msr(msr)].faults)
		__builtin_trap();
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint64_t v;

	fake_no_fault(msr);
	if (fake_hw.msr_read && fake_hw.msr_read(msr, &v))
		return v;
	return fake_hw.msr[fake_msr(msr)].value;
}

static inline void wrmsr(uint32_t msr, uint64_t val)
{
	fake_no_fault(msr);
	fake_note_write(FAKE_WRMSR, msr, val);
	if (!fake_hw.msr_write || !fake_hw.msr_write(msr, val))
		fake_hw.msr[fake_msr(msr)].value = val;
}

static inline int rdmsr_safe(uint32_t msr, uint64_t *val)
{
	*val = 0; /* as the real one leaves it */
	if (fake_hw.msr[fake_msr(msr)].faults)
		return -1;
	*val = rdmsr(msr);
	return 0;
}

static inline int wrmsr_safe(uint32_t msr, uint64_t val)
{
	if (fake_hw.msr[fake_msr(msr)].faults)
		return -1;
	wrmsr(msr, val);
	return 0;
}

static inline void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
	r[0] = r[1] = r[2] = r[3] = 0;
	if (fake_hw.cpuid)
		fake_hw.cpuid(leaf, subleaf, r);
}

static inline uint64_t rdtsc(void)
{
	fake_hw.tsc += fake_hw.tsc_step;
	return fake_hw.tsc;
}

#define FAKE_REGISTER(kind, file, letter, n) \
	static inline uint64_t read_##letter##n(void) \
	{ \
		return fake_hw.file[n]; \
	} \
	static inline void write_##letter##n(uint64_t v) \
	{ \
		fake_note_write(kind, n, v); \
		fake_hw.file[n] = v; \
	}
FAKE_REGISTER(FAKE_WRITE_CR, cr, cr, 0)
FAKE_REGISTER(FAKE_WRITE_CR, cr, cr, 2)
FAKE_REGISTER(FAKE_WRITE_CR, cr, cr, 3)
FAKE_REGISTER(FAKE_WRITE_CR, cr, cr, 4)
FAKE_REGISTER(FAKE_WRITE_CR, cr, cr, 8)
FAKE_REGISTER(FAKE_WRITE_DR, dr, dr, 0)
FAKE_REGISTER(FAKE_WRITE_DR, dr, dr, 1)
FAKE_REGISTER(FAKE_WRITE_DR, dr, dr, 2)
FAKE_REGISTER(FAKE_WRITE_DR, dr, dr, 3)
FAKE_REGISTER(FAKE_WRITE_DR, dr, dr, 6)
FAKE_REGISTER(FAKE_WRITE_DR, dr, dr, 7)

static inline uint64_t xgetbv(uint32_t index)
{
	(void)index;
	return fake_hw.xcr0;
}

static inline void xsetbv(uint32_t index, uint64_t val)
{
	fake_note_write(FAKE_XSETBV, index, val);
	fake_hw.xcr0 = val;
}

static inline void xsave64(void *area, uint64_t mask)
{
	fake_note_write(FAKE_XSAVE, (uint64_t)(uintptr_t)area, mask);
}

static inline void xrstor64(const void *area, uint64_t mask)
{
	fake_note_write(FAKE_XRSTOR, (uint64_t)(uintptr_t)area, mask);
}

static inline void xsaves64(void *area, uint64_t mask)
{
	xsave64(area, mask);
}

static inline void xrstors64(const void *area, uint64_t mask)
{
	xrstor64(area, mask);
}

static inline void lgdt(const struct insn_dtr *d)
{
	fake_note_write(FAKE_DTR, 0, d->base);
}

static inline void lidt(const struct insn_dtr *d)
{
	fake_note_write(FAKE_DTR, 1, d->base);
}

static inline void load_segments(uint16_t code, uint16_t data)
{
	fake_note_write(FAKE_SEGMENTS, code, data);
}

static inline void ltr(uint16_t sel)
{
	fake_note_write(FAKE_LTR, sel, 0);
}

static inline void invlpg(uint64_t va)
{
	fake_note_write(FAKE_INVLPG, va, 0);
}

static inline void outb(uint16_t port, uint8_t v)
{
	fake_note_write(FAKE_OUT, port, v);
}

static inline uint8_t inb(uint16_t port)
{
	return fake_hw.in[port];
}

static inline void cpu_pause(void)
{
}

static inline void cpu_halt(void)
{
	fake_note_write(FAKE_HALT, 0, 0);
}

static inline void cpu_cli(void)
{
}

static inline void cpu_irq_window(void)
{
	fake_note_write(FAKE_IRQ_WINDOW, 0, 0);
	if (fake_hw.irq_window)
		fake_hw.irq_window();
}

static inline void cpu_sti_hlt_cli(void)
{
	fake_note_write(FAKE_HALT, 1, 0);
	if (fake_hw.irq_window)
		fake_hw.irq_window();
}

static inline void cpu_wbinvd(void)
{
	fake_note_write(FAKE_WBINVD, 0, 0);
}

static inline void svm_stgi(void)
{
	fake_note_write(FAKE_STGI, 0, 0);
}

static inline void svm_clgi(void)
{
	fake_note_write(FAKE_CLGI, 0, 0);
}

static inline void svm_vmload(uint64_t vmcb_pa)
{
	fake_note_write(FAKE_VMLOAD, vmcb_pa, 0);
}

static inline void svm_vmsave(uint64_t vmcb_pa)
{
	fake_note_write(FAKE_VMSAVE, vmcb_pa, 0);
}

static inline void fake_break(const char *rule)
{
	if (!fake_hw.broken)
		fake_hw.broken = rule;
}

static inline struct fake_vmcs *fake_vmcs_at(uint64_t pa)
{
	for (uint32_t i = 0; i < fake_hw.vmcss; i++)
		if (fake_hw.vmcs[i].pa == pa)
			return &fake_hw.vmcs[i];
	if (fake_hw.vmcss == FAKE_VMCS)
		__builtin_trap();
	fake_hw.vmcs[fake_hw.vmcss].pa = pa;
	return &fake_hw.vmcs[fake_hw.vmcss++];
}

static inline uint64_t *fake_field(struct fake_vmcs *v, uint64_t field)
{
	for (uint32_t i = 0; i < v->fields; i++)
		if (v->f[i].field == field)
			return &v->f[i].value;
	if (v->fields == FAKE_FIELDS)
		__builtin_trap();
	v->f[v->fields].field = field;
	v->f[v->fields].value = 0;
	return &v->f[v->fields++].value;
}

static inline int vmx_vmxon(uint64_t pa)
{
	fake_note_write(FAKE_VMXON, pa, 0);
	return fake_hw.vmxon_fails ? -1 : 0;
}

static inline int vmx_vmclear(uint64_t pa)
{
	struct fake_vmcs *v = fake_vmcs_at(pa);

	fake_note_write(FAKE_VMCLEAR, pa, fake_hw.cpu);
	if (v->active && v->active != fake_hw.cpu + 1)
		fake_break("VMCLEAR on a CPU where the VMCS is not");
	v->active = 0;
	if (fake_hw.current[fake_hw.cpu] == v)
		fake_hw.current[fake_hw.cpu] = 0;
	return 0;
}

static inline int vmx_vmptrld(uint64_t pa)
{
	struct fake_vmcs *v = fake_vmcs_at(pa);

	fake_note_write(FAKE_VMPTRLD, pa, fake_hw.cpu);
	if (v->active && v->active != fake_hw.cpu + 1)
		fake_break("VMPTRLD of a VMCS that is active on another CPU");
	v->active = fake_hw.cpu + 1;
	fake_hw.current[fake_hw.cpu] = v;
	return 0;
}

static inline uint64_t vmx_vmread(uint64_t field)
{
	struct fake_vmcs *v = fake_hw.current[fake_hw.cpu];

	fake_note_write(FAKE_VMREAD, field, 0);
	if (!v) {
		fake_break("VMREAD without a current VMCS");
		return 0;
	}
	return *fake_field(v, field);
}

static inline void vmx_vmwrite(uint64_t field, uint64_t value)
{
	struct fake_vmcs *v = fake_hw.current[fake_hw.cpu];

	fake_note_write(FAKE_VMWRITE, field, value);
	if (!v) {
		fake_break("VMWRITE without a current VMCS");
		return;
	}
	/* Read-only data fields (24.11.2: width and type are in the encoding) */
	if ((field >> 10 & 3) == 1)
		fake_break("VMWRITE of a read-only field");
	*fake_field(v, field) = value;
}

static inline void vmx_invept(uint64_t type, uint64_t eptp)
{
	fake_note_write(FAKE_INVEPT, type, eptp);
}

static inline void vmx_invvpid(uint64_t type, uint64_t vpid)
{
	fake_note_write(FAKE_INVVPID, type, vpid);
}

static inline void cpu_take_nmi(void)
{
	fake_note_write(FAKE_TAKE_NMI, 0, 0);
}

static inline uint32_t mmio_read32(uint64_t va)
{
	uint32_t v;

	if (fake_hw.mmio_read && fake_hw.mmio_read(va, &v))
		return v;
	return fake_hw.apic[(va & 0xfff) / 4];
}

static inline void mmio_write32(uint64_t va, uint32_t v)
{
	fake_note_write(FAKE_MMIO, va, v);
	if (!fake_hw.mmio || !fake_hw.mmio(va, v))
		fake_hw.apic[(va & 0xfff) / 4] = v;
}

static inline uint8_t mmio_read8(uint64_t va)
{
	return (uint8_t)mmio_read32(va);
}

static inline void mmio_write8(uint64_t va, uint8_t v)
{
	mmio_write32(va, v);
}

static inline uint64_t mul_div64(uint64_t a, uint64_t b, uint64_t c)
{
	return (uint64_t)((unsigned __int128)a * b / c);
}

/* Never 0, and another on each CPU: their tables differ. */
static inline uint32_t cpu_mark(void)
{
	return (uint32_t)(read_cr3() >> 12) | 1u;
}

#endif
