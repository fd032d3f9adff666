/* SPDX-License-Identifier: MIT */
/* The core's start, in order. Entered from entry.S on the loader's tables. */
#include <string.h>

#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/deadline.h"
#include "arch/x86_64/common/idt.h"
#include "arch/x86_64/common/paging.h"
#include "arch/x86_64/common/regs.h"
#include "arch/x86_64/common/speculation.h"
#include "arch/x86_64/common/virt.h"
#include "kernel/boot_check.h"
#include "kernel/console.h"
#include "kernel/frame.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"

void core_main(const struct boot_info *from_loader) __attribute__((noreturn));
void cpu_switch_boot_stack(void (*fn)(void)) __attribute__((noreturn));

static struct boot_info info;
static uint64_t console_va; /* the MMIO console in our own tables */

/* On the boot CPU's own tables and stack. */
static void main_late(void)
{
	if (console_va)
		console_remap(console_va);
	cpu_init_this();
	apic_calibrate(cpu_tsc_hz);
	root_create(&info);
	cpu_start_others(&info);
	log_info("Quoin: %u CPUs, %s, core %llu KiB at %llx, %llu KiB of it left", percpu_count,
		 virt->name, (unsigned long long)info.core_size >> 10,
		 (unsigned long long)info.core_base, (unsigned long long)page_alloc_left() >> 10);
	log_info("Quoin: no IOMMU is in use: the root is trusted for DMA");
	log_handover();
	root_run();
}

void core_main(const struct boot_info *from_loader)
{
	const char *why;

	idt_build();
	idt_load();
	memcpy(&info, from_loader, sizeof(info));
	log_init(&info.console, info.log_level);
	why = boot_check(&info);
	if (why)
		panic("the loader's boot_info is broken: %s", why);
	paging_early();
	page_alloc_init(HPA(info.core_base + info.core_image_size),
			info.core_size - info.core_image_size);
	cpu_tsc_hz = info.tsc_hz;
	paging_build(&info);
	apic_init(paging_map_device(rdmsr(MSR_APIC_BASE) & MASK(51, 12)));
	if (info.console.kind == BOOT_CONSOLE_16550_MMIO)
		console_va = paging_map_device(info.console.base);
	frame_build(&info);
	speculation_init(info.flags & BOOT_FLAG_SPECULATION_ALL);
	deadline_always_borrow(info.flags & BOOT_FLAG_BORROW_TIMER);
	virt_probe();
	cpu_setup_percpu(&info);
	cpu_switch_boot_stack(main_late);
}
