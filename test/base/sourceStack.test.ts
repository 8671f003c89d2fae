import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test, type TestContext } from "node:test";
import { buildSync } from "esbuild";
import { internalError } from "../../src/base/sourceStack.ts";

/** Builds a program as the bundles are built, in a folder of its own, and runs it. @returns what it wrote */
function built(t: TestContext, withMap: boolean): string {
  const folder = mkdtempSync(join(tmpdir(), "stack-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    join(folder, "failing.ts"),
    `import { internalError } from ${JSON.stringify(resolve("src/base/sourceStack.ts"))};
function stackOf(task: { stack: number[] } | undefined): number {
  if (process.argv.length > 99) return 1;
  return task!.stack.length;
}
try {
  stackOf(undefined);
} catch (error) {
  console.log(JSON.stringify(internalError(error)));
}
`,
  );
  buildSync({
    entryPoints: [join(folder, "failing.ts")],
    outfile: join(folder, "dist", "cli.js"),
    bundle: true,
    minify: true,
    keepNames: true,
    platform: "node",
    format: "cjs",
    sourcemap: withMap && "external",
    sourcesContent: false,
  });
  return execFileSync(process.execPath, [join(folder, "dist", "cli.js")], { encoding: "utf8" });
}

test("an internal error of a minified program names function, file and line of the sources", (t) => {
  const { summary, stack } = JSON.parse(built(t, true)) as ReturnType<typeof internalError>;
  assert.match(summary, /^Cannot read properties of undefined \(reading 'stack'\) \(in stackOf, failing\.ts:4\)$/);
  assert.match(stack, /^ {4}at stackOf \(failing\.ts:4:\d+\)$/m);
});

test("without a map the stack stays as it is", (t) => {
  const { summary, stack } = JSON.parse(built(t, false)) as ReturnType<typeof internalError>;
  assert.equal(summary, "Cannot read properties of undefined (reading 'stack')");
  assert.match(stack, /at stackOf \(.*cli\.js:\d+:\d+\)/);
});

test("a damaged source map does not hide an error, and values that are not errors are printed", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "stack-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "cli.js.map"), '{"version":3,"mappings":"!!"');
  const error = new Error("oops");
  error.stack = `Error: oops\n    at f (${join(folder, "cli.js")}:1:2)`;
  assert.equal(internalError(error).stack, error.stack);
  assert.deepEqual(internalError("text"), { summary: "text", stack: "text" });
});
