/* SPDX-License-Identifier: MIT */
/*
 * What Bochs forgives and silicon does not: a VMCS is touched only on the CPU where it is active,
 * translations are flushed before they can be used again, events go in as VM entry wants them.
 * The fake VMCSs keep the rules, and are shown to notice when one is broken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/common/regs.h"
#include "fake_vmx.h"
#include "kernel/page_alloc.h"
#include "vmx_skylake_x.h"

static struct vp vp, root_vp;
static struct x86_exit ex;
static uint32_t reason, entries;
static bool was_launched;
static enum vmx_entered answer;
static uint64_t seen_event, seen_error, seen_len, seen_blocking, seen_vpid, seen_proc, seen_timer;
static void (*on_entry)(void);
static uint32_t cleared, seen_writes; /* buffers; MSR writes up to the entry */

static uint64_t *field(uint32_t f)
{
	return fake_field(fake_hw.current[fake_hw.cpu], f);
}

uint32_t vmx_enter_asm(struct arch_vp *a, const uint32_t *nmi_seen, uint32_t seen, uint32_t how)
{
	assert_ptr_equal(nmi_seen, &this_cpu()->nmi_seen);
	assert_int_equal(fake_hw.current[fake_hw.cpu]->pa, a->vmx.pa);
	assert_int_equal(*field(VMCS_GUEST_RIP), a->rip);
	if (a->gpr[GPR_RSP] != VMX_RSP_UNREAD)
		assert_int_equal(*field(VMCS_GUEST_RSP), a->gpr[GPR_RSP]);
	entries++;
	was_launched = how & 1;
	cleared = how >> 1;
	seen_writes = fake_hw.writes;
	seen_event = *field(VMCS_ENTRY_EVENT);
	seen_error = *field(VMCS_ENTRY_ERROR);
	seen_len = *field(VMCS_ENTRY_LEN);
	seen_blocking = *field(VMCS_GUEST_INTERRUPTIBILITY);
	seen_vpid = *field(VMCS_VPID);
	seen_proc = *field(VMCS_PROC);
	seen_timer = *field(VMCS_PREEMPTION_TIMER);
	if (on_entry)
		on_entry();
	if (*nmi_seen != seen)
		return VMX_ABORTED;
	if (answer == VMX_ENTERED) {
		*field(VMCS_EXIT_REASON) = reason;
		*field(VMCS_ENTRY_EVENT) &= ~VMX_EVENT_VALID;
	}
	return answer;
}

static void cpu_has_vmx(void)
{
	for (uint32_t i = 0; i < VMX_CAP_MSRS; i++)
		fake_hw.msr[fake_msr(MSR_VMX_BASIC + i)].value = skylake_x[i];
}

static void leaves(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	(void)sub;
	memset(r, 0, 16);
	if (leaf == 1)
		r[2] = 1u << 5;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	fake_frames(0, FAKE_PFNS, FRAME_CORE);
	page_alloc_init(HPA(0x100000), 0x400000);
	memset(&fake_hw, 0, sizeof(fake_hw));
	fake_hw.cpuid = leaves;
	cpu_has_vmx();
	memset(&part, 0, sizeof(part));
	memset(&vp, 0, sizeof(vp));
	memset(&root_vp, 0, sizeof(root_vp));
	root_vp.partition = &root_part;
	this_cpu()->root_vp = &root_vp;
	this_cpu()->vmcs_pa = 0;
	this_cpu()->nmi_seen = 0;
	this_cpu()->index = 0;
	fake_deadline = UINT64_MAX;
	fake_memory = NULL;
	on_entry = NULL;
	answer = VMX_ENTERED;
	reason = VMX_EXIT_CPUID;
	entries = 0;
	assert_true(vmx_probe());
	assert_true(fake_own_timer);
	assert_ptr_equal(arch_slat_format, &ept_format);
	for (uint32_t i = 0; i < 4; i++)
		pool_give(&part.pool, page_alloc(1));
	vp.partition = &part;
	vp.cpu = ~0u;
	part.slat.root = page_alloc(1);
	part.slat.generation = 1;
	vmx_ops.cpu_init(this_cpu());
	assert_int_equal(vmx_ops.vp_init(&vp), HV_STATUS_SUCCESS);
	vmx_ops.vp_setup(&vp, false);
	vmx_ops.set(&vp, SYS_CR0, CR0_PE | CR0_ET);
	vmx_ops.set(&vp, SYS_CR3, 0);
	vmx_ops.set(&vp, SYS_CR4, 0);
	vmx_ops.set(&vp, SYS_EFER, 0);
	return 0;
}

static void enter(uint8_t kind)
{
	fake_hw.writes = 0;
	vmx_ops.enter(&vp, &ex);
	assert_int_equal(ex.kind, kind);
	assert_null(this_cpu()->running);
}

static void on_cpu(uint32_t cpu)
{
	static uint64_t current[FAKE_CPUS];

	current[fake_hw.cpu] = this_cpu()->vmcs_pa;
	fake_hw.cpu = cpu;
	this_cpu()->index = cpu;
	this_cpu()->vmcs_pa = fake_hw.current[cpu] ? current[cpu] : 0;
}

static uint32_t count(enum fake_kind kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < fake_hw.writes; i++)
		n += fake_hw.log[i].kind == kind;
	return n;
}

static void test_probe(void **state)
{
	(void)state;
	/* VMXON region: revision id; IA32_FEATURE_CONTROL set and locked; VMXE on */
	assert_int_equal(*(uint32_t *)this_cpu()->cpu_pages, 0x2b);
	assert_int_equal(fake_hw.msr[fake_msr(MSR_FEATURE_CTL)].value, 5);
	assert_true(fake_hw.cr[4] & CR4_VMXE);
	assert_true(fake_hw.cr[0] & CR0_NE);
	assert_int_equal(*(uint32_t *)vp.arch.vmx.vmcs, 0x2b);
	fake_hw.cpuid = NULL;
	fake_hw.cpuid = leaves;
	/* One page less: nothing stays taken */
	struct vp other = { .partition = &part };
	struct partition poor;

	memset(&poor, 0, sizeof(poor));
	other.partition = &poor;
	assert_int_equal(vmx_ops.vp_init(&other), HV_STATUS_INSUFFICIENT_MEMORY);
	pool_give(&poor.pool, page_alloc(1));
	assert_int_equal(vmx_ops.vp_init(&other), HV_STATUS_INSUFFICIENT_MEMORY);
	assert_int_equal(poor.pool.free_count, 1);
}

static void enter(uint8_t kind);

static void moves_rsp(void)
{
	*field(VMCS_GUEST_RSP) = 0x7000;
}

static uint32_t accesses(enum fake_kind kind, uint32_t f)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < fake_hw.writes; i++)
		n += fake_hw.log[i].kind == kind && fake_hw.log[i].index == f;
	return n;
}

/*
 * RSP stays in the VMCS behind the exits that come often. Whoever looks later finds it, whoever has
 * set it meanwhile has set it, and what nobody touched is not written back.
 */
static void test_rsp_unread(void **state)
{
	(void)state;
	on_entry = moves_rsp;
	vp.arch.gpr[GPR_RSP] = 0;
	for (uint32_t set = 0; set < 3; set++) {
		reason = VMX_EXIT_CPUID;
		enter(X86_EXIT_CPUID);
		fake_hw.writes = 0;
		enter(X86_EXIT_CPUID);
		assert_int_equal(accesses(FAKE_VMREAD, VMCS_GUEST_RSP), 0);
		assert_int_equal(accesses(FAKE_VMWRITE, VMCS_GUEST_RSP), 0);
		if (set == 2) { /* a reset: the value that was there before all this */
			vp.arch.gpr[GPR_RSP] = 0;
			on_entry = NULL;
			enter(X86_EXIT_CPUID);
			assert_int_equal(*field(VMCS_GUEST_RSP), 0);
			break;
		}
		if (set) { /* set in between */
			vp.arch.gpr[GPR_RSP] = 0x9000;
			vmx_ops.save(&vp);
			assert_int_equal(vp.arch.gpr[GPR_RSP], 0x9000);
		} else {
			vmx_ops.save(&vp);
			assert_int_equal(vp.arch.gpr[GPR_RSP], 0x7000);
		}
		vmx_ops.load(&vp);
		reason = VMX_EXIT_WBINVD; /* one that reads it */
		fake_hw.writes = 0;
		enter(X86_EXIT_WBINVD);
		assert_int_equal(vp.arch.gpr[GPR_RSP], 0x7000);
		assert_int_equal(accesses(FAKE_VMREAD, VMCS_GUEST_RSP), 1);
	}
}

static void test_residency(void **state)
{
	(void)state;
	enter(X86_EXIT_CPUID);
	assert_false(was_launched);
	enter(X86_EXIT_CPUID);
	assert_true(was_launched);
	vmx_ops.release(&vp);
	assert_int_equal(count(FAKE_VMCLEAR), 1);
	assert_int_equal(this_cpu()->vmcs_pa, 0);
	/* Registers from a third CPU, then the run on another */
	on_cpu(2);
	(void)vmx_ops.get(&vp, SYS_CR3);
	vmx_ops.set(&vp, SYS_CR3, 0x7000);
	vmx_ops.release(&vp);
	on_cpu(1);
	enter(X86_EXIT_CPUID);
	assert_false(was_launched);
	assert_int_equal(*field(VMCS_GUEST_CR3), 0x7000);
	vmx_ops.release(&vp);
	on_cpu(0);
	enter(X86_EXIT_CPUID);
	vmx_ops.release(&vp);
	/* Twice is once */
	fake_hw.writes = 0;
	vmx_ops.release(&vp);
	assert_int_equal(fake_hw.writes, 0);
	assert_null(fake_hw.broken);
}

/* Planted: an owner that forgets to release. */
static void test_residency_checker(void **state)
{
	(void)state;
	enter(X86_EXIT_CPUID);
	on_cpu(1);
	(void)vmx_ops.get(&vp, SYS_CR3);
	assert_non_null(fake_hw.broken);
	assert_string_equal(fake_hw.broken, "VMPTRLD of a VMCS that is active on another CPU");
	(void)setup(state);
	(void)vmx_vmclear(vp.arch.vmx.pa);
	(void)vmx_vmread(VMCS_GUEST_CR3);
	assert_string_equal(fake_hw.broken, "VMREAD without a current VMCS");
	(void)setup(state);
	vmx_vmwrite(VMCS_EXIT_REASON, 0);
	assert_string_equal(fake_hw.broken, "VMWRITE of a read-only field");
}

/* A flush, or a tag that nobody has used, before each use of a translation that has gone. */
static void test_tags(void **state)
{
	uint64_t first;

	(void)state;
	enter(X86_EXIT_CPUID);
	assert_int_equal(count(FAKE_INVEPT), 1);
	first = seen_vpid;
	assert_int_not_equal(first, 0);
	enter(X86_EXIT_CPUID);
	assert_int_equal(count(FAKE_INVEPT), 0);
	assert_int_equal(seen_vpid, first);
	/* The second level lost something */
	part.slat.generation = 2;
	enter(X86_EXIT_CPUID);
	assert_int_equal(count(FAKE_INVEPT), 1);
	assert_int_not_equal(seen_vpid, first);
	first = seen_vpid;
	/* Paging changed by other than the guest itself */
	static const enum x86_sysreg paging[] = { SYS_CR0, SYS_CR3, SYS_CR4, SYS_EFER };

	for (uint32_t i = 0; i < 4; i++) {
		vmx_ops.set(&vp, paging[i], vmx_ops.get(&vp, paging[i]));
		enter(X86_EXIT_CPUID);
		assert_int_not_equal(seen_vpid, first);
		assert_int_equal(count(FAKE_INVEPT), 0);
		first = seen_vpid;
	}
	/* Away and back: what CPU 0 still has is old */
	vmx_ops.release(&vp);
	on_cpu(1);
	enter(X86_EXIT_CPUID);
	assert_int_equal(count(FAKE_INVEPT), 1);
	vmx_ops.release(&vp);
	on_cpu(0);
	enter(X86_EXIT_CPUID);
	assert_int_equal(count(FAKE_INVEPT), 1);
	/* Used up: all go at once, and numbers start over */
	this_cpu()->asid_next = 0x10000;
	part.slat.generation = 3;
	enter(X86_EXIT_CPUID);
	assert_int_equal(count(FAKE_INVVPID), 1);
	assert_int_equal(seen_vpid, 1);
	assert_null(fake_hw.broken);
}

static void test_events(void **state)
{
	static const struct {
		struct x86_event e;
		bool real;
		uint32_t info, error, len;
	} t[] = {
		{ { .type = 0, .vector = 0x31 }, false, 0x80000031, 0, 0 },
		{ { .type = 2, .vector = 2 }, false, 0x80000202, 0, 0 },
		{ { .type = 3, .vector = VEC_GP, .has_error = true, .error = 0x18 },
		  false,
		  0x80000b0d,
		  0x18,
		  0 },
		/* The CPU insists on an error code where the vector has one, and only there */
		{ { .type = 3, .vector = VEC_GP }, false, 0x80000b0d, 0, 0 },
		{ { .type = 3, .vector = VEC_UD, .has_error = true, .error = 7 },
		  false,
		  0x80000306,
		  0,
		  0 },
		{ { .type = 3, .vector = VEC_GP, .has_error = true, .error = 0x18 },
		  true,
		  0x8000030d,
		  0,
		  0 },
		{ { .type = 3, .vector = VEC_BP }, false, 0x80000603, 0, 1 },
		{ { .type = 3, .vector = VEC_OF }, false, 0x80000604, 0, 1 },
		{ { .type = 4, .vector = 0x80, .insn_len = 2 }, false, 0x80000480, 0, 2 },
	};

	for (uint32_t i = 0; i < ARRAY_LEN(t); i++) {
		(void)setup(state);
		vmx_ops.set(&vp, SYS_CR0, t[i].real ? CR0_ET : CR0_PE | CR0_ET);
		vmx_ops.inject(&vp, &t[i].e);
		enter(X86_EXIT_CPUID);
		assert_int_equal(seen_event, t[i].info);
		if (t[i].info & VMX_EVENT_ERROR)
			assert_int_equal(seen_error, t[i].error);
		if (t[i].len)
			assert_int_equal(seen_len, t[i].len);
		assert_false(vp.arch.vmx.event.pending);
		enter(X86_EXIT_CPUID);
		assert_false(seen_event & VMX_EVENT_VALID);
	}
}

static void unblock(void)
{
	*field(VMCS_GUEST_INTERRUPTIBILITY) = 0;
}

static void block(void)
{
	*field(VMCS_GUEST_INTERRUPTIBILITY) = VMX_BLOCK_NMI;
}

static void test_blocking(void **state)
{
	(void)state;
	/* An NMI goes in with the block clear, and is blocked by its delivery */
	vmx_ops.inject(&vp, &(struct x86_event){ .type = 2, .vector = 2 });
	vp.arch.nmi_masked = true;
	on_entry = block;
	enter(X86_EXIT_CPUID);
	assert_int_equal(seen_blocking & VMX_BLOCK_NMI, 0);
	assert_true(vp.arch.nmi_masked);
	/* A second one waits behind the window */
	vp.arch.nmi_pending = true;
	reason = VMX_EXIT_NMI_WINDOW;
	on_entry = unblock;
	enter(X86_EXIT_IRET);
	assert_true(seen_proc & PROC_NMI_WINDOW);
	assert_int_equal(seen_blocking & VMX_BLOCK_NMI, VMX_BLOCK_NMI);
	assert_false(vp.arch.nmi_masked);
	reason = VMX_EXIT_CPUID;
	on_entry = NULL;
	enter(X86_EXIT_CPUID);
	assert_false(seen_proc & PROC_NMI_WINDOW);
	/* By name: both ways, and the bit that an emulator leaves set is never entered with */
	vmx_ops.set(&vp, SYS_INT_SHADOW, 1);
	vp.arch.nmi_masked = true;
	vmx_ops.iret_window(&vp, true);
	enter(X86_EXIT_CPUID);
	assert_int_equal(seen_blocking, VMX_BLOCK_MOVSS | VMX_BLOCK_NMI);
	*field(VMCS_GUEST_INTERRUPTIBILITY) = VMX_BLOCK_SMI | VMX_BLOCK_STI | VMX_BLOCK_NMI;
	vp.arch.vmx.blocking_valid = false;
	assert_int_equal(vmx_ops.get(&vp, SYS_INT_SHADOW), 1);
	enter(X86_EXIT_CPUID);
	assert_int_equal(seen_blocking, VMX_BLOCK_STI | VMX_BLOCK_NMI);
	vp.arch.nmi_masked = false;
	vmx_ops.iret_window(&vp, false);
	vmx_ops.set(&vp, SYS_INT_SHADOW, 0);
	enter(X86_EXIT_CPUID);
	assert_int_equal(seen_blocking, 0);
}

/* Behind STI or MOV SS an NMI is not injected: VM entry would fail. It comes by the window. */
static void test_nmi_in_shadow(void **state)
{
	static const uint32_t shadow[] = { VMX_BLOCK_STI, VMX_BLOCK_MOVSS };

	for (uint32_t i = 0; i < 2; i++) {
		(void)setup(state);
		*field(VMCS_GUEST_INTERRUPTIBILITY) = shadow[i];
		vp.arch.vmx.blocking_valid = false;
		vmx_ops.inject(&vp, &(struct x86_event){ .type = 2, .vector = 2 });
		vp.arch.nmi_masked = true;
		on_entry = unblock;
		enter(X86_EXIT_CPUID);
		assert_false(seen_event & VMX_EVENT_VALID);
		assert_int_equal(seen_blocking, shadow[i]);
		assert_true(seen_proc & PROC_NMI_WINDOW);
		assert_true(vp.arch.nmi_pending && !vp.arch.nmi_masked);
		/* One instruction later */
		vp.arch.nmi_pending = false;
		vp.arch.nmi_masked = true;
		vmx_ops.inject(&vp, &(struct x86_event){ .type = 2, .vector = 2 });
		on_entry = block;
		enter(X86_EXIT_CPUID);
		assert_int_equal(seen_event, 0x80000202);
		assert_false(seen_proc & PROC_NMI_WINDOW);
	}
	/* An exception is not held back */
	*field(VMCS_GUEST_INTERRUPTIBILITY) = VMX_BLOCK_MOVSS;
	vp.arch.vmx.blocking_valid = false;
	vmx_ops.inject(&vp, &(struct x86_event){ .type = 3, .vector = VEC_UD });
	enter(X86_EXIT_CPUID);
	assert_int_equal(seen_event, 0x80000306);
}

static void nmi_comes(void)
{
	this_cpu()->nmi_seen++;
	root_vp.arch.nmi_pending = true;
}

static void kick_comes(void)
{
	this_cpu()->nmi_seen++;
}

/* Decision 18: what was to be injected is not lost when the entry is not made. */
static void test_turned_back(void **state)
{
	struct x86_event e = { .type = 0, .vector = 0x55 };

	(void)state;
	vmx_ops.inject(&vp, &e);
	vp.mail = VP_MAIL_KICK;
	enter(X86_EXIT_NONE);
	assert_int_equal(entries, 0);
	assert_true(vp.arch.event.pending);
	assert_int_equal(vp.arch.event.vector, 0x55);
	assert_int_equal(*field(VMCS_ENTRY_EVENT), 0); /* it may never come to it again */
	vp.mail = 0;
	vp.arch.event.pending = false;
	/* A kick between the last look and the entry */
	vmx_ops.inject(&vp, &e);
	on_entry = kick_comes;
	enter(X86_EXIT_NONE);
	assert_int_equal(vp.arch.event.vector, 0x55);
	assert_true(vp.arch.event.pending);
	vp.arch.event.pending = false;
	/* An NMI of the root's: the guest has to leave */
	on_entry = nmi_comes;
	enter(X86_EXIT_NMI);
	on_entry = NULL;
	entries = 0;
	enter(X86_EXIT_NMI);
	assert_int_equal(entries, 0);
	root_vp.arch.nmi_pending = false;
	/* Refused by the CPU: parked with its error */
	answer = VMX_FAILED;
	vmx_ops.inject(&vp, &e);
	enter(X86_EXIT_UNKNOWN);
	assert_int_equal(ex.code, 0x80000000);
	assert_true(vp.arch.event.pending);
	vp.arch.event.pending = false;
	answer = VMX_ENTERED;
	/* The state was refused: the VMCS is as before, and is launched next time */
	reason = 0x80000021;
	vmx_ops.inject(&vp, &e);
	enter(X86_EXIT_INVALID_STATE);
	assert_true(vp.arch.event.pending);
	assert_int_equal(*field(VMCS_ENTRY_EVENT), 0);
	vp.arch.event.pending = false;
	reason = VMX_EXIT_CPUID;
	enter(X86_EXIT_CPUID);
	assert_false(was_launched);
	assert_null(fake_hw.broken);
}

static void test_windows(void **state)
{
	(void)state;
	vmx_ops.set_tpr(&vp, 0);
	vmx_ops.intr_window(&vp, true, 0x31);
	enter(X86_EXIT_CPUID);
	assert_true(seen_proc & PROC_INTR_WINDOW);
	assert_int_equal(*field(VMCS_TPR_THRESHOLD), 0);
	/* Held back by the TPR: the exit is when it falls below the vector's class */
	vmx_ops.set_tpr(&vp, 3);
	assert_int_equal(vp.arch.vmx.vapic[0x80] >> 4, 3);
	vmx_ops.intr_window(&vp, true, 0x3f);
	enter(X86_EXIT_CPUID);
	assert_false(seen_proc & PROC_INTR_WINDOW);
	assert_int_equal(*field(VMCS_TPR_THRESHOLD), 3);
	/* Whatever the TPR is */
	vmx_ops.intr_window(&vp, true, 0);
	enter(X86_EXIT_CPUID);
	assert_true(seen_proc & PROC_INTR_WINDOW);
	assert_int_equal(*field(VMCS_TPR_THRESHOLD), 0);
	vmx_ops.intr_window(&vp, false, 0);
	enter(X86_EXIT_CPUID);
	assert_false(seen_proc & PROC_INTR_WINDOW);
}

static void test_time(void **state)
{
	(void)state;
	fake_hw.tsc = 1000000;
	fake_deadline = 1000000 + 12345;
	enter(X86_EXIT_CPUID);
	assert_int_equal(seen_timer, 12345);
	fake_deadline = UINT64_MAX; /* a millisecond at most */
	enter(X86_EXIT_CPUID);
	assert_int_equal(seen_timer, 2000000);
	fake_deadline = 5;
	enter(X86_EXIT_CPUID);
	assert_int_equal(seen_timer, 0);
	vp.arch.tsc_offset = 0x8765;
	enter(X86_EXIT_CPUID);
	assert_int_equal(*field(VMCS_TSC_OFFSET), 0x8765);
	fake_hw.writes = 0;
	enter(X86_EXIT_CPUID);
	for (uint32_t i = 0; i < fake_hw.writes; i++)
		assert_false(fake_hw.log[i].kind == FAKE_VMWRITE &&
			     fake_hw.log[i].index == VMCS_TSC_OFFSET);
}

static void test_pdptes(void **state)
{
	static const uint64_t table[4] = { 0x1001, 0x2001, 0, 0x3001 };

	(void)state;
	fake_memory_read_at = 0;
	fake_memory = table;
	enter(X86_EXIT_CPUID); /* paging is off */
	assert_int_equal(fake_memory_read_at, 0);
	vmx_ops.set(&vp, SYS_CR0, CR0_PE | CR0_PG | CR0_ET);
	vmx_ops.set(&vp, SYS_CR4, CR4_PAE);
	vmx_ops.set(&vp, SYS_CR3, 0xabc020);
	fake_memory = NULL;
	enter(X86_EXIT_SLAT);
	assert_int_equal(ex.slat.gpa, 0xabc020);
	assert_true(ex.slat.read && ex.slat.table_walk && !ex.slat.write && !ex.slat.fetch);
	fake_memory = table;
	enter(X86_EXIT_CPUID);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(*field(VMCS_GUEST_PDPTE0 + 2 * i), table[i]);
	/* Once: from then on they are the guest's own loads */
	fake_memory = NULL;
	enter(X86_EXIT_CPUID);
	vmx_ops.set(&vp, SYS_EFER, EFER_LME | EFER_LMA);
	enter(X86_EXIT_CPUID);
}

/* A task switch sets CR0.TS, and that loads no PDPTEs (SDM vol. 3, 4.4.1); all else may. */
static void test_task_switched(void **state)
{
	static const uint64_t table[4] = { 0x1001, 0x2001, 0, 0x3001 };
	uint64_t cr0 = CR0_PE | CR0_PG | CR0_ET;

	(void)state;
	vmx_ops.set(&vp, SYS_CR0, cr0);
	vmx_ops.set(&vp, SYS_CR4, CR4_PAE);
	fake_memory = table;
	enter(X86_EXIT_CPUID);
	fake_memory = NULL;
	for (uint32_t i = 0; i < 4; i++) {
		cr0 ^= CR0_TS;
		vmx_ops.set(&vp, SYS_CR0, cr0);
		assert_int_equal(vmx_ops.get(&vp, SYS_CR0), cr0);
		enter(X86_EXIT_CPUID);
	}
	vmx_ops.set(&vp, SYS_CR0, cr0);
	enter(X86_EXIT_SLAT);
	vmx_ops.set(&vp, SYS_CR0, cr0 ^ CR0_TS ^ CR0_WP);
	enter(X86_EXIT_SLAT);
	fake_memory = table;
	enter(X86_EXIT_CPUID);
}

/* CR8 as the guest left it, also when it was not entered; a shadow may stand behind any exit. */
static void tpr_written(void)
{
	vp.arch.vmx.vapic[0x80] = 0xb0;
}

static void test_cr8(void **state)
{
	(void)state;
	vp.arch.vmx.vapic[0x80] = 0x70;
	memset(&ex, 0x5a, sizeof(ex));
	vp.mail = VP_MAIL_KICK;
	enter(X86_EXIT_NONE);
	assert_int_equal(ex.cr8, 7);
	vp.mail = 0;
	on_entry = tpr_written;
	memset(&ex, 0, sizeof(ex));
	enter(X86_EXIT_CPUID);
	assert_int_equal(ex.cr8, 0xb);
	on_entry = NULL;
	/* PDPTEs that are not there: not entered either */
	vmx_ops.set(&vp, SYS_CR0, CR0_PE | CR0_PG | CR0_ET);
	vmx_ops.set(&vp, SYS_CR4, CR4_PAE);
	vp.arch.vmx.vapic[0x80] = 0x30;
	enter(X86_EXIT_SLAT);
	assert_int_equal(ex.cr8, 3);
}

/* Whether a shadow ends or a trap is due, from the VMCS as it is after the exit. */
static uint64_t left_rflags, left_blocking;

static void root_leaves(void)
{
	*field(VMCS_GUEST_RFLAGS) = left_rflags;
	*field(VMCS_GUEST_INTERRUPTIBILITY) = left_blocking;
}

static void test_after(void **state)
{
	uint8_t *vapic = vp.arch.vmx.vapic;

	(void)state;
	root_part.slat = part.slat;
	on_entry = root_leaves;
	for (uint32_t i = 0; i < 32; i++) {
		bool root = i & 8;

		vp.partition = root ? &root_part : &part;
		if (root)
			vp.arch.vmx.vapic = NULL;
		left_rflags = 2 | (i & 1 ? RFLAGS_TF : RFLAGS_IF);
		left_blocking = (i & 2 ? 1 : 0) | (i & 4 ? 2 : 0);
		reason = i & 16 ? VMX_EXIT_WBINVD : VMX_EXIT_CPUID;
		enter(i & 16 ? X86_EXIT_WBINVD : X86_EXIT_CPUID);
		assert_int_equal(ex.after, (!root && i & 16) || (i & 7));
		vp.arch.vmx.vapic = vapic;
	}
	on_entry = NULL;
	memset(&root_part, 0, sizeof(root_part));
}

static void test_registers(void **state)
{
	struct hv_x64_segment_register s = { .base = 0x1234, .limit = 0xffff, .selector = 0x28 }, g;

	(void)state;
	/* CR0: NE is forced, CD and NW are the VP's to see only; CR4: VMXE is not */
	vmx_ops.set(&vp, SYS_CR0, CR0_PE | CR0_ET | CR0_CD | CR0_NW);
	assert_int_equal(vmx_ops.get(&vp, SYS_CR0), CR0_PE | CR0_ET | CR0_CD | CR0_NW);
	assert_int_equal(*field(VMCS_GUEST_CR0), CR0_PE | CR0_ET | CR0_NE);
	vmx_ops.set(&vp, SYS_CR4, CR4_PAE);
	assert_int_equal(vmx_ops.get(&vp, SYS_CR4), CR4_PAE);
	assert_int_equal(*field(VMCS_GUEST_CR4), CR4_PAE | CR4_VMXE);
	/* "IA-32e mode guest" goes with LMA */
	vmx_ops.set(&vp, SYS_EFER, EFER_LME | EFER_LMA);
	assert_true(*field(VMCS_ENTRY) & ENTRY_IA32E);
	vmx_ops.set(&vp, SYS_EFER, EFER_LME);
	assert_false(*field(VMCS_ENTRY) & ENTRY_IA32E);
	/* Not present is unusable, and comes back so */
	for (uint32_t present = 0; present < 2; present++) {
		s.attributes = present ? 0xc093 : 0xc013;
		vmx_ops.set_seg(&vp, SEG_GS, &s);
		assert_int_equal(*field(VMCS_GUEST_ES_AR + 10),
				 s.attributes | (present ? 0 : VMX_AR_UNUSABLE));
		vmx_ops.get_seg(&vp, SEG_GS, &g);
		assert_memory_equal(&s, &g, sizeof(s));
	}
	s.attributes = 0x93;
	vmx_ops.set_seg(&vp, SEG_SS, &s);
	vmx_ops.set(&vp, SYS_CPL, 3);
	assert_int_equal(vmx_ops.get(&vp, SYS_CPL), 3);
	vmx_ops.get_seg(&vp, SEG_SS, &g);
	assert_int_equal(g.attributes, 0xf3);
	/* What VMX does not switch is on the CPU between load and save */
	vmx_ops.set(&vp, SYS_LSTAR, 0x1111);
	vmx_ops.set(&vp, SYS_CR2, 0x2222);
	assert_int_equal(rdmsr(MSR_LSTAR), 0);
	vmx_ops.load(&vp);
	assert_int_equal(rdmsr(MSR_LSTAR), 0x1111);
	assert_int_equal(fake_hw.cr[2], 0x2222);
	vmx_ops.set(&vp, SYS_LSTAR, 0x3333);
	assert_int_equal(rdmsr(MSR_LSTAR), 0x3333);
	wrmsr(MSR_LSTAR, 0x4444); /* by the guest itself */
	assert_int_equal(vmx_ops.get(&vp, SYS_LSTAR), 0x4444);
	vmx_ops.load(&vp); /* nothing to do: what is there is newer */
	assert_int_equal(rdmsr(MSR_LSTAR), 0x4444);
	vmx_ops.save(&vp);
	wrmsr(MSR_LSTAR, 0x5555); /* the next VP's */
	assert_int_equal(vmx_ops.get(&vp, SYS_LSTAR), 0x4444);
}

static void test_impossible(void **state)
{
	static const struct {
		uint64_t cr0, cr3, cr4, efer, rflags;
		uint16_t cs;
		const char *why;
	} t[] = {
		{ CR0_NW, 0, 0, 0, 2, 0x9b, "CR0.NW without CR0.CD" },
		{ BIT(32), 0, 0, 0, 2, 0x9b, "CR0 bits 63:32" },
		{ CR0_PG, 0, 0, 0, 2, 0x9b, "CR0.PG without CR0.PE" },
		{ 0, 0, CR4_VMXE, 0, 2, 0x9b, "CR4 bits that are not offered" },
		{ 0, 0, BIT(40), 0, 2, 0x9b, "CR4 bits that are not offered" },
		{ CR0_PG | CR0_PE, 0, 0, EFER_LME | EFER_LMA, 2, 0x9b,
		  "long mode without CR4.PAE" },
		{ CR0_PG | CR0_PE, 0, CR4_PAE, EFER_LME, 2, 0x9b,
		  "EFER.LMA is not EFER.LME and CR0.PG" },
		{ CR0_PE, 0, CR4_PAE, EFER_LMA, 2, 0x9b, "EFER.LMA is not EFER.LME and CR0.PG" },
		{ CR0_PE, 0, CR4_PCIDE, 0, 2, 0x9b, "CR4.PCIDE outside long mode" },
		{ CR0_PE, BIT(40), 0, 0, 2, 0x9b, "CR3 beyond the physical address width" },
		{ CR0_PG | CR0_PE, 0, CR4_PAE, EFER_LME | EFER_LMA, 2, 0xe09b,
		  "CS.L and CS.D both set" },
		{ CR0_PG | CR0_PE, 0, CR4_PAE, EFER_LME | EFER_LMA, RFLAGS_VM | 2, 0xa09b,
		  "RFLAGS.VM in long mode" },
		{ CR0_PG | CR0_PE, 0, CR4_PAE, EFER_LME | EFER_LMA, 2, 0xa09b, NULL },
		{ 0, 0, 0, 0, 2, 0x9b, NULL },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(t); i++) {
		struct hv_x64_segment_register cs = { .attributes = t[i].cs };
		const char *why;

		vmx_ops.set(&vp, SYS_CR0, t[i].cr0);
		vmx_ops.set(&vp, SYS_CR3, t[i].cr3);
		vmx_ops.set(&vp, SYS_CR4, t[i].cr4);
		vmx_ops.set(&vp, SYS_EFER, t[i].efer);
		vmx_ops.set(&vp, SYS_RFLAGS, t[i].rflags);
		vmx_ops.set_seg(&vp, SEG_CS, &cs);
		why = vmx_ops.check_state(&vp);
		if (t[i].why)
			assert_string_equal(why, t[i].why);
		else
			assert_null(why);
	}
	/* Looked at once, and again when something is set */
	fake_hw.writes = 0;
	assert_null(vmx_ops.check_state(&vp));
	assert_int_equal(fake_hw.writes, 0);
	vmx_ops.set(&vp, SYS_CR0, CR0_PG);
	assert_non_null(vmx_ops.check_state(&vp));
}

static bool exits(const uint8_t *map, uint32_t msr, bool write)
{
	uint32_t at = (msr >= 0xc0000000 ? 1024u : 0u) + (write ? 2048u : 0u) + (msr & 0x1fff) / 8;

	return map[at] >> (msr & 7) & 1;
}

/* Every MSR of both ranges, in both directions. */
static void test_bitmaps(void **state)
{
	static const uint32_t guest_free[] = { 0x174,	   0x175,      0x176,	   0xc0000081,
					       0xc0000082, 0xc0000083, 0xc0000084, 0xc0000100,
					       0xc0000101, 0xc0000102 };
	const uint8_t *guest = hpa_ptr(HPA(*field(VMCS_MSR_BITMAP))), *root;

	(void)state;
	for (uint32_t i = 0; i < 0x4000; i++) {
		uint32_t msr = i < 0x2000 ? i : 0xc0000000 + i - 0x2000;
		bool open = false;

		for (uint32_t k = 0; k < ARRAY_LEN(guest_free); k++)
			open |= guest_free[k] == msr;
		assert_int_equal(exits(guest, msr, false), !open);
		assert_int_equal(exits(guest, msr, true), !open);
	}
	vmx_vmcs_setup(&vp, true);
	root = hpa_ptr(HPA(*field(VMCS_MSR_BITMAP)));
	for (uint32_t i = 0; i < 0x4000; i++) {
		uint32_t msr = i < 0x2000 ? i : 0xc0000000 + i - 0x2000;
		bool both = msr == 0x3a || (msr >= 0x480 && msr <= 0x493);
		bool mtrr = (msr >= 0x200 && msr < 0x210) || msr == 0x250 || msr == 0x258 ||
			    msr == 0x259 || (msr >= 0x268 && msr < 0x270) || msr == 0x2ff;

		assert_int_equal(exits(root, msr, false), both);
		assert_int_equal(exits(root, msr, true),
				 both || mtrr || msr == 0x1b || msr == 0x830);
	}
}

static uint32_t flushes(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < seen_writes; i++)
		n += fake_hw.log[i].kind == FAKE_WRMSR && fake_hw.log[i].index == MSR_FLUSH_CMD &&
		     fake_hw.log[i].value == 1;
	return n;
}

/* Before each entry of a guest, and before that of the root never: it may read what its guests
 * have. */
static void test_speculation(void **state)
{
	uint64_t before;

	(void)state;
	fake_hw.msr[fake_msr(MSR_FLUSH_CMD)].faults = 1; /* not there: not touched */
	enter(X86_EXIT_CPUID);
	assert_int_equal(cleared, 0);
	cpu_speculation.verw = true;
	enter(X86_EXIT_CPUID);
	assert_int_equal(cleared, 1);
	assert_true(was_launched);
	cpu_speculation.verw = false;
	cpu_speculation.l1d_flush = true;
	fake_hw.msr[fake_msr(MSR_FLUSH_CMD)].faults = 0;
	before = this_cpu()->counters[COUNT_L1D];
	for (uint32_t i = 0; i < 3; i++) {
		enter(X86_EXIT_CPUID);
		assert_int_equal(flushes(), 1);
		assert_int_equal(cleared, 0);
	}
	assert_int_equal(this_cpu()->counters[COUNT_L1D], before + 3);
	cpu_speculation.verw = true;
	vp.partition = &root_part;
	root_part.slat = part.slat;
	enter(X86_EXIT_CPUID);
	assert_int_equal(flushes(), 0);
	assert_int_equal(cleared, 0);
	cpu_speculation = (struct speculation){ 0 };
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_probe, setup),
		cmocka_unit_test_setup(test_residency, setup),
		cmocka_unit_test_setup(test_rsp_unread, setup),
		cmocka_unit_test_setup(test_residency_checker, setup),
		cmocka_unit_test_setup(test_tags, setup),
		cmocka_unit_test_setup(test_events, setup),
		cmocka_unit_test_setup(test_blocking, setup),
		cmocka_unit_test_setup(test_nmi_in_shadow, setup),
		cmocka_unit_test_setup(test_turned_back, setup),
		cmocka_unit_test_setup(test_windows, setup),
		cmocka_unit_test_setup(test_time, setup),
		cmocka_unit_test_setup(test_pdptes, setup),
		cmocka_unit_test_setup(test_task_switched, setup),
		cmocka_unit_test_setup(test_cr8, setup),
		cmocka_unit_test_setup(test_after, setup),
		cmocka_unit_test_setup(test_registers, setup),
		cmocka_unit_test_setup(test_impossible, setup),
		cmocka_unit_test_setup(test_bitmaps, setup),
		cmocka_unit_test_setup(test_speculation, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
