/* SPDX-License-Identifier: MIT */
/*
 * What the library needs from the system it runs in: the hypercall, pages, locks. A root VM on bare
 * metal implements it, so does a test; /dev/mshv can. Every hook may be called on any CPU. All but
 * lock/unlock may be called with the lock held and must not take it.
 */
#ifndef WHV_TRANSPORT_H
#define WHV_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#define WHV_NO_PFN UINT64_MAX

struct whv_transport {
	void *ctx;

	/*
	 * One hypercall with memory operands. in and out need no alignment and are at most 4096
	 * bytes; the transport copies them to and from pages of its own. Returns the raw result
	 * (TLFS): status 15:0, elements done 43:32. out is written only with what the hypervisor
	 * wrote.
	 */
	uint64_t (*hypercall)(void *ctx, uint64_t control, const void *in, size_t in_len, void *out,
			      size_t out_len);

	/*
	 * count zeroed pages, contiguous in guest-physical memory; NULL when there are none. They
	 * may be freed one by one. Pages for deposits leave the caller's hands until they are
	 * withdrawn.
	 */
	void *(*alloc_pages)(void *ctx, size_t count, uint64_t *first_pfn);
	void (*free_pages)(void *ctx, void *va, size_t count);

	/* Page number behind an address of the caller's, WHV_NO_PFN when there is none; and back.
	 */
	uint64_t (*pfn_of)(void *ctx, const void *va);
	void *(*va_of)(void *ctx, uint64_t pfn);

	/* Number of the CPU this runs on. */
	uint32_t (*cpu)(void *ctx);
	/*
	 * A virtual processor has nothing to do: return when something may have happened, at the
	 * latest when an interrupt came or wake() named this CPU. May return at once.
	 */
	void (*yield)(void *ctx);
	/*
	 * End a yield() on that CPU and, if it runs a guest, make the guest stop there. It must not
	 * be lost when it comes between a look at memory and the HvCallDispatchVp behind it: on
	 * bare metal the hypercall hook disables interrupts before a dispatch, looks at the wake
	 * flag of its CPU (set: answer success with state READY and no event), and lets the
	 * interrupt in afterwards.
	 */
	void (*wake)(void *ctx, uint32_t cpu);

	/* One lock for the library, never nested, held across hypercalls but never while a guest
	 * runs. */
	void (*lock)(void *ctx);
	void (*unlock)(void *ctx);
};

/*
 * Before the first WHv call; NULL takes it away (every call then answers
 * WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG, and no hypervisor is present). The structure stays the
 * caller's and must live on.
 */
void whv_set_transport(const struct whv_transport *t);

#endif
