/* SPDX-License-Identifier: MIT */
/*
 * The contract between the loader and the core. The loader fills every field; the core only
 * reads, and refuses the whole when boot_check() finds one of the stated rules broken.
 *
 * All addresses are physical and all sizes are bytes unless a name says otherwise. Ranges are
 * [base, base + size). The core copies the structure first of all; loader memory (this structure,
 * the loader's tables and stack) is RAM of the root's after that.
 */
#ifndef BOOT_BOOT_INFO_H
#define BOOT_BOOT_INFO_H

#include <stdint.h>

#define BOOT_INFO_MAGIC	     0x6e696f7551ull /* "Quoin", little endian */
#define BOOT_INFO_VERSION    2
#define BOOT_INFO_MAX_RANGES 256
#define BOOT_INFO_MAX_CPUS   64
#define BOOT_INFO_CMDLINE    256

/*
 * Where the core runs: the loader maps the core's ELF image here, the core's own tables keep it.
 * x86: the top 2 GiB, so that -mcmodel=kernel addresses it with signed 32-bit displacements.
 * arm64: EL2 has one range of addresses, this lies in its lower half; RAM is mapped in the upper.
 */
#define BOOT_CORE_VA_X86_64 0xffffffff80000000ull
#define BOOT_CORE_VA_ARM64  0x00007fff80000000ull
#ifdef __aarch64__
#define BOOT_CORE_VA BOOT_CORE_VA_ARM64
#else
#define BOOT_CORE_VA BOOT_CORE_VA_X86_64
#endif

enum boot_range_kind {
	BOOT_RANGE_RAM = 1,  /* the root's, free to use */
	BOOT_RANGE_ACPI,     /* the root's: ACPI tables, reclaimable */
	BOOT_RANGE_NVS,	     /* the root's: ACPI NVS */
	BOOT_RANGE_RUNTIME,  /* the root's: UEFI runtime services code and data */
	BOOT_RANGE_RESERVED, /* RAM or device space that firmware keeps */
	BOOT_RANGE_MMIO,     /* device space that firmware described */
	BOOT_RANGE_CORE,     /* the core's own: image, pool, tables; never visible to the root */
	BOOT_RANGE_ROOT,     /* RAM that holds the root image and its files at hand-over */
};

struct boot_range {
	uint64_t base; /* page aligned */
	uint64_t size; /* page multiple, not 0 */
	uint32_t kind; /* enum boot_range_kind */
	uint32_t efi_type;
	uint64_t efi_attributes;
};

enum boot_console_kind {
	BOOT_CONSOLE_NONE = 0,
	BOOT_CONSOLE_16550_PORT = 1, /* base is an I/O port */
	BOOT_CONSOLE_16550_MMIO = 2, /* base is a physical address, stride 1, 2 or 4 */
	BOOT_CONSOLE_PL011 = 3,
};

struct boot_console {
	uint32_t kind;
	uint32_t stride; /* bytes between registers */
	uint64_t base;
	uint32_t baud; /* 0: leave as firmware set it */
	uint32_t reserved;
};

struct boot_cpu {
	uint32_t apic_id;  /* x86: local APIC id */
	uint32_t acpi_uid; /* ACPI processor UID, or the index when there is no MADT */
	uint32_t flags;	   /* bit 0: this is the CPU that runs the loader */
	uint32_t reserved;
};
#define BOOT_CPU_BSP 1u

/* How firmware's PSCI is called (FADT ARM_BOOT_ARCH, or the FDT's /psci method). */
enum boot_psci { BOOT_PSCI_NONE = 0, BOOT_PSCI_SMC = 1, BOOT_PSCI_HVC = 2 };

#define BOOT_INFO_MAX_ITS 4

/* What the loader found about an arm64 machine; all zero on x86. */
struct boot_arm64 {
	uint64_t mpidr[BOOT_INFO_MAX_CPUS]; /* affinity fields of cpus[i]; no two alike */
	uint64_t gicr[BOOT_INFO_MAX_CPUS];  /* RD_base of cpus[i]: 64 KiB aligned */
	uint64_t gicd;			    /* 64 KiB aligned, GICv3 or later */
	uint64_t its[BOOT_INFO_MAX_ITS];    /* 64 KiB aligned, or 0 */
	uint32_t psci;			    /* enum boot_psci */
	uint32_t reserved;
	/* Private interrupts, as INTIDs 16..31 */
	uint32_t ppi_maintenance;
	uint32_t ppi_el2_timer;	     /* CNTHP */
	uint32_t ppi_virtual_timer;  /* CNTV */
	uint32_t ppi_physical_timer; /* CNTP at EL1 */
};

/* The root image as the loader placed it. */
enum boot_root_kind {
	BOOT_ROOT_ELF = 1,   /* ELF64: docs/boot.md says how each architecture enters it */
	BOOT_ROOT_LINUX = 2, /* reserved: Linux boot protocol */
};

/* "speculation = all": every mitigation that the CPU can execute, needed or not */
#define BOOT_FLAG_SPECULATION_ALL 1u
#define BOOT_FLAG_BORROW_TIMER	  2u /* the root's APIC timer, although there is one of our own */

struct boot_info {
	uint64_t magic;
	uint32_t version;
	uint32_t size; /* sizeof(struct boot_info) */

	/*
	 * The core: one physically contiguous region. The ELF image lies at its start, laid out
	 * as in virtual memory (offset = VA - BOOT_CORE_VA); the rest is the core's page pool.
	 */
	uint64_t core_base; /* 2 MiB aligned; x86: all of the region lies below 4 GiB */
	uint64_t core_size; /* page multiple */
	uint64_t core_image_size;

	uint64_t trampoline; /* x86: one page below 1 MiB for starting CPUs; page aligned */

	uint64_t rsdp;	 /* ACPI 2.0 RSDP, or 0 */
	uint64_t smbios; /* SMBIOS 3 (else 2) entry point, or 0 */
	uint64_t fdt;	 /* flattened device tree, or 0 */
	/* x86: TSC, measured against the firmware's timer; arm64: CNTFRQ_EL0 */
	uint64_t tsc_hz;

	struct boot_console console;
	uint32_t log_level;  /* 0 error, 1 warning, 2 info, 3 debug */
	uint32_t guest_cpus; /* CPUs that the root may use; 0: all */

	uint32_t root_kind;
	uint32_t flags;	     /* BOOT_FLAG_* */
	uint64_t root_entry; /* physical */
	uint64_t root_base;  /* placed image, page aligned */
	uint64_t root_size;
	uint64_t root_file; /* input file for the root ("root_file=" in quoin.cfg), or 0 */
	uint64_t root_file_size;
	char root_cmdline[BOOT_INFO_CMDLINE]; /* NUL-terminated */

	uint32_t num_cpus; /* >= 1; cpus[0] is the loader's own CPU */
	uint32_t num_ranges;
	struct boot_cpu cpus[BOOT_INFO_MAX_CPUS];
	struct boot_range ranges[BOOT_INFO_MAX_RANGES]; /* ascending, no overlap */
	uint64_t loader_entry_tsc; /* TSC or counter at the loader's entry, for the boot figures */
	struct boot_arm64 arm64;
};

_Static_assert(sizeof(struct boot_info) % 8 == 0, "boot_info: 8-byte multiple");

#endif
