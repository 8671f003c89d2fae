#!/usr/bin/env bash
# Prints the directory of the kernel tree that the 6.1 dumps were built from; Debian's linux-source package otherwise.
set -euo pipefail
TREE="${KERNEL_SOURCE:-/usr/src/linux-source-6.1}"
if [ ! -e "$TREE/Makefile" ]; then
  TREE="${XDG_CACHE_HOME:-$HOME/.cache}/vmcore-debug/linux-source-6.1"
  if [ ! -e "$TREE/Makefile" ]; then
    [ -e /usr/src/linux-source-6.1.tar.xz ] || { apt-get update -qq && apt-get install -y -qq --no-install-recommends linux-source-6.1 xz-utils; } >&2
    mkdir -p "$(dirname "$TREE")"
    tar -xJf /usr/src/linux-source-6.1.tar.xz -C "$(dirname "$TREE")"
  fi
fi
echo "$TREE"
