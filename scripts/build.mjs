// The programs and bundles, listed here and nowhere else. `--outdir DIR` builds elsewhere than into dist/.
// `--library` adds the library, which only the npm package has.
import { build, context } from "esbuild";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, zstdCompressSync } from "node:zlib";
import { bundledPackages, notices } from "./notices.mjs";
import { buildPrograms } from "./programs.mjs";

const outdirFlag = process.argv.indexOf("--outdir");
const outdir = (outdirFlag < 0 ? undefined : process.argv[outdirFlag + 1]) ?? "dist";

/** What a bundle adds. @typedef {Omit<import("esbuild").BuildOptions, "entryPoints" | "metafile">} Options */

/**
 * Identifiers stay as they are: stacks then name the functions, at no cost. `keepNames` would give each closure its name
 * whenever it is made. `import()` becomes `require`, which is faster and whose code Node's compile cache keeps as well.
 * @satisfies {Options}
 */
const node = {
  platform: "node",
  format: "cjs",
  target: "node22",
  external: ["vscode"],
  minify: false,
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  supported: { "dynamic-import": false },
  // The worker of a source stands beside the bundle that starts it.
  define: { "import.meta.dirname": "__dirname", "import.meta.filename": "__filename" },
};

/** Packages with a bundle of their own beside the programs, which load it on use. */
const packages = new Map([
  ["iced-x86", "./iced_x86.js"],
  ["@alexaltea/capstone-js", "./capstone.js"],
  ["markdown-it", "./markdown_it.js"],
]);

/** Modules of Node that load many others: a sixth of the start of the program, and most commands need none of them. */
const BUILTINS_ON_USE = /^node:(child_process|crypto|dns\/promises|http|net|readline|stream|zlib)$/;
const ON_USE = "builtin on use";

/**
 * A module of Node as an object whose members load it.
 * @param {string} path
 */
const onUse = async (path) => {
  const names = Object.keys(await import(path)).filter((name) => name !== "default");
  const members = names.map((name) => `get ${name}() { return require("${path}").${name}; }`);
  return `module.exports = { ${members.join(", ")} };`;
};

/** @type {import("esbuild").Plugin} */
const builtinsOnUse = {
  name: "modules of Node loaded on use",
  setup(build) {
    build.onResolve({ filter: BUILTINS_ON_USE }, ({ path, namespace }) =>
      namespace === ON_USE ? { path, external: true } : { path, namespace: ON_USE },
    );
    build.onLoad({ filter: /./, namespace: ON_USE }, async ({ path }) => ({ contents: await onUse(path) }));
  },
};

/** @type {import("esbuild").Plugin} */
const loadedOnUse = {
  name: "loaded on use",
  setup(build) {
    const name = Object.keys(/** @type {Record<string, string>} */ (build.initialOptions.entryPoints))[0];
    build.onResolve({ filter: /./ }, ({ path, kind }) => {
      const isRest = kind === "dynamic-import" && path === "./program.ts";
      const beside = isRest ? `./${name}Program.js` : packages.get(path);
      return beside === undefined ? undefined : { path: beside, external: true };
    });
  },
};

/**
 * Programs that share the engine. The terminal is first: what it shares with another one is one file.
 * @type {Record<string, string>}
 */
const programs = {
  cliProgram: "src/cli/program.ts",
  adapterProgram: "src/adapter/program.ts",
  mcp: "src/mcp/main.ts",
  server: "src/lsp/main.ts",
  ...(process.argv.includes("--library") && { library: "src/library/index.ts" }),
};
/** The language server starts with each window of the editor, and uses a small part of the engine. */
const APART = ["server"];

/**
 * name: [entry, options]; an entry whose file does not stand yet is left out.
 * @type {Record<string, [string, Options]>}
 */
const bundles = {
  cli: ["src/cli/main.ts", { ...node, banner: { js: "#!/usr/bin/env node" } }],
  adapter: ["src/adapter/main.ts", node],
  // The manifest says "module", by which VS Code would import a main named .js as one.
  extension: ["src/extension/main.ts", { ...node, minify: true, keepNames: true, outExtension: { ".js": ".cjs" } }],
  sourceWorker: ["src/session/remote/sourceWorker.ts", node],
  // Nothing of ours is in them for a stack to be told of.
  iced_x86: ["node_modules/iced-x86/iced_x86.js", { ...node, minify: true, sourcemap: false }],
  capstone: ["scripts/capstone.cjs", { ...node, minify: true, sourcemap: false }],
  markdown_it: ["node_modules/markdown-it/dist/index.cjs.js", { ...node, minify: true, sourcemap: false }],
  // Nothing translates the stacks of pages.
  panels: ["src/panels/main.ts", { platform: "browser", format: "iife", target: "es2023", sourcemap: false }],
};

/**
 * @param {[string, [string, Options]]} bundle
 * @returns {Options & { entryPoints: Record<string, string>, metafile: true }}
 */
const optionsOf = ([name, [entry, more]]) => ({
  entryPoints: { [name]: entry },
  outdir,
  bundle: true,
  minify: true,
  keepNames: true,
  // Beside the bundle, which does not name it: only base/sourceStack.ts opens it. The sources themselves are public.
  sourcemap: "external",
  sourcesContent: false,
  // All of it stands in one file, which notices.mjs writes.
  legalComments: "none",
  metafile: true,
  plugins: more.platform === "node" ? [loadedOnUse, builtinsOnUse] : [loadedOnUse],
  logLevel: "warning",
  ...more,
});

const options = Object.entries(bundles)
  .filter(([, [entry]]) => existsSync(entry))
  .map(optionsOf);

/** What stands beside the bundles. They are CommonJS, whatever the manifest above them says. */
const NOTICES = "ThirdPartyNotices.txt";
const beside = ["package.json", "capstone.wasm.zst", "iced_x86_bg.wasm", "panels.css", NOTICES];

function prepare() {
  mkdirSync(outdir, { recursive: true });
  writeFileSync(join(outdir, "package.json"), '{ "type": "commonjs" }\n');
  // Capstone and iced-x86 look for their WebAssembly beside the program.
  const capstone = readFileSync("node_modules/@alexaltea/capstone-js/dist/capstone.wasm");
  writeFileSync(
    join(outdir, "capstone.wasm.zst"),
    zstdCompressSync(capstone, { params: { [constants.ZSTD_c_compressionLevel]: 19 } }),
  );
  copyFileSync("node_modules/iced-x86/iced_x86_bg.wasm", join(outdir, "iced_x86_bg.wasm"));
  copyFileSync("src/panels/panels.css", join(outdir, "panels.css"));
}

/**
 * What an earlier build left; only after a new one stands, so that a failed build breaks nobody.
 * @param {Set<string>} outputs
 */
function removeLeftovers(outputs) {
  for (const name of readdirSync(outdir)) if (!outputs.has(name)) rmSync(join(outdir, name), { recursive: true });
}

/** Writes the files of the programs. @returns {Promise<{ names: string[], metafile: import("esbuild").Metafile }>} */
async function writePrograms() {
  const plugins = [loadedOnUse, builtinsOnUse];
  const { files, metafile } = await buildPrograms(programs, APART, { ...node, outdir, legalComments: "none", plugins });
  // A program that starts meanwhile finds what it loads: the old files are removed last.
  const isShared = (/** @type {{ name: string }} */ { name }) => name.startsWith("part-");
  for (const { name, contents } of [...files.filter(isShared), ...files.filter((file) => !isShared(file))])
    writeFileSync(join(outdir, name), contents);
  return { names: files.map(({ name }) => name), metafile };
}

prepare();
if (process.argv.includes("--watch")) {
  const whole = Object.entries(programs).map(([name, entry]) => optionsOf([name, [entry, node]]));
  for (const one of [...options, ...whole])
    await (await context({ ...one, minify: false, sourcemap: "inline" })).watch();
} else {
  const [{ names, metafile }, ...built] = await Promise.all([writePrograms(), ...options.map((one) => build(one))]);
  const metafiles = [metafile, ...built.map((one) => one.metafile)];
  writeFileSync(join(outdir, NOTICES), notices(bundledPackages(metafiles)));
  removeLeftovers(
    new Set([
      ...beside,
      ...names,
      ...options.flatMap(({ entryPoints, outExtension }) => {
        const bundle = Object.keys(entryPoints)[0] + (outExtension?.[".js"] ?? ".js");
        return [bundle, `${bundle}.map`];
      }),
    ]),
  );
}
