/* SPDX-License-Identifier: MIT */
#include "arch/x86_64/common/speculation.h"

#include <insn.h>

#include "arch/x86_64/common/regs.h"
#include "kernel/log.h"
#include "kernel/slat.h"

/* CPUID 7.0 */
#define L7B_RTM	      BIT(11)
#define L7D_MD_CLEAR  BIT(10)
#define L7D_SPEC_CTRL BIT(26) /* and IBPB */
#define L7D_L1D_FLUSH BIT(28)
#define L7D_ARCH_CAPS BIT(29)
/* CPUID 8000_0008 EBX */
#define X8B_IBPB      BIT(12)
#define X8B_SPEC_CTRL (BIT(14) | BIT(15) | BIT(24)) /* IBRS, STIBP, SSBD: each brings the MSR */
/* CPUID 8000_0021 */
#define X21A_VERW_CLEAR BIT(5)
#define X21C_TSA_NO	(BIT(1) | BIT(2)) /* SQ_NO, L1_NO */
/* IA32_ARCH_CAPABILITIES */
#define CAPS_RDCL_NO	 BIT(0)
#define CAPS_SKIP_L1DFL	 BIT(3)
#define CAPS_MDS_NO	 BIT(5)
#define CAPS_PSCHANGE_NO BIT(6)
#define CAPS_TAA_NO	 BIT(8)
#define CAPS_MMIO_NO	 (BIT(13) | BIT(14) | BIT(15)) /* SBDR_SSDP, FBSDP, PSDP */
#define CAPS_RFDS_CLEAR	 BIT(28)

struct speculation cpu_speculation;
uint8_t speculation_rsb;
uint16_t verw_selector = 0x10; /* the core's data segment */

static bool buffers_leak(const struct speculation_facts *f)
{
	uint64_t c = f->arch_caps;

	if (!f->intel)
		return f->ext21_eax & X21A_VERW_CLEAR &&
		       (f->ext21_ecx & X21C_TSA_NO) != X21C_TSA_NO;
	if (!(f->leaf7_edx & L7D_MD_CLEAR))
		return false; /* no microcode that would make VERW do it */
	return !(c & CAPS_MDS_NO) || (f->leaf7_ebx & L7B_RTM && !(c & CAPS_TAA_NO)) ||
	       (c & CAPS_MMIO_NO) != CAPS_MMIO_NO || c & CAPS_RFDS_CLEAR;
}

void speculation_fold(struct speculation *s, const struct speculation_facts *f)
{
	bool v2 = f->leaf7_edx & L7D_SPEC_CTRL;

	s->ibpb = v2 || f->ext8_ebx & X8B_IBPB;
	s->spec_ctrl = v2 || f->ext8_ebx & X8B_SPEC_CTRL;
	/* Whoever has the microcode for the one predictor has the other: the return stack. */
	s->rsb = s->ibpb || s->spec_ctrl;
	s->verw = buffers_leak(f);
	s->l1d_flush = f->intel && f->leaf7_edx & L7D_L1D_FLUSH &&
		       !(f->arch_caps & (CAPS_RDCL_NO | CAPS_SKIP_L1DFL));
	s->small_exec = f->intel && !(f->arch_caps & CAPS_PSCHANGE_NO);
}

void speculation_init(bool all)
{
	struct speculation *s = &cpu_speculation;
	struct speculation_facts f = { 0 };
	uint32_t r[4];

	cpuid(0, 0, r);
	f.intel = r[1] == 0x756e6547; /* "Genu" */
	cpuid(7, 0, r);
	f.leaf7_ebx = r[1];
	f.leaf7_edx = r[3];
	cpuid(0x80000000, 0, r);
	if (r[0] >= 0x80000021) {
		cpuid(0x80000021, 0, r);
		f.ext21_eax = r[0];
		f.ext21_ecx = r[2];
	}
	cpuid(0x80000008, 0, r);
	f.ext8_ebx = r[1];
	if (f.leaf7_edx & L7D_ARCH_CAPS)
		f.arch_caps = rdmsr(MSR_ARCH_CAPS);
	speculation_fold(s, &f);
	if (all) /* plain instructions everywhere; the MSRs only where they are */
		s->rsb = s->verw = s->small_exec = true;
	speculation_rsb = s->rsb;
	slat_small_exec = s->small_exec;
	log_info("Quoin: speculation:%s%s%s%s%s%s", s->ibpb ? " IBPB" : "",
		 s->spec_ctrl ? " SPEC_CTRL" : "", s->rsb ? " RSB" : "", s->verw ? " VERW" : "",
		 s->l1d_flush ? " L1D" : "", s->small_exec ? " small-exec" : "");
}
