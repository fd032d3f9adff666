/* SPDX-License-Identifier: MIT */
/* The last step of a translation (HvCallTranslateVirtualAddress), whatever the tables look like. */
#ifndef HVAPI_TRANSLATE_H
#define HVAPI_TRANSLATE_H

#include <hv/hypercall.h>

#include "kernel/partition.h"

/*
 * Is the page there, with the rights that flags (HV_TRANSLATE_GVA_VALIDATE_*) ask for? result_code
 * says; on success gpa_page and cache_overlay are filled. Takes the partition's lock.
 */
void translate_page(struct partition *p, gpa_t gpa, uint64_t flags,
		    struct hv_output_translate_virtual_address *out);

#endif
