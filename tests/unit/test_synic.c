/* SPDX-License-Identifier: MIT */
/* The SynIC against TLFS rules, a slow reference queue, and a guest that races with delivery. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hv/status.h>

#include "hvapi/synic.h"

static uint64_t simp[512], siefp[512];
static struct hv_synic synic;
/* One sender a SINT, and one more of SINT 5 */
static struct hv_message buffers[17][SYNIC_QUEUE_MESSAGES];
static struct synic_queue queues[17];
#define MORE 16u
static uint64_t seed = 0x2545f4914f6cdd1dull;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint8_t *slot(uint32_t sint)
{
	return (uint8_t *)simp + 256 * sint;
}

static uint32_t slot_type(uint32_t sint)
{
	uint32_t type;

	memcpy(&type, slot(sint), 4);
	return type;
}

static void slot_clear(uint32_t sint)
{
	memset(slot(sint), 0, 4);
}

static struct hv_message message(uint32_t type, uint8_t size)
{
	struct hv_message m;

	memset(&m, 0xee, sizeof(m));
	m.header.message_type = type;
	m.header.payload_size = size;
	m.header.sender = 0x1122334455667788ull;
	memset((uint8_t *)&m + 16, (int)(type & 0x7f), size);
	return m;
}

static void set(uint32_t reg, uint64_t val)
{
	uint16_t raise = 0;

	assert_true(synic_write(&synic, reg, val, &raise));
	assert_int_equal(raise, 0);
}

static uint64_t get(uint32_t reg)
{
	uint64_t val = ~0ull;

	assert_true(synic_read(&synic, reg, &val));
	return val;
}

/* Everything on; SINT n has vector 0x20 + n. */
static void setup(void)
{
	synic_init(&synic, (struct hv_message_page *)simp,
		   (struct hv_synic_event_flags_page *)siefp);
	for (uint32_t n = 0; n <= MORE; n++)
		queues[n] = (struct synic_queue){ .buffer = buffers[n] };
	set(HV_REGISTER_SCONTROL, 1);
	set(HV_REGISTER_SIMP, 0x5001);
	set(HV_REGISTER_SIEFP, 0x6001);
	for (uint32_t n = 0; n < 16; n++)
		set(HV_REGISTER_SINT0 + n, 0x20 + n);
}

static uint16_t post(uint32_t sint, uint32_t type, uint16_t *raise)
{
	struct hv_message m = message(type, 24);

	*raise = 0;
	return synic_post_message(&synic, sint, &queues[sint & 15], &m, raise);
}

static uint16_t post_by(uint32_t queue, uint32_t sint, uint32_t type, uint16_t *raise)
{
	struct hv_message m = message(type, 24);

	*raise = 0;
	return synic_post_message(&synic, sint, &queues[queue], &m, raise);
}

/* Messages that wait, of all senders */
static uint32_t waiting(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i <= MORE; i++)
		n += queues[i].count;
	return n;
}

static uint16_t post_queued(struct hv_synic *s, uint32_t sint, const struct hv_message *m,
			    uint16_t *raise)
{
	return synic_post_message(s, sint, &queues[sint & 15], m, raise);
}

static uint16_t eom(void)
{
	uint16_t raise = 0;

	assert_true(synic_write(&synic, HV_REGISTER_EOM, 0, &raise));
	return raise;
}

static void test_registers(void **state)
{
	static const uint32_t plain[] = { HV_REGISTER_SCONTROL, HV_REGISTER_SIEFP,
					  HV_REGISTER_SIMP };
	struct hv_synic before;
	uint16_t raise = 0;
	uint64_t val = 77;

	(void)state;
	assert_true(sizeof(synic) < 4096);
	memset(simp, 0x55, sizeof(simp));
	memset(siefp, 0x55, sizeof(siefp));
	memset(&synic, 0x55, sizeof(synic));
	synic_init(&synic, (struct hv_message_page *)simp,
		   (struct hv_synic_event_flags_page *)siefp);
	for (uint32_t i = 0; i < 512; i++)
		assert_true(!simp[i] && !siefp[i]);
	for (uint32_t i = 0; i < 3; i++) {
		assert_true(get(plain[i]) == 0);
		for (uint32_t bit = 0; bit < 64; bit++) { /* RsvdP: all bits are kept */
			set(plain[i], 1ull << bit);
			assert_true(get(plain[i]) == 1ull << bit);
		}
		set(plain[i], 0);
	}
	assert_int_equal(get(HV_REGISTER_SVERSION), 1);
	assert_int_equal(get(HV_REGISTER_EOM), 0);
	set(HV_REGISTER_EOM, ~0ull);
	assert_int_equal(get(HV_REGISTER_EOM), 0);
	before = synic;
	assert_false(synic_write(&synic, HV_REGISTER_SVERSION, 1, &raise));
	assert_false(synic_write(&synic, HV_REGISTER_SINT0 - 1, 0x10000, &raise));
	assert_false(synic_write(&synic, HV_REGISTER_SIRBP + 1, 0, &raise));
	assert_false(synic_read(&synic, HV_REGISTER_SINT0 - 1, &val));
	assert_false(synic_read(&synic, HV_REGISTER_SIRBP + 1, &val));
	assert_false(synic_read(&synic, 0, &val));
	assert_int_equal(val, 77);
	assert_memory_equal(&synic, &before, sizeof(before));
	assert_int_equal(raise, 0);
}

static void test_msr_names(void **state)
{
	(void)state;
	for (uint32_t msr = 0x40000000; msr < 0x40000200; msr++) {
		uint32_t want = 0;

		if (msr >= 0x40000080 && msr <= 0x40000085)
			want = 0xa0010 + (msr & 15);
		if (msr >= 0x40000090 && msr < 0x400000a0)
			want = 0xa0000 + (msr & 15);
		assert_int_equal(synic_register(msr), want);
	}
}

static void test_sint_register(void **state)
{
	struct hv_synic before;
	uint16_t raise = 0;

	(void)state;
	setup();
	synic_reset(&synic);
	for (uint32_t n = 0; n < 16; n++) {
		assert_int_equal(get(HV_REGISTER_SINT0 + n), 0x10000);
		for (uint32_t vector = 0; vector < 256; vector++) {
			before = synic;
			assert_int_equal(synic_write(&synic, HV_REGISTER_SINT0 + n, vector, &raise),
					 vector >= 16);
			if (vector < 16)
				assert_memory_equal(&synic, &before, sizeof(before));
			/* Masked, any: the reset value is one of them. */
			set(HV_REGISTER_SINT0 + n, 0x10000 | vector);
			assert_int_equal(get(HV_REGISTER_SINT0 + n), 0x10000 | vector);
			assert_int_equal(synic_vector(&synic, n), vector);
		}
		assert_false(synic_write(&synic, HV_REGISTER_SINT0 + n, 0x4000f, &raise));
		set(HV_REGISTER_SINT0 + n, 0xfffffffffffeff30ull);
		assert_true(get(HV_REGISTER_SINT0 + n) == 0xfffffffffffeff30ull);
	}
}

static void test_auto_eoi(void **state)
{
	(void)state;
	setup();
	set(HV_REGISTER_SINT0 + 3, 0x20090);
	set(HV_REGISTER_SINT0 + 15, 0x20091);
	set(HV_REGISTER_SINT0 + 4, 0x30092); /* masked */
	for (uint32_t vector = 0; vector < 256; vector++)
		assert_int_equal(synic_auto_eoi(&synic, (uint8_t)vector),
				 vector == 0x90 || vector == 0x91);
	set(HV_REGISTER_SINT0 + 3, 0x90);
	assert_false(synic_auto_eoi(&synic, 0x90));
	assert_true(synic_auto_eoi(&synic, 0x91));
	synic_reset(&synic);
	assert_false(synic_auto_eoi(&synic, 0x91));
}

static void test_post_refused(void **state)
{
	/* register, value, status */
	static const struct {
		uint32_t reg;
		uint64_t val;
		uint16_t want;
	} rows[] = {
		{ HV_REGISTER_SCONTROL, 0, HV_STATUS_INVALID_SYNIC_STATE },
		{ HV_REGISTER_SIMP, 0x5000, HV_STATUS_INVALID_SYNIC_STATE },
		{ HV_REGISTER_SIEFP, 0, HV_STATUS_SUCCESS },
		{ HV_REGISTER_SINT0 + 2, 0x10022, HV_STATUS_SUCCESS },
	};
	static uint64_t page[512];
	struct hv_synic before;
	struct hv_message m;
	uint16_t raise;

	(void)state;
	for (uint32_t direct = 0; direct < 2; direct++) {
		uint16_t (*send)(struct hv_synic *, uint32_t, const struct hv_message *,
				 uint16_t *) = direct ? synic_try_message : post_queued;

		m = message(7, 24);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			setup();
			set(rows[i].reg, rows[i].val);
			before = synic;
			raise = 0;
			assert_int_equal(send(&synic, 2, &m, &raise), rows[i].want);
			assert_int_equal(slot_type(2), rows[i].want ? 0 : 7);
			assert_memory_equal(&synic, &before, sizeof(before));
			assert_int_equal(raise, i == 2 ? 4 : 0);
		}
		setup();
		memcpy(page, simp, sizeof(page));
		before = synic;
		raise = 0;
		assert_int_equal(send(&synic, 16, &m, &raise), HV_STATUS_INVALID_PARAMETER);
		assert_int_equal(send(&synic, ~0u, &m, &raise), HV_STATUS_INVALID_PARAMETER);
		m.header.payload_size = 241;
		assert_int_equal(send(&synic, 2, &m, &raise), HV_STATUS_INVALID_PARAMETER);
		m = message(0, 24);
		assert_int_equal(send(&synic, 2, &m, &raise), HV_STATUS_INVALID_PARAMETER);
		assert_memory_equal(&synic, &before, sizeof(before));
		assert_memory_equal(simp, page, sizeof(page));
		assert_int_equal(raise, 0);
	}
}

static void test_post_bytes(void **state)
{
	(void)state;
	for (uint32_t size = 0; size <= 240; size++) {
		struct hv_message m = message(0x80000010, (uint8_t)size);
		uint32_t sint = size % 16, padded = (size + 7) & ~7u;
		uint16_t raise = 0x8000;
		uint8_t want[256];

		setup();
		memset(simp, 0xc3, sizeof(simp));
		slot_clear(sint);
		/* Payload of the message's size, zeros to the next 8, then what was there. */
		memset(want, 0xc3, sizeof(want));
		memset(want, 0, 16 + padded);
		memcpy(want, &m, 16 + size);
		want[5] = want[6] = want[7] = 0;
		assert_int_equal(post_queued(&synic, sint, &m, &raise), HV_STATUS_SUCCESS);
		assert_memory_equal(slot(sint), want, 256);
		assert_int_equal(raise, 0x8000 | 1u << sint); /* ORed in */
		for (uint32_t other = 0; other < 16; other++)
			if (other != sint)
				assert_int_equal(slot_type(other), 0xc3c3c3c3);
	}
}

static void test_quiet_sints(void **state)
{
	uint16_t raise;

	(void)state;
	setup();
	/* Masked: the message is there, the interrupt is lost; so it can be drained by EOM. */
	set(HV_REGISTER_SINT0 + 1, 0x10021);
	assert_int_equal(post(1, 5, &raise), HV_STATUS_SUCCESS);
	assert_int_equal(raise, 0);
	assert_int_equal(post(1, 6, &raise), HV_STATUS_SUCCESS);
	assert_int_equal(slot_type(1), 5);
	slot_clear(1);
	assert_int_equal(eom(), 0);
	assert_int_equal(slot_type(1), 6);
	/* Polling: the same. */
	set(HV_REGISTER_SINT0 + 2, 0x40022);
	assert_int_equal(post(2, 5, &raise), HV_STATUS_SUCCESS);
	assert_int_equal(raise, 0);
	assert_int_equal(slot_type(2), 5);
	set(HV_REGISTER_SINT0 + 3, 0x20023); /* auto-EOI raises */
	assert_int_equal(post(3, 5, &raise), HV_STATUS_SUCCESS);
	assert_int_equal(raise, 8);
}

static void test_queue(void **state)
{
	uint16_t raise;

	(void)state;
	setup();
	assert_int_equal(post(2, 100, &raise), HV_STATUS_SUCCESS);
	assert_int_equal(raise, 4);
	assert_int_equal(slot(2)[5], 0);
	for (uint32_t i = 1; i <= SYNIC_QUEUE_MESSAGES; i++) {
		assert_int_equal(post(2, 100 + i, &raise), HV_STATUS_SUCCESS);
		assert_int_equal(raise, 0);
		assert_int_equal(slot(2)[5], 1); /* MessagePending appears in the full slot */
	}
	assert_int_equal(post(2, 9, &raise), HV_STATUS_INSUFFICIENT_BUFFERS);
	/* Another port has room. */
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(post(5, 200 + i, &raise), HV_STATUS_SUCCESS);
	/* EOM with full slots does nothing. */
	assert_int_equal(eom(), 0);
	for (uint32_t i = 0; i <= SYNIC_QUEUE_MESSAGES; i++) {
		assert_int_equal(slot_type(2), 100 + i);
		assert_int_equal(slot_type(5), 200);
		slot_clear(2);
		assert_int_equal(eom(), i < SYNIC_QUEUE_MESSAGES ? 4 : 0);
		if (slot_type(2))
			assert_int_equal(slot(2)[5], i + 1 < SYNIC_QUEUE_MESSAGES);
	}
	assert_int_equal(slot_type(2), 0);
	/* A new message also tries the queue, and goes behind it. */
	slot_clear(5);
	assert_int_equal(post(5, 250, &raise), HV_STATUS_SUCCESS);
	assert_int_equal(raise, 0x20);
	assert_int_equal(slot_type(5), 201);
	assert_int_equal(slot(5)[5], 1);
	/* What waits stays while SIMP or SCONTROL are off, and comes when they are on again. */
	slot_clear(5);
	set(HV_REGISTER_SIMP, 0x5000);
	assert_int_equal(eom(), 0);
	set(HV_REGISTER_SCONTROL, 0);
	raise = 0;
	assert_true(synic_write(&synic, HV_REGISTER_SIMP, 0x7001, &raise));
	assert_int_equal(raise, 0);
	assert_true(synic_write(&synic, HV_REGISTER_SCONTROL, 1, &raise));
	assert_int_equal(raise, 0x20);
	assert_int_equal(slot_type(5), 202);
	synic_reset(&synic);
	assert_int_equal(waiting(), 0);
	assert_int_equal(synic.queued, 0);
	assert_int_equal(slot_type(5), 0);
	setup();
	assert_int_equal(eom(), 0);
	assert_int_equal(slot_type(5), 0);
}

/* Two senders on one SINT take turns; one that goes takes its messages along. */
static void test_two_senders(void **state)
{
	static const uint32_t order[] = { 1, 2, 20, 3, 21, 4 };
	uint16_t raise;

	(void)state;
	setup();
	for (uint32_t i = 1; i <= 4; i++)
		assert_int_equal(post(5, i, &raise), HV_STATUS_SUCCESS);
	assert_int_equal(post_by(MORE, 5, 20, &raise), HV_STATUS_SUCCESS);
	assert_int_equal(post_by(MORE, 5, 21, &raise), HV_STATUS_SUCCESS);
	for (uint32_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		assert_int_equal(slot_type(5), order[i]);
		slot_clear(5);
		(void)eom();
	}
	assert_int_equal(slot_type(5), 0);
	for (uint32_t gone = 0; gone < 2; gone++) {
		setup();
		for (uint32_t i = 1; i <= 3; i++) {
			assert_int_equal(post(5, i, &raise), HV_STATUS_SUCCESS);
			assert_int_equal(post_by(MORE, 5, 20 + i, &raise), HV_STATUS_SUCCESS);
		}
		synic_cancel(&synic, 5, &queues[gone ? MORE : 5]);
		assert_int_equal(queues[gone ? MORE : 5].count, 0);
		for (uint32_t i = 0; i < 2 + !gone; i++) {
			slot_clear(5);
			assert_int_equal(eom(), 0x20);
			assert_int_equal(slot_type(5), gone ? 2 + i : 21 + i);
		}
		slot_clear(5);
		assert_int_equal(eom(), 0);
		assert_int_equal(synic.queued, 0);
		/* Both can go on */
		assert_int_equal(post(5, 50, &raise), HV_STATUS_SUCCESS);
		assert_int_equal(post_by(MORE, 5, 51, &raise), HV_STATUS_SUCCESS);
		assert_int_equal(slot_type(5), 50);
	}
	/* Of one that has nothing waiting nothing is taken */
	synic_cancel(&synic, 7, &queues[7]);
	slot_clear(5);
	assert_int_equal(eom(), 0x20);
	assert_int_equal(slot_type(5), 51);
}

static void test_free_slots(void **state)
{
	uint16_t raise;

	(void)state;
	setup();
	assert_int_equal(synic_free_slots(&synic), 0xffff);
	assert_int_equal(post(3, 1, &raise), HV_STATUS_SUCCESS);
	assert_int_equal(synic_free_slots(&synic), 0xfff7);
	assert_int_equal(slot(3)[5], 0);
	synic_want_slots(&synic, 0x18);
	assert_int_equal(slot(3)[5], 1);
	assert_int_equal(slot(4)[5], 0); /* empty: nobody would look */
	set(HV_REGISTER_SIMP, 0);
	assert_int_equal(synic_free_slots(&synic), 0);
	set(HV_REGISTER_SIMP, 1);
	set(HV_REGISTER_SCONTROL, 0);
	assert_int_equal(synic_free_slots(&synic), 0);
}

/* -- the root's: event ring, and SINTs as messages --------------------------------------------- */

static uint64_t ring_page[512];

static uint32_t ring(uint32_t sint, uint32_t n)
{
	uint32_t port;

	memcpy(&port, (uint8_t *)ring_page + 256 * sint + 4 + 4 * n, 4);
	return port;
}

static uint8_t *ring_flags(uint32_t sint)
{
	return (uint8_t *)ring_page + 256 * sint;
}

static void setup_root(void)
{
	setup();
	memset(ring_page, 0x33, sizeof(ring_page));
	synic_init_root(&synic, (struct hv_synic_event_ring_page *)ring_page);
	for (uint32_t i = 0; i < 512; i++)
		assert_true(!ring_page[i]);
	set(HV_REGISTER_SCONTROL, 1);
	set(HV_REGISTER_SIMP, 0x5001);
	set(HV_REGISTER_SIRBP, 0x7001);
	set(HV_REGISTER_SINT0, 0xf3);
	set(HV_REGISTER_SINT0 + 5, 0x800f3);
}

static void test_ring(void **state)
{
	uint64_t val;
	uint16_t raise = 0;

	(void)state;
	setup();
	/* A guest has no ring */
	assert_false(synic_read(&synic, HV_REGISTER_SIRBP, &val));
	assert_false(synic_write(&synic, HV_REGISTER_SIRBP, 1, &raise));
	assert_false(synic_takes_ports(&synic));
	setup_root();
	assert_int_equal(get(HV_REGISTER_SIRBP), 0x7001);
	assert_true(synic_takes_ports(&synic));
	set(HV_REGISTER_SINT0 + 6, 0x66);
	/* Without the intercept bit a SINT is an interrupt */
	for (uint32_t i = 0; i < HV_SYNIC_EVENT_RING_PORTS; i++) {
		raise = 0;
		assert_true(synic_ring_port(&synic, 6, 100 + i, &raise));
		assert_int_equal(raise, 0x40);
		assert_int_equal(ring(6, i), 100 + i);
		assert_int_equal(ring_flags(6)[1], 0);
	}
	raise = 0;
	assert_false(synic_ring_port(&synic, 6, 7, &raise));
	assert_int_equal(ring_flags(6)[1], 1);
	assert_int_equal(raise, 0x40);
	/* From the place behind the last on, once that is empty */
	memset(ring_flags(6) + 4, 0, 4);
	ring_flags(6)[0] = 1; /* masked: no interrupt */
	raise = 0;
	assert_true(synic_ring_port(&synic, 6, 8, &raise));
	assert_int_equal(ring(6, 0), 8);
	assert_int_equal(raise, 0);
	assert_false(synic_ring_port(&synic, 6, 9, &raise));
	set(HV_REGISTER_SIRBP, 0);
	assert_false(synic_takes_ports(&synic));
	set(HV_REGISTER_SIRBP, 1);
	set(HV_REGISTER_SCONTROL, 0);
	assert_false(synic_takes_ports(&synic));
}

/* SINT 5 as intercept: one message on SINT 0, kept while that is full. */
static void test_sint_intercept(void **state)
{
	struct hv_message m;
	uint32_t what;
	uint16_t raise = 0;

	(void)state;
	setup_root();
	assert_true(synic_ring_port(&synic, 5, 42, &raise));
	assert_int_equal(raise, 1);
	assert_int_equal(slot_type(0), HVMSG_SYNIC_SINT_INTERCEPT);
	memcpy(&what, slot(0) + 16, 4);
	assert_int_equal(what, 5);
	assert_int_equal(slot(0)[4], 8);
	set(HV_REGISTER_SINT0 + 7, 0x800f3);
	raise = 0;
	assert_true(synic_ring_port(&synic, 7, 43, &raise));
	assert_true(synic_ring_port(&synic, 5, 44, &raise));
	assert_int_equal(raise, 0);
	assert_int_equal(slot(0)[5], 1);
	for (uint32_t n = 0; n < 2; n++) {
		slot_clear(0);
		assert_int_equal(eom(), 1);
		memcpy(&what, slot(0) + 16, 4);
		assert_int_equal(what, n ? 7 : 5);
		assert_int_equal(slot(0)[5], !n);
	}
	slot_clear(0);
	assert_int_equal(eom(), 0);
	assert_int_equal(slot_type(0), 0);
	/* A masked one says nothing; a message for such a SINT says it too */
	set(HV_REGISTER_SINT0 + 7, 0x900f3);
	raise = 0;
	assert_true(synic_ring_port(&synic, 7, 45, &raise));
	assert_int_equal(raise, 0);
	assert_int_equal(slot_type(0), 0);
	assert_int_equal(post(5, 9, &raise), HV_STATUS_SUCCESS);
	assert_int_equal(raise, 1);
	assert_int_equal(slot_type(0), HVMSG_SYNIC_SINT_INTERCEPT);
	assert_int_equal(slot_type(5), 9);
	/* A message that had to wait for its slot says it when it comes */
	assert_int_equal(post(5, 10, &raise), HV_STATUS_SUCCESS);
	slot_clear(0);
	slot_clear(5);
	assert_int_equal(eom(), 1);
	assert_int_equal(slot_type(5), 10);
	assert_int_equal(slot_type(0), HVMSG_SYNIC_SINT_INTERCEPT);
	/* So does one that is not queued at all */
	slot_clear(0);
	slot_clear(5);
	m = message(11, 8);
	raise = 0;
	assert_int_equal(synic_try_message(&synic, 5, &m, &raise), HV_STATUS_SUCCESS);
	assert_int_equal(raise, 1);
	assert_int_equal(slot_type(0), HVMSG_SYNIC_SINT_INTERCEPT);
	/* In a guest's SINT the bit means nothing */
	setup();
	set(HV_REGISTER_SINT0 + 5, 0x800f3);
	assert_int_equal(post(5, 9, &raise), HV_STATUS_SUCCESS);
	assert_int_equal(raise, 0x20);
	assert_int_equal(slot_type(0), 0);
}

static void test_try(void **state)
{
	struct hv_message m = message(9, 8);
	uint16_t raise = 0;

	(void)state;
	setup();
	assert_int_equal(synic_try_message(&synic, 4, &m, &raise), HV_STATUS_SUCCESS);
	assert_int_equal(raise, 0x10);
	assert_int_equal(slot(4)[5], 0);
	raise = 0;
	m.header.message_type = 10;
	assert_int_equal(synic_try_message(&synic, 4, &m, &raise), HV_STATUS_OBJECT_IN_USE);
	assert_int_equal(raise, 0);
	assert_int_equal(slot_type(4), 9);
	assert_int_equal(slot(4)[5], 1);
	assert_int_equal(waiting(), 0);
	/* Into the slot before one that is queued: says that there is more. */
	assert_int_equal(post(4, 11, &raise), HV_STATUS_SUCCESS);
	slot_clear(4);
	assert_int_equal(synic_try_message(&synic, 4, &m, &raise), HV_STATUS_SUCCESS);
	assert_int_equal(slot_type(4), 10);
	assert_int_equal(slot(4)[5], 1);
}

/* ---- random operations against lists ---- */

struct model {
	uint32_t queue[16][SYNIC_QUEUE_MESSAGES], len[16], total;
	uint32_t slot[16];
	bool lifo; /* plant */
};

static void model_rescan(struct model *m, uint16_t *raise)
{
	for (uint32_t n = 0; n < 16; n++) {
		uint32_t at = m->lifo && m->len[n] ? m->len[n] - 1 : 0;

		if (m->slot[n] || !m->len[n])
			continue;
		m->slot[n] = m->queue[n][at];
		memmove(&m->queue[n][at], &m->queue[n][at + 1],
			(m->len[n] - at - 1) * sizeof(m->queue[n][0]));
		m->len[n]--;
		m->total--;
		*raise = (uint16_t)(*raise | 1u << n);
	}
}

static uint16_t model_post(struct model *m, uint32_t n, uint32_t type, uint16_t *raise)
{
	model_rescan(m, raise);
	if (!m->slot[n] && !m->len[n]) {
		m->slot[n] = type;
		*raise = (uint16_t)(*raise | 1u << n);
		return HV_STATUS_SUCCESS;
	}
	if (m->len[n] == SYNIC_QUEUE_MESSAGES)
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	m->queue[n][m->len[n]++] = type;
	m->total++;
	return HV_STATUS_SUCCESS;
}

static bool model_run(bool lifo)
{
	struct model m = { .lifo = lifo };

	setup();
	for (uint32_t i = 1; i < 20000; i++) {
		uint32_t n = (uint32_t)rnd() % 16 & (uint32_t)rnd();
		uint16_t raise, want = 0;

		switch (rnd() % 3) {
		case 0:
			if (post(n, i, &raise) != model_post(&m, n, i, &want))
				return false;
			break;
		case 1:
			slot_clear(n);
			m.slot[n] = 0;
			raise = 0;
			break;
		default:
			raise = eom();
			model_rescan(&m, &want);
			break;
		}
		if (raise != want || waiting() != m.total)
			return false;
		for (n = 0; n < 16; n++) {
			if (slot_type(n) != m.slot[n])
				return false;
			/* Whoever has something waiting is told so in the slot, but for races. */
			if (m.slot[n] && m.len[n] && !(slot(n)[5] & 1))
				return false;
			if (!(synic.queued >> n & 1) != !m.len[n])
				return false;
		}
	}
	return true;
}

static void test_model(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		assert_true(model_run(false));
	assert_false(model_run(true)); /* the planted order is seen */
}

/* ---- a guest on another CPU ---- */

#define RACE_MESSAGES 100000u

static uint32_t race_eom;  /* guest: EOM written */
static uint32_t race_seen; /* guest: messages taken */
static bool race_bad;

static void *race_guest(void *arg)
{
	uint32_t *type = (uint32_t *)simp;
	uint8_t *flags = (uint8_t *)simp + 5;
	uint32_t spins = 0;

	(void)arg;
	while (race_seen < RACE_MESSAGES && !__atomic_load_n(&race_bad, __ATOMIC_RELAXED)) {
		uint32_t t = __atomic_load_n(type, __ATOMIC_ACQUIRE);
		uint64_t payload;

		/* Spin to meet the window, but let a single CPU make progress. */
		if (!t) {
			if (!(++spins & 0xfff))
				sched_yield();
			continue;
		}
		payload = __atomic_load_n(&simp[2], __ATOMIC_RELAXED);
		if (t != race_seen + 1 || payload != t * 3ull)
			__atomic_store_n(&race_bad, true, __ATOMIC_RELAXED);
		__atomic_store_n(&race_seen, t, __ATOMIC_RELAXED);
		__atomic_store_n(type, 0, __ATOMIC_SEQ_CST);
		/* The guest's rule: EOM only if MessagePending is seen after the slot is empty. */
		if (__atomic_load_n(flags, __ATOMIC_SEQ_CST) & 1)
			__atomic_store_n(&race_eom, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* Every message arrives once and in order, though nobody rescans without the guest's EOM. */
static void test_race(void **state)
{
	uint64_t idle = 0;
	uint32_t sent = 0;
	pthread_t guest;

	(void)state;
	setup();
	race_eom = race_seen = 0;
	race_bad = false;
	assert_int_equal(pthread_create(&guest, NULL, race_guest, NULL), 0);
	while (__atomic_load_n(&race_seen, __ATOMIC_RELAXED) < RACE_MESSAGES && idle < 1ull << 26) {
		uint16_t raise = 0;

		if (!(++idle & 0xfff))
			sched_yield();
		if (__atomic_exchange_n(&race_eom, 0, __ATOMIC_SEQ_CST)) {
			synic_rescan(&synic, &raise);
			idle = 0;
		}
		/* Post only into an empty queue, so that progress hangs on EOM, not on posting. */
		while (sent < RACE_MESSAGES && !queues[0].count) {
			struct hv_message m = message(sent + 1, 8);
			uint64_t payload = (sent + 1) * 3ull;

			memcpy((uint8_t *)&m + 16, &payload, 8);
			assert_int_equal(post_queued(&synic, 0, &m, &raise), 0);
			sent++;
			idle = 0;
		}
		if (__atomic_load_n(&race_bad, __ATOMIC_RELAXED))
			break;
	}
	if (idle >= 1ull << 26)
		__atomic_store_n(&race_bad, true, __ATOMIC_RELAXED);
	pthread_join(guest, NULL);
	assert_false(race_bad);
	assert_int_equal(race_seen, RACE_MESSAGES);
	assert_int_equal(waiting(), 0);
}

/* ---- event flags and state pages ---- */

static void test_events(void **state)
{
	(void)state;
	setup();
	for (uint32_t sint = 0; sint < 16; sint++) {
		for (uint32_t flag = 0; flag < 2048; flag++) {
			uint8_t *byte = (uint8_t *)siefp + 256 * sint + flag / 8;
			uint16_t raise = 0;
			uint8_t old = *byte;
			bool newly = false;

			assert_int_equal(synic_signal_event(&synic, sint, flag, &newly, &raise), 0);
			assert_true(newly);
			assert_int_equal(raise, 1u << sint);
			assert_int_equal(*byte, old | 1u << flag % 8);
			raise = 0;
			assert_int_equal(synic_signal_event(&synic, sint, flag, &newly, &raise), 0);
			assert_false(newly);
			assert_int_equal(raise, 0);
		}
	}
	for (uint32_t i = 0; i < 512; i++)
		assert_true(siefp[i] == ~0ull);
}

static void test_events_refused(void **state)
{
	static const struct {
		uint32_t reg;
		uint64_t val;
		uint16_t want, raise;
	} rows[] = {
		{ HV_REGISTER_SCONTROL, 0, HV_STATUS_INVALID_SYNIC_STATE, 0 },
		{ HV_REGISTER_SIEFP, 0x6000, HV_STATUS_INVALID_SYNIC_STATE, 0 },
		{ HV_REGISTER_SINT0 + 2, 0x10022, HV_STATUS_INVALID_SYNIC_STATE, 0 },
		{ HV_REGISTER_SINT0 + 2, 0x50022, HV_STATUS_SUCCESS, 0 },
		{ HV_REGISTER_SINT0 + 2, 0x40022, HV_STATUS_SUCCESS, 0 },
		{ HV_REGISTER_SIMP, 0, HV_STATUS_SUCCESS, 4 },
	};
	uint16_t raise = 0;
	bool newly = true;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup();
		set(rows[i].reg, rows[i].val);
		raise = 0;
		newly = true;
		assert_int_equal(synic_signal_event(&synic, 2, 70, &newly, &raise), rows[i].want);
		assert_int_equal(newly, !rows[i].want);
		assert_int_equal(raise, rows[i].raise);
		assert_true(siefp[2 * 32 + 1] == (rows[i].want ? 0 : 0x40));
	}
	setup();
	raise = 0;
	newly = true;
	assert_int_equal(synic_signal_event(&synic, 16, 0, &newly, &raise),
			 HV_STATUS_INVALID_PARAMETER);
	assert_false(newly);
	assert_int_equal(synic_signal_event(&synic, 15, 2048, &newly, &raise),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(synic_signal_event(&synic, 15, ~0u, &newly, &raise),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(raise, 0);
	for (uint32_t i = 0; i < 512; i++)
		assert_true(!siefp[i]);
}

static void test_state_pages(void **state)
{
	static uint8_t in[4096], out[4096];
	struct hv_synic before;

	(void)state;
	setup();
	before = synic;
	for (uint32_t i = 0; i < 4096; i++)
		in[i] = (uint8_t)rnd();
	synic_set_messages(&synic, in);
	synic_get_messages(&synic, out);
	assert_memory_equal(in, out, 4096);
	assert_memory_equal(simp, in, 4096);
	assert_true(siefp[0] == 0 && siefp[511] == 0);
	in[7] ^= 1;
	synic_set_events(&synic, in);
	synic_get_events(&synic, out);
	assert_memory_equal(in, out, 4096);
	assert_memory_equal(siefp, in, 4096);
	synic_get_messages(&synic, out);
	assert_int_equal(out[7], in[7] ^ 1);
	assert_memory_equal(&synic, &before, sizeof(before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_msr_names),
		cmocka_unit_test(test_sint_register),
		cmocka_unit_test(test_auto_eoi),
		cmocka_unit_test(test_post_refused),
		cmocka_unit_test(test_post_bytes),
		cmocka_unit_test(test_quiet_sints),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_two_senders),
		cmocka_unit_test(test_free_slots),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_sint_intercept),
		cmocka_unit_test(test_try),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_race),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_events_refused),
		cmocka_unit_test(test_state_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
