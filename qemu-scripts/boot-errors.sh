#!/bin/sh
# SPDX-License-Identifier: MIT
# boot-errors.sh BUILD: what the loader says when something is missing or broken, and that it
# returns to firmware (startup.nsh then prints a line, and resets the machine).
set -u
here=$(dirname "$0")
build=$1
dir=$build/suite
mkdir -p "$dir"
passed=0 failed=0
case ${ARCH:-x86_64} in
arm64) qemu=qemu-arm64.sh ;;
*) qemu=qemu.sh ;;
esac

try() { # NAME WANTED-TEXT: boots $dir/NAME.esp
	printf 'echo BACK IN FIRMWARE\r\nreset -s\r\n' > "$dir/$1.esp/startup.nsh"
	"$here/$qemu" "$dir/$1.esp" "$dir/$1.log" 60 > /dev/null 2>&1
	if grep -aq "$2" "$dir/$1.log" && grep -aq 'BACK IN FIRMWARE' "$dir/$1.log"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "boot-errors: $1: no \"$2\" in:"
		tail -n 15 "$dir/$1.log"
	fi
	rm -rf "$dir/$1.esp"
}

"$here/esp.sh" "$build" "$dir/bad-line.esp" run=suite
echo 'colour = blue' >> "$dir/bad-line.esp/quoin/quoin.cfg"
try bad-line 'quoin.cfg:5: unknown key'

"$here/esp.sh" "$build" "$dir/no-core.esp" run=suite
rm "$dir/no-core.esp/quoin/core.elf"
try no-core 'core.elf: Not Found'

"$here/esp.sh" "$build" "$dir/bad-root.esp" run=suite
echo 'this is no ELF file, however long it may be; it has not even the right first four bytes' \
	> "$dir/bad-root.esp/quoin/root.elf"
try bad-root 'root.elf: '

if [ "${ARCH:-x86_64}" = arm64 ]; then
	"$here/esp.sh" "$build" "$dir/no-el2.esp" run=suite
	MACHINE=virt,gic-version=3
	export MACHINE
	try no-el2 'firmware did not start this program at EL2'
	"$here/esp.sh" "$build" "$dir/gicv2.esp" run=suite
	MACHINE=virt,virtualization=on,gic-version=2
	try gicv2 'a GICv3 or later is needed\|no GICv3 system registers'
else
	"$here/esp.sh" "$build" "$dir/no-svm.esp" run=suite
	CPU=max,-svm
	export CPU
	try no-svm 'this CPU cannot run Quoin: neither SVM nor VMX'
	unset CPU
	# VMX, and locked off before the loader starts: on Bochs, whose firmware leaves it open
	"$here/esp.sh" "$build" "$dir/vmx-locked.esp" run=suite
	mv "$dir/vmx-locked.esp/EFI/BOOT/BOOTX64.EFI" "$dir/vmx-locked.esp/quoin/loader.efi"
	cp "$build/lock_vmx.efi" "$dir/vmx-locked.esp/EFI/BOOT/BOOTX64.EFI"
	qemu=bochs.sh
	SMP=1
	export SMP
	try vmx-locked 'this CPU cannot run Quoin: VMX is locked off by firmware'
fi

echo "boot-errors: $passed passed, $failed failed"
echo "$passed $failed" > "$dir/boot-errors.result"
[ "$failed" -eq 0 ]
