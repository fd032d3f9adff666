/* SPDX-License-Identifier: MIT */
/*
 * A guest of three VPs that does what it likes: MMIO of any offset and size in any frame, SGIs,
 * deactivations, sources, and whatever may stand in list registers after an exit; a host that saves
 * and restores. After each operation: no lock stays taken, nobody stays held, every SPI is in the
 * set of its owner and in no other, and a state that Get gave is taken by Set.
 */
#include <stddef.h>
#include <stdint.h>

#include "../unit/fake_vgic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VPS  3u
#define SPIS 72u

#define CHECK(c) \
	do { \
		if (!(c)) \
			abort(); \
	} while (0)

static const uint8_t *in;
static size_t left;
static struct fake_gic *g;

static uint64_t take(uint32_t bytes)
{
	uint64_t v = 0;

	for (; bytes && left; bytes--, left--)
		v = v << 8 | *in++;
	return v;
}

static void invariants(void)
{
	CHECK(!g->v.lock.held);
	for (uint32_t i = 0; i < VPS; i++) {
		const struct vgic_vp *vp = g->vp[i];

		CHECK(!vp->lock.held && !vp->holds);
		CHECK(!(vp->hw.live & ~0xfu) && (vp->hw.live || !vp->resident));
		for (uint32_t n = 0; n < 32; n++)
			CHECK(vp->active >> n & 1 || !vp->active_prio[n]);
	}
	for (uint32_t n = 32; n < 32 + SPIS; n++) {
		const struct vgic_irq *irq = vgic_spi(&g->v, n);

		for (uint32_t i = 0; i < VPS; i++) {
			bool member = g->vp[i]->spi[(n - 32) / 64] >> (n - 32) % 64 & 1;

			CHECK(member == (irq->owner == i));
			CHECK(!member || g->vp[i]->spi_words >> (n - 32) / 64 & 1);
		}
		CHECK(!(irq->flags & ~VGIC_FLAGS) && (irq->flags & VGIC_ACTIVE || !irq->active_vp));
		CHECK(!irq->lr || g->vp[irq->holder]->hw.live >> (irq->lr - 1) & 1);
	}
}

/* Out of the guest, with any states in the LRs that were in use. */
static void leave(uint32_t vp)
{
	struct vgic_image *hw = &g->vp[vp]->hw;
	struct vgic_op op = { 0 };
	uint64_t st = take(2);

	for (uint32_t i = 0; i < 4; i++)
		if (hw->live >> i & 1)
			hw->lr[i] = (hw->lr[i] & ~MASK(63, 62)) | (st >> 2 * i & 3) << 62;
	if (hw->hcr & VGIC_HCR_LRENPIE)
		hw->hcr |= (uint32_t)(st >> 8 & 7) << VGIC_HCR_EOI_LO;
	hw->vmcr = (hw->vmcr & ~VGIC_VMCR_VEOIM) | (st >> 11 & 1 ? VGIC_VMCR_VEOIM : 0);
	vgic_sync(g->vp[vp], &op);
	CHECK(!hw->live);
	if (st >> 12 & 1)
		vgic_leave(g->vp[vp]);
}

static void enter(uint32_t vp)
{
	struct vgic_op op = { 0 };
	enum vgic_result r = vgic_flush(g->vp[vp], &op);

	CHECK(r == VGIC_OK || r == VGIC_ABSENT);
	CHECK(r == VGIC_OK || !g->vp[vp]->hw.live);
}

static void access_(uint32_t vp, bool write)
{
	uint32_t frame = (uint32_t)take(1) % 4, off = (uint32_t)take(3) & 0x3ffff;
	struct vgic_access a = { &g->v, g->vp[vp], frame == 3 ? NULL : g->vp[frame], off,
				 1u << take(1) % 5 };
	uint64_t val = take(a.width > 8 ? 8 : a.width);
	struct vgic_op op = { 0 };
	enum vgic_result r = VGIC_AGAIN;

	for (uint32_t round = 0; r == VGIC_AGAIN; round++) {
		CHECK(round < 8);
		r = write ? vgic_mmio_write(&a, val, &op) : vgic_mmio_read(&a, &val, &op);
		for (uint64_t k = r == VGIC_AGAIN ? op.held : 0; k; k &= k - 1) {
			struct vgic_op other = { 0 };
			uint32_t n = (uint32_t)__builtin_ctzll(k);

			CHECK(n != vp);
			leave(n);
			CHECK(vgic_flush(g->vp[n], &other) != VGIC_OK);
		}
	}
	CHECK(!op.held);
	CHECK(r != VGIC_OK || write || a.width == 8 || !(val >> 8 * a.width));
}

static void dir(uint32_t vp)
{
	uint64_t intid = take(2);
	struct vgic_op op = { 0 };

	while (vgic_dir(g->vp[vp], intid, &op) == VGIC_AGAIN)
		for (uint64_t k = op.held; k; k &= k - 1)
			leave((uint32_t)__builtin_ctzll(k));
	CHECK(!op.held);
}

static void state(uint32_t vp)
{
	uint8_t global[16 + 16 * SPIS], again[16 + 16 * SPIS], local[200], second[200];
	struct vgic_op op = { 0 };
	uint32_t at = (uint32_t)take(2);
	uint8_t flip = (uint8_t)take(1);

	for (uint32_t i = 0; i < VPS; i++)
		leave(i);
	CHECK(vgic_get_global(&g->v, global) == VGIC_OK);
	CHECK(vgic_set_global(&g->v, global, sizeof(global), &op) == VGIC_OK);
	CHECK(vgic_get_global(&g->v, again) == VGIC_OK && !memcmp(global, again, sizeof(again)));
	global[at % sizeof(global)] ^= flip;
	if (vgic_set_global(&g->v, global, sizeof(global), &op) == VGIC_OK)
		memcpy(again, global, sizeof(global));
	CHECK(vgic_get_global(&g->v, global) == VGIC_OK && !memcmp(global, again, sizeof(again)));
	if (vgic_get_local(g->vp[vp], local, &op) != VGIC_OK)
		return;
	CHECK(vgic_set_local(g->vp[vp], local, &op) == VGIC_OK);
	CHECK(vgic_get_local(g->vp[vp], second, &op) == VGIC_OK);
	CHECK(!memcmp(local, second, sizeof(local)));
	local[at % sizeof(local)] ^= flip;
	if (vgic_set_local(g->vp[vp], local, &op) == VGIC_OK)
		memcpy(second, local, sizeof(local));
	if (vgic_get_local(g->vp[vp], local, &op) == VGIC_OK)
		CHECK(!memcmp(local, second, sizeof(local)));
}

static void operation(void)
{
	uint32_t what = (uint32_t)take(1), vp = what >> 4 & 3;
	struct vgic_op op = { 0 };

	vp = vp == 3 ? 0 : vp;
	switch (what & 0xf) {
	case 0 ... 4:
		leave(vp);
		access_(vp, true);
		break;
	case 5:
	case 6:
		leave(vp);
		access_(vp, false);
		break;
	case 7:
	case 8:
		what = (uint32_t)take(2);
		(void)vgic_set_line(&g->v, g->vp[vp], what & 0x3fff, what >> 15, &op);
		break;
	case 9:
		leave(vp);
		vgic_sgi1r(g->vp[vp], take(8), &op);
		break;
	case 10:
		leave(vp);
		dir(vp);
		break;
	case 11:
		state(vp);
		break;
	case 12:
		mem_absent = take(1) * 4096;
		break;
	case 13:
		leave(vp);
		(void)vgic_pending(g->vp[vp], &op);
		break;
	default:
		leave(vp);
		enter(vp);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	in = data;
	left = size;
	mem_absent = MEM_THERE;
	for (uint32_t i = 0; i < MEM_SIZE; i += 4096)
		memset(mem + i, (int)(i >> 12), 64);
	g = fake_gic_new(VPS, SPIS, FAKE_VTR(4));
	while (left) {
		operation();
		invariants();
	}
	fake_gic_free(g);
	return 0;
}
