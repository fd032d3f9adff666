/* SPDX-License-Identifier: MIT */
#include "boot/elf.h"

#define PAGE 4096u

struct ehdr {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

#define PT_LOAD 1u
#define ET_EXEC 2u
#define ET_DYN	3u
#ifdef __aarch64__
#define MACHINE	     183u /* EM_AARCH64 */
#define MACHINE_NAME "AArch64"
#define MOVABLE	     1
#else
#define MACHINE	     62u /* EM_X86_64 */
#define MACHINE_NAME "x86-64"
#define MOVABLE	     0
#endif

static void copy(void *to, const void *from, size_t n)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	while (n--)
		*t++ = *f++;
}

static struct phdr phdr_at(const struct elf_image *img, const struct ehdr *h, uint32_t i)
{
	struct phdr p;

	copy(&p, img->data + h->phoff + (size_t)i * sizeof(p), sizeof(p));
	return p;
}

const char *elf_open(struct elf_image *img, const void *data, size_t size, int physical)
{
	static const uint8_t magic[7] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	struct ehdr h;

	*img = (struct elf_image){ .data = data, .size = size, .physical = physical, .low = ~0ull };
	if (size < sizeof(h))
		return "too short for an ELF header";
	copy(&h, data, sizeof(h));
	for (uint32_t i = 0; i < sizeof(magic); i++)
		if (h.ident[i] != magic[i])
			return "not a 64-bit little-endian ELF file";
	/* One that relocates itself lies where there is room. */
	img->movable = MOVABLE && physical && h.type == ET_DYN;
	if ((h.type != ET_EXEC && !img->movable) || h.machine != MACHINE)
		return "not an " MACHINE_NAME " executable";
	if (h.phentsize != sizeof(struct phdr) || h.phnum == 0 || h.phoff > size ||
	    (size - h.phoff) / sizeof(struct phdr) < h.phnum)
		return "broken program headers";
	for (uint32_t i = 0; i < h.phnum; i++) {
		struct phdr p = phdr_at(img, &h, i);
		uint64_t at = physical ? p.paddr : p.vaddr;

		if (p.type != PT_LOAD || p.memsz == 0)
			continue;
		if (p.filesz > p.memsz || p.offset > size || p.filesz > size - p.offset)
			return "a segment lies outside the file";
		if (at + p.memsz < at || at + p.memsz > ~0ull - PAGE)
			return "a segment wraps around";
		if (at < img->low)
			img->low = at & ~(uint64_t)(PAGE - 1);
		if (at + p.memsz > img->high)
			img->high = (at + p.memsz + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	}
	if (img->high <= img->low)
		return "nothing to load";
	if (img->high - img->low > 1u << 30)
		return "larger than 1 GiB";
	if (h.entry < img->low || h.entry >= img->high)
		return "entry point outside the image";
	img->entry = h.entry;
	return NULL;
}

void elf_place(const struct elf_image *img, uint8_t *to)
{
	struct ehdr h;

	copy(&h, img->data, sizeof(h));
	for (uint64_t i = 0; i < img->high - img->low; i++)
		to[i] = 0;
	for (uint32_t i = 0; i < h.phnum; i++) {
		struct phdr p = phdr_at(img, &h, i);
		uint64_t at = img->physical ? p.paddr : p.vaddr;

		if (p.type == PT_LOAD && p.memsz)
			copy(to + (at - img->low), img->data + p.offset, (size_t)p.filesz);
	}
}
