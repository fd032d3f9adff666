#!/bin/sh
# SPDX-License-Identifier: MIT
# suite.sh BUILD NAME TIMEOUT CMDLINE [INPUT]: boot the root VM with CMDLINE and judge its framed
# report. Counts go to BUILD/suite/NAME.result. Environment: BACKEND as in boot.sh; SMP, MEM, CPU.
set -u
here=$(dirname "$0")
build=$1 name=$2 limit=$3 cmdline=$4 input=${5:-}
dir=$build/suite
esp=$dir/$name.esp log=$dir/$name.log
mkdir -p "$dir"
rm -rf "$esp"
"$here/esp.sh" "$build" "$esp" "$cmdline" $input
QUOIN_ECHO=0 "$here/boot.sh" "$esp" "$log" "$limit"
status=$?
# A run that the emulator ended, or that stood still, is told and made once more (docs/tests.md says why); a
# test that failed, and a panic of the core, are not.
if [ "$status" -ge 2 ] && ! grep -aq 'PANIC' "$log"; then
	echo "suite: $name: emulator status $status: AGAIN"
	cp "$log" "$log.first"
	QUOIN_ECHO=0 "$here/boot.sh" "$esp" "$log" "$limit"
	status=$?
fi
tr -d '\r' < "$log" > "$log.txt"
begin=$(sed -n 's/^TESTS BEGIN \([0-9]*\)$/\1/p' "$log.txt")
end=$(sed -n 's/^TESTS END \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$log.txt")
passed=0 failed=1 skipped=0
if [ -n "$begin" ] && [ -n "$end" ]; then
	# shellcheck disable=SC2086
	set -- $end
	passed=$1 failed=$2 skipped=$3
	if [ $((passed + failed + skipped)) -ne "$begin" ]; then
		echo "suite: $name: $begin tests were to run, the sum is another"
		failed=$((failed + 1))
	fi
	if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
	# A skip must be listed, with its reason.
	for t in $(sed -n 's/^TEST skip \([a-z0-9_]*\):.*/\1/p' "$log.txt"); do
		if ! grep -q -e "^${BACKEND:-svm}-smp${SMP:-2} $t " -e "^${BACKEND:-svm}-${CPU:-max} $t " "$here/../tests/skips.txt"; then
			echo "suite: $name: $t was skipped and is not in tests/skips.txt"
			failed=$((failed + 1))
		fi
	done
else
	echo "suite: $name: no complete report (status $status); the last lines:"
	tail -n 20 "$log.txt"
fi
if [ "$failed" -ne 0 ]; then
	grep -B 6 '^TEST fail' "$log.txt"
fi
rm -rf "$esp"
echo "suite $name: $passed passed, $failed failed, $skipped skipped"
echo "$passed $failed" > "$dir/$name.result"
[ "$failed" -eq 0 ]
