/* SPDX-License-Identifier: MIT */
/* The WHv library on arm64: what a program written for WinHvPlatform meets. */
#include <string.h>

#include "tests/root/vm.h"

#define RAM_SIZE 0x200000u
#define SAY	 0x09000000u /* nothing is mapped there */
#define WFI	 0xd503207fu
#define HVC0	 0xd4000002u
#define LOOP	 0x14000000u /* b . */
#define SPI	 40u

static struct vm vm;
static WHV_RUN_VP_EXIT_CONTEXT last;

void guest_tests_clean_up(void)
{
	(void)vm_delete(&vm, false);
}

/* One VP at those instructions. */
static void start(const uint32_t *code, size_t size, uint32_t vps)
{
	whv_metal_init();
	CHECK(vm_create(&vm, vps, RAM_SIZE, NULL));
	memset(vm.ram, 0, RAM_SIZE);
	memcpy(vm.ram + VM_IMAGE_BASE, code, size);
	for (uint32_t i = 0; i < vps; i++)
		CHECK(vm_start(&vm, i, VM_IMAGE_BASE, i, 0));
}

static uint32_t run(uint32_t vp)
{
	memset(&last, 0xee, sizeof(last));
	CHECK_EQ(WHvRunVirtualProcessor(vm.p, vp, &last, sizeof(last)), S_OK);
	return (uint32_t)last.ExitReason;
}

static uint64_t get(WHV_REGISTER_NAME name)
{
	uint64_t v = 0;

	CHECK_EQ(vm_get(&vm, 0, name, &v), S_OK);
	return v;
}

static void done(void)
{
	CHECK(vm_delete(&vm, false));
}

TEST(whv_capabilities)
{
	WHV_CAPABILITY c;
	UINT32 n;

	whv_metal_init();
#define ASK(code) CHECK_EQ(WHvGetCapability(WHvCapabilityCode##code, &c, sizeof(c), &n), S_OK)
	ASK(HypervisorPresent);
	CHECK(c.HypervisorPresent);
	ASK(Features);
	CHECK(c.Features.Arm64Support);
	ASK(ProcessorVendor);
	CHECK_EQ(c.ProcessorVendor, WHvProcessorVendorArm);
	ASK(PhysicalAddressWidth);
	CHECK(c.PhysicalAddressWidth >= 32 && c.PhysicalAddressWidth <= 48);
	ASK(ProcessorClockFrequency);
	CHECK_EQ(c.ProcessorClockFrequency, read_sysreg(cntfrq_el0));
	ASK(ProcessorClFlushSize);
	CHECK_EQ(c.ProcessorClFlushSize, 2 + (read_sysreg(ctr_el0) >> 16 & 0xf));
	ASK(GicLpiIntIdBits);
	CHECK_EQ(n, 4);
	CHECK_EQ(c.GicLpiIntIdBits, 14);
	ASK(MaxSveVectorLength);
	CHECK_EQ(!c.MaxSveVectorLength, !(read_sysreg(id_aa64pfr0_el1) >> 32 & 0xf));
	CHECK(c.MaxSveVectorLength % 16 == 0 && c.MaxSveVectorLength <= 256);
}

/* Without parameters, or with such as cannot be, there is no partition; nor is anything left of it.
 */
TEST(whv_ic_parameters)
{
	static const struct {
		uint64_t gicd, gits;
		uint32_t lpi, timer, pmu;
	} bad[] = {
		{ 0x8000001, 0, 0, 0, 0 },     { 1ull << 48, 0, 0, 0, 0 },
		{ 0x8000000, 1, 0, 0, 0 },     { 0x8000000, 0, 40, 0, 0 },
		{ 0x8000000, 0, 0, 0x200, 0 }, { 0x8000000, 0, 0, 0, 5 },
	};
	WHV_ARM64_IC_PARAMETERS ic, got;
	WHV_PARTITION_HANDLE p;
	UINT32 one = 1, n;
	size_t left;

	whv_metal_init();
	left = pages_left();
	CHECK_EQ(WHvCreatePartition(&p), S_OK);
	CHECK_EQ(WHvSetPartitionProperty(p, WHvPartitionPropertyCodeProcessorCount, &one, 4), S_OK);
	CHECK_EQ(WHvSetupPartition(p), WHV_E_INVALID_PARTITION_CONFIG);
	memset(&ic, 0, sizeof(ic));
	ic.EmulationMode = WHvArm64IcEmulationModeGicV3;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ic.GicV3Parameters.GicdBaseAddress = bad[i].gicd;
		ic.GicV3Parameters.GitsTranslaterBaseAddress = bad[i].gits;
		ic.GicV3Parameters.GicLpiIntIdBits = bad[i].lpi;
		ic.GicV3Parameters.GicPpiOverflowInterruptFromCntv = bad[i].timer;
		ic.GicV3Parameters.GicPpiPerformanceMonitorsInterrupt = bad[i].pmu;
		CHECK_EQ(WHvSetPartitionProperty(p, WHvPartitionPropertyCodeArm64IcParameters, &ic,
						 sizeof(ic)),
			 S_OK);
		CHECK_EQ(WHvSetupPartition(p), WHV_E_INVALID_PARTITION_CONFIG);
	}
	memset(&ic.GicV3Parameters, 0, sizeof(ic.GicV3Parameters));
	ic.GicV3Parameters.GicdBaseAddress = VM_GICD;
	CHECK_EQ(WHvSetPartitionProperty(p, WHvPartitionPropertyCodeArm64IcParameters, &ic,
					 sizeof(ic)),
		 S_OK);
	CHECK_EQ(WHvSetupPartition(p), S_OK);
	CHECK_EQ(WHvGetPartitionProperty(p, WHvPartitionPropertyCodeArm64IcParameters, &got,
					 sizeof(got), &n),
		 S_OK);
	CHECK(!memcmp(&got, &ic, sizeof(ic)));
	CHECK_EQ(WHvDeletePartition(p), S_OK);
	CHECK_EQ(pages_left(), left);
}

/* A store, a load, and a store to memory that may only be read: each told with its syndrome. */
TEST(whv_memory_exits)
{
	static const uint32_t code[] = {
		0xf9000441, /* str x1, [x2, #8] */
		0xb9400043, /* ldr w3, [x2] */
		0xf9000081, /* str x1, [x4] */
		0xd4200000, /* brk: not reached */
	};
	const WHV_MEMORY_ACCESS_CONTEXT *m = &last.MemoryAccess;

	start(code, sizeof(code), 1);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX1, 0x1234), S_OK);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX2, SAY), S_OK);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX4, 0x180010), S_OK);
	CHECK_EQ(WHvMapGpaRange(vm.p, vm.ram + 0x180000, 0x180000, PAGE,
				WHvMapGpaRangeFlagRead | WHvMapGpaRangeFlagExecute),
		 S_OK);
	CHECK_EQ(run(0), WHvRunVpExitReasonUnmappedGpa);
	CHECK_EQ(m->Header.InterceptAccessType, WHvMemoryAccessWrite);
	CHECK_EQ(m->Header.InstructionLength, 4);
	CHECK_EQ(m->Header.ExecutionState.Cpl, 1);
	CHECK_EQ(m->Header.Pc, VM_IMAGE_BASE);
	CHECK_EQ(m->Gpa, SAY + 8);
	CHECK_EQ(m->Syndrome >> 26 & 0x3f, 0x24); /* data abort, lower level */
	CHECK_EQ(m->Syndrome >> 24 & 1, 1);	  /* ISV */
	CHECK_EQ(m->Syndrome >> 22 & 3, 3);	  /* 8 bytes */
	CHECK_EQ(m->Syndrome >> 16 & 0x1f, 1);	  /* X1 */
	CHECK_EQ(m->Syndrome >> 6 & 1, 1);	  /* WnR */
	/* Not skipped, it comes again. */
	CHECK_EQ(run(0), WHvRunVpExitReasonUnmappedGpa);
	CHECK_EQ(m->Header.Pc, VM_IMAGE_BASE);
	CHECK(vm_skip(&vm, 0, &last));
	CHECK_EQ(run(0), WHvRunVpExitReasonUnmappedGpa);
	CHECK_EQ(m->Header.InterceptAccessType, WHvMemoryAccessRead);
	CHECK_EQ(m->Gpa, SAY);
	CHECK_EQ(m->Syndrome >> 16 & 0x1f, 3);
	CHECK(vm_skip(&vm, 0, &last));
	CHECK_EQ(run(0), WHvRunVpExitReasonGpaIntercept);
	CHECK_EQ(m->Header.InterceptAccessType, WHvMemoryAccessWrite);
	CHECK_EQ(m->Gpa, 0x180010);
	CHECK_EQ(*(uint64_t *)(vm.ram + 0x180010), 0);
	done();
}

/* A page that comes in when it is missed: the instruction's own, too. */
TEST(whv_fault_in)
{
	static const uint32_t code[] = {
		0xf9000041, /* str x1, [x2] */
		0xf9000061, /* str x1, [x3] */
	};
	uint32_t brought = 0;

	whv_metal_init();
	CHECK(vm_create_absent(&vm, 1, RAM_SIZE, NULL));
	memset(vm.ram, 0, RAM_SIZE);
	memcpy(vm.ram + VM_IMAGE_BASE, code, sizeof(code));
	CHECK(vm_start(&vm, 0, 0, 0, 0));
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX1, 0x77), S_OK);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX2, 0x5008), S_OK);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX3, SAY), S_OK);
	while (run(0) == WHvRunVpExitReasonUnmappedGpa && last.MemoryAccess.Gpa < SAY) {
		CHECK_EQ(last.MemoryAccess.Header.InterceptAccessType,
			 brought ? WHvMemoryAccessWrite : WHvMemoryAccessExecute);
		CHECK(vm_map_page(&vm, last.MemoryAccess.Gpa));
		brought++;
	}
	CHECK_EQ(last.MemoryAccess.Gpa, SAY);
	CHECK_EQ(brought, 2);
	CHECK_EQ(*(uint64_t *)(vm.ram + 0x5008), 0x77);
	done();
}

/* PSCI SYSTEM_OFF and SYSTEM_RESET are the root's to act on. */
TEST(whv_psci_reset)
{
	static const uint32_t code[] = { HVC0, HVC0, LOOP };

	start(code, sizeof(code), 1);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX0, 0x84000008), S_OK);
	CHECK_EQ(run(0), WHvRunVpExitReasonArm64Reset);
	CHECK_EQ(last.Arm64Reset.ResetType, WHvArm64ResetTypePowerOff);
	CHECK_EQ(last.Arm64Reset.Header.VpIndex, 0);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterPc, VM_IMAGE_BASE + 4), S_OK);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX0, 0x84000009), S_OK);
	CHECK_EQ(vm_set(&vm, 0, WHvRegisterInternalActivityState, 0), S_OK);
	CHECK_EQ(run(0), WHvRunVpExitReasonArm64Reset);
	CHECK_EQ(last.Arm64Reset.ResetType, WHvArm64ResetTypeReboot);
	/* As a VMM resets it: fresh processors under the old indexes, memory as it is */
	CHECK_EQ(WHvResetPartition(vm.p), S_OK);
	CHECK_EQ(get(WHvArm64RegisterPc), 0);
	CHECK_EQ(vm.ram[VM_IMAGE_BASE], code[0] & 0xff);
	done();
}

static void cancel(void *arg)
{
	(void)arg;
	delay_us(3000);
	(void)WHvCancelRunVirtualProcessor(vm.p, 0, 0);
}

/* From another CPU, a guest that spins and one that waits. */
TEST_CPUS(whv_cancel, 2)
{
	static const uint32_t code[] = { LOOP, WFI, 0x17ffffff };

	start(code, sizeof(code), 1);
	for (uint32_t i = 0; i < 20; i++) {
		CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterPc, VM_IMAGE_BASE + 4 * (i & 1)), S_OK);
		cpu_run(1, cancel, NULL);
		CHECK_EQ(run(0), 0xffffffff);
		CHECK_EQ(last.CancelReason.CancelReason, WHvRunVpCancelReasonUser);
		cpu_join(1);
	}
	/* One that comes first ends the next run at once. */
	CHECK_EQ(WHvCancelRunVirtualProcessor(vm.p, 0, 0), S_OK);
	CHECK_EQ(run(0), 0xffffffff);
	done();
}

static const struct {
	WHV_VIRTUAL_PROCESSOR_STATE_TYPE type;
	uint32_t vp, size; /* 0: whatever it is */
} types[] = {
	{ WHvVirtualProcessorStateTypeInterruptControllerState, 0, 200 },
	{ WHvVirtualProcessorStateTypeSynicMessagePage, 0, 4096 },
	{ WHvVirtualProcessorStateTypeSynicEventFlagPage, 0, 4096 },
	{ WHvVirtualProcessorStateTypeSynicTimerState, 0, 200 },
	{ WHvVirtualProcessorStateTypeGlobalInterruptState, WHV_ANY_VP, 0 },
	{ WHvVirtualProcessorStateTypeSveState, 0, 0 },
};

/* Each type: the probe, too small, exactly, one more; what Get gave, Set takes, and Get gives
 * again. */
TEST(whv_state_types)
{
	static const uint32_t code[] = { LOOP };
	static uint8_t a[3 * PAGE], b[3 * PAGE];
	bool sve = read_sysreg(id_aa64pfr0_el1) >> 32 & 0xf;
	UINT32 n;

	start(code, sizeof(code), 1);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		WHV_VIRTUAL_PROCESSOR_STATE_TYPE t = types[i].type;
		uint32_t vp = types[i].vp;

		n = 0;
		if (t == WHvVirtualProcessorStateTypeSveState && !sve) {
			CHECK_EQ(WHvGetVirtualProcessorState(vm.p, vp, t, NULL, 0, &n),
				 E_INVALIDARG);
			continue;
		}
		CHECK_EQ(WHvGetVirtualProcessorState(vm.p, vp, t, NULL, 0, &n),
			 WHV_E_INSUFFICIENT_BUFFER);
		CHECK(types[i].size ? n == types[i].size : n > 16 && n <= sizeof(a));
		CHECK_EQ(WHvGetVirtualProcessorState(vm.p, vp, t, a, n - 1, NULL),
			 WHV_E_INSUFFICIENT_BUFFER);
		CHECK_EQ(WHvGetVirtualProcessorState(vm.p, vp, t, a, sizeof(a), &n), S_OK);
		CHECK_EQ(WHvSetVirtualProcessorState(vm.p, vp, t, a, n - 1), E_INVALIDARG);
		CHECK_EQ(WHvSetVirtualProcessorState(vm.p, vp, t, a, n + 1), E_INVALIDARG);
		CHECK_EQ(WHvSetVirtualProcessorState(vm.p, vp, t, a, n), S_OK);
		CHECK_EQ(WHvGetVirtualProcessorState(vm.p, vp, t, b, n, NULL), S_OK);
		CHECK(!memcmp(a, b, n));
		/* Whose it is, is part of the type. */
		CHECK_EQ(
			WHvGetVirtualProcessorState(vm.p, vp ? 0 : WHV_ANY_VP, t, a, sizeof(a), &n),
			vp ? E_INVALIDARG : WHV_E_VP_DOES_NOT_EXIST);
	}
	CHECK_EQ(WHvGetVirtualProcessorState(vm.p, 0, (WHV_VIRTUAL_PROCESSOR_STATE_TYPE)0x1001, a,
					     sizeof(a), &n),
		 E_INVALIDARG);
	done();
}

/* The partition's interrupts, in a page of the caller's. */
static WHV_ARM64_GLOBAL_INTERRUPT_CONTROLLER_STATE *shared(void *page, UINT32 *n)
{
	CHECK_EQ(WHvGetVirtualProcessorState(vm.p, WHV_ANY_VP,
					     WHvVirtualProcessorStateTypeGlobalInterruptState, page,
					     PAGE, n),
		 S_OK);
	return page;
}
static uint8_t page_a[PAGE] __attribute__((aligned(8))), page_b[PAGE] __attribute__((aligned(8)));

/* A blob that is wrong in one byte changes nothing. */
TEST(whv_state_refused)
{
	static const uint32_t code[] = { LOOP };
	WHV_ARM64_LOCAL_INTERRUPT_CONTROLLER_STATE local, now;
	WHV_ARM64_GLOBAL_INTERRUPT_CONTROLLER_STATE *g;
	UINT32 n;

	start(code, sizeof(code), 1);
	CHECK_EQ(WHvGetVirtualProcessorState(vm.p, 0, types[0].type, &local, sizeof(local), &n),
		 S_OK);
	CHECK_EQ(local.Version, 1);
	CHECK_EQ(local.GicVersion, 3);
	now = local;
	now.IccPmrEl1 = 0xf0;
	now.BankedInterruptState[20].Enabled = 1;
	now.BankedInterruptState[31].Reserved1 = 1;
	CHECK(FAILED(WHvSetVirtualProcessorState(vm.p, 0, types[0].type, &now, sizeof(now))));
	CHECK_EQ(WHvGetVirtualProcessorState(vm.p, 0, types[0].type, &now, sizeof(now), &n), S_OK);
	CHECK(!memcmp(&now, &local, sizeof(now)));
	g = shared(page_a, &n);
	CHECK_EQ(n, 16 + 16 * g->NumInterrupts);
	CHECK_EQ(g->Interrupts[0].InterruptId, 32);
	memcpy(page_b, page_a, n);
	g->GicdCtlrEnableGrp1A = 1;
	g->Interrupts[0].InterruptState.Enabled = 1;
	g->Version = 2;
	CHECK(FAILED(WHvSetVirtualProcessorState(vm.p, WHV_ANY_VP, types[4].type, g, n)));
	(void)shared(page_a, &n);
	CHECK(!memcmp(page_a, page_b, n));
	done();
}

static void say_vp(void *arg)
{
	*(volatile uint32_t *)arg = run(0);
}

/* SPI 40 and priorities by state, so that the guest needs no driver. */
static void enable_spi(void)
{
	WHV_ARM64_LOCAL_INTERRUPT_CONTROLLER_STATE local;
	WHV_ARM64_GLOBAL_INTERRUPT_CONTROLLER_STATE *g;
	UINT32 n;

	CHECK_EQ(WHvGetVirtualProcessorState(vm.p, 0, types[0].type, &local, sizeof(local), &n),
		 S_OK);
	local.IccPmrEl1 = 0xf0;
	local.IccIgrpen1El1 = 1;
	CHECK_EQ(WHvSetVirtualProcessorState(vm.p, 0, types[0].type, &local, n), S_OK);
	g = shared(page_a, &n);
	g->GicdCtlrEnableGrp1A = 1;
	g->Interrupts[SPI - 32].InterruptState.Enabled = 1;
	g->Interrupts[SPI - 32].InterruptState.GicrIpriorityrConfigured = 0x80;
	CHECK_EQ(WHvSetVirtualProcessorState(vm.p, WHV_ANY_VP, types[4].type, g, n), S_OK);
}

static bool asserted(void)
{
	WHV_ARM64_GLOBAL_INTERRUPT_CONTROLLER_STATE *g;
	UINT32 n;

	g = shared(page_a, &n);
	CHECK_EQ(g->Interrupts[SPI - 32].InterruptId, SPI);
	return g->Interrupts[SPI - 32].InterruptState.Asserted;
}

static HRESULT line(uint32_t intid, bool up)
{
	WHV_INTERRUPT_CONTROL c;

	memset(&c, 0, sizeof(c));
	c.RequestedVector = intid;
	c.InterruptControl.Asserted = up;
	return WHvRequestInterrupt(vm.p, &c, sizeof(c));
}

/* A line that another CPU raises wakes a processor that waits, and is in its state. */
TEST_CPUS(whv_request_interrupt, 2)
{
	/* 1: wfi; mrs x4, isr_el1; tbz x4, #7, 1b; mrs x3, icc_iar1_el1; str x3, [x2]; b . */
	static const uint32_t code[] = {
		WFI, 0xd538c104, 0x363fffc4, 0xd538cc03, 0xf9000043, LOOP
	};
	static volatile uint32_t reason;

	start(code, sizeof(code), 1);
	enable_spi();
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX2, SAY), S_OK);
	CHECK_EQ(line(3, true), (HRESULT)HRESULT_FROM_HV_STATUS(HV_STATUS_INVALID_PARAMETER));
	CHECK_EQ(line(1020, true), (HRESULT)HRESULT_FROM_HV_STATUS(HV_STATUS_INVALID_PARAMETER));
	CHECK_EQ(line(20, true), S_OK); /* of the VP whose MPIDR is 0 */
	CHECK_EQ(line(20, false), S_OK);
	CHECK(!asserted());
	reason = 0;
	cpu_run(1, say_vp, (void *)(uintptr_t)&reason);
	delay_us(5000);
	CHECK_EQ(reason, 0);
	CHECK_EQ(line(SPI, true), S_OK);
	cpu_join(1);
	CHECK_EQ(reason, WHvRunVpExitReasonUnmappedGpa);
	CHECK_EQ(get(WHvArm64RegisterX3), SPI);
	CHECK(asserted());
	CHECK_EQ(line(SPI, false), S_OK);
	CHECK(!asserted());
	done();
}

/*
 * Kicks from one CPU to another that is in a guest: each raises a line that the guest, which makes
 * no exit of its own, has to see. One that is lost is waited for in vain.
 */
#define KICKS_TAKEN 0x180000u
#define KICKS_DOWN  0x181000u

TEST_CPUS(whv_kicks, 2)
{
	static const uint32_t code[] = {
		0xd538c104, /* 1: mrs x4, isr_el1 */
		0x363fffe4, /* tbz x4, #7, 1b */
		0xd538cc03, /* mrs x3, icc_iar1_el1 */
		0x910004c6, /* add x6, x6, #1 */
		0xf90000a6, /* str x6, [x5] */
		0xf94000e8, /* 2: ldr x8, [x7] */
		0xeb06011f, /* cmp x8, x6 */
		0x54ffffc1, /* b.ne 2b */
		0xd518cc23, /* msr icc_eoir1_el1, x3 */
		0x17fffff7, /* b 1b */
	};
	uint64_t kicks = option_number("kicks", 5000), n;
	volatile uint64_t *taken, *down;
	static volatile uint32_t reason;

	start(code, sizeof(code), 1);
	enable_spi();
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX5, KICKS_TAKEN), S_OK);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX6, 0), S_OK);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX7, KICKS_DOWN), S_OK);
	taken = (uint64_t *)(void *)(vm.ram + KICKS_TAKEN);
	down = (uint64_t *)(void *)(vm.ram + KICKS_DOWN);
	reason = 0;
	cpu_run(1, say_vp, (void *)(uintptr_t)&reason);
	for (n = 1; n <= kicks; n++) {
		uint64_t until = root_clock() + 2 * boot_info->tsc_hz;

		if (line(SPI, true) != S_OK)
			break;
		while (*taken != n && root_clock() < until)
			cpu_pause();
		if (*taken != n || line(SPI, false) != S_OK)
			break;
		*down = n;
	}
	(void)WHvCancelRunVirtualProcessor(vm.p, 0, 0);
	cpu_join(1);
	CHECK_EQ(n, kicks + 1);
	CHECK_EQ(reason, 0xffffffff);
	CHECK_EQ(get(WHvArm64RegisterX6), kicks);
	done();
}

/* The root's priority of the timer's interrupt is the lowest: the guest's timer comes all the same.
 */
TEST(whv_timer_priority)
{
	/* msr cntv_cval_el0, x5; msr cntv_ctl_el0, x6; 1: mrs x4, isr_el1; tbz x4, #7, 1b; str x4,
	 * [x2] */
	static const uint32_t code[] = { 0xd51be345, 0xd51be326, 0xd538c104,
					 0x363fffe4, 0xf9000044, LOOP };
	uint32_t ppi = boot_info->arm64.ppi_virtual_timer;
	WHV_ARM64_LOCAL_INTERRUPT_CONTROLLER_STATE local;
	uint8_t before, now;
	UINT32 n;

	CHECK_EQ(safe_read8(gic_frame(0) + 0x400 + ppi, &before), -1);
	CHECK_EQ(safe_write8(gic_frame(0) + 0x400 + ppi, 0xff), -1);
	start(code, sizeof(code), 1);
	enable_spi();
	CHECK_EQ(WHvGetVirtualProcessorState(vm.p, 0, types[0].type, &local, sizeof(local), &n),
		 S_OK);
	local.BankedInterruptState[27].Enabled = 1;
	local.BankedInterruptState[27].GicrIpriorityrConfigured = 0x80;
	CHECK_EQ(WHvSetVirtualProcessorState(vm.p, 0, types[0].type, &local, n), S_OK);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX2, SAY), S_OK);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX5, 1000), S_OK);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX6, 1), S_OK);
	CHECK_EQ(run(0), WHvRunVpExitReasonUnmappedGpa);
	CHECK_EQ(get(WHvArm64RegisterX4) >> 7 & 1, 1);
	CHECK_EQ(safe_read8(gic_frame(0) + 0x400 + ppi, &now), -1);
	CHECK(now >= 0xf0);
	CHECK_EQ(safe_write8(gic_frame(0) + 0x400 + ppi, before), -1);
	done();
}

/* While it runs, nothing of it can be read or set. */
TEST_CPUS(whv_running_vp, 2)
{
	static const uint32_t code[] = { LOOP };
	static volatile uint32_t reason;
	static uint8_t buf[3 * PAGE];
	uint64_t v;
	UINT32 n;

	start(code, sizeof(code), 1);
	reason = 0;
	cpu_run(1, say_vp, (void *)(uintptr_t)&reason);
	delay_us(3000);
	for (size_t i = 0; i < 5; i++)
		CHECK_EQ(WHvGetVirtualProcessorState(vm.p, types[i].vp, types[i].type, buf,
						     sizeof(buf), &n),
			 WHV_E_INVALID_VP_STATE);
	CHECK_EQ(vm_get(&vm, 0, WHvArm64RegisterPc, &v), WHV_E_INVALID_VP_STATE);
	CHECK_EQ(WHvSuspendPartitionTime(vm.p), WHV_E_INVALID_VP_STATE);
	CHECK_EQ(WHvDeleteVirtualProcessor(vm.p, 0), WHV_E_INVALID_VP_STATE);
	CHECK_EQ(WHvCancelRunVirtualProcessor(vm.p, 0, 0), S_OK);
	cpu_join(1);
	CHECK_EQ(reason, 0xffffffff);
	CHECK_EQ(get(WHvArm64RegisterPc), VM_IMAGE_BASE);
	done();
}

/* -- translation: what the guest's own MMU does, the call does --------------------------------- */
#define TTBR0 0x10000u
#define TTBR1 0x11000u
#define AF    0x400u
#define RO    0x80u
#define UPPER 0xffffff8000000000ull /* 39 bits */

static void tables(void)
{
	uint64_t *l1 = (uint64_t *)(void *)(vm.ram + TTBR0), *t = l1 + 512;

	l1[0] = AF | 1; /* 1 GiB, as it lies */
	t[0] = 0x12000 | 3;
	t[512] = 0x13000 | 3;
	t[1024 + 3] = 0x5000 | AF | RO | 3;
	t[1024 + 4] = 0x40000000 | AF | 3; /* no memory there */
	t[1024 + 5] = 0x6000 | 3;	   /* never accessed */
	t[1024 + 6] = 1ull << 46 | AF | 3; /* further than IPS */
}

static WHV_TRANSLATE_GVA_RESULT_CODE translated(uint64_t va, uint32_t flags, uint64_t *gpa)
{
	WHV_TRANSLATE_GVA_RESULT r;

	CHECK_EQ(WHvTranslateGva(vm.p, 0, va, (WHV_TRANSLATE_GVA_FLAGS)flags, &r, gpa), S_OK);
	return r.ResultCode;
}

TEST(whv_translate)
{
	static const uint32_t code[] = {
		0xf9400043, /* ldr x3, [x2] */
		0xf9000083, /* str x3, [x4] */
		LOOP,
	};
	static const struct {
		WHV_REGISTER_NAME name;
		uint64_t v;
	} regs[] = {
		{ WHvArm64RegisterX2, UPPER + 0x3008 },
		{ WHvArm64RegisterX4, SAY },
		{ WHvArm64RegisterTtbr0El1, TTBR0 },
		{ WHvArm64RegisterTtbr1El1, TTBR1 },
		{ WHvArm64RegisterMairEl1, 0xff },
		/* T0SZ, T1SZ 25; TG1 4 KiB; IPS 40 bits */
		{ WHvArm64RegisterTcrEl1, 25 | 25 << 16 | 2ull << 30 | 2ull << 32 },
		{ WHvArm64RegisterSctlrEl1, 0x30d00800 | 0x1005 },
	};
	const uint32_t rd = WHvTranslateGvaFlagValidateRead, wr = WHvTranslateGvaFlagValidateWrite;
	uint64_t gpa;

	start(code, sizeof(code), 1);
	/* MMU off: flat */
	CHECK_EQ(translated(0x5008, rd, &gpa), WHvTranslateGvaResultSuccess);
	CHECK_EQ(gpa, 0x5008);
	CHECK_EQ(translated(SAY, rd, &gpa), WHvTranslateGvaResultGpaUnmapped);
	tables();
	*(uint64_t *)(void *)(vm.ram + 0x5008) = 0x1122334455667788;
	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		CHECK_EQ(vm_set(&vm, 0, regs[i].name, regs[i].v), S_OK);
	CHECK_EQ(run(0), WHvRunVpExitReasonUnmappedGpa);
	CHECK_EQ(last.MemoryAccess.Gpa, SAY);
	CHECK_EQ(get(WHvArm64RegisterX3), 0x1122334455667788);
	CHECK_EQ(translated(UPPER + 0x3008, rd, &gpa), WHvTranslateGvaResultSuccess);
	CHECK_EQ(gpa, 0x5008);
	CHECK_EQ(translated(VM_IMAGE_BASE, rd | WHvTranslateGvaFlagValidateExecute, &gpa),
		 WHvTranslateGvaResultSuccess);
	CHECK_EQ(gpa, VM_IMAGE_BASE);
	CHECK_EQ(translated(UPPER + 0x3008, wr, &gpa), WHvTranslateGvaResultPrivilegeViolation);
	CHECK_EQ(translated(UPPER + 0x4000, rd, &gpa), WHvTranslateGvaResultGpaUnmapped);
	CHECK_EQ(translated(UPPER + 0x5000, rd, &gpa), WHvTranslateGvaResultPageNotPresent);
	CHECK_EQ(translated(UPPER + 0x6000, rd, &gpa), WHvTranslateGvaResultInvalidPageTableFlags);
	CHECK_EQ(translated(UPPER + 0x7000, rd, &gpa), WHvTranslateGvaResultPageNotPresent);
	CHECK_EQ(translated(1ull << 40, rd, &gpa), WHvTranslateGvaResultPageNotPresent);
	/* A table that is not there */
	CHECK_EQ(WHvUnmapGpaRange(vm.p, 0x13000, PAGE), S_OK);
	CHECK_EQ(translated(UPPER + 0x3008, rd, &gpa), WHvTranslateGvaResultGpaUnmapped);
	done();
}

/* -- what the VPs are told of the processor -----------------------------------------------------
 */
static HRESULT set_shared(WHV_REGISTER_NAME name, uint64_t v)
{
	return vm_set(&vm, WHV_ANY_VP, name, v);
}

static uint64_t get_shared(WHV_REGISTER_NAME name)
{
	uint64_t v = 0;

	CHECK_EQ(vm_get(&vm, WHV_ANY_VP, name, &v), S_OK);
	return v;
}

/* mrs x3, <id register>; str x3, [x2]; and what the guest reads is what the partition says. */
TEST(whv_id_registers)
{
	static const struct {
		WHV_REGISTER_NAME name;
		uint32_t mrs;
	} regs[] = {
		{ WHvArm64RegisterIdAa64Pfr0El1, 0xd5380403 },
		{ WHvArm64RegisterIdAa64Isar0El1, 0xd5380603 },
		{ WHvArm64RegisterIdAa64Mmfr2El1, 0xd5380743 },
	};
	static const uint64_t less[] = { ~(0xfull << 48), ~0xf0ull, ~0xf0ull }; /* DIT, AES, UAO */
	uint32_t code[3];

	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
		uint64_t whole, v;

		code[0] = regs[i].mrs;
		code[1] = 0xf9000043; /* str x3, [x2] */
		code[2] = LOOP;
		start(code, sizeof(code), 2);
		CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX2, SAY), S_OK);
		whole = get_shared(regs[i].name);
		CHECK_EQ(run(0), WHvRunVpExitReasonUnmappedGpa);
		CHECK_EQ(get(WHvArm64RegisterX3), whole);
		CHECK_EQ(get(regs[i].name), whole);
		CHECK_EQ(set_shared(regs[i].name, whole & less[i]), S_OK);
		/* More than there is, or by one VP's index, is refused. */
		CHECK(FAILED(set_shared(regs[i].name, whole | 0xf00)));
		CHECK_EQ(vm_set(&vm, 0, regs[i].name, whole), E_ACCESSDENIED);
		CHECK_EQ(get_shared(regs[i].name), whole & less[i]);
		CHECK_EQ(vm_get(&vm, 1, regs[i].name, &v), S_OK);
		CHECK_EQ(v, whole & less[i]);
		CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterPc, VM_IMAGE_BASE), S_OK);
		CHECK_EQ(run(0), WHvRunVpExitReasonUnmappedGpa);
		CHECK_EQ(get(WHvArm64RegisterX3), whole & less[i]);
		done();
	}
}

/* SVE taken away: its state is unknown, and its instructions are undefined. */
TEST(whv_no_sve)
{
	/* msr cpacr_el1, x1; isb; index z9.b, #3, #5; str x3, [x2] */
	static const uint32_t code[] = { 0xd5181041, 0xd5033fdf, 0x04254069, 0xf9000043 };
	const WHV_REGISTER_NAME pfr0 = WHvArm64RegisterIdAa64Pfr0El1;
	UINT32 n;

	if (!(read_sysreg(id_aa64pfr0_el1) >> 32 & 0xf))
		test_skip("no SVE on this CPU");
	start(code, sizeof(code), 1);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX1, 0x330000), S_OK); /* FPEN, ZEN */
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterX2, SAY), S_OK);
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterVbarEl1, SAY + 0x10000), S_OK);
	CHECK_EQ(run(0), WHvRunVpExitReasonUnmappedGpa);
	CHECK_EQ(last.MemoryAccess.Gpa, SAY);
	CHECK_EQ(set_shared(pfr0, get_shared(pfr0) & ~(0xfull << 32)), S_OK);
	CHECK_EQ(WHvGetVirtualProcessorState(vm.p, 0, WHvVirtualProcessorStateTypeSveState, NULL, 0,
					     &n),
		 E_INVALIDARG);
	CHECK(FAILED(vm_set(&vm, 0, WHvArm64RegisterZcrEl1, 0)));
	CHECK_EQ(vm_set(&vm, 0, WHvArm64RegisterPc, VM_IMAGE_BASE), S_OK);
	/* The vectors are where nothing is: the fetch tells that it came there. */
	CHECK_EQ(run(0), WHvRunVpExitReasonUnmappedGpa);
	CHECK_EQ(last.MemoryAccess.Gpa, SAY + 0x10200);
	CHECK_EQ(get(WHvArm64RegisterElrEl1), VM_IMAGE_BASE + 8);
	CHECK_EQ(get(WHvArm64RegisterEsrEl1) >> 26, 0); /* unknown reason */
	/* The root's own is untouched. */
	CHECK((read_sysreg(id_aa64pfr0_el1) >> 32 & 0xf) != 0);
	done();
}

/* Features at creation: what is asked for less, the guest has less. */
TEST(whv_features)
{
	WHV_PROCESSOR_FEATURES_BANKS have, want, got;
	WHV_ARM64_IC_PARAMETERS ic;
	WHV_PARTITION_HANDLE p;
	UINT32 one = 1, n;

	whv_metal_init();
	CHECK_EQ(WHvGetCapability(WHvCapabilityCodeProcessorFeaturesBanks, &have, sizeof(have), &n),
		 S_OK);
	CHECK(have.Bank0.Fp && have.Bank0.AdvSimd && have.Bank0.GicV3V4);
	CHECK_EQ(have.Bank0.Aes, (read_sysreg(id_aa64isar0_el1) >> 4 & 0xf) >= 1);
	CHECK_EQ(have.Bank1.Sve, (read_sysreg(id_aa64pfr0_el1) >> 32 & 0xf) >= 1);
	CHECK_EQ(have.Bank0.Pan, (read_sysreg(id_aa64mmfr1_el1) >> 20 & 0xf) >= 1);
	want = have;
	want.Bank0.Aes = want.Bank0.PolyMul = 0;
	CHECK_EQ(WHvCreatePartition(&p), S_OK);
	memset(&ic, 0, sizeof(ic));
	ic.EmulationMode = WHvArm64IcEmulationModeGicV3;
	ic.GicV3Parameters.GicdBaseAddress = VM_GICD;
	CHECK_EQ(WHvSetPartitionProperty(p, WHvPartitionPropertyCodeProcessorCount, &one, 4), S_OK);
	CHECK_EQ(WHvSetPartitionProperty(p, WHvPartitionPropertyCodeArm64IcParameters, &ic,
					 sizeof(ic)),
		 S_OK);
	CHECK_EQ(WHvSetPartitionProperty(p, WHvPartitionPropertyCodeProcessorFeaturesBanks, &want,
					 sizeof(want)),
		 S_OK);
	CHECK_EQ(WHvSetupPartition(p), S_OK);
	CHECK_EQ(WHvCreateVirtualProcessor(p, 0, 0), S_OK);
	CHECK_EQ(WHvGetPartitionProperty(p, WHvPartitionPropertyCodeProcessorFeaturesBanks, &got,
					 sizeof(got), &n),
		 S_OK);
	CHECK_EQ(got.AsUINT64[0], want.AsUINT64[0]);
	vm.p = p;
	CHECK_EQ(get_shared(WHvArm64RegisterIdAa64Isar0El1) & 0xf0, 0);
	vm.p = NULL;
	CHECK_EQ(WHvDeletePartition(p), S_OK);
	/* FP cannot go, and there is no partition then. */
	want.Bank0.Fp = 0;
	CHECK_EQ(WHvCreatePartition(&p), S_OK);
	CHECK_EQ(WHvSetPartitionProperty(p, WHvPartitionPropertyCodeProcessorCount, &one, 4), S_OK);
	CHECK_EQ(WHvSetPartitionProperty(p, WHvPartitionPropertyCodeArm64IcParameters, &ic,
					 sizeof(ic)),
		 S_OK);
	CHECK_EQ(WHvSetPartitionProperty(p, WHvPartitionPropertyCodeProcessorFeaturesBanks, &want,
					 sizeof(want)),
		 S_OK);
	CHECK(FAILED(WHvSetupPartition(p)));
	CHECK_EQ(WHvDeletePartition(p), S_OK);
}
