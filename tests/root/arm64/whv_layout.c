/* SPDX-License-Identifier: MIT */
/* The cross compiler lays the WinHvPlatform types out as the frozen numbers say: no code. */
#include <stddef.h>

#include <WinHvPlatform.h>

#include "tests/unit/test_whv_table_arm64.h"

#define SIZE(type, n)		_Static_assert(sizeof(type) == (n), #type);
#define OFFSET(type, member, n) _Static_assert(offsetof(type, member) == (n), #type "." #member);
#define VALUE(name, n)		_Static_assert((UINT32)(name) == (n), #name);

WHV_SIZES(SIZE)
WHV_OFFSETS(OFFSET)
WHV_ENUMS(VALUE)
