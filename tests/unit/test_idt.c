/* SPDX-License-Identifier: MIT */
/*
 * What interrupts the core itself: its gates, the NMI that may be a kick or the root's and may come
 * just where something is decided, the deadline's vector, faults with a way out, and the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/idt.h"
#include "arch/x86_64/common/regs.h"
#include "fake_arch.h"
#include "kernel/log.h"

/* entry.S and the linker script: files.mk puts the ends inside these arrays. */
extern const uint8_t trap_stubs[], trap_deadline[], trap_spurious[];
extern const uint8_t halt_unless_end[], vmx_critical[], vmx_critical_end[], vmx_aborted[];
extern const uint8_t core_start[], core_text_end[], core_end[];
extern const uint64_t extable_start[];
const uint8_t trap_stubs[512], trap_deadline[16], trap_spurious[16];
const uint8_t vmx_critical[64], vmx_aborted[16], core_start[4096];
/* Addresses that can fault, and where to go on */
const uint64_t extable_start[6] = { 0x1000, 0x1100, 0x2000, 0x2200, 0x3000, 0x3300 };
#define HALT_SIZE     16u
#define CRITICAL_SIZE 32u
#define TEXT	      0x800u

static bool want_panic, in_service;
static jmp_buf panicked;
static char said[4096];
static uint32_t eois;
static struct vp root_vp;

void halt_unless(const uint32_t *flag)
{
	(void)flag;
}

void panic(const char *fmt, ...)
{
	(void)fmt;
	assert_true(want_panic);
	longjmp(panicked, 1);
}

void log_raw(const char *fmt, ...)
{
	size_t n = strlen(said);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(said + n, sizeof(said) - n, fmt, ap);
	va_end(ap);
}

bool apic_in_service(uint8_t vector)
{
	assert_int_equal(vector, 0xff);
	return in_service;
}

void apic_eoi(void)
{
	eois++;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&root_vp, 0, sizeof(root_vp));
	this_cpu()->root_vp = &root_vp;
	want_panic = in_service = false;
	said[0] = 0;
	eois = 0;
	return 0;
}

static uint64_t address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* -- tables ---------------------------------------------------------------------------------------
 */

static void test_gates(void **state)
{
	const uint16_t *g;

	(void)state;
	idt_build();
	idt_load();
	g = (const uint16_t *)(uintptr_t)idt_base();
	for (uint32_t v = 0; v < 256; v++, g += 8) {
		uint64_t want = address(trap_spurious);
		uint64_t fn =
			g[0] | (uint64_t)g[3] << 16 | (uint64_t)g[4] << 32 | (uint64_t)g[5] << 48;

		if (v < 32)
			want = address(trap_stubs) + 16 * v;
		else if (v == 0xff)
			want = address(trap_deadline);
		assert_int_equal(fn, want);
		assert_int_equal(g[1], 8);
		/* Interrupt gates, present, ring 0, no stack of their own (SDM vol. 3, 7.14.1) */
		assert_int_equal(g[2], 0x8e00);
		assert_int_equal(g[6] | g[7], 0);
	}
	assert_int_equal(fake_hw.writes, 3);
	assert_int_equal(fake_hw.log[0].kind, FAKE_DTR);
	assert_int_equal(fake_hw.log[0].value, idt_gdt_base());
	assert_int_equal(fake_hw.log[1].index, 1);
	assert_int_equal(fake_hw.log[1].value, idt_base());
	/* The loader's selectors may not be in our table: away with them */
	assert_int_equal(fake_hw.log[2].kind, FAKE_SEGMENTS);
	assert_int_equal(fake_hw.log[2].index, SEL_CODE);
	assert_int_equal(fake_hw.log[2].value, SEL_DATA);
	/* Code: L, present, ring 0; data: writable */
	assert_int_equal(((const uint64_t *)(uintptr_t)idt_gdt_base())[0], 0);
	assert_int_equal(((const uint64_t *)(uintptr_t)idt_gdt_base())[1] >> 40 & 0xf0ff, 0xa09b);
	assert_int_equal(((const uint64_t *)(uintptr_t)idt_gdt_base())[2] >> 40 & 0xff, 0x93);
}

/* -- NMI ------------------------------------------------------------------------------------------
 */

static uint64_t nmi_at(uint64_t rip)
{
	struct trap_frame f = { .vector = 2, .rip = rip, .rflags = 2 | RFLAGS_IF };

	trap_handle(&f);
	assert_int_equal(f.rflags, 2 | RFLAGS_IF);
	return f.rip;
}

static void test_nmi_whose(void **state)
{
	(void)state;
	/* A kick is ours, once */
	this_cpu()->kick = 1;
	assert_int_equal(nmi_at(0x5000), 0x5000);
	assert_false(root_vp.arch.nmi_pending);
	assert_int_equal(this_cpu()->kick, 0);
	assert_int_equal(this_cpu()->nmi_seen, 1);
	assert_int_equal(nmi_at(0x5000), 0x5000);
	assert_true(root_vp.arch.nmi_pending);
	assert_int_equal(this_cpu()->nmi_seen, 2);
	assert_int_equal(this_cpu()->counters[COUNT_NMI], 2);
	/* Before there is a root */
	this_cpu()->root_vp = NULL;
	assert_int_equal(nmi_at(0x5000), 0x5000);
	assert_int_equal(this_cpu()->nmi_seen, 3);
}

/* A halt that has looked at its flag ends; an entry that has looked at the kicks is not made. */
static void test_nmi_where(void **state)
{
	uint64_t halt = address((const void *)(uintptr_t)halt_unless);

	(void)state;
	assert_int_equal(halt + HALT_SIZE, address(halt_unless_end));
	for (uint32_t i = 0; i < HALT_SIZE; i++)
		assert_int_equal(nmi_at(halt + i), halt + HALT_SIZE);
	assert_int_equal(nmi_at(halt - 1), halt - 1);
	assert_int_equal(nmi_at(halt + HALT_SIZE), halt + HALT_SIZE);
	assert_int_equal(nmi_at(halt + HALT_SIZE + 1), halt + HALT_SIZE + 1);
	assert_int_equal(address(vmx_critical) + CRITICAL_SIZE, address(vmx_critical_end));
	for (uint32_t i = 0; i < CRITICAL_SIZE; i++)
		assert_int_equal(nmi_at(address(vmx_critical) + i), address(vmx_aborted));
	assert_int_equal(nmi_at(address(vmx_critical) - 1), address(vmx_critical) - 1);
	assert_int_equal(nmi_at(address(vmx_critical_end)), address(vmx_critical_end));
	/* Whosever the NMI was */
	this_cpu()->kick = 1;
	assert_int_equal(nmi_at(halt), halt + HALT_SIZE);
}

/* -- vectors --------------------------------------------------------------------------------------
 */

static void test_deadline(void **state)
{
	struct trap_frame f = { .vector = 0xff, .rip = 0x5000, .rflags = 2 | RFLAGS_IF };

	(void)state;
	/* One that is not in service is the root's spurious vector: no EOI, no deadline */
	trap_handle(&f);
	assert_int_equal(f.rflags, 2);
	assert_int_equal(this_cpu()->deadline_hit, 0);
	assert_int_equal(eois, 0);
	in_service = true;
	f.rflags = 2 | RFLAGS_IF;
	trap_handle(&f);
	assert_int_equal(f.rflags, 2); /* nothing else comes by this window */
	assert_int_equal(this_cpu()->deadline_hit, 1);
	assert_int_equal(eois, 1);
	assert_int_equal(f.rip, 0x5000);
}

static void test_spurious(void **state)
{
	struct trap_frame f = { .vector = 0xfe, .rip = 0x5000, .rflags = 2 | RFLAGS_IF };

	(void)state;
	trap_handle(&f);
	assert_int_equal(f.rflags, 2);
	assert_int_equal(f.rip, 0x5000);
	assert_int_equal(eois, 0);
	assert_int_equal(this_cpu()->deadline_hit, 0);
}

/* -- faults ---------------------------------------------------------------------------------------
 */

static bool fatal(struct trap_frame *f)
{
	said[0] = 0;
	want_panic = true;
	if (setjmp(panicked) == 0) {
		trap_handle(f);
		want_panic = false;
		return false;
	}
	want_panic = false;
	return true;
}

static void test_fixup(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct trap_frame f = { .vector = 13, .rip = extable_start[2 * i], .rflags = 2 };

		assert_false(fatal(&f));
		assert_int_equal(f.rip, extable_start[2 * i + 1]);
		assert_int_equal(f.rflags, 2 | RFLAGS_CF);
	}
}

static void test_fatal(void **state)
{
	static uint64_t stack[1024] __attribute__((aligned(4096)));

	(void)state;
	memset(stack, 0, sizeof(stack));
	stack[100] = address(core_start);
	stack[505] = address(core_start) + TEXT - 1;
	stack[506] = address(core_start) + TEXT; /* data */
	stack[507] = address(core_start) - 1;
	stack[512] = address(core_start) + 0x10; /* the next page, which may not be there */
	for (uint64_t v = 0; v < 32; v++) {
		/* Near a fix-up, or at one with another vector, is not at it */
		struct trap_frame f = { .vector = v,
					.error = 0x1234,
					.rip = v == 13 ? 0x1001 : 0x1000,
					.rsp = address(&stack[98]) + 4,
					.rax = 0xaaaa5555 };
		char want[32];

		if (v == 2)
			continue;
		assert_true(fatal(&f));
		(void)snprintf(want, sizeof(want), "exception %u error 1234", (uint32_t)v);
		assert_non_null(strstr(said, want));
		assert_non_null(strstr(said, "aaaa5555"));
		/* Code addresses of the stack's page, and only those */
		(void)snprintf(want, sizeof(want), "[%016llx]",
			       (unsigned long long)address(core_start));
		assert_non_null(strstr(said, want));
		(void)snprintf(want, sizeof(want), "[%016llx]",
			       (unsigned long long)(address(core_start) + TEXT - 1));
		assert_non_null(strstr(said, want));
		(void)snprintf(want, sizeof(want), "[%016llx]",
			       (unsigned long long)(address(core_start) + TEXT));
		assert_null(strstr(said, want));
		(void)snprintf(want, sizeof(want), "[%016llx]",
			       (unsigned long long)(address(core_start) - 1));
		assert_null(strstr(said, want));
		(void)snprintf(want, sizeof(want), "[%016llx]",
			       (unsigned long long)(address(core_start) + 0x10));
		assert_null(strstr(said, want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_gates, setup),
		cmocka_unit_test_setup(test_nmi_whose, setup),
		cmocka_unit_test_setup(test_nmi_where, setup),
		cmocka_unit_test_setup(test_deadline, setup),
		cmocka_unit_test_setup(test_spurious, setup),
		cmocka_unit_test_setup(test_fixup, setup),
		cmocka_unit_test_setup(test_fatal, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
