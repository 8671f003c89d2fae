// Makes the .vsix of what `npm run build` left in dist/, and says how large it is.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { readFileSync, statSync } from "node:fs";

const { name, version, repository } = JSON.parse(readFileSync("package.json", "utf8"));
const file = process.argv[2] ?? `${name}-${version}.vsix`;
const vsce = createRequire(import.meta.url).resolve("@vscode/vsce/vsce");
// The page in the editor has no folder and shows pictures from https only: pictures and links lead into the repository.
const address = repository.url.replace(/\.git$/, "");
const links = ["--baseContentUrl", `${address}/blob/HEAD`, "--baseImagesUrl", `${address}/raw/HEAD`];
// Everything that runs is bundled, so no dependency goes along.
const options = ["package", "--no-dependencies", ...links, "--out", file];
const { status } = spawnSync(process.execPath, [vsce, ...options], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
console.log(`${file}: ${(statSync(file).size / 1e6).toFixed(1)} MB`);
