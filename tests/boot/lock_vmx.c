/* SPDX-License-Identifier: MIT */
/* Firmware that has locked VMX off, for an emulator whose firmware does not: then the loader. */
#include <efi.h>
#include <efilib.h>

#define MSR_FEATURE_CTL 0x3au
#define FEATURE_LOCK	1u

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	EFI_LOADED_IMAGE *self;
	EFI_HANDLE loader;
	EFI_STATUS s;

	InitializeLib(image, table);
	__asm__ volatile("wrmsr" : : "c"(MSR_FEATURE_CTL), "a"(FEATURE_LOCK), "d"(0));
	s = uefi_call_wrapper(BS->HandleProtocol, 3, image, &LoadedImageProtocol, (VOID **)&self);
	if (!EFI_ERROR(s))
		s = uefi_call_wrapper(BS->LoadImage, 6, FALSE, image,
				      FileDevicePath(self->DeviceHandle, L"\\quoin\\loader.efi"),
				      NULL, 0, &loader);
	if (!EFI_ERROR(s))
		s = uefi_call_wrapper(BS->StartImage, 3, loader, NULL, NULL);
	Print(L"BACK IN FIRMWARE: %r\n", s);
	uefi_call_wrapper(RT->ResetSystem, 4, EfiResetShutdown, EFI_SUCCESS, 0, NULL);
	return s;
}
