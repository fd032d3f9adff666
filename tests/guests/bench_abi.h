/* SPDX-License-Identifier: MIT */
/* Between the bench guest and the root VM. */
#ifndef GUESTS_BENCH_ABI_H
#define GUESTS_BENCH_ABI_H

#include <stdint.h>

#define BENCH_SHARED 0x200000u
#ifndef BENCH_SAMPLES
#define BENCH_SAMPLES 200u
#endif
#define BENCH_PORT 0x10 /* OUT: nothing but an exit */
#define BENCH_DONE 0x82
#define BENCH_MMIO 0xd0000000u

#define BENCH_OPS(X) \
	X(BENCH_EMPTY, "measuring itself") \
	X(BENCH_CPUID, "CPUID") \
	X(BENCH_HYPERCALL, "null hypercall") \
	X(BENCH_VP_INDEX, "RDMSR VP_INDEX") \
	X(BENCH_REF_COUNT, "RDMSR TIME_REF_COUNT") \
	X(BENCH_EOI, "WRMSR HV EOI") \
	X(BENCH_X2_TPR, "WRMSR x2APIC TPR") \
	X(BENCH_MMIO_EOI, "xAPIC EOI by MMIO") \
	X(BENCH_SELF_IPI, "self IPI to ISR") \
	X(BENCH_FLUSH_SELF, "flush of its own TLB by hypercall") \
	X(BENCH_CLUSTER_IPI, "cluster IPI to itself, to ISR") \
	X(BENCH_TIMER_ISR, "stimer expiry, message, ISR")
#define BENCH_ENUM(e, name) e,
enum bench_op { BENCH_OPS(BENCH_ENUM) BENCH_OP_COUNT };
#undef BENCH_ENUM

struct bench_shared {
	uint32_t sample[BENCH_OP_COUNT][BENCH_SAMPLES];
};

#endif
