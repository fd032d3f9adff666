/* SPDX-License-Identifier: MIT */
/* The loader's ELF reader: a good file, then every field of it broken in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <elf.h>

#include "boot/elf.h"

struct file {
	Elf64_Ehdr h;
	Elf64_Phdr p[3];
	uint8_t text[100];
};

static struct file good(void)
{
	struct file f = { .h = { .e_type = ET_EXEC,
				 .e_machine = EM_X86_64,
				 .e_version = 1,
				 .e_entry = 0x400010,
				 .e_phoff = offsetof(struct file, p),
				 .e_phentsize = sizeof(Elf64_Phdr),
				 .e_phnum = 3 } };

	memcpy(f.h.e_ident, "\177ELF\2\1\1", 7);
	f.p[0] = (Elf64_Phdr){ .p_type = PT_LOAD,
			       .p_offset = offsetof(struct file, text),
			       .p_vaddr = 0x400000,
			       .p_paddr = 0x100000,
			       .p_filesz = 60,
			       .p_memsz = 60 };
	f.p[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
			       .p_offset = offsetof(struct file, text) + 60,
			       .p_vaddr = 0x401800,
			       .p_paddr = 0x101800,
			       .p_filesz = 40,
			       .p_memsz = 0x1000 };
	f.p[2] = (Elf64_Phdr){ .p_type = PT_NOTE };
	memset(f.text, 0x5a, sizeof(f.text));
	return f;
}

static const char *open_file(const struct file *f, size_t size, int physical)
{
	struct elf_image img;
	void *copy = malloc(size ? size : 1); /* of that size, for ASan */
	const char *why;

	memcpy(copy, f, size);
	why = elf_open(&img, copy, size, physical);
	free(copy);
	return why;
}

static void test_good(void **state)
{
	struct file f = good();
	struct elf_image img;
	static uint8_t to[0x3000];

	(void)state;
	assert_null(elf_open(&img, &f, sizeof(f), 0));
	assert_int_equal(img.low, 0x400000);
	assert_int_equal(img.high, 0x403000);
	assert_int_equal(img.entry, 0x400010);
	memset(to, 0xee, sizeof(to));
	elf_place(&img, to);
	assert_int_equal(to[0], 0x5a);
	assert_int_equal(to[59], 0x5a);
	assert_int_equal(to[60], 0);
	assert_int_equal(to[0x17ff], 0);
	assert_int_equal(to[0x1800], 0x5a);
	assert_int_equal(to[0x1827], 0x5a);
	assert_int_equal(to[0x1828], 0);
	assert_int_equal(to[0x2fff], 0);
	/* By physical addresses the entry point of this file is outside. */
	assert_string_equal(elf_open(&img, &f, sizeof(f), 1), "entry point outside the image");
	f.h.e_entry = 0x100000;
	assert_null(elf_open(&img, &f, sizeof(f), 1));
	assert_int_equal(img.low, 0x100000);
}

#define BROKEN(change, text) \
	do { \
		struct file f = good(); \
		change; \
		assert_string_equal(open_file(&f, sizeof(f), 0), text); \
	} while (0)

static void test_broken(void **state)
{
	struct file whole = good();

	(void)state;
	for (size_t n = 0; n < sizeof(Elf64_Ehdr); n++)
		assert_string_equal(open_file(&whole, n, 0), "too short for an ELF header");
	assert_string_equal(open_file(&whole, sizeof(Elf64_Ehdr), 0), "broken program headers");
	assert_string_equal(open_file(&whole, offsetof(struct file, text) + 99, 0),
			    "a segment lies outside the file");
	for (uint32_t i = 0; i < 7; i++)
		BROKEN(f.h.e_ident[i] ^= 1, "not a 64-bit little-endian ELF file");
	BROKEN(f.h.e_type = ET_DYN, "not an x86-64 executable");
	BROKEN(f.h.e_machine = EM_AARCH64, "not an x86-64 executable");
	BROKEN(f.h.e_phentsize = 32, "broken program headers");
	BROKEN(f.h.e_phnum = 0, "broken program headers");
	BROKEN(f.h.e_phnum = 1000, "broken program headers");
	BROKEN(f.h.e_phoff = ~0ull, "broken program headers");
	BROKEN(f.h.e_phoff = sizeof(f) + 1, "broken program headers");
	BROKEN(f.p[0].p_filesz = 61, "a segment lies outside the file");
	BROKEN(f.p[0].p_offset = ~0ull, "a segment lies outside the file");
	BROKEN((f.p[0].p_filesz = f.p[0].p_memsz = ~0ull), "a segment lies outside the file");
	BROKEN(f.p[1].p_memsz = ~0ull, "a segment wraps around");
	BROKEN(f.p[1].p_vaddr = ~0ull - 0x1000, "a segment wraps around");
	BROKEN((f.p[0].p_type = f.p[1].p_type = PT_NOTE), "nothing to load");
	BROKEN(f.p[1].p_vaddr = 0x80000000, "larger than 1 GiB");
	BROKEN(f.h.e_entry = 0x3fffff, "entry point outside the image");
	BROKEN(f.h.e_entry = 0x403000, "entry point outside the image");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
