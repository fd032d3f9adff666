/* SPDX-License-Identifier: MIT */
/*
 * What the processor offers (SDM vol. 3, appendix A) against what we want, as a table: a required
 * bit that is missing is named, a wanted one is left out, and a bit that nobody asked for is clear
 * unless the processor insists on it. One that it insists on and we cannot live with is named too.
 */
#include "arch/x86_64/vmx/vmx.h"

enum word { PIN, PROC, PROC2, EXIT, ENTRY, WORDS };
enum need {
	NO = 0,	  /* must not be set */
	WANT = 1, /* set where it can be */
	MUST = 2,
};

/* Everything not listed is clear where it may be, and harmless where it may not (default1). */
static const struct control {
	uint8_t word;
	uint8_t root, guest; /* enum need */
	uint32_t bit;
	const char *name;
} controls[] = {
	{ PIN, NO, MUST, (uint32_t)PIN_EXT_INT, "external-interrupt exiting" },
	{ PIN, MUST, MUST, (uint32_t)PIN_NMI, "NMI exiting" },
	{ PIN, MUST, MUST, (uint32_t)PIN_VIRTUAL_NMI, "virtual NMIs" },
	{ PIN, NO, WANT, (uint32_t)PIN_PREEMPTION, "VMX-preemption timer" },
	{ PROC, NO, MUST, (uint32_t)PROC_TSC_OFFSET, "use TSC offsetting" },
	{ PROC, NO, MUST, (uint32_t)PROC_HLT, "HLT exiting" },
	{ PROC, NO, MUST, (uint32_t)PROC_MWAIT, "MWAIT exiting" },
	{ PROC, NO, MUST, (uint32_t)PROC_RDPMC, "RDPMC exiting" },
	{ PROC, NO, NO, (uint32_t)PROC_CR3_LOAD, "CR3-load exiting" },
	{ PROC, NO, NO, (uint32_t)PROC_CR3_STORE, "CR3-store exiting" },
	{ PROC, NO, NO, (uint32_t)PROC_CR8_LOAD, "CR8-load exiting" },
	{ PROC, NO, NO, (uint32_t)PROC_CR8_STORE, "CR8-store exiting" },
	{ PROC, NO, MUST, (uint32_t)PROC_TPR_SHADOW, "use TPR shadow" },
	{ PROC, NO, MUST, (uint32_t)PROC_IO, "unconditional I/O exiting" },
	{ PROC, MUST, MUST, (uint32_t)PROC_MSR_BITMAP, "use MSR bitmaps" },
	{ PROC, NO, MUST, (uint32_t)PROC_MONITOR, "MONITOR exiting" },
	{ PROC, MUST, MUST, (uint32_t)PROC_SECONDARY, "secondary controls" },
	{ PROC2, MUST, MUST, (uint32_t)PROC2_EPT, "EPT" },
	{ PROC2, WANT, WANT, (uint32_t)PROC2_RDTSCP, "RDTSCP" },
	{ PROC2, MUST, MUST, (uint32_t)PROC2_VPID, "VPID" },
	{ PROC2, NO, MUST, (uint32_t)PROC2_WBINVD, "WBINVD exiting" },
	{ PROC2, MUST, MUST, (uint32_t)PROC2_UNRESTRICTED, "unrestricted guest" },
	{ PROC2, WANT, NO, (uint32_t)PROC2_INVPCID, "INVPCID" },
	{ PROC2, WANT, WANT, (uint32_t)PROC2_XSAVES, "XSAVES" },
	{ PROC2, WANT, NO, (uint32_t)PROC2_USER_WAIT, "user wait" },
	{ EXIT, MUST, MUST, (uint32_t)EXIT_SAVE_DEBUG, "save debug controls" },
	{ EXIT, MUST, MUST, (uint32_t)EXIT_HOST_64, "host address-space size" },
	{ EXIT, MUST, MUST, (uint32_t)EXIT_SAVE_PAT, "save IA32_PAT" },
	{ EXIT, MUST, MUST, (uint32_t)EXIT_LOAD_PAT, "load IA32_PAT on exit" },
	{ EXIT, MUST, MUST, (uint32_t)EXIT_SAVE_EFER, "save IA32_EFER" },
	{ EXIT, MUST, MUST, (uint32_t)EXIT_LOAD_EFER, "load IA32_EFER on exit" },
	{ EXIT, WANT, WANT, (uint32_t)EXIT_LOAD_CET, "load CET state on exit" },
	{ ENTRY, WANT, WANT, (uint32_t)ENTRY_LOAD_CET, "load CET state on entry" },
	{ ENTRY, MUST, MUST, (uint32_t)ENTRY_LOAD_DEBUG, "load debug controls" },
	{ ENTRY, NO, NO, (uint32_t)ENTRY_IA32E, "IA-32e mode guest" },
	{ ENTRY, MUST, MUST, (uint32_t)ENTRY_LOAD_PAT, "load IA32_PAT on entry" },
	{ ENTRY, MUST, MUST, (uint32_t)ENTRY_LOAD_EFER, "load IA32_EFER on entry" },
};

/* EPT and VPID features that nothing here works without. */
static const struct {
	uint64_t bits;
	const char *name;
} ept_needs[] = {
	{ EPT_CAP_WALK_4, "EPT page walks of 4 levels" },
	{ EPT_CAP_WB, "write-back EPT structures" },
	{ EPT_CAP_2M, "2-MiB EPT pages" },
	{ EPT_CAP_INVEPT | EPT_CAP_INVEPT_ONE, "INVEPT of a single context" },
	{ EPT_CAP_INVVPID | EPT_CAP_INVVPID_2, "INVVPID of all contexts" },
};

static const char *fold(const uint64_t caps[WORDS], bool root, uint32_t out[WORDS])
{
	for (uint32_t w = 0; w < WORDS; w++)
		out[w] = (uint32_t)caps[w]; /* bits that must be 1 */
	for (uint32_t i = 0; i < ARRAY_LEN(controls); i++) {
		const struct control *k = &controls[i];
		uint8_t need = root ? k->root : k->guest;
		bool can_be_1 = caps[k->word] >> 32 & k->bit;
		bool must_be_1 = (uint32_t)caps[k->word] & k->bit;

		if ((need == MUST && !can_be_1) || (need == NO && must_be_1))
			return k->name;
		if (need != NO && can_be_1)
			out[k->word] |= k->bit;
	}
	return NULL;
}

static uint64_t at(const uint64_t *msr, uint32_t number)
{
	return msr[number - MSR_VMX_BASIC];
}

/* One without the other is of no use. */
static void without_cet(struct vmx_caps *c)
{
	c->root.exit &= (uint32_t)~EXIT_LOAD_CET;
	c->guest.exit &= (uint32_t)~EXIT_LOAD_CET;
	c->root.entry &= (uint32_t)~ENTRY_LOAD_CET;
	c->guest.entry &= (uint32_t)~ENTRY_LOAD_CET;
}

const char *vmx_caps_fold(struct vmx_caps *c, const uint64_t msr[VMX_CAP_MSRS])
{
	bool exact = (at(msr, MSR_VMX_BASIC) & VMX_BASIC_TRUE) != 0;
	const uint64_t caps[WORDS] = {
		[PIN] = at(msr, exact ? MSR_VMX_TRUE_PIN : MSR_VMX_PIN),
		[PROC] = at(msr, exact ? MSR_VMX_TRUE_PROC : MSR_VMX_PROC),
		[PROC2] = at(msr, MSR_VMX_PROC2),
		[EXIT] = at(msr, exact ? MSR_VMX_TRUE_EXIT : MSR_VMX_EXIT),
		[ENTRY] = at(msr, exact ? MSR_VMX_TRUE_ENTRY : MSR_VMX_ENTRY),
	};
	uint32_t w[WORDS];
	const char *why;

	c->revision = (uint32_t)(at(msr, MSR_VMX_BASIC) & VMX_BASIC_REVISION);
	c->ept = at(msr, MSR_VMX_EPT_VPID_CAP);
	for (uint32_t root = 0; root < 2; root++) {
		why = fold(caps, root, w);
		if (why)
			return why;
		*(root ? &c->root : &c->guest) =
			(struct vmx_controls){ w[PIN], w[PROC], w[PROC2], w[EXIT], w[ENTRY] };
	}
	for (uint32_t i = 0; i < ARRAY_LEN(ept_needs); i++)
		if ((c->ept & ept_needs[i].bits) != ept_needs[i].bits)
			return ept_needs[i].name;
	/* An unrestricted guest may clear PE and PG (A.7) */
	c->cr0_fixed0 = at(msr, MSR_VMX_CR0_FIXED0) & ~(BIT(0) | BIT(31));
	c->cr4_fixed0 = at(msr, MSR_VMX_CR4_FIXED0);
	c->cr4_fixed1 = at(msr, MSR_VMX_CR4_FIXED1);
	c->timer_shift = (uint32_t)at(msr, MSR_VMX_MISC) & 0x1f;
	c->preemption_timer = (c->guest.pin & PIN_PREEMPTION) != 0;
	c->cet = c->guest.entry & ENTRY_LOAD_CET && c->guest.exit & EXIT_LOAD_CET;
	if (!c->cet)
		without_cet(c);
	return NULL;
}
