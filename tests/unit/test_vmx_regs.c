/* SPDX-License-Identifier: MIT */
/*
 * A VP's registers over VMCS and CPU: each comes back as it was set, is where the hardware looks
 * for it, and touches nothing else. Probe and set-up of a CPU, with what they refuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_vmx_cpu.h"
#include "place_rows.h"
#include "kernel/log.h"

const struct virt_ops *virt;

static char panicked[256], logged[8][512];
static uint32_t lines;
static jmp_buf out;

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(panicked, sizeof(panicked), fmt, ap);
	va_end(ap);
	longjmp(out, 1);
}

void log_print(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	assert_int_equal(level, LOG_ERROR);
	va_start(ap, fmt);
	(void)vsnprintf(logged[lines++ % 8], sizeof(logged[0]), fmt, ap);
	va_end(ap);
}

/* -- registers -------------------------------------------------------------------------------- */

static const struct {
	enum x86_sysreg reg;
	uint32_t field; /* 0: on the CPU while loaded */
	uint64_t value;
} regs[] = {
	{ SYS_RFLAGS, VMCS_GUEST_RFLAGS, 0x246 },
	{ SYS_CR2, 0, 0xffff800000001234 },
	{ SYS_CR3, VMCS_GUEST_CR3, 0x12345018 },
	{ SYS_DR6, 0, 0xffff4ff1 },
	{ SYS_DR7, VMCS_GUEST_DR7, 0x403 },
	{ SYS_PAT, VMCS_GUEST_PAT, 0x0606060606060606 },
	{ SYS_STAR, 0, 0x0023001000000000 },
	{ SYS_LSTAR, 0, 0xffffffff81000000 },
	{ SYS_CSTAR, 0, 0xffffffff81000100 },
	{ SYS_SFMASK, 0, 0x47700 },
	{ SYS_KERNEL_GS, 0, 0x7fff12345678 },
	{ SYS_SYSENTER_CS, VMCS_GUEST_SYSENTER_CS, 0x10 },
	{ SYS_SYSENTER_ESP, VMCS_GUEST_SYSENTER_ESP, 0xffff888000000000 },
	{ SYS_SYSENTER_EIP, VMCS_GUEST_SYSENTER_EIP, 0xffffffff81002000 },
	{ SYS_DEBUGCTL, VMCS_GUEST_DEBUGCTL, 1 },
};

static void test_each(void **state)
{
	(void)state;
	for (uint32_t loaded = 0; loaded < 2; loaded++) {
		uint64_t before[ARRAY_LEN(regs)];

		if (loaded)
			vmx_ops.load(&vp);
		for (uint32_t i = 0; i < ARRAY_LEN(regs); i++) {
			for (uint32_t k = 0; k < ARRAY_LEN(regs); k++)
				before[k] = vmx_ops.get(&vp, regs[k].reg);
			vmx_ops.set(&vp, regs[i].reg, regs[i].value + loaded);
			assert_int_equal(vmx_ops.get(&vp, regs[i].reg), regs[i].value + loaded);
			if (regs[i].field)
				assert_int_equal(*field(regs[i].field), regs[i].value + loaded);
			for (uint32_t k = 0; k < ARRAY_LEN(regs); k++)
				if (k != i)
					assert_int_equal(vmx_ops.get(&vp, regs[k].reg), before[k]);
		}
	}
	/* What is no register is none */
	fake_hw.writes = 0;
	vmx_ops.set(&vp, SYS_MAX, 5);
	assert_int_equal(vmx_ops.get(&vp, SYS_MAX), 0);
	assert_int_equal(fake_hw.writes, 0);
}

/* Registers that the entry leaves alone: two VPs, one CPU. */
static void test_switched(void **state)
{
	static struct vp other;
	static const uint32_t numbers[] = { MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK,
					    MSR_KERNEL_GS };
	static const enum x86_sysreg names[] = { SYS_STAR,	SYS_LSTAR, SYS_CSTAR, SYS_SFMASK,
						 SYS_KERNEL_GS, SYS_CR2,   SYS_DR6 };

	(void)state;
	cpu_new_vp(&other, &part);
	for (uint32_t i = 0; i < ARRAY_LEN(names); i++) {
		vmx_ops.set(&vp, names[i], 0x1000 + i);
		vmx_ops.set(&other, names[i], 0x2000 + i);
	}
	/* Not loaded: the CPU's are another's */
	for (uint32_t i = 0; i < ARRAY_LEN(numbers); i++)
		assert_int_equal(rdmsr(numbers[i]), 0);
	vmx_ops.load(&vp);
	for (uint32_t i = 0; i < ARRAY_LEN(numbers); i++) {
		assert_int_equal(rdmsr(numbers[i]), 0x1000 + i);
		wrmsr(numbers[i], 0x3000 + i); /* the guest */
		assert_int_equal(vmx_ops.get(&vp, names[i]), 0x3000 + i);
	}
	assert_int_equal(fake_hw.cr[2], 0x1005);
	assert_int_equal(fake_hw.dr[6], 0x1006);
	fake_hw.cr[2] = 0x3005;
	fake_hw.dr[6] = 0x3006;
	vmx_ops.save(&vp);
	vmx_ops.load(&other);
	for (uint32_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(vmx_ops.get(&vp, names[i]), 0x3000 + i);
		assert_int_equal(vmx_ops.get(&other, names[i]), 0x2000 + i);
		/* Of a VP that is not on the CPU, the CPU's stay */
		vmx_ops.set(&vp, names[i], 0x4000 + i);
		assert_int_equal(vmx_ops.get(&other, names[i]), 0x2000 + i);
	}
	vmx_ops.save(&other);
	vmx_ops.load(&vp);
	for (uint32_t i = 0; i < ARRAY_LEN(numbers); i++)
		assert_int_equal(rdmsr(numbers[i]), 0x4000 + i);
}

/* 24.6.6: what is not the VP's own is masked, and reads as it wrote it. */
static void test_control_registers(void **state)
{
	(void)state;
	assert_int_equal(*field(VMCS_CR0_MASK), CR0_NE | CR0_NW | CR0_CD);
	assert_int_equal(*field(VMCS_CR4_MASK), CR4_VMXE | ~skylake_x[9]);
	for (uint32_t n = 0; n < 64; n++) {
		uint64_t v = CR0_ET | (n & 1 ? CR0_PE : 0) | (n & 2 ? CR0_NE : 0) |
			     (n & 4 ? CR0_NW : 0) | (n & 8 ? CR0_CD : 0) | (n & 16 ? CR0_WP : 0) |
			     (n & 32 ? CR0_TS : 0);
		uint64_t real = (v & ~(CR0_NW | CR0_CD)) | CR0_NE;

		vmx_ops.set(&vp, SYS_CR0, v);
		assert_int_equal(*field(VMCS_GUEST_CR0), real);
		assert_int_equal(vmx_ops.get(&vp, SYS_CR0), v);
		/* What the guest reads: the shadow under the mask */
		assert_int_equal((*field(VMCS_CR0_SHADOW) ^ v) & *field(VMCS_CR0_MASK), 0);
		/* The guest's own writes to the rest are seen */
		*field(VMCS_GUEST_CR0) ^= CR0_TS | CR0_MP;
		assert_int_equal(vmx_ops.get(&vp, SYS_CR0), v ^ (CR0_TS | CR0_MP));
	}
	vmx_ops.set(&vp, SYS_CR4, CR4_PAE | CR4_PGE);
	assert_int_equal(*field(VMCS_GUEST_CR4), CR4_PAE | CR4_PGE | CR4_VMXE);
	assert_int_equal(vmx_ops.get(&vp, SYS_CR4), CR4_PAE | CR4_PGE);
	assert_false(*field(VMCS_CR4_SHADOW) & CR4_VMXE);
	*field(VMCS_GUEST_CR4) |= CR4_OSFXSR;
	assert_int_equal(vmx_ops.get(&vp, SYS_CR4), CR4_PAE | CR4_PGE | CR4_OSFXSR);
	/* The entry control goes with LMA, and by the CPU's own hand too (27.2) */
	vmx_ops.set(&vp, SYS_EFER, EFER_LME);
	assert_int_equal(*field(VMCS_ENTRY), 0xd1ff);
	*field(VMCS_ENTRY) |= ENTRY_IA32E;
	vmx_ops.set(&vp, SYS_EFER, EFER_LME | EFER_LMA | EFER_SCE);
	assert_int_equal(*field(VMCS_ENTRY), 0xd3ff);
	assert_int_equal(vmx_ops.get(&vp, SYS_EFER), EFER_LME | EFER_LMA | EFER_SCE);
}

/*
 * What segments_check() lets through, VM entry takes; and what it refuses, VM entry refuses, but
 * for the DPLs, the selectors and RIP, of which the fake knows less (SDM vol. 3, 26.3.1.2).
 */
static void test_segments_check(void **state)
{
	static const uint16_t ar[] = { 0x93, 0x92,   0x91,   0x9b,   0x9a,   0x99, 0x9f, 0x97,
				       0x13, 0x83,   0x82,   0x8b,   0x89,   0x0b, 0x02, 0xf3,
				       0xfb, 0x8093, 0xa09b, 0xe09b, 0xc09b, 0x00 };
	static const uint32_t limits[] = { 0xffff, 0xffffffff, 0x100000, 0xfff };
	uint32_t passed = 0, refused = 0;

	(void)state;
	virt = &vmx_ops;
	for (uint32_t n = 0; n < 2 * 8 * ARRAY_LEN(ar) * ARRAY_LEN(limits) * 2; n++) {
		uint32_t i = n / 2 % 8, k = n / 16;
		struct hv_x64_segment_register was, s = {
			.attributes = ar[k % ARRAY_LEN(ar)],
			.limit = limits[k / ARRAY_LEN(ar) % ARRAY_LEN(limits)],
			.base = k / ARRAY_LEN(ar) / ARRAY_LEN(limits) ? 0x100000000ull : 0,
		};
		const char *why;

		if (n % 64 == 0)
			(void)cpu_setup(state); /* the fake TLB has an end */
		cpu_reset_vp(&vp);
		if (n & 1)
			cpu_long_mode(&vp);
		vmx_ops.get_seg(&vp, (enum x86_seg)i, &was);
		vmx_ops.set_seg(&vp, (enum x86_seg)i, &s);
		why = segments_check(&vp);
		enter_vp(&vp);
		if (!why) {
			if (cpu.refused)
				fail_msg("segment %u ar %x limit %x: %s", i, s.attributes, s.limit,
					 cpu.refused);
			passed++;
		} else {
			if (!cpu.refused && !strstr(why, "DPL"))
				fail_msg("segment %u ar %x limit %x refused: %s", i, s.attributes,
					 s.limit, why);
			refused++;
		}
		vmx_ops.set_seg(&vp, (enum x86_seg)i, &was);
		assert_null(segments_check(&vp));
	}
	assert_true(passed > 100 && refused > 100);
	cpu_reset_vp(&vp);
	vp.arch.rip = 0x100000000;
	assert_string_equal(segments_check(&vp), "RIP beyond 4 GiB outside 64-bit code");
	cpu_long_mode(&vp);
	assert_null(segments_check(&vp));
}

/* Virtual-8086 mode: one form of each of the six, and no other. */
static void test_segments_vm86(void **state)
{
	struct hv_x64_segment_register good, s;

	(void)state;
	virt = &vmx_ops;
	vmx_ops.set(&vp, SYS_CR0, CR0_PE | CR0_ET);
	vmx_ops.set(&vp, SYS_RFLAGS, RFLAGS_VM | RFLAGS_FIXED);
	assert_non_null(segments_check(&vp));
	for (int i = SEG_ES; i <= SEG_GS; i++) {
		good = (struct hv_x64_segment_register){
			.base = 0x12340, .limit = 0xffff, .selector = 0x1234, .attributes = 0xf3
		};
		vmx_ops.set_seg(&vp, (enum x86_seg)i, &good);
	}
	assert_null(segments_check(&vp));
	for (int i = SEG_ES; i <= SEG_GS; i++)
		for (uint32_t n = 0; n < 3; n++) {
			s = good;
			if (n == 0)
				s.base++;
			else if (n == 1)
				s.limit = 0xffffffff;
			else
				s.attributes = 0x93;
			vmx_ops.set_seg(&vp, (enum x86_seg)i, &s);
			assert_non_null(segments_check(&vp));
			vmx_ops.set_seg(&vp, (enum x86_seg)i, &good);
		}
}

/* Only where PG moves LMA does it exit, so that LMA need not be read; the root is asked always. */
static void test_paging_owned(void **state)
{
	struct hv_x64_segment_register cs = { .attributes = 0xa09b };
	struct x86_place p;

	(void)state;
	vmx_ops.set_seg(&vp, SEG_CS, &cs);
	vmx_ops.set(&vp, SYS_CR0, CR0_PE | CR0_ET | CR0_NE);
	*field(VMCS_GUEST_CR0) |= CR0_PG; /* the guest, on its own */
	assert_false(*field(VMCS_CR0_MASK) & CR0_PG);
	vmx_ops.set(&vp, SYS_EFER, EFER_LME);
	assert_true(*field(VMCS_CR0_MASK) & CR0_PG);
	assert_true(*field(VMCS_CR0_SHADOW) & CR0_PG); /* it reads what it wrote */
	assert_true(vmx_ops.get(&vp, SYS_CR0) & CR0_PG);
	vmx_ops.place(&vp, &p);
	assert_int_not_equal(p.mode, X86_MODE_64);
	vmx_ops.set(&vp, SYS_EFER, EFER_LME | EFER_LMA);
	vmx_ops.place(&vp, &p);
	assert_int_equal(p.mode, X86_MODE_64);
	vmx_ops.set(&vp, SYS_EFER, 0);
	assert_int_equal(*field(VMCS_CR0_MASK), CR0_NE | CR0_NW | CR0_CD);
	vmx_ops.place(&vp, &p);
	assert_int_not_equal(p.mode, X86_MODE_64);
	vmx_ops.set(&root_vp, SYS_EFER, EFER_LME);
	vmx_ops.set_seg(&root_vp, SEG_CS, &cs);
	assert_false(*field(VMCS_CR0_MASK) & CR0_PG);
	*field(VMCS_GUEST_EFER) |= EFER_LMA;
	vmx_ops.place(&root_vp, &p);
	assert_int_equal(p.mode, X86_MODE_64);
}

static void test_shadow_and_cpl(void **state)
{
	struct hv_x64_segment_register ss;

	(void)state;
	for (uint32_t b = 0; b < 16; b++) {
		if ((b & 3) == 3)
			continue;
		*field(VMCS_GUEST_INTERRUPTIBILITY) = b;
		vp.arch.vmx.blocking_valid = false;
		assert_int_equal(vmx_ops.get(&vp, SYS_INT_SHADOW), (b & 3) != 0);
		vmx_ops.set(&vp, SYS_INT_SHADOW, 0);
		assert_int_equal(vmx_ops.get(&vp, SYS_INT_SHADOW), 0);
		vmx_ops.set(&vp, SYS_INT_SHADOW, ~0ull);
		assert_int_equal(vmx_ops.get(&vp, SYS_INT_SHADOW), 1);
		/* NMIs are another matter */
		assert_int_equal(vmx_blocking(&vp) & VMX_BLOCK_NMI, b & VMX_BLOCK_NMI);
		vmx_ops.iret_window(&vp, true);
		assert_int_equal(vmx_ops.get(&vp, SYS_INT_SHADOW), 1);
	}
	for (uint32_t cpl = 0; cpl < 4; cpl++) {
		vmx_ops.set(&vp, SYS_CPL, cpl);
		assert_int_equal(vmx_ops.get(&vp, SYS_CPL), cpl);
		vmx_ops.get_seg(&vp, SEG_SS, &ss);
		assert_int_equal(ss.attributes, 0x93 | cpl << 5);
		ss.attributes = (uint16_t)(0x93 | (3 - cpl) << 5);
		vmx_ops.set_seg(&vp, SEG_SS, &ss);
		assert_int_equal(vmx_ops.get(&vp, SYS_CPL), 3 - cpl);
	}
	/* A null SS of 64-bit code still has the CPL (24.4.1) */
	ss = (struct hv_x64_segment_register){ .attributes = 0x60 };
	vmx_ops.set_seg(&vp, SEG_SS, &ss);
	assert_int_equal(*field(VMCS_GUEST_SS_AR), VMX_AR_UNUSABLE | 0x60);
	assert_int_equal(vmx_ops.get(&vp, SYS_CPL), 3);
}

static void test_segments(void **state)
{
	struct hv_x64_segment_register s, g;

	(void)state;
	for (int i = SEG_ES; i <= SEG_GDTR; i++) {
		bool table = i == SEG_GDTR || i == SEG_IDTR;

		for (uint32_t a = 0; a < 0x10000; a += 0x11) {
			struct hv_x64_segment_register others[SEG_GDTR + 1];

			for (int k = SEG_ES; k <= SEG_GDTR; k++)
				vmx_ops.get_seg(&vp, (enum x86_seg)k, &others[k]);
			s = (struct hv_x64_segment_register){
				.base = 0xffff800012340000 + a,
				.limit = table ? a & 0xffff : 0xfffff000 | (a & 0xfff),
				.selector = table ? 0 : (uint16_t)(a ^ 0x5a5a),
				.attributes = table ? 0 : (uint16_t)(a & 0xf0ff),
			};
			vmx_ops.set_seg(&vp, (enum x86_seg)i, &s);
			vmx_ops.get_seg(&vp, (enum x86_seg)i, &g);
			assert_memory_equal(&s, &g, sizeof(s));
			for (int k = SEG_ES; k <= SEG_GDTR; k++) {
				vmx_ops.get_seg(&vp, (enum x86_seg)k, &g);
				if (k != i)
					assert_memory_equal(&others[k], &g, sizeof(g));
			}
			if (table)
				continue;
			assert_int_equal(*field(VMCS_GUEST_ES_AR + 2 * (uint32_t)i),
					 (a & 0xf0ff) | (a & 0x80 ? 0 : VMX_AR_UNUSABLE));
			assert_int_equal(*field(VMCS_GUEST_ES + 2 * (uint32_t)i), s.selector);
		}
	}
	/* Limits of tables have 16 bits; bits 11:8 of the attributes are nobody's */
	s = (struct hv_x64_segment_register){ .limit = 0x12345, .attributes = 0xffff };
	vmx_ops.set_seg(&vp, SEG_IDTR, &s);
	assert_int_equal(*field(VMCS_GUEST_IDTR_LIMIT), 0x2345);
	vmx_ops.set_seg(&vp, SEG_DS, &s);
	assert_int_equal(*field(VMCS_GUEST_ES_AR + 6), 0xf0ff);
	/* A null selector loaded by the guest: unusable, whatever P says (24.4.1) */
	*field(VMCS_GUEST_ES_AR) = VMX_AR_UNUSABLE | 0x93;
	vmx_ops.get_seg(&vp, SEG_ES, &g);
	assert_int_equal(g.attributes, 0x13);
}

static void test_exceptions(void **state)
{
	(void)state;
	assert_int_equal(*field(VMCS_EXCEPTIONS), 1u << 1 | 1u << 17);
	vmx_ops.set_exceptions(&vp, 1u << 14 | 1u << 3);
	assert_int_equal(*field(VMCS_EXCEPTIONS), 1u << 1 | 1u << 3 | 1u << 14 | 1u << 17);
	/* #PF by the bit alone: mask and match are 0 (24.6.3) */
	assert_int_equal(*field(VMCS_PF_MASK) | *field(VMCS_PF_MATCH), 0);
	fake_hw.writes = 0;
	vmx_ops.set_exceptions(&vp, 1u << 14 | 1u << 3);
	assert_int_equal(fake_hw.writes, 0);
	vmx_ops.set_exceptions(&vp, 0);
	assert_int_equal(*field(VMCS_EXCEPTIONS), 1u << 1 | 1u << 17);
}

static void test_dump(void **state)
{
	(void)state;
	*field(VMCS_EXIT_REASON) = 0x80000021;
	*field(VMCS_GUEST_CR3) = 0xabc000;
	*field(VMCS_GUEST_RIP) = 0xfedc;
	lines = 0;
	vmx_ops.dump(&vp);
	assert_int_equal(lines, 2);
	assert_non_null(strstr(logged[0], "exit 80000021"));
	assert_non_null(strstr(logged[0], "rip fedc"));
	assert_non_null(strstr(logged[1], "cr3 abc000"));
	assert_null(fake_hw.broken);
}

/* -- impossible wholes ------------------------------------------------------------------------ */

/*
 * Every combination of the bits that hang together: what check_state() lets through, VM entry
 * takes, and what VM entry takes, check_state() does not refuse without a reason of its own.
 */
static void test_check_state(void **state)
{
	static const uint64_t memory[4] = { 0x1001, 0, 0, 0 };
	uint32_t taken = 0;

	(void)state;
	fake_memory = memory;
	for (uint32_t n = 0; n < 1u << 11; n++) {
		uint64_t cr0 = CR0_ET | (n & 1 ? CR0_PE : 0) | (n & 2 ? CR0_PG : 0) |
			       (n & 4 ? CR0_NW : 0) | (n & 8 ? CR0_CD : 0);
		uint64_t cr4 =
			(n & 16 ? CR4_PAE : 0) | (n & 32 ? CR4_PCIDE : 0) | (n & 64 ? CR4_VMXE : 0);
		uint64_t efer = (n & 128 ? EFER_LME : 0) | (n & 256 ? EFER_LMA : 0);
		struct hv_x64_segment_register cs = {
			.limit = 0xffffffff,
			.attributes = (uint16_t)(0x809b | (n & 512 ? BIT(13) : 0) |
						 (n & 1024 ? BIT(14) : 0)),
		};
		const char *why;

		vmx_ops.set(&vp, SYS_CR0, cr0);
		vmx_ops.set(&vp, SYS_CR4, cr4);
		vmx_ops.set(&vp, SYS_EFER, efer);
		vmx_ops.set_seg(&vp, SEG_CS, &cs);
		/* Each is new here: the number of the TLB's slots is not what is tested */
		memset(tlb, 0, sizeof(tlb));
		why = vmx_ops.check_state(&vp);
		enter_vp(&vp);
		assert_null(fake_hw.broken);
		if (!why) {
			if (cpu.refused)
				fail_msg("%x: %s", n, cpu.refused);
			assert_null(vmx_ops.check_state(&vp));
			taken++;
		} else if (!cpu.refused) {
			/* Bits that are masked do not reach the CPU */
			assert_true((cr0 & CR0_NW && !(cr0 & CR0_CD)) || cr4 & CR4_VMXE);
		}
	}
	assert_true(taken > 100);
}

/* Virtual-8086 mode is one of protected mode (26.3.1.4). */
static void test_check_vm86(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 4; n++) {
		const char *why;

		vmx_ops.set(&vp, SYS_CR0, CR0_ET | (n & 1 ? CR0_PE : 0));
		vmx_ops.set(&vp, SYS_RFLAGS, 2 | (n & 2 ? RFLAGS_VM : 0));
		why = vmx_ops.check_state(&vp);
		if (n == 2)
			assert_string_equal(why, "RFLAGS.VM without CR0.PE");
		else
			assert_null(why);
	}
}

/* A state that does not hang together stays named until it does. */
static void test_check_again(void **state)
{
	(void)state;
	assert_null(vmx_ops.check_state(&vp));
	vmx_ops.set(&vp, SYS_CR0, CR0_PG);
	assert_non_null(vmx_ops.check_state(&vp));
	assert_non_null(vmx_ops.check_state(&vp));
	vmx_ops.set(&vp, SYS_CR0, CR0_PE);
	assert_null(vmx_ops.check_state(&vp));
	fake_hw.writes = 0;
	assert_null(vmx_ops.check_state(&vp));
	assert_int_equal(fake_hw.writes, 0);
}

/* -- probe and set-up ------------------------------------------------------------------------- */

static bool panics(bool init)
{
	panicked[0] = 0;
	if (setjmp(out))
		return true;
	if (init)
		vmx_ops.cpu_init(this_cpu());
	else
		(void)vmx_probe();
	return false;
}

static void no_leaves(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	(void)leaf;
	(void)sub;
	r[2] = ~(1u << 5);
}

static int off(void **state)
{
	(void)state;
	cpu_power_on();
	return 0;
}

static void test_probe(void **state)
{
	uint64_t *feature = &fake_hw.msr[fake_msr(MSR_FEATURE_CTL)].value;

	/* No VMX: the next vendor is asked, nothing is set */
	fake_hw.cpuid = no_leaves;
	assert_false(vmx_probe());
	assert_null(arch_slat_format);
	(void)off(state);
	assert_true(vmx_probe());
	assert_ptr_equal(arch_slat_format, &ept_format);
	assert_true(fake_own_timer);
	/* Without 1-GiB pages, without a timer */
	(void)off(state);
	fake_hw.msr[fake_msr(MSR_VMX_EPT_VPID_CAP)].value &= ~EPT_CAP_1G;
	fake_hw.msr[fake_msr(MSR_VMX_TRUE_PIN)].value &= ~BIT(38);
	fake_own_timer = true;
	assert_true(vmx_probe());
	assert_ptr_equal(arch_slat_format, &ept_format_2m);
	assert_false(fake_own_timer);
	/* There, and left alone: the control is clear in every VMCS */
	(void)off(state);
	fake_borrow = true;
	assert_true(vmx_probe());
	fake_borrow = false;
	assert_false(vmx_caps.preemption_timer);
	assert_false(vmx_caps.guest.pin & PIN_PREEMPTION);
	/* Locked off; locked on; not locked yet */
	(void)off(state);
	*feature = FEATURE_CTL_LOCK;
	assert_true(panics(false));
	assert_non_null(strstr(panicked, "locked off"));
	(void)off(state);
	*feature = FEATURE_CTL_LOCK | FEATURE_CTL_VMX;
	assert_false(panics(false));
	/* The name of what is missing */
	(void)off(state);
	fake_hw.msr[fake_msr(MSR_VMX_PROC2)].value &= ~BIT(32 + 7);
	assert_true(panics(false));
	assert_non_null(strstr(panicked, "\"unrestricted guest\""));
	/* An MSR that is not there reads 0 (A.10: without EPT and VPID there is no 48c) */
	(void)off(state);
	fake_hw.msr[fake_msr(MSR_VMX_EPT_VPID_CAP)].faults = 1;
	assert_true(panics(false));
	assert_non_null(strstr(panicked, "\"EPT page walks of 4 levels\""));
}

static void test_cpu_init(void **state)
{
	uint64_t *feature = &fake_hw.msr[fake_msr(MSR_FEATURE_CTL)].value;

	assert_true(vmx_probe());
	fake_hw.cr[0] = CR0_PE | CR0_PG;
	assert_false(panics(true));
	assert_int_equal(*feature, FEATURE_CTL_LOCK | FEATURE_CTL_VMX);
	assert_true(fake_hw.cr[0] & CR0_NE);
	assert_true(fake_hw.cr[4] & CR4_VMXE);
	assert_int_equal(*(uint32_t *)this_cpu()->cpu_pages, 0x2b);
	assert_int_equal(count(FAKE_VMXON), 1);
	/* Locked by the firmware: a write would fault */
	(void)off(state);
	assert_true(vmx_probe());
	*feature = FEATURE_CTL_LOCK | FEATURE_CTL_VMX | BIT(20);
	assert_false(panics(true));
	for (uint32_t i = 0; i < fake_hw.writes; i++)
		assert_false(fake_hw.log[i].kind == FAKE_WRMSR);
	/* What the firmware had set besides stays */
	(void)off(state);
	assert_true(vmx_probe());
	*feature = BIT(20);
	assert_false(panics(true));
	assert_int_equal(*feature, FEATURE_CTL_LOCK | FEATURE_CTL_VMX | BIT(20));
	(void)off(state);
	assert_true(vmx_probe());
	fake_hw.vmxon_fails = 1;
	assert_true(panics(true));
	assert_non_null(strstr(panicked, "VMXON failed"));
	/* No memory */
	(void)off(state);
	assert_true(vmx_probe());
	while (page_alloc(1))
		;
	assert_true(panics(true));
	assert_non_null(strstr(panicked, "too small"));
	(void)off(state);
	while (page_alloc(1))
		;
	assert_true(panics(false));
	assert_non_null(strstr(panicked, "MSR bitmaps"));
}

static void test_vp_init(void **state)
{
	struct partition poor;
	struct vp v;

	(void)state;
	for (uint32_t pages = 0; pages < 3; pages++) {
		memset(&poor, 0, sizeof(poor));
		memset(&v, 0, sizeof(v));
		v.partition = &poor;
		for (uint32_t i = 0; i < pages; i++)
			pool_give(&poor.pool, page_alloc(1));
		if (pages < 2) {
			assert_int_equal(vmx_ops.vp_init(&v), HV_STATUS_INSUFFICIENT_MEMORY);
			assert_int_equal(poor.pool.free_count, pages);
			assert_null(v.arch.vmx.vmcs);
		} else {
			assert_int_equal(vmx_ops.vp_init(&v), HV_STATUS_SUCCESS);
			assert_int_equal(*(uint32_t *)v.arch.vmx.vmcs, 0x2b);
			assert_int_equal(fake_vmcs_at(v.arch.vmx.pa)->active, 0);
		}
	}
}

static void test_place(void **state)
{
	(void)state;
	check_place(&vmx_ops, &vp);
}

/* CET: three fields and five MSRs where the CPU loads it, nothing at all where it does not. */
static void test_cet(void **state)
{
	static const struct {
		enum x86_sysreg reg;
		uint32_t field, msr;
	} r[] = {
		{ SYS_S_CET, VMCS_GUEST_S_CET, 0 },
		{ SYS_SSP, VMCS_GUEST_SSP, 0 },
		{ SYS_INT_SSP_TABLE, VMCS_GUEST_INT_SSP_TABLE, 0 },
		{ SYS_U_CET, 0, MSR_U_CET },
		{ SYS_PL0_SSP, 0, MSR_PL0_SSP },
		{ SYS_PL1_SSP, 0, MSR_PL1_SSP },
		{ SYS_PL2_SSP, 0, MSR_PL2_SSP },
		{ SYS_PL3_SSP, 0, MSR_PL3_SSP },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(r); i++) {
		vmx_ops.set(&vp, r[i].reg, 0x1000);
		assert_int_equal(vmx_ops.get(&vp, r[i].reg), 0);
	}
	assert_false(vmx_ops.has_cet());
	vmx_caps.cet = true;
	assert_true(vmx_ops.has_cet());
	for (uint32_t i = 0; i < ARRAY_LEN(r); i++) {
		vmx_ops.set(&vp, r[i].reg, 0x1000 + 8 * i);
		assert_int_equal(vmx_ops.get(&vp, r[i].reg), 0x1000 + 8 * i);
		if (r[i].field)
			assert_int_equal(*field(r[i].field), 0x1000 + 8 * i);
	}
	vmx_ops.load(&vp);
	for (uint32_t i = 0; i < ARRAY_LEN(r); i++)
		if (r[i].msr)
			assert_int_equal(rdmsr(r[i].msr), 0x1000 + 8 * i);
	wrmsr(MSR_PL3_SSP, 0x7000); /* as a guest's own */
	vmx_ops.save(&vp);
	wrmsr(MSR_PL3_SSP, 0);
	assert_int_equal(vmx_ops.get(&vp, SYS_PL3_SSP), 0x7000);
	/* Set up: neither a guest nor the host starts with any of it */
	vmx_ops.vp_setup(&vp, false);
	assert_int_equal(*field(VMCS_GUEST_S_CET) | *field(VMCS_GUEST_SSP) |
				 *field(VMCS_GUEST_INT_SSP_TABLE),
			 0);
	assert_int_equal(*field(VMCS_HOST_S_CET) | *field(VMCS_HOST_SSP) |
				 *field(VMCS_HOST_INT_SSP_TABLE),
			 0);
	vmx_caps.cet = false;
}

/* What a partition is not offered it cannot set, whatever the CPU has. */
static void test_not_offered(void **state)
{
	(void)state;
	assert_true(vmx_caps.guest.proc2 & PROC2_XSAVES);
	part.arch.cr4_off = CR4_CET | CR4_PKE;
	part.disabled_features[2] = BIT(12);
	vmx_ops.vp_setup(&vp, false);
	assert_int_equal(*field(VMCS_PROC2), vmx_caps.guest.proc2 & ~PROC2_XSAVES);
	assert_int_equal(*field(VMCS_CR4_MASK) & (CR4_CET | CR4_PKE), CR4_CET | CR4_PKE);
	cpu_reset_vp(&vp);
	cpu_protected_mode(&vp);
	assert_null(vmx_ops.check_state(&vp));
	vmx_ops.set(&vp, SYS_CR4, CR4_PKE);
	assert_string_equal(vmx_ops.check_state(&vp), "CR4 bits that are not offered");
	part.arch.cr4_off = 0;
	vmx_caps.cr4_fixed1 |= CR4_CET;
	vmx_ops.set(&vp, SYS_CR4, CR4_CET);
	assert_string_equal(vmx_ops.check_state(&vp), "CR4.CET without CR0.WP");
	vmx_ops.set(&vp, SYS_CR0, CR0_PE | CR0_ET | CR0_WP);
	assert_null(vmx_ops.check_state(&vp));
	part.disabled_features[2] = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_place, cpu_setup),
		cmocka_unit_test_setup(test_paging_owned, cpu_setup),
		cmocka_unit_test_setup(test_segments_check, cpu_setup),
		cmocka_unit_test_setup(test_segments_vm86, cpu_setup),
		cmocka_unit_test_setup(test_cet, cpu_setup),
		cmocka_unit_test_setup(test_not_offered, cpu_setup),
		cmocka_unit_test_setup(test_each, cpu_setup),
		cmocka_unit_test_setup(test_switched, cpu_setup),
		cmocka_unit_test_setup(test_control_registers, cpu_setup),
		cmocka_unit_test_setup(test_shadow_and_cpl, cpu_setup),
		cmocka_unit_test_setup(test_segments, cpu_setup),
		cmocka_unit_test_setup(test_exceptions, cpu_setup),
		cmocka_unit_test_setup(test_dump, cpu_setup),
		cmocka_unit_test_setup(test_check_state, cpu_setup),
		cmocka_unit_test_setup(test_check_vm86, cpu_setup),
		cmocka_unit_test_setup(test_check_again, cpu_setup),
		cmocka_unit_test_setup(test_probe, off),
		cmocka_unit_test_setup(test_cpu_init, off),
		cmocka_unit_test_setup(test_vp_init, cpu_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
