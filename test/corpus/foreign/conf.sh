# Sourced: settings of the dump NAME ($1). LAB is a scratch folder; $LAB/kernels/NAME/root an unpacked kernel (get-kernel.sh).
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
: "${LAB:=${XDG_CACHE_HOME:-$HOME/.cache}/vmcore-debug/foreign}"
M=$LAB K=$LAB/kernels
NAME=$1 SMP=${SMP:-2} MEM=${MEM:-256} CON=ttyS0 APPEND=${APPEND:-} VMCI=1 KASLR=${KASLR:-1} DISK=virtio-blk-pci NIC=virtio-net-pci
MODS="virtio_pci virtio_blk qemu_fw_cfg ext4 virtio_net unix_diag loop veth bridge tun dummy overlay nf_tables fuse"
KROOT=$K/$NAME/root ARCH=${NAME%%-*}
case $ARCH in
amd64)  QEMU=qemu-system-x86_64 MACHINE=${MACHINE:-q35} CPU=${CPU:-max,la57=off} CC=gcc;;
i386)   QEMU=qemu-system-i386 MACHINE=${MACHINE:-q35} CPU=${CPU:-max} CC=i686-linux-gnu-gcc;;
arm64)  QEMU=qemu-system-aarch64 MACHINE=${MACHINE:-virt,gic-version=3} CPU=${CPU:-max,pauth-impdef=on} CON=ttyAMA0 CC=aarch64-linux-gnu-gcc;;
armhf)  LINEAR=0x80000000 QEMU=qemu-system-arm MACHINE=${MACHINE:-virt} CPU=${CPU:-cortex-a15} CON=ttyAMA0 CC=arm-linux-gnueabihf-gcc;;
riscv64) VMCI=0 QEMU=qemu-system-riscv64 MACHINE=${MACHINE:-virt} CPU=${CPU:-rv64} CC=riscv64-linux-gnu-gcc;;
s390x)  VMCI=0 DISK=virtio-blk-ccw NIC=virtio-net-ccw QEMU=qemu-system-s390x MACHINE=${MACHINE:-s390-ccw-virtio} CPU=${CPU:-max} CON=ttysclp0 CC=s390x-linux-gnu-gcc;;
ppc64le) VMCI=0 MEM=512 QEMU=qemu-system-ppc64 MACHINE=${MACHINE:-pseries} CPU=${CPU:-power9} CON=hvc0 CC=powerpc64le-linux-gnu-gcc;;
mips64el) VMCI=0 SMP=1 QEMU=qemu-system-mips64el MACHINE=${MACHINE:-malta} CPU=${CPU:-MIPS64R2-generic} CC=mips64el-linux-gnuabi64-gcc;;
# QEMU without firmware has no ACPI, and the kernel then probes a keyboard controller that is not there.
loong64) APPEND="initcall_blacklist=i8042_init $APPEND" MEM=512 QEMU="$here/sid.sh qemu-system-loongarch64" MACHINE=${MACHINE:-virt} CPU=${CPU:-la464} CC="$here/sid.sh loongarch64-linux-gnu-gcc";;	# sid only: kernel, QEMU and compiler
*) echo "unknown machine $ARCH" >&2; exit 2;;
esac
# A newer QEMU than this Debian's, which some kernels need.
[ -z "${SID:-}" ] || QEMU="$here/sid.sh $QEMU"
: "${BUSYBOX:=$(ls "$KROOT"/usr/bin/busybox "$KROOT"/bin/busybox 2>/dev/null | head -1)}"
MODDIR=$(ls -d "$KROOT"/usr/lib/modules/*/kernel "$KROOT"/lib/modules/*/kernel 2>/dev/null | head -1); MODDIR=${MODDIR%/kernel}
KREL=$(basename "$MODDIR")
VMLINUX=$(ls "$KROOT/usr/lib/debug/boot/vmlinux-$KREL" "$KROOT/usr/lib/debug/lib/modules/$KREL/vmlinux" 2>/dev/null | head -1)
VMLINUZ=$(ls "$KROOT/boot/vmlinuz-$KREL" "$KROOT/boot/vmlinux-$KREL" "$KROOT/usr/lib/modules/$KREL/vmlinuz" "$KROOT/usr/lib/modules/$KREL/vmlinux" 2>/dev/null | head -1)
OUT=$M/dumps/$NAME B=$M/build/$NAME
export M NAME ARCH SMP MEM CON APPEND VMCI KASLR DISK NIC QEMU MACHINE CPU KREL VMLINUX VMLINUZ OUT B
