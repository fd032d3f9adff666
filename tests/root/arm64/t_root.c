/* SPDX-License-Identifier: MIT */
/* What the core gives the root on arm64, and what it keeps (docs/arm64.md). */
#include <string.h>

#include <hv/arm64.h>
#include <hv/registers.h>

#include "tests/root/root.h"

#define PSCI_CPU_OFF	   0x84000002u
#define PSCI_CPU_ON	   0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u
#define PSCI_FEATURES	   0x8400000au

#define NOT_SUPPORTED	((uint64_t)-1)
#define INVALID_PARAMS	((uint64_t)-2)
#define ALREADY_ON	((uint64_t)-4)
#define INVALID_ADDRESS ((uint64_t)-9)

#define ISENABLER0 0x100u
#define ICENABLER0 0x180u
#define ISPENDR0   0x200u
#define ICPENDR0   0x280u
#define IPRIORITYR 0x400u

extern const uint8_t root_ap_start[];

static uint64_t smc(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t x[4] = { fn, a, b, c };

	smccc_smc(x);
	return x[0];
}

static uint64_t hvc(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t x[4] = { fn, a, b, c };

	smccc_hvc(x);
	return x[0];
}

/* -- processor ----------------------------------------------------------------------------------
 */

TEST(root_id_registers)
{
	uint64_t pfr0 = read_sysreg(id_aa64pfr0_el1), mmfr0 = read_sysreg(id_aa64mmfr0_el1);

	CHECK_EQ(pfr0 & 0xf, 1);
	CHECK_EQ(pfr0 >> 4 & 0xf, 1);
	CHECK_EQ(pfr0 >> 8 & 0xff, 0);	 /* EL2, EL3 */
	CHECK_EQ(pfr0 >> 24 & 0xf, 1);	 /* GIC */
	CHECK_EQ(pfr0 >> 28 & 0xf0f, 0); /* RAS, SEL2 */
	CHECK_EQ(read_sysreg(id_aa64pfr1_el1) >> 8 & 0xffffff, 0);
	CHECK_EQ(read_sysreg(id_aa64dfr0_el1) >> 8 & 0xf, 0);
	CHECK_EQ(read_sysreg(id_aa64isar1_el1) & 0xff000ff0, 0);
	CHECK((mmfr0 & 0xf) <= 5);
	CHECK_EQ(mmfr0 >> 28, 0);
	if (!(pfr0 >> 32 & 0xf))
		CHECK_EQ(read_sysreg(s3_0_c0_c4_4), 0); /* ID_AA64ZFR0_EL1 */
	CHECK_EQ(read_sysreg(s3_0_c0_c4_5), 0);		/* ID_AA64SMFR0_EL1 */
	CHECK_EQ(read_sysreg(s3_0_c0_c1_0), 0);		/* ID_PFR0_EL1: no AArch32 */
	CHECK_EQ(read_sysreg(s3_0_c0_c7_7), 0);		/* nothing there */
	CHECK_EQ(read_sysreg(currentel) >> 2, 1);
	CHECK_EQ(read_sysreg(mpidr_el1) & 0xff00ffffff, boot_info->arm64.mpidr[0]);
}

/* Hidden features are undefined, one and all, and nothing else happens. */
#define UNDEFINED(insn) \
	do { \
		GUARDED(insn, : GUARD_OUT : : "x0", "x9", "memory"); \
		CHECK_EQ(this_cpu()->fault_vector, FAULT_UNDEFINED); \
	} while (0)

TEST(root_undefined)
{
	UNDEFINED("mrs x0, pmcr_el0");
	UNDEFINED("msr pmccntr_el0, x0");
	UNDEFINED("mrs x0, s3_0_c2_c1_0");  /* APIAKeyLo_EL1 */
	UNDEFINED("mrs x0, s3_0_c5_c3_0");  /* ERRIDR_EL1 */
	UNDEFINED("mrs x0, s3_0_c15_c0_0"); /* implementation defined */
	UNDEFINED("mrs x0, hcr_el2");
	UNDEFINED("hvc #2");
	UNDEFINED("hvc #0xffff");
	/* Without SMEN the trap would be EL1's own, where there is SME in silicon */
	write_sysreg(cpacr_el1, 3 << 24 | 3 << 20);
	isb();
	UNDEFINED(".inst 0x04bf5820");	   /* rdsvl x0, #1: SME */
	UNDEFINED("mrs x0, s3_0_c1_c2_6"); /* SMCR_EL1 */
	write_sysreg(cpacr_el1, 3 << 20);
	isb();
	CHECK_EQ(read_sysreg(actlr_el1), read_sysreg(actlr_el1));
}

/* -- memory -------------------------------------------------------------------------------------
 */

TEST(root_core_memory)
{
	uint64_t at = boot_info->core_base + 0x2008;
	uint8_t v;

	CHECK_EQ(safe_read8(at, &v), FAULT_MEMORY);
	CHECK_EQ(this_cpu()->fault_address, at);
	CHECK_EQ(this_cpu()->fault_syndrome & 0x3f, 0x10); /* external abort, no walk */
	CHECK_EQ(safe_write8(at, 0), FAULT_MEMORY);
	/* The copy of boot_info is for reading */
	CHECK_EQ(safe_read8((uint64_t)boot_info, &v), -1);
	CHECK_EQ(safe_write8((uint64_t)boot_info, 0), FAULT_MEMORY);
	CHECK_EQ(boot_info->magic, BOOT_INFO_MAGIC);
}

/* -- the redistributor's SGI frame ---------------------------------------------------------------
 */

static uint32_t own(void)
{
	return 1u << boot_info->arm64.ppi_maintenance | 1u << boot_info->arm64.ppi_el2_timer;
}

TEST(root_gic_core_interrupts)
{
	uint32_t bit = 1u << boot_info->arm64.ppi_virtual_timer;

	/* Neither seen nor changed, whatever is written */
	gic_write(0, ICENABLER0, ~0u);
	CHECK_EQ(gic_read(0, ISENABLER0), 0);
	gic_write(0, ISENABLER0, own() | bit);
	CHECK_EQ(gic_read(0, ISENABLER0), bit);
	for (uint32_t i = 0; i < 32; i += 4)
		gic_write(0, IPRIORITYR + i, ~0u);
	CHECK_EQ(gic_read(0, IPRIORITYR + 24) & 0x00ffff00, 0);
	CHECK(gic_read(0, IPRIORITYR + 24) & 0xff000000);
	gic_write(0, ISPENDR0, own());
	CHECK_EQ(gic_read(0, ISPENDR0) & own(), 0);
	/* Bytes */
	CHECK_EQ(safe_write8(gic_frame(0) + IPRIORITYR + 27, 0x50), -1);
	CHECK_EQ(gic_read(0, IPRIORITYR + 24) >> 24, 0x50);
	/* Reserved: nothing there */
	gic_write(0, 0x40, ~0u);
	CHECK_EQ(gic_read(0, 0x40), 0);
	for (uint32_t i = 0; i < 32; i += 4)
		gic_write(0, IPRIORITYR + i, 0x80808080);
	gic_write(0, ISENABLER0, 0xff);
}

/* Accesses that the frame cannot serve: an abort with its address, and the next one works. */
TEST(root_gic_odd_access)
{
	uint64_t at = gic_frame(0) + ISENABLER0;
	uint32_t v = gic_read(0, ISENABLER0);
	uint8_t b;

	CHECK_EQ(safe_read8(at, &b), FAULT_MEMORY);
	CHECK_EQ(this_cpu()->fault_address, at);
	GUARDED("ldrh w0, [%[at]]", : GUARD_OUT : [at] "r"(at) : "x0", "x9", "memory");
	CHECK_EQ(this_cpu()->fault_vector, FAULT_MEMORY);
	GUARDED("ldr x0, [%[at]]", : GUARD_OUT : [at] "r"(at) : "x0", "x9", "memory");
	CHECK_EQ(this_cpu()->fault_vector, FAULT_MEMORY);
	/* No syndrome that says what it was: pairs, and write-back */
	GUARDED("ldp w0, w1, [%[at]]", : GUARD_OUT : [at] "r"(at) : "x0", "x1", "x9", "memory");
	CHECK_EQ(this_cpu()->fault_vector, FAULT_MEMORY);
	GUARDED("stp w0, w1, [%[at]]", : GUARD_OUT : [at] "r"(at) : "x0", "x1", "x9", "memory");
	CHECK_EQ(this_cpu()->fault_vector, FAULT_MEMORY);
	CHECK_EQ(gic_read(0, ISENABLER0), v);
}

static volatile uint32_t ticks;

static void tick(void)
{
	ticks++;
	write_sysreg(cntv_ctl_el0, 0);
}

/* Timer and SGI natively: no exit, and each comes once. */
TEST(root_interrupts)
{
	uint32_t ppi = boot_info->arm64.ppi_virtual_timer;
	uint64_t before = this_cpu()->irqs[3];

	ticks = 0;
	irq_handler((uint8_t)ppi, tick);
	gic_write(0, ISENABLER0, 1u << ppi);
	write_sysreg(cntv_cval_el0, read_sysreg(cntvct_el0) + boot_info->tsc_hz / 1000);
	write_sysreg(cntv_ctl_el0, 1);
	isb();
	/* An emulator may be late with it */
	for (uint32_t i = 0; i < 1000 && !ticks; i++)
		delay_us(1000);
	delay_us(5000);
	CHECK_EQ(ticks, 1);
	irq_handler((uint8_t)ppi, NULL);
	gic_write(0, ICENABLER0, 1u << ppi);
	gic_sgi(0, 3);
	for (uint32_t i = 0; i < 1000 && this_cpu()->irqs[3] == before; i++)
		delay_us(1000);
	delay_us(1000);
	CHECK_EQ(this_cpu()->irqs[3], before + 1);
	/* None of the core's own ever came here */
	CHECK_EQ(this_cpu()->irqs[boot_info->arm64.ppi_el2_timer], 0);
	CHECK_EQ(this_cpu()->irqs[boot_info->arm64.ppi_maintenance], 0);
}

/* -- calls ---------------------------------------------------------------------------------------
 */

TEST(root_psci)
{
	uint64_t me = boot_info->arm64.mpidr[0];

	CHECK_EQ(smc(0x84000000, 0, 0, 0), 0x10001);
	CHECK_EQ(hvc(0x84000000, 0, 0, 0), 0x10001);
	CHECK_EQ(smc(PSCI_FEATURES, PSCI_CPU_ON, 0, 0), 0);
	CHECK_EQ(smc(PSCI_FEATURES, 0x8400000e, 0, 0), NOT_SUPPORTED);
	CHECK_EQ(smc(PSCI_AFFINITY_INFO, me, 0, 0), 0);
	CHECK_EQ(smc(PSCI_CPU_ON, me, (uint64_t)root_ap_start, 0), ALREADY_ON);
	CHECK_EQ(smc(PSCI_CPU_ON, 0x00ffff00, (uint64_t)root_ap_start, 0), INVALID_PARAMS);
	CHECK_EQ(smc(PSCI_CPU_ON, me, boot_info->core_base, 0), INVALID_ADDRESS);
	/* Unknown calls, and those with an immediate */
	CHECK_EQ(smc(0x8400001e, 0, 0, 0), NOT_SUPPORTED);
	CHECK_EQ(smc(0xc2001234, 0, 0, 0), NOT_SUPPORTED);
	CHECK_EQ(hvc(0x86001234, 0, 0, 0), NOT_SUPPORTED);
	CHECK_EQ(hvc(0x80000000, 0, 0, 0), 0x10001); /* SMCCC_VERSION */
}

static void turn_off(void *arg)
{
	(void)arg;
	/* What waits for this CPU sees it free before it is gone. */
	__atomic_store_n(&this_cpu()->fn, NULL, __ATOMIC_RELEASE);
	this_cpu()->online = 0;
	(void)smc(PSCI_CPU_OFF, 0, 0, 0);
}

TEST_CPUS(root_psci_off_on, 2)
{
	uint64_t mpidr = boot_info->arm64.mpidr[1];

	for (uint32_t round = 0; round < 3; round++) {
		CHECK_EQ(smc(PSCI_AFFINITY_INFO, mpidr, 0, 0), 0);
		cpu_run(1, turn_off, NULL);
		for (uint32_t i = 0; i < 1000 && smc(PSCI_AFFINITY_INFO, mpidr, 0, 0) != 1; i++)
			delay_us(100);
		CHECK_EQ(smc(PSCI_AFFINITY_INFO, mpidr, 0, 0), 1);
		CHECK_EQ(smc(PSCI_CPU_ON, mpidr, (uint64_t)root_ap_start, 1), 0);
		for (uint32_t i = 0; i < 1000 && !cpus[1].online; i++)
			delay_us(100);
		CHECK_EQ(cpus[1].online, 1);
	}
}

/* -- a VP's own registers, as Linux asks for them ------------------------------------------------
 */

struct regs {
	uint64_t x[18];
};

static void hvc_all(struct regs *r)
{
	register uint64_t *at __asm__("x19") = r->x;

	__asm__ volatile("ldp x0, x1, [x19]\n\tldp x2, x3, [x19, #16]\n\tldp x4, x5, [x19, #32]\n\t"
			 "ldp x6, x7, [x19, #48]\n\tldp x14, x15, [x19, #112]\n\t"
			 "ldp x16, x17, [x19, #128]\n\thvc #0\n\t"
			 "stp x0, x1, [x19]\n\tstp x2, x3, [x19, #16]\n\tstp x4, x5, [x19, #32]\n\t"
			 "stp x6, x7, [x19, #48]\n\tstp x14, x15, [x19, #112]\n\t"
			 "stp x16, x17, [x19, #128]"
			 : "+r"(at)
			 :
			 : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
			   "x12", "x13", "x14", "x15", "x16", "x17", "memory");
}

#define FAST_GET (HVCALL_GET_VP_REGISTERS | HV_HYPERCALL_FAST | HV_REPS(1))
#define FAST_SET (HVCALL_SET_VP_REGISTERS | HV_HYPERCALL_FAST | HV_REPS(1))
#define DONE	 (1ull << 32)

static uint64_t own_get(uint32_t name, uint64_t v[2])
{
	struct regs r = { { HV_ARM64_SMCCC_HYPERCALL, FAST_GET, HV_PARTITION_ID_SELF,
			    HV_VP_INDEX_SELF, name } };

	hvc_all(&r);
	v[0] = r.x[6];
	v[1] = r.x[7];
	return r.x[0];
}

static uint64_t own_set(uint32_t name, uint64_t v)
{
	struct regs r = { { HV_ARM64_SMCCC_HYPERCALL, FAST_SET, HV_PARTITION_ID_SELF,
			    HV_VP_INDEX_SELF, name, 0, v, 0 } };

	hvc_all(&r);
	return r.x[0];
}

TEST(root_own_registers)
{
	uint64_t v[2], priv;

	CHECK_EQ(own_set(HV_REGISTER_GUEST_OS_ID, 0x8100000000060100ull), DONE);
	CHECK_EQ(own_get(HV_REGISTER_GUEST_OS_ID, v), DONE);
	CHECK_EQ(v[0], 0x8100000000060100ull);
	CHECK_EQ(own_get(HV_REGISTER_PRIVILEGES_AND_FEATURES_INFO, v), DONE);
	priv = HV_PARTITION_PRIVILEGE_CREATE_PARTITIONS | HV_PARTITION_PRIVILEGE_CPU_MANAGEMENT;
	CHECK_EQ(v[0] & priv, priv);
	CHECK_EQ(own_get(HV_REGISTER_FEATURES_INFO, v), DONE);
	CHECK_EQ(own_get(HV_REGISTER_HYPERVISOR_VERSION, v), DONE);
	CHECK((uint32_t)v[0] != 0);
	CHECK_EQ(own_get(HV_REGISTER_VP_INDEX, v), DONE);
	CHECK_EQ(v[0], 0);
	CHECK_EQ(own_get(HV_REGISTER_TIME_REF_COUNT, v), DONE);
	CHECK(v[0] != 0);
	/* What is in silicon is not asked for here; read-only is read-only. */
	CHECK_EQ(own_get(HV_ARM64_REGISTER_X0, v), HV_STATUS_UNKNOWN_REGISTER_NAME);
	CHECK_EQ(own_set(HV_ARM64_REGISTER_SCTLR_EL1, 0), HV_STATUS_UNKNOWN_REGISTER_NAME);
	CHECK_EQ(own_set(HV_REGISTER_VP_INDEX, 5), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(own_get(0x00012345, v), HV_STATUS_UNKNOWN_REGISTER_NAME);
}

/* Too many for the registers: 16 words, output behind the input. */
TEST(root_fast_limits)
{
	struct regs r = { { HV_ARM64_SMCCC_HYPERCALL, HVCALL_GET_VP_REGISTERS | HV_HYPERCALL_FAST,
			    HV_PARTITION_ID_SELF, HV_VP_INDEX_SELF } };

	CHECK_EQ(own_set(HV_REGISTER_GUEST_OS_ID, 0x8100000000060100ull), DONE);
	/* 16 + 4 n bytes in, 16 n out: five fit in eight pairs, six do not */
	r.x[1] |= HV_REPS(6);
	hvc_all(&r);
	CHECK_EQ(r.x[0], HV_STATUS_INVALID_HYPERCALL_INPUT);
	r.x[0] = HV_ARM64_SMCCC_HYPERCALL;
	r.x[1] = HVCALL_GET_VP_REGISTERS | HV_HYPERCALL_FAST | HV_REPS(2);
	r.x[4] = (uint64_t)HV_REGISTER_VP_INDEX << 32 | HV_REGISTER_GUEST_OS_ID;
	hvc_all(&r);
	CHECK_EQ(r.x[0], 2ull << 32);
	CHECK_EQ(r.x[6], 0x8100000000060100ull);
	CHECK_EQ(r.x[8 - 8 + 4], (uint64_t)HV_REGISTER_VP_INDEX << 32 | HV_REGISTER_GUEST_OS_ID);
	/* HVC #1: the output is in the last pairs, X15 and X16 */
	r.x[0] = FAST_GET;
	r.x[1] = HV_PARTITION_ID_SELF;
	r.x[2] = HV_VP_INDEX_SELF;
	r.x[3] = HV_REGISTER_GUEST_OS_ID;
	r.x[15] = r.x[16] = 0x77;
	{
		register uint64_t *at __asm__("x19") = r.x;

		__asm__ volatile("ldp x0, x1, [x19]\n\tldp x2, x3, [x19, #16]\n\thvc #1\n\t"
				 "stp x15, x16, [x19, #120]\n\tstr x0, [x19]"
				 : "+r"(at)
				 :
				 : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9",
				   "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
				   "memory");
	}
	CHECK_EQ(r.x[0], DONE);
	CHECK_EQ(r.x[15], 0x8100000000060100ull);
	CHECK_EQ(r.x[16], 0);
}

/* -- stage 2 under a running root ----------------------------------------------------------------
 */

static struct {
	volatile uint32_t stop, rounds, faults;
	uint8_t *ram; /* 2 MiB, the first page comes and goes */
} split;

static void read_around(void *arg)
{
	uint8_t v;

	(void)arg;
	for (uint32_t i = 1; !split.stop; i = i % 511 + 1) {
		/* Every page but the first is there at every moment */
		if (safe_read8((uint64_t)split.ram + (uint64_t)i * PAGE, &v) != -1 ||
		    v != (uint8_t)i ||
		    safe_write8((uint64_t)split.ram + (uint64_t)i * PAGE, v) != -1)
			split.faults++;
		split.rounds++;
	}
}

/* A block of the root's is split and folded, and no other CPU notices (break-before-make). */
TEST_CPUS(root_block_split, 2)
{
	struct {
		hv_partition_id id;
		uint64_t arg;
	} in = { HV_PARTITION_ID_SELF, 0 };
	uint64_t pfn;

	memset(&split, 0, sizeof(split));
	split.ram = pages_alloc(512, 512);
	CHECK(split.ram != NULL);
	for (uint32_t i = 0; i < 512; i++)
		split.ram[i * PAGE] = (uint8_t)i;
	cpu_run(1, read_around, NULL);
	while (!split.rounds)
		cpu_pause();
	for (uint32_t n = 0; n < 300; n++) {
		in.arg = (uint64_t)split.ram / PAGE;
		if (hv_status(HVCALL_DEPOSIT_MEMORY | HV_REPS(1), &in, sizeof(in), NULL, 0))
			break;
		in.arg = 0;
		if (hv_status(HVCALL_WITHDRAW_MEMORY | HV_REPS(1), &in, sizeof(in), &pfn,
			      sizeof(pfn)) ||
		    pfn != (uint64_t)split.ram / PAGE)
			break;
		pfn = n;
	}
	split.stop = 1;
	cpu_join(1);
	pages_free(split.ram, 512);
	CHECK_EQ(pfn, 299);
	CHECK_EQ(split.faults, 0);
	CHECK(split.rounds > 1000);
}
