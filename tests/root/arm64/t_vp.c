/* SPDX-License-Identifier: MIT */
/* Guest VPs at EL1: registers by name, the switch, what traps, and the root's time meanwhile. */
#include <string.h>

#include "tests/root/guest.h"

#define PSTATE_EL1H 0x3c5u
#define WFI	    0xd503207fu
#define MRS(reg, x) (0xd5300000u | (reg) << 5 | (x))
#define MSR(reg, x) (0xd5100000u | (reg) << 5 | (x))
#define SYS(op0, op1, crn, crm, op2) \
	(((op0)&1u) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

/* Registers that are words to the VP switch: name, encoding, a value that does no harm */
static const struct {
	uint32_t name, reg;
	uint64_t value;
} words[] = {
	{ HV_ARM64_REGISTER_TPIDR_EL1, SYS(3, 0, 13, 0, 4), 0x1122334455667788 },
	{ HV_ARM64_REGISTER_TPIDR_EL0, SYS(3, 3, 13, 0, 2), 0x2122334455667788 },
	{ 0x00040010, SYS(3, 3, 13, 0, 3), 0x3122334455667788 },
	{ HV_ARM64_REGISTER_TTBR0_EL1, SYS(3, 0, 2, 0, 0), 0x0001000040000000 },
	{ HV_ARM64_REGISTER_TTBR1_EL1, SYS(3, 0, 2, 0, 1), 0x0002000040000000 },
	{ HV_ARM64_REGISTER_TCR_EL1, SYS(3, 0, 2, 0, 2), 0x0000000200193519 },
	{ HV_ARM64_REGISTER_MAIR_EL1, SYS(3, 0, 10, 2, 0), 0x00000000000004ff },
	{ HV_ARM64_REGISTER_VBAR_EL1, SYS(3, 0, 12, 0, 0), 0x0000000000010800 },
	{ HV_ARM64_REGISTER_CPACR_EL1, SYS(3, 0, 1, 0, 2), 3 << 20 },
	{ HV_ARM64_REGISTER_ESR_EL1, SYS(3, 0, 5, 2, 0), 0x96000045 },
	{ HV_ARM64_REGISTER_FAR_EL1, SYS(3, 0, 6, 0, 0), 0xffff000012345678 },
	{ HV_ARM64_REGISTER_ELR_EL1, SYS(3, 0, 4, 0, 1), 0xffff000011223344 },
	{ HV_ARM64_REGISTER_SPSR_EL1, SYS(3, 0, 4, 0, 0), 0x600003c5 },
	{ HV_ARM64_REGISTER_SP_EL0, SYS(3, 0, 4, 1, 0), 0x5122334455667788 },
	{ HV_ARM64_REGISTER_CNTKCTL_EL1, SYS(3, 0, 14, 1, 0), 3 },
};
#define WORDS (sizeof(words) / sizeof(words[0]))

/* What is set by name the guest reads, and what the guest writes is read by name. */
TEST(vp_registers)
{
	hv_partition_id id = guest_new(0, 1), other = guest_new(0, 1);
	uint32_t code[3 * WORDS + 1], n = 0;

	for (uint32_t i = 0; i < WORDS; i++) {
		code[n++] = MRS(words[i].reg, 1);
		code[n++] = 0xf8008401; /* str x1, [x0], #8 */
		code[n++] = MSR(words[i].reg, 31);
	}
	code[n++] = WFI;
	guest_start(id, 0, code, sizeof(code));
	guest_map(id, 0x20, guest_pages(1, 1), 1, GUEST_RWX);
	for (uint32_t i = 0; i < WORDS; i++)
		guest_set64(id, 0, words[i].name, words[i].value);
	guest_set64(id, 0, HV_ARM64_REGISTER_X0, 0x20000);
	CHECK_EQ(guest_run(id, 0), GUEST_HALTED);
	CHECK_EQ(guest_get64(id, 0, HV_ARM64_REGISTER_PC), GUEST_CODE + sizeof(code));
	CHECK_EQ(guest_get64(id, 0, HV_ARM64_REGISTER_X0), 0x20000 + 8 * WORDS);
	for (uint32_t i = 0; i < WORDS; i++) {
		uint64_t seen = 0;

		for (uint32_t k = 0; k < 8; k++) {
			uint8_t b = 0;

			CHECK_EQ(guest_peek(id, 0x20000 + 8 * i + k, &b), HV_ACCESS_GPA_SUCCESS);
			seen |= (uint64_t)b << (8 * k);
		}
		if (seen != words[i].value)
			test_fail(__FILE__, __LINE__, "register %x: %llx", (unsigned)words[i].name,
				  (unsigned long long)seen);
		CHECK_EQ(guest_get64(id, 0, words[i].name), 0);
		/* Another VP's are its own. */
		CHECK_EQ(guest_get64(other, 0, words[i].name), 0);
	}
}

TEST(vp_register_checks)
{
	static const uint64_t bad[] = { 0x3c9, 0x3c8, 0x3cd, 0x1d0, 0x3c6, 0x1000003c5ull, 0x3d5 };
	hv_partition_id id = guest_new(0, 1);
	union hv_register_value q = { { 0x0123456789abcdef, 0xfedcba9876543210 } }, v;

	CHECK_EQ(guest_get64(id, 0, HV_ARM64_REGISTER_PSTATE), PSTATE_EL1H);
	CHECK_EQ(guest_get64(id, 0, HV_ARM64_REGISTER_SCTLR_EL1), 0x30d00800);
	/* No exception level above EL1, no AArch32, no bit that is not there */
	for (uint32_t i = 0; i < sizeof(bad) / 8; i++)
		CHECK_EQ(guest_set_status(id, 0, HV_ARM64_REGISTER_PSTATE, bad[i]),
			 HV_STATUS_INVALID_REGISTER_VALUE);
	CHECK_EQ(guest_get64(id, 0, HV_ARM64_REGISTER_PSTATE), PSTATE_EL1H);
	CHECK_EQ(guest_set_status(id, 0, HV_ARM64_REGISTER_PSTATE, 0x600000c0), HV_STATUS_SUCCESS);
	/* SP is the one that PSTATE selects */
	guest_set64(id, 0, HV_ARM64_REGISTER_SP, 0x1000);
	CHECK_EQ(guest_get64(id, 0, HV_ARM64_REGISTER_SP_EL0), 0x1000);
	guest_set64(id, 0, HV_ARM64_REGISTER_PSTATE, PSTATE_EL1H);
	guest_set64(id, 0, HV_ARM64_REGISTER_SP, 0x2000);
	CHECK_EQ(guest_get64(id, 0, HV_ARM64_REGISTER_SP_EL1), 0x2000);
	CHECK_EQ(guest_get64(id, 0, HV_ARM64_REGISTER_SP_EL0), 0x1000);
	CHECK_EQ(guest_set_status(id, 0, HV_ARM64_REGISTER_CNTV_CTL_EL0, 4),
		 HV_STATUS_INVALID_REGISTER_VALUE);
	CHECK_EQ(guest_set_status(id, 0, 0x00012345, 0), HV_STATUS_UNKNOWN_REGISTER_NAME);
	CHECK_EQ(guest_set(id, 0, HV_ARM64_REGISTER_Q0 + 31, &q), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_get(id, 0, HV_ARM64_REGISTER_Q0 + 31, &v), HV_STATUS_SUCCESS);
	CHECK(!memcmp(&q, &v, 16));
	CHECK_EQ(guest_get64(id, 0, HV_ARM64_REGISTER_MPIDR_EL1), 1u << 31);
}

/* The guest's vectors and the root's do not meet. */
TEST(vp_fp_switch)
{
	/* add v0.2d, v0.2d, v1.2d; wfi */
	static const uint32_t code[] = { 0x4ee18400, WFI };
	hv_partition_id id = guest_new(0, 1);
	union hv_register_value a = { { 5, 6 } }, b = { { 100, 200 } }, v;
	struct hv_output_dispatch_vp out;
	uint64_t mine[2], fpcr;

	guest_start(id, 0, code, sizeof(code));
	guest_set64(id, 0, HV_ARM64_REGISTER_CPACR_EL1, 3 << 20);
	CHECK_EQ(guest_set(id, 0, HV_ARM64_REGISTER_Q0, &a), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_set(id, 0, HV_ARM64_REGISTER_Q0 + 1, &b), HV_STATUS_SUCCESS);
	guest_set64(id, 0, HV_ARM64_REGISTER_FPCR, 1 << 24);
	__asm__ volatile("movi v8.16b, #0x5a" : : : "v8");
	(void)guest_dispatch(id, 0, HV_DISPATCH_VP_FLAG_CLEAR_INTERCEPT_SUSPEND, &out);
	__asm__ volatile("str q8, [%0]" : : "r"(mine) : "memory");
	fpcr = read_sysreg(fpcr);
	CHECK_EQ(mine[0], 0x5a5a5a5a5a5a5a5aull);
	CHECK_EQ(fpcr, 0);
	CHECK_EQ(out.dispatch_state, HV_VP_DISPATCH_STATE_BLOCKED);
	CHECK_EQ(guest_get(id, 0, HV_ARM64_REGISTER_Q0, &v), HV_STATUS_SUCCESS);
	CHECK_EQ(v.low_high[0], 105);
	CHECK_EQ(v.low_high[1], 206);
	CHECK_EQ(guest_get64(id, 0, HV_ARM64_REGISTER_FPCR), 1 << 24);
}

/* What a guest is not given: undefined in the guest, which goes on at its own vector. */
TEST(vp_traps)
{
	static const uint32_t insn[] = {
		MRS(SYS(3, 3, 9, 12, 0), 1), /* PMCR_EL0 */
		MRS(SYS(3, 0, 2, 1, 0), 1),  /* APIAKeyLo_EL1 */
		MRS(SYS(3, 0, 1, 2, 6), 1),  /* SMCR_EL1 */
		0xd4000062,		     /* hvc #3 */
		0xd4000022,		     /* hvc #1 without an identity */
	};
	hv_partition_id id = guest_new(0, 1);
	uint32_t code[0x300 / 4] = { 0 };

	/* The vectors are the code page itself: synchronous, same level, at 200 */
	code[0x200 / 4] = WFI;
	for (uint32_t i = 0; i < sizeof(insn) / 4; i++) {
		code[0] = insn[i];
		if (i == 0)
			guest_start(id, 0, code, sizeof(code));
		else
			for (uint32_t k = 0; k < 4; k++)
				CHECK_EQ(guest_poke(id, GUEST_CODE + k,
						    (uint8_t)(insn[i] >> (8 * k))),
					 HV_ACCESS_GPA_SUCCESS);
		guest_set64(id, 0, HV_ARM64_REGISTER_VBAR_EL1, GUEST_CODE & ~0x7ffull);
		/* ZEN: else the trap on SVE would be EL1's own */
		guest_set64(id, 0, HV_ARM64_REGISTER_CPACR_EL1, 3 << 24 | 3 << 20 | 3 << 16);
		guest_set64(id, 0, HV_ARM64_REGISTER_PC, GUEST_CODE);
		guest_set64(id, 0, HV_ARM64_REGISTER_PSTATE, PSTATE_EL1H);
		CHECK_EQ(guest_run(id, 0), GUEST_HALTED);
		CHECK_EQ(guest_get64(id, 0, HV_ARM64_REGISTER_PC), GUEST_CODE + 0x204);
		CHECK_EQ(guest_get64(id, 0, HV_ARM64_REGISTER_ESR_EL1), 1u << 25);
		CHECK_EQ(guest_get64(id, 0, HV_ARM64_REGISTER_ELR_EL1), GUEST_CODE);
		CHECK_EQ(guest_get64(id, 0, HV_ARM64_REGISTER_SPSR_EL1), PSTATE_EL1H);
	}
}

/* SMCs that are not PSCI's answer; debug registers read as zero; the ID registers know a GIC. */
TEST(vp_calls)
{
	static const uint32_t code[] = {
		0xd4000003,		     /* smc #0 */
		MRS(SYS(2, 0, 0, 0, 5), 2),  /* DBGBCR0_EL1 */
		MRS(SYS(3, 0, 0, 4, 0), 3),  /* ID_AA64PFR0_EL1 */
		MRS(SYS(3, 3, 14, 0, 1), 4), /* CNTPCT_EL0 */
		MRS(SYS(3, 3, 14, 0, 2), 5), /* CNTVCT_EL0 */
		MRS(SYS(3, 0, 0, 0, 5), 6),  /* MPIDR_EL1 */
		WFI,
	};
	hv_partition_id id = guest_new(0, 3);
	uint64_t p, v;

	guest_start(id, 2, code, sizeof(code));
	guest_set64(id, 2, HV_ARM64_REGISTER_X0, 0xc2000003);
	guest_set64(id, 2, HV_ARM64_REGISTER_X0 + 2, ~0ull);
	CHECK_EQ(guest_run(id, 2), GUEST_HALTED);
	CHECK_EQ(guest_get64(id, 2, HV_ARM64_REGISTER_X0), ~0ull);
	CHECK_EQ(guest_get64(id, 2, HV_ARM64_REGISTER_X0 + 2), 0);
	CHECK_EQ(guest_get64(id, 2, HV_ARM64_REGISTER_X0 + 3) >> 24 & 0xf, 1);
	p = guest_get64(id, 2, HV_ARM64_REGISTER_X0 + 4);
	v = guest_get64(id, 2, HV_ARM64_REGISTER_X0 + 5);
	/* One clock, and it began with the partition */
	CHECK(v - p < boot_info->tsc_hz);
	CHECK(v < root_clock() && root_clock() - v > boot_info->tsc_hz / 1000);
	CHECK_EQ(guest_get64(id, 2, HV_ARM64_REGISTER_X0 + 6), 1u << 31 | 2);
}

/* The message of an abort: where, how, and its syndrome. */
TEST(vp_intercept)
{
	/* movz x0, #0x4000; strh w1, [x0, #6] */
	static const uint32_t code[] = { 0xd2880000, 0x79000c01, WFI };
	const struct hv_arm64_memory_intercept_message *m;
	hv_partition_id id = guest_new(0, 1);

	guest_start(id, 0, code, sizeof(code));
	CHECK_EQ(guest_run(id, 0), HVMSG_UNMAPPED_GPA);
	m = (const void *)guest_message(id, 0)->payload;
	CHECK_EQ(guest_message(id, 0)->header.payload_size, 64);
	CHECK_EQ(guest_message(id, 0)->header.sender, id);
	CHECK_EQ(m->guest_physical_address, 0x4006);
	CHECK_EQ(m->guest_virtual_address, 0x4006);
	CHECK_EQ(m->header.pc, GUEST_CODE + 4);
	CHECK_EQ(m->header.cpsr, PSTATE_EL1H);
	CHECK_EQ(m->header.execution_state, 1);
	CHECK_EQ(m->header.instruction_length, 4);
	CHECK_EQ(m->header.intercept_access_type, HV_INTERCEPT_ACCESS_WRITE);
	/* ISV, halfword, W1, a write */
	CHECK_EQ(m->syndrome >> 26, 0x24);
	CHECK_EQ(m->syndrome >> 24 & 1, 1);
	CHECK_EQ(m->syndrome >> 22 & 3, 1);
	CHECK_EQ(m->syndrome >> 16 & 31, 1);
	CHECK_EQ(m->syndrome >> 6 & 1, 1);
}

static volatile uint32_t ticks;
static uint64_t period;

static void tick(void)
{
	ticks++;
	write_sysreg(cntv_cval_el0, read_sysreg(cntv_cval_el0) + period);
}

/*
 * The root's tick keeps its count under a guest that never gives the CPU back, though it has taken
 * every interrupt's enable and priority away that it can reach (but the tick's own).
 */
TEST(vp_root_tick)
{
	static const uint32_t code[] = { 0x14000000 }; /* b . */
	uint32_t ppi = boot_info->arm64.ppi_virtual_timer, runs = 0;
	struct hv_output_dispatch_vp out;
	hv_partition_id id = guest_new(0, 1);
	uint64_t start, end;

	guest_start(id, 0, code, sizeof(code));
	period = boot_info->tsc_hz / 200;
	ticks = 0;
	gic_write(0, 0x180, ~0u);
	for (uint32_t i = 0; i < 32; i += 4)
		gic_write(0, 0x400 + i, 0xffffffff);
	irq_handler((uint8_t)ppi, tick);
	CHECK_EQ(safe_write8(gic_frame(0) + 0x400 + ppi, 0x80), -1);
	gic_write(0, 0x100, 1u << ppi);
	start = read_sysreg(cntvct_el0);
	write_sysreg(cntv_cval_el0, start + period);
	write_sysreg(cntv_ctl_el0, 1);
	isb();
	while (ticks < 20) {
		CHECK_EQ(guest_dispatch(id, 0, 1, &out), HV_STATUS_SUCCESS);
		CHECK_EQ(out.dispatch_state, HV_VP_DISPATCH_STATE_READY);
		CHECK_EQ(out.dispatch_event, 0);
		CHECK(runs++ < 1000);
	}
	end = read_sysreg(cntvct_el0);
	write_sysreg(cntv_ctl_el0, 0);
	isb();
	irq_handler((uint8_t)ppi, NULL);
	gic_write(0, 0x180, 1u << ppi);
	for (uint32_t i = 0; i < 32; i += 4)
		gic_write(0, 0x400 + i, 0x80808080);
	gic_write(0, 0x100, 0xff);
	/* None doubled; each ended a run, or came late with the one before */
	CHECK((end - start) / period >= ticks);
	CHECK(runs <= ticks + 1);
}

/* A root that masks by priority gets its CPU back all the same, and its mask. */
TEST(vp_root_priority)
{
	static const uint32_t code[] = { 0x14000000 };
	uint32_t ppi = boot_info->arm64.ppi_virtual_timer;
	struct hv_output_dispatch_vp out;
	hv_partition_id id = guest_new(0, 1);

	guest_start(id, 0, code, sizeof(code));
	ticks = 0;
	period = boot_info->tsc_hz;
	irq_handler((uint8_t)ppi, tick);
	gic_write(0, 0x100, 1u << ppi);
	CHECK_EQ(safe_write8(gic_frame(0) + 0x400 + ppi, 0x80), -1);
	write_sysreg(icc_pmr_el1, 0x10);
	write_sysreg(cntv_cval_el0, read_sysreg(cntvct_el0) + boot_info->tsc_hz / 200);
	write_sysreg(cntv_ctl_el0, 1);
	isb();
	CHECK_EQ(guest_dispatch(id, 0, 1, &out), HV_STATUS_SUCCESS);
	CHECK_EQ(read_sysreg(icc_pmr_el1), 0x10);
	CHECK_EQ(ticks, 0);
	write_sysreg(icc_pmr_el1, 0xf0);
	isb();
	for (uint32_t i = 0; i < 1000 && !ticks; i++)
		delay_us(1000);
	CHECK_EQ(ticks, 1);
	write_sysreg(cntv_ctl_el0, 0);
	isb();
	irq_handler((uint8_t)ppi, NULL);
	gic_write(0, 0x180, 1u << ppi);
}

static volatile uint16_t inside;
static hv_partition_id handled;

static void dispatch_inside(void)
{
	struct hv_output_dispatch_vp out;

	inside = guest_dispatch(handled, 0, 1, &out);
}

/* From within an interrupt's handler no guest is run: none of the root's would come through. */
TEST(vp_dispatch_in_handler)
{
	static const uint32_t code[] = { WFI };

	handled = guest_new(0, 1);
	guest_start(handled, 0, code, sizeof(code));
	inside = 0xffff;
	irq_handler(5, dispatch_inside);
	gic_sgi(0, 5);
	for (uint32_t i = 0; i < 1000 && inside == 0xffff; i++)
		delay_us(1000);
	irq_handler(5, NULL);
	CHECK_EQ(inside, HV_STATUS_OPERATION_DENIED);
	CHECK_EQ(guest_get64(handled, 0, HV_ARM64_REGISTER_PC), GUEST_CODE);
	CHECK_EQ(guest_run(handled, 0), GUEST_HALTED);
}
