/* SPDX-License-Identifier: MIT */
/* What the library keeps of a partition on x64 alone. Included by internal.h. */
#ifndef WHV_X86_64_TYPES_H
#define WHV_X86_64_TYPES_H

#define WHV_MAX_CPUID_EXITS   64u
#define WHV_MAX_CPUID_RESULTS 128u

/* memory.c: beside those that both have */
#define WHV_ARCH_TRANSLATE_FLAGS \
	((uint32_t)WHvTranslateGvaFlagPrivilegeExempt | WHvTranslateGvaFlagEnforceSmap | \
	 WHvTranslateGvaFlagOverrideSmap)

struct whv_arch_properties {
	uint64_t exception_bitmap;
	uint64_t msr_bitmap;
	uint64_t xsave_features;
	uint32_t apic_mode;
	uint32_t msr_action;
	uint32_t cpuid_exit_count, cpuid_result_count;
	UINT32 cpuid_exits[WHV_MAX_CPUID_EXITS];
	WHV_X64_CPUID_RESULT2 cpuid_results[WHV_MAX_CPUID_RESULTS];
	bool given_xsave;
};

struct whv_intercepts {
	bool msr;
	uint64_t exceptions;
	uint32_t cpuid_count;
	UINT32 cpuid[WHV_MAX_CPUID_EXITS];
};

/* capability.c */
#define WHV_MSR_EXITS_SUPPORTED 0x1ull /* unhandled MSRs */
/* Vectors 0-21 without NMI, 9, 15 and 20 */
#define WHV_EXCEPTIONS_SUPPORTED 0x2f7dfbull

/* lapic.c */
#define WHV_APIC_PAGE_SIZE   4096u
#define WHV_APIC_LEGACY_SIZE 1024u
void whv_apic_to_page(const struct hv_local_interrupt_controller_state *s, uint8_t cr8,
		      uint8_t page[WHV_APIC_PAGE_SIZE]);
void whv_apic_from_page(const uint8_t *page, struct hv_local_interrupt_controller_state *s,
			uint8_t *cr8);

#endif
