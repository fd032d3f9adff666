/* SPDX-License-Identifier: MIT */
/*
 * Sequences of hypercalls of the root over the real parser, table, handlers and kernel memory: a
 * byte chooses the call, some disturb the control word, the rest is its input. Afterwards every
 * partition is taken down, and every page must be the root's again.
 */
#include <stdlib.h>
#include <string.h>

#include "fake_root.h"
#include "hvapi/hypercall.h"
#include "kernel/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(c) \
	do { \
		if (!(c)) \
			abort(); \
	} while (0)

#define INPUT_PFN  (ROOT_FREE + 3000u)
#define OUTPUT_PFN (ROOT_FREE + 3001u)
#define MAX_IDS	   512u /* more than calls in one input */
#define LOOK_EVERY 64u	/* runs between two looks at every page */

static uint64_t first_id;

/* The architecture's part, as plain as may be: what it is asked must be sane. */
uint16_t arch_property(const struct partition *p, uint32_t code, uint64_t *v)
{
	(void)p;
	*v = code;
	return HV_STATUS_SUCCESS;
}

uint16_t arch_install_intercept(struct partition *p, uint32_t type, uint32_t access, uint64_t param)
{
	CHECK(p->state == PARTITION_ACTIVE && !(access & ~7u));
	(void)type;
	(void)param;
	return HV_STATUS_SUCCESS;
}

uint16_t arch_register_result(struct partition *p,
			      const struct hv_input_register_intercept_result *in)
{
	(void)in;
	CHECK(p->state == PARTITION_ACTIVE && p->cpuid_results);
	return HV_STATUS_SUCCESS;
}

uint16_t arch_assert_interrupt(struct partition *p,
			       const struct hv_input_assert_virtual_interrupt *in)
{
	(void)in;
	CHECK(p->state == PARTITION_ACTIVE);
	return HV_STATUS_SUCCESS;
}

uint16_t arch_cpuid_values(struct vp *vp, uint32_t flags, const struct hv_cpuid_leaf_info *leaf,
			   struct hv_cpuid_values *out)
{
	CHECK(vp->owner == VP_ACCESSED && flags < 4);
	*out = (struct hv_cpuid_values){ leaf->eax, leaf->ecx, 0, 0 };
	return HV_STATUS_SUCCESS;
}

uint16_t arch_translate(struct vp *vp, uint64_t flags, uint64_t gva_page,
			struct hv_output_translate_virtual_address *out)
{
	(void)flags;
	CHECK(vp->owner == VP_ACCESSED);
	out->gpa_page = gva_page;
	return HV_STATUS_SUCCESS;
}

void arch_vp_take_mail(struct vp *vp)
{
	vp->mail = 0;
}

void arch_vp_raise(struct vp *vp, uint8_t vector)
{
	(void)vp;
	(void)vector;
}

uint64_t arch_vp_tsc(const struct vp *vp)
{
	(void)vp;
	return fake_time;
}

bool arch_hv_apic_msr(struct vp *vp, uint32_t msr, bool write, uint64_t *v)
{
	(void)vp;
	(void)msr;
	if (!write)
		*v = 0;
	return true;
}

uint64_t arch_guest_apic_hz(void)
{
	return 200000000;
}

uint64_t arch_apic_hz(void)
{
	return 1000000000;
}

void hypercall_page_fill(void *page)
{
	memset(page, 0xcc, PAGE_SIZE);
}

size_t log_read(uint64_t *cursor, char *buf, size_t len)
{
	(void)buf;
	*cursor += 1;
	return len ? 1 : 0;
}

static void one_call(const uint8_t *d, size_t n)
{
	const struct hcall_row *r = &hypercall_table[d[0] % hypercall_table_len];
	uint8_t *in = hpa_ptr(HPA((uint64_t)INPUT_PFN << PAGE_SHIFT));
	struct hv_hcall_io io = { .wide = true };
	uint64_t control = r->code;

	/* Most calls well formed, so that they get past the parser. */
	if (r->rep)
		control |= (uint64_t)(1 + d[1] % 8) << 32;
	if (r->variable)
		control |= (uint64_t)(d[1] % 27) << 17;
	if (d[2] >= 0xc0)
		control ^= 1ull << (d[2] & 63);
	memset(in, 0, PAGE_SIZE);
	memcpy(in, d + 4, n - 4);
	/* Ids that exist, mostly: the third byte counts from the first. */
	if (d[3] & 0x80 && r->target != HCALL_TARGET_NONE) {
		uint64_t id = d[3] == 0xff ? HV_PARTITION_ID_SELF : first_id + (d[3] & 7);

		memcpy(in, &id, sizeof(id));
	}
	for (uint32_t i = 0; i < 64; i++) {
		io.control = control;
		io.input = (uint64_t)INPUT_PFN << PAGE_SHIFT;
		io.output = (uint64_t)OUTPUT_PFN << PAGE_SHIFT;
		hypercall_dispatch(&fake_root_vp, &io);
		if (!io.again)
			return;
		control = io.control;
	}
	abort(); /* a rep call without end */
}

static void take_down(void)
{
	uint64_t pfn, end = first_id + MAX_IDS;
	static uint32_t runs;

	for (uint64_t id = first_id; id < end; id++) {
		struct partition *p = partition_get(&fake_root, id);

		if (!p)
			continue;
		CHECK(fake_child_end(p) == HV_STATUS_SUCCESS);
		first_id = id + 1;
	}
	while (partition_withdraw(&fake_root, &pfn) == HV_STATUS_SUCCESS)
		;
	if (++runs % LOOK_EVERY == 0)
		CHECK(fake_root_missing() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool booted;
	uint64_t dep[8];
	uint32_t done;

	if (!booted) {
		fake_root_boot(16);
		fake_root_vp.arch.activity = X86_ACTIVE;
		/* The calls of guests too: sets of VPs are decoded for whoever makes them. */
		fake_root.privileges |= PARTITION_FEATURES;
		first_id = PARTITION_ROOT_ID + 1;
		booted = true;
	}
	/* Memory for a first partition, so that not every input has to find that out. */
	for (uint32_t i = 0; i < 8; i++)
		dep[i] = ROOT_FREE + i;
	CHECK(partition_deposit(&fake_root, dep, 8, &done) == HV_STATUS_SUCCESS);
	while (size >= 5) {
		size_t n = data[0] % 120 + 5u;

		if (n > size)
			n = size;
		one_call(data, n);
		data += n;
		size -= n;
	}
	take_down();
	return 0;
}
