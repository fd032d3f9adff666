/* SPDX-License-Identifier: MIT */
/* ELF64 images, checked before use (System V ABI, gABI ch. 4 and 5). Pure. */
#ifndef BOOT_ELF_H
#define BOOT_ELF_H

#include <stddef.h>
#include <stdint.h>

struct elf_image {
	const uint8_t *data;
	size_t size;
	uint64_t entry;
	uint64_t low, high; /* of the loaded addresses; high is one past, page rounded */
	int physical;	    /* addresses are p_paddr, else p_vaddr */
	int movable; /* position independent (arm64): the addresses count from wherever it lies */
};

/* NULL when the file is a static executable of this architecture whose segments are in the file,
 * else why not. */
const char *elf_open(struct elf_image *img, const void *data, size_t size, int physical);
/* Copy every segment to where its address - img->low lies behind `to`; the rest is zeroed. */
void elf_place(const struct elf_image *img, uint8_t *to);

#endif
