/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4) for guests: its chaining value is the caller's to keep. */
#ifndef GUESTS_SHA256_H
#define GUESTS_SHA256_H

#include <stdint.h>

/* clang-format off */
#define SHA256_START \
	{ 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, \
	  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 }
/* clang-format on */

static const uint32_t sha256_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static inline uint32_t sha256_ror(uint32_t v, uint32_t n)
{
	return v >> n | v << (32 - n);
}

static inline void sha256_block(uint32_t h[8], const uint8_t *block)
{
	uint32_t w[64], a[8];

	for (uint32_t i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (uint32_t i = 16; i < 64; i++)
		w[i] = w[i - 16] +
		       (sha256_ror(w[i - 15], 7) ^ sha256_ror(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       w[i - 7] +
		       (sha256_ror(w[i - 2], 17) ^ sha256_ror(w[i - 2], 19) ^ w[i - 2] >> 10);
	for (uint32_t i = 0; i < 8; i++)
		a[i] = h[i];
	for (uint32_t i = 0; i < 64; i++) {
		uint32_t t1 = a[7] +
			      (sha256_ror(a[4], 6) ^ sha256_ror(a[4], 11) ^ sha256_ror(a[4], 25)) +
			      ((a[4] & a[5]) ^ (~a[4] & a[6])) + sha256_k[i] + w[i];
		uint32_t t2 = (sha256_ror(a[0], 2) ^ sha256_ror(a[0], 13) ^ sha256_ror(a[0], 22)) +
			      ((a[0] & a[1]) ^ (a[0] & a[2]) ^ (a[1] & a[2]));

		for (uint32_t r = 7; r > 0; r--)
			a[r] = a[r - 1];
		a[4] += t1;
		a[0] = t1 + t2;
	}
	for (uint32_t i = 0; i < 8; i++)
		h[i] += a[i];
}

/* The last blocks: what is left, 0x80, zeroes, the length in bits (FIPS 180-4, 5.1.1). */
static inline void sha256_end(uint32_t h[8], const uint8_t *rest, uint64_t left, uint64_t size)
{
	uint8_t b[128] = { 0 };
	uint64_t n = left + 9 <= 64 ? 64 : 128;

	for (uint64_t i = 0; i < left; i++)
		b[i] = rest[i];
	b[left] = 0x80;
	for (uint32_t i = 0; i < 8; i++)
		b[n - 1 - i] = (uint8_t)(size * 8 >> (8 * i));
	for (uint64_t i = 0; i < n; i += 64)
		sha256_block(h, b + i);
}

#endif
