/* SPDX-License-Identifier: MIT */
/*
 * A partition's ID registers: the processor's, by allow-list, less what the root takes away by
 * features at creation or by register with HV_ANY_VP (TLFS; WinHvPlatformDefs.h, ID registers).
 */
#include <hv/arm64.h>

#include <insn.h>

#include "arch/arm64/el2/el2.h"
#include "arch/arm64/el2/id_regs.h"
#include "kernel/arch.h"
#include "kernel/bits.h"

_Static_assert(sizeof(((struct arch_partition *)0)->id) == ID_REGS * sizeof(uint64_t), "types.h");

/* Names of CRm 0 to 15, op2 0 to 7 */
#define NAME_COUNT  128u
#define NAME_CRM(n) ((n) >> 3)
#define NAME_OP2(n) ((n)&7)

static bool has_fields(uint32_t crm)
{
	return crm >= ID_FIRST && crm < ID_FIRST + ID_REGS / 8;
}

static uint64_t whole(uint32_t crm, uint32_t op2)
{
	return has_fields(crm) ? id_filter(crm, op2, read_id(crm, op2)) : 0;
}

static struct id_caches caches(void)
{
	return (struct id_caches){ read_sysreg(ctr_el0), read_sysreg(dczid_el0) };
}

static void sve_decided(struct partition *p)
{
	p->arch.no_sve = cpu_sve_vl && !FIELD(p->arch.id[id_index(4, 0)], 35, 32);
}

static void fill(uint64_t *id)
{
	for (uint32_t crm = ID_FIRST; crm < ID_FIRST + ID_REGS / 8; crm++)
		for (uint32_t op2 = 0; op2 < 8; op2++)
			id[id_index(crm, op2)] = whole(crm, op2);
}

bool identity_init(struct partition *p)
{
	struct id_caches c = caches();

	fill(p->arch.id);
	p->arch.id_filled = true;
	if (!id_disable(p->arch.id, &c, p->disabled_features))
		return false;
	sve_decided(p);
	return true;
}

uint64_t identity_register(const struct partition *p, uint32_t crm, uint32_t op2)
{
	if (!has_fields(crm))
		return 0;
	return p->arch.id_filled ? p->arch.id[id_index(crm, op2)] : whole(crm, op2);
}

uint64_t identity_features(const struct partition *p, uint32_t bank)
{
	struct id_caches c = caches();
	uint64_t id[ID_REGS];

	if (p->arch.id_filled)
		return id_features(p->arch.id, &c, bank);
	fill(id);
	return id_features(id, &c, bank);
}

bool identity_sve(const struct partition *p)
{
	return cpu_sve_vl && !p->arch.no_sve;
}

/* -- by name -------------------------------------------------------------------------------------
 */
static bool is_id(uint32_t name, uint32_t *n)
{
	*n = name - HV_ARM64_REGISTER_ID_FIRST;
	return *n < NAME_COUNT;
}

/* MIDR_EL1, MPIDR_EL1 and REVIDR_EL1, at CRm 0, are of each VP. */
uint16_t arch_partition_get_register(const struct partition *p, uint32_t name,
				     union hv_register_value *v)
{
	uint32_t n;

	if (hv_reg_get(p, name, v))
		return HV_STATUS_SUCCESS;
	if (!is_id(name, &n) || !NAME_CRM(n))
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	v->reg64 = identity_register(p, NAME_CRM(n), NAME_OP2(n));
	return HV_STATUS_SUCCESS;
}

uint16_t arch_partition_set_register(struct partition *p, uint32_t name,
				     const union hv_register_value *v)
{
	uint32_t n, crm, op2;

	if (!is_id(name, &n) || !NAME_CRM(n))
		return HV_STATUS_UNKNOWN_REGISTER_NAME;
	crm = NAME_CRM(n);
	op2 = NAME_OP2(n);
	if (v->low_high[1])
		return HV_STATUS_INVALID_REGISTER_VALUE;
	if (!has_fields(crm))
		return v->reg64 ? HV_STATUS_INVALID_REGISTER_VALUE : HV_STATUS_SUCCESS;
	if (!id_restricts(crm, op2, whole(crm, op2), v->reg64))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	p->arch.id[id_index(crm, op2)] = v->reg64;
	sve_decided(p);
	return HV_STATUS_SUCCESS;
}
