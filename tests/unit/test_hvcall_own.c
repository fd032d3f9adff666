/* SPDX-License-Identifier: MIT */
/* A VP that names registers of its own (arm64): which ones, without a privilege and without taking
 * the VP that runs; and those of others, for which it needs one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_arch.h"
#include "hvapi/handlers.h"

#define OK	HV_STATUS_SUCCESS
#define X0	0x00020000u /* a plain word, and in silicon: not by name */
#define OWN	0x00090000u /* the hypervisor gives it */
#define REFUSED 0x00090001u /* that too, but no value is good enough */
#define SYSTEM	0x00040002u /* by name for the parent alone */

struct partition *partition_root;
static struct partition root, guest;
static struct vp self, other;
static uint32_t taken, dropped, own_value;
static bool take_ok;

/* -- what stands behind the handlers ------------------------------------------------------------
 */
bool arch_own_register(const struct vp *vp, uint32_t name)
{
	(void)vp;
	return name == OWN || name == REFUSED;
}
bool vp_take(struct vp *vp)
{
	assert_ptr_equal(vp, &other);
	taken += take_ok;
	return take_ok;
}
void vp_drop(struct vp *vp)
{
	assert_ptr_equal(vp, &other);
	dropped++;
}
uint16_t vp_get_register(struct vp *vp, uint32_t name, union hv_register_value *v)
{
	fake_note(FAKE_GET_REGISTER, vp, name);
	v->reg64 = own_value;
	return name != REFUSED ? OK : HV_STATUS_INVALID_PARAMETER;
}
uint16_t vp_set_register(struct vp *vp, uint32_t name, const union hv_register_value *v)
{
	fake_note(FAKE_SET_REGISTER, vp, name);
	if (name == REFUSED)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	own_value = (uint32_t)v->reg64;
	return OK;
}
uint16_t vp_create(struct partition *p, uint32_t index)
{
	(void)p;
	(void)index;
	return OK;
}
uint16_t vp_delete(struct partition *p, uint32_t index)
{
	(void)p;
	(void)index;
	return OK;
}
uint16_t vp_dispatch(struct vp *vp, uint32_t flags, uint32_t *state, uint32_t *event)
{
	(void)vp;
	*state = *event = flags;
	return OK;
}
uint16_t root_open_page(struct partition *owner, void *page)
{
	(void)owner;
	(void)page;
	return OK;
}
void root_close_page(struct partition *owner, void *page)
{
	(void)owner;
	(void)page;
}

static bool take_all_ok;
static uint32_t all_taken;
static uint64_t shared[4];
bool vp_take_all(struct partition *p)
{
	assert_true(p->lock.held);
	all_taken += take_all_ok;
	return take_all_ok;
}
void vp_drop_all(struct partition *p)
{
	assert_true(p->lock.held);
	all_taken--;
}
uint16_t arch_partition_get_register(const struct partition *p, uint32_t name,
				     union hv_register_value *v)
{
	assert_true(p->lock.held && all_taken == 1);
	if (name >= 4)
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	v->reg64 = shared[name];
	return OK;
}
uint16_t arch_partition_set_register(struct partition *p, uint32_t name,
				     const union hv_register_value *v)
{
	assert_true(p->lock.held && all_taken == 1);
	if (name >= 4)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	shared[name] = v->reg64;
	return OK;
}

/* -- a call -------------------------------------------------------------------------------------
 */
static struct {
	struct hv_input_vp_registers h;
	uint8_t list[32 * 4];
} in;
static uint64_t out[4][2];
static uint32_t done;

static uint16_t call(hcall_handler fn, struct vp *vp, uint32_t count)
{
	struct hcall_args a = { .caller = &self,
				.target = vp->partition,
				.vp = vp,
				.in = (uint8_t *)&in,
				.list = in.list,
				.out_list = (uint8_t *)out,
				.rep_count = count };
	uint16_t status;

	memset(out, 0xcc, sizeof(out));
	taken = dropped = 0;
	fake_forget();
	status = fn(&a);
	assert_int_equal(taken, dropped);
	done = a.reps_done;
	return status;
}

static void names(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t n[3] = { a, b, c };

	memset(&in, 0, sizeof(in));
	memcpy(in.list, n, sizeof(n));
}

static void assocs(uint32_t a, uint32_t b, uint32_t c)
{
	struct hv_register_assoc r[3] = { { .name = a, .value = { { 11, 0 } } },
					  { .name = b, .value = { { 12, 0 } } },
					  { .name = c, .value = { { 13, 0 } } } };

	memset(&in, 0, sizeof(in));
	memcpy(in.list, r, sizeof(r));
}

static int begin(void **state)
{
	(void)state;
	fake_reset();
	partition_root = &root;
	memset(&self, 0, sizeof(self));
	memset(&other, 0, sizeof(other));
	guest.privileges = 0;
	self.partition = other.partition = &guest;
	self.owner = VP_RUNNING;
	own_value = 7;
	take_ok = true;
	return 0;
}

static void test_own(void **state)
{
	(void)state;
	names(OWN, OWN, OWN);
	assert_int_equal(call(hvcall_get_vp_registers, &self, 3), OK);
	assert_int_equal(done, 3);
	assert_int_equal(out[2][0], 7);
	assert_int_equal(taken, 0); /* it runs: nobody can take it */
	assert_int_equal(fake_count(FAKE_TAKE_MAIL, NULL), 0);
	assocs(OWN, OWN, OWN);
	assert_int_equal(call(hvcall_set_vp_registers, &self, 2), OK);
	assert_int_equal(done, 2);
	assert_int_equal(own_value, 12);
	assert_int_equal(taken, 0);
}

/* X0 of its own it has in silicon: by name it would be the value of some other time. */
static void test_own_plain(void **state)
{
	(void)state;
	self.arch.x[0] = 0x99;
	names(OWN, X0, OWN);
	assert_int_equal(call(hvcall_get_vp_registers, &self, 3), HV_STATUS_UNKNOWN_REGISTER_NAME);
	assert_int_equal(done, 1);
	assert_int_equal(out[0][0], 7);
	assert_int_equal(out[1][0], 0xcccccccccccccccc);
	assert_int_equal(fake_count(FAKE_GET_REGISTER, NULL), 1);
	assocs(OWN, X0, OWN);
	assert_int_equal(call(hvcall_set_vp_registers, &self, 3), HV_STATUS_UNKNOWN_REGISTER_NAME);
	assert_int_equal(done, 1);
	assert_int_equal(own_value, 11);
	assert_int_equal(self.arch.x[0], 0x99);
	assert_int_equal(fake_count(FAKE_SET_REGISTER, NULL), 1);
	/* The same of another's, with the privilege, is a plain word. */
	guest.privileges = HV_PARTITION_PRIVILEGE_CREATE_PARTITIONS;
	other.arch.x[0] = 0x98;
	names(X0, OWN, X0);
	assert_int_equal(call(hvcall_get_vp_registers, &other, 3), OK);
	assert_int_equal(out[2][0], 0x98);
	assert_int_equal(out[2][1], 0);
	assert_int_equal(fake_count(FAKE_GET_REGISTER, &other), 1);
	assocs(X0, OWN, X0 + 30);
	assert_int_equal(call(hvcall_set_vp_registers, &other, 3), OK);
	assert_int_equal(other.arch.x[0], 11);
	assert_int_equal(other.arch.x[30], 13);
	assert_int_equal(fake_count(FAKE_SET_REGISTER, &other), 1);
}

static void test_own_bad(void **state)
{
	struct hv_register_assoc *r = (struct hv_register_assoc *)(void *)in.list;
	uint8_t *header = (uint8_t *)&in.h;

	(void)state;
	for (uint32_t i = 12; i < 16; i++) {
		assocs(OWN, OWN, OWN);
		header[i] = 1;
		assert_int_equal(call(hvcall_set_vp_registers, &self, 3),
				 HV_STATUS_INVALID_PARAMETER);
		assert_int_equal(call(hvcall_get_vp_registers, &self, 3),
				 HV_STATUS_INVALID_PARAMETER);
		assert_int_equal(done, 0);
	}
	assocs(OWN, REFUSED, OWN);
	assert_int_equal(call(hvcall_set_vp_registers, &self, 3), HV_STATUS_INVALID_REGISTER_VALUE);
	assert_int_equal(done, 1);
	names(OWN, OWN, REFUSED);
	assert_int_equal(call(hvcall_get_vp_registers, &self, 3), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(done, 2);
	own_value = 7;
	assocs(OWN, OWN, OWN);
	r[0].padding = 1;
	assert_int_equal(call(hvcall_set_vp_registers, &self, 3), HV_STATUS_INVALID_PARAMETER);
	assocs(OWN, OWN, OWN);
	r[0].reserved = BIT(63);
	assert_int_equal(call(hvcall_set_vp_registers, &self, 3), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(done, 0);
	assert_int_equal(own_value, 7);
}

/* Privilege before information: neither the header nor the VP's state is told without it. */
static void test_others(void **state)
{
	(void)state;
	names(OWN, OWN, OWN);
	for (uint32_t i = 0; i < 3; i++) {
		take_ok = i == 0;
		in.h.input_vtl = i == 2;
		guest.privileges = ~HV_PARTITION_PRIVILEGE_CREATE_PARTITIONS;
		assert_int_equal(call(hvcall_get_vp_registers, &other, 3), HV_STATUS_ACCESS_DENIED);
		assert_int_equal(call(hvcall_set_vp_registers, &other, 3), HV_STATUS_ACCESS_DENIED);
		assert_int_equal(taken, 0);
		assert_int_equal(done, 0);
		assert_int_equal(fake_note_count, 0);
	}
	in.h.input_vtl = 0;
	guest.privileges = HV_PARTITION_PRIVILEGE_CREATE_PARTITIONS;
	assert_int_equal(call(hvcall_get_vp_registers, &other, 3), HV_STATUS_INVALID_VP_STATE);
	take_ok = true;
	assert_int_equal(call(hvcall_get_vp_registers, &other, 3), OK);
	assert_int_equal(taken, 1);
	assert_int_equal(fake_count(FAKE_TAKE_MAIL, &other), 1);
	names(OWN, SYSTEM, OWN);
	assert_int_equal(call(hvcall_get_vp_registers, &self, 3), HV_STATUS_UNKNOWN_REGISTER_NAME);
	assert_int_equal(call(hvcall_get_vp_registers, &other, 3), OK);
	assocs(OWN, SYSTEM, OWN);
	assert_int_equal(call(hvcall_set_vp_registers, &self, 3), HV_STATUS_UNKNOWN_REGISTER_NAME);
	assert_int_equal(call(hvcall_set_vp_registers, &other, 3), OK);
	/* The root's VPs run all the time, whoever asks. */
	other.partition = &root;
	assert_int_equal(call(hvcall_get_vp_registers, &other, 3), HV_STATUS_INVALID_VP_STATE);
	assert_int_equal(taken, 0);
}

/* HV_ANY_VP: the parser leaves no VP. For a parent, while none of the VPs runs. */
static struct partition child;
static uint16_t call_all(hcall_handler fn, struct partition *p, uint32_t count)
{
	struct hcall_args a = { .caller = &self,
				.target = p,
				.in = (uint8_t *)&in,
				.list = in.list,
				.out_list = (uint8_t *)out,
				.rep_count = count };
	uint16_t status;

	memset(out, 0xcc, sizeof(out));
	fake_forget();
	status = fn(&a);
	assert_int_equal(all_taken, 0);
	assert_false(p->lock.held);
	done = a.reps_done;
	return status;
}

static void test_shared(void **state)
{
	struct hv_register_assoc *r = (struct hv_register_assoc *)(void *)in.list;

	(void)state;
	memset(&child, 0, sizeof(child));
	memset(shared, 0, sizeof(shared));
	take_all_ok = true;
	child.state = PARTITION_ACTIVE;
	guest.privileges = HV_PARTITION_PRIVILEGE_CREATE_PARTITIONS;
	assocs(1, 2, 3);
	assert_int_equal(call_all(hvcall_set_vp_registers, &child, 3), OK);
	assert_int_equal(done, 3);
	names(3, 1, 2);
	assert_int_equal(call_all(hvcall_get_vp_registers, &child, 3), OK);
	assert_int_equal(done, 3);
	assert_int_equal(out[0][0], 13);
	assert_int_equal(out[1][0], 11);
	assert_int_equal(out[2][0], 12);
	assert_int_equal(out[2][1], 0);
	/* The first that is refused ends it. */
	names(3, 9, 2);
	assert_int_equal(call_all(hvcall_get_vp_registers, &child, 3),
			 HV_STATUS_UNKNOWN_REGISTER_NAME);
	assert_int_equal(done, 1);
	assert_int_equal(out[1][0], 0xcccccccccccccccc);
	assocs(3, 9, 2);
	assert_int_equal(call_all(hvcall_set_vp_registers, &child, 3),
			 HV_STATUS_INVALID_REGISTER_VALUE);
	assert_int_equal(done, 1);
	assert_int_equal(shared[3], 11);
	assert_int_equal(shared[2], 12);
	assocs(1, 2, 3);
	r[1].padding = 1;
	assert_int_equal(call_all(hvcall_set_vp_registers, &child, 3), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(done, 1);
	assocs(1, 2, 3);
	r[0].reserved = 1;
	assert_int_equal(call_all(hvcall_set_vp_registers, &child, 3), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(done, 0);
	in.h.input_vtl = 1;
	assert_int_equal(call_all(hvcall_get_vp_registers, &child, 3), HV_STATUS_INVALID_PARAMETER);
	/* One runs; not initialized; one's own; without the privilege */
	names(1, 2, 3);
	take_all_ok = false;
	assert_int_equal(call_all(hvcall_get_vp_registers, &child, 3), HV_STATUS_INVALID_VP_STATE);
	take_all_ok = true;
	child.state = PARTITION_CREATED;
	assert_int_equal(call_all(hvcall_set_vp_registers, &child, 1),
			 HV_STATUS_INVALID_PARTITION_STATE);
	child.state = PARTITION_ACTIVE;
	assert_int_equal(call_all(hvcall_get_vp_registers, &guest, 1), HV_STATUS_INVALID_VP_INDEX);
	guest.privileges = ~HV_PARTITION_PRIVILEGE_CREATE_PARTITIONS;
	assert_int_equal(call_all(hvcall_get_vp_registers, &child, 1), HV_STATUS_ACCESS_DENIED);
	assert_int_equal(done, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_own, begin),
		cmocka_unit_test_setup(test_own_plain, begin),
		cmocka_unit_test_setup(test_own_bad, begin),
		cmocka_unit_test_setup(test_others, begin),
		cmocka_unit_test_setup(test_shared, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
