/* SPDX-License-Identifier: MIT */
/* Intercept messages as exit contexts. The message page is the hypervisor's: nothing in it is
 * trusted for more than its value. */
#include <string.h>

#include "hvapi/whv/internal.h"

static WHV_X64_SEGMENT_REGISTER segment(const struct hv_x64_segment_register *s)
{
	WHV_X64_SEGMENT_REGISTER r = { .Base = s->base,
				       .Limit = s->limit,
				       .Selector = s->selector };

	r.Attributes = s->attributes;
	return r;
}

/* The two have the same bits but for the VTL, which the WHv form reserves. */
static UINT16 execution_state(uint16_t s)
{
	return s & (HV_X64_EXECUTION_CPL_MASK | HV_X64_EXECUTION_CR0_PE | HV_X64_EXECUTION_CR0_AM |
		    HV_X64_EXECUTION_EFER_LMA | HV_X64_EXECUTION_DEBUG_ACTIVE |
		    HV_X64_EXECUTION_INTERRUPTION_PENDING | HV_X64_EXECUTION_INTERRUPT_SHADOW);
}

static void context_from_header(const struct hv_x64_intercept_message_header *h,
				WHV_VP_EXIT_CONTEXT *c)
{
	c->ExecutionState.AsUINT16 = execution_state(h->execution_state);
	c->InstructionLength = h->instruction_length_cr8 & 0xfu;
	c->Cr8 = h->instruction_length_cr8 >> 4 & 0xfu;
	c->Cs = segment(&h->cs);
	c->Rip = h->rip;
	c->Rflags = h->rflags;
}

/* For messages that have no header: the same from the registers. Failing leaves zeros. */
static void context_from_registers(const struct whv_partition *p, UINT32 vp, WHV_VP_EXIT_CONTEXT *c)
{
	static const uint32_t names[] = {
		HV_X64_REGISTER_CS,  HV_X64_REGISTER_RIP,	  HV_X64_REGISTER_RFLAGS,
		HV_X64_REGISTER_CR0, HV_X64_REGISTER_EFER,	  HV_X64_REGISTER_SS,
		HV_X64_REGISTER_CR8, HV_REGISTER_INTERRUPT_STATE, HV_REGISTER_PENDING_INTERRUPTION
	};
	union hv_register_value v[WHV_ARRAY_LEN(names)];
	WHV_X64_VP_EXECUTION_STATE s = { .AsUINT16 = 0 };

	if (whv_get_hv_registers(p, vp, names, WHV_ARRAY_LEN(names), v) != HV_STATUS_SUCCESS)
		return;
	c->Cs = segment(&v[0].segment);
	c->Rip = v[1].reg64;
	c->Rflags = v[2].reg64;
	s.Cr0Pe = v[3].reg64 & 1;
	s.Cr0Am = v[3].reg64 >> 18 & 1;
	s.EferLma = v[4].reg64 >> 10 & 1;
	s.Cpl = v[5].segment.attributes >> 5 & 3u;
	s.InterruptShadow = v[7].reg64 & 1;
	s.InterruptionPending = v[8].reg64 & 1;
	c->Cr8 = v[6].reg8 & 0xfu;
	c->ExecutionState = s;
}

static UINT8 byte_count(uint8_t n)
{
	return n > 16 ? 16 : n;
}

static void memory(const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	struct hv_x64_memory_intercept_message i;
	WHV_MEMORY_ACCESS_CONTEXT *a = &c->MemoryAccess;

	memcpy(&i, m->payload, sizeof(i));
	c->ExitReason = WHvRunVpExitReasonMemoryAccess;
	a->InstructionByteCount = byte_count(i.instruction_byte_count);
	memcpy(a->InstructionBytes, i.instruction_bytes, sizeof(a->InstructionBytes));
	a->AccessInfo.AccessType = i.header.intercept_access_type & 3u;
	a->AccessInfo.GpaUnmapped = m->header.message_type == HVMSG_UNMAPPED_GPA;
	a->AccessInfo.GvaValid = i.memory_access_info & HV_X64_MEMORY_ACCESS_GVA_VALID;
	a->Gpa = i.guest_physical_address;
	a->Gva = i.guest_virtual_address;
}

static void io_port(const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	struct hv_x64_io_port_intercept_message i;
	WHV_X64_IO_PORT_ACCESS_CONTEXT *a = &c->IoPortAccess;

	memcpy(&i, m->payload, sizeof(i));
	c->ExitReason = WHvRunVpExitReasonX64IoPortAccess;
	a->InstructionByteCount = byte_count(i.instruction_byte_count);
	memcpy(a->InstructionBytes, i.instruction_bytes, sizeof(a->InstructionBytes));
	a->AccessInfo.IsWrite = i.header.intercept_access_type == HV_INTERCEPT_ACCESS_WRITE;
	a->AccessInfo.AccessSize = i.access_info & HV_X64_IO_ACCESS_SIZE_MASK;
	a->AccessInfo.StringOp = (i.access_info & HV_X64_IO_ACCESS_STRING) != 0;
	a->AccessInfo.RepPrefix = (i.access_info & HV_X64_IO_ACCESS_REP) != 0;
	a->PortNumber = i.port_number;
	a->Rax = i.rax;
	a->Rcx = i.rcx;
	a->Rsi = i.rsi;
	a->Rdi = i.rdi;
	a->Ds = segment(&i.ds);
	a->Es = segment(&i.es);
}

static void msr(const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	struct hv_x64_msr_intercept_message i;

	memcpy(&i, m->payload, sizeof(i));
	c->ExitReason = WHvRunVpExitReasonX64MsrAccess;
	c->MsrAccess.AccessInfo.IsWrite =
		i.header.intercept_access_type == HV_INTERCEPT_ACCESS_WRITE;
	c->MsrAccess.MsrNumber = i.msr_number;
	c->MsrAccess.Rax = i.rax;
	c->MsrAccess.Rdx = i.rdx;
}

static void cpuid(const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	struct hv_x64_cpuid_intercept_message i;
	WHV_X64_CPUID_ACCESS_CONTEXT *a = &c->CpuidAccess;

	memcpy(&i, m->payload, sizeof(i));
	c->ExitReason = WHvRunVpExitReasonX64Cpuid;
	a->Rax = i.rax;
	a->Rcx = i.rcx;
	a->Rdx = i.rdx;
	a->Rbx = i.rbx;
	a->DefaultResultRax = i.default_result_rax;
	a->DefaultResultRcx = i.default_result_rcx;
	a->DefaultResultRdx = i.default_result_rdx;
	a->DefaultResultRbx = i.default_result_rbx;
}

static void exception(const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	struct hv_x64_exception_intercept_message i;
	WHV_VP_EXCEPTION_CONTEXT *a = &c->VpException;

	memcpy(&i, m->payload, sizeof(i));
	c->ExitReason = WHvRunVpExitReasonException;
	a->InstructionByteCount = byte_count(i.instruction_byte_count);
	memcpy(a->InstructionBytes, i.instruction_bytes, sizeof(a->InstructionBytes));
	a->ExceptionInfo.ErrorCodeValid = i.exception_info & HV_X64_EXCEPTION_ERROR_CODE_VALID;
	a->ExceptionInfo.SoftwareException = (i.exception_info & HV_X64_EXCEPTION_SOFTWARE) != 0;
	a->ExceptionType = (UINT8)i.exception_vector;
	a->ErrorCode = i.error_code;
	a->ExceptionParameter = i.exception_parameter;
}

static void hypercall(const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	struct hv_x64_hypercall_intercept_message i;
	WHV_HYPERCALL_CONTEXT *a = &c->Hypercall;

	memcpy(&i, m->payload, sizeof(i));
	c->ExitReason = WHvRunVpExitReasonHypercall;
	a->Rax = i.rax;
	a->Rbx = i.rbx;
	a->Rcx = i.rcx;
	a->Rdx = i.rdx;
	a->R8 = i.r8;
	a->Rsi = i.rsi;
	a->Rdi = i.rdi;
	memcpy(a->XmmRegisters, i.xmm, sizeof(i.xmm));
}

static void interrupt_window(const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	struct hv_x64_interruption_deliverable_message i;

	memcpy(&i, m->payload, sizeof(i));
	c->ExitReason = WHvRunVpExitReasonX64InterruptWindow;
	c->InterruptWindow.DeliverableType = (WHV_X64_PENDING_INTERRUPTION_TYPE)i.deliverable_type;
}

static void sint_deliverable(const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	struct hv_x64_sint_deliverable_message i;

	memcpy(&i, m->payload, sizeof(i));
	c->ExitReason = WHvRunVpExitReasonSynicSintDeliverable;
	c->SynicSintDeliverable.DeliverableSints = i.deliverable_sints;
}

static void halt(const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	(void)m;
	c->ExitReason = WHvRunVpExitReasonX64Halt;
}

static void unrecoverable(const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	(void)m;
	c->ExitReason = WHvRunVpExitReasonUnrecoverableException;
}

static void invalid_register(const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	(void)m;
	c->ExitReason = WHvRunVpExitReasonInvalidVpRegisterValue;
}

static void unsupported(const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	struct hv_x64_unsupported_feature_message i;

	memcpy(&i, m->payload, sizeof(i));
	c->ExitReason = WHvRunVpExitReasonUnsupportedFeature;
	c->UnsupportedFeature.FeatureCode = (WHV_X64_UNSUPPORTED_FEATURE_CODE)i.feature_code;
	c->UnsupportedFeature.FeatureParameter = i.feature_parameter;
}

static void apic_eoi(const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	struct hv_x64_apic_eoi_message i;

	memcpy(&i, m->payload, sizeof(i));
	c->ExitReason = WHvRunVpExitReasonX64ApicEoi;
	c->ApicEoi.InterruptVector = i.interrupt_vector;
}

static const struct {
	uint32_t type;
	bool header; /* the payload begins with the common header */
	void (*fill)(const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c);
} rows[] = {
	{ HVMSG_UNMAPPED_GPA, true, memory },
	{ HVMSG_GPA_INTERCEPT, true, memory },
	{ HVMSG_X64_IO_PORT_INTERCEPT, true, io_port },
	{ HVMSG_X64_MSR_INTERCEPT, true, msr },
	{ HVMSG_X64_CPUID_INTERCEPT, true, cpuid },
	{ HVMSG_X64_EXCEPTION_INTERCEPT, true, exception },
	{ HVMSG_HYPERCALL_INTERCEPT, true, hypercall },
	{ HVMSG_X64_INTERRUPTION_DELIVERABLE, true, interrupt_window },
	{ HVMSG_SYNIC_SINT_DELIVERABLE, true, sint_deliverable },
	{ HVMSG_X64_HALT, true, halt },
	{ HVMSG_UNRECOVERABLE_EXCEPTION, true, unrecoverable },
	{ HVMSG_INVALID_VP_REGISTER_VALUE, false, invalid_register },
	{ HVMSG_UNSUPPORTED_FEATURE, false, unsupported },
	{ HVMSG_X64_APIC_EOI, false, apic_eoi },
};

bool whv_exit_from_message(const struct whv_partition *p, UINT32 vp_index,
			   const struct hv_message *m, WHV_RUN_VP_EXIT_CONTEXT *c)
{
	struct hv_x64_intercept_message_header h;

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < WHV_ARRAY_LEN(rows); i++) {
		if (rows[i].type != m->header.message_type)
			continue;
		if (rows[i].header) {
			memcpy(&h, m->payload, sizeof(h));
			context_from_header(&h, &c->VpContext);
		} else {
			context_from_registers(p, vp_index, &c->VpContext);
		}
		rows[i].fill(m, c);
		return true;
	}
	return false;
}
