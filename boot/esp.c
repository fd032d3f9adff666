/* SPDX-License-Identifier: MIT */
/* Files of the volume that the loader was started from (UEFI 2.10, 13.4 and 13.5). */
#include "boot/boot.h"

static EFI_FILE_HANDLE volume;

EFI_STATUS esp_open(EFI_HANDLE image)
{
	EFI_LOADED_IMAGE *loaded;
	EFI_FILE_IO_INTERFACE *fs;
	EFI_STATUS s;

	s = BS->HandleProtocol(image, &LoadedImageProtocol, (VOID **)&loaded);
	if (!EFI_ERROR(s))
		s = BS->HandleProtocol(loaded->DeviceHandle, &FileSystemProtocol, (VOID **)&fs);
	if (!EFI_ERROR(s))
		s = fs->OpenVolume(fs, &volume);
	if (EFI_ERROR(s))
		Print(L"quoin: the volume of the loader cannot be opened: %r\n", s);
	return s;
}

static EFI_STATUS file_size(EFI_FILE_HANDLE f, UINT64 *size)
{
	EFI_STATUS s = f->SetPosition(f, ~0ull);

	if (!EFI_ERROR(s))
		s = f->GetPosition(f, size);
	if (!EFI_ERROR(s))
		s = f->SetPosition(f, 0);
	return s;
}

EFI_STATUS esp_read(const char *path, void **data, UINTN *size)
{
	CHAR16 name[CONFIG_PATH_MAX];
	EFI_FILE_HANDLE f;
	EFI_STATUS s;
	UINT64 bytes = 0, pa = 0;
	UINTN i, done;

	for (i = 0; i < CONFIG_PATH_MAX - 1 && path[i]; i++)
		name[i] = (CHAR16)(unsigned char)path[i];
	name[i] = 0;
	s = volume->Open(volume, &f, name, EFI_FILE_MODE_READ, 0);
	if (EFI_ERROR(s)) {
		Print(L"quoin: %s: %r\n", name, s);
		return s;
	}
	s = file_size(f, &bytes);
	if (!EFI_ERROR(s) && (bytes == 0 || bytes > 1ull << 30))
		s = EFI_BAD_BUFFER_SIZE;
	if (!EFI_ERROR(s))
		s = pages_alloc(0, (bytes + 4095) >> 12, EfiLoaderData, &pa);
	done = (UINTN)bytes;
	if (!EFI_ERROR(s))
		s = f->Read(f, &done, (VOID *)(UINTN)pa);
	if (!EFI_ERROR(s) && done != bytes)
		s = EFI_DEVICE_ERROR;
	f->Close(f);
	if (EFI_ERROR(s))
		Print(L"quoin: %s: %ld bytes: %r\n", name, bytes, s);
	*data = (void *)(UINTN)pa;
	*size = (UINTN)bytes;
	return s;
}
