#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# scripts/deps.sh GROUP...: makes sure the Debian packages that a group of
# scripts needs are installed. Groups: run, check, bench, afl. And the group
# newqemu, which installs nothing: see scripts/new-qemu.sh.
#
# Does nothing, and says nothing, when they all are. Otherwise it says what is
# missing and what it is for, and installs it with apt-get, as root or through
# sudo.

set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# One line per package: who needs it, its name, what it is for.
packages() {
	cat <<-'LIST'
		run,bench        qemu-system-arm           the emulator everything boots in
		run,check,bench  gcc-aarch64-linux-gnu     compiles for arm64
		run,check,bench  libc6-dev-arm64-cross     C headers for arm64, which libfdt's own include
		run,check,bench  meson                     describes the build
		run,check,bench  ninja-build               carries the build out
		run,check,bench  gcc                       compiles for this machine
		run,check,bench  libc6-dev                 C library headers for this machine
		run,check        device-tree-compiler      makes and reads device trees
		run,bench        cpio                      packs the guest's initial file system
		check,bench      pkg-config                tells the build where libcmocka is
		check,bench      libcmocka-dev             the unit tests' framework
		check,bench      libjansson-dev            reads and writes JSON, for the command lvgic
		check            clang                     the second compiler, and its sanitizers
		check            libclang-rt-14-dev        run-time part of clang's sanitizers
		check            llvm-14                   reads the branches that clang counts
		check            jq                        and picks them out of what that prints
		check            clang-format              checks the layout of C files
		check            shellcheck                checks the shell scripts
		check            patch                     plants the faults that tests must find
		afl              afl++                     a second fuzzer
	LIST
}

# wanted GROUP...: the lines of packages() for these groups, without the groups.
wanted() {
	packages | awk -v groups="$*" '
		BEGIN { n = split(groups, group, " ") }
		{
			for (i = 1; i <= n; i++)
				if (("," $1 ",") ~ ("," group[i] ",")) {
					sub(/^[^ ]+ +/, "")
					print
					next
				}
		}'
}

# installed: the names of all installed packages, one per line.
installed() {
	# Packages with a file of their own per architecture are listed as
	# name:architecture only by ${binary:Package}; ${Package} is the bare name.
	# shellcheck disable=SC2016
	dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | awk '$1 == "ii" || $1 == "hi" { print $2 }'
}

# missing GROUP...: those lines of wanted() whose package is not installed.
missing() {
	awk 'NR == FNR { have[$1] = 1; next } !($1 in have)' <(installed) <(wanted "$@")
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "$EXIT_SETUP" "not root, and there is no sudo here; as root: $*"
	fi
}

# known PACKAGE...: whether apt has a version of each to install.
known() {
	local package policy
	for package; do
		policy=$(apt-cache policy "$package" 2>/dev/null)
		[[ $policy =~ Candidate:\ [^\(] ]] || return 1
	done
}

install_missing() {
	local -a lines names
	local -a quiet=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0)
	mapfile -t lines < <(missing "$@")
	[ "${#lines[@]}" -gt 0 ] || return 0

	command -v apt-get >/dev/null ||
		die "$EXIT_SETUP" "no apt-get here; these Debian packages, or their like, are needed:" "${lines[@]%% *}"
	say "installing ${#lines[@]} Debian package(s):"
	printf '  %s\n' "${lines[@]}" >&2
	names=("${lines[@]%% *}")

	# A fresh machine or container has no package lists.
	if ! known "${names[@]}"; then
		say "apt does not know all of them yet: apt-get update"
		as_root "${quiet[@]}" update >&2 || die "$EXIT_SETUP" "apt-get update failed"
	fi
	# What apt prints is long, and of interest only when it fails.
	local log
	log=$(mktemp)
	if ! as_root "${quiet[@]}" install --no-install-recommends "${names[@]}" >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		die "$EXIT_SETUP" "apt-get could not install them (see above)"
	fi
	rm -f "$log"
	say "installed"
}

main() {
	[ $# -gt 0 ] || die "$EXIT_USAGE" "which group? one or more of: run check bench afl; or newqemu"
	[ "$*" != newqemu ] || exec "$ROOT/scripts/new-qemu.sh"
	local group
	for group; do
		case $group in
		run | check | bench | afl) ;;
		*) die "$EXIT_USAGE" "unknown group '$group'; groups are: run check bench afl; or newqemu alone" ;;
		esac
	done
	install_missing "$@"
}

main "$@"
