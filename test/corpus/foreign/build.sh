#!/bin/bash
# build.sh NAME [initrd] [guest]: boots and crashes one guest of another machine; leaves $LAB/build/NAME/vmcore.elf (QEMU's
# ELF) and vmcore.flat (QEMU's flattened kdump-zlib), and console.log, qemu-registers.txt, vmcoreinfo in $LAB/dumps/NAME.
# NAME is MACHINE-KERNEL as given to get-kernel.sh: i386-6.1, riscv64-6.12, ppc64le-6.12, s390x-..., armhf-..., arm64-...
# CORPUS is the folder of the shared corpus, which has the guest's workload. CPU, MEM, MACHINE, SID (sid.sh), SMP, APPEND, SCENARIO (guest-init)
# and KASLR=0 can be set.
# APPEND='labt=1 log_buf_len=8M printk.devkmsg=on' prints every task's stack (SysRq t) and the kernel's tables before the
# crash: the kernel itself is the reference where no other tool unwinds the machine.
set -u -o pipefail
here=$(dirname "$(readlink -f "$0")"); . "$here/conf.sh" "$1"; shift
[ -n "$VMLINUZ" ] || { echo "no kernel in $KROOT (get-kernel.sh)"; exit 1; }
[ $# -gt 0 ] || set -- initrd guest
mkdir -p "$B" "$OUT" "$M/logs"

initrd() {
	local r=$B/root m f; rm -rf "$r" "$B/dep"; mkdir -p "$r"/{bin,sbin,proc,sys,dev,tmp,run,etc,mnt/data,mnt/loop,root,lib/modules/$KREL}
	install -m755 "$BUSYBOX" "$r/bin/busybox"; install -m755 "$here/guest-init" "$r/init"; echo "lab guest" > "$r/etc/motd"
	$CC -static -O1 -o "$r/bin/workload" -x c - -lpthread < "$CORPUS/make/workload.c" || return 1
	${CC%gcc}strip "$r/bin/workload"
	# modules of the list, with what they need; compressed ones are unpacked
	mkdir -p "$B/dep/lib/modules"; cp -rl "$MODDIR" "$B/dep/lib/modules/$KREL"; depmod -b "$B/dep" "$KREL" 2>/dev/null
	for m in $MODS; do
		awk -v m="$m" -F: '{n=$1; sub(/.*\//,"",n); sub(/\.ko(\.xz|\.zst)?$/,"",n); gsub(/-/,"_",n); if (n==m) print $1 $2}' "$B/dep/lib/modules/$KREL/modules.dep"
	done | tr ' ' '\n' | sort -u | grep . | while read -r f; do
		mkdir -p "$r/lib/modules/$KREL/$(dirname "$f")"
		case $f in *.xz) xz -dc "$MODDIR/$f" > "$r/lib/modules/$KREL/${f%.xz}";; *.zst) zstd -qdc "$MODDIR/$f" > "$r/lib/modules/$KREL/${f%.zst}";; *) cp "$MODDIR/$f" "$r/lib/modules/$KREL/$f";; esac; done
	# those of lab-modules.sh
	[ ! -d "$B/modules" ] || cp -r "$B/modules" "$r/modules"
	cp "$MODDIR"/modules.{order,builtin,builtin.modinfo} "$r/lib/modules/$KREL/" 2>/dev/null
	depmod -b "$r" "$KREL" 2>/dev/null
	(cd "$r" && find . | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0 | gzip -6) > "$B/initrd.gz"
	rm -rf "$B/dep" "$r"; ls -l "$B/initrd.gz"
}
guest() { "$here/run-guest.py" 2>&1 | { grep -v '^Creating' || true; } && chmod a+r "$B"/vmcore.* "$OUT"/*; }
bad=0; for s; do t0=$SECONDS; "$s"; rc=$?; [ $rc = 0 ] || bad=$rc; echo "== $NAME $s: rc $rc in $((SECONDS-t0)) s"; done; exit $bad
