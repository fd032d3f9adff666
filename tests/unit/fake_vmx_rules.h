/* SPDX-License-Identifier: MIT */
/*
 * What VM entry checks, as silicon does it and written from the manual, not from the code under
 * test (SDM vol. 3, 26.2 and 26.3). Each rule has a name. On the VMCS that is current.
 */
#ifndef FAKE_VMX_RULES_H
#define FAKE_VMX_RULES_H

#include "arch/x86_64/common/regs.h"
#include "fake_vmx.h"
#include "vmx_skylake_x.h"

#define CPU_EFER_VALID (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)

static inline uint64_t *field(uint32_t f)
{
	return fake_field(fake_hw.current[fake_hw.cpu], f);
}

static inline bool canonical(uint64_t v)
{
	return (uint64_t)((int64_t)(v << 16) >> 16) == v;
}

static inline bool word_refused(uint32_t word, uint32_t number)
{
	uint64_t cap = skylake_x[number - MSR_VMX_BASIC];

	return ~word & (uint32_t)cap || word & ~(uint32_t)(cap >> 32);
}

static inline bool pat_refused(uint64_t v)
{
	for (uint32_t i = 0; i < 8; i++, v >>= 8)
		if ((v & 0xff) > 7 || (v & 0xff) == 2 || (v & 0xff) == 3)
			return true;
	return false;
}

/* 26.2.1.3 */
static inline const char *check_event(void)
{
	uint32_t e = (uint32_t)*field(VMCS_ENTRY_EVENT), type = e >> 8 & 7, v = e & 0xff;
	bool pe = *field(VMCS_GUEST_CR0) & CR0_PE, error = e & VMX_EVENT_ERROR;
	bool pushes = v == 8 || (v >= 10 && v <= 14) || v == 17;

	if (!(e & VMX_EVENT_VALID))
		return NULL;
	if (type == 1 || type == 7)
		return "event of a reserved type";
	if (e & (uint32_t)MASK(30, 12))
		return "reserved bits of the event";
	if ((type == VMX_EVENT_NMI && v != 2) || (type == VMX_EVENT_EXCEPTION && v > 31))
		return "vector that the event's type has not";
	if (error != (type == VMX_EVENT_EXCEPTION && pe && pushes))
		return "error code of an event";
	if (error && *field(VMCS_ENTRY_ERROR) & ~0xffffull)
		return "reserved bits of an error code";
	if (type >= VMX_EVENT_SOFT_INT &&
	    (*field(VMCS_ENTRY_LEN) < 1 || *field(VMCS_ENTRY_LEN) > 15))
		return "length of a software event";
	return NULL;
}

/* 26.2.1 */
static inline const char *check_controls(void)
{
	uint32_t pin = (uint32_t)*field(VMCS_PIN), proc = (uint32_t)*field(VMCS_PROC);
	uint32_t proc2 = (uint32_t)*field(VMCS_PROC2);
	uint64_t eptp = *field(VMCS_EPTP), page = *field(VMCS_VAPIC_PAGE);

	if (word_refused(pin, MSR_VMX_TRUE_PIN) || word_refused(proc, MSR_VMX_TRUE_PROC) ||
	    word_refused(proc2, MSR_VMX_PROC2) ||
	    word_refused((uint32_t)*field(VMCS_EXIT), MSR_VMX_TRUE_EXIT) ||
	    word_refused((uint32_t)*field(VMCS_ENTRY), MSR_VMX_TRUE_ENTRY))
		return "control that the CPU has not";
	if (*field(VMCS_CR3_TARGETS) > 4 || *field(VMCS_EXIT_MSR_STORES) ||
	    *field(VMCS_EXIT_MSR_LOADS) || *field(VMCS_ENTRY_MSR_LOADS))
		return "counts";
	if (*field(VMCS_MSR_BITMAP) & 0xfff || *field(VMCS_MSR_BITMAP) >> cpu_phys_bits)
		return "MSR bitmap";
	if (proc & PROC_TPR_SHADOW) {
		const uint8_t *apic = hpa_ptr(HPA(page));

		if (page & 0xfff || !page || page >> cpu_phys_bits)
			return "virtual-APIC page";
		if (*field(VMCS_TPR_THRESHOLD) > (uint64_t)(apic[0x80] >> 4))
			return "TPR threshold above the TPR";
	}
	if (!(pin & PIN_NMI) && pin & PIN_VIRTUAL_NMI)
		return "virtual NMIs without NMI exiting";
	if (!(pin & PIN_VIRTUAL_NMI) && proc & PROC_NMI_WINDOW)
		return "NMI window without virtual NMIs";
	if (proc2 & PROC2_VPID && (*field(VMCS_VPID) == 0 || *field(VMCS_VPID) > 0xffff))
		return "VPID";
	if ((eptp & 7) != 6 || (eptp >> 3 & 7) != 3 || eptp & MASK(11, 7) || eptp >> cpu_phys_bits)
		return "EPT pointer";
	return check_event();
}

/* 26.2.2 to 26.2.4 */
static inline const char *check_host(void)
{
	uint64_t cr0 = *field(VMCS_HOST_CR0), cr4 = *field(VMCS_HOST_CR4);

	if (~cr0 & 0x80000021 || cr0 >> 32)
		return "host CR0";
	if (~cr4 & CR4_VMXE || cr4 & ~skylake_x[9] || !(cr4 & CR4_PAE))
		return "host CR4";
	if (*field(VMCS_HOST_CR3) >> cpu_phys_bits)
		return "host CR3";
	if (!(*field(VMCS_EXIT) & EXIT_HOST_64) ||
	    (*field(VMCS_HOST_EFER) & (EFER_LMA | EFER_LME)) != (EFER_LMA | EFER_LME) ||
	    *field(VMCS_HOST_EFER) & ~CPU_EFER_VALID)
		return "host EFER";
	if (pat_refused(*field(VMCS_HOST_PAT)))
		return "host PAT";
	for (uint32_t f = VMCS_HOST_ES; f <= VMCS_HOST_TR; f += 2)
		if (*field(f) & 7)
			return "host selector";
	if (*field(VMCS_HOST_CS) == 0 || *field(VMCS_HOST_TR) == 0)
		return "host selector";
	for (uint32_t f = VMCS_HOST_FS_BASE; f <= VMCS_HOST_SYSENTER_EIP; f += 2)
		if (!canonical(*field(f)))
			return "host base";
	if (!canonical(*field(VMCS_HOST_RIP)) || *field(VMCS_HOST_RIP) == 0)
		return "host RIP";
	return NULL;
}

/* 26.3.1.1 */
static inline const char *check_guest_registers(void)
{
	uint64_t cr0 = *field(VMCS_GUEST_CR0), cr4 = *field(VMCS_GUEST_CR4);
	uint64_t efer = *field(VMCS_GUEST_EFER);
	bool wide = *field(VMCS_ENTRY) & ENTRY_IA32E;

	if (!(cr0 & CR0_NE) || cr0 >> 32 || (cr0 & CR0_PG && !(cr0 & CR0_PE)))
		return "guest CR0";
	if (~cr4 & CR4_VMXE || cr4 & ~skylake_x[9])
		return "guest CR4";
	if (wide ? !(cr0 & CR0_PG) || !(cr4 & CR4_PAE) : cr4 & CR4_PCIDE)
		return "IA-32e mode guest";
	if (*field(VMCS_GUEST_CR3) >> cpu_phys_bits)
		return "guest CR3";
	if (*field(VMCS_GUEST_DR7) >> 32)
		return "guest DR7";
	if (*field(VMCS_GUEST_DEBUGCTL) & ~0xffc3ull)
		return "guest DEBUGCTL";
	if (!canonical(*field(VMCS_GUEST_SYSENTER_ESP)) ||
	    !canonical(*field(VMCS_GUEST_SYSENTER_EIP)))
		return "guest SYSENTER";
	if (pat_refused(*field(VMCS_GUEST_PAT)))
		return "guest PAT";
	if (efer & ~CPU_EFER_VALID || wide != ((efer & EFER_LMA) != 0) ||
	    (cr0 & CR0_PG && ((efer & EFER_LMA) != 0) != ((efer & EFER_LME) != 0)))
		return "guest EFER";
	return NULL;
}

static inline bool limit_refused(uint32_t limit, uint32_t ar)
{
	bool g = ar & BIT(15);

	return ((limit & 0xfff) != 0xfff && g) || (limit >> 20 && !g);
}

/* 26.3.1.2, for guests outside virtual-8086 mode */
static inline const char *check_segments(void)
{
	uint32_t ar[8], limit[8], cs, ss;
	uint64_t base[8];
	bool wide = *field(VMCS_ENTRY) & ENTRY_IA32E, pe = *field(VMCS_GUEST_CR0) & CR0_PE;

	for (uint32_t i = 0; i < 8; i++) {
		ar[i] = (uint32_t)*field(VMCS_GUEST_ES_AR + 2 * i);
		limit[i] = (uint32_t)*field(VMCS_GUEST_ES_LIMIT + 2 * i);
		base[i] = *field(VMCS_GUEST_ES_BASE + 2 * i);
		if (ar[i] & ~0x1f0ffu)
			return "reserved bits of access rights";
		if (i >= 4 ? !canonical(base[i])
			   : base[i] >> 32 && !(ar[i] & (uint32_t)VMX_AR_UNUSABLE))
			return "base of a segment";
		if (!(ar[i] & (uint32_t)VMX_AR_UNUSABLE) && limit_refused(limit[i], ar[i]))
			return "limit of a segment";
	}
	cs = ar[SEG_CS];
	ss = ar[SEG_SS];
	if (cs & (uint32_t)VMX_AR_UNUSABLE || !(cs & 0x80) || !(cs & 0x10) ||
	    ((cs & 9) != 9 && (cs & 15) != 3) || ((cs & 15) == 3 && cs >> 5 & 3) ||
	    (wide && cs & BIT(13) && cs & BIT(14)) || base[SEG_CS] >> 32)
		return "guest CS";
	if ((!pe || (cs & 15) == 3) && ss >> 5 & 3)
		return "guest SS";
	if (!(ss & (uint32_t)VMX_AR_UNUSABLE) &&
	    (((ss & 15) != 3 && (ss & 15) != 7) || !(ss & 0x10) || !(ss & 0x80)))
		return "guest SS";
	for (uint32_t i = SEG_ES; i <= SEG_GS; i++)
		if (i != SEG_CS && i != SEG_SS && !(ar[i] & (uint32_t)VMX_AR_UNUSABLE) &&
		    (!(ar[i] & 1) || (ar[i] & 8 && !(ar[i] & 2)) || !(ar[i] & 0x10) ||
		     !(ar[i] & 0x80)))
			return "guest data segment";
	if (!(ar[SEG_LDTR] & (uint32_t)VMX_AR_UNUSABLE) && (ar[SEG_LDTR] & 0x9f) != 0x82)
		return "guest LDTR";
	if (ar[SEG_TR] & (uint32_t)VMX_AR_UNUSABLE ||
	    ((ar[SEG_TR] & 0x9f) != 0x8b && (wide || (ar[SEG_TR] & 0x9f) != 0x83)))
		return "guest TR";
	if (!canonical(*field(VMCS_GUEST_GDTR_BASE)) || !canonical(*field(VMCS_GUEST_IDTR_BASE)) ||
	    *field(VMCS_GUEST_GDTR_LIMIT) >> 16 || *field(VMCS_GUEST_IDTR_LIMIT) >> 16)
		return "guest tables";
	return NULL;
}

/* 26.3.1.4 to 26.3.1.6 */
static inline const char *check_rest(void)
{
	uint64_t rflags = *field(VMCS_GUEST_RFLAGS), rip = *field(VMCS_GUEST_RIP);
	uint32_t block = (uint32_t)*field(VMCS_GUEST_INTERRUPTIBILITY);
	uint32_t e = (uint32_t)*field(VMCS_ENTRY_EVENT), type = e >> 8 & 7;
	bool wide = *field(VMCS_ENTRY) & ENTRY_IA32E, valid = e & VMX_EVENT_VALID;
	bool shadow = block & (VMX_BLOCK_STI | VMX_BLOCK_MOVSS);
	bool pae = !wide && *field(VMCS_GUEST_CR0) & CR0_PG && *field(VMCS_GUEST_CR4) & CR4_PAE;
	bool step = rflags & RFLAGS_TF && !(*field(VMCS_GUEST_DEBUGCTL) & 2);
	uint64_t debug = *field(VMCS_GUEST_PENDING_DEBUG);

	if (wide && *field(VMCS_GUEST_CS_AR) & BIT(13) ? !canonical(rip) : rip >> 32)
		return "guest RIP";
	if (rflags & ~RFLAGS_VALID || !(rflags & RFLAGS_FIXED) ||
	    (rflags & RFLAGS_VM && (wide || !(*field(VMCS_GUEST_CR0) & CR0_PE))))
		return "guest RFLAGS";
	if (valid && type == VMX_EVENT_INTR && !(rflags & RFLAGS_IF))
		return "interrupt with IF clear";
	if (*field(VMCS_GUEST_ACTIVITY))
		return "activity state"; /* none but "active" is ever asked for */
	if (block & ~0xfu || (block & 3) == 3 || (block & VMX_BLOCK_STI && !(rflags & RFLAGS_IF)))
		return "interruptibility";
	if (block & VMX_BLOCK_SMI)
		return "blocking by SMI outside SMM";
	if (valid && type == VMX_EVENT_INTR && shadow)
		return "interrupt in a shadow";
	if (valid && type == VMX_EVENT_NMI && shadow)
		return "NMI in a shadow";
	if (valid && type == VMX_EVENT_NMI && block & VMX_BLOCK_NMI)
		return "NMI while they are blocked";
	if (debug & ~0x1500full || (shadow && step != ((debug & BIT(14)) != 0)))
		return "pending debug exceptions";
	if (*field(VMCS_LINK) != ~0ull)
		return "VMCS link pointer";
	for (uint32_t i = 0; pae && i < 4; i++) {
		uint64_t p = *field(VMCS_GUEST_PDPTE0 + 2 * i);

		if (p & 1 && (p & 0x1e6 || p >> cpu_phys_bits))
			return "PDPTE";
	}
	return NULL;
}

static inline const char *check_guest(void)
{
	const char *why = check_guest_registers();

	if (!why && !(*field(VMCS_GUEST_RFLAGS) & RFLAGS_VM))
		why = check_segments();
	return why ? why : check_rest();
}

#endif
