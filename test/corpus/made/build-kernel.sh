#!/bin/bash
# build-kernel.sh ROOT: builds Debian unstable's linux-source with instrumented.config in ROOT, the tree that newest.sh
# unpacks, with its compiler (some twenty minutes of two CPUs, once, as root), and prints the folder with
# vmlinux, arch/x86/boot/bzImage, the configuration and what builds modules (make -C FOLDER M=...).
set -euo pipefail
root=$1 here=$(dirname "$(readlink -f "$0")")
package=$(chroot "$root" apt-cache depends linux-source | awk '/Depends:/ {print $2; exit}')
version=$(chroot "$root" apt-cache show "$package" | awk '/^Version:/ {print $2; exit}')
inside=/usr/src/instrumented-$({ echo "$version"; cat "$here/instrumented.config"; } | sha256sum | cut -c1-12)
folder=$root$inside
if [ ! -e "$folder/complete" ]; then
	rm -rf "$folder"
	mkdir -p "$folder"
	chroot "$root" sh -euc "export DEBIAN_FRONTEND=noninteractive
		apt-get install -qq -y --no-install-recommends binutils python3 flex bison bc libelf-dev libc6-dev xz-utils
		cd '$inside' && apt-get -qq download '$package'" >&2
	dpkg-deb --fsys-tarfile "$folder/$package"_*.deb | tar -xO "./usr/src/$package.tar.xz" |
		xz -dc | tar -x -C "$folder" --strip-components=1 --exclude='*/Documentation/*/*' --exclude='*/drivers/gpu/drm/amd/include/*'
	rm "$folder/$package"_*.deb
	cp "$here/instrumented.config" "$folder/wanted.config"
	# objtool reads /proc/self/limits.
	unshare -m bash -euc 'cd /; mount -t proc proc "$0/proc"; cc=$(basename "$(ls "$0"/usr/bin/x86_64-linux-gnu-gcc-[0-9]* | sort -V | tail -1)")
		make=(chroot "$0" nice -n 10 make -s -C "$1" ARCH=x86_64 CROSS_COMPILE=x86_64-linux-gnu- "CC=$cc" "HOSTCC=$cc" HOSTLD=x86_64-linux-gnu-ld HOSTAR=x86_64-linux-gnu-ar
			KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab)
		"${make[@]}" KCONFIG_ALLCONFIG=wanted.config allnoconfig
		! grep "^CONFIG" "$0$1/wanted.config" | grep -vxFf "$0$1/.config" | sed "s/^/not to be had: /" | grep .
		"${make[@]}" "-j${JOBS:-2}" bzImage modules' "$root" "$inside" >&2
	# Sources and headers stay: debuginfo names the former, modules are built with the latter.
	find "$folder" -name '*.o' ! -path '*/scripts/*' ! -path '*/tools/*' -delete
	find "$folder" -maxdepth 1 -name 'vmlinux.*' ! -name vmlinux.lds -delete
	touch "$folder/complete"
fi
echo "$folder"
