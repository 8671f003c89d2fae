// One bundle a process, listed here and nowhere else.
import { build, context } from "esbuild";
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";

const node = { platform: "node", format: "cjs", target: "node22", external: ["vscode"] };
const browser = { platform: "browser", format: "iife", target: "es2022" };
/** name: [entry, options]; an entry whose file does not stand yet is left out. */
const bundles = {
  cli: ["src/cli/main.ts", { ...node, banner: { js: "#!/usr/bin/env node" } }],
  adapter: ["src/adapter/main.ts", node],
  // The manifest says "module", by which VS Code would import a main named .js as one.
  extension: ["src/extension/main.ts", { ...node, outExtension: { ".js": ".cjs" } }],
  server: ["src/lsp/main.ts", node],
};

const options = Object.entries(bundles)
  .filter(([, [entry]]) => existsSync(entry))
  .map(([name, [entry, more]]) => ({
    entryPoints: { [name]: entry },
    outdir: "dist",
    bundle: true,
    minify: true,
    keepNames: true,
    sourcemap: false,
    legalComments: "none",
    logLevel: "warning",
    ...more,
  }));

/** The bundles are CommonJS, whatever the manifest above them says. */
function prepare() {
  rmSync("dist", { recursive: true, force: true });
  mkdirSync("dist");
  writeFileSync("dist/package.json", '{ "type": "commonjs" }\n');
  // Capstone looks for its WebAssembly beside the program.
  copyFileSync("node_modules/@alexaltea/capstone-js/dist/capstone.wasm", "dist/capstone.wasm");
}

prepare();
if (process.argv.includes("--watch")) {
  for (const one of options) await (await context({ ...one, minify: false, sourcemap: "inline" })).watch();
} else {
  await Promise.all(options.map((one) => build(one)));
}
void browser;
