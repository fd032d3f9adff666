/* SPDX-License-Identifier: MIT */
/*
 * The few Windows names that WinHvPlatform's interface is written in, for systems without
 * windows.h. Sizes are those of 64-bit Windows; WCHAR stays 16 bits wide.
 */
#ifndef WHV_WIN32_H
#define WHV_WIN32_H

#include <stdint.h>

/* The target, by Microsoft's names for it; a program may choose. */
#if !defined(_AMD64_) && !defined(_ARM64_)
#ifdef __aarch64__
#define _ARM64_
#else
#define _AMD64_
#endif
#endif
/* A name that only one of them has: the other's bit is reserved. */
#ifdef _ARM64_
#define WHV_BY_ARCH(x64, arm64) arm64
#else
#define WHV_BY_ARCH(x64, arm64) x64
#endif

typedef int32_t BOOL;
typedef int32_t HRESULT;
typedef uint8_t UINT8;
typedef uint16_t UINT16, USHORT, WCHAR;
typedef uint32_t UINT32, ULONG;
typedef uint64_t UINT64;
typedef void VOID, *PVOID, *HANDLE;

typedef struct _LUID {
	uint32_t LowPart;
	int32_t HighPart;
} LUID;

typedef struct _GUID {
	uint32_t Data1;
	uint16_t Data2, Data3;
	uint8_t Data4[8];
} GUID;

typedef enum _DEVICE_POWER_STATE {
	PowerDeviceUnspecified,
	PowerDeviceD0,
	PowerDeviceD1,
	PowerDeviceD2,
	PowerDeviceD3,
	PowerDeviceMaximum,
} DEVICE_POWER_STATE;

#define WINAPI

#ifndef TRUE
#define TRUE  1
#define FALSE 0
#endif

#define WHV_HRESULT(x) ((HRESULT)(x))
#define SUCCEEDED(hr)  ((HRESULT)(hr) >= 0)
#define FAILED(hr)     ((HRESULT)(hr) < 0)

/* winerror.h */
#define S_OK	       WHV_HRESULT(0)
#define E_NOTIMPL      WHV_HRESULT(0x80004001)
#define E_POINTER      WHV_HRESULT(0x80004003)
#define E_UNEXPECTED   WHV_HRESULT(0x8000ffff)
#define E_ACCESSDENIED WHV_HRESULT(0x80070005)
#define E_OUTOFMEMORY  WHV_HRESULT(0x8007000e)
#define E_INVALIDARG   WHV_HRESULT(0x80070057)

#define ERROR_INVALID_STATE   5023
#define HRESULT_FROM_WIN32(e) WHV_HRESULT(((uint32_t)(e)&0xffff) | 0x80070000)

#define WHV_E_UNKNOWN_CAPABILITY	    WHV_HRESULT(0x80370300)
#define WHV_E_INSUFFICIENT_BUFFER	    WHV_HRESULT(0x80370301)
#define WHV_E_UNKNOWN_PROPERTY		    WHV_HRESULT(0x80370302)
#define WHV_E_UNSUPPORTED_HYPERVISOR_CONFIG WHV_HRESULT(0x80370303)
#define WHV_E_INVALID_PARTITION_CONFIG	    WHV_HRESULT(0x80370304)
#define WHV_E_GPA_RANGE_NOT_FOUND	    WHV_HRESULT(0x80370305)
#define WHV_E_VP_ALREADY_EXISTS		    WHV_HRESULT(0x80370306)
#define WHV_E_VP_DOES_NOT_EXIST		    WHV_HRESULT(0x80370307)
#define WHV_E_INVALID_VP_STATE		    WHV_HRESULT(0x80370308)
#define WHV_E_INVALID_VP_REGISTER_NAME	    WHV_HRESULT(0x80370309)
#define WHV_E_UNSUPPORTED_PROCESSOR_CONFIG  WHV_HRESULT(0x80370310)

/* A hypervisor status that has no name of its own above: ERROR_HV_* */
#define HRESULT_FROM_HV_STATUS(s)    WHV_HRESULT(0xc0350000 | ((uint32_t)(s)&0xffff))
#define ERROR_HV_INVALID_PARAMETER   HRESULT_FROM_HV_STATUS(0x05)
#define ERROR_HV_INVALID_SYNIC_STATE HRESULT_FROM_HV_STATUS(0x18)
#define ERROR_HV_OBJECT_IN_USE	     HRESULT_FROM_HV_STATUS(0x19)

#endif
