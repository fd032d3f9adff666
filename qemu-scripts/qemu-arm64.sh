#!/bin/sh
# SPDX-License-Identifier: MIT
# qemu-arm64.sh ESP LOG TIMEOUT [QEMU OPTIONS]: boot the folder in QEMU's arm64 machine with EL2 (TCG), console
# to LOG and, with QUOIN_ECHO=1, to standard output. FIRMWARE is edk2 (ACPI) or uboot (FDT); CPU, SMP,
# MEM, MACHINE.
# Exit status as in boot.sh; the machine has none of its own, the root VM's last line says it.
set -eu
here=$(dirname "$0")
esp=$1 log=$2 limit=$3
shift 3
case ${FIRMWARE:-edk2} in
edk2) list='/usr/share/qemu-efi-aarch64/QEMU_EFI.fd /usr/share/AAVMF/AAVMF_CODE.fd' ;;
uboot) list='/usr/lib/u-boot/qemu_arm64/u-boot.bin' ;;
*) echo "qemu-arm64.sh: FIRMWARE=$FIRMWARE: edk2 or uboot" >&2; exit 3 ;;
esac
bios=
for f in $list; do
	if [ -f "$f" ]; then bios=$f; break; fi
done
if [ -z "$bios" ]; then
	echo "qemu-arm64.sh: no ${FIRMWARE:-edk2} firmware is installed: run qemu-scripts/setup.sh" >&2
	exit 3
fi
# With QUOIN_ICOUNT=1 one instruction is one nanosecond, and one tick of the counter.
accel=tcg,thread=multi icount='' cpu=${CPU:-max}
if [ "${QUOIN_ICOUNT:-0}" = 1 ]; then accel=tcg icount='-icount shift=0,sleep=off' cpu=$cpu,cntfrq=1000000000; fi
# shellcheck disable=SC2086
set -- qemu-system-aarch64 -accel "$accel" $icount -machine "${MACHINE:-virt,virtualization=on,gic-version=3}" -cpu "$cpu" -m "${MEM:-512}" \
	-smp "${SMP:-2}" -nodefaults -no-reboot -display none -net none -bios "$bios" \
	-drive "if=none,id=esp,format=raw,file=fat:rw:$esp" -device virtio-blk-pci,drive=esp "$@"
status=0
"$here/qemu-run.sh" "$log" "$limit" "$@" || status=$?
result=$(tr -d '\r' < "$log" | sed -n 's/^ROOT EXIT \([01]\)$/\1/p')
case $result in
0) exit 0 ;;
1) exit 1 ;;
esac
if [ "$status" -eq 124 ]; then
	echo "qemu-arm64.sh: no end within $limit s; the last lines:" >&2
	tail -n 20 "$log" >&2
	exit 2
fi
echo "qemu-arm64.sh: QEMU ended with status $status; the last lines:" >&2
tail -n 20 "$log" >&2
exit 3
