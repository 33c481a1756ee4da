#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# scripts/new-qemu.sh: a newer QEMU than Debian 12's, for what that does not
# emulate (NMIs). From Debian's backports, unpacked into .cache/new-qemu/
# beside the system's; nothing is installed. On standard output: the path of
# the emulator, for LVGIC_QEMU.
#
# What is there already is used again; delete .cache/new-qemu to start afresh.
#
# The packages come from where this machine's apt gets Debian's main section.
# Lists and archives are kept apart, so the machine's own lists stay as they
# are. Which libraries are missing here is what apt finds out.

set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly PLACE=$CACHE/new-qemu
readonly EMULATOR=$PLACE/qemu-system-aarch64
readonly KEYS=/usr/share/keyrings/debian-archive-keyring.gpg
WORK= # scratch directory, made in main

cleanup() {
	[ -z "$WORK" ] || rm -rf "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# codename: the name of this machine's release.
codename() {
	# shellcheck disable=SC1091
	(. /etc/os-release && echo "${VERSION_CODENAME:?}")
}

# mirror RELEASE: where apt gets this release's main section from.
mirror() {
	# shellcheck disable=SC2016 # apt's placeholders, not the shell's
	apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(SITE)' 'Created-By: Packages' |
		awk -v release="$1" '$1 == release && $2 == "main" && !site { site = $3 } END { print site }'
}

# private ARGUMENT...: apt-get with lists, archives and sources of its own, and
# the machine's own list of what is installed.
private() {
	apt-get -q=2 -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=1 \
		-o Dir::State::lists="$WORK/lists" -o Dir::Cache="$WORK/cache" \
		-o Dir::Etc::sourcelist="$WORK/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

# download: QEMU, and what it needs that is not installed, into $WORK/cache.
download() {
	local release site key=
	command -v apt-get >/dev/null || die "$EXIT_SETUP" "no apt-get here: set LVGIC_QEMU to a QEMU of your own"
	release=$(codename)
	site=$(mirror "$release")
	[ "$site" ] || die "$EXIT_SETUP" "this machine's apt has no source for Debian's main section"
	[ ! -r "$KEYS" ] || key="[signed-by=$KEYS] "
	printf 'deb %s%s %s main\n' "$key" "$site" "$release" "$key" "$site" "$release-backports" >"$WORK/sources.list"
	mkdir -p "$WORK/lists/partial" "$WORK/cache/archives/partial"
	private -o APT::Update::Error-Mode=any update >&2 ||
		die "$EXIT_SETUP" "could not fetch the package lists of $release-backports (see above)"
	private -y --download-only --no-install-recommends -t "$release-backports" install qemu-system-arm >&2 ||
		die "$EXIT_SETUP" "could not fetch QEMU from $release-backports (see above)"
	# Apt is content with a newer version that is installed already.
	compgen -G "$WORK/cache/archives/qemu-system-arm_*.deb" >/dev/null ||
		die "$EXIT_SETUP" "$release-backports has no newer QEMU than the one installed here"
}

# wrapper: the emulator as a program of its own, wherever this tree is.
wrapper() {
	cat <<-'SCRIPT'
		#!/bin/sh
		root=$(dirname "$0")/root
		for dir in "$root"/usr/lib/*-linux-gnu*; do
			libraries=${libraries:+$libraries:}$dir
		done
		LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
		export LD_LIBRARY_PATH
		exec "$root/usr/bin/qemu-system-aarch64" -L "$root/usr/share/qemu" "$@"
	SCRIPT
}

main() {
	local deb
	[ $# = 0 ] || die "$EXIT_USAGE" "usage: scripts/new-qemu.sh"
	if [ ! -x "$EMULATOR" ]; then
		mkdir -p "$CACHE"
		WORK=$(mktemp -d "$CACHE/new-qemu.XXXXXX")
		say "fetching a newer QEMU from Debian's backports"
		download
		mkdir "$WORK/ready"
		for deb in "$WORK"/cache/archives/*.deb; do
			dpkg-deb -x "$deb" "$WORK/ready/root" || die "$EXIT_SETUP" "could not unpack $(basename "$deb")"
		done
		wrapper >"$WORK/ready/qemu-system-aarch64"
		chmod +x "$WORK/ready/qemu-system-aarch64"
		"$WORK/ready/qemu-system-aarch64" --version >/dev/null ||
			die "$EXIT_SETUP" "the newer QEMU does not run here (see above)"
		rm -rf "$PLACE"
		mv "$WORK/ready" "$PLACE"
	fi
	say "$("$EMULATOR" --version | head -n 1)"
	echo "$EMULATOR"
}

main "$@"
