/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fake_arch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hvapi/msr.h"
#include "kernel/log.h"
#include "kernel/smp.h"

#define WEAK __attribute__((weak))

struct fake_note fake_notes[FAKE_NOTES_MAX];
uint32_t fake_note_count;
void (*fake_hook)(const struct fake_note *n);
uint64_t fake_time, fake_time_hz;
uint16_t fake_partition_init_status, fake_vp_init_status;
uint32_t fake_vp_init_pages;
enum vp_exit fake_vp_exit;
bool fake_flush_done;
uint16_t fake_arch_status;
char fake_log_line[256];
struct percpu fake_other_cpus[FAKE_CPUS - 1];
struct percpu percpu_self;

static uint32_t words[FAKE_PFNS];
static void *vp_pages[8];
static uint32_t vp_page_count;

/* -- the log of calls ------------------------------------------------------------------------- */
void fake_note(enum fake_call call, const void *obj, uint64_t arg)
{
	struct fake_note n = { call, obj, arg };

	/* The oldest stay: a test that makes more than this many looks at the count of none. */
	if (fake_note_count < FAKE_NOTES_MAX)
		fake_notes[fake_note_count++] = n;
	if (fake_hook)
		fake_hook(&n);
}

uint32_t fake_count(enum fake_call call, const void *obj)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < fake_note_count; i++)
		n += fake_notes[i].call == call && (!obj || fake_notes[i].obj == obj);
	return n;
}

int fake_find(enum fake_call call, const void *obj, uint32_t from)
{
	for (uint32_t i = from; i < fake_note_count; i++)
		if (fake_notes[i].call == call && (!obj || fake_notes[i].obj == obj))
			return (int)i;
	return -1;
}

void fake_forget(void)
{
	fake_note_count = 0;
}

/* -- machine ---------------------------------------------------------------------------------- */
static void ram_init(void)
{
	static bool mapped;
	void *at = hpa_ptr(HPA(0));

	if (!mapped &&
	    mmap(at, FAKE_RAM_SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != at) {
		perror("RAM of the tests");
		abort();
	}
	mapped = true;
	/* Private anonymous memory reads as zero after this. */
	if (madvise(at, FAKE_RAM_SIZE, MADV_DONTNEED)) {
		perror("RAM of the tests");
		abort();
	}
}

void fake_frames(uint64_t from, uint64_t to, enum frame_state state)
{
	frame_set_range(from << PAGE_SHIFT, (to - from) << PAGE_SHIFT, state);
}

void fake_reset(void)
{
	ram_init();
	memset(words, 0, sizeof(words));
	frame_init(words, FAKE_PFNS);
	memset(&percpu_self, 0, sizeof(percpu_self));
	memset(fake_other_cpus, 0, sizeof(fake_other_cpus));
	percpu_count = FAKE_CPUS;
	percpu_table[0] = &percpu_self;
	for (uint32_t i = 1; i < FAKE_CPUS; i++) {
		percpu_table[i] = &fake_other_cpus[i - 1];
		percpu_table[i]->index = i;
	}
	for (uint32_t i = 0; i < FAKE_CPUS; i++)
		percpu_table[i]->online = 1;
	fake_forget();
	fake_hook = NULL;
	fake_time = 1000000;
	fake_time_hz = 2000000000;
	fake_partition_init_status = fake_vp_init_status = HV_STATUS_SUCCESS;
	fake_vp_init_pages = vp_page_count = 0;
	fake_vp_exit = VP_EXIT_INTERRUPT;
	fake_flush_done = false;
	fake_arch_status = HV_STATUS_SUCCESS;
	fake_log_line[0] = 0;
}

WEAK void arch_kick(struct percpu *cpu)
{
	fake_note(FAKE_KICK, cpu, 0);
}

WEAK bool arch_flush_slat(const struct slat *s)
{
	(void)s;
	return fake_flush_done;
}

WEAK void arch_pages_handed(uint64_t pfn, uint64_t count)
{
	fake_note(FAKE_HANDED, NULL, pfn << 16 | count);
}

WEAK bool arch_own_register(const struct vp *vp, uint32_t name)
{
	(void)vp;
	(void)name;
	return false;
}

WEAK uint64_t arch_time(void)
{
	return fake_time;
}

WEAK uint64_t arch_time_hz(void)
{
	return fake_time_hz;
}

/* Like the division of the hardware: a quotient that does not fit is the end. */
WEAK uint64_t arch_mul_div(uint64_t a, uint64_t b, uint64_t c)
{
	__uint128_t q = (__uint128_t)a * b / c;

	if (q >> 64)
		abort();
	return (uint64_t)q;
}

/* -- partition and VP ------------------------------------------------------------------------- */
WEAK uint16_t arch_partition_init(struct partition *p)
{
	fake_note(FAKE_PARTITION_INIT, p, 0);
	return fake_partition_init_status;
}

WEAK void arch_partition_free(struct partition *p)
{
	fake_note(FAKE_PARTITION_FREE, p, 0);
}

WEAK void pool_free(struct pool *p, void *page)
{
	(void)p;
	(void)page;
}

WEAK void *pool_alloc(struct pool *p)
{
	(void)p;
	return NULL;
}

static void vp_give_back(struct vp *vp)
{
	while (vp_page_count)
		pool_free(&vp->partition->pool, vp_pages[--vp_page_count]);
}

WEAK uint16_t arch_vp_init(struct vp *vp)
{
	fake_note(FAKE_VP_INIT, vp, 0);
	while (vp_page_count < fake_vp_init_pages) {
		void *page = pool_alloc(&vp->partition->pool);

		if (!page) {
			vp_give_back(vp);
			return HV_STATUS_INSUFFICIENT_MEMORY;
		}
		vp_pages[vp_page_count++] = page;
	}
	if (fake_vp_init_status != HV_STATUS_SUCCESS)
		vp_give_back(vp);
	return fake_vp_init_status;
}

WEAK void arch_vp_free(struct vp *vp)
{
	fake_note(FAKE_VP_FREE, vp, 0);
	vp_give_back(vp);
}

WEAK void arch_vp_release(struct vp *vp)
{
	fake_note(FAKE_VP_RELEASE, vp, vp->owner);
}

WEAK void arch_vp_reset(struct vp *vp, bool init)
{
	fake_note(FAKE_VP_RESET, vp, init);
}

WEAK void arch_vp_shift_time(struct vp *vp, uint64_t gone)
{
	fake_note(FAKE_VP_SHIFT, vp, gone);
}

WEAK void arch_vp_switch_in(struct vp *vp)
{
	fake_note(FAKE_VP_SWITCH_IN, vp, 0);
}

WEAK enum vp_exit arch_vp_run(struct vp *vp)
{
	fake_note(FAKE_VP_RUN, vp, vp->owner);
	return fake_vp_exit;
}

WEAK void arch_vp_switch_out(struct vp *vp)
{
	fake_note(FAKE_VP_SWITCH_OUT, vp, 0);
}

WEAK uint16_t arch_vp_get_register(struct vp *vp, uint32_t name, union hv_register_value *v)
{
	fake_note(FAKE_GET_REGISTER, vp, name);
	v->low_high[0] = name;
	return HV_STATUS_UNKNOWN_REGISTER_NAME;
}

WEAK uint16_t arch_vp_set_register(struct vp *vp, uint32_t name, const union hv_register_value *v)
{
	(void)v;
	fake_note(FAKE_SET_REGISTER, vp, name);
	return HV_STATUS_UNKNOWN_REGISTER_NAME;
}

WEAK void arch_vp_take_mail(struct vp *vp)
{
	fake_note(FAKE_TAKE_MAIL, vp, vp->owner);
	vp->mail = 0;
}

WEAK void arch_vp_raise(struct vp *vp, uint8_t vector)
{
	fake_note(FAKE_RAISE, vp, vector);
}

WEAK void arch_vp_post(struct vp *vp, uint8_t vector)
{
	fake_note(FAKE_SINT, vp, vector);
}

/* hvapi/msr.c, where a test has it not */
WEAK void hv_post_sints(struct vp *vp, uint16_t mask)
{
	(void)vp;
	(void)mask;
}

WEAK uint16_t hv_deliverable_sints(struct vp *vp)
{
	return vp->sint_notify;
}

WEAK void hv_notify_sints(struct vp *vp, uint16_t mask)
{
	vp->sint_notify = mask;
}

WEAK uint64_t arch_vp_tsc(const struct vp *vp)
{
	(void)vp;
	return fake_time;
}

WEAK bool arch_hv_apic_msr(struct vp *vp, uint32_t msr, bool write, uint64_t *v)
{
	(void)vp;
	if (!write)
		*v = msr;
	return true;
}

WEAK uint64_t arch_apic_hz(void)
{
	return 1000000000;
}

WEAK uint64_t arch_guest_apic_hz(void)
{
	return 200000000;
}

WEAK uint16_t arch_property(const struct partition *p, uint32_t code, uint64_t *v)
{
	fake_note(FAKE_PROPERTY, p, code);
	if (fake_arch_status == HV_STATUS_SUCCESS)
		*v = ~(uint64_t)code;
	return fake_arch_status;
}

WEAK uint16_t arch_install_intercept(struct partition *p, uint32_t type, uint32_t access,
				     uint64_t param)
{
	(void)access;
	(void)param;
	fake_note(FAKE_INSTALL_INTERCEPT, p, type);
	return fake_arch_status;
}

WEAK uint16_t arch_register_result(struct partition *p,
				   const struct hv_input_register_intercept_result *in)
{
	fake_note(FAKE_REGISTER_RESULT, p, in->intercept_type);
	return fake_arch_status;
}

WEAK uint16_t arch_assert_interrupt(struct partition *p,
				    const struct hv_input_assert_virtual_interrupt *in)
{
	fake_note(FAKE_ASSERT_INTERRUPT, p, in->vector);
	return fake_arch_status;
}

WEAK uint16_t arch_cpuid_values(struct vp *vp, uint32_t flags,
				const struct hv_cpuid_leaf_info *leaf, struct hv_cpuid_values *out)
{
	fake_note(FAKE_CPUID_VALUES, vp, leaf->eax);
	*out = (struct hv_cpuid_values){ leaf->eax, leaf->ecx, flags, ~leaf->eax };
	return fake_arch_status;
}

WEAK uint16_t arch_translate(struct vp *vp, uint64_t flags, uint64_t gva_page,
			     struct hv_output_translate_virtual_address *out)
{
	fake_note(FAKE_TRANSLATE, vp, gva_page);
	out->gpa_page = ~gva_page;
	out->result_code = (uint32_t)flags;
	return fake_arch_status;
}

WEAK uint32_t arch_state_size(const struct partition *p, uint32_t type)
{
	(void)p;
	return type & 0xff;
}

WEAK uint16_t arch_state_get(struct vp *vp, uint32_t type, uint64_t states, void *buf)
{
	(void)states;
	(void)buf;
	fake_note(FAKE_STATE_GET, vp, type);
	return HV_STATUS_INVALID_PARAMETER;
}

WEAK uint16_t arch_state_set(struct vp *vp, uint32_t type, const void *buf)
{
	(void)buf;
	fake_note(FAKE_STATE_SET, vp, type);
	return HV_STATUS_INVALID_PARAMETER;
}

WEAK uint16_t arch_state_get_pages(struct vp *vp, uint32_t type, void *const *pages)
{
	(void)pages;
	fake_note(FAKE_STATE_GET, vp, type);
	return HV_STATUS_INVALID_PARAMETER;
}

WEAK uint16_t arch_state_set_pages(struct vp *vp, uint32_t type, void *const *pages)
{
	(void)pages;
	fake_note(FAKE_STATE_SET, vp, type);
	return HV_STATUS_INVALID_PARAMETER;
}

WEAK uint16_t arch_partition_state_get(struct partition *p, uint32_t type, void *buf)
{
	(void)buf;
	fake_note(FAKE_STATE_GET, p, type);
	return HV_STATUS_INVALID_PARAMETER;
}

WEAK uint16_t arch_partition_state_set(struct partition *p, uint32_t type, const void *buf)
{
	(void)buf;
	fake_note(FAKE_STATE_SET, p, type);
	return HV_STATUS_INVALID_PARAMETER;
}

WEAK uint16_t arch_set_property(struct partition *p, uint32_t code, uint64_t v)
{
	(void)p;
	(void)code;
	(void)v;
	return HV_STATUS_UNKNOWN_PROPERTY;
}

/* -- parts of the kernel that a test left out ---------------------------------------------------
 */
WEAK struct percpu *percpu_table[BOOT_INFO_MAX_CPUS];
WEAK uint32_t percpu_count;

WEAK void smp_flush_slat(struct slat *s)
{
	fake_note(FAKE_FLUSH, s, ++s->generation);
}

WEAK void vp_post(struct vp *vp, uint32_t mail)
{
	fake_note(FAKE_POST, vp, mail);
}

WEAK void frame_init(uint32_t *table, uint64_t count)
{
	(void)table;
	(void)count;
}

WEAK void frame_set_range(uint64_t base, uint64_t size, enum frame_state state)
{
	(void)base;
	(void)size;
	(void)state;
}

WEAK void log_print(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(fake_log_line, sizeof(fake_log_line), fmt, ap);
	va_end(ap);
	fake_note(FAKE_LOG, NULL, level);
}

WEAK void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}
