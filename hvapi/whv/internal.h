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
#ifdef _ARM64_
#include "hvapi/whv/arm64/types.h"
#else
#include "hvapi/whv/x86_64/types.h"
#endif

#define WHV_MAX_PARTITIONS 32u
#define WHV_MAX_VPS	   64u
#define WHV_MAX_RANGES	   256u

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
	uint64_t features[2];
	uint64_t synthetic;
	uint64_t reference_time;
	uint32_t processor_count;
	BOOL security_domain, nested;
	/* These are as set; without it they are what the hypervisor says. */
	bool given_features, given_features1, given_synthetic, given_time;
	struct whv_arch_properties arch;
};

/* Lives in pages from the transport. Members change under the library's lock. */
struct whv_partition {
	hv_partition_id id; /* 0: the hypervisor has none */
	uint32_t users;	    /* calls inside; under the lock */
	bool set_up;
	bool finalized; /* a deletion has come that far */
	struct whv_properties prop;
	struct whv_intercepts installed; /* as the hypervisor has them */
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
/* The same of calls that are about one VP: WHV_ANY_VP is none. */
HRESULT whv_enter_vp(WHV_PARTITION_HANDLE handle, UINT32 vp_index, struct whv_partition **p);

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
/*
 * Give a value of `size` bytes by the rule of every query: too small a buffer is
 * WHV_E_INSUFFICIENT_BUFFER, and *written (may be NULL) tells the size in both cases.
 */
HRESULT whv_answer(VOID *buffer, UINT32 buffer_size, UINT32 *written, const void *value,
		   UINT32 size);

/* vp.c */
HRESULT whv_vp_start(struct whv_partition *p, UINT32 index);
HRESULT whv_vp_stop(struct whv_partition *p, UINT32 index);
bool whv_any_running(const struct whv_partition *p);
void whv_wake_all(const struct whv_partition *p);

/* registers.c: 0 is a valid hypervisor name, WHV_NO_REGISTER none */
#define WHV_NO_REGISTER 0xffffffffu

/* property.c */
struct whv_property_row {
	uint32_t code;
	uint16_t size; /* of the value, or of one list element; 0: not available here */
	bool late;     /* can be set after WHvSetupPartition */
	bool list;
};
#define WHV_PROPERTY(name) ((uint32_t)WHvPartitionPropertyCode##name)
/* A value as set, or as the hypervisor has it for this partition (before it is set up: for any). */
HRESULT whv_get_or_ask(const struct whv_partition *p, bool given, uint64_t set, uint32_t property,
		       uint64_t *v);
/* partition.c: bits of `have` that are not wanted; asking for one that is not there is refused. */
HRESULT whv_disabled(uint32_t property, bool given, uint64_t want, uint64_t *bits);

/* state.c: one transfer of state */
struct whv_state {
	const struct whv_partition *p;
	uint32_t vp, hv_type;
	uint32_t size;	 /* in the caller's form */
	uint32_t pages;	 /* that travel by number; 0: inline */
	uint64_t xfem;	 /* x64: of XSAVE */
	uint8_t *buffer; /* pages from the transport */
	uint64_t pfn;
};
#define WHV_STATE_MAX_PAGES 16u
HRESULT whv_state_get(struct whv_state *t, VOID *out, uint32_t out_size);
HRESULT whv_state_set(struct whv_state *t, const VOID *data, uint32_t size);

/* ---- what each architecture has: x86_64/, arm64/ ----------------------------------------------
 */

/*
 * capability.c: bits of WHV_CAPABILITY_FEATURES, exits that can be asked for; false: no such
 * capability, else *size is that of *c's value.
 */
extern const uint64_t whv_arch_features, whv_arch_extended_exits;
bool whv_arch_capability(uint32_t code, WHV_CAPABILITY *c, UINT32 *size, uint16_t *status);

/* property.c: rows beside the common ones. A buffer of a row that is no list has r->size bytes. */
extern const struct whv_property_row whv_arch_property_rows[];
extern const uint32_t whv_arch_property_count;
bool whv_arch_set_property(struct whv_properties *o, const struct whv_property_row *r,
			   const void *buffer, uint32_t size);
HRESULT whv_arch_get_property(const struct whv_partition *p, const struct whv_property_row *r,
			      VOID *buffer, UINT32 size, UINT32 *written);
/* The hypervisor's property behind a code that is set only to what it is anyway; 0: none */
uint32_t whv_arch_fixed_property(uint32_t code);

/* partition.c, under the lock: before creation, after it, and what a reset forgets */
HRESULT whv_arch_create(const struct whv_properties *o, struct hv_input_create_partition *in);
HRESULT whv_arch_configure(struct whv_partition *p);
extern const uint32_t whv_arch_forget[];
extern const uint32_t whv_arch_forget_count;
/* The exits that the properties ask for, as the hypervisor's intercepts */
HRESULT whv_arch_apply_intercepts(struct whv_partition *p);
/* A processor has been made. */
HRESULT whv_arch_vp_start(const struct whv_partition *p, UINT32 index);

/* registers.c: the hypervisor's name or WHV_NO_REGISTER; can it be asked for with WHV_ANY_VP? */
uint32_t whv_hv_register(WHV_REGISTER_NAME name);
bool whv_arch_any_vp_register(WHV_REGISTER_NAME name);

/* state.c: size and form of a type for this partition; unknown: E_INVALIDARG */
HRESULT whv_arch_state(const struct whv_partition *p, uint32_t type, struct whv_state *t);
/* t->buffer from the hypervisor's form to the caller's, and back; then what goes besides. */
HRESULT whv_arch_state_out(struct whv_state *t);
void whv_arch_state_in(struct whv_state *t, uint8_t *beside);
HRESULT whv_arch_state_done(struct whv_state *t, uint8_t beside);

/* exit.c: what a message means; false for one that has no meaning here */
bool whv_exit_from_message(const struct whv_partition *p, UINT32 vp_index,
			   const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c);

#endif
