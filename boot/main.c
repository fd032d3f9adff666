/* SPDX-License-Identifier: MIT */
/* The loader: the boot steps in order. Each prints what is wrong and returns to firmware. */
#include "boot/boot.h"
#include "boot/elf.h"
#include "boot/memmap.h"

#define PAGE		 4096ull
#define LARGE		 (2ull << 20)
#define STACK_PAGES	 4u
#define POOL_BASE	 (3ull << 19) /* 1.5 MiB */
#define POOL_PER_CPU	 (96ull << 10)
#define MSR_EFER	 0xc0000080u
#define MSR_VM_CR	 0xc0010114u
#define VM_CR_SVMDIS	 0x10u
#define MSR_FEATURE_CTL	 0x3au
#define FEATURE_CTL_LOCK 1u
#define FEATURE_CTL_VMX	 4u
#define MSR_VMX_PROC	 0x482u
#define MSR_VMX_PROC2	 0x48bu

static struct boot_info *info;
static struct elf_image core_elf, root_elf;

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

EFI_STATUS pages_alloc(UINT64 limit, UINT64 pages, EFI_MEMORY_TYPE type, UINT64 *pa)
{
	EFI_PHYSICAL_ADDRESS a = limit;
	EFI_STATUS s = BS->AllocatePages(limit ? AllocateMaxAddress : AllocateAnyPages, type,
					 (UINTN)pages, &a);

	*pa = a;
	return s;
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

static EFI_STATUS check_cpu(void)
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

static EFI_STATUS load_config(struct config *cfg)
{
	const char *why = NULL;
	void *text;
	UINTN size;
	unsigned line;
	EFI_STATUS s = esp_read("\\quoin\\quoin.cfg", &text, &size);

	if (EFI_ERROR(s))
		return s;
	line = config_parse(cfg, text, size, &why);
	if (!line)
		return EFI_SUCCESS;
	Print(L"quoin: quoin.cfg:%d: %a\n", line, why);
	return EFI_INVALID_PARAMETER;
}

static EFI_STATUS load_elf(const char *path, struct elf_image *img, int physical)
{
	const char *why;
	void *data;
	UINTN size;
	EFI_STATUS s = esp_read(path, &data, &size);

	if (EFI_ERROR(s))
		return s;
	why = elf_open(img, data, size, physical);
	if (!why)
		return EFI_SUCCESS;
	Print(L"quoin: %a: %a\n", path, why);
	return EFI_LOAD_ERROR;
}

/* The end of RAM decides the size of the core's frame table: 4 bytes a page. */
static UINT64 ram_top(void)
{
	UINTN size = 0, key, desc = 0;
	UINT32 version;
	UINT64 top = 0, pa;
	UINT8 *map;

	BS->GetMemoryMap(&size, NULL, &key, &desc, &version);
	size += 16 * desc;
	if (EFI_ERROR(pages_alloc(0, (size + PAGE - 1) / PAGE, EfiLoaderData, &pa)))
		return 0;
	map = (UINT8 *)(UINTN)pa;
	if (EFI_ERROR(BS->GetMemoryMap(&size, (EFI_MEMORY_DESCRIPTOR *)map, &key, &desc, &version)))
		return 0;
	for (UINTN at = 0; at < size; at += desc) {
		EFI_MEMORY_DESCRIPTOR *d = (EFI_MEMORY_DESCRIPTOR *)(map + at);
		UINT64 end = d->PhysicalStart + d->NumberOfPages * PAGE;

		if (d->Type != EfiReservedMemoryType && d->Type < EfiMemoryMappedIO && end > top)
			top = end;
	}
	return top;
}

static EFI_STATUS place_core(void)
{
	UINT64 image = core_elf.high - core_elf.low, top = ram_top(), size, pa = 0;
	EFI_STATUS s;

	if (core_elf.low != BOOT_CORE_VA) {
		Print(L"quoin: the core is linked at %lx, not at %lx\n", core_elf.low,
		      BOOT_CORE_VA);
		return EFI_LOAD_ERROR;
	}
	size = image + POOL_BASE + POOL_PER_CPU * info->num_cpus + (top >> 12) * 4 +
	       (top >> 30) * PAGE * 2;
	size = (size + PAGE - 1) & ~(PAGE - 1);
	/* 2 MiB more than needed, so that an aligned start fits; the rest goes back. */
	s = pages_alloc(0xffffffff, (size + LARGE) / PAGE, EfiReservedMemoryType, &pa);
	if (EFI_ERROR(s)) {
		Print(L"quoin: no %ld KiB for the core below 4 GiB: %r\n", size >> 10, s);
		return s;
	}
	info->core_base = (pa + LARGE - 1) & ~(LARGE - 1);
	info->core_size = size;
	info->core_image_size = image;
	if (info->core_base > pa)
		BS->FreePages(pa, (UINTN)((info->core_base - pa) / PAGE));
	if (pa + LARGE > info->core_base)
		BS->FreePages(info->core_base + size,
			      (UINTN)((pa + LARGE - info->core_base) / PAGE));
	elf_place(&core_elf, (uint8_t *)(UINTN)info->core_base);
	return EFI_SUCCESS;
}

static EFI_STATUS place_root(const struct config *cfg)
{
	EFI_PHYSICAL_ADDRESS at = root_elf.low;
	UINT64 size = root_elf.high - root_elf.low;
	EFI_STATUS s;
	void *data;
	UINTN bytes;

	s = BS->AllocatePages(AllocateAddress, EfiLoaderData, (UINTN)(size / PAGE), &at);
	if (EFI_ERROR(s)) {
		Print(L"quoin: %a wants memory %lx to %lx, which firmware uses: %r\n", cfg->root,
		      root_elf.low, root_elf.high, s);
		return s;
	}
	elf_place(&root_elf, (uint8_t *)(UINTN)at);
	info->root_kind = BOOT_ROOT_ELF;
	info->root_entry = root_elf.entry;
	info->root_base = at;
	info->root_size = size;
	CopyMem(info->root_cmdline, cfg->cmdline, sizeof(info->root_cmdline));
	if (!cfg->root_file[0])
		return EFI_SUCCESS;
	s = esp_read(cfg->root_file, &data, &bytes);
	if (EFI_ERROR(s))
		return s;
	info->root_file = (UINT64)(UINTN)data;
	info->root_file_size = bytes;
	return EFI_SUCCESS;
}

static EFI_STATUS measure_tsc(void)
{
	UINT64 start = rdtsc();

	BS->Stall(20000);
	info->tsc_hz = (rdtsc() - start) * 50;
	return info->tsc_hz ? EFI_SUCCESS : EFI_DEVICE_ERROR;
}

/* Identity map of 512 GiB by 2-MiB pages would take 2 MiB of tables: 1 GiB pages, or 4 GiB only. */
static EFI_STATUS build_tables(UINT64 *cr3, UINT64 *stack)
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
	*cr3 = (UINT64)(UINTN)pml4;
	*stack = pa + (tables + 5 + STACK_PAGES) * PAGE;
	return EFI_SUCCESS;
}

/* The key goes stale whenever firmware allocates: read the map again and retry (UEFI 2.10, 7.4.6).
 */
static EFI_STATUS leave_firmware(EFI_HANDLE image)
{
	UINTN room = 1u << 16, size, key, desc;
	UINT32 version;
	const char *why;
	EFI_STATUS s;
	UINT64 map;

	s = pages_alloc(0, room / PAGE, EfiLoaderData, &map);
	for (int tries = 0; !EFI_ERROR(s) && tries < 8; tries++) {
		size = room;
		s = BS->GetMemoryMap(&size, (EFI_MEMORY_DESCRIPTOR *)(UINTN)map, &key, &desc,
				     &version);
		if (EFI_ERROR(s))
			break;
		/* Judged while there still is a console to complain on. */
		why = memmap_convert(info, (void *)(UINTN)map, size, desc);
		if (why) {
			Print(L"quoin: the firmware's memory map: %a\n", why);
			return EFI_LOAD_ERROR;
		}
		s = BS->ExitBootServices(image, key);
		if (!EFI_ERROR(s))
			return s;
		if (s == EFI_INVALID_PARAMETER)
			s = EFI_SUCCESS;
	}
	return EFI_ERROR(s) ? s : EFI_ABORTED;
}

static EFI_STATUS prepare(EFI_HANDLE image, UINT64 *cr3, UINT64 *stack)
{
	EFI_STATUS s = check_cpu();
	struct config cfg;

	config_default(&cfg);
	if (!EFI_ERROR(s))
		s = esp_open(image);
	if (!EFI_ERROR(s))
		s = load_config(&cfg);
	if (!EFI_ERROR(s))
		s = load_elf(cfg.core, &core_elf, 0);
	if (!EFI_ERROR(s))
		s = load_elf(cfg.root, &root_elf, 1);
	if (!EFI_ERROR(s))
		s = tables_find(info, &cfg);
	if (!EFI_ERROR(s))
		s = cpus_find(info);
	if (!EFI_ERROR(s))
		s = place_core();
	if (!EFI_ERROR(s))
		s = place_root(&cfg);
	if (!EFI_ERROR(s))
		s = pages_alloc(0x9efff, 1, EfiLoaderData, &info->trampoline);
	if (!EFI_ERROR(s))
		s = measure_tsc();
	info->log_level = cfg.log_level;
	info->guest_cpus = cfg.guest_cpus;
	if (!EFI_ERROR(s))
		s = build_tables(cr3, stack);
	return s;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *st)
{
	UINT64 entered = rdtsc(), cr3 = 0, stack = 0, pa;
	EFI_STATUS s;

	InitializeLib(image, st);
	s = pages_alloc(0xffffffff, (sizeof(*info) + PAGE - 1) / PAGE, EfiLoaderData, &pa);
	if (EFI_ERROR(s))
		return s;
	info = (struct boot_info *)(UINTN)pa;
	ZeroMem(info, sizeof(*info));
	info->magic = BOOT_INFO_MAGIC;
	info->version = BOOT_INFO_VERSION;
	info->size = sizeof(*info);
	info->loader_entry_tsc = entered;
	s = prepare(image, &cr3, &stack);
	if (!EFI_ERROR(s))
		s = leave_firmware(image);
	if (EFI_ERROR(s)) {
		Print(L"quoin: not started: %r\n", s);
		return s;
	}
	jump_to_core(cr3, stack, core_elf.entry, info);
}
