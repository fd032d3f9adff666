/* SPDX-License-Identifier: MIT */
/* A guest that uses its GICv3 as a system does (IHI 0069), in the ways that gic_abi.h names. */
#include "tests/guests/arm64/gic_abi.h"
#include "tests/guests/arm64/lib.h"

#define GICD_CTLR      0x0000u
#define GICD_IGROUPR   0x0080u
#define GICD_ISENABLER 0x0100u
#define GICD_ISPENDR   0x0200u
#define GICD_ICPENDR   0x0280u
#define GICD_ISACTIVER 0x0300u
#define GICD_IPRIO     0x0400u
#define GICD_ICFGR     0x0c00u
#define GICR_CTLR      0x0000u
#define GICR_PROPBASER 0x0070u
#define GICR_PENDBASER 0x0078u
#define SGI_BASE       0x10000u

#define PSCI_CPU_OFF	   0x84000002u
#define PSCI_CPU_ON	   0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u
#define PSCI_SYSTEM_OFF	   0x84000008u

#define PPI_VIRTUAL  27u
#define PPI_PHYSICAL 30u
#define SPURIOUS     1020u /* and up to 1023 */

static struct gic_shared *const s = (struct gic_shared *)GIC_SHARED;

static uint64_t self(void)
{
	return read_sysreg(mpidr_el1) & 0xf;
}

static void wrong(uint64_t what)
{
	say(GIC_WRONG, what);
}

static void end(uint32_t intid)
{
	write_sysreg(icc_eoir1_el1, intid);
	if (s->eoimode && intid < 8192)
		write_sysreg(icc_dir_el1, intid);
	isb();
}

static void timer_again(uint32_t intid)
{
	if (intid == PPI_VIRTUAL)
		write_sysreg(cntv_cval_el0, read_sysreg(cntv_cval_el0) + s->period);
	else if (intid == PPI_PHYSICAL)
		write_sysreg(cntp_cval_el0, read_sysreg(cntp_cval_el0) + s->period);
	isb();
}

void guest_irq(void)
{
	uint32_t intid = (uint32_t)read_sysreg(icc_iar1_el1) & 0xffffff;
	uint64_t vp = self();

	dsb();
	if (intid >= SPURIOUS && intid < 1024)
		return;
	s->log[vp][s->taken[vp] % GIC_LOG] = intid;
	s->taken[vp]++;
	timer_again(intid);
	if (s->say_each)
		say(GIC_TAKEN, intid);
	end(intid);
}

/* The instruction is skipped. */
void guest_trap(void)
{
	uint64_t vp = self();

	s->trap[vp] = read_sysreg(esr_el1);
	s->far[vp] = read_sysreg(far_el1);
	s->traps[vp]++;
	write_sysreg(elr_el1, read_sysreg(elr_el1) + 4);
}

static void set_up(uint64_t vp)
{
	uint64_t rd = GUEST_GICR + 0x20000 * vp, sgi = rd + SGI_BASE;

	write_sysreg(icc_sre_el1, 7);
	isb();
	write32(GUEST_GICD + GICD_CTLR, 0x12);
	for (uint32_t i = 32; i < 96; i += 32)
		write32(GUEST_GICD + GICD_ISENABLER + i / 8, ~0u);
	for (uint32_t i = 0; i < 32; i += 4)
		write32(sgi + GICD_IPRIO + i, 0x80808080);
	write32(sgi + GICD_ISENABLER, 0xffff | 1u << PPI_VIRTUAL | 1u << PPI_PHYSICAL | 1u << 20);
	if (s->lpis) {
		for (uint32_t i = 0; i < 64; i++)
			write8(GIC_LPI_TABLE + i, 0x81);
		dsb();
		write64(rd + GICR_PROPBASER, GIC_LPI_TABLE | 13);
		write64(rd + GICR_PENDBASER, GIC_LPI_TABLE + 0x10000 * (1 + vp));
		write32(rd + GICR_CTLR, 1);
	}
	write_sysreg(icc_pmr_el1, 0xf0);
	write_sysreg(icc_bpr1_el1, 0);
	write_sysreg(icc_ctlr_el1, s->eoimode << 1);
	write_sysreg(icc_igrpen1_el1, 1);
	isb();
}

/* Awake only for interrupts: with IRQs masked WFI ends all the same, and none is missed. */
static void take(uint64_t vp, uint64_t count, bool wait)
{
	while (s->taken[vp] < count) {
		irqs_off();
		if (wait && s->taken[vp] < count)
			wfi();
		irqs_on();
	}
	irqs_off();
}

static void ping(uint64_t vp, bool first)
{
	for (uint64_t i = 1; i <= s->count; i++) {
		if (first)
			write_sysreg(icc_sgi1r_el1, 1ull << 24 | 1ull << (1 - vp));
		isb();
		take(vp, i, true);
		if (!first)
			write_sysreg(icc_sgi1r_el1, 1ull << 24 | 1ull << (1 - vp));
		isb();
	}
}

/* Of SPIs 32 and up, priorities falling with the number: the last comes first. */
static void many(uint64_t vp)
{
	for (uint32_t i = 0; i < s->count; i++)
		write8(GUEST_GICD + GICD_IPRIO + 32 + i, (uint8_t)(0xd8 - 8 * (i % 24)));
	for (uint32_t i = 0; i < s->count; i++)
		write32(GUEST_GICD + GICD_ISPENDR + (32 + i) / 32 * 4, 1u << (32 + i) % 32);
	irqs_on();
	take(vp, s->count, false);
}

/*
 * SPI 40 inactive, 41 pending, 42 active, 43 both; SGI 5 and PPI 20 active. With EOImode 1 the
 * priority has been dropped, so that others come.
 */
static void hold(uint64_t vp)
{
	uint64_t sgi = GUEST_GICR + 0x20000 * vp + SGI_BASE;
	uint32_t intid[3];

	write_sysreg(icc_igrpen1_el1, 0);
	for (uint32_t i = 40; i < 44; i++)
		write8(GUEST_GICD + GICD_IPRIO + i, (uint8_t)(8 * (i - 20)));
	write32(GUEST_GICD + GICD_ICFGR + 8, 0xaa << 16);
	write32(GUEST_GICD + GICD_ISPENDR + 4, 1u << 10);
	write32(sgi + GICD_ISPENDR, 1u << 20);
	write_sysreg(icc_sgi1r_el1, 5ull << 24 | 1);
	write_sysreg(icc_igrpen1_el1, 1);
	isb();
	for (uint32_t i = 0; i < 3; i++) {
		intid[i] = (uint32_t)read_sysreg(icc_iar1_el1);
		dsb();
		write_sysreg(icc_eoir1_el1, intid[i]);
		isb();
	}
	write_sysreg(icc_igrpen1_el1, 0);
	write32(GUEST_GICD + GICD_ISPENDR + 4, 1u << 9);
	write32(GUEST_GICD + GICD_ISACTIVER + 4, 1u << 11);
	write32(GUEST_GICD + GICD_ISPENDR + 4, 1u << 11);
	write_sysreg(icc_pmr_el1, 0xe8);
	isb();
	say(GIC_HELD, intid[0] | intid[1] << 8 | intid[2] << 16);
	/* From here on it may be another partition */
	if (read_sysreg(icc_pmr_el1) != 0xe8 || read_sysreg(icc_igrpen1_el1) ||
	    !(read_sysreg(icc_ctlr_el1) & 2))
		wrong(1);
	if ((read32(GUEST_GICD + GICD_ISPENDR + 4) & 0xf00) != (1u << 9 | 1u << 11))
		wrong(2);
	if ((read32(GUEST_GICD + GICD_ISACTIVER + 4) & 0xf00) != (1u << 10 | 1u << 11))
		wrong(3);
	if (read32(sgi + GICD_ISACTIVER) != (1u << 5 | 1u << 20))
		wrong(4);
	if ((read32(GUEST_GICD + GICD_ICFGR + 8) >> 16 & 0xff) != 0xaa)
		wrong(5);
	if (read32(GUEST_GICD + GICD_IPRIO + 40) != 0xb8b0a8a0)
		wrong(6);
	write_sysreg(icc_igrpen1_el1, 1);
	isb();
	for (uint32_t i = 0; i < 3; i++)
		write_sysreg(icc_dir_el1, intid[i]);
	isb();
	/* 41 was pending all the time; 43 can be taken once it is ended */
	irqs_on();
	while (s->taken[vp] < 1)
		isb();
	write_sysreg(icc_dir_el1, 43);
	isb();
	while (s->taken[vp] < 2)
		isb();
	irqs_off();
	if (read32(GUEST_GICD + GICD_ISACTIVER + 4) & 0xf00 || read32(sgi + GICD_ISACTIVER))
		wrong(7);
}

static void faults(uint64_t vp)
{
	uint64_t v;

	s->traps[vp] = 0;
	/* No syndrome, a size that is none, an odd address, an instruction's fetch */
	__asm__ volatile("ldp x2, x3, [%0]" : : "r"((uint64_t)GUEST_GICD) : "x2", "x3", "memory");
	__asm__ volatile("ldrh %w0, [%1]" : "=r"(v) : "r"((uint64_t)GUEST_GICD) : "memory");
	__asm__ volatile("ldr %0, [%1]" : "=r"(v) : "r"((uint64_t)GUEST_GICD + GICD_ISPENDR) : "memory");
	say(GIC_HELD, s->traps[vp]);
	/* Registers of Group 0 are there and do nothing; SGI1R cannot be read */
	s->traps[vp] = 0;
	write_sysreg(icc_igrpen0_el1, 1);
	if (read_sysreg(icc_igrpen0_el1) || read_sysreg(icc_iar0_el1) != 1023 ||
	    read_sysreg(icc_hppir0_el1) != 1023 || read_sysreg(icc_bpr0_el1))
		wrong(8);
	write_sysreg(icc_sgi0r_el1, 1);
	write_sysreg(icc_asgi1r_el1, 1);
	if (s->traps[vp])
		wrong(9);
	/* ICC_SGI1R_EL1 by number: assemblers know that it cannot be read */
	__asm__ volatile("mrs %0, s3_0_c12_c11_5" : "=r"(v));
	if (s->traps[vp] != 1)
		wrong(10);
	(void)v;
}

static void psci(void)
{
	static struct guest_start start;

	start.sp = GIC_STACK_TOP - 0x10000;
	start.arg = GIC_SHARED;
	start.vp = 1;
	if (smccc(PSCI_AFFINITY_INFO, 1, 0, 0) != 1)
		wrong(11);
	if ((int64_t)smccc(PSCI_CPU_ON, 1, 2, 0) != -9 ||
	    (int64_t)smccc(PSCI_CPU_ON, 7, (uint64_t)guest_second, 0) != -2 ||
	    (int64_t)smccc(PSCI_CPU_ON, 0, (uint64_t)guest_second, 0) != -4)
		wrong(12);
	dsb();
	if (smccc(PSCI_CPU_ON, 1, (uint64_t)guest_second, (uint64_t)&start))
		wrong(13);
	while (!s->taken[1])
		dsb();
	while (smccc(PSCI_AFFINITY_INFO, 1, 0, 0) != 1)
		dsb();
	(void)smccc(PSCI_SYSTEM_OFF, 0, 0, 0);
}

void guest_main(uint64_t vp, void *arg)
{
	(void)arg;
	set_up(vp);
	switch (s->work[vp]) {
	case GIC_TIMER:
	case GIC_SPIN:
		write_sysreg(cntv_cval_el0, read_sysreg(cntvct_el0) + s->period);
		write_sysreg(cntv_ctl_el0, 1);
		take(vp, s->count, s->work[vp] == GIC_TIMER);
		write_sysreg(cntv_ctl_el0, 0);
		break;
	case GIC_PHYSICAL:
		write_sysreg(cntp_cval_el0, read_sysreg(cntpct_el0) + s->period);
		write_sysreg(cntp_ctl_el0, 1);
		take(vp, s->count, true);
		write_sysreg(cntp_ctl_el0, 0);
		break;
	case GIC_TAKE:
		take(vp, s->count, true);
		break;
	case GIC_PING:
	case GIC_PONG:
		ping(vp, s->work[vp] == GIC_PING);
		break;
	case GIC_MANY:
		many(vp);
		break;
	case GIC_HOLD:
		hold(vp);
		break;
	case GIC_FAULTS:
		faults(vp);
		break;
	case GIC_PSCI:
		psci();
		break;
	case GIC_SECOND:
		s->taken[vp] = 1;
		dsb();
		(void)smccc(PSCI_CPU_OFF, 0, 0, 0);
		break;
	default:
		wrong(0);
		break;
	}
	say(GIC_DONE, s->taken[vp]);
}
