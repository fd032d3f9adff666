/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tests/root/vm.h"

bool vm_arch_properties(struct vm *vm)
{
	WHV_ARM64_IC_PARAMETERS ic;

	memset(&ic, 0, sizeof(ic));
	ic.EmulationMode = WHvArm64IcEmulationModeGicV3;
	ic.GicV3Parameters.GicdBaseAddress = VM_GICD;
	return ok("Arm64IcParameters",
		  WHvSetPartitionProperty(vm->p, WHvPartitionPropertyCodeArm64IcParameters, &ic,
					  sizeof(ic)));
}

/* The guests run with the MMU off, or make their own tables. */
void vm_arch_load(struct vm *vm)
{
	(void)vm;
}

bool vm_start(struct vm *vm, uint32_t vp, uint64_t stack, uint64_t arg0, uint64_t arg1)
{
	static const WHV_REGISTER_NAME names[] = {
		WHvArm64RegisterGicrBaseGpa, WHvArm64RegisterPc, WHvArm64RegisterSpEl1,
		WHvArm64RegisterX0,	     WHvArm64RegisterX1, WHvRegisterInternalActivityState,
	};
	WHV_REGISTER_VALUE v[sizeof(names) / sizeof(names[0])];

	memset(v, 0, sizeof(v));
	v[0].Reg64 = VM_GICR + VM_GICR_SIZE * vp;
	v[1].Reg64 = VM_IMAGE_BASE;
	v[2].Reg64 = stack;
	v[3].Reg64 = arg0;
	v[4].Reg64 = arg1;
	return ok("start registers",
		  WHvSetVirtualProcessorRegisters(vm->p, vp, names,
						  sizeof(names) / sizeof(names[0]), v));
}

bool vm_skip(struct vm *vm, uint32_t vp, const WHV_RUN_VP_EXIT_CONTEXT *c)
{
	const WHV_INTERCEPT_MESSAGE_HEADER *h = &c->MemoryAccess.Header;

	return ok("PC", vm_set(vm, vp, WHvArm64RegisterPc, h->Pc + h->InstructionLength));
}

bool vm_interrupts_on(struct vm *vm, uint32_t vp)
{
	(void)vm;
	(void)vp;
	return true;
}

/* docs/state.md: private interrupts from byte 72 on, bit 3 pending by latch */
bool vm_interrupt_pends(struct vm *vm, uint32_t vp, uint32_t vector)
{
	uint8_t state[200];
	UINT32 n;

	return ok("GIC", WHvGetVirtualProcessorState(
				 vm->p, vp, WHvVirtualProcessorStateTypeInterruptControllerState,
				 state, sizeof(state), &n)) &&
	       state[72 + 4 * vector] >> 3 & 1;
}
