#!/bin/sh
# SPDX-License-Identifier: MIT
# bench.sh BUILD: run the bench where one instruction is one tick (QEMU with -icount, Bochs always) and
# hold every row to tests/bench/budget-$BACKEND.txt.
set -u
here=$(dirname "$0")
build=$1
backend=${BACKEND:-svm}
case ${ARCH:-x86_64} in
arm64) app=BOOTAA64.EFI objcopy=aarch64-linux-gnu-objcopy other=x86 ;;
*) app=BOOTX64.EFI objcopy=objcopy other=arm64 ;;
esac
dir=$build/suite/$backend
mkdir -p "$dir"
# run LOG ROWS: one boot, one row an operation, its median
run() {
	"$here/esp.sh" "$build" "$dir/bench.esp" run=bench
	SMP=1 QUOIN_ICOUNT=1 "$here/boot.sh" "$dir/bench.esp" "$1" 240 || true
	rm -rf "$dir/bench.esp"
	tr -d '\r' < "$1" | sed -n 's/^RES \(.*\): min \([0-9]*\) med \([0-9]*\) p99 \([0-9]*\) max \([0-9]*\)$/\1|\3/p' > "$2"
}
run "$dir/bench.log" "$dir/bench.rows"
# How often an operation accesses the VMCS: what it takes longer where each access weighs $WEIGHT instructions. Not the
# boot, and not the timer, whose instant would be over before it is set.
if [ "$backend" = vmx ]; then
	for w in VMREAD VMWRITE; do
		CORE=$build/weigh/$w/core.elf run "$dir/bench-$w.log" "$dir/bench-$w.rows"
		awk -F'|' -v w="$w" -v weight="${WEIGHT:-4096}" '
			FNR == NR { plain[$1] = $2; next }
			$1 !~ /^(boot|empty|stimer|memory)/ && $1 in plain {
				printf "%s, %ss|%d\n", $1, w, ($2 - plain[$1] + weight / 2) / weight
			}' "$dir/bench.rows" "$dir/bench-$w.rows" > "$dir/bench-$w.counts"
	done
	cat "$dir/bench-VMREAD.counts" "$dir/bench-VMWRITE.counts" >> "$dir/bench.rows"
fi
echo "core image, stripped, bytes|$($objcopy --strip-all "$build/core.elf" "$build/core.stripped" && wc -c < "$build/core.stripped")" >> "$dir/bench.rows"
echo "loader image, bytes|$(wc -c < "$build/$app")" >> "$dir/bench.rows"
kib=$(tr -d '\r' < "$dir/bench.log" | sed -n 's/^Quoin: .* core \([0-9]*\) KiB at .*, \([0-9]*\) KiB of it left$/\1 \2/p')
# shellcheck disable=SC2086
set -- ${kib:-0 0}
echo "resident memory of the core, KiB|$(($1 - $2))" >> "$dir/bench.rows"
# shellcheck disable=SC2046
echo "lines of code, core and loader|$(cat $(ls "$here"/../boot/*.[chS] | grep -v "$other") "$here"/../kernel/*.[chS] "$here"/../hvapi/*.[ch] \
	"$here"/../arch/"${ARCH:-x86_64}"/*.h "$here"/../arch/"${ARCH:-x86_64}"/*/*.[chS] |
	sed -e 's,/\*.*\*/,,' -e '/^[[:space:]]*\/\*/,/\*\//d' -e '/^[[:space:]]*$/d' | wc -l)" >> "$dir/bench.rows"
awk -F'|' '
	FNR == NR { if ($0 !~ /^#/ && NF >= 3) { budget[$1] = $2; must[$1] = $3; order[++n] = $1 } next }
	{ got[$1] = $2 }
	END {
		printf "%-50s %12s %12s %12s\n", "bench, " backend, "measured", "budget", "goal"
		for (i = 1; i <= n; i++) {
			name = order[i]
			if (!(name in got)) { printf "%-50s %12s\n", name, "MISSING"; bad++; continue }
			over = got[name] > budget[name]
			printf "%-50s %12d %12d %12s%s\n", name, got[name], budget[name], must[name], over ? "  OVER" : ""
			if (over) bad++; else good++
		}
		printf "%d %d\n", good, bad > result
	}' backend="$backend" result="$dir/bench.result" "$here/../tests/bench/budget-$backend.txt" "$dir/bench.rows"
read -r passed failed < "$dir/bench.result"
echo "bench $backend: $passed within budget, $failed not"
[ "$failed" -eq 0 ]
