/* SPDX-License-Identifier: MIT */
#include "job_arch.h"

static uint32_t tick;

bool job_heard(struct vm *vm, uint32_t vp, const WHV_RUN_VP_EXIT_CONTEXT *c, enum job_said *what,
	       uint64_t *value)
{
	(void)vm;
	(void)vp;
	if (c->ExitReason != WHvRunVpExitReasonX64IoPortAccess ||
	    c->IoPortAccess.PortNumber < JOB_PORT ||
	    c->IoPortAccess.PortNumber > JOB_PORT + JOB_SAID_DONE)
		return false;
	*what = (enum job_said)(c->IoPortAccess.PortNumber - JOB_PORT);
	*value = (uint32_t)c->IoPortAccess.Rax;
	return true;
}

bool job_missing(const WHV_RUN_VP_EXIT_CONTEXT *c)
{
	return c->ExitReason == WHvRunVpExitReasonMemoryAccess;
}

uint64_t job_pc(const WHV_RUN_VP_EXIT_CONTEXT *c)
{
	return c->VpContext.Rip;
}

static void on_tick(void)
{
	apic_write(APIC_INITIAL, tick);
}

void job_tick_init(void)
{
	irq_handler(VEC_TIMER, on_tick);
	tick = (uint32_t)(rdmsr(0x40000023) / 1000); /* HV_X64_MSR_APIC_FREQUENCY */
}

void job_tick(bool on)
{
	if (on)
		apic_timer(VEC_TIMER, tick);
	else
		apic_timer(APIC_MASKED, 0);
}

void job_prepare(struct job_shared *s)
{
	(void)s;
}

void job_say_vp(const struct job_vp *v, void (*say)(const char *fmt, ...))
{
	say("%llu APIC ticks, %llu timer messages\n", (unsigned long long)v->apic_ticks,
	    (unsigned long long)v->timer_messages);
}
