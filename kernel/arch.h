/* SPDX-License-Identifier: MIT */
/* Every hook that an architecture supplies to the kernel and to hvapi, once. */
#ifndef KERNEL_ARCH_H
#define KERNEL_ARCH_H

#include <hv/status.h>
#include <hv/types.h>

#include "kernel/vp.h"

/* -- machine ---------------------------------------------------------------------------------- */
/* Make `cpu` leave guest mode at once and come into the core; it need not be in guest mode. */
void arch_kick(struct percpu *cpu);
/*
 * Take translations of s that are no longer in its tables out of every CPU, when the hardware does
 * that by itself. False: it does not, each CPU that runs under s has to leave it (smp.c).
 */
bool arch_flush_slat(const struct slat *s);
/* Host TSC or counter. */
uint64_t arch_time(void);
uint64_t arch_time_hz(void);
/* The root's interrupt-timer clock. */
uint64_t arch_apic_hz(void);
uint64_t arch_guest_apic_hz(void);
/* Reset the machine, as a triple fault would. */
void arch_machine_reset(void);
/* (a * b) / c without overflow in between; the result must fit. */
uint64_t arch_mul_div(uint64_t a, uint64_t b, uint64_t c);

/* -- second level ----------------------------------------------------------------------------- */
extern const struct slat_format *arch_slat_format;
/*
 * Pages of the root's get into a guest, or come back: whoever looks at them past the caches sees
 * what was written through them. Nothing where caches are coherent for every kind of access.
 */
void arch_pages_handed(uint64_t pfn, uint64_t count);

/* -- partition -------------------------------------------------------------------------------- */
uint16_t arch_partition_init(struct partition *p);
void arch_partition_free(struct partition *p);

/* -- VP --------------------------------------------------------------------------------------- */
/* Pages come from the partition's pool; on failure everything taken is given back. */
uint16_t arch_vp_init(struct vp *vp);
void arch_vp_free(struct vp *vp);
/* Architectural reset state (INIT when init is set: some things survive). */
void arch_vp_reset(struct vp *vp, bool init);
/* Raise a fixed interrupt at the VP's local controller. Owner only. */
void arch_vp_raise(struct vp *vp, uint8_t vector);
/* The same by anybody, and of the root's VPs too. */
void arch_vp_post(struct vp *vp, uint8_t vector);
/* The VP's own TSC or counter, now. */
uint64_t arch_vp_tsc(const struct vp *vp);
/* The synthetic EOI, ICR and TPR MSRs. False: #GP. */
bool arch_hv_apic_msr(struct vp *vp, uint32_t msr, bool write, uint64_t *v);
/* The VP's owner lets go of it: no CPU may hold any of its state beyond this. */
void arch_vp_release(struct vp *vp);
/* Host TSC ticks went by that the VP must not notice. */
void arch_vp_shift_time(struct vp *vp, uint64_t gone);
/* Move the mailbox into the VP. Owner only. */
void arch_vp_take_mail(struct vp *vp);

enum vp_exit {
	VP_EXIT_RESUME,	   /* internal: keep running */
	VP_EXIT_INTERCEPT, /* a message is ready, intercept_suspend is set */
	VP_EXIT_INTERRUPT, /* a physical interrupt waits for the root */
	VP_EXIT_HALTED,	   /* idle with nothing to wake it up by itself */
	VP_EXIT_SUSPENDED, /* explicit suspend */
	VP_EXIT_REFUSED,   /* the root's CPU is in no state to run a guest: nothing was run */
	VP_EXIT_NO_MEMORY, /* the instruction needs a page of the partition's pool, and waits */
};
/* Run the VP on this CPU until there is something for the root. The root's state is away. */
enum vp_exit arch_vp_run(struct vp *vp);
/* Take the root VP's state off this CPU and put vp's on, and back. */
void arch_vp_switch_in(struct vp *vp);
void arch_vp_switch_out(struct vp *vp);

/* Registers that are not neutral rows. HV_STATUS_UNKNOWN_REGISTER_NAME when there is none. */
uint16_t arch_vp_get_register(struct vp *vp, uint32_t name, union hv_register_value *v);
uint16_t arch_vp_set_register(struct vp *vp, uint32_t name, const union hv_register_value *v);

/* May a VP name this register of its own (ARCH_SELF_REGISTERS)? Not those that it has in silicon.
 */
bool arch_own_register(const struct vp *vp, uint32_t name);

/* -- properties, intercepts, interrupts ------------------------------------------------------- */
/* Read-only properties of the processors. HV_STATUS_UNKNOWN_PROPERTY when there is none. */
uint16_t arch_property(const struct partition *p, uint32_t code, uint64_t *v);
/* Those that can be set, in whatever state the partition is; its lock is held. */
uint16_t arch_set_property(struct partition *p, uint32_t code, uint64_t v);
uint16_t arch_install_intercept(struct partition *p, uint32_t type, uint32_t access,
				uint64_t param);
uint16_t arch_register_result(struct partition *p,
			      const struct hv_input_register_intercept_result *in);
uint16_t arch_assert_interrupt(struct partition *p,
			       const struct hv_input_assert_virtual_interrupt *in);
/* The VP is taken. */
uint16_t arch_cpuid_values(struct vp *vp, uint32_t flags, const struct hv_cpuid_leaf_info *leaf,
			   struct hv_cpuid_values *out);
/* Registers of a partition, by HV_ANY_VP (ARCH_SHARED_REGISTERS): the lock is held, all VPs are
 * taken. */
uint16_t arch_partition_get_register(const struct partition *p, uint32_t name,
				     union hv_register_value *v);
uint16_t arch_partition_set_register(struct partition *p, uint32_t name,
				     const union hv_register_value *v);
uint16_t arch_translate(struct vp *vp, uint64_t flags, uint64_t gva_page,
			struct hv_output_translate_virtual_address *out);

/* -- state groups ----------------------------------------------------------------------------- */
/* Size of a state type's image; 0 when this partition has no such state. */
uint32_t arch_state_size(const struct partition *p, uint32_t type);
/* states: the XSAVE components wanted, ignored for other types. The VP is taken. */
uint16_t arch_state_get(struct vp *vp, uint32_t type, uint64_t states, void *buf);
/* Checks everything, then commits. */
uint16_t arch_state_set(struct vp *vp, uint32_t type, const void *buf);
/*
 * A state of more than a page, straight from and to the caller's: what is written is not read, what
 * is read is read once. Set checks what can be wrong, then commits.
 */
uint16_t arch_state_get_pages(struct vp *vp, uint32_t type, void *const *pages);
uint16_t arch_state_set_pages(struct vp *vp, uint32_t type, void *const *pages);
/* Of the whole partition (HV_VP_STATE_ANY_VP in the type): every VP is taken. */
uint16_t arch_partition_state_get(struct partition *p, uint32_t type, void *buf);
uint16_t arch_partition_state_set(struct partition *p, uint32_t type, const void *buf);

#endif
