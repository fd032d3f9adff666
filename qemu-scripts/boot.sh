#!/bin/sh
# SPDX-License-Identifier: MIT
# boot.sh ESP LOG LIMIT: boot the folder on the back end that BACKEND names: svm (QEMU, the default) or
# vmx (Bochs, or with ACCEL=kvm QEMU), or el2 (QEMU, arm64). Exit status: 0 the root VM said pass, 1 it said fail, 2 no end in time, 3 the emulator died.
set -eu
here=$(dirname "$0")
case ${BACKEND:-svm} in
svm) exec "$here/qemu.sh" "$@" ;;
vmx) if [ "${ACCEL:-}" = kvm ]; then exec "$here/qemu.sh" "$@"; fi; exec "$here/bochs.sh" "$@" ;;
el2) exec "$here/qemu-arm64.sh" "$@" ;;
*) echo "boot.sh: BACKEND=$BACKEND: svm, vmx or el2" >&2; exit 3 ;;
esac
