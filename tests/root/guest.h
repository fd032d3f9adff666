/* SPDX-License-Identifier: MIT */
/*
 * Guest partitions by plain hypercalls, for the tests of the ABI itself. Except where a status is
 * returned, what fails ends the test; CPU 0 only.
 */
#ifndef ROOT_GUEST_H
#define ROOT_GUEST_H

#include <hv/messages.h>
#include <hv/registers.h>

#include "tests/root/root.h"

#include <guest_arch.h>

#define GUEST_RWX (HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE | HV_MAP_GPA_EXECUTABLE)
#define NO_ID	  0x123456789ull /* a partition that there is not */

/* Whatever a test left behind: finalize, withdraw, delete. */
void guests_clean_up(void);

/* The hypercall on its own; the vector of the exception that it raised, or -1. */
int safe_hypercall(uint64_t control, uint64_t in, uint64_t out, uint64_t *result);

/* Pages that guests_clean_up() gives back; they may be deposited and come back by a withdrawal. */
void *guest_pages(size_t count, size_t align);
/* Where the first range of that kind is, 0 when there is none. */
uint64_t guest_range(enum boot_range_kind kind);

/* -- partitions -------------------------------------------------------------------------------- */
hv_partition_id guest_create(uint64_t flags);
/* A partition made otherwise: guests_clean_up() shall know it. */
void guest_track(hv_partition_id id);
void guest_deposit(hv_partition_id id, uint32_t n);
/* One call of n elements; *reps is how many it says were done. */
uint16_t guest_deposit_list(hv_partition_id id, const uint64_t *pfns, uint32_t n, uint32_t *reps);
/* Up to max pages come back, and become free unless guest_pages() gave them. */
uint32_t guest_withdraw(hv_partition_id id, uint32_t max);
void guest_initialize(hv_partition_id id);
void guest_create_vp(hv_partition_id id, uint32_t vp);
/* All of it: created, initialized, with VPs 0 to vps - 1. */
hv_partition_id guest_new(uint64_t flags, uint32_t vps);
/* Finalize, withdraw everything, delete. */
void guest_delete(hv_partition_id id);
/* A simple call whose input is the partition id. */
uint16_t guest_simple(uint16_t code, hv_partition_id id);

/* -- memory ------------------------------------------------------------------------------------ */
uint64_t pfn_of(const void *va);
/* One call, no deposits. */
uint16_t guest_map_list(hv_partition_id id, uint64_t gfn, uint32_t flags, const uint64_t *pfns,
			uint32_t n, uint32_t *reps);
uint16_t guest_map_raw(hv_partition_id id, uint64_t gfn, uint64_t pfn, uint32_t flags);
uint16_t guest_unmap(hv_partition_id id, uint64_t gfn, uint32_t n, uint32_t flags, uint32_t *reps);
/* With deposits as asked for. */
void guest_map(hv_partition_id id, uint64_t gfn, const void *va, uint32_t n, uint32_t flags);
/* HV_ACCESS_GPA_* of one byte. */
uint32_t guest_peek(hv_partition_id id, uint64_t gpa, uint8_t *v);
uint32_t guest_poke(hv_partition_id id, uint64_t gpa, uint8_t v);

/* -- VPs --------------------------------------------------------------------------------------- */
uint16_t guest_get(hv_partition_id id, uint32_t vp, uint32_t name, union hv_register_value *v);
uint16_t guest_set(hv_partition_id id, uint32_t vp, uint32_t name,
		   const union hv_register_value *v);
uint64_t guest_get64(hv_partition_id id, uint32_t vp, uint32_t name);
void guest_set64(hv_partition_id id, uint32_t vp, uint32_t name, uint64_t v);
uint16_t guest_set_status(hv_partition_id id, uint32_t vp, uint32_t name, uint64_t v);
/* 32-bit protected mode with flat segments, at rip; code is mapped at 0x1000. */
#define GUEST_CODE 0x1000u
/* A hypercall and a halt; its arguments, and what came out. */
size_t guest_call_code(uint8_t *code);
void guest_call_set(hv_partition_id id, uint32_t vp, uint64_t control, uint64_t in, uint64_t out);
uint64_t guest_call_result(hv_partition_id id, uint32_t vp);
/* From here on an exception has no handler: guest_run() answers GUEST_NO_VECTOR. */
void guest_no_vectors(hv_partition_id id, uint32_t vp);
void guest_start(hv_partition_id id, uint32_t vp, const void *code, size_t size);
uint16_t guest_dispatch(hv_partition_id id, uint32_t vp, uint32_t flags,
			struct hv_output_dispatch_vp *out);
/* Runs the VP until it has a message; other answers end the test. */
uint32_t guest_run(hv_partition_id id, uint32_t vp);
/* The page of its intercept messages. */
const struct hv_message *guest_message(hv_partition_id id, uint32_t vp);

#endif
