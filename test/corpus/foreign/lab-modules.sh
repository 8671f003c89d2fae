#!/bin/bash
# lab-modules.sh NAME SUITE ARCH ROOT: cross-builds the corpus' modules that crash a guest (make/modules) for the kernel
# NAME, which get-kernel.sh has unpacked from SUITE for ARCH. ROOT is a Debian unstable like that of made/newest.sh; it gets
# the kernel's headers and the cross compiler. Leaves the modules in $LAB/build/NAME/modules, from where `build.sh NAME
# initrd` takes them. CORPUS is the folder of the shared corpus.
here=$(dirname "$(readlink -f "$0")"); . "$here/conf.sh" "$1"; suite=$2 debian=$3 root=$4
set -euo pipefail
common=${KREL%-*} kbuild=${KREL%-*}
case $common in *.0-*) kbuild=${common%.0-*};; esac
if [ ! -e "$root/usr/src/linux-headers-$KREL" ]; then
	"$here/get-kernel.sh" "$NAME" "$suite" "$debian" "linux-headers-$KREL" "linux-headers-$common-common"
	# Programs of the kernel's build run here.
	"$here/get-kernel.sh" "$NAME" "$suite" amd64 "linux-kbuild-$kbuild"
	for d in "$KROOT"/usr/src/linux-headers-* "$KROOT"/usr/lib/linux-kbuild-*; do
		[ -e "$root/${d#"$KROOT"/}" ] || cp -a "$d" "$root/${d#"$KROOT"/}"
	done
fi
[ -e "$root/usr/bin/$CC-14" ] || chroot "$root" sh -euc "export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq; apt-get install -qq -y --no-install-recommends gcc-14-$(tr _ - <<< "${CC%-gcc}")" >&2
work=$root/tmp/lab-$NAME; rm -rf "$work"; cp -r "$CORPUS/make/modules" "$work"
# objtool reads /proc/self/limits.
unshare -m bash -euc 'mount -t proc proc "$0/proc"; chroot "$0" make -s -C "$@" modules' "$root" \
	"/usr/src/linux-headers-$KREL" "M=/tmp/lab-$NAME" "CC=$CC-14" "CROSS_COMPILE=${CC%gcc}" >&2
mkdir -p "$B/modules"; mv "$work"/*.ko "$B/modules/"; rm -rf "$work"
ls "$B/modules"
