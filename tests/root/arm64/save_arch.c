/* SPDX-License-Identifier: MIT */
#include "tests/root/save.h"

#include <stdio.h>
#include <string.h>

#include <hv/arm64.h>
#include <hv/vp_state_arm64.h>

/* A name of the hypervisor's that the interface's list lacks */
#define OWN(n) ((WHV_REGISTER_NAME)(n))
static const WHV_REGISTER_NAME general[] = {
	WHvRegisterInternalActivityState,
	WHvArm64RegisterGicrBaseGpa,
	WHvArm64RegisterX0,
	WHvArm64RegisterX1,
	WHvArm64RegisterX2,
	WHvArm64RegisterX3,
	WHvArm64RegisterX4,
	WHvArm64RegisterX5,
	WHvArm64RegisterX6,
	WHvArm64RegisterX7,
	WHvArm64RegisterX8,
	WHvArm64RegisterX9,
	WHvArm64RegisterX10,
	WHvArm64RegisterX11,
	WHvArm64RegisterX12,
	WHvArm64RegisterX13,
	WHvArm64RegisterX14,
	WHvArm64RegisterX15,
	WHvArm64RegisterX16,
	WHvArm64RegisterX17,
	WHvArm64RegisterX18,
	WHvArm64RegisterX19,
	WHvArm64RegisterX20,
	WHvArm64RegisterX21,
	WHvArm64RegisterX22,
	WHvArm64RegisterX23,
	WHvArm64RegisterX24,
	WHvArm64RegisterX25,
	WHvArm64RegisterX26,
	WHvArm64RegisterX27,
	WHvArm64RegisterX28,
	WHvArm64RegisterFp,
	WHvArm64RegisterLr,
	WHvArm64RegisterSpEl0,
	WHvArm64RegisterSpEl1,
	WHvArm64RegisterPc,
	WHvArm64RegisterPstate,
	WHvArm64RegisterSctlrEl1,
	WHvArm64RegisterCpacrEl1,
	WHvArm64RegisterTtbr0El1,
	WHvArm64RegisterTtbr1El1,
	WHvArm64RegisterTcrEl1,
	WHvArm64RegisterEsrEl1,
	WHvArm64RegisterFarEl1,
	WHvArm64RegisterParEl1,
	WHvArm64RegisterMairEl1,
	WHvArm64RegisterVbarEl1,
	WHvArm64RegisterContextidrEl1,
	WHvArm64RegisterTpidrEl1,
	WHvArm64RegisterTpidrroEl0,
	WHvArm64RegisterTpidrEl0,
	WHvArm64RegisterSpsrEl1,
	WHvArm64RegisterElrEl1,
	OWN(HV_ARM64_REGISTER_AFSR0_EL1),
	OWN(HV_ARM64_REGISTER_AFSR1_EL1),
	OWN(HV_ARM64_REGISTER_AMAIR_EL1),
	WHvArm64RegisterCsselrEl1,
	WHvArm64RegisterCntkctlEl1,
};
static const WHV_REGISTER_NAME fp[] = {
	WHvArm64RegisterQ0,   WHvArm64RegisterQ1,   WHvArm64RegisterQ2,	 WHvArm64RegisterQ3,
	WHvArm64RegisterQ4,   WHvArm64RegisterQ5,   WHvArm64RegisterQ6,	 WHvArm64RegisterQ7,
	WHvArm64RegisterQ8,   WHvArm64RegisterQ9,   WHvArm64RegisterQ10, WHvArm64RegisterQ11,
	WHvArm64RegisterQ12,  WHvArm64RegisterQ13,  WHvArm64RegisterQ14, WHvArm64RegisterQ15,
	WHvArm64RegisterQ16,  WHvArm64RegisterQ17,  WHvArm64RegisterQ18, WHvArm64RegisterQ19,
	WHvArm64RegisterQ20,  WHvArm64RegisterQ21,  WHvArm64RegisterQ22, WHvArm64RegisterQ23,
	WHvArm64RegisterQ24,  WHvArm64RegisterQ25,  WHvArm64RegisterQ26, WHvArm64RegisterQ27,
	WHvArm64RegisterQ28,  WHvArm64RegisterQ29,  WHvArm64RegisterQ30, WHvArm64RegisterQ31,
	WHvArm64RegisterFpcr, WHvArm64RegisterFpsr,
};
static const WHV_REGISTER_NAME sve[] = { WHvArm64RegisterZcrEl1 };
static const WHV_REGISTER_NAME counter[] = { WHvArm64RegisterCntvctEl0 };
static const WHV_REGISTER_NAME icc[] = { OWN(HV_ARM64_REGISTER_QUOIN_ICC_CONTROL) };
static const WHV_REGISTER_NAME synic[] = {
	WHvRegisterGuestOsId, WHvRegisterScontrol, WHvRegisterSimp,   WHvRegisterSiefp,
	WHvRegisterSint0,     WHvRegisterSint1,	   WHvRegisterSint2,  WHvRegisterSint3,
	WHvRegisterSint4,     WHvRegisterSint5,	   WHvRegisterSint6,  WHvRegisterSint7,
	WHvRegisterSint8,     WHvRegisterSint9,	   WHvRegisterSint10, WHvRegisterSint11,
	WHvRegisterSint12,    WHvRegisterSint13,   WHvRegisterSint14, WHvRegisterSint15,
};
static const WHV_REGISTER_NAME physical[] = { OWN(HV_ARM64_REGISTER_CNTP_CVAL_EL0),
					      OWN(HV_ARM64_REGISTER_CNTP_CTL_EL0) };
static const WHV_REGISTER_NAME timer[] = { WHvArm64RegisterCntvCvalEl0,
					   WHvArm64RegisterCntvCtlEl0 };

#define LIST(l) .regs = l, .count = sizeof(l) / sizeof((l)[0])
#define BYTES(t, m) \
	.type = WHvVirtualProcessorStateType##t, .room = sizeof(((struct saved_vp *)0)->m), \
	.at = offsetof(struct saved_vp, m)
const struct save_row save_rows[SAVE_CATEGORIES] = {
	[SAVE_REGISTERS] = { "registers", LIST(general) },
	[SAVE_FP] = { "fp", LIST(fp) },
	[SAVE_SVE] = { "sve", LIST(sve), BYTES(SveState, sve), .optional = true },
	[SAVE_COUNTER] = { "counter", LIST(counter) },
	[SAVE_GIC_GLOBAL] = { "gic-global", BYTES(GlobalInterruptState, global), .shared = true },
	[SAVE_ICC] = { "icc-control", LIST(icc) },
	[SAVE_GIC] = { "gic", BYTES(InterruptControllerState, gic) },
	[SAVE_SYNIC] = { "synic", LIST(synic) },
	[SAVE_MESSAGES] = { "messages", BYTES(SynicMessagePage, messages) },
	[SAVE_EVENTS] = { "events", BYTES(SynicEventFlagPage, events) },
	[SAVE_TIMERS] = { "timers", BYTES(SynicTimerState, timers) },
	[SAVE_PHYSICAL] = { "physical-timer", LIST(physical) },
	[SAVE_TIMER] = { "timer", LIST(timer) },
};
_Static_assert(sizeof(general) / sizeof(general[0]) <= SAVE_MAX_REGISTERS, "room for the list");

static uint32_t states_of(const struct saved_vp *s, char *text, size_t room)
{
	const struct hv_arm64_local_interrupt_controller_state *l = (const void *)s->gic;
	const struct hv_arm64_global_interrupt_state *g = (const void *)s->global;
	uint32_t pending = 0, active = 0, both = 0;

	for (uint32_t i = 0; i < 32 + g->count; i++) {
		uint8_t f = i < 32 ? l->interrupts[i].flags : g->interrupts[i - 32].state.flags;
		bool p = f & HV_ARM64_INTERRUPT_SET_PENDING, a = f & HV_ARM64_INTERRUPT_ACTIVE;

		pending += p && !a;
		active += a && !p;
		both += a && p;
	}
	(void)snprintf(text, room, "%u pending, %u active, %u both", (unsigned)pending,
		       (unsigned)active, (unsigned)both);
	return pending + active + both;
}

void save_print(const struct saved_vp *s)
{
	const struct hv_arm64_sve_state *h = (const void *)s->sve;
	char text[64];

	printf("    registers: %u, PC %llx, SP %llx\n",
	       (unsigned)(sizeof(general) / sizeof(general[0])),
	       saved64(s, SAVE_REGISTERS, WHvArm64RegisterPc),
	       saved64(s, SAVE_REGISTERS, WHvArm64RegisterSpEl1));
	if (s->here[SAVE_SVE])
		printf("    SVE: %u bytes a register, %u in all\n", (unsigned)h->vector_length,
		       (unsigned)s->size[SAVE_SVE]);
	else
		printf("    SVE: not on this CPU\n");
	(void)states_of(s, text, sizeof(text));
	printf("    GIC: %s, ICC control %llx\n", text,
	       (unsigned long long)s->regs[SAVE_ICC][0].Reg64);
	printf("    time: count %llx, virtual timer %llx at %llx, physical %llx at %llx\n",
	       (unsigned long long)s->regs[SAVE_COUNTER][0].Reg64,
	       (unsigned long long)s->regs[SAVE_TIMER][1].Reg64,
	       (unsigned long long)s->regs[SAVE_TIMER][0].Reg64,
	       (unsigned long long)s->regs[SAVE_PHYSICAL][1].Reg64,
	       (unsigned long long)s->regs[SAVE_PHYSICAL][0].Reg64);
	printf("    SynIC: message page %llx, event page %llx, timer 0 %llx\n",
	       (unsigned long long)s->regs[SAVE_SYNIC][2].Reg64,
	       (unsigned long long)s->regs[SAVE_SYNIC][3].Reg64, (unsigned long long)s->timers[8]);
}
