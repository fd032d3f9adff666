/* SPDX-License-Identifier: MIT */
/* The core's start, in order. Entered from entry.S on the loader's tables. */
#include <string.h>

#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "arch/arm64/gicv3/gic.h"
#include "kernel/boot_check.h"
#include "kernel/console.h"
#include "kernel/frame.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"
#include "kernel/smp.h"

void core_main(const struct boot_info *from_loader) __attribute__((noreturn));

static struct boot_info info;
static uint64_t console_va; /* the console in our own tables */

/* On the boot CPU's own tables and stack. */
static void main_late(void)
{
	if (console_va)
		console_remap(console_va);
	gic_init(&info);
	cpu_init_this();
	root_create(&info);
	cpu_start_others(&info);
	log_info("Quoin: %u CPUs, EL2, core %llu KiB at %llx, %llu KiB of it left", percpu_count,
		 (unsigned long long)info.core_size >> 10, (unsigned long long)info.core_base,
		 (unsigned long long)page_alloc_left() >> 10);
	log_info("Quoin: no IOMMU is in use: the root is trusted for DMA");
	log_handover();
	root_run();
}

void core_main(const struct boot_info *from_loader)
{
	const char *why;

	memcpy(&info, from_loader, sizeof(info));
	log_init(&info.console, info.log_level);
	why = boot_check(&info);
	if (why)
		panic("the loader's boot_info is broken: %s", why);
	page_alloc_init(HPA(info.core_base + info.core_image_size),
			info.core_size - info.core_image_size);
	cpu_hz = info.tsc_hz;
	stage1_build(&info);
	cpu_pa_bits = stage2_init(read_sysreg(id_aa64mmfr0_el1));
	if (info.console.kind != BOOT_CONSOLE_NONE)
		console_va = stage1_map_device(info.console.base, PAGE_SIZE);
	frame_build(&info);
	psci_init(&info);
	cpu_setup_percpu(&info);
	cpu_switch_boot_stack(main_late);
}
