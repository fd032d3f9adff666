/* SPDX-License-Identifier: MIT */
/*
 * Partitions: life cycle, lookup, memory. A partition and everything below it lives in pages that
 * the root deposited; the root partition itself lives in the core's own pool.
 */
#ifndef KERNEL_PARTITION_H
#define KERNEL_PARTITION_H

#include <hv/hypercall.h>
#include <hv/status.h>
#include <hv/types.h>

#include "hvapi/overlay.h"
#include "hvapi/port.h"
#include "kernel/addr.h"
#include "kernel/lock.h"
#include "kernel/pool.h"
#include "kernel/slat.h"

#define PARTITION_MAX	  64u /* slots; also the width of a frame's owner */
#define PARTITION_MAX_VPS 64u
#define PARTITION_ROOT_ID 1ull

/*
 * Synthetic features that no privilege stands for, in bits of `privileges` that the TLFS reserves:
 * rows ask for both alike. Nobody outside of the core sees these.
 */
#define PARTITION_FEATURE_SPIN_WAIT    BIT(59)
#define PARTITION_FEATURE_EXTENDED_GVA BIT(60)
#define PARTITION_FEATURE_EX_MASKS     BIT(61)
#define PARTITION_FEATURE_TB_FLUSH     BIT(62)
#define PARTITION_FEATURE_CLUSTER_IPI  BIT(63)
#define PARTITION_FEATURES	       MASK(63, 59)

enum partition_state {
	PARTITION_FREE = 0,
	PARTITION_CREATED,
	PARTITION_ACTIVE,
	PARTITION_FINALIZED,
};

struct vp;

struct partition {
	struct lock lock;      /* guards all below unless stated */
	hv_partition_id id;    /* constant */
	uint32_t slot;	       /* constant */
	uint32_t state;	       /* enum partition_state; written under the lock, read anywhere */
	uint32_t users;	       /* atomic: calls that hold a reference; deletion waits for none */
	uint64_t create_flags; /* constant */
	uint64_t privileges;   /* HV_PARTITION_PRIVILEGE_*, PARTITION_FEATURE_*; atomic word */
	struct pool pool;
	struct slat slat;
	struct vp *vps[PARTITION_MAX_VPS]; /* set under the lock, read atomically */
	uint32_t vp_count;

	/* Guest OS identity and overlay pages of the whole partition. */
	uint64_t guest_os_id;	/* atomic word */
	uint64_t hypercall_msr; /* under the lock */
	uint64_t reference_tsc; /* under the lock */
	uint32_t tsc_sequence;
	void *hypercall_page;
	void *tsc_page;
	struct overlay *overlays; /* active ones; under the lock */
	struct overlay hypercall_overlay, tsc_overlay;

	/*
	 * Reference time, 100 ns: ref_base at host TSC ref_tsc, running unless frozen. A freeze
	 * stops it and every VP's TSC. Under the lock; readers tolerate a torn pair only while no
	 * VP runs, which is when they change.
	 */
	uint64_t ref_base, ref_tsc;
	bool time_frozen;
	uint64_t frozen_at; /* host TSC */

	uint64_t disabled_features[3];		/* processor features 0, 1 and XSAVE; constant */
	uint64_t unimplemented_msr;		/* 0 fault, 1 ignore and read zero */
	struct x86_cpuid_result *cpuid_results; /* one page */
	uint32_t cpuid_count;

	struct ipc ipc; /* has its own lock */

	struct arch_partition arch;
	uint64_t warned; /* bit per kind of "not implemented" already logged */
};

extern struct partition *partition_root;

/* Boot only. */
void partition_init_root(struct partition *p);

/*
 * Find and hold a partition. HV_PARTITION_ID_SELF is the caller's own. The hold keeps the
 * structure alive (deletion answers HV_STATUS_OBJECT_IN_USE); partition_put ends it.
 */
struct partition *partition_get(struct partition *caller, hv_partition_id id);
void partition_put(struct partition *p);
/*
 * For a sender: any active partition, by its id, with its ipc lock held (t); it cannot go away
 * until that is dropped. NULL: none. No lock may be held.
 */
struct partition *partition_enter_ipc(hv_partition_id id, struct lock_token *t);

uint16_t partition_create(struct partition *parent, const struct hv_input_create_partition *in,
			  hv_partition_id *id);
uint16_t partition_initialize(struct partition *p);
uint16_t partition_finalize(struct partition *p);
uint16_t partition_delete(struct partition *p); /* consumes the caller's hold on success */

/*
 * Memory (memory.c). Each handles one page or leaf; on return no CPU uses a translation or a right
 * that it took away.
 */
void memory_init(
	uint32_t seed); /* boot: the root's table; seed: pages for splitting 1-GiB leaves */
/* done: pages that left the root, in order; also on failure. A finalized partition takes none. */
uint16_t partition_deposit(struct partition *p, const uint64_t *pfns, uint32_t count,
			   uint32_t *done);
uint16_t partition_withdraw(struct partition *p, uint64_t *pfn);
uint16_t partition_map(struct partition *p, uint64_t gfn, uint64_t pfn, uint32_t flags);
uint16_t partition_unmap(struct partition *p, uint64_t gfn, bool large);

/* Open a deposited page to the root (state pages), and close it again. */
uint16_t root_open_page(struct partition *owner, void *page);
void root_close_page(struct partition *owner, void *page);

/* time.c: 100 ns units; freeze and thaw also stop and shift the TSC of every VP. */
uint64_t partition_reference_time(const struct partition *p);
void partition_set_reference_time(struct partition *p, uint64_t t);
uint16_t partition_freeze_time(struct partition *p, bool freeze);
/* Host TSC at which the reference time will be t (now when past; UINT64_MAX when frozen). */
uint64_t partition_reference_to_host(const struct partition *p, uint64_t t);

/* Log once per kind and partition that something is not implemented; see docs/. */
enum unimplemented {
	UNIMPLEMENTED_LOGICAL_INIT,
	UNIMPLEMENTED_MSR,
	UNIMPLEMENTED_HYPERCALL,
	UNIMPLEMENTED_APIC_INSN,
	UNIMPLEMENTED_SMI,
	UNIMPLEMENTED_REGISTER,
	UNIMPLEMENTED_MTRR,
	UNIMPLEMENTED_PROPERTY,
	UNIMPLEMENTED_IPI,
	UNIMPLEMENTED_CORE_MEMORY,
	UNIMPLEMENTED_INTERCEPT,
	UNIMPLEMENTED_TRAP,
	UNIMPLEMENTED_SMC,
	UNIMPLEMENTED_SET_WAY,
};
void partition_unimplemented(struct partition *p, uint32_t kind, const char *what, uint64_t arg);

#endif
