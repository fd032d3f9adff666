/* SPDX-License-Identifier: MIT */
/*
 * The functions of arch/arm64/hw/sysreg.h over a machine of the test's making: registers by name,
 * and one log of all that was written, invalidated and waited for, in order. State is in weak
 * objects, so that a test needs no source beside this header.
 */
#ifndef FAKE_SYSREG_H
#define FAKE_SYSREG_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_REGS    192u
#define FAKE_DID_MAX 4096u

struct fake_sysreg {
	const char *name;
	uint64_t value;
};
/* What was done: a register's name, or an instruction's ("tlbi vmalls12e1is", "dsb ish"). */
struct fake_did {
	const char *what;
	uint64_t value;
};

__attribute__((weak)) struct fake_sysreg fake_sysregs[FAKE_REGS];
__attribute__((weak)) struct fake_did fake_did[FAKE_DID_MAX];
__attribute__((weak)) uint32_t fake_did_count;
/* Runs inside each, after it is logged: to look at the state at just that moment. */
__attribute__((weak)) void (*fake_on)(const char *what, uint64_t value);
__attribute__((weak)) uint64_t fake_id[8][8];
/* What firmware answers, and what it was last asked. */
__attribute__((weak)) uint64_t fake_firmware_answer, fake_firmware_asked[4];

static inline uint64_t *fake_sysreg(const char *name)
{
	for (uint32_t i = 0; i < FAKE_REGS; i++) {
		if (!fake_sysregs[i].name)
			fake_sysregs[i].name = name;
		if (!strcmp(fake_sysregs[i].name, name))
			return &fake_sysregs[i].value;
	}
	abort();
}

static inline void fake_do(const char *what, uint64_t value)
{
	struct fake_did d = { what, value };

	if (fake_did_count == FAKE_DID_MAX)
		abort();
	fake_did[fake_did_count++] = d;
	if (fake_on)
		fake_on(what, value);
}

static inline void fake_hw_reset(void)
{
	memset(fake_sysregs, 0, sizeof(fake_sysregs));
	memset(fake_id, 0, sizeof(fake_id));
	fake_did_count = 0;
	fake_on = NULL;
	fake_firmware_answer = 0;
}

/* Index of the next such thing from `from` on, or -1. */
static inline int fake_next(const char *what, int from)
{
	for (uint32_t i = (uint32_t)from; i < fake_did_count; i++)
		if (!strcmp(fake_did[i].what, what))
			return (int)i;
	return -1;
}

#define read_sysreg(r) (*fake_sysreg(#r))
#define write_sysreg(r, v) \
	do { \
		uint64_t v_ = (uint64_t)(v); \
		*fake_sysreg(#r) = v_; \
		fake_do(#r, v_); \
	} while (0)

static inline uint64_t read_id(uint32_t crm, uint32_t op2)
{
	return fake_id[crm & 7][op2 & 7];
}

#define FAKE_INSN(fn, what) \
	static inline void fn(void) \
	{ \
		fake_do(what, 0); \
	}
FAKE_INSN(isb, "isb")
FAKE_INSN(dsb_ish, "dsb ish")
FAKE_INSN(dsb_ishst, "dsb ishst")
FAKE_INSN(dsb_nsh, "dsb nsh")
FAKE_INSN(dsb_sy, "dsb sy")
FAKE_INSN(tlbi_vmalls12e1is, "tlbi vmalls12e1is")
FAKE_INSN(tlbi_alle2, "tlbi alle2")
FAKE_INSN(tlbi_alle1, "tlbi alle1")
FAKE_INSN(ic_iallu, "ic iallu")
FAKE_INSN(ic_ialluis, "ic ialluis")
FAKE_INSN(cpu_sev, "sev")
FAKE_INSN(cpu_wfe, "wfe")
FAKE_INSN(cpu_wfi, "wfi")
#undef FAKE_INSN

static inline void dc_cvac(uint64_t va)
{
	fake_do("dc cvac", va);
}
static inline void dc_civac(uint64_t va)
{
	fake_do("dc civac", va);
}

static inline uint64_t fake_firmware(const char *how, uint64_t fn, uint64_t a, uint64_t b,
				     uint64_t c)
{
	fake_firmware_asked[0] = fn;
	fake_firmware_asked[1] = a;
	fake_firmware_asked[2] = b;
	fake_firmware_asked[3] = c;
	fake_do(how, fn);
	return fake_firmware_answer;
}
static inline uint64_t call_smc(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	return fake_firmware("smc", fn, a, b, c);
}
static inline uint64_t call_hvc(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	return fake_firmware("hvc", fn, a, b, c);
}

#endif
