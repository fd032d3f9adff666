/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "arch/x86_64/common/gva.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/task.h"

bool task_fault(struct task *t, uint8_t vector, uint32_t error)
{
	t->faults = true;
	t->vector = vector;
	t->has_error = true;
	/* #PF's code has no EXT */
	t->error = error | (vector != VEC_PF && t->ex->task.external ? 1u : 0);
	return false;
}

static bool absent(struct task *t, gpa_t gpa, uint32_t access, enum guest_mem_result r)
{
	t->absent = true;
	t->gpa = gpa;
	t->access = access;
	t->unmapped = r == GUEST_MEM_UNMAPPED;
	return false;
}

/*
 * Accessed and dirty bits are set as by the CPU, which sets them too for an access that it makes
 * again after a fault (SDM vol. 3, 4.8).
 */
static bool translate(struct task *t, uint32_t lin, uint32_t access, gpa_t *gpa)
{
	struct gva_fault f;

	switch (gva_translate_by(t->vp, t->cr3, GVA(lin), access | t->smap | GVA_SET_AD, gpa, &f)) {
	case GVA_OK:
		return true;
	case GVA_NO_MEMORY:
		return absent(t, f.gpa, f.write ? SLAT_W : SLAT_R, f.mem);
	case GVA_NOT_PRESENT:
	case GVA_PRIVILEGE:
	case GVA_RESERVED:
	default:
		t->cr2 = lin;
		return task_fault(t, VEC_PF, f.error);
	}
}

/* What is to be written there, as if it were. */
static void overlay(const struct task *t, gpa_t at, uint8_t *b, uint32_t len)
{
	for (uint32_t i = 0; i < t->writes; i++) {
		const struct task_write *w = &t->write[i];

		for (uint32_t k = 0; k < w->len; k++) {
			uint64_t off = w->at.v + k - at.v;

			if (off >= len)
				continue;
			if (w->op == TASK_OR)
				b[off] |= w->bytes[k];
			else if (w->op == TASK_AND)
				b[off] &= w->bytes[k];
			else
				b[off] = w->bytes[k];
		}
	}
}

static uint32_t in_page(uint64_t at, uint32_t len)
{
	return (uint32_t)MIN(len, PAGE_SIZE - (at & (PAGE_SIZE - 1)));
}

/* Does not cross a page. */
bool task_read_physical(struct task *t, gpa_t at, void *buf, uint32_t len)
{
	enum guest_mem_result r = guest_mem_read(t->vp->partition, at, buf, len, NULL);

	if (r != GUEST_MEM_OK)
		return absent(t, at, SLAT_R, r);
	overlay(t, at, buf, len);
	return true;
}

bool task_read(struct task *t, uint32_t lin, void *buf, uint32_t len)
{
	uint8_t *b = buf;

	while (len) {
		uint32_t n = in_page(lin, len);
		gpa_t at;

		if (!translate(t, lin, GVA_READ, &at) || !task_read_physical(t, at, b, n))
			return false;
		lin += n;
		b += n;
		len -= n;
	}
	return true;
}

static struct task_write *add(struct task *t, gpa_t at, enum task_write_op op, uint32_t len)
{
	struct task_write *w = &t->write[t->writes++];

	w->at = at;
	w->op = (uint8_t)op;
	w->len = (uint8_t)len;
	return w;
}

bool task_store(struct task *t, uint32_t lin, const void *buf, uint32_t len, uint32_t access)
{
	const uint8_t *b = buf;
	uint32_t before = t->writes;

	while (len) {
		uint32_t n = in_page(lin, len);
		gpa_t at;

		if (!translate(t, lin, access | GVA_WRITE, &at)) {
			t->writes = before; /* all or nothing */
			return false;
		}
		memcpy(add(t, at, TASK_COPY, n)->bytes, b, n);
		lin += n;
		b += n;
		len -= n;
	}
	return true;
}

bool task_change(struct task *t, uint32_t lin, enum task_write_op op, uint8_t v, uint8_t was)
{
	struct task_write *w;
	gpa_t at;

	if (!translate(t, lin, GVA_WRITE, &at))
		return false;
	w = add(t, at, op, 1);
	w->bytes[0] = v;
	w->was = was;
	return true;
}

void task_let_go(struct task *t)
{
	while (t->writes > 0)
		guest_mem_unpin(&t->write[--t->writes].page);
}

bool task_hold(struct task *t)
{
	for (uint32_t i = 0; i < t->writes; i++) {
		struct task_write *w = &t->write[i];
		enum guest_mem_result r =
			guest_mem_pin(t->vp->partition, w->at, SLAT_R | SLAT_W, &w->page);

		if (r == GUEST_MEM_OK)
			continue;
		t->writes = i;
		task_let_go(t);
		return absent(t, w->at, SLAT_W, r);
	}
	return true;
}

/* The lock is the first of all, if there is one. */
bool task_write_out(struct task *t)
{
	for (uint32_t i = 0; i < t->writes; i++) {
		struct task_write *w = &t->write[i];
		uint8_t *p = (uint8_t *)w->page.ptr + (w->at.v & (PAGE_SIZE - 1));

		switch (w->op) {
		case TASK_LOCK:
			if (!atomic_cas(p, &w->was, w->bytes[0]))
				return false;
			break;
		case TASK_OR:
			(void)atomic_or(p, w->bytes[0]);
			break;
		case TASK_AND:
			(void)atomic_and(p, w->bytes[0]);
			break;
		case TASK_COPY:
		default:
			memcpy(p, w->bytes, w->len);
			break;
		}
	}
	return true;
}
