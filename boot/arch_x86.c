/* SPDX-License-Identifier: MIT */
/* What the loader does on x86 only: CPU checks, the TSC, the tables that the core starts on. */
#include "boot/boot.h"

#define PAGE		 4096ull
#define STACK_PAGES	 4u
#define MSR_VM_CR	 0xc0010114u
#define VM_CR_SVMDIS	 0x10u
#define MSR_FEATURE_CTL	 0x3au
#define FEATURE_CTL_LOCK 1u
#define FEATURE_CTL_VMX	 4u
#define MSR_VMX_PROC	 0x482u
#define MSR_VMX_PROC2	 0x48bu

static UINT64 cr3, stack;

static UINT64 rdtsc(void)
{
	UINT32 lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (UINT64)hi << 32 | lo;
}

static void cpuid(UINT32 leaf, UINT32 r[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "a"(leaf), "c"(0));
}

static UINT64 rdmsr(UINT32 msr)
{
	UINT32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (UINT64)hi << 32 | lo;
}

static EFI_STATUS refuse(const CHAR16 *what)
{
	Print(L"quoin: this CPU cannot run Quoin: %s\n", what);
	return EFI_UNSUPPORTED;
}

static EFI_STATUS check_svm(void)
{
	UINT32 r[4];

	cpuid(0x80000000, r);
	if (r[0] < 0x8000000a)
		return refuse(L"no SVM feature leaf (CPUID 8000_000A)");
	if (rdmsr(MSR_VM_CR) & VM_CR_SVMDIS)
		return refuse(L"SVM is disabled by firmware (VM_CR.SVMDIS)");
	cpuid(0x8000000a, r);
	if (!(r[3] & 1))
		return refuse(L"no nested paging (CPUID 8000_000A EDX bit 0)");
	return EFI_SUCCESS;
}

/* The core names the control that is missing; here is what a setup menu can mend. */
static EFI_STATUS check_vmx(void)
{
	UINT64 feature = rdmsr(MSR_FEATURE_CTL);

	if (feature & FEATURE_CTL_LOCK && !(feature & FEATURE_CTL_VMX))
		return refuse(L"VMX is locked off by firmware (IA32_FEATURE_CONTROL)");
	if (!(rdmsr(MSR_VMX_PROC) >> 63 & 1))
		return refuse(L"VMX without secondary controls, so without EPT");
	if (!(rdmsr(MSR_VMX_PROC2) >> 33 & 1))
		return refuse(L"no EPT (IA32_VMX_PROCBASED_CTLS2 bit 33)");
	if (!(rdmsr(MSR_VMX_PROC2) >> 39 & 1))
		return refuse(L"no unrestricted guest (IA32_VMX_PROCBASED_CTLS2 bit 39)");
	return EFI_SUCCESS;
}

EFI_STATUS arch_check(void)
{
	UINT32 r[4], x[4];

	cpuid(0x80000001, x);
	if (!(x[3] & 1u << 20))
		return refuse(L"no NX (CPUID 8000_0001 EDX bit 20)");
	cpuid(1, r);
	if (!(r[2] & 1u << 26))
		return refuse(L"no XSAVE (CPUID 1 ECX bit 26)");
	if (x[2] & 1u << 2)
		return check_svm();
	if (r[2] & 1u << 5)
		return check_vmx();
	return refuse(L"neither SVM nor VMX");
}

static EFI_STATUS measure_tsc(struct boot_info *info)
{
	UINT64 start = rdtsc();

	BS->Stall(10000); /* microseconds */
	info->tsc_hz = (rdtsc() - start) * 100;
	return info->tsc_hz ? EFI_SUCCESS : EFI_DEVICE_ERROR;
}

/* Identity map of 512 GiB by 2-MiB pages would take 2 MiB of tables: 1 GiB pages, or 4 GiB only. */
static EFI_STATUS build_tables(const struct boot_info *info)
{
	UINT64 image_pages = info->core_image_size / PAGE,
	       tables = 4 + 1 + (image_pages + 511) / 512;
	UINT64 pa, *t, *pml4, *ident, *high, *pd;
	UINT32 r[4];
	EFI_STATUS s;

	s = pages_alloc(0xffffffff, tables + 5 + STACK_PAGES, EfiLoaderData, &pa);
	if (EFI_ERROR(s))
		return s;
	ZeroMem((VOID *)(UINTN)pa, (UINTN)((tables + 5 + STACK_PAGES) * PAGE));
	t = (UINT64 *)(UINTN)pa;
	pml4 = t;
	ident = t + 512;
	high = t + 1024;
	pd = t + 1536;
	pml4[0] = (UINT64)(UINTN)ident | 3;
	pml4[511] = (UINT64)(UINTN)high | 3;
	high[510] = (UINT64)(UINTN)pd | 3;
	cpuid(0x80000001, r);
	t += 2048;
	for (UINT64 i = 0; r[3] & 1u << 26 && i < 512; i++)
		ident[i] = i << 30 | 0x83;
	for (UINT64 i = 0; !(r[3] & 1u << 26) && i < 4; i++, t += 512) {
		ident[i] = (UINT64)(UINTN)t | 3;
		for (UINT64 k = 0; k < 512; k++)
			t[k] = i << 30 | k << 21 | 0x83;
	}
	for (UINT64 i = 0; i < image_pages; i++) {
		if (!(i & 511)) {
			pd[i >> 9] = (UINT64)(UINTN)t | 3;
			t += 512;
		}
		((UINT64 *)(UINTN)(pd[i >> 9] & ~0xfffull))[i & 511] =
			(info->core_base + i * PAGE) | 3;
	}
	cr3 = (UINT64)(UINTN)pml4;
	stack = pa + (tables + 5 + STACK_PAGES) * PAGE;
	return EFI_SUCCESS;
}

UINT64 arch_counter(void)
{
	return rdtsc();
}

EFI_STATUS arch_facts(struct boot_info *info)
{
	EFI_STATUS s = cpus_find(info);

	if (!EFI_ERROR(s))
		s = pages_alloc(0x9efff, 1, EfiLoaderData, &info->trampoline);
	return EFI_ERROR(s) ? s : measure_tsc(info);
}

EFI_STATUS arch_prepare(struct boot_info *info)
{
	return build_tables(info);
}

void arch_enter(UINT64 entry, struct boot_info *info)
{
	jump_to_core(cr3, stack, entry, info);
}

/* The PC's first port, where every emulator has it. */
void arch_console(struct boot_info *bi)
{
	bi->console.kind = BOOT_CONSOLE_16550_PORT;
	bi->console.base = 0x3f8;
	bi->console.stride = 1;
}
