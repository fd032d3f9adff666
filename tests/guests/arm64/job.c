/* SPDX-License-Identifier: MIT */
/*
 * The main job on arm64: SHA-256 of the input, on each VP by itself, while timers tick and state of
 * every category is live. Between two slices the chaining value is in Q0 and Q1 and nowhere else;
 * everything set up at the start is looked at again after each slice.
 */
#include "tests/guests/arm64/job_abi.h"
#include "tests/guests/arm64/lib.h"
#include "tests/guests/sha256.h"

#define GICD_CTLR      0x0000u
#define GICD_ISENABLER 0x0100u
#define GICD_ISPENDR   0x0200u
#define GICD_ISACTIVER 0x0300u
#define GICD_ICACTIVER 0x0380u
#define GICD_IPRIO     0x0400u
#define GICD_ICFGR     0x0c00u
#define GICD_IROUTER   0x6000u
#define SGI_BASE       0x10000u

#define PPI_SINT     21u
#define PPI_HELD     22u /* pending all the time, enabled at the end */
#define PPI_VIRTUAL  27u
#define PPI_PHYSICAL 30u
#define SGI_HELD     5u
#define PMR	     0xe0u
#define FPCR_VALUE   (1u << 24 | 1u << 22) /* FZ, RMode 1 */

#define HV_CALL	      0x46000001u
#define HV_GET	      (0x50u | 1u << 16 | 1ull << 32)
#define HV_SET	      (0x51u | 1u << 16 | 1ull << 32)
#define HV_SELF	      (~0ull)
#define HV_VP_SELF    0xfffffffeull
#define HV_OS_ID      0x90002u
#define HV_REF_COUNT  0x90004u
#define HV_SINT0      0xa0000u
#define HV_SCONTROL   0xa0010u
#define HV_SIEFP      0xa0012u
#define HV_SIMP	      0xa0013u
#define HV_EOM	      0xa0014u
#define HV_STIMER     0xb0000u /* config, count, config, .. */
#define SINT_MASKED   0x10000u
#define SINT_TICK     2u /* timer 0: taken as they come */
#define SINT_HELD     3u /* timers 1 and 2: the first message stays in its slot */
#define MSG_TIMER     0x80000010u
#define OS_ID	      0x8100000000000001u

struct state {
	uint64_t index;
	struct job_vp *out;
	uint64_t count, ref, seed, period;
	uint64_t held_message[32]; /* copy of the slot */
};
static struct state states[JOB_VPS];

static struct job_shared *const job = (struct job_shared *)JOB_SHARED;

static struct state *self(void)
{
	uint64_t sp;

	/* MPIDR_EL1 and TPIDR_EL1 are state like any other: neither is trusted to name it. */
	__asm__ volatile("mov %0, sp" : "=r"(sp));
	return sp < JOB_STACK_TOP - 0x10000 ? &states[1] : &states[0];
}

static void wrong(enum job_category c)
{
	irqs_off();
	say(JOB_SAID_WRONG, c);
	for (;;)
		wfi();
}

/* -- the hypervisor's registers of this VP ------------------------------------------------------- */
static uint64_t hv_call(uint64_t control, uint32_t name, uint64_t *v)
{
	register uint64_t x0 __asm__("x0") = HV_CALL;
	register uint64_t x1 __asm__("x1") = control;
	register uint64_t x2 __asm__("x2") = HV_SELF;
	register uint64_t x3 __asm__("x3") = HV_VP_SELF;
	register uint64_t x4 __asm__("x4") = name;
	register uint64_t x5 __asm__("x5") = 0;
	register uint64_t x6 __asm__("x6") = *v;
	register uint64_t x7 __asm__("x7") = 0;

	__asm__ volatile("hvc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x6),
			   "+r"(x7)
			 :
			 : "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
			   "memory");
	*v = x6;
	return x0 & 0xffff;
}

static void hv_set(uint32_t name, uint64_t v)
{
	if (hv_call(HV_SET, name, &v))
		wrong(JOB_SYNIC);
}

static uint64_t hv_get(uint32_t name)
{
	uint64_t v = 0;

	if (hv_call(HV_GET, name, &v))
		wrong(JOB_SYNIC);
	return v;
}

/* -- vectors ------------------------------------------------------------------------------------- */
static void chain_put(uint32_t h[8])
{
	__asm__ volatile("ldp q0, q1, [%0]" : : "r"(h) : "memory");
	for (volatile uint32_t *p = h; p < h + 8; p++)
		*p = 0;
}

static void chain_get(uint32_t h[8])
{
	__asm__ volatile("stp q0, q1, [%0]" : : "r"(h) : "memory");
}

static void fp_fill(uint64_t seed)
{
	uint64_t p[4] = { seed, ~seed, seed * 3, seed * 5 };

	__asm__ volatile("ldp q16, q17, [%0]\n\tldp q31, q30, [%0]" : : "r"(p) : "memory");
	write_sysreg(fpcr, FPCR_VALUE);
}

static bool fp_check(uint64_t seed)
{
	uint64_t p[4] = { seed, ~seed, seed * 3, seed * 5 }, a[4], b[4];

	__asm__ volatile("stp q16, q17, [%0]\n\tstp q31, q30, [%1]" : : "r"(a), "r"(b) : "memory");
	for (uint32_t i = 0; i < 4; i++)
		if (a[i] != p[i] || b[i] != p[i])
			return false;
	return read_sysreg(fpcr) == FPCR_VALUE;
}

/* Z20 and Z29 count up from the VP's own number, P9 has its first 11 bytes set, FFR 7. */
static void sve_fill(uint64_t index)
{
	write_sysreg(s3_0_c1_c2_0, 15); /* ZCR_EL1 */
	isb();
	__asm__ volatile(".arch_extension sve\n\t"
			 "index z20.b, %w0, #1\n\tindex z29.b, %w0, #3\n\t"
			 "mov x9, #7\n\twhilelo p0.b, xzr, x9\n\twrffr p0.b\n\t"
			 "mov x9, #11\n\twhilelo p9.b, xzr, x9\n\t"
			 ".arch_extension nosve"
			 :
			 : "r"(index + 40)
			 : "x9", "memory");
}

static bool sve_check(uint64_t index)
{
	uint64_t vl;

	static uint8_t z[JOB_VPS][2][256] __attribute__((aligned(16))), p[JOB_VPS][2][32];

	__asm__ volatile(".arch_extension sve\n\t"
			 "str z20, [%0]\n\tstr z29, [%1]\n\tstr p9, [%2]\n\t"
			 "rdffr p0.b\n\tstr p0, [%3]\n\t"
			 ".arch_extension nosve"
			 :
			 : "r"(z[index][0]), "r"(z[index][1]), "r"(p[index][0]), "r"(p[index][1])
			 : "memory");
	__asm__ volatile(".arch_extension sve\n\trdvl %0, #1\n\t.arch_extension nosve"
			 : "=r"(vl));
	for (uint64_t i = 0; i < vl; i++)
		if (z[index][0][i] != (uint8_t)(index + 40 + i) ||
		    z[index][1][i] != (uint8_t)(index + 40 + 3 * i))
			return false;
	return p[index][0][0] == 0xff && p[index][0][1] == 0x07 && p[index][1][0] == 0x7f &&
	       p[index][1][1] == 0 && read_sysreg(s3_0_c1_c2_0) == 15;
}

/* -- interrupts ---------------------------------------------------------------------------------- */
static volatile uint32_t *slot(const struct state *s, uint32_t sint)
{
	return (volatile uint32_t *)(uintptr_t)(JOB_SIMP + 0x2000 * s->index + 256 * sint);
}

static volatile uint64_t *flags(const struct state *s)
{
	return (volatile uint64_t *)(uintptr_t)(JOB_SIMP + 0x1000 + 0x2000 * s->index);
}

static void take_message(struct state *s)
{
	volatile uint32_t *m = slot(s, SINT_TICK);

	if (m[0] == MSG_TIMER) {
		s->out->timer_messages++;
		m[0] = 0;
		dsb();
		/* Behind that: what comes later finds the slot empty (TLFS, "Messages") */
		if (m[1] >> 8 & 1)
			hv_set(HV_EOM, 0);
	}
}

/* EOImode 1: the priority drops at once, the end comes behind the work. */
void guest_irq(void)
{
	struct state *s = self();
	uint32_t intid = (uint32_t)read_sysreg(icc_iar1_el1) & 0xffffff;

	dsb();
	if (intid >= 1020 && intid < 1024)
		return;
	write_sysreg(icc_eoir1_el1, intid);
	isb();
	if (intid == PPI_VIRTUAL) {
		s->out->ticks++;
		write_sysreg(cntv_cval_el0, read_sysreg(cntvct_el0) + s->period);
	} else if (intid == PPI_PHYSICAL) {
		s->out->physical_ticks++;
		write_sysreg(cntp_cval_el0, read_sysreg(cntpct_el0) + 3 * s->period);
	} else if (intid == PPI_SINT) {
		take_message(s);
	} else if (intid == PPI_HELD) {
		s->out->late++;
	}
	isb();
	write_sysreg(icc_dir_el1, intid);
	isb();
}

void guest_trap(void)
{
	struct state *s = self();

	s->out->trap = read_sysreg(esr_el1);
	s->out->pc = read_sysreg(elr_el1);
	/* An SVE instruction that CPACR_EL1 forbids, or an unknown one */
	wrong(JOB_REGISTERS);
}

static uint32_t spi(const struct state *s)
{
	return 40 + 8 * (uint32_t)s->index;
}

/* A bit of a distributor's array, as a word of it and a mask in it */
static uint32_t at(uint32_t reg, uint32_t intid)
{
	return GUEST_GICD + reg + intid / 32 * 4;
}
static uint32_t bit(uint32_t intid)
{
	return 1u << intid % 32;
}

/*
 * Held all the time: of the VP's SPIs the first is pending and not enabled, the second active, the
 * third both, the fourth enabled and quiet; SGI 5 is active, a PPI pending and not enabled.
 */
static void set_up_gic(struct state *s)
{
	uint32_t sgi = GUEST_GICR + 0x20000 * (uint32_t)s->index + SGI_BASE, n = spi(s);

	write_sysreg(icc_sre_el1, 7);
	isb();
	write32(GUEST_GICD + GICD_CTLR, 0x12);
	for (uint32_t i = 0; i < 32; i += 4)
		write32(sgi + GICD_IPRIO + i, 0x80808080);
	for (uint32_t i = 0; i < 4; i++) {
		write8(GUEST_GICD + GICD_IPRIO + n + i, (uint8_t)(0xa0 + 8 * i));
		write64(GUEST_GICD + GICD_IROUTER + 8 * (n + i), s->index);
	}
	write32(sgi + GICD_ICFGR + 4, 2u << 2 * (PPI_SINT - 16) | 2u << 2 * (PPI_HELD - 16));
	write32(at(GICD_ISPENDR, n), bit(n) | bit(n + 2));
	write32(at(GICD_ISACTIVER, n), bit(n + 1) | bit(n + 2));
	write32(at(GICD_ISENABLER, n), bit(n + 2) | bit(n + 3));
	write32(sgi + GICD_ISACTIVER, bit(SGI_HELD));
	write32(sgi + GICD_ISPENDR, bit(PPI_HELD));
	write32(sgi + GICD_ISENABLER, bit(PPI_SINT) | bit(PPI_VIRTUAL) | bit(PPI_PHYSICAL));
	write_sysreg(icc_pmr_el1, PMR);
	write_sysreg(icc_bpr1_el1, 5);
	write_sysreg(icc_ctlr_el1, 2);
	write_sysreg(icc_igrpen1_el1, 1);
	isb();
}

static void check_gic(struct state *s)
{
	uint32_t sgi = GUEST_GICR + 0x20000 * (uint32_t)s->index + SGI_BASE, n = spi(s), i;
	uint32_t all = 0xfu << n % 32;

	if (read_sysreg(icc_pmr_el1) != PMR || read_sysreg(icc_igrpen1_el1) != 1 ||
	    read_sysreg(icc_bpr1_el1) != 5 || !(read32(sgi + GICD_ISACTIVER) & bit(SGI_HELD)) ||
	    !(read32(sgi + GICD_ISPENDR) & bit(PPI_HELD)) ||
	    read32(sgi + GICD_ISENABLER) != (bit(PPI_SINT) | bit(PPI_VIRTUAL) | bit(PPI_PHYSICAL)))
		wrong(JOB_GIC);
	if ((read_sysreg(icc_ctlr_el1) & 3) != 2)
		wrong(JOB_ICC);
	if ((read32(at(GICD_ISPENDR, n)) & all) != (bit(n) | bit(n + 2)) ||
	    (read32(at(GICD_ISACTIVER, n)) & all) != (bit(n + 1) | bit(n + 2)) ||
	    (read32(at(GICD_ISENABLER, n)) & all) != (bit(n + 2) | bit(n + 3)))
		wrong(JOB_GIC_GLOBAL);
	for (i = 0; i < 4; i++)
		if (read32(GUEST_GICD + GICD_IROUTER + 8 * (n + i)) != s->index)
			wrong(JOB_GIC_GLOBAL);
}

/* -- time ---------------------------------------------------------------------------------------- */

/* Both clocks at one instant, to a millisecond: the root may take the CPU between the reads. */
static void read_clocks(uint64_t *count, uint64_t *ref)
{
	uint64_t hz = read_sysreg(cntfrq_el0), after;

	do {
		isb();
		*count = read_sysreg(cntvct_el0);
		*ref = hv_get(HV_REF_COUNT);
		isb();
		after = read_sysreg(cntvct_el0);
	} while (after - *count > hz / 1000);
}

static void check_time(struct state *s)
{
	uint64_t count, ref, hz = read_sysreg(cntfrq_el0), moved;

	read_clocks(&count, &ref);
	/* Neither may go back, nor far ahead: 2 s is more than a slice and a pause of the root's. */
	if (count < s->count || count - s->count > 2 * hz)
		wrong(JOB_COUNTER);
	moved = (count - s->count) * 1000 / (hz / 10000); /* in 100 ns */
	if (ref < s->ref || ref - s->ref + 100000 < moved || ref - s->ref > moved + 100000)
		wrong(JOB_REFERENCE_TIME);
	s->count = count;
	s->ref = ref;
	if ((read_sysreg(cntv_ctl_el0) & 3) != 1)
		wrong(JOB_TIMER);
	if ((read_sysreg(cntp_ctl_el0) & 3) != 1)
		wrong(JOB_PHYSICAL);
}

/* -- SynIC --------------------------------------------------------------------------------------- */
static void set_up_synic(struct state *s)
{
	uint64_t base = JOB_SIMP + 0x2000 * s->index;

	hv_set(HV_OS_ID, OS_ID);
	hv_set(HV_SCONTROL, 1);
	hv_set(HV_SIMP, base | 1);
	hv_set(HV_SIEFP, (base + 0x1000) | 1);
	hv_set(HV_SINT0 + SINT_TICK, PPI_SINT);
	hv_set(HV_SINT0 + SINT_HELD, SINT_MASKED | 0x20);
	for (uint32_t w = 0; w < 512; w += 37)
		flags(s)[w] = s->seed * (w + 1);
	for (uint32_t n = 1; n <= 2; n++) {
		hv_set(HV_STIMER + 2 * n, (uint64_t)SINT_HELD << 16);
		hv_set(HV_STIMER + 2 * n + 1, hv_get(HV_REF_COUNT) + 100 * n);
		hv_set(HV_STIMER + 2 * n, (uint64_t)SINT_HELD << 16 | 1);
	}
	while (slot(s, SINT_HELD)[0] != MSG_TIMER || !(slot(s, SINT_HELD)[1] >> 8 & 1))
		(void)hv_get(HV_REF_COUNT);
	for (uint32_t w = 0; w < 32; w++)
		s->held_message[w] = ((volatile uint64_t *)slot(s, SINT_HELD))[w];
	hv_set(HV_STIMER, (uint64_t)SINT_TICK << 16 | 2);
	hv_set(HV_STIMER + 1, 20000 + 6000 * s->index); /* 2 ms */
	hv_set(HV_STIMER, (uint64_t)SINT_TICK << 16 | 3);
}

static bool synic_registers(const struct state *s)
{
	uint64_t base = JOB_SIMP + 0x2000 * s->index;

	return hv_get(HV_SCONTROL) == 1 && hv_get(HV_SIMP) == (base | 1) &&
	       hv_get(HV_SIEFP) == ((base + 0x1000) | 1) &&
	       hv_get(HV_SINT0 + SINT_TICK) == PPI_SINT &&
	       hv_get(HV_SINT0 + SINT_HELD) == (SINT_MASKED | 0x20) && hv_get(HV_OS_ID) == OS_ID;
}

/* The pages are where the registers say: a move between two looks is the registers' fault. */
static void check_synic(struct state *s)
{
	if (!synic_registers(s))
		wrong(JOB_SYNIC);
	for (uint32_t w = 0; w < 512; w += 37)
		if (flags(s)[w] != s->seed * (w + 1))
			wrong(JOB_EVENTS);
	for (uint32_t w = 0; w < 32; w++)
		if (s->held_message[w] != ((volatile uint64_t *)slot(s, SINT_HELD))[w])
			wrong(JOB_MESSAGES);
	if (!(hv_get(HV_STIMER) & 1) || hv_get(HV_STIMER + 1) != 20000 + 6000 * s->index)
		wrong(JOB_TIMERS);
}

/* -- the whole ----------------------------------------------------------------------------------- */
static void set_up(struct state *s)
{
	uint64_t i = s->index;

	s->seed = 0x0123456789abcdull + i * 0x1111;
	s->period = read_sysreg(cntfrq_el0) / 500;
	fp_fill(s->seed);
	write_sysreg(cpacr_el1, 3 << 20 | (job->sve ? 3 << 16 : 0));
	isb();
	if (job->sve)
		sve_fill(i);
	write_sysreg(tpidr_el1, 0x1111 + i);
	write_sysreg(tpidr_el0, 0x2222 + i);
	write_sysreg(tpidrro_el0, 0x3333 + i);
	write_sysreg(par_el1, 0x1000 * (i + 1));
	write_sysreg(ttbr0_el1, 0x400000 + 0x1000 * i);
	write_sysreg(mair_el1, 0x4ff + i);
	write_sysreg(contextidr_el1, 0x55 + i);
	set_up_gic(s);
	set_up_synic(s);
	read_clocks(&s->count, &s->ref);
	write_sysreg(cntv_cval_el0, read_sysreg(cntvct_el0) + s->period);
	write_sysreg(cntv_ctl_el0, 1);
	write_sysreg(cntp_cval_el0, read_sysreg(cntpct_el0) + s->period);
	write_sysreg(cntp_ctl_el0, 1);
	irqs_on();
}

static void check(struct state *s)
{
	uint64_t i = s->index;

	if (!fp_check(s->seed))
		wrong(JOB_FP);
	if (job->sve && !sve_check(i))
		wrong(JOB_SVE);
	if (read_sysreg(tpidr_el1) != 0x1111 + i || read_sysreg(tpidr_el0) != 0x2222 + i ||
	    read_sysreg(tpidrro_el0) != 0x3333 + i || read_sysreg(ttbr0_el1) != 0x400000 + 0x1000 * i ||
	    read_sysreg(mair_el1) != 0x4ff + i || read_sysreg(contextidr_el1) != 0x55 + i ||
	    (read_sysreg(mpidr_el1) & 0xff) != i)
		wrong(JOB_REGISTERS);
	check_gic(s);
	check_time(s);
	check_synic(s);
}

/* Ticks must go on: one more within half a second of the guest's own time. */
static void wait_tick(struct state *s, volatile uint64_t *count, enum job_category c)
{
	uint64_t last = read_sysreg(cntvct_el0), end = last + read_sysreg(cntfrq_el0) / 2;
	uint64_t before = *count, now;

	for (; *count == before; last = now) {
		isb();
		now = read_sysreg(cntvct_el0);
		/* A clock that was set back would be waited for until nobody can tell */
		if (now < last)
			wrong(JOB_COUNTER);
		if (now > end) {
			check(s);
			wrong(c);
		}
	}
}

static void check_ticks(struct state *s)
{
	wait_tick(s, &s->out->ticks, JOB_TIMER);
	wait_tick(s, &s->out->physical_ticks, JOB_PHYSICAL);
	wait_tick(s, &s->out->timer_messages, JOB_TIMERS);
}

/* What was held back all the time comes now, and was not lost on the way. */
static void finish(struct state *s)
{
	uint64_t end = read_sysreg(cntvct_el0) + read_sysreg(cntfrq_el0) / 2;
	uint32_t sgi = GUEST_GICR + 0x20000 * (uint32_t)s->index + SGI_BASE, n = spi(s);
	volatile uint32_t *m = slot(s, SINT_HELD);

	m[0] = 0;
	dsb();
	hv_set(HV_EOM, 0);
	while (m[0] != MSG_TIMER)
		if (read_sysreg(cntvct_el0) > end)
			wrong(JOB_TIMERS);
	/* Payload: the timer's number. Timer 1 came first. */
	if (m[4] != 2)
		wrong(JOB_TIMERS);
	if (s->out->late)
		wrong(JOB_GIC);
	write32(sgi + GICD_ISENABLER, bit(PPI_HELD));
	while (!*(volatile uint64_t *)&s->out->late)
		if (read_sysreg(cntvct_el0) > end)
			wrong(JOB_GIC);
	write_sysreg(icc_dir_el1, n + 1);
	write_sysreg(icc_dir_el1, SGI_HELD);
	isb();
	if (read32(at(GICD_ISACTIVER, n)) & bit(n + 1))
		wrong(JOB_GIC_GLOBAL);
	if (read32(sgi + GICD_ISACTIVER) & bit(SGI_HELD))
		wrong(JOB_GIC);
}

void guest_main(uint64_t vp, void *arg)
{
	struct state *s = &states[vp];
	const uint8_t *in = (const uint8_t *)(uintptr_t)job->input;
	uint32_t h[8] __attribute__((aligned(16))) = SHA256_START;
	uint64_t blocks = job->size / 64;

	(void)arg;
	s->index = vp;
	s->out = &job->vp[vp];
	set_up(s);
	chain_put(h);
	while (s->out->blocks < blocks) {
		uint64_t n = blocks - s->out->blocks;

		n = n < job->slice ? n : job->slice;
		chain_get(h);
		for (uint64_t i = 0; i < n; i++)
			sha256_block(h, in + 64 * (s->out->blocks + i));
		chain_put(h);
		s->out->blocks += n;
		check(s);
		check_ticks(s);
		say(JOB_SAID_PROGRESS, s->out->blocks);
	}
	chain_get(h);
	sha256_end(h, in + 64 * blocks, job->size % 64, job->size);
	check(s);
	finish(s);
	for (uint32_t i = 0; i < 8; i++)
		s->out->digest[i] = h[i];
	say(JOB_SAID_DONE, 0);
}
