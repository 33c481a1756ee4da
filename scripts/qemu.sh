# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# How a guest is started: settings, and the emulator's command line made from
# them. Sourced by ./run and scripts/boot-time.sh, after common.sh, so that both
# start the guest the same way.

# The machine, as QEMU's "virt" has it; the hypervisor knows the same numbers.
# RAM starts at 0x40000000.
readonly KERNEL_BASE=0x40200000 # the guest kernel goes here, plus its text_offset
readonly HYP_BASE=0x47000000    # QEMU puts the hypervisor here, device tree above
readonly HYP_MEMORY=32          # MiB at the end of RAM that the hypervisor keeps
# shellcheck disable=SC2034 # used by ./run
readonly FLASH_BANK=$((64 << 20)) # bytes; firmware goes to the first bank, at 0
# shellcheck disable=SC2034 # used by ./run
readonly MIN_MEMORY=192 # MiB; less does not hold all of the above

readonly HYP_IMAGE=$ROOT/build/aarch64/hyp/lvgic-hyp.bin

# Settings, changed by whoever sources this.
BARE=                        # not empty: no hypervisor, the guest on QEMU's own GIC
CPUS=4                       # how many CPUs
MEMORY=512                   # MiB the guest gets
CPU_MODEL=cortex-a57         # which CPU
GIC=3                        # GIC version
SOFT=                        # not empty: the guest's CPU interface is software
LRS=                         # list registers the hypervisor may use; empty: all
CHECKPOINT=                  # not empty: milliseconds between checkpoints
SAVE=                        # not empty: file for snapshots
KEY=                         # not empty: a key asks for one
KERNEL=$GUEST/Image          # arm64 Linux image
INITRD=$GUEST/initramfs.cpio # initial file system; empty: none
FIRMWARE=                    # not empty: firmware image, instead of the two above
PCI=                         # not empty: PCI devices, see pci_devices
SHIFT=                       # not empty: deterministic, 2^SHIFT ns per instruction
QEMU_ARGS=()                 # more for QEMU, as it is
# The guest's command line. Its self-test writes device registers, which
# iomem=relaxed allows.
GUEST_ARGS='console=ttyAMA0 earlycon=pl011,0x9000000 rdinit=/init iomem=relaxed'

# number_at FILE OFFSET BYTES: the little-endian unsigned number there.
number_at() {
	od -A n -t "u$3" --endian=little -j "$2" -N "$3" "$1" | tr -d ' '
}

# kernel_address: where KERNEL has to be loaded. An arm64 image says in its
# header how far above a 2 MiB boundary it wants to be, and how much memory it
# takes, which is more than its file: the BSS follows it.
kernel_address() {
	local offset=0 size=0
	if [ -r "$KERNEL" ]; then
		size=$(stat -L -c %s "$KERNEL")
		# 0x644d5241, "ARM\x64", is the magic number of such a header.
		if [ "$size" -ge 64 ] && [ "$(number_at "$KERNEL" 56 4)" = $((0x644d5241)) ]; then
			offset=$(number_at "$KERNEL" 8 8)
			size=$(number_at "$KERNEL" 16 8)
		fi
	fi
	# A header is only data: bash's numbers are signed and wrap, so each is
	# bounded before they are added.
	local room=$((HYP_BASE - KERNEL_BASE)) number
	for number in "$offset" "$size"; do
		if [ "${#number}" -gt 15 ] || [ "$number" -gt "$room" ]; then
			die "$EXIT_USAGE" "$KERNEL is too big: it needs $number bytes, and there are $room" \
				"between $KERNEL_BASE and the hypervisor at $HYP_BASE"
		fi
	done
	[ $((offset + size)) -le "$room" ] ||
		die "$EXIT_USAGE" "$KERNEL is too big: it needs $((offset + size)) bytes, and there are $room" \
			"between $KERNEL_BASE and the hypervisor at $HYP_BASE"
	printf '0x%x\n' $((KERNEL_BASE + offset))
}

# escape TEXT: a comma within an option's value is written twice for QEMU.
escape() {
	printf '%s\n' "${1//,/,,}"
}

# pci_devices: a disk of known contents and a source of random numbers, with
# MSI-X if the machine has something for it. Here is where they are on the bus.
pci_devices() {
	# shellcheck disable=SC2054 # QEMU's commas
	QEMU+=(-drive "if=none,id=disk,format=raw,readonly=on,file=$(escape "$GUEST/disk.img")"
		-device virtio-blk-pci,addr=1,disable-legacy=on,drive=disk
		-object 'rng-builtin,id=random'
		-device virtio-rng-pci,addr=2,disable-legacy=on,rng=random)
}

# qemu_command CONSOLE LOG: leaves the emulator's command line in the array
# QEMU. CONSOLE is "interactive" (keys go to the guest; Ctrl-A x quits) or
# "output". What the guest prints is kept in the file LOG too.
qemu_command() {
	local console=$1 log=$2 machine=virt,gic-version=$GIC memory=$MEMORY
	local image words address=
	if [ "$BARE" ]; then
		machine+=,virtualization=off
	else
		machine+=,virtualization=on
		memory=$((MEMORY + HYP_MEMORY))
	fi
	# Otherwise QEMU puts random seeds into the device tree.
	[ -z "$SHIFT" ] || machine+=,dtb-randomness=off

	QEMU=("${LVGIC_QEMU:-qemu-system-aarch64}" -M "$machine" -cpu "$CPU_MODEL" -smp "$CPUS" -m "${memory}M"
		-nodefaults -display none -no-reboot)
	if [ "$console" = interactive ]; then
		# What "-serial mon:stdio" does, and the log. With signal=off, Ctrl-C is
		# a key for the guest like any other.
		QEMU+=(-chardev "stdio,id=console,mux=on,signal=off,logfile=$(escape "$log")"
			-serial chardev:console -mon chardev=console)
	else
		QEMU+=(-chardev "stdio,id=console,logfile=$(escape "$log")" -serial chardev:console)
	fi
	if [ "$SHIFT" ]; then
		# One instruction counts as 2^SHIFT ns; time passes by that clock only.
		QEMU+=(-icount "shift=$SHIFT,sleep=off" -rtc 'base=2024-01-01,clock=vm' -seed 1)
	fi

	if [ "$FIRMWARE" ]; then
		image=$FIRMWARE address=0x0 words=lvgic.firmware
	else
		# An assignment of its own, so that a failure in there stops us.
		[ "$BARE" ] || address=$(kernel_address)
		image=$KERNEL words=lvgic.kernel=$address
		[ -z "$INITRD" ] || QEMU+=(-initrd "$INITRD")
	fi
	if [ "$BARE" ] && [ "$FIRMWARE" ]; then
		QEMU+=(-bios "$FIRMWARE")
	elif [ "$BARE" ]; then
		QEMU+=(-kernel "$KERNEL" -append "$GUEST_ARGS")
	else
		# Words that start with "lvgic.kernel", "lvgic.firmware", "lvgic.lrs" or
		# "lvgic.hyp." are for the hypervisor, which removes them; the guest gets
		# the others. The hypervisor ends the emulator with a status through
		# semihosting.
		words+="${LRS:+ lvgic.lrs=$LRS}${SOFT:+ lvgic.hyp.soft}"
		words+="${CHECKPOINT:+ lvgic.hyp.checkpoint=$CHECKPOINT}${SAVE:+ lvgic.hyp.save}${KEY:+ lvgic.hyp.key}"
		# It finds the name of the file for snapshots there, too.
		QEMU+=(-semihosting-config "enable=on,target=native${SAVE:+,arg=$(escape "$SAVE")}"
			-kernel "$HYP_IMAGE" -append "$words $GUEST_ARGS"
			-device "loader,file=$(escape "$image"),addr=$address,force-raw=on")
	fi
	[ -z "$PCI" ] || pci_devices
	QEMU+=("${QEMU_ARGS[@]}")
}

# build_hypervisor: brings the hypervisor up to date.
build_hypervisor() {
	if [ -x "$ROOT/scripts/build.sh" ]; then
		"$ROOT/scripts/build.sh" hyp || die "$EXIT_SETUP" "could not build the hypervisor"
	fi
	[ -r "$HYP_IMAGE" ] || die "$EXIT_SETUP" "there is no hypervisor at ${HYP_IMAGE#"$ROOT"/}"
}
