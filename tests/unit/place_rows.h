/* SPDX-License-Identifier: MIT */
/* What the place op of either back end has to say. */
#ifndef TESTS_PLACE_ROWS_H
#define TESTS_PLACE_ROWS_H

#include <string.h>

#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/virt.h"

/* Where a VP stands: 64-bit code has no base, L counts in long mode alone, VM86 and real mode are
 * 16 bits. */
static inline void check_place(const struct virt_ops *ops, struct vp *v)
{
	static const struct {
		uint64_t cr0, efer, rflags;
		uint16_t ar;
		uint64_t linear;
		uint8_t mode;
		bool in_protected;
	} t[] = {
		{ CR0_PE | CR0_PG, EFER_LME | EFER_LMA, 0, 0xa09b, 0xfff00456, X86_MODE_64, true },
		{ CR0_PE | CR0_PG, EFER_LME | EFER_LMA, 0, 0xc09b, 0x23456, X86_MODE_32, true },
		{ CR0_PE | CR0_PG, EFER_LME | EFER_LMA, 0, 0x009b, 0x23456, X86_MODE_16, true },
		{ CR0_PE, EFER_LME, 0, 0xa09b, 0x23456, X86_MODE_16, true },
		{ CR0_PE, 0, 0, 0xc09b, 0x23456, X86_MODE_32, true },
		{ CR0_PE, 0, RFLAGS_VM, 0xc09b, 0x23456, X86_MODE_16, false },
		{ 0, 0, 0, 0xc09b, 0x23456, X86_MODE_16, false },
	};

	/* Conforming code has any DPL up to the CPL; other code has the CPL itself. */
	for (uint32_t n = 0; n < 2 * ARRAY_LEN(t); n++)
		for (uint32_t cpl = 0; cpl < 4; cpl++) {
			uint32_t i = n / 2;
			uint32_t dpl = n & 1 ? 4 | (cpl / 2) << 5 : cpl << 5;
			struct hv_x64_segment_register cs = { .base = 0x123000,
							      .attributes =
								      (uint16_t)(t[i].ar | dpl) };
			struct hv_x64_segment_register ss = { .attributes = (uint16_t)(0xc093 |
										       cpl << 5) };
			struct x86_place p;

			v->arch.rip = 0xfff00456;
			ops->set(v, SYS_CR0, t[i].cr0 | CR0_ET | CR0_NE);
			ops->set(v, SYS_EFER, t[i].efer);
			ops->set(v, SYS_RFLAGS, t[i].rflags | RFLAGS_FIXED);
			ops->set_seg(v, SEG_CS, &cs);
			ops->set_seg(v, SEG_SS, &ss);
			memset(&p, 0xa5, sizeof(p));
			ops->place(v, &p);
			assert_int_equal(p.linear, t[i].linear);
			assert_int_equal(p.mode, t[i].mode);
			assert_int_equal(p.in_protected, t[i].in_protected);
			assert_int_equal(p.cpl, cpl);
		}
}

#endif
