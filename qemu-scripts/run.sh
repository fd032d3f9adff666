#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh BUILD INPUT: boot, do the main job on INPUT, and compare its digest with sha256sum's.
set -u
here=$(dirname "$0")
build=$1 input=$2
log=$build/run.log
if [ ! -s "$input" ]; then
	echo "run: INPUT=$input is not there, or empty" >&2
	exit 1
fi
"$here/esp.sh" "$build" "$build/run.esp" 'run=job' "$input"
QUOIN_ECHO=1 "$here/boot.sh" "$build/run.esp" "$log" 60 | sed -u -e 's/\r$//' -e '/BdsDxe/d' -e 's/\x1b\[[0-9;=]*[A-Za-z]//g' -e '/^$/d'
rm -rf "$build/run.esp"
want=$(sha256sum < "$input" | cut -d' ' -f1)
got=$(tr -d '\r' < "$log" | sed -n 's/^JOB SHA256 \([0-9a-f]*\) of .*/\1/p' | sort -u)
if [ "$got" = "$want" ] && tr -d '\r' < "$log" | grep -q 'JOB END good$'; then
	echo "run: sha256sum of $input is $want too: the guest survived the move"
	exit 0
fi
echo "run: FAILED: sha256sum of $input is $want, the guest says ${got:-nothing}" >&2
exit 1
