#!/bin/sh
# SPDX-License-Identifier: MIT
# unit.sh BUILD TEST...: run cmocka programs; a line for each that failed, the sum at the end.
set -u
build=$1
shift
passed=0 failed=0
for t in "$@"; do
	name=$(basename "$t")
	timeout 120 "$t" > "$build/unit/$name.log" 2>&1
	status=$?
	ok=$(grep -o '\[       OK \]' "$build/unit/$name.log" | wc -l)
	all=$(sed -n 's/^\[==========\] \([0-9]*\) test(s) run\.$/\1/p; s/^\[==========\] [^:]*: \([0-9]*\) test(s) run\.$/\1/p' "$build/unit/$name.log" | tail -n 1)
	# A program that a sanitizer ended has no closing line: one more failure than it counted.
	bad=$((${all:-$((ok + 1))} - ok))
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
	if [ "$bad" -ne 0 ]; then
		echo "unit: $name failed (status $status):"
		grep -v '^\[ RUN\|^\[       OK' "$build/unit/$name.log" | tail -n 25
	fi
	passed=$((passed + ok)) failed=$((failed + bad))
done
echo "unit tests: $passed passed, $failed failed"
echo "$passed $failed" > "$build/unit/result"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
