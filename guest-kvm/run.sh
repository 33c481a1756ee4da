#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# guest-kvm/run.sh [OPTION...] guest.bin: runs the test guest on Linux's KVM,
# which itself runs in QEMU, and prints the guest's transcript.
#
#   --cpus N        how many CPUs the guest has, 1 to 8 (4)
#   --cpu MODEL     the CPU of the machine that KVM runs on: neoverse-n1
#                   (default; KVM uses VHE), cortex-a57 (it cannot), or another
#   --skip TEST     leave out this test; may be given more than once
#   --compare       compare the transcript with that of QEMU's own GIC: what
#                   differs must be in guest-kvm/expected.txt. Leaves out the
#                   tests that it says do not come to an end on KVM
#   --kernel FILE   another arm64 Linux kernel, with KVM in it (Debian's)
#   --build DIR     where to build the program that runs the guest
#   --timeout S     give up after S seconds (170)
#
# Exit status: 0 no test failed or, with --compare, nothing unexpected differed;
# 1 the opposite; 2 wrong usage; 3 time-out; 4 KVM or the program that uses it
# failed; 5 could not set things up.

set -euo pipefail
# Not the name of this file: others are called so too.
LVGIC_SPEAKER=guest-kvm
export LVGIC_SPEAKER
# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

readonly HERE=$ROOT/guest-kvm
# Every line of the program that runs the guest starts with this.
readonly MARK='guest-kvm: '

CPUS=4
CPU_MODEL=neoverse-n1
KERNEL=$GUEST/Image
GIVEN_KERNEL=
BUILD=$CACHE/guest-kvm
TIMEOUT=170
COMPARE=
SKIP=()
IMAGE=
WORK= # scratch directory, made in main

cleanup() {
	[ -z "$WORK" ] || rm -rf "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

usage() {
	sed -n 's/^# \{0,1\}//; 4,21p' "${BASH_SOURCE[0]}"
}

# number TEXT LOW HIGH OPTION: insists on a number from LOW to HIGH.
number() {
	if ! [[ $1 =~ ^[1-9][0-9]{0,8}$ ]] || [ "$1" -lt "$2" ] || [ "$1" -gt "$3" ]; then
		die "$EXIT_USAGE" "$4 takes a number from $2 to $3, not '$1'"
	fi
}

parse() {
	local option
	while [ $# -gt 0 ]; do
		option=$1
		shift
		case $option in
		--compare) COMPARE=1 ;;
		--help | -h)
			usage
			exit "$EXIT_OK"
			;;
		--cpus | --cpu | --skip | --kernel | --build | --timeout)
			[ $# -gt 0 ] || die "$EXIT_USAGE" "$option needs a value"
			take "$option" "$1"
			shift
			;;
		-*) die "$EXIT_USAGE" "unknown option '$option'; --help lists them" ;;
		*)
			[ -z "$IMAGE" ] || die "$EXIT_USAGE" "one image, not '$IMAGE' and '$option'"
			IMAGE=$option
			;;
		esac
	done
	[ "$IMAGE" ] || die "$EXIT_USAGE" "which image? --help says more"
	[ -r "$IMAGE" ] || die "$EXIT_USAGE" "no image at $IMAGE"
	[ -r "$KERNEL" ] || [ -z "$GIVEN_KERNEL" ] || die "$EXIT_USAGE" "no kernel at $KERNEL"
}

# take OPTION VALUE
take() {
	case $1 in
	--cpus)
		number "$2" 1 8 "$1"
		CPUS=$2
		;;
	--cpu)
		[[ $2 =~ ^[A-Za-z0-9._-]+$ ]] || die "$EXIT_USAGE" "--cpu takes the name of a CPU, not '$2'"
		CPU_MODEL=$2
		;;
	--skip)
		# It becomes a word of the kernel's command line.
		[[ $2 =~ ^[a-z0-9.-]+$ ]] || die "$EXIT_USAGE" "--skip takes the name of a test, not '$2'"
		SKIP+=("$2")
		;;
	--kernel)
		KERNEL=$2
		GIVEN_KERNEL=1
		;;
	--build) BUILD=$2 ;;
	--timeout)
		number "$2" 1 1000000 "$1"
		TIMEOUT=$2
		;;
	esac
}

# build: makes the initial file system: the program, as process 1, and the image.
build() {
	local fs=$WORK/fs
	[ "$GIVEN_KERNEL" ] || [ -s "$KERNEL" ] || "$ROOT/scripts/linux.sh" kernel || exit "$EXIT_SETUP"
	mkdir -p "$BUILD" "$fs/dev"
	if [ ! "$BUILD/vmm" -nt "$HERE/vmm.c" ]; then
		# One rename at the end, for runs at the same time.
		aarch64-linux-gnu-gcc -std=gnu11 -O2 -Wall -Wextra -Wmissing-prototypes -static -pthread \
			-o "$BUILD/vmm.$$" "$HERE/vmm.c" || die "$EXIT_SETUP" "could not build vmm.c"
		mv "$BUILD/vmm.$$" "$BUILD/vmm"
	fi
	cp "$BUILD/vmm" "$fs/vmm"
	cp "$IMAGE" "$fs/guest.bin"
	(cd "$fs" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$WORK/initramfs.cpio" ||
		die "$EXIT_SETUP" "could not pack the initial file system"
}

# boot: runs it; prints the guest's output. What KVM's side says is left in
# $WORK/said.
#
# The program gets the shorter time limit, so that it can still say where the
# guest is; the rest is for the kernel to boot in.
boot() {
	local line inside='' status=0 limit=$TIMEOUT
	[ "$limit" -le 20 ] || limit=$((limit - 10))
	local -a qemu=(
		"${LVGIC_QEMU:-qemu-system-aarch64}" -M "virt,virtualization=on,gic-version=3" -cpu "$CPU_MODEL"
		-smp "$CPUS" -m 512 -nographic -nodefaults -serial stdio -no-reboot
		-kernel "$KERNEL" -initrd "$WORK/initramfs.cpio"
		-append "console=ttyAMA0 quiet loglevel=0 panic=-1 rdinit=/vmm -- $CPUS $limit /guest.bin ${SKIP[*]}"
	)
	: >"$WORK/said"
	mkfifo "$WORK/console"
	timeout --foreground -k 5 "$TIMEOUT" "${qemu[@]}" </dev/null >"$WORK/console" 2>"$WORK/errors" &
	while IFS= read -r line; do
		if [[ $line == "$MARK"* ]]; then
			inside=1
			[ "$line" = "${MARK}begin" ] || printf '%s\n' "${line#"$MARK"}" >>"$WORK/said"
		elif [ "$inside" ]; then
			printf '%s\n' "$line"
		fi
	done <"$WORK/console"
	wait $! || status=$?
	if [ "$status" -ne 0 ] && [ "$status" -ne 124 ]; then
		cat "$WORK/errors" >&2
		die "$EXIT_SETUP" "the emulator ended with status $status"
	fi
	# Whatever it said but "off" is about something that went wrong.
	case $(tail -n 1 "$WORK/said") in
	off) return ;;
	time-out | '')
		[ "$status" -eq 124 ] || [ -s "$WORK/said" ] ||
			die "$EXIT_FAULT" "the kernel ended without running the guest"
		sed "s/^/$LVGIC_SPEAKER: /" "$WORK/said" >&2
		die "$EXIT_TIMEOUT" "time-out after $TIMEOUT s"
		;;
	esac
	sed "s/^/$LVGIC_SPEAKER: /" "$WORK/said" >&2
	exit "$EXIT_FAULT"
}

# expected KIND: the second words of the lines of that kind in expected.txt.
expected() {
	awk -v kind="$1" '$1 == kind { sub(/^[a-z]+ +[A-Z0-9]+ +/, ""); print }' "$HERE/expected.txt"
}

# without_skipped FILE: a transcript without the tests that were left out, and
# without the sum, which is another then.
without_skipped() {
	local test
	local -a patterns=(-e '^[0-9]* passed, [0-9]* failed$')
	for test in "${SKIP[@]}"; do
		patterns+=(-e "^\(ok\|FAIL\|skip\) ${test//./\\.}:")
	done
	grep -v "${patterns[@]}" "$1" || true
}

# compare KVM REFERENCE: says which lines differ and are not expected to.
compare() {
	local line pattern unexpected=0 known=0
	local -a patterns
	mapfile -t patterns < <(expected differ)
	without_skipped "$1" >"$WORK/kvm"
	without_skipped "$2" >"$WORK/reference"
	while IFS= read -r line; do
		for pattern in "${patterns[@]}"; do
			if [[ ${line:1} =~ ^$pattern$ ]]; then
				known=$((known + 1))
				continue 2
			fi
		done
		unexpected=$((unexpected + 1))
		printf '%s\n' "$line" >&2
	done < <(diff "$WORK/reference" "$WORK/kvm" | sed -n 's/^< /-/p; s/^> /+/p')
	say "$known line(s) differ as expected, $unexpected do not;" \
		"$(wc -l <"$WORK/kvm") lines compared, ${#SKIP[@]} test(s) left out"
	[ "$unexpected" -eq 0 ]
}

main() {
	local test
	parse "$@"
	if [ "$COMPARE" ]; then
		while read -r test; do
			SKIP+=("$test")
		done < <(expected skip)
	fi
	WORK=$(mktemp -d)
	build
	say "$CPUS CPU(s) on KVM on $CPU_MODEL; $(kernel_version)"
	boot | tee "$WORK/transcript"
	if [ "$COMPARE" ]; then
		"$ROOT/guest/run-qemu.sh" "$IMAGE" "$CPUS" >"$WORK/qemu" ||
			die "$EXIT_CHECK" "the guest fails on QEMU's own GIC too"
		compare "$WORK/transcript" "$WORK/qemu" || exit "$EXIT_CHECK"
	else
		# As in run-qemu.sh, which says why this is enough.
		tail -n 1 "$WORK/transcript" | grep -q '^[1-9][0-9]* passed, 0 failed$' ||
			exit "$EXIT_CHECK"
	fi
}

# kernel_version: as the image says it, with the version of Debian's package.
kernel_version() {
	local text
	text=$(grep -a -o -m 1 'Linux version [^ ]* .*' "$KERNEL" | head -n 1 | tr -d '\0') || true
	[[ $text =~ ^Linux\ version\ [^\ ]+ ]] || return 0
	printf '%s' "${BASH_REMATCH[0]}"
	# The compiler has such a version too, and comes first.
	[[ ! $text =~ .*(Debian\ [0-9][^\ \)]*) ]] || printf ', %s' "${BASH_REMATCH[1]}"
}

main "$@"
