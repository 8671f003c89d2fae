#!/bin/bash
# lab-modules.sh NAME ROOT: cross-builds the corpus' modules that crash a guest (make/modules) for the kernel NAME, which
# get-kernel.sh has unpacked with its headers and, for amd64, its kbuild. ROOT is a Debian unstable with
# gcc-14-MACHINE-linux-gnu, like that of made/newest.sh. Leaves them in $LAB/build/NAME/modules, from where `build.sh NAME
# initrd` takes them. CORPUS is the folder of the shared corpus.
here=$(dirname "$(readlink -f "$0")"); . "$here/conf.sh" "$1"; root=$2
set -euo pipefail
for d in "$KROOT"/usr/src/linux-headers-*; do [ -e "$root/usr/src/${d##*/}" ] || cp -a "$d" "$root/usr/src/"; done
for d in "$KROOT"/usr/lib/linux-kbuild-*; do [ ! -e "$d" ] || [ -e "$root/usr/lib/${d##*/}" ] || cp -a "$d" "$root/usr/lib/"; done
work=$root/tmp/lab-$NAME; rm -rf "$work"; cp -r "$CORPUS/make/modules" "$work"
# objtool reads /proc/self/limits.
unshare -m bash -euc 'mount -t proc proc "$0/proc"; chroot "$0" make -s -C "$@" modules' "$root" \
	"/usr/src/linux-headers-$KREL" "M=/tmp/lab-$NAME" "CC=${CC}-14" "CROSS_COMPILE=${CC%gcc}" >&2
mkdir -p "$B/modules"; mv "$work"/*.ko "$B/modules/"; rm -rf "$work"
ls "$B/modules"
