#!/bin/sh
# SPDX-License-Identifier: MIT
# qemu-run.sh LOG LIMIT QEMU OPTIONS...: run that QEMU with its serial port to LOG and, with QUOIN_ECHO=1, to
# standard output. Exit status: QEMU's own; 124 when it did not end in LIMIT seconds.
set -eu
log=$1 limit=$2
shift 2
: > "$log"
status=0
if [ "${QUOIN_ECHO:-0}" = 1 ]; then
	fifo=$log.status
	{ timeout "$limit" "$@" -serial stdio < /dev/null 2>&1 || echo $? > "$fifo"; } | tee "$log"
	if [ -f "$fifo" ]; then status=$(cat "$fifo"); rm -f "$fifo"; fi
else
	timeout "$limit" "$@" -serial "file:$log" < /dev/null > "$log.qemu" 2>&1 || status=$?
	# A model that asks for more than TCG has is fine: Quoin looks for itself.
	grep -v "TCG doesn't support requested feature\|terminating on signal 15" "$log.qemu" >&2 || true
	rm -f "$log.qemu"
fi
exit "$status"
