/* SPDX-License-Identifier: MIT */
/*
 * A partition's GICv3 (IHI 0069) without hardware: distributor, redistributors, LPIs, and what goes
 * into the list registers. One security state (GICD_CTLR.DS = 1), Group 1 only, affinity routing
 * always, no ITS. docs/gic.md has the choices.
 *
 * Who touches what:
 *   struct vgic_vp, its lock   SGIs, PPIs, LPIs, the image of the CPU's ICH registers. Taken by the
 *                              VP's owner when there is something to do, by others for an access to
 *                              that redistributor.
 *   struct vgic, its lock      SPIs, and of each VP the set of SPIs that want one of its LRs.
 *   atomic words of the VP     mail, post, line, LPIs posted: by them SGIs, PPIs and LPIs reach a
 *                              VP without a lock, as vp_post() does on x86.
 *
 * Order: a VP's lock, then the partition's (guest_mem takes it for LPI tables), then the
 * distributor's; never two VPs' at once. So VPs may be added and removed under the partition's
 * lock. An entry with nothing pending and an exit with no list register in use take none.
 *
 * Between a flush and the next sync an interrupt may be *resident*: its pending and active bits are
 * in a list register, and memory does not know them. An access that needs them is answered
 * VGIC_AGAIN: the VPs in op->kick must leave the guest (and so sync), then the same call is made
 * again with the same op. Such a VP is held: its next flush answers VGIC_AGAIN until the access is
 * over, so the one that waits gets its turn. Only VPs in a guest are waited for, and a CPU that
 * waits is in the core: nobody waits in a circle.
 */
#ifndef ARM64_VGIC_H
#define ARM64_VGIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/bits.h"
#include "kernel/lock.h"

#define VGIC_MAX_VPS   64u
#define VGIC_MAX_SPIS  988u /* INTIDs 32 to 1019 */
#define VGIC_PRIVATE   32u  /* SGIs and PPIs */
#define VGIC_SGIS      16u
#define VGIC_TIMER_PPI 27u /* the virtual timer's, deactivated by hardware */
#define VGIC_LPI_FIRST 8192u
#define VGIC_LPIS      2048u /* a VP; GICD_TYPER.num_LPIs */
#define VGIC_ID_BITS   14u   /* GICD_TYPER.IDbits + 1 */
#define VGIC_MAX_LRS   16u
#define VGIC_NO_VP     0xffu
#define VGIC_SPI_PAGES 4u
#define VGIC_SPI_WORDS 16u
#define VGIC_GICD_SIZE 0x10000u
#define VGIC_GICR_SIZE 0x20000u /* RD_base and SGI_base */

enum vgic_result {
	VGIC_OK,
	VGIC_FAULT,  /* no such access, or a refused state: nothing changed */
	VGIC_AGAIN,  /* kick op->kick, wait a moment, call again with the same op */
	VGIC_ABSENT, /* guest memory at op->gpa is not there: nothing changed */
};

/* One operation of one CPU. Zeroed by the caller before the first call, kept over VGIC_AGAIN. */
struct vgic_op {
	uint64_t kick;	/* bit n: VP n has to look at its mail. The caller clears what it did */
	uint64_t held;	/* VPs that wait in flush for the end of this operation */
	uint64_t gpa;	/* VGIC_ABSENT: where */
	bool gpa_write; /* and for what */
};

/* Bits of flags: also byte 0 of an interrupt in the saved states. */
#define VGIC_ENABLED 0x01u
#define VGIC_EDGE    0x02u
#define VGIC_LINE    0x04u /* the source holds the line */
#define VGIC_LATCH   0x08u /* pending by an edge, or by software */
#define VGIC_ACTIVE  0x10u
#define VGIC_FLAGS   0x1fu

/* An SPI. Under the distributor's lock. */
struct vgic_irq {
	uint8_t flags;
	uint8_t prio;
	uint8_t active_prio; /* at activation; 0 while inactive */
	uint8_t lr;	     /* resident: 1 + number of the holder's LR */
	uint8_t holder;	     /* VP, while resident */
	uint8_t active_vp;   /* while active */
	uint8_t target;	     /* VP that route names, or VGIC_NO_VP */
	uint8_t owner;	     /* VP in whose set of SPIs it is, or VGIC_NO_VP */
	uint64_t route;	     /* GICD_IROUTER */
};
#define VGIC_SPIS_A_PAGE (4096u / sizeof(struct vgic_irq))
_Static_assert(VGIC_SPIS_A_PAGE *VGIC_SPI_PAGES >= VGIC_MAX_SPIS, "SPIs fit their pages");

/*
 * The ICH registers of a VP, as the CPU has them or is to have them. EL2 code copies: before entry
 * lr[i] of each bit in `write`, and hcr; after exit lr[i] of each bit in `live`, and when LRENPIE
 * is set in hcr also hcr and vmcr. Else vmcr and ap1r stay in the CPU while the VP does; they are
 * fetched when it leaves, and before a function that says so.
 */
struct vgic_image {
	uint64_t lr[VGIC_MAX_LRS];
	uint16_t live;	 /* LRs in use from flush to sync */
	uint16_t write;	 /* LRs to write before entry */
	uint16_t stale;	 /* LRs of the CPU with something in them that is no longer ours */
	bool timer_want; /* physical PPI 27 must be active while the guest runs */
	bool timer_phys; /* it is: set by EL2 code, cleared by sync when the guest ended it */
	uint32_t hcr, vmcr;
	uint32_t ap1r[4];
};

struct vgic_lpi {
	uint64_t propbaser, pendbaser;
	bool enabled;	       /* GICR_CTLR.EnableLPIs */
	bool reload;	       /* the pending table in memory is to be read at the next flush */
	uint32_t ready_words;  /* bit n: pending[n] & config_on[n] may be other than 0 */
	uint32_t posted_words; /* atomic: bit n: posted[n] may be other than 0 */
	/* atomic: pending, configuration not read yet; also those that INV made unread again */
	uint64_t posted[VGIC_LPIS / 64];
	uint64_t pending[VGIC_LPIS / 64]; /* configuration read, not resident */
	uint64_t config_on[VGIC_LPIS / 64];
	uint8_t prio[VGIC_LPIS];
};

/* Bits of mail. */
#define VGIC_MAIL_LOOK 1u

struct vgic;
struct partition;

/* A VP's redistributor and CPU interface; at most a page. */
struct vgic_vp {
	uint32_t mail;	/* atomic: something changed since the last flush */
	uint32_t work;	/* owner: the next flush has to look all the same */
	uint32_t holds; /* atomic: operations that wait for this VP */
	uint32_t post;	/* atomic: SGIs and edges of PPIs that came */
	uint32_t line;	/* atomic: levels of PPIs */
	struct lock lock;
	struct vgic *gic;   /* constant */
	uint32_t index;	    /* constant */
	uint32_t affinity;  /* constant: Aff3.Aff2.Aff1.Aff0, as in GICR_TYPER[63:32] */
	uint64_t gicr_base; /* atomic: GPA of the redistributor's frames, 0: none */
	bool overflow;	    /* an active interrupt is without an LR */
	uint16_t lr_latch;  /* LRs whose pending bit carries the latch */

	uint32_t enabled, edge, latch, active; /* a bit an INTID */
	uint32_t resident;
	uint8_t prio[VGIC_PRIVATE];
	uint8_t active_prio[VGIC_PRIVATE];

	uint32_t spi_words;	      /* distributor's lock: bit n: spi[n] is not 0 */
	uint64_t spi[VGIC_SPI_WORDS]; /* distributor's lock: SPIs that want an LR here */

	struct vgic_image hw;
	struct vgic_lpi lpi;
};
_Static_assert(sizeof(struct vgic_vp) <= 4096, "a VP's GIC is one page");

struct vgic {
	struct lock lock;
	uint32_t spis; /* constant */
	uint32_t vtr;  /* constant: ICH_VTR_EL2 */
	uint8_t lrs, pri_bits, pre_bits, pri_mask;
	uint32_t vps;			       /* atomic: how many there are */
	uint32_t top;			       /* atomic: every VP index is below */
	uint32_t enable;		       /* atomic: GICD_CTLR.EnableGrp1 */
	struct partition *partition;	       /* constant: whose memory has the LPI tables */
	uint64_t gicd_base;		       /* atomic: GPA of the distributor's frame, 0: none */
	struct vgic_irq *page[VGIC_SPI_PAGES]; /* constant */
	struct vgic_vp *vp[VGIC_MAX_VPS];      /* atomic */
};

_Static_assert(sizeof(struct vgic) <= 4096, "a distributor is one page, and those of its SPIs");

/* ---- life ---- */

/* Pages that an SPI count needs beside struct vgic; zeroed, handed to vgic_init(). */
static inline uint32_t vgic_spi_pages(uint32_t spis)
{
	return (uint32_t)((spis + VGIC_SPIS_A_PAGE - 1) / VGIC_SPIS_A_PAGE);
}
/* vtr: ICH_VTR_EL2 of every CPU (the caller has seen that they agree). False: too many SPIs. */
bool vgic_init(struct vgic *v, struct partition *p, uint32_t spis, uint32_t vtr,
	       void *const *pages);
/* vp is a zeroed page. False: the index is taken or too high, or the affinity is not unique. */
bool vgic_add_vp(struct vgic *v, struct vgic_vp *vp, uint32_t index, uint32_t affinity);
/* The VP runs nowhere. What was active on it is inactive, what was routed to it has no target. */
void vgic_remove_vp(struct vgic_vp *vp);
/* Reset of a VP's redistributor and CPU interface. */
void vgic_reset_vp(struct vgic_vp *vp, struct vgic_op *op);
/* The CPU interface alone: PSCI CPU_ON. */
void vgic_reset_cpu_interface(struct vgic_vp *vp);
/* Distributor: no VP runs. */
void vgic_reset(struct vgic *v, struct vgic_op *op);

/* ---- sources ---- */

/*
 * A source raises (level) or lowers its line. An edge interrupt becomes pending when its line
 * rises. SGIs and LPIs have no line: a raise makes them pending, a lower does nothing. vp is the
 * target of a private interrupt or LPI and ignored for an SPI. False: there is no such interrupt.
 */
bool vgic_set_line(struct vgic *v, struct vgic_vp *vp, uint32_t intid, bool level,
		   struct vgic_op *op);
/* A message, or an edge: raise and lower. */
bool vgic_pulse(struct vgic *v, struct vgic_vp *vp, uint32_t intid, struct vgic_op *op);
/* Pending as by a write of ISPENDR, whatever its line: what has no line of its own. */
bool vgic_latch(struct vgic *v, struct vgic_vp *vp, uint32_t intid, struct vgic_op *op);
/* A write of ICC_SGI1R_EL1. */
void vgic_sgi1r(struct vgic_vp *vp, uint64_t value, struct vgic_op *op);

static inline void vgic_post(struct vgic_vp *vp, struct vgic_op *op)
{
	(void)atomic_or(&vp->mail, VGIC_MAIL_LOOK);
	op->kick |= BIT(vp->index);
}

/* ---- list registers: vgic_lr.c ---- */

/* Priority of the best interrupt that the VP could take, 0x100: none. The VP's lock is held. */
uint32_t vgic_best_pending(struct vgic_vp *vp);
enum vgic_result vgic_flush_slow(struct vgic_vp *vp, struct vgic_op *op);
void vgic_sync_slow(struct vgic_vp *vp, struct vgic_op *op);

/*
 * Before entry. VGIC_OK: the image is what to run with: its LRs are written now, and a sync
 * follows, whether the guest was entered or not (then lr[] is still what it was). Else nothing is
 * resident: VGIC_AGAIN, somebody waits for this VP; VGIC_ABSENT. After it has said that it runs,
 * the CPU looks at vgic_mail() once more, as others read that last.
 */
static inline enum vgic_result vgic_flush(struct vgic_vp *vp, struct vgic_op *op)
{
	if (likely(!(atomic_load(&vp->mail) | vp->work)))
		return VGIC_OK;
	return vgic_flush_slow(vp, op);
}

static inline bool vgic_mail(const struct vgic_vp *vp)
{
	return atomic_load(&vp->mail) != 0;
}

/* After exit, before anything else looks at this GIC. */
static inline void vgic_sync(struct vgic_vp *vp, struct vgic_op *op)
{
	if (unlikely(vp->hw.live | (uint16_t)vp->overflow))
		vgic_sync_slow(vp, op);
}

/* The VP leaves the CPU, after sync: lr[] of hw.write are to be written (zeros). */
void vgic_leave(struct vgic_vp *vp);
/* ---- CPU interface: vgic_cpu.c ---- */

/* Would an interrupt be signalled: does WFI fall through? After sync; reads hw.vmcr and hw.ap1r. */
bool vgic_pending(struct vgic_vp *vp, struct vgic_op *op);
/* A trapped write of ICC_DIR_EL1. After sync; reads hw.vmcr. */
enum vgic_result vgic_dir(struct vgic_vp *vp, uint64_t value, struct vgic_op *op);

/* Registers that ICH_HCR_EL2.TC traps on a CPU without TDIR. They work on hw.vmcr and hw.ap1r. */
enum vgic_icc { VGIC_ICC_CTLR, VGIC_ICC_PMR, VGIC_ICC_RPR };
uint64_t vgic_icc_read(const struct vgic_vp *vp, enum vgic_icc reg);
void vgic_icc_write(struct vgic_vp *vp, enum vgic_icc reg, uint64_t value);

/* ---- MMIO: vgic_mmio.c ---- */

/*
 * Where the frames are. False: not on 64 KiB, not below 2^48, or over another frame. 0 takes a
 * frame away. A VP in its guest may see either until its next exit; stage 2 is the caller's.
 */
bool vgic_set_gicd_base(struct vgic *v, uint64_t base);
bool vgic_set_gicr_base(struct vgic_vp *vp, uint64_t base);

/*
 * width: 1, 2, 4, 8 bytes. self made the access and is synced. redist: whose GICR frame, NULL: the
 * distributor. Writes zero-extended.
 */
struct vgic_access {
	struct vgic *gic;
	struct vgic_vp *self;
	struct vgic_vp *redist;
	uint32_t offset;
	uint32_t width;
};
/* The access of self at a GPA; false: there is no frame of this GIC. */
bool vgic_mmio_find(struct vgic_vp *self, uint64_t gpa, uint32_t width, struct vgic_access *a);
enum vgic_result vgic_mmio_read(const struct vgic_access *a, uint64_t *val, struct vgic_op *op);
enum vgic_result vgic_mmio_write(const struct vgic_access *a, uint64_t val, struct vgic_op *op);

/* ---- LPIs: vgic_lpi.c ---- */

/* The VP's lock is held, except for the post. */
bool vgic_lpi_post(struct vgic_vp *vp, uint32_t intid, struct vgic_op *op);
void vgic_lpi_clear(struct vgic_vp *vp, uint32_t intid);
void vgic_lpi_invalidate(struct vgic_vp *vp, uint32_t intid);
void vgic_lpi_invalidate_all(struct vgic_vp *vp);
/* Disabled, nothing pending, memory as it is. */
void vgic_lpi_forget(struct vgic_vp *vp);
enum vgic_result vgic_lpi_enable(struct vgic_vp *vp, bool on, struct vgic_op *op);
/* Read what is to be read: the pending table, configurations of what was posted. */
enum vgic_result vgic_lpi_take(struct vgic_vp *vp, struct vgic_op *op);
/* Write the pending table to memory. */
enum vgic_result vgic_lpi_save(struct vgic_vp *vp, struct vgic_op *op);
#define VGIC_PROPBASER_MASK (MASK(58, 56) | MASK(51, 12) | MASK(11, 7) | MASK(4, 0))
#define VGIC_PENDBASER_MASK (MASK(58, 56) | MASK(51, 16) | MASK(11, 7))
#define VGIC_PENDBASER_PTZ  BIT(62)

/* ---- state types: vgic_group.c ---- */

/* VGIC_AGAIN: a VP runs. VGIC_FAULT: refused. No VP that it names is in a guest. */
enum vgic_result vgic_get_local(struct vgic_vp *vp, void *buf, struct vgic_op *op);
enum vgic_result vgic_set_local(struct vgic_vp *vp, const void *buf, struct vgic_op *op);
uint32_t vgic_global_size(const struct vgic *v);
enum vgic_result vgic_get_global(struct vgic *v, void *buf);
enum vgic_result vgic_set_global(struct vgic *v, const void *buf, uint32_t size,
				 struct vgic_op *op);
/* Private register: ICC_CTLR_EL1's CBPR (bit 0) and EOImode (bit 1). False: other bits. */
uint64_t vgic_get_control(const struct vgic_vp *vp);
bool vgic_set_control(struct vgic_vp *vp, uint64_t value);

/* ---- shared by the files above ---- */

static inline struct vgic_irq *vgic_spi(struct vgic *v, uint32_t intid)
{
	uint32_t n = intid - VGIC_PRIVATE;

	return &v->page[n / VGIC_SPIS_A_PAGE][n % VGIC_SPIS_A_PAGE];
}

static inline bool vgic_is_spi(const struct vgic *v, uint32_t intid)
{
	return intid >= VGIC_PRIVATE && intid < VGIC_PRIVATE + v->spis;
}

static inline bool vgic_irq_pending(uint8_t flags)
{
	return flags & VGIC_LATCH || (flags & (VGIC_LINE | VGIC_EDGE)) == VGIC_LINE;
}

struct vgic_vp *vgic_vp_of(struct vgic *v, uint32_t index);
/* End of a loop over VP indexes. */
static inline uint32_t vgic_top(const struct vgic *v)
{
	return atomic_load(&v->top);
}
/* VP index of an affinity, or VGIC_NO_VP. */
uint8_t vgic_find(struct vgic *v, uint32_t affinity);
/* Under the VP's lock: flags of a private interrupt; posted ones are pending. */
void vgic_absorb(struct vgic_vp *vp);
uint8_t vgic_private_flags(const struct vgic_vp *vp, uint32_t intid);
/* Lines stay as they are. */
void vgic_private_put(struct vgic_vp *vp, uint32_t intid, uint8_t flags);
/* Distributor's lock: an SPI's flags, target or active_vp changed. */
void vgic_spi_changed(struct vgic *v, uint32_t intid, struct vgic_op *op);
void vgic_spi_route(struct vgic *v, struct vgic_irq *irq, uint64_t route);
/* The VP has to leave the guest before the operation can go on; a lock that covers `resident`. */
void vgic_hold(struct vgic_vp *vp, struct vgic_op *op);
/* The operation is over. */
void vgic_release(struct vgic *v, struct vgic_op *op);

/* ICH_LR<n>_EL2, ICH_HCR_EL2, ICH_VMCR_EL2, ICH_VTR_EL2: IHI 0069, 12.5 */
#define VGIC_LR_PENDING	 BIT(62)
#define VGIC_LR_ACTIVE	 BIT(63)
#define VGIC_LR_HW	 BIT(61)
#define VGIC_LR_GROUP	 BIT(60)
#define VGIC_LR_EOI	 BIT(41)
#define VGIC_LR_PRIO	 48
#define VGIC_LR_PINTID	 32
#define VGIC_HCR_EN	 0x1u
#define VGIC_HCR_LRENPIE 0x4u
#define VGIC_HCR_NPIE	 0x8u
#define VGIC_HCR_TC	 0x400u
#define VGIC_HCR_TALL0	 0x800u
#define VGIC_HCR_TDIR	 0x4000u
#define VGIC_HCR_EOI_LO	 27
#define VGIC_VMCR_VENG1	 0x2u
#define VGIC_VMCR_VCBPR	 0x10u
#define VGIC_VMCR_VEOIM	 0x200u
#define VGIC_VMCR_VBPR1	 18
#define VGIC_VMCR_VBPR0	 21
#define VGIC_VMCR_VPMR	 24
#define VGIC_VTR_TDS	 BIT(19)

/* The least value of a VBPR1 (IHI 0069, ICV_BPR1_EL1), one above VBPR0's. */
static inline uint32_t vgic_min_bpr1(const struct vgic *v)
{
	return 8u - v->pre_bits;
}

#endif
