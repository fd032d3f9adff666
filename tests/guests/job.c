/* SPDX-License-Identifier: MIT */
/*
 * The main job: SHA-256 (FIPS 180-4) of the input, on each VP by itself, while timers tick and
 * state of every category is live. Between two slices the chaining value is in YMM0 and nowhere
 * else; everything set up at the start is looked at again after each slice.
 */
#include "tests/guests/job_abi.h"
#include "tests/guests/lib.h"
#include "tests/guests/sha256.h"

#define VEC_APIC_TIMER 0x51
#define VEC_SINT       0x62 /* synthetic timer 0 */
#define VEC_HELD       0x31 /* held back by CR8 until the end */
#define CR8_HELD       3u

#define MSR_PAT	       0x277u
#define MSR_MTRR_BASE0 0x200u
#define MSR_MTRR_MASK0 0x201u
#define MSR_TSC_AUX    0xc0000103u
#define HV_GUEST_OS_ID 0x40000000u
#define HV_REF_COUNT   0x40000020u
#define HV_SCONTROL    0x40000080u
#define HV_SIEFP       0x40000082u
#define HV_SIMP	       0x40000083u
#define HV_EOM	       0x40000084u
#define HV_SINT0       0x40000090u
#define HV_STIMER      0x400000b0u /* config, count, config, .. */
#define SINT_MASKED    0x10000u
#define DR7_VALUE      (0x400u | 1u << 16 | 2u << 18 | 3u << 28)
#define SINT_TICK      2u /* timer 0: taken as they come */
#define SINT_HELD      3u /* timers 1 and 2: the first message stays in its slot */
#define MSG_TIMER      0x80000010u

struct state {
	uint64_t index;
	struct job_vp *out;
	volatile uint64_t watched __attribute__((aligned(8)));
	uint64_t tsc, ref;
	uint64_t messages_seen, ticks_seen;
	uint64_t held_message[32]; /* copy of the slot */
	uint64_t seed;
};
static struct state states[JOB_VPS];

static struct state *self(void)
{
	/* The VP's number is in TSC_AUX, and in the APIC; neither is trusted to name the state. */
	return (struct state *)(READ_REG(rsp) < JOB_STACK_TOP - 0x10000 ? &states[1] : &states[0]);
}

static void wrong(struct state *s, enum job_category c)
{
	if (!s->out->wrong)
		s->out->wrong = c;
	outl(JOB_PORT + JOB_SAID_WRONG, c);
	for (;;) {
		cli();
		hlt();
	}
}

static void ymm0_put(uint32_t h[8])
{
	__asm__ volatile("vmovdqu %0, %%ymm0" : : "m"(*(uint32_t(*)[8])h) : "memory");
	for (volatile uint32_t *p = h; p < h + 8; p++)
		*p = 0;
}

static void ymm0_get(uint32_t h[8])
{
	__asm__ volatile("vmovdqu %%ymm0, %0" : "=m"(*(uint32_t(*)[8])h) : : "memory");
}

/* YMM1, YMM8, YMM15, ST0 and MXCSR: a pattern of the VP's own. */
static void fp_fill(uint64_t seed)
{
	uint64_t p[4] = { seed, ~seed, seed * 3, seed * 5 };
	uint32_t mxcsr = 0x1f80 | 0x8000 | (seed & 1 ? 0x2000u : 0x4000u);

	__asm__ volatile("vmovdqu %0, %%ymm1\n\tvmovdqu %0, %%ymm8\n\tvmovdqu %0, %%ymm15\n\t"
			 "fninit\n\tfildll %1\n\tldmxcsr %2"
			 :
			 : "m"(p), "m"(p[0]), "m"(mxcsr));
}

static bool fp_check(uint64_t seed)
{
	uint64_t p[4] = { seed, ~seed, seed * 3, seed * 5 }, a[4], b[4], c[4];
	uint32_t want = 0x1f80 | 0x8000 | (seed & 1 ? 0x2000u : 0x4000u), mxcsr;
	uint64_t top;

	__asm__ volatile("vmovdqu %%ymm1, %0\n\tvmovdqu %%ymm8, %1\n\tvmovdqu %%ymm15, %2\n\t"
			 "fld %%st(0)\n\tfistpll %3\n\tstmxcsr %4"
			 : "=m"(a), "=m"(b), "=m"(c), "=m"(top), "=m"(mxcsr));
	for (uint32_t i = 0; i < 4; i++)
		if (a[i] != p[i] || b[i] != p[i] || c[i] != p[i])
			return false;
	return top == seed && (mxcsr & ~0x3fu) == want;
}

static volatile uint32_t *slot(const struct state *s, uint32_t sint)
{
	return (volatile uint32_t *)(uintptr_t)(JOB_SIMP + 0x2000 * s->index + 256 * sint);
}

static volatile uint64_t *flags(const struct state *s)
{
	return (volatile uint64_t *)(uintptr_t)(JOB_SIMP + 0x1000 + 0x2000 * s->index);
}

void guest_trap(struct trap *t)
{
	struct state *s = self();

	if (t->vector == VEC_APIC_TIMER) {
		s->out->apic_ticks++;
	} else if (t->vector == VEC_HELD) {
		s->out->late_ipi++;
	} else if (t->vector == VEC_SINT) {
		volatile uint32_t *m = slot(s, SINT_TICK);

		if (m[0] == MSG_TIMER) {
			s->out->timer_messages++;
			m[0] = 0;
			__sync_synchronize();
			/* Behind that: what comes later finds the slot empty (TLFS, "Messages") */
			if (m[1] >> 8 & 1)
				wrmsr(HV_EOM, 0);
		}
	} else if (t->vector < 32) {
		s->out->trap = t->vector;
		s->out->pc = t->rip;
		/* Without its bits in XCR0 the first AVX instruction is invalid. */
		wrong(s, t->vector == 6 ? JOB_XCR0 : JOB_REGISTERS);
	}
	apic_write(0xb0, 0);
}

static const struct {
	uint32_t msr;
	uint64_t value; /* + VP */
} msrs[] = {
	{ 0xc0000081, 0x0023001000000000 }, /* STAR */
	{ 0xc0000082, 0x0000123400005678 }, /* LSTAR */
	{ 0xc0000083, 0x0000234500006789 }, /* CSTAR */
	{ 0xc0000084, 0x0000000000047700 }, /* SFMASK */
	{ 0xc0000102, 0x0000345600007890 }, /* KERNEL_GS_BASE */
	{ 0xc0000100, 0x0000456700008900 }, /* FS_BASE */
	{ 0x174, 0x10 },		    /* SYSENTER_CS */
	{ 0x175, 0x0000567800009000 },
	{ 0x176, 0x0000678900000100 },
	{ MSR_PAT, 0x0007040600070401 },
	{ MSR_MTRR_BASE0, 0x80000000 },
	{ MSR_MTRR_MASK0, 0xc0000800 },
};

/* Both clocks at one instant, to a millisecond: the root may take the CPU between the reads. */
static void read_clocks(uint64_t *tsc, uint64_t *ref)
{
	uint64_t hz = rdmsr(0x40000022), after;

	do {
		*tsc = rdtsc();
		*ref = rdmsr(HV_REF_COUNT);
		after = rdtsc();
	} while (after - *tsc > hz / 1000);
}

static void set_up(struct state *s)
{
	uint64_t i = s->index, base = JOB_SIMP + 0x2000 * i;

	s->seed = 0x0123456789abcdull + i * 0x1111;
	WRITE_REG(cr4, READ_REG(cr4) | 0x40600);
	xsetbv(7);
	fp_fill(s->seed);
	for (uint32_t m = 0; m < sizeof(msrs) / sizeof(msrs[0]); m++)
		wrmsr(msrs[m].msr, m < 9 ? msrs[m].value + 16 * i : msrs[m].value);
	wrmsr(MSR_TSC_AUX, 0x77 + i);
	/*
	 * All of DR7 but the enable bits: QEMU's SVM loads DR7 without telling its own breakpoint
	 * list, and ends by a segmentation fault when the two differ.
	 */
	WRITE_REG(dr0, &s->watched);
	WRITE_REG(dr1, 0x1111 + i);
	WRITE_REG(dr2, 0x2222);
	WRITE_REG(dr3, 0x3333);
	WRITE_REG(dr7, DR7_VALUE);
	WRITE_REG(cr8, CR8_HELD);
	/* The APIC first: while it is off, an interrupt of a message is lost, and its slot stays
	 * full */
	apic_write(0xf0, 0x1ff);
	/* SynIC: both pages, two sources, three timers */
	wrmsr(HV_GUEST_OS_ID, 0x8100000000000001);
	wrmsr(HV_SCONTROL, 1);
	wrmsr(HV_SIMP, base | 1);
	wrmsr(HV_SIEFP, (base + 0x1000) | 1);
	wrmsr(HV_SINT0 + SINT_TICK, VEC_SINT);
	wrmsr(HV_SINT0 + SINT_HELD, SINT_MASKED | 0x20);
	for (uint32_t w = 0; w < 512; w += 37)
		flags(s)[w] = s->seed * (w + 1);
	for (uint32_t n = 1; n <= 2; n++) {
		wrmsr(HV_STIMER + 2 * n, (uint64_t)SINT_HELD << 16);
		wrmsr(HV_STIMER + 2 * n + 1, rdmsr(HV_REF_COUNT) + 100 * n);
		wrmsr(HV_STIMER + 2 * n, (uint64_t)SINT_HELD << 16 | 1);
	}
	while (slot(s, SINT_HELD)[0] != MSG_TIMER || !(slot(s, SINT_HELD)[1] >> 8 & 1))
		cpu_pause();
	for (uint32_t w = 0; w < 32; w++)
		s->held_message[w] = ((volatile uint64_t *)slot(s, SINT_HELD))[w];
	wrmsr(HV_STIMER, (uint64_t)SINT_TICK << 16 | 2);
	wrmsr(HV_STIMER + 1, 10000 + 3000 * i); /* 1 ms */
	wrmsr(HV_STIMER, (uint64_t)SINT_TICK << 16 | 3);
	/* Local APIC: a periodic timer, an interrupt that CR8 holds back */
	apic_write(0x3e0, 0xb);
	apic_write(0x320, 0x20000 | VEC_APIC_TIMER);
	apic_write(0x380, 300000 + 50000 * (uint32_t)i);
	apic_write(0x350, 0x10700);
	apic_write(0x300, 0x40000 | VEC_HELD); /* self */
	read_clocks(&s->tsc, &s->ref);
	sti();
}

static void check_registers(struct state *s)
{
	if (READ_REG(cr8) != CR8_HELD || (apic_read(0x80) & 0xff) != CR8_HELD << 4)
		wrong(s, JOB_TPR);
	if (xgetbv() != 7)
		wrong(s, JOB_XCR0);
	if (READ_REG(dr0) != (uint64_t)&s->watched || READ_REG(dr1) != 0x1111 + s->index ||
	    READ_REG(dr2) != 0x2222 || READ_REG(dr3) != 0x3333 || READ_REG(dr7) != DR7_VALUE)
		wrong(s, JOB_DEBUG);
	for (uint32_t m = 0; m < sizeof(msrs) / sizeof(msrs[0]); m++)
		if (rdmsr(msrs[m].msr) != (m < 9 ? msrs[m].value + 16 * s->index : msrs[m].value))
			wrong(s, JOB_MSRS);
	if (rdtscp_aux() != 0x77 + s->index)
		wrong(s, JOB_MSRS);
}

static void check_time(struct state *s)
{
	uint64_t tsc, ref, hz = rdmsr(0x40000022), moved;

	read_clocks(&tsc, &ref);
	/* Neither may go back, nor far ahead: 2 s is more than a slice and a pause of the root's.
	 */
	if (tsc < s->tsc || tsc - s->tsc > 2 * hz)
		wrong(s, JOB_TSC);
	/* A guest that waits for its timers until a set-back clock has caught up sees it here. */
	moved = (tsc - s->tsc) / (hz / 10000) * 1000; /* in 100 ns */
	if (ref < s->ref || ref - s->ref + 100000 < moved || ref - s->ref > moved + 100000)
		wrong(s, JOB_REFERENCE_TIME);
	s->tsc = tsc;
	s->ref = ref;
}

static bool synic_registers(const struct state *s)
{
	uint64_t base = JOB_SIMP + 0x2000 * s->index;

	return rdmsr(HV_SCONTROL) == 1 && rdmsr(HV_SIMP) == (base | 1) &&
	       rdmsr(HV_SIEFP) == ((base + 0x1000) | 1) &&
	       rdmsr(HV_SINT0 + SINT_TICK) == VEC_SINT &&
	       rdmsr(HV_SINT0 + SINT_HELD) == (SINT_MASKED | 0x20) &&
	       rdmsr(HV_GUEST_OS_ID) == 0x8100000000000001;
}

/* The pages are where the registers say: a move between two looks is the registers' fault. */
static void check_synic(struct state *s)
{
	if (!synic_registers(s))
		wrong(s, JOB_SYNIC);
	for (uint32_t w = 0; w < 512; w += 37)
		if (flags(s)[w] != s->seed * (w + 1))
			wrong(s, synic_registers(s) ? JOB_EVENTS : JOB_SYNIC);
	for (uint32_t w = 0; w < 32; w++)
		if (s->held_message[w] != ((volatile uint64_t *)slot(s, SINT_HELD))[w])
			wrong(s, synic_registers(s) ? JOB_MESSAGES : JOB_SYNIC);
}

static void check_apic(struct state *s)
{
	if (apic_read(0x320) != (0x20000 | VEC_APIC_TIMER) || apic_read(0x3e0) != 0xb ||
	    apic_read(0x380) != 300000 + 50000 * (uint32_t)s->index ||
	    apic_read(0x350) != 0x10700 || apic_read(0xf0) != 0x1ff ||
	    !(apic_read(0x210) >> (VEC_HELD - 32) & 1))
		wrong(s, JOB_APIC);
}

static void check(struct state *s)
{
	if (!fp_check(s->seed))
		wrong(s, JOB_XSAVE);
	check_registers(s);
	check_time(s);
	check_apic(s);
	check_synic(s);
}

/*
 * Ticks must go on: one more of each within half a second of the guest's own time. Whatever else
 * is amiss may be the reason, so it is named first.
 */
static void wait_tick(struct state *s, volatile uint64_t *count, enum job_category c)
{
	uint64_t end = rdtsc() + rdmsr(0x40000022) / 2, before = *count;

	while (*count == before)
		if (rdtsc() > end) {
			check(s);
			wrong(s, c);
		}
}

static void check_ticks(struct state *s)
{
	wait_tick(s, &s->out->apic_ticks, JOB_APIC);
	wait_tick(s, &s->out->timer_messages, JOB_TIMERS);
}

/* What was held back all the time comes now, and was not lost on the way. */
static void finish(struct state *s)
{
	volatile uint32_t *m = slot(s, SINT_HELD);
	uint64_t end = rdtsc() + rdmsr(0x40000022) / 2;

	m[0] = 0;
	wrmsr(HV_EOM, 0);
	while (m[0] != MSG_TIMER)
		if (rdtsc() > end)
			wrong(s, JOB_TIMERS);
	/* Payload: the timer's number. Timer 1 came first. */
	if (m[4] != 2)
		wrong(s, JOB_TIMERS);
	/* Up is nothing; one class lower is the next instruction's interrupt, whoever else sleeps
	 */
	WRITE_REG(cr8, CR8_HELD + 1);
	if (*(volatile uint64_t *)&s->out->late_ipi)
		wrong(s, JOB_APIC);
	WRITE_REG(cr8, CR8_HELD - 1);
	if (!*(volatile uint64_t *)&s->out->late_ipi)
		wrong(s, JOB_APIC);
}

void guest_main(uint64_t vp, void *arg)
{
	struct job_shared *job = arg;
	struct state *s = &states[vp];
	const uint8_t *in = (const uint8_t *)(uintptr_t)job->input;
	uint32_t h[8] = SHA256_START;
	uint64_t blocks = job->size / 64;

	s->index = vp;
	s->out = &job->vp[vp];
	set_up(s);
	ymm0_put(h);
	while (s->out->blocks < blocks) {
		uint64_t n = blocks - s->out->blocks;

		n = n < job->slice ? n : job->slice;
		ymm0_get(h);
		for (uint64_t i = 0; i < n; i++)
			sha256_block(h, in + 64 * (s->out->blocks + i));
		ymm0_put(h);
		s->out->blocks += n;
		check(s);
		check_ticks(s);
		outl(JOB_PORT + JOB_SAID_PROGRESS, (uint32_t)s->out->blocks);
	}
	ymm0_get(h);
	sha256_end(h, in + 64 * blocks, job->size % 64, job->size);
	check(s);
	finish(s);
	for (uint32_t i = 0; i < 8; i++)
		s->out->digest[i] = h[i];
	outl(JOB_PORT + JOB_SAID_DONE, 0);
}
