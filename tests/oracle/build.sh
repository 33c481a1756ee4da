#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the oracle and its stub without meson: build.sh DIRECTORY
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
out=$1
mkdir -p "$out"
"${CROSS_CC:-aarch64-linux-gnu-gcc}" -std=gnu11 -O2 -g -Wall -Wextra -ffreestanding -nostdlib -fno-pie -no-pie \
	-static -mgeneral-regs-only -mno-outline-atomics -mstrict-align -fno-stack-protector \
	-fno-asynchronous-unwind-tables -I"$here" -I"$here/stub" -I"$root/src" \
	-Wl,-T,"$here/stub/stub.lds" -Wl,--build-id=none -Wl,--no-warn-rwx-segments \
	-o "$out/stub.elf" "$here"/stub/start.S "$here"/stub/stub.c "$here"/stub/device.c
${CC:-cc} -std=c11 -O2 -g -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wvla -DLVGIC_DEBUG=1 \
	${CFLAGS:-} -I"$here" -I"$root/src" -I"$root/include" -o "$out/oracle" \
	"$here"/*.c "$root"/src/*/*.c
