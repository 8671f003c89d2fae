// Builds the programs so that the code that several of them run stands in one file, which they load.
// esbuild splits ES modules only. The programs stay CommonJS, which starts faster and which `require` loads in every
// program, so that each file is converted after the split.
import { build, transform } from "esbuild";
import { readFileSync } from "node:fs";
import { basename, relative, resolve } from "node:path";

const NAMESPACE = "program";
const IMPORTS = /^import \{([^{}]*)\} from ("\.\/[^"]+");$/gm;
const EXPORTS = /^export \{([^{}]*)\};$/gm;

/** @typedef {import("esbuild").BuildOptions} Options */

/** "a as b" of an import or export list in the form of an object pattern. @param {string} list @param {string} to */
const asPattern = (list, to) => list.replace(/([\w$]+) as ([\w$]+)/g, to);

/**
 * The module files that a program loads at its start.
 * @param {import("esbuild").Metafile["inputs"]} inputs @param {string} entry
 */
function loadedBy(inputs, entry) {
  const found = new Set([entry]);
  for (const path of found)
    for (const { path: next, kind, external } of inputs[path]?.imports ?? [])
      if (kind !== "dynamic-import" && !external) found.add(next);
  return found;
}

/**
 * Files that the first program and another one load. All programs are made to load all of them, because esbuild makes a
 * file for each set of programs, and each file that a program loads costs a part of a millisecond at its start.
 * @param {Record<string, string>} entries @param {import("esbuild").Metafile["inputs"]} inputs
 * @param {readonly string[]} apart programs that load of these only what they load anyhow
 */
function sharedModules(entries, inputs, apart) {
  const programs = Object.entries(entries).map(([name, entry]) => ({ name, files: loadedBy(inputs, entry) }));
  const isOfSeveral = (/** @type {string} */ path) => programs.slice(1).some(({ files }) => files.has(path));
  // Bare imports of JSON and of packages can be left out by esbuild.
  const all = [...(programs[0]?.files ?? [])].filter((path) => /^src\/.*\.ts$/.test(path) && isOfSeveral(path));
  return Object.fromEntries(
    programs.map(({ name, files }) => [name, apart.includes(name) ? all.filter((path) => files.has(path)) : all]),
  );
}

/** The files that programs load on use. @param {import("esbuild").Metafile["inputs"]} inputs */
const loadedOnUse = (inputs) =>
  Object.values(inputs).flatMap(({ imports }) =>
    imports.filter(({ kind, external }) => kind === "dynamic-import" && !external).map(({ path }) => path),
  );

/**
 * Makes an entry that loads the shared files before the program. What is loaded on use loads them too, because what it
 * has in common with the programs would be files of their own otherwise.
 * @param {Record<string, string>} entries @param {Record<string, string[]>} shared by program
 * @param {readonly string[]} onUse files that are loaded on use
 * @returns {import("esbuild").Plugin}
 */
const entriesWith = (entries, shared, onUse) => ({
  name: "programs with shared files",
  setup(build) {
    /** @param {string | undefined} program */
    const imports = (program = "") =>
      (shared[program] ?? []).map((file) => `import ${JSON.stringify(resolve(file))};`).join(" ");
    build.onResolve({ filter: new RegExp(`^${NAMESPACE}:`) }, ({ path }) => ({
      path: path.slice(NAMESPACE.length + 1),
      namespace: NAMESPACE,
    }));
    build.onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => ({
      contents: `${imports(path)} export * from "./${entries[path]}";`,
      resolveDir: process.cwd(),
    }));
    build.onLoad({ filter: /\.ts$/, namespace: "file" }, ({ path }) => {
      const file = relative(process.cwd(), path).replaceAll("\\", "/");
      if (!onUse.includes(file)) return undefined;
      return { contents: `${imports(Object.keys(entries)[0])} ${readFileSync(path, "utf8")}`, loader: "ts" };
    });
  },
});

/**
 * Converts a file of the split to CommonJS. A shared file gives its values as plain properties, which is faster than
 * getters: its importers load it whole before they run, and nothing assigns to an exported name later.
 * @param {string} name @param {string} text @param {string} map @param {boolean} isEntry
 * @param {{ platform: "node", target: string, supported: Record<string, boolean> }} options
 */
function asCommonJs(name, text, map, isEntry, { platform, target, supported }) {
  const required = text.replace(IMPORTS, (_, list, path) => `var {${asPattern(list, "$1: $2")}} = require(${path});`);
  // The names that an entry exports are found by Node's lexer in the form that esbuild gives them.
  const exported = isEntry ? required : required.replace(EXPORTS, (_, list) => `module.exports = {${asPattern(list, "$2: $1")}};`); // prettier-ignore
  const inline = Buffer.from(map).toString("base64");
  return transform(`${exported}\n//# sourceMappingURL=data:application/json;base64,${inline}`, {
    ...{ sourcefile: name, format: "cjs", minifySyntax: true, minifyWhitespace: true, logLevel: "warning" },
    ...{ sourcemap: "external", sourcesContent: false, legalComments: "none" },
    ...{ platform, target, supported },
  });
}

/**
 * Builds programs that share files, each `NAME.js`; a file that several load, or one on use, is `part-HASH.js`.
 * @param {Record<string, string>} entries source file by program; the files that the first one shares are those that all load
 * @param {readonly string[]} apart programs that load of the shared files only what they use
 * @param {Options & Parameters<typeof asCommonJs>[4] & { outdir: string, plugins: import("esbuild").Plugin[] }} options
 * @returns {Promise<{ files: { name: string, contents: string }[], metafile: import("esbuild").Metafile }>}
 */
export async function buildPrograms(entries, apart, options) {
  const names = Object.keys(entries);
  const { supported: _, ...split } = options;
  /** @param {Record<string, string[]>} shared @param {string[]} onUse */
  const run = (shared, onUse) =>
    build({
      ...split,
      entryPoints: Object.fromEntries(names.map((name) => [name, `${NAMESPACE}:${name}`])),
      ...{ bundle: true, splitting: true, format: "esm", chunkNames: "part-[hash]", write: false, metafile: true },
      // Whole lines, for the conversion.
      ...{ minifyWhitespace: false, sourcemap: "external", sourcesContent: false },
      plugins: [entriesWith(entries, shared, onUse), ...options.plugins],
    });
  const { inputs } = (await run({}, [])).metafile;
  const { outputFiles, metafile } = await run(sharedModules(entries, inputs, apart), loadedOnUse(inputs));
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  const converted = [...texts]
    .filter(([name]) => !name.endsWith(".map"))
    .map(async ([name, text]) => {
      const isEntry = names.includes(name.replace(/\.js$/, ""));
      const { code, map } = await asCommonJs(name, text, texts.get(`${name}.map`) ?? "", isEntry, options);
      return [{ name, contents: code }, { name: `${name}.map`, contents: map }]; // prettier-ignore
    });
  return { files: (await Promise.all(converted)).flat(), metafile };
}
