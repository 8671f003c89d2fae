#!/bin/bash
# make-patched.sh CORPUS [probe]: boots the corpus' guest with what is in this folder, which crashes in a live patch
# that a BPF program calls (with "probe": in the handler of an optimised kprobe in it). The dump lands in
# $DUMPS/patched or $DUMPS/probed.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")"); make=$1/make; kind=${2:+probed}; kind=${kind:-patched}
. "$make/config.sh"
[ -e "$BUILD/initrd-full.zst" ] || "$make/install.sh"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{root/bin,root/modules,build} "$BUILD/$kind"
cp "$here"/{Makefile,lab_patch.c} "$BUILD/$kind/"
make -s -C "$BUILD/$kind" KREL="$KREL" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
strip -g -o "$work/root/modules/lab_patch.ko" "$BUILD/$kind/lab_patch.ko"
gcc -O1 -static -o "$work/root/bin/bpf" "$here/bpf.c"
install -m755 "$here/init" "$work/root/lab-init"
# The kernel unpacks archives one behind the other.
{ cat "$BUILD/initrd-full.zst"; (cd "$work/root" && find . -mindepth 1 | cpio -o -H newc --quiet -R 0:0 | zstd -q); } \
	> "$BUILD/initrd-$kind.zst"
ln -s "$BUILD/initrd-$kind.zst" "$work/build/initrd-full.zst"
BUILD=$work/build "$PYTHON" "$make/run-guest.py" "$kind" --name "$kind" --formats elf --mem 320 --timeout 120 \
	--append "rdinit=/lab-init ${2:+labprobe=1}"
