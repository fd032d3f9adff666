/* SPDX-License-Identifier: MIT */
/* What HvCall*Property, *Intercept*, AssertVirtualInterrupt and TranslateVirtualAddress mean on
 * x86. */
#include <string.h>

#include <insn.h>

#include "arch/x86_64/common/cpu.h"
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/features.h"
#include "arch/x86_64/common/gva.h"
#include "arch/x86_64/common/regs.h"
#include "hvapi/translate.h"
#include "kernel/arch.h"

static uint64_t vendor(void)
{
	uint32_t r[4];

	cpuid(0, 0, r);
	return r[2] == 0x6c65746e ? HV_PROCESSOR_VENDOR_INTEL : /* "ntel" */
		       r[2] == 0x656e6975 ? HV_PROCESSOR_VENDOR_HYGON
					  : /* "uine" */
		       HV_PROCESSOR_VENDOR_AMD;
}

/* log2 of CLFLUSH's line, as the property has it: CPUID 1 EBX 15:8 counts 8-byte units. */
static uint64_t flush_size(void)
{
	uint32_t r[4], bytes, log = 0;

	cpuid(1, 0, r);
	bytes = (r[1] >> 8 & 0xff) * 8;
	while (bytes > 1) {
		bytes >>= 1;
		log++;
	}
	return log;
}

uint64_t arch_guest_apic_hz(void)
{
	return vlapic_timer_hz(cpu_tsc_hz);
}

uint16_t arch_property(const struct partition *p, uint32_t code, uint64_t *v)
{
	const struct partition *with = p == partition_root ? NULL : p;
	uint64_t states = with && with->arch.xcr0_mask
				  ? with->arch.xcr0_mask | with->arch.xss_mask
				  : (cpu_xcr0 & XCR0_GUEST) | cpu_xsave_layout.xss_mask;

	switch (code) {
	case HV_PARTITION_PROPERTY_PROCESSOR_VENDOR:
		*v = vendor();
		break;
	case HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES:
		*v = features_bank(with, FEATURES_XSAVE);
		break;
	case HV_PARTITION_PROPERTY_PROCESSOR_CL_FLUSH_SIZE:
		*v = flush_size();
		break;
	case HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH:
		*v = MIN(cpu_phys_bits, 48u);
		break;
	case HV_PARTITION_PROPERTY_XSAVE_STATES:
		*v = states;
		break;
	case HV_PARTITION_PROPERTY_MAX_XSAVE_DATA_SIZE:
		*v = xsave_compact_size(&cpu_xsave_layout, states);
		break;
	case HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY:
		*v = cpu_tsc_hz;
		break;
	case HV_PARTITION_PROPERTY_APIC_FREQUENCY:
		*v = vlapic_timer_hz(cpu_tsc_hz);
		break;
	case HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0:
		*v = features_bank(with, FEATURES_0);
		break;
	case HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1:
		*v = features_bank(with, FEATURES_1);
		break;
	default:
		return HV_STATUS_UNKNOWN_PROPERTY;
	}
	return HV_STATUS_SUCCESS;
}

/* -- intercepts ------------------------------------------------------------------------------- */

static uint16_t intercept_leaf(struct arch_partition *a, uint32_t access, uint64_t leaf)
{
	uint32_t i;

	if (leaf >> 32 || access & ~HV_INTERCEPT_ACCESS_MASK_EXECUTE)
		return HV_STATUS_INVALID_PARAMETER;
	for (i = 0; i < a->cpuid_intercepts && a->cpuid_leaf[i] != leaf; i++)
		;
	if (!access) {
		if (i < a->cpuid_intercepts)
			a->cpuid_leaf[i] = a->cpuid_leaf[--a->cpuid_intercepts];
		return HV_STATUS_SUCCESS;
	}
	if (i == ARCH_CPUID_INTERCEPTS)
		return HV_STATUS_NO_RESOURCES;
	a->cpuid_leaf[i] = (uint32_t)leaf;
	if (i == a->cpuid_intercepts)
		atomic_store(&a->cpuid_intercepts, i + 1);
	return HV_STATUS_SUCCESS;
}

static uint16_t intercept_vector(struct arch_partition *a, uint32_t access, uint64_t vector)
{
	/* NMI is no exception; #DB and #AC have a loop of their own below. */
	if (vector > 31 || vector == VEC_NMI || access & ~HV_INTERCEPT_ACCESS_MASK_EXECUTE)
		return HV_STATUS_INVALID_PARAMETER;
	if (access)
		a->exception_intercepts |= 1u << vector;
	else
		a->exception_intercepts &= ~(1u << vector);
	return HV_STATUS_SUCCESS;
}

uint16_t arch_install_intercept(struct partition *p, uint32_t type, uint32_t access, uint64_t param)
{
	uint32_t both = HV_INTERCEPT_ACCESS_MASK_READ | HV_INTERCEPT_ACCESS_MASK_WRITE;

	switch (type) {
	case HV_INTERCEPT_TYPE_X64_CPUID:
		return intercept_leaf(&p->arch, access, param);
	case HV_INTERCEPT_TYPE_EXCEPTION:
		return intercept_vector(&p->arch, access, param);
	case HV_INTERCEPT_TYPE_X64_MSR:
		/* MSRs that the core does not know, both ways or not at all */
		if (param || (access && access != both))
			return HV_STATUS_INVALID_PARAMETER;
		p->arch.msr_intercept = access != 0;
		return HV_STATUS_SUCCESS;
	case HV_INTERCEPT_TYPE_X64_IO_PORT:
		/* Every port goes to the root in any case; that cannot be taken away. */
		return access == both && param <= 0xffff ? HV_STATUS_SUCCESS
							 : HV_STATUS_INVALID_PARAMETER;
	case HV_INTERCEPT_TYPE_X64_HALT:
		if (param || access & ~HV_INTERCEPT_ACCESS_MASK_EXECUTE)
			return HV_STATUS_INVALID_PARAMETER;
		p->arch.hlt_intercept =
			access || !(p->create_flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED);
		return HV_STATUS_SUCCESS;
	default:
		partition_unimplemented(p, UNIMPLEMENTED_INTERCEPT, "intercept of type", type);
		return HV_STATUS_INVALID_PARAMETER;
	}
}

uint16_t arch_register_result(struct partition *p,
			      const struct hv_input_register_intercept_result *in)
{
	const struct hv_cpuid_result_parameters *c = &in->cpuid;
	struct x86_cpuid_result *r;
	uint32_t i, order = 0;

	_Static_assert(sizeof(*r) * ARCH_CPUID_RESULTS <= PAGE_SIZE, "one page");
	if (in->intercept_type != HV_INTERCEPT_TYPE_X64_CPUID || c->subleaf_specific > 1 ||
	    c->always_override > 1 || c->padding)
		return HV_STATUS_INVALID_PARAMETER;
	if (in->vp_index != HV_ANY_VP && !vp_find(p, in->vp_index))
		return HV_STATUS_INVALID_VP_INDEX;
	for (i = 0; i < p->cpuid_count; i++)
		order = MAX(order, (uint32_t)p->cpuid_results[i].order);
	for (i = 0; i < p->cpuid_count; i++) {
		r = &p->cpuid_results[i];
		if (r->leaf == c->eax && r->vp == in->vp_index &&
		    r->subleaf_specific == (bool)c->subleaf_specific &&
		    (!c->subleaf_specific || r->subleaf == c->ecx))
			break;
	}
	if (i == ARCH_CPUID_RESULTS)
		return HV_STATUS_NO_RESOURCES;
	r = &p->cpuid_results[i];
	r->leaf = c->eax;
	r->subleaf = c->ecx;
	r->vp = in->vp_index;
	r->subleaf_specific = c->subleaf_specific ? 1 : 0;
	r->order = (order + 1) & 0x7fffffff;
	for (uint32_t k = 0; k < 4; k++) {
		r->value[k] = c->result[k].value;
		r->mask[k] = c->result[k].mask;
	}
	/* A VP that runs meanwhile sees the row when it is whole. */
	if (i == p->cpuid_count)
		atomic_store(&p->cpuid_count, i + 1);
	return HV_STATUS_SUCCESS;
}

uint16_t arch_cpuid_values(struct vp *vp, uint32_t flags, const struct hv_cpuid_leaf_info *leaf,
			   struct hv_cpuid_values *out)
{
	bool own = flags & HV_CPUID_VALUES_USE_VP_XFEM_XSS;
	uint64_t xfem = own ? vp->arch.xcr0 : leaf->xfem;
	uint64_t xss = own ? vp->arch.xss : leaf->xss;
	uint32_t r[4];

	if (xss & ~vp->partition->arch.xss_mask)
		return HV_STATUS_INVALID_PARAMETER;
	cpuid_default(vp, xfem, xss, leaf->eax, leaf->ecx, r);
	if (flags & HV_CPUID_VALUES_APPLY_REGISTERED)
		cpuid_registered(vp, leaf->eax, leaf->ecx, r);
	*out = (struct hv_cpuid_values){ r[0], r[1], r[2], r[3] };
	return HV_STATUS_SUCCESS;
}

/* -- interrupts ------------------------------------------------------------------------------- */

static bool assert_at(struct vp *vp, uint32_t type, uint8_t vector, bool level)
{
	switch (type) {
	case HV_X64_INTERRUPT_TYPE_FIXED:
	case HV_X64_INTERRUPT_TYPE_LOWESTPRIORITY:
		vp_post_irq(vp, vector, level);
		return type == HV_X64_INTERRUPT_TYPE_FIXED;
	case HV_X64_INTERRUPT_TYPE_NMI:
		vp_post(vp, VP_MAIL_NMI);
		return true;
	case HV_X64_INTERRUPT_TYPE_INIT:
		vp_post(vp, VP_MAIL_INIT);
		return true;
	case HV_X64_INTERRUPT_TYPE_SIPI:
		atomic_store(&vp->mail_sipi, vector);
		vp_post(vp, VP_MAIL_SIPI);
		return true;
	case HV_X64_INTERRUPT_TYPE_LOCALINT0:
		vp_post(vp, VP_MAIL_LINT0);
		return true;
	case HV_X64_INTERRUPT_TYPE_LOCALINT1:
	default:
		vp_post(vp, VP_MAIL_LINT1);
		return true;
	}
}

/* None: features are what creation says. */
uint16_t arch_set_property(struct partition *p, uint32_t code, uint64_t v)
{
	(void)p;
	(void)code;
	(void)v;
	return HV_STATUS_UNKNOWN_PROPERTY;
}

uint16_t arch_assert_interrupt(struct partition *p,
			       const struct hv_input_assert_virtual_interrupt *in)
{
	uint64_t known = MASK(31, 0) | HV_INTERRUPT_CONTROL_LEVEL_TRIGGERED |
			 HV_INTERRUPT_CONTROL_LOGICAL_DEST;
	uint32_t type = (uint32_t)in->control;
	bool fixed = type <= HV_X64_INTERRUPT_TYPE_LOWESTPRIORITY;
	bool level = in->control & HV_INTERRUPT_CONTROL_LEVEL_TRIGGERED;
	struct vlapic_ipi to = { .dest = (uint32_t)in->dest_addr,
				 .vector = (uint8_t)in->vector,
				 .logical = in->control & HV_INTERRUPT_CONTROL_LOGICAL_DEST,
				 .x2 = in->dest_addr > 0xff };

	if (!(p->create_flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED))
		return HV_STATUS_INVALID_PARTITION_STATE;
	if (in->control & ~known || in->target_vtl || in->padding[0] || in->padding[1] ||
	    in->padding[2] || in->dest_addr >> 32 || in->vector > 0xff)
		return HV_STATUS_INVALID_PARAMETER;
	/* SMI, remote read and ExtINT have no receiver here. */
	if (type > HV_X64_INTERRUPT_TYPE_LOCALINT1 || type == HV_X64_INTERRUPT_TYPE_SMI ||
	    type == HV_X64_INTERRUPT_TYPE_REMOTEREAD || type == HV_X64_INTERRUPT_TYPE_EXTINT ||
	    (fixed && in->vector < 16) || (!fixed && level))
		return HV_STATUS_INVALID_PARAMETER;
	for (uint32_t i = 0; i < PARTITION_MAX_VPS; i++) {
		struct vp *vp = vp_find(p, i);

		if (vp && vlapic_match(&vp->arch.apic, &to, ~0u) &&
		    !assert_at(vp, type, (uint8_t)in->vector, level))
			break;
	}
	return HV_STATUS_SUCCESS;
}

/* -- translation ------------------------------------------------------------------------------ */

static uint32_t access_of(struct vp *vp, uint64_t flags)
{
	uint32_t a = 0;

	if (flags & HV_TRANSLATE_GVA_VALIDATE_READ)
		a |= GVA_READ;
	if (flags & HV_TRANSLATE_GVA_VALIDATE_WRITE)
		a |= GVA_WRITE;
	if (flags & HV_TRANSLATE_GVA_VALIDATE_EXECUTE)
		a |= GVA_EXEC;
	if (flags & HV_TRANSLATE_GVA_USER_ACCESS ||
	    (!(flags & HV_TRANSLATE_GVA_SUPERVISOR_ACCESS) && virt->get(vp, SYS_CPL) == 3))
		a |= GVA_USER;
	if (flags & HV_TRANSLATE_GVA_PRIVILEGE_EXEMPT)
		a |= GVA_NO_PERMISSION_CHECK;
	if (flags & HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS)
		a |= GVA_SET_AD;
	if (flags & HV_TRANSLATE_GVA_ENFORCE_SMAP)
		a |= GVA_SMAP_ENFORCE;
	if (flags & HV_TRANSLATE_GVA_OVERRIDE_SMAP)
		a |= GVA_SMAP_OVERRIDE;
	return a;
}

static uint32_t result_of(enum gva_result r, const struct gva_fault *f)
{
	switch (r) {
	case GVA_OK:
		return HV_TRANSLATE_GVA_SUCCESS;
	case GVA_NOT_PRESENT:
		return HV_TRANSLATE_GVA_PAGE_NOT_PRESENT;
	case GVA_PRIVILEGE:
		return HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION;
	case GVA_RESERVED:
		return HV_TRANSLATE_GVA_INVALID_PAGE_TABLE_FLAGS;
	case GVA_NO_MEMORY:
	default:
		if (f->mem == GUEST_MEM_UNMAPPED)
			return HV_TRANSLATE_GVA_GPA_UNMAPPED;
		/* A table that was read, and whose accessed and dirty bits cannot be set */
		return f->write ? HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS
				: HV_TRANSLATE_GVA_GPA_NO_READ_ACCESS;
	}
}

uint16_t arch_translate(struct vp *vp, uint64_t flags, uint64_t gva_page,
			struct hv_output_translate_virtual_address *out)
{
	uint64_t known = HV_TRANSLATE_GVA_VALIDATE_READ | HV_TRANSLATE_GVA_VALIDATE_WRITE |
			 HV_TRANSLATE_GVA_VALIDATE_EXECUTE | HV_TRANSLATE_GVA_PRIVILEGE_EXEMPT |
			 HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS | HV_TRANSLATE_GVA_TLB_FLUSH_INHIBIT |
			 HV_TRANSLATE_GVA_SUPERVISOR_ACCESS | HV_TRANSLATE_GVA_USER_ACCESS |
			 HV_TRANSLATE_GVA_ENFORCE_SMAP | HV_TRANSLATE_GVA_OVERRIDE_SMAP;
	struct gva_fault fault = { 0 };
	gpa_t gpa;

	if (flags & ~known || gva_page >> (64 - PAGE_SHIFT) ||
	    (flags & HV_TRANSLATE_GVA_SUPERVISOR_ACCESS && flags & HV_TRANSLATE_GVA_USER_ACCESS) ||
	    (flags & HV_TRANSLATE_GVA_ENFORCE_SMAP && flags & HV_TRANSLATE_GVA_OVERRIDE_SMAP))
		return HV_STATUS_INVALID_PARAMETER;
	out->result_code = result_of(
		gva_translate(vp, GVA(gva_page << PAGE_SHIFT), access_of(vp, flags), &gpa, &fault),
		&fault);
	if (out->result_code == HV_TRANSLATE_GVA_SUCCESS)
		translate_page(vp->partition, gpa, flags, out);
	return HV_STATUS_SUCCESS;
}
