/* SPDX-License-Identifier: MIT */
/*
 * Which event a VP gets next: the order of the sources, what holds each back, which window is
 * armed for the rest, and faults on top of faults (SDM vol. 3, 7.9, tables 7-4 and 7-5).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_virt.h"

static struct partition part;
static struct vp vp;
static struct arch_vp *const a = &vp.arch;
static int auto_eoi_vector;

bool synic_auto_eoi(const struct hv_synic *s, uint8_t vector)
{
	(void)s;
	return vector == auto_eoi_vector;
}

static int setup(void **state)
{
	(void)state;
	memset(&vp, 0, sizeof(vp));
	memset(&fv, 0, sizeof(fv));
	vp.partition = &part;
	vlapic_init(&a->apic, 0, true, true, 2000000000, true);
	a->apic.reg[0xf] = 0x1ff;
	fv.sys[SYS_RFLAGS] = RFLAGS_IF | RFLAGS_FIXED;
	auto_eoi_vector = -1;
	return 0;
}

/* Type and vector of what the next entry gets; -1: nothing. */
static int next(void)
{
	uint32_t before = fv_count(FV_INJECT);

	inject_prepare(&vp);
	assert_true(fv_count(FV_INJECT) - before <= 1);
	return fv_count(FV_INJECT) == before ? -1 : fv.injected.type << 8 | fv.injected.vector;
}

/* The window's state as last asked for: -1 off, else the vector. */
static int window(void)
{
	for (uint32_t i = fv.notes; i-- > 0;)
		if (fv.log[i].call == FV_INTR_WINDOW)
			return fv.log[i].index ? (int)fv.log[i].value : -1;
	return -1;
}

static bool irr(uint8_t v)
{
	return a->apic.reg[0x20 + v / 32] >> v % 32 & 1;
}

static bool isr(uint8_t v)
{
	return a->apic.reg[0x10 + v / 32] >> v % 32 & 1;
}

/* -- faults on faults -------------------------------------------------------------------------- */
enum class { BENIGN, CONTRIBUTORY, PAGE_FAULT, DOUBLE_FAULT };

/* SDM table 7-4 */
static enum class class_of(uint32_t v) {
	switch (v){
		case 0 : case 10 : case 11 : case 12 : case 13 : case 21 : return CONTRIBUTORY;
		case 14 : return PAGE_FAULT;
		case 8 : return DOUBLE_FAULT;
		default : return BENIGN;
	}
}

static void test_fault_on_fault(void **state)
{
	(void)state;
	for (uint8_t first = 0; first < 32; first++)
		for (uint8_t second = 0; second < 32; second++) {
			enum class c1 = class_of(first), c2 = class_of(second);
			bool error = c2 != BENIGN;

			/* NMI is no exception; #VE is not offered; nothing but the core raises #DF.
			 */
			if (first == 2 || second == 2 || first == 20 || second == 20 || second == 8)
				continue;
			(void)setup(NULL);
			inject_exception(&vp, first, true, 0x11);
			inject_exception(&vp, second, error, 0x22);
			if (c1 == DOUBLE_FAULT && c2 != BENIGN) {
				assert_int_equal(a->activity, X86_SHUTDOWN);
				assert_false(a->event.pending);
				continue;
			}
			if (c1 == DOUBLE_FAULT)
				continue;
			assert_int_equal(a->activity, X86_ACTIVE);
			assert_true(a->event.pending);
			assert_int_equal(a->event.type, 3);
			if ((c1 == CONTRIBUTORY && c2 == CONTRIBUTORY) ||
			    (c1 == PAGE_FAULT && (c2 == CONTRIBUTORY || c2 == PAGE_FAULT))) {
				assert_int_equal(a->event.vector, 8);
				assert_true(a->event.has_error);
				assert_int_equal(a->event.error, 0);
			} else {
				assert_int_equal(a->event.vector, second);
				assert_int_equal(a->event.has_error, error);
				assert_int_equal(a->event.error, 0x22);
			}
		}
}

static void test_fault_chain(void **state)
{
	(void)state;
	inject_gp(&vp);
	assert_int_equal(a->event.vector, 13);
	assert_true(a->event.has_error);
	assert_int_equal(a->event.error, 0);
	inject_gp(&vp);
	assert_int_equal(a->event.vector, 8);
	inject_gp(&vp);
	assert_int_equal(a->activity, X86_SHUTDOWN);
	(void)setup(NULL);
	inject_ud(&vp);
	assert_int_equal(a->event.vector, 6);
	assert_false(a->event.has_error);
	assert_int_equal(next(), 0x306);
	/* The first one is delivered: a second is no fault on top of it. */
	inject_gp(&vp);
	inject_prepare(&vp);
	inject_gp(&vp);
	assert_int_equal(a->event.vector, 13);
}

/* An interrupt or NMI whose delivery faulted is not lost: it comes after the fault. */
static void test_fault_on_interrupt(void **state)
{
	(void)state;
	a->event = (struct x86_event){ .pending = true, .type = 0, .vector = 0x51 };
	inject_exception(&vp, VEC_AC, true, 0);
	assert_int_equal(next(), 0x311);
	assert_int_equal(next(), 0x051);
	assert_int_equal(next(), -1);
	/* And waits as any, when the handler of the fault runs with interrupts off. */
	a->event = (struct x86_event){ .pending = true, .type = 0, .vector = 0x51 };
	inject_exception(&vp, VEC_DB, false, 0);
	assert_int_equal(next(), 0x301);
	fv.sys[SYS_RFLAGS] = RFLAGS_FIXED;
	assert_int_equal(next(), -1);
	assert_int_equal(window(), 0);
	fv.sys[SYS_RFLAGS] |= RFLAGS_IF;
	assert_int_equal(next(), 0x051);
	a->nmi_masked = true; /* as its injection left it */
	a->event = (struct x86_event){ .pending = true, .type = 2, .vector = 2 };
	inject_exception(&vp, VEC_DB, false, 0);
	assert_int_equal(next(), 0x301);
	assert_int_equal(next(), 0x202);
	assert_true(a->nmi_masked);
	assert_int_equal(next(), -1);
	/* What the root has queued is not pushed out by it. */
	a->queued = (struct x86_event){ .pending = true, .type = 3, .vector = 19 };
	a->event = (struct x86_event){ .pending = true, .type = 0, .vector = 0x51 };
	inject_exception(&vp, VEC_DB, false, 0);
	assert_int_equal(next(), 0x301);
	assert_int_equal(next(), 0x313);
	/* A software interrupt happens again by itself: RIP still is there. */
	a->event = (struct x86_event){ .pending = true, .type = 4, .vector = 0x80 };
	inject_exception(&vp, VEC_GP, true, 0x402);
	assert_int_equal(next(), 0x30d);
	assert_int_equal(next(), -1);
}

/* -- order ------------------------------------------------------------------------------------- */
static void test_order(void **state)
{
	static const int want[] = { 0x40, 0x301, 0x30e, 0x202, 0x91, 0x62, 0x51 };

	(void)state;
	(void)vlapic_accept(&a->apic, 0x51, false);
	(void)vlapic_accept(&a->apic, 0x62, false);
	a->nmi_pending = true;
	a->queued = (struct x86_event){ .pending = true, .type = 3, .vector = 14 };
	a->debug_pending = true;
	a->event = (struct x86_event){ .pending = true, .type = 0, .vector = 0x40 };
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(next(), want[i]);
		if (want[i] == 0x30e) /* the one slot is free: the other kind comes into it */
			a->queued =
				(struct x86_event){ .pending = true, .type = 0, .vector = 0x91 };
		/* Whatever is left gets its window. */
		if (want[i] == 0x202)
			assert_int_equal(window(), 0);
		if (want[i] == 0x91)
			assert_int_equal(window(), 0x62);
		/* Every interrupt of the APIC's ends before the next of a lower class. */
		if (want[i] == 0x62) {
			struct vlapic_effect e;

			assert_int_equal(window(), -1); /* TPR's class holds 0x51 back */
			assert_true(vlapic_eoi(&a->apic, &e));
		}
	}
	assert_int_equal(next(), -1);
	assert_int_equal(window(), -1);
	assert_true(isr(0x51));
	assert_false(irr(0x51));
}

/* An event that no flag holds back, and an interrupt behind it: one an entry, the window open. */
static void test_busy(void **state)
{
	(void)state;
	(void)vlapic_accept(&a->apic, 0x51, false);
	inject_gp(&vp);
	assert_int_equal(next(), 0x30d);
	assert_int_equal(window(), 0x51);
	assert_true(irr(0x51));
	assert_int_equal(next(), 0x051);
	assert_int_equal(window(), -1);
}

static void test_masked_interrupt(void **state)
{
	uint32_t windows;

	(void)state;
	(void)vlapic_accept(&a->apic, 0x51, false);
	fv.sys[SYS_RFLAGS] = RFLAGS_FIXED;
	assert_int_equal(next(), -1);
	assert_int_equal(window(), 0x51);
	fv.sys[SYS_RFLAGS] |= RFLAGS_IF;
	fv.sys[SYS_INT_SHADOW] = 1;
	assert_int_equal(next(), -1);
	assert_int_equal(window(), 0x51);
	/* A higher one changes the priority that the window asks for. */
	(void)vlapic_accept(&a->apic, 0x71, false);
	assert_int_equal(next(), -1);
	assert_int_equal(window(), 0x71);
	fv.sys[SYS_INT_SHADOW] = 0;
	assert_int_equal(next(), 0x071);
	assert_int_equal(window(), -1);
	/* The back end is left alone while nothing changes. */
	windows = fv_count(FV_INTR_WINDOW);
	assert_int_equal(next(), -1);
	assert_int_equal(fv_count(FV_INTR_WINDOW), windows);
	/* TPR's class: nothing else tells when the guest lowers CR8 */
	(void)setup(NULL);
	(void)vlapic_accept(&a->apic, 0x51, false);
	vlapic_set_cr8(&a->apic, 5);
	assert_int_equal(next(), -1);
	assert_int_equal(window(), 0x51);
	vlapic_set_cr8(&a->apic, 4);
	assert_int_equal(next(), 0x051);
	assert_int_equal(window(), -1);
	/* A class in service: EOI exits, so no window; above it, one */
	(void)vlapic_accept(&a->apic, 0x52, false);
	assert_int_equal(next(), -1);
	assert_int_equal(window(), -1);
	vlapic_set_cr8(&a->apic, 9);
	(void)vlapic_accept(&a->apic, 0x61, false);
	assert_int_equal(next(), -1);
	assert_int_equal(window(), 0x61);
	/* No class is below TPR's lowest, and a disabled APIC takes nothing. */
	vlapic_set_base(&a->apic, vlapic_base(&a->apic) & ~(uint64_t)VLAPIC_BASE_ENABLE);
	assert_int_equal(next(), -1);
	assert_int_equal(window(), -1);
}

static void test_auto_eoi(void **state)
{
	(void)state;
	auto_eoi_vector = 0x51;
	(void)vlapic_accept(&a->apic, 0x51, false);
	assert_int_equal(next(), 0x051);
	assert_false(irr(0x51));
	assert_false(isr(0x51));
	(void)vlapic_accept(&a->apic, 0x52, false);
	assert_int_equal(next(), 0x052);
	assert_true(isr(0x52));
}

static void test_nmi(void **state)
{
	(void)state;
	a->nmi_pending = true;
	fv.sys[SYS_RFLAGS] = RFLAGS_FIXED; /* IF is nothing to it, nor is the shadow */
	fv.sys[SYS_INT_SHADOW] = 1;
	assert_int_equal(next(), 0x202);
	assert_false(a->nmi_pending);
	assert_true(a->nmi_masked);
	assert_int_equal(fv_count(FV_IRET_WINDOW), 1);
	assert_int_equal(fv.log[0].call, FV_IRET_WINDOW);
	assert_int_equal(fv.log[0].index, 1);
	/* Another waits for IRET. */
	a->nmi_pending = true;
	assert_int_equal(next(), -1);
	assert_true(a->nmi_pending);
	a->nmi_masked = false;
	assert_int_equal(next(), 0x202);
	/* A masked NMI holds back nothing of lower priority. */
	(void)setup(NULL);
	a->nmi_pending = a->nmi_masked = true;
	(void)vlapic_accept(&a->apic, 0x51, false);
	assert_int_equal(next(), 0x051);
}

/* -- what the root queued ---------------------------------------------------------------------- */
static void test_queued_exception(void **state)
{
	(void)state;
	a->queued = (struct x86_event){
		.pending = true, .type = 3, .vector = 14, .has_error = true, .error = 6
	};
	a->queued_parameter = 0xffff800012345678;
	assert_int_equal(next(), 0x30e);
	assert_true(fv.injected.has_error);
	assert_int_equal(fv.injected.error, 6);
	assert_int_equal(fv.sys[SYS_CR2], 0xffff800012345678);
	assert_false(a->queued.pending);
	/* #DB's parameter is DR6: B0..B3, BD, BS, BT over the bits that are always set */
	a->queued = (struct x86_event){ .pending = true, .type = 3, .vector = 1 };
	a->queued_parameter = ~0ull;
	assert_int_equal(next(), 0x301);
	assert_int_equal(fv.sys[SYS_DR6], 0xffffefff);
	assert_int_equal(fv.sys[SYS_CR2], 0xffff800012345678);
	/* Others have none. */
	a->queued = (struct x86_event){ .pending = true, .type = 3, .vector = 13 };
	a->queued_parameter = 0x77;
	fv.notes = 0;
	assert_int_equal(next(), 0x30d);
	assert_int_equal(fv_count(FV_SET), 0);
}

static void test_debug_exception(void **state)
{
	(void)state;
	fv.sys[SYS_DR6] = DR6_RESET | 1;
	a->debug_pending = true;
	a->debug_exception = DR6_BS | 1ull << 40 | BIT(12);
	assert_int_equal(next(), 0x301);
	assert_false(fv.injected.has_error);
	assert_int_equal(fv.sys[SYS_DR6], DR6_RESET | DR6_BS | 1);
	assert_false(a->debug_pending);
}

static void test_queued_interrupt(void **state)
{
	(void)state;
	/* Past the APIC: TPR does not hold it back, and the APIC does not hear of it. */
	vlapic_set_cr8(&a->apic, 15);
	a->queued = (struct x86_event){ .pending = true, .type = 0, .vector = 0x31 };
	fv.sys[SYS_INT_SHADOW] = 1;
	assert_int_equal(next(), -1);
	assert_int_equal(window(), 0);
	fv.sys[SYS_INT_SHADOW] = 0;
	fv.sys[SYS_RFLAGS] = RFLAGS_FIXED;
	assert_int_equal(next(), -1);
	assert_int_equal(window(), 0);
	fv.sys[SYS_RFLAGS] |= RFLAGS_IF;
	assert_int_equal(next(), 0x031);
	assert_false(isr(0x31));
	assert_int_equal(window(), -1);
	/* Behind an exception it keeps its window. */
	a->queued = (struct x86_event){ .pending = true, .type = 0, .vector = 0x31 };
	inject_ud(&vp);
	assert_int_equal(next(), 0x306);
	assert_int_equal(window(), 0);
	assert_true(a->queued.pending);
}

/* -- deliverability --------------------------------------------------------------------------- */
static void test_deliverable(void **state)
{
	(void)state;
	assert_int_equal(inject_deliverable(&vp), -1);
	a->notify = HV_DELIVERABILITY_NMI;
	assert_int_equal(inject_deliverable(&vp), 2);
	a->nmi_masked = true;
	assert_int_equal(inject_deliverable(&vp), -1);
	a->nmi_masked = false;
	/* Not while something goes before it. */
	a->event.pending = true;
	assert_int_equal(inject_deliverable(&vp), -1);
	a->event.pending = false;
	a->debug_pending = true;
	assert_int_equal(inject_deliverable(&vp), -1);
	a->debug_pending = false;
	a->queued.pending = true;
	assert_int_equal(inject_deliverable(&vp), -1);
	a->queued.pending = false;
	assert_int_equal(inject_deliverable(&vp), 2);
	/* NMI first, then the interrupt */
	a->notify = HV_DELIVERABILITY_NMI | HV_DELIVERABILITY_INTERRUPT;
	assert_int_equal(inject_deliverable(&vp), 2);
	a->nmi_masked = true;
	assert_int_equal(inject_deliverable(&vp), 0);
	fv.sys[SYS_INT_SHADOW] = 1;
	assert_int_equal(inject_deliverable(&vp), -1);
	fv.sys[SYS_INT_SHADOW] = 0;
	fv.sys[SYS_RFLAGS] = RFLAGS_FIXED;
	assert_int_equal(inject_deliverable(&vp), -1);
	/* The window asks for whatever priority. */
	(void)next();
	assert_int_equal(window(), 0);
	fv.sys[SYS_RFLAGS] |= RFLAGS_IF;
	/* Priority 0: whatever CR8 is; else above it (TLFS) */
	vlapic_set_cr8(&a->apic, 15);
	assert_int_equal(inject_deliverable(&vp), 0);
	for (uint8_t tpr = 0; tpr < 16; tpr++)
		for (uint64_t p = 1; p < 16; p++) {
			vlapic_set_cr8(&a->apic, tpr);
			a->notify = HV_DELIVERABILITY_INTERRUPT | p << 2;
			assert_int_equal(inject_deliverable(&vp), p > tpr ? 0 : -1);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_fault_on_fault, setup),
		cmocka_unit_test_setup(test_fault_chain, setup),
		cmocka_unit_test_setup(test_fault_on_interrupt, setup),
		cmocka_unit_test_setup(test_order, setup),
		cmocka_unit_test_setup(test_busy, setup),
		cmocka_unit_test_setup(test_masked_interrupt, setup),
		cmocka_unit_test_setup(test_auto_eoi, setup),
		cmocka_unit_test_setup(test_nmi, setup),
		cmocka_unit_test_setup(test_queued_exception, setup),
		cmocka_unit_test_setup(test_debug_exception, setup),
		cmocka_unit_test_setup(test_queued_interrupt, setup),
		cmocka_unit_test_setup(test_deliverable, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
