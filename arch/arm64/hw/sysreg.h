/* SPDX-License-Identifier: MIT */
/*
 * System registers, barriers, TLB and cache maintenance of the arm64 core, alone in their folder so
 * that host tests can stand in for them (tests/fake_hw/arm64/sysreg.h).
 */
#ifndef SYSREG_H
#define SYSREG_H

#include <stdint.h>

#define read_sysreg(r) \
	({ \
		uint64_t v_; \
		__asm__ volatile("mrs %0, " #r : "=r"(v_)); \
		v_; \
	})
#define write_sysreg(r, v) __asm__ volatile("msr " #r ", %x0" : : "rZ"((uint64_t)(v)) : "memory")

/* ID space, op0 3, op1 0, CRn 0, CRm 1..7: unallocated encodings read as zero (Arm ARM, D19.3.1) */
static inline uint64_t read_id(uint32_t crm, uint32_t op2)
{
#define ID_CASE(m, o) \
	case (m)*8 + (o): \
		return read_sysreg(s3_0_c0_c##m##_##o);
#define ID_ROW(m) \
	ID_CASE(m, 0) \
	ID_CASE(m, 1) \
	ID_CASE(m, 2) \
	ID_CASE(m, 3) ID_CASE(m, 4) ID_CASE(m, 5) ID_CASE(m, 6) ID_CASE(m, 7)
	switch (crm * 8 + op2) {
		ID_ROW(1)
		ID_ROW(2)
		ID_ROW(3)
		ID_ROW(4)
		ID_ROW(5)
		ID_ROW(6)
		ID_ROW(7)
	default:
		return 0;
	}
#undef ID_ROW
#undef ID_CASE
}

static inline void isb(void)
{
	__asm__ volatile("isb" : : : "memory");
}
static inline void dsb_ish(void)
{
	__asm__ volatile("dsb ish" : : : "memory");
}
static inline void dsb_ishst(void)
{
	__asm__ volatile("dsb ishst" : : : "memory");
}
static inline void dsb_nsh(void)
{
	__asm__ volatile("dsb nsh" : : : "memory");
}
static inline void dsb_sy(void)
{
	__asm__ volatile("dsb sy" : : : "memory");
}

/* Stage 1 and 2 of the VMID in VTTBR_EL2, on every CPU of the inner shareable domain. */
static inline void tlbi_vmalls12e1is(void)
{
	__asm__ volatile("tlbi vmalls12e1is" : : : "memory");
}
/* EL2's own translations, on this CPU. */
static inline void tlbi_alle2(void)
{
	__asm__ volatile("tlbi alle2" : : : "memory");
}
/* EL1's translations of every VMID, on this CPU. */
static inline void tlbi_alle1(void)
{
	__asm__ volatile("tlbi alle1" : : : "memory");
}

static inline void dc_cvac(uint64_t va)
{
	__asm__ volatile("dc cvac, %0" : : "r"(va) : "memory");
}
static inline void dc_civac(uint64_t va)
{
	__asm__ volatile("dc civac, %0" : : "r"(va) : "memory");
}
static inline void ic_iallu(void)
{
	__asm__ volatile("ic iallu" : : : "memory");
}
static inline void ic_ialluis(void)
{
	__asm__ volatile("ic ialluis" : : : "memory");
}

static inline void cpu_sev(void)
{
	__asm__ volatile("sev" : : : "memory");
}
static inline void cpu_wfe(void)
{
	__asm__ volatile("wfe" : : : "memory");
}
static inline void cpu_wfi(void)
{
	__asm__ volatile("wfi" : : : "memory");
}

/* SMCCC 1.1: X0..X3 in and out; X4..X17 are the callee's. */
#define SMCCC_CALL(insn) \
	register uint64_t x0 __asm__("x0") = fn; \
	register uint64_t x1 __asm__("x1") = a; \
	register uint64_t x2 __asm__("x2") = b; \
	register uint64_t x3 __asm__("x3") = c; \
	__asm__ volatile(insn \
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) \
			 : \
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", \
			   "x15", "x16", "x17", "memory"); \
	return x0
static inline uint64_t call_smc(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	SMCCC_CALL("smc #0");
}
static inline uint64_t call_hvc(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	SMCCC_CALL("hvc #0");
}

#endif
