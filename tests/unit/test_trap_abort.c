/* SPDX-License-Identifier: MIT */
/* Stage 2 aborts: the SGI frame's loads and stores, second looks, and whose fault the rest is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "arch/arm64/gicv3/gic.h"
#include "fake_arch.h"
#include "fake_tables.h"

#define EC_DABT	 ((uint64_t)0x24 << 26 | 1ull << 25)
#define EC_IABT	 ((uint64_t)0x20 << 26 | 1ull << 25)
#define ISV	 (1ull << 24)
#define SAS(n)	 ((uint64_t)(n) << 22)
#define SSE	 (1ull << 21)
#define SRT(n)	 ((uint64_t)(n) << 16)
#define SF	 (1ull << 15)
#define CM	 (1ull << 8)
#define S1PTW	 (1ull << 7)
#define WNR	 (1ull << 6)
#define TRANS(l) (4ull + (l)) /* translation fault */
#define PERM(l)	 (12ull + (l))
#define FRAME	 0x80b0000ull
#define G	 (1ull << 30)

struct partition *partition_root;
static struct partition root, guest;
static struct vp vp;
static uint64_t frame_value, frame_at;
static uint32_t frame_size, frame_calls, aborts, intercepts;
static bool frame_write, abort_insn, was_unmapped;
static int abort_walk;
static uint8_t was_access;

bool gic_frame_access(uint64_t pa, uint32_t size, bool write, uint64_t *v)
{
	if (pa - FRAME >= 0x10000 || size > 4)
		return false;
	frame_calls++;
	frame_at = pa;
	frame_size = size;
	frame_write = write;
	if (write)
		frame_value = *v;
	else
		*v = frame_value;
	return true;
}
void inject_external_abort(struct vp *v, uint64_t far, bool instruction, int walk)
{
	(void)v;
	(void)far;
	aborts++;
	abort_insn = instruction;
	abort_walk = walk;
}
enum trap_action intercept_memory(struct vp *v, uint64_t gpa, uint8_t access, bool unmapped,
				  const struct el2_trap *t)
{
	(void)v;
	(void)gpa;
	assert_non_null(t);
	intercepts++;
	was_access = access;
	was_unmapped = unmapped;
	return TRAP_AGAIN;
}
#define GIC 0x8000000ull
static enum vgic_result gic_result;
static uint32_t gic_calls, gic_width, absents;
static bool gic_write;
static uint64_t gic_value;
bool vp_gic_frame(struct vp *v, uint64_t gpa)
{
	(void)v;
	return gpa - GIC < 0x10000;
}
enum vgic_result vp_gic_access(struct vp *v, uint64_t gpa, uint32_t width, bool write,
			       uint64_t *val, struct vgic_op *op)
{
	(void)v;
	(void)op;
	assert_int_equal(gpa, GIC + 0x104);
	gic_calls++;
	gic_width = width;
	gic_write = write;
	if (write)
		gic_value = *val;
	else
		*val = gic_value;
	return gic_result;
}
void vp_gic_absent(struct vp *v, const struct vgic_op *op)
{
	(void)v;
	(void)op;
	absents++;
}
void partition_unimplemented(struct partition *p, uint32_t kind, const char *what, uint64_t arg)
{
	(void)p;
	(void)kind;
	(void)what;
	(void)arg;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	fake_hw_reset();
	(void)stage2_init(5);
	cpu_pa_bits = 44;
	memset(&root, 0, sizeof(root));
	memset(&guest, 0, sizeof(guest));
	memset(&vp, 0, sizeof(vp));
	partition_root = &root;
	guest.slot = 1;
	vp.partition = &root;
	next_page = hpa_ptr(HPA(0x100000));
	assert_true(slat_init(&root.slat, &stage2_format,
			      (struct slat_source){ page_new, page_old, NULL }));
	assert_true(slat_init(&guest.slat, &stage2_format,
			      (struct slat_source){ page_new, page_old, NULL }));
	for (uint64_t i = 0; i < 31; i++)
		vp.arch.x[i] = 0xaaaaaaaa00000000 + i;
	frame_calls = aborts = intercepts = gic_calls = absents = 0;
	gic_result = VGIC_OK;
	return 0;
}

uint32_t cpu_pa_bits;

static enum trap_action fault(uint64_t esr, uint64_t ipa)
{
	struct el2_trap t = { .esr = esr,
			      .far = 0xffff000000000000 | (ipa & 0xfff),
			      .hpfar = ipa >> 12 << 4 };

	return esr >> 26 == 0x20 ? trap_instruction_abort(&vp, &t) : trap_data_abort(&vp, &t);
}

static void test_frame_loads(void **state)
{
	static const struct {
		uint64_t iss;
		uint64_t value, x3;
		uint32_t size;
	} rows[] = {
		{ SAS(2), 0x89abcdef, 0x89abcdef, 4 },
		{ SAS(2) | SF, 0x89abcdef, 0x89abcdef, 4 },
		{ SAS(2) | SF | SSE, 0x89abcdef, 0xffffffff89abcdef, 4 },
		{ SAS(0), 0x8f, 0x8f, 1 },
		{ SAS(0) | SSE, 0x8f, 0xffffff8f, 1 },
		{ SAS(0) | SSE | SF, 0x8f, 0xffffffffffffff8f, 1 },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		setup(state);
		frame_value = rows[i].value;
		assert_int_equal(
			fault(EC_DABT | ISV | SRT(3) | rows[i].iss | TRANS(3), FRAME + 0x404),
			TRAP_NEXT);
		assert_int_equal(frame_at, FRAME + 0x404);
		assert_int_equal(frame_size, rows[i].size);
		assert_false(frame_write);
		for (uint64_t r = 0; r < 31; r++)
			assert_int_equal(vp.arch.x[r],
					 r == 3 ? rows[i].x3 : 0xaaaaaaaa00000000 + r);
	}
	/* To nowhere */
	assert_int_equal(fault(EC_DABT | ISV | SRT(31) | SAS(2) | TRANS(3), FRAME), TRAP_NEXT);
}

static void test_frame_stores(void **state)
{
	(void)state;
	assert_int_equal(fault(EC_DABT | ISV | SRT(7) | SAS(2) | WNR | TRANS(3), FRAME + 0x100),
			 TRAP_NEXT);
	assert_true(frame_write);
	assert_int_equal((uint32_t)frame_value, 7);
	/* The zero register */
	assert_int_equal(fault(EC_DABT | ISV | SRT(31) | SAS(2) | WNR | TRANS(3), FRAME),
			 TRAP_NEXT);
	assert_int_equal(frame_value, 0);
	assert_int_equal(vp.arch.x[7], 0xaaaaaaaa00000007);
}

/* No syndrome, a table walk, maintenance, a size the frame has not, a fetch: an external abort. */
static void test_frame_refused(void **state)
{
	static const uint64_t esr[] = { EC_DABT | SAS(2) | TRANS(3),
					EC_DABT | ISV | S1PTW | SAS(2) | TRANS(2),
					EC_DABT | ISV | CM | WNR | TRANS(3),
					EC_DABT | ISV | SAS(3) | TRANS(3), EC_IABT | TRANS(3) };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(esr); i++) {
		setup(state);
		assert_int_equal(fault(esr[i], FRAME + 0x100), TRAP_AGAIN);
		assert_int_equal(frame_calls, 0);
		assert_int_equal(aborts, 1);
		assert_int_equal(abort_insn, i == 4);
		assert_int_equal(abort_walk, i == 1 ? 2 : -1);
		for (uint64_t r = 0; r < 31; r++)
			assert_int_equal(vp.arch.x[r], 0xaaaaaaaa00000000 + r);
	}
}

/* An entry that is back by the time of the second look: the instruction is made again. */
static void test_look_again(void **state)
{
	(void)state;
	(void)slat_map(&root.slat, GPA(0x4000), HPA(0x4000), 1, SLAT_R, NULL, NULL);
	assert_int_equal(fault(EC_DABT | ISV | SAS(2) | TRANS(3), 0x4008), TRAP_AGAIN);
	assert_int_equal(aborts, 0);
	/* The right has to be there too */
	(void)fault(EC_DABT | ISV | SAS(2) | WNR | PERM(3), 0x4008);
	assert_int_equal(aborts, 1);
	(void)fault(EC_IABT | PERM(3), 0x4008);
	assert_int_equal(aborts, 2);
	/* A walk reads, whatever it walks for */
	(void)fault(EC_IABT | S1PTW | TRANS(3), 0x4008);
	assert_int_equal(aborts, 2);
	/* Not there at all */
	(void)fault(EC_DABT | ISV | SAS(2) | TRANS(3), 0x8000);
	assert_int_equal(aborts, 3);
	/* No fault of stage 2: the VP's own */
	(void)fault(EC_DABT | 0x10, 0x4000);
	assert_int_equal(aborts, 4);
}

/* Windows above what is mapped at boot are made as they are used, up to the last address. */
static void test_high_window(void **state)
{
	struct slat_leaf l;

	(void)state;
	assert_int_equal(fault(EC_DABT | ISV | SAS(2) | TRANS(0), ROOT_MAP_MIN + 5 * G + 0x123008),
			 TRAP_AGAIN);
	assert_int_equal(aborts, 0);
	assert_true(slat_lookup(&root.slat, GPA(ROOT_MAP_MIN + 5 * G), &l));
	assert_int_equal(l.level, 3);
	assert_int_equal(l.hpa.v, ROOT_MAP_MIN + 5 * G);
	assert_false(slat_lookup(&root.slat, GPA(ROOT_MAP_MIN + 6 * G), &l));
	(void)fault(EC_DABT | ISV | SAS(2) | TRANS(0), (1ull << 44) - 8);
	assert_int_equal(aborts, 0);
	(void)fault(EC_DABT | ISV | SAS(2) | TRANS(0), 1ull << 44);
	assert_int_equal(aborts, 1);
	/* Below, what is not mapped is kept */
	(void)fault(EC_DABT | ISV | SAS(2) | TRANS(1), ROOT_MAP_MIN - 8);
	assert_int_equal(aborts, 2);
}

static void test_guest(void **state)
{
	(void)state;
	vp.partition = &guest;
	(void)slat_map(&guest.slat, GPA(0x4000), HPA(0x8000), 1, SLAT_R, NULL, NULL);
	(void)slat_map(&guest.slat, GPA(0x5000), HPA(0), 1, 0, NULL, NULL);
	assert_int_equal(fault(EC_DABT | TRANS(3), 0x4000), TRAP_AGAIN);
	assert_int_equal(intercepts, 0);
	(void)fault(EC_DABT | WNR | PERM(3), 0x4000);
	assert_int_equal(intercepts, 1);
	assert_int_equal(was_access, HV_INTERCEPT_ACCESS_WRITE);
	assert_false(was_unmapped);
	(void)fault(EC_IABT | PERM(3), 0x4000);
	assert_int_equal(was_access, HV_INTERCEPT_ACCESS_EXECUTE);
	(void)fault(EC_DABT | TRANS(3), 0x5000);
	assert_int_equal(was_access, HV_INTERCEPT_ACCESS_READ);
	assert_false(was_unmapped);
	(void)fault(EC_IABT | S1PTW | TRANS(3), 0x6000);
	assert_int_equal(was_access, HV_INTERCEPT_ACCESS_READ);
	assert_true(was_unmapped);
	/* The root's frames are nothing to it */
	(void)fault(EC_DABT | ISV | SAS(2) | TRANS(3), FRAME);
	assert_true(was_unmapped);
	assert_int_equal(frame_calls, 0);
	assert_int_equal(intercepts, 5);
	assert_int_equal(aborts, 0);
}

/* A guest's access to its GIC: done here; what the frames refuse is an external abort. */
static void test_guest_gic(void **state)
{
	static const uint64_t odd[] = { EC_DABT | SAS(2) | TRANS(3),
					EC_DABT | ISV | S1PTW | SAS(2) | TRANS(2),
					EC_DABT | ISV | CM | WNR | TRANS(3), EC_IABT | TRANS(3) };
	uint64_t at = GIC + 0x104;

	(void)state;
	vp.partition = &guest;
	vp.arch.x[3] = 0x1122334455667788;
	assert_int_equal(fault(EC_DABT | ISV | SAS(0) | SRT(3) | WNR | TRANS(3), at), TRAP_NEXT);
	assert_true(gic_write);
	assert_int_equal(gic_width, 1);
	assert_int_equal(gic_value, 0x88);
	(void)fault(EC_DABT | ISV | SAS(3) | SF | SRT(3) | WNR | TRANS(3), at);
	assert_int_equal(gic_width, 8);
	assert_int_equal(gic_value, 0x1122334455667788);
	gic_value = 0x80;
	assert_int_equal(fault(EC_DABT | ISV | SAS(0) | SSE | SRT(4) | TRANS(3), at), TRAP_NEXT);
	assert_int_equal(vp.arch.x[4], 0xffffff80);
	assert_int_equal(gic_calls, 3);
	for (uint32_t i = 0; i < ARRAY_LEN(odd); i++) {
		assert_int_equal(fault(odd[i], at), TRAP_AGAIN);
		assert_int_equal(aborts, i + 1);
		assert_int_equal(abort_insn, i == 3);
		assert_int_equal(abort_walk, i == 1 ? 2 : -1);
	}
	assert_int_equal(gic_calls, 3);
	gic_result = VGIC_FAULT;
	assert_int_equal(fault(EC_DABT | ISV | SAS(2) | SRT(4) | TRANS(3), at), TRAP_AGAIN);
	assert_int_equal(aborts, 5);
	assert_int_equal(vp.arch.x[4], 0xffffff80);
	gic_result = VGIC_ABSENT;
	assert_int_equal(fault(EC_DABT | ISV | SAS(2) | SRT(4) | TRANS(3), at), TRAP_AGAIN);
	assert_int_equal(absents, 1);
	assert_int_equal(aborts, 5);
	assert_int_equal(intercepts, 0);
	/* Memory of the root's that lies there is memory */
	(void)slat_map(&guest.slat, GPA(GIC), HPA(0x8000), 1, SLAT_R, NULL, NULL);
	(void)fault(EC_DABT | ISV | SAS(2) | WNR | PERM(3), at);
	assert_int_equal(intercepts, 1);
}

static struct {
	uint64_t gpa, value;
	uint32_t size, calls;
	bool taken;
} bell;

bool port_ring_doorbell(struct partition *p, uint64_t gpa, uint32_t size, uint64_t value)
{
	assert_ptr_equal(p, &guest);
	bell.gpa = gpa;
	bell.size = size;
	bell.value = value;
	bell.calls++;
	return bell.taken;
}

/* A plain store where nothing is mapped may ring a doorbell of the root's. */
static void test_doorbell(void **state)
{
	static const uint64_t odd[] = { EC_DABT | SAS(2) | WNR | TRANS(3),
					EC_DABT | ISV | S1PTW | SAS(2) | WNR | TRANS(2),
					EC_DABT | ISV | CM | WNR | TRANS(3),
					EC_DABT | ISV | SAS(2) | TRANS(3), EC_IABT | TRANS(3) };
	uint64_t store = EC_DABT | ISV | SAS(1) | SRT(3) | WNR | TRANS(3), at = 0x40001234;

	(void)state;
	vp.partition = &guest;
	vp.arch.x[3] = 0x1122334455667788;
	bell.taken = true;
	assert_int_equal(fault(store, at), TRAP_AGAIN);
	assert_int_equal(bell.calls, 0);
	assert_int_equal(intercepts, 1);
	guest.ipc.doorbells = 1;
	assert_int_equal(fault(store, at), TRAP_NEXT);
	assert_int_equal(bell.calls, 1);
	assert_true(bell.gpa == at);
	assert_int_equal(bell.size, 2);
	assert_int_equal(bell.value, 0x7788);
	assert_int_equal(intercepts, 1);
	bell.taken = false;
	assert_int_equal(fault(store, at), TRAP_AGAIN);
	assert_int_equal(intercepts, 2);
	bell.taken = true;
	bell.calls = 0;
	for (uint32_t i = 0; i < ARRAY_LEN(odd); i++)
		assert_int_equal(fault(odd[i], at), TRAP_AGAIN);
	/* Mapped without the right, it is memory */
	(void)slat_map(&guest.slat, GPA(at & ~0xfffull), HPA(0x8000), 1, SLAT_R, NULL, NULL);
	assert_int_equal(fault(EC_DABT | ISV | SAS(2) | WNR | PERM(3), at), TRAP_AGAIN);
	assert_int_equal(bell.calls, 0);
	guest.ipc.doorbells = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_frame_loads, setup),
		cmocka_unit_test_setup(test_frame_stores, setup),
		cmocka_unit_test_setup(test_frame_refused, setup),
		cmocka_unit_test_setup(test_look_again, setup),
		cmocka_unit_test_setup(test_high_window, setup),
		cmocka_unit_test_setup(test_guest, setup),
		cmocka_unit_test_setup(test_guest_gic, setup),
		cmocka_unit_test_setup(test_doorbell, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
