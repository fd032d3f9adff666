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

#define LIST(l) l, sizeof(l) / sizeof((l)[0])
static const struct {
	const char *name;
	const WHV_REGISTER_NAME *regs;
	uint32_t count;
} categories[SAVE_CATEGORIES] = {
	[SAVE_REGISTERS] = { "registers", LIST(general) },
	[SAVE_XCR0] = { "xcr0", LIST(xcr0) },
	[SAVE_XSAVE] = { "xsave", NULL, 0 },
	[SAVE_DEBUG] = { "debug", LIST(debug) },
	[SAVE_MSRS] = { "msrs", LIST(msrs) },
	[SAVE_TSC] = { "tsc", LIST(tsc) },
	[SAVE_APIC] = { "apic", LIST(apic) },
	[SAVE_SYNIC] = { "synic", LIST(synic) },
	[SAVE_MESSAGES] = { "messages", NULL, 0 },
	[SAVE_EVENTS] = { "events", NULL, 0 },
	[SAVE_TIMERS] = { "timers", NULL, 0 },
};
_Static_assert(sizeof(general) / sizeof(general[0]) <= SAVE_MAX_REGISTERS, "room for the list");

const char *save_name(enum save_category c)
{
	return categories[c].name;
}

/* Where a category's blob lies, with the type that it travels as. */
static uint8_t *blob(const struct saved_vp *s, enum save_category c,
		     WHV_VIRTUAL_PROCESSOR_STATE_TYPE *type, uint32_t *size)
{
	*size = 4096;
	switch (c) {
	case SAVE_XSAVE:
		*type = WHvVirtualProcessorStateTypeXsaveState;
		*size = s->xsave_size ? s->xsave_size : sizeof(s->xsave);
		return (uint8_t *)(uintptr_t)s->xsave;
	case SAVE_APIC:
		*type = WHvVirtualProcessorStateTypeInterruptControllerState2;
		return (uint8_t *)(uintptr_t)s->apic;
	case SAVE_MESSAGES:
		*type = WHvVirtualProcessorStateTypeSynicMessagePage;
		return (uint8_t *)(uintptr_t)s->messages;
	case SAVE_EVENTS:
		*type = WHvVirtualProcessorStateTypeSynicEventFlagPage;
		return (uint8_t *)(uintptr_t)s->events;
	case SAVE_TIMERS:
		*type = WHvVirtualProcessorStateTypeSynicTimerState;
		*size = sizeof(s->timers);
		return (uint8_t *)(uintptr_t)s->timers;
	default:
		return NULL;
	}
}

bool save_vp(struct vm *vm, uint32_t vp, struct saved_vp *s)
{
	memset(s, 0, sizeof(*s));
	for (uint32_t c = 0; c < SAVE_CATEGORIES; c++) {
		WHV_VIRTUAL_PROCESSOR_STATE_TYPE type;
		uint32_t size, n = categories[c].count, written = 0;
		uint8_t *b;

		if (n && !ok(categories[c].name,
			     WHvGetVirtualProcessorRegisters(vm->p, vp, categories[c].regs, n,
							     s->regs[c])))
			return false;
		b = blob(s, (enum save_category)c, &type, &size);
		if (!b)
			continue;
		if (!ok(categories[c].name,
			WHvGetVirtualProcessorState(vm->p, vp, type, b, size, &written)))
			return false;
		if (c == SAVE_XSAVE)
			s->xsave_size = written;
	}
	return true;
}

/* Registers first, then what is checked against them; message page before timers (docs/state.md).
 */
bool restore_vp(struct vm *vm, uint32_t vp, const struct saved_vp *s, enum save_category skip)
{
	for (uint32_t c = 0; c < SAVE_CATEGORIES; c++) {
		WHV_VIRTUAL_PROCESSOR_STATE_TYPE type;
		uint32_t size, n = categories[c].count;
		uint8_t *b;

		if (c == skip)
			continue;
		if (n && !ok(categories[c].name,
			     WHvSetVirtualProcessorRegisters(vm->p, vp, categories[c].regs, n,
							     s->regs[c])))
			return false;
		b = blob(s, (enum save_category)c, &type, &size);
		if (b &&
		    !ok(categories[c].name, WHvSetVirtualProcessorState(vm->p, vp, type, b, size)))
			return false;
	}
	return true;
}

static const WHV_REGISTER_VALUE *reg(const struct saved_vp *s, enum save_category c,
				     WHV_REGISTER_NAME name)
{
	for (uint32_t i = 0; i < categories[c].count; i++)
		if (categories[c].regs[i] == name)
			return &s->regs[c][i];
	return NULL;
}

static unsigned long long r64(const struct saved_vp *s, enum save_category c,
			      WHV_REGISTER_NAME name)
{
	return reg(s, c, name)->Reg64;
}

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
	       r64(s, SAVE_REGISTERS, WHvX64RegisterRip), r64(s, SAVE_REGISTERS, WHvX64RegisterRsp),
	       r64(s, SAVE_REGISTERS, WHvX64RegisterRflags),
	       r64(s, SAVE_REGISTERS, WHvX64RegisterCr0), r64(s, SAVE_REGISTERS, WHvX64RegisterCr3),
	       r64(s, SAVE_REGISTERS, WHvX64RegisterCr4), r64(s, SAVE_REGISTERS, WHvX64RegisterCr8),
	       r64(s, SAVE_REGISTERS, WHvX64RegisterEfer));
	printf("    xsave       %u bytes, XSTATE_BV %llx, XCOMP_BV %llx, XCR0 %llx\n",
	       s->xsave_size, (unsigned long long)bv, (unsigned long long)xcomp,
	       r64(s, SAVE_XCR0, WHvX64RegisterXCr0));
	printf("    debug       dr0 %llx dr7 %llx\n", r64(s, SAVE_DEBUG, WHvX64RegisterDr0),
	       r64(s, SAVE_DEBUG, WHvX64RegisterDr7));
	printf("    msrs        lstar %llx kernel_gs %llx pat %llx tsc_aux %llx\n",
	       r64(s, SAVE_MSRS, WHvX64RegisterLstar),
	       r64(s, SAVE_MSRS, WHvX64RegisterKernelGsBase), r64(s, SAVE_MSRS, WHvX64RegisterPat),
	       r64(s, SAVE_MSRS, WHvX64RegisterTscAux));
	printf("    tsc         %llu\n", r64(s, SAVE_TSC, WHvX64RegisterTsc));
	printf("    apic        base %llx, timer LVT %x count %u, IRR",
	       r64(s, SAVE_APIC, WHvX64RegisterApicBase), lvt, count);
	print_vectors(s->apic, 0x200);
	printf(", ISR");
	print_vectors(s->apic, 0x100);
	printf("\n    synic       scontrol %llx simp %llx siefp %llx sint2 %llx sint3 %llx\n",
	       r64(s, SAVE_SYNIC, WHvRegisterScontrol), r64(s, SAVE_SYNIC, WHvRegisterSimp),
	       r64(s, SAVE_SYNIC, WHvRegisterSiefp), r64(s, SAVE_SYNIC, WHvRegisterSint2),
	       r64(s, SAVE_SYNIC, WHvRegisterSint3));
	print_synic(s);
}
