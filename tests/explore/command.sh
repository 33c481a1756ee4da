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
"$lvgic" explore --ledger "$ledger" --total 40000 --jobs 2 | tail -n 1 | grep -E '^(4|6)0000 schedules of [0-9]+ scenarios, all clean'
"$lvgic" explore --ledger "$ledger" --total 80000 | tail -n 1 | grep -E '^80000 schedules of [0-9]+ scenarios, all clean'
"$lvgic" explore --ledger "$ledger" | grep -E '^\| all [0-9]+ \| 80000 \|'

# Another program's ledger starts anew.
sed -i '1s/program [0-9a-f]*/program 0000000000000000/' "$ledger"
"$lvgic" explore --ledger "$ledger" --total 20000 | grep -x 'the program has changed: the ledger starts anew'
"$lvgic" explore --ledger "$ledger" | grep -E '^\| all [0-9]+ \| 20000 \|'
