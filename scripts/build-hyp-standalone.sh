#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# scripts/build-hyp-standalone.sh [DIR]: builds the hypervisor and the library
# into DIR/lvgic-hyp.bin without meson; for trying things out. CFLAGS_EXTRA is
# added to the compiler's flags.

set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
OUT=${1:-/tmp/hyp-build}
CC=${CROSS:-aarch64-linux-gnu-}gcc
FLAGS=(-std=c11 -O2 -g -ffreestanding -nostdlib -fpie -fvisibility=hidden -mgeneral-regs-only
	-mno-outline-atomics -mstrict-align -fno-stack-protector -fno-asynchronous-unwind-tables
	-fno-tree-loop-distribute-patterns -Wall -Wextra -I"$ROOT/include")
read -r -a EXTRA <<<"${CFLAGS_EXTRA:-}"

mkdir -p "$OUT/obj"
objects=()
compile() {
	local object
	object=$OUT/obj/$(echo "${1#"$ROOT"/}" | tr / _).o
	"$CC" "${FLAGS[@]}" "${EXTRA[@]}" "${@:2}" -c "$1" -o "$object"
	objects+=("$object")
}
while read -r file; do
	compile "$file" -DLVGIC_DEBUG=1 -I"$ROOT/src"
done < <(find "$ROOT/src" -name '*.c' | sort)
for file in "${HYP_DIR:-$ROOT/hyp}"/*.[cS]; do
	compile "$file" -I"$ROOT/.cache/guest/include"
done
"$CC" -nostdlib -static-pie -Wl,-T,"$ROOT/hyp/hyp.lds" -Wl,--build-id=none -Wl,-z,norelro \
	-Wl,--no-warn-rwx-segments -o "$OUT/lvgic-hyp.elf" "${objects[@]}" "$ROOT/.cache/guest/libfdt.a" ${EXTRA_OBJECTS:-}
"${CROSS:-aarch64-linux-gnu-}objcopy" -O binary "$OUT/lvgic-hyp.elf" "$OUT/lvgic-hyp.bin"
