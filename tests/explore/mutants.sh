#!/bin/sh
# SPDX-License-Identifier: MIT
#
# mutants.sh [--schedules N] [--seconds S] SRCDIR [NAME...]
#
# Checks that the explorer's scenarios notice when an ordering or an operation of the library is
# broken. Each mutant is a patch tests/explore/mutants/NAME.patch against the repository root, with
# two lines before the diff:
#
#     # what: one sentence about what the patch breaks
#     # scenarios: name,name,...
#
# For each mutant the patched library is built and the named scenarios are run until one fails. A
# mutant that no scenario notices within the bound, a patch that does not apply, and a mutant that
# does not build are failures.
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

# compile OUTPUT_DIR FILE: in the current tree; the runtime is compiled without instrumentation.
compile() {
    object=$1/$(printf '%s' "$2" | tr / -).o
    case $2 in
    src/* | tests/explore/*)
        flags="-O1 -fsanitize=thread $no_fence_warning ${EXPLORE_CFLAGS-}"
        ;;
    *)
        flags=-O3
        ;;
    esac
    rm -f "$object" # it may be a link to the unpatched object
    # The flags are several words on purpose.
    # shellcheck disable=SC2086
    $CC -std=c11 -g $flags -Iinclude -Isrc -Ihost/sim -Itests/explore -c "$2" -o "$object"
}

sources() {
    find src -name '*.c'
    find host/sim tests/explore -maxdepth 1 -name '*.c' ! -name 'selftest*'
}

header() {
    sed -n "s/^# $2: *//p" "$1" | head -n 1
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
    scenarios=$(header "$patch" scenarios)
    [ -n "$scenarios" ] || {
        say "FAIL $name: the patch names no scenarios"
        return 1
    }
    cp -R "$WORK/base" "$tree" && cp -R "$WORK/objects" "$tree/objects" || return 1
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
        *) changed=$(sources) ;;
        esac
    done
    for file in $changed; do
        compile objects "$file" >>"$log" 2>&1 || {
            say "FAIL $name: does not build: $(grep -m 1 error "$log")"
            return 1
        }
    done
    $CC -o explore objects/*.o >>"$log" 2>&1 || {
        say "FAIL $name: does not link"
        return 1
    }

    tried=0
    for scenario in $(printf '%s' "$scenarios" | tr , ' '); do
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
            rm -rf "$tree"
            return 0
            ;;
        *)
            say "FAIL $name: $scenario did not run (status $status): $(tail -n 1 "$log")"
            return 1
            ;;
        esac
    done
    say "FAIL $name: survived $tried schedules of $scenarios ($(header "$patch" what))"
    return 1
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

mkdir -p "$WORK/base/tests" "$WORK/base/host" "$WORK/objects" || exit 2
cp -R "$srcdir/include" "$srcdir/src" "$WORK/base" || die "cannot copy $srcdir"
cp -R "$srcdir/tests/explore" "$WORK/base/tests" || die "cannot copy $srcdir/tests/explore"
cp -R "$srcdir/host/sim" "$WORK/base/host" || die "cannot copy $srcdir/host/sim"
cd "$WORK/base" || exit 2
ls tests/explore/scenarios*.c >/dev/null 2>&1 || die "no tests/explore/scenarios*.c"
if [ $# -eq 0 ]; then
    for patch in tests/explore/mutants/*.patch; do
        [ -f "$patch" ] || die "no mutants"
        set -- "$@" "$(basename "$patch" .patch)"
    done
fi

for file in $(sources); do
    compile "$WORK/objects" "$file" || die "the library does not build"
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
