#!/bin/sh
# SPDX-License-Identifier: MIT
# fuzz.sh BUILD FUZZER...: each for FUZZ_SECONDS; a crash prints its input, and is a failure.
set -u
build=$1
shift
passed=0 failed=0
for f in "$@"; do
	name=$(basename "$f")
	mkdir -p "$build/fuzz/$name.corpus"
	if (cd "$build/fuzz" && timeout $((${FUZZ_SECONDS:-15} + 60)) "./$name" -seed=1 -max_len=2048 -max_total_time="${FUZZ_SECONDS:-15}" \
		-print_final_stats=1 -artifact_prefix="$name-" "$name.corpus") > "$build/fuzz/$name.log" 2>&1; then
		passed=$((passed + 1))
		sed -n "s/^stat::number_of_executed_units: */fuzz: $name: runs: /p" "$build/fuzz/$name.log"
	else
		failed=$((failed + 1))
		echo "fuzz: $name failed:"
		tail -n 40 "$build/fuzz/$name.log"
	fi
done
echo "fuzzers: $passed passed, $failed failed"
echo "$passed $failed" > "$build/fuzz/result"
[ "$failed" -eq 0 ]
