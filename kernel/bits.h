/* SPDX-License-Identifier: MIT */
#ifndef KERNEL_BITS_H
#define KERNEL_BITS_H

#include <stdint.h>

#define BIT(n)		   (1ull << (n))
#define MASK(hi, lo)	   ((~0ull >> (63 - (hi))) & (~0ull << (lo)))
#define FIELD(v, hi, lo)   (((v)&MASK(hi, lo)) >> (lo))
#define ARRAY_LEN(a)	   (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)	   ((a) < (b) ? (a) : (b))
#define MAX(a, b)	   ((a) > (b) ? (a) : (b))
#define CONTAINER(p, t, m) ((t *)(void *)((char *)(p)-offsetof(t, m)))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define atomic_load(p)	   __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define atomic_store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define atomic_xchg(p, v)  __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define atomic_or(p, v)	   __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST)
#define atomic_and(p, v)   __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST)
#define atomic_add(p, v)   __atomic_add_fetch(p, v, __ATOMIC_SEQ_CST)
#define atomic_cas(p, old, nw) \
	__atomic_compare_exchange_n(p, old, nw, 0, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE)
#define atomic_fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)

#endif
