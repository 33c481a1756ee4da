#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a test image on QEMU's own GIC and prints its transcript.
# Usage: run-qemu.sh [--gic 2|3] IMAGE [CPUS [CPU_MODEL]]
# Exits non-zero when a test failed, the image did not finish, or it took more than 60 seconds.
set -u

gic=3
if [ "${1:-}" = --gic ]; then
    gic=${2:-}
    shift 2
fi
case $#$gic in
[1-3][23]) ;;
*)
    echo "usage: $0 [--gic 2|3] IMAGE [CPUS [CPU_MODEL]]" >&2
    exit 2
    ;;
esac
image=$1
cpus=${2:-4}
model=${3:-cortex-a57}

transcript=$(mktemp) || exit 2
trap 'rm -f "$transcript"' EXIT

timeout "${TIMEOUT:-60}" "${LVGIC_QEMU:-qemu-system-aarch64}" -M "virt,gic-version=$gic" -cpu "$model" \
    -smp "$cpus" -m 256 -nographic -nodefaults -serial stdio -no-reboot -kernel "$image" \
    </dev/null >"$transcript"
status=$?
cat "$transcript"

if [ $status -eq 124 ]; then
    echo "$0: timed out" >&2
    exit 1
elif [ $status -ne 0 ]; then
    echo "$0: QEMU ended with status $status" >&2
    exit 1
fi
# The summary is printed only when all tests have been run, or were given up with a failure.
tail -n 1 "$transcript" | grep -q '^[1-9][0-9]* passed, 0 failed$'
