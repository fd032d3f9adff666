/* SPDX-License-Identifier: MIT */
/* State types, interrupts that the root asserts, and properties of arm64, over a whole GIC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hv/arm64.h>
#include <insn.h>

#include <hv/vp_state.h>
#include <hv/vp_state_arm64.h>
#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "arch/arm64/gicv3/gic.h"
#include "hvapi/hypercall.h"
#include "fake_arch.h"
#include "fake_vgic.h"

#define LOCAL	     HV_VP_STATE_LOCAL_INTERRUPT_CONTROLLER
#define GLOBAL	     HV_VP_STATE_GLOBAL_INTERRUPT_ARM64
#define LOCAL_SIZE   200u
#define GLOBAL_SIZE  (16u + 16u * 224u)
#define ASSERTED     HV_INTERRUPT_CONTROL_ASSERTED
#define GICD_BASE    HV_PARTITION_PROPERTY_GICD_BASE_ADDRESS
#define GITS_BASE    HV_PARTITION_PROPERTY_GITS_TRANSLATER_BASE_ADDRESS
#define LPI_BITS     HV_PARTITION_PROPERTY_GIC_LPI_INT_ID_BITS
#define TIMER_INTID  HV_PARTITION_PROPERTY_GIC_PPI_OVERFLOW_INTERRUPT_FROM_CNTV
#define PMU_INTID    HV_PARTITION_PROPERTY_GIC_PPI_PERFORMANCE_MONITORS_INTERRUPT
#define OUT_OF_RANGE HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE

struct partition *partition_root;
static struct partition part;
static struct vp vps[2];
static struct fake_gic *gic;
static uint64_t kicked;
static uint32_t warned;
uint64_t cpu_hz = 62500000;
uint32_t cpu_pa_bits = 44, cpu_sve_vl;
static struct el2_fp fp;
static uint8_t z[2][4096];

void vp_gic_kick(struct partition *p, struct vgic_op *op)
{
	assert_ptr_equal(p, &part);
	kicked |= op->kick;
	op->kick = 0;
}
void partition_unimplemented(struct partition *p, uint32_t kind, const char *what, uint64_t arg)
{
	(void)p;
	(void)kind;
	(void)what;
	(void)arg;
	warned++;
}

bool hypercall_enabled(const struct partition *p)
{
	(void)p;
	return true;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	memset(&part, 0, sizeof(part));
	memset(vps, 0, sizeof(vps));
	if (gic)
		fake_gic_free(gic);
	gic = fake_gic_new(2, 224, FAKE_VTR(4));
	gic->v.partition = &part;
	part.arch.gic = &gic->v;
	for (uint32_t i = 0; i < 2; i++) {
		vps[i].partition = &part;
		vps[i].arch.gic = gic->vp[i];
		vps[i].index = i;
	}
	(void)stage2_init(5);
	cpu_sve_vl = 0;
	vps[0].arch.fp = &fp;
	kicked = warned = 0;
	mem_absent = MEM_THERE;
	return 0;
}

static void test_sizes(void **state)
{
	(void)state;
	assert_int_equal(arch_state_size(&part, LOCAL), LOCAL_SIZE);
	assert_int_equal(arch_state_size(&part, GLOBAL), GLOBAL_SIZE);
	for (uint32_t t = 0; t < 16; t++) {
		if (t != 0)
			assert_int_equal(arch_state_size(&part, t | HV_VP_STATE_PFN), 0);
		assert_int_equal(arch_state_size(&part, t), 0);
		if (t != 6)
			assert_int_equal(
				arch_state_size(&part, t | HV_VP_STATE_PFN | HV_VP_STATE_ANY_VP),
				0);
	}
}

static void test_local(void **state)
{
	uint8_t buf[PAGE_SIZE], again[PAGE_SIZE];

	(void)state;
	memset(buf, 0xee, sizeof(buf));
	memset(again, 0xee, sizeof(again));
	gic->vp[1]->enabled = 0x12345678;
	assert_int_equal(arch_state_get(&vps[1], LOCAL, 0, buf), HV_STATUS_SUCCESS);
	assert_int_equal(buf[LOCAL_SIZE], 0xee);
	assert_int_equal(arch_state_set(&vps[0], LOCAL, buf), HV_STATUS_SUCCESS);
	assert_int_equal(gic->vp[0]->enabled, 0x12345678);
	assert_true(kicked & 1);
	assert_int_equal(arch_state_get(&vps[0], LOCAL, 0, again), HV_STATUS_SUCCESS);
	assert_memory_equal(buf, again, sizeof(buf));
	/* Refused: nothing changed */
	buf[0]++;
	gic->vp[0]->enabled = 1;
	assert_int_equal(arch_state_set(&vps[0], LOCAL, buf), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(gic->vp[0]->enabled, 1);
	assert_int_equal(arch_state_get(&vps[0], GLOBAL, 0, buf), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(arch_state_set(&vps[0], GLOBAL, buf), HV_STATUS_INVALID_PARAMETER);
	/* In a guest, or its tables away */
	gic->vp[0]->hw.live = 1;
	assert_int_equal(arch_state_get(&vps[0], LOCAL, 0, buf), HV_STATUS_INVALID_VP_STATE);
	gic->vp[0]->hw.live = 0;
	gic->vp[0]->lpi.enabled = true;
	gic->vp[0]->lpi.propbaser = 0x10000 | 13;
	gic->vp[0]->lpi.pendbaser = MEM_SIZE;
	memset(buf, 0xee, sizeof(buf));
	assert_int_equal(arch_state_get(&vps[0], LOCAL, 0, buf), HV_STATUS_INVALID_VP_STATE);
	assert_int_equal(buf[0], 0xee);
}

static void test_global(void **state)
{
	uint8_t buf[PAGE_SIZE];

	(void)state;
	vgic_spi(&gic->v, 40)->flags = VGIC_ENABLED | VGIC_LATCH;
	assert_int_equal(arch_partition_state_get(&part, GLOBAL, buf), HV_STATUS_SUCCESS);
	vgic_spi(&gic->v, 40)->flags = 0;
	assert_int_equal(arch_partition_state_set(&part, GLOBAL, buf), HV_STATUS_SUCCESS);
	assert_int_equal(vgic_spi(&gic->v, 40)->flags, VGIC_ENABLED | VGIC_LATCH);
	assert_int_equal(kicked, 3);
	buf[4]++;
	vgic_spi(&gic->v, 40)->flags = 0;
	assert_int_equal(arch_partition_state_set(&part, GLOBAL, buf), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(vgic_spi(&gic->v, 40)->flags, 0);
	assert_int_equal(arch_partition_state_get(&part, LOCAL, buf), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(arch_partition_state_set(&part, LOCAL, buf), HV_STATUS_INVALID_PARAMETER);
}

/* -- SVE -----------------------------------------------------------------------------------------
 */
#define SVE HV_VP_STATE_SVE

static void *pages[3];

static void sve_setup(uint32_t vl)
{
	static uint8_t page[3][PAGE_SIZE];

	cpu_sve_vl = vl;
	vps[0].arch.z[0] = z[0];
	vps[0].arch.z[1] = vl > 128 ? z[1] : z[0] + 16 * vl;
	for (uint32_t i = 0; i < 32; i++)
		for (uint32_t k = 0; k < vl; k++)
			vps[0].arch.z[i / 16][i % 16 * vl + k] = (uint8_t)(i * 7 + k);
	for (uint32_t i = 0; i < 16 * vl / 8; i++)
		fp.p[i] = (uint8_t)(i * 3);
	memset(fp.p + 16 * vl / 8, 0, vl / 8);
	fp.p[16 * vl / 8] = 0x1f;
	for (uint32_t i = 0; i < 3; i++)
		pages[i] = page[i];
	memset(page, 0xee, sizeof(page));
}

static uint8_t *byte(uint32_t at)
{
	return (uint8_t *)pages[at / PAGE_SIZE] + at % PAGE_SIZE;
}

/* Every length: all registers, in their order, across pages, and back. */
static void test_sve(void **state)
{
	(void)state;
	for (uint32_t vl = 16; vl <= 256; vl += 16) {
		uint32_t size = 16 + 32 * vl + 17 * vl / 8;
		uint8_t was_z[2][4096];
		struct el2_fp was = fp;

		sve_setup(vl);
		assert_int_equal(arch_state_size(&part, SVE), size);
		assert_int_equal(arch_state_get_pages(&vps[0], SVE, pages), HV_STATUS_SUCCESS);
		assert_int_equal(*byte(0), 1);
		assert_int_equal(*byte(2), 16);
		assert_int_equal(*byte(4) | *byte(5) << 8, vl);
		for (uint32_t i = 0; i < 32; i++)
			for (uint32_t k = 0; k < vl; k++)
				assert_int_equal(*byte(16 + i * vl + k), (uint8_t)(i * 7 + k));
		for (uint32_t i = 0; i < 16 * vl / 8; i++)
			assert_int_equal(*byte(16 + 32 * vl + i), (uint8_t)(i * 3));
		assert_int_equal(*byte(size - vl / 8), 0x1f);
		assert_int_equal(*byte(size), 0xee);
		memcpy(was_z, z, sizeof(z));
		was = fp;
		memset(z, 0, sizeof(z));
		memset(fp.p, 0, sizeof(fp.p));
		assert_int_equal(arch_state_set_pages(&vps[0], SVE, pages), HV_STATUS_SUCCESS);
		for (uint32_t i = 0; i < 32 * vl && vl <= 128; i++)
			assert_int_equal(z[0][i], was_z[0][i]);
		if (vl > 128)
			assert_memory_equal(z[1], was_z[1], 16 * vl);
		assert_memory_equal(fp.p, was.p, 17 * vl / 8);
		memset(z, 0, sizeof(z));
		memset(fp.p, 0, sizeof(fp.p));
	}
	/* On one page it comes by the other way */
	sve_setup(16);
	assert_int_equal(arch_state_get(&vps[0], SVE, 0, pages[0]), HV_STATUS_SUCCESS);
	memset(z, 0, sizeof(z));
	assert_int_equal(arch_state_set(&vps[0], SVE, pages[0]), HV_STATUS_SUCCESS);
	assert_int_equal(z[0][16], 7);
}

static void test_sve_bad(void **state)
{
	uint32_t vl = 256, ffr = 16 + 32 * vl + 16 * vl / 8;

	(void)state;
	/* Without SVE there is no such type */
	assert_int_equal(arch_state_size(&part, SVE), 0);
	sve_setup(vl);
	cpu_sve_vl = 0;
	assert_int_equal(arch_state_get_pages(&vps[0], SVE, pages), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(arch_state_set_pages(&vps[0], SVE, pages), HV_STATUS_INVALID_PARAMETER);
	cpu_sve_vl = vl;
	assert_int_equal(arch_state_get_pages(&vps[0], LOCAL, pages), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(arch_state_set_pages(&vps[0], LOCAL, pages), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(arch_state_get_pages(&vps[0], SVE, pages), HV_STATUS_SUCCESS);
	*byte(16) = 0xff;
	for (uint32_t i = 0; i < 16 + vl; i++) {
		/* Each byte of the header; in FFR a hole or one too far up */
		uint32_t at = i < 16 ? i : ffr + (i - 16) / 8;
		uint8_t bit = (uint8_t)(i < 16 ? 1u : 1u << i % 8), was = *byte(at);

		*byte(at) = was ^ bit;
		/* 1f: a one more or less at its end is fine */
		assert_int_equal(arch_state_set_pages(&vps[0], SVE, pages),
				 i == 16 + 4 || i == 16 + 5 ? HV_STATUS_SUCCESS
							    : HV_STATUS_INVALID_PARAMETER);
		if (i < 16 + 4)
			assert_int_equal(z[0][0], 0);
		*byte(at) = was;
	}
}

static uint16_t ask(uint32_t intid, uint64_t control, uint64_t dest)
{
	struct hv_input_assert_virtual_interrupt in = { .control = control,
							.dest_addr = dest,
							.vector = intid };

	return arch_assert_interrupt(&part, &in);
}

static void test_assert(void **state)
{
	/* Aff3 1, Aff1 1, Aff0 20 of the second VP */
	uint64_t second = 1ull << 32 | 1ull << 8 | 0x20;

	(void)state;
	assert_int_equal(ask(40, ASSERTED, ~0ull), HV_STATUS_SUCCESS);
	assert_int_equal(vgic_spi(&gic->v, 40)->flags, VGIC_LINE);
	assert_int_equal(ask(40, 0, 0), HV_STATUS_SUCCESS);
	assert_int_equal(vgic_spi(&gic->v, 40)->flags, 0);
	assert_int_equal(ask(20, ASSERTED, second), HV_STATUS_SUCCESS);
	assert_int_equal(gic->vp[1]->line, 1u << 20);
	assert_int_equal(gic->vp[0]->line, 0);
	assert_int_equal(kicked, 2);
	assert_int_equal(ask(20, 0, second), HV_STATUS_SUCCESS);
	assert_int_equal(gic->vp[1]->line, 0);
	gic->vp[0]->lpi.enabled = true;
	assert_int_equal(ask(8200, ASSERTED, 0), HV_STATUS_SUCCESS);
	assert_int_equal(gic->vp[0]->lpi.posted[0], 1u << 8);
}

static void test_assert_bad(void **state)
{
	struct hv_input_assert_virtual_interrupt in = { .control = ASSERTED, .vector = 40 };

	(void)state;
	for (uint32_t i = 0; i < 64; i++)
		if (i != 34)
			assert_int_equal(ask(40, ASSERTED | BIT(i), 0),
					 HV_STATUS_INVALID_PARAMETER);
	for (uint32_t i = 0; i < 4; i++) {
		(&in.target_vtl)[i] = 1;
		assert_int_equal(arch_assert_interrupt(&part, &in), HV_STATUS_INVALID_PARAMETER);
		(&in.target_vtl)[i] = 0;
	}
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(ask(i, ASSERTED, 0), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(ask(27, ASSERTED, 0), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(ask(256, ASSERTED, 0), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(ask(8191, ASSERTED, 0), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(ask(8192 + 2048, ASSERTED, 0), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(ask(20, ASSERTED, 7), HV_STATUS_INVALID_VP_INDEX);
	assert_int_equal(ask(20, ASSERTED, 1ull << 24), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(ask(20, ASSERTED, 1ull << 40), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(kicked, 0);
	assert_int_equal(vgic_spi(&gic->v, 40)->flags, 0);
}

static uint32_t sint_posted;

uint32_t gic_sint_intid(void)
{
	return 18;
}

void gic_sint_post(uint32_t cpu)
{
	sint_posted |= 1u << cpu;
}

/* A SINT's: pending whether its line is a level or an edge, and taken once. */
static void test_raise(void **state)
{
	static struct partition root;
	struct vp root_vp = { .partition = &root };

	(void)state;
	arch_vp_raise(&vps[1], 20);
	assert_int_equal(gic->vp[1]->post, 1u << 20);
	assert_int_equal(gic->vp[1]->line, 0);
	arch_vp_raise(&vps[0], 33);
	assert_int_equal(vgic_spi(&gic->v, 33)->flags, VGIC_LATCH);
	assert_int_equal(kicked, 2);
	assert_int_equal(warned, 0);
	/* By anybody: a guest's the same way, the root's by its redistributor, and one INTID only
	 */
	kicked = 0;
	arch_vp_post(&vps[1], 21);
	assert_int_equal(gic->vp[1]->post, 3u << 20);
	assert_int_equal(kicked, 2);
	partition_root = root_vp.partition;
	root_vp.index = 3;
	arch_vp_post(&root_vp, 20);
	assert_int_equal(sint_posted, 0);
	arch_vp_post(&root_vp, 18);
	assert_int_equal(sint_posted, 1u << 3);
	assert_int_equal(warned, 0);
}

static uint64_t get(uint32_t code)
{
	uint64_t v = ~0ull;

	assert_int_equal(arch_property(&part, code, &v), HV_STATUS_SUCCESS);
	return v;
}

static void test_property(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(get(HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH), 44);
	assert_int_equal(get(HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY), cpu_hz);
	assert_int_equal(get(LPI_BITS), 14);
	assert_int_equal(get(TIMER_INTID), 27);
	assert_int_equal(get(PMU_INTID), 23);
	assert_int_equal(arch_property(&part, 0x50027, &v), HV_STATUS_UNKNOWN_PROPERTY);
	assert_int_equal(arch_set_property(&part, 0x50027, 0), HV_STATUS_UNKNOWN_PROPERTY);
	assert_int_equal(arch_set_property(&part, GICD_BASE, 0x8000000), HV_STATUS_SUCCESS);
	assert_int_equal(get(GICD_BASE), 0x8000000);
	assert_int_equal(gic->v.gicd_base, 0x8000000);
	/* Crooked, too high, over a redistributor */
	assert_int_equal(arch_set_property(&part, GICD_BASE, 0x8008000), OUT_OF_RANGE);
	assert_int_equal(arch_set_property(&part, GICD_BASE, 1ull << 48), OUT_OF_RANGE);
	assert_true(vgic_set_gicr_base(gic->vp[0], 0x80a0000));
	assert_int_equal(arch_set_property(&part, GICD_BASE, 0x80b0000), OUT_OF_RANGE);
	assert_int_equal(get(GICD_BASE), 0x8000000);
	part.vp_count = 1;
	assert_int_equal(arch_set_property(&part, GICD_BASE, 0), HV_STATUS_INVALID_PARTITION_STATE);
	assert_int_equal(gic->v.gicd_base, 0x8000000);
	/* Before there is a GIC it is kept */
	part.vp_count = 0;
	part.arch.gic = NULL;
	assert_int_equal(arch_set_property(&part, GICD_BASE, 0x9000000), HV_STATUS_SUCCESS);
	assert_int_equal(arch_set_property(&part, GICD_BASE, 0x9001000), OUT_OF_RANGE);
	assert_int_equal(get(GICD_BASE), 0x9000000);
}

/* -- what the VPs are told of the processor ------------------------------------------------------
 */
#define PFR0	 (HV_ARM64_REGISTER_ID_FIRST + 4 * 8)
#define ISAR0	 (HV_ARM64_REGISTER_ID_FIRST + 6 * 8)
#define CPU_PFR0 0x1101000101110012ull /* AArch32 at EL0, FP and SIMD with halves, GIC, SVE */

static void identity(void)
{
	*fake_sysreg("ctr_el0") = 3 << 28;
	*fake_sysreg("dczid_el0") = 1 << 4;
	memset(fake_id, 0, sizeof(fake_id));
	fake_id[4][0] = CPU_PFR0;
	fake_id[5][0] = 9;
	fake_id[6][0] = 0x1120; /* AES 2, SHA1 1, SHA2 1 */
	fake_id[7][0] = 0x25;
	cpu_sve_vl = 32;
	memset(part.disabled_features, 0, sizeof(part.disabled_features));
	assert_true(identity_init(&part));
}

static uint16_t set_id(uint32_t name, uint64_t v)
{
	union hv_register_value r = { { v, 0 } };

	return arch_partition_set_register(&part, name, &r);
}

static uint64_t get_id(uint32_t name)
{
	union hv_register_value r = { { 0, 0 } };

	assert_int_equal(arch_partition_get_register(&part, name, &r), HV_STATUS_SUCCESS);
	assert_int_equal(r.low_high[1], 0);
	return r.reg64;
}

static void test_identity(void **state)
{
	union hv_register_value wide = { { 0x1120, 1 } };

	(void)state;
	identity();
	assert_int_equal(get_id(PFR0), 0x1101000101110011); /* AArch32 is hidden */
	assert_int_equal(get_id(ISAR0), 0x1120);
	assert_int_equal(identity_register(&part, 6, 0), 0x1120);
	/* Less is taken, more and nonsense is not, and changes nothing. */
	assert_int_equal(set_id(ISAR0, 0x1110), HV_STATUS_SUCCESS);
	assert_int_equal(get_id(ISAR0), 0x1110);
	assert_int_equal(set_id(ISAR0, 0x1130), HV_STATUS_INVALID_REGISTER_VALUE);
	assert_int_equal(set_id(ISAR0, 0x1111), HV_STATUS_INVALID_REGISTER_VALUE);
	assert_int_equal(arch_partition_set_register(&part, ISAR0, &wide),
			 HV_STATUS_INVALID_REGISTER_VALUE);
	assert_int_equal(get_id(ISAR0), 0x1110);
	/* Back to what the processor has */
	assert_int_equal(set_id(ISAR0, 0x1120), HV_STATUS_SUCCESS);
	/* AArch32's, and those without a name: zero and no more */
	for (uint32_t n = 8; n < 128; n++) {
		uint32_t crm = n / 8;

		if (crm >= 4 && crm < 8)
			continue;
		assert_int_equal(get_id(HV_ARM64_REGISTER_ID_FIRST + n), 0);
		assert_int_equal(set_id(HV_ARM64_REGISTER_ID_FIRST + n, 0), HV_STATUS_SUCCESS);
		assert_int_equal(set_id(HV_ARM64_REGISTER_ID_FIRST + n, 1),
				 HV_STATUS_INVALID_REGISTER_VALUE);
	}
	/* A VP's own, and what is no ID register */
	for (uint32_t n = 0; n < 8; n++)
		assert_int_equal(set_id(HV_ARM64_REGISTER_ID_FIRST + n, 0),
				 HV_STATUS_UNKNOWN_REGISTER_NAME);
	assert_int_equal(set_id(HV_ARM64_REGISTER_ID_LAST + 1, 0), HV_STATUS_UNKNOWN_REGISTER_NAME);
	assert_int_equal(set_id(HV_ARM64_REGISTER_ID_FIRST - 1, 0),
			 HV_STATUS_UNKNOWN_REGISTER_NAME);
	assert_int_equal(arch_partition_get_register(&part, HV_ARM64_REGISTER_ID_MPIDR, &wide),
			 HV_STATUS_UNKNOWN_REGISTER_NAME);
	/* The counterparts of CPUID can be read. */
	assert_int_equal(
		arch_partition_get_register(&part, HV_REGISTER_IMPLEMENTATION_LIMITS_INFO, &wide),
		HV_STATUS_SUCCESS);
	assert_int_equal(set_id(HV_REGISTER_IMPLEMENTATION_LIMITS_INFO, 0),
			 HV_STATUS_UNKNOWN_REGISTER_NAME);
	/* By a VP: to read, not to write */
	assert_int_equal(identity_register(&part, 3, 0), 0);
	assert_int_equal(identity_register(&part, 8, 0), 0);
	/* Before it is initialized a partition has no others. */
	part.arch.id_filled = false;
	part.arch.id[0] = 1;
	assert_int_equal(identity_register(&part, 4, 0), 0x1101000101110011);
}

static void test_identity_sve(void **state)
{
	(void)state;
	identity();
	assert_true(identity_sve(&part));
	assert_int_not_equal(arch_state_size(&part, HV_VP_STATE_SVE), 0);
	assert_int_equal(get(HV_PARTITION_PROPERTY_QUOIN_SVE_VECTOR_LENGTH), 32);
	assert_int_equal(set_id(PFR0, 0x1101000001110011), HV_STATUS_SUCCESS);
	assert_false(identity_sve(&part));
	assert_true(part.arch.no_sve);
	assert_int_equal(arch_state_size(&part, HV_VP_STATE_SVE), 0);
	assert_int_equal(get(HV_PARTITION_PROPERTY_QUOIN_SVE_VECTOR_LENGTH), 0);
	assert_int_equal(arch_state_get_pages(&vps[0], HV_VP_STATE_SVE, NULL),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(arch_state_set_pages(&vps[0], HV_VP_STATE_SVE, NULL),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(set_id(PFR0, 0x1101000101110011), HV_STATUS_SUCCESS);
	assert_true(identity_sve(&part));
	/* On a CPU without it nothing has to be trapped. */
	fake_id[4][0] = 0x1110012;
	cpu_sve_vl = 0;
	assert_true(identity_init(&part));
	assert_false(part.arch.no_sve);
	assert_false(identity_sve(&part));
}

static void test_identity_features(void **state)
{
	uint64_t f;

	(void)state;
	identity();
	f = get(HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0);
	assert_true(f >> 20 & 1 && f >> 21 & 1 && f >> 56 & 1 && f >> 9 & 1);
	assert_false(f >> 46 & 1);
	assert_true(get(HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1) >> 37 & 1);
	/* Without SVE and PMULL from the start */
	part.disabled_features[0] = BIT(21);
	part.disabled_features[1] = BIT(37);
	assert_true(identity_init(&part));
	assert_int_equal(get(HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0), f & ~BIT(21));
	assert_false(get(HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1) >> 37 & 1);
	assert_false(identity_sve(&part));
	assert_int_equal(get_id(ISAR0), 0x1110);
	/* FP, or a cache that needs no cleaning, cannot be taken away. */
	part.disabled_features[0] = BIT(9);
	assert_false(identity_init(&part));
	part.disabled_features[0] = BIT(56);
	assert_false(identity_init(&part));
	/* What is not there cannot be missed. */
	part.disabled_features[0] = BIT(46) | BIT(16);
	assert_true(identity_init(&part));
	part.arch.id_filled = false;
	assert_int_equal(get(HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0), f);
}

static void test_property_values(void **state)
{
	(void)state;
	assert_int_equal(arch_set_property(&part, GITS_BASE, 0x8080000), HV_STATUS_SUCCESS);
	assert_int_equal(arch_set_property(&part, GITS_BASE, 0x8080001), OUT_OF_RANGE);
	assert_int_equal(get(GITS_BASE), 0x8080000);
	for (uint64_t v = 0; v < 40; v++) {
		bool lpi = v <= 1 || v == 14, pmu = v >= 16 && v < 32 && v != 27;

		assert_int_equal(arch_set_property(&part, LPI_BITS, v),
				 lpi ? HV_STATUS_SUCCESS : OUT_OF_RANGE);
		assert_int_equal(arch_set_property(&part, TIMER_INTID, v),
				 v == 27 ? HV_STATUS_SUCCESS : OUT_OF_RANGE);
		assert_int_equal(arch_set_property(&part, PMU_INTID, v),
				 pmu ? HV_STATUS_SUCCESS : OUT_OF_RANGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_sizes, setup),
		cmocka_unit_test_setup(test_local, setup),
		cmocka_unit_test_setup(test_global, setup),
		cmocka_unit_test_setup(test_sve, setup),
		cmocka_unit_test_setup(test_sve_bad, setup),
		cmocka_unit_test_setup(test_assert, setup),
		cmocka_unit_test_setup(test_assert_bad, setup),
		cmocka_unit_test_setup(test_raise, setup),
		cmocka_unit_test_setup(test_property, setup),
		cmocka_unit_test_setup(test_identity, setup),
		cmocka_unit_test_setup(test_identity_sve, setup),
		cmocka_unit_test_setup(test_identity_features, setup),
		cmocka_unit_test_setup(test_property_values, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
