#!/bin/bash
# sid.sh PROGRAM ARGUMENT...: runs a program of Debian unstable, for machines that this Debian's QEMU and compilers do not
# know. The first call unpacks them (180 MB, 800 MB unpacked) into $LAB/sid. QEMU is run by its own loader; others are run
# in a root of their own, which needs root, with /tmp and the folder $LAB at their places.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
: "${LAB:=${XDG_CACHE_HOME:-$HOME/.cache}/vmcore-debug/foreign}"
root=$LAB/sid
if [ ! -e "$root/complete" ]; then
	(
		. "$here/apt.sh" sid amd64; : > "$a/status"
		apt-get "${o[@]}" -o Dir::State::status="$a/status" --no-install-recommends -y -qq --download-only install \
			qemu-system-{misc,s390x,x86,arm,ppc} gcc-loongarch64-linux-gnu libc6-dev-loong64-cross
		rm -rf "$root"; mkdir -p "$root"/usr/{bin,sbin,lib,lib64} "$root/tmp" "$root$LAB"
		for l in bin sbin lib lib64; do ln -s "usr/$l" "$root/$l"; done
		for d in "$a"/cache/archives/*.deb; do dpkg-deb -x "$d" "$root"; rm "$d"; done
		touch "$root/complete"
	) >&2
fi
program=$1; shift
case $program in
qemu-*) exec "$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu" "$root/usr/bin/$program" \
	-L "$root/usr/share/qemu" -L "$root/usr/share/seabios" "$@";;
*) exec unshare -m bash -c 'mount --bind /tmp "$1/tmp"; mount --bind "$2" "$1$2"; exec chroot "$1" "/usr/bin/$3" "${@:4}"' \
	- "$root" "$LAB" "$program" "$@";;
esac
