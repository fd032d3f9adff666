/* SPDX-License-Identifier: MIT */
/* CPUs: the MADT (ACPI 6.5, 5.2.12), else EFI MP Services (PI 1.8, vol. 2, 13.4). */
#include "boot/boot.h"

struct madt {
	char header[36];
	uint32_t lapic_address, flags;
} __attribute__((packed));

#define MADT_LAPIC   0
#define MADT_X2APIC  9
#define MADT_ENABLED 1u

typedef struct mp_services mp_services;
struct mp_info {
	UINT64 processor_id;
	UINT32 status; /* bit 0 BSP, bit 1 enabled, bit 2 healthy */
	UINT32 location[3];
	UINT32 extended[6];
};
struct mp_services {
	EFI_STATUS(EFIAPI *count)(mp_services *m, UINTN *all, UINTN *enabled);
	EFI_STATUS(EFIAPI *info)(mp_services *m, UINTN n, struct mp_info *info);
};

static UINT32 own_apic_id(void)
{
	UINT32 a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return b >> 24;
}

static void add(struct boot_info *bi, UINT32 apic_id, UINT32 uid)
{
	struct boot_cpu cpu = { .apic_id = apic_id, .acpi_uid = uid };

	if (bi->num_cpus == BOOT_INFO_MAX_CPUS)
		return;
	bi->cpus[bi->num_cpus++] = cpu;
}

static void from_madt(struct boot_info *bi, const struct madt *m)
{
	const uint8_t *p = (const uint8_t *)(m + 1);
	const uint8_t *end = (const uint8_t *)m + *(const uint32_t *)(const void *)(m->header + 4);
	UINT32 flags, id;

	for (; p + 2 <= end && p[1] >= 2 && p + p[1] <= end; p += p[1]) {
		if (p[0] == MADT_LAPIC && p[1] >= 8) {
			CopyMem(&flags, p + 4, 4);
			if (flags & MADT_ENABLED)
				add(bi, p[3], p[2]);
		} else if (p[0] == MADT_X2APIC && p[1] >= 16) {
			UINT32 uid;

			CopyMem(&id, p + 4, 4);
			CopyMem(&flags, p + 8, 4);
			CopyMem(&uid, p + 12, 4);
			if (flags & MADT_ENABLED)
				add(bi, id, uid);
		}
	}
}

static void from_mp_services(struct boot_info *bi)
{
	static EFI_GUID guid = {
		0x3fdda605, 0xa76e, 0x4f46, { 0xad, 0x29, 0x12, 0xf4, 0x53, 0x1b, 0x3d, 0x08 }
	};
	mp_services *mp;
	UINTN all = 0, enabled;

	if (EFI_ERROR(BS->LocateProtocol(&guid, NULL, (VOID **)&mp)) ||
	    EFI_ERROR(mp->count(mp, &all, &enabled)))
		return;
	for (UINTN i = 0; i < all; i++) {
		struct mp_info info;

		if (!EFI_ERROR(mp->info(mp, i, &info)) && info.status & 2)
			add(bi, (UINT32)info.processor_id, (UINT32)i);
	}
}

EFI_STATUS cpus_find(struct boot_info *bi)
{
	const struct madt *m = acpi_table(bi->rsdp, "APIC");
	UINT32 own = own_apic_id();

	if (m)
		from_madt(bi, m);
	else
		from_mp_services(bi);
	if (!bi->num_cpus)
		add(bi, own, 0);
	/* The CPU that runs the loader comes first. */
	for (UINT32 i = 0; i < bi->num_cpus; i++)
		if (bi->cpus[i].apic_id == own) {
			struct boot_cpu me = bi->cpus[i];

			bi->cpus[i] = bi->cpus[0];
			me.flags |= BOOT_CPU_BSP;
			bi->cpus[0] = me;
			return EFI_SUCCESS;
		}
	Print(L"quoin: this CPU (APIC id %d) is not in the firmware's CPU list\n", own);
	return EFI_NOT_FOUND;
}
