#!/bin/sh
# SPDX-License-Identifier: MIT
# esp.sh BUILD ESP CMDLINE [INPUT]: lay out an EFI system partition as a folder. CORE: another core than BUILD's.
set -eu
build=$1 esp=$2 cmdline=$3 input=${4:-}
mkdir -p "$esp/EFI/BOOT" "$esp/quoin"
case ${ARCH:-x86_64} in
arm64) app=BOOTAA64.EFI objcopy=aarch64-linux-gnu-objcopy ;;
*) app=BOOTX64.EFI objcopy=objcopy ;;
esac
cp "$build/$app" "$esp/EFI/BOOT/$app"
$objcopy --strip-all "${CORE:-$build/core.elf}" "$esp/quoin/core.elf"
$objcopy --strip-all "$build/root.elf" "$esp/quoin/root.elf"
{
	printf '%s\n' 'core = \quoin\core.elf' 'root = \quoin\root.elf'
	echo "cmdline = $cmdline"
	echo "loglevel = ${QUOIN_LOGLEVEL:-info}"
	if [ -n "${QUOIN_CONFIG:-}" ]; then echo "$QUOIN_CONFIG"; fi
	if [ -n "$input" ]; then
		cp "$input" "$esp/quoin/input"
		printf '%s\n' 'root_file = \quoin\input'
	fi
} > "$esp/quoin/quoin.cfg"
