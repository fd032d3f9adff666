#!/bin/sh
# SPDX-License-Identifier: MIT
# no-vectors.sh CORE.ELF: the arm64 core touches FP and SIMD registers in the VP switch only; assembly would
# get past -mgeneral-regs-only.
set -u
bad=$(aarch64-linux-gnu-objdump -d --no-show-raw-insn "$1" | awk '
	/^[0-9a-f]+ </ { fn = $2 }
	/[ \t,{\[]([qvdsbh]|z|p)[0-9]+[.,} \t\/]/ && fn !~ /^<el2_(fp|sve)_(save|load|vl)>:$/ { print fn $0 }
	/fpsr|fpcr/ && fn !~ /^<el2_(fp|sve)_(save|load|vl)>:$/ { print fn $0 }')
if [ -n "$bad" ]; then
	echo 'no-vectors: FP or SIMD registers outside of the VP switch:'
	echo "$bad" | head -n 10
	exit 1
fi
