/* SPDX-License-Identifier: MIT */
#include "tests/root/save.h"

#include <stdio.h>
#include <string.h>

const char *save_name(enum save_category c)
{
	return save_rows[c].name;
}

static uint8_t *bytes(const struct saved_vp *s, const struct save_row *r)
{
	return (uint8_t *)(uintptr_t)s + r->at;
}

static uint32_t index_of(const struct save_row *r, uint32_t vp)
{
	return r->shared ? WHV_ANY_VP : vp;
}

bool save_vp(struct vm *vm, uint32_t vp, struct saved_vp *s)
{
	memset(s, 0, sizeof(*s));
	for (uint32_t c = 0; c < SAVE_CATEGORIES; c++) {
		const struct save_row *r = &save_rows[c];
		HRESULT hr;

		if (r->shared && vp)
			continue;
		if (r->room) {
			hr = WHvGetVirtualProcessorState(vm->p, index_of(r, vp), r->type,
							 bytes(s, r), (uint32_t)r->room,
							 &s->size[c]);
			if (r->optional && hr == E_INVALIDARG)
				continue;
			if (!ok(r->name, hr))
				return false;
		}
		if (r->count && !ok(r->name, WHvGetVirtualProcessorRegisters(vm->p, vp, r->regs,
									     r->count, s->regs[c])))
			return false;
		s->here[c] = true;
	}
	return true;
}

/*
 * Registers first, then what is checked against them; message page before timers (docs/state.md):
 * the order of the rows.
 */
bool restore_vp(struct vm *vm, uint32_t vp, const struct saved_vp *s, enum save_category skip)
{
	for (uint32_t c = 0; c < SAVE_CATEGORIES; c++) {
		const struct save_row *r = &save_rows[c];

		if (c == skip || !s->here[c])
			continue;
		if (r->count && !ok(r->name, WHvSetVirtualProcessorRegisters(vm->p, vp, r->regs,
									     r->count, s->regs[c])))
			return false;
		if (r->room &&
		    !ok(r->name, WHvSetVirtualProcessorState(vm->p, index_of(r, vp), r->type,
							     bytes(s, r), s->size[c])))
			return false;
	}
	return true;
}

const WHV_REGISTER_VALUE *saved_register(const struct saved_vp *s, enum save_category c,
					 WHV_REGISTER_NAME name)
{
	for (uint32_t i = 0; i < save_rows[c].count; i++)
		if (save_rows[c].regs[i] == name)
			return &s->regs[c][i];
	return NULL;
}

unsigned long long saved64(const struct saved_vp *s, enum save_category c, WHV_REGISTER_NAME name)
{
	return saved_register(s, c, name)->Reg64;
}
