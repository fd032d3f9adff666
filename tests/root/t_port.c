/* SPDX-License-Identifier: MIT */
/*
 * Messages and events between partitions: from the root to a guest, from a guest to the root, and
 * the root's own SynIC with its pages, interrupts and event ring.
 */
#include <string.h>

#include <hv/messages.h>
#include <hv/registers.h>
#include <hv/vp_state.h>

#include "tests/root/guest.h"
#include "tests/root/vm.h"

#define PORT 0x777u
#define LINK 0x888u
#define SELF HV_PARTITION_ID_SELF
#define SINT 4u

/* Where a guest's pages are */
#define GUEST_SIMP  0x6000u
#define GUEST_SIEFP 0x7000u
#define GUEST_IN    0x1800u /* behind its code */

static uint16_t make(hv_partition_id of, hv_partition_id sender, uint32_t type, uint32_t sint,
		     uint32_t vp)
{
	struct hv_input_create_port in = {
		.port_partition_id = of,
		.port_id = PORT,
		.connection_partition_id = sender,
		.port_type = type,
		.target_sint = sint,
		.target_vp = vp,
		.info = type == HV_PORT_TYPE_EVENT ? 64u | 32u << 16 : 0,
	};
	uint16_t status;

	while ((status = hv_status(HVCALL_CREATE_PORT, &in, sizeof(in), NULL, 0)) ==
	       HV_STATUS_INSUFFICIENT_MEMORY)
		guest_deposit(of == SELF ? 1 : of, 1);
	return status;
}

static uint16_t join_at(hv_partition_id of, hv_partition_id receiver, uint32_t type, uint32_t id,
			uint64_t gpa, uint64_t value, uint64_t flags)
{
	struct hv_input_connect_port in = {
		.connection_partition_id = of,
		.connection_id = id,
		.port_partition_id = receiver,
		.port_id = PORT,
		.port_type = type,
		.gpa = gpa,
		.trigger_value = value,
		.flags = flags,
	};
	uint16_t status;

	while ((status = hv_status(HVCALL_CONNECT_PORT, &in, sizeof(in), NULL, 0)) ==
	       HV_STATUS_INSUFFICIENT_MEMORY)
		guest_deposit(of == SELF ? 1 : of, 1);
	return status;
}

static uint16_t join(hv_partition_id of, hv_partition_id receiver, uint32_t type)
{
	return join_at(of, receiver, type, LINK, 0, 0, 0);
}

static void gone(uint16_t code, hv_partition_id of, uint32_t id, uint32_t flags)
{
	struct hv_input_port in = { .partition_id = of, .id = id, .flags = flags };

	CHECK_EQ(hv_status(code, &in, sizeof(in), NULL, 0), HV_STATUS_SUCCESS);
}

static uint16_t post(uint32_t type)
{
	struct hv_input_post_message in = { .connection_id = LINK,
					    .message_type = type,
					    .payload_size = 12,
					    .payload = { type * 5ull, ~0ull } };

	return hv_status(HVCALL_POST_MESSAGE, &in, sizeof(in), NULL, 0);
}

static uint16_t signal(uint16_t flag)
{
	struct hv_input_signal_event in = { .connection_id = LINK, .flag_number = flag };

	return hv_status(HVCALL_SIGNAL_EVENT, &in, sizeof(in), NULL, 0);
}

/* -- the root's SynIC -------------------------------------------------------------------------- */

static volatile struct hv_message_page *simp;
static volatile struct hv_synic_event_flags_page *siefp;
static volatile struct hv_synic_event_ring_page *ring;
static uint32_t vector;

static void synic_pages(void)
{
	simp = (void *)(uintptr_t)(synic_get(HV_REGISTER_SIMP) & ~0xfffull);
	siefp = (void *)(uintptr_t)(synic_get(HV_REGISTER_SIEFP) & ~0xfffull);
	ring = (void *)(uintptr_t)(synic_get(HV_REGISTER_SIRBP) & ~0xfffull);
	synic_set(HV_REGISTER_SIMP, (uint64_t)(uintptr_t)simp | 1);
	synic_set(HV_REGISTER_SIEFP, (uint64_t)(uintptr_t)siefp | 1);
	synic_set(HV_REGISTER_SIRBP, (uint64_t)(uintptr_t)ring | 1);
	vector = synic_vector();
	for (uint32_t i = 0; i < HV_SYNIC_SINT_COUNT; i++)
		synic_set(HV_REGISTER_SINT0 + i, vector);
	synic_set(HV_REGISTER_SCONTROL, 1);
}

static void synic_off(void)
{
	for (uint32_t i = 0; i < HV_SYNIC_SINT_COUNT; i++)
		synic_set(HV_REGISTER_SINT0 + i, HV_SYNIC_SINT_MASKED);
	synic_set(HV_REGISTER_SCONTROL, 0);
	for (uint32_t i = 0; i < HV_SYNIC_SINT_COUNT; i++)
		simp->sint[i].header.message_type = 0;
	memset((void *)(uintptr_t)siefp, 0, PAGE);
	memset((void *)(uintptr_t)ring, 0, PAGE);
}

static uint64_t interrupts(void)
{
	return this_cpu()->irqs[vector];
}

/* One more than before, and no more. */
static bool came(uint64_t before, uint32_t count)
{
	for (uint32_t i = 0; i < 1000 && interrupts() < before + count; i++)
		delay_us(100);
	delay_us(200);
	return interrupts() == before + count;
}

static void end_of_message(uint32_t sint)
{
	simp->sint[sint].header.message_type = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (simp->sint[sint].header.message_flags & HV_MESSAGE_FLAG_PENDING)
		synic_set(HV_REGISTER_EOM, 0);
}

/* The root to itself: pages, interrupts, the queue, event flags. */
TEST(port_root)
{
	uint64_t before;

	synic_pages();
	CHECK_EQ(make(SELF, SELF, HV_PORT_TYPE_MESSAGE, SINT, 0), HV_STATUS_SUCCESS);
	CHECK_EQ(join(SELF, SELF, HV_PORT_TYPE_MESSAGE), HV_STATUS_SUCCESS);
	before = interrupts();
	for (uint32_t i = 1; i <= 1 + 16; i++)
		CHECK_EQ(post(i), HV_STATUS_SUCCESS);
	CHECK_EQ(post(18), HV_STATUS_INSUFFICIENT_BUFFERS);
	CHECK(came(before, 1));
	for (uint32_t i = 1; i <= 17; i++) {
		CHECK_EQ(simp->sint[SINT].header.message_type, i);
		CHECK_EQ(simp->sint[SINT].header.sender, PORT);
		CHECK_EQ(simp->sint[SINT].header.payload_size, 12);
		CHECK_EQ(simp->sint[SINT].payload[0], i * 5ull);
		CHECK_EQ(simp->sint[SINT].payload[1], 0xffffffffu); /* no more than was sent */
		CHECK_EQ(simp->sint[SINT].header.message_flags, i < 17);
		end_of_message(SINT);
		CHECK(came(before, i < 17 ? i + 1 : 17));
	}
	CHECK_EQ(simp->sint[SINT].header.message_type, 0);
	gone(HVCALL_DELETE_PORT, SELF, PORT, 0);
	CHECK_EQ(post(1), HV_STATUS_INVALID_PORT_ID);
	gone(HVCALL_DISCONNECT_PORT, SELF, LINK, 0);
	CHECK_EQ(post(1), HV_STATUS_INVALID_CONNECTION_ID);

	CHECK_EQ(make(SELF, SELF, HV_PORT_TYPE_EVENT, SINT, 0), HV_STATUS_SUCCESS);
	CHECK_EQ(join(SELF, SELF, HV_PORT_TYPE_EVENT), HV_STATUS_SUCCESS);
	before = interrupts();
	CHECK_EQ(signal(3), HV_STATUS_SUCCESS);
	CHECK_EQ(signal(3), HV_STATUS_SUCCESS);
	CHECK(came(before, 1));
	CHECK_EQ(siefp->sint[SINT][1], 1ull << 3);
	siefp->sint[SINT][1] = 0;
	CHECK_EQ(signal(3), HV_STATUS_SUCCESS);
	CHECK(came(before, 2));
	synic_set(HV_REGISTER_SINT0 + SINT, HV_SYNIC_SINT_MASKED | vector);
	CHECK_EQ(signal(4), HV_STATUS_INVALID_SYNIC_STATE);
	CHECK_EQ(signal(32), HV_STATUS_INVALID_PARAMETER);
	gone(HVCALL_DELETE_PORT, SELF, PORT, 0);
	gone(HVCALL_DISCONNECT_PORT, SELF, LINK, 0);
	synic_off();
}

/* To another CPU of the root's: the interrupt is there, and not here. */
static void other_on(void *arg)
{
	(void)arg;
	synic_pages();
}

static void other_off(void *arg)
{
	(void)arg;
	synic_off();
}

TEST_CPUS(port_root_other_cpu, 2)
{
	uint64_t here, there;

	CHECK_EQ(make(SELF, SELF, HV_PORT_TYPE_EVENT, SINT, 1), HV_STATUS_SUCCESS);
	CHECK_EQ(join(SELF, SELF, HV_PORT_TYPE_EVENT), HV_STATUS_SUCCESS);
	CHECK_EQ(signal(1), HV_STATUS_INVALID_SYNIC_STATE);
	cpu_run(1, other_on, NULL);
	cpu_join(1);
	here = interrupts();
	there = cpus[1].irqs[vector];
	CHECK_EQ(signal(1), HV_STATUS_SUCCESS);
	for (uint32_t i = 0; i < 1000 && cpus[1].irqs[vector] == there; i++)
		delay_us(100);
	CHECK_EQ(cpus[1].irqs[vector], there + 1);
	CHECK_EQ(interrupts(), here);
	CHECK_EQ(siefp->sint[SINT][1], 2);
	cpu_run(1, other_off, NULL);
	cpu_join(1);
	gone(HVCALL_DELETE_PORT, SELF, PORT, 0);
	gone(HVCALL_DISCONNECT_PORT, SELF, LINK, 0);
}

/* -- guests -------------------------------------------------------------------------------------
 */

/* A VP with its SynIC on: by name, as a restored one has it. */
static hv_partition_id guest_with_synic(uint32_t vps)
{
	hv_partition_id id = guest_new(GUEST_FLAGS, vps);

	guest_deposit(id, 8);
	for (uint32_t i = 0; i < vps; i++) {
		guest_set64(id, i, HV_REGISTER_SIMP, (GUEST_SIMP + i * 0x10000u) | 1);
		guest_set64(id, i, HV_REGISTER_SIEFP, (GUEST_SIEFP + i * 0x10000u) | 1);
		guest_set64(id, i, HV_REGISTER_SCONTROL, 1);
		guest_set64(id, i, HV_REGISTER_SINT0 + SINT, 0x12);
	}
	return id;
}

static uint64_t guest_word(hv_partition_id id, uint64_t gpa, uint32_t bytes)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < bytes; i++) {
		uint8_t b = 0;

		CHECK_EQ(guest_peek(id, gpa + i, &b), 0);
		v |= (uint64_t)b << 8 * i;
	}
	return v;
}

TEST(port_to_guest)
{
	hv_partition_id id = guest_with_synic(2);

	CHECK_EQ(make(id, SELF, HV_PORT_TYPE_MESSAGE, SINT, HV_ANY_VP), HV_STATUS_SUCCESS);
	CHECK_EQ(make(id, SELF, HV_PORT_TYPE_MESSAGE, SINT, 0), HV_STATUS_INVALID_PORT_ID);
	CHECK_EQ(join(id, id, HV_PORT_TYPE_MESSAGE), HV_STATUS_INVALID_PORT_ID);
	CHECK_EQ(join(SELF, id, HV_PORT_TYPE_MESSAGE), HV_STATUS_SUCCESS);
	guest_set64(id, 0, HV_REGISTER_SCONTROL, 0);
	CHECK_EQ(post(7), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_word(id, GUEST_SIMP + 256 * SINT, 4), 0);
	CHECK_EQ(guest_word(id, GUEST_SIMP + 0x10000 + 256 * SINT, 4), 7);
	CHECK_EQ(guest_word(id, GUEST_SIMP + 0x10000 + 256 * SINT + 8, 8), PORT);
	CHECK_EQ(guest_word(id, GUEST_SIMP + 0x10000 + 256 * SINT + 16, 8), 35);
	/* What waits is the port's: the slot says so, and EOM brings it */
	CHECK_EQ(post(8), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_word(id, GUEST_SIMP + 0x10000 + 256 * SINT + 5, 1), 1);
	CHECK_EQ(guest_poke(id, GUEST_SIMP + 0x10000 + 256 * SINT, 0), 0);
	guest_set64(id, 1, HV_REGISTER_EOM, 0);
	CHECK_EQ(guest_word(id, GUEST_SIMP + 0x10000 + 256 * SINT, 4), 8);
	CHECK_EQ(guest_word(id, GUEST_SIMP + 0x10000 + 256 * SINT + 5, 1), 0);
	/* The partition ends with a message in it and a connection to it */
	CHECK_EQ(post(9), HV_STATUS_SUCCESS);
	guest_delete(id);
	CHECK_EQ(post(10), HV_STATUS_INVALID_PORT_ID);
	gone(HVCALL_DISCONNECT_PORT, SELF, LINK, 0);
}

static uint16_t message_page(uint16_t code, hv_partition_id id, void *page)
{
	struct {
		struct hv_input_vp_state head;
		uint64_t pfn;
	} in = { { .partition_id = id, .type = HV_VP_STATE_SYNIC_MESSAGE_PAGE }, pfn_of(page) };

	return hv_status(code | 1ull << HV_HYPERCALL_VARHEAD_SHIFT, &in, sizeof(in), NULL, 0);
}

/*
 * A save between two messages: the one in the slot goes along, with the word that more wait; the
 * one behind it is the port's, and stays where the port is (docs/architecture.md).
 */
TEST(port_saved)
{
	hv_partition_id id = guest_with_synic(1), other = guest_with_synic(1);
	uint8_t *page = guest_pages(1, 1);

	CHECK_EQ(make(id, SELF, HV_PORT_TYPE_MESSAGE, SINT, 0), HV_STATUS_SUCCESS);
	CHECK_EQ(join(SELF, id, HV_PORT_TYPE_MESSAGE), HV_STATUS_SUCCESS);
	CHECK_EQ(post(7), HV_STATUS_SUCCESS);
	CHECK_EQ(post(8), HV_STATUS_SUCCESS);
	CHECK_EQ(message_page(HVCALL_GET_VP_STATE, id, page), HV_STATUS_SUCCESS);
	CHECK_EQ(message_page(HVCALL_SET_VP_STATE, other, page), HV_STATUS_SUCCESS);
	for (uint32_t i = 0; i < 2; i++) {
		hv_partition_id at = i ? other : id;

		CHECK_EQ(guest_word(at, GUEST_SIMP + 256 * SINT, 4), 7);
		CHECK_EQ(guest_word(at, GUEST_SIMP + 256 * SINT + 5, 1), 1);
		CHECK_EQ(guest_poke(at, GUEST_SIMP + 256 * SINT, 0), 0);
		guest_set64(at, 0, HV_REGISTER_EOM, 0);
		CHECK_EQ(guest_word(at, GUEST_SIMP + 256 * SINT, 4), i ? 0 : 8);
	}
	gone(HVCALL_DISCONNECT_PORT, SELF, LINK, 0);
}

TEST(port_direct)
{
	hv_partition_id id = guest_with_synic(1);
	struct hv_input_signal_event_direct ev = { .partition_id = id,
						   .sint = SINT,
						   .flag_number = 2047 };
	struct hv_input_post_message_direct in = { .partition_id = id, .sint = SINT };
	struct hv_message m = { .header = { .message_type = 5, .payload_size = 3, .sender = 99 },
				.payload = { ~0ull } };
	struct hv_output_signal_event_direct out;

	memcpy(in.message, &m, sizeof(m));
	CHECK_EQ(hv_status(HVCALL_POST_MESSAGE_DIRECT, &in, sizeof(in), NULL, 0),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(guest_word(id, GUEST_SIMP + 256 * SINT, 4), 5);
	CHECK_EQ(guest_word(id, GUEST_SIMP + 256 * SINT + 8, 8), 99);
	CHECK_EQ(guest_word(id, GUEST_SIMP + 256 * SINT + 16, 8), 0xffffff);
	CHECK_EQ(hv_status(HVCALL_POST_MESSAGE_DIRECT, &in, sizeof(in), NULL, 0),
		 HV_STATUS_OBJECT_IN_USE);
	CHECK_EQ(guest_word(id, GUEST_SIMP + 256 * SINT + 5, 1), 1);
	for (uint32_t i = 0; i < 2; i++) {
		CHECK_EQ(hv_status(HVCALL_SIGNAL_EVENT_DIRECT, &ev, sizeof(ev), &out, sizeof(out)),
			 HV_STATUS_SUCCESS);
		CHECK_EQ(out.newly_signaled, !i);
	}
	CHECK_EQ(guest_word(id, GUEST_SIEFP + 256 * SINT + 255, 1), 0x80);
	guest_set64(id, 0, HV_REGISTER_SCONTROL, 0);
	CHECK_EQ(hv_status(HVCALL_SIGNAL_EVENT_DIRECT, &ev, sizeof(ev), &out, sizeof(out)),
		 HV_STATUS_INVALID_SYNIC_STATE);
	CHECK_EQ(hv_status(HVCALL_POST_MESSAGE_DIRECT, &in, sizeof(in), NULL, 0),
		 HV_STATUS_INVALID_SYNIC_STATE);
}

/* A guest that makes one hypercall; its status. */
static uint16_t guest_calls(hv_partition_id id, uint64_t control, uint64_t in)
{
	guest_set64(id, 0, GUEST_PC, GUEST_CODE);
	guest_call_set(id, 0, control, in, 0);
	CHECK_EQ(guest_run(id, 0), GUEST_HALTED);
	return HV_HYPERCALL_RESULT_STATUS(guest_call_result(id, 0));
}

static hv_partition_id calling_guest(void)
{
	hv_partition_id id = guest_new(0, 1);
	uint8_t code[32];

	guest_start(id, 0, code, guest_call_code(code));
	guest_set64(id, 0, HV_REGISTER_GUEST_OS_ID, 1ull << 48 | 1);
	guest_deposit(id, 8);
	guest_set64(id, 0, GUEST_PAGE_REGISTER, 0x5000 | HV_OVERLAY_MSR_ENABLE);
	return id;
}

/* A guest's messages and events reach the root while it runs, and after. */
TEST(port_from_guest)
{
	hv_partition_id id = calling_guest();
	struct hv_input_post_message m = { .connection_id = LINK,
					   .message_type = 0x33,
					   .payload_size = 8,
					   .payload = { 0x1122334455667788ull } };
	struct hv_input_signal_event ev = { .connection_id = LINK + 1, .flag_number = 31 };
	uint64_t before, word;

	synic_pages();
	CHECK_EQ(make(SELF, id, HV_PORT_TYPE_MESSAGE, SINT, HV_ANY_VP), HV_STATUS_SUCCESS);
	CHECK_EQ(join(id, SELF, HV_PORT_TYPE_MESSAGE), HV_STATUS_SUCCESS);
	for (uint32_t i = 0; i < sizeof(m); i++)
		CHECK_EQ(guest_poke(id, GUEST_IN + i, ((const uint8_t *)&m)[i]), 0);
	before = interrupts();
	CHECK_EQ(guest_calls(id, HVCALL_POST_MESSAGE, GUEST_IN), HV_STATUS_SUCCESS);
	CHECK(came(before, 1));
	CHECK_EQ(simp->sint[SINT].header.message_type, 0x33);
	CHECK_EQ(simp->sint[SINT].header.sender, PORT);
	CHECK_EQ(simp->sint[SINT].payload[0], 0x1122334455667788ull);
	for (uint32_t i = 0; i < 16; i++)
		CHECK_EQ(guest_calls(id, HVCALL_POST_MESSAGE, GUEST_IN), HV_STATUS_SUCCESS);
	CHECK_EQ(guest_calls(id, HVCALL_POST_MESSAGE, GUEST_IN), HV_STATUS_INSUFFICIENT_BUFFERS);
	CHECK(came(before, 1));
	/* A hypervisor's type is not the guest's to send */
	CHECK_EQ(guest_poke(id, GUEST_IN + 11, 0x80), 0);
	CHECK_EQ(guest_calls(id, HVCALL_POST_MESSAGE, GUEST_IN), HV_STATUS_INVALID_PARAMETER);
	gone(HVCALL_DELETE_PORT, SELF, PORT, 0);
	end_of_message(SINT);
	CHECK_EQ(simp->sint[SINT].header.message_type, 0);
	CHECK_EQ(make(SELF, id, HV_PORT_TYPE_EVENT, SINT, 0), HV_STATUS_SUCCESS);
	CHECK_EQ(join_at(id, SELF, HV_PORT_TYPE_EVENT, LINK + 1, 0, 0, 0), HV_STATUS_SUCCESS);
	memcpy(&word, &ev, sizeof(word));
	before = interrupts();
	CHECK_EQ(guest_calls(id, HVCALL_SIGNAL_EVENT | HV_HYPERCALL_FAST, word), HV_STATUS_SUCCESS);
	CHECK(came(before, 1));
	CHECK_EQ(siefp->sint[SINT][1], 1ull << 31);
	CHECK_EQ(guest_calls(id, HVCALL_SIGNAL_EVENT | HV_HYPERCALL_FAST, word + 1),
		 HV_STATUS_INVALID_CONNECTION_ID);
	CHECK_EQ(guest_calls(id, HVCALL_SIGNAL_EVENT | HV_HYPERCALL_FAST, word + (1ull << 32)),
		 HV_STATUS_INVALID_PARAMETER);
	gone(HVCALL_DELETE_PORT, SELF, PORT, 0);
	synic_off();
}

/* The root waits for a slot: told once, when the guest has emptied it. */
TEST(port_deliverable)
{
	static const uint8_t code[] = GUEST_CODE_HALT;
	hv_partition_id id = guest_new(0, 1);
	struct hv_input_post_message_direct in = { .partition_id = id, .sint = SINT };
	struct hv_message m = { .header = { .message_type = 5 } };
	guest_sints_message sints;

	guest_start(id, 0, code, sizeof(code));
	guest_deposit(id, 8);
	guest_set64(id, 0, HV_REGISTER_SIMP, GUEST_SIMP | 1);
	guest_set64(id, 0, HV_REGISTER_SCONTROL, 1);
	memcpy(in.message, &m, sizeof(m));
	CHECK_EQ(hv_status(HVCALL_POST_MESSAGE_DIRECT, &in, sizeof(in), NULL, 0),
		 HV_STATUS_SUCCESS);
	guest_set64(id, 0, GUEST_NOTIFICATIONS, 1ull << (48 + SINT));
	CHECK_EQ(guest_get64(id, 0, GUEST_NOTIFICATIONS), 1ull << (48 + SINT));
	CHECK_EQ(guest_word(id, GUEST_SIMP + 256 * SINT + 5, 1), 1);
	CHECK_EQ(guest_run(id, 0), GUEST_HALTED);
	CHECK_EQ(guest_poke(id, GUEST_SIMP + 256 * SINT, 0), 0);
	guest_set64(id, 0, GUEST_PC, GUEST_CODE);
	CHECK_EQ(guest_run(id, 0), HVMSG_SYNIC_SINT_DELIVERABLE);
	memcpy(&sints, guest_message(id, 0)->payload, sizeof(sints));
	CHECK_EQ(sints.deliverable_sints, 1u << SINT);
	CHECK_EQ(GUEST_MESSAGE_PC(&sints), GUEST_CODE);
	CHECK_EQ(guest_get64(id, 0, GUEST_NOTIFICATIONS), 0);
	CHECK_EQ(guest_run(id, 0), GUEST_HALTED);
	CHECK_EQ(guest_set_status(id, 0, GUEST_NOTIFICATIONS, 1ull << 47),
		 HV_STATUS_INVALID_REGISTER_VALUE);
}

/* -- the WHv calls: what they put into a VP is in its state ---------------------------------------
 */

static struct vm vm;

void port_tests_clean_up(void)
{
	if (vm.p)
		(void)vm_delete(&vm, false);
}

TEST(port_whv)
{
	struct hv_message m = { .header = { .message_type = 0x44, .payload_size = 8 },
				.payload = { 0x99 } };
	WHV_SYNIC_EVENT_PARAMETERS e = { .VpIndex = 1, .TargetSint = SINT, .FlagNumber = 9 };
	static struct hv_message_page messages;
	static uint64_t flags[512];
	BOOL newly;
	UINT32 n;

	whv_metal_init();
	CHECK(vm_create(&vm, 2, 0x400000, NULL));
	CHECK_EQ(WHvPostVirtualProcessorSynicMessage(vm.p, 1, SINT, &m, sizeof(m)),
		 HRESULT_FROM_HV_STATUS(HV_STATUS_INVALID_SYNIC_STATE));
	CHECK_EQ(vm_set(&vm, 1, WHvRegisterSimp, GUEST_SIMP | 1), S_OK);
	CHECK_EQ(vm_set(&vm, 1, WHvRegisterSiefp, GUEST_SIEFP | 1), S_OK);
	CHECK_EQ(vm_set(&vm, 1, WHvRegisterScontrol, 1), S_OK);
	CHECK_EQ(vm_set(&vm, 1, WHvRegisterSint0 + SINT, 0x12), S_OK);
	CHECK(vm_interrupts_on(&vm, 1));
	CHECK(!vm_interrupt_pends(&vm, 1, 0x12));
	CHECK_EQ(WHvPostVirtualProcessorSynicMessage(vm.p, 1, SINT, &m, 24), S_OK);
	CHECK(vm_interrupt_pends(&vm, 1, 0x12));
	CHECK(!vm_interrupt_pends(&vm, 0, 0x12));
	CHECK_EQ(WHvPostVirtualProcessorSynicMessage(vm.p, 1, SINT, &m, 24),
		 HRESULT_FROM_HV_STATUS(HV_STATUS_OBJECT_IN_USE));
	CHECK_EQ(WHvGetVirtualProcessorState(vm.p, 1, WHvVirtualProcessorStateTypeSynicMessagePage,
					     &messages, sizeof(messages), &n),
		 S_OK);
	m.header.message_flags = 1;
	CHECK(!memcmp(&messages.sint[SINT], &m, 24));
	for (uint32_t i = 0; i < 2; i++) {
		CHECK_EQ(WHvSignalVirtualProcessorSynicEvent(vm.p, e, &newly), S_OK);
		CHECK_EQ(newly, !i);
	}
	CHECK_EQ(WHvGetVirtualProcessorState(vm.p, 1,
					     WHvVirtualProcessorStateTypeSynicEventFlagPage, flags,
					     sizeof(flags), &n),
		 S_OK);
	CHECK_EQ(flags[32 * SINT], 1u << 9);
	e.FlagNumber = 2048;
	CHECK_EQ(WHvSignalVirtualProcessorSynicEvent(vm.p, e, &newly),
		 HRESULT_FROM_HV_STATUS(HV_STATUS_INVALID_PARAMETER));
	CHECK(vm_delete(&vm, false));
}

/* A store of the guest's that the root hears by its event ring; the guest goes on. */
TEST(port_doorbell)
{
	static const uint8_t code[] = GUEST_CODE_COPY;
	hv_partition_id id = guest_new(0, 1);
	struct hv_input_notify_port_ring_empty in = { .sint_index = 5 };
	uint64_t before;

	guest_start(id, 0, code, sizeof(code));
	synic_pages();
	synic_set(HV_REGISTER_SINT0 + 5, HV_SYNIC_SINT_AS_INTERCEPT | vector);
	CHECK_EQ(make(SELF, id, HV_PORT_TYPE_DOORBELL, 5, HV_ANY_VP), HV_STATUS_SUCCESS);
	CHECK_EQ(join_at(id, SELF, HV_PORT_TYPE_DOORBELL, LINK, 0x4000, 0x55, 3),
		 HV_STATUS_SUCCESS);
	before = interrupts();
	for (uint32_t i = 0; i < 70; i++) {
		guest_set64(id, 0, GUEST_PC, GUEST_CODE + GUEST_CODE_STORE);
		guest_set64(id, 0, GUEST_DATA, 0x55);
		guest_store_to(id, 0, 0x4000);
		CHECK_EQ(guest_run(id, 0), GUEST_HALTED);
	}
	/* One message on SINT 0 so far, since nobody took it */
	CHECK(came(before, 1));
	CHECK_EQ(simp->sint[0].header.message_type, HVMSG_SYNIC_SINT_INTERCEPT);
	CHECK_EQ(simp->sint[0].payload[0], 5);
	for (uint32_t i = 0; i < 63; i++) {
		CHECK_EQ(ring->sint[5].port[i], PORT);
		ring->sint[5].port[i] = 0;
	}
	CHECK_EQ(ring->sint[5].ring_full, 1);
	ring->sint[5].ring_full = 0;
	CHECK_EQ(hv_status(HVCALL_NOTIFY_PORT_RING_EMPTY, &in, sizeof(in), NULL, 0),
		 HV_STATUS_SUCCESS);
	CHECK_EQ(ring->sint[5].port[0], PORT);
	end_of_message(0);
	/* Another value is the root's, as any access to what is not there */
	guest_set64(id, 0, GUEST_PC, GUEST_CODE + GUEST_CODE_STORE);
	guest_set64(id, 0, GUEST_DATA, 0x56);
	guest_store_to(id, 0, 0x4000);
	CHECK_EQ(guest_run(id, 0), HVMSG_UNMAPPED_GPA);
	gone(HVCALL_DISCONNECT_PORT, id, LINK, HV_DISCONNECT_PORT_DOORBELL);
	guest_set64(id, 0, GUEST_DATA, 0x55);
	CHECK_EQ(guest_run(id, 0), HVMSG_UNMAPPED_GPA);
	gone(HVCALL_DELETE_PORT, SELF, PORT, 0);
	synic_off();
}
