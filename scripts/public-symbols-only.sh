#!/bin/sh
# SPDX-License-Identifier: MIT
# Links the objects of an archive into one and makes every hidden symbol local, so that only the
# public ones (lvgic_*) are left for others to see.
#   public-symbols-only.sh CC... -- OBJCOPY AR INPUT.a OUTPUT.a
set -eu
cc=''
while [ "$1" != -- ]; do
	cc="$cc $1"
	shift
done
shift
objcopy=$1 ar=$2 input=$3 output=$4
object="${output%.a}.o"
# shellcheck disable=SC2086 # the compiler may come with arguments
$cc -r -nostdlib -Wl,--whole-archive "$input" -Wl,--no-whole-archive -o "$object"
"$objcopy" --localize-hidden "$object"
rm -f "$output"
"$ar" rcs "$output" "$object"
