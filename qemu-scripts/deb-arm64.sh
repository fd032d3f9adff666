#!/bin/sh
# SPDX-License-Identifier: MIT
# deb-arm64.sh DIR PACKAGE...: unpack the distribution's arm64 packages below DIR. A private apt root: the
# machine's own package configuration is neither used for arm64 nor changed. On Ubuntu the packages come from
# its ports archive (QUOIN_PORTS names another mirror of it).
set -eu
dir=$1
shift
rm -rf "$dir"
mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial"
: > "$dir/apt/status"
apt=$(cd "$dir/apt" && pwd)
. /etc/os-release
set -- -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o "Dir::State=$apt" -o "Dir::State::lists=$apt/lists" \
	-o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt/cache" -o "Debug::NoLocking=1" -- "$@"
if [ "${ID:-}" = ubuntu ]; then
	echo "deb [signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg]" \
		"${QUOIN_PORTS:-http://ports.ubuntu.com/ubuntu-ports} $VERSION_CODENAME main universe" > "$apt/sources.list"
	set -- -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- "$@"
fi
# Options end at --; the packages follow.
options=
while [ "$1" != -- ]; do
	options="$options $1"
	shift
done
shift
fail() {
	cat "$apt/log" >&2
	echo "deb-arm64.sh: $1 failed: $2 for arm64 cannot be had from this machine's package sources" >&2
	exit 1
}
# shellcheck disable=SC2086
apt-get $options update > "$apt/log" 2>&1 || fail update "$*"
# shellcheck disable=SC2086
(cd "$apt" && apt-get $options download "$@") > "$apt/log" 2>&1 || fail download "$*"
for f in "$apt"/*.deb; do dpkg -x "$f" "$dir"; done
rm -rf "$apt"
