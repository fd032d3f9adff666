#!/bin/sh
# SPDX-License-Identifier: MIT
# bochs.sh ESP LOG LIMIT: boot the ESP folder on Bochs, without a display, for LIMIT seconds at most.
# The console goes to LOG (and to stdout with QUOIN_ECHO=1). Exit as qemu.sh: 0 pass, 1 fail, 2 no end,
# 3 Bochs died. Environment: SMP, MEM, CPU (a Bochs model), IPS.
set -u
esp=$1 log=$(realpath -m "$2") limit=$3
dir=$log.bochs
first() { for f; do [ -f "$f" ] && { echo "$f"; return; }; done; echo "bochs.sh: none of $*" >&2; exit 3; }
rom=$(first /usr/share/ovmf/OVMF.fd /usr/share/qemu/OVMF.fd /usr/share/OVMF/OVMF.fd) || exit 3
vga=$(first /usr/share/vgabios/vgabios.bin /usr/share/bochs/VGABIOS-lgpl-latest) || exit 3
bochs=$(command -v bochs-bin || command -v bochs) || { echo 'bochs.sh: no bochs' >&2; exit 3; }
rm -rf "$dir"
mkdir -p "$dir"
: > "$log"

# A flat disk: MBR, one partition of type EF at sector 63, FAT16 (whole cylinders of 16 x 63 sectors).
cyl=67
sectors=$((cyl * 16 * 63))
part=$((sectors - 63))
dd if=/dev/zero of="$dir/disk" bs=512 count=0 seek=$sectors 2> /dev/null
le32() { printf '%b' "$(printf '\\0%03o\\0%03o\\0%03o\\0%03o' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"; }
{
	head -c 446 /dev/zero
	printf '\0\376\377\377\357\376\377\377'
	le32 63
	le32 $part
	head -c 48 /dev/zero
	printf '\125\252'
} | dd of="$dir/disk" conv=notrunc 2> /dev/null
export MTOOLS_SKIP_CHECK=1
fat="$dir/disk@@$((63 * 512))"
mformat -i "$fat" -T $part -h 16 -s 63 -H 63 :: &&
	for f in "$esp"/*; do mcopy -i "$fat" -s "$f" ::; done || exit 3

cat > "$dir/rc" << EOF
display_library: rfb, options="timeout=0"
cpu: model=${CPU:-corei7_skylake_x}, count=${SMP:-2}, ips=${IPS:-50000000}, reset_on_triple_fault=0
memory: guest=${MEM:-512}, host=${MEM:-512}
romimage: file=$rom
vgaromimage: file=$vga
pci: enabled=1, chipset=i440fx
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path=$dir/disk, mode=flat, cylinders=$cyl, heads=16, spt=63
boot: disk
com1: enabled=1, mode=file, dev=$log
port_e9_hack: enabled=1
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
log: $dir/log
clock: sync=none
speaker: enabled=0
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
plugin_ctrl: speaker=0
EOF
echo c > "$dir/go"
if [ "${QUOIN_ECHO:-0}" = 1 ]; then
	tail -f -n +1 "$log" &
	follow=$!
fi
(cd "$dir" && exec timeout "$limit" "$bochs" -q -f rc -rc go < /dev/null > out 2>&1)
status=$?
if [ "${QUOIN_ECHO:-0}" = 1 ]; then
	sleep 1
	kill "$follow"
fi
rm -f "$dir/disk"
result=$(tr -d '\r' < "$log" | sed -n 's/^ROOT EXIT \([01]\)$/\1/p')
if [ -n "$result" ]; then
	exit "$result"
fi
tail -n 20 "$log" >&2
if [ "$status" -eq 124 ]; then
	echo "bochs.sh: no end within $limit s" >&2
	exit 2
fi
echo "bochs.sh: Bochs ended with status $status:" >&2
tail -n 5 "$dir/out" "$dir/log" >&2
exit 3
