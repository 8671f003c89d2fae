import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { internalError } from "../../src/base/sourceStack.ts";

const folder = mkdtempSync(join(tmpdir(), "build-"));
before(() => execFileSync(process.execPath, ["scripts/build.mjs", "--library", "--outdir", folder]));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Files that several programs load. */
const parts = (): string[] => readdirSync(folder).filter((name) => /^part-\w+\.js$/.test(name));

/** The text of a bundle. */
const textOf = (name: string): string => readFileSync(join(folder, name), "utf8");

/** The files that a program loads at its start, itself first. */
function loadedBy(program: string): string[] {
  const files = new Set([program]);
  for (const file of files)
    for (const [, next] of textOf(file).matchAll(
      /(?<!Promise\.resolve\(\)\.then\(\(?\)?=>\w{1,20}\()\brequire\("\.\/(part-\w+\.js)"\)/g,
    ))
      files.add(next!);
  return [...files];
}

/** dist/ goes whole into the .vsix and the npm package. */
const PACKED = /^!dist\/\*\*$/m;

test("what is built has the licence of every package in it beside it, and the packed extension takes it along", () => {
  const text = readFileSync(join(folder, "ThirdPartyNotices.txt"), "utf8");
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: object };
  // Types alone are in no bundle.
  for (const name of Object.keys(dependencies).filter((one) => one !== "@vscode/debugprotocol"))
    assert.match(text, new RegExp(`^${name} \\d[\\w.]* \\([\\w.-]+\\)$`, "m"), name);
  for (const notice of [
    /Copyright \(c\) 2017-2022, Alexandro Sanchez Bach/,
    /Copyright \(c\) 2013, COSEINC/,
    /Copyright \(c\) 2011, Google Inc/,
    /Copyright \(c\) 2017 Google LLC/,
    /Microsoft Corporation/,
  ])
    assert.match(text, notice);
  assert.match(readFileSync(".vscodeignore", "utf8"), PACKED);
  assert.match(readFileSync("sample/README.md", "utf8"), /\*\*Source offer\.\*\*/);
});

test("every bundle has its source map beside it, without the sources, and does not name it", () => {
  for (const bundle of [
    "cli.js",
    "cliProgram.js",
    "adapter.js",
    "adapterProgram.js",
    "extension.cjs",
    "server.js",
    "mcp.js",
    ...parts(),
  ]) {
    const map = JSON.parse(readFileSync(join(folder, `${bundle}.map`), "utf8")) as Record<string, unknown>;
    assert.ok(!("sourcesContent" in map), bundle);
    assert.doesNotMatch(readFileSync(join(folder, bundle), "utf8").slice(-1000), /sourceMappingURL/);
  }
  for (const list of [".vscodeignore", ".npmignore"]) assert.match(readFileSync(list, "utf8"), PACKED);
});

test("a place in the built terminal is told by its file and line of the sources", () => {
  const text = readFileSync(join(folder, "cli.js"), "utf8");
  const sentence = "needs Node.js 22.15 or later";
  const before = text.slice(0, text.indexOf(sentence)).split("\n");
  const error = new Error("oops");
  error.stack = `Error: oops\n    at startAgain (${join(folder, "cli.js")}:${before.length}:${before.at(-1)!.length})`;
  const line = 1 + readFileSync("src/cli/node.ts", "utf8").split("\n").findIndex((one) => one.includes(sentence)); // prettier-ignore
  const { summary } = internalError(error);
  const [, told] = /^oops \(in startAgain, (?:\S+\/)?src\/cli\/node\.ts:(\d+)\)$/.exec(summary) ?? assert.fail(summary);
  // A minified statement is one place.
  assert.ok(Math.abs(Number(told) - line) <= 2, summary);
});

/** Asks the built terminal for its version, with a cache directory of its own. */
function version(cache: string): { readonly status: number | null; readonly stdout: string } {
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  const argv = [join(folder, "cli.js"), "--version"];
  return spawnSync(process.execPath, argv, { encoding: "utf8", env: { ...env, XDG_CACHE_HOME: cache } });
}

test("the compiled code of a program is kept in the user's cache for its next start", () => {
  const cache = join(folder, "cache");
  assert.match(version(cache).stdout, /^vmcore-debug \d/);
  const kept = readdirSync(join(cache, "vmcore-debug/code"), { recursive: true });
  // A folder of the program, Node's for its version, and the code of each file: the entry itself is compiled before.
  assert.equal(kept.length, 2 + loadedBy("cliProgram.js").length, kept.join());
});

test("the start of the terminal loads none of Node's modules for networks and cryptography", () => {
  const hook = join(folder, "loaded.cjs");
  const list = "process.moduleLoadList.join().replaceAll('NativeModule ', '')";
  writeFileSync(hook, `process.once("exit", () => require("node:fs").writeSync(2, ${list}));`);
  const argv = ["--require", hook, join(folder, "cli.js"), "--version"];
  // To a file, because Node itself loads "net" to write to a pipe.
  const output = openSync(join(folder, "version.txt"), "w");
  const { stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", stdio: ["ignore", output, "pipe"] });
  closeSync(output);
  const loaded = stderr.split(",");
  assert.ok(loaded.includes("fs"), stderr.slice(0, 200));
  for (const name of ["net", "crypto", "http", "child_process", "dns"]) assert.ok(!loaded.includes(name), name);
});

test("a cache that cannot be written to is no error", () => {
  const cache = join(folder, "no-cache");
  mkdirSync(cache);
  writeFileSync(join(cache, "vmcore-debug"), "");
  const { status, stdout } = version(cache);
  assert.equal(status, 0);
  assert.match(stdout, /^vmcore-debug \d/);
});

test("functions of the programs keep their names, and what few commands need is a file of its own", () => {
  for (const program of ["cliProgram.js", "adapterProgram.js"])
    assert.ok(
      loadedBy(program).some((file) => textOf(file).includes("function*openingSession(")),
      program,
    );
  for (const part of ["capstone.js", "iced_x86.js"]) assert.ok(existsSync(join(folder, part)), part);
});

/** Compressed size of a file or of all files below a folder, in bytes: about what they add to the .vsix, a ZIP file. */
function packedSize(path: string): number {
  if (!statSync(path).isDirectory()) return deflateRawSync(readFileSync(path)).length;
  return readdirSync(path).reduce((sum, name) => sum + packedSize(join(path, name)), 0);
}

test("the packed extension stays small: 5 MB without the sample", () => {
  const rest = ["media", "skills", "syntaxes", "package.json", "README.md", "CHANGELOG.md", "LICENSE"];
  // Folders in it are caches that other tests made.
  const built = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  const packed = [...built.map(({ name }) => join(folder, name)), ...rest.filter((path) => existsSync(path))];
  const size = packed.reduce((sum, path) => sum + packedSize(path), 0);
  assert.ok(size < 5e6, `${(size / 1e6).toFixed(2)} MB`);
});

test("the terminal's program has no library of a queue, a database or ssh, and no package that is not listed here", () => {
  const packages = new Set<string>();
  for (const bundle of ["cli.js", ...loadedBy("cliProgram.js")]) {
    const { sources } = JSON.parse(textOf(`${bundle}.map`)) as { sources: string[] };
    for (const source of sources) {
      const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1];
      if (name !== undefined) packages.add(name);
    }
    const required = [...textOf(bundle).matchAll(/\brequire\("([^"]+)"\)/g)];
    for (const [, name] of required)
      assert.ok(isBuiltin(name!) || name!.startsWith("./"), `${bundle} requires ${name}`);
  }
  assert.deepEqual([...packages].sort(), ["hysnappy"]);
});

test("no file of the packed extension has code of a package of the queue and its database", () => {
  const packagesOf = (lock: string): string[] => {
    const { packages } = JSON.parse(readFileSync(lock, "utf8")) as { packages: Record<string, { dev?: boolean }> };
    return Object.entries(packages).flatMap(([path, { dev }]) => (path === "" || dev ? [] : [path.replace(/.*node_modules\//, "")])); // prettier-ignore
  };
  const own = new Set(packagesOf("package-lock.json"));
  const servers = packagesOf("packages/fleet/package-lock.json").filter((name) => !own.has(name));
  assert.ok(
    ["bullmq", "ioredis", "pg"].every((name) => servers.includes(name)),
    servers.join(),
  );
  const maps = readdirSync(folder).filter((name) => name.endsWith(".map"));
  assert.ok(maps.length > 5);
  for (const map of maps) {
    const { sources } = JSON.parse(textOf(map)) as { sources: string[] };
    for (const name of servers)
      assert.ok(!sources.some((source) => source.includes(`node_modules/${name}/`)), `${map} has ${name}`);
  }
});

test("code that several programs run stands once, and the terminal loads it from at most three other files", () => {
  const defining = readdirSync(folder).filter((name) => name.endsWith(".js") && textOf(name).includes("function*openingSession(")); // prettier-ignore
  assert.equal(defining.length, 1, defining.join());
  for (const program of ["adapterProgram.js", "mcp.js", "library.js"])
    assert.ok(loadedBy(program).includes(defining[0]!), program);
  // Each file takes a part of a millisecond.
  assert.ok(loadedBy("cliProgram.js").length <= 4, loadedBy("cliProgram.js").join());
  // The language server runs in each window of the editor.
  assert.ok(!loadedBy("server.js").includes(defining[0]!));
});

test("no source of a shared file exports a variable, because the programs have a copy of its value", () => {
  for (const part of parts()) {
    const { sources } = JSON.parse(textOf(`${part}.map`)) as { sources: string[] };
    const files = sources.map((source) => source.replace(/^(?:\.\.\/)+(?:.*\/)?(?=(?:src|node_modules)\/)/, ""));
    const read = files.filter((file) => /^(?:src|node_modules)\/.*\.[cm]?[jt]s$/.test(file) && existsSync(file));
    const others = files.filter((file) => !read.includes(file) && !/node:\w|\.json$/.test(file));
    assert.deepEqual(others, [], part);
    for (const file of read) {
      const text = readFileSync(file, "utf8");
      // An enumeration of TypeScript is filled once.
      assert.doesNotMatch(text.replace(/^export var (\w+);\n\(function \(\1\)/gm, ""), /^export (?:let|var) /m, file);
      for (const [, name] of text.matchAll(/^(?:let|var) (\w+)/gm))
        assert.doesNotMatch(text, new RegExp(`^export (?:default ${name}\\b|\\{[^}]*\\b${name}\\b)`, "m"), file);
    }
  }
});
