#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# scripts/coverage.sh: which branches of the core (src/irq, src/deliver, src/cpuif) the tests take.
#
# Runs the unit tests, the exhaustive model, the comparison of the virtual CPU interface and the
# threads, built by clang with its coverage instrumentation. Each condition counts as two branches,
# and each case of a switch. What an inline function of a header has in several files, or a library
# function in several tests, is one branch. Prints branches and missed ones for each file, then each
# missed branch. Fails if one is missed that tests/coverage-exceptions.txt does not explain: a line
# there is what is printed here, without the line number.
# (The explorer has an instrumentation of its own and cannot be measured in this way.)

set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

BUILD=$ROOT/build/coverage
PROFILES=$BUILD/profiles
EXCEPTIONS=$ROOT/tests/coverage-exceptions.txt

# What is run, with its arguments.
programs() {
	local test
	for test in "$ROOT"/tests/unit/test_*.c; do
		echo "$BUILD/tests/unit/$(basename "$test" .c)"
	done
	echo "$BUILD/tests/model/exhaustive"
	echo "$BUILD/tests/model/icv_compare --seeds 30000"
	echo "$BUILD/tests/threads/stress"
	echo "$BUILD/tests/threads/lpis"
	echo "$BUILD/tests/threads/sources"
}

# run_tests: two at a time, leaving a profile each.
run_tests() {
	rm -rf "$PROFILES"
	mkdir -p "$PROFILES"
	export LLVM_PROFILE_FILE=$PROFILES/%p.profraw
	# shellcheck disable=SC2016 # the inner shell's
	programs | xargs -P 2 -I '{}' sh -c \
		'log=$(mktemp); {} >"$log" 2>&1 || { cat "$log"; rm -f "$log"; exit 1; }; rm -f "$log"' >&2 ||
		die "$EXIT_CHECK" "a test has failed"
	llvm-profdata-14 merge -o "$PROFILES/all" "$PROFILES"/*.profraw
}

# branches: one line for each instance of a condition: file, function, line, column, end line, end
# column, macro expansion, how often true, how often false.
branches() {
	local -a objects
	mapfile -t objects < <(programs | awk 'NR > 1 { print "-object" } { print $1 }')
	llvm-cov-14 export -instr-profile "$PROFILES/all" "${objects[@]}" |
		jq -r --arg build "$BUILD/../../" '
			.data[0].functions[]
			| .filenames as $files | (.name | sub("^.*:"; "")) as $function
			| .branches[]
			| [($files[.[6]] | ltrimstr($build)), $function, .[:4][], .[6], .[4], .[5]]
			| select(.[0] | test("^src/(irq|deliver|cpuif)/")) | @tsv'
}

# report: reads branches; prints the table, the missed ones, and the result in one line.
report() {
	awk -F '\t' -v exceptions="$EXCEPTIONS" '
		# The text of a condition, in one line.
		function condition(file, line, column, end_line, end_column,    n, text, piece) {
			for (n = 1; n <= end_line; n++) {
				if ((getline piece <file) <= 0)
					break
				if (n < line)
					continue
				if (n == end_line)
					piece = substr(piece, 1, end_column - 1)
				text = text " " (n == line ? substr(piece, column) : piece)
			}
			close(file)
			gsub(/[ \t]+/, " ", text)
			return substr(text, 2)
		}

		function branch(key, outcome, count,    part, name, place) {
			split(key, part, SUBSEP)
			total[part[1]]++
			all++
			if (count)
				return
			missed[part[1]]++
			name = part[1] " " part[2] "(): " \
				condition(part[1], part[3], part[4], part[5], part[6]) " is never " outcome
			place = part[1] ":" part[3] ":" substr(name, length(part[1]) + 1)
			if (reason[name] != "") {
				used[name] = 1
				explained[++excepted] = place "\n    " reason[name]
			} else {
				unexplained[++bad] = place
			}
		}

		BEGIN {
			while ((getline row <exceptions) > 0)
				if (row ~ /^src/)
					last = row
				else if (row ~ /^\t/)
					reason[last] = reason[last] (reason[last] == "" ? "" : " ") substr(row, 2)
		}
		{
			key = $1 SUBSEP $2 SUBSEP $3 SUBSEP $4 SUBSEP $5 SUBSEP $6 SUBSEP $7
			if (!(key in true))
				order[++n] = key
			true[key] += $8
			false[key] += $9
		}
		END {
			for (i = 1; i <= n; i++) {
				branch(order[i], "true", true[order[i]])
				branch(order[i], "false", false[order[i]])
			}
			printf "%-28s %8s %8s %8s\n", "file", "branches", "missed", "percent"
			fflush()
			for (file in total)
				printf "%-28s %8d %8d %8.1f\n", file, total[file], missed[file],
					100 - 100 * missed[file] / total[file] | "sort"
			close("sort")
			print ""
			for (i = 1; i <= excepted; i++)
				print "explained: " explained[i]
			for (i = 1; i <= bad; i++)
				print "MISSED: " unexplained[i]
			for (name in reason)
				if (reason[name] != "" && !(name in used))
					print "taken in this run: " name
			printf "%d branches, %d taken (%.1f %%), %d explained, %d missed\n", all,
				all - bad - excepted, 100 * (all - bad - excepted) / (all ? all : 1), excepted, bad
			exit (bad || !all)
		}'
}

main() {
	cd "$ROOT"
	scripts/deps.sh check
	scripts/build.sh coverage
	run_tests
	branches | report
}

main
