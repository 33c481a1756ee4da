#!/bin/sh
# SPDX-License-Identifier: MIT
#
# mutants.sh [--schedules N] [--seconds S] SRCDIR [NAME...]
#
# Checks that the tests notice when an ordering, an operation or a rule of the library is broken. Each
# mutant is a patch tests/explore/mutants/NAME.patch against the repository root, with lines before
# the diff:
#
#     # what: one sentence about what the patch breaks
#     # class: what kind of defect it is (mutants/README.md)
#     # scenarios: name,name,...      those of the explorer that find it, or
#     # unit: name,name,...           the unit tests that do: tests/unit/test_NAME.c
#
# For each mutant the patched library is built and the named tests are run until one fails. A mutant
# that none notices within the bound, a patch that does not apply, and a mutant that does not build
# are failures.
#
#   --schedules N   schedules per scenario (default 2000000)
#   --seconds S     seconds per scenario (default 120)
#
# CC (default gcc) compiles everything; EXPLORE_CFLAGS is added for the library and scenarios; JOBS
# (default 2) mutants are tried at the same time.

set -u

say() {
    printf '%s\n' "$*"
}

die() {
    say "mutants: $*" >&2
    exit 2
}

# compile OUTPUT_DIR FILE: in the current tree, for the explorer (objects) or the unit tests (unit).
# The explorer's runtime is compiled without instrumentation.
compile() {
    object=$1/$(printf '%s' "$2" | tr / -).o
    case $1:$2 in
    */objects:src/* | */objects:tests/explore/*)
        flags="-O1 -fsanitize=thread $no_fence_warning ${EXPLORE_CFLAGS-}"
        ;;
    */objects:*)
        flags=-O3
        ;;
    *)
        flags="-O1 ${EXPLORE_CFLAGS-}"
        ;;
    esac
    rm -f "$object" # it may be a link to the unpatched object
    # The flags are several words on purpose.
    # shellcheck disable=SC2086
    $CC -std=c11 -g $flags -Iinclude -Isrc -Ihost/sim -Itests/explore -c "$2" -o "$object"
}

# sources OUTPUT_DIR: what is linked there.
sources() {
    find src -name '*.c'
    case $1 in
    */objects) find host/sim tests/explore -maxdepth 1 -name '*.c' ! -name 'selftest*' ! -name 'reduction*' ;;
    *) find tests/unit -name '*.c' ! -name 'test_*' ;;
    esac
}

# build DIRECTORY FILE...: compiles them there, and says what went wrong.
build() {
    directory=$1
    shift
    for file in "$@"; do
        compile "$directory" "$file" >>"$log" 2>&1 || {
            say "FAIL $name: does not build: $(grep -m 1 error "$log")"
            return 1
        }
    done
}

header() {
    sed -n "s/^# $2: *//p" "$1" | head -n 1
}

# run_unit: the unit tests that a mutant names, one after the other, until one fails or hangs.
run_unit() {
    for test in $(header "$patch" unit | tr , ' '); do
        build "$tree/unit" "tests/unit/test_$test.c" || return 1
        $CC -o "test_$test" "$tree"/unit/src-*.o "$tree"/unit/tests-unit-[!t]*.o \
            "$tree/unit/tests-unit-test_$test.c.o" -lcmocka -pthread >>"$log" 2>&1 || {
            say "FAIL $name: test_$test does not link"
            return 1
        }
        timeout 60 "./test_$test" >"$log" 2>&1 || {
            message=$(sed -n 's/^\[  FAILED  \] \([a-z].*\)/\1/p' "$log" | head -n 1)
            say "ok   $name: test_$test: ${message:-crashes or hangs}"
            return 0
        }
    done
    say "FAIL $name: survived the unit tests $(header "$patch" unit) ($(header "$patch" what))"
    return 1
}

# run_scenarios: the same with scenarios of the explorer.
run_scenarios() {
    tried=0
    $CC -o explore objects/*.o >>"$log" 2>&1 || {
        say "FAIL $name: does not link"
        return 1
    }
    for scenario in $(header "$patch" scenarios | tr , ' '); do
        # The explorer keeps to its own time bound; the outer one is for hangs.
        timeout $((SECONDS_EACH + 60)) ./explore --scenario "$scenario" \
            --schedules "$SCHEDULES" --seconds "$SECONDS_EACH" >"$log" 2>&1
        status=$?
        count=$(sed -n 's/^[okFAIL]* *[^ ]* *\([0-9]*\) schedules.*/\1/p' "$log" | head -n 1)
        message=$(sed -n '/^FAIL/{n;s/^ *//p;q;}' "$log")
        tried=$((tried + ${count:-0}))
        case $status:$message in
        0:*) ;;
        1:explorer:* | 1:"not deterministic"*)
            say "FAIL $name: $scenario: $message"
            return 1
            ;;
        1:?*)
            say "ok   $name: $tried schedules, $scenario: $message"
            return 0
            ;;
        *)
            say "FAIL $name: $scenario did not run (status $status): $(tail -n 1 "$log")"
            return 1
            ;;
        esac
    done
    say "FAIL $name: survived $tried schedules of $(header "$patch" scenarios) ($(header "$patch" what))"
    return 1
}

# one NAME: prints one line, and returns 0 if the mutant was noticed.
one() {
    name=$1
    patch=$WORK/base/tests/explore/mutants/$name.patch
    tree=$WORK/$name
    log=$WORK/$name.log

    [ -f "$patch" ] || {
        say "FAIL $name: no such patch"
        return 1
    }
    case $(header "$patch" scenarios):$(header "$patch" unit) in
    :) say "FAIL $name: the patch names no tests" && return 1 ;;
    :?*) how=unit ;;
    *) how=objects ;;
    esac
    cp -R "$WORK/base" "$tree" && cp -R "$WORK/$how" "$tree/$how" || return 1
    cd "$tree" || return 1
    patch -p1 -s -F0 <"$patch" >"$log" 2>&1 || {
        say "FAIL $name: the patch does not apply: $(head -n 1 "$log")"
        return 1
    }

    # Only a patch that touches nothing but .c files allows to reuse the other objects.
    changed=$(sed -n 's|^+++ [^/]*/\([^[:space:]]*\).*|\1|p' "$patch")
    for file in $changed; do
        case $file in
        *.c) ;;
        *) changed=$(sources "$tree/$how") ;;
        esac
    done
    # Several words on purpose.
    # shellcheck disable=SC2086
    build "$tree/$how" $changed || return 1
    case $how in
    unit) run_unit || return 1 ;;
    *) run_scenarios || return 1 ;;
    esac
    rm -rf "$tree"
}

CC=${CC:-gcc}
export CC
no_fence_warning=
if echo 'int x;' | $CC -Werror -Wno-tsan -x c -c -o /dev/null - 2>/dev/null; then
    no_fence_warning=-Wno-tsan
fi

if [ "${1-}" = --one ]; then
    one "$2"
    exit
fi

SCHEDULES=2000000
SECONDS_EACH=120
while [ $# -gt 0 ]; do
    case $1 in
    --schedules) SCHEDULES=${2:?} ;;
    --seconds) SECONDS_EACH=${2:?} ;;
    -*) die "unknown option $1" ;;
    *) break ;;
    esac
    shift 2
done
[ $# -gt 0 ] || die "usage: mutants.sh [--schedules N] [--seconds S] SRCDIR [NAME...]"
script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
srcdir=$1
shift
WORK=$(mktemp -d) || exit 2
trap 'rm -rf "$WORK"' EXIT
trap 'exit 2' INT TERM
export WORK SCHEDULES SECONDS_EACH

mkdir -p "$WORK/base/tests" "$WORK/base/host" "$WORK/objects" "$WORK/unit" || exit 2
cp -R "$srcdir/include" "$srcdir/src" "$WORK/base" || die "cannot copy $srcdir"
cp -R "$srcdir/tests/explore" "$srcdir/tests/unit" "$WORK/base/tests" || die "cannot copy $srcdir/tests"
cp -R "$srcdir/host/sim" "$WORK/base/host" || die "cannot copy $srcdir/host/sim"
cd "$WORK/base" || exit 2
ls tests/explore/scenarios*.c >/dev/null 2>&1 || die "no tests/explore/scenarios*.c"
if [ $# -eq 0 ]; then
    for patch in tests/explore/mutants/*.patch; do
        [ -f "$patch" ] || die "no mutants"
        set -- "$@" "$(basename "$patch" .patch)"
    done
fi

for directory in "$WORK/objects" "$WORK/unit"; do
    for file in $(sources "$directory"); do
        compile "$directory" "$file" || die "the library does not build"
    done
done
$CC -o explore "$WORK"/objects/*.o || die "the library does not link"

# A scenario that fails without any mutant shows nothing.
needed=$(for name in "$@"; do
    [ -f "tests/explore/mutants/$name.patch" ] && header "tests/explore/mutants/$name.patch" scenarios
done | tr ',' '\n' | sort -u | grep . | paste -s -d , -)
if [ -n "$needed" ]; then
    ./explore --scenario "$needed" --schedules 5000 >"$WORK/base.log" 2>&1 || {
        cat "$WORK/base.log"
        die "scenarios fail without a mutant"
    }
fi

printf '%s\n' "$@" | xargs -P "${JOBS:-2}" -I '{}' sh "$script" --one '{}' >"$WORK/results"
sort "$WORK/results"
failed=$(grep -c '^FAIL' "$WORK/results")
noticed=$(grep -c '^ok' "$WORK/results")
say "$noticed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$noticed" -eq $# ]
