/* SPDX-License-Identifier: MIT */
/*
 * XSAVE images (Intel SDM vol. 1 ch. 13). The core switches with XSAVE in standard format; the
 * state service speaks the compacted format always, also where the CPU has no XSAVEC. Pure: the
 * layout comes from CPUID leaf 0xD as data.
 */
#ifndef X86_XSAVE_H
#define X86_XSAVE_H

#include <stdbool.h>
#include <stdint.h>

#define XSAVE_LEGACY_SIZE 512u
#define XSAVE_HEADER_SIZE 64u
#define XSAVE_COMPACTED	  (1ull << 63)

struct xsave_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

struct xsave_layout {
	uint64_t xcr0_mask, xss_mask;
	struct {
		uint32_t offset, size; /* bytes, standard format */
		bool align64;	       /* in the compacted format */
		bool supervisor;
	} comp[63];
	uint32_t std_size;
	uint32_t mxcsr_mask;
};

/*
 * sub[n]: CPUID 0xD subleaf n. Components outside `allowed` are left out. False: the leaves are
 * impossible (overlap, or an image of more than 12 KiB).
 */
bool xsave_layout_init(struct xsave_layout *l, uint64_t allowed, const struct xsave_cpuid sub[64],
		       uint32_t mxcsr_mask);
/* Bytes of a compacted image of `mask`: a multiple of 8. */
uint32_t xsave_compact_size(const struct xsave_layout *l, uint64_t mask);
/* The image of a fresh processor, standard format. */
void xsave_init_std(const struct xsave_layout *l, void *std);
/* Returns the size written, or 0 when out_len is too small. */
uint32_t xsave_to_compact(const struct xsave_layout *l, uint64_t mask, const void *std, void *out,
			  uint32_t out_len);

/*
 * The supervisor components that there are, 11 and 12, as the architecture has them (13.4.9). No
 * standard image holds them: they are put in and taken out by themselves.
 */
struct xsave_cet {
	uint64_t user[2];	/* IA32_U_CET, IA32_PL3_SSP */
	uint64_t supervisor[3]; /* IA32_PL0_SSP to 2 */
};
/* Into the image that xsave_to_compact() has made of `mask`. */
void xsave_put_cet(const struct xsave_layout *l, uint64_t mask, const struct xsave_cet *c,
		   void *image);
/* After a check that passed. Components not in the image are 0. */
void xsave_take_cet(const struct xsave_layout *l, const void *image, struct xsave_cet *c);

enum xsave_error {
	XSAVE_OK,
	XSAVE_BAD_LENGTH,
	XSAVE_BAD_HEADER,
	XSAVE_BAD_XCOMP,
	XSAVE_BAD_XSTATE,
	XSAVE_BAD_MXCSR,
};
/* Everything that XRSTOR would fault on, and the exact length (SDM vol. 1, 13.8.2, 13.12). */
enum xsave_error xsave_check_compact(const struct xsave_layout *l, uint64_t mask, const void *in,
				     uint32_t len);
/* After a check that passed. Components not in the image get their initial state. */
void xsave_from_compact(const struct xsave_layout *l, const void *in, void *std);

#endif
