/* SPDX-License-Identifier: MIT */
/* First byte: mode. Second: how many bytes are there. The rest: code, then register values. */
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/common/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(c) \
	do { \
		if (!(c)) \
			abort(); \
	} while (0)

static void execute(const struct x86_insn *i, const uint8_t *data, size_t size)
{
	uint64_t gpr[16] = { 0 }, rflags = 2, store = 0, mem;
	bool stores = false;

	memcpy(gpr, data, size < sizeof(gpr) ? size : sizeof(gpr));
	mem = gpr[15];
	rflags |= gpr[14] & 0x8d5;
	x86_insn_execute(i, mem, gpr, &rflags, &store, &stores);
	CHECK((rflags & ~0x8d5ull) == 2);
	CHECK(!stores || (i->mem_is_dest && i->opsize));
	CHECK(!stores || i->opsize == 8 || store >> (8 * i->opsize) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum x86_decode_status s, cut;
	enum x86_mode mode;
	struct x86_insn i, j;
	uint8_t *code;
	size_t n;

	if (size < 2)
		return 0;
	mode = (enum x86_mode)(data[0] % 3);
	n = data[1] % 18;
	if (n > size - 2)
		n = size - 2;
	code = malloc(n + 1);
	CHECK(code);
	/* at the end of the block: a read past n is seen */
	memcpy(code + 1, data + 2, n);
	s = x86_decode(code + 1, n, mode, &i);
	CHECK(s != X86_DECODE_OK || (i.len >= 1 && i.len <= 15 && i.len <= n));
	CHECK(n < 15 || s != X86_DECODE_SHORT);
	if (s == X86_DECODE_OK) {
		for (size_t k = 0; k < i.len; k++) {
			cut = x86_decode(data + 2, k, mode, &j);
			CHECK(cut == X86_DECODE_SHORT);
		}
		if (i.mem && i.op != X86_OP_NONE)
			execute(&i, data + 2 + n, size - 2 - n);
	}
	free(code);
	return 0;
}
