#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# same.sh EXPLORER: the same seed and the same program give the same runs. Everything that happens in
# every written scenario and a tenth of the others is hashed, twice.

set -euo pipefail
for options in '--schedules 150' '--strategy random --schedules 50' '--strategy dfs --depth 1 --schedules 100'; do
	# shellcheck disable=SC2086 # several words
	first=$("$1" --all --except 'triple-*' --fingerprint $options)
	# shellcheck disable=SC2086
	diff <(echo "$first") <("$1" --all --except 'triple-*' --fingerprint $options)
done
if [ "$first" = "$("$1" --all --except 'triple-*' --fingerprint --strategy dfs --depth 0 --schedules 100)" ]; then
	echo "the fingerprints are all the same"
	exit 1
fi
echo "$first" | tail -n 1
