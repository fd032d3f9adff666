#!/bin/sh
# SPDX-License-Identifier: MIT
# qemu.sh ESP LOG TIMEOUT [QEMU OPTIONS]: boot the folder in QEMU (TCG), console to LOG and, with
# QUOIN_ECHO=1, to standard output. Exit status: 0 the root VM said pass, 1 it said fail, 2 it did
# not end in TIMEOUT seconds, 3 QEMU or the firmware ended by itself.
set -eu
here=$(dirname "$0")
esp=$1 log=$2 limit=$3
shift 3
code= vars=
for f in /usr/share/OVMF/OVMF_CODE.fd /usr/share/OVMF/OVMF_CODE_4M.fd /usr/share/qemu/OVMF.fd /usr/share/edk2/x64/OVMF_CODE.4m.fd; do
	if [ -f "$f" ]; then code=$f; break; fi
done
if [ -z "$code" ]; then
	echo 'qemu.sh: no OVMF firmware is installed: run qemu-scripts/setup.sh' >&2
	exit 3
fi
# ACCEL=kvm on request, for a machine that nests. With QUOIN_ICOUNT=1 one instruction is one nanosecond of guest time, the same in every run.
accel=${ACCEL:-tcg,thread=multi} icount=
if [ "${QUOIN_ICOUNT:-0}" = 1 ]; then accel=tcg icount='-icount shift=0,sleep=off'; fi
# shellcheck disable=SC2086
set -- qemu-system-x86_64 -accel "$accel" $icount -machine q35 -cpu "${CPU:-max}" -m "${MEM:-512}" -smp "${SMP:-2}" \
	-nodefaults -no-reboot -display none -net none \
	-drive "if=pflash,format=raw,readonly=on,file=$code" \
	-drive "format=raw,file=fat:rw:$esp" -device isa-debug-exit,iobase=0xf4,iosize=4 "$@"
status=0
"$here/qemu-run.sh" "$log" "$limit" "$@" || status=$?
case $status in
33) exit 0 ;;
35) exit 1 ;;
124) echo "qemu.sh: no end within $limit s; the last lines:" >&2; tail -n 20 "$log" >&2; exit 2 ;;
*) echo "qemu.sh: QEMU ended with status $status; the last lines:" >&2; tail -n 20 "$log" >&2; exit 3 ;;
esac
