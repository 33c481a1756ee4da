#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# scripts/linux.sh [PART...]: fetches what the guests are made of, from Debian's
# arm64 packages, into .cache/guest/. Parts; those for Linux are the default:
#
#   kernel     Image, modules/       Debian's kernel, as it is, and its virtio drivers
#   busybox    busybox               BusyBox, linked statically
#   libfdt     libfdt.a, include/    device-tree library, for the hypervisor
#   initramfs  initramfs.cpio        guest-linux/ and BusyBox, packed
#   disk       disk.img, disk.sum    256 MiB of numbers, and their checksum
#   edk2       QEMU_EFI.fd           UEFI firmware, for ./run --firmware
#   uboot      u-boot.bin            U-Boot, likewise
#
# What is there already is used again; delete .cache/guest to start afresh.
#
# The packages come from where this machine's apt gets its own, and apt checks
# their signatures with this machine's keys. But apt is given a configuration
# and state directories of its own, under .cache/apt, with arm64 as the only
# architecture: the machine's package lists and its set of architectures stay
# as they are, and nothing is installed.

set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly APT=$CACHE/apt
readonly ARCH=arm64
# Drivers that ./run --pci needs, in the order in which they are loaded. Those
# that are no modules are built in.
readonly MODULES='virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci
	virtio_blk rng-core virtio-rng'
WORK= # scratch directory, made in main

# Everything but the last rename happens in a scratch directory, so whatever
# .cache/guest holds is whole, even when this script was interrupted.
cleanup() {
	[ -z "$WORK" ] || rm -rf "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---------------------------------------------------------------- apt, apart

# source_files: the machine's source files that name Debian itself. Their
# format, one-line or deb822, is left to apt to read. Other publishers' files
# are of no use here and may not know arm64 at all.
source_files() {
	local codename
	# shellcheck disable=SC1091
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# shellcheck disable=SC2016 # apt's placeholders, not the shell's
	apt-get indextargets --format '$(SOURCESENTRY) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk -v codename="$codename" '
			$3 == "main" && ($2 == codename || $2 == "stable" || $2 == "oldstable" ||
			                 index($2, codename "-") == 1 || index($2, codename "/") == 1) {
				sub(/:[0-9]+$/, "", $1)
				print $1
			}' |
		sort -u
}

# copy_sources: copies those files, without their limits to an architecture.
copy_sources() {
	local file any=
	rm -rf "$APT/sources"
	mkdir -p "$APT/sources"
	while read -r file; do
		any=1
		sed -E -e '/^Architectures:/d' \
			-e '/^[[:space:]]*deb/s/(\[[^]]*)\barch[+-]?=[^] ]*/\1/' \
			"$file" >"$APT/sources/$(basename "$file")"
	done < <(source_files)
	[ "$any" ] || die "$EXIT_SETUP" "this machine's apt has no source for Debian's main section"
}

# write_config: the configuration of the private apt. From the machine's own it
# takes how to reach the network (proxies and such) and where keys and
# passwords are; not its hooks, which would act on the machine.
write_config() {
	local user=_apt
	# As root, apt downloads as an unprivileged user. That works only where
	# this user may go, which a tree under /root is not.
	if [ "$(id -u)" -eq 0 ] && ! runuser -u "$user" -- test -x "$APT" 2>/dev/null; then
		user=root
	fi
	{
		apt-config dump | grep -E '^(Acquire::|Dir::Etc::(trusted|netrc))[^"]* "[^"]*";$' |
			grep -vE '^Acquire::(IndexTargets|Languages)\b'
		cat <<-CONFIG
			Acquire::Languages "none";
			Acquire::Retries "3";
			APT::Architecture "$ARCH";
			#clear APT::Architectures;
			APT::Architectures:: "$ARCH";
			APT::Sandbox::User "$user";
			Dir::State "$APT/state";
			Dir::State::lists "$APT/state/lists";
			Dir::State::status "$APT/state/status";
			Dir::Cache "$APT/cache";
			Dir::Cache::archives "$APT/cache/archives";
			Dir::Etc::sourcelist "/dev/null";
			Dir::Etc::sourceparts "$APT/sources";
			Dir::Etc::preferences "/dev/null";
			Dir::Etc::preferencesparts "/dev/null";
			Dir::Etc::main "/dev/null";
			Dir::Etc::parts "/dev/null";
		CONFIG
	} >"$APT/apt.conf"
}

# private COMMAND...: an apt command, with that configuration.
private() {
	APT_CONFIG=$APT/apt.conf "$@"
}

APT_READY=
# prepare_apt: brings the private package lists up to date, once per run.
prepare_apt() {
	[ -z "$APT_READY" ] || return 0
	command -v apt-get >/dev/null || die "$EXIT_SETUP" "no apt-get here: the guest's files come from Debian packages"
	mkdir -p "$APT/state/lists/partial" "$APT/cache/archives/partial"
	: >"$APT/state/status"
	copy_sources
	write_config
	say "fetching Debian's list of $ARCH packages"
	# "Error-Mode=any": by default apt only warns when a list could not be had.
	private apt-get -q=2 -o APT::Update::Error-Mode=any update >&2 ||
		die "$EXIT_SETUP" "could not fetch the package lists (see above)"
	APT_READY=1
}

# fetch PACKAGE: downloads it; its file's name is left in $deb.
fetch() {
	local package=$1 dir=$WORK/deb
	prepare_apt
	rm -rf "$dir"
	mkdir "$dir"
	[ "$(id -u)" -ne 0 ] || chown _apt "$dir" 2>/dev/null || true
	(cd "$dir" && private apt-get -q=2 download "$package" >&2) ||
		die "$EXIT_SETUP" "could not fetch Debian's $package for $ARCH"
	deb=$(echo "$dir"/*.deb)
	say "fetched $(dpkg-deb -f "$deb" Package) $(dpkg-deb -f "$deb" Version) ($(size_of "$deb"))"
}

# unpack PATTERN...: extracts these files of $deb; the root of the tree is left
# in $tree.
unpack() {
	tree=$WORK/tree
	rm -rf "$tree"
	mkdir "$tree"
	dpkg-deb --fsys-tarfile "$deb" |
		tar -x -C "$tree" --no-same-owner --wildcards "$@" ||
		die "$EXIT_SETUP" "$(basename "$deb") does not hold what was expected: $*"
}

# put FILE NAME: moves a finished file into .cache/guest.
put() {
	chmod "${3:-644}" "$1"
	mkdir -p "$(dirname "$GUEST/$2")"
	# First to the same file system, then one rename.
	mv "$1" "$GUEST/$2.new"
	mv "$GUEST/$2.new" "$GUEST/$2"
}

# ------------------------------------------------------------------ the parts

part_kernel() {
	# The drivers go in last.
	[ ! -s "$GUEST/Image" ] || [ ! -d "$GUEST/modules" ] || return 0
	local package image name file n=10
	prepare_apt
	# linux-image-arm64 is an empty package that depends on today's kernel.
	package=$(private apt-cache show --no-all-versions linux-image-arm64 |
		sed -nE 's/^Depends: (linux-image-[^ ,]+).*/\1/p')
	[ -n "$package" ] || die "$EXIT_SETUP" "Debian's linux-image-arm64 names no kernel"
	fetch "$package"
	unpack './boot/vmlinuz-*' './lib/modules/*/kernel/drivers/virtio/*' \
		'./lib/modules/*/kernel/drivers/block/*' './lib/modules/*/kernel/drivers/char/hw_random/*'
	image=$(echo "$tree"/boot/vmlinuz-*)
	if gzip -t "$image" 2>/dev/null; then
		gzip -dc "$image" >"$WORK/Image"
	else
		mv "$image" "$WORK/Image"
	fi
	[ "$(dd if="$WORK/Image" bs=1 skip=56 count=4 status=none)" = 'ARMd' ] ||
		die "$EXIT_SETUP" "$package holds no plain arm64 kernel image"
	mkdir "$WORK/modules"
	for name in $MODULES; do
		file=$(find "$tree/lib/modules" -name "$name.ko")
		[ -z "$file" ] || mv "$file" "$WORK/modules/$n-$name.ko"
		n=$((n + 1))
	done
	rm -rf "$GUEST/modules"
	put "$WORK/Image" Image
	mv "$WORK/modules" "$GUEST/modules"
	say "kernel: $package, Image $(size_of "$GUEST/Image")"
}

part_busybox() {
	[ ! -s "$GUEST/busybox" ] || return 0
	fetch busybox-static
	unpack '*bin/busybox'
	put "$(find "$tree" -type f -name busybox)" busybox 755
	say "BusyBox: $(size_of "$GUEST/busybox")"
}

part_libfdt() {
	# The library goes in last, so where it is the headers are.
	[ ! -s "$GUEST/libfdt.a" ] || return 0
	local header
	fetch libfdt-dev
	unpack './usr/include/*' '*/libfdt.a'
	for header in "$tree"/usr/include/*fdt*.h; do
		put "$header" "include/$(basename "$header")"
	done
	put "$(find "$tree" -type f -name libfdt.a)" libfdt.a
	say "libfdt: $(size_of "$GUEST/libfdt.a")"
}

part_initramfs() {
	part_busybox
	local out=$GUEST/initramfs.cpio file
	local -a sources=("$GUEST/busybox" "$GUEST/modules" "$ROOT/guest-linux/init"
		"$ROOT/guest-linux/selftest" "$ROOT/guest-linux/selftest-pci" "${BASH_SOURCE[0]}")
	if [ -s "$out" ]; then
		for file in "${sources[@]}"; do
			[ "$file" -nt "$out" ] && break
			file=
		done
		[ "$file" ] || return 0
	fi
	local fs=$WORK/fs
	mkdir -p "$fs"/{bin,dev,modules,proc,sys,tmp}
	install -m 755 "$GUEST/busybox" "$fs/bin/busybox"
	ln -s busybox "$fs/bin/sh"
	install -m 755 "$ROOT/guest-linux/init" "$fs/init"
	install -m 755 "$ROOT/guest-linux/selftest" "$fs/bin/selftest"
	install -m 644 "$ROOT/guest-linux/selftest-pci" "$fs/bin/selftest-pci"
	# A kernel of the user's own may come without ours.
	[ ! -d "$GUEST/modules" ] || install -m 644 "$GUEST"/modules/*.ko "$fs/modules"
	# Same input, same bytes: sorted names, no owner, no time, no inodes.
	find "$fs" -exec touch -h -d @0 {} +
	(cd "$fs" && find . | LC_ALL=C sort |
		cpio --quiet --reproducible -o -H newc -R 0:0) >"$WORK/initramfs.cpio"
	put "$WORK/initramfs.cpio" initramfs.cpio
	say "initial file system: $(size_of "$out")"
}

# part_disk: numbers of 15 digits, so that no two lines are the same. The sum is
# that of the sums of its eight parts, which can be read at the same time.
part_disk() {
	[ ! -s "$GUEST/disk.sum" ] || return 0
	local part
	seq 100000000000000 100000016777215 >"$WORK/disk.img"
	for part in 0 1 2 3 4 5 6 7; do
		dd if="$WORK/disk.img" bs=32M skip="$part" count=1 status=none | md5sum
	done | md5sum | cut -d ' ' -f 1 >"$WORK/disk.sum"
	put "$WORK/disk.img" disk.img
	put "$WORK/disk.sum" disk.sum
	say "disk: $(size_of "$GUEST/disk.img")"
}

# part_edk2: the build of EDK2 for QEMU's "virt" machine, without the padding
# that a flash drive would need.
part_edk2() {
	[ ! -s "$GUEST/QEMU_EFI.fd" ] || return 0
	fetch qemu-efi-aarch64
	unpack './usr/share/qemu-efi-aarch64/QEMU_EFI.fd'
	put "$(find "$tree" -type f -name QEMU_EFI.fd)" QEMU_EFI.fd
	say "EDK2: QEMU_EFI.fd $(size_of "$GUEST/QEMU_EFI.fd")"
}

part_uboot() {
	[ ! -s "$GUEST/u-boot.bin" ] || return 0
	fetch u-boot-qemu
	unpack './usr/lib/u-boot/qemu_arm64/u-boot.bin'
	put "$(find "$tree" -type f -name u-boot.bin)" u-boot.bin
	say "U-Boot: u-boot.bin $(size_of "$GUEST/u-boot.bin")"
}

main() {
	local part
	[ $# -gt 0 ] || set -- kernel busybox libfdt initramfs
	for part; do
		case $part in
		kernel | busybox | libfdt | initramfs | disk | edk2 | uboot) ;;
		*) die "$EXIT_USAGE" "unknown part '$part'; parts are: kernel busybox libfdt initramfs disk edk2 uboot" ;;
		esac
	done
	mkdir -p "$GUEST" "$APT"
	# Two of these at once would share the package lists; the second one waits,
	# and then finds everything there.
	exec 9>"$CACHE/linux.lock"
	flock 9
	# Whoever made such a directory was killed: we hold the lock.
	rm -rf "$CACHE"/linux.??????
	WORK=$(mktemp -d "$CACHE/linux.XXXXXX")
	chmod 755 "$WORK"
	for part; do
		"part_$part"
	done
}

main "$@"
