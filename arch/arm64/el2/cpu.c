/* SPDX-License-Identifier: MIT */
/* Per-CPU areas, the controls of EL2, and bringing CPUs up by PSCI. */
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "arch/arm64/gicv3/gic.h"
#include "kernel/arch.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"
#include "kernel/smp.h"

#define PSCI_CPU_ON 0xc4000003u

#define CPU_SVE(pfr0) ((pfr0) >> 32 & 0xf)
#define CPU_SME(pfr1) ((pfr1) >> 24 & 0xf)
#define ZCR_LEN_MAX   0xfull

uint64_t cpu_hz;
uint32_t cpu_sve_vl;
bool cpu_has_sme;
static bool cpu_vl_known;
uint32_t cpu_pa_bits;

/* What el2_secondary reads with the MMU off; a cache line of its own. */
static struct {
	uint64_t ttbr0, sp, fn;
} start_args __attribute__((aligned(2048)));

static uint64_t percpu_ttbr0[BOOT_INFO_MAX_CPUS];

void cpu_setup_percpu(const struct boot_info *bi)
{
	percpu_limit(bi);
	/* The devices first: a CPU's tables are a copy. */
	for (uint32_t i = 0; i < percpu_count; i++)
		gic_map_redistributor(i, bi->arm64.gicr[i]);
	for (uint32_t i = 0; i < percpu_count; i++) {
		void *stack;
		struct percpu *cpu = percpu_make(i, &stack);

		percpu_ttbr0[i] = stage1_percpu(cpu, stack);
	}
}

static uint64_t stack_top(void)
{
	return ARCH_PERCPU_VA + page_up(sizeof(struct percpu)) + PAGE_SIZE + ARCH_STACK_SIZE;
}

void cpu_switch_boot_stack(void (*fn)(void))
{
	el2_switch_stack(stage1_image_pa(el2_switch_tables), percpu_ttbr0[0], stack_top(), fn);
}

/*
 * SVE is the VPs', at every length that the CPU has; EL2 itself works at the longest, for the
 * switch. Streaming mode, which SME has, is off and stays so (CPTR_EL2.TSM). Answers CPTR_EL2.TZ.
 */
static uint64_t init_sve(uint64_t cptr)
{
	bool sve = CPU_SVE(read_sysreg(id_aa64pfr0_el1));
	uint32_t vl = 0;

	cpu_has_sme = CPU_SME(read_sysreg(id_aa64pfr1_el1));
	if (sve || cpu_has_sme) {
		write_sysreg(cptr_el2, cptr & ~(CPTR_TZ | CPTR_TSM));
		isb();
	}
	if (cpu_has_sme)
		write_sysreg(s3_3_c4_c2_2, 0); /* SVCR */
	if (sve) {
		write_sysreg(s3_4_c1_c2_0, ZCR_LEN_MAX); /* ZCR_EL2 */
		isb();
		vl = (uint32_t)el2_sve_vl();
	}
	/* A VP's registers fit every CPU; the boot CPU comes first, alone */
	if (!cpu_vl_known)
		cpu_sve_vl = vl;
	cpu_vl_known = true;
	if (vl != cpu_sve_vl)
		panic("CPUs with SVE registers of different lengths");
	return sve ? 0 : CPTR_TZ;
}

/*
 * Everything of EL2 that acts on lower levels, on every CPU the same; what is UNKNOWN out of reset
 * is written. The guest's own of them are in the VP switch.
 */
void cpu_init_this(void)
{
	uint64_t dfr0 = read_sysreg(id_aa64dfr0_el1), pfr0 = read_sysreg(id_aa64pfr0_el1);
	uint64_t mmfr0 = read_sysreg(id_aa64mmfr0_el1), mmfr1 = read_sysreg(id_aa64mmfr1_el1);
	uint64_t mdcr = MDCR_TPM | MDCR_TPMCR, cptr = CPTR_RES1 | CPTR_TSM | CPTR_TTA;

	write_sysreg(vbar_el2, (uint64_t)(uintptr_t)el2_vectors);
	/* PMU: all counters stay EL1's by number, every access traps (D19.3.17) */
	if ((dfr0 >> 8 & 0xf) && (dfr0 >> 8 & 0xf) != 0xf)
		mdcr |= read_sysreg(pmcr_el0) >> 11 & MDCR_HPMN;
	if (dfr0 >> 32 & 0xf)
		mdcr |= MDCR_TPMS;
	if (dfr0 >> 40 & 0xf)
		mdcr |= MDCR_TTRF;
	write_sysreg(mdcr_el2, mdcr);
	if (pfr0 >> 44 & 0xf)
		cptr |= CPTR_TAM;
	cptr |= init_sve(cptr);
	write_sysreg(cptr_el2, cptr);
	write_sysreg(hstr_el2, 0);
	write_sysreg(vpidr_el2, read_sysreg(midr_el1));
	write_sysreg(vmpidr_el2, read_sysreg(mpidr_el1));
	write_sysreg(cnthctl_el2, CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN);
	write_sysreg(cntvoff_el2, 0);
	write_sysreg(cnthp_ctl_el2, 0);
	write_sysreg(vtcr_el2, stage2_vtcr());
	/* Fine-grained traps and the extended HCR are all off where they exist: HCR and TID3
	 * decide. */
	if (mmfr0 >> 56 & 0xf) {
		write_sysreg(s3_4_c1_c1_4, 0); /* HFGRTR_EL2 */
		write_sysreg(s3_4_c1_c1_5, 0); /* HFGWTR_EL2 */
		write_sysreg(s3_4_c1_c1_6, 0); /* HFGITR_EL2 */
		write_sysreg(s3_4_c3_c1_4, 0); /* HDFGRTR_EL2 */
		write_sysreg(s3_4_c3_c1_5, 0); /* HDFGWTR_EL2 */
	}
	if (mmfr1 >> 40 & 0xf)
		write_sysreg(s3_4_c1_c2_2, 0); /* HCRX_EL2 */
	gic_init_cpu();
	isb();
	/* What an earlier owner of EL2 may have left in the TLBs */
	tlbi_alle1();
	dsb_nsh();
	isb();
	atomic_store(&this_cpu()->online, 1);
	dsb_ish();
	cpu_sev();
}

/* First C of the others, on their own tables and stack. */
static void secondary_main(void)
{
	cpu_init_this();
	root_run();
}

static uint64_t ms(uint64_t n)
{
	return n * cpu_hz / 1000;
}

void cpu_start_others(const struct boot_info *bi)
{
	for (uint32_t i = 1; i < percpu_count; i++) {
		struct percpu *cpu = percpu_of(i);
		uint64_t end, r;

		start_args.ttbr0 = percpu_ttbr0[i];
		start_args.sp = stack_top();
		start_args.fn = (uint64_t)(uintptr_t)secondary_main;
		cache_clean(&start_args, sizeof(start_args));
		r = psci_firmware(PSCI_CPU_ON, bi->arm64.mpidr[i], stage1_image_pa(el2_secondary),
				  stage1_image_pa(&start_args));
		end = read_sysreg(cntpct_el0) + ms(1000);
		while (!r && !atomic_load(&cpu->online) && read_sysreg(cntpct_el0) < end)
			cpu_pause();
		if (!atomic_load(&cpu->online))
			log_error("CPU %u (MPIDR %llx) did not start: PSCI says %lld", i,
				  (unsigned long long)bi->arm64.mpidr[i], (long long)r);
	}
}

/* -- hooks of kernel/arch.h -------------------------------------------------------------------- */

/* Stage 2 needs none: TLBIs reach every CPU (arch_flush_slat). */
void arch_kick(struct percpu *cpu)
{
	this_cpu()->counters[COUNT_KICKS_SENT]++;
	gic_kick(cpu->index);
}

uint64_t arch_time(void)
{
	/* The counter may be read early (D12.1.2) */
	isb();
	return read_sysreg(cntpct_el0);
}

uint64_t arch_time_hz(void)
{
	return cpu_hz;
}

/* There is one clock: timers and counter share it. */
uint64_t arch_apic_hz(void)
{
	return cpu_hz;
}

uint64_t arch_guest_apic_hz(void)
{
	return cpu_hz;
}

uint64_t arch_mul_div(uint64_t a, uint64_t b, uint64_t c)
{
	unsigned __int128 product, rest = 0;
	uint64_t q = 0;

	/* Rates of clocks: the rest of a division is below c, and its product with b fits. */
	if (likely(!((b | c) >> 32)))
		return a / c * b + a % c * b / c;
	product = (unsigned __int128)a * b;
	/* No 128-bit division in hardware, and libgcc is not in the core: bit by bit. */
	for (int i = 127; i >= 0; i--) {
		rest = rest << 1 | (uint64_t)(product >> i & 1);
		q <<= 1;
		if (rest >= c) {
			rest -= c;
			q |= 1;
		}
	}
	return q;
}

#define PSCI_SYSTEM_RESET 0x84000009u

void arch_machine_reset(void)
{
	(void)psci_firmware(PSCI_SYSTEM_RESET, 0, 0, 0);
	panic("firmware did not reset the machine");
}
