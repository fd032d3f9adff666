/* SPDX-License-Identifier: MIT */
#include "tests/root/save.h"

#include <stdio.h>
#include <string.h>

#include <hv/messages.h>
#include <hv/vp_state.h>

static const WHV_REGISTER_NAME general[] = {
	WHvX64RegisterRax,
	WHvX64RegisterRcx,
	WHvX64RegisterRdx,
	WHvX64RegisterRbx,
	WHvX64RegisterRsp,
	WHvX64RegisterRbp,
	WHvX64RegisterRsi,
	WHvX64RegisterRdi,
	WHvX64RegisterR8,
	WHvX64RegisterR9,
	WHvX64RegisterR10,
	WHvX64RegisterR11,
	WHvX64RegisterR12,
	WHvX64RegisterR13,
	WHvX64RegisterR14,
	WHvX64RegisterR15,
	WHvX64RegisterRip,
	WHvX64RegisterRflags,
	WHvX64RegisterEs,
	WHvX64RegisterCs,
	WHvX64RegisterSs,
	WHvX64RegisterDs,
	WHvX64RegisterFs,
	WHvX64RegisterGs,
	WHvX64RegisterLdtr,
	WHvX64RegisterTr,
	WHvX64RegisterIdtr,
	WHvX64RegisterGdtr,
	WHvX64RegisterCr0,
	WHvX64RegisterCr2,
	WHvX64RegisterCr3,
	WHvX64RegisterCr4,
	WHvX64RegisterCr8,
	WHvX64RegisterEfer,
	WHvRegisterPendingInterruption,
	WHvRegisterInterruptState,
	WHvRegisterPendingEvent,
	WHvX64RegisterPendingDebugException,
	WHvRegisterInternalActivityState,
};
static const WHV_REGISTER_NAME xcr0[] = { WHvX64RegisterXCr0, WHvX64RegisterXss };
static const WHV_REGISTER_NAME debug[] = {
	WHvX64RegisterDr0, WHvX64RegisterDr1, WHvX64RegisterDr2,
	WHvX64RegisterDr3, WHvX64RegisterDr6, WHvX64RegisterDr7
};
static const WHV_REGISTER_NAME msrs[] = {
	WHvX64RegisterKernelGsBase,
	WHvX64RegisterPat,
	WHvX64RegisterSysenterCs,
	WHvX64RegisterSysenterEip,
	WHvX64RegisterSysenterEsp,
	WHvX64RegisterStar,
	WHvX64RegisterLstar,
	WHvX64RegisterCstar,
	WHvX64RegisterSfmask,
	WHvX64RegisterTscAux,
	WHvX64RegisterMsrMtrrDefType,
	WHvX64RegisterMsrMtrrPhysBase0,
	WHvX64RegisterMsrMtrrPhysMask0,
};
static const WHV_REGISTER_NAME tsc[] = { WHvX64RegisterTsc, WHvX64RegisterTscAdjust,
					 WHvX64RegisterTscDeadline };
static const WHV_REGISTER_NAME apic[] = { WHvX64RegisterApicBase };
static const WHV_REGISTER_NAME synic[] = {
	WHvRegisterGuestOsId, WHvRegisterScontrol, WHvRegisterSimp,   WHvRegisterSiefp,
	WHvRegisterSint0,     WHvRegisterSint1,	   WHvRegisterSint2,  WHvRegisterSint3,
	WHvRegisterSint4,     WHvRegisterSint5,	   WHvRegisterSint6,  WHvRegisterSint7,
	WHvRegisterSint8,     WHvRegisterSint9,	   WHvRegisterSint10, WHvRegisterSint11,
	WHvRegisterSint12,    WHvRegisterSint13,   WHvRegisterSint14, WHvRegisterSint15,
};

#define REGS(n, l) \
	{ \
		.name = n, .regs = l, .count = sizeof(l) / sizeof((l)[0]) \
	}
#define BYTES(n, t, m) \
	{ \
		.name = n, .type = WHvVirtualProcessorStateType##t, \
		.room = sizeof(((struct saved_vp *)0)->m), .at = offsetof(struct saved_vp, m) \
	}
const struct save_row save_rows[SAVE_CATEGORIES] = {
	[SAVE_REGISTERS] = REGS("registers", general),
	[SAVE_XCR0] = REGS("xcr0", xcr0),
	[SAVE_XSAVE] = BYTES("xsave", XsaveState, xsave),
	[SAVE_DEBUG] = REGS("debug", debug),
	[SAVE_MSRS] = REGS("msrs", msrs),
	[SAVE_TSC] = REGS("tsc", tsc),
	[SAVE_APIC] = { .name = "apic",
			.regs = apic,
			.count = 1,
			.type = WHvVirtualProcessorStateTypeInterruptControllerState2,
			.room = 4096,
			.at = offsetof(struct saved_vp, apic) },
	[SAVE_SYNIC] = REGS("synic", synic),
	[SAVE_MESSAGES] = BYTES("messages", SynicMessagePage, messages),
	[SAVE_EVENTS] = BYTES("events", SynicEventFlagPage, events),
	[SAVE_TIMERS] = BYTES("timers", SynicTimerState, timers),
};
_Static_assert(sizeof(general) / sizeof(general[0]) <= SAVE_MAX_REGISTERS, "room for the list");

static void print_vectors(const uint8_t *page, uint32_t at)
{
	for (uint32_t v = 0; v < 256; v++)
		if (page[at + 16 * (v / 32) + v % 32 / 8] >> (v % 8) & 1)
			printf(" %02x", v);
}

static void print_synic(const struct saved_vp *s)
{
	const struct hv_message_page *m = (const void *)s->messages;
	struct hv_synthetic_timers_state t;
	uint32_t set = 0;

	printf("    messages   ");
	for (uint32_t i = 0; i < 16; i++)
		if (m->sint[i].header.message_type)
			printf(" slot %u: type %08x%s;", i, m->sint[i].header.message_type,
			       m->sint[i].header.message_flags & 1 ? ", more wait" : "");
	for (uint32_t i = 0; i < sizeof(s->events); i++)
		set += (uint32_t)__builtin_popcount(s->events[i]);
	memcpy(&t, s->timers, sizeof(t));
	printf("\n    events      %u flags set\n    timers     ", set);
	for (uint32_t i = 0; i < HV_SYNIC_STIMER_COUNT; i++)
		printf(" %u: %llx/%llu%s;", i, (unsigned long long)t.timers[i].config,
		       (unsigned long long)t.timers[i].count,
		       t.timers[i].flags & HV_STIMER_STATE_UNDELIVERED ? " undelivered" : "");
	printf("\n");
}

void save_print(const struct saved_vp *s)
{
	uint64_t bv, xcomp;
	uint32_t lvt, count;

	memcpy(&bv, s->xsave + 512, 8);
	memcpy(&xcomp, s->xsave + 520, 8);
	memcpy(&lvt, s->apic + 0x320, 4);
	memcpy(&count, s->apic + 0x390, 4);
	printf("    registers   rip %llx rsp %llx rflags %llx cr0 %llx cr3 %llx cr4 %llx cr8 %llx "
	       "efer %llx\n",
	       saved64(s, SAVE_REGISTERS, WHvX64RegisterRip),
	       saved64(s, SAVE_REGISTERS, WHvX64RegisterRsp),
	       saved64(s, SAVE_REGISTERS, WHvX64RegisterRflags),
	       saved64(s, SAVE_REGISTERS, WHvX64RegisterCr0),
	       saved64(s, SAVE_REGISTERS, WHvX64RegisterCr3),
	       saved64(s, SAVE_REGISTERS, WHvX64RegisterCr4),
	       saved64(s, SAVE_REGISTERS, WHvX64RegisterCr8),
	       saved64(s, SAVE_REGISTERS, WHvX64RegisterEfer));
	printf("    xsave       %u bytes, XSTATE_BV %llx, XCOMP_BV %llx, XCR0 %llx\n",
	       (unsigned)s->size[SAVE_XSAVE], (unsigned long long)bv, (unsigned long long)xcomp,
	       saved64(s, SAVE_XCR0, WHvX64RegisterXCr0));
	printf("    debug       dr0 %llx dr7 %llx\n", saved64(s, SAVE_DEBUG, WHvX64RegisterDr0),
	       saved64(s, SAVE_DEBUG, WHvX64RegisterDr7));
	printf("    msrs        lstar %llx kernel_gs %llx pat %llx tsc_aux %llx\n",
	       saved64(s, SAVE_MSRS, WHvX64RegisterLstar),
	       saved64(s, SAVE_MSRS, WHvX64RegisterKernelGsBase),
	       saved64(s, SAVE_MSRS, WHvX64RegisterPat),
	       saved64(s, SAVE_MSRS, WHvX64RegisterTscAux));
	printf("    tsc         %llu\n", saved64(s, SAVE_TSC, WHvX64RegisterTsc));
	printf("    apic        base %llx, timer LVT %x count %u, IRR",
	       saved64(s, SAVE_APIC, WHvX64RegisterApicBase), lvt, count);
	print_vectors(s->apic, 0x200);
	printf(", ISR");
	print_vectors(s->apic, 0x100);
	printf("\n    synic       scontrol %llx simp %llx siefp %llx sint2 %llx sint3 %llx\n",
	       saved64(s, SAVE_SYNIC, WHvRegisterScontrol), saved64(s, SAVE_SYNIC, WHvRegisterSimp),
	       saved64(s, SAVE_SYNIC, WHvRegisterSiefp), saved64(s, SAVE_SYNIC, WHvRegisterSint2),
	       saved64(s, SAVE_SYNIC, WHvRegisterSint3));
	print_synic(s);
}
