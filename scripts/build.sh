#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# scripts/build.sh WHAT...: builds, quietly unless something is wrong.
#
#   host   build/host     library, command, tests, explorer (gcc)
#   asan   build/asan     the same under Address- and UndefinedBehaviourSanitizer (gcc)
#   tsan   build/tsan     the same under ThreadSanitizer (clang)
#   clang  build/clang    the same with clang
#   coverage build/coverage  the same with clang, counting branches: scripts/coverage.sh
#   bench  build/bench    optimised, without the library's run-time checks
#   guest  build/aarch64  freestanding library and bare-metal guest (cross compiler)
#   hyp    build/aarch64  and the hypervisor, which needs libfdt from scripts/linux.sh

set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# quietly COMMAND...: what it prints is of interest only when it fails.
quietly() {
	local log
	log=$(mktemp)
	if ! "$@" >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		die "$EXIT_SETUP" "failed: $*"
	fi
	rm -f "$log"
}

# build DIRECTORY MESON-OPTION...: configures it if that was not done yet (or the
# options are others now), and builds it.
build() {
	local dir=$ROOT/build/$1 options=$ROOT/build/$1.options
	shift
	mkdir -p "$ROOT/build"
	if ! [ -f "$dir/build.ninja" ] || [ "$(cat "$options" 2>/dev/null)" != "$*" ]; then
		rm -rf "$dir"
		quietly meson setup "$@" "$dir" "$ROOT"
		printf '%s' "$*" >"$options"
	fi
	quietly ninja -C "$dir"
}

main() {
	local what
	[ $# -gt 0 ] || die "$EXIT_USAGE" "what? host, asan, tsan, clang, coverage, bench, guest or hyp"
	for what; do
		case $what in
		host) build host ;;
		asan) build asan -Db_sanitize=address,undefined -Db_lundef=false ;;
		# gcc's ThreadSanitizer does not know stand-alone fences; clang's does not complain.
		tsan) CC=clang build tsan -Db_sanitize=thread -Db_lundef=false ;;
		clang) CC=clang build clang ;;
		# Atomic: what threads count must add up.
		coverage)
			CC=clang build coverage -Dc_link_args=-fprofile-instr-generate -Dc_args="
				-fprofile-instr-generate -fcoverage-mapping -fprofile-update=atomic
				-fprofile-list=$ROOT/tests/coverage-rooms.txt"
			;;
		bench) build bench -Dchecks=false -Doptimization=3 ;;
		guest | hyp)
			"$ROOT/scripts/linux.sh" libfdt || exit "$EXIT_SETUP"
			build aarch64 --cross-file "$ROOT/cross/aarch64-none.ini" -Dlibfdt_dir="$GUEST"
			;;
		*) die "$EXIT_USAGE" "unknown: $what" ;;
		esac
	done
}

main "$@"
