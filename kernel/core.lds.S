/* SPDX-License-Identifier: MIT */
/* The core image: text, read-only data and data on page borders, so that W^X needs no mixed page. */
#include <core_lds.h>
OUTPUT_FORMAT(CORE_FORMAT)
OUTPUT_ARCH(CORE_MACHINE)
ENTRY(_start)

PHDRS
{
	text PT_LOAD FLAGS(5);
	rodata PT_LOAD FLAGS(4);
	data PT_LOAD FLAGS(6);
}

SECTIONS
{
	. = CORE_VA;
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

	percpu_self = CORE_PERCPU_VA;

	/DISCARD/ : { *(.comment .note.GNU-stack .note.gnu.property .eh_frame .eh_frame_hdr) }
}
