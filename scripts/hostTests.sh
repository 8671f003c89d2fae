#!/usr/bin/env bash
# Runs the suite in the extension host of a VS Code that is downloaded. VSCODE_VERSION: oldest, stable or a version.
set -euo pipefail
cd "$(dirname "$0")/.."
run=(npm run e2e -- test/e2e/host.e2e.mjs)
# Without a display VS Code does not start.
if [ "$(uname)" = Linux ] && [ -z "${DISPLAY:-}" ]; then run=(xvfb-run -a "${run[@]}"); fi
"${run[@]}"
