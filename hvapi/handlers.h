/* SPDX-License-Identifier: MIT */
/* The handlers that hypercall_table.c names, by file. */
#ifndef HVAPI_HANDLERS_H
#define HVAPI_HANDLERS_H

#include "hvapi/hypercall.h"
#include "kernel/log.h"

/* hvcall_partition.c */
uint16_t hvcall_create_partition(struct hcall_args *a);
uint16_t hvcall_initialize_partition(struct hcall_args *a);
uint16_t hvcall_finalize_partition(struct hcall_args *a);
uint16_t hvcall_delete_partition(struct hcall_args *a);
uint16_t hvcall_get_partition_id(struct hcall_args *a);
uint16_t hvcall_deposit_memory(struct hcall_args *a);
uint16_t hvcall_withdraw_memory(struct hcall_args *a);
uint16_t hvcall_map_gpa_pages(struct hcall_args *a);
uint16_t hvcall_unmap_gpa_pages(struct hcall_args *a);
uint16_t hvcall_get_system_property(struct hcall_args *a);
uint16_t hvcall_quoin_read_log(struct hcall_args *a);

/* hvcall_vp.c */
uint16_t hvcall_create_vp(struct hcall_args *a);
uint16_t hvcall_delete_vp(struct hcall_args *a);
uint16_t hvcall_get_vp_registers(struct hcall_args *a);
uint16_t hvcall_set_vp_registers(struct hcall_args *a);
uint16_t hvcall_dispatch_vp(struct hcall_args *a);
uint16_t hvcall_map_vp_state_page(struct hcall_args *a);
uint16_t hvcall_unmap_vp_state_page(struct hcall_args *a);
uint16_t hvcall_notify_long_spin_wait(struct hcall_args *a);

/* hvcall_flush.c */
uint16_t hvcall_flush_virtual_address_space(struct hcall_args *a);
uint16_t hvcall_flush_virtual_address_list(struct hcall_args *a);
uint16_t hvcall_flush_virtual_address_space_ex(struct hcall_args *a);
uint16_t hvcall_flush_virtual_address_list_ex(struct hcall_args *a);

/* hvcall_ipi.c */
uint16_t hvcall_send_synthetic_cluster_ipi(struct hcall_args *a);
uint16_t hvcall_send_synthetic_cluster_ipi_ex(struct hcall_args *a);

/* hvcall_property.c */
uint16_t hvcall_get_partition_property(struct hcall_args *a);
uint16_t hvcall_get_partition_property_ex(struct hcall_args *a);
uint16_t hvcall_set_partition_property(struct hcall_args *a);

/* hvcall_intercept.c */
uint16_t hvcall_install_intercept(struct hcall_args *a);
uint16_t hvcall_register_intercept_result(struct hcall_args *a);
uint16_t hvcall_assert_virtual_interrupt(struct hcall_args *a);
uint16_t hvcall_get_vp_cpuid_values(struct hcall_args *a);

/* hvcall_memory.c */
uint16_t hvcall_translate_virtual_address(struct hcall_args *a);
uint16_t hvcall_read_gpa(struct hcall_args *a);
uint16_t hvcall_write_gpa(struct hcall_args *a);

/* hvcall_port.c */
uint16_t hvcall_create_port(struct hcall_args *a);
uint16_t hvcall_delete_port(struct hcall_args *a);
uint16_t hvcall_connect_port(struct hcall_args *a);
uint16_t hvcall_disconnect_port(struct hcall_args *a);
uint16_t hvcall_post_message(struct hcall_args *a);
uint16_t hvcall_signal_event(struct hcall_args *a);
uint16_t hvcall_notify_port_ring_empty(struct hcall_args *a);
uint16_t hvcall_signal_event_direct(struct hcall_args *a);
uint16_t hvcall_post_message_direct(struct hcall_args *a);

/* hvcall_state.c */
uint16_t hvcall_get_vp_state(struct hcall_args *a);
uint16_t hvcall_set_vp_state(struct hcall_args *a);

#endif
