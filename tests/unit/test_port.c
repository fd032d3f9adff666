/* SPDX-License-Identifier: MIT */
/* Ports, connections, messages, events and doorbells, through the hypercalls that make and use
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_hcall.h"
#include "hvapi/msr.h"
#include "hvapi/port.h"

#define PORT	 0x123u
#define LINK	 0x456u
#define VECTOR	 0x40u
#define FAST	 HV_HYPERCALL_FAST
#define NO_PORT	 HV_STATUS_INVALID_PORT_ID
#define NO_LINK	 HV_STATUS_INVALID_CONNECTION_ID
#define BAD	 HV_STATUS_INVALID_PARAMETER
#define NO_SYNIC HV_STATUS_INVALID_SYNIC_STATE

static struct hv_input_create_port port_of(uint32_t type)
{
	return (struct hv_input_create_port){
		.port_partition_id = child->id,
		.port_id = PORT,
		.connection_partition_id = HV_PARTITION_ID_SELF,
		.port_type = type,
		.target_sint = 2,
		.target_vp = 0,
		.info = type == HV_PORT_TYPE_EVENT ? 100u | 8u << 16 : 0,
	};
}

static struct hv_input_connect_port link_of(uint32_t type)
{
	return (struct hv_input_connect_port){
		.connection_partition_id = HV_PARTITION_ID_SELF,
		.connection_id = LINK,
		.port_partition_id = child->id,
		.port_id = PORT,
		.port_type = type,
	};
}

static uint16_t call_id(uint16_t code, hv_partition_id p, uint32_t id, uint32_t flags)
{
	struct hv_input_port in = { .partition_id = p, .id = id, .flags = flags };

	return hcall(code, &in, sizeof(in));
}

static uint16_t make(const struct hv_input_create_port *in)
{
	return hcall(HVCALL_CREATE_PORT, in, sizeof(*in));
}

static uint16_t join(const struct hv_input_connect_port *in)
{
	return hcall(HVCALL_CONNECT_PORT, in, sizeof(*in));
}

static uint16_t post(struct vp *by, uint32_t link, uint32_t type)
{
	struct hv_input_post_message in = { .connection_id = link,
					    .message_type = type,
					    .payload_size = 8,
					    .payload = { type * 3ull } };

	return hcall_as(by, HVCALL_POST_MESSAGE, &in, sizeof(in));
}

static uint16_t signal_by(struct vp *by, uint32_t link, uint16_t flag)
{
	struct hv_input_signal_event in = { .connection_id = link, .flag_number = flag };

	return hcall_as(by, HVCALL_SIGNAL_EVENT, &in, sizeof(in));
}

static void set(struct vp *vp, uint32_t msr, uint64_t v)
{
	assert_int_equal(hv_msr_write(vp, msr, v), HV_MSR_OK);
}

static void synic_on(struct vp *vp)
{
	uint64_t simp = 0x100001, siefp = 0x101001;

	if (vp->partition == partition_root) {
		simp = vp->overlay[VP_OVERLAY_SIMP] | 1;
		siefp = vp->overlay[VP_OVERLAY_SIEFP] | 1;
		set(vp, HV_X64_MSR_SIRBP, vp->overlay[VP_OVERLAY_RING] | 1);
	}
	set(vp, HV_X64_MSR_SIMP, simp + vp->index * 0x2000ull);
	set(vp, HV_X64_MSR_SIEFP, siefp + vp->index * 0x2000ull);
	set(vp, HV_X64_MSR_SCONTROL, 1);
	for (uint32_t i = 0; i < 16; i++)
		set(vp, HV_X64_MSR_SINT0 + i, VECTOR + i);
}

static const struct hv_message *slot(const struct vp *vp, uint32_t sint)
{
	return &vp->synic->simp_page->sint[sint];
}

static void empty(struct vp *vp, uint32_t sint)
{
	vp->synic->simp_page->sint[sint].header.message_type = 0;
	set(vp, HV_X64_MSR_EOM, 0);
}

/* Both partitions with their SynICs on; nothing else is there. */
static int setup(void **state)
{
	(void)state;
	synic_reset(child_vp->synic);
	synic_on(child_vp);
	fake_forget();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)call_id(HVCALL_DELETE_PORT, child->id, PORT, 0);
	(void)call_id(HVCALL_DISCONNECT_PORT, HV_PARTITION_ID_SELF, LINK, 0);
	return 0;
}

static void test_create(void **state)
{
	static const struct bad_field bad[] = {
		{ 0, 8, 12345, HV_STATUS_INVALID_PARTITION_ID },
		{ 8, 4, 0x1000000, NO_PORT },
		{ 8, 4, 0x80000001, NO_PORT },
		{ 12, 1, 1, BAD },
		{ 13, 1, 1, BAD },
		{ 14, 2, 1, BAD },
		{ 16, 8, 12345, HV_STATUS_INVALID_PARTITION_ID },
		{ 24, 4, 0, BAD },
		{ 24, 4, 3, BAD }, /* monitor */
		{ 24, 4, 4, BAD }, /* a doorbell is the root's */
		{ 24, 4, 5, BAD },
		{ 28, 4, 1, BAD },
		{ 32, 4, 16, BAD },
		{ 36, 4, 1, HV_STATUS_INVALID_VP_INDEX },
		{ 36, 4, 64, HV_STATUS_INVALID_VP_INDEX },
	};
	static const struct bad_field bad_event[] = {
		{ 40, 8, 0, BAD }, /* no flag */
		{ 40, 8, 2047u | 2u << 16, BAD },
		{ 40, 8, 0xffffu | 0xffffu << 16, BAD },
		{ 40, 8, 1ull << 32 | 1u << 16, BAD },
	};
	struct hv_input_create_port in = port_of(HV_PORT_TYPE_MESSAGE);
	uint64_t before = child->pool.free_count;

	(void)state;
	refuse_each(HVCALL_CREATE_PORT, &in, sizeof(in), bad, ARRAY_LEN(bad));
	in.info = 1;
	assert_int_equal(make(&in), BAD);
	in = port_of(HV_PORT_TYPE_EVENT);
	refuse_each(HVCALL_CREATE_PORT, &in, sizeof(in), bad_event, ARRAY_LEN(bad_event));
	assert_int_equal(child->pool.free_count, before);
	in = port_of(HV_PORT_TYPE_MESSAGE);
	assert_int_equal(make(&in), OK);
	assert_int_equal(make(&in), NO_PORT); /* the number is taken */
	in.port_id++;
	in.target_vp = HV_ANY_VP;
	assert_int_equal(make(&in), OK);
	assert_int_equal(call_id(HVCALL_DELETE_PORT, child->id, PORT, 1), BAD);
	assert_int_equal(call_id(HVCALL_DELETE_PORT, child->id, PORT + 2, 0), NO_PORT);
	assert_int_equal(call_id(HVCALL_DELETE_PORT, child->id, PORT + 1, 0), OK);
	assert_int_equal(call_id(HVCALL_DELETE_PORT, child->id, PORT, 0), OK);
	assert_int_equal(call_id(HVCALL_DELETE_PORT, child->id, PORT, 0), NO_PORT);
	/* All but the tables' page is back */
	assert_int_equal(child->pool.free_count, before - 1);
	/* A child may neither make nor join */
	assert_int_equal(hcall_as(child_vp, HVCALL_CREATE_PORT, &in, 0), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(hcall_as(child_vp, HVCALL_CONNECT_PORT, &in, 0), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(hcall_as(child_vp, HVCALL_DELETE_PORT, &in, 0), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(hcall_as(child_vp, HVCALL_NOTIFY_PORT_RING_EMPTY, &in, 0),
			 HV_STATUS_ACCESS_DENIED);
}

static void test_connect(void **state)
{
	static const struct bad_field bad[] = {
		{ 0, 8, 12345, HV_STATUS_INVALID_PARTITION_ID },
		{ 8, 4, 0x1000000, NO_LINK },
		{ 12, 1, 1, BAD },
		{ 13, 1, 1, BAD },
		{ 15, 1, 1, BAD },
		{ 16, 8, 12345, HV_STATUS_INVALID_PARTITION_ID },
		{ 16, 8, HV_PARTITION_ID_SELF, NO_PORT },
		{ 24, 4, PORT + 1, NO_PORT },
		{ 28, 4, 1, BAD },
		{ 32, 4, HV_PORT_TYPE_EVENT, NO_PORT }, /* it is a message port */
		{ 36, 4, 1, BAD },
		{ 40, 8, 1, BAD },
		{ 48, 8, 1, BAD },
		{ 56, 8, 1, BAD },
	};
	struct hv_input_create_port port = port_of(HV_PORT_TYPE_MESSAGE);
	struct hv_input_connect_port in = link_of(HV_PORT_TYPE_MESSAGE), theirs = in;

	(void)state;
	assert_int_equal(make(&port), OK);
	refuse_each(HVCALL_CONNECT_PORT, &in, sizeof(in), bad, ARRAY_LEN(bad));
	/* The port is for the root to send to, not for the child itself */
	theirs.connection_partition_id = child->id;
	assert_int_equal(join(&theirs), NO_PORT);
	assert_int_equal(join(&in), OK);
	assert_int_equal(join(&in), NO_LINK);
	assert_int_equal(call_id(HVCALL_DISCONNECT_PORT, HV_PARTITION_ID_SELF, LINK, 2), BAD);
	assert_int_equal(call_id(HVCALL_DISCONNECT_PORT, HV_PARTITION_ID_SELF, LINK, 1), NO_LINK);
	assert_int_equal(call_id(HVCALL_DISCONNECT_PORT, HV_PARTITION_ID_SELF, LINK + 1, 0),
			 NO_LINK);
	assert_int_equal(call_id(HVCALL_DISCONNECT_PORT, HV_PARTITION_ID_SELF, LINK, 0), OK);
	assert_int_equal(call_id(HVCALL_DISCONNECT_PORT, HV_PARTITION_ID_SELF, LINK, 0), NO_LINK);
}

static void test_memory(void **state)
{
	struct hv_input_create_port port = port_of(HV_PORT_TYPE_MESSAGE);
	struct pool empty_pool = { 0 }, full = child->pool;
	struct ipc before = child->ipc;

	(void)state;
	/* Never half of one: a message port takes up to three pages */
	for (uint32_t pages = 0; pages < 3; pages++) {
		child->ipc = (struct ipc){ 0 };
		child->pool = full;
		empty_pool = (struct pool){ 0 };
		for (uint32_t i = 0; i < pages; i++)
			pool_give(&empty_pool, pool_take(&child->pool));
		full = child->pool;
		child->pool = empty_pool;
		assert_int_equal(make(&port), HV_STATUS_INSUFFICIENT_MEMORY);
		assert_int_equal(make(&port), HV_STATUS_INSUFFICIENT_MEMORY);
		/* The page of the tables stays */
		assert_int_equal(child->pool.free_count, pages ? pages - 1 : 0);
		for (uint32_t i = 0; i + 1 < pages; i++)
			pool_give(&full, pool_take(&child->pool));
		if (pages)
			pool_give(&full, child->ipc.tables);
	}
	child->pool = full;
	child->ipc = before;
}

static void test_post(void **state)
{
	static const struct bad_field bad[] = {
		{ 0, 4, LINK + 1, NO_LINK }, { 4, 4, 1, BAD },	  { 8, 4, 0, BAD },
		{ 8, 4, 0x80000000, BAD },   { 12, 4, 241, BAD }, { 12, 4, ~0u, BAD },
	};
	struct hv_input_post_message good = { .connection_id = LINK, .message_type = 7 };
	struct hv_input_create_port port = port_of(HV_PORT_TYPE_MESSAGE);
	struct hv_input_connect_port link = link_of(HV_PORT_TYPE_MESSAGE);

	(void)state;
	assert_int_equal(make(&port), OK);
	assert_int_equal(join(&link), OK);
	refuse_each(HVCALL_POST_MESSAGE, &good, sizeof(good), bad, ARRAY_LEN(bad));
	assert_int_equal(signal_by(&fake_root_vp, LINK, 0), NO_LINK); /* of another type */
	assert_int_equal(post(&fake_root_vp, LINK, 7), OK);
	assert_int_equal(slot(child_vp, 2)->header.message_type, 7);
	assert_int_equal(slot(child_vp, 2)->header.sender, PORT);
	assert_int_equal(slot(child_vp, 2)->header.payload_size, 8);
	assert_int_equal(slot(child_vp, 2)->payload[0], 21);
	assert_int_equal(fake_count(FAKE_SINT, child_vp), 1);
	assert_int_equal(fake_notes[fake_find(FAKE_SINT, child_vp, 0)].arg, VECTOR + 2);
	for (uint32_t i = 0; i < SYNIC_QUEUE_MESSAGES; i++)
		assert_int_equal(post(&fake_root_vp, LINK, 8 + i), OK);
	assert_int_equal(post(&fake_root_vp, LINK, 9), HV_STATUS_INSUFFICIENT_BUFFERS);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(slot(child_vp, 2)->header.message_type, 7 + i);
		empty(child_vp, 2);
	}
	/* What waits goes with the port, and the guest's EOMs find nothing. */
	assert_int_equal(call_id(HVCALL_DELETE_PORT, child->id, PORT, 0), OK);
	empty(child_vp, 2);
	assert_int_equal(slot(child_vp, 2)->header.message_type, 0);
	assert_int_equal(post(&fake_root_vp, LINK, 9), NO_PORT);
	/* The number again, for another sender: the old connection does not fit it */
	port.connection_partition_id = child->id;
	assert_int_equal(make(&port), OK);
	assert_int_equal(post(&fake_root_vp, LINK, 9), NO_PORT);
	assert_int_equal(call_id(HVCALL_DELETE_PORT, child->id, PORT, 0), OK);
	port.connection_partition_id = HV_PARTITION_ID_SELF;
	assert_int_equal(make(&port), OK);
	set(child_vp, HV_X64_MSR_SCONTROL, 0);
	assert_int_equal(post(&fake_root_vp, LINK, 9), NO_SYNIC);
}

static void test_signal(void **state)
{
	static const struct bad_field bad[] = {
		{ 0, 4, LINK + 1, NO_LINK },
		{ 4, 2, 8, BAD },
		{ 4, 2, 0xffff, BAD },
		{ 6, 2, 1, BAD },
	};
	struct hv_input_signal_event good = { .connection_id = LINK };
	struct hv_input_create_port port = port_of(HV_PORT_TYPE_EVENT);
	struct hv_input_connect_port link = link_of(HV_PORT_TYPE_EVENT);

	(void)state;
	assert_int_equal(make(&port), OK);
	assert_int_equal(join(&link), OK);
	refuse_each(HVCALL_SIGNAL_EVENT, &good, sizeof(good), bad, ARRAY_LEN(bad));
	assert_int_equal(post(&fake_root_vp, LINK, 7), NO_LINK);
	assert_int_equal(signal_by(&fake_root_vp, LINK, 7), OK);
	assert_int_equal(signal_by(&fake_root_vp, LINK, 7), OK); /* once is enough */
	assert_int_equal(fake_count(FAKE_SINT, child_vp), 1);
	assert_true(child_vp->synic->siefp_page->sint[2][1] == 1ull << (107 - 64));
	set(child_vp, HV_X64_MSR_SINT0 + 2, 0x10040);
	assert_int_equal(signal_by(&fake_root_vp, LINK, 0), NO_SYNIC);
	assert_int_equal(call_id(HVCALL_DELETE_PORT, child->id, PORT, 0), OK);
	assert_int_equal(signal_by(&fake_root_vp, LINK, 0), NO_PORT);
}

/* A port of any VP: the first that can take it; while its queue waits, that one. */
static void test_any_vp(void **state)
{
	struct hv_input_create_port port = port_of(HV_PORT_TYPE_MESSAGE);
	struct hv_input_connect_port link = link_of(HV_PORT_TYPE_MESSAGE);
	struct hv_input_create_vp in = { .partition_id = child->id, .vp_index = 5 };
	struct hv_input_vp gone = { .partition_id = child->id, .vp_index = 5 };
	struct vp *other;

	(void)state;
	port.target_vp = HV_ANY_VP;
	assert_int_equal(hcall(HVCALL_CREATE_VP, &in, sizeof(in)), OK);
	other = vp_find(child, 5);
	assert_int_equal(make(&port), OK);
	assert_int_equal(join(&link), OK);
	set(child_vp, HV_X64_MSR_SCONTROL, 0);
	assert_int_equal(post(&fake_root_vp, LINK, 7), HV_STATUS_INVALID_VP_INDEX);
	synic_on(other);
	assert_int_equal(post(&fake_root_vp, LINK, 7), OK);
	assert_int_equal(post(&fake_root_vp, LINK, 8), OK);
	set(child_vp, HV_X64_MSR_SCONTROL, 1);
	assert_int_equal(post(&fake_root_vp, LINK, 9), OK);
	assert_int_equal(slot(child_vp, 2)->header.message_type, 0);
	for (uint32_t i = 7; i < 10; i++) {
		assert_int_equal(slot(other, 2)->header.message_type, i);
		empty(other, 2);
	}
	assert_int_equal(post(&fake_root_vp, LINK, 10), OK);
	assert_int_equal(slot(child_vp, 2)->header.message_type, 10);
	empty(child_vp, 2);
	/* A VP that goes takes what waits at it along, and the port goes on */
	set(child_vp, HV_X64_MSR_SCONTROL, 0);
	assert_int_equal(post(&fake_root_vp, LINK, 11), OK);
	assert_int_equal(post(&fake_root_vp, LINK, 12), OK);
	set(child_vp, HV_X64_MSR_SCONTROL, 1);
	assert_int_equal(hcall(HVCALL_DELETE_VP, &gone, sizeof(gone)), OK);
	assert_int_equal(post(&fake_root_vp, LINK, 13), OK);
	assert_int_equal(slot(child_vp, 2)->header.message_type, 13);
	/* One that names it: the VP is not there any more */
	assert_int_equal(call_id(HVCALL_DELETE_PORT, child->id, PORT, 0), OK);
	assert_int_equal(hcall(HVCALL_CREATE_VP, &in, sizeof(in)), OK);
	port.target_vp = 5;
	assert_int_equal(make(&port), OK);
	assert_int_equal(hcall(HVCALL_DELETE_VP, &gone, sizeof(gone)), OK);
	assert_int_equal(post(&fake_root_vp, LINK, 14), HV_STATUS_INVALID_VP_INDEX);
}

static void test_direct(void **state)
{
	static const struct bad_field bad[] = {
		{ 8, 4, 9, HV_STATUS_INVALID_VP_INDEX },
		{ 12, 1, 1, BAD },
		{ 13, 1, 1, BAD },
		{ 15, 1, 1, BAD },
		{ 16, 4, 16, BAD },
		{ 20, 4, 0, BAD },   /* type */
		{ 24, 1, 241, BAD }, /* payload size */
		{ 276, 4, 1, BAD },
	};
	static const struct bad_field bad_event[] = {
		{ 8, 4, 9, HV_STATUS_INVALID_VP_INDEX },
		{ 12, 1, 1, BAD },
		{ 13, 1, 16, BAD },
		{ 14, 2, 2048, BAD },
	};
	struct hv_input_post_message_direct in = { .partition_id = child->id, .sint = 3 };
	struct hv_input_signal_event_direct ev = { .partition_id = child->id,
						   .sint = 3,
						   .flag_number = 2047 };
	struct hv_message m = {
		.header = { .message_type = 0x80000005, .payload_size = 16, .sender = 0x77 }
	};

	(void)state;
	memcpy(in.message, &m, sizeof(m));
	refuse_each(HVCALL_POST_MESSAGE_DIRECT, &in, sizeof(in), bad, ARRAY_LEN(bad));
	assert_int_equal(hcall(HVCALL_POST_MESSAGE_DIRECT, &in, sizeof(in)), OK);
	assert_int_equal(slot(child_vp, 3)->header.message_type, 0x80000005);
	assert_int_equal(slot(child_vp, 3)->header.sender, 0x77);
	assert_int_equal(fake_count(FAKE_SINT, child_vp), 1);
	/* It never waits */
	assert_int_equal(hcall(HVCALL_POST_MESSAGE_DIRECT, &in, sizeof(in)),
			 HV_STATUS_OBJECT_IN_USE);
	assert_int_equal(slot(child_vp, 3)->header.message_flags, 1);
	refuse_each(HVCALL_SIGNAL_EVENT_DIRECT, &ev, sizeof(ev), bad_event, ARRAY_LEN(bad_event));
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(hcall(HVCALL_SIGNAL_EVENT_DIRECT, &ev, sizeof(ev)), OK);
		assert_int_equal(at_pfn(OUT_PFN)[0], !i);
	}
	assert_int_equal(hcall_as(child_vp, HVCALL_SIGNAL_EVENT_DIRECT, &ev, sizeof(ev)),
			 HV_STATUS_ACCESS_DENIED);
	/* The root waits for the slot */
	hv_notify_sints(child_vp, 1u << 3 | 1u << 4);
	assert_int_equal(hv_deliverable_sints(child_vp), 1u << 4);
	empty(child_vp, 3);
	assert_int_equal(hv_deliverable_sints(child_vp), 1u << 3 | 1u << 4);
	child_vp->sint_notify = 0;
	assert_int_equal(hv_deliverable_sints(child_vp), 0);
}

/* -- doorbells: a port of the root's, a connection of the child's -------------------------------
 */
#define GPA_D 0xfee10004ull

static struct hv_input_connect_port bell(uint32_t link, uint64_t gpa, uint64_t value,
					 uint64_t flags)
{
	struct hv_input_connect_port in = link_of(HV_PORT_TYPE_DOORBELL);

	in.connection_partition_id = child->id;
	in.port_partition_id = HV_PARTITION_ID_SELF;
	in.connection_id = link;
	in.gpa = gpa;
	in.trigger_value = value;
	in.flags = flags;
	return in;
}

static uint32_t rung(uint32_t n)
{
	struct hv_synic_event_ring *r = &fake_root_vp.synic->ring_page->sint[2];
	uint32_t port = r->port[n];

	r->port[n] = 0;
	return port;
}

static void test_doorbell(void **state)
{
	static const struct bad_field bad[] = {
		{ 40, 8, 1ull << 52, BAD },
		{ 56, 8, 5, BAD },
		{ 56, 8, 8, BAD },
		{ 56, 8, 1ull << 32, BAD },
	};
	struct hv_input_create_port port = port_of(HV_PORT_TYPE_DOORBELL);
	struct hv_input_connect_port in = bell(1, GPA_D, 7, 3),
				     any = bell(2, GPA_D + 4, 0, HV_DOORBELL_FLAG_ANY_VALUE);
	struct hv_input_connect_port again = bell(3, GPA_D, 7, 3), more = bell(3, GPA_D, 8, 3);
	struct hv_input_connect_port one = bell(4, GPA_D + 8, 7, 3);
	struct hv_input_notify_port_ring_empty ring = { .sint_index = 2 };
	struct vp *root = &fake_root_vp;

	(void)state;
	port.port_partition_id = HV_PARTITION_ID_SELF;
	port.connection_partition_id = child->id;
	port.target_vp = HV_ANY_VP;
	port.port_id = 0;
	assert_int_equal(make(&port), NO_PORT);
	port.port_id = PORT;
	assert_int_equal(make(&port), OK);
	refuse_each(HVCALL_CONNECT_PORT, &in, sizeof(in), bad, ARRAY_LEN(bad));
	assert_false(port_ring_doorbell(child, GPA_D, 4, 7));
	assert_int_equal(child->ipc.doorbells, 0);
	assert_int_equal(join(&in), OK);
	assert_int_equal(join(&again), BAD);	  /* one write, one bell */
	again.flags = HV_DOORBELL_FLAG_ANY_VALUE; /* every value and size: that one too */
	assert_int_equal(join(&again), BAD);
	again = bell(3, GPA_D, 7, 0);
	assert_int_equal(join(&again), BAD);
	again = bell(3, GPA_D, 7, 2); /* two bytes are another write */
	assert_int_equal(join(&again), OK);
	assert_int_equal(call_id(HVCALL_DISCONNECT_PORT, child->id, 3, 1), OK);
	assert_int_equal(join(&more), OK);
	assert_int_equal(join(&any), OK);
	assert_int_equal(child->ipc.doorbells, 3);
	/* Nobody listens: the write is the root's, as any other. So it is with a port of one VP. */
	assert_false(port_ring_doorbell(child, GPA_D, 4, 7));
	port.target_vp = 0;
	port.port_id = PORT + 1;
	assert_int_equal(make(&port), OK);
	one.port_id = PORT + 1;
	assert_int_equal(join(&one), OK);
	assert_false(port_ring_doorbell(child, GPA_D + 8, 4, 7));
	assert_int_equal(call_id(HVCALL_DISCONNECT_PORT, child->id, 4, 1), OK);
	assert_int_equal(call_id(HVCALL_DELETE_PORT, HV_PARTITION_ID_SELF, PORT + 1, 0), OK);
	synic_on(root);
	fake_forget();
	assert_false(port_ring_doorbell(child, GPA_D, 4, 9)); /* value */
	assert_false(port_ring_doorbell(child, GPA_D, 2, 7)); /* size */
	assert_false(port_ring_doorbell(child, GPA_D + 1, 4, 7));
	assert_int_equal(fake_note_count, 0);
	assert_true(port_ring_doorbell(child, GPA_D, 4, 7));
	assert_int_equal(fake_count(FAKE_SINT, root), 1);
	assert_int_equal(rung(0), PORT);
	assert_true(port_ring_doorbell(child, GPA_D + 4, 8, 0x1234));
	assert_true(port_ring_doorbell(child, GPA_D + 4, 1, 0));
	for (uint32_t i = 3; i < 63 + 3; i++)
		assert_true(port_ring_doorbell(child, GPA_D, 4, 8));
	/* Full: it is remembered, and put in when the root says that there is room */
	assert_int_equal(root->synic->ring_page->sint[2].ring_full, 1);
	assert_int_equal(rung(0), PORT);
	ring.padding = 1;
	assert_int_equal(hcall(HVCALL_NOTIFY_PORT_RING_EMPTY, &ring, sizeof(ring)), BAD);
	ring = (struct hv_input_notify_port_ring_empty){ .sint_index = 16 };
	assert_int_equal(hcall(HVCALL_NOTIFY_PORT_RING_EMPTY, &ring, sizeof(ring)), BAD);
	for (uint32_t i = 0; i < 63; i++)
		(void)rung(i);
	ring.sint_index = 3;
	assert_int_equal(hcall(HVCALL_NOTIFY_PORT_RING_EMPTY, &ring, sizeof(ring)), OK);
	for (uint32_t i = 0; i < 63; i++)
		assert_int_equal(rung(i), 0);
	ring.sint_index = 2;
	for (uint32_t round = 0; round < 2; round++) {
		uint32_t n = 0;

		assert_int_equal(hcall(HVCALL_NOTIFY_PORT_RING_EMPTY, &ring, sizeof(ring)), OK);
		for (uint32_t i = 0; i < 63; i++)
			n += rung(i) == PORT;
		assert_int_equal(n, !round);
	}
	/* A doorbell is taken away as one */
	assert_int_equal(call_id(HVCALL_DISCONNECT_PORT, child->id, 1, 0), NO_LINK);
	assert_int_equal(call_id(HVCALL_DISCONNECT_PORT, child->id, 1, 1), OK);
	assert_false(port_ring_doorbell(child, GPA_D, 4, 7));
	assert_true(port_ring_doorbell(child, GPA_D, 4, 8));
	assert_int_equal(call_id(HVCALL_DELETE_PORT, HV_PARTITION_ID_SELF, PORT, 0), OK);
	assert_false(port_ring_doorbell(child, GPA_D, 4, 8));
	assert_int_equal(call_id(HVCALL_DISCONNECT_PORT, child->id, 2, 1), OK);
	assert_int_equal(call_id(HVCALL_DISCONNECT_PORT, child->id, 3, 1), OK);
	assert_int_equal(child->ipc.doorbells, 0);
}

/* The partition ends with ports, connections and messages in it: group_teardown counts its pages.
 */
static void test_end(void **state)
{
	struct hv_input_create_port port = port_of(HV_PORT_TYPE_MESSAGE);
	struct hv_input_connect_port link = link_of(HV_PORT_TYPE_MESSAGE);
	struct hv_input_connect_port in = bell(1, GPA_D, 7, 3);

	(void)state;
	assert_int_equal(make(&port), OK);
	assert_int_equal(join(&link), OK);
	for (uint32_t i = 1; i < 4; i++)
		assert_int_equal(post(&fake_root_vp, LINK, i), OK);
	port.port_partition_id = HV_PARTITION_ID_SELF;
	port.connection_partition_id = child->id;
	port.port_type = HV_PORT_TYPE_DOORBELL;
	port.target_vp = HV_ANY_VP;
	assert_int_equal(make(&port), OK);
	assert_int_equal(join(&in), OK);
	assert_int_equal(partition_finalize(child), OK);
	assert_null(child->ipc.tables);
	assert_null(child->ipc.cells.pages);
	assert_int_equal(post(&fake_root_vp, LINK, 9), NO_PORT);
	assert_int_equal(make(&(struct hv_input_create_port){ .port_partition_id = child->id,
							      .connection_partition_id =
								      HV_PARTITION_ID_SELF,
							      .port_type = 1 }),
			 HV_STATUS_INVALID_PARTITION_STATE);
	assert_int_equal(call_id(HVCALL_DELETE_PORT, HV_PARTITION_ID_SELF, PORT, 0), OK);
	child_vp = NULL;
}

/* The root's SynIC stands for that of a booted root: pages of the core's. */
static int group_setup(void **state)
{
	static struct hv_synic synic;
	static struct hv_stimers stimers;
	static uint8_t pages[3][PAGE_SIZE] __attribute__((aligned(8)));
	uint64_t pfns[8];
	uint32_t done;

	if (hcall_setup(state))
		return -1;
	fake_root_vp.synic = &synic;
	fake_root_vp.stimers = &stimers;
	synic_init(&synic, (struct hv_message_page *)(void *)pages[0],
		   (struct hv_synic_event_flags_page *)(void *)pages[1]);
	synic_init_root(&synic, (struct hv_synic_event_ring_page *)(void *)pages[2]);
	for (uint32_t i = 0; i < VP_OVERLAY_PAGES; i++)
		fake_root_vp.overlay[i] = 0x5000ull + 0x1000 * i;
	fake_root.vps[0] = &fake_root_vp;
	percpu_self.root_vp = &fake_root_vp;
	for (uint32_t i = 0; i < 8; i++)
		pfns[i] = ROOT_FREE + 100 + i;
	return partition_deposit(&fake_root, pfns, 8, &done) == OK && done == 8 ? 0 : -1;
}

static int group_teardown(void **state)
{
	uint64_t pfn;

	(void)state;
	child_vp = NULL;
	fake_root.vps[0] = NULL;
	if (fake_root.ipc.tables)
		(void)call_id(HVCALL_DISCONNECT_PORT, HV_PARTITION_ID_SELF, LINK, 0);
	if (fake_child_end(child) != OK)
		return -1;
	port_close_all(&fake_root);
	while (partition_withdraw(&fake_root, &pfn) == OK)
		;
	return fake_root_missing() == 0 ? 0 : -1;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_create), TEST(test_connect),	TEST(test_memory),
		TEST(test_post),   TEST(test_signal),	TEST(test_any_vp),
		TEST(test_direct), TEST(test_doorbell), cmocka_unit_test_setup(test_end, setup),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
