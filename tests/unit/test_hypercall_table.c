/* SPDX-License-Identifier: MIT */
/*
 * The real table against the structures of the ABI. Rows for calls that are not there yet are
 * listed too: whoever adds one finds its sizes checked.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hvapi/hypercall.h"
#include "kernel/bits.h"

struct want {
	uint16_t code;
	const char *name;
	uint64_t in, out, in_elem, out_elem;
	hcall_handler fn;
};

/* A simple call, and one with a list: input, output, element in, element out. */
#define CALLS(S, R) \
	S(FLUSH_VIRTUAL_ADDRESS_SPACE, flush_virtual_address_space, \
	  sizeof(struct hv_input_flush_virtual_address_space), 0) \
	R(FLUSH_VIRTUAL_ADDRESS_LIST, flush_virtual_address_list, \
	  sizeof(struct hv_input_flush_virtual_address_space), 0, 8, 0) \
	S(NOTIFY_LONG_SPIN_WAIT, notify_long_spin_wait, \
	  sizeof(struct hv_input_notify_long_spin_wait), 0) \
	S(SEND_SYNTHETIC_CLUSTER_IPI, send_synthetic_cluster_ipi, \
	  sizeof(struct hv_input_send_synthetic_cluster_ipi), 0) \
	S(FLUSH_VIRTUAL_ADDRESS_SPACE_EX, flush_virtual_address_space_ex, \
	  sizeof(struct hv_input_flush_virtual_address_space_ex), 0) \
	R(FLUSH_VIRTUAL_ADDRESS_LIST_EX, flush_virtual_address_list_ex, \
	  sizeof(struct hv_input_flush_virtual_address_space_ex), 0, 8, 0) \
	S(SEND_SYNTHETIC_CLUSTER_IPI_EX, send_synthetic_cluster_ipi_ex, \
	  sizeof(struct hv_input_send_synthetic_cluster_ipi_ex), 0) \
	S(CREATE_PARTITION, create_partition, sizeof(struct hv_input_create_partition), 8) \
	S(INITIALIZE_PARTITION, initialize_partition, sizeof(struct hv_input_partition), 0) \
	S(FINALIZE_PARTITION, finalize_partition, sizeof(struct hv_input_partition), 0) \
	S(DELETE_PARTITION, delete_partition, sizeof(struct hv_input_partition), 0) \
	S(GET_PARTITION_PROPERTY, get_partition_property, \
	  sizeof(struct hv_input_get_partition_property), 8) \
	S(SET_PARTITION_PROPERTY, set_partition_property, \
	  sizeof(struct hv_input_set_partition_property), 0) \
	S(GET_PARTITION_ID, get_partition_id, 0, 8) \
	R(DEPOSIT_MEMORY, deposit_memory, sizeof(struct hv_input_partition), 0, 8, 0) \
	R(WITHDRAW_MEMORY, withdraw_memory, sizeof(struct hv_input_withdraw_memory), 0, 0, 8) \
	R(MAP_GPA_PAGES, map_gpa_pages, sizeof(struct hv_input_map_gpa_pages), 0, 8, 0) \
	R(UNMAP_GPA_PAGES, unmap_gpa_pages, sizeof(struct hv_input_unmap_gpa_pages), 0, 0, 0) \
	S(INSTALL_INTERCEPT, install_intercept, sizeof(struct hv_input_install_intercept), 0) \
	S(CREATE_VP, create_vp, sizeof(struct hv_input_create_vp), 0) \
	S(DELETE_VP, delete_vp, sizeof(struct hv_input_vp), 0) \
	R(GET_VP_REGISTERS, get_vp_registers, sizeof(struct hv_input_vp_registers), 0, 4, \
	  sizeof(union hv_register_value)) \
	R(SET_VP_REGISTERS, set_vp_registers, sizeof(struct hv_input_vp_registers), 0, \
	  sizeof(struct hv_register_assoc), 0) \
	S(TRANSLATE_VIRTUAL_ADDRESS, translate_virtual_address, \
	  sizeof(struct hv_input_translate_virtual_address), \
	  sizeof(struct hv_output_translate_virtual_address)) \
	S(READ_GPA, read_gpa, sizeof(struct hv_input_read_gpa), sizeof(struct hv_output_read_gpa)) \
	S(WRITE_GPA, write_gpa, sizeof(struct hv_input_write_gpa), 8) \
	S(GET_SYSTEM_PROPERTY, get_system_property, sizeof(struct hv_input_get_system_property), \
	  8) \
	S(ASSERT_VIRTUAL_INTERRUPT, assert_virtual_interrupt, \
	  sizeof(struct hv_input_assert_virtual_interrupt), 0) \
	S(REGISTER_INTERCEPT_RESULT, register_intercept_result, \
	  sizeof(struct hv_input_register_intercept_result), 0) \
	S(DISPATCH_VP, dispatch_vp, sizeof(struct hv_input_dispatch_vp), \
	  sizeof(struct hv_output_dispatch_vp)) \
	S(MAP_VP_STATE_PAGE, map_vp_state_page, sizeof(struct hv_input_vp_state_page), 8) \
	S(UNMAP_VP_STATE_PAGE, unmap_vp_state_page, sizeof(struct hv_input_vp_state_page), 0) \
	S(SIGNAL_EVENT_DIRECT, signal_event_direct, sizeof(struct hv_input_signal_event_direct), \
	  sizeof(struct hv_output_signal_event_direct)) \
	S(POST_MESSAGE_DIRECT, post_message_direct, sizeof(struct hv_input_post_message_direct), \
	  0) \
	S(DELETE_PORT, delete_port, sizeof(struct hv_input_port), 0) \
	S(DISCONNECT_PORT, disconnect_port, sizeof(struct hv_input_port), 0) \
	S(POST_MESSAGE, post_message, sizeof(struct hv_input_post_message), 0) \
	S(SIGNAL_EVENT, signal_event, sizeof(struct hv_input_signal_event), 0) \
	S(NOTIFY_PORT_RING_EMPTY, notify_port_ring_empty, \
	  sizeof(struct hv_input_notify_port_ring_empty), 0) \
	S(CREATE_PORT, create_port, sizeof(struct hv_input_create_port), 0) \
	S(CONNECT_PORT, connect_port, sizeof(struct hv_input_connect_port), 0) \
	S(GET_PARTITION_PROPERTY_EX, get_partition_property_ex, \
	  sizeof(struct hv_input_get_partition_property_ex), 16) \
	S(GET_VP_STATE, get_vp_state, sizeof(struct hv_input_vp_state), 0) \
	S(SET_VP_STATE, set_vp_state, sizeof(struct hv_input_vp_state), 0) \
	R(GET_VP_CPUID_VALUES, get_vp_cpuid_values, sizeof(struct hv_input_get_vp_cpuid_values), \
	  0, sizeof(struct hv_cpuid_leaf_info), sizeof(struct hv_cpuid_values)) \
	S(QUOIN_READ_LOG, quoin_read_log, 8, 512)

/* Never called: the table only takes their addresses, which tell the rows apart. */
#define STUB(n) \
	uint16_t hvcall_##n(struct hcall_args *a); \
	uint16_t hvcall_##n(struct hcall_args *a) \
	{ \
		(void)a; \
		return HVCALL_STUB_##n; \
	}
#define S_STUB(c, n, ...) STUB(n)
#define S_ENUM(c, n, ...) HVCALL_STUB_##n,
enum { CALLS(S_ENUM, S_ENUM) };
CALLS(S_STUB, S_STUB)

#define S_WANT(c, n, i, o)	   { HVCALL_##c, #c, i, o, 0, 0, hvcall_##n },
#define R_WANT(c, n, i, o, ie, oe) { HVCALL_##c, #c, i, o, ie, oe, hvcall_##n },
static const struct want wants[] = { CALLS(S_WANT, R_WANT) };

static bool is_rep(const struct want *w)
{
	static const uint16_t rep[] = { HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST,
					HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX,
					HVCALL_DEPOSIT_MEMORY,
					HVCALL_WITHDRAW_MEMORY,
					HVCALL_MAP_GPA_PAGES,
					HVCALL_UNMAP_GPA_PAGES,
					HVCALL_GET_VP_REGISTERS,
					HVCALL_SET_VP_REGISTERS,
					HVCALL_GET_VP_CPUID_VALUES };

	for (uint32_t i = 0; i < ARRAY_LEN(rep); i++)
		if (rep[i] == w->code)
			return true;
	return false;
}

static const struct want *want_of(uint16_t code)
{
	for (uint32_t i = 0; i < ARRAY_LEN(wants); i++)
		if (wants[i].code == code)
			return &wants[i];
	return NULL;
}

/* "HvCallGetVpRegisters" is GET_VP_REGISTERS. */
static bool same_name(const char *name, const char *macro)
{
	if (strncmp(name, "HvCall", 6))
		return false;
	for (name += 6; *name || *macro; name++, macro++) {
		bool word = isupper((unsigned char)*name) != 0;

		if (*macro == '_') {
			if (!word)
				return false;
			macro++;
		}
		if (toupper((unsigned char)*name) != *macro)
			return false;
	}
	return true;
}

/* What is wrong with a table, or NULL. */
static const char *judge(const struct hcall_row *t, uint32_t len)
{
	if (!len)
		return "empty";
	for (uint32_t i = 0; i < len; i++) {
		const struct hcall_row *r = &t[i];
		const struct want *w = want_of(r->code);

		if (i && r->code <= t[i - 1].code)
			return "order";
		if (!r->fn || !r->name)
			return "no handler or name";
		for (uint32_t j = 0; j < i; j++)
			if (r->fn == t[j].fn || !strcmp(r->name, t[j].name))
				return "one handler or name for two calls";
		if (r->in_size + r->in_elem > HV_PAGE_SIZE ||
		    r->out_size + r->out_elem > HV_PAGE_SIZE)
			return "more than a page";
		if (!r->rep && (r->in_elem || r->out_elem))
			return "elements without a list";
		if (r->fast && (r->in_size > 16 || r->out_size || r->in_elem || r->out_elem))
			return "fast form too large";
		if (r->variable && r->in_size % 8)
			return "variable header";
		if (r->target > HCALL_TARGET_VP_OR_ALL)
			return "target";
		if (r->target != HCALL_TARGET_NONE &&
		    r->in_size < (r->target >= HCALL_TARGET_VP ? 12 : 8))
			return "no room for the target";
		/* Lists are read as arrays in place. */
		if ((r->in_elem && r->in_size % 8) || (r->out_elem && r->out_size % 8))
			return "list not aligned";
		if (!w)
			continue;
		if (r->in_size != w->in || r->out_size != w->out || r->in_elem != w->in_elem ||
		    r->out_elem != w->out_elem || r->rep != is_rep(w))
			return "sizes";
		if (r->fn != w->fn)
			return "handler of another call";
		if (!same_name(r->name, w->name))
			return "name of another call";
	}
	return NULL;
}

static void test_table(void **state)
{
	(void)state;
	assert_string_equal(judge(hypercall_table, 0), "empty");
	assert_null(judge(hypercall_table, hypercall_table_len));
}

/* A guest without a privilege to spare gets through to none of the calls that manage others. */
static void test_privileges(void **state)
{
	uint32_t n = 0;

	(void)state;
	for (uint32_t i = 0; i < hypercall_table_len; i++) {
		const struct hcall_row *r = &hypercall_table[i];

		switch (r->code) {
		case HVCALL_POST_MESSAGE:
		case HVCALL_SIGNAL_EVENT:
		case HVCALL_GET_VP_REGISTERS:
		case HVCALL_SET_VP_REGISTERS:
		case HVCALL_NOTIFY_PORT_RING_EMPTY:
			continue;
		case HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE:
		case HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST:
		case HVCALL_NOTIFY_LONG_SPIN_WAIT:
		case HVCALL_SEND_SYNTHETIC_CLUSTER_IPI:
		case HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX:
		case HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX:
		case HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX:
			/* As offered; they name nobody outside of the partition. */
			assert_true(r->privilege & PARTITION_FEATURES);
			assert_int_equal(r->target, HCALL_TARGET_NONE);
			continue;
		default:
			assert_true(r->privilege & ~HV_PARTITION_PRIVILEGES_GUEST);
			assert_int_equal(r->privilege & ~HV_PARTITION_PRIVILEGES_ROOT &
						 ~HV_PARTITION_PRIVILEGES_GUEST,
					 0);
			n++;
		}
	}
	assert_true(n > 10);
}

static void test_targets(void **state)
{
	static const struct {
		uint16_t code;
		uint8_t target;
	} t[] = {
		{ HVCALL_CREATE_PARTITION, HCALL_TARGET_NONE },
		{ HVCALL_INITIALIZE_PARTITION, HCALL_TARGET_CHILD },
		{ HVCALL_FINALIZE_PARTITION, HCALL_TARGET_CHILD },
		{ HVCALL_DELETE_PARTITION, HCALL_TARGET_CHILD },
		{ HVCALL_DEPOSIT_MEMORY, HCALL_TARGET_PARTITION },
		{ HVCALL_WITHDRAW_MEMORY, HCALL_TARGET_PARTITION },
		/* The root's memory is the frame table's: nobody maps into it. */
		{ HVCALL_MAP_GPA_PAGES, HCALL_TARGET_CHILD },
		{ HVCALL_UNMAP_GPA_PAGES, HCALL_TARGET_CHILD },
		{ HVCALL_CREATE_VP, HCALL_TARGET_CHILD },
		{ HVCALL_DELETE_VP, HCALL_TARGET_CHILD },
		{ HVCALL_DISPATCH_VP, HCALL_TARGET_VP },
		{ HVCALL_GET_VP_STATE, HCALL_TARGET_VP_OR_ALL },
		{ HVCALL_SET_VP_STATE, HCALL_TARGET_VP_OR_ALL },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(t); i++) {
		bool found = false;

		for (uint32_t j = 0; j < hypercall_table_len; j++)
			if (hypercall_table[j].code == t[i].code) {
				assert_int_equal(hypercall_table[j].target, t[i].target);
				found = true;
			}
		assert_true(found);
	}
}

/* Each rule broken once in a copy, so that the judge is known to see it. */
static void test_judge(void **state)
{
	static struct hcall_row copy[128];
	struct hcall_row *dep = NULL, *reg = NULL, *id = NULL, *del = NULL;
	uint32_t n = hypercall_table_len;

	(void)state;
	assert_true(n <= ARRAY_LEN(copy));
#define BROKEN(stmt, why) \
	do { \
		memcpy(copy, hypercall_table, n * sizeof(*copy)); \
		for (uint32_t i = 0; i < n; i++) { \
			if (copy[i].code == HVCALL_DEPOSIT_MEMORY) \
				dep = &copy[i]; \
			if (copy[i].code == HVCALL_GET_VP_REGISTERS) \
				reg = &copy[i]; \
			if (copy[i].code == HVCALL_GET_PARTITION_ID) \
				id = &copy[i]; \
			if (copy[i].code == HVCALL_DELETE_VP) \
				del = &copy[i]; \
		} \
		stmt; \
		assert_string_equal(judge(copy, n), why); \
	} while (0)
	BROKEN(copy[1].code = copy[0].code, "order");
	BROKEN(copy[n - 1].code = 1, "order");
	BROKEN(dep->fn = NULL, "no handler or name");
	BROKEN(dep->name = NULL, "no handler or name");
	BROKEN(copy[1].fn = copy[0].fn, "one handler or name for two calls");
	BROKEN(copy[1].name = copy[0].name, "one handler or name for two calls");
	BROKEN(dep->in_size = 4089, "more than a page");
	BROKEN(reg->out_size = 4081, "more than a page");
	BROKEN(dep->rep = false, "elements without a list");
	BROKEN(dep->fast = true, "fast form too large");
	BROKEN(id->fast = true, "fast form too large");
	BROKEN((id->variable = true, id->in_size = 4), "variable header");
	BROKEN(id->target = 6, "target");
	BROKEN(id->target = HCALL_TARGET_CHILD, "no room for the target");
	BROKEN((del->target = HCALL_TARGET_VP, del->in_size = 8), "no room for the target");
	BROKEN(dep->in_size = 12, "list not aligned");
	BROKEN(reg->out_size = 4, "list not aligned");
	BROKEN(dep->in_size = 16, "sizes");
	BROKEN(reg->in_elem = 8, "sizes");
	BROKEN(reg->out_elem = 8, "sizes");
	BROKEN(id->out_size = 16, "sizes");
	BROKEN(id->rep = true, "sizes");
	BROKEN(copy[0].fn = hvcall_translate_virtual_address, "handler of another call");
	BROKEN(dep->name = "HvCallDepositMemories", "name of another call");
	BROKEN(dep->name = "HvCallDepositmemory", "name of another call");
	BROKEN(dep->name = "DepositMemory", "name of another call");
	assert_null((memcpy(copy, hypercall_table, n * sizeof(*copy)), judge(copy, n)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_privileges),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_judge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
