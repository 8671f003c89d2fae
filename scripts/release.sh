#!/usr/bin/env bash
# Builds what a release has into release/: the .vsix, the npm package, the Debian package, the bill of materials, the
# changes and the checksums. With a tag as argument, it must name the version of package.json, whose changes are dated.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(node -p 'require("./package.json").version')
if [ $# -gt 0 ]; then
  [ "$1" = "v$version" ] || { echo "the tag is $1, package.json has $version" >&2; exit 1; }
  grep -q "^## $version ([0-9-]*)$" CHANGELOG.md || { echo "CHANGELOG.md has no dated section $version" >&2; exit 1; }
fi
rm -rf release
mkdir release
npm run package -- "release/vmcore-debug-$version.vsix"
npm run pack -- release
npm run deb -- release
npm sbom --sbom-format cyclonedx --sbom-type application --package-lock-only --omit dev > "release/vmcore-debug-$version.cdx.json"
awk -v version="$version" '/^## /{wanted = ($2 == version)} wanted' CHANGELOG.md > release/CHANGES.md
(cd release && sha256sum -- * > SHA256SUMS)
ls -l release
