/* SPDX-License-Identifier: MIT */
#include "hvapi/hypercall.h"

#include <string.h>

#include "kernel/guest_mem.h"

/* Control word (TLFS, "Hypercall inputs"): reserved bits are 30:27, 47:44 and 63:60. */
#define CTL_CODE(c)	  ((uint16_t)(c))
#define CTL_FAST(c)	  ((c) >> 16 & 1)
#define CTL_VARHEAD(c)	  ((uint32_t)((c) >> 17) & 0x3ff)
#define CTL_NESTED(c)	  ((c) >> 31 & 1)
#define CTL_REP_COUNT(c)  ((uint32_t)((c) >> 32) & 0xfff)
#define CTL_REP_START(c)  ((uint32_t)((c) >> 48) & 0xfff)
#define CTL_RESERVED	  (MASK(30, 27) | MASK(47, 44) | MASK(63, 60))
#define CTL_START_SHIFT	  48
#define RESULT_REPS_SHIFT 32

#define FAST_BYTES 16u

struct call {
	const struct hcall_row *row;
	uint32_t in_bytes, out_bytes; /* header and list together */
	uint32_t count, start, var_bytes;
	bool fast;
};

/*
 * Row + 1 of each code, by code. Filled from the table by whoever calls first; two at once write
 * the same.
 */
#define CODES 0x100u
static uint8_t row_of[CODES];
static uint32_t row_of_ready;

static void index_rows(void)
{
	for (uint32_t i = 0; i < hypercall_table_len; i++)
		if (hypercall_table[i].code < CODES)
			row_of[hypercall_table[i].code] = (uint8_t)(i + 1);
	atomic_store(&row_of_ready, 1);
}

const struct hcall_row *hypercall_find(uint16_t code)
{
	if (unlikely(!atomic_load(&row_of_ready)))
		index_rows();
	if (likely(code < CODES))
		return row_of[code] ? &hypercall_table[row_of[code] - 1] : NULL;
	for (uint32_t i = hypercall_table_len; i > 0 && hypercall_table[i - 1].code >= code; i--)
		if (hypercall_table[i - 1].code == code)
			return &hypercall_table[i - 1];
	return NULL;
}

bool hypercall_enabled(const struct partition *p)
{
	return p == partition_root ||
	       (p->guest_os_id && (!ARCH_HYPERCALL_PAGE || p->hypercall_msr & 1));
}

static uint32_t in_pairs(const struct call *c)
{
	return (c->in_bytes + FAST_BYTES - 1) / FAST_BYTES;
}

static uint32_t out_pairs(const struct call *c)
{
	return (c->out_bytes + FAST_BYTES - 1) / FAST_BYTES;
}

static bool fast_fits(const struct hv_hcall_io *io, const struct call *c)
{
	if (c->row->fast_ext && io->ext_words)
		return in_pairs(c) + out_pairs(c) <= io->ext_words / 2;
	return c->row->fast && c->in_bytes <= FAST_BYTES && c->out_bytes == 0;
}

/* The control word against the row: everything that needs no memory. */
static uint16_t parse(const struct hv_hcall_io *io, struct call *c)
{
	const struct hcall_row *r = c->row;
	uint64_t ctl = io->control;

	c->fast = CTL_FAST(ctl);
	c->count = CTL_REP_COUNT(ctl);
	c->start = CTL_REP_START(ctl);
	c->var_bytes = CTL_VARHEAD(ctl) * 8;
	if (ctl & CTL_RESERVED || CTL_NESTED(ctl))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (r->rep ? c->count == 0 || c->start >= c->count : c->count != 0 || c->start != 0)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (c->var_bytes && !r->variable)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	c->in_bytes = r->in_size + c->var_bytes + r->in_elem * c->count;
	c->out_bytes = r->out_size + r->out_elem * c->count;
	if (c->in_bytes > HV_PAGE_SIZE || c->out_bytes > HV_PAGE_SIZE)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (c->fast)
		return fast_fits(io, c) ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_HYPERCALL_INPUT;
	/* A list of no bytes has no address to check (TLFS: ignored). */
	if ((c->in_bytes && io->input & 7) || (c->out_bytes && io->output & 7))
		return HV_STATUS_INVALID_ALIGNMENT;
	if ((c->in_bytes && (io->input & (PAGE_SIZE - 1)) + c->in_bytes > PAGE_SIZE) ||
	    (c->out_bytes && (io->output & (PAGE_SIZE - 1)) + c->out_bytes > PAGE_SIZE))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	return HV_STATUS_SUCCESS;
}

/* Partition and VP that the row says stand at the head of the input. */
static uint16_t find_target(struct hcall_args *a, const struct hcall_row *r)
{
	hv_partition_id id;
	uint32_t index;

	if (r->target == HCALL_TARGET_NONE)
		return HV_STATUS_SUCCESS;
	memcpy(&id, a->in, sizeof(id));
	a->target = partition_get(a->caller->partition, id);
	if (!a->target)
		return HV_STATUS_INVALID_PARTITION_ID;
	if (r->target == HCALL_TARGET_SELF && a->target != a->caller->partition)
		return HV_STATUS_ACCESS_DENIED;
	if (r->target == HCALL_TARGET_CHILD && a->target == a->caller->partition)
		return HV_STATUS_ACCESS_DENIED;
	if (r->target != HCALL_TARGET_VP && r->target != HCALL_TARGET_VP_OR_ALL)
		return HV_STATUS_SUCCESS;
	memcpy(&index, a->in + 8, sizeof(index));
	if (index == HV_ANY_VP && r->target == HCALL_TARGET_VP_OR_ALL)
		return HV_STATUS_SUCCESS;
	if (index == HV_VP_INDEX_SELF)
		a->vp = a->target == a->caller->partition ? a->caller : NULL;
	else
		a->vp = vp_find(a->target, index);
	return a->vp ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_VP_INDEX;
}

static void report_fault(struct hv_hcall_io *io, enum guest_mem_result r, uint64_t gpa, bool write)
{
	io->fault = true;
	io->fault_write = write;
	io->fault_unmapped = r == GUEST_MEM_UNMAPPED;
	io->fault_gpa = GPA(gpa);
}

static bool copy_in(struct vp *caller, struct hv_hcall_io *io, const struct call *c, uint8_t *to)
{
	enum guest_mem_result r;

	if (c->fast && io->ext_words) {
		memcpy(to, io->ext, MIN(in_pairs(c) * FAST_BYTES, io->ext_words * 8));
		return true;
	}
	if (c->fast) {
		memcpy(to, &io->input, 8);
		memcpy(to + 8, &io->output, 8);
		return true;
	}
	if (!c->in_bytes)
		return true;
	r = guest_mem_read(caller->partition, GPA(io->input), to, c->in_bytes, NULL);
	if (r != GUEST_MEM_OK)
		report_fault(io, r, io->input, false);
	return r == GUEST_MEM_OK;
}

/*
 * The output page is held before the call is made, so that a call whose effect is done never finds
 * it gone.
 */
static bool pin_output(struct vp *caller, struct hv_hcall_io *io, const struct call *c,
		       struct guest_page *pg)
{
	enum guest_mem_result r;

	pg->held = false;
	pg->ptr = NULL;
	if (!c->out_bytes || c->fast)
		return true;
	r = guest_mem_pin(caller->partition, GPA(io->output), SLAT_R | SLAT_W, pg);
	if (r != GUEST_MEM_OK)
		report_fault(io, r, io->output, true);
	return r == GUEST_MEM_OK;
}

static void write_output(const struct call *c, const struct hv_hcall_io *io, struct guest_page *pg,
			 const struct hcall_args *a, uint16_t status)
{
	const struct hcall_row *r = c->row;
	uint8_t *to = pg->ptr;

	if (c->fast && c->out_bytes)
		to = (uint8_t *)(io->ext + 2 * (io->ext_last ? io->ext_words / 2 - out_pairs(c)
							     : in_pairs(c)));
	else if (!to)
		return;
	else
		to += io->output & (PAGE_SIZE - 1);
	if (status == HV_STATUS_SUCCESS && r->out_size)
		memcpy(to, a->out, r->out_size);
	if (r->rep && a->reps_done > a->rep_start)
		memcpy(to + r->out_size + r->out_elem * a->rep_start,
		       a->out_list + r->out_elem * a->rep_start,
		       (size_t)r->out_elem * (a->reps_done - a->rep_start));
}

static void call(struct vp *caller, struct hv_hcall_io *io, struct call *c)
{
	struct percpu *cpu = this_cpu();
	const struct hcall_row *r = c->row;
	struct hcall_args a = { .caller = caller,
				.in = cpu->hcall_in,
				.list = cpu->hcall_in + r->in_size + c->var_bytes,
				.out = cpu->hcall_out,
				.out_list = cpu->hcall_out + r->out_size,
				.var_bytes = c->var_bytes,
				.out_gpa = io->output,
				.rep_start = c->start,
				.rep_count = c->count,
				.reps_done = c->start };
	struct guest_page pg;
	uint16_t status;

	if (!copy_in(caller, io, c, cpu->hcall_in) || !pin_output(caller, io, c, &pg))
		return;
	status = find_target(&a, r);
	if (status == HV_STATUS_SUCCESS) {
		/* Nothing of an earlier call leaks through a handler that fills less. */
		if (c->out_bytes)
			memset(cpu->hcall_out, 0, c->out_bytes);
		status = r->fn(&a);
		write_output(c, io, &pg, &a, status);
	}
	if (a.target)
		partition_put(a.target);
	guest_mem_unpin(&pg);
	if (a.more && status == HV_STATUS_SUCCESS) {
		io->again = true;
		io->control = (io->control & ~(0xfffull << CTL_START_SHIFT)) |
			      (uint64_t)a.reps_done << CTL_START_SHIFT;
		return;
	}
	io->result = status;
	if (r->rep)
		io->result |= (uint64_t)a.reps_done << RESULT_REPS_SHIFT;
}

void hypercall_dispatch(struct vp *caller, struct hv_hcall_io *io)
{
	struct call c;
	uint16_t status;

	io->again = io->fault = false;
	c.row = hypercall_find(CTL_CODE(io->control));
	if (unlikely(!c.row)) {
		io->result = HV_STATUS_INVALID_HYPERCALL_CODE;
		return;
	}
	/* Privilege before anything that depends on the input (TLFS, "Ordering of error
	 * conditions"). */
	if ((caller->partition->privileges & c.row->privilege) != c.row->privilege) {
		io->result = HV_STATUS_ACCESS_DENIED;
		return;
	}
	status = parse(io, &c);
	if (status != HV_STATUS_SUCCESS) {
		io->result = status;
		return;
	}
	call(caller, io, &c);
}
