#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh BUILD full|pairwise UNIT-TEST...: every suite, of both architectures (arm64 is built in BUILD_ARM64), one closing line that adds them up.
# INPUT in the environment is the main job's input.
set -u
here=$(dirname "$0")
build=$1 scope=$2 build_arm64=${BUILD_ARM64:?}
shift 2
start=$(date +%s)
rm -rf "$build/suite"
mkdir -p "$build/suite"
passed=0 failed=0

add() {
	if [ -f "$1" ]; then
		read -r p f < "$1"
		passed=$((passed + p)) failed=$((failed + f))
	else
		failed=$((failed + 1))
	fi
}

"$here/unit.sh" "$build" "$@"
add "$build/unit/result"

# shellcheck disable=SC2086
FUZZ_SECONDS=${FUZZ_SECONDS:-15} "$here/fuzz.sh" "$build" $FUZZ_BIN
add "$build/fuzz/result"

if "$build/gen_hypercalls" | cmp -s - docs/hypercalls.md; then
	passed=$((passed + 1))
else
	echo 'check: docs/hypercalls.md is not what the table says: make docs'
	failed=$((failed + 1))
fi

suite() { # SMP NAME TIMEOUT CMDLINE [INPUT]
	SMP=$1
	export SMP
	shift
	"$here/suite.sh" "$build" "$@"
	add "$build/suite/$1.result"
}

suite 2 suite-smp2 150 run=suite "$INPUT"
QUOIN_ICOUNT=1
export QUOIN_ICOUNT
suite 1 suite-icount 200 'run=suite filter=icount'
QUOIN_ICOUNT=0
"$here/boot-errors.sh" "$build"
add "$build/suite/boot-errors.result"
"$here/bench.sh" "$build"
add "$build/suite/svm/bench.result"
suite 1 suite-smp1 150 run=suite "$INPUT"
# What no emulator's CPU asks for: the return stack filled, buffers cleared, small executable leaves
QUOIN_CONFIG='speculation = all'
export QUOIN_CONFIG
suite 2 suite-smp2-speculation 150 'run=suite filter=guest,border,memory' "$INPUT"
unset QUOIN_CONFIG
BACKEND=vmx
export BACKEND
suite 2 vmx-smp2 600 run=suite "$INPUT"
suite 1 vmx-smp1 300 run=suite "$INPUT"
# Bochs's one model with CET: IA32_XSS, its XSAVE components and shadow stacks of guests
CPU=tigerlake
export CPU
suite 1 vmx-cet 300 'run=suite filter=cet,state,property cet=1'
unset CPU
# The root's APIC timer borrowed, as on a CPU without a preemption timer (docs/tests.md)
QUOIN_CONFIG='deadline = apic'
export QUOIN_CONFIG
suite 1 vmx-borrow 300 'run=suite filter=job,guest_debug,border,icount' "$INPUT"
unset QUOIN_CONFIG
suite 1 vmx-icount 300 'run=suite filter=icount'
"$here/bench.sh" "$build"
add "$build/suite/vmx/bench.result"
if [ "$scope" = full ]; then
	suite 4 vmx-smp4 1200 run=suite "$INPUT"
	for seed in 10 20 30; do
		suite 2 "vmx-job-seed$seed" 400 "run=suite filter=job seed=$seed" "$INPUT"
	done
fi
# arm64: both firmwares, with and without the newest features
build_x86=$build
build=$build_arm64
rm -rf "$build/suite"
mkdir -p "$build/suite"
ARCH=arm64 BACKEND=el2
export ARCH
arm64() { # SMP CPU FIRMWARE TIMEOUT
	CPU=$2 FIRMWARE=$3
	export CPU FIRMWARE
	# QEMU ends a file name at a comma
	suite "$1" "el2-$3-$(echo "$2" | tr , -)-smp$1" "$4" run=suite "$INPUT"
	unset CPU FIRMWARE
}
if "$here/no-vectors.sh" "$build/core.elf"; then
	passed=$((passed + 1))
else
	failed=$((failed + 1))
fi
"$here/boot-errors.sh" "$build"
add "$build/suite/boot-errors.result"
SMP=1 "$here/bench.sh" "$build"
add "$build/suite/el2/bench.result"
arm64 2 max edk2 300
arm64 1 cortex-a57 edk2 300
arm64 2 cortex-a57 uboot 300
arm64 1 max uboot 300
arm64 2 neoverse-n1 edk2 300
# SVE of 128 bits; 512 bits
arm64 4 max,sve-max-vq=1 uboot 600
arm64 2 max,sve-max-vq=4 edk2 300
if [ "$scope" = full ]; then
	arm64 4 max edk2 600
	arm64 4 cortex-a57 uboot 600
	arm64 2 neoverse-n1 uboot 300
	suite 2 el2-kicks 600 'run=suite filter=whv_kicks kicks=100000'
	for vq in 2 3 8 12; do
		arm64 2 "max,sve-max-vq=$vq" edk2 300
	done
fi
unset ARCH
build=$build_x86
BACKEND=svm
if [ "$scope" = full ]; then
	suite 4 suite-smp4 300 run=suite "$INPUT"
	CPU=EPYC,+svm,+npt
	export CPU
	suite 2 suite-epyc 240 run=suite "$INPUT"
	unset CPU
	for seed in 10 20 30 40 50 60; do
		suite 2 "job-seed$seed" 240 "run=suite filter=job seed=$seed" "$INPUT"
	done
fi

echo "check took $(($(date +%s) - start)) s"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
