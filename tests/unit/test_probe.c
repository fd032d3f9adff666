/* SPDX-License-Identifier: MIT */
/*
 * Which back end the core takes, and each reason for which it refuses a machine: said by name,
 * before anything has been changed. Firmware may have set each CPU differently, so each is looked
 * at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "arch/x86_64/common/idt.h"
#include "arch/x86_64/common/speculation.h"
#include "arch/x86_64/svm/svm.h"
#include "arch/x86_64/vmx/vmx.h"
#include "fake_x86_vp.h"
#include "kernel/guest_mem.h"
#include "kernel/log.h"
#include "kernel/page_alloc.h"
#include "vmx_skylake_x.h"

#define FC_LOCK	   1u
#define FC_VMX	   4u
#define POOL_START 0x100000ull

const uint8_t vmx_exit_entry[1];
extern const struct slat_format *arch_slat_format;

static struct {
	bool svm, vmx;
	uint32_t asids, svm_features;
} cpu;
static bool own_timer;
static jmp_buf panicked;
static char reason[256];

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	longjmp(panicked, 1);
}

struct speculation cpu_speculation;

uint32_t vmx_enter_asm(struct arch_vp *a, const uint32_t *nmi_seen, uint32_t seen, uint32_t how)
{
	(void)a;
	(void)nmi_seen;
	(void)seen;
	(void)how;
	return 0;
}

void svm_enter(struct arch_vp *a, uint64_t pa, bool verw)
{
	(void)verw;
	(void)a;
	(void)pa;
}

uint64_t deadline_next(void)
{
	return UINT64_MAX;
}

bool deadline_own_timer(bool own)
{
	own_timer = own;
	return own;
}

uint64_t idt_base(void)
{
	return 0;
}

uint64_t idt_gdt_base(void)
{
	return 0;
}

enum guest_mem_result guest_mem_read(struct partition *p, gpa_t gpa, void *buf, size_t len,
				     gpa_t *where)
{
	(void)p;
	(void)gpa;
	(void)buf;
	(void)len;
	(void)where;
	return GUEST_MEM_UNMAPPED;
}

static void leaves(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	(void)sub;
	if (leaf == 1)
		r[2] = cpu.vmx ? 1u << 5 : 0;
	if (leaf == 0x80000001)
		r[2] = cpu.svm ? 1u << 2 : 0;
	if (leaf == 0x8000000a) {
		r[1] = cpu.asids;
		r[3] = cpu.svm_features;
	}
}

static void put(uint32_t msr, uint64_t v)
{
	fake_hw.msr[fake_msr(msr)].value = v;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	page_alloc_init(HPA(POOL_START), 0x400000);
	memset(&fake_hw, 0, sizeof(fake_hw));
	fake_hw.cpuid = leaves;
	for (uint32_t i = 0; i < VMX_CAP_MSRS; i++)
		put(MSR_VMX_BASIC + i, skylake_x[i]);
	cpu.svm = cpu.vmx = false;
	cpu.asids = 16;
	cpu.svm_features = 1;
	virt = NULL;
	own_timer = false;
	reason[0] = 0;
	arch_slat_format = NULL;
	return 0;
}

/* NULL: taken, else why not. */
static const char *probe(void)
{
	reason[0] = 0;
	if (setjmp(panicked))
		return reason;
	virt_probe();
	return NULL;
}

static void refuses(const char *why)
{
	const char *said = probe();

	if (!said || !strstr(said, why))
		fail_msg("\"%s\", not \"%s\"", said ? said : "taken", why);
	/* It has only looked */
	assert_int_equal(fake_hw.writes, 0);
	assert_null(virt);
}

static void test_neither(void **state)
{
	(void)state;
	refuses("neither");
	fake_hw.cpuid = NULL;
	refuses("neither");
}

static void test_svm(void **state)
{
	(void)state;
	cpu.svm = true;
	assert_null(probe());
	assert_ptr_equal(virt, &svm_ops);
	assert_int_equal(svm_caps.asids, 16);
	assert_false(svm_caps.nrip || svm_caps.clean || svm_caps.decode_assists);
	/* Optional ones, each by its bit (APM vol. 3, CPUID 8000_000A EDX) */
	cpu.svm_features = 1 | 1u << 3;
	assert_null(probe());
	assert_true(svm_caps.nrip && !svm_caps.clean && !svm_caps.decode_assists);
	cpu.svm_features = 1 | 1u << 5;
	assert_null(probe());
	assert_true(!svm_caps.nrip && svm_caps.clean && !svm_caps.decode_assists);
	cpu.svm_features = 1 | 1u << 7;
	assert_null(probe());
	assert_true(!svm_caps.nrip && !svm_caps.clean && svm_caps.decode_assists);
}

static void test_svm_refused(void **state)
{
	(void)state;
	cpu.svm = true;
	put(MSR_VM_CR, 1u << 4);
	refuses("SVMDIS");
	put(MSR_VM_CR, 1u << 3); /* locked, but on */
	assert_null(probe());
	virt = NULL;
	cpu.svm_features = ~1u;
	refuses("nested paging");
	cpu.svm_features = 1;
	for (uint32_t n = 0; n < 3; n++) {
		cpu.asids = n;
		refuses("ASIDs");
	}
	cpu.asids = 3;
	assert_null(probe());
	/* A CPU that has both is taken by what it is called first */
	cpu.vmx = true;
	virt = NULL;
	assert_null(probe());
	assert_ptr_equal(virt, &svm_ops);
}

static void test_vmx(void **state)
{
	(void)state;
	cpu.vmx = true;
	assert_null(probe());
	assert_ptr_equal(virt, &vmx_ops);
	assert_true(own_timer);
	assert_ptr_equal(arch_slat_format, &ept_format);
	/* Without 1-GiB pages; without a timer of its own */
	put(MSR_VMX_EPT_VPID_CAP, skylake_x[MSR_VMX_EPT_VPID_CAP - MSR_VMX_BASIC] & ~BIT(17));
	put(MSR_VMX_TRUE_PIN, skylake_x[MSR_VMX_TRUE_PIN - MSR_VMX_BASIC] & ~BIT(32 + 6));
	assert_null(probe());
	assert_false(own_timer);
	assert_ptr_equal(arch_slat_format, &ept_format_2m);
}

static void test_vmx_refused(void **state)
{
	(void)state;
	cpu.vmx = true;
	put(MSR_FEATURE_CTL, FC_LOCK);
	refuses("locked off");
	put(MSR_FEATURE_CTL, FC_LOCK | 2); /* inside SMX only */
	refuses("locked off");
	put(MSR_FEATURE_CTL, FC_LOCK | FC_VMX);
	assert_null(probe());
	virt = NULL;
	put(MSR_FEATURE_CTL, 0); /* ours to say */
	assert_null(probe());
	virt = NULL;
	/* A control that is missing is named (each one: test_vmx_caps) */
	put(MSR_VMX_PROC2, skylake_x[MSR_VMX_PROC2 - MSR_VMX_BASIC] & ~BIT(32 + 1));
	refuses("\"EPT\"");
	put(MSR_VMX_PROC2, skylake_x[MSR_VMX_PROC2 - MSR_VMX_BASIC] & ~BIT(32 + 7));
	refuses("\"unrestricted guest\"");
	/* Old processors have not even the MSR */
	put(MSR_VMX_PROC2, 0);
	fake_hw.msr[fake_msr(MSR_VMX_PROC2)].faults = 1;
	refuses("\"EPT\"");
	fake_hw.msr[fake_msr(MSR_VMX_PROC2)].faults = 0;
	put(MSR_VMX_PROC2, skylake_x[MSR_VMX_PROC2 - MSR_VMX_BASIC]);
	put(MSR_VMX_EPT_VPID_CAP, skylake_x[MSR_VMX_EPT_VPID_CAP - MSR_VMX_BASIC] & ~BIT(14));
	refuses("write-back EPT");
}

/* -- the other CPUs -------------------------------------------------------------------------------
 */

static const char *init_cpu(void)
{
	reason[0] = 0;
	fake_hw.writes = 0;
	this_cpu()->index = 3;
	if (setjmp(panicked))
		return reason;
	virt->cpu_init(this_cpu());
	return NULL;
}

static void must_say(const char *why)
{
	const char *said = init_cpu();

	if (!said || !strstr(said, why) || !strstr(said, "CPU 3"))
		fail_msg("\"%s\", not \"%s\"", said ? said : "taken", why);
}

static bool wrote(enum fake_kind kind, uint64_t index, uint64_t value)
{
	for (uint32_t i = 0; i < fake_hw.writes; i++)
		if (fake_hw.log[i].kind == kind && fake_hw.log[i].index == index &&
		    fake_hw.log[i].value == value)
			return true;
	return false;
}

static void test_svm_cpus(void **state)
{
	(void)state;
	cpu.svm = true;
	put(MSR_EFER, EFER_LME | EFER_LMA);
	assert_null(probe());
	assert_null(init_cpu());
	assert_true(wrote(FAKE_WRMSR, MSR_EFER, EFER_LME | EFER_LMA | EFER_SVME));
	assert_true(wrote(FAKE_WRMSR, MSR_VM_HSAVE_PA, ptr_hpa(this_cpu()->cpu_pages).v));
	assert_true(wrote(FAKE_VMSAVE, this_cpu()->host_vmcb_pa, 0));
	assert_int_equal(fake_hw.log[2].kind, FAKE_CLGI);
	/* Here EFER.SVME would fault */
	put(MSR_VM_CR, 1u << 4);
	must_say("SVMDIS");
	assert_int_equal(fake_hw.writes, 0);
	put(MSR_VM_CR, 0);
	page_alloc_init(HPA(POOL_START), PAGE_SIZE);
	must_say("too small");
	assert_int_equal(fake_hw.writes, 0);
}

static void test_vmx_cpus(void **state)
{
	(void)state;
	cpu.vmx = true;
	assert_null(probe());
	assert_null(init_cpu());
	assert_true(wrote(FAKE_WRMSR, MSR_FEATURE_CTL, FC_LOCK | FC_VMX));
	assert_true(wrote(FAKE_VMXON, ptr_hpa(this_cpu()->cpu_pages).v, 0));
	/* Locked as it has to be: not written, which would fault */
	assert_null(init_cpu());
	assert_false(wrote(FAKE_WRMSR, MSR_FEATURE_CTL, FC_LOCK | FC_VMX));
	/* Here VMXON would fault */
	put(MSR_FEATURE_CTL, FC_LOCK);
	must_say("locked off");
	assert_int_equal(fake_hw.writes, 0);
	put(MSR_FEATURE_CTL, FC_LOCK | FC_VMX);
	fake_hw.vmxon_fails = 1;
	must_say("VMXON");
	fake_hw.vmxon_fails = 0;
	page_alloc_init(HPA(POOL_START), 0);
	must_say("too small");
	assert_int_equal(fake_hw.writes, 0);
}

/* No pages for the maps: said, and no half a map is left in use. */
static void test_maps(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 7; n++) {
		cpu.svm = true;
		page_alloc_init(HPA(POOL_START), n << PAGE_SHIFT);
		refuses("too small");
		cpu.svm = false;
		cpu.vmx = true;
		page_alloc_init(HPA(POOL_START), (n % 2) << PAGE_SHIFT);
		refuses("too small");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_neither, setup),
		cmocka_unit_test_setup(test_svm, setup),
		cmocka_unit_test_setup(test_svm_refused, setup),
		cmocka_unit_test_setup(test_vmx, setup),
		cmocka_unit_test_setup(test_vmx_refused, setup),
		cmocka_unit_test_setup(test_svm_cpus, setup),
		cmocka_unit_test_setup(test_vmx_cpus, setup),
		cmocka_unit_test_setup(test_maps, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
