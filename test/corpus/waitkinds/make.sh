#!/bin/bash
# make.sh CORPUS: boots the corpus' guest with what is in this folder and dumps its memory while every process waits.
# The dump lands in $DUMPS/waitkinds. The CPUs do not say that they are virtual: else no spinlock has a queue.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")"); make=$1/make; kind=waitkinds
. "$make/config.sh"
[ -e "$BUILD/initrd-full.zst" ] || "$make/install.sh"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{root/bin,root/modules,build} "$BUILD/$kind"
cp "$here"/{Makefile,lab_kinds.c} "$BUILD/$kind/"
make -s -C "$BUILD/$kind" KREL="$KREL" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
strip -g -o "$work/root/modules/lab_kinds.ko" "$BUILD/$kind/lab_kinds.ko"
gcc -O1 -w -static -pthread -o "$work/root/bin/kinds" "$here/kinds.c"
install -m755 "$here/init" "$work/root/lab-init"
install -m644 "$here/run" "$work/root/kinds-run"
# Drivers that the corpus' own archive does not have.
zstd -qdc "$BUILD/initrd-full.zst" | (cd "$work/root" && cpio -id --quiet "lib/modules/*")
for m in nfs nfsv3 nfs_acl lockd grace sunrpc fscache netfs; do
	f=$(find "$SYSROOT/lib/modules/$KREL" -name "$m.ko"); to=$work/root/${f#"$SYSROOT/"}
	mkdir -p "$(dirname "$to")"; cp "$f" "$to"
done
/sbin/depmod -b "$work/root" "$KREL"
# The kernel unpacks archives one behind the other.
{ cat "$BUILD/initrd-full.zst"; (cd "$work/root" && find . -mindepth 1 | cpio -o -H newc --quiet -R 0:0 | zstd -q); } \
	> "$BUILD/initrd-$kind.zst"
ln -s "$BUILD/initrd-$kind.zst" "$work/build/initrd-full.zst"
BUILD=$work/build "$PYTHON" "$make/run-guest.py" none --name "$kind" --formats elf --mem 320 --smp 5 --timeout 300 --cpu max,la57=off,-hypervisor \
	--append "rdinit=/lab-init no_timer_check"
