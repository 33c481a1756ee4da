#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tests/model/pthread/emit.sh SCENARIO: prints the scenario and the core as one preprocessed C file
# (for clang: CC), which calls nothing but pthreads, assert and __VERIFIER_assume.
#
# tests/model/pthread/emit.sh --check: that this is so for every scenario, and that they compile.

set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
root=$here/../../..
compiler=${CC:-clang}

emit() {
	"$compiler" -std=c11 -E -P -DMODEL_CHECKER -I"$root/src" -I"$root/include" "$here/$1.c"
}

check() {
	local scenario unknown n=0
	object=$(mktemp)
	trap 'rm -f "$object"' EXIT
	for scenario in "$here"/*.c; do
		emit "$(basename "$scenario" .c)" | "$compiler" -std=c11 -w -O1 -x c -c -o "$object" -
		unknown=$(nm -u "$object" | awk '{ print $2 }' |
			grep -vxE 'pthread_create|pthread_join|__assert_fail|__VERIFIER_assume|mem(cpy|move|set)' || true)
		[ -z "$unknown" ] || {
			echo "$scenario calls $unknown" >&2
			exit 1
		}
		n=$((n + 1))
	done
	echo "$n files"
	[ $n -gt 0 ]
}

case ${1:-} in
--check) check ;;
[a-z]*) emit "$1" ;;
*)
	echo "usage: emit.sh SCENARIO | --check" >&2
	exit 2
	;;
esac
