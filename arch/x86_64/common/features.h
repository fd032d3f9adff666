/* SPDX-License-Identifier: MIT */
/*
 * Processor features by the bits of HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0, 1 and
 * XSAVE_FEATURES (one table; WHV_PROCESSOR_FEATURES has the same bits), and the CPUID bits they
 * stand for. A partition is created with some disabled; a guest's CPUID follows.
 */
#ifndef X86_FEATURES_H
#define X86_FEATURES_H

#include <stdint.h>

struct partition;

#define FEATURE_XSAVES (1ull << 12) /* of FEATURES_XSAVE */

enum feature_bank { FEATURES_0, FEATURES_1, FEATURES_XSAVE, FEATURE_BANKS };

/* What a guest may have on this machine; with p, less what that partition has disabled. */
uint64_t features_bank(const struct partition *p, enum feature_bank bank);
/* Take the partition's disabled features out of a CPUID answer. */
void features_mask(const struct partition *p, uint32_t leaf, uint32_t sub, uint32_t r[4]);
/* XCR0 and IA32_XSS bits that the partition's features leave of `mask`. */
uint64_t features_xcr0(const struct partition *p, uint64_t mask);
uint64_t features_xss(const struct partition *p, uint64_t mask);
/* Bit 0: shadow stacks, bit 1: indirect branch tracking. */
uint8_t features_cet(const struct partition *p);

#endif
