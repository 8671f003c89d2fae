/** The oldest Node.js that runs the program is 22, which lacks what the tests' own Node has. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import ts from "typescript";
import { readFileSync } from "node:fs";
import { sourceFiles } from "../../scripts/texts.ts";

/** Names of groups that a pattern has twice: V8 before 12.5 refuses it, in whatever alternatives they are. */
const twice = (pattern: string): string[] => {
  const names = [...pattern.matchAll(/\(\?<([A-Za-z]\w*)>/g)].map(([, name = ""]) => name);
  return names.filter((name, at) => names.indexOf(name) !== at);
};

test("no pattern in the sources names a group twice", () => {
  const found: string[] = [];
  for (const file of sourceFiles(".")) {
    const text = readFileSync(file, "utf8");
    if (!text.includes("(?<")) continue;
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node) && twice(node.text).length > 0) found.push(`${file}: ${node.text}`);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  }
  assert.deepEqual(found, []);
});

test("no pattern that the program makes as it starts names a group twice", () => {
  const program = `
    const names = ${twice.toString()};
    const Original = RegExp;
    globalThis.RegExp = class extends Original {
      constructor(pattern, flags) {
        if (names(String(pattern)).length > 0) throw new Error("named twice: " + pattern);
        super(pattern, flags);
      }
    };
    await import("./src/cli/program.ts");
    await import("./src/log/kinds.ts");
    await import("./src/lsp/server.ts");`;
  const argv = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", program];
  const { stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", timeout: 60_000 });
  assert.doesNotMatch(stderr, /named twice/);
});
