#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tool.sh LVGIC DIR [--write]: the command on the golden snapshots of DIR says what the text files
# beside them say (--write makes those anew), and its exit statuses are as its help says.
set -euo pipefail

lvgic=$1 dir=$2 write=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# expect STATUS NAME COMMAND...: its exit status, and that it says something.
expect() {
	local want=$1 name=$2 status=0
	shift 2
	"$@" >"$work/out" 2>&1 || status=$?
	if [ "$status" = "$want" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $name: exit status $status instead of $want"
		cat "$work/out"
	fi
}

# golden FILE COMMAND...: prints what the file holds.
golden() {
	local file=$dir/$1
	shift
	[ -z "$write" ] || "$@" >"$file" || true
	expect 0 "$*" same "$file" "$@"
}

same() {
	local file=$1
	shift
	"$@" | diff -u "$file" -
}

check_input() {
	"$lvgic" check - <"$1"
}

for snap in "$dir"/*.snap; do
	name=$(basename "$snap" .snap)
	expect 0 "check $name" "$lvgic" check "$snap"
	expect 0 "show $name" "$lvgic" show "$snap"
	expect 0 "show --json $name" "$lvgic" show "$snap" --json
	golden "$name.show" "$lvgic" show "$snap"
	# To KVM's attributes and back, and again: nothing is lost between the two lists.
	"$lvgic" kvm-export "$snap" >"$work/list"
	expect 0 "kvm-import $name" "$lvgic" kvm-import "$work/list" "$work/again.snap"
	expect 0 "check $name again" "$lvgic" check "$work/again.snap"
	"$lvgic" kvm-export "$work/again.snap" >"$work/list2"
	expect 0 "kvm-export $name twice" diff "$work/list" "$work/list2"
	expect 0 "standard input" check_input "$snap"
	expect 0 "diff with itself" "$lvgic" diff "$snap" "$snap"
	# Damage is found.
	{
		head -c 100 "$snap"
		printf x
		tail -c +102 "$snap"
	} >"$work/bad.snap"
	expect 1 "check of a damaged one" "$lvgic" check "$work/bad.snap"
	expect 2 "show of a damaged one" "$lvgic" show "$work/bad.snap"
	expect 2 "export of a damaged one" "$lvgic" kvm-export "$work/bad.snap"
done
golden v1-gicv3.attributes "$lvgic" kvm-export "$dir/v1-gicv3.snap"
golden v1-gicv3-its.attributes "$lvgic" kvm-export "$dir/v1-gicv3-its.snap"
# Configuration tables that are larger than there are LPIs (IDbits 31) are written, too.
"$lvgic" kvm-export "$dir/v1-gicv3-its.snap" | sed 's/0x4005000f/0x4005001f/' >"$work/list"
"$lvgic" kvm-import "$work/list" "$work/again.snap"
"$lvgic" kvm-export "$work/again.snap" >"$work/list2"
expect 0 "kvm-export with 32 bits of INTIDs" diff "$work/list" "$work/list2"
# Commands wait in a queue, which is not in the list: they wait afterwards, too.
"$lvgic" kvm-export "$dir/v1-gicv3-its.snap" |
	sed '/"attr": "0x88"/ { n; s/0x280/0x300/ }' >"$work/list"
"$lvgic" kvm-import "$work/list" "$work/again.snap"
"$lvgic" kvm-export "$work/again.snap" >"$work/list2"
expect 0 "waiting commands" diff "$work/list" "$work/list2"
# With memory, which is where tables of two levels are found.
"$lvgic" kvm-export "$dir/v1-gicv3-its.snap" >"$work/list"
expect 0 "export with memory" "$lvgic" kvm-export "$dir/v1-gicv3-its.snap" "$work/list"
expect 2 "export without that memory" "$lvgic" kvm-export "$dir/v1-gicv3-its.snap" "$work/none"
echo '{"memory": [{"address": "0x1000", "bytes": "12345"}]}' >"$work/list"
expect 2 "half a byte" "$lvgic" kvm-export "$dir/v1-gicv3-its.snap" "$work/list"
expect 1 "diff" "$lvgic" diff "$dir/v1-gicv3.snap" "$dir/v1-gicv2.snap"
expect 2 "no file" "$lvgic" show "$work/none"
sed -n '/^{ "config"/,/^ *"memory"/p' "$dir/../../docs/snapshot.md" >"$work/list"
expect 0 "the manual's example" "$lvgic" kvm-import "$work/list" "$work/x"
expect 2 "no list" "$lvgic" kvm-import "$work/none" "$work/x"
echo '{"config": {"gic": 3}, "attributes": []}' >"$work/list"
expect 2 "no VM" "$lvgic" kvm-import "$work/list" "$work/x"
echo '{"config": {"gic": 3, "affinities": ["0x0"]}, "attributes": [{"group": "X"}]}' >"$work/list"
expect 2 "no group" "$lvgic" kvm-import "$work/list" "$work/x"
expect 2 "no command" "$lvgic"
expect 2 "no such command" "$lvgic" frobnicate "$dir/v1-gicv3.snap"
expect 0 "help" "$lvgic" help
expect 0 "registers" "$lvgic" registers
echo "$passed passed, $failed failed"
[ $failed = 0 ]
