/* SPDX-License-Identifier: MIT */
/* The core image: text, read-only data and data on page borders, so that W^X needs no mixed page. */
OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)
ENTRY(_start)

PHDRS
{
	text PT_LOAD FLAGS(5);
	rodata PT_LOAD FLAGS(4);
	data PT_LOAD FLAGS(6);
}

SECTIONS
{
	. = 0xffffffff80000000;
	core_start = .;
	.text : { *(.text .text.*) } :text
	. = ALIGN(4096);
	core_text_end = .;
	.rodata : { *(.rodata .rodata.*) } :rodata
	.extable : ALIGN(8) {
		extable_start = .;
		KEEP(*(.extable))
		extable_end = .;
	} :rodata
	.note.gnu.build-id : { *(.note.gnu.build-id) } :rodata
	. = ALIGN(4096);
	core_rodata_end = .;
	.data : { *(.data .data.*) } :data
	.bss : { *(.bss .bss.* COMMON) } :data
	. = ALIGN(4096);
	core_end = .;

	/* ARCH_PERCPU_VA of arch/x86_64/types.h */
	percpu_self = 0xffffffffc0000000;

	/DISCARD/ : { *(.comment .note.GNU-stack .note.gnu.property .eh_frame .eh_frame_hdr) }
}
