/* SPDX-License-Identifier: MIT */
/*
 * The bench: bench.c measures, <arch>/bench_arch.c says what. One tick of root_clock() is one
 * instruction in the runs that bench.sh makes.
 */
#ifndef ROOT_BENCH_H
#define ROOT_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/root/root.h"
#include "tests/root/vm.h"

#define BENCH_SAMPLES 200u

/* Print a line "RES name: min med p99 max" for each operation. */
bool bench_run(void);

extern struct vm bench_vm;
extern uint64_t bench_partition; /* its number at the core */
extern uint32_t bench_overhead;	 /* of two looks at the clock and what is around them */
extern uint32_t bench_samples[BENCH_SAMPLES];

/* s: BENCH_SAMPLES of them, sorted here; less: what the measuring itself costs */
void bench_report(const char *name, uint32_t *s, uint32_t less);
/* The operands are in place, in this CPU's pages, as a driver keeps them. */
uint64_t bench_call(uint64_t control);
/* The input's first words: the partition and that. */
void bench_head(uint64_t second);
void bench_must(const char *what, uint64_t result);

#define BENCH(name, op) \
	do { \
		for (uint32_t i_ = 0; i_ < BENCH_SAMPLES; i_++) { \
			uint64_t t_ = root_clock(); \
			op; \
			bench_samples[i_] = (uint32_t)(root_clock() - t_); \
		} \
		bench_report(name, bench_samples, bench_overhead); \
	} while (0)

/* Get and set of a state; vp: HV_ANY_VP too. bytes: of what goes inline, or by pages */
void bench_state(const char *name, uint32_t vp, uint32_t type, uint64_t states, uint32_t bytes);
/* Get and set of that many registers from `first` on */
void bench_registers(uint32_t first, uint32_t count);
/* Dispatches that end in an intercept, over that many VPs in turn; PC goes past it by `length`. */
void bench_dispatch(const char *name, uint32_t length, uint32_t vps);

/* <arch>/bench_arch.c: before there is a guest; the guest's own figures; with the VM made */
void bench_root_rows(void);
bool bench_guest_rows(void);
bool bench_vm_rows(void);
extern const WHV_REGISTER_NAME bench_pc; /* what a dispatch row moves on */
extern const uint64_t bench_partition_flags;

#endif
