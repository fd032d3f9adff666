#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what packages.txt names and the machine has not. Distribution packages only.
set -eu
cd "$(dirname "$0")"
missing=
for p in $(sed 's/#.*//' packages.txt); do
	# The clang run-time library has no name without a version on some releases: see below.
	if [ "$p" = libclang-rt-dev ]; then
		if dpkg-query -W -f '${Package} ${Status}\n' 'libclang-rt-*dev' 2> /dev/null |
			grep -q 'install ok installed'; then
			continue
		fi
	elif dpkg-query -W -f '${Status}' "$p" 2> /dev/null | grep -q 'install ok installed'; then
		continue
	fi
	missing="$missing $p"
done
if [ -z "$missing" ]; then exit 0; fi
if ! command -v apt-get > /dev/null; then
	echo "setup: these packages are missing, and there is no apt-get:$missing" >&2
	exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo > /dev/null; then
		echo "setup: run as root, or install sudo; missing:$missing" >&2
		exit 1
	fi
	sudo=sudo
fi
echo "setup: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get -q update > /tmp/quoin-setup.$$ 2>&1 || { cat /tmp/quoin-setup.$$; exit 1; }
# libclang-rt-dev, or the one of the version that `clang` stands for
if ! apt-cache show libclang-rt-dev > /dev/null 2>&1; then
	version=$(apt-cache depends clang | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
	missing=$(echo "$missing" | sed "s/libclang-rt-dev/libclang-rt-$version-dev/")
fi
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $missing \
	> /tmp/quoin-setup.$$ 2>&1 || { tail -n 40 /tmp/quoin-setup.$$; rm -f /tmp/quoin-setup.$$; exit 1; }
rm -f /tmp/quoin-setup.$$
echo 'setup: done'
