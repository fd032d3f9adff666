/* SPDX-License-Identifier: MIT */
/* Between the bench guest of arm64 and the root VM. */
#ifndef GUESTS_BENCH_ABI_H
#define GUESTS_BENCH_ABI_H

#include <stdint.h>

#define BENCH_SHARED 0x200000u
#ifndef BENCH_SAMPLES
#define BENCH_SAMPLES 200u
#endif
#define BENCH_SAID_DONE 0u

#define BENCH_OPS(X) \
	X(BENCH_EMPTY, "measuring itself") \
	X(BENCH_HVC, "null HVC") \
	X(BENCH_HYPERCALL, "null hypercall") \
	X(BENCH_SYSREG, "trapped MRS ID_AA64PFR0_EL1") \
	X(BENCH_MMIO, "GICD_TYPER read") \
	X(BENCH_REF_COUNT, "get TIME_REF_COUNT of its own") \
	X(BENCH_SGI, "SGI to self to ISR") \
	X(BENCH_TIMER, "virtual timer to ISR")
#define BENCH_ENUM(e, name) e,
enum bench_op { BENCH_OPS(BENCH_ENUM) BENCH_OP_COUNT };
#undef BENCH_ENUM

struct bench_shared {
	uint32_t sample[BENCH_OP_COUNT][BENCH_SAMPLES];
};

#endif
