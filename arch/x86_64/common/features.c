/* SPDX-License-Identifier: MIT */
#include "arch/x86_64/common/features.h"

#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/regs.h"
#include "kernel/partition.h"

enum reg { EAX, EBX, ECX, EDX };

/* Bit numbers: WinHvPlatformDefs.h, WHV_PROCESSOR_FEATURES; CPUID: SDM vol. 2, APM vol. 3 app. E */
static const struct row {
	uint8_t bank, bit;
	uint8_t reg, cpuid_bit;
	uint32_t leaf, sub;
} rows[] = {
	{ FEATURES_0, 0, ECX, 0, 1, 0 },	    /* SSE3 */
	{ FEATURES_0, 1, ECX, 0, 0x80000001, 0 },   /* LAHF/SAHF in long mode */
	{ FEATURES_0, 2, ECX, 9, 1, 0 },	    /* SSSE3 */
	{ FEATURES_0, 3, ECX, 19, 1, 0 },	    /* SSE4.1 */
	{ FEATURES_0, 4, ECX, 20, 1, 0 },	    /* SSE4.2 */
	{ FEATURES_0, 5, ECX, 6, 0x80000001, 0 },   /* SSE4A */
	{ FEATURES_0, 6, ECX, 11, 0x80000001, 0 },  /* XOP */
	{ FEATURES_0, 7, ECX, 23, 1, 0 },	    /* POPCNT */
	{ FEATURES_0, 8, ECX, 13, 1, 0 },	    /* CMPXCHG16B */
	{ FEATURES_0, 9, ECX, 4, 0x80000001, 0 },   /* alternative MOV CR8 */
	{ FEATURES_0, 10, ECX, 5, 0x80000001, 0 },  /* LZCNT */
	{ FEATURES_0, 11, ECX, 7, 0x80000001, 0 },  /* misaligned SSE */
	{ FEATURES_0, 12, EDX, 22, 0x80000001, 0 }, /* MMX extensions */
	{ FEATURES_0, 13, EDX, 31, 0x80000001, 0 }, /* 3DNow! */
	{ FEATURES_0, 14, EDX, 30, 0x80000001, 0 },
	{ FEATURES_0, 15, EDX, 26, 0x80000001, 0 }, /* 1-GiB pages */
	{ FEATURES_0, 16, ECX, 25, 1, 0 },	    /* AES */
	{ FEATURES_0, 17, ECX, 1, 1, 0 },	    /* PCLMULQDQ */
	{ FEATURES_0, 18, ECX, 17, 1, 0 },	    /* PCID */
	{ FEATURES_0, 19, ECX, 16, 0x80000001, 0 }, /* FMA4 */
	{ FEATURES_0, 20, ECX, 29, 1, 0 },	    /* F16C */
	{ FEATURES_0, 21, ECX, 30, 1, 0 },	    /* RDRAND */
	{ FEATURES_0, 22, EBX, 0, 7, 0 },	    /* FSGSBASE */
	{ FEATURES_0, 23, EBX, 7, 7, 0 },	    /* SMEP */
	{ FEATURES_0, 24, EBX, 9, 7, 0 },	    /* ERMS */
	{ FEATURES_0, 25, EBX, 3, 7, 0 },	    /* BMI1 */
	{ FEATURES_0, 26, EBX, 8, 7, 0 },	    /* BMI2 */
	{ FEATURES_0, 29, ECX, 22, 1, 0 },	    /* MOVBE */
	{ FEATURES_0, 32, EBX, 18, 7, 0 },	    /* RDSEED */
	{ FEATURES_0, 33, EBX, 19, 7, 0 },	    /* ADX */
	{ FEATURES_0, 34, ECX, 8, 0x80000001, 0 },  /* PREFETCHW */
	{ FEATURES_0, 35, EBX, 20, 7, 0 },	    /* SMAP */
	{ FEATURES_0, 38, EDX, 27, 0x80000001, 0 }, /* RDTSCP */
	{ FEATURES_0, 39, EBX, 23, 7, 0 },	    /* CLFLUSHOPT */
	{ FEATURES_0, 40, EBX, 24, 7, 0 },	    /* CLWB */
	{ FEATURES_0, 41, EBX, 29, 7, 0 },	    /* SHA */
	{ FEATURES_0, 43, EBX, 10, 7, 0 },	    /* INVPCID */
	{ FEATURES_0, 49, EDX, 4, 7, 0 },	    /* fast short REP MOV */
	{ FEATURES_0, 57, ECX, 22, 7, 0 },	    /* RDPID */
	{ FEATURES_0, 58, ECX, 2, 7, 0 },	    /* UMIP */
	{ FEATURES_1, 1, EDX, 8, 0x80000007, 0 },   /* invariant TSC */
	{ FEATURES_1, 2, EBX, 0, 0x80000008, 0 },   /* CLZERO */
	{ FEATURES_1, 4, ECX, 16, 7, 0 },	    /* LA57 */
	{ FEATURES_1, 8, ECX, 7, 7, 0 },	    /* CET shadow stacks */
	{ FEATURES_1, 9, EDX, 20, 7, 0 },	    /* CET indirect branch tracking */
	{ FEATURES_1, 18, EBX, 1, 7, 0 },	    /* TSC_ADJUST */
	{ FEATURES_XSAVE, 0, ECX, 26, 1, 0 },	    /* XSAVE */
	{ FEATURES_XSAVE, 1, EAX, 0, 0xd, 1 },	    /* XSAVEOPT */
	{ FEATURES_XSAVE, 2, ECX, 28, 1, 0 },	    /* AVX */
	{ FEATURES_XSAVE, 3, EBX, 5, 7, 0 },	    /* AVX2 */
	{ FEATURES_XSAVE, 4, ECX, 12, 1, 0 },	    /* FMA */
	{ FEATURES_XSAVE, 6, EBX, 16, 7, 0 },	    /* AVX-512F */
	{ FEATURES_XSAVE, 7, EBX, 17, 7, 0 },	    /* DQ */
	{ FEATURES_XSAVE, 8, EBX, 28, 7, 0 },	    /* CD */
	{ FEATURES_XSAVE, 9, EBX, 30, 7, 0 },	    /* BW */
	{ FEATURES_XSAVE, 10, EBX, 31, 7, 0 },	    /* VL */
	{ FEATURES_XSAVE, 11, EAX, 1, 0xd, 1 },	    /* XSAVEC */
	{ FEATURES_XSAVE, 12, EAX, 3, 0xd, 1 },	    /* XSAVES */
	{ FEATURES_XSAVE, 14, ECX, 12, 7, 0 },	    /* BITALG */
	{ FEATURES_XSAVE, 15, EBX, 21, 7, 0 },	    /* IFMA */
	{ FEATURES_XSAVE, 16, ECX, 1, 7, 0 },	    /* VBMI */
	{ FEATURES_XSAVE, 17, ECX, 6, 7, 0 },	    /* VBMI2 */
	{ FEATURES_XSAVE, 18, ECX, 11, 7, 0 },	    /* VNNI */
	{ FEATURES_XSAVE, 19, ECX, 8, 7, 0 },	    /* GFNI */
	{ FEATURES_XSAVE, 20, ECX, 9, 7, 0 },	    /* VAES */
	{ FEATURES_XSAVE, 21, ECX, 14, 7, 0 },	    /* VPOPCNTDQ */
	{ FEATURES_XSAVE, 22, ECX, 10, 7, 0 },	    /* VPCLMULQDQ */
};

uint64_t features_bank(const struct partition *p, enum feature_bank bank)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t r[4];

		if (rows[i].bank != bank)
			continue;
		cpuid_allowed(rows[i].leaf, rows[i].sub, r);
		if (r[rows[i].reg] >> rows[i].cpuid_bit & 1)
			v |= BIT(rows[i].bit);
	}
	return p ? v & ~p->disabled_features[bank] : v;
}

void features_mask(const struct partition *p, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	/* On the way of every CPUID exit, and hardly any partition disables something. */
	if (likely(!(p->disabled_features[0] | p->disabled_features[1] | p->disabled_features[2])))
		return;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].leaf == leaf && rows[i].sub == sub &&
		    p->disabled_features[rows[i].bank] & BIT(rows[i].bit))
			r[rows[i].reg] &= ~(1u << rows[i].cpuid_bit);
}

uint64_t features_xcr0(const struct partition *p, uint64_t mask)
{
	uint64_t off = p->disabled_features[FEATURES_XSAVE];

	if (off & BIT(0))
		mask &= XCR0_X87 | XCR0_SSE;
	if (off & BIT(2))
		mask &= XCR0_X87 | XCR0_SSE | BIT(9);
	if (off & BIT(6))
		mask &= ~MASK(7, 5);
	return mask;
}

uint8_t features_cet(const struct partition *p)
{
	return features_bank(p, FEATURES_1) >> 8 & 3;
}

uint64_t features_xss(const struct partition *p, uint64_t mask)
{
	if (p->disabled_features[FEATURES_XSAVE] & (BIT(0) | FEATURE_XSAVES))
		return 0;
	return features_cet(p) ? mask : mask & ~XSS_CET;
}
