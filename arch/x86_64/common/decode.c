/* SPDX-License-Identifier: MIT */
#include "arch/x86_64/common/decode.h"

#include <string.h>

#define INSN_MAX 15u

/* What follows an opcode */
#define M 1u   /* ModRM */
#define B 2u   /* imm8 */
#define Z 4u   /* imm16 or imm32 by operand size */
#define V 8u   /* imm up to 64 bits by operand size (MOV r, imm) */
#define W 16u  /* imm16 */
#define O 32u  /* moffs, by address size */
#define X 64u  /* not an instruction in 64-bit mode */
#define U 128u /* not known */

/* One-byte map, SDM vol. 2, table A-2. Prefixes and the 0F escape never get here. */
static const uint8_t one[256] = {
	/* 00 */ M,
	M,
	M,
	M,
	B,
	Z,
	X,
	X,
	M,
	M,
	M,
	M,
	B,
	Z,
	X,
	U,
	/* 10 */ M,
	M,
	M,
	M,
	B,
	Z,
	X,
	X,
	M,
	M,
	M,
	M,
	B,
	Z,
	X,
	X,
	/* 20 */ M,
	M,
	M,
	M,
	B,
	Z,
	U,
	X,
	M,
	M,
	M,
	M,
	B,
	Z,
	U,
	X,
	/* 30 */ M,
	M,
	M,
	M,
	B,
	Z,
	U,
	X,
	M,
	M,
	M,
	M,
	B,
	Z,
	U,
	X,
	/* 40 */ X,
	X,
	X,
	X,
	X,
	X,
	X,
	X,
	X,
	X,
	X,
	X,
	X,
	X,
	X,
	X,
	/* 50 */ 0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	/* 60 */ X,
	X,
	M | X,
	M,
	U,
	U,
	U,
	U,
	Z,
	M | Z,
	B,
	M | B,
	0,
	0,
	0,
	0,
	/* 70 */ B,
	B,
	B,
	B,
	B,
	B,
	B,
	B,
	B,
	B,
	B,
	B,
	B,
	B,
	B,
	B,
	/* 80 */ M | B,
	M | Z,
	M | B | X,
	M | B,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	/* 90 */ 0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	Z | W | X,
	0,
	0,
	0,
	0,
	0,
	/* a0 */ O,
	O,
	O,
	O,
	0,
	0,
	0,
	0,
	B,
	Z,
	0,
	0,
	0,
	0,
	0,
	0,
	/* b0 */ B,
	B,
	B,
	B,
	B,
	B,
	B,
	B,
	V,
	V,
	V,
	V,
	V,
	V,
	V,
	V,
	/* c0 */ M | B,
	M | B,
	W,
	0,
	M | X,
	M | X,
	M | B,
	M | Z,
	W | B,
	0,
	W,
	0,
	0,
	B,
	X,
	0,
	/* d0 */ M,
	M,
	M,
	M,
	B | X,
	B | X,
	U,
	0,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	/* e0 */ B,
	B,
	B,
	B,
	B,
	B,
	B,
	B,
	Z,
	Z,
	Z | W | X,
	B,
	0,
	0,
	0,
	0,
	/* f0 */ U,
	0,
	U,
	U,
	0,
	0,
	M,
	M,
	0,
	0,
	0,
	0,
	0,
	0,
	M,
	M,
};

/* Two-byte map (0F xx), table A-3. 0F 38 and 0F 3A are handled apart. */
static const uint8_t two[256] = {
	/* 00 */ M,
	M,
	M,
	M,
	U,
	0,
	0,
	0,
	0,
	0,
	U,
	0,
	U,
	M,
	0,
	U,
	/* 10 */ M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	/* 20 */ M,
	M,
	M,
	M,
	U,
	U,
	U,
	U,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	/* 30 */ 0,
	0,
	0,
	0,
	0,
	0,
	U,
	0,
	U,
	U,
	U,
	U,
	U,
	U,
	U,
	U,
	/* 40 */ M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	/* 50 */ M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	/* 60 */ M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	/* 70 */ M | B,
	M | B,
	M | B,
	M | B,
	M,
	M,
	M,
	0,
	M,
	M,
	U,
	U,
	M,
	M,
	M,
	M,
	/* 80 */ Z,
	Z,
	Z,
	Z,
	Z,
	Z,
	Z,
	Z,
	Z,
	Z,
	Z,
	Z,
	Z,
	Z,
	Z,
	Z,
	/* 90 */ M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	/* a0 */ 0,
	0,
	0,
	M,
	M | B,
	M,
	U,
	U,
	0,
	0,
	0,
	M,
	M | B,
	M,
	M,
	M,
	/* b0 */ M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M | B,
	M,
	M,
	M,
	M,
	M,
	/* c0 */ M,
	M,
	M | B,
	M,
	M | B,
	M | B,
	M | B,
	M,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	/* d0 */ M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	/* e0 */ M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	/* f0 */ M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
	M,
};

struct cursor {
	const uint8_t *b;
	size_t n, at;
	enum x86_mode mode;
	uint8_t rex;
	bool opsize, addrsize; /* prefixes 66 and 67 */
	uint8_t osize;	       /* 2, 4 or 8 */
	uint8_t modrm;
};

static bool take(struct cursor *c, uint32_t bytes, int64_t *v)
{
	uint64_t raw = 0;

	if (c->at + bytes > c->n)
		return false;
	for (uint32_t i = 0; i < bytes; i++)
		raw |= (uint64_t)c->b[c->at + i] << (8 * i);
	c->at += bytes;
	if (bytes && bytes < 8 && raw >> (8 * bytes - 1) & 1)
		raw |= ~0ull << (8 * bytes);
	*v = (int64_t)raw;
	return true;
}

static bool prefixes(struct cursor *c, struct x86_insn *o)
{
	for (;; c->at++) {
		if (c->at >= c->n)
			return false;
		if (c->mode == X86_MODE_64 && (c->b[c->at] & 0xf0) == 0x40) {
			c->rex = c->b[c->at];
			continue;
		}
		switch (c->b[c->at]) {
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
			o->seg = c->b[c->at];
			break;
		case 0x66:
			c->opsize = true;
			break;
		case 0x67:
			c->addrsize = true;
			break;
		case 0xf0:
			o->lock = true;
			break;
		case 0xf2:
		case 0xf3: /* the last one counts */
			o->repne = c->b[c->at] == 0xf2;
			o->rep = !o->repne;
			break;
		default:
			return true;
		}
		c->rex = 0; /* REX counts only right before the opcode (SDM vol. 2, 2.2.1) */
	}
}

size_t x86_opcode_at(const uint8_t *bytes, size_t n, enum x86_mode mode, uint8_t *rex)
{
	struct cursor c = { .b = bytes, .n = n, .mode = mode };
	struct x86_insn o;

	if (!prefixes(&c, &o))
		return n;
	*rex = c.rex;
	return c.at;
}

static bool modrm16(struct cursor *c, struct x86_insn *o)
{
	static const uint8_t base[8] = { 3, 3, 5, 5, 6, 7, 5, 3 };
	static const uint8_t index[8] = { 6, 7, 6, 7, 0xff, 0xff, 0xff, 0xff };
	uint8_t mod = c->modrm >> 6, rm = c->modrm & 7;

	o->base = base[rm];
	o->index = index[rm];
	if (mod == 0 && rm == 6) {
		o->base = 0xff;
		return take(c, 2, &o->disp);
	}
	return mod == 0 || take(c, mod, &o->disp);
}

static bool modrm(struct cursor *c, struct x86_insn *o, bool registers)
{
	uint8_t mod, rm, sib;

	if (c->at >= c->n)
		return false;
	c->modrm = c->b[c->at++];
	mod = registers ? 3 : c->modrm >> 6;
	rm = c->modrm & 7;
	o->reg = (uint8_t)((c->modrm >> 3 & 7) | (c->rex & 4) << 1);
	o->mem = mod != 3;
	if (!o->mem) {
		o->base = (uint8_t)(rm | (c->rex & 1) << 3);
		return true;
	}
	if (o->addr_size == 2)
		return modrm16(c, o);
	o->base = (uint8_t)(rm | (c->rex & 1) << 3);
	if (rm == 4) {
		if (c->at >= c->n)
			return false;
		sib = c->b[c->at++];
		o->base = (uint8_t)((sib & 7) | (c->rex & 1) << 3);
		o->index = (uint8_t)((sib >> 3 & 7) | (c->rex & 2) << 2);
		o->scale = sib >> 6;
		if (o->index == 4)
			o->index = 0xff;
		if ((sib & 7) == 5 && mod == 0) {
			o->base = 0xff;
			return take(c, 4, &o->disp);
		}
	} else if (rm == 5 && mod == 0) {
		o->base = 0xff;
		o->rip_relative = c->mode == X86_MODE_64;
		return take(c, 4, &o->disp);
	}
	return mod == 0 || take(c, mod == 1 ? 1 : 4, &o->disp);
}

static bool immediate(struct cursor *c, struct x86_insn *o, uint8_t f, uint8_t opcode)
{
	int64_t v;

	if (f & W && !take(c, 2, &v))
		return false;
	if (f & B) {
		o->imm = true;
		if (!take(c, 1, &o->imm_value))
			return false;
	}
	/* TEST is the only one of group 3 with an immediate */
	if (!(f & (B | Z | V | O)) && (opcode == 0xf6 || opcode == 0xf7) &&
	    (c->modrm >> 3 & 7) < 2) {
		o->imm = true;
		return take(c, opcode == 0xf6 ? 1 : c->osize == 2 ? 2 : 4, &o->imm_value);
	}
	if (f & Z) {
		o->imm = true;
		return take(c, c->osize == 2 ? 2 : 4, &o->imm_value);
	}
	if (f & V)
		return take(c, c->osize, &o->imm_value);
	return !(f & O) || take(c, o->addr_size, &o->disp);
}

static void reg_operand(const struct cursor *c, struct x86_insn *o, uint8_t size)
{
	o->opsize = o->regsize = size;
	if (size == 1 && !c->rex && o->reg >= 4 && o->reg < 8) {
		o->reg_high = true;
		o->reg -= 4;
	}
}

/* Groups 3, 4 and 5: the one-operand operations. */
static void meaning_unary(const struct cursor *c, struct x86_insn *o, uint8_t op)
{
	uint8_t sub = c->modrm >> 3 & 7;

	if ((op == 0xf6 || op == 0xf7) && (sub == 2 || sub == 3))
		o->op = sub == 2 ? X86_OP_NOT : X86_OP_NEG;
	else if ((op == 0xfe || op == 0xff) && sub < 2)
		o->op = sub ? X86_OP_DEC : X86_OP_INC;
	else
		return;
	o->mem_is_dest = true;
	o->opsize = o->regsize = op & 1 ? c->osize : 1;
}

/* The meaning of what is used on device memory; everything else keeps X86_OP_NONE. */
static void meaning_one(const struct cursor *c, struct x86_insn *o, uint8_t op)
{
	uint8_t size = op & 1 ? c->osize : 1;

	if (op < 0x40 && (op & 7) < 4) {
		o->op = (uint8_t)(X86_OP_ADD + (op >> 3));
		o->mem_is_dest = !(op & 2);
		reg_operand(c, o, size);
	} else if (op >= 0x80 && op <= 0x83 && op != 0x82) {
		o->op = (uint8_t)(X86_OP_ADD + (c->modrm >> 3 & 7));
		o->mem_is_dest = true;
		o->opsize = o->regsize = size;
	} else if (op == 0x84 || op == 0x85) {
		o->op = X86_OP_TEST;
		o->mem_is_dest = true;
		reg_operand(c, o, size);
	} else if (op == 0x86 || op == 0x87) {
		o->op = X86_OP_XCHG;
		o->mem_is_dest = true;
		reg_operand(c, o, size);
	} else if (op >= 0x88 && op <= 0x8b) {
		o->op = X86_OP_MOV;
		o->mem_is_dest = !(op & 2);
		reg_operand(c, o, size);
	} else if (op >= 0xa0 && op <= 0xa3) {
		o->op = X86_OP_MOV;
		o->mem = true;
		o->mem_is_dest = op >= 0xa2;
		o->base = 0xff;
		o->reg = 0;
		o->opsize = o->regsize = size;
	} else if ((op == 0xc6 || op == 0xc7) && (c->modrm >> 3 & 7) == 0) {
		o->op = X86_OP_MOV;
		o->mem_is_dest = true;
		o->opsize = o->regsize = size;
	} else if ((op == 0xf6 || op == 0xf7) && (c->modrm >> 3 & 7) < 2) {
		o->op = X86_OP_TEST;
		o->mem_is_dest = true;
		o->opsize = o->regsize = size;
	} else if (op == 0x63 && c->mode == X86_MODE_64) {
		o->op = X86_OP_MOVSX;
		o->opsize = c->osize == 2 ? 2 : 4;
		o->regsize = c->osize;
	} else {
		meaning_unary(c, o, op);
	}
}

static void meaning_two(const struct cursor *c, struct x86_insn *o, uint8_t op)
{
	bool group8 = op == 0xba && (c->modrm >> 3 & 7) >= 4;

	if (group8 || op == 0xa3 || op == 0xab || op == 0xb3 || op == 0xbb) {
		o->op = (uint8_t)(X86_OP_BT + ((group8 ? c->modrm >> 3 : op >> 3) & 3));
		o->mem_is_dest = true;
		o->opsize = o->regsize = c->osize;
	} else if (op == 0xb0 || op == 0xb1) {
		o->op = X86_OP_CMPXCHG;
		o->mem_is_dest = true;
		reg_operand(c, o, op & 1 ? c->osize : 1);
	} else if (op == 0xc3 && o->mem && !c->opsize && !o->rep && !o->repne) {
		o->op = X86_OP_MOV; /* MOVNTI */
		o->mem_is_dest = true;
		reg_operand(c, o, c->osize == 2 ? 4 : c->osize);
	} else if (op == 0xb6 || op == 0xb7 || op == 0xbe || op == 0xbf) {
		o->op = op < 0xb8 ? X86_OP_MOVZX : X86_OP_MOVSX;
		o->opsize = op & 1 ? 2 : 1;
		o->regsize = c->osize;
	}
}

static bool lock_allowed(const struct x86_insn *o)
{
	return o->mem && o->mem_is_dest &&
	       ((o->op >= X86_OP_ADD && o->op <= X86_OP_XOR) || o->op == X86_OP_XCHG ||
		(o->op >= X86_OP_NOT && o->op != X86_OP_BT));
}

/* Opcode, ModRM and immediate. False: bytes ran out; *known false: not in the maps. */
static bool body(struct cursor *c, struct x86_insn *o, bool *known)
{
	uint8_t op = c->b[c->at++], f;
	bool escape = op == 0x0f;

	if (escape) {
		if (c->at >= c->n)
			return false;
		op = c->b[c->at++];
		if (op == 0x38 || op == 0x3a) {
			f = op == 0x3a ? M | B : M;
			if (c->at++ >= c->n)
				return false;
		} else {
			f = two[op];
		}
	} else {
		f = one[op];
	}
	if (f & U || (f & X && c->mode == X86_MODE_64)) {
		*known = false;
		return true;
	}
	/* LES, LDS and BOUND take memory only: with mod 3 they are VEX and EVEX (SDM vol. 2, 2.3)
	 */
	if (!escape && (op == 0xc4 || op == 0xc5 || op == 0x62)) {
		if (c->at >= c->n)
			return false;
		if (c->b[c->at] >= 0xc0) {
			*known = false;
			return true;
		}
	}
	/* MOV to and from control and debug registers: mod is taken as 3 (SDM vol. 2, MOV) */
	if (f & M && !modrm(c, o, escape && op >= 0x20 && op <= 0x23))
		return false;
	if (!immediate(c, o, escape ? f : (uint8_t)(f & ~X), escape ? 0 : op))
		return false;
	if (escape)
		meaning_two(c, o, op);
	else
		meaning_one(c, o, op);
	return true;
}

enum x86_decode_status x86_decode(const uint8_t *bytes, size_t n, enum x86_mode mode,
				  struct x86_insn *o)
{
	struct cursor c = { .b = bytes, .n = n < INSN_MAX ? n : INSN_MAX, .mode = mode };
	bool known = true;

	memset(o, 0, sizeof(*o));
	o->base = o->index = 0xff;
	if (!prefixes(&c, o))
		goto out_of_bytes;
	c.osize = mode == X86_MODE_16 ? (c.opsize ? 4 : 2) : (c.opsize ? 2 : 4);
	if (c.rex & 8)
		c.osize = 8;
	o->addr_size = mode == X86_MODE_64		     ? (c.addrsize ? 4 : 8)
		       : (mode == X86_MODE_32) == c.addrsize ? 2
							     : 4;
	if (!body(&c, o, &known))
		goto out_of_bytes;
	if (!known)
		return X86_DECODE_UNKNOWN;
	if (o->lock && o->op != X86_OP_NONE && !lock_allowed(o))
		return X86_DECODE_UD;
	o->len = (uint8_t)c.at;
	return X86_DECODE_OK;
out_of_bytes:
	return n >= INSN_MAX ? X86_DECODE_TOO_LONG : X86_DECODE_SHORT;
}

bool x86_insn_needs_read(const struct x86_insn *i)
{
	return i->mem && !(i->op == X86_OP_MOV && i->mem_is_dest) && i->op != X86_OP_NONE;
}

static uint64_t mask_of(uint8_t size)
{
	return size == 8 ? ~0ull : (1ull << (8 * size)) - 1;
}

static uint64_t reg_get(const struct x86_insn *i, const uint64_t gpr[16])
{
	return (i->reg_high ? gpr[i->reg] >> 8 : gpr[i->reg]) & mask_of(i->regsize);
}

static void reg_put(const struct x86_insn *i, uint64_t gpr[16], uint64_t v)
{
	uint64_t m = mask_of(i->regsize);

	if (i->reg_high)
		gpr[i->reg] = (gpr[i->reg] & ~0xff00ull) | (v & 0xff) << 8;
	else if (i->regsize >= 4)
		gpr[i->reg] = v & m;
	else
		gpr[i->reg] = (gpr[i->reg] & ~m) | (v & m);
}

#define F_CF 0x001ull
#define F_PF 0x004ull
#define F_AF 0x010ull
#define F_ZF 0x040ull
#define F_SF 0x080ull
#define F_OF 0x800ull

static uint64_t flags_of(uint64_t r, uint8_t size)
{
	uint64_t f = 0, sign = 1ull << (8 * size - 1);

	if (!(r & mask_of(size)))
		f |= F_ZF;
	if (r & sign)
		f |= F_SF;
	if (!(__builtin_popcountll(r & 0xff) & 1))
		f |= F_PF;
	return f;
}

static uint64_t arithmetic(uint8_t op, uint64_t a, uint64_t b, uint8_t size, uint64_t *rflags)
{
	uint64_t m = mask_of(size), sign = 1ull << (8 * size - 1), r, f;
	uint64_t carry = *rflags & F_CF;

	switch (op) {
	case X86_OP_ADD:
	case X86_OP_ADC:
		carry = op == X86_OP_ADC ? carry : 0;
		r = (a + b + carry) & m;
		f = flags_of(r, size);
		if (r < a || (carry && r == a))
			f |= F_CF;
		if (~(a ^ b) & (a ^ r) & sign)
			f |= F_OF;
		f |= (a ^ b ^ r) & F_AF;
		break;
	case X86_OP_SUB:
	case X86_OP_SBB:
	case X86_OP_CMP:
		carry = op == X86_OP_SBB ? carry : 0;
		r = (a - b - carry) & m;
		f = flags_of(r, size);
		if (a < b || (carry && a == b))
			f |= F_CF;
		if ((a ^ b) & (a ^ r) & sign)
			f |= F_OF;
		f |= (a ^ b ^ r) & F_AF;
		break;
	case X86_OP_OR:
		r = a | b;
		f = flags_of(r, size);
		break;
	case X86_OP_XOR:
		r = a ^ b;
		f = flags_of(r, size);
		break;
	default: /* AND, TEST */
		r = a & b;
		f = flags_of(r, size);
		break;
	}
	*rflags = (*rflags & ~(F_CF | F_PF | F_AF | F_ZF | F_SF | F_OF)) | f;
	return r;
}

/* NOT, NEG, INC and DEC. */
static uint64_t unary(const struct x86_insn *i, uint64_t v, uint64_t *rflags)
{
	uint64_t carry = *rflags & F_CF, r;

	if (i->op == X86_OP_NOT)
		return ~v & mask_of(i->opsize);
	if (i->op == X86_OP_NEG)
		return arithmetic(X86_OP_SUB, 0, v, i->opsize, rflags);
	r = arithmetic(i->op == X86_OP_INC ? X86_OP_ADD : X86_OP_SUB, v, 1, i->opsize, rflags);
	*rflags = (*rflags & ~F_CF) | carry; /* INC and DEC leave CF alone */
	return r;
}

/* The bit offset counts within the operand: its higher bits are part of the address. */
static uint64_t bit_test(const struct x86_insn *i, uint64_t v, uint64_t offset, uint64_t *rflags)
{
	uint64_t bit = 1ull << (offset & (8u * i->opsize - 1));

	*rflags = (*rflags & ~F_CF) | (v & bit ? F_CF : 0);
	if (i->op == X86_OP_BTS)
		return v | bit;
	if (i->op == X86_OP_BTR)
		return v & ~bit;
	return i->op == X86_OP_BTC ? v ^ bit : v;
}

/* Memory is written either way (SDM vol. 2, CMPXCHG); the accumulator only on a mismatch. */
static uint64_t cmpxchg(const struct x86_insn *i, uint64_t v, uint64_t src, uint64_t gpr[16],
			uint64_t *rflags)
{
	struct x86_insn acc = { .regsize = i->regsize };

	(void)arithmetic(X86_OP_CMP, reg_get(&acc, gpr), v, i->opsize, rflags);
	if (*rflags & F_ZF)
		return src;
	reg_put(&acc, gpr, v);
	return v;
}

void x86_insn_execute(const struct x86_insn *i, uint64_t mem, uint64_t gpr[16], uint64_t *rflags,
		      uint64_t *store, bool *stores)
{
	uint64_t m = mask_of(i->opsize), other, r;

	*stores = false;
	*store = 0;
	mem &= m;
	other = (i->imm						  ? (uint64_t)i->imm_value
		 : i->op == X86_OP_MOVZX || i->op == X86_OP_MOVSX ? 0
								  : reg_get(i, gpr)) &
		m;
	switch (i->op) {
	case X86_OP_MOV:
		*stores = i->mem_is_dest;
		*store = i->mem_is_dest ? other : 0;
		if (!i->mem_is_dest)
			reg_put(i, gpr, mem);
		return;
	case X86_OP_MOVZX:
		reg_put(i, gpr, mem);
		return;
	case X86_OP_MOVSX:
		reg_put(i, gpr, mem & (1ull << (8 * i->opsize - 1)) ? mem | ~m : mem);
		return;
	case X86_OP_XCHG:
		*stores = true;
		*store = other;
		reg_put(i, gpr, mem);
		return;
	case X86_OP_NOT:
	case X86_OP_NEG:
	case X86_OP_INC:
	case X86_OP_DEC:
		*stores = true;
		*store = unary(i, mem, rflags);
		return;
	case X86_OP_BT:
		(void)bit_test(i, mem, other, rflags);
		return;
	case X86_OP_BTS:
	case X86_OP_BTR:
	case X86_OP_BTC:
		*stores = true;
		*store = bit_test(i, mem, other, rflags);
		return;
	case X86_OP_CMPXCHG:
		*stores = true;
		*store = cmpxchg(i, mem, other, gpr, rflags);
		return;
	case X86_OP_NONE:
		return;
	default:
		break;
	}
	r = i->mem_is_dest ? arithmetic(i->op, mem, other, i->opsize, rflags)
			   : arithmetic(i->op, other, mem, i->opsize, rflags);
	if (i->op == X86_OP_CMP || i->op == X86_OP_TEST)
		return;
	if (i->mem_is_dest) {
		*stores = true;
		*store = r;
	} else {
		reg_put(i, gpr, r);
	}
}
