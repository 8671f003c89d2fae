/** The npm package, installed in an empty folder: the program, the library and its examples. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";

const folder = mkdtempSync(join(tmpdir(), "package-"));
const examples = join(import.meta.dirname, "examples");
const sample = resolve("sample/vmcore");
const shell = process.platform === "win32";
after(() => rmSync(folder, { recursive: true }));

before(() => {
  execFileSync(process.execPath, ["scripts/pack.mjs", folder], { stdio: ["ignore", "ignore", "inherit"] });
  const [file = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  const options = ["install", "--offline", "--no-audit", "--no-fund", "--loglevel=error", `./${file}`];
  execFileSync("npm", options, { cwd: folder, stdio: ["ignore", "ignore", "inherit"], shell });
  for (const name of readdirSync(examples)) copyFileSync(join(examples, name), join(folder, name));
});

const run = (name: string): string =>
  execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", name, sample], {
    cwd: folder,
    encoding: "utf8",
  });

test("the package has no dependencies, and is all that is installed", () => {
  const manifest = JSON.parse(readFileSync(join(folder, "node_modules/vmcore-debug/package.json"), "utf8")) as {
    readonly dependencies?: unknown;
    readonly version: string;
  };
  assert.equal(manifest.dependencies, undefined);
  assert.equal(manifest.version, (JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version);
  assert.deepEqual(
    readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith(".")),
    ["vmcore-debug"],
  );
});

test("the program of the package runs", () => {
  const program = join(folder, "node_modules/vmcore-debug/dist/cli.js");
  const { stdout } = spawnSync(process.execPath, [program, "analyze", "--no-search", sample], { encoding: "utf8" });
  assert.match(stdout, /^BUG: unable to handle kernel NULL pointer dereference in lab_apply/);
});

test("the package has no sample and no source maps, and says where to get the sample", () => {
  const root = join(folder, "node_modules/vmcore-debug");
  assert.deepEqual(readdirSync(root).sort(), ["CHANGELOG.md", "LICENSE", "README.md", "ThirdPartyNotices.md", "dist", "docs", "package.json", "skills"]); // prettier-ignore
  assert.deepEqual(readdirSync(join(root, "dist")).filter((name) => name.endsWith(".map")), []); // prettier-ignore
  const { status, stderr } = spawnSync(process.execPath, [join(root, "dist/cli.js"), "sample"], { encoding: "utf8" });
  assert.equal(status, 3);
  assert.match(stderr, /this package has no sample dump: get sample\/vmcore \(15 MB\) from https:/);
});

/** Sizes of the files below a folder, in bytes. */
const sizeOf = (path: string): number =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);

test("the package has less than 8 MB unpacked", () => {
  const size = sizeOf(join(folder, "node_modules/vmcore-debug"));
  assert.ok(size < 8e6, `${(size / 1e6).toFixed(2)} MB`);
});

test("its declarations type-check the examples, under the strictest options and without other files", () => {
  const typeRoots = [resolve("node_modules/@types")];
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
    ...{ noEmit: true, module: "nodenext", target: "es2023", types: ["node"], typeRoots },
  };
  const project = join(folder, "tsconfig.json");
  writeFileSync(project, JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const { status, stdout } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", project], {
    encoding: "utf8",
  });
  assert.equal(stdout, "");
  assert.equal(status, 0);
});

test("the examples of the page print what the dump has", () => {
  assert.match(
    run("verdict.ts"),
    /^BUG: .* in lab_apply\n- .*\n(?:.*\n)* {2}lab_apply \[lab_nullderef\] <- page fault\n/,
  );
  assert.match(run("deadlock.ts"), /^No deadlock; \d+ tasks wait\.\n$/);
  assert.match(run("tasks.ts"), /^\S+ \[\d+\] ran \d+ ms\n/);
});

test("require() loads the package too", () => {
  mkdirSync(join(folder, "other"));
  writeFileSync(join(folder, "other/package.json"), "{}");
  writeFileSync(join(folder, "other/main.js"), 'console.log(typeof require("vmcore-debug").openDump);\n');
  assert.equal(execFileSync(process.execPath, [join(folder, "other/main.js")], { encoding: "utf8" }), "function\n");
});

test("docs/library.md is up to date: node scripts/libraryPage.mjs", () => {
  const page = execFileSync(process.execPath, ["scripts/libraryPage.mjs", "--print"], { encoding: "utf8" });
  assert.equal(readFileSync("docs/library.md", "utf8"), page);
});
