/* SPDX-License-Identifier: MIT */
/* Shared by the library's files; no part of the interface. */
#ifndef WHV_INTERNAL_H
#define WHV_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <WinHvPlatform.h>
#include <hv/hypercall.h>
#include <hv/messages.h>
#include <hv/registers.h>
#include <hv/status.h>
#include <hv/vp_state.h>

#include "hvapi/whv/transport.h"

#define WHV_MAX_PARTITIONS    32u
#define WHV_MAX_VPS	      64u
#define WHV_MAX_CPUID_EXITS   64u
#define WHV_MAX_CPUID_RESULTS 128u
#define WHV_MAX_RANGES	      256u

#define WHV_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct whv_vp {
	bool exists;
	bool clear_intercept;	      /* the last run ended with an intercept */
	uint32_t running;	      /* atomic; cpu is valid while set */
	uint32_t cancel;	      /* atomic: the next or current run returns Canceled */
	uint32_t cpu;		      /* atomic */
	const struct hv_message *msg; /* the mapped intercept message page */
};

struct whv_range {
	uint64_t first, count; /* pages */
};

struct whv_properties {
	uint64_t extended_exits;
	uint64_t exception_bitmap;
	uint64_t msr_bitmap;
	uint64_t features[2];
	uint64_t xsave_features;
	uint64_t synthetic;
	uint64_t reference_time;
	uint32_t processor_count;
	uint32_t apic_mode;
	uint32_t msr_action;
	BOOL security_domain, nested;
	uint32_t cpuid_exit_count, cpuid_result_count;
	UINT32 cpuid_exits[WHV_MAX_CPUID_EXITS];
	WHV_X64_CPUID_RESULT2 cpuid_results[WHV_MAX_CPUID_RESULTS];
	/* These are as set; without it they are what the hypervisor says. */
	bool given_features, given_features1, given_xsave, given_synthetic, given_time;
};

/* Intercepts as they are installed. */
struct whv_intercepts {
	bool msr;
	uint64_t exceptions;
	uint32_t cpuid_count;
	UINT32 cpuid[WHV_MAX_CPUID_EXITS];
};

/* Lives in pages from the transport. Members change under the library's lock. */
struct whv_partition {
	hv_partition_id id; /* 0: the hypervisor has none */
	uint32_t users;	    /* calls inside; under the lock */
	bool set_up;
	bool finalized; /* a deletion has come that far */
	struct whv_properties prop;
	struct whv_intercepts installed;
	struct whv_vp vps[WHV_MAX_VPS];
	uint32_t range_count;
	struct whv_range ranges[WHV_MAX_RANGES]; /* mapped, ascending, not touching */
};

/* handle.c */
extern const struct whv_transport *whv_transport;
void whv_lock(void);
void whv_unlock(void);
/* A new object and its handle; NULL when there are no pages or slots. */
struct whv_partition *whv_new(WHV_PARTITION_HANDLE *handle);
/* Find and hold: the object cannot go away until whv_put(). */
struct whv_partition *whv_get(WHV_PARTITION_HANDLE handle);
void whv_put(struct whv_partition *p);
/* Take the handle away, under the lock; the caller, alone inside, then frees with whv_free(). */
void whv_retire(WHV_PARTITION_HANDLE handle);
void whv_free(struct whv_partition *p);
/*
 * The opening of a call on a set-up partition: S_OK with *p held, or why not. With a VP index (not
 * WHV_ANY_VP) the VP must exist.
 */
HRESULT whv_enter(WHV_PARTITION_HANDLE handle, UINT32 vp_index, struct whv_partition **p);

/* call.c: hypercalls. Memory that the hypervisor asks for is deposited and the call repeated. */
HRESULT whv_status(uint16_t status);
uint16_t whv_call(const struct whv_partition *p, uint16_t code, uint32_t varhead, const void *in,
		  size_t in_len, void *out, size_t out_len);
/*
 * A rep call of count elements: in is the header and the list (elem_in bytes each), out the list of
 * answers. done: elements done, also on failure.
 */
uint16_t whv_rep_call(const struct whv_partition *p, uint16_t code, uint32_t count, const void *in,
		      size_t in_len, void *out, size_t out_len, uint32_t *done);
/* Pages back from a finalized partition. */
uint16_t whv_withdraw_all(const struct whv_partition *p);
/* p == NULL: the caller's own partition */
uint16_t whv_get_property(const struct whv_partition *p, uint32_t code, uint64_t *value);
uint16_t whv_set_property(const struct whv_partition *p, uint32_t code, uint64_t value);
uint16_t whv_get_hv_registers(const struct whv_partition *p, uint32_t vp, const uint32_t *names,
			      uint32_t count, union hv_register_value *values);
uint16_t whv_set_hv_registers(const struct whv_partition *p, uint32_t vp, const uint32_t *names,
			      uint32_t count, const union hv_register_value *values);

/* capability.c */
#define WHV_EXTENDED_EXITS_SUPPORTED 0x7ull /* CPUID, MSR, exception */
#define WHV_MSR_EXITS_SUPPORTED	     0x1ull /* unhandled MSRs */
/* Vectors 0-21 without NMI, 9, 15 and 20 */
#define WHV_EXCEPTIONS_SUPPORTED 0x2f7dfbull
/*
 * Give a value of `size` bytes by the rule of every query: too small a buffer is
 * WHV_E_INSUFFICIENT_BUFFER, and *written (may be NULL) tells the size in both cases.
 */
HRESULT whv_answer(VOID *buffer, UINT32 buffer_size, UINT32 *written, const void *value,
		   UINT32 size);

/* intercept.c: under the lock */
HRESULT whv_apply_intercepts(struct whv_partition *p);
HRESULT whv_apply_cpuid(const struct whv_partition *p, UINT32 vp_index);

/* vp.c */
HRESULT whv_vp_start(struct whv_partition *p, UINT32 index);
HRESULT whv_vp_stop(struct whv_partition *p, UINT32 index);
bool whv_any_running(const struct whv_partition *p);
void whv_wake_all(const struct whv_partition *p);

/* registers.c: 0 is a valid hypervisor name, WHV_NO_REGISTER none */
#define WHV_NO_REGISTER 0xffffffffu
uint32_t whv_hv_register(WHV_REGISTER_NAME name);

/* lapic.c */
#define WHV_APIC_PAGE_SIZE   4096u
#define WHV_APIC_LEGACY_SIZE 1024u
void whv_apic_to_page(const struct hv_local_interrupt_controller_state *s, uint8_t cr8,
		      uint8_t page[WHV_APIC_PAGE_SIZE]);
void whv_apic_from_page(const uint8_t *page, struct hv_local_interrupt_controller_state *s,
			uint8_t *cr8);

/* exit.c: what a message means; false for one that has no meaning here */
bool whv_exit_from_message(const struct whv_partition *p, UINT32 vp_index,
			   const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c);

#endif
