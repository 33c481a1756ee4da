# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What every script here needs: where things are, how to say things, how to
# stop. Sourced, not run.

# The exit statuses of ./run, used by its helpers too so that a failure keeps
# its meaning on the way up.
# shellcheck disable=SC2034 # used by the scripts that source this file
readonly EXIT_OK=0 EXIT_CHECK=1 EXIT_USAGE=2 EXIT_TIMEOUT=3 EXIT_FAULT=4 EXIT_SETUP=5

# The top of the source tree.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Everything downloaded or written while running; not part of the sources.
# shellcheck disable=SC2034
CACHE=$ROOT/.cache
# The guest's files: kernel, BusyBox, initial file system, libfdt.
# shellcheck disable=SC2034
GUEST=$CACHE/guest

# Whose message this is. A script started by another one speaks in its name.
: "${LVGIC_SPEAKER:=$(basename "$0" .sh)}"

# say TEXT...: one line about what is going on. On standard error, so that
# standard output stays the guest's console (or the answer asked for).
say() {
	printf '%s: %s\n' "$LVGIC_SPEAKER" "$*" >&2
}

# die STATUS TEXT...: say why, and stop.
die() {
	local status=$1
	shift
	say "error: $*"
	exit "$status"
}

# size_of FILE: its size, for people.
size_of() {
	numfmt --to=iec --suffix=B "$(stat -L -c %s "$1")"
}
