#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tests/fuzz/run.sh SECONDS SEED [CORPUS [TARGET...]]: runs each fuzz target of build/clang, or those
# that are named, for so long, from the seeds in tests/fuzz/corpus and what was found before in
# CORPUS, which grows; without it, or with "", nothing is kept. Prints how many inputs were run. An input that fails stays in .cache/fuzz.

set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

seeds=$ROOT/tests/fuzz/corpus
found=$CACHE/fuzz
total=0

# fuzz TARGET SECONDS SEED CORPUS
fuzz() {
	local log=$found/$1.log executed
	mkdir -p "$4"
	"$ROOT/build/clang/tests/fuzz/fuzz_$1" -max_total_time="$2" -seed="$3" -max_len=4096 \
		-len_control=0 -timeout=10 -print_final_stats=1 -artifact_prefix="$found/$1-" \
		"$4" "$seeds/$1" >"$log" 2>&1 || {
		tail -n 60 "$log"
		return 1
	}
	executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	printf '%-8s %8d inputs, %s\n' "$1" "$executed" "$(grep -oE 'cov: [0-9]+ ft: [0-9]+' "$log" | tail -n 1)"
	total=$((total + executed))
}

main() {
	local target seconds seed
	[ $# -ge 2 ] || die "$EXIT_USAGE" "usage: tests/fuzz/run.sh SECONDS SEED [CORPUS [TARGET...]]"
	seconds=$1 seed=$2 corpus=${3:-}
	shift $(($# < 3 ? $# : 3))
	mkdir -p "$found"
	[ -n "$corpus" ] || {
		corpus=$(mktemp -d)
		trap 'rm -rf "$corpus"' EXIT
	}
	# shellcheck disable=SC2046 # names of directories here have no spaces
	[ $# -gt 0 ] || set -- $(ls "$seeds")
	for target; do
		fuzz "$target" "$seconds" "$seed" "$corpus/$target"
	done
	echo "$total inputs, nothing found"
}

main "$@"
