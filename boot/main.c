/* SPDX-License-Identifier: MIT */
/* The loader: the boot steps in order. Each prints what is wrong and returns to firmware. */
#include "boot/boot.h"
#include "boot/elf.h"
#include "boot/memmap.h"

#define PAGE	     4096ull
#define LARGE	     (2ull << 20)
#define POOL_BASE    (3ull << 19) /* 1.5 MiB */
#define POOL_PER_CPU (96ull << 10)

static struct boot_info *info;
static struct elf_image core_elf, root_elf;

EFI_STATUS pages_alloc(UINT64 limit, UINT64 pages, EFI_MEMORY_TYPE type, UINT64 *pa)
{
	EFI_PHYSICAL_ADDRESS a = limit;
	EFI_STATUS s = BS->AllocatePages(limit ? AllocateMaxAddress : AllocateAnyPages, type,
					 (UINTN)pages, &a);

	*pa = a;
	return s;
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
	s = pages_alloc(ARCH_CORE_LIMIT, (size + LARGE) / PAGE, EfiReservedMemoryType, &pa);
	if (EFI_ERROR(s)) {
		Print(L"quoin: no %ld KiB for the core: %r\n", size >> 10, s);
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
	UINT64 size = root_elf.high - root_elf.low, at = root_elf.low;
	EFI_STATUS s;
	void *data;
	UINTN bytes;

	if (root_elf.movable)
		s = pages_alloc(0, size / PAGE, EfiLoaderData, &at);
	else
		s = BS->AllocatePages(AllocateAddress, EfiLoaderData, (UINTN)(size / PAGE), &at);
	if (EFI_ERROR(s)) {
		Print(L"quoin: %a wants memory %lx to %lx, which firmware uses: %r\n", cfg->root,
		      root_elf.low, root_elf.high, s);
		return s;
	}
	elf_place(&root_elf, (uint8_t *)(UINTN)at);
	info->root_kind = BOOT_ROOT_ELF;
	info->root_entry = root_elf.entry - root_elf.low + at;
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

static EFI_STATUS prepare(EFI_HANDLE image)
{
	EFI_STATUS s = arch_check();
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
		s = arch_facts(info);
	if (!EFI_ERROR(s))
		s = place_core();
	if (!EFI_ERROR(s))
		s = place_root(&cfg);
	info->log_level = cfg.log_level;
	info->guest_cpus = cfg.guest_cpus;
	info->flags = cfg.flags;
	if (!EFI_ERROR(s))
		s = arch_prepare(info);
	return s;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *st)
{
	UINT64 entered = arch_counter(), pa;
	EFI_STATUS s;

	InitializeLib(image, st);
	s = pages_alloc(ARCH_CORE_LIMIT, (sizeof(*info) + PAGE - 1) / PAGE, EfiLoaderData, &pa);
	if (EFI_ERROR(s))
		return s;
	info = (struct boot_info *)(UINTN)pa;
	ZeroMem(info, sizeof(*info));
	info->magic = BOOT_INFO_MAGIC;
	info->version = BOOT_INFO_VERSION;
	info->size = sizeof(*info);
	info->loader_entry_tsc = entered;
	s = prepare(image);
	if (!EFI_ERROR(s))
		s = leave_firmware(image);
	if (EFI_ERROR(s)) {
		Print(L"quoin: not started: %r\n", s);
		return s;
	}
	arch_enter(core_elf.entry, info);
}
