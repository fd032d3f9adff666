/* SPDX-License-Identifier: MIT */
/*
 * The local APIC's two forms: the hypervisor's 176 packed bytes, and the page of registers at
 * 16-byte stride that the WHv interface has (Intel SDM vol. 3, "Local APIC register address map").
 * The packed form has no TPR (CR8 carries it) and no PPR (it follows from TPR and ISR); the page
 * has no place for error bits that are gathered but not yet latched into ESR.
 */
#include <string.h>

#include "hvapi/whv/internal.h"

#define PAGE_TPR 0x080u
#define PAGE_PPR 0x0a0u
#define STRIDE	 16u

#define FIELD(name, page) \
	{ \
		offsetof(struct hv_local_interrupt_controller_state, name), page, 1 \
	}
#define ARRAY(name, page) \
	{ \
		offsetof(struct hv_local_interrupt_controller_state, name), page, 8 \
	}

static const struct {
	uint16_t packed, page, count;
} fields[] = {
	FIELD(apic_id, 0x020),
	FIELD(apic_version, 0x030),
	FIELD(apic_remote_read, 0x0c0),
	FIELD(apic_ldr, 0x0d0),
	FIELD(apic_dfr, 0x0e0),
	FIELD(apic_spurious, 0x0f0),
	ARRAY(apic_isr, 0x100),
	ARRAY(apic_tmr, 0x180),
	ARRAY(apic_irr, 0x200),
	FIELD(apic_esr, 0x280),
	FIELD(apic_lvt_cmci, 0x2f0),
	FIELD(apic_icr_low, 0x300),
	FIELD(apic_icr_high, 0x310),
	FIELD(apic_lvt_timer, 0x320),
	FIELD(apic_lvt_thermal, 0x330),
	FIELD(apic_lvt_perfmon, 0x340),
	FIELD(apic_lvt_lint0, 0x350),
	FIELD(apic_lvt_lint1, 0x360),
	FIELD(apic_lvt_error, 0x370),
	FIELD(apic_initial_count, 0x380),
	FIELD(apic_counter_value, 0x390),
	FIELD(apic_divide_configuration, 0x3e0),
};

/* SDM vol. 3, "Task and Processor Priorities" */
static uint32_t ppr(uint32_t tpr, const uint32_t isr[8])
{
	uint32_t isrv = 0;

	for (uint32_t v = 256; v-- > 0;)
		if (isr[v / 32] >> (v % 32) & 1) {
			isrv = v;
			break;
		}
	return (tpr & 0xf0) >= (isrv & 0xf0) ? tpr : isrv & 0xf0;
}

void whv_apic_to_page(const struct hv_local_interrupt_controller_state *s, uint8_t cr8,
		      uint8_t page[WHV_APIC_PAGE_SIZE])
{
	uint32_t tpr = (uint32_t)cr8 << 4, p = ppr(tpr, s->apic_isr);

	memset(page, 0, WHV_APIC_PAGE_SIZE);
	for (size_t i = 0; i < WHV_ARRAY_LEN(fields); i++)
		for (size_t k = 0; k < fields[i].count; k++)
			memcpy(page + fields[i].page + STRIDE * k,
			       (const uint8_t *)s + fields[i].packed + 4 * k, 4);
	memcpy(page + PAGE_TPR, &tpr, 4);
	memcpy(page + PAGE_PPR, &p, 4);
}

void whv_apic_from_page(const uint8_t *page, struct hv_local_interrupt_controller_state *s,
			uint8_t *cr8)
{
	uint32_t tpr;

	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < WHV_ARRAY_LEN(fields); i++)
		for (size_t k = 0; k < fields[i].count; k++)
			memcpy((uint8_t *)s + fields[i].packed + 4 * k,
			       page + fields[i].page + STRIDE * k, 4);
	memcpy(&tpr, page + PAGE_TPR, 4);
	*cr8 = (uint8_t)(tpr >> 4 & 0xf);
}
