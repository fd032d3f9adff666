/* SPDX-License-Identifier: MIT */
#include "tests/root/whv_metal.h"

#include <string.h>

#include "hvapi/whv/transport.h"

static struct {
	void (*fn)(void *);
	void *arg;
} before[MAX_CPUS];

static uint32_t lock;

void whv_metal_before_dispatch(uint32_t cpu, void (*fn)(void *), void *arg)
{
	before[cpu].arg = arg;
	before[cpu].fn = fn;
}

/*
 * A wake-up that comes between the caller's last look and the dispatch must end the dispatch: with
 * interrupts off its IPI stays pending, and Quoin leaves the guest for it at once.
 */
static uint64_t dispatch(struct cpu *c, uint64_t control, const void *in, size_t in_len, void *out,
			 size_t out_len)
{
	struct hv_output_dispatch_vp ready = { HV_VP_DISPATCH_STATE_READY,
					       HV_VP_DISPATCH_EVENT_INVALID };
	uint64_t r = HV_STATUS_SUCCESS;

	if (before[c->index].fn)
		before[c->index].fn(before[c->index].arg);
	irqs_off();
	if (c->wake) {
		c->wake = 0;
		memcpy(out, &ready, out_len < sizeof(ready) ? out_len : sizeof(ready));
	} else {
		r = hv_call(control, in, in_len, out, out_len);
	}
	irqs_on();
	return r;
}

static uint64_t hypercall(void *ctx, uint64_t control, const void *in, size_t in_len, void *out,
			  size_t out_len)
{
	(void)ctx;
	if ((control & HV_HYPERCALL_CODE_MASK) == HVCALL_DISPATCH_VP)
		return dispatch(this_cpu(), control, in, in_len, out, out_len);
	return hv_call(control, in, in_len, out, out_len);
}

static void *alloc_pages(void *ctx, size_t count, uint64_t *first_pfn)
{
	void *va = pages_alloc(count, 1);

	(void)ctx;
	*first_pfn = (uint64_t)va / PAGE;
	return va;
}

static void free_pages(void *ctx, void *va, size_t count)
{
	(void)ctx;
	pages_free(va, count);
}

static uint64_t pfn_of(void *ctx, const void *va)
{
	(void)ctx;
	return (uint64_t)va >> 32 ? WHV_NO_PFN : (uint64_t)va / PAGE;
}

static void *va_of(void *ctx, uint64_t pfn)
{
	(void)ctx;
	return pfn >> 20 ? NULL : (void *)(pfn * PAGE);
}

static uint32_t cpu(void *ctx)
{
	(void)ctx;
	return this_cpu()->index;
}

/* Another VP's IPI wakes nobody but the VP itself, so the wait is short. */
static void yield(void *ctx)
{
	(void)ctx;
	for (int i = 0; i < 200 && !this_cpu()->wake; i++)
		cpu_pause();
}

static void wake(void *ctx, uint32_t index)
{
	(void)ctx;
	__atomic_store_n(&cpus[index].wake, 1, __ATOMIC_SEQ_CST);
	if (index != this_cpu()->index)
		cpu_wake(index);
}

static void take(void *ctx)
{
	(void)ctx;
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		cpu_pause();
}

static void drop(void *ctx)
{
	(void)ctx;
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static const struct whv_transport transport = {
	.hypercall = hypercall,
	.alloc_pages = alloc_pages,
	.free_pages = free_pages,
	.pfn_of = pfn_of,
	.va_of = va_of,
	.cpu = cpu,
	.yield = yield,
	.wake = wake,
	.lock = take,
	.unlock = drop,
};

void whv_metal_init(void)
{
	whv_set_transport(&transport);
}
