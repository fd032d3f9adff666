/* SPDX-License-Identifier: MIT */
#include "tests/root/vm.h"

#include <stdio.h>
#include <string.h>

#define MIB 0x100000u

extern const struct {
	const char *name;
	const uint8_t *start, *end;
} guest_images[];

const void *guest_image(const char *name, size_t *size)
{
	for (uint32_t i = 0; guest_images[i].name; i++)
		if (!strcmp(guest_images[i].name, name)) {
			*size = (size_t)(guest_images[i].end - guest_images[i].start);
			return guest_images[i].start;
		}
	printf("root VM: no guest image %s\n", name);
	machine_exit(false);
}

bool ok(const char *what, HRESULT hr)
{
	if (FAILED(hr))
		printf("  %s: HRESULT %08x\n", what, (unsigned)hr);
	return !FAILED(hr);
}

static bool set_property(struct vm *vm, WHV_PARTITION_PROPERTY_CODE code, uint32_t v)
{
	return ok("WHvSetPartitionProperty", WHvSetPartitionProperty(vm->p, code, &v, sizeof(v)));
}

#define RWX (WHvMapGpaRangeFlagRead | WHvMapGpaRangeFlagWrite | WHvMapGpaRangeFlagExecute)

bool vm_create_absent(struct vm *vm, uint32_t vps, size_t size, uint8_t *ram)
{
	*vm = (struct vm){ .vps = vps, .size = size, .ram = ram, .own_ram = !ram };
	if (!ram)
		vm->ram = pages_alloc(size / PAGE, 512);
	if (!vm->ram) {
		printf("  no %u MiB for the guest\n", (unsigned)(size / MIB));
		return false;
	}
	if (!ok("WHvCreatePartition", WHvCreatePartition(&vm->p)))
		return false;
	if (!set_property(vm, WHvPartitionPropertyCodeProcessorCount, vps) ||
	    !vm_arch_properties(vm) || !ok("WHvSetupPartition", WHvSetupPartition(vm->p)))
		return false;
	for (uint32_t i = 0; i < vps; i++)
		if (!ok("WHvCreateVirtualProcessor", WHvCreateVirtualProcessor(vm->p, i, 0)))
			return false;
	return true;
}

bool vm_create(struct vm *vm, uint32_t vps, size_t size, uint8_t *ram)
{
	return vm_create_absent(vm, vps, size, ram) &&
	       ok("WHvMapGpaRange", WHvMapGpaRange(vm->p, vm->ram, 0, size, RWX));
}

bool vm_map_page(struct vm *vm, uint64_t gpa)
{
	gpa &= ~(uint64_t)(PAGE - 1);
	return gpa < vm->size &&
	       ok("WHvMapGpaRange", WHvMapGpaRange(vm->p, vm->ram + gpa, gpa, PAGE, RWX));
}

bool vm_delete(struct vm *vm, bool keep_ram)
{
	bool gone = !vm->p || ok("WHvDeletePartition", WHvDeletePartition(vm->p));

	vm->p = NULL;
	if (gone && vm->own_ram && !keep_ram && vm->ram) {
		pages_free(vm->ram, vm->size / PAGE);
		vm->ram = NULL;
	}
	return gone;
}

bool vm_load(struct vm *vm, const char *guest)
{
	size_t n;
	const void *image = guest_image(guest, &n);

	if (VM_IMAGE_BASE + n > vm->size)
		return false;
	memcpy(vm->ram + VM_IMAGE_BASE, image, n);
	vm_arch_load(vm);
	return true;
}

HRESULT vm_get(struct vm *vm, uint32_t vp, WHV_REGISTER_NAME name, uint64_t *v)
{
	WHV_REGISTER_VALUE r;
	HRESULT hr = WHvGetVirtualProcessorRegisters(vm->p, vp, &name, 1, &r);

	*v = r.Reg64;
	return hr;
}

HRESULT vm_set(struct vm *vm, uint32_t vp, WHV_REGISTER_NAME name, uint64_t v)
{
	WHV_REGISTER_VALUE r;

	memset(&r, 0, sizeof(r));
	r.Reg64 = v;
	return WHvSetVirtualProcessorRegisters(vm->p, vp, &name, 1, &r);
}
