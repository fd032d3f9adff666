/* SPDX-License-Identifier: MIT */
/*
 * What arch/x86_64/common/vp.c leans on, for tests that link it. Most want its set-up, reset and
 * clock only, and never run a VP. All weak: a test that wants one of them gives its own, or links
 * the real one.
 */
#ifndef TESTS_FAKE_X86_VP_H
#define TESTS_FAKE_X86_VP_H

#define FV_VP_IS_LINKED
#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/deadline.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/features.h"
#include "arch/x86_64/common/speculation.h"
#include "fake_arch.h"
#include "fake_virt.h"
#include "hvapi/msr.h"

#define FAKE_WEAK __attribute__((weak))

uint64_t cpu_tsc_hz = 2000000000, cpu_xcr0 = 0x2e7;
uint32_t cpu_phys_bits = 40;
struct xsave_layout cpu_xsave_layout;
bool cpu_has_rdtscp = true, cpu_has_xss = true;
FAKE_WEAK struct speculation cpu_speculation;
struct partition *partition_root;
FAKE_WEAK const struct virt_ops svm_ops, vmx_ops;

FAKE_WEAK bool svm_probe(void)
{
	return true;
}

FAKE_WEAK bool vmx_probe(void)
{
	return false;
}

FAKE_WEAK uint64_t features_xss(const struct partition *p, uint64_t mask)
{
	(void)p;
	return mask;
}

FAKE_WEAK uint8_t features_cet(const struct partition *p)
{
	(void)p;
	return cpu_xsave_layout.xss_mask ? 3 : 0;
}

FAKE_WEAK uint64_t features_xcr0(const struct partition *p, uint64_t mask)
{
	(void)p;
	return mask;
}

/* A test that runs VPs has these itself. */
#ifndef FAKE_OWN_RUN
FAKE_WEAK void deadline_borrow(void)
{
}

FAKE_WEAK void deadline_return(void)
{
}

FAKE_WEAK void deadline_arm(uint64_t at)
{
	(void)at;
}

FAKE_WEAK bool deadline_idle(uint64_t at, const uint32_t *mail)
{
	(void)mail;
	(void)at;
	return true;
}

FAKE_WEAK bool deadline_root_waits(void)
{
	return false;
}

FAKE_WEAK bool deadline_take(void)
{
	return false;
}

FAKE_WEAK enum exit_action exit_handle(struct vp *vp, struct x86_exit *ex)
{
	(void)vp;
	(void)ex;
	return EXIT_STOP;
}

FAKE_WEAK void hv_synic_eoi(struct vp *vp)
{
	(void)vp;
}

FAKE_WEAK uint64_t hv_timers_deadline(struct vp *vp)
{
	(void)vp;
	return UINT64_MAX;
}

FAKE_WEAK void hv_timers_run(struct vp *vp)
{
	(void)vp;
}

FAKE_WEAK uint16_t hv_deliverable_sints(struct vp *vp)
{
	return vp->sint_notify;
}

FAKE_WEAK void hv_notify_sints(struct vp *vp, uint16_t mask)
{
	vp->sint_notify = mask;
}

FAKE_WEAK void apic_send(uint32_t dest, uint32_t low)
{
	(void)dest;
	(void)low;
}

FAKE_WEAK enum exit_action intercept_sints(struct vp *vp, uint16_t sints)
{
	(void)vp;
	(void)sints;
	return EXIT_STOP;
}

FAKE_WEAK int inject_deliverable(struct vp *vp)
{
	(void)vp;
	return -1;
}

FAKE_WEAK void inject_prepare(struct vp *vp)
{
	(void)vp;
}

FAKE_WEAK enum exit_action intercept_deliverable(struct vp *vp, int type)
{
	(void)vp;
	(void)type;
	return EXIT_STOP;
}

FAKE_WEAK enum exit_action intercept_invalid_register(struct vp *vp, const char *why)
{
	(void)vp;
	(void)why;
	return EXIT_STOP;
}

FAKE_WEAK enum exit_action intercept_unrecoverable(struct vp *vp, struct x86_exit *ex)
{
	(void)vp;
	(void)ex;
	return EXIT_STOP;
}

FAKE_WEAK void partition_unimplemented(struct partition *p, uint32_t kind, const char *what,
				       uint64_t arg)
{
	(void)p;
	(void)kind;
	(void)what;
	(void)arg;
}
#endif

FAKE_WEAK struct vp *vp_find(struct partition *p, uint32_t index)
{
	return p->vps[index];
}

/* A test that looks at the mail has these itself. */
#ifndef FAKE_OWN_POST
FAKE_WEAK void vp_post(struct vp *vp, uint32_t mail)
{
	(void)vp;
	(void)mail;
}

FAKE_WEAK void vp_post_irq(struct vp *vp, uint8_t vector, bool level)
{
	(void)vp;
	(void)vector;
	(void)level;
}
#endif

#endif
