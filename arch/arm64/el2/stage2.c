/* SPDX-License-Identifier: MIT */
/*
 * Stage 2 (Arm ARM, D8.3, D8.5): the format for kernel/slat.c, and the invalidation that goes with
 * it. A valid entry that becomes another valid one goes through invalid, with the TLBs emptied in
 * between (D8.16.1, break-before-make): CPUs that fault meanwhile look again (trap_abort.c).
 */
#include <sysreg.h>

#include "arch/arm64/el2/el2.h"
#include "kernel/partition.h"
#include "kernel/arch.h"

#define S2_VALID    BIT(0)
#define S2_TABLE    BIT(1)
#define S2_ATTR(a)  ((uint64_t)(a) << 2)
#define S2_ATTRS    S2_ATTR(0xf)
#define ATTR_DEVICE 0x1u /* nGnRE */
#define ATTR_NC	    0x5u /* Normal, inner and outer non-cacheable */
#define ATTR_WT	    0xau
#define ATTR_WB	    0xfu
#define S2_READ	    BIT(6)
#define S2_WRITE    BIT(7)
#define S2_ISH	    (3ull << 8)
#define S2_AF	    BIT(10)
#define S2_XN	    BIT(54)
#define S2_PA	    MASK(47, 12)
/* In an invalid entry all else is software's: a mapping without access */
#define S2_NO_ACCESS BIT(55)

static uint32_t pa_range, pa_bits = 48;

static uint64_t table_entry(hpa_t next)
{
	return next.v | S2_TABLE | S2_VALID;
}

static uint32_t attr_of(uint32_t prot)
{
	if (prot & (SLAT_UC | SLAT_WC))
		return ATTR_NC;
	return prot & SLAT_WT ? ATTR_WT : ATTR_WB;
}

/* SLAT_WP has no meaning here: write-back, like the x86 page tables' own answer to an unknown type.
 */
static uint64_t leaf_entry(hpa_t to, uint32_t prot, uint32_t level)
{
	uint64_t e = to.v | S2_ISH | S2_AF | S2_ATTR(attr_of(prot));

	if (!(prot & SLAT_RWX))
		return to.v | S2_NO_ACCESS;
	if (prot & SLAT_R)
		e |= S2_READ;
	if (prot & SLAT_W)
		e |= S2_WRITE;
	if (!(prot & SLAT_X))
		e |= S2_XN;
	return e | S2_VALID | (level == 1 ? S2_TABLE : 0);
}

static uint32_t type_of(uint64_t e)
{
	switch ((e & S2_ATTRS) >> 2) {
	case ATTR_NC:
		return SLAT_UC;
	case ATTR_WT:
		return SLAT_WT;
	default:
		return 0;
	}
}

static int parse(uint64_t e, uint32_t level, struct slat_leaf *out)
{
	out->hpa = HPA(e & S2_PA);
	out->prot = 0;
	if (!(e & S2_VALID))
		return e & S2_NO_ACCESS ? 1 : 0;
	if (level > 1 && e & S2_TABLE)
		return 2;
	if (e & S2_READ)
		out->prot |= SLAT_R;
	if (e & S2_WRITE)
		out->prot |= SLAT_W;
	if (!(e & S2_XN))
		out->prot |= SLAT_X;
	out->prot |= type_of(e);
	return 1;
}

uint64_t stage2_vttbr(const struct slat *s)
{
	const struct partition *p = CONTAINER(s, const struct partition, slat);

	/* VMID 0 is nobody's; slots are 0 to 63, so eight bits do */
	return ptr_hpa(s->root).v | (uint64_t)(p->slot + 1) << 48;
}

/*
 * EL1's translations are out of context while EL2 runs, and may be walked ahead of time all the
 * same (and on some processors also where they must not: cortex-a57 1319537, a72 1319367). Half of
 * one VP's registers with half of another's would leave entries in the TLB that neither has. So:
 * stage 1 on, and without walks, until all of it is the other's.
 */
void stage2_walks_off(void)
{
	write_sysreg(tcr_el1, read_sysreg(tcr_el1) | TCR_EPD0 | TCR_EPD1);
	isb();
	write_sysreg(sctlr_el1, read_sysreg(sctlr_el1) | SCTLR_M);
	isb();
}

/*
 * The stores that made entries invalid are before the TLBI for every walker, and what used the old
 * ones is over when this returns (D8.17, "TLB maintenance").
 */
void stage2_flush(const struct slat *s)
{
	uint64_t mine = read_sysreg(vttbr_el2), want = stage2_vttbr(s);
	uint64_t sctlr = read_sysreg(sctlr_el1), tcr = read_sysreg(tcr_el1);

	dsb_ishst();
	if (mine != want) {
		stage2_walks_off();
		write_sysreg(vttbr_el2, want);
		isb();
	}
	tlbi_vmalls12e1is();
	dsb_ish();
	isb();
	if (mine != want) {
		write_sysreg(vttbr_el2, mine);
		isb();
		write_sysreg(sctlr_el1, sctlr);
		write_sysreg(tcr_el1, tcr);
		isb();
	}
}

static void change(const struct slat *s, uint64_t *e, uint64_t v)
{
	uint64_t old = __atomic_load_n(e, __ATOMIC_RELAXED);

	if (old & v & S2_VALID && old != v) {
		__atomic_store_n(e, 0, __ATOMIC_RELEASE);
		stage2_flush(s);
	}
	__atomic_store_n(e, v, __ATOMIC_RELEASE);
	/* Made valid: walkers find it, and what a table points to was written before it. */
	if (v & S2_VALID) {
		dsb_ishst();
		isb();
	}
}

struct slat_format stage2_format = {
	.levels = 4,
	.max_leaf = 3,
	.typed = true,
	.table = table_entry,
	.leaf = leaf_entry,
	.change = change,
	.parse = parse,
};
const struct slat_format *arch_slat_format = &stage2_format;

/* ID_AA64MMFR0_EL1.PARange to bits */
uint32_t stage2_init(uint64_t mmfr0)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48 };

	pa_range = (uint32_t)MIN(mmfr0 & 0xf, 5ull);
	pa_bits = bits[pa_range];
	/* A level 0 table is for 44 bits or more (D8.2.7): below, 39 bits and three levels. */
	stage2_format.levels = pa_bits >= 44 ? 4 : 3;
	return pa_bits;
}

/* D19.2.155: RES1 31, PS, 4 KiB, inner shareable write-back walks, SL0, T0SZ; 8-bit VMIDs */
uint64_t stage2_vtcr(void)
{
	bool four = stage2_format.levels == 4;
	uint32_t size = four ? pa_bits : MIN(pa_bits, 39u);

	return BIT(31) | (uint64_t)pa_range << 16 | 3ull << 12 | 1ull << 10 | 1ull << 8 |
	       (uint64_t)(four ? 2 : 1) << 6 | (64 - size);
}

bool arch_flush_slat(const struct slat *s)
{
	stage2_flush(s);
	return true;
}
