/* SPDX-License-Identifier: MIT */
#include "job_arch.h"

#define SAY		0x09000000u /* tests/guests/arm64/lib.h, GUEST_SAY */
#define GICR_ISENABLER0 0x100u
#define GICR_ICENABLER0 0x180u
#define GICR_IPRIORITYR 0x400u

static uint64_t period;

/* The value is in X1. */
bool job_heard(struct vm *vm, uint32_t vp, const WHV_RUN_VP_EXIT_CONTEXT *c, enum job_said *what,
	       uint64_t *value)
{
	uint64_t at = c->MemoryAccess.Gpa - SAY;

	if (!job_missing(c) || at > 8 * JOB_SAID_DONE)
		return false;
	*what = (enum job_said)(at / 8);
	return vm_get(vm, vp, WHvArm64RegisterX1, value) == S_OK;
}

bool job_missing(const WHV_RUN_VP_EXIT_CONTEXT *c)
{
	return c->ExitReason == WHvRunVpExitReasonUnmappedGpa;
}

uint64_t job_pc(const WHV_RUN_VP_EXIT_CONTEXT *c)
{
	return c->MemoryAccess.Header.Pc;
}

static void on_tick(void)
{
	write_sysreg(cntv_cval_el0, read_sysreg(cntvct_el0) + period);
}

void job_tick_init(void)
{
	uint32_t ppi = boot_info->arm64.ppi_virtual_timer;

	period = boot_info->tsc_hz / 1000;
	irq_handler((uint8_t)ppi, on_tick);
	CHECK_EQ(safe_write8(gic_frame(0) + GICR_IPRIORITYR + ppi, 0x80), -1);
}

void job_tick(bool on)
{
	uint32_t bit = 1u << boot_info->arm64.ppi_virtual_timer;

	if (on) {
		gic_write(this_cpu()->index, GICR_ISENABLER0, bit);
		on_tick();
		write_sysreg(cntv_ctl_el0, 1);
		isb();
		return;
	}
	write_sysreg(cntv_ctl_el0, 0);
	isb();
	gic_write(this_cpu()->index, GICR_ICENABLER0, bit);
}

void job_prepare(struct job_shared *s)
{
	s->sve = (read_sysreg(id_aa64pfr0_el1) >> 32 & 0xf) != 0;
}

void job_say_vp(const struct job_vp *v, void (*say)(const char *fmt, ...))
{
	say("%llu ticks, %llu of CNTP, %llu timer messages\n", (unsigned long long)v->ticks,
	    (unsigned long long)v->physical_ticks, (unsigned long long)v->timer_messages);
}
