#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# scripts/boot-time.sh [RUNS]: how much longer does Linux take to boot on the
# hypervisor? Boots it to its first user-space program, which powers off, RUNS
# times (5) without a hypervisor and RUNS times on it, by turns, so that a
# machine that gets busier slows down both. Prints each time, the medians and
# their ratio.
#
# Exit status: 0, or 1 if the ratio is above 1.4; 3 time-out; 5 could not run.

set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/qemu.sh
. "$ROOT/scripts/qemu.sh"

readonly LIMIT=140   # per cent
readonly TIMEOUT=120 # seconds, for one boot

# boot: boots once; leaves the milliseconds it took in $took.
boot() {
	local log=$CACHE/log/boot-time-$$.log start status=0
	qemu_command output "$log"
	# Microseconds since 1970; bash writes a decimal point or comma.
	start=${EPOCHREALTIME/[.,]/}
	timeout --foreground -k 5 "$TIMEOUT" "${QEMU[@]}" </dev/null >/dev/null || status=$?
	took=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
	[ "$status" -ne 124 ] || die "$EXIT_TIMEOUT" "no end after $TIMEOUT s; see ${log#"$ROOT"/}"
	[ "$status" -eq 0 ] || die "$EXIT_SETUP" "the emulator ended with status $status; see ${log#"$ROOT"/}"
	grep -aq 'LVGIC-GUEST: bench' "$log" ||
		die "$EXIT_SETUP" "the guest did not come up; see ${log#"$ROOT"/}"
	rm -f "$log"
}

# median NUMBER...
median() {
	printf '%s\n' "$@" | sort -n | awk '
		{ value[NR] = $1 }
		END { print int((value[int((NR + 1) / 2)] + value[int((NR + 2) / 2)]) / 2) }'
}

# seconds MILLISECONDS
seconds() {
	printf '%d.%03d s' $(($1 / 1000)) $(($1 % 1000))
}

main() {
	local runs=${1:-5} run took bare_median hyp_median ratio
	local -a bare_times=() hyp_times=()
	if ! [[ $runs =~ ^[1-9][0-9]{0,2}$ ]] || [ $# -gt 1 ]; then
		die "$EXIT_USAGE" "usage: scripts/boot-time.sh [RUNS]"
	fi

	"$ROOT/scripts/deps.sh" bench || exit "$EXIT_SETUP"
	"$ROOT/scripts/linux.sh" || exit "$EXIT_SETUP"
	build_hypervisor
	mkdir -p "$CACHE/log"
	GUEST_ARGS+=" quiet panic=-1 lvgic.bench"

	printf 'Boot of Linux to user space and off: %s, %d CPUs, %d MiB, %d runs each\n' \
		"$CPU_MODEL" "$CPUS" "$MEMORY" "$runs"
	for ((run = 1; run <= runs; run++)); do
		BARE=1 boot
		bare_times+=("$took")
		printf '%2d  bare %s' "$run" "$(seconds "$took")"
		BARE='' boot
		hyp_times+=("$took")
		printf '   hypervisor %s\n' "$(seconds "$took")"
	done

	bare_median=$(median "${bare_times[@]}")
	hyp_median=$(median "${hyp_times[@]}")
	ratio=$((hyp_median * 100 / bare_median))
	printf 'median  bare %s   hypervisor %s   ratio %d.%02d\n' \
		"$(seconds "$bare_median")" "$(seconds "$hyp_median")" $((ratio / 100)) $((ratio % 100))
	if [ "$ratio" -gt "$LIMIT" ]; then
		say "FAIL: the ratio is above $((LIMIT / 100)).$((LIMIT % 100))"
		exit "$EXIT_CHECK"
	fi
	say "pass"
}

main "$@"
