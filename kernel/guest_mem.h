/* SPDX-License-Identifier: MIT */
/*
 * The only way to touch a partition's memory. Each access may end in "not there" (decision 17):
 * the caller undoes its operation and reports the GPA. The frame is held while it is touched, so
 * that it cannot be deposited or given away meanwhile.
 */
#ifndef KERNEL_GUEST_MEM_H
#define KERNEL_GUEST_MEM_H

#include "kernel/partition.h"

enum guest_mem_result {
	GUEST_MEM_OK,
	GUEST_MEM_UNMAPPED,  /* no mapping at that GPA */
	GUEST_MEM_NO_ACCESS, /* mapped without the right, or no access */
};

/* A held page: ptr is valid until guest_mem_unpin. */
struct guest_page {
	void *ptr; /* page start */
	uint64_t pfn;
	bool held;
};

/* need: SLAT_R, SLAT_W, SLAT_X in any combination. */
enum guest_mem_result guest_mem_pin(struct partition *p, gpa_t gpa, uint32_t need,
				    struct guest_page *out);
void guest_mem_unpin(struct guest_page *pg);

/* May cross pages. *at, when given, is the GPA that failed. A write that fails wrote nothing of
 * the page that failed; callers that must not write partly stay within one page. */
enum guest_mem_result guest_mem_read(struct partition *p, gpa_t gpa, void *buf, size_t len,
				     gpa_t *at);
enum guest_mem_result guest_mem_write(struct partition *p, gpa_t gpa, const void *buf, size_t len,
				      gpa_t *at);

#endif
