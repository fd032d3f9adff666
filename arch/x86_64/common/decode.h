/* SPDX-License-Identifier: MIT */
/*
 * A small x86 decoder: lengths of every instruction of the one- and two-byte maps, and the meaning
 * of those that software uses on device memory (Intel SDM vol. 2, appendix A). Pure.
 */
#ifndef X86_DECODE_H
#define X86_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum x86_mode { X86_MODE_16, X86_MODE_32, X86_MODE_64 };

enum x86_op {
	X86_OP_NONE, /* length only */
	X86_OP_MOV,
	X86_OP_MOVZX,
	X86_OP_MOVSX,
	X86_OP_ADD, /* ADD .. CMP in the order of opcode bits 5:3 */
	X86_OP_OR,
	X86_OP_ADC,
	X86_OP_SBB,
	X86_OP_AND,
	X86_OP_SUB,
	X86_OP_XOR,
	X86_OP_CMP,
	X86_OP_TEST,
	X86_OP_XCHG,
	X86_OP_NOT, /* from here on only BT may not have LOCK */
	X86_OP_NEG,
	X86_OP_INC,
	X86_OP_DEC,
	X86_OP_BT, /* BT .. BTC in the order of opcode bits 4:3 */
	X86_OP_BTS,
	X86_OP_BTR,
	X86_OP_BTC,
	X86_OP_CMPXCHG,
};

struct x86_insn {
	uint8_t len;
	uint8_t op;	 /* enum x86_op */
	uint8_t opsize;	 /* bytes of the memory operand */
	uint8_t regsize; /* bytes of the register operand (MOVZX and MOVSX: larger) */
	uint8_t addr_size;
	bool mem; /* has a memory operand */
	bool mem_is_dest;
	bool imm;
	uint8_t reg;   /* register operand */
	bool reg_high; /* AH, CH, DH, BH */
	int64_t imm_value;
	uint8_t seg;		    /* override: 0 none, else the prefix byte */
	uint8_t base, index, scale; /* 0xff: none */
	int64_t disp;
	bool rip_relative;
	bool rep, repne, lock;
};

enum x86_decode_status {
	X86_DECODE_OK,
	X86_DECODE_SHORT,    /* more bytes are needed */
	X86_DECODE_UNKNOWN,  /* not in the maps */
	X86_DECODE_TOO_LONG, /* over 15 bytes */
	X86_DECODE_UD,	     /* LOCK where it is not allowed */
};

enum x86_decode_status x86_decode(const uint8_t *bytes, size_t n, enum x86_mode mode,
				  struct x86_insn *out);

/*
 * Where the opcode starts, behind the prefixes; *rex: the one that counts, or 0. n: the bytes are
 * nothing but prefixes.
 */
size_t x86_opcode_at(const uint8_t *bytes, size_t n, enum x86_mode mode, uint8_t *rex);

/* Does executing it need the memory operand's old value? */
bool x86_insn_needs_read(const struct x86_insn *i);
/*
 * Execute over values. gpr in ModRM order. *stores: *store_value goes to memory. Register writes
 * of 32 bits clear the upper half, smaller ones merge.
 */
void x86_insn_execute(const struct x86_insn *i, uint64_t mem_value, uint64_t gpr[16],
		      uint64_t *rflags, uint64_t *store_value, bool *stores);

#endif
