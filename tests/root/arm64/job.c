/* SPDX-License-Identifier: MIT */
/*
 * The main job on arm64: a guest hashes the input file on two VPs; in the middle both are taken
 * apart by hypercalls, put into a new partition, and finish there. As a negative control any one
 * category of state can be left out of the restore: then the guest has to name it.
 */
#include "tests/root/job.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/guests/arm64/job_abi.h"
#include "tests/root/arm64/save.h"
#include "tests/root/arm64/state.h"

#define GICD	0x08000000u
#define GICR	0x080a0000u
#define SAY	0x09000000u
#define LIMIT_S 30u
#define LARGE	0x200000u

enum runner_state { RUNNING, STOPPED, DONE, WRONG, BROKEN };

struct runner {
	uint32_t vp;
	volatile enum runner_state state;
	uint32_t category;
};

static struct runner runners[JOB_VPS];
static struct saved_vp saved[JOB_VPS];
static const struct hv_message *message[JOB_VPS]; /* where its intercepts are told */
static hv_partition_id machine;
static uint8_t *ram;
static volatile bool stop_all;
static volatile uint64_t stop_at; /* count, 0: not yet */
static uint64_t stop_blocks, limit, seed, tick_period;
static bool verbose;
static const char *wrong, *left_out; /* the first category that was named; the one to leave out */

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

static void blame(const char *what)
{
	if (!wrong)
		wrong = what;
}

static uint64_t random_next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t us(uint64_t n)
{
	return n * (boot_info->tsc_hz / 1000) / 1000;
}

static struct job_shared *shared(void)
{
	return (struct job_shared *)(void *)(ram + JOB_SHARED);
}

/* The root's own tick: it takes the CPU back from a guest that does nothing but run. */
static void on_tick(void)
{
	write_sysreg(cntv_cval_el0, read_sysreg(cntvct_el0) + tick_period);
}

static void start_tick(void)
{
	gic_write(this_cpu()->index, 0x100, 1u << boot_info->arm64.ppi_virtual_timer);
	write_sysreg(cntv_cval_el0, read_sysreg(cntvct_el0) + tick_period);
	write_sysreg(cntv_ctl_el0, 1);
	isb();
}

static void stop_tick(void)
{
	write_sysreg(cntv_ctl_el0, 0);
	isb();
	gic_write(this_cpu()->index, 0x180, 1u << boot_info->arm64.ppi_virtual_timer);
}

/* -- running -------------------------------------------------------------------------------------
 * On any CPU: nothing here may end a test.
 */
static void hear(struct runner *r)
{
	const struct hv_arm64_memory_intercept_message *m = (const void *)message[r->vp]->payload;
	uint64_t what = (m->guest_physical_address - SAY) / 8;
	union hv_register_value v, pc = { { m->header.pc + 4, 0 } };

	if (message[r->vp]->header.message_type != HVMSG_UNMAPPED_GPA || what > JOB_SAID_DONE ||
	    guest_get(machine, r->vp, HV_ARM64_REGISTER_X0 + 1, &v) != HV_STATUS_SUCCESS ||
	    guest_set(machine, r->vp, HV_ARM64_REGISTER_PC, &pc) != HV_STATUS_SUCCESS) {
		say("    VP %u: message %x, PC %llx, GPA %llx, syndrome %llx\n", (unsigned)r->vp,
		    (unsigned)message[r->vp]->header.message_type, (unsigned long long)m->header.pc,
		    (unsigned long long)m->guest_physical_address, (unsigned long long)m->syndrome);
		r->state = BROKEN;
		return;
	}
	switch (what) {
	case JOB_SAID_PROGRESS:
		if (stop_blocks && v.reg64 >= stop_blocks && !stop_at)
			stop_at = root_clock() + us(random_next() % 4000);
		break;
	case JOB_SAID_WRONG:
		r->category = (uint32_t)v.reg64;
		r->state = WRONG;
		break;
	default:
		r->state = DONE;
		break;
	}
}

static void turn(struct runner *r)
{
	struct hv_output_dispatch_vp out = { 0, 0 };

	if (guest_dispatch(machine, r->vp, HV_DISPATCH_VP_FLAG_CLEAR_INTERCEPT_SUSPEND, &out) !=
	    HV_STATUS_SUCCESS)
		r->state = BROKEN;
	else if (out.dispatch_event == HV_VP_DISPATCH_EVENT_INTERCEPT)
		hear(r);
	if (stop_at && root_clock() >= stop_at)
		stop_all = true;
	if (r->state == RUNNING && stop_all)
		r->state = STOPPED;
	if (r->state == RUNNING && root_clock() >= limit) {
		say("    VP %u: no end in %u s\n", (unsigned)r->vp, LIMIT_S);
		r->state = BROKEN;
	}
	/* What ends one VP for good ends the other's run too. */
	if (r->state == WRONG || r->state == BROKEN)
		stop_all = true;
}

/* This CPU's share of the VPs, a tick's time each in turn, until all have stopped. */
static void run_share(void *arg)
{
	uint32_t first = (uint32_t)(uintptr_t)arg, step = cpu_count < JOB_VPS ? cpu_count : JOB_VPS;
	bool any;

	start_tick();
	do {
		any = false;
		for (uint32_t i = first; i < JOB_VPS; i += step)
			if (runners[i].state == RUNNING) {
				any = true;
				turn(&runners[i]);
			}
	} while (any);
	stop_tick();
}

static void run_all(void)
{
	uint32_t used = cpu_count < JOB_VPS ? cpu_count : JOB_VPS;

	stop_all = false;
	stop_at = 0;
	limit = root_clock() + us(LIMIT_S * 1000000ull);
	for (uint32_t i = 0; i < JOB_VPS; i++)
		runners[i] = (struct runner){ .vp = i, .state = RUNNING };
	for (uint32_t i = 1; i < used; i++)
		cpu_run(i, run_share, (void *)(uintptr_t)i);
	run_share(NULL);
	for (uint32_t i = 1; i < used; i++)
		cpu_join(i);
}

static const char *category_name(uint32_t c)
{
#define JOB_NAME(e, name) name,
	static const char *const names[] = { JOB_CATEGORIES(JOB_NAME) };
#undef JOB_NAME

	return c < JOB_CATEGORY_COUNT ? names[c] : "?";
}

/* Did the VPs end as they should? Names what is wrong if not. */
static bool judge(enum runner_state want)
{
	bool good = true;

	for (uint32_t i = 0; i < JOB_VPS; i++) {
		const struct runner *r = &runners[i];
		const struct job_vp *v = &shared()->vp[i];

		if (r->state == want)
			continue;
		good = false;
		if (r->state == WRONG) {
			say("VP %u: %s is wrong, trap %llx at %llx\n", (unsigned)i,
			    category_name(r->category), (unsigned long long)v->trap,
			    (unsigned long long)v->pc);
			blame(category_name(r->category));
		} else if (r->state == BROKEN) {
			say("VP %u: no way on\n", (unsigned)i);
			blame("registers");
		} else if (r->state == DONE) {
			say("VP %u was done before it was saved\n", (unsigned)i);
			blame("instant");
		}
	}
	return good;
}

/* -- two lives -----------------------------------------------------------------------------------
 */
static void property(uint32_t code, uint64_t v)
{
	struct hv_input_set_partition_property in = { .partition_id = machine,
						      .property_code = code,
						      .property_value = v };

	CHECK_EQ(hv_status(HVCALL_SET_PARTITION_PROPERTY, &in, sizeof(in), NULL, 0),
		 HV_STATUS_SUCCESS);
}

static void create(void)
{
	machine = guest_create(0);
	property(HV_PARTITION_PROPERTY_GICD_BASE_ADDRESS, GICD);
	guest_initialize(machine);
	for (uint32_t i = 0; i < JOB_VPS; i++) {
		guest_create_vp(machine, i);
		message[i] = guest_message(machine, i);
	}
	guest_map(machine, 0, ram, JOB_RAM / LARGE, GUEST_RWX | HV_MAP_GPA_LARGE_PAGE);
}

static void start(void)
{
	for (uint32_t i = 0; i < JOB_VPS; i++) {
		guest_set64(machine, i, HV_REGISTER_INTERNAL_ACTIVITY_STATE, 0);
		guest_set64(machine, i, HV_ARM64_REGISTER_GICR_BASE_GPA, GICR + 0x20000 * i);
		guest_set64(machine, i, HV_ARM64_REGISTER_PC, JOB_IMAGE);
		guest_set64(machine, i, HV_ARM64_REGISTER_SP_EL1, JOB_STACK_TOP - 0x10000 * i);
		guest_set64(machine, i, HV_ARM64_REGISTER_X0, i);
	}
}

static void prepare(uint64_t size)
{
	struct job_shared *s = shared();
	image_load(ram + JOB_IMAGE, "job");
	memset(s, 0, sizeof(*s));
	memcpy(ram + JOB_INPUT, (const void *)boot_info->root_file, size);
	s->input = JOB_INPUT;
	s->size = size;
	s->slice = size / 64 / 60 + 1;
	s->sve = (read_sysreg(id_aa64pfr0_el1) >> 32 & 0xf) != 0;
	stop_blocks = size / 64 * (20 + random_next() % 60) / 100 + 1;
}

static uint64_t ms_since(uint64_t begin)
{
	return (root_clock() - begin) / (boot_info->tsc_hz / 1000);
}

static uint64_t reference_time(void)
{
	struct hv_input_get_partition_property in = {
		.partition_id = machine, .property_code = HV_PARTITION_PROPERTY_REFERENCE_TIME
	};
	uint64_t v = 0;

	CHECK_EQ(hv_status(HVCALL_GET_PARTITION_PROPERTY, &in, sizeof(in), &v, sizeof(v)),
		 HV_STATUS_SUCCESS);
	return v;
}

static enum save_category category_of(const char *name)
{
	uint32_t c = 0;

	while (c < SAVE_CATEGORIES && name && strcmp(name, save_name((enum save_category)c)))
		c++;
	return name ? (enum save_category)c : SAVE_CATEGORIES;
}

static void digests(void)
{
	const struct job_shared *s = shared();

	for (uint32_t i = 0; i < JOB_VPS; i++) {
		say("JOB SHA256 ");
		for (uint32_t k = 0; k < 8; k++)
			say("%08x", (unsigned)s->vp[i].digest[k]);
		say(" of %llu bytes, VP %u: %llu ticks, %llu of CNTP, %llu timer messages\n",
		    (unsigned long long)s->size, (unsigned)i, (unsigned long long)s->vp[i].ticks,
		    (unsigned long long)s->vp[i].physical_ticks,
		    (unsigned long long)s->vp[i].timer_messages);
		if (memcmp(s->vp[i].digest, s->vp[0].digest, sizeof(s->vp[0].digest)))
			blame("digest");
	}
}

static void move(uint64_t begin)
{
	enum save_category skip = category_of(left_out);
	uint64_t ref, s0 = root_clock();
	uint8_t *copy;

	property(HV_PARTITION_PROPERTY_TIME_FREEZE, 1);
	ref = reference_time();
	for (uint32_t i = 0; i < JOB_VPS; i++) {
		save_room(&saved[i]);
		save_vp(machine, i, &saved[i]);
		say("  VP %u saved at block %llu of %llu:\n", (unsigned)i,
		    (unsigned long long)shared()->vp[i].blocks,
		    (unsigned long long)shared()->size / 64);
		if (verbose && !i)
			save_print(&saved[i]);
	}
	/* The same memory behind other pages: nothing is kept by accident. */
	copy = guest_pages(JOB_RAM / PAGE, LARGE / PAGE);
	memcpy(copy, ram, JOB_RAM);
	guest_delete(machine);
	memset(ram, 0xa5, JOB_RAM);
	ram = copy;
	say("[%5llu ms] saved, and the partition deleted\n", (unsigned long long)ms_since(begin));
	create();
	property(HV_PARTITION_PROPERTY_TIME_FREEZE, 1);
	if (!left_out || strcmp(left_out, "reference-time"))
		property(HV_PARTITION_PROPERTY_REFERENCE_TIME, ref);
	for (uint32_t i = 0; i < JOB_VPS; i++)
		restore_vp(machine, i, &saved[i], skip);
	say("[%5llu ms] restored into a new partition (%llu ms after the stop)\n",
	    (unsigned long long)ms_since(begin), (unsigned long long)ms_since(s0));
}

static void two_lives(void)
{
	uint64_t size = boot_info->root_file_size, begin = root_clock();

	size -= size > 4096 ? seed % 64 : 0;
	ram = guest_pages(JOB_RAM / PAGE, LARGE / PAGE);
	memset(ram, 0, JOB_RAM);
	prepare(size);
	create();
	start();
	say("[%5llu ms] a partition with %u VPs and %u MiB hashes %llu bytes\n",
	    (unsigned long long)ms_since(begin), JOB_VPS, JOB_RAM >> 20, (unsigned long long)size);
	run_all();
	if (!judge(STOPPED))
		return;
	move(begin);
	/* Registers left at reset: both VPs are to run all the same */
	for (uint32_t i = 0; left_out && i < JOB_VPS; i++)
		guest_set64(machine, i, HV_REGISTER_INTERNAL_ACTIVITY_STATE, 0);
	stop_blocks = 0;
	run_all();
	if (judge(DONE))
		digests();
}

const char *job_once(uint64_t with_seed, const char *skip, bool aloud)
{
	uint32_t ppi = boot_info->arm64.ppi_virtual_timer;

	verbose = aloud;
	wrong = NULL;
	left_out = skip;
	tick_period = boot_info->tsc_hz / 1000;
	irq_handler((uint8_t)ppi, on_tick);
	CHECK_EQ(safe_write8(gic_frame(0) + 0x400 + ppi, 0x80), -1);
	seed = with_seed * 0x9e3779b97f4a7c15ull;
	if (seed)
		(void)random_next();
	two_lives();
	irq_handler((uint8_t)ppi, NULL);
	guests_clean_up();
	return wrong;
}

static const char *result;

static void aloud(void)
{
	result = job_once(option_number("seed", 0), NULL, true);
}

bool job_run(void)
{
	if (!boot_info->root_file_size || boot_info->root_file_size > JOB_RAM - JOB_INPUT) {
		printf("job: root_file in quoin.cfg must have 1 byte to 16 MiB\n");
		return false;
	}
	result = "job";
	if (!tests_guard(aloud))
		result = "job";
	printf("JOB END %s\n", result ? "bad" : "good");
	return !result;
}
