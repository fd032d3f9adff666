/* SPDX-License-Identifier: MIT */
/*
 * Register names and values of the WinHvPlatform interface. The lists are for programs that want to
 * go through all names: X(name, code).
 */
#ifndef WHV_REGISTERS_H
#define WHV_REGISTERS_H

#include <whv_win32.h>

typedef union __attribute__((aligned(16))) WHV_UINT128 {
	struct {
		UINT64 Low64, High64;
	};
	UINT32 Dword[4];
} WHV_UINT128;

typedef union WHV_INTERNAL_ACTIVITY_REGISTER {
	struct {
		UINT64 StartupSuspend : 1;
		UINT64 HaltSuspend : 1;
		UINT64 IdleSuspend : 1;
		UINT64 Reserved : 61;
	};
	UINT64 AsUINT64;
} WHV_INTERNAL_ACTIVITY_REGISTER;

#ifdef _ARM64_
#include <whv_registers_arm64.h>
#else
#include <whv_registers_x64.h>
#endif

#endif
