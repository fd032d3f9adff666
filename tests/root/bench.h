/* SPDX-License-Identifier: MIT */
#ifndef ROOT_BENCH_H
#define ROOT_BENCH_H

#include <stdbool.h>

/* Print a line "RES name: min med p99 max" for each operation. */
bool bench_run(void);

#endif
