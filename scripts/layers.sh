#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fails when a room of the core includes a higher one. The order below is the one of
# docs/architecture.md.
set -euo pipefail
cd "$(dirname "$0")/.."
rooms=(base arch irq cpuif deliver mmio its state api)
rank() {
	local i
	for i in "${!rooms[@]}"; do
		[ "${rooms[$i]}" = "$1" ] && echo "$i" && return
	done
	echo 99
}
fail=0 count=0
for dir in src/*/; do
	room=$(basename "$dir")
	[ "$(rank "$room")" = 99 ] && echo "src/$room is no room of the core" && fail=1
	while IFS=: read -r file line include; do
		target=$(sed -E 's/.*"([a-z]+)\/.*/\1/' <<<"$include")
		count=$((count + 1))
		[ "$target" = lvgic ] && continue
		if [ "$(rank "$target")" -gt "$(rank "$room")" ]; then
			echo "$file:$line: $room includes from $target, a higher room"
			fail=1
		fi
	done < <(grep -nH '#include "' "$dir"*.[ch] || true)
done
# The core is freestanding: these headers, and no other of the compiler's or of a libc.
while IFS=: read -r file line include; do
	case $include in
	*'<stdint.h>'* | *'<stdbool.h>'* | *'<stddef.h>'* | *'<stdatomic.h>'* | *'<lvgic/'*) ;;
	*) echo "$file:$line: not freestanding: $include" && fail=1 ;;
	esac
done < <(grep -nH '#include <' src/*/*.[ch] include/lvgic/*.h || true)
[ $fail = 0 ] && echo "layers: $count includes, none upwards"
exit $fail
