/* SPDX-License-Identifier: MIT */
/* What the loader does on arm64 only: EL2, the GIC and PSCI facts, the tables the core starts on.
 */
#include <sysreg.h>

#include "arch/arm64/el2/defs.h"
#include "boot/boot.h"
#include "boot/facts_arm64.h"

#define PAGE 4096ull

/* jump_arm64.S */
void jump_to_core(UINT64 ttbr0, UINT64 tcr, UINT64 entry, struct boot_info *bi)
	__attribute__((noreturn));
extern const UINT8 jump_start[], jump_end[];

/* What libfdt was built with: Debian's flags ask for the stack protector. */
extern UINTN __stack_chk_guard;
void __stack_chk_fail(void);
UINTN __stack_chk_guard = 0x51756f696e0aull;
void __stack_chk_fail(void)
{
	Print(L"quoin: a stack was overwritten\n");
	for (;;)
		;
}

static UINT64 *l0;
static UINT64 pool, pool_base, pool_end;

static EFI_STATUS refuse(const CHAR16 *what)
{
	Print(L"quoin: this machine cannot run Quoin: %s\n", what);
	return EFI_UNSUPPORTED;
}

EFI_STATUS arch_check(void)
{
	UINT64 mmfr0 = read_sysreg(id_aa64mmfr0_el1), pfr0 = read_sysreg(id_aa64pfr0_el1), tgran4;

	if ((read_sysreg(currentel) >> 2 & 3) != 2)
		return refuse(L"firmware did not start this program at EL2");
	tgran4 = mmfr0 >> 28 & 0xf;
	if (tgran4 == 0xf)
		return refuse(L"no 4-KiB pages (ID_AA64MMFR0_EL1.TGran4)");
	/* Stage 2 has a field of its own: 0 as TGran4, 1 none (Arm ARM, D19.2.64) */
	if ((mmfr0 >> 40 & 0xf) == 1)
		return refuse(L"no 4-KiB pages at stage 2 (ID_AA64MMFR0_EL1.TGran4_2)");
	if (!(pfr0 >> 24 & 0xf))
		return refuse(L"no GICv3 system registers (ID_AA64PFR0_EL1.GIC)");
	if ((pfr0 >> 4 & 0xf) == 0)
		return refuse(L"no AArch64 at EL1");
	return EFI_SUCCESS;
}

UINT64 arch_counter(void)
{
	return read_sysreg(cntpct_el0);
}

static UINT64 read64(UINT64 pa)
{
	return *(volatile UINT64 *)(UINTN)pa;
}

/* ACPI where there is a MADT, else the device tree. */
static const char *find_facts(struct boot_info *info)
{
	struct facts_acpi t = { acpi_table(info->rsdp, "APIC"), acpi_table(info->rsdp, "GTDT"),
				acpi_table(info->rsdp, "FACP") };
	struct facts_gicr regions;
	const char *why;

	if (t.madt)
		why = facts_from_acpi(info, &t, &regions);
	else if (info->fdt)
		why = facts_from_fdt(info, (const void *)(UINTN)info->fdt, &regions);
	else
		why = "firmware gives neither ACPI tables nor a device tree";
	if (!why)
		why = facts_place_gicr(info, &regions, read64);
	return why ? why : facts_boot_cpu(info, read_sysreg(mpidr_el1));
}

EFI_STATUS arch_facts(struct boot_info *info)
{
	const char *why = find_facts(info);

	if (why) {
		Print(L"quoin: %a\n", why);
		return EFI_UNSUPPORTED;
	}
	info->tsc_hz = read_sysreg(cntfrq_el0);
	return EFI_SUCCESS;
}

void arch_console(struct boot_info *bi)
{
	if (bi->fdt)
		facts_fdt_console(bi, (const void *)(UINTN)bi->fdt);
}

/* -- the tables that the core starts on: RAM where it is and in the direct map, and the image ----
 */

static UINT64 *table_at(UINT64 *e)
{
	if (!(*e & 1)) {
		if (pool == pool_end)
			return NULL;
		*e = pool | 3;
		pool += PAGE;
	}
	return (UINT64 *)(UINTN)(*e & 0xfffffffff000ull);
}

/* Blocks where they fit. attr: the descriptor's attributes, AF and shareability included. */
static EFI_STATUS map(UINT64 va, UINT64 pa, UINT64 size, UINT64 attr)
{
	while (size) {
		UINT64 *t = table_at(&l0[va >> 39 & 511]);
		UINT32 level = 3;

		while (level > 1 && (((va | pa) & ((1ull << (12 + 9 * (level - 1))) - 1)) ||
				     size < 1ull << (12 + 9 * (level - 1))))
			level--;
		for (UINT32 l = 3; t && l > level; l--)
			t = table_at(&t[va >> (12 + 9 * (l - 1)) & 511]);
		if (!t)
			return EFI_OUT_OF_RESOURCES;
		t[va >> (12 + 9 * (level - 1)) & 511] = pa | attr | (level > 1 ? 1 : 3);
		va += 1ull << (12 + 9 * (level - 1));
		pa += 1ull << (12 + 9 * (level - 1));
		size -= 1ull << (12 + 9 * (level - 1));
	}
	return EFI_SUCCESS;
}

/* AF, AP[1] as EL2 has it (RES1), shareability; index into MAIR */
#define ATTR_NORMAL (1ull << 10 | 3ull << 8 | 1ull << 6 | MAIR_NORMAL << 2)
#define ATTR_DEVICE (1ull << 54 | 1ull << 10 | 2ull << 8 | 1ull << 6 | MAIR_DEVICE << 2)

static EFI_STATUS map_ram(const UINT8 *efi_map, UINTN size, UINTN desc)
{
	EFI_STATUS s = EFI_SUCCESS;

	for (UINTN at = 0; at < size && !EFI_ERROR(s); at += desc) {
		const EFI_MEMORY_DESCRIPTOR *d = (const EFI_MEMORY_DESCRIPTOR *)(efi_map + at);

		if (d->Attribute & EFI_MEMORY_WB && d->Type != EfiMemoryMappedIO &&
		    d->Type != EfiMemoryMappedIOPortSpace && !(d->PhysicalStart >> 47))
			s = map(d->PhysicalStart, d->PhysicalStart, d->NumberOfPages * PAGE,
				ATTR_NORMAL);
	}
	return s;
}

EFI_STATUS arch_prepare(struct boot_info *info)
{
	UINTN size = 0, key, desc = 0, pages;
	UINT32 version;
	UINT64 map_pa;
	EFI_STATUS s;

	BS->GetMemoryMap(&size, NULL, &key, &desc, &version);
	size += 16 * desc;
	/* Both ends of a range may need a table of each level. */
	pages = 5 * (size / desc) + 16 + info->core_image_size / PAGE / 512;
	s = pages_alloc(0, pages, EfiLoaderData, &pool_base);
	if (!EFI_ERROR(s))
		s = pages_alloc(0, (size + PAGE - 1) / PAGE, EfiLoaderData, &map_pa);
	if (EFI_ERROR(s))
		return s;
	ZeroMem((VOID *)(UINTN)pool_base, pages * PAGE);
	pool_end = pool_base + pages * PAGE;
	l0 = (UINT64 *)(UINTN)pool_base;
	pool = pool_base + PAGE;
	s = BS->GetMemoryMap(&size, (EFI_MEMORY_DESCRIPTOR *)(UINTN)map_pa, &key, &desc, &version);
	if (!EFI_ERROR(s))
		s = map_ram((const UINT8 *)(UINTN)map_pa, size, desc);
	if (!EFI_ERROR(s))
		s = map(BOOT_CORE_VA, info->core_base, info->core_image_size, ATTR_NORMAL);
	if (!EFI_ERROR(s) && info->console.kind != BOOT_CONSOLE_NONE)
		s = map(info->console.base & ~(PAGE - 1), info->console.base & ~(PAGE - 1), PAGE,
			ATTR_DEVICE);
	/* RAM once more in the upper half: the direct map */
	for (UINT32 i = 0; i < 255; i++)
		l0[256 + i] = l0[i];
	return s;
}

/* To the point of coherency: the next look at it may be with the MMU off (Arm ARM, D8.2.11). */
static void clean(UINT64 base, UINT64 size)
{
	UINT64 line = 4ull << (read_sysreg(ctr_el0) >> 16 & 0xf);

	for (UINT64 a = base & ~(line - 1); a < base + size; a += line)
		dc_civac(a);
}

void arch_enter(UINT64 entry, struct boot_info *info)
{
	UINT64 ps = read_sysreg(id_aa64mmfr0_el1) & 0xf;

	if (ps > 5)
		ps = 5; /* 48 bits: more needs another descriptor format */
	clean(pool_base, pool_end - pool_base);
	clean(info->core_base, info->core_size);
	clean(info->root_base, info->root_size);
	if (info->root_file_size)
		clean(info->root_file, info->root_file_size);
	clean((UINT64)(UINTN)info, sizeof(*info));
	clean((UINT64)(UINTN)jump_start, (UINT64)(jump_end - jump_start));
	dsb_sy();
	ic_iallu();
	dsb_sy();
	isb();
	jump_to_core((UINT64)(UINTN)l0, TCR_EL2_VALUE | ps << TCR_EL2_PS_SHIFT, entry, info);
}
