/* SPDX-License-Identifier: MIT */
/*
 * The root drives the GIC by itself, but for the SGI_base frame of each redistributor: the core's
 * own private interrupts live there, so the root's accesses come through here.
 */
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "arch/arm64/gicv3/gic.h"
#include "kernel/bits.h"
#include "kernel/lock.h"
#include "kernel/log.h"
#include "kernel/percpu.h"

/* IHI 0069, 12.10 */
#define GICR_ISENABLER0 0x100u
#define GICR_ICENABLER0 0x180u

#define GICR_IGROUPR0	0x080u
#define GICR_ISPENDR0	0x200u
#define GICR_ICPENDR0	0x280u
#define GICR_ISACTIVER0 0x300u
#define GICR_ICACTIVER0 0x380u
#define GICR_IPRIORITYR 0x400u
#define GICR_IGRPMODR0	0xd00u

/* What a CPU is up to, as far as kicks go */
enum { KICK_OUT = 0, KICK_IN_GUEST, KICK_KICKED };
static uint32_t kick_state[BOOT_INFO_MAX_CPUS]; /* atomic */
static uint64_t cpu_affinity[BOOT_INFO_MAX_CPUS];
static uint32_t kick_sgi; /* INTID */

static uint64_t frame_pa[BOOT_INFO_MAX_CPUS], frame_va[BOOT_INFO_MAX_CPUS];
static uint32_t own_intids;
static uint32_t sint_ppi;      /* of the root's SynIC */
static struct lock frame_lock; /* read-modify-write of registers that hold bits of both */

/* The timer's PPI of each CPU; under frame_lock */
static uint32_t timer_bit;
static struct {
	bool enabled;	  /* as the root has it */
	bool lent;	  /* a guest has it: the hardware says otherwise */
	bool by_hand;	  /* the root has written active bits: it may be active outside a handler */
	uint8_t priority; /* as the root has it */
	bool raised; /* that would not be heard: while it is lent the hardware says otherwise */
} timer[BOOT_INFO_MAX_CPUS];

#define ICC_CTLR_EOIMODE 0x2u
/*
 * From here on a priority may be the lowest that is implemented, which no mask lets through
 * (IHI 0069, 4.8): a guest's timer has to be heard whatever the root thinks of its own.
 */
#define PRIORITY_DEAF 0xf0u
#define PRIORITY_LENT 0xa0u

void gic_map_redistributor(uint32_t cpu, uint64_t rd_base)
{
	frame_pa[cpu] = rd_base + GICR_SGI_BASE;
	frame_va[cpu] = stage1_map_device(frame_pa[cpu], GICR_FRAME);
}

/*
 * The highest SGI that is ours to enable: those of the secure world ignore writes from here
 * (IHI 0069, 12.1.5), and 0 to 7 are what systems use.
 */
static uint32_t free_sgi(uint64_t frame)
{
	uint32_t before = mmio_read32(frame + GICR_ISENABLER0) & 0xffff;

	for (uint32_t i = 15; i > 7; i--) {
		uint32_t bit = 1u << i;

		mmio_write32(frame + GICR_ISENABLER0, bit);
		if (!(mmio_read32(frame + GICR_ISENABLER0) & bit))
			continue;
		if (!(before & bit))
			mmio_write32(frame + GICR_ICENABLER0, bit);
		return bit;
	}
	return 1u << 7;
}

/*
 * From 18 on, which Hyper-V has for this: one that neither ACPI nor FDT names. 23 is the usual
 * PMU's (SBSA), 29 and 30 the usual timers'.
 */
static uint32_t free_ppi(const struct boot_info *bi)
{
	uint32_t used = own_intids | timer_bit | 1u << bi->arm64.ppi_physical_timer | 1u << 23 |
			1u << 29 | 1u << 30;
	uint32_t i = 18;

	while (used >> i & 1)
		i++;
	return i;
}

uint32_t gic_sint_intid(void)
{
	return sint_ppi;
}

/* What the root was doing to its frame is not disturbed: the register sets single bits. */
void gic_sint_post(uint32_t cpu)
{
	mmio_write32(frame_va[cpu] + GICR_ISPENDR0, 1u << sint_ppi);
	dsb_sy();
}

void gic_init(const struct boot_info *bi)
{
	uint32_t sgi = free_sgi(frame_va[0]);

	kick_sgi = (uint32_t)__builtin_ctz(sgi);
	own_intids = sgi | 1u << bi->arm64.ppi_maintenance | 1u << bi->arm64.ppi_el2_timer;
	timer_bit = 1u << bi->arm64.ppi_virtual_timer;
	sint_ppi = free_ppi(bi);
	for (uint32_t i = 0; i < bi->num_cpus; i++)
		cpu_affinity[i] = bi->arm64.mpidr[i];
}

/* The core's own: group 1, the highest priority, enabled; their sources are quiet. */
static uint64_t priority_va(uint32_t cpu)
{
	return frame_va[cpu] + GICR_IPRIORITYR + (uint32_t)__builtin_ctz(timer_bit);
}

static void own_init(uint32_t cpu)
{
	struct lock_token t = lock_take(&frame_lock);
	uint64_t frame = frame_va[cpu];

	mmio_write32(frame + GICR_ICENABLER0, own_intids);
	mmio_write32(frame + GICR_ICPENDR0, own_intids);
	mmio_write32(frame + GICR_IGROUPR0, mmio_read32(frame + GICR_IGROUPR0) | own_intids);
	mmio_write32(frame + GICR_IGRPMODR0, mmio_read32(frame + GICR_IGRPMODR0) & ~own_intids);
	for (uint32_t i = 0; i < 32; i++)
		if (own_intids >> i & 1)
			mmio_write8(frame + GICR_IPRIORITYR + i, 0);
	mmio_write32(frame + GICR_ISENABLER0, own_intids);
	timer[cpu].enabled = mmio_read32(frame + GICR_ISENABLER0) & timer_bit;
	/* What firmware left active */
	timer[cpu].by_hand = mmio_read32(frame + GICR_ISACTIVER0) & timer_bit;
	timer[cpu].priority = mmio_read8(priority_va(cpu));
	lock_drop(t);
	dsb_sy();
}

static uint64_t vtr; /* ICH_VTR_EL2 of every CPU; they come one by one */

/* EL1 gets the system-register interface, and no list register is in use. */
void gic_init_cpu(void)
{
	uint64_t sre = ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB | ICC_SRE_ENABLE;

	write_sysreg(icc_sre_el2, sre);
	isb();
	if (!(read_sysreg(icc_sre_el2) & ICC_SRE_SRE))
		panic("the GIC's system registers cannot be enabled at EL2");
	/* A guest's GIC is made for one kind of CPU interface */
	if (!vtr)
		vtr = read_sysreg(ich_vtr_el2);
	if (vtr != read_sysreg(ich_vtr_el2))
		panic("CPUs with GIC CPU interfaces of different kinds");
	write_sysreg(ich_hcr_el2, 0);
	write_sysreg(ich_vmcr_el2, 0);
	write_sysreg(icc_sre_el1, ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB);
	isb();
	own_init(this_cpu()->index);
}

void gic_kick_begin(uint32_t cpu)
{
	atomic_store(&kick_state[cpu], KICK_IN_GUEST);
}

bool gic_kick_end(uint32_t cpu)
{
	uint64_t frame = frame_va[cpu];

	if (atomic_xchg(&kick_state[cpu], KICK_OUT) != KICK_KICKED)
		return false;
	/* On its way, or here: it must not be left for the root */
	while (!(mmio_read32(frame + GICR_ISPENDR0) >> kick_sgi & 1))
		cpu_pause();
	mmio_write32(frame + GICR_ICPENDR0, 1u << kick_sgi);
	dsb_sy();
	return true;
}

/* ICC_SGI1R_EL1: Aff3 55:48, RS 47:44, Aff2 39:32, INTID 27:24, Aff1 23:16, targets 15:0 */
void gic_kick(uint32_t cpu)
{
	uint32_t in = KICK_IN_GUEST;
	uint64_t m = cpu_affinity[cpu], aff0 = m & 0xff;

	if (!atomic_cas(&kick_state[cpu], &in, KICK_KICKED))
		return;
	dsb_ish();
	write_sysreg(icc_sgi1r_el1, (m >> 32 & 0xff) << 48 | aff0 >> 4 << 44 |
					    (m >> 16 & 0xff) << 32 | (uint64_t)kick_sgi << 24 |
					    (m >> 8 & 0xff) << 16 | 1ull << (aff0 & 15));
	isb();
}

/* -- the timer's interrupt, which root and guest share --------------------------------------------
 */
static void raise_priority(uint32_t cpu)
{
	timer[cpu].raised = timer[cpu].priority >= PRIORITY_DEAF;
	if (timer[cpu].raised)
		mmio_write8(priority_va(cpu), PRIORITY_LENT);
}

bool gic_timer_lend(uint32_t cpu)
{
	struct lock_token t = lock_take(&frame_lock);
	uint64_t frame = frame_va[cpu];
	bool active = false;

	timer[cpu].lent = true;
	if (unlikely(timer[cpu].priority >= PRIORITY_DEAF))
		raise_priority(cpu);
	if (!timer[cpu].enabled)
		mmio_write32(frame + GICR_ISENABLER0, timer_bit);
	/* With EOImode 0 and no handler running nothing is active, unless by hand */
	if (timer[cpu].by_hand || read_sysreg(icc_ctlr_el1) & ICC_CTLR_EOIMODE)
		active = mmio_read32(frame + GICR_ISACTIVER0) & timer_bit;
	lock_drop(t);
	return active;
}

void gic_timer_active(uint32_t cpu, bool active)
{
	mmio_write32(frame_va[cpu] + (active ? GICR_ISACTIVER0 : GICR_ICACTIVER0), timer_bit);
	dsb_sy();
}

void gic_timer_return(uint32_t cpu, bool is, bool was)
{
	struct lock_token t = lock_take(&frame_lock);

	if (is != was)
		gic_timer_active(cpu, was);
	if (!timer[cpu].enabled) {
		mmio_write32(frame_va[cpu] + GICR_ICENABLER0, timer_bit);
		dsb_sy();
	}
	if (unlikely(timer[cpu].raised))
		mmio_write8(priority_va(cpu), timer[cpu].priority);
	timer[cpu].raised = false;
	timer[cpu].lent = false;
	lock_drop(t);
}

/*
 * A root's access to the enable and active bits of a frame, its timer's bit taken out while it is
 * lent. Active bits of a CPU in a guest are the guest's: the root's are put back behind it.
 */
static uint32_t timer_write(uint32_t cpu, uint32_t offset, uint32_t v)
{
	bool set = offset == GICR_ISENABLER0, clear = offset == GICR_ICENABLER0;

	if (offset == GICR_ISACTIVER0 && v & timer_bit)
		timer[cpu].by_hand = true;
	if (!set && !clear)
		return v;
	if (v & timer_bit)
		timer[cpu].enabled = set;
	return timer[cpu].lent ? v & ~timer_bit : v;
}

static uint32_t timer_read(uint32_t cpu, uint32_t offset, uint32_t v)
{
	if ((offset == GICR_ISENABLER0 || offset == GICR_ICENABLER0) && timer[cpu].lent)
		return timer[cpu].enabled ? v | timer_bit : v & ~timer_bit;
	return v;
}

/* Does that access reach the priority of the timer's? By how many bits into it */
static bool of_priority(uint32_t offset, uint32_t size, uint32_t *shift)
{
	uint32_t byte = GICR_IPRIORITYR + (uint32_t)__builtin_ctz(timer_bit) - offset;

	*shift = 8 * byte;
	return byte < size;
}

static uint32_t priority_read(uint32_t cpu, uint32_t offset, uint32_t size, uint32_t v)
{
	uint32_t shift;

	if (!timer[cpu].raised || !of_priority(offset, size, &shift))
		return v;
	return (v & ~(0xffu << shift)) | (uint32_t)timer[cpu].priority << shift;
}

/* Behind the write: what the hardware made of it is the root's. */
static void priority_written(uint32_t cpu, uint32_t offset, uint32_t size)
{
	uint32_t shift;

	if (!of_priority(offset, size, &shift))
		return;
	timer[cpu].priority = mmio_read8(priority_va(cpu));
	if (timer[cpu].lent)
		raise_priority(cpu);
}

uint64_t gic_sgi_frame(uint32_t cpu)
{
	return frame_pa[cpu];
}

static uint32_t native(uint64_t va, uint32_t size)
{
	return size == 1 ? mmio_read8(va) : mmio_read32(va);
}

bool gic_frame_access(uint64_t pa, uint32_t size, bool write, uint64_t *v)
{
	struct sgi_bits b;
	struct lock_token t;
	uint32_t i = 0, new;
	uint64_t va;

	while (i < BOOT_INFO_MAX_CPUS && (!frame_pa[i] || pa - frame_pa[i] >= GICR_FRAME))
		i++;
	if (i == BOOT_INFO_MAX_CPUS || pa & (size - 1))
		return false;
	b = sgi_frame_bits(pa - frame_pa[i], size, own_intids);
	if (!b.known)
		return false;
	va = frame_va[i] + (pa - frame_pa[i]);
	if (b.own == ~0u) {
		*v = write ? *v : 0;
		return true;
	}
	t = lock_take(&frame_lock);
	if (!write) {
		*v = timer_read(i, (uint32_t)(pa - frame_pa[i]), native(va, size) & ~b.own);
		*v = priority_read(i, (uint32_t)(pa - frame_pa[i]), size, (uint32_t)*v);
		lock_drop(t);
		return true;
	}
	new = timer_write(i, (uint32_t)(pa - frame_pa[i]), (uint32_t)*v & ~b.own);
	if (!b.set_clear && b.own)
		new |= native(va, size) & b.own;
	if (size == 1)
		mmio_write8(va, (uint8_t) new);
	else
		mmio_write32(va, new);
	priority_written(i, (uint32_t)(pa - frame_pa[i]), size);
	lock_drop(t);
	return true;
}
