/* SPDX-License-Identifier: MIT */
/* MOV to CR0 and CR4 as the CPU would judge it (SDM vol. 2, MOV to control registers). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "fake_virt.h"
#include "kernel/guest_mem.h"

static struct partition part;
static struct vp vp;
static uint32_t faults;
static bool length_known;

bool insn_length(struct vp *v, struct x86_exit *ex)
{
	(void)v;
	ex->len = 3;
	return length_known;
}

static enum x86_mode mode;
static uint8_t code_bytes[16];
static uint32_t code_n;

enum x86_mode insn_mode(struct vp *v)
{
	(void)v;
	return mode;
}

uint32_t insn_fetch(struct vp *v, uint8_t buf[16], struct gva_fault *fault)
{
	(void)v;
	(void)fault;
	memcpy(buf, code_bytes, code_n);
	return code_n;
}

uint32_t cpu_phys_bits = 40;
struct partition *partition_root;
static const uint64_t none_present[4], *pdptes = none_present; /* NULL: not there */
static enum guest_mem_result missing;
static uint64_t read_at, told_at;
static uint32_t told, reads;

enum guest_mem_result guest_mem_read(struct partition *p, gpa_t gpa, void *buf, size_t len,
				     gpa_t *at)
{
	assert_ptr_equal(p, &part);
	assert_null(at);
	assert_int_equal(len, 32);
	read_at = gpa.v;
	reads++;
	if (!pdptes)
		return missing;
	memcpy(buf, pdptes, len);
	return GUEST_MEM_OK;
}

enum exit_action intercept_memory(struct vp *v, gpa_t gpa, uint32_t access, bool unmapped,
				  const struct x86_exit *ex)
{
	assert_ptr_equal(v, &vp);
	assert_null(ex);
	assert_int_equal(access, SLAT_R);
	assert_int_equal(unmapped, missing == GUEST_MEM_UNMAPPED);
	told_at = gpa.v;
	told++;
	return EXIT_STOP;
}

void inject_gp(struct vp *v)
{
	(void)v;
	faults++;
}

static int setup(void **state)
{
	(void)state;
	memset(&fv, 0, sizeof(fv));
	vp.partition = &part;
	faults = told = reads = 0;
	length_known = true;
	partition_root = NULL;
	pdptes = none_present;
	missing = GUEST_MEM_UNMAPPED;
	return 0;
}

static bool writes(uint8_t number, uint64_t v)
{
	struct x86_exit ex = { .kind = X86_EXIT_CR, .cr = { number, v } };
	uint32_t before = faults;
	enum exit_action a = exit_cr(&vp, &ex);

	assert_int_equal(faults - before, a == EXIT_NEXT ? 0 : 1);
	return a == EXIT_NEXT;
}

static void code(uint16_t attributes)
{
	struct hv_x64_segment_register cs = { .attributes = attributes };

	virt->set_seg(&vp, SEG_CS, &cs);
}

/* Paging that comes on under PAE loads the PDPTEs, and so do CD and NW while it is (4.4.1). */
static void test_pdptes(void **state)
{
	static const uint64_t bad[] = { BIT(1), BIT(2), BIT(5), BIT(8), BIT(40), BIT(52), BIT(63) };
	uint64_t table[4] = { 0xff9018ull | 1, 0, 0, 0 }, on = CR0_PE | CR0_PG;

	(void)state;
	code(0xc09b);
	virt->set(&vp, SYS_CR4, CR4_PAE);
	virt->set(&vp, SYS_CR3, 0xf123456fffull);
	assert_true(writes(0, CR0_PE));
	assert_int_equal(reads, 0);
	/* Not there, or not to read: nothing has changed yet */
	pdptes = NULL;
	for (uint32_t i = 0; i < 2; i++) {
		struct x86_exit ex = { .kind = X86_EXIT_CR, .cr = { 0, on } };

		missing = i ? GUEST_MEM_NO_ACCESS : GUEST_MEM_UNMAPPED;
		assert_int_equal(exit_cr(&vp, &ex), EXIT_STOP);
		assert_int_equal(told, i + 1);
		assert_int_equal(told_at, 0x23456fe0);
		assert_int_equal(virt->get(&vp, SYS_CR0), CR0_PE | CR0_ET);
	}
	/* The root has nobody to tell */
	partition_root = &part;
	assert_false(writes(0, on));
	partition_root = NULL;
	pdptes = table;
	table[0] = 0x9001 | MASK(11, 9) | MASK(4, 3);
	for (uint32_t i = 0; i < 4; i++)
		for (uint32_t k = 0; k < ARRAY_LEN(bad); k++) {
			uint64_t was = table[i];

			table[i] = 1 | bad[k];
			assert_false(writes(0, on));
			assert_int_equal(virt->get(&vp, SYS_CR0), CR0_PE | CR0_ET);
			table[i] = was;
		}
	table[1] = ~1ull; /* not present: whatever it says */
	table[2] = 1 | BIT(39);
	assert_true(writes(0, on));
	assert_int_equal(read_at, 0x23456fe0);
	/* Once more for CD and NW, not for others, and not for a write of the same */
	reads = 0;
	assert_true(writes(0, on | CR0_CD));
	assert_int_equal(reads, 1);
	assert_true(writes(0, on | CR0_CD | CR0_NW));
	assert_int_equal(reads, 2);
	assert_true(writes(0, on | CR0_CD | CR0_NW | CR0_TS | CR0_WP));
	assert_int_equal(reads, 2);
	table[3] = 3;
	assert_false(writes(0, on | CR0_CD | CR0_WP));
	assert_true(writes(0, CR0_PE | CR0_CD));
	/* Neither without PAE nor in long mode */
	reads = 0;
	virt->set(&vp, SYS_CR4, 0);
	assert_true(writes(0, on));
	assert_true(writes(0, CR0_PE));
	virt->set(&vp, SYS_CR4, CR4_PAE);
	virt->set(&vp, SYS_EFER, EFER_LME);
	assert_true(writes(0, on));
	assert_int_equal(virt->get(&vp, SYS_EFER), EFER_LME | EFER_LMA);
	assert_int_equal(reads, 0);
	assert_int_equal(told, 2);
}

static void test_plain(void **state)
{
	static const uint64_t bad[] = { BIT(32),	 BIT(63), CR0_PG,
					CR0_PG | CR0_NE, CR0_NW,  CR0_NW | CR0_PE };
	uint64_t old;

	(void)state;
	assert_true(writes(0, CR0_PE | CR0_CD | CR0_NW));
	assert_int_equal(virt->get(&vp, SYS_CR0), CR0_PE | CR0_ET | CR0_CD | CR0_NW);
	/* Bits that are not defined below 32 are ignored, ET is always there */
	assert_true(writes(0, CR0_PE | CR0_TS | BIT(6) | BIT(17)));
	old = virt->get(&vp, SYS_CR0);
	assert_int_equal(old, CR0_PE | CR0_TS | CR0_ET);
	for (uint32_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(writes(0, bad[i]));
		assert_int_equal(virt->get(&vp, SYS_CR0), old);
	}
}

static void test_paging(void **state)
{
	(void)state;
	code(0xc09b);
	assert_true(writes(0, CR0_PE));
	assert_true(writes(0, CR0_PE | CR0_PG));
	assert_int_equal(virt->get(&vp, SYS_EFER), 0);
	assert_true(writes(0, CR0_PE));
	/* Into long mode: PAE, and not from 64-bit code */
	virt->set(&vp, SYS_EFER, EFER_LME | EFER_NXE);
	assert_false(writes(0, CR0_PE | CR0_PG));
	virt->set(&vp, SYS_CR4, CR4_PAE);
	code(0xa09b);
	assert_false(writes(0, CR0_PE | CR0_PG));
	assert_int_equal(virt->get(&vp, SYS_EFER), EFER_LME | EFER_NXE);
	code(0xc09b);
	assert_true(writes(0, CR0_PE | CR0_PG));
	assert_int_equal(virt->get(&vp, SYS_EFER), EFER_LME | EFER_LMA | EFER_NXE);
	/* A write that leaves PG alone leaves LMA alone */
	code(0xa09b);
	assert_true(writes(0, CR0_PE | CR0_PG | CR0_CD));
	assert_int_equal(virt->get(&vp, SYS_EFER), EFER_LME | EFER_LMA | EFER_NXE);
	/* Out of it: not from 64-bit code, not with PCIDE */
	assert_false(writes(0, CR0_PE));
	code(0xc09b);
	virt->set(&vp, SYS_CR4, CR4_PAE | CR4_PCIDE);
	assert_false(writes(0, CR0_PE));
	assert_true(virt->get(&vp, SYS_CR0) & CR0_PG);
	virt->set(&vp, SYS_CR4, CR4_PAE);
	assert_true(writes(0, CR0_PE));
	assert_int_equal(virt->get(&vp, SYS_EFER), EFER_LME | EFER_NXE);
}

/*
 * Every combination of what hangs together, old and new, against the rules of the manual: MOV to
 * CR0 (vol. 2), the modes of paging (vol. 3, 4.1.2), the checks on the way into IA-32e mode
 * (9.8.5.3). A refused write changes nothing.
 */
static void test_matrix(void **state)
{
	uint32_t taken = 0, refused = 0;

	(void)state;
	for (uint32_t n = 0; n < 1u << 15; n++) {
		bool pe0 = n & 1, pg0 = n & 2, lme = n & 4, pae = n & 8, pcide = n & 16;
		bool wide = n & 32, pe = n & 64, pg = n & 128, nw = n & 256, cd = n & 512;
		uint16_t tr = n & 1024 ? 0x8b : n & 2048 ? 0x83 : 0x81;
		uint64_t high = n & 4096 ? BIT(32 + (n >> 13 & 1) * 31) : 0;
		uint64_t efer, v;
		bool fine = true, lma = lme && pg0;

		/* What no VP can be in */
		if ((pg0 && !pe0) || (lma && !pae) || (pcide && !lma) || (n >> 14 && !lme))
			continue;
		efer = (lme ? EFER_LME : 0) | (lma ? EFER_LMA : 0) | EFER_SCE;
		fv.sys[SYS_CR0] = CR0_ET | (pe0 ? CR0_PE : 0) | (pg0 ? CR0_PG : 0) | CR0_NE;
		fv.sys[SYS_CR4] = (pae ? CR4_PAE : 0) | (pcide ? CR4_PCIDE : 0);
		fv.sys[SYS_EFER] = efer;
		code(wide ? 0xa09b : 0xc09b);
		fv.seg[SEG_TR].attributes = tr;
		fv.notes = 0;
		v = high | (pe ? CR0_PE : 0) | (pg ? CR0_PG : 0) | (nw ? CR0_NW : 0) |
		    (cd ? CR0_CD : 0);

		if (high || (pg && !pe) || (nw && !cd))
			fine = false;
		else if (pg && !pg0 && lme)
			fine = pae && !wide && (tr & 0xf) == 0xb;
		else if (!pg && pg0)
			fine = !pcide && !(lma && wide);
		if (writes(0, v) != fine)
			fail_msg("%x: %s", n, fine ? "refused" : "taken");
		if (!fine) {
			assert_int_equal(fv_count(FV_SET), 0);
			refused++;
			continue;
		}
		taken++;
		assert_int_equal(fv.sys[SYS_CR0], v | CR0_ET);
		/* EFER is set only when it changes: each set costs the VP its translations */
		assert_int_equal(fv_count(FV_SET), lme && pg != pg0 ? 2 : 1);
		efer = (efer & ~EFER_LMA) | (lme && pg ? EFER_LMA : 0);
		assert_int_equal(fv.sys[SYS_EFER], efer);
	}
	assert_true(taken > 100 && refused > 100);
}

static enum exit_action cr8(enum x86_mode m, const char *bytes, uint32_t n, uint8_t *len)
{
	struct x86_exit ex = { .kind = X86_EXIT_CR, .cr = { .number = 8 } };
	enum exit_action a;

	mode = m;
	code_n = n;
	memcpy(code_bytes, bytes, n);
	a = exit_cr(&vp, &ex);
	*len = ex.len;
	return a;
}

/* The operand is in the instruction; two encodings, prefixes, and bytes that are no such thing. */
static void test_cr8(void **state)
{
	static const struct {
		enum x86_mode mode;
		const char *bytes;
		uint32_t n, gpr;
	} good[] = {
		{ X86_MODE_64, "\x44\x0f\x22\xc0", 4, GPR_RAX },
		{ X86_MODE_64, "\x44\x0f\x22\xc7\xcc", 4, GPR_RDI },
		{ X86_MODE_64, "\x45\x0f\x22\xc7", 4, GPR_R15 },
		{ X86_MODE_64, "\x66\x4d\x0f\x22\xc1", 5, GPR_R9 },
		{ X86_MODE_64, "\x41\x66\x44\x0f\x22\xc1", 6, GPR_RCX }, /* only the last REX */
		{ X86_MODE_64, "\x41\xf0\x0f\x22\xc1", 5, GPR_RCX },
		{ X86_MODE_32, "\xf0\x0f\x22\xc3", 4, GPR_RBX },
		{ X86_MODE_16, "\xf0\x0f\x22\xc3", 4, GPR_RBX },
	};
	static const struct {
		enum x86_mode mode;
		const char *bytes;
		uint32_t n;
	} bad[] = {
		{ X86_MODE_64, "", 0 },
		{ X86_MODE_64, "\x44\x0f\x22", 3 },
		{ X86_MODE_64, "\x44\x44\x44\x44\x44\x44\x44\x44\x44\x44\x44\x44\x44\x44\x44", 15 },
		{ X86_MODE_64, "\x44\x0f\x20\xc0", 4 },
		{ X86_MODE_64, "\x90\x0f\x22\xc0", 4 },
		{ X86_MODE_32, "\x44\x0f\x22\xc0", 4 }, /* INC, there */
	};
	uint8_t len;

	(void)state;
	for (uint32_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		for (uint32_t g = 0; g < 16; g++)
			vp.arch.gpr[g] = g == good[i].gpr ? 9 : 0x100;
		vlapic_set_tpr(&vp.arch.apic, 0x35);
		assert_int_equal(cr8(good[i].mode, good[i].bytes, good[i].n, &len), EXIT_NEXT);
		assert_int_equal(len, good[i].n);
		assert_int_equal(vlapic_tpr(&vp.arch.apic), 0x90);
		/* Bits 63:4 are a fault, and nothing changes; outside 64-bit mode 63:32 are not
		 * read */
		vp.arch.gpr[good[i].gpr] = 16;
		assert_int_equal(cr8(good[i].mode, good[i].bytes, good[i].n, &len), EXIT_RESUME);
		assert_int_equal(faults, 1);
		vp.arch.gpr[good[i].gpr] = BIT(32) | 7;
		assert_int_equal(cr8(good[i].mode, good[i].bytes, good[i].n, &len),
				 good[i].mode == X86_MODE_64 ? EXIT_RESUME : EXIT_NEXT);
		assert_int_equal(vlapic_cr8(&vp.arch.apic), good[i].mode == X86_MODE_64 ? 9 : 7);
		faults = 0;
	}
	vlapic_set_tpr(&vp.arch.apic, 0x35);
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(cr8(bad[i].mode, bad[i].bytes, bad[i].n, &len), EXIT_RESUME);
		assert_int_equal(faults, 0);
		assert_int_equal(vlapic_tpr(&vp.arch.apic), 0x35);
	}
}

/* Only bits that are not offered are masked in CR4. */
static void test_cr4(void **state)
{
	(void)state;
	virt->set(&vp, SYS_CR4, CR4_PAE);
	assert_false(writes(4, CR4_PAE | CR4_VMXE));
	assert_false(writes(4, BIT(63)));
	assert_int_equal(virt->get(&vp, SYS_CR4), CR4_PAE);
}

static void test_no_length(void **state)
{
	struct x86_exit ex = { .kind = X86_EXIT_CR, .cr = { 0, CR0_PE } };

	(void)state;
	length_known = false;
	assert_int_equal(exit_cr(&vp, &ex), EXIT_RESUME);
	assert_int_equal(virt->get(&vp, SYS_CR0), 0);
	assert_int_equal(faults, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_pdptes, setup),
		cmocka_unit_test_setup(test_plain, setup),
		cmocka_unit_test_setup(test_paging, setup),
		cmocka_unit_test_setup(test_matrix, setup),
		cmocka_unit_test_setup(test_cr4, setup),
		cmocka_unit_test_setup(test_cr8, setup),
		cmocka_unit_test_setup(test_no_length, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
