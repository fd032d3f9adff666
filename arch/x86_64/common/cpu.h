/* SPDX-License-Identifier: MIT */
/* Bringing CPUs up, and the life of a root VP on each. */
#ifndef X86_CPU_H
#define X86_CPU_H

#include "arch/x86_64/common/xsave.h"
#include "boot/boot_info.h"
#include "kernel/vp.h"

void cpu_setup_percpu(const struct boot_info *bi);
/* Start every CPU but this one; each ends up waiting for the root's SIPI. */
void cpu_start_others(const struct boot_info *bi);
/* This CPU, on its own tables and stack: descriptors, virtualization on. */
void cpu_init_this(void);

/* root.c: the root partition, its VPs and its identity map. */
void root_create(const struct boot_info *bi);
/* Run this CPU's root VP for ever. */
void root_run(void) __attribute__((noreturn));
/* The root wrote ICR (or, on x2APIC, the MSR): INIT and SIPI are emulated, others forwarded. */
void root_icr_write(struct vp *vp, uint32_t dest, uint32_t low);
bool root_apic_page(uint64_t gpa);
/* Let a held NMI in: idt.c sorts out whose it was. */
void root_nmi_window(void);

extern uint64_t cpu_tsc_hz;
extern uint32_t cpu_phys_bits;
extern uint64_t cpu_xcr0;		     /* every user component the CPU has */
extern struct xsave_layout cpu_xsave_layout; /* for cpu_xcr0, and CET where guests have it */
extern bool cpu_has_xsave, cpu_has_rdtscp, cpu_has_xss;

#endif
