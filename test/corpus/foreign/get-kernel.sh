#!/bin/bash
# get-kernel.sh NAME SUITE ARCH PACKAGE...: unpacks Debian packages of any suite and architecture into $LAB/kernels/NAME/root.
#   get-kernel.sh i386-6.1 bookworm i386 '^linux-image-6.1.0-[0-9]+-686-pae-unsigned$' busybox-static
#   get-kernel.sh riscv64-6.12 trixie riscv64 '^linux-image-6.12.*-riscv64$' busybox-static
# get-kernel.sh --vmlinux FILE SUITE ARCH PACKAGE: unpacks the vmlinux of a -dbg package.
# QEMU and cross compilers, once:
#   apt-get install qemu-system-x86 qemu-system-arm qemu-system-mips qemu-system-misc qemu-system-ppc opensbi e2fsprogs cpio kmod zstd xz-utils \
#     gcc-{i686,aarch64}-linux-gnu gcc-arm-linux-gnueabihf gcc-{riscv64,powerpc64le,s390x}-linux-gnu gcc-mips64el-linux-gnuabi64 \
#     libc6-dev-{i386,arm64,armhf,riscv64,ppc64el,s390x,mips64el}-cross
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
vmlinux=; [ "$1" != --vmlinux ] || { vmlinux=$(readlink -m "$2"); shift; }
name=$1; . "$here/apt.sh" "$2" "$3"; shift 3
work=$(mktemp -d -p "$a/deb"); trap 'rm -rf "$work"' EXIT; cd "$work"
root=$LAB/kernels/$name/root
[ -n "$vmlinux" ] || mkdir -p "$root"
for p; do
	fetched "$p"
	for d in *.deb; do
		if [ -n "$vmlinux" ]; then
			dpkg-deb --fsys-tarfile "$d" | tar -x --wildcards './usr/lib/debug/boot/vmlinux*' './usr/lib/debug/lib/modules/*/vmlinux' 2> /dev/null || true
			mkdir -p "$(dirname "$vmlinux")"
			mv "$(find usr -type f -name 'vmlinux*' | head -1)" "$vmlinux"
		else dpkg-deb -x "$d" "$root"; fi
		rm "$d"
	done
done
