/* SPDX-License-Identifier: MIT */
/* What arch/x86_64/vmx/ wants of the rest of the core, for the one test that includes this. */
#ifndef FAKE_VMX_H
#define FAKE_VMX_H

#include <string.h>

#include "arch/x86_64/common/deadline.h"
#include "arch/x86_64/common/idt.h"
#include "arch/x86_64/common/speculation.h"
#include "arch/x86_64/vmx/vmx.h"
#include "fake_arch.h"
#include "kernel/arch.h"
#include "kernel/guest_mem.h"

const uint8_t vmx_exit_entry[1];
uint64_t cpu_tsc_hz = 2000000000;
uint32_t cpu_phys_bits = 40;
struct speculation cpu_speculation;
const struct slat_format *arch_slat_format;

static struct partition part, root_part;
struct partition *partition_root = &root_part;

static uint64_t fake_deadline = UINT64_MAX;
static bool fake_own_timer, fake_borrow;
/* What guest_mem_read() finds; NULL: nothing is there. */
static const void *fake_memory;
static uint64_t fake_memory_read_at;

uint64_t deadline_next(void)
{
	return fake_deadline;
}

bool deadline_own_timer(bool own)
{
	fake_own_timer = own && !fake_borrow;
	return fake_own_timer;
}

uint64_t idt_base(void)
{
	return 0x1d70000;
}

uint64_t idt_gdt_base(void)
{
	return 0x6d70000;
}

enum guest_mem_result guest_mem_read(struct partition *p, gpa_t gpa, void *buf, size_t len,
				     gpa_t *at)
{
	(void)p;
	(void)at;
	fake_memory_read_at = gpa.v;
	if (!fake_memory)
		return GUEST_MEM_UNMAPPED;
	memcpy(buf, fake_memory, len);
	return GUEST_MEM_OK;
}

#endif
