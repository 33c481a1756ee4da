#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tests/fuzz/afl.sh SECONDS [TARGET...]: runs fuzz targets (all, if none is named) under AFL++ for so
# long each, from the seeds in tests/fuzz/corpus. Builds them with afl-clang-fast, Address- and
# UndefinedBehaviourSanitizer, in build/afl. Prints how many inputs were run. An input that crashes
# or hangs fails this, and stays in .cache/fuzz/afl.

set -euo pipefail
LVGIC_SPEAKER=afl
# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

seeds=$ROOT/tests/fuzz/corpus
build=$ROOT/build/afl
found=$CACHE/fuzz/afl
# No terminal, no say about the machine's settings, and two cores that others use too.
export AFL_NO_UI=1 AFL_QUIET=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1
export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1
total=0

# figure FILE NAME: a figure of AFL's.
figure() {
	sed -n "s/^$2 *: *//p" "$1"
}

# fuzz TARGET SECONDS
fuzz() {
	local log=$found/$1.log stats=$found/$1/default/fuzzer_stats inputs
	rm -rf "${found:?}/$1"
	if ! ninja -C "$build" "tests/fuzz/fuzz_$1" >"$log" 2>&1 ||
		! afl-fuzz -V "$2" -t 10000 -i "$seeds/$1" -o "$found/$1" -- "$build/tests/fuzz/fuzz_$1" >>"$log" 2>&1; then
		tail -n 30 "$log"
		return 1
	fi
	inputs=$(figure "$stats" execs_done)
	printf '%-10s %8d inputs, %s of the edges\n' "$1" "$inputs" "$(figure "$stats" bitmap_cvg)"
	[ "$(figure "$stats" saved_crashes) $(figure "$stats" saved_hangs)" = '0 0' ] || {
		echo "$1: see $found/$1/default"
		return 1
	}
	total=$((total + inputs))
}

main() {
	local seconds=${1:?usage: tests/fuzz/afl.sh SECONDS [TARGET...]} target
	shift
	"$ROOT/scripts/deps.sh" afl
	mkdir -p "$found"
	[ -f "$build/build.ninja" ] || CC=afl-clang-fast meson setup "$build" "$ROOT" >/dev/null
	# shellcheck disable=SC2046 # names of directories here have no spaces
	[ $# -gt 0 ] || set -- $(ls "$seeds")
	for target; do
		fuzz "$target" "$seconds"
	done
	echo "$total inputs, nothing found"
}

main "$@"
