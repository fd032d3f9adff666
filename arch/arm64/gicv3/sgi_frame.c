/* SPDX-License-Identifier: MIT */
/* GICR SGI_base (IHI 0069, 12.10): which bits of each register are whose. Pure. */
#include "arch/arm64/gicv3/gic.h"
#include "kernel/bits.h"

#define GICR_IGROUPR0	0x080u
#define GICR_ISENABLER0 0x100u
#define GICR_ICENABLER0 0x180u
#define GICR_ISPENDR0	0x200u
#define GICR_ICPENDR0	0x280u
#define GICR_ISACTIVER0 0x300u
#define GICR_ICACTIVER0 0x380u
#define GICR_IPRIORITYR 0x400u /* 32 bytes */
#define GICR_ICFGR0	0xc00u /* two bits each: SGIs, then PPIs */
#define GICR_ICFGR1	0xc04u
#define GICR_IGRPMODR0	0xd00u
#define GICR_NSACR	0xe00u
#define GICR_INMIR0	0xf80u

/* Sixteen INTIDs to two bits each. */
static uint32_t pairs(uint32_t intids)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < 16; i++)
		if (intids >> i & 1)
			bits |= 3u << (2 * i);
	return bits;
}

static struct sgi_bits priority(uint64_t offset, uint32_t size, uint32_t own)
{
	struct sgi_bits b = { .known = size == 1 || size == 4 };
	uint32_t first = (uint32_t)(offset - GICR_IPRIORITYR);

	for (uint32_t i = 0; i < size && i < 4; i++)
		if (own >> (first + i) & 1)
			b.own |= 0xffu << (8 * i);
	return b;
}

struct sgi_bits sgi_frame_bits(uint64_t offset, uint32_t size, uint32_t own)
{
	struct sgi_bits b = { .known = size == 4 };

	if (offset >= GICR_IPRIORITYR && offset < GICR_IPRIORITYR + 32)
		return priority(offset, size, own);
	switch (offset) {
	case GICR_ISENABLER0:
	case GICR_ICENABLER0:
	case GICR_ISPENDR0:
	case GICR_ICPENDR0:
	case GICR_ISACTIVER0:
	case GICR_ICACTIVER0:
		b.set_clear = true;
		b.own = own;
		break;
	case GICR_IGROUPR0:
	case GICR_IGRPMODR0:
	case GICR_INMIR0:
		b.own = own;
		break;
	case GICR_ICFGR0:
	case GICR_NSACR:
		b.own = pairs(own & 0xffff);
		break;
	case GICR_ICFGR1:
		b.own = pairs(own >> 16);
		break;
	default:
		/* Reserved: RAZ/WI */
		b.own = ~0u;
		break;
	}
	return b;
}
