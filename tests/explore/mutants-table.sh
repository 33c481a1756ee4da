#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tests/explore/mutants-table.sh: prints tests/explore/mutants/README.md: the mutants by class, and
# for each atomic order and fence of src/irq and src/deliver the mutant that weakens it, or why there
# is none (mutants/orders.txt). Fails if one has neither, or if a reason is about none.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mutants=tests/explore/mutants
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

header() {
	sed -n "s/^# $2: *//p" "$1" | head -n 1
}

# with_class CLASS: the patches that have it.
with_class() {
	grep -lE "^# class: (.*, )?$1(,|\$)" $mutants/*.patch
}

# class NAME TEXT: one row.
class() {
	local patch list
	list=$(with_class "$1" | while read -r patch; do
		printf '%s: %s<br>' "$(basename "$patch" .patch | cut -d - -f 1)" "$(header "$patch" what)"
	done)
	printf '| %s | %s |\n' "$2" "${list%<br>}"
}

# weakened: file and line of each line that a mutant of class "order" changes.
weakened() {
	local patch
	for patch in $(with_class order); do
		rm -rf "$work/src"
		cp -R src "$work/src"
		patch -p1 -s -F0 -d "$work" <"$patch"
		{ diff -rU0 src "$work/src" || true; } | awk -v mutant="$(basename "$patch" .patch | cut -d - -f 1)" '
			/^--- / { file = $2 }
			/^@@/ {
				split(substr($2, 2), at, ",")
				for (i = 0; i < (at[2] == "" ? 1 : at[2]); i++)
					print file ":" at[1] + i, mutant
			}'
	done
}

# orders: file, line, and "operation object, order" of each that is stronger than relaxed.
orders() {
	awk '
		FNR == 1 { before = "" }
		# Without an order of its own an access is sequentially consistent.
		/memory_order_(acquire|release|acq_rel|seq_cst)|atomic_(load|store|exchange|fetch_[a-z]*)\(/ &&
			!/^ *(\/\*|\*)/ {
			code = /atomic_/ ? $0 : before " " $0
			if (code !~ /memory_order/)
				code = code ", memory_order_seq_cst"
			match(code, /memory_order_(acquire|release|acq_rel|seq_cst)/)
			order = substr(code, RSTART + 13, RLENGTH - 13)
			sub(/^.*atomic_/, "", code)
			operation = code
			sub(/\(.*/, "", operation)
			sub(/_explicit/, "", operation)
			object = code
			sub(/^[^(]*\(&?/, "", object)
			sub(operation == "load" ? ", memory_order.*" : ", .*", "", object)
			if (operation == "thread_fence")
				object = ""
			print FILENAME "\t" FNR "\t" operation (object == "" ? "" : " " object) ", " order
		}
		{ before = $0 }' src/irq/*.[ch] src/deliver/*.[ch]
}

order_rows() {
	local file line what covered reason bad=0
	weakened >"$work/weakened"
	: >"$work/used"
	while IFS=$'\t' read -r file line what; do
		covered=$(awk -v at="$file:$line" '$1 == at { print $2 }' "$work/weakened" | sort -u | paste -s -d ' ')
		reason=$(awk -F '\t' -v key="$file: $what" '$1 == key { getline; sub(/^\t/, ""); print; exit }' \
			$mutants/orders.txt)
		# shellcheck disable=SC2016 # backquotes of Markdown
		if [ -n "$covered" ]; then
			printf '| %s | `%s` | %s |\n' "$file" "$what" "$covered"
		elif [ -n "$reason" ]; then
			printf '%s\n' "$file: $what" >>"$work/used"
			printf '| %s | `%s` | none: %s |\n' "$file" "$what" "$reason"
		else
			echo "$file:$line: no mutant weakens \"$what\", and orders.txt does not say why" >&2
			bad=1
		fi
	done < <(orders)
	while read -r what; do
		grep -qxF -- "$what" "$work/used" || {
			echo "orders.txt: nothing needs a reason: $what" >&2
			bad=1
		}
	done < <(grep '^src/' $mutants/orders.txt || true)
	return $bad
}

cat <<TEXT
# Mutants

[mutants-table.sh](../mutants-table.sh) prints this file. Each mutant is one deliberate defect of the library, as a patch; [mutants.sh](../mutants.sh)
(\`./check mutants\`) builds each and runs the tests that its header names: scenarios of the explorer (m...) or unit
tests (u...). All must be found. There are $(find $mutants -name '*.patch' | wc -l), beside those of the word's function and of the software CPU
interface (\`tests/model\`).

| class | mutants |
|---|---|
TEXT
class thread 'defects of the three mail threads: a remembered position used without its checks, a holder cleared at the wrong end, busy on access, notified while something is held'
class order 'an atomic order or a fence weakened'
class rmw 'a read-modify-write taken apart, or left out'
class recheck 'a second look left out, or taken too early'
class request 'a hint, a kick, a request or a maintenance interrupt forgotten'
class wait 'somebody who must be waited for is not'
class holder 'a rule about who holds an interrupt or a slot broken'
class life 'a rule about generations and stamps broken'
class overflow 'a rule of the overflow stack broken'
class state 'pending state, or a register, in the wrong place'
for kind in RACE REF LOCK LOST SPUR CRASH BADIN MIG SPEC; do
	class "museum $kind" "museum: $kind"
done
cat <<'TEXT'

## Atomic orders

Every access of `src/irq` and `src/deliver` that is stronger than relaxed, and what notices when it is not.

| file | access | mutant |
|---|---|---|
TEXT
order_rows
cat <<'TEXT'

Of an access with two orders each half has a mutant, but for one: that EnableLPIs is *acquired* when it is set
keeps a message that this thread sends then behind the clearing of the last disabling, in the order in which the LPI's word
changes; in the explorer that is always the order of execution.
TEXT
