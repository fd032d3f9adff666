/* SPDX-License-Identifier: MIT */
/* The root VM's own of arm64: instructions. Included by root.h. */
#ifndef ROOT_ARCH_H
#define ROOT_ARCH_H

/* Is a VP's own synthetic register a hypercall away? */
#define ROOT_OWN_REGISTERS 1
/* Synthetic features of a guest that are no privilege: spin waits */
#define ROOT_GUEST_FEATURES 0x08000000u
#define ROOT_GUEST_CALLS    0x8
/* A device that every machine has */
#define ROOT_DEVICE_PAGE (boot_info->arm64.gicd)

#define read_sysreg(r) \
	({ \
		uint64_t v_; \
		__asm__ volatile("mrs %0, " #r : "=r"(v_) : : "memory"); \
		v_; \
	})
#define write_sysreg(r, v) __asm__ volatile("msr " #r ", %x0" : : "rZ"((uint64_t)(v)) : "memory")

static inline struct cpu *this_cpu(void)
{
	return (struct cpu *)read_sysreg(tpidr_el1);
}
static inline void cpu_pause(void)
{
	__asm__ volatile("yield" : : : "memory");
}
static inline void isb(void)
{
	__asm__ volatile("isb" : : : "memory");
}
static inline void irqs_on(void)
{
	__asm__ volatile("msr daifclr, #2" : : : "memory");
}
static inline void irqs_off(void)
{
	__asm__ volatile("msr daifset, #2" : : : "memory");
}
static inline uint64_t root_clock(void)
{
	isb();
	return read_sysreg(cntpct_el0);
}

/* Exception classes (ESR_EL1.EC) of what is refused: an abort of this level, and no such thing. */
#define FAULT_MEMORY	0x25
#define FAULT_HCALL	0x25
#define FAULT_UNDEFINED 0x00

/* One instruction between two labels, with the trap handler told about it. */
#define GUARDED(insn, ...) \
	do { \
		struct cpu *c_ = this_cpu(); \
		c_->fault_vector = -1; \
		__asm__ volatile("adr x9, 1f\n\tstr x9, %[from]\n\tadr x9, 2f\n\tstr x9, %[to]\n" \
				 "1:	" insn "\n2:\n\t" __VA_ARGS__); \
		c_->fault_from = c_->fault_to = 0; \
	} while (0)
#define GUARD_OUT [from] "=m"(c_->fault_from), [to] "=m"(c_->fault_to)

/* gic.c: as a native system does it, through the SGI frame that the core filters */
void gic_init_cpu(uint32_t index);
void gic_sgi(uint32_t index, uint32_t intid);
uint64_t gic_frame(uint32_t index); /* SGI_base */
uint32_t gic_read(uint32_t index, uint32_t offset);
void gic_write(uint32_t index, uint32_t offset, uint32_t v);

/* SMCCC: the first four registers, in and out. */
void smccc_hvc(uint64_t x[4]);
void smccc_smc(uint64_t x[4]);

/* Categories of the main job beside those that every architecture has: t_job.c */
#define JOB_CONTROLS \
	CONTROL(fp, "fp") \
	CONTROL(counter, "counter") \
	CONTROL(timer, "timer") \
	CONTROL(physical_timer, "physical-timer") \
	CONTROL(icc_control, "icc-control") \
	CONTROL(gic, "gic") \
	CONTROL(gic_global, "gic-global") \
	TEST(job_without_sve) \
	{ \
		if (!(read_sysreg(id_aa64pfr0_el1) >> 32 & 0xf)) \
			test_skip("no SVE on this CPU"); \
		without("sve"); \
	}

#endif
