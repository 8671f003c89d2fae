#!/usr/bin/env bash
# Puts a Debian tree with Emacs 30 and dape, a DAP client that nobody here wrote, in the cache. Idempotent; as root.
# Prints the directory.
set -euo pipefail
TREE="${DAPE_TREE:-${XDG_CACHE_HOME:-$HOME/.cache}/vmcore-debug/dape}"
if [ ! -e "$TREE/.ok" ]; then
  {
    command -v debootstrap >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap; }
    rm -rf "$TREE"
    mkdir -p "$TREE"
    debootstrap --variant=minbase trixie "$TREE"
    chroot "$TREE" apt-get install -y -qq --no-install-recommends emacs-nox elpa-dape
    touch "$TREE/.ok"
  } >&2
fi
echo "$TREE"
