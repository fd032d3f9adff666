# SPDX-License-Identifier: MIT
UNIT_test_vlapic := arch/x86_64/common/vlapic.c
UNIT_test_synic := hvapi/synic.c
UNIT_test_stimer := hvapi/stimer.c hvapi/synic.c
UNIT_test_decode := arch/x86_64/common/decode.c
UNIT_test_xsave := arch/x86_64/common/xsave.c
UNIT_test_whv_partition := $(wildcard hvapi/whv/*.c)
UNIT_test_whv_memory := $(wildcard hvapi/whv/*.c)
UNIT_test_whv_vp := $(wildcard hvapi/whv/*.c)
UNIT_test_whv_state := $(wildcard hvapi/whv/*.c)
