/* SPDX-License-Identifier: MIT */
/*
 * Distinct types for host-physical, guest-physical and guest-virtual addresses, so that mixing
 * them does not compile. hpa_ptr() is the only way from a physical address to a pointer.
 */
#ifndef KERNEL_ADDR_H
#define KERNEL_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <types.h>

#define PAGE_SHIFT  12
#define PAGE_SIZE   4096ull
#define PAGE_MASK   (~(PAGE_SIZE - 1))
#define LARGE_SHIFT 21
#define LARGE_SIZE  (1ull << LARGE_SHIFT)
#define LARGE_PAGES 512u

typedef struct {
	uint64_t v;
} hpa_t;
typedef struct {
	uint64_t v;
} gpa_t;
typedef struct {
	uint64_t v;
} gva_t;

#define HPA(x) ((hpa_t){ (x) })
#define GPA(x) ((gpa_t){ (x) })
#define GVA(x) ((gva_t){ (x) })

/* The direct map covers RAM only; callers hold a frame that the frame table vouches for. */
static inline void *hpa_ptr(hpa_t a)
{
	return (void *)(uintptr_t)(ARCH_DIRECT_MAP + a.v);
}

static inline hpa_t ptr_hpa(const void *p)
{
	return HPA((uint64_t)(uintptr_t)p - ARCH_DIRECT_MAP);
}

static inline bool page_aligned(uint64_t v)
{
	return (v & (PAGE_SIZE - 1)) == 0;
}

static inline uint64_t page_up(uint64_t v)
{
	return (v + PAGE_SIZE - 1) & PAGE_MASK;
}

#endif
