/* SPDX-License-Identifier: MIT */
/*
 * Second-level faults: the APIC page of the root and of a guest, instruction by instruction, with
 * the real decoder and the real local APIC; pages that came back meanwhile; and what the root is
 * told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <insn.h>

#include "arch/x86_64/common/apic.h"
#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/deadline.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "fake_virt.h"
#include "kernel/arch.h"

#define APIC_PAGE 0xfee00000ull
#define VA	  0x5000ull /* where the core has the physical APIC */

static struct partition part, root;
static struct vp vp;
static uint8_t code[16];
static uint32_t code_len;
static struct gva_fault fetch_fault;
static uint32_t faults, unimplemented, messages, effects, icr_writes, lookups;
static uint64_t icr_dest, icr_low;
static bool page_there, deadline_takes;
static uint32_t page_prot, deadline_reg, deadline_value;
static struct vlapic_effect effect;
static struct {
	uint64_t gpa;
	uint32_t access;
	bool unmapped;
	const struct x86_exit *ex;
} message;

struct partition *partition_root = &root;

uint32_t insn_fetch(struct vp *v, uint8_t buf[16], struct gva_fault *fault)
{
	(void)v;
	memcpy(buf, code, code_len);
	*fault = fetch_fault;
	return code_len;
}

enum x86_mode insn_mode(struct vp *v)
{
	(void)v;
	return X86_MODE_64;
}

void inject_gp(struct vp *v)
{
	(void)v;
	faults++;
}

void partition_unimplemented(struct partition *p, uint32_t kind, const char *what, uint64_t arg)
{
	(void)what;
	(void)arg;
	assert_ptr_equal(p, &root);
	unimplemented = kind;
}

void root_icr_write(struct vp *v, uint32_t dest, uint32_t low)
{
	assert_ptr_equal(v, &vp);
	icr_writes++;
	icr_dest = dest;
	icr_low = low;
}

bool root_apic_page(uint64_t gpa)
{
	return (gpa & PAGE_MASK) == APIC_PAGE;
}

bool deadline_root_write(uint32_t reg, uint32_t v)
{
	deadline_reg = reg;
	deadline_value = v;
	return deadline_takes;
}

void apic_effect(struct vp *v, const struct vlapic_effect *e)
{
	assert_ptr_equal(v, &vp);
	effects++;
	effect = *e;
}

/* Another CPU may free the tables it walks: under the lock only. */
bool slat_lookup(const struct slat *s, gpa_t gpa, struct slat_leaf *out)
{
	(void)gpa;
	lookups++;
	assert_ptr_equal(s, &vp.partition->slat);
	assert_int_equal(vp.partition->lock.held, 1);
	memset(out, 0, sizeof(*out));
	out->prot = page_prot;
	return page_there;
}

uint64_t arch_time_hz(void)
{
	return 1;
}

enum exit_action intercept_memory(struct vp *v, gpa_t gpa, uint32_t access, bool unmapped,
				  const struct x86_exit *ex)
{
	assert_ptr_equal(v, &vp);
	assert_int_equal(part.lock.held, 0);
	messages++;
	message.gpa = gpa.v;
	message.access = access;
	message.unmapped = unmapped;
	message.ex = ex;
	return EXIT_STOP;
}

static int setup(void **state)
{
	(void)state;
	memset(&fv, 0, sizeof(fv));
	memset(&fake_hw, 0, sizeof(fake_hw));
	memset(&part, 0, sizeof(part));
	memset(&root, 0, sizeof(root));
	memset(&vp, 0, sizeof(vp));
	memset(&message, 0, sizeof(message));
	memset(&fetch_fault, 0, sizeof(fetch_fault));
	apic_init(VA);
	vp.partition = &part;
	part.create_flags = HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED;
	vlapic_init(&vp.arch.apic, 1, true, true, 2000000000, true);
	fv.sys[SYS_RFLAGS] = RFLAGS_FIXED;
	code_len = faults = unimplemented = messages = effects = icr_writes = lookups = 0;
	deadline_reg = deadline_value = 0;
	page_there = deadline_takes = false;
	page_prot = SLAT_RWX;
	return 0;
}

/* The instruction at RIP; more bytes follow it, as in memory. */
static void runs(uint32_t n, const uint8_t *bytes)
{
	memset(code, 0x90, sizeof(code));
	memcpy(code, bytes, n);
	code_len = 15;
}
#define RUNS(...) runs(sizeof((uint8_t[]){ __VA_ARGS__ }), (uint8_t[]){ __VA_ARGS__ })

static struct x86_exit at(uint64_t gpa, bool write)
{
	return (struct x86_exit){ .kind = X86_EXIT_SLAT,
				  .slat = { .gpa = gpa, .write = write, .read = !write } };
}

/* -- the root's APIC page ------------------------------------------------------------------------
 */

static uint32_t root_write(uint32_t reg, uint32_t v)
{
	struct x86_exit ex = at(APIC_PAGE + reg, true);

	vp.partition = &root;
	RUNS(0x89, 0x03); /* mov [rbx], eax */
	vp.arch.gpr[GPR_RAX] = v;
	fake_hw.writes = 0;
	assert_int_equal(exit_slat_root(&vp, &ex), EXIT_NEXT);
	assert_int_equal(ex.len, 2);
	assert_int_equal(faults, 0);
	assert_int_equal(lookups, 0);
	return fake_hw.writes;
}

static void test_root_forward(void **state)
{
	(void)state;
	/* EOI, TPR: the deadline has a look, then the hardware has it */
	assert_int_equal(root_write(0xb0, 0), 1);
	assert_int_equal(fake_hw.log[0].kind, FAKE_MMIO);
	assert_int_equal(fake_hw.log[0].index, VA + 0xb0);
	assert_int_equal(deadline_reg, 0xb0);
	assert_int_equal(root_write(0x80, 0x30), 1);
	assert_int_equal(fake_hw.apic[0x80 / 4], 0x30);
	assert_int_equal(deadline_value, 0x30);
	/* ICR's high half stays in the hardware until the low half is written */
	assert_int_equal(root_write(0x310, 0x07000000), 1);
	assert_int_equal(icr_writes, 0);
	assert_int_equal(root_write(0x300, 0x4501), 0);
	assert_int_equal(icr_writes, 1);
	assert_int_equal(icr_dest, 7);
	assert_int_equal(icr_low, 0x4501);
	/* What the deadline has done is done */
	deadline_takes = true;
	assert_int_equal(root_write(0x320, 0x200ef), 0);
	assert_int_equal(deadline_reg, 0x320);
	assert_int_equal(deadline_value, 0x200ef);
}

/* Read-modify-write, with its flags and its register */
static void test_root_rmw(void **state)
{
	struct x86_exit ex = at(APIC_PAGE + 0xf0, true);

	(void)state;
	vp.partition = &root;
	fake_hw.apic[0xf0 / 4] = 0x1ff;
	RUNS(0x81, 0x23, 0x00, 0xff, 0xff, 0xff); /* and dword [rbx], 0xffffff00 */
	fv.sys[SYS_RFLAGS] = RFLAGS_FIXED | RFLAGS_CF | RFLAGS_ZF;
	assert_int_equal(exit_slat_root(&vp, &ex), EXIT_NEXT);
	assert_int_equal(ex.len, 6);
	assert_int_equal(fake_hw.apic[0xf0 / 4], 0x100);
	assert_int_equal(fv.sys[SYS_RFLAGS] & (RFLAGS_CF | RFLAGS_ZF), 0);
	RUNS(0x87, 0x03); /* xchg [rbx], eax */
	vp.arch.gpr[GPR_RAX] = 0x1aa;
	assert_int_equal(exit_slat_root(&vp, &ex), EXIT_NEXT);
	assert_int_equal(fake_hw.apic[0xf0 / 4], 0x1aa);
	assert_int_equal(vp.arch.gpr[GPR_RAX], 0x100);
}

static void test_root_refused(void **state)
{
	struct x86_exit ex;

	(void)state;
	vp.partition = &root;
	/* Not 32 bits; not aligned; no instruction that stores; none at all */
	for (uint32_t i = 0; i < 4; i++) {
		ex = at(APIC_PAGE + (i == 1 ? 0x304 : 0x300), true);
		faults = unimplemented = 0;
		switch (i) {
		case 0:
			RUNS(0x48, 0x89, 0x03); /* mov [rbx], rax */
			break;
		case 1:
			RUNS(0x89, 0x03);
			break;
		case 2:
			RUNS(0x89, 0xc0); /* mov eax, eax */
			break;
		default:
			RUNS(0x06); /* push es: no such thing in 64-bit mode */
			break;
		}
		assert_int_equal(exit_slat_root(&vp, &ex), EXIT_RESUME);
		assert_int_equal(faults, 1);
		assert_int_equal(unimplemented, UNIMPLEMENTED_APIC_INSN);
		assert_int_equal(fake_hw.writes, 0);
		assert_int_equal(icr_writes, 0);
	}
}

/* Bytes that are not there: the root's tables changed meanwhile, and its CPU finds out by itself.
 */
static void test_root_fetch(void **state)
{
	struct x86_exit ex = at(APIC_PAGE + 0x300, true);

	(void)state;
	vp.partition = &root;
	fetch_fault.result = GVA_NOT_PRESENT;
	assert_int_equal(exit_slat_root(&vp, &ex), EXIT_RESUME);
	assert_int_equal(faults, 0);
	fetch_fault.result = GVA_NO_MEMORY;
	assert_int_equal(exit_slat_root(&vp, &ex), EXIT_RESUME);
	assert_int_equal(faults, 1);
	assert_int_equal(icr_writes, 0);
}

/* Bytes that came with the exit go before those in memory. */
static void test_assist(void **state)
{
	struct x86_exit ex = at(APIC_PAGE + 0x80, true);

	(void)state;
	vp.partition = &root;
	RUNS(0x06);
	ex.slat.insn_len = 15;
	memset(ex.slat.insn_bytes, 0x90, 15);
	ex.slat.insn_bytes[0] = 0x89;
	ex.slat.insn_bytes[1] = 0x0b; /* mov [rbx], ecx */
	vp.arch.gpr[GPR_RCX] = 0x20;
	assert_int_equal(exit_slat_root(&vp, &ex), EXIT_NEXT);
	assert_int_equal(fake_hw.apic[0x80 / 4], 0x20);
	/* Cut off in the middle of an instruction: no reason to look further */
	ex.slat.insn_len = 1;
	assert_int_equal(exit_slat_root(&vp, &ex), EXIT_RESUME);
	assert_int_equal(faults, 1);
}

/* -- the root's memory ---------------------------------------------------------------------------
 */

static void test_root_memory(void **state)
{
	/* rights of the leaf now, and of the access */
	static const struct {
		bool there;
		uint32_t prot;
		bool write, fetch, good;
	} cases[] = {
		{ false, SLAT_RWX, false, false, false },
		{ true, SLAT_RWX, false, false, true },
		{ true, SLAT_RWX, true, false, true },
		{ true, SLAT_RWX, false, true, true },
		{ true, SLAT_R, false, false, true },
		{ true, SLAT_R, true, false, false },
		{ true, SLAT_R, false, true, false },
		{ true, SLAT_R | SLAT_X, false, true, true },
		{ true, SLAT_R | SLAT_X, true, false, false },
		{ true, 0, false, false, false },
	};

	(void)state;
	vp.partition = &root;
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct x86_exit ex = at(0x123456, cases[i].write);

		ex.slat.fetch = cases[i].fetch;
		page_there = cases[i].there;
		page_prot = cases[i].prot;
		faults = unimplemented = 0;
		assert_int_equal(exit_slat_root(&vp, &ex), EXIT_RESUME);
		assert_int_equal(faults, !cases[i].good);
		assert_int_equal(unimplemented, cases[i].good ? 0 : UNIMPLEMENTED_CORE_MEMORY);
		assert_int_equal(root.lock.held, 0);
	}
	/* Reading the APIC page is the hardware's business: not mapped is not its own */
	page_there = true;
	page_prot = SLAT_R;
	faults = 0;
	assert_int_equal(exit_slat_root(&vp, &(struct x86_exit){ .slat = { .gpa = APIC_PAGE } }),
			 EXIT_RESUME);
	assert_int_equal(faults, 0);
}

/* -- a guest's memory ----------------------------------------------------------------------------
 */

static void test_guest_memory(void **state)
{
	static const uint32_t need[] = { SLAT_R, SLAT_W, SLAT_X };

	(void)state;
	for (uint32_t prot = 0; prot < 8; prot++)
		for (uint32_t n = 0; n < 3; n++)
			for (uint32_t there = 0; there < 2; there++) {
				struct x86_exit ex = at(0x123456, n == 1);
				bool good = there && prot & need[n];

				ex.slat.fetch = n == 2;
				page_there = there;
				page_prot = prot;
				messages = 0;
				assert_int_equal(exit_slat_guest(&vp, &ex),
						 good ? EXIT_RESUME : EXIT_STOP);
				assert_int_equal(messages, !good);
				assert_int_equal(part.lock.held, 0);
				if (good)
					continue;
				assert_int_equal(message.gpa, 0x123456);
				assert_int_equal(message.access, need[n]);
				assert_int_equal(message.unmapped, !there);
				assert_ptr_equal(message.ex, &ex);
			}
}

/* -- a guest's APIC page -------------------------------------------------------------------------
 */

static void test_guest_write(void **state)
{
	struct x86_exit ex = at(APIC_PAGE + 0x80, true);

	(void)state;
	RUNS(0x89, 0x03);
	vp.arch.gpr[GPR_RAX] = 0xffffff40;
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	assert_int_equal(ex.len, 2);
	assert_int_equal(vlapic_tpr(&vp.arch.apic), 0x40);
	assert_int_equal(effects, 1);
	assert_int_equal(messages | lookups, 0);
	/* An IPI leaves by its effect */
	ex = at(APIC_PAGE + 0x300, true);
	vp.arch.gpr[GPR_RAX] = 0x40fd;
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	assert_int_equal(effects, 2);
	assert_true(effect.has_ipi);
	assert_int_equal(effect.ipi.vector, 0xfd);
	/* A count starts by the guest's own clock */
	fake_hw.tsc = 1000;
	vp.arch.tsc_offset = 7000;
	ex = at(APIC_PAGE + 0x380, true);
	vp.arch.gpr[GPR_RAX] = 100;
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	assert_int_equal(vp.arch.apic.timer_due, 8000 + 100 * 2 * 10);
	/* No such register: dropped, and ESR knows */
	ex = at(APIC_PAGE + 0x40, true);
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	assert_int_equal(vp.arch.apic.esr_new, VLAPIC_ESR_REGISTER);
}

static void test_guest_read(void **state)
{
	struct x86_exit ex = at(APIC_PAGE + 0x30, false);

	(void)state;
	RUNS(0x8b, 0x03); /* mov eax, [rbx] */
	vp.arch.gpr[GPR_RAX] = ~0ull;
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	assert_int_equal(vp.arch.gpr[GPR_RAX], 0x50014);
	assert_int_equal(effects, 0);
	ex = at(APIC_PAGE + 0x20, false);
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	assert_int_equal(vp.arch.gpr[GPR_RAX], 1u << 24);
	/* A register that is not there, one unaligned, one of 8, 16 or 64 bits: zero */
	ex = at(APIC_PAGE + 0xff0, false);
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	assert_int_equal(vp.arch.gpr[GPR_RAX], 0);
	ex = at(APIC_PAGE + 0x32, false);
	vp.arch.gpr[GPR_RAX] = ~0ull;
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	assert_int_equal(vp.arch.gpr[GPR_RAX], 0);
	ex = at(APIC_PAGE + 0x30, false);
	RUNS(0x8a, 0x03); /* mov al, [rbx] */
	vp.arch.gpr[GPR_RAX] = ~0ull;
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	assert_int_equal(vp.arch.gpr[GPR_RAX], 0xffffffffffffff00);
	RUNS(0x48, 0x8b, 0x03);
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	assert_int_equal(vp.arch.gpr[GPR_RAX], 0);
	assert_int_equal(ex.len, 3);
}

static void test_guest_sizes(void **state)
{
	struct x86_exit ex = at(APIC_PAGE + 0x80, true);

	(void)state;
	vlapic_set_tpr(&vp.arch.apic, 0x11);
	RUNS(0x88, 0x03); /* mov [rbx], al */
	vp.arch.gpr[GPR_RAX] = 0x55;
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	RUNS(0x48, 0x89, 0x03);
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	assert_int_equal(vlapic_tpr(&vp.arch.apic), 0x11);
	assert_int_equal(effects, 0);
	/* Read, changed, written; and flags */
	RUNS(0x83, 0x2b, 0x11); /* sub dword [rbx], 0x11 */
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	assert_int_equal(vlapic_tpr(&vp.arch.apic), 0);
	assert_true(fv.sys[SYS_RFLAGS] & RFLAGS_ZF);
	assert_int_equal(effects, 1);
	/* A comparison stores nothing */
	RUNS(0x83, 0x3b, 0x01);
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	assert_int_equal(effects, 1);
	assert_true(fv.sys[SYS_RFLAGS] & RFLAGS_CF);
}

static void test_guest_fetch(void **state)
{
	struct x86_exit ex = at(APIC_PAGE + 0x80, true);

	(void)state;
	/* The guest's own tables say no: its CPU finds out by itself */
	fetch_fault.result = GVA_PRIVILEGE;
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_RESUME);
	assert_int_equal(messages, 0);
	/* The page of the instruction, or a table on the way to it, is what is not there */
	for (uint32_t i = 0; i < 4; i++) {
		fetch_fault = (struct gva_fault){ .result = GVA_NO_MEMORY,
						  .gpa = GPA(0x7000),
						  .table = i & 1,
						  .mem = i & 2 ? GUEST_MEM_UNMAPPED
							       : GUEST_MEM_NO_ACCESS };
		assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_STOP);
		assert_int_equal(message.gpa, 0x7000);
		assert_int_equal(message.access, i & 1 ? SLAT_R : SLAT_X);
		assert_int_equal(message.unmapped, !!(i & 2));
		assert_null(message.ex);
	}
	/* No instruction that is known here: the root may know more */
	fetch_fault.result = GVA_OK;
	RUNS(0x0f, 0x11, 0x03); /* movups [rbx], xmm0 */
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_STOP);
	assert_int_equal(message.gpa, APIC_PAGE + 0x80);
	assert_int_equal(message.access, SLAT_W);
	assert_true(message.unmapped);
	assert_ptr_equal(message.ex, &ex);
	ex = at(APIC_PAGE + 0x80, false);
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_STOP);
	assert_int_equal(message.access, SLAT_R);
	assert_int_equal(vlapic_tpr(&vp.arch.apic), 0);
	assert_int_equal(effects, 0);
}

/* Where the APIC page is no APIC page, it is memory like any other. */
static void test_guest_no_apic(void **state)
{
	struct x86_exit ex = at(APIC_PAGE + 0x80, true);

	(void)state;
	RUNS(0x89, 0x03);
	vp.arch.gpr[GPR_RAX] = 0x40;
	for (uint32_t i = 0; i < 5; i++) {
		(void)setup(NULL);
		ex = at(APIC_PAGE + 0x80, true);
		if (i == 0)
			part.create_flags = 0;
		else if (i == 1)
			vlapic_set_base(&vp.arch.apic, APIC_PAGE | 0x100); /* off */
		else if (i == 2)
			vlapic_set_base(&vp.arch.apic, APIC_PAGE | 0xd00); /* x2APIC */
		else if (i == 3)
			vlapic_set_base(&vp.arch.apic, 0xfed00900); /* elsewhere */
		else
			ex.slat.fetch = true;
		assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_STOP);
		assert_int_equal(lookups, 1);
		assert_true(message.unmapped);
		assert_int_equal(vlapic_tpr(&vp.arch.apic), 0);
	}
	/* And there it is */
	(void)setup(NULL);
	RUNS(0x89, 0x03);
	vp.arch.gpr[GPR_RAX] = 0x40;
	vlapic_set_base(&vp.arch.apic, 0xfed00900);
	ex = at(0xfed00080, true);
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
	assert_int_equal(vlapic_tpr(&vp.arch.apic), 0x40);
}

/* -- doorbells ---------------------------------------------------------------------------------
 */
static struct {
	uint64_t gpa, value;
	uint32_t size, calls;
	bool taken;
} bell;

bool port_ring_doorbell(struct partition *p, uint64_t gpa, uint32_t size, uint64_t value)
{
	assert_ptr_equal(p, &part);
	bell.gpa = gpa;
	bell.size = size;
	bell.value = value;
	bell.calls++;
	return bell.taken;
}

static void test_doorbell(void **state)
{
	static const struct {
		uint8_t n, bytes[10];
		uint32_t size;
		uint64_t value;
	} stores[] = {
		{ 2, { 0x88, 0x03 }, 1, 0x88 },			     /* mov [rbx], al */
		{ 3, { 0x66, 0x89, 0x03 }, 2, 0x7788 },		     /* mov [rbx], ax */
		{ 2, { 0x89, 0x03 }, 4, 0x55667788 },		     /* mov [rbx], eax */
		{ 3, { 0x48, 0x89, 0x03 }, 8, 0x1122334455667788 },  /* mov [rbx], rax */
		{ 6, { 0xc7, 0x03, 1, 2, 3, 0xf4 }, 4, 0xf4030201 }, /* mov dword [rbx], imm */
		{ 7, { 0x48, 0xc7, 0x03, 1, 2, 3, 0xf4 }, 8, 0xfffffffff4030201 },
		{ 4, { 0x89, 0x44, 0x4b, 0x04 }, 4, 0x55667788 }, /* mov [rbx+rcx*2+4], eax */
		{ 3, { 0x64, 0x89, 0x03 }, 4, 0x55667788 },	  /* mov fs:[rbx], eax */
	};
	static const uint8_t others[][3] = {
		{ 0x01, 0x03 },	      /* add [rbx], eax: it would have to be read */
		{ 0x87, 0x03 },	      /* xchg */
		{ 0x0f, 0x11, 0x03 }, /* movups */
	};
	struct x86_exit ex;

	(void)state;
	page_there = false;
	bell.taken = true;
	vp.arch.gpr[GPR_RAX] = 0x1122334455667788;
	/* Nobody is asked where there is none */
	runs(2, stores[0].bytes);
	ex = at(0x5010, true);
	bell.calls = 0;
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_STOP);
	assert_int_equal(bell.calls, 0);
	part.ipc.doorbells = 1;
	for (uint32_t i = 0; i < ARRAY_LEN(stores); i++) {
		uint64_t gpa = 0x5010;

		vp.arch.gpr[GPR_RBX] = 0xffff800000001010;
		vp.arch.gpr[GPR_RCX] = 0x20;
		fv.seg[SEG_FS].base = 0x7030;
		if (i == 6)
			gpa = 0x5054;
		if (i == 7)
			gpa = 0x5040;
		runs(stores[i].n, stores[i].bytes);
		ex = at(gpa, true);
		messages = bell.calls = 0;
		assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_NEXT);
		assert_int_equal(bell.calls, 1);
		assert_true(bell.gpa == gpa);
		assert_int_equal(bell.size, stores[i].size);
		assert_true(bell.value == stores[i].value);
		assert_int_equal(ex.len, stores[i].n);
		assert_int_equal(messages, 0);
		/* Not one of the root's */
		bell.taken = false;
		ex = at(gpa, true);
		assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_STOP);
		assert_int_equal(messages, 1);
		assert_true(message.unmapped);
		bell.taken = true;
		/* The second page of a store that runs over the end of one */
		ex = at(0x6000, true);
		assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_STOP);
	}
	bell.calls = 0;
	for (uint32_t i = 0; i < ARRAY_LEN(others); i++) {
		runs(3, others[i]);
		ex = at(0x5010, true);
		assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_STOP);
	}
	runs(2, stores[2].bytes);
	ex = at(0x5010, false); /* a load */
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_STOP);
	ex = at(0x5010, true);
	ex.slat.table_walk = true;
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_STOP);
	/* Mapped, and lacking the right: that is memory */
	page_there = true;
	page_prot = SLAT_R;
	ex = at(0x5010, true);
	assert_int_equal(exit_slat_guest(&vp, &ex), EXIT_STOP);
	assert_int_equal(bell.calls, 0);
	part.ipc.doorbells = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_root_forward, setup),
		cmocka_unit_test_setup(test_root_rmw, setup),
		cmocka_unit_test_setup(test_root_refused, setup),
		cmocka_unit_test_setup(test_root_fetch, setup),
		cmocka_unit_test_setup(test_assist, setup),
		cmocka_unit_test_setup(test_root_memory, setup),
		cmocka_unit_test_setup(test_guest_memory, setup),
		cmocka_unit_test_setup(test_guest_write, setup),
		cmocka_unit_test_setup(test_guest_read, setup),
		cmocka_unit_test_setup(test_guest_sizes, setup),
		cmocka_unit_test_setup(test_guest_fetch, setup),
		cmocka_unit_test_setup(test_guest_no_apic, setup),
		cmocka_unit_test_setup(test_doorbell, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
