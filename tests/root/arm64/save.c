/* SPDX-License-Identifier: MIT */
#include "tests/root/arm64/save.h"

#include <stdio.h>
#include <string.h>

#include <hv/arm64.h>
#include <hv/vp_state_arm64.h>

#include "tests/root/arm64/state.h"

#define X(n) (HV_ARM64_REGISTER_X0 + (n))
static const uint32_t general[] = {
	HV_REGISTER_INTERNAL_ACTIVITY_STATE,
	HV_ARM64_REGISTER_GICR_BASE_GPA,
	X(0),
	X(1),
	X(2),
	X(3),
	X(4),
	X(5),
	X(6),
	X(7),
	X(8),
	X(9),
	X(10),
	X(11),
	X(12),
	X(13),
	X(14),
	X(15),
	X(16),
	X(17),
	X(18),
	X(19),
	X(20),
	X(21),
	X(22),
	X(23),
	X(24),
	X(25),
	X(26),
	X(27),
	X(28),
	HV_ARM64_REGISTER_FP,
	HV_ARM64_REGISTER_LR,
	HV_ARM64_REGISTER_SP_EL0,
	HV_ARM64_REGISTER_SP_EL1,
	HV_ARM64_REGISTER_PC,
	HV_ARM64_REGISTER_PSTATE,
	HV_ARM64_REGISTER_SCTLR_EL1,
	HV_ARM64_REGISTER_CPACR_EL1,
	HV_ARM64_REGISTER_TTBR0_EL1,
	HV_ARM64_REGISTER_TTBR1_EL1,
	HV_ARM64_REGISTER_TCR_EL1,
	HV_ARM64_REGISTER_ESR_EL1,
	HV_ARM64_REGISTER_FAR_EL1,
	0x0004000a, /* PAR_EL1 */
	HV_ARM64_REGISTER_MAIR_EL1,
	HV_ARM64_REGISTER_VBAR_EL1,
	0x0004000d, /* CONTEXTIDR_EL1 */
	HV_ARM64_REGISTER_TPIDR_EL1,
	0x00040010, /* TPIDRRO_EL0 */
	HV_ARM64_REGISTER_TPIDR_EL0,
	HV_ARM64_REGISTER_SPSR_EL1,
	HV_ARM64_REGISTER_ELR_EL1,
	0x00040016, /* AFSR0_EL1, AFSR1_EL1, AMAIR_EL1, CSSELR_EL1 */
	0x00040017,
	0x00040018,
	0x00040035,
	HV_ARM64_REGISTER_CNTKCTL_EL1,
};
#define Q(n) (HV_ARM64_REGISTER_Q0 + (n))
static const uint32_t fp[] = {
	Q(0),
	Q(1),
	Q(2),
	Q(3),
	Q(4),
	Q(5),
	Q(6),
	Q(7),
	Q(8),
	Q(9),
	Q(10),
	Q(11),
	Q(12),
	Q(13),
	Q(14),
	Q(15),
	Q(16),
	Q(17),
	Q(18),
	Q(19),
	Q(20),
	Q(21),
	Q(22),
	Q(23),
	Q(24),
	Q(25),
	Q(26),
	Q(27),
	Q(28),
	Q(29),
	Q(30),
	Q(31),
	HV_ARM64_REGISTER_FPCR,
	HV_ARM64_REGISTER_FPSR,
};
static const uint32_t sve[] = { HV_ARM64_REGISTER_ZCR_EL1 };
static const uint32_t counter[] = { HV_ARM64_REGISTER_CNTVCT_EL0 };
static const uint32_t icc[] = { HV_ARM64_REGISTER_QUOIN_ICC_CONTROL };
static const uint32_t synic[] = {
	HV_REGISTER_GUEST_OS_ID, HV_REGISTER_SCONTROL,	 HV_REGISTER_SIMP,
	HV_REGISTER_SIEFP,	 HV_REGISTER_SINT0,	 HV_REGISTER_SINT0 + 1,
	HV_REGISTER_SINT0 + 2,	 HV_REGISTER_SINT0 + 3,	 HV_REGISTER_SINT0 + 4,
	HV_REGISTER_SINT0 + 5,	 HV_REGISTER_SINT0 + 6,	 HV_REGISTER_SINT0 + 7,
	HV_REGISTER_SINT0 + 8,	 HV_REGISTER_SINT0 + 9,	 HV_REGISTER_SINT0 + 10,
	HV_REGISTER_SINT0 + 11,	 HV_REGISTER_SINT0 + 12, HV_REGISTER_SINT0 + 13,
	HV_REGISTER_SINT0 + 14,	 HV_REGISTER_SINT0 + 15,
};
static const uint32_t physical[] = { HV_ARM64_REGISTER_CNTP_CVAL_EL0,
				     HV_ARM64_REGISTER_CNTP_CTL_EL0 };
static const uint32_t timer[] = { HV_ARM64_REGISTER_CNTV_CVAL_EL0, HV_ARM64_REGISTER_CNTV_CTL_EL0 };

#define LIST(l) l, sizeof(l) / sizeof((l)[0])
static const struct {
	const char *name;
	const uint32_t *regs;
	uint32_t count;
	uint32_t type; /* state that goes by pages; 0: none, as type 0 has its PFN bit */
} categories[SAVE_CATEGORIES] = {
	[SAVE_REGISTERS] = { "registers", LIST(general), 0 },
	[SAVE_FP] = { "fp", LIST(fp), 0 },
	[SAVE_SVE] = { "sve", LIST(sve), HV_VP_STATE_SVE },
	[SAVE_COUNTER] = { "counter", LIST(counter), 0 },
	[SAVE_GIC_GLOBAL] = { "gic-global", NULL, 0, HV_VP_STATE_GLOBAL_INTERRUPT_ARM64 },
	[SAVE_ICC] = { "icc-control", LIST(icc), 0 },
	[SAVE_GIC] = { "gic", NULL, 0, HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER },
	[SAVE_SYNIC] = { "synic", LIST(synic), 0 },
	[SAVE_MESSAGES] = { "messages", NULL, 0, HV_VP_STATE_SYNIC_MESSAGE_PAGE },
	[SAVE_EVENTS] = { "events", NULL, 0, HV_VP_STATE_SYNIC_EVENT_FLAG_PAGE },
	[SAVE_TIMERS] = { "timers", NULL, 0, HV_VP_STATE_SYNTHETIC_TIMERS },
	[SAVE_PHYSICAL] = { "physical-timer", LIST(physical), 0 },
	[SAVE_TIMER] = { "timer", LIST(timer), 0 },
};
_Static_assert(sizeof(general) / sizeof(general[0]) <= SAVE_MAX_REGISTERS, "room for the list");

const char *save_name(enum save_category c)
{
	return categories[c].name;
}

void save_room(struct saved_vp *s)
{
	memset(s, 0, sizeof(*s));
	s->sve = guest_pages(3, 1);
	s->global = guest_pages(1, 1);
	s->gic = guest_pages(1, 1);
	s->messages = guest_pages(1, 1);
	s->events = guest_pages(1, 1);
}

static uint8_t *page_of(const struct saved_vp *s, enum save_category c, uint32_t *pages)
{
	*pages = 1;
	switch (c) {
	case SAVE_SVE:
		*pages = s->sve_pages;
		return s->sve;
	case SAVE_GIC_GLOBAL:
		return s->global;
	case SAVE_GIC:
		return s->gic;
	case SAVE_MESSAGES:
		return s->messages;
	case SAVE_EVENTS:
		return s->events;
	default:
		return NULL;
	}
}

/* Not there: the category is passed over. */
static bool here(enum save_category c, uint32_t vp, const struct saved_vp *s)
{
	return !(c == SAVE_SVE && !s->sve_pages) && !(c == SAVE_GIC_GLOBAL && vp);
}

static void blob(uint16_t code, hv_partition_id id, uint32_t vp, const struct saved_vp *s,
		 enum save_category c)
{
	uint32_t pages, type = categories[c].type;
	uint8_t *at = page_of(s, c, &pages);

	if (c == SAVE_TIMERS)
		CHECK_EQ(state_inline(code, id, vp, type, (void *)(uintptr_t)s->timers,
				      sizeof(s->timers)),
			 HV_STATUS_SUCCESS);
	else if (at)
		CHECK_EQ(state_pages(code, id, type & HV_VP_STATE_ANY_VP ? HV_ANY_VP : vp, type, at,
				     pages),
			 HV_STATUS_SUCCESS);
}

static void find_sve(hv_partition_id id, uint32_t vp, struct saved_vp *s)
{
	s->sve_pages = 0;
	for (uint32_t n = 1; n <= 3 && !s->sve_pages; n++)
		if (state_pages(HVCALL_GET_VP_STATE, id, vp, HV_VP_STATE_SVE, s->sve, n) ==
		    HV_STATUS_SUCCESS)
			s->sve_pages = n;
}

/* Type 0 writes pending LPIs to guest memory: which is saved after this. */
void save_vp(hv_partition_id id, uint32_t vp, struct saved_vp *s)
{
	find_sve(id, vp, s);
	for (uint32_t c = 0; c < SAVE_CATEGORIES; c++) {
		if (!here((enum save_category)c, vp, s))
			continue;
		for (uint32_t i = 0; i < categories[c].count; i++)
			CHECK_EQ(guest_get(id, vp, categories[c].regs[i], &s->regs[c][i]),
				 HV_STATUS_SUCCESS);
		blob(HVCALL_GET_VP_STATE, id, vp, s, (enum save_category)c);
	}
}

void restore_vp(hv_partition_id id, uint32_t vp, const struct saved_vp *s, enum save_category skip)
{
	for (uint32_t c = 0; c < SAVE_CATEGORIES; c++) {
		if (c == skip || !here((enum save_category)c, vp, s))
			continue;
		for (uint32_t i = 0; i < categories[c].count; i++)
			CHECK_EQ(guest_set(id, vp, categories[c].regs[i], &s->regs[c][i]),
				 HV_STATUS_SUCCESS);
		blob(HVCALL_SET_VP_STATE, id, vp, s, (enum save_category)c);
	}
}

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
	       (unsigned long long)s->regs[SAVE_REGISTERS][35].reg64,
	       (unsigned long long)s->regs[SAVE_REGISTERS][34].reg64);
	if (s->sve_pages)
		printf("    SVE: %u bytes a register, %u pages\n", (unsigned)h->vector_length,
		       (unsigned)s->sve_pages);
	else
		printf("    SVE: not on this CPU\n");
	(void)states_of(s, text, sizeof(text));
	printf("    GIC: %s, ICC control %llx\n", text,
	       (unsigned long long)s->regs[SAVE_ICC][0].reg64);
	printf("    time: count %llx, virtual timer %llx at %llx, physical %llx at %llx\n",
	       (unsigned long long)s->regs[SAVE_COUNTER][0].reg64,
	       (unsigned long long)s->regs[SAVE_TIMER][1].reg64,
	       (unsigned long long)s->regs[SAVE_TIMER][0].reg64,
	       (unsigned long long)s->regs[SAVE_PHYSICAL][1].reg64,
	       (unsigned long long)s->regs[SAVE_PHYSICAL][0].reg64);
	printf("    SynIC: message page %llx, event page %llx, timer 0 %llx\n",
	       (unsigned long long)s->regs[SAVE_SYNIC][2].reg64,
	       (unsigned long long)s->regs[SAVE_SYNIC][3].reg64, (unsigned long long)s->timers[8]);
}
