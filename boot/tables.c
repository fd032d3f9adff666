/* SPDX-License-Identifier: MIT */
/* ACPI, SMBIOS and FDT from the configuration table; the console from SPCR (ACPI 6.5, 5.2). */
#include "boot/boot.h"

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem[26];
} __attribute__((packed));

struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum, reserved[3];
} __attribute__((packed));

/* Microsoft, "Serial Port Console Redirection Table" */
struct acpi_spcr {
	struct acpi_header h;
	uint8_t interface_type, reserved[3];
	uint8_t space, width, offset, access;
	uint64_t address;
	uint8_t interrupt[6], baud, parity, stop, flow, terminal;
} __attribute__((packed));

static int sums_to_zero(const void *p, UINTN len)
{
	const uint8_t *b = p;
	uint8_t sum = 0;

	while (len--)
		sum = (uint8_t)(sum + *b++);
	return sum == 0;
}

static const struct acpi_header *usable(UINT64 pa, const char sig[4])
{
	const struct acpi_header *h = (const struct acpi_header *)(UINTN)pa;

	if (!pa || CompareMem(h->signature, sig, 4) || h->length < sizeof(*h) ||
	    h->length > 1u << 20 || !sums_to_zero(h, h->length))
		return NULL;
	return h;
}

const void *acpi_table(UINT64 pa, const char sig[4])
{
	const struct acpi_rsdp *rsdp = (const struct acpi_rsdp *)(UINTN)pa;
	const struct acpi_header *root;
	UINT32 width;

	if (!pa || CompareMem(rsdp->signature, "RSD PTR ", 8) || !sums_to_zero(rsdp, 20))
		return NULL;
	width = rsdp->revision >= 2 && rsdp->xsdt ? 8 : 4;
	root = width == 8 ? usable(rsdp->xsdt, "XSDT") : usable(rsdp->rsdt, "RSDT");
	if (!root)
		return NULL;
	for (UINT32 at = sizeof(*root); at + width <= root->length; at += width) {
		const struct acpi_header *h;
		UINT64 e = 0;

		CopyMem(&e, (const uint8_t *)root + at, width);
		h = usable(e, sig);
		if (h)
			return h;
	}
	return NULL;
}

/* Interface types of the DBG2 and SPCR tables */
#define SPCR_16550	  0x00
#define SPCR_16450	  0x01
#define SPCR_PL011	  0x03
#define SPCR_SBSA_32	  0x0d
#define SPCR_SBSA	  0x0e
#define SPCR_16550_PARAMS 0x12

static void console_from_spcr(struct boot_info *bi)
{
	const struct acpi_spcr *spcr = acpi_table(bi->rsdp, "SPCR");
	struct boot_console *c = &bi->console;

	arch_console(bi);
	if (!spcr || spcr->h.length < sizeof(*spcr) || !spcr->address)
		return;
	switch (spcr->interface_type) {
	case SPCR_16550:
	case SPCR_16450:
	case SPCR_16550_PARAMS:
		c->kind = spcr->space == 1 ? BOOT_CONSOLE_16550_PORT : BOOT_CONSOLE_16550_MMIO;
		c->stride = spcr->space == 1 || spcr->width < 16 ? 1 : spcr->width / 8;
		break;
	case SPCR_PL011:
	case SPCR_SBSA_32:
	case SPCR_SBSA:
		c->kind = BOOT_CONSOLE_PL011;
		c->stride = 4;
		break;
	default:
		return;
	}
	c->base = spcr->address;
}

EFI_STATUS tables_find(struct boot_info *bi, const struct config *cfg)
{
	static EFI_GUID acpi2 = ACPI_20_TABLE_GUID, smbios = SMBIOS_TABLE_GUID,
			smbios3 = SMBIOS3_TABLE_GUID;
	static EFI_GUID fdt = {
		0xb1b621d5, 0xf19c, 0x41a5, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 }
	};

	for (UINTN i = 0; i < ST->NumberOfTableEntries; i++) {
		EFI_CONFIGURATION_TABLE *t = &ST->ConfigurationTable[i];
		UINT64 pa = (UINT64)(UINTN)t->VendorTable;

		if (!CompareGuid(&t->VendorGuid, &acpi2))
			bi->rsdp = pa;
		else if (!CompareGuid(&t->VendorGuid, &smbios3))
			bi->smbios = pa;
		else if (!CompareGuid(&t->VendorGuid, &smbios) && !bi->smbios)
			bi->smbios = pa;
		else if (!CompareGuid(&t->VendorGuid, &fdt))
			bi->fdt = pa;
	}
	if (cfg->console_auto) {
		console_from_spcr(bi);
	} else {
		bi->console.kind = cfg->console_kind;
		bi->console.base = cfg->console_base;
		bi->console.stride = cfg->console_stride;
	}
	return EFI_SUCCESS;
}
