// Makes the .vsix of what `npm run build` left in dist/, and says how large it is.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { readFileSync, statSync } from "node:fs";

const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
const file = process.argv[2] ?? `${name}-${version}.vsix`;
const vsce = createRequire(import.meta.url).resolve("@vscode/vsce/vsce");
// Everything that runs is bundled, so no dependency goes along.
const options = [
  "package",
  "--no-dependencies",
  "--allow-missing-repository",
  "--no-rewrite-relative-links",
  "--out",
  file,
];
const { status } = spawnSync(process.execPath, [vsce, ...options], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
console.log(`${file}: ${(statSync(file).size / 1e6).toFixed(1)} MB`);
