/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tests/root/vm.h"

bool vm_arch_properties(struct vm *vm)
{
	uint32_t mode = WHvX64LocalApicEmulationModeX2Apic;

	return ok("LocalApicEmulationMode",
		  WHvSetPartitionProperty(vm->p, WHvPartitionPropertyCodeLocalApicEmulationMode,
					  &mode, sizeof(mode)));
}

/* Page tables: an identity map of 4 GiB in 2-MiB pages */
void vm_arch_load(struct vm *vm)
{
	uint64_t *t = (uint64_t *)(vm->ram + VM_TABLES);

	memset(t, 0, 6 * PAGE);
	t[0] = (VM_TABLES + PAGE) | 3;
	for (uint64_t i = 0; i < 4; i++)
		t[512 + i] = (VM_TABLES + (2 + i) * PAGE) | 3;
	for (uint64_t i = 0; i < 2048; i++)
		t[1024 + i] = i << 21 | 0x83;
}

static void segment(WHV_REGISTER_VALUE *r, uint16_t selector, uint16_t attributes)
{
	r->Segment.Base = 0;
	r->Segment.Limit = 0xffffffff;
	r->Segment.Selector = selector;
	r->Segment.Attributes = attributes;
}

bool vm_start(struct vm *vm, uint32_t vp, uint64_t stack, uint64_t arg0, uint64_t arg1)
{
	static const WHV_REGISTER_NAME names[] = {
		WHvX64RegisterCs,     WHvX64RegisterSs,
		WHvX64RegisterDs,     WHvX64RegisterEs,
		WHvX64RegisterCr0,    WHvX64RegisterCr3,
		WHvX64RegisterCr4,    WHvX64RegisterEfer,
		WHvX64RegisterRip,    WHvX64RegisterRsp,
		WHvX64RegisterRdi,    WHvX64RegisterRsi,
		WHvX64RegisterRflags, WHvRegisterInternalActivityState,
	};
	WHV_REGISTER_VALUE v[sizeof(names) / sizeof(names[0])];

	memset(v, 0, sizeof(v));
	segment(&v[0], 0x08, 0xa09b);
	for (int i = 1; i < 4; i++)
		segment(&v[i], 0x10, 0xc093);
	v[4].Reg64 = 0x80000033;
	v[5].Reg64 = VM_TABLES;
	v[6].Reg64 = 0x20;
	v[7].Reg64 = 0x500;
	v[8].Reg64 = VM_IMAGE_BASE;
	v[9].Reg64 = stack;
	v[10].Reg64 = arg0;
	v[11].Reg64 = arg1;
	v[12].Reg64 = 2;
	return ok("start registers",
		  WHvSetVirtualProcessorRegisters(vm->p, vp, names,
						  sizeof(names) / sizeof(names[0]), v));
}

bool vm_skip(struct vm *vm, uint32_t vp, const WHV_RUN_VP_EXIT_CONTEXT *c)
{
	return ok("RIP", vm_set(vm, vp, WHvX64RegisterRip,
				c->VpContext.Rip + c->VpContext.InstructionLength));
}

#define APIC_PAGE  4096u
#define APIC_STATE WHvVirtualProcessorStateTypeInterruptControllerState2
static uint32_t apic_page[APIC_PAGE / 4];

static bool apic_get(struct vm *vm, uint32_t vp)
{
	UINT32 n;

	return ok("APIC",
		  WHvGetVirtualProcessorState(vm->p, vp, APIC_STATE, apic_page, APIC_PAGE, &n));
}

bool vm_interrupts_on(struct vm *vm, uint32_t vp)
{
	if (!apic_get(vm, vp))
		return false;
	apic_page[0xf0 / 4] |= 0x100;
	return ok("APIC", WHvSetVirtualProcessorState(vm->p, vp, APIC_STATE, apic_page, APIC_PAGE));
}

bool vm_interrupt_pends(struct vm *vm, uint32_t vp, uint32_t vector)
{
	return apic_get(vm, vp) && apic_page[(0x200 + 0x10 * (vector / 32)) / 4] >> vector % 32 & 1;
}
