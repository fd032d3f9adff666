/* SPDX-License-Identifier: MIT */
/* Guests and their exits, by a few instructions each, through the WHv API. */
#include <string.h>

#include "tests/root/job.h"
#include "tests/root/vm.h"

#define RAM_SIZE  0x400000u
#define STACK_TOP 0x80000u

static struct vm vm;
static WHV_RUN_VP_EXIT_CONTEXT last;
static uint64_t cancel_at;

/* What a failed test left. */
void guest_tests_clean_up(void)
{
	if (vm.p)
		(void)vm_delete(&vm, false);
}

static void cancel_late(void *arg)
{
	(void)arg;
	if (rdtsc() >= cancel_at)
		(void)WHvCancelRunVirtualProcessor(vm.p, 0, 0);
}

static void tick(void)
{
	apic_write(APIC_INITIAL, (uint32_t)(rdmsr(0x40000023) / 1000));
}

/* A VP in long mode at these bytes. */
static void start_code(const void *code, size_t size)
{
	whv_metal_init();
	CHECK(vm_create(&vm, 1, RAM_SIZE, NULL));
	CHECK(vm_load(&vm, "spin"));
	memcpy(vm.ram + VM_IMAGE_BASE, code, size);
	CHECK(vm_start(&vm, 0, STACK_TOP, 0, 0));
}

/* Run VP 0 until it exits; no longer than a second. */
static WHV_RUN_VP_EXIT_REASON run_once(void)
{
	irq_handler(VEC_TIMER, tick);
	cancel_at = rdtsc() + boot_info->tsc_hz;
	whv_metal_before_dispatch(0, cancel_late, NULL);
	apic_timer(VEC_TIMER, (uint32_t)(rdmsr(0x40000023) / 1000));
	CHECK_EQ(WHvRunVirtualProcessor(vm.p, 0, &last, sizeof(last)), S_OK);
	apic_timer(APIC_MASKED, 0);
	whv_metal_before_dispatch(0, NULL, NULL);
	return last.ExitReason;
}

static uint64_t get(WHV_REGISTER_NAME name)
{
	uint64_t v;

	CHECK_EQ(vm_get(&vm, 0, name, &v), S_OK);
	return v;
}

static void done(void)
{
	CHECK(vm_delete(&vm, false));
}

#define CODE(name, ...) static const uint8_t name[] = { __VA_ARGS__ }

TEST(guest_port_io)
{
	/* mov eax,0x11223344; out 0x42,eax; in al,0x43; mov dx,0x3456; in ax,dx; hlt */
	CODE(code, 0xb8, 0x44, 0x33, 0x22, 0x11, 0xe7, 0x42, 0xe4, 0x43, 0x66, 0xba, 0x56, 0x34,
	     0x66, 0xed, 0xf4);

	start_code(code, sizeof(code));
	CHECK_EQ(run_once(), WHvRunVpExitReasonX64IoPortAccess);
	CHECK_EQ(last.IoPortAccess.PortNumber, 0x42);
	CHECK_EQ(last.IoPortAccess.AccessInfo.IsWrite, 1);
	CHECK_EQ(last.IoPortAccess.AccessInfo.AccessSize, 4);
	CHECK_EQ((uint32_t)last.IoPortAccess.Rax, 0x11223344);
	CHECK_EQ(last.VpContext.Rip, VM_IMAGE_BASE + 5);
	CHECK_EQ(last.VpContext.InstructionLength, 2);
	CHECK(vm_skip(&vm, 0, &last));
	CHECK_EQ(run_once(), WHvRunVpExitReasonX64IoPortAccess);
	CHECK_EQ(last.IoPortAccess.PortNumber, 0x43);
	CHECK_EQ(last.IoPortAccess.AccessInfo.IsWrite, 0);
	CHECK_EQ(last.IoPortAccess.AccessInfo.AccessSize, 1);
	CHECK(vm_skip(&vm, 0, &last));
	CHECK_EQ(vm_set(&vm, 0, WHvX64RegisterRax, 0x99), S_OK);
	CHECK_EQ(run_once(), WHvRunVpExitReasonX64IoPortAccess);
	CHECK_EQ(last.IoPortAccess.PortNumber, 0x3456);
	CHECK_EQ(last.IoPortAccess.AccessInfo.AccessSize, 2);
	CHECK_EQ(last.VpContext.InstructionLength, 2);
	CHECK_EQ(last.IoPortAccess.Rax, 0x99);
	done();
}

TEST(guest_string_io)
{
	/* mov dx,0x70; mov esi,0x5000; mov ecx,3; rep outsb */
	CODE(code, 0x66, 0xba, 0x70, 0x00, 0xbe, 0x00, 0x50, 0x00, 0x00, 0xb9, 0x03, 0x00, 0x00,
	     0x00, 0xf3, 0x6e);

	start_code(code, sizeof(code));
	CHECK_EQ(run_once(), WHvRunVpExitReasonX64IoPortAccess);
	CHECK_EQ(last.IoPortAccess.AccessInfo.StringOp, 1);
	CHECK_EQ(last.IoPortAccess.AccessInfo.RepPrefix, 1);
	CHECK_EQ(last.IoPortAccess.Rcx, 3);
	CHECK_EQ(last.IoPortAccess.Rsi, 0x5000);
	CHECK(last.IoPortAccess.InstructionByteCount >= 2);
	CHECK_EQ(last.IoPortAccess.InstructionBytes[0], 0xf3);
	CHECK_EQ(last.VpContext.InstructionLength, 2);
	done();
}

TEST(guest_mmio)
{
	/* mov esi,0xd0000000; mov dword [rsi+8],0x12345678; mov eax,[rsi] */
	CODE(code, 0xbe, 0x00, 0x00, 0x00, 0xd0, 0xc7, 0x46, 0x08, 0x78, 0x56, 0x34, 0x12, 0x8b,
	     0x06);

	start_code(code, sizeof(code));
	CHECK_EQ(run_once(), WHvRunVpExitReasonMemoryAccess);
	CHECK_EQ(last.MemoryAccess.Gpa, 0xd0000008);
	CHECK_EQ(last.MemoryAccess.AccessInfo.AccessType, WHvMemoryAccessWrite);
	CHECK_EQ(last.MemoryAccess.AccessInfo.GpaUnmapped, 1);
	CHECK(last.MemoryAccess.InstructionByteCount >= 7);
	CHECK(!memcmp(last.MemoryAccess.InstructionBytes, code + 5, 7));
	CHECK_EQ(last.VpContext.Rip, VM_IMAGE_BASE + 5);
	CHECK_EQ(vm_set(&vm, 0, WHvX64RegisterRip, last.VpContext.Rip + 7), S_OK);
	CHECK_EQ(run_once(), WHvRunVpExitReasonMemoryAccess);
	CHECK_EQ(last.MemoryAccess.Gpa, 0xd0000000);
	CHECK_EQ(last.MemoryAccess.AccessInfo.AccessType, WHvMemoryAccessRead);
	done();
}

TEST(guest_fault_in)
{
	/* mov byte [0x200000],7; mov al,[0x200000]; out 0x10,al */
	CODE(code, 0xc6, 0x04, 0x25, 0x00, 0x00, 0x20, 0x00, 0x07, 0x8a, 0x04, 0x25, 0x00, 0x00,
	     0x20, 0x00, 0xe6, 0x10);

	start_code(code, sizeof(code));
	CHECK_EQ(WHvUnmapGpaRange(vm.p, 0x200000, 0x1000), S_OK);
	CHECK_EQ(run_once(), WHvRunVpExitReasonMemoryAccess);
	CHECK_EQ(last.MemoryAccess.Gpa, 0x200000);
	/* Read-only first: the write comes back, as a lack of rights. */
	CHECK_EQ(WHvMapGpaRange(vm.p, vm.ram + 0x200000, 0x200000, 0x1000, WHvMapGpaRangeFlagRead),
		 S_OK);
	CHECK_EQ(run_once(), WHvRunVpExitReasonMemoryAccess);
	CHECK_EQ(last.MemoryAccess.AccessInfo.GpaUnmapped, 0);
	CHECK_EQ(vm.ram[0x200000], 0);
	CHECK_EQ(WHvMapGpaRange(vm.p, vm.ram + 0x200000, 0x200000, 0x1000,
				WHvMapGpaRangeFlagRead | WHvMapGpaRangeFlagWrite),
		 S_OK);
	CHECK_EQ(run_once(), WHvRunVpExitReasonX64IoPortAccess);
	CHECK_EQ(last.IoPortAccess.Rax & 0xff, 7);
	CHECK_EQ(vm.ram[0x200000], 7);
	done();
}

TEST(guest_msr_policy)
{
	/* mov ecx,0x12345; rdmsr: unknown, so #GP; without an IDT that ends in a triple fault */
	CODE(code, 0xb9, 0x45, 0x23, 0x01, 0x00, 0x0f, 0x32);

	start_code(code, sizeof(code));
	CHECK_EQ(run_once(), WHvRunVpExitReasonUnrecoverableException);
	done();
}

static void set_exits(uint64_t exits, WHV_PARTITION_PROPERTY_CODE code, const void *v, uint32_t n)
{
	CHECK_EQ(WHvSetPartitionProperty(vm.p, WHvPartitionPropertyCodeExtendedVmExits, &exits, 8),
		 S_OK);
	CHECK_EQ(WHvSetPartitionProperty(vm.p, code, v, n), S_OK);
}

TEST(guest_msr_exit)
{
	/* mov ecx,0x12345; mov eax,1; mov edx,2; wrmsr */
	CODE(code, 0xb9, 0x45, 0x23, 0x01, 0x00, 0xb8, 0x01, 0x00, 0x00, 0x00, 0xba, 0x02, 0x00,
	     0x00, 0x00, 0x0f, 0x30);
	uint64_t bitmap = 1;

	start_code(code, sizeof(code));
	set_exits(2, WHvPartitionPropertyCodeX64MsrExitBitmap, &bitmap, 8);
	CHECK_EQ(run_once(), WHvRunVpExitReasonX64MsrAccess);
	CHECK_EQ(last.MsrAccess.MsrNumber, 0x12345);
	CHECK_EQ(last.MsrAccess.AccessInfo.IsWrite, 1);
	CHECK_EQ(last.MsrAccess.Rax, 1);
	CHECK_EQ(last.MsrAccess.Rdx, 2);
	CHECK_EQ(last.VpContext.InstructionLength, 2);
	done();
}

TEST(guest_cpuid_exit)
{
	/* mov eax,0x1234; cpuid; mov eax,1; cpuid; out 0x10,al */
	CODE(code, 0xb8, 0x34, 0x12, 0x00, 0x00, 0x0f, 0xa2, 0xb8, 0x01, 0x00, 0x00, 0x00, 0x0f,
	     0xa2, 0xe6, 0x10);
	uint32_t leaf = 0x1234;

	start_code(code, sizeof(code));
	set_exits(1, WHvPartitionPropertyCodeCpuidExitList, &leaf, 4);
	CHECK_EQ(run_once(), WHvRunVpExitReasonX64Cpuid);
	CHECK_EQ(last.CpuidAccess.Rax, 0x1234);
	CHECK_EQ(last.VpContext.InstructionLength, 2);
	CHECK(vm_skip(&vm, 0, &last));
	CHECK_EQ(run_once(), WHvRunVpExitReasonX64IoPortAccess);
	CHECK_EQ(get(WHvX64RegisterRcx) >> 31, 1); /* a hypervisor, and no VMX or SVM beneath */
	CHECK_EQ(get(WHvX64RegisterRcx) >> 5 & 1, 0);
	done();
}

TEST(guest_exception_exit)
{
	/* ud2 */
	CODE(code, 0x0f, 0x0b);
	uint64_t bitmap = 1 << 6;

	start_code(code, sizeof(code));
	set_exits(4, WHvPartitionPropertyCodeExceptionExitBitmap, &bitmap, 8);
	CHECK_EQ(run_once(), WHvRunVpExitReasonException);
	CHECK_EQ(last.VpException.ExceptionType, 6);
	CHECK_EQ(last.VpContext.Rip, VM_IMAGE_BASE);
	done();
}

TEST(guest_triple_fault)
{
	CODE(code, 0x0f, 0x0b);

	start_code(code, sizeof(code));
	CHECK_EQ(run_once(), WHvRunVpExitReasonUnrecoverableException);
	done();
}

TEST(guest_spin_cancel)
{
	/* cli; jmp $ */
	CODE(code, 0xfa, 0xeb, 0xfe);

	start_code(code, sizeof(code));
	CHECK_EQ(run_once(), WHvRunVpExitReasonCanceled);
	CHECK_EQ(last.VpContext.Rip, 0); /* a canceled run has no context of an exit */
	CHECK_EQ(get(WHvX64RegisterRip), VM_IMAGE_BASE + 1);
	CHECK_EQ(get(WHvX64RegisterRflags) & 0x200, 0);
	done();
}

TEST(guest_debug_loop)
{
	/*
	 * Single-step without end: lidt [0x6000]; push 0x102; popfq; jmp $, where the handler of
	 * #DB is an IRETQ. Every step is an exit; the root still gets its CPU back.
	 */
	CODE(code, 0x0f, 0x01, 0x1c, 0x25, 0x00, 0x60, 0x00, 0x00, 0x68, 0x02, 0x01, 0x00, 0x00,
	     0x9d, 0xeb, 0xfe);
	CODE(iret, 0x48, 0xcf);
	uint64_t *idt, handler = VM_IMAGE_BASE + 0x100,
		       gdt[3] = { 0, 0x00af9b000000ffff, 0x00cf93000000ffff };
	WHV_REGISTER_NAME name = WHvX64RegisterGdtr;
	WHV_REGISTER_VALUE v;

	start_code(code, sizeof(code));
	memcpy(vm.ram + VM_IMAGE_BASE + 0x100, iret, sizeof(iret));
	idt = (uint64_t *)(vm.ram + 0x7000);
	idt[2] = (handler & 0xffff) | 0x08ull << 16 | 0x8e00ull << 32 |
		 (handler >> 16 & 0xffff) << 48;
	*(uint16_t *)(vm.ram + 0x6000) = 0xfff;
	*(uint64_t *)(vm.ram + 0x6002) = 0x7000;
	memcpy(vm.ram + 0x6100, gdt, sizeof(gdt));
	memset(&v, 0, sizeof(v));
	v.Table.Limit = 23;
	v.Table.Base = 0x6100;
	CHECK_EQ(WHvSetVirtualProcessorRegisters(vm.p, 0, &name, 1, &v), S_OK);
	CHECK_EQ(run_once(), WHvRunVpExitReasonCanceled);
	CHECK(get(WHvX64RegisterDr6) & 0x4000);
	done();
}

/*
 * Ring 3, AC set, a stack that is not aligned, and a gate for #AC to ring 3: the delivery of #AC
 * faults with #AC, for ever (CVE-2015-5307). QEMU 7.2 raises none, and goes on to the loop behind
 * it.
 */
TEST(guest_alignment_loop)
{
	/* mov eax,[0x100001]; jmp $ */
	CODE(code, 0xa1, 0x01, 0x00, 0x10, 0x00, 0xeb, 0xfe);
	static const uint64_t gdt[] = { 0, 0, 0, 0x00cffb000000ffff, 0x00cff3000000ffff };
	static const WHV_REGISTER_NAME names[] = {
		WHvX64RegisterCs,   WHvX64RegisterSs,	WHvX64RegisterDs,     WHvX64RegisterEs,
		WHvX64RegisterGdtr, WHvX64RegisterIdtr, WHvX64RegisterCr0,    WHvX64RegisterCr4,
		WHvX64RegisterEfer, WHvX64RegisterRsp,	WHvX64RegisterRflags,
	};
	WHV_REGISTER_VALUE v[sizeof(names) / sizeof(names[0])];
	uint64_t handler = VM_IMAGE_BASE + 5;

	start_code(code, sizeof(code));
	memcpy(vm.ram + 0x6100, gdt, sizeof(gdt));
	((uint64_t *)(void *)(vm.ram + 0x7000))[17] =
		(handler & 0xffff) | 0x1bull << 16 | 0xee00ull << 32 | handler >> 16 << 48;
	memset(v, 0, sizeof(v));
	for (uint32_t i = 0; i < 4; i++) {
		v[i].Segment.Limit = 0xffffffff;
		v[i].Segment.Selector = i ? 0x23 : 0x1b;
		v[i].Segment.Attributes = i ? 0xc0f3 : 0xc0fb;
	}
	v[4].Table.Limit = sizeof(gdt) - 1;
	v[4].Table.Base = 0x6100;
	v[5].Table.Limit = 18 * 8 - 1;
	v[5].Table.Base = 0x7000;
	v[6].Reg64 = 0x40033; /* AM, NE, PE */
	v[9].Reg64 = 0x8001;
	v[10].Reg64 = 0x40002; /* AC */
	CHECK_EQ(WHvSetVirtualProcessorRegisters(vm.p, 0, names, sizeof(names) / sizeof(names[0]),
						 v),
		 S_OK);
	CHECK_EQ(run_once(), WHvRunVpExitReasonCanceled);
	CHECK_EQ(get(WHvX64RegisterRip), VM_IMAGE_BASE + (hv_calls_by_vmcall() ? 0 : 5));
	CHECK_EQ(get(WHvX64RegisterRsp), 0x8001);
	done();
}

/* A breakpoint of the guest's own, enabled in DR7: its #DB, and the registers as it left them. */
TEST(guest_breakpoint)
{
	/* lidt [0x6000]; mov eax,0x100040; mov dr0,rax; mov eax,0x401; mov dr7,rax */
	CODE(code, 0x0f, 0x01, 0x1c, 0x25, 0x00, 0x60, 0x00, 0x00, 0xb8, 0x40, 0x00, 0x10, 0x00,
	     0x0f, 0x23, 0xc0, 0xb8, 0x01, 0x04, 0x00, 0x00, 0x0f, 0x23, 0xf8);
	/* mov rax,dr6; out 0x20,eax */
	CODE(report, 0x0f, 0x21, 0xf0, 0xe7, 0x20);
	static const uint64_t gdt[] = { 0, 0x00af9b000000ffff, 0x00cf93000000ffff };
	uint64_t handler = VM_IMAGE_BASE + 0x100;
	WHV_REGISTER_NAME name = WHvX64RegisterGdtr;
	WHV_REGISTER_VALUE v;

	if (!hv_calls_by_vmcall())
		test_skip("the emulator crashes on it");
	start_code(code, sizeof(code));
	memset(vm.ram + VM_IMAGE_BASE + sizeof(code), 0x90, 0x100);
	memcpy(vm.ram + handler, report, sizeof(report));
	*(uint16_t *)(vm.ram + 0x6000) = 0xfff;
	*(uint64_t *)(vm.ram + 0x6002) = 0x7000;
	((uint64_t *)(void *)(vm.ram + 0x7000))[2] =
		(handler & 0xffff) | 0x08ull << 16 | 0x8e00ull << 32 | handler >> 16 << 48;
	memcpy(vm.ram + 0x6100, gdt, sizeof(gdt));
	memset(&v, 0, sizeof(v));
	v.Table.Limit = sizeof(gdt) - 1;
	v.Table.Base = 0x6100;
	CHECK_EQ(WHvSetVirtualProcessorRegisters(vm.p, 0, &name, 1, &v), S_OK);
	CHECK_EQ(run_once(), WHvRunVpExitReasonX64IoPortAccess);
	CHECK_EQ(last.IoPortAccess.PortNumber, 0x20);
	CHECK_EQ(last.IoPortAccess.Rax & 0xf, 1);
	CHECK_EQ(get(WHvX64RegisterDr7), 0x401);
	CHECK_EQ(get(WHvX64RegisterDr0), VM_IMAGE_BASE + 0x40);
	CHECK_EQ(*(uint64_t *)(void *)(vm.ram + get(WHvX64RegisterRsp)), VM_IMAGE_BASE + 0x40);
	done();
}

/* -- from reset ------------------------------------------------------------------------------- */

static volatile uint32_t modes; /* bit n: OUT 0x80 of value n */

static void run_until_halt(void *arg)
{
	uint32_t vp = (uint32_t)(uintptr_t)arg;
	uint64_t end = rdtsc() + boot_info->tsc_hz * 5;
	WHV_RUN_VP_EXIT_CONTEXT c;

	while (rdtsc() < end) {
		uint32_t value;

		if (WHvRunVirtualProcessor(vm.p, vp, &c, sizeof(c)) != S_OK ||
		    c.ExitReason != WHvRunVpExitReasonX64IoPortAccess)
			return;
		value = (uint32_t)c.IoPortAccess.Rax & 0x1f;
		__atomic_or_fetch(&modes, 1u << value, __ATOMIC_SEQ_CST);
		if (!vm_skip(&vm, vp, &c) || (value & 0xf) == 4)
			return;
	}
}

TEST_CPUS(guest_reset_and_sipi, 2)
{
	/* jmp far 0x0800:0000 */
	CODE(jump, 0xea, 0x00, 0x00, 0x00, 0x08);
	uint8_t *top;
	size_t n;
	const void *image = guest_image("reset", &n);

	whv_metal_init();
	CHECK(vm_create(&vm, 2, RAM_SIZE, NULL));
	memcpy(vm.ram + 0x8000, image, n);
	top = vm.ram + 0x300000;
	memcpy(top + 0xff0, jump, sizeof(jump));
	CHECK_EQ(WHvMapGpaRange(vm.p, top, 0xfffff000, 0x1000,
				WHvMapGpaRangeFlagRead | WHvMapGpaRangeFlagExecute),
		 S_OK);
	modes = 0;
	cpu_run(1, run_until_halt, (void *)1);
	run_until_halt(NULL);
	/* VP 1 needs VP 0's SIPI; both report 1 to 4 */
	cpu_join(1);
	CHECK_EQ(modes, 0x1e001e);
	done();
}
