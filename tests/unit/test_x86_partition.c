/* SPDX-License-Identifier: MIT */
/*
 * What the root may ask of a partition and its VPs on x86: properties, intercepts, CPUID results,
 * interrupts, translations; and a VP that is made when the pool runs dry half-way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FAKE_OWN_POST
#include "arch/x86_64/common/gva.h"
#include "fake_x86_vp.h"
#include "hvapi/overlay.h"

static struct partition part, root;
static struct vp vps[4];
static struct x86_cpuid_result results[ARCH_CPUID_RESULTS + 1];
static uint32_t mails[4], irqs[4], levels[4], irq_vector;
static uint32_t vendor_ecx;

/* -- what stands around it ------------------------------------------------------------------------
 */

void vp_post(struct vp *vp, uint32_t mail)
{
	mails[vp->index] |= mail;
}

void vp_post_irq(struct vp *vp, uint8_t vector, bool level)
{
	irqs[vp->index]++;
	levels[vp->index] += level;
	irq_vector = vector;
}

static uint64_t xss_asked;

uint64_t features_bank(const struct partition *p, enum feature_bank bank)
{
	return (p ? 0x1000 : 0x2000) + bank;
}

void cpuid_default(struct vp *vp, uint64_t xfem, uint64_t xss, uint32_t leaf, uint32_t sub,
		   uint32_t r[4])
{
	xss_asked = xss;
	r[0] = vp->index;
	r[1] = (uint32_t)xfem;
	r[2] = leaf;
	r[3] = sub;
}

void cpuid_registered(struct vp *vp, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	(void)vp;
	(void)leaf;
	(void)sub;
	r[0] |= 0x80000000;
}

static enum gva_result walk_result;
static struct gva_fault walk_fault;
static uint32_t walk_access;
static uint64_t walk_gva;

enum gva_result gva_translate(struct vp *vp, gva_t gva, uint32_t access, gpa_t *gpa,
			      struct gva_fault *fault)
{
	(void)vp;
	walk_gva = gva.v;
	walk_access = access;
	*gpa = GPA(0x7000);
	*fault = walk_fault;
	return walk_result;
}

static enum guest_mem_result pin_read, pin_write;
static int pins;

enum guest_mem_result guest_mem_pin(struct partition *p, gpa_t gpa, uint32_t need,
				    struct guest_page *out)
{
	enum guest_mem_result r = need & SLAT_W ? pin_write : pin_read;

	(void)out;
	assert_ptr_equal(p, &part);
	assert_int_equal(gpa.v, 0x7000);
	pins += r == GUEST_MEM_OK;
	return r;
}

void guest_mem_unpin(struct guest_page *pg)
{
	(void)pg;
	pins--;
}

static struct overlay overlay;
static bool has_overlay;

struct overlay *overlay_at(struct partition *p, uint64_t gfn, uint64_t count)
{
	assert_int_equal(p->lock.held, 1);
	assert_int_equal(gfn, 7);
	assert_int_equal(count, 1);
	return has_overlay ? &overlay : NULL;
}

static void the_cpu(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	(void)sub;
	if (leaf == 0)
		r[2] = vendor_ecx;
	if (leaf == 1)
		r[1] = 8 << 8; /* 64 bytes */
}

static int setup(void **state)
{
	static struct xsave_cpuid sub[64];

	(void)state;
	fake_reset();
	memset(&fv, 0, sizeof(fv));
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&part, 0, sizeof(part));
	memset(&root, 0, sizeof(root));
	memset(vps, 0, sizeof(vps));
	memset(results, 0, sizeof(results));
	memset(mails, 0, sizeof(mails));
	memset(irqs, 0, sizeof(irqs));
	memset(levels, 0, sizeof(levels));
	memset(&walk_fault, 0, sizeof(walk_fault));
	virt = &fv_ops;
	partition_root = &root;
	fake_hw.cpuid = the_cpu;
	sub[0].eax = 0x207;
	sub[2] = (struct xsave_cpuid){ 256, 576, 0, 0 };
	sub[9] = (struct xsave_cpuid){ 8, 2688, 0, 0 };
	assert_true(xsave_layout_init(&cpu_xsave_layout, 0x207, sub, 0xffff));
	cpu_xcr0 = 0x207 | BIT(3) | BIT(4);
	part.create_flags = HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED;
	part.cpuid_results = results;
	for (uint32_t i = 0; i < 3; i++) {
		vps[i].partition = &part;
		vps[i].index = i;
		vlapic_init(&vps[i].arch.apic, i, true, true, 2000000000, i == 0);
		vps[i].arch.apic.reg[0xd] = 1u << (24 + i); /* logical: bit i */
		part.vps[i] = &vps[i];
	}
	walk_result = GVA_OK;
	pin_read = pin_write = GUEST_MEM_OK;
	pins = 0;
	has_overlay = false;
	return 0;
}

/* -- partitions and VPs
 * ---------------------------------------------------------------------------- */

static void test_init(void **state)
{
	(void)state;
	fake_hw.tsc = 12345;
	assert_int_equal(arch_partition_init(&part), HV_STATUS_SUCCESS);
	assert_int_equal(part.arch.tsc_start, 12345);
	assert_int_equal(part.ref_tsc, 12345);
	/* MPX is not among a guest's components */
	assert_int_equal(part.arch.xcr0_mask, 0x207);
	assert_int_equal(part.arch.xsave_size, 576 + 256 + 8);
	assert_false(part.arch.hlt_intercept);
	part.create_flags = 0;
	assert_int_equal(arch_partition_init(&part), HV_STATUS_SUCCESS);
	assert_true(part.arch.hlt_intercept);
}

/* A back end that takes two pages, as SVM does at most. */
static void *taken[2];
static uint32_t backend_frees, setups;

static void backend_free(struct vp *vp)
{
	backend_frees++;
	for (uint32_t i = 0; i < 2; i++)
		if (taken[i])
			pool_free(&vp->partition->pool, taken[i]);
	taken[0] = taken[1] = NULL;
}

static uint16_t backend_init(struct vp *vp)
{
	for (uint32_t i = 0; i < 2; i++) {
		taken[i] = pool_alloc(&vp->partition->pool);
		if (!taken[i]) {
			backend_free(vp);
			return HV_STATUS_INSUFFICIENT_MEMORY;
		}
	}
	return HV_STATUS_SUCCESS;
}

static void backend_setup(struct vp *vp, bool is_root)
{
	(void)vp;
	assert_false(is_root);
	setups++;
}

static void test_vp_init(void **state)
{
	struct virt_ops ops = fv_ops;
	struct vp *vp = &vps[3];

	(void)state;
	ops.vp_init = backend_init;
	ops.vp_free = backend_free;
	ops.vp_setup = backend_setup;
	virt = &ops;
	for (uint32_t n = 0; n <= 3; n++) {
		uint16_t want = n < 3 ? HV_STATUS_INSUFFICIENT_MEMORY : HV_STATUS_SUCCESS;

		memset(&part.pool, 0, sizeof(part.pool));
		memset(vp, 0, sizeof(*vp));
		backend_frees = setups = 0;
		for (uint32_t i = 0; i < n; i++)
			pool_give(&part.pool, hpa_ptr(HPA((uint64_t)(i + 1) << PAGE_SHIFT)));
		vp->partition = &part;
		vp->index = 3;
		part.arch.tsc_start = 700;
		assert_int_equal(arch_vp_init(vp), want);
		/* All back, or all taken */
		assert_int_equal(part.pool.free_count, n < 3 ? n : 0);
		assert_int_equal(part.pool.total, n);
		assert_int_equal(backend_frees, n < 3);
		assert_int_equal(setups, n == 3);
	}
	assert_int_equal(vp->cpu, ~0u);
	assert_int_equal(vp->arch.tsc_offset, (uint64_t)-700);
	assert_int_equal(fv.log[fv.notes - 1].call, FV_TSC_OFFSET);
	assert_int_equal(vp->arch.apic.id, 3);
	assert_false(vp->arch.apic.x2apic_allowed);
	assert_false(vlapic_base(&vp->arch.apic) & VLAPIC_BASE_BSP);
	arch_vp_free(vp);
	assert_int_equal(part.pool.free_count, 3);
	/* The root's VP: its own set-up comes later */
	setups = 0;
	vp->partition = &root;
	for (uint32_t i = 0; i < 3; i++)
		pool_give(&root.pool, pool_take(&part.pool));
	assert_int_equal(arch_vp_init(vp), HV_STATUS_SUCCESS);
	assert_int_equal(setups, 0);
}

/* -- properties
 * ------------------------------------------------------------------------------------- */

static uint64_t property(const struct partition *p, uint32_t code)
{
	uint64_t v = ~0ull;

	assert_int_equal(arch_property(p, code, &v), HV_STATUS_SUCCESS);
	return v;
}

static void test_properties(void **state)
{
	uint64_t v = 99;

	(void)state;
	vendor_ecx = 0x6c65746e;
	assert_int_equal(property(&part, HV_PARTITION_PROPERTY_PROCESSOR_VENDOR), 1);
	vendor_ecx = 0x444d4163;
	assert_int_equal(property(&part, HV_PARTITION_PROPERTY_PROCESSOR_VENDOR), 0);
	vendor_ecx = 0x656e6975;
	assert_int_equal(property(&part, HV_PARTITION_PROPERTY_PROCESSOR_VENDOR), 2);
	assert_int_equal(property(&part, HV_PARTITION_PROPERTY_PROCESSOR_CL_FLUSH_SIZE), 6);
	cpu_phys_bits = 46;
	assert_int_equal(property(&part, HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH), 46);
	cpu_phys_bits = 52;
	assert_int_equal(property(&part, HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH), 48);
	cpu_phys_bits = 40;
	/* By partition once it has a mask of its own; what any may have for the root and before */
	assert_int_equal(property(&part, HV_PARTITION_PROPERTY_XSAVE_STATES), 0x207);
	part.arch.xcr0_mask = 3;
	root.arch.xcr0_mask = 0xff;
	assert_int_equal(property(&part, HV_PARTITION_PROPERTY_XSAVE_STATES), 3);
	assert_int_equal(property(&part, HV_PARTITION_PROPERTY_MAX_XSAVE_DATA_SIZE), 576);
	assert_int_equal(property(&root, HV_PARTITION_PROPERTY_XSAVE_STATES), 0x207);
	assert_int_equal(property(&root, HV_PARTITION_PROPERTY_MAX_XSAVE_DATA_SIZE), 840);
	assert_int_equal(property(&part, HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY),
			 2000000000);
	assert_int_equal(property(&part, HV_PARTITION_PROPERTY_APIC_FREQUENCY), 200000000);
	assert_int_equal(arch_guest_apic_hz(), 200000000);
	assert_int_equal(property(&part, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0), 0x1000);
	assert_int_equal(property(&part, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1), 0x1001);
	assert_int_equal(property(&part, HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES), 0x1002);
	assert_int_equal(property(&root, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1), 0x2001);
	assert_int_equal(arch_property(&part, HV_PARTITION_PROPERTY_PROCESSORS_PER_SOCKET, &v),
			 HV_STATUS_UNKNOWN_PROPERTY);
	assert_int_equal(v, 99);
}

/* -- intercepts
 * ------------------------------------------------------------------------------------- */

enum { R = 1, W = 2, X = 4 };

static uint16_t install(uint32_t type, uint32_t access, uint64_t param)
{
	return arch_install_intercept(&part, type, access, param);
}

/* Refused, and the partition is as it was. */
static void refused(uint32_t type, uint32_t access, uint64_t param, uint16_t status)
{
	struct arch_partition before = part.arch;

	assert_int_equal(install(type, access, param), status);
	assert_memory_equal(&before, &part.arch, sizeof(before));
}

static void test_intercepts(void **state)
{
	(void)state;
	memset(&part.arch, 0, sizeof(part.arch));
	for (uint32_t access = 0; access < 8; access++) {
		if (access & (R | W)) {
			refused(HV_INTERCEPT_TYPE_X64_CPUID, access, 1,
				HV_STATUS_INVALID_PARAMETER);
			refused(HV_INTERCEPT_TYPE_EXCEPTION, access, 1,
				HV_STATUS_INVALID_PARAMETER);
			refused(HV_INTERCEPT_TYPE_X64_HALT, access, 0, HV_STATUS_INVALID_PARAMETER);
		}
		if (access != 0 && access != (R | W))
			refused(HV_INTERCEPT_TYPE_X64_MSR, access, 0, HV_STATUS_INVALID_PARAMETER);
		if (access != (R | W))
			refused(HV_INTERCEPT_TYPE_X64_IO_PORT, access, 0x80,
				HV_STATUS_INVALID_PARAMETER);
	}
	refused(HV_INTERCEPT_TYPE_X64_CPUID, X, BIT(32), HV_STATUS_INVALID_PARAMETER);
	refused(HV_INTERCEPT_TYPE_EXCEPTION, X, 2, HV_STATUS_INVALID_PARAMETER);
	refused(HV_INTERCEPT_TYPE_EXCEPTION, X, 32, HV_STATUS_INVALID_PARAMETER);
	refused(HV_INTERCEPT_TYPE_EXCEPTION, X, BIT(40) | 3, HV_STATUS_INVALID_PARAMETER);
	refused(HV_INTERCEPT_TYPE_X64_MSR, R | W, 0x10, HV_STATUS_INVALID_PARAMETER);
	refused(HV_INTERCEPT_TYPE_X64_IO_PORT, R | W, 0x10000, HV_STATUS_INVALID_PARAMETER);
	refused(HV_INTERCEPT_TYPE_X64_HALT, X, 1, HV_STATUS_INVALID_PARAMETER);
	for (uint32_t type = 4; type < 0x14; type++)
		refused(type, X, 0, HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(install(HV_INTERCEPT_TYPE_X64_IO_PORT, R | W, 0xffff), 0);
	assert_int_equal(install(HV_INTERCEPT_TYPE_X64_MSR, R | W, 0), 0);
	assert_true(part.arch.msr_intercept);
	assert_int_equal(install(HV_INTERCEPT_TYPE_X64_MSR, 0, 0), 0);
	assert_false(part.arch.msr_intercept);
	assert_int_equal(install(HV_INTERCEPT_TYPE_X64_HALT, X, 0), 0);
	assert_true(part.arch.hlt_intercept);
	assert_int_equal(install(HV_INTERCEPT_TYPE_X64_HALT, 0, 0), 0);
	assert_false(part.arch.hlt_intercept);
	/* Without a local APIC of ours a halted VP waits for the root: that cannot be taken away */
	part.create_flags = 0;
	assert_int_equal(install(HV_INTERCEPT_TYPE_X64_HALT, 0, 0), 0);
	assert_true(part.arch.hlt_intercept);
	for (uint32_t v = 0; v < 32; v++)
		if (v != 2)
			assert_int_equal(install(HV_INTERCEPT_TYPE_EXCEPTION, X, v), 0);
	assert_int_equal(part.arch.exception_intercepts, ~4u);
	assert_int_equal(install(HV_INTERCEPT_TYPE_EXCEPTION, 0, 14), 0);
	assert_int_equal(part.arch.exception_intercepts, ~4u & ~(1u << 14));
}

static void test_leaves(void **state)
{
	(void)state;
	memset(&part.arch, 0, sizeof(part.arch));
	for (uint32_t i = 0; i < ARCH_CPUID_INTERCEPTS; i++)
		assert_int_equal(install(HV_INTERCEPT_TYPE_X64_CPUID, X, 0x40000000 + i), 0);
	assert_int_equal(part.arch.cpuid_intercepts, ARCH_CPUID_INTERCEPTS);
	refused(HV_INTERCEPT_TYPE_X64_CPUID, X, 1, HV_STATUS_NO_RESOURCES);
	/* One that is there is no new one */
	assert_int_equal(install(HV_INTERCEPT_TYPE_X64_CPUID, X, 0x40000007), 0);
	assert_int_equal(part.arch.cpuid_intercepts, ARCH_CPUID_INTERCEPTS);
	/* Taken away from the middle: the others stay, and there is room again */
	assert_int_equal(install(HV_INTERCEPT_TYPE_X64_CPUID, 0, 0x40000007), 0);
	assert_int_equal(part.arch.cpuid_intercepts, ARCH_CPUID_INTERCEPTS - 1);
	for (uint32_t i = 0; i < ARCH_CPUID_INTERCEPTS; i++) {
		uint32_t n = 0;

		for (uint32_t k = 0; k < part.arch.cpuid_intercepts; k++)
			n += part.arch.cpuid_leaf[k] == 0x40000000 + i;
		assert_int_equal(n, i != 7);
	}
	refused(HV_INTERCEPT_TYPE_X64_CPUID, 0, 0x40000007, HV_STATUS_SUCCESS); /* not there */
	assert_int_equal(install(HV_INTERCEPT_TYPE_X64_CPUID, X, 1), 0);
	assert_int_equal(part.arch.cpuid_leaf[ARCH_CPUID_INTERCEPTS - 1], 1);
}

/* -- CPUID results
 * ---------------------------------------------------------------------------------- */

static struct hv_input_register_intercept_result result(uint32_t vp, uint32_t leaf)
{
	return (struct hv_input_register_intercept_result){
		.vp_index = vp,
		.intercept_type = HV_INTERCEPT_TYPE_X64_CPUID,
		.cpuid = { .eax = leaf, .result = { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } } }
	};
}

static void bad_result(struct hv_input_register_intercept_result in, uint16_t status)
{
	struct x86_cpuid_result before[ARRAY_LEN(results)];
	uint32_t count = part.cpuid_count;

	memcpy(before, results, sizeof(before));
	assert_int_equal(arch_register_result(&part, &in), status);
	assert_int_equal(part.cpuid_count, count);
	assert_memory_equal(before, results, sizeof(before));
}

static void test_results(void **state)
{
	struct hv_input_register_intercept_result in = result(HV_ANY_VP, 7);

	(void)state;
	in.intercept_type = HV_INTERCEPT_TYPE_X64_MSR;
	bad_result(in, HV_STATUS_INVALID_PARAMETER);
	in = result(HV_ANY_VP, 7);
	in.cpuid.subleaf_specific = 2;
	bad_result(in, HV_STATUS_INVALID_PARAMETER);
	in = result(HV_ANY_VP, 7);
	in.cpuid.always_override = 2;
	bad_result(in, HV_STATUS_INVALID_PARAMETER);
	in = result(HV_ANY_VP, 7);
	in.cpuid.padding = 1;
	bad_result(in, HV_STATUS_INVALID_PARAMETER);
	bad_result(result(3, 7), HV_STATUS_INVALID_VP_INDEX);
	in = result(2, 7);
	in.cpuid.ecx = 5;
	assert_int_equal(arch_register_result(&part, &in), HV_STATUS_SUCCESS);
	assert_int_equal(part.cpuid_count, 1);
	assert_int_equal(results[0].leaf, 7);
	assert_int_equal(results[0].vp, 2);
	assert_false(results[0].subleaf_specific);
	for (uint32_t k = 0; k < 4; k++) {
		assert_int_equal(results[0].value[k], 2 * k + 1);
		assert_int_equal(results[0].mask[k], 2 * k + 2);
	}
	/* The same row again is replaced: the subleaf is no matter where it is not asked for */
	in.cpuid.ecx = 6;
	in.cpuid.result[0].value = 99;
	assert_int_equal(arch_register_result(&part, &in), HV_STATUS_SUCCESS);
	assert_int_equal(part.cpuid_count, 1);
	assert_int_equal(results[0].value[0], 99);
	assert_int_equal(results[0].order, 2);
	/* Another VP, another leaf, a subleaf, another subleaf: rows of their own */
	in.vp_index = HV_ANY_VP;
	assert_int_equal(arch_register_result(&part, &in), HV_STATUS_SUCCESS);
	in.cpuid.eax = 8;
	assert_int_equal(arch_register_result(&part, &in), HV_STATUS_SUCCESS);
	in.cpuid.subleaf_specific = 1;
	assert_int_equal(arch_register_result(&part, &in), HV_STATUS_SUCCESS);
	in.cpuid.ecx = 7;
	assert_int_equal(arch_register_result(&part, &in), HV_STATUS_SUCCESS);
	assert_int_equal(part.cpuid_count, 5);
	assert_int_equal(arch_register_result(&part, &in), HV_STATUS_SUCCESS);
	assert_int_equal(part.cpuid_count, 5);
	/* One page of them */
	for (uint32_t i = 5; i < ARCH_CPUID_RESULTS; i++) {
		in = result(HV_ANY_VP, 0x1000 + i);
		assert_int_equal(arch_register_result(&part, &in), HV_STATUS_SUCCESS);
	}
	bad_result(result(HV_ANY_VP, 0x9999), HV_STATUS_NO_RESOURCES);
	in = result(HV_ANY_VP, 0x1007);
	in.cpuid.result[2].value = 0x55;
	assert_int_equal(arch_register_result(&part, &in), HV_STATUS_SUCCESS);
	assert_int_equal(results[7].value[2], 0x55);
	for (uint32_t i = 0; i < ARCH_CPUID_RESULTS; i++)
		assert_true(i == 7 || results[i].order < results[7].order);
}

static void test_values(void **state)
{
	struct hv_cpuid_leaf_info leaf = { .eax = 0xd, .ecx = 1, .xfem = 0xe7 };
	struct hv_cpuid_values v;

	(void)state;
	vps[1].arch.xcr0 = 7;
	assert_int_equal(arch_cpuid_values(&vps[1], 0, &leaf, &v), HV_STATUS_SUCCESS);
	assert_int_equal(v.eax, 1);
	assert_int_equal(v.ebx, 0xe7);
	assert_int_equal(v.ecx, 0xd);
	assert_int_equal(v.edx, 1);
	assert_int_equal(arch_cpuid_values(&vps[1],
					   HV_CPUID_VALUES_USE_VP_XFEM_XSS |
						   HV_CPUID_VALUES_APPLY_REGISTERED,
					   &leaf, &v),
			 HV_STATUS_SUCCESS);
	assert_int_equal(v.eax, 0x80000001);
	assert_int_equal(v.ebx, 7);
	/* No supervisor state: only 0 can be meant, but for the VP's own */
	leaf.xss = 1;
	assert_int_equal(arch_cpuid_values(&vps[1], 0, &leaf, &v), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(arch_cpuid_values(&vps[1], HV_CPUID_VALUES_USE_VP_XFEM_XSS, &leaf, &v),
			 HV_STATUS_SUCCESS);
}

/* -- interrupts
 * ------------------------------------------------------------------------------------- */

static uint16_t assert_it(uint64_t control, uint64_t dest, uint32_t vector)
{
	struct hv_input_assert_virtual_interrupt in = { .control = control,
							.dest_addr = dest,
							.vector = vector };

	memset(mails, 0, sizeof(mails));
	memset(irqs, 0, sizeof(irqs));
	memset(levels, 0, sizeof(levels));
	return arch_assert_interrupt(&part, &in);
}

static void nothing_sent(void)
{
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(mails[i] | irqs[i], 0);
}

static void test_assert(void **state)
{
	const uint64_t level = BIT(32), logical = BIT(33);

	(void)state;
	assert_int_equal(assert_it(HV_X64_INTERRUPT_TYPE_FIXED, 1, 0x41), HV_STATUS_SUCCESS);
	assert_true(!irqs[0] && irqs[1] == 1 && !irqs[2] && irq_vector == 0x41 && !levels[1]);
	assert_int_equal(assert_it(HV_X64_INTERRUPT_TYPE_FIXED | level, 2, 16), HV_STATUS_SUCCESS);
	assert_true(irqs[2] == 1 && levels[2] == 1);
	/* Nobody there is no fault of the root's */
	assert_int_equal(assert_it(HV_X64_INTERRUPT_TYPE_FIXED, 9, 0x41), HV_STATUS_SUCCESS);
	nothing_sent();
	/* All: the broadcast of xAPIC, and of x2APIC */
	assert_int_equal(assert_it(HV_X64_INTERRUPT_TYPE_FIXED, 0xff, 0x41), HV_STATUS_SUCCESS);
	assert_true(irqs[0] && irqs[1] && irqs[2]);
	assert_int_equal(assert_it(HV_X64_INTERRUPT_TYPE_FIXED, 0xffffffff, 0x41),
			 HV_STATUS_SUCCESS);
	assert_true(irqs[0] && irqs[1] && irqs[2]);
	/* Logical: flat; lowest priority is one of them */
	vps[0].arch.apic.reg[0xe] = vps[1].arch.apic.reg[0xe] = vps[2].arch.apic.reg[0xe] = ~0u;
	assert_int_equal(assert_it(HV_X64_INTERRUPT_TYPE_FIXED | logical, 6, 0x41),
			 HV_STATUS_SUCCESS);
	assert_true(!irqs[0] && irqs[1] && irqs[2]);
	assert_int_equal(assert_it(HV_X64_INTERRUPT_TYPE_LOWESTPRIORITY | logical, 6, 0x41),
			 HV_STATUS_SUCCESS);
	assert_true(!irqs[0] && irqs[1] && !irqs[2]);
	/* By mail */
	assert_int_equal(assert_it(HV_X64_INTERRUPT_TYPE_NMI, 1, 0), HV_STATUS_SUCCESS);
	assert_true(mails[1] == VP_MAIL_NMI && !mails[0] && !irqs[1]);
	assert_int_equal(assert_it(HV_X64_INTERRUPT_TYPE_INIT, 0xff, 0), HV_STATUS_SUCCESS);
	assert_true(mails[0] == VP_MAIL_INIT && mails[2] == VP_MAIL_INIT);
	assert_int_equal(assert_it(HV_X64_INTERRUPT_TYPE_SIPI, 2, 0x9a), HV_STATUS_SUCCESS);
	assert_true(mails[2] == VP_MAIL_SIPI && vps[2].mail_sipi == 0x9a);
	assert_int_equal(assert_it(HV_X64_INTERRUPT_TYPE_LOCALINT0, 0, 0), HV_STATUS_SUCCESS);
	assert_int_equal(mails[0], VP_MAIL_LINT0);
	assert_int_equal(assert_it(HV_X64_INTERRUPT_TYPE_LOCALINT1, 0, 0), HV_STATUS_SUCCESS);
	assert_int_equal(mails[0], VP_MAIL_LINT1);
}

static void test_assert_refused(void **state)
{
	struct hv_input_assert_virtual_interrupt in = { .dest_addr = 0xff, .vector = 0x41 };
	static const uint32_t types[] = { HV_X64_INTERRUPT_TYPE_SMI,
					  HV_X64_INTERRUPT_TYPE_REMOTEREAD,
					  HV_X64_INTERRUPT_TYPE_EXTINT, 10, 0x80000000 };

	(void)state;
	for (uint32_t b = 34; b < 64; b++)
		assert_int_equal(assert_it(BIT(b), 0xff, 0x41), HV_STATUS_INVALID_PARAMETER);
	for (uint32_t i = 0; i < ARRAY_LEN(types); i++)
		assert_int_equal(assert_it(types[i], 0xff, 0x41), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(assert_it(0, BIT(32), 0x41), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(assert_it(0, 0xff, 15), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(assert_it(1, 0xff, 15), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(assert_it(0, 0xff, 0x100), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(assert_it(HV_X64_INTERRUPT_TYPE_NMI | BIT(32), 0xff, 0),
			 HV_STATUS_INVALID_PARAMETER);
	nothing_sent();
	for (uint32_t i = 0; i < 4; i++) {
		memset(&in.target_vtl, 0, 4);
		(&in.target_vtl)[0] = i == 3;
		if (i < 3)
			in.padding[i] = 1;
		assert_int_equal(arch_assert_interrupt(&part, &in), HV_STATUS_INVALID_PARAMETER);
	}
	part.create_flags = 0;
	assert_int_equal(assert_it(0, 0xff, 0x41), HV_STATUS_INVALID_PARTITION_STATE);
	nothing_sent();
}

/* -- translation
 * ------------------------------------------------------------------------------------ */

static uint32_t translate(uint64_t flags, struct hv_output_translate_virtual_address *out)
{
	memset(out, 0, sizeof(*out));
	assert_int_equal(arch_translate(&vps[0], flags, 0xffff800000123, out), HV_STATUS_SUCCESS);
	assert_int_equal(pins, 0);
	assert_int_equal(part.lock.held, 0);
	return out->result_code;
}

static void test_translate(void **state)
{
	static const struct {
		uint64_t flags;
		uint32_t access;
	} accesses[] = { { HV_TRANSLATE_GVA_VALIDATE_READ, GVA_READ },
			 { HV_TRANSLATE_GVA_VALIDATE_WRITE, GVA_WRITE },
			 { HV_TRANSLATE_GVA_VALIDATE_EXECUTE, GVA_EXEC },
			 { HV_TRANSLATE_GVA_PRIVILEGE_EXEMPT, GVA_NO_PERMISSION_CHECK },
			 { HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS, GVA_SET_AD },
			 { HV_TRANSLATE_GVA_TLB_FLUSH_INHIBIT, 0 },
			 { HV_TRANSLATE_GVA_SUPERVISOR_ACCESS, 0 },
			 { HV_TRANSLATE_GVA_USER_ACCESS, GVA_USER },
			 { HV_TRANSLATE_GVA_ENFORCE_SMAP, GVA_SMAP_ENFORCE },
			 { HV_TRANSLATE_GVA_OVERRIDE_SMAP, GVA_SMAP_OVERRIDE } };
	struct hv_output_translate_virtual_address out;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(accesses); i++) {
		assert_int_equal(translate(accesses[i].flags, &out), HV_TRANSLATE_GVA_SUCCESS);
		assert_int_equal(walk_access, accesses[i].access);
		assert_int_equal(walk_gva, 0xffff800000123000);
		assert_int_equal(out.gpa_page, 7);
		assert_int_equal(out.cache_overlay, 6);
	}
	/* As the VP is, when nobody says */
	fv.sys[SYS_CPL] = 3;
	(void)translate(0, &out);
	assert_int_equal(walk_access, GVA_USER);
	(void)translate(HV_TRANSLATE_GVA_SUPERVISOR_ACCESS, &out);
	assert_int_equal(walk_access, 0);
	has_overlay = true;
	(void)translate(0, &out);
	assert_int_equal(out.cache_overlay, 6 | 0x100);
	for (uint32_t b = 10; b < 64; b++)
		assert_int_equal(arch_translate(&vps[0], BIT(b), 1, &out),
				 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(arch_translate(&vps[0], 0xc0, 1, &out), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(arch_translate(&vps[0], 0x300, 1, &out), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(arch_translate(&vps[0], 0, BIT(52), &out), HV_STATUS_INVALID_PARAMETER);
}

static void test_translate_fails(void **state)
{
	struct hv_output_translate_virtual_address out;

	(void)state;
	walk_result = GVA_NOT_PRESENT;
	assert_int_equal(translate(0, &out), HV_TRANSLATE_GVA_PAGE_NOT_PRESENT);
	assert_int_equal(out.gpa_page | out.cache_overlay, 0);
	walk_result = GVA_PRIVILEGE;
	assert_int_equal(translate(0, &out), HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION);
	walk_result = GVA_RESERVED;
	assert_int_equal(translate(0, &out), HV_TRANSLATE_GVA_INVALID_PAGE_TABLE_FLAGS);
	walk_result = GVA_NO_MEMORY;
	walk_fault.mem = GUEST_MEM_UNMAPPED;
	assert_int_equal(translate(0, &out), HV_TRANSLATE_GVA_GPA_UNMAPPED);
	walk_fault.mem = GUEST_MEM_NO_ACCESS;
	assert_int_equal(translate(0, &out), HV_TRANSLATE_GVA_GPA_NO_READ_ACCESS);
	/* A table that is there to read, where a bit has to be set */
	walk_fault.write = true;
	assert_int_equal(translate(0, &out), HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS);
	walk_fault.mem = GUEST_MEM_UNMAPPED;
	assert_int_equal(translate(0, &out), HV_TRANSLATE_GVA_GPA_UNMAPPED);
	/* The tables are fine: it is the page that is not */
	walk_result = GVA_OK;
	pin_read = GUEST_MEM_UNMAPPED;
	assert_int_equal(translate(0, &out), HV_TRANSLATE_GVA_GPA_UNMAPPED);
	pin_read = GUEST_MEM_NO_ACCESS;
	assert_int_equal(translate(0, &out), HV_TRANSLATE_GVA_GPA_NO_READ_ACCESS);
	pin_read = GUEST_MEM_OK;
	pin_write = GUEST_MEM_NO_ACCESS;
	assert_int_equal(translate(0, &out), HV_TRANSLATE_GVA_SUCCESS);
	assert_int_equal(translate(HV_TRANSLATE_GVA_VALIDATE_WRITE, &out),
			 HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS);
	assert_int_equal(out.gpa_page, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_init, setup),
		cmocka_unit_test_setup(test_vp_init, setup),
		cmocka_unit_test_setup(test_properties, setup),
		cmocka_unit_test_setup(test_intercepts, setup),
		cmocka_unit_test_setup(test_leaves, setup),
		cmocka_unit_test_setup(test_results, setup),
		cmocka_unit_test_setup(test_values, setup),
		cmocka_unit_test_setup(test_assert, setup),
		cmocka_unit_test_setup(test_assert_refused, setup),
		cmocka_unit_test_setup(test_translate, setup),
		cmocka_unit_test_setup(test_translate_fails, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
