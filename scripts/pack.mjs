// Builds the npm package: `node scripts/pack.mjs [FOLDER]` puts it into FOLDER.
// The package has a manifest of its own (packages/npm), without dependencies, because everything that runs is bundled.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"; // prettier-ignore
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { declarationFile } from "./declarations.mjs";

/** What only the editor loads, and the source maps, which are a third of the package. */
const LEFT_OUT = /^(?:extension\.cjs|panels\.(?:js|css))$|\.map$/;
// The sample dump would be most of the package: `vmcore-debug sample` says where to get it.
const COPIED = ["docs", "skills", "CHANGELOG.md", "LICENSE", "ThirdPartyNotices.md"];
const README = "packages/npm/README.md";

/** @param {string} path */
const json = (path) => JSON.parse(readFileSync(path, "utf8"));

/** Fills a folder with the files of the package. @param {string} folder */
function fill(folder) {
  const { version, repository, bugs, homepage, author } = json("package.json");
  const manifest = { ...json("packages/npm/package.json"), version, repository, bugs, homepage, author };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  for (const path of COPIED) if (existsSync(path)) cpSync(path, join(folder, path), { recursive: true });
  cpSync(existsSync(README) ? README : "README.md", join(folder, "README.md"));
  const dist = join(folder, "dist");
  const { status } = spawnSync(process.execPath, ["scripts/build.mjs", "--library", "--outdir", dist], {
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("the build failed");
  for (const name of readdirSync(dist).filter((one) => LEFT_OUT.test(one))) rmSync(join(dist, name));
  writeFileSync(join(folder, "dist", "library.d.ts"), declarationFile());
}

const destination = resolve(process.argv[2] ?? ".");
const folder = mkdtempSync(join(tmpdir(), "pack-"));
try {
  fill(folder);
  mkdirSync(destination, { recursive: true });
  const options = ["pack", "--silent", "--ignore-scripts", "--pack-destination", destination];
  const { status, stdout } = spawnSync("npm", options, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
  });
  if (status !== 0) process.exit(status ?? 1);
  const file = join(destination, stdout.trim());
  console.log(`${file}: ${(statSync(file).size / 1e6).toFixed(1)} MB`);
} finally {
  rmSync(folder, { recursive: true });
}
