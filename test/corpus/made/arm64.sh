#!/bin/bash
# arm64.sh ROOT CORPUS: unpacks the corpus' arm64 kernel and its headers, puts what cross-compiles its modules into ROOT,
# the tree that newest.sh unpacks, and builds the guest's initramfs (two minutes, once, as root). Prints the release and
# the folder with boot/, usr/lib/modules and initrd.gz.
set -euo pipefail
root=$1 corpus=$2
export LAB=${XDG_CACHE_HOME:-$HOME/.cache}/vmcore-debug/foreign
. "$corpus/arm64-6.12/kernel.conf"
release=${VMLINUX##*/vmlinux-} common=${VMLINUX##*/vmlinux-}
common=${common%-cloud-arm64}
kernel=$LAB/kernels/arm64-made/root
if [ ! -e "$kernel/complete" ]; then
	get() { "$corpus/foreign/get-kernel.sh" arm64-made "$SUITE" "$@" >&2; }
	get arm64 "linux-image-$release-unsigned" "linux-headers-$release" "linux-headers-$common-common" busybox-static
	# Programs of the kernel's build run here.
	get amd64 "linux-kbuild-$common"
	cp -a "$kernel"/usr/src/linux-headers-* "$root/usr/src/"
	cp -a "$kernel"/usr/lib/linux-kbuild-* "$root/usr/lib/"
	chroot "$root" sh -euc 'export DEBIAN_FRONTEND=noninteractive
		apt-get install -qq -y --no-install-recommends gcc-14-aarch64-linux-gnu' >&2
	command -v aarch64-linux-gnu-gcc > /dev/null || apt-get install -qq -y --no-install-recommends gcc-aarch64-linux-gnu libc6-dev-arm64-cross >&2
	"$corpus/foreign/build.sh" arm64-made initrd >&2
	mv "$LAB/build/arm64-made/initrd.gz" "$kernel/"
	touch "$kernel/complete"
fi
echo "$release $kernel"
