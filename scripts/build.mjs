// One bundle a process, listed here and nowhere else.
import { build, context } from "esbuild";
import { existsSync, rmSync } from "node:fs";

const node = { platform: "node", format: "cjs", target: "node22", external: ["vscode"] };
const browser = { platform: "browser", format: "iife", target: "es2022" };
/** name: [entry, options]; an entry whose file does not stand yet is left out. */
const bundles = {
  cli: ["src/cli/main.ts", { ...node, banner: { js: "#!/usr/bin/env node" } }],
  adapter: ["src/adapter/main.ts", node],
  extension: ["src/extension/main.ts", node],
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

if (process.argv.includes("--watch")) {
  for (const one of options) await (await context({ ...one, minify: false, sourcemap: "inline" })).watch();
} else {
  rmSync("dist", { recursive: true, force: true });
  await Promise.all(options.map((one) => build(one)));
}
void browser;
