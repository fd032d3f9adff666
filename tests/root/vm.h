/* SPDX-License-Identifier: MIT */
/* A guest machine through WHv calls: a partition, its RAM, 64-bit start state, and runners. */
#ifndef ROOT_VM_H
#define ROOT_VM_H

#include "tests/root/whv_metal.h"

#define VM_MAX_VPS    4u
#define VM_IMAGE_BASE 0x100000u
#define VM_TABLES     0x10000u /* x64: page tables, an identity map of 4 GiB */
/* arm64: where the GIC's frames are */
#define VM_GICD	     0x08000000u
#define VM_GICR	     0x080a0000u
#define VM_GICR_SIZE 0x20000u

struct vm {
	WHV_PARTITION_HANDLE p;
	uint8_t *ram; /* 2-MiB aligned, at GPA 0 */
	size_t size;
	uint32_t vps;
	bool own_ram;
};

/* The image of a guest of tests/guests by name; ends the machine when there is none. */
const void *guest_image(const char *name, size_t *size);

/* A partition with an interrupt controller and VPs, RAM mapped; ram NULL: allocate. Prints why it
 * fails. */
bool vm_create(struct vm *vm, uint32_t vps, size_t size, uint8_t *ram);
/* The same with nothing mapped; vm_map_page() brings in what the guest misses. */
bool vm_create_absent(struct vm *vm, uint32_t vps, size_t size, uint8_t *ram);
bool vm_map_page(struct vm *vm, uint64_t gpa);
/* Delete the partition; the RAM goes with it when vm_create made it and keep is not set. */
bool vm_delete(struct vm *vm, bool keep_ram);
/* Image to VM_IMAGE_BASE; x64: page tables. */
bool vm_load(struct vm *vm, const char *guest);
/* At the image, in 64-bit mode (arm64: EL1), with a stack and two arguments. */
bool vm_start(struct vm *vm, uint32_t vp, uint64_t stack, uint64_t arg0, uint64_t arg1);

HRESULT vm_get(struct vm *vm, uint32_t vp, WHV_REGISTER_NAME name, uint64_t *v);
HRESULT vm_set(struct vm *vm, uint32_t vp, WHV_REGISTER_NAME name, uint64_t v);
/* Past the instruction of an exit. */
bool vm_skip(struct vm *vm, uint32_t vp, const WHV_RUN_VP_EXIT_CONTEXT *c);

/* <arch>/vm_arch.c: the VP's interrupt controller takes interrupts; has it this one (arm64: INTID)?
 */
bool vm_interrupts_on(struct vm *vm, uint32_t vp);
bool vm_interrupt_pends(struct vm *vm, uint32_t vp, uint32_t vector);
/* <arch>/vm_arch.c: before WHvSetupPartition; after the image is there */
bool vm_arch_properties(struct vm *vm);
void vm_arch_load(struct vm *vm);

/* The machines that failed tests of t_guest.c and t_border.c left. */
void guest_tests_clean_up(void);
void border_tests_clean_up(void);
void port_tests_clean_up(void);
void insn_tests_clean_up(void);
void cet_tests_clean_up(void);
void enlight_tests_clean_up(void);

/* Print "what: HRESULT" when it failed. */
bool ok(const char *what, HRESULT hr);

#endif
