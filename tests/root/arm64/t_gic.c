/* SPDX-License-Identifier: MIT */
/* A guest's GIC, timers and PSCI, by the guest tests/guests/arm64/gic.c. */
#include <stdlib.h>
#include <string.h>

#include <hv/vp_state_arm64.h>

#include "tests/guests/arm64/gic_abi.h"
#include "tests/root/arm64/state.h"
#include "tests/root/guest.h"

#define GICD	   0x08000000u
#define GICR	   0x080a0000u
#define SAY	   0x09000000u
#define IMAGE	   0x100000u
#define RAM_PAGES  0x400u
#define GLOBAL	   (16 + 16 * 224)
#define EC_DABT_HV 0x25u

#define INTERRUPT_ASSERTED (1ull << 34)

struct machine {
	hv_partition_id id;
	uint8_t *ram;
	struct gic_shared *shared;
};

static uint16_t set_property(hv_partition_id id, uint32_t code, uint64_t v)
{
	struct hv_input_set_partition_property in = { .partition_id = id,
						      .property_code = code,
						      .property_value = v };

	return hv_status(HVCALL_SET_PARTITION_PROPERTY, &in, sizeof(in), NULL, 0);
}

static void with_ram(struct machine *m, uint32_t vps, uint8_t *ram)
{
	m->ram = ram;
	m->shared = (struct gic_shared *)(ram + GIC_SHARED);
	m->id = guest_create(0);
	/* Before or after: once each way */
	CHECK_EQ(set_property(m->id, HV_PARTITION_PROPERTY_GICD_BASE_ADDRESS, GICD),
		 HV_STATUS_SUCCESS);
	guest_initialize(m->id);
	for (uint32_t i = 0; i < vps; i++) {
		guest_create_vp(m->id, i);
		guest_set64(m->id, i, HV_ARM64_REGISTER_GICR_BASE_GPA, GICR + 0x20000 * i);
	}
	guest_map(m->id, 0, ram, RAM_PAGES, GUEST_RWX);
}

static void start(struct machine *m, uint32_t vp)
{
	guest_set64(m->id, vp, HV_REGISTER_INTERNAL_ACTIVITY_STATE, 0);
	guest_set64(m->id, vp, HV_ARM64_REGISTER_PC, IMAGE);
	guest_set64(m->id, vp, HV_ARM64_REGISTER_SP_EL1, GIC_STACK_TOP - 0x10000 * vp);
	guest_set64(m->id, vp, HV_ARM64_REGISTER_X0, vp);
	guest_set64(m->id, vp, HV_ARM64_REGISTER_X0 + 1, GIC_SHARED);
}

static void machine(struct machine *m, uint32_t vps, enum gic_work w0, enum gic_work w1,
		    uint64_t count)
{
	with_ram(m, vps, guest_pages(RAM_PAGES, 512));
	image_load(m->ram + IMAGE, "gic");
	m->shared->work[0] = w0;
	m->shared->work[1] = w1;
	m->shared->count = count;
	m->shared->period = boot_info->tsc_hz / 1000;
	start(m, 0);
	if (vps > 1 && w1 != GIC_SECOND)
		start(m, 1);
}

/* What the VP of a memory message stored, and to what it has said it; PC is put past it. */
static uint32_t said(hv_partition_id id, uint32_t vp, uint64_t *v)
{
	const struct hv_arm64_memory_intercept_message *m =
		(const void *)guest_message(id, vp)->payload;
	uint32_t what = (uint32_t)(m->guest_physical_address - SAY) / 8;

	if (m->guest_physical_address < SAY || what > GIC_WRONG)
		test_fail(__FILE__, __LINE__, "VP %u: pc %llx, gpa %llx, esr %llx", (unsigned)vp,
			  (unsigned long long)m->header.pc,
			  (unsigned long long)m->guest_physical_address,
			  (unsigned long long)m->syndrome);
	*v = guest_get64(id, vp, HV_ARM64_REGISTER_X0 + 1);
	guest_set64(id, vp, HV_ARM64_REGISTER_PC, m->header.pc + 4);
	if (what == GIC_WRONG)
		test_fail(__FILE__, __LINE__, "the guest says that check %llu failed",
			  (unsigned long long)*v);
	return what;
}

static uint32_t run(struct machine *m, uint32_t vp, uint64_t *v)
{
	uint32_t type = guest_run(m->id, vp);

	if (type != HVMSG_UNMAPPED_GPA)
		test_fail(__FILE__, __LINE__, "message %x, pc %llx, esr %llx, trap %llx far %llx",
			  (unsigned)type,
			  (unsigned long long)guest_get64(m->id, vp, HV_ARM64_REGISTER_PC),
			  (unsigned long long)guest_get64(m->id, vp, HV_ARM64_REGISTER_ESR_EL1),
			  (unsigned long long)m->shared->trap[vp],
			  (unsigned long long)m->shared->far[vp]);
	return said(m->id, vp, v);
}

/* Its tick, in WFI: the VP waits inside the call, and nothing is lost. */
TEST(gic_timer)
{
	struct machine m;
	uint64_t v, begin = root_clock();

	machine(&m, 1, GIC_TIMER, GIC_TAKE, 50);
	CHECK_EQ(run(&m, 0, &v), GIC_DONE);
	/* One that is late brings the next with it, before the guest looks */
	CHECK(v >= 50 && v < 100);
	for (uint32_t i = 0; i < 50; i++)
		CHECK_EQ(m.shared->log[0][i], 27);
	CHECK(root_clock() - begin >= 50 * m.shared->period);
	CHECK_EQ(m.shared->traps[0], 0);
}

/* The same without WFI, and with EOImode 1, while the root's own tick keeps its count. */
TEST(gic_timer_spin)
{
	struct machine m;
	uint64_t v;

	machine(&m, 1, GIC_SPIN, GIC_TAKE, 50);
	m.shared->eoimode = 1;
	CHECK_EQ(run(&m, 0, &v), GIC_DONE);
	CHECK(v >= 50 && v < 100);
	CHECK_EQ(m.shared->log[0][49], 27);
}

TEST(gic_timer_physical)
{
	struct machine m;
	uint64_t v;

	machine(&m, 1, GIC_PHYSICAL, GIC_TAKE, 20);
	CHECK_EQ(run(&m, 0, &v), GIC_DONE);
	CHECK(v >= 20 && v < 40);
	CHECK_EQ(m.shared->log[0][19], 30);
}

/* More pending than there are list registers: all of them come, the best first. */
TEST(gic_many)
{
	for (uint32_t mode = 0; mode < 2; mode++) {
		struct machine m;
		uint64_t v;

		machine(&m, 1, GIC_MANY, GIC_TAKE, 24);
		m.shared->eoimode = mode;
		CHECK_EQ(run(&m, 0, &v), GIC_DONE);
		CHECK_EQ(v, 24);
		/* They were made pending with interrupts masked */
		for (uint32_t i = 0; i < 24; i++)
			CHECK_EQ(m.shared->log[0][i], 32 + 23 - i);
	}
}

static uint16_t assert_line(hv_partition_id id, uint32_t intid, uint64_t mpidr, bool level)
{
	struct hv_input_assert_virtual_interrupt in = { .partition_id = id,
							.control = level ? INTERRUPT_ASSERTED : 0,
							.dest_addr = mpidr,
							.vector = intid };

	return hv_status(HVCALL_ASSERT_VIRTUAL_INTERRUPT, &in, sizeof(in), NULL, 0);
}

/* Lines of the root: a level is taken for as long as it is up, an LPI once. */
TEST(gic_asserted)
{
	static const uint32_t lines[] = { 40, 20, 8200 };
	struct machine m;
	uint64_t v;

	machine(&m, 1, GIC_TAKE, GIC_TAKE, 5);
	m.shared->lpis = m.shared->say_each = 1;
	/* Nothing to do, and no deadline: BLOCKED */
	CHECK_EQ(guest_run(m.id, 0), GUEST_HALTED);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK_EQ(assert_line(m.id, lines[i], 0, true), HV_STATUS_SUCCESS);
		CHECK_EQ(run(&m, 0, &v), GIC_TAKEN);
		CHECK_EQ(v, lines[i]);
		if (lines[i] == 40) {
			CHECK_EQ(run(&m, 0, &v), GIC_TAKEN);
			CHECK_EQ(v, 40);
		}
		CHECK_EQ(assert_line(m.id, lines[i], 0, false), HV_STATUS_SUCCESS);
		if (i < 2)
			CHECK_EQ(guest_run(m.id, 0), GUEST_HALTED);
	}
	CHECK_EQ(assert_line(m.id, 41, 0, true), HV_STATUS_SUCCESS);
	CHECK_EQ(run(&m, 0, &v), GIC_TAKEN);
	CHECK_EQ(v, 41);
	CHECK_EQ(assert_line(m.id, 41, 0, false), HV_STATUS_SUCCESS);
	CHECK_EQ(run(&m, 0, &v), GIC_DONE);
	CHECK_EQ(v, 5);
}

TEST(gic_asserted_bad)
{
	struct hv_input_assert_virtual_interrupt in = { .control = INTERRUPT_ASSERTED,
							.vector = 40 };
	struct machine m;

	machine(&m, 1, GIC_TAKE, GIC_TAKE, 1);
	/* SGIs, the timer's, beyond the SPIs, between them and LPIs, beyond those */
	CHECK_EQ(assert_line(m.id, 5, 0, true), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(assert_line(m.id, 27, 0, true), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(assert_line(m.id, 256, 0, true), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(assert_line(m.id, 8191, 0, true), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(assert_line(m.id, 8192 + 2048, 0, true), HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(assert_line(m.id, 20, 1, true), HV_STATUS_INVALID_VP_INDEX);
	CHECK_EQ(assert_line(m.id, 20, 1ull << 40, true), HV_STATUS_INVALID_PARAMETER);
	in.partition_id = m.id;
	in.control |= 1;
	CHECK_EQ(hv_status(HVCALL_ASSERT_VIRTUAL_INTERRUPT, &in, sizeof(in), NULL, 0),
		 HV_STATUS_INVALID_PARAMETER);
	in.control = INTERRUPT_ASSERTED;
	in.target_vtl = 1;
	CHECK_EQ(hv_status(HVCALL_ASSERT_VIRTUAL_INTERRUPT, &in, sizeof(in), NULL, 0),
		 HV_STATUS_INVALID_PARAMETER);
}

TEST(gic_faults)
{
	struct machine m;
	uint64_t v;

	machine(&m, 1, GIC_FAULTS, GIC_TAKE, 0);
	CHECK_EQ(run(&m, 0, &v), GIC_HELD);
	CHECK_EQ(v, 3);
	CHECK_EQ(m.shared->trap[0], EC_DABT_HV << 26 | 1 << 25 | 0x10);
	CHECK_EQ(m.shared->far[0], GICD + 0x200);
	CHECK_EQ(run(&m, 0, &v), GIC_DONE);
	CHECK_EQ(m.shared->trap[0] >> 26, 0);
}

static struct machine other;
static volatile bool other_done;

static void other_main(void *arg)
{
	struct hv_output_dispatch_vp out = { 0, 0 };

	(void)arg;
	while (!other_done && !(guest_dispatch(other.id, 1, 1, &out) == HV_STATUS_SUCCESS &&
				out.dispatch_event == HV_VP_DISPATCH_EVENT_INTERCEPT))
		cpu_pause();
}

/* SGIs between two VPs on two CPUs, each waiting for the other's. */
TEST_CPUS(gic_sgis, 2)
{
	struct hv_output_dispatch_vp out;
	uint64_t v;

	machine(&other, 2, GIC_PING, GIC_PONG, 1000);
	other_done = false;
	cpu_run(1, other_main, NULL);
	for (uint32_t i = 0; i < 100000000; i++) {
		CHECK_EQ(guest_dispatch(other.id, 0, 1, &out), HV_STATUS_SUCCESS);
		if (out.dispatch_event == HV_VP_DISPATCH_EVENT_INTERCEPT)
			break;
	}
	CHECK_EQ(said(other.id, 0, &v), GIC_DONE);
	cpu_join(1);
	CHECK_EQ(v, 1000);
	CHECK_EQ(said(other.id, 1, &v), GIC_DONE);
	CHECK_EQ(v, 1000);
	CHECK_EQ(other.shared->log[0][10], 1);
}

static void psci_second(void *arg)
{
	struct hv_output_dispatch_vp out;

	(void)arg;
	while (!other_done)
		(void)guest_dispatch(other.id, 1, 1, &out);
}

/* PSCI: another VP is turned on and turns itself off; the end of the machine is the root's. */
TEST_CPUS(gic_psci, 2)
{
	const struct hv_arm64_reset_intercept_message *r;
	struct hv_output_dispatch_vp out;
	uint32_t type;

	machine(&other, 2, GIC_PSCI, GIC_SECOND, 0);
	CHECK_EQ(guest_get64(other.id, 1, HV_REGISTER_INTERNAL_ACTIVITY_STATE),
		 HV_ACTIVITY_STARTUP_SUSPEND);
	CHECK_EQ(guest_dispatch(other.id, 1, 1, &out), HV_STATUS_SUCCESS);
	CHECK_EQ(out.dispatch_state, HV_VP_DISPATCH_STATE_BLOCKED);
	other_done = false;
	cpu_run(1, psci_second, NULL);
	type = guest_run(other.id, 0);
	other_done = true;
	cpu_join(1);
	if (type == HVMSG_UNMAPPED_GPA) {
		uint64_t v;

		(void)said(other.id, 0, &v);
	}
	CHECK_EQ(type, HVMSG_ARM64_RESET_INTERCEPT);
	r = (const void *)guest_message(other.id, 0)->payload;
	CHECK_EQ(guest_message(other.id, 0)->header.payload_size, 32);
	CHECK_EQ(r->reset_type, HV_ARM64_RESET_POWER_OFF);
	CHECK_EQ(guest_get64(other.id, 1, HV_REGISTER_INTERNAL_ACTIVITY_STATE),
		 HV_ACTIVITY_STARTUP_SUSPEND);
	CHECK_EQ(other.shared->taken[1], 1);
}

/* -- state ---------------------------------------------------------------------------------------
 */
static uint16_t state(uint16_t code, hv_partition_id id, uint32_t vp, uint32_t type, void *page)
{
	return state_pages(code, id, vp, type, page, 1);
}

#define LOCAL_TYPE  HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER
#define GLOBAL_TYPE HV_VP_STATE_GLOBAL_INTERRUPT_ARM64

/* Interrupts in every state go to another partition, where the guest finds them and ends them. */
TEST(gic_state)
{
	uint8_t *local = guest_pages(1, 1), *global = guest_pages(1, 1), *back = guest_pages(1, 1);
	struct hv_arm64_local_interrupt_controller_state *l = (void *)local;
	struct hv_arm64_global_interrupt_state *g = (void *)global;
	static const uint32_t names[] = {
		HV_ARM64_REGISTER_PC,	    HV_ARM64_REGISTER_PSTATE,	 HV_ARM64_REGISTER_SP_EL1,
		HV_ARM64_REGISTER_VBAR_EL1, HV_ARM64_REGISTER_CPACR_EL1, HV_ARM64_REGISTER_SCTLR_EL1
	};
	struct machine m, n;
	uint64_t v, control;

	machine(&m, 1, GIC_HOLD, GIC_TAKE, 0);
	m.shared->eoimode = 1;
	CHECK_EQ(run(&m, 0, &v), GIC_HELD);
	CHECK_EQ(v, 5 | 20 << 8 | 42 << 16);
	memset(local, 0xff, PAGE);
	memset(global, 0xff, PAGE);
	CHECK_EQ(state(HVCALL_GET_VP_STATE, m.id, 0, LOCAL_TYPE, local), HV_STATUS_SUCCESS);
	CHECK_EQ(state(HVCALL_GET_VP_STATE, m.id, HV_ANY_VP, GLOBAL_TYPE, global),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(local[200], 0xff);
	CHECK_EQ(global[GLOBAL], 0xff);
	CHECK_EQ(l->icc_pmr_el1, 0xe8);
	CHECK_EQ(l->icc_igrpen1_el1, 0);
	CHECK(l->interrupts[5].flags & HV_ARM64_INTERRUPT_ACTIVE);
	CHECK(l->interrupts[20].flags & HV_ARM64_INTERRUPT_ACTIVE);
	CHECK_EQ(g->count, 224);
	CHECK_EQ(g->interrupts[8].state.flags & 0x18, 0);
	CHECK_EQ(g->interrupts[9].state.flags & 0x18, HV_ARM64_INTERRUPT_SET_PENDING);
	CHECK_EQ(g->interrupts[10].state.flags & 0x18, HV_ARM64_INTERRUPT_ACTIVE);
	CHECK_EQ(g->interrupts[11].state.flags & 0x18, 0x18);
	control = guest_get64(m.id, 0, HV_ARM64_REGISTER_QUOIN_ICC_CONTROL);
	CHECK_EQ(control, 2);

	with_ram(&n, 1, m.ram);
	for (uint32_t i = 0; i < sizeof(names) / 4; i++)
		guest_set64(n.id, 0, names[i], guest_get64(m.id, 0, names[i]));
	for (uint32_t i = 0; i < 31; i++)
		guest_set64(n.id, 0, HV_ARM64_REGISTER_X0 + i,
			    guest_get64(m.id, 0, HV_ARM64_REGISTER_X0 + i));
	guest_set64(n.id, 0, HV_ARM64_REGISTER_QUOIN_ICC_CONTROL, control);
	CHECK_EQ(state(HVCALL_SET_VP_STATE, n.id, HV_ANY_VP, GLOBAL_TYPE, global),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(state(HVCALL_SET_VP_STATE, n.id, 0, LOCAL_TYPE, local), HV_STATUS_SUCCESS);
	memset(back, 0xff, PAGE);
	CHECK_EQ(state(HVCALL_GET_VP_STATE, n.id, 0, LOCAL_TYPE, back), HV_STATUS_SUCCESS);
	CHECK(!memcmp(back, local, PAGE));
	memset(back, 0xff, PAGE);
	CHECK_EQ(state(HVCALL_GET_VP_STATE, n.id, HV_ANY_VP, GLOBAL_TYPE, back), HV_STATUS_SUCCESS);
	CHECK(!memcmp(back, global, PAGE));
	/* It goes on there */
	CHECK_EQ(run(&n, 0, &v), GIC_DONE);
	CHECK_EQ(v, 2);
	CHECK_EQ(n.shared->log[0][0], 41);
	CHECK_EQ(n.shared->log[0][1], 43);
}

/* Who is asked for what, and bytes that Get never gives. */
TEST(gic_state_bad)
{
	uint8_t *page = guest_pages(1, 1), *copy = guest_pages(1, 1);
	struct machine m;

	machine(&m, 1, GIC_TAKE, GIC_TAKE, 0);
	CHECK_EQ(state(HVCALL_GET_VP_STATE, m.id, HV_ANY_VP, LOCAL_TYPE, page),
		 HV_STATUS_INVALID_VP_INDEX);
	CHECK_EQ(state(HVCALL_GET_VP_STATE, m.id, 0, GLOBAL_TYPE, page),
		 HV_STATUS_INVALID_VP_INDEX);
	CHECK_EQ(state(HVCALL_GET_VP_STATE, m.id, 1, LOCAL_TYPE, page), HV_STATUS_INVALID_VP_INDEX);
	CHECK_EQ(state(HVCALL_GET_VP_STATE, m.id, 0, HV_VP_STATE_XSAVE, page),
		 HV_STATUS_INVALID_PARAMETER);
	CHECK_EQ(state(HVCALL_GET_VP_STATE, HV_PARTITION_ID_SELF, HV_ANY_VP, GLOBAL_TYPE, page),
		 HV_STATUS_INVALID_VP_STATE);
	CHECK_EQ(state(HVCALL_GET_VP_STATE, m.id, 0, LOCAL_TYPE, copy), HV_STATUS_SUCCESS);
	for (uint32_t i = 0; i < 8; i++) {
		memcpy(page, copy, 200);
		page[i] ^= 0x40;
		CHECK_EQ(state(HVCALL_SET_VP_STATE, m.id, 0, LOCAL_TYPE, page),
			 HV_STATUS_INVALID_PARAMETER);
	}
	CHECK_EQ(state(HVCALL_GET_VP_STATE, m.id, 0, LOCAL_TYPE, page), HV_STATUS_SUCCESS);
	CHECK(!memcmp(page, copy, 200));
	CHECK_EQ(state(HVCALL_GET_VP_STATE, m.id, HV_ANY_VP, GLOBAL_TYPE, copy), HV_STATUS_SUCCESS);
	memcpy(page, copy, GLOBAL);
	page[16 + 16 * 5] ^= 1;
	CHECK_EQ(state(HVCALL_SET_VP_STATE, m.id, HV_ANY_VP, GLOBAL_TYPE, page),
		 HV_STATUS_INVALID_PARAMETER);
}

TEST(gic_property)
{
	hv_partition_id id = guest_create(0);
	struct hv_input_get_partition_property in = {
		.partition_id = id, .property_code = HV_PARTITION_PROPERTY_GICD_BASE_ADDRESS
	};
	uint64_t v = 0;

	CHECK_EQ(set_property(id, HV_PARTITION_PROPERTY_GICD_BASE_ADDRESS, 0x8001000),
		 HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE);
	CHECK_EQ(set_property(id, HV_PARTITION_PROPERTY_GICD_BASE_ADDRESS, 1ull << 48),
		 HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE);
	CHECK_EQ(set_property(id, HV_PARTITION_PROPERTY_GIC_PPI_OVERFLOW_INTERRUPT_FROM_CNTV, 27),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(set_property(id, HV_PARTITION_PROPERTY_GIC_PPI_OVERFLOW_INTERRUPT_FROM_CNTV, 26),
		 HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE);
	CHECK_EQ(set_property(id, HV_PARTITION_PROPERTY_GIC_LPI_INT_ID_BITS, 14),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(set_property(id, HV_PARTITION_PROPERTY_GIC_LPI_INT_ID_BITS, 16),
		 HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE);
	guest_initialize(id);
	CHECK_EQ(set_property(id, HV_PARTITION_PROPERTY_GICD_BASE_ADDRESS, GICD),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(hv_status(HVCALL_GET_PARTITION_PROPERTY, &in, sizeof(in), &v, sizeof(v)),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(v, GICD);
	guest_create_vp(id, 0);
	CHECK_EQ(set_property(id, HV_PARTITION_PROPERTY_GICD_BASE_ADDRESS, 0),
		 HV_STATUS_INVALID_PARTITION_STATE);
	/* Frames do not lie over one another, nor anywhere */
	CHECK_EQ(guest_set_status(id, 0, HV_ARM64_REGISTER_GICR_BASE_GPA, GICD),
		 HV_STATUS_INVALID_REGISTER_VALUE);
	CHECK_EQ(guest_set_status(id, 0, HV_ARM64_REGISTER_GICR_BASE_GPA, 0x8001000),
		 HV_STATUS_INVALID_REGISTER_VALUE);
	CHECK_EQ(guest_set_status(id, 0, HV_ARM64_REGISTER_QUOIN_ICC_CONTROL, 4),
		 HV_STATUS_INVALID_REGISTER_VALUE);
	CHECK_EQ(guest_set_status(id, 0, HV_REGISTER_INTERNAL_ACTIVITY_STATE, 2),
		 HV_STATUS_INVALID_REGISTER_VALUE);
}
