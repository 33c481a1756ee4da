#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# command.sh LVGIC: "lvgic explore" finds the explorer, replays, and keeps a ledger.

set -euo pipefail
lvgic=$1
ledger=$(mktemp)
trap 'rm -f "$ledger"' EXIT

# A schedule is the same whenever its seed is run again, in the same words.
first=$("$lvgic" explore --replay 0x1234 --scenario s1-two-injectors)
[ "$first" = "$("$lvgic" explore --replay 0x1234 --scenario s1-two-injectors)" ]
grep -q 'clean after' <<<"$first"

# So is a schedule in explicit form, also of an actor with two digits.
"$lvgic" explore --script '0@3>2,31@5>1' --scenario s1-two-injectors | grep 'clean after' >/dev/null
! "$lvgic" explore --script '32@3>2' --scenario s1-two-injectors 2>/dev/null || exit 1

# Two processes add up in the ledger, and go on with it.
schedules() {
	sed -n -E '$s/^([0-9]+) schedules of [0-9]+ scenarios, at least [0-9]+ of each, all clean,.*/\1/p'
}
some=$("$lvgic" explore --ledger "$ledger" --total 40000 --jobs 2 | schedules)
[ "$some" -ge 40000 ]
more=$("$lvgic" explore --ledger "$ledger" --total $((some + 1)) | schedules)
[ "$more" -gt "$some" ]
"$lvgic" explore --ledger "$ledger" | grep -F "| $more | |" >/dev/null

# Another program's ledger starts anew.
sed -i '1s/program [0-9a-f]*/program 0000000000000000/' "$ledger"
"$lvgic" explore --ledger "$ledger" --total 1 | grep -x 'the program has changed: the ledger starts anew'
"$lvgic" explore --ledger "$ledger" | grep -E '^\| all [0-9]+ \|'
