/* SPDX-License-Identifier: MIT */
/* Intercept messages for the root (TLFS, x64 intercept messages). */
#include <string.h>

#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "arch/x86_64/common/regs.h"
#include "kernel/arch.h"
#include "kernel/log.h"

static void fill_header(struct vp *vp, struct hv_x64_intercept_message_header *h, uint8_t len,
			uint8_t access)
{
	uint64_t cr0 = virt->get(vp, SYS_CR0);

	h->vp_index = vp->index;
	h->instruction_length_cr8 = (uint8_t)((len & 0xf) | vlapic_cr8(&vp->arch.apic) << 4);
	h->intercept_access_type = access;
	h->execution_state = (uint16_t)(virt->get(vp, SYS_CPL) & HV_X64_EXECUTION_CPL_MASK);
	if (cr0 & CR0_PE)
		h->execution_state |= HV_X64_EXECUTION_CR0_PE;
	if (cr0 & CR0_AM)
		h->execution_state |= HV_X64_EXECUTION_CR0_AM;
	if (virt->get(vp, SYS_EFER) & EFER_LMA)
		h->execution_state |= HV_X64_EXECUTION_EFER_LMA;
	if (virt->get(vp, SYS_DR7) & DR7_ENABLES)
		h->execution_state |= HV_X64_EXECUTION_DEBUG_ACTIVE;
	if (vp->arch.event.pending)
		h->execution_state |= HV_X64_EXECUTION_INTERRUPTION_PENDING;
	if (virt->get(vp, SYS_INT_SHADOW))
		h->execution_state |= HV_X64_EXECUTION_INTERRUPT_SHADOW;
	virt->get_seg(vp, SEG_CS, &h->cs);
	h->rip = vp->arch.rip;
	h->rflags = virt->get(vp, SYS_RFLAGS);
}

static enum exit_action send(struct vp *vp, uint32_t type, const void *payload, uint32_t size)
{
	vp_intercept(vp, type, payload, size);
	vp->arch.stop = VP_EXIT_INTERCEPT;
	return EXIT_STOP;
}

enum exit_action intercept_cpuid(struct vp *vp, struct x86_exit *ex, const uint32_t d[4])
{
	const uint64_t *g = vp->arch.gpr;
	struct hv_x64_cpuid_intercept_message m = { .rax = g[GPR_RAX],
						    .rcx = g[GPR_RCX],
						    .rdx = g[GPR_RDX],
						    .rbx = g[GPR_RBX],
						    .default_result_rax = d[0],
						    .default_result_rbx = d[1],
						    .default_result_rcx = d[2],
						    .default_result_rdx = d[3] };

	fill_header(vp, &m.header, ex->len, HV_INTERCEPT_ACCESS_EXECUTE);
	return send(vp, HVMSG_X64_CPUID_INTERCEPT, &m, sizeof(m));
}

enum exit_action intercept_msr(struct vp *vp, struct x86_exit *ex)
{
	const uint64_t *g = vp->arch.gpr;
	struct hv_x64_msr_intercept_message m = { .msr_number = (uint32_t)g[GPR_RCX],
						  .rdx = g[GPR_RDX],
						  .rax = g[GPR_RAX] };

	fill_header(vp, &m.header, ex->len,
		    ex->msr.write ? HV_INTERCEPT_ACCESS_WRITE : HV_INTERCEPT_ACCESS_READ);
	return send(vp, HVMSG_X64_MSR_INTERCEPT, &m, sizeof(m));
}

enum exit_action intercept_io(struct vp *vp, struct x86_exit *ex)
{
	const uint64_t *g = vp->arch.gpr;
	struct hv_x64_io_port_intercept_message m = { .port_number = ex->io.port,
						      .rax = g[GPR_RAX],
						      .rcx = g[GPR_RCX],
						      .rsi = g[GPR_RSI],
						      .rdi = g[GPR_RDI] };
	struct gva_fault fault;

	m.access_info = (uint8_t)(ex->io.size | (ex->io.string ? HV_X64_IO_ACCESS_STRING : 0) |
				  (ex->io.rep ? HV_X64_IO_ACCESS_REP : 0));
	/* The bytes are for an emulator: a string form may need them, a plain one never does. */
	if (ex->io.string)
		m.instruction_byte_count = (uint8_t)insn_fetch(vp, m.instruction_bytes, &fault);
	virt->get_seg(vp, SEG_DS, &m.ds);
	virt->get_seg(vp, SEG_ES, &m.es);
	fill_header(vp, &m.header, ex->len,
		    (uint8_t)(ex->io.in ? HV_INTERCEPT_ACCESS_READ : HV_INTERCEPT_ACCESS_WRITE));
	return send(vp, HVMSG_X64_IO_PORT_INTERCEPT, &m, sizeof(m));
}

enum exit_action intercept_memory(struct vp *vp, gpa_t gpa, uint32_t access, bool unmapped,
				  const struct x86_exit *ex)
{
	struct hv_x64_memory_intercept_message m = { .guest_physical_address = gpa.v,
						     .cache_type = 6, /* write-back */
						     .tpr_priority = vlapic_cr8(&vp->arch.apic) };
	struct gva_fault fault;
	struct x86_insn insn = { 0 };

	if (ex && ex->slat.gva_valid) {
		m.guest_virtual_address = ex->slat.gva;
		m.memory_access_info = HV_X64_MEMORY_ACCESS_GVA_VALID;
		if (!ex->slat.table_walk)
			m.memory_access_info =
				HV_X64_MEMORY_ACCESS_GVA_VALID | HV_X64_MEMORY_ACCESS_GVA_GPA_VALID;
	}
	/* A page of the instruction itself may be what is missing: then there are no bytes. */
	if (access != SLAT_X) {
		m.instruction_byte_count = (uint8_t)insn_fetch(vp, m.instruction_bytes, &fault);
		if (x86_decode(m.instruction_bytes, m.instruction_byte_count, insn_mode(vp),
			       &insn) != X86_DECODE_OK)
			insn.len = 0;
	}
	fill_header(vp, &m.header, insn.len,
		    access & SLAT_W   ? HV_INTERCEPT_ACCESS_WRITE
		    : access & SLAT_X ? HV_INTERCEPT_ACCESS_EXECUTE
				      : HV_INTERCEPT_ACCESS_READ);
	return send(vp, unmapped ? HVMSG_UNMAPPED_GPA : HVMSG_GPA_INTERCEPT, &m, sizeof(m));
}

enum exit_action intercept_exception(struct vp *vp, struct x86_exit *ex)
{
	const uint64_t *g = vp->arch.gpr;
	struct hv_x64_exception_intercept_message m = { .exception_vector = ex->exception.vector,
							.error_code = ex->exception.error,
							.rax = g[GPR_RAX],
							.rcx = g[GPR_RCX],
							.rdx = g[GPR_RDX],
							.rbx = g[GPR_RBX] };
	struct gva_fault fault;

	if (ex->exception.has_error)
		m.exception_info = HV_X64_EXCEPTION_ERROR_CODE_VALID;
	if (ex->exception.vector == VEC_PF)
		m.exception_parameter = ex->exception.cr2;
	else if (ex->exception.vector == VEC_DB)
		m.exception_parameter = virt->get(vp, SYS_DR6);
	m.instruction_byte_count = (uint8_t)insn_fetch(vp, m.instruction_bytes, &fault);
	virt->get_seg(vp, SEG_DS, &m.ds);
	virt->get_seg(vp, SEG_SS, &m.ss);
	fill_header(vp, &m.header, 0, HV_INTERCEPT_ACCESS_EXECUTE);
	return send(vp, HVMSG_X64_EXCEPTION_INTERCEPT, &m, sizeof(m));
}

static enum exit_action header_only(struct vp *vp, uint32_t type, uint8_t len)
{
	struct hv_x64_intercept_message_header h = { 0 };

	fill_header(vp, &h, len, HV_INTERCEPT_ACCESS_EXECUTE);
	return send(vp, type, &h, sizeof(h));
}

enum exit_action intercept_halt(struct vp *vp, struct x86_exit *ex)
{
	uint8_t len = ex->len;

	/* The HLT is done: the message shows the VP behind it. */
	insn_done(vp, len);
	return header_only(vp, HVMSG_X64_HALT, len);
}

enum exit_action intercept_unrecoverable(struct vp *vp, struct x86_exit *ex)
{
	(void)ex;
	return header_only(vp, HVMSG_UNRECOVERABLE_EXCEPTION, 0);
}

enum exit_action intercept_invalid_register(struct vp *vp, const char *why)
{
	struct hv_x64_invalid_vp_register_message m = { .vp_index = vp->index };

	log_debug("partition %llu VP %u: %s", (unsigned long long)vp->partition->id, vp->index,
		  why);
	return send(vp, HVMSG_INVALID_VP_REGISTER_VALUE, &m, sizeof(m));
}

enum exit_action intercept_unsupported(struct vp *vp, uint32_t feature, uint64_t arg)
{
	struct hv_x64_unsupported_feature_message m = { .vp_index = vp->index,
							.feature_code = feature,
							.feature_parameter = arg };

	return send(vp, HVMSG_UNSUPPORTED_FEATURE, &m, sizeof(m));
}

enum exit_action intercept_deliverable(struct vp *vp, int type)
{
	struct hv_x64_interruption_deliverable_message m = { .deliverable_type = (uint8_t)type };

	fill_header(vp, &m.header, 0, HV_INTERCEPT_ACCESS_EXECUTE);
	return send(vp, HVMSG_X64_INTERRUPTION_DELIVERABLE, &m, sizeof(m));
}

enum exit_action intercept_sints(struct vp *vp, uint16_t sints)
{
	struct hv_x64_sint_deliverable_message m = { .deliverable_sints = sints };

	fill_header(vp, &m.header, 0, HV_INTERCEPT_ACCESS_EXECUTE);
	return send(vp, HVMSG_SYNIC_SINT_DELIVERABLE, &m, sizeof(m));
}

enum exit_action intercept_apic_eoi(struct vp *vp, uint8_t vector)
{
	struct hv_x64_apic_eoi_message m = { .vp_index = vp->index, .interrupt_vector = vector };

	return send(vp, HVMSG_X64_APIC_EOI, &m, sizeof(m));
}

/* Port I/O always goes to the root: the core has no devices for guests. */
enum exit_action exit_io(struct vp *vp, struct x86_exit *ex)
{
	return intercept_io(vp, ex);
}
