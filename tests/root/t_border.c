/* SPDX-License-Identifier: MIT */
/*
 * State across the border: what the root sets by name, the guest reads by its own instruction; what
 * the guest writes, the root gets by name. So no row is the mirror of its own storage only.
 */
#include <string.h>

#include "tests/guests/border_abi.h"
#include "tests/root/vm.h"

static struct vm vm;

void border_tests_clean_up(void)
{
	if (vm.p)
		(void)vm_delete(&vm, false);
}

static struct border_shared *shared(void)
{
	return (struct border_shared *)(vm.ram + BORDER_SHARED);
}

/* One request of the guest's. */
static void ask(uint32_t op, uint32_t which)
{
	WHV_RUN_VP_EXIT_CONTEXT c;

	shared()->op = op;
	shared()->which = which;
	CHECK_EQ(WHvRunVirtualProcessor(vm.p, 0, &c, sizeof(c)), S_OK);
	CHECK_EQ(c.ExitReason, WHvRunVpExitReasonX64IoPortAccess);
	if (c.IoPortAccess.PortNumber != BORDER_PORT)
		test_fail(__FILE__, __LINE__, "exception %llu in the guest, request %u %x",
			  (unsigned long long)c.IoPortAccess.Rax, op, which);
	CHECK(vm_skip(&vm, 0, &c));
}

static void start(void)
{
	whv_metal_init();
	CHECK(vm_create(&vm, 1, 0x400000, NULL));
	CHECK(vm_load(&vm, "border"));
	CHECK(vm_start(&vm, 0, 0x80000, 0, BORDER_SHARED));
	ask(BORDER_GET, BORDER_CR2);
}

static void both_ways(uint32_t get, uint32_t set, uint32_t which, WHV_REGISTER_NAME name,
		      const char *what, uint64_t a, uint64_t b)
{
	uint64_t v;

	if (vm_set(&vm, 0, name, a) != S_OK)
		test_fail(__FILE__, __LINE__, "%s: the root cannot set %llx", what,
			  (unsigned long long)a);
	ask(get, which);
	if (shared()->value != a)
		test_fail(__FILE__, __LINE__, "%s: the root set %llx, the guest reads %llx", what,
			  (unsigned long long)a, (unsigned long long)shared()->value);
	shared()->value = b;
	ask(set, which);
	CHECK_EQ(vm_get(&vm, 0, name, &v), S_OK);
	if (v != b)
		test_fail(__FILE__, __LINE__, "%s: the guest wrote %llx, the root gets %llx", what,
			  (unsigned long long)b, (unsigned long long)v);
}

TEST(border_msrs)
{
	static const struct {
		uint32_t msr;
		WHV_REGISTER_NAME name;
		uint64_t a, b;
	} rows[] = {
		{ 0xc0000081, WHvX64RegisterStar, 0x1122334455667788, 0x8877665544332211 },
		{ 0xc0000082, WHvX64RegisterLstar, 0xffff800012345678, 0x7fff87654321 },
		{ 0xc0000083, WHvX64RegisterCstar, 0x123456789, 0xffffffff80001000 },
		{ 0xc0000084, WHvX64RegisterSfmask, 0x47700, 0x200 },
		{ 0xc0000102, WHvX64RegisterKernelGsBase, 0xffff888800001111, 0x1000 },
		{ 0x174, WHvX64RegisterSysenterCs, 0x10, 0x30 },
		{ 0x175, WHvX64RegisterSysenterEsp, 0xffff800000001000, 0x2000 },
		{ 0x176, WHvX64RegisterSysenterEip, 0xffff800000003000, 0x4000 },
		{ 0x277, WHvX64RegisterPat, 0x0007040600070406, 0x0606060606060606 },
		{ 0x200, WHvX64RegisterMsrMtrrPhysBase0, 0x80000006, 0xc0000000 },
		{ 0x201, WHvX64RegisterMsrMtrrPhysMask0, 0xf80000800, 0xfc0000800 },
		{ 0x20f, WHvX64RegisterMsrMtrrPhysMask7, 0x800, 0xff0000800 },
		{ 0x250, WHvX64RegisterMsrMtrrFix64k00000, 0x0606060606060606, 0 },
		{ 0x259, WHvX64RegisterMsrMtrrFix16kA0000, 0x0101010101010101, 0x0505050505050505 },
		{ 0x26f, WHvX64RegisterMsrMtrrFix4kF8000, 0x0404040404040404, 0x0606060606060606 },
		{ 0x2ff, WHvX64RegisterMsrMtrrDefType, 0xc06, 0x800 },
		{ 0xc0000103, WHvX64RegisterTscAux, 0x1234, 0x77 },
		{ 0x40000000, WHvRegisterGuestOsId, 0x8100000000000001, 0x8100000000000002 },
		{ 0x40000080, WHvRegisterScontrol, 1, 0 },
		{ 0x40000090, WHvRegisterSint0, 0x10030, 0x20041 },
		{ 0x4000009f, WHvRegisterSint15, 0x50051, 0x10000 },
		{ 0x40000083, WHvRegisterSimp, 0x210001, 0x211001 },
		{ 0x40000082, WHvRegisterSiefp, 0x212001, 0x213000 },
	};

	start();
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char what[24];

		strcpy(what, "MSR ");
		for (int n = 0; n < 8; n++)
			what[4 + n] = "0123456789abcdef"[rows[i].msr >> (28 - 4 * n) & 15];
		what[12] = 0;
		both_ways(BORDER_RDMSR, BORDER_WRMSR, rows[i].msr, rows[i].name, what, rows[i].a,
			  rows[i].b);
	}
	CHECK(vm_delete(&vm, false));
}

TEST(border_registers)
{
	static const struct {
		uint32_t which;
		WHV_REGISTER_NAME name;
		const char *what;
		uint64_t a, b;
	} rows[] = {
		{ BORDER_CR2, WHvX64RegisterCr2, "CR2", 0xdead0000, 0xffff8000beef0000 },
		{ BORDER_CR4, WHvX64RegisterCr4, "CR4", 0x406a0, 0x40620 },
		{ BORDER_CR8, WHvX64RegisterCr8, "CR8", 5, 9 },
		{ BORDER_DR0, WHvX64RegisterDr0, "DR0", 0x1111222233334444, 0x10 },
		{ BORDER_DR1, WHvX64RegisterDr1, "DR1", 0x1111222233335555, 0x11 },
		{ BORDER_DR2, WHvX64RegisterDr2, "DR2", 0x1111222233336666, 0x12 },
		{ BORDER_DR3, WHvX64RegisterDr3, "DR3", 0x1111222233337777, 0x13 },
		{ BORDER_DR7, WHvX64RegisterDr7, "DR7", 0x30090400, 0x10400 },
		{ BORDER_XCR0, WHvX64RegisterXCr0, "XCR0", 3, 7 },
		{ BORDER_APIC_TPR, WHvX64RegisterApicTpr, "APIC TPR", 0x31, 0x20 },
		{ BORDER_APIC_SVR, WHvX64RegisterApicSpurious, "APIC SVR", 0x1ff, 0x1fe },
		{ BORDER_APIC_LVT_TIMER, WHvX64RegisterApicLvtTimer, "APIC LVT timer", 0x30041,
		  0x10042 },
		{ BORDER_APIC_LVT_LINT0, WHvX64RegisterApicLvtLint0, "APIC LINT0", 0x700, 0x10700 },
		{ BORDER_APIC_DIVIDE, WHvX64RegisterApicDivide, "APIC divide", 3, 0xb },
	};

	start();
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		both_ways(BORDER_GET, BORDER_SET, rows[i].which, rows[i].name, rows[i].what,
			  rows[i].a, rows[i].b);
	CHECK(vm_delete(&vm, false));
}

static void wide(WHV_REGISTER_NAME name, WHV_REGISTER_VALUE *v, bool set)
{
	CHECK_EQ(set ? WHvSetVirtualProcessorRegisters(vm.p, 0, &name, 1, v)
		     : WHvGetVirtualProcessorRegisters(vm.p, 0, &name, 1, v),
		 S_OK);
}

/* Registers of 16 bytes, and those that lie in the XSAVE image. */
TEST(border_fp)
{
	WHV_REGISTER_VALUE v;

	start();
	memset(&v, 0, sizeof(v));
	v.Reg128.Low64 = 0x1111111122222222;
	v.Reg128.High64 = 0x3333333344444444;
	wide(WHvX64RegisterXmm0, &v, true);
	wide(WHvX64RegisterXmm15, &v, true);
	ask(BORDER_GET, BORDER_XMM0);
	CHECK_EQ(shared()->value, 0x1111111122222222);
	ask(BORDER_GET, BORDER_XMM15);
	CHECK_EQ(shared()->value, 0x3333333344444444);
	shared()->value = 0x5555666677778888;
	ask(BORDER_SET, BORDER_XMM15);
	wide(WHvX64RegisterXmm15, &v, false);
	CHECK_EQ(v.Reg128.Low64, 0x5555666677778888);
	CHECK_EQ(v.Reg128.High64, 0x5555666677778888);
	/* ST0 = 12345: exponent 16383 + 13, mantissa from bit 63 down */
	shared()->value = 12345;
	ask(BORDER_SET, BORDER_ST0);
	wide(WHvX64RegisterFpMmx0, &v, false);
	CHECK_EQ(v.Reg128.Low64, 12345ull << (63 - 13));
	CHECK_EQ(v.Reg128.High64, 16383 + 13);
	v.Reg128.Low64 = 777ull << (63 - 9);
	v.Reg128.High64 = 16383 + 9;
	wide(WHvX64RegisterFpMmx0, &v, true);
	ask(BORDER_GET, BORDER_ST0);
	CHECK_EQ(shared()->value, 777);
	wide(WHvX64RegisterXmmControlStatus, &v, false);
	v.XmmControlStatus.XmmStatusControl = 0x9f80;
	wide(WHvX64RegisterXmmControlStatus, &v, true);
	ask(BORDER_GET, BORDER_MXCSR);
	CHECK_EQ(shared()->value, 0x9f80);
	shared()->value = 0x1fc0;
	ask(BORDER_SET, BORDER_MXCSR);
	wide(WHvX64RegisterXmmControlStatus, &v, false);
	CHECK_EQ(v.XmmControlStatus.XmmStatusControl, 0x1fc0);
	CHECK(vm_delete(&vm, false));
}

/* A segment's base is what an access through it uses. */
TEST(border_segment)
{
	WHV_REGISTER_VALUE v;

	start();
	shared()->at_fs = 0xabcdef;
	wide(WHvX64RegisterFs, &v, false);
	v.Segment.Base = BORDER_SHARED + offsetof(struct border_shared, at_fs);
	wide(WHvX64RegisterFs, &v, true);
	ask(BORDER_GET, BORDER_FS_BASE);
	CHECK_EQ(shared()->value, 0xabcdef);
	CHECK(vm_delete(&vm, false));
}
