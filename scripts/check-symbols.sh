#!/bin/sh
# SPDX-License-Identifier: MIT
# The core defines nothing but lvgic_*, and needs nothing but what include/lvgic/host.h documents.
#   check-symbols.sh NM ARCHIVE
set -eu
nm=$1 archive=$2
documented='memcpy|memset|memmove|memcmp'
bad=$("$nm" --defined-only -g "$archive" | awk 'NF == 3 {print $3}' | grep -v '^lvgic_' || true)
# A sanitizer's or a coverage tool's own calls are not the core's.
needs=$("$nm" -u "$archive" | awk 'NF == 2 {print $2}' | grep -Ev "^($documented)$" |
	grep -Ev '^_*(asan|ubsan|tsan|gcov|llvm|sanitizer)|^_GLOBAL_OFFSET_TABLE_$|^__stack_chk_' || true)
[ -z "$bad" ] || { echo "defined but not lvgic_*: $bad"; exit 1; }
[ -z "$needs" ] || { echo "needed but not documented: $needs"; exit 1; }
echo "$("$nm" --defined-only -g "$archive" | grep -c ' lvgic_') public symbols, all lvgic_*;" \
	"nothing needed but a subset of $documented"
